
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * HTTP Message Signatures (RFC 9421): the headers are verified before the body
 * comes, and the body by its digest, which they have (RFC 9530).
 *
 *   Signature-Input, Signature -> which of them, what it covers, its times
 *   covered components         -> the text that is signed -> the key, verified
 *   Content-Digest             -> hashes of the body as it comes, compared
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_sf.h"
#include "core/wh_str.h"


static ngx_http_webhook_check_t  ngx_http_webhook_http_input;
static ngx_http_webhook_check_t  ngx_http_webhook_http_required;
static ngx_http_webhook_reason_e ngx_http_webhook_http_certain(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    wh_component_t *component);
static ngx_http_webhook_check_t  ngx_http_webhook_http_signature;
static ngx_http_webhook_check_t  ngx_http_webhook_http_body;
static ngx_http_webhook_reason_e ngx_http_webhook_http_expires(
    ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_http_key(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate);
static ngx_uint_t ngx_http_webhook_http_key_fits(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, wh_pubkey_e scheme,
    ngx_http_webhook_candidate_t *candidate);
static ngx_http_webhook_reason_e ngx_http_webhook_http_malformed(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, const char *what,
    const wh_str_t *name);


/* What can be told without a key. */

ngx_http_webhook_reason_e
ngx_http_webhook_step_http_message(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    ctx->http = ngx_pcalloc(r->pool,
                            sizeof(ngx_http_webhook_http_signature_t));
    if (ctx->http == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    reason = ngx_http_webhook_http_input(r, ctx);

    if (reason == NGX_HTTP_WEBHOOK_PASSED) {
        reason = ngx_http_webhook_http_required(r, ctx);
    }

    if (reason == NGX_HTTP_WEBHOOK_PASSED) {
        reason = ngx_http_webhook_http_signature(r, ctx);
    }

    if (reason == NGX_HTTP_WEBHOOK_PASSED) {
        reason = ngx_http_webhook_http_body(r, ctx);
    }

    return reason == NGX_HTTP_WEBHOOK_PASSED
           ? ngx_http_webhook_http_expires(ctx) : reason;
}


/* Which signature it is; both headers are there once, or it is malformed. */

static ngx_http_webhook_reason_e
ngx_http_webhook_http_input(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    wh_str_t                          header;
    ngx_http_webhook_field_t         *input, *signature;
    ngx_http_webhook_provider_t      *provider;
    ngx_http_webhook_signature_t     *signatures;
    ngx_http_webhook_http_message_t  *rule;

    provider = ctx->gate->provider;
    rule = provider->http_message;
    signatures = provider->signatures.elts;

    input = &ctx->headers[rule->input];
    signature = &ctx->headers[signatures->source.index];

    if (input->count == 0 && signature->count == 0) {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISSING;
    }

    if (input->count > 1 || signature->count > 1) {
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
    }

    if (input->count == 0 || signature->count == 0) {
        return ngx_http_webhook_http_malformed(r, ctx, "one of the headers "
                                               "Signature and Signature-Input "
                                               "is missing", NULL);
    }

    header = wh_trim(ngx_http_webhook_wh_str(&input->first->value),
                     WH_SPACES);

    switch (wh_signature_input(header, rule->label, rule->tag,
                               &ctx->http->input))
    {

    case WH_OK:
        return NGX_HTTP_WEBHOOK_PASSED;

    case WH_ABSENT:
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISSING;

    case WH_REPEATED:
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;

    default: /* WH_INVALID */
        return ngx_http_webhook_http_malformed(r, ctx, "Signature-Input is "
                                               "malformed, or has a component "
                                               "that is not known", NULL);
    }
}


static ngx_http_webhook_reason_e
ngx_http_webhook_http_required(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                        i, requires;
    wh_signature_input_t             *input;
    ngx_http_webhook_reason_e         reason;
    ngx_http_webhook_http_message_t  *rule;

    rule = ctx->gate->provider->http_message;
    requires = rule->requires;
    input = &ctx->http->input;

    for (i = 0; i < rule->ncovers; i++) {
        if (!wh_signature_covers(input, rule->covers[i].name)) {
            return ngx_http_webhook_http_malformed(r, ctx, "the signature does "
                                                   "not cover",
                                                   &rule->covers[i].name);
        }

        reason = ngx_http_webhook_http_certain(r, ctx, &rule->covers[i]);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }
    }

    /* "created" is looked at with the other times */

    if (((requires & NGX_HTTP_WEBHOOK_REQUIRES_EXPIRES)
         && input->expires.len == 0)
        || ((requires & NGX_HTTP_WEBHOOK_REQUIRES_KEYID)
            && input->keyid.len == 0)
        || ((requires & NGX_HTTP_WEBHOOK_REQUIRES_NONCE)
            && input->nonce.len == 0))
    {
        return ngx_http_webhook_http_malformed(r, ctx, "the signature has not "
                                               "all parameters that are "
                                               "required", NULL);
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * What is signed of a header is all its lines, without the spaces around them:
 * as long as there is one without any, everybody reads the same.  The digest
 * of the body is a list.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_http_certain(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, wh_component_t *component)
{
    wh_str_t          value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    if (component->type != WH_COMPONENT_FIELD
        || wh_equal(component->name, wh_content_digest_name))
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    part = &r->main->headers_in.headers.part;
    i = 0;

    header = ngx_http_webhook_next_named(&part, &i, &component->name);

    /* that it is missing is found out with the text that is signed */

    if (header == NULL) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (ngx_http_webhook_message_headers(r->main, component->name) > 1) {
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
    }

    value = wh_trim(ngx_http_webhook_wh_str(&header->value), WH_SPACES);

    return value.len == header->value.len
           ? NGX_HTTP_WEBHOOK_PASSED
           : ngx_http_webhook_http_malformed(r, ctx, "there are spaces around "
                                             "the value of the header",
                                             &component->name);
}


static ngx_http_webhook_reason_e
ngx_http_webhook_http_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    int                            rc;
    wh_str_t                       header;
    wh_signature_t                *signature;
    wh_sf_member_t                 member;
    ngx_http_webhook_signature_t  *signatures;

    signatures = ctx->gate->provider->signatures.elts;
    signature = &ctx->http->signature;

    header = ngx_http_webhook_wh_str(
                    &ctx->headers[signatures->source.index].first->value);

    rc = wh_sf_find(wh_trim(header, WH_SPACES), ctx->http->input.label,
                    &member);

    if (rc == WH_REPEATED) {
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
    }

    if (rc != WH_OK || member.type != WH_SF_BYTES) {
        return ngx_http_webhook_http_malformed(r, ctx, "the header Signature "
                                               "has no bytes for this label",
                                               NULL);
    }

    signature->len = wh_decoded_len(WH_BASE64, member.value.len);

    signature->bytes = ngx_pnalloc(r->pool, signature->len + 1);
    if (signature->bytes == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (wh_sf_decode(member.value, ctx->gate->provider->http_message->encoding,
                     signature->bytes, &signature->len)
        != WH_OK
        || signature->len == 0)
    {
        return ngx_http_webhook_http_malformed(r, ctx, "the signature is "
                                               "empty or not Base64", NULL);
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* What is said of the body; one that nobody has signed is refused. */

static ngx_http_webhook_reason_e
ngx_http_webhook_http_body(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                     value;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    if (provider->body.kind == NGX_HTTP_WEBHOOK_BODY_NONE
        && (r->headers_in.content_length_n > 0 || r->headers_in.chunked))
    {
        return NGX_HTTP_WEBHOOK_BODY_TOO_LARGE;
    }

    if (!wh_signature_covers(&ctx->http->input, wh_content_digest_name)) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    switch (ngx_http_webhook_header_lines(r->main, &wh_content_digest_name,
                                          &value))
    {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return ngx_http_webhook_http_malformed(r, ctx, "there is no header",
                                               &wh_content_digest_name);

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (wh_content_digest(ngx_http_webhook_wh_str(&value),
                          provider->http_message->encoding,
                          &ctx->http->digest)
        != WH_OK)
    {
        return ngx_http_webhook_http_malformed(r, ctx, "no digest that is "
                                               "known, or a malformed one, is "
                                               "in the header",
                                               &wh_content_digest_name);
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* "created" is in its window, which is asked later. */

static ngx_http_webhook_reason_e
ngx_http_webhook_http_expires(ngx_http_webhook_ctx_t *ctx)
{
    time_t                 lifetime;
    int64_t                created, expires;
    wh_signature_input_t  *input;

    input = &ctx->http->input;
    lifetime = ctx->gate->provider->http_message->lifetime;

    if (input->expires.data == NULL) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    expires = wh_signature_time(input->expires);

    if (expires == -1) {
        return NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED;
    }

    if (input->created.data) {

        created = wh_signature_time(input->created);

        if (created == -1
            || expires <= created
            || (lifetime != NGX_CONF_UNSET && expires - created > lifetime))
        {
            return NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED;
        }
    }

    return expires < ngx_time() ? NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD
                                : NGX_HTTP_WEBHOOK_PASSED;
}


/* All else has held: who has signed it? */

ngx_http_webhook_reason_e
ngx_http_webhook_step_http_verify(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    wh_str_t                       base;
    ngx_int_t                      rc, matched;
    ngx_http_webhook_reason_e      reason;
    ngx_http_webhook_candidate_t   candidate;

    /* it is there after a turn that was waited for */

    rc = ctx->http->base.len
         ? NGX_OK : ngx_http_webhook_signature_base(r, ctx, &ctx->http->base);

    switch (rc) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return ngx_http_webhook_http_malformed(r, ctx, "a component that the "
                                               "signature covers is not in "
                                               "the request", NULL);

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    reason = ngx_http_webhook_http_key(r, ctx, &candidate);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return reason;
    }

    base = ngx_http_webhook_wh_str(&ctx->http->base);

    matched = (candidate.scheme == WH_PUBKEY_NONE)
              ? ngx_http_webhook_hmac_match_bytes(ctx, &candidate, base)
              : ngx_http_webhook_pubkey_match_bytes(ctx, &candidate, base);

    if (matched == NGX_AGAIN) {
        return NGX_HTTP_WEBHOOK_BUSY;
    }

    if (matched == NGX_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ctx->secret = matched;

    return matched ? NGX_HTTP_WEBHOOK_PASSED
                   : NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;
}


/*
 * The algorithm and the key: the rule has the algorithms that may be, "alg"
 * says which of them, and without it the key fits only one.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_http_key(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate)
{
    size_t                            size;
    ngx_uint_t                        n, schemes;
    wh_pubkey_e                       scheme;
    wh_signature_input_t             *input;
    ngx_http_webhook_candidate_t      other;
    ngx_http_webhook_signature_t     *signatures;

    input = &ctx->http->input;
    schemes = ctx->gate->provider->http_message->schemes;

    if (input->alg.data) {

        if (wh_signature_alg(input->alg, &scheme) != WH_OK
            || !(schemes & (1 << scheme)))
        {
            return ngx_http_webhook_http_malformed(r, ctx, "\"alg\" is not "
                                                   "the algorithm of this "
                                                   "sender", NULL);
        }

        schemes = 1 << scheme;
    }

    ngx_memzero(candidate, sizeof(ngx_http_webhook_candidate_t));

    candidate->signature = ctx->http->signature;

    if (schemes & (1 << WH_PUBKEY_NONE)) {
        signatures = ctx->gate->provider->signatures.elts;
        candidate->use = signatures->use;
        size = EVP_MD_size(wh_digest(WH_SHA256));

    } else {

        n = 0;

        for (scheme = WH_ED25519; scheme < WH_PUBKEY_SCHEMES; scheme++) {

            other = *candidate;

            if ((schemes & (1 << scheme))
                && ngx_http_webhook_http_key_fits(r, ctx, scheme, &other))
            {
                *candidate = other;
                n++;
            }
        }

        if (n == 0) {
            return NGX_HTTP_WEBHOOK_KEY_UNKNOWN;
        }

        if (n > 1) {
            return ngx_http_webhook_http_malformed(r, ctx, "the key is good "
                                                   "for several algorithms, "
                                                   "and \"alg\" is missing",
                                                   NULL);
        }

        size = wh_ecdsa_raw_size(candidate->scheme);
    }

    if (size && candidate->signature.len != size) {
        return ngx_http_webhook_http_malformed(r, ctx, "the signature has a "
                                               "wrong length", NULL);
    }

    return candidate->scheme != WH_PUBKEY_NONE
           && size
           && ngx_http_webhook_pubkey_der(r, &candidate->signature) != NGX_OK
           ? NGX_HTTP_WEBHOOK_INTERNAL : NGX_HTTP_WEBHOOK_PASSED;
}


/* Whether there is a key for a scheme, by its id or without one. */

static ngx_uint_t
ngx_http_webhook_http_key_fits(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, wh_pubkey_e scheme,
    ngx_http_webhook_candidate_t *candidate)
{
    wh_str_t    *id;
    ngx_uint_t   i;

    candidate->scheme = scheme;
    candidate->use = ngx_http_webhook_use_pubkey(scheme);

    id = ctx->http->input.keyid.data ? &ctx->http->input.keyid : NULL;

    if (ngx_http_webhook_key_by_id(r, ctx, scheme, id, candidate)
        != NGX_HTTP_WEBHOOK_PASSED)
    {
        return 0;
    }

    for (i = 0; candidate->pubkey == NULL && i < ctx->gate->nkeys; i++) {

        if (ngx_http_webhook_pubkey_usable(ctx, candidate, i)) {
            return 1;
        }
    }

    return candidate->pubkey != NULL;
}


/* The body has been read: all digests that are known must be its own. */

ngx_http_webhook_reason_e
ngx_http_webhook_http_digests_match(ngx_http_webhook_ctx_t *ctx)
{
    size_t                    len;
    u_char                    md[WH_HMAC_MAX_SIZE];
    ngx_uint_t                i, digests;
    ngx_http_webhook_hash_t  *hash;

    /* whatever has let it come here, the signature must have held */

    if (ctx->http == NULL || ctx->secret == 0) {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MISSING;
    }

    digests = ctx->http->digest.digests;

    for (i = 0; i < ctx->nhashes; i++) {

        hash = &ctx->hashes[i];

        if (wh_digest_final(hash->md, md, &len) != WH_OK) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }

        if (!wh_content_digest_equal(&ctx->http->digest, hash->digest, md)) {
            return NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH;
        }

        digests &= ~((ngx_uint_t) 1 << hash->digest);
    }

    return digests ? NGX_HTTP_WEBHOOK_INTERNAL : NGX_HTTP_WEBHOOK_PASSED;
}


/* Why, for who looks for it: the sender is told nothing. */

static ngx_http_webhook_reason_e
ngx_http_webhook_http_malformed(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, const char *what, const wh_str_t *name)
{
    ngx_str_t  component;

    ngx_str_null(&component);

    if (name) {
        component = ngx_http_webhook_ngx_str(*name);
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "webhook %V: %s%s%V%s", &ctx->gate->provider->name, what,
                  name ? " \"" : "", &component, name ? "\"" : "");

    return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
}
