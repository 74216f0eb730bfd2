
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Looking up in a request what a provider's rules name.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_form.h"
#include "core/wh_list.h"


static ngx_uint_t ngx_http_webhook_find_wanted(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_header_t *wanted,
    ngx_table_elt_t *header);
static int ngx_http_webhook_source_argument(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *arguments, unsigned flags, wh_str_t *text);
static int ngx_http_webhook_source_json(wh_json_t *json,
    ngx_http_webhook_source_t *source, wh_str_t *text);
static int ngx_http_webhook_source_in_header(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    wh_str_t *text);
static int ngx_http_webhook_source_basic(ngx_http_request_t *r,
    wh_str_t header, wh_str_t *text);
static ngx_int_t ngx_http_webhook_source_certificate(ngx_http_request_t *r);


/* One pass over the request's headers finds all that the provider wants. */

void
ngx_http_webhook_find_headers(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_field_t *headers)
{
    ngx_uint_t                  i, k;
    ngx_list_part_t            *part;
    ngx_table_elt_t            *header;
    ngx_http_webhook_header_t  *wanted;

    wanted = provider->headers.elts;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            k = ngx_http_webhook_find_wanted(provider, wanted, &header[i]);

            if (k && headers[k - 1].count++ == 0) {
                headers[k - 1].first = &header[i];
            }
        }
    }
}


/* The headers of a list one by one, from its first part and i = 0. */

ngx_table_elt_t *
ngx_http_webhook_next_header(ngx_list_part_t **part, ngx_uint_t *i)
{
    ngx_table_elt_t  *header;

    while (*i >= (*part)->nelts) {

        if ((*part)->next == NULL) {
            return NULL;
        }

        *part = (*part)->next;
        *i = 0;
    }

    header = (*part)->elts;

    return &header[(*i)++];
}


/*
 * The next header of a name in small letters, likewise.  One that another
 * module has switched off is none.
 */

ngx_table_elt_t *
ngx_http_webhook_next_named(ngx_list_part_t **part, ngx_uint_t *i,
    const wh_str_t *name)
{
    ngx_table_elt_t  *header;

    while ((header = ngx_http_webhook_next_header(part, i)) != NULL) {

        if (header->hash
            && header->key.len == name->len
            && ngx_memcmp(header->lowcase_key, name->data, name->len) == 0)
        {
            return header;
        }
    }

    return NULL;
}


/*
 * All values of a header, without spaces around them, with commas between them
 * (RFC 9110, 5.3; RFC 9421, 2.1).  NGX_DECLINED when there is none.
 */

