
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * HMAC (RFC 2104) with keys scheduled ahead of the messages.
 */


#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "wh_hmac.h"


#define WH_HMAC_MAX_BLOCK  128     /* of SHA-384 and SHA-512, in bytes */

#define wh_digest_name(id, name)  name,


static EVP_MD_CTX *wh_hmac_pad(const EVP_MD *md, const unsigned char *block,
    size_t len, unsigned char pad);


static const EVP_MD  *wh_digests[WH_DIGESTS];


int
wh_digest_init(void)
{
    int  i;

    static const char  *names[] = { wh_digest_rows(wh_digest_name) };

    for (i = 0; i < WH_DIGESTS; i++) {

        if (wh_digests[i] != NULL) {
            continue;
        }

#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)

        wh_digests[i] = EVP_MD_fetch(NULL, names[i], NULL);

#else

        wh_digests[i] = EVP_get_digestbyname(names[i]);

#endif

        if (wh_digests[i] == NULL) {
            ERR_clear_error();
            return WH_ERROR;
        }
    }

    return WH_OK;
}


const EVP_MD *
wh_digest(wh_digest_e digest)
{
    return wh_digests[digest];
}


int
wh_digest_start(wh_digest_e digest, EVP_MD_CTX *ctx)
{
    if (EVP_DigestInit_ex(ctx, wh_digests[digest], NULL) != 1) {
        ERR_clear_error();
        return WH_ERROR;
    }

    return WH_OK;
}


int
wh_digest_final(EVP_MD_CTX *ctx, unsigned char *bytes, size_t *len)
{
    unsigned int  size;

    if (EVP_DigestFinal_ex(ctx, bytes, &size) != 1) {
        ERR_clear_error();
        return WH_ERROR;
    }

    *len = size;

    return WH_OK;
}


int
wh_hmac_key_init(wh_hmac_key_t *key, wh_digest_e digest,
    const unsigned char *secret, size_t len)
{
    int            rc;
    size_t         block_size;
    const EVP_MD  *md;
    unsigned char  block[WH_HMAC_MAX_BLOCK];

    md = wh_digests[digest];
    block_size = EVP_MD_block_size(md);

    key->inner = NULL;
    key->outer = NULL;
    key->size = EVP_MD_size(md);

    memset(block, 0, sizeof(block));

    if (len <= block_size) {
        memcpy(block, secret, len);
        rc = 1;

    } else {
        rc = EVP_Digest(secret, len, block, NULL, md, NULL);
    }

    if (rc == 1) {
        key->inner = wh_hmac_pad(md, block, block_size, 0x36);
        key->outer = wh_hmac_pad(md, block, block_size, 0x5c);
    }

    OPENSSL_cleanse(block, sizeof(block));

    if (key->inner == NULL || key->outer == NULL) {
        wh_hmac_key_free(key);
        ERR_clear_error();

        return WH_ERROR;
    }

    return WH_OK;
}


static EVP_MD_CTX *
wh_hmac_pad(const EVP_MD *md, const unsigned char *block, size_t len,
    unsigned char pad)
{
    size_t          i;
    EVP_MD_CTX     *ctx;
    unsigned char   padded[WH_HMAC_MAX_BLOCK];

    for (i = 0; i < len; i++) {
        padded[i] = block[i] ^ pad;
    }

    ctx = EVP_MD_CTX_new();

    if (ctx != NULL
        && (EVP_DigestInit_ex(ctx, md, NULL) != 1
            || EVP_DigestUpdate(ctx, padded, len) != 1))
    {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }

    OPENSSL_cleanse(padded, sizeof(padded));

    return ctx;
}


void
wh_hmac_key_free(wh_hmac_key_t *key)
{
    EVP_MD_CTX_free(key->inner);
    EVP_MD_CTX_free(key->outer);

    key->inner = NULL;
    key->outer = NULL;
}


int
wh_hmac_start(const wh_hmac_key_t *key, EVP_MD_CTX *ctx)
{
    if (EVP_MD_CTX_copy_ex(ctx, key->inner) != 1) {
        ERR_clear_error();
        return WH_ERROR;
    }

    return WH_OK;
}


int
wh_hmac_update(EVP_MD_CTX *ctx, const unsigned char *data, size_t len)
{
    if (len > 0 && EVP_DigestUpdate(ctx, data, len) != 1) {
        ERR_clear_error();
        return WH_ERROR;
    }

    return WH_OK;
}


int
wh_hmac_final(const wh_hmac_key_t *key, EVP_MD_CTX *ctx, unsigned char *mac)
{
    unsigned char  digest[WH_HMAC_MAX_SIZE];

    if (EVP_DigestFinal_ex(ctx, digest, NULL) != 1
        || EVP_MD_CTX_copy_ex(ctx, key->outer) != 1
        || EVP_DigestUpdate(ctx, digest, key->size) != 1
        || EVP_DigestFinal_ex(ctx, mac, NULL) != 1)
    {
        ERR_clear_error();
        return WH_ERROR;
    }

    return WH_OK;
}


int
wh_mac(const wh_hmac_key_t *key, EVP_MD_CTX *md, const wh_str_t *parts,
    size_t n, unsigned char *bytes)
{
    size_t  i, size;

    if ((key != NULL ? wh_hmac_start(key, md)
                     : wh_digest_start(WH_SHA256, md))
        != WH_OK)
    {
        return WH_ERROR;
    }

    for (i = 0; i < n; i++) {

        if (wh_hmac_update(md, parts[i].data, parts[i].len) != WH_OK) {
            return WH_ERROR;
        }
    }

    return (key != NULL) ? wh_hmac_final(key, md, bytes)
                         : wh_digest_final(md, bytes, &size);
}


int
wh_mac_once(const wh_hmac_key_t *key, const wh_str_t *parts, size_t n,
    unsigned char *bytes)
{
    int          rc;
    EVP_MD_CTX  *md;

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return WH_ERROR;
    }

    rc = wh_mac(key, md, parts, n, bytes);

    EVP_MD_CTX_free(md);

    return rc;
}
