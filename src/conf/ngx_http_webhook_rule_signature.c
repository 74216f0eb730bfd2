
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: signatures.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_str.h"


/*
 * What an algorithm is, bits, and below them its number: of the digest of an
 * HMAC, or of a scheme of public keys.
 */

#define NGX_HTTP_WEBHOOK_ALG_HMAC        0x0100
#define NGX_HTTP_WEBHOOK_ALG_PUBKEY      0x0200
#define NGX_HTTP_WEBHOOK_ALG_ECDSA       0x0400  /* beside that of PUBKEY */
#define NGX_HTTP_WEBHOOK_ALG_JWT_HMAC    0x0800
#define NGX_HTTP_WEBHOOK_ALG_JWT_PUBKEY  0x1000
#define NGX_HTTP_WEBHOOK_ALG_JWS_HMAC    0x2000
#define NGX_HTTP_WEBHOOK_ALG_JWS_PUBKEY  0x4000
#define NGX_HTTP_WEBHOOK_ALG_NUMBER      0x00ff

#define NGX_HTTP_WEBHOOK_ALG_PLAIN                                            \
    (NGX_HTTP_WEBHOOK_ALG_HMAC|NGX_HTTP_WEBHOOK_ALG_PUBKEY)
#define NGX_HTTP_WEBHOOK_ALG_JWT                                              \
    (NGX_HTTP_WEBHOOK_ALG_JWT_HMAC|NGX_HTTP_WEBHOOK_ALG_JWT_PUBKEY)
#define NGX_HTTP_WEBHOOK_ALG_JWS                                              \
    (NGX_HTTP_WEBHOOK_ALG_JWS_HMAC|NGX_HTTP_WEBHOOK_ALG_JWS_PUBKEY)
#define NGX_HTTP_WEBHOOK_ALG_HMACS                                            \
    (NGX_HTTP_WEBHOOK_ALG_HMAC|NGX_HTTP_WEBHOOK_ALG_JWT_HMAC                  \
     |NGX_HTTP_WEBHOOK_ALG_JWS_HMAC)


#define ngx_http_webhook_hmac_row(id, name)                                   \
    { ngx_string("hmac-" name), NGX_HTTP_WEBHOOK_ALG_HMAC|id },

#define ngx_http_webhook_pubkey_row(id, name)                                 \
    { ngx_string(name), NGX_HTTP_WEBHOOK_ALG_PUBKEY|id },

#define ngx_http_webhook_jwt_row(id, name, alg)                               \
    { ngx_string("jwt-" name), NGX_HTTP_WEBHOOK_ALG_JWT_PUBKEY|id },

#define ngx_http_webhook_jws_row(id, name, alg)                               \
    { ngx_string("jws-" name), NGX_HTTP_WEBHOOK_ALG_JWS_PUBKEY|id },


/* The options of a signature. */

typedef struct {
    ngx_uint_t     algorithm;
    ngx_uint_t     encoding;
    ngx_uint_t     format;
    ngx_uint_t     key;
    ngx_uint_t     digest_encoding;
    ngx_str_t      prefix;
    ngx_str_t      field;
    ngx_str_t      issuer;
    ngx_str_t      digest;
    ngx_array_t   *parameters;      /* ngx_keyval_t, or NULL */
    u_char         separator;
    u_char         lines;           /* of headers, a list with commas */
} ngx_http_webhook_signature_words_t;


static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_signature;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_key_id;
static void ngx_http_webhook_signature_set(
    ngx_http_webhook_signature_t *signature,
    ngx_http_webhook_signature_words_t *conf);
static char *ngx_http_webhook_signature_separates(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature);
static ngx_uint_t ngx_http_webhook_signature_digit(wh_encoding_e encoding,
    u_char c);
static char *ngx_http_webhook_signature_merge(ngx_conf_t *cf,
    ngx_array_t *signatures, ngx_http_webhook_signature_t *signature);
static ngx_uint_t ngx_http_webhook_signature_same(
    ngx_http_webhook_signature_t *one, ngx_http_webhook_signature_t *two);
static ngx_http_webhook_option_handler_t  ngx_http_webhook_signature_list;
static ngx_http_webhook_option_handler_t  ngx_http_webhook_signature_parameter;
static char *ngx_http_webhook_signature_jose(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature,
    ngx_http_webhook_signature_words_t *conf);
static char *ngx_http_webhook_signature_claims(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_signature_t *signature,
    ngx_http_webhook_signature_words_t *conf);


