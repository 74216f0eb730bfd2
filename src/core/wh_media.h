
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Media types (RFC 9110, 8.3.1).
 */


#ifndef _WH_MEDIA_H_INCLUDED_
#define _WH_MEDIA_H_INCLUDED_


#include "wh.h"


/*
 * 1 when the value of a Content-Type is of that type and subtype, which are
 * not empty; case does not count, parameters are left out.  A subtype "*" is
 * any, one that begins with "+" is a suffix.
 */
int wh_media_match(wh_str_t value, wh_str_t type, wh_str_t subtype);


#endif /* _WH_MEDIA_H_INCLUDED_ */
