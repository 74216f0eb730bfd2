
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Names of messages, and of what they are made of.
 */


#include <string.h>

#include "wh_name.h"


#define WH_NAME_VERSION  1


static int wh_name_part(EVP_MD_CTX *md, wh_str_t part);


int
wh_name(EVP_MD_CTX *md, wh_name_e what, const wh_str_t *parts, size_t n,
    unsigned char *name)
{
    size_t         i, len;
    unsigned char  head[2], digest[WH_HMAC_MAX_SIZE];

    head[0] = WH_NAME_VERSION;
    head[1] = (unsigned char) what;

    if (wh_digest_start(WH_SHA256, md) != WH_OK
        || wh_hmac_update(md, head, sizeof(head)) != WH_OK)
    {
        return WH_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (wh_name_part(md, parts[i]) != WH_OK) {
            return WH_ERROR;
        }
    }

    if (wh_digest_final(md, digest, &len) != WH_OK) {
        return WH_ERROR;
    }

    memcpy(name, digest, WH_NAME_SIZE);

    return WH_OK;
}


static int
wh_name_part(EVP_MD_CTX *md, wh_str_t part)
{
    unsigned char  len[4];

    len[0] = (unsigned char) (part.len >> 24);
    len[1] = (unsigned char) (part.len >> 16);
    len[2] = (unsigned char) (part.len >> 8);
    len[3] = (unsigned char) part.len;

    if (wh_hmac_update(md, len, sizeof(len)) != WH_OK) {
        return WH_ERROR;
    }

    return wh_hmac_update(md, part.data, part.len);
}
