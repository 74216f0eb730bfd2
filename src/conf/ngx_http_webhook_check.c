
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What is written as it should be, and yet can accept no request or has no
 * effect.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_str.h"


/* Whether something is wrong. */

typedef ngx_uint_t ngx_http_webhook_applies_t(
    ngx_http_webhook_stats_entry_t *entry);


/* A directive that a block may have itself, and what it is for. */

typedef struct {
    char          *name;
    size_t         offset;          /* of its field, where this is nothing: */
    ngx_int_t      nothing;
    ngx_http_webhook_used_t  *used;
    char          *what;            /* that no provider has */
} ngx_http_webhook_effect_t;


#define ngx_http_webhook_field(name)                                          \
    offsetof(ngx_http_webhook_loc_conf_t, name)


/* The first ones, bits. */

#define NGX_HTTP_WEBHOOK_OWN_PROVIDERS     0x01
#define NGX_HTTP_WEBHOOK_OWN_CERTIFICATES  0x02


/* What may be wrong with a location, when all has been merged. */

typedef struct {
    ngx_http_webhook_applies_t  *applies;
    char          *text;
    ngx_uint_t     level;
} ngx_http_webhook_finding_t;


static ngx_int_t ngx_http_webhook_check_return(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf);
static void ngx_http_webhook_check_effect(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_http_webhook_effect_t *effect);
static ngx_http_webhook_used_t  ngx_http_webhook_check_secret;
static ngx_http_webhook_used_t  ngx_http_webhook_check_challenge;
static ngx_http_webhook_used_t  ngx_http_webhook_check_claims;
static ngx_http_webhook_used_t  ngx_http_webhook_check_window;
static ngx_http_webhook_used_t  ngx_http_webhook_check_url;
static ngx_http_webhook_used_t  ngx_http_webhook_check_reject;
static ngx_int_t ngx_http_webhook_check_tell(ngx_conf_t *cf,
    ngx_http_webhook_finding_t *finding, ngx_array_t *entries);
static ngx_uint_t ngx_http_webhook_check_told(
    ngx_http_webhook_finding_t *finding,
    ngx_http_webhook_stats_entry_t **entries, ngx_uint_t n);
static ngx_http_webhook_applies_t  ngx_http_webhook_check_certificate;
static ngx_http_webhook_applies_t  ngx_http_webhook_check_underscore;
static ngx_http_webhook_applies_t  ngx_http_webhook_check_no_public_url;
static ngx_http_webhook_applies_t  ngx_http_webhook_check_url_meets_body;
static ngx_http_webhook_applies_t  ngx_http_webhook_check_host_meets_body;
static ngx_http_webhook_applies_t  ngx_http_webhook_check_issuers;
static ngx_http_webhook_applies_t  ngx_http_webhook_check_satisfy;
static ngx_http_webhook_applies_t  ngx_http_webhook_check_many_urls;
static void ngx_http_webhook_check_engines(ngx_conf_t *cf,
    ngx_array_t *engines);


/* What is off says no more than "webhook off" beside it. */

static ngx_http_webhook_effect_t  ngx_http_webhook_effects[] = {

    { "webhook", ngx_http_webhook_field(providers), 0, NULL, NULL },

    { "webhook_client_certificate", ngx_http_webhook_field(certificates), 0,
      NULL, NULL },

    { "webhook_secret", ngx_http_webhook_field(secrets), 0,
      ngx_http_webhook_check_secret, "token or signature" },

    { "webhook_challenge_secret", ngx_http_webhook_field(challenge_secret), 0,
      ngx_http_webhook_check_challenge, "challenge with a secret" },

    { "webhook_require", ngx_http_webhook_field(requires), 0, NULL, NULL },

    { "webhook_claim", ngx_http_webhook_field(pins), 0,
      ngx_http_webhook_check_claims, "token with claims" },

    { "webhook_window", ngx_http_webhook_field(window.past), NGX_CONF_UNSET,
      ngx_http_webhook_check_window, "timestamp" },

    { "webhook_public_url", ngx_http_webhook_field(public_url.len), 0,
      ngx_http_webhook_check_url, "URL in what it signs" },

    { "webhook_max_body", ngx_http_webhook_field(max_body), NGX_CONF_UNSET,
      NULL, NULL },

    { "webhook_enforce", ngx_http_webhook_field(enforce), NGX_CONF_UNSET,
      NULL, NULL },

    { "webhook_strip", ngx_http_webhook_field(strip), 0, NULL, NULL },

    { "webhook_ack", ngx_http_webhook_field(ack), 0, NULL, NULL },

    { "webhook_reject", ngx_http_webhook_field(reject), 0,
      ngx_http_webhook_check_reject, "status that can be changed" },

    { "webhook_replay", ngx_http_webhook_field(replay), 0, NULL, NULL },

    { "webhook_log_level", ngx_http_webhook_field(log_level), 0, NULL, NULL },

    { NULL, 0, 0, NULL, NULL }
};


