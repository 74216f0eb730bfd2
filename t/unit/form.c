
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_form: pairs, names, repetitions and escapes.
 */


#include <string.h>

#include "tap.h"
#include "wh_form.h"


static void test_pairs(void);
static void test_get(void);
static void test_named(void);
static void test_only(void);
static void test_decode(void);
static void test_nothing(void);


int
main(void)
{
    test_pairs();
    test_get();
    test_named();
    test_only();
    test_decode();
    test_nothing();

    return done_testing();
}


static void
test_pairs(void)
{
    char       out[200];
    size_t     i;
    wh_str_t   name, value;
    wh_form_t  form;

    static const struct {
        const char  *text;
        unsigned     flags;
        const char  *pairs;
    } cases[] = {
        { "", 0, "" },
        { "a=1", 0, "(a)(1)" },
        { "a=1&b=2", 0, "(a)(1)(b)(2)" },
        { "&&a=1&&&b=2&", 0, "(a)(1)(b)(2)" },
        { "&", 0, "" },
        { "a", 0, "(a)()" },
        { "a&b=", 0, "(a)()(b)()" },
        { "=1", 0, "()(1)" },
        { "=", 0, "()()" },
        { "a==b=", 0, "(a)(=b=)" },
        { "a=1;b=2", 0, "(a)(1;b=2)" },
        { "a=1;b=2", WH_FORM_SEMICOLON, "(a)(1)(b)(2)" },
        { ";;a=1;&;b;", WH_FORM_SEMICOLON, "(a)(1)(b)()" },
        { "a%3D=%26", 0, "(a%3D)(%26)" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        out[0] = '\0';
        wh_form_start(&form, str(cases[i].text), cases[i].flags);

        while (wh_form_next(&form, &name, &value) == WH_OK) {
            sprintf(out + strlen(out), "(%.*s)(%.*s)", (int) name.len,
                    name.data, (int) value.len, value.data);
        }

        ok(strcmp(out, cases[i].pairs) == 0, "pairs of %s: %s", cases[i].text,
           out);
    }
}


static void
test_get(void)
{
    int            rc;
    size_t         i;
    wh_str_t       value;
    unsigned char  buf[200];

    static const struct {
        const char  *text;
        unsigned     flags;
        int          rc;
        const char  *value;
    } cases[] = {
        { "st2-api-key=k", 0, WH_OK, "k" },
        { "x=1&st2-api-key=k%20+y&z", 0, WH_OK, "k  y" },
        { "st2%2Dapi%2dkey=k", 0, WH_OK, "k" },
        { "ST2-Api-Key=k", 0, WH_ABSENT, "" },
        { "st2_api_key=k", 0, WH_ABSENT, "" },
        { "st2-api-key", 0, WH_ABSENT, "" },
        { "st2-api-key=", 0, WH_ABSENT, "" },
        { "st2-api-keys=k", 0, WH_ABSENT, "" },
        { "st2-api-ke=k", 0, WH_ABSENT, "" },
        { "", 0, WH_ABSENT, "" },
        { "a=1;st2-api-key=k", 0, WH_ABSENT, "" },
        { "a=1;st2-api-key=k", WH_FORM_SEMICOLON, WH_OK, "k" },
        { "st2-api-key=a&st2-api-key=b", 0, WH_REPEATED, "" },
        { "st2-api-key=a&st2%2dapi-key=a", 0, WH_REPEATED, "" },
        { "st2-api-key=a&st2-api-key=b", WH_FORM_LAST, WH_OK, "b" },
        { "st2-api-key=a&st2-api-key=", WH_FORM_LAST, WH_ABSENT, "" },
        { "st2-api-key=%&st2-api-key=b", WH_FORM_LAST, WH_OK, "b" },
        { "st2-api-key=a&st2-api-key=%", WH_FORM_FIRST, WH_OK, "a" },
        { "st2-api-key=&st2-api-key=b", WH_FORM_FIRST, WH_ABSENT, "" },
        { "st2-api-key=%&st2-api-key=b", WH_FORM_FIRST, WH_INVALID, "" },
        { "st2-api-key=%zz", 0, WH_INVALID, "" },
        { "st2-api-key=a%4", 0, WH_INVALID, "" },
        { "st2-api-key=%", 0, WH_INVALID, "" },
        { "st2-api-key=%ff", 0, WH_INVALID, "" },
        { "st2-api-key=%c3%a9", 0, WH_OK, "\xc3\xa9" },
        { "x=%zz&st2-api-key=k", 0, WH_OK, "k" },
        { "%zz=x&st2-api-key=k", 0, WH_OK, "k" },
        { "st2-api-key=%2541", 0, WH_OK, "%41" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rc = wh_form_get(str(cases[i].text), cases[i].flags,
                         str("st2-api-key"), buf, &value);

        ok(rc == cases[i].rc
           && (rc != WH_OK
               || (value.len == strlen(cases[i].value)
                   && memcmp(value.data, cases[i].value, value.len) == 0)),
           "get from %s: %d", cases[i].text, rc);
    }
}


static void
test_named(void)
{
    size_t  i, n;

    static const struct {
        const char  *text;
        unsigned     flags;
        size_t       n;
    } cases[] = {
        { "", 0, 0 },
        { "a1=x", 0, 1 },
        { "a1", 0, 1 },
        { "A1=x&a1=y", 0, 2 },
        { "%411=x&%611", 0, 2 },
        { "a1=x&a=1&a11=1&=a1&a%zz=1&a%", 0, 1 },
        { "a1=x;a1=y", 0, 1 },
        { "a1=x;a1=y", WH_FORM_SEMICOLON, 2 },
        { "\x81" "1=x&!1=y&a\x11=z", 0, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        n = wh_form_named(str(cases[i].text), cases[i].flags, str("a1"));

        ok(n == cases[i].n, "a name in %s: %zu", cases[i].text, n);
    }
}


static void
test_only(void)
{
    int            rc;
    size_t         i;
    wh_str_t       value;
    unsigned char  buf[200];

    static const struct {
        const char  *text;
        int          rc;
        const char  *value;
    } cases[] = {
        { "a=1", WH_OK, "1" },
        { "&a=%7B+%26&&", WH_OK, "{ &" },
        { "%61=1", WH_OK, "1" },
        { "a=1;b=2", WH_OK, "1;b=2" },
        { "a=b=c", WH_OK, "b=c" },
        { "", WH_ABSENT, "" },
        { "&", WH_ABSENT, "" },
        { "a", WH_ABSENT, "" },
        { "a=", WH_ABSENT, "" },
        { "a=1&a=1", WH_REPEATED, "" },
        { "a=1&%61", WH_REPEATED, "" },
        { "a=1&b", WH_INVALID, "" },
        { "b=1&a=1", WH_INVALID, "" },
        { "a=1&=", WH_INVALID, "" },
        { "a=1&%", WH_INVALID, "" },
        { "A=1", WH_INVALID, "" },
        { "a=%", WH_INVALID, "" },
        { "a=%ff", WH_INVALID, "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rc = wh_form_only(str(cases[i].text), str("a"), buf, &value);

        ok(rc == cases[i].rc
           && (rc != WH_OK
               || (value.len == strlen(cases[i].value)
                   && memcmp(value.data, cases[i].value, value.len) == 0)),
           "only a in %s: %d", cases[i].text, rc);
    }
}


static void
test_decode(void)
{
    int            wrong;
    char           text[4];
    size_t         c, len;
    unsigned char  buf[4];

    wrong = 0;

    for (c = 0; c < 128; c++) {
        sprintf(text, "%%%02zx", c);

        wrong += wh_form_decode(str(text), (unsigned char *) text, &len)
                 != WH_OK || len != 1 || (unsigned char) text[0] != c;

        sprintf(text, "%%%02zX", c);

        wrong += wh_form_decode(str(text), buf, &len) != WH_OK || len != 1
                 || buf[0] != c;
    }

    ok(wrong == 0, "every escape, in place and not, in either case");
}


static void
test_nothing(void)
{
    size_t          len;
    wh_str_t        name, value;
    wh_form_t       form;
    unsigned char   buf[1];

    static const wh_str_t  none = { 0, NULL };

    wh_form_start(&form, none, 0);
    ok(wh_form_next(&form, &name, &value) == WH_ABSENT, "no text has no pairs");

    ok(wh_form_get(none, 0, str("a"), buf, &value) == WH_ABSENT
       && wh_form_only(none, str("a"), buf, &value) == WH_ABSENT,
       "and no value");

    ok(wh_form_decode(none, buf, &len) == WH_OK && len == 0,
       "it decodes to nothing");

    ok(wh_form_named(none, 0, str("a")) == 0, "nor a name");

    ok(wh_form_without(none, 0, str("a"), 0, buf) == 0,
       "nothing can be left out");
}
