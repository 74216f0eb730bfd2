
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Which message a request has: the name that it gets for replay protection, of
 * the place, the sender, who has signed, and what tells the message apart.
 */


#include "ngx_http_webhook_request.h"


static ngx_http_webhook_reason_e ngx_http_webhook_name_by_first(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_uint_t early);
static ngx_uint_t ngx_http_webhook_name_early(
    ngx_http_webhook_replay_key_t *key, ngx_http_webhook_provider_t *provider);
static ngx_http_webhook_reason_e ngx_http_webhook_name_by_key(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_replay_key_t *key);
static ngx_http_webhook_reason_e ngx_http_webhook_name_member(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source, u_char *type);
static ngx_http_webhook_reason_e ngx_http_webhook_name_set(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, wh_name_e what,
    u_char *types, u_char *data, size_t len);
static ngx_int_t ngx_http_webhook_name_signer(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, u_char *signer, size_t *len);
static ngx_int_t ngx_http_webhook_name_secrets(ngx_http_webhook_ctx_t *ctx,
    u_char *signer, size_t *len);
static ngx_int_t ngx_http_webhook_name_claims(ngx_http_webhook_ctx_t *ctx,
    u_char *signer, size_t *len);
static ngx_int_t ngx_http_webhook_name_subject(ngx_http_webhook_ctx_t *ctx,
    u_char *signer, size_t *len);
static ngx_int_t ngx_http_webhook_name_add(wh_name_e what, u_char *signer,
    size_t *len, const wh_str_t *parts, ngx_uint_t n);


/*
 * With the headers: by a key that is made of them.  There is no name yet when
 * the first key that could name the message has to wait for the body.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_name_by_headers(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    /* who has sent it is in the body, or known when a token has its digest */

    if ((provider->needs_body & NGX_HTTP_WEBHOOK_NEEDS_BODY_TOKEN)
        || (provider->jwt
            && (!provider->alone
                || (provider->needs_body
                    & NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE))))
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_name_by_first(r, ctx, 1);
}


/* With the body: by the first key that is not empty. */

ngx_http_webhook_reason_e
ngx_http_webhook_name_by_keys(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    return ngx_http_webhook_name_by_first(r, ctx, 0);
}


