
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What is signed in place of the body, where it is not the body itself.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_form.h"
#include "core/wh_form_sorted.h"


/*
 * What takes the bytes as they come, and what makes a text of them, or NULL:
 * those of "raw" go into the message as they are.
 */

typedef ngx_http_webhook_reason_e ngx_http_webhook_body_finish_t(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_str_t *text);

typedef struct {
    ngx_http_webhook_feed_t         *update;
    ngx_http_webhook_body_finish_t  *finish;
} ngx_http_webhook_body_handler_t;


static ngx_http_webhook_feed_t  ngx_http_webhook_body_kind_crc32_update;
static ngx_http_webhook_body_finish_t  ngx_http_webhook_body_kind_crc32;
static ngx_http_webhook_body_finish_t  ngx_http_webhook_body_kind_form;
static ngx_http_webhook_body_finish_t  ngx_http_webhook_body_kind_form_sorted;
static ngx_http_webhook_body_finish_t  ngx_http_webhook_body_kind_sha256;
static ngx_http_webhook_body_finish_t  ngx_http_webhook_body_kind_payload;
static ngx_http_webhook_reason_e ngx_http_webhook_body_kind_whole(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_str_t *suffix,
    ngx_str_t *message);


/* in the order of ngx_http_webhook_body_kind_e */

static ngx_http_webhook_body_handler_t  ngx_http_webhook_body_handlers[] = {
    { NULL, NULL },
    { NULL, ngx_http_webhook_body_kind_form },
    { NULL, ngx_http_webhook_body_kind_form_sorted },
    { NULL, ngx_http_webhook_body_kind_sha256 },
    { ngx_http_webhook_body_kind_crc32_update,
      ngx_http_webhook_body_kind_crc32 },
    { NULL, NULL },
    { NULL, NULL },
    { NULL, NULL },
    { NULL, NULL },
    { NULL, ngx_http_webhook_body_kind_payload }
};

ngx_http_webhook_table_size(ngx_http_webhook_body_handlers,
    NGX_HTTP_WEBHOOK_BODY_KINDS);


void
ngx_http_webhook_body_kind_update(ngx_http_webhook_ctx_t *ctx, u_char *data,
    size_t len)
{
    ngx_http_webhook_body_handler_t  *handler;

    handler = &ngx_http_webhook_body_handlers[ctx->gate->provider->body.kind];

    if (handler->update) {
        handler->update(ctx, data, len);
    }
}


/* The body has been read: what is signed in its place goes to ctx->text. */

ngx_http_webhook_reason_e
ngx_http_webhook_body_kind_finish(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_body_handler_t  *handler;

    handler = &ngx_http_webhook_body_handlers[ctx->gate->provider->body.kind];

    return handler->finish ? handler->finish(r, ctx, &ctx->text)
                           : NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * The body, or what is signed in its place, in one piece of the request's
 * memory.  NGX_DECLINED when it is longer than max, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_body_kind_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, size_t max, ngx_str_t *body)
{
    if (ctx->gate->provider->body.kind != NGX_HTTP_WEBHOOK_BODY_RAW) {
        *body = ctx->text;

        return NGX_OK;
    }

    ngx_str_null(body);

    return r->request_body && r->request_body->bufs
           ? ngx_http_webhook_body_gather(r, max, body) : NGX_OK;
}


/* The CRC of nothing is 0, so the context needs no start. */

static void
ngx_http_webhook_body_kind_crc32_update(ngx_http_webhook_ctx_t *ctx,
    u_char *data, size_t len)
{
    uint32_t  crc;

    crc = ~ctx->crc32;
    ngx_crc32_update(&crc, data, len);
    ctx->crc32 = ~crc;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_body_kind_crc32(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text)
{
    return ngx_http_webhook_number(r, ctx->crc32, text) == NGX_OK
           ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_INTERNAL;
}


/*
 * The value of the form's only field: another one would go to the application
 * without a signature.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_body_kind_form(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text)
{
    u_char                     *buf;
    wh_str_t                    value;
    ngx_str_t                  *field;
    ngx_http_webhook_reason_e   reason;

    field = &ctx->gate->provider->body.source.name;

    reason = ngx_http_webhook_body_form(r, ctx);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return reason;
    }

    buf = ngx_pnalloc(r->pool, ctx->form.len + 1);
    if (buf == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    switch (wh_form_only(ngx_http_webhook_wh_str(&ctx->form),
                         ngx_http_webhook_wh_str(field), buf, &value))
    {

    case WH_OK:
        *text = ngx_http_webhook_ngx_str(value);
        return NGX_HTTP_WEBHOOK_PASSED;

    case WH_REPEATED:
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;

    default: /* WH_ABSENT, WH_INVALID */
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
    }
}


