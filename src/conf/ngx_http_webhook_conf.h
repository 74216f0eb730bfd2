
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Reading the configuration: the provider language, and gates.
 */


#ifndef _NGX_HTTP_WEBHOOK_CONF_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_CONF_H_INCLUDED_


#include "secret/ngx_http_webhook_secret.h"
#include "zone/ngx_http_webhook_zone.h"
#include "redis/ngx_http_webhook_redis.h"


/* a keyword, and what it means; ends with an empty name */

typedef struct {
    ngx_str_t      name;
    ngx_uint_t     value;
} ngx_http_webhook_keyword_t;


extern ngx_http_webhook_keyword_t  ngx_http_webhook_methods[];
extern ngx_http_webhook_keyword_t  ngx_http_webhook_secret_encs[];


/* An option of rules and directives; a table ends with an empty name. */

typedef struct ngx_http_webhook_option_s  ngx_http_webhook_option_t;

typedef char *ngx_http_webhook_option_handler_t(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field);

struct ngx_http_webhook_option_s {
    ngx_str_t      name;           /* with "=" and, for messages, its value */
    ngx_http_webhook_option_handler_t  *handler;
                                   /* NULL: without a value */
    size_t         offset;         /* of the field in what has the options */
    ngx_http_webhook_keyword_t  *keywords;
    ngx_uint_t     kinds;          /* of rules that it has an effect on, bits;
                                      or 0: of all */
    unsigned       repeatable:1;
};                                 /* the last row's handler: other words */


/* The names that are most like a word. */

#define NGX_HTTP_WEBHOOK_NEAREST  3

typedef struct {
    ngx_str_t      word;
    ngx_str_t      names[NGX_HTTP_WEBHOOK_NEAREST];
    ngx_uint_t     distances[NGX_HTTP_WEBHOOK_NEAREST];
    ngx_uint_t     n;
} ngx_http_webhook_nearest_t;


#define NGX_HTTP_WEBHOOK_NAMES_SIZE  1024  /* of the names of a table */

#define ngx_http_webhook_rows(table)  (table), sizeof((table)[0])


/* A rule of the provider language; a table ends with an empty name. */

typedef char *ngx_http_webhook_rule_handler_t(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field);

typedef struct {
    ngx_str_t      name;
    ngx_uint_t     min;            /* words after the name */
    ngx_uint_t     max;
    ngx_http_webhook_rule_handler_t  *handler;
    size_t         offset;         /* of the field in the provider */
    ngx_uint_t     once;           /* a provider has one */
    char          *syntax;
} ngx_http_webhook_rule_t;


extern ngx_http_webhook_rule_t  ngx_http_webhook_rules_headers[];
extern ngx_http_webhook_rule_t  ngx_http_webhook_rules_token[];
extern ngx_http_webhook_rule_t  ngx_http_webhook_rules_signature[];
extern ngx_http_webhook_rule_t  ngx_http_webhook_rules_message[];
extern ngx_http_webhook_rule_t  ngx_http_webhook_rules_payload[];
extern ngx_http_webhook_rule_t  ngx_http_webhook_rules_replay[];
extern ngx_http_webhook_rule_t  ngx_http_webhook_rules_challenge[];


/*
 * When all rules have been read: whether a provider has or uses something; what
 * is wrong with it, or NULL; and what sets something more, and says itself what
 * is wrong.
 */

typedef ngx_uint_t ngx_http_webhook_used_t(
    ngx_http_webhook_provider_t *provider);
typedef char *ngx_http_webhook_wrong_t(ngx_http_webhook_provider_t *provider);
typedef char *ngx_http_webhook_finish_t(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);


/*
 * Where a source can be: so many rows of their table.  Before the body, or in
 * verified JSON, or in the body; all of them beside a signature.
 */

#define NGX_HTTP_WEBHOOK_SOURCES_EARLY       NGX_HTTP_WEBHOOK_JSON
#define NGX_HTTP_WEBHOOK_SOURCES_VERIFIED    NGX_HTTP_WEBHOOK_FORM
#define NGX_HTTP_WEBHOOK_SOURCES_CREDENTIAL  NGX_HTTP_WEBHOOK_FIELD


/* What reads a directive. */

