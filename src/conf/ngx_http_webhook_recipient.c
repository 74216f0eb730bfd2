
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Senders with one key for all their customers: what another customer is sent
 * is rightly signed, too, so something in the message must name the recipient.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_str.h"


static ngx_uint_t ngx_http_webhook_recipient_named(
    ngx_http_webhook_provider_t *provider, ngx_array_t *requires);
static ngx_uint_t ngx_http_webhook_recipient_signs(
    ngx_http_webhook_provider_t *provider, wh_str_t pointer);
static ngx_uint_t ngx_http_webhook_recipient_by_url(
    ngx_http_webhook_stats_entry_t *entry);


/* A token says nothing of the message, so there it is an error. */

ngx_uint_t
ngx_http_webhook_recipient_token(ngx_http_webhook_stats_entry_t *entry)
{
    return ngx_http_webhook_recipient_open(entry)
           && entry->gate->provider->tokens.nelts;
}


ngx_uint_t
ngx_http_webhook_recipient_open(ngx_http_webhook_stats_entry_t *entry)
{
    ngx_http_webhook_provider_t  *provider;

    provider = entry->gate->provider;

    return provider->shared_key
           && entry->clcf->locations == NULL
           && entry->gate->npinned == 0
           && !ngx_http_webhook_recipient_by_url(entry)
           && !ngx_http_webhook_recipient_named(provider,
                                                entry->wlcf->requires)
           && !ngx_http_webhook_recipient_named(provider, provider->requires);
}


static ngx_uint_t
ngx_http_webhook_recipient_named(ngx_http_webhook_provider_t *provider,
    ngx_array_t *requires)
{
    ngx_uint_t                   i;
    ngx_http_webhook_require_t  *require;

    if (requires == NULL) {
        return 0;
    }

    require = requires->elts;

    for (i = 0; i < requires->nelts; i++) {
        if (ngx_http_webhook_recipient_names(&require[i])
            && ngx_http_webhook_recipient_signs(provider,
                                                require[i].words[0]))
        {
            return 1;
        }
    }

    return 0;
}


/* What another customer could write himself names nobody. */

static ngx_uint_t
ngx_http_webhook_recipient_signs(ngx_http_webhook_provider_t *provider,
    wh_str_t pointer)
{
    ngx_uint_t                   i;
    ngx_http_webhook_segment_t  *segment;

    if (!(provider->body.flags & NGX_HTTP_WEBHOOK_BODY_WEAK)) {
        return 1;
    }

    if (provider->prefix == NULL) {
        return 0;
    }

    segment = provider->prefix->elts;

    for (i = 0; i < provider->prefix->nelts; i++) {
        if (segment[i].source
            && segment[i].source->type == NGX_HTTP_WEBHOOK_JSON
            && wh_equal(ngx_http_webhook_wh_str(&segment[i].source->name),
                        pointer))
        {
            return 1;
        }
    }

    return 0;
}


/* Whether it must have one of some values, always. */

ngx_uint_t
ngx_http_webhook_recipient_names(ngx_http_webhook_require_t *require)
{
    wh_str_t    word;
    ngx_uint_t  i, names;

    static const wh_str_t  values = wh_string("enum=");
    static const wh_str_t  when = wh_string("when=");
    static const wh_str_t  optional = wh_string("optional");

    names = 0;

    for (i = 0; i < require->n; i++) {

        word = require->words[i];

        if (wh_equal(word, optional) || wh_cut_prefix(&word, when)) {
            return 0;
        }

        names |= wh_cut_prefix(&word, values);
    }

    return names;
}


/* The sender signs to whom it sends, and that is known here. */

static ngx_uint_t
ngx_http_webhook_recipient_by_url(ngx_http_webhook_stats_entry_t *entry)
{
    ngx_http_webhook_http_message_t  *rule;

    rule = entry->gate->provider->http_message;

    return entry->wlcf->public_url.len && rule && rule->host;
}
