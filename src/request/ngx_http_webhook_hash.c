
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Hashing the body, as it arrives or from where it has been put.
 */


#include "ngx_http_webhook_request.h"


#define NGX_HTTP_WEBHOOK_FILE_CHUNK  65536      /* bytes of a file at a time */
#define NGX_HTTP_WEBHOOK_IDLE_MAX    64         /* contexts kept for reuse */


static ngx_http_webhook_digest_e ngx_http_webhook_digest_wanted(
    ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_is_t  ngx_http_webhook_digest_later;
static ngx_int_t ngx_http_webhook_hashes_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t digests);
static ngx_int_t ngx_http_webhook_hash_start(ngx_http_webhook_ctx_t *ctx,
    wh_hmac_key_t *key, wh_digest_e digest, ngx_uint_t use, ngx_uint_t secret,
    ngx_str_t *prefix);
static void ngx_http_webhook_hashes_wanted(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t *hmacs, ngx_uint_t *digests);
static ngx_uint_t ngx_http_webhook_bits(ngx_uint_t bits);
static ngx_uint_t ngx_http_webhook_take_bit(ngx_uint_t *bits);
static ngx_uint_t ngx_http_webhook_body_stays(ngx_http_request_t *r);
static ngx_http_webhook_is_t  ngx_http_webhook_body_waits;
static off_t ngx_http_webhook_slice(ngx_http_webhook_ctx_t *ctx);
static off_t ngx_http_webhook_hash_slice(ngx_http_webhook_ctx_t *ctx,
    ngx_chain_t *in, off_t skip, off_t most);
static ngx_int_t ngx_http_webhook_hash_file(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_buf_t *b,
    ngx_http_webhook_feed_t *handler);
static ngx_http_webhook_feed_t  ngx_http_webhook_hash;


/* of this worker, reset and ready for use */

static EVP_MD_CTX  *ngx_http_webhook_idle[NGX_HTTP_WEBHOOK_IDLE_MAX];
static ngx_uint_t   ngx_http_webhook_nidle;


/* Whether there is no verdict without the body. */

ngx_uint_t
ngx_http_webhook_body_wanted(ngx_http_webhook_ctx_t *ctx)
{
    return (ctx->http ? ctx->http->digest.digests
                      : ngx_http_webhook_signs(ctx->gate->provider))
           || ctx->gate->provider->form
           || ctx->gate->provider->needs_body
           || ctx->gate->parse
           || ctx->gate->json_challenge
           || ngx_http_webhook_digest_wanted(ctx)
              != NGX_HTTP_WEBHOOK_DIGEST_NONE;
}


/* What has to be hashed, unless a key that comes with the body is a name. */

static ngx_http_webhook_digest_e
ngx_http_webhook_digest_wanted(ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;

    if (replay == NULL || replay->off || replay->named) {
        return NGX_HTTP_WEBHOOK_DIGEST_NONE;
    }

    if (replay->body) {
        return NGX_HTTP_WEBHOOK_DIGEST_BODY;
    }

    /* what is signed is known with the headers, or is a part of the body */

    if (ctx->http
        || (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_TOKEN))
    {
        return NGX_HTTP_WEBHOOK_DIGEST_NONE;
    }

    return (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_RECEIVER)
           ? NGX_HTTP_WEBHOOK_DIGEST_NONE : NGX_HTTP_WEBHOOK_DIGEST_MESSAGE;
}


/*
 * Whether it can wait: a key may make it needless, or the signature be wrong,
 * and the body will be in memory then.
 */

static ngx_uint_t
ngx_http_webhook_digest_later(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t  i;

    /* a payload is encoded as it arrives, once */

    if (ngx_http_webhook_detached(ctx)) {
        return 0;
    }

    for (i = 0; i < NGX_HTTP_WEBHOOK_REPLAY_KEYS; i++) {
        if (ctx->replay->keys[i]) {
            return 1;
        }
    }

    if (!ngx_http_webhook_signs(ctx->gate->provider)) {
        return 0;
    }

    /* it is made in one go, so it must not be long */

    return ngx_http_webhook_body_stays(r)
           && r->headers_in.content_length_n <= NGX_HTTP_WEBHOOK_SLICE;
}


