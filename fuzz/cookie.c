
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Cookies, and fields of signatures: what is found by its name is what a
 * plain reading of the list, byte by byte, finds.  The first byte holds the
 * separator and the name.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_list.h"
#include "wh_str.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int plain(wh_str_t text, unsigned char separator, wh_str_t name,
    wh_str_t *value);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int             rc;
    wh_str_t        text, name, found, expected;
    unsigned char   separator, *copy;

    static const unsigned char  separators[] = { ';', ',', ' ', '\t' };
    static const wh_str_t       names[] = {
        wh_string("a"), wh_string("v1"), wh_string("auth-token"), { 0, NULL }
    };

    if (len == 0) {
        return 0;
    }

    separator = separators[data[0] & 3];
    name = names[(data[0] >> 2) & 3];

    /* with nothing after it that could be read */

    copy = malloc(len);
    memcpy(copy, data + 1, len - 1);

    text.data = copy;
    text.len = len - 1;

    rc = wh_pair_find(text, separator, name, &found);

    if (rc != plain(text, separator, name, &expected)) {
        abort();
    }

    if (rc == WH_OK
        && (found.len != expected.len || found.data != expected.data))
    {
        abort();
    }

    free(copy);

    return 0;
}


static int
plain(wh_str_t text, unsigned char separator, wh_str_t name, wh_str_t *value)
{
    int                   rc;
    const unsigned char  *p, *start, *end, *last;

    rc = WH_ABSENT;
    last = text.data + text.len;

    for (start = text.data; start <= last; start = p + 1) {

        for (p = start; p < last && *p != separator; p++) { /* void */ }

        end = p;

        while (start < end && (*start == ' ' || *start == '\t')) {
            start++;
        }

        while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
            end--;
        }

        if ((size_t) (end - start) <= name.len
            || (name.len && memcmp(start, name.data, name.len) != 0)
            || start[name.len] != '=')
        {
            continue;
        }

        if (rc == WH_OK) {
            return WH_REPEATED;
        }

        value->data = start + name.len + 1;
        value->len = end - value->data;
        rc = WH_OK;
    }

    return rc;
}
