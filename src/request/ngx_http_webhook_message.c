
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What is signed around the body, or of it.
 */


#include "ngx_http_webhook_request.h"


static ngx_http_webhook_reason_e ngx_http_webhook_message_segment(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_segment_t *segment);
static ngx_uint_t ngx_http_webhook_message_nothing(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source);


/* What is signed before the body, of a detached token its header. */

ngx_int_t
ngx_http_webhook_message_prefix(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text)
{
    if (ctx->token_header.len) {
        *text = ctx->token_header;
        return NGX_OK;
    }

    return ngx_http_webhook_message_text(r, ctx, ctx->gate->provider->prefix,
                                         text);
}


/*
 * The text before or after the body, in the request's memory; segments may be
 * NULL.
 */

ngx_int_t
ngx_http_webhook_message_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_array_t *segments, ngx_str_t *text)
{
    u_char                      *p;
    ngx_str_t                   *values;
    ngx_uint_t                   i;
    ngx_http_webhook_segment_t  *segment;

    ngx_str_null(text);

    if (segments == NULL) {
        return NGX_OK;
    }

    segment = segments->elts;

    if (segment->source == NULL) {
        return ngx_http_webhook_evaluate(r, ctx, &segment->text, text);
    }

    values = ngx_pcalloc(r->pool, 2 * segments->nelts * sizeof(ngx_str_t));
    if (values == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < segments->nelts; i++) {

        if (ngx_http_webhook_evaluate(r, ctx, &segment[i].text, &values[2 * i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (segment[i].source
            && ngx_http_webhook_source_value(r, ctx, segment[i].source,
                                             &values[2 * i + 1])
               == WH_ERROR)
        {
            return NGX_ERROR;
        }

        text->len += values[2 * i].len + values[2 * i + 1].len;
    }

    p = ngx_pnalloc(r->pool, text->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (i = 0; i < 2 * segments->nelts; i++) {
        p = ngx_cpymem(p, values[i].data, values[i].len);
    }

    return NGX_OK;
}


/*
 * Whether all that the message takes from the body is there in one way only.
 * Where a value may be left out, nothing else may be in its place.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_message_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                   i, k;
    ngx_array_t                 *segments[2];
    ngx_http_webhook_reason_e    reason;
    ngx_http_webhook_segment_t  *segment;

    segments[0] = ctx->gate->provider->prefix;
    segments[1] = ctx->gate->provider->suffix;

    for (i = 0; i < 2; i++) {

        if (segments[i] == NULL) {
            continue;
        }

        segment = segments[i]->elts;

        for (k = 0; k < segments[i]->nelts; k++) {

            if (segment[k].source == NULL) {
                continue;
            }

            reason = ngx_http_webhook_message_segment(r, ctx, &segment[k]);

            if (reason != NGX_HTTP_WEBHOOK_PASSED) {
                return reason;
            }
        }
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_message_segment(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_segment_t *segment)
{
    ngx_int_t  rc;
    ngx_str_t  value;

    rc = ngx_http_webhook_source_value(r, ctx, segment->source, &value);

    if (rc == WH_ABSENT
        && !segment->required
        && ngx_http_webhook_message_nothing(ctx, segment->source))
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED);
}


/* An object or an array has no text either, nor what has been replaced. */

static ngx_uint_t
ngx_http_webhook_message_nothing(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source)
{
    const wh_json_value_t  *value;

    if (source->type != NGX_HTTP_WEBHOOK_JSON || ctx->json == NULL) {
        return 1;
    }

    value = wh_json_value(ctx->json, source->index);

    return value->type != WH_JSON_OBJECT
           && value->type != WH_JSON_ARRAY
           && !value->repeated;
}
