
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Subrequests into a location with a gate.  They skip the access phase, and
 * what they find out is not a verdict on the main request.
 */


#include "ngx_http_webhook_request.h"


static ngx_http_webhook_reason_e ngx_http_webhook_subrequest_reason(
    ngx_http_request_t *r, ngx_http_webhook_loc_conf_t *wlcf);
static ngx_http_webhook_reason_e ngx_http_webhook_verify_headers(
    ngx_http_request_t *r, ngx_http_webhook_gate_t *gate);
static ngx_uint_t ngx_http_webhook_headers_suffice(
    ngx_http_webhook_gate_t *gate);


ngx_int_t
ngx_http_webhook_verify_subrequest(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf)
{
    ngx_http_webhook_reason_e  reason;

    if (!wlcf->enforce) {
        return NGX_DECLINED;
    }

    reason = ngx_http_webhook_subrequest_reason(r, wlcf);

    if (reason == NGX_HTTP_WEBHOOK_PASSED) {
        return NGX_DECLINED;
    }

    ngx_log_error(wlcf->log_level, r->connection->log, 0,
                  "webhook %V: subrequest \"%V\" refused, %V",
                  &wlcf->names, &r->uri, ngx_http_webhook_reason_name(reason));

    /* a page instead could have a status that lets the request through */

    r->error_page = 1;

    return NGX_HTTP_FORBIDDEN;
}


/*
 * A subrequest has the main request's headers, and its body unless somebody
 * made another.  With that body it needs the verdict of the same gate.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_subrequest_reason(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf)
{
    ngx_http_webhook_ctx_t       *ctx;
    ngx_http_webhook_loc_conf_t  *main;

    ctx = ngx_http_webhook_get_ctx(r->main);

    if (ctx
        && ctx->gate->first == wlcf->gate
        && ngx_http_webhook_passes(ctx, wlcf))
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (r->request_body == NULL
        || r->request_body == r->main->request_body)
    {
        return NGX_HTTP_WEBHOOK_NOT_VERIFIED;
    }

    /* "auth_request" asks ahead of a gate that the main request is to pass */

    main = ngx_http_get_module_loc_conf(r->main, ngx_http_webhook_module);

    if (main->gate == wlcf->gate
        && main->enforce
        && r->request_body->bufs == NULL)
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_verify_headers(r, wlcf->gate);
}


/* What the headers alone can say of a request. */

static ngx_http_webhook_reason_e
ngx_http_webhook_verify_headers(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate)
{
    ngx_http_webhook_ctx_t     *ctx;
    ngx_http_webhook_reason_e   reason;

    ctx = ngx_http_webhook_create_ctx(r, gate);
    if (ctx == NULL) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    /* the phase that it is in has no way to wait */

    ctx->at_once = 1;

    ngx_http_webhook_find_headers(r, gate->provider, ctx->headers);

    if (gate->next && ngx_http_webhook_select(r, ctx) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (!ngx_http_webhook_headers_suffice(ctx->gate)) {
        return NGX_HTTP_WEBHOOK_NOT_VERIFIED;
    }

    reason = ngx_http_webhook_steps_run(r, ctx,
                                        NGX_HTTP_WEBHOOK_STAGE_HEADERS);

    ngx_http_webhook_finish(ctx, NGX_HTTP_WEBHOOK_UNKNOWN);
    ngx_http_webhook_body_release(ctx);

    return reason;
}


static ngx_uint_t
ngx_http_webhook_headers_suffice(ngx_http_webhook_gate_t *gate)
{
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;

    return (!ngx_http_webhook_signs(provider)
            || (provider->http_message && !provider->http_message->digest))
           && !gate->provider->needs_body
           && !gate->provider->form
           && gate->nconstraints == 0
           && !gate->strict;
}
