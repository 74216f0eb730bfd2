
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_jwt: cutting, the header, the claims, times.
 */


#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "tap.h"
#include "wh_decode.h"
#include "wh_hmac.h"
#include "wh_jwt.h"


#define NOW  1700000000

#define HS256  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define HEX    "1b6df65e9e1c252ab1157a455105b40e1c716239edb4ba42ecb9fab95de9dfff"
#define OTHER  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define CLAIMS(more)  "{\"iss\":\"us\",\"sha256\":\"" HEX "\"" more "}"

/* the first example of RFC 7515, appendix A.1 */

#define RFC_HEADER  "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
#define RFC_CLAIMS                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"  \
    "NvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_MAC  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define RFC_KEY                                                               \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgU" \
    "uTwjAzZr1Z9CAow"


static void test_rfc(void);
static void test_split(void);
static void test_check(void);
static void test_init(void);
static char *token(const char *header, const char *claims);
static char *encode(char *dst, const char *text);


int
main(void)
{
    test_rfc();
    test_split();
    test_check();
    test_init();

    return done_testing();
}


static void
test_rfc(void)
{
    size_t          len;
    wh_jwt_t        jwt;
    EVP_MD_CTX     *md;
    wh_hmac_key_t   key;
    unsigned char   secret[64], mac[WH_HMAC_MAX_SIZE];

    ok(wh_jwt_split(str(RFC_HEADER "." RFC_CLAIMS "." RFC_MAC), &jwt)
       == WH_OK, "the token of RFC 7515");

    len = sizeof(secret);
    md = EVP_MD_CTX_new();

    ok(wh_digest_init() == WH_OK
       && wh_decode(WH_BASE64URL, str(RFC_KEY), secret, &len) == WH_OK
       && wh_hmac_key_init(&key, WH_SHA256, secret, len) == WH_OK
       && wh_hmac_start(&key, md) == WH_OK
       && wh_hmac_update(md, jwt.message.data, jwt.message.len) == WH_OK
       && wh_hmac_final(&key, md, mac) == WH_OK
       && memcmp(mac, jwt.mac, WH_JWT_SIZE) == 0, "its MAC");

    wh_hmac_key_free(&key);
    EVP_MD_CTX_free(md);
}


static void
test_split(void)
{
    size_t    i;
    wh_jwt_t  jwt;
    wh_str_t  none;

    static const char  *bad[] = {
        "", ".", "..", "...", "a", "a.b", "a.b.", ".b." RFC_MAC,
        "a.." RFC_MAC, "a.b." RFC_MAC "=", "a=.b." RFC_MAC,
        "a.b=." RFC_MAC, "a.b." RFC_MAC ".", "a.b.c." RFC_MAC,
        "." RFC_MAC, RFC_MAC, "a.b." RFC_MAC "A", "a.b. " RFC_MAC,
        "a.b.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX",
        "a.b.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl",
        "a.b.dBjftJeZ4CVP+mB92K27uhbUJU1p1r/wW1gFWFOEjXk"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(wh_jwt_split(str(bad[i]), &jwt) == WH_INVALID, "no token: %s",
           bad[i]);
    }

    none.data = NULL;
    none.len = 0;
    ok(wh_jwt_split(none, &jwt) == WH_INVALID, "no text is no token");

    ok(wh_jwt_split(str("a.b." RFC_MAC), &jwt) == WH_OK
       && jwt.header.len == 1 && jwt.header.data[0] == 'a'
       && jwt.claims.len == 1 && jwt.claims.data[0] == 'b'
       && jwt.message.len == 3 && memcmp(jwt.message.data, "a.b", 3) == 0,
       "a token in parts");
}


