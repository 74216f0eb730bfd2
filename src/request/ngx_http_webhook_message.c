
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What is signed around the body, or of it.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_form.h"
#include "core/wh_list.h"
#include "core/wh_part.h"
#include "core/wh_time.h"


#define NGX_HTTP_WEBHOOK_MESSAGE_TEXTS  8    /* more are in the pool */


static ngx_http_webhook_reason_e ngx_http_webhook_message_make(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_array_t *segments,
    ngx_uint_t check, ngx_str_t *text);
static ngx_http_webhook_reason_e ngx_http_webhook_message_segment(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_segment_t *segment, ngx_uint_t check, ngx_str_t *value);
static ngx_int_t ngx_http_webhook_message_value(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_segment_t *segment,
    ngx_str_t *value);
static ngx_int_t ngx_http_webhook_message_exempt(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_int_t index, ngx_str_t *value);
static ngx_uint_t ngx_http_webhook_message_ends(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_segment_t *segment, wh_str_t part);
static ngx_uint_t ngx_http_webhook_message_repeated(ngx_http_request_t *r,
    ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_message_header(ngx_table_elt_t *header,
    wh_str_t name);
static u_char ngx_http_webhook_message_letter(u_char c);
static ngx_uint_t ngx_http_webhook_message_arguments(ngx_http_request_t *r,
    wh_str_t name);
static ngx_uint_t ngx_http_webhook_message_cookies(ngx_http_request_t *r,
    wh_str_t name);
static ngx_http_webhook_reason_e ngx_http_webhook_message_part(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_segment_t *segment, ngx_int_t rc, ngx_str_t *value);
static ngx_uint_t ngx_http_webhook_message_nothing(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_segment_t *segment);


/* Variables of nginx that are by a name, and how often that comes. */

typedef struct {
    wh_str_t        prefix;
    ngx_uint_t    (*count)(ngx_http_request_t *r, wh_str_t name);
} ngx_http_webhook_message_named_t;


static ngx_http_webhook_message_named_t  ngx_http_webhook_message_named[] = {
    { wh_string("http_"), ngx_http_webhook_message_headers },
    { wh_string("arg_"), ngx_http_webhook_message_arguments },
    { wh_string("cookie_"), ngx_http_webhook_message_cookies },
    { wh_string(""), NULL }
};


/*
 * What is signed before the body, or after it.  Of a detached token it is the
 * header, and no more: its payload has the rest in it.
 */

ngx_int_t
ngx_http_webhook_message_around(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t after, ngx_str_t *text)
{
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    if (ngx_http_webhook_detached(ctx)) {
        ngx_str_null(text);

        if (!after) {
            *text = ctx->jose->header;
        }

        return NGX_OK;
    }

    /* a message has parts only where there are signatures */

    if (provider->parts) {
        *text = after ? ctx->signing->suffix : ctx->signing->prefix;
        return NGX_OK;
    }

    return ngx_http_webhook_message_text(r, ctx, after ? provider->suffix
                                                       : provider->prefix,
                                         text);
}


/*
 * Whether all parts of the message are there, in one way only, and end where
 * it says that they end: else what is signed could be cut anew, and a part of
 * the body become an id or a time.  What is around the body is kept.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_message_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e     reason;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    reason = ngx_http_webhook_message_make(r, ctx, provider->prefix, 1,
                                           &ctx->signing->prefix);

    if (reason != NGX_HTTP_WEBHOOK_PASSED || provider->suffix == NULL) {
        return reason;
    }

    return ngx_http_webhook_message_make(r, ctx, provider->suffix, 1,
                                         &ctx->signing->suffix);
}


/*
 * The text before or after the body; segments may be NULL.  A text that is a
 * value of JSON and nothing else lives no longer than the parser.
 */

ngx_int_t
ngx_http_webhook_message_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_array_t *segments, ngx_str_t *text)
{
    ngx_str_null(text);

    if (segments == NULL) {
        return NGX_OK;
    }

    return ngx_http_webhook_message_make(r, ctx, segments, 0, text)
           == NGX_HTTP_WEBHOOK_PASSED
           ? NGX_OK : NGX_ERROR;
}


/* The same, and whether its parts are right if that is to be checked. */

