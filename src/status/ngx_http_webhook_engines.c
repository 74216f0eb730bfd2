
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What webhook_status says of engines that hosts share.
 */


#include "ngx_http_webhook_status.h"
#include "redis/ngx_http_webhook_redis.h"


/* A number of an engine. */

typedef struct {
    const char    *metric;
    const char    *type;
    const char    *help;
    ngx_uint_t   (*value)(ngx_http_webhook_redis_t *redis);
} ngx_http_webhook_engine_number_t;


static void ngx_http_webhook_engines_number(ngx_http_webhook_out_t *out,
    ngx_http_webhook_engine_number_t *number, ngx_array_t *engines);
static void ngx_http_webhook_engines_results(ngx_http_webhook_out_t *out,
    ngx_array_t *engines);
static void ngx_http_webhook_engines_seconds(ngx_http_webhook_out_t *out,
    ngx_array_t *engines);
static void ngx_http_webhook_engines_series(ngx_http_webhook_out_t *out,
    const char *metric, ngx_http_webhook_redis_t *redis);
static ngx_uint_t ngx_http_webhook_engines_up(ngx_http_webhook_redis_t *redis);
static ngx_uint_t ngx_http_webhook_engines_lost(
    ngx_http_webhook_redis_t *redis);


static ngx_http_webhook_engine_number_t  ngx_http_webhook_engine_numbers[] = {
    { "nginx_webhook_redis_up", "gauge",
      "Whether the engine was there when a worker last found out.",
      ngx_http_webhook_engines_up },
    { "nginx_webhook_redis_pending", "gauge",
      "Messages that the engine is still to be told of.",
      ngx_http_webhook_redis_pending },
    { "nginx_webhook_redis_lost_total", "counter",
      "Messages that the engine could not be told of.",
      ngx_http_webhook_engines_lost },
    { NULL, NULL, NULL, NULL }
};


/* in the order of ngx_http_webhook_redis_result_e */

static const char  *ngx_http_webhook_engine_results[] = {
    "claimed",
    "taken",
    "busy",
    "refused",
    "local"
};

ngx_http_webhook_table_size(ngx_http_webhook_engine_results,
    NGX_HTTP_WEBHOOK_REDIS_RESULTS);


void
ngx_http_webhook_engines_prometheus(ngx_http_webhook_out_t *out,
    ngx_array_t *engines)
{
    ngx_http_webhook_engine_number_t  *number;

    if (engines->nelts == 0) {
        return;
    }

    for (number = ngx_http_webhook_engine_numbers; number->metric; number++) {
        ngx_http_webhook_engines_number(out, number, engines);
    }

    ngx_http_webhook_engines_results(out, engines);
    ngx_http_webhook_engines_seconds(out, engines);
}


static void
ngx_http_webhook_engines_number(ngx_http_webhook_out_t *out,
    ngx_http_webhook_engine_number_t *number, ngx_array_t *engines)
{
    ngx_uint_t                  i;
    ngx_http_webhook_redis_t  **redis;

    redis = engines->elts;

    ngx_http_webhook_out(out, "# HELP %s %s\n# TYPE %s %s\n", number->metric,
                         number->help, number->metric, number->type);

    for (i = 0; i < engines->nelts; i++) {
        ngx_http_webhook_engines_series(out, number->metric, redis[i]);
        ngx_http_webhook_out(out, "} %ui\n", number->value(redis[i]));
    }
}


static void
ngx_http_webhook_engines_results(ngx_http_webhook_out_t *out,
    ngx_array_t *engines)
{
    ngx_uint_t                  i, k;
    ngx_http_webhook_redis_t  **redis;

    redis = engines->elts;

    ngx_http_webhook_out(out, "# HELP nginx_webhook_redis_requests_total "
                         "Claims of messages, by how they ended.\n"
                         "# TYPE nginx_webhook_redis_requests_total "
                         "counter\n");

    for (i = 0; i < engines->nelts; i++) {
        for (k = 0; k < NGX_HTTP_WEBHOOK_REDIS_RESULTS; k++) {
            ngx_http_webhook_engines_series(out,
                              "nginx_webhook_redis_requests_total", redis[i]);
            ngx_http_webhook_out(out, ",result=\"%s\"} %uA\n",
                                 ngx_http_webhook_engine_results[k],
                                 redis[i]->sh->results[k]);
        }
    }
}


