
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Sets of public keys that have ids: JWK sets (RFC 7517), and objects of ids
 * with PEM texts.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "wh_json.h"
#include "wh_jwk.h"
#include "wh_keyset.h"
#include "wh_str.h"


#define WH_KEYSET_OPS      8       /* elements of "key_ops" */
#define WH_KEYSET_POINTER  64      /* room for a pointer */


/* In the order of their names, and those of "key_ops" follow. */

typedef enum {
    WH_JWK_KTY = 0,
    WH_JWK_CRV,
    WH_JWK_X,
    WH_JWK_Y,
    WH_JWK_N,
    WH_JWK_E,
    WH_JWK_D,
    WH_JWK_KID,
    WH_JWK_USE,
    WH_JWK_ALG,
    WH_JWK_KEY_OPS,
    WH_JWK_OP,
    WH_JWK_MEMBERS = WH_JWK_OP + WH_KEYSET_OPS
} wh_jwk_member_e;


/* An object of ids that is being read. */

typedef struct {
    wh_keyset_t      *set;
    wh_keyset_key_t  *key;         /* whose text comes next, or NULL */
    unsigned          depth;
    const char       *error;
} wh_keyset_pem_t;


static int wh_keyset_jwks(wh_keyset_t *set, wh_str_t text,
    const char **error);
static int wh_keyset_pointers(wh_json_set_t *pointers);
static int wh_keyset_document(wh_keyset_t *set, const wh_json_t *json,
    const char **error);
static int wh_keyset_jwk(wh_keyset_t *set, const wh_json_t *json, size_t i,
    const char **error);
static int wh_keyset_made(wh_keyset_key_t *key, const wh_json_t *json,
    size_t i);
static unsigned wh_keyset_allowed(const wh_json_t *json, size_t i);
static int wh_keyset_verifies(const wh_json_t *json, size_t i);
static unsigned wh_keyset_by_alg(const wh_json_value_t *alg);
static const wh_json_value_t *wh_keyset_member(const wh_json_t *json, size_t i,
    size_t member);
static wh_str_t wh_keyset_text(const wh_json_t *json, size_t i,
    wh_jwk_member_e member);

static int wh_keyset_pem(wh_keyset_t *set, wh_str_t text, const char **error);
static int wh_keyset_observe(void *data, wh_json_event_e event,
    wh_str_t text);
static int wh_keyset_pem_error(wh_keyset_pem_t *pem, const char *error);
static int wh_keyset_pem_key(wh_keyset_key_t *key, wh_str_t text);
static EVP_PKEY *wh_keyset_certificate(wh_keyset_key_t *key, BIO *bio);
static int wh_keyset_time(const ASN1_TIME *time, int64_t *sec);

static int wh_keyset_id(wh_keyset_key_t *key, wh_str_t id);
static unsigned wh_keyset_fits(EVP_PKEY *key);
static int wh_keyset_finish(wh_keyset_t *set, const char **error);


#define wh_keyset_alg_row(scheme, name, alg)  [scheme] = wh_string(alg),


static const wh_str_t  wh_keyset_algs[WH_PUBKEY_SCHEMES] = {
    wh_pubkey_token_rows(wh_keyset_alg_row)
};


int
wh_keyset_read(wh_keyset_t **set, wh_keyset_format_e format, wh_str_t text,
    const char **error)
{
    int  rc;

    *set = calloc(1, sizeof(wh_keyset_t));
    if (*set == NULL) {
        return WH_ERROR;
    }

    rc = (format == WH_KEYSET_JWKS) ? wh_keyset_jwks(*set, text, error)
                                    : wh_keyset_pem(*set, text, error);

    if (rc == WH_OK) {
        rc = wh_keyset_finish(*set, error);
    }

    ERR_clear_error();

    if (rc != WH_OK) {
        wh_keyset_free(*set);
        *set = NULL;
    }

    return rc;
}


void
wh_keyset_free(wh_keyset_t *set)
{
    size_t  i;

    if (set == NULL) {
        return;
    }

    for (i = 0; i < set->n; i++) {
        EVP_PKEY_free(set->keys[i].key);
        free((void *) set->keys[i].id.data);
    }

    free(set);
}


wh_keyset_key_t *
wh_keyset_find(wh_keyset_t *set, wh_pubkey_e scheme, const wh_str_t *id,
    int64_t now)
{
    size_t            i;
    wh_keyset_key_t  *key, *found;

    found = NULL;

    for (i = 0; i < set->n; i++) {

        key = &set->keys[i];

        if (!(key->schemes & (1u << scheme))
            || now < key->not_before
            || now > key->not_after
            || (id != NULL
                && (key->id.data == NULL || !wh_equal(key->id, *id))))
        {
            continue;
        }

        if (found != NULL) {
            return NULL;
        }

        found = key;
    }

    return found;
}


