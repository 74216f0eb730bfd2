
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Each message once: a request claims its message before it is passed on, and
 * commits or releases it when the application has answered.
 */


#include "ngx_http_webhook_request.h"
#include "redis/ngx_http_webhook_redis.h"


static ngx_int_t ngx_http_webhook_replay_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_loc_conf_t *wlcf);
static time_t ngx_http_webhook_replay_ttl(ngx_http_webhook_replay_rule_t *rule,
    time_t window);
static ngx_http_webhook_check_t  ngx_http_webhook_replay_name;
static ngx_http_webhook_reason_e ngx_http_webhook_replay_reason(
    ngx_http_webhook_ctx_t *ctx, ngx_int_t rc);
static ngx_http_webhook_reason_e ngx_http_webhook_replay_ask(
    ngx_http_webhook_ctx_t *ctx);
static void ngx_http_webhook_replay_answered(void *data);
static ngx_http_webhook_reason_e ngx_http_webhook_replay_shared(
    ngx_http_webhook_ctx_t *ctx, ngx_int_t rc);
static ngx_uint_t ngx_http_webhook_replay_sent(ngx_http_request_t *r);


/*
 * Before the body: where the headers alone make the key, a message that is
 * known already needs none.  This only peeks and does not claim.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_replay_known(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                     rc;
    ngx_http_webhook_reason_e     reason;
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    /* a subrequest is no delivery of its own */

    if (wlcf->replay == NULL || r != r->main) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (ngx_http_webhook_replay_start(r, ctx, wlcf) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (ctx->replay->off) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    reason = ngx_http_webhook_name_by_headers(r, ctx);

    if (reason != NGX_HTTP_WEBHOOK_PASSED || !ctx->replay->named) {
        return reason;
    }

    rc = ngx_http_webhook_store_peek(&ctx->replay->claim);

    return ngx_http_webhook_replay_reason(ctx, rc);
}


static ngx_int_t
ngx_http_webhook_replay_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_loc_conf_t *wlcf)
{
    time_t                            window;
    ngx_uint_t                        keyed;
    ngx_http_webhook_claim_t         *claim;
    ngx_http_webhook_replay_rule_t   *rule;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ngx_pcalloc(r->pool, sizeof(ngx_http_webhook_replay_state_t));
    if (replay == NULL) {
        return NGX_ERROR;
    }

    ctx->replay = replay;

    rule = ctx->gate->rule;
    keyed = wlcf->keyed & (1 << (ctx->gate - ctx->gate->first));

    replay->request = r;
    replay->conf = wlcf->replay;
    replay->scope = wlcf->scope;
    replay->keys[0] = keyed ? wlcf->replay->key : NULL;
    replay->keys[1] = rule ? rule->key : NULL;
    replay->body = (rule && rule->body);
    replay->off = (!keyed && rule && rule->off);

    claim = &replay->claim;

    /* a time on trial does not limit how long a message can be replayed */

    window = (wlcf->dry_run & NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP)
             ? -1 : ctx->gate->replayable;

    claim->zone = wlcf->replay->zone;
    claim->window = window;
    claim->ttl = (wlcf->replay->ttl != NGX_CONF_UNSET)
                 ? wlcf->replay->ttl
                 : ngx_http_webhook_replay_ttl(rule, window);

    return NGX_OK;
}


/* The sender's own time, but never less than a message is valid. */

static time_t
ngx_http_webhook_replay_ttl(ngx_http_webhook_replay_rule_t *rule,
    time_t window)
{
    if (rule && rule->ttl != NGX_CONF_UNSET) {
        return ngx_max(rule->ttl, window);
    }

    return (window != -1) ? window : NGX_HTTP_WEBHOOK_REPLAY_TTL;
}


/* A request that has been let through is to be the only one. */

ngx_http_webhook_reason_e
ngx_http_webhook_replay_claim(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                         rc;
    ngx_http_webhook_reason_e         reason;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;

    if (replay == NULL || replay->off || ctx->challenge) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (replay->answered) {
        return ngx_http_webhook_replay_shared(ctx, replay->lease->answer);
    }

    reason = ngx_http_webhook_replay_name(r, ctx);

    if (reason != NGX_HTTP_WEBHOOK_PASSED || !replay->named) {
        return reason;
    }

    rc = ngx_http_webhook_store_claim(&replay->claim, r->connection->log);

    replay->claimed = (rc == NGX_OK);

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "webhook claim: %i, %ui", rc, replay->claim.serial);

    if (replay->claimed && replay->conf->redis) {
        return ngx_http_webhook_replay_ask(ctx);
    }

    return ngx_http_webhook_replay_reason(ctx, rc);
}


static ngx_http_webhook_reason_e
ngx_http_webhook_replay_name(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    if (ctx->replay->named) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    reason = ngx_http_webhook_name_by_keys(r, ctx);

    if (reason != NGX_HTTP_WEBHOOK_PASSED || ctx->replay->named) {
        return reason;
    }

    /* a token without a body says nothing that could be known again */

    if (!ngx_http_webhook_signs(ctx->gate->provider) && ctx->hashed == 0) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_name_by_message(r, ctx);
}


