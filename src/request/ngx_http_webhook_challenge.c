
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Challenges: requests by which a sender checks that the receiver wants its
 * webhooks, answered by nginx itself.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_challenge.h"


#define NGX_HTTP_WEBHOOK_CHALLENGE_BODY  4096


static ngx_uint_t ngx_http_webhook_challenge_announced(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_challenge_t *challenge);
static ngx_uint_t ngx_http_webhook_challenge_written(
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *body);
static ngx_int_t ngx_http_webhook_challenge_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_challenge_t *challenge,
    ngx_http_webhook_reason_e *reason);
static ngx_int_t ngx_http_webhook_challenge_matches(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_challenge_t *challenge,
    ngx_http_webhook_reason_e *reason);
static ngx_http_webhook_reason_e ngx_http_webhook_challenge_secret(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_str_t *value);
static ngx_uint_t ngx_http_webhook_challenge_valid(
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *value);
static ngx_int_t ngx_http_webhook_challenge_key(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_key_t **key);
static ngx_http_webhook_action_t  ngx_http_webhook_challenge_hmac;


/*
 * Looks whether the request is a challenge of those that are answered at that
 * time.  If it is, the context has the challenge and its text; a challenge
 * that is to be refused gives the reason.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_challenge_find(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_when_e when)
{
    ngx_http_webhook_reason_e       reason;
    ngx_http_webhook_challenge_t  **challenge;

    for (challenge = ctx->gate->challenges[when]; *challenge; challenge++) {

        if (!(r->method & (*challenge)->method)
            || ((*challenge)->in_json
                && ctx->json == NULL
                && ctx->form.data == NULL))
        {
            continue;
        }

        switch (ngx_http_webhook_challenge_text(r, ctx, *challenge, &reason)) {

        case NGX_OK:
            ctx->challenge = *challenge;
            return NGX_HTTP_WEBHOOK_PASSED;

        case NGX_DECLINED:
            continue;

        default: /* NGX_ABORT */
            return reason;
        }
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * Whether the body is to be looked at ahead of any verification: there is no
 * credential, and a challenge may be in a body of this length.
 */

ngx_uint_t
ngx_http_webhook_challenge_possible(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    off_t  len;

    if (!(r->method & ctx->gate->challenged[NGX_HTTP_WEBHOOK_BY_BODY])
        || r != r->main)
    {
        return 0;
    }

    len = r->headers_in.content_length_n;

    if (len <= 0 || len > NGX_HTTP_WEBHOOK_CHALLENGE_BODY) {
        return 0;
    }

    return ngx_http_webhook_source_credential(r, ctx) == NGX_DECLINED;
}


/* The body has been read: is it one?  As above; what is not JSON is none. */