ngx_int_t
ngx_http_webhook_header_lines(ngx_http_request_t *r, const wh_str_t *name,
    ngx_str_t *value)
{
    u_char           *p;
    wh_str_t          text;
    ngx_uint_t        i, n, first;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_in.headers.part;
    i = 0;
    n = 0;
    value->len = 0;

    while ((header = ngx_http_webhook_next_named(&part, &i, name))) {
        text = wh_trim(ngx_http_webhook_wh_str(&header->value), WH_SPACES);

        value->data = (u_char *) text.data;
        value->len += text.len + (n++ ? sizeof(", ") - 1 : 0);
    }

    if (n < 2) {
        return n ? NGX_OK : NGX_DECLINED;
    }

    p = ngx_pnalloc(r->pool, value->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    part = &r->headers_in.headers.part;
    i = 0;
    first = 1;

    while ((header = ngx_http_webhook_next_named(&part, &i, name))) {
        text = wh_trim(ngx_http_webhook_wh_str(&header->value), WH_SPACES);

        if (!first) {
            p = ngx_cpymem(p, ", ", sizeof(", ") - 1);
        }

        first = 0;

        p = ngx_cpymem(p, text.data, text.len);
    }

    return NGX_OK;
}


/*
 * The Host as it was sent, or else the ":authority" of HTTP/3: nginx makes a
 * header of that of HTTP/2 alone.  NGX_DECLINED: there is none.
 */

ngx_int_t
ngx_http_webhook_host(ngx_http_request_t *r, ngx_str_t *host)
{
    if (r->headers_in.host) {
        *host = r->headers_in.host->value;
        return NGX_OK;
    }

    if (r->host_start == NULL || r->http_version <= NGX_HTTP_VERSION_20) {
        return NGX_DECLINED;
    }

    host->data = r->host_start;
    host->len = r->host_end - r->host_start;

    return NGX_OK;
}


/* The index of a header plus 1, or 0 if it is of no interest. */

static ngx_uint_t
ngx_http_webhook_find_wanted(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_header_t *wanted, ngx_table_elt_t *header)
{
    ngx_uint_t  k;

    k = provider->chains[ngx_http_webhook_chain(header->hash)];

    while (k
           && (wanted[k - 1].hash != header->hash
               || wanted[k - 1].name.len != header->key.len
               || ngx_memcmp(wanted[k - 1].name.data, header->lowcase_key,
                             header->key.len)
                  != 0))
    {
        k = wanted[k - 1].next;
    }

    return k;
}


/* As ngx_http_webhook_source_value(), which has the value of a header. */

ngx_int_t
ngx_http_webhook_source_other(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_str_t *value)
{
    int       rc;
    wh_str_t  text;

    ngx_memzero(&text, sizeof(wh_str_t));

    switch (source->type) {

    case NGX_HTTP_WEBHOOK_QUERY:
        rc = ngx_http_webhook_source_argument(r, &source->name, &r->args,
                                              ctx->gate->provider->query,
                                              &text);
        break;

    case NGX_HTTP_WEBHOOK_FORM:
        rc = ngx_http_webhook_source_argument(r, &source->name, &ctx->form, 0,
                                              &text);
        break;

    case NGX_HTTP_WEBHOOK_JSON:

        /* a body is one of both */

        rc = (ctx->json || source->form.len == 0)
             ? ngx_http_webhook_source_json(ctx->json, source, &text)
             : ngx_http_webhook_source_argument(r, &source->form, &ctx->form,
                                                0, &text);
        break;

    case NGX_HTTP_WEBHOOK_CLAIM:
        rc = ngx_http_webhook_source_json(ctx->jose ? ctx->jose->claims : NULL,
                                          source, &text);
        break;

    case NGX_HTTP_WEBHOOK_WHOLE_BODY:
        text = ngx_http_webhook_wh_str(&ctx->form);
        rc = WH_OK;
        break;

    case NGX_HTTP_WEBHOOK_CREATED:

        if (ctx->http) {
            text = ctx->http->input.created;
        }

        rc = WH_OK;
        break;

    default:
        rc = ngx_http_webhook_source_in_header(r, ctx, source, &text);
        break;
    }

    *value = ngx_http_webhook_ngx_str(text);

    return (rc == WH_OK && value->len == 0) ? WH_ABSENT : rc;
}


/*
 * The same for the source of a signature: a header that may come several times
 * is one list.
 */

ngx_int_t
ngx_http_webhook_source_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    ngx_str_t *value)
{
    wh_str_t                    name;
    ngx_http_webhook_header_t  *headers;
    ngx_http_webhook_source_t  *source;

    source = &signature->source;

    if (!signature->lines || ctx->headers[source->index].count < 2) {
        return ngx_http_webhook_source_value(r, ctx, source, value);
    }

    headers = ctx->gate->provider->headers.elts;
    name = ngx_http_webhook_wh_str(&headers[source->index].name);

    return ngx_http_webhook_header_lines(r, &name, value) == NGX_OK
           ? WH_OK : WH_ERROR;
}


static int
ngx_http_webhook_source_argument(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *arguments, unsigned flags, wh_str_t *text)
{
    u_char  *buf;

    if (arguments->len == 0) {
        return WH_ABSENT;
    }

    buf = ngx_pnalloc(r->pool, arguments->len);
    if (buf == NULL) {
        return WH_ERROR;
    }

    return wh_form_get(ngx_http_webhook_wh_str(arguments), flags,
                       ngx_http_webhook_wh_str(name), buf, text);
}


