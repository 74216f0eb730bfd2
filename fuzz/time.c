
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
    int64_t   sec;
    wh_str_t  text;

    if (len == 0) {
        return 0;
    }

    text.data = data + 1;
    text.len = len - 1;

    if (wh_time_parse(text, (wh_time_unit_e) (data[0] & 3), &sec) == WH_OK
        && ((data[0] & 3) < 2 ? sec < 0
                              : (sec < -62167305600 || sec > 253402387199)))
    {
        abort();
    }

    return 0;
}
