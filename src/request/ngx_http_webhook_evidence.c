
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What tells why a request was refused: the end of its line in the error log,
 * and the variables for a log of one's own.  All of it is made after the
 * verdict, for refused requests alone, and has neither a secret nor anything
 * that would be accepted here.
 */


#include "ngx_http_webhook_request.h"
#include "core/wh_part.h"


#define NGX_HTTP_WEBHOOK_EVIDENCE  512      /* bytes, beside a URL */
#define NGX_HTTP_WEBHOOK_ENCODING  32       /* of a stranger's text */
#define NGX_HTTP_WEBHOOK_TRIED     31       /* secrets that are told */


static u_char *ngx_http_webhook_evidence_time(ngx_http_webhook_ctx_t *ctx,
    u_char *p, u_char *last);
static u_char *ngx_http_webhook_evidence_secrets(ngx_http_webhook_ctx_t *ctx,
    u_char *p, u_char *last);
static u_char *ngx_http_webhook_evidence_offer(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, u_char *p, u_char *last);
static const char *ngx_http_webhook_alphabet(ngx_str_t *text);
static u_char *ngx_http_webhook_evidence_encoding(ngx_http_request_t *r,
    u_char *p, u_char *last);
static ngx_uint_t ngx_http_webhook_signs_url(
    ngx_http_webhook_provider_t *provider);
static ngx_http_webhook_signature_t *ngx_http_webhook_offered(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_str_t *value);
static ngx_uint_t ngx_http_webhook_token_place(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source);
static ngx_int_t ngx_http_webhook_message_parts(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, wh_str_t **parts, ngx_uint_t *n);


/*
 * Before the keys are released: which secrets could have matched, and did not.
 * Where an HTTP message signature has, the body is another one.
 */

void
ngx_http_webhook_evidence_keep(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_reason_e reason)
{
    ngx_uint_t  i, n;

    if (ctx->secret
        || (reason != NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH
            && reason != NGX_HTTP_WEBHOOK_TOKEN_MISMATCH))
    {
        return;
    }

    n = ngx_min(ctx->gate->nkeys, NGX_HTTP_WEBHOOK_TRIED);

    for (i = 0; i < n; i++) {

        /* the secret of a token rule serves that alone */

        if (ctx->keys[i] == NULL
            || (ctx->gate->keyslots[i].for_name.len
                && reason == NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH))
        {
            continue;
        }

        ctx->secrets_tried |= 1 << i;
    }
}


/* What the line about a refusal says further, in the request's memory. */

void
ngx_http_webhook_evidence(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *text)
{
    u_char     *p, *last;
    ngx_str_t   url;

    ngx_str_null(text);
    ngx_str_null(&url);

    if (ctx->reason == NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH
        && ngx_http_webhook_signs_url(ctx->gate->provider)
        && ngx_http_webhook_url(r, ctx, &url) != NGX_OK)
    {
        return;
    }

    p = ngx_pnalloc(r->pool, NGX_HTTP_WEBHOOK_EVIDENCE + url.len);
    if (p == NULL) {
        return;
    }

    text->data = p;
    last = p + NGX_HTTP_WEBHOOK_EVIDENCE + url.len;

    switch (ctx->reason) {

    case NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD:
    case NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE:
        p = ngx_http_webhook_evidence_time(ctx, p, last);
        break;

    case NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH:
    case NGX_HTTP_WEBHOOK_TOKEN_MISMATCH:
        p = ngx_http_webhook_evidence_secrets(ctx, p, last);
        break;

    case NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED:
        p = ngx_http_webhook_evidence_offer(r, ctx, p, last);
        break;

    default:
        break;
    }

    if (url.len) {
        p = ngx_slprintf(p, last, ", signed URL \"%V\"", &url);
    }

    p = ngx_http_webhook_evidence_encoding(r, p, last);

    text->len = p - text->data;
}


/* A time in a token has no age here. */

