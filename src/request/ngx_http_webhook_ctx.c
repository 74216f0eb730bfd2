
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The state of a request, kept across internal redirects.
 */


#include "ngx_http_webhook_request.h"


static ngx_pool_cleanup_t *ngx_http_webhook_find_cleanup(
    ngx_http_request_t *r);
static size_t ngx_http_webhook_pieces_size(ngx_http_webhook_gate_t *gate);
static void ngx_http_webhook_ctx_pieces(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_gate_t *gate, void *pieces);
static void ngx_http_webhook_cleanup(void *data);


/*
 * An internal redirect clears the contexts of all modules, so the state
 * lives in the request pool's list of cleanups and is found again there.
 */

ngx_http_webhook_ctx_t *
ngx_http_webhook_restore_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_webhook_ctx_t  *ctx;

    cln = ngx_http_webhook_find_cleanup(r);
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_http_set_ctx(r, ctx, ngx_http_webhook_module);

    if (r == r->main) {
        ctx->redirected = 1;
    }

    return ctx;
}


static ngx_pool_cleanup_t *
ngx_http_webhook_find_cleanup(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_webhook_cleanup) {
            break;
        }
    }

    return cln;
}


/*
 * A state for a request that enters a gate.  It replaces the one that the
 * request had at another gate before, if any.  NULL without memory.
 */

ngx_http_webhook_ctx_t *
ngx_http_webhook_start_ctx(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *before, ngx_http_webhook_loc_conf_t *wlcf)
{
    ngx_pool_cleanup_t      *cln;
    ngx_http_webhook_ctx_t  *ctx;

    if (before != NULL) {
        ngx_http_webhook_replay_end(before, 0);
        ngx_http_webhook_cleanup(before);
    }

    ctx = ngx_http_webhook_create_ctx(r, wlcf->gate);
    if (ctx == NULL) {
        return NULL;
    }

    if (before != NULL) {
        cln = ngx_http_webhook_find_cleanup(r);

    } else {
        cln = &ctx->cleanup;
        cln->handler = ngx_http_webhook_cleanup;
        cln->next = r->pool->cleanup;
        r->pool->cleanup = cln;
    }

    cln->data = ctx;

    ctx->wlcf = wlcf;
    ctx->counted = before ? before->counted : NULL;
    ctx->stats_entries = wlcf->stats_entries;

    ngx_http_set_ctx(r, ctx, ngx_http_webhook_module);

    return ctx;
}


/* A state that nobody finds again; its headers are still to be found. */

ngx_http_webhook_ctx_t *
ngx_http_webhook_create_ctx(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate)
{
    ngx_http_webhook_ctx_t  *ctx;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_webhook_ctx_t)
                               + ngx_http_webhook_pieces_size(gate));
    if (ctx == NULL) {
        return NULL;
    }

    ngx_http_webhook_ctx_pieces(ctx, gate, &ctx[1]);

    return ctx;
}


/* Makes the state one for another gate: its headers, its keys and the rest. */

ngx_int_t
ngx_http_webhook_ctx_gate(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_gate_t *gate)
{
    void  *pieces;

    pieces = ngx_pcalloc(r->pool, ngx_http_webhook_pieces_size(gate));
    if (pieces == NULL) {
        return NGX_ERROR;
    }

    ngx_http_webhook_ctx_pieces(ctx, gate, pieces);
    ngx_http_webhook_find_headers(r, gate->provider, ctx->headers);

    return NGX_OK;
}


/*
 * The end of the way.  The answer may take long, so keys and what was made of
 * them go now: an old secret is to be forgotten soon.
 */

void
ngx_http_webhook_finish(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_verdict_e verdict)
{
    ngx_http_webhook_hashes_release(ctx);
    ngx_http_webhook_clock_stop(ctx);

    ctx->state = NGX_HTTP_WEBHOOK_DONE;
    ctx->verdict = verdict;
}