typedef char *ngx_http_webhook_directive_t(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* What makes or checks a part of a location's gate. */

typedef ngx_int_t ngx_http_webhook_gate_part_t(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);


/* _provider.c: the provider language */

ngx_http_webhook_directive_t  ngx_http_webhook_provider_block;
ngx_http_webhook_directive_t  ngx_http_webhook_rule_directive;
ngx_http_webhook_provider_t *ngx_http_webhook_provider_get(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf, ngx_str_t *name);
void ngx_http_webhook_provider_unknown(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_str_t *name);

/* _provider_finish.c: what is known when all rules have been read */

ngx_http_webhook_finish_t  ngx_http_webhook_provider_finish;

/* _rule_signature.c, _rule_http_message.c */

char *ngx_http_webhook_rule_http_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n);
ngx_http_webhook_wrong_t  ngx_http_webhook_http_message_wrong;
ngx_http_webhook_finish_t  ngx_http_webhook_http_message_window;

/* _claims.c: what the claims of tokens must be */

ngx_http_webhook_directive_t  ngx_http_webhook_claim;
ngx_http_webhook_wrong_t  ngx_http_webhook_claims_wrong;
void ngx_http_webhook_claims_finish(ngx_http_webhook_provider_t *provider);
char *ngx_http_webhook_claims_compile(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);

/* _rule_message.c */

ngx_http_webhook_finish_t  ngx_http_webhook_body_with_pelorus;
ngx_http_webhook_finish_t  ngx_http_webhook_provider_message;
ngx_uint_t ngx_http_webhook_message_has(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);
ngx_uint_t ngx_http_webhook_message_takes(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);

/* _part.c: what ends the parts of a message */

ngx_int_t ngx_http_webhook_part_variable(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, u_char *p, u_char *end,
    ngx_http_webhook_segment_t *segment, size_t *len);
