
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Cutting header values at separators, in place.
 */


#ifndef _WH_LIST_H_INCLUDED_
#define _WH_LIST_H_INCLUDED_


#include <string.h>

#include "wh_str.h"


/*
 * Cuts the next element off *rest, without the spaces and tabs around it.
 * Returns 1, or 0 at the end of the list.  An element may be empty.  Nothing
 * is copied: elements point into the list.
 */
int wh_list_next(wh_str_t *rest, unsigned char separator, wh_str_t *element);

/* Cuts name=value at the first "=".  Returns 1, or 0 where there is none. */
int wh_pair(wh_str_t element, wh_str_t *name, wh_str_t *value);

/*
 * The value of a name in a list of name=value, as the fields of a signature
 * header or the cookies of RFC 6265; names are case-sensitive.  WH_ABSENT,
 * or WH_REPEATED when the name comes twice.
 */
int wh_pair_find(wh_str_t list, unsigned char separator, wh_str_t name,
    wh_str_t *value);


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
