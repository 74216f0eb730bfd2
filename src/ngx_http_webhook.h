
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What all files of the module share: reasons, verdicts, and helpers for
 * strings.
 */


#ifndef _NGX_HTTP_WEBHOOK_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/wh.h"


#if !(NGX_HTTP_SSL)
#error "the webhook module needs nginx with http_ssl_module"
#endif


#if !(NGX_PCRE)
typedef void  ngx_regex_t;
#endif


/* A table that several files need is written once, as rows of a macro. */

#define ngx_http_webhook_row_id(id, ...)  id,


/* What a dry run can leave out, bits; other failures are always enforced. */

#define NGX_HTTP_WEBHOOK_DRY_RUN_METHOD        0x0001
#define NGX_HTTP_WEBHOOK_DRY_RUN_CONTENT_TYPE  0x0002
#define NGX_HTTP_WEBHOOK_DRY_RUN_HEADER        0x0004
#define NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE   0x0008
#define NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP     0x0010
#define NGX_HTTP_WEBHOOK_DRY_RUN_PAYLOAD       0x0020
#define NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY        0x0040


/* Why a request is refused, the status, and what leaves it out, or 0. */

#define ngx_http_webhook_reason_rows(row)                                     \
    row(NGX_HTTP_WEBHOOK_PASSED, "", NGX_HTTP_OK, 0)                          \
    row(NGX_HTTP_WEBHOOK_METHOD_NOT_ALLOWED, "method_not_allowed",            \
        NGX_HTTP_NOT_ALLOWED, NGX_HTTP_WEBHOOK_DRY_RUN_METHOD)                \
    row(NGX_HTTP_WEBHOOK_CONTENT_TYPE_UNSUPPORTED,                            \
        "content_type_unsupported", NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,          \
        NGX_HTTP_WEBHOOK_DRY_RUN_CONTENT_TYPE)                                \
    row(NGX_HTTP_WEBHOOK_HEADER_MISSING, "header_missing",                    \
        NGX_HTTP_BAD_REQUEST, NGX_HTTP_WEBHOOK_DRY_RUN_HEADER)                \
    row(NGX_HTTP_WEBHOOK_HEADER_MISMATCH, "header_mismatch",                  \
        NGX_HTTP_BAD_REQUEST, NGX_HTTP_WEBHOOK_DRY_RUN_HEADER)                \
    row(NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING, "certificate_missing",          \
        NGX_HTTP_FORBIDDEN, NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE)             \
    row(NGX_HTTP_WEBHOOK_CERTIFICATE_UNVERIFIED, "certificate_unverified",    \
        NGX_HTTP_FORBIDDEN, NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE)             \
    row(NGX_HTTP_WEBHOOK_CERTIFICATE_SUBJECT_MISMATCH,                        \
        "certificate_subject_mismatch", NGX_HTTP_FORBIDDEN,                   \
        NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE)                                 \
    row(NGX_HTTP_WEBHOOK_TOKEN_MISSING, "token_missing", NGX_HTTP_FORBIDDEN,  \
        0)                                                                    \
    row(NGX_HTTP_WEBHOOK_TOKEN_MISMATCH, "token_mismatch",                    \
        NGX_HTTP_FORBIDDEN, 0)                                                \
    row(NGX_HTTP_WEBHOOK_SIGNATURE_MISSING, "signature_missing",              \
        NGX_HTTP_FORBIDDEN, 0)                                                \
    row(NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED, "signature_malformed",          \
        NGX_HTTP_FORBIDDEN, 0)                                                \
    row(NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH, "signature_mismatch",            \
        NGX_HTTP_FORBIDDEN, 0)                                                \
    row(NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED, "credential_repeated",          \
        NGX_HTTP_BAD_REQUEST, 0)                                              \
    row(NGX_HTTP_WEBHOOK_CHALLENGE_MALFORMED, "challenge_malformed",          \
        NGX_HTTP_BAD_REQUEST, 0)                                              \
    row(NGX_HTTP_WEBHOOK_TIMESTAMP_MISSING, "timestamp_missing",              \
        NGX_HTTP_FORBIDDEN, NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP)               \
    row(NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED, "timestamp_malformed",          \
        NGX_HTTP_FORBIDDEN, NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP)               \
    row(NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD, "timestamp_too_old",              \
        NGX_HTTP_FORBIDDEN, NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP)               \
    row(NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE, "timestamp_in_future",          \
        NGX_HTTP_FORBIDDEN, NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP)               \
    row(NGX_HTTP_WEBHOOK_BODY_TOO_LARGE, "body_too_large",                    \
        NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, 0)                                 \
    row(NGX_HTTP_WEBHOOK_JSON_INVALID, "json_invalid", NGX_HTTP_BAD_REQUEST,  \
        NGX_HTTP_WEBHOOK_DRY_RUN_PAYLOAD)                                     \
    row(NGX_HTTP_WEBHOOK_PAYLOAD_INVALID, "payload_invalid", 422,             \
        NGX_HTTP_WEBHOOK_DRY_RUN_PAYLOAD)                                     \
    row(NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE, "secret_unavailable",            \
        NGX_HTTP_SERVICE_UNAVAILABLE, 0)                                      \
    row(NGX_HTTP_WEBHOOK_KEY_UNKNOWN, "key_unknown", NGX_HTTP_FORBIDDEN, 0)   \
    row(NGX_HTTP_WEBHOOK_DUPLICATE, "duplicate", NGX_HTTP_OK,                 \
        NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY)                                      \
    row(NGX_HTTP_WEBHOOK_DUPLICATE_IN_PROGRESS, "duplicate_in_progress",      \
        NGX_HTTP_CONFLICT, NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY)                   \
    row(NGX_HTTP_WEBHOOK_ZONE_FULL, "zone_full",                              \
        NGX_HTTP_SERVICE_UNAVAILABLE, NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY)        \
    row(NGX_HTTP_WEBHOOK_STORE_UNAVAILABLE, "store_unavailable",              \
        NGX_HTTP_SERVICE_UNAVAILABLE, NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY)        \
    row(NGX_HTTP_WEBHOOK_BUSY, "busy", NGX_HTTP_SERVICE_UNAVAILABLE, 0)       \
    row(NGX_HTTP_WEBHOOK_INTERNAL, "internal",                                \
        NGX_HTTP_INTERNAL_SERVER_ERROR, 0)                                    \
    row(NGX_HTTP_WEBHOOK_ABORTED, "aborted", NGX_HTTP_BAD_REQUEST, 0)         \
    row(NGX_HTTP_WEBHOOK_NOT_VERIFIED, "not_verified", NGX_HTTP_FORBIDDEN,    \
        0)


