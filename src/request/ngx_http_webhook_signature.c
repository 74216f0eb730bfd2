
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures: what the request offers, and whether it is right.
 */


#include "ngx_http_webhook_request.h"


#define NGX_HTTP_WEBHOOK_DECODED  1024      /* bytes of most headers */


static ngx_uint_t ngx_http_webhook_signature_needless(
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature);
static ngx_http_webhook_reason_e ngx_http_webhook_candidates(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature);
static ngx_int_t ngx_http_webhook_signatures_keep(ngx_http_request_t *r,
    wh_signature_t *signatures, ngx_uint_t n);
static ngx_uint_t ngx_http_webhook_signatures_distinct(
    wh_signature_t *signatures, ngx_uint_t n);
static ngx_uint_t ngx_http_webhook_signature_offered(
    ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_signature_compare(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_int_t *secret);
static ngx_int_t ngx_http_webhook_match_hmac(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_hash_t *hash, ngx_str_t *suffix);


/* of this worker: what is decoded before it is known whether it is kept */

static u_char  ngx_http_webhook_decoded[NGX_HTTP_WEBHOOK_DECODED];


/*
 * What the signature headers offer; they are alternatives.  It goes on at the
 * rule whose token has waited for its turn.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_step_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                     n;
    ngx_http_webhook_reason_e      reason, worst;
    ngx_http_webhook_signing_t    *signing;
    ngx_http_webhook_signature_t  *signature;

    signing = ctx->signing;
    signature = ctx->gate->provider->signatures.elts;
    n = ctx->gate->provider->signatures.nelts;

    worst = NGX_HTTP_WEBHOOK_SIGNATURE_MISSING;

    for ( /* void */ ; signing->at < n; signing->at++, signing->tried = 0) {

        if (ngx_http_webhook_signature_needless(ctx, &signature[signing->at])) {
            continue;
        }

        reason = ngx_http_webhook_candidates(r, ctx, &signature[signing->at]);

        switch (reason) {

        case NGX_HTTP_WEBHOOK_PASSED:
        case NGX_HTTP_WEBHOOK_SIGNATURE_MISSING:
            break;

        case NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED:
        case NGX_HTTP_WEBHOOK_BUSY:
        case NGX_HTTP_WEBHOOK_INTERNAL:
            return reason;

        default: /* this one is of no use */
            worst = reason;
            break;
        }
    }

    return ngx_http_webhook_signature_offered(ctx) ? NGX_HTTP_WEBHOOK_PASSED
                                                   : worst;
}


/*
 * Whether a rule has been read with another; or no key serves it, and another
 * has looked at its header: nothing it finds can match then.
 */

static ngx_uint_t
ngx_http_webhook_signature_needless(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature)
{
    ngx_uint_t  i, uses;

    if (signature->merged) {
        return 1;
    }

    if (!signature->again || ctx->ncandidates == 0) {
        return 0;
    }

    uses = signature->hmacs | (1 << signature->use);

    for (i = 0; i < ctx->gate->nkeys; i++) {
        if (ctx->keys[i] && (ctx->keys[i]->uses & uses)) {
            return 0;
        }
    }

    return 1;
}


/*
 * A token that is verified alone has been that, whatever a rule "token" has
 * found; others are candidates.
 */