ngx_http_webhook_finish_t  ngx_http_webhook_parts_compile;
void ngx_http_webhook_parts_warn(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
ngx_uint_t ngx_http_webhook_parts_unbounded(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);
ngx_uint_t ngx_http_webhook_parts_meet_body(
    ngx_http_webhook_provider_t *provider, ngx_uint_t what);
ngx_http_webhook_used_t  ngx_http_webhook_parts_sign_url;

/* _recipient.c: senders with one key for all their customers */

ngx_uint_t ngx_http_webhook_recipient_names(
    ngx_http_webhook_require_t *require);
ngx_uint_t ngx_http_webhook_recipient_open(
    ngx_http_webhook_stats_entry_t *entry);
ngx_uint_t ngx_http_webhook_recipient_token(
    ngx_http_webhook_stats_entry_t *entry);

/* _rule_challenge.c */

ngx_http_webhook_wrong_t  ngx_http_webhook_challenges_wrong;

/* _option.c: tables of words, and what is said of mistakes */

char *ngx_http_webhook_error(ngx_conf_t *cf, const char *fmt, ...);
void ngx_http_webhook_names(void *rows, size_t size, ngx_uint_t max,
    u_char *buf, ngx_str_t *names);
void *ngx_http_webhook_row(ngx_conf_t *cf, void *rows, size_t size,
    ngx_uint_t max, char *what, ngx_str_t *word, ngx_str_t *rest);
ngx_str_t *ngx_http_webhook_list_words(ngx_conf_t *cf, ngx_str_t *text,
    ngx_uint_t *n);
void *ngx_http_webhook_named(ngx_array_t *list, ngx_str_t *name);
char *ngx_http_webhook_keyword_word(ngx_conf_t *cf,
    ngx_http_webhook_keyword_t *keywords, ngx_str_t *what, ngx_str_t *word,
    ngx_uint_t *value);
char *ngx_http_webhook_keyword_bits(ngx_conf_t *cf,
    ngx_http_webhook_keyword_t *keywords, ngx_str_t *what, ngx_str_t *words,
    ngx_uint_t n, ngx_uint_t *bits);
char *ngx_http_webhook_options(ngx_conf_t *cf,
    ngx_http_webhook_option_t *options, ngx_str_t *words, ngx_uint_t n,
    void *conf, ngx_uint_t *given);
char *ngx_http_webhook_options_check(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_uint_t given, ngx_uint_t kind,
    char *beside);
ngx_http_webhook_option_handler_t  ngx_http_webhook_option_keyword;
ngx_http_webhook_option_handler_t  ngx_http_webhook_option_bits;
ngx_http_webhook_option_handler_t  ngx_http_webhook_option_text;
ngx_http_webhook_option_handler_t  ngx_http_webhook_option_template;
ngx_http_webhook_option_handler_t  ngx_http_webhook_option_time;
ngx_http_webhook_option_handler_t  ngx_http_webhook_option_period;
char *ngx_http_webhook_text(ngx_conf_t *cf, ngx_str_t *text);
ngx_uint_t ngx_http_webhook_is_directive(ngx_conf_t *cf, ngx_str_t *name);
char *ngx_http_webhook_no_semicolon(ngx_conf_t *cf, ngx_str_t *word);
void ngx_http_webhook_nearest_init(ngx_http_webhook_nearest_t *nearest,
    ngx_str_t *word);
void ngx_http_webhook_nearest_add(ngx_http_webhook_nearest_t *nearest,
    ngx_str_t *name);
u_char *ngx_http_webhook_nearest_hint(ngx_http_webhook_nearest_t *nearest,
    u_char *buf);

/* _rule_replay.c */

ngx_http_webhook_finish_t  ngx_http_webhook_rule_replay_check;

/* _word.c: the words that rules are made of */

void *ngx_http_webhook_add(ngx_array_t *list);
void *ngx_http_webhook_push(ngx_conf_t *cf, ngx_array_t **list, size_t size);
ngx_int_t ngx_http_webhook_join(ngx_conf_t *cf, ngx_str_t *words, ngx_uint_t n,
    char *separator, ngx_str_t *text);
ngx_uint_t ngx_http_webhook_source_same(ngx_http_webhook_source_t *one,
    ngx_http_webhook_source_t *two);
char *ngx_http_webhook_pattern(ngx_conf_t *cf, ngx_str_t *pattern, char *rule,
    ngx_regex_t **regex);
char *ngx_http_webhook_source_word(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word,
    ngx_uint_t sources, ngx_http_webhook_source_t *source);
ngx_uint_t ngx_http_webhook_source_words(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    ngx_http_webhook_source_t *source);
char *ngx_http_webhook_status_word(ngx_conf_t *cf, ngx_str_t *word,
    ngx_int_t min, ngx_int_t max, ngx_int_t *status);
ngx_int_t ngx_http_webhook_provider_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name, ngx_uint_t *index);
void ngx_http_webhook_needs_body(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source, ngx_uint_t what);
char *ngx_http_webhook_pointer_valid(ngx_conf_t *cf, ngx_str_t *pointer);
char *ngx_http_webhook_claims_init(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
char *ngx_http_webhook_claim_index(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer,
    ngx_uint_t *index);

/* _providers.c: several providers of one "webhook" */

ngx_http_webhook_directive_t  ngx_http_webhook;
ngx_int_t ngx_http_webhook_providers_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *first, ngx_http_webhook_loc_conf_t *conf);
ngx_http_webhook_gate_part_t  ngx_http_webhook_providers_check_keys;
ngx_int_t ngx_http_webhook_providers_check_oracles(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf);
void ngx_http_webhook_providers_senders(ngx_http_webhook_gate_t *first);
ngx_uint_t ngx_http_webhook_providers_complete(ngx_http_webhook_gate_t *gate);

/* _json.c: what is wanted from JSON */

char *ngx_http_webhook_payload_compile(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
void ngx_http_webhook_payload_init(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate);
ngx_int_t ngx_http_webhook_vars_merge(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf);
wh_json_set_t *ngx_http_webhook_json_set(ngx_conf_t *cf, wh_json_set_t *set);
ngx_int_t ngx_http_webhook_constraint_compile(wh_constraint_t *constraint,
    wh_json_set_t *set, ngx_http_webhook_require_t *require);
char *ngx_http_webhook_constraints_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, wh_constraint_t *constraints, ngx_uint_t n);
char *ngx_http_webhook_excluded_error(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, wh_str_t pointer, ngx_str_t *file,
    ngx_uint_t line);

