
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Which of several providers a request is for.
 */


#include "ngx_http_webhook_request.h"


static ngx_http_webhook_action_t  ngx_http_webhook_select_challenge;


/* What tells that a request is for a provider, the surest first. */

static ngx_http_webhook_action_t  *ngx_http_webhook_select_present[] = {
    ngx_http_webhook_source_credential,
    ngx_http_webhook_select_challenge,
    NULL
};


/*
 * Turns the state of a request from the first gate of a list to the one that
 * it is for: that gate's verdict counts and no other's.  NGX_ERROR without
 * memory.
 */

ngx_int_t
ngx_http_webhook_select(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_http_webhook_gate_t  *first, *gate;

    first = ctx->gate;

    for (i = 0; ngx_http_webhook_select_present[i]; i++) {

        for (gate = first; gate; gate = gate->next) {

            if (gate != ctx->gate
                && ngx_http_webhook_ctx_gate(r, ctx, gate) != NGX_OK)
            {
                return NGX_ERROR;
            }

            rc = ngx_http_webhook_select_present[i](r, ctx);

            if (rc != NGX_DECLINED) {
                return rc;
            }
        }
    }

    return ngx_http_webhook_ctx_gate(r, ctx, first);
}


/* A challenge that needs no credential, be it answered or refused. */

static ngx_int_t
ngx_http_webhook_select_challenge(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    if (ctx->gate->provider->challenges.nelts == 0) {
        return NGX_DECLINED;
    }

    reason = ngx_http_webhook_challenge_find(r, ctx,
                                             NGX_HTTP_WEBHOOK_BY_HEADERS);

    /* the key is this gate's, and the request may be for another one */

    ngx_http_webhook_key_release(ctx->answer->key);
    ctx->answer->key = NULL;

    return (reason != NGX_HTTP_WEBHOOK_PASSED
            || ctx->challenge
            || ngx_http_webhook_challenge_possible(r, ctx))
           ? NGX_OK : NGX_DECLINED;
}
