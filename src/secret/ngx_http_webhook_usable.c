
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Whether a secret can be right.
 */


#include "ngx_http_webhook_secret.h"
#include "core/wh_secret.h"


static ngx_uint_t ngx_http_webhook_secret_only_in(
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_source_e type);
static ngx_uint_t ngx_http_webhook_secret_is_public(
    ngx_http_webhook_keyslot_t *keyslot, ngx_str_t *bytes);
static ngx_uint_t *ngx_http_webhook_secret_indices(
    ngx_http_webhook_secret_t *secret);


#define ngx_http_webhook_secret_form(id, name, form)  form,


static const char  *ngx_http_webhook_secret_forms[] = {
    ngx_http_webhook_secret_enc_rows(ngx_http_webhook_secret_form)
};


/* Why the bytes cannot be a secret of this keyslot, or NULL. */

const char *
ngx_http_webhook_secret_wrong(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes)
{
    ngx_uint_t  uses;

    if (keyslot->secret->keyset) {
        return ngx_http_webhook_keyset_wrong(keyslot, bytes);
    }

    if (ngx_http_webhook_secret_only_in(keyslot, NGX_HTTP_WEBHOOK_BEARER)
        && bytes->len > sizeof("Bearer ") - 1
        && ngx_strncasecmp(bytes->data, (u_char *) "Bearer ",
                           sizeof("Bearer ") - 1)
           == 0)
    {
        return "begins with \"Bearer \", which is before a token and no part "
               "of it, leave that out";
    }

    if (ngx_http_webhook_secret_only_in(keyslot, NGX_HTTP_WEBHOOK_BASIC)
        && ngx_strlchr(bytes->data, bytes->data + bytes->len, ':') == NULL)
    {
        return "has no \":\", it is \"user:password\"";
    }

    uses = keyslot->provider ? keyslot->provider->uses : 0;

    if (keyslot->for_name.len == 0
        && !keyslot->secret->decode
        && (uses & NGX_HTTP_WEBHOOK_HMAC_USES)
        && (uses & (1 << ngx_http_webhook_use_pubkey(WH_ED25519)))
        && wh_pubkey_bare(ngx_http_webhook_wh_str(bytes)))
    {
        return "may be a public key or the key of an HMAC, write \"whpk_\" "
               "in front of a public key, and \"whsec_\" in front of the "
               "other, or give it a \"decode=\"";
    }

    if (keyslot->for_name.len == 0
        && (uses & NGX_HTTP_WEBHOOK_HMAC_USES)
        && ngx_http_webhook_secret_is_public(keyslot, bytes))
    {
        return "is a public key that fits no signature of this sender, and "
               "as the key of an HMAC everybody would know it, take the "
               "secret that the sender shows";
    }

    return NULL;
}


/*
 * Why a key that has been made serves no signature of the sender, with what
 * would; or NULL.
 */

const char *
ngx_http_webhook_key_useless(ngx_pool_t *pool,
    ngx_http_webhook_keyslot_t *keyslot)
{
    u_char      *buf, *p, *last;
    ngx_uint_t   use, uses;
    const char  *form;

    uses = keyslot->provider->uses;

    if (keyslot->for_name.len
        || keyslot->key == NULL
        || uses == 0
        || (keyslot->key->uses & uses))
    {
        return NULL;
    }

    buf = ngx_pnalloc(pool, NGX_MAX_CONF_ERRSTR);
    if (buf == NULL) {
        return "could not be read without memory";
    }

    p = ngx_cpystrn(buf, (u_char *) "is no key as this sender has them: ",
                    NGX_MAX_CONF_ERRSTR);
    last = buf + NGX_MAX_CONF_ERRSTR;

    for (use = 0; use < NGX_HTTP_WEBHOOK_NO_USE; use++) {

        form = use < NGX_HTTP_WEBHOOK_HMACS
               ? ngx_http_webhook_secret_forms[use / WH_DIGESTS]
               : wh_pubkey_form(use - NGX_HTTP_WEBHOOK_HMACS + WH_ED25519);

        /* digests and paddings take the same keys */

        if ((uses & (1 << use)) && ngx_strstr(buf, form) == NULL) {
            p = ngx_slprintf(p, last, "%s%s%Z", p[-1] == ' ' ? "" : ", or ",
                             form)
                - 1;
        }
    }

    return (char *) buf;
}


/* Whether everybody may know it, and no signature of the sender is by it. */

static ngx_uint_t
ngx_http_webhook_secret_is_public(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes)
{
    int          rc;
    EVP_PKEY    *key;
    wh_pubkey_e  scheme;

    if (!wh_pubkey_public(ngx_http_webhook_wh_str(bytes))) {
        return 0;
    }

    for (scheme = WH_ED25519; scheme < WH_PUBKEY_SCHEMES; scheme++) {

        if (!(keyslot->provider->uses
              & (1 << ngx_http_webhook_use_pubkey(scheme))))
        {
            continue;
        }

        rc = wh_pubkey_read(&key, scheme, ngx_http_webhook_wh_str(bytes));
        EVP_PKEY_free(key);

        if (rc == WH_OK) {
            return 0;
        }
    }

    return 1;
}


