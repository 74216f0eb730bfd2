
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures by public keys: a hostile signature is never right, a right one
 * is, and neither it nor the message can be changed in a bit or cut.  Keys
 * that are read are of the scheme's kind.  The first byte is the scheme, the
 * second says which bit is changed.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "wh_pubkey.h"


#define SCHEMES    (WH_PUBKEY_SCHEMES - WH_ED25519)
#define SIGNATURE  512             /* room for one */


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int type_of(wh_pubkey_e scheme);
static EVP_PKEY *generate(wh_pubkey_e scheme);
static size_t sign(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t bytes,
    unsigned char *signature);
static void changed(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t bytes,
    unsigned char *signature, size_t len, unsigned bit);
static void is_key(wh_pubkey_e scheme, wh_str_t text);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    EVP_PKEY      *key;
    unsigned       size;
    wh_str_t       text, digest, right;
    wh_pubkey_e    scheme;
    unsigned char  md[EVP_MAX_MD_SIZE], signature[SIGNATURE];

    static EVP_PKEY  *keys[SCHEMES];

    if (len < 2 || wh_digest_init() != WH_OK) {
        return 0;
    }

    scheme = (wh_pubkey_e) (WH_ED25519 + data[0] % SCHEMES);
    key = keys[data[0] % SCHEMES];

    if (key == NULL) {
        key = generate(scheme);
        keys[data[0] % SCHEMES] = key;
    }

    text.data = data + 2;
    text.len = len - 2;

    /* what is signed: the message, or its digest */

    digest = text;

    if (scheme != WH_ED25519) {
        EVP_Digest(text.data, text.len, md, &size,
                   wh_digest(wh_pubkey_digest(scheme)), NULL);
        digest.data = md;
        digest.len = size;
    }

    if (wh_pubkey_verify(key, scheme, digest, text) != WH_INVALID) {
        abort();
    }

    right.data = signature;
    right.len = sign(key, scheme, digest, signature);

    if (wh_pubkey_verify(key, scheme, digest, right) != WH_OK) {
        abort();
    }

    changed(key, scheme, digest, signature, right.len,
            data[1] * 8u + data[0] / 32);

    is_key(scheme, text);

    return 0;
}


static int
type_of(wh_pubkey_e scheme)
{
    return scheme == WH_ED25519 ? EVP_PKEY_ED25519
           : scheme <= WH_ECDSA_P521_SHA512 ? EVP_PKEY_EC : EVP_PKEY_RSA;
}


static EVP_PKEY *
generate(wh_pubkey_e scheme)
{
    EVP_PKEY      *key;
    EVP_PKEY_CTX  *ctx;

    static const int  curves[] = {
        NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1
    };

    ctx = EVP_PKEY_CTX_new_id(type_of(scheme), NULL);
    key = NULL;

    if (ctx == NULL
        || EVP_PKEY_keygen_init(ctx) != 1
        || (type_of(scheme) == EVP_PKEY_EC
            && EVP_PKEY_CTX_set_ec_paramgen_curve_nid(
                   ctx, curves[scheme - WH_ECDSA_P256_SHA256])
               != 1)
        || EVP_PKEY_keygen(ctx, &key) != 1)
    {
        abort();
    }

    EVP_PKEY_CTX_free(ctx);

    return key;
}


static size_t
sign(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t bytes,
    unsigned char *signature)
{
    int            rc;
    size_t         len;
    EVP_MD_CTX    *md;
    EVP_PKEY_CTX  *ctx;

    len = SIGNATURE;

    if (scheme == WH_ED25519) {
        md = EVP_MD_CTX_new();

        rc = EVP_DigestSignInit(md, NULL, NULL, NULL, key) == 1
             && EVP_DigestSign(md, signature, &len, bytes.data, bytes.len)
                == 1;

        EVP_MD_CTX_free(md);

    } else {
        ctx = EVP_PKEY_CTX_new(key, NULL);

        rc = EVP_PKEY_sign_init(ctx) == 1
             && EVP_PKEY_CTX_set_signature_md(ctx,
                                         wh_digest(wh_pubkey_digest(scheme)))
                == 1
             && (scheme < WH_RSA_PSS_SHA256
                 || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING)
                     == 1
                     && EVP_PKEY_CTX_set_rsa_pss_saltlen(
                            ctx, RSA_PSS_SALTLEN_DIGEST)
                        == 1))
             && EVP_PKEY_sign(ctx, signature, &len, bytes.data, bytes.len)
                == 1;

        EVP_PKEY_CTX_free(ctx);
    }

    if (!rc) {
        abort();
    }

    return len;
}


static void
changed(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t bytes,
    unsigned char *signature, size_t len, unsigned bit)
{
    wh_str_t       wrong, other;
    unsigned char  message[4096];

    wrong.data = signature;

    /* cut, and with a byte more */

    wrong.len = len - 1;

    if (wh_pubkey_verify(key, scheme, bytes, wrong) != WH_INVALID) {
        abort();
    }

    signature[len] = 0;
    wrong.len = len + 1;

    if (wh_pubkey_verify(key, scheme, bytes, wrong) != WH_INVALID) {
        abort();
    }

    wrong.len = len;

    /* another message */

    if (bytes.len && bytes.len <= sizeof(message)) {
        memcpy(message, bytes.data, bytes.len);
        message[bit / 8 % bytes.len] ^= 1 << bit % 8;

        other.data = message;
        other.len = bytes.len;

        if (wh_pubkey_verify(key, scheme, other, wrong) != WH_INVALID) {
            abort();
        }
    }

    /* another signature */

    signature[bit / 8 % len] ^= 1 << bit % 8;

    if (wh_pubkey_verify(key, scheme, bytes, wrong) != WH_INVALID) {
        abort();
    }
}


static void
is_key(wh_pubkey_e scheme, wh_str_t text)
{
    EVP_PKEY  *key;

    if (wh_pubkey_read(&key, scheme, text) != WH_OK) {

        if (key != NULL) {
            abort();
        }

        return;
    }

    if (EVP_PKEY_base_id(key) != type_of(scheme)) {
        abort();
    }

    EVP_PKEY_free(key);
}
