
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What the files of the provider language share.
 */


#ifndef _NGX_HTTP_WEBHOOK_PROVIDER_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_PROVIDER_H_INCLUDED_


#include "ngx_http_webhook.h"


/* a word that is known, and what it stands for */

typedef struct {
    ngx_str_t      name;
    ngx_uint_t     value;
} ngx_http_webhook_word_t;


extern ngx_http_webhook_word_t  ngx_http_webhook_methods[];


/* _provider.c */

void ngx_http_webhook_inside(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source, ngx_uint_t what);

/* _provider_signature.c */

char *ngx_http_webhook_rule_signature(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_body(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);

/* _provider_message.c */

char *ngx_http_webhook_rule_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_provider_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
ngx_uint_t ngx_http_webhook_message_takes(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);

/* _provider_payload.c */

char *ngx_http_webhook_rule_timestamp(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_window(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_require(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_json(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_query(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_pointer_index(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer,
    ngx_uint_t *index);

/* _provider_challenge.c */

char *ngx_http_webhook_rule_challenge(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);

/* _provider_word.c */

char *ngx_http_webhook_pattern(ngx_conf_t *cf, ngx_str_t *pattern,
    char *rule, ngx_regex_t **regex);
char *ngx_http_webhook_source_set(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t **source);
char *ngx_http_webhook_status_once(ngx_conf_t *cf, ngx_str_t *word,
    ngx_int_t min, ngx_int_t max, ngx_int_t *status);
char *ngx_http_webhook_source_outside(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source);
char *ngx_http_webhook_source_credential(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source);
char *ngx_http_webhook_source_word(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_http_webhook_source_t *source);
ngx_int_t ngx_http_webhook_word(ngx_http_webhook_word_t *known,
    ngx_str_t *word, ngx_uint_t *value);
ngx_int_t ngx_http_webhook_option(ngx_str_t *word, char *name,
    ngx_str_t *value);


#endif /* _NGX_HTTP_WEBHOOK_PROVIDER_H_INCLUDED_ */