wh_str_t
wh_keyset_alg(wh_pubkey_e scheme)
{
    return wh_keyset_algs[scheme];
}


static int
wh_keyset_jwks(wh_keyset_t *set, wh_str_t text, const char **error)
{
    int             rc;
    wh_json_t      *json;
    wh_json_set_t  *pointers;

    rc = WH_ERROR;
    json = NULL;
    pointers = wh_json_set_create();

    if (pointers != NULL && wh_keyset_pointers(pointers) == WH_OK) {
        json = wh_json_create(pointers, NULL, NULL, NULL);
    }

    if (json != NULL) {

        (void) wh_json_parse(json, text.data, text.len);
        rc = wh_json_end(json);

        if (rc == WH_OK) {
            rc = wh_keyset_document(set, json, error);

        } else {
            *error = "is not JSON";
        }
    }

    wh_json_free(json);
    wh_json_set_free(pointers);

    return rc;
}


/* That of the array has index 0, and those of each key follow. */

static int
wh_keyset_pointers(wh_json_set_t *pointers)
{
    size_t       i, k, index;
    char         text[WH_KEYSET_POINTER];
    wh_str_t     pointer;
    const char  *error;

    static const wh_str_t  keys = wh_string("/keys");

    static const char  *names[] = {
        "kty", "crv", "x", "y", "n", "e", "d", "kid", "use", "alg", "key_ops"
    };

    if (wh_json_set_add(pointers, keys, &index, &error) != WH_OK) {
        return WH_ERROR;
    }

    pointer.data = (unsigned char *) text;

    for (i = 0; i < WH_KEYSET_MAX; i++) {

        for (k = 0; k < WH_JWK_MEMBERS; k++) {

            pointer.len = (k < WH_JWK_OP)
                          ? snprintf(text, sizeof(text), "/keys/%u/%s",
                                     (unsigned) i, names[k])
                          : snprintf(text, sizeof(text),
                                     "/keys/%u/key_ops/%u", (unsigned) i,
                                     (unsigned) k - WH_JWK_OP);

            if (wh_json_set_add(pointers, pointer, &index, &error) != WH_OK) {
                return WH_ERROR;
            }
        }
    }

    return WH_OK;
}


static int
wh_keyset_document(wh_keyset_t *set, const wh_json_t *json,
    const char **error)
{
    int                     rc;
    size_t                  i, k;
    const wh_json_value_t  *keys;

    keys = wh_json_value(json, 0);

    if (keys->repeated) {
        *error = "has a member twice";
        return WH_INVALID;
    }

    if (keys->type != WH_JSON_ARRAY) {
        *error = "has no array \"keys\", as a JWK set has";
        return WH_INVALID;
    }

    if (keys->size > WH_KEYSET_MAX) {
        *error = "has more than 64 keys";
        return WH_INVALID;
    }

    for (i = 0; i < keys->size; i++) {

        for (k = 0; k < WH_JWK_MEMBERS; k++) {
            if (wh_keyset_member(json, i, k)->repeated) {
                *error = "has a member twice";
                return WH_INVALID;
            }
        }

        rc = wh_keyset_jwk(set, json, i, error);

        if (rc != WH_OK) {
            return rc;
        }
    }

    return WH_OK;
}


static int
wh_keyset_jwk(wh_keyset_t *set, const wh_json_t *json, size_t i,
    const char **error)
{
    wh_keyset_key_t        *key;
    const wh_json_value_t  *kid;

    if (wh_keyset_member(json, i, WH_JWK_D)->type != WH_JSON_ABSENT) {
        *error = "has a private key, which belongs to the sender alone";
        return WH_INVALID;
    }

    key = &set->keys[set->n++];

    key->not_before = INT64_MIN;
    key->not_after = INT64_MAX;

    kid = wh_keyset_member(json, i, WH_JWK_KID);

    if (kid->type == WH_JSON_STRING && wh_keyset_id(key, kid->text) != WH_OK) {
        return WH_ERROR;
    }

    if (kid->type != WH_JSON_STRING && kid->type != WH_JSON_ABSENT) {
        return WH_OK;
    }

    return wh_keyset_made(key, json, i);
}


/* Makes the key, or leaves it out. */

