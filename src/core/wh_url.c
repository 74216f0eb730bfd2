
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * URLs as a sender signs them.
 */


#include <string.h>

#include "wh_decode.h"
#include "wh_url.h"


static int wh_url_escape(const unsigned char *text, size_t len,
    unsigned char *c);
static int wh_url_unreserved(unsigned char c);


size_t
wh_url_decode(unsigned char *text, size_t len)
{
    size_t          i, n;
    unsigned char   c;

    static const char  decoded[] = { ':', '/', '?', '@', '!', '$', '\'',
                                     '(', ')', '*', ',', ';' };

    n = 0;

    for (i = 0; i < len; i++) {

        if (wh_url_escape(text + i, len - i, &c)
            && memchr(decoded, c, sizeof(decoded)) != NULL)
        {
            text[n++] = c;
            i += 2;
            continue;
        }

        text[n++] = text[i];
    }

    return n;
}


size_t
wh_url_normalize(unsigned char *text, size_t len)
{
    size_t         i, n;
    unsigned char  c;

    static const char  digits[] = "0123456789ABCDEF";

    n = 0;

    for (i = 0; i < len; i++) {

        if (!wh_url_escape(text + i, len - i, &c)) {
            text[n++] = text[i];
            continue;
        }

        i += 2;

        if (wh_url_unreserved(c)) {
            text[n++] = c;
            continue;
        }

        text[n++] = '%';
        text[n++] = (unsigned char) digits[c >> 4];
        text[n++] = (unsigned char) digits[c & 15];
    }

    return n;
}


/* Whether there is an escape here, and of which byte. */

static int
wh_url_escape(const unsigned char *text, size_t len, unsigned char *c)
{
    size_t    one;
    wh_str_t  digits;

    if (len < 3 || text[0] != '%') {
        return 0;
    }

    digits.data = text + 1;
    digits.len = 2;
    one = 1;

    return wh_decode(WH_HEX, digits, c, &one) == WH_OK;
}


static int
wh_url_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9')
           || c == '-' || c == '.' || c == '_' || c == '~';
}
