
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The components of a request that an HTTP message signature is over, as its
 * sender has sent them (RFC 9421, 2).
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_str.h"
#include "core/wh_url.h"


/* The URL as the sender knows it. */

typedef struct {
    ngx_uint_t                  tls;        /* 1: "https", 0: "http" */
    ngx_str_t                   authority;  /* no data: there is none */
    ngx_str_t                   prefix;     /* of the path */
    ngx_str_t                   uri;        /* path and query */
} ngx_http_webhook_url_t;


static ngx_int_t ngx_http_webhook_url_parts(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_url_t *url);
static void ngx_http_webhook_url_public(ngx_str_t *text,
    ngx_http_webhook_url_t *url);
static ngx_int_t ngx_http_webhook_url_host(ngx_http_request_t *r,
    ngx_str_t *host);
static ngx_int_t ngx_http_webhook_url_authority(ngx_http_request_t *r,
    ngx_http_webhook_url_t *url);
static ngx_int_t ngx_http_webhook_component(ngx_http_request_t *r,
    ngx_http_webhook_url_t *url, wh_component_t *component, ngx_str_t *value);


/* in the order of the URL's tls */

static ngx_str_t  ngx_http_webhook_url_schemes[] = {
    ngx_string("http"), ngx_string("https")
};

static ngx_str_t  ngx_http_webhook_url_ports[] = {
    ngx_string(":80"), ngx_string(":443")
};


/*
 * The text that is signed (2.5).  NGX_DECLINED when a component is not there,
 * or is not certain.
 */

ngx_int_t
ngx_http_webhook_signature_base(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *base)
{
    u_char                  *p;
    size_t                   i, len;
    ngx_int_t                rc;
    ngx_str_t                values[WH_COMPONENTS_MAX];
    wh_component_t          *component;
    wh_signature_input_t    *input;
    ngx_http_webhook_url_t   url;

    static ngx_str_t  params = ngx_string("\"@signature-params\": ");

    input = &ctx->http->input;

    rc = ngx_http_webhook_url_parts(r, ctx, &url);
    if (rc != NGX_OK) {
        return rc;
    }

    len = params.len + input->written.len;

    for (i = 0; i < input->n; i++) {

        component = &input->components[i];

        rc = ngx_http_webhook_component(r->main, &url, component, &values[i]);
        if (rc != NGX_OK) {
            return rc;
        }

        len += component->name.len + values[i].len + sizeof("\"\": \n") - 1;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    base->data = p;
    base->len = len;

    for (i = 0; i < input->n; i++) {
        *p++ = '"';
        p = ngx_cpymem(p, input->components[i].name.data,
                       input->components[i].name.len);
        p = ngx_cpymem(p, "\": ", sizeof("\": ") - 1);
        p = ngx_cpymem(p, values[i].data, values[i].len);
        *p++ = LF;
    }

    p = ngx_cpymem(p, params.data, params.len);
    ngx_memcpy(p, input->written.data, input->written.len);

    return NGX_OK;
}


/*
 * Behind a proxy nginx cannot know scheme and host, nor what it takes off the
 * path, then webhook_public_url says them.
 */

static ngx_int_t
ngx_http_webhook_url_parts(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_url_t *url)
{
    u_char                       *p;
    ngx_http_webhook_loc_conf_t  *wlcf;

    ngx_memzero(url, sizeof(ngx_http_webhook_url_t));

    url->uri = r->main->unparsed_uri;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (wlcf->public_url.len) {
        ngx_http_webhook_url_public(&wlcf->public_url, url);

    } else {

        url->tls = (r->connection->ssl != NULL);

        if (ngx_http_webhook_url_host(r->main, &url->authority) != NGX_OK) {
            return NGX_DECLINED;
        }
    }

    if (ngx_http_webhook_url_authority(r, url) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!ctx->gate->provider->http_message->normalize) {
        return NGX_OK;
    }

    p = ngx_pstrdup(r->pool, &url->uri);
    if (p == NULL) {
        return NGX_ERROR;
    }

    url->uri.data = p;
    url->uri.len = wh_url_normalize(p, url->uri.len);

    return NGX_OK;
}


/* The directive's URL has one of two schemes, and no "/" at its end. */

static void
ngx_http_webhook_url_public(ngx_str_t *text, ngx_http_webhook_url_t *url)
{
    u_char  *p, *last;

    last = text->data + text->len;

    url->tls = (ngx_tolower(text->data[4]) == 's');
    url->authority.data = text->data + sizeof("http://") - 1 + url->tls;

    p = ngx_strlchr(url->authority.data, last, '/');
    if (p == NULL) {
        p = last;
    }

    url->authority.len = p - url->authority.data;

    url->prefix.data = p;
    url->prefix.len = last - p;
}


/*
 * The Host as it was sent.  NGX_DECLINED when it is there twice, or another
 * one is in the request line: an application may take that.
 */

static ngx_int_t
ngx_http_webhook_url_host(ngx_http_request_t *r, ngx_str_t *host)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;

    static wh_str_t  name = wh_string("host");

    if (ngx_http_webhook_host(r, host) != NGX_OK) {
        return NGX_OK;
    }

    part = &r->headers_in.headers.part;
    i = 0;

    if (ngx_http_webhook_next_named(&part, &i, &name)
        && ngx_http_webhook_next_named(&part, &i, &name))
    {
        return NGX_DECLINED;
    }

    if (r->host_start == NULL || r->http_version >= NGX_HTTP_VERSION_20) {
        return NGX_OK;
    }

    len = r->host_end - r->host_start;

    return len <= host->len
           && ngx_strncasecmp(r->host_start, host->data, len) == 0
           && (len == host->len || host->data[len] == ':')
           ? NGX_OK : NGX_DECLINED;
}


