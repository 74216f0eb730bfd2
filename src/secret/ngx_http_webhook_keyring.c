
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Which keys a secret of a gate has now: those of the configuration, of files
 * that have changed, and of variables, which are cached.
 */


#include "ngx_http_webhook_secret.h"

#include <openssl/rand.h>


#define NGX_HTTP_WEBHOOK_CACHE_MAX  128         /* keys of a worker */


/* Which key it is: the secret's digest, and whose schedule. */

typedef struct {
    u_char                        digest[WH_TOKEN_DIGEST_SIZE];
    ngx_http_webhook_provider_t  *provider;
    ngx_uint_t                    encoding;
    ngx_uint_t                    decode;
} ngx_http_webhook_cache_name_t;


typedef struct {
    ngx_str_node_t                 sn;
    ngx_queue_t                    queue;
    ngx_http_webhook_cache_name_t  name;
    ngx_http_webhook_key_t        *key;
} ngx_http_webhook_cache_entry_t;


struct ngx_http_webhook_cache_s {
    ngx_rbtree_t                    rbtree;
    ngx_rbtree_node_t               sentinel;
    ngx_queue_t                     queue;      /* used last is first */
    ngx_uint_t                      n;
    ngx_http_webhook_cache_entry_t  entries[NGX_HTTP_WEBHOOK_CACHE_MAX];
};


static void ngx_http_webhook_keyslot_cleanup(void *data);
static ngx_int_t ngx_http_webhook_key_evaluate(ngx_http_request_t *r,
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_key_t **key);
static ngx_int_t ngx_http_webhook_secret_evaluate(ngx_http_request_t *r,
    ngx_http_webhook_secret_t *secret, ngx_str_t *bytes);
static ngx_int_t ngx_http_webhook_cache_init(ngx_conf_t *cf);
static void ngx_http_webhook_cache_cleanup(void *data);
static ngx_http_webhook_key_t *ngx_http_webhook_cache_get(
    ngx_http_webhook_cache_t *cache, ngx_str_t *bytes,
    ngx_http_webhook_keyslot_t *keyslot, ngx_log_t *log);
static ngx_http_webhook_cache_entry_t *ngx_http_webhook_cache_room(
    ngx_http_webhook_cache_t *cache);


/* Of the process that workers are born of, also after a reload. */

static u_char      ngx_http_webhook_seed[WH_TOKEN_DIGEST_SIZE];
static ngx_uint_t  ngx_http_webhook_seeded;


/*
 * Puts the key of keyslot->secret into the keyslot.  When the pool ends, it
 * releases the key that is there then: on reload in the master, on exit in a
 * worker.
 */

