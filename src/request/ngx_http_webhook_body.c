
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The body that has been read: whether it is whole, and in one piece.
 */


#include "ngx_http_webhook_request.h"


static ngx_uint_t ngx_http_webhook_headers_read(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_body_complete(ngx_http_request_t *r);


/*
 * NGX_OK when the whole body has been read and hashed.  Where another module
 * sent it on while it came, as proxy_request_buffering off does, it has been
 * read, but it is not there any more.
 */

ngx_int_t
ngx_http_webhook_body_hashed(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->failed || ngx_http_webhook_body_complete(r) != NGX_OK) {
        return NGX_DECLINED;
    }

    /* of a chunked body this is the length that has come */

    if (r->headers_in.content_length_n > 0
        && r->headers_in.content_length_n != ctx->hashed)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/*
 * Whether a request that nginx has redirected within itself is still as it was
 * sent: its headers have been read and understood, and of its body nothing
 * has been thrown away.  Behind an error page it may be the rest of one.
 */

ngx_uint_t
ngx_http_webhook_request_whole(ngx_http_request_t *r)
{
    ngx_http_headers_in_t  *headers_in;

    headers_in = &r->headers_in;

    if (!ngx_http_webhook_headers_read(r)
        || (headers_in->transfer_encoding && !headers_in->chunked)
        || (headers_in->content_length && headers_in->content_length_n < 0)
        || ngx_http_webhook_body_discarded(r))
    {
        return 0;
    }

    return r->request_body == NULL
           || ngx_http_webhook_body_complete(r) == NGX_OK;
}


/*
 * HTTP/3 has no state of it.  There nginx looks at the body when all else is
 * right, and keeps the connection of a request without one, if not the
 * configuration or an error before the redirect says otherwise.
 */

static ngx_uint_t
ngx_http_webhook_headers_read(ngx_http_request_t *r)
{
    if (r->http_version > NGX_HTTP_VERSION_20) {
        return r->headers_in.chunked
               || r->headers_in.content_length_n >= 0
               || r->keepalive;
    }

    return r->http_state != NGX_HTTP_READING_REQUEST_STATE
           && (r->headers_in.host || r->http_version <= NGX_HTTP_VERSION_10);
}


/*
 * Whether nginx has thrown the body away, or does so now.  What is gone is
 * taken off the length, but not in the header; HTTP/2 skips all that is to
 * come.
 */

ngx_uint_t
ngx_http_webhook_body_discarded(ngx_http_request_t *r)
{
    ngx_table_elt_t  *header;

    if (r->discard_body) {
        return 1;
    }

#if (NGX_HTTP_V2)

    if (r->stream
        && r->stream->skip_data
        && (r->headers_in.content_length_n > 0 || r->headers_in.chunked))
    {
        return 1;
    }

#endif

    header = r->headers_in.content_length;

    return header
           && ngx_atoof(header->value.data, header->value.len)
              != r->headers_in.content_length_n;
}


/*
 * Whether the connection is at the end of the body: what comes next there is
 * another request.
 */

ngx_uint_t
ngx_http_webhook_body_ended(ngx_http_request_t *r)
{
    return !r->discard_body
           && !r->reading_body
           && ngx_http_webhook_body_complete(r) == NGX_OK;
}


/*
 * A request body structure alone does not say that the body is complete: after
 * a failed read it holds what had come by then.
 */

static ngx_int_t
ngx_http_webhook_body_complete(ngx_http_request_t *r)
{
    if (r->headers_in.content_length_n <= 0 && !r->headers_in.chunked) {
        return NGX_OK;
    }

    if (r->discard_body
        || r->request_body == NULL
        || r->request_body->rest != 0)
    {
        return NGX_DECLINED;
    }

#if (nginx_version >= 1021002)

    if (!r->request_body->last_saved) {
        return NGX_DECLINED;
    }

#endif

    return NGX_OK;
}


/*
 * Makes ctx->body_sha256, in hex, of a body that has been read; the hash takes
 * no more data after that.  NGX_DECLINED when the body has not been hashed.
 */

ngx_int_t
ngx_http_webhook_body_sha256(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx)
{
    u_char  digest[EVP_MAX_MD_SIZE];
    size_t  size;

    if (ctx->body_sha256.len) {
        return NGX_OK;
    }

    if (ctx->sha256 == NULL
        || wh_digest_final(ctx->sha256, digest, &size) != WH_OK)
    {
        return NGX_DECLINED;
    }

    ctx->hashing = 0;

    return ngx_http_webhook_hex(r, digest, size, &ctx->body_sha256);
}


/* The body in one piece, kept in ctx->form for all who look at it. */

ngx_http_webhook_reason_e
ngx_http_webhook_body_form(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx)
{
    ngx_http_webhook_loc_conf_t  *wlcf;

    if (ctx->form.data || r->request_body == NULL) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    return ngx_http_webhook_body_reason(
               ngx_http_webhook_body_gather(r, wlcf->max_body, &ctx->form));
}


/* What it is for a request that its body was gathered with that result. */

ngx_http_webhook_reason_e
ngx_http_webhook_body_reason(ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        return NGX_HTTP_WEBHOOK_PASSED;

    case NGX_DECLINED:
        return NGX_HTTP_WEBHOOK_BODY_TOO_LARGE;

    default: /* NGX_ERROR */
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }
}


/* Whether a body that is not verified is whole and short enough to parse. */

ngx_http_webhook_reason_e
ngx_http_webhook_body_bounded(ngx_http_request_t *r)
{
    ngx_http_webhook_loc_conf_t  *wlcf;

    if (ngx_http_webhook_body_complete(r) != NGX_OK) {
        return NGX_HTTP_WEBHOOK_INTERNAL;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    return r->request_body
           && ngx_http_webhook_body_size(r->request_body->bufs)
              > (off_t) wlcf->max_body
           ? NGX_HTTP_WEBHOOK_BODY_TOO_LARGE : NGX_HTTP_WEBHOOK_PASSED;
}


off_t
ngx_http_webhook_body_size(ngx_chain_t *in)
{
    off_t  size;

    for (size = 0; in; in = in->next) {
        size += ngx_buf_size(in->buf);
    }

    return size;
}


/*
 * The whole of a body that has been read, in one piece of the request's
 * memory.  NGX_DECLINED when it is longer than max.
 */

ngx_int_t
ngx_http_webhook_body_gather(ngx_http_request_t *r, size_t max,
    ngx_str_t *body)
{
    off_t    size;
    u_char  *p;

    size = ngx_http_webhook_body_size(r->request_body->bufs);

    if (size > (off_t) max) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(r->pool, size + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    body->data = p;
    body->len = size;

    return ngx_http_webhook_body_copy(r->request_body->bufs, p);
}


/* The same to a place that has room for all of it. */

ngx_int_t
ngx_http_webhook_body_copy(ngx_chain_t *in, u_char *p)
{
    ssize_t     n;
    ngx_buf_t  *b;

    for ( /* void */ ; in; in = in->next) {

        b = in->buf;

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, b->last - b->pos);
            continue;
        }

        if (ngx_buf_size(b) == 0) {
            continue;
        }

        n = ngx_read_file(b->file, p, b->file_last - b->file_pos,
                          b->file_pos);

        if (n == NGX_ERROR || n != b->file_last - b->file_pos) {
            return NGX_ERROR;
        }

        p += n;
    }

    return NGX_OK;
}
