
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signature headers: one value, a list, or a list of named fields.
 */


#ifndef _WH_SIGNATURE_H_INCLUDED_
#define _WH_SIGNATURE_H_INCLUDED_


#include "wh.h"
#include "wh_decode.h"


#define WH_SIGNATURE_MAX_SIZE   1024    /* of one signature, in bytes: RSA
                                           with 8192 bits */
#define WH_SIGNATURE_MAX_COUNT  8       /* of signatures in one header */
#define WH_SIGNATURE_MAX_PUBKEY 3       /* of different ones by a public key */


typedef struct {
    wh_encoding_e  encoding;
    size_t         size;               /* of a signature; 0 for any */
    wh_str_t       prefix;             /* before each, as "sha256=" */
    wh_str_t       field;              /* its name among fields, or empty */
    unsigned char  separator;          /* of the list; 0 for no list */
} wh_signature_format_t;


typedef struct {
    size_t          len;
    unsigned char  *bytes;
} wh_signature_t;


/*
 * Reads the signatures out of a header's value.  In a list, elements that
 * are not of the format are left out: senders add schemes of which the
 * receiver need not know.  buf has room for the value's wh_decoded_len(), and
 * the signatures point there.  *n is the room in signatures and becomes their
 * number.  WH_INVALID when there is none, or more than there is room for.
 */
int wh_signature_parse(const wh_signature_format_t *format, wh_str_t value,
    unsigned char *buf, wh_signature_t *signatures, size_t *n);


#endif /* _WH_SIGNATURE_H_INCLUDED_ */
