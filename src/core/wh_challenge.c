
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The texts of challenges.
 */


#include <string.h>

#include "wh_challenge.h"


int
wh_challenge_visible(wh_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] >= 0x7f) {
            return 0;
        }
    }

    return text.len <= WH_CHALLENGE_MAX;
}


int
wh_challenge_signable(wh_str_t text, int space)
{
    size_t         i;
    unsigned char  c;

    static const char  marks[] = { '-', '_', '.', '~', '+', '/', '=' };

    for (i = 0; i < text.len; i++) {

        c = text.data[i];

        if ((c >= '0' && c <= '9')
            || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            || memchr(marks, c, sizeof(marks)) != NULL
            || (space && c == ' '))
        {
            continue;
        }

        return 0;
    }

    return text.len <= WH_CHALLENGE_MAX;
}
