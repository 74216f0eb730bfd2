
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The way of a request: its body, hashed, parsed, and what is in its place.
 */


#ifndef _NGX_HTTP_WEBHOOK_BODY_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_BODY_H_INCLUDED_


#include "ngx_http_webhook_ctx.h"


#define NGX_HTTP_WEBHOOK_SLICE  262144      /* bytes, then others' turn */


/* _feed.c: bytes on their way into the hashes */
ngx_http_webhook_feed_t  ngx_http_webhook_feed;
ngx_http_webhook_feed_t  ngx_http_webhook_feed_payload;

/* _hash.c: hashing the body */
void ngx_http_webhook_body_arrived(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_chain_t *in);
ngx_http_webhook_action_t  ngx_http_webhook_body_slice;
void ngx_http_webhook_body_hash(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_chain_t *in,
    ngx_http_webhook_feed_t *handler);
ngx_uint_t ngx_http_webhook_body_wanted(ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_is_t  ngx_http_webhook_body_later;
ngx_http_webhook_action_t  ngx_http_webhook_body_start;
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
ngx_http_webhook_action_t  ngx_http_webhook_digest_message;
ngx_http_webhook_action_t  ngx_http_webhook_digest_body;

/* _body.c: the body that has been read */
ngx_uint_t ngx_http_webhook_request_whole(ngx_http_request_t *r);
ngx_uint_t ngx_http_webhook_body_discarded(ngx_http_request_t *r);
ngx_uint_t ngx_http_webhook_body_ended(ngx_http_request_t *r);
ngx_http_webhook_action_t  ngx_http_webhook_body_hashed;
ngx_http_webhook_reason_e ngx_http_webhook_body_bounded(ngx_http_request_t *r);
off_t ngx_http_webhook_body_size(ngx_chain_t *in);
ngx_http_webhook_reason_e ngx_http_webhook_body_reason(ngx_int_t rc);
ngx_int_t ngx_http_webhook_body_gather(ngx_http_request_t *r, size_t max,
    ngx_str_t *body);
ngx_int_t ngx_http_webhook_body_copy(ngx_chain_t *in, u_char *p);
ngx_http_webhook_action_t  ngx_http_webhook_body_sha256;
ngx_http_webhook_check_t  ngx_http_webhook_body_form;

/* _body_kind.c: what is signed in place of the body */
ngx_http_webhook_feed_t  ngx_http_webhook_body_kind_update;
ngx_http_webhook_check_t  ngx_http_webhook_body_kind_finish;
ngx_int_t ngx_http_webhook_body_kind_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, size_t max, ngx_str_t *body);

/* _payload.c: what a verified body must be like */
ngx_http_webhook_check_t  ngx_http_webhook_payload_start;
ngx_http_webhook_reason_e ngx_http_webhook_payload_error(
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_action_t  ngx_http_webhook_payload_locate;
ngx_http_webhook_action_t  ngx_http_webhook_payload_parse;

/* _pelorus.c: the verdict of the Pelorus receiver */
ngx_http_webhook_check_t  ngx_http_webhook_pelorus_body;

/* _shown.c: values of the body that no rule needs */
void ngx_http_webhook_json_by_name(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_shown(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_text_t *id,
    ngx_http_webhook_text_t *event);


#endif /* _NGX_HTTP_WEBHOOK_BODY_H_INCLUDED_ */
