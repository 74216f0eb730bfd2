
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The hash that names a message where no key does.  It is a second one beside
 * that of the signature, so it is made when it is known to be of use: after
 * the signature has held, of a body that is in memory.  One that goes to a
 * file is hashed as it arrives.
 */


#include "ngx_http_webhook_request.h"


static ngx_uint_t ngx_http_webhook_digest_later(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static ngx_int_t ngx_http_webhook_digest_update(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static void ngx_http_webhook_digest_part(ngx_http_webhook_ctx_t *ctx,
    u_char *data, size_t len);


/* What has to be hashed, unless a key that comes with the body is a name. */

ngx_http_webhook_digest_e
ngx_http_webhook_digest(ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;

    if (replay == NULL || replay->off || replay->named) {
        return NGX_HTTP_WEBHOOK_DIGEST_NONE;
    }

    if (replay->body) {
        return NGX_HTTP_WEBHOOK_DIGEST_BODY;
    }

    return (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_RECEIVER)
           ? NGX_HTTP_WEBHOOK_DIGEST_NONE : NGX_HTTP_WEBHOOK_DIGEST_MESSAGE;
}


/* What of it is hashed as the body arrives. */

ngx_http_webhook_digest_e
ngx_http_webhook_digest_streamed(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_digest_e  digest;

    digest = ngx_http_webhook_digest(ctx);

    if (digest == NGX_HTTP_WEBHOOK_DIGEST_NONE
        || ngx_http_webhook_digest_later(r, ctx))
    {
        return NGX_HTTP_WEBHOOK_DIGEST_NONE;
    }

    return digest;
}


/*
 * Whether it can wait: a key may make it needless, or the signature be wrong,
 * and the body will be in memory then.
 */

static ngx_uint_t
ngx_http_webhook_digest_later(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;

    /* a payload is encoded as it arrives, once */

    if (ctx->token_header.len) {
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

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    return !r->headers_in.chunked
           && !clcf->client_body_in_file_only
           && r->headers_in.content_length_n
              <= (off_t) clcf->client_body_buffer_size;
}


/* Makes the digest of what the sender has signed, unless it is there. */

ngx_int_t
ngx_http_webhook_digest_message(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    size_t                            size;
    u_char                            digest[EVP_MAX_MD_SIZE];
    ngx_int_t                         rc;
    ngx_http_webhook_replay_state_t  *replay;

    replay = ctx->replay;

    if (replay->hashed) {
        return NGX_OK;
    }

    replay->md = ngx_http_webhook_md_get();
    if (replay->md == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_webhook_digest_update(r, ctx);

    if (rc == NGX_OK
        && wh_digest_final(replay->md, digest, &size) != WH_OK)
    {
        rc = NGX_ERROR;
    }

    ngx_http_webhook_md_put(replay->md);
    replay->md = NULL;

    if (rc == NGX_OK) {
        ngx_http_webhook_replay_message(ctx, digest);
    }

    return rc;
}


static ngx_int_t
ngx_http_webhook_digest_update(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                     prefix, suffix;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    if (ngx_http_webhook_message_text(r, ctx, provider->prefix, &prefix)
           != NGX_OK
        || ngx_http_webhook_message_text(r, ctx, provider->suffix, &suffix)
           != NGX_OK
        || wh_digest_start(WH_SHA256, ctx->replay->md) != WH_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_webhook_digest_part(ctx, prefix.data, prefix.len);

    if (provider->body.kind != NGX_HTTP_WEBHOOK_BODY_RAW) {
        ngx_http_webhook_digest_part(ctx, ctx->text.data, ctx->text.len);

    } else if (r->request_body) {
        ngx_http_webhook_body_hash(r, ctx, r->request_body->bufs,
                                   ngx_http_webhook_digest_part);
    }

    ngx_http_webhook_digest_part(ctx, suffix.data, suffix.len);

    return ctx->failed ? NGX_ERROR : NGX_OK;
}


/* Makes the digest of the body, as $webhook_body_sha256 has it. */

ngx_int_t
ngx_http_webhook_digest_body(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->sha256) {
        return ngx_http_webhook_body_sha256(r, ctx);
    }

    ctx->sha256 = ngx_http_webhook_md_get();

    if (ctx->sha256 == NULL
        || wh_digest_start(WH_SHA256, ctx->sha256) != WH_OK)
    {
        return NGX_ERROR;
    }

    if (r->request_body) {
        ctx->replay->md = ctx->sha256;
        ngx_http_webhook_body_hash(r, ctx, r->request_body->bufs,
                                   ngx_http_webhook_digest_part);
        ctx->replay->md = NULL;
    }

    return ctx->failed ? NGX_ERROR : ngx_http_webhook_body_sha256(r, ctx);
}


static void
ngx_http_webhook_digest_part(ngx_http_webhook_ctx_t *ctx, u_char *data,
    size_t len)
{
    if (wh_hmac_update(ctx->replay->md, data, len) != WH_OK) {
        ctx->failed = 1;
    }
}