static void
test_check(void)
{
    char             *text;
    size_t            i;
    wh_jwt_t          jwt;
    unsigned char    *buf, digest[WH_JWT_SIZE];
    wh_jwt_claims_t   claims;
    wh_jwt_verdict_e  verdict;

    static const struct {
        const char        *header;
        const char        *claims;
        wh_jwt_verdict_e   verdict;
    } cases[] = {
        { HS256, CLAIMS(""), WH_JWT_FINE },
        { "{\"alg\":\"HS256\"}", CLAIMS(",\"x\":[1,{}]"), WH_JWT_FINE },
        { " {\"kid\":1, \"\\u0061lg\":\"HS\\u003256\"}\n", CLAIMS(""),
          WH_JWT_FINE },

        { "{\"alg\":\"none\"}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":\"hs256\"}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":\"HS256 \"}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":\"HS25\"}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":\"HS512\"}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":\"RS256\"}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":[\"HS256\"]}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":null}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"Alg\":\"HS256\"}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{}", CLAIMS(""), WH_JWT_MALFORMED },
        { "[]", CLAIMS(""), WH_JWT_MALFORMED },
        { "HS256", CLAIMS(""), WH_JWT_MALFORMED },
        { HS256 "}", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":\"HS256\"", CLAIMS(""), WH_JWT_MALFORMED },
        { "{\"alg\":\"none\",\"alg\":\"HS256\"}", CLAIMS(""),
          WH_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", CLAIMS(""),
          WH_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", CLAIMS(""),
          WH_JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"crit\":null}", CLAIMS(""), WH_JWT_MALFORMED },

        { HS256, "{}", WH_JWT_MALFORMED },
        { HS256, "[]", WH_JWT_MALFORMED },
        { HS256, "{\"iss\":\"us\"}", WH_JWT_MALFORMED },
        { HS256, "{\"sha256\":\"" HEX "\"}", WH_JWT_WRONG_ISSUER },
        { HS256, "{\"iss\":\"Us\",\"sha256\":\"" HEX "\"}",
          WH_JWT_WRONG_ISSUER },
        { HS256, "{\"iss\":[\"us\"],\"sha256\":\"" HEX "\"}",
          WH_JWT_WRONG_ISSUER },
        { HS256, "{\"iss\":\"us\",\"sha256\":\"" HEX "00\"}",
          WH_JWT_MALFORMED },
        { HS256, "{\"iss\":\"us\",\"sha256\":\"1b6d\"}", WH_JWT_MALFORMED },
        { HS256, "{\"iss\":\"us\",\"sha256\":\"\"}", WH_JWT_MALFORMED },
        { HS256, "{\"iss\":\"us\",\"sha256\":1}", WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"iss\":\"us\""), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"sha256\":\"" OTHER "\""), WH_JWT_MALFORMED },
        { HS256, CLAIMS("") "x", WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"a\":\"\x80\""), WH_JWT_MALFORMED },

        { HS256, CLAIMS(",\"exp\":1700000001"), WH_JWT_FINE },
        { HS256, CLAIMS(",\"exp\":1700000000"), WH_JWT_EXPIRED },
        { HS256, CLAIMS(",\"exp\":0"), WH_JWT_EXPIRED },
        { HS256, CLAIMS(",\"exp\":-1"), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"exp\":1.8e9"), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"exp\":1700000001.5"), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"exp\":\"1700000001\""), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"exp\":null"), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"exp\":99999999999999999999"), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"exp\":1700000001,\"exp\":1700000002"),
          WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"nbf\":1700000000"), WH_JWT_FINE },
        { HS256, CLAIMS(",\"nbf\":1700000001"), WH_JWT_EARLY },
        { HS256, CLAIMS(",\"nbf\":true"), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"nbf\":0,\"nbf\":0"), WH_JWT_MALFORMED },
        { HS256, CLAIMS(",\"iat\":1800000000,\"iat\":0"), WH_JWT_FINE }
    };

    ok(wh_jwt_claims_init(&claims, str("us"), str("/sha256")) == WH_OK,
       "rules");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        text = token(cases[i].header, cases[i].claims);
        buf = malloc(strlen(text));
        memset(digest, 0, sizeof(digest));

        verdict = WH_JWT_NO_MEMORY;

        if (wh_jwt_split(str(text), &jwt) == WH_OK) {
            verdict = wh_jwt_check(&claims, &jwt, NOW, buf, digest);
        }

        ok(verdict == cases[i].verdict, "%s.%s: %d", cases[i].header,
           cases[i].claims, (int) verdict);

        if (verdict == WH_JWT_FINE) {
            ok(digest[0] == 0x1b && digest[31] == 0xff, "its digest");
        }

        free(text);
        free(buf);
    }

    ok(wh_jwt_split(str(RFC_HEADER "." RFC_CLAIMS "." RFC_MAC), &jwt)
       == WH_OK, "a token again");

    buf = malloc(sizeof(RFC_HEADER RFC_CLAIMS RFC_MAC));

    jwt.header = str("e30*");
    ok(wh_jwt_check(&claims, &jwt, NOW, buf, digest) == WH_JWT_MALFORMED,
       "a header that is no base64url");

    jwt.header = str(RFC_HEADER);
    jwt.claims = str("e30*");
    ok(wh_jwt_check(&claims, &jwt, NOW, buf, digest) == WH_JWT_MALFORMED,
       "claims that are no base64url");

    free(buf);
    wh_jwt_claims_free(&claims);
}


static void
test_init(void)
{
    char            *text;
    wh_jwt_t         jwt;
    unsigned char    buf[400], digest[WH_JWT_SIZE];
    wh_jwt_claims_t  claims;

    ok(wh_jwt_claims_init(&claims, str(""), str("sha256")) == WH_INVALID,
       "no pointer");
    wh_jwt_claims_free(&claims);

    ok(wh_jwt_claims_init(&claims, str(""), str("/body/hash")) == WH_OK,
       "a pointer that leads deeper, and any issuer");

    text = token(HS256, "{\"body\":{\"hash\":\"" HEX "\"}}");

    ok(wh_jwt_split(str(text), &jwt) == WH_OK
       && wh_jwt_check(&claims, &jwt, NOW, buf, digest) == WH_JWT_FINE,
       "a token for them");

    free(text);
    wh_jwt_claims_free(&claims);
}


/* A token with a MAC that nobody looks at. */

static char *
token(const char *header, const char *claims)
{
    char  *text, *p;

    text = malloc(2 * (strlen(header) + strlen(claims)) + sizeof(RFC_MAC) + 20);

    p = encode(text, header);
    *p++ = '.';
    p = encode(p, claims);

    strcpy(p, "." RFC_MAC);

    return text;
}


static char *
encode(char *dst, const char *text)
{
    char  *p;

    EVP_EncodeBlock((unsigned char *) dst, (const unsigned char *) text,
                    (int) strlen(text));

    for (p = dst; *p && *p != '='; p++) {
        *p = (*p == '+') ? '-' : (*p == '/') ? '_' : *p;
    }

    return p;
}
