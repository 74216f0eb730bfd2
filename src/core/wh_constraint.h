
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Constraints of a payload: what the value at a JSON Pointer must be like.
 */


#ifndef _WH_CONSTRAINT_H_INCLUDED_
#define _WH_CONSTRAINT_H_INCLUDED_


#include <stdint.h>

#include "wh.h"
#include "wh_json.h"
#include "wh_time.h"


typedef enum {
    WH_CONSTRAINT_ANY = 0,
    WH_CONSTRAINT_NULL,
    WH_CONSTRAINT_BOOLEAN,
    WH_CONSTRAINT_INTEGER,
    WH_CONSTRAINT_NUMBER,                /* integers too */
    WH_CONSTRAINT_STRING,
    WH_CONSTRAINT_OBJECT,
    WH_CONSTRAINT_ARRAY
} wh_constraint_type_e;


/* WH_OK if the subject matches; anything else fails the constraint. */
typedef int (*wh_constraint_match_pt)(void *data, wh_str_t subject);


/* One line, "POINTER TYPE [option ...]".  Texts are the caller's words. */

typedef struct {
    wh_str_t                pointer;
    size_t                  index;      /* of the pointer in the set */
    wh_constraint_type_e    type;
    unsigned                options;    /* a bit for each that was given */

    wh_str_t                values;     /* enum=A|B */
    wh_str_t                min;
    wh_str_t                max;
    size_t                  length;
    size_t                  min_length;
    size_t                  max_length;
    int64_t                 within;     /* seconds */
    wh_time_unit_e          unit;

    wh_str_t                pattern;    /* empty: none */
    wh_constraint_match_pt  match;      /* the caller's, for the pattern */
    void                   *match_data;

    size_t                  when;       /* a pointer's index, WH_JSON_NONE */
    wh_str_t                when_pointer;
    wh_str_t                when_value; /* of it, or of the event */
} wh_constraint_t;


/*
 * Reads a line from its words while the configuration is read; the pointers
 * in it are added to the set.  The words' bytes must outlive the constraint,
 * which owns nothing.  WH_INVALID: *error says what would be right, a static
 * text, and *word is the word that is wrong, n if one is missing.  WH_ERROR:
 * no memory.
 *
 *     enum=A|B  pattern=TEXT  min=NUMBER  max=NUMBER  length=N  min_length=N
 *     max_length=N  optional  within=TIME  unit=s|ms|rfc3339|http
 *     when=event=VALUE  when=POINTER=VALUE
 *
 * Lengths are code points of a string and elements of an array.
 */
int wh_constraint_parse(wh_constraint_t *c, wh_json_set_t *set,
    const wh_str_t *words, size_t n, size_t *word, const char **error);

/*
 * 1 if whatever meets one of two constraints of the same pointer fails the
 * other, in each document for which both are, by their "when=".
 */
int wh_constraint_excludes(const wh_constraint_t *a, const wh_constraint_t *b);

/* 1 unless a constraint has an "enum=" without this value. */
int wh_constraint_takes(const wh_constraint_t *c, wh_str_t value);

/*
 * Applies a constraint to the values of a document read to its end, at the
 * time now, seconds since 1970.  WH_OK, or WH_INVALID: *violation is what was
 * violated, a static text: the name of an option, or "required", "repeated"
 * or "type".
 */
int wh_constraint_check(const wh_constraint_t *c, const wh_json_t *json,
    wh_str_t event, int64_t now, const char **violation);


#endif /* _WH_CONSTRAINT_H_INCLUDED_ */
