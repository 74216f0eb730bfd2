
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What is signed around the body, or of it.
 */


#include "ngx_http_webhook.h"


static ngx_http_webhook_reason_e ngx_http_webhook_message_part(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_piece_t *part);
static ngx_uint_t ngx_http_webhook_message_nothing(
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source);


/* The text in front of the body or behind it; parts may be NULL. */

ngx_int_t
ngx_http_webhook_message_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_array_t *parts, ngx_str_t *text)
{
    u_char                   *p;
    ngx_str_t                *values;
    ngx_uint_t                i;
    ngx_http_webhook_piece_t  *part;

    ngx_str_null(text);

    if (parts == NULL) {
        return NGX_OK;
    }

    part = parts->elts;

    if (part->source == NULL) {
        return ngx_http_complex_value(r, &part->text, text);
    }

    values = ngx_pcalloc(r->pool, 2 * parts->nelts * sizeof(ngx_str_t));
    if (values == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < parts->nelts; i++) {

        if (ngx_http_complex_value(r, &part[i].text, &values[2 * i]) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (part[i].source
            && ngx_http_webhook_source_value(r, ctx, part[i].source,
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

    for (i = 0; i < 2 * parts->nelts; i++) {
        p = ngx_cpymem(p, values[i].data, values[i].len);
    }

    return NGX_OK;
}


/*
 * Whether all that the message takes from the body is there in one way only.
 * Where a value may be left out, nothing else may stand in its place.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_message_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                  i, k;
    ngx_array_t                *parts[2];
    ngx_http_webhook_piece_t    *part;
    ngx_http_webhook_reason_e   reason;

    parts[0] = ctx->gate->provider->prefix;
    parts[1] = ctx->gate->provider->suffix;

    for (i = 0; i < 2; i++) {

        if (parts[i] == NULL) {
            continue;
        }

        part = parts[i]->elts;

        for (k = 0; k < parts[i]->nelts; k++) {

            if (part[k].source == NULL) {
                continue;
            }

            reason = ngx_http_webhook_message_part(r, ctx, &part[k]);

            if (reason != NGX_HTTP_WEBHOOK_PASSED) {
                return reason;
            }
        }
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_message_part(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_piece_t *part)
{
    ngx_str_t  value;

    switch (ngx_http_webhook_source_value(r, ctx, part->source, &value)) {

    case WH_OK:
        return NGX_HTTP_WEBHOOK_PASSED;

    case WH_ABSENT:
        return (!part->required
                && ngx_http_webhook_message_nothing(ctx, part->source))
               ? NGX_HTTP_WEBHOOK_PASSED
               : NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;

    case WH_REPEATED:
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;

    case WH_INVALID:
        return NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED;

    default: /* WH_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }
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

    value = wh_json_value(ctx->json, source->header);

    return value->type != WH_JSON_OBJECT
           && value->type != WH_JSON_ARRAY
           && !value->repeated;
}