/* Whether the secret is shown there and nowhere else. */

static ngx_uint_t
ngx_http_webhook_secret_only_in(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_source_e type)
{
    ngx_uint_t                 i;
    ngx_http_webhook_token_t  *token;

    if (keyslot->provider == NULL
        || (keyslot->for_name.len == 0
            && keyslot->provider->signatures.nelts)
        || (keyslot->secret->for_name.len == 0
            && keyslot->gate->first->next))
    {
        return 0;
    }

    token = keyslot->provider->tokens.elts;

    for (i = 0; i < keyslot->provider->tokens.nelts; i++) {

        if (token[i].source.type != type
            && (keyslot->for_name.len == 0
                || ngx_http_webhook_str_equal(&token[i].for_name,
                                              &keyslot->for_name)))
        {
            return 0;
        }
    }

    return keyslot->provider->tokens.nelts > 0;
}


/* What is odd about the bytes of a secret, or NULL. */

const char *
ngx_http_webhook_secret_odd(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes)
{
    ngx_http_webhook_provider_t  *provider;

    provider = keyslot->provider;

    if (keyslot->secret->encoding != WH_TEXT) {
        return NULL;
    }

    return wh_secret_odd(ngx_http_webhook_wh_str(bytes),
                         provider
                         && keyslot->for_name.len == 0
                         && (provider->uses & NGX_HTTP_WEBHOOK_HMAC_USES));
}


/* Warns of what is odd about a secret, once for all gates that have it. */

void
ngx_http_webhook_secret_warn(ngx_conf_t *cf,
    ngx_http_webhook_keyslot_t *keyslot)
{
    const char                 *what;
    ngx_http_webhook_secret_t  *secret;

    secret = keyslot->secret;

    what = secret->told ? NULL
                        : ngx_http_webhook_secret_odd(keyslot, &secret->bytes);

    if (what) {
        secret->told = 1;

        ngx_log_error(NGX_LOG_WARN, cf->log, 0, "%s%V\" %s in %V:%ui",
                      secret->file ? "secret file \"" : "\"",
                      secret->file ? &secret->file->path : &secret->directive,
                      what, &secret->conf_file, secret->line);
    }

    if (keyslot->key->len < NGX_HTTP_WEBHOOK_SECRET_MIN
        && !secret->short_told)
    {
        secret->short_told = 1;

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%V\" has only %uz bytes, fewer than %d can be "
                      "guessed in %V:%ui", &secret->directive,
                      keyslot->key->len, NGX_HTTP_WEBHOOK_SECRET_MIN,
                      &secret->conf_file, secret->line);
    }
}


/* Who sends a request must not bring the secret along. */

char *
ngx_http_webhook_secret_variables(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text)
{
    size_t                      i;
    ngx_str_t                   name;
    ngx_uint_t                 *index;
    ngx_http_variable_t        *variables;
    ngx_http_core_main_conf_t  *cmcf;

    ngx_str_null(&name);

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    variables = cmcf->variables.elts;
    index = ngx_http_webhook_secret_indices(secret);

    for ( /* void */ ; *index != (ngx_uint_t) -1; index++) {
        if (ngx_http_webhook_variable_what(&variables[*index].name)
            & NGX_HTTP_WEBHOOK_VAR_SENT)
        {
            name = variables[*index].name;
        }
    }

    /* what a regular expression has captured */

    for (i = 1; i < text->len; i++) {
        if (text->data[i - 1] == '$'
            && text->data[i] >= '1'
            && text->data[i] <= '9')
        {
            name.data = &text->data[i];
            name.len = 1;
        }
    }

    if (name.len == 0) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"$%V\" in \"%V\" is filled by whoever sends the "
                       "request, so anybody would bring the secret along, let "
                       "a \"map\" choose it", &name, &secret->directive);

    return NGX_CONF_ERROR;
}


/*
 * Where all is read: a variable of "webhook_var" has no value yet when the
 * secret is needed, for the body is verified by it.
 */

ngx_int_t
ngx_http_webhook_secret_check_value(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret)
{
    ngx_str_t                     *variable;
    ngx_uint_t                    *index;
    ngx_http_variable_t           *variables;
    ngx_http_core_main_conf_t     *cmcf;
    ngx_http_webhook_main_conf_t  *wmcf;

    if (secret->value == NULL) {
        return NGX_OK;
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    variables = cmcf->variables.elts;
    index = ngx_http_webhook_secret_indices(secret);

    for ( /* void */ ; *index != (ngx_uint_t) -1; index++) {

        variable = &variables[*index].name;

        if (ngx_http_webhook_name_index(&wmcf->vars, variable)
            == wmcf->vars.nelts)
        {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"$%V\" in \"%V\" is from the verified body, so "
                      "it is empty when the secret is needed, in %V:%ui",
                      variable, &secret->directive, &secret->conf_file,
                      secret->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* The variables of a secret, by their indices in nginx's list. */

static ngx_uint_t *
ngx_http_webhook_secret_indices(ngx_http_webhook_secret_t *secret)
{
    static ngx_uint_t  none = (ngx_uint_t) -1;

    return secret->value->flushes ? secret->value->flushes : &none;
}
