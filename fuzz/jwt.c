
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Tokens: the input as a token, whole and detached, and, with a line feed in
 * it, its two lines as header and claims of one.  The parts of a token are in
 * it, in order, and what a header says of its key fits its buffer; no header
 * passes both where it must have a "jku" and where it must not.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "wh_claim.h"
#include "wh_jose.h"
#include "wh_jwt.h"


#define MAC  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const unsigned char *text, size_t len, unsigned detached);
static void check_header(wh_str_t encoded, unsigned detached,
    unsigned char *buf);
static void check_claims(wh_str_t encoded, unsigned char *buf);
static char *encode(char *dst, const unsigned char *src, size_t len);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char           *text, *p;
    size_t          first;
    const uint8_t  *line;

    check(data, len, 0);
    check(data, len, 1);

    line = memchr(data, '\n', len);

    if (line == NULL) {
        return 0;
    }

    first = line - data;

    text = malloc(2 * len + sizeof(MAC) + 20);

    p = encode(text, data, first);
    *p++ = '.';

    strcpy(p, "." MAC);
    check((unsigned char *) text, strlen(text), 1);

    p = encode(p, line + 1, len - first - 1);

    strcpy(p, "." MAC);
    check((unsigned char *) text, strlen(text), 0);

    free(text);

    return 0;
}


static void
check(const unsigned char *text, size_t len, unsigned detached)
{
    wh_str_t        token;
    wh_jose_t       jose;
    unsigned char  *buf, *copy;

    /* with nothing around it that could be read or written */

    copy = malloc(len + (len == 0));
    buf = malloc(len + (len == 0));

    if (len) {
        memcpy(copy, text, len);
    }

    token.data = copy;
    token.len = len;

    if (wh_jose_split(token, detached, &jose) == WH_OK) {

        if (jose.header.len == 0
            || jose.signature.len == 0
            || (jose.payload.len == 0) != (detached != 0)
            || jose.header.data != copy
            || jose.message.len != jose.header.len + 1 + jose.payload.len
            || jose.message.len + 1 + jose.signature.len != len
            || memchr(copy, '=', len) != NULL)
        {
            abort();
        }

        check_header(jose.header, detached, buf);

        if (!detached) {
            check_claims(jose.payload, buf);
        }
    }

    free(copy);
    free(buf);
}


static void
check_header(wh_str_t encoded, unsigned detached, unsigned char *buf)
{
    unsigned              accepted;
    wh_jose_rules_t       rules;
    wh_jose_header_t      header;
    wh_jose_parameter_t   parameter;

    static const wh_str_t  alg = wh_string("HS256");
    static const wh_str_t  name = wh_string("jku");
    static const wh_str_t  value = wh_string("https://a/");

    rules.set = wh_jose_set();

    if (rules.set == NULL
        || wh_jose_parameter(rules.set, name, &parameter.index) != WH_OK)
    {
        abort();
    }

    parameter.value = value;

    rules.alg = alg;
    rules.detached = detached;
    rules.parameters = &parameter;

    /* what may have a "jku" cannot be without it */

    for (rules.n = 0, accepted = 0; rules.n < 2; rules.n++) {

        if (wh_jose_header(&rules, encoded, buf, &header) != WH_OK) {
            continue;
        }

        accepted++;

        if ((header.plain && !detached)
            || header.kid.len > encoded.len
            || (header.kid.data != NULL && header.kid.data != buf)
            || accepted == 2)
        {
            abort();
        }
    }

    wh_json_set_free(rules.set);
}


static void
check_claims(wh_str_t encoded, unsigned char *buf)
{
    size_t           index;
    wh_str_t         text;
    wh_json_t       *json;
    wh_claim_t       claim;
    const char      *error;
    wh_json_set_t   *set;
    unsigned char    digest[WH_JWT_SIZE];
    wh_jwt_rules_t   rules;

    static const wh_str_t  issuer = wh_string("netlify");
    static const wh_str_t  pointer = wh_string("/sha256");
    static const wh_str_t  aud = wh_string("/aud");

    set = wh_jwt_set();

    if (set == NULL
        || wh_json_set_add(set, pointer, &index, &error) != WH_OK
        || wh_claim_init(&claim, set, aud, &issuer, 1) != WH_OK)
    {
        abort();
    }

    rules.issuer = issuer;
    rules.encoding = WH_HEX;
    rules.digest = index;
    rules.expires = 1;

    if (wh_jwt_parse(set, encoded, buf, &text, &json) == WH_OK) {
        (void) wh_jwt_check(&rules, json, 1700000000, digest);
        (void) wh_claim_check(&claim, json);
    }

    wh_json_free(json);
    wh_json_set_free(set);
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
