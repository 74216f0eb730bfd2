
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * All that is wanted from JSON in a location, as one set of pointers.
 */


#include "ngx_http_webhook_conf.h"


static ngx_int_t ngx_http_webhook_payload_add(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_str_t *pointer, size_t *index);
static ngx_int_t ngx_http_webhook_payload_constraints(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_array_t *requires);
static void ngx_http_webhook_payload_when(ngx_http_webhook_require_t *require,
    wh_constraint_t *constraint, ngx_str_t *pointer);
static void ngx_http_webhook_json_set_free(void *data);
static int ngx_http_webhook_payload_pattern(void *data, wh_str_t subject);


/*
 * Collects all that is wanted from JSON in a location into one set of
 * pointers: first the provider's sources, whose indices are those of the
 * provider's list, then the variables, then the constraints.
 */

char *
ngx_http_webhook_payload_compile(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    size_t                         index;
    ngx_str_t                     *pointer;
    ngx_uint_t                     i, n;
    ngx_http_webhook_provider_t   *provider;
    ngx_http_webhook_main_conf_t  *wmcf;

    static ngx_str_t  root = ngx_string("");
    static ngx_str_t  content_encoding = ngx_string("Content-Encoding");

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    provider = gate->provider;

    n = (provider->requires ? provider->requires->nelts : 0)
        + (conf->requires ? conf->requires->nelts : 0);

    if (provider->pointers.nelts == 0
        && wmcf->vars.nelts == 0
        && provider->json == 0
        && n == 0)
    {
        return NGX_CONF_OK;
    }

    gate->json = ngx_http_webhook_json_set(cf, wh_json_set_create());
    if (gate->json == NULL) {
        return NGX_CONF_ERROR;
    }

    gate->vars = ngx_palloc(cf->pool, wmcf->vars.nelts * sizeof(size_t) + 1);
    gate->constraints = ngx_pcalloc(cf->pool, n * sizeof(wh_constraint_t) + 1);

    if (gate->vars == NULL
        || gate->constraints == NULL
        || ngx_array_init(&gate->pointers, cf->pool, 8, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    pointer = provider->pointers.elts;

    for (i = 0; i < provider->pointers.nelts; i++) {
        if (ngx_http_webhook_payload_add(cf, gate, &pointer[i], &index)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    pointer = wmcf->vars.elts;

    for (i = 0; i < wmcf->vars.nelts; i++) {
        if (ngx_http_webhook_payload_add(cf, gate, &pointer[i],
                                         &gate->vars[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_webhook_payload_constraints(cf, gate, provider->requires)
        != NGX_OK
        || ngx_http_webhook_payload_constraints(cf, gate, conf->requires)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->json
        && ngx_http_webhook_payload_add(cf, gate, &root, &gate->root)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    gate->strict = (gate->nconstraints
                    || provider->json
                    || (provider->needs_body
                        & NGX_HTTP_WEBHOOK_NEEDS_BODY_JSON)
                    || (provider->timestamp
                        && provider->timestamp->source.type
                           == NGX_HTTP_WEBHOOK_JSON));

    if (ngx_http_webhook_provider_header(cf, provider, &content_encoding,
                                         &gate->encoding)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A set that is freed with the configuration; NULL without memory. */

wh_json_set_t *
ngx_http_webhook_json_set(ngx_conf_t *cf, wh_json_set_t *set)
{
    ngx_pool_cleanup_t  *cln;

    if (set == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        wh_json_set_free(set);
        return NULL;
    }

    cln->handler = ngx_http_webhook_json_set_free;
    cln->data = set;

    return set;
}


static void
ngx_http_webhook_json_set_free(void *data)
{
    wh_json_set_free(data);
}


/* Adds a pointer to the set, and keeps its text for messages. */

static ngx_int_t
ngx_http_webhook_payload_add(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_str_t *pointer, size_t *index)
{
    ngx_str_t   *text;
    const char  *error;

    if (wh_json_set_add(gate->json, ngx_http_webhook_wh_str(pointer), index,
                        &error)
        != WH_OK)
    {
        return NGX_ERROR;
    }

    while (gate->pointers.nelts < gate->json->pointers) {

        text = ngx_array_push(&gate->pointers);
        if (text == NULL) {
            return NGX_ERROR;
        }

        ngx_str_null(text);
    }

    text = gate->pointers.elts;
    text[*index] = *pointer;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_payload_constraints(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_array_t *requires)
{
    ngx_str_t                    pointer;
    ngx_uint_t                   i;
    wh_constraint_t             *constraint;
    ngx_http_webhook_require_t  *require;

    if (requires == NULL) {
        return NGX_OK;
    }

    require = requires->elts;

    for (i = 0; i < requires->nelts; i++) {

        constraint = &gate->constraints[gate->nconstraints++];

        if (ngx_http_webhook_constraint_compile(constraint, gate->json,
                                                &require[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        pointer.data = (u_char *) constraint->pointer.data;
        pointer.len = constraint->pointer.len;

        if (ngx_http_webhook_payload_add(cf, gate, &pointer,
                                         &constraint->index)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (constraint->when == WH_JSON_NONE) {
            continue;
        }

        ngx_http_webhook_payload_when(&require[i], constraint, &pointer);

        if (ngx_http_webhook_payload_add(cf, gate, &pointer, &constraint->when)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* A line that has been parsed before, for the set of a gate. */

ngx_int_t
ngx_http_webhook_constraint_compile(wh_constraint_t *constraint,
    wh_json_set_t *set, ngx_http_webhook_require_t *require)
{
    size_t       word;
    const char  *error;

    if (wh_constraint_parse(constraint, set, require->words, require->n,
                            &word, &error)
        != WH_OK)
    {
        return NGX_ERROR;
    }

    constraint->match = ngx_http_webhook_payload_pattern;
    constraint->match_data = require->regex;

    return NGX_OK;
}


/* The pointer in the word "when=POINTER=VALUE" that the value points into. */

static void
ngx_http_webhook_payload_when(ngx_http_webhook_require_t *require,
    wh_constraint_t *constraint, ngx_str_t *pointer)
{
    ngx_uint_t  i;

    for (i = 0; i < require->n; i++) {

        if (constraint->when_value.data < require->words[i].data
            || constraint->when_value.data
               > require->words[i].data + require->words[i].len)
        {
            continue;
        }

        pointer->data = (u_char *) require->words[i].data
                        + sizeof("when=") - 1;
        pointer->len = constraint->when_value.data - 1 - pointer->data;

        return;
    }
}


static int
ngx_http_webhook_payload_pattern(void *data, wh_str_t subject)
{
    ngx_str_t  value;

    value.data = (u_char *) subject.data;
    value.len = subject.len;

    return ngx_http_webhook_pattern_match(data, &value) ? WH_OK : WH_INVALID;
}
