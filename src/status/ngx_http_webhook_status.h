
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Answering with the counters.
 */


#ifndef _NGX_HTTP_WEBHOOK_STATUS_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_STATUS_H_INCLUDED_


#include "zone/ngx_http_webhook_zone.h"


typedef struct {
    ngx_pool_t    *pool;
    ngx_chain_t   *first;
    ngx_chain_t  **last;
    ngx_buf_t     *buf;
    unsigned       failed:1;                    /* no memory */
} ngx_http_webhook_out_t;


/* The most that one call adds; longer texts have functions of their own. */

#define NGX_HTTP_WEBHOOK_OUT_MAX  512


/* _status.c */

char *ngx_http_webhook_status_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_webhook_status_check(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf);

/* _out.c: a text that grows as it must */

void ngx_cdecl ngx_http_webhook_out(ngx_http_webhook_out_t *out,
    const char *fmt, ...);
void ngx_http_webhook_out_text(ngx_http_webhook_out_t *out, ngx_str_t *text);
u_char *ngx_http_webhook_out_room(ngx_http_webhook_out_t *out, size_t len);

/* _engines.c: what hosts share */

void ngx_http_webhook_engines_prometheus(ngx_http_webhook_out_t *out,
    ngx_array_t *engines);
void ngx_http_webhook_engines_json(ngx_http_webhook_out_t *out,
    ngx_array_t *engines);

/* _json.c, _prometheus.c */

void ngx_http_webhook_status_json(ngx_http_request_t *r,
    ngx_http_webhook_out_t *out);
void ngx_http_webhook_status_prometheus(ngx_http_request_t *r,
    ngx_http_webhook_out_t *out);


#endif /* _NGX_HTTP_WEBHOOK_STATUS_H_INCLUDED_ */
