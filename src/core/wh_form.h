
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Query strings and application/x-www-form-urlencoded bodies.
 */


#ifndef _WH_FORM_H_INCLUDED_
#define _WH_FORM_H_INCLUDED_


#include "wh.h"


#define WH_FORM_SEMICOLON  1       /* ";" separates pairs as "&" does */
#define WH_FORM_LAST       2       /* of repeated names the last one counts */
#define WH_FORM_FIRST      4       /* or the first, unless LAST is given */


typedef struct {
    const unsigned char  *pos;
    const unsigned char  *last;
    unsigned              semicolon;
} wh_form_t;


/*
 * The pairs in order as they are written, still encoded, empty ones left out;
 * they point into the text.  A pair without "=" has an empty value.  WH_OK, or
 * WH_ABSENT when there are no more.  Of the flags, WH_FORM_SEMICOLON has a
 * meaning here.
 */
void wh_form_start(wh_form_t *form, wh_str_t text, unsigned flags);
int wh_form_next(wh_form_t *form, wh_str_t *name, wh_str_t *value);

/*
 * Decodes %XX and "+", once, into buf, which must have room for text.len
 * bytes and may be where text is.  WH_INVALID: a bad escape, or what comes
 * out is not UTF-8.
 */
int wh_form_decode(wh_str_t text, unsigned char *buf, size_t *len);

/*
 * Finds a value by its name, compared decoded and with case, and decodes it
 * into buf, which must have room for text.len bytes.  WH_ABSENT: no such
 * name, or the value is empty.  WH_REPEATED: the name came twice and neither
 * WH_FORM_LAST nor WH_FORM_FIRST was given.  WH_INVALID: the value, not another
 * one, is malformed.
 */
int wh_form_get(wh_str_t text, unsigned flags, wh_str_t name,
    unsigned char *buf, wh_str_t *value);

/*
 * How many pairs have this name, compared decoded and with A to Z and a to z
 * taken as one.
 */
size_t wh_form_named(wh_str_t text, unsigned flags, wh_str_t name);

/*
 * The value of a text that is this one pair and nothing else, decoded into
 * buf as above.  WH_ABSENT: there is no pair, or the value is empty.
 * WH_REPEATED: the name came twice.  WH_INVALID: the value is malformed, or
 * there is another name.
 */
int wh_form_only(wh_str_t text, wh_str_t name, unsigned char *buf,
    wh_str_t *value);

/*
 * Copies a text to buf, which has room for text.len bytes, without the pairs
 * of a name, compared as above; or with them, if a mask is given, each value
 * of theirs that is not empty then being the mask alone.  All else stays as
 * it is written.  Returns the length.
 */
size_t wh_form_without(wh_str_t text, unsigned flags, wh_str_t name,
    unsigned char mask, unsigned char *buf);


#endif /* _WH_FORM_H_INCLUDED_ */
