
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
                    ngx_uint_t n, void *field);
    size_t         offset;         /* of the field in the provider */
    ngx_uint_t     once;           /* a provider has one */
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
static char *ngx_http_webhook_provider_effects(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
static char *ngx_http_webhook_provider_field(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);
static char *ngx_http_webhook_rule(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *ngx_http_webhook_rule_unknown(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name);
static char *ngx_http_webhook_rule_source(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field);
static ngx_uint_t ngx_http_webhook_is_directive(ngx_conf_t *cf,
    ngx_str_t *name);


static ngx_http_webhook_rule_t  ngx_http_webhook_rules[] = {

    { ngx_string("methods"), 1, 8, ngx_http_webhook_rule_methods,
      0, 1,
      "methods METHOD ..." },

    { ngx_string("content_type"), 1, 8, ngx_http_webhook_rule_content_type,
      0, 0,
      "content_type TYPE|~REGEX|none ..." },

    { ngx_string("header"), 2, 3, ngx_http_webhook_rule_header,
      0, 0,
      "header NAME VALUE|PREFIX*|~REGEX [status=CODE]" },

    { ngx_string("token"), 1, 2, ngx_http_webhook_rule_token,
      0, 0,
      "token SOURCE [for=NAME]" },

    { ngx_string("signature"), 1, 20, ngx_http_webhook_rule_signature,
      0, 0,
      "signature SOURCE|body [algorithm=NAME] [encoding=NAME] [format=der|raw] "
      "[prefix=TEXT] [list=SEPARATOR] [field=NAME] "
      "[key=text|hex|base64|whsec] [parameter=NAME:VALUE ...] [issuer=TEXT] "
      "[body_digest=POINTER|none] [digest=hex|base64|base64url]\" or \"signature http-message "
      "covers=NAME,... [label=TEXT] [tag=TEXT] [algorithm=NAME,...] "
      "[requires=NAME,...] [lifetime=TIME] [encoding=NAME] [uri=normalized] "
      "[key=text|hex|base64|whsec]" },

    { ngx_string("key_id"), 1, 2, ngx_http_webhook_rule_key_id,
      offsetof(ngx_http_webhook_provider_t, key_id), 1,
      "key_id SOURCE [~REGEX]" },

    { ngx_string("claim"), 2, 16, ngx_http_webhook_rule_require,
      offsetof(ngx_http_webhook_provider_t, claim_rules), 0,
      "claim POINTER TYPE [rule ...]" },

    { ngx_string("message"), 1, 3, ngx_http_webhook_rule_message,
      0, 1,
      "message TEMPLATE [free=SOURCE] [optional=SOURCE,...]" },

    { ngx_string("body"), 1, 1, ngx_http_webhook_rule_body,
      0, 1,
      "body KIND" },

    { ngx_string("shared_key"), 0, 0, ngx_http_webhook_rule_shared_key,
      0, 1,
      "shared_key" },

    { ngx_string("timestamp"), 1, 5, ngx_http_webhook_rule_timestamp,
      0, 1,
      "timestamp SOURCE [form:NAME] [unit=s|ms|unix|rfc3339|http] [past=TIME] "
      "[future=TIME]" },

    { ngx_string("window"), 1, 2, ngx_http_webhook_rule_window,
      offsetof(ngx_http_webhook_provider_t, window), 1,
      "window PAST [future=TIME]" },

    { ngx_string("replay"), 1, 2, ngx_http_webhook_rule_replay,
      offsetof(ngx_http_webhook_provider_t, replay), 1,
      "replay [key=VALUE|body] [ttl=TIME] | off" },

    { ngx_string("id"), 1, 2, ngx_http_webhook_rule_source,
      offsetof(ngx_http_webhook_provider_t, id), 1,
      "id SOURCE [form:NAME]" },

    { ngx_string("event"), 1, 2, ngx_http_webhook_rule_source,
      offsetof(ngx_http_webhook_provider_t, event), 1,
      "event SOURCE [form:NAME]" },

    { ngx_string("require"), 2, 16, ngx_http_webhook_rule_require,
      offsetof(ngx_http_webhook_provider_t, requires), 0,
      "require POINTER TYPE [rule ...]" },

    { ngx_string("json"), 1, 3, ngx_http_webhook_rule_json,
      offsetof(ngx_http_webhook_provider_t, json), 1,
      "json object|array|empty ..." },

    { ngx_string("query"), 1, 2, ngx_http_webhook_rule_query,
      offsetof(ngx_http_webhook_provider_t, query), 1,
      "query first|last|semicolon ..." },

    { ngx_string("client_certificate"), 1, 16,
      ngx_http_webhook_rule_certificate,
      offsetof(ngx_http_webhook_provider_t, certificates), 0,
      "client_certificate ATTRIBUTE=VALUE ..." },

    { ngx_string("challenge"), 1, 16, ngx_http_webhook_rule_challenge,
      0, 0,
      "challenge SOURCE|none [method=NAME] [match=SOURCE[=VALUE]] "
      "[reply=TEMPLATE] [type=MIME] [header=NAME] [key=signing] "
      "[after=verify] [status=CODE]" },

    { ngx_string("ack"), 1, 1, ngx_http_webhook_ack_word,
      offsetof(ngx_http_webhook_provider_t, ack), 1,
      "ack CODE" },

    { ngx_string("reject"), 1, 1, ngx_http_webhook_reject_word,
      offsetof(ngx_http_webhook_provider_t, reject), 1,
      "reject CODE" },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


static ngx_keyval_t  ngx_http_webhook_aliases[] = {
    { ngx_string("facebook"), ngx_string("meta") },
    { ngx_string("instagram"), ngx_string("meta") },
    { ngx_string("whatsapp"), ngx_string("meta") },
    { ngx_string("twitter"), ngx_string("x") },
    { ngx_string("teams"), ngx_string("microsoft-teams") },
    { ngx_string("msteams"), ngx_string("microsoft-teams") },
    { ngx_string("eventgrid"), ngx_string("azure-event-grid") },
    { ngx_string("prometheus"), ngx_string("alertmanager") },
    { ngx_null_string, ngx_null_string }
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
                           "a provider cannot be named \"off\", \"webhook "
                           "off\" ends what is inherited");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_text(cf, &value[1]) != NGX_CONF_OK) {
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
    ngx_http_webhook_parts_warn(cf, provider);

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


/* Says what may be meant by a name that no provider has. */

void
ngx_http_webhook_provider_unknown(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_str_t *name)
{
    u_char                         hint[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    ngx_uint_t                     i;
    ngx_keyval_t                  *alias;
    ngx_http_webhook_builtin_t    *builtin;
    ngx_http_webhook_nearest_t     nearest;
    ngx_http_webhook_provider_t  **providers;
    ngx_http_webhook_main_conf_t  *wmcf;

    if (ngx_http_webhook_is_directive(cf, name)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"webhook\" in %V:%ui has the directive \"%V\" among "
                      "its providers, there is no \";\" before it",
                      &conf->file, conf->line, name);
        return;
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    ngx_http_webhook_nearest_init(&nearest, name);

    for (alias = ngx_http_webhook_aliases; alias->key.len; alias++) {
        if (alias->key.len == name->len
            && ngx_strncasecmp(alias->key.data, name->data, name->len) == 0)
        {
            nearest.word = alias->value;
        }
    }

    providers = wmcf->providers.elts;

    for (i = 0; i < wmcf->providers.nelts; i++) {
        ngx_http_webhook_nearest_add(&nearest, &providers[i]->name);
    }

    for (builtin = ngx_http_webhook_builtins; builtin->name.len; builtin++) {
        ngx_http_webhook_nearest_add(&nearest, &builtin->name);
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "unknown provider \"%V\"%s in %V:%ui, it is neither defined "
                  "by \"webhook_provider\" nor one of those in "
                  "docs/providers.md", name,
                  ngx_http_webhook_nearest_hint(&nearest, hint),
                  &conf->file, conf->line);
}


/* Whether some module has a directive of this name. */

static ngx_uint_t
ngx_http_webhook_is_directive(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t      i;
    ngx_command_t  *cmd;

    for (i = 0; cf->cycle->modules[i]; i++) {

        cmd = cf->cycle->modules[i]->commands;

        for ( /* void */ ; cmd && cmd->name.len; cmd++) {
            if (ngx_http_webhook_str_equal(&cmd->name, name)) {
                return 1;
            }
        }
    }

    return 0;
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
                          sizeof(ngx_http_webhook_pointer_t))
           != NGX_OK
        || ngx_array_init(&provider->claims, cf->pool, 4,
                          sizeof(ngx_http_webhook_pointer_t))
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
    ngx_uint_t                     i, in_body;
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

    if (provider->signatures.nelts == 0
        && (provider->message.data || provider->body.keyword.len))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_provider \"%V\" has a \"%s\" but no "
                           "\"signature\" rule, which is what it is for, add "
                           "one or leave it out", &provider->name,
                           provider->message.data ? "message" : "body");
        return NGX_CONF_ERROR;
    }

    if ((provider->body.flags & NGX_HTTP_WEBHOOK_BODY_DIGEST)
        && provider->message.data == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"body sha256:\" in webhook_provider \"%V\" "
                           "needs a \"message\" that has this digest, for "
                           "nothing else there says what the body is",
                           &provider->name);
        return NGX_CONF_ERROR;
    }

    if (provider->body.kind == NGX_HTTP_WEBHOOK_BODY_PELORUS
        && ngx_http_webhook_body_with_pelorus(cf, provider) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_http_message_provider(cf, provider) != NGX_CONF_OK
        || ngx_http_webhook_claims_provider(cf, provider) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->methods == 0
        && ngx_http_webhook_rule_methods(cf, provider, &post, 1, NULL)
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
        if (signature[i].jose || provider->http_message) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "a \"challenge\" with \"key=signing\" in "
                               "webhook_provider \"%V\" would sign %s for "
                               "anybody, leave that out or add "
                               "\"after=verify\"", &provider->name,
                               signature[i].jose ? "tokens" : "messages");
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_webhook_provider_field(cf, provider, provider->id)
        != NGX_CONF_OK
        || ngx_http_webhook_provider_field(cf, provider, provider->event)
           != NGX_CONF_OK
        || ngx_http_webhook_provider_message(cf, provider) != NGX_CONF_OK
        || ngx_http_webhook_rule_replay_check(cf, provider) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_provider_credentials(cf, provider) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    in_body = provider->needs_body;

    if (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_TOKEN) {
        in_body &= NGX_HTTP_WEBHOOK_NEEDS_BODY_TOKEN;
    }

    if (in_body
        && provider->body.kind != NGX_HTTP_WEBHOOK_BODY_RAW
        && !(provider->body.flags & NGX_HTTP_WEBHOOK_BODY_UNSIGNED))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"body %V\" in webhook_provider \"%V\" does not "
                           "go with credentials in the body, nor with values "
                           "of the body in the \"message\"",
                           &provider->body.keyword, &provider->name);
        return NGX_CONF_ERROR;
    }

    if ((provider->needs_body & NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE)
        && !(provider->body.flags & (NGX_HTTP_WEBHOOK_BODY_UNSIGNED
                                     |NGX_HTTP_WEBHOOK_BODY_TOKEN)))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_provider \"%V\" has a \"signature\" in "
                           "the body that it signs, say \"body none\" and in "
                           "\"message\" what is signed", &provider->name);
        return NGX_CONF_ERROR;
    }

    if (provider->key_id
        && ngx_http_webhook_source_in_body(provider->key_id)
        && !(provider->needs_body & NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "webhook_provider \"%V\" has its \"key_id\" in the "
                           "body, and its \"signature\" elsewhere",
                           &provider->name);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_challenges_check(cf, provider) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_provider_effects(cf, provider);
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

    /* what a token says comes with it */

    if ((provider->needs_body & NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE)
        && provider->timestamp
        && provider->timestamp->source.type == NGX_HTTP_WEBHOOK_CLAIM)
    {
        provider->needs_body |= NGX_HTTP_WEBHOOK_NEEDS_BODY_TIMESTAMP;
    }

    token = provider->tokens.elts;

    for (i = 0; i < provider->tokens.nelts; i++) {
        *source++ = &token[i].source;

        ngx_http_webhook_needs_body(provider, &token[i].source,
                                    NGX_HTTP_WEBHOOK_NEEDS_BODY_TOKEN);
    }

    return NGX_OK;
}