static int
ngx_http_webhook_source_json(wh_json_t *json,
    ngx_http_webhook_source_t *source, wh_str_t *text)
{
    const wh_json_value_t  *value;

    if (json == NULL) {
        return WH_ABSENT;
    }

    value = wh_json_value(json, source->index);

    switch (value->type) {

    case WH_JSON_STRING:
    case WH_JSON_INTEGER:
    case WH_JSON_NUMBER:
    case WH_JSON_BOOLEAN:
        *text = value->text;
        return value->repeated ? WH_REPEATED : WH_OK;

    default:
        return WH_ABSENT;
    }
}


/* What is a part of a header's value. */

static int
ngx_http_webhook_source_in_header(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    wh_str_t *text)
{
    wh_str_t                   name, header;
    ngx_http_webhook_field_t  *headers;

    static const wh_str_t  bearer = wh_string("Bearer");

    headers = &ctx->headers[source->index];

    if (headers->count == 0) {
        return WH_ABSENT;
    }

    if (headers->count > 1) {
        return WH_REPEATED;
    }

    name = ngx_http_webhook_wh_str(&source->name);
    header = ngx_http_webhook_wh_str(&headers->first->value);

    switch (source->type) {

    case NGX_HTTP_WEBHOOK_FIELD:
        return wh_pair_find(header, source->separator, name, text);

    case NGX_HTTP_WEBHOOK_COOKIE:
        return wh_pair_find(header, ';', name, text);

    case NGX_HTTP_WEBHOOK_BEARER:
        return wh_authorization(header, bearer, text);

    default: /* NGX_HTTP_WEBHOOK_BASIC */
        return ngx_http_webhook_source_basic(r, header, text);
    }
}


/*
 * nginx takes a variable that fails for an empty one; one of ours is an error
 * here.
 */

ngx_int_t
ngx_http_webhook_evaluate_variables(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_complex_value_t *value,
    ngx_str_t *text)
{
    ctx->evaluation = 0;

    if (ngx_http_complex_value(r, value, text) != NGX_OK || ctx->evaluation) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Why a request is refused whose value is missing, repeated or malformed. */

ngx_http_webhook_reason_e
ngx_http_webhook_source_reason(ngx_int_t rc, ngx_http_webhook_reason_e missing,
    ngx_http_webhook_reason_e malformed)
{
    switch (rc) {

    case WH_OK:
        return NGX_HTTP_WEBHOOK_PASSED;

    case WH_ABSENT:
        return missing;

    case WH_REPEATED:
        return NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED;

    case WH_INVALID:
        return malformed;

    default: /* WH_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }
}


/* user:password (RFC 7617) */

static int
ngx_http_webhook_source_basic(ngx_http_request_t *r, wh_str_t header,
    wh_str_t *text)
{
    int      rc;
    size_t   len;
    u_char  *buf;

    static const wh_str_t  basic = wh_string("Basic");

    rc = wh_authorization(header, basic, &header);

    if (rc != WH_OK) {
        return rc;
    }

    len = wh_decoded_len(WH_BASE64, header.len);

    buf = ngx_pnalloc(r->pool, len + 1);
    if (buf == NULL) {
        return WH_ERROR;
    }

    rc = wh_decode(WH_BASE64, header, buf, &len);

    text->data = buf;
    text->len = len;

    return rc;
}


/*
 * NGX_OK when a credential of the gate's provider is in the request, be it a
 * good one or not, NGX_DECLINED when there is none, or NGX_ERROR.
 */

ngx_int_t
ngx_http_webhook_source_credential(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                    value;
    ngx_http_webhook_source_t  **source;

    source = ctx->gate->provider->credentials;

    if (*source == NULL) {
        return ngx_http_webhook_source_certificate(r);
    }

    for ( /* void */ ; *source; source++) {

        switch (ngx_http_webhook_source_value(r, ctx, *source, &value)) {

        case WH_ABSENT:
            break;

        case WH_ERROR:
            return NGX_ERROR;

        default: /* it need not be a good one */
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* A client certificate, be it verified or not. */

static ngx_int_t
ngx_http_webhook_source_certificate(ngx_http_request_t *r)
{
    X509  *cert;

    if (r->connection->ssl == NULL) {
        return NGX_DECLINED;
    }

    cert = SSL_get_peer_certificate(r->connection->ssl->connection);
    if (cert == NULL) {
        return NGX_DECLINED;
    }

    X509_free(cert);

    return NGX_OK;
}