static ngx_http_webhook_finding_t  ngx_http_webhook_findings[] = {

    { ngx_http_webhook_check_certificate,
      "needs a client certificate, but the server never asks for one, set "
      "\"ssl_verify_client\" and \"ssl_client_certificate\"",
      NGX_LOG_EMERG },

    { ngx_http_webhook_recipient_token,
      "takes the tokens of all customers of this sender, add a "
      "\"webhook_require\" with \"enum=\" for what names you in the body",
      NGX_LOG_EMERG },

    { ngx_http_webhook_check_underscore,
      "looks at a header with \"_\" in its name, which nginx drops, set "
      "\"underscores_in_headers on\" in the server", NGX_LOG_WARN },

    { ngx_http_webhook_check_no_public_url,
      "signs the URL, and its scheme and host are taken from the request, "
      "which is wrong behind a proxy, set \"webhook_public_url\"",
      NGX_LOG_WARN },

    { ngx_http_webhook_check_url_meets_body,
      "signs the URL and the body with nothing between them that a URL cannot "
      "have, a signed message can be cut anew there, use an exact location, "
      "\"location = /path\"",
      NGX_LOG_WARN },

    { ngx_http_webhook_check_host_meets_body,
      "signs the host and the body with nothing between them that a host "
      "cannot have, a signed message can be cut anew there, write the name "
      "itself or \"$server_name\" instead", NGX_LOG_WARN },

    { ngx_http_webhook_recipient_open,
      "has one key for all customers of this sender, messages for others are "
      "accepted, add a \"webhook_require\" with \"enum=\" for what names you "
      "in the body, or a \"webhook_public_url\" if the host is signed",
      NGX_LOG_WARN },

    { ngx_http_webhook_check_issuers,
      "takes the tokens of each \"issuer=\" by any of its keys, so the one "
      "that has a key could sign as another, give each a location and a "
      "provider of its own",
      NGX_LOG_WARN },

    { ngx_http_webhook_check_satisfy,
      "is under \"satisfy any\", what \"allow\", \"auth_basic\" or "
      "\"auth_request\" lets in is not verified, use \"satisfy all\"",
      NGX_LOG_WARN },

    { ngx_http_webhook_check_many_urls,
      "does not sign the URL, so \"webhook_replay\" takes what comes to two "
      "URLs of this location for one message, use an exact location, "
      "\"location = /path\", or say by \"scope=\" that they are one place, or "
      "by \"key=\" what tells messages apart", NGX_LOG_WARN },

    { NULL, NULL, 0 }
};


/*
 * Which directives a block has itself, bits in the order of the table, asked
 * before it is merged.
 */

ngx_uint_t
ngx_http_webhook_check_own(ngx_http_webhook_loc_conf_t *conf)
{
    ngx_int_t                   value;
    ngx_uint_t                  own;
    ngx_http_webhook_effect_t  *effect;

    own = 0;

    for (effect = ngx_http_webhook_effects; effect->name; effect++) {

        /* a pointer or a number, each is a word */

        ngx_memcpy(&value, (u_char *) conf + effect->offset,
                   sizeof(ngx_int_t));

        if (value != effect->nothing && value != NGX_CONF_UNSET) {
            own |= 1 << (effect - ngx_http_webhook_effects);
        }
    }

    if (conf->certificates && conf->certificates->nelts == 0) {
        own &= ~NGX_HTTP_WEBHOOK_OWN_CERTIFICATES;
    }

    return own;
}


