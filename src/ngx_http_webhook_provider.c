
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: the rules of a webhook_provider block, and of the
 * built-in providers, which are written in the same language.
 */


#include "ngx_http_webhook.h"
#include <ngx_http_webhook_builtin.h>


typedef struct {
    ngx_str_t      name;
    ngx_uint_t     min;            /* words behind the name */
    ngx_uint_t     max;
    char        *(*handler)(ngx_conf_t *cf,
                    ngx_http_webhook_provider_t *provider, ngx_str_t *words,
                    ngx_uint_t n);
    char          *form;
} ngx_http_webhook_rule_t;


typedef struct {
    ngx_str_t      name;
    ngx_uint_t     value;
} ngx_http_webhook_word_t;


static ngx_http_webhook_provider_t *ngx_http_webhook_provider_create(
    ngx_conf_t *cf, ngx_str_t *name);
static char *ngx_http_webhook_provider_parse(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *text);
static char *ngx_http_webhook_provider_finish(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
static char *ngx_http_webhook_provider_pelorus(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
static char *ngx_http_webhook_provider_field(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source);
static char *ngx_http_webhook_rule(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);

static char *ngx_http_webhook_rule_methods(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_content_type(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_token(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_signature(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_id(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_event(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_body(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_timestamp(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_window(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_require(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_json(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_query(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_certificate(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_challenge(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_ack(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_reject(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);

static char *ngx_http_webhook_signature_option(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_str_t *word);
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
static char *ngx_http_webhook_source_word(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source);
static char *ngx_http_webhook_pattern(ngx_conf_t *cf, ngx_str_t *pattern,
    char *rule, ngx_regex_t **regex);
static char *ngx_http_webhook_time_option(ngx_conf_t *cf, ngx_str_t *word,
    ngx_http_webhook_window_t *window);
static char *ngx_http_webhook_time_value(ngx_conf_t *cf, ngx_str_t *value,
    time_t *time);
static char *ngx_http_webhook_status_once(ngx_conf_t *cf, ngx_str_t *word,
    ngx_int_t min, ngx_int_t max, ngx_int_t *status);
static char *ngx_http_webhook_source_outside(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source);
static char *ngx_http_webhook_source_set(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t **source);
static char *ngx_http_webhook_pointer_index(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer,
    ngx_uint_t *index);
static u_char *ngx_http_webhook_find_body(ngx_str_t *text, u_char *from,
    size_t *len);
static ngx_http_complex_value_t *ngx_http_webhook_template(ngx_conf_t *cf,
    u_char *start, u_char *end);
static ngx_int_t ngx_http_webhook_word(ngx_http_webhook_word_t *known,
    ngx_str_t *word, ngx_uint_t *value);
static ngx_int_t ngx_http_webhook_option(ngx_str_t *word, char *name,
    ngx_str_t *value);


static ngx_http_webhook_rule_t  ngx_http_webhook_rules[] = {

    { ngx_string("methods"), 1, 8, ngx_http_webhook_rule_methods,
      "methods METHOD ..." },

    { ngx_string("content_type"), 1, 8, ngx_http_webhook_rule_content_type,
      "content_type TYPE|~REGEX|none ..." },

    { ngx_string("header"), 2, 3, ngx_http_webhook_rule_header,
      "header NAME VALUE|PREFIX*|~REGEX [status=CODE]" },

    { ngx_string("token"), 1, 2, ngx_http_webhook_rule_token,
      "token SOURCE [for=NAME]" },

    { ngx_string("signature"), 1, 7, ngx_http_webhook_rule_signature,
      "signature SOURCE [algorithm=NAME] [encoding=NAME] [prefix=TEXT] "
      "[list=SEPARATOR] [field=NAME] [key=text|hex|base64|whsec]" },

    { ngx_string("message"), 1, 1, ngx_http_webhook_rule_message,
      "message TEMPLATE" },

    { ngx_string("id"), 1, 1, ngx_http_webhook_rule_id,
      "id SOURCE" },

    { ngx_string("event"), 1, 1, ngx_http_webhook_rule_event,
      "event SOURCE" },

    { ngx_string("body"), 1, 1, ngx_http_webhook_rule_body,
      "body raw|pelorus" },

    { ngx_string("timestamp"), 1, 4, ngx_http_webhook_rule_timestamp,
      "timestamp SOURCE [unit=s|ms|rfc3339|http] [past=TIME] [future=TIME]" },

    { ngx_string("window"), 1, 2, ngx_http_webhook_rule_window,
      "window PAST [future=TIME]" },

    { ngx_string("require"), 2, 16, ngx_http_webhook_rule_require,
      "require POINTER TYPE [rule ...]" },

    { ngx_string("json"), 1, 3, ngx_http_webhook_rule_json,
      "json object|array|empty ..." },

    { ngx_string("query"), 1, 2, ngx_http_webhook_rule_query,
      "query last|semicolon ..." },

    { ngx_string("client_certificate"), 1, 16,
      ngx_http_webhook_rule_certificate,
      "client_certificate ATTRIBUTE=VALUE ..." },

    { ngx_string("challenge"), 1, 8, ngx_http_webhook_rule_challenge,
      "challenge SOURCE|none [method=NAME] [match=SOURCE[=VALUE]] "
      "[reply=TEMPLATE] [type=MIME] [header=NAME] [key=signing] "
      "[after=verify]" },

    { ngx_string("ack"), 1, 1, ngx_http_webhook_rule_ack,
      "ack CODE" },

    { ngx_string("reject"), 1, 1, ngx_http_webhook_rule_reject,
      "reject CODE" },

    { ngx_null_string, 0, 0, NULL, NULL }
};


static ngx_http_webhook_word_t  ngx_http_webhook_methods[] = {
    { ngx_string("GET"), NGX_HTTP_GET },
    { ngx_string("HEAD"), NGX_HTTP_HEAD },
    { ngx_string("POST"), NGX_HTTP_POST },
    { ngx_string("PUT"), NGX_HTTP_PUT },
    { ngx_string("DELETE"), NGX_HTTP_DELETE },
    { ngx_string("OPTIONS"), NGX_HTTP_OPTIONS },
    { ngx_string("PATCH"), NGX_HTTP_PATCH },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_word_t  ngx_http_webhook_algorithms[] = {
    { ngx_string("hmac-sha1"), WH_SHA1 },
    { ngx_string("hmac-sha256"), WH_SHA256 },
    { ngx_string("hmac-sha384"), WH_SHA384 },
    { ngx_string("hmac-sha512"), WH_SHA512 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_word_t  ngx_http_webhook_schemes[] = {
    { ngx_string("ed25519"), WH_ED25519 },
    { ngx_string("ecdsa-p256-sha256"), WH_ECDSA_P256_SHA256 },
    { ngx_string("rsa-sha256"), WH_RSA_SHA256 },
    { ngx_string("rsa-sha1"), WH_RSA_SHA1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_word_t  ngx_http_webhook_key_words[] = {
    { ngx_string("text"), NGX_HTTP_WEBHOOK_KEY_TEXT },
    { ngx_string("hex"), NGX_HTTP_WEBHOOK_KEY_HEX },
    { ngx_string("base64"), NGX_HTTP_WEBHOOK_KEY_BASE64 },
    { ngx_string("whsec"), NGX_HTTP_WEBHOOK_KEY_WHSEC },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_word_t  ngx_http_webhook_encodings[] = {
    { ngx_string("hex"), WH_HEX },
    { ngx_string("base64"), WH_BASE64 },
    { ngx_string("base64url"), WH_BASE64URL },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_word_t  ngx_http_webhook_json_types[] = {
    { ngx_string("object"), 1 << WH_JSON_OBJECT },
    { ngx_string("array"), 1 << WH_JSON_ARRAY },
    { ngx_string("empty"), 1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_word_t  ngx_http_webhook_query_flags[] = {
    { ngx_string("last"), WH_FORM_LAST },
    { ngx_string("semicolon"), WH_FORM_SEMICOLON },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_word_t  ngx_http_webhook_sources[] = {
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


/* The webhook_provider directive. */

char *
ngx_http_webhook_provider_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_webhook_main_conf_t  *wmcf = conf;

    ngx_str_t                     *value;
    ngx_uint_t                     i;
    ngx_http_webhook_provider_t  **providers, *provider, **slot;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a provider cannot be named \"off\"");
        return NGX_CONF_ERROR;
    }

    providers = wmcf->providers.elts;

    for (i = 0; i < wmcf->providers.nelts; i++) {
        if (providers[i]->name.len == value[1].len
            && ngx_strncmp(providers[i]->name.data, value[1].data,
                           value[1].len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate webhook_provider \"%V\"", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    provider = ngx_http_webhook_provider_create(cf, &value[1]);
    if (provider == NULL) {
        return NGX_CONF_ERROR;
    }

    slot = ngx_array_push(&wmcf->providers);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = provider;

    return ngx_http_webhook_provider_parse(cf, provider, NULL);
}


/*
 * The provider of this name: one of the configuration's own, or else a
 * built-in one, read when it is first asked for.  NULL when there is none,
 * or after an error that has been logged.
 */

ngx_http_webhook_provider_t *
ngx_http_webhook_provider_get(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf, ngx_str_t *name)
{
    ngx_uint_t                      i;
    ngx_http_webhook_provider_t   **providers, *provider, **slot;
    ngx_http_webhook_builtin_t     *builtin;

    providers = wmcf->providers.elts;

    for (i = 0; i < wmcf->providers.nelts; i++) {
        if (providers[i]->name.len == name->len
            && ngx_strncmp(providers[i]->name.data, name->data, name->len)
               == 0)
        {
            return providers[i];
        }
    }

    for (builtin = ngx_http_webhook_builtins; builtin->name.len; builtin++) {
        if (builtin->name.len == name->len
            && ngx_strncmp(builtin->name.data, name->data, name->len) == 0)
        {
            break;
        }
    }

    if (builtin->name.len == 0) {
        return NULL;
    }

    provider = ngx_http_webhook_provider_create(cf, &builtin->name);
    if (provider == NULL) {
        return NULL;
    }

    slot = ngx_array_push(&wmcf->providers);
    if (slot == NULL) {
        return NULL;
    }

    *slot = provider;

    if (ngx_http_webhook_provider_parse(cf, provider, &builtin->rules)
        != NGX_CONF_OK)
    {
        return NULL;
    }

    return provider;
}


/* Writes the built-in names, each with a blank in front; returns the end. */

u_char *
ngx_http_webhook_provider_names(u_char *p, u_char *last)
{
    ngx_http_webhook_builtin_t  *builtin;

    for (builtin = ngx_http_webhook_builtins; builtin->name.len; builtin++) {
        p = ngx_slprintf(p, last, " %V", &builtin->name);
    }

    return p;
}


static ngx_http_webhook_provider_t *
ngx_http_webhook_provider_create(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                    index;
    ngx_http_webhook_provider_t  *provider;

    static ngx_str_t  content_type = ngx_string("Content-Type");

    provider = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_provider_t));
    if (provider == NULL) {
        return NULL;
    }

    provider->name = *name;
    provider->ack = NGX_CONF_UNSET;
    provider->reject = NGX_CONF_UNSET;
    provider->window.past = NGX_CONF_UNSET;
    provider->window.future = NGX_CONF_UNSET;

    if (ngx_array_init(&provider->headers, cf->pool, 4,
                       sizeof(ngx_http_webhook_header_t))
        != NGX_OK
        || ngx_array_init(&provider->media, cf->pool, 1,
                          sizeof(ngx_http_webhook_media_t))
           != NGX_OK
        || ngx_array_init(&provider->required, cf->pool, 1,
                          sizeof(ngx_http_webhook_required_t))
           != NGX_OK
        || ngx_array_init(&provider->tokens, cf->pool, 1,
                          sizeof(ngx_http_webhook_token_t))
           != NGX_OK
        || ngx_array_init(&provider->signatures, cf->pool, 1,
                          sizeof(ngx_http_webhook_signature_t))
           != NGX_OK
        || ngx_array_init(&provider->pointers, cf->pool, 1,
                          sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&provider->challenges, cf->pool, 1,
                          sizeof(ngx_http_webhook_challenge_t))
           != NGX_OK
        || ngx_http_webhook_provider_header(cf, provider, &content_type,
                                            &index)
           != NGX_OK)
    {
        return NULL;
    }

    return provider;
}


/*
 * Reads rules: those of the block that the configuration has just opened,
 * or, if there is one, those of a built-in provider's text.
 */

static char *
ngx_http_webhook_provider_parse(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *text)
{
    char             *rv;
    ngx_buf_t         b;
    ngx_conf_t        save;
    ngx_conf_file_t   conf_file;

    save = *cf;

    if (text) {
        ngx_memzero(&b, sizeof(ngx_buf_t));
        ngx_memzero(&conf_file, sizeof(ngx_conf_file_t));

        b.start = text->data;
        b.pos = text->data;
        b.last = text->data + text->len;
        b.end = b.last;
        b.temporary = 1;

        conf_file.file.fd = NGX_INVALID_FILE;
        conf_file.buffer = &b;

        cf->conf_file = &conf_file;

        cf->args = ngx_array_create(cf->pool, 8, sizeof(ngx_str_t));
        if (cf->args == NULL) {
            *cf = save;
            return NGX_CONF_ERROR;
        }
    }

    cf->handler = ngx_http_webhook_rule;
    cf->handler_conf = (void *) provider;

    rv = ngx_conf_parse(cf, NULL);

    if (rv == NGX_CONF_OK) {
        rv = ngx_http_webhook_provider_finish(cf, provider);
    }

    *cf = save;

    return rv;
}


/* What can be told only when all rules have been read. */

static char *
ngx_http_webhook_provider_finish(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_str_t                      post = ngx_string("POST");
    ngx_uint_t                     i;
    ngx_http_webhook_challenge_t  *challenge;

    if (provider->tokens.nelts == 0
        && provider->signatures.nelts == 0
        && provider->certificates == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_provider \"%V\" verifies nothing, it "
                           "needs a \"signature\", \"token\" or "
                           "\"client_certificate\" rule", &provider->name);
        return NGX_CONF_ERROR;
    }

    if (provider->prefix && provider->signatures.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_provider \"%V\" has a \"message\" but "
                           "no \"signature\" rule", &provider->name);
        return NGX_CONF_ERROR;
    }

    if (provider->pelorus
        && ngx_http_webhook_provider_pelorus(cf, provider) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->methods == 0
        && ngx_http_webhook_rule_methods(cf, provider, &post, 1)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->timestamp
        && ngx_http_webhook_provider_field(cf, provider,
                                           &provider->timestamp->source)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    challenge = provider->challenges.elts;

    for (i = 0; i < provider->challenges.nelts; i++) {
        if (challenge[i].hmac && challenge[i].signing && !challenge[i].after) {
            provider->oracle = &challenge[i];
        }
    }

    if (ngx_http_webhook_provider_field(cf, provider, provider->id)
        != NGX_CONF_OK
        || ngx_http_webhook_provider_field(cf, provider, provider->event)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * The receiver has rules of its own for headers and methods, so a provider
 * says no more than where the signature is.
 */

static char *
ngx_http_webhook_provider_pelorus(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_signature_t  *signature;

    signature = provider->signatures.elts;

    if (provider->signatures.nelts != 1
        || signature->source.type != NGX_HTTP_WEBHOOK_HEADER
        || provider->tokens.nelts
        || provider->challenges.nelts
        || provider->media.nelts
        || provider->required.nelts
        || provider->timestamp
        || provider->prefix
        || provider->methods)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"body pelorus\" in webhook_provider \"%V\" goes "
                           "with one \"signature header:NAME\" rule, and "
                           "with id, event, require, client_certificate, "
                           "ack and reject", &provider->name);
        return NGX_CONF_ERROR;
    }

    provider->pelorus->signature = signature->source.header;

    return NGX_CONF_OK;
}


/* A field: source is a member of the header that has the signature. */

static char *
ngx_http_webhook_provider_field(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source)
{
    ngx_uint_t                     i;
    ngx_http_webhook_signature_t  *signature;

    if (source == NULL || source->type != NGX_HTTP_WEBHOOK_FIELD) {
        return NGX_CONF_OK;
    }

    signature = provider->signatures.elts;

    for (i = 0; i < provider->signatures.nelts; i++) {

        if (signature[i].source.type == NGX_HTTP_WEBHOOK_HEADER
            && signature[i].format.separator)
        {
            source->header = signature[i].source.header;
            source->separator = signature[i].format.separator;

            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"field:%V\" in webhook_provider \"%V\" needs a "
                       "\"signature header:NAME\" rule with \"list=\" or "
                       "\"field=\"", &source->name, &provider->name);

    return NGX_CONF_ERROR;
}


/* One rule of a block, called by nginx's parser. */

static char *
ngx_http_webhook_rule(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_http_webhook_provider_t  *provider = conf;

    ngx_str_t                *value;
    ngx_uint_t                n;
    ngx_http_webhook_rule_t  *rule;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    for (rule = ngx_http_webhook_rules; rule->name.len; rule++) {

        if (rule->name.len != value[0].len
            || ngx_strncmp(rule->name.data, value[0].data, value[0].len) != 0)
        {
            continue;
        }

        if (n < rule->min || n > rule->max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of words in rule \"%V\", its "
                               "form is \"%s\"", &value[0], rule->form);
            return NGX_CONF_ERROR;
        }

        return rule->handler(cf, provider, &value[1], n);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown rule \"%V\" in webhook_provider \"%V\", the "
                       "rules are: methods, content_type, header, token, "
                       "signature, message, body, timestamp, window, id, "
                       "event, require, json, query, client_certificate, "
                       "challenge, ack, reject", &value[0], &provider->name);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_rule_methods(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    u_char      *p;
    size_t       len;
    ngx_uint_t   i, method;

    if (provider->methods) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "rule \"methods\" is duplicate, one takes several "
                           "methods");
        return NGX_CONF_ERROR;
    }

    len = 0;

    for (i = 0; i < n; i++) {

        if (ngx_http_webhook_word(ngx_http_webhook_methods, &words[i],
                                  &method)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown method \"%V\" in rule \"methods\", "
                               "it can be GET, HEAD, POST, PUT, DELETE, "
                               "OPTIONS, PATCH", &words[i]);
            return NGX_CONF_ERROR;
        }

        provider->methods |= method;
        len += words[i].len + sizeof(", ") - 1;
    }

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    provider->allow.data = p;

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "%s%V", i ? ", " : "", &words[i]);
    }

    provider->allow.len = p - provider->allow.data;

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_rule_content_type(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    u_char                    *p, *end, *slash;
    ngx_uint_t                 i;
    ngx_http_webhook_media_t  *media;

    for (i = 0; i < n; i++) {

        media = ngx_array_push(&provider->media);
        if (media == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(media, sizeof(ngx_http_webhook_media_t));

        if (ngx_strcmp(words[i].data, "none") == 0) {
            continue;
        }

        if (words[i].data[0] == '~') {

            if (ngx_http_webhook_pattern(cf, &words[i], "content_type",
                                         &media->regex)
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        p = words[i].data;
        end = p + words[i].len;
        slash = ngx_strlchr(p, end, '/');

        if (slash == NULL || slash == p) {
            goto invalid;
        }

        media->type.data = p;
        media->type.len = slash - p;

        p = slash + 1;

        /* "*" alone, or the suffix behind it */

        if (end - p > 1 && p[0] == '*') {

            if (end - p == 2 || p[1] != '+') {
                goto invalid;
            }

            p++;
        }

        media->subtype.data = p;
        media->subtype.len = end - p;

        if (media->subtype.len == 0
            || ngx_strlchr(words[i].data, slash, '*') != NULL
            || (media->subtype.len > 1 && ngx_strlchr(p, end, '*') != NULL))
        {
            goto invalid;
        }
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid media type \"%V\" in rule \"content_type\", "
                       "it is like \"application/json\", \"application/*\" or "
                       "\"application/*+json\"", &words[i]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_rule_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_int_t                     status;
    ngx_str_t                     value;
    ngx_http_webhook_required_t  *required;

    required = ngx_array_push(&provider->required);
    if (required == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(required, sizeof(ngx_http_webhook_required_t));

    if (ngx_http_webhook_provider_header(cf, provider, &words[0],
                                         &required->header)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    required->value = words[1];

    if (n == 3) {

        if (ngx_http_webhook_option(&words[2], "status", &value) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown option \"%V\" of rule \"header\", it "
                               "takes \"status=CODE\"", &words[2]);
            return NGX_CONF_ERROR;
        }

        if (ngx_http_webhook_status_word(cf, &value, 400, 599, &status)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        required->status = status;
    }

    if (required->value.len && required->value.data[0] == '~') {
        return ngx_http_webhook_pattern(cf, &required->value, "header",
                                        &required->regex);
    }

    if (required->value.len
        && required->value.data[required->value.len - 1] == '*')
    {
        required->value.len--;
        required->prefix = 1;
    }

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_webhook_pattern_match(ngx_regex_t *regex, ngx_str_t *value)
{
#if (NGX_PCRE)
    return ngx_regex_exec(regex, value, NULL, 0) >= 0;
#else
    return 0;
#endif
}


/* Compiles a word "~REGEX". */

static char *
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


static char *
ngx_http_webhook_rule_token(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_http_webhook_token_t  *token;

    token = ngx_array_push(&provider->tokens);
    if (token == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_null(&token->rule);

    if (n == 2
        && (ngx_http_webhook_option(&words[1], "for", &token->rule) != NGX_OK
            || token->rule.len == 0))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown option \"%V\" of rule \"token\", it takes "
                           "\"for=NAME\"", &words[1]);
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_source_outside(cf, provider, &words[0],
                                           &token->source);
}


static char *
ngx_http_webhook_rule_signature(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_uint_t                     i;
    ngx_http_webhook_signature_t  *signature;

    signature = ngx_array_push(&provider->signatures);
    if (signature == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(signature, sizeof(ngx_http_webhook_signature_t));

    signature->digest = WH_SHA256;
    signature->format.encoding = WH_HEX;

    if (ngx_http_webhook_source_outside(cf, provider, &words[0],
                                        &signature->source)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < n; i++) {
        if (ngx_http_webhook_signature_option(cf, signature, &words[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (signature->format.field.len && signature->format.separator == 0) {
        signature->format.separator = ',';
    }

    if (signature->scheme == WH_PUBKEY_NONE) {
        signature->format.size = EVP_MD_size(wh_digest(signature->digest));
        signature->use = ngx_http_webhook_use_hmac(signature->key,
                                                   signature->digest);

    } else {
        signature->use = ngx_http_webhook_use_pubkey(signature->scheme);
    }

    provider->uses |= 1 << signature->use;

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_signature_option(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_str_t *word)
{
    ngx_str_t   value;
    ngx_uint_t  known;

    if (ngx_http_webhook_option(word, "algorithm", &value) == NGX_OK) {

        if (ngx_http_webhook_word(ngx_http_webhook_schemes, &value, &known)
            == NGX_OK)
        {
            signature->scheme = known;
            return NGX_CONF_OK;
        }

        if (ngx_http_webhook_word(ngx_http_webhook_algorithms, &value, &known)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown algorithm \"%V\" in rule "
                               "\"signature\", it can be hmac-sha256, "
                               "hmac-sha1, hmac-sha384, hmac-sha512, ed25519, "
                               "ecdsa-p256-sha256, rsa-sha256, rsa-sha1",
                               &value);
            return NGX_CONF_ERROR;
        }

        signature->digest = known;

        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "encoding", &value) == NGX_OK) {

        if (ngx_http_webhook_word(ngx_http_webhook_encodings, &value, &known)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown encoding \"%V\" in rule "
                               "\"signature\", it can be hex, base64, "
                               "base64url", &value);
            return NGX_CONF_ERROR;
        }

        signature->format.encoding = known;

        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "key", &value) == NGX_OK) {

        if (ngx_http_webhook_word(ngx_http_webhook_key_words, &value, &known)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown key \"%V\" in rule \"signature\", it "
                               "can be text, hex, base64, whsec", &value);
            return NGX_CONF_ERROR;
        }

        signature->key = known;

        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "list", &value) == NGX_OK) {

        if (value.len != 1) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid \"%V\" in rule \"signature\", a list "
                               "has one separating character, as in \"list=,\" "
                               "or, with the quotes, \"list=;\"", word);
            return NGX_CONF_ERROR;
        }

        signature->format.separator = value.data[0];

        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "prefix", &value) == NGX_OK
        && value.len)
    {
        signature->format.prefix = ngx_http_webhook_wh_str(&value);
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "field", &value) == NGX_OK
        && value.len)
    {
        signature->format.field = ngx_http_webhook_wh_str(&value);
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown option \"%V\" of rule \"signature\", it takes "
                       "algorithm=, encoding=, prefix=, list=, field=, key=",
                       word);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_rule_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    u_char  *body, *end;
    size_t   len, more;

    if (provider->prefix) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "rule \"message\" is duplicate");
        return NGX_CONF_ERROR;
    }

    body = ngx_http_webhook_find_body(&words[0], words[0].data, &len);

    if (body == NULL
        || ngx_http_webhook_find_body(&words[0], body + len, &more) != NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"%V\" in rule \"message\", it must have "
                           "$webhook_body exactly once", &words[0]);
        return NGX_CONF_ERROR;
    }

    end = words[0].data + words[0].len;

    provider->prefix = ngx_http_webhook_template(cf, words[0].data, body);
    provider->suffix = ngx_http_webhook_template(cf, body + len, end);

    if (provider->prefix == NULL || provider->suffix == NULL) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* The next $webhook_body or ${webhook_body}, and the length of the word. */

static u_char *
ngx_http_webhook_find_body(ngx_str_t *text, u_char *from, size_t *len)
{
    u_char  c, *p, *end;

    end = text->data + text->len;

    for (p = from; p < end; p++) {

        *len = sizeof("${webhook_body}") - 1;

        if ((size_t) (end - p) >= *len
            && ngx_strncmp(p, "${webhook_body}", *len) == 0)
        {
            return p;
        }

        *len = sizeof("$webhook_body") - 1;

        if ((size_t) (end - p) < *len
            || ngx_strncmp(p, "$webhook_body", *len) != 0)
        {
            continue;
        }

        if (p + *len == end) {
            return p;
        }

        c = p[*len];

        /* $webhook_body_sha256 is another variable */

        if (c != '_' && !(c >= '0' && c <= '9')
            && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        {
            return p;
        }
    }

    return NULL;
}


static ngx_http_complex_value_t *
ngx_http_webhook_template(ngx_conf_t *cf, u_char *start, u_char *end)
{
    ngx_str_t                          text;
    ngx_http_complex_value_t          *cv;
    ngx_http_compile_complex_value_t   ccv;

    text.data = start;
    text.len = end - start;

    cv = ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (cv == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &text;
    ccv.complex_value = cv;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NULL;
    }

    return cv;
}


static char *
ngx_http_webhook_rule_id(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_webhook_source_set(cf, provider, &words[0],
                                       &provider->id);
}


static char *
ngx_http_webhook_rule_event(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_webhook_source_set(cf, provider, &words[0],
                                       &provider->event);
}


static char *
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


static char *
ngx_http_webhook_rule_body(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_http_webhook_pelorus_t  *pelorus;

    static ngx_str_t  user_agent = ngx_string("User-Agent");
    static ngx_str_t  event = ngx_string("X-Pelorus-Event");

    if (ngx_strcmp(words[0].data, "raw") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(words[0].data, "pelorus") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown body \"%V\", it can be raw, pelorus",
                           &words[0]);
        return NGX_CONF_ERROR;
    }

    pelorus = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_pelorus_t));

    if (pelorus == NULL
        || ngx_http_webhook_provider_header(cf, provider, &user_agent,
                                            &pelorus->user_agent)
           != NGX_OK
        || ngx_http_webhook_provider_header(cf, provider, &event,
                                            &pelorus->event)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    provider->pelorus = pelorus;

    return NGX_CONF_OK;
}


static char *
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


static char *
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


static char *
ngx_http_webhook_rule_require(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_webhook_require_words(cf, words, n, &provider->requires);
}


/*
 * One more line to a list of rules, which is made if need be.  It is parsed
 * here for its mistakes, and for good when the gate's set of pointers is made.
 */

char *
ngx_http_webhook_require_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_array_t **requires)
{
    int                          rc;
    size_t                       word;
    wh_rule_t                    rule;
    ngx_str_t                    pattern;
    ngx_uint_t                   i;
    const char                  *error;
    wh_json_set_t               *set;
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

    rc = wh_rule_parse(&rule, set, require->words, n, &word, &error);

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

    if (rule.pattern.len == 0) {
        return NGX_CONF_OK;
    }

    /* the word is "pattern=REGEX", the compiler wants "~REGEX" */

    pattern.data = (u_char *) rule.pattern.data - 1;
    pattern.len = rule.pattern.len + 1;

    return ngx_http_webhook_pattern(cf, &pattern, "require", &require->regex);
}


static char *
ngx_http_webhook_rule_json(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_uint_t  i, type;

    for (i = 0; i < n; i++) {

        if (ngx_http_webhook_word(ngx_http_webhook_json_types, &words[i],
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


static char *
ngx_http_webhook_rule_query(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_uint_t  i, flag;

    for (i = 0; i < n; i++) {

        if (ngx_http_webhook_word(ngx_http_webhook_query_flags, &words[i],
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


static char *
ngx_http_webhook_rule_certificate(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_webhook_certificate_words(cf, words, n,
                                              &provider->certificates);
}


/* One more alternative to the list of subjects, which is made if need be. */

char *
ngx_http_webhook_certificate_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_array_t **certificates)
{
    ngx_uint_t          i;
    ngx_array_t        *attrs;
    wh_subject_attr_t  *attr;

    if (*certificates == NULL) {
        *certificates = ngx_array_create(cf->pool, 1, sizeof(ngx_array_t));
        if (*certificates == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    attrs = ngx_array_push(*certificates);

    if (attrs == NULL
        || ngx_array_init(attrs, cf->pool, n, sizeof(wh_subject_attr_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {

        attr = ngx_array_push(attrs);
        if (attr == NULL) {
            return NGX_CONF_ERROR;
        }

        if (wh_subject_attr(ngx_http_webhook_wh_str(&words[i]), attr)
            != WH_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid certificate attribute \"%V\", it is "
                               "CN=, O=, OU=, C=, ST=, L=, serialNumber=, "
                               "emailAddress=, san=dns:, san=uri: or "
                               "san=email: with a value", &words[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
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
            challenge->after = 1;
        }
    }

    if (ngx_strcmp(words[0].data, "none") == 0) {
        challenge->always = 1;
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
        challenge->keyed = 1;
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
    ngx_http_webhook_challenge_t *challenge, ngx_str_t *word,
    ngx_str_t *reply)
{
    ngx_str_t  value;

    if (ngx_http_webhook_option(word, "method", &value) == NGX_OK
        && ngx_http_webhook_word(ngx_http_webhook_methods, &value,
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
        challenge->signing = 1;
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
    if (challenge->after && ngx_strncmp(word->data, "json:", 5) == 0) {
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
                               "no value in \"match=%V\", leave the last \"=\" "
                               "out for the challenge secret", word);
            return NGX_CONF_ERROR;
        }

    } else {
        challenge->keyed = 1;
    }

    return ngx_http_webhook_challenge_source(cf, provider, challenge,
                                             &source, &match->source);
}


static char *
ngx_http_webhook_rule_ack(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_webhook_status_once(cf, &words[0], 200, 299,
                                        &provider->ack);
}


static char *
ngx_http_webhook_rule_reject(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    return ngx_http_webhook_status_once(cf, &words[0], 400, 599,
                                        &provider->reject);
}


static char *
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


/* A source of what has to be known before the body is read. */

static char *
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
                           "invalid source \"%V\", a credential or a "
                           "challenge is header:NAME, query:NAME, "
                           "cookie:NAME, bearer or basic", word);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_source_word(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source)
{
    ngx_str_t                 header, rest;
    ngx_http_webhook_word_t  *known;

    ngx_memzero(source, sizeof(ngx_http_webhook_source_t));
    ngx_str_null(&rest);

    for (known = ngx_http_webhook_sources; known->name.len; known++) {

        if (word->len < known->name.len
            || ngx_strncmp(word->data, known->name.data, known->name.len)
               != 0)
        {
            continue;
        }

        rest.data = word->data + known->name.len;
        rest.len = word->len - known->name.len;

        /* only what ends in a colon takes a name */

        if ((known->name.data[known->name.len - 1] == ':') == (rest.len > 0))
        {
            break;
        }
    }

    if (known->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid source \"%V\", it is header:NAME, "
                           "query:NAME, cookie:NAME, bearer, basic, "
                           "field:NAME, json:POINTER or form:NAME", word);
        return NGX_CONF_ERROR;
    }

    source->type = known->value;
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
                                              &source->header);

    case NGX_HTTP_WEBHOOK_FORM:
        provider->form = 1;
        return NGX_CONF_OK;

    default: /* NGX_HTTP_WEBHOOK_QUERY, NGX_HTTP_WEBHOOK_FIELD */
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_provider_header(cf, provider, &header,
                                         &source->header)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* The index of a header among those that the provider looks at. */

ngx_int_t
ngx_http_webhook_provider_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name,
    ngx_uint_t *index)
{
    ngx_uint_t                  i;
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

    *index = i;

    return NGX_OK;
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
        if (pointers[i].len == pointer->len
            && ngx_strncmp(pointers[i].data, pointer->data, pointer->len) == 0)
        {
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


static ngx_int_t
ngx_http_webhook_word(ngx_http_webhook_word_t *known, ngx_str_t *word,
    ngx_uint_t *value)
{
    for ( /* void */ ; known->name.len; known++) {
        if (known->name.len == word->len
            && ngx_strncmp(known->name.data, word->data, word->len) == 0)
        {
            *value = known->value;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
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
