
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Reading the configuration: the provider language, and the gates that it
 * makes of providers and directives.
 */


#ifndef _NGX_HTTP_WEBHOOK_CONF_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_CONF_H_INCLUDED_


#include "secret/ngx_http_webhook_secret.h"
#include "zone/ngx_http_webhook_zone.h"


#define NGX_HTTP_WEBHOOK_PROVIDERS_MAX  8    /* of one "webhook" */


/* directives that a block has itself, bits */

#define NGX_HTTP_WEBHOOK_OWN_PROVIDERS         0x0001
#define NGX_HTTP_WEBHOOK_OWN_SECRET            0x0002
#define NGX_HTTP_WEBHOOK_OWN_CHALLENGE_SECRET  0x0004
#define NGX_HTTP_WEBHOOK_OWN_CERTIFICATE       0x0008
#define NGX_HTTP_WEBHOOK_OWN_REQUIRE           0x0010
#define NGX_HTTP_WEBHOOK_OWN_WINDOW            0x0020
#define NGX_HTTP_WEBHOOK_OWN_PUBLIC_URL        0x0040
#define NGX_HTTP_WEBHOOK_OWN_MAX_BODY          0x0080
#define NGX_HTTP_WEBHOOK_OWN_ENFORCE           0x0100
#define NGX_HTTP_WEBHOOK_OWN_STRIP             0x0200
#define NGX_HTTP_WEBHOOK_OWN_ACK               0x0400
#define NGX_HTTP_WEBHOOK_OWN_REJECT            0x0800
#define NGX_HTTP_WEBHOOK_OWN_REPLAY            0x1000
#define NGX_HTTP_WEBHOOK_OWN_LOG_LEVEL         0x2000


/* a keyword, and what it means; ends with an empty name */

typedef struct {
    ngx_str_t      name;
    ngx_uint_t     value;
} ngx_http_webhook_keyword_t;


extern ngx_http_webhook_keyword_t  ngx_http_webhook_methods[];


/* _provider.c: the provider language */

char *ngx_http_webhook_provider_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_http_webhook_provider_t *ngx_http_webhook_provider_get(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf, ngx_str_t *name);
u_char *ngx_http_webhook_provider_names(u_char *p, u_char *last);

/* _rule_signature.c */

char *ngx_http_webhook_rule_signature(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);

/* _rule_message.c */

char *ngx_http_webhook_rule_body(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_provider_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
ngx_uint_t ngx_http_webhook_message_takes(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);

/* _rule_payload.c */

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
char *ngx_http_webhook_require_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_array_t **requires);
char *ngx_http_webhook_window_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_http_webhook_window_t *window);

/* _rule_challenge.c */

char *ngx_http_webhook_rule_challenge(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);

/* _word.c: the words that rules are made of */

char *ngx_http_webhook_pattern(ngx_conf_t *cf, ngx_str_t *pattern, char *rule,
    ngx_regex_t **regex);
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
ngx_int_t ngx_http_webhook_keyword(ngx_http_webhook_keyword_t *keyword,
    ngx_str_t *word, ngx_uint_t *value);
ngx_int_t ngx_http_webhook_option(ngx_str_t *word, char *name,
    ngx_str_t *value);
char *ngx_http_webhook_status_word(ngx_conf_t *cf, ngx_str_t *word,
    ngx_int_t min, ngx_int_t max, ngx_int_t *status);
ngx_int_t ngx_http_webhook_provider_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name, ngx_uint_t *index);
void ngx_http_webhook_needs_body(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source, ngx_uint_t what);
char *ngx_http_webhook_pointer_valid(ngx_conf_t *cf, ngx_str_t *pointer);

/* _providers.c: several providers of one "webhook" */

char *ngx_http_webhook(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_webhook_providers_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *first, ngx_http_webhook_loc_conf_t *conf);
ngx_int_t ngx_http_webhook_providers_check_keys(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
void ngx_http_webhook_providers_senders(ngx_http_webhook_gate_t *first);
ngx_uint_t ngx_http_webhook_providers_complete(ngx_http_webhook_gate_t *gate);

/* _json.c: what is wanted from JSON */

char *ngx_http_webhook_payload_compile(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);

/* _enforce.c: "webhook_enforce" */

char *ngx_http_webhook_enforce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_webhook_enforce_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);

/* _rule_headers.c */

char *ngx_http_webhook_rule_methods(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_content_type(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_rule_certificate(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
char *ngx_http_webhook_certificate_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_array_t **certificates);

/* _rule_token.c */

char *ngx_http_webhook_rule_token(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);

/* _directives.c: values of directives */

char *ngx_http_webhook_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_webhook_challenge_secret(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_webhook_client_certificate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_webhook_require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_webhook_window(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_webhook_public_url(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_webhook_reject_code(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_webhook_ack_code(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_webhook_log_level(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* _gate.c: provider and directives of a location, compiled */

char *ngx_http_webhook_gate_compile(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf);
ngx_int_t ngx_http_webhook_gate_check_certificates(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf);
void ngx_http_webhook_steps_compile(ngx_http_webhook_gate_t *gate);
ngx_int_t ngx_http_webhook_stats_entry_add(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_http_webhook_gate_t *gate);

/* _check.c: what can never work, or has no effect */

ngx_uint_t ngx_http_webhook_check_own(ngx_http_webhook_loc_conf_t *conf);
ngx_int_t ngx_http_webhook_check_block(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_uint_t own);
void ngx_http_webhook_check_timestamp(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
void ngx_http_webhook_check_gates(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf);

/* _replay.c: "webhook_replay" */

char *ngx_http_webhook_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_webhook_replay_merge(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf);
void ngx_http_webhook_replay_window(ngx_http_webhook_gate_t *gate);
char *ngx_http_webhook_replay_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_replay_t *replay);
ngx_uint_t ngx_http_webhook_replay_signs(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source,
    char *name);
ngx_uint_t ngx_http_webhook_template_has(ngx_str_t text, ngx_str_t *name);


#endif /* _NGX_HTTP_WEBHOOK_CONF_H_INCLUDED_ */
