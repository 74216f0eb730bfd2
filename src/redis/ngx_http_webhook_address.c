
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Where an engine is: the addresses of its name, in turn.  They are found when
 * nginx starts, and where there is a "resolver" again after each failure.
 */


#include "ngx_http_webhook_redis.h"


static void ngx_http_webhook_address_resolved(ngx_resolver_ctx_t *ctx);
static ngx_int_t ngx_http_webhook_address_copy(ngx_http_webhook_link_t *link,
    ngx_resolver_ctx_t *ctx);


/* The address that a connection is made to. */

ngx_addr_t *
ngx_http_webhook_address(ngx_http_webhook_link_t *link)
{
    return &link->addrs[link->current % link->naddrs];
}


/*
 * Looks for new addresses.  NGX_AGAIN: the handler of the link is called when
 * they are known, or are not to be had; otherwise it is not.
 */

ngx_int_t
ngx_http_webhook_address_next(ngx_http_webhook_link_t *link,
    void (*handler)(ngx_http_webhook_link_t *link))
{
    ngx_resolver_ctx_t        *ctx;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_webhook_redis_t  *redis;

    redis = link->redis;
    clcf = redis->clcf;

    if (!redis->named
        || clcf->resolver == NULL
        || clcf->resolver->connections.nelts == 0
        || link->resolving)
    {
        return NGX_DECLINED;
    }

    ctx = ngx_resolve_start(clcf->resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        return NGX_DECLINED;
    }

    ctx->name = redis->host;
    ctx->handler = ngx_http_webhook_address_resolved;
    ctx->data = link;
    ctx->timeout = redis->connect_timeout;
    ctx->cancelable = !link->needed(link);

    link->resolving = ctx;
    link->resolved = handler;

    if (ngx_resolve_name(ctx) != NGX_OK) {
        link->resolving = NULL;
        return NGX_DECLINED;
    }

    return NGX_AGAIN;
}


static void
ngx_http_webhook_address_resolved(ngx_resolver_ctx_t *ctx)
{
    ngx_http_webhook_link_t  *link;

    link = ctx->data;

    if (ctx->state == NGX_OK
        && ngx_http_webhook_address_copy(link, ctx) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "webhook redis \"%V\": no memory for new addresses",
                      &link->redis->name);
    }

    link->resolving = NULL;
    ngx_resolve_name_done(ctx);

    link->resolved(link);
}


/* The resolver's own addresses go, those of the configuration stay. */

static ngx_int_t
ngx_http_webhook_address_copy(ngx_http_webhook_link_t *link,
    ngx_resolver_ctx_t *ctx)
{
    u_char           *text;
    ngx_uint_t        i;
    ngx_addr_t       *addrs;
    ngx_pool_t       *pool;
    struct sockaddr  *sockaddr;

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    addrs = ngx_palloc(pool, ctx->naddrs * sizeof(ngx_addr_t));
    if (addrs == NULL) {
        goto failed;
    }

    for (i = 0; i < ctx->naddrs; i++) {

        sockaddr = ngx_palloc(pool, ctx->addrs[i].socklen);
        text = ngx_pnalloc(pool, NGX_SOCKADDR_STRLEN);

        if (sockaddr == NULL || text == NULL) {
            goto failed;
        }

        ngx_memcpy(sockaddr, ctx->addrs[i].sockaddr, ctx->addrs[i].socklen);
        ngx_inet_set_port(sockaddr, link->redis->port);

        addrs[i].sockaddr = sockaddr;
        addrs[i].socklen = ctx->addrs[i].socklen;
        addrs[i].name.data = text;
        addrs[i].name.len = ngx_sock_ntop(sockaddr, addrs[i].socklen, text,
                                          NGX_SOCKADDR_STRLEN, 1);
    }

    if (link->pool) {
        ngx_destroy_pool(link->pool);
    }

    link->pool = pool;
    link->addrs = addrs;
    link->naddrs = ctx->naddrs;

    return NGX_OK;

failed:

    ngx_destroy_pool(pool);

    return NGX_ERROR;
}


void
ngx_http_webhook_address_done(ngx_http_webhook_link_t *link)
{
    if (link->resolving) {
        ngx_resolve_name_done(link->resolving);
        link->resolving = NULL;
    }

    if (link->pool) {
        ngx_destroy_pool(link->pool);
        link->pool = NULL;
    }
}