/* In lower case, without the scheme's own port (2.2.3). */

static ngx_int_t
ngx_http_webhook_url_authority(ngx_http_request_t *r,
    ngx_http_webhook_url_t *url)
{
    u_char     *p;
    ngx_str_t  *authority, *port;

    authority = &url->authority;

    if (authority->data == NULL) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, authority->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(p, authority->data, authority->len);

    authority->data = p;

    port = &ngx_http_webhook_url_ports[url->tls];

    if (authority->len > port->len
        && ngx_strncmp(p + authority->len - port->len, port->data, port->len)
           == 0)
    {
        authority->len -= port->len;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_component(ngx_http_request_t *r, ngx_http_webhook_url_t *url,
    wh_component_t *component, ngx_str_t *value)
{
    u_char     *query;
    ngx_str_t   parts[5];

    static ngx_str_t  slash = ngx_string("/");
    static ngx_str_t  separator = ngx_string("://");

    query = ngx_strlchr(url->uri.data, url->uri.data + url->uri.len, '?');

    switch (component->type) {

    case WH_COMPONENT_METHOD:
        *value = r->method_name;
        return NGX_OK;

    case WH_COMPONENT_SCHEME:
        *value = ngx_http_webhook_url_schemes[url->tls];
        return NGX_OK;

    case WH_COMPONENT_AUTHORITY:
        *value = url->authority;
        return value->data ? NGX_OK : NGX_DECLINED;

    case WH_COMPONENT_TARGET_URI:

        if (url->authority.data == NULL) {
            return NGX_DECLINED;
        }

        parts[0] = ngx_http_webhook_url_schemes[url->tls];
        parts[1] = separator;
        parts[2] = url->authority;
        parts[3] = url->prefix;
        parts[4] = url->uri;

        return ngx_http_webhook_message_join(r, parts, 5, value);

    case WH_COMPONENT_REQUEST_TARGET:

        /* of an absolute one nginx keeps path and query */

        if (r->host_start && r->http_version < NGX_HTTP_VERSION_20) {
            return NGX_DECLINED;
        }

        parts[0] = url->prefix;
        parts[1] = url->uri;

        return ngx_http_webhook_message_join(r, parts, 2, value);

    case WH_COMPONENT_PATH:
        parts[0] = url->prefix;
        parts[1] = url->uri;

        if (query) {
            parts[1].len = query - url->uri.data;
        }

        if (parts[0].len + parts[1].len == 0) {
            parts[1] = slash;
        }

        return ngx_http_webhook_message_join(r, parts, 2, value);

    case WH_COMPONENT_QUERY:

        if (query == NULL) {
            ngx_str_set(value, "?");
            return NGX_OK;
        }

        value->data = query;
        value->len = url->uri.data + url->uri.len - query;

        return NGX_OK;

    default: /* WH_COMPONENT_FIELD */
        return ngx_http_webhook_header_lines(r, &component->name, value);
    }
}
