
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Query strings and form bodies: a value that is found is one of the pairs.
 * The first byte holds the flags.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_form.h"
#include "wh_str.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int             rc, only;
    size_t          n, pairs, decoded;
    unsigned        flags;
    wh_str_t        text, name, value, found, sought;
    wh_form_t       form;
    unsigned char  *buf;

    if (len == 0) {
        return 0;
    }

    flags = data[0] & (WH_FORM_SEMICOLON | WH_FORM_LAST | WH_FORM_FIRST);

    buf = malloc(len);

    text.data = data + 1;
    text.len = len - 1;

    sought.data = (const unsigned char *) "a b";
    sought.len = 3;

    only = wh_form_only(text, sought, buf, &found);
    rc = wh_form_get(text, flags, sought, buf, &found);
    n = 0;
    pairs = 0;

    wh_form_start(&form, text, flags);

    while (wh_form_next(&form, &name, &value) == WH_OK) {

        if (name.data < text.data
            || value.data + value.len > text.data + text.len)
        {
            abort();
        }

        pairs++;

        if (wh_form_decode(name, buf, &decoded) == WH_OK) {
            name.data = buf;
            name.len = decoded;
            n += wh_equal(name, sought);
        }

        (void) wh_form_decode(value, buf, &decoded);
    }

    if ((n == 0 && rc != WH_ABSENT)
        || (rc == WH_REPEATED) != (n > 1 && !(flags & ~WH_FORM_SEMICOLON)))
    {
        abort();
    }

    if (only == WH_OK && !(flags & WH_FORM_SEMICOLON)
        && (n != 1 || pairs != 1))
    {
        abort();
    }

    free(buf);

    return 0;
}
