
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Signatures that are tokens, and what their claims must be.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_str.h"


static ngx_http_webhook_used_t  ngx_http_webhook_claims_looked_at;
static ngx_http_webhook_used_t  ngx_http_webhook_claims_are_body;
static ngx_int_t ngx_http_webhook_claims_rules(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate);
static ngx_http_webhook_gate_part_t  ngx_http_webhook_claims_pinned;
static char *ngx_http_webhook_claims_excluded(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static ngx_uint_t ngx_http_webhook_pin_excluded(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_pin_t *pin);
static ngx_uint_t ngx_http_webhook_pin_is_issuer(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_pin_t *pin);
static ngx_http_webhook_gate_part_t  ngx_http_webhook_claims_audience;
static ngx_int_t ngx_http_webhook_claims_unpinned(
    ngx_http_webhook_provider_t *provider, ngx_array_t *pins,
    ngx_str_t *pointer);
static ngx_uint_t ngx_http_webhook_claims_pins(ngx_array_t *pins,
    ngx_str_t *pointer);


/* POINTER VALUE ... */

char *
ngx_http_webhook_claim(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_str_t               *value, *word;
    ngx_uint_t               i;
    ngx_http_webhook_pin_t  *pin;

    value = cf->args->elts;

    if (ngx_http_webhook_claims_pins(wlcf->pins, &value[1])) {
        return ngx_http_webhook_error(cf,
                           "\"webhook_claim %V\" is twice in this block, all "
                           "values that it may have go on one line",
                           &value[1]);
    }

    if (ngx_http_webhook_pointer_valid(cf, &value[1]) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (value[1].len > WH_CLAIM_POINTER) {
        return ngx_http_webhook_error(cf,
                           "the pointer of \"webhook_claim\" is too long, it "
                           "has at most %d bytes", WH_CLAIM_POINTER);
    }

    pin = ngx_http_webhook_push(cf, &wlcf->pins,
                                sizeof(ngx_http_webhook_pin_t));
    if (pin == NULL) {
        return NGX_CONF_ERROR;
    }

    pin->n = cf->args->nelts - 2;
    pin->pointer = ngx_http_webhook_wh_str(&value[1]);
    pin->file = cf->conf_file->file.name;
    pin->line = cf->conf_file->line;

    pin->values = ngx_palloc(cf->pool, pin->n * sizeof(wh_str_t));
    if (pin->values == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < pin->n; i++) {

        word = &value[i + 2];

        if (ngx_http_webhook_text(cf, word) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        /* "events" may be what somebody is called */

        if (i
            && ngx_strlchr(word->data, word->data + word->len, '_')
            && ngx_http_webhook_is_directive(cf, word))
        {
            return ngx_http_webhook_no_semicolon(cf, word);
        }

        pin->values[i] = ngx_http_webhook_wh_str(word);
    }

    return NGX_CONF_OK;
}


/* What the rules of tokens come to, when all of them are right. */

void
ngx_http_webhook_claims_finish(ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_signature_t  *signature;

    if (provider->detached) {
        provider->body.kind = NGX_HTTP_WEBHOOK_BODY_PAYLOAD;
        ngx_str_set(&provider->body.keyword, "payload");
    }

    /* a token that serves any body must end: by "exp", or by a signed time */

    if (provider->bearer) {
        signature = provider->signatures.elts;
        signature->jwt.expires = !(provider->timestamp
                                   && provider->timestamp->source.type
                                      == NGX_HTTP_WEBHOOK_CLAIM);
    }
}


/* Whether a time, an id or an event is a claim: there is one token then. */

static ngx_uint_t
ngx_http_webhook_claims_looked_at(ngx_http_webhook_provider_t *provider)
{
    return (provider->timestamp
            && provider->timestamp->source.type == NGX_HTTP_WEBHOOK_CLAIM)
           || (provider->id && provider->id->type == NGX_HTTP_WEBHOOK_CLAIM)
           || (provider->event
               && provider->event->type == NGX_HTTP_WEBHOOK_CLAIM);
}


char *
ngx_http_webhook_claims_wrong(ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t  is_body;

    if (provider->claims.nelts && !provider->jwt) {
        return "looks at a claim, but has no \"signature\" that is a token "
               "with claims";
    }

    if (provider->claim_rules && !provider->jwt) {
        return "has a \"claim\", but no \"signature\" that is a token with "
               "claims";
    }

    if ((provider->detached || provider->alone || provider->claim_rules
         || ngx_http_webhook_claims_looked_at(provider))
        && provider->signatures.nelts > 1)
    {
        return "has several \"signature\" rules, of which a detached token, "
               "one with \"body_digest=none\", one that is the body or one "
               "with a \"claim\" must be the only one";
    }

    is_body = ((provider->body.flags & NGX_HTTP_WEBHOOK_BODY_TOKEN) != 0);

    if (ngx_http_webhook_claims_are_body(provider) != is_body) {
        return "has one of \"signature body\" and \"body jwt\", which go "
               "together";
    }

    if (is_body && (provider->message.data || provider->form)) {
        return "has a \"message\" or looks at a form, but its body is a "
               "token";
    }

    if ((provider->bearer && provider->message.data)
        || ((provider->detached || provider->bearer)
            && provider->body.kind != NGX_HTTP_WEBHOOK_BODY_RAW))
    {
        return "has a \"message\" or a \"body\", but its token says what is "
               "signed";
    }

    if (provider->key_id && !(provider->uses >> NGX_HTTP_WEBHOOK_HMACS)) {
        return "has a \"key_id\", but no \"signature\" by a public key";
    }

    return NULL;
}


/* Whether the token is the body. */

static ngx_uint_t
ngx_http_webhook_claims_are_body(ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_signature_t  *signature;

    signature = provider->signatures.elts;

    return provider->alone
           && signature->source.type == NGX_HTTP_WEBHOOK_WHOLE_BODY;
}


/* All that is wanted from claims in a location, as one set of pointers. */

char *
ngx_http_webhook_claims_compile(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    size_t                       index;
    ngx_uint_t                   i;
    const char                  *error;
    ngx_http_webhook_pointer_t  *pointer;

    if (gate->provider->claims.nelts == 0) {
        return NGX_CONF_OK;
    }

    gate->claims = ngx_http_webhook_json_set(cf, wh_jwt_set());
    if (gate->claims == NULL) {
        return NGX_CONF_ERROR;
    }

    pointer = gate->provider->claims.elts;

    for (i = 0; i < gate->provider->claims.nelts; i++) {
        if (wh_json_set_add(gate->claims,
                            ngx_http_webhook_wh_str(&pointer[i].text),
                            &index, &error)
            != WH_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_webhook_claims_rules(cf, gate) != NGX_OK
        || ngx_http_webhook_claims_pinned(cf, gate, conf) != NGX_OK
        || ngx_http_webhook_claims_audience(cf, gate, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_claims_excluded(cf, gate, conf);
}


/* What no token can meet. */

static char *
ngx_http_webhook_claims_excluded(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t               i;
    ngx_http_webhook_pin_t  *pin;

    pin = conf->pins ? conf->pins->elts : NULL;

    for (i = 0; pin && i < conf->pins->nelts; i++) {
        if (ngx_http_webhook_pin_excluded(gate, &pin[i])) {
            return ngx_http_webhook_excluded_error(cf, gate, pin[i].pointer,
                                                   &pin[i].file, pin[i].line);
        }
    }

    return ngx_http_webhook_constraints_check(cf, gate, gate->claim_rules,
                                              gate->nclaim_rules);
}


/* Whether the provider wants another value than "webhook_claim". */

static ngx_uint_t
ngx_http_webhook_pin_excluded(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_pin_t *pin)
{
    ngx_uint_t        i, k, taken;
    wh_constraint_t  *rule;

    for (i = 0; i < gate->nclaim_rules; i++) {

        rule = &gate->claim_rules[i];

        if (!wh_equal(pin->pointer, rule->pointer)) {
            continue;
        }

        taken = 0;

        for (k = 0; k < pin->n; k++) {
            taken |= wh_constraint_takes(rule, pin->values[k]);
        }

        if (!taken) {
            return 1;
        }
    }

    return !ngx_http_webhook_pin_is_issuer(gate->provider, pin);
}


/* Unless each of the provider's "issuer=" is none of the values. */

static ngx_uint_t
ngx_http_webhook_pin_is_issuer(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_pin_t *pin)
{
    wh_str_t                      *issuer;
    ngx_uint_t                     i, k;
    ngx_http_webhook_signature_t  *signature;

    static wh_str_t  iss = wh_string("/iss");

    if (!wh_equal(pin->pointer, iss)) {
        return 1;
    }

    signature = provider->signatures.elts;

    for (i = 0; i < provider->signatures.nelts; i++) {

        issuer = &signature[i].jwt.issuer;

        if (issuer->len == 0) {
            return 1;
        }

        for (k = 0; k < pin->n; k++) {
            if (wh_equal(*issuer, pin->values[k])) {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_webhook_claims_rules(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate)
{
    ngx_uint_t                   i;
    ngx_array_t                 *rules;
    ngx_http_webhook_require_t  *require;

    rules = gate->provider->claim_rules;

    if (rules == NULL) {
        return NGX_OK;
    }

    gate->claim_rules = ngx_pcalloc(cf->pool,
                                    rules->nelts * sizeof(wh_constraint_t));
    if (gate->claim_rules == NULL) {
        return NGX_ERROR;
    }

    require = rules->elts;

    for (i = 0; i < rules->nelts; i++) {
        if (ngx_http_webhook_constraint_compile(&gate->claim_rules[i],
                                                gate->claims, &require[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    gate->nclaim_rules = rules->nelts;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_claims_pinned(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t               i;
    ngx_array_t             *pins;
    ngx_http_webhook_pin_t  *pin;

    pins = conf->pins;

    if (pins == NULL) {
        return NGX_OK;
    }

    pin = pins->elts;

    if (gate->provider->plain) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"webhook_claim\" beside \"webhook %V\" in %V:%ui "
                      "holds for tokens only, and the provider has a "
                      "\"signature\" that is none and would pass by it, "
                      "make two providers of it",
                      &gate->provider->name, &pin->file, pin->line);
        return NGX_ERROR;
    }

    gate->pinned = ngx_palloc(cf->pool, pins->nelts * sizeof(wh_claim_t));
    if (gate->pinned == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < pins->nelts; i++) {
        if (wh_claim_init(&gate->pinned[i], gate->claims, pin[i].pointer,
                          pin[i].values, pin[i].n)
            != WH_OK)
        {
            return NGX_ERROR;
        }
    }

    gate->npinned = pins->nelts;

    return NGX_OK;
}


/*
 * A token that serves any body, and any receiver if it does not name one, is
 * in the hands of all to whom its sender has ever sent one.  What its provider
 * wants to be there, and leaves open, names somebody as well.
 */

static ngx_int_t
ngx_http_webhook_claims_audience(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    u_char     *what;
    ngx_str_t   pointer;

    static char  text[] = "\"webhook_claim %V\", without it a token that was "
                          "meant for another receiver counts here%Z";

    if (!gate->provider->bearer
        || ngx_http_webhook_claims_unpinned(gate->provider, conf->pins,
                                            &pointer)
           != NGX_OK)
    {
        return NGX_OK;
    }

    what = ngx_pnalloc(cf->temp_pool, sizeof(text) + pointer.len);
    if (what == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(what, text, &pointer);

    return ngx_http_webhook_check_needs(cf, gate, conf, (char *) what);
}


/* A claim that the location has to pin; NGX_DECLINED if there is none. */

static ngx_int_t
ngx_http_webhook_claims_unpinned(ngx_http_webhook_provider_t *provider,
    ngx_array_t *pins, ngx_str_t *pointer)
{
    ngx_uint_t                   i;
    ngx_http_webhook_require_t  *require;

    ngx_str_set(pointer, "/aud");

    if (!ngx_http_webhook_claims_pins(pins, pointer)) {
        return NGX_OK;
    }

    if (!provider->shared_key || provider->claim_rules == NULL) {
        return NGX_DECLINED;
    }

    require = provider->claim_rules->elts;

    for (i = 0; i < provider->claim_rules->nelts; i++) {

        *pointer = ngx_http_webhook_ngx_str(require[i].words[0]);

        if (!ngx_http_webhook_recipient_names(&require[i])
            && !ngx_http_webhook_claims_pins(pins, pointer))
        {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_webhook_claims_pins(ngx_array_t *pins, ngx_str_t *pointer)
{
    ngx_uint_t               i;
    ngx_http_webhook_pin_t  *pin;

    if (pins == NULL) {
        return 0;
    }

    pin = pins->elts;

    for (i = 0; i < pins->nelts; i++) {
        if (wh_equal(pin[i].pointer, ngx_http_webhook_wh_str(pointer))) {
            return 1;
        }
    }

    return 0;
}
