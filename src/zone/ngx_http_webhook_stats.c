
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Counting: what became of the requests of each location and provider, in
 * memory that all workers share, without a lock while requests are served.
 */


#include "ngx_http_webhook_zone.h"


static ngx_int_t ngx_http_webhook_stats_create(ngx_http_webhook_zone_t *zone);
static ngx_http_webhook_record_t *ngx_http_webhook_record_get(
    ngx_http_webhook_zone_t *zone, ngx_http_webhook_stats_entry_t *entry);
static ngx_http_webhook_record_t *ngx_http_webhook_record_create(
    ngx_http_webhook_zone_t *zone, ngx_http_webhook_stats_entry_t *entry);
static u_char *ngx_http_webhook_stats_copy(u_char *p, ngx_str_t *dst,
    ngx_str_t *src);
static void *ngx_http_webhook_stats_alloc(ngx_http_webhook_zone_t *zone,
    size_t *left, size_t size);
static ngx_str_t *ngx_http_webhook_class_name(ngx_uint_t i);
static ngx_str_t *ngx_http_webhook_secret_name(ngx_uint_t i);
static ngx_str_t *ngx_http_webhook_found_name(ngx_uint_t i);


ngx_http_webhook_bucket_t  ngx_http_webhook_buckets[] = {
    { 10000, ngx_string("0.00001") },
    { 25000, ngx_string("0.000025") },
    { 50000, ngx_string("0.00005") },
    { 100000, ngx_string("0.0001") },
    { 250000, ngx_string("0.00025") },
    { 500000, ngx_string("0.0005") },
    { 1000000, ngx_string("0.001") },
    { 2500000, ngx_string("0.0025") },
    { 5000000, ngx_string("0.005") },
    { 10000000, ngx_string("0.01") },
    { 25000000, ngx_string("0.025") },
    { 50000000, ngx_string("0.05") },
    { 100000000, ngx_string("0.1") },
    { 250000000, ngx_string("0.25") },
    { 500000000, ngx_string("0.5") },
    { 1000000000, ngx_string("1") },
    { (uint64_t) -1, ngx_string("+Inf") }
};

ngx_http_webhook_table_size(ngx_http_webhook_buckets,
    NGX_HTTP_WEBHOOK_BUCKETS);


static ngx_str_t  ngx_http_webhook_status_classes[] = {
    ngx_string("none"),
    ngx_string("1xx"),
    ngx_string("2xx"),
    ngx_string("3xx"),
    ngx_string("4xx"),
    ngx_string("5xx")
};

ngx_http_webhook_table_size(ngx_http_webhook_status_classes,
    NGX_HTTP_WEBHOOK_CLASSES);


static ngx_str_t  ngx_http_webhook_secrets[] = {
    ngx_string("1"),
    ngx_string("2"),
    ngx_string("3"),
    ngx_string("4"),
    ngx_string("5"),
    ngx_string("6"),
    ngx_string("7"),
    ngx_string("8"),
    ngx_string("more")
};

ngx_http_webhook_table_size(ngx_http_webhook_secrets,
    NGX_HTTP_WEBHOOK_SECRETS);


static ngx_str_t  ngx_http_webhook_found[] = {
    ngx_string("headers"),
    ngx_string("verified")
};

ngx_http_webhook_table_size(ngx_http_webhook_found, NGX_HTTP_WEBHOOK_FOUND);


ngx_http_webhook_family_t  ngx_http_webhook_families[] = {

    { "requests", "nginx_webhook_requests_total",
      "Requests by what became of them.", "verdict",
      offsetof(ngx_http_webhook_record_t, verdicts),
      NGX_HTTP_WEBHOOK_VERDICTS, ngx_http_webhook_verdict_name, 1 },

    { "rejected", "nginx_webhook_rejections_total",
      "Requests refused, by reason.", "reason",
      offsetof(ngx_http_webhook_record_t, rejected),
      NGX_HTTP_WEBHOOK_REASONS, ngx_http_webhook_reason_name, 0 },

    { "would_reject", "nginx_webhook_would_reject_total",
      "Requests of a trial run that would be refused, by reason.", "reason",
      offsetof(ngx_http_webhook_record_t, would_reject),
      NGX_HTTP_WEBHOOK_REASONS, ngx_http_webhook_reason_name, 0 },

    { "upstream", "nginx_webhook_upstream_responses_total",
      "Answers to the requests that were let through, by class of status.",
      "status",
      offsetof(ngx_http_webhook_record_t, upstream),
      NGX_HTTP_WEBHOOK_CLASSES, ngx_http_webhook_class_name, 1 },

    { "secrets", "nginx_webhook_secret_matches_total",
      "Requests let through, by the number of the secret that matched.",
      "secret",
      offsetof(ngx_http_webhook_record_t, secrets),
      NGX_HTTP_WEBHOOK_SECRETS, ngx_http_webhook_secret_name, 0 },

    { "duplicates", "nginx_webhook_duplicates_total",
      "Duplicates, known by their headers or after the verification.",
      "found",
      offsetof(ngx_http_webhook_record_t, duplicates),
      NGX_HTTP_WEBHOOK_FOUND, ngx_http_webhook_found_name, 0 },

    { NULL, NULL, NULL, NULL, 0, 0, NULL, 0 }
};


