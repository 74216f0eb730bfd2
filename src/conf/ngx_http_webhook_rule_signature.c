
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: signatures, and the body that is signed.
 */


#include "ngx_http_webhook_conf.h"


/* The options of a token. */

typedef struct {
    ngx_str_t      issuer;
    ngx_str_t      digest;
    ngx_uint_t     hs256;          /* the rule is for one */
} ngx_http_webhook_jwt_t;


static char *ngx_http_webhook_signature_jwt(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_http_webhook_jwt_t *jwt);
static char *ngx_http_webhook_signature_option(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_http_webhook_jwt_t *jwt,
    ngx_str_t *word);
static char *ngx_http_webhook_jwt_compile(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_str_t *issuer,
    ngx_str_t *digest);
static void ngx_http_webhook_jwt_free(void *data);


static ngx_http_webhook_keyword_t  ngx_http_webhook_algorithms[] = {
    { ngx_string("hmac-sha1"), WH_SHA1 },
    { ngx_string("hmac-sha256"), WH_SHA256 },
    { ngx_string("hmac-sha384"), WH_SHA384 },
    { ngx_string("hmac-sha512"), WH_SHA512 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_schemes[] = {
    { ngx_string("ed25519"), WH_ED25519 },
    { ngx_string("ecdsa-p256-sha256"), WH_ECDSA_P256_SHA256 },
    { ngx_string("rsa-sha256"), WH_RSA_SHA256 },
    { ngx_string("rsa-sha1"), WH_RSA_SHA1 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_secret_encs[] = {
    { ngx_string("text"), NGX_HTTP_WEBHOOK_SECRET_ENC_TEXT },
    { ngx_string("hex"), NGX_HTTP_WEBHOOK_SECRET_ENC_HEX },
    { ngx_string("base64"), NGX_HTTP_WEBHOOK_SECRET_ENC_BASE64 },
    { ngx_string("whsec"), NGX_HTTP_WEBHOOK_SECRET_ENC_WHSEC },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_encodings[] = {
    { ngx_string("hex"), WH_HEX },
    { ngx_string("base64"), WH_BASE64 },
    { ngx_string("base64url"), WH_BASE64URL },
    { ngx_null_string, 0 }
};


char *
ngx_http_webhook_rule_signature(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n)
{
    ngx_uint_t                     i;
    ngx_http_webhook_jwt_t         jwt;
    ngx_http_webhook_signature_t  *signature;

    signature = ngx_array_push(&provider->signatures);
    if (signature == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(signature, sizeof(ngx_http_webhook_signature_t));
    ngx_memzero(&jwt, sizeof(ngx_http_webhook_jwt_t));

    signature->digest = WH_SHA256;
    signature->format.encoding = WH_HEX;

    if (ngx_http_webhook_source_credential(cf, provider, &words[0],
                                           &signature->source)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < n; i++) {
        if (ngx_http_webhook_signature_option(cf, signature, &jwt, &words[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_webhook_signature_jwt(cf, signature, &jwt) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (signature->format.field.len && signature->format.separator == 0) {
        signature->format.separator = ',';
    }

    if (signature->scheme == WH_PUBKEY_NONE) {
        signature->format.size = EVP_MD_size(wh_digest(signature->digest));
        signature->use = ngx_http_webhook_use_hmac(signature->key,
                                                   signature->digest);

    } else {
        signature->use = ngx_http_webhook_use_pubkey(signature->scheme);
    }

    provider->uses |= 1 << signature->use;

    return NGX_CONF_OK;
}


/* A token has its own encoding, and must say what the body is. */

static char *
ngx_http_webhook_signature_jwt(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_http_webhook_jwt_t *jwt)
{
    if (!jwt->hs256) {

        if (jwt->digest.len == 0 && jwt->issuer.len == 0) {
            return NGX_CONF_OK;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"body_digest=\" and \"issuer=\" in rule "
                           "\"signature\" go with \"algorithm=jwt-hs256\"");
        return NGX_CONF_ERROR;
    }

    if (jwt->digest.len == 0
        || signature->format.encoding != WH_HEX
        || signature->format.separator
        || signature->format.prefix.len
        || signature->format.field.len)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"algorithm=jwt-hs256\" in rule \"signature\" "
                           "needs \"body_digest=POINTER\", and of the others "
                           "takes only \"issuer=\" and \"key=\"");
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_jwt_compile(cf, signature, &jwt->issuer,
                                        &jwt->digest);
}


static char *
ngx_http_webhook_signature_option(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_http_webhook_jwt_t *jwt,
    ngx_str_t *word)
{
    ngx_str_t   value;
    ngx_uint_t  keyword;

    if (ngx_http_webhook_option(word, "algorithm", &value) == NGX_OK) {

        signature->scheme = WH_PUBKEY_NONE;
        jwt->hs256 = (ngx_strcmp(value.data, "jwt-hs256") == 0);

        if (jwt->hs256) {
            signature->digest = WH_SHA256;
            return NGX_CONF_OK;
        }

        if (ngx_http_webhook_keyword(ngx_http_webhook_schemes, &value,
                                     &keyword)
            == NGX_OK)
        {
            signature->scheme = keyword;
            return NGX_CONF_OK;
        }

        if (ngx_http_webhook_keyword(ngx_http_webhook_algorithms, &value,
                                     &keyword)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown algorithm \"%V\" in rule "
                               "\"signature\", it can be hmac-sha256, "
                               "hmac-sha1, hmac-sha384, hmac-sha512, ed25519, "
                               "ecdsa-p256-sha256, rsa-sha256, rsa-sha1, "
                               "jwt-hs256",
                               &value);
            return NGX_CONF_ERROR;
        }

        signature->digest = keyword;

        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "encoding", &value) == NGX_OK) {

        if (ngx_http_webhook_keyword(ngx_http_webhook_encodings, &value,
                                     &keyword)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown encoding \"%V\" in rule "
                               "\"signature\", it can be hex, base64, "
                               "base64url", &value);
            return NGX_CONF_ERROR;
        }

        signature->format.encoding = keyword;

        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "key", &value) == NGX_OK) {

        if (ngx_http_webhook_keyword(ngx_http_webhook_secret_encs, &value,
                                     &keyword)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown key \"%V\" in rule \"signature\", it "
                               "can be text, hex, base64, whsec", &value);
            return NGX_CONF_ERROR;
        }

        signature->key = keyword;

        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "list", &value) == NGX_OK) {

        if (value.len != 1) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid \"%V\" in rule \"signature\", a list "
                               "has one separating character, as in "
                               "\"list=,\" or, with the quotes, \"list=;\"",
                               word);
            return NGX_CONF_ERROR;
        }

        signature->format.separator = value.data[0];

        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "prefix", &value) == NGX_OK
        && value.len)
    {
        signature->format.prefix = ngx_http_webhook_wh_str(&value);
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "field", &value) == NGX_OK
        && value.len)
    {
        signature->format.field = ngx_http_webhook_wh_str(&value);
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "issuer", &value) == NGX_OK
        && value.len)
    {
        jwt->issuer = value;
        return NGX_CONF_OK;
    }

    if (ngx_http_webhook_option(word, "body_digest", &value) == NGX_OK
        && value.len)
    {
        jwt->digest = value;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown option \"%V\" of rule \"signature\", it takes "
                       "algorithm=, encoding=, prefix=, list=, field=, key=, "
                       "issuer=, body_digest=",
                       word);

    return NGX_CONF_ERROR;
}


/* What the claims of a rule's tokens must be. */

static char *
ngx_http_webhook_jwt_compile(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_str_t *issuer,
    ngx_str_t *digest)
{
    ngx_pool_cleanup_t  *cln;

    if (ngx_http_webhook_pointer_valid(cf, digest) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(wh_jwt_claims_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_webhook_jwt_free;

    signature->jwt = cln->data;

    return wh_jwt_claims_init(signature->jwt, ngx_http_webhook_wh_str(issuer),
                              ngx_http_webhook_wh_str(digest))
           == WH_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static void
ngx_http_webhook_jwt_free(void *data)
{
    wh_jwt_claims_free(data);
}
