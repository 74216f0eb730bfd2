
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: HTTP Message Signatures (RFC 9421).
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_content_digest.h"
#include "core/wh_str.h"
#include "core/wh_time.h"


#define NGX_HTTP_WEBHOOK_CREATED_PAST    300    /* seconds, unless told */
#define NGX_HTTP_WEBHOOK_CREATED_FUTURE  60

#define NGX_HTTP_WEBHOOK_PUBKEY_SCHEMES                                       \
    (1 << WH_ED25519 | 1 << WH_ECDSA_P256_SHA256 | 1 << WH_ECDSA_P384_SHA384  \
     | 1 << WH_RSA_SHA256 | 1 << WH_RSA_PSS_SHA512)


/* The options of the rule. */

typedef struct {
    ngx_http_webhook_http_message_t  rule;
    ngx_uint_t     encoding;
    ngx_uint_t     key;
    ngx_str_t      label;
    ngx_str_t      tag;
    ngx_str_t      covers;
} ngx_http_webhook_http_message_words_t;


static char *ngx_http_webhook_http_message_set(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_signature_t *signature,
    ngx_http_webhook_http_message_words_t *conf);
static char *ngx_http_webhook_http_message_covers(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_http_message_t *rule, ngx_str_t *text);


#define ngx_http_webhook_http_algorithm(name, scheme)                         \
    { ngx_string(name), 1 << scheme },


