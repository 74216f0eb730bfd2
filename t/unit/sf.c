
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_sf: structured fields.  The values are those that the httpwg's tests of
 * structured fields ask about, written down anew.
 */


#include "tap.h"
#include "wh_sf.h"
#include "wh_str.h"


#define A15  "111111111111111"


static void test_dictionaries(void);
static void test_items(void);
static void test_inner_lists(void);
static void test_params(void);
static void test_find(void);
static void test_decode(void);
static const char *dictionary(const char *text);
static void show(wh_str_t text);


static char  shown[4096];


int
main(void)
{
    test_dictionaries();
    test_items();
    test_inner_lists();
    test_params();
    test_find();
    test_decode();

    return done_testing();
}


/* Members are shown as key=type:value and parameters, "!" for an error. */

static void
test_dictionaries(void)
{
    size_t  i;

    static const struct {
        const char  *text;
        const char  *members;
    } cases[] = {
        { "", "" },
        { "en=\"Applepie\", da=:w4ZibGV0w6ZydGUK:",
          "en=2:Applepie da=4:w4ZibGV0w6ZydGUK " },
        { "a=1,b=2", "a=0:1 b=0:2 " },
        { "a=1 ,  b=2", "a=0:1 b=0:2 " },
        { "a=1\t,\tb=2", "a=0:1 b=0:2 " },
        { "a=1 ", "a=0:1 " },
        { "a, b, c", "a=5:1 b=5:1 c=5:1 " },
        { "a=?0, b, c; foo=bar", "a=5:0 b=5:1 c=5:1; foo=bar " },
        { "a=1, b;foo=9, c=3", "a=0:1 b=5:1;foo=9 c=0:3 " },
        { "a=1,b=2,a=3", "a=0:1 b=0:2 a=0:3 " },
        { "a=1 b=2", "!" },
        { "a=1,", "a!" },
        { "a=1,,b=2", "!" },
        { "a=1,b=2,", "!" },
        { ",a=1", "!" },
        { " a=1", "!" },
        { "a= 1", "!" },
        { "a =1", "!" },
        { "a=", "!" },
        { "=1", "!" },
        { "1a=1", "!" },
        { "A=1", "!" },
        { "aB=1", "!" },
        { "-a=1", "!" },
        { "*a_-.9*=1", "*a_-.9*=0:1 " },
        { "a=(1 2)", "a=8:1 2 " },
        { "a=(1 2);x;y=1", "a=8:1 2;x;y=1 " },
        { "a=()", "a=8: " },
        { "a=(1 2", "!" },
        { "a=((1))", "!" },
        { "a=\x80", "!" },
        { "a;b=(1)", "!" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char  *want = cases[i].members;

        if (want[0] && want[strlen(want) - 1] == '!') {
            dictionary(cases[i].text);
            ok(strchr(shown, '!') != NULL, "\"%s\" is none",
               cases[i].text);

        } else {
            ok(strcmp(dictionary(cases[i].text), want) == 0, "\"%s\": %s",
               cases[i].text, shown);
        }
    }
}


static void
test_items(void)
{
    char    text[8192];
    size_t  i;

    static const struct {
        const char  *text;
        const char  *value;        /* with the type, or NULL */
    } cases[] = {
        { "42", "0:42" }, { "0", "0:0" }, { "-0", "0:-0" },
        { "-42", "0:-42" }, { "042", "0:042" },
        { "999999999999999", "0:999999999999999" },
        { "-999999999999999", "0:-999999999999999" },
        { "1000000000000000", NULL }, { "--0", NULL }, { "4-2", NULL },
        { "- 42", NULL }, { "-", NULL }, { "+1", NULL },
        { "4.5", "1:4.5" }, { "-4.125", "1:-4.125" },
        { "123456789012.1", "1:123456789012.1" },
        { "1234567890123.0", NULL }, { "1.1234", NULL }, { "1.", NULL },
        { ".1", NULL }, { "1.5.4", NULL }, { "1..4", NULL }, { "1e3", NULL },
        { "\"foo bar\"", "2:foo bar" }, { "\"\"", "2:" },
        { "\"b\\\"a\\\\z\"", "2:b\\\"a\\\\z" },
        { "\"b\\a\"", NULL }, { "\"foo\\\"", NULL }, { "\"foo", NULL },
        { "'foo'", NULL }, { "\"\\", NULL }, { "\"a\tb\"", NULL },
        { "\"a\x01b\"", NULL }, { "\"f\xc3\xbc\"", NULL }, { "\"\x7f\"", NULL },
        { "a_b-c.d3:f%00/*", "3:a_b-c.d3:f%00/*" },
        { "*", "3:*" }, { "fooBar", "3:fooBar" },
        { "a!#$%&'*+-.^_`|~:/", "3:a!#$%&'*+-.^_`|~:/" }, { "a(", NULL },
        { "!a", NULL },
        { ":aGVsbG8=:", "4:aGVsbG8=" }, { "::", "4:" },
        { ":_-+/:", "4:_-+/" }, { ":aGVsbG8=", NULL }, { ":a b:", NULL },
        { ":\"a\":", NULL }, { ":", NULL },
        { "?1", "5:1" }, { "?0", "5:0" }, { "?2", NULL }, { "?", NULL },
        { "?true", NULL }, { "?-1", NULL }, { "??1", NULL },
        { "@1659578233", "6:1659578233" }, { "@-1659578233", "6:-1659578233" },
        { "@1659578233.12", NULL }, { "@", NULL }, { "@a", NULL },
        { "@ 1", NULL },
        { "%\"This is %c3%bc\"", "7:This is %c3%bc" }, { "%\"\"", "7:" },
        { "%\"a", NULL }, { "%a\"", NULL }, { "%", NULL },
        { "%\"a\x01\"", NULL },
        { "", NULL }, { "(", NULL }, { ")", NULL }, { "{}", NULL },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char  want[64];

        snprintf(text, sizeof(text), "a=%s", cases[i].text);
        dictionary(text);

        snprintf(want, sizeof(want), "a=%s ",
                 cases[i].value ? cases[i].value : "");

        ok(cases[i].value ? strcmp(shown, want) == 0
                          : strchr(shown, '!') != NULL,
           "item %s: %s", cases[i].text, shown);
    }
}


static void
test_inner_lists(void)
{
    int             rc;
    size_t          i;
    wh_str_t        rest;
    wh_sf_member_t  member, item;

    static const struct {
        const char  *text;
        const char  *items;        /* or NULL when the list is none */
    } cases[] = {
        { "a=(\"foo\" \"bar\")", "[2:foo][2:bar]" },
        { "a=(  1   2  )", "[0:1][0:2]" },
        { "a=(1;x=1 2;y;z=\"a b\")", "[0:1;x=1][0:2;y;z=\"a b\"]" },
        { "a=(\"a)b\" \"(\")", "[2:a)b][2:(]" },
        { "a=(1 2);p=\")\"", "[0:1][0:2]" },
        { "a=( )", "" },
        { "a=(1\t2)", NULL },
        { "a=(1,2)", NULL },
        { "a=(\"a\"\"b\")", NULL },
        { "a=(1;)", NULL },
        { "a=(1 2))", NULL },
        { "a=(a=1)", NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rest = str(cases[i].text);
        shown[0] = '\0';

        if (wh_sf_member(&rest, &member) != WH_OK) {
            ok(cases[i].items == NULL, "list %s is none", cases[i].text);
            continue;
        }

        rest = member.value;

        while ((rc = wh_sf_item(&rest, &item)) == WH_OK) {
            sprintf(shown + strlen(shown), "[%d:", item.type);
            show(item.value);
            show(item.params);
            strcat(shown, "]");
        }

        ok(rc == WH_ABSENT && cases[i].items
           && strcmp(shown, cases[i].items) == 0, "list %s: %s",
           cases[i].text, shown);
    }
}


static void
test_params(void)
{
    wh_str_t        rest;
    wh_sf_member_t  member, param;

    rest = str("a=(\"x\");b;  c=1;d=\"e;f\";c=2 , z");

    ok(wh_sf_member(&rest, &member) == WH_OK
       && wh_equal(member.params, str(";b;  c=1;d=\"e;f\";c=2"))
       && wh_equal(member.written, str("(\"x\");b;  c=1;d=\"e;f\";c=2"))
       && wh_equal(rest, str("z")), "parameters as they are written");

    ok(wh_sf_param(&member.params, &param) == WH_OK
       && wh_equal(param.key, str("b")) && param.type == WH_SF_BOOLEAN
       && wh_equal(param.value, str("1")) && param.written.len == 0,
       "a key alone");
    ok(wh_sf_param(&member.params, &param) == WH_OK
       && wh_equal(param.key, str("c")) && wh_equal(param.value, str("1")),
       "spaces before a key");
    ok(wh_sf_param(&member.params, &param) == WH_OK
       && wh_equal(param.value, str("e;f"))
       && wh_equal(param.written, str("\"e;f\"")), "a semicolon in a string");
    ok(wh_sf_param(&member.params, &param) == WH_OK
       && wh_equal(param.value, str("2")), "a key again");
    ok(wh_sf_param(&member.params, &param) == WH_ABSENT, "the end");

    rest = str("a;b =1");
    ok(wh_sf_member(&rest, &member) == WH_INVALID, "a space after a key");
    rest = str("a;b= 1");
    ok(wh_sf_member(&rest, &member) == WH_INVALID, "a space after \"=\"");
    rest = str("a ;b");
    ok(wh_sf_member(&rest, &member) == WH_INVALID, "a space before \";\"");
    rest = str("a;B");
    ok(wh_sf_member(&rest, &member) == WH_INVALID, "a capital letter");
}


static void
test_find(void)
{
    wh_sf_member_t  member;

    ok(wh_sf_find(str("a=1, b=2, c"), str("b"), &member) == WH_OK
       && wh_equal(member.value, str("2")), "a member by its key");
    ok(wh_sf_find(str("a=1"), str("b"), &member) == WH_ABSENT, "no such key");
    ok(wh_sf_find(str(""), str("b"), &member) == WH_ABSENT, "nothing at all");
    ok(wh_sf_find(str("b=1, b=1"), str("b"), &member) == WH_REPEATED,
       "a key twice");
    ok(wh_sf_find(str("a, a, b"), str("b"), &member) == WH_OK,
       "another key twice");
    ok(wh_sf_find(str("b=1, ="), str("b"), &member) == WH_INVALID,
       "an error after it");
}


static void
test_decode(void)
{
    size_t         i, len;
    unsigned char  bytes[16];

    static const struct {
        const char  *text;
        int          base64;
        int          base64url;
    } cases[] = {
        { "", WH_OK, WH_OK },
        { "+/+/", WH_OK, WH_OK },
        { "-_-_", WH_INVALID, WH_OK },
        { "-/AA", WH_INVALID, WH_INVALID },
        { "AA==", WH_OK, WH_OK },
        { "AA", WH_INVALID, WH_OK },
        { "AB==", WH_INVALID, WH_INVALID },
        { "A", WH_INVALID, WH_INVALID },
        { "AA=A", WH_INVALID, WH_INVALID }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        len = sizeof(bytes);
        ok(wh_sf_decode(str(cases[i].text), WH_BASE64, bytes, &len)
           == cases[i].base64, "\"%s\" as Base64", cases[i].text);

        len = sizeof(bytes);
        ok(wh_sf_decode(str(cases[i].text), WH_BASE64URL, bytes, &len)
           == cases[i].base64url, "\"%s\" as either", cases[i].text);
    }

    len = 2;
    ok(wh_sf_decode(str("AAAA"), WH_BASE64URL, bytes, &len) == WH_INVALID,
       "not enough room");
}


static const char *
dictionary(const char *text)
{
    int             rc;
    wh_str_t        rest;
    wh_sf_member_t  member;

    rest = str(text);
    shown[0] = '\0';

    while ((rc = wh_sf_member(&rest, &member)) == WH_OK) {
        show(member.key);
        sprintf(shown + strlen(shown), "=%d:", member.type);
        show(member.value);
        show(member.params);
        strcat(shown, " ");
    }

    return rc == WH_ABSENT ? shown : strcat(shown, "!");
}


static void
show(wh_str_t text)
{
    size_t  len;

    len = strlen(shown);
    memcpy(shown + len, text.data, text.len);
    shown[len + text.len] = '\0';
}
