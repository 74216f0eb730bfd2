
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: challenges.
 */


#include "ngx_http_webhook_conf.h"


/* The options of a challenge. */

typedef struct {
    ngx_http_webhook_challenge_t  challenge;
    ngx_str_t                     reply;
    ngx_array_t                   matches;    /* ngx_str_t */
} ngx_http_webhook_challenge_words_t;


/* What a challenge has, bits. */

#define NGX_HTTP_WEBHOOK_CHALLENGE_SOURCE  1
#define NGX_HTTP_WEBHOOK_CHALLENGE_KEY     2


static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_challenge;
static char *ngx_http_webhook_challenge_sources(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word,
    ngx_array_t *matches);
static char *ngx_http_webhook_challenge_source(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word,
    ngx_http_webhook_source_t *source);
static char *ngx_http_webhook_challenge_reply(ngx_conf_t *cf,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *reply);
static ngx_uint_t ngx_http_webhook_challenge_has(ngx_str_t *text, char *part);
static ngx_http_webhook_option_handler_t  ngx_http_webhook_challenge_type;
static ngx_http_webhook_option_handler_t  ngx_http_webhook_challenge_word;
static char *ngx_http_webhook_challenge_wrong(
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge);
static ngx_uint_t ngx_http_webhook_challenge_always(
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge);
static char *ngx_http_webhook_challenge_match(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word);


