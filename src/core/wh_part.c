
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The parts of a signed message: where each of them ends.
 */


#include <string.h>

#include "wh_decode.h"
#include "wh_part.h"


#define WH_PART_MAX_WORD  255


static unsigned char wh_part_byte(wh_str_t first, wh_str_t second, size_t i);


int
wh_part_from_left(wh_str_t part, wh_str_t edge)
{
    size_t                i, k;
    const unsigned char  *p;

    /* the edge may also begin in the part and end in itself */

    for (i = 0; i < part.len; i++) {

        p = memchr(part.data + i, edge.data[0], part.len - i);

        if (p == NULL) {
            break;
        }

        i = p - part.data;

        for (k = 1; k < edge.len; k++) {
            if (wh_part_byte(part, edge, i + k) != edge.data[k]) {
                break;
            }
        }

        if (k == edge.len) {
            return 0;
        }
    }

    return 1;
}


int
wh_part_from_right(wh_str_t part, wh_str_t edge)
{
    size_t  i, k;

    for (i = 1; i <= part.len; i++) {

        for (k = 0; k < edge.len; k++) {
            if (wh_part_byte(edge, part, i + k) != edge.data[k]) {
                break;
            }
        }

        if (k == edge.len) {
            return 0;
        }
    }

    return 1;
}


int
wh_part_word(wh_str_t part)
{
    size_t  i;

    if (part.len == 0 || part.len > WH_PART_MAX_WORD) {
        return 0;
    }

    for (i = 0; i < part.len; i++) {

        if (!wh_base64url_digit(part.data[i]) && part.data[i] != '=') {
            return 0;
        }
    }

    return 1;
}


/* A byte of two texts, one after the other. */

static unsigned char
wh_part_byte(wh_str_t first, wh_str_t second, size_t i)
{
    return i < first.len ? first.data[i] : second.data[i - first.len];
}
