
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What yajl does not mind and JSON does not allow.
 */


#include <string.h>

#include "wh_json_scan.h"
#include "wh_decode.h"


static size_t wh_json_scan_escapes(wh_json_scan_t *scan,
    const unsigned char *data, size_t len);


size_t
wh_json_scan(wh_json_scan_t *scan, const unsigned char *data, size_t len,
    wh_json_error_e *error)
{
    size_t                good, n;
    const unsigned char  *p;

    good = wh_utf8_scan(&scan->utf8, data, len);
    *error = WH_JSON_UTF8;

    /* spaces to yajl between tokens, and not allowed within */

    p = memchr(data, '\v', good);

    if (p != NULL) {
        good = p - data;
        *error = WH_JSON_SPACE;
    }

    p = memchr(data, '\f', good);

    if (p != NULL) {
        good = p - data;
        *error = WH_JSON_SPACE;
    }

    n = wh_json_scan_escapes(scan, data, good);

    if (n < good) {
        good = n;
        *error = WH_JSON_SURROGATE;
    }

    return good;
}


/*
 * Looks at escapes only, be they in a string or not: outside, and when they
 * are malformed, they are for yajl to refuse.
 */

static size_t
wh_json_scan_escapes(wh_json_scan_t *scan, const unsigned char *data,
    size_t len)
{
    int                   hex;
    size_t                i;
    unsigned              code;
    const unsigned char  *p;

    for (i = 0; i < len; i++) {

        switch (scan->state) {

        case WH_JSON_PLAIN:

            if (!scan->high) {
                p = memchr(data + i, '\\', len - i);
                if (p == NULL) {
                    return len;
                }

                i = p - data;

            } else if (data[i] != '\\') {
                return i;
            }

            scan->state = WH_JSON_BACKSLASH;
            break;

        case WH_JSON_BACKSLASH:

            if (data[i] == 'u') {
                scan->state = WH_JSON_HEX;
                scan->digits = 0;
                scan->code = 0;
                break;
            }

            if (scan->high) {
                return i;
            }

            scan->state = WH_JSON_PLAIN;
            break;

        case WH_JSON_HEX:

            hex = wh_hex_digit(data[i]);

            if (hex < 0) {
                scan->state = WH_JSON_PLAIN;
                scan->high = 0;
                break;
            }

            scan->code = scan->code << 4 | hex;

            if (++scan->digits < 4) {
                break;
            }

            scan->state = WH_JSON_PLAIN;

            code = scan->code & 0xfc00;

            if (scan->high != (code == 0xdc00)) {
                return i;
            }

            scan->high = (code == 0xd800);
            break;
        }
    }

    return len;
}
