
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures that are JSON Web Tokens: signed is a digest of the message.
 */


#include "ngx_http_webhook_provider.h"


static void ngx_http_webhook_jwt_free(void *data);
static ngx_http_webhook_reason_e ngx_http_webhook_jwt_reason(
    wh_jwt_verdict_e verdict);
static ngx_int_t ngx_http_webhook_jwt_secret(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jwt_t *jwt);
static ngx_int_t ngx_http_webhook_jwt_mac(wh_hmac_key_t *key, wh_jwt_t *jwt,
    u_char *mac);


/* What the claims of a rule's tokens must be. */

char *
ngx_http_webhook_jwt_compile(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_str_t *issuer,
    ngx_str_t *digest)
{
    ngx_pool_cleanup_t  *cln;

    if (ngx_http_webhook_pointer_valid(cf, digest) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(wh_jwt_claims_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_webhook_jwt_free;

    signature->jwt = cln->data;

    return wh_jwt_claims_init(signature->jwt, ngx_http_webhook_wh_str(issuer),
                              ngx_http_webhook_wh_str(digest))
           == WH_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static void
ngx_http_webhook_jwt_free(void *data)
{
    wh_jwt_claims_free(data);
}


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

    buf = ngx_pnalloc(r->pool, token->len);
    if (buf == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    verdict = wh_jwt_check(signature->jwt, &jwt, ngx_time(), buf,
                           digest->bytes);

    reason = ngx_http_webhook_jwt_reason(verdict);

    /* where its time is on trial, the body must still be the one signed */

    if (reason != NGX_HTTP_WEBHOOK_PASSED
        && !ngx_http_webhook_excepted(r, ctx, reason))
    {
        return reason;
    }

    digest->len = WH_JWT_SIZE;

    candidate = &ctx->candidates[ctx->ncandidates++];

    candidate->signature = digest;
    candidate->scheme = WH_PUBKEY_NONE;
    candidate->use = NGX_HTTP_WEBHOOK_NO_USE;
    candidate->secret = secret;

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
            || ctx->gate->places[i].rule.len
            || !(ctx->keys[i]->uses & (1 << signature->use)))
        {
            continue;
        }

        if (ngx_http_webhook_jwt_mac(&ctx->keys[i]->hmac[signature->use], jwt,
                                     mac)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        /* all are compared, also behind the one that matches */

        if (wh_secret_equal(jwt->mac, mac, WH_JWT_SIZE) && secret == 0) {
            secret = i + 1;
        }
    }

    return secret;
}


static ngx_int_t
ngx_http_webhook_jwt_mac(wh_hmac_key_t *key, wh_jwt_t *jwt, u_char *mac)
{
    ngx_int_t    rc;
    EVP_MD_CTX  *md;

    md = ngx_http_webhook_md_get();
    if (md == NULL) {
        return NGX_ERROR;
    }

    rc = (wh_hmac_start(key, md) == WH_OK
          && wh_hmac_update(md, jwt->message.data, jwt->message.len) == WH_OK
          && wh_hmac_final(key, md, mac) == WH_OK)
         ? NGX_OK : NGX_ERROR;

    ngx_http_webhook_md_put(md);

    return rc;
}
