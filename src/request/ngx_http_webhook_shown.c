
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Values of a verified body that no rule needs: those of variables that are
 * asked for by name alone, and those that the page shows.
 */


#include "ngx_http_webhook_request.h"


#define NGX_HTTP_WEBHOOK_SHOWN        65536     /* bytes of the body */
#define NGX_HTTP_WEBHOOK_SHOWN_PIECE  4096


static ngx_http_webhook_action_t  ngx_http_webhook_shown_whole;
static void ngx_http_webhook_shown_walk(ngx_http_webhook_ctx_t *ctx);
static ngx_int_t ngx_http_webhook_shown_piece(ngx_http_webhook_ctx_t *ctx,
    ngx_buf_t *b, off_t offset, size_t size);
static ngx_uint_t ngx_http_webhook_shown_found(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source);
static void ngx_http_webhook_shown_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_http_webhook_text_t *text);


/*
 * Parses the body for a variable that the configuration does not have, so that
 * nobody knew of it before the verdict.  There is no turn for others in
 * between, so the body must be short, and it is too late to refuse: where it is
 * not JSON, there are no values.
 */

void
ngx_http_webhook_json_by_name(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    int           rc;
    ngx_chain_t  *cl;

    if (ctx->json || ctx->by_name || ctx->parse || !ctx->verified) {
        return;
    }

    ctx->by_name = 1;

    if (ctx->gate->json == NULL) {
        return;
    }

    switch (ngx_http_webhook_shown_whole(r, ctx)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return;

    default: /* NGX_ERROR */
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "webhook %V: a variable that is asked for by its name "
                      "alone is empty, the body is not in memory, or has more "
                      "than %d bytes", &ctx->gate->provider->name,
                      NGX_HTTP_WEBHOOK_SHOWN);
        return;
    }

    ctx->json = wh_json_create(ctx->gate->json, NULL, NULL, NULL);
    if (ctx->json == NULL) {
        return;
    }

    rc = WH_OK;

    for (cl = ctx->parsed; cl && rc == WH_OK; cl = cl->next) {
        rc = wh_json_parse(ctx->json, cl->buf->pos, ngx_buf_size(cl->buf));
    }

    if (rc != WH_OK || wh_json_end(ctx->json) != WH_OK) {
        wh_json_free(ctx->json);
        ctx->json = NULL;
    }
}


/*
 * NGX_OK for a short body in memory, NGX_DECLINED for a form.  Where a body
 * goes on while it comes, what is left of it is not all.
 */

static ngx_int_t
ngx_http_webhook_shown_whole(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    off_t         size;
    ngx_int_t     rc;
    ngx_chain_t  *cl;

    rc = ngx_http_webhook_payload_locate(r, ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    if (r->request_body_no_buffering || !ngx_http_webhook_body_ended(r)) {
        return NGX_ERROR;
    }

    size = 0;

    for (cl = ctx->parsed; cl; cl = cl->next) {

        if (!ngx_buf_in_memory(cl->buf)) {
            return NGX_ERROR;
        }

        size += ngx_buf_size(cl->buf);
    }

    return size <= NGX_HTTP_WEBHOOK_SHOWN ? NGX_OK : NGX_ERROR;
}


/*
 * The id and the event of a request for the page, as far as they are in the
 * beginning of its body.  Names from a sender that is not verified are not
 * shown.
 */

void
ngx_http_webhook_shown(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_text_t *id, ngx_http_webhook_text_t *event)
{
    ngx_uint_t                    walk;
    wh_json_limits_t              limits;
    ngx_http_webhook_provider_t  *provider;

    id->len = 0;
    event->len = 0;

    if (!ctx->sender) {
        return;
    }

    provider = ctx->gate->provider;

    walk = (ctx->json == NULL
            && !ctx->parse
            && ctx->gate->json
            && !r->request_body_no_buffering
            && !(ngx_http_webhook_shown_found(ctx, provider->id)
                 && ngx_http_webhook_shown_found(ctx, provider->event))
            && ngx_http_webhook_payload_locate(r, ctx) == NGX_OK);

    if (walk) {
        ngx_memzero(&limits, sizeof(wh_json_limits_t));
        limits.piece = NGX_HTTP_WEBHOOK_SHOWN_PIECE;

        ctx->json = wh_json_create(ctx->gate->json, &limits, NULL, NULL);

        if (ctx->json) {
            ngx_http_webhook_shown_walk(ctx);
        }
    }

    ngx_http_webhook_shown_text(r, ctx, provider->id, id);
    ngx_http_webhook_shown_text(r, ctx, provider->event, event);

    if (walk) {
        wh_json_free(ctx->json);
        ctx->json = NULL;
    }
}


static void
ngx_http_webhook_shown_walk(ngx_http_webhook_ctx_t *ctx)
{
    off_t                         offset;
    size_t                        size, left;
    ngx_chain_t                  *cl;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;
    left = NGX_HTTP_WEBHOOK_SHOWN;

    for (cl = ctx->parsed; cl; cl = cl->next) {

        for (offset = 0; offset < ngx_buf_size(cl->buf); offset += size) {

            size = ngx_min(ngx_buf_size(cl->buf) - offset,
                           NGX_HTTP_WEBHOOK_SHOWN_PIECE);

            if (size > left
                || ngx_http_webhook_shown_piece(ctx, cl->buf, offset, size)
                   != NGX_OK
                || (ngx_http_webhook_shown_found(ctx, provider->id)
                    && ngx_http_webhook_shown_found(ctx, provider->event)))
            {
                return;
            }

            left -= size;
        }
    }

    /* what is in the last piece; that it may be no JSON does not matter */

    (void) wh_json_end(ctx->json);
}


static ngx_int_t
ngx_http_webhook_shown_piece(ngx_http_webhook_ctx_t *ctx, ngx_buf_t *b,
    off_t offset, size_t size)
{
    u_char  *data, buf[NGX_HTTP_WEBHOOK_SHOWN_PIECE];

    if (ngx_buf_in_memory(b)) {
        data = b->pos + offset;

    } else {
        data = buf;

        if (ngx_read_file(b->file, data, size, b->file_pos + offset)
            != (ssize_t) size)
        {
            return NGX_ERROR;
        }
    }

    return wh_json_parse(ctx->json, data, size) == WH_OK ? NGX_OK : NGX_ERROR;
}


/* Whether the body has nothing more to say of it. */

static ngx_uint_t
ngx_http_webhook_shown_found(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source)
{
    if (source == NULL || source->type != NGX_HTTP_WEBHOOK_JSON) {
        return 1;
    }

    return ctx->json
           && wh_json_value(ctx->json, source->index)->type != WH_JSON_ABSENT;
}


static void
ngx_http_webhook_shown_text(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source, ngx_http_webhook_text_t *text)
{
    ngx_str_t  value;

    if (source == NULL
        || ngx_http_webhook_source_value(r, ctx, source, &value) != WH_OK)
    {
        return;
    }

    text->len = value.len;
    ngx_memcpy(text->data, value.data, ngx_min(value.len, sizeof(text->data)));
}
