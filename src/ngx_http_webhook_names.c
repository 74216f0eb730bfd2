
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The names of reasons and verdicts, with what belongs to each.
 */


#include "ngx_http_webhook.h"


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  status;
    ngx_uint_t  dry_run;        /* its bit, or 0: always enforced */
} ngx_http_webhook_reason_t;


/* in the order of ngx_http_webhook_reason_e */

static ngx_http_webhook_reason_t  ngx_http_webhook_reasons[] = {
    { ngx_null_string, NGX_HTTP_OK, 0 },
    { ngx_string("method_not_allowed"), NGX_HTTP_NOT_ALLOWED,
      NGX_HTTP_WEBHOOK_DRY_RUN_METHOD },
    { ngx_string("content_type_unsupported"), NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
      NGX_HTTP_WEBHOOK_DRY_RUN_CONTENT_TYPE },
    { ngx_string("header_missing"), NGX_HTTP_BAD_REQUEST,
      NGX_HTTP_WEBHOOK_DRY_RUN_HEADER },
    { ngx_string("header_mismatch"), NGX_HTTP_BAD_REQUEST,
      NGX_HTTP_WEBHOOK_DRY_RUN_HEADER },
    { ngx_string("certificate_missing"), NGX_HTTP_FORBIDDEN,
      NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE },
    { ngx_string("certificate_unverified"), NGX_HTTP_FORBIDDEN,
      NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE },
    { ngx_string("certificate_subject_mismatch"), NGX_HTTP_FORBIDDEN,
      NGX_HTTP_WEBHOOK_DRY_RUN_CERTIFICATE },
    { ngx_string("token_missing"), NGX_HTTP_FORBIDDEN, 0 },
    { ngx_string("token_mismatch"), NGX_HTTP_FORBIDDEN, 0 },
    { ngx_string("signature_missing"), NGX_HTTP_FORBIDDEN, 0 },
    { ngx_string("signature_malformed"), NGX_HTTP_FORBIDDEN, 0 },
    { ngx_string("signature_mismatch"), NGX_HTTP_FORBIDDEN, 0 },
    { ngx_string("credential_repeated"), NGX_HTTP_BAD_REQUEST, 0 },
    { ngx_string("challenge_malformed"), NGX_HTTP_BAD_REQUEST, 0 },
    { ngx_string("timestamp_missing"), NGX_HTTP_FORBIDDEN,
      NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP },
    { ngx_string("timestamp_malformed"), NGX_HTTP_FORBIDDEN,
      NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP },
    { ngx_string("timestamp_too_old"), NGX_HTTP_FORBIDDEN,
      NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP },
    { ngx_string("timestamp_in_future"), NGX_HTTP_FORBIDDEN,
      NGX_HTTP_WEBHOOK_DRY_RUN_TIMESTAMP },
    { ngx_string("body_too_large"), NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, 0 },
    { ngx_string("json_invalid"), NGX_HTTP_BAD_REQUEST,
      NGX_HTTP_WEBHOOK_DRY_RUN_PAYLOAD },
    { ngx_string("payload_invalid"), 422, NGX_HTTP_WEBHOOK_DRY_RUN_PAYLOAD },
    { ngx_string("secret_unavailable"), NGX_HTTP_SERVICE_UNAVAILABLE, 0 },
    { ngx_string("key_unknown"), NGX_HTTP_FORBIDDEN, 0 },
    { ngx_string("duplicate"), NGX_HTTP_OK, NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY },
    { ngx_string("duplicate_in_progress"), NGX_HTTP_CONFLICT,
      NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY },
    { ngx_string("zone_full"), NGX_HTTP_SERVICE_UNAVAILABLE,
      NGX_HTTP_WEBHOOK_DRY_RUN_REPLAY },
    { ngx_string("internal"), NGX_HTTP_INTERNAL_SERVER_ERROR, 0 },
    { ngx_string("aborted"), NGX_HTTP_BAD_REQUEST, 0 },
    { ngx_string("not_verified"), NGX_HTTP_FORBIDDEN, 0 }
};

ngx_http_webhook_table_size(ngx_http_webhook_reasons,
    NGX_HTTP_WEBHOOK_REASONS);


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
