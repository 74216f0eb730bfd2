
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * No way around a gate: what becomes of a request that leaves a location with
 * "webhook" unverified, for one without.
 */


#include "ngx_http_webhook_request.h"


static ngx_uint_t ngx_http_webhook_too_large(ngx_http_request_t *r);
static ngx_uint_t ngx_http_webhook_without_slash(ngx_http_request_t *r);
static ngx_http_webhook_action_t  ngx_http_webhook_refuse_rewritten;
static ngx_int_t ngx_http_webhook_take_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_take_body_headers(ngx_http_request_t *r);


/*
 * The state of a request in a location with a gate.  A verdict of another gate
 * does not count for this one.  NULL without memory.
 */

ngx_http_webhook_ctx_t *
ngx_http_webhook_enter(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf)
{
    ngx_http_webhook_ctx_t  *ctx;

    ctx = ngx_http_webhook_get_ctx(r);

    if (ctx == NULL || ctx->gate->first != wlcf->gate) {

        if (ctx && ctx->state != NGX_HTTP_WEBHOOK_START) {
            ngx_http_webhook_count_request(r, ctx);
        }

        ctx = ngx_http_webhook_start_ctx(r, ctx, wlcf);
    }

    if (ctx) {
        ctx->wlcf = wlcf;
        ctx->redirected = 0;
    }

    return ctx;
}


/*
 * The first step in a location with a gate, before anything there can take the
 * request out of it.
 */

ngx_int_t
ngx_http_webhook_meet(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf)
{
    if (r != r->main) {
        return ngx_http_webhook_verify_subrequest(r, wlcf);
    }

    if (ngx_http_webhook_enter(r, wlcf) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return (wlcf->internal && !r->internal) ? NGX_HTTP_NOT_FOUND
                                            : NGX_DECLINED;
}


/*
 * A request that may have been elsewhere is in a location without "webhook".
 * If it comes from one with, and has not been verified there, it does not get
 * on with its body.  By "rewrite ... last" it still has its contexts.
 */

ngx_int_t
ngx_http_webhook_arrive(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf)
{
    ngx_http_webhook_ctx_t  *ctx;

    ctx = ngx_http_webhook_get_ctx(r);

    if (ctx == NULL) {
        return (ngx_http_webhook_too_large(r)
                || (!wlcf->open && ngx_http_webhook_without_slash(r)))
               ? ngx_http_webhook_take_body(r) : NGX_DECLINED;
    }

    if (wlcf->open
        || !ctx->wlcf->enforce
        || (ctx->verified && ngx_http_webhook_request_whole(r)))
    {
        return NGX_DECLINED;
    }

    if (!ctx->redirected && !ctx->verified) {
        return ngx_http_webhook_refuse_rewritten(r, ctx);
    }

    ctx->taken = 1;

    return ngx_http_webhook_take_body(r);
}


/*
 * A body that was too large for a location is thrown away before any handler
 * can see where that was.  HTTP/3 does not even do that, and only does not ask
 * for it.  One that has been read before there was a location, as
 * "client_body_early_read" and Lua do it, stays; then the refusal has at least
 * ended keepalive.  What a backend has had was not too large: its failure may
 * lead to another one, with the body, whatever the client says of keepalive.
 * But it may also have led to a location that it is too large for, which is
 * asked for with GET.
 */

static ngx_uint_t
ngx_http_webhook_too_large(ngx_http_request_t *r)
{
    ngx_http_webhook_main_conf_t  *wmcf;

    if (ngx_http_webhook_body_discarded(r)) {
        return 1;
    }

    if (!r->expect_tested) {
        return 0;
    }

    if (r->request_body == NULL) {
        return r->http_version > NGX_HTTP_VERSION_20;
    }

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_webhook_module);

    return !r->keepalive
           && (r->upstream == NULL
               || (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))
               || r->err_status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE)
           && wmcf->smallest
           && r->headers_in.content_length_n > wmcf->smallest;
}


