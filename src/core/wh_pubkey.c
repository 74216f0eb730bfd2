
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures by public keys that the receiver knows beforehand.
 */


#include <openssl/bio.h>
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
#define WH_PUBKEY_NAME      64      /* room for the name of a curve */


static EVP_PKEY *wh_pubkey_pem(wh_str_t text);
static int wh_pubkey_bytes(wh_str_t text, unsigned char *raw);
static EVP_PKEY *wh_pubkey_raw(wh_str_t text);
static EVP_PKEY *wh_pubkey_spki(wh_str_t text);
static int wh_pubkey_check(EVP_PKEY *key, wh_pubkey_e scheme);
static int wh_pubkey_is_p256(EVP_PKEY *key);
static int wh_pubkey_verify_message(EVP_PKEY *key, wh_str_t message,
    wh_str_t signature);
static int wh_pubkey_verify_digest(EVP_PKEY *key, wh_pubkey_e scheme,
    wh_str_t digest, wh_str_t signature);


int
wh_pubkey_read(EVP_PKEY **key, wh_pubkey_e scheme, wh_str_t text)
{
    wh_str_t  rest;

    static const wh_str_t  pem = wh_string("-----BEGIN ");
    static const wh_str_t  whpk = wh_string("whpk_");

    *key = NULL;
    rest = text;

    if (wh_cut_prefix(&rest, pem)) {
        *key = wh_pubkey_pem(text);

    } else {

        if (scheme == WH_ED25519) {

            (void) wh_cut_prefix(&text, whpk);

            *key = wh_pubkey_raw(text);
        }

        if (*key == NULL) {
            *key = wh_pubkey_spki(text);
        }
    }

    ERR_clear_error();

    if (*key == NULL) {
        return WH_INVALID;
    }

    if (!wh_pubkey_check(*key, scheme)) {
        EVP_PKEY_free(*key);
        *key = NULL;

        return WH_INVALID;
    }

    return WH_OK;
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

    key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

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
    size_t  len;

    len = WH_ED25519_SIZE;

    if (wh_decode(WH_HEX, text, raw, &len) == WH_OK && len == WH_ED25519_SIZE)
    {
        return WH_OK;
    }

    len = WH_ED25519_SIZE;

    if (wh_decode(WH_BASE64, text, raw, &len) == WH_OK
        && len == WH_ED25519_SIZE)
    {
        return WH_OK;
    }

    return WH_INVALID;
}


static EVP_PKEY *
wh_pubkey_raw(wh_str_t text)
{
    unsigned char  raw[WH_ED25519_SIZE];

    if (wh_pubkey_bytes(text, raw) != WH_OK) {
        return NULL;
    }

    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw,
                                       sizeof(raw));
}


static EVP_PKEY *
wh_pubkey_spki(wh_str_t text)
{
    size_t                len;
    EVP_PKEY             *key;
    unsigned char         der[WH_PUBKEY_MAX_SIZE];
    const unsigned char  *p;

    len = sizeof(der);

    if (wh_decode(WH_BASE64, text, der, &len) != WH_OK) {
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


static int
wh_pubkey_check(EVP_PKEY *key, wh_pubkey_e scheme)
{
    switch (scheme) {

    case WH_ED25519:
        return EVP_PKEY_base_id(key) == EVP_PKEY_ED25519;

    case WH_ECDSA_P256_SHA256:
        return EVP_PKEY_base_id(key) == EVP_PKEY_EC && wh_pubkey_is_p256(key);

    default: /* WH_RSA_SHA256, WH_RSA_SHA1 */
        return EVP_PKEY_base_id(key) == EVP_PKEY_RSA
               && EVP_PKEY_bits(key) >= WH_PUBKEY_RSA_BITS
               && EVP_PKEY_bits(key) <= WH_PUBKEY_RSA_MAX_BITS;
    }
}


static int
wh_pubkey_is_p256(EVP_PKEY *key)
{
#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)

    char  name[WH_PUBKEY_NAME];

    return EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1
           && OBJ_sn2nid(name) == NID_X9_62_prime256v1;

#else

    return EC_GROUP_get_curve_name(
               EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key)))
           == NID_X9_62_prime256v1;

#endif
}


wh_digest_e
wh_pubkey_digest(wh_pubkey_e scheme)
{
    return scheme == WH_RSA_SHA1 ? WH_SHA1 : WH_SHA256;
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
    int            rc;
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL) {
        return WH_ERROR;
    }

    if (EVP_PKEY_verify_init(ctx) != 1
        || EVP_PKEY_CTX_set_signature_md(ctx,
                                         wh_digest(wh_pubkey_digest(scheme)))
           != 1)
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
