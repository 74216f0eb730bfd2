
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * JSON Web Tokens: the input as a token, and, with a line feed in it, its two
 * lines as header and claims of one.  A token that is fine has a digest and no
 * padding.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "wh_jwt.h"


#define MAC  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const unsigned char *text, size_t len);
static char *encode(char *dst, const unsigned char *src, size_t len);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char           *text, *p;
    size_t          first;
    const uint8_t  *line;

    check(data, len);

    line = memchr(data, '\n', len);

    if (line == NULL) {
        return 0;
    }

    first = line - data;

    text = malloc(2 * len + sizeof(MAC) + 20);

    p = encode(text, data, first);
    *p++ = '.';
    p = encode(p, line + 1, len - first - 1);

    strcpy(p, "." MAC);

    check((unsigned char *) text, strlen(text));

    free(text);

    return 0;
}


static void
check(const unsigned char *text, size_t len)
{
    wh_jwt_t         jwt;
    wh_str_t         token;
    unsigned char   *buf, *copy, digest[WH_JWT_SIZE];
    wh_jwt_claims_t  claims;

    static const wh_str_t  issuer = wh_string("netlify");
    static const wh_str_t  pointer = wh_string("/sha256");

    /* with nothing around it that could be read or written */

    copy = malloc(len + (len == 0));
    buf = malloc(len + (len == 0));

    if (len) {
        memcpy(copy, text, len);
    }

    token.data = copy;
    token.len = len;

    if (wh_jwt_split(token, &jwt) == WH_OK) {

        if (jwt.header.len == 0 || jwt.claims.len == 0
            || jwt.message.len != jwt.header.len + 1 + jwt.claims.len
            || jwt.message.len + 1 + sizeof(MAC) - 1 != len
            || memchr(copy, '=', len) != NULL)
        {
            abort();
        }

        if (wh_jwt_claims_init(&claims, issuer, pointer) != WH_OK) {
            abort();
        }

        (void) wh_jwt_check(&claims, &jwt, 1700000000, buf, digest);

        wh_jwt_claims_free(&claims);
    }

    free(copy);
    free(buf);
}


static char *
encode(char *dst, const unsigned char *src, size_t len)
{
    char  *p;

    EVP_EncodeBlock((unsigned char *) dst, src, (int) len);

    for (p = dst; *p && *p != '='; p++) {
        *p = (*p == '+') ? '-' : (*p == '/') ? '_' : *p;
    }

    return p;
}
