
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_utf8: every code point, every forbidden form, every split.
 */


#include <string.h>

#include "tap.h"
#include "wh_utf8.h"


static int split_check(const unsigned char *data, size_t len, size_t piece);
static size_t encode(unsigned long cp, unsigned char *out);
static void test_code_points(void);
static void test_forbidden(void);
static void test_offsets(void);
static void test_shown(void);
static int shown(wh_str_t text, wh_str_t want);


int
main(void)
{
    test_code_points();
    test_forbidden();
    test_offsets();
    test_shown();

    return done_testing();
}


static int
split_check(const unsigned char *data, size_t len, size_t piece)
{
    size_t     n;
    wh_utf8_t  utf8;

    memset(&utf8, 0, sizeof(wh_utf8_t));

    while (len > 0) {
        n = (len < piece) ? len : piece;

        if (wh_utf8_scan(&utf8, data, n) != n) {
            return WH_INVALID;
        }

        data += n;
        len -= n;
    }

    return utf8.left ? WH_INVALID : WH_OK;
}


static size_t
encode(unsigned long cp, unsigned char *out)
{
    if (cp < 0x80) {
        out[0] = (unsigned char) cp;
        return 1;
    }

    if (cp < 0x800) {
        out[0] = (unsigned char) (0xc0 | cp >> 6);
        out[1] = (unsigned char) (0x80 | (cp & 0x3f));
        return 2;
    }

    if (cp < 0x10000) {
        out[0] = (unsigned char) (0xe0 | cp >> 12);
        out[1] = (unsigned char) (0x80 | (cp >> 6 & 0x3f));
        out[2] = (unsigned char) (0x80 | (cp & 0x3f));
        return 3;
    }

    out[0] = (unsigned char) (0xf0 | cp >> 18);
    out[1] = (unsigned char) (0x80 | (cp >> 12 & 0x3f));
    out[2] = (unsigned char) (0x80 | (cp >> 6 & 0x3f));
    out[3] = (unsigned char) (0x80 | (cp & 0x3f));
    return 4;
}


static void
test_code_points(void)
{
    int            want, wrong;
    size_t         n;
    unsigned long  cp;
    unsigned char  text[4];

    wrong = 0;

    for (cp = 0; cp < 0x1fffff; cp++) {
        n = encode(cp, text);

        want = (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
               ? WH_INVALID : WH_OK;

        wrong += wh_utf8_check(text, n) != want;
        wrong += split_check(text, n, 1) != want;
        wrong += want == WH_OK && wh_utf8_length(text, n) != 1;
    }

    ok(wrong == 0, "all code points, whole and byte by byte");
}


static void
test_forbidden(void)
{
    size_t  i, piece;

    static const wh_str_t  bad[] = {
        wh_string("\x80"), wh_string("\xbf"), wh_string("a\xff"),
        wh_string("\xfe"), wh_string("\xc0\x80"), wh_string("\xc1\xbf"),
        wh_string("\xe0\x80\x80"), wh_string("\xe0\x9f\xbf"),
        wh_string("\xf0\x80\x80\x80"), wh_string("\xf0\x8f\xbf\xbf"),
        wh_string("\xed\xa0\x80"), wh_string("\xed\xbf\xbf"),
        wh_string("\xf4\x90\x80\x80"), wh_string("\xf5\x80\x80\x80"),
        wh_string("\xf8\x88\x80\x80\x80"), wh_string("\xc3"),
        wh_string("\xe2\x82"), wh_string("\xf0\x9f\x98"),
        wh_string("\xe2\x82x"), wh_string("\xc3\xc3"),
        wh_string("0123456789abcdef\xf0\x9f\x98")
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (piece = 1; piece <= 17; piece++) {
            if (split_check(bad[i].data, bad[i].len, piece) == WH_OK) {
                ok(0, "forbidden form %zu in pieces of %zu", i, piece);
            }
        }
    }

    ok(1, "forbidden forms in pieces of 1 to 17 bytes");
}


static void
test_offsets(void)
{
    wh_utf8_t  utf8;

    memset(&utf8, 0, sizeof(wh_utf8_t));

    ok(wh_utf8_scan(&utf8, (const unsigned char *) "01234567890\xff", 12) == 11,
       "the offset is that of the bad byte");

    ok(wh_utf8_check(NULL, 0) == WH_OK, "no text at all is good");

    ok(wh_utf8_length((const unsigned char *) "a\xc3\xa9\xf0\x9f\x98\x80", 7)
       == 3, "length counts code points");
}


static void
test_shown(void)
{
    int            wrong;
    size_t         i, n, len;
    unsigned long  cp;
    unsigned char  text[4], dst[4 * WH_UTF8_SHOWN_MAX];

#define R  "\xef\xbf\xbd"

    static const struct {
        wh_str_t  text;
        wh_str_t  want;
    } cases[] = {
        { wh_string(""), wh_string("") },
        { wh_string("a<b>&\"'"), wh_string("a<b>&\"'") },
        { wh_string("\0a\x1b[31m\r\n\x7f"), wh_string(R "a" R "[31m" R R R) },
        { wh_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
          wh_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") },
        { wh_string("\xff\xc3(\xe2\x82"), wh_string(R R "(" R R) },
        { wh_string("\xed\xa0\x80"), wh_string(R R R) },
        { wh_string("\xc2\x85\xc2\xa0"), wh_string(R "\xc2\xa0") },
        { wh_string("a\xe2\x80\xae" "b"), wh_string("a" R "b") },
        { wh_string("\xf3\xa0\x81\x81" "a"), wh_string(R "a") }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(shown(cases[i].text, cases[i].want), "shown, case %zu", i);
    }

    wrong = 0;

    for (cp = 0; cp < 0x1fffff; cp++) {
        n = encode(cp, text);
        len = wh_utf8_shown(text, n, dst);

        wrong += len > n * WH_UTF8_SHOWN_MAX;
        wrong += wh_utf8_check(dst, len) != WH_OK;
    }

    ok(wrong == 0, "what is shown is UTF-8, and there is room for it");
}


static int
shown(wh_str_t text, wh_str_t want)
{
    size_t         len;
    unsigned char  dst[100];

    len = wh_utf8_shown(text.data, text.len, dst);

    return len == want.len && memcmp(dst, want.data, len) == 0;
}
