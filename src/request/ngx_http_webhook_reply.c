
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Refusals: the reasons with their statuses, the line in the error log and
 * the answer.
 */


#include "ngx_http_webhook_request.h"


typedef struct {
    ngx_uint_t  status;
    ngx_str_t   text;
    ngx_str_t   body;           /* with nothing else to say */
} ngx_http_webhook_class_t;


#define ngx_http_webhook_class(status, text)                                  \
    { status, ngx_string(text),                                               \
      ngx_string("{\"status\":" #status ",\"error\":\"" text "\"}\n") }


static ngx_http_webhook_is_t  ngx_http_webhook_status;
static void ngx_http_webhook_log(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static ngx_uint_t ngx_http_webhook_answered_elsewhere(ngx_http_request_t *r,
    ngx_uint_t status);
static ngx_int_t ngx_http_webhook_status_headers(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t status);
static ngx_http_webhook_action_t  ngx_http_webhook_send_refusal;
static const ngx_str_t *ngx_http_webhook_pointer(ngx_http_webhook_ctx_t *ctx);
static ngx_int_t ngx_http_webhook_detail(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *detail);


/* all that a stranger is told */

static ngx_http_webhook_class_t  ngx_http_webhook_classes[] = {
    ngx_http_webhook_class(400, "bad request"),
    ngx_http_webhook_class(401, "unauthorized"),
    ngx_http_webhook_class(403, "forbidden"),
    ngx_http_webhook_class(404, "not found"),
    ngx_http_webhook_class(405, "method not allowed"),
    ngx_http_webhook_class(409, "conflict"),
    ngx_http_webhook_class(410, "gone"),
    ngx_http_webhook_class(412, "precondition failed"),
    ngx_http_webhook_class(413, "content too large"),
    ngx_http_webhook_class(415, "unsupported media type"),
    ngx_http_webhook_class(422, "unprocessable content"),
    ngx_http_webhook_class(429, "too many requests"),
    ngx_http_webhook_class(500, "internal server error"),
    ngx_http_webhook_class(503, "service unavailable"),
    { 0, ngx_string("refused"), ngx_null_string }
};


/*
 * The end of the way for a request that has failed: the verdict, the line in
 * the log, and the answer, or, in a trial run, none.
 */

ngx_int_t
ngx_http_webhook_reject(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_reason_e reason)
{
    ngx_http_webhook_verdict_e    verdict;
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (!wlcf->enforce) {
        verdict = NGX_HTTP_WEBHOOK_WOULD_REJECT;

    } else if (reason == NGX_HTTP_WEBHOOK_DUPLICATE
               || reason == NGX_HTTP_WEBHOOK_DUPLICATE_IN_PROGRESS)
    {
        verdict = NGX_HTTP_WEBHOOK_DUPLICATED;

    } else {
        verdict = NGX_HTTP_WEBHOOK_REJECTED;
    }

    ngx_http_webhook_evidence_keep(ctx, reason);
    ngx_http_webhook_finish(ctx, verdict);

    ctx->hashing = 0;
    ctx->reason = reason;
    ctx->secret = 0;
    ctx->verified = 0;
    ctx->status = ngx_http_webhook_status(r, ctx);

    /* the answer is that to a wrong signature, the log has what it is */

    if (ctx->unknown_tenant
        && (reason == NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH
            || reason == NGX_HTTP_WEBHOOK_TOKEN_MISMATCH))
    {
        ctx->reason = NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE;
    }

    ngx_http_webhook_log(r, ctx);

    return ngx_http_webhook_refuse(r, ctx);
}


/* The verdict on a request that has failed nothing but rules on trial. */

void
ngx_http_webhook_would_reject(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ctx->reason = ctx->dry_run->reason;
    ctx->status = ctx->dry_run->status;
    ctx->pointer = ctx->dry_run->pointer;
    ctx->violation = ctx->dry_run->violation;
    ctx->verdict = NGX_HTTP_WEBHOOK_WOULD_REJECT;
    ctx->status = ngx_http_webhook_status(r, ctx);

    ngx_http_webhook_log(r, ctx);
}


static ngx_uint_t
ngx_http_webhook_status(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                    status;
    ngx_http_webhook_loc_conf_t  *wlcf;

    /* the page of an earlier error is refused: that error remains */

    if (r->err_status >= NGX_HTTP_BAD_REQUEST) {
        return r->err_status;
    }

    if (ctx->status) {
        return ctx->status;
    }

    status = ngx_http_webhook_reason_status(ctx->reason);

    if (status != NGX_HTTP_FORBIDDEN) {
        return status;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (wlcf->reject != NGX_CONF_UNSET) {
        return wlcf->reject;
    }

    if (ctx->gate->provider->reject != NGX_CONF_UNSET) {
        return ctx->gate->provider->reject;
    }

    if (ctx->credential
        && (ctx->credential->type == NGX_HTTP_WEBHOOK_BASIC
            || ctx->credential->type == NGX_HTTP_WEBHOOK_BEARER)
        && (ctx->reason == NGX_HTTP_WEBHOOK_TOKEN_MISSING
            || ctx->reason == NGX_HTTP_WEBHOOK_TOKEN_MISMATCH))
    {
        return NGX_HTTP_UNAUTHORIZED;
    }

    return status;
}


static void
ngx_http_webhook_log(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                     evidence;
    ngx_uint_t                    level, refused;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_webhook_loc_conf_t  *wlcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    /* a duplicate that gets 200 is nobody's mistake */

    refused = (ctx->status >= NGX_HTTP_SPECIAL_RESPONSE);
    level = refused ? wlcf->log_level : NGX_LOG_INFO;

    if (r->connection->log->log_level < level) {
        return;
    }

    ngx_http_webhook_evidence(r, ctx, &evidence);

    ngx_log_error(level, r->connection->log, 0,
                  "webhook %V: %s%s, %V%s%V%s%s, %O bytes of body hashed%V, "
                  "location: \"%V\"",
                  &ctx->gate->provider->name,
                  ctx->verdict == NGX_HTTP_WEBHOOK_WOULD_REJECT
                  ? "would be " : "",
                  refused ? "refused" : "answered",
                  ngx_http_webhook_reason_name(ctx->reason),
                  ctx->violation ? ", at \"" : "",
                  ngx_http_webhook_pointer(ctx),
                  ctx->violation ? "\": " : "",
                  ctx->violation ? ctx->violation : "",
                  ctx->hashed, &evidence, &clcf->name);
}


ngx_int_t
ngx_http_webhook_refuse(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    return wlcf->enforce ? ngx_http_webhook_answer_refusal(r, ctx)
                         : NGX_DECLINED;
}


/* Answers a request that is refused, trial run or not. */

ngx_int_t
ngx_http_webhook_answer_refusal(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    /* no "100 Continue": the body would be thrown away */

    r->expect_tested = 1;

    /* an error page behind the same gate comes here a second time */

    if (!ctx->refused
        && ngx_http_webhook_status_headers(r, ctx, ctx->status) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->refused = 1;

    if (ngx_http_webhook_answered_elsewhere(r, ctx->status)) {
        return ctx->status;
    }

    ngx_http_finalize_request(r, ngx_http_webhook_send_refusal(r, ctx));

    return NGX_DONE;
}


/*
 * The status alone goes back to nginx where an error page is to be shown,
 * where the connection is to be closed (444), and where "satisfy any" still
 * has others to ask or their 401 to show.
 */

static ngx_uint_t
ngx_http_webhook_answered_elsewhere(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_uint_t                  i;
    ngx_http_err_page_t        *page;
    ngx_http_phase_handler_t   *ph;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_core_main_conf_t  *cmcf;

    if (status == NGX_HTTP_CLOSE) {
        return 1;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->satisfy == NGX_HTTP_SATISFY_ANY
        && (status == NGX_HTTP_FORBIDDEN || status == NGX_HTTP_UNAUTHORIZED))
    {
        cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
        ph = cmcf->phase_engine.handlers;

        if (ph[r->phase_handler + 1].checker
            != ngx_http_core_post_access_phase
            || r->access_code == NGX_HTTP_UNAUTHORIZED)
        {
            return 1;
        }
    }

    if (r->error_page || clcf->error_pages == NULL || r->uri_changes == 0) {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if ((ngx_uint_t) page[i].status == status) {
            return 1;
        }
    }

    return 0;
}


/* What RFC 9110 wants with 405 and 401, and when to come back. */

static ngx_int_t
ngx_http_webhook_status_headers(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t status)
{
    ngx_uint_t                  wait;
    ngx_str_t                  *challenge, seconds;
    ngx_http_webhook_source_t  *credential;

    static ngx_str_t  basic = ngx_string("Basic realm=\"webhook\"");
    static ngx_str_t  bearer = ngx_string("Bearer realm=\"webhook\"");

    if (ctx->reason == NGX_HTTP_WEBHOOK_DUPLICATE_IN_PROGRESS
        || ctx->reason == NGX_HTTP_WEBHOOK_STORE_UNAVAILABLE
        || ctx->reason == NGX_HTTP_WEBHOOK_BUSY)
    {
        wait = (ctx->reason == NGX_HTTP_WEBHOOK_BUSY)
               ? 1 : ctx->replay->claim.wait;

        return ngx_http_webhook_number(r, wait, &seconds) == NGX_OK
               && ngx_http_webhook_add_header(r, "Retry-After", &seconds)
               ? NGX_OK : NGX_ERROR;
    }

    if (status == NGX_HTTP_NOT_ALLOWED) {
        return ngx_http_webhook_add_header(r, "Allow",
                                           &ctx->gate->provider->allow)
               ? NGX_OK : NGX_ERROR;
    }

    credential = ctx->credential;

    if (status != NGX_HTTP_UNAUTHORIZED
        || credential == NULL
        || r->headers_out.www_authenticate)
    {
        return NGX_OK;
    }

    switch (credential->type) {

    case NGX_HTTP_WEBHOOK_BASIC:
        challenge = &basic;
        break;

    case NGX_HTTP_WEBHOOK_BEARER:
        challenge = &bearer;
        break;

    default:
        return NGX_OK;
    }

    r->headers_out.www_authenticate =
                 ngx_http_webhook_add_header(r, "WWW-Authenticate", challenge);

    return r->headers_out.www_authenticate ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_webhook_send_refusal(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    u_char                    *p;
    size_t                     len;
    ngx_str_t                  detail;
    ngx_http_complex_value_t   cv;
    ngx_http_webhook_class_t  *class;

    static ngx_str_t  json = ngx_string("application/json");
    static ngx_str_t  duplicate = ngx_string(
                                       "{\"status\":200,\"duplicate\":true}\n");

    class = ngx_http_webhook_classes;

    while (class->status && class->status != ctx->status) {
        class++;
    }

    /* where an error page is refused, the page's status is left over */

    r->err_status = ctx->status;

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));

    if (ctx->status == NGX_HTTP_OK) {
        cv.value = duplicate;

    } else if (ctx->response_body) {
        cv.value = *ctx->response_body;

    } else if (ngx_http_webhook_detail(r, ctx, &detail) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;

    } else if (class->status && detail.len == 0) {
        cv.value = class->body;

    } else {
        len = sizeof("{\"status\":,\"error\":\"\"}\n") + NGX_INT_T_LEN
              + class->text.len + detail.len;

        p = ngx_pnalloc(r->pool, len);
        if (p == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        cv.value.data = p;
        cv.value.len = ngx_sprintf(p, "{\"status\":%ui,\"error\":\"%V\"%V}\n",
                                   (ngx_uint_t) ctx->status, &class->text,
                                   &detail)
                       - p;
    }

    return ngx_http_send_response(r, ctx->status, &json, &cv);
}


static const ngx_str_t *
ngx_http_webhook_pointer(ngx_http_webhook_ctx_t *ctx)
{
    static const ngx_str_t  document = ngx_null_string;

    return ctx->pointer ? ctx->pointer : &document;
}


/* What is wrong with a body is said, unless the sender is not known yet. */

static ngx_int_t
ngx_http_webhook_detail(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *detail)
{
    u_char           *p;
    size_t            len;
    ngx_str_t        *name;
    uintptr_t         escape;
    const ngx_str_t  *pointer;

    ngx_str_null(detail);

    if (ctx->violation == NULL || ctx->unverified) {
        return NGX_OK;
    }

    name = ngx_http_webhook_reason_name(ctx->reason);
    pointer = ngx_http_webhook_pointer(ctx);
    escape = ngx_escape_json(NULL, pointer->data, pointer->len);

    len = sizeof(",\"reason\":\"\",\"pointer\":\"\",\"rule\":\"\"")
          + name->len + pointer->len + escape + ngx_strlen(ctx->violation);

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    detail->data = p;

    p = ngx_sprintf(p, ",\"reason\":\"%V\",\"pointer\":\"", name);
    p = (u_char *) ngx_escape_json(p, pointer->data, pointer->len);
    p = ngx_sprintf(p, "\",\"rule\":\"%s\"", ctx->violation);

    detail->len = p - detail->data;

    return NGX_OK;
}