/* The configuration has been read: where is each location counted? */

void
ngx_http_webhook_stats_init(ngx_http_webhook_main_conf_t *wmcf)
{
    ngx_uint_t                        i;
    ngx_http_webhook_zone_t         **zone;
    ngx_http_webhook_stats_entry_t  **entry;

    zone = wmcf->zones.elts;
    entry = wmcf->stats_entries.elts;

    for (i = 0; i < wmcf->stats_entries.nelts; i++) {

        if (entry[i]->wlcf->replay) {
            entry[i]->zone = entry[i]->wlcf->replay->zone;

        } else if (wmcf->zones.nelts) {
            entry[i]->zone = zone[0];
        }

        /* requests look at nothing more than this */

        if (entry[i]->zone == NULL) {
            entry[i]->wlcf->stats_entries = NULL;
        }
    }
}


/*
 * Finds or makes the records of a zone.  An error ends the start of nginx, but
 * not a reload: by then the memory may have been given to something else.
 */

ngx_int_t
ngx_http_webhook_stats_zone(ngx_http_webhook_zone_t *zone, ngx_uint_t reload)
{
    ngx_uint_t                        i, k, level, missing;
    ngx_http_webhook_stats_entry_t  **entry;

    entry = zone->stats_entries->elts;
    missing = 0;

    for (i = 0; i < zone->stats_entries->nelts; i++) {

        if (entry[i]->zone != zone) {
            continue;
        }

        if (zone->sh->stats == NULL
            && ngx_http_webhook_stats_create(zone) != NGX_OK)
        {
            missing++;
            continue;
        }

        entry[i]->record = ngx_http_webhook_record_get(zone, entry[i]);

        if (entry[i]->record == NULL) {
            missing++;
            continue;
        }

        for (k = 0; k < i && entry[k]->record != entry[i]->record; k++) {
            /* void */
        }

        entry[i]->first = (k == i);
    }

    if (missing == 0) {
        return NGX_OK;
    }

    level = reload ? NGX_LOG_WARN : NGX_LOG_EMERG;

    ngx_log_error(level, zone->shm_zone->shm.log, 0,
                  "webhook_zone \"%V\" has no room for the counters of %ui "
                  "location%s, make it larger by %uik%s",
                  &zone->shm_zone->shm.name, missing, missing == 1 ? "" : "s",
                  missing * 8,
                  reload ? "; until then they are not counted" : "");

    return reload ? NGX_OK : NGX_ERROR;
}


/* The rest of the zone, a half at least, is for the messages seen. */

static ngx_int_t
ngx_http_webhook_stats_create(ngx_http_webhook_zone_t *zone)
{
    size_t                     size;
    ngx_uint_t                 n;
    ngx_http_webhook_stats_t  *stats;

    size = zone->shm_zone->shm.size / 8;

    n = (size - sizeof(ngx_http_webhook_stats_t))
        / sizeof(ngx_http_webhook_delivery_t);
    n = ngx_min(n, NGX_HTTP_WEBHOOK_DELIVERIES);

    stats = ngx_slab_calloc(zone->shpool,
                            sizeof(ngx_http_webhook_stats_t)
                            + n * sizeof(ngx_http_webhook_delivery_t));
    if (stats == NULL) {
        return NGX_ERROR;
    }

    stats->since = ngx_time();
    stats->deliveries = (ngx_http_webhook_delivery_t *) &stats[1];
    stats->ndeliveries = n;
    stats->minutes_left = size;
    stats->records_left = 2 * size;

    zone->sh->stats = stats;

    return NGX_OK;
}


/* Locations that have the same names have the same record. */

static ngx_http_webhook_record_t *
ngx_http_webhook_record_get(ngx_http_webhook_zone_t *zone,
    ngx_http_webhook_stats_entry_t *entry)
{
    ngx_http_webhook_record_t  *record;

    for (record = zone->sh->stats->records; record; record = record->next) {

        if (ngx_http_webhook_str_equal(&record->location, &entry->clcf->name)
            && ngx_http_webhook_str_equal(&record->server,
                                          &entry->cscf->server_name)
            && ngx_http_webhook_str_equal(&record->provider,
                                          &entry->gate->provider->name))
        {
            return record;
        }
    }

    return ngx_http_webhook_record_create(zone, entry);
}


