
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures: what the request offers, and whether it is right.
 */


#include "ngx_http_webhook_request.h"


static ngx_http_webhook_reason_e ngx_http_webhook_candidates(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_signature_t *signatures);
static ngx_uint_t ngx_http_webhook_signature_offered(
    ngx_http_webhook_ctx_t *ctx);
static ngx_int_t ngx_http_webhook_match_hmac(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_hash_t *hash, ngx_str_t *suffix);


/* What the signature headers offer; they are alternatives. */

ngx_http_webhook_reason_e
ngx_http_webhook_step_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                     i, n, max;
    wh_signature_t                *signatures;
    ngx_http_webhook_reason_e      reason, worst;
    ngx_http_webhook_signature_t  *signature;

    signature = ctx->gate->provider->signatures.elts;
    n = ctx->gate->provider->signatures.nelts;

    for (i = 0, max = 0; i < n; i++) {
        max += signature[i].format.separator ? WH_SIGNATURE_MAX_COUNT : 1;
    }

    if (max == 1) {
        signatures = &ctx->own_signature;
        ctx->candidates = &ctx->own_candidate;

    } else {
        signatures = ngx_palloc(r->pool,
                                max * (sizeof(wh_signature_t)
                                       + sizeof(ngx_http_webhook_candidate_t)));
        if (signatures == NULL) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }

        ctx->candidates = (ngx_http_webhook_candidate_t *) &signatures[max];
    }

    worst = NGX_HTTP_WEBHOOK_SIGNATURE_MISSING;

    for (i = 0; i < n; i++) {

        reason = ngx_http_webhook_candidates(r, ctx, &signature[i],
                                             &signatures[ctx->ncandidates]);

        switch (reason) {

        case NGX_HTTP_WEBHOOK_PASSED:
        case NGX_HTTP_WEBHOOK_SIGNATURE_MISSING:
            break;

        case NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED:
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


/* A token that serves any body has been verified; others are candidates. */

static ngx_uint_t
ngx_http_webhook_signature_offered(ngx_http_webhook_ctx_t *ctx)
{
    return ctx->gate->provider->bearer ? ctx->secret : ctx->ncandidates;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_candidates(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_signature_t *signatures)
{
    size_t                         i, n, size;
    u_char                        *buf;
    ngx_int_t                      rc;
    ngx_str_t                      value;
    ngx_http_webhook_reason_e      reason;
    ngx_http_webhook_candidate_t  *candidate, key;

    rc = ngx_http_webhook_source_value(r, ctx, &signature->source, &value);

    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MISSING,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED);
    }

    if (signature->jose) {
        return ngx_http_webhook_jwt_candidate(r, ctx, signature, &value,
                                              signatures);
    }

    size = wh_decoded_len(signature->format.encoding, value.len);
    buf = ctx->own_bytes;

    if (size > sizeof(ctx->own_bytes) || ctx->ncandidates) {

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

    ngx_memzero(&key, sizeof(ngx_http_webhook_candidate_t));

    key.scheme = signature->scheme;
    key.use = signature->use;

    if (signature->scheme != WH_PUBKEY_NONE) {

        reason = ngx_http_webhook_key_by_id(r, ctx, signature->scheme, NULL,
                                            &key);
        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }
    }

    candidate = &ctx->candidates[ctx->ncandidates];

    for (i = 0; i < n; i++) {

        if (signature->raw
            && ngx_http_webhook_pubkey_der(r, &signatures[i]) != NGX_OK)
        {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }

        candidate[i] = key;
        candidate[i].signature = &signatures[i];
    }

    ctx->ncandidates += n;

    if (signature->scheme == WH_ED25519) {
        ctx->whole = 1;
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * Tokens out of their time are no candidates beside others.  Where the time is
 * on trial, the body must still be the one signed.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_step_jwt_time(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                     i, n;
    ngx_http_webhook_reason_e      reason;
    ngx_http_webhook_candidate_t  *candidate;

    if (ctx->gate->provider->bearer) {
        return ctx->untimely;
    }

    candidate = ctx->candidates;
    reason = NGX_HTTP_WEBHOOK_PASSED;

    for (i = 0, n = 0; i < ctx->ncandidates; i++) {

        if (candidate[i].untimely == NGX_HTTP_WEBHOOK_PASSED) {
            candidate[n++] = candidate[i];

        } else {
            reason = candidate[i].untimely;
        }
    }

    if (n) {
        ctx->ncandidates = n;
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return reason;
}


/* The body has been read: do the MACs match what was offered? */

ngx_http_webhook_reason_e
ngx_http_webhook_verify_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                   matched;
    ngx_str_t                   suffix;
    ngx_uint_t                  i, secret;
    ngx_http_webhook_hash_t    *hash;
    ngx_http_webhook_reason_e   reason;

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
        ngx_http_webhook_hashes_update(ctx, ctx->text.data, ctx->text.len);

        if (ctx->failed) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }
    }

    ngx_str_null(&suffix);

    if (ctx->gate->provider->suffix
        && ngx_http_webhook_message_text(r, ctx, ctx->gate->provider->suffix,
                                         &suffix)
           != NGX_OK)
    {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    matched = ctx->whole
              ? ngx_http_webhook_pubkey_match_whole(r, ctx, &suffix) : 0;

    if (matched == NGX_DECLINED) {
        return NGX_HTTP_WEBHOOK_BODY_TOO_LARGE;
    }

    secret = matched > 0 ? matched : 0;

    for (i = 0; i < ctx->nhashes && matched != NGX_ERROR; i++) {

        hash = &ctx->hashes[i];

        matched = hash->key
                  ? ngx_http_webhook_match_hmac(ctx, hash, &suffix)
                  : ngx_http_webhook_pubkey_match(r, ctx, hash, &suffix);

        /* all are compared, the first secret that matches counts */

        if (matched > 0 && (secret == 0 || (ngx_uint_t) matched < secret)) {
            secret = matched;
        }
    }

    if (matched == NGX_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (ctx->ncandidates == 0) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (secret == 0) {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;
    }

    /* a token may have matched before, that does not count for the body */

    ctx->secret = secret;

    if (ctx->gate->provider->oracle == NULL) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    switch (ngx_http_webhook_challenge_distinct(r, ctx)) {

    case NGX_OK:
        return NGX_HTTP_WEBHOOK_PASSED;

    case NGX_DECLINED:
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }
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

        if (candidate->use == hash->use
            && wh_secret_equal(candidate->signature->bytes, mac,
                               candidate->signature->len))
        {
            matched = hash->secret;
        }
    }

    return matched;
}
