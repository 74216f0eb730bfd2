
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The protocol of Redis, by hiredis: it formats commands and reads answers,
 * and has no connection.  Of an answer a short text or a number is kept, so a
 * server cannot make us allocate anything but the bytes that it has sent.
 */


#include "ngx_http_webhook_redis.h"


#if (NGX_HTTP_WEBHOOK_HIREDIS)

#include <hiredis/hiredis.h>


#define NGX_HTTP_WEBHOOK_REDIS_ELEMENTS  256    /* of a list, at most */


#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_http_webhook_elements_t;
#else
typedef int  ngx_http_webhook_elements_t;
#endif


static ngx_int_t ngx_http_webhook_hiredis_room(ngx_http_webhook_bytes_t *out,
    size_t len, ngx_log_t *log);
static void *ngx_http_webhook_hiredis_string(const redisReadTask *task,
    char *data, size_t len);
static void *ngx_http_webhook_hiredis_array(const redisReadTask *task,
    ngx_http_webhook_elements_t n);
static void *ngx_http_webhook_hiredis_integer(const redisReadTask *task,
    long long number);
static void *ngx_http_webhook_hiredis_nil(const redisReadTask *task);
static void *ngx_http_webhook_hiredis_set(const redisReadTask *task,
    ngx_http_webhook_answer_e type);
static void ngx_http_webhook_hiredis_forget(void *object);


static redisReplyObjectFunctions  ngx_http_webhook_hiredis_functions = {
    .createString = ngx_http_webhook_hiredis_string,
    .createArray = ngx_http_webhook_hiredis_array,
    .createInteger = ngx_http_webhook_hiredis_integer,
    .createNil = ngx_http_webhook_hiredis_nil,
    .freeObject = ngx_http_webhook_hiredis_forget
};


ngx_uint_t
ngx_http_webhook_hiredis(void)
{
    return 1;
}


/* Appends a command of n arguments; NGX_ERROR without memory. */

ngx_int_t
ngx_http_webhook_hiredis_format(ngx_http_webhook_bytes_t *out, ngx_str_t *args,
    ngx_uint_t n, ngx_log_t *log)
{
    int          len;
    sds          command;
    size_t       lens[NGX_HTTP_WEBHOOK_REDIS_ARGS];
    ngx_int_t    rc;
    ngx_uint_t   i;
    const char  *argv[NGX_HTTP_WEBHOOK_REDIS_ARGS];

    for (i = 0; i < n; i++) {
        argv[i] = (const char *) args[i].data;
        lens[i] = args[i].len;
    }

    len = redisFormatSdsCommandArgv(&command, n, argv, lens);

    if (len < 0) {
        return NGX_ERROR;
    }

    rc = ngx_http_webhook_hiredis_room(out, len, log);

    if (rc == NGX_OK) {
        ngx_memcpy(out->data + out->len, command, len);
        out->len += len;
    }

    /* a password may be in it */

    ngx_explicit_memzero(command, len);
    redisFreeSdsCommand(command);

    return rc;
}


static ngx_int_t
ngx_http_webhook_hiredis_room(ngx_http_webhook_bytes_t *out, size_t len,
    ngx_log_t *log)
{
    size_t   size;
    u_char  *data;

    if (out->size - out->len >= len) {
        return NGX_OK;
    }

    size = 2 * (out->len + len) + 1024;

    data = ngx_alloc(size, log);
    if (data == NULL) {
        return NGX_ERROR;
    }

    if (out->data) {
        ngx_memcpy(data, out->data, out->len);
        ngx_explicit_memzero(out->data, out->len);
        ngx_free(out->data);
    }

    out->data = data;
    out->size = size;

    return NGX_OK;
}


/* A reader whose answers go to one place; NULL without memory. */

void *
ngx_http_webhook_hiredis_reader(ngx_http_webhook_answer_t *answer)
{
    redisReader  *reader;

    reader = redisReaderCreateWithFunctions(
                                          &ngx_http_webhook_hiredis_functions);
    if (reader) {
        reader->privdata = answer;
    }

    return reader;
}


void
ngx_http_webhook_hiredis_free(void *reader)
{
    redisReaderFree(reader);
}


/* Gives bytes to a reader; NULL, or what is wrong. */

const char *
ngx_http_webhook_hiredis_feed(void *reader, u_char *data, size_t len)
{
    if (redisReaderFeed(reader, (char *) data, len) != REDIS_OK) {
        return ((redisReader *) reader)->errstr;
    }

    return NULL;
}


