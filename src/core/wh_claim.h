
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What a claim of a token has to be, one of some values (RFC 7519, 4.1.3).
 */


#ifndef _WH_CLAIM_H_INCLUDED_
#define _WH_CLAIM_H_INCLUDED_


#include "wh.h"
#include "wh_json.h"


#define WH_CLAIM_ELEMENTS  16      /* of an array that are looked at */
#define WH_CLAIM_POINTER   512     /* bytes of a pointer */


typedef struct {
    size_t           index;        /* of the claim in the set */
    size_t           elements[WH_CLAIM_ELEMENTS];
    const wh_str_t  *values;       /* the caller's */
    size_t           n;
} wh_claim_t;


/*
 * Adds a claim's pointer, and those of its elements, to the set of a parser;
 * values must outlive the claim.  WH_OK, WH_INVALID: it is no JSON Pointer or
 * too long, or WH_ERROR: no memory.
 */
int wh_claim_init(wh_claim_t *claim, wh_json_set_t *set, wh_str_t pointer,
    const wh_str_t *values, size_t n);

/*
 * The value that the claim, or an element of it, is: a string, or an integer or
 * boolean as it is written.  NULL if it is none.
 */
const wh_str_t *wh_claim_check(const wh_claim_t *claim, const wh_json_t *json);


#endif /* _WH_CLAIM_H_INCLUDED_ */
