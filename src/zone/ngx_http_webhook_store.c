
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The messages that a zone remembers: claimed, held, committed, forgotten.
 * Nothing here knows of requests.
 *
 *               claim                    commit
 *   unknown -------------->  claimed  ------------------>  committed
 *      ^    the request is    |   |   header filter, 2xx       |
 *      |    let through       |   |                            |
 *      |                      |   |                            |
 *      +----------------------+---|----------------------------+
 *      |   release:               |      the ttl is over,
 *      |     header filter, no    |      or evicted for want of room
 *      |     2xx, or cleanup of   |
 *      |     the request;         |  hold: cleanup of a request that the
 *      |   the lease is over,     |  application has had bytes of
 *      |     or the owner is      v
 *      |     gone: any claim,    held
 *      |     or the sweep of      |
 *      |     a new worker         |
 *      +--------------------------+
 *                its time is over: any claim
 *
 * A peek says which of these it is, before the body has come, and changes
 * nothing.  All of this is done under the lock of the zone.  Leases and holds
 * are counted by the monotonic clock, which workers have in common.
 */


#include "ngx_http_webhook_zone.h"


#define NGX_HTTP_WEBHOOK_LEASE  3600    /* seconds, of a claim */


/*
 * How long messages are kept: one for each pair of times that locations use.
 * Those committed are in a queue by the time of the commit, so the first is
 * the first to expire, and the first that may be evicted.
 */

typedef struct {
    ngx_queue_t                 queue;
    ngx_queue_t                 entries;
    time_t                      ttl;
    time_t                      window;
} ngx_http_webhook_retention_t;


typedef enum {
    NGX_HTTP_WEBHOOK_CLAIMED = 0,
    NGX_HTTP_WEBHOOK_HELD,
    NGX_HTTP_WEBHOOK_COMMITTED
} ngx_http_webhook_entry_e;


typedef struct {
    ngx_rbtree_node_t              node;    /* its key begins the digest */
    ngx_queue_t                    queue;
    u_char                         digest[NGX_HTTP_WEBHOOK_DIGEST];
    time_t                         time;    /* of the commit */
    ngx_msec_t                     end;     /* of the lease, of the hold */
    ngx_uint_t                     serial;  /* of the claim */
    ngx_http_webhook_entry_e       state;
    ngx_pid_t                      owner;   /* who has claimed it */
    ngx_http_webhook_retention_t  *retention;
} ngx_http_webhook_entry_t;


struct ngx_http_webhook_store_s {
    ngx_rbtree_t                rbtree;
    ngx_rbtree_node_t           sentinel;
    ngx_queue_t                 claims;     /* entries, by their end */
    ngx_queue_t                 held;
    ngx_queue_t                 retentions;
    ngx_uint_t                  serial;
    ngx_uint_t                  entries;
    ngx_uint_t                  evicted;    /* before their time to live */
    ngx_uint_t                  reported;   /* of these, in the error log */
    time_t                      warned;
    ngx_uint_t                  advised;    /* since the configuration was
                                               read */
};


static void ngx_http_webhook_store_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_http_webhook_entry_t *ngx_http_webhook_store_find(
    ngx_http_webhook_store_t *store, u_char *digest);
static ngx_int_t ngx_http_webhook_store_state(ngx_http_webhook_entry_t *entry,
    ngx_http_webhook_claim_t *claim);
static ngx_uint_t ngx_http_webhook_store_abandoned(
    ngx_http_webhook_entry_t *entry);
static ngx_uint_t ngx_http_webhook_store_over(ngx_http_webhook_entry_t *entry);
static ngx_http_webhook_entry_t *ngx_http_webhook_store_add(
    ngx_http_webhook_zone_t *zone, u_char *digest);
static ngx_http_webhook_retention_t *ngx_http_webhook_store_retention(
    ngx_http_webhook_zone_t *zone, time_t ttl, time_t window);
static void *ngx_http_webhook_store_alloc(ngx_http_webhook_zone_t *zone);
static ngx_int_t ngx_http_webhook_store_evict(ngx_http_webhook_zone_t *zone);
static void ngx_http_webhook_store_expire(ngx_http_webhook_zone_t *zone);
static void ngx_http_webhook_store_expire_queue(ngx_http_webhook_zone_t *zone,
    ngx_queue_t *queue);
static void ngx_http_webhook_store_free(ngx_http_webhook_zone_t *zone,
    ngx_http_webhook_entry_t *entry);
