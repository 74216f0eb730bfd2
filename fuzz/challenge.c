
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Texts of challenges: what is signed for a stranger is a string in JSON
 * without an escape, a name and value in no form, and has no separator of a
 * message; what is echoed is one line.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_challenge.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int has(wh_str_t text, const char *bytes);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int             visible, signable, spaced;
    size_t          i;
    wh_str_t        text;
    unsigned char  *copy;

    copy = malloc(len);

    if (len) {
        memcpy(copy, data, len);
    }

    text.data = copy;
    text.len = len;

    visible = wh_challenge_visible(text);
    spaced = wh_challenge_signable(text, 1);
    signable = wh_challenge_signable(text, 0);

    if (signable > spaced || spaced > visible) {
        abort();
    }

    if (spaced && (has(text, "{}[]\"\\:,&;%?<>'()|") || text.len > 512)) {
        abort();
    }

    if (signable != (spaced && !has(text, " "))) {
        abort();
    }

    for (i = 0; i < len; i++) {
        if (visible && (copy[i] < ' ' || copy[i] > '~')) {
            abort();
        }
    }

    /* each byte is looked at, wherever it is */

    if (len && len <= WH_CHALLENGE_MAX) {
        text.len = len - 1;
        signable = wh_challenge_signable(text, 0);

        text.data = copy + len - 1;
        text.len = 1;
        signable = signable && wh_challenge_signable(text, 0);

        text.data = copy;
        text.len = len;

        if (wh_challenge_signable(text, 0) != signable) {
            abort();
        }
    }

    free(copy);

    return 0;
}


static int
has(wh_str_t text, const char *bytes)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] && strchr(bytes, text.data[i]) != NULL) {
            return 1;
        }
    }

    return 0;
}
