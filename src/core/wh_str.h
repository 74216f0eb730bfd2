
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Counted strings: comparing, cutting.  All is ASCII, whatever the locale.
 */


#ifndef _WH_STR_H_INCLUDED_
#define _WH_STR_H_INCLUDED_


#include <string.h>

#include "wh.h"


#define WH_SPACES  " \t"           /* around values of headers */


/*
 * 1 when both are the same, byte by byte, else 0.  Not for secrets: see
 * wh_secret_equal().
 */
int wh_equal(wh_str_t a, wh_str_t b);

/* The same, with A to Z and a to z taken as one. */
int wh_equal_caseless(wh_str_t a, wh_str_t b);

/* As wh_cut_prefix() below, with A to Z and a to z taken as one. */
int wh_cut_prefix_caseless(wh_str_t *text, wh_str_t prefix);

/* The part of a text without those of the bytes in spaces at its ends. */
wh_str_t wh_trim(wh_str_t text, const char *spaces);

/* The byte after the last one; of NULL, which nothing may be added to, NULL. */
const unsigned char *wh_end(wh_str_t text);


static inline unsigned char
wh_lower(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') ? (unsigned char) (c | 0x20) : c;
}


/* Nothing may be added to NULL, not even 0. */

static inline void
wh_skip(wh_str_t *text, size_t n)
{
    if (n) {
        text->data += n;
        text->len -= n;
    }
}


/*
 * Cuts a prefix off *text and returns 1; or returns 0, and *text is as before,
 * when it begins with something else.
 */

static inline int
wh_cut_prefix(wh_str_t *text, wh_str_t prefix)
{
    if (text->len < prefix.len
        || (prefix.len && memcmp(text->data, prefix.data, prefix.len) != 0))
    {
        return 0;
    }

    wh_skip(text, prefix.len);

    return 1;
}


#endif /* _WH_STR_H_INCLUDED_ */
