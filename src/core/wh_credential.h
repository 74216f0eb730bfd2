
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Static credentials: where a request carries them, and comparing them.
 */


#ifndef _WH_CREDENTIAL_H_INCLUDED_
#define _WH_CREDENTIAL_H_INCLUDED_


#include "wh.h"


#define WH_TOKEN_DIGEST_SIZE  32


/*
 * Writes the SHA-256 of a token, WH_TOKEN_DIGEST_SIZE bytes, so that tokens of
 * any length are compared as digests of one length.  wh_digest_init() goes
 * first.  WH_OK or WH_ERROR.
 */
int wh_token_digest(wh_str_t token, unsigned char *digest);

/* 1 when len bytes are the same; the time does not depend on the bytes */
int wh_secret_equal(const unsigned char *a, const unsigned char *b,
    size_t len);

/*
 * The credentials after an authentication scheme in the value of an
 * Authorization header (RFC 9110, 11.6.2); the scheme's case is ignored.  They
 * point into the header.  WH_OK, or WH_ABSENT when the scheme is another one
 * or nothing follows.
 */
int wh_authorization(wh_str_t header, wh_str_t scheme, wh_str_t *credentials);


#endif /* _WH_CREDENTIAL_H_INCLUDED_ */