static ngx_uint_t
ngx_http_webhook_signature_offered(ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->gate->provider->alone) {
        return ctx->jose != NULL && ctx->jose->issuer != NULL;
    }

    return ctx->ncandidates;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_candidates(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature)
{
    size_t                         i, n, size;
    u_char                        *buf;
    ngx_int_t                      rc;
    ngx_str_t                      value;
    wh_signature_t                 signatures[WH_SIGNATURE_MAX_COUNT];
    ngx_http_webhook_reason_e      reason;
    ngx_http_webhook_candidate_t  *candidate, public;

    rc = ngx_http_webhook_source_signature(r, ctx, signature, &value);

    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MISSING,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED);
    }

    if (signature->jose) {
        return ngx_http_webhook_jwt_candidate(r, ctx, signature, &value);
    }

    size = wh_decoded_len(signature->format.encoding, value.len);

    if (size <= sizeof(ctx->signing->bytes) && ctx->ncandidates == 0) {
        buf = ctx->signing->bytes;

    } else if (size <= sizeof(ngx_http_webhook_decoded)) {
        buf = ngx_http_webhook_decoded;

    } else {
        buf = ngx_pnalloc(r->pool, size);
        if (buf == NULL) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }
    }

    n = signature->format.separator ? WH_SIGNATURE_MAX_COUNT : 1;

    if (wh_signature_parse(&signature->format,
                           ngx_http_webhook_wh_str(&value), buf, signatures,
                           &n)
        != WH_OK)
    {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
    }

    public.pubkey = NULL;
    public.number = 0;

    if (signature->scheme != WH_PUBKEY_NONE) {

        n = ngx_http_webhook_signatures_distinct(signatures, n);

        if (n > WH_SIGNATURE_MAX_PUBKEY) {
            return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
        }

        reason = ngx_http_webhook_key_by_id(r, ctx, signature->scheme, NULL,
                                            &public);
        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }
    }

    candidate = ngx_http_webhook_candidates_add(r, ctx, n);

    if (candidate == NULL
        || (buf == ngx_http_webhook_decoded
            && ngx_http_webhook_signatures_keep(r, signatures, n) != NGX_OK))
    {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    for (i = 0; i < n; i++) {

        if (signature->raw
            && ngx_http_webhook_pubkey_der(r, &signatures[i]) != NGX_OK)
        {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }

        candidate[i].signature = signatures[i];
        candidate[i].scheme = signature->scheme;
        candidate[i].use = signature->use;
        candidate[i].hmacs = signature->hmacs;
        candidate[i].pubkey = public.pubkey;
        candidate[i].number = public.number;
    }

    if (signature->scheme == WH_ED25519) {
        ctx->whole = 1;
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* Only what is a signature takes memory of the request, to be compared. */

static ngx_int_t
ngx_http_webhook_signatures_keep(ngx_http_request_t *r,
    wh_signature_t *signatures, ngx_uint_t n)
{
    size_t       size;
    u_char      *p;
    ngx_uint_t   i;

    for (i = 0, size = 0; i < n; i++) {
        size += signatures[i].len;
    }

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        ngx_memcpy(p, signatures[i].bytes, signatures[i].len);
        signatures[i].bytes = p;
        p += signatures[i].len;
    }

    return NGX_OK;
}


/*
 * A public key costs far more than an HMAC, so equal signatures are tried once:
 * the different ones come first, and their number is returned.
 */

static ngx_uint_t
ngx_http_webhook_signatures_distinct(wh_signature_t *signatures, ngx_uint_t n)
{
    ngx_uint_t  i, k, distinct;

    for (i = 0, distinct = 0; i < n; i++) {

        for (k = 0; k < distinct; k++) {
            if (signatures[k].len == signatures[i].len
                && ngx_memcmp(signatures[k].bytes, signatures[i].bytes,
                              signatures[i].len)
                   == 0)
            {
                break;
            }
        }

        if (k == distinct) {
            signatures[distinct++] = signatures[i];
        }
    }

    return distinct;
}


/*
 * Tokens out of their time are no candidates beside others.  Where the time is
 * on trial, the body must still be the one signed.  A token is a message of
 * its own: beside another signature that has two names, and whoever takes one
 * of them away could send it once more.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_step_jwt_time(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                     i, n, tokens;
    ngx_http_webhook_reason_e      reason;
    ngx_http_webhook_loc_conf_t   *wlcf;
    ngx_http_webhook_candidate_t  *candidate;

    if (ctx->gate->provider->alone) {
        return ctx->jose->untimely;
    }

    candidate = ctx->candidates;
    reason = NGX_HTTP_WEBHOOK_PASSED;
    tokens = 0;

    for (i = 0, n = 0; i < ctx->ncandidates; i++) {

        if (candidate[i].jwt == NULL
            || candidate[i].jwt->untimely == NGX_HTTP_WEBHOOK_PASSED)
        {
            tokens += (candidate[i].jwt != NULL);
            candidate[n++] = candidate[i];

        } else {
            reason = candidate[i].jwt->untimely;
        }
    }

    if (n == 0) {
        return reason;
    }

    ctx->ncandidates = n;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    return (tokens && n > 1 && wlcf->replay)
           ? NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED : NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * The body has been read: does a signature match?  NGX_HTTP_WEBHOOK_BUSY: to
 * be called once more when the request has its turn.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_verify_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                     rc, secret;
    ngx_http_webhook_reason_e     reason;
    ngx_http_webhook_provider_t  *provider;

    secret = 0;

    if (!ctx->compared) {

        reason = ngx_http_webhook_signature_compare(r, ctx, &secret);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }

        if (ctx->ncandidates == 0) {
            return NGX_HTTP_WEBHOOK_PASSED;
        }

        ctx->compared = 1;
        ctx->signing->at = 0;
        ctx->signing->tried = 0;
    }

    if (secret == 0) {
        secret = ngx_http_webhook_pubkey_match(ctx);
    }

    switch (secret) {

    case 0:
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;

    case NGX_AGAIN:
        return NGX_HTTP_WEBHOOK_BUSY;

    case NGX_ERROR:
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    /* a token may have matched before, that does not count for the body */

    ctx->secret = secret;

    provider = ctx->gate->provider;
    rc = NGX_OK;

    if (provider->oracle) {
        rc = ngx_http_webhook_challenge_distinct(r, ctx);

    } else if (provider->jwt
               && provider->plain
               && (ctx->jose == NULL || ctx->jose->issuer == NULL))
    {
        rc = ngx_http_webhook_jwt_distinct(r, ctx);
    }

    switch (rc) {

    case NGX_OK:
        return NGX_HTTP_WEBHOOK_PASSED;

    case NGX_DECLINED:
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }
}


