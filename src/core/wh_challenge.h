
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The texts of challenges: what a stranger may have answered.
 */


#ifndef _WH_CHALLENGE_H_INCLUDED_
#define _WH_CHALLENGE_H_INCLUDED_


#include "wh.h"


#define WH_CHALLENGE_MAX  512        /* bytes */


/* 1 when a text may be echoed: visible ASCII and spaces, not too long. */
int wh_challenge_visible(wh_str_t text);

/*
 * 1 when a text may be answered with its HMAC, which signs whatever a
 * stranger sends: letters, digits and some marks, among which there is no
 * room for a message that a sender would sign.  space: there may be spaces.
 */
int wh_challenge_signable(wh_str_t text, int space);


#endif /* _WH_CHALLENGE_H_INCLUDED_ */
