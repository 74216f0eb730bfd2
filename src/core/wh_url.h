
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * URLs as a sender signs them.
 */


#ifndef _WH_URL_H_INCLUDED_
#define _WH_URL_H_INCLUDED_


#include "wh.h"


/*
 * Decodes the path and query of a URL as HubSpot does, once and in place: the
 * escapes of : / ? @ ! $ ' ( ) * , and ; alone.  Returns the length, which is
 * not greater than it was.
 */
size_t wh_url_decode(unsigned char *text, size_t len);

/*
 * Normalizes the escapes of a URL in place (RFC 3986, 6.2.2.1 and 6.2.2.2):
 * capital digits, and none for letters, digits and "-._~".  Returns the length
 * as wh_url_decode() does.
 */
size_t wh_url_normalize(unsigned char *text, size_t len);


#endif /* _WH_URL_H_INCLUDED_ */
