
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_credential: the Authorization header, digests and comparing them.
 */


#include "tap.h"
#include "wh_credential.h"
#include "wh_hmac.h"
#include "wh_str.h"


static void test_authorization(void);
static void test_digest(void);
static void test_compare(void);


int
main(void)
{
    if (wh_digest_init() != WH_OK) {
        return 1;
    }

    test_authorization();
    test_digest();
    test_compare();

    return done_testing();
}


static void
test_authorization(void)
{
    int       rc;
    size_t    i;
    wh_str_t  value;

    static const struct {
        wh_str_t     header;
        int          rc;
        const char  *value;
    } cases[] = {
        { wh_string("Bearer abc"), WH_OK, "abc" },
        { wh_string("bEARER abc"), WH_OK, "abc" },
        { wh_string("Bearer   abc"), WH_OK, "abc" },
        { wh_string("Bearer a b "), WH_OK, "a b " },
        { wh_string("Bearer \tabc"), WH_OK, "\tabc" },
        { wh_string("Bearer"), WH_ABSENT, NULL },
        { wh_string("Bearer "), WH_ABSENT, NULL },
        { wh_string("Bearer    "), WH_ABSENT, NULL },
        { wh_string("Bearer\tabc"), WH_ABSENT, NULL },
        { wh_string("Bearer\0abc"), WH_ABSENT, NULL },
        { wh_string("Bearerabc"), WH_ABSENT, NULL },
        { wh_string("Bearers abc"), WH_ABSENT, NULL },
        { wh_string("Basic abc"), WH_ABSENT, NULL },
        { wh_string(" Bearer abc"), WH_ABSENT, NULL },
        { wh_string("Beare"), WH_ABSENT, NULL },
        { wh_string(""), WH_ABSENT, NULL },
        { { 0, NULL }, WH_ABSENT, NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rc = wh_authorization(cases[i].header, str("Bearer"), &value);

        ok(rc == cases[i].rc
           && (rc != WH_OK || wh_equal(value, str(cases[i].value))),
           "\"%.*s\": %d", (int) cases[i].header.len,
           cases[i].header.data ? (const char *) cases[i].header.data : "",
           rc);
    }
}


static void
test_digest(void)
{
    unsigned char  a[WH_TOKEN_DIGEST_SIZE], b[WH_TOKEN_DIGEST_SIZE];

    static const wh_str_t  nul = wh_string("abc\0");
    static const wh_str_t  none = { 0, NULL };

    /* FIPS 180-2, B.1 */

    static const unsigned char  abc[] =
        "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
        "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad";

    ok(wh_token_digest(str("abc"), a) == WH_OK
       && memcmp(a, abc, sizeof(a)) == 0, "the SHA-256 of a token");

    ok(wh_token_digest(nul, b) == WH_OK && memcmp(a, b, sizeof(a)) != 0,
       "a NUL at its end counts");

    ok(wh_token_digest(none, a) == WH_OK
       && wh_token_digest(str(""), b) == WH_OK
       && memcmp(a, b, sizeof(a)) == 0 && memcmp(a, abc, sizeof(a)) != 0,
       "an empty token has one too");
}


static void
test_compare(void)
{
    size_t         i, wrong;
    unsigned char  a[WH_TOKEN_DIGEST_SIZE], b[WH_TOKEN_DIGEST_SIZE];

    memset(a, 0, sizeof(a));
    memset(b, 0, sizeof(b));

    ok(wh_secret_equal(a, b, sizeof(a)), "the same bytes, NUL all of them");

    wrong = 0;

    for (i = 0; i < 8 * sizeof(a); i++) {
        b[i / 8] ^= 1 << i % 8;
        wrong += wh_secret_equal(a, b, sizeof(a));
        b[i / 8] ^= 1 << i % 8;
    }

    ok(wrong == 0, "each bit makes a difference");

    b[31] = 1;
    ok(wh_secret_equal(a, b, 31), "what follows does not matter");
}
