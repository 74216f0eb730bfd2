
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What can be told of a provider only when all its rules have been read.
 */


#include "ngx_http_webhook_conf.h"


/* A row has what is wrong, or sets something and says itself what is. */

typedef struct {
    ngx_http_webhook_wrong_t   *wrong;
    ngx_http_webhook_finish_t  *finish;
} ngx_http_webhook_finish_row_t;


static ngx_http_webhook_wrong_t  ngx_http_webhook_provider_incomplete;
static ngx_http_webhook_finish_t  ngx_http_webhook_provider_defaults;
static ngx_http_webhook_finish_t  ngx_http_webhook_provider_fields;
static ngx_http_webhook_finish_t  ngx_http_webhook_provider_oracle;
static ngx_http_webhook_finish_t  ngx_http_webhook_provider_credentials;
static ngx_http_webhook_finish_t  ngx_http_webhook_provider_body;
static ngx_http_webhook_wrong_t  ngx_http_webhook_provider_places;
static ngx_http_webhook_wrong_t  ngx_http_webhook_provider_effects;
static char *ngx_http_webhook_provider_field(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);


/* In this order: each needs what the ones before have found. */

static ngx_http_webhook_finish_row_t  ngx_http_webhook_finish_rows[] = {
    { ngx_http_webhook_provider_incomplete, NULL },
    { ngx_http_webhook_http_message_wrong, NULL },
    { ngx_http_webhook_claims_wrong, NULL },
    { NULL, ngx_http_webhook_body_with_pelorus },
    { NULL, ngx_http_webhook_provider_defaults },
    { NULL, ngx_http_webhook_http_message_window },
    { NULL, ngx_http_webhook_provider_fields },
    { NULL, ngx_http_webhook_provider_oracle },
    { NULL, ngx_http_webhook_provider_message },
    { NULL, ngx_http_webhook_rule_replay_check },
    { NULL, ngx_http_webhook_provider_credentials },
    { NULL, ngx_http_webhook_provider_body },
    { ngx_http_webhook_provider_places, NULL },
    { ngx_http_webhook_challenges_wrong, NULL },
    { ngx_http_webhook_provider_effects, NULL },
    { NULL, NULL }
};


