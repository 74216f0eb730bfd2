
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
    uint32_t other);
static uint64_t wh_base64_bits(unsigned char c, int shift);
static uint64_t wh_base64_anywhere(uint64_t bit);
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


/* Of Base64, of base64url, or of none. */

#define B  WH_NOT_BASE64URL
#define U  WH_NOT_BASE64
#define N  (WH_NOT_BASE64|WH_NOT_BASE64URL)

const uint32_t  wh_base64_digits[256] = {
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N, B|62,  N, U|62,  N, B|63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61,  N,  N,  N,  N,  N,  N,
     N,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,  N,  N,  N,  N, U|63,
     N, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
     N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N
};

#undef B
#undef U
#undef N


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


/* other is the bit of what is no digit of this alphabet. */

static int
wh_decode_base64(wh_str_t src, unsigned char *dst, uint32_t other)
{
    size_t                n;
    uint64_t              bits, all, surplus;
    const unsigned char  *p;

    p = src.data;
    all = 0;
    surplus = 0;

    /* four digits are three bytes */

    for (n = src.len / 4; n > 0; n--) {

        bits = wh_base64_bits(p[0], 18) | wh_base64_bits(p[1], 12)
               | wh_base64_bits(p[2], 6) | wh_base64_bits(p[3], 0);
        all |= bits;

        *dst++ = (unsigned char) (bits >> 16);
        *dst++ = (unsigned char) (bits >> 8);
        *dst++ = (unsigned char) bits;

        p += 4;
    }

    /* two are one, three are two, and what is left of the last must be zero */

    n = src.len % 4;

    if (n) {
        bits = wh_base64_bits(p[0], 18) | wh_base64_bits(p[1], 12)
               | (n == 3 ? wh_base64_bits(p[2], 6) : 0);
        all |= bits;

        *dst++ = (unsigned char) (bits >> 16);
        surplus = bits & 0xffff;

        if (n == 3) {
            *dst = (unsigned char) (bits >> 8);
            surplus = bits & 0xff;
        }
    }

    return (all & wh_base64_anywhere(other)) || surplus ? WH_INVALID : WH_OK;
}


/* A digit at its place among four, with the bits that say what it is not. */

static uint64_t
wh_base64_bits(unsigned char c, int shift)
{
    return (uint64_t) wh_base64_digits[c] << shift;
}


/* Such a bit of any of the four; none of them is where those of bytes are. */

static uint64_t
wh_base64_anywhere(uint64_t bit)
{
    return bit << 18 | bit << 12 | bit << 6 | bit;
}
