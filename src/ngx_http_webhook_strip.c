
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Taking the verified credential out of the request before it goes upstream.
 */


#include "ngx_http_webhook.h"
#include "core/wh_list.h"


static ngx_int_t ngx_http_webhook_strip_sources(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t cookies);
static ngx_int_t ngx_http_webhook_strip_source(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_uint_t cookies);
static ngx_int_t ngx_http_webhook_strip_header(ngx_http_request_t *r,
    ngx_http_webhook_header_t *name);
static ngx_int_t ngx_http_webhook_strip_cookie(ngx_http_request_t *r,
    ngx_table_elt_t *header, ngx_str_t *name);


ngx_int_t
ngx_http_webhook_strip(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    /* a cookie is taken out in place, a header moves all the others */

    if (ngx_http_webhook_strip_sources(r, ctx, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_webhook_strip_sources(r, ctx, 0);
}


static ngx_int_t
ngx_http_webhook_strip_sources(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t cookies)
{
    ngx_uint_t                     i;
    ngx_http_webhook_provider_t   *provider;
    ngx_http_webhook_signature_t  *signature;

    if (ctx->credential
        && ngx_http_webhook_strip_source(r, ctx, ctx->credential, cookies)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    provider = ctx->gate->provider;
    signature = provider->signatures.elts;

    for (i = 0; i < provider->signatures.nelts; i++) {
        if (ngx_http_webhook_strip_source(r, ctx, &signature[i].source,
                                          cookies)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_strip_source(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_uint_t cookies)
{
    ngx_table_elt_t            *header;
    ngx_http_webhook_header_t  *headers;

    if ((source->type == NGX_HTTP_WEBHOOK_COOKIE) != cookies) {
        return NGX_OK;
    }

    headers = ctx->gate->provider->headers.elts;

    switch (source->type) {

    case NGX_HTTP_WEBHOOK_QUERY:
        return NGX_OK;

    case NGX_HTTP_WEBHOOK_COOKIE:

        if (ctx->found[source->header].count == 0) {
            return NGX_OK;
        }

        header = ctx->found[source->header].first;

        if (ngx_http_webhook_strip_cookie(r, header, &source->name) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (header->value.len) {
            return NGX_OK;
        }

        /* fall through */

    default:
        return ngx_http_webhook_strip_header(r, &headers[source->header]);
    }
}


/*
 * An upstream module sends every element of the list, whatever its hash, so
 * the list is made anew without the header.
 */

static ngx_int_t
ngx_http_webhook_strip_header(ngx_http_request_t *r,
    ngx_http_webhook_header_t *name)
{
    ngx_uint_t        i;
    ngx_list_t        old;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header, *h;

    old = r->headers_in.headers;

    if (ngx_list_init(&r->headers_in.headers, r->pool, old.nalloc,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        r->headers_in.headers = old;
        return NGX_ERROR;
    }

    part = &old.part;
    header = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if (header[i].key.len == name->name.len
            && ngx_memcmp(header[i].lowcase_key, name->name.data,
                          name->name.len)
               == 0)
        {
            continue;
        }

        h = ngx_list_push(&r->headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = header[i];
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_strip_cookie(ngx_http_request_t *r, ngx_table_elt_t *header,
    ngx_str_t *name)
{
    u_char    *p;
    wh_str_t   rest, element, this_name, value, stripped;

    stripped = ngx_http_webhook_wh_str(name);
    rest = ngx_http_webhook_wh_str(&header->value);

    p = ngx_pnalloc(r->pool, 2 * rest.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    header->value.data = p;

    while (wh_list_next(&rest, ';', &element)) {

        if (element.len == 0
            || (wh_pair(element, &this_name, &value)
                && wh_equal(this_name, stripped)))
        {
            continue;
        }

        if (p != header->value.data) {
            *p++ = ';';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, element.data, element.len);
    }

    header->value.len = p - header->value.data;

    return NGX_OK;
}
