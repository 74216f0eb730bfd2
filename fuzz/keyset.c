
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Files of keys: the first byte says whether the rest is a JWK set or an
 * object of PEM texts.  A key that is found fits what it was asked for, and a
 * set that is taken has one.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_keyset.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(wh_keyset_t *set);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int            rc;
    wh_str_t       text;
    const char    *error;
    wh_keyset_t   *set;

    if (len == 0) {
        return 0;
    }

    text.data = data + 1;
    text.len = len - 1;
    error = NULL;

    rc = wh_keyset_read(&set, (data[0] & 1) ? WH_KEYSET_PEM : WH_KEYSET_JWKS,
                        text, &error);

    if (rc == WH_ERROR
        || (rc == WH_OK) != (set != NULL)
        || (rc == WH_INVALID && error == NULL))
    {
        abort();
    }

    if (set) {
        check(set);
    }

    wh_keyset_free(set);

    return 0;
}


static void
check(wh_keyset_t *set)
{
    size_t            i;
    unsigned          schemes;
    wh_pubkey_e       scheme;
    wh_keyset_key_t  *key;

    schemes = 0;

    for (i = 0; i < set->n; i++) {

        key = &set->keys[i];
        schemes |= key->schemes;

        if ((key->schemes != 0) != (key->key != NULL)) {
            abort();
        }

        for (scheme = WH_ED25519; scheme < WH_PUBKEY_SCHEMES; scheme++) {

            if ((key->schemes & (1u << scheme))
                && !wh_pubkey_fits(key->key, scheme))
            {
                abort();
            }

            if (key->id.data
                && key->not_before == INT64_MIN
                && (key->schemes & (1u << scheme))
                && wh_keyset_find(set, scheme, &key->id, 0) != key)
            {
                abort();
            }
        }
    }

    if (schemes == 0 || schemes != set->schemes || set->left_out >= set->n) {
        abort();
    }
}
