
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures that are tokens: JSON Web Tokens, which say something of the
 * body or of the sender alone, or are the body, and detached ones, whose
 * payload is the message.
 */


#include "ngx_http_webhook_request.h"


#define NGX_HTTP_WEBHOOK_JWT_MAX  65536     /* bytes of what a token signs */


static ngx_http_webhook_reason_e ngx_http_webhook_jwt_add(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate);
static ngx_http_webhook_reason_e ngx_http_webhook_jwt_verify(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jose_t *jose,
    ngx_http_webhook_candidate_t *candidate, ngx_int_t *secret);
static ngx_http_webhook_reason_e ngx_http_webhook_jwt_key(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jose_t *jose,
    ngx_http_webhook_candidate_t *candidate);
static ngx_http_webhook_reason_e ngx_http_webhook_jwt_accept(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jose_t *jose,
    ngx_http_webhook_candidate_t *candidate, ngx_uint_t secret);
static ngx_int_t ngx_http_webhook_jwt_match(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, wh_jose_t *jose,
    ngx_http_webhook_candidate_t *candidate);


/*
 * A token as a candidate.  One that is not over the body is verified here, and
 * what is left of it is a digest, if it has one.  A detached one is verified
 * when the body has come.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_jwt_candidate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    ngx_str_t *token)
{
    size_t                        len;
    u_char                       *bytes;
    ngx_int_t                     secret;
    wh_jose_t                     jose;
    ngx_http_webhook_reason_e     reason;
    ngx_http_webhook_candidate_t  candidate;

    if (wh_jose_split(ngx_http_webhook_wh_str(token),
                      signature->jose->detached, &jose)
        != WH_OK)
    {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
    }

    if (ctx->jose == NULL) {

        ctx->jose = ngx_pcalloc(r->pool, sizeof(ngx_http_webhook_jose_t));
        if (ctx->jose == NULL) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }
    }

    /* the digest that a token has takes the place of its signature */

    len = wh_decoded_len(WH_BASE64URL, jose.signature.len);
    len = ngx_max(len, WH_JWT_SIZE);

    bytes = ngx_pnalloc(r->pool, len);
    if (bytes == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (wh_decode(WH_BASE64URL, jose.signature, bytes, &len) != WH_OK
        || (signature->format.size && len != signature->format.size))
    {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
    }

    ngx_memzero(&candidate, sizeof(ngx_http_webhook_candidate_t));

    candidate.signature.bytes = bytes;
    candidate.signature.len = len;
    candidate.scheme = signature->scheme;
    candidate.use = signature->use;
    candidate.hmacs = signature->hmacs;

    if (signature->raw
        && ngx_http_webhook_pubkey_der(r, &candidate.signature) != NGX_OK)
    {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (signature->jose->detached) {

        reason = ngx_http_webhook_jwt_key(r, ctx, signature, &jose,
                                          &candidate);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }

        ctx->jose->header = ngx_http_webhook_ngx_str(jose.message);
        ctx->whole = (signature->scheme == WH_ED25519);

        return ngx_http_webhook_jwt_add(r, ctx, &candidate);
    }

    reason = ngx_http_webhook_jwt_verify(r, ctx, signature, &jose, &candidate,
                                         &secret);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return reason;
    }

    return ngx_http_webhook_jwt_accept(r, ctx, signature, &jose, &candidate,
                                       secret);
}


