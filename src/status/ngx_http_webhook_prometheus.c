
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * webhook_status for Prometheus, in its text format 0.0.4.
 */


#include "ngx_http_webhook_status.h"


static void ngx_http_webhook_prometheus_head(ngx_http_webhook_out_t *out,
    const char *metric, const char *type, const char *help);
static void ngx_http_webhook_prometheus_series(ngx_http_webhook_out_t *out,
    const char *metric, ngx_http_webhook_stats_entry_t *entry);
static void ngx_http_webhook_prometheus_family(ngx_http_webhook_out_t *out,
    ngx_http_webhook_family_t *family, ngx_http_webhook_stats_entry_t *entry);
static void ngx_http_webhook_prometheus_bytes(ngx_http_webhook_out_t *out,
    ngx_http_webhook_stats_entry_t *entry);
static void ngx_http_webhook_prometheus_verification(
    ngx_http_webhook_out_t *out, ngx_http_webhook_stats_entry_t *entry);
static void ngx_http_webhook_prometheus_replay(ngx_http_webhook_out_t *out,
    ngx_array_t *zones);
static void ngx_http_webhook_prometheus_zone(ngx_http_webhook_out_t *out,
    const char *metric, ngx_http_webhook_zone_t *zone, ngx_uint_t value);


#define NGX_HTTP_WEBHOOK_METRIC_BYTES    "nginx_webhook_body_bytes_total"
#define NGX_HTTP_WEBHOOK_METRIC_SECONDS  "nginx_webhook_verification_seconds"
#define NGX_HTTP_WEBHOOK_METRIC_ENTRIES  "nginx_webhook_replay_entries"
#define NGX_HTTP_WEBHOOK_METRIC_EVICTED  "nginx_webhook_replay_evictions_total"


/* All series of a metric must be together. */

#define ngx_http_webhook_each_entry(entry, array)                             \
    for (entry = (array)->elts;                                               \
         entry < (ngx_http_webhook_stats_entry_t **) (array)->elts            \
                 + (array)->nelts;                                            \
         entry++)                                                             \
        if ((*entry)->first)


void
ngx_http_webhook_status_prometheus(ngx_http_request_t *r,
    ngx_http_webhook_out_t *out)
{
    ngx_http_webhook_family_t        *family;
    ngx_http_webhook_main_conf_t     *wmcf;
    ngx_http_webhook_stats_entry_t  **entry;

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_webhook_module);

    for (family = ngx_http_webhook_families; family->metric; family++) {

        ngx_http_webhook_prometheus_head(out, family->metric, "counter",
                                         family->help);

        ngx_http_webhook_each_entry(entry, &wmcf->stats_entries) {
            ngx_http_webhook_prometheus_family(out, family, *entry);
        }
    }

    ngx_http_webhook_prometheus_head(out, NGX_HTTP_WEBHOOK_METRIC_BYTES,
                                     "counter", "Bytes of request bodies.");

    ngx_http_webhook_each_entry(entry, &wmcf->stats_entries) {
        ngx_http_webhook_prometheus_bytes(out, *entry);
    }

    ngx_http_webhook_prometheus_head(out, NGX_HTTP_WEBHOOK_METRIC_SECONDS,
                                     "histogram", "Time that verification "
                                     "took, without waiting for the body.");

    ngx_http_webhook_each_entry(entry, &wmcf->stats_entries) {
        ngx_http_webhook_prometheus_verification(out, *entry);
    }

    ngx_http_webhook_prometheus_replay(out, &wmcf->zones);
    ngx_http_webhook_engines_prometheus(out, &wmcf->engines);
}


static void
ngx_http_webhook_prometheus_head(ngx_http_webhook_out_t *out,
    const char *metric, const char *type, const char *help)
{
    ngx_http_webhook_out(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help,
                         metric, type);
}


/* The zone is a label because two zones may count the same location. */

static void
ngx_http_webhook_prometheus_series(ngx_http_webhook_out_t *out,
    const char *metric, ngx_http_webhook_stats_entry_t *entry)
{
    ngx_http_webhook_record_t  *record;

    record = entry->record;

    ngx_http_webhook_out(out, "%s{zone=\"", metric);
    ngx_http_webhook_out_text(out, &entry->zone->shm_zone->shm.name);
    ngx_http_webhook_out(out, "\",server=\"");
    ngx_http_webhook_out_text(out, &record->server);
    ngx_http_webhook_out(out, "\",location=\"");
    ngx_http_webhook_out_text(out, &record->location);
    ngx_http_webhook_out(out, "\",provider=\"");
    ngx_http_webhook_out_text(out, &record->provider);
    ngx_http_webhook_out(out, "\"");
}


