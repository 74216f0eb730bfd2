
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The way of a request: from the headers to the log.
 */


#ifndef _NGX_HTTP_WEBHOOK_REQUEST_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_REQUEST_H_INCLUDED_


#include "ngx_http_webhook_ctx.h"
#include "ngx_http_webhook_body.h"
#include "ngx_http_webhook_signature.h"


/* _ctx.c: the state of a request, kept across internal redirects */
ngx_http_webhook_ctx_t *ngx_http_webhook_restore_ctx(ngx_http_request_t *r);
ngx_http_webhook_ctx_t *ngx_http_webhook_start_ctx(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *before, ngx_http_webhook_loc_conf_t *wlcf);
ngx_http_webhook_ctx_t *ngx_http_webhook_create_ctx(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate);
ngx_int_t ngx_http_webhook_ctx_gate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_gate_t *gate);
ngx_http_webhook_candidate_t *ngx_http_webhook_candidates_add(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_uint_t n);
void ngx_http_webhook_finish(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_verdict_e verdict);
void ngx_http_webhook_unreadable(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t status);
ngx_uint_t ngx_http_webhook_passes(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_loc_conf_t *wlcf);

/* _source.c: looking things up in a request */
void ngx_http_webhook_find_headers(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_field_t *headers);
ngx_table_elt_t *ngx_http_webhook_next_header(ngx_list_part_t **part,
    ngx_uint_t *i);
ngx_table_elt_t *ngx_http_webhook_next_named(ngx_list_part_t **part,
    ngx_uint_t *i, const wh_str_t *name);
ngx_int_t ngx_http_webhook_header_lines(ngx_http_request_t *r,
    const wh_str_t *name, ngx_str_t *value);
ngx_int_t ngx_http_webhook_host(ngx_http_request_t *r, ngx_str_t *host);
ngx_int_t ngx_http_webhook_source_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    ngx_str_t *value);
ngx_int_t ngx_http_webhook_evaluate_variables(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_complex_value_t *value,
    ngx_str_t *text);
ngx_http_webhook_action_t  ngx_http_webhook_source_credential;
ngx_http_webhook_reason_e ngx_http_webhook_source_reason(ngx_int_t rc,
    ngx_http_webhook_reason_e missing, ngx_http_webhook_reason_e malformed);

/* _access.c: the way of a request */
ngx_int_t ngx_http_webhook_verify(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);
ngx_int_t ngx_http_webhook_body(ngx_http_request_t *r, ngx_chain_t *in);

extern ngx_http_request_body_filter_pt  ngx_http_webhook_next_body_filter;

/* _bypass.c: no way around a gate */
ngx_http_webhook_ctx_t *ngx_http_webhook_enter(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);
ngx_int_t ngx_http_webhook_meet(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);
void ngx_http_webhook_leave(ngx_http_request_t *r);
ngx_int_t ngx_http_webhook_arrive(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);

/* _subrequest.c: subrequests into a location with a gate */
ngx_int_t ngx_http_webhook_verify_subrequest(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);

/* _select.c: which of several providers a request is for */
ngx_http_webhook_action_t  ngx_http_webhook_select;

/* _steps.c: the steps of a verification */
ngx_http_webhook_reason_e ngx_http_webhook_steps_run(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_stage_e stage);

/* all steps of the model's table, wherever they are */

#define ngx_http_webhook_step_declare(id, check, has, stage)                  \
    ngx_http_webhook_check_t  check;

ngx_http_webhook_step_rows(ngx_http_webhook_step_declare)

/* _challenge.c: answers that nginx itself gives */
ngx_http_webhook_reason_e ngx_http_webhook_challenge_find(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_when_e when);
ngx_http_webhook_is_t  ngx_http_webhook_challenge_possible;
ngx_http_webhook_check_t  ngx_http_webhook_challenge_read;
ngx_http_webhook_is_t  ngx_http_webhook_challenge_likely;
ngx_http_webhook_action_t  ngx_http_webhook_challenge_send;
ngx_http_webhook_action_t  ngx_http_webhook_challenge_distinct;

/* _replay.c: each message once */
void ngx_http_webhook_replay_end(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t accepted_upstream);
void ngx_http_webhook_replay_unanswered(ngx_http_webhook_ctx_t *ctx);

/* _name.c: which message it is */
ngx_http_webhook_check_t  ngx_http_webhook_name_by_headers;
ngx_http_webhook_check_t  ngx_http_webhook_name_by_keys;
ngx_http_webhook_check_t  ngx_http_webhook_name_by_message;

/* _strip.c: taking the credential out of the request */
ngx_http_webhook_action_t  ngx_http_webhook_strip;
ngx_int_t ngx_http_webhook_strip_header(ngx_http_request_t *r,
    ngx_str_t *name);
ngx_int_t ngx_http_webhook_strip_line(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *line);

/* _reply.c: refusals */
ngx_int_t ngx_http_webhook_reject(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_reason_e reason);
void ngx_http_webhook_would_reject(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_action_t  ngx_http_webhook_refuse;
ngx_http_webhook_action_t  ngx_http_webhook_answer_refusal;

/* _evidence.c: why a request was refused; variables as in _variables.c */
void ngx_http_webhook_evidence_keep(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_reason_e reason);
void ngx_http_webhook_evidence(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text);
ngx_http_webhook_value_get_t  ngx_http_webhook_var_signature;
ngx_http_webhook_value_get_t  ngx_http_webhook_var_message_length;
ngx_http_webhook_value_get_t  ngx_http_webhook_var_message_sha256;

/* _log.c: the end of a request */
void ngx_http_webhook_end_request(ngx_http_request_t *r);
void ngx_http_webhook_count_request(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _variables.c */
ngx_uint_t ngx_http_webhook_secret_number(ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_add_variables(ngx_conf_t *cf);
ngx_int_t ngx_http_webhook_add_json_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_uint_t index);


/* Of every request, also where there is no gate, so it must be cheap. */

static ngx_inline ngx_uint_t
ngx_http_webhook_may_have_ctx(ngx_http_request_t *r)
{
    return ngx_http_get_module_ctx(r, ngx_http_webhook_module)
           || r->internal
           || r->filter_finalize;
}


static ngx_inline ngx_http_webhook_ctx_t *
ngx_http_webhook_get_ctx(ngx_http_request_t *r)
{
    ngx_http_webhook_ctx_t  *ctx;

    if (!ngx_http_webhook_may_have_ctx(r)) {
        return NULL;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_webhook_module);

    return ctx ? ctx : ngx_http_webhook_restore_ctx(r);
}


/* A text with variables, or without; what is made lives with the request. */

static ngx_inline ngx_int_t
ngx_http_webhook_evaluate(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_complex_value_t *value, ngx_str_t *text)
{
    if (value->lengths == NULL) {
        *text = value->value;
        return NGX_OK;
    }

    return ngx_http_webhook_evaluate_variables(r, ctx, value, text);
}


/*
 * The time that verification takes, in ns, without waiting for the body.  Where
 * nothing is counted the clock is not read.
 */

static ngx_inline uint64_t
ngx_http_webhook_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


static ngx_inline void
ngx_http_webhook_clock_start(ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->stats_entries) {
        ctx->started = ngx_http_webhook_clock();
    }
}


static ngx_inline void
ngx_http_webhook_clock_stop(ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->started) {
        ctx->spent += ngx_http_webhook_clock() - ctx->started;
        ctx->started = 0;
    }
}


#endif /* _NGX_HTTP_WEBHOOK_REQUEST_H_INCLUDED_ */
