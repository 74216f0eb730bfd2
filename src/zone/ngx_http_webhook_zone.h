
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What all workers share: the messages seen, and the counters.
 */


#ifndef _NGX_HTTP_WEBHOOK_ZONE_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_ZONE_H_INCLUDED_


#include "ngx_http_webhook_gate.h"


typedef struct {
    ngx_http_webhook_store_t   *store;      /* of messages seen */
    ngx_http_webhook_stats_t   *stats;
} ngx_http_webhook_zone_sh_t;


/* A zone, as a configuration sees it. */

struct ngx_http_webhook_zone_s {
    ngx_shm_zone_t              *shm_zone;
    ngx_slab_pool_t             *shpool;
    ngx_http_webhook_zone_sh_t  *sh;
    ngx_array_t                 *stats_entries;     /* of the configuration */
};


#define NGX_HTTP_WEBHOOK_DIGEST      32     /* bytes, of SHA-256 */
#define NGX_HTTP_WEBHOOK_REPLAY_TTL  86400  /* seconds */


/* A message in a zone. */

typedef struct {
    ngx_http_webhook_zone_t    *zone;
    time_t                      ttl;
    time_t                      window;     /* in which it is not evicted,
                                               or -1 */
    ngx_uint_t                  serial;     /* while it is claimed */
    time_t                      wait;       /* until another try may do */
    u_char                      digest[NGX_HTTP_WEBHOOK_DIGEST];
} ngx_http_webhook_claim_t;


/* A claim of a message that hosts share. */

typedef struct ngx_http_webhook_lease_s  ngx_http_webhook_lease_t;


/* What keeps a request from being passed on twice. */

#define NGX_HTTP_WEBHOOK_REPLAY_KEYS  2


typedef struct {
    ngx_http_webhook_claim_t    claim;
    ngx_http_request_t         *request;
    ngx_http_webhook_lease_t   *lease;      /* while it is claimed in the
                                               engine, or NULL */
    ngx_http_webhook_replay_t  *conf;       /* of the location at that time */
    u_char                     *scope;      /* likewise */
    ngx_http_webhook_replay_key_t  *keys[NGX_HTTP_WEBHOOK_REPLAY_KEYS];
                                            /* of the directive and of the
                                               rule, or NULL each */
    EVP_MD_CTX                 *md;         /* while the message is hashed */
    u_char                      message[NGX_HTTP_WEBHOOK_DIGEST];
    unsigned                    off:1;      /* for this provider */
    unsigned                    body:1;     /* without a key it is the body */
    unsigned                    hashed:1;   /* the message is */
    unsigned                    named:1;    /* the claim has its digest */
    unsigned                    claimed:1;  /* now */
    unsigned                    waiting:1;  /* for the engine */
    unsigned                    answered:1; /* and it has done so */
} ngx_http_webhook_replay_state_t;


#define NGX_HTTP_WEBHOOK_CLASSES     6      /* none, and 1xx to 5xx */
#define NGX_HTTP_WEBHOOK_FAILED      5      /* of them 5xx */
#define NGX_HTTP_WEBHOOK_SECRETS     9      /* 1 to 8, and more */
#define NGX_HTTP_WEBHOOK_FOUND       2      /* by headers, or verified */
#define NGX_HTTP_WEBHOOK_BUCKETS     17     /* the last has no bound */
#define NGX_HTTP_WEBHOOK_MINUTES     60
#define NGX_HTTP_WEBHOOK_PERIOD      604800 /* seconds, of pauses */
#define NGX_HTTP_WEBHOOK_DELIVERIES  100
#define NGX_HTTP_WEBHOOK_TEXT        64     /* bytes kept of id and event */


/*
 * What had been counted when a minute began.  What came in it is the
 * difference to the next minute that something came in; it holds also when the
 * numbers have wrapped.
 */

typedef struct {
    uint32_t                     minute;    /* since 1970 */
    uint32_t                     failed;    /* answered with 5xx */
    uint32_t                     verdicts[NGX_HTTP_WEBHOOK_VERDICTS];
} ngx_http_webhook_minute_t;


/*
 * The counters of a provider in a location.  A record is never freed: workers
 * of an old configuration may still count in it.
 */

struct ngx_http_webhook_record_s {
    ngx_http_webhook_record_t   *next;
    ngx_str_t                    server;
    ngx_str_t                    location;
    ngx_str_t                    provider;
    ngx_atomic_t                 verdicts[NGX_HTTP_WEBHOOK_VERDICTS];
    ngx_atomic_t                 rejected[NGX_HTTP_WEBHOOK_REASONS];
    ngx_atomic_t                 would_reject[NGX_HTTP_WEBHOOK_REASONS];
    ngx_atomic_t                 upstream[NGX_HTTP_WEBHOOK_CLASSES];
    ngx_atomic_t                 secrets[NGX_HTTP_WEBHOOK_SECRETS];
    ngx_atomic_t                 duplicates[NGX_HTTP_WEBHOOK_FOUND];
    ngx_atomic_t                 buckets[NGX_HTTP_WEBHOOK_BUCKETS];
    volatile uint64_t            ns;        /* of verification, in all */
    volatile uint64_t            bytes;     /* of bodies */

    /* when something came last, in seconds since 1970, or 0 */

    ngx_atomic_t                 last[NGX_HTTP_WEBHOOK_VERDICTS];
    uint32_t                     reason_last[NGX_HTTP_WEBHOOK_REASONS];

