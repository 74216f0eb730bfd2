
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Secrets as people paste them.
 */


#ifndef _WH_SECRET_H_INCLUDED_
#define _WH_SECRET_H_INCLUDED_


#include "wh.h"


/*
 * What is odd about a text that is to be a secret, in words that follow a name
 * of it, or NULL.  signs is 1 for one that is the key of an HMAC, or else 0.
 */
const char *wh_secret_odd(wh_str_t text, int signs);

/* The same without the line break at its end, if there is one. */
wh_str_t wh_secret_line(wh_str_t text);


#endif /* _WH_SECRET_H_INCLUDED_ */
