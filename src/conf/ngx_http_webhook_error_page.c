
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The ways out of a location with "webhook" by "error_page".
 */


#include "ngx_http_webhook_conf.h"


static ngx_int_t ngx_http_webhook_error_page(ngx_conf_t *cf,
    ngx_http_err_page_t *page);


/*
 * What nginx answers before any handler has been called leaves no trace of the
 * location that the request was in, and goes to an error page of it with its
 * body.  So the name of each begins with a variable, which is empty, and whose
 * value nginx asks for just before it gives up the location.
 */

ngx_int_t
ngx_http_webhook_error_pages(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    ngx_uint_t            i;
    ngx_array_t          *pages;
    ngx_http_err_page_t  *page;

    /* a server is no location, and an "if" is entered after its location */

    if (clcf->error_pages == NULL
        || clcf->loc_conf == NULL
        || (clcf->noname && !clcf->lmt_excpt))
    {
        return NGX_OK;
    }

    /* those of the level above may also be of a location without "webhook" */

    pages = ngx_array_create(cf->pool, clcf->error_pages->nelts,
                             sizeof(ngx_http_err_page_t));
    if (pages == NULL) {
        return NGX_ERROR;
    }

    page = ngx_array_push_n(pages, clcf->error_pages->nelts);

    ngx_memcpy(page, clcf->error_pages->elts,
               clcf->error_pages->nelts * sizeof(ngx_http_err_page_t));

    for (i = 0; i < pages->nelts; i++) {
        if (ngx_http_webhook_error_page(cf, &page[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    clcf->error_pages = pages;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_error_page(ngx_conf_t *cf, ngx_http_err_page_t *page)
{
    u_char     *p;
    ngx_str_t   text;

    static ngx_str_t  leaving = ngx_string("${" NGX_HTTP_WEBHOOK_LEAVING "}");

    text.data = ngx_pnalloc(cf->pool, leaving.len + page->value.value.len
                                      + 1 + page->args.len);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(text.data, "%V%V", &leaving, &page->value.value);

    if (page->args.len) {
        p = ngx_sprintf(p, "?%V", &page->args);
    }

    text.len = p - text.data;

    return ngx_http_webhook_text_compile(cf, &text, &page->value);
}
