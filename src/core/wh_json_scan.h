
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What yajl does not mind and JSON does not allow.
 */


#ifndef _WH_JSON_SCAN_H_INCLUDED_
#define _WH_JSON_SCAN_H_INCLUDED_


#include "wh_json.h"
#include "wh_utf8.h"


/* Where a piece ended in a character or a \uXXXX escape; all zero first. */

typedef struct {
    wh_utf8_t              utf8;
    enum {
        WH_JSON_PLAIN = 0,
        WH_JSON_BACKSLASH,
        WH_JSON_HEX
    }                      state;
    unsigned               digits;
    unsigned               code;
    unsigned               high;   /* a high surrogate waits for its low one */
} wh_json_scan_t;


/*
 * Goes on where the last piece ended and returns how many bytes of this one
 * are good: len, or the offset of the one where it shows that there is
 * malformed UTF-8, a vertical tab or a form feed; *error is which.
 */
size_t wh_json_scan(wh_json_scan_t *scan, const unsigned char *data,
    size_t len, wh_json_error_e *error);

/*
 * Looks at the escapes of what is good.  WH_INVALID: after *n bytes it shows
 * that there is half a surrogate pair.  WH_OK: there is none, and *n is len.
 * Escapes that are malformed or outside of strings are left to the parser.
 */
int wh_json_scan_pairs(wh_json_scan_t *scan, const unsigned char *data,
    size_t len, size_t *n);

/*
 * Passes over the rest of a string that is not looked at.  WH_OK: it ends
 * before the quote at data[*n], or goes on and *n is len.  WH_INVALID: what
 * follows *n bytes is a control character or not an escape.
 */
int wh_json_scan_string(wh_json_scan_t *scan, const unsigned char *data,
    size_t len, size_t *n);

/*
 * Begins that in mid-string.  Returns what makes whole, for a parser that will
 * not see the rest, an escape that has begun; "" if there is none.
 */
const char *wh_json_scan_leave(wh_json_scan_t *scan);


#endif /* _WH_JSON_SCAN_H_INCLUDED_ */
