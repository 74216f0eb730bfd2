
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * UTF-8 (RFC 3629) checked strictly, in pieces of any length.
 */


#ifndef _WH_UTF8_H_INCLUDED_
#define _WH_UTF8_H_INCLUDED_


#include "wh.h"


/* What a character cut by the end of a piece still needs; all zero first. */

typedef struct {
    unsigned char  left;           /* bytes still to come */
    unsigned char  low;            /* bounds of the next one, when left > 0 */
    unsigned char  high;
} wh_utf8_t;


/*
 * Goes on where the last piece ended and returns how many bytes of this one
 * are good: len, or the offset of the byte that breaks the rules (overlong
 * forms, surrogates, values above U+10FFFF, stray or missing continuations).
 * The text as a whole is good if every piece was and utf8->left is 0.
 */
size_t wh_utf8_scan(wh_utf8_t *utf8, const unsigned char *data, size_t len);

/* WH_OK or WH_INVALID for a text that is there as a whole. */
int wh_utf8_check(const unsigned char *data, size_t len);

/* The number of code points in a text that was found good. */
size_t wh_utf8_length(const unsigned char *data, size_t len);

/*
 * A text as it can be shown to people: what is no UTF-8, and characters that
 * control something (line breaks, escapes, the direction of writing) become
 * U+FFFD.  dst has room for WH_UTF8_SHOWN_MAX * len bytes; returns how many
 * were written.
 */
#define WH_UTF8_SHOWN_MAX  3

size_t wh_utf8_shown(const unsigned char *data, size_t len,
    unsigned char *dst);


#endif /* _WH_UTF8_H_INCLUDED_ */
