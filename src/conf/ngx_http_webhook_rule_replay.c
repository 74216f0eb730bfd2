
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The rule "replay": what tells a sender's messages apart, and how long they
 * are to be remembered.
 */


#include "ngx_http_webhook_conf.h"


static char *ngx_http_webhook_rule_replay_option(ngx_conf_t *cf,
    ngx_http_webhook_replay_rule_t *rule, ngx_str_t *word);


/* [key=VALUE|body] [ttl=TIME] | off */

char *
ngx_http_webhook_rule_replay(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_uint_t                       i;
    ngx_http_webhook_replay_rule_t  *rule;

    rule = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_replay_rule_t));
    if (rule == NULL) {
        return NGX_CONF_ERROR;
    }

    rule->ttl = NGX_CONF_UNSET;
    provider->replay = rule;

    if (n == 1 && ngx_strcmp(words[0].data, "off") == 0) {
        rule->off = 1;
        return NGX_CONF_OK;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_webhook_rule_replay_option(cf, rule, &words[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_rule_replay_option(ngx_conf_t *cf,
    ngx_http_webhook_replay_rule_t *rule, ngx_str_t *word)
{
    ngx_str_t  value;

    static ngx_str_t  body = ngx_string("body");

    if (ngx_http_webhook_option(word, "ttl", &value) == NGX_OK
        && rule->ttl == NGX_CONF_UNSET)
    {
        return ngx_http_webhook_replay_time(cf, word, &value, &rule->ttl);
    }

    if (ngx_http_webhook_option(word, "key", &value) == NGX_OK
        && rule->key == NULL
        && !rule->body)
    {
        if (ngx_http_webhook_str_equal(&value, &body)) {
            rule->body = 1;
            return NGX_CONF_OK;
        }

        rule->key = ngx_http_webhook_replay_key_compile(cf, &value);

        return rule->key ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid or second option \"%V\" of rule \"replay\", "
                       "it takes \"key=body\" or \"key=VALUE\", and "
                       "\"ttl=TIME\", or \"off\" alone", word);

    return NGX_CONF_ERROR;
}


/* A key that the sender does not sign would name a message as others like. */

char *
ngx_http_webhook_rule_replay_check(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_str_t  name;

    if (provider->replay == NULL
        || provider->replay->key == NULL
        || ngx_http_webhook_replay_key_unsigned(provider,
                                                provider->replay->key, &name)
           != NGX_OK)
    {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"$%V\" in the rule \"replay\" of webhook_provider "
                       "\"%V\" is not in its \"message\", a captured message "
                       "could be sent again with another one, leave \"key=\" "
                       "out or write \"key=body\"", &name, &provider->name);

    return NGX_CONF_ERROR;
}