/*
 * There will be no verdict, most often for want of the whole body.  nginx has
 * a status for what was wrong, and logs the rest.
 */

void
ngx_http_webhook_unreadable(ngx_http_webhook_ctx_t *ctx, ngx_uint_t status)
{
    ngx_http_webhook_finish(ctx, NGX_HTTP_WEBHOOK_REJECTED);

    ctx->hashing = 0;

    if (status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE) {
        ctx->reason = NGX_HTTP_WEBHOOK_BODY_TOO_LARGE;

    } else if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        ctx->reason = NGX_HTTP_WEBHOOK_INTERNAL;

    } else {
        ctx->reason = NGX_HTTP_WEBHOOK_ABORTED;
    }

    /* "error_page ... =200" leaves no status of a failure */

    ctx->status = (status >= NGX_HTTP_BAD_REQUEST) ? status
                                                   : NGX_HTTP_BAD_REQUEST;
}


/* Whether all that has failed is on trial in this location too. */

ngx_uint_t
ngx_http_webhook_passes(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_loc_conf_t *wlcf)
{
    return ctx->verified
           && !(ctx->dry_run && (ctx->dry_run->bits & ~wlcf->dry_run));
}


/*
 * What a gate decides about, one after the other: the headers that are found,
 * the keys, and what is for signatures and for challenges, if it has any.
 */

static size_t
ngx_http_webhook_pieces_size(ngx_http_webhook_gate_t *gate)
{
    size_t                        size;
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;

    size = provider->headers.nelts * sizeof(ngx_http_webhook_field_t)
           + gate->nkeys * sizeof(ngx_http_webhook_key_t *);

    if (provider->signatures.nelts) {
        size += sizeof(ngx_http_webhook_signing_t);
    }

    if (provider->challenges.nelts) {
        size += sizeof(ngx_http_webhook_challenge_answer_t);
    }

    return size;
}


static void
ngx_http_webhook_ctx_pieces(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_gate_t *gate, void *pieces)
{
    u_char                       *p;
    ngx_http_webhook_provider_t  *provider;

    p = pieces;
    provider = gate->provider;

    ctx->gate = gate;
    ctx->signing = NULL;
    ctx->answer = NULL;

    ctx->headers = (ngx_http_webhook_field_t *) p;
    p += provider->headers.nelts * sizeof(ngx_http_webhook_field_t);

    ctx->keys = (ngx_http_webhook_key_t **) p;
    p += gate->nkeys * sizeof(ngx_http_webhook_key_t *);

    if (provider->signatures.nelts) {
        ctx->signing = (ngx_http_webhook_signing_t *) p;
        p += sizeof(ngx_http_webhook_signing_t);
    }

    if (provider->challenges.nelts) {
        ctx->answer = (ngx_http_webhook_challenge_answer_t *) p;
    }
}


/*
 * Room for n more candidates, zeroed, or NULL without memory.  Most requests
 * offer one, which is in the state itself; a list takes what it needs.
 */

ngx_http_webhook_candidate_t *
ngx_http_webhook_candidates_add(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t n)
{
    ngx_uint_t                     i;
    ngx_http_webhook_candidate_t  *candidates;

    candidates = &ctx->signing->candidate;

    if (ctx->ncandidates + n > 1) {

        candidates = ngx_pcalloc(r->pool,
                                 (ctx->ncandidates + n)
                                 * sizeof(ngx_http_webhook_candidate_t));
        if (candidates == NULL) {
            return NULL;
        }
    }

    for (i = 0; i < ctx->ncandidates; i++) {
        candidates[i] = ctx->candidates[i];
    }

    ctx->candidates = candidates;
    candidates += ctx->ncandidates;
    ctx->ncandidates += n;

    return candidates;
}


static void
ngx_http_webhook_cleanup(void *data)
{
    ngx_http_webhook_ctx_t  *ctx = data;

    ngx_http_webhook_replay_unanswered(ctx);
    ngx_http_webhook_body_release(ctx);
}
