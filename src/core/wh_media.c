
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Media types.
 */


#include "wh_list.h"
#include "wh_media.h"
#include "wh_str.h"


int
wh_media_match(wh_str_t value, wh_str_t type, wh_str_t subtype)
{
    wh_str_t  media;

    static const wh_str_t  slash = wh_string("/");

    if (!wh_list_next(&value, ';', &media)
        || !wh_cut_prefix_caseless(&media, type)
        || !wh_cut_prefix(&media, slash))
    {
        return 0;
    }

    if (subtype.data[0] == '*') {
        return media.len > 0;
    }

    if (subtype.data[0] == '+') {

        if (media.len <= subtype.len) {
            return 0;
        }

        media.data += media.len - subtype.len;
        media.len = subtype.len;
    }

    return wh_equal_caseless(media, subtype);
}
