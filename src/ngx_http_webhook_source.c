
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Looking up in a request what a provider's rules name.
 */


#include "ngx_http_webhook.h"
#include "core/wh_list.h"


/* One pass over the request's headers finds all that the provider wants. */

void
ngx_http_webhook_find_headers(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_found_t *found)
{
    ngx_uint_t                  i, k, n;
    ngx_list_part_t            *part;
    ngx_table_elt_t            *header;
    ngx_http_webhook_header_t  *wanted;

    wanted = provider->headers.elts;
    n = provider->headers.nelts;
    part = &r->headers_in.headers.part;
    header = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        for (k = 0; k < n; k++) {

            if (header[i].hash != wanted[k].hash
                || header[i].key.len != wanted[k].name.len
                || ngx_memcmp(header[i].lowcase_key, wanted[k].name.data,
                              wanted[k].name.len)
                   != 0)
            {
                continue;
            }

            if (found[k].count++ == 0) {
                found[k].first = &header[i];
            }

            break;
        }
    }
}


/*
 * The value of a source: WH_OK, WH_ABSENT also for an empty value,
 * WH_REPEATED, WH_INVALID, or WH_ERROR without memory.  The value is in the
 * request's memory and may be pointed to as long as the request lives.
 */

ngx_int_t
ngx_http_webhook_source_value(ngx_http_request_t *r,
    ngx_http_webhook_found_t *found, ngx_http_webhook_source_t *source,
    ngx_str_t *value)
{
    int        rc;
    u_char    *buf;
    size_t     len;
    wh_str_t   text, name, header;

    static const wh_str_t  bearer = wh_string("Bearer");
    static const wh_str_t  basic = wh_string("Basic");

    rc = WH_OK;
    name = ngx_http_webhook_wh_str(&source->name);

    ngx_memzero(&text, sizeof(wh_str_t));
    ngx_memzero(&header, sizeof(wh_str_t));

    if (ngx_http_webhook_source_is_header(source)) {

        if (found[source->header].count == 0) {
            return WH_ABSENT;
        }

        if (found[source->header].count > 1) {
            return WH_REPEATED;
        }

        header = ngx_http_webhook_wh_str(&found[source->header].first->value);
    }

    switch (source->type) {

    case NGX_HTTP_WEBHOOK_HEADER:
        text = header;
        break;

    case NGX_HTTP_WEBHOOK_FIELD:
        rc = wh_pair_find(header, source->separator, name, &text);
        break;

    case NGX_HTTP_WEBHOOK_COOKIE:
        rc = wh_pair_find(header, ';', name, &text);
        break;

    case NGX_HTTP_WEBHOOK_BEARER:
        rc = wh_authorization(header, bearer, &text);
        break;

    case NGX_HTTP_WEBHOOK_BASIC:
        rc = wh_authorization(header, basic, &header);

        if (rc == WH_OK) {
            len = wh_decoded_len(WH_BASE64, header.len);

            buf = ngx_pnalloc(r->pool, len + 1);
            if (buf == NULL) {
                return WH_ERROR;
            }

            rc = wh_decode(WH_BASE64, header, buf, &len);

            text.data = buf;
            text.len = len;
        }

        break;

    case NGX_HTTP_WEBHOOK_QUERY:

        if (r->args.len == 0) {
            return WH_ABSENT;
        }

        buf = ngx_pnalloc(r->pool, r->args.len);
        if (buf == NULL) {
            return WH_ERROR;
        }

        rc = wh_query(ngx_http_webhook_wh_str(&r->args), name, buf, &text);
        break;
    }

    value->len = text.len;
    value->data = (u_char *) text.data;

    if (rc == WH_OK && value->len == 0) {
        return WH_ABSENT;
    }

    return rc;
}


ngx_uint_t
ngx_http_webhook_source_is_header(ngx_http_webhook_source_t *source)
{
    return source->type != NGX_HTTP_WEBHOOK_QUERY;
}
