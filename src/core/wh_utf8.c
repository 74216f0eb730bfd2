
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * UTF-8 (RFC 3629) checked strictly, in pieces of any length.
 */


#include <stdint.h>
#include <string.h>

#include "wh_utf8.h"


#define WH_UTF8_HIGH_BITS  UINT64_C(0x8080808080808080)


static size_t wh_utf8_skip_ascii(const unsigned char *data, size_t len);
static int wh_utf8_lead(wh_utf8_t *utf8, unsigned char c);
static size_t wh_utf8_first(const unsigned char *data, size_t len);
static int wh_utf8_controls(const unsigned char *data, size_t n);


size_t
wh_utf8_scan(wh_utf8_t *utf8, const unsigned char *data, size_t len)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < len; i++) {

        if (utf8->left == 0) {

            i += wh_utf8_skip_ascii(data + i, len - i);

            if (i < len && wh_utf8_lead(utf8, data[i]) != WH_OK) {
                return i;
            }

            continue;
        }

        c = data[i];

        if (c < utf8->low || c > utf8->high) {
            return i;
        }

        /* only the first continuation has narrower bounds */

        utf8->low = 0x80;
        utf8->high = 0xbf;
        utf8->left--;
    }

    return len;
}


static size_t
wh_utf8_skip_ascii(const unsigned char *data, size_t len)
{
    size_t    i;
    uint64_t  word[4];

    for (i = 0; len - i >= sizeof(word); i += sizeof(word)) {

        memcpy(word, data + i, sizeof(word));

        if ((word[0] | word[1] | word[2] | word[3]) & WH_UTF8_HIGH_BITS) {
            break;
        }
    }

    for ( /* void */ ; len - i >= sizeof(word[0]); i += sizeof(word[0])) {

        memcpy(word, data + i, sizeof(word[0]));

        if (word[0] & WH_UTF8_HIGH_BITS) {
            break;
        }
    }

    while (i < len && data[i] < 0x80) {
        i++;
    }

    return i;
}


static int
wh_utf8_lead(wh_utf8_t *utf8, unsigned char c)
{
    if (c < 0xc2 || c > 0xf4) {
        return WH_INVALID;
    }

    utf8->low = 0x80;
    utf8->high = 0xbf;

    if (c < 0xe0) {
        utf8->left = 1;

    } else if (c < 0xf0) {
        utf8->left = 2;

        if (c == 0xe0) {
            utf8->low = 0xa0;      /* below: overlong */

        } else if (c == 0xed) {
            utf8->high = 0x9f;     /* above: surrogates */
        }

    } else {
        utf8->left = 3;

        if (c == 0xf0) {
            utf8->low = 0x90;      /* below: overlong */

        } else if (c == 0xf4) {
            utf8->high = 0x8f;     /* above: beyond U+10FFFF */
        }
    }

    return WH_OK;
}


int
wh_utf8_check(const unsigned char *data, size_t len)
{
    wh_utf8_t  utf8;

    memset(&utf8, 0, sizeof(wh_utf8_t));

    return wh_utf8_scan(&utf8, data, len) == len && utf8.left == 0
           ? WH_OK : WH_INVALID;
}


size_t
wh_utf8_length(const unsigned char *data, size_t len)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {
        n += (data[i] & 0xc0) != 0x80;
    }

    return n;
}


size_t
wh_utf8_shown(const unsigned char *data, size_t len, unsigned char *dst)
{
    size_t          n;
    unsigned char  *p;

    p = dst;

    while (len) {

        n = wh_utf8_first(data, len);

        if (n == 0 || wh_utf8_controls(data, n)) {
            memcpy(p, "\xef\xbf\xbd", 3);
            p += 3;
            n += (n == 0);

        } else {
            memcpy(p, data, n);
            p += n;
        }

        data += n;
        len -= n;
    }

    return p - dst;
}


/* The bytes of the first character, or 0 when it is none. */

static size_t
wh_utf8_first(const unsigned char *data, size_t len)
{
    size_t  n;

    for (n = 1; n <= 4 && n <= len; n++) {
        if (wh_utf8_check(data, n) == WH_OK) {
            return n;
        }
    }

    return 0;
}


/* Whether a character is not seen itself but does something to others. */

static int
wh_utf8_controls(const unsigned char *data, size_t n)
{
    unsigned int  c;

    if (n == 1) {
        return data[0] < 0x20 || data[0] == 0x7f;
    }

    if (n == 2) {
        c = (data[0] & 0x1f) << 6 | (data[1] & 0x3f);

        return c < 0xa0 || c == 0x61c;
    }

    if (n == 3) {
        c = (data[0] & 0x0fu) << 12 | (data[1] & 0x3f) << 6 | (data[2] & 0x3f);

        return (c >= 0x200b && c <= 0x200f)
               || (c >= 0x2028 && c <= 0x202e)
               || (c >= 0x2060 && c <= 0x206f)
               || c == 0xfeff;
    }

    /* tags, which spell out ASCII that nobody sees */

    return data[0] == 0xf3 && data[1] == 0xa0 && data[2] <= 0x81;
}