/* Whether all of a body that is yet to come will be in memory. */

static ngx_uint_t
ngx_http_webhook_body_stays(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    return !r->headers_in.chunked
           && !clcf->client_body_in_file_only
           && r->headers_in.content_length_n
              <= (off_t) clcf->client_body_buffer_size;
}


/*
 * Whether the hashes of several secrets can wait until the body is there: they
 * are more than a client should hold that waits, and of what will be in memory
 * they are, with one for the body itself, no more than a slice.
 */

ngx_uint_t
ngx_http_webhook_body_later(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    off_t  n;

    n = r->headers_in.content_length_n;

    return r->request_body == NULL
           && n >= 0
           && n <= NGX_HTTP_WEBHOOK_SLICE / (off_t) (ctx->gate->nkeys + 1)
           && ngx_http_webhook_body_stays(r);
}


/*
 * Starts the hashes that a request needs.  A body that is there already,
 * because another module or another gate has read it, is hashed at once.
 */

ngx_int_t
ngx_http_webhook_body_start(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                     digests;
    ngx_http_webhook_digest_e      digest;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_webhook_module);
    digest = ngx_http_webhook_digest_wanted(ctx);

    if (digest != NGX_HTTP_WEBHOOK_DIGEST_NONE
        && ngx_http_webhook_digest_later(r, ctx))
    {
        digest = NGX_HTTP_WEBHOOK_DIGEST_NONE;
    }

    digests = (digest == NGX_HTTP_WEBHOOK_DIGEST_MESSAGE)
              ? 1 << WH_SHA256 : 0;

    if (ctx->http) {
        digests = ctx->http->digest.digests;
    }

    if ((ctx->ncandidates || digests)
        && ngx_http_webhook_hashes_start(r, ctx, digests) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (wmcf->body_sha256
        || (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_DIGEST)
        || digest == NGX_HTTP_WEBHOOK_DIGEST_BODY)
    {

        ctx->sha256 = ngx_http_webhook_md_get();

        if (ctx->sha256 == NULL
            || wh_digest_start(WH_SHA256, ctx->sha256) != WH_OK)
        {
            return NGX_ERROR;
        }
    }

    if (r->request_body == NULL) {
        ctx->hashing = 1;

    } else if (!ngx_http_webhook_body_waits(r, ctx)) {
        ngx_http_webhook_body_hash(r, ctx, r->request_body->bufs,
                                   ngx_http_webhook_hash);
    }

    return NGX_OK;
}


/*
 * One HMAC for each key and each use that a signature was offered for, and
 * the digests that public keys sign or tokens have, beside those given.
 */

