
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_jwt: the claims, times, digests.
 */


#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "tap.h"
#include "wh_jwt.h"
#include "wh_str.h"


#define NOW  1700000000

#define HEX    "1b6df65e9e1c252ab1157a455105b40e1c716239edb4ba42ecb9fab95de9dfff"
#define OTHER  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define B64    "G232Xp4cJSqxFXpFUQW0DhxxYjnttLpC7Ln6uV3p3_8"
#define CLAIMS(more)  "{\"iss\":\"us\",\"sha256\":\"" HEX "\"" more "}"


static void test_check(void);
static void test_expires(void);
static void test_digests(void);
static void test_parse(void);
static int check(const wh_jwt_rules_t *rules, wh_json_set_t *set,
    const char *claims, unsigned char *digest);
static char *encode(const char *text);


int
main(void)
{
    test_check();
    test_expires();
    test_digests();
    test_parse();

    return done_testing();
}


static void
test_check(void)
{
    int              verdict;
    size_t           i, index;
    const char      *error;
    wh_json_set_t   *set;
    unsigned char    digest[WH_JWT_SIZE];
    wh_jwt_rules_t   rules;

    static const struct {
        const char  *claims;
        int          verdict;          /* or WH_INVALID: not parsed */
    } cases[] = {
        { CLAIMS(""), WH_JWT_FINE },
        { CLAIMS(",\"x\":[1,{}]"), WH_JWT_FINE },

        { "", WH_INVALID },
        { "{}", WH_JWT_MALFORMED },
        { "[]", WH_INVALID },
        { "\"us\"", WH_INVALID },
        { "null", WH_INVALID },
        { "{\"iss\":\"us\"}", WH_JWT_MALFORMED },
        { "{\"sha256\":\"" HEX "\"}", WH_JWT_WRONG_ISSUER },
        { "{\"iss\":\"Us\",\"sha256\":\"" HEX "\"}", WH_JWT_WRONG_ISSUER },
        { "{\"iss\":[\"us\"],\"sha256\":\"" HEX "\"}", WH_JWT_WRONG_ISSUER },
        { "{\"iss\":\"us\",\"sha256\":\"" HEX "00\"}", WH_JWT_MALFORMED },
        { "{\"iss\":\"us\",\"sha256\":\"1b6d\"}", WH_JWT_MALFORMED },
        { "{\"iss\":\"us\",\"sha256\":\"\"}", WH_JWT_MALFORMED },
        { "{\"iss\":\"us\",\"sha256\":1}", WH_JWT_MALFORMED },
        { "{\"iss\":\"us\",\"sha256\":\"" B64 "\"}", WH_JWT_MALFORMED },
        { CLAIMS(",\"iss\":\"us\""), WH_INVALID },
        { CLAIMS(",\"sha256\":\"" OTHER "\""), WH_INVALID },
        { CLAIMS("") "x", WH_INVALID },
        { CLAIMS(",\"a\":\"\x80\""), WH_INVALID },

        /* the leeway is a minute */

        { CLAIMS(",\"exp\":1699999941"), WH_JWT_FINE },
        { CLAIMS(",\"exp\":1699999940"), WH_JWT_EXPIRED },
        { CLAIMS(",\"exp\":1699999940.999"), WH_JWT_EXPIRED },
        { CLAIMS(",\"exp\":1699999941.0"), WH_JWT_FINE },
        { CLAIMS(",\"exp\":9007199254740991"), WH_JWT_FINE },
        { CLAIMS(",\"exp\":9007199254740992"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":90071992547409910"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":99999999999999999999"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":0"), WH_JWT_EXPIRED },
        { CLAIMS(",\"exp\":-1"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":-0.5"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":1.8e9"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":18E8"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":NaN"), WH_INVALID },
        { CLAIMS(",\"exp\":\"1800000000\""), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":null"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":[1800000000]"), WH_JWT_MALFORMED },
        { CLAIMS(",\"exp\":1800000000,\"exp\":1800000001"), WH_INVALID },
        { CLAIMS(",\"nbf\":1700000060"), WH_JWT_FINE },
        { CLAIMS(",\"nbf\":1700000060.9"), WH_JWT_FINE },
        { CLAIMS(",\"nbf\":1700000061"), WH_JWT_EARLY },
        { CLAIMS(",\"nbf\":true"), WH_JWT_MALFORMED },
        { CLAIMS(",\"nbf\":\"0\""), WH_JWT_MALFORMED },
        { CLAIMS(",\"nbf\":0,\"nbf\":0"), WH_INVALID },
        { CLAIMS(",\"iat\":1800000000,\"iat\":0"), WH_JWT_FINE }
    };

    memset(&rules, 0, sizeof(wh_jwt_rules_t));

    index = 0;
    set = wh_jwt_set();

    ok(set != NULL
       && wh_json_set_add(set, str("/sha256"), &index, &error) == WH_OK,
       "rules");

    rules.issuer = str("us");
    rules.encoding = WH_HEX;
    rules.digest = index;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        memset(digest, 0, sizeof(digest));

        verdict = check(&rules, set, cases[i].claims, digest);

        ok(verdict == cases[i].verdict, "%.60s: %d", cases[i].claims, verdict);

        if (verdict == WH_JWT_FINE) {
            ok(digest[0] == 0x1b && digest[31] == 0xff, "its digest");
        }
    }

    rules.issuer = str("");

    ok(check(&rules, set, "{\"sha256\":\"" HEX "\"}", digest) == WH_JWT_FINE,
       "any issuer, or none");

    wh_json_set_free(set);
}


