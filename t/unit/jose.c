
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_jose: cutting a token, and its header.
 */


#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "tap.h"
#include "wh_decode.h"
#include "wh_hmac.h"
#include "wh_jose.h"


/* the first example of RFC 7515, appendix A.1 */

#define RFC_HEADER  "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
#define RFC_CLAIMS                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"  \
    "NvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_MAC  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define RFC_KEY                                                               \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgU" \
    "uTwjAzZr1Z9CAow"

/* RFC 7797, 4.2: the payload is "$.02", the key is that above */

#define PLAIN_HEADER                                                          \
    "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19"
#define PLAIN_MAC  "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"

/* 4.1, the same encoded */

#define ENCODED_HEADER  "eyJhbGciOiJIUzI1NiJ9"
#define ENCODED_MAC  "5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ"

/* RFC 7520, 3.5: a key of HMAC; and 4.4, 4.6 and 4.7, which it has signed */

#define COOK_KEY  "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"
#define COOK_HEADER                                                           \
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJ" \
    "jNzAzNyJ9"
#define COOK_PAYLOAD                                                          \
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9" \
    "vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdX" \
    "IgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0I" \
    "G9mZiB0by4"
#define COOK_MAC  "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"
#define COOK_46_MAC  "bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20"
#define COOK_47_MAC  "xuLifqLGiblpv9zBpuZczWhNj1gARaLV3UxvxhJxZuk"

/* RFC 7515, A.5: a header that says that nothing is signed */

#define NONE_HEADER  "eyJhbGciOiJub25lIn0"


static void test_hmacs(void);
static void test_unprotected(void);
static int signed_by(const char *secret, const char *token, unsigned detached,
    const char *payload);
static void test_split(void);
static void test_signed(void);
static void test_header(void);
static void test_names(void);
static void test_parameters(void);
static int with_parameters(wh_json_set_t *set, wh_jose_parameter_t *parameters,
    size_t n, const char *text);
static int header(const char *text, unsigned detached,
    wh_jose_header_t *header, unsigned char *buf);
static char *encode(const char *text);


int
main(void)
{
    ok(wh_digest_init() == WH_OK, "OpenSSL has the digests");

    test_hmacs();
    test_unprotected();
    test_split();
    test_signed();
    test_header();
    test_names();
    test_parameters();

    return done_testing();
}


/* A shared secret verifies a token, and the same when it is detached. */

static void
test_hmacs(void)
{
    ok(signed_by(RFC_KEY, RFC_HEADER "." RFC_CLAIMS "." RFC_MAC, 0, "")
       == WH_OK, "RFC 7515, A.1");
    ok(signed_by(RFC_KEY, RFC_HEADER ".." RFC_MAC, 1, RFC_CLAIMS) == WH_OK,
       "RFC 7515, appendix F");
    ok(signed_by(RFC_KEY, ENCODED_HEADER ".JC4wMg." ENCODED_MAC, 0, "")
       == WH_OK, "RFC 7797, 4.1");
    ok(signed_by(RFC_KEY, PLAIN_HEADER ".." PLAIN_MAC, 1, "$.02") == WH_OK,
       "RFC 7797, 4.2");
    ok(signed_by(COOK_KEY, COOK_HEADER "." COOK_PAYLOAD "." COOK_MAC, 0, "")
       == WH_OK, "RFC 7520, 4.4");
    ok(signed_by(COOK_KEY, COOK_HEADER ".." COOK_MAC, 1, COOK_PAYLOAD)
       == WH_OK, "RFC 7520, 4.5");
    ok(signed_by(COOK_KEY, COOK_HEADER ".." COOK_MAC, 1, "U" COOK_PAYLOAD)
       == WH_INVALID, "not with another payload");
    ok(signed_by(COOK_KEY, ENCODED_HEADER "." COOK_PAYLOAD "." COOK_46_MAC, 0,
                 "")
       == WH_OK, "RFC 7520, 4.6, without its header that is not signed");
}


