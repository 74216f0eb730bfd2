
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The verdict of the Pelorus receiver, in its order and with its answers.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_str.h"


#define NGX_HTTP_WEBHOOK_PELORUS_SHORT  8192    /* bytes, for one turn */


static ngx_http_webhook_reason_e ngx_http_webhook_pelorus_check(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, wh_str_t *body);
static wh_str_t ngx_http_webhook_pelorus_header(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t index);
static wh_hmac_key_t *ngx_http_webhook_pelorus_keys(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, size_t *n);
static ngx_uint_t ngx_http_webhook_pelorus_secret(ngx_http_webhook_ctx_t *ctx,
    size_t key);
static ngx_int_t ngx_http_webhook_pelorus_message(ngx_http_webhook_ctx_t *ctx,
    wh_str_t signature);


/* in the order of wh_pelorus_result_e */

static ngx_http_webhook_reason_e  ngx_http_webhook_pelorus_reasons[] = {
    NGX_HTTP_WEBHOOK_PASSED,
    NGX_HTTP_WEBHOOK_PASSED,                /* a ping goes upstream too */
    NGX_HTTP_WEBHOOK_JSON_INVALID,
    NGX_HTTP_WEBHOOK_JSON_INVALID,
    NGX_HTTP_WEBHOOK_PAYLOAD_INVALID,
    NGX_HTTP_WEBHOOK_BODY_TOO_LARGE,
    NGX_HTTP_WEBHOOK_HEADER_MISMATCH,
    NGX_HTTP_WEBHOOK_HEADER_MISMATCH,
    NGX_HTTP_WEBHOOK_SIGNATURE_MISSING,
    NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH,
    NGX_HTTP_WEBHOOK_PAYLOAD_INVALID,
    NGX_HTTP_WEBHOOK_PAYLOAD_INVALID
};


/*
 * What is answered without the body: the receiver looks at the document
 * before all headers but these.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_pelorus_headers(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    static ngx_str_t  method = ngx_string(
                                         "{\"detail\":\"Method Not Allowed\"}");

    if (r->method != NGX_HTTP_POST) {
        ctx->response_body = &method;
        return NGX_HTTP_WEBHOOK_METHOD_NOT_ALLOWED;
    }

    if (r->headers_in.content_length_n > WH_PELORUS_MAX_BODY) {
        return ngx_http_webhook_pelorus_check(r, ctx, NULL);
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * The body has been read: the rest of the receiver's checks.  For a long one
 * they take several turns.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_pelorus_body(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    wh_str_t  text;

    /* it is kept, for the next turns */

    if (ctx->text.data == NULL
        && r->request_body
        && r->request_body->bufs)
    {
        switch (ngx_http_webhook_body_gather(r, WH_PELORUS_MAX_BODY,
                                             &ctx->text))
        {

        case NGX_OK:
            break;

        case NGX_DECLINED:
            return ngx_http_webhook_pelorus_check(r, ctx, NULL);

        default: /* NGX_ERROR */
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }
    }

    if (ngx_http_webhook_turn_take(ctx->turn) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_BUSY;
    }

    text = ngx_http_webhook_wh_str(&ctx->text);

    return ngx_http_webhook_pelorus_check(r, ctx, &text);
}


/* body is NULL for one that is too long to be looked at. */

