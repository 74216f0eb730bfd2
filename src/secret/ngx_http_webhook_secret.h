
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Secrets, their files and the keys made of them.
 */


#ifndef _NGX_HTTP_WEBHOOK_SECRET_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_SECRET_H_INCLUDED_


#include "ngx_http_webhook_gate.h"


#define NGX_HTTP_WEBHOOK_SECRET_MIN  16         /* bytes, below is a warning */
#define NGX_HTTP_WEBHOOK_SECRET_MAX  65536      /* bytes of a file */


struct ngx_http_webhook_file_s {
    ngx_str_t                     path;
    wh_encoding_e                 encoding;
    wh_keyset_format_e            keyset;
    ngx_file_info_t               info;     /* when it was last read */
    ngx_msec_t                    checked;
    ngx_err_t                     err;      /* of the last look at it */
    ngx_http_webhook_keyslot_t   *keyslots;
    ngx_http_webhook_file_t      *next;
    unsigned                      seen:1;   /* the worker may look at it */
    unsigned                      again:1;  /* read it once more */
};


/* _secret.c: secrets in the configuration */

char *ngx_http_webhook_secret_init(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text);
char *ngx_http_webhook_secret_value(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text);

/* _file.c: files of secrets, read again when they change */

ngx_http_webhook_file_t *ngx_http_webhook_file_add(ngx_conf_t *cf,
    ngx_str_t *path, wh_encoding_e encoding, wh_keyset_format_e keyset);
const char *ngx_http_webhook_file_read(ngx_str_t *path, ngx_log_t *log,
    ngx_str_t *raw, ngx_file_info_t *fi);
void ngx_http_webhook_file_free(ngx_str_t *raw);
void ngx_http_webhook_file_check(ngx_http_webhook_file_t *file,
    ngx_log_t *log);

/* _key.c: one key */

ngx_http_webhook_key_t *ngx_http_webhook_key_create(
    ngx_http_webhook_keyslot_t *keyslot, ngx_str_t *bytes, ngx_log_t *log);
void ngx_http_webhook_key_release(ngx_http_webhook_key_t *key);
ngx_uint_t ngx_http_webhook_key_verified(ngx_http_webhook_key_t *key,
    u_char *digest);
void ngx_http_webhook_key_remember(ngx_http_webhook_key_t *key, u_char *digest,
    ngx_log_t *log);

/* _keyset.c: keys that have ids */

const char *ngx_http_webhook_keyset_wrong(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes);
ngx_int_t ngx_http_webhook_keyset_use(ngx_http_webhook_key_t *key,
    ngx_http_webhook_keyslot_t *keyslot, ngx_str_t *bytes);
void ngx_http_webhook_keyset_warn(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key, ngx_log_t *log);
ngx_int_t ngx_http_webhook_keyset_find(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_key_t **keys,
    wh_pubkey_e scheme, const wh_str_t *id, EVP_PKEY **pubkey);

/* _sharing.c: secrets that must differ */

ngx_http_webhook_keyslot_t *ngx_http_webhook_key_conflict(
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_key_t *key);
ngx_uint_t ngx_http_webhook_keys_same(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key, ngx_http_webhook_keyslot_t *other);
ngx_uint_t ngx_http_webhook_key_same(ngx_http_webhook_key_t *one,
    ngx_http_webhook_key_t *two);
ngx_uint_t ngx_http_webhook_keys_public(ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key, ngx_http_webhook_keyslot_t *other);
ngx_http_webhook_keyslot_t *ngx_http_webhook_key_oracle(
    ngx_http_webhook_main_conf_t *wmcf, ngx_http_webhook_keyslot_t *keyslot,
    ngx_http_webhook_key_t *key);

/* _usable.c: whether a secret can be right */

const char *ngx_http_webhook_secret_wrong(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes);
const char *ngx_http_webhook_key_useless(ngx_pool_t *pool,
    ngx_http_webhook_keyslot_t *keyslot);
const char *ngx_http_webhook_secret_odd(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes);
void ngx_http_webhook_secret_warn(ngx_conf_t *cf,
    ngx_http_webhook_keyslot_t *keyslot);
char *ngx_http_webhook_secret_variables(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text);
ngx_int_t ngx_http_webhook_secret_check_value(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret);

/* _variable.c: what a variable is, bits, and those of parts of a replay key */

#define NGX_HTTP_WEBHOOK_VAR_SENT   0x0100   /* a request fills it */
#define NGX_HTTP_WEBHOOK_VAR_HEAD   (NGX_HTTP_WEBHOOK_VAR_SENT                \
                                     |NGX_HTTP_WEBHOOK_REPLAY_KEY_REQUEST)
                                             /* by its head */
#define NGX_HTTP_WEBHOOK_VAR_URL    0x0200   /* where a sender sends to */
#define NGX_HTTP_WEBHOOK_VAR_KNOWN  0x0400   /* what else it knows of that */
#define NGX_HTTP_WEBHOOK_VAR_NEW    0x0800   /* another one in each request */
#define NGX_HTTP_WEBHOOK_VAR_FIXED  0x1000   /* the configuration fills it */
#define NGX_HTTP_WEBHOOK_VAR_QUERY  0x2000   /* it has the query in it */
#define NGX_HTTP_WEBHOOK_VAR_HOST   0x4000   /* that a request is for */

ngx_uint_t ngx_http_webhook_variable_what(ngx_str_t *name);
ngx_int_t ngx_http_webhook_text_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t *value);

/* _keyring.c: which keys a keyslot has now */

ngx_int_t ngx_http_webhook_keyslot_init(ngx_conf_t *cf,
    ngx_http_webhook_keyslot_t *keyslot);
ngx_int_t ngx_http_webhook_key_nobody(ngx_http_request_t *r,
    ngx_http_webhook_keyslot_t *keyslot, ngx_uint_t answers,
    ngx_http_webhook_key_t **key);
ngx_int_t ngx_http_webhook_key_distinct(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_key_t *key);
ngx_int_t ngx_http_webhook_key_get(ngx_http_request_t *r,
    ngx_http_webhook_keyslot_t *keyslot, ngx_http_webhook_key_t **key);
ngx_int_t ngx_http_webhook_keys_get(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_key_t **keys,
    ngx_uint_t *n);
void ngx_http_webhook_keys_release(ngx_http_webhook_key_t **keys,
    ngx_uint_t n);


/* The keyslots of a gate from 0, the challenge's is the last one, or NULL. */

static ngx_inline ngx_http_webhook_keyslot_t *
ngx_http_webhook_gate_keyslot(ngx_http_webhook_gate_t *gate, ngx_uint_t i)
{
    return i < gate->nkeys ? &gate->keyslots[i] : gate->challenge;
}


#endif /* _NGX_HTTP_WEBHOOK_SECRET_H_INCLUDED_ */
