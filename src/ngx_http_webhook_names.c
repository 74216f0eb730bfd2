
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The names of reasons and verdicts, with what belongs to each.
 */


#include "ngx_http_webhook.h"


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  status;
    ngx_uint_t  dry_run;
} ngx_http_webhook_reason_t;


#define ngx_http_webhook_reason_row(id, name, status, dry_run)                \
    { ngx_string(name), status, dry_run },


static ngx_http_webhook_reason_t  ngx_http_webhook_reasons[] = {
    ngx_http_webhook_reason_rows(ngx_http_webhook_reason_row)
};


/* in the order of ngx_http_webhook_verdict_e */

static ngx_str_t  ngx_http_webhook_verdicts[] = {
    ngx_null_string,
    ngx_string("accepted"),
    ngx_string("rejected"),
    ngx_string("would_reject"),
    ngx_string("challenge"),
    ngx_string("duplicate"),
    ngx_string("none")
};

ngx_http_webhook_table_size(ngx_http_webhook_verdicts,
    NGX_HTTP_WEBHOOK_VERDICTS);


ngx_str_t *
ngx_http_webhook_reason_name(ngx_uint_t reason)
{
    return &ngx_http_webhook_reasons[reason].name;
}


ngx_uint_t
ngx_http_webhook_reason_status(ngx_http_webhook_reason_e reason)
{
    return ngx_http_webhook_reasons[reason].status;
}


ngx_uint_t
ngx_http_webhook_reason_dry_run(ngx_http_webhook_reason_e reason)
{
    return ngx_http_webhook_reasons[reason].dry_run;
}


ngx_str_t *
ngx_http_webhook_verdict_name(ngx_uint_t verdict)
{
    return &ngx_http_webhook_verdicts[verdict];
}
