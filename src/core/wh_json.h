
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The JSON parser: reads a document in pieces, keeps the values that a set
 * of JSON Pointers leads to, and is strict where yajl is not (RFC 8259).
 */


#ifndef _WH_JSON_H_INCLUDED_
#define _WH_JSON_H_INCLUDED_


#include "wh.h"
#include "wh_json_set.h"


typedef enum {
    WH_JSON_ABSENT = 0,
    WH_JSON_NULL,
    WH_JSON_BOOLEAN,
    WH_JSON_INTEGER,               /* digits and a sign only */
    WH_JSON_NUMBER,                /* with a fraction or an exponent */
    WH_JSON_STRING,
    WH_JSON_OBJECT,
    WH_JSON_ARRAY
} wh_json_type_e;


/*
 * What is at a pointer.  The last of repeated keys counts, and what was
 * below an earlier one is forgotten.
 */

typedef struct {
    wh_json_type_e  type;
    unsigned        repeated;      /* its key, or one on the way, came twice */
    size_t          count;         /* values met here, forgotten ones too */
    size_t          size;          /* members (repeats too) or elements */
    wh_str_t        text;          /* string: decoded, may hold NUL; number:
                                      as written; boolean: true or false */
} wh_json_value_t;


/* Why parsing failed. */

typedef enum {
    WH_JSON_FINE = 0,
    WH_JSON_NO_MEMORY,
    WH_JSON_SYNTAX,
    WH_JSON_EARLY_END,
    WH_JSON_TRAILING,              /* something follows the document */
    WH_JSON_SPACE,                 /* vertical tab or form feed */
    WH_JSON_UTF8,
    WH_JSON_SURROGATE,             /* half a pair, as an escape */
    WH_JSON_TOO_DEEP,
    WH_JSON_LONG_NAME,
    WH_JSON_LONG_VALUE,
    WH_JSON_LONG_TOKEN,
    WH_JSON_REFUSED                /* by the observer */
} wh_json_error_e;


/*
 * Zero is the default.  Looked at are the values that pointers lead to and the
 * names of objects on the way there; without a set, what an observer is told.
 * Any other string may be of any length and may have half a surrogate pair.
 */

typedef struct {
    size_t          depth;         /* of nested objects and arrays; 64 */
    size_t          name;          /* bytes of a name looked at; 1024 */
    size_t          value;         /* bytes of a captured value; 65536 */
    size_t          token;         /* bytes of a number, or of a string looked
                                      at, as written; 65536 */
    size_t          memory;        /* bytes the parser may hold; no limit */
    size_t          piece;         /* bytes to gather before yajl is called,
                                      at most 65536; 16384 */
} wh_json_limits_t;


typedef enum {
    WH_JSON_ON_NULL = 0,
    WH_JSON_ON_BOOLEAN,
    WH_JSON_ON_NUMBER,
    WH_JSON_ON_STRING,
    WH_JSON_ON_NAME,
    WH_JSON_ON_OBJECT,
    WH_JSON_ON_OBJECT_END,
    WH_JSON_ON_ARRAY,
    WH_JSON_ON_ARRAY_END
} wh_json_event_e;


/*
 * Is told of all that the document holds, in its order, after the strict
 * checks.  The text is the parser's and is gone when the observer returns;
 * where there is a set, that of a string not looked at has no meaning.
 * Anything but WH_OK ends the parsing with that code.  See also
 * wh_json_observe_values().
 */
typedef int (*wh_json_observer_pt)(void *data, wh_json_event_e event,
    wh_str_t text);


typedef struct wh_json_s  wh_json_t;


/*
 * Set and observer may be NULL; a set must outlive the parser.  NULL limits
 * are the defaults, and are copied.  The parser takes its memory from
 * malloc(): a few kilobytes at first, never more than what the limits imply,
 * whatever the length of the document.  NULL when there is no memory.
 */
wh_json_t *wh_json_create(const wh_json_set_t *set,
    const wh_json_limits_t *limits, wh_json_observer_pt observer, void *data);

/*
 * Before the first piece: the observer is told of the values that pointers lead
 * to alone, and of objects and arrays there when they begin.
 */
void wh_json_observe_values(wh_json_t *json);

/* Frees the parser and the values in it; NULL is allowed. */
void wh_json_free(wh_json_t *json);

/*
 * Takes the document in pieces of any length, then its end.  WH_INVALID: not
 * JSON, or over a limit; how the document was cut has no influence on that.
 * WH_ERROR: no memory, or the observer's code.  After a failure, the same code
 * again.  After an end without one, only values may be asked for.
 */
int wh_json_parse(wh_json_t *json, const unsigned char *data, size_t len);
int wh_json_end(wh_json_t *json);

/*
 * The value at a pointer by its index in the set, owned by the parser; final
 * after the end.
 */
const wh_json_value_t *wh_json_value(const wh_json_t *json, size_t index);

/*
 * Why it failed.  The text is static and has not a byte of the document.
 */
wh_json_error_e wh_json_error(const wh_json_t *json);
const char *wh_json_error_text(wh_json_error_e error);


#endif /* _WH_JSON_H_INCLUDED_ */
