
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Each message once: a request claims its message before it is passed on, and
 * commits or releases it when the application has answered.
 */


#include "ngx_http_webhook_request.h"


static ngx_int_t ngx_http_webhook_replay_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_loc_conf_t *wlcf);
static ngx_uint_t ngx_http_webhook_replay_early(
    ngx_http_webhook_replay_t *replay, ngx_http_webhook_provider_t *provider);
static ngx_int_t ngx_http_webhook_replay_key(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static ngx_uint_t ngx_http_webhook_replay_anonymous(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static ngx_int_t ngx_http_webhook_replay_digest(ngx_http_webhook_ctx_t *ctx,
    u_char kind, u_char *data, size_t len);
static ngx_http_webhook_reason_e ngx_http_webhook_replay_reason(
    ngx_http_webhook_ctx_t *ctx, ngx_int_t rc);


/*
 * Before the body: where the headers alone make the key, a message that is
 * known already needs none.  This only peeks and does not claim.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_replay_known(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    /* a subrequest is no delivery of its own */

    if (wlcf->replay == NULL || r != r->main) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (ngx_http_webhook_replay_start(r, ctx, wlcf) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (!ngx_http_webhook_replay_early(wlcf->replay, ctx->gate->provider)) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (ngx_http_webhook_replay_key(r, ctx) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (!ctx->replay->keyed) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    rc = ngx_http_webhook_store_peek(&ctx->replay->claim);

    return ngx_http_webhook_replay_reason(ctx, rc);
}


static ngx_int_t
ngx_http_webhook_replay_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_loc_conf_t *wlcf)
{
    time_t                            window;
    ngx_http_webhook_claim_t         *claim;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ngx_pcalloc(r->pool, sizeof(ngx_http_webhook_replay_state_t));
    if (replay == NULL) {
        return NGX_ERROR;
    }

    ctx->replay = replay;

    replay->conf = wlcf->replay;
    replay->scope = wlcf->scope;

    claim = &replay->claim;

    /* a time on trial does not limit how long a message can be replayed */

    window = (wlcf->dry_run & NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP)
             ? -1 : ctx->gate->replayable;

    claim->zone = wlcf->replay->zone;
    claim->window = window;

    if (wlcf->replay->ttl != NGX_CONF_UNSET) {
        claim->ttl = wlcf->replay->ttl;

    } else {
        claim->ttl = (window != -1) ? window : NGX_HTTP_WEBHOOK_REPLAY_TTL;
    }

    return NGX_OK;
}


/* Whether the key is made of what is known before the body has come. */

static ngx_uint_t
ngx_http_webhook_replay_early(ngx_http_webhook_replay_t *replay,
    ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                     parts;
    ngx_http_webhook_timestamp_t  *timestamp;

    parts = replay->parts;

    if (replay->key == NULL || (parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_OTHER)) {
        return 0;
    }

    if ((parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_ID)
        && provider->id
        && ngx_http_webhook_source_in_body(provider->id))
    {
        return 0;
    }

    if ((parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT)
        && provider->event
        && ngx_http_webhook_source_in_body(provider->event))
    {
        return 0;
    }

    timestamp = provider->timestamp;

    return !(parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_TIMESTAMP)
           || timestamp == NULL
           || !ngx_http_webhook_source_in_body(&timestamp->source);
}


/* Keeps the digest of what is authenticated, which tells messages apart. */

void
ngx_http_webhook_replay_message(ngx_http_webhook_ctx_t *ctx, u_char *digest)
{
    ngx_memcpy(ctx->replay->message, digest, NGX_HTTP_WEBHOOK_DIGEST);
    ctx->replay->hashed = 1;
}


/* A request that has been let through is to be the only one. */

ngx_http_webhook_reason_e
ngx_http_webhook_replay_claim(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                         rc;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;

    if (replay == NULL || ctx->challenge) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (!replay->keyed && ngx_http_webhook_replay_key(r, ctx) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    /* a token without a body says nothing that could be known again */

    if (!replay->keyed
        && ctx->gate->provider->signatures.nelts == 0
        && ctx->hashed == 0)
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    /* an empty key would make all messages one */

    if (!replay->keyed
        && (!replay->hashed
            || ngx_http_webhook_replay_digest(ctx, 'm', replay->message,
                                              NGX_HTTP_WEBHOOK_DIGEST)
               != NGX_OK))
    {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    rc = ngx_http_webhook_store_claim(&replay->claim, r->connection->log);

    replay->claimed = (rc == NGX_OK);

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "webhook claim: %i, %ui", rc, replay->claim.serial);

    return ngx_http_webhook_replay_reason(ctx, rc);
}


static ngx_int_t
ngx_http_webhook_replay_key(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t  value;

    if (ctx->replay->conf->key == NULL
        || ngx_http_webhook_replay_anonymous(r, ctx))
    {
        return NGX_OK;
    }

    if (ngx_http_webhook_evaluate(r, ctx, ctx->replay->conf->key, &value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    return ngx_http_webhook_replay_digest(ctx, 'k', value.data, value.len);
}


/* What is left of a key without its id would make many messages one. */

static ngx_uint_t
ngx_http_webhook_replay_anonymous(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                   value;
    ngx_http_webhook_source_t  *id;

    if (!(ctx->replay->conf->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_ID)) {
        return 0;
    }

    id = ctx->gate->provider->id;

    return id == NULL
           || ngx_http_webhook_source_value(r, ctx, id, &value) != WH_OK;
}


/* Location, sender and message in one digest. */

static ngx_int_t
ngx_http_webhook_replay_digest(ngx_http_webhook_ctx_t *ctx, u_char kind,
    u_char *data, size_t len)
{
    u_char      digest[WH_HMAC_MAX_SIZE];
    wh_str_t    parts[5];
    ngx_str_t  *name;

    name = &ctx->gate->sender->provider->name;

    parts[0].data = ctx->replay->scope;
    parts[0].len = NGX_HTTP_WEBHOOK_DIGEST;
    parts[1].data = (u_char *) &name->len;
    parts[1].len = sizeof(size_t);
    parts[2] = ngx_http_webhook_wh_str(name);
    parts[3].data = &kind;
    parts[3].len = 1;
    parts[4].data = data;
    parts[4].len = len;

    if (ngx_http_webhook_mac(NULL, parts, 5, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memcpy(ctx->replay->claim.digest, digest, NGX_HTTP_WEBHOOK_DIGEST);
    ctx->replay->keyed = 1;

    return NGX_OK;
}


/* What the store says, as a verdict. */

static ngx_http_webhook_reason_e
ngx_http_webhook_replay_reason(ngx_http_webhook_ctx_t *ctx, ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
    case NGX_DECLINED:
        return NGX_HTTP_WEBHOOK_PASSED;

    case NGX_BUSY:
        return NGX_HTTP_WEBHOOK_DUPLICATE_IN_PROGRESS;

    case NGX_DONE:
        ctx->status = ctx->replay->conf->duplicate;
        return NGX_HTTP_WEBHOOK_DUPLICATE;

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_ZONE_FULL;
    }
}


/*
 * The end of a claim, if there is one: it is committed when the application
 * has accepted the message, and released otherwise.
 */

void
ngx_http_webhook_replay_end(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t accepted_upstream)
{
    if (ctx->replay == NULL || !ctx->replay->claimed) {
        return;
    }

    ctx->replay->claimed = 0;

    ngx_http_webhook_store_end(&ctx->replay->claim, accepted_upstream);
}