ngx_http_webhook_reason_e
ngx_http_webhook_challenge_read(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    int                        rc;
    ngx_str_t                  body;
    ngx_http_webhook_reason_e  reason;

    reason = ngx_http_webhook_body_bounded(r);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return reason;
    }

    if (ngx_http_webhook_body_gather(r, NGX_HTTP_WEBHOOK_CHALLENGE_BODY, &body)
        != NGX_OK)
    {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ctx->json = wh_json_create(ctx->gate->json, NULL, NULL, NULL);

    if (ctx->json == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    (void) wh_json_parse(ctx->json, body.data, body.len);
    rc = wh_json_end(ctx->json);

    if (rc == WH_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (rc == WH_OK) {
        reason = ngx_http_webhook_challenge_find(r, ctx,
                                                 NGX_HTTP_WEBHOOK_BY_BODY);
    }

    /* its text is the parser's */

    if (ctx->challenge == NULL) {
        wh_json_free(ctx->json);
        ctx->json = NULL;
    }

    return reason;
}


/*
 * Whether a verified body, in which something may ask for an answer, has to be
 * parsed for that: it is short, and what a challenge has to match is in it.
 */

ngx_uint_t
ngx_http_webhook_challenge_likely(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    u_char                          buf[NGX_HTTP_WEBHOOK_CHALLENGE_BODY];
    ngx_str_t                       body;
    ngx_http_webhook_challenge_t  **challenge;

    if (r->request_body == NULL) {
        return 0;
    }

    /* a document in a form may have it encoded */

    if (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_DOCUMENT) {
        return 1;
    }

    body.data = NULL;
    challenge = ctx->gate->challenges[NGX_HTTP_WEBHOOK_VERIFIED];

    for ( /* void */ ; *challenge; challenge++) {

        if (!(r->method & (*challenge)->method)
            || !(*challenge)->in_json
            || !ngx_http_webhook_challenge_announced(r, ctx, *challenge))
        {
            continue;
        }

        if (body.data == NULL) {
            body.data = buf;
            body.len = ngx_http_webhook_body_size(r->request_body->bufs);

            if (body.len > sizeof(buf)) {
                return 0;
            }

            if (ngx_http_webhook_body_copy(r->request_body->bufs, buf)
                != NGX_OK)
            {
                return 1;
            }
        }

        if (ngx_http_webhook_challenge_written(*challenge, &body)) {
            return 1;
        }
    }

    return 0;
}


/* Whether what is not in the body is that of a challenge. */

static ngx_uint_t
ngx_http_webhook_challenge_announced(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_challenge_t *challenge)
{
    ngx_int_t                  rc;
    ngx_str_t                  value;
    ngx_uint_t                 i;
    ngx_http_webhook_match_t  *match;

    if (!challenge->no_source
        && !ngx_http_webhook_source_in_body(&challenge->source)
        && ngx_http_webhook_source_value(r, ctx, &challenge->source, &value)
           == WH_ABSENT)
    {
        return 0;
    }

    match = challenge->matches.elts;

    for (i = 0; i < challenge->matches.nelts; i++) {

        if (match[i].value.len == 0
            || match[i].source.type == NGX_HTTP_WEBHOOK_JSON)
        {
            continue;
        }

        rc = ngx_http_webhook_source_value(r, ctx, &match[i].source, &value);

        if (rc == WH_ABSENT
            || (rc == WH_OK
                && !ngx_http_webhook_str_equal(&value, &match[i].value)))
        {
            return 0;
        }
    }

    return 1;
}


/* Whether what is in JSON may be: an escape may hide the text. */

static ngx_uint_t
ngx_http_webhook_challenge_written(ngx_http_webhook_challenge_t *challenge,
    ngx_str_t *body)
{
    ngx_uint_t                 i;
    ngx_http_webhook_match_t  *match;

    match = challenge->matches.elts;

    for (i = 0; i < challenge->matches.nelts; i++) {

        if (match[i].value.len
            && match[i].source.type == NGX_HTTP_WEBHOOK_JSON
            && memmem(body->data, body->len, match[i].value.data,
                      match[i].value.len)
               == NULL
            && memchr(body->data, '\\', body->len) == NULL)
        {
            return 0;
        }
    }

    return 1;
}


/*
 * NGX_OK, NGX_DECLINED when it is another kind of request, or NGX_ABORT with
 * the reason of a refusal.
 */

static ngx_int_t
ngx_http_webhook_challenge_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_challenge_t *challenge,
    ngx_http_webhook_reason_e *reason)
{
    ngx_int_t  rc, matched;

    ngx_str_null(&ctx->answer->value);

    if (challenge->no_source) {
        return ngx_http_webhook_challenge_matches(r, ctx, challenge, reason);
    }

    rc = ngx_http_webhook_source_value(r, ctx, &challenge->source,
                                       &ctx->answer->value);

    if (rc == WH_ABSENT) {
        return NGX_DECLINED;
    }

    if (rc == WH_ERROR) {
        *reason = NGX_HTTP_WEBHOOK_INTERNAL;
        return NGX_ABORT;
    }

    /* what is no challenge need not look like one */

    matched = ngx_http_webhook_challenge_matches(r, ctx, challenge, reason);

    if (matched != NGX_OK) {
        return matched;
    }

    if (rc != WH_OK
        || !ngx_http_webhook_challenge_valid(challenge,
                                             &ctx->answer->value))
    {
        *reason = NGX_HTTP_WEBHOOK_CHALLENGE_MALFORMED;
        return NGX_ABORT;
    }

    return NGX_OK;
}


/* As above. */

static ngx_int_t
ngx_http_webhook_challenge_matches(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_challenge_t *challenge,
    ngx_http_webhook_reason_e *reason)
{
    ngx_int_t                  rc;
    ngx_str_t                  value;
    ngx_uint_t                 i;
    ngx_http_webhook_match_t  *match;

    match = challenge->matches.elts;

    for (i = 0; i < challenge->matches.nelts; i++) {

        rc = ngx_http_webhook_source_value(r, ctx, &match[i].source,
                                           &value);

        if (rc == WH_ERROR) {
            *reason = NGX_HTTP_WEBHOOK_INTERNAL;
            return NGX_ABORT;
        }

        if (rc == WH_REPEATED) {
            *reason = NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
            return NGX_ABORT;
        }

        if (match[i].value.len) {

            if (rc != WH_OK
                || !ngx_http_webhook_str_equal(&value, &match[i].value))
            {
                return NGX_DECLINED;
            }

            continue;
        }

        if (rc == WH_ABSENT) {
            *reason = NGX_HTTP_WEBHOOK_TOKEN_MISSING;
            return NGX_ABORT;
        }

        *reason = (rc == WH_OK)
                  ? ngx_http_webhook_challenge_secret(r, ctx, &value)
                  : NGX_HTTP_WEBHOOK_TOKEN_MISMATCH;

        if (*reason != NGX_HTTP_WEBHOOK_PASSED) {
            return NGX_ABORT;
        }
    }

    return NGX_OK;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_challenge_secret(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    u_char                   digest[WH_TOKEN_DIGEST_SIZE];
    ngx_http_webhook_key_t  *key;

    switch (ngx_http_webhook_challenge_key(r, ctx, &key)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE;

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (wh_token_digest(ngx_http_webhook_wh_str(value), digest) != WH_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    return wh_secret_equal(key->digest, digest, WH_TOKEN_DIGEST_SIZE)
           ? NGX_HTTP_WEBHOOK_PASSED
           : NGX_HTTP_WEBHOOK_TOKEN_MISMATCH;
}


/* Where the signing secret answers, there is not even a space. */

static ngx_uint_t
ngx_http_webhook_challenge_valid(ngx_http_webhook_challenge_t *challenge,
    ngx_str_t *value)
{
    wh_str_t  text;

    text = ngx_http_webhook_wh_str(value);

    return challenge->hmac
           ? wh_challenge_signable(text, !challenge->use_signing_key)
           : wh_challenge_visible(text);
}


/* One key for the whole request, also if a file changes meanwhile. */

static ngx_int_t
ngx_http_webhook_challenge_key(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_key_t **key)
{
    ngx_int_t                    rc;
    ngx_http_webhook_gate_t     *gate;
    ngx_http_webhook_keyslot_t  *keyslot;

    gate = ctx->gate;

    /* a verified sender is answered with the secret that it has used */

    if (gate->challenge == NULL && ctx->secret) {
        *key = ctx->keys[ctx->secret - 1];
        return NGX_OK;
    }

    if (ctx->answer->key == NULL) {

        keyslot = gate->challenge ? gate->challenge : gate->signing;

        rc = ngx_http_webhook_key_get(r, keyslot, &ctx->answer->key);

        if (rc == NGX_OK && ctx->answer->key == NULL) {
            ctx->unknown_tenant = 1;
            rc = ngx_http_webhook_key_nobody(r, keyslot, 1,
                                             &ctx->answer->key);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        if (gate->first->distinct) {
            rc = ngx_http_webhook_key_distinct(r, gate, ctx->answer->key);

            if (rc != NGX_OK) {
                ngx_http_webhook_key_release(ctx->answer->key);
                ctx->answer->key = NULL;

                return rc;
            }
        }
    }

    *key = ctx->answer->key;

    return NGX_OK;
}


/* Answers with the text of the challenge, or refuses without a key. */

ngx_int_t
ngx_http_webhook_challenge_send(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_uint_t                    level;
    ngx_http_complex_value_t      cv;
    ngx_http_webhook_loc_conf_t  *wlcf;

    static ngx_str_t  nosniff = ngx_string("nosniff");

    rc = ctx->challenge->hmac ? ngx_http_webhook_challenge_hmac(r, ctx)
                              : NGX_OK;

    if (rc == NGX_DECLINED) {
        return ngx_http_webhook_reject(r, ctx,
                                       NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE);
    }

    ctx->verdict = NGX_HTTP_WEBHOOK_CHALLENGED;
    ctx->verified = 0;

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));

    if (rc != NGX_OK
        || ngx_http_webhook_evaluate(r, ctx, &ctx->challenge->reply, &cv.value)
           != NGX_OK)
    {
        return ngx_http_webhook_reject(r, ctx, NGX_HTTP_WEBHOOK_INTERNAL);
    }

    ngx_http_webhook_finish(ctx, NGX_HTTP_WEBHOOK_CHALLENGED);

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    level = ctx->unknown_tenant ? wlcf->log_level : NGX_LOG_INFO;

    ngx_log_error(level, r->connection->log, 0,
                  "webhook %V: challenge answered%s",
                  &ctx->gate->provider->name,
                  ctx->unknown_tenant ? ", as if there were a secret for it"
                                      : "");

    if (ngx_http_webhook_add_header(r, "X-Content-Type-Options", &nosniff)
        == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->challenge->header.len
        && ngx_http_webhook_add_header(r, (char *) ctx->challenge->header.data,
                                       &ctx->answer->value)
           == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_response(r, ctx->challenge->status,
                                &ctx->challenge->type, &cv);

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


/*
 * The HMAC-SHA256 of the challenge, for variables.  NGX_DECLINED when there is
 * no secret, NGX_ERROR when it is no key for that or OpenSSL fails.
 */

static ngx_int_t
ngx_http_webhook_challenge_hmac(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    wh_str_t                 text;
    ngx_int_t                rc;
    wh_hmac_key_t           *hmac;
    ngx_http_webhook_key_t  *key;

    rc = ngx_http_webhook_challenge_key(r, ctx, &key);

    if (rc != NGX_OK) {
        return rc;
    }

    hmac = &key->hmac[WH_SHA256];
    text = ngx_http_webhook_wh_str(&ctx->answer->value);

    ctx->answer->mac.len = hmac->size;
    ctx->answer->mac.data = ngx_pnalloc(r->pool, WH_HMAC_MAX_SIZE);

    if (hmac->size == 0 || ctx->answer->mac.data == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_webhook_mac(hmac, &text, 1, ctx->answer->mac.data);
}


/*
 * A challenge that is answered with the signing secret, and to anybody, makes
 * signatures for whoever asks; provider->oracle is one.  NGX_OK when the
 * message is none that could have been had that way, NGX_DECLINED when it is,
 * or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_challenge_distinct(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    size_t                         len;
    ngx_int_t                      rc;
    ngx_str_t                      part[3];
    ngx_uint_t                     i;
    ngx_http_webhook_provider_t   *provider;
    ngx_http_webhook_challenge_t  *oracle;

    provider = ctx->gate->provider;
    oracle = provider->oracle;

    ngx_memzero(part, sizeof(part));

    if (ngx_http_webhook_message_text(r, ctx, provider->prefix, &part[0])
        != NGX_OK
        || ngx_http_webhook_message_text(r, ctx, provider->suffix, &part[1])
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_webhook_body_kind_text(r, ctx, WH_CHALLENGE_MAX, &part[2]);
    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_OK : NGX_ERROR;
    }

    len = 0;

    for (i = 0; i < 3; i++) {

        if (!ngx_http_webhook_challenge_valid(oracle, &part[i])) {
            return NGX_OK;
        }

        len += part[i].len;
    }

    return (len == 0 || len > WH_CHALLENGE_MAX) ? NGX_OK : NGX_DECLINED;
}
