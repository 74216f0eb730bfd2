
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The end of a request: it is counted, and written among the last ones.
 */


#include "ngx_http_webhook_request.h"


/* refusals of a minute, from which on the error log sums them up */

#define NGX_HTTP_WEBHOOK_SUMMARY  20


static void ngx_http_webhook_not_verified(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static ngx_uint_t ngx_http_webhook_final_status(ngx_http_request_t *r);
static void ngx_http_webhook_count(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_stats_entry_t *entry);
static void ngx_http_webhook_last(ngx_http_webhook_record_t *record,
    ngx_http_webhook_verdict_e verdict, ngx_http_webhook_reason_e reason);
static void ngx_http_webhook_pause(ngx_http_webhook_record_t *record,
    time_t before, time_t now);
static ngx_uint_t ngx_http_webhook_upstream_status(ngx_http_request_t *r);
static off_t ngx_http_webhook_counted_size(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static void ngx_http_webhook_minute(ngx_http_request_t *r,
    ngx_http_webhook_record_t *record);
static void ngx_http_webhook_summary(ngx_http_request_t *r,
    ngx_http_webhook_record_t *record);
static void ngx_http_webhook_delivery(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_stats_entry_t *entry,
    ngx_uint_t upstream);
static ngx_uint_t ngx_http_webhook_delivery_lock(
    ngx_http_webhook_delivery_t *delivery);


/* The end of a request that has a gate, or may have met one. */

void
ngx_http_webhook_end_request(ngx_http_request_t *r)
{
    ngx_http_webhook_ctx_t       *ctx;
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    ctx = ngx_http_webhook_get_ctx(r);

    /* no phase has seen what is too large for the location */

    if (ctx == NULL && wlcf->gate && r->valid_location) {
        ctx = ngx_http_webhook_start_ctx(r, NULL, wlcf);
    }

    if (ctx) {
        ngx_http_webhook_count_request(r, ctx);
    }
}


/*
 * A request is done with a gate, because it ends or because it goes on to
 * another gate: now its verdict is counted, for each location once.
 */

void
ngx_http_webhook_count_request(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_counted_t      *counted;
    ngx_http_webhook_stats_entry_t  *entry;

    if (ctx->state == NGX_HTTP_WEBHOOK_START) {
        ngx_http_webhook_not_verified(r, ctx);

    } else if (ctx->state != NGX_HTTP_WEBHOOK_DONE) {
        ngx_http_webhook_unreadable(ctx, ngx_http_webhook_final_status(r));
    }

    for (entry = ctx->stats_entries;
         entry && entry->gate != ctx->gate;
         entry = entry->next)
    {
        /* void */
    }

    if (entry == NULL || entry->record == NULL) {
        return;
    }

    for (counted = ctx->counted; counted; counted = counted->next) {
        if (counted->record == entry->record) {
            return;
        }
    }

    counted = ngx_palloc(r->pool, sizeof(ngx_http_webhook_counted_t));

    if (counted) {
        counted->record = entry->record;
        counted->next = ctx->counted;
        ctx->counted = counted;
    }

    ngx_http_webhook_count(r, ctx, entry);
}


/* The request ends, and another module has answered it before we could. */

static void
ngx_http_webhook_not_verified(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_http_webhook_finish(ctx, NGX_HTTP_WEBHOOK_NONE);

    ngx_log_error(ctx->wlcf->log_level, r->connection->log, 0,
                  "webhook %V: not verified, status %ui, location: \"%V\"",
                  &ctx->wlcf->names, ngx_http_webhook_final_status(r),
                  &clcf->name);
}


static ngx_uint_t
ngx_http_webhook_final_status(ngx_http_request_t *r)
{
    return r->err_status ? r->err_status : r->headers_out.status;
}


static void
ngx_http_webhook_count(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_stats_entry_t *entry)
{
    ngx_uint_t                  i, upstream;
    ngx_http_webhook_record_t  *record;

    record = entry->record;
    upstream = 0;

    ngx_http_webhook_minute(r, record);

    switch (ctx->verdict) {

    case NGX_HTTP_WEBHOOK_REJECTED:
        (void) ngx_atomic_fetch_add(&record->rejected[ctx->reason], 1);
        break;

    case NGX_HTTP_WEBHOOK_WOULD_REJECT:
        (void) ngx_atomic_fetch_add(&record->would_reject[ctx->reason], 1);

        /* fall through */

    case NGX_HTTP_WEBHOOK_ACCEPTED:
        upstream = ngx_http_webhook_upstream_status(r);
        (void) ngx_atomic_fetch_add(&record->upstream[upstream / 100], 1);

        if (ctx->secret) {
            i = ngx_http_webhook_secret_number(ctx);
            i = ngx_min(i, NGX_HTTP_WEBHOOK_SECRETS) - 1;
            (void) ngx_atomic_fetch_add(&record->secrets[i], 1);
        }

        break;

    case NGX_HTTP_WEBHOOK_DUPLICATED:

        /* by its headers anybody could send it who knows the key */

        (void) ngx_atomic_fetch_add(&record->duplicates[ctx->sender], 1);
        break;

    default:
        break;
    }

    ngx_http_webhook_sum_add(&record->bytes,
                             ngx_http_webhook_counted_size(r, ctx));
    ngx_http_webhook_sum_add(&record->ns, ctx->spent);

    for (i = 0; i < NGX_HTTP_WEBHOOK_BUCKETS - 1; i++) {
        if (ctx->spent <= ngx_http_webhook_buckets[i].ns) {
            break;
        }
    }

    (void) ngx_atomic_fetch_add(&record->buckets[i], 1);

    ngx_http_webhook_last(record, ctx->verdict, ctx->reason);
    ngx_http_webhook_delivery(r, ctx, entry, upstream);

    /* the verdict comes last: who sees it sees the rest as well */

    (void) ngx_atomic_fetch_add(&record->verdicts[ctx->verdict], 1);
}


static void
ngx_http_webhook_last(ngx_http_webhook_record_t *record,
    ngx_http_webhook_verdict_e verdict, ngx_http_webhook_reason_e reason)
{
    time_t             now;
    ngx_atomic_uint_t  before;

    now = ngx_time();

    if (reason) {
        record->reason_last[reason] = (uint32_t) now;
    }

    before = record->last[verdict];

    /* one worker a second goes on, also where many requests come */

    if (before == (ngx_atomic_uint_t) now
        || !ngx_atomic_cmp_set(&record->last[verdict], before, now))
    {
        return;
    }

    if (verdict == NGX_HTTP_WEBHOOK_ACCEPTED && before) {
        ngx_http_webhook_pause(record, before, now);
    }
}


/* A clock that was set back tells nothing. */

static void
ngx_http_webhook_pause(ngx_http_webhook_record_t *record, time_t before,
    time_t now)
{
    uint32_t  period, pause;

    if (now < before) {
        return;
    }

    period = (uint32_t) (now / NGX_HTTP_WEBHOOK_PERIOD);
    pause = (uint32_t) (now - before);

    if (record->period != period) {
        record->pauses[1] = (record->period + 1 == period) ? record->pauses[0]
                                                           : 0;
        record->pauses[0] = 0;
        record->period = period;
    }

    record->pauses[0] = ngx_max(record->pauses[0], pause);
}


/* What the application answered, from 100 to 599, or 0. */

static ngx_uint_t
ngx_http_webhook_upstream_status(ngx_http_request_t *r)
{
    ngx_uint_t                  status;
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states && r->upstream_states->nelts) {
        state = r->upstream_states->elts;
        status = state[r->upstream_states->nelts - 1].status;

    } else {
        status = r->headers_out.status;
    }

    if (status < 100
        || status > 599
        || status == NGX_HTTP_CLIENT_CLOSED_REQUEST)
    {
        return 0;
    }

    return status;
}


/* The length of a body that is refused before it is read is not known. */

static off_t
ngx_http_webhook_counted_size(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->hashed
        || ctx->verdict == NGX_HTTP_WEBHOOK_REJECTED
        || r->headers_in.content_length_n < 0)
    {
        return ctx->hashed;
    }

    return r->headers_in.content_length_n;
}


