
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_hmac: the test cases of RFC 2202 (SHA-1) and RFC 4231, cases 5 left out
 * because they are about truncation; pieces of any length; used contexts;
 * several parts at once.
 */


#include <string.h>

#include <openssl/err.h>

#include "tap.h"
#include "wh_hmac.h"


typedef struct {
    const char   *name;
    wh_digest_e   digest;
    wh_str_t      key;
    wh_str_t      message;
    const char   *mac;            /* in lower-case hex */
} hmac_case_t;


static int mac_is(const wh_hmac_key_t *key, EVP_MD_CTX *ctx,
    const wh_str_t *message, size_t piece, const char *mac);
static void test_cases(void);
static void test_pieces(void);
static void test_messages_together(void);
static void test_empty(void);
static int hex_is(const unsigned char *bytes, size_t len, const char *hex);
static void test_parts(void);
static void test_parts_failed(void);


#define TWENTY_0B                                                             \
    "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"        \
    "\x0b\x0b\x0b\x0b"

#define TEN_AA     "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
#define TWENTY_AA  TEN_AA TEN_AA
#define EIGHTY_AA  TWENTY_AA TWENTY_AA TWENTY_AA TWENTY_AA
#define LONG_AA    EIGHTY_AA TWENTY_AA TWENTY_AA TEN_AA "\xaa"

#define TEN_DD     "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
#define FIFTY_DD   TEN_DD TEN_DD TEN_DD TEN_DD TEN_DD

#define TEN_CD     "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
#define FIFTY_CD   TEN_CD TEN_CD TEN_CD TEN_CD TEN_CD

#define ONE_TO_25                                                             \
    "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"        \
    "\x11\x12\x13\x14\x15\x16\x17\x18\x19"

#define JEFE       "what do ya want for nothing?"
#define LONG_KEY   "Test Using Larger Than Block-Size Key - Hash Key First"

#define LONG_KEY_AND_DATA                                                     \
    "Test Using Larger Than Block-Size Key and Larger Than One Block-Size "   \
    "Data"

#define VERY_LONG_KEY_AND_DATA                                                \
    "This is a test using a larger than block-size key and a larger than "    \
    "block-size data. The key needs to be hashed before being used by the "   \
    "HMAC algorithm."


