
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What Redis is told at the end of a lease: that the message is known, or free
 * again, or held.  It is told until it has acknowledged that, in a new
 * connection once more, and only of the time that is left.
 */


#include "ngx_http_webhook_redis.h"


#define NGX_HTTP_WEBHOOK_SETTLE_MAX       10000  /* leases of a worker */
#define NGX_HTTP_WEBHOOK_SETTLE_INFLIGHT  128    /* of these, at once */


static void ngx_http_webhook_settle_lost(ngx_http_webhook_link_t *link,
    const char *why);
static void ngx_http_webhook_settle_send(ngx_http_webhook_lease_t *lease,
    ngx_msec_t left);
static ngx_http_webhook_answered_t  ngx_http_webhook_settled;
static void ngx_http_webhook_settle_end(ngx_http_webhook_lease_t *lease);
static void ngx_http_webhook_settle_free(ngx_http_webhook_lease_t *lease);


/* one key each, so that a proxy in front of a cluster knows where it goes */

static ngx_str_t  ngx_http_webhook_settle_scripts[] = {
    ngx_null_string,
    ngx_string("if redis.call('get',KEYS[1])==ARGV[1] then "
               "return redis.call('del',KEYS[1]) end return 0"),
    ngx_string("if redis.call('get',KEYS[1])==ARGV[1] then "
               "redis.call('set',KEYS[1],'h','PX',ARGV[2]) return 1 end "
               "return 0")
};


/* The end of a lease; what is told of it holds for that many milliseconds. */

void
ngx_http_webhook_settle(ngx_http_webhook_lease_t *lease,
    ngx_http_webhook_settlement_e settlement, ngx_msec_t duration)
{
    ngx_http_webhook_link_t  *link;

    link = lease->redis->link;

    if (lease->state == NGX_HTTP_WEBHOOK_LEASE_MINE) {
        ngx_queue_remove(&lease->queue);
    }

    if (link->nsettling >= NGX_HTTP_WEBHOOK_SETTLE_MAX) {
        ngx_http_webhook_settle_lost(link, "more than "
                                     ngx_value(NGX_HTTP_WEBHOOK_SETTLE_MAX)
                                     " messages wait for it");
        ngx_http_webhook_settle_free(lease);
        return;
    }

    lease->state = NGX_HTTP_WEBHOOK_LEASE_SETTLING;
    lease->settlement = settlement;
    lease->end = ngx_current_msec + duration;
    lease->command.handler = ngx_http_webhook_settled;

    link->nsettling++;
    link->worker->pending = link->nsettling;
    link->timer.cancelable = 0;
    link->retry.cancelable = 0;

    ngx_queue_insert_tail(&link->settling, &lease->queue);

    ngx_http_webhook_settle_next(link);
}


/* Redis is told as fast as it acknowledges, and not all at once. */

void
ngx_http_webhook_settle_next(ngx_http_webhook_link_t *link)
{
    ngx_msec_int_t             left;
    ngx_http_webhook_lease_t  *lease;

    while (link->state == NGX_HTTP_WEBHOOK_LINK_UP
           && link->inflight < NGX_HTTP_WEBHOOK_SETTLE_INFLIGHT
           && !ngx_queue_empty(&link->settling))
    {
        lease = ngx_queue_data(ngx_queue_head(&link->settling),
                               ngx_http_webhook_lease_t, queue);

        ngx_queue_remove(&lease->queue);

        left = (ngx_msec_int_t) (lease->end - ngx_current_msec);

        if (left <= 0) {
            ngx_http_webhook_settle_end(lease);
            continue;
        }

        if (ngx_http_webhook_lease_key(lease) != NGX_OK) {
            ngx_http_webhook_settle_lost(link, "no memory for its key");
            ngx_http_webhook_settle_end(lease);
            continue;
        }

        link->inflight++;

        ngx_http_webhook_settle_send(lease, (ngx_msec_t) left);
    }
}


/* Redis will never be told of a message; said once. */

