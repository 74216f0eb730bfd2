
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The way of a request: the checks that it passes.
 */


#ifndef _NGX_HTTP_WEBHOOK_REQUEST_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_REQUEST_H_INCLUDED_


#include "ngx_http_webhook_ctx.h"


#define NGX_HTTP_WEBHOOK_SLICE  262144      /* bytes, then others' turn */


/* _ctx.c: the state of a request, kept across internal redirects */
ngx_http_webhook_ctx_t *ngx_http_webhook_restore_ctx(ngx_http_request_t *r);
ngx_http_webhook_ctx_t *ngx_http_webhook_start_ctx(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *before, ngx_http_webhook_loc_conf_t *wlcf);
ngx_http_webhook_ctx_t *ngx_http_webhook_create_ctx(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate);
ngx_int_t ngx_http_webhook_ctx_gate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_gate_t *gate);
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
    ngx_uint_t *i, wh_str_t *name);
ngx_int_t ngx_http_webhook_header_lines(ngx_http_request_t *r,
    wh_str_t *name, ngx_str_t *value);
ngx_int_t ngx_http_webhook_host(ngx_http_request_t *r, ngx_str_t *host);
ngx_int_t ngx_http_webhook_source_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    ngx_str_t *value);
ngx_int_t ngx_http_webhook_evaluate_variables(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_complex_value_t *value,
    ngx_str_t *text);