static void
ngx_http_webhook_engines_seconds(ngx_http_webhook_out_t *out,
    ngx_array_t *engines)
{
    ngx_uint_t                    i, k, msec;
    ngx_atomic_uint_t             count;
    ngx_http_webhook_redis_t    **redis;
    ngx_http_webhook_redis_sh_t  *sh;

    redis = engines->elts;

    ngx_http_webhook_out(out, "# HELP nginx_webhook_redis_seconds "
                         "Time that requests waited for a claim.\n"
                         "# TYPE nginx_webhook_redis_seconds histogram\n");

    for (i = 0; i < engines->nelts; i++) {

        sh = redis[i]->sh;
        count = 0;

        for (k = 0; k < NGX_HTTP_WEBHOOK_REDIS_BUCKETS; k++) {

            count += sh->buckets[k];

            ngx_http_webhook_engines_series(out,
                              "nginx_webhook_redis_seconds_bucket", redis[i]);

            if (k == NGX_HTTP_WEBHOOK_REDIS_BUCKETS - 1) {
                ngx_http_webhook_out(out, ",le=\"+Inf\"} %uA\n", count);

            } else {
                ngx_http_webhook_out(out, ",le=\"0.%03ui\"} %uA\n",
                                     (ngx_uint_t) 1 << k, count);
            }
        }

        msec = sh->msec;

        ngx_http_webhook_engines_series(out, "nginx_webhook_redis_seconds_sum",
                                        redis[i]);
        ngx_http_webhook_out(out, "} %ui.%03ui\n", msec / 1000, msec % 1000);

        ngx_http_webhook_engines_series(out,
                               "nginx_webhook_redis_seconds_count", redis[i]);
        ngx_http_webhook_out(out, "} %uA\n", count);
    }
}


static void
ngx_http_webhook_engines_series(ngx_http_webhook_out_t *out,
    const char *metric, ngx_http_webhook_redis_t *redis)
{
    ngx_http_webhook_out(out, "%s{redis=\"", metric);
    ngx_http_webhook_out_text(out, &redis->name);
    ngx_http_webhook_out(out, "\"");
}


static ngx_uint_t
ngx_http_webhook_engines_up(ngx_http_webhook_redis_t *redis)
{
    return redis->sh->up;
}


static ngx_uint_t
ngx_http_webhook_engines_lost(ngx_http_webhook_redis_t *redis)
{
    return redis->sh->lost;
}


/* A member of JSON; "since" is 0 before a worker has found out. */

void
ngx_http_webhook_engines_json(ngx_http_webhook_out_t *out,
    ngx_array_t *engines)
{
    ngx_uint_t                    i, k;
    ngx_http_webhook_redis_t    **redis;
    ngx_http_webhook_redis_sh_t  *sh;

    redis = engines->elts;

    ngx_http_webhook_out(out, "\"engines\":[");

    for (i = 0; i < engines->nelts; i++) {

        sh = redis[i]->sh;

        ngx_http_webhook_out(out, i ? ",\n{\"name\":\"" : "\n{\"name\":\"");
        ngx_http_webhook_out_text(out, &redis[i]->name);
        ngx_http_webhook_out(out, "\",\"up\":%s,\"since\":%uA,"
                             "\"pending\":%ui,\"lost\":%uA,\"requests\":{",
                             sh->up ? "true" : "false", sh->since,
                             ngx_http_webhook_redis_pending(redis[i]),
                             sh->lost);

        for (k = 0; k < NGX_HTTP_WEBHOOK_REDIS_RESULTS; k++) {
            ngx_http_webhook_out(out, "%s\"%s\":%uA", k ? "," : "",
                                 ngx_http_webhook_engine_results[k],
                                 sh->results[k]);
        }

        ngx_http_webhook_out(out, "}}");
    }

    ngx_http_webhook_out(out, "],\n");
}
