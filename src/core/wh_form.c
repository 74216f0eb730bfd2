
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Query strings and application/x-www-form-urlencoded bodies.
 */


#include <string.h>

#include "wh_form.h"
#include "wh_decode.h"
#include "wh_str.h"
#include "wh_utf8.h"


static int wh_form_is(wh_str_t encoded, wh_str_t name, int caseless);
static int wh_form_char(const unsigned char **p, const unsigned char *last);


void
wh_form_start(wh_form_t *form, wh_str_t text, unsigned flags)
{
    form->pos = text.data;
    form->last = wh_end(text);
    form->semicolon = flags & WH_FORM_SEMICOLON;
}


int
wh_form_next(wh_form_t *form, wh_str_t *name, wh_str_t *value)
{
    const unsigned char  *p, *equal;

    for (p = form->pos; p < form->last; p++) {

        if (*p == '&' || (*p == ';' && form->semicolon)) {

            if (p > form->pos) {
                break;
            }

            form->pos++;
        }
    }

    if (p == form->pos) {
        return WH_ABSENT;
    }

    name->data = form->pos;
    name->len = p - form->pos;

    value->data = p;
    value->len = 0;

    equal = memchr(name->data, '=', name->len);

    if (equal != NULL) {
        name->len = equal - name->data;

        value->data = equal + 1;
        value->len = p - value->data;
    }

    form->pos = (p < form->last) ? p + 1 : p;

    return WH_OK;
}


int
wh_form_decode(wh_str_t text, unsigned char *buf, size_t *len)
{
    int                   c;
    unsigned char        *dst;
    const unsigned char  *p, *last;

    p = text.data;
    last = wh_end(text);
    dst = buf;

    while (p < last) {

        c = wh_form_char(&p, last);
        if (c < 0) {
            return WH_INVALID;
        }

        *dst++ = (unsigned char) c;
    }

    *len = dst - buf;

    return wh_utf8_check(buf, *len);
}


int
wh_form_get(wh_str_t text, unsigned flags, wh_str_t name, unsigned char *buf,
    wh_str_t *value)
{
    size_t     n;
    wh_str_t   encoded, found, next;
    wh_form_t  form;

    n = 0;
    found.data = NULL;
    found.len = 0;

    wh_form_start(&form, text, flags);

    while (wh_form_next(&form, &encoded, &next) == WH_OK) {

        if (!wh_form_is(encoded, name, 0)) {
            continue;
        }

        if (n == 0 || (flags & WH_FORM_LAST)) {
            found = next;
        }

        n++;
    }

    if (n > 1 && !(flags & (WH_FORM_LAST|WH_FORM_FIRST))) {
        return WH_REPEATED;
    }

    if (found.len == 0) {
        return WH_ABSENT;
    }

    value->data = buf;

    return wh_form_decode(found, buf, &value->len);
}


size_t
wh_form_named(wh_str_t text, unsigned flags, wh_str_t name)
{
    size_t     n;
    wh_str_t   encoded, value;
    wh_form_t  form;

    n = 0;

    wh_form_start(&form, text, flags);

    while (wh_form_next(&form, &encoded, &value) == WH_OK) {
        n += wh_form_is(encoded, name, 1);
    }

    return n;
}


int
wh_form_only(wh_str_t text, wh_str_t name, unsigned char *buf,
    wh_str_t *value)
{
    wh_str_t   encoded, next;
    wh_form_t  form;

    wh_form_start(&form, text, 0);

    while (wh_form_next(&form, &encoded, &next) == WH_OK) {
        if (!wh_form_is(encoded, name, 0)) {
            return WH_INVALID;
        }
    }

    return wh_form_get(text, 0, name, buf, value);
}


size_t
wh_form_without(wh_str_t text, unsigned flags, wh_str_t name,
    unsigned char mask, unsigned char *buf)
{
    int                   matches;
    size_t                len, n;
    wh_str_t              encoded;
    unsigned char        *dst;
    const unsigned char  *start, *end, *last, *equal;

    if (text.len == 0) {
        return 0;
    }

    dst = buf;
    last = wh_end(text);

    for (start = text.data, n = 0; start <= last; start = end + 1) {

        for (end = start; end < last; end++) {
            if (*end == '&' || (*end == ';' && (flags & WH_FORM_SEMICOLON))) {
                break;
            }
        }

        len = end - start;
        equal = len ? memchr(start, '=', len) : NULL;

        encoded.data = start;
        encoded.len = equal ? (size_t) (equal - start) : len;

        matches = wh_form_is(encoded, name, 0);

        if (matches && mask == 0) {
            continue;
        }

        /* the separator that is before it */

        if (n++) {
            *dst++ = start[-1];
        }

        if (matches && equal && equal + 1 < end) {
            len = equal + 1 - start;
        }

        memcpy(dst, start, len);
        dst += len;

        if (start + len < end) {
            *dst++ = mask;
        }
    }

    return dst - buf;
}


/* Whether an encoded name, once decoded, is this one, perhaps but for case. */

static int
wh_form_is(wh_str_t encoded, wh_str_t name, int caseless)
{
    int                   c;
    size_t                i;
    const unsigned char  *p, *last;

    p = encoded.data;
    last = wh_end(encoded);

    for (i = 0; p < last && i < name.len; i++) {

        c = wh_form_char(&p, last);

        if (c != name.data[i]
            && (!caseless
                || c < 0
                || wh_lower((unsigned char) c) != wh_lower(name.data[i])))
        {
            return 0;
        }
    }

    return p == last && i == name.len;
}


/* The next byte, decoded, or -1 for a bad escape. */

static int
wh_form_char(const unsigned char **p, const unsigned char *last)
{
    int            high, low;
    unsigned char  c;

    c = *(*p)++;

    if (c == '+') {
        return ' ';
    }

    if (c != '%') {
        return c;
    }

    if (last - *p < 2) {
        return -1;
    }

    high = wh_hex_digit((*p)[0]);
    low = wh_hex_digit((*p)[1]);

    if (high < 0 || low < 0) {
        return -1;
    }

    *p += 2;

    return high << 4 | low;
}
