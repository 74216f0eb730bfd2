
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What a body must be like: JSON, its values and its time.
 */


#include "ngx_http_webhook_request.h"


#define NGX_HTTP_WEBHOOK_CHUNK  65536       /* bytes of a file at a time */


static ngx_chain_t *ngx_http_webhook_payload_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static ngx_uint_t ngx_http_webhook_payload_is_form(
    ngx_http_webhook_ctx_t *ctx);
static ngx_uint_t ngx_http_webhook_payload_is_parts(
    ngx_http_webhook_ctx_t *ctx);
static ngx_uint_t ngx_http_webhook_payload_type(ngx_http_webhook_ctx_t *ctx,
    char *type);
static ngx_int_t ngx_http_webhook_payload_chunk(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, off_t *slice);
static ngx_http_webhook_reason_e ngx_http_webhook_payload_invalid(
    ngx_http_webhook_ctx_t *ctx, size_t index, const char *violation);


/*
 * Makes the parser for a body, and takes a form as a whole.  What a signed body
 * is its bytes say: with another Content-Type, which is not signed, it would
 * have no id, and be another message.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_payload_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_int_t                   rc;
    ngx_uint_t                  form, by_type;
    ngx_http_webhook_gate_t    *gate;
    ngx_http_webhook_reason_e   reason;

    gate = ctx->gate;
    by_type = !ngx_http_webhook_signs(gate->provider)
              || (gate->provider->needs_body
                  & (NGX_HTTP_WEBHOOK_NEEDS_BODY_TOKEN
                     |NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE));

    rc = ngx_http_webhook_payload_locate(r, ctx);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    form = (rc == NGX_DECLINED);

    if (gate->provider->form
        && ctx->parsed
        && (!by_type || (form && !ngx_http_webhook_payload_is_parts(ctx))))
    {
        reason = ngx_http_webhook_body_form(r, ctx);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }

        if (!by_type
            && ctx->form.len
            && ngx_strchr("{[<\"-", ctx->form.data[0]))
        {
            ctx->form.len = 0;
        }
    }

    if (!ctx->parse || (form && by_type && gate->nconstraints == 0)) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (ctx->parsed == NULL
        && (gate->provider->json & 1)
        && gate->nconstraints == 0)
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    ctx->json = wh_json_create(gate->json, NULL, NULL, NULL);

    return ctx->json ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_INTERNAL;
}


/*
 * Finds where the document begins: in the body, or in a field of a form.
 * NGX_DECLINED: the body is a form.
 */

ngx_int_t
ngx_http_webhook_payload_locate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_DOCUMENT) {

        ctx->parsed = ngx_http_webhook_payload_text(r, ctx);

        return ctx->parsed ? NGX_OK : NGX_ERROR;
    }

    ctx->parsed = r->request_body ? r->request_body->bufs : NULL;

    /* the body may be a buffer without a byte */

    while (ctx->parsed && ngx_buf_size(ctx->parsed->buf) == 0) {
        ctx->parsed = ctx->parsed->next;
    }

    return ngx_http_webhook_payload_is_form(ctx) ? NGX_DECLINED : NGX_OK;
}


/* The field of a form that has the document, as a body of its own. */

static ngx_chain_t *
ngx_http_webhook_payload_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NULL;
    }

    b->pos = ctx->text.data;
    b->last = ctx->text.data + ctx->text.len;
    b->memory = 1;

    cl->buf = b;
    cl->next = NULL;

    return cl;
}


/* Forms need not be JSON, whatever a location would like to know of JSON. */

static ngx_uint_t
ngx_http_webhook_payload_is_form(ngx_http_webhook_ctx_t *ctx)
{
    /* a document in a form is one of JSON */

    if (ctx->gate->provider->body.flags & NGX_HTTP_WEBHOOK_BODY_DOCUMENT) {
        return 0;
    }

    return ngx_http_webhook_payload_type(ctx,
                                         "application/x-www-form-urlencoded")
           || ngx_http_webhook_payload_is_parts(ctx);
}


/*
 * Of these nothing is read: what looks like fields of a query in them is
 * something else to the application.
 */

static ngx_uint_t
ngx_http_webhook_payload_is_parts(ngx_http_webhook_ctx_t *ctx)
{
    return ngx_http_webhook_payload_type(ctx, "multipart/");
}


static ngx_uint_t
ngx_http_webhook_payload_type(ngx_http_webhook_ctx_t *ctx, char *type)
{
    ngx_http_webhook_field_t  *header;

    header = &ctx->headers[NGX_HTTP_WEBHOOK_CONTENT_TYPE];

    return header->count
           && ngx_strncasecmp(header->first->value.data, (u_char *) type,
                              ngx_strlen(type))
              == 0;
}


/* NGX_OK at the end of the body, NGX_AGAIN after a slice, or NGX_ERROR. */