/*
 * The name of a location without the "/" at its end is answered 301 before any
 * handler can see where that was.  What is left of it is the Location.
 */

static ngx_uint_t
ngx_http_webhook_without_slash(ngx_http_request_t *r)
{
    size_t                            len;
    ngx_str_t                        *to, *name;
    ngx_uint_t                        i;
    ngx_http_core_srv_conf_t         *cscf;
    ngx_http_webhook_main_conf_t     *wmcf;
    ngx_http_webhook_stats_entry_t  **entry;

    if (r->headers_out.location == NULL) {
        return 0;
    }

    to = &r->headers_out.location->value;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    wmcf = ngx_http_get_module_main_conf(r, ngx_http_webhook_module);

    entry = wmcf->stats_entries.elts;

    for (i = 0; i < wmcf->stats_entries.nelts; i++) {

        name = &entry[i]->clcf->name;
        len = name->len;

        if (entry[i]->cscf == cscf
            && entry[i]->wlcf->enforce
            && len
            && name->data[len - 1] == '/'
            && to->len >= len
            && ngx_memcmp(to->data, name->data, len) == 0
            && (to->len == len || to->data[len] == '?'))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_webhook_refuse_rewritten(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_http_webhook_finish(ctx, NGX_HTTP_WEBHOOK_REJECTED);

    ctx->reason = NGX_HTTP_WEBHOOK_NOT_VERIFIED;
    ctx->status = NGX_HTTP_FORBIDDEN;

    ngx_log_error(ctx->wlcf->log_level, r->connection->log, 0,
                  "webhook %V: refused, %V, \"rewrite\" leads to location "
                  "\"%V\", which has no \"webhook\"; if anybody may come "
                  "there, write \"webhook off\" in it",
                  &ctx->wlcf->names,
                  ngx_http_webhook_reason_name(ctx->reason), &clcf->name);

    return ngx_http_webhook_answer_refusal(r, ctx);
}


/*
 * The content handler is to find a request without a body.  A body that has
 * not been read to its end must never be taken for a request, so nothing more
 * is read from its connection, or from its stream.
 */

static ngx_int_t
ngx_http_webhook_take_body(ngx_http_request_t *r)
{
    ngx_http_headers_in_t  *headers_in;

    headers_in = &r->headers_in;

    if (r->request_body == NULL
        && headers_in->content_length_n <= 0
        && headers_in->content_length == NULL
        && !headers_in->chunked)
    {
        return NGX_DECLINED;
    }

    if (!ngx_http_webhook_body_ended(r)) {

        r->keepalive = 0;
        r->lingering_close = 1;
    }

#if (NGX_HTTP_V2)

    /* a frame that ends a body of no length wants its buffer, too */

    if (r->stream) {
        r->stream->skip_data = 1;
    }

#endif

    /* one that is there, and empty, is not read */

    r->request_body = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    if (r->request_body == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

#if (nginx_version >= 1021002)
    r->request_body->last_saved = 1;
#endif

    r->expect_tested = 1;
    r->reading_body = 0;
    r->request_body_no_buffering = 0;

    headers_in->content_length_n = 0;
    headers_in->chunked = 0;

    return ngx_http_webhook_take_body_headers(r);
}


static ngx_int_t
ngx_http_webhook_take_body_headers(ngx_http_request_t *r)
{
    ngx_http_headers_in_t  *headers_in;

    static ngx_str_t  expect = ngx_string("expect");
    static ngx_str_t  transfer_encoding = ngx_string("transfer-encoding");

    headers_in = &r->headers_in;

    if (headers_in->content_length) {
        ngx_str_set(&headers_in->content_length->value, "0");
    }

    if ((headers_in->transfer_encoding
         && ngx_http_webhook_strip_header(r, &transfer_encoding) != NGX_OK)
        || (headers_in->expect
            && ngx_http_webhook_strip_header(r, &expect) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    headers_in->transfer_encoding = NULL;
    headers_in->expect = NULL;

    return NGX_DECLINED;
}