static const hmac_case_t  hmac_cases[] = {

    { "RFC 2202, case 1, SHA-1", WH_SHA1,
      wh_string(TWENTY_0B), wh_string("Hi There"),
      "b617318655057264e28bc0b6fb378c8ef146be00" },

    { "RFC 2202, case 2, SHA-1", WH_SHA1,
      wh_string("Jefe"), wh_string(JEFE),
      "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },

    { "RFC 2202, case 3, SHA-1", WH_SHA1,
      wh_string(TWENTY_AA), wh_string(FIFTY_DD),
      "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },

    { "RFC 2202, case 4, SHA-1", WH_SHA1,
      wh_string(ONE_TO_25), wh_string(FIFTY_CD),
      "4c9007f4026250c6bc8414f9bf50c86c2d7235da" },

    { "RFC 2202, case 6, SHA-1", WH_SHA1,
      wh_string(EIGHTY_AA), wh_string(LONG_KEY),
      "aa4ae5e15272d00e95705637ce8a3b55ed402112" },

    { "RFC 2202, case 7, SHA-1", WH_SHA1,
      wh_string(EIGHTY_AA), wh_string(LONG_KEY_AND_DATA),
      "e8e99d0f45237d786d6bbaa7965c7808bbff1a91" },

    { "RFC 4231, case 1, SHA-256", WH_SHA256,
      wh_string(TWENTY_0B), wh_string("Hi There"),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },

    { "RFC 4231, case 1, SHA-384", WH_SHA384,
      wh_string(TWENTY_0B), wh_string("Hi There"),
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
      "faea9ea9076ede7f4af152e8b2fa9cb6" },

    { "RFC 4231, case 1, SHA-512", WH_SHA512,
      wh_string(TWENTY_0B), wh_string("Hi There"),
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
      "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },

    { "RFC 4231, case 2, SHA-256", WH_SHA256,
      wh_string("Jefe"), wh_string(JEFE),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },

    { "RFC 4231, case 2, SHA-384", WH_SHA384,
      wh_string("Jefe"), wh_string(JEFE),
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
      "8e2240ca5e69e2c78b3239ecfab21649" },

    { "RFC 4231, case 2, SHA-512", WH_SHA512,
      wh_string("Jefe"), wh_string(JEFE),
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
      "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },

    { "RFC 4231, case 3, SHA-256", WH_SHA256,
      wh_string(TWENTY_AA), wh_string(FIFTY_DD),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },

    { "RFC 4231, case 3, SHA-384", WH_SHA384,
      wh_string(TWENTY_AA), wh_string(FIFTY_DD),
      "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b"
      "2a5ab39dc13814b94e3ab6e101a34f27" },

    { "RFC 4231, case 3, SHA-512", WH_SHA512,
      wh_string(TWENTY_AA), wh_string(FIFTY_DD),
      "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
      "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb" },

    { "RFC 4231, case 4, SHA-256", WH_SHA256,
      wh_string(ONE_TO_25), wh_string(FIFTY_CD),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },

    { "RFC 4231, case 4, SHA-384", WH_SHA384,
      wh_string(ONE_TO_25), wh_string(FIFTY_CD),
      "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e"
      "6801dd23c4a7d679ccf8a386c674cffb" },

    { "RFC 4231, case 4, SHA-512", WH_SHA512,
      wh_string(ONE_TO_25), wh_string(FIFTY_CD),
      "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
      "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd" },

    { "RFC 4231, case 6, SHA-256", WH_SHA256,
      wh_string(LONG_AA), wh_string(LONG_KEY),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },

    { "RFC 4231, case 6, SHA-384", WH_SHA384,
      wh_string(LONG_AA), wh_string(LONG_KEY),
      "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
      "0c2ef6ab4030fe8296248df163f44952" },

    { "RFC 4231, case 6, SHA-512", WH_SHA512,
      wh_string(LONG_AA), wh_string(LONG_KEY),
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
      "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },

    { "RFC 4231, case 7, SHA-256", WH_SHA256,
      wh_string(LONG_AA), wh_string(VERY_LONG_KEY_AND_DATA),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },

    { "RFC 4231, case 7, SHA-384", WH_SHA384,
      wh_string(LONG_AA), wh_string(VERY_LONG_KEY_AND_DATA),
      "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5"
      "a678cc31e799176d3860e6110c46523e" },

    { "RFC 4231, case 7, SHA-512", WH_SHA512,
      wh_string(LONG_AA), wh_string(VERY_LONG_KEY_AND_DATA),
      "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944"
      "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58" },

    { NULL, WH_SHA256, wh_string(""), wh_string(""), NULL }
};


int
main(void)
{
    ok(wh_digest_init() == WH_OK, "OpenSSL has the digests");
    ok(wh_digest_init() == WH_OK, "and may be asked for again");

    test_cases();
    test_pieces();
    test_messages_together();
    test_empty();
    test_parts();
    test_parts_failed();

    return done_testing();
}


/* Feeds the message in pieces of that length and compares the result. */

static int
mac_is(const wh_hmac_key_t *key, EVP_MD_CTX *ctx, const wh_str_t *message,
    size_t piece, const char *mac)
{
    size_t         i, len;
    unsigned char  digest[WH_HMAC_MAX_SIZE];
    char           hex[WH_HMAC_MAX_SIZE * 2 + 1];

    if (wh_hmac_start(key, ctx) != WH_OK) {
        return 0;
    }

    for (i = 0; i < message->len; i += len) {
        len = message->len - i < piece ? message->len - i : piece;

        if (wh_hmac_update(ctx, message->data + i, len) != WH_OK) {
            return 0;
        }
    }

    if (wh_hmac_final(key, ctx, digest) != WH_OK) {
        return 0;
    }

    for (i = 0; i < key->size; i++) {
        sprintf(hex + i * 2, "%02x", digest[i]);
    }

    return strcmp(hex, mac) == 0;
}


static void
test_cases(void)
{
    EVP_MD_CTX         *ctx;
    wh_hmac_key_t       key;
    const hmac_case_t  *c;

    /* one context for all: each message finds it used by another digest */

    ctx = EVP_MD_CTX_new();

    for (c = hmac_cases; c->name; c++) {
        ok(wh_hmac_key_init(&key, c->digest, c->key.data, c->key.len) == WH_OK
           && mac_is(&key, ctx, &c->message, c->message.len, c->mac),
           "%s", c->name);

        ok(mac_is(&key, ctx, &c->message, 1, c->mac),
           "%s, byte by byte", c->name);

        wh_hmac_key_free(&key);
    }

    EVP_MD_CTX_free(ctx);
}


static void
test_pieces(void)
{
    size_t              piece;
    EVP_MD_CTX         *ctx;
    wh_hmac_key_t       key;
    const hmac_case_t  *c;

    /* the last case has the longest message: more than two blocks */

    for (c = hmac_cases; c[1].name; c++) { /* void */ }

    ctx = EVP_MD_CTX_new();
    wh_hmac_key_init(&key, c->digest, c->key.data, c->key.len);

    for (piece = 1; piece <= c->message.len; piece++) {
        if (!mac_is(&key, ctx, &c->message, piece, c->mac)) {
            break;
        }
    }

    ok(piece > c->message.len, "the same from pieces of any length");

    wh_hmac_key_free(&key);
    EVP_MD_CTX_free(ctx);
}


static void
test_messages_together(void)
{
    EVP_MD_CTX         *ctx, *other;
    wh_hmac_key_t       key;
    const hmac_case_t  *c;

    c = hmac_cases;

    ctx = EVP_MD_CTX_new();
    other = EVP_MD_CTX_new();
    wh_hmac_key_init(&key, c->digest, c->key.data, c->key.len);

    wh_hmac_start(&key, other);
    wh_hmac_update(other, (const unsigned char *) "half a mess", 11);

    ok(mac_is(&key, ctx, &c->message, 3, c->mac),
       "another message of the same key is in progress");

    ok(mac_is(&key, other, &c->message, 3, c->mac),
       "a context given up half way starts again");

    wh_hmac_key_free(&key);
    EVP_MD_CTX_free(ctx);
    EVP_MD_CTX_free(other);
}


static void
test_empty(void)
{
    EVP_MD_CTX      *ctx;
    wh_hmac_key_t    key;
    static wh_str_t  empty = wh_string("");

    ctx = EVP_MD_CTX_new();
    wh_hmac_key_init(&key, WH_SHA256, (const unsigned char *) "secret", 6);

    ok(mac_is(&key, ctx, &empty, 1, "f9e66e179b6747ae54108f82f8ade8b3"
              "c25d76fd30afde6c395822c530196169"), "an empty message");

    wh_hmac_start(&key, ctx);
    ok(wh_hmac_update(ctx, NULL, 0) == WH_OK, "a piece of nothing");

    wh_hmac_key_free(&key);
    ok(key.inner == NULL && key.outer == NULL, "a freed key is empty");

    wh_hmac_key_free(&key);
    ok(1, "and may be freed again");

    EVP_MD_CTX_free(ctx);
}


static int
hex_is(const unsigned char *bytes, size_t len, const char *hex)
{
    char    text[2 * WH_HMAC_MAX_SIZE + 1];
    size_t  i;

    for (i = 0; i < len; i++) {
        sprintf(text + 2 * i, "%02x", bytes[i]);
    }

    return strcmp(text, hex) == 0;
}


static void
test_parts(void)
{
    EVP_MD_CTX     *ctx;
    wh_hmac_key_t   key;
    unsigned char   bytes[WH_HMAC_MAX_SIZE];

    static const wh_str_t  parts[] = {
        wh_string("what do ya want"), { 0, NULL }, wh_string(" for "),
        wh_string("nothing?")
    };

    /* RFC 4231, case 2, and the SHA-256 of FIPS 180-2, B.1 */

    static const char  mac[] =
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    static const char  digest[] =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char  empty[] =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    static const char  long_mac[] =
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737";

    static const wh_str_t  abc[] = {
        wh_string("a"), wh_string(""), wh_string("bc")
    };

    ctx = EVP_MD_CTX_new();
    wh_hmac_key_init(&key, WH_SHA256, (const unsigned char *) "Jefe", 4);

    ok(wh_mac(&key, ctx, parts, 4, bytes) == WH_OK && hex_is(bytes, 32, mac),
       "the HMAC of parts");

    ok(wh_mac(NULL, ctx, abc, 3, bytes) == WH_OK && hex_is(bytes, 32, digest),
       "without a key their digest, in a used context");

    ok(wh_mac(NULL, ctx, NULL, 0, bytes) == WH_OK && hex_is(bytes, 32, empty),
       "the digest of nothing");

    ok(wh_mac(NULL, ctx, abc, 2, bytes) == WH_OK && !hex_is(bytes, 32, digest),
       "only so many parts");

    wh_hmac_key_free(&key);

    wh_hmac_key_init(&key, WH_SHA512, (const unsigned char *) "Jefe", 4);

    ok(wh_mac(&key, ctx, parts, 4, bytes) == WH_OK
       && hex_is(bytes, 64, long_mac),
       "the digest is the key's");

    wh_hmac_key_free(&key);
    EVP_MD_CTX_free(ctx);
}


/* Had it gone on after the first failure, it would read at a bad address. */

static void
test_parts_failed(void)
{
    wh_str_t        bad;
    EVP_MD_CTX     *ctx;
    wh_hmac_key_t   key, half;
    unsigned char   bytes[WH_HMAC_MAX_SIZE];

    bad.data = (const unsigned char *) 1;
    bad.len = 5;

    ctx = EVP_MD_CTX_new();
    wh_hmac_key_init(&key, WH_SHA256, (const unsigned char *) "Jefe", 4);

    if (wh_digest_start(WH_SHA256, ctx) != WH_OK) {
        ok(0, "a context in progress");
    }

    memset(bytes, 'x', sizeof(bytes));

    half = key;
    half.inner = NULL;

    ok(wh_mac(&half, ctx, &bad, 1, bytes) == WH_ERROR && bytes[0] == 'x'
       && ERR_peek_error() == 0, "a start that fails ends it");

    half = key;
    half.outer = NULL;

    ok(wh_mac(&half, ctx, NULL, 0, bytes) == WH_ERROR && bytes[0] == 'x'
       && ERR_peek_error() == 0, "an end that fails is an error");

    wh_hmac_key_free(&key);
    EVP_MD_CTX_free(ctx);
}