/* _enforce.c: "webhook_enforce" */

ngx_http_webhook_directive_t  ngx_http_webhook_enforce;
char *ngx_http_webhook_enforce_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);

/* _directives.c: values of directives */

ngx_http_webhook_directive_t  ngx_http_webhook_secret;
ngx_http_webhook_directive_t  ngx_http_webhook_challenge_secret;
ngx_http_webhook_directive_t  ngx_http_webhook_client_certificate;
ngx_http_webhook_directive_t  ngx_http_webhook_max_body;
ngx_http_webhook_directive_t  ngx_http_webhook_public_url;
ngx_http_webhook_directive_t  ngx_http_webhook_ack_code;
ngx_http_webhook_directive_t  ngx_http_webhook_log_level;

/* _gate.c: provider and directives of a location, compiled */

char *ngx_http_webhook_gate_compile(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf);
void ngx_http_webhook_steps_compile(ngx_http_webhook_gate_t *gate);
ngx_int_t ngx_http_webhook_stats_entry_add(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_http_webhook_gate_t *gate);

/* _error_page.c: the ways out of a location */

ngx_int_t ngx_http_webhook_error_pages(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);

/* _check.c: what can never work, or has no effect */

ngx_uint_t ngx_http_webhook_check_own(ngx_http_webhook_loc_conf_t *conf);
ngx_int_t ngx_http_webhook_check_block(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_uint_t own);
ngx_int_t ngx_http_webhook_check_needs(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf,
    char *what);
void ngx_http_webhook_check_timestamp(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider);
ngx_int_t ngx_http_webhook_check_gates(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf);

/* "off" among the options of "webhook_replay" and of the rule "replay" */

#define NGX_HTTP_WEBHOOK_REPLAY_OFF  1

/* _replay.c: "webhook_replay" */

ngx_http_webhook_directive_t  ngx_http_webhook_replay;
char *ngx_http_webhook_replay_merge(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf);
void ngx_http_webhook_replay_window(ngx_http_webhook_gate_t *gate);
char *ngx_http_webhook_replay_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
void ngx_http_webhook_replay_rules(ngx_http_webhook_gate_t *first);

/* _redis.c: "webhook_redis" */

ngx_http_webhook_directive_t  ngx_http_webhook_redis;

/* _replay_key.c: what tells messages apart */

ngx_http_webhook_replay_key_t *ngx_http_webhook_replay_key_compile(
    ngx_conf_t *cf, ngx_str_t *text);
ngx_uint_t ngx_http_webhook_replay_key_same(ngx_http_webhook_provider_t *one,
    ngx_http_webhook_provider_t *two, ngx_http_webhook_replay_key_t *key);
char *ngx_http_webhook_replay_key_missing(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_replay_key_t *key);
ngx_int_t ngx_http_webhook_replay_key_unsigned(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_replay_key_t *key,
    ngx_array_t *vars, ngx_str_t *name);
ngx_uint_t ngx_http_webhook_replay_signs(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source,
    char *name);

/* _template.c: texts with variables */

ngx_int_t ngx_http_webhook_template_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t *value);
ngx_int_t ngx_http_webhook_template_next(ngx_str_t *text, ngx_str_t *name);
ngx_uint_t ngx_http_webhook_template_has(ngx_str_t text, ngx_str_t *name);
ngx_uint_t ngx_http_webhook_template_has_url(ngx_str_t text);
ngx_uint_t ngx_http_webhook_name_in(ngx_str_t *names, ngx_str_t *name);
ngx_uint_t ngx_http_webhook_variable_own(ngx_str_t *name);
ngx_uint_t ngx_http_webhook_variable_used(ngx_conf_t *cf, ngx_str_t *name);
ngx_uint_t ngx_http_webhook_variable_is_header(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source,
    ngx_str_t *name);
ngx_uint_t ngx_http_webhook_variable_of_header(wh_str_t *header,
    ngx_str_t *name);

/* _scope.c: which place a message comes to */

ngx_int_t ngx_http_webhook_scope_merge(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf);
char *ngx_http_webhook_scope_check(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf);


#endif /* _NGX_HTTP_WEBHOOK_CONF_H_INCLUDED_ */
