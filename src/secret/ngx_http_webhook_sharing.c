
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
 * Would this key, if it came to this keyslot, be one that it must not share
 * with another one of these providers?  That keyslot, or NULL.
 */

ngx_http_webhook_keyslot_t *
ngx_http_webhook_key_conflict(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key)
{
    ngx_uint_t                i;
    ngx_http_webhook_gate_t  *gate;

    if (key == NULL) {
        return NULL;
    }

    for (gate = keyslot->gate->first; gate; gate = gate->next) {

        for (i = 0; i < gate->nkeys; i++) {
            if (ngx_http_webhook_keys_conflict(keyslot, key, &gate->keyslots[i])) {
                return &gate->keyslots[i];
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