ngx_int_t ngx_http_webhook_source_credential(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
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
ngx_int_t ngx_http_webhook_arrive(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);

/* _subrequest.c: subrequests into a location with a gate */
ngx_int_t ngx_http_webhook_verify_subrequest(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);

/* _select.c: which of several providers a request is for */
ngx_int_t ngx_http_webhook_select(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _steps.c: the steps of a verification */
ngx_http_webhook_reason_e ngx_http_webhook_steps_run(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_stage_e stage);

/* _signature.c: signatures */
ngx_http_webhook_reason_e ngx_http_webhook_step_signature(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_step_jwt_time(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_verify_signature(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);

/* _token.c: tokens */
ngx_http_webhook_reason_e ngx_http_webhook_step_token(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _message.c: what is signed, around the body */
ngx_int_t ngx_http_webhook_message_prefix(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text);
ngx_int_t ngx_http_webhook_message_suffix(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text);
ngx_int_t ngx_http_webhook_message_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_array_t *segments, ngx_str_t *text);
ngx_int_t ngx_http_webhook_message_join(ngx_http_request_t *r,
    ngx_str_t *parts, ngx_uint_t n, ngx_str_t *text);
ngx_http_webhook_reason_e ngx_http_webhook_message_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_url(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value);

/* _pubkey.c: signatures by public keys */
ngx_int_t ngx_http_webhook_pubkey_digest(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_hash_t *hash,
    ngx_str_t *suffix);
ngx_int_t ngx_http_webhook_pubkey_whole(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *suffix);
ngx_int_t ngx_http_webhook_pubkey_match(ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_pubkey_der(ngx_http_request_t *r,
    wh_signature_t *signature);
ngx_uint_t ngx_http_webhook_pubkey_usable(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, ngx_uint_t i);
ngx_int_t ngx_http_webhook_pubkey_match_bytes(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, wh_str_t bytes);
ngx_int_t ngx_http_webhook_hmac_match_bytes(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_candidate_t *candidate, wh_str_t bytes);

/* _turn.c: one expensive step in a turn of the event loop */
void ngx_http_webhook_turn_init(ngx_cycle_t *cycle);
ngx_int_t ngx_http_webhook_turn_take(ngx_http_webhook_turn_t *turn);
ngx_int_t ngx_http_webhook_turn_wait(ngx_http_request_t *r,
    ngx_http_webhook_turn_t **turn);
void ngx_http_webhook_turn_leave(ngx_http_webhook_turn_t *turn);

/* _candidate.c: the signatures that a request offers */
ngx_http_webhook_candidate_t *ngx_http_webhook_candidates_add(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_uint_t n);

/* _jwt.c: signatures that are tokens */
ngx_http_webhook_reason_e ngx_http_webhook_jwt_candidate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    ngx_str_t *token);
ngx_int_t ngx_http_webhook_jwt_distinct(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _http_message.c: HTTP message signatures */
ngx_http_webhook_reason_e ngx_http_webhook_step_http_message(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_step_http_verify(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_http_digests_match(
    ngx_http_webhook_ctx_t *ctx);

/* _component.c: what HTTP message signatures are over */
ngx_int_t ngx_http_webhook_signature_base(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *base);

/* _key_id.c: keys by their id */
ngx_http_webhook_reason_e ngx_http_webhook_key_by_id(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, wh_pubkey_e scheme, wh_str_t *id,
    ngx_http_webhook_candidate_t *candidate);

/* _claims.c: the claims of a token */
ngx_http_webhook_reason_e ngx_http_webhook_claims_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    wh_str_t encoded, u_char *digest);

/* _feed.c: bytes on their way into the hashes */
void ngx_http_webhook_feed(ngx_http_webhook_ctx_t *ctx, u_char *data,
    size_t len);
void ngx_http_webhook_feed_payload(ngx_http_webhook_ctx_t *ctx, u_char *data,
    size_t len);

/* _hash.c: hashing the body */
void ngx_http_webhook_body_arrived(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_chain_t *in);
ngx_int_t ngx_http_webhook_body_slice(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_body_hash(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_chain_t *in,
    ngx_http_webhook_hash_pt handler);
ngx_uint_t ngx_http_webhook_body_wanted(ngx_http_webhook_ctx_t *ctx);
ngx_uint_t ngx_http_webhook_body_later(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_body_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_hashes_release(ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_body_release(ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_digest_bytes(wh_digest_e digest, wh_str_t bytes,
    u_char *md, size_t *len);
ngx_int_t ngx_http_webhook_mac(const wh_hmac_key_t *key, wh_str_t *parts,
    ngx_uint_t n, u_char *mac);
ngx_int_t ngx_http_webhook_name(wh_name_e what, wh_str_t *parts, ngx_uint_t n,
    u_char *name);
EVP_MD_CTX *ngx_http_webhook_md_get(void);
void ngx_http_webhook_md_put(EVP_MD_CTX *md);
void ngx_http_webhook_md_exit(ngx_cycle_t *cycle);

/* _digest.c: the hash that names a message */
void ngx_http_webhook_digest_keep(ngx_http_webhook_ctx_t *ctx,
    u_char *digest);
ngx_int_t ngx_http_webhook_digest_message(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_digest_body(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _body.c: the body that has been read */
ngx_uint_t ngx_http_webhook_request_whole(ngx_http_request_t *r);
ngx_uint_t ngx_http_webhook_body_discarded(ngx_http_request_t *r);
ngx_uint_t ngx_http_webhook_body_ended(ngx_http_request_t *r);
ngx_int_t ngx_http_webhook_body_hashed(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_body_bounded(ngx_http_request_t *r);
off_t ngx_http_webhook_body_size(ngx_chain_t *in);
ngx_http_webhook_reason_e ngx_http_webhook_body_reason(ngx_int_t rc);
ngx_int_t ngx_http_webhook_body_gather(ngx_http_request_t *r, size_t max,
    ngx_str_t *body);
ngx_int_t ngx_http_webhook_body_copy(ngx_chain_t *in, u_char *p);
ngx_int_t ngx_http_webhook_body_sha256(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_body_form(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _body_kind.c: what is signed in place of the body */
void ngx_http_webhook_body_kind_update(ngx_http_webhook_ctx_t *ctx,
    u_char *data, size_t len);
ngx_http_webhook_reason_e ngx_http_webhook_body_kind_finish(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_body_kind_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, size_t max, ngx_str_t *body);

/* _payload.c: what a verified body must be like */
ngx_http_webhook_reason_e ngx_http_webhook_payload_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_payload_error(
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_payload_locate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_payload_parse(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_step_json(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_step_document(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_step_constraints(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);

/* _pelorus.c: the verdict of the Pelorus receiver */
ngx_http_webhook_reason_e ngx_http_webhook_pelorus_headers(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_pelorus_body(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _challenge.c: answers that nginx itself gives */
ngx_http_webhook_reason_e ngx_http_webhook_challenge_find(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_when_e when);
ngx_uint_t ngx_http_webhook_challenge_asked(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_challenge_read(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_uint_t ngx_http_webhook_challenge_likely(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_challenge_send(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_challenge_distinct(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _replay.c: each message once */
ngx_http_webhook_reason_e ngx_http_webhook_replay_known(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_replay_claim(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_replay_end(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t accepted_upstream);
void ngx_http_webhook_replay_unanswered(ngx_http_webhook_ctx_t *ctx);

/* _name.c: which message it is */
ngx_http_webhook_reason_e ngx_http_webhook_name_by_headers(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_name_by_keys(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_name_by_message(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);

/* _strip.c: taking the credential out of the request */
ngx_int_t ngx_http_webhook_strip(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_strip_header(ngx_http_request_t *r,
    ngx_str_t *name);
ngx_int_t ngx_http_webhook_strip_line(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *line);

/* _reply.c: refusals */
ngx_int_t ngx_http_webhook_reject(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_reason_e reason);
void ngx_http_webhook_would_reject(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_refuse(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_answer_refusal(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _evidence.c: why a request was refused; variables as in _variables.c */
void ngx_http_webhook_evidence_keep(ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_reason_e reason);
void ngx_http_webhook_evidence(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *text);
ngx_int_t ngx_http_webhook_var_signature(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value);
ngx_int_t ngx_http_webhook_var_message_length(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value);
ngx_int_t ngx_http_webhook_var_message_sha256(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value);

/* _log.c: the end of a request */
void ngx_http_webhook_end_request(ngx_http_request_t *r);
void ngx_http_webhook_count_request(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _shown.c: values of the body that no rule needs */
void ngx_http_webhook_json_by_name(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_shown(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_text_t *id,
    ngx_http_webhook_text_t *event);

/* _clock.c: the time that verification takes */
uint64_t ngx_http_webhook_clock(void);

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


/* Where nothing is counted the clock is not read. */

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