typedef enum {
    ngx_http_webhook_reason_rows(ngx_http_webhook_row_id)
    NGX_HTTP_WEBHOOK_REASONS
} ngx_http_webhook_reason_e;


typedef enum {
    NGX_HTTP_WEBHOOK_UNKNOWN = 0,
    NGX_HTTP_WEBHOOK_ACCEPTED,
    NGX_HTTP_WEBHOOK_REJECTED,
    NGX_HTTP_WEBHOOK_WOULD_REJECT,
    NGX_HTTP_WEBHOOK_CHALLENGED,
    NGX_HTTP_WEBHOOK_DUPLICATED,
    NGX_HTTP_WEBHOOK_NONE,
    NGX_HTTP_WEBHOOK_VERDICTS
} ngx_http_webhook_verdict_e;


/* _names.c: reasons and verdicts */

ngx_str_t *ngx_http_webhook_reason_name(ngx_uint_t reason);
ngx_uint_t ngx_http_webhook_reason_status(ngx_http_webhook_reason_e reason);
ngx_uint_t ngx_http_webhook_reason_dry_run(ngx_http_webhook_reason_e reason);
ngx_str_t *ngx_http_webhook_verdict_name(ngx_uint_t verdict);

/* _header.c: a header of a response */

ngx_table_elt_t *ngx_http_webhook_add_header(ngx_http_request_t *r, char *name,
    ngx_str_t *value);


/* After a table in the order of an enum: as many rows, or no compiling. */

#define ngx_http_webhook_table_size(table, n)                                 \
    typedef char  table ## _size[sizeof(table) / sizeof((table)[0]) == (n)    \
                                 ? 1 : -1]


extern ngx_module_t  ngx_http_webhook_module;
extern ngx_module_t  ngx_http_webhook_filter_module;


static ngx_inline ngx_uint_t
ngx_http_webhook_str_equal(ngx_str_t *one, ngx_str_t *two)
{
    return one->len == two->len
           && ngx_memcmp(one->data, two->data, one->len) == 0;
}


/* the same in any case */

static ngx_inline ngx_uint_t
ngx_http_webhook_str_same(ngx_str_t *one, ngx_str_t *two)
{
    return one->len == two->len
           && ngx_strncasecmp(one->data, two->data, one->len) == 0;
}


/* core takes wh_str_t, nginx has ngx_str_t; both are length and bytes */

static ngx_inline wh_str_t
ngx_http_webhook_wh_str(ngx_str_t *s)
{
    wh_str_t  str;

    str.len = s->len;
    str.data = s->data;

    return str;
}


static ngx_inline ngx_str_t
ngx_http_webhook_ngx_str(wh_str_t str)
{
    ngx_str_t  s;

    s.len = str.len;
    s.data = (u_char *) str.data;

    return s;
}


#endif /* _NGX_HTTP_WEBHOOK_H_INCLUDED_ */
