
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The values of directives.
 */


#include "ngx_http_webhook_conf.h"


#define NGX_HTTP_WEBHOOK_MAX_BODY  1048576      /* bytes, without "force" */


static char *ngx_http_webhook_secret_line(ngx_conf_t *cf,
    ngx_http_webhook_option_t *options, ngx_http_webhook_secret_t *secret);
static ngx_http_webhook_option_handler_t  ngx_http_webhook_secret_decode;
static ngx_http_webhook_option_handler_t  ngx_http_webhook_secret_unknown;


static ngx_http_webhook_keyword_t  ngx_http_webhook_log_levels[] = {
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_decodes[] = {
    { ngx_string("text"), WH_TEXT },
    { ngx_string("hex"), WH_HEX },
    { ngx_string("base64"), WH_BASE64 },
    { ngx_null_string, 0 }
};


static ngx_http_webhook_option_t  ngx_http_webhook_max_body_options[] = {
    { ngx_string("force"), NULL, 0, NULL, 0, 0 },
    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


/* of "webhook_secret", and from the second row on of the other one */

static ngx_http_webhook_option_t  ngx_http_webhook_secret_options[] = {

    { ngx_string("for=NAME"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_secret_t, for_name), NULL, 0, 0 },

    { ngx_string("decode=ENCODING"), ngx_http_webhook_secret_decode,
      0, ngx_http_webhook_decodes, 0, 0 },

    { ngx_null_string, ngx_http_webhook_secret_unknown, 0, NULL, 0, 0 }
};


char *
ngx_http_webhook_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_http_webhook_secret_t  *secret;

    secret = ngx_http_webhook_push(cf, &wlcf->secrets,
                                   sizeof(ngx_http_webhook_secret_t));
    if (secret == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_secret_line(cf, ngx_http_webhook_secret_options,
                                        secret);
}


char *
ngx_http_webhook_challenge_secret(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    if (wlcf->challenge_secret) {
        return "is duplicate";
    }

    wlcf->challenge_secret = ngx_palloc(cf->pool,
                                        sizeof(ngx_http_webhook_secret_t));
    if (wlcf->challenge_secret == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_secret_line(cf, &ngx_http_webhook_secret_options[1],
                                     wlcf->challenge_secret)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (wlcf->challenge_secret->keyset) {
        return "takes no set of public keys, it is a secret";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_secret_line(ngx_conf_t *cf,
    ngx_http_webhook_option_t *options, ngx_http_webhook_secret_t *secret)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_http_webhook_secret_init(cf, secret, &value[1]) != NGX_CONF_OK
        || ngx_http_webhook_options(cf, options, &value[2],
                                    cf->args->nelts - 2, secret, NULL)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_secret_value(cf, secret, &value[1]);
}


static char *
ngx_http_webhook_secret_decode(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_http_webhook_secret_t  *secret = field;

    secret->decode = 1;

    return ngx_http_webhook_option_keyword(cf, option, value,
                                           &secret->encoding);
}


/* The word may be a part of the secret, and is not shown. */

static char *
ngx_http_webhook_secret_unknown(ngx_conf_t *cf,
    ngx_http_webhook_option_t *options, ngx_str_t *word, void *conf)
{
    u_char      buf[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    ngx_str_t  *directive, names;

    directive = cf->args->elts;

    ngx_http_webhook_names(ngx_http_webhook_rows(options), 0, buf, &names);

    return ngx_http_webhook_error(cf,
                       "unknown option of \"%V\", it takes %V; a secret with "
                       "spaces needs quotes", directive, &names);
}


char *
ngx_http_webhook_client_certificate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {

        if (wlcf->certificates) {
            return "has \"off\" beside other values";
        }

        /* no alternatives: nothing is asked for */

        wlcf->certificates = ngx_array_create(cf->pool, 1,
                                              sizeof(ngx_array_t));

        return wlcf->certificates ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (wlcf->certificates && wlcf->certificates->nelts == 0) {
        return "has \"off\" beside other values";
    }

    return ngx_http_webhook_rule_directive(cf, cmd, conf);
}


char *
ngx_http_webhook_public_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    u_char     *host, *path, *last;
    ngx_str_t  *value;

    if (wlcf->public_url.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_webhook_text(cf, &value[1]) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    host = value[1].data;
    last = value[1].data + value[1].len;

    if (ngx_strncasecmp(host, (u_char *) "https://", 8) == 0) {
        host += 8;

    } else if (ngx_strncasecmp(host, (u_char *) "http://", 7) == 0) {
        host += 7;

    } else {
        host = last;
    }

    path = ngx_strlchr(host, last, '/');

    /* the URI of the request follows, and begins with "/" */

    if (host == last
        || path == host
        || last[-1] == '/'
        || strcspn((char *) host, "?#@ ") != (size_t) (last - host))
    {
        return ngx_http_webhook_error(cf,
                           "invalid public URL \"%V\", it is a scheme, a host "
                           "and, where a proxy takes one off, the beginning "
                           "of the path without \"/\" at its end, like "
                           "\"https://example.com\"", &value[1]);
    }

    wlcf->public_url = value[1];

    return NGX_CONF_OK;
}


/* What is held whole for a stranger is little, unless somebody insists. */

char *
ngx_http_webhook_max_body(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   force;

    rv = ngx_conf_set_size_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    if (ngx_http_webhook_options(cf, ngx_http_webhook_max_body_options,
                                 &value[2], cf->args->nelts - 2, NULL, &force)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (wlcf->max_body == 0) {
        return ngx_http_webhook_error(cf,
                           "\"webhook_max_body 0\" leaves room for no body, a "
                           "limit cannot be turned off, up to 1m it is only "
                           "raised");
    }

    if (wlcf->max_body <= NGX_HTTP_WEBHOOK_MAX_BODY && force) {
        return ngx_http_webhook_error(cf,
                           "option \"force\" of \"webhook_max_body\" has no "
                           "effect, up to 1m nothing has to be forced");
    }

    if (wlcf->max_body > NGX_HTTP_WEBHOOK_MAX_BODY && !force) {
        return ngx_http_webhook_error(cf,
                           "\"webhook_max_body %V\" is over 1m, and anybody "
                           "can have nginx hold so much and read it twice, "
                           "write \"webhook_max_body %V force\" if a sender "
                           "needs it", &value[1], &value[1]);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_webhook_ack_code(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (wlcf->ack == NGX_CONF_UNSET
        && ngx_strcmp(value[1].data, "off") == 0)
    {
        wlcf->ack = 0;
        return NGX_CONF_OK;
    }

    return ngx_http_webhook_rule_directive(cf, cmd, conf);
}


char *
ngx_http_webhook_log_level(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_str_t  *value;

    static ngx_str_t  level = ngx_string("level");

    if (wlcf->log_level != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_http_webhook_keyword_word(cf, ngx_http_webhook_log_levels,
                                         &level, &value[1], &wlcf->log_level);
}
