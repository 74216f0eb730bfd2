
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures by public keys, and MACs of what is there whole.
 */


#include "ngx_http_webhook_request.h"


static ngx_int_t ngx_http_webhook_pubkey_token(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_jwt_t *jwt);
static ngx_int_t ngx_http_webhook_pubkey_try(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, wh_str_t message);
static EVP_PKEY *ngx_http_webhook_pubkey_get(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, ngx_uint_t i);


/*
 * Ends a digest of the message, which may also be that of replay protection,
 * and keeps it for the candidates that have signed it.  The number of a secret,
 * from 1, whose token has this digest, 0 if there is none, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_pubkey_digest(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_hash_t *hash,
    ngx_str_t *suffix)
{
    u_char                        *bytes;
    wh_str_t                       digest;
    ngx_uint_t                     i;
    ngx_http_webhook_candidate_t  *candidate;

    bytes = ngx_pnalloc(r->pool, EVP_MAX_MD_SIZE);

    if (bytes == NULL
        || wh_hmac_update(hash->md, suffix->data, suffix->len) != WH_OK
        || wh_digest_final(hash->md, bytes, &digest.len) != WH_OK)
    {
        return NGX_ERROR;
    }

    digest.data = bytes;

    if (ctx->replay && hash->digest == WH_SHA256) {
        ngx_http_webhook_digest_keep(ctx, bytes);
    }

    for (i = 0; i < ctx->ncandidates; i++) {

        candidate = &ctx->candidates[i];

        if (candidate->jwt
            && hash->digest == WH_SHA256
            && wh_secret_equal(candidate->signature.bytes, bytes, digest.len))
        {
            return ngx_http_webhook_pubkey_token(ctx, candidate->jwt) == NGX_OK
                   ? (ngx_int_t) candidate->jwt->secret : NGX_ERROR;
        }

        if (candidate->scheme != WH_PUBKEY_NONE
            && candidate->scheme != WH_ED25519
            && wh_pubkey_digest(candidate->scheme) == hash->digest)
        {
            candidate->message = digest;
        }
    }

    return 0;
}


/*
 * The body is the one that a token has the digest of.  What its issuer has
 * signed is the token: with another time it is another message.
 */

