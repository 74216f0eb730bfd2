
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The words that the rules of the provider language are made of.
 */


#include "ngx_http_webhook_conf.h"


typedef struct {
    ngx_str_t      name;
    ngx_str_t      header;
} ngx_http_webhook_source_row_t;


#define ngx_http_webhook_secret_enc_row(id, name, form)                       \
    { ngx_string(name), id },

#define ngx_http_webhook_source_row(id, name, header)                         \
    { ngx_string(name), ngx_string(header) },


static ngx_int_t ngx_http_webhook_header_valid(ngx_conf_t *cf,
    ngx_str_t *name);
static char *ngx_http_webhook_pointer_index(ngx_conf_t *cf,
    ngx_array_t *pointers, ngx_str_t *pointer, ngx_uint_t *index);


static ngx_http_webhook_source_row_t  ngx_http_webhook_sources[] = {
    ngx_http_webhook_source_rows(ngx_http_webhook_source_row)
    { ngx_null_string, ngx_null_string }
};


ngx_http_webhook_keyword_t  ngx_http_webhook_methods[] = {
    { ngx_string("GET"), NGX_HTTP_GET },
    { ngx_string("HEAD"), NGX_HTTP_HEAD },
    { ngx_string("POST"), NGX_HTTP_POST },
    { ngx_string("PUT"), NGX_HTTP_PUT },
    { ngx_string("DELETE"), NGX_HTTP_DELETE },
    { ngx_string("OPTIONS"), NGX_HTTP_OPTIONS },
    { ngx_string("PATCH"), NGX_HTTP_PATCH },
    { ngx_null_string, 0 }
};


ngx_http_webhook_keyword_t  ngx_http_webhook_secret_encs[] = {
    ngx_http_webhook_secret_enc_rows(ngx_http_webhook_secret_enc_row)
    { ngx_null_string, 0 }
};


/* A new element of a list, zeroed; NULL without memory. */

void *
ngx_http_webhook_add(ngx_array_t *list)
{
    void  *element;

    element = ngx_array_push(list);

    if (element) {
        ngx_memzero(element, list->size);
    }

    return element;
}


/* The same, of a list that is made if need be. */

void *
ngx_http_webhook_push(ngx_conf_t *cf, ngx_array_t **list, size_t size)
{
    if (*list == NULL) {
        *list = ngx_array_create(cf->pool, 2, size);
    }

    return *list ? ngx_http_webhook_add(*list) : NULL;
}


ngx_int_t
ngx_http_webhook_join(ngx_conf_t *cf, ngx_str_t *words, ngx_uint_t n,
    char *separator, ngx_str_t *text)
{
    u_char      *p;
    size_t       len;
    ngx_uint_t   i;

    len = 0;

    for (i = 0; i < n; i++) {
        len += words[i].len + ngx_strlen(separator);
    }

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "%s%V", i ? separator : "", &words[i]);
    }

    text->len = p - text->data;

    return NGX_OK;
}


/* Compiles a word "~REGEX". */

char *
ngx_http_webhook_pattern(ngx_conf_t *cf, ngx_str_t *pattern, char *rule,
    ngx_regex_t **regex)
{
#if (NGX_PCRE)

    u_char               errstr[NGX_MAX_CONF_ERRSTR];
    ngx_regex_compile_t  rc;

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern.data = pattern->data + 1;
    rc.pattern.len = pattern->len - 1;
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        return ngx_http_webhook_error(cf, "%V in rule \"%s\"", &rc.err, rule);
    }

    *regex = rc.regex;

    return NGX_CONF_OK;

#else

    return ngx_http_webhook_error(cf,
                       "a pattern in rule \"%s\" needs nginx with PCRE",
                       rule);

#endif
}


char *
ngx_http_webhook_status_word(ngx_conf_t *cf, ngx_str_t *word, ngx_int_t min,
    ngx_int_t max, ngx_int_t *status)
{
    *status = ngx_atoi(word->data, word->len);

    if (*status < min || *status > max) {
        return ngx_http_webhook_error(cf,
                           "invalid status \"%V\", it must be from %i to %i",
                           word, min, max);
    }

    return NGX_CONF_OK;
}