/* The first request of a minute closes the one before. */

static void
ngx_http_webhook_minute(ngx_http_request_t *r,
    ngx_http_webhook_record_t *record)
{
    ngx_uint_t                  i;
    ngx_atomic_uint_t           now, before;
    ngx_http_webhook_minute_t  *minute;

    now = ngx_time() / 60;
    before = record->minute;

    /* the clock of another worker may be ahead by a moment */

    if (now == before || now + 1 == before) {
        return;
    }

    if (!ngx_atomic_cmp_set(&record->minute, before, now)) {
        return;
    }

    ngx_http_webhook_summary(r, record);

    record->begun.minute = now;
    record->begun.failed = record->upstream[NGX_HTTP_WEBHOOK_FAILED];

    for (i = 0; i < NGX_HTTP_WEBHOOK_VERDICTS; i++) {
        record->begun.verdicts[i] = record->verdicts[i];
    }

    for (i = 0; i < NGX_HTTP_WEBHOOK_REASONS; i++) {
        record->reasons[i] = record->rejected[i];
    }

    if (record->minutes == NULL) {
        return;
    }

    /* the clock was set back: minutes to come would begin with too little */

    if (now < before) {
        ngx_memzero(record->minutes, NGX_HTTP_WEBHOOK_MINUTES
                                     * sizeof(ngx_http_webhook_minute_t));
    }

    minute = &record->minutes[now % NGX_HTTP_WEBHOOK_MINUTES];

    minute->minute = 0;
    ngx_memory_barrier();
    minute->failed = record->begun.failed;
    ngx_memcpy(minute->verdicts, record->begun.verdicts,
               sizeof(minute->verdicts));
    ngx_memory_barrier();
    minute->minute = now;
}


