
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: challenges.
 */


#include "ngx_http_webhook_conf.h"


static char *ngx_http_webhook_challenge_option(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word,
    ngx_str_t *reply);
static char *ngx_http_webhook_challenge_source(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word,
    ngx_http_webhook_source_t *source);
static char *ngx_http_webhook_challenge_match(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word);


char *
ngx_http_webhook_rule_challenge(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_str_t                          reply;
    ngx_uint_t                         i;
    ngx_http_webhook_challenge_t      *challenge;
    ngx_http_compile_complex_value_t   ccv;

    challenge = ngx_array_push(&provider->challenges);
    if (challenge == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(challenge, sizeof(ngx_http_webhook_challenge_t));

    challenge->method = NGX_HTTP_GET;
    ngx_str_set(&challenge->type, "text/plain");
    ngx_str_set(&reply, "$webhook_challenge");

    if (ngx_array_init(&challenge->matches, cf->pool, 1,
                       sizeof(ngx_http_webhook_match_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    /* where a source may be depends on this option */

    for (i = 1; i < n; i++) {
        if (ngx_strcmp(words[i].data, "after=verify") == 0) {
            challenge->after_verify = 1;
        }
    }

    if (ngx_strcmp(words[0].data, "none") == 0) {
        challenge->no_source = 1;
        ngx_str_set(&reply, "");

    } else if (ngx_http_webhook_challenge_source(cf, provider, challenge,
                                                 &words[0],
                                                 &challenge->source)
               != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < n; i++) {
        if (ngx_http_webhook_challenge_option(cf, provider, challenge,
                                              &words[i], &reply)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_strlcasestrn(reply.data, reply.data + reply.len,
                         (u_char *) "webhook_challenge_hmac",
                         sizeof("webhook_challenge_hmac") - 2)
        != NULL)
    {
        challenge->hmac = 1;
        challenge->needs_key = 1;
    }

    if (ngx_strlcasestrn(challenge->type.data,
                         challenge->type.data + challenge->type.len,
                         (u_char *) "json", sizeof("json") - 2)
        != NULL)
    {
        challenge->json = 1;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &reply;
    ccv.complex_value = &challenge->reply;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_challenge_option(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word, ngx_str_t *reply)
{
    ngx_str_t  value;

    if (ngx_http_webhook_option(word, "method", &value) == NGX_OK
        && ngx_http_webhook_keyword(ngx_http_webhook_methods, &value,
                                    &challenge->method)
           == NGX_OK)
    {
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "match", &value) == NGX_OK) {
        return ngx_http_webhook_challenge_match(cf, provider, challenge,
                                                &value);
    }

    if (ngx_http_webhook_option(word, "reply", &value) == NGX_OK
        && value.len)
    {
        *reply = value;
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "type", &value) == NGX_OK
        && value.len)
    {
        challenge->type = value;
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "header", &value) == NGX_OK
        && value.len)
    {
        challenge->header = value;
        ngx_str_set(reply, "");
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(word->data, "key=signing") == 0) {
        challenge->use_signing_key = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(word->data, "after=verify") == 0) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown option \"%V\" of rule \"challenge\", it takes "
                       "method=NAME, match=SOURCE=VALUE, match=SOURCE, "
                       "reply=TEMPLATE, type=MIME, header=NAME, key=signing, "
                       "after=verify", word);

    return NGX_CONF_ERROR;
}


/* The body is looked at only when the sender has been verified. */

static char *
ngx_http_webhook_challenge_source(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word,
    ngx_http_webhook_source_t *source)
{
    if (challenge->after_verify && ngx_strncmp(word->data, "json:", 5) == 0) {
        return ngx_http_webhook_source_word(cf, provider, word, source);
    }

    return ngx_http_webhook_source_outside(cf, provider, word, source);
}


/* SOURCE=VALUE, or only SOURCE: equal to the challenge secret. */

static char *
ngx_http_webhook_challenge_match(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word)
{
    u_char                    *p;
    ngx_str_t                  source;
    ngx_http_webhook_match_t  *match;

    match = ngx_array_push(&challenge->matches);
    if (match == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_null(&match->value);

    source = *word;

    p = ngx_strlchr(word->data, word->data + word->len, '=');

    if (p) {
        source.len = p - word->data;

        match->value.data = p + 1;
        match->value.len = word->len - source.len - 1;

        if (match->value.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "no value in \"match=%V\", leave the last "
                               "\"=\" out for the challenge secret", word);
            return NGX_CONF_ERROR;
        }

    } else {
        challenge->needs_key = 1;
    }

    return ngx_http_webhook_challenge_source(cf, provider, challenge,
                                             &source, &match->source);
}
