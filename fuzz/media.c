
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Media types: a value matches when, in lower case and without parameters, it
 * is what is asked for.  The first byte says what is.
 */


#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wh_media.h"
#include "wh_str.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int plain(char *value, const char *subtype);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char           *value;
    wh_str_t        text;
    const char     *subtype;
    unsigned char  *copy;

    static const wh_str_t  type = wh_string("application");
    static const wh_str_t  subtypes[] = {
        wh_string("json"), wh_string("*"), wh_string("+json"),
        wh_string("x-www-form-urlencoded")
    };

    /* a header has no NUL */

    if (len == 0 || memchr(data, '\0', len) != NULL) {
        return 0;
    }

    /* with nothing after it that could be read, and as a C string */

    copy = malloc(len);
    value = malloc(len);
    memcpy(copy, data + 1, len - 1);
    memcpy(value, data + 1, len - 1);
    value[len - 1] = '\0';

    text.data = copy;
    text.len = len - 1;
    subtype = (const char *) subtypes[data[0] & 3].data;

    if (wh_media_match(text, type, subtypes[data[0] & 3])
        != plain(value, subtype))
    {
        abort();
    }

    free(copy);
    free(value);

    return 0;
}


static int
plain(char *value, const char *subtype)
{
    char    wanted[64], *p;
    size_t  n;

    value[strcspn(value, ";")] = '\0';
    value += strspn(value, " \t");

    for (n = strlen(value); n && strchr(" \t", value[n - 1]); n--) {
        value[n - 1] = '\0';
    }

    for (p = value; *p; p++) {
        *p = (char) ((*p >= 'A' && *p <= 'Z') ? *p + 'a' - 'A' : *p);
    }

    if (*subtype == '*' || *subtype == '+') {
        p = strstr(value, "application/");

        if (p != value || value[12] == '\0') {
            return 0;
        }

        value += 12;

        return *subtype == '*'
               || (strlen(value) > 5
                   && strcmp(value + strlen(value) - 5, "+json") == 0);
    }

    snprintf(wanted, sizeof(wanted), "application/%s", subtype);

    return strcmp(value, wanted) == 0;
}
