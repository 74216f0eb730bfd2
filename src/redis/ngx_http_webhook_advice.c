
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What an error of Redis means, what is to be done, and what the log has of it.
 */


#include "ngx_http_webhook_redis.h"


typedef struct {
    ngx_str_t    begins;
    const char  *advice;
} ngx_http_webhook_advice_t;


static ngx_uint_t ngx_http_webhook_redis_begins(ngx_str_t *text,
    ngx_str_t *with);


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
    { ngx_string("DENIED"), "it is in protected mode, give its user a "
                            "password" },
    { ngx_string("ERR max number of clients"), "it has too many connections, "
                                               "raise \"maxclients\"" },
    { ngx_string("ERR DB index"), "it has no such database, the URL ends with "
                                  "the number of one" },
    { ngx_string("ERR SELECT"), "it has one database, the URL ends with none "
                                "or with \"/0\"" },
    { ngx_null_string, "it must be Redis 7.0 or later, or Valkey" }
};


/* The advice for an error text, never NULL. */

const char *
ngx_http_webhook_redis_advice(ngx_str_t *error)
{
    ngx_http_webhook_advice_t  *advice;

    for (advice = ngx_http_webhook_advices; advice->begins.len; advice++) {

        if (ngx_http_webhook_redis_begins(error, &advice->begins)) {
            break;
        }
    }

    return advice->advice;
}


static ngx_uint_t
ngx_http_webhook_redis_begins(ngx_str_t *text, ngx_str_t *with)
{
    return text->len >= with->len
           && ngx_memcmp(text->data, with->data, with->len) == 0;
}


/*
 * What goes into the log of an error text: of an unknown command Redis repeats
 * the arguments, and one may be the password.
 */

void
ngx_http_webhook_redis_cut(ngx_str_t *error, ngx_str_t *password)
{
    u_char     *last;
    ngx_str_t   rest;

    static ngx_str_t  args = ngx_string(", with args");

    last = error->data + error->len;

    for (rest = *error; rest.data < last; rest.data++) {

        rest.len = last - rest.data;

        if (*rest.data < 0x20
            || *rest.data > 0x7e
            || ngx_http_webhook_redis_begins(&rest, &args)
            || (password->len
                && ngx_http_webhook_redis_begins(&rest, password)))
        {
            break;
        }
    }

    error->len = rest.data - error->data;
}


/* Whether an answer is an error that begins so. */

ngx_uint_t
ngx_http_webhook_redis_says(ngx_http_webhook_answer_t *answer,
    const char *error)
{
    ngx_str_t  begins;

    begins.data = (u_char *) error;
    begins.len = ngx_strlen(error);

    return answer->type == NGX_HTTP_WEBHOOK_ANSWER_ERROR
           && ngx_http_webhook_redis_begins(&answer->text, &begins);
}


/* A line for each thing that is wrong, until a connection is up again. */

void
ngx_http_webhook_redis_say(ngx_http_webhook_link_t *link, ngx_err_t err,
    ngx_str_t *what)
{
    uint32_t     said;
    ngx_uint_t   i;
    ngx_addr_t  *addr;

    said = ngx_crc32_long(what->data, what->len);

    for (i = 0; i < link->nsaid; i++) {
        if (link->said[i] == said) {
            return;
        }
    }

    if (link->nsaid == NGX_HTTP_WEBHOOK_REDIS_SAID) {
        return;
    }

    link->said[link->nsaid++] = said;
    addr = ngx_http_webhook_address(link);

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, err,
                  "webhook redis \"%V\" at %V %V; until it is there again %s",
                  &link->redis->name, &addr->name, what,
                  link->redis->on_error == NGX_HTTP_WEBHOOK_REDIS_LOCAL
                  ? "each host knows only its own messages"
                  : "messages are refused");
}
