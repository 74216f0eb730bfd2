
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * URLs as a sender signs them.
 */


#include <string.h>

#include "wh_decode.h"
#include "wh_url.h"


size_t
wh_url_decode(unsigned char *text, size_t len)
{
    size_t          i, n, one;
    wh_str_t        digits;
    unsigned char   c;

    static const char  decoded[] = { ':', '/', '?', '@', '!', '$', '\'',
                                     '(', ')', '*', ',', ';' };

    n = 0;

    for (i = 0; i < len; i++) {

        if (text[i] == '%' && len - i > 2) {

            digits.data = text + i + 1;
            digits.len = 2;
            one = 1;

            if (wh_decode(WH_HEX, digits, &c, &one) == WH_OK
                && memchr(decoded, c, sizeof(decoded)) != NULL)
            {
                text[n++] = c;
                i += 2;
                continue;
            }
        }

        text[n++] = text[i];
    }

    return n;
}
