
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


static int wh_decode_hex(wh_str_t src, unsigned char *dst);
static int wh_decode_base64(wh_str_t src, unsigned char *dst,
    unsigned char c62, unsigned char c63);
static int wh_base64_digit(unsigned char c, unsigned char c62,
    unsigned char c63);
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
        rc = wh_decode_base64(digits, dst, '+', '/');
        break;

    case WH_BASE64URL:
        rc = wh_decode_base64(digits, dst, '-', '_');
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
wh_decode_base64(wh_str_t src, unsigned char *dst, unsigned char c62,
    unsigned char c63)
{
    int           digit;
    size_t        i;
    unsigned int  bits;

    bits = 0;

    for (i = 0; i < src.len; i++) {
        digit = wh_base64_digit(src.data[i], c62, c63);

        if (digit < 0) {
            return WH_INVALID;
        }

        bits = bits << 6 | (unsigned int) digit;

        switch (i % 4) {
        case 1:
            *dst++ = (unsigned char) (bits >> 4);
            bits &= 0x0f;
            break;

        case 2:
            *dst++ = (unsigned char) (bits >> 2);
            bits &= 0x03;
            break;

        case 3:
            *dst++ = (unsigned char) bits;
            bits = 0;
            break;
        }
    }

    /* what is left of the last digit must be zero: one spelling only */

    return bits ? WH_INVALID : WH_OK;
}


static int
wh_base64_digit(unsigned char c, unsigned char c62, unsigned char c63)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    if (c == c62) {
        return 62;
    }

    if (c == c63) {
        return 63;
    }

    return -1;
}
