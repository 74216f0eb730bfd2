
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Static credentials: where a request carries them, and comparing them.
 */


#include <openssl/crypto.h>
#include <openssl/err.h>

#include "wh_credential.h"
#include "wh_decode.h"
#include "wh_hmac.h"
#include "wh_list.h"


static int wh_percent_decode(wh_str_t src, unsigned char *dst, size_t *len);


int
wh_token_digest(wh_str_t token, unsigned char *digest)
{
    if (EVP_Digest(token.data, token.len, digest, NULL, wh_digest(WH_SHA256),
                   NULL)
        != 1)
    {
        ERR_clear_error();
        return WH_ERROR;
    }

    return WH_OK;
}


int
wh_secret_equal(const unsigned char *a, const unsigned char *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}


int
wh_authorization(wh_str_t header, wh_str_t scheme, wh_str_t *credentials)
{
    wh_str_t  word;

    if (header.len <= scheme.len || header.data[scheme.len] != ' ') {
        return WH_ABSENT;
    }

    word.data = header.data;
    word.len = scheme.len;

    if (!wh_equal_caseless(word, scheme)) {
        return WH_ABSENT;
    }

    header.data += scheme.len;
    header.len -= scheme.len;

    while (header.len && header.data[0] == ' ') {
        header.data++;
        header.len--;
    }

    *credentials = header;

    return header.len ? WH_OK : WH_ABSENT;
}


int
wh_query(wh_str_t query, wh_str_t name, unsigned char *buf, wh_str_t *value)
{
    int       rc, found;
    size_t    len;
    wh_str_t  element, this_name, this_value;

    found = 0;
    rc = WH_ABSENT;

    while (wh_list_next(&query, '&', &element)) {

        if (!wh_pair(element, &this_name, &this_value)) {
            continue;
        }

        if (wh_percent_decode(this_name, buf, &len) != WH_OK) {
            continue;
        }

        this_name.data = buf;
        this_name.len = len;

        if (!wh_equal(this_name, name)) {
            continue;
        }

        if (found++) {
            return WH_REPEATED;
        }

        /* the next names are decoded behind the value */

        rc = wh_percent_decode(this_value, buf, &len);

        value->data = buf;
        value->len = len;

        buf += len;
    }

    return rc;
}


static int
wh_percent_decode(wh_str_t src, unsigned char *dst, size_t *len)
{
    size_t    i, n;
    wh_str_t  digits;

    *len = 0;

    for (i = 0; i < src.len; i++) {

        if (src.data[i] != '%') {
            dst[(*len)++] = (src.data[i] == '+') ? ' ' : src.data[i];
            continue;
        }

        n = 1;

        digits.data = src.data + i + 1;
        digits.len = 2;

        if (src.len - i < 3
            || wh_decode(WH_HEX, digits, dst + *len, &n) != WH_OK)
        {
            return WH_INVALID;
        }

        (*len)++;
        i += 2;
    }

    return WH_OK;
}