/* A block that has been merged, and what it has of its own. */

ngx_int_t
ngx_http_webhook_check_block(ngx_conf_t *cf, ngx_http_webhook_loc_conf_t *conf,
    ngx_uint_t own)
{
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;

    if (conf->gate
        && (own & NGX_HTTP_WEBHOOK_OWN_PROVIDERS)
        && ngx_http_webhook_check_return(cf, conf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* the locations inside may use what is not used here */

    if (clcf->locations) {
        return NGX_OK;
    }

    for (i = 1; own >>= 1; i++) {
        if (own & 1) {
            ngx_http_webhook_check_effect(cf, conf,
                                          &ngx_http_webhook_effects[i]);
        }
    }

    return NGX_OK;
}


/*
 * A "return" answers ahead of the access phase.  The type is private to the
 * rewrite module, its first member has always been the array of codes.  Only
 * the first code is sure to run: those that follow one of another kind may be
 * inside of an "if".
 */

static ngx_int_t
ngx_http_webhook_check_return(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                i;
    ngx_array_t             **codes;
    ngx_module_t            **modules;
    ngx_http_conf_ctx_t      *ctx;
    ngx_http_script_code_pt  *code;

    modules = cf->cycle->modules;

    /* nginx may have been built without it */

    for (i = 0; modules[i]; i++) {
        if (ngx_strcmp(modules[i]->name, "ngx_http_rewrite_module") == 0) {
            break;
        }
    }

    if (modules[i] == NULL) {
        return NGX_OK;
    }

    ctx = cf->ctx;
    codes = ctx->loc_conf[modules[i]->ctx_index];

    if (*codes == NULL) {
        return NGX_OK;
    }

    code = (*codes)->elts;

    if (*code != ngx_http_script_return_code) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"webhook %V\" in %V:%ui is beside \"return\", which "
                  "answers before anything is verified, put that into a "
                  "location of its own and go there by \"try_files\"",
                  &conf->names, &conf->file, conf->line);

    return NGX_ERROR;
}


static void
ngx_http_webhook_check_effect(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_http_webhook_effect_t *effect)
{
    ngx_http_webhook_gate_t  *gate;

    if (conf->gate == NULL) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%s\" has no effect in the block at %V:%ui, nothing "
                      "is verified there, add \"webhook NAME\" or remove it",
                      effect->name, &conf->block_file, conf->block_line);
        return;
    }

    if (effect->used == NULL) {
        return;
    }

    for (gate = conf->gate; gate; gate = gate->next) {
        if (effect->used(gate->provider)) {
            return;
        }
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"%s\" has no effect in the block at %V:%ui, \"webhook "
                  "%V\" has no %s, remove it", effect->name,
                  &conf->block_file, conf->block_line, &conf->names,
                  effect->what);
}


static ngx_uint_t
ngx_http_webhook_check_secret(ngx_http_webhook_provider_t *provider)
{
    return provider->tokens.nelts || provider->signatures.nelts;
}


