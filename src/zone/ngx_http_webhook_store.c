
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The messages that a zone remembers: claimed, committed, forgotten.  Nothing
 * here knows of requests.
 *
 *               claim                    end, accepted
 *   unknown -------------->  claimed  ------------------>  committed
 *      ^    the request is      |     header filter, 2xx       |
 *      |    let through         |                              |
 *      |                        |                              |
 *      +------------------------+------------------------------+
 *          end, not accepted:            the ttl is over,
 *            header filter, no 2xx,      or evicted for want of room
 *            or cleanup of the request;
 *          the lease is over,
 *            or the owner is gone:
 *            any claim, or the sweep
 *            of a new worker
 *
 * A peek says which of the three it is, before the body has come, and changes
 * nothing.  All of this is done under the lock of the zone.
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


typedef struct {
    ngx_rbtree_node_t              node;    /* its key begins the digest */
    ngx_queue_t                    queue;
    u_char                         digest[NGX_HTTP_WEBHOOK_DIGEST];
    time_t                         time;    /* of the claim, of the commit */
    ngx_uint_t                     serial;  /* of the claim */
    ngx_pid_t                      owner;   /* who has it, or 0: committed */
    ngx_http_webhook_retention_t  *retention;
} ngx_http_webhook_entry_t;


struct ngx_http_webhook_store_s {
    ngx_rbtree_t                rbtree;
    ngx_rbtree_node_t           sentinel;
    ngx_queue_t                 claims;     /* entries, by their time */
    ngx_queue_t                 retentions;
    ngx_uint_t                  serial;
    ngx_uint_t                  entries;
    ngx_uint_t                  evicted;    /* before their time to live */
    ngx_uint_t                  reported;   /* of these, in the error log */
    time_t                      warned;
};


static void ngx_http_webhook_store_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_http_webhook_entry_t *ngx_http_webhook_store_find(
    ngx_http_webhook_store_t *store, u_char *digest);
static ngx_int_t ngx_http_webhook_store_state(ngx_http_webhook_entry_t *entry,
    time_t now);
static ngx_uint_t ngx_http_webhook_store_abandoned(
    ngx_http_webhook_entry_t *entry, time_t now);
static ngx_http_webhook_entry_t *ngx_http_webhook_store_add(
    ngx_http_webhook_zone_t *zone, u_char *digest, time_t now);
static ngx_http_webhook_retention_t *ngx_http_webhook_store_retention(
    ngx_http_webhook_zone_t *zone, time_t ttl, time_t window, time_t now);
static void *ngx_http_webhook_store_alloc(ngx_http_webhook_zone_t *zone,
    time_t now);
static ngx_int_t ngx_http_webhook_store_evict(ngx_http_webhook_zone_t *zone,
    time_t now);
static void ngx_http_webhook_store_expire(ngx_http_webhook_zone_t *zone,
    time_t now);
static void ngx_http_webhook_store_expire_queue(ngx_http_webhook_zone_t *zone,
    ngx_queue_t *queue, time_t ttl, time_t now);
static void ngx_http_webhook_store_free(ngx_http_webhook_zone_t *zone,
    ngx_http_webhook_entry_t *entry);
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
 * NGX_DONE for a message that is committed, NGX_BUSY for one that is claimed,
 * NGX_DECLINED for one that is to be forgotten.
 */

static ngx_int_t
ngx_http_webhook_store_state(ngx_http_webhook_entry_t *entry, time_t now)
{
    if (entry->owner == 0) {
        return now - entry->time > entry->retention->ttl ? NGX_DECLINED
                                                         : NGX_DONE;
    }

    return ngx_http_webhook_store_abandoned(entry, now) ? NGX_DECLINED
                                                        : NGX_BUSY;
}


/* A worker that was killed has released nothing. */

static ngx_uint_t
ngx_http_webhook_store_abandoned(ngx_http_webhook_entry_t *entry, time_t now)
{
    if (now - entry->time > NGX_HTTP_WEBHOOK_LEASE) {
        return 1;
    }

    return kill(entry->owner, 0) == -1 && ngx_errno == NGX_ESRCH;
}


/* As ngx_http_webhook_store_state(), and changes nothing. */

