
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The two ends of a request's way: its first step in a location, its last one
 * there, and the answer of the application to a verified request: whether the
 * message has been accepted, and its status as the sender wants it.  A module
 * of its own, since these have another place in nginx's list of modules than
 * access handlers.
 */


#include "ngx_http_webhook_request.h"


static ngx_int_t ngx_http_webhook_enter_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_leaving_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_webhook_header_filter(ngx_http_request_t *r);
static ngx_uint_t ngx_http_webhook_accepted_upstream(ngx_http_request_t *r);
static ngx_uint_t ngx_http_webhook_success(ngx_uint_t status);
static ngx_int_t ngx_http_webhook_filter_add_variable(ngx_conf_t *cf);
static ngx_int_t ngx_http_webhook_filter_init(ngx_conf_t *cf);


static ngx_http_module_t  ngx_http_webhook_filter_module_ctx = {
    ngx_http_webhook_filter_add_variable,  /* preconfiguration */
    ngx_http_webhook_filter_init,          /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_webhook_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_webhook_filter_module_ctx,   /* module context */
    NULL,                                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


/*
 * Comes before nginx's own rewrite module, whose "return" may be the last that
 * is seen of the request in this location.
 */

static ngx_int_t
ngx_http_webhook_enter_handler(ngx_http_request_t *r)
{
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    return wlcf->gate ? ngx_http_webhook_meet(r, wlcf) : NGX_DECLINED;
}


/* An error page's name begins with it; it is empty. */

static ngx_int_t
ngx_http_webhook_leaving_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_webhook_leave(r);

    *v = ngx_http_variable_null_value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_header_filter(ngx_http_request_t *r)
{
    ngx_uint_t                 accepted_upstream;
    ngx_http_webhook_ctx_t    *ctx;
    ngx_http_core_loc_conf_t  *clcf;

    if (r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_webhook_get_ctx(r);

    if (ctx == NULL) {

        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        /* a request that has come to no location has met no gate */

        if (clcf->post_action.len && clcf->loc_conf) {
            ngx_http_webhook_leave(r);
        }

        return ngx_http_next_header_filter(r);
    }

    /* ahead of an answer that only the client will understand */

    if (r->headers_out.status < NGX_HTTP_OK
        && r->headers_out.status != NGX_HTTP_SWITCHING_PROTOCOLS)
    {
        return ngx_http_next_header_filter(r);
    }

    accepted_upstream = ngx_http_webhook_accepted_upstream(r);

    /* who is told of a failure may come again at once */

    ngx_http_webhook_replay_end(ctx, accepted_upstream);

    if (!accepted_upstream
        || !ctx->verified
        || ctx->ack <= 0
        || r->headers_out.status == (ngx_uint_t) ctx->ack
        || r->method == NGX_HTTP_HEAD)
    {
        return ngx_http_next_header_filter(r);
    }

    /* 204 has no body, and any other status says how long it is */

    if (r->headers_out.status == NGX_HTTP_NO_CONTENT) {
        r->headers_out.content_length_n = 0;
    }

    r->headers_out.status = ctx->ack;
    r->headers_out.status_line.len = 0;

    return ngx_http_next_header_filter(r);
}


/*
 * Whether it is the application that answers 2xx.  A page that is shown for an
 * error is not, whatever its status; another upstream that steps in is.
 */

static ngx_uint_t
ngx_http_webhook_accepted_upstream(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    if (!ngx_http_webhook_success(r->headers_out.status)) {
        return 0;
    }

    u = r->upstream;

    /*
     * "error_page ... =200" has another's status; a handler that returns 201
     * or 204 leaves it there as well
     */

    if (r->err_status && (r->error_page || r->internal)) {
        return u && u->cleanup
               && ngx_http_webhook_success(u->headers_in.status_n);
    }

    if (u == NULL) {
        return !r->error_page;
    }

    /* one that has not been finalized is the one that answers */

    if (u->cleanup) {
        return 1;
    }

#if (NGX_HTTP_CACHE)

    if (r->cached) {
        return !r->error_page;
    }

#endif

    return u->headers_in.x_accel_redirect && !r->error_page;
}


static ngx_uint_t
ngx_http_webhook_success(ngx_uint_t status)
{
    return status >= NGX_HTTP_OK && status < NGX_HTTP_SPECIAL_RESPONSE;
}


static ngx_int_t
ngx_http_webhook_filter_add_variable(ngx_conf_t *cf)
{
    ngx_http_variable_t  *v;

    static ngx_str_t  name = ngx_string(NGX_HTTP_WEBHOOK_LEAVING);

    v = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (v == NULL) {
        return NGX_ERROR;
    }

    v->get_handler = ngx_http_webhook_leaving_variable;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_filter_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt           *h;
    ngx_http_core_main_conf_t     *cmcf;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    if (wmcf->stats_entries.nelts == 0) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_REWRITE_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_webhook_enter_handler;

    if (!wmcf->ack && !wmcf->replay && !wmcf->post_action) {
        return NGX_OK;
    }

    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_webhook_header_filter;

    return NGX_OK;
}
