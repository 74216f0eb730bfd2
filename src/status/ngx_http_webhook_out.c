
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A text that grows as it must.
 */


#include "ngx_http_webhook_status.h"
#include "core/wh_utf8.h"


#define NGX_HTTP_WEBHOOK_OUT_CHUNK  16384


void ngx_cdecl
ngx_http_webhook_out(ngx_http_webhook_out_t *out, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_http_webhook_out_room(out, NGX_HTTP_WEBHOOK_OUT_MAX);

    if (p == NULL) {
        return;
    }

    va_start(args, fmt);
    out->buf->last = ngx_vslprintf(p, p + NGX_HTTP_WEBHOOK_OUT_MAX, fmt, args);
    va_end(args);
}


/*
 * Text from outside, escaped for a JSON string.  Without control characters,
 * which are gone then, the value of a Prometheus label has the same escapes.
 */

void
ngx_http_webhook_out_text(ngx_http_webhook_out_t *out, ngx_str_t *text)
{
    size_t   len;
    u_char  *p, *shown;

    /* a character that becomes three is not escaped, one that is takes two */

    p = ngx_http_webhook_out_room(out, text->len * WH_UTF8_SHOWN_MAX);
    shown = ngx_pnalloc(out->pool, text->len * WH_UTF8_SHOWN_MAX + 1);

    if (p == NULL || shown == NULL) {
        out->failed = 1;
        return;
    }

    len = wh_utf8_shown(text->data, text->len, shown);

    out->buf->last = (u_char *) ngx_escape_json(p, shown, len);
}


/* Room for len more bytes, which end at out->buf->last; or NULL. */

u_char *
ngx_http_webhook_out_room(ngx_http_webhook_out_t *out, size_t len)
{
    ngx_chain_t  *cl;

    if (out->failed) {
        return NULL;
    }

    if (out->buf && (size_t) (out->buf->end - out->buf->last) >= len) {
        return out->buf->last;
    }

    cl = ngx_alloc_chain_link(out->pool);

    if (cl) {
        cl->next = NULL;
        cl->buf = ngx_create_temp_buf(out->pool,
                                      ngx_max(len,
                                              NGX_HTTP_WEBHOOK_OUT_CHUNK));
    }

    if (cl == NULL || cl->buf == NULL) {
        out->failed = 1;
        return NULL;
    }

    *out->last = cl;
    out->last = &cl->next;
    out->buf = cl->buf;

    return out->buf->last;
}
