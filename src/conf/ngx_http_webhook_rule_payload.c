
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: times, and what the body must be like.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_form.h"
#include "core/wh_time.h"


static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_timestamp;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_window;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_require;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_json;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_query;
static char *ngx_http_webhook_require_text(ngx_conf_t *cf,
    wh_constraint_t *constraint, ngx_str_t *words, ngx_uint_t n);


static ngx_http_webhook_keyword_t  ngx_http_webhook_units[] = {
    { ngx_string("s"), WH_TIME_S },
    { ngx_string("ms"), WH_TIME_MS },
    { ngx_string("unix"), WH_TIME_UNIX },
    { ngx_string("rfc3339"), WH_TIME_RFC3339 },
    { ngx_string("http"), WH_TIME_HTTP },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_option_t  ngx_http_webhook_timestamp_options[] = {

    { ngx_string("unit=NAME"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_timestamp_t, unit),
      ngx_http_webhook_units, 0, 0 },

    { ngx_string("past=TIME"), ngx_http_webhook_option_period,
      offsetof(ngx_http_webhook_timestamp_t, window.past), NULL, 0, 0 },

    { ngx_string("future=TIME"), ngx_http_webhook_option_time,
      offsetof(ngx_http_webhook_timestamp_t, window.future), NULL,
      0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


static ngx_http_webhook_option_t  ngx_http_webhook_window_options[] = {

    { ngx_string("future=TIME"), ngx_http_webhook_option_time,
      offsetof(ngx_http_webhook_window_t, future), NULL, 0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_json_types[] = {
    { ngx_string("object"), 1 << WH_JSON_OBJECT },
    { ngx_string("array"), 1 << WH_JSON_ARRAY },
    { ngx_string("empty"), 1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_query_flags[] = {
    { ngx_string("first"), WH_FORM_FIRST },
    { ngx_string("last"), WH_FORM_LAST },
    { ngx_string("semicolon"), WH_FORM_SEMICOLON },
    { ngx_null_string, 0 }
};


ngx_http_webhook_rule_t  ngx_http_webhook_rules_payload[] = {

    { ngx_string("timestamp"), 1, 5, ngx_http_webhook_rule_timestamp,
      0, 1,
      "timestamp SOURCE [form:NAME] [unit=s|ms|unix|rfc3339|http] [past=TIME] "
      "[future=TIME]" },

    { ngx_string("window"), 1, 2, ngx_http_webhook_rule_window,
      offsetof(ngx_http_webhook_provider_t, window), 1,
      "window PAST [future=TIME]" },

    { ngx_string("claim"), 2, 16, ngx_http_webhook_rule_require,
      offsetof(ngx_http_webhook_provider_t, claim_rules), 0,
      "claim POINTER TYPE [rule ...]" },

    { ngx_string("require"), 2, 16, ngx_http_webhook_rule_require,
      offsetof(ngx_http_webhook_provider_t, requires), 0,
      "require POINTER TYPE [rule ...]" },

    { ngx_string("json"), 1, 3, ngx_http_webhook_rule_json,
      offsetof(ngx_http_webhook_provider_t, json), 1,
      "json object|array|empty ..." },

    { ngx_string("query"), 1, 2, ngx_http_webhook_rule_query,
      offsetof(ngx_http_webhook_provider_t, query), 1,
      "query first|last|semicolon ..." },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


static char *
ngx_http_webhook_rule_timestamp(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_uint_t                     taken;
    ngx_http_webhook_timestamp_t  *timestamp;

    timestamp = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_timestamp_t));
    if (timestamp == NULL) {
        return NGX_CONF_ERROR;
    }

    timestamp->unit = WH_TIME_S;
    timestamp->window.past = NGX_CONF_UNSET;
    timestamp->window.future = NGX_CONF_UNSET;
    timestamp->line = cf->conf_file->line;

    provider->timestamp = timestamp;

    taken = ngx_http_webhook_source_words(cf, provider, words, n,
                                          &timestamp->source);
    if (taken == 0) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_options(cf, ngx_http_webhook_timestamp_options,
                                    &words[taken], n - taken, timestamp, NULL);
}


/* PAST [future=TIME] */

static char *
ngx_http_webhook_rule_window(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_http_webhook_window_t  *window = field;

    if (ngx_http_webhook_option_period(cf, NULL, &words[0], &window->past)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_options(cf, ngx_http_webhook_window_options,
                                    &words[1], n - 1, window, NULL);
}


/*
 * One more constraint to a list, which is made if need be.  It is parsed here
 * only to find mistakes, and again when the gate's set of pointers is made.
 */

static char *
ngx_http_webhook_rule_require(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_array_t  **requires = field;

    int                          rc;
    size_t                       word;
    ngx_str_t                    pattern;
    ngx_uint_t                   i;
    const char                  *error;
    wh_json_set_t               *set;
    wh_constraint_t              constraint;
    ngx_http_webhook_require_t  *require;

    require = ngx_http_webhook_push(cf, requires,
                                    sizeof(ngx_http_webhook_require_t));
    if (require == NULL) {
        return NGX_CONF_ERROR;
    }

    require->n = n;
    require->file = cf->conf_file->file.name;
    require->line = cf->conf_file->line;
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

    word = ngx_min(word, n - 1);

    if (rc == WH_INVALID && ngx_http_webhook_is_directive(cf, &words[word])) {
        return ngx_http_webhook_no_semicolon(cf, &words[word]);
    }

    if (rc == WH_INVALID) {
        return ngx_http_webhook_error(cf,
                           "invalid rule for a payload at \"%V\": %s",
                           &words[word], error);
    }

    if (rc != WH_OK) {
        return NGX_CONF_ERROR;
    }

    if (constraint.values.len
        && memchr(constraint.values.data, ',', constraint.values.len)
        && !memchr(constraint.values.data, '|', constraint.values.len))
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"enum=%*s\" is one value with a \",\" in it, "
                           "between values there is a \"|\"",
                           constraint.values.len, constraint.values.data);
    }

    if (ngx_http_webhook_require_text(cf, &constraint, words, n)
        != NGX_CONF_OK)
    {
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


/* Only pointers and patterns may have a "$". */

static char *
ngx_http_webhook_require_text(ngx_conf_t *cf, wh_constraint_t *constraint,
    ngx_str_t *words, ngx_uint_t n)
{
    ngx_str_t   text;
    ngx_uint_t  i;

    for (i = 1; i < n; i++) {

        text = words[i];

        if (ngx_strncmp(text.data, "pattern=", sizeof("pattern=") - 1) == 0) {
            continue;
        }

        if (ngx_strncmp(text.data, "when=", sizeof("when=") - 1) == 0) {
            text = ngx_http_webhook_ngx_str(constraint->when_value);
        }

        if (ngx_http_webhook_text(cf, &text) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_rule_json(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    static ngx_str_t  word = ngx_string("word");

    return ngx_http_webhook_keyword_bits(cf, ngx_http_webhook_json_types,
                                         &word, words, n, field);
}


static char *
ngx_http_webhook_rule_query(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_uint_t  *flags = field;

    static ngx_str_t  word = ngx_string("word");

    if (ngx_http_webhook_keyword_bits(cf, ngx_http_webhook_query_flags,
                                      &word, words, n, field)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if ((*flags & WH_FORM_FIRST) && (*flags & WH_FORM_LAST)) {
        return ngx_http_webhook_error(cf,
                           "\"first\" and \"last\" in rule \"query\", leave "
                           "one of them out");
    }

    return NGX_CONF_OK;
}
