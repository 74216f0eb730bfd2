
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Bytes of the message on their way into the hashes in progress.
 */


#include "ngx_http_webhook_request.h"


#define NGX_HTTP_WEBHOOK_ENCODE  3072      /* bytes at a time, threes */


static ngx_http_webhook_feed_t  ngx_http_webhook_feed_encoded;


/* A part of the message that is hashed as it is. */

void
ngx_http_webhook_feed(ngx_http_webhook_ctx_t *ctx, u_char *data, size_t len)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->nhashes; i++) {
        if (wh_hmac_update(ctx->hashes[i].md, data, len) != WH_OK) {
            ctx->failed = 1;
        }
    }
}


/*
 * The payload of a detached token is encoded as it comes, but for a signature
 * that is over the message in one piece.
 */

void
ngx_http_webhook_feed_payload(ngx_http_webhook_ctx_t *ctx, u_char *data,
    size_t len)
{
    size_t  n;

    if (ctx->whole) {
        return;
    }

    if (ctx->plain) {
        ngx_http_webhook_feed(ctx, data, len);
        return;
    }

    while (len && ctx->ncarry) {

        ctx->carry[ctx->ncarry++] = *data++;
        len--;

        if (ctx->ncarry == 3) {
            ngx_http_webhook_feed_encoded(ctx, ctx->carry, 3);
            ctx->ncarry = 0;
        }
    }

    while (len >= 3) {

        n = ngx_min(len - len % 3, NGX_HTTP_WEBHOOK_ENCODE);

        ngx_http_webhook_feed_encoded(ctx, data, n);

        data += n;
        len -= n;
    }

    while (len--) {
        ctx->carry[ctx->ncarry++] = *data++;
    }
}


static void
ngx_http_webhook_feed_encoded(ngx_http_webhook_ctx_t *ctx, u_char *data,
    size_t len)
{
    u_char     buf[ngx_base64_encoded_length(NGX_HTTP_WEBHOOK_ENCODE)];
    ngx_str_t  bytes, text;

    bytes.data = data;
    bytes.len = len;
    text.data = buf;

    ngx_encode_base64url(&text, &bytes);

    ngx_http_webhook_feed(ctx, text.data, text.len);
}
