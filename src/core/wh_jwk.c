
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Public keys out of the members of a JSON Web Key (RFC 7517, 7518, 8037).
 */


#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#endif

#include "wh_decode.h"
#include "wh_jwk.h"
#include "wh_str.h"


#define WH_JWK_MAX_SIZE   1024     /* of a member, decoded: RSA, 8192 bits */
#define WH_JWK_ED25519    32       /* bytes of such a key */
#define WH_JWK_MAX_POINT  133      /* of P-521: 4, x and y */


typedef struct {
    wh_str_t     name;
    int          nid;
    size_t       size;             /* bytes of x, and of y */
} wh_jwk_curve_t;


static int wh_jwk_rsa(EVP_PKEY **key, const wh_jwk_t *jwk);
static int wh_jwk_rsa_make(EVP_PKEY **key, BIGNUM *n, BIGNUM *e);
static int wh_jwk_ec(EVP_PKEY **key, const wh_jwk_t *jwk);
static int wh_jwk_ec_make(EVP_PKEY **key, int nid, unsigned char *point,
    size_t len);
static int wh_jwk_ed25519(EVP_PKEY **key, const wh_jwk_t *jwk);
static int wh_jwk_coordinate(wh_str_t text, unsigned char *dst, size_t size);
static int wh_jwk_decode(wh_str_t text, unsigned char *buf, size_t *len);
#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)
static int wh_jwk_from_params(EVP_PKEY **key, const char *type,
    OSSL_PARAM *params);
#endif


static const wh_jwk_curve_t  wh_jwk_curves[] = {
    { wh_string("P-256"), NID_X9_62_prime256v1, 32 },
    { wh_string("P-384"), NID_secp384r1, 48 },
    { wh_string("P-521"), NID_secp521r1, 66 }
};


int
wh_jwk_key(EVP_PKEY **key, const wh_jwk_t *jwk)
{
    int  rc;

    static const wh_str_t  rsa = wh_string("RSA");
    static const wh_str_t  ec = wh_string("EC");
    static const wh_str_t  okp = wh_string("OKP");

    *key = NULL;

    if (wh_equal(jwk->kty, rsa)) {
        rc = wh_jwk_rsa(key, jwk);

    } else if (wh_equal(jwk->kty, ec)) {
        rc = wh_jwk_ec(key, jwk);

    } else if (wh_equal(jwk->kty, okp)) {
        rc = wh_jwk_ed25519(key, jwk);

    } else {
        rc = WH_INVALID;
    }

    ERR_clear_error();

    return rc;
}


static int
wh_jwk_rsa(EVP_PKEY **key, const wh_jwk_t *jwk)
{
    int            rc;
    size_t         nlen, elen;
    BIGNUM        *n, *e;
    unsigned char  nbuf[WH_JWK_MAX_SIZE], ebuf[WH_JWK_MAX_SIZE];

    nlen = sizeof(nbuf);
    elen = sizeof(ebuf);

    if (wh_jwk_decode(jwk->n, nbuf, &nlen) != WH_OK
        || wh_jwk_decode(jwk->e, ebuf, &elen) != WH_OK)
    {
        return WH_INVALID;
    }

    n = BN_bin2bn(nbuf, (int) nlen, NULL);
    e = BN_bin2bn(ebuf, (int) elen, NULL);

    rc = (n != NULL && e != NULL) ? wh_jwk_rsa_make(key, n, e) : WH_ERROR;

    BN_free(n);
    BN_free(e);

    return rc;
}


#if (OPENSSL_VERSION_NUMBER >= 0x30000000L)

static int
wh_jwk_rsa_make(EVP_PKEY **key, BIGNUM *n, BIGNUM *e)
{
    int              rc;
    OSSL_PARAM      *params;
    OSSL_PARAM_BLD  *build;

    rc = WH_ERROR;
    build = OSSL_PARAM_BLD_new();

    if (build != NULL
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
    {
        params = OSSL_PARAM_BLD_to_param(build);

        if (params != NULL) {
            rc = wh_jwk_from_params(key, "RSA", params);
            OSSL_PARAM_free(params);
        }
    }

    OSSL_PARAM_BLD_free(build);

    return rc;
}


static int
wh_jwk_ec_make(EVP_PKEY **key, int nid, unsigned char *point, size_t len)
{
    OSSL_PARAM  params[3];

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                 (char *) OBJ_nid2sn(nid), 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                  point, len);
    params[2] = OSSL_PARAM_construct_end();

    return wh_jwk_from_params(key, "EC", params);
}