ngx_int_t
ngx_http_webhook_keyslot_init(ngx_conf_t *cf,
    ngx_http_webhook_keyslot_t *keyslot)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_webhook_file_t  *file;

    if (keyslot->secret->value) {
        return ngx_http_webhook_cache_init(cf);
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    keyslot->key = ngx_http_webhook_key_create(keyslot,
                                               &keyslot->secret->bytes,
                                               cf->log);
    if (keyslot->key == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_webhook_keyslot_cleanup;
    cln->data = keyslot;

    if (keyslot->secret->keyset) {

        if (!keyslot->secret->told) {
            keyslot->secret->told = 1;
            ngx_http_webhook_keyset_warn(keyslot, keyslot->key, cf->log);
        }

    } else {
        ngx_http_webhook_secret_warn(cf, keyslot);
    }

    file = keyslot->secret->file;

    if (file) {
        keyslot->next = file->keyslots;
        file->keyslots = keyslot;
    }

    return NGX_OK;
}


static void
ngx_http_webhook_keyslot_cleanup(void *data)
{
    ngx_http_webhook_keyslot_t  *keyslot = data;

    ngx_http_webhook_key_release(keyslot->key);
    keyslot->key = NULL;
}


/*
 * The key that a keyslot has for this request; the caller holds it until
 * ngx_http_webhook_key_release().  An empty variable gives no key, *key is
 * then NULL: a tenant need not have a second secret.  With NGX_DECLINED there
 * is none either, as what the variable has cannot be a key.
 */

ngx_int_t
ngx_http_webhook_key_get(ngx_http_request_t *r,
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_key_t **key)
{
    if (keyslot->secret->value) {
        return ngx_http_webhook_key_evaluate(r, keyslot, key);
    }

    if (keyslot->secret->file) {
        ngx_http_webhook_file_check(keyslot->secret->file, r->connection->log);
    }

    *key = keyslot->key;
    (*key)->refs++;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_key_evaluate(ngx_http_request_t *r,
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_key_t **key)
{
    ngx_int_t                      rc;
    ngx_str_t                      bytes;
    const char                    *what;
    ngx_http_webhook_main_conf_t  *wmcf;

    *key = NULL;

    rc = ngx_http_webhook_secret_evaluate(r, keyslot->secret, &bytes);

    if (rc != NGX_OK || bytes.len == 0) {
        return rc;
    }

    what = ngx_http_webhook_secret_wrong(keyslot, &bytes);

    if (what) {
        ngx_explicit_memzero(bytes.data, bytes.len);

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "webhook secret from a variable %s", what);
        return NGX_DECLINED;
    }

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_webhook_module);

    *key = ngx_http_webhook_cache_get(wmcf->cache, &bytes, keyslot,
                                      r->connection->log);

    ngx_explicit_memzero(bytes.data, bytes.len);

    return *key ? NGX_OK : NGX_ERROR;
}


/*
 * The bytes of a secret that has variables, for this request, to be wiped by
 * the caller.  There are none when it is empty, nor when it cannot be decoded,
 * which is NGX_DECLINED.
 */

static ngx_int_t
ngx_http_webhook_secret_evaluate(ngx_http_request_t *r,
    ngx_http_webhook_secret_t *secret, ngx_str_t *bytes)
{
    int          rc;
    size_t       len;
    ngx_int_t    evaluated;
    ngx_str_t    raw;
    ngx_log_t   *log;
    ngx_uint_t   level;

    ngx_str_null(bytes);

    /* nginx's script engine and map print values at debug level */

    log = r->connection->log;
    level = log->log_level;
    log->log_level &= ~NGX_LOG_DEBUG_ALL;

    evaluated = ngx_http_complex_value(r, secret->value, &raw);

    log->log_level = level;

    if (evaluated != NGX_OK) {
        return NGX_ERROR;
    }

    if (raw.len == 0) {
        return NGX_OK;
    }

    len = wh_decoded_len(secret->encoding, raw.len);

    bytes->data = ngx_pnalloc(r->pool, len + 1);
    if (bytes->data == NULL) {
        ngx_explicit_memzero(raw.data, raw.len);
        return NGX_ERROR;
    }

    rc = wh_decode(secret->encoding, ngx_http_webhook_wh_str(&raw),
                   bytes->data, &len);

    /* of a value with variables nginx makes a copy for us */

    ngx_explicit_memzero(raw.data, raw.len);

    if (rc != WH_OK || len == 0) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "webhook secret from a variable cannot be decoded");
        return NGX_DECLINED;
    }

    bytes->len = len;

    return NGX_OK;
}


/*
 * The keys that a request is verified with, also when a file changes while
 * its body comes: one for each keyslot of the gate, or NULL; *n are there.
 * Those that are there are to be released, also after NGX_ERROR.  NGX_DECLINED
 * if there is none, but a variable with what cannot be a key.
 */

ngx_int_t
ngx_http_webhook_keys_get(ngx_http_request_t *r, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_key_t **keys, ngx_uint_t *n)
{
    ngx_int_t   rc, declined;
    ngx_uint_t  i;

    *n = 0;
    declined = NGX_OK;

    for (i = 0; i < gate->nkeys; i++) {

        rc = ngx_http_webhook_key_get(r, &gate->keyslots[i], &keys[i]);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            declined = NGX_DECLINED;
        }

        *n += (keys[i] != NULL);
    }

    return *n ? NGX_OK : declined;
}