/* What the RFCs have beside that has no algorithm that is signed. */

static void
test_unprotected(void)
{
    wh_jose_t          jose;
    unsigned char      buf[128];
    wh_jose_rules_t    rules;
    wh_jose_header_t   h;

    memset(&rules, 0, sizeof(wh_jose_rules_t));
    rules.set = wh_jose_set();

    ok(wh_jose_split(str("." COOK_PAYLOAD "." COOK_47_MAC), 0, &jose)
       == WH_INVALID, "RFC 7520, 4.7, and the second of 4.8: no header");
    ok(wh_jose_split(str(NONE_HEADER "." RFC_CLAIMS "."), 0, &jose)
       == WH_INVALID, "RFC 7515, A.5: no signature");
    ok(wh_jose_split(str(NONE_HEADER "." RFC_CLAIMS "." RFC_MAC), 0, &jose)
       == WH_OK, "one without an algorithm");

    rules.alg = str("HS256");
    ok(wh_jose_header(&rules, jose.header, buf, &h) == WH_INVALID,
       "which is not the one");

    rules.alg = str("");
    ok(wh_jose_header(&rules, jose.header, buf, &h) == WH_INVALID,
       "nor none");

    wh_json_set_free(rules.set);
}


/* payload is what the token itself has not, still encoded. */

static int
signed_by(const char *secret, const char *token, unsigned detached,
    const char *payload)
{
    int                rc;
    size_t             len;
    wh_str_t           parts[2];
    wh_jose_t          jose;
    EVP_MD_CTX        *md;
    wh_hmac_key_t      key;
    unsigned char      bytes[64], mac[WH_HMAC_MAX_SIZE], own[64], buf[128];
    wh_jose_rules_t    rules;
    wh_jose_header_t   h;

    len = sizeof(bytes);
    md = EVP_MD_CTX_new();

    memset(&rules, 0, sizeof(wh_jose_rules_t));
    rules.set = wh_jose_set();
    rules.alg = str("HS256");
    rules.detached = detached;

    if (wh_decode(WH_BASE64URL, str(secret), bytes, &len) != WH_OK
        || wh_hmac_key_init(&key, WH_SHA256, bytes, len) != WH_OK)
    {
        abort();
    }

    rc = wh_jose_split(str(token), detached, &jose);

    if (rc == WH_OK) {
        rc = wh_jose_header(&rules, jose.header, buf, &h);
    }

    if (rc == WH_OK) {
        parts[0] = jose.message;
        parts[1] = str(payload);
        len = sizeof(own);

        rc = (wh_mac(&key, md, parts, 2, mac) == WH_OK
              && wh_decode(WH_BASE64URL, jose.signature, own, &len) == WH_OK
              && len == 32 && memcmp(mac, own, 32) == 0)
             ? WH_OK : WH_INVALID;
    }

    wh_json_set_free(rules.set);
    wh_hmac_key_free(&key);
    EVP_MD_CTX_free(md);

    return rc;
}


static void
test_split(void)
{
    size_t     i;
    wh_str_t   none;
    wh_jose_t  jose;

    static const char  *bad[] = {
        "", ".", "..", "...", "a", "a.b", "a.b.", ".b.c", "a..", "..c",
        "a.b.c=", "a=.b.c", "a.b=.c", "a.b.c.", "a.b.c.d", "a..c.", ".a.b.c"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(wh_jose_split(str(bad[i]), 0, &jose) == WH_INVALID
           && wh_jose_split(str(bad[i]), 1, &jose) == WH_INVALID,
           "no token: %s", bad[i]);
    }

    none.data = NULL;
    none.len = 0;
    ok(wh_jose_split(none, 0, &jose) == WH_INVALID, "no text is no token");

    ok(wh_jose_split(str("a.b.c"), 1, &jose) == WH_INVALID,
       "a payload that is not detached");
    ok(wh_jose_split(str("a..c"), 0, &jose) == WH_INVALID, "one that is");

    ok(wh_jose_split(str("aa.b.c"), 0, &jose) == WH_OK
       && jose.header.len == 2 && jose.header.data[0] == 'a'
       && jose.payload.len == 1 && jose.payload.data[0] == 'b'
       && jose.signature.len == 1 && jose.signature.data[0] == 'c'
       && jose.message.len == 4 && memcmp(jose.message.data, "aa.b", 4) == 0,
       "a token in parts");

    ok(wh_jose_split(str("aa..c"), 1, &jose) == WH_OK
       && jose.message.len == 3 && memcmp(jose.message.data, "aa.", 3) == 0,
       "what is signed before the payload");
}


