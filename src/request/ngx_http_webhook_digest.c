
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The hash that names a message where no key does.  It is a second one beside
 * that of the signature, so it is made when it is known to be of use: after
 * the signature has held, of a body that is in memory.  One that goes to a
 * file is hashed as it arrives.
 */


#include "ngx_http_webhook_request.h"


static ngx_http_webhook_action_t  ngx_http_webhook_digest_update;
static ngx_http_webhook_feed_t  ngx_http_webhook_digest_part;


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
        ngx_http_webhook_digest_keep(ctx, digest);
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

    if (wh_digest_start(WH_SHA256, ctx->replay->md) != WH_OK) {
        return NGX_ERROR;
    }

    if (ctx->http) {
        ngx_http_webhook_digest_part(ctx, ctx->http->base.data,
                                     ctx->http->base.len);

    } else if (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_TOKEN) {
        ngx_http_webhook_digest_part(ctx, (u_char *) ctx->jose->text.data,
                                     ctx->jose->text.len);

    } else {

        if (ngx_http_webhook_message_text(r, ctx, provider->prefix, &prefix)
               != NGX_OK
            || ngx_http_webhook_message_text(r, ctx, provider->suffix, &suffix)
               != NGX_OK)
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
    }

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


/* Keeps the digest of what is authenticated, which tells messages apart. */

void
ngx_http_webhook_digest_keep(ngx_http_webhook_ctx_t *ctx, u_char *digest)
{
    ngx_memcpy(ctx->replay->message, digest, NGX_HTTP_WEBHOOK_DIGEST);
    ctx->replay->hashed = 1;
}
