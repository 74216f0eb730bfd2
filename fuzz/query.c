
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Taking a name out of a query, or covering its values: all other pairs stay
 * as they are and in their order, and of the name nothing is left.  The first
 * byte holds the flags and whether there is a mask.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_form.h"
#include "wh_str.h"


#define MASK  '*'


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void same(wh_str_t before, wh_str_t after, unsigned flags,
    unsigned char mask);
static int other(wh_form_t *form, unsigned char mask, wh_str_t *name,
    wh_str_t *value);
static int sought(wh_str_t name);


static const wh_str_t  wanted = wh_string("a b");


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t          again_len;
    unsigned        flags;
    wh_str_t        text, left, found;
    unsigned char   mask, *buf, *again, *value;

    if (len == 0) {
        return 0;
    }

    flags = data[0] & (WH_FORM_SEMICOLON | WH_FORM_LAST);
    mask = (data[0] & 4) ? MASK : 0;

    text.data = data + 1;
    text.len = len - 1;

    /* not a byte more than promised */

    buf = malloc(text.len);
    again = malloc(text.len);
    value = malloc(text.len);

    left.data = buf;
    left.len = wh_form_without(text, flags, wanted, mask, buf);

    if (left.len > text.len) {
        abort();
    }

    if (mask == 0
        && wh_form_get(left, flags, wanted, value, &found) != WH_ABSENT)
    {
        abort();
    }

    same(text, left, flags, mask);

    again_len = wh_form_without(left, flags, wanted, mask, again);

    if (again_len != left.len
        || (left.len && memcmp(again, buf, left.len) != 0))
    {
        abort();
    }

    free(buf);
    free(again);
    free(value);

    return 0;
}


static void
same(wh_str_t before, wh_str_t after, unsigned flags, unsigned char mask)
{
    int        rc;
    wh_str_t   name, value, left_name, left_value;
    wh_form_t  form, left;

    wh_form_start(&form, before, flags);
    wh_form_start(&left, after, flags);

    do {
        rc = other(&form, mask, &name, &value);

        if (wh_form_next(&left, &left_name, &left_value) != rc) {
            abort();
        }

        if (rc != WH_OK) {
            return;
        }

        if (!wh_equal(name, left_name)) {
            abort();
        }

        if (!sought(name)) {
            if (!wh_equal(value, left_value)) {
                abort();
            }

        } else if (left_value.len != (value.len != 0)
                   || (left_value.len && left_value.data[0] != mask))
        {
            abort();
        }

    } while (rc == WH_OK);
}


/* The next pair that is to be there. */

static int
other(wh_form_t *form, unsigned char mask, wh_str_t *name, wh_str_t *value)
{
    int  rc;

    do {
        rc = wh_form_next(form, name, value);

    } while (rc == WH_OK && mask == 0 && sought(*name));

    return rc;
}


static int
sought(wh_str_t name)
{
    int             found;
    size_t          len;
    wh_str_t        decoded;
    unsigned char  *buf;

    buf = malloc(name.len + 1);

    found = 0;

    if (wh_form_decode(name, buf, &len) == WH_OK) {
        decoded.data = buf;
        decoded.len = len;

        found = wh_equal(decoded, wanted);
    }

    free(buf);

    return found;
}
