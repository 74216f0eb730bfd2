
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: times, and what the body must be like.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_form.h"


static char *ngx_http_webhook_time_option(ngx_conf_t *cf, ngx_str_t *word,
    ngx_http_webhook_window_t *window);
static char *ngx_http_webhook_time_value(ngx_conf_t *cf, ngx_str_t *value,
    time_t *time);


static ngx_http_webhook_keyword_t  ngx_http_webhook_json_types[] = {
    { ngx_string("object"), 1 << WH_JSON_OBJECT },
    { ngx_string("array"), 1 << WH_JSON_ARRAY },
    { ngx_string("empty"), 1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_query_flags[] = {
    { ngx_string("last"), WH_FORM_LAST },
    { ngx_string("semicolon"), WH_FORM_SEMICOLON },
    { ngx_null_string, 0 }
};


char *
ngx_http_webhook_rule_timestamp(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_str_t                      value;
    ngx_uint_t                     i;
    ngx_http_webhook_timestamp_t  *timestamp;

    if (provider->timestamp) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "rule \"timestamp\" is duplicate");
        return NGX_CONF_ERROR;
    }

    timestamp = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_timestamp_t));
    if (timestamp == NULL) {
        return NGX_CONF_ERROR;
    }

    timestamp->window.past = NGX_CONF_UNSET;
    timestamp->window.future = NGX_CONF_UNSET;
    timestamp->line = cf->conf_file->line;

    for (i = 1; i < n; i++) {

        if (ngx_http_webhook_option(&words[i], "unit", &value) == NGX_OK) {

            if (wh_time_unit(ngx_http_webhook_wh_str(&value),
                             &timestamp->unit)
                != WH_OK)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "unknown unit \"%V\" in rule "
                                   "\"timestamp\", it can be s, ms, rfc3339, "
                                   "http", &value);
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (ngx_http_webhook_time_option(cf, &words[i], &timestamp->window)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    provider->timestamp = timestamp;

    return ngx_http_webhook_source_word(cf, provider, &words[0],
                                        &timestamp->source);
}


static char *
ngx_http_webhook_time_option(ngx_conf_t *cf, ngx_str_t *word,
    ngx_http_webhook_window_t *window)
{
    ngx_str_t  value;

    if (ngx_http_webhook_option(word, "past", &value) == NGX_OK) {
        return ngx_http_webhook_time_value(cf, &value, &window->past);
    }

    if (ngx_http_webhook_option(word, "future", &value) == NGX_OK) {
        return ngx_http_webhook_time_value(cf, &value, &window->future);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown option \"%V\" of rule \"timestamp\", it takes "
                       "unit=, past= and future=", word);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_time_value(ngx_conf_t *cf, ngx_str_t *value, time_t *time)
{
    *time = ngx_parse_time(value, 1);

    if (*time == (time_t) NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time \"%V\", it is like 30s, 5m or 1h",
                           value);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_webhook_rule_window(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_webhook_window_words(cf, words, n, &provider->window);
}


/* PAST [future=TIME] */

char *
ngx_http_webhook_window_words(ngx_conf_t *cf, ngx_str_t *words, ngx_uint_t n,
    ngx_http_webhook_window_t *window)
{
    ngx_str_t  value;

    if (ngx_http_webhook_time_value(cf, &words[0], &window->past)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (n == 1) {
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(&words[1], "future", &value) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown option \"%V\" of a window, it takes "
                           "\"future=TIME\"", &words[1]);
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_time_value(cf, &value, &window->future);
}


char *
ngx_http_webhook_rule_require(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_webhook_require_words(cf, words, n, &provider->requires);
}


/*
 * One more constraint to a list, which is made if need be.  It is parsed here
 * only to find mistakes, and again when the gate's set of pointers is made.
 */

char *
ngx_http_webhook_require_words(ngx_conf_t *cf, ngx_str_t *words, ngx_uint_t n,
    ngx_array_t **requires)
{
    int                          rc;
    size_t                       word;
    ngx_str_t                    pattern;
    ngx_uint_t                   i;
    const char                  *error;
    wh_json_set_t               *set;
    wh_constraint_t              constraint;
    ngx_http_webhook_require_t  *require;

    if (*requires == NULL) {
        *requires = ngx_array_create(cf->pool, 4,
                                     sizeof(ngx_http_webhook_require_t));
        if (*requires == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    require = ngx_array_push(*requires);
    if (require == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(require, sizeof(ngx_http_webhook_require_t));

    require->n = n;
    require->words = ngx_palloc(cf->pool, n * sizeof(wh_str_t));
    if (require->words == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {
        require->words[i] = ngx_http_webhook_wh_str(&words[i]);
    }

    set = wh_json_set_create();
    if (set == NULL) {
        return NGX_CONF_ERROR;
    }

    rc = wh_constraint_parse(&constraint, set, require->words, n, &word,
                             &error);

    wh_json_set_free(set);

    if (rc == WH_INVALID) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid rule for a payload at \"%V\": %s",
                           &words[ngx_min(word, n - 1)], error);
        return NGX_CONF_ERROR;
    }

    if (rc != WH_OK) {
        return NGX_CONF_ERROR;
    }

    if (constraint.pattern.len == 0) {
        return NGX_CONF_OK;
    }

    /* the word is "pattern=REGEX", the compiler wants "~REGEX" */

    pattern.data = (u_char *) constraint.pattern.data - 1;
    pattern.len = constraint.pattern.len + 1;

    return ngx_http_webhook_pattern(cf, &pattern, "require", &require->regex);
}


char *
ngx_http_webhook_rule_json(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_uint_t  i, type;

    for (i = 0; i < n; i++) {

        if (ngx_http_webhook_keyword(ngx_http_webhook_json_types, &words[i],
                                     &type)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown word \"%V\" in rule \"json\", it can "
                               "be object, array, empty", &words[i]);
            return NGX_CONF_ERROR;
        }

        provider->json |= type;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_webhook_rule_query(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_uint_t  i, flag;

    for (i = 0; i < n; i++) {

        if (ngx_http_webhook_keyword(ngx_http_webhook_query_flags, &words[i],
                                     &flag)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown word \"%V\" in rule \"query\", it can "
                               "be last, semicolon", &words[i]);
            return NGX_CONF_ERROR;
        }

        provider->query |= flag;
    }

    return NGX_CONF_OK;
}
