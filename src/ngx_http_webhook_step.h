
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The model of a location: the steps that a verification takes.
 */


#ifndef _NGX_HTTP_WEBHOOK_STEP_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_STEP_H_INCLUDED_


#include "ngx_http_webhook_provider.h"


/*
 * When steps are taken: with the headers; with a body that is there, and is
 * not parsed or not verified; with one that is; and last of all.
 */

typedef enum {
    NGX_HTTP_WEBHOOK_STAGE_HEADERS = 0,
    NGX_HTTP_WEBHOOK_STAGE_UNPARSED,
    NGX_HTTP_WEBHOOK_STAGE_BODY,
    NGX_HTTP_WEBHOOK_STAGE_PAYLOAD,
    NGX_HTTP_WEBHOOK_STAGE_CLAIM,
    NGX_HTTP_WEBHOOK_STAGES
} ngx_http_webhook_stage_e;


/* With the headers, unless the body has what the step looks at. */

#define ngx_http_webhook_stage(provider, what)                                \
    (((provider)->needs_body & NGX_HTTP_WEBHOOK_NEEDS_BODY_ ## what)          \
     ? NGX_HTTP_WEBHOOK_STAGE_BODY : NGX_HTTP_WEBHOOK_STAGE_HEADERS)


/*
 * The steps in their order: what takes them, in request/, whether a gate has
 * them, and when, in terms of the variables of conf/gate.c: gate, provider, and
 * receiver, which is that of Pelorus and looks at the rest by itself.  A token
 * in each element ends the walk that looks for it.
 */

#define ngx_http_webhook_step_rows(row)                                       \
    row(NGX_HTTP_WEBHOOK_STEP_METHOD, ngx_http_webhook_step_method,           \
        !receiver, NGX_HTTP_WEBHOOK_STAGE_HEADERS)                            \
    row(NGX_HTTP_WEBHOOK_STEP_ONE_CONTENT_TYPE,                               \
        ngx_http_webhook_step_one_content_type,                               \
        !receiver, NGX_HTTP_WEBHOOK_STAGE_HEADERS)                            \
    row(NGX_HTTP_WEBHOOK_STEP_CONTENT_TYPE,                                   \
        ngx_http_webhook_step_content_type,                                   \
        !receiver, NGX_HTTP_WEBHOOK_STAGE_HEADERS)                            \
    row(NGX_HTTP_WEBHOOK_STEP_HEADERS, ngx_http_webhook_step_headers,         \
        provider->required.nelts, NGX_HTTP_WEBHOOK_STAGE_HEADERS)             \
    row(NGX_HTTP_WEBHOOK_STEP_CERTIFICATE, ngx_http_webhook_step_certificate, \
        gate->certificates, NGX_HTTP_WEBHOOK_STAGE_HEADERS)                   \
    row(NGX_HTTP_WEBHOOK_STEP_KEYS, ngx_http_webhook_step_keys,               \
        gate->nkeys || gate->incomplete, NGX_HTTP_WEBHOOK_STAGE_HEADERS)      \
    row(NGX_HTTP_WEBHOOK_STEP_PELORUS, ngx_http_webhook_pelorus_headers,      \
        receiver, NGX_HTTP_WEBHOOK_STAGE_HEADERS)                             \
    row(NGX_HTTP_WEBHOOK_STEP_UNVERIFIED_JSON, ngx_http_webhook_step_json,    \
        provider->needs_body, NGX_HTTP_WEBHOOK_STAGE_BODY)                    \
    row(NGX_HTTP_WEBHOOK_STEP_JSON, ngx_http_webhook_step_json,               \
        gate->parse || gate->json_challenge,                                  \
        NGX_HTTP_WEBHOOK_STAGE_PAYLOAD)                                       \
    row(NGX_HTTP_WEBHOOK_STEP_DOCUMENT, ngx_http_webhook_step_document,       \
        gate->parse || gate->json_challenge,                                  \
        NGX_HTTP_WEBHOOK_STAGE_PAYLOAD)                                       \
    row(NGX_HTTP_WEBHOOK_STEP_TOKEN, ngx_http_webhook_step_token,             \
        provider->tokens.nelts,                                               \
        provider->wildcard ? NGX_HTTP_WEBHOOK_STAGE_UNPARSED                  \
                           : ngx_http_webhook_stage(provider, TOKEN))         \
    row(NGX_HTTP_WEBHOOK_STEP_SIGNATURE, ngx_http_webhook_step_signature,     \
        provider->signatures.nelts && !provider->http_message && !receiver,   \
        ngx_http_webhook_stage(provider, SIGNATURE))                          \
    row(NGX_HTTP_WEBHOOK_STEP_JWT_TIME, ngx_http_webhook_step_jwt_time,       \
        provider->jwt || provider->detached,                                  \
        ngx_http_webhook_stage(provider, SIGNATURE))                          \
    row(NGX_HTTP_WEBHOOK_STEP_HTTP_MESSAGE,                                   \
        ngx_http_webhook_step_http_message,                                   \
        provider->http_message, NGX_HTTP_WEBHOOK_STAGE_HEADERS)               \
    row(NGX_HTTP_WEBHOOK_STEP_TIMESTAMP, ngx_http_webhook_step_timestamp,     \
        provider->timestamp,                                                  \
        ngx_http_webhook_time_stage(provider))                                \
    row(NGX_HTTP_WEBHOOK_STEP_HTTP_VERIFY, ngx_http_webhook_step_http_verify, \
        provider->http_message, NGX_HTTP_WEBHOOK_STAGE_HEADERS)               \
    row(NGX_HTTP_WEBHOOK_STEP_MESSAGE, ngx_http_webhook_message_check,        \
        provider->parts, ngx_http_webhook_stage(provider, MESSAGE))           \
    row(NGX_HTTP_WEBHOOK_STEP_SIZE, ngx_http_webhook_step_size,               \
        ngx_http_webhook_holds_body(provider) && !receiver,                   \
        NGX_HTTP_WEBHOOK_STAGE_HEADERS)                                       \
    row(NGX_HTTP_WEBHOOK_STEP_KNOWN, ngx_http_webhook_replay_known,           \
        gate->replay, NGX_HTTP_WEBHOOK_STAGE_HEADERS)                         \
    row(NGX_HTTP_WEBHOOK_STEP_CONSTRAINTS, ngx_http_webhook_step_constraints, \
        gate->nconstraints, NGX_HTTP_WEBHOOK_STAGE_PAYLOAD)                   \
    row(NGX_HTTP_WEBHOOK_STEP_CLAIM, ngx_http_webhook_replay_claim,           \
        gate->replay, NGX_HTTP_WEBHOOK_STAGE_CLAIM)


typedef enum {
    NGX_HTTP_WEBHOOK_STEP_END = 0,
    ngx_http_webhook_step_rows(ngx_http_webhook_row_id)
    NGX_HTTP_WEBHOOK_STEPS
} ngx_http_webhook_step_e;


#endif /* _NGX_HTTP_WEBHOOK_STEP_H_INCLUDED_ */
