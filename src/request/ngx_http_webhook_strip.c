
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Taking the verified credential out of the request before it goes upstream.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_form.h"
#include "core/wh_list.h"
#include "core/wh_str.h"


static ngx_int_t ngx_http_webhook_strip_sources(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t cookies);
static ngx_int_t ngx_http_webhook_strip_source(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_uint_t cookies);
static ngx_int_t ngx_http_webhook_strip_cookie(ngx_http_request_t *r,
    ngx_table_elt_t *header, ngx_str_t *name);
static ngx_int_t ngx_http_webhook_strip_query(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *name);
static ngx_int_t ngx_http_webhook_strip_argument(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name, u_char mask,
    u_char *last, ngx_str_t *line);
static ngx_int_t ngx_http_webhook_strip_provider(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_str_t *line);
static ngx_int_t ngx_http_webhook_strip_masked(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source,
    ngx_str_t *line);


/* Takes the credentials of the gate out of headers and query. */

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

    static ngx_str_t  input = ngx_string("signature-input");

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

    return provider->http_message && !cookies
           ? ngx_http_webhook_strip_header(r, &input) : NGX_OK;
}


static ngx_int_t
ngx_http_webhook_strip_source(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_uint_t cookies)
{
    ngx_table_elt_t            *header;
    ngx_http_webhook_header_t  *headers;

    /* a body goes upstream as it is, whatever is in it */

    if ((source->type == NGX_HTTP_WEBHOOK_COOKIE) != cookies
        || ngx_http_webhook_source_in_body(source))
    {
        return NGX_OK;
    }

    headers = ctx->gate->provider->headers.elts;

    switch (source->type) {

    case NGX_HTTP_WEBHOOK_QUERY:
        return ngx_http_webhook_strip_query(r, ctx, &source->name);

    case NGX_HTTP_WEBHOOK_COOKIE:

        if (ctx->headers[source->index].count == 0) {
            return NGX_OK;
        }

        header = ctx->headers[source->index].first;

        if (ngx_http_webhook_strip_cookie(r, header, &source->name) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (header->value.len) {
            return NGX_OK;
        }

        /* fall through */

    default:
        return ngx_http_webhook_strip_header(r, &headers[source->index].name);
    }
}


/*
 * An upstream module sends every element of the list, whatever its hash, so
 * the list is made anew without the header.
 */

ngx_int_t
ngx_http_webhook_strip_header(ngx_http_request_t *r, ngx_str_t *name)
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
    i = 0;

    while ((header = ngx_http_webhook_next_header(&part, &i)) != NULL) {

        if (header->key.len == name->len
            && ngx_memcmp(header->lowcase_key, name->data, name->len) == 0)
        {
            continue;
        }

        h = ngx_list_push(&r->headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = *header;
    }

    /* $remote_user would have it from there */

    if (name->len == sizeof("authorization") - 1
        && ngx_strncmp(name->data, "authorization", name->len) == 0)
    {
        r->headers_in.authorization = NULL;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_strip_cookie(ngx_http_request_t *r, ngx_table_elt_t *header,
    ngx_str_t *name)
{
    u_char    *p;
    wh_str_t   rest, element, value, stripped;

    stripped = ngx_http_webhook_wh_str(name);
    rest = ngx_http_webhook_wh_str(&header->value);

    p = ngx_pnalloc(r->pool, 2 * rest.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    header->value.data = p;

    while (wh_list_next(&rest, ';', &element)) {

        if (element.len == 0 || wh_named(element, stripped, &value)) {
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
ngx_http_webhook_strip_query(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *name)
{
    u_char  *p, *mark, *last;
    size_t   len;

    p = ngx_pnalloc(r->pool, r->args.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->args.len = wh_form_without(ngx_http_webhook_wh_str(&r->args),
                                  ctx->gate->provider->query,
                                  ngx_http_webhook_wh_str(name), 0, p);
    r->args.data = p;

    last = r->unparsed_uri.data + r->unparsed_uri.len;
    mark = ngx_strlchr(r->unparsed_uri.data, last, '?');

    if (mark == NULL) {
        return NGX_OK;
    }

    if (ngx_http_webhook_strip_argument(r, ctx->gate->provider, name, 0, last,
                                        &r->unparsed_uri)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    len = r->unparsed_uri.len;

    if (r->unparsed_uri.data[len - 1] == '?') {
        r->unparsed_uri.len--;
    }

    return NGX_OK;
}


/*
 * Takes an argument out of the query in a line, or covers its value with a
 * mask.  The query begins after the first "?" and ends at last.
 */

static ngx_int_t
ngx_http_webhook_strip_argument(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name, u_char mask,
    u_char *last, ngx_str_t *line)
{
    u_char    *p, *start, *query, *end;
    wh_str_t   text;

    end = line->data + line->len;
    query = ngx_strlchr(line->data, last, '?');

    if (query == NULL) {
        return NGX_OK;
    }

    query++;

    start = ngx_pnalloc(r->pool, line->len + 1);
    if (start == NULL) {
        return NGX_ERROR;
    }

    text.data = query;
    text.len = last - query;

    p = ngx_cpymem(start, line->data, query - line->data);
    p += wh_form_without(text, provider->query, ngx_http_webhook_wh_str(name),
                         mask, p);
    p = ngx_cpymem(p, last, end - last);

    line->data = start;
    line->len = p - start;

    return NGX_OK;
}


/*
 * The request line with the values of all credentials in its query covered,
 * also of the providers that the request is not for.
 */

ngx_int_t
ngx_http_webhook_strip_line(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *line)
{
    ngx_http_webhook_gate_t  *gate;

    for (gate = ctx->gate->first; gate; gate = gate->next) {
        if (ngx_http_webhook_strip_provider(r, gate->provider, line)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_strip_provider(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_str_t *line)
{
    ngx_uint_t                     i, k;
    ngx_http_webhook_match_t      *match;
    ngx_http_webhook_source_t    **source;
    ngx_http_webhook_challenge_t  *challenge;

    for (source = provider->credentials; *source; source++) {
        if (ngx_http_webhook_strip_masked(r, provider, *source, line)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    challenge = provider->challenges.elts;

    for (i = 0; i < provider->challenges.nelts; i++) {

        match = challenge[i].matches.elts;

        for (k = 0; k < challenge[i].matches.nelts; k++) {
            if (match[k].value.len == 0
                && ngx_http_webhook_strip_masked(r, provider,
                                                 &match[k].source, line)
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_strip_masked(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source,
    ngx_str_t *line)
{
    u_char  *last;

    if (source->type != NGX_HTTP_WEBHOOK_QUERY) {
        return NGX_OK;
    }

    last = line->data + line->len;

    /* the protocol is after the last space */

    if (r->http_version > NGX_HTTP_VERSION_9) {
        while (last > line->data && *--last != ' ') { /* void */ }
    }

    return ngx_http_webhook_strip_argument(r, provider, &source->name, '*',
                                           last, line);
}
