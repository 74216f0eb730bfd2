
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_keyset and wh_jwk: which keys are taken, and what they verify.
 */


#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "tap.h"
#include "wh_decode.h"
#include "wh_jose.h"
#include "wh_keyset.h"


#define NOW   1690000000           /* in the year of the certificate */
#define LATE  1800000000

#define ZERO  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ZERO_48                                                               \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ZERO_66  ZERO_48 "AAAAAAAAAAAAAAAAAAAAAAAA"
#define SET(keys)  "{\"keys\":[" keys "]}"
#define KEY(members)  "{" members "}"

/* of TrueLayer's sandbox: y has less than 66 bytes, the first of x is 1 */

#define KEY_Y(y)                                                              \
    "\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AQO9n3CGUtsvQEWivE7KTkbaqY-xxsa0" \
    "EPhplLxj0Nak6dS400ug0VhMqgTXfyc3nV3UA7Mz7x5dDL13YyUtfiOq\",\"y\":\"" y   \
    "\""
#define KEY_SHORT_Y                                                           \
    KEY_Y("fRU9nhcoS3FUZD7UzBUt9AOOpShMlV8yXC3VXn0FTRB7ySDqZnr1th0ZYnt0uihM"  \
          "DKYKB0-TrptWg1hgA75aeiI")
#define KEY_PADDED_Y                                                          \
    KEY_Y("AH0VPZ4XKEtxVGQ-1MwVLfQDjqUoTJVfMlwt1V59BU0Qe8kg6mZ69bYdGWJ7dLoo"  \
          "TAymCgdPk66bVoNYYAO-Wnoi")
#define KEY_LONG_Y                                                            \
    KEY_Y("AAB9FT2eFyhLcVRkPtTMFS30A46lKEyVXzJcLdVefQVNEHvJIOpmevW2HRlie3S6"  \
          "KEwMpgoHT5Oum1aDWGADvlp6Ig")


static void test_algorithms(void);
static void test_rfc(void);
static void test_sizes(void);
static void test_coordinates(void);
static void test_left_out(void);
static void test_obeyed(void);
static void test_documents(void);
static void test_ids(void);
static void test_pem(void);
static wh_keyset_t *read_set(wh_keyset_format_e format, const char *text,
    const char **error);
static const char *error_of(wh_keyset_format_e format, const char *text);
static int verify(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t message,
    wh_str_t encoded);


static const struct {
    const char   *alg;
    wh_pubkey_e   scheme;
    const char   *key;
    const char   *signature;
} algorithms[] = {
    { "EdDSA", WH_ED25519, KEY_ED, SIG_EDDSA },
    { "ES256", WH_ECDSA_P256_SHA256, KEY_P256, SIG_ES256 },
    { "ES384", WH_ECDSA_P384_SHA384, KEY_P384, SIG_ES384 },
    { "ES512", WH_ECDSA_P521_SHA512, KEY_P521, SIG_ES512 },
    { "RS256", WH_RSA_SHA256, KEY_RSA, SIG_RS256 },
    { "RS384", WH_RSA_SHA384, KEY_RSA, SIG_RS384 },
    { "RS512", WH_RSA_SHA512, KEY_RSA, SIG_RS512 },
    { "PS256", WH_RSA_PSS_SHA256, KEY_RSA, SIG_PS256 },
    { "PS384", WH_RSA_PSS_SHA384, KEY_RSA, SIG_PS384 },
    { "PS512", WH_RSA_PSS_SHA512, KEY_RSA, SIG_PS512 }
};

#define ALGORITHMS  (sizeof(algorithms) / sizeof(algorithms[0]))


int
main(void)
{
    ok(wh_digest_init() == WH_OK, "OpenSSL has the digests");

    test_algorithms();
    test_rfc();
    test_sizes();
    test_coordinates();
    test_left_out();
    test_obeyed();
    test_documents();
    test_ids();
    test_pem();

    return done_testing();
}


/* Each key with each signature: only its own one is right. */

