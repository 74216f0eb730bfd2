
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures by public keys that the receiver knows beforehand.
 */


#ifndef _WH_PUBKEY_H_INCLUDED_
#define _WH_PUBKEY_H_INCLUDED_


#include <openssl/evp.h>

#include "wh.h"
#include "wh_hmac.h"


#define WH_PUBKEY_RSA_BITS      2048    /* fewer are refused */
#define WH_PUBKEY_RSA_MAX_BITS  8192    /* and more, whose signatures are
                                           longer than WH_SIGNATURE_MAX_SIZE */


#define WH_ECDSA_MAX_SIZE       144     /* bytes of a signature in DER */


typedef enum {
    WH_PUBKEY_NONE = 0,
    WH_ED25519,                     /* RFC 8032; takes the message whole */
    WH_ECDSA_P256_SHA256,           /* the signature is DER */
    WH_ECDSA_P384_SHA384,
    WH_ECDSA_P521_SHA512,
    WH_RSA_SHA1,                    /* RSASSA-PKCS1-v1_5, RFC 8017 */
    WH_RSA_SHA256,
    WH_RSA_SHA384,
    WH_RSA_SHA512,
    WH_RSA_PSS_SHA256,              /* RSASSA-PSS, the salt is as long as the
                                       digest, RFC 7518, 3.5 */
    WH_RSA_PSS_SHA384,
    WH_RSA_PSS_SHA512,
    WH_PUBKEY_SCHEMES
} wh_pubkey_e;


/*
 * Names of schemes, those of "algorithm=" and those that tokens have for them
 * (RFC 7518, RFC 8037), which are in small letters in "algorithm=".
 */

#define wh_pubkey_rows(row)                                                   \
    row(WH_ED25519, "ed25519")                                                \
    row(WH_ECDSA_P256_SHA256, "ecdsa-p256-sha256")                            \
    row(WH_ECDSA_P384_SHA384, "ecdsa-p384-sha384")                            \
    row(WH_RSA_SHA256, "rsa-sha256")                                          \
    row(WH_RSA_SHA512, "rsa-sha512")                                          \
    row(WH_RSA_SHA1, "rsa-sha1")

#define wh_pubkey_token_rows(row)                                             \
    row(WH_RSA_SHA256, "rs256", "RS256")                                      \
    row(WH_RSA_SHA384, "rs384", "RS384")                                      \
    row(WH_RSA_SHA512, "rs512", "RS512")                                      \
    row(WH_RSA_PSS_SHA256, "ps256", "PS256")                                  \
    row(WH_RSA_PSS_SHA384, "ps384", "PS384")                                  \
    row(WH_RSA_PSS_SHA512, "ps512", "PS512")                                  \
    row(WH_ECDSA_P256_SHA256, "es256", "ES256")                               \
    row(WH_ECDSA_P384_SHA384, "es384", "ES384")                               \
    row(WH_ECDSA_P521_SHA512, "es512", "ES512")                               \
    row(WH_ED25519, "eddsa", "EdDSA")


/*
 * Reads a public key: PEM, the Base64 of a SubjectPublicKeyInfo, and for
 * Ed25519 also its 32 bytes in hex or in Base64, after "whpk_" as Standard
 * Webhooks has it.  The key belongs to the caller, who frees it with
 * EVP_PKEY_free().  WH_OK, or WH_INVALID, with *key NULL, when it is none of
 * these, or does not fit the scheme.
 */
int wh_pubkey_read(EVP_PKEY **key, wh_pubkey_e scheme, wh_str_t text);

/*
 * 1 for a key that the scheme takes: of its algorithm and curve; RSA with a
 * modulus of so many bits and an odd exponent above 1; Ed25519 with a point
 * that is not of small order, which signs for anybody.
 */
int wh_pubkey_fits(EVP_PKEY *key, wh_pubkey_e scheme);

/* 1 for one key, however each was written; either may be NULL. */
int wh_pubkey_same(EVP_PKEY *one, EVP_PKEY *two);

/* 1 for 32 bytes in hex or in Base64, which may as well be any other key. */
int wh_pubkey_bare(wh_str_t text);

/*
 * 1 for what everybody may know, of whatever algorithm: a public key or a
 * certificate in PEM, or a SubjectPublicKeyInfo, in Base64 or as its bytes.
 */
int wh_pubkey_public(wh_str_t text);

/* What a key for the scheme is, for people. */
const char *wh_pubkey_form(wh_pubkey_e scheme);

/* The digest that a scheme signs; Ed25519 has none. */
wh_digest_e wh_pubkey_digest(wh_pubkey_e scheme);

/* Bytes of a signature as r and s side by side, 0 if it is not ECDSA. */
size_t wh_ecdsa_raw_size(wh_pubkey_e scheme);

/*
 * For OpenSSL's readers of PEM: no password, for text that says it is encrypted
 * must not make it ask at a terminal.
 */
int wh_pubkey_no_password(char *buf, int size, int writing, void *data);

/*
 * A signature of r and s side by side (RFC 7518, 3.4) as DER, for which der
 * has WH_ECDSA_MAX_SIZE bytes; *len becomes its length.  The length of raw is
 * wh_ecdsa_raw_size().  WH_OK or WH_ERROR.
 */
int wh_ecdsa_der(wh_str_t raw, unsigned char *der, size_t *len);

/*
 * Verifies a signature over a digest, by wh_pubkey_digest(), or, of Ed25519,
 * over the message itself.  WH_OK, WH_INVALID, or WH_ERROR: no memory, or
 * OpenSSL refuses the key.
 */
int wh_pubkey_verify(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t signed_bytes,
    wh_str_t signature);


#endif /* _WH_PUBKEY_H_INCLUDED_ */