/* Releases n keys, some of which may be NULL, and forgets them. */

void
ngx_http_webhook_keys_release(ngx_http_webhook_key_t **keys, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        ngx_http_webhook_key_release(keys[i]);
        keys[i] = NULL;
    }
}


/*
 * A key that nobody has, in the place of one that is not there: a stranger
 * gets the answers of a tenant that is known.  It is always the same for a
 * host and a path, as that of such a tenant is, and another one to answer
 * challenges: these would sign a message for the stranger.
 */

ngx_int_t
ngx_http_webhook_key_nobody(ngx_http_request_t *r,
    ngx_http_webhook_keyslot_t *keyslot, ngx_uint_t answers,
    ngx_http_webhook_key_t **key)
{
    u_char     digest[WH_TOKEN_DIGEST_SIZE], use;
    wh_str_t   parts[4];
    ngx_str_t  bytes;

    use = (u_char) answers;

    parts[0].len = WH_TOKEN_DIGEST_SIZE;
    parts[0].data = ngx_http_webhook_seed;
    parts[1] = ngx_http_webhook_wh_str(&r->headers_in.server);
    parts[2] = ngx_http_webhook_wh_str(&r->uri);
    parts[3].len = 1;
    parts[3].data = &use;

    if (wh_mac_once(NULL, parts, 4, digest) != WH_OK) {
        return NGX_ERROR;
    }

    bytes.len = WH_TOKEN_DIGEST_SIZE;
    bytes.data = digest;

    *key = ngx_http_webhook_key_create(keyslot, &bytes, r->connection->log);

    return *key ? NGX_OK : NGX_ERROR;
}


/*
 * As ngx_http_webhook_key_conflict(), for a challenge secret where there are
 * variables, whose keys are known only now.  NGX_OK when it is none of the
 * signing secrets, NGX_DECLINED when it is, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_key_distinct(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_key_t *key)
{
    ngx_uint_t                i, same;
    ngx_http_webhook_key_t   *other;
    ngx_http_webhook_gate_t  *g;

    for (g = gate->first; g; g = g->next) {

        for (i = 0; i < g->nkeys; i++) {

            if (gate->challenge->secret->value == NULL
                && g->keyslots[i].secret->value == NULL)
            {
                continue;
            }

            if (ngx_http_webhook_key_get(r, &g->keyslots[i], &other)
                == NGX_ERROR)
            {
                return NGX_ERROR;
            }

            same = other && ngx_http_webhook_key_same(other, key);

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

    if (!ngx_http_webhook_seeded) {

        if (RAND_bytes(ngx_http_webhook_seed, WH_TOKEN_DIGEST_SIZE) != 1) {
            ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0, "RAND_bytes() failed");
            return NGX_ERROR;
        }

        ngx_http_webhook_seeded = 1;
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


/* The key of these bytes, from the cache or put there; the caller holds it. */

static ngx_http_webhook_key_t *
ngx_http_webhook_cache_get(ngx_http_webhook_cache_t *cache, ngx_str_t *bytes,
    ngx_http_webhook_keyslot_t *keyslot, ngx_log_t *log)
{
    uint32_t                         hash;
    ngx_str_t                        str;
    ngx_str_node_t                  *sn;
    ngx_http_webhook_key_t          *key;
    ngx_http_webhook_cache_name_t    name;
    ngx_http_webhook_cache_entry_t  *entry;

    name.provider = keyslot->provider;
    name.encoding = keyslot->secret->encoding;
    name.decode = keyslot->secret->decode;

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

        entry->key->refs++;

        return entry->key;
    }

    key = ngx_http_webhook_key_create(keyslot, bytes, log);
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

    key->refs++;

    return key;
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
