
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures by public keys that the receiver knows beforehand.
 */


#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)
#include <openssl/core_names.h>
#endif
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "wh_decode.h"
#include "wh_pubkey.h"
#include "wh_str.h"


#define WH_ED25519_SIZE     32      /* bytes of a key */
#define WH_PUBKEY_MAX_SIZE  2048    /* bytes of a key, decoded */
#define WH_DER_SEQUENCE     0x30
#define WH_PUBKEY_NAME      64      /* room for the name of a curve */


typedef struct {
    int          type;              /* EVP_PKEY_ */
    int          curve;
    wh_digest_e  digest;
    size_t       raw;               /* bytes of r and s */
    int          padding;           /* of RSA */
    const char  *form;              /* of a key, for people */
} wh_pubkey_scheme_t;


#define WH_PUBKEY_EC   "public key in PEM, or the Base64 that is in it"
#define WH_PUBKEY_RSA                                                         \
    "an RSA public key of 2048 to 8192 bits in PEM, or the Base64 that is in it"


static EVP_PKEY *wh_pubkey_pem(wh_str_t text);
static int wh_pubkey_bytes(wh_str_t text, unsigned char *raw);
static EVP_PKEY *wh_pubkey_spki(wh_str_t text);
static EVP_PKEY *wh_pubkey_der(const unsigned char *der, size_t len);
static int wh_pubkey_small_order(EVP_PKEY *key);
static int wh_pubkey_curve(EVP_PKEY *key);
static int wh_pubkey_exponent(EVP_PKEY *key);
static int wh_pubkey_verify_message(EVP_PKEY *key, wh_str_t message,
    wh_str_t signature);
static int wh_pubkey_verify_digest(EVP_PKEY *key, wh_pubkey_e scheme,
    wh_str_t digest, wh_str_t signature);


/* in the order of wh_pubkey_e */

static const wh_pubkey_scheme_t  wh_pubkey_schemes[WH_PUBKEY_SCHEMES] = {
    { EVP_PKEY_NONE, NID_undef, WH_SHA256, 0, 0, "" },
    { EVP_PKEY_ED25519, NID_undef, WH_SHA256, 0, 0,
      "an Ed25519 public key, its 32 bytes in hex or Base64, or in PEM" },
    { EVP_PKEY_EC, NID_X9_62_prime256v1, WH_SHA256, 64, 0,
      "a P-256 " WH_PUBKEY_EC },
    { EVP_PKEY_EC, NID_secp384r1, WH_SHA384, 96, 0, "a P-384 " WH_PUBKEY_EC },
    { EVP_PKEY_EC, NID_secp521r1, WH_SHA512, 132, 0, "a P-521 " WH_PUBKEY_EC },
    { EVP_PKEY_RSA, NID_undef, WH_SHA1, 0, RSA_PKCS1_PADDING, WH_PUBKEY_RSA },
    { EVP_PKEY_RSA, NID_undef, WH_SHA256, 0, RSA_PKCS1_PADDING,
      WH_PUBKEY_RSA },
    { EVP_PKEY_RSA, NID_undef, WH_SHA384, 0, RSA_PKCS1_PADDING,
      WH_PUBKEY_RSA },
    { EVP_PKEY_RSA, NID_undef, WH_SHA512, 0, RSA_PKCS1_PADDING,
      WH_PUBKEY_RSA },
    { EVP_PKEY_RSA, NID_undef, WH_SHA256, 0, RSA_PKCS1_PSS_PADDING,
      WH_PUBKEY_RSA },
    { EVP_PKEY_RSA, NID_undef, WH_SHA384, 0, RSA_PKCS1_PSS_PADDING,
      WH_PUBKEY_RSA },
    { EVP_PKEY_RSA, NID_undef, WH_SHA512, 0, RSA_PKCS1_PSS_PADDING,
      WH_PUBKEY_RSA }
};


int
wh_pubkey_read(EVP_PKEY **key, wh_pubkey_e scheme, wh_str_t text)
{
    wh_str_t       rest;
    unsigned char  raw[WH_ED25519_SIZE];

    static const wh_str_t  pem = wh_string("-----BEGIN ");
    static const wh_str_t  whpk = wh_string("whpk_");

    *key = NULL;
    rest = text;

    if (wh_cut_prefix(&rest, pem)) {
        *key = wh_pubkey_pem(text);

    } else {

        if (scheme == WH_ED25519) {

            (void) wh_cut_prefix(&text, whpk);

            if (wh_pubkey_bytes(text, raw) == WH_OK) {
                *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                                   raw, sizeof(raw));
            }
        }

        if (*key == NULL) {
            *key = wh_pubkey_spki(text);
        }
    }

    if (*key != NULL && !wh_pubkey_fits(*key, scheme)) {
        EVP_PKEY_free(*key);
        *key = NULL;
    }

    ERR_clear_error();

    return *key != NULL ? WH_OK : WH_INVALID;
}


