
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Cutting header values at separators, in place.
 */


#include <string.h>

#include "wh_list.h"


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
    wh_str_t  element, this_value;

    rc = WH_ABSENT;

    while (wh_list_next(&list, separator, &element)) {

        if (!wh_named(element, name, &this_value)) {
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