static ngx_int_t
ngx_http_webhook_pubkey_token(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_jwt_t *jwt)
{
    u_char  digest[WH_HMAC_MAX_SIZE];

    ctx->jose->issuer = jwt->issuer;
    ctx->jose->pinned = jwt->pinned;

    if (ctx->replay == NULL) {
        return NGX_OK;
    }

    if (ngx_http_webhook_mac(NULL, &jwt->text, 1, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_webhook_digest_keep(ctx, digest);

    return NGX_OK;
}


/*
 * The same for Ed25519, which hashes a message twice and so takes it in one
 * piece.  NGX_DECLINED when it is too long for that, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_pubkey_whole(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *suffix)
{
    ngx_int_t                     rc;
    ngx_str_t                     parts[3], message;
    ngx_uint_t                    i;
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    rc = ngx_http_webhook_body_kind_text(r, ctx, wlcf->max_body, &parts[1]);

    if (rc != NGX_OK) {
        return rc;
    }

    parts[2] = *suffix;

    if (ngx_http_webhook_message_around(r, ctx, 0, &parts[0]) != NGX_OK
        || ngx_http_webhook_message_join(r, parts, 3, &message) != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < ctx->ncandidates; i++) {
        if (ctx->candidates[i].scheme == WH_ED25519) {
            ctx->candidates[i].message = ngx_http_webhook_wh_str(&message);
        }
    }

    return NGX_OK;
}


/*
 * The number of the first secret, from 1, whose key has signed what was kept,
 * 0 if there is none, NGX_ERROR, or NGX_AGAIN: to be called once more when the
 * request has its turn.
 */

ngx_int_t
ngx_http_webhook_pubkey_match(ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                      matched;
    ngx_http_webhook_signing_t    *signing;
    ngx_http_webhook_candidate_t  *candidate;

    signing = ctx->signing;

    for ( /* void */ ; signing->at < ctx->ncandidates;
         signing->at++, signing->tried = 0)
    {
        candidate = &ctx->candidates[signing->at];

        if (candidate->message.data == NULL) {
            continue;
        }

        matched = ngx_http_webhook_pubkey_try(ctx, candidate,
                                              candidate->message);
        if (matched != 0) {
            return matched;
        }
    }

    return 0;
}


/* The same for bytes that are there, of a token that is not over the body. */

ngx_int_t
ngx_http_webhook_pubkey_match_bytes(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, wh_str_t bytes)
{
    u_char    md[EVP_MAX_MD_SIZE];
    wh_str_t  digest;

    if (candidate->scheme == WH_ED25519) {
        return ngx_http_webhook_pubkey_try(ctx, candidate, bytes);
    }

    digest.data = md;

    if (ngx_http_webhook_digest_bytes(wh_pubkey_digest(candidate->scheme),
                                      bytes, md, &digest.len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_webhook_pubkey_try(ctx, candidate, digest);
}


/*
 * With the key that was chosen by its id, and then with those that have none,
 * each in a turn of its own, from the one that has waited for it on.  Nothing
 * here is secret, so the first that fits will do.
 */

static ngx_int_t
ngx_http_webhook_pubkey_try(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, wh_str_t message)
{
    wh_str_t                     signature;
    EVP_PKEY                    *pubkey;
    ngx_http_webhook_signing_t  *signing;

    signing = ctx->signing;

    signature.data = candidate->signature.bytes;
    signature.len = candidate->signature.len;

    for ( /* void */ ; signing->tried <= ctx->gate->nkeys; signing->tried++) {

        pubkey = ngx_http_webhook_pubkey_get(ctx, candidate, signing->tried);

        if (pubkey == NULL) {
            continue;
        }

        if (!ctx->at_once
            && ngx_http_webhook_turn_take(ctx->turn) != NGX_OK)
        {
            return NGX_AGAIN;
        }

        switch (wh_pubkey_verify(pubkey, candidate->scheme, message,
                                 signature))
        {

        case WH_OK:
            return signing->tried ? signing->tried : candidate->number;

        case WH_INVALID:
            break;

        default: /* WH_ERROR */
            return NGX_ERROR;
        }
    }

    return 0;
}


/* The key to try as number i: 0 is the one with an id; NULL for none. */

static EVP_PKEY *
ngx_http_webhook_pubkey_get(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, ngx_uint_t i)
{
    ngx_uint_t                k, before;
    ngx_http_webhook_key_t  **keys;

    if (i == 0) {
        return candidate->pubkey;
    }

    if (!ngx_http_webhook_pubkey_usable(ctx, candidate, i - 1)) {
        return NULL;
    }

    keys = ctx->keys;
    before = (candidate->pubkey != NULL);

    /* one that is there twice is tried once */

    for (k = 0; k < i - 1; k++) {

        if (!ngx_http_webhook_pubkey_usable(ctx, candidate, k)) {
            continue;
        }

        if (ngx_memcmp(keys[k]->digest, keys[i - 1]->digest,
                       WH_TOKEN_DIGEST_SIZE)
            == 0)
        {
            return NULL;
        }

        before++;
    }

    /* those of variables may be more */

    if (before >= NGX_HTTP_WEBHOOK_PUBKEYS_TRIED) {
        return NULL;
    }

    return keys[i - 1]->pubkey[candidate->use - NGX_HTTP_WEBHOOK_HMACS];
}


/* Whether the secret is one key of this use, for signatures. */

ngx_uint_t
ngx_http_webhook_pubkey_usable(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, ngx_uint_t i)
{
    ngx_http_webhook_key_t  *key;

    key = ctx->keys[i];

    return key
           && key->set == NULL
           && ctx->gate->keyslots[i].for_name.len == 0
           && (key->uses & (1 << candidate->use));
}


/* A signature of r and s side by side as OpenSSL takes it. */

ngx_int_t
ngx_http_webhook_pubkey_der(ngx_http_request_t *r, wh_signature_t *signature)
{
    u_char    *der;
    wh_str_t   raw;

    der = ngx_pnalloc(r->pool, WH_ECDSA_MAX_SIZE);
    if (der == NULL) {
        return NGX_ERROR;
    }

    raw.data = signature->bytes;
    raw.len = signature->len;

    if (wh_ecdsa_der(raw, der, &signature->len) != WH_OK) {
        return NGX_ERROR;
    }

    signature->bytes = der;

    return NGX_OK;
}


/*
 * The number of the secret that has made the MAC of bytes that are there, 0 for
 * none, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_hmac_match_bytes(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, wh_str_t bytes)
{
    u_char      mac[WH_HMAC_MAX_SIZE];
    ngx_int_t   secret;
    ngx_uint_t  i;

    secret = 0;

    for (i = 0; i < ctx->gate->nkeys; i++) {

        if (ctx->keys[i] == NULL
            || ctx->gate->keyslots[i].for_name.len
            || !(ctx->keys[i]->uses & (1 << candidate->use)))
        {
            continue;
        }

        if (ngx_http_webhook_mac(&ctx->keys[i]->hmac[candidate->use], &bytes,
                                 1, mac)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        /* all are compared, also after the one that matches */

        if (wh_secret_equal(candidate->signature.bytes, mac,
                            candidate->signature.len)
            && secret == 0)
        {
            secret = i + 1;
        }
    }

    return secret;
}
