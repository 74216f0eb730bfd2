
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * "webhook_enforce".
 */


#include "ngx_http_webhook_conf.h"


static ngx_http_webhook_option_handler_t  ngx_http_webhook_enforce_except;


static ngx_http_webhook_keyword_t  ngx_http_webhook_enforce_rules[] = {
    { ngx_string("method"), NGX_HTTP_WEBHOOK_DRY_RUN_METHOD },
    { ngx_string("content_type"), NGX_HTTP_WEBHOOK_DRY_RUN_CONTENT_TYPE },
    { ngx_string("header"), NGX_HTTP_WEBHOOK_DRY_RUN_HEADER },
    { ngx_string("certificate"), NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE },
    { ngx_string("timestamp"), NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP },
    { ngx_string("payload"), NGX_HTTP_WEBHOOK_DRY_RUN_PAYLOAD },
    { ngx_string("replay"), NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY },
    { ngx_null_string, 0 }
};


static ngx_str_t  ngx_http_webhook_enforce_always[] = {
    ngx_string("token"),
    ngx_string("signature"),
    ngx_null_string
};


static ngx_http_webhook_option_t  ngx_http_webhook_enforce_options[] = {

    { ngx_string("except=RULE,..."), ngx_http_webhook_enforce_except,
      offsetof(ngx_http_webhook_loc_conf_t, dry_run),
      ngx_http_webhook_enforce_rules, 0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


/* webhook_enforce on|off [except=RULE,...] */

char *
ngx_http_webhook_enforce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   given;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    if (ngx_http_webhook_options(cf, ngx_http_webhook_enforce_options,
                                 &value[2], cf->args->nelts - 2, wlcf, &given)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (given && !wlcf->enforce) {
        return "has \"except=\" beside \"off\", which enforces nothing";
    }

    return NGX_CONF_OK;
}


/* Without the credential nothing would be verified. */

static char *
ngx_http_webhook_enforce_except(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_str_t   *names;
    ngx_uint_t   i, n;

    names = ngx_http_webhook_list_words(cf, value, &n);
    if (names == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_webhook_name_in(ngx_http_webhook_enforce_always,
                                     &names[i]))
        {
            return ngx_http_webhook_error(cf,
                               "\"except=\" cannot have \"%V\", nothing would "
                               "be verified, use \"webhook_enforce off\"",
                               &names[i]);
        }
    }

    return ngx_http_webhook_option_bits(cf, option, value, field);
}


/* Without the rules that are left out, something must still be verified. */

char *
ngx_http_webhook_enforce_check(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;

    if ((conf->dry_run & NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE)
        && provider->tokens.nelts == 0
        && provider->signatures.nelts == 0)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"except=certificate\" leaves nothing to verify for "
                      "\"webhook %V\" in %V:%ui, use \"webhook_enforce off\" "
                      "there", &provider->name, &conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    /* the receiver stops at its first failure, so none can be passed over */

    if ((provider->body.flags & NGX_HTTP_WEBHOOK_BODY_RECEIVER)
        && (conf->dry_run & ~(NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE
                                |NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY)))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"except=\" can have only \"certificate\" and "
                      "\"replay\" for \"webhook %V\" in %V:%ui, use "
                      "\"webhook_enforce on\" or \"off\" there",
                      &provider->name, &conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
