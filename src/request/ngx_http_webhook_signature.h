
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The way of a request: what proves who has sent it, and what that is over.
 */


#ifndef _NGX_HTTP_WEBHOOK_SIGNATURE_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_SIGNATURE_H_INCLUDED_


#include "ngx_http_webhook_ctx.h"


/* _signature.c: signatures */
ngx_http_webhook_check_t  ngx_http_webhook_verify_signature;

/* _message.c: what is signed, around the body */
ngx_int_t ngx_http_webhook_message_around(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t after, ngx_str_t *text);
ngx_int_t ngx_http_webhook_message_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_array_t *segments, ngx_str_t *text);
ngx_int_t ngx_http_webhook_message_join(ngx_http_request_t *r,
    ngx_str_t *parts, ngx_uint_t n, ngx_str_t *text);
ngx_uint_t ngx_http_webhook_message_headers(ngx_http_request_t *r,
    wh_str_t name);
ngx_int_t ngx_http_webhook_number(ngx_http_request_t *r, ngx_uint_t n,
    ngx_str_t *text);
ngx_int_t ngx_http_webhook_hex(ngx_http_request_t *r, u_char *bytes,
    size_t len, ngx_str_t *text);
ngx_http_webhook_value_get_t  ngx_http_webhook_url;

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

/* _jwt.c: signatures that are tokens */
ngx_http_webhook_reason_e ngx_http_webhook_jwt_candidate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_signature_t *signature,
    ngx_str_t *token);
ngx_int_t ngx_http_webhook_jwt_distinct(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _http_message.c: HTTP message signatures */
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


#endif /* _NGX_HTTP_WEBHOOK_SIGNATURE_H_INCLUDED_ */
