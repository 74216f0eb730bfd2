
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The words that the rules of the provider language are made of.
 */


#include "ngx_http_webhook_conf.h"


static ngx_int_t ngx_http_webhook_header_valid(ngx_conf_t *cf,
    ngx_str_t *name);
static char *ngx_http_webhook_pointer_index(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer,
    ngx_uint_t *index);


static ngx_http_webhook_keyword_t  ngx_http_webhook_sources[] = {
    { ngx_string("header:"), NGX_HTTP_WEBHOOK_HEADER },
    { ngx_string("query:"), NGX_HTTP_WEBHOOK_QUERY },
    { ngx_string("cookie:"), NGX_HTTP_WEBHOOK_COOKIE },
    { ngx_string("bearer"), NGX_HTTP_WEBHOOK_BEARER },
    { ngx_string("basic"), NGX_HTTP_WEBHOOK_BASIC },
    { ngx_string("field:"), NGX_HTTP_WEBHOOK_FIELD },
    { ngx_string("json:"), NGX_HTTP_WEBHOOK_JSON },
    { ngx_string("form:"), NGX_HTTP_WEBHOOK_FORM },
    { ngx_null_string, 0 }
};


ngx_http_webhook_keyword_t  ngx_http_webhook_methods[] = {
    { ngx_string("GET"), NGX_HTTP_GET },
    { ngx_string("HEAD"), NGX_HTTP_HEAD },
    { ngx_string("POST"), NGX_HTTP_POST },
    { ngx_string("PUT"), NGX_HTTP_PUT },
    { ngx_string("DELETE"), NGX_HTTP_DELETE },
    { ngx_string("OPTIONS"), NGX_HTTP_OPTIONS },
    { ngx_string("PATCH"), NGX_HTTP_PATCH },
    { ngx_null_string, 0 }
};


/* Compiles a word "~REGEX". */

char *
ngx_http_webhook_pattern(ngx_conf_t *cf, ngx_str_t *pattern, char *rule,
    ngx_regex_t **regex)
{
#if (NGX_PCRE)

    u_char               errstr[NGX_MAX_CONF_ERRSTR];
    ngx_regex_compile_t  rc;

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern.data = pattern->data + 1;
    rc.pattern.len = pattern->len - 1;
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V in rule \"%s\"",
                           &rc.err, rule);
        return NGX_CONF_ERROR;
    }

    *regex = rc.regex;

    return NGX_CONF_OK;

#else

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "a pattern in rule \"%s\" needs nginx with PCRE",
                       rule);
    return NGX_CONF_ERROR;

#endif
}


char *
ngx_http_webhook_source_set(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t **source)
{
    if (*source) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a provider has one rule of this name, \"%V\" is "
                           "the second", word);
        return NGX_CONF_ERROR;
    }

    *source = ngx_palloc(cf->pool, sizeof(ngx_http_webhook_source_t));
    if (*source == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_source_word(cf, provider, word, *source);
}


char *
ngx_http_webhook_status_once(ngx_conf_t *cf, ngx_str_t *word, ngx_int_t min,
    ngx_int_t max, ngx_int_t *status)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (*status != NGX_CONF_UNSET) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "rule \"%V\" is duplicate", &value[0]);
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_status_word(cf, word, min, max, status);
}


/* Reads a status from min to max. */

