
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The variables: what is known of a request, and never a secret.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_url.h"


typedef struct {
    ngx_str_t                      name;
    ngx_http_webhook_value_get_t  *get;
} ngx_http_webhook_variable_t;


static ngx_int_t ngx_http_webhook_add_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_http_get_variable_pt handler, uintptr_t data);
static ngx_int_t ngx_http_webhook_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_provider;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_verdict;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_reason;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_id;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_event;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_timestamp;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_nonce;
static ngx_int_t ngx_http_webhook_request_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_webhook_json_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_webhook_var_copy(ngx_http_request_t *r,
    ngx_str_t *value);
static ngx_int_t ngx_http_webhook_var_source(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_str_t *value);
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_secret_index;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_body_sha256;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_url_decoded;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_challenge;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_challenge_hmac;
static ngx_http_webhook_value_get_t  ngx_http_webhook_var_challenge_hex;


static ngx_http_webhook_variable_t  ngx_http_webhook_vars[] = {
    { ngx_string("webhook_provider"), ngx_http_webhook_var_provider },
    { ngx_string("webhook_verdict"), ngx_http_webhook_var_verdict },
    { ngx_string("webhook_reason"), ngx_http_webhook_var_reason },
    { ngx_string("webhook_id"), ngx_http_webhook_var_id },
    { ngx_string("webhook_event"), ngx_http_webhook_var_event },

    /* the same for rules, see conf/ngx_http_webhook_template.c */

    { ngx_string("webhook_rule_id"), ngx_http_webhook_var_id },
    { ngx_string("webhook_rule_event"), ngx_http_webhook_var_event },

    { ngx_string("webhook_timestamp"), ngx_http_webhook_var_timestamp },
    { ngx_string("webhook_nonce"), ngx_http_webhook_var_nonce },
    { ngx_string("webhook_secret_index"), ngx_http_webhook_var_secret_index },
    { ngx_string("webhook_body_sha256"), ngx_http_webhook_var_body_sha256 },
    { ngx_string("webhook_signature"), ngx_http_webhook_var_signature },
    { ngx_string("webhook_message_sha256"),
      ngx_http_webhook_var_message_sha256 },
    { ngx_string("webhook_message_length"),
      ngx_http_webhook_var_message_length },
    { ngx_string("webhook_url"), ngx_http_webhook_url },
    { ngx_string("webhook_url_decoded"), ngx_http_webhook_var_url_decoded },
    { ngx_string("webhook_challenge"), ngx_http_webhook_var_challenge },
    { ngx_string("webhook_challenge_hmac"),
      ngx_http_webhook_var_challenge_hmac },
    { ngx_string("webhook_challenge_hmac_hex"),
      ngx_http_webhook_var_challenge_hex },
    { ngx_null_string, NULL }
};


/* Before the configuration is read: all variables but those of webhook_var. */

