
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The model of a provider: where in a request a value is.
 */


#ifndef _NGX_HTTP_WEBHOOK_SOURCE_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_SOURCE_H_INCLUDED_


#include "ngx_http_webhook.h"


/*
 * The SOURCE of the provider language, and the header that it is in if that has
 * a fixed name; in the order in which they are known.
 */

#define ngx_http_webhook_source_rows(row)                                     \
    row(NGX_HTTP_WEBHOOK_HEADER, "header:NAME", "")                           \
    row(NGX_HTTP_WEBHOOK_QUERY, "query:NAME", "")                             \
    row(NGX_HTTP_WEBHOOK_COOKIE, "cookie:NAME", "Cookie")                     \
    row(NGX_HTTP_WEBHOOK_BEARER, "bearer", "Authorization")                   \
    row(NGX_HTTP_WEBHOOK_BASIC, "basic", "Authorization")                     \
    row(NGX_HTTP_WEBHOOK_JSON, "json:POINTER", "")                            \
    row(NGX_HTTP_WEBHOOK_FORM, "form:NAME", "")                               \
    row(NGX_HTTP_WEBHOOK_FIELD, "field:NAME", "")                             \
    row(NGX_HTTP_WEBHOOK_CLAIM, "claim:POINTER", "")


typedef enum {
    ngx_http_webhook_source_rows(ngx_http_webhook_row_id)
    NGX_HTTP_WEBHOOK_SOURCES,
    NGX_HTTP_WEBHOOK_CREATED,               /* of an HTTP message signature */
    NGX_HTTP_WEBHOOK_WHOLE_BODY             /* of a token that is all of it */
} ngx_http_webhook_source_e;


typedef struct {
    ngx_http_webhook_source_e   type;
    ngx_uint_t                  index;      /* in provider->headers, of JSON
                                               in provider->pointers, of a
                                               claim in provider->claims */
    ngx_str_t                   name;       /* of the argument, cookie, field,
                                               or the JSON Pointer */
    ngx_str_t                   form;       /* of JSON: the field in its place
                                               where the body is a form */
    u_char                      separator;  /* between the fields */
} ngx_http_webhook_source_t;


/* A JSON Pointer that is looked for. */

typedef struct {
    ngx_str_t                   text;
    ngx_uint_t                  used;       /* by rules, in every request */
    unsigned                    challenge:1;  /* used by one, where it may be
                                               one */
} ngx_http_webhook_pointer_t;


typedef struct {
    ngx_str_t                   name;       /* lower case */
    ngx_uint_t                  hash;
    ngx_uint_t                  next;       /* in its chain: an index plus 1,
                                               or 0 */
} ngx_http_webhook_header_t;


/* Headers are looked up by their hash, most of them are of no interest. */

#define NGX_HTTP_WEBHOOK_CHAINS  32
#define ngx_http_webhook_chain(hash)  ((hash) % NGX_HTTP_WEBHOOK_CHAINS)


/* The header that every provider looks at; it has index 0. */

#define NGX_HTTP_WEBHOOK_CONTENT_TYPE  0


/* Whether a source can only be looked at when the body is there. */

static ngx_inline ngx_uint_t
ngx_http_webhook_source_in_body(ngx_http_webhook_source_t *source)
{
    return source->type == NGX_HTTP_WEBHOOK_JSON
           || source->type == NGX_HTTP_WEBHOOK_FORM
           || source->type == NGX_HTTP_WEBHOOK_WHOLE_BODY;
}


#endif /* _NGX_HTTP_WEBHOOK_SOURCE_H_INCLUDED_ */
