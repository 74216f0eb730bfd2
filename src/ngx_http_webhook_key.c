
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Keys: made from secrets, held by whoever uses them, wiped after that.
 */


#include "ngx_http_webhook.h"


#define NGX_HTTP_WEBHOOK_CACHE_MAX  128         /* keys of a worker */


/* Which key it is: the secret's digest, and whose schedule. */

typedef struct {
    u_char                        digest[WH_TOKEN_DIGEST_SIZE];
    ngx_http_webhook_provider_t  *provider;
    ngx_uint_t                    encoding;
} ngx_http_webhook_cache_name_t;


typedef struct {
    ngx_str_node_t                 sn;
    ngx_queue_t                    queue;
    ngx_http_webhook_cache_name_t  name;
    ngx_http_webhook_key_t        *key;
} ngx_http_webhook_cache_entry_t;


struct ngx_http_webhook_cache_s {
    ngx_rbtree_t                   rbtree;
    ngx_rbtree_node_t              sentinel;
    ngx_queue_t                    queue;       /* used last is first */
    ngx_uint_t                     n;
    ngx_http_webhook_cache_entry_t entries[NGX_HTTP_WEBHOOK_CACHE_MAX];
};


static void ngx_http_webhook_place_cleanup(void *data);
static ngx_int_t ngx_http_webhook_key_use(ngx_http_webhook_key_t *key,
    ngx_http_webhook_place_t *place, ngx_str_t *bytes, ngx_uint_t use,
    ngx_log_t *log);
static ngx_int_t ngx_http_webhook_key_decode(ngx_http_webhook_place_t *place,
    ngx_str_t *bytes, ngx_http_webhook_key_e how, u_char *buf, size_t *len);
static ngx_uint_t ngx_http_webhook_key_clash(ngx_http_webhook_place_t *place,
    ngx_http_webhook_key_t *key, ngx_http_webhook_place_t *other);
static ngx_http_webhook_key_t *ngx_http_webhook_key_hold(
    ngx_http_webhook_key_t *key);
static ngx_int_t ngx_http_webhook_key_evaluate(ngx_http_request_t *r,
    ngx_http_webhook_place_t *place, ngx_http_webhook_key_t **key);
static ngx_int_t ngx_http_webhook_cache_init(ngx_conf_t *cf);
static void ngx_http_webhook_cache_cleanup(void *data);
static ngx_http_webhook_key_t *ngx_http_webhook_cache_get(
    ngx_http_webhook_cache_t *cache, ngx_str_t *bytes,
    ngx_http_webhook_place_t *place, ngx_log_t *log);
static ngx_http_webhook_cache_entry_t *ngx_http_webhook_cache_room(
    ngx_http_webhook_cache_t *cache);


/*
 * Puts the key of place->secret there.  The pool lets go of the key that is
 * there at its end: on reload in the master, on exit in a worker.
 */