static void
test_algorithms(void)
{
    char              text[2048];
    size_t            i, k;
    const char       *error;
    wh_keyset_t      *set;
    wh_keyset_key_t  *key;

    for (i = 0; i < ALGORITHMS; i++) {

        snprintf(text, sizeof(text), SET(KEY("%s,\"alg\":\"%s\"")),
                 algorithms[i].key, algorithms[i].alg);

        set = read_set(WH_KEYSET_JWKS, text, &error);

        ok(set != NULL && set->n == 1 && set->left_out == 0
           && set->schemes == 1u << algorithms[i].scheme,
           "a key for %s", algorithms[i].alg);

        ok(strcmp((char *) wh_keyset_alg(algorithms[i].scheme).data,
                  algorithms[i].alg)
           == 0, "which is called so");

        key = wh_keyset_find(set, algorithms[i].scheme, NULL, NOW);

        for (k = 0; k < ALGORITHMS; k++) {
            ok(verify(key->key, algorithms[i].scheme, str("a message"),
                      str(algorithms[k].signature))
               == (i == k ? WH_OK : WH_INVALID),
               "%s for %s", algorithms[k].alg, algorithms[i].alg);
        }

        ok(verify(key->key, algorithms[i].scheme, str("A message"),
                  str(algorithms[i].signature))
           == WH_INVALID, "another message");

        if (algorithms[i].scheme == WH_RSA_PSS_SHA256) {
            ok(verify(key->key, WH_RSA_PSS_SHA256, str("a message"),
                      str(SIG_PS256_20))
               == WH_INVALID, "another length of the salt");
        }

        wh_keyset_free(set);
    }

    ok(wh_keyset_alg(WH_RSA_SHA1).len == 0, "RSA with SHA-1 has no name");
}


static void
test_rfc(void)
{
    char              text[2048];
    size_t            i;
    wh_jose_t         jose;
    const char       *error;
    wh_keyset_t      *set;
    wh_keyset_key_t  *key;

    static const struct {
        const char   *name;
        wh_pubkey_e   scheme;
        const char   *key;
        const char   *token;
    } cases[] = {
        { "RFC 7520, 4.1", WH_RSA_SHA256, RFC_KEY_RS256, RFC_TOKEN_RS256 },
        { "RFC 7520, 4.2", WH_RSA_PSS_SHA384, RFC_KEY_PS384,
          RFC_TOKEN_PS384 },
        { "RFC 7520, 4.3", WH_ECDSA_P521_SHA512, RFC_KEY_ES512,
          RFC_TOKEN_ES512 },
        { "RFC 7520, 4.8", WH_RSA_SHA256, RFC_KEY_RS256,
          RFC_TOKEN_RS256_4_8 },
        { "RFC 7515, A.2", WH_RSA_SHA256, RFC_KEY_RS256_A2,
          RFC_TOKEN_RS256_A2 },
        { "RFC 7515, A.4", WH_ECDSA_P521_SHA512, RFC_KEY_ES512_A4,
          RFC_TOKEN_ES512_A4 },
        { "RFC 7515, A.3", WH_ECDSA_P256_SHA256, RFC_KEY_ES256,
          RFC_TOKEN_ES256 },
        { "RFC 8037, A.4", WH_ED25519, RFC_KEY_EDDSA, RFC_TOKEN_EDDSA }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        snprintf(text, sizeof(text), SET(KEY("%s")), cases[i].key);

        set = read_set(WH_KEYSET_JWKS, text, &error);
        key = wh_keyset_find(set, cases[i].scheme, NULL, NOW);

        ok(key != NULL
           && wh_jose_split(str(cases[i].token), 0, &jose) == WH_OK
           && verify(key->key, cases[i].scheme, jose.message, jose.signature)
              == WH_OK, "%s", cases[i].name);

        jose.message.len--;

        ok(verify(key->key, cases[i].scheme, jose.message, jose.signature)
           == WH_INVALID, "and no byte less");

        wh_keyset_free(set);
    }
}


/* RSA of as many bits as are taken, and of one less or more. */