/*
 * Ends the hashes.  *secret becomes the number of the first secret, from 1,
 * whose MAC or token matches, or 0; what public keys have signed is kept.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_signature_compare(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_int_t *secret)
{
    ngx_int_t                  matched;
    ngx_str_t                  suffix;
    ngx_uint_t                 i;
    ngx_http_webhook_hash_t   *hash;
    ngx_http_webhook_reason_e  reason;

    if (ngx_http_webhook_body_hashed(r, ctx) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ctx->hashing = 0;

    if (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_RECEIVER) {
        return ngx_http_webhook_pelorus_body(r, ctx);
    }

    if (ctx->gate->provider->http_message) {
        return ngx_http_webhook_http_digests_match(ctx);
    }

    /* whatever has let it come here, a signature must be there */

    if (!ngx_http_webhook_signature_offered(ctx)
        && ctx->gate->provider->signatures.nelts)
    {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISSING;
    }

    if (ctx->ncandidates == 0 && ctx->nhashes == 0) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    reason = ngx_http_webhook_body_kind_finish(r, ctx);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return reason;
    }

    if (ctx->text.len) {
        ngx_http_webhook_feed(ctx, ctx->text.data, ctx->text.len);
    }

    if (ctx->failed) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (ngx_http_webhook_message_around(r, ctx, 1, &suffix) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (ctx->whole) {

        reason = ngx_http_webhook_body_reason(
                     ngx_http_webhook_pubkey_whole(r, ctx, &suffix));

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }
    }

    for (i = 0; i < ctx->nhashes; i++) {

        hash = &ctx->hashes[i];

        matched = hash->key
                  ? ngx_http_webhook_match_hmac(ctx, hash, &suffix)
                  : ngx_http_webhook_pubkey_digest(r, ctx, hash, &suffix);

        if (matched == NGX_ERROR) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }

        /* all are compared, the first secret that matches counts */

        if (matched > 0 && (*secret == 0 || matched < *secret)) {
            *secret = matched;
        }
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * Ends an HMAC.  The number of its secret, from 1, if a signature is the same,
 * 0 if none is, or NGX_ERROR.
 */

static ngx_int_t
ngx_http_webhook_match_hmac(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_hash_t *hash, ngx_str_t *suffix)
{
    u_char                         mac[WH_HMAC_MAX_SIZE];
    ngx_int_t                      matched;
    ngx_uint_t                     i;
    ngx_http_webhook_candidate_t  *candidate;

    if ((suffix->len
         && wh_hmac_update(hash->md, suffix->data, suffix->len) != WH_OK)
        || wh_hmac_final(hash->key, hash->md, mac) != WH_OK)
    {
        return NGX_ERROR;
    }

    matched = 0;

    for (i = 0; i < ctx->ncandidates; i++) {

        candidate = &ctx->candidates[i];

        if ((candidate->hmacs & (1 << hash->use))
            && wh_secret_equal(candidate->signature.bytes, mac,
                               candidate->signature.len))
        {
            matched = hash->secret;
        }
    }

    return matched;
}
