
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Cutting header values at separators, in place.
 */


#include <string.h>

#include "wh_list.h"


static wh_str_t wh_trim(wh_str_t s);
static unsigned char wh_lower(unsigned char c);


int
wh_list_next(wh_str_t *rest, unsigned char separator, wh_str_t *element)
{
    size_t                len;
    const unsigned char  *end;

    if (rest->data == NULL) {
        return 0;
    }

    end = rest->len ? memchr(rest->data, separator, rest->len) : NULL;
    len = end ? (size_t) (end - rest->data) : rest->len;

    element->data = rest->data;
    element->len = len;
    *element = wh_trim(*element);

    if (end == NULL) {
        rest->data = NULL;
        rest->len = 0;

    } else {
        rest->data += len + 1;
        rest->len -= len + 1;
    }

    return 1;
}


static wh_str_t
wh_trim(wh_str_t s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }

    while (s.len > 0
           && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
    {
        s.len--;
    }

    return s;
}


int
wh_pair(wh_str_t element, wh_str_t *name, wh_str_t *value)
{
    const unsigned char  *p;

    p = element.len ? memchr(element.data, '=', element.len) : NULL;

    if (p == NULL) {
        return 0;
    }

    name->data = element.data;
    name->len = p - element.data;

    value->data = p + 1;
    value->len = element.len - name->len - 1;

    return 1;
}


int
wh_pair_find(wh_str_t list, unsigned char separator, wh_str_t name,
    wh_str_t *value)
{
    int       rc;
    wh_str_t  element, this_name, this_value;

    rc = WH_ABSENT;

    while (wh_list_next(&list, separator, &element)) {

        if (!wh_pair(element, &this_name, &this_value)
            || !wh_equal(this_name, name))
        {
            continue;
        }

        if (rc == WH_OK) {
            return WH_REPEATED;
        }

        *value = this_value;
        rc = WH_OK;
    }

    return rc;
}


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


static unsigned char
wh_lower(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') ? (unsigned char) (c | 0x20) : c;
}
