
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Digests of the body in a header (RFC 9530).
 */


#ifndef _WH_CONTENT_DIGEST_H_INCLUDED_
#define _WH_CONTENT_DIGEST_H_INCLUDED_


#include "wh.h"
#include "wh_decode.h"
#include "wh_hmac.h"


typedef struct {
    unsigned       digests;        /* that are there, 1 << wh_digest_e */
    unsigned char  sha256[32];
    unsigned char  sha512[64];
} wh_content_digest_t;


/* The header's name, in lower case. */
extern const wh_str_t  wh_content_digest_name;


/*
 * Reads a Content-Digest: others than sha-256 and sha-512 are passed over, one
 * of these must be there.  encoding as for wh_sf_decode().  WH_OK or
 * WH_INVALID.
 */
int wh_content_digest(wh_str_t header, wh_encoding_e encoding,
    wh_content_digest_t *content);

/* Whether a digest of the body is the one that is there, 1 or 0. */
int wh_content_digest_equal(const wh_content_digest_t *content,
    wh_digest_e digest, const unsigned char *bytes);


#endif /* _WH_CONTENT_DIGEST_H_INCLUDED_ */
