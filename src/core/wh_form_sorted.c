
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Forms as some senders sign them: their fields in order, without separators.
 */


#include <stdlib.h>
#include <string.h>

#include "wh_form.h"
#include "wh_form_sorted.h"


static int wh_form_part_decode(wh_str_t *text, unsigned char **dst);
static int wh_form_pair_compare(const void *one, const void *two);
static int wh_form_text_compare(wh_str_t a, wh_str_t b);
static unsigned char *wh_form_copy(unsigned char *dst, wh_str_t text);


size_t
wh_form_count(wh_str_t text)
{
    size_t     n;
    wh_str_t   name, value;
    wh_form_t  form;

    n = 0;
    wh_form_start(&form, text, 0);

    while (wh_form_next(&form, &name, &value) == WH_OK) {
        n++;
    }

    return n;
}


int
wh_form_sorted(wh_str_t text, wh_form_pair_t *pairs, unsigned char *decoded,
    unsigned char *buf, size_t *len)
{
    size_t                i, n;
    wh_form_t             form;
    unsigned char        *dst;
    const unsigned char  *begin;

    /* what adds nothing to the text may be put into any form */

    if (text.len && text.data[text.len - 1] == '&') {
        return WH_INVALID;
    }

    n = 0;
    wh_form_start(&form, text, 0);
    begin = form.pos;

    while (wh_form_next(&form, &pairs[n].name, &pairs[n].value) == WH_OK) {

        if (pairs[n].name.data != begin
            || pairs[n].name.len == 0
            || wh_form_part_decode(&pairs[n].name, &decoded) != WH_OK
            || wh_form_part_decode(&pairs[n].value, &decoded) != WH_OK)
        {
            return WH_INVALID;
        }

        n++;
        begin = form.pos;
    }

    qsort(pairs, n, sizeof(wh_form_pair_t), wh_form_pair_compare);

    dst = buf;

    for (i = 0; i < n; i++) {

        if (i > 0 && wh_form_pair_compare(&pairs[i - 1], &pairs[i]) == 0) {
            return WH_INVALID;
        }

        dst = wh_form_copy(dst, pairs[i].name);
        dst = wh_form_copy(dst, pairs[i].value);
    }

    *len = dst - buf;

    return WH_OK;
}


static int
wh_form_part_decode(wh_str_t *text, unsigned char **dst)
{
    size_t  len;

    if (wh_form_decode(*text, *dst, &len) != WH_OK) {
        return WH_INVALID;
    }

    text->data = *dst;
    text->len = len;
    *dst += len;

    return WH_OK;
}


static int
wh_form_pair_compare(const void *one, const void *two)
{
    int                    rc;
    const wh_form_pair_t  *a, *b;

    a = one;
    b = two;

    rc = wh_form_text_compare(a->name, b->name);

    return rc ? rc : wh_form_text_compare(a->value, b->value);
}


static int
wh_form_text_compare(wh_str_t a, wh_str_t b)
{
    int     rc;
    size_t  len;

    len = (a.len < b.len) ? a.len : b.len;
    rc = len ? memcmp(a.data, b.data, len) : 0;

    return rc ? rc : (a.len > b.len) - (a.len < b.len);
}


static unsigned char *
wh_form_copy(unsigned char *dst, wh_str_t text)
{
    if (text.len) {
        memcpy(dst, text.data, text.len);
    }

    return dst + text.len;
}