static u_char *
ngx_http_webhook_evidence_time(ngx_http_webhook_ctx_t *ctx, u_char *p,
    u_char *last)
{
    ngx_http_webhook_window_t  *window;

    window = &ctx->gate->window;

    if (ctx->age > 0) {
        return ngx_slprintf(p, last, ", %L s old, limit %T s", ctx->age,
                            window->past);
    }

    if (ctx->age < 0) {
        return ngx_slprintf(p, last, ", %L s ahead, limit %T s", -ctx->age,
                            window->future);
    }

    return p;
}


static u_char *
ngx_http_webhook_evidence_secrets(ngx_http_webhook_ctx_t *ctx, u_char *p,
    u_char *last)
{
    ngx_uint_t   i;
    const char  *before;

    before = ", tried secret ";

    for (i = 0; i < NGX_HTTP_WEBHOOK_TRIED; i++) {

        if (ctx->secrets_tried & (1 << i)) {
            p = ngx_slprintf(p, last, "%s%ui", before,
                             ctx->gate->keyslots[i].number);
            before = " ";
        }
    }

    return p;
}


/* What was sent, where no signature could be read from it. */

static u_char *
ngx_http_webhook_evidence_offer(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, u_char *p, u_char *last)
{
    ngx_str_t                      value;
    ngx_http_webhook_signature_t  *signature;

    if (ctx->ncandidates) {
        return ngx_slprintf(p, last, ", it could be read, but something else "
                            "that is signed is missing or has another form");
    }

    signature = ngx_http_webhook_offered(r, ctx, &value);

    if (signature == NULL) {
        return p;
    }

    return ngx_slprintf(p, last, ", sent: %uz characters of %s", value.len,
                        ngx_http_webhook_alphabet(&value));
}


/* The smallest alphabet that a text is of. */

static const char *
ngx_http_webhook_alphabet(ngx_str_t *text)
{
    u_char      c;
    size_t      i;
    ngx_uint_t  hex, base64, base64url;

    hex = 1;
    base64 = 1;
    base64url = 1;

    for (i = 0; i < text->len; i++) {

        c = text->data[i];

        if (wh_hex_digit(c) >= 0) {
            continue;
        }

        hex = 0;

        if ((c >= '0' && c <= '9')
            || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            || c == '=')
        {
            continue;
        }

        base64 &= (c == '+' || c == '/');
        base64url &= (c == '-' || c == '_');
    }

    return hex ? "hex" : base64 ? "Base64" : base64url ? "base64url"
                                                       : "other text";
}


/* What a stranger says of the encoding, if it is a word. */

static u_char *
ngx_http_webhook_evidence_encoding(ngx_http_request_t *r, u_char *p,
    u_char *last)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    static wh_str_t  name = wh_string("content-encoding");

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_webhook_next_named(&part, &i, &name)) != NULL) {

        if (header->value.len <= NGX_HTTP_WEBHOOK_ENCODING
            && wh_part_word(ngx_http_webhook_wh_str(&header->value)))
        {
            return ngx_slprintf(p, last, ", Content-Encoding: %V",
                                &header->value);
        }
    }

    return p;
}


static ngx_uint_t
ngx_http_webhook_signs_url(ngx_http_webhook_provider_t *provider)
{
    return provider->message.len
           && ngx_strnstr(provider->message.data, "$webhook_url",
                          provider->message.len)
              != NULL;
}


/* The first signature that is in a header or in the query, or NULL. */

static ngx_http_webhook_signature_t *
ngx_http_webhook_offered(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value)
{
    ngx_uint_t                     i;
    ngx_http_webhook_signature_t  *signature;

    signature = ctx->gate->provider->signatures.elts;

    for (i = 0; i < ctx->gate->provider->signatures.nelts; i++) {

        if (!ngx_http_webhook_source_in_body(&signature[i].source)
            && ngx_http_webhook_source_signature(r, ctx, &signature[i],
                                                 value)
               == WH_OK)
        {
            return &signature[i];
        }
    }

    return NULL;
}


/*
 * The signature as it was received, of a request that was refused for it: one
 * that is right for this message, if old, has another reason.  A token is
 * good for other messages too, so there is none, nor what is where tokens are
 * sent and could not be read.
 */