    /* the longest times between two that were accepted, in seconds: of the
       period in which the last one came, and of the one before */

    uint32_t                     pauses[2];
    uint32_t                     period;

    /* who sets minute writes what is below, and nobody else */

    ngx_atomic_t                 minute;
    ngx_http_webhook_minute_t    begun;
    uint32_t                     reasons[NGX_HTTP_WEBHOOK_REASONS];
    ngx_http_webhook_minute_t   *minutes;   /* or NULL in a small zone */
};


/* One of the last requests. */

typedef struct {
    size_t                       len;       /* also when it is cut */
    u_char                       data[NGX_HTTP_WEBHOOK_TEXT];
} ngx_http_webhook_text_t;


typedef struct {
    ngx_atomic_t                 writer;    /* a process id, or 0 */
    ngx_atomic_t                 sequence;  /* odd while it is written */
    ngx_atomic_uint_t            connection;    /* as in the error log */
    ngx_http_webhook_record_t   *record;
    time_t                       sec;
    ngx_uint_t                   msec;
    ngx_msec_int_t               duration;
    off_t                        size;
    ngx_uint_t                   upstream;  /* status, or 0 */
    ngx_uint_t                   status;    /* what the sender got, or 0 */
    ngx_uint_t                   secret;    /* that matched, from 1, or 0 */
    ngx_uint_t                   version;   /* of HTTP, 1001 is 1.1 */
    ngx_http_webhook_verdict_e   verdict;
    ngx_http_webhook_reason_e    reason;
    ngx_http_webhook_text_t      id;
    ngx_http_webhook_text_t      event;
} ngx_http_webhook_delivery_t;


struct ngx_http_webhook_stats_s {
    time_t                        since;            /* it counts */
    ngx_http_webhook_record_t    *records;
    u_char                       *free;             /* of the last page */
    u_char                       *end;
    size_t                        records_left;     /* bytes for more */
    size_t                        minutes_left;
    ngx_http_webhook_delivery_t  *deliveries;
    ngx_uint_t                    ndeliveries;
    ngx_atomic_t                  sequence;         /* of the next one */
};


typedef struct {
    uint64_t                     ns;        /* at most */
    ngx_str_t                    seconds;
} ngx_http_webhook_bucket_t;


/* Counters of a record that differ by one thing, under their names. */

typedef struct {
    const char                  *json;      /* the member */
    const char                  *metric;
    const char                  *help;
    const char                  *label;
    size_t                       offset;    /* in the record */
    ngx_uint_t                   n;
    ngx_str_t                 *(*name)(ngx_uint_t i);
    unsigned                     zeros:1;   /* what is 0 is shown as well */
} ngx_http_webhook_family_t;


#define ngx_http_webhook_family_counters(family, record)                      \
    ((ngx_atomic_t *) ((u_char *) (record) + (family)->offset))


/* _zone.c: memory that all workers share */

char *ngx_http_webhook_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_webhook_zone_process(ngx_cycle_t *cycle);

/* _store.c: the messages that a zone remembers */

ngx_http_webhook_store_t *ngx_http_webhook_store_create(
    ngx_slab_pool_t *shpool);
ngx_int_t ngx_http_webhook_store_peek(ngx_http_webhook_claim_t *claim);
ngx_int_t ngx_http_webhook_store_claim(ngx_http_webhook_claim_t *claim,
    ngx_log_t *log);
void ngx_http_webhook_store_commit(ngx_http_webhook_claim_t *claim);
void ngx_http_webhook_store_release(ngx_http_webhook_claim_t *claim);
void ngx_http_webhook_store_remember(ngx_http_webhook_claim_t *claim,
    time_t ttl);
ngx_uint_t ngx_http_webhook_store_hold(ngx_http_webhook_claim_t *claim,
    time_t hold);
void ngx_http_webhook_store_reload(ngx_http_webhook_store_t *store);
void ngx_http_webhook_store_sweep(ngx_http_webhook_zone_t *zone);
void ngx_http_webhook_store_numbers(ngx_http_webhook_zone_t *zone,
    ngx_uint_t *entries, ngx_uint_t *evicted);

/* _stats.c: counting */

void ngx_http_webhook_stats_init(ngx_http_webhook_main_conf_t *wmcf);
ngx_int_t ngx_http_webhook_stats_zone(ngx_http_webhook_zone_t *zone,
    ngx_uint_t reload);
ngx_uint_t ngx_http_webhook_minutes_read(ngx_http_webhook_record_t *record,
    ngx_http_webhook_minute_t *minutes);
ngx_uint_t ngx_http_webhook_deliveries_read(ngx_http_webhook_stats_t *stats,
    ngx_http_webhook_delivery_t *deliveries);


extern ngx_http_webhook_bucket_t
    ngx_http_webhook_buckets[NGX_HTTP_WEBHOOK_BUCKETS];
extern ngx_http_webhook_family_t  ngx_http_webhook_families[];


/* Sums of 64 bits on every system; nginx's own are as long as a word. */

static ngx_inline void
ngx_http_webhook_sum_add(volatile uint64_t *sum, uint64_t n)
{
    (void) __sync_fetch_and_add(sum, n);
}


static ngx_inline uint64_t
ngx_http_webhook_sum(volatile uint64_t *sum)
{
    return __sync_fetch_and_add(sum, 0);
}


#endif /* _NGX_HTTP_WEBHOOK_ZONE_H_INCLUDED_ */
