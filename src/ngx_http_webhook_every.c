
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A token that stands in every element of an array, and is right in all.
 */


#include "ngx_http_webhook.h"


typedef struct {
    ngx_http_webhook_ctx_t     *ctx;
    wh_json_t                  *json;
    size_t                      values;     /* seen so far */
    ngx_uint_t                  secret;     /* the last one needed */
    ngx_http_webhook_reason_e   reason;
} ngx_http_webhook_every_walk_t;


static void ngx_http_webhook_every_free(void *data);
static ngx_http_webhook_reason_e ngx_http_webhook_every_walk(
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *body);
static int ngx_http_webhook_every_observe(void *data, wh_json_event_e event,
    wh_str_t text);
static ngx_http_webhook_reason_e ngx_http_webhook_every_value(
    ngx_http_webhook_every_walk_t *walk, const wh_json_value_t *value);
static ngx_http_webhook_reason_e ngx_http_webhook_every_complete(
    ngx_http_webhook_every_walk_t *walk);


/* A step "*" of the pointer stands for every element; without one it is not. */

char *
ngx_http_webhook_every_compile(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer)
{
    u_char                    *p, *star, *end;
    ngx_str_t                  array;
    const char                *error;
    ngx_pool_cleanup_t        *cln;
    ngx_http_webhook_every_t  *every;

    star = NULL;
    end = pointer->data + pointer->len;

    for (p = pointer->data; p + 1 < end; p++) {

        if (p[0] != '/' || p[1] != '*' || (p + 2 < end && p[2] != '/')) {
            continue;
        }

        if (star) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid pointer \"%V\", a token may have one "
                               "step \"*\"", pointer);
            return NGX_CONF_ERROR;
        }

        star = p;
    }

    if (star == NULL) {
        return NGX_CONF_OK;
    }

    array.data = pointer->data;
    array.len = star - pointer->data;

    every = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_every_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (every == NULL || cln == NULL) {
        return NGX_CONF_ERROR;
    }

    every->set = wh_json_set_create();
    if (every->set == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_webhook_every_free;
    cln->data = every->set;

    if (wh_json_set_add(every->set, ngx_http_webhook_wh_str(&array),
                        &every->array, &error)
        != WH_OK
        || wh_json_set_add_wildcard(every->set,
                                    ngx_http_webhook_wh_str(pointer),
                                    &every->value, &error)
           != WH_OK)
    {
        return NGX_CONF_ERROR;
    }

    provider->every = every;

    return NGX_CONF_OK;
}


static void
ngx_http_webhook_every_free(void *data)
{
    wh_json_set_free(data);
}


/* The body is bounded, and known to be JSON. */

ngx_http_webhook_reason_e
ngx_http_webhook_every_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                     body;
    ngx_http_webhook_token_t     *token;
    ngx_http_webhook_loc_conf_t  *wlcf;

    token = ctx->gate->provider->tokens.elts;
    ctx->credential = &token->source;

    if (ctx->json == NULL) {
        return NGX_HTTP_WEBHOOK_TOKEN_MISSING;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (ngx_http_webhook_body_gather(r, wlcf->max_body, &body) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    return ngx_http_webhook_every_walk(ctx, &body);
}


static ngx_http_webhook_reason_e
ngx_http_webhook_every_walk(ngx_http_webhook_ctx_t *ctx, ngx_str_t *body)
{
    ngx_http_webhook_every_walk_t  walk;

    ngx_memzero(&walk, sizeof(ngx_http_webhook_every_walk_t));

    walk.ctx = ctx;
    walk.json = wh_json_create(ctx->gate->provider->every->set, NULL,
                               ngx_http_webhook_every_observe, &walk);
    if (walk.json == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if ((wh_json_parse(walk.json, body->data, body->len) != WH_OK
         || wh_json_end(walk.json) != WH_OK)
        && walk.reason == NGX_HTTP_WEBHOOK_PASSED)
    {
        walk.reason = NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (walk.reason == NGX_HTTP_WEBHOOK_PASSED) {
        walk.reason = ngx_http_webhook_every_complete(&walk);
    }

    wh_json_free(walk.json);

    return walk.reason;
}


/* Of the events only the value that has come with one is of interest. */

static int
ngx_http_webhook_every_observe(void *data, wh_json_event_e event,
    wh_str_t text)
{
    ngx_http_webhook_every_walk_t  *walk = data;

    const wh_json_value_t  *value;

    value = wh_json_value(walk->json, walk->ctx->gate->provider->every->value);

    if (value->count == walk->values) {
        return WH_OK;
    }

    walk->values = value->count;
    walk->reason = ngx_http_webhook_every_value(walk, value);

    return walk->reason == NGX_HTTP_WEBHOOK_PASSED ? WH_OK : WH_INVALID;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_every_value(ngx_http_webhook_every_walk_t *walk,
    const wh_json_value_t *value)
{
    ngx_int_t                  secret;
    ngx_str_t                  text;
    ngx_http_webhook_token_t  *token;

    if (value->repeated) {
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
    }

    if (value->type != WH_JSON_STRING || value->text.len == 0) {
        return NGX_HTTP_WEBHOOK_TOKEN_MISSING;
    }

    text.data = (u_char *) value->text.data;
    text.len = value->text.len;

    token = walk->ctx->gate->provider->tokens.elts;

    secret = ngx_http_webhook_token_match(walk->ctx, &text, &token->rule);

    if (secret == NGX_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (secret == 0) {
        return NGX_HTTP_WEBHOOK_TOKEN_MISMATCH;
    }

    walk->secret = ngx_max(walk->secret, (ngx_uint_t) secret);

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* As many tokens as elements, and no element has two: each has one. */

static ngx_http_webhook_reason_e
ngx_http_webhook_every_complete(ngx_http_webhook_every_walk_t *walk)
{
    const wh_json_value_t     *array, *value;
    ngx_http_webhook_every_t  *every;

    every = walk->ctx->gate->provider->every;

    array = wh_json_value(walk->json, every->array);
    value = wh_json_value(walk->json, every->value);

    if (array->repeated || value->repeated) {
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
    }

    if (array->type != WH_JSON_ARRAY
        || array->size == 0
        || array->size != walk->values)
    {
        return NGX_HTTP_WEBHOOK_TOKEN_MISSING;
    }

    walk->ctx->secret = walk->secret;

    return NGX_HTTP_WEBHOOK_PASSED;
}
