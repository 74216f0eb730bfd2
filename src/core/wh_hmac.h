
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * HMAC (RFC 2104) with keys scheduled ahead of the messages.
 */


#ifndef _WH_HMAC_H_INCLUDED_
#define _WH_HMAC_H_INCLUDED_


#include <openssl/evp.h>

#include "wh.h"


#define WH_HMAC_MAX_SIZE  64      /* the longest digest, SHA-512, in bytes */


/* Digests, with the names that OpenSSL has for them. */

#define wh_digest_rows(row)                                                   \
    row(WH_SHA256, "sha256")                                                  \
    row(WH_SHA1, "sha1")                                                      \
    row(WH_SHA384, "sha384")                                                  \
    row(WH_SHA512, "sha512")

#define wh_digest_id(id, name)  id,


typedef enum {
    wh_digest_rows(wh_digest_id)
    WH_DIGESTS
} wh_digest_e;


/*
 * A key's two hash states: after the block of key and ipad, and after the
 * block of key and opad.  Read-only once scheduled, so any number of
 * messages can be in progress at the same time.
 */

typedef struct {
    EVP_MD_CTX  *inner;
    EVP_MD_CTX  *outer;
    size_t       size;             /* of the digest, in bytes */
} wh_hmac_key_t;


/*
 * Fetches the digests from OpenSSL once for the whole process; repeated
 * calls do nothing.  WH_ERROR when OpenSSL does not have one.  Nothing is to
 * be freed: the references live as long as the process.
 */
int wh_digest_init(void);

/* The fetched digest, not to be freed; wh_digest_init() goes first. */
const EVP_MD *wh_digest(wh_digest_e digest);

/*
 * A plain digest: start, then wh_hmac_update(), then final, which writes the
 * digest, at most WH_HMAC_MAX_SIZE bytes, and its length.  WH_OK or WH_ERROR.
 */
int wh_digest_start(wh_digest_e digest, EVP_MD_CTX *ctx);
int wh_digest_final(EVP_MD_CTX *ctx, unsigned char *bytes, size_t *len);

/*
 * Schedules a key of len bytes, len > 0.  The key's bytes are not kept; the
 * states belong to the caller until wh_hmac_key_free().  WH_ERROR when OpenSSL
 * refuses; the structure is then empty.
 */
int wh_hmac_key_init(wh_hmac_key_t *key, wh_digest_e digest,
    const unsigned char *secret, size_t len);

/* Wipes and frees the states; an empty structure is allowed. */
void wh_hmac_key_free(wh_hmac_key_t *key);

/*
 * One message: start copies the key's inner state into a context of the
 * caller's, which may be fresh or used; update takes the message in pieces
 * of any length, NULL with length 0 included; final writes key->size bytes.
 * All return WH_OK or WH_ERROR, after which the context must be started anew.
 */
int wh_hmac_start(const wh_hmac_key_t *key, EVP_MD_CTX *ctx);
int wh_hmac_update(EVP_MD_CTX *ctx, const unsigned char *data, size_t len);
int wh_hmac_final(const wh_hmac_key_t *key, EVP_MD_CTX *ctx,
    unsigned char *mac);

/*
 * All of this at once: the HMAC of n parts, one after the other, under a key,
 * or, if key is NULL, their plain SHA-256.  md is a context of the caller's,
 * fresh or used.  Writes key->size or 32 bytes.  WH_OK or WH_ERROR; it stops
 * at the first failure, and bytes are not to be used then.
 */
int wh_mac(const wh_hmac_key_t *key, EVP_MD_CTX *md, const wh_str_t *parts,
    size_t n, unsigned char *bytes);

/* The same with a context that is made for it, where that is seldom wanted. */
int wh_mac_once(const wh_hmac_key_t *key, const wh_str_t *parts, size_t n,
    unsigned char *bytes);


#endif /* _WH_HMAC_H_INCLUDED_ */
