
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Texts with variables: those of rules, and what else asks for a variable.
 */


#include "ngx_http_webhook_conf.h"


/* What may be in the body, and is a variable of users as well. */

static ngx_str_t  ngx_http_webhook_template_shared[] = {
    ngx_string("webhook_id"),
    ngx_string("webhook_event"),
    ngx_null_string
};


/*
 * Compiles a text of a rule.  nginx keeps one list of the variables that the
 * configuration asks for, so a rule asks for an id and an event by names of
 * its own: else every location would look for them in the body.
 */

ngx_int_t
ngx_http_webhook_template_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t *value)
{
    u_char                            *p, *start, *end;
    ngx_str_t                          own, rest, name;

    /* what is added is shorter than any of the names */

    own.data = ngx_pnalloc(cf->pool, 2 * text->len + 1);
    if (own.data == NULL) {
        return NGX_ERROR;
    }

    p = own.data;
    start = text->data;
    rest = *text;

    while (ngx_http_webhook_template_next(&rest, &name) == NGX_OK) {

        if (!ngx_http_webhook_name_in(ngx_http_webhook_template_shared,
                                      &name))
        {
            continue;
        }

        end = name.data + sizeof("webhook_") - 1;

        p = ngx_cpymem(p, start, end - start);
        p = ngx_cpymem(p, "rule_", sizeof("rule_") - 1);
        start = end;
    }

    p = ngx_cpymem(p, start, text->data + text->len - start);
    own.len = p - own.data;

    return ngx_http_webhook_text_compile(cf, &own, value);
}


/* Whether a name is in a list, in any case; it ends with an empty one. */

ngx_uint_t
ngx_http_webhook_name_in(ngx_str_t *names, ngx_str_t *name)
{
    for ( /* void */ ; names->len; names++) {
        if (ngx_http_webhook_str_same(names, name)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_webhook_variable_own(ngx_str_t *name)
{
    return name->len >= sizeof("webhook_") - 1
           && ngx_strncasecmp(name->data, (u_char *) "webhook_",
                              sizeof("webhook_") - 1)
              == 0;
}


/* 1 when something in the configuration evaluates the variable. */

ngx_uint_t
ngx_http_webhook_variable_used(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (ngx_http_webhook_str_equal(&v[i].name, name)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_webhook_template_has(ngx_str_t text, ngx_str_t *name)
{
    ngx_str_t  variable;

    while (ngx_http_webhook_template_next(&text, &variable) == NGX_OK) {
        if (ngx_http_webhook_str_same(&variable, name)) {
            return 1;
        }
    }

    return 0;
}


/* Whether it has the URL as the sender knows it. */

ngx_uint_t
ngx_http_webhook_template_has_url(ngx_str_t text)
{
    static ngx_str_t  url = ngx_string("webhook_url");
    static ngx_str_t  decoded = ngx_string("webhook_url_decoded");

    return ngx_http_webhook_template_has(text, &url)
           || ngx_http_webhook_template_has(text, &decoded);
}


/*
 * Takes the next variable, and what is before it, from a text: its name.
 * NGX_DECLINED when there is none.
 */

ngx_int_t
ngx_http_webhook_template_next(ngx_str_t *text, ngx_str_t *name)
{
    u_char      *p, *last;
    ngx_uint_t   brace;

    last = text->data + text->len;

    p = ngx_strlchr(text->data, last, '$');

    if (p == NULL) {
        return NGX_DECLINED;
    }

    p++;

    brace = (p < last && *p == '{');
    p += brace;

    name->data = p;

    while (p < last
           && ((*p >= 'A' && *p <= 'Z')
               || (*p >= 'a' && *p <= 'z')
               || (*p >= '0' && *p <= '9')
               || *p == '_'))
    {
        p++;
    }

    name->len = p - name->data;

    if (brace && p < last && *p == '}') {
        p++;
    }

    text->data = p;
    text->len = last - p;

    return NGX_OK;
}


/* Whether a variable is $http_NAME of the header that is the source. */

ngx_uint_t
ngx_http_webhook_variable_is_header(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source, ngx_str_t *name)
{
    wh_str_t                    header;
    ngx_http_webhook_header_t  *headers;

    if (source->type != NGX_HTTP_WEBHOOK_HEADER) {
        return 0;
    }

    headers = provider->headers.elts;
    header = ngx_http_webhook_wh_str(&headers[source->index].name);

    return ngx_http_webhook_variable_of_header(&header, name);
}


/* Whether it is that of a header whose name is in lower case. */

ngx_uint_t
ngx_http_webhook_variable_of_header(wh_str_t *header, ngx_str_t *name)
{
    size_t   i;
    u_char   c, *p;

    if (name->len != sizeof("http_") - 1 + header->len
        || ngx_strncasecmp(name->data, (u_char *) "http_",
                           sizeof("http_") - 1)
           != 0)
    {
        return 0;
    }

    p = name->data + sizeof("http_") - 1;

    for (i = 0; i < header->len; i++) {

        c = header->data[i] == '-' ? '_' : header->data[i];

        if (ngx_tolower(p[i]) != c) {
            return 0;
        }
    }

    return 1;
}
