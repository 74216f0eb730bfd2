
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The claims of a token whose signature has been verified.
 */


#include "ngx_http_webhook_request.h"


static ngx_uint_t ngx_http_webhook_claims_fit(ngx_http_webhook_gate_t *gate,
    wh_json_t *json, const wh_str_t **pinned);
static ngx_http_webhook_reason_e ngx_http_webhook_claims_reason(
    wh_jwt_verdict_e verdict);


/*
 * Parses claims and checks them.  They are kept for sources, also when all
 * that is wrong is their time; those of a token that is the body are the
 * document.  digest gets that of the body, if there is one.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_claims_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    wh_str_t encoded, u_char *digest)
{
    int                         rc;
    u_char                     *buf;
    wh_str_t                    text;
    wh_json_t                  *json;
    ngx_http_webhook_reason_e   reason;

    buf = ngx_pnalloc(r->pool, encoded.len);
    if (buf == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    /* of each token its own: others may be beside it */

    if (ctx->gate->npinned) {

        ctx->jose->pinned = ngx_palloc(r->pool, ctx->gate->npinned
                                                * sizeof(wh_str_t *));
        if (ctx->jose->pinned == NULL) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }
    }

    rc = wh_jwt_parse(ctx->gate->claims, encoded, buf, &text, &json);

    if (rc != WH_OK) {
        wh_json_free(json);

        return rc == WH_ERROR ? NGX_HTTP_WEBHOOK_INTERNAL
                              : NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
    }

    wh_json_free(ctx->jose->claims);
    ctx->jose->claims = json;

    if (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_TOKEN) {
        ctx->text = ngx_http_webhook_ngx_str(text);
    }

    reason = ngx_http_webhook_claims_reason(wh_jwt_check(&signature->jwt, json,
                                                         ngx_time(), digest));

    if ((reason == NGX_HTTP_WEBHOOK_PASSED
         || reason == NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD
         || reason == NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE)
        && !ngx_http_webhook_claims_fit(ctx->gate, json, ctx->jose->pinned))
    {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;
    }

    return reason;
}


/*
 * The rules "claim" of the provider, and "webhook_claim" of the location: of
 * each of these pinned gets the value that the token has.
 */

static ngx_uint_t
ngx_http_webhook_claims_fit(ngx_http_webhook_gate_t *gate, wh_json_t *json,
    const wh_str_t **pinned)
{
    wh_str_t     event;
    ngx_uint_t   i;
    const char  *violation;

    ngx_memzero(&event, sizeof(wh_str_t));

    for (i = 0; i < gate->nclaim_rules; i++) {
        if (wh_constraint_check(&gate->claim_rules[i], json, event, ngx_time(),
                                &violation)
            != WH_OK)
        {
            return 0;
        }
    }

    for (i = 0; i < gate->npinned; i++) {
        pinned[i] = wh_claim_check(&gate->pinned[i], json);

        if (pinned[i] == NULL) {
            return 0;
        }
    }

    return 1;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_claims_reason(wh_jwt_verdict_e verdict)
{
    switch (verdict) {

    case WH_JWT_FINE:
        return NGX_HTTP_WEBHOOK_PASSED;

    case WH_JWT_MALFORMED:
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;

    case WH_JWT_WRONG_ISSUER:
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;

    case WH_JWT_EXPIRED:
        return NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD;

    default: /* WH_JWT_EARLY */
        return NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE;
    }
}
