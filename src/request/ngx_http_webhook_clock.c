
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The time that verification takes, without the waiting for the body.
 */


#include "ngx_http_webhook_request.h"


/* In ns, for differences. */

uint64_t
ngx_http_webhook_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
