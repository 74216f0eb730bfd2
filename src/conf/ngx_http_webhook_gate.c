
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What a location's providers and directives come to, checked and compiled.
 *
 *   webhook A B;         webhook_secret one for=A;    webhook_require ...;
 *       |                webhook_secret two for=B;    webhook_replay ...;
 *       | by name            |                            |
 *       v                    v                            v
 *   provider A           its secrets                  what the gate has, bits
 *       |                    | one keyslot each           | the tables below
 *       v                    v                            v
 *   gate->provider       gate->keyslots[]             gate->steps[stage][]
 *
 *                                HEADERS   METHOD, KEYS, SIGNATURE, ..., END
 *   conf->gate -> gate of A      BODY      JSON, MESSAGE, ..., END
 *                   | next       PAYLOAD   JSON, DOCUMENT, CONSTRAINTS, END
 *                   v            CLAIM     CLAIM, END
 *                 gate of B
 *
 * The rules of the provider and the directives beside it both set the bits.  A
 * step whose credential or time is in the body goes from HEADERS to BODY.
 */


#include "ngx_http_webhook_conf.h"


/* What a gate has to look at, bits. */

#define NGX_HTTP_WEBHOOK_HAS_REQUIRED      0x0002
#define NGX_HTTP_WEBHOOK_HAS_CERTIFICATES  0x0004
#define NGX_HTTP_WEBHOOK_HAS_KEYS          0x0008
#define NGX_HTTP_WEBHOOK_HAS_TOKENS        0x0010
#define NGX_HTTP_WEBHOOK_HAS_SIGNATURES    0x0020
#define NGX_HTTP_WEBHOOK_HAS_JWTS          0x0040
#define NGX_HTTP_WEBHOOK_HAS_TIMESTAMP     0x0080
#define NGX_HTTP_WEBHOOK_HAS_PAYLOAD_TIME  0x0100   /* in a verified body */
#define NGX_HTTP_WEBHOOK_HAS_BOUND         0x0200   /* of the body */
#define NGX_HTTP_WEBHOOK_HAS_BODY_STEPS    0x0400
#define NGX_HTTP_WEBHOOK_HAS_JSON          0x0800
#define NGX_HTTP_WEBHOOK_HAS_CONSTRAINTS   0x1000   /* for the payload */
#define NGX_HTTP_WEBHOOK_HAS_REPLAY        0x2000
#define NGX_HTTP_WEBHOOK_HAS_PARTS         0x4000   /* of the message */
#define NGX_HTTP_WEBHOOK_HAS_HTTP_MESSAGE  0x8000


typedef struct {
    ngx_http_webhook_step_e   step;
    ngx_http_webhook_stage_e  stage;
    ngx_uint_t                has;          /* only for a gate that has it, or
                                               0: for all */
    ngx_uint_t                needs_body;   /* waits for the body, if the
                                               provider has this bit */
} ngx_http_webhook_step_t;