/* What the store says, as a verdict. */

static ngx_http_webhook_reason_e
ngx_http_webhook_replay_reason(ngx_http_webhook_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_webhook_replay_rule_t  *rule;

    switch (rc) {

    case NGX_OK:
    case NGX_DECLINED:
        return NGX_HTTP_WEBHOOK_PASSED;

    case NGX_BUSY:
        rule = ctx->gate->provider->replay;
        ctx->status = rule ? rule->in_progress : 0;
        return NGX_HTTP_WEBHOOK_DUPLICATE_IN_PROGRESS;

    case NGX_DONE:
        ctx->status = ctx->replay->conf->duplicate;
        return NGX_HTTP_WEBHOOK_DUPLICATE;

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_ZONE_FULL;
    }
}


/* The message is ours on this host; the engine that hosts share is asked. */

static ngx_http_webhook_reason_e
ngx_http_webhook_replay_ask(ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                         rc;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;

    rc = ngx_http_webhook_lease_take(replay->conf->redis,
                                     replay->claim.digest,
                                     ngx_http_webhook_replay_answered, replay,
                                     &replay->lease);

    if (rc == NGX_AGAIN) {
        replay->waiting = 1;
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_replay_shared(ctx, rc);
}


/* The request goes on by itself, not from within the engine's connection. */

static void
ngx_http_webhook_replay_answered(void *data)
{
    ngx_http_webhook_replay_state_t  *replay = data;

    ngx_connection_t  *c;

    replay->waiting = 0;
    replay->answered = 1;

    c = replay->request->connection;

    ngx_post_event(c->write, &ngx_posted_events);
}


/* What the engine says, as a verdict. */

static ngx_http_webhook_reason_e
ngx_http_webhook_replay_shared(ngx_http_webhook_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_webhook_claim_t         *claim;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;
    claim = &replay->claim;

    replay->answered = 0;

    switch (rc) {

    case NGX_OK:
        return NGX_HTTP_WEBHOOK_PASSED;

    case NGX_DONE:

        ngx_http_webhook_store_remember(claim,
                          ngx_min(claim->ttl, NGX_HTTP_WEBHOOK_REDIS_REMEMBER));
        break;

    case NGX_BUSY:
        claim->wait = 1;
        break;

    default: /* NGX_ERROR */
        claim->wait = NGX_HTTP_WEBHOOK_REDIS_RETRY;
        ngx_http_webhook_replay_end(ctx, 0);

        return NGX_HTTP_WEBHOOK_STORE_UNAVAILABLE;
    }

    ngx_http_webhook_replay_end(ctx, 0);

    return ngx_http_webhook_replay_reason(ctx, rc);
}


/*
 * The end of a claim, if there is one: it is committed when the application
 * has accepted the message, and released otherwise.
 */

void
ngx_http_webhook_replay_end(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t accepted_upstream)
{
    ngx_http_webhook_lease_t         *lease;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;

    if (replay == NULL || !replay->claimed) {
        return;
    }

    lease = replay->lease;

    replay->claimed = 0;
    replay->lease = NULL;

    if (accepted_upstream) {
        ngx_http_webhook_store_commit(&replay->claim);

        if (lease) {
            ngx_http_webhook_lease_commit(lease, replay->claim.ttl);
        }

        return;
    }

    ngx_http_webhook_store_release(&replay->claim);

    if (lease) {
        ngx_http_webhook_lease_release(lease);
    }
}


/*
 * The request ends without an answer.  If the application has had bytes of it,
 * nobody knows what became of them, and whoever hangs up in time must not have
 * a message delivered as often as he likes.
 */

void
ngx_http_webhook_replay_unanswered(ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_request_t               *r;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;

    if (replay == NULL || !replay->claimed) {
        return;
    }

    r = replay->request;

    if (!ngx_http_webhook_replay_sent(r)) {
        ngx_http_webhook_replay_end(ctx, 0);
        return;
    }

    replay->claimed = 0;

    if (replay->lease) {
        ngx_http_webhook_lease_hold(replay->lease, replay->conf->hold);
        replay->lease = NULL;
    }

    if (ngx_http_webhook_store_hold(&replay->claim, replay->conf->hold)) {
        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "webhook %V: the sender has gone before the application "
                      "answered, and nobody knows whether it has taken the "
                      "message; use \"proxy_ignore_client_abort on\" where "
                      "there is \"webhook_replay\" in %V:%ui",
                      &ctx->gate->provider->name, &replay->conf->file,
                      replay->conf->line);
    }
}


static ngx_uint_t
ngx_http_webhook_replay_sent(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states == NULL) {
        return 0;
    }

    state = r->upstream_states->elts;

    for (i = 0; i < r->upstream_states->nelts; i++) {
        if (state[i].bytes_sent > 0) {
            return 1;
        }
    }

    return 0;
}
