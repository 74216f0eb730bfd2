
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Tokens: what the request has as one, and which secret it is equal to.
 */


#include "ngx_http_webhook_request.h"


typedef struct {
    ngx_http_webhook_ctx_t     *ctx;
    wh_json_t                  *json;
    const wh_json_value_t      *element;    /* of the array, the last one */
    const wh_json_value_t      *value;      /* in it */
    size_t                      values;     /* seen so far */
    ngx_uint_t                  secret;     /* the last one needed */
    ngx_http_webhook_reason_e   reason;
} ngx_http_webhook_wildcard_parse_t;


static ngx_int_t ngx_http_webhook_token_match(ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value, ngx_str_t *name);
static ngx_http_webhook_check_t  ngx_http_webhook_wildcard_check;
static ngx_http_webhook_reason_e ngx_http_webhook_wildcard_parse(
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *body);
static int ngx_http_webhook_wildcard_observe(void *data, wh_json_event_e event,
    wh_str_t text);
static ngx_http_webhook_reason_e ngx_http_webhook_wildcard_value(
    ngx_http_webhook_wildcard_parse_t *parse);
static ngx_http_webhook_reason_e ngx_http_webhook_wildcard_complete(
    ngx_http_webhook_wildcard_parse_t *parse);


/* The first token source that the request fills decides; no other is tried. */

ngx_http_webhook_reason_e
ngx_http_webhook_step_token(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                  rc;
    ngx_str_t                  value;
    ngx_uint_t                 i, n;
    ngx_http_webhook_token_t  *token;

    token = ctx->gate->provider->tokens.elts;
    n = ctx->gate->provider->tokens.nelts;

    if (ctx->gate->provider->wildcard) {
        return ngx_http_webhook_wildcard_check(r, ctx);
    }

    rc = WH_ABSENT;
    ctx->credential = &token[0].source;

    for (i = 0; i < n; i++) {
        rc = ngx_http_webhook_source_value(r, ctx, &token[i].source, &value);

        if (rc != WH_ABSENT) {
            ctx->credential = &token[i].source;
            break;
        }
    }

    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                              NGX_HTTP_WEBHOOK_TOKEN_MISSING,
                                              NGX_HTTP_WEBHOOK_TOKEN_MISMATCH);
    }

    rc = ngx_http_webhook_token_match(ctx, &value, &token[i].for_name);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    ctx->secret = rc;
    ctx->token = rc;

    return ctx->secret ? NGX_HTTP_WEBHOOK_PASSED
                       : NGX_HTTP_WEBHOOK_TOKEN_MISMATCH;
}


/*
 * The number of the first secret, from 1, that the token is equal to, 0 if
 * there is none, or NGX_ERROR.  A secret with "for=" is only for the rule of
 * that name.
 */

static ngx_int_t
ngx_http_webhook_token_match(ngx_http_webhook_ctx_t *ctx, ngx_str_t *value,
    ngx_str_t *name)
{
    u_char                   digest[WH_TOKEN_DIGEST_SIZE];
    ngx_int_t                matched;
    ngx_str_t               *for_name;
    ngx_uint_t               i;
    ngx_http_webhook_key_t  *key;

    if (wh_token_digest(ngx_http_webhook_wh_str(value), digest) != WH_OK) {
        return NGX_ERROR;
    }

    matched = 0;

    for (i = 0; i < ctx->gate->nkeys; i++) {

        key = ctx->keys[i];
        for_name = &ctx->gate->keyslots[i].for_name;

        if (key == NULL
            || (for_name->len && !ngx_http_webhook_str_equal(for_name, name)))
        {
            continue;
        }

        /* all are compared, also after the one that matches */

        if (wh_secret_equal(key->digest, digest, WH_TOKEN_DIGEST_SIZE)
            && matched == 0)
        {
            matched = i + 1;
        }
    }

    return matched;
}


/* The body is bounded. */

