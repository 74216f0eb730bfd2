
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_list: lists, pairs, and a name in a list of pairs.
 */


#include "tap.h"
#include "wh_list.h"


static void test_elements(void);
static void test_pairs(void);
static void test_find(void);


int
main(void)
{
    test_elements();
    test_pairs();
    test_find();

    return done_testing();
}


static void
test_elements(void)
{
    char      joined[200], *p;
    size_t    i, n;
    wh_str_t  rest, element;

    static const struct {
        wh_str_t     list;
        const char  *joined;       /* the elements, each in brackets */
    } cases[] = {
        { wh_string("a"), "[a]" },
        { wh_string("a,b"), "[a][b]" },
        { wh_string(" a\t,\t b c "), "[a][b c]" },
        { wh_string("a,"), "[a][]" },
        { wh_string(",a"), "[][a]" },
        { wh_string(",,"), "[][][]" },
        { wh_string(""), "[]" },
        { wh_string(" \t"), "[]" },
        { wh_string("a;b"), "[a;b]" },
        { wh_string("\"a,b\""), "[\"a][b\"]" },
        { wh_string("a\0,b"), "[a0][b]" },
        { { 0, NULL }, "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rest = cases[i].list;
        p = joined;

        while (wh_list_next(&rest, ',', &element)) {
            *p++ = '[';

            for (n = 0; n < element.len; n++) {
                *p++ = element.data[n] ? (char) element.data[n] : '0';
            }

            *p++ = ']';
        }

        *p = '\0';

        ok(strcmp(joined, cases[i].joined) == 0
           && !wh_list_next(&rest, ',', &element), "%s", cases[i].joined);
    }
}


static void
test_pairs(void)
{
    wh_str_t  name, value;

    ok(wh_pair(str("a=b=c"), &name, &value) && wh_equal(name, str("a"))
       && wh_equal(value, str("b=c")), "the first \"=\" cuts");

    ok(wh_pair(str("a="), &name, &value) && wh_equal(name, str("a"))
       && value.len == 0, "no value");

    ok(wh_pair(str("=b"), &name, &value) && name.len == 0
       && wh_equal(value, str("b")), "no name");

    ok(!wh_pair(str("a"), &name, &value) && !wh_pair(str(""), &name, &value),
       "no \"=\"");

    name.data = NULL;
    name.len = 0;
    ok(!wh_pair(name, &name, &value), "no text");
}


static void
test_find(void)
{
    int       rc;
    size_t    i;
    wh_str_t  value;

    static const struct {
        const char  *list;
        int          rc;
        const char  *value;
    } cases[] = {
        { "v1=a", WH_OK, "a" },
        { "t=1, v1=a ,v0=b", WH_OK, "a" },
        { "v1=", WH_OK, "" },
        { "v1=a=", WH_OK, "a=" },
        { "V1=a", WH_ABSENT, NULL },
        { "v10=a", WH_ABSENT, NULL },
        { "v=a", WH_ABSENT, NULL },
        { "v1", WH_ABSENT, NULL },
        { "v1 =a", WH_ABSENT, NULL },
        { "", WH_ABSENT, NULL },
        { "v1=a,v1=a", WH_REPEATED, NULL },
        { "v1=a,x,v1", WH_OK, "a" },
        { "v1=,v1=b", WH_REPEATED, NULL },
        { "v1=a,v1=b,v1=c", WH_REPEATED, NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rc = wh_pair_find(str(cases[i].list), ',', str("v1"), &value);

        ok(rc == cases[i].rc
           && (rc != WH_OK || wh_equal(value, str(cases[i].value))),
           "v1 in \"%s\": %d", cases[i].list, rc);
    }
}