char *
ngx_http_webhook_status_word(ngx_conf_t *cf, ngx_str_t *word, ngx_int_t min,
    ngx_int_t max, ngx_int_t *status)
{
    *status = ngx_atoi(word->data, word->len);

    if (*status < min || *status > max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid status \"%V\", it must be from %i to %i",
                           word, min, max);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A source of a token or a signature. */

char *
ngx_http_webhook_source_credential(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source)
{
    if (ngx_http_webhook_source_word(cf, provider, word, source)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (source->type == NGX_HTTP_WEBHOOK_FIELD) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid source \"%V\", a credential is "
                           "header:NAME, query:NAME, cookie:NAME, bearer, "
                           "basic, json:POINTER or form:NAME", word);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A source of what has to be known before the body is read. */

char *
ngx_http_webhook_source_outside(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source)
{
    if (ngx_http_webhook_source_word(cf, provider, word, source)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_source_in_body(source)
        || source->type == NGX_HTTP_WEBHOOK_FIELD)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid source \"%V\", a challenge or a digest is "
                           "header:NAME, query:NAME, cookie:NAME, bearer or "
                           "basic", word);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_webhook_source_word(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source)
{
    ngx_str_t                    header, rest;
    ngx_http_webhook_keyword_t  *keyword;

    ngx_memzero(source, sizeof(ngx_http_webhook_source_t));
    ngx_str_null(&rest);

    for (keyword = ngx_http_webhook_sources; keyword->name.len; keyword++) {

        if (word->len < keyword->name.len
            || ngx_strncmp(word->data, keyword->name.data, keyword->name.len)
               != 0)
        {
            continue;
        }

        rest.data = word->data + keyword->name.len;
        rest.len = word->len - keyword->name.len;

        /* only what ends in a colon takes a name */

        if ((keyword->name.data[keyword->name.len - 1] == ':')
            == (rest.len > 0))
        {
            break;
        }
    }

    if (keyword->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid source \"%V\", it is header:NAME, "
                           "query:NAME, cookie:NAME, bearer, basic, "
                           "field:NAME, json:POINTER or form:NAME", word);
        return NGX_CONF_ERROR;
    }

    source->type = keyword->value;
    source->name = rest;

    switch (source->type) {

    case NGX_HTTP_WEBHOOK_HEADER:
        header = rest;
        break;

    case NGX_HTTP_WEBHOOK_COOKIE:
        ngx_str_set(&header, "Cookie");
        break;

    case NGX_HTTP_WEBHOOK_BEARER:
    case NGX_HTTP_WEBHOOK_BASIC:
        ngx_str_set(&header, "Authorization");
        break;

    case NGX_HTTP_WEBHOOK_JSON:
        return ngx_http_webhook_pointer_index(cf, provider, &rest,
                                              &source->index);

    case NGX_HTTP_WEBHOOK_FORM:
        provider->form = 1;
        return NGX_CONF_OK;

    default: /* NGX_HTTP_WEBHOOK_QUERY, NGX_HTTP_WEBHOOK_FIELD */
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_provider_header(cf, provider, &header,
                                         &source->index)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* The index of a header among those that the provider looks at. */

ngx_int_t
ngx_http_webhook_provider_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name, ngx_uint_t *index)
{
    ngx_uint_t                  i, *chain;
    ngx_http_webhook_header_t  *header;

    header = provider->headers.elts;

    for (i = 0; i < provider->headers.nelts; i++) {
        if (header[i].name.len == name->len
            && ngx_strncasecmp(header[i].name.data, name->data, name->len)
               == 0)
        {
            *index = i;
            return NGX_OK;
        }
    }

    if (ngx_http_webhook_header_valid(cf, name) != NGX_OK) {
        return NGX_ERROR;
    }

    header = ngx_array_push(&provider->headers);
    if (header == NULL) {
        return NGX_ERROR;
    }

    header->name.len = name->len;
    header->name.data = ngx_pnalloc(cf->pool, name->len);
    if (header->name.data == NULL) {
        return NGX_ERROR;
    }

    header->hash = ngx_hash_strlow(header->name.data, name->data, name->len);

    chain = &provider->chains[ngx_http_webhook_chain(header->hash)];

    header->next = *chain;
    *chain = i + 1;

    *index = i;

    return NGX_OK;
}


/*
 * Of other names nginx makes no hash, even if it lets them pass.  Whether it
 * takes "_" is up to the server, see _check.c.
 */

static ngx_int_t
ngx_http_webhook_header_valid(ngx_conf_t *cf, ngx_str_t *name)
{
    u_char  c, *p, *last;

    last = name->data + name->len;

    for (p = name->data; p < last; p++) {

        c = *p | 0x20;

        if ((c < 'a' || c > 'z')
            && (*p < '0' || *p > '9')
            && *p != '-'
            && *p != '_')
        {
            break;
        }
    }

    if (p == last && name->len) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid header name \"%V\", nginx takes letters, "
                       "digits, \"-\" and \"_\", and the name ends without "
                       "\":\"", name);

    return NGX_ERROR;
}


ngx_int_t
ngx_http_webhook_keyword(ngx_http_webhook_keyword_t *keyword, ngx_str_t *word,
    ngx_uint_t *value)
{
    for ( /* void */ ; keyword->name.len; keyword++) {
        if (ngx_http_webhook_str_equal(&keyword->name, word)) {
            *value = keyword->value;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_webhook_option(ngx_str_t *word, char *name, ngx_str_t *value)
{
    size_t  len;

    len = ngx_strlen(name);

    if (word->len <= len
        || ngx_strncmp(word->data, name, len) != 0
        || word->data[len] != '=')
    {
        return NGX_DECLINED;
    }

    value->data = word->data + len + 1;
    value->len = word->len - len - 1;

    return NGX_OK;
}


void
ngx_http_webhook_needs_body(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source, ngx_uint_t what)
{
    if (!ngx_http_webhook_source_in_body(source)) {
        return;
    }

    provider->needs_body |= what;

    if (source->type == NGX_HTTP_WEBHOOK_JSON) {
        provider->needs_body |= NGX_HTTP_WEBHOOK_NEEDS_BODY_JSON;
    }
}


/* Says what is wrong with a JSON Pointer, if something is. */

char *
ngx_http_webhook_pointer_valid(ngx_conf_t *cf, ngx_str_t *pointer)
{
    int             rc;
    size_t          index;
    const char     *error;
    wh_json_set_t  *set;

    set = wh_json_set_create();
    if (set == NULL) {
        return NGX_CONF_ERROR;
    }

    rc = wh_json_set_add(set, ngx_http_webhook_wh_str(pointer), &index,
                         &error);

    wh_json_set_free(set);

    if (rc == WH_INVALID) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid JSON Pointer \"%V\": %s", pointer, error);
    }

    return rc == WH_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_pointer_index(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer,
    ngx_uint_t *index)
{
    ngx_str_t   *pointers;
    ngx_uint_t   i;

    pointers = provider->pointers.elts;

    for (i = 0; i < provider->pointers.nelts; i++) {
        if (ngx_http_webhook_str_equal(&pointers[i], pointer)) {
            *index = i;
            return NGX_CONF_OK;
        }
    }

    if (ngx_http_webhook_pointer_valid(cf, pointer) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    pointers = ngx_array_push(&provider->pointers);
    if (pointers == NULL) {
        return NGX_CONF_ERROR;
    }

    *pointers = *pointer;
    *index = i;

    return NGX_CONF_OK;
}
