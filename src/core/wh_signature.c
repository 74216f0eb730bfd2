
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signature headers: one value, a list, or a list of named fields.
 */


#include "wh_list.h"
#include "wh_signature.h"


static int wh_signature_field(const wh_signature_format_t *format,
    wh_str_t *element);
static int wh_signature_decode(const wh_signature_format_t *format,
    wh_str_t value, unsigned char *buf, wh_signature_t *signature);


int
wh_signature_parse(const wh_signature_format_t *format, wh_str_t value,
    unsigned char *buf, wh_signature_t *signatures, size_t *n)
{
    size_t          room;
    wh_str_t        element;
    wh_signature_t  excess, *signature;

    room = *n;
    *n = 0;

    if (format->separator == 0) {
        if (room == 0
            || !wh_signature_field(format, &value)
            || wh_signature_decode(format, value, buf, &signatures[0])
               != WH_OK)
        {
            return WH_INVALID;
        }

        *n = 1;

        return WH_OK;
    }

    while (wh_list_next(&value, format->separator, &element)) {

        if (!wh_signature_field(format, &element)) {
            continue;
        }

        signature = *n < room ? &signatures[*n] : &excess;

        if (wh_signature_decode(format, element, buf, signature) != WH_OK) {
            continue;
        }

        if (*n == room) {
            return WH_INVALID;
        }

        buf += signature->len;
        (*n)++;
    }

    return *n ? WH_OK : WH_INVALID;
}


/* Makes of an element its value; 0 if it is another field. */

static int
wh_signature_field(const wh_signature_format_t *format, wh_str_t *element)
{
    return format->field.len == 0
           || wh_named(*element, format->field, element);
}


static int
wh_signature_decode(const wh_signature_format_t *format, wh_str_t value,
    unsigned char *buf, wh_signature_t *signature)
{
    if (!wh_cut_prefix(&value, format->prefix)) {
        return WH_INVALID;
    }

    signature->bytes = buf;
    signature->len = format->size ? format->size : WH_SIGNATURE_MAX_SIZE;

    if (wh_decode(format->encoding, value, buf, &signature->len)
        != WH_OK
        || signature->len == 0
        || (format->size && signature->len != format->size))
    {
        return WH_INVALID;
    }

    return WH_OK;
}
