
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Numbers of any length, as JSON has them.
 */


#ifndef _WH_DECIMAL_H_INCLUDED_
#define _WH_DECIMAL_H_INCLUDED_


#include "wh.h"


/*
 * Compares two numbers, texts that are a number of JSON: less than 0, 0, or
 * greater than 0, as a is less than, equal to or greater than b.  It is exact,
 * no digit is lost.
 */
int wh_decimal_compare(wh_str_t a, wh_str_t b);


#endif /* _WH_DECIMAL_H_INCLUDED_ */
