
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_str: comparing and cutting, also of texts with NUL and of no text.
 */


#include "tap.h"
#include "wh_str.h"


static void test_equal(void);
static void test_prefix(void);
static void test_trim(void);
static void test_nothing(void);


int
main(void)
{
    test_equal();
    test_prefix();
    test_trim();
    test_nothing();

    return done_testing();
}


static void
test_equal(void)
{
    size_t  i;

    static const struct {
        wh_str_t  a;
        wh_str_t  b;
        int       equal;
        int       caseless;
    } cases[] = {
        { wh_string("ab"), wh_string("ab"), 1, 1 },
        { wh_string("ab"), wh_string("aB"), 0, 1 },
        { wh_string("az"), wh_string("AZ"), 0, 1 },
        { wh_string("ab"), wh_string("abc"), 0, 0 },
        { wh_string("ab"), wh_string(""), 0, 0 },
        { wh_string(""), wh_string(""), 1, 1 },
        { wh_string("a\0b"), wh_string("a\0c"), 0, 0 },
        { wh_string("a\0b"), wh_string("A\0B"), 0, 1 },
        { wh_string("["), wh_string("{"), 0, 0 },
        { wh_string("@"), wh_string("`"), 0, 0 },
        { wh_string("\xc0"), wh_string("\xe0"), 0, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_equal(cases[i].a, cases[i].b) == cases[i].equal
           && wh_equal(cases[i].b, cases[i].a) == cases[i].equal
           && wh_equal_caseless(cases[i].a, cases[i].b) == cases[i].caseless
           && wh_equal_caseless(cases[i].b, cases[i].a) == cases[i].caseless,
           "\"%s\" and \"%s\"", cases[i].a.data, cases[i].b.data);
    }
}


static void
test_prefix(void)
{
    wh_str_t  text;

    text = str("sha256=ab");
    ok(wh_cut_prefix(&text, str("sha256=")) && wh_equal(text, str("ab")),
       "a prefix is cut off");

    ok(!wh_cut_prefix(&text, str("sha256=")) && wh_equal(text, str("ab")),
       "what has another start stays");

    ok(!wh_cut_prefix(&text, str("abc")) && wh_equal(text, str("ab")),
       "as does what is too short");

    ok(!wh_cut_prefix(&text, str("A")) && wh_equal(text, str("ab")),
       "case matters");

    ok(wh_cut_prefix_caseless(&text, str("A")) && wh_equal(text, str("b")),
       "or does not");

    ok(wh_cut_prefix(&text, str("")) && wh_equal(text, str("b")),
       "everything begins with nothing");

    ok(wh_cut_prefix(&text, str("b")) && text.len == 0, "all of a text");
}


static void
test_trim(void)
{
    size_t    i;
    wh_str_t  nul = wh_string(" \0 ");

    static const struct {
        const char  *text;
        const char  *want;
    } cases[] = {
        { "a", "a" }, { " \t a b\t ", "a b" }, { " \t ", "" }, { "", "" },
        { "\na\r", "\na\r" }, { "\xc2\xa0" "a", "\xc2\xa0" "a" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_equal(wh_trim(str(cases[i].text), WH_SPACES),
                    str(cases[i].want)),
           "trim %zu is \"%s\"", i, cases[i].want);
    }

    ok(wh_equal(wh_trim(str("\n a \r"), "\r\n"), str(" a ")),
       "other bytes than spaces");

    nul = wh_trim(nul, WH_SPACES);
    ok(nul.len == 1 && nul.data[0] == '\0', "NUL is none of them");
}


static void
test_nothing(void)
{
    wh_str_t  none, text;

    none.data = NULL;
    none.len = 0;
    text = none;

    ok(wh_end(none) == NULL && wh_end(str("")) != NULL, "the end of no text");

    ok(wh_equal(none, str("")) && wh_equal_caseless(none, none),
       "no text is as the empty one");

    ok(wh_cut_prefix(&text, none) && text.data == NULL
       && !wh_cut_prefix(&text, str("a")), "no prefix of it");

    ok(wh_trim(none, WH_SPACES).len == 0, "and nothing to trim");
}
