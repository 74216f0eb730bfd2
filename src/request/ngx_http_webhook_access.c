
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The way of a request: from the headers, over the body, to the verdict.
 */


#include "ngx_http_webhook_request.h"


#define NGX_HTTP_WEBHOOK_REST_TIMER  60000      /* ms, never runs out */


static ngx_http_webhook_action_t  ngx_http_webhook_begin;
static ngx_http_webhook_action_t  ngx_http_webhook_probe;
static ngx_http_webhook_action_t  ngx_http_webhook_headers;
static ngx_http_webhook_action_t  ngx_http_webhook_read_body;
static void ngx_http_webhook_body_handler(ngx_http_request_t *r);
static ngx_http_webhook_action_t  ngx_http_webhook_parse;
static ngx_int_t ngx_http_webhook_stop(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_reason_e reason);
static void ngx_http_webhook_turn_resume(ngx_http_request_t *r);
static ngx_http_webhook_action_t  ngx_http_webhook_give_way;
static ngx_int_t ngx_http_webhook_rest(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_event_handler_pt resume);
static void ngx_http_webhook_resume(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_wait(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_event_handler_pt resume);
static void ngx_http_webhook_go_on(ngx_http_request_t *r);
static ngx_http_webhook_action_t  ngx_http_webhook_accept;
static ngx_http_webhook_action_t  ngx_http_webhook_claim;
static void ngx_http_webhook_claim_resume(ngx_http_request_t *r);
static ngx_http_webhook_action_t  ngx_http_webhook_answer;
static ngx_http_webhook_check_t  ngx_http_webhook_verify_read;
static ngx_http_webhook_check_t  ngx_http_webhook_verify_body;
static ngx_http_webhook_check_t  ngx_http_webhook_verify_hashed;


ngx_http_request_body_filter_pt  ngx_http_webhook_next_body_filter;


/*
 * What the access phase is to do with a request whose location has a gate.
 * NGX_OK: it is verified.  NGX_DECLINED: it is not, in a trial run.  NGX_AGAIN
 * and NGX_DONE: it waits, or has been answered.  Otherwise a status.
 */

ngx_int_t
ngx_http_webhook_verify(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf)
{
    ngx_http_webhook_ctx_t     *ctx;
    ngx_http_webhook_reason_e   reason;

    ctx = ngx_http_get_module_ctx(r, ngx_http_webhook_module);

    /* most often it is the location that it has been met in */

    if (ctx == NULL || ctx->wlcf != wlcf) {
        ctx = ngx_http_webhook_enter(r, wlcf);
    }

    /* a verdict that cannot be claimed, if there was no "webhook_replay" */

    if (ctx
        && wlcf->replay
        && ctx->replay == NULL
        && ctx->verified)
    {
        ngx_http_webhook_count_request(r, ctx);
        ctx = ngx_http_webhook_start_ctx(r, ctx, wlcf);
    }

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->state != NGX_HTTP_WEBHOOK_DONE) {
        ngx_http_webhook_clock_start(ctx);
    }

    switch (ctx->state) {

    case NGX_HTTP_WEBHOOK_START:
        return ngx_http_webhook_begin(r, ctx);

    case NGX_HTTP_WEBHOOK_CHECKING:
        return ngx_http_webhook_headers(r, ctx);

    case NGX_HTTP_WEBHOOK_READING:

        /*
         * Phases run before the body is there only when it could not be
         * read, and an error page is to be shown for that.
         */

        ngx_http_webhook_unreadable(ctx, r->err_status);

        return ngx_http_webhook_refuse(r, ctx);

    case NGX_HTTP_WEBHOOK_READ:

        if (ctx->probing) {
            return ngx_http_webhook_probe(r, ctx);
        }

        if (ngx_http_webhook_body_slice(r, ctx) == NGX_AGAIN) {
            return ngx_http_webhook_turn_wait(r, &ctx->turn) == NGX_OK
                   ? ngx_http_webhook_rest(r, ctx,
                                           ngx_http_webhook_turn_resume)
                   : ngx_http_webhook_give_way(r, ctx);
        }

        reason = ngx_http_webhook_verify_read(r, ctx);

        if (reason == NGX_HTTP_WEBHOOK_PASSED) {

            ctx->parse = ctx->gate->parse
                         || (ctx->gate->json_challenge
                             && ngx_http_webhook_challenge_likely(r, ctx));

            if (!ctx->parse && !ctx->gate->provider->form && !ctx->unverified) {
                return ngx_http_webhook_accept(r, ctx);
            }

            reason = ngx_http_webhook_payload_start(r, ctx);
        }

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return ngx_http_webhook_stop(r, ctx, reason);
        }

        ctx->state = NGX_HTTP_WEBHOOK_PARSING;

        /* fall through */

    case NGX_HTTP_WEBHOOK_PARSING:
        return ngx_http_webhook_parse(r, ctx);

    case NGX_HTTP_WEBHOOK_CLAIMING:
        return ngx_http_webhook_claim(r, ctx);

    default: /* NGX_HTTP_WEBHOOK_DONE */
        return ngx_http_webhook_answer(r, ctx);
    }
}


