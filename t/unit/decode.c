
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_decode: one spelling for each value, whatever a stranger writes.
 */


#include <stdlib.h>

#include "tap.h"
#include "wh_decode.h"
#include "wh_str.h"


static int decode(wh_encoding_e encoding, wh_str_t src, size_t room,
    const wh_str_t *want);
static void test_table(void);
static void test_room(void);
static void test_bytes(void);
static void test_digits(void);


int
main(void)
{
    test_table();
    test_room();
    test_bytes();
    test_digits();

    return done_testing();
}


/* The room is a block of its own, so that a sanitizer sees its end. */

static int
decode(wh_encoding_e encoding, wh_str_t src, size_t room,
    const wh_str_t *want)
{
    int             rc;
    wh_str_t        got;
    unsigned char  *buf;

    buf = malloc(room + 1);
    got.data = buf;
    got.len = room;

    rc = wh_decode(encoding, src, buf, &got.len);

    if (rc == WH_OK && want != NULL && !wh_equal(got, *want)) {
        rc = WH_ERROR;
    }

    free(buf);

    return rc;
}


static void
test_table(void)
{
    int     rc;
    size_t  i;

    static const struct {
        wh_encoding_e  encoding;
        wh_str_t       src;
        int            rc;
        wh_str_t       want;
    } cases[] = {
        { WH_TEXT, wh_string("a\0b"), WH_OK, wh_string("a\0b") },
        { WH_TEXT, { 0, NULL }, WH_OK, wh_string("") },

        { WH_HEX, wh_string("00fF10"), WH_OK, wh_string("\x00\xff\x10") },
        { WH_HEX, wh_string(""), WH_OK, wh_string("") },
        { WH_HEX, { 0, NULL }, WH_OK, wh_string("") },
        { WH_HEX, wh_string("0"), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string("000"), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string("0g"), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string("g0"), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string("gg00"), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string("0x00"), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string(" 00 "), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string("00\n0"), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string("\0\0"), WH_INVALID, wh_string("") },
        { WH_HEX, wh_string("\xff\xff"), WH_INVALID, wh_string("") },

        { WH_BASE64, wh_string(""), WH_OK, wh_string("") },
        { WH_BASE64, { 0, NULL }, WH_OK, wh_string("") },
        { WH_BASE64, wh_string("Zg=="), WH_OK, wh_string("f") },
        { WH_BASE64, wh_string("Zm8="), WH_OK, wh_string("fo") },
        { WH_BASE64, wh_string("Zm9v"), WH_OK, wh_string("foo") },
        { WH_BASE64, wh_string("Zm9vYmFy"), WH_OK, wh_string("foobar") },
        { WH_BASE64, wh_string("+/+/"), WH_OK, wh_string("\xfb\xff\xbf") },
        { WH_BASE64, wh_string("-_-_"), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zg"), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zg="), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zg==="), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zm8"), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zh=="), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zm9="), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Z==="), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("===="), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("=="), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zg==Zg=="), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Z=m9"), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zm 9"), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zm9v\n"), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zm9\0"), WH_INVALID, wh_string("") },
        { WH_BASE64, wh_string("Zm9\xff"), WH_INVALID, wh_string("") },

        { WH_BASE64URL, wh_string("-_-_"), WH_OK, wh_string("\xfb\xff\xbf") },
        { WH_BASE64URL, wh_string("Zg=="), WH_OK, wh_string("f") },
        { WH_BASE64URL, wh_string("Zg"), WH_OK, wh_string("f") },
        { WH_BASE64URL, wh_string("Zm8"), WH_OK, wh_string("fo") },
        { WH_BASE64URL, wh_string("Zg="), WH_INVALID, wh_string("") },
        { WH_BASE64URL, wh_string("Zh"), WH_INVALID, wh_string("") },
        { WH_BASE64URL, wh_string("Zm9v="), WH_INVALID, wh_string("") },
        { WH_BASE64URL, wh_string("Z"), WH_INVALID, wh_string("") },
        { WH_BASE64URL, wh_string("Zm9vZ"), WH_INVALID, wh_string("") },
        { WH_BASE64URL, wh_string("+/+/"), WH_INVALID, wh_string("") }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rc = decode(cases[i].encoding, cases[i].src, 16, &cases[i].want);

        ok(rc == cases[i].rc, "%zu, encoding %u: %d", i, cases[i].encoding,
           rc);
    }
}


static void
test_room(void)
{
    size_t  i;

    static const struct {
        wh_encoding_e  encoding;
        const char    *src;
    } cases[] = {
        { WH_TEXT, "abc" }, { WH_HEX, "000000" }, { WH_BASE64, "Zm9v" },
        { WH_BASE64URL, "Zm9v" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_decoded_len(cases[i].encoding, strlen(cases[i].src)) == 3
           && decode(cases[i].encoding, str(cases[i].src), 3, NULL) == WH_OK
           && decode(cases[i].encoding, str(cases[i].src), 2, NULL)
              == WH_INVALID
           && decode(cases[i].encoding, str(cases[i].src), 0, NULL)
              == WH_INVALID,
           "room for \"%s\"", cases[i].src);
    }

    ok(wh_decoded_len(WH_BASE64URL, 2) == 1
       && wh_decoded_len(WH_BASE64URL, 3) == 2
       && wh_decoded_len(WH_HEX, 1) == 0, "the room without padding");
}


/* Of each byte: is it a digit at every place where one may be? */

static void
test_bytes(void)
{
    int            c;
    size_t         i, wrong;
    wh_str_t       src;
    unsigned char  text[4];

    static const char  base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789+/";

    wrong = 0;
    src.data = text;
    src.len = sizeof(text);

    for (c = 0; c < 256; c++) {
        for (i = 0; i < sizeof(text); i++) {

            memset(text, 'A', sizeof(text));
            text[i] = (unsigned char) c;

            wrong += (decode(WH_BASE64, src, 3, NULL) == WH_OK)
                     != (memchr(base64, c, sizeof(base64) - 1) != NULL
                         || (c == '=' && i == 3));

            wrong += (decode(WH_HEX, src, 2, NULL) == WH_OK)
                     != (wh_hex_digit((unsigned char) c) >= 0);
        }
    }

    ok(wrong == 0, "no byte but those of the alphabet");
}


static void
test_digits(void)
{
    int          c, wrong;
    const char  *p;

    static const char  digits[] = "0123456789abcdef0123456789ABCDEF";

    wrong = 0;

    for (c = 1; c < 256; c++) {
        p = strchr(digits, c);
        wrong += wh_hex_digit((unsigned char) c)
                 != (p ? (int) (p - digits) % 16 : -1);
    }

    ok(wrong == 0 && wh_hex_digit('\0') == -1, "the value of hex digits");
}
