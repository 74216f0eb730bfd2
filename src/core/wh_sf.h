
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Structured fields (RFC 9651): dictionaries, inner lists, items and
 * parameters, cut in place.  Nothing is allocated.
 */


#ifndef _WH_SF_H_INCLUDED_
#define _WH_SF_H_INCLUDED_


#include "wh.h"
#include "wh_decode.h"


typedef enum {
    WH_SF_INTEGER = 0,             /* up to 15 digits */
    WH_SF_DECIMAL,
    WH_SF_STRING,                  /* an escape in it is left as it is */
    WH_SF_TOKEN,
    WH_SF_BYTES,                   /* Base64, of either alphabet, unchecked */
    WH_SF_BOOLEAN,                 /* "0" or "1" */
    WH_SF_DATE,
    WH_SF_DISPLAY_STRING,
    WH_SF_LIST
} wh_sf_type_e;


/* A member of a dictionary, an item of an inner list, or a parameter. */

typedef struct {
    wh_str_t      key;             /* of an item none */
    wh_sf_type_e  type;
    wh_str_t      value;           /* without its quotes, colons, brackets; of
                                      a key alone "1" */
    wh_str_t      params;          /* each with its ";", or empty */
    wh_str_t      written;         /* value and parameters as they are */
} wh_sf_member_t;


/*
 * All cut the next member off *rest, which points into the field then: WH_OK;
 * WH_ABSENT when nothing is left; WH_INVALID.
 *
 * wh_sf_member(): of a dictionary, whose spaces at both ends are cut off
 * first.  A key may come again: RFC 9651 would have the last one count.
 * wh_sf_item(): of an inner list, by the value of its member.
 * wh_sf_param(): of parameters.
 */
int wh_sf_member(wh_str_t *rest, wh_sf_member_t *member);
int wh_sf_item(wh_str_t *rest, wh_sf_member_t *item);
int wh_sf_param(wh_str_t *rest, wh_sf_member_t *param);

/*
 * The member of a whole dictionary that has a key: WH_OK, WH_ABSENT,
 * WH_REPEATED, or WH_INVALID when something in it is no structured field.
 */
int wh_sf_find(wh_str_t dictionary, wh_str_t key, wh_sf_member_t *member);

/*
 * Decodes a byte sequence: Base64 with its padding, and where a sender uses
 * the other alphabet, WH_BASE64URL, that as well; never both in one.  As
 * wh_decode() otherwise.
 */
int wh_sf_decode(wh_str_t text, wh_encoding_e encoding, unsigned char *bytes,
    size_t *len);


#endif /* _WH_SF_H_INCLUDED_ */