static ngx_http_webhook_reason_e
ngx_http_webhook_body_kind_form_sorted(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text)
{
    size_t                      n;
    u_char                     *decoded;
    wh_str_t                    form;
    wh_form_pair_t             *pairs;
    ngx_http_webhook_reason_e   reason;

    reason = ngx_http_webhook_body_form(r, ctx);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return reason;
    }

    form = ngx_http_webhook_wh_str(&ctx->form);
    n = wh_form_count(form);

    if (n > WH_FORM_MAX_PAIRS) {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
    }

    pairs = ngx_palloc(r->pool, (n + 1) * sizeof(wh_form_pair_t));
    decoded = ngx_pnalloc(r->pool, 2 * form.len + 1);

    if (pairs == NULL || decoded == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    text->data = decoded + form.len;

    return wh_form_sorted(form, pairs, decoded, text->data, &text->len)
           == WH_OK ? NGX_HTTP_WEBHOOK_PASSED
                    : NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
}


/*
 * The message has the body's digest, from elsewhere in the request, and so
 * nothing for the body itself.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_body_kind_sha256(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text)
{
    ngx_int_t  rc;
    ngx_str_t  value;

    rc = ngx_http_webhook_source_value(r, ctx,
                                       &ctx->gate->provider->body.source,
                                       &value);
    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED);
    }

    if (ngx_http_webhook_body_sha256(r, ctx) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ngx_str_null(text);

    return ngx_http_webhook_str_same(&value, &ctx->body_sha256)
           ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;
}


/* What is left of the payload, or all of it. */

static ngx_http_webhook_reason_e
ngx_http_webhook_body_kind_payload(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text)
{
    ngx_str_t                  bytes, suffix;
    ngx_http_webhook_reason_e  reason;

    if (ngx_http_webhook_message_text(r, ctx, ctx->gate->provider->suffix,
                                      &suffix)
        != NGX_OK)
    {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (ctx->whole) {

        reason = ngx_http_webhook_body_kind_whole(r, ctx, &suffix, &bytes);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }

    } else {
        ngx_http_webhook_feed_payload(ctx, suffix.data, suffix.len);

        bytes.data = ctx->carry;
        bytes.len = ctx->ncarry;
    }

    if (ctx->plain) {
        *text = bytes;
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    text->data = ngx_pnalloc(r->pool, ngx_base64_encoded_length(bytes.len)
                                      + 1);
    if (text->data == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ngx_encode_base64url(text, &bytes);

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* The message around and with the body, in one piece. */

static ngx_http_webhook_reason_e
ngx_http_webhook_body_kind_whole(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *suffix, ngx_str_t *message)
{
    ngx_str_t                     parts[3];
    ngx_http_webhook_reason_e     reason;
    ngx_http_webhook_loc_conf_t  *wlcf;

    if (ngx_http_webhook_message_text(r, ctx, ctx->gate->provider->prefix,
                                      &parts[0])
        != NGX_OK)
    {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ngx_str_null(&parts[1]);
    parts[2] = *suffix;

    if (r->request_body && r->request_body->bufs) {

        wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

        reason = ngx_http_webhook_body_reason(
                     ngx_http_webhook_body_gather(r, wlcf->max_body,
                                                  &parts[1]));

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }
    }

    return ngx_http_webhook_message_join(r, parts, 3, message) == NGX_OK
           ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_INTERNAL;
}