static int
wh_jwk_from_params(EVP_PKEY **key, const char *type, OSSL_PARAM *params)
{
    int            rc;
    EVP_PKEY_CTX  *ctx;

    ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1) {
        rc = WH_ERROR;

    } else {
        rc = EVP_PKEY_fromdata(ctx, key, EVP_PKEY_PUBLIC_KEY, params) == 1
             ? WH_OK : WH_INVALID;
    }

    EVP_PKEY_CTX_free(ctx);

    return rc;
}

#else

static int
wh_jwk_rsa_make(EVP_PKEY **key, BIGNUM *n, BIGNUM *e)
{
    RSA     *rsa;
    BIGNUM  *own_n, *own_e;

    *key = EVP_PKEY_new();

    rsa = RSA_new();
    own_n = BN_dup(n);
    own_e = BN_dup(e);

    /* each owns what it has been given */

    if (rsa == NULL || RSA_set0_key(rsa, own_n, own_e, NULL) != 1) {
        BN_free(own_n);
        BN_free(own_e);

    } else if (*key != NULL && EVP_PKEY_assign_RSA(*key, rsa) == 1) {
        return WH_OK;
    }

    RSA_free(rsa);
    EVP_PKEY_free(*key);
    *key = NULL;

    return WH_ERROR;
}


static int
wh_jwk_ec_make(EVP_PKEY **key, int nid, unsigned char *point, size_t len)
{
    int      rc;
    EC_KEY  *ec;

    *key = EVP_PKEY_new();

    ec = EC_KEY_new_by_curve_name(nid);

    if (*key == NULL || ec == NULL) {
        rc = WH_ERROR;

    } else if (EC_KEY_oct2key(ec, point, len, NULL) != 1) {
        rc = WH_INVALID;

    } else if (EVP_PKEY_assign_EC_KEY(*key, ec) == 1) {
        return WH_OK;

    } else {
        rc = WH_ERROR;
    }

    EC_KEY_free(ec);
    EVP_PKEY_free(*key);
    *key = NULL;

    return rc;
}

#endif


/*
 * Coordinates have the full length, RFC 7518, 6.2.1.2; of some senders' keys
 * a zero at the beginning is missing, which is the same number.
 */

static int
wh_jwk_ec(EVP_PKEY **key, const wh_jwk_t *jwk)
{
    size_t          i, size;
    unsigned char   point[WH_JWK_MAX_POINT];

    for (i = 0; i < sizeof(wh_jwk_curves) / sizeof(wh_jwk_curves[0]); i++) {

        if (!wh_equal(jwk->crv, wh_jwk_curves[i].name)) {
            continue;
        }

        size = wh_jwk_curves[i].size;

        point[0] = POINT_CONVERSION_UNCOMPRESSED;

        if (wh_jwk_coordinate(jwk->x, point + 1, size) != WH_OK
            || wh_jwk_coordinate(jwk->y, point + 1 + size, size) != WH_OK)
        {
            return WH_INVALID;
        }

        return wh_jwk_ec_make(key, wh_jwk_curves[i].nid, point, 1 + 2 * size);
    }

    return WH_INVALID;
}


static int
wh_jwk_coordinate(wh_str_t text, unsigned char *dst, size_t size)
{
    size_t  len;

    len = size;

    if (wh_jwk_decode(text, dst, &len) != WH_OK) {
        return WH_INVALID;
    }

    memmove(dst + size - len, dst, len);
    memset(dst, 0, size - len);

    return WH_OK;
}


static int
wh_jwk_ed25519(EVP_PKEY **key, const wh_jwk_t *jwk)
{
    size_t         len;
    unsigned char  raw[WH_JWK_ED25519];

    static const wh_str_t  ed25519 = wh_string("Ed25519");

    len = sizeof(raw);

    if (!wh_equal(jwk->crv, ed25519)
        || wh_jwk_decode(jwk->x, raw, &len) != WH_OK
        || len != sizeof(raw))
    {
        return WH_INVALID;
    }

    *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, len);

    return *key ? WH_OK : WH_ERROR;
}


static int
wh_jwk_decode(wh_str_t text, unsigned char *buf, size_t *len)
{
    if (text.len == 0 || memchr(text.data, '=', text.len) != NULL) {
        return WH_INVALID;
    }

    return wh_decode(WH_BASE64URL, text, buf, len);
}