/* Rules and options that the others leave without effect. */

static char *
ngx_http_webhook_provider_effects(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    char                       *rule;
    ngx_http_webhook_window_t  *own, *window;

    rule = NULL;
    window = &provider->window;
    if (provider->timestamp) {
        own = &provider->timestamp->window;

        if ((window->past != NGX_CONF_UNSET && own->past != NGX_CONF_UNSET)
            || (window->future != NGX_CONF_UNSET
                && own->future != NGX_CONF_UNSET))
        {
            rule = "an option of \"timestamp\" that \"window\" has, too";
        }

    } else if (window->past != NGX_CONF_UNSET) {
        rule = "a \"window\" without a \"timestamp\"";
    }

    if (provider->body.kind == NGX_HTTP_WEBHOOK_BODY_FORM_SORTED
        && (provider->json || provider->requires || provider->pointers.nelts))
    {
        rule = "a rule for JSON beside \"body form-sorted\"";
    }

    if (provider->query && !provider->in_query) {
        rule = "a \"query\" without a source in the query";
    }

    if (provider->replay
        && provider->replay->body
        && (provider->bearer
            || (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_LOOSE)))
    {
        rule = "\"key=body\" in \"replay\" beside a \"body\" that anybody "
               "can change";
    }

    if (rule == NULL) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "webhook_provider \"%V\" has %s, which has no effect",
                       &provider->name, rule);

    return NGX_CONF_ERROR;
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
    ngx_uint_t                n, bit;
    ngx_http_webhook_rule_t  *rule;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    for (rule = ngx_http_webhook_rules; rule->name.len; rule++) {
        if (ngx_http_webhook_str_equal(&rule->name, &value[0])) {
            break;
        }
    }

    if (rule->name.len == 0) {
        return ngx_http_webhook_rule_unknown(cf, provider, &value[0]);
    }

    if (n < rule->min || n > rule->max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of words in rule \"%V\", its "
                           "form is \"%s\"", &value[0], rule->syntax);
        return NGX_CONF_ERROR;
    }

    bit = (ngx_uint_t) 1 << (rule - ngx_http_webhook_rules);

    if (rule->once && (provider->rules & bit)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "rule \"%V\" is duplicate",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    provider->rules |= bit;

    return rule->handler(cf, provider, &value[1], n,
                         (u_char *) provider + rule->offset);
}