ngx_int_t
ngx_http_webhook_place_init(ngx_conf_t *cf, ngx_http_webhook_place_t *place)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_webhook_file_t  *file;

    if (place->secret->value) {
        return ngx_http_webhook_cache_init(cf);
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    place->key = ngx_http_webhook_key_create(place, &place->secret->bytes,
                                             cf->log);
    if (place->key == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_webhook_place_cleanup;
    cln->data = place;

    file = place->secret->file;

    if (file) {
        place->next = file->places;
        file->places = place;
    }

    return NGX_OK;
}


static void
ngx_http_webhook_place_cleanup(void *data)
{
    ngx_http_webhook_place_t  *place = data;

    ngx_http_webhook_key_release(place->key);
    place->key = NULL;
}


/*
 * Schedules a secret's bytes for comparing tokens and for the HMACs of the
 * provider, held by the caller.  SHA-256 is always there: it also serves
 * challenges.  NULL without memory or when OpenSSL refuses.
 */

ngx_http_webhook_key_t *
ngx_http_webhook_key_create(ngx_http_webhook_place_t *place, ngx_str_t *bytes,
    ngx_log_t *log)
{
    ngx_uint_t               i, uses;
    ngx_http_webhook_key_t  *key;

    key = ngx_calloc(sizeof(ngx_http_webhook_key_t), log);
    if (key == NULL) {
        return NULL;
    }

    key->refs = 1;

    if (wh_token_digest(ngx_http_webhook_wh_str(bytes), key->digest)
        != WH_OK)
    {
        goto failed;
    }

    /* a challenge is answered with this one */

    uses = 1 << ngx_http_webhook_use_hmac(NGX_HTTP_WEBHOOK_KEY_TEXT,
                                          WH_SHA256);

    if (place->provider) {
        uses |= place->provider->uses;
    }

    /* everybody may know a public key, so it must not be one of an HMAC too */

    for (i = NGX_HTTP_WEBHOOK_HMACS + NGX_HTTP_WEBHOOK_PUBKEYS; i-- > 0; ) {

        if (i < NGX_HTTP_WEBHOOK_HMACS
            && (key->uses >> NGX_HTTP_WEBHOOK_HMACS))
        {
            break;
        }

        if ((uses & (1 << i))
            && ngx_http_webhook_key_use(key, place, bytes, i, log) != NGX_OK)
        {
            goto failed;
        }
    }

    return key;

failed:

    ngx_http_webhook_key_release(key);

    return NULL;
}


/*
 * Makes a key good for one use, if its bytes are what that use takes: with a
 * "key=" of another scheme, or as no public key, they are not.
 */

static ngx_int_t
ngx_http_webhook_key_use(ngx_http_webhook_key_t *key,
    ngx_http_webhook_place_t *place, ngx_str_t *bytes, ngx_uint_t use,
    ngx_log_t *log)
{
    u_char     *buf;
    size_t      len;
    ngx_int_t   rc;

    if (use >= NGX_HTTP_WEBHOOK_HMACS) {

        use -= NGX_HTTP_WEBHOOK_HMACS;

        if (wh_pubkey_read(&key->pubkey[use], use + WH_ED25519,
                           ngx_http_webhook_wh_str(bytes))
            == WH_OK)
        {
            key->uses |= 1 << (use + NGX_HTTP_WEBHOOK_HMACS);
        }

        return NGX_OK;
    }

    buf = ngx_alloc(bytes->len, log);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_OK;
    len = bytes->len;

    if (ngx_http_webhook_key_decode(place, bytes, use / WH_DIGESTS, buf, &len)
        == NGX_OK)
    {
        if (wh_hmac_key_init(&key->hmac[use], use % WH_DIGESTS, buf, len)
            == WH_OK)
        {
            key->uses |= 1 << use;

        } else {
            rc = NGX_ERROR;
        }
    }

    ngx_explicit_memzero(buf, bytes->len);
    ngx_free(buf);

    return rc;
}


/*
 * The sender's way to write a key down; a "decode=" of the secret says it
 * first.
 */

static ngx_int_t
ngx_http_webhook_key_decode(ngx_http_webhook_place_t *place,
    ngx_str_t *bytes, ngx_http_webhook_key_e how, u_char *buf, size_t *len)
{
    wh_str_t       text;
    wh_encoding_e  encoding;

    text = ngx_http_webhook_wh_str(bytes);
    encoding = WH_TEXT;

    if (place->secret->encoding == WH_TEXT) {

        switch (how) {

        case NGX_HTTP_WEBHOOK_KEY_HEX:
            encoding = WH_HEX;
            break;

        case NGX_HTTP_WEBHOOK_KEY_WHSEC:

            if (text.len > 6 && ngx_strncmp(text.data, "whsec_", 6) == 0) {
                text.data += 6;
                text.len -= 6;
            }

            /* fall through */

        case NGX_HTTP_WEBHOOK_KEY_BASE64:
            encoding = WH_BASE64;
            break;

        default: /* NGX_HTTP_WEBHOOK_KEY_TEXT */
            break;
        }
    }

    return (wh_decode(encoding, text, buf, len) == WH_OK && *len > 0)
           ? NGX_OK : NGX_DECLINED;
}


static ngx_http_webhook_key_t *
ngx_http_webhook_key_hold(ngx_http_webhook_key_t *key)
{
    key->refs++;

    return key;
}


/* OpenSSL wipes the states that it frees. */

void
ngx_http_webhook_key_release(ngx_http_webhook_key_t *key)
{
    ngx_uint_t  i;

    if (key == NULL || --key->refs) {
        return;
    }

    for (i = 0; i < NGX_HTTP_WEBHOOK_HMACS; i++) {
        wh_hmac_key_free(&key->hmac[i]);
    }

    for (i = 0; i < NGX_HTTP_WEBHOOK_PUBKEYS; i++) {
        EVP_PKEY_free(key->pubkey[i]);
    }

    ngx_explicit_memzero(key, sizeof(ngx_http_webhook_key_t));
    ngx_free(key);
}


/*
 * Would this key, if it came to this place, be one that it must not share
 * with another place in the line?  That place, or NULL.
 */

ngx_http_webhook_place_t *
ngx_http_webhook_key_shared(ngx_http_webhook_place_t *place,
    ngx_http_webhook_key_t *key)
{
    ngx_uint_t                i;
    ngx_http_webhook_gate_t  *gate;

    if (key == NULL) {
        return NULL;
    }

    for (gate = place->gate->first; gate; gate = gate->next) {

        for (i = 0; i < gate->nkeys; i++) {
            if (ngx_http_webhook_key_clash(place, key, &gate->places[i])) {
                return &gate->places[i];
            }
        }

        if (gate->challenge
            && ngx_http_webhook_key_clash(place, key, gate->challenge))
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
ngx_http_webhook_key_clash(ngx_http_webhook_place_t *place,
    ngx_http_webhook_key_t *key, ngx_http_webhook_place_t *other)
{
    if (other->key == NULL
        || !wh_secret_equal(other->key->digest, key->digest,
                            WH_TOKEN_DIGEST_SIZE))
    {
        return 0;
    }

    if (place->provider == NULL || other->provider == NULL) {
        return place->provider != other->provider
               && place->gate->first->separate;
    }

    if (place->gate == other->gate) {
        return 0;
    }

    return ((key->uses ^ other->key->uses) >> NGX_HTTP_WEBHOOK_HMACS)
           || place->provider->oracle
           || other->provider->oracle;
}


/*
 * The same for a challenge secret where variables are, whose keys are known
 * only now.  NGX_OK when it is none of the signing secrets, NGX_DECLINED when
 * it is, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_key_separate(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_key_t *key)
{
    ngx_uint_t                i, same;
    ngx_http_webhook_key_t   *other;
    ngx_http_webhook_gate_t  *g;

    for (g = gate->first; g; g = g->next) {

        for (i = 0; i < g->nkeys; i++) {

            if (gate->challenge->secret->value == NULL
                && g->places[i].secret->value == NULL)
            {
                continue;
            }

            if (ngx_http_webhook_key_get(r, &g->places[i], &other) != NGX_OK) {
                return NGX_ERROR;
            }

            same = other && wh_secret_equal(other->digest, key->digest,
                                            WH_TOKEN_DIGEST_SIZE);

            ngx_http_webhook_key_release(other);

            if (same) {
                ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                              "webhook %V: the challenge secret is also a "
                              "signing secret, give it a value of its own",
                              &gate->provider->name);
                return NGX_DECLINED;
            }
        }
    }

    return NGX_OK;
}


/*
 * The key that a place has for this request, held until
 * ngx_http_webhook_keys_release().  An empty variable and one that cannot be
 * decoded give no key, *key is then NULL: a tenant need not have a second
 * secret.
 */

ngx_int_t
ngx_http_webhook_key_get(ngx_http_request_t *r,
    ngx_http_webhook_place_t *place, ngx_http_webhook_key_t **key)
{
    if (place->secret->value) {
        return ngx_http_webhook_key_evaluate(r, place, key);
    }

    if (place->secret->file) {
        ngx_http_webhook_file_check(place->secret->file, r->connection->log);
    }

    *key = ngx_http_webhook_key_hold(place->key);

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_key_evaluate(ngx_http_request_t *r,
    ngx_http_webhook_place_t *place, ngx_http_webhook_key_t **key)
{
    ngx_str_t                      bytes;
    ngx_http_webhook_main_conf_t  *wmcf;

    *key = NULL;

    if (ngx_http_webhook_secret_evaluate(r, place->secret, &bytes)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (bytes.len == 0) {
        return NGX_OK;
    }

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_webhook_module);

    *key = ngx_http_webhook_cache_get(wmcf->cache, &bytes, place,
                                      r->connection->log);

    ngx_explicit_memzero(bytes.data, bytes.len);

    return *key ? NGX_OK : NGX_ERROR;
}


/*
 * The keys that a request is verified with, also when a file changes while
 * its body comes; *n of them are there.
 */

ngx_int_t
ngx_http_webhook_keys_get(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t *n)
{
    ngx_uint_t                i;
    ngx_http_webhook_gate_t  *gate;

    gate = ctx->gate;
    *n = 0;

    for (i = 0; i < gate->nkeys; i++) {

        if (ngx_http_webhook_key_get(r, &gate->places[i], &ctx->keys[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        *n += (ctx->keys[i] != NULL);
    }

    return NGX_OK;
}


void
ngx_http_webhook_keys_release(ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->gate->nkeys; i++) {
        ngx_http_webhook_key_release(ctx->keys[i]);
        ctx->keys[i] = NULL;
    }

    ngx_http_webhook_key_release(ctx->challenge_key);

    ctx->challenge_key = NULL;
}


/*
 * The cache belongs to a cycle, since its names have addresses of providers.
 * Workers use it, each its own copy, the master does not.
 */

static ngx_int_t
ngx_http_webhook_cache_init(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t            *cln;
    ngx_http_webhook_cache_t      *cache;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    if (wmcf->cache) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_webhook_cache_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cache = cln->data;
    cache->n = 0;

    ngx_rbtree_init(&cache->rbtree, &cache->sentinel,
                    ngx_str_rbtree_insert_value);
    ngx_queue_init(&cache->queue);

    cln->handler = ngx_http_webhook_cache_cleanup;
    wmcf->cache = cache;

    return NGX_OK;
}


static void
ngx_http_webhook_cache_cleanup(void *data)
{
    ngx_http_webhook_cache_t  *cache = data;

    while (cache->n) {
        ngx_http_webhook_key_release(cache->entries[--cache->n].key);
    }

    ngx_explicit_memzero(cache, sizeof(ngx_http_webhook_cache_t));
}


/* The key of these bytes, from the cache or made for it, held. */

static ngx_http_webhook_key_t *
ngx_http_webhook_cache_get(ngx_http_webhook_cache_t *cache, ngx_str_t *bytes,
    ngx_http_webhook_place_t *place, ngx_log_t *log)
{
    uint32_t                         hash;
    ngx_str_t                        str;
    ngx_str_node_t                  *sn;
    ngx_http_webhook_key_t          *key;
    ngx_http_webhook_cache_name_t    name;
    ngx_http_webhook_cache_entry_t  *entry;

    name.provider = place->provider;
    name.encoding = place->secret->encoding;

    if (wh_token_digest(ngx_http_webhook_wh_str(bytes), name.digest)
        != WH_OK)
    {
        return NULL;
    }

    str.data = (u_char *) &name;
    str.len = sizeof(ngx_http_webhook_cache_name_t);

    ngx_memcpy(&hash, name.digest, sizeof(uint32_t));

    sn = ngx_str_rbtree_lookup(&cache->rbtree, &str, hash);

    if (sn) {
        entry = (ngx_http_webhook_cache_entry_t *) sn;

        ngx_queue_remove(&entry->queue);
        ngx_queue_insert_head(&cache->queue, &entry->queue);

        return ngx_http_webhook_key_hold(entry->key);
    }

    key = ngx_http_webhook_key_create(place, bytes, log);
    if (key == NULL) {
        return NULL;
    }

    entry = ngx_http_webhook_cache_room(cache);

    entry->key = key;
    entry->name = name;
    entry->sn.node.key = hash;
    entry->sn.str.data = (u_char *) &entry->name;
    entry->sn.str.len = str.len;

    ngx_rbtree_insert(&cache->rbtree, &entry->sn.node);
    ngx_queue_insert_head(&cache->queue, &entry->queue);

    return ngx_http_webhook_key_hold(key);
}


/* An entry that has not been used, or the one not used for the longest. */

static ngx_http_webhook_cache_entry_t *
ngx_http_webhook_cache_room(ngx_http_webhook_cache_t *cache)
{
    ngx_queue_t                     *q;
    ngx_http_webhook_cache_entry_t  *entry;

    if (cache->n < NGX_HTTP_WEBHOOK_CACHE_MAX) {
        return &cache->entries[cache->n++];
    }

    q = ngx_queue_last(&cache->queue);
    entry = ngx_queue_data(q, ngx_http_webhook_cache_entry_t, queue);

    ngx_queue_remove(q);
    ngx_rbtree_delete(&cache->rbtree, &entry->sn.node);
    ngx_http_webhook_key_release(entry->key);

    return entry;
}
