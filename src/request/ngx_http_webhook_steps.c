
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The steps of a verification: what each of them looks at.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_media.h"
#include "core/wh_time.h"


static ngx_uint_t ngx_http_webhook_dry_run(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_reason_e reason);
static ngx_uint_t ngx_http_webhook_media_match(ngx_http_webhook_media_t *media,
    ngx_str_t *content_type);
static ngx_uint_t ngx_http_webhook_required_match(
    ngx_http_webhook_required_t *required, ngx_str_t *value);
static ngx_uint_t ngx_http_webhook_authority(ngx_http_request_t *r);


#define ngx_http_webhook_step_handler(id, check, has, stage)  check,


static ngx_http_webhook_check_t  *ngx_http_webhook_step_handlers[] = {
    NULL,
    ngx_http_webhook_step_rows(ngx_http_webhook_step_handler)
};


/*
 * The steps of a stage one after the other, up to the first that fails, from
 * the one that has waited for its turn on.  A failure of what is on trial does
 * not stop the request.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_steps_run(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_stage_e stage)
{
    u_char                     *step;
    ngx_http_webhook_reason_e   reason;

    step = ctx->step ? ctx->step : ctx->gate->steps[stage];
    ctx->step = NULL;

    for ( /* void */ ; *step; step++) {

        reason = ngx_http_webhook_step_handlers[*step](r, ctx);

        if (reason == NGX_HTTP_WEBHOOK_PASSED) {
            continue;
        }

        if (reason == NGX_HTTP_WEBHOOK_BUSY) {
            ctx->step = step;
        }

        if (!ngx_http_webhook_dry_run(r, ctx, reason)) {
            return reason;
        }
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * 1 for a failure that does not stop the request, since its rule is on trial.
 * The first of them is what the request would have been refused for.
 */

static ngx_uint_t
ngx_http_webhook_dry_run(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_reason_e reason)
{
    ngx_uint_t                    bit;
    ngx_http_webhook_dry_run_t   *dry_run;
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    bit = ngx_http_webhook_reason_dry_run(reason);

    if (!(wlcf->dry_run & bit) || ctx->binding) {
        return 0;
    }

    dry_run = ctx->dry_run;

    if (dry_run == NULL) {

        dry_run = ngx_pcalloc(r->pool, sizeof(ngx_http_webhook_dry_run_t));
        if (dry_run == NULL) {
            return 0;
        }

        ctx->dry_run = dry_run;

        dry_run->reason = reason;
        dry_run->status = ctx->status;
        dry_run->pointer = ctx->pointer;
        dry_run->violation = ctx->violation;
    }

    dry_run->bits |= bit;

    /* the next failure may be one that counts */

    ctx->status = 0;
    ctx->violation = NULL;
    ctx->pointer = NULL;

    return 1;
}


ngx_http_webhook_reason_e
ngx_http_webhook_step_method(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    /* "auth_request" asks with GET, whatever the main request is */

    if (r->main->method & ctx->gate->provider->methods) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return NGX_HTTP_WEBHOOK_METHOD_NOT_ALLOWED;
}


/* Of two headers, another reader of the request may take the other one. */

ngx_http_webhook_reason_e
ngx_http_webhook_step_one_content_type(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    return ctx->headers[NGX_HTTP_WEBHOOK_CONTENT_TYPE].count > 1
           ? NGX_HTTP_WEBHOOK_HEADER_MISMATCH : NGX_HTTP_WEBHOOK_PASSED;
}


ngx_http_webhook_reason_e
ngx_http_webhook_step_content_type(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                 i;
    ngx_array_t               *media;
    ngx_http_webhook_media_t  *elts;
    ngx_http_webhook_field_t  *header;

    header = &ctx->headers[NGX_HTTP_WEBHOOK_CONTENT_TYPE];

    /* nginx does not decode request bodies, so there would be no JSON */

    if (ctx->gate->strict && ctx->headers[ctx->gate->encoding].count) {
        return NGX_HTTP_WEBHOOK_CONTENT_TYPE_UNSUPPORTED;
    }

    media = &ctx->gate->provider->media;

    if (media->nelts == 0) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    elts = media->elts;

    for (i = 0; i < media->nelts; i++) {

        if (header->count == 0) {

            if (elts[i].type.len == 0 && elts[i].regex == NULL) {
                return NGX_HTTP_WEBHOOK_PASSED;
            }

            continue;
        }

        if (ngx_http_webhook_media_match(&elts[i], &header->first->value)) {
            return NGX_HTTP_WEBHOOK_PASSED;
        }
    }

    return NGX_HTTP_WEBHOOK_CONTENT_TYPE_UNSUPPORTED;
}


static ngx_uint_t
ngx_http_webhook_media_match(ngx_http_webhook_media_t *media,
    ngx_str_t *content_type)
{
    if (media->regex) {
        return ngx_http_webhook_pattern_match(media->regex, content_type);
    }

    return media->type.len
           && wh_media_match(ngx_http_webhook_wh_str(content_type),
                             ngx_http_webhook_wh_str(&media->type),
                             ngx_http_webhook_wh_str(&media->subtype));
}


ngx_http_webhook_reason_e
ngx_http_webhook_step_headers(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                    i;
    ngx_http_webhook_field_t     *header;
    ngx_http_webhook_provider_t  *provider;
    ngx_http_webhook_required_t  *required;

    provider = ctx->gate->provider;
    required = provider->required.elts;

    for (i = 0; i < provider->required.nelts; i++) {

        header = &ctx->headers[required[i].header];

        if (header->count == 1
            && ngx_http_webhook_required_match(&required[i],
                                               &header->first->value))
        {
            continue;
        }

        ctx->status = required[i].status;

        return header->count ? NGX_HTTP_WEBHOOK_HEADER_MISMATCH
                             : NGX_HTTP_WEBHOOK_HEADER_MISSING;
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


static ngx_uint_t
ngx_http_webhook_required_match(ngx_http_webhook_required_t *required,
    ngx_str_t *value)
{
    if (required->regex) {
        return ngx_http_webhook_pattern_match(required->regex, value);
    }

    if (required->prefix) {
        return value->len >= required->value.len
               && ngx_memcmp(value->data, required->value.data,
                             required->value.len)
                  == 0;
    }

    return ngx_http_webhook_str_equal(value, &required->value);
}


ngx_http_webhook_reason_e
ngx_http_webhook_step_certificate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    X509               *cert;
    ngx_str_t           verify;
    ngx_uint_t          i, k;
    ngx_array_t        *subjects;
    wh_subject_attr_t  *attr;

    if (r->connection->ssl == NULL) {
        return NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING;
    }

    if (ngx_ssl_get_client_verify(r->connection, r->pool, &verify) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (ngx_strncmp(verify.data, "NONE", verify.len) == 0) {
        return NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING;
    }

    if (verify.len != sizeof("SUCCESS") - 1
        || ngx_strncmp(verify.data, "SUCCESS", verify.len) != 0
        || !ngx_http_webhook_authority(r))
    {
        return NGX_HTTP_WEBHOOK_CERTIFICATE_UNVERIFIED;
    }

    cert = SSL_get_peer_certificate(r->connection->ssl->connection);
    if (cert == NULL) {
        return NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING;
    }

    subjects = ctx->gate->certificates->elts;

    for (i = 0; i < ctx->gate->certificates->nelts; i++) {

        attr = subjects[i].elts;

        for (k = 0; k < subjects[i].nelts; k++) {
            if (wh_subject_match(cert, &attr[k]) != WH_OK) {
                break;
            }
        }

        if (k == subjects[i].nelts) {
            ctx->subject = &subjects[i];
            X509_free(cert);
            return NGX_HTTP_WEBHOOK_PASSED;
        }
    }

    X509_free(cert);

    return NGX_HTTP_WEBHOOK_CERTIFICATE_SUBJECT_MISMATCH;
}


/*
 * Whether who has verified the certificate is whom this server trusts.  A
 * client that does not say in the handshake which server it wants gets the
 * default one, whatever its request says then.
 */

static ngx_uint_t
ngx_http_webhook_authority(ngx_http_request_t *r)
{
    ngx_http_ssl_srv_conf_t  *sscf, *shaken;

    sscf = ngx_http_get_module_srv_conf(r, ngx_http_ssl_module);
    shaken = ngx_http_get_module_srv_conf(r->http_connection->conf_ctx,
                                          ngx_http_ssl_module);

#if (nginx_version >= 1019000)

    if (sscf->ocsp != shaken->ocsp) {
        return 0;
    }

#endif

    return sscf == shaken
           || (sscf->verify_depth == shaken->verify_depth
               && ngx_http_webhook_str_equal(&sscf->client_certificate,
                                             &shaken->client_certificate)
               && ngx_http_webhook_str_equal(&sscf->trusted_certificate,
                                             &shaken->trusted_certificate)
               && ngx_http_webhook_str_equal(&sscf->crl, &shaken->crl));
}


/*
 * A tenant without any secret is an unknown one.  Its requests go on to a
 * verification that nothing can pass, so that no stranger finds out which
 * tenants there are.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_step_keys(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t  n;

    if (ctx->gate->incomplete) {
        return NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE;
    }

    switch (ngx_http_webhook_keys_get(r, ctx->gate, ctx->keys, &n)) {

    case NGX_OK:
        ctx->unknown_tenant = (n == 0);

        return n || ngx_http_webhook_key_nobody(r, ctx->gate->keyslots, 0,
                                                &ctx->keys[0])
                    == NGX_OK
               ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_INTERNAL;

    case NGX_DECLINED:
        return NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE;

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }
}


ngx_http_webhook_reason_e
ngx_http_webhook_step_timestamp(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    time_t                         now;
    int64_t                        time;
    ngx_int_t                      rc;
    ngx_str_t                      value;
    ngx_http_webhook_window_t     *window;
    ngx_http_webhook_timestamp_t  *timestamp;

    timestamp = ctx->gate->provider->timestamp;
    window = &ctx->gate->window;

    rc = ngx_http_webhook_source_value(r, ctx, &timestamp->source, &value);

    if (rc == WH_ABSENT && timestamp->optional) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (rc != WH_OK) {
        return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_TIMESTAMP_MISSING,
                                         NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED);
    }

    if (wh_time_stamp(ngx_http_webhook_wh_str(&value), timestamp->unit, &time)
        != WH_OK)
    {
        return NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED;
    }

    if (ctx->signing
        && !ngx_http_webhook_source_in_body(&timestamp->source))
    {
        ctx->signing->time = value;
    }

    now = ngx_time();

    if (window->past != NGX_CONF_UNSET && time < now - window->past) {
        ctx->age = now - time;
        return NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD;
    }

    if (window->future != NGX_CONF_UNSET && time > now + window->future) {
        ctx->age = now - time;
        return NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE;
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* What is kept in memory as a whole, or parsed unverified, is bounded. */

ngx_http_webhook_reason_e
ngx_http_webhook_step_size(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_loc_conf_t  *wlcf;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    if (!provider->form
        && !ctx->whole
        && !provider->needs_body
        && !(provider->body.flags & NGX_HTTP_WEBHOOK_BODY_WHOLE))
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    return r->headers_in.content_length_n > (off_t) wlcf->max_body
           ? NGX_HTTP_WEBHOOK_BODY_TOO_LARGE : NGX_HTTP_WEBHOOK_PASSED;
}
