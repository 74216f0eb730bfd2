
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A header of a response.
 */


#include "ngx_http_webhook.h"


/* The new header, or NULL without memory. */

ngx_table_elt_t *
ngx_http_webhook_add_header(ngx_http_request_t *r, char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    return h;
}