static void
test_signed(void)
{
    size_t  i;

    static const struct {
        const char  *text;
        int          is;
    } cases[] = {
        { "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ", 1 },
        { "ewoiYSI6MX0.x", 1 },
        { "ey.-_", 1 },
        { "", 0 },
        { "e", 0 },
        { "eyJhbGciOiJIUzI1NiJ9", 0 },
        { "eyJhIjoxfQ.a.b", 0 },
        { "eyJhIjoxfQ.a=", 0 },
        { "eyJhIjoxfQ.a b", 0 },
        { "{\"a\":\"eyJhIjoxfQ.x\"}", 0 },
        { "evJh.x", 0 },
        { "fyJh.x", 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_jose_signed(str(cases[i].text)) == cases[i].is,
           "what a token signs: %s", cases[i].text);
    }
}


static void
test_header(void)
{
    size_t             i;
    unsigned           detached;
    unsigned char      buf[1024];
    wh_jose_header_t   h;

    static const struct {
        const char  *text;
        int          token;
        int          detached;
    } cases[] = {
        { "{\"alg\":\"HS256\"}", WH_OK, WH_OK },
        { "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"x\":[1,{}]}", WH_OK, WH_OK },
        { " {\"\\u0061lg\":\"HS\\u003256\"}\n", WH_OK, WH_OK },

        { "{\"alg\":\"none\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"None\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"hs256\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256 \"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS25\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS512\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"RS256\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":[\"HS256\"]}", WH_INVALID, WH_INVALID },
        { "{\"alg\":null}", WH_INVALID, WH_INVALID },
        { "{\"Alg\":\"HS256\"}", WH_INVALID, WH_INVALID },
        { "{}", WH_INVALID, WH_INVALID },
        { "[]", WH_INVALID, WH_INVALID },
        { "HS256", WH_INVALID, WH_INVALID },
        { "\"HS256\"", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\"}}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\"", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"\":\"\x80\"}", WH_INVALID, WH_INVALID },

        /* keys, and where to get them */

        { "{\"alg\":\"HS256\",\"jku\":\"https://e.com/\"}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"x5u\":\"https://e.com/\"}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
          WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"jwk\":null}", WH_INVALID, WH_INVALID },

        /* members twice, whether they are looked at or not */

        { "{\"alg\":\"none\",\"alg\":\"HS256\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"\\u0061lg\":\"HS256\"}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"kid\":\"a\",\"kid\":\"b\"}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"x\":1,\"x\":1}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"x\":{\"y\":1,\"y\":1}}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"x\":{\"y\":1},\"y\":{\"y\":1,\"x\":1}}",
          WH_OK, WH_OK },
        { "{\"alg\":\"HS256\",\"x\":[{\"y\":1},{\"y\":1}]}", WH_OK, WH_OK },

        /* what is critical */

        { "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", WH_INVALID,
          WH_OK },
        { "{\"alg\":\"HS256\",\"b64\":true,\"crit\":[\"b64\"]}", WH_INVALID,
          WH_OK },
        { "{\"alg\":\"HS256\",\"b64\":false}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"b64\":true}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[\"b64\"]}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":\"false\"}",
          WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":0}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[\"b64\",\"b64\"],\"b64\":false}",
          WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[\"b64\",\"exp\"],\"b64\":false,"
          "\"exp\":1}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[\"alg\"]}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[]}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[],\"b64\":false}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":\"b64\",\"b64\":false}", WH_INVALID,
          WH_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":null}", WH_INVALID, WH_INVALID },

        { "{\"alg\":\"HS256\",\"kid\":1}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"kid\":null}", WH_INVALID, WH_INVALID },
        { "{\"alg\":\"HS256\",\"x\":[[[[[[[[1]]]]]]]]}", WH_INVALID,
          WH_INVALID }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        for (detached = 0; detached < 2; detached++) {
            ok(header(cases[i].text, detached, &h, buf)
               == (detached ? cases[i].detached : cases[i].token),
               "%s, %s", cases[i].text, detached ? "detached" : "a token");
        }
    }

    ok(header("{\"alg\":\"HS256\",\"kid\":\"\\u0061\\n\"}", 0, &h, buf)
       == WH_OK
       && h.kid.len == 2 && memcmp(h.kid.data, "a\n", 2) == 0
       && !h.plain, "an id");
    ok(header("{\"alg\":\"HS256\",\"kid\":\"\"}", 0, &h, buf) == WH_OK
       && h.kid.len == 0 && h.kid.data != NULL, "an empty one");
    ok(header("{\"alg\":\"HS256\"}", 0, &h, buf) == WH_OK
       && h.kid.data == NULL, "none");

    ok(header("{\"alg\":\"HS256\",\"b64\":true,\"crit\":[\"b64\"]}", 1, &h,
              buf)
       == WH_OK && !h.plain, "encoded");
    ok(header("{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", 1, &h,
              buf)
       == WH_OK && h.plain && h.kid.data == NULL, "plain");
}


/* As many names as there may be, and as long. */

static void
test_names(void)
{
    char               text[4096], *p;
    unsigned           i, n;
    unsigned char      buf[8192];
    wh_jose_header_t   h;

    for (n = 63; n <= 64; n++) {

        p = text + sprintf(text, "{\"alg\":\"HS256\"");

        for (i = 0; i < n; i++) {
            p += sprintf(p, ",\"%u\":1", i);
        }

        strcpy(p, "}");

        ok(header(text, 0, &h, buf) == (n == 63 ? WH_OK : WH_INVALID),
           "%u names", n + 1);
    }

    for (n = 1021; n <= 1022; n++) {

        p = text + sprintf(text, "{\"alg\":\"HS256\",\"");

        memset(p, 'a', n);
        strcpy(p + n, "\":1}");

        ok(header(text, 0, &h, buf) == (n == 1021 ? WH_OK : WH_INVALID),
           "%u bytes of names", n + 3);
    }
}


static int
header(const char *text, unsigned detached, wh_jose_header_t *header,
    unsigned char *buf)
{
    int              rc;
    char            *encoded;
    wh_jose_rules_t  rules;

    memset(&rules, 0, sizeof(wh_jose_rules_t));
    rules.set = wh_jose_set();
    rules.alg = str("HS256");
    rules.detached = detached;

    encoded = encode(text);

    rc = wh_jose_header(&rules, str(encoded), buf, header);

    free(encoded);
    wh_json_set_free(rules.set);

    return rc;
}


/* Parameters that must be there: "jku" may be then, and is one of those. */

static void
test_parameters(void)
{
    size_t                i, index;
    char                  name[66];
    wh_json_set_t        *set;
    wh_jose_parameter_t   parameters[4];

    static const char  *bad[] = { "", "/", "a/b", "~", "a~1", "alg", "b64",
                                  "crit", "x5u", "jwk" };

    static const struct {
        const char  *text;
        int          jku;          /* with two values for it */
        int          both;         /* and with one for another */
    } cases[] = {
        { "\"jku\":\"https://a/\",\"v\":\"2\"", WH_OK, WH_OK },
        { "\"v\":\"2\",\"jku\":\"https:\\/\\/b\\/\"", WH_OK, WH_OK },
        { "\"jku\":\"https://a/\"", WH_OK, WH_INVALID },
        { "\"jku\":\"https://a/\",\"v\":\"\"", WH_OK, WH_INVALID },
        { "\"jku\":\"https://a/\",\"v\":2", WH_OK, WH_INVALID },
        { "\"jku\":\"https://a/\",\"v\":\"https://a/\"", WH_OK,
          WH_INVALID },
        { "\"jku\":\"2\",\"v\":\"2\"", WH_INVALID, WH_INVALID },
        { "\"v\":\"2\"", WH_INVALID, WH_INVALID },
        { "\"jku\":\"https://a\",\"v\":\"2\"", WH_INVALID, WH_INVALID },
        { "\"jku\":\"https://a/b\",\"v\":\"2\"", WH_INVALID, WH_INVALID },
        { "\"jku\":\"HTTPS://a/\",\"v\":\"2\"", WH_INVALID, WH_INVALID },
        { "\"jku\":[\"https://a/\"],\"v\":\"2\"", WH_INVALID,
          WH_INVALID },
        { "\"jku\":null,\"v\":\"2\"", WH_INVALID, WH_INVALID },
        { "\"jku\":\"https://a/\",\"jku\":\"https://a/\",\"v\":\"2\"",
          WH_INVALID, WH_INVALID },
        { "\"jku\":\"https://a/\",\"v\":\"2\",\"x5u\":\"https://a/\"",
          WH_INVALID, WH_INVALID },
        { "\"jku\":\"https://a/\",\"v\":\"2\",\"jwk\":{}", WH_INVALID,
          WH_INVALID }
    };

    set = wh_jose_set();

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(wh_jose_parameter(set, str(bad[i]), &index) == WH_INVALID,
           "no parameter: %s", bad[i]);
    }

    memset(name, 'a', sizeof(name));

    for (i = 64; i <= 65; i++) {
        name[i] = '\0';
        ok(wh_jose_parameter(set, str(name), &index)
           == (i == 64 ? WH_OK : WH_INVALID), "a name of %u bytes",
           (unsigned) i);
        name[i] = 'a';
    }

    parameters[0].value = str("https://a/");
    parameters[1].value = str("2");
    parameters[2].value = str("https://b/");

    ok(wh_jose_parameter(set, str("jku"), &parameters[0].index) == WH_OK
       && wh_jose_parameter(set, str("v"), &parameters[1].index) == WH_OK
       && wh_jose_parameter(set, str("jku"), &parameters[2].index) == WH_OK
       && parameters[0].index == parameters[2].index
       && parameters[0].index != parameters[1].index, "parameters");

    parameters[3] = parameters[0];

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(with_parameters(set, &parameters[2], 2, cases[i].text)
           == cases[i].jku, "a jku: %s", cases[i].text);
        ok(with_parameters(set, parameters, 3, cases[i].text)
           == cases[i].both, "jku and v: %s", cases[i].text);
        ok(with_parameters(set, &parameters[1], 1, cases[i].text)
           == (i == 7 ? WH_OK : WH_INVALID), "v alone: %s", cases[i].text);
    }

    wh_json_set_free(set);
}


static int
with_parameters(wh_json_set_t *set, wh_jose_parameter_t *parameters, size_t n,
    const char *text)
{
    int                rc;
    char              *encoded, header[512];
    unsigned char      buf[1024];
    wh_jose_rules_t    rules;
    wh_jose_header_t   h;

    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",%s}", text);

    rules.set = set;
    rules.alg = str("HS256");
    rules.detached = 1;
    rules.parameters = parameters;
    rules.n = n;

    encoded = encode(header);

    rc = wh_jose_header(&rules, str(encoded), buf, &h);

    free(encoded);

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