/*
 * NGX_OK when an answer is whole, NGX_AGAIN when there is none, NGX_ERROR for
 * what is none, with a text that lasts as long as the reader.
 */

ngx_int_t
ngx_http_webhook_hiredis_answer(void *reader, const char **what)
{
    void                       *object;
    redisReader                *r;
    ngx_http_webhook_answer_t  *answer;

    r = reader;

    /* of a type that is not known here the reader says nothing */

    if (r->ridx == -1) {
        answer = r->privdata;
        answer->type = NGX_HTTP_WEBHOOK_ANSWER_OTHER;
    }

    if (redisReaderGetReply(r, &object) != REDIS_OK) {
        *what = r->errstr;
        return NGX_ERROR;
    }

    return object ? NGX_OK : NGX_AGAIN;
}


static void *
ngx_http_webhook_hiredis_string(const redisReadTask *task, char *data,
    size_t len)
{
    ngx_http_webhook_answer_t  *answer;

    answer = task->privdata;

    if (task->parent) {
        return answer;
    }

    answer->text.len = ngx_min(len, NGX_HTTP_WEBHOOK_REDIS_TEXT);
    answer->text.data = answer->data;
    ngx_memcpy(answer->data, data, answer->text.len);

    switch (task->type) {

    case REDIS_REPLY_ERROR:
        answer->type = NGX_HTTP_WEBHOOK_ANSWER_ERROR;
        break;

    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        answer->type = NGX_HTTP_WEBHOOK_ANSWER_TEXT;
        break;

    default:
        answer->type = NGX_HTTP_WEBHOOK_ANSWER_OTHER;
    }

    return answer;
}


static void *
ngx_http_webhook_hiredis_array(const redisReadTask *task,
    ngx_http_webhook_elements_t n)
{
    if (n > NGX_HTTP_WEBHOOK_REDIS_ELEMENTS) {
        return NULL;
    }

    return ngx_http_webhook_hiredis_set(task,
                                        task->type == REDIS_REPLY_ARRAY
                                        ? NGX_HTTP_WEBHOOK_ANSWER_LIST
                                        : NGX_HTTP_WEBHOOK_ANSWER_OTHER);
}


static void *
ngx_http_webhook_hiredis_integer(const redisReadTask *task, long long number)
{
    ngx_http_webhook_answer_t  *answer;

    answer = task->privdata;

    if (task->parent == NULL) {
        answer->number = number;
    }

    return ngx_http_webhook_hiredis_set(task, NGX_HTTP_WEBHOOK_ANSWER_NUMBER);
}


/* Nothing in the place of a text; of an array, or in RESP3, it is another. */

static void *
ngx_http_webhook_hiredis_nil(const redisReadTask *task)
{
    return ngx_http_webhook_hiredis_set(task,
                                        task->type == REDIS_REPLY_STRING
                                        ? NGX_HTTP_WEBHOOK_ANSWER_NIL
                                        : NGX_HTTP_WEBHOOK_ANSWER_OTHER);
}


/* What is in a list does not count. */

static void *
ngx_http_webhook_hiredis_set(const redisReadTask *task,
    ngx_http_webhook_answer_e type)
{
    ngx_http_webhook_answer_t  *answer;

    answer = task->privdata;

    if (task->parent == NULL) {
        answer->type = type;
    }

    return answer;
}


static void
ngx_http_webhook_hiredis_forget(void *object)
{
    /* void */
}


#else


/* Without the library "webhook_redis" is an error, and nothing is called. */

ngx_uint_t
ngx_http_webhook_hiredis(void)
{
    return 0;
}


ngx_int_t
ngx_http_webhook_hiredis_format(ngx_http_webhook_bytes_t *out, ngx_str_t *args,
    ngx_uint_t n, ngx_log_t *log)
{
    return NGX_ERROR;
}


void *
ngx_http_webhook_hiredis_reader(ngx_http_webhook_answer_t *answer)
{
    return NULL;
}


void
ngx_http_webhook_hiredis_free(void *reader)
{
    /* void */
}


const char *
ngx_http_webhook_hiredis_feed(void *reader, u_char *data, size_t len)
{
    return "is not supported";
}


ngx_int_t
ngx_http_webhook_hiredis_answer(void *reader, const char **what)
{
    return NGX_AGAIN;
}


#endif
