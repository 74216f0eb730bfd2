
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The verdict of the Pelorus webhook receiver on a request.
 */


#ifndef _WH_PELORUS_H_INCLUDED_
#define _WH_PELORUS_H_INCLUDED_


#include <stdint.h>

#include "../wh.h"
#include "../wh_hmac.h"
#include "wh_pyjson.h"


#define WH_PELORUS_MAX_BODY       100000
#define WH_PELORUS_MAC            32
#define WH_PELORUS_RESPONSE_BODY  512      /* bytes; the longest one fits */


/* In the order of the receiver's checks. */

typedef enum {
    WH_PELORUS_ACCEPTED = 0,
    WH_PELORUS_PONG,
    WH_PELORUS_SYNTAX,             /* the body is not JSON */
    WH_PELORUS_UNREADABLE,         /* nor is it text, or it is extreme */
    WH_PELORUS_REQUEST,            /* no length, or the body no object */
    WH_PELORUS_TOO_BIG,
    WH_PELORUS_USER_AGENT,
    WH_PELORUS_HEADERS,
    WH_PELORUS_NO_SIGNATURE,
    WH_PELORUS_SIGNATURE,
    WH_PELORUS_PAYLOAD,
    WH_PELORUS_CRASH               /* a list makes the receiver fail */
} wh_pelorus_result_e;


/* What has been done so far. */

typedef struct wh_pelorus_work_s  wh_pelorus_work_t;


/*
 * Of repeated headers the first; data is NULL for one that is absent.  body
 * is NULL for one that is longer than WH_PELORUS_MAX_BODY.  All belongs to
 * the caller.
 */

typedef struct {
    wh_str_t             content_type;
    wh_str_t             user_agent;
    wh_str_t             event;
    wh_str_t             signature;
    unsigned             has_length;
    uint64_t             content_length;
    const wh_str_t      *body;
    int64_t              now;      /* seconds since 1970 */
    wh_pelorus_work_t  **work;     /* NULL: all in one call */
} wh_pelorus_request_t;


typedef struct {
    wh_pelorus_result_e  result;
    unsigned             status;
    unsigned             no_length;     /* of WH_PELORUS_REQUEST */
    unsigned             no_body;       /* of the same; else: no object */
    unsigned             bad_body;
    const char          *message;  /* of WH_PELORUS_PAYLOAD, JSON-escaped */
    const char          *field;
    size_t               key;      /* which matched, from 0 */
    unsigned             serialisation; /* which, from 1; 0: none */
} wh_pelorus_verdict_t;


/*
 * All of the receiver's checks, in its order.  No keys: nothing is verified.
 * WH_OK when there is a verdict, whatever it is; WH_ERROR: no memory or no
 * digest.  Takes memory from malloc() in proportion to the body.
 *
 * With r->work, which points to NULL at first, a call does a part of it, some
 * milliseconds at most, and WH_AGAIN wants another one with the same arguments.
 * Who gives up before the verdict frees the work.
 *
 * The receiver takes some bodies that this refuses: NaN and Infinity, a byte
 * order mark, UTF-16 and UTF-32, halves of surrogate pairs, nesting of more
 * than WH_PYJSON_DEPTH.
 */
int wh_pelorus_check(const wh_pelorus_request_t *r,
    const wh_hmac_key_t *keys, size_t nkeys, wh_pelorus_verdict_t *verdict);

void wh_pelorus_work_free(wh_pelorus_work_t *work);

/*
 * Writes the body of the receiver's response into buf, which has room for
 * WH_PELORUS_RESPONSE_BODY bytes, and returns its length; no NUL follows.
 * JSON but for WH_PELORUS_CRASH, which is plain text.
 */
size_t wh_pelorus_response_body(const wh_pelorus_verdict_t *verdict,
    unsigned char *buf);


#endif /* _WH_PELORUS_H_INCLUDED_ */