static ngx_http_webhook_reason_e
ngx_http_webhook_message_make(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_array_t *segments, ngx_uint_t check,
    ngx_str_t *text)
{
    ngx_str_t                    own[NGX_HTTP_WEBHOOK_MESSAGE_TEXTS], *texts;
    ngx_str_t                    value;
    ngx_uint_t                   i, n;
    ngx_http_webhook_reason_e    reason;
    ngx_http_webhook_segment_t  *segment;

    texts = own;

    if (2 * segments->nelts > NGX_HTTP_WEBHOOK_MESSAGE_TEXTS) {

        texts = ngx_palloc(r->pool, 2 * segments->nelts * sizeof(ngx_str_t));
        if (texts == NULL) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }
    }

    segment = segments->elts;

    for (i = 0, n = 0; i < segments->nelts; i++) {

        reason = ngx_http_webhook_message_segment(r, ctx, &segment[i], check,
                                                  &value);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }

        if (value.len == 0 && segment[i].optional) {
            continue;
        }

        if (segment[i].text.len) {
            texts[n++] = segment[i].text;
        }

        if (value.len) {
            texts[n++] = value;
        }
    }

    if (n == 0) {
        ngx_str_set(text, "");
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (n == 1) {
        *text = texts[0];
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_message_join(r, texts, n, text) == NGX_OK
           ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_INTERNAL;
}


/* The value of a segment, which is empty if there is none. */

static ngx_http_webhook_reason_e
ngx_http_webhook_message_segment(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_segment_t *segment,
    ngx_uint_t check, ngx_str_t *value)
{
    ngx_int_t  rc;

    ngx_str_null(value);

    if (segment->exempt.len) {
        return ngx_http_webhook_message_exempt(r, ctx, segment->index, value)
               == NGX_OK
               ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (segment->name.len == 0) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    /* a time that has been read is one */

    if (segment->time && ctx->signing->time.len) {
        *value = ctx->signing->time;
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    rc = ngx_http_webhook_message_value(r, ctx, segment, value);

    if (rc == WH_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    return check ? ngx_http_webhook_message_part(r, ctx, segment, rc, value)
                 : NGX_HTTP_WEBHOOK_PASSED;
}


ngx_int_t
ngx_http_webhook_message_join(ngx_http_request_t *r, ngx_str_t *parts,
    ngx_uint_t n, ngx_str_t *text)
{
    u_char      *p;
    ngx_uint_t   i;

    text->len = 0;

    for (i = 0; i < n; i++) {
        text->len += parts[i].len;
    }

    p = ngx_pnalloc(r->pool, text->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (i = 0; i < n; i++) {
        p = ngx_cpymem(p, parts[i].data, parts[i].len);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_webhook_number(ngx_http_request_t *r, ngx_uint_t n, ngx_str_t *text)
{
    text->data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "%ui", n) - text->data;

    return NGX_OK;
}


ngx_int_t
ngx_http_webhook_hex(ngx_http_request_t *r, u_char *bytes, size_t len,
    ngx_str_t *text)
{
    text->data = ngx_pnalloc(r->pool, 2 * len);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_hex_dump(text->data, bytes, len) - text->data;

    return NGX_OK;
}


/* As the value of a source. */

static ngx_int_t
ngx_http_webhook_message_value(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_segment_t *segment,
    ngx_str_t *value)
{
    if (segment->source) {
        return ngx_http_webhook_source_value(r, ctx, segment->source, value);
    }

    if (ngx_http_webhook_evaluate(r, ctx, segment->variable, value) != NGX_OK) {
        return WH_ERROR;
    }

    return value->len ? WH_OK : WH_ABSENT;
}


/* A variable whose value may be anything. */

static ngx_int_t
ngx_http_webhook_message_exempt(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_int_t index, ngx_str_t *value)
{
    ngx_http_variable_value_t  *vv;

    ctx->evaluation = 0;

    vv = ngx_http_get_flushed_variable(r, index);

    if (ctx->evaluation) {
        return NGX_ERROR;
    }

    if (vv && !vv->not_found) {
        value->data = vv->data;
        value->len = vv->len;
    }

    return NGX_OK;
}


/*
 * Where a value may be left out, nothing else may be in its place.  Then there
 * must be a text that it would be between.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_message_part(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_segment_t *segment,
    ngx_int_t rc, ngx_str_t *value)
{
    if (segment->named
        && ngx_http_webhook_message_repeated(r, &segment->name))
    {
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
    }

    if (rc == WH_ABSENT
        && !segment->required
        && (segment->edge.len || segment->free)
        && ngx_http_webhook_message_nothing(ctx, segment))
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED);
    }

    return ngx_http_webhook_message_ends(ctx, segment,
                                         ngx_http_webhook_wh_str(value))
           ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
}


/* Whether a part ends where the message says that it ends. */

static ngx_uint_t
ngx_http_webhook_message_ends(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_segment_t *segment, wh_str_t part)
{
    int64_t   time;
    wh_str_t  edge;

    if (segment->free) {
        return 1;
    }

    if (segment->time) {
        return wh_time_stamp(part, ctx->gate->provider->timestamp->unit, &time)
               == WH_OK;
    }

    if (segment->edge.len == 0) {
        return wh_part_word(part);
    }

    edge = ngx_http_webhook_wh_str(&segment->edge);

    return segment->right ? wh_part_from_right(part, edge)
                          : wh_part_from_left(part, edge);
}


/*
 * Whether a variable is of a header, an argument or a cookie that is there
 * twice: nginx takes one of them, whatever its case, and an application may
 * take the other one.
 */

static ngx_uint_t
ngx_http_webhook_message_repeated(ngx_http_request_t *r, ngx_str_t *name)
{
    wh_str_t                           rest;
    ngx_http_webhook_message_named_t  *named;

    for (named = ngx_http_webhook_message_named; named->count; named++) {

        rest = ngx_http_webhook_wh_str(name);

        if (wh_cut_prefix_caseless(&rest, named->prefix)) {
            return named->count(r, rest) > 1;
        }
    }

    return 0;
}


/*
 * How many headers nginx takes for $http_NAME, where "_" is "-", too; with
 * "underscores_in_headers on" there may be both.
 */

ngx_uint_t
ngx_http_webhook_message_headers(ngx_http_request_t *r, wh_str_t name)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_in.headers.part;
    i = 0;
    n = 0;

    while ((header = ngx_http_webhook_next_header(&part, &i)) != NULL) {
        n += ngx_http_webhook_message_header(header, name);
    }

    return n;
}


static ngx_uint_t
ngx_http_webhook_message_header(ngx_table_elt_t *header, wh_str_t name)
{
    size_t  i;

    if (header->hash == 0 || header->key.len != name.len) {
        return 0;
    }

    for (i = 0; i < name.len; i++) {
        if (ngx_http_webhook_message_letter(header->key.data[i])
            != ngx_http_webhook_message_letter(name.data[i]))
        {
            return 0;
        }
    }

    return 1;
}


static u_char
ngx_http_webhook_message_letter(u_char c)
{
    return c == '-' ? '_' : wh_lower(c);
}


static ngx_uint_t
ngx_http_webhook_message_arguments(ngx_http_request_t *r, wh_str_t name)
{
    return wh_form_named(ngx_http_webhook_wh_str(&r->args), 0, name);
}


static ngx_uint_t
ngx_http_webhook_message_cookies(ngx_http_request_t *r, wh_str_t name)
{
    wh_str_t          rest, element, piece, own, value;
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    static wh_str_t  cookie = wh_string("cookie");

    part = &r->headers_in.headers.part;
    i = 0;
    n = 0;

    while ((header = ngx_http_webhook_next_named(&part, &i, &cookie))) {

        rest = ngx_http_webhook_wh_str(&header->value);

        /* to nginx a comma is the end of one that it does not look for */

        while (wh_list_next(&rest, ';', &element)) {
            while (wh_list_next(&element, ',', &piece)) {
                n += wh_pair(piece, &own, &value)
                     && wh_equal_caseless(wh_trim(own, WH_SPACES), name);
            }
        }
    }

    return n;
}


/*
 * An object or an array has no text either, nor what has been replaced.  What
 * may be left out with its text has no value of any kind.
 */

static ngx_uint_t
ngx_http_webhook_message_nothing(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_segment_t *segment)
{
    const wh_json_value_t  *value;

    if (segment->source->type != NGX_HTTP_WEBHOOK_JSON || ctx->json == NULL) {
        return 1;
    }

    value = wh_json_value(ctx->json, segment->source->index);

    if (segment->optional) {
        return value->type == WH_JSON_ABSENT;
    }

    return value->type != WH_JSON_OBJECT
           && value->type != WH_JSON_ARRAY
           && !value->repeated;
}


/*
 * The URL that the sender has called: behind a proxy nginx cannot know scheme
 * and host, then webhook_public_url says them.
 */

ngx_int_t
ngx_http_webhook_url(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value)
{
    u_char                       *p;
    ngx_str_t                     scheme, host;
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (wlcf->public_url.len) {
        scheme = wlcf->public_url;
        ngx_str_null(&host);

    } else {
        if (ngx_http_webhook_host(r, &host) != NGX_OK) {
            return NGX_DECLINED;
        }

        if (r->connection->ssl) {
            ngx_str_set(&scheme, "https://");

        } else {
            ngx_str_set(&scheme, "http://");
        }
    }

    p = ngx_pnalloc(r->pool, scheme.len + host.len + r->unparsed_uri.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    p = ngx_cpymem(p, scheme.data, scheme.len);
    p = ngx_cpymem(p, host.data, host.len);
    p = ngx_cpymem(p, r->unparsed_uri.data, r->unparsed_uri.len);

    value->len = p - value->data;

    return NGX_OK;
}
