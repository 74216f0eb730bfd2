
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


/* Why a request is refused; names and statuses are in _names.c. */

typedef enum {
    NGX_HTTP_WEBHOOK_PASSED = 0,
    NGX_HTTP_WEBHOOK_METHOD_NOT_ALLOWED,
    NGX_HTTP_WEBHOOK_CONTENT_TYPE_UNSUPPORTED,
    NGX_HTTP_WEBHOOK_HEADER_MISSING,
    NGX_HTTP_WEBHOOK_HEADER_MISMATCH,
    NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING,
    NGX_HTTP_WEBHOOK_CERTIFICATE_UNVERIFIED,
    NGX_HTTP_WEBHOOK_CERTIFICATE_SUBJECT_MISMATCH,
    NGX_HTTP_WEBHOOK_TOKEN_MISSING,
    NGX_HTTP_WEBHOOK_TOKEN_MISMATCH,
    NGX_HTTP_WEBHOOK_SIGNATURE_MISSING,
    NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED,
    NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH,
    NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED,
    NGX_HTTP_WEBHOOK_CHALLENGE_MALFORMED,
    NGX_HTTP_WEBHOOK_TIMESTAMP_MISSING,
    NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED,
    NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD,
    NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE,
    NGX_HTTP_WEBHOOK_BODY_TOO_LARGE,
    NGX_HTTP_WEBHOOK_JSON_INVALID,
    NGX_HTTP_WEBHOOK_PAYLOAD_INVALID,
    NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE,
    NGX_HTTP_WEBHOOK_KEY_UNKNOWN,
    NGX_HTTP_WEBHOOK_DUPLICATE,
    NGX_HTTP_WEBHOOK_DUPLICATE_IN_PROGRESS,
    NGX_HTTP_WEBHOOK_ZONE_FULL,
    NGX_HTTP_WEBHOOK_INTERNAL,
    NGX_HTTP_WEBHOOK_ABORTED,
    NGX_HTTP_WEBHOOK_NOT_VERIFIED,
    NGX_HTTP_WEBHOOK_REASONS
} ngx_http_webhook_reason_e;


/* What a dry run can leave out, bits; other failures are always enforced. */

#define NGX_HTTP_WEBHOOK_DRY_RUN_METHOD        0x0001
#define NGX_HTTP_WEBHOOK_DRY_RUN_CONTENT_TYPE  0x0002
#define NGX_HTTP_WEBHOOK_DRY_RUN_HEADER        0x0004
#define NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE   0x0008
#define NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP     0x0010
#define NGX_HTTP_WEBHOOK_DRY_RUN_PAYLOAD       0x0020
#define NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY        0x0040


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


typedef struct ngx_http_webhook_ctx_s  ngx_http_webhook_ctx_t;
typedef struct ngx_http_webhook_gate_s  ngx_http_webhook_gate_t;


typedef struct ngx_http_webhook_stats_entry_s  ngx_http_webhook_stats_entry_t;
typedef struct ngx_http_webhook_file_s  ngx_http_webhook_file_t;
typedef struct ngx_http_webhook_key_s  ngx_http_webhook_key_t;
typedef struct ngx_http_webhook_keyslot_s  ngx_http_webhook_keyslot_t;

/* keys of secrets that have variables, those used last */

typedef struct ngx_http_webhook_cache_s  ngx_http_webhook_cache_t;

/* what all workers share: made once, and kept by a reload */

typedef struct ngx_http_webhook_zone_s  ngx_http_webhook_zone_t;
typedef struct ngx_http_webhook_store_s  ngx_http_webhook_store_t;
typedef struct ngx_http_webhook_stats_s  ngx_http_webhook_stats_t;
typedef struct ngx_http_webhook_record_s  ngx_http_webhook_record_t;


/* _names.c: reasons and verdicts */

ngx_str_t *ngx_http_webhook_reason_name(ngx_uint_t reason);
ngx_uint_t ngx_http_webhook_reason_status(ngx_http_webhook_reason_e reason);
ngx_uint_t ngx_http_webhook_reason_dry_run(ngx_http_webhook_reason_e reason);
ngx_str_t *ngx_http_webhook_verdict_name(ngx_uint_t verdict);

/* _header.c: a header of a response */

ngx_table_elt_t *ngx_http_webhook_add_header(ngx_http_request_t *r, char *name,
    ngx_str_t *value);


/*
 * A table in the order of an enum of another file has as many rows, or it does
 * not compile; goes after the table.
 */

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


/* core takes wh_str_t, nginx has ngx_str_t; both are length and bytes */

static ngx_inline wh_str_t
ngx_http_webhook_wh_str(ngx_str_t *s)
{
    wh_str_t  str;

    str.len = s->len;
    str.data = s->data;

    return str;
}


#endif /* _NGX_HTTP_WEBHOOK_H_INCLUDED_ */