static void ngx_http_webhook_store_keep(ngx_http_webhook_entry_t *entry,
    ngx_http_webhook_retention_t *retention);
static ngx_http_webhook_entry_t *ngx_http_webhook_store_find_own(
    ngx_http_webhook_claim_t *claim);


/* An empty store in the zone's memory, or NULL without room. */

ngx_http_webhook_store_t *
ngx_http_webhook_store_create(ngx_slab_pool_t *shpool)
{
    ngx_http_webhook_store_t  *store;

    store = ngx_slab_calloc(shpool, sizeof(ngx_http_webhook_store_t));
    if (store == NULL) {
        return NULL;
    }

    ngx_rbtree_init(&store->rbtree, &store->sentinel,
                    ngx_http_webhook_store_insert);

    ngx_queue_init(&store->claims);
    ngx_queue_init(&store->held);
    ngx_queue_init(&store->retentions);

    return store;
}


static void
ngx_http_webhook_store_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t         **p;
    ngx_http_webhook_entry_t   *entry, *other;

    entry = (ngx_http_webhook_entry_t *) node;

    for ( ;; ) {

        if (node->key != temp->key) {
            p = (node->key < temp->key) ? &temp->left : &temp->right;

        } else {
            other = (ngx_http_webhook_entry_t *) temp;

            p = (ngx_memcmp(entry->digest, other->digest,
                            NGX_HTTP_WEBHOOK_DIGEST)
                 < 0)
                ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;

    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


static ngx_http_webhook_entry_t *
ngx_http_webhook_store_find(ngx_http_webhook_store_t *store, u_char *digest)
{
    ngx_int_t                  rc;
    ngx_rbtree_key_t           key;
    ngx_rbtree_node_t         *node;
    ngx_http_webhook_entry_t  *entry;

    ngx_memcpy(&key, digest, sizeof(ngx_rbtree_key_t));

    node = store->rbtree.root;

    while (node != &store->sentinel) {

        if (key != node->key) {
            node = (key < node->key) ? node->left : node->right;
            continue;
        }

        entry = (ngx_http_webhook_entry_t *) node;

        rc = ngx_memcmp(digest, entry->digest, NGX_HTTP_WEBHOOK_DIGEST);

        if (rc == 0) {
            return entry;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


/*
 * NGX_DONE for a message that is committed, NGX_BUSY for one that is claimed
 * or held, NGX_DECLINED for one that is to be forgotten.
 */

static ngx_int_t
ngx_http_webhook_store_state(ngx_http_webhook_entry_t *entry,
    ngx_http_webhook_claim_t *claim)
{
    claim->wait = 1;

    if (ngx_http_webhook_store_over(entry)) {
        return NGX_DECLINED;
    }

    switch (entry->state) {

    case NGX_HTTP_WEBHOOK_COMMITTED:
        return NGX_DONE;

    case NGX_HTTP_WEBHOOK_HELD:
        claim->wait = (entry->end - ngx_current_msec + 999) / 1000;

        return NGX_BUSY;

    default: /* NGX_HTTP_WEBHOOK_CLAIMED */
        return ngx_http_webhook_store_abandoned(entry) ? NGX_DECLINED
                                                       : NGX_BUSY;
    }
}


/* A worker that was killed has released nothing. */

static ngx_uint_t
ngx_http_webhook_store_abandoned(ngx_http_webhook_entry_t *entry)
{
    return kill(entry->owner, 0) == -1 && ngx_errno == NGX_ESRCH;
}


static ngx_uint_t
ngx_http_webhook_store_over(ngx_http_webhook_entry_t *entry)
{
    if (entry->state == NGX_HTTP_WEBHOOK_COMMITTED) {
        return ngx_time() - entry->time > entry->retention->ttl;
    }

    return (ngx_msec_int_t) (ngx_current_msec - entry->end) >= 0;
}


/* As ngx_http_webhook_store_state(), and changes nothing. */

ngx_int_t
ngx_http_webhook_store_peek(ngx_http_webhook_claim_t *claim)
{
    ngx_int_t                  rc;
    ngx_http_webhook_entry_t  *entry;

    ngx_shmtx_lock(&claim->zone->shpool->mutex);

    entry = ngx_http_webhook_store_find(claim->zone->sh->store, claim->digest);

    rc = entry ? ngx_http_webhook_store_state(entry, claim) : NGX_DECLINED;

    ngx_shmtx_unlock(&claim->zone->shpool->mutex);

    return rc;
}


/*
 * NGX_OK when the message is the caller's now, NGX_DONE when it has been
 * committed, NGX_BUSY while somebody has it, NGX_ERROR when there is no room.
 */

ngx_int_t
ngx_http_webhook_store_claim(ngx_http_webhook_claim_t *claim, ngx_log_t *log)
{
    time_t                         now;
    ngx_int_t                      rc;
    ngx_uint_t                     evicted, total;
    ngx_slab_pool_t               *shpool;
    ngx_http_webhook_entry_t      *entry;
    ngx_http_webhook_store_t      *store;
    ngx_http_webhook_retention_t  *retention;

    shpool = claim->zone->shpool;
    store = claim->zone->sh->store;

    now = ngx_time();
    rc = NGX_DECLINED;

    ngx_shmtx_lock(&shpool->mutex);

    entry = ngx_http_webhook_store_find(store, claim->digest);

    if (entry) {
        rc = ngx_http_webhook_store_state(entry, claim);

        if (rc == NGX_DECLINED) {
            ngx_http_webhook_store_free(claim->zone, entry);
        }
    }

    if (rc == NGX_DECLINED) {

        ngx_http_webhook_store_expire(claim->zone);

        retention = ngx_http_webhook_store_retention(claim->zone, claim->ttl,
                                                     claim->window);

        entry = retention
                ? ngx_http_webhook_store_add(claim->zone, claim->digest)
                : NULL;

        if (entry) {
            entry->retention = retention;
            claim->serial = entry->serial;
            rc = NGX_OK;

        } else {
            rc = NGX_ERROR;
        }
    }

    /*
     * also those of the last second that had a warning; workers whose clocks
     * are apart do not take turns
     */

    evicted = 0;
    total = store->evicted;

    if (total != store->reported
        && (now > store->warned || now < store->warned - 60))
    {
        evicted = total - store->reported;
        store->reported = total;
        store->warned = now;
    }

    ngx_shmtx_unlock(&shpool->mutex);

    if (evicted) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "webhook zone \"%V\" is full: %ui message%s forgotten "
                      "before the ttl, %ui in all, give it more memory",
                      &claim->zone->shm_zone->shm.name, evicted,
                      evicted == 1 ? "" : "s", total);
    }

    return rc;
}


static ngx_http_webhook_entry_t *
ngx_http_webhook_store_add(ngx_http_webhook_zone_t *zone, u_char *digest)
{
    ngx_http_webhook_entry_t  *entry;
    ngx_http_webhook_store_t  *store;

    store = zone->sh->store;

    entry = ngx_http_webhook_store_alloc(zone);
    if (entry == NULL) {
        return NULL;
    }

    ngx_memcpy(&entry->node.key, digest, sizeof(ngx_rbtree_key_t));
    ngx_memcpy(entry->digest, digest, NGX_HTTP_WEBHOOK_DIGEST);

    entry->end = ngx_current_msec + NGX_HTTP_WEBHOOK_LEASE * 1000;
    entry->serial = ++store->serial;
    entry->state = NGX_HTTP_WEBHOOK_CLAIMED;
    entry->owner = ngx_pid;

    ngx_rbtree_insert(&store->rbtree, &entry->node);
    ngx_queue_insert_tail(&store->claims, &entry->queue);

    store->entries++;

    return entry;
}


static ngx_http_webhook_retention_t *
ngx_http_webhook_store_retention(ngx_http_webhook_zone_t *zone, time_t ttl,
    time_t window)
{
    ngx_queue_t                   *q, *retentions;
    ngx_http_webhook_retention_t  *retention;

    retentions = &zone->sh->store->retentions;

    for (q = ngx_queue_head(retentions);
         q != ngx_queue_sentinel(retentions);
         q = ngx_queue_next(q))
    {
        retention = ngx_queue_data(q, ngx_http_webhook_retention_t, queue);

        if (retention->ttl == ttl && retention->window == window) {
            return retention;
        }
    }

    retention = ngx_http_webhook_store_alloc(zone);
    if (retention == NULL) {
        return NULL;
    }

    retention->ttl = ttl;
    retention->window = window;

    ngx_queue_init(&retention->entries);
    ngx_queue_insert_tail(retentions, &retention->queue);

    return retention;
}


/*
 * Memory for an entry or a retention: of one size, so that whatever is freed
 * makes room for either.
 */

static void *
ngx_http_webhook_store_alloc(ngx_http_webhook_zone_t *zone)
{
    void  *p;

    p = ngx_slab_alloc_locked(zone->shpool, sizeof(ngx_http_webhook_entry_t));

    if (p == NULL && ngx_http_webhook_store_evict(zone) == NGX_OK) {
        p = ngx_slab_alloc_locked(zone->shpool,
                                  sizeof(ngx_http_webhook_entry_t));
    }

    return p;
}


/*
 * Forgets the oldest message whose signed time has left its window;
 * NGX_DECLINED when none has.
 */

static ngx_int_t
ngx_http_webhook_store_evict(ngx_http_webhook_zone_t *zone)
{
    time_t                         now;
    ngx_queue_t                   *q, *retentions;
    ngx_http_webhook_entry_t      *entry, *oldest;
    ngx_http_webhook_retention_t  *retention;

    now = ngx_time();
    oldest = NULL;
    retentions = &zone->sh->store->retentions;

    for (q = ngx_queue_head(retentions);
         q != ngx_queue_sentinel(retentions);
         q = ngx_queue_next(q))
    {
        retention = ngx_queue_data(q, ngx_http_webhook_retention_t, queue);

        if (ngx_queue_empty(&retention->entries)) {
            continue;
        }

        entry = ngx_queue_data(ngx_queue_head(&retention->entries),
                               ngx_http_webhook_entry_t, queue);

        /* the clock of another worker may be ahead of ours */

        if ((retention->window == -1 || now - entry->time > retention->window)
            && (oldest == NULL || entry->time < oldest->time))
        {
            oldest = entry;
        }
    }

    if (oldest == NULL) {
        return NGX_DECLINED;
    }

    zone->sh->store->evicted++;
    ngx_http_webhook_store_free(zone, oldest);

    return NGX_OK;
}


/* Only a few entries with each claim, since the lock is held. */

static void
ngx_http_webhook_store_expire(ngx_http_webhook_zone_t *zone)
{
    ngx_queue_t                   *q;
    ngx_http_webhook_store_t      *store;
    ngx_http_webhook_retention_t  *retention;

    store = zone->sh->store;

    ngx_http_webhook_store_expire_queue(zone, &store->claims);
    ngx_http_webhook_store_expire_queue(zone, &store->held);

    for (q = ngx_queue_head(&store->retentions);
         q != ngx_queue_sentinel(&store->retentions);
         q = ngx_queue_next(q))
    {
        retention = ngx_queue_data(q, ngx_http_webhook_retention_t, queue);

        ngx_http_webhook_store_expire_queue(zone, &retention->entries);
    }
}


static void
ngx_http_webhook_store_expire_queue(ngx_http_webhook_zone_t *zone,
    ngx_queue_t *queue)
{
    ngx_uint_t                 n;
    ngx_http_webhook_entry_t  *entry;

    for (n = 0; n < 2 && !ngx_queue_empty(queue); n++) {

        entry = ngx_queue_data(ngx_queue_head(queue),
                               ngx_http_webhook_entry_t, queue);

        if (!ngx_http_webhook_store_over(entry)) {
            break;
        }

        ngx_http_webhook_store_free(zone, entry);
    }
}


static void
ngx_http_webhook_store_free(ngx_http_webhook_zone_t *zone,
    ngx_http_webhook_entry_t *entry)
{
    ngx_queue_remove(&entry->queue);
    ngx_rbtree_delete(&zone->sh->store->rbtree, &entry->node);
    ngx_slab_free_locked(zone->shpool, entry);

    zone->sh->store->entries--;
}


/* The application has accepted the message. */

void
ngx_http_webhook_store_commit(ngx_http_webhook_claim_t *claim)
{
    ngx_http_webhook_entry_t  *entry;

    ngx_shmtx_lock(&claim->zone->shpool->mutex);

    entry = ngx_http_webhook_store_find_own(claim);

    if (entry) {
        ngx_http_webhook_store_keep(entry, entry->retention);
    }

    ngx_shmtx_unlock(&claim->zone->shpool->mutex);
}


/*
 * Another host has had the message, and its engine knows for how long.  Here
 * it is known for the seconds that are given; without room, not at all.
 */

void
ngx_http_webhook_store_remember(ngx_http_webhook_claim_t *claim, time_t ttl)
{
    ngx_http_webhook_entry_t      *entry;
    ngx_http_webhook_retention_t  *retention;

    ngx_shmtx_lock(&claim->zone->shpool->mutex);

    entry = ngx_http_webhook_store_find_own(claim);

    if (entry) {

        retention = ngx_http_webhook_store_retention(claim->zone, ttl, -1);

        if (retention) {
            ngx_http_webhook_store_keep(entry, retention);

        } else {
            ngx_http_webhook_store_free(claim->zone, entry);
        }
    }

    ngx_shmtx_unlock(&claim->zone->shpool->mutex);
}


/* The application has not: the message is as if it had never come. */

void
ngx_http_webhook_store_release(ngx_http_webhook_claim_t *claim)
{
    ngx_http_webhook_entry_t  *entry;

    ngx_shmtx_lock(&claim->zone->shpool->mutex);

    entry = ngx_http_webhook_store_find_own(claim);

    if (entry) {
        ngx_http_webhook_store_free(claim->zone, entry);
    }

    ngx_shmtx_unlock(&claim->zone->shpool->mutex);
}


/*
 * Nobody knows whether it has.  1 if this is the first time since the
 * configuration was read.
 */

ngx_uint_t
ngx_http_webhook_store_hold(ngx_http_webhook_claim_t *claim, time_t hold)
{
    ngx_uint_t                 first;
    ngx_http_webhook_entry_t  *entry;
    ngx_http_webhook_store_t  *store;

    store = claim->zone->sh->store;
    first = 0;

    ngx_shmtx_lock(&claim->zone->shpool->mutex);

    entry = ngx_http_webhook_store_find_own(claim);

    if (entry) {
        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_tail(&store->held, &entry->queue);

        entry->state = NGX_HTTP_WEBHOOK_HELD;
        entry->end = ngx_current_msec + (ngx_msec_t) hold * 1000;

        first = !store->advised;
        store->advised = 1;
    }

    ngx_shmtx_unlock(&claim->zone->shpool->mutex);

    return first;
}


/* Another configuration may have need of the same advice. */

void
ngx_http_webhook_store_reload(ngx_http_webhook_store_t *store)
{
    store->advised = 0;
}


/* The message has been taken, and is known for as long as the others there. */

static void
ngx_http_webhook_store_keep(ngx_http_webhook_entry_t *entry,
    ngx_http_webhook_retention_t *retention)
{
    ngx_queue_remove(&entry->queue);
    ngx_queue_insert_tail(&retention->entries, &entry->queue);

    entry->retention = retention;
    entry->state = NGX_HTTP_WEBHOOK_COMMITTED;
    entry->time = ngx_time();
}


/* After its lease a claim may be another request's by now. */

static ngx_http_webhook_entry_t *
ngx_http_webhook_store_find_own(ngx_http_webhook_claim_t *claim)
{
    ngx_http_webhook_entry_t  *entry;

    entry = ngx_http_webhook_store_find(claim->zone->sh->store, claim->digest);

    if (entry
        && entry->state == NGX_HTTP_WEBHOOK_CLAIMED
        && entry->owner == ngx_pid
        && entry->serial == claim->serial)
    {
        return entry;
    }

    return NULL;
}


/*
 * Releases the claims of workers that are gone.  A process that starts has no
 * claims: those with its id are of one that had the id before.
 */

void
ngx_http_webhook_store_sweep(ngx_http_webhook_zone_t *zone)
{
    ngx_queue_t               *q, *next, *claims;
    ngx_http_webhook_entry_t  *entry;

    claims = &zone->sh->store->claims;

    ngx_shmtx_lock(&zone->shpool->mutex);

    for (q = ngx_queue_head(claims);
         q != ngx_queue_sentinel(claims);
         q = next)
    {
        next = ngx_queue_next(q);
        entry = ngx_queue_data(q, ngx_http_webhook_entry_t, queue);

        if (entry->owner == ngx_pid
            || ngx_http_webhook_store_over(entry)
            || ngx_http_webhook_store_abandoned(entry))
        {
            ngx_http_webhook_store_free(zone, entry);
        }
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);
}


/* Each is one word, so they are read without the lock. */

void
ngx_http_webhook_store_numbers(ngx_http_webhook_zone_t *zone,
    ngx_uint_t *entries, ngx_uint_t *evicted)
{
    *entries = zone->sh->store->entries;
    *evicted = zone->sh->store->evicted;
}
