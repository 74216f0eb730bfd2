
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * webhook_status as JSON: for the page, and for whoever reads it.
 */


#include "ngx_http_webhook_status.h"
#include "core/wh_utf8.h"


static void ngx_http_webhook_json_zone(ngx_http_webhook_out_t *out,
    ngx_http_webhook_zone_t *zone);
static void ngx_http_webhook_json_delivery(ngx_http_webhook_out_t *out,
    ngx_http_webhook_delivery_t *delivery);
static void ngx_http_webhook_json_cut(ngx_http_webhook_out_t *out,
    ngx_http_webhook_text_t *text);
static void ngx_http_webhook_json_entry(ngx_http_webhook_out_t *out,
    ngx_http_webhook_stats_entry_t *entry);
static void ngx_http_webhook_json_names(ngx_http_webhook_out_t *out,
    ngx_http_webhook_record_t *record);
static void ngx_http_webhook_json_family(ngx_http_webhook_out_t *out,
    ngx_http_webhook_family_t *family, ngx_http_webhook_record_t *record);
static void ngx_http_webhook_json_last(ngx_http_webhook_out_t *out,
    ngx_http_webhook_record_t *record);
static void ngx_http_webhook_json_verification(ngx_http_webhook_out_t *out,
    ngx_http_webhook_record_t *record);
static void ngx_http_webhook_json_minutes(ngx_http_webhook_out_t *out,
    ngx_http_webhook_record_t *record);


void
ngx_http_webhook_status_json(ngx_http_request_t *r,
    ngx_http_webhook_out_t *out)
{
    ngx_uint_t                        i, n;
    ngx_time_t                       *tp;
    ngx_http_webhook_zone_t         **zone;
    ngx_http_webhook_main_conf_t     *wmcf;
    ngx_http_webhook_stats_entry_t  **entry;

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_webhook_module);
    zone = wmcf->zones.elts;
    entry = wmcf->stats_entries.elts;

    tp = ngx_timeofday();

    ngx_http_webhook_out(out, "{\"time\":%T.%03M,\"zones\":[", tp->sec,
                         tp->msec);

    for (i = 0; i < wmcf->zones.nelts; i++) {
        ngx_http_webhook_out(out, i ? ",\n" : "\n");
        ngx_http_webhook_json_zone(out, zone[i]);
    }

    ngx_http_webhook_out(out, "],\n");
    ngx_http_webhook_engines_json(out, &wmcf->engines);
    ngx_http_webhook_out(out, "\"hooks\":[");

    for (i = 0, n = 0; i < wmcf->stats_entries.nelts; i++) {
        if (entry[i]->first) {
            ngx_http_webhook_out(out, n++ ? ",\n" : "\n");
            ngx_http_webhook_json_entry(out, entry[i]);
        }
    }

    ngx_http_webhook_out(out, "]}\n");
}


static void
ngx_http_webhook_json_zone(ngx_http_webhook_out_t *out,
    ngx_http_webhook_zone_t *zone)
{
    ngx_uint_t                    i, n, entries, evicted;
    ngx_http_webhook_delivery_t  *deliveries;

    ngx_http_webhook_store_numbers(zone, &entries, &evicted);

    ngx_http_webhook_out(out, "{\"name\":\"");
    ngx_http_webhook_out_text(out, &zone->shm_zone->shm.name);
    ngx_http_webhook_out(out, "\",\"size\":%uz,\"since\":%T,"
                         "\"replay\":{\"entries\":%ui,\"evictions\":%ui},"
                         "\"deliveries\":[", zone->shm_zone->shm.size,
                         zone->sh->stats ? zone->sh->stats->since : (time_t) 0,
                         entries, evicted);

    deliveries = ngx_palloc(out->pool, NGX_HTTP_WEBHOOK_DELIVERIES
                                       * sizeof(ngx_http_webhook_delivery_t));
    if (deliveries == NULL) {
        out->failed = 1;
        return;
    }

    n = zone->sh->stats ? ngx_http_webhook_deliveries_read(zone->sh->stats,
                                                           deliveries)
                        : 0;

    for (i = 0; i < n; i++) {
        ngx_http_webhook_out(out, i ? ",\n" : "\n");
        ngx_http_webhook_json_delivery(out, &deliveries[i]);
    }

    ngx_http_webhook_out(out, "]}");
}


