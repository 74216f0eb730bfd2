
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: tokens.
 */


#include "ngx_http_webhook_conf.h"


static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_token;
static char *ngx_http_webhook_wildcard_compile(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer);


static ngx_http_webhook_option_t  ngx_http_webhook_token_options[] = {

    { ngx_string("for=NAME"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_token_t, for_name), NULL, 0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


ngx_http_webhook_rule_t  ngx_http_webhook_rules_token[] = {

    { ngx_string("token"), 1, 2, ngx_http_webhook_rule_token,
      0, 0,
      "token SOURCE [for=NAME]" },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


static char *
ngx_http_webhook_rule_token(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_http_webhook_token_t    *token, *other;
    ngx_http_webhook_pointer_t  *pointers;

    token = ngx_array_push(&provider->tokens);
    if (token == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_null(&token->for_name);

    if (ngx_http_webhook_options(cf, ngx_http_webhook_token_options,
                                 &words[1], n - 1, token, NULL)
        != NGX_CONF_OK
        || ngx_http_webhook_source_word(cf, provider, &words[0],
                                        NGX_HTTP_WEBHOOK_SOURCES_CREDENTIAL,
                                        &token->source)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    other = provider->tokens.elts;

    for ( /* void */ ; other != token; other++) {
        if (ngx_http_webhook_source_same(&other->source, &token->source)) {
            return ngx_http_webhook_error(cf,
                               "\"%V\" is in a \"token\" before, which is the "
                               "only one that is looked at, leave one out",
                               &words[0]);
        }
    }

    if (token->source.type == NGX_HTTP_WEBHOOK_JSON
        && ngx_http_webhook_wildcard_compile(cf, provider, &token->source.name)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->wildcard && provider->tokens.nelts > 1) {
        return ngx_http_webhook_error(cf,
                           "a \"token\" with \"*\" must be the only one of a "
                           "provider, leave the others out");
    }

    /* it is looked for in a walk of its own */

    if (provider->wildcard) {
        pointers = provider->pointers.elts;
        pointers[token->source.index].used--;
    }

    return NGX_CONF_OK;
}


/* A step "*" of the pointer is for every element; most pointers have none. */

static char *
ngx_http_webhook_wildcard_compile(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer)
{
    u_char                       *p, *star, *end;
    ngx_str_t                     array, element;
    const char                   *error;
    ngx_http_webhook_wildcard_t  *wildcard;

    star = NULL;
    end = pointer->data + pointer->len;

    for (p = pointer->data; p + 1 < end; p++) {

        if (p[0] != '/' || p[1] != '*' || (p + 2 < end && p[2] != '/')) {
            continue;
        }

        if (star) {
            return ngx_http_webhook_error(cf,
                               "invalid pointer \"%V\", a token may have one "
                               "step \"*\"", pointer);
        }

        star = p;
    }

    if (star == NULL) {
        return NGX_CONF_OK;
    }

    array.data = pointer->data;
    array.len = star - pointer->data;

    element.data = pointer->data;
    element.len = array.len + sizeof("/*") - 1;

    wildcard = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_wildcard_t));
    if (wildcard == NULL) {
        return NGX_CONF_ERROR;
    }

    wildcard->set = ngx_http_webhook_json_set(cf, wh_json_set_create());
    if (wildcard->set == NULL) {
        return NGX_CONF_ERROR;
    }

    if (wh_json_set_add(wildcard->set, ngx_http_webhook_wh_str(&array),
                        &wildcard->array, &error)
        != WH_OK
        || wh_json_set_add_wildcard(wildcard->set,
                                    ngx_http_webhook_wh_str(&element),
                                    &wildcard->element, &error)
           != WH_OK
        || wh_json_set_add_wildcard(wildcard->set,
                                    ngx_http_webhook_wh_str(pointer),
                                    &wildcard->value, &error)
           != WH_OK)
    {
        return NGX_CONF_ERROR;
    }

    provider->wildcard = wildcard;

    return NGX_CONF_OK;
}