int
wh_pubkey_no_password(char *buf, int size, int writing, void *data)
{
    (void) buf;
    (void) size;
    (void) writing;
    (void) data;

    return 0;
}


static EVP_PKEY *
wh_pubkey_pem(wh_str_t text)
{
    BIO       *bio;
    EVP_PKEY  *key;

    bio = BIO_new_mem_buf(text.data, (int) text.len);
    if (bio == NULL) {
        return NULL;
    }

    key = PEM_read_bio_PUBKEY(bio, NULL, wh_pubkey_no_password, NULL);

    BIO_free(bio);

    return key;
}


int
wh_pubkey_bare(wh_str_t text)
{
    unsigned char  raw[WH_ED25519_SIZE];

    return wh_pubkey_bytes(text, raw) == WH_OK;
}


static int
wh_pubkey_bytes(wh_str_t text, unsigned char *raw)
{
    size_t         len;
    wh_encoding_e  encoding;

    /* 32 bytes are 64 digits, or 43 or 44 characters of Base64 */

    encoding = (text.len == 2 * WH_ED25519_SIZE) ? WH_HEX : WH_BASE64;
    len = WH_ED25519_SIZE;

    return wh_decode(encoding, text, raw, &len) == WH_OK
           && len == WH_ED25519_SIZE
           ? WH_OK : WH_INVALID;
}


int
wh_pubkey_public(wh_str_t text)
{
    size_t     i, n;
    wh_str_t   rest;
    EVP_PKEY  *key;

    static const wh_str_t  pem[] = {
        wh_string("-----BEGIN PUBLIC KEY-----"),
        wh_string("-----BEGIN RSA PUBLIC KEY-----"),
        wh_string("-----BEGIN CERTIFICATE-----")
    };

    n = sizeof(pem) / sizeof(pem[0]);

    for (i = 0; i < n; i++) {

        rest = text;

        if (wh_cut_prefix(&rest, pem[i])) {
            return 1;
        }
    }

    key = wh_pubkey_der(text.data, text.len);

    if (key == NULL) {
        key = wh_pubkey_spki(text);
    }

    EVP_PKEY_free(key);
    ERR_clear_error();

    return key != NULL;
}


static EVP_PKEY *
wh_pubkey_spki(wh_str_t text)
{
    size_t         len;
    unsigned char  der[WH_PUBKEY_MAX_SIZE];

    len = sizeof(der);

    if (wh_decode(WH_BASE64, text, der, &len) != WH_OK) {
        return NULL;
    }

    return wh_pubkey_der(der, len);
}


static EVP_PKEY *
wh_pubkey_der(const unsigned char *der, size_t len)
{
    EVP_PKEY             *key;
    const unsigned char  *p;

    if (len == 0 || der[0] != WH_DER_SEQUENCE) {
        return NULL;
    }

    p = der;
    key = d2i_PUBKEY(NULL, &p, (long) len);

    if (key != NULL && p != der + len) {
        EVP_PKEY_free(key);
        return NULL;
    }

    return key;
}


int
wh_pubkey_fits(EVP_PKEY *key, wh_pubkey_e scheme)
{
    const wh_pubkey_scheme_t  *s;

    s = &wh_pubkey_schemes[scheme];

    if (EVP_PKEY_base_id(key) != s->type) {
        return 0;
    }

    switch (s->type) {

    case EVP_PKEY_ED25519:
        return !wh_pubkey_small_order(key);

    case EVP_PKEY_EC:
        return wh_pubkey_curve(key) == s->curve;

    default: /* EVP_PKEY_RSA */
        return EVP_PKEY_bits(key) >= WH_PUBKEY_RSA_BITS
               && EVP_PKEY_bits(key) <= WH_PUBKEY_RSA_MAX_BITS
               && wh_pubkey_exponent(key);
    }
}


/*
 * A point of small order, also in an encoding that is not canonical: there is
 * a signature that verifies under it for nearly every message.
 */

static int
wh_pubkey_small_order(EVP_PKEY *key)
{
    size_t         i, len;
    unsigned char  raw[WH_ED25519_SIZE];

    static const unsigned char  points[][WH_ED25519_SIZE] = {
        { 0x00 },
        { 0x01 },
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
          0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
          0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
          0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
          0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
          0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
          0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
        { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
        { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
        { 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }
    };

    len = sizeof(raw);

    if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1
        || len != sizeof(raw))
    {
        return 1;
    }

    /* the highest bit is the sign of the other coordinate */

    raw[WH_ED25519_SIZE - 1] &= 0x7f;

    for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        if (memcmp(raw, points[i], WH_ED25519_SIZE) == 0) {
            return 1;
        }
    }

    return 0;
}


