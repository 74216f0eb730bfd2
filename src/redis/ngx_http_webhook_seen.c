
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What all workers share of an engine: whether it is there, and counters.
 */


#include "ngx_http_webhook_redis.h"


static ngx_int_t ngx_http_webhook_redis_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);


/* Shared memory under the engine's name, kept by a reload. */

ngx_int_t
ngx_http_webhook_redis_zone(ngx_conf_t *cf, ngx_http_webhook_redis_t *redis)
{
    ngx_str_t        name;
    ngx_shm_zone_t  *shm_zone;

    name.len = sizeof("webhook_redis ") - 1 + redis->name.len;
    name.data = ngx_pnalloc(cf->pool, name.len);

    if (name.data == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(name.data, "webhook_redis %V", &redis->name);

    shm_zone = ngx_shared_memory_add(cf, &name, 8 * ngx_pagesize,
                                     &ngx_http_webhook_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_webhook_redis_zone_init;
    shm_zone->data = redis;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_redis_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_webhook_redis_t  *old = data;

    ngx_slab_pool_t           *shpool;
    ngx_http_webhook_redis_t  *redis;

    redis = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (old) {
        redis->sh = old->sh;
        return NGX_OK;
    }

    if (shm_zone->shm.exists) {
        redis->sh = shpool->data;
        return NGX_OK;
    }

    redis->sh = ngx_slab_calloc(shpool, sizeof(ngx_http_webhook_redis_sh_t));
    if (redis->sh == NULL) {
        return NGX_ERROR;
    }

    shpool->data = redis->sh;

    return NGX_OK;
}


/* A worker has found the engine to be there, or not to be. */

void
ngx_http_webhook_redis_up(ngx_http_webhook_redis_t *redis, ngx_uint_t up)
{
    if (redis->sh->up == up && redis->sh->since) {
        return;
    }

    redis->sh->up = up;
    redis->sh->since = ngx_time();
}


/* A request for a claim has ended, after that many milliseconds. */

void
ngx_http_webhook_redis_count(ngx_http_webhook_redis_t *redis,
    ngx_http_webhook_redis_result_e result, ngx_msec_t waited)
{
    ngx_uint_t  i;

    (void) ngx_atomic_fetch_add(&redis->sh->results[result], 1);

    if (result == NGX_HTTP_WEBHOOK_REDIS_REFUSED
        || result == NGX_HTTP_WEBHOOK_REDIS_DECIDED)
    {
        return;
    }

    for (i = 0;
         i < NGX_HTTP_WEBHOOK_REDIS_BUCKETS - 1
         && waited > ((ngx_msec_t) 1 << i);
         i++)
    {
        /* void */
    }

    (void) ngx_atomic_fetch_add(&redis->sh->buckets[i], 1);
    (void) ngx_atomic_fetch_add(&redis->sh->msec, waited);
}


/*
 * A place for what this worker has still to tell the engine: that of a worker
 * that is gone, or the last one.
 */

ngx_http_webhook_redis_worker_t *
ngx_http_webhook_redis_worker(ngx_http_webhook_redis_t *redis)
{
    ngx_pid_t                         pid;
    ngx_uint_t                        i;
    ngx_http_webhook_redis_worker_t  *worker;

    worker = redis->sh->workers;

    for (i = 0; i < NGX_HTTP_WEBHOOK_REDIS_WORKERS - 1; i++, worker++) {

        pid = worker->pid;

        if (pid != 0
            && pid != ngx_pid
            && (kill(pid, 0) == 0 || ngx_errno != NGX_ESRCH))
        {
            continue;
        }

        if (__sync_bool_compare_and_swap(&worker->pid, pid, ngx_pid)) {
            break;
        }
    }

    worker->pending = 0;

    return worker;
}


/* What living workers have still to tell the engine. */

ngx_uint_t
ngx_http_webhook_redis_pending(ngx_http_webhook_redis_t *redis)
{
    ngx_uint_t                        i, n;
    ngx_http_webhook_redis_worker_t  *worker;

    n = 0;
    worker = redis->sh->workers;

    for (i = 0; i < NGX_HTTP_WEBHOOK_REDIS_WORKERS; i++, worker++) {

        if (worker->pid
            && (kill(worker->pid, 0) == 0 || ngx_errno != NGX_ESRCH))
        {
            n += worker->pending;
        }
    }

    return n;
}