/* A token that has no digest must end, if nothing else says its time. */

static void
test_expires(void)
{
    wh_json_set_t   *set;
    wh_jwt_rules_t   rules;

    memset(&rules, 0, sizeof(wh_jwt_rules_t));

    set = wh_jwt_set();

    rules.digest = WH_JSON_NONE;

    ok(check(&rules, set, "{}", NULL) == WH_JWT_FINE, "no end");

    rules.expires = 1;

    ok(check(&rules, set, "{}", NULL) == WH_JWT_MALFORMED,
       "no end where one is needed");
    ok(check(&rules, set, "{\"exp\":1700000001}", NULL) == WH_JWT_FINE,
       "an end");

    wh_json_set_free(set);
}


static void
test_digests(void)
{
    size_t           i, index;
    const char      *error;
    wh_json_set_t   *set;
    unsigned char    digest[WH_JWT_SIZE];
    wh_jwt_rules_t   rules;

    static const struct {
        wh_encoding_e  encoding;
        const char    *claims;
        int            verdict;
    } cases[] = {
        { WH_HEX, "{\"a\":{\"b\":\"" HEX "\"}}", WH_JWT_FINE },
        { WH_BASE64URL, "{\"a\":{\"b\":\"" B64 "\"}}", WH_JWT_FINE },
        { WH_BASE64URL, "{\"a\":{\"b\":\"" B64 "=\"}}", WH_JWT_FINE },
        { WH_BASE64URL, "{\"a\":{\"b\":\""
          "G232Xp4cJSqxFXpFUQW0DhxxYjnttLpC7Ln6uV3p3/8=\"}}",
          WH_JWT_MALFORMED },
        { WH_BASE64, "{\"a\":{\"b\":\""
          "G232Xp4cJSqxFXpFUQW0DhxxYjnttLpC7Ln6uV3p3/8=\"}}", WH_JWT_FINE },
        { WH_BASE64, "{\"a\":{\"b\":\"" B64 "=\"}}", WH_JWT_MALFORMED },
        { WH_BASE64URL, "{\"a\":{\"b\":\"" HEX "\"}}", WH_JWT_MALFORMED }
    };

    memset(&rules, 0, sizeof(wh_jwt_rules_t));

    set = wh_jwt_set();

    ok(wh_json_set_add(set, str("/a/b"), &index, &error) == WH_OK,
       "a pointer that leads deeper");

    rules.digest = index;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rules.encoding = cases[i].encoding;

        ok(check(&rules, set, cases[i].claims, digest) == cases[i].verdict,
           "%s as %d", cases[i].claims, (int) cases[i].encoding);
    }

    wh_json_set_free(set);
}


static void
test_parse(void)
{
    size_t          i;
    wh_str_t        text;
    wh_json_t      *json;
    wh_json_set_t  *set;
    unsigned char   buf[64];

    static const char  *bad[] = { "e30*", "e30 ", "e", "e3", "e30.", "====" };

    set = wh_jwt_set();

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(wh_jwt_parse(set, str(bad[i]), buf, &text, &json) == WH_INVALID,
           "no base64url of JSON: %s", bad[i]);
        wh_json_free(json);
    }

    ok(wh_jwt_parse(set, str("e30"), buf, &text, &json) == WH_OK
       && wh_equal(text, str("{}")), "an empty object");
    wh_json_free(json);

    wh_json_set_free(set);
}


static int
check(const wh_jwt_rules_t *rules, wh_json_set_t *set, const char *claims,
    unsigned char *digest)
{
    int             rc;
    char           *text;
    wh_str_t        decoded;
    wh_json_t      *json;
    unsigned char  *buf;

    text = encode(claims);
    buf = malloc(strlen(text) + 1);

    rc = wh_jwt_parse(set, str(text), buf, &decoded, &json);

    if (rc == WH_OK) {
        rc = wh_jwt_check(rules, json, NOW, digest);
    }

    wh_json_free(json);
    free(text);
    free(buf);

    return rc;
}


static char *
encode(const char *text)
{
    char  *p, *dst;

    dst = malloc(2 * strlen(text) + 8);

    EVP_EncodeBlock((unsigned char *) dst, (const unsigned char *) text,
                    (int) strlen(text));

    for (p = dst; *p && *p != '='; p++) {
        *p = (*p == '+') ? '-' : (*p == '/') ? '_' : *p;
    }

    *p = '\0';

    return dst;
}