static void
ngx_http_webhook_json_delivery(ngx_http_webhook_out_t *out,
    ngx_http_webhook_delivery_t *delivery)
{
    ngx_http_webhook_out(out, "{\"number\":%uA,\"time\":%T.%03M,",
                         delivery->sequence / 2 - 1, delivery->sec,
                         delivery->msec);

    ngx_http_webhook_json_names(out, delivery->record);

    ngx_http_webhook_out(out, ",\"event\":\"");
    ngx_http_webhook_json_cut(out, &delivery->event);
    ngx_http_webhook_out(out, "\",\"id\":\"");
    ngx_http_webhook_json_cut(out, &delivery->id);

    ngx_http_webhook_out(out, "\",\"size\":%O,\"verdict\":\"%V\","
                         "\"reason\":\"%V\",\"upstream\":%ui,\"ms\":%M,"
                         "\"status\":%ui,\"secret\":%ui,\"http\":\"%ui.%ui\","
                         "\"connection\":%uA}",
                         delivery->size,
                         ngx_http_webhook_verdict_name(delivery->verdict),
                         ngx_http_webhook_reason_name(delivery->reason),
                         delivery->upstream, (ngx_msec_t) delivery->duration,
                         delivery->status, delivery->secret,
                         delivery->version / 1000, delivery->version % 1000,
                         delivery->connection);
}


/* A text that was too long to be kept may end in the middle of a character. */

static void
ngx_http_webhook_json_cut(ngx_http_webhook_out_t *out,
    ngx_http_webhook_text_t *text)
{
    ngx_str_t   shown;
    ngx_uint_t  i;

    shown.data = text->data;
    shown.len = text->len;

    if (text->len <= NGX_HTTP_WEBHOOK_TEXT) {
        ngx_http_webhook_out_text(out, &shown);
        return;
    }

    for (i = NGX_HTTP_WEBHOOK_TEXT - 1; i > NGX_HTTP_WEBHOOK_TEXT - 4; i--) {
        if ((text->data[i] & 0xc0) != 0x80) {
            break;
        }
    }

    shown.len = (wh_utf8_check(&text->data[i], NGX_HTTP_WEBHOOK_TEXT - i)
                 == WH_OK)
                ? NGX_HTTP_WEBHOOK_TEXT : i;

    ngx_http_webhook_out_text(out, &shown);
    ngx_http_webhook_out(out, "\xe2\x80\xa6");
}


static void
ngx_http_webhook_json_entry(ngx_http_webhook_out_t *out,
    ngx_http_webhook_stats_entry_t *entry)
{
    ngx_http_webhook_family_t  *family;

    ngx_http_webhook_out(out, "{\"zone\":\"");
    ngx_http_webhook_out_text(out, &entry->zone->shm_zone->shm.name);
    ngx_http_webhook_out(out, "\",");

    ngx_http_webhook_json_names(out, entry->record);

    for (family = ngx_http_webhook_families; family->json; family++) {
        ngx_http_webhook_json_family(out, family, entry->record);
    }

    ngx_http_webhook_out(out, ",\"body_bytes\":%uL",
                         ngx_http_webhook_sum(&entry->record->bytes));

    ngx_http_webhook_json_last(out, entry->record);
    ngx_http_webhook_json_verification(out, entry->record);
    ngx_http_webhook_json_minutes(out, entry->record);

    ngx_http_webhook_out(out, "}");
}


static void
ngx_http_webhook_json_names(ngx_http_webhook_out_t *out,
    ngx_http_webhook_record_t *record)
{
    ngx_http_webhook_out(out, "\"server\":\"");
    ngx_http_webhook_out_text(out, &record->server);
    ngx_http_webhook_out(out, "\",\"location\":\"");
    ngx_http_webhook_out_text(out, &record->location);
    ngx_http_webhook_out(out, "\",\"provider\":\"");
    ngx_http_webhook_out_text(out, &record->provider);
    ngx_http_webhook_out(out, "\"");
}