/* A source of one of the first kinds in the table. */

char *
ngx_http_webhook_source_word(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word, ngx_uint_t sources,
    ngx_http_webhook_source_t *source)
{
    ngx_str_t                      *header;
    ngx_http_webhook_source_row_t  *row;

    ngx_memzero(source, sizeof(ngx_http_webhook_source_t));

    row = ngx_http_webhook_row(cf,
                               ngx_http_webhook_rows(ngx_http_webhook_sources),
                               sources, "invalid source", word,
                               &source->name);
    if (row == NULL) {
        return NGX_CONF_ERROR;
    }

    source->type = row - ngx_http_webhook_sources;

    /* a pointer may have a "$" */

    if (source->type == NGX_HTTP_WEBHOOK_JSON) {
        return ngx_http_webhook_pointer_index(cf, &provider->pointers,
                                              &source->name, &source->index);
    }

    if (source->type == NGX_HTTP_WEBHOOK_CLAIM) {
        return ngx_http_webhook_claim_index(cf, provider, &source->name,
                                            &source->index);
    }

    if (ngx_http_webhook_text(cf, &source->name) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (source->type == NGX_HTTP_WEBHOOK_FORM) {
        provider->form = 1;
    }

    if (source->type == NGX_HTTP_WEBHOOK_QUERY) {
        provider->in_query = 1;
    }

    header = (source->type == NGX_HTTP_WEBHOOK_HEADER) ? &source->name
                                                       : &row->header;

    if (header->len
        && ngx_http_webhook_provider_header(cf, provider, header,
                                            &source->index)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * A source at the beginning of n words, and after one in JSON "form:NAME", for
 * bodies that are forms.  How many words these are, or 0 for an error.
 */

ngx_uint_t
ngx_http_webhook_source_words(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    ngx_http_webhook_source_t *source)
{
    ngx_http_webhook_source_t  form;

    if (ngx_http_webhook_source_word(cf, provider, &words[0],
                                     NGX_HTTP_WEBHOOK_SOURCES, source)
        != NGX_CONF_OK)
    {
        return 0;
    }

    if (n == 1
        || source->type != NGX_HTTP_WEBHOOK_JSON
        || ngx_strncmp(words[1].data, "form:", sizeof("form:") - 1) != 0)
    {
        return 1;
    }

    if (ngx_http_webhook_source_word(cf, provider, &words[1],
                                     NGX_HTTP_WEBHOOK_SOURCES, &form)
        != NGX_CONF_OK)
    {
        return 0;
    }

    source->form = form.name;

    return 2;
}


/* Whether both look at the same place. */

ngx_uint_t
ngx_http_webhook_source_same(ngx_http_webhook_source_t *one,
    ngx_http_webhook_source_t *two)
{
    return one->type == two->type
           && one->index == two->index
           && ngx_http_webhook_str_equal(&one->name, &two->name);
}


/* The index of a header among those that the provider looks at. */

ngx_int_t
ngx_http_webhook_provider_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name, ngx_uint_t *index)
{
    ngx_uint_t                  i, *chain;
    ngx_http_webhook_header_t  *header;

    header = provider->headers.elts;

    for (i = 0; i < provider->headers.nelts; i++) {
        if (ngx_http_webhook_str_same(&header[i].name, name)) {
            *index = i;
            return NGX_OK;
        }
    }

    if (ngx_http_webhook_header_valid(cf, name) != NGX_OK) {
        return NGX_ERROR;
    }

    header = ngx_array_push(&provider->headers);
    if (header == NULL) {
        return NGX_ERROR;
    }

    header->name.len = name->len;
    header->name.data = ngx_pnalloc(cf->pool, name->len);
    if (header->name.data == NULL) {
        return NGX_ERROR;
    }

    header->hash = ngx_hash_strlow(header->name.data, name->data, name->len);

    chain = &provider->chains[ngx_http_webhook_chain(header->hash)];

    header->next = *chain;
    *chain = i + 1;

    *index = i;

    return NGX_OK;
}


/*
 * Of other names nginx makes no hash, even if it lets them pass.  Whether it
 * takes "_" is up to the server, see _check.c.
 */

static ngx_int_t
ngx_http_webhook_header_valid(ngx_conf_t *cf, ngx_str_t *name)
{
    u_char  c, *p, *last;

    last = name->data + name->len;

    for (p = name->data; p < last; p++) {

        c = *p | 0x20;

        if ((c < 'a' || c > 'z')
            && (*p < '0' || *p > '9')
            && *p != '-'
            && *p != '_')
        {
            break;
        }
    }

    if (p == last && name->len) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid header name \"%V\", nginx takes letters, "
                       "digits, \"-\" and \"_\", and the name ends without "
                       "\":\"", name);

    return NGX_ERROR;
}


void
ngx_http_webhook_needs_body(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source, ngx_uint_t what)
{
    if (!ngx_http_webhook_source_in_body(source)) {
        return;
    }

    provider->needs_body |= what;

    if (source->type == NGX_HTTP_WEBHOOK_JSON) {
        provider->needs_body |= NGX_HTTP_WEBHOOK_NEEDS_BODY_JSON;
    }
}


/* Says what is wrong with a JSON Pointer, if something is. */

char *
ngx_http_webhook_pointer_valid(ngx_conf_t *cf, ngx_str_t *pointer)
{
    int             rc;
    size_t          index;
    const char     *error;
    wh_json_set_t  *set;

    set = wh_json_set_create();
    if (set == NULL) {
        return NGX_CONF_ERROR;
    }

    rc = wh_json_set_add(set, ngx_http_webhook_wh_str(pointer), &index,
                         &error);

    wh_json_set_free(set);

    if (rc == WH_INVALID) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid JSON Pointer \"%V\": %s", pointer, error);
    }

    return rc == WH_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* The index of a pointer in a list, where it is added if need be. */

