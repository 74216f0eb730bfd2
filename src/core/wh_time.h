
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Timestamps as senders write them.
 */


#ifndef _WH_TIME_H_INCLUDED_
#define _WH_TIME_H_INCLUDED_


#include <stdint.h>

#include "wh.h"


typedef enum {
    WH_TIME_S = 0,                 /* seconds since 1970, digits only */
    WH_TIME_MS,                    /* milliseconds since 1970 */
    WH_TIME_RFC3339,               /* 2023-03-06T12:28:21.5+01:00 */
    WH_TIME_HTTP,                  /* Mon, 06 Mar 2023 12:28:21 GMT, or
                                      Mon 06 Mar 2023 12:28:21 UTC */
    WH_TIME_UNIX                   /* milliseconds if it has 13 digits, else
                                      seconds */
} wh_time_unit_e;


/*
 * A unit by its name: s, ms, rfc3339, http.  The last one is for what
 * wh_time_stamp() reads.  WH_OK or WH_INVALID.
 */
int wh_time_unit(wh_str_t name, wh_time_unit_e *unit);

/*
 * Reads a text that must be all timestamp, without spaces around it, into
 * seconds since 1970, UTC; what is finer is cut off.  Knows neither locale
 * nor time zone.  A leap second, 23:59:60 UTC, is the next second.  WH_OK, or
 * WH_INVALID, and *sec is as before then.  RFC 3339 and RFC 9110, 5.6.7.
 */
int wh_time_parse(wh_str_t text, wh_time_unit_e unit, int64_t *sec);

/*
 * The same for a time that a sender has put to a message: it has as many
 * digits as times of these centuries have, 10 for seconds and 13 for
 * milliseconds, so that it is known where it ends.
 */
int wh_time_stamp(wh_str_t text, wh_time_unit_e unit, int64_t *sec);


#endif /* _WH_TIME_H_INCLUDED_ */