static int
wh_keyset_made(wh_keyset_key_t *key, const wh_json_t *json, size_t i)
{
    int       rc;
    wh_jwk_t  jwk;
    unsigned  allowed;

    allowed = wh_keyset_allowed(json, i);

    if (allowed == 0) {
        return WH_OK;
    }

    jwk.kty = wh_keyset_text(json, i, WH_JWK_KTY);
    jwk.crv = wh_keyset_text(json, i, WH_JWK_CRV);
    jwk.x = wh_keyset_text(json, i, WH_JWK_X);
    jwk.y = wh_keyset_text(json, i, WH_JWK_Y);
    jwk.n = wh_keyset_text(json, i, WH_JWK_N);
    jwk.e = wh_keyset_text(json, i, WH_JWK_E);

    rc = wh_jwk_key(&key->key, &jwk);

    if (rc == WH_OK) {
        key->schemes = wh_keyset_fits(key->key) & allowed;
    }

    return (rc == WH_ERROR) ? WH_ERROR : WH_OK;
}


/* The schemes that "use", "key_ops" and "alg" leave, RFC 7517, 4. */

static unsigned
wh_keyset_allowed(const wh_json_t *json, size_t i)
{
    const wh_json_value_t  *use, *alg;

    static const wh_str_t  sig = wh_string("sig");

    use = wh_keyset_member(json, i, WH_JWK_USE);
    alg = wh_keyset_member(json, i, WH_JWK_ALG);

    if (use->type != WH_JSON_ABSENT
        && (use->type != WH_JSON_STRING || !wh_equal(use->text, sig)))
    {
        return 0;
    }

    if (!wh_keyset_verifies(json, i)) {
        return 0;
    }

    return (alg->type == WH_JSON_ABSENT) ? ~0u : wh_keyset_by_alg(alg);
}


static int
wh_keyset_verifies(const wh_json_t *json, size_t i)
{
    size_t                  k;
    const wh_json_value_t  *ops, *op;

    static const wh_str_t  verify = wh_string("verify");

    ops = wh_keyset_member(json, i, WH_JWK_KEY_OPS);

    if (ops->type == WH_JSON_ABSENT) {
        return 1;
    }

    for (k = 0; k < WH_KEYSET_OPS; k++) {

        op = wh_keyset_member(json, i, WH_JWK_OP + k);

        if (ops->type == WH_JSON_ARRAY
            && op->type == WH_JSON_STRING
            && wh_equal(op->text, verify))
        {
            return 1;
        }
    }

    return 0;
}


static unsigned
wh_keyset_by_alg(const wh_json_value_t *alg)
{
    size_t  scheme;

    /* RFC 9864 has this name for what EdDSA is here */

    static const wh_str_t  ed25519 = wh_string("Ed25519");

    if (alg->type != WH_JSON_STRING) {
        return 0;
    }

    for (scheme = WH_ED25519; scheme < WH_PUBKEY_SCHEMES; scheme++) {
        if (wh_keyset_algs[scheme].len
            && wh_equal(alg->text, wh_keyset_algs[scheme]))
        {
            return 1u << scheme;
        }
    }

    return wh_equal(alg->text, ed25519) ? 1u << WH_ED25519 : 0;
}


static const wh_json_value_t *
wh_keyset_member(const wh_json_t *json, size_t i, size_t member)
{
    return wh_json_value(json, 1 + i * WH_JWK_MEMBERS + member);
}


/* Nothing for what is no string. */

static wh_str_t
wh_keyset_text(const wh_json_t *json, size_t i, wh_jwk_member_e member)
{
    const wh_json_value_t  *value;

    static const wh_str_t  nothing = wh_string("");

    value = wh_keyset_member(json, i, member);

    return (value->type == WH_JSON_STRING) ? value->text : nothing;
}


static int
wh_keyset_pem(wh_keyset_t *set, wh_str_t text, const char **error)
{
    int              rc;
    wh_json_t       *json;
    wh_keyset_pem_t  pem;

    memset(&pem, 0, sizeof(wh_keyset_pem_t));

    pem.set = set;
    pem.error = "is not JSON";

    json = wh_json_create(NULL, NULL, wh_keyset_observe, &pem);
    if (json == NULL) {
        return WH_ERROR;
    }

    (void) wh_json_parse(json, text.data, text.len);
    rc = wh_json_end(json);

    wh_json_free(json);

    *error = pem.error;

    return rc;
}


