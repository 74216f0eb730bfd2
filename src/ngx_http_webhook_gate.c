
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What a location's provider and directives come to, checked and compiled.
 */


#include "ngx_http_webhook_conf.h"
#include "ngx_http_webhook_request.h"


static ngx_http_webhook_gate_t *ngx_http_webhook_gate_line(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf);
static ngx_int_t ngx_http_webhook_gate_provider(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf,
    ngx_str_t *name);
static ngx_int_t ngx_http_webhook_gate_secrets(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static ngx_int_t ngx_http_webhook_gate_for_known(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf,
    ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_gate_has_rule(
    ngx_http_webhook_gate_t *gate, ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_gate_is_named(
    ngx_http_webhook_gate_t *gate, ngx_str_t *name);
static ngx_int_t ngx_http_webhook_gate_challenges(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static ngx_int_t ngx_http_webhook_gate_certificates(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);

static void ngx_http_webhook_gate_window(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf);


/* Sets conf->gate, or says in one line what is wrong and where. */

char *
ngx_http_webhook_gate_compile(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_http_webhook_gate_t  *first, *gate;

    first = ngx_http_webhook_gate_line(cf, conf);

    if (first == NULL
        || ngx_http_webhook_line_check(cf, first, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (gate = first; gate; gate = gate->next) {

        if (ngx_http_webhook_gate_certificates(cf, gate, conf) != NGX_OK
            || ngx_http_webhook_gate_secrets(cf, gate, conf) != NGX_OK
            || ngx_http_webhook_gate_challenges(cf, gate, conf) != NGX_OK
            || ngx_http_webhook_payload_compile(cf, gate, conf)
               != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        ngx_http_webhook_gate_window(gate, conf);
        ngx_http_webhook_replay_window(gate);
    }

    ngx_http_webhook_line_senders(first);

    for (gate = first; gate; gate = gate->next) {
        if (ngx_http_webhook_line_check_keys(cf, gate, conf) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    conf->gate = first;

    return NGX_CONF_OK;
}


/* A gate for each provider; the first one, or NULL after an error. */

static ngx_http_webhook_gate_t *
ngx_http_webhook_gate_line(ngx_conf_t *cf, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_str_t                *name;
    ngx_uint_t                i;
    ngx_http_webhook_gate_t  *gates;

    gates = ngx_pcalloc(cf->pool, conf->providers->nelts
                                  * sizeof(ngx_http_webhook_gate_t));
    if (gates == NULL) {
        return NULL;
    }

    name = conf->providers->elts;

    for (i = 0; i < conf->providers->nelts; i++) {

        gates[i].first = gates;

        if (i) {
            gates[i - 1].next = &gates[i];
        }

        if (ngx_http_webhook_gate_provider(cf, &gates[i], conf, &name[i])
            != NGX_OK)
        {
            return NULL;
        }
    }

    return gates;
}


/*
 * The directive goes before the rule "window", and that before the timestamp's
 * own; what one does not say is left to the next.
 */

static void
ngx_http_webhook_gate_window(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;

    gate->window = conf->window;

    ngx_conf_merge_value(gate->window.past, provider->window.past,
                         NGX_CONF_UNSET);
    ngx_conf_merge_value(gate->window.future, provider->window.future,
                         NGX_CONF_UNSET);

    if (provider->timestamp) {
        ngx_conf_merge_value(gate->window.past,
                             provider->timestamp->window.past,
                             NGX_CONF_UNSET);
        ngx_conf_merge_value(gate->window.future,
                             provider->timestamp->window.future,
                             NGX_CONF_UNSET);
    }
}


static ngx_int_t
ngx_http_webhook_gate_provider(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf, ngx_str_t *name)
{
    u_char                         names[NGX_MAX_ERROR_STR / 2], *last;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    gate->provider = ngx_http_webhook_provider_get(cf, wmcf, name);

    if (gate->provider) {
        gate->allow = gate->provider->allow;
        return NGX_OK;
    }

    last = ngx_http_webhook_provider_names(names, names + sizeof(names));

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "unknown provider \"%V\" in %V:%ui, it is neither defined "
                  "by \"webhook_provider\" nor one of:%*s",
                  name, &conf->file, conf->line,
                  (size_t) (last - names), names);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_webhook_gate_secrets(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                    i, level, signing;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_webhook_place_t     *place;
    ngx_http_webhook_secret_t    *secret;
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;

    if (provider->tokens.nelts == 0 && provider->signatures.nelts == 0) {
        return NGX_OK;
    }

    if (conf->secrets == NULL) {

        clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

        /* the locations inside may have theirs; the rest is refused */

        gate->incomplete = (clcf->locations != NULL);
        level = gate->incomplete ? NGX_LOG_WARN : NGX_LOG_EMERG;

        ngx_log_error(level, cf->log, 0,
                      "\"webhook %V\" in %V:%ui needs a \"webhook_secret\"%s",
                      &provider->name, &conf->file, conf->line,
                      gate->incomplete ? ", requests outside of the locations "
                                         "that have one will get 503" : "");

        return gate->incomplete ? NGX_OK : NGX_ERROR;
    }

    gate->places = ngx_pcalloc(cf->pool, conf->secrets->nelts
                                         * sizeof(ngx_http_webhook_place_t));
    if (gate->places == NULL) {
        return NGX_ERROR;
    }

    signing = 0;
    secret = conf->secrets->elts;

    for (i = 0; i < conf->secrets->nelts; i++) {

        if (ngx_http_webhook_gate_for_known(cf, gate, conf, &secret[i].rule)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        place = &gate->places[gate->nkeys];

        if (ngx_http_webhook_gate_has_rule(gate, &secret[i].rule)) {
            place->rule = secret[i].rule;

        } else if (secret[i].rule.len
                   && !ngx_http_webhook_gate_is_named(gate, &secret[i].rule))
        {
            continue;
        }

        gate->nkeys++;
        signing |= (place->rule.len == 0);

        place->secret = &secret[i];
        place->gate = gate;
        place->provider = provider;
        place->number = i + 1;

        if (ngx_http_webhook_place_init(cf, place) != NGX_OK) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "OpenSSL does not take a secret of \"webhook %V\" "
                          "in %V:%ui", &provider->name, &conf->file,
                          conf->line);
            return NGX_ERROR;
        }

        if (place->rule.len == 0
            && place->key
            && provider->uses
            && !(place->key->uses & provider->uses))
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "secret %ui of \"webhook %V\" in %V:%ui is no key as "
                          "this sender has them, see \"key=\" and "
                          "\"algorithm=\" of its provider", i + 1,
                          &provider->name, &conf->file, conf->line);
            return NGX_ERROR;
        }
    }

    if (gate->nkeys == 0 || (provider->signatures.nelts && !signing)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"webhook %V\" in %V:%ui has no \"webhook_secret\"%s, "
                      "give one with \"for=%V\"",
                      &provider->name, &conf->file, conf->line,
                      gate->nkeys ? " for its signatures" : "",
                      &provider->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* A name behind "for=" is that of a provider in the line or of token rules. */

static ngx_int_t
ngx_http_webhook_gate_for_known(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf,
    ngx_str_t *name)
{
    ngx_uint_t  named, rules;

    if (name->len == 0) {
        return NGX_OK;
    }

    named = 0;
    rules = 0;

    for (gate = gate->first; gate; gate = gate->next) {
        named |= ngx_http_webhook_gate_is_named(gate, name);
        rules |= ngx_http_webhook_gate_has_rule(gate, name);
    }

    if (named != rules) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"webhook_secret\" with \"for=%V\", but in \"webhook %V\" "
                  "in %V:%ui %s", name, &conf->names, &conf->file, conf->line,
                  named ? "a provider and a token rule have this name"
                        : "no provider that needs a secret and no token rule "
                          "has this name");

    return NGX_ERROR;
}


static ngx_uint_t
ngx_http_webhook_gate_has_rule(ngx_http_webhook_gate_t *gate, ngx_str_t *name)
{
    ngx_uint_t                 i;
    ngx_http_webhook_token_t  *token;

    if (name->len == 0) {
        return 0;
    }

    token = gate->provider->tokens.elts;

    for (i = 0; i < gate->provider->tokens.nelts; i++) {
        if (ngx_http_webhook_str_equal(&token[i].rule, name)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_webhook_gate_is_named(ngx_http_webhook_gate_t *gate, ngx_str_t *name)
{
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;

    return (provider->tokens.nelts || provider->signatures.nelts)
           && ngx_http_webhook_str_equal(&provider->name, name);
}


static ngx_int_t
ngx_http_webhook_gate_challenges(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                     i;
    ngx_http_webhook_secret_t     *secret;
    ngx_http_webhook_challenge_t  *challenge;

    secret = conf->challenge_secret;

    if (secret == NULL) {
        return NGX_OK;
    }

    gate->challenge = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_place_t));
    if (gate->challenge == NULL) {
        return NGX_ERROR;
    }

    gate->challenge->secret = secret;
    gate->challenge->gate = gate;

    if (ngx_http_webhook_place_init(cf, gate->challenge) != NGX_OK) {
        return NGX_ERROR;
    }

    challenge = gate->provider->challenges.elts;

    for (i = 0; i < gate->provider->challenges.nelts; i++) {
        gate->first->separate |= (challenge[i].keyed && !challenge[i].signing);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_gate_certificates(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_array_t                          *certificates;
    ngx_http_webhook_main_conf_t         *wmcf;
    ngx_http_webhook_provider_t          *provider;
    ngx_http_webhook_certificate_user_t  *user;

    provider = gate->provider;
    certificates = conf->certificates ? conf->certificates
                                      : provider->certificates;

    if (certificates == NULL || certificates->nelts == 0) {

        if (provider->tokens.nelts || provider->signatures.nelts) {
            return NGX_OK;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"webhook_client_certificate off\" leaves nothing to "
                      "verify for \"webhook %V\" in %V:%ui, use a provider "
                      "with a token or a signature",
                      &provider->name, &conf->file, conf->line);

        return NGX_ERROR;
    }

    gate->certificates = certificates;

    /* ssl_verify_client may not have been merged yet */

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    user = ngx_array_push(&wmcf->certificate_users);
    if (user == NULL) {
        return NGX_ERROR;
    }

    user->sscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_ssl_module);
    user->conf = conf;
    user->gate = gate;

    return NGX_OK;
}


/* Where client certificates count, the server must ask for them. */

ngx_int_t
ngx_http_webhook_gate_check_certificates(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf)
{
    ngx_uint_t                            i;
    ngx_http_webhook_certificate_user_t  *user;

    user = wmcf->certificate_users.elts;

    for (i = 0; i < wmcf->certificate_users.nelts; i++) {

        if (user[i].sscf->verify) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"webhook %V\" in %V:%ui needs a client certificate, "
                      "but the server never asks for one, set "
                      "\"ssl_verify_client\" and \"ssl_client_certificate\"",
                      &user[i].gate->provider->name, &user[i].conf->file,
                      user[i].conf->line);

        return NGX_ERROR;
    }

    return NGX_OK;
}
