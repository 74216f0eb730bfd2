
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Sets of public keys that have ids: JWK sets (RFC 7517), and objects of ids
 * with PEM texts.
 */


#ifndef _WH_KEYSET_H_INCLUDED_
#define _WH_KEYSET_H_INCLUDED_


#include <stdint.h>

#include <openssl/evp.h>

#include "wh.h"
#include "wh_pubkey.h"


#define WH_KEYSET_MAX  64          /* keys of one set */


typedef enum {
    WH_KEYSET_NONE = 0,
    WH_KEYSET_JWKS,                /* RFC 7517, 5 */
    WH_KEYSET_PEM                  /* {"id": "a public key or certificate"} */
} wh_keyset_format_e;


typedef struct {
    wh_str_t   id;                 /* no data: it has none */
    EVP_PKEY  *key;                /* NULL: it cannot be used */
    unsigned   schemes;            /* that it may verify, 1 << wh_pubkey_e */
    int64_t    not_before;         /* of a certificate, seconds since 1970 */
    int64_t    not_after;
    unsigned   told;               /* the caller's: that it ends soon */
} wh_keyset_key_t;


typedef struct {
    wh_keyset_key_t  keys[WH_KEYSET_MAX];
    size_t           n;
    size_t           left_out;     /* of them, that cannot be used */
    unsigned         schemes;      /* of all keys */
} wh_keyset_t;


/*
 * Reads a set.  It belongs to the caller, who frees it with wh_keyset_free();
 * text is not needed any longer.  A key that cannot be used is left out: of a
 * kind that is not taken, that does not fit its own "alg", that is not for
 * signatures by its "use" or "key_ops", or with an id that is there twice.
 *
 * WH_INVALID, with *set NULL: *error is a static text that goes after the name
 * of the file, as "is not JSON".  Members that are looked at must not come
 * twice, and there is no private key in a set.  WH_ERROR: no memory.
 */
int wh_keyset_read(wh_keyset_t **set, wh_keyset_format_e format, wh_str_t text,
    const char **error);

/* Frees a set and its keys; NULL is allowed. */
void wh_keyset_free(wh_keyset_t *set);

/*
 * The key with an id that may verify a scheme at the time now; without an id
 * the only one that may.  It belongs to the set.  NULL if there is none.
 */
wh_keyset_key_t *wh_keyset_find(wh_keyset_t *set, wh_pubkey_e scheme,
    const wh_str_t *id, int64_t now);

/* The name of a scheme in "alg" (RFC 7518, 3.1; RFC 8037); empty: none. */
wh_str_t wh_keyset_alg(wh_pubkey_e scheme);


#endif /* _WH_KEYSET_H_INCLUDED_ */
