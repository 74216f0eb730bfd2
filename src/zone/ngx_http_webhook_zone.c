
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Zones: the memory that all workers share, and that outlives a reload.
 *
 *   ngx_slab_pool_t                      the lock, and free pages
 *     |
 *     +-- data: ngx_http_webhook_zone_sh_t
 *     |     |
 *     |     +-- store                    a tree, and queues by age, of
 *     |     |     +-- entries            one for each message
 *     |     |     +-- retentions         one for each pair of ttl and window
 *     |     |
 *     |     +-- stats                    NULL until a location is counted here
 *     |           +-- deliveries         the last requests, 1/8 at most
 *     |           +-- records            the counters, 1/4 at most
 *     |                 +-- minutes      1/8 at most, or NULL
 *     |
 *     +-- log_ctx: " in webhook zone ..."
 *
 * The fractions are of the zone: a half at least is for messages.
 */


#include "ngx_http_webhook_zone.h"


static ngx_int_t ngx_http_webhook_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static void ngx_http_webhook_zone_resized(ngx_shm_zone_t *shm_zone);


/* webhook_zone NAME SIZE */

char *
ngx_http_webhook_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_main_conf_t  *wmcf = conf;

    ssize_t                   size;
    ngx_str_t                *value;
    ngx_shm_zone_t           *shm_zone;
    ngx_http_webhook_zone_t  *zone, **slot;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '$')) {
        return "has a \"$\" in its name, there can be no variable";
    }

    size = ngx_parse_size(&value[2]);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" of the zone \"%V\", it is "
                           "like \"10m\"", &value[2], &value[1]);
        return NGX_CONF_ERROR;
    }

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '=')) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"=\" in the name of the zone \"%V\", the "
                           "directive is like \"webhook_zone seen 10m\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the zone \"%V\" is too small, give it at least "
                           "%uz bytes", &value[1],
                           (size_t) (8 * ngx_pagesize));
        return NGX_CONF_ERROR;
    }

    shm_zone = ngx_shared_memory_add(cf, &value[1], size,
                                     &ngx_http_webhook_module);
    if (shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (shm_zone->data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the zone \"%V\" is defined twice", &value[1]);
        return NGX_CONF_ERROR;
    }

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_zone_t));
    slot = ngx_array_push(&wmcf->zones);

    if (zone == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = zone;

    zone->shm_zone = shm_zone;
    zone->stats_entries = &wmcf->stats_entries;

    shm_zone->init = ngx_http_webhook_zone_init;
    shm_zone->data = zone;

    return NGX_CONF_OK;
}


/* After a reload data is the old configuration's zone, with its contents. */

static ngx_int_t
ngx_http_webhook_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_webhook_zone_t  *old = data;

    size_t                    len;
    ngx_http_webhook_zone_t  *zone;

    zone = shm_zone->data;
    zone->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (old) {
        zone->sh = old->sh;
        ngx_http_webhook_store_reload(zone->sh->store);
        return ngx_http_webhook_stats_zone(zone, 1);
    }

    if (shm_zone->shm.exists) {
        zone->sh = zone->shpool->data;
        return ngx_http_webhook_stats_zone(zone, 1);
    }

    ngx_http_webhook_zone_resized(shm_zone);

    len = sizeof(" in webhook zone \"\"") + shm_zone->shm.name.len;

    zone->sh = ngx_slab_calloc(zone->shpool,
                               sizeof(ngx_http_webhook_zone_sh_t) + len);
    if (zone->sh == NULL) {
        return NGX_ERROR;
    }

    zone->shpool->data = zone->sh;
    zone->shpool->log_ctx = (u_char *) &zone->sh[1];

    zone->sh->store = ngx_http_webhook_store_create(zone->shpool);
    if (zone->sh->store == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(zone->shpool->log_ctx, " in webhook zone \"%V\"%Z",
                &shm_zone->shm.name);

    /* for a full zone there are messages of our own */

    zone->shpool->log_nomem = 0;

    return ngx_http_webhook_stats_zone(zone, 0);
}


/*
 * nginx takes over the memory of a zone with the same size, of the same module
 * loaded from the same file, and makes a new one otherwise.  It does not say
 * which.
 */

static void
ngx_http_webhook_zone_resized(ngx_shm_zone_t *shm_zone)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *old;
    ngx_list_part_t  *part;

    part = (ngx_list_part_t *) &ngx_cycle->shared_memory.part;
    old = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return;
            }

            part = part->next;
            old = part->elts;
            i = 0;
        }

        if (ngx_http_webhook_str_equal(&old[i].shm.name,
                                       &shm_zone->shm.name))
        {
            break;
        }
    }

    ngx_log_error(NGX_LOG_WARN, shm_zone->shm.log, 0,
                  "webhook zone \"%V\" begins empty, it has %uz bytes now and "
                  "had %uz%s: what was seen before can be sent again",
                  &shm_zone->shm.name, shm_zone->shm.size, old[i].shm.size,
                  shm_zone->shm.size == old[i].shm.size
                  ? ", of another module" : "");
}


/* A worker begins by clearing up after those that were killed. */

ngx_int_t
ngx_http_webhook_zone_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                      i;
    ngx_http_webhook_zone_t       **zones;
    ngx_http_webhook_main_conf_t   *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_webhook_module);

    if (wmcf == NULL) {
        return NGX_OK;
    }

    zones = wmcf->zones.elts;

    for (i = 0; i < wmcf->zones.nelts; i++) {
        ngx_http_webhook_store_sweep(zones[i]);
    }

    return NGX_OK;
}
