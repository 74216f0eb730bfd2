
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The steps of a verification that come ahead of the body: in which order, for
 * which gates, and what each of them looks at.
 */


#include "ngx_http_webhook.h"


/* What a gate has to look at, bits. */

#define NGX_HTTP_WEBHOOK_HAS_CHALLENGES    0x01
#define NGX_HTTP_WEBHOOK_HAS_REQUIRED      0x02
#define NGX_HTTP_WEBHOOK_HAS_CERTIFICATES  0x04
#define NGX_HTTP_WEBHOOK_HAS_KEYS          0x08
#define NGX_HTTP_WEBHOOK_HAS_TOKENS        0x10
#define NGX_HTTP_WEBHOOK_HAS_SIGNATURES    0x20
#define NGX_HTTP_WEBHOOK_HAS_TIMESTAMP     0x40
#define NGX_HTTP_WEBHOOK_HAS_BOUND         0x80     /* of the body */
#define NGX_HTTP_WEBHOOK_HAS_REPLAY        0x100


typedef struct {
    ngx_http_webhook_step_pt     run;
    ngx_uint_t                   has;       /* only for a gate that has it, or
                                               0: for all */
    ngx_uint_t                   inside;    /* waits for the body, if the
                                               provider has this bit */
} ngx_http_webhook_step_t;


static ngx_uint_t ngx_http_webhook_steps_has(ngx_http_webhook_gate_t *gate);

