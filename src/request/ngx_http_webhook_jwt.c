
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures that are JSON Web Tokens: signed is a digest of the message.
 */


#include "ngx_http_webhook_request.h"


static ngx_http_webhook_reason_e ngx_http_webhook_jwt_reason(
    wh_jwt_verdict_e verdict);
static ngx_int_t ngx_http_webhook_jwt_secret(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jwt_t *jwt);


/*
 * A token as a candidate: its signature, which is not over the body, is
 * verified here, and not a byte of it is parsed before.  What is left is the
 * digest of the message.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_jwt_candidate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    ngx_str_t *token, wh_signature_t *digest)
{
    u_char                        *buf;
    wh_jwt_t                       jwt;
    ngx_int_t                      secret;
    wh_jwt_verdict_e               verdict;
    ngx_http_webhook_reason_e      reason;
    ngx_http_webhook_candidate_t  *candidate;

    if (wh_jwt_split(ngx_http_webhook_wh_str(token), &jwt) != WH_OK) {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
    }

    secret = ngx_http_webhook_jwt_secret(ctx, signature, &jwt);

    if (secret == NGX_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (secret == 0) {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;
    }

    buf = ngx_pnalloc(r->pool, token->len + WH_JWT_SIZE);
    if (buf == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    digest->len = WH_JWT_SIZE;
    digest->bytes = buf + token->len;

    verdict = wh_jwt_check(signature->jwt, &jwt, ngx_time(), buf,
                           digest->bytes);

    reason = ngx_http_webhook_jwt_reason(verdict);

    if (reason != NGX_HTTP_WEBHOOK_PASSED
        && reason != NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD
        && reason != NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE)
    {
        return reason;
    }

    candidate = &ctx->candidates[ctx->ncandidates++];

    candidate->signature = digest;
    candidate->issuer = &signature->jwt->issuer;
    candidate->scheme = WH_PUBKEY_NONE;
    candidate->use = NGX_HTTP_WEBHOOK_NO_USE;
    candidate->secret = secret;
    candidate->untimely = reason;

    return NGX_HTTP_WEBHOOK_PASSED;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_jwt_reason(wh_jwt_verdict_e verdict)
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

    case WH_JWT_EARLY:
        return NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE;

    default: /* WH_JWT_NO_MEMORY */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }
}


/* The number of the secret that has made the MAC, 0 for none, NGX_ERROR. */

static ngx_int_t
ngx_http_webhook_jwt_secret(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jwt_t *jwt)
{
    u_char      mac[WH_HMAC_MAX_SIZE];
    ngx_int_t   secret;
    ngx_uint_t  i;

    secret = 0;

    for (i = 0; i < ctx->gate->nkeys; i++) {

        if (ctx->keys[i] == NULL
            || ctx->gate->keyslots[i].for_name.len
            || !(ctx->keys[i]->uses & (1 << signature->use)))
        {
            continue;
        }

        if (ngx_http_webhook_mac(&ctx->keys[i]->hmac[signature->use],
                                 &jwt->message, 1, mac)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        /* all are compared, also after the one that matches */

        if (wh_secret_equal(jwt->mac, mac, WH_JWT_SIZE) && secret == 0) {
            secret = i + 1;
        }
    }

    return secret;
}