static ngx_int_t
ngx_http_webhook_begin(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    ngx_http_webhook_find_headers(r, ctx->gate->provider, ctx->headers);

    if (r->internal && !ngx_http_webhook_request_whole(r)) {
        return ngx_http_webhook_reject(r, ctx, NGX_HTTP_WEBHOOK_ABORTED);
    }

    if (ctx->gate->next && ngx_http_webhook_select(r, ctx) != NGX_OK) {
        return ngx_http_webhook_reject(r, ctx, NGX_HTTP_WEBHOOK_INTERNAL);
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "webhook provider \"%V\"", &ctx->gate->provider->name);

    if (ctx->gate->provider->challenges.nelts) {

        if (r->method & ctx->gate->challenged[NGX_HTTP_WEBHOOK_BY_HEADERS]) {

            reason = ngx_http_webhook_challenge_find(r, ctx,
                                                 NGX_HTTP_WEBHOOK_BY_HEADERS);

            if (reason != NGX_HTTP_WEBHOOK_PASSED) {
                return ngx_http_webhook_reject(r, ctx, reason);
            }

            if (ctx->challenge) {
                return ngx_http_webhook_challenge_send(r, ctx);
            }
        }

        if (ngx_http_webhook_challenge_possible(r, ctx)) {
            ctx->probing = 1;
            return ngx_http_webhook_read_body(r, ctx);
        }
    }

    return ngx_http_webhook_headers(r, ctx);
}


/* The body has been read to see whether it is a challenge. */

static ngx_int_t
ngx_http_webhook_probe(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    ctx->probing = 0;

    reason = ngx_http_webhook_challenge_read(r, ctx);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return ngx_http_webhook_reject(r, ctx, reason);
    }

    return ctx->challenge ? ngx_http_webhook_challenge_send(r, ctx)
                          : ngx_http_webhook_headers(r, ctx);
}


/* The verification begins, with what is in the headers. */

static ngx_int_t
ngx_http_webhook_headers(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                     wanted;
    ngx_http_webhook_reason_e      reason;
    ngx_http_webhook_main_conf_t  *wmcf;

    ctx->state = NGX_HTTP_WEBHOOK_CHECKING;

    reason = ngx_http_webhook_steps_run(r, ctx,
                                        NGX_HTTP_WEBHOOK_STAGE_HEADERS);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return ngx_http_webhook_stop(r, ctx, reason);
    }

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_webhook_module);
    wanted = ngx_http_webhook_body_wanted(ctx);

    ctx->later = wanted
                 && (ctx->gate->provider->needs_body
                     || (ctx->gate->nkeys > 1
                         && ngx_http_webhook_body_later(r, ctx)));

    if ((wanted || wmcf->body_sha256)
        && !ctx->later
        && ngx_http_webhook_body_start(r, ctx) != NGX_OK)
    {
        return ngx_http_webhook_reject(r, ctx, NGX_HTTP_WEBHOOK_INTERNAL);
    }

    return wanted ? ngx_http_webhook_read_body(r, ctx)
                  : ngx_http_webhook_accept(r, ctx);
}