ngx_int_t
ngx_http_webhook_store_peek(ngx_http_webhook_claim_t *claim)
{
    ngx_int_t                  rc;
    ngx_slab_pool_t           *shpool;
    ngx_http_webhook_entry_t  *entry;

    shpool = claim->zone->shpool;

    ngx_shmtx_lock(&shpool->mutex);

    entry = ngx_http_webhook_store_find(claim->zone->sh->store, claim->digest);

    rc = entry ? ngx_http_webhook_store_state(entry, ngx_time())
               : NGX_DECLINED;

    ngx_shmtx_unlock(&shpool->mutex);

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
        rc = ngx_http_webhook_store_state(entry, now);

        if (rc == NGX_DECLINED) {
            ngx_http_webhook_store_free(claim->zone, entry);
        }
    }

    if (rc == NGX_DECLINED) {

        ngx_http_webhook_store_expire(claim->zone, now);

        retention = ngx_http_webhook_store_retention(claim->zone, claim->ttl,
                                                     claim->window, now);

        entry = retention
                ? ngx_http_webhook_store_add(claim->zone, claim->digest, now)
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
ngx_http_webhook_store_add(ngx_http_webhook_zone_t *zone, u_char *digest,
    time_t now)
{
    ngx_http_webhook_entry_t  *entry;
    ngx_http_webhook_store_t  *store;

    store = zone->sh->store;

    entry = ngx_http_webhook_store_alloc(zone, now);
    if (entry == NULL) {
        return NULL;
    }

    ngx_memcpy(&entry->node.key, digest, sizeof(ngx_rbtree_key_t));
    ngx_memcpy(entry->digest, digest, NGX_HTTP_WEBHOOK_DIGEST);

    entry->time = now;
    entry->serial = ++store->serial;
    entry->owner = ngx_pid;

    ngx_rbtree_insert(&store->rbtree, &entry->node);
    ngx_queue_insert_tail(&store->claims, &entry->queue);

    store->entries++;

    return entry;
}


static ngx_http_webhook_retention_t *
ngx_http_webhook_store_retention(ngx_http_webhook_zone_t *zone, time_t ttl,
    time_t window, time_t now)
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

    retention = ngx_http_webhook_store_alloc(zone, now);
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
ngx_http_webhook_store_alloc(ngx_http_webhook_zone_t *zone, time_t now)
{
    void  *p;

    p = ngx_slab_alloc_locked(zone->shpool, sizeof(ngx_http_webhook_entry_t));

    if (p == NULL && ngx_http_webhook_store_evict(zone, now) == NGX_OK) {
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
ngx_http_webhook_store_evict(ngx_http_webhook_zone_t *zone, time_t now)
{
    ngx_queue_t                   *q, *retentions;
    ngx_http_webhook_entry_t      *entry, *oldest;
    ngx_http_webhook_retention_t  *retention;

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
ngx_http_webhook_store_expire(ngx_http_webhook_zone_t *zone, time_t now)
{
    ngx_queue_t                   *q;
    ngx_http_webhook_store_t      *store;
    ngx_http_webhook_retention_t  *retention;

    store = zone->sh->store;

    ngx_http_webhook_store_expire_queue(zone, &store->claims,
                                        NGX_HTTP_WEBHOOK_LEASE, now);

    for (q = ngx_queue_head(&store->retentions);
         q != ngx_queue_sentinel(&store->retentions);
         q = ngx_queue_next(q))
    {
        retention = ngx_queue_data(q, ngx_http_webhook_retention_t, queue);

        ngx_http_webhook_store_expire_queue(zone, &retention->entries,
                                            retention->ttl, now);
    }
}


static void
ngx_http_webhook_store_expire_queue(ngx_http_webhook_zone_t *zone,
    ngx_queue_t *queue, time_t ttl, time_t now)
{
    ngx_uint_t                 n;
    ngx_http_webhook_entry_t  *entry;

    for (n = 0; n < 2 && !ngx_queue_empty(queue); n++) {

        entry = ngx_queue_data(ngx_queue_head(queue),
                               ngx_http_webhook_entry_t, queue);

        if (now - entry->time <= ttl) {
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


/*
 * Commits the message when the application has accepted it, and releases it
 * otherwise.
 */

void
ngx_http_webhook_store_end(ngx_http_webhook_claim_t *claim,
    ngx_uint_t accepted_upstream)
{
    ngx_slab_pool_t           *shpool;
    ngx_http_webhook_entry_t  *entry;

    shpool = claim->zone->shpool;

    ngx_shmtx_lock(&shpool->mutex);

    entry = ngx_http_webhook_store_find_own(claim);

    if (entry && accepted_upstream) {
        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_tail(&entry->retention->entries, &entry->queue);

        entry->owner = 0;
        entry->time = ngx_time();

    } else if (entry) {
        ngx_http_webhook_store_free(claim->zone, entry);
    }

    ngx_shmtx_unlock(&shpool->mutex);
}


/* After its lease a claim may be another request's by now. */

static ngx_http_webhook_entry_t *
ngx_http_webhook_store_find_own(ngx_http_webhook_claim_t *claim)
{
    ngx_http_webhook_entry_t  *entry;

    entry = ngx_http_webhook_store_find(claim->zone->sh->store, claim->digest);

    if (entry && entry->owner == ngx_pid && entry->serial == claim->serial) {
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
    time_t                     now;
    ngx_queue_t               *q, *next, *claims;
    ngx_http_webhook_entry_t  *entry;

    now = ngx_time();
    claims = &zone->sh->store->claims;

    ngx_shmtx_lock(&zone->shpool->mutex);

    for (q = ngx_queue_head(claims);
         q != ngx_queue_sentinel(claims);
         q = next)
    {
        next = ngx_queue_next(q);
        entry = ngx_queue_data(q, ngx_http_webhook_entry_t, queue);

        if (entry->owner == ngx_pid
            || ngx_http_webhook_store_abandoned(entry, now))
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