static ngx_http_webhook_keyword_t  ngx_http_webhook_http_algorithms[] = {
    wh_signature_alg_rows(ngx_http_webhook_http_algorithm)
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_http_requires[] = {
    { ngx_string("created"), NGX_HTTP_WEBHOOK_REQUIRES_CREATED },
    { ngx_string("expires"), NGX_HTTP_WEBHOOK_REQUIRES_EXPIRES },
    { ngx_string("keyid"), NGX_HTTP_WEBHOOK_REQUIRES_KEYID },
    { ngx_string("nonce"), NGX_HTTP_WEBHOOK_REQUIRES_NONCE },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_http_encodings[] = {
    { ngx_string("base64"), WH_BASE64 },
    { ngx_string("base64url"), WH_BASE64URL },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_http_uris[] = {
    { ngx_string("normalized"), 1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_option_t  ngx_http_webhook_http_message_options[] = {

    { ngx_string("covers=NAME,..."), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_http_message_words_t, covers), NULL, 0, 0 },

    { ngx_string("label=TEXT"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_http_message_words_t, label), NULL, 0, 0 },

    { ngx_string("tag=TEXT"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_http_message_words_t, tag), NULL, 0, 0 },

    { ngx_string("algorithm=NAME,..."), ngx_http_webhook_option_bits,
      offsetof(ngx_http_webhook_http_message_words_t, rule.schemes),
      ngx_http_webhook_http_algorithms, 0, 0 },

    { ngx_string("requires=NAME,..."), ngx_http_webhook_option_bits,
      offsetof(ngx_http_webhook_http_message_words_t, rule.requires),
      ngx_http_webhook_http_requires, 0, 0 },

    { ngx_string("lifetime=TIME"), ngx_http_webhook_option_period,
      offsetof(ngx_http_webhook_http_message_words_t, rule.lifetime), NULL,
      0, 0 },

    { ngx_string("encoding=NAME"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_http_message_words_t, encoding),
      ngx_http_webhook_http_encodings, 0, 0 },

    { ngx_string("uri=NAME"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_http_message_words_t, rule.normalize),
      ngx_http_webhook_http_uris, 0, 0 },

    { ngx_string("key=ENCODING"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_http_message_words_t, key),
      ngx_http_webhook_secret_encs, 1 << WH_PUBKEY_NONE, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


char *
ngx_http_webhook_rule_http_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_uint_t                              given;
    ngx_http_webhook_signature_t           *signature;
    ngx_http_webhook_http_message_words_t   conf;

    static ngx_str_t  header = ngx_string("header:Signature");

    signature = ngx_http_webhook_add(&provider->signatures);
    if (signature == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&conf, sizeof(ngx_http_webhook_http_message_words_t));

    conf.encoding = WH_BASE64;
    conf.rule.lifetime = NGX_CONF_UNSET;
    conf.rule.line = cf->conf_file->line;

    if (ngx_http_webhook_source_word(cf, provider, &header,
                                     NGX_HTTP_WEBHOOK_SOURCES_EARLY,
                                     &signature->source)
        != NGX_CONF_OK
        || ngx_http_webhook_options(cf, ngx_http_webhook_http_message_options,
                                    words, n, &conf, &given)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf.rule.schemes == 0) {
        conf.rule.schemes = NGX_HTTP_WEBHOOK_PUBKEY_SCHEMES;
    }

    if (ngx_http_webhook_options_check(cf,
                                       ngx_http_webhook_http_message_options,
                                       given, conf.rule.schemes,
                                       "with this \"algorithm=\"")
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_http_message_set(cf, provider, signature, &conf);
}


static char *
ngx_http_webhook_http_message_set(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_signature_t *signature,
    ngx_http_webhook_http_message_words_t *conf)
{
    wh_pubkey_e                       scheme;
    ngx_http_webhook_http_message_t  *rule;

    static ngx_str_t  input = ngx_string("Signature-Input");

    rule = ngx_palloc(cf->pool, sizeof(ngx_http_webhook_http_message_t));
    if (rule == NULL) {
        return NGX_CONF_ERROR;
    }

    *rule = conf->rule;

    rule->encoding = conf->encoding;
    rule->label = ngx_http_webhook_wh_str(&conf->label);
    rule->tag = ngx_http_webhook_wh_str(&conf->tag);

    if (rule->requires == 0) {
        rule->requires = NGX_HTTP_WEBHOOK_REQUIRES_CREATED;
    }

    if (rule->lifetime != NGX_CONF_UNSET
        && (rule->requires & NGX_HTTP_WEBHOOK_REQUIRES_TIMES)
           != NGX_HTTP_WEBHOOK_REQUIRES_TIMES)
    {
        return ngx_http_webhook_error(cf,
                           "\"lifetime=\" of rule \"signature\" needs "
                           "\"requires=created,expires\"");
    }

    if (ngx_http_webhook_provider_header(cf, provider, &input, &rule->input)
        != NGX_OK
        || ngx_http_webhook_http_message_covers(cf, provider, rule,
                                                 &conf->covers)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (rule->schemes & (1 << WH_PUBKEY_NONE)) {

        if (rule->schemes != 1 << WH_PUBKEY_NONE) {
            return ngx_http_webhook_error(cf,
                               "\"algorithm=hmac-sha256\" of rule "
                               "\"signature\" goes alone, a public key must "
                               "not be taken for the key of an HMAC");
        }

        signature->digest = WH_SHA256;
        signature->key = conf->key;
        signature->use = ngx_http_webhook_use_hmac(conf->key, WH_SHA256);

        provider->uses |= 1 << signature->use;
    }

    for (scheme = WH_ED25519; scheme < WH_PUBKEY_SCHEMES; scheme++) {
        if (rule->schemes & (1 << scheme)) {
            signature->scheme = scheme;
            signature->use = ngx_http_webhook_use_pubkey(scheme);

            provider->uses |= 1 << signature->use;
        }
    }

    provider->http_message = rule;

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_http_message_covers(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_http_message_t *rule, ngx_str_t *text)
{
    ngx_str_t   *words;
    ngx_uint_t   i, k, n, index;

    if (text->len == 0) {
        return ngx_http_webhook_error(cf,
                           "\"signature http-message\" needs a "
                           "\"covers=NAME,...\", as "
                           "covers=@method,@target-uri,content-digest");
    }

    words = ngx_http_webhook_list_words(cf, text, &n);
    if (words == NULL) {
        return NGX_CONF_ERROR;
    }

    rule->ncovers = n;
    rule->covers = ngx_palloc(cf->pool, n * sizeof(wh_component_t));
    if (rule->covers == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {

        if (wh_component(ngx_http_webhook_wh_str(&words[i]), &rule->covers[i])
            != WH_OK)
        {
            return ngx_http_webhook_error(cf,
                               "invalid \"%V\" in \"covers=\" of rule "
                               "\"signature\", it is a header in lower case, "
                               "@method, @target-uri, @authority, @scheme, "
                               "@request-target, @path or @query",
                               &words[i]);
        }

        for (k = 0; k < i; k++) {
            if (ngx_http_webhook_str_equal(&words[k], &words[i])) {
                return ngx_http_webhook_error(cf,
                                   "\"%V\" is twice in rule \"signature\"",
                                   &words[i]);
            }
        }

        /* nginx drops some names */

        if (rule->covers[i].type == WH_COMPONENT_FIELD
            && ngx_http_webhook_provider_header(cf, provider, &words[i],
                                                &index)
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        rule->digest |= wh_equal(rule->covers[i].name,
                                 wh_content_digest_name);
        rule->host |= (rule->covers[i].type == WH_COMPONENT_AUTHORITY
                       || rule->covers[i].type == WH_COMPONENT_TARGET_URI);
    }

    return NGX_CONF_OK;
}


/* Rules that do not go with the signature, when all have been read. */

char *
ngx_http_webhook_http_message_wrong(ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_http_message_t  *rule;

    rule = provider->http_message;

    if (rule == NULL) {
        return provider->body.kind == NGX_HTTP_WEBHOOK_BODY_ANY
               ? "has \"body unsigned\", which goes with \"signature "
                 "http-message\", say \"body none\"" : NULL;
    }

    if (provider->signatures.nelts > 1) {
        return "has several \"signature\" rules, of which \"http-message\" "
               "must be the only one";
    }

    if (provider->message.data) {
        return "has a \"message\", but its signature says what is signed";
    }

    if (provider->key_id) {
        return "has a \"key_id\", but its signature names its key in "
               "\"keyid\"";
    }

    if (provider->timestamp) {
        return "has a \"timestamp\", but its signature has a time in "
               "\"created\", say \"window\"";
    }

    if (rule->digest) {
        return provider->body.keyword.len
               ? "has a \"body\", but its signature covers \"content-digest\""
               : NULL;
    }

    return (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_UNSIGNED)
           ? NULL : "does not cover \"content-digest\", add it to \"covers=\", "
                    "or say \"body none\" if there is no body, or \"body "
                    "unsigned\" if anybody may change it";
}


/* When it was signed; the rule "window" goes before what is said here. */

char *
ngx_http_webhook_http_message_window(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_timestamp_t  *timestamp;

    if (provider->http_message == NULL) {
        return NGX_CONF_OK;
    }

    timestamp = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_timestamp_t));
    if (timestamp == NULL) {
        return NGX_CONF_ERROR;
    }

    timestamp->source.type = NGX_HTTP_WEBHOOK_CREATED;
    timestamp->unit = WH_TIME_S;
    timestamp->line = provider->http_message->line;
    timestamp->optional = !(provider->http_message->requires
                            & NGX_HTTP_WEBHOOK_REQUIRES_CREATED);

    timestamp->window.past = (provider->window.past == NGX_CONF_UNSET)
                             ? NGX_HTTP_WEBHOOK_CREATED_PAST : NGX_CONF_UNSET;
    timestamp->window.future = (provider->window.future == NGX_CONF_UNSET)
                               ? NGX_HTTP_WEBHOOK_CREATED_FUTURE
                               : NGX_CONF_UNSET;

    provider->timestamp = timestamp;

    return NGX_CONF_OK;
}