static ngx_http_webhook_record_t *
ngx_http_webhook_record_create(ngx_http_webhook_zone_t *zone,
    ngx_http_webhook_stats_entry_t *entry)
{
    size_t                      len, size;
    u_char                     *p;
    ngx_str_t                  *server, *location, *provider;
    ngx_http_webhook_stats_t   *stats;
    ngx_http_webhook_record_t  *record;

    stats = zone->sh->stats;
    server = &entry->cscf->server_name;
    location = &entry->clcf->name;
    provider = &entry->gate->provider->name;

    len = server->len + location->len + provider->len;

    record = ngx_http_webhook_stats_alloc(zone, &stats->records_left,
                                          sizeof(ngx_http_webhook_record_t)
                                          + len);
    if (record == NULL) {
        return NULL;
    }

    p = (u_char *) &record[1];

    p = ngx_http_webhook_stats_copy(p, &record->server, server);
    p = ngx_http_webhook_stats_copy(p, &record->location, location);
    (void) ngx_http_webhook_stats_copy(p, &record->provider, provider);

    size = NGX_HTTP_WEBHOOK_MINUTES * sizeof(ngx_http_webhook_minute_t);

    record->minutes = ngx_http_webhook_stats_alloc(zone, &stats->minutes_left,
                                                   size);

    record->next = stats->records;
    stats->records = record;

    return record;
}


/* A server without a name has no bytes to copy. */

static u_char *
ngx_http_webhook_stats_copy(u_char *p, ngx_str_t *dst, ngx_str_t *src)
{
    dst->len = src->len;
    dst->data = p;

    return src->len ? ngx_cpymem(p, src->data, src->len) : p;
}


/*
 * Memory that is never given back, out of whole pages: the slab allocator has
 * a page for each size, and a small zone has not many.
 */

static void *
ngx_http_webhook_stats_alloc(ngx_http_webhook_zone_t *zone, size_t *left,
    size_t size)
{
    void                      *p;
    size_t                     page;
    ngx_http_webhook_stats_t  *stats;

    stats = zone->sh->stats;
    size = ngx_align(size, sizeof(void *));

    if (size > *left) {
        return NULL;
    }

    if (size > (size_t) (stats->end - stats->free)) {

        page = ngx_max(size, ngx_pagesize);

        p = ngx_slab_calloc(zone->shpool, page);
        if (p == NULL) {
            return NULL;
        }

        stats->free = p;
        stats->end = stats->free + page;
    }

    p = stats->free;

    stats->free += size;
    *left -= size;

    return p;
}


/*
 * What came in each of the last minutes that something came in, the newest
 * first; there is room for NGX_HTTP_WEBHOOK_MINUTES.
 */

ngx_uint_t
ngx_http_webhook_minutes_read(ngx_http_webhook_record_t *record,
    ngx_http_webhook_minute_t *minutes)
{
    uint32_t                    minute, now, end, value;
    ngx_uint_t                  i, k, n;
    ngx_http_webhook_minute_t  *read;

    if (record->minutes == NULL) {
        return 0;
    }

    now = ngx_time() / 60;
    n = 0;

    for (i = 0; i < NGX_HTTP_WEBHOOK_MINUTES; i++) {

        minute = now - i;
        read = &record->minutes[minute % NGX_HTTP_WEBHOOK_MINUTES];

        if (read->minute != minute) {
            continue;
        }

        ngx_memory_barrier();
        minutes[n] = *read;
        ngx_memory_barrier();

        if (read->minute == minute) {
            minutes[n++].minute = minute;
        }
    }

    for (k = 0; k < NGX_HTTP_WEBHOOK_VERDICTS; k++) {

        end = record->verdicts[k];

        for (i = 0; i < n; i++) {
            value = minutes[i].verdicts[k];
            minutes[i].verdicts[k] = end - value;
            end = value;
        }
    }

    end = record->upstream[NGX_HTTP_WEBHOOK_FAILED];

    for (i = 0; i < n; i++) {
        value = minutes[i].failed;
        minutes[i].failed = end - value;
        end = value;
    }

    return n;
}


/*
 * The last requests, the newest first; there is room for
 * NGX_HTTP_WEBHOOK_DELIVERIES.  One that is just being written is left out.
 */

ngx_uint_t
ngx_http_webhook_deliveries_read(ngx_http_webhook_stats_t *stats,
    ngx_http_webhook_delivery_t *deliveries)
{
    ngx_uint_t                    i, n;
    ngx_atomic_uint_t             sequence, last;
    ngx_http_webhook_delivery_t  *delivery;

    last = stats->sequence;
    n = 0;

    for (i = 1; i <= stats->ndeliveries && i <= last; i++) {

        delivery = &stats->deliveries[(last - i) % stats->ndeliveries];
        sequence = 2 * (last - i) + 2;

        if (delivery->sequence != sequence) {
            continue;
        }

        ngx_memory_barrier();
        deliveries[n] = *delivery;
        ngx_memory_barrier();

        if (delivery->sequence == sequence) {
            n++;
        }
    }

    return n;
}


static ngx_str_t *
ngx_http_webhook_class_name(ngx_uint_t i)
{
    return &ngx_http_webhook_status_classes[i];
}


static ngx_str_t *
ngx_http_webhook_secret_name(ngx_uint_t i)
{
    return &ngx_http_webhook_secrets[i];
}


static ngx_str_t *
ngx_http_webhook_found_name(ngx_uint_t i)
{
    return &ngx_http_webhook_found[i];
}
