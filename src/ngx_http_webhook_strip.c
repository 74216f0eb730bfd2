
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Taking the verified credential out of the request before it goes upstream.
 */


#include "ngx_http_webhook.h"
#include "core/wh_form.h"
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
static ngx_int_t ngx_http_webhook_strip_query(ngx_http_request_t *r,
    ngx_str_t *name, ngx_uint_t semicolon);
static ngx_int_t ngx_http_webhook_strip_argument(ngx_http_request_t *r,
    ngx_str_t *query, ngx_str_t *name, ngx_uint_t semicolon);


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
        return ngx_http_webhook_strip_query(r, &source->name,
                        ctx->gate->provider->query & WH_FORM_SEMICOLON);

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


/*
 * The URL goes upstream as the client has sent it, so the argument is taken
 * out of that too, and the rest stays as it is, byte by byte.
 */

static ngx_int_t
ngx_http_webhook_strip_query(ngx_http_request_t *r, ngx_str_t *name,
    ngx_uint_t semicolon)
{
    u_char     *mark, *p;
    ngx_str_t   query;

    if (ngx_http_webhook_strip_argument(r, &r->args, name, semicolon)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    mark = ngx_strlchr(r->unparsed_uri.data,
                       r->unparsed_uri.data + r->unparsed_uri.len, '?');
    if (mark == NULL) {
        return NGX_OK;
    }

    query.data = mark + 1;
    query.len = r->unparsed_uri.data + r->unparsed_uri.len - query.data;

    if (ngx_http_webhook_strip_argument(r, &query, name, semicolon)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, mark + 1 - r->unparsed_uri.data + query.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    mark = ngx_cpymem(p, r->unparsed_uri.data, mark - r->unparsed_uri.data);
    r->unparsed_uri.data = p;

    if (query.len) {
        *mark++ = '?';
        mark = ngx_cpymem(mark, query.data, query.len);
    }

    r->unparsed_uri.len = mark - p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_strip_argument(ngx_http_request_t *r, ngx_str_t *query,
    ngx_str_t *name, ngx_uint_t semicolon)
{
    u_char      *p, *start, *end, *last, *equal;
    wh_str_t     encoded, stripped;
    ngx_uint_t   n;

    if (query->len == 0) {
        return NGX_OK;
    }

    stripped = ngx_http_webhook_wh_str(name);
    start = query->data;
    last = start + query->len;

    p = ngx_pnalloc(r->pool, query->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    query->data = p;

    for (n = 0; start <= last; start = end + 1) {

        for (end = start; end < last; end++) {
            if (*end == '&' || (*end == ';' && semicolon)) {
                break;
            }
        }

        equal = ngx_strlchr(start, end, '=');

        encoded.data = start;
        encoded.len = (equal ? equal : end) - start;

        if (wh_form_is(encoded, stripped)) {
            continue;
        }

        /* the separator as it stands in front */

        if (n++) {
            *p++ = start[-1];
        }

        p = ngx_cpymem(p, start, end - start);
    }

    query->len = p - query->data;

    return NGX_OK;
}