static ngx_int_t
ngx_http_webhook_read_body(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t  rc;

    ngx_http_webhook_clock_stop(ctx);

    ctx->state = NGX_HTTP_WEBHOOK_READING;

    rc = ngx_http_read_client_request_body(r, ngx_http_webhook_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_http_webhook_unreadable(ctx, rc);

        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


/*
 * Some of the body has come from the client.  It is hashed, and goes to the
 * next filter whatever it is: the rest of a body that is refused here would be
 * taken for the next request.
 */

ngx_int_t
ngx_http_webhook_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_webhook_ctx_t  *ctx;

    ctx = ngx_http_webhook_get_ctx(r);

    if (ctx && ctx->hashing) {
        ngx_http_webhook_clock_start(ctx);
        ngx_http_webhook_body_arrived(r, ctx, in);
        ngx_http_webhook_clock_stop(ctx);
    }

    return ngx_http_webhook_next_body_filter(r, in);
}


static void
ngx_http_webhook_body_handler(ngx_http_request_t *r)
{
    ngx_http_webhook_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_webhook_module);

    ctx->state = NGX_HTTP_WEBHOOK_READ;

    /*
     * over HTTP/3 nginx marks the buffer in which a body ends, and reads what
     * is in the file of the body into the same one to send it: gRPC would end
     * after the first part
     */

    if (r->request_body && r->request_body->buf) {
        r->request_body->buf->last_buf = 0;
    }

    /* another location may have to look at the body once more */

    r->preserve_body = 1;

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


/*
 * Parses the body, a slice at a time, so that the worker's other requests have
 * their turn in between.
 */

static ngx_int_t
ngx_http_webhook_parse(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    switch (ngx_http_webhook_payload_parse(r, ctx)) {

    case NGX_OK:
        break;

    case NGX_AGAIN:
        return ngx_http_webhook_give_way(r, ctx);

    default: /* NGX_ERROR */
        return ngx_http_webhook_reject(r, ctx, NGX_HTTP_WEBHOOK_INTERNAL);
    }

    reason = ctx->unverified
             ? ngx_http_webhook_verify_body(r, ctx)
             : NGX_HTTP_WEBHOOK_PASSED;

    if (reason == NGX_HTTP_WEBHOOK_PASSED) {
        reason = ngx_http_webhook_steps_run(r, ctx,
                                            NGX_HTTP_WEBHOOK_STAGE_PAYLOAD);
    }

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return ngx_http_webhook_stop(r, ctx, reason);
    }

    return ngx_http_webhook_accept(r, ctx);
}


/*
 * A request that cannot go on now: it waits for its turn, or it is refused, be
 * it for what is wrong with it or because too many wait.
 */

static ngx_int_t
ngx_http_webhook_stop(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_reason_e reason)
{
    if (reason != NGX_HTTP_WEBHOOK_BUSY
        || ngx_http_webhook_turn_wait(r, &ctx->turn) != NGX_OK)
    {
        return ngx_http_webhook_reject(r, ctx, reason);
    }

    return ngx_http_webhook_rest(r, ctx, ngx_http_webhook_turn_resume);
}


/* The connection may have an event of its own meanwhile. */

static void
ngx_http_webhook_turn_resume(ngx_http_request_t *r)
{
    ngx_http_webhook_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_webhook_module);

    if (ctx->turn->granted) {
        ngx_http_webhook_resume(r);
    }
}


/* The rest of some long work is for the next turn of the event loop. */

static ngx_int_t
ngx_http_webhook_give_way(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_webhook_rest(r, ctx, ngx_http_webhook_resume);

    if (rc == NGX_AGAIN) {
        ngx_post_event(r->connection->write, &ngx_posted_next_events);
    }

    return rc;
}


/* A worker that shuts down waits for timers, not for posted events. */

static ngx_int_t
ngx_http_webhook_rest(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_event_handler_pt resume)
{
    ngx_int_t  rc;

    rc = ngx_http_webhook_wait(r, ctx, resume);

    if (rc == NGX_AGAIN) {
        ngx_add_timer(r->connection->write, NGX_HTTP_WEBHOOK_REST_TIMER);
    }

    return rc;
}


static void
ngx_http_webhook_resume(ngx_http_request_t *r)
{
    ngx_event_t  *wev;

    wev = r->connection->write;
    wev->timedout = 0;

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    ngx_http_webhook_go_on(r);
}


/*
 * NGX_AGAIN: the request rests until an event calls its handler, or its client
 * goes away.
 */

static ngx_int_t
ngx_http_webhook_wait(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_event_handler_pt resume)
{
    ngx_http_webhook_clock_stop(ctx);

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return ngx_http_webhook_reject(r, ctx, NGX_HTTP_WEBHOOK_INTERNAL);
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = resume;

    return NGX_AGAIN;
}


static void
ngx_http_webhook_go_on(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_http_webhook_accept(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    if (r->method & ctx->gate->challenged[NGX_HTTP_WEBHOOK_VERIFIED]) {

        reason = ngx_http_webhook_challenge_find(r, ctx,
                                                 NGX_HTTP_WEBHOOK_VERIFIED);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return ngx_http_webhook_reject(r, ctx, reason);
        }
    }

    /* from here on variables have what is in the body */

    ctx->verdict = NGX_HTTP_WEBHOOK_ACCEPTED;
    ctx->sender = 1;
    ctx->verified = 1;

    /* the page looks at it when the request has ended */

    r->preserve_body = 1;

    return ngx_http_webhook_claim(r, ctx);
}


/* The last step, taken again when the engine that it waits for has answered. */

