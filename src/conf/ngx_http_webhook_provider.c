
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: the rules of a webhook_provider block, and of the
 * built-in providers, which are written in the same language.
 */


#include "ngx_http_webhook_conf.h"
#include <ngx_http_webhook_builtin.h>


#define ngx_http_webhook_list(member, type)                                   \
    { offsetof(ngx_http_webhook_provider_t, member),                          \
      sizeof(ngx_http_webhook_ ## type ## _t) },


static ngx_http_webhook_provider_t *ngx_http_webhook_provider_add(
    ngx_conf_t *cf, ngx_http_webhook_main_conf_t *wmcf, ngx_str_t *name,
    ngx_str_t *text);
static ngx_http_webhook_provider_t *ngx_http_webhook_provider_create(
    ngx_conf_t *cf, ngx_str_t *name);
static char *ngx_http_webhook_provider_parse(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *text);
static char *ngx_http_webhook_rule(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static ngx_int_t ngx_http_webhook_rule_repeated(ngx_conf_t *cf,
    ngx_array_t *lines);
static ngx_http_webhook_rule_t *ngx_http_webhook_rule_find(ngx_str_t *name,
    ngx_uint_t *number);
static char *ngx_http_webhook_rule_unknown(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name);
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_flag;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_source;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_ack;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_reject;


/* Rules that only set a field; the others are where they are read. */

static ngx_http_webhook_rule_t  ngx_http_webhook_rules_provider[] = {

    { ngx_string("shared_key"), 0, 0, ngx_http_webhook_rule_flag,
      offsetof(ngx_http_webhook_provider_t, shared_key), 1,
      "shared_key" },

    { ngx_string("id"), 1, 2, ngx_http_webhook_rule_source,
      offsetof(ngx_http_webhook_provider_t, id), 1,
      "id SOURCE [form:NAME]" },

    { ngx_string("event"), 1, 2, ngx_http_webhook_rule_source,
      offsetof(ngx_http_webhook_provider_t, event), 1,
      "event SOURCE [form:NAME]" },

    { ngx_string("ack"), 1, 1, ngx_http_webhook_rule_ack,
      offsetof(ngx_http_webhook_provider_t, ack), 1,
      "ack CODE" },

    { ngx_string("reject"), 1, 1, ngx_http_webhook_rule_reject,
      offsetof(ngx_http_webhook_provider_t, reject), 1,
      "reject CODE" },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


/* In the order in which an error names them. */

static ngx_http_webhook_rule_t  *ngx_http_webhook_rules[] = {
    ngx_http_webhook_rules_headers,
    ngx_http_webhook_rules_token,
    ngx_http_webhook_rules_signature,
    ngx_http_webhook_rules_message,
    ngx_http_webhook_rules_payload,
    ngx_http_webhook_rules_replay,
    ngx_http_webhook_rules_challenge,
    ngx_http_webhook_rules_provider,
    NULL
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


char *
ngx_http_webhook_provider_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_main_conf_t  *wmcf = conf;

    ngx_str_t                    *value;
    ngx_http_webhook_provider_t  *provider;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return ngx_http_webhook_error(cf,
                           "a provider cannot be named \"off\", \"webhook "
                           "off\" ends what is inherited");
    }

    if (ngx_http_webhook_text(cf, &value[1]) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_named(&wmcf->providers, &value[1])) {
        return ngx_http_webhook_error(cf,
                           "duplicate webhook_provider \"%V\"", &value[1]);
    }

    provider = ngx_http_webhook_provider_add(cf, wmcf, &value[1], NULL);
    if (provider == NULL) {
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
    ngx_http_webhook_builtin_t   *builtin;
    ngx_http_webhook_provider_t  *provider;

    provider = ngx_http_webhook_named(&wmcf->providers, name);

    if (provider) {
        return provider;
    }

    for (builtin = ngx_http_webhook_builtins; builtin->name.len; builtin++) {
        if (ngx_http_webhook_str_equal(&builtin->name, name)) {
            return ngx_http_webhook_provider_add(cf, wmcf, &builtin->name,
                                                 &builtin->rules);
        }
    }

    return NULL;
}


/* A new one, with the rules of a text or of the block; NULL after an error. */

static ngx_http_webhook_provider_t *
ngx_http_webhook_provider_add(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf, ngx_str_t *name, ngx_str_t *text)
{
    ngx_http_webhook_provider_t  *provider, **slot;

    provider = ngx_http_webhook_provider_create(cf, name);
    slot = ngx_array_push(&wmcf->providers);

    if (provider == NULL || slot == NULL) {
        return NULL;
    }

    *slot = provider;

    return ngx_http_webhook_provider_parse(cf, provider, text) == NGX_CONF_OK
           ? provider : NULL;
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
        if (ngx_http_webhook_str_same(&alias->key, name)) {
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


static ngx_http_webhook_provider_t *
ngx_http_webhook_provider_create(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                    i, index;
    ngx_http_webhook_provider_t  *provider;

    static ngx_str_t  content_type = ngx_string("Content-Type");

    static struct {
        size_t  offset, size;
    } lists[] = {
        ngx_http_webhook_list(headers, header)
        ngx_http_webhook_list(media, media)
        ngx_http_webhook_list(required, required)
        ngx_http_webhook_list(tokens, token)
        ngx_http_webhook_list(signatures, signature)
        ngx_http_webhook_list(pointers, pointer)
        ngx_http_webhook_list(claims, pointer)
        ngx_http_webhook_list(challenges, challenge)
    };

    provider = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_provider_t));
    if (provider == NULL) {
        return NULL;
    }

    provider->name = *name;
    provider->ack = NGX_CONF_UNSET;
    provider->reject = NGX_CONF_UNSET;
    provider->window.past = NGX_CONF_UNSET;
    provider->window.future = NGX_CONF_UNSET;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (ngx_array_init((ngx_array_t *) ((u_char *) provider
                                            + lists[i].offset),
                           cf->pool, 2, lists[i].size)
            != NGX_OK)
        {
            return NULL;
        }
    }

    if (ngx_array_init(&provider->lines, cf->temp_pool, 8, sizeof(ngx_str_t))
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


/* One rule of a block, called by nginx's parser. */

static char *
ngx_http_webhook_rule(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_http_webhook_provider_t  *provider = conf;

    ngx_int_t                 rc;
    ngx_str_t                *value;
    ngx_uint_t                i, n, bit, number, other;
    ngx_http_webhook_rule_t  *rule;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    rule = ngx_http_webhook_rule_find(&value[0], &number);

    if (rule == NULL) {
        return ngx_http_webhook_rule_unknown(cf, provider, &value[0]);
    }

    /* the first words may be any, the others are never names of rules */

    for (i = rule->min + 1; i <= n; i++) {
        if (ngx_http_webhook_rule_find(&value[i], &other)) {
            return ngx_http_webhook_no_semicolon(cf, &value[i]);
        }
    }

    if (n < rule->min || n > rule->max) {
        return ngx_http_webhook_error(cf,
                           "invalid number of words in rule \"%V\", its "
                           "form is \"%s\"", &value[0], rule->syntax);
    }

    rc = ngx_http_webhook_rule_repeated(cf, &provider->lines);

    if (rc == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    bit = (ngx_uint_t) 1 << number;

    if (rc == NGX_OK || (rule->once && (provider->rules & bit))) {
        return ngx_http_webhook_error(cf, "rule \"%V\" is duplicate",
                                      &value[0]);
    }

    provider->rules |= bit;

    return rule->handler(cf, provider, &value[1], n,
                         (u_char *) provider + rule->offset);
}


/* NGX_OK: the same line is among those before, to which it is added. */

static ngx_int_t
ngx_http_webhook_rule_repeated(ngx_conf_t *cf, ngx_array_t *lines)
{
    ngx_str_t  *line, *before;

    line = ngx_array_push(lines);

    if (line == NULL
        || ngx_http_webhook_join(cf, cf->args->elts, cf->args->nelts, " ",
                                 line)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    before = lines->elts;

    for ( /* void */ ; before != line; before++) {
        if (ngx_http_webhook_str_equal(before, line)) {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* A directive "webhook_NAME" that is what the rule NAME is to a provider. */

char *
ngx_http_webhook_rule_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char                   *field;
    ngx_int_t                 word;
    ngx_uint_t                number;
    ngx_str_t                *value, name;
    ngx_http_webhook_rule_t  *rule;

    value = cf->args->elts;
    field = (u_char *) conf + cmd->offset;

    name.data = cmd->name.data + sizeof("webhook_") - 1;
    name.len = cmd->name.len - (sizeof("webhook_") - 1);

    rule = ngx_http_webhook_rule_find(&name, &number);

    /* the first word of the field, of whatever type it is */

    ngx_memcpy(&word, field, sizeof(ngx_int_t));

    if (rule->once && word != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    return rule->handler(cf, NULL, &value[1], cf->args->nelts - 1, field);
}


/* A rule, and its number among those of all tables; or NULL. */

static ngx_http_webhook_rule_t *
ngx_http_webhook_rule_find(ngx_str_t *name, ngx_uint_t *number)
{
    ngx_http_webhook_rule_t  *rule, **table;

    *number = 0;

    for (table = ngx_http_webhook_rules; *table; table++) {
        for (rule = *table; rule->name.len; rule++, (*number)++) {
            if (ngx_http_webhook_str_equal(&rule->name, name)) {
                return rule;
            }
        }
    }

    return NULL;
}


static char *
ngx_http_webhook_rule_unknown(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name)
{
    u_char                      names[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    u_char                      hint[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    u_char                     *p;
    ngx_http_webhook_rule_t    *rule, **table;
    ngx_http_webhook_nearest_t  nearest;

    ngx_http_webhook_nearest_init(&nearest, name);
    p = names;

    for (table = ngx_http_webhook_rules; *table; table++) {
        for (rule = *table; rule->name.len; rule++) {
            ngx_http_webhook_nearest_add(&nearest, &rule->name);
            p = ngx_slprintf(p, names + sizeof(names), "%s%V",
                             p == names ? "" : ", ", &rule->name);
        }
    }

    return ngx_http_webhook_error(cf,
                       "unknown rule \"%V\"%s in webhook_provider \"%V\", the "
                       "rules are: %*s", name,
                       ngx_http_webhook_nearest_hint(&nearest, hint),
                       &provider->name, (size_t) (p - names), names);
}


/* What has no words is there or not. */

static char *
ngx_http_webhook_rule_flag(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    *(ngx_uint_t *) field = 1;

    return NGX_CONF_OK;
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
        return ngx_http_webhook_error(cf,
                           "\"%V\" after \"%V\", there can be \"form:NAME\" "
                           "after \"json:POINTER\" and nothing else",
                           &words[taken], &words[0]);
    }

    if ((*source)->type == NGX_HTTP_WEBHOOK_JSON) {
        pointers = provider->pointers.elts;
        pointers[(*source)->index].used--;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_rule_ack(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    return ngx_http_webhook_status_word(cf, &words[0], 200, 299, field);
}


static char *
ngx_http_webhook_rule_reject(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    return ngx_http_webhook_status_word(cf, &words[0], 400, 599, field);
}
