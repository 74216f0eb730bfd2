
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * webhook_status: a location that answers with the counters, or with a page
 * that shows them.
 */


#include "ngx_http_webhook_status.h"
#include "ngx_http_webhook_page.h"


typedef struct {
    ngx_str_t   name;
    ngx_str_t   type;
    void      (*write)(ngx_http_request_t *r, ngx_http_webhook_out_t *out);
} ngx_http_webhook_format_t;


static ngx_int_t ngx_http_webhook_status_format(ngx_str_t *name);
static ngx_int_t ngx_http_webhook_status_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_status_headers(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_status_send(ngx_http_request_t *r,
    ngx_http_webhook_out_t *out);
static void ngx_http_webhook_status_page(ngx_http_request_t *r,
    ngx_http_webhook_out_t *out);
static ngx_int_t ngx_http_webhook_status_policy(void);
static u_char *ngx_http_webhook_status_hash(u_char *p, const char *start,
    const char *end);


/* the first is the default */

static ngx_http_webhook_format_t  ngx_http_webhook_formats[] = {
    { ngx_string("prometheus"),
      ngx_string("text/plain; version=0.0.4; charset=utf-8"),
      ngx_http_webhook_status_prometheus },
    { ngx_string("json"), ngx_string("application/json"),
      ngx_http_webhook_status_json },
    { ngx_string("html"), ngx_string("text/html; charset=utf-8"),
      ngx_http_webhook_status_page },
    { ngx_null_string, ngx_null_string, NULL }
};


/* of the page: it runs its own script and asks its own server, no more */

static u_char     ngx_http_webhook_policy_data[512];


static ngx_str_t  ngx_http_webhook_policy = {
    0, ngx_http_webhook_policy_data
};


/* webhook_status [prometheus | json | html] */

char *
ngx_http_webhook_status_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_int_t                      format;
    ngx_str_t                     *value;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_webhook_status_t     *status;
    ngx_http_webhook_main_conf_t  *wmcf;

    if (wlcf->status) {
        return "is duplicate";
    }

    value = cf->args->elts;
    format = 0;

    if (cf->args->nelts == 2) {

        format = ngx_http_webhook_status_format(&value[1]);

        if (format == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown format \"%V\", it is \"prometheus\", "
                               "\"json\" or \"html\"", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    status = ngx_palloc(cf->pool, sizeof(ngx_http_webhook_status_t));
    if (status == NULL || ngx_http_webhook_status_policy() != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    status->format = format;
    status->file = cf->conf_file->file.name;
    status->line = cf->conf_file->line;

    wlcf->status = status;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    if (wmcf->status == NULL) {
        wmcf->status = status;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_webhook_status_handler;

    return NGX_CONF_OK;
}


/* The zone may be defined below, so this is checked when all has been read. */

ngx_int_t
ngx_http_webhook_status_check(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf)
{
    if (wmcf->status == NULL || wmcf->zones.nelts) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"webhook_status\" in %V:%ui has nothing to show, add "
                  "\"webhook_zone hooks 1m;\" to \"http\"",
                  &wmcf->status->file, wmcf->status->line);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_webhook_status_format(ngx_str_t *name)
{
    ngx_int_t                   i;
    ngx_http_webhook_format_t  *format;

    for (i = 0; ngx_http_webhook_formats[i].name.len; i++) {

        format = &ngx_http_webhook_formats[i];

        if (ngx_http_webhook_str_equal(name, &format->name)) {
            return i;
        }
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_webhook_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                     rc, format;
    ngx_str_t                     name;
    ngx_http_webhook_out_t        out;
    ngx_http_webhook_loc_conf_t  *wlcf;

    static ngx_str_t  allow = ngx_string("GET, HEAD");

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_http_webhook_add_header(r, "Allow", &allow)
               ? NGX_HTTP_NOT_ALLOWED : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);
    format = wlcf->status->format;

    if (ngx_http_arg(r, (u_char *) "format", 6, &name) == NGX_OK) {

        format = ngx_http_webhook_status_format(&name);

        if (format == NGX_ERROR) {
            return NGX_HTTP_BAD_REQUEST;
        }
    }

    ngx_memzero(&out, sizeof(ngx_http_webhook_out_t));

    out.pool = r->pool;
    out.last = &out.first;

    r->headers_out.content_type = ngx_http_webhook_formats[format].type;
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    if (ngx_http_webhook_status_headers(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_webhook_formats[format].write(r, &out);

    return ngx_http_webhook_status_send(r, &out);
}


static ngx_int_t
ngx_http_webhook_status_headers(ngx_http_request_t *r)
{
    static ngx_str_t  no_store = ngx_string("no-store");
    static ngx_str_t  nosniff = ngx_string("nosniff");

    if (ngx_http_webhook_add_header(r, "Cache-Control", &no_store) == NULL
        || ngx_http_webhook_add_header(r, "X-Content-Type-Options", &nosniff)
           == NULL
        || ngx_http_webhook_add_header(r, "Content-Security-Policy",
                                       &ngx_http_webhook_policy)
           == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_status_send(ngx_http_request_t *r,
    ngx_http_webhook_out_t *out)
{
    ngx_int_t     rc;
    ngx_chain_t  *cl;

    if (out->failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = 0;

    for (cl = out->first; cl; cl = cl->next) {
        r->headers_out.content_length_n += ngx_buf_size(cl->buf);
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out->buf->last_buf = (r == r->main) ? 1 : 0;
    out->buf->last_in_chain = 1;

    return ngx_http_output_filter(r, out->first);
}


static void
ngx_http_webhook_status_page(ngx_http_request_t *r,
    ngx_http_webhook_out_t *out)
{
    u_char  *p;

    p = ngx_http_webhook_out_room(out, ngx_http_webhook_page.len);

    if (p) {
        out->buf->last = ngx_cpymem(p, ngx_http_webhook_page.data,
                                    ngx_http_webhook_page.len);
    }
}


/* Of what the page has between its tags, so nothing else runs in it. */

static ngx_int_t
ngx_http_webhook_status_policy(void)
{
    u_char  *p;

    p = ngx_http_webhook_policy.data;

    p = ngx_sprintf(p, "default-src 'none'; connect-src 'self'; "
                       "base-uri 'none'; form-action 'none'; "
                       "frame-ancestors 'none'; img-src data:; "
                       "style-src 'sha256-");
    p = ngx_http_webhook_status_hash(p, "<style>", "</style>");

    if (p == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(p, "'; script-src 'sha256-");
    p = ngx_http_webhook_status_hash(p, "<script>", "</script>");

    if (p == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(p, "'");

    ngx_http_webhook_policy.len = p - ngx_http_webhook_policy.data;

    return NGX_OK;
}


static u_char *
ngx_http_webhook_status_hash(u_char *p, const char *start, const char *end)
{
    u_char        digest[EVP_MAX_MD_SIZE], *first, *last;
    ngx_str_t     src, dst;
    unsigned int  size;

    first = (u_char *) ngx_strstr(ngx_http_webhook_page.data, start)
            + ngx_strlen(start);
    last = (u_char *) ngx_strstr(first, end);

    if (EVP_Digest(first, last - first, digest, &size, EVP_sha256(), NULL)
        != 1)
    {
        return NULL;
    }

    src.data = digest;
    src.len = size;
    dst.data = p;

    ngx_encode_base64(&dst, &src);

    return p + dst.len;
}
