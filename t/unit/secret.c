
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_secret: what is odd about a text that is to be a secret.
 */


#include "tap.h"
#include "wh_secret.h"
#include "wh_str.h"


#define UTF16     "is in UTF-16, write it as plain text"
#define BOM       "begins with a byte order mark, write it without"
#define LINES     "has several lines, all of them are one secret"
#define SPACES    "begins or ends with a space or a tab, which counts as part " \
                  "of it"
#define CONTROL   "has control characters in it, they count as part of it"
#define QUOTES    "is in quotes, which count as part of it"
#define NAME      "begins with \"NAME=\", which counts as part of it"
#define PLACE     "looks like the place for a secret and not like one"
#define WORD      "begins with a word like \"Bearer \", \"X-Token: \", " \
                  "\"base64:\" or \"sha256=\", which counts as part of it"
#define API_KEY   "looks like a key for the sender's API, the secret that " \
                  "signs webhooks is another one"


static void test_odd(void);
static void test_line(void);


int
main(void)
{
    test_odd();
    test_line();

    return done_testing();
}


static void
test_odd(void)
{
    size_t       i;
    const char  *what;

    static const struct {
        wh_str_t     text;
        int          signs;
        const char  *what;
    } cases[] = {
        { wh_string("0123456789abcdef"), 1, NULL },
        { wh_string("it's a \"secret\" with a=b"), 1, NULL },
        { wh_string("c2VjcmV0IG9mIHRoZSBzZW5kZXI="), 1, NULL },
        { wh_string("c2VjcmV0IG9mIHRoZSBzZW5kZQ=="), 1, NULL },
        { wh_string("ABCDEFGHIJKLMNOPQRSTUVWXYZA="), 1, NULL },
        { wh_string("ABCDEFGHIJKLMNOPQRSTUVWXYQ=="), 1, NULL },
        { wh_string("gr\xc3\xbc\xc3\x9f Gott"), 1, NULL },
        { wh_string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), 1, NULL },
        { wh_string("user:p=w"), 1, NULL },
        { wh_string("\""), 1, NULL },
        { wh_string("\"a"), 1, NULL },
        { wh_string(""), 1, NULL },
        { { 0, NULL }, 1, NULL },
        { wh_string("-----BEGIN PUBLIC KEY-----\nMCow\n"), 1, NULL },

        { wh_string("\xff\xfe""a\0b\0"), 1, UTF16 },
        { wh_string("\xfe\xff\0a\0b"), 1, UTF16 },
        { wh_string("a\0b\0"), 1, UTF16 },
        { wh_string("\0a\0b"), 1, UTF16 },
        { wh_string("a\0\0b"), 1, CONTROL },
        { wh_string("\0\0\0\0"), 1, CONTROL },
        { wh_string("\xef\xbb\xbf""abc"), 1, BOM },
        { wh_string("one\ntwo"), 1, LINES },
        { wh_string("one\n"), 1, LINES },
        { wh_string("one\r"), 1, LINES },
        { wh_string("one "), 1, SPACES },
        { wh_string("\tone"), 1, SPACES },
        { wh_string("one\ttwo"), 1, CONTROL },
        { wh_string("one\x7f"), 1, CONTROL },
        { wh_string("\"one\""), 1, QUOTES },
        { wh_string("'one'"), 1, QUOTES },
        { wh_string("`one`"), 1, QUOTES },
        { wh_string("\xe2\x80\x9cone\xe2\x80\x9d"), 1, QUOTES },
        { wh_string("\xe2\x80\x9eone\xe2\x80\x9c"), 1, QUOTES },
        { wh_string("\xe2\x80\x98one\xe2\x80\x99"), 1, QUOTES },
        { wh_string("\xe2\x80\x9aone\xe2\x80\x98"), 1, QUOTES },
        { wh_string("\xc2\xabone\xc2\xbb"), 1, QUOTES },
        { wh_string("'one\""), 1, NULL },
        { wh_string("GITHUB_SECRET=one"), 1, NAME },
        { wh_string("KEY2=one"), 1, NAME },
        { wh_string("2KEY=one"), 1, NULL },
        { wh_string("KEY="), 1, NULL },
        { wh_string("<your secret>"), 1, PLACE },
        { wh_string("{{ webhook_secret }}"), 1, PLACE },
        { wh_string("${WEBHOOK_SECRET}"), 0, PLACE },
        { wh_string("your-webhook-secret"), 1, PLACE },
        { wh_string("ChangeMeChangeMe"), 1, PLACE },
        { wh_string("yours"), 1, NULL },
        { wh_string("<a"), 1, NULL },
        { wh_string("Bearer 0123456789abcdef"), 1, WORD },
        { wh_string("Bearer 0123456789abcdef"), 0, NULL },
        { wh_string("basic dXNlcjpwdw=="), 1, WORD },
        { wh_string("X-Gitlab-Token: abc"), 1, WORD },
        { wh_string("x-token:abc"), 1, WORD },
        { wh_string("x-7Jq0mDwrVQZ_3oXbCkY1aeT5nUeHs8Lg"), 1, NULL },
        { wh_string("X-"), 1, NULL },
        { wh_string("x-ab/cd:ef"), 1, NULL },
        { wh_string("base64:MDEy"), 1, WORD },
        { wh_string("hex:3031"), 1, WORD },
        { wh_string("sha256=0123"), 1, WORD },
        { wh_string("bearer"), 1, NULL },
        { wh_string("sha256"), 1, NULL },
        { wh_string("sk_live_4eC39HqLyjWDarjtT1zdp7dc"), 1, API_KEY },
        { wh_string("sk_test_4eC39HqLyjWDarjtT1zdp7dc"), 1, API_KEY },
        { wh_string("pk_live_4eC39HqLyjWDarjtT1zdp7dc"), 1, API_KEY },
        { wh_string("xoxb-1234"), 1, API_KEY },
        { wh_string("xoxp-1234"), 1, API_KEY },
        { wh_string("ghp_1234"), 1, API_KEY },
        { wh_string("github_pat_1234"), 1, API_KEY },
        { wh_string("ghp_1234"), 0, NULL },
        { wh_string("'ghp_1234'"), 0, QUOTES }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        what = wh_secret_odd(cases[i].text, cases[i].signs);

        ok((what == NULL) == (cases[i].what == NULL)
           && (what == NULL || strcmp(what, cases[i].what) == 0),
           "%d: %s", (int) i, what ? what : "not odd");
    }
}


static void
test_line(void)
{
    size_t    i;
    wh_str_t  line;

    static const struct {
        wh_str_t     text;
        const char  *line;
    } cases[] = {
        { wh_string("one"), "one" },
        { wh_string("one\n"), "one" },
        { wh_string("one\r\n"), "one" },
        { wh_string("one\n\n"), "one\n" },
        { wh_string("one\r"), "one\r" },
        { wh_string(" one \n"), " one " },
        { wh_string("\n"), "" },
        { wh_string("\r\n"), "" },
        { wh_string(""), "" },
        { { 0, NULL }, "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        line = wh_secret_line(cases[i].text);

        ok(wh_equal(line, str(cases[i].line)), "line %d", (int) i);
    }
}
