
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
    wh_str_t        claims;         /* likewise */
    wh_str_t        message;        /* that is signed: both, with the dot */
    unsigned char   mac[WH_JWT_SIZE];
} wh_jwt_t;


/* What the claims must be. */

typedef struct {
    wh_json_set_t  *header;
    wh_json_set_t  *claims;
    wh_str_t        issuer;         /* or empty: any, or none */
    size_t          digest;         /* its pointer */
} wh_jwt_rules_t;


typedef enum {
    WH_JWT_FINE = 0,
    WH_JWT_NO_MEMORY,
    WH_JWT_MALFORMED,
    WH_JWT_WRONG_ISSUER,
    WH_JWT_EXPIRED,
    WH_JWT_EARLY
} wh_jwt_verdict_e;


/*
 * Cuts a token; all three parts are base64url without padding, the last one a
 * MAC of HS256.  Nothing is decoded but the MAC.  WH_OK or WH_INVALID.
 */
int wh_jwt_split(wh_str_t token, wh_jwt_t *jwt);

/*
 * Rules with an issuer, whose text must outlive them, and the JSON Pointer of
 * the claim that has the SHA-256 of the body in hex.  WH_INVALID: it is no
 * pointer.  WH_ERROR: no memory.  The rules are to be freed in any case.
 */
int wh_jwt_rules_init(wh_jwt_rules_t *rules, wh_str_t issuer, wh_str_t digest);
void wh_jwt_rules_free(wh_jwt_rules_t *rules);

/*
 * Looks at a token, whose MAC should have been compared before.  The header
 * must say HS256 and have no "crit"; "exp" and "nbf" are whole seconds; a
 * member that is looked at must not come twice.  There must be room in buf
 * for the token's length; the digest is WH_JWT_SIZE bytes, and is there also
 * when all that is wrong is the time.
 */
wh_jwt_verdict_e wh_jwt_check(const wh_jwt_rules_t *rules,
    const wh_jwt_t *jwt, int64_t now, unsigned char *buf,
    unsigned char *digest);


#endif /* _WH_JWT_H_INCLUDED_ */
