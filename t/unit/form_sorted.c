
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_form_sorted: order, equal pairs, escapes, room.
 */


#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "wh_form_sorted.h"


int
main(void)
{
    int              rc;
    size_t           i, len, n;
    wh_str_t         text;
    wh_form_pair_t  *pairs;
    unsigned char   *buf, *decoded;

    static const struct {
        const char  *text;
        size_t       count;
        int          rc;
        const char  *sorted;
    } cases[] = {
        { "", 0, WH_OK, "" },
        { "&", 0, WH_INVALID, "" },
        { "&&", 0, WH_INVALID, "" },
        { "a=1&&b=2", 2, WH_INVALID, "" },
        { "&a=1", 1, WH_INVALID, "" },
        { "a=1", 1, WH_OK, "a1" },
        { "b=2&a=1", 2, WH_OK, "a1b2" },
        { "b=2&a=1&", 2, WH_INVALID, "" },
        { "a", 1, WH_OK, "a" },
        { "a=", 1, WH_OK, "a" },
        { "=1", 1, WH_INVALID, "" },
        { "=", 1, WH_INVALID, "" },
        { "a=1&=", 2, WH_INVALID, "" },
        { "a=2&a=1", 2, WH_OK, "a1a2" },
        { "a=5678&a=1234", 2, WH_OK, "a1234a5678" },
        { "a=1&a=1", 2, WH_INVALID, "" },
        { "a=1&%61=%31", 2, WH_INVALID, "" },
        { "a=5678&a=1234&a=1234", 3, WH_INVALID, "" },
        { "a&a=1&a", 3, WH_INVALID, "" },
        { "a=bc&ab=c", 2, WH_OK, "abcabc" },
        { "a=1;b=2", 1, WH_OK, "a1;b=2" },
        { "a=b=c", 1, WH_OK, "ab=c" },
        { "ab=1&a=2&A=3&Ab=4&_=5", 5, WH_OK, "A3Ab4_5a2ab1" },
        { "a.b=1&a=2&a+b=3", 3, WH_OK, "a2a b3a.b1" },
        { "%C3%A9=1&z=2", 2, WH_OK, "z2\xc3\xa9""1" },
        { "a=%2B+%26", 1, WH_OK, "a+ &" },
        { "b=%&a=1", 2, WH_INVALID, "" },
        { "%zz=1", 1, WH_INVALID, "" },
        { "a=1&b=%ff", 2, WH_INVALID, "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        text.data = (const unsigned char *) cases[i].text;
        text.len = strlen(cases[i].text);

        n = wh_form_count(text);
        ok(n == cases[i].count, "pairs in %s: %zu", cases[i].text, n);

        /* no more room than what is asked for */

        pairs = malloc((n + (n == 0)) * sizeof(wh_form_pair_t));
        decoded = malloc(text.len + (text.len == 0));
        buf = malloc(text.len + (text.len == 0));

        rc = wh_form_sorted(text, pairs, decoded, buf, &len);

        ok(rc == cases[i].rc
           && (rc != WH_OK
               || (len == strlen(cases[i].sorted)
                   && memcmp(buf, cases[i].sorted, len) == 0)),
           "sorted %s: %d", cases[i].text, rc);

        free(pairs);
        free(decoded);
        free(buf);
    }

    return done_testing();
}