static ngx_http_webhook_keyword_t  ngx_http_webhook_algorithms[] = {
    wh_digest_rows(ngx_http_webhook_hmac_row)
    wh_pubkey_rows(ngx_http_webhook_pubkey_row)
    { ngx_string("jwt-hs256"), NGX_HTTP_WEBHOOK_ALG_JWT_HMAC|WH_SHA256 },
    wh_pubkey_token_rows(ngx_http_webhook_jwt_row)
    { ngx_string("jws-hs256"), NGX_HTTP_WEBHOOK_ALG_JWS_HMAC|WH_SHA256 },
    wh_pubkey_token_rows(ngx_http_webhook_jws_row)
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_formats[] = {
    { ngx_string("der"), 0 },
    { ngx_string("raw"), 1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_encodings[] = {
    { ngx_string("hex"), WH_HEX },
    { ngx_string("base64"), WH_BASE64 },
    { ngx_string("base64url"), WH_BASE64URL },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_option_t  ngx_http_webhook_signature_options[] = {

    { ngx_string("algorithm=NAME"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_signature_words_t, algorithm),
      ngx_http_webhook_algorithms, 0, 0 },

    { ngx_string("encoding=NAME"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_signature_words_t, encoding),
      ngx_http_webhook_encodings,
      NGX_HTTP_WEBHOOK_ALG_PLAIN, 0 },

    { ngx_string("format=NAME"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_signature_words_t, format),
      ngx_http_webhook_formats, NGX_HTTP_WEBHOOK_ALG_ECDSA, 0 },

    { ngx_string("prefix=TEXT"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_signature_words_t, prefix), NULL,
      NGX_HTTP_WEBHOOK_ALG_PLAIN, 0 },

    { ngx_string("list=SEPARATOR"), ngx_http_webhook_signature_list,
      0, NULL,
      NGX_HTTP_WEBHOOK_ALG_PLAIN, 0 },

    { ngx_string("field=NAME"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_signature_words_t, field), NULL,
      NGX_HTTP_WEBHOOK_ALG_PLAIN, 0 },

    { ngx_string("key=ENCODING"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_signature_words_t, key),
      ngx_http_webhook_secret_encs, NGX_HTTP_WEBHOOK_ALG_HMACS, 0 },

    { ngx_string("parameter=NAME:VALUE"),
      ngx_http_webhook_signature_parameter,
      offsetof(ngx_http_webhook_signature_words_t, parameters), NULL,
      NGX_HTTP_WEBHOOK_ALG_JWT|NGX_HTTP_WEBHOOK_ALG_JWS, 1 },

    { ngx_string("issuer=TEXT"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_signature_words_t, issuer), NULL,
      NGX_HTTP_WEBHOOK_ALG_JWT, 0 },

    { ngx_string("body_digest=POINTER"), ngx_http_webhook_option_template,
      offsetof(ngx_http_webhook_signature_words_t, digest), NULL,
      NGX_HTTP_WEBHOOK_ALG_JWT, 0 },

    { ngx_string("digest=ENCODING"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_signature_words_t, digest_encoding),
      ngx_http_webhook_encodings, NGX_HTTP_WEBHOOK_ALG_JWT, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


ngx_http_webhook_rule_t  ngx_http_webhook_rules_signature[] = {

    { ngx_string("signature"), 1, 20, ngx_http_webhook_rule_signature,
      0, 0,
      "signature SOURCE|body [algorithm=NAME] [encoding=NAME] [format=der|raw] "
      "[prefix=TEXT] [list=SEPARATOR|lines] [field=NAME] "
      "[key=text|hex|base64|whsec] [parameter=NAME:VALUE ...] [issuer=TEXT] "
      "[body_digest=POINTER|none] [digest=hex|base64|base64url]\" or "
      "\"signature http-message "
      "covers=NAME,... [label=TEXT] [tag=TEXT] [algorithm=NAME,...] "
      "[requires=NAME,...] [lifetime=TIME] [encoding=NAME] [uri=normalized] "
      "[key=text|hex|base64|whsec]" },

    { ngx_string("key_id"), 1, 2, ngx_http_webhook_rule_key_id,
      offsetof(ngx_http_webhook_provider_t, key_id), 1,
      "key_id SOURCE [~REGEX]" },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


static char *
ngx_http_webhook_rule_signature(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_uint_t                           given, kind;
    ngx_http_webhook_signature_t        *signature;
    ngx_http_webhook_signature_words_t   conf;

    if (ngx_strcmp(words[0].data, "http-message") == 0) {
        return ngx_http_webhook_rule_http_message(cf, provider, &words[1],
                                                  n - 1);
    }

    signature = ngx_http_webhook_add(&provider->signatures);
    if (signature == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&conf, sizeof(ngx_http_webhook_signature_words_t));

    conf.algorithm = NGX_HTTP_WEBHOOK_ALG_HMAC|WH_SHA256;
    conf.encoding = WH_HEX;
    conf.digest_encoding = WH_HEX;

    if (ngx_strcmp(words[0].data, "body") == 0) {
        signature->source.type = NGX_HTTP_WEBHOOK_WHOLE_BODY;

    } else if (ngx_http_webhook_source_word(cf, provider, &words[0],
                                           NGX_HTTP_WEBHOOK_SOURCES_CREDENTIAL,
                                           &signature->source)
               != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_options(cf, ngx_http_webhook_signature_options,
                                 &words[1], n - 1, &conf, &given)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    kind = conf.algorithm;

    if ((kind & NGX_HTTP_WEBHOOK_ALG_PUBKEY)
        && wh_ecdsa_raw_size(kind & NGX_HTTP_WEBHOOK_ALG_NUMBER))
    {
        kind |= NGX_HTTP_WEBHOOK_ALG_ECDSA;
    }

    if (ngx_http_webhook_options_check(cf, ngx_http_webhook_signature_options,
                                       given, kind,
                                       "with this \"algorithm=\"")
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf.field.len
        && ngx_strlchr(conf.field.data, conf.field.data + conf.field.len, '='))
    {
        return ngx_http_webhook_error(cf,
                           "\"=\" in \"field=%V\" of rule \"signature\", the "
                           "name is what is before it", &conf.field);
    }

    if (signature->source.type == NGX_HTTP_WEBHOOK_WHOLE_BODY
        && (!(conf.algorithm & NGX_HTTP_WEBHOOK_ALG_JWT) || conf.digest.len))
    {
        return ngx_http_webhook_error(cf,
                           "\"signature body\" is a token that is the body, "
                           "it has an \"algorithm=jwt-...\" and no "
                           "\"body_digest=\"");
    }

    ngx_http_webhook_signature_set(signature, &conf);

    if (signature->lines && signature->source.type != NGX_HTTP_WEBHOOK_HEADER)
    {
        return ngx_http_webhook_error(cf,
                           "\"list=lines\" in rule \"signature\" goes with "
                           "\"header:NAME\", only that comes in several "
                           "lines");
    }

    provider->uses |= 1 << signature->use;

    if (conf.algorithm & NGX_HTTP_WEBHOOK_ALG_PLAIN) {
        provider->plain = 1;

        if (ngx_http_webhook_signature_separates(cf, signature) != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        return ngx_http_webhook_signature_merge(cf, &provider->signatures,
                                                signature);
    }

    if (ngx_http_webhook_signature_jose(cf, signature, &conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf.algorithm & NGX_HTTP_WEBHOOK_ALG_JWS) {
        provider->detached = 1;
        return NGX_CONF_OK;
    }

    provider->jwt = 1;

    return ngx_http_webhook_signature_claims(cf, provider, signature, &conf);
}


static void
ngx_http_webhook_signature_set(ngx_http_webhook_signature_t *signature,
    ngx_http_webhook_signature_words_t *conf)
{
    ngx_uint_t  number;

    number = conf->algorithm & NGX_HTTP_WEBHOOK_ALG_NUMBER;

    signature->format.encoding = conf->encoding;
    signature->format.prefix = ngx_http_webhook_wh_str(&conf->prefix);
    signature->format.field = ngx_http_webhook_wh_str(&conf->field);
    signature->format.separator = conf->separator;
    signature->lines = conf->lines;

    if (conf->separator == 0 && (conf->lines || conf->field.len)) {
        signature->format.separator = ',';
    }

    if (conf->algorithm & NGX_HTTP_WEBHOOK_ALG_HMACS) {
        signature->digest = number;
        signature->key = conf->key;
        signature->format.size = EVP_MD_size(wh_digest(number));
        signature->use = ngx_http_webhook_use_hmac(conf->key, number);
        signature->hmacs = 1 << signature->use;

        return;
    }

    signature->scheme = number;
    signature->use = ngx_http_webhook_use_pubkey(number);

    /* RFC 7518, 3.4: tokens have r and s side by side */

    if (conf->format || !(conf->algorithm & NGX_HTTP_WEBHOOK_ALG_PLAIN)) {
        signature->format.size = wh_ecdsa_raw_size(number);
        signature->raw = (signature->format.size != 0);
    }
}


/* A list is cut at each separator, so no element has one in it. */

static char *
ngx_http_webhook_signature_separates(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature)
{
    u_char       separator;
    wh_str_t    *text;
    ngx_uint_t   i;
    const char  *option;

    separator = signature->format.separator;

    if (separator == 0) {
        return NGX_CONF_OK;
    }

    for (i = 0; i < 2; i++) {

        text = i ? &signature->format.field : &signature->format.prefix;
        option = i ? "field" : "prefix";

        if (text->len && memchr(text->data, separator, text->len)) {
            return ngx_http_webhook_error(cf,
                               "\"%c\" in \"%s=%*s\" of rule \"signature\" "
                               "separates the elements of its list, so none "
                               "has that, take another \"list=\"",
                               separator, option, text->len, text->data);
        }
    }

    if (ngx_http_webhook_signature_digit(signature->format.encoding,
                                         separator))
    {
        return ngx_http_webhook_error(cf,
                           "\"list=%c\" in rule \"signature\" would cut the "
                           "signatures themselves, whose \"encoding=\" has "
                           "that character", separator);
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_webhook_signature_digit(wh_encoding_e encoding, u_char c)
{
    static const char  digits[] = "0123456789abcdefABCDEF"
                                  "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ=";

    switch (encoding) {

    case WH_HEX:
        return memchr(digits, c, 22) != NULL;

    case WH_BASE64:
        return c == '+' || c == '/'
               || memchr(digits, c, sizeof(digits) - 1) != NULL;

    default: /* WH_BASE64URL */
        return c == '-' || c == '_'
               || memchr(digits, c, sizeof(digits) - 1) != NULL;
    }
}


/* What is read for one rule need not be read again for another key. */

static char *
ngx_http_webhook_signature_merge(ngx_conf_t *cf, ngx_array_t *signatures,
    ngx_http_webhook_signature_t *signature)
{
    ngx_http_webhook_signature_t  *other;

    if (signature->source.type != NGX_HTTP_WEBHOOK_HEADER) {
        return NGX_CONF_OK;
    }

    for (other = signatures->elts; other < signature; other++) {

        if (other->jose
            || other->source.type != NGX_HTTP_WEBHOOK_HEADER
            || other->source.index != signature->source.index)
        {
            continue;
        }

        if (other->lines != signature->lines) {
            return ngx_http_webhook_error(cf,
                               "\"list=lines\" in one rule \"signature\" of a "
                               "header and not in another, which refuses a "
                               "header that comes several times, write it in "
                               "both");
        }

        signature->again = 1;

        if (ngx_http_webhook_signature_same(other, signature)) {
            other->hmacs |= signature->hmacs;
            signature->merged = 1;
            return NGX_CONF_OK;
        }
    }

    return NGX_CONF_OK;
}


/* Whether two rules of a header are for HMACs, and differ in the key alone. */

static ngx_uint_t
ngx_http_webhook_signature_same(ngx_http_webhook_signature_t *one,
    ngx_http_webhook_signature_t *two)
{
    return one->hmacs
           && two->hmacs
           && one->digest == two->digest
           && one->format.encoding == two->format.encoding
           && one->format.separator == two->format.separator
           && wh_equal(one->format.prefix, two->format.prefix)
           && wh_equal(one->format.field, two->format.field);
}


/* What the header of a rule's tokens must be. */

static char *
ngx_http_webhook_signature_jose(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature,
    ngx_http_webhook_signature_words_t *conf)
{
    ngx_uint_t            i;
    ngx_keyval_t         *keyval;
    wh_jose_rules_t      *rules;
    wh_jose_parameter_t  *parameter;

    static wh_str_t  hs256 = wh_string("HS256");

    rules = ngx_pcalloc(cf->pool, sizeof(wh_jose_rules_t));
    if (rules == NULL) {
        return NGX_CONF_ERROR;
    }

    rules->set = ngx_http_webhook_json_set(cf, wh_jose_set());
    if (rules->set == NULL) {
        return NGX_CONF_ERROR;
    }

    rules->alg = (signature->scheme == WH_PUBKEY_NONE)
                 ? hs256 : wh_keyset_alg(signature->scheme);
    rules->detached = !!(conf->algorithm & NGX_HTTP_WEBHOOK_ALG_JWS);

    signature->jose = rules;

    if (conf->parameters == NULL) {
        return NGX_CONF_OK;
    }

    rules->n = conf->parameters->nelts;

    parameter = ngx_palloc(cf->pool, rules->n * sizeof(wh_jose_parameter_t));
    if (parameter == NULL) {
        return NGX_CONF_ERROR;
    }

    rules->parameters = parameter;
    keyval = conf->parameters->elts;

    for (i = 0; i < rules->n; i++) {

        parameter[i].value = ngx_http_webhook_wh_str(&keyval[i].value);

        if (wh_jose_parameter(rules->set,
                              ngx_http_webhook_wh_str(&keyval[i].key),
                              &parameter[i].index)
            != WH_OK)
        {
            return ngx_http_webhook_error(cf,
                               "invalid \"parameter=%V:\" in rule "
                               "\"signature\", it can be the name of any "
                               "parameter of a token's header but alg, b64, "
                               "crit, jwk and x5u", &keyval[i].key);
        }
    }

    return NGX_CONF_OK;
}


/* What the claims of a rule's tokens must be. */

static char *
ngx_http_webhook_signature_claims(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_signature_t *signature,
    ngx_http_webhook_signature_words_t *conf)
{
    ngx_uint_t  index;

    signature->jwt.issuer = ngx_http_webhook_wh_str(&conf->issuer);
    signature->jwt.encoding = conf->digest_encoding;
    signature->jwt.digest = WH_JSON_NONE;

    if (signature->source.type == NGX_HTTP_WEBHOOK_WHOLE_BODY) {
        provider->alone = 1;

        return ngx_http_webhook_claims_init(cf, provider);
    }

    if (conf->digest.len == 0) {
        return ngx_http_webhook_error(cf,
                           "a token in rule \"signature\" needs "
                           "\"body_digest=POINTER\", or \"body_digest=none\" "
                           "if it says nothing of the body");
    }

    if (ngx_strcmp(conf->digest.data, "none") == 0) {
        provider->bearer = 1;
        provider->alone = 1;

        return ngx_http_webhook_claims_init(cf, provider);
    }

    if (ngx_http_webhook_claim_index(cf, provider, &conf->digest, &index)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    signature->jwt.digest = index;

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_signature_list(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_http_webhook_signature_words_t  *conf = field;

    if (ngx_strcmp(value->data, "lines") == 0) {
        conf->lines = 1;
        return NGX_CONF_OK;
    }

    if (value->len != 1) {
        return ngx_http_webhook_error(cf,
                           "invalid \"list=%V\" in rule \"signature\", a "
                           "list has one separating character, as in "
                           "\"list=,\" or, with the quotes, \"list=;\"; or "
                           "it is \"list=lines\", of a header that comes "
                           "several times", value);
    }

    conf->separator = value->data[0];

    return ngx_http_webhook_text(cf, value);
}


/* NAME:VALUE; more lines with the same name are further values. */

static char *
ngx_http_webhook_signature_parameter(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_array_t  **parameters = field;

    u_char        *colon, *end;
    ngx_keyval_t  *parameter;

    end = value->data + value->len;
    colon = ngx_strlchr(value->data, end, ':');

    if (colon == NULL || colon == value->data || colon + 1 == end) {
        return ngx_http_webhook_error(cf,
                           "invalid \"parameter=%V\" in rule \"signature\", "
                           "it is \"parameter=NAME:VALUE\"", value);
    }

    if (*parameters == NULL) {
        *parameters = ngx_array_create(cf->temp_pool, 4, sizeof(ngx_keyval_t));
        if (*parameters == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    parameter = ngx_array_push(*parameters);
    if (parameter == NULL) {
        return NGX_CONF_ERROR;
    }

    parameter->key.data = value->data;
    parameter->key.len = colon - value->data;
    parameter->value.data = colon + 1;
    parameter->value.len = end - parameter->value.data;

    return ngx_http_webhook_text(cf, value);
}


/* The key is chosen with the signature, so it is where that can be. */

static char *
ngx_http_webhook_rule_key_id(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_http_webhook_source_t  **source = field;

    *source = ngx_palloc(cf->pool, sizeof(ngx_http_webhook_source_t));
    if (*source == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_source_word(cf, provider, &words[0],
                                     NGX_HTTP_WEBHOOK_SOURCES_VERIFIED,
                                     *source)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (n == 1) {
        return NGX_CONF_OK;
    }

    if (words[1].data[0] == '~'
        && ngx_strlchr(words[1].data, words[1].data + words[1].len, '('))
    {
        return ngx_http_webhook_pattern(cf, &words[1], "key_id",
                                        &provider->key_pattern);
    }

    return ngx_http_webhook_error(cf,
                       "invalid \"%V\" in rule \"key_id\", after the source "
                       "comes \"~REGEX\" with a group in \"()\", which is the "
                       "key's id", &words[1]);
}
