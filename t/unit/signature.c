
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_signature: headers of all shapes, and what strangers make of them.
 */


#include "tap.h"
#include "wh_signature.h"
#include "wh_str.h"


static void test_single(void);
static void test_lists(void);
static void test_room(void);
static void test_size(void);


static unsigned char  buf[WH_SIGNATURE_MAX_SIZE + 1];


int
main(void)
{
    test_single();
    test_lists();
    test_room();
    test_size();

    return done_testing();
}


static void
test_single(void)
{
    int             rc;
    size_t          i, n;
    wh_signature_t  signatures[1];

    static const struct {
        wh_signature_format_t  format;
        wh_str_t               value;
        int                    rc;
    } cases[] = {

        { { .encoding = WH_HEX, .size = 2 }, wh_string("abcd"), WH_OK },
        { { .encoding = WH_HEX, .size = 2 }, wh_string("ABcd"), WH_OK },
        { { .encoding = WH_HEX, .size = 2 }, wh_string("ab"), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2 }, wh_string("abcdab"), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2 }, wh_string("abcd "), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2 }, wh_string("abc\0"), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2 }, wh_string("abcd,abcd"),
          WH_INVALID },
        { { .encoding = WH_HEX, .size = 2 }, wh_string(""), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2 }, { 0, NULL }, WH_INVALID },
        { { .encoding = WH_HEX }, { 0, NULL }, WH_INVALID },
        { { .encoding = WH_TEXT }, wh_string(""), WH_INVALID },

        { { .encoding = WH_HEX, .size = 2, .prefix = wh_string("sha256=") },
          wh_string("sha256=abcd"), WH_OK },
        { { .encoding = WH_HEX, .size = 2, .prefix = wh_string("sha256=") },
          wh_string("SHA256=abcd"), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2, .prefix = wh_string("sha256=") },
          wh_string("sha256="), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2, .prefix = wh_string("sha256=") },
          wh_string("sha256"), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2, .prefix = wh_string("sha256=") },
          wh_string("abcd"), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2, .prefix = wh_string("sha256=") },
          wh_string("sha256=sha256=abcd"), WH_INVALID },

        { { .encoding = WH_HEX, .size = 2, .field = wh_string("v1") },
          wh_string("v1=abcd"), WH_OK },
        { { .encoding = WH_HEX, .size = 2, .field = wh_string("v1") },
          wh_string("v2=abcd"), WH_INVALID },
        { { .encoding = WH_HEX, .size = 2, .field = wh_string("v1") },
          wh_string("abcd"), WH_INVALID }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        n = 1;
        rc = wh_signature_parse(&cases[i].format, cases[i].value, buf,
                                signatures, &n);

        ok(rc == cases[i].rc
           && (rc == WH_OK
               ? n == 1 && signatures[0].len == 2
                 && memcmp(signatures[0].bytes, "\xab\xcd", 2) == 0
               : n == 0),
           "single %zu, \"%s\": %d", i,
           cases[i].value.data ? (const char *) cases[i].value.data : "", rc);
    }
}


static void
test_lists(void)
{
    int             rc;
    size_t          i, n;
    wh_signature_t  signatures[WH_SIGNATURE_MAX_COUNT];

    static const struct {
        const char  *value;
        size_t       n;
        const char  *last;
    } cases[] = {
        { "v1=abcd", 1, "\xab\xcd" },
        { "t=1,v1=abcd,v0=0000", 1, "\xab\xcd" },
        { "v1=0000, v1=abcd", 2, "\xab\xcd" },
        { "v1=abcd,v1=abcd", 2, "\xab\xcd" },
        { "v1=xx,v1=abcd,v1=", 1, "\xab\xcd" },
        { "v1=ab,v1=abcdef,v1=abcd", 1, "\xab\xcd" },
        { "v1=abcd,v1=12xx,v1=1234", 2, "\x12\x34" },
        { ",,v1=abcd,,", 1, "\xab\xcd" },
        { "V1=abcd", 0, NULL },
        { "v1 =abcd", 0, NULL },
        { "v1= abcd", 0, NULL },
        { "v1=abcd;v1=abcd", 0, NULL },
        { "t=1", 0, NULL },
        { ",", 0, NULL },
        { "", 0, NULL }
    };

    static const wh_signature_format_t  format = {
        .encoding = WH_HEX, .size = 2, .field = wh_string("v1"),
        .separator = ','
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        n = WH_SIGNATURE_MAX_COUNT;
        rc = wh_signature_parse(&format, str(cases[i].value), buf, signatures,
                                &n);

        ok(rc == (cases[i].n ? WH_OK : WH_INVALID) && n == cases[i].n
           && (n == 0 || memcmp(signatures[n - 1].bytes, cases[i].last, 2)
                         == 0)
           && (n < 2 || signatures[1].bytes == signatures[0].bytes + 2),
           "list \"%s\": %zu", cases[i].value, n);
    }
}


static void
test_room(void)
{
    int             rc;
    char            list[200], *p;
    size_t          i, n;
    wh_signature_t  signatures[WH_SIGNATURE_MAX_COUNT];

    static const wh_signature_format_t  format = {
        .encoding = WH_HEX, .size = 2, .separator = ' '
    };

    static const wh_signature_format_t  single = {
        .encoding = WH_HEX, .size = 2
    };

    for (p = list, i = 1; i <= WH_SIGNATURE_MAX_COUNT + 1; i++) {

        p += sprintf(p, "%sab%02zx", i > 1 ? " " : "", i);

        n = WH_SIGNATURE_MAX_COUNT;
        rc = wh_signature_parse(&format, str(list), buf, signatures, &n);

        ok(i <= WH_SIGNATURE_MAX_COUNT
           ? rc == WH_OK && n == i && signatures[i - 1].bytes[1] == i
           : rc == WH_INVALID, "%zu signatures: %d", i, rc);
    }

    n = 0;
    ok(wh_signature_parse(&single, str("abcd"), buf, signatures, &n)
       == WH_INVALID && n == 0, "no room for one");

    n = 0;
    ok(wh_signature_parse(&format, str("abcd"), buf, signatures, &n)
       == WH_INVALID && n == 0, "nor for a list");
}


static void
test_size(void)
{
    int             rc;
    char            value[2 * WH_SIGNATURE_MAX_SIZE + 3];
    size_t          n;
    wh_signature_t  signatures[1];

    static const wh_signature_format_t  format = { .encoding = WH_HEX };

    memset(value, 'f', sizeof(value));

    value[2 * WH_SIGNATURE_MAX_SIZE] = '\0';
    n = 1;
    rc = wh_signature_parse(&format, str(value), buf, signatures, &n);
    ok(rc == WH_OK && signatures[0].len == WH_SIGNATURE_MAX_SIZE,
       "the longest signature of any size");

    value[2 * WH_SIGNATURE_MAX_SIZE] = 'f';
    value[2 * WH_SIGNATURE_MAX_SIZE + 2] = '\0';
    n = 1;
    ok(wh_signature_parse(&format, str(value), buf, signatures, &n)
       == WH_INVALID && n == 0, "one byte more");
}
