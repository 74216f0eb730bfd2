
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Digests of the body in a header (RFC 9530).
 */


#include "wh_content_digest.h"
#include "wh_credential.h"
#include "wh_sf.h"
#include "wh_str.h"


typedef struct {
    wh_str_t     name;
    wh_digest_e  digest;
    size_t       offset;           /* in wh_content_digest_t */
    size_t       size;
} wh_content_digest_row_t;


static int wh_content_digest_member(const wh_sf_member_t *member,
    wh_encoding_e encoding, wh_content_digest_t *content);


const wh_str_t  wh_content_digest_name = wh_string("content-digest");

static const wh_content_digest_row_t  wh_content_digests[] = {
    { wh_string("sha-256"), WH_SHA256,
      offsetof(wh_content_digest_t, sha256), 32 },
    { wh_string("sha-512"), WH_SHA512,
      offsetof(wh_content_digest_t, sha512), 64 }
};

#define WH_CONTENT_DIGESTS                                                    \
    (sizeof(wh_content_digests) / sizeof(wh_content_digests[0]))


int
wh_content_digest(wh_str_t header, wh_encoding_e encoding,
    wh_content_digest_t *content)
{
    int             rc;
    wh_sf_member_t  member;

    content->digests = 0;

    while ((rc = wh_sf_member(&header, &member)) == WH_OK) {
        if (wh_content_digest_member(&member, encoding, content) != WH_OK) {
            return WH_INVALID;
        }
    }

    return rc == WH_ABSENT && content->digests ? WH_OK : WH_INVALID;
}


static int
wh_content_digest_member(const wh_sf_member_t *member, wh_encoding_e encoding,
    wh_content_digest_t *content)
{
    size_t                          i, len;
    const wh_content_digest_row_t  *row;

    for (i = 0; i < WH_CONTENT_DIGESTS; i++) {

        row = &wh_content_digests[i];

        if (!wh_equal(member->key, row->name)) {
            continue;
        }

        len = row->size;

        if (member->type != WH_SF_BYTES
            || (content->digests & (1 << row->digest))
            || wh_sf_decode(member->value, encoding,
                            (unsigned char *) content + row->offset, &len)
               != WH_OK
            || len != row->size)
        {
            return WH_INVALID;
        }

        content->digests |= 1 << row->digest;
        break;
    }

    return WH_OK;
}


int
wh_content_digest_equal(const wh_content_digest_t *content,
    wh_digest_e digest, const unsigned char *bytes)
{
    size_t                          i;
    const wh_content_digest_row_t  *row;

    for (i = 0; i < WH_CONTENT_DIGESTS; i++) {

        row = &wh_content_digests[i];

        if (row->digest == digest) {
            return wh_secret_equal(bytes, (const unsigned char *) content
                                          + row->offset,
                                   row->size);
        }
    }

    return 0;
}
