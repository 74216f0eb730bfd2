
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Payload rules: what the value at a JSON Pointer must be like.
 */


#ifndef _WH_RULE_H_INCLUDED_
#define _WH_RULE_H_INCLUDED_


#include <stdint.h>

#include "wh.h"
#include "wh_json.h"
#include "wh_time.h"


typedef enum {
    WH_RULE_ANY = 0,
    WH_RULE_NULL,
    WH_RULE_BOOLEAN,
    WH_RULE_INTEGER,
    WH_RULE_NUMBER,                /* integers too */
    WH_RULE_STRING,
    WH_RULE_OBJECT,
    WH_RULE_ARRAY
} wh_rule_type_e;


/* WH_OK if the subject matches; anything else fails the rule. */
typedef int (*wh_rule_match_pt)(void *data, wh_str_t subject);


/* One line, "POINTER TYPE [rule ...]".  Texts are the caller's words. */

typedef struct {
    wh_str_t          pointer;
    size_t            index;       /* of the pointer in the set */
    wh_rule_type_e    type;
    unsigned          rules;       /* a bit for each that was given */

    wh_str_t          values;      /* enum=A|B */
    wh_str_t          min;
    wh_str_t          max;
    size_t            length;
    size_t            min_length;
    size_t            max_length;
    int64_t           within;      /* seconds */
    wh_time_unit_e    unit;

    wh_str_t          pattern;     /* empty: none */
    wh_rule_match_pt  match;       /* the caller's, if there is a pattern */
    void             *match_data;

    size_t            when;        /* index of a pointer, or WH_JSON_NONE */
    wh_str_t          when_value;  /* of it, or of the event */
} wh_rule_t;


/*
 * Reads a line from its words while the configuration is read; the pointers
 * in it are added to the set.  The words' bytes must outlive the rule.
 * WH_INVALID: *error says what would be right, a static text, and *word is
 * the word that is wrong, n if one is missing.  WH_ERROR: no memory.
 *
 *     enum=A|B  pattern=TEXT  min=NUMBER  max=NUMBER  length=N  min_length=N
 *     max_length=N  optional  within=TIME  unit=s|ms|rfc3339|http
 *     when=event=VALUE  when=POINTER=VALUE
 *
 * Lengths are code points of a string and elements of an array.
 */
int wh_rule_parse(wh_rule_t *rule, wh_json_set_t *set, const wh_str_t *words,
    size_t n, size_t *word, const char **error);

/*
 * Applies a rule to the values of a document read to its end, at the time
 * now, seconds since 1970.  WH_OK, or WH_INVALID: *failed is the name of the
 * rule that does not hold, "required", "repeated" and "type" among them.
 */
int wh_rule_check(const wh_rule_t *rule, const wh_json_t *json,
    wh_str_t event, int64_t now, const char **failed);


#endif /* _WH_RULE_H_INCLUDED_ */
