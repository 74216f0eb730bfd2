
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Secrets that must differ.
 */


#include "ngx_http_webhook_secret.h"


static ngx_uint_t ngx_http_webhook_keys_conflict(
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_key_t *key,
    ngx_http_webhook_keyslot_t *other);


/*
 * The keyslot of the same providers that must not have the same key as this
 * one, and would have it if this key were put here; or NULL.
 */

ngx_http_webhook_keyslot_t *
ngx_http_webhook_key_conflict(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key)
{
    ngx_uint_t                   i;
    ngx_http_webhook_gate_t     *gate;
    ngx_http_webhook_keyslot_t  *other;

    if (key == NULL) {
        return NULL;
    }

    for (gate = keyslot->gate->first; gate; gate = gate->next) {

        for (i = 0; i < gate->nkeys; i++) {

            other = &gate->keyslots[i];

            if (ngx_http_webhook_keys_conflict(keyslot, key, other)) {
                return other;
            }
        }

        if (gate->challenge
            && ngx_http_webhook_keys_conflict(keyslot, key, gate->challenge))
        {
            return gate->challenge;
        }
    }

    return NULL;
}


/*
 * A challenge secret signs what a stranger sends, or is in the URL, so it is
 * no signing secret.  What is public for one provider, or signs a stranger's
 * text for it, is no secret of another one.
 */

static ngx_uint_t
ngx_http_webhook_keys_conflict(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key, ngx_http_webhook_keyslot_t *other)
{
    if (other->key == NULL
        || !wh_secret_equal(other->key->digest, key->digest,
                            WH_TOKEN_DIGEST_SIZE))
    {
        return 0;
    }

    if (keyslot->provider == NULL || other->provider == NULL) {
        return keyslot->provider != other->provider
               && keyslot->gate->first->distinct;
    }

    if (keyslot->gate == other->gate) {
        return 0;
    }

    return ((key->uses ^ other->key->uses) >> NGX_HTTP_WEBHOOK_HMACS)
           || keyslot->provider->oracle
           || other->provider->oracle;
}