static ngx_http_webhook_gate_t *ngx_http_webhook_gates_create(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf);
static void ngx_http_webhook_gate_window(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf);
static ngx_int_t ngx_http_webhook_gate_secrets(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static const char *ngx_http_webhook_gate_key(ngx_conf_t *cf,
    ngx_http_webhook_keyslot_t *keyslot);
static ngx_int_t ngx_http_webhook_gate_check_for_name(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf,
    ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_gate_has_for_name(
    ngx_http_webhook_gate_t *gate, ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_gate_is_named(ngx_http_webhook_gate_t *gate,
    ngx_str_t *name);
static ngx_int_t ngx_http_webhook_gate_challenges(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static ngx_int_t ngx_http_webhook_gate_asked(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate);
static ngx_uint_t ngx_http_webhook_gate_answers(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_challenge_t *challenge, ngx_http_webhook_when_e when);
static ngx_int_t ngx_http_webhook_gate_signs(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static ngx_int_t ngx_http_webhook_gate_certificates(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static void ngx_http_webhook_steps_add(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_step_t *step, ngx_uint_t has, u_char **last);
static ngx_uint_t ngx_http_webhook_steps_has(ngx_http_webhook_gate_t *gate);


/*
 * What is looked at, and in which order.  What is in the body waits for that.
 */

static ngx_http_webhook_step_t  ngx_http_webhook_steps[] = {

    { NGX_HTTP_WEBHOOK_STEP_METHOD, NGX_HTTP_WEBHOOK_STAGE_HEADERS, 0, 0 },

    { NGX_HTTP_WEBHOOK_STEP_ONE_CONTENT_TYPE, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      0, 0 },

    { NGX_HTTP_WEBHOOK_STEP_CONTENT_TYPE, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      0, 0 },

    { NGX_HTTP_WEBHOOK_STEP_HEADERS, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_REQUIRED, 0 },

    { NGX_HTTP_WEBHOOK_STEP_CERTIFICATE, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_CERTIFICATES, 0 },

    { NGX_HTTP_WEBHOOK_STEP_KEYS, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_KEYS, 0 },

    { NGX_HTTP_WEBHOOK_STEP_JSON, NGX_HTTP_WEBHOOK_STAGE_BODY,
      NGX_HTTP_WEBHOOK_HAS_BODY_STEPS, 0 },

    { NGX_HTTP_WEBHOOK_STEP_TOKEN, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_TOKENS, NGX_HTTP_WEBHOOK_NEEDS_BODY_TOKEN },

    { NGX_HTTP_WEBHOOK_STEP_SIGNATURE, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_SIGNATURES, NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE },

    { NGX_HTTP_WEBHOOK_STEP_JWT_TIME, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_JWTS, NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE },

    { NGX_HTTP_WEBHOOK_STEP_HTTP_MESSAGE, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_HTTP_MESSAGE, 0 },

    { NGX_HTTP_WEBHOOK_STEP_TIMESTAMP, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_TIMESTAMP, NGX_HTTP_WEBHOOK_NEEDS_BODY_TIMESTAMP },

    { NGX_HTTP_WEBHOOK_STEP_HTTP_VERIFY, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_HTTP_MESSAGE, 0 },

    { NGX_HTTP_WEBHOOK_STEP_MESSAGE, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_PARTS, NGX_HTTP_WEBHOOK_NEEDS_BODY_MESSAGE },

    { NGX_HTTP_WEBHOOK_STEP_SIZE, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_BOUND, 0 },

    { NGX_HTTP_WEBHOOK_STEP_KNOWN, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_REPLAY, 0 },

    { NGX_HTTP_WEBHOOK_STEP_END, 0, 0, 0 }
};


/* The Pelorus receiver looks at the body first. */

static ngx_http_webhook_step_t  ngx_http_webhook_pelorus_steps[] = {

    { NGX_HTTP_WEBHOOK_STEP_CERTIFICATE, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_CERTIFICATES, 0 },

    { NGX_HTTP_WEBHOOK_STEP_KEYS, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_KEYS, 0 },

    { NGX_HTTP_WEBHOOK_STEP_PELORUS, NGX_HTTP_WEBHOOK_STAGE_HEADERS, 0, 0 },

    { NGX_HTTP_WEBHOOK_STEP_KNOWN, NGX_HTTP_WEBHOOK_STAGE_HEADERS,
      NGX_HTTP_WEBHOOK_HAS_REPLAY, 0 },

    { NGX_HTTP_WEBHOOK_STEP_END, 0, 0, 0 }
};


/* What follows when the body is verified is the same for all. */

static ngx_http_webhook_step_t  ngx_http_webhook_payload_steps[] = {

    { NGX_HTTP_WEBHOOK_STEP_JSON, NGX_HTTP_WEBHOOK_STAGE_PAYLOAD,
      NGX_HTTP_WEBHOOK_HAS_JSON, 0 },

    { NGX_HTTP_WEBHOOK_STEP_DOCUMENT, NGX_HTTP_WEBHOOK_STAGE_PAYLOAD,
      NGX_HTTP_WEBHOOK_HAS_JSON, 0 },

    { NGX_HTTP_WEBHOOK_STEP_TIMESTAMP, NGX_HTTP_WEBHOOK_STAGE_PAYLOAD,
      NGX_HTTP_WEBHOOK_HAS_PAYLOAD_TIME, 0 },

    { NGX_HTTP_WEBHOOK_STEP_CONSTRAINTS, NGX_HTTP_WEBHOOK_STAGE_PAYLOAD,
      NGX_HTTP_WEBHOOK_HAS_CONSTRAINTS, 0 },

    { NGX_HTTP_WEBHOOK_STEP_CLAIM, NGX_HTTP_WEBHOOK_STAGE_CLAIM,
      NGX_HTTP_WEBHOOK_HAS_REPLAY, 0 },

    { NGX_HTTP_WEBHOOK_STEP_END, 0, 0, 0 }
};


/* Sets conf->gate, or says in one line what is wrong and where. */

char *
ngx_http_webhook_gate_compile(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_http_webhook_gate_t  *first, *gate;

    first = ngx_http_webhook_gates_create(cf, conf);

    if (first == NULL
        || ngx_http_webhook_providers_check(cf, first, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (gate = first; gate; gate = gate->next) {

        if (ngx_http_webhook_gate_certificates(cf, gate, conf) != NGX_OK
            || ngx_http_webhook_gate_secrets(cf, gate, conf) != NGX_OK
            || ngx_http_webhook_gate_challenges(cf, gate, conf) != NGX_OK
            || ngx_http_webhook_gate_asked(cf, gate) != NGX_OK
            || ngx_http_webhook_payload_compile(cf, gate, conf)
               != NGX_CONF_OK
            || ngx_http_webhook_claims_compile(cf, gate, conf)
               != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        ngx_http_webhook_gate_window(gate, conf);
        ngx_http_webhook_replay_window(gate);
    }

    ngx_http_webhook_providers_senders(first);
    ngx_http_webhook_replay_rules(first);

    for (gate = first; gate; gate = gate->next) {
        if (ngx_http_webhook_providers_check_keys(cf, gate, conf) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    conf->gate = first;

    return NGX_CONF_OK;
}


/* A gate for each provider; the first one, or NULL after an error. */

static ngx_http_webhook_gate_t *
ngx_http_webhook_gates_create(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_str_t                     *name;
    ngx_uint_t                     i;
    ngx_http_webhook_gate_t       *gates;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

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

        gates[i].provider = ngx_http_webhook_provider_get(cf, wmcf, &name[i]);

        if (gates[i].provider == NULL) {
            ngx_http_webhook_provider_unknown(cf, conf, &name[i]);
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
ngx_http_webhook_gate_secrets(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                    i;
    const char                   *what;
    ngx_http_webhook_secret_t    *secret;
    ngx_http_webhook_keyslot_t   *keyslot;
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;

    if (provider->tokens.nelts == 0 && provider->signatures.nelts == 0) {
        return NGX_OK;
    }

    if (conf->secrets == NULL) {
        return ngx_http_webhook_check_needs(cf, gate, conf,
                                            "\"webhook_secret\"");
    }

    gate->keyslots = ngx_pcalloc(cf->pool,
                                 conf->secrets->nelts
                                 * sizeof(ngx_http_webhook_keyslot_t));
    if (gate->keyslots == NULL) {
        return NGX_ERROR;
    }

    secret = conf->secrets->elts;

    for (i = 0; i < conf->secrets->nelts; i++) {

        if (ngx_http_webhook_gate_check_for_name(cf, gate, conf,
                                                 &secret[i].for_name)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        keyslot = &gate->keyslots[gate->nkeys];

        if (ngx_http_webhook_gate_has_for_name(gate, &secret[i].for_name)) {
            keyslot->for_name = secret[i].for_name;

        } else if (secret[i].for_name.len
                   && !ngx_http_webhook_gate_is_named(gate,
                                                      &secret[i].for_name))
        {
            continue;
        }

        gate->nkeys++;

        if (keyslot->for_name.len == 0 && gate->signing == NULL) {
            gate->signing = keyslot;
        }

        keyslot->secret = &secret[i];
        keyslot->gate = gate;
        keyslot->provider = provider;
        keyslot->number = i + 1;

        if (ngx_http_webhook_secret_check_value(cf, &secret[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        what = ngx_http_webhook_gate_key(cf, keyslot);

        if (what) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "secret %ui of \"webhook %V\" in %V:%ui %s", i + 1,
                          &provider->name, &conf->file, conf->line, what);
            return NGX_ERROR;
        }
    }

    if (gate->nkeys == 0
        || (provider->signatures.nelts && gate->signing == NULL))
    {
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


/* Makes the key of a secret; why that cannot be right, or NULL. */

static const char *
ngx_http_webhook_gate_key(ngx_conf_t *cf, ngx_http_webhook_keyslot_t *keyslot)
{
    const char  *what;
    ngx_uint_t   uses;

    what = keyslot->secret->value
           ? NULL : ngx_http_webhook_secret_wrong(keyslot,
                                                  &keyslot->secret->bytes);
    if (what) {
        return what;
    }

    if (ngx_http_webhook_keyslot_init(cf, keyslot) != NGX_OK) {
        return "is not taken by OpenSSL";
    }

    uses = keyslot->provider->uses;

    if (keyslot->for_name.len == 0
        && keyslot->key
        && uses
        && !(keyslot->key->uses & uses))
    {
        return "is no key as this sender has them, see \"key=\" and "
               "\"algorithm=\" of its provider";
    }

    return NULL;
}


/* A name after "for=" is that of one of the providers or of token rules. */

static ngx_int_t
ngx_http_webhook_gate_check_for_name(ngx_conf_t *cf,
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
        rules |= ngx_http_webhook_gate_has_for_name(gate, name);
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
ngx_http_webhook_gate_has_for_name(ngx_http_webhook_gate_t *gate,
    ngx_str_t *name)
{
    ngx_uint_t                 i;
    ngx_http_webhook_token_t  *token;

    if (name->len == 0) {
        return 0;
    }

    token = gate->provider->tokens.elts;

    for (i = 0; i < gate->provider->tokens.nelts; i++) {
        if (ngx_http_webhook_str_equal(&token[i].for_name, name)) {
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
ngx_http_webhook_gate_challenges(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                     i;
    ngx_http_webhook_secret_t     *secret;
    ngx_http_webhook_challenge_t  *challenge;

    secret = conf->challenge_secret;

    if (secret == NULL) {
        return ngx_http_webhook_gate_signs(cf, gate, conf);
    }

    gate->challenge = ngx_pcalloc(cf->pool,
                                  sizeof(ngx_http_webhook_keyslot_t));
    if (gate->challenge == NULL) {
        return NGX_ERROR;
    }

    gate->challenge->secret = secret;
    gate->challenge->gate = gate;

    if (ngx_http_webhook_secret_check_value(cf, secret) != NGX_OK
        || ngx_http_webhook_keyslot_init(cf, gate->challenge) != NGX_OK)
    {
        return NGX_ERROR;
    }

    challenge = gate->provider->challenges.elts;

    for (i = 0; i < gate->provider->challenges.nelts; i++) {
        gate->first->distinct |= (challenge[i].needs_key
                                  && !challenge[i].use_signing_key);
    }

    return NGX_OK;
}


/* The challenges that may be answered, by when that is done. */

static ngx_int_t
ngx_http_webhook_gate_asked(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate)
{
    ngx_uint_t                      i, n, when;
    ngx_http_webhook_challenge_t   *challenge, **asked;

    challenge = gate->provider->challenges.elts;
    n = gate->provider->challenges.nelts;

    asked = ngx_pcalloc(cf->pool, NGX_HTTP_WEBHOOK_WHENS * (n + 1)
                                  * sizeof(ngx_http_webhook_challenge_t *));
    if (asked == NULL) {
        return NGX_ERROR;
    }

    for (when = 0; when < NGX_HTTP_WEBHOOK_WHENS; when++) {

        gate->challenges[when] = asked;

        for (i = 0; i < n; i++) {
            if (ngx_http_webhook_gate_answers(gate, &challenge[i], when)) {
                *asked++ = &challenge[i];
            }
        }

        asked++;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_webhook_gate_answers(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_challenge_t *challenge, ngx_http_webhook_when_e when)
{
    /* one that needs a secret is one only where there is a secret */

    if (challenge->needs_key
        && gate->challenge == NULL
        && !(challenge->use_signing_key && gate->signing))
    {
        return 0;
    }

    switch (when) {

    case NGX_HTTP_WEBHOOK_BY_HEADERS:
        return !challenge->after_verify && !challenge->in_body;

    case NGX_HTTP_WEBHOOK_BY_BODY:
        return challenge->in_body;

    default: /* NGX_HTTP_WEBHOOK_VERIFIED */
        return challenge->after_verify || challenge->in_body;
    }
}


/* Where the signing secret is to answer challenges, it must be able to. */

static ngx_int_t
ngx_http_webhook_gate_signs(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                     i, uses;
    ngx_http_webhook_keyslot_t    *keyslot;
    ngx_http_webhook_challenge_t  *challenge;

    if (gate->incomplete) {
        return NGX_OK;
    }

    keyslot = gate->signing;
    uses = 0;

    if (keyslot) {
        uses = keyslot->key ? keyslot->key->uses : gate->provider->uses;
    }

    /* a token is a key for HMAC as well */

    if (keyslot && gate->provider->signatures.nelts == 0) {
        return NGX_OK;
    }

    challenge = gate->provider->challenges.elts;

    for (i = 0; i < gate->provider->challenges.nelts; i++) {

        if (!challenge[i].hmac
            || !challenge[i].use_signing_key
            || (uses & NGX_HTTP_WEBHOOK_HMAC_USES))
        {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "a challenge of \"webhook %V\" in %V:%ui cannot be "
                      "signed, no secret is a key for HMAC, add a "
                      "\"webhook_challenge_secret\"",
                      &gate->provider->name, &conf->file, conf->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_gate_certificates(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_array_t                  *certificates;
    ngx_http_webhook_provider_t  *provider;

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

    return NGX_OK;
}


/* Verdicts of the gate are counted; in which zone is known later. */

ngx_int_t
ngx_http_webhook_stats_entry_add(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_http_webhook_gate_t *gate)
{
    ngx_http_webhook_main_conf_t    *wmcf;
    ngx_http_webhook_stats_entry_t  *entry, **slot;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    entry = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_stats_entry_t));
    slot = ngx_array_push(&wmcf->stats_entries);

    if (entry == NULL || slot == NULL) {
        return NGX_ERROR;
    }

    *slot = entry;

    entry->gate = gate;
    entry->wlcf = conf;
    entry->clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    entry->cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    entry->next = conf->stats_entries;
    conf->stats_entries = entry;

    return NGX_OK;
}


/*
 * A request takes no other steps than those that its gate needs.  Locations
 * that share a gate may each add one.
 */

void
ngx_http_webhook_steps_compile(ngx_http_webhook_gate_t *gate)
{
    u_char      *last[NGX_HTTP_WEBHOOK_STAGES];
    ngx_uint_t   i, has;

    for (i = 0; i < NGX_HTTP_WEBHOOK_STAGES; i++) {
        last[i] = gate->steps[i];
    }

    has = ngx_http_webhook_steps_has(gate);

    ngx_http_webhook_steps_add(gate, (gate->provider->body.flags
                                      & NGX_HTTP_WEBHOOK_BODY_RECEIVER)
                                     ? ngx_http_webhook_pelorus_steps
                                     : ngx_http_webhook_steps,
                               has, last);
    ngx_http_webhook_steps_add(gate, ngx_http_webhook_payload_steps,
                               has, last);

    for (i = 0; i < NGX_HTTP_WEBHOOK_STAGES; i++) {
        *last[i] = NGX_HTTP_WEBHOOK_STEP_END;
    }
}


static void
ngx_http_webhook_steps_add(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_step_t *step, ngx_uint_t has, u_char **last)
{
    ngx_uint_t  stage, unverified;

    /* a token in each element ends the walk that looks for it */

    unverified = gate->provider->wildcard ? NGX_HTTP_WEBHOOK_STAGE_UNPARSED
                                          : NGX_HTTP_WEBHOOK_STAGE_BODY;

    for ( /* void */ ; step->step != NGX_HTTP_WEBHOOK_STEP_END; step++) {

        if (step->has & ~has) {
            continue;
        }

        stage = step->stage;

        if (step->needs_body & gate->provider->needs_body) {
            stage = (step->step == NGX_HTTP_WEBHOOK_STEP_TOKEN)
                    ? unverified : NGX_HTTP_WEBHOOK_STAGE_BODY;
        }

        *last[stage]++ = step->step;
    }
}


static ngx_uint_t
ngx_http_webhook_steps_has(ngx_http_webhook_gate_t *gate)
{
    ngx_uint_t                    has;
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;
    has = 0;

    if (provider->required.nelts) {
        has |= NGX_HTTP_WEBHOOK_HAS_REQUIRED;
    }

    if (gate->certificates) {
        has |= NGX_HTTP_WEBHOOK_HAS_CERTIFICATES;
    }

    if (gate->nkeys || gate->incomplete) {
        has |= NGX_HTTP_WEBHOOK_HAS_KEYS;
    }

    if (provider->tokens.nelts) {
        has |= NGX_HTTP_WEBHOOK_HAS_TOKENS;
    }

    if (provider->signatures.nelts) {
        has |= provider->http_message ? NGX_HTTP_WEBHOOK_HAS_HTTP_MESSAGE
                                      : NGX_HTTP_WEBHOOK_HAS_SIGNATURES;
    }

    if (provider->jwt || provider->detached) {
        has |= NGX_HTTP_WEBHOOK_HAS_JWTS;
    }

    /* a time in the body that is not signed by itself waits for the verdict */

    if (provider->timestamp) {
        has |= (ngx_http_webhook_source_in_body(&provider->timestamp->source)
                && !(provider->needs_body
                     & NGX_HTTP_WEBHOOK_NEEDS_BODY_TIMESTAMP))
               ? NGX_HTTP_WEBHOOK_HAS_PAYLOAD_TIME
               : NGX_HTTP_WEBHOOK_HAS_TIMESTAMP;
    }

    if (provider->needs_body) {
        has |= NGX_HTTP_WEBHOOK_HAS_BODY_STEPS;
    }

    if (gate->parse || gate->asks) {
        has |= NGX_HTTP_WEBHOOK_HAS_JSON;
    }

    if (gate->nconstraints) {
        has |= NGX_HTTP_WEBHOOK_HAS_CONSTRAINTS;
    }

    /* some public keys want the message whole */

    if (provider->form
        || provider->needs_body
        || (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_WHOLE)
        || (provider->uses >> NGX_HTTP_WEBHOOK_HMACS
            && provider->http_message == NULL))
    {
        has |= NGX_HTTP_WEBHOOK_HAS_BOUND;
    }

    if (gate->replay) {
        has |= NGX_HTTP_WEBHOOK_HAS_REPLAY;
    }

    if (provider->parts) {
        has |= NGX_HTTP_WEBHOOK_HAS_PARTS;
    }

    return has;
}