static char *
ngx_http_webhook_pointer_index(ngx_conf_t *cf, ngx_array_t *pointers,
    ngx_str_t *pointer, ngx_uint_t *index)
{
    ngx_uint_t                   i;
    ngx_http_webhook_pointer_t  *known;

    known = pointers->elts;

    for (i = 0; i < pointers->nelts; i++) {
        if (ngx_http_webhook_str_equal(&known[i].text, pointer)) {
            known[i].used++;
            *index = i;
            return NGX_CONF_OK;
        }
    }

    if (ngx_http_webhook_pointer_valid(cf, pointer) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    known = ngx_http_webhook_add(pointers);
    if (known == NULL) {
        return NGX_CONF_ERROR;
    }

    known->text = *pointer;
    known->used = 1;
    *index = i;

    return NGX_CONF_OK;
}


/*
 * The list of a provider's claims begins with those of wh_jwt_set(), so that
 * its indices are those of every gate's set.
 */

char *
ngx_http_webhook_claims_init(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                   i;
    ngx_http_webhook_pointer_t  *claim;

    static ngx_str_t  names[] = {
        ngx_string("/iss"), ngx_string("/exp"), ngx_string("/nbf"),
        ngx_string("")
    };

    if (provider->claims.nelts) {
        return NGX_CONF_OK;
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {

        claim = ngx_http_webhook_add(&provider->claims);
        if (claim == NULL) {
            return NGX_CONF_ERROR;
        }

        claim->text = names[i];
        claim->used = 1;
    }

    return NGX_CONF_OK;
}


/* The index of a claim among those that the provider looks at. */

char *
ngx_http_webhook_claim_index(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer,
    ngx_uint_t *index)
{
    if (ngx_http_webhook_claims_init(cf, provider) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_pointer_index(cf, &provider->claims, pointer,
                                          index);
}
