
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The state of a request, kept across internal redirects.
 */


#include "ngx_http_webhook.h"


static void ngx_http_webhook_cleanup(void *data);


/*
 * An internal redirect clears the contexts of all modules, so the state
 * lives in the request pool's list of cleanups and is found again there.
 */

ngx_http_webhook_ctx_t *
ngx_http_webhook_restore_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_webhook_ctx_t  *ctx;

    ctx = NULL;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_webhook_cleanup) {
            ctx = cln->data;
            ngx_http_set_ctx(r, ctx, ngx_http_webhook_module);
            break;
        }
    }

    return ctx;
}


/*
 * A state for a request that enters a gate: a fresh one, or the one that
 * another gate has used.  NULL without memory.
 */

ngx_http_webhook_ctx_t *
ngx_http_webhook_start_ctx(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_webhook_ctx_t       *ctx;
    ngx_http_webhook_left_t      *left;
    ngx_http_webhook_loc_conf_t  *wlcf;

    ctx = ngx_http_webhook_get_ctx(r);
    left = NULL;

    if (ctx != NULL) {
        ngx_http_webhook_leave(r, ctx);
        ngx_http_webhook_cleanup(ctx);

        left = ctx->left;

        ngx_memzero(ctx, sizeof(ngx_http_webhook_ctx_t));

    } else {
        cln = ngx_pool_cleanup_add(r->pool, 0);
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_webhook_ctx_t));

        if (cln == NULL || ctx == NULL) {
            return NULL;
        }

        cln->handler = ngx_http_webhook_cleanup;
        cln->data = ctx;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    ctx->hooks = wlcf->hooks;
    ctx->left = left;

    if (ngx_http_webhook_ctx_gate(r, ctx, gate) != NGX_OK) {
        return NULL;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_webhook_module);

    return ctx;
}


/* Looks at a request as a gate sees it. */

ngx_int_t
ngx_http_webhook_ctx_gate(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_gate_t *gate)
{
    size_t                     n;
    ngx_http_webhook_found_t  *found;

    n = gate->provider->headers.nelts;

    found = ngx_pcalloc(r->pool, n * sizeof(ngx_http_webhook_found_t)
                                 + gate->nkeys
                                   * sizeof(ngx_http_webhook_key_t *));
    if (found == NULL) {
        return NGX_ERROR;
    }

    ctx->gate = gate;
    ctx->found = found;
    ctx->keys = (ngx_http_webhook_key_t **) &found[n];

    ngx_http_webhook_find_headers(r, gate->provider, found);

    return NGX_OK;
}


static void
ngx_http_webhook_cleanup(void *data)
{
    ngx_http_webhook_ctx_t  *ctx = data;

    ngx_http_webhook_replay_end(ctx, 0);
    ngx_http_webhook_body_release(ctx);
}