static void
ngx_http_webhook_settle_lost(ngx_http_webhook_link_t *link, const char *why)
{
    (void) ngx_atomic_fetch_add(&link->redis->sh->lost, 1);

    if (link->lost) {
        return;
    }

    link->lost = 1;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "webhook redis \"%V\" is not told of a message: %s; further "
                  "ones are only counted",
                  &link->redis->name, why);
}


static void
ngx_http_webhook_settle_send(ngx_http_webhook_lease_t *lease,
    ngx_msec_t left)
{
    u_char      buf[NGX_INT64_LEN];
    ngx_str_t   args[6], msec;
    ngx_uint_t  n;

    msec.data = buf;
    msec.len = ngx_sprintf(buf, "%M", left) - buf;

    if (lease->settlement == NGX_HTTP_WEBHOOK_LEASE_COMMIT) {
        ngx_str_set(&args[0], "SET");
        args[1] = lease->key;
        ngx_str_set(&args[2], "1");
        ngx_str_set(&args[3], "PX");
        args[4] = msec;
        n = 5;

    } else {
        ngx_str_set(&args[0], "EVAL");
        args[1] = ngx_http_webhook_settle_scripts[lease->settlement];
        ngx_str_set(&args[2], "1");
        args[3] = lease->key;
        args[4].data = lease->owner;
        args[4].len = NGX_HTTP_WEBHOOK_LEASE_OWNER;
        args[5] = msec;
        n = (lease->settlement == NGX_HTTP_WEBHOOK_LEASE_HOLD) ? 6 : 5;
    }

    ngx_http_webhook_link_send(lease->redis->link, &lease->command, args, n);
}


static ngx_int_t
ngx_http_webhook_settled(ngx_http_webhook_command_t *command,
    ngx_http_webhook_answer_t *answer)
{
    ngx_http_webhook_link_t   *link;
    ngx_http_webhook_lease_t  *lease;

    lease = command->data;
    link = lease->redis->link;

    if (answer
        && answer->type != (lease->settlement == NGX_HTTP_WEBHOOK_LEASE_COMMIT
                            ? NGX_HTTP_WEBHOOK_ANSWER_TEXT
                            : NGX_HTTP_WEBHOOK_ANSWER_NUMBER)
        && !ngx_http_webhook_redis_says(answer, "WRONGTYPE"))
    {
        return NGX_DECLINED;
    }

    command->sent = 0;
    link->inflight--;

    if (answer == NULL) {
        ngx_queue_insert_head(&link->settling, &lease->queue);
        return NGX_OK;
    }

    ngx_http_webhook_settle_end(lease);
    ngx_http_webhook_settle_next(link);

    return NGX_OK;
}


static void
ngx_http_webhook_settle_end(ngx_http_webhook_lease_t *lease)
{
    ngx_http_webhook_link_t  *link;

    link = lease->redis->link;

    link->nsettling--;
    link->worker->pending = link->nsettling;

    if (link->nsettling == 0) {
        link->lost = 0;
        link->retry.cancelable = 1;
    }

    ngx_http_webhook_settle_free(lease);
}


/* A renewal that is on its way still needs it. */

static void
ngx_http_webhook_settle_free(ngx_http_webhook_lease_t *lease)
{
    if (lease->renewal.sent) {
        lease->state = NGX_HTTP_WEBHOOK_LEASE_OTHER;
        return;
    }

    ngx_free(lease);
}


/* What has not been told yet is not told at all. */

void
ngx_http_webhook_settle_give_up(ngx_http_webhook_link_t *link)
{
    ngx_uint_t                 n;
    ngx_http_webhook_lease_t  *lease;

    n = link->nsettling;

    while (!ngx_queue_empty(&link->settling)) {

        lease = ngx_queue_data(ngx_queue_head(&link->settling),
                               ngx_http_webhook_lease_t, queue);

        ngx_queue_remove(&lease->queue);

        ngx_http_webhook_settle_end(lease);
    }

    if (n) {
        (void) ngx_atomic_fetch_add(&link->redis->sh->lost, n);

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "webhook redis \"%V\": a worker has ended before it "
                      "could be told of %ui message%s",
                      &link->redis->name, n, n == 1 ? "" : "s");
    }
}
