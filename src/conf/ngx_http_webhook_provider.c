
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: the rules of a webhook_provider block, and of the
 * built-in providers, which are written in the same language.
 */


#include "ngx_http_webhook_conf.h"
#include <ngx_http_webhook_builtin.h>


typedef struct {
    ngx_str_t      name;
    ngx_uint_t     min;            /* words after the name */
    ngx_uint_t     max;
    char        *(*handler)(ngx_conf_t *cf,
                    ngx_http_webhook_provider_t *provider, ngx_str_t *words,
                    ngx_uint_t n);
    char          *syntax;
} ngx_http_webhook_rule_t;


static ngx_http_webhook_provider_t *ngx_http_webhook_provider_create(
    ngx_conf_t *cf, ngx_str_t *name);
static char *ngx_http_webhook_provider_parse(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *text);
static char *ngx_http_webhook_provider_finish(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
static ngx_int_t ngx_http_webhook_provider_credentials(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
static char *ngx_http_webhook_provider_pelorus(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
static char *ngx_http_webhook_provider_field(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);
static char *ngx_http_webhook_rule(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *ngx_http_webhook_rule_id(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_event(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_ack(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
static char *ngx_http_webhook_rule_reject(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);


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
      "[list=SEPARATOR] [field=NAME] [key=text|hex|base64|whsec] "
      "[issuer=TEXT] [body_digest=POINTER]" },

    { ngx_string("message"), 1, 1, ngx_http_webhook_rule_message,
      "message TEMPLATE" },

    { ngx_string("id"), 1, 1, ngx_http_webhook_rule_id,
      "id SOURCE" },

    { ngx_string("event"), 1, 1, ngx_http_webhook_rule_event,
      "event SOURCE" },

    { ngx_string("body"), 1, 1, ngx_http_webhook_rule_body,
      "body raw|form:FIELD|form-sorted|sha256:SOURCE|crc32|none|pelorus" },

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


/* The webhook_provider directive. */

char *
ngx_http_webhook_provider_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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
        if (ngx_http_webhook_str_equal(&providers[i]->name, &value[1])) {
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

    if (ngx_http_webhook_provider_parse(cf, provider, NULL) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_webhook_check_timestamp(cf, provider);

    return NGX_CONF_OK;
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
    ngx_uint_t                     i;
    ngx_http_webhook_builtin_t    *builtin;
    ngx_http_webhook_provider_t  **providers, *provider, **slot;

    providers = wmcf->providers.elts;

    for (i = 0; i < wmcf->providers.nelts; i++) {
        if (ngx_http_webhook_str_equal(&providers[i]->name, name)) {
            return providers[i];
        }
    }

    for (builtin = ngx_http_webhook_builtins; builtin->name.len; builtin++) {
        if (ngx_http_webhook_str_equal(&builtin->name, name)) {
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


/* Writes the built-in names, each after a space; returns the end. */

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
    ngx_http_webhook_signature_t  *signature;

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

    if (provider->message.data && provider->signatures.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_provider \"%V\" has a \"message\" but "
                           "no \"signature\" rule", &provider->name);
        return NGX_CONF_ERROR;
    }

    if (provider->body && provider->signatures.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_provider \"%V\" has a \"body\" but no "
                           "\"signature\" rule", &provider->name);
        return NGX_CONF_ERROR;
    }

    if (provider->body && provider->body->digest
        && provider->message.data == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"body sha256:\" in webhook_provider \"%V\" "
                           "needs a \"message\" that has this digest, for "
                           "nothing else there says what the body is",
                           &provider->name);
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
        if (challenge[i].hmac
            && challenge[i].use_signing_key
            && !challenge[i].after_verify)
        {
            provider->oracle = &challenge[i];
        }
    }

    signature = provider->signatures.elts;

    for (i = 0; provider->oracle && i < provider->signatures.nelts; i++) {
        if (signature[i].jwt) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "a \"challenge\" with \"key=signing\" in "
                               "webhook_provider \"%V\" would sign tokens for "
                               "anybody, leave that out or add "
                               "\"after=verify\"", &provider->name);
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_webhook_provider_field(cf, provider, provider->id)
        != NGX_CONF_OK
        || ngx_http_webhook_provider_field(cf, provider, provider->event)
           != NGX_CONF_OK
        || ngx_http_webhook_provider_message(cf, provider) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_provider_credentials(cf, provider) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (provider->needs_body && provider->body) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"body %V\" in webhook_provider \"%V\" does not "
                           "go with credentials in the body, nor with values "
                           "of the body in the \"message\"",
                           &provider->body->keyword, &provider->name);
        return NGX_CONF_ERROR;
    }

    if ((provider->needs_body & NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE)
        && !provider->bodiless)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_provider \"%V\" has a \"signature\" in "
                           "the body that it signs, say \"body none\" and in "
                           "\"message\" what is signed", &provider->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* Where the credentials are, and whether that is in the body. */

static ngx_int_t
ngx_http_webhook_provider_credentials(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                      i;
    ngx_http_webhook_token_t       *token;
    ngx_http_webhook_source_t     **source;
    ngx_http_webhook_signature_t   *signature;

    source = ngx_pcalloc(cf->pool,
                         (provider->signatures.nelts + provider->tokens.nelts
                          + 1)
                         * sizeof(ngx_http_webhook_source_t *));
    if (source == NULL) {
        return NGX_ERROR;
    }

    provider->credentials = source;

    signature = provider->signatures.elts;

    for (i = 0; i < provider->signatures.nelts; i++) {
        *source++ = &signature[i].source;

        ngx_http_webhook_needs_body(provider, &signature[i].source,
                                    NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE);
    }

    token = provider->tokens.elts;

    for (i = 0; i < provider->tokens.nelts; i++) {
        *source++ = &token[i].source;

        ngx_http_webhook_needs_body(provider, &token[i].source,
                                    NGX_HTTP_WEBHOOK_NEEDS_BODY_TOKEN);
    }

    return NGX_OK;
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
        || provider->message.data
        || provider->methods)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"body pelorus\" in webhook_provider \"%V\" goes "
                           "with one \"signature header:NAME\" rule, and "
                           "with id, event, require, client_certificate, "
                           "ack and reject", &provider->name);
        return NGX_CONF_ERROR;
    }

    provider->pelorus->signature = signature->source.index;

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
            source->index = signature[i].source.index;
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

        if (!ngx_http_webhook_str_equal(&rule->name, &value[0])) {
            continue;
        }

        if (n < rule->min || n > rule->max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of words in rule \"%V\", its "
                               "form is \"%s\"", &value[0], rule->syntax);
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
ngx_http_webhook_rule_id(ngx_conf_t *cf, ngx_http_webhook_provider_t *provider,
    ngx_str_t *words, ngx_uint_t n)
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
