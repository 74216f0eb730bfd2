
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Variables of nginx, and of ours: who fills them, and texts with them.
 */


#include "ngx_http_webhook_secret.h"


typedef struct {
    ngx_str_t     name;            /* with a "_" at its end: of all that begin
                                      so and have no row before */
    ngx_uint_t    what;
} ngx_http_webhook_variable_row_t;


static ngx_http_webhook_variable_row_t  ngx_http_webhook_variables[] = {
    { ngx_string("webhook_id"), NGX_HTTP_WEBHOOK_REPLAY_KEY_ID },
    { ngx_string("webhook_event"), NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT },
    { ngx_string("webhook_timestamp"), NGX_HTTP_WEBHOOK_REPLAY_KEY_TIMESTAMP },
    { ngx_string("webhook_provider"), NGX_HTTP_WEBHOOK_VAR_FIXED },
    { ngx_string("webhook_nonce"), NGX_HTTP_WEBHOOK_VAR_FIXED },
    { ngx_string("webhook_url"),
      NGX_HTTP_WEBHOOK_VAR_URL|NGX_HTTP_WEBHOOK_VAR_QUERY },
    { ngx_string("webhook_url_decoded"),
      NGX_HTTP_WEBHOOK_VAR_URL|NGX_HTTP_WEBHOOK_VAR_QUERY },
    { ngx_string("request"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("request_method"),
      NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_KNOWN },
    { ngx_string("request_uri"),
      NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_URL
      |NGX_HTTP_WEBHOOK_VAR_QUERY },
    { ngx_string("request_id"),
      NGX_HTTP_WEBHOOK_VAR_SENT|NGX_HTTP_WEBHOOK_VAR_NEW },
    { ngx_string("request_time"),
      NGX_HTTP_WEBHOOK_VAR_SENT|NGX_HTTP_WEBHOOK_VAR_NEW },
    { ngx_string("request_"), NGX_HTTP_WEBHOOK_VAR_SENT },
    { ngx_string("uri"), NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_URL },
    { ngx_string("document_uri"),
      NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_URL },
    { ngx_string("args"),
      NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_URL
      |NGX_HTTP_WEBHOOK_VAR_QUERY },
    { ngx_string("query_string"),
      NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_URL
      |NGX_HTTP_WEBHOOK_VAR_QUERY },
    { ngx_string("is_args"),
      NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_KNOWN },
    { ngx_string("host"),
      NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_KNOWN
      |NGX_HTTP_WEBHOOK_VAR_HOST },
    { ngx_string("http_host"),
      NGX_HTTP_WEBHOOK_VAR_HEAD|NGX_HTTP_WEBHOOK_VAR_KNOWN
      |NGX_HTTP_WEBHOOK_VAR_HOST },
    { ngx_string("http_"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("arg_"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("cookie_"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("content_type"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("content_length"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("remote_user"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("remote_addr"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("remote_port"), NGX_HTTP_WEBHOOK_VAR_NEW },
    { ngx_string("ssl_client_"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("ssl_server_name"), NGX_HTTP_WEBHOOK_VAR_SENT },
    { ngx_string("proxy_protocol_"), NGX_HTTP_WEBHOOK_VAR_HEAD },
    { ngx_string("proxy_add_x_forwarded_for"), NGX_HTTP_WEBHOOK_VAR_SENT },
    { ngx_string("scheme"), NGX_HTTP_WEBHOOK_VAR_KNOWN },
    { ngx_string("server_name"),
      NGX_HTTP_WEBHOOK_VAR_KNOWN|NGX_HTTP_WEBHOOK_VAR_FIXED },
    { ngx_string("server_port"), NGX_HTTP_WEBHOOK_VAR_KNOWN },
    { ngx_string("hostname"), NGX_HTTP_WEBHOOK_VAR_FIXED },
    { ngx_string("connection"), NGX_HTTP_WEBHOOK_VAR_NEW },
    { ngx_string("connection_"), NGX_HTTP_WEBHOOK_VAR_NEW },
    { ngx_string("msec"), NGX_HTTP_WEBHOOK_VAR_NEW },
    { ngx_string("time_"), NGX_HTTP_WEBHOOK_VAR_NEW },
    { ngx_null_string, 0 }
};


/* What a variable is, bits; 0 of one that is not known here. */

ngx_uint_t
ngx_http_webhook_variable_what(ngx_str_t *name)
{
    ngx_http_webhook_variable_row_t  *row;

    for (row = ngx_http_webhook_variables; row->name.len; row++) {

        if (name->len >= row->name.len
            && ngx_strncasecmp(name->data, row->name.data, row->name.len) == 0
            && (name->len == row->name.len
                || row->name.data[row->name.len - 1] == '_'))
        {
            return row->what;
        }
    }

    return 0;
}


/* A text with variables, as nginx has them. */

ngx_int_t
ngx_http_webhook_text_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t *value)
{
    ngx_http_compile_complex_value_t  ccv;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = value;

    return ngx_http_compile_complex_value(&ccv);
}
