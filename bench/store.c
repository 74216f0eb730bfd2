
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Times the store of messages alone: what a claim, a commit and a peek take
 * under the zone's lock, with few entries and with many.  It is built as a
 * library and loaded ahead of nginx's main(), for it needs nginx's slab
 * allocator and its tree; see bench/replay.
 */


#include "zone/ngx_http_webhook_store.c"

#include <stdio.h>


#define BENCH_BATCH  20000


static void bench_main(void) __attribute__((constructor));
static void bench_zone(ngx_http_webhook_zone_t *zone, size_t size);
static void bench_digest(ngx_http_webhook_claim_t *claim, uint64_t n);
static uint64_t bench_fill(ngx_http_webhook_zone_t *zone, time_t window,
    uint64_t from, uint64_t to);
static void bench_row(ngx_http_webhook_zone_t *zone, uint64_t entries);
static double bench_us(void);


static ngx_log_t       bench_log;
static ngx_cycle_t     bench_cycle;
static ngx_shm_zone_t  bench_shm_zone;


static void
bench_main(void)
{
    size_t                   size;
    uint64_t                 n, entries;
    ngx_http_webhook_zone_t  zone;

    static uint64_t  rows[] = { 1000, 10000, 100000, 1000000 };

    /* only in nginx itself, and not in what it is started by */

    if (getenv("BENCH_STORE") == NULL) {
        return;
    }

    unsetenv("LD_PRELOAD");

    ngx_pagesize = getpagesize();

    for (n = ngx_pagesize; n >>= 1; ngx_pagesize_shift++) { /* void */ }

    bench_cycle.log = &bench_log;
    ngx_cycle = &bench_cycle;

    ngx_pid = getpid();
    ngx_time_init();
    ngx_slab_sizes_init();

    for (size = 1048576; size <= 16 * 1048576; size *= 16) {
        bench_zone(&zone, size);
        entries = bench_fill(&zone, 86400, 0, UINT64_MAX);

        printf("%2zu MiB hold %llu messages, %.0f a MiB\n", size / 1048576,
               (unsigned long long) entries,
               (double) entries * 1048576 / size);
    }

    printf("\nan entry has %zu bytes\n\n", sizeof(ngx_http_webhook_entry_t));
    printf("%-22s %10s %10s %10s %10s %10s\n", "us, under the lock", "claim",
           "commit", "release", "peek, new", "peek, old");

    bench_zone(&zone, 160 * 1048576);

    for (n = 0, entries = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        entries = bench_fill(&zone, -1, entries, rows[n]);
        bench_row(&zone, rows[n]);
    }

    /* as full as it gets, so that each claim evicts another */

    bench_zone(&zone, 128 * 1048576);
    entries = bench_fill(&zone, 86400, 0, UINT64_MAX);
    bench_zone(&zone, 128 * 1048576);
    bench_fill(&zone, -1, 0, entries + 1);
    printf("full, with eviction\n");
    bench_row(&zone, entries);

    fflush(stdout);
    _exit(0);
}


static void
bench_zone(ngx_http_webhook_zone_t *zone, size_t size)
{
    ngx_slab_pool_t  *pool;

    static ngx_http_webhook_zone_sh_t  sh;

    pool = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_ANON|MAP_SHARED, -1, 0);
    if (pool == MAP_FAILED) {
        perror("mmap");
        _exit(1);
    }

    pool->end = (u_char *) pool + size;
    pool->min_shift = 3;
    pool->addr = pool;

    if (ngx_shmtx_create(&pool->mutex, &pool->lock, NULL) != NGX_OK) {
        _exit(1);
    }

    ngx_slab_init(pool);
    pool->log_nomem = 0;

    ngx_str_set(&bench_shm_zone.shm.name, "bench");

    zone->shm_zone = &bench_shm_zone;
    zone->shpool = pool;
    zone->sh = &sh;
    zone->sh->store = ngx_http_webhook_store_create(pool);
}


/* Digests are as good as random. */

static void
bench_digest(ngx_http_webhook_claim_t *claim, uint64_t n)
{
    uint64_t  x;

    x = (n + 1) * 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    x ^= x >> 31;

    ngx_memcpy(claim->digest, &x, sizeof(uint64_t));
    ngx_memcpy(claim->digest + sizeof(uint64_t), &n, sizeof(uint64_t));
}


/* Commits messages by their numbers; where it ended. */

static uint64_t
bench_fill(ngx_http_webhook_zone_t *zone, time_t window, uint64_t from,
    uint64_t to)
{
    ngx_http_webhook_claim_t  claim;

    ngx_memzero(&claim, sizeof(ngx_http_webhook_claim_t));

    claim.zone = zone;
    claim.ttl = 86400;
    claim.window = window;

    for ( /* void */ ; from < to; from++) {
        bench_digest(&claim, from);

        if (ngx_http_webhook_store_claim(&claim, &bench_log) != NGX_OK) {
            break;
        }

        ngx_http_webhook_store_commit(&claim);
    }

    return from;
}


static void
bench_row(ngx_http_webhook_zone_t *zone, uint64_t entries)
{
    double                     start, claimed, committed, again, released;
    double                     peeked, known;
    uint64_t                   n;
    ngx_http_webhook_claim_t  *claims;

    static uint64_t  next = 1ull << 40;

    claims = calloc(BENCH_BATCH, sizeof(ngx_http_webhook_claim_t));
    if (claims == NULL) {
        _exit(1);
    }

    for (n = 0; n < BENCH_BATCH; n++) {
        claims[n].zone = zone;
        claims[n].ttl = 86400;
        claims[n].window = -1;
        bench_digest(&claims[n], next++);
    }

    /* the number of entries stays as it is but for the batch */

    start = bench_us();

    for (n = 0; n < BENCH_BATCH; n++) {
        ngx_http_webhook_store_claim(&claims[n], &bench_log);
    }

    again = bench_us();

    for (n = 0; n < BENCH_BATCH; n++) {
        ngx_http_webhook_store_release(&claims[n]);
    }

    released = bench_us();

    for (n = 0; n < BENCH_BATCH; n++) {
        ngx_http_webhook_store_peek(&claims[n]);
    }

    peeked = bench_us();

    for (n = 0; n < BENCH_BATCH; n++) {
        ngx_http_webhook_store_claim(&claims[n], &bench_log);
    }

    claimed = bench_us();

    for (n = 0; n < BENCH_BATCH; n++) {
        ngx_http_webhook_store_commit(&claims[n]);
    }

    committed = bench_us();

    for (n = 0; n < BENCH_BATCH; n++) {
        bench_digest(&claims[n], entries - 1 - n % (entries / 2));
    }

    known = bench_us();

    for (n = 0; n < BENCH_BATCH; n++) {
        ngx_http_webhook_store_peek(&claims[n]);
    }

    printf("%13llu entries %10.2f %10.2f %10.2f %10.2f %10.2f\n",
           (unsigned long long) entries,
           (again - start) / BENCH_BATCH,
           (committed - claimed) / BENCH_BATCH,
           (released - again) / BENCH_BATCH,
           (peeked - released) / BENCH_BATCH,
           (bench_us() - known) / BENCH_BATCH);

    free(claims);
}


static double
bench_us(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}
