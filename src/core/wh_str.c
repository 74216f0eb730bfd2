
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Counted strings: comparing, cutting.  All is ASCII, whatever the locale.
 */


#include <string.h>

#include "wh_str.h"


int
wh_equal(wh_str_t a, wh_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


int
wh_equal_caseless(wh_str_t a, wh_str_t b)
{
    size_t  i;

    if (a.len != b.len) {
        return 0;
    }

    for (i = 0; i < a.len; i++) {
        if (wh_lower(a.data[i]) != wh_lower(b.data[i])) {
            return 0;
        }
    }

    return 1;
}


int
wh_cut_prefix_caseless(wh_str_t *text, wh_str_t prefix)
{
    wh_str_t  start;

    if (text->len < prefix.len) {
        return 0;
    }

    start.data = text->data;
    start.len = prefix.len;

    if (!wh_equal_caseless(start, prefix)) {
        return 0;
    }

    wh_skip(text, prefix.len);

    return 1;
}


wh_str_t
wh_trim(wh_str_t text, const char *spaces)
{
    size_t  n;

    n = strlen(spaces);

    while (text.len > 0 && memchr(spaces, text.data[0], n) != NULL) {
        text.data++;
        text.len--;
    }

    while (text.len > 0 && memchr(spaces, text.data[text.len - 1], n) != NULL)
    {
        text.len--;
    }

    return text;
}


const unsigned char *
wh_end(wh_str_t text)
{
    return text.len ? text.data + text.len : text.data;
}
