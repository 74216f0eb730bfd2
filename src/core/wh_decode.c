
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Strict decoders of hex, Base64 and base64url (RFC 4648).
 *
 * OpenSSL's and nginx's own decoders skip spaces, take missing padding or
 * drop surplus bits, so that one signature would have several spellings.
 */


#include <string.h>

#include "wh_decode.h"
#include "wh_str.h"


static int wh_decode_hex(wh_str_t src, unsigned char *dst);
static int wh_decode_base64(wh_str_t src, unsigned char *dst,
    unsigned int other);
static wh_str_t wh_base64_unpad(wh_str_t src);


static const signed char  wh_hex_digits[256] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
     0,  1,  2,  3,  4,  5,  6,  7,  8,  9, -1, -1, -1, -1, -1, -1,
    -1, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1
};


const unsigned char  wh_base64_digits[256] = {
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0x7e, 0xc0, 0xbe, 0xc0, 0x7f,
    0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
    0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12,
    0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0xc0, 0xc0, 0xc0, 0xc0, 0xbf,
    0xc0, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24,
    0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30,
    0x31, 0x32, 0x33, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0
};


int
wh_decode(wh_encoding_e encoding, wh_str_t src, unsigned char *dst,
    size_t *len)
{
    int       rc;
    size_t    size;
    wh_str_t  digits;

    digits = src;

    if (encoding == WH_BASE64 || encoding == WH_BASE64URL) {

        digits = wh_base64_unpad(src);

        if (digits.len != src.len || encoding == WH_BASE64) {
            if (src.len % 4 != 0) {
                return WH_INVALID;
            }
        }

        if (digits.len % 4 == 1) {
            return WH_INVALID;
        }
    }

    size = wh_decoded_len(encoding, digits.len);

    if (size > *len) {
        return WH_INVALID;
    }

    switch (encoding) {

    case WH_HEX:
        rc = wh_decode_hex(digits, dst);
        break;

    case WH_BASE64:
        rc = wh_decode_base64(digits, dst, WH_NOT_BASE64);
        break;

    case WH_BASE64URL:
        rc = wh_decode_base64(digits, dst, WH_NOT_BASE64URL);
        break;

    default: /* WH_TEXT */
        if (size) {
            memcpy(dst, digits.data, size);
        }

        rc = WH_OK;
        break;
    }

    *len = size;

    return rc;
}


size_t
wh_decoded_len(wh_encoding_e encoding, size_t len)
{
    switch (encoding) {

    case WH_HEX:
        return len / 2;

    case WH_BASE64:
    case WH_BASE64URL:
        return len / 4 * 3 + len % 4 * 3 / 4;

    default: /* WH_TEXT */
        return len;
    }
}


int
wh_hex_digit(unsigned char c)
{
    return wh_hex_digits[c];
}


/* A pair with a wrong digit is negative, so one look at the end will do. */

static int
wh_decode_hex(wh_str_t src, unsigned char *dst)
{
    int     pair, all;
    size_t  i;

    if (src.len % 2) {
        return WH_INVALID;
    }

    all = 0;

    for (i = src.len / 2; i-- > 0; /* void */ ) {

        pair = wh_hex_digits[src.data[2 * i]] * 16
               | wh_hex_digits[src.data[2 * i + 1]];

        dst[i] = (unsigned char) pair;
        all |= pair;
    }

    return all < 0 ? WH_INVALID : WH_OK;
}


static wh_str_t
wh_base64_unpad(wh_str_t src)
{
    int  i;

    for (i = 0; i < 2 && src.len > 0 && src.data[src.len - 1] == '='; i++) {
        src.len--;
    }

    return src;
}


static int
wh_decode_base64(wh_str_t src, unsigned char *dst, unsigned int other)
{
    unsigned int          n, all, bits, digit, first, second, third;
    const unsigned char  *p, *last;

    n = 0;
    all = 0;
    bits = 0;

    p = src.data;
    last = wh_end(src);

    /* four digits are three bytes */

    for ( /* void */ ; last - p >= 4; p += 4) {

        first = wh_base64_digits[p[0]];
        second = wh_base64_digits[p[1]];
        third = wh_base64_digits[p[2]];
        digit = wh_base64_digits[p[3]];

        all |= first | second | third | digit;

        *dst++ = (unsigned char) (first << 2 | (second >> 4 & 0x03));
        *dst++ = (unsigned char) (second << 4 | (third >> 2 & 0x0f));
        *dst++ = (unsigned char) (third << 6 | (digit & 0x3f));
    }

    for ( /* void */ ; p < last; p++) {

        digit = wh_base64_digits[*p];

        all |= digit;
        bits = bits << 6 | (digit & 0x3f);
        n += 6;

        if (n >= 8) {
            n -= 8;
            *dst++ = (unsigned char) (bits >> n);
        }
    }

    /* what is left of the last digit must be zero: one spelling only */

    return (all & other) || (bits & ((1u << n) - 1)) ? WH_INVALID : WH_OK;
}