static ngx_http_webhook_reason_e
ngx_http_webhook_jwt_add(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate)
{
    ngx_http_webhook_candidate_t  *added;

    added = ngx_http_webhook_candidates_add(r, ctx, 1);
    if (added == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    *added = *candidate;

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * The signature of a token that is there whole.  Where no id is needed, not a
 * byte of it is parsed before.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_jwt_verify(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jose_t *jose,
    ngx_http_webhook_candidate_t *candidate, ngx_int_t *secret)
{
    ngx_http_webhook_reason_e  reason;

    if (signature->scheme == WH_PUBKEY_NONE) {

        *secret = ngx_http_webhook_hmac_match_bytes(ctx, candidate,
                                                    jose->message);

        reason = (*secret > 0)
                 ? ngx_http_webhook_jwt_key(r, ctx, signature, jose, candidate)
                 : NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;

    } else {

        reason = ngx_http_webhook_jwt_key(r, ctx, signature, jose, candidate);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }

        *secret = ngx_http_webhook_jwt_match(r, ctx, jose, candidate);

        if (*secret == 0) {
            reason = NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;
        }
    }

    switch (*secret) {

    case NGX_AGAIN:
        return NGX_HTTP_WEBHOOK_BUSY;

    case NGX_ERROR:
        return NGX_HTTP_WEBHOOK_INTERNAL;

    default:
        return reason;
    }
}


/* The header, and the key that it is for. */

static ngx_http_webhook_reason_e
ngx_http_webhook_jwt_key(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jose_t *jose,
    ngx_http_webhook_candidate_t *candidate)
{
    u_char            *buf;
    wh_jose_header_t   header;

    buf = ngx_pnalloc(r->pool, jose->header.len);
    if (buf == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    switch (wh_jose_header(signature->jose, jose->header, buf, &header)) {

    case WH_OK:
        break;

    case WH_INVALID:
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;

    default: /* WH_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ctx->plain = header.plain;

    if (signature->scheme == WH_PUBKEY_NONE) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_key_by_id(r, ctx, signature->scheme,
                                      header.kid.data ? &header.kid : NULL,
                                      candidate);
}


/* The claims of a token that is verified. */

static ngx_http_webhook_reason_e
ngx_http_webhook_jwt_accept(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_jose_t *jose,
    ngx_http_webhook_candidate_t *candidate, ngx_uint_t secret)
{
    ngx_http_webhook_jwt_t     *jwt;
    ngx_http_webhook_reason_e   reason;

    reason = ngx_http_webhook_claims_check(r, ctx, signature, jose->payload,
                                           candidate->signature.bytes);

    if (reason != NGX_HTTP_WEBHOOK_PASSED
        && reason != NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD
        && reason != NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE)
    {
        return reason;
    }

    if (ctx->gate->provider->alone) {
        ctx->secret = secret;
        ctx->jose->text = jose->message;
        ctx->jose->issuer = &signature->jwt.issuer;
        ctx->jose->untimely = reason;

        return NGX_HTTP_WEBHOOK_PASSED;
    }

    jwt = ngx_palloc(r->pool, sizeof(ngx_http_webhook_jwt_t));
    if (jwt == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    jwt->issuer = &signature->jwt.issuer;
    jwt->pinned = ctx->jose->pinned;
    jwt->text = jose->message;
    jwt->secret = secret;
    jwt->untimely = reason;

    candidate->signature.len = WH_JWT_SIZE;
    candidate->jwt = jwt;
    candidate->scheme = WH_PUBKEY_NONE;
    candidate->hmacs = 0;

    return ngx_http_webhook_jwt_add(r, ctx, candidate);
}


/*
 * The number of the secret whose key has signed, 0 for none, NGX_ERROR, or
 * NGX_AGAIN for one that waits.  A sender's token may come often: that a key
 * has signed these bytes is kept with the key, and all else is looked at each
 * time.  One that is the body is another each time.
 */

static ngx_int_t
ngx_http_webhook_jwt_match(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    wh_jose_t *jose, ngx_http_webhook_candidate_t *candidate)
{
    u_char                   digest[WH_HMAC_MAX_SIZE];
    wh_str_t                 parts[5];
    ngx_int_t                secret;
    ngx_http_webhook_key_t  *key;

    if (candidate->pubkey == NULL
        || (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_TOKEN))
    {
        return ngx_http_webhook_pubkey_match_bytes(ctx, candidate,
                                                   jose->message);
    }

    key = ctx->keys[candidate->number - 1];

    parts[0].data = (u_char *) &candidate->pubkey;
    parts[0].len = sizeof(EVP_PKEY *);
    parts[1].data = (u_char *) &candidate->scheme;
    parts[1].len = sizeof(candidate->scheme);
    parts[2] = jose->message;
    parts[3].data = candidate->signature.bytes;
    parts[3].len = candidate->signature.len;

    /* where the one ends and the other begins */

    parts[4].data = (u_char *) &jose->message.len;
    parts[4].len = sizeof(size_t);

    if (ngx_http_webhook_mac(NULL, parts, 5, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_webhook_key_verified(key, digest)) {
        return candidate->number;
    }

    secret = ngx_http_webhook_pubkey_match_bytes(ctx, candidate,
                                                 jose->message);

    if (secret == (ngx_int_t) candidate->number) {
        ngx_http_webhook_key_remember(key, digest, r->connection->log);
    }

    return secret;
}


/*
 * What a token signs is signed by the same key as a message is: whoever has a
 * token has a signature of that text.  NGX_OK when the message is none that
 * could be had that way, NGX_DECLINED when it is, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_jwt_distinct(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_str_t                     part[3], text;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    rc = ngx_http_webhook_body_kind_text(r, ctx, NGX_HTTP_WEBHOOK_JWT_MAX,
                                         &part[1]);
    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_OK : NGX_ERROR;
    }

    if (ngx_http_webhook_message_text(r, ctx, provider->prefix, &part[0])
        != NGX_OK
        || ngx_http_webhook_message_text(r, ctx, provider->suffix, &part[2])
           != NGX_OK
        || ngx_http_webhook_message_join(r, part, 3, &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return wh_jose_signed(ngx_http_webhook_wh_str(&text)) ? NGX_DECLINED
                                                          : NGX_OK;
}
