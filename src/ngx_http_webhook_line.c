
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A line of several providers: what they may share, and which one a request
 * is for.
 */


#include "ngx_http_webhook_conf.h"
#include "ngx_http_webhook_request.h"


/* What a provider verifies with a secret. */

typedef enum {
    NGX_HTTP_WEBHOOK_NOTHING = 0,           /* it has none */
    NGX_HTTP_WEBHOOK_TOKENS,
    NGX_HTTP_WEBHOOK_BODIES,                /* HMACs of nothing but these */
    NGX_HTTP_WEBHOOK_OTHERS
} ngx_http_webhook_kind_e;


typedef ngx_int_t (*ngx_http_webhook_present_pt)(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);


static ngx_uint_t ngx_http_webhook_line_inside(
    ngx_http_webhook_provider_t *provider);
static ngx_int_t ngx_http_webhook_line_check_sharing(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *first, ngx_http_webhook_loc_conf_t *conf);
static ngx_uint_t ngx_http_webhook_line_may_share(
    ngx_http_webhook_gate_t *gate);
static ngx_http_webhook_kind_e ngx_http_webhook_line_kind(
    ngx_http_webhook_provider_t *provider);
static void ngx_http_webhook_line_check_order(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
static ngx_http_webhook_gate_t *ngx_http_webhook_line_before(
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_source_t *source);
static ngx_uint_t ngx_http_webhook_line_covers(
    ngx_http_webhook_provider_t *provider1, ngx_http_webhook_source_t *source1,
    ngx_http_webhook_provider_t *provider2,
    ngx_http_webhook_source_t *source2);
static ngx_str_t *ngx_http_webhook_line_header(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);
static ngx_http_webhook_source_t *ngx_http_webhook_line_source(
    ngx_http_webhook_provider_t *provider, ngx_uint_t i);

static ngx_uint_t ngx_http_webhook_line_common(ngx_http_webhook_gate_t *one,
    ngx_http_webhook_gate_t *two);

static ngx_int_t ngx_http_webhook_line_credential(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static ngx_int_t ngx_http_webhook_line_certificate(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_line_challenge(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);


/* What tells that a request is for a provider, what goes first is first. */

static ngx_http_webhook_present_pt  ngx_http_webhook_line_present[] = {
    ngx_http_webhook_line_credential,
    ngx_http_webhook_line_challenge,
    NULL
};


/* The providers are known: do they go together? */

ngx_int_t
ngx_http_webhook_line_check(ngx_conf_t *cf, ngx_http_webhook_gate_t *first,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_http_webhook_gate_t  *gate;

    if (ngx_http_webhook_line_check_sharing(cf, first, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    for (gate = first->next; gate; gate = gate->next) {

        if (ngx_http_webhook_line_inside(gate->provider)) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%V\" must be the first in \"webhook %V\" in "
                          "%V:%ui, it has its credential in the body, so no "
                          "header tells its messages",
                          &gate->provider->name, &conf->names, &conf->file,
                          conf->line);
            return NGX_ERROR;
        }

        ngx_http_webhook_line_check_order(cf, gate, conf);
    }

    return NGX_OK;
}


/* Whether the body alone has what tells that a request is for it. */

static ngx_uint_t
ngx_http_webhook_line_inside(ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                  i;
    ngx_http_webhook_source_t  *source;

    source = ngx_http_webhook_line_source(provider, 0);

    if (source == NULL) {
        return 0;
    }

    for (i = 1; source; i++) {

        if (!ngx_http_webhook_source_in_body(source)) {
            return 0;
        }

        source = ngx_http_webhook_line_source(provider, i);
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
ngx_http_webhook_line_check_sharing(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *first, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                  i;
    ngx_http_webhook_secret_t  *secret;

    if (conf->secrets == NULL || ngx_http_webhook_line_may_share(first)) {
        return NGX_OK;
    }

    secret = conf->secrets->elts;

    for (i = 0; i < conf->secrets->nelts; i++) {

        if (secret[i].rule.len) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "secret %ui of \"webhook %V\" in %V:%ui needs "
                      "\"for=NAME\" with one of these, they do not verify in "
                      "the same way and must not share a secret", i + 1,
                      &conf->names, &conf->file, conf->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_webhook_line_may_share(ngx_http_webhook_gate_t *gate)
{
    ngx_http_webhook_kind_e  kind, first;

    first = NGX_HTTP_WEBHOOK_NOTHING;

    for ( /* void */ ; gate; gate = gate->next) {

        kind = ngx_http_webhook_line_kind(gate->provider);

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
ngx_http_webhook_line_kind(ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                     i;
    ngx_http_webhook_signature_t  *signature;

    if (provider->signatures.nelts == 0) {
        return provider->tokens.nelts ? NGX_HTTP_WEBHOOK_TOKENS
                                      : NGX_HTTP_WEBHOOK_NOTHING;
    }

    if (provider->tokens.nelts
        || provider->prefix
        || provider->timestamp
        || provider->pelorus
        || provider->oracle
        || (provider->body && !provider->body->document)
        || (provider->uses >> NGX_HTTP_WEBHOOK_HMACS))
    {
        return NGX_HTTP_WEBHOOK_OTHERS;
    }

    signature = provider->signatures.elts;

    for (i = 0; i < provider->signatures.nelts; i++) {
        if (signature[i].jwt) {
            return NGX_HTTP_WEBHOOK_OTHERS;
        }
    }

    return NGX_HTTP_WEBHOOK_BODIES;
}


/* Warns of a provider all of whose credentials another one takes first. */

static void
ngx_http_webhook_line_check_order(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                i;
    ngx_http_webhook_gate_t  *before;

    i = 0;

    do {
        before = ngx_http_webhook_line_before(gate,
                         ngx_http_webhook_line_source(gate->provider, i++));
        if (before == NULL) {
            return;
        }

    } while (ngx_http_webhook_line_source(gate->provider, i));

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "no message will be taken for one of \"%V\" in "
                  "\"webhook %V\" in %V:%ui, \"%V\" comes before and has its "
                  "credential in the same place", &gate->provider->name,
                  &conf->names, &conf->file, conf->line,
                  &before->provider->name);
}


/* The gate ahead of this one that the source speaks for as well, or NULL. */

static ngx_http_webhook_gate_t *
ngx_http_webhook_line_before(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_source_t *source)
{
    ngx_uint_t                  i;
    ngx_http_webhook_gate_t    *before;
    ngx_http_webhook_source_t  *other;

    for (before = gate->first; before != gate; before = before->next) {

        other = ngx_http_webhook_line_source(before->provider, 0);

        /* without a source it is a certificate */

        if (source == NULL && other == NULL) {
            return before;
        }

        for (i = 1; source && other; i++) {

            if (ngx_http_webhook_line_covers(before->provider, other,
                                             gate->provider, source))
            {
                return before;
            }

            other = ngx_http_webhook_line_source(before->provider, i);
        }
    }

    return NULL;
}


/* Whether a request that fills the second source fills the first one, too. */

static ngx_uint_t
ngx_http_webhook_line_covers(ngx_http_webhook_provider_t *provider1,
    ngx_http_webhook_source_t *source1, ngx_http_webhook_provider_t *provider2,
    ngx_http_webhook_source_t *source2)
{
    ngx_str_t  *header1, *header2;

    header1 = ngx_http_webhook_line_header(provider1, source1);
    header2 = ngx_http_webhook_line_header(provider2, source2);

    if (source1->type == NGX_HTTP_WEBHOOK_HEADER) {
        return header2
               && header1->len == header2->len
               && ngx_strncasecmp(header1->data, header2->data, header1->len)
                  == 0;
    }

    return source1->type == source2->type
           && ngx_http_webhook_str_equal(&source1->name, &source2->name);
}


static ngx_str_t *
ngx_http_webhook_line_header(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source)
{
    ngx_http_webhook_header_t  *headers;

    headers = provider->headers.elts;

    switch (source->type) {

    case NGX_HTTP_WEBHOOK_HEADER:
    case NGX_HTTP_WEBHOOK_COOKIE:
    case NGX_HTTP_WEBHOOK_BEARER:
    case NGX_HTTP_WEBHOOK_BASIC:
        return &headers[source->header].name;

    default:
        return NULL;
    }
}


/* The credentials of a provider, one by one, then NULL. */

static ngx_http_webhook_source_t *
ngx_http_webhook_line_source(ngx_http_webhook_provider_t *provider,
    ngx_uint_t i)
{
    ngx_http_webhook_token_t      *token;
    ngx_http_webhook_signature_t  *signature;

    if (i < provider->signatures.nelts) {
        signature = provider->signatures.elts;
        return &signature[i].source;
    }

    i -= provider->signatures.nelts;

    if (i < provider->tokens.nelts) {
        token = provider->tokens.elts;
        return &token[i].source;
    }

    return NULL;
}


/* Secrets that must differ, wherever in the line they are. */

ngx_int_t
ngx_http_webhook_line_check_keys(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                 i;
    ngx_http_webhook_place_t  *place, *other;

    if (gate->challenge) {

        other = ngx_http_webhook_key_shared(gate->challenge,
                                            gate->challenge->key);
        if (other) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"webhook_challenge_secret\" of \"webhook %V\" in "
                          "%V:%ui is also a \"webhook_secret\", give it a "
                          "value of its own", &other->provider->name,
                          &conf->file, conf->line);
            return NGX_ERROR;
        }
    }

    for (i = 0; i < gate->nkeys; i++) {

        place = &gate->places[i];
        other = ngx_http_webhook_key_shared(place, place->key);

        if (other) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "secrets %ui and %ui of \"webhook %V\" in %V:%ui "
                          "are the same, but one of \"%V\" must not be one "
                          "of \"%V\"", place->number, other->number,
                          &conf->names, &conf->file, conf->line,
                          &place->provider->name, &other->provider->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Who signs for two providers with one secret is one sender to replay
 * protection: a message of the one could be sent again as one of the other.
 */

void
ngx_http_webhook_line_senders(ngx_http_webhook_gate_t *first)
{
    ngx_http_webhook_gate_t  *gate, *other, *g, *sender;

    for (gate = first; gate; gate = gate->next) {

        gate->sender = gate;

        for (other = first; other != gate; other = other->next) {

            if (!ngx_http_webhook_line_common(gate, other)) {
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
ngx_http_webhook_line_common(ngx_http_webhook_gate_t *one,
    ngx_http_webhook_gate_t *two)
{
    ngx_uint_t                 i, k;
    ngx_http_webhook_place_t  *place, *other;

    if (one->provider->signatures.nelts == 0
        || two->provider->signatures.nelts == 0)
    {
        return 0;
    }

    for (i = 0; i < one->nkeys; i++) {

        place = &one->places[i];

        for (k = 0; k < two->nkeys; k++) {

            other = &two->places[k];

            if (place->rule.len == 0
                && other->rule.len == 0
                && (place->secret == other->secret
                    || (place->key
                        && other->key
                        && wh_secret_equal(place->key->digest,
                                           other->key->digest,
                                           WH_TOKEN_DIGEST_SIZE))))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* Whether some location may still have to give a secret. */

ngx_uint_t
ngx_http_webhook_line_complete(ngx_http_webhook_gate_t *gate)
{
    for ( /* void */ ; gate; gate = gate->next) {
        if (gate->incomplete) {
            return 0;
        }
    }

    return 1;
}


/*
 * Turns the state of a request from the first gate of a line to the one that
 * it is for: that gate's verdict counts and no other's.
 */

ngx_int_t
ngx_http_webhook_line_choose(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_http_webhook_gate_t  *first, *gate;

    first = ctx->gate;

    for (i = 0; ngx_http_webhook_line_present[i]; i++) {

        for (gate = first; gate; gate = gate->next) {

            if (gate != ctx->gate
                && ngx_http_webhook_ctx_gate(r, ctx, gate) != NGX_OK)
            {
                return NGX_ERROR;
            }

            rc = ngx_http_webhook_line_present[i](r, ctx);

            if (rc != NGX_DECLINED) {
                return rc;
            }
        }
    }

    return ngx_http_webhook_ctx_gate(r, ctx, first);
}


static ngx_int_t
ngx_http_webhook_line_credential(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                   value;
    ngx_uint_t                  i;
    ngx_http_webhook_source_t  *source;

    source = ngx_http_webhook_line_source(ctx->gate->provider, 0);

    if (source == NULL) {
        return ngx_http_webhook_line_certificate(r);
    }

    for (i = 1; source; i++) {

        switch (ngx_http_webhook_source_value(r, ctx, source, &value)) {

        case WH_ABSENT:
            break;

        case WH_ERROR:
            return NGX_ERROR;

        default: /* it need not be a good one */
            return NGX_OK;
        }

        source = ngx_http_webhook_line_source(ctx->gate->provider, i);
    }

    return NGX_DECLINED;
}


/* A client certificate, be it verified or not. */

static ngx_int_t
ngx_http_webhook_line_certificate(ngx_http_request_t *r)
{
    X509  *cert;

    if (r->connection->ssl == NULL) {
        return NGX_DECLINED;
    }

    cert = SSL_get_peer_certificate(r->connection->ssl->connection);
    if (cert == NULL) {
        return NGX_DECLINED;
    }

    X509_free(cert);

    return NGX_OK;
}


/* A challenge that needs no credential, be it answered or refused. */

static ngx_int_t
ngx_http_webhook_line_challenge(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_reason_e  reason;

    if (ctx->gate->provider->challenges.nelts == 0) {
        return NGX_DECLINED;
    }

    reason = ngx_http_webhook_challenge_find(r, ctx, 0);

    /* it may be a key of this gate */

    ngx_http_webhook_key_release(ctx->challenge_key);
    ctx->challenge_key = NULL;

    return (reason != NGX_HTTP_WEBHOOK_PASSED || ctx->challenge)
           ? NGX_OK : NGX_DECLINED;
}
