
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Numbers of any length, as JSON has them.
 */


#ifndef _WH_DECIMAL_H_INCLUDED_
#define _WH_DECIMAL_H_INCLUDED_


#include <stdint.h>

#include "wh.h"


/*
 * Compares two numbers, texts that are a number of JSON: less than 0, 0, or
 * greater than 0, as a is less than, equal to or greater than b.  It is exact,
 * no digit is lost.
 */
int wh_decimal_compare(wh_str_t a, wh_str_t b);

/*
 * The exponent of a number of JSON, from its "e" on, or 0 where there is none;
 * at most that far from zero, which is at most INT64_MAX / 16.
 */
int64_t wh_decimal_exponent(const unsigned char *p, const unsigned char *last,
    int64_t most);


#endif /* _WH_DECIMAL_H_INCLUDED_ */
