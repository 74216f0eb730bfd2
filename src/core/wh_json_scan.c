
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What yajl does not mind and JSON does not allow.
 */


#include <string.h>

#include "wh_json_scan.h"
#include "wh_decode.h"


static int wh_json_scan_escape(wh_json_scan_t *scan, unsigned char c);


size_t
wh_json_scan(wh_json_scan_t *scan, const unsigned char *data, size_t len,
    wh_json_error_e *error)
{
    size_t                good;
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

    return good;
}


int
wh_json_scan_pairs(wh_json_scan_t *scan, const unsigned char *data,
    size_t len, size_t *n)
{
    size_t                i;
    unsigned              code;
    const unsigned char  *p;

    for (i = 0; i < len; i++) {

        if (scan->state == WH_JSON_PLAIN && !scan->high) {

            p = memchr(data + i, '\\', len - i);
            if (p == NULL) {
                break;
            }

            i = p - data;
            scan->state = WH_JSON_BACKSLASH;
            continue;
        }

        if (scan->high
            && ((scan->state == WH_JSON_PLAIN && data[i] != '\\')
                || (scan->state == WH_JSON_BACKSLASH && data[i] != 'u')))
        {
            *n = i;
            return WH_INVALID;
        }

        if (scan->state == WH_JSON_PLAIN) {
            scan->state = WH_JSON_BACKSLASH;
            continue;
        }

        if (wh_json_scan_escape(scan, data[i]) != WH_OK) {
            scan->high = 0;
            continue;
        }

        if (scan->state != WH_JSON_PLAIN || scan->digits < 4) {
            continue;
        }

        code = scan->code & 0xfc00;

        if (scan->high != (code == 0xdc00)) {
            *n = i + 1;
            return WH_INVALID;
        }

        scan->high = (code == 0xd800);
    }

    *n = len;

    return WH_OK;
}


int
wh_json_scan_string(wh_json_scan_t *scan, const unsigned char *data,
    size_t len, size_t *n)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (scan->state != WH_JSON_PLAIN) {

            if (wh_json_scan_escape(scan, data[i]) != WH_OK) {
                *n = i;
                return WH_INVALID;
            }

            continue;
        }

        if (data[i] == '"') {
            break;
        }

        if (data[i] < 0x20) {
            *n = i;
            return WH_INVALID;
        }

        if (data[i] == '\\') {
            scan->state = WH_JSON_BACKSLASH;
        }
    }

    *n = i;

    return WH_OK;
}


/* A byte after a backslash; WH_INVALID: there is no such escape. */

static int
wh_json_scan_escape(wh_json_scan_t *scan, unsigned char c)
{
    int  hex;

    if (scan->state == WH_JSON_BACKSLASH) {

        scan->state = (c == 'u') ? WH_JSON_HEX : WH_JSON_PLAIN;
        scan->digits = 0;
        scan->code = 0;

        return memchr("\"\\/bfnrtu", c, 9) != NULL ? WH_OK : WH_INVALID;
    }

    hex = wh_hex_digit(c);

    if (hex < 0) {
        scan->state = WH_JSON_PLAIN;
        return WH_INVALID;
    }

    scan->code = scan->code << 4 | hex;

    if (++scan->digits == 4) {
        scan->state = WH_JSON_PLAIN;
    }

    return WH_OK;
}


const char *
wh_json_scan_leave(wh_json_scan_t *scan)
{
    scan->high = 0;

    switch (scan->state) {

    case WH_JSON_BACKSLASH:
        return "n";

    case WH_JSON_HEX:
        return &"0000"[scan->digits];

    default:
        return "";
    }
}