static ngx_http_webhook_reason_e
ngx_http_webhook_pelorus_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, wh_str_t *body)
{
    size_t                         n;
    ngx_str_t                     *response;
    wh_hmac_key_t                 *keys;
    wh_pelorus_request_t           request;
    wh_pelorus_verdict_t           verdict;
    ngx_http_webhook_provider_t   *provider;
    ngx_http_webhook_signature_t  *signature;

    provider = ctx->gate->provider;
    signature = provider->signatures.elts;

    keys = ngx_http_webhook_pelorus_keys(r, ctx, &n);
    if (keys == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ngx_memzero(&request, sizeof(wh_pelorus_request_t));

    request.content_type =
           ngx_http_webhook_pelorus_header(ctx, NGX_HTTP_WEBHOOK_CONTENT_TYPE);
    request.user_agent =
           ngx_http_webhook_pelorus_header(ctx, provider->body.headers[0]);
    request.event =
           ngx_http_webhook_pelorus_header(ctx, provider->body.headers[1]);
    request.signature =
           ngx_http_webhook_pelorus_header(ctx, signature->source.index);

    /* of a chunked body the application is told the length by nginx */

    request.has_length = (r->headers_in.content_length_n >= 0);
    request.content_length = r->headers_in.content_length_n;

    request.body = body;
    request.now = ngx_time();

    if (body && body->len > NGX_HTTP_WEBHOOK_PELORUS_SHORT) {
        request.work = &ctx->pelorus;
    }

    switch (wh_pelorus_check(&request, keys, n, &verdict)) {

    case WH_OK:
        break;

    case WH_AGAIN:
        return NGX_HTTP_WEBHOOK_BUSY;

    default: /* WH_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (verdict.serialisation) {
        ctx->secret = ngx_http_webhook_pelorus_secret(ctx, verdict.key);

        if (ngx_http_webhook_pelorus_message(ctx, request.signature)
            != NGX_OK)
        {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }
    }

    if (ngx_http_webhook_pelorus_reasons[verdict.result]
        == NGX_HTTP_WEBHOOK_PASSED)
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    response = ngx_palloc(r->pool, sizeof(ngx_str_t)
                                   + WH_PELORUS_RESPONSE_BODY);
    if (response == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    response->data = (u_char *) &response[1];
    response->len = wh_pelorus_response_body(&verdict, response->data);

    ctx->response_body = response;
    ctx->status = verdict.status;

    return ngx_http_webhook_pelorus_reasons[verdict.result];
}


/*
 * Of repeated headers the receiver takes the first.  Around a value nginx
 * strips spaces but not tabs, and the receiver strips both.
 */

static wh_str_t
ngx_http_webhook_pelorus_header(ngx_http_webhook_ctx_t *ctx, ngx_uint_t index)
{
    wh_str_t  value;

    ngx_memzero(&value, sizeof(wh_str_t));

    if (ctx->headers[index].count == 0) {
        return value;
    }

    return wh_trim(ngx_http_webhook_wh_str(&ctx->headers[index].first->value),
                   WH_SPACES);
}


/* The keys in one row, without those that this request has not got. */

static wh_hmac_key_t *
ngx_http_webhook_pelorus_keys(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, size_t *n)
{
    ngx_uint_t      i;
    wh_hmac_key_t  *keys;

    keys = ngx_palloc(r->pool, ctx->gate->nkeys * sizeof(wh_hmac_key_t));
    if (keys == NULL) {
        return NULL;
    }

    *n = 0;

    for (i = 0; i < ctx->gate->nkeys; i++) {
        if (ctx->keys[i]) {
            keys[(*n)++] = ctx->keys[i]->hmac[WH_SHA256];
        }
    }

    return keys;
}


/* The number of a secret, from 1, by the index of its key in the row. */

static ngx_uint_t
ngx_http_webhook_pelorus_secret(ngx_http_webhook_ctx_t *ctx, size_t key)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->gate->nkeys; i++) {
        if (ctx->keys[i] && key-- == 0) {
            break;
        }
    }

    return i + 1;
}


/*
 * One signature is good for several serialisations of a document, so it is the
 * signature that tells messages apart.
 */

static ngx_int_t
ngx_http_webhook_pelorus_message(ngx_http_webhook_ctx_t *ctx,
    wh_str_t signature)
{
    u_char  digest[WH_TOKEN_DIGEST_SIZE];

    if (ctx->replay == NULL) {
        return NGX_OK;
    }

    if (wh_token_digest(signature, digest) != WH_OK) {
        return NGX_ERROR;
    }

    ngx_http_webhook_digest_keep(ctx, digest);

    return NGX_OK;
}
