
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A token that stands in every element of an array, and is right in all.
 */


#include "ngx_http_webhook_conf.h"
#include "ngx_http_webhook_request.h"


static void ngx_http_webhook_every_free(void *data);


/* A step "*" of the pointer stands for every element; without one it is not. */

char *
ngx_http_webhook_every_compile(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer)
{
    u_char                    *p, *star, *end;
    ngx_str_t                  array;
    const char                *error;
    ngx_pool_cleanup_t        *cln;
    ngx_http_webhook_every_t  *every;

    star = NULL;
    end = pointer->data + pointer->len;

    for (p = pointer->data; p + 1 < end; p++) {

        if (p[0] != '/' || p[1] != '*' || (p + 2 < end && p[2] != '/')) {
            continue;
        }

        if (star) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid pointer \"%V\", a token may have one "
                               "step \"*\"", pointer);
            return NGX_CONF_ERROR;
        }

        star = p;
    }

    if (star == NULL) {
        return NGX_CONF_OK;
    }

    array.data = pointer->data;
    array.len = star - pointer->data;

    every = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_every_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (every == NULL || cln == NULL) {
        return NGX_CONF_ERROR;
    }

    every->set = wh_json_set_create();
    if (every->set == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_webhook_every_free;
    cln->data = every->set;

    if (wh_json_set_add(every->set, ngx_http_webhook_wh_str(&array),
                        &every->array, &error)
        != WH_OK
        || wh_json_set_add_every(every->set, ngx_http_webhook_wh_str(pointer),
                                 &every->value, &error)
           != WH_OK)
    {
        return NGX_CONF_ERROR;
    }

    provider->every = every;

    return NGX_CONF_OK;
}


static void
ngx_http_webhook_every_free(void *data)
{
    wh_json_set_free(data);
}
