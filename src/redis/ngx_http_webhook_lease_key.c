
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The key of a message in Redis, made when Redis is first to be told of it.
 * With "key=", nobody who reads the engine can find out what has the name.
 */


#include "ngx_http_webhook_redis.h"


ngx_int_t
ngx_http_webhook_lease_key(ngx_http_webhook_lease_t *lease)
{
    u_char                     mac[WH_HMAC_MAX_SIZE], *p,
                               buf[NGX_HTTP_WEBHOOK_LEASE_NAME + 1];
    wh_str_t                   part;
    ngx_str_t                  src, dst;
    ngx_http_webhook_redis_t  *redis;

    if (lease->key.len) {
        return NGX_OK;
    }

    redis = lease->redis;

    src.data = lease->digest;
    src.len = WH_NAME_SIZE;

    if (redis->key) {

        part.data = lease->digest;
        part.len = WH_NAME_SIZE;

        if (wh_mac_once(redis->key, &part, 1, mac) != WH_OK) {
            return NGX_ERROR;
        }

        src.data = mac;
    }

    dst.data = buf;
    ngx_encode_base64url(&dst, &src);

    p = ngx_cpymem(lease->key.data, redis->prefix.data, redis->prefix.len);
    ngx_memcpy(p, buf, NGX_HTTP_WEBHOOK_LEASE_NAME);

    lease->key.len = redis->prefix.len + NGX_HTTP_WEBHOOK_LEASE_NAME;

    return NGX_OK;
}
