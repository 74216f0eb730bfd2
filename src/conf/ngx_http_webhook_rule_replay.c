
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The rule "replay": what tells a sender's messages apart, and how long they
 * are to be remembered.
 */


#include "ngx_http_webhook_conf.h"


static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_replay;
static ngx_http_webhook_option_handler_t  ngx_http_webhook_rule_replay_key;


/* to be sent again later: a sender may take any 4xx for the end */

static ngx_http_webhook_keyword_t  ngx_http_webhook_in_progress_statuses[] = {
    { ngx_string("409"), NGX_HTTP_CONFLICT },
    { ngx_string("503"), NGX_HTTP_SERVICE_UNAVAILABLE },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_option_t  ngx_http_webhook_rule_replay_options[] = {

    { ngx_string("off"), NULL, 0, NULL, 0, 0 },

    { ngx_string("key=VALUE"), ngx_http_webhook_rule_replay_key,
      0, NULL, 0, 0 },

    { ngx_string("ttl=TIME"), ngx_http_webhook_option_period,
      offsetof(ngx_http_webhook_replay_rule_t, ttl), NULL, 0, 0 },

    { ngx_string("in_progress=STATUS"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_replay_rule_t, in_progress),
      ngx_http_webhook_in_progress_statuses, 0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


ngx_http_webhook_rule_t  ngx_http_webhook_rules_replay[] = {

    { ngx_string("replay"), 1, 3, ngx_http_webhook_rule_replay,
      offsetof(ngx_http_webhook_provider_t, replay), 1,
      "replay [key=VALUE|body] [ttl=TIME] [in_progress=STATUS] | off" },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


static char *
ngx_http_webhook_rule_replay(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_uint_t                       given;
    ngx_http_webhook_replay_rule_t  *rule;

    rule = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_replay_rule_t));
    if (rule == NULL) {
        return NGX_CONF_ERROR;
    }

    rule->ttl = NGX_CONF_UNSET;
    provider->replay = rule;

    if (ngx_http_webhook_options(cf, ngx_http_webhook_rule_replay_options,
                                 words, n, rule, &given)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    rule->off = given & NGX_HTTP_WEBHOOK_REPLAY_OFF;

    if (rule->off && given != NGX_HTTP_WEBHOOK_REPLAY_OFF) {
        return ngx_http_webhook_error(cf,
                           "rule \"replay\" has \"off\" beside other values");
    }

    return NGX_CONF_OK;
}


/* "body", or a text with variables */

static char *
ngx_http_webhook_rule_replay_key(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_http_webhook_replay_rule_t  *rule = field;

    if (ngx_strcmp(value->data, "body") == 0) {
        rule->body = 1;
        return NGX_CONF_OK;
    }

    rule->key = ngx_http_webhook_replay_key_compile(cf, value);

    return rule->key ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* A key that the sender does not sign would name a message as others like. */

char *
ngx_http_webhook_rule_replay_check(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    char                           *missing;
    ngx_str_t                       name;
    ngx_http_webhook_replay_key_t  *key;

    key = provider->replay ? provider->replay->key : NULL;

    if (key == NULL) {
        return NGX_CONF_OK;
    }

    missing = ngx_http_webhook_replay_key_missing(provider, key);

    if (missing) {
        return ngx_http_webhook_error(cf,
                           "\"$webhook_%s\" in the rule \"replay\" of "
                           "webhook_provider \"%V\" is always empty, add a "
                           "rule \"%s\"", missing, &provider->name, missing);
    }

    if (ngx_http_webhook_replay_key_unsigned(provider, key, NULL, &name)
        != NGX_OK)
    {
        return NGX_CONF_OK;
    }

    return ngx_http_webhook_error(cf,
                       "\"$%V\" in the rule \"replay\" of webhook_provider "
                       "\"%V\" is not in its \"message\", a captured message "
                       "could be sent again with another one, leave \"key=\" "
                       "out or write \"key=body\"", &name, &provider->name);
}