static ngx_http_webhook_keyword_t  ngx_http_webhook_challenge_keys[] = {
    { ngx_string("signing"), 1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_challenge_times[] = {
    { ngx_string("verify"), 1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_challenge_statuses[] = {
    { ngx_string("200"), NGX_HTTP_OK },
    { ngx_string("204"), NGX_HTTP_NO_CONTENT },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_option_t  ngx_http_webhook_challenge_options[] = {

    { ngx_string("method=NAME"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_challenge_words_t, challenge.method),
      ngx_http_webhook_methods, 0, 0 },

    { ngx_string("match=SOURCE[=VALUE]"), ngx_http_webhook_challenge_word,
      offsetof(ngx_http_webhook_challenge_words_t, matches), NULL, 0, 1 },

    { ngx_string("reply=TEMPLATE"), ngx_http_webhook_option_template,
      offsetof(ngx_http_webhook_challenge_words_t, reply), NULL, 0, 0 },

    { ngx_string("type=MIME"), ngx_http_webhook_challenge_type,
      offsetof(ngx_http_webhook_challenge_words_t, challenge.type), NULL,
      0, 0 },

    { ngx_string("header=NAME"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_challenge_words_t, challenge.header), NULL,
      NGX_HTTP_WEBHOOK_CHALLENGE_SOURCE, 0 },

    { ngx_string("key=signing"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_challenge_words_t, challenge.use_signing_key),
      ngx_http_webhook_challenge_keys, NGX_HTTP_WEBHOOK_CHALLENGE_KEY, 0 },

    { ngx_string("after=verify"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_challenge_words_t, challenge.after_verify),
      ngx_http_webhook_challenge_times, 0, 0 },

    { ngx_string("status=CODE"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_challenge_words_t, challenge.status),
      ngx_http_webhook_challenge_statuses, 0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


ngx_http_webhook_rule_t  ngx_http_webhook_rules_challenge[] = {

    { ngx_string("challenge"), 1, 16, ngx_http_webhook_rule_challenge,
      0, 0,
      "challenge SOURCE|none [method=NAME] [match=SOURCE[=VALUE]] "
      "[reply=TEMPLATE] [type=MIME] [header=NAME] [key=signing] "
      "[after=verify] [status=CODE]" },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


static char *
ngx_http_webhook_rule_challenge(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_uint_t                           given;
    ngx_http_webhook_challenge_t        *challenge;
    ngx_http_webhook_challenge_words_t   conf;

    challenge = ngx_array_push(&provider->challenges);
    if (challenge == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&conf, sizeof(ngx_http_webhook_challenge_words_t));

    conf.challenge.method = NGX_HTTP_GET;
    conf.challenge.status = NGX_HTTP_OK;
    ngx_str_set(&conf.challenge.type, "text/plain");
    ngx_str_set(&conf.reply, "");

    if (ngx_array_init(&conf.matches, cf->pool, 1, sizeof(ngx_str_t)) != NGX_OK
        || ngx_http_webhook_options(cf, ngx_http_webhook_challenge_options,
                                    &words[1], n - 1, &conf, &given)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    *challenge = conf.challenge;

    challenge->no_source = (ngx_strcmp(words[0].data, "none") == 0);
    challenge->json = ngx_http_webhook_challenge_has(&challenge->type, "json");

    if (conf.reply.len == 0
        && challenge->header.len == 0
        && !challenge->no_source)
    {
        ngx_str_set(&conf.reply, "$webhook_challenge");
    }

    if (ngx_http_webhook_challenge_sources(cf, provider, challenge, &words[0],
                                           &conf.matches)
        != NGX_CONF_OK
        || ngx_http_webhook_challenge_reply(cf, challenge, &conf.reply)
           != NGX_CONF_OK
        || ngx_http_webhook_options_check(cf,
                                          ngx_http_webhook_challenge_options,
                                          given,
                                          NGX_HTTP_WEBHOOK_CHALLENGE_KEY
                                          | !challenge->no_source,
                                          "beside \"none\"")
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_options_check(cf,
                                          ngx_http_webhook_challenge_options,
                                          given,
                                          NGX_HTTP_WEBHOOK_CHALLENGE_SOURCE
                                          | (challenge->needs_key << 1),
                                          "without an HMAC in \"reply=\" or "
                                          "a \"match=\" without a value");
}


static char *
ngx_http_webhook_challenge_sources(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word,
    ngx_array_t *matches)
{
    ngx_str_t   *match;
    ngx_uint_t   i;

    if (ngx_array_init(&challenge->matches, cf->pool, 1,
                       sizeof(ngx_http_webhook_match_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (!challenge->no_source
        && ngx_http_webhook_challenge_source(cf, provider, challenge, word,
                                             &challenge->source)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    match = matches->elts;

    for (i = 0; i < matches->nelts; i++) {
        if (ngx_http_webhook_challenge_match(cf, provider, challenge,
                                             &match[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_challenge_source(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word,
    ngx_http_webhook_source_t *source)
{
    ngx_http_webhook_pointer_t  *pointer;

    if (ngx_http_webhook_source_word(cf, provider, word,
                                     NGX_HTTP_WEBHOOK_SOURCES_VERIFIED, source)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (source->type != NGX_HTTP_WEBHOOK_JSON) {
        return NGX_CONF_OK;
    }

    challenge->in_json = 1;
    challenge->in_body |= !challenge->after_verify;

    pointer = provider->pointers.elts;
    pointer += source->index;

    pointer->used--;
    pointer->challenge = 1;

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_challenge_reply(ngx_conf_t *cf,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *reply)
{
    if (ngx_http_webhook_challenge_has(reply, "webhook_challenge_hmac")) {
        challenge->hmac = 1;
        challenge->needs_key = 1;
    }

    return ngx_http_webhook_text_compile(cf, reply, &challenge->reply)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_uint_t
ngx_http_webhook_challenge_has(ngx_str_t *text, char *part)
{
    return ngx_strlcasestrn(text->data, text->data + text->len,
                            (u_char *) part, ngx_strlen(part) - 1)
           != NULL;
}


static char *
ngx_http_webhook_challenge_type(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    if (ngx_http_webhook_option_text(cf, option, value, field)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_strlchr(value->data, value->data + value->len, '/') == NULL) {
        return ngx_http_webhook_error(cf,
                           "invalid \"type=%V\" in rule \"challenge\", it is "
                           "like \"type=application/json\"", value);
    }

    return NGX_CONF_OK;
}


/* A word that is read when the other options are known. */

static char *
ngx_http_webhook_challenge_word(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_str_t  *word;

    word = ngx_array_push(field);
    if (word == NULL) {
        return NGX_CONF_ERROR;
    }

    *word = *value;

    return NGX_CONF_OK;
}


/* SOURCE=VALUE, or only SOURCE: equal to the challenge secret. */

static char *
ngx_http_webhook_challenge_match(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word)
{
    u_char                    *p;
    ngx_str_t                  source;
    ngx_http_webhook_match_t  *match, *other;

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
            return ngx_http_webhook_error(cf,
                               "no value in \"match=%V\", leave the last "
                               "\"=\" out for the challenge secret", word);
        }

        if (ngx_http_webhook_text(cf, &match->value) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

    } else {
        challenge->needs_key = 1;
    }

    if (ngx_http_webhook_challenge_source(cf, provider, challenge, &source,
                                          &match->source)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    other = challenge->matches.elts;

    for ( /* void */ ; other != match; other++) {
        if (ngx_http_webhook_source_same(&other->source, &match->source)) {
            return ngx_http_webhook_error(cf,
                               "\"match=%V\" in rule \"challenge\" is the "
                               "second for \"%V\", all of them must hold, for "
                               "either write two challenges", word, &source);
        }
    }

    return NGX_CONF_OK;
}


/* Challenges that no request is, or every message, by all other rules. */

char *
ngx_http_webhook_challenges_wrong(ngx_http_webhook_provider_t *provider)
{
    char                          *what;
    ngx_uint_t                     i;
    ngx_http_webhook_challenge_t  *challenge;

    what = NULL;
    challenge = provider->challenges.elts;

    for (i = 0; i < provider->challenges.nelts && what == NULL; i++) {
        what = ngx_http_webhook_challenge_wrong(provider, &challenge[i]);
    }

    return what;
}


static char *
ngx_http_webhook_challenge_wrong(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge)
{
    if (challenge->after_verify
        && !(challenge->method & provider->methods))
    {
        return "has a \"challenge\" with \"after=verify\" and a method "
               "that is none of its \"methods\", which has no effect";
    }

    if (challenge->in_body
        && (challenge->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)))
    {
        return "has a \"challenge\" in JSON and a method without a body, "
               "which has no effect";
    }

    if ((challenge->method & provider->methods)
        && challenge->matches.nelts == 0
        && ngx_http_webhook_challenge_always(provider, challenge))
    {
        return "has a \"challenge\" that is in every message, which nginx "
               "would answer itself, add \"match=SOURCE=VALUE\" or another "
               "method";
    }

    return NULL;
}


/* Whether a message would not be one without the source. */

static ngx_uint_t
ngx_http_webhook_challenge_always(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_challenge_t *challenge)
{
    ngx_uint_t                    i;
    ngx_http_webhook_source_t    *source, **credential;
    ngx_http_webhook_required_t  *required;

    source = &challenge->source;

    if (challenge->no_source) {
        return 1;
    }

    for (credential = provider->credentials; *credential; credential++) {
        if (ngx_http_webhook_source_same(*credential, source)) {
            return 1;
        }
    }

    required = provider->required.elts;

    for (i = 0; i < provider->required.nelts; i++) {
        if (source->type == NGX_HTTP_WEBHOOK_HEADER
            && source->index == required[i].header)
        {
            return 1;
        }
    }

    return 0;
}
