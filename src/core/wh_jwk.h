
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Public keys out of the members of a JSON Web Key (RFC 7517, 7518, 8037).
 */


#ifndef _WH_JWK_H_INCLUDED_
#define _WH_JWK_H_INCLUDED_


#include <openssl/evp.h>

#include "wh.h"


/* Members as they are in the document; those that are not there are empty. */

typedef struct {
    wh_str_t  kty;
    wh_str_t  crv;
    wh_str_t  x;
    wh_str_t  y;
    wh_str_t  n;
    wh_str_t  e;
} wh_jwk_t;


/*
 * Makes a key of RSA, EC with P-256, P-384 or P-521, or OKP with Ed25519.  The
 * caller frees it with EVP_PKEY_free().  WH_INVALID, with *key NULL: another
 * kind, a member that is missing or not strict base64url without padding, or a
 * point that is not on its curve.  WH_ERROR: no memory.
 */
int wh_jwk_key(EVP_PKEY **key, const wh_jwk_t *jwk);


#endif /* _WH_JWK_H_INCLUDED_ */
