
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Leases: claims of messages that all hosts know of.  A lease outlives its
 * request: what has become of the message is told to Redis until it has
 * acknowledged that.
 *
 *                take           answer               commit, release, hold
 *   (none) -------------> ASKING ------> MINE ------------------+
 *                          |  |            |                    |
 *                          |  +--> OTHER   +-- renewal: 0 --> LOST
 *                          |                                    |
 *                          +--> DOUBTFUL (no answer came)       |
 *                                  |                            v
 *                                  +------------------------> SETTLING
 *
 * A lease that is not ours (OTHER), or of which Redis was never told (LOCAL),
 * just ends, but for a commit.  Redis is given durations only.
 */


#include "ngx_http_webhook_redis.h"

#include <openssl/rand.h>


#define NGX_HTTP_WEBHOOK_LEASE_TTL   (NGX_MAX_INT_T_VALUE / 2000)
                                                /* seconds at most: as many
                                                   milliseconds are a time */
#define NGX_HTTP_WEBHOOK_LEASE_EXIT  10000      /* ms for what there is to
                                                   tell at the end */


static ngx_int_t ngx_http_webhook_lease_link(ngx_http_webhook_redis_t *redis);
static ngx_http_webhook_lease_t *ngx_http_webhook_lease_create(
    ngx_http_webhook_redis_t *redis, u_char *digest);
static void ngx_http_webhook_lease_own(ngx_http_webhook_lease_t *lease);
static void ngx_http_webhook_lease_ask(ngx_http_webhook_lease_t *lease);
static ngx_http_webhook_answered_t  ngx_http_webhook_lease_asked;
static ngx_int_t ngx_http_webhook_lease_read(ngx_http_webhook_lease_t *lease,
    ngx_http_webhook_answer_t *answer);
static ngx_uint_t ngx_http_webhook_lease_is_owner(ngx_str_t *text);
static ngx_uint_t ngx_http_webhook_lease_is(
    ngx_http_webhook_answer_t *answer, const char *text);
static void ngx_http_webhook_lease_decide(ngx_http_webhook_lease_t *lease,
    ngx_int_t rc);
static ngx_int_t ngx_http_webhook_lease_without(
    ngx_http_webhook_redis_t *redis);
static void ngx_http_webhook_lease_keep(ngx_http_webhook_lease_t *lease);
static void ngx_http_webhook_lease_renew_handler(ngx_event_t *ev);
static void ngx_http_webhook_lease_renew(ngx_http_webhook_lease_t *lease);
static ngx_http_webhook_answered_t  ngx_http_webhook_lease_renewed;
static void ngx_http_webhook_lease_ready(ngx_http_webhook_link_t *link);
static void ngx_http_webhook_lease_down(ngx_http_webhook_link_t *link);
static ngx_uint_t ngx_http_webhook_lease_needed(ngx_http_webhook_link_t *link);


static ngx_str_t  ngx_http_webhook_lease_renewal =
    ngx_string("if redis.call('get',KEYS[1])==ARGV[1] then "
               "return redis.call('pexpire',KEYS[1],ARGV[2]) end return 0");


/* of this worker */

static u_char    ngx_http_webhook_lease_random[NGX_HTTP_WEBHOOK_LEASE_RANDOM];
static uint64_t  ngx_http_webhook_lease_serial;


/* A worker begins: it connects to the engines that are in use. */