static int
wh_pubkey_curve(EVP_PKEY *key)
{
#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)

    char  name[WH_PUBKEY_NAME];

    if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1) {
        return NID_undef;
    }

    return OBJ_sn2nid(name);

#else

    return EC_GROUP_get_curve_name(
               EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key)));

#endif
}


/* Whether the exponent is odd and above 1: with 1 all signs for itself. */

static int
wh_pubkey_exponent(EVP_PKEY *key)
{
    int            fine;
#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)
    BIGNUM        *e;

    e = NULL;

    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) != 1) {
        return 0;
    }

    fine = BN_is_odd(e) && !BN_is_one(e);

    BN_free(e);
#else
    const BIGNUM  *e;

    RSA_get0_key(EVP_PKEY_get0_RSA(key), NULL, &e, NULL);

    fine = BN_is_odd(e) && !BN_is_one(e);
#endif

    return fine;
}


const char *
wh_pubkey_form(wh_pubkey_e scheme)
{
    return wh_pubkey_schemes[scheme].form;
}


int
wh_pubkey_same(EVP_PKEY *one, EVP_PKEY *two)
{
    if (one == NULL || two == NULL) {
        return 0;
    }

#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)
    return EVP_PKEY_eq(one, two) == 1;
#else
    return EVP_PKEY_cmp(one, two) == 1;
#endif
}


wh_digest_e
wh_pubkey_digest(wh_pubkey_e scheme)
{
    return wh_pubkey_schemes[scheme].digest;
}


size_t
wh_ecdsa_raw_size(wh_pubkey_e scheme)
{
    return wh_pubkey_schemes[scheme].raw;
}


int
wh_ecdsa_der(wh_str_t raw, unsigned char *der, size_t *len)
{
    int         n;
    BIGNUM     *r, *s;
    ECDSA_SIG  *sig;

    n = (int) (raw.len / 2);

    sig = ECDSA_SIG_new();
    r = BN_bin2bn(raw.data, n, NULL);
    s = BN_bin2bn(raw.data + n, n, NULL);

    if (sig == NULL || r == NULL || s == NULL) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        ERR_clear_error();

        return WH_ERROR;
    }

    /* r and s are its own from here on */

    (void) ECDSA_SIG_set0(sig, r, s);

    n = i2d_ECDSA_SIG(sig, &der);

    ECDSA_SIG_free(sig);

    if (n <= 0) {
        ERR_clear_error();
        return WH_ERROR;
    }

    *len = n;

    return WH_OK;
}


int
wh_pubkey_verify(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t signed_bytes,
    wh_str_t signature)
{
    int  rc;

    if (scheme == WH_ED25519) {
        rc = wh_pubkey_verify_message(key, signed_bytes, signature);

    } else {
        rc = wh_pubkey_verify_digest(key, scheme, signed_bytes, signature);
    }

    ERR_clear_error();

    return rc;
}


static int
wh_pubkey_verify_message(EVP_PKEY *key, wh_str_t message, wh_str_t signature)
{
    int          rc;
    EVP_MD_CTX  *ctx;

    ctx = EVP_MD_CTX_new();
    if (ctx == NULL) {
        return WH_ERROR;
    }

    if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1) {
        rc = WH_ERROR;

    } else {
        rc = EVP_DigestVerify(ctx, signature.data, signature.len,
                              message.data, message.len)
             == 1 ? WH_OK : WH_INVALID;
    }

    EVP_MD_CTX_free(ctx);

    return rc;
}


static int
wh_pubkey_verify_digest(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t digest,
    wh_str_t signature)
{
    int            rc, padding;
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL) {
        return WH_ERROR;
    }

    padding = wh_pubkey_schemes[scheme].padding;

    if (EVP_PKEY_verify_init(ctx) != 1
        || EVP_PKEY_CTX_set_signature_md(ctx,
                                         wh_digest(wh_pubkey_digest(scheme)))
           != 1
        || (padding && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1)
        || (padding == RSA_PKCS1_PSS_PADDING
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST)
               != 1))
    {
        rc = WH_ERROR;

    } else {
        rc = EVP_PKEY_verify(ctx, signature.data, signature.len, digest.data,
                             digest.len)
             == 1 ? WH_OK : WH_INVALID;
    }

    EVP_PKEY_CTX_free(ctx);

    return rc;
}
