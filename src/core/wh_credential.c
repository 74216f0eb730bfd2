
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Static credentials: where a request carries them, and comparing them.
 */


#include <openssl/crypto.h>
#include <openssl/err.h>

#include "wh_credential.h"
#include "wh_hmac.h"
#include "wh_str.h"


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
    if (!wh_cut_prefix_caseless(&header, scheme)
        || header.len == 0
        || header.data[0] != ' ')
    {
        return WH_ABSENT;
    }

    while (header.len && header.data[0] == ' ') {
        header.data++;
        header.len--;
    }

    *credentials = header;

    return header.len ? WH_OK : WH_ABSENT;
}