ngx_int_t
ngx_http_webhook_redis_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                      i;
    ngx_http_webhook_redis_t      **engines;
    ngx_http_webhook_main_conf_t   *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_webhook_module);

    if (wmcf == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    engines = wmcf->engines.elts;

    for (i = 0; i < wmcf->engines.nelts; i++) {
        if (ngx_http_webhook_lease_link(engines[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_lease_link(ngx_http_webhook_redis_t *redis)
{
    ngx_http_webhook_link_t  *link;

    if (RAND_bytes(ngx_http_webhook_lease_random,
                   NGX_HTTP_WEBHOOK_LEASE_RANDOM)
        != 1)
    {
        ngx_ssl_error(NGX_LOG_EMERG, ngx_cycle->log, 0, "RAND_bytes() failed");
        return NGX_ERROR;
    }

    link = ngx_calloc(sizeof(ngx_http_webhook_link_t), ngx_cycle->log);
    if (link == NULL) {
        return NGX_ERROR;
    }

    link->redis = redis;
    link->ready = ngx_http_webhook_lease_ready;
    link->down = ngx_http_webhook_lease_down;
    link->needed = ngx_http_webhook_lease_needed;
    link->worker = ngx_http_webhook_redis_worker(redis);

    ngx_queue_init(&link->asking);
    ngx_queue_init(&link->renewals);
    ngx_queue_init(&link->settling);

    link->renew.handler = ngx_http_webhook_lease_renew_handler;
    link->renew.data = link;
    link->renew.log = ngx_cycle->log;
    link->renew.cancelable = 1;

    redis->link = link;

    ngx_http_webhook_link_init(link);

    return NGX_OK;
}


/* A worker ends; what it has still to tell Redis is lost. */

void
ngx_http_webhook_redis_exit(ngx_cycle_t *cycle)
{
    ngx_uint_t                      i;
    ngx_http_webhook_link_t        *link;
    ngx_http_webhook_redis_t      **engines;
    ngx_http_webhook_main_conf_t   *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_webhook_module);

    if (wmcf == NULL) {
        return;
    }

    engines = wmcf->engines.elts;

    for (i = 0; i < wmcf->engines.nelts; i++) {

        link = engines[i]->link;

        if (link == NULL) {
            continue;
        }

        ngx_http_webhook_link_done(link);
        ngx_http_webhook_settle_give_up(link);

        if (link->renew.timer_set) {
            ngx_del_timer(&link->renew);
        }

        engines[i]->link = NULL;
        ngx_free(link);
    }
}


/*
 * Asks for a message by its name.  NGX_AGAIN: the handler is called once, when
 * there is an answer, unless the lease has been ended before.  NGX_OK: there
 * is no engine, and the zone alone decides.  NGX_ERROR: the message is to be
 * refused.  With NGX_AGAIN and NGX_OK the caller owns a lease, and ends it
 * with one of commit, release and hold.
 */

ngx_int_t
ngx_http_webhook_lease_take(ngx_http_webhook_redis_t *redis, u_char *digest,
    void (*handler)(void *data), void *data, ngx_http_webhook_lease_t **result)
{
    ngx_http_webhook_link_t   *link;
    ngx_http_webhook_lease_t  *lease;

    link = redis->link;

    if (link->failed && redis->on_error == NGX_HTTP_WEBHOOK_REDIS_REFUSE) {
        return ngx_http_webhook_lease_without(redis);
    }

    lease = ngx_http_webhook_lease_create(redis, digest);
    if (lease == NULL) {
        return NGX_ERROR;
    }

    if (link->failed) {
        *result = lease;
        lease->state = NGX_HTTP_WEBHOOK_LEASE_LOCAL;
        return ngx_http_webhook_lease_without(redis);
    }

    if (ngx_http_webhook_lease_key(lease) != NGX_OK) {
        ngx_free(lease);
        return NGX_ERROR;
    }

    ngx_http_webhook_lease_own(lease);

    *result = lease;

    lease->handler = handler;
    lease->data = data;
    lease->begun = ngx_current_msec;

    if (link->state == NGX_HTTP_WEBHOOK_LINK_UP) {
        ngx_http_webhook_lease_ask(lease);

    } else {
        link->timer.cancelable = 0;
        ngx_queue_insert_tail(&link->asking, &lease->queue);
    }

    return NGX_AGAIN;
}


static ngx_http_webhook_lease_t *
ngx_http_webhook_lease_create(ngx_http_webhook_redis_t *redis, u_char *digest)
{
    ngx_http_webhook_lease_t  *lease;

    lease = ngx_alloc(sizeof(ngx_http_webhook_lease_t) + redis->prefix.len
                      + NGX_HTTP_WEBHOOK_LEASE_NAME, ngx_cycle->log);
    if (lease == NULL) {
        return NULL;
    }

    ngx_memzero(lease, sizeof(ngx_http_webhook_lease_t));

    lease->redis = redis;
    lease->key.data = (u_char *) lease + sizeof(ngx_http_webhook_lease_t);
    lease->command.data = lease;
    lease->renewal.data = lease;
    lease->renewal.handler = ngx_http_webhook_lease_renewed;

    ngx_memcpy(lease->digest, digest, WH_NAME_SIZE);

    return lease;
}


/* Of all claims of all workers this one has that owner. */

static void
ngx_http_webhook_lease_own(ngx_http_webhook_lease_t *lease)
{
    u_char  *p;

    p = lease->owner;
    *p++ = 'o';
    p = ngx_hex_dump(p, ngx_http_webhook_lease_random,
                     NGX_HTTP_WEBHOOK_LEASE_RANDOM);

    (void) ngx_sprintf(p, "%016xL", (int64_t) ++ngx_http_webhook_lease_serial);
}


static void
ngx_http_webhook_lease_ask(ngx_http_webhook_lease_t *lease)
{
    ngx_str_t  args[7];

    ngx_str_set(&args[0], "SET");
    args[1] = lease->key;
    args[2].data = lease->owner;
    args[2].len = NGX_HTTP_WEBHOOK_LEASE_OWNER;
    ngx_str_set(&args[3], "NX");
    ngx_str_set(&args[4], "GET");
    ngx_str_set(&args[5], "PX");
    args[6] = lease->redis->lease_text;

    lease->command.handler = ngx_http_webhook_lease_asked;

    ngx_http_webhook_link_send(lease->redis->link, &lease->command, args, 7);
}


static ngx_int_t
ngx_http_webhook_lease_asked(ngx_http_webhook_command_t *command,
    ngx_http_webhook_answer_t *answer)
{
    ngx_int_t                  rc;
    ngx_http_webhook_lease_t  *lease;

    lease = command->data;

    if (answer == NULL) {
        command->sent = 0;
        lease->state = NGX_HTTP_WEBHOOK_LEASE_DOUBTFUL;
        ngx_http_webhook_lease_decide(lease, NGX_ERROR);
        return NGX_OK;
    }

    rc = ngx_http_webhook_lease_read(lease, answer);

    if (rc == NGX_ABORT) {
        return NGX_DECLINED;
    }

    command->sent = 0;

    if (rc == NGX_OK) {
        lease->state = NGX_HTTP_WEBHOOK_LEASE_MINE;
        ngx_http_webhook_lease_keep(lease);

    } else {
        lease->state = NGX_HTTP_WEBHOOK_LEASE_OTHER;
    }

    ngx_http_webhook_lease_decide(lease, rc);

    return NGX_OK;
}


/*
 * NGX_OK: the message is ours.  NGX_DONE: it is known.  NGX_BUSY: somebody has
 * it.  NGX_ERROR: what is under its key is not of this module.  NGX_ABORT: the
 * answer is none.
 */

static ngx_int_t
ngx_http_webhook_lease_read(ngx_http_webhook_lease_t *lease,
    ngx_http_webhook_answer_t *answer)
{
    if (answer->type == NGX_HTTP_WEBHOOK_ANSWER_NIL) {
        return NGX_OK;
    }

    if (answer->type == NGX_HTTP_WEBHOOK_ANSWER_TEXT) {

        if (answer->text.len == NGX_HTTP_WEBHOOK_LEASE_OWNER
            && ngx_memcmp(answer->text.data, lease->owner,
                          NGX_HTTP_WEBHOOK_LEASE_OWNER)
               == 0)
        {
            return NGX_OK;
        }

        if (ngx_http_webhook_lease_is(answer, "1")) {
            return NGX_DONE;
        }

        if (ngx_http_webhook_lease_is(answer, "h")
            || ngx_http_webhook_lease_is_owner(&answer->text))
        {
            return NGX_BUSY;
        }

    } else if (!ngx_http_webhook_redis_says(answer, "WRONGTYPE")) {
        return NGX_ABORT;
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "webhook redis \"%V\" has a value of somebody else under "
                  "\"%V\", give the module another \"prefix=\"",
                  &lease->redis->name, &lease->key);

    return NGX_ERROR;
}


static ngx_uint_t
ngx_http_webhook_lease_is(ngx_http_webhook_answer_t *answer, const char *text)
{
    return answer->text.len == 1 && answer->text.data[0] == (u_char) *text;
}


static ngx_uint_t
ngx_http_webhook_lease_is_owner(ngx_str_t *text)
{
    size_t  i;
    u_char  c;

    if (text->len != NGX_HTTP_WEBHOOK_LEASE_OWNER || text->data[0] != 'o') {
        return 0;
    }

    for (i = 1; i < text->len; i++) {

        c = text->data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return 0;
        }
    }

    return 1;
}


/* The request learns what has come out, if it is still there. */

static void
ngx_http_webhook_lease_decide(ngx_http_webhook_lease_t *lease, ngx_int_t rc)
{
    void                           (*handler)(void *data);
    ngx_http_webhook_redis_result_e  result;

    handler = lease->handler;
    lease->handler = NULL;

    if (handler == NULL) {
        ngx_http_webhook_lease_release(lease);
        return;
    }

    if (rc == NGX_ERROR) {
        rc = ngx_http_webhook_lease_without(lease->redis);

    } else {
        result = (rc == NGX_OK) ? NGX_HTTP_WEBHOOK_REDIS_CLAIMED
                 : (rc == NGX_DONE) ? NGX_HTTP_WEBHOOK_REDIS_TAKEN
                                    : NGX_HTTP_WEBHOOK_REDIS_BUSY;

        ngx_http_webhook_redis_count(lease->redis, result,
                                     ngx_current_msec - lease->begun);
    }

    lease->answer = rc;
    handler(lease->data);
}


/* What there is to say without an engine. */

static ngx_int_t
ngx_http_webhook_lease_without(ngx_http_webhook_redis_t *redis)
{
    if (redis->on_error == NGX_HTTP_WEBHOOK_REDIS_LOCAL) {
        ngx_http_webhook_redis_count(redis, NGX_HTTP_WEBHOOK_REDIS_DECIDED, 0);
        return NGX_OK;
    }

    ngx_http_webhook_redis_count(redis, NGX_HTTP_WEBHOOK_REDIS_REFUSED, 0);

    return NGX_ERROR;
}


/* A lease is renewed three times before it is over. */

static void
ngx_http_webhook_lease_keep(ngx_http_webhook_lease_t *lease)
{
    ngx_http_webhook_link_t  *link;

    link = lease->redis->link;

    lease->renew = ngx_current_msec + lease->redis->lease / 3;

    ngx_queue_insert_tail(&link->renewals, &lease->queue);

    if (!link->renew.timer_set) {
        ngx_add_timer(&link->renew, lease->redis->lease / 3);
    }
}


static void
ngx_http_webhook_lease_renew_handler(ngx_event_t *ev)
{
    ngx_msec_int_t             left;
    ngx_http_webhook_link_t   *link;
    ngx_http_webhook_lease_t  *lease;

    link = ev->data;

    while (!ngx_queue_empty(&link->renewals)) {

        lease = ngx_queue_data(ngx_queue_head(&link->renewals),
                               ngx_http_webhook_lease_t, queue);

        left = (ngx_msec_int_t) (lease->renew - ngx_current_msec);

        if (left > 0) {
            ngx_add_timer(ev, (ngx_msec_t) left);
            return;
        }

        ngx_http_webhook_lease_renew(lease);
    }
}


static void
ngx_http_webhook_lease_renew(ngx_http_webhook_lease_t *lease)
{
    ngx_str_t                 args[6];
    ngx_http_webhook_link_t  *link;

    link = lease->redis->link;

    ngx_queue_remove(&lease->queue);
    ngx_queue_insert_tail(&link->renewals, &lease->queue);

    lease->renew = ngx_current_msec + lease->redis->lease / 3;

    if (link->state != NGX_HTTP_WEBHOOK_LINK_UP || lease->renewal.sent) {
        return;
    }

    ngx_str_set(&args[0], "EVAL");
    args[1] = ngx_http_webhook_lease_renewal;
    ngx_str_set(&args[2], "1");
    args[3] = lease->key;
    args[4].data = lease->owner;
    args[4].len = NGX_HTTP_WEBHOOK_LEASE_OWNER;
    args[5] = lease->redis->lease_text;

    ngx_http_webhook_link_send(link, &lease->renewal, args, 6);
}


/* A lease that is lost may be another host's by now. */

static ngx_int_t
ngx_http_webhook_lease_renewed(ngx_http_webhook_command_t *command,
    ngx_http_webhook_answer_t *answer)
{
    ngx_http_webhook_lease_t  *lease;

    lease = command->data;

    if (answer
        && answer->type != NGX_HTTP_WEBHOOK_ANSWER_NUMBER
        && !ngx_http_webhook_redis_says(answer, "WRONGTYPE"))
    {
        return NGX_DECLINED;
    }

    command->sent = 0;

    /* it has ended meanwhile, and is left to us */

    if (lease->state == NGX_HTTP_WEBHOOK_LEASE_OTHER) {
        ngx_free(lease);
        return NGX_OK;
    }

    if (answer == NULL
        || (answer->type == NGX_HTTP_WEBHOOK_ANSWER_NUMBER && answer->number)
        || lease->state != NGX_HTTP_WEBHOOK_LEASE_MINE)
    {
        return NGX_OK;
    }

    ngx_queue_remove(&lease->queue);
    lease->state = NGX_HTTP_WEBHOOK_LEASE_LOST;

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "webhook redis \"%V\": a message in work was given away, "
                  "its lease of %M ms was over or Redis has lost it",
                  &lease->redis->name, lease->redis->lease);

    return NGX_OK;
}


/* The application has taken the message, and nobody gets it for that time. */

void
ngx_http_webhook_lease_commit(ngx_http_webhook_lease_t *lease, time_t ttl)
{
    /* what is under its key is somebody else's */

    if (lease->state == NGX_HTTP_WEBHOOK_LEASE_OTHER) {
        ngx_free(lease);
        return;
    }

    ngx_http_webhook_settle(lease, NGX_HTTP_WEBHOOK_LEASE_COMMIT,
                            (ngx_msec_t) ngx_min(ttl,
                                             NGX_HTTP_WEBHOOK_LEASE_TTL)
                            * 1000);
}


/*
 * It has not: the message is as if it had never come.  This also ends a lease
 * that is still asked for.
 */

void
ngx_http_webhook_lease_release(ngx_http_webhook_lease_t *lease)
{
    switch (lease->state) {

    case NGX_HTTP_WEBHOOK_LEASE_ASKING:

        lease->handler = NULL;

        if (lease->command.sent) {
            return;
        }

        ngx_queue_remove(&lease->queue);
        ngx_free(lease);

        return;

    case NGX_HTTP_WEBHOOK_LEASE_MINE:
    case NGX_HTTP_WEBHOOK_LEASE_DOUBTFUL:

        ngx_http_webhook_settle(lease, NGX_HTTP_WEBHOOK_LEASE_RELEASE,
                                lease->redis->lease);
        return;

    default:
        ngx_free(lease);
    }
}


/* Nobody knows whether it has; the time is in seconds. */

void
ngx_http_webhook_lease_hold(ngx_http_webhook_lease_t *lease, time_t hold)
{
    if (lease->state != NGX_HTTP_WEBHOOK_LEASE_MINE
        && lease->state != NGX_HTTP_WEBHOOK_LEASE_DOUBTFUL)
    {
        ngx_http_webhook_lease_release(lease);
        return;
    }

    ngx_http_webhook_settle(lease, NGX_HTTP_WEBHOOK_LEASE_HOLD,
                            (ngx_msec_t) hold * 1000);
}


static void
ngx_http_webhook_lease_ready(ngx_http_webhook_link_t *link)
{
    ngx_http_webhook_lease_t  *lease;

    while (!ngx_queue_empty(&link->asking)) {

        lease = ngx_queue_data(ngx_queue_head(&link->asking),
                               ngx_http_webhook_lease_t, queue);

        ngx_queue_remove(&lease->queue);
        ngx_http_webhook_lease_ask(lease);
    }

    ngx_http_webhook_settle_next(link);
}


/* There is none, and nobody waits for one. */

static void
ngx_http_webhook_lease_down(ngx_http_webhook_link_t *link)
{
    ngx_http_webhook_lease_t  *lease;

    while (!ngx_queue_empty(&link->asking)) {

        lease = ngx_queue_data(ngx_queue_head(&link->asking),
                               ngx_http_webhook_lease_t, queue);

        ngx_queue_remove(&lease->queue);

        lease->state = NGX_HTTP_WEBHOOK_LEASE_LOCAL;
        ngx_http_webhook_lease_decide(lease, NGX_ERROR);
    }

    if (ngx_exiting && link->nsettling) {

        if (link->give_up == 0) {
            link->give_up = ngx_current_msec + NGX_HTTP_WEBHOOK_LEASE_EXIT;

        } else if ((ngx_msec_int_t) (ngx_current_msec - link->give_up) >= 0) {
            ngx_http_webhook_settle_give_up(link);
        }
    }
}


/* Whether a worker that is to end has to wait for the connection. */

static ngx_uint_t
ngx_http_webhook_lease_needed(ngx_http_webhook_link_t *link)
{
    return link->nsettling || !ngx_queue_empty(&link->asking);
}
