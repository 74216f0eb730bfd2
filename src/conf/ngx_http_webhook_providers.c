
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Several providers of one "webhook": what they may share, and in which order
 * they are asked.
 */


#include "ngx_http_webhook_conf.h"


#define NGX_HTTP_WEBHOOK_PROVIDERS_MAX  8    /* of one "webhook" */


/* What a provider verifies with a secret. */

typedef enum {
    NGX_HTTP_WEBHOOK_NOTHING = 0,           /* it has none */
    NGX_HTTP_WEBHOOK_TOKENS,
    NGX_HTTP_WEBHOOK_BODIES,                /* HMACs of nothing but these */
    NGX_HTTP_WEBHOOK_OTHERS
} ngx_http_webhook_kind_e;


static ngx_http_webhook_used_t  ngx_http_webhook_providers_in_body;
static ngx_int_t ngx_http_webhook_providers_check_sharing(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *first, ngx_http_webhook_loc_conf_t *conf);
static ngx_uint_t ngx_http_webhook_providers_may_share(
    ngx_http_webhook_gate_t *gate);
static ngx_http_webhook_kind_e ngx_http_webhook_providers_kind(
    ngx_http_webhook_provider_t *provider);
static void ngx_http_webhook_providers_check_order(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static ngx_http_webhook_gate_t *ngx_http_webhook_providers_before(
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_source_t *source);
static ngx_uint_t ngx_http_webhook_providers_covers(
    ngx_http_webhook_provider_t *provider1, ngx_http_webhook_source_t *source1,
    ngx_http_webhook_provider_t *provider2,
    ngx_http_webhook_source_t *source2);
static ngx_http_webhook_gate_part_t  ngx_http_webhook_providers_check_pubkeys;
static ngx_str_t *ngx_http_webhook_providers_header(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);
static void ngx_http_webhook_providers_same_key(ngx_conf_t *cf,
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_keyslot_t *other);
static ngx_uint_t ngx_http_webhook_providers_common(
    ngx_http_webhook_gate_t *one, ngx_http_webhook_gate_t *two);


char *
ngx_http_webhook(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_str_t   *value, *name;
    ngx_uint_t   i, k, n;

    if (wlcf->providers) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    if (n > NGX_HTTP_WEBHOOK_PROVIDERS_MAX) {
        return "takes at most " ngx_value(NGX_HTTP_WEBHOOK_PROVIDERS_MAX)
               " providers";
    }

    wlcf->providers = ngx_array_create(cf->pool, n, sizeof(ngx_str_t));
    if (wlcf->providers == NULL) {
        return NGX_CONF_ERROR;
    }

    if (n == 1 && ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    wlcf->file = cf->conf_file->file.name;
    wlcf->line = cf->conf_file->line;

    /* a provider is looked up later, it may be defined below */

    for (i = 1; i <= n; i++) {

        if (ngx_strcmp(value[i].data, "off") == 0) {
            return "has \"off\" beside other values";
        }

        if (ngx_http_webhook_text(cf, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        for (k = 1; k < i; k++) {
            if (ngx_strcmp(value[i].data, value[k].data) == 0) {
                return ngx_http_webhook_error(cf,
                                   "\"webhook\" names \"%V\" twice",
                                   &value[i]);
            }
        }

        name = ngx_array_push(wlcf->providers);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = value[i];
    }

    return ngx_http_webhook_join(cf, &value[1], n, " ", &wlcf->names)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* Whether the providers of one "webhook" go together. */

ngx_int_t
ngx_http_webhook_providers_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *first, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_http_webhook_gate_t  *gate;

    if (ngx_http_webhook_providers_check_sharing(cf, first, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    for (gate = first->next; gate; gate = gate->next) {

        if (ngx_http_webhook_providers_in_body(gate->provider)) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%V\" must be the first in \"webhook %V\" in "
                          "%V:%ui, it has its credential in the body, so no "
                          "header tells its messages",
                          &gate->provider->name, &conf->names, &conf->file,
                          conf->line);
            return NGX_ERROR;
        }

        ngx_http_webhook_providers_check_order(cf, gate, conf);
    }

    return NGX_OK;
}


/* Whether the body alone has what tells that a request is for it. */

static ngx_uint_t
ngx_http_webhook_providers_in_body(ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_source_t  **source;

    source = provider->credentials;

    if (*source == NULL) {
        return 0;
    }

    for ( /* void */ ; *source; source++) {
        if (!ngx_http_webhook_source_in_body(*source)) {
            return 0;
        }
    }

    return 1;
}


/*
 * A secret without "for=" is one of all providers.  Where these differ, a
 * token that one of them sends in the clear would sign for another, and what
 * is signed for one, a time and a body, would be the body for another, which
 * asks for no time.
 */

static ngx_int_t
ngx_http_webhook_providers_check_sharing(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *first, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                  i;
    ngx_http_webhook_secret_t  *secret;

    if (conf->secrets == NULL || ngx_http_webhook_providers_may_share(first)) {
        return NGX_OK;
    }

    secret = conf->secrets->elts;

    for (i = 0; i < conf->secrets->nelts; i++) {

        if (secret[i].for_name.len) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "secret %ui of \"webhook %V\" in %V:%ui needs "
                      "\"for=NAME\" with one of these, they do not verify in "
                      "the same way and must not share a secret", i + 1,
                      &conf->names, &secret[i].conf_file, secret[i].line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_webhook_providers_may_share(ngx_http_webhook_gate_t *gate)
{
    ngx_http_webhook_kind_e  kind, first;

    first = NGX_HTTP_WEBHOOK_NOTHING;

    for ( /* void */ ; gate; gate = gate->next) {

        kind = ngx_http_webhook_providers_kind(gate->provider);

        if (kind == NGX_HTTP_WEBHOOK_NOTHING) {
            continue;
        }

        if (first == NGX_HTTP_WEBHOOK_NOTHING) {
            first = kind;
            continue;
        }

        if (kind != first || kind == NGX_HTTP_WEBHOOK_OTHERS) {
            return 0;
        }
    }

    return 1;
}


static ngx_http_webhook_kind_e
ngx_http_webhook_providers_kind(ngx_http_webhook_provider_t *provider)
{
    if (provider->signatures.nelts == 0) {
        return provider->tokens.nelts ? NGX_HTTP_WEBHOOK_TOKENS
                                      : NGX_HTTP_WEBHOOK_NOTHING;
    }

    if (provider->tokens.nelts
        || provider->prefix
        || provider->http_message
        || provider->jwt
        || provider->detached
        || provider->timestamp
        || provider->oracle
        || (provider->body.kind != NGX_HTTP_WEBHOOK_BODY_RAW
            && !(provider->body.flags & NGX_HTTP_WEBHOOK_BODY_DOCUMENT))
        || (provider->uses >> NGX_HTTP_WEBHOOK_HMACS))
    {
        return NGX_HTTP_WEBHOOK_OTHERS;
    }

    return NGX_HTTP_WEBHOOK_BODIES;
}


/* Warns of a provider all of whose credentials another one takes first. */

static void
ngx_http_webhook_providers_check_order(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_http_webhook_gate_t     *before;
    ngx_http_webhook_source_t  **source;

    source = gate->provider->credentials;

    do {
        before = ngx_http_webhook_providers_before(gate, *source);

        if (before == NULL) {
            return;
        }

    } while (*source && *++source);

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "no message will be taken for one of \"%V\" in "
                  "\"webhook %V\" in %V:%ui, \"%V\" comes before and has its "
                  "credential in the same place", &gate->provider->name,
                  &conf->names, &conf->file, conf->line,
                  &before->provider->name);
}


/* The gate ahead of this one that the source speaks for as well, or NULL. */

static ngx_http_webhook_gate_t *
ngx_http_webhook_providers_before(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_source_t *source)
{
    ngx_http_webhook_gate_t     *before;
    ngx_http_webhook_source_t  **other;

    for (before = gate->first; before != gate; before = before->next) {

        other = before->provider->credentials;

        /* without a source it is a certificate */

        if (source == NULL && *other == NULL) {
            return before;
        }

        for ( /* void */ ; source && *other; other++) {
            if (ngx_http_webhook_providers_covers(before->provider, *other,
                                                  gate->provider, source))
            {
                return before;
            }
        }
    }

    return NULL;
}


/* Whether a request that fills the second source fills the first one, too. */

static ngx_uint_t
ngx_http_webhook_providers_covers(ngx_http_webhook_provider_t *provider1,
    ngx_http_webhook_source_t *source1, ngx_http_webhook_provider_t *provider2,
    ngx_http_webhook_source_t *source2)
{
    ngx_str_t  *header1, *header2;

    header1 = ngx_http_webhook_providers_header(provider1, source1);
    header2 = ngx_http_webhook_providers_header(provider2, source2);

    if (source1->type == NGX_HTTP_WEBHOOK_HEADER) {
        return header2 && ngx_http_webhook_str_same(header1, header2);
    }

    return source1->type == source2->type
           && ngx_http_webhook_str_equal(&source1->name, &source2->name);
}


static ngx_str_t *
ngx_http_webhook_providers_header(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source)
{
    ngx_http_webhook_header_t  *headers;

    headers = provider->headers.elts;

    switch (source->type) {

    case NGX_HTTP_WEBHOOK_HEADER:
    case NGX_HTTP_WEBHOOK_COOKIE:
    case NGX_HTTP_WEBHOOK_BEARER:
    case NGX_HTTP_WEBHOOK_BASIC:
        return &headers[source->index].name;

    default:
        return NULL;
    }
}


/* Secrets that must differ, of whichever of the providers they are. */

ngx_int_t
ngx_http_webhook_providers_check_keys(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                   i;
    ngx_http_webhook_keyslot_t  *keyslot, *other;

    if (gate->challenge) {

        other = ngx_http_webhook_key_conflict(gate->challenge,
                                              gate->challenge->key);
        if (other) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"webhook_challenge_secret\" of \"webhook %V\" in "
                          "%V:%ui is also a \"webhook_secret\", give it a "
                          "value of its own", &other->provider->name,
                          &gate->challenge->secret->conf_file,
                          gate->challenge->secret->line);
            return NGX_ERROR;
        }
    }

    if (ngx_http_webhook_providers_check_pubkeys(cf, gate, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < gate->nkeys; i++) {

        keyslot = &gate->keyslots[i];
        other = ngx_http_webhook_key_conflict(keyslot, keyslot->key);

        if (other) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"webhook_secret\" in %V:%ui is the same as that "
                          "in %V:%ui, but one of \"%V\" must not be one of "
                          "\"%V\", give each a value of its own",
                          &keyslot->secret->conf_file, keyslot->secret->line,
                          &other->secret->conf_file, other->secret->line,
                          &keyslot->provider->name, &other->provider->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Anybody can have a signature tried with each of them, and that is expensive.
 * Of all files with keys by their id one key is tried.
 */

static ngx_int_t
ngx_http_webhook_providers_check_pubkeys(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                   i, n, sets;
    ngx_http_webhook_keyslot_t  *keyslot;

    n = 0;
    sets = 0;

    for (i = 0; i < gate->nkeys; i++) {

        keyslot = &gate->keyslots[i];

        if (keyslot->key == NULL || keyslot->for_name.len) {
            continue;
        }

        if (keyslot->key->set) {
            sets = 1;

        } else if (keyslot->key->uses & ~NGX_HTTP_WEBHOOK_HMAC_USES) {
            n++;
        }
    }

    if (n + sets <= NGX_HTTP_WEBHOOK_PUBKEYS_TRIED) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"webhook %V\" in %V:%ui has %ui public keys without an "
                  "id%s, at most %d are tried, remove those that the sender "
                  "does not use any more", &gate->provider->name, &conf->file,
                  conf->line, n, sets ? " beside those with one" : "",
                  NGX_HTTP_WEBHOOK_PUBKEYS_TRIED);

    return NGX_ERROR;
}


/*
 * What a challenge signs for anybody in one location counts in no other, and
 * what is a public key in one is no secret in another.
 */

ngx_int_t
ngx_http_webhook_providers_check_oracles(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf)
{
    ngx_uint_t                        i, k;
    ngx_http_webhook_gate_t          *gate;
    ngx_http_webhook_keyslot_t       *keyslot, *other;
    ngx_http_webhook_stats_entry_t  **entry;

    entry = wmcf->stats_entries.elts;

    for (i = 0; i < wmcf->stats_entries.nelts; i++) {

        gate = entry[i]->gate;

        if (gate->challenge == NULL
            && gate->provider->oracle == NULL
            && !(gate->provider->uses >> NGX_HTTP_WEBHOOK_HMACS))
        {
            continue;
        }

        for (k = 0; k <= gate->nkeys; k++) {

            keyslot = ngx_http_webhook_gate_keyslot(gate, k);
            if (keyslot == NULL) {
                continue;
            }

            other = ngx_http_webhook_key_oracle(wmcf, keyslot, keyslot->key);

            if (other) {
                ngx_http_webhook_providers_same_key(cf, keyslot, other);
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static void
ngx_http_webhook_providers_same_key(ngx_conf_t *cf,
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_keyslot_t *other)
{
    ngx_uint_t  public;

    public = ngx_http_webhook_keys_public(keyslot, keyslot->key, other);

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "secrets of \"webhook %V\" in %V:%ui and of \"webhook %V\" "
                  "in %V:%ui are the same, but %s, give each a value of its "
                  "own",
                  &keyslot->gate->provider->name,
                  &keyslot->secret->conf_file, keyslot->secret->line,
                  &other->gate->provider->name,
                  &other->secret->conf_file, other->secret->line,
                  public ? "to one of them it is a public key, which everybody "
                           "may know"
                         : "one of them answers challenges, so anybody could "
                           "have a message signed for the other");
}


/*
 * Who signs for two providers with one secret is one sender to replay
 * protection: a message of the one could be sent again as one of the other.
 */

void
ngx_http_webhook_providers_senders(ngx_http_webhook_gate_t *first)
{
    ngx_http_webhook_gate_t  *gate, *other, *g, *sender;

    for (gate = first; gate; gate = gate->next) {

        gate->sender = gate;

        for (other = first; other != gate; other = other->next) {

            if (!ngx_http_webhook_providers_common(gate, other)) {
                continue;
            }

            sender = gate->sender;

            for (g = first; g != gate->next; g = g->next) {
                if (g->sender == sender) {
                    g->sender = other->sender;
                }
            }
        }
    }
}


/* Whether both verify signatures with the same secret. */

static ngx_uint_t
ngx_http_webhook_providers_common(ngx_http_webhook_gate_t *one,
    ngx_http_webhook_gate_t *two)
{
    ngx_uint_t                   i, k;
    ngx_http_webhook_keyslot_t  *keyslot, *other;

    if (one->provider->signatures.nelts == 0
        || two->provider->signatures.nelts == 0)
    {
        return 0;
    }

    for (i = 0; i < one->nkeys; i++) {

        keyslot = &one->keyslots[i];

        for (k = 0; k < two->nkeys; k++) {

            other = &two->keyslots[k];

            if (keyslot->for_name.len == 0
                && other->for_name.len == 0
                && ngx_http_webhook_keys_same(keyslot, keyslot->key, other))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* Whether some location may still have to give a secret. */

ngx_uint_t
ngx_http_webhook_providers_complete(ngx_http_webhook_gate_t *gate)
{
    for ( /* void */ ; gate; gate = gate->next) {
        if (gate->incomplete) {
            return 0;
        }
    }

    return 1;
}
