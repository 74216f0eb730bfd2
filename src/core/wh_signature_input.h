
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * HTTP Message Signatures (RFC 9421): which signature of a message counts, and
 * what it says that it is over.
 */


#ifndef _WH_SIGNATURE_INPUT_H_INCLUDED_
#define _WH_SIGNATURE_INPUT_H_INCLUDED_


#include <stdint.h>

#include "wh.h"
#include "wh_pubkey.h"


/* Algorithms by their registered names (6.2); NONE: HMAC-SHA256. */

#define wh_signature_alg_rows(row)                                            \
    row("ed25519", WH_ED25519)                                                \
    row("ecdsa-p256-sha256", WH_ECDSA_P256_SHA256)                            \
    row("ecdsa-p384-sha384", WH_ECDSA_P384_SHA384)                            \
    row("rsa-v1_5-sha256", WH_RSA_SHA256)                                     \
    row("rsa-pss-sha512", WH_RSA_PSS_SHA512)                                  \
    row("hmac-sha256", WH_PUBKEY_NONE)


#define WH_COMPONENTS_MAX  32      /* of one signature */


/* A part of the request: a field, or what is derived from it (2.2). */

typedef enum {
    WH_COMPONENT_FIELD = 0,
    WH_COMPONENT_METHOD,
    WH_COMPONENT_TARGET_URI,
    WH_COMPONENT_AUTHORITY,
    WH_COMPONENT_SCHEME,
    WH_COMPONENT_REQUEST_TARGET,
    WH_COMPONENT_PATH,
    WH_COMPONENT_QUERY,
    WH_COMPONENTS
} wh_component_e;


typedef struct {
    wh_component_e  type;
    wh_str_t        name;
} wh_component_t;


/* A signature as its Signature-Input has it; parameters have no data: none. */

typedef struct {
    wh_str_t        label;
    wh_str_t        written;       /* "@signature-params" (2.3) */
    wh_component_t  components[WH_COMPONENTS_MAX];
    size_t          n;
    wh_str_t        created;       /* digits */
    wh_str_t        expires;       /* likewise */
    wh_str_t        nonce;         /* strings; escapes are left in them */
    wh_str_t        alg;
    wh_str_t        keyid;
    wh_str_t        tag;
} wh_signature_input_t;


/*
 * A component by its name: WH_OK, or WH_INVALID for one that is not known or
 * that is no name of a field in lower case.
 */
int wh_component(wh_str_t name, wh_component_t *component);

/*
 * The one signature of a header that has a label, or else a tag, or else is
 * alone there: WH_OK; WH_ABSENT when there is none; WH_REPEATED when there are
 * several, or its label comes twice; WH_INVALID when the header is no
 * dictionary, or the signature has too many components, one that is not known,
 * one twice or with parameters, or a parameter of its own twice.
 */
int wh_signature_input(wh_str_t header, wh_str_t label, wh_str_t tag,
    wh_signature_input_t *input);

/* Whether a signature covers a component, 1 or 0. */
int wh_signature_covers(const wh_signature_input_t *input, wh_str_t name);

/* An algorithm by its name: WH_OK or WH_INVALID. */
int wh_signature_alg(wh_str_t name, wh_pubkey_e *scheme);

/* Seconds since 1970 of "created" and "expires", or -1. */
int64_t wh_signature_time(wh_str_t digits);


#endif /* _WH_SIGNATURE_INPUT_H_INCLUDED_ */