/*
 * Says so when more was refused than accepted in the minute that is over, and
 * when that is more than what a few strangers send.
 */

static void
ngx_http_webhook_summary(ngx_http_request_t *r,
    ngx_http_webhook_record_t *record)
{
    uint32_t                   n, most, accepted, refused;
    ngx_tm_t                   tm;
    ngx_uint_t                 i, reason;
    ngx_http_core_loc_conf_t  *clcf;

    accepted = (uint32_t) record->verdicts[NGX_HTTP_WEBHOOK_ACCEPTED]
               - record->begun.verdicts[NGX_HTTP_WEBHOOK_ACCEPTED];
    refused = (uint32_t) record->verdicts[NGX_HTTP_WEBHOOK_REJECTED]
              - record->begun.verdicts[NGX_HTTP_WEBHOOK_REJECTED];

    if (refused < NGX_HTTP_WEBHOOK_SUMMARY || refused <= accepted) {
        return;
    }

    reason = 0;
    most = 0;

    for (i = 0; i < NGX_HTTP_WEBHOOK_REASONS; i++) {

        n = (uint32_t) record->rejected[i] - record->reasons[i];

        if (n > most) {
            most = n;
            reason = i;
        }
    }

    ngx_localtime((time_t) record->begun.minute * 60, &tm);

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    /* this is not about the request, so it is not logged with its client */

    ngx_log_error(NGX_LOG_WARN, clcf->error_log, 0,
                  "webhook %V: %uD refused and %uD accepted in the minute "
                  "from %4d/%02d/%02d %02d:%02d, most of them for %V (%uD), "
                  "server: \"%V\", location: \"%V\"",
                  &record->provider, refused, accepted,
                  tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                  tm.ngx_tm_hour, tm.ngx_tm_min,
                  ngx_http_webhook_reason_name(reason), most,
                  &record->server, &record->location);
}


/*
 * Writes the request among the last ones.  Two workers have the same record
 * only when one was stopped while it wrote, for a hundred requests; then the
 * later one is left out.
 */

static void
ngx_http_webhook_delivery(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_stats_entry_t *entry, ngx_uint_t upstream)
{
    ngx_time_t                   *tp;
    ngx_atomic_uint_t             n;
    ngx_http_webhook_text_t       id, event;
    ngx_http_webhook_stats_t     *stats;
    ngx_http_webhook_delivery_t  *delivery;

    ngx_http_webhook_shown(r, ctx, &id, &event);

    stats = entry->zone->sh->stats;

    n = ngx_atomic_fetch_add(&stats->sequence, 1);
    delivery = &stats->deliveries[n % stats->ndeliveries];

    if (!ngx_http_webhook_delivery_lock(delivery)) {
        return;
    }

    delivery->sequence = 2 * n + 1;
    ngx_memory_barrier();

    tp = ngx_timeofday();

    delivery->record = entry->record;
    delivery->sec = tp->sec;
    delivery->msec = tp->msec;
    delivery->duration = ngx_max((ngx_msec_int_t)
                                 ((tp->sec - r->start_sec) * 1000
                                  + (tp->msec - r->start_msec)), 0);
    delivery->size = ngx_http_webhook_counted_size(r, ctx);
    delivery->upstream = upstream;
    delivery->status = ngx_http_webhook_final_status(r);
    delivery->secret = ngx_http_webhook_secret_number(ctx);
    delivery->version = r->http_version;
    delivery->connection = r->connection->number;
    delivery->verdict = ctx->verdict;
    delivery->reason = ctx->reason;

    delivery->id = id;
    delivery->event = event;

    ngx_memory_barrier();
    delivery->sequence = 2 * n + 2;
    ngx_memory_barrier();
    delivery->writer = 0;
}


/* A worker that was killed while it wrote does not keep the record. */

static ngx_uint_t
ngx_http_webhook_delivery_lock(ngx_http_webhook_delivery_t *delivery)
{
    ngx_atomic_uint_t  writer;

    writer = delivery->writer;

    if (writer
        && writer != (ngx_atomic_uint_t) ngx_pid
        && (kill((ngx_pid_t) writer, 0) == 0 || ngx_errno != NGX_ESRCH))
    {
        return 0;
    }

    return ngx_atomic_cmp_set(&delivery->writer, writer, ngx_pid);
}
