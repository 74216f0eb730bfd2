
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The first commands of a connection: the protocol and the password, the
 * database, and a write, by which it is seen whether claims would be taken.
 */


#include "ngx_http_webhook_redis.h"


/* link->step */

typedef enum {
    NGX_HTTP_WEBHOOK_GREETING_HELLO = 0,
    NGX_HTTP_WEBHOOK_GREETING_AUTH,
    NGX_HTTP_WEBHOOK_GREETING_SELECT,
    NGX_HTTP_WEBHOOK_GREETING_PROBE,
    NGX_HTTP_WEBHOOK_GREETING_END
} ngx_http_webhook_greeting_e;


/* The words of the command that is next; NGX_ERROR without memory. */

ngx_int_t
ngx_http_webhook_greeting(ngx_http_webhook_link_t *link, ngx_str_t *args,
    ngx_uint_t *n)
{
    u_char                    *p;
    ngx_http_webhook_redis_t  *redis;

    redis = link->redis;

    switch (link->step) {

    case NGX_HTTP_WEBHOOK_GREETING_HELLO:
        ngx_str_set(&args[0], "HELLO");
        ngx_str_set(&args[1], "2");
        ngx_str_set(&args[2], "AUTH");
        ngx_str_set(&args[3], "default");
        args[4] = redis->password;
        *n = redis->password.len ? 5 : 2;

        if (redis->user.len) {
            args[3] = redis->user;
        }

        return NGX_OK;

    case NGX_HTTP_WEBHOOK_GREETING_AUTH:
        ngx_str_set(&args[0], "AUTH");
        args[1] = redis->user.len ? redis->user : redis->password;
        args[2] = redis->password;
        *n = redis->user.len ? 3 : 2;

        return NGX_OK;

    case NGX_HTTP_WEBHOOK_GREETING_SELECT:
        ngx_str_set(&args[0], "SELECT");
        args[1] = redis->database;
        *n = 2;

        return NGX_OK;

    default: /* NGX_HTTP_WEBHOOK_GREETING_PROBE */
        args[1].len = redis->prefix.len + sizeof("probe") - 1;
        args[1].data = ngx_pnalloc(link->connection->pool, args[1].len);

        if (args[1].data == NULL) {
            return NGX_ERROR;
        }

        p = ngx_cpymem(args[1].data, redis->prefix.data, redis->prefix.len);
        ngx_memcpy(p, "probe", sizeof("probe") - 1);

        ngx_str_set(&args[0], "SET");
        ngx_str_set(&args[2], "1");
        ngx_str_set(&args[3], "PX");
        ngx_str_set(&args[4], "60000");
        *n = 5;

        return NGX_OK;
    }
}


/*
 * After an answer.  NGX_AGAIN: another command is next.  NGX_DONE: there is
 * none.  NGX_DECLINED: with this answer the connection is of no use.
 */

ngx_int_t
ngx_http_webhook_greeting_next(ngx_http_webhook_link_t *link)
{
    ngx_uint_t                  unknown;
    ngx_http_webhook_redis_t   *redis;
    ngx_http_webhook_answer_t  *answer;

    redis = link->redis;
    answer = &link->answer;

    if (link->step == NGX_HTTP_WEBHOOK_GREETING_HELLO) {

        /* a proxy may not know it, the password goes by itself then */

        unknown = ngx_http_webhook_redis_says(answer, "ERR unknown command");

        if (answer->type == NGX_HTTP_WEBHOOK_ANSWER_LIST
            || (redis->password.len == 0 && unknown))
        {
            link->step = NGX_HTTP_WEBHOOK_GREETING_SELECT;

        } else if (unknown) {
            link->step = NGX_HTTP_WEBHOOK_GREETING_AUTH;

        } else {
            return NGX_DECLINED;
        }

    } else {

        if (answer->type != NGX_HTTP_WEBHOOK_ANSWER_TEXT) {
            return NGX_DECLINED;
        }

        link->step++;
    }

    if (link->step == NGX_HTTP_WEBHOOK_GREETING_SELECT
        && redis->database.len == 0)
    {
        link->step++;
    }

    return link->step == NGX_HTTP_WEBHOOK_GREETING_END ? NGX_DONE : NGX_AGAIN;
}