static ngx_int_t
ngx_http_webhook_hashes_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t digests)
{
    ngx_str_t       prefix, payload;
    ngx_uint_t      i, k, n, hmacs, uses;
    wh_hmac_key_t  *key;

    if (ngx_http_webhook_message_around(r, ctx, 0, &prefix) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_webhook_hashes_wanted(ctx, &hmacs, &digests);

    n = ctx->gate->nkeys * ngx_http_webhook_bits(hmacs)
        + ngx_http_webhook_bits(digests);

    if (n == 1 && ctx->signing) {
        ctx->hashes = &ctx->signing->hash;

    } else {
        ctx->hashes = ngx_palloc(r->pool, n * sizeof(ngx_http_webhook_hash_t));
        if (ctx->hashes == NULL) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < ctx->gate->nkeys; i++) {

        /* the secret of a token rule serves that alone */

        if (ctx->keys[i] == NULL || ctx->gate->keyslots[i].for_name.len) {
            continue;
        }

        uses = hmacs & ctx->keys[i]->uses;

        while (uses) {
            k = ngx_http_webhook_take_bit(&uses);
            key = &ctx->keys[i]->hmac[k];

            if (ngx_http_webhook_hash_start(ctx, key, 0, k, i + 1, &prefix)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    while (digests) {
        k = ngx_http_webhook_take_bit(&digests);

        if (ngx_http_webhook_hash_start(ctx, NULL, k, 0, 0, &prefix)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_http_webhook_detached(ctx)) {

        if (ngx_http_webhook_message_text(r, ctx, ctx->gate->provider->prefix,
                                          &payload)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_http_webhook_feed_payload(ctx, payload.data, payload.len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_hash_start(ngx_http_webhook_ctx_t *ctx, wh_hmac_key_t *key,
    wh_digest_e digest, ngx_uint_t use, ngx_uint_t secret, ngx_str_t *prefix)
{
    int                       rc;
    ngx_http_webhook_hash_t  *hash;

    hash = &ctx->hashes[ctx->nhashes];

    hash->md = ngx_http_webhook_md_get();
    if (hash->md == NULL) {
        return NGX_ERROR;
    }

    ctx->nhashes++;

    hash->key = key;
    hash->digest = digest;
    hash->use = use;
    hash->secret = secret;

    rc = key ? wh_hmac_start(key, hash->md)
             : wh_digest_start(digest, hash->md);

    if (rc != WH_OK
        || (prefix->len
            && wh_hmac_update(hash->md, prefix->data, prefix->len) != WH_OK))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Bits of the HMACs' uses, and of the digests, that signatures are for. */

static void
ngx_http_webhook_hashes_wanted(ngx_http_webhook_ctx_t *ctx, ngx_uint_t *hmacs,
    ngx_uint_t *digests)
{
    ngx_uint_t                     i;
    ngx_http_webhook_candidate_t  *candidate;

    *hmacs = 0;

    for (i = 0; i < ctx->ncandidates; i++) {

        candidate = &ctx->candidates[i];

        if (candidate->jwt) {
            *digests |= 1 << WH_SHA256;
            continue;
        }

        switch (candidate->scheme) {

        case WH_PUBKEY_NONE:
            *hmacs |= candidate->hmacs;
            break;

        case WH_ED25519:
            break;

        default:
            *digests |= 1 << wh_pubkey_digest(candidate->scheme);
            break;
        }
    }
}


static ngx_uint_t
ngx_http_webhook_bits(ngx_uint_t bits)
{
    ngx_uint_t  n;

    for (n = 0; bits; n++) {
        bits &= bits - 1;
    }

    return n;
}


/* Takes the lowest bit away, and returns which it was. */

static ngx_uint_t
ngx_http_webhook_take_bit(ngx_uint_t *bits)
{
    ngx_uint_t  bit;

    bit = ffs((int) *bits) - 1;
    *bits &= *bits - 1;

    return bit;
}


/*
 * Whether a body that is there already is left to slices: it is in memory, and
 * the request is on its way to the verdict on it.
 */

static ngx_uint_t
ngx_http_webhook_body_waits(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_chain_t  *cl;

    if (ctx->state != NGX_HTTP_WEBHOOK_CHECKING
        || !ngx_http_webhook_body_wanted(ctx))
    {
        return 0;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        if (ngx_buf_size(cl->buf) && !ngx_buf_in_memory(cl->buf)) {
            return 0;
        }
    }

    ctx->arrived = ngx_http_webhook_body_size(r->request_body->bufs);

    return 1;
}


/*
 * Gives a part of the body, which has just come, to the hashes in progress; a
 * failure is kept in the context until the verdict.  Where a long body stays
 * in memory, what is more than a slice in this turn can wait.
 */

void
ngx_http_webhook_body_arrived(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_chain_t *in)
{
    off_t  slice, waiting;

    if (ctx->state != NGX_HTTP_WEBHOOK_READING
        || r->headers_in.content_length_n <= NGX_HTTP_WEBHOOK_SLICE
        || !ngx_http_webhook_body_stays(r))
    {
        ngx_http_webhook_body_hash(r, ctx, in, ngx_http_webhook_hash);
        return;
    }

    waiting = ctx->arrived - ctx->hashed;
    ctx->arrived += ngx_http_webhook_body_size(in);

    if (ngx_http_webhook_turn_take(ctx->turn) != NGX_OK) {
        return;
    }

    slice = ngx_http_webhook_slice(ctx);

    if (waiting) {
        slice -= ngx_http_webhook_hash_slice(ctx, r->request_body->bufs,
                                             ctx->hashed, slice);
    }

    /* nothing is left of the slice while anything else waits */

    (void) ngx_http_webhook_hash_slice(ctx, in, 0, slice);
}


/*
 * Hashes a slice of what has come and could wait.  NGX_AGAIN: to be called
 * once more when the request has its turn.
 */

ngx_int_t
ngx_http_webhook_body_slice(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    off_t  n;

    if (ctx->arrived <= ctx->hashed) {
        return NGX_OK;
    }

    if (ngx_http_webhook_turn_take(ctx->turn) != NGX_OK) {
        return NGX_AGAIN;
    }

    n = ngx_http_webhook_hash_slice(ctx, r->request_body->bufs, ctx->hashed,
                                    ngx_http_webhook_slice(ctx));

    return (n && ctx->arrived > ctx->hashed) ? NGX_AGAIN : NGX_OK;
}


/* Bytes of the body that all hashes together take as long for as one slice. */

static off_t
ngx_http_webhook_slice(ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t  n;

    n = ctx->nhashes + (ctx->sha256 != NULL);

    return NGX_HTTP_WEBHOOK_SLICE / ngx_max(n, 1);
}


/*
 * Hashes at most so many bytes of buffers in memory, without those to skip;
 * returns how many.
 */

static off_t
ngx_http_webhook_hash_slice(ngx_http_webhook_ctx_t *ctx, ngx_chain_t *in,
    off_t skip, off_t most)
{
    off_t      n, size;
    ngx_buf_t  *b;

    n = 0;

    for ( /* void */ ; in && n < most; in = in->next) {

        b = in->buf;
        size = ngx_buf_size(b);

        if (size <= skip) {
            skip -= size;
            continue;
        }

        size = ngx_min(size - skip, most - n);

        ngx_http_webhook_hash(ctx, b->pos + skip, size);

        n += size;
        skip = 0;
    }

    return n;
}


/* Gives buffers to a handler, those in a file piece by piece. */

void
ngx_http_webhook_body_hash(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_chain_t *in, ngx_http_webhook_feed_t *handler)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {

        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            handler(ctx, b->pos, b->last - b->pos);

        } else if (ngx_buf_size(b)
                   && ngx_http_webhook_hash_file(r, ctx, b, handler)
                      != NGX_OK)
        {
            ctx->failed = 1;
        }
    }
}


static ngx_int_t
ngx_http_webhook_hash_file(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_buf_t *b, ngx_http_webhook_feed_t *handler)
{
    off_t     offset;
    size_t    size;
    u_char   *chunk;
    ssize_t   n;

    chunk = ngx_palloc(r->pool, NGX_HTTP_WEBHOOK_FILE_CHUNK);
    if (chunk == NULL) {
        return NGX_ERROR;
    }

    for (offset = b->file_pos; offset < b->file_last; offset += n) {

        size = ngx_min(NGX_HTTP_WEBHOOK_FILE_CHUNK, b->file_last - offset);

        n = ngx_read_file(b->file, chunk, size, offset);

        if (n == NGX_ERROR || (size_t) n != size) {
            (void) ngx_pfree(r->pool, chunk);
            return NGX_ERROR;
        }

        handler(ctx, chunk, n);
    }

    (void) ngx_pfree(r->pool, chunk);

    return NGX_OK;
}


static void
ngx_http_webhook_hash(ngx_http_webhook_ctx_t *ctx, u_char *data, size_t len)
{
    if (ctx->gate->provider->body.kind == NGX_HTTP_WEBHOOK_BODY_RAW
        || ctx->gate->provider->body.kind == NGX_HTTP_WEBHOOK_BODY_ANY)
    {
        ngx_http_webhook_feed(ctx, data, len);

    } else if (ngx_http_webhook_detached(ctx)) {
        ngx_http_webhook_feed_payload(ctx, data, len);

    } else {
        ngx_http_webhook_body_kind_update(ctx, data, len);
    }

    if (ctx->sha256 && wh_hmac_update(ctx->sha256, data, len) != WH_OK) {
        ctx->failed = 1;
    }

    ctx->hashed += len;
}


/* The verdict is known: the hashes, and the keys that they were made with. */

void
ngx_http_webhook_hashes_release(ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->nhashes; i++) {
        ngx_http_webhook_md_put(ctx->hashes[i].md);
    }

    ctx->nhashes = 0;

    ngx_http_webhook_keys_release(ctx->keys, ctx->gate->nkeys);

    if (ctx->answer && ctx->answer->key) {
        ngx_http_webhook_key_release(ctx->answer->key);
        ctx->answer->key = NULL;
    }
}


/* All that a context has outside the request's memory. */

void
ngx_http_webhook_body_release(ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_turn_leave(ctx->turn);

    if (ctx->state != NGX_HTTP_WEBHOOK_DONE) {
        ngx_http_webhook_hashes_release(ctx);
    }

    if (ctx->sha256) {
        ngx_http_webhook_md_put(ctx->sha256);
    }

    if (ctx->jose) {
        wh_json_free(ctx->jose->claims);
        ctx->jose->claims = NULL;
    }

    wh_json_free(ctx->json);
    wh_pelorus_work_free(ctx->pelorus);

    ctx->pelorus = NULL;
    ctx->json = NULL;
    ctx->sha256 = NULL;
    ctx->hashing = 0;
}


/* The digest of some bytes; md has room for WH_HMAC_MAX_SIZE. */

ngx_int_t
ngx_http_webhook_digest_bytes(wh_digest_e digest, wh_str_t bytes, u_char *md,
    size_t *len)
{
    ngx_int_t    rc;
    EVP_MD_CTX  *ctx;

    ctx = ngx_http_webhook_md_get();
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = (wh_digest_start(digest, ctx) == WH_OK
          && wh_hmac_update(ctx, bytes.data, bytes.len) == WH_OK
          && wh_digest_final(ctx, md, len) == WH_OK)
         ? NGX_OK : NGX_ERROR;

    ngx_http_webhook_md_put(ctx);

    return rc;
}


/*
 * The HMAC of n parts under a key, or, if key is NULL, their SHA-256; mac has
 * room for WH_HMAC_MAX_SIZE.
 */

ngx_int_t
ngx_http_webhook_mac(const wh_hmac_key_t *key, wh_str_t *parts, ngx_uint_t n,
    u_char *mac)
{
    int          rc;
    EVP_MD_CTX  *md;

    md = ngx_http_webhook_md_get();
    if (md == NULL) {
        return NGX_ERROR;
    }

    rc = wh_mac(key, md, parts, n, mac);

    ngx_http_webhook_md_put(md);

    return rc == WH_OK ? NGX_OK : NGX_ERROR;
}


/* The name of n parts; it may be in the place of one of them. */

ngx_int_t
ngx_http_webhook_name(wh_name_e what, wh_str_t *parts, ngx_uint_t n,
    u_char *name)
{
    int          rc;
    EVP_MD_CTX  *md;

    md = ngx_http_webhook_md_get();
    if (md == NULL) {
        return NGX_ERROR;
    }

    rc = wh_name(md, what, parts, n, name);

    ngx_http_webhook_md_put(md);

    return rc == WH_OK ? NGX_OK : NGX_ERROR;
}


/* A context that is ready for use, or NULL; it goes back after that. */

EVP_MD_CTX *
ngx_http_webhook_md_get(void)
{
    if (ngx_http_webhook_nidle) {
        return ngx_http_webhook_idle[--ngx_http_webhook_nidle];
    }

    return EVP_MD_CTX_new();
}


void
ngx_http_webhook_md_put(EVP_MD_CTX *md)
{
    if (ngx_http_webhook_nidle == NGX_HTTP_WEBHOOK_IDLE_MAX) {
        EVP_MD_CTX_free(md);
        return;
    }

    /* what is left in it comes from a key */

    EVP_MD_CTX_reset(md);

    ngx_http_webhook_idle[ngx_http_webhook_nidle++] = md;
}


void
ngx_http_webhook_md_exit(ngx_cycle_t *cycle)
{
    while (ngx_http_webhook_nidle) {
        EVP_MD_CTX_free(ngx_http_webhook_idle[--ngx_http_webhook_nidle]);
    }
}
