
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The signatures that a request offers.
 */


#include "ngx_http_webhook_request.h"


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
