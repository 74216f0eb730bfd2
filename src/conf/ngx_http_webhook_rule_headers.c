
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: what a request must be like, besides its credential.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_subject.h"


static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_methods;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_content_type;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_header;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_certificate;
static ngx_http_webhook_option_handler_t  ngx_http_webhook_header_status;


static ngx_http_webhook_option_t  ngx_http_webhook_header_options[] = {

    { ngx_string("status=CODE"), ngx_http_webhook_header_status,
      offsetof(ngx_http_webhook_required_t, status), NULL, 0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


ngx_http_webhook_rule_t  ngx_http_webhook_rules_headers[] = {

    { ngx_string("methods"), 1, 8, ngx_http_webhook_rule_methods,
      0, 1,
      "methods METHOD ..." },

    { ngx_string("content_type"), 1, 8, ngx_http_webhook_rule_content_type,
      0, 0,
      "content_type TYPE|~REGEX|none ..." },

    { ngx_string("header"), 2, 3, ngx_http_webhook_rule_header,
      0, 0,
      "header NAME VALUE|PREFIX*|~REGEX [status=CODE]" },

    { ngx_string("client_certificate"), 1, 16,
      ngx_http_webhook_rule_certificate,
      offsetof(ngx_http_webhook_provider_t, certificates), 0,
      "client_certificate ATTRIBUTE=VALUE ..." },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


static char *
ngx_http_webhook_rule_methods(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    static ngx_str_t  method = ngx_string("method");

    if (ngx_http_webhook_keyword_bits(cf, ngx_http_webhook_methods, &method,
                                      words, n, &provider->methods)
        != NGX_CONF_OK
        || ngx_http_webhook_join(cf, words, n, ", ", &provider->allow)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_rule_content_type(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    u_char                    *p, *end, *slash;
    ngx_uint_t                 i;
    ngx_http_webhook_media_t  *media;

    for (i = 0; i < n; i++) {

        media = ngx_http_webhook_add(&provider->media);
        if (media == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_strcmp(words[i].data, "none") == 0) {
            continue;
        }

        if (words[i].data[0] == '~') {

            if (ngx_http_webhook_pattern(cf, &words[i], "content_type",
                                         &media->regex)
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (ngx_http_webhook_text(cf, &words[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        p = words[i].data;
        end = p + words[i].len;
        slash = ngx_strlchr(p, end, '/');

        if (slash == NULL
            || slash == p
            || strcspn((char *) p, ",; ") != words[i].len)
        {
            goto invalid;
        }

        media->type.data = p;
        media->type.len = slash - p;

        p = slash + 1;

        /* "*" alone, or a suffix after it */

        if (end - p > 1 && p[0] == '*') {

            if (end - p == 2 || p[1] != '+') {
                goto invalid;
            }

            p++;
        }

        media->subtype.data = p;
        media->subtype.len = end - p;

        if (media->subtype.len == 0
            || ngx_strlchr(words[i].data, slash, '*') != NULL
            || (media->subtype.len > 1 && ngx_strlchr(p, end, '*') != NULL))
        {
            goto invalid;
        }
    }

    return NGX_CONF_OK;

invalid:

    return ngx_http_webhook_error(cf,
                       "invalid media type \"%V\" in rule \"content_type\", "
                       "it is like \"application/json\", \"application/*\" or "
                       "\"application/*+json\"", &words[i]);
}


static char *
ngx_http_webhook_rule_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_http_webhook_required_t  *required, *other;

    required = ngx_http_webhook_add(&provider->required);
    if (required == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_text(cf, &words[0]) != NGX_CONF_OK
        || ngx_http_webhook_provider_header(cf, provider, &words[0],
                                            &required->header)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    required->value = words[1];

    if (ngx_http_webhook_options(cf, ngx_http_webhook_header_options,
                                 &words[2], n - 2, required, NULL)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (required->value.len && required->value.data[0] == '~') {
        return ngx_http_webhook_pattern(cf, &required->value, "header",
                                        &required->regex);
    }

    if (ngx_http_webhook_text(cf, &required->value) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (required->value.len
        && required->value.data[required->value.len - 1] == '*')
    {
        required->value.len--;
        required->prefix = 1;
    }

    other = provider->required.elts;

    for ( /* void */ ; other != required; other++) {
        if (other->header == required->header
            && other->regex == NULL
            && !other->prefix
            && !required->prefix
            && !ngx_http_webhook_str_equal(&other->value, &required->value))
        {
            return ngx_http_webhook_error(cf,
                               "the header \"%V\" cannot be \"%V\" and "
                               "\"%V\", for either of them write "
                               "\"~^(%V|%V)$\"", &words[0], &other->value,
                               &required->value, &other->value,
                               &required->value);
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_header_status(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    return ngx_http_webhook_status_word(cf, value, 400, 599, field);
}


/* One more alternative to the list of subjects, which is made if need be. */

static char *
ngx_http_webhook_rule_certificate(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_array_t  **certificates = field;

    ngx_uint_t          i;
    ngx_array_t        *attrs;
    wh_subject_attr_t  *attr;

    attrs = ngx_http_webhook_push(cf, certificates, sizeof(ngx_array_t));

    if (attrs == NULL
        || ngx_array_init(attrs, cf->pool, n, sizeof(wh_subject_attr_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {

        attr = ngx_array_push(attrs);

        if (attr == NULL
            || ngx_http_webhook_text(cf, &words[i]) != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (ngx_http_webhook_is_directive(cf, &words[i])) {
            return ngx_http_webhook_no_semicolon(cf, &words[i]);
        }

        if (wh_subject_attr(ngx_http_webhook_wh_str(&words[i]), attr)
            != WH_OK)
        {
            return ngx_http_webhook_error(cf,
                               "invalid certificate attribute \"%V\", it is "
                               "CN=, O=, OU=, C=, ST=, L=, serialNumber=, "
                               "emailAddress=, san=dns:, san=uri: or "
                               "san=email: with a value", &words[i]);
        }
    }

    return NGX_CONF_OK;
}
