
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Forms as some senders sign them: their fields in order, without separators.
 */


#ifndef _WH_FORM_SORTED_H_INCLUDED_
#define _WH_FORM_SORTED_H_INCLUDED_


#include "wh.h"


#define WH_FORM_MAX_PAIRS  1000


typedef struct {
    wh_str_t  name;
    wh_str_t  value;
} wh_form_pair_t;


/* The number of pairs in a text, as wh_form_next() finds them. */
size_t wh_form_count(wh_str_t text);

/*
 * Writes each name and then its value, decoded, sorted by the bytes of
 * the names and then of the values.  There must be room in pairs for
 * wh_form_count(), in decoded and in buf for text.len bytes.  *len becomes
 * the length.  WH_OK, or WH_INVALID: a name or a value is malformed, or
 * something is there that adds nothing to the text: an empty name, an empty
 * pair, or one that is equal to another, of which senders sign one.
 */
int wh_form_sorted(wh_str_t text, wh_form_pair_t *pairs,
    unsigned char *decoded, unsigned char *buf, size_t *len);


#endif /* _WH_FORM_SORTED_H_INCLUDED_ */