static ngx_http_webhook_reason_e
ngx_http_webhook_name_by_first(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t early)
{
    ngx_uint_t                      i;
    ngx_http_webhook_reason_e       reason;
    ngx_http_webhook_replay_key_t  *key;

    for (i = 0; i < NGX_HTTP_WEBHOOK_REPLAY_KEYS; i++) {

        key = ctx->replay->keys[i];

        if (key == NULL) {
            continue;
        }

        if (early && !ngx_http_webhook_name_early(key, ctx->gate->provider)) {
            break;
        }

        reason = ngx_http_webhook_name_by_key(r, ctx, key);

        if (reason != NGX_HTTP_WEBHOOK_PASSED || ctx->replay->named) {
            return reason;
        }

        /* it stays empty */

        ctx->replay->keys[i] = NULL;
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* Whether the key is made of what is known before the body has come. */

static ngx_uint_t
ngx_http_webhook_name_early(ngx_http_webhook_replay_key_t *key,
    ngx_http_webhook_provider_t *provider)
{
    if (key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_OTHER) {
        return 0;
    }

    if ((key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_ID)
        && provider->id
        && ngx_http_webhook_source_in_body(provider->id))
    {
        return 0;
    }

    if ((key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT)
        && provider->event
        && ngx_http_webhook_source_in_body(provider->event))
    {
        return 0;
    }

    return !(key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_TIMESTAMP)
           || provider->timestamp == NULL
           || !ngx_http_webhook_source_in_body(&provider->timestamp->source);
}


/*
 * An empty key would make all messages one, and what is left of a key without
 * its id many of them, so then there is no name.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_name_by_key(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_replay_key_t *key)
{
    u_char                        types[2];
    ngx_str_t                     value;
    ngx_http_webhook_reason_e     reason;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    types[0] = '-';
    types[1] = '-';

    if (key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_ID) {

        if (provider->id == NULL) {
            return NGX_HTTP_WEBHOOK_PASSED;
        }

        reason = ngx_http_webhook_name_member(r, ctx, provider->id, &types[0]);

        if (reason != NGX_HTTP_WEBHOOK_PASSED || types[0] == 0) {
            return reason;
        }
    }

    if ((key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT) && provider->event) {

        reason = ngx_http_webhook_name_member(r, ctx, provider->event,
                                              &types[1]);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }
    }

    if (ngx_http_webhook_evaluate(r, ctx, &key->value, &value) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (value.len == 0) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_name_set(r, ctx, WH_NAME_KEY, types, value.data,
                                     value.len);
}


/*
 * What kind of value an id or event is: 0 for none, 's' for a string of JSON,
 * 'v' for another value of it, '-' for one that is not in JSON.  A member that
 * comes twice means one thing to us, and another to the application.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_name_member(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    u_char *type)
{
    ngx_int_t               rc;
    ngx_str_t               value;
    const wh_json_value_t  *member;

    rc = ngx_http_webhook_source_value(r, ctx, source, &value);

    if (source->type != NGX_HTTP_WEBHOOK_JSON || ctx->json == NULL) {
        *type = (rc == WH_OK) ? '-' : 0;
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (rc == WH_REPEATED) {
        ctx->pointer = &source->name;
        ctx->violation = "repeated";
        return NGX_HTTP_WEBHOOK_PAYLOAD_INVALID;
    }

    if (rc != WH_OK) {
        *type = 0;
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    member = wh_json_value(ctx->json, source->index);

    *type = (member->type == WH_JSON_STRING) ? 's' : 'v';

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* By the body, or by what the sender has signed. */

ngx_http_webhook_reason_e
ngx_http_webhook_name_by_message(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->replay->body) {

        if (ngx_http_webhook_digest_body(r, ctx) != NGX_OK) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }

        return ngx_http_webhook_name_set(r, ctx, WH_NAME_BODY, NULL,
                                         ctx->body_sha256.data,
                                         ctx->body_sha256.len);
    }

    if (ngx_http_webhook_digest_message(r, ctx) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    return ngx_http_webhook_name_set(r, ctx, WH_NAME_SIGNED, NULL,
                                     ctx->replay->message,
                                     NGX_HTTP_WEBHOOK_DIGEST);
}


/* Place, sender, who has signed, and message. */

static ngx_http_webhook_reason_e
ngx_http_webhook_name_set(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    wh_name_e what, u_char *types, u_char *data, size_t len)
{
    size_t      size;
    u_char      signer[WH_NAME_SIZE];
    wh_str_t    parts[5];

    if (ngx_http_webhook_name_signer(r, ctx, signer, &size) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    parts[0].data = ctx->replay->scope;
    parts[0].len = WH_NAME_SIZE;
    parts[1] = ngx_http_webhook_wh_str(&ctx->gate->sender->provider->name);
    parts[2].data = signer;
    parts[2].len = size;
    parts[3].data = types;
    parts[3].len = types ? 2 : 0;
    parts[4].data = data;
    parts[4].len = len;

    if (ngx_http_webhook_name(what, parts, 5, ctx->replay->claim.digest)
        != NGX_OK)
    {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ctx->replay->named = 1;

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * Who has signed, where there may be several: of what has matched, or of all
 * secrets with variables.  Secrets that are literal are one sender's, a
 * signature may be by any of them, and it may be taken away.
 */

static ngx_int_t
ngx_http_webhook_name_signer(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, u_char *signer, size_t *len)
{
    wh_str_t   part;
    ngx_str_t  tenant;

    *len = 0;

    if (ctx->replay->conf->tenant) {

        if (ngx_http_webhook_evaluate(r, ctx, ctx->replay->conf->tenant,
                                      &tenant)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (tenant.len) {
            part = ngx_http_webhook_wh_str(&tenant);

            return ngx_http_webhook_name_add(WH_NAME_TENANT, signer, len,
                                             &part, 1);
        }
    }

    if (ngx_http_webhook_name_secrets(ctx, signer, len) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->jose
        && ctx->jose->issuer
        && ctx->jose->issuer->len
        && ngx_http_webhook_name_add(WH_NAME_ISSUER, signer, len,
                                     ctx->jose->issuer, 1)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_webhook_name_claims(ctx, signer, len) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_webhook_name_subject(ctx, signer, len);
}


/* What the location asks of a token's claims, of each the one that it has. */

static ngx_int_t
ngx_http_webhook_name_claims(ngx_http_webhook_ctx_t *ctx, u_char *signer,
    size_t *len)
{
    ngx_uint_t  i;

    if (ctx->jose == NULL || ctx->jose->issuer == NULL) {
        return NGX_OK;
    }

    for (i = 0; i < ctx->gate->npinned; i++) {
        if (ngx_http_webhook_name_add(WH_NAME_CLAIM, signer, len,
                                      ctx->jose->pinned[i], 1)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_name_secrets(ngx_http_webhook_ctx_t *ctx, u_char *signer,
    size_t *len)
{
    wh_str_t    part;
    ngx_uint_t  i;

    part.len = WH_TOKEN_DIGEST_SIZE;

    if (ctx->token) {
        part.data = ctx->keys[ctx->token - 1]->digest;

        if (ngx_http_webhook_name_add(WH_NAME_TOKEN, signer, len, &part, 1)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ctx->gate->provider->signatures.nelts == 0) {
        return NGX_OK;
    }

    for (i = 0; i < ctx->gate->nkeys; i++) {

        if (ctx->keys[i] == NULL
            || ctx->gate->keyslots[i].for_name.len
            || ctx->gate->keyslots[i].secret->value == NULL)
        {
            continue;
        }

        part.data = ctx->keys[i]->digest;

        if (ngx_http_webhook_name_add(WH_NAME_SECRET, signer, len, &part, 1)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_name_subject(ngx_http_webhook_ctx_t *ctx, u_char *signer,
    size_t *len)
{
    u_char              san;
    wh_str_t            parts[3];
    ngx_uint_t          i;
    const char         *name;
    wh_subject_attr_t  *attr;

    if (ctx->subject == NULL) {
        return NGX_OK;
    }

    attr = ctx->subject->elts;

    for (i = 0; i < ctx->subject->nelts; i++) {

        name = OBJ_nid2sn(attr[i].nid);
        san = (u_char) attr[i].san;

        parts[0].data = (u_char *) name;
        parts[0].len = ngx_strlen(name);
        parts[1].data = &san;
        parts[1].len = 1;
        parts[2] = attr[i].value;

        if (ngx_http_webhook_name_add(WH_NAME_SUBJECT, signer, len, parts, 3)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* A signer, if there is one so far, and one thing more about it. */

static ngx_int_t
ngx_http_webhook_name_add(wh_name_e what, u_char *signer, size_t *len,
    const wh_str_t *parts, ngx_uint_t n)
{
    wh_str_t    all[4];
    ngx_uint_t  i;

    all[0].data = signer;
    all[0].len = *len;

    for (i = 0; i < n; i++) {
        all[i + 1] = parts[i];
    }

    *len = WH_NAME_SIZE;

    return ngx_http_webhook_name(what, all, n + 1, signer);
}
