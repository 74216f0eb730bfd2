
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The decoded URL: what is left has none of the escapes that are decoded, so
 * that it is the same again, and encoded anew it is the URL that was.
 */


#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wh_url.h"


#define DECODED  ":/?@!$'()*,;"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int escape_at(const unsigned char *text, size_t len);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char            hex[3];
    size_t          i, j, n;
    unsigned char  *text;

    /* not a byte more than there is */

    text = malloc(len);

    if (len) {
        memcpy(text, data, len);
    }

    n = wh_url_decode(text, len);

    if (n > len) {
        abort();
    }

    /* side by side: each byte is itself or was an escape */

    j = 0;

    for (i = 0; i < n; i++) {

        if (escape_at(data + j, len - j)) {
            snprintf(hex, sizeof(hex), "%02x", text[i]);

            if (strncasecmp(hex, (const char *) data + j + 1, 2) != 0) {
                abort();
            }

            j += 3;
            continue;
        }

        if (j >= len || text[i] != data[j++]) {
            abort();
        }
    }

    if (j != len || wh_url_decode(text, n) != n) {
        abort();
    }

    free(text);

    return 0;
}


/* 1 when the text begins with an escape that is decoded. */

static int
escape_at(const unsigned char *text, size_t len)
{
    char         hex[4];
    const char  *p;

    if (len < 3 || text[0] != '%') {
        return 0;
    }

    for (p = DECODED; *p; p++) {
        snprintf(hex, sizeof(hex), "%%%02x", *p);

        if (strncasecmp(hex, (const char *) text, 3) == 0) {
            return 1;
        }
    }

    return 0;
}