static void
test_sizes(void)
{
    char              text[2048], modulus[1368];
    const char       *error;
    wh_keyset_t      *set;
    wh_keyset_key_t  *key;

    set = read_set(WH_KEYSET_JWKS, SET(KEY(KEY_RSA8192)), &error);
    key = wh_keyset_find(set, WH_RSA_SHA512, NULL, NOW);

    ok(key != NULL && EVP_PKEY_bits(key->key) == 8192, "8192 bits");
    ok(key != NULL
       && verify(key->key, WH_RSA_SHA512, str("a message"),
                 str(SIG_RS512_8192))
          == WH_OK, "and a signature by them");
    ok(key != NULL
       && verify(key->key, WH_RSA_SHA512, str("A message"),
                 str(SIG_RS512_8192))
          == WH_INVALID, "and of nothing else");

    wh_keyset_free(set);

    /* a byte of 1 and 1024 of 255 */

    memset(modulus, '_', 1367);
    memcpy(modulus, "Af", 2);
    strcpy(modulus + 1366, "8");

    snprintf(text, sizeof(text),
             SET(KEY("\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"")),
             modulus);

    ok(strcmp(error_of(WH_KEYSET_JWKS, text), "has no key that can be used")
       == 0, "8193 bits");

    /* the highest bit of all is gone */

    snprintf(text, sizeof(text),
             SET(KEY("\"kty\":\"RSA\",\"n\":\"Q%s\",\"e\":\"AQAB\"")),
             &RSA_N[1]);

    ok(strcmp(error_of(WH_KEYSET_JWKS, text), "has no key that can be used")
       == 0, "2047 bits");
}


/* A coordinate whose zero at the beginning is missing is the same number. */

static void
test_coordinates(void)
{
    ok(strcmp(error_of(WH_KEYSET_JWKS, SET(KEY(KEY_SHORT_Y))), "") == 0,
       "a y of 65 bytes");
    ok(strcmp(error_of(WH_KEYSET_JWKS, SET(KEY(KEY_PADDED_Y))), "") == 0,
       "of 66");
    ok(strcmp(error_of(WH_KEYSET_JWKS, SET(KEY(KEY_LONG_Y))),
              "has no key that can be used")
       == 0, "of 67");
}


/* What cannot be used is left out, and the rest stays good. */

static void
test_left_out(void)
{
    char          text[4096];
    size_t        i;
    const char   *error;
    wh_keyset_t  *set;

    static const char  *bad[] = {
        "\"kty\":\"oct\",\"k\":\"AAAA\"",

        /* RFC 7520, 3.5 */

        "\"kty\":\"oct\",\"kid\":\"018c0ae5-4d9b-471b-bfd6-eef314bc7037\","
        "\"use\":\"sig\",\"alg\":\"HS256\","
        "\"k\":\"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg\"",

        "\"kty\":\"ec\"",
        "\"kty\":1",
        "",
        "\"kty\":\"RSA\",\"n\":\"AQAB\"",
        KEY_RSA1024,
        "\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" ZERO "\"",
        "\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ZERO "\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"",
        "\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" ZERO "\",\"y\":\""
        ZERO "\"",

        /* no point of the curve, a short one, padding */

        "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ZERO "\",\"y\":\"" ZERO
        "\"",
        "\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" ZERO_48 "\",\"y\":\""
        ZERO_48 "\"",
        "\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" ZERO_66 "\",\"y\":\""
        ZERO_66 "\"",
        "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"",
        "\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0=\"",

        /* points of small order, also not canonical */

        "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ZERO "\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"7P________________________________________38\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"7f________________________________________38\"",
        "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"7v________________________________________38\""
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {

        snprintf(text, sizeof(text), SET(KEY("%s") "," KEY(KEY_P256)), bad[i]);

        set = read_set(WH_KEYSET_JWKS, text, &error);

        ok(set != NULL && set->n == 2 && set->left_out == 1
           && set->schemes == 1u << WH_ECDSA_P256_SHA256,
           "left out: %.60s", bad[i]);

        wh_keyset_free(set);

        snprintf(text, sizeof(text), SET(KEY("%s")), bad[i]);

        ok(strcmp(error_of(WH_KEYSET_JWKS, text),
                  "has no key that can be used")
           == 0, "and no set without another");
    }

    /* exponents that are 1, even, or 0 */

    for (i = 0; i < 3; i++) {

        static const char  *exponents[] = { "AQ", "AQAA", "AA" };

        snprintf(text, sizeof(text), SET(KEY("%s,\"e\":\"%s\"")),
                 "\"kty\":\"RSA\",\"n\":\"" RSA_N "\"", exponents[i]);

        ok(strcmp(error_of(WH_KEYSET_JWKS, text),
                  "has no key that can be used")
           == 0, "an exponent: %s", exponents[i]);
    }

    snprintf(text, sizeof(text), SET(KEY("%s,\"e\":\"%s\"")),
             "\"kty\":\"RSA\",\"n\":\"" RSA_N "\"", "Aw");

    set = read_set(WH_KEYSET_JWKS, text, &error);
    ok(set != NULL, "the exponent 3");
    wh_keyset_free(set);
}


static void
test_obeyed(void)
{
    char          text[2048];
    size_t        i;
    const char   *error;
    wh_keyset_t  *set;

    static const struct {
        const char  *members;
        unsigned     schemes;
    } cases[] = {
        { "\"use\":\"sig\"", 1u << WH_ECDSA_P256_SHA256 },
        { "\"use\":\"enc\"", 0 },
        { "\"use\":\"Sig\"", 0 },
        { "\"use\":[\"sig\"]", 0 },
        { "\"key_ops\":[\"verify\"]", 1u << WH_ECDSA_P256_SHA256 },
        { "\"key_ops\":[\"encrypt\",\"verify\"]",
          1u << WH_ECDSA_P256_SHA256 },
        { "\"key_ops\":[\"encrypt\"]", 0 },
        { "\"key_ops\":[]", 0 },
        { "\"key_ops\":\"verify\"", 0 },
        { "\"key_ops\":{\"0\":\"verify\"}", 0 },
        { "\"use\":\"enc\",\"key_ops\":[\"verify\"]", 0 },
        { "\"alg\":\"ES256\"", 1u << WH_ECDSA_P256_SHA256 },
        { "\"alg\":\"ES384\"", 0 },
        { "\"alg\":\"es256\"", 0 },
        { "\"alg\":\"ECDH-ES\"", 0 },
        { "\"alg\":\"\"", 0 },
        { "\"alg\":1", 0 },
        { "\"x5u\":\"https://example.com/\",\"unknown\":{\"kty\":1}",
          1u << WH_ECDSA_P256_SHA256 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        snprintf(text, sizeof(text), SET(KEY("%s,%s")), KEY_P256,
                 cases[i].members);

        set = read_set(WH_KEYSET_JWKS, text, &error);

        ok((set ? set->schemes : 0) == cases[i].schemes, "%s",
           cases[i].members);

        wh_keyset_free(set);
    }

    snprintf(text, sizeof(text), SET(KEY("%s,\"alg\":\"Ed25519\"")), KEY_ED);

    set = read_set(WH_KEYSET_JWKS, text, &error);
    ok(set != NULL && set->schemes == 1u << WH_ED25519, "Ed25519 by its name");
    wh_keyset_free(set);

    snprintf(text, sizeof(text), SET(KEY("%s")), KEY_RSA);

    set = read_set(WH_KEYSET_JWKS, text, &error);
    ok(set != NULL
       && set->schemes == (1u << WH_RSA_SHA1 | 1u << WH_RSA_SHA256
                           | 1u << WH_RSA_SHA384 | 1u << WH_RSA_SHA512
                           | 1u << WH_RSA_PSS_SHA256
                           | 1u << WH_RSA_PSS_SHA384
                           | 1u << WH_RSA_PSS_SHA512),
       "RSA without an algorithm is for all of RSA");
    wh_keyset_free(set);
}


static void
test_documents(void)
{
    char        *text, *p;
    size_t       i;

    static const struct {
        const char  *text;
        const char  *error;
    } cases[] = {
        { "", "is not JSON" },
        { "{", "is not JSON" },
        { SET(KEY(KEY_P256)) "x", "is not JSON" },
        { "[]", "has no array \"keys\", as a JWK set has" },
        { "{}", "has no array \"keys\", as a JWK set has" },
        { "{\"keys\":{}}", "has no array \"keys\", as a JWK set has" },
        { KEY(KEY_P256), "has no array \"keys\", as a JWK set has" },
        { SET(""), "has no key that can be used" },
        { SET("1,null,[]"), "has no key that can be used" },
        { "{\"keys\":[],\"keys\":[" KEY(KEY_P256) "]}", "has a member twice" },
        { SET(KEY(KEY_P256 ",\"kid\":\"a\",\"kid\":\"b\"")),
          "has a member twice" },
        { SET(KEY(KEY_P256) "," KEY(KEY_ED ",\"kty\":\"OKP\"")),
          "has a member twice" },
        { SET(KEY(KEY_P256 ",\"use\":\"sig\",\"use\":\"sig\"")),
          "has a member twice" },
        { SET(KEY(KEY_P256) "," KEY(KEY_ED ",\"d\":\"AAAA\"")),
          "has a private key, which belongs to the sender alone" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(strcmp(error_of(WH_KEYSET_JWKS, cases[i].text), cases[i].error)
           == 0, "%.40s: %s", cases[i].text, cases[i].error);
    }

    /* as many as there may be, and one more */

    text = malloc((WH_KEYSET_MAX + 1) * sizeof(KEY(KEY_P256)) + 16);

    for (i = WH_KEYSET_MAX; i <= WH_KEYSET_MAX + 1; i++) {

        p = text + sprintf(text, "{\"keys\":[");

        while (p - text < (ptrdiff_t) (9 + i * sizeof(KEY(KEY_P256)))) {
            p += sprintf(p, KEY(KEY_P256) ",");
        }

        strcpy(p - 1, "]}");

        ok(strcmp(error_of(WH_KEYSET_JWKS, text),
                  i == WH_KEYSET_MAX ? "" : "has more than 64 keys")
           == 0, "%u keys", (unsigned) i);
    }

    free(text);
}


static void
test_ids(void)
{
    wh_str_t          a, b, c, none, empty;
    const char       *error;
    wh_keyset_t      *set;

    a = str("a");
    b = str("b");
    c = str("c");
    none = str("none");
    empty = str("");

    set = read_set(WH_KEYSET_JWKS,
                   SET(KEY("\"kid\":\"a\"," KEY_P256) ","
                       KEY("\"kid\":\"b\"," KEY_P256) ","
                       KEY("\"kid\":\"c\"," KEY_ED) ","
                       KEY("\"kid\":\"\"," KEY_P384) ","
                       KEY("\"kid\":1," KEY_P521)), &error);

    ok(set->n == 5 && set->left_out == 1, "an id that is no text");
    ok(wh_keyset_find(set, WH_ECDSA_P256_SHA256, &a, NOW) == &set->keys[0],
       "by its id");
    ok(wh_keyset_find(set, WH_ECDSA_P256_SHA256, &b, NOW) == &set->keys[1],
       "by another");
    ok(wh_keyset_find(set, WH_ECDSA_P256_SHA256, &c, NOW) == NULL,
       "of another kind");
    ok(wh_keyset_find(set, WH_ECDSA_P256_SHA256, &none, NOW) == NULL,
       "unknown");
    ok(wh_keyset_find(set, WH_ECDSA_P384_SHA384, &empty, NOW)
       == &set->keys[3], "an empty id");
    ok(wh_keyset_find(set, WH_ECDSA_P256_SHA256, NULL, NOW) == NULL,
       "no id, and two keys");
    ok(wh_keyset_find(set, WH_ED25519, NULL, NOW) == &set->keys[2],
       "no id, and one that fits");

    wh_keyset_free(set);

    set = read_set(WH_KEYSET_JWKS,
                   SET(KEY("\"kid\":\"a\"," KEY_P256) ","
                       KEY("\"kid\":\"a\"," KEY_ED) ","
                       KEY(KEY_P384)), &error);

    ok(set->left_out == 2
       && wh_keyset_find(set, WH_ECDSA_P256_SHA256, &a, NOW) == NULL
       && wh_keyset_find(set, WH_ED25519, &a, NOW) == NULL
       && wh_keyset_find(set, WH_ED25519, NULL, NOW) == NULL,
       "an id that is there twice makes both unusable");

    ok(wh_keyset_find(set, WH_ECDSA_P384_SHA384, &a, NOW) == NULL
       && wh_keyset_find(set, WH_ECDSA_P384_SHA384, &empty, NOW) == NULL,
       "a key without an id has none");

    wh_keyset_free(set);
}


static void
test_pem(void)
{
    size_t            i;
    wh_str_t          a, b;
    const char       *error;
    wh_keyset_t      *set;
    wh_keyset_key_t  *key;

    static const struct {
        const char  *text;
        const char  *error;
    } cases[] = {
        { "", "is not JSON" },
        { "{\"a\":", "is not JSON" },
        { "[]", "is no object of ids with PEM texts" },
        { "\"a\"", "is no object of ids with PEM texts" },
        { "{\"a\":1}", "is no object of ids with PEM texts" },
        { "{\"a\":{}}", "is no object of ids with PEM texts" },
        { "{\"a\":[\"" PEM_P256 "\"]}", "is no object of ids with PEM texts" },
        { "{}", "has no key that can be used" },
        { "{\"a\":\"\"}", "has no key that can be used" },
        { "{\"a\":\"-----BEGIN PUBLIC KEY-----\"}",
          "has no key that can be used" },
        { "{\"a\":\"" PEM_P256 PEM_P256 "\"}",
          "has no key that can be used" },
        { "{\"a\":\"" CERT_P256 CERT_P256 "\"}",
          "has no key that can be used" },
        { "{\"a\":\"" PEM_P256 "\",\"a\":\"" PEM_P256 "\"}",
          "has no key that can be used" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(strcmp(error_of(WH_KEYSET_PEM, cases[i].text), cases[i].error)
           == 0, "%.40s: %s", cases[i].text, cases[i].error);
    }

    a = str("a");
    b = str("b");

    set = read_set(WH_KEYSET_PEM,
                   "{\"a\":\"" PEM_P256 "\",\"b\":\"" CERT_P256
                   "\",\"c\":\"x\"}",
                   &error);

    ok(set->n == 3 && set->left_out == 1, "PEM, a certificate, and neither");

    key = wh_keyset_find(set, WH_ECDSA_P256_SHA256, &a, LATE);
    ok(key != NULL
       && verify(key->key, WH_ECDSA_P256_SHA256, str("a message"),
                 str(SIG_ES256))
          == WH_OK, "a key has no end");

    key = wh_keyset_find(set, WH_ECDSA_P256_SHA256, &b, NOW);
    ok(key != NULL
       && verify(key->key, WH_ECDSA_P256_SHA256, str("a message"),
                 str(SIG_ES256))
          == WH_OK, "a certificate in its time");

    ok(key->not_before == 1672531200 && key->not_after == 1704067200,
       "its dates");

    ok(wh_keyset_find(set, WH_ECDSA_P256_SHA256, &b, 1672531200) == key
       && wh_keyset_find(set, WH_ECDSA_P256_SHA256, &b, 1672531199) == NULL
       && wh_keyset_find(set, WH_ECDSA_P256_SHA256, &b, 1704067200) == key
       && wh_keyset_find(set, WH_ECDSA_P256_SHA256, &b, 1704067201) == NULL,
       "to the second");

    ok(wh_keyset_find(set, WH_ECDSA_P256_SHA256, NULL, NOW) == NULL
       && wh_keyset_find(set, WH_ECDSA_P256_SHA256, NULL, LATE)
          == &set->keys[0], "the only one that is in its time");

    wh_keyset_free(set);
}


static wh_keyset_t *
read_set(wh_keyset_format_e format, const char *text, const char **error)
{
    int           rc;
    wh_keyset_t  *set;

    *error = "";

    rc = wh_keyset_read(&set, format, str(text), error);

    if ((rc == WH_OK) != (set != NULL)) {
        abort();
    }

    return set;
}


static const char *
error_of(wh_keyset_format_e format, const char *text)
{
    const char   *error;

    wh_keyset_free(read_set(format, text, &error));

    return error;
}


/* A signature as tokens have it. */

static int
verify(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t message, wh_str_t encoded)
{
    size_t         len;
    wh_str_t       signature, digest;
    EVP_MD_CTX    *md;
    unsigned char  raw[1024], der[WH_ECDSA_MAX_SIZE], bytes[WH_HMAC_MAX_SIZE];

    len = sizeof(raw);

    if (wh_decode(WH_BASE64URL, encoded, raw, &len) != WH_OK) {
        abort();
    }

    signature.data = raw;
    signature.len = len;

    if (wh_ecdsa_raw_size(scheme)) {

        if (len != wh_ecdsa_raw_size(scheme)) {
            return WH_INVALID;
        }

        if (wh_ecdsa_der(signature, der, &signature.len) != WH_OK) {
            return WH_ERROR;
        }

        signature.data = der;
    }

    if (scheme == WH_ED25519) {
        return wh_pubkey_verify(key, scheme, message, signature);
    }

    md = EVP_MD_CTX_new();
    digest.data = bytes;

    if (wh_digest_start(wh_pubkey_digest(scheme), md) != WH_OK
        || wh_hmac_update(md, message.data, message.len) != WH_OK
        || wh_digest_final(md, bytes, &digest.len) != WH_OK)
    {
        abort();
    }

    EVP_MD_CTX_free(md);

    return wh_pubkey_verify(key, scheme, digest, signature);
}
