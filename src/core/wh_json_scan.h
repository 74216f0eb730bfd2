
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
 * malformed UTF-8, half a surrogate pair, a vertical tab or a form feed;
 * *error is which.  All else is left to the parser, escapes that are
 * malformed or outside of strings among it.
 */
size_t wh_json_scan(wh_json_scan_t *scan, const unsigned char *data,
    size_t len, wh_json_error_e *error);


#endif /* _WH_JSON_SCAN_H_INCLUDED_ */