static ngx_http_webhook_reason_e
ngx_http_webhook_wildcard_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                     body;
    ngx_http_webhook_token_t     *token;
    ngx_http_webhook_loc_conf_t  *wlcf;

    token = ctx->gate->provider->tokens.elts;
    ctx->credential = &token->source;

    if (ngx_http_webhook_payload_locate(r, ctx) == NGX_DECLINED) {
        return NGX_HTTP_WEBHOOK_TOKEN_MISSING;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (ngx_http_webhook_body_gather(r, wlcf->max_body, &body) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    return ngx_http_webhook_wildcard_parse(ctx, &body);
}


static ngx_http_webhook_reason_e
ngx_http_webhook_wildcard_parse(ngx_http_webhook_ctx_t *ctx, ngx_str_t *body)
{
    ngx_http_webhook_wildcard_t        *wildcard;
    ngx_http_webhook_wildcard_parse_t   parse;

    wildcard = ctx->gate->provider->wildcard;

    ngx_memzero(&parse, sizeof(ngx_http_webhook_wildcard_parse_t));

    parse.ctx = ctx;
    parse.json = wh_json_create(wildcard->set, NULL,
                                ngx_http_webhook_wildcard_observe, &parse);
    if (parse.json == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    wh_json_observe_values(parse.json);

    parse.element = wh_json_value(parse.json, wildcard->element);
    parse.value = wh_json_value(parse.json, wildcard->value);

    if (wh_json_parse(parse.json, body->data, body->len) == WH_OK
        && wh_json_end(parse.json) == WH_OK)
    {
        parse.reason = ngx_http_webhook_wildcard_complete(&parse);

    } else if (parse.reason == NGX_HTTP_WEBHOOK_PASSED) {
        ctx->json = parse.json;
        parse.reason = ngx_http_webhook_payload_error(ctx);

        return parse.reason == NGX_HTTP_WEBHOOK_PASSED
               ? NGX_HTTP_WEBHOOK_TOKEN_MISSING : parse.reason;
    }

    wh_json_free(parse.json);

    return parse.reason;
}


/*
 * A value may have come, or an element after one without.  The first that is
 * wrong ends the walk.
 */

static int
ngx_http_webhook_wildcard_observe(void *data, wh_json_event_e event,
    wh_str_t text)
{
    ngx_http_webhook_wildcard_parse_t  *parse = data;

    if (parse->element->count > parse->value->count + 1) {
        parse->reason = NGX_HTTP_WEBHOOK_TOKEN_MISSING;
        return WH_INVALID;
    }

    if (parse->value->count == parse->values) {
        return WH_OK;
    }

    parse->values = parse->value->count;
    parse->reason = ngx_http_webhook_wildcard_value(parse);

    return parse->reason == NGX_HTTP_WEBHOOK_PASSED ? WH_OK : WH_INVALID;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_wildcard_value(ngx_http_webhook_wildcard_parse_t *parse)
{
    ngx_int_t                  secret;
    ngx_str_t                  text;
    const wh_json_value_t     *value;
    ngx_http_webhook_token_t  *token;

    value = parse->value;

    if (value->repeated) {
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
    }

    if (value->type != WH_JSON_STRING || value->text.len == 0) {
        return NGX_HTTP_WEBHOOK_TOKEN_MISSING;
    }

    text = ngx_http_webhook_ngx_str(value->text);

    token = parse->ctx->gate->provider->tokens.elts;

    secret = ngx_http_webhook_token_match(parse->ctx, &text, &token->for_name);

    if (secret == NGX_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (secret == 0) {
        return NGX_HTTP_WEBHOOK_TOKEN_MISMATCH;
    }

    parse->secret = ngx_max(parse->secret, (ngx_uint_t) secret);

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* As many tokens as elements, and no element has two: each has one. */

static ngx_http_webhook_reason_e
ngx_http_webhook_wildcard_complete(ngx_http_webhook_wildcard_parse_t *parse)
{
    const wh_json_value_t        *array;
    ngx_http_webhook_wildcard_t  *wildcard;

    wildcard = parse->ctx->gate->provider->wildcard;
    array = wh_json_value(parse->json, wildcard->array);

    if (array->repeated || parse->value->repeated) {
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;
    }

    if (array->type != WH_JSON_ARRAY
        || array->size == 0
        || array->size != parse->values)
    {
        return NGX_HTTP_WEBHOOK_TOKEN_MISSING;
    }

    parse->ctx->secret = parse->secret;
    parse->ctx->token = parse->secret;

    return NGX_HTTP_WEBHOOK_PASSED;
}
