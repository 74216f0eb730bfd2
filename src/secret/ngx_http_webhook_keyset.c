
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Keys that have ids: files of "jwks:" and "keys:".
 */


#include "ngx_http_webhook_secret.h"


#define NGX_HTTP_WEBHOOK_KEY_AHEAD  1209600     /* seconds, 14 days */


static ngx_uint_t ngx_http_webhook_keyset_uses(
    ngx_http_webhook_keyslot_t *keyslot, wh_keyset_t *set);
static const char *ngx_http_webhook_keyset_unfindable(
    ngx_http_webhook_keyslot_t *keyslot, wh_keyset_t *set);
static ngx_uint_t ngx_http_webhook_keyset_findable(wh_keyset_t *set,
    ngx_uint_t schemes, ngx_uint_t by_id, ngx_uint_t alone);
static void ngx_http_webhook_keyset_ends(ngx_http_webhook_keyslot_t *keyslot,
    wh_keyset_key_t *key, ngx_log_t *log);


/* Why the bytes cannot be the set of this keyslot, or NULL. */

const char *
ngx_http_webhook_keyset_wrong(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes)
{
    int           rc;
    const char   *what;
    wh_keyset_t  *set;

    rc = wh_keyset_read(&set, keyslot->secret->keyset,
                        ngx_http_webhook_wh_str(bytes), &what);

    if (rc == WH_ERROR) {
        return "could not be read without memory";
    }

    if (rc != WH_OK) {
        return what;
    }

    what = ngx_http_webhook_keyset_uses(keyslot, set)
           ? ngx_http_webhook_keyset_unfindable(keyslot, set)
           : "has no key that can be used for the \"algorithm=\" of this "
             "sender";

    wh_keyset_free(set);

    return what;
}


/*
 * Why no request can name a key of the set, or NULL.  The id is where "key_id"
 * says, and a token may have one; without it a key must be the only one.
 */

static const char *
ngx_http_webhook_keyset_unfindable(ngx_http_webhook_keyslot_t *keyslot,
    wh_keyset_t *set)
{
    ngx_uint_t                     i, schemes;
    ngx_http_webhook_provider_t   *provider;
    ngx_http_webhook_signature_t  *signature;

    provider = keyslot->provider;
    signature = provider->signatures.elts;

    for (i = 0; i < provider->signatures.nelts; i++) {

        schemes = provider->http_message ? provider->http_message->schemes
                                         : 1u << signature[i].scheme;

        if (ngx_http_webhook_keyset_findable(set, schemes,
                                             provider->key_id
                                             || provider->http_message
                                             || signature[i].jose,
                                             provider->key_id == NULL))
        {
            return NULL;
        }
    }

    if (provider->key_id) {
        return "has no key with an id, and the provider has a \"key_id\" by "
               "which one is chosen";
    }

    return "has several keys and nothing that says which it is, the file "
           "needs their ids, and a sender without tokens a \"key_id\"";
}


static ngx_uint_t
ngx_http_webhook_keyset_findable(wh_keyset_t *set, ngx_uint_t schemes,
    ngx_uint_t by_id, ngx_uint_t alone)
{
    size_t      i;
    ngx_uint_t  fits, named;

    fits = 0;
    named = 0;

    for (i = 0; i < set->n; i++) {
        if (set->keys[i].schemes & schemes) {
            fits++;
            named += (set->keys[i].id.data != NULL);
        }
    }

    return (by_id && named) || (alone && fits == 1);
}


ngx_int_t
ngx_http_webhook_keyset_use(ngx_http_webhook_key_t *key,
    ngx_http_webhook_keyslot_t *keyslot, ngx_str_t *bytes)
{
    const char  *what;

    if (wh_keyset_read(&key->set, keyslot->secret->keyset,
                       ngx_http_webhook_wh_str(bytes), &what)
        != WH_OK)
    {
        return NGX_ERROR;
    }

    key->uses = ngx_http_webhook_keyset_uses(keyslot, key->set);

    return NGX_OK;
}


/* What a provider can verify with the keys of a set, bits. */

static ngx_uint_t
ngx_http_webhook_keyset_uses(ngx_http_webhook_keyslot_t *keyslot,
    wh_keyset_t *set)
{
    ngx_uint_t   uses;
    wh_pubkey_e  scheme;

    uses = 0;

    for (scheme = WH_ED25519; scheme < WH_PUBKEY_SCHEMES; scheme++) {
        if (set->schemes & (1 << scheme)) {
            uses |= 1 << ngx_http_webhook_use_pubkey(scheme);
        }
    }

    return keyslot->provider ? uses & keyslot->provider->uses : 0;
}


/* Tells of keys that cannot be used, or not for long. */

void
ngx_http_webhook_keyset_warn(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key, ngx_log_t *log)
{
    size_t                      i;
    ngx_http_webhook_secret_t  *secret;

    secret = keyslot->secret;

    if (key->set->left_out) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "key file \"%V\": %uz of %uz keys cannot be used and "
                      "are left out", &secret->file->path, key->set->left_out,
                      key->set->n);
    }

    for (i = 0; i < key->set->n; i++) {
        if (key->set->keys[i].schemes) {
            ngx_http_webhook_keyset_ends(keyslot, &key->set->keys[i], log);
        }
    }
}


/* Once for each key: its certificate ends, or has ended. */

static void
ngx_http_webhook_keyset_ends(ngx_http_webhook_keyslot_t *keyslot,
    wh_keyset_key_t *key, ngx_log_t *log)
{
    ngx_str_t  id;

    if (key->told
        || key->not_after - NGX_HTTP_WEBHOOK_KEY_AHEAD > (int64_t) ngx_time())
    {
        return;
    }

    key->told = 1;

    id.len = key->id.len;
    id.data = (u_char *) key->id.data;

    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "key file \"%V\": the certificate of key \"%V\" %s, have "
                  "the file made anew", &keyslot->secret->file->path, &id,
                  key->not_after < (int64_t) ngx_time()
                  ? "has ended and is not used" : "ends within 14 days");
}


/*
 * The key with an id that may verify a scheme now, or without an id the only
 * one of a set; of several sets, the first that has it counts.  The number of
 * its secret, from 1, or 0 if there is none; *pubkey lives as long as the key
 * that is held.
 */

ngx_int_t
ngx_http_webhook_keyset_find(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_key_t **keys,
    wh_pubkey_e scheme, const wh_str_t *id, EVP_PKEY **pubkey)
{
    ngx_uint_t        i;
    wh_keyset_key_t  *key;

    for (i = 0; i < gate->nkeys; i++) {

        if (keys[i] == NULL
            || keys[i]->set == NULL
            || gate->keyslots[i].for_name.len)
        {
            continue;
        }

        key = wh_keyset_find(keys[i]->set, scheme, id, ngx_time());

        if (key == NULL) {
            continue;
        }

        ngx_http_webhook_keyset_ends(&gate->keyslots[i], key,
                                     r->connection->log);

        *pubkey = key->key;

        return i + 1;
    }

    return 0;
}