ngx_int_t
ngx_http_webhook_var_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    ngx_http_webhook_signature_t  *signature;

    if (ctx->reason != NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH
        && (ctx->reason != NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED
            || ctx->ncandidates))
    {
        return NGX_DECLINED;
    }

    /* the signature of the headers has held, the body is another one */

    if (ctx->http
        && ctx->reason == NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH
        && ctx->secrets_tried == 0)
    {
        return NGX_DECLINED;
    }

    signature = ngx_http_webhook_offered(r, ctx, value);

    if (signature == NULL
        || signature->jose
        || ngx_strnstr(value->data, "eyJ", value->len)
        || (ctx->ncandidates == 0
            && ngx_http_webhook_token_place(ctx, &signature->source)))
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* Whether others put tokens there. */

static ngx_uint_t
ngx_http_webhook_token_place(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_source_t *source)
{
    ngx_http_webhook_header_t  *headers;

    static ngx_str_t  name = ngx_string("authorization");

    headers = ctx->gate->provider->headers.elts;

    return source->type != NGX_HTTP_WEBHOOK_HEADER
           || ngx_http_webhook_str_equal(&headers[source->index].name, &name);
}


/* The length of the message that the signature is not of. */

ngx_int_t
ngx_http_webhook_var_message_length(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    size_t      len;
    wh_str_t   *parts;
    ngx_int_t   rc;
    ngx_uint_t  i, n;

    rc = ngx_http_webhook_message_parts(r, ctx, &parts, &n);

    if (rc != NGX_OK) {
        return rc;
    }

    for (i = 0, len = 0; i < n; i++) {
        len += parts[i].len;
    }

    return ngx_http_webhook_number(r, len, value);
}


/* Its SHA-256 in hex; hashed for whoever asks. */

ngx_int_t
ngx_http_webhook_var_message_sha256(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value)
{
    u_char      digest[WH_HMAC_MAX_SIZE];
    wh_str_t   *parts;
    ngx_int_t   rc;
    ngx_uint_t  n;

    rc = ngx_http_webhook_message_parts(r, ctx, &parts, &n);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_webhook_mac(NULL, parts, n, digest) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_webhook_hex(r, digest, NGX_HTTP_WEBHOOK_DIGEST, value);
}


/*
 * The message in parts, where it has been hashed and did not match: no
 * candidate has been there for a token, or what signs the headers alone.
 * NGX_DECLINED for a body in a file: nobody reads that a second time; and for
 * one that is gone.
 */

static ngx_int_t
ngx_http_webhook_message_parts(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, wh_str_t **parts, ngx_uint_t *n)
{
    ngx_str_t                     prefix, suffix;
    ngx_uint_t                    count;
    ngx_chain_t                  *body, *cl;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    if (ctx->reason != NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH
        || ctx->ncandidates == 0
        || ctx->taken
        || ngx_http_webhook_detached(ctx)
        || (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_RECEIVER))
    {
        return NGX_DECLINED;
    }

    if (ngx_http_webhook_message_text(r, ctx, provider->prefix, &prefix)
           != NGX_OK
        || ngx_http_webhook_message_text(r, ctx, provider->suffix, &suffix)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    body = (provider->body.kind == NGX_HTTP_WEBHOOK_BODY_RAW
            && r->request_body)
           ? r->request_body->bufs : NULL;

    for (cl = body, count = 3; cl; cl = cl->next, count++) {
        if (!ngx_buf_in_memory(cl->buf) && ngx_buf_size(cl->buf)) {
            return NGX_DECLINED;
        }
    }

    *parts = ngx_palloc(r->pool, count * sizeof(wh_str_t));
    if (*parts == NULL) {
        return NGX_ERROR;
    }

    (*parts)[0] = ngx_http_webhook_wh_str(&prefix);
    (*parts)[1] = ngx_http_webhook_wh_str(&ctx->text);

    for (cl = body, *n = 2; cl; cl = cl->next) {
        (*parts)[*n].data = cl->buf->pos;
        (*parts)[*n].len = cl->buf->last - cl->buf->pos;
        (*n)++;
    }

    (*parts)[(*n)++] = ngx_http_webhook_wh_str(&suffix);

    return NGX_OK;
}