ngx_int_t
ngx_http_webhook_payload_parse(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    off_t      slice;
    ngx_int_t  rc;

    if (ctx->json == NULL) {
        return NGX_OK;
    }

    slice = 0;

    while (ctx->parsed) {

        if (slice >= NGX_HTTP_WEBHOOK_SLICE) {
            return NGX_AGAIN;
        }

        rc = ngx_http_webhook_payload_chunk(r, ctx, &slice);

        if (rc == NGX_DECLINED) {
            break;
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Parses one chunk of a buffer, and adds its length to that of the slice.
 * NGX_DECLINED: it is not JSON, what follows is of no interest.
 */

static ngx_int_t
ngx_http_webhook_payload_chunk(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, off_t *slice)
{
    int         rc;
    off_t       size;
    u_char     *data;
    ssize_t     n;
    ngx_buf_t  *b;

    b = ctx->parsed->buf;
    size = ngx_buf_size(b) - ctx->offset;

    if (size == 0) {
        ctx->parsed = ctx->parsed->next;
        ctx->offset = 0;

        return NGX_OK;
    }

    size = ngx_min(size, NGX_HTTP_WEBHOOK_CHUNK);

    if (ngx_buf_in_memory(b)) {
        rc = wh_json_parse(ctx->json, b->pos + ctx->offset, size);

    } else {
        data = ngx_palloc(r->pool, NGX_HTTP_WEBHOOK_CHUNK);
        if (data == NULL) {
            return NGX_ERROR;
        }

        n = ngx_read_file(b->file, data, size, b->file_pos + ctx->offset);

        rc = (n == size) ? wh_json_parse(ctx->json, data, size) : WH_ERROR;

        (void) ngx_pfree(r->pool, data);
    }

    ctx->offset += size;
    *slice += size;

    if (rc == WH_INVALID) {
        return NGX_DECLINED;
    }

    return rc == WH_OK ? NGX_OK : NGX_ERROR;
}


/* The body has been parsed: is it JSON, where it has to be? */

ngx_http_webhook_reason_e
ngx_http_webhook_step_json(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->json == NULL || wh_json_end(ctx->json) == WH_OK) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_payload_error(ctx);
}


/* And is it what the provider says? */

ngx_http_webhook_reason_e
ngx_http_webhook_step_document(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    size_t                       i;
    const wh_json_value_t       *root;
    ngx_http_webhook_gate_t     *gate;
    ngx_http_webhook_pointer_t  *pointers;

    if (ctx->json == NULL) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    gate = ctx->gate;
    pointers = gate->pointers.elts;

    for (i = 0; i < gate->pointers.nelts; i++) {
        if ((pointers[i].used || pointers[i].challenge)
            && wh_json_value(ctx->json, i)->repeated)
        {
            return ngx_http_webhook_payload_invalid(ctx, i, "repeated");
        }
    }

    if (gate->provider->json) {
        root = wh_json_value(ctx->json, gate->root);

        if (!(gate->provider->json & (1 << root->type))) {
            return ngx_http_webhook_payload_invalid(ctx, gate->root, "type");
        }
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/* And does it meet the constraints? */

ngx_http_webhook_reason_e
ngx_http_webhook_step_constraints(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    size_t                      i, own;
    wh_str_t                    event;
    ngx_str_t                   text;
    const char                 *violation;
    wh_constraint_t            *constraint;
    ngx_http_webhook_gate_t    *gate;
    ngx_http_webhook_source_t  *source;

    /* without JSON where there are constraints, it has failed, on trial */

    if (ctx->json == NULL) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    gate = ctx->gate;
    source = gate->provider->event;
    own = gate->provider->requires ? gate->provider->requires->nelts : 0;

    ngx_memzero(&event, sizeof(wh_str_t));

    if (source
        && ngx_http_webhook_source_value(r, ctx, source, &text) == WH_OK)
    {
        event = ngx_http_webhook_wh_str(&text);
    }

    for (i = 0; i < gate->nconstraints; i++) {

        constraint = &gate->constraints[i];

        if (wh_constraint_check(constraint, ctx->json, event, ngx_time(),
                                &violation)
            == WH_OK)
        {
            continue;
        }

        /* the provider's own say how far such a signature goes */

        ctx->binding = i < own && (gate->provider->body.flags
                                   & NGX_HTTP_WEBHOOK_BODY_UNSIGNED);

        return ngx_http_webhook_payload_invalid(ctx, constraint->index,
                                                violation);
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * Text that is not JSON is refused where there are constraints on it.  Where
 * only variables would have come from it, or the payload is on trial, there
 * are no values.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_payload_error(ngx_http_webhook_ctx_t *ctx)
{
    wh_json_error_e  error;

    error = wh_json_error(ctx->json);

    if (error == WH_JSON_NO_MEMORY) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    wh_json_free(ctx->json);
    ctx->json = NULL;

    if (!ctx->gate->strict
        || (ctx->gate->nconstraints == 0
            && ngx_http_webhook_payload_is_form(ctx)))
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    /* what the credential is in is more than a payload */

    ctx->binding = ctx->unverified;
    ctx->violation = wh_json_error_text(error);

    return NGX_HTTP_WEBHOOK_JSON_INVALID;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_payload_invalid(ngx_http_webhook_ctx_t *ctx, size_t index,
    const char *violation)
{
    ngx_http_webhook_pointer_t  *pointers;

    pointers = ctx->gate->pointers.elts;

    ctx->pointer = &pointers[index].text;
    ctx->violation = violation;

    return NGX_HTTP_WEBHOOK_PAYLOAD_INVALID;
}
