
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What an error of Redis means, and what is to be done.
 */


#include "ngx_http_webhook_redis.h"


typedef struct {
    ngx_str_t    begins;
    const char  *advice;
} ngx_http_webhook_advice_t;


static ngx_http_webhook_advice_t  ngx_http_webhook_advices[] = {
    { ngx_string("NOAUTH"), "it wants a password, give it \"password=\"" },
    { ngx_string("WRONGPASS"), "it knows no such user and password" },
    { ngx_string("NOPERM"), "its user needs the rights that the "
                            "documentation has" },
    { ngx_string("OOM"), "its memory is full, raise \"maxmemory\"" },
    { ngx_string("MISCONF"), "it cannot write to its disk" },
    { ngx_string("LOADING"), "it is still reading its data" },
    { ngx_string("READONLY"), "it is a replica, the URL must be that of the "
                              "primary" },
    { ngx_string("MASTERDOWN"), "it is a replica without its primary, the "
                                "URL must be that of the primary" },
    { ngx_string("NOREPLICAS"), "it has fewer replicas than "
                                "\"min-replicas-to-write\"" },
    { ngx_string("MOVED"), "it is a cluster, put a proxy in front of it" },
    { ngx_string("ASK"), "it is a cluster, put a proxy in front of it" },
    { ngx_string("CLUSTERDOWN"), "it is a cluster, put a proxy in front of "
                                 "it" },
    { ngx_string("BUSY"), "a script of somebody else does not end" },
    { ngx_null_string, "it must be Redis 7.0 or later, or Valkey" }
};


/* The advice for an error text, never NULL. */

const char *
ngx_http_webhook_redis_advice(ngx_str_t *error)
{
    ngx_http_webhook_advice_t  *advice;

    for (advice = ngx_http_webhook_advices; advice->begins.len; advice++) {

        if (error->len >= advice->begins.len
            && ngx_strncmp(error->data, advice->begins.data,
                           advice->begins.len)
               == 0)
        {
            break;
        }
    }

    return advice->advice;
}


/*
 * What goes into the log of an error text: of an unknown command Redis repeats
 * the arguments, and one may be a password.
 */

void
ngx_http_webhook_redis_cut(ngx_str_t *error)
{
    size_t  i;

    static ngx_str_t  args = ngx_string(", with args");

    for (i = 0; i < error->len; i++) {

        if (error->data[i] < 0x20
            || error->data[i] == 0x7f
            || (error->len - i >= args.len
                && ngx_strncmp(&error->data[i], args.data, args.len) == 0))
        {
            error->len = i;
        }
    }
}


/* A list or the like under the key: Redis is all right, the key is not. */

ngx_uint_t
ngx_http_webhook_redis_wrong_type(ngx_http_webhook_answer_t *answer)
{
    return answer->type == NGX_HTTP_WEBHOOK_ANSWER_ERROR
           && answer->text.len >= 9
           && ngx_strncmp(answer->text.data, "WRONGTYPE", 9) == 0;
}
