
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * No way around a gate: what becomes of a request that leaves a location with
 * "webhook" unverified, for one without.
 */


#include "ngx_http_webhook_request.h"


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

    return ngx_http_webhook_enter(r, wlcf) ? NGX_DECLINED
                                           : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/*
 * The last step there: an error page or "post_action" is about to take the
 * request away.  What nginx finds out while it looks for the location (a body
 * that is too large, "internal", a "/" that is missing at the end, a regular
 * expression that fails) is answered before any handler is called.
 */

void
ngx_http_webhook_leave(ngx_http_request_t *r)
{
    ngx_uint_t                    left;
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (wlcf->gate == NULL) {
        return;
    }

    /* what a subrequest comes to is for who has made it, and must not pass */

    left = (r == r->main)
           ? ngx_http_webhook_enter(r, wlcf) != NULL
           : ngx_http_webhook_verify_subrequest(r, wlcf) == NGX_DECLINED;

    if (!left) {

        /* one more is too many for nginx */

        r->uri_changes = 1;
    }
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

    if (ctx == NULL
        || wlcf->open
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