static int
wh_keyset_observe(void *data, wh_json_event_e event, wh_str_t text)
{
    wh_keyset_pem_t  *pem = data;

    switch (event) {

    case WH_JSON_ON_OBJECT:

        if (pem->depth++ == 0) {
            return WH_OK;
        }

        break;

    case WH_JSON_ON_OBJECT_END:
        return WH_OK;

    case WH_JSON_ON_NAME:

        if (pem->set->n == WH_KEYSET_MAX) {
            return wh_keyset_pem_error(pem, "has more than 64 keys");
        }

        pem->key = &pem->set->keys[pem->set->n++];

        pem->key->not_before = INT64_MIN;
        pem->key->not_after = INT64_MAX;

        return wh_keyset_id(pem->key, text);

    case WH_JSON_ON_STRING:

        if (pem->key != NULL) {
            return wh_keyset_pem_key(pem->key, text);
        }

        break;

    default:
        break;
    }

    return wh_keyset_pem_error(pem, "is no object of ids with PEM texts");
}


static int
wh_keyset_pem_error(wh_keyset_pem_t *pem, const char *error)
{
    pem->error = error;

    return WH_INVALID;
}


/* One public key or one certificate, or it is left out. */

static int
wh_keyset_pem_key(wh_keyset_key_t *key, wh_str_t text)
{
    BIO       *bio;
    wh_str_t   rest;

    static const wh_str_t  certificate = wh_string("-----BEGIN CERTIFICATE");

    if (text.len == 0) {
        return WH_OK;
    }

    text = wh_trim(text, " \t\r\n");
    rest = text;

    bio = BIO_new_mem_buf(text.data, (int) text.len);
    if (bio == NULL) {
        return WH_ERROR;
    }

    key->key = wh_cut_prefix(&rest, certificate)
               ? wh_keyset_certificate(key, bio)
               : PEM_read_bio_PUBKEY(bio, NULL, wh_pubkey_no_password, NULL);

    /* what follows would be another one, or the chain */

    if (key->key != NULL && BIO_pending(bio) == 0) {
        key->schemes = wh_keyset_fits(key->key);
    }

    BIO_free(bio);

    return WH_OK;
}


static EVP_PKEY *
wh_keyset_certificate(wh_keyset_key_t *key, BIO *bio)
{
    X509      *cert;
    EVP_PKEY  *pubkey;

    cert = PEM_read_bio_X509(bio, NULL, wh_pubkey_no_password, NULL);
    if (cert == NULL) {
        return NULL;
    }

    pubkey = NULL;

    if (wh_keyset_time(X509_get0_notBefore(cert), &key->not_before) == WH_OK
        && wh_keyset_time(X509_get0_notAfter(cert), &key->not_after) == WH_OK)
    {
        pubkey = X509_get_pubkey(cert);
    }

    X509_free(cert);

    return pubkey;
}


static int
wh_keyset_time(const ASN1_TIME *time, int64_t *sec)
{
    int         rc, days, rest;
    ASN1_TIME  *epoch;

    epoch = ASN1_TIME_set(NULL, 0);
    if (epoch == NULL) {
        return WH_ERROR;
    }

    rc = ASN1_TIME_diff(&days, &rest, epoch, time);

    ASN1_TIME_free(epoch);

    if (rc != 1) {
        return WH_ERROR;
    }

    *sec = (int64_t) days * 86400 + rest;

    return WH_OK;
}


static int
wh_keyset_id(wh_keyset_key_t *key, wh_str_t id)
{
    unsigned char  *data;

    data = malloc(id.len + 1);
    if (data == NULL) {
        return WH_ERROR;
    }

    memcpy(data, id.data, id.len);

    key->id.data = data;
    key->id.len = id.len;

    return WH_OK;
}


static unsigned
wh_keyset_fits(EVP_PKEY *key)
{
    unsigned     schemes;
    wh_pubkey_e  scheme;

    schemes = 0;

    for (scheme = WH_ED25519; scheme < WH_PUBKEY_SCHEMES; scheme++) {
        if (wh_pubkey_fits(key, scheme)) {
            schemes |= 1u << scheme;
        }
    }

    return schemes;
}


/* Ids that are there twice, and what is left then. */

static int
wh_keyset_finish(wh_keyset_t *set, const char **error)
{
    size_t            i, k;
    wh_keyset_key_t  *a, *b;

    for (i = 0; i < set->n; i++) {

        for (k = 0; k < i; k++) {

            a = &set->keys[i];
            b = &set->keys[k];

            if (a->id.data && b->id.data && wh_equal(a->id, b->id)) {
                a->schemes = 0;
                b->schemes = 0;
            }
        }
    }

    for (i = 0; i < set->n; i++) {

        if (set->keys[i].schemes == 0) {
            EVP_PKEY_free(set->keys[i].key);
            set->keys[i].key = NULL;
            set->left_out++;
        }

        set->schemes |= set->keys[i].schemes;
    }

    if (set->schemes) {
        return WH_OK;
    }

    *error = "has no key that can be used";

    return WH_INVALID;
}
