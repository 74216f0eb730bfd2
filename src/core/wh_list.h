
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Cutting header values at separators, in place.
 */


#ifndef _WH_LIST_H_INCLUDED_
#define _WH_LIST_H_INCLUDED_


#include <string.h>

#include "wh_str.h"


/* Cuts name=value at the first "=".  Returns 1, or 0 where there is none. */
int wh_pair(wh_str_t element, wh_str_t *name, wh_str_t *value);

/*
 * The value of a name in a list of name=value, as the fields of a signature
 * header or the cookies of RFC 6265; names are case-sensitive.  WH_ABSENT,
 * or WH_REPEATED when the name comes twice.
 */
int wh_pair_find(wh_str_t list, unsigned char separator, wh_str_t name,
    wh_str_t *value);


/*
 * Cuts the next element off *rest, without the spaces and tabs around it.
 * Returns 1, or 0 at the end of the list.  An element may be empty.  Nothing
 * is copied: elements point into the list.
 */

static inline int
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

    /* most often there is nothing around it */

    if (len && (rest->data[0] <= ' ' || rest->data[len - 1] <= ' ')) {
        *element = wh_trim(*element, WH_SPACES);
    }

    if (end == NULL) {
        rest->data = NULL;
        rest->len = 0;

    } else {
        rest->data += len + 1;
        rest->len -= len + 1;
    }

    return 1;
}


/* The value of name=value, if that is the name.  Returns 1 or 0. */

static inline int
wh_named(wh_str_t element, wh_str_t name, wh_str_t *value)
{
    if (element.len <= name.len
        || element.data[name.len] != '='
        || (name.len && memcmp(element.data, name.data, name.len) != 0))
    {
        return 0;
    }

    value->data = element.data + name.len + 1;
    value->len = element.len - name.len - 1;

    return 1;
}


#endif /* _WH_LIST_H_INCLUDED_ */
