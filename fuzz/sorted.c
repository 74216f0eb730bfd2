
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Forms in order: nothing is written past its room, and a form with its pairs
 * the other way round comes to the same.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_form.h"
#include "wh_form_sorted.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned char *sorted(wh_str_t text, int *rc, size_t *len);
static unsigned char *reversed(wh_str_t text, size_t *len);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int             rc, again_rc;
    size_t          n, again_n;
    wh_str_t        text, other;
    unsigned char  *buf, *again, *copy;

    text.data = data;
    text.len = len;

    buf = sorted(text, &rc, &n);

    copy = reversed(text, &other.len);
    other.data = copy;

    again = sorted(other, &again_rc, &again_n);

    /* empty fields, which are refused, are not in the other form */

    if (rc == WH_OK
        && (again_rc != WH_OK || n != again_n || memcmp(buf, again, n) != 0))
    {
        abort();
    }

    free(buf);
    free(copy);
    free(again);

    return 0;
}


static unsigned char *
sorted(wh_str_t text, int *rc, size_t *len)
{
    wh_form_pair_t  *pairs;
    unsigned char   *buf, *decoded;

    pairs = malloc((wh_form_count(text) + 1) * sizeof(wh_form_pair_t));
    decoded = malloc(text.len + 1);
    buf = malloc(text.len + 1);

    *len = 0;
    *rc = wh_form_sorted(text, pairs, decoded, buf, len);

    if (*len > text.len) {
        abort();
    }

    free(pairs);
    free(decoded);

    return buf;
}


static unsigned char *
reversed(wh_str_t text, size_t *len)
{
    wh_str_t        name, value;
    wh_form_t       form;
    unsigned char  *buf, *end, *p;

    buf = malloc(text.len + 1);
    end = buf + text.len + 1;
    p = end;

    wh_form_start(&form, text, 0);

    while (wh_form_next(&form, &name, &value) == WH_OK) {

        if (p != end) {
            *--p = '&';
        }

        *len = value.data + value.len - name.data;
        p -= *len;
        memcpy(p, name.data, *len);
    }

    *len = end - p;
    memmove(buf, p, *len);

    return buf;
}
