
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Names of messages, and of what they are made of.
 */


#ifndef _WH_NAME_H_INCLUDED_
#define _WH_NAME_H_INCLUDED_


#include "wh_hmac.h"


#define WH_NAME_SIZE  32


/*
 * What is named.  The number is in the bytes, so one that has been in use
 * keeps its meaning.
 */

typedef enum {
    WH_NAME_SCOPE = 1,             /* by "scope=" */
    WH_NAME_SERVER = 2,
    WH_NAME_LOCATION = 3,
    WH_NAME_TENANT = 4,            /* signers, each after the one before */
    WH_NAME_SECRET = 5,
    WH_NAME_TOKEN = 6,
    WH_NAME_SUBJECT = 7,
    WH_NAME_KEY = 8,               /* messages: by a key */
    WH_NAME_BODY = 9,              /* by the SHA-256 of the body */
    WH_NAME_SIGNED = 10,           /* by the SHA-256 of what was signed */
    WH_NAME_ISSUER = 11,           /* a signer: of a JSON Web Token */
    WH_NAME_CLAIM = 12             /* likewise: a claim that it must have */
} wh_name_e;


/*
 * Writes the name of n parts, WH_NAME_SIZE bytes: the SHA-256 of a version, of
 * what it is, and of each part after its length in 4 bytes, the highest
 * first.  So it is the same on every host.  name may be one of the parts.  md
 * is a context of the caller's, fresh or used; wh_digest_init() goes first.
 * WH_OK or WH_ERROR.
 */
int wh_name(EVP_MD_CTX *md, wh_name_e what, const wh_str_t *parts, size_t n,
    unsigned char *name);


#endif /* _WH_NAME_H_INCLUDED_ */
