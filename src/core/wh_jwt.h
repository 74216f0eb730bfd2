
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The claims of JSON Web Tokens (RFC 7519).
 */


#ifndef _WH_JWT_H_INCLUDED_
#define _WH_JWT_H_INCLUDED_


#include <stdint.h>

#include "wh.h"
#include "wh_decode.h"
#include "wh_json.h"


#define WH_JWT_SIZE    32          /* of the body's digest */
#define WH_JWT_LEEWAY  60          /* seconds, for clocks that differ */


/* What the claims must be. */

typedef struct {
    wh_str_t       issuer;         /* or empty: any, or none */
    wh_encoding_e  encoding;       /* of the digest */
    size_t         digest;         /* index of its pointer, or WH_JSON_NONE */
    unsigned       expires;        /* "exp" must be there */
} wh_jwt_rules_t;


typedef enum {
    WH_JWT_FINE = 0,
    WH_JWT_MALFORMED,
    WH_JWT_WRONG_ISSUER,
    WH_JWT_EXPIRED,
    WH_JWT_EARLY
} wh_jwt_verdict_e;


/*
 * A set of pointers for claims, which begins with those that wh_jwt_check()
 * looks at; to be freed with wh_json_set_free().  NULL without memory.
 */
wh_json_set_t *wh_jwt_set(void);

/*
 * Decodes and parses claims, still encoded: an object, in which none that the
 * set leads to may come twice.  buf must have room for the encoded length, and
 * *text becomes what is in it.  WH_OK, WH_INVALID, or WH_ERROR: no memory;
 * *json is to be freed in any case.
 */
int wh_jwt_parse(const wh_json_set_t *set, wh_str_t encoded,
    unsigned char *buf, wh_str_t *text, wh_json_t **json);

/*
 * Checks claims at the time now, seconds since 1970.  "exp" and "nbf" are
 * NumericDates: not negative, below 2^53, a fraction is cut off; both have a
 * leeway.  digest gets WH_JWT_SIZE bytes, if there is one, also when all that
 * is wrong is the issuer or the time.
 */
wh_jwt_verdict_e wh_jwt_check(const wh_jwt_rules_t *rules,
    const wh_json_t *json, int64_t now, unsigned char *digest);


#endif /* _WH_JWT_H_INCLUDED_ */
