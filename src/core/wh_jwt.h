
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * JSON Web Tokens with HS256 (RFC 7515, 7519) that have a digest of the body.
 */


#ifndef _WH_JWT_H_INCLUDED_
#define _WH_JWT_H_INCLUDED_


#include <stdint.h>

#include "wh.h"
#include "wh_json_set.h"


#define WH_JWT_SIZE  32             /* of the MAC, and of the body's digest */


typedef struct {
    wh_str_t        header;         /* still encoded */
    wh_str_t        claims;         /* still encoded */
    wh_str_t        message;        /* that is signed: both, with the dot */
    unsigned char   mac[WH_JWT_SIZE];
} wh_jwt_t;


/* What the header and the claims must be. */

typedef struct {
    wh_json_set_t  *header;
    wh_json_set_t  *payload;
    wh_str_t        issuer;         /* or empty: any, or none */
    size_t          digest;         /* index of its pointer */
} wh_jwt_claims_t;


typedef enum {
    WH_JWT_FINE = 0,
    WH_JWT_NO_MEMORY,
    WH_JWT_MALFORMED,
    WH_JWT_WRONG_ISSUER,
    WH_JWT_EXPIRED,
    WH_JWT_EARLY
} wh_jwt_verdict_e;


/*
 * Cuts a token; all three parts are base64url without padding, the last one
 * a MAC of HS256 (RFC 7515, 3.1).  Nothing is decoded but the MAC; the other
 * parts point into the token.  WH_OK or WH_INVALID.
 */
int wh_jwt_split(wh_str_t token, wh_jwt_t *jwt);

/*
 * What is wanted: an issuer, whose text must outlive the claims, and at a JSON
 * Pointer the SHA-256 of the body in hex.  WH_INVALID: it is no pointer.
 * WH_ERROR: no memory.  The claims are to be freed in any case.
 */
int wh_jwt_claims_init(wh_jwt_claims_t *claims, wh_str_t issuer,
    wh_str_t digest);
void wh_jwt_claims_free(wh_jwt_claims_t *claims);

/*
 * Checks a token whose MAC should have been compared before, at the time now,
 * seconds since 1970.  The header must say HS256 and have no "crit"; "exp"
 * and "nbf" are whole seconds; a member that is checked must not come twice.
 * buf must have room for the token's length.  digest gets WH_JWT_SIZE bytes,
 * also when all that is wrong is the issuer or the time.
 */
wh_jwt_verdict_e wh_jwt_check(const wh_jwt_claims_t *claims,
    const wh_jwt_t *jwt, int64_t now, unsigned char *buf,
    unsigned char *digest);


#endif /* _WH_JWT_H_INCLUDED_ */