ngx_int_t
ngx_http_webhook_add_variables(ngx_conf_t *cf)
{
    ngx_uint_t  i;

    static ngx_str_t  request = ngx_string("webhook_request");

    for (i = 0; ngx_http_webhook_vars[i].name.len; i++) {
        if (ngx_http_webhook_add_variable(cf, &ngx_http_webhook_vars[i].name,
                                          ngx_http_webhook_variable, i)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_webhook_add_variable(cf, &request,
                                         ngx_http_webhook_request_variable, 0);
}


/* A variable of webhook_var; index is that of its name. */

ngx_int_t
ngx_http_webhook_add_json_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_uint_t index)
{
    return ngx_http_webhook_add_variable(cf, name,
                                         ngx_http_webhook_json_variable,
                                         index);
}


static ngx_int_t
ngx_http_webhook_add_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_http_get_variable_pt handler, uintptr_t data)
{
    ngx_http_variable_t  *v;

    v = ngx_http_add_variable(cf, name, NGX_HTTP_VAR_NOCACHEABLE);
    if (v == NULL) {
        return NGX_ERROR;
    }

    v->get_handler = handler;
    v->data = data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_int_t                rc;
    ngx_str_t                value;
    ngx_http_webhook_ctx_t  *ctx;

    ngx_str_null(&value);

    ctx = ngx_http_webhook_get_ctx(r->main);

    if (ctx) {
        rc = ngx_http_webhook_vars[data].get(r->main, ctx, &value);

        if (rc == NGX_ERROR) {
            ctx->evaluation = 1;
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            value.len = 0;
        }
    }

    if (value.len == 0) {
        *v = ngx_http_variable_null_value;
        return NGX_OK;
    }

    v->len = value.len;
    v->data = value.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_var_provider(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    *value = ctx->gate->provider->name;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_var_verdict(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    *value = *ngx_http_webhook_verdict_name(ctx->verdict);

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_var_reason(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value)
{
    *value = *ngx_http_webhook_reason_name(ctx->reason);

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_var_id(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value)
{
    return ngx_http_webhook_var_source(r, ctx, ctx->gate->provider->id, value);
}


static ngx_int_t
ngx_http_webhook_var_event(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value)
{
    return ngx_http_webhook_var_source(r, ctx, ctx->gate->provider->event,
                                       value);
}


static ngx_int_t
ngx_http_webhook_var_timestamp(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    if (ctx->gate->provider->timestamp == NULL) {
        return NGX_DECLINED;
    }

    return ngx_http_webhook_var_source(r, ctx,
                                       &ctx->gate->provider->timestamp->source,
                                       value);
}


/* Of an HTTP message signature. */

static ngx_int_t
ngx_http_webhook_var_nonce(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value)
{
    if (ctx->http == NULL) {
        return NGX_DECLINED;
    }

    *value = ngx_http_webhook_ngx_str(ctx->http->input.nonce);

    return NGX_OK;
}


/* $request without credentials; without a gate there are none. */

static ngx_int_t
ngx_http_webhook_request_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                line;
    ngx_http_webhook_ctx_t  *ctx;

    line = r->main->request_line;
    ctx = ngx_http_webhook_get_ctx(r->main);

    if (ctx && ngx_http_webhook_strip_line(r->main, ctx, &line) != NGX_OK) {
        ctx->evaluation = 1;
        return NGX_ERROR;
    }

    *v = ngx_http_variable_null_value;

    v->len = line.len;
    v->data = line.data;

    return NGX_OK;
}


/* A scalar at a pointer; objects, arrays and null give an empty value. */

static ngx_int_t
ngx_http_webhook_json_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_int_t                   rc;
    ngx_str_t                   value;
    ngx_http_webhook_ctx_t     *ctx;
    ngx_http_webhook_source_t   source;

    *v = ngx_http_variable_null_value;

    ctx = ngx_http_webhook_get_ctx(r->main);

    if (ctx == NULL
        || ctx->gate->json == NULL
        || ctx->gate->vars[data] == WH_JSON_NONE)
    {
        return NGX_OK;
    }

    ngx_memzero(&source, sizeof(ngx_http_webhook_source_t));

    source.type = NGX_HTTP_WEBHOOK_JSON;
    source.index = ctx->gate->vars[data];

    rc = ngx_http_webhook_var_source(r->main, ctx, &source, &value);

    if (rc == NGX_DECLINED) {
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        ctx->evaluation = 1;
        return NGX_ERROR;
    }

    v->len = value.len;
    v->data = value.data;

    return NGX_OK;
}


/*
 * What a sender wrote goes into headers and logs: text with control
 * characters is left out.  The parser's memory may be gone before a header
 * or a log is written, so what comes from it is copied.
 */

static ngx_int_t
ngx_http_webhook_var_copy(ngx_http_request_t *r, ngx_str_t *value)
{
    size_t   i;
    u_char  *p;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] < 0x20 || value->data[i] == 0x7f) {
            return NGX_DECLINED;
        }
    }

    p = ngx_pstrdup(r->pool, value);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_var_source(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source, ngx_str_t *value)
{
    if (source == NULL) {
        return NGX_DECLINED;
    }

    /* the body counts only when it is verified, and is what it must be */

    if (ngx_http_webhook_source_in_body(source) && !ctx->verified) {
        return NGX_DECLINED;
    }

    if (source->type == NGX_HTTP_WEBHOOK_JSON) {
        ngx_http_webhook_json_by_name(r, ctx);
    }

    switch (ngx_http_webhook_source_value(r, ctx, source, value)) {

    case WH_OK:
        return ngx_http_webhook_var_copy(r, value);

    case WH_ERROR:
        return NGX_ERROR;

    default:
        return NGX_DECLINED;
    }
}


static ngx_int_t
ngx_http_webhook_var_secret_index(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    if (!ctx->verified || ctx->secret == 0) {
        return NGX_DECLINED;
    }

    return ngx_http_webhook_number(r, ngx_http_webhook_secret_number(ctx),
                                   value);
}


/* Which "webhook_secret" of the location matched, from 1, or 0. */

ngx_uint_t
ngx_http_webhook_secret_number(ngx_http_webhook_ctx_t *ctx)
{
    return ctx->secret ? ctx->gate->keyslots[ctx->secret - 1].number : 0;
}


static ngx_int_t
ngx_http_webhook_var_body_sha256(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    ngx_int_t  rc;

    if (!ctx->verified || ngx_http_webhook_body_hashed(r, ctx) != NGX_OK) {
        return NGX_DECLINED;
    }

    rc = ngx_http_webhook_body_sha256(r, ctx);

    *value = ctx->body_sha256;

    return rc;
}


/* The URL, in its path and query decoded once what HubSpot decodes. */

static ngx_int_t
ngx_http_webhook_var_url_decoded(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    size_t     len;
    ngx_int_t  rc;

    rc = ngx_http_webhook_url(r, ctx, value);

    if (rc != NGX_OK) {
        return rc;
    }

    /* the URL has been written for this call, so in place */

    len = r->unparsed_uri.len;

    value->len -= len;
    value->len += wh_url_decode(value->data + value->len, len);

    return NGX_OK;
}


/* In a JSON answer the challenge is escaped for a JSON string. */

static ngx_int_t
ngx_http_webhook_var_challenge(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    uintptr_t  escape;

    if (ctx->challenge == NULL) {
        return NGX_DECLINED;
    }

    *value = ctx->answer->value;

    if (!ctx->challenge->json) {
        return NGX_OK;
    }

    escape = ngx_escape_json(NULL, value->data, value->len);

    if (escape == 0) {
        return NGX_OK;
    }

    value->data = ngx_pnalloc(r->pool, ctx->answer->value.len + escape);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    value->len = (u_char *) ngx_escape_json(value->data,
                                            ctx->answer->value.data,
                                            ctx->answer->value.len)
                 - value->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_var_challenge_hmac(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    size_t  len;

    if (ctx->answer == NULL) {
        return NGX_DECLINED;
    }

    len = ngx_base64_encoded_length(ctx->answer->mac.len);

    value->data = ngx_pnalloc(r->pool, len);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    ngx_encode_base64(value, &ctx->answer->mac);

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_var_challenge_hex(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    if (ctx->answer == NULL) {
        return NGX_DECLINED;
    }

    return ngx_http_webhook_hex(r, ctx->answer->mac.data,
                                ctx->answer->mac.len, value);
}
