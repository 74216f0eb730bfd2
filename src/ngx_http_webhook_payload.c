
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What a body must be like: JSON, its values and its time.
 */


#include "ngx_http_webhook.h"


#define NGX_HTTP_WEBHOOK_PIECE  65536       /* bytes of a file at a time */
#define NGX_HTTP_WEBHOOK_SLICE  262144      /* bytes, then others' turn */


static ngx_int_t ngx_http_webhook_payload_add(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_str_t *pointer, size_t *index);
static ngx_int_t ngx_http_webhook_payload_rules(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_array_t *requires);
static void ngx_http_webhook_payload_when(ngx_http_webhook_require_t *require,
    wh_constraint_t *rule, ngx_str_t *pointer);
static void ngx_http_webhook_payload_set_free(void *data);
static int ngx_http_webhook_payload_pattern(void *data, wh_str_t subject);
static ngx_chain_t *ngx_http_webhook_payload_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
static ngx_uint_t ngx_http_webhook_payload_is_form(
    ngx_http_webhook_ctx_t *ctx);
static ngx_uint_t ngx_http_webhook_payload_is_parts(
    ngx_http_webhook_ctx_t *ctx);
static ngx_int_t ngx_http_webhook_payload_feed(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, off_t *fed);
static ngx_http_webhook_reason_e ngx_http_webhook_payload_document(
    ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_payload_fits(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_payload_fault(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
static ngx_http_webhook_reason_e ngx_http_webhook_payload_invalid(
    ngx_http_webhook_ctx_t *ctx, size_t index, const char *rule);


/*
 * Collects all that is wanted from JSON in a location into one set of
 * pointers: first the provider's sources, whose indices are those of the
 * provider's list, then the variables, then the rules.
 */

char *
ngx_http_webhook_payload_compile(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf)
{
    size_t                         index;
    ngx_str_t                     *pointer;
    ngx_uint_t                     i, n;
    ngx_pool_cleanup_t            *cln;
    ngx_http_webhook_provider_t   *provider;
    ngx_http_webhook_main_conf_t  *wmcf;

    static ngx_str_t  root = ngx_string("");
    static ngx_str_t  content_encoding = ngx_string("Content-Encoding");

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    provider = gate->provider;

    n = (provider->requires ? provider->requires->nelts : 0)
        + (conf->requires ? conf->requires->nelts : 0);

    if (provider->pointers.nelts == 0
        && wmcf->vars.nelts == 0
        && provider->json == 0
        && n == 0)
    {
        return NGX_CONF_OK;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    gate->json = wh_json_set_create();
    if (gate->json == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_webhook_payload_set_free;
    cln->data = gate->json;

    gate->vars = ngx_palloc(cf->pool, wmcf->vars.nelts * sizeof(size_t) + 1);
    gate->rules = ngx_pcalloc(cf->pool, n * sizeof(wh_constraint_t) + 1);

    if (gate->vars == NULL
        || gate->rules == NULL
        || ngx_array_init(&gate->pointers, cf->pool, 8, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    pointer = provider->pointers.elts;

    for (i = 0; i < provider->pointers.nelts; i++) {
        if (ngx_http_webhook_payload_add(cf, gate, &pointer[i], &index)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    pointer = wmcf->vars.elts;

    for (i = 0; i < wmcf->vars.nelts; i++) {
        if (ngx_http_webhook_payload_add(cf, gate, &pointer[i],
                                         &gate->vars[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_webhook_payload_rules(cf, gate, provider->requires) != NGX_OK
        || ngx_http_webhook_payload_rules(cf, gate, conf->requires) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->json
        && ngx_http_webhook_payload_add(cf, gate, &root, &gate->root)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    gate->strict = (gate->nrules
                    || provider->json
                    || (provider->inside & NGX_HTTP_WEBHOOK_INSIDE_JSON)
                    || (provider->timestamp
                        && provider->timestamp->source.type
                           == NGX_HTTP_WEBHOOK_JSON));

    if (ngx_http_webhook_provider_header(cf, provider, &content_encoding,
                                         &gate->encoding)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* Adds a pointer to the set, and keeps its text for messages. */

static ngx_int_t
ngx_http_webhook_payload_add(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_str_t *pointer, size_t *index)
{
    ngx_str_t   *text;
    const char  *error;

    if (wh_json_set_add(gate->json, ngx_http_webhook_wh_str(pointer), index,
                        &error)
        != WH_OK)
    {
        return NGX_ERROR;
    }

    while (gate->pointers.nelts < gate->json->pointers) {

        text = ngx_array_push(&gate->pointers);
        if (text == NULL) {
            return NGX_ERROR;
        }

        ngx_str_null(text);
    }

    text = gate->pointers.elts;
    text[*index] = *pointer;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_payload_rules(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_array_t *requires)
{
    size_t                       word;
    ngx_str_t                    pointer;
    ngx_uint_t                   i;
    const char                  *error;
    wh_constraint_t             *rule;
    ngx_http_webhook_require_t  *require;

    if (requires == NULL) {
        return NGX_OK;
    }

    require = requires->elts;

    for (i = 0; i < requires->nelts; i++) {

        rule = &gate->rules[gate->nrules++];

        if (wh_constraint_parse(rule, gate->json, require[i].words,
                                require[i].n, &word, &error)
            != WH_OK)
        {
            return NGX_ERROR;
        }

        rule->match = ngx_http_webhook_payload_pattern;
        rule->match_data = require[i].regex;

        pointer.data = (u_char *) rule->pointer.data;
        pointer.len = rule->pointer.len;

        if (ngx_http_webhook_payload_add(cf, gate, &pointer, &rule->index)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (rule->when == WH_JSON_NONE) {
            continue;
        }

        ngx_http_webhook_payload_when(&require[i], rule, &pointer);

        if (ngx_http_webhook_payload_add(cf, gate, &pointer, &rule->when)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* The pointer in the word "when=POINTER=VALUE" that the value points into. */

static void
ngx_http_webhook_payload_when(ngx_http_webhook_require_t *require,
    wh_constraint_t *rule, ngx_str_t *pointer)
{
    ngx_uint_t  i;

    for (i = 0; i < require->n; i++) {

        if (rule->when_value.data < require->words[i].data
            || rule->when_value.data
               > require->words[i].data + require->words[i].len)
        {
            continue;
        }

        pointer->data = (u_char *) require->words[i].data
                        + sizeof("when=") - 1;
        pointer->len = rule->when_value.data - 1 - pointer->data;

        return;
    }
}


static void
ngx_http_webhook_payload_set_free(void *data)
{
    wh_json_set_free(data);
}


static int
ngx_http_webhook_payload_pattern(void *data, wh_str_t subject)
{
    ngx_str_t  value;

    value.data = (u_char *) subject.data;
    value.len = subject.len;

    return ngx_http_webhook_pattern_match(data, &value) ? WH_OK : WH_INVALID;
}


/* Makes a walker for a body to be looked at, and takes a form as a whole. */

ngx_http_webhook_reason_e
ngx_http_webhook_payload_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_uint_t                  form;
    ngx_http_webhook_gate_t    *gate;
    ngx_http_webhook_reason_e   reason;

    gate = ctx->gate;

    if (gate->provider->body && gate->provider->body->document) {

        ctx->walked = ngx_http_webhook_payload_text(r, ctx);
        if (ctx->walked == NULL) {
            return NGX_HTTP_WEBHOOK_INTERNAL;
        }

        form = 0;

    } else {
        ctx->walked = r->request_body ? r->request_body->bufs : NULL;
        form = ngx_http_webhook_payload_is_form(ctx);
    }

    /* the body may be a buffer without a byte */

    while (ctx->walked && ngx_buf_size(ctx->walked->buf) == 0) {
        ctx->walked = ctx->walked->next;
    }

    if (form
        && gate->provider->form
        && ctx->walked
        && !ngx_http_webhook_payload_is_parts(ctx))
    {

        reason = ngx_http_webhook_body_form(r, ctx);

        if (reason != NGX_HTTP_WEBHOOK_PASSED) {
            return reason;
        }
    }

    if (gate->json == NULL || (form && gate->nrules == 0)) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    if (ctx->walked == NULL
        && (gate->provider->json & 1)
        && gate->nrules == 0)
    {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    ctx->json = wh_json_create(gate->json, NULL, NULL, NULL);

    return ctx->json ? NGX_HTTP_WEBHOOK_PASSED : NGX_HTTP_WEBHOOK_INTERNAL;
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


/* Forms are no JSON, whatever a location would like to know of JSON. */

static ngx_uint_t
ngx_http_webhook_payload_is_form(ngx_http_webhook_ctx_t *ctx)
{
    ngx_str_t                 *type;
    ngx_http_webhook_found_t  *found;

    found = &ctx->found[NGX_HTTP_WEBHOOK_CONTENT_TYPE];

    if (found->count == 0) {
        return 0;
    }

    type = &found->first->value;

    return ngx_strncasecmp(type->data,
                           (u_char *) "application/x-www-form-urlencoded",
                           sizeof("application/x-www-form-urlencoded") - 1)
           == 0
           || ngx_http_webhook_payload_is_parts(ctx);
}


/*
 * Of these nothing is read: what looks like fields of a query in them is
 * something else to the application.
 */

static ngx_uint_t
ngx_http_webhook_payload_is_parts(ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_found_t  *found;

    found = &ctx->found[NGX_HTTP_WEBHOOK_CONTENT_TYPE];

    return found->count
           && ngx_strncasecmp(found->first->value.data,
                              (u_char *) "multipart/",
                              sizeof("multipart/") - 1)
              == 0;
}


/* NGX_OK at the end of the body, NGX_AGAIN after a slice, or NGX_ERROR. */

ngx_int_t
ngx_http_webhook_payload_walk(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    off_t      fed;
    ngx_int_t  rc;

    if (ctx->json == NULL) {
        return NGX_OK;
    }

    fed = 0;

    while (ctx->walked) {

        if (fed >= NGX_HTTP_WEBHOOK_SLICE) {
            return NGX_AGAIN;
        }

        rc = ngx_http_webhook_payload_feed(r, ctx, &fed);

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
 * Feeds one piece of a buffer to the walker.  NGX_DECLINED: it is not JSON,
 * what follows is of no interest.
 */

static ngx_int_t
ngx_http_webhook_payload_feed(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, off_t *fed)
{
    int         rc;
    off_t       size;
    u_char     *data;
    ssize_t     n;
    ngx_buf_t  *b;

    b = ctx->walked->buf;
    size = ngx_buf_size(b) - ctx->offset;

    if (size == 0) {
        ctx->walked = ctx->walked->next;
        ctx->offset = 0;

        return NGX_OK;
    }

    size = ngx_min(size, NGX_HTTP_WEBHOOK_PIECE);

    if (ngx_buf_in_memory(b)) {
        rc = wh_json_parse(ctx->json, b->pos + ctx->offset, size);

    } else {
        data = ngx_palloc(r->pool, NGX_HTTP_WEBHOOK_PIECE);
        if (data == NULL) {
            return NGX_ERROR;
        }

        n = ngx_read_file(b->file, data, size, b->file_pos + ctx->offset);

        rc = (n == size) ? wh_json_parse(ctx->json, data, size) : WH_ERROR;

        (void) ngx_pfree(r->pool, data);
    }

    ctx->offset += size;
    *fed += size;

    if (rc == WH_INVALID) {
        return NGX_DECLINED;
    }

    return rc == WH_OK ? NGX_OK : NGX_ERROR;
}


/* The body has been walked through: is it JSON, where it has to be? */

ngx_http_webhook_reason_e
ngx_http_webhook_payload_end(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->json == NULL || wh_json_end(ctx->json) == WH_OK) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    return ngx_http_webhook_payload_fault(r, ctx);
}


/* And is it what it must be? */

ngx_http_webhook_reason_e
ngx_http_webhook_payload_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_gate_t      *gate;
    ngx_http_webhook_reason_e     reason;
    ngx_http_webhook_provider_t  *provider;

    gate = ctx->gate;
    provider = gate->provider;

    if (ctx->json) {
        reason = ngx_http_webhook_payload_document(ctx);

        if (reason != NGX_HTTP_WEBHOOK_PASSED
            && !ngx_http_webhook_excepted(r, ctx, reason))
        {
            return reason;
        }
    }

    if (provider->timestamp
        && ngx_http_webhook_source_in_body(&provider->timestamp->source)
        && !(provider->inside & NGX_HTTP_WEBHOOK_INSIDE_TIMESTAMP))
    {
        reason = ngx_http_webhook_timestamp_check(r, ctx);

        if (reason != NGX_HTTP_WEBHOOK_PASSED
            && !ngx_http_webhook_excepted(r, ctx, reason))
        {
            return reason;
        }
    }

    /* without JSON where rules are, the payload has failed, and is on trial */

    if (gate->nrules && ctx->json) {
        return ngx_http_webhook_payload_fits(r, ctx);
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_payload_document(ngx_http_webhook_ctx_t *ctx)
{
    size_t                    i;
    ngx_http_webhook_gate_t  *gate;
    const wh_json_value_t    *root;

    gate = ctx->gate;

    for (i = 0; i < gate->json->pointers; i++) {
        if (wh_json_value(ctx->json, i)->repeated) {
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


static ngx_http_webhook_reason_e
ngx_http_webhook_payload_fits(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    size_t                      i, own;
    wh_str_t                    event;
    ngx_str_t                   text;
    const char                 *rule;
    ngx_http_webhook_gate_t    *gate;
    ngx_http_webhook_reason_e   reason;
    ngx_http_webhook_source_t  *source;

    gate = ctx->gate;
    source = gate->provider->event;
    own = gate->provider->requires ? gate->provider->requires->nelts : 0;

    ngx_memzero(&event, sizeof(wh_str_t));

    if (source
        && ngx_http_webhook_source_value(r, ctx, source, &text) == WH_OK)
    {
        event = ngx_http_webhook_wh_str(&text);
    }

    for (i = 0; i < gate->nrules; i++) {
        if (wh_constraint_check(&gate->rules[i], ctx->json, event,
                                ngx_time(), &rule)
            != WH_OK)
        {
            reason = ngx_http_webhook_payload_invalid(ctx,
                                                      gate->rules[i].index,
                                                      rule);

            /* the provider's own say how far such a signature goes */

            if ((gate->provider->bodiless && i < own)
                || !ngx_http_webhook_excepted(r, ctx, reason))
            {
                return reason;
            }

            break;
        }
    }

    return NGX_HTTP_WEBHOOK_PASSED;
}


/*
 * Text that is not JSON is refused where rules are to hold for it.  Where
 * only variables would have come from it, or the rules are on trial, there are
 * no values.
 */

static ngx_http_webhook_reason_e
ngx_http_webhook_payload_fault(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    wh_json_error_e  fault;

    fault = wh_json_error(ctx->json);

    if (fault == WH_JSON_NO_MEMORY) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    if (ctx->gate->strict) {
        ctx->rule = wh_json_error_text(fault);

        /* what the credential is in is more than a payload */

        if (ctx->unverified
            || !ngx_http_webhook_excepted(r, ctx,
                                          NGX_HTTP_WEBHOOK_JSON_INVALID))
        {
            return NGX_HTTP_WEBHOOK_JSON_INVALID;
        }
    }

    wh_json_free(ctx->json);
    ctx->json = NULL;

    return NGX_HTTP_WEBHOOK_PASSED;
}


static ngx_http_webhook_reason_e
ngx_http_webhook_payload_invalid(ngx_http_webhook_ctx_t *ctx, size_t index,
    const char *rule)
{
    ngx_str_t  *pointers;

    pointers = ctx->gate->pointers.elts;

    ctx->pointer = pointers[index];
    ctx->rule = rule;

    return NGX_HTTP_WEBHOOK_PAYLOAD_INVALID;
}