static ngx_uint_t
ngx_http_webhook_check_challenge(ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                     i;
    ngx_http_webhook_challenge_t  *challenge;

    challenge = provider->challenges.elts;

    for (i = 0; i < provider->challenges.nelts; i++) {
        if (challenge[i].needs_key) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_webhook_check_claims(ngx_http_webhook_provider_t *provider)
{
    return provider->claims.nelts != 0;
}


static ngx_uint_t
ngx_http_webhook_check_window(ngx_http_webhook_provider_t *provider)
{
    return provider->timestamp != NULL;
}


static ngx_uint_t
ngx_http_webhook_check_url(ngx_http_webhook_provider_t *provider)
{
    return provider->http_message
           || ngx_http_webhook_template_has_url(provider->message);
}


/* The receiver of Pelorus has its own answers. */

static ngx_uint_t
ngx_http_webhook_check_reject(ngx_http_webhook_provider_t *provider)
{
    return !(provider->body.flags & NGX_HTTP_WEBHOOK_BODY_RECEIVER);
}


/*
 * A directive is missing.  The locations inside may have theirs; the rest is
 * refused.
 */

ngx_int_t
ngx_http_webhook_check_needs(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf, char *what)
{
    ngx_uint_t                 level;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    gate->incomplete |= (clcf->locations != NULL);
    level = gate->incomplete ? NGX_LOG_WARN : NGX_LOG_EMERG;

    ngx_log_error(level, cf->log, 0, "\"webhook %V\" in %V:%ui needs a %s%s",
                  &gate->provider->name, &conf->file, conf->line, what,
                  gate->incomplete ? ", requests outside of the locations "
                                     "that have one will get 503" : "");

    return gate->incomplete ? NGX_OK : NGX_ERROR;
}


/* A time that anybody can write anew keeps nobody from sending again. */

void
ngx_http_webhook_check_timestamp(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_timestamp_t  *timestamp;

    timestamp = provider->timestamp;

    if (timestamp == NULL
        || provider->signatures.nelts == 0
        || ngx_http_webhook_replay_signs(provider, &timestamp->source,
                                         "webhook_timestamp"))
    {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"timestamp\" of webhook_provider \"%V\" in %V:%ui is not "
                  "signed, an old message can be sent with a new time, add "
                  "$webhook_timestamp to \"message\" as the sender does, or "
                  "remove the rule", &provider->name,
                  &cf->conf_file->file.name, timestamp->line);
}


/* All gates of all locations, when all has been merged. */

ngx_int_t
ngx_http_webhook_check_gates(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf)
{
    ngx_http_webhook_finding_t  *finding;

    for (finding = ngx_http_webhook_findings; finding->text; finding++) {
        if (ngx_http_webhook_check_tell(cf, finding, &wmcf->stats_entries)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_webhook_check_engines(cf, &wmcf->engines);

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_check_tell(ngx_conf_t *cf,
    ngx_http_webhook_finding_t *finding, ngx_array_t *entries)
{
    ngx_uint_t                        i;
    ngx_http_webhook_stats_entry_t  **entry;

    entry = entries->elts;

    for (i = 0; i < entries->nelts; i++) {

        if (!finding->applies(entry[i])
            || ngx_http_webhook_check_told(finding, entry, i))
        {
            continue;
        }

        ngx_log_error(finding->level, cf->log, 0,
                      "\"webhook %V\" in %V:%ui %s",
                      &entry[i]->gate->provider->name, &entry[i]->wlcf->file,
                      entry[i]->wlcf->line, finding->text);

        if (finding->level == NGX_LOG_EMERG) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* A "webhook" that many locations inherit is told of once. */

static ngx_uint_t
ngx_http_webhook_check_told(ngx_http_webhook_finding_t *finding,
    ngx_http_webhook_stats_entry_t **entries, ngx_uint_t n)
{
    ngx_uint_t                       i;
    ngx_http_webhook_stats_entry_t  *entry;

    entry = entries[n];

    for (i = 0; i < n; i++) {
        if (entries[i]->wlcf->line == entry->wlcf->line
            && entries[i]->gate->provider == entry->gate->provider
            && ngx_http_webhook_str_equal(&entries[i]->wlcf->file,
                                          &entry->wlcf->file)
            && finding->applies(entries[i]))
        {
            return 1;
        }
    }

    return 0;
}


/* Where client certificates count, the server must ask for them. */

static ngx_uint_t
ngx_http_webhook_check_certificate(ngx_http_webhook_stats_entry_t *entry)
{
    ngx_http_ssl_srv_conf_t  *sscf;

    sscf = entry->cscf->ctx->srv_conf[ngx_http_ssl_module.ctx_index];

    return entry->gate->certificates && !sscf->verify;
}


/* Names that no server takes are refused where the rule is read. */

static ngx_uint_t
ngx_http_webhook_check_underscore(ngx_http_webhook_stats_entry_t *entry)
{
    ngx_str_t                  *name;
    ngx_uint_t                  i;
    ngx_array_t                *headers;
    ngx_http_webhook_header_t  *header;

    if (entry->cscf->underscores_in_headers) {
        return 0;
    }

    headers = &entry->gate->provider->headers;
    header = headers->elts;

    for (i = 0; i < headers->nelts; i++) {

        name = &header[i].name;

        if (ngx_strlchr(name->data, name->data + name->len, '_')) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_webhook_check_no_public_url(ngx_http_webhook_stats_entry_t *entry)
{
    ngx_http_webhook_provider_t  *provider;

    provider = entry->gate->provider;

    return entry->clcf->locations == NULL
           && entry->wlcf->public_url.len == 0
           && ngx_http_webhook_check_url(provider)
           && (provider->http_message == NULL
               || provider->http_message->host);
}


static ngx_uint_t
ngx_http_webhook_check_url_meets_body(ngx_http_webhook_stats_entry_t *entry)
{
    return entry->clcf->locations == NULL
           && !entry->clcf->exact_match
           && ngx_http_webhook_parts_meet_body(entry->gate->provider,
                                               NGX_HTTP_WEBHOOK_VAR_URL);
}


static ngx_uint_t
ngx_http_webhook_check_host_meets_body(ngx_http_webhook_stats_entry_t *entry)
{
    return entry->clcf->locations == NULL
           && ngx_http_webhook_parts_meet_body(entry->gate->provider,
                                               NGX_HTTP_WEBHOOK_VAR_HOST);
}


/* One secret is of one sender, who may well have several names. */

static ngx_uint_t
ngx_http_webhook_check_issuers(ngx_http_webhook_stats_entry_t *entry)
{
    ngx_uint_t                     i;
    ngx_http_webhook_signature_t  *signature;

    if (entry->clcf->locations || entry->gate->nkeys < 2) {
        return 0;
    }

    signature = entry->gate->provider->signatures.elts;

    for (i = 1; i < entry->gate->provider->signatures.nelts; i++) {
        if (signature[i].jwt.issuer.len
            && signature[0].jwt.issuer.len
            && !wh_equal(signature[i].jwt.issuer, signature[0].jwt.issuer))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_webhook_check_satisfy(ngx_http_webhook_stats_entry_t *entry)
{
    return entry->clcf->locations == NULL
           && entry->clcf->satisfy == NGX_HTTP_SATISFY_ANY;
}


/*
 * What is signed names a message, and a copy of it for another URL has the same
 * name.  Tenants, and secrets that a variable chooses, are told apart.
 */

static ngx_uint_t
ngx_http_webhook_check_many_urls(ngx_http_webhook_stats_entry_t *entry)
{
    ngx_uint_t                       i;
    ngx_http_webhook_gate_t         *gate;
    ngx_http_webhook_replay_t       *replay;
    ngx_http_webhook_replay_rule_t  *rule;

    gate = entry->gate;
    rule = gate->rule;
    replay = entry->wlcf->replay;

    if (replay == NULL
        || replay->scope.len
        || replay->tenant
        || entry->clcf->locations
        || entry->clcf->exact_match
        || entry->clcf->noname
        || entry->clcf->named)
    {
        return 0;
    }

    if ((entry->wlcf->keyed & (1 << (gate - gate->first)))
        || (rule && (rule->key || rule->off)))
    {
        return 0;
    }

    for (i = 0; i < gate->nkeys; i++) {
        if (gate->keyslots[i].secret->value) {
            return 0;
        }
    }

    return !ngx_http_webhook_parts_sign_url(gate->provider);
}


static void
ngx_http_webhook_check_engines(ngx_conf_t *cf, ngx_array_t *engines)
{
    ngx_uint_t                  i;
    ngx_http_webhook_redis_t  **redis;

    redis = engines->elts;

    for (i = 0; i < engines->nelts; i++) {

        if (redis[i]->used) {
            continue;
        }

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"webhook_redis %V\" in %V:%ui has no effect, no "
                      "\"webhook_replay\" has \"shared=%V\"", &redis[i]->name,
                      &redis[i]->file, redis[i]->line, &redis[i]->name);
    }
}