static ngx_http_webhook_reason_e ngx_http_webhook_step_challenge(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_step_method(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_step_content_type(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_step_required(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_step_certificate(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_step_keys(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_step_token(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_step_signature(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_step_size(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);

static ngx_uint_t ngx_http_webhook_media_match(
    ngx_http_webhook_media_t *media, ngx_str_t *content_type);
static ngx_uint_t ngx_http_webhook_required_match(
    ngx_http_webhook_required_t *required, ngx_str_t *value);
static ngx_http_webhook_reason_e ngx_http_webhook_candidates(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, wh_signature_t *signatures);


/*
 * What comes ahead of the body, or behind it when it can only be found inside,
 * and in which order; a challenge ends the way here.
 */

static ngx_http_webhook_step_t  ngx_http_webhook_steps[] = {

    { ngx_http_webhook_step_challenge,
      NGX_HTTP_WEBHOOK_HAS_CHALLENGES, 0 },

    { ngx_http_webhook_step_method, 0, 0 },

    { ngx_http_webhook_step_content_type, 0, 0 },

    { ngx_http_webhook_step_required,
      NGX_HTTP_WEBHOOK_HAS_REQUIRED, 0 },

    { ngx_http_webhook_step_certificate,
      NGX_HTTP_WEBHOOK_HAS_CERTIFICATES, 0 },

    { ngx_http_webhook_step_keys,
      NGX_HTTP_WEBHOOK_HAS_KEYS, 0 },

    { ngx_http_webhook_step_token,
      NGX_HTTP_WEBHOOK_HAS_TOKENS, NGX_HTTP_WEBHOOK_INSIDE_TOKEN },

    { ngx_http_webhook_step_signature,
      NGX_HTTP_WEBHOOK_HAS_SIGNATURES, NGX_HTTP_WEBHOOK_INSIDE_SIGNATURE },

    { ngx_http_webhook_timestamp_check,
      NGX_HTTP_WEBHOOK_HAS_TIMESTAMP, NGX_HTTP_WEBHOOK_INSIDE_TIMESTAMP },

    { ngx_http_webhook_step_size,
      NGX_HTTP_WEBHOOK_HAS_BOUND, 0 },

    { ngx_http_webhook_replay_known,
      NGX_HTTP_WEBHOOK_HAS_REPLAY, 0 },

    { NULL, 0, 0 }
};


#define NGX_HTTP_WEBHOOK_STEPS                                                \
    (sizeof(ngx_http_webhook_steps) / sizeof(ngx_http_webhook_step_t))


/* The Pelorus receiver looks at the body first. */

static ngx_http_webhook_step_t  ngx_http_webhook_pelorus_steps[] = {

    { ngx_http_webhook_step_certificate,
      NGX_HTTP_WEBHOOK_HAS_CERTIFICATES, 0 },

    { ngx_http_webhook_step_keys,
      NGX_HTTP_WEBHOOK_HAS_KEYS, 0 },

    { ngx_http_webhook_pelorus_headers, 0, 0 },

    { ngx_http_webhook_replay_known,
      NGX_HTTP_WEBHOOK_HAS_REPLAY, 0 },

    { NULL, 0, 0 }
};


/*
 * A request takes no other steps than those that its gate needs.  Locations
 * that share a gate may each add one.
 */

ngx_int_t
ngx_http_webhook_steps_compile(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate)
{
    ngx_uint_t                 has;
    ngx_http_webhook_step_t   *step;
    ngx_http_webhook_step_pt  *now, *later;

    if (gate->steps == NULL) {

        gate->steps = ngx_palloc(cf->pool, 2 * NGX_HTTP_WEBHOOK_STEPS
                                           * sizeof(ngx_http_webhook_step_pt));
        if (gate->steps == NULL) {
            return NGX_ERROR;
        }

        gate->inside = gate->steps + NGX_HTTP_WEBHOOK_STEPS;
    }

    now = gate->steps;
    later = gate->inside;

    has = ngx_http_webhook_steps_has(gate);

    step = gate->provider->pelorus ? ngx_http_webhook_pelorus_steps
                                   : ngx_http_webhook_steps;

    for ( /* void */ ; step->run; step++) {

        if (step->has & ~has) {
            continue;
        }

        if (step->inside & gate->provider->inside) {
            *later++ = step->run;

        } else {
            *now++ = step->run;
        }
    }

    *now = NULL;
    *later = NULL;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_webhook_steps_has(ngx_http_webhook_gate_t *gate)
{
    ngx_uint_t                    has;
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;
    has = 0;

    if (provider->challenges.nelts) {
        has |= NGX_HTTP_WEBHOOK_HAS_CHALLENGES;
    }

    if (provider->required.nelts) {
        has |= NGX_HTTP_WEBHOOK_HAS_REQUIRED;
    }

    if (gate->certificates) {
        has |= NGX_HTTP_WEBHOOK_HAS_CERTIFICATES;
    }

    if (gate->nkeys || gate->incomplete) {
        has |= NGX_HTTP_WEBHOOK_HAS_KEYS;
    }

    if (provider->tokens.nelts) {
        has |= NGX_HTTP_WEBHOOK_HAS_TOKENS;
    }

    if (provider->signatures.nelts) {
        has |= NGX_HTTP_WEBHOOK_HAS_SIGNATURES;
    }

    /* another time in the body waits until that is verified */

    if (provider->timestamp
        && (!ngx_http_webhook_source_in_body(&provider->timestamp->source)
            || (provider->inside & NGX_HTTP_WEBHOOK_INSIDE_TIMESTAMP)))
    {
        has |= NGX_HTTP_WEBHOOK_HAS_TIMESTAMP;
    }

    /* some public keys want the message whole */

    if (provider->form
        || provider->inside
        || provider->body
        || (provider->uses >> NGX_HTTP_WEBHOOK_HMACS))
    {
        has |= NGX_HTTP_WEBHOOK_HAS_BOUND;
    }

    if (gate->replay) {
        has |= NGX_HTTP_WEBHOOK_HAS_REPLAY;
    }

    return has;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_step_challenge(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    return ngx_http_webhook_challenge_find(r, ctx, 0);
}


static ngx_http_webhook_reason_e
ngx_http_webhook_step_method(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    if (r->method & ctx->gate->provider->methods) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return NGX_HTTP_WEBHOOK_METHOD_NOT_ALLOWED;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_step_content_type(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                 i;
    ngx_array_t               *media;
    ngx_http_webhook_found_t  *found;
    ngx_http_webhook_media_t  *elts;

    found = &ctx->found[NGX_HTTP_WEBHOOK_CONTENT_TYPE];

    /* what one of the two readers would see, the other would not */

    if (found->count > 1
        && !ngx_http_webhook_excepted(r, ctx,
                                      NGX_HTTP_WEBHOOK_HEADER_MISMATCH))
    {
        return NGX_HTTP_WEBHOOK_HEADER_MISMATCH;
    }

    /* nginx does not decode request bodies, so there would be no JSON */

    if (ctx->gate->strict && ctx->found[ctx->gate->encoding].count) {
        return NGX_HTTP_WEBHOOK_CONTENT_TYPE_UNSUPPORTED;
    }

    media = &ctx->gate->provider->media;

    if (media->nelts == 0) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    elts = media->elts;

    for (i = 0; i < media->nelts; i++) {

        if (found->count == 0) {

            if (elts[i].type.len == 0 && elts[i].regex == NULL) {
                return NGX_HTTP_WEBHOOK_PASSED;
            }

            continue;
        }

        if (ngx_http_webhook_media_match(&elts[i], &found->first->value)) {
            return NGX_HTTP_WEBHOOK_PASSED;
        }
    }

    return NGX_HTTP_WEBHOOK_CONTENT_TYPE_UNSUPPORTED;
}


/* Media types (RFC 9110): case does not count, parameters are left out. */

static ngx_uint_t
ngx_http_webhook_media_match(ngx_http_webhook_media_t *media,
    ngx_str_t *content_type)
{
    size_t   len;
    u_char  *p, *end, *slash;

    if (media->regex) {
        return ngx_http_webhook_pattern_match(media->regex, content_type);
    }

    if (media->type.len == 0) {
        return 0;
    }

    p = content_type->data;
    end = ngx_strlchr(p, p + content_type->len, ';');

    if (end == NULL) {
        end = p + content_type->len;
    }

    while (end > p && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }

    slash = ngx_strlchr(p, end, '/');

    if (slash == NULL
        || media->type.len != (size_t) (slash - p)
        || ngx_strncasecmp(media->type.data, p, media->type.len) != 0)
    {
        return 0;
    }

    p = slash + 1;
    len = end - p;

    if (media->subtype.data[0] == '*') {
        return len > 0;
    }

    if (media->subtype.data[0] == '+') {

        if (len <= media->subtype.len) {
            return 0;
        }

        p = end - media->subtype.len;
        len = media->subtype.len;
    }

    return len == media->subtype.len
           && ngx_strncasecmp(media->subtype.data, p, len) == 0;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_step_required(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                    i;
    ngx_http_webhook_found_t     *found;
    ngx_http_webhook_provider_t  *provider;
    ngx_http_webhook_required_t  *required;

    provider = ctx->gate->provider;
    required = provider->required.elts;

    for (i = 0; i < provider->required.nelts; i++) {

        found = &ctx->found[required[i].header];

        if (found->count == 1
            && ngx_http_webhook_required_match(&required[i],
                                               &found->first->value))
        {
            continue;
        }

        ctx->status = required[i].status;

        return found->count ? NGX_HTTP_WEBHOOK_HEADER_MISMATCH
                            : NGX_HTTP_WEBHOOK_HEADER_MISSING;
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


static ngx_uint_t
ngx_http_webhook_required_match(ngx_http_webhook_required_t *required,
    ngx_str_t *value)
{
    if (required->regex) {
        return ngx_http_webhook_pattern_match(required->regex, value);
    }

    if (required->prefix) {
        return value->len >= required->value.len
               && ngx_memcmp(value->data, required->value.data,
                             required->value.len)
                  == 0;
    }

    return ngx_http_webhook_str_equal(value, &required->value);
}


static ngx_http_webhook_reason_e
ngx_http_webhook_step_certificate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    X509               *cert;
    ngx_str_t           verify;
    ngx_uint_t          i, k;
    ngx_array_t        *lines;
    wh_subject_attr_t  *attr;

    if (r->connection->ssl == NULL) {
        return NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING;
    }

    if (ngx_ssl_get_client_verify(r->connection, r->pool, &verify) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (ngx_strncmp(verify.data, "NONE", verify.len) == 0) {
        return NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING;
    }

    if (verify.len != sizeof("SUCCESS") - 1
        || ngx_strncmp(verify.data, "SUCCESS", verify.len) != 0)
    {
        return NGX_HTTP_WEBHOOK_CERTIFICATE_UNVERIFIED;
    }

    cert = SSL_get_peer_certificate(r->connection->ssl->connection);
    if (cert == NULL) {
        return NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING;
    }

    lines = ctx->gate->certificates->elts;

    for (i = 0; i < ctx->gate->certificates->nelts; i++) {

        attr = lines[i].elts;

        for (k = 0; k < lines[i].nelts; k++) {
            if (wh_subject_match(cert, &attr[k]) != WH_OK) {
                break;
            }
        }

        if (k == lines[i].nelts) {
            X509_free(cert);
            return NGX_HTTP_WEBHOOK_PASSED;
        }
    }

    X509_free(cert);

    return NGX_HTTP_WEBHOOK_CERTIFICATE_SUBJECT_MISMATCH;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_step_keys(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t  n;

    if (ctx->gate->incomplete) {
        return NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE;
    }

    if (ngx_http_webhook_keys_get(r, ctx, &n) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    return n ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE;
}


/* The first token source that the request fills decides; no other is tried. */

static ngx_http_webhook_reason_e
ngx_http_webhook_step_token(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                  rc;
    ngx_str_t                  value;
    ngx_uint_t                 i, n;
    ngx_http_webhook_token_t  *token;

    token = ctx->gate->provider->tokens.elts;
    n = ctx->gate->provider->tokens.nelts;

    if (ctx->gate->provider->every) {
        return ngx_http_webhook_every_check(r, ctx);
    }

    rc = WH_ABSENT;

    for (i = 0; i < n; i++) {
        rc = ngx_http_webhook_source_value(r, ctx, &token[i].source,
                                           &value);
        if (rc != WH_ABSENT) {
            ctx->credential = &token[i].source;
            break;
        }
    }

    if (rc == WH_ABSENT) {
        ctx->credential = &token[0].source;
    }

    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                              NGX_HTTP_WEBHOOK_TOKEN_MISSING,
                                              NGX_HTTP_WEBHOOK_TOKEN_MISMATCH);
    }

    rc = ngx_http_webhook_token_match(ctx, &value, &token[i].rule);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ctx->secret = rc;

    return ctx->secret ? NGX_HTTP_WEBHOOK_PASSED
                       : NGX_HTTP_WEBHOOK_TOKEN_MISMATCH;
}


/*
 * The number of the first secret, from 1, that the token of a rule of this
 * name is equal to, 0 if there is none, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_token_match(ngx_http_webhook_ctx_t *ctx, ngx_str_t *value,
    ngx_str_t *name)
{
    u_char                   digest[WH_TOKEN_DIGEST_SIZE];
    ngx_int_t                matched;
    ngx_str_t               *rule;
    ngx_uint_t               i;
    ngx_http_webhook_key_t  *key;

    if (wh_token_digest(ngx_http_webhook_wh_str(value), digest) != WH_OK) {
        return NGX_ERROR;
    }

    matched = 0;

    for (i = 0; i < ctx->gate->nkeys; i++) {

        key = ctx->keys[i];
        rule = &ctx->gate->places[i].rule;

        if (key == NULL
            || (rule->len && !ngx_http_webhook_str_equal(rule, name)))
        {
            continue;
        }

        /* all are compared, also behind the one that matches */

        if (wh_secret_equal(key->digest, digest, WH_TOKEN_DIGEST_SIZE)
            && matched == 0)
        {
            matched = i + 1;
        }
    }

    return matched;
}


/* What the signature headers offer; they are alternatives. */

static ngx_http_webhook_reason_e
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

    signatures = ngx_palloc(r->pool,
                            max * (sizeof(wh_signature_t)
                                   + sizeof(ngx_http_webhook_candidate_t)));
    if (signatures == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ctx->candidates = (ngx_http_webhook_candidate_t *) &signatures[max];

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

    return ctx->ncandidates ? NGX_HTTP_WEBHOOK_PASSED : worst;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_candidates(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    wh_signature_t *signatures)
{
    size_t                         i, n;
    ngx_int_t                      rc;
    ngx_str_t                      value;
    ngx_http_webhook_candidate_t  *candidate;

    rc = ngx_http_webhook_source_value(r, ctx, &signature->source,
                                       &value);
    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MISSING,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED);
    }

    if (signature->jwt) {
        return ngx_http_webhook_jwt_candidate(r, ctx, signature, &value,
                                              signatures);
    }

    n = signature->format.separator ? WH_SIGNATURE_MAX_COUNT : 1;

    if (wh_signature_parse(&signature->format,
                           ngx_http_webhook_wh_str(&value), signatures, &n)
        != WH_OK)
    {
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;
    }

    candidate = &ctx->candidates[ctx->ncandidates];

    for (i = 0; i < n; i++) {
        candidate[i].signature = &signatures[i];
        candidate[i].scheme = signature->scheme;
        candidate[i].use = signature->use;
        candidate[i].secret = 0;
    }

    ctx->ncandidates += n;

    if (signature->scheme == WH_ED25519) {
        ctx->whole = 1;
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


ngx_http_webhook_reason_e
ngx_http_webhook_timestamp_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    time_t                         now;
    int64_t                        time;
    ngx_int_t                      rc;
    ngx_str_t                      value;
    ngx_http_webhook_window_t     *window;
    ngx_http_webhook_timestamp_t  *timestamp;

    timestamp = ctx->gate->provider->timestamp;
    window = &ctx->gate->window;

    rc = ngx_http_webhook_source_value(r, ctx, &timestamp->source, &value);

    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_TIMESTAMP_MISSING,
                                         NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED);
    }

    if (wh_time_parse(ngx_http_webhook_wh_str(&value), timestamp->unit, &time)
        != WH_OK)
    {
        return NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED;
    }

    now = ngx_time();

    if (window->past != NGX_CONF_UNSET && time < now - window->past) {
        return NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD;
    }

    if (window->future != NGX_CONF_UNSET && time > now + window->future) {
        return NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE;
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* What has to be held whole, or read before it is verified, is bounded. */

static ngx_http_webhook_reason_e
ngx_http_webhook_step_size(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_loc_conf_t  *wlcf;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    if (!provider->form
        && !ctx->whole
        && !provider->inside
        && !(provider->body && provider->body->whole))
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    return r->headers_in.content_length_n > (off_t) wlcf->max_body
           ? NGX_HTTP_WEBHOOK_BODY_TOO_LARGE : NGX_HTTP_WEBHOOK_PASSED;
}