static ngx_int_t
ngx_http_webhook_claim(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    if (ctx->replay) {

        reason = ngx_http_webhook_steps_run(r, ctx,
                                            NGX_HTTP_WEBHOOK_STAGE_CLAIM);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return ngx_http_webhook_reject(r, ctx, reason);
        }

        if (ctx->replay->waiting) {
            ctx->state = NGX_HTTP_WEBHOOK_CLAIMING;

            return ngx_http_webhook_wait(r, ctx,
                                         ngx_http_webhook_claim_resume);
        }
    }

    if (ctx->dry_run) {
        ngx_http_webhook_would_reject(r, ctx);
    }

    if (ctx->challenge) {
        return ngx_http_webhook_challenge_send(r, ctx);
    }

    ngx_http_webhook_finish(ctx, ctx->verdict);

    ctx->ack = ctx->gate->provider->ack;

    return ngx_http_webhook_answer(r, ctx);
}


/* The connection may have an event of its own meanwhile. */

static void
ngx_http_webhook_claim_resume(ngx_http_request_t *r)
{
    ngx_http_webhook_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_webhook_module);

    if (!ctx->replay->waiting) {
        ngx_http_webhook_go_on(r);
    }
}


/*
 * Locations behind one gate share the verdict, but not the directives for
 * what comes after it: the last one that has them counts.
 */

static ngx_int_t
ngx_http_webhook_answer(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_loc_conf_t  *wlcf;

    if (ctx->verdict == NGX_HTTP_WEBHOOK_CHALLENGED) {

        /* the answer could not be sent, and an error page is to be shown */

        ctx->status = (r->err_status >= NGX_HTTP_BAD_REQUEST)
                      ? r->err_status : NGX_HTTP_BAD_REQUEST;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    /* what was on trial where the verdict was given may be enforced here */

    if (ctx->verdict == NGX_HTTP_WEBHOOK_WOULD_REJECT
        && wlcf->enforce
        && !ngx_http_webhook_passes(ctx, wlcf))
    {
        return ngx_http_webhook_reject(r, ctx, ctx->reason);
    }

    if (!ctx->verified) {
        return ngx_http_webhook_refuse(r, ctx);
    }

    /* a token says nothing of the body, which may have ended since */

    if (r->internal && !ngx_http_webhook_request_whole(r)) {
        return ngx_http_webhook_reject(r, ctx, NGX_HTTP_WEBHOOK_ABORTED);
    }

    if (wlcf->ack != NGX_CONF_UNSET) {
        ctx->ack = wlcf->ack;
    }

    if (wlcf->strip && !ctx->stripped) {

        ctx->stripped = 1;

        if (ngx_http_webhook_strip(r, ctx) != NGX_OK) {
            return ngx_http_webhook_reject(r, ctx, NGX_HTTP_WEBHOOK_INTERNAL);
        }
    }

    return NGX_OK;
}


/*
 * The body has been read: is it verified before it is parsed?  Where what is
 * needed for that is a part of it, it is not.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_verify_read(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e     reason;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    if (!provider->needs_body) {
        return ngx_http_webhook_verify_hashed(r, ctx);
    }

    ctx->unverified = 1;

    reason = ngx_http_webhook_body_bounded(r);

    if (reason != NGX_HTTP_WEBHOOK_PASSED) {
        return reason;
    }

    if (!(provider->body.flags & NGX_HTTP_WEBHOOK_BODY_TOKEN)) {
        return ngx_http_webhook_steps_run(r, ctx,
                                          NGX_HTTP_WEBHOOK_STAGE_UNPARSED);
    }

    reason = ngx_http_webhook_body_form(r, ctx);

    return reason == NGX_HTTP_WEBHOOK_PASSED
           ? ngx_http_webhook_verify_body(r, ctx) : reason;
}


/*
 * The body has been read, and parsed unless it is a token, and is not verified
 * yet: the steps that had to wait for it, and then the signature.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_verify_body(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    if (!ctx->compared) {

        reason = ngx_http_webhook_steps_run(r, ctx,
                                            NGX_HTTP_WEBHOOK_STAGE_BODY);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }
    }

    reason = ngx_http_webhook_verify_hashed(r, ctx);

    ctx->unverified = (reason != NGX_HTTP_WEBHOOK_PASSED);

    return reason;
}


/* The signature; the body may have to be hashed first. */

static ngx_http_webhook_reason_e
ngx_http_webhook_verify_hashed(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->later) {

        ctx->later = 0;

        if (ngx_http_webhook_body_start(r, ctx) != NGX_OK) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }
    }

    return ngx_http_webhook_verify_signature(r, ctx);
}
