
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The time that verification takes, without the waiting for the body; where
 * nothing is counted the clock is not read.
 */


#include "ngx_http_webhook_request.h"


static uint64_t ngx_http_webhook_clock(void);


void
ngx_http_webhook_clock_start(ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->stats_entries) {
        ctx->started = ngx_http_webhook_clock();
    }
}


void
ngx_http_webhook_clock_stop(ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->started) {
        ctx->spent += ngx_http_webhook_clock() - ctx->started;
        ctx->started = 0;
    }
}


/* In ns, for differences. */

static uint64_t
ngx_http_webhook_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