static char *
ngx_http_webhook_rule_unknown(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name)
{
    u_char                      buf[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    u_char                      hint[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    ngx_str_t                   names;
    ngx_http_webhook_rule_t    *rule;
    ngx_http_webhook_nearest_t  nearest;

    ngx_http_webhook_nearest_init(&nearest, name);

    for (rule = ngx_http_webhook_rules; rule->name.len; rule++) {
        ngx_http_webhook_nearest_add(&nearest, &rule->name);
    }

    ngx_http_webhook_names(ngx_http_webhook_rows(ngx_http_webhook_rules), 0,
                           buf, &names);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown rule \"%V\"%s in webhook_provider \"%V\", the "
                       "rules are: %V", name,
                       ngx_http_webhook_nearest_hint(&nearest, hint),
                       &provider->name, &names);

    return NGX_CONF_ERROR;
}


/* An id or event in JSON is looked for when somebody asks for it. */

static char *
ngx_http_webhook_rule_source(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_http_webhook_source_t  **source = field;

    ngx_uint_t                   taken;
    ngx_http_webhook_pointer_t  *pointers;

    *source = ngx_palloc(cf->pool, sizeof(ngx_http_webhook_source_t));
    if (*source == NULL) {
        return NGX_CONF_ERROR;
    }

    taken = ngx_http_webhook_source_words(cf, provider, words, n, *source);

    if (taken == 0) {
        return NGX_CONF_ERROR;
    }

    if (taken < n) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" after \"%V\", there can be \"form:NAME\" "
                           "after \"json:POINTER\" and nothing else",
                           &words[taken], &words[0]);
        return NGX_CONF_ERROR;
    }

    if ((*source)->type == NGX_HTTP_WEBHOOK_JSON) {
        pointers = provider->pointers.elts;
        pointers[(*source)->index].used--;
    }

    return NGX_CONF_OK;
}
