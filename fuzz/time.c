
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Timestamps.  The first byte is the unit.
 */


#include <stdint.h>
#include <stdlib.h>

#include "wh_time.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int64_t         sec;
    wh_str_t        text;
    wh_time_unit_e  unit;

    if (len == 0) {
        return 0;
    }

    text.data = data + 1;
    text.len = len - 1;

    unit = (wh_time_unit_e) (data[0] % (WH_TIME_UNIX + 1));

    if (wh_time_parse(text, unit, &sec) == WH_OK
        && (unit == WH_TIME_RFC3339 || unit == WH_TIME_HTTP
            ? (sec < -62167305600 || sec > 253402387199) : sec < 0))
    {
        abort();
    }

    return 0;
}
