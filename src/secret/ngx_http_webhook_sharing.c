
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Secrets that must differ.
 */


#include "ngx_http_webhook_secret.h"


static ngx_http_webhook_keyslot_t *ngx_http_webhook_gate_oracle(
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key);
static EVP_PKEY *ngx_http_webhook_key_pubkey(ngx_http_webhook_key_t *key);
static ngx_uint_t ngx_http_webhook_key_decodes(ngx_http_webhook_key_t *key,
    ngx_http_webhook_secret_enc_e how);
static ngx_uint_t ngx_http_webhook_texts_same(ngx_str_t *one, ngx_str_t *two);
static ngx_uint_t ngx_http_webhook_keys_oracle(
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_keyslot_t *other);
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

    for (gate = keyslot->gate->first; gate; gate = gate->next) {

        for (i = 0; i <= gate->nkeys; i++) {

            other = ngx_http_webhook_gate_keyslot(gate, i);

            if (other && ngx_http_webhook_keys_conflict(keyslot, key, other)) {
                return other;
            }
        }
    }

    return NULL;
}


/*
 * The keyslot of another location with this key, where one of the two answers
 * challenges with it and the other one verifies, or has it as a public key and
 * the other one as a secret; or NULL.
 */

ngx_http_webhook_keyslot_t *
ngx_http_webhook_key_oracle(ngx_http_webhook_main_conf_t *wmcf,
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_key_t *key)
{
    ngx_uint_t                        i;
    ngx_http_webhook_keyslot_t       *other;
    ngx_http_webhook_stats_entry_t  **entry;

    entry = wmcf->stats_entries.elts;

    for (i = 0; i < wmcf->stats_entries.nelts; i++) {

        if (entry[i]->gate->first == keyslot->gate->first) {
            continue;
        }

        other = ngx_http_webhook_gate_oracle(entry[i]->gate, keyslot, key);

        if (other) {
            return other;
        }
    }

    return NULL;
}


static ngx_http_webhook_keyslot_t *
ngx_http_webhook_gate_oracle(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_key_t *key)
{
    ngx_uint_t                   i;
    ngx_http_webhook_keyslot_t  *other;

    for (i = 0; i <= gate->nkeys; i++) {

        other = ngx_http_webhook_gate_keyslot(gate, i);

        if (other
            && (ngx_http_webhook_keys_oracle(keyslot, other)
                || ngx_http_webhook_keys_oracle(other, keyslot)
                || ngx_http_webhook_keys_public(keyslot, key, other))
            && ngx_http_webhook_keys_same(keyslot, key, other))
        {
            return other;
        }
    }

    return NULL;
}


/* A key, or where there are variables the text that it comes from. */

ngx_uint_t
ngx_http_webhook_keys_same(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key, ngx_http_webhook_keyslot_t *other)
{
    ngx_http_webhook_secret_t  *one, *two;

    if (key && other->key) {
        return ngx_http_webhook_key_same(key, other->key);
    }

    one = keyslot->secret;
    two = other->secret;

    return keyslot != other
           && one->value
           && two->value
           && one->encoding == two->encoding
           && ngx_http_webhook_texts_same(&one->value->value,
                                          &two->value->value);
}


/* The same bytes as configured, or the same key, however each is written. */

ngx_uint_t
ngx_http_webhook_key_same(ngx_http_webhook_key_t *one,
    ngx_http_webhook_key_t *two)
{
    ngx_uint_t  i, k;

    if (wh_secret_equal(one->digest, two->digest, WH_TOKEN_DIGEST_SIZE)) {
        return 1;
    }

    for (i = 0; i < NGX_HTTP_WEBHOOK_SECRET_ENCS; i++) {
        for (k = 0; k < NGX_HTTP_WEBHOOK_SECRET_ENCS; k++) {
            if (ngx_http_webhook_key_decodes(one, i)
                && ngx_http_webhook_key_decodes(two, k)
                && wh_secret_equal(one->decoded[i], two->decoded[k],
                                   WH_TOKEN_DIGEST_SIZE))
            {
                return 1;
            }
        }
    }

    return wh_pubkey_same(ngx_http_webhook_key_pubkey(one),
                          ngx_http_webhook_key_pubkey(two));
}


/* A public key, which is the same one for all schemes that take it, or NULL. */

static EVP_PKEY *
ngx_http_webhook_key_pubkey(ngx_http_webhook_key_t *key)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_WEBHOOK_PUBKEYS; i++) {
        if (key->pubkey[i]) {
            return key->pubkey[i];
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_webhook_key_decodes(ngx_http_webhook_key_t *key,
    ngx_http_webhook_secret_enc_e how)
{
    return key->uses >> (how * WH_DIGESTS) & ((1 << WH_DIGESTS) - 1);
}


/* Whether two texts with variables are the same, "${NAME}" being "$name". */

static ngx_uint_t
ngx_http_webhook_texts_same(ngx_str_t *one, ngx_str_t *two)
{
    u_char  *p, *q, *end1, *end2;

    p = one->data;
    q = two->data;
    end1 = p + one->len;
    end2 = q + two->len;

    for ( ;; ) {

        while (p < end1 && (*p == '{' || *p == '}')) {
            p++;
        }

        while (q < end2 && (*q == '{' || *q == '}')) {
            q++;
        }

        if (p == end1 || q == end2) {
            return p == end1 && q == end2;
        }

        if (ngx_tolower(*p) != ngx_tolower(*q)) {
            return 0;
        }

        p++;
        q++;
    }
}


/*
 * Whether the first one answers challenges, and the other verifies.  Of the
 * same provider messages are told from what its challenges could sign.
 */

static ngx_uint_t
ngx_http_webhook_keys_oracle(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_keyslot_t *other)
{
    ngx_http_webhook_gate_t  *gate;

    gate = keyslot->gate;

    if (other->provider == NULL) {
        return 0;
    }

    if (keyslot->provider == NULL && gate->first->distinct) {
        return 1;
    }

    return gate->provider->oracle
           && gate->provider != other->provider
           && (keyslot->provider == NULL || gate->challenge == NULL);
}


/* Whether a key is public for one of two providers, and not for the other. */

ngx_uint_t
ngx_http_webhook_keys_public(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key, ngx_http_webhook_keyslot_t *other)
{
    if (keyslot->provider == NULL
        || other->provider == NULL
        || key == NULL
        || other->key == NULL)
    {
        return 0;
    }

    return (key->uses >> NGX_HTTP_WEBHOOK_HMACS == 0)
           != (other->key->uses >> NGX_HTTP_WEBHOOK_HMACS == 0);
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
    ngx_uint_t  uses;

    if (!ngx_http_webhook_keys_same(keyslot, key, other)) {
        return 0;
    }

    if (keyslot->provider == NULL || other->provider == NULL) {
        return keyslot->provider != other->provider
               && keyslot->gate->first->distinct;
    }

    /* sets are of public keys, whatever each of the two takes from them */

    if (keyslot->gate == other->gate
        || (keyslot->secret->keyset && other->secret->keyset))
    {
        return 0;
    }

    /* what a variable has may be good for any use of its provider */

    uses = key ? key->uses ^ other->key->uses
               : keyslot->provider->uses ^ other->provider->uses;

    return (uses >> NGX_HTTP_WEBHOOK_HMACS)
           || keyslot->provider->oracle
           || other->provider->oracle;
}
