
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * JSON Web Signatures in compact form (RFC 7515), with their payload or
 * detached from it (appendix F, RFC 7797): cutting, and the header.
 */


#ifndef _WH_JOSE_H_INCLUDED_
#define _WH_JOSE_H_INCLUDED_


#include "wh.h"
#include "wh_json_set.h"


/* The parts of a token, still encoded; they point into it. */

typedef struct {
    wh_str_t  header;
    wh_str_t  payload;             /* empty where it is detached */
    wh_str_t  signature;
    wh_str_t  message;             /* that is signed: header, dot, payload */
} wh_jose_t;


typedef struct {
    wh_str_t  kid;                 /* no data: it has none */
    unsigned  plain;               /* "b64" is false, RFC 7797 */
} wh_jose_header_t;


/*
 * Cuts a token into its three parts, none of which is empty but a detached
 * payload, which has to be.  Nothing is decoded; there is no padding.  WH_OK
 * or WH_INVALID.
 */
int wh_jose_split(wh_str_t token, unsigned detached, wh_jose_t *jose);

/* Whether a text could be what a token signs: 1 or 0. */
int wh_jose_signed(wh_str_t text);

/* A parameter that a header must have, and a value that it may have. */

typedef struct {
    size_t    index;               /* of its name in the set */
    wh_str_t  value;
} wh_jose_parameter_t;


/* What a header must be. */

typedef struct {
    wh_json_set_t              *set;
    wh_str_t                    alg;
    unsigned                    detached;
    const wh_jose_parameter_t  *parameters;
    size_t                      n;
} wh_jose_rules_t;


/*
 * The pointers of a header that wh_jose_header() looks at, to be freed with
 * wh_json_set_free().  NULL without memory.
 */
wh_json_set_t *wh_jose_set(void);

/*
 * The index of a parameter, whose name is added to the set.  WH_OK,
 * WH_INVALID: it has "/" or "~" in it, is too long, or has rules of its own,
 * or WH_ERROR: no memory.
 */
int wh_jose_parameter(wh_json_set_t *set, wh_str_t name, size_t *index);

/*
 * Reads a header: its "alg" must be this one; "crit" may be there only for
 * "b64" of a detached payload; no member comes twice; each of the parameters
 * is a string, and one of the values that are there for it.  There are no
 * keys, nor places to get them from but a "jku" that is among the parameters.
 * buf has room for the encoded header, and "kid" is in it afterwards.  WH_OK,
 * WH_INVALID, or WH_ERROR: no memory.
 */
int wh_jose_header(const wh_jose_rules_t *rules, wh_str_t encoded,
    unsigned char *buf, wh_jose_header_t *header);


#endif /* _WH_JOSE_H_INCLUDED_ */
