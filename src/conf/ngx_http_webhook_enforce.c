
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * "webhook_enforce".
 */


#include "ngx_http_webhook_conf.h"


static char *ngx_http_webhook_enforce_rule(ngx_conf_t *cf, ngx_str_t *name,
    ngx_uint_t *dry_run);


static ngx_conf_bitmask_t  ngx_http_webhook_enforce_rules[] = {
    { ngx_string("method"), NGX_HTTP_WEBHOOK_DRY_RUN_METHOD },
    { ngx_string("content_type"), NGX_HTTP_WEBHOOK_DRY_RUN_CONTENT_TYPE },
    { ngx_string("header"), NGX_HTTP_WEBHOOK_DRY_RUN_HEADER },
    { ngx_string("certificate"), NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE },
    { ngx_string("timestamp"), NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP },
    { ngx_string("payload"), NGX_HTTP_WEBHOOK_DRY_RUN_PAYLOAD },
    { ngx_string("replay"), NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY },
    { ngx_null_string, 0 }
};


/* webhook_enforce on|off [except=RULE,...] */

char *
ngx_http_webhook_enforce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    char       *rv;
    u_char     *p, *last;
    ngx_str_t  *value, name;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK || cf->args->nelts == 2) {
        return rv;
    }

    value = cf->args->elts;

    if (ngx_strncmp(value[2].data, "except=", 7) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", it is like "
                           "\"except=timestamp,payload\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    if (!wlcf->enforce) {
        return "has \"except=\" beside \"off\", which enforces nothing";
    }

    p = value[2].data + 7;
    last = value[2].data + value[2].len;

    for ( ;; ) {
        name.data = p;
        p = ngx_strlchr(p, last, ',');
        name.len = (p ? p : last) - name.data;

        if (ngx_http_webhook_enforce_rule(cf, &name, &wlcf->dry_run)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (p == NULL) {
            return NGX_CONF_OK;
        }

        p++;
    }
}


static char *
ngx_http_webhook_enforce_rule(ngx_conf_t *cf, ngx_str_t *name,
    ngx_uint_t *dry_run)
{
    u_char              *p, *last, names[256];
    ngx_conf_bitmask_t  *rule;

    p = names;
    last = names + sizeof(names);

    for (rule = ngx_http_webhook_enforce_rules; rule->name.len; rule++) {

        p = ngx_slprintf(p, last, "%s%V", p == names ? "" : ", ", &rule->name);

        if (!ngx_http_webhook_str_equal(&rule->name, name)) {
            continue;
        }

        if (*dry_run & rule->mask) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is twice in \"except=\"", name);
            return NGX_CONF_ERROR;
        }

        *dry_run |= rule->mask;

        return NGX_CONF_OK;
    }

    if ((name->len == 5 && ngx_strncmp(name->data, "token", 5) == 0)
        || (name->len == 9 && ngx_strncmp(name->data, "signature", 9) == 0))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"except=\" cannot have \"%V\", nothing would be "
                           "verified, use \"webhook_enforce off\"", name);
        return NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown rule \"%V\" in \"except=\", it is one of: %*s",
                       name, (size_t) (p - names), names);

    return NGX_CONF_ERROR;
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

    if (provider->pelorus
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