char *
ngx_http_webhook_provider_finish(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    char                           *what;
    ngx_http_webhook_finish_row_t  *row;

    for (row = ngx_http_webhook_finish_rows;
         row->wrong || row->finish;
         row++)
    {
        if (row->finish) {

            if (row->finish(cf, provider) != NGX_CONF_OK) {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        what = row->wrong(provider);

        if (what) {
            return ngx_http_webhook_error(cf, "webhook_provider \"%V\" %s",
                                          &provider->name, what);
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_provider_defaults(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_claims_finish(provider);

    if (provider->methods == 0) {
        provider->methods = NGX_HTTP_POST;
        ngx_str_set(&provider->allow, "POST");
    }

    return NGX_CONF_OK;
}


/* Rules that are missing, or without what they are for. */

static char *
ngx_http_webhook_provider_incomplete(ngx_http_webhook_provider_t *provider)
{
    if (provider->tokens.nelts == 0
        && provider->signatures.nelts == 0
        && provider->certificates == NULL)
    {
        return "verifies nothing, it needs a \"signature\", \"token\" or "
               "\"client_certificate\" rule";
    }

    if (provider->signatures.nelts) {
        return NULL;
    }

    if (provider->message.data) {
        return "has a \"message\" but no \"signature\" rule, which is what it "
               "is for, add one or leave it out";
    }

    if (provider->body.keyword.len) {
        return "has a \"body\" but no \"signature\" rule, which is what it is "
               "for, add one or leave it out";
    }

    return NULL;
}


/* A body that is not what the message has, or what the credentials need. */

static char *
ngx_http_webhook_provider_body(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                in_body;
    ngx_http_webhook_body_t  *body;

    body = &provider->body;
    in_body = provider->needs_body;

    if ((body->flags & NGX_HTTP_WEBHOOK_BODY_DIGEST)
        && !ngx_http_webhook_message_has(provider, &body->source))
    {
        return ngx_http_webhook_error(cf,
                           "\"body sha256:\" in webhook_provider \"%V\" "
                           "needs a \"message\" that has this digest, for "
                           "nothing else there says what the body is",
                           &provider->name);
    }

    if (body->flags & NGX_HTTP_WEBHOOK_BODY_TOKEN) {
        in_body &= NGX_HTTP_WEBHOOK_NEEDS_BODY_TOKEN;
    }

    if (in_body
        && body->kind != NGX_HTTP_WEBHOOK_BODY_RAW
        && !(body->flags & NGX_HTTP_WEBHOOK_BODY_UNSIGNED))
    {
        return ngx_http_webhook_error(cf,
                           "\"body %V\" in webhook_provider \"%V\" does not "
                           "go with credentials in the body, nor with values "
                           "of the body in the \"message\"",
                           &body->keyword, &provider->name);
    }

    return NGX_CONF_OK;
}


/* A challenge that signs what a stranger says must not sign all of a token. */

static char *
ngx_http_webhook_provider_oracle(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                     i, jose;
    ngx_http_webhook_challenge_t  *challenge;

    challenge = provider->challenges.elts;

    for (i = 0; i < provider->challenges.nelts; i++) {
        if (challenge[i].hmac
            && challenge[i].use_signing_key
            && !challenge[i].after_verify)
        {
            provider->oracle = &challenge[i];
        }
    }

    jose = provider->jwt || provider->detached;

    if (provider->oracle == NULL || !(jose || provider->http_message)) {
        return NGX_CONF_OK;
    }

    return ngx_http_webhook_error(cf,
                       "a \"challenge\" with \"key=signing\" in "
                       "webhook_provider \"%V\" would sign %s for anybody, "
                       "leave that out or add \"after=verify\"",
                       &provider->name, jose ? "tokens" : "messages");
}


/* Where the signature and the id of its key are. */

static char *
ngx_http_webhook_provider_places(ngx_http_webhook_provider_t *provider)
{
    if ((provider->needs_body & NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE)
        && !(provider->body.flags & (NGX_HTTP_WEBHOOK_BODY_UNSIGNED
                                     |NGX_HTTP_WEBHOOK_BODY_TOKEN)))
    {
        return "has a \"signature\" in the body that it signs, say \"body "
               "none\" and in \"message\" what is signed";
    }

    if (provider->key_id
        && ngx_http_webhook_source_in_body(provider->key_id)
        && !(provider->needs_body & NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE))
    {
        return "has its \"key_id\" in the body, and its \"signature\" "
               "elsewhere";
    }

    return NULL;
}


/* Where the credentials are, and whether that is in the body. */

static char *
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
        return NGX_CONF_ERROR;
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

    return NGX_CONF_OK;
}


/* Rules and options that the others leave without effect. */

static char *
ngx_http_webhook_provider_effects(ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_window_t  *own, *window;

    window = &provider->window;

    if (provider->replay
        && provider->replay->body
        && (provider->bearer
            || (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_LOOSE)))
    {
        return "has \"key=body\" in \"replay\" beside a \"body\" that "
               "anybody can change, which has no effect";
    }

    if (provider->query && !provider->in_query) {
        return "has a \"query\" without a source in the query, which has no "
               "effect";
    }

    if (provider->body.kind == NGX_HTTP_WEBHOOK_BODY_FORM_SORTED
        && (provider->json || provider->requires || provider->pointers.nelts))
    {
        return "has a rule for JSON beside \"body form-sorted\", which has no "
               "effect";
    }

    if (provider->timestamp == NULL) {
        return window->past == NGX_CONF_UNSET
               ? NULL : "has a \"window\" without a \"timestamp\", which has "
                        "no effect";
    }

    own = &provider->timestamp->window;

    if ((window->past != NGX_CONF_UNSET && own->past != NGX_CONF_UNSET)
        || (window->future != NGX_CONF_UNSET && own->future != NGX_CONF_UNSET))
    {
        return "has an option of \"timestamp\" that \"window\" has, too, "
               "which has no effect";
    }

    return NULL;
}


static char *
ngx_http_webhook_provider_fields(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    if ((provider->timestamp
         && ngx_http_webhook_provider_field(cf, provider,
                                            &provider->timestamp->source)
            != NGX_CONF_OK)
        || ngx_http_webhook_provider_field(cf, provider, provider->id)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_provider_field(cf, provider, provider->event);
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

    return ngx_http_webhook_error(cf,
                       "\"field:%V\" in webhook_provider \"%V\" needs a "
                       "\"signature header:NAME\" rule with \"list=\" or "
                       "\"field=\"", &source->name, &provider->name);
}