static void
ngx_http_webhook_json_family(ngx_http_webhook_out_t *out,
    ngx_http_webhook_family_t *family, ngx_http_webhook_record_t *record)
{
    ngx_str_t          *name;
    ngx_uint_t          i, n;
    ngx_atomic_t       *counter;
    ngx_atomic_uint_t   value;

    counter = ngx_http_webhook_family_counters(family, record);

    ngx_http_webhook_out(out, ",\"%s\":{", family->json);

    for (i = 0, n = 0; i < family->n; i++) {

        name = family->name(i);
        value = counter[i];

        if (name->len && (value || family->zeros)) {
            ngx_http_webhook_out(out, "%s\"%V\":%uA", n++ ? "," : "", name,
                                 value);
        }
    }

    ngx_http_webhook_out(out, "}");
}


/*
 * When something came last, and the longest time between two accepted
 * requests, or 0: what is usual.  It is forgotten after one or two periods, so
 * it knows each day of the week, and what was unusual does not stay for ever.
 */

static void
ngx_http_webhook_json_last(ngx_http_webhook_out_t *out,
    ngx_http_webhook_record_t *record)
{
    ngx_uint_t  i, n;

    ngx_http_webhook_out(out, ",\"last\":{");

    for (i = 0, n = 0; i < NGX_HTTP_WEBHOOK_VERDICTS; i++) {
        if (record->last[i]) {
            ngx_http_webhook_out(out, "%s\"%V\":%uA", n++ ? "," : "",
                                 ngx_http_webhook_verdict_name(i),
                                 record->last[i]);
        }
    }

    ngx_http_webhook_out(out, "},\"reason_last\":{");

    for (i = 0, n = 0; i < NGX_HTTP_WEBHOOK_REASONS; i++) {
        if (record->reason_last[i]) {
            ngx_http_webhook_out(out, "%s\"%V\":%uD", n++ ? "," : "",
                                 ngx_http_webhook_reason_name(i),
                                 record->reason_last[i]);
        }
    }

    ngx_http_webhook_out(out, "},\"longest_pause\":%uD",
                         ngx_max(record->pauses[0], record->pauses[1]));
}


static void
ngx_http_webhook_json_verification(ngx_http_webhook_out_t *out,
    ngx_http_webhook_record_t *record)
{
    uint64_t    ns;
    ngx_uint_t  i;

    ns = ngx_http_webhook_sum(&record->ns);

    ngx_http_webhook_out(out, ",\"verification\":{\"seconds\":%uL.%09uL,"
                         "\"buckets\":{", ns / 1000000000, ns % 1000000000);

    for (i = 0; i < NGX_HTTP_WEBHOOK_BUCKETS; i++) {
        ngx_http_webhook_out(out, "%s\"%V\":%uA", i ? "," : "",
                             &ngx_http_webhook_buckets[i].seconds,
                             record->buckets[i]);
    }

    ngx_http_webhook_out(out, "}}");
}


static void
ngx_http_webhook_json_minutes(ngx_http_webhook_out_t *out,
    ngx_http_webhook_record_t *record)
{
    ngx_uint_t                 i, k, n;
    ngx_http_webhook_minute_t  minutes[NGX_HTTP_WEBHOOK_MINUTES];

    n = ngx_http_webhook_minutes_read(record, minutes);

    ngx_http_webhook_out(out, ",\"minutes\":[");

    for (i = 0; i < n; i++) {

        ngx_http_webhook_out(out, "%s{\"time\":%T", i ? "," : "",
                             (time_t) minutes[i].minute * 60);

        for (k = 0; k < NGX_HTTP_WEBHOOK_VERDICTS; k++) {
            if (minutes[i].verdicts[k]) {
                ngx_http_webhook_out(out, ",\"%V\":%uD",
                                     ngx_http_webhook_verdict_name(k),
                                     minutes[i].verdicts[k]);
            }
        }

        if (minutes[i].failed) {
            ngx_http_webhook_out(out, ",\"failed\":%uD", minutes[i].failed);
        }

        ngx_http_webhook_out(out, "}");
    }

    ngx_http_webhook_out(out, "]");
}