static void
ngx_http_webhook_prometheus_family(ngx_http_webhook_out_t *out,
    ngx_http_webhook_family_t *family, ngx_http_webhook_stats_entry_t *entry)
{
    ngx_str_t          *name;
    ngx_uint_t          i;
    ngx_atomic_t       *counter;
    ngx_atomic_uint_t   value;

    counter = ngx_http_webhook_family_counters(family, entry->record);

    for (i = 0; i < family->n; i++) {

        name = family->name(i);
        value = counter[i];

        if (name->len && (value || family->zeros)) {
            ngx_http_webhook_prometheus_series(out, family->metric, entry);
            ngx_http_webhook_out(out, ",%s=\"%V\"} %uA\n", family->label,
                                 name, value);
        }
    }
}


static void
ngx_http_webhook_prometheus_bytes(ngx_http_webhook_out_t *out,
    ngx_http_webhook_stats_entry_t *entry)
{
    ngx_http_webhook_prometheus_series(out, NGX_HTTP_WEBHOOK_METRIC_BYTES,
                                       entry);
    ngx_http_webhook_out(out, "} %uL\n",
                         ngx_http_webhook_sum(&entry->record->bytes));
}


/* The count is that of the buckets, also while others go on counting. */

static void
ngx_http_webhook_prometheus_verification(ngx_http_webhook_out_t *out,
    ngx_http_webhook_stats_entry_t *entry)
{
    uint64_t           ns;
    ngx_uint_t         i;
    ngx_atomic_uint_t  count;

    ns = ngx_http_webhook_sum(&entry->record->ns);
    count = 0;

    for (i = 0; i < NGX_HTTP_WEBHOOK_BUCKETS; i++) {

        count += entry->record->buckets[i];

        ngx_http_webhook_prometheus_series(out, NGX_HTTP_WEBHOOK_METRIC_SECONDS
                                           "_bucket", entry);
        ngx_http_webhook_out(out, ",le=\"%V\"} %uA\n",
                             &ngx_http_webhook_buckets[i].seconds, count);
    }

    ngx_http_webhook_prometheus_series(out, NGX_HTTP_WEBHOOK_METRIC_SECONDS
                                       "_sum", entry);
    ngx_http_webhook_out(out, "} %uL.%09uL\n", ns / 1000000000,
                         ns % 1000000000);

    ngx_http_webhook_prometheus_series(out, NGX_HTTP_WEBHOOK_METRIC_SECONDS
                                       "_count", entry);
    ngx_http_webhook_out(out, "} %uA\n", count);
}


static void
ngx_http_webhook_prometheus_replay(ngx_http_webhook_out_t *out,
    ngx_array_t *zones)
{
    ngx_uint_t                 i, entries, evicted;
    ngx_http_webhook_zone_t  **zone;

    zone = zones->elts;

    ngx_http_webhook_prometheus_head(out, NGX_HTTP_WEBHOOK_METRIC_ENTRIES,
                                     "gauge", "Messages remembered.");

    for (i = 0; i < zones->nelts; i++) {
        ngx_http_webhook_store_numbers(zone[i], &entries, &evicted);
        ngx_http_webhook_prometheus_zone(out, NGX_HTTP_WEBHOOK_METRIC_ENTRIES,
                                         zone[i], entries);
    }

    ngx_http_webhook_prometheus_head(out, NGX_HTTP_WEBHOOK_METRIC_EVICTED,
                                     "counter", "Messages forgotten before "
                                     "their time, for want of memory.");

    for (i = 0; i < zones->nelts; i++) {
        ngx_http_webhook_store_numbers(zone[i], &entries, &evicted);
        ngx_http_webhook_prometheus_zone(out, NGX_HTTP_WEBHOOK_METRIC_EVICTED,
                                         zone[i], evicted);
    }
}


static void
ngx_http_webhook_prometheus_zone(ngx_http_webhook_out_t *out,
    const char *metric, ngx_http_webhook_zone_t *zone, ngx_uint_t value)
{
    ngx_http_webhook_out(out, "%s{zone=\"", metric);
    ngx_http_webhook_out_text(out, &zone->shm_zone->shm.name);
    ngx_http_webhook_out(out, "\"} %ui\n", value);
}
