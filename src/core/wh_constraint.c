
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Constraints of a payload: what the value at a JSON Pointer must be like.
 */


#include <string.h>

#include "wh_constraint.h"
#include "wh_decimal.h"
#include "wh_list.h"
#include "wh_str.h"
#include "wh_utf8.h"


#define WH_CONSTRAINT_MAX_COUNT  1000000000

#define wh_constraint_bit(type)  (1u << WH_CONSTRAINT_##type)

#define WH_CONSTRAINT_SCALARS    (wh_constraint_bit(ANY)                      \
                                  | wh_constraint_bit(BOOLEAN)                \
                                  | wh_constraint_bit(INTEGER)                \
                                  | wh_constraint_bit(NUMBER)                 \
                                  | wh_constraint_bit(STRING))
#define WH_CONSTRAINT_NUMBERS    (wh_constraint_bit(INTEGER)                  \
                                  | wh_constraint_bit(NUMBER))
#define WH_CONSTRAINT_LENGTHS    (wh_constraint_bit(STRING)                   \
                                  | wh_constraint_bit(ARRAY))
#define WH_CONSTRAINT_TIMES      (wh_constraint_bit(STRING)                   \
                                  | wh_constraint_bit(INTEGER))
#define WH_CONSTRAINT_ALL        0xff


typedef enum {
    WH_CONSTRAINT_ENUM = 0,
    WH_CONSTRAINT_PATTERN,
    WH_CONSTRAINT_MIN,
    WH_CONSTRAINT_MAX,
    WH_CONSTRAINT_LENGTH,
    WH_CONSTRAINT_MIN_LENGTH,
    WH_CONSTRAINT_MAX_LENGTH,
    WH_CONSTRAINT_OPTIONAL,
    WH_CONSTRAINT_WITHIN,
    WH_CONSTRAINT_UNIT,
    WH_CONSTRAINT_WHEN
} wh_constraint_option_e;


typedef struct {
    wh_str_t     name;             /* with the "=", if a value follows */
    unsigned     types;            /* that it can be given for */
    const char  *types_error;
    const char  *value_error;
} wh_constraint_option_t;


typedef struct {
    wh_str_t     name;
    unsigned     json;             /* what a value may be */
} wh_constraint_type_t;


static int wh_constraint_type(wh_str_t name, wh_constraint_type_e *type);
static int wh_constraint_option(wh_constraint_t *c, wh_json_set_t *set,
    wh_str_t word, const char **error);
static int wh_constraint_value(wh_constraint_t *c,
    wh_constraint_option_e which, wh_str_t value);
static int wh_constraint_can_be(wh_constraint_type_e type, wh_str_t values);
static int wh_constraint_is_number(wh_str_t text);
static size_t wh_constraint_digits(wh_str_t text, size_t i);
static int wh_constraint_size(wh_str_t text, size_t *n);
static int wh_constraint_duration(wh_str_t text, int64_t *sec);
static int wh_constraint_when(wh_constraint_t *c, wh_json_set_t *set,
    wh_str_t value, const char **error);
static const char *wh_constraint_conflict(const wh_constraint_t *c);

static size_t wh_constraint_least(const wh_constraint_t *c);
static size_t wh_constraint_most(const wh_constraint_t *c);
static int wh_constraint_has_common_type(const wh_constraint_t *a,
    const wh_constraint_t *b);
static int wh_constraint_has_common_value(const wh_constraint_t *a,
    const wh_constraint_t *b);

static int wh_constraint_applies(const wh_constraint_t *c,
    const wh_json_t *json, wh_str_t event, const char **violation);
static const char *wh_constraint_violation(const wh_constraint_t *c,
    const wh_json_value_t *value, int64_t now);
static int wh_constraint_in(wh_str_t values, wh_str_t text);
static size_t wh_constraint_length(const wh_json_value_t *value);


/* In the order of wh_constraint_type_e, with bits of wh_json_type_e. */

static const wh_constraint_type_t  wh_constraint_types[] = {
    { wh_string("any"), ~0u },
    { wh_string("null"), 1u << WH_JSON_NULL },
    { wh_string("boolean"), 1u << WH_JSON_BOOLEAN },
    { wh_string("integer"), 1u << WH_JSON_INTEGER },
    { wh_string("number"), 1u << WH_JSON_INTEGER | 1u << WH_JSON_NUMBER },
    { wh_string("string"), 1u << WH_JSON_STRING },
    { wh_string("object"), 1u << WH_JSON_OBJECT },
    { wh_string("array"), 1u << WH_JSON_ARRAY }
};


/* In the order of wh_constraint_option_e. */

static const wh_constraint_option_t  wh_constraint_options[] = {

    { wh_string("enum="), WH_CONSTRAINT_SCALARS,
      "\"enum\" needs type string, integer, number, boolean or any",
      "\"enum=\" needs values of the type with \"|\" between them" },

    { wh_string("pattern="), wh_constraint_bit(STRING),
      "\"pattern\" needs type string",
      "\"pattern=\" needs a regular expression" },

    { wh_string("min="), WH_CONSTRAINT_NUMBERS,
      "\"min\" needs type integer or number",
      "\"min=\" needs a number as in JSON" },

    { wh_string("max="), WH_CONSTRAINT_NUMBERS,
      "\"max\" needs type integer or number",
      "\"max=\" needs a number as in JSON" },

    { wh_string("length="), WH_CONSTRAINT_LENGTHS,
      "\"length\" needs type string or array",
      "\"length=\" needs a number" },

    { wh_string("min_length="), WH_CONSTRAINT_LENGTHS,
      "\"min_length\" needs type string or array",
      "\"min_length=\" needs a number" },

    { wh_string("max_length="), WH_CONSTRAINT_LENGTHS,
      "\"max_length\" needs type string or array",
      "\"max_length=\" needs a number" },

    { wh_string("optional"), WH_CONSTRAINT_ALL, NULL, NULL },

    { wh_string("within="), WH_CONSTRAINT_TIMES,
      "\"within\" needs type integer or string",
      "\"within=\" needs a time such as 300, 300s, 5m, 1h or 1d" },

    { wh_string("unit="), WH_CONSTRAINT_TIMES,
      "\"unit\" needs type integer or string",
      "\"unit=\" needs s, ms, rfc3339 or http" },

    { wh_string("when="), WH_CONSTRAINT_ALL, NULL,
      "\"when=\" needs event=VALUE or a JSON pointer, \"=\" and a value" }
};


/* What a length has to be counted for. */

#define WH_CONSTRAINT_COUNTING   (wh_constraint_bit(LENGTH)                   \
                                  | wh_constraint_bit(MIN_LENGTH)             \
                                  | wh_constraint_bit(MAX_LENGTH))

#define WH_CONSTRAINT_OPTIONS                                                 \
    (sizeof(wh_constraint_options) / sizeof(wh_constraint_options[0]))

#define wh_constraint_has(c, which)  ((c)->options & (1u << (which)))


int
wh_constraint_parse(wh_constraint_t *c, wh_json_set_t *set,
    const wh_str_t *words, size_t n, size_t *word, const char **error)
{
    int  rc;

    memset(c, 0, sizeof(wh_constraint_t));
    c->when = WH_JSON_NONE;

    *word = 0;

    if (n == 0) {
        *error = "a rule needs a JSON pointer and a type";
        return WH_INVALID;
    }

    c->pointer = words[0];

    rc = wh_json_set_add(set, words[0], &c->index, error);
    if (rc != WH_OK) {
        return rc;
    }

    *word = 1;

    if (n == 1 || wh_constraint_type(words[1], &c->type) != WH_OK) {
        *error = "a JSON pointer must be followed by string, integer, number, "
                 "boolean, object, array, null or any";
        return WH_INVALID;
    }

    for (*word = 2; *word < n; (*word)++) {

        rc = wh_constraint_option(c, set, words[*word], error);
        if (rc != WH_OK) {
            return rc;
        }
    }

    *error = wh_constraint_conflict(c);

    return (*error == NULL) ? WH_OK : WH_INVALID;
}


static int
wh_constraint_type(wh_str_t name, wh_constraint_type_e *type)
{
    size_t  i;

    for (i = 0;
         i < sizeof(wh_constraint_types) / sizeof(wh_constraint_types[0]);
         i++)
    {
        if (wh_equal(wh_constraint_types[i].name, name)) {
            *type = (wh_constraint_type_e) i;
            return WH_OK;
        }
    }

    return WH_INVALID;
}


static int
wh_constraint_option(wh_constraint_t *c, wh_json_set_t *set, wh_str_t word,
    const char **error)
{
    size_t                         i;
    wh_str_t                       value;
    const wh_constraint_option_t  *name;

    name = wh_constraint_options;
    value = word;

    for (i = 0; i < WH_CONSTRAINT_OPTIONS; i++, name++) {

        if (name->value_error == NULL) {

            if (wh_equal(name->name, word)) {
                break;
            }

            continue;
        }

        if (wh_cut_prefix(&value, name->name)) {
            break;
        }
    }

    if (i == WH_CONSTRAINT_OPTIONS) {
        *error = "a rule must be enum=, pattern=, min=, max=, length=, "
                 "min_length=, max_length=, optional, within=, unit= or when=";
        return WH_INVALID;
    }

    if (wh_constraint_has(c, i)) {
        *error = "a rule may be given only once";
        return WH_INVALID;
    }

    c->options |= 1u << i;

    if (!(name->types & (1u << c->type))) {
        *error = name->types_error;
        return WH_INVALID;
    }

    *error = name->value_error;

    if (i == WH_CONSTRAINT_WHEN) {
        return wh_constraint_when(c, set, value, error);
    }

    return wh_constraint_value(c, (wh_constraint_option_e) i, value);
}


static int
wh_constraint_value(wh_constraint_t *c, wh_constraint_option_e which,
    wh_str_t value)
{
    switch (which) {

    case WH_CONSTRAINT_ENUM:
        c->values = value;
        return wh_constraint_can_be(c->type, value) ? WH_OK : WH_INVALID;

    case WH_CONSTRAINT_PATTERN:
        c->pattern = value;
        return value.len ? WH_OK : WH_INVALID;

    case WH_CONSTRAINT_MIN:
        c->min = value;
        return wh_constraint_is_number(value) ? WH_OK : WH_INVALID;

    case WH_CONSTRAINT_MAX:
        c->max = value;
        return wh_constraint_is_number(value) ? WH_OK : WH_INVALID;

    case WH_CONSTRAINT_LENGTH:
        return wh_constraint_size(value, &c->length);

    case WH_CONSTRAINT_MIN_LENGTH:
        return wh_constraint_size(value, &c->min_length);

    case WH_CONSTRAINT_MAX_LENGTH:
        return wh_constraint_size(value, &c->max_length);

    case WH_CONSTRAINT_WITHIN:
        return wh_constraint_duration(value, &c->within);

    case WH_CONSTRAINT_UNIT:
        return wh_time_unit(value, &c->unit);

    default: /* WH_CONSTRAINT_OPTIONAL */
        return WH_OK;
    }
}


/* Whether each of the values, with "|" between them, may be of the type. */

static int
wh_constraint_can_be(wh_constraint_type_e type, wh_str_t values)
{
    wh_str_t  value;

    static const wh_str_t  yes = wh_string("true");
    static const wh_str_t  no = wh_string("false");

    if (type == WH_CONSTRAINT_STRING || type == WH_CONSTRAINT_ANY) {
        return values.len != 0;
    }

    while (wh_list_next(&values, '|', &value)) {
        if (type == WH_CONSTRAINT_BOOLEAN
            ? !wh_equal(value, yes) && !wh_equal(value, no)
            : !wh_constraint_is_number(value))
        {
            return 0;
        }
    }

    return 1;
}


/* As JSON has it: wh_decimal_compare() relies on it. */

static int
wh_constraint_is_number(wh_str_t text)
{
    size_t  i, n;

    i = (text.len > 0 && text.data[0] == '-');

    n = wh_constraint_digits(text, i);

    if (n == 0 || (n > 1 && text.data[i] == '0')) {
        return 0;
    }

    i += n;

    if (i < text.len && text.data[i] == '.') {
        n = wh_constraint_digits(text, i + 1);
        if (n == 0) {
            return 0;
        }

        i += 1 + n;
    }

    if (i < text.len && (text.data[i] == 'e' || text.data[i] == 'E')) {
        i++;
        i += (i < text.len && (text.data[i] == '+' || text.data[i] == '-'));

        n = wh_constraint_digits(text, i);
        if (n == 0) {
            return 0;
        }

        i += n;
    }

    return i == text.len;
}


static size_t
wh_constraint_digits(wh_str_t text, size_t i)
{
    size_t  n;

    for (n = 0; i + n < text.len; n++) {

        if (text.data[i + n] < '0' || text.data[i + n] > '9') {
            break;
        }
    }

    return n;
}


static int
wh_constraint_size(wh_str_t text, size_t *n)
{
    int64_t  count;

    /* a count looks like a count of seconds */

    if (wh_time_parse(text, WH_TIME_S, &count) != WH_OK
        || count > WH_CONSTRAINT_MAX_COUNT)
    {
        return WH_INVALID;
    }

    *n = (size_t) count;

    return WH_OK;
}


static int
wh_constraint_duration(wh_str_t text, int64_t *sec)
{
    size_t       n;
    int64_t      unit;
    const char  *letter;

    static const char  letters[] = { 's', 'm', 'h', 'd' };
    static const int64_t  units[] = { 1, 60, 3600, 86400 };

    unit = 1;
    letter = text.len ? memchr(letters, text.data[text.len - 1], 4) : NULL;

    if (letter != NULL) {
        unit = units[letter - letters];
        text.len--;
    }

    if (wh_constraint_size(text, &n) != WH_OK || n == 0) {
        return WH_INVALID;
    }

    *sec = (int64_t) n * unit;

    return WH_OK;
}


static int
wh_constraint_when(wh_constraint_t *c, wh_json_set_t *set, wh_str_t value,
    const char **error)
{
    wh_str_t              left;
    const unsigned char  *equal;

    static const wh_str_t  event = wh_string("event");

    equal = (value.len > 0) ? memchr(value.data, '=', value.len) : NULL;

    if (equal == NULL) {
        return WH_INVALID;
    }

    left.data = value.data;
    left.len = equal - value.data;

    c->when_value.data = equal + 1;
    c->when_value.len = value.len - left.len - 1;

    if (wh_equal(left, event)) {
        return WH_OK;
    }

    if (left.len == 0 || left.data[0] != '/') {
        return WH_INVALID;
    }

    c->when_pointer = left;

    return wh_json_set_add(set, left, &c->when, error);
}


/* What no document can satisfy, and what would be without effect. */

static const char *
wh_constraint_conflict(const wh_constraint_t *c)
{
    if (wh_constraint_has(c, WH_CONSTRAINT_MIN)
        && wh_constraint_has(c, WH_CONSTRAINT_MAX)
        && wh_decimal_compare(c->min, c->max) > 0)
    {
        return "\"min\" must not be greater than \"max\"";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_MIN_LENGTH)
        && wh_constraint_has(c, WH_CONSTRAINT_MAX_LENGTH)
        && c->min_length > c->max_length)
    {
        return "\"min_length\" must not be greater than \"max_length\"";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_LENGTH)
        && (wh_constraint_has(c, WH_CONSTRAINT_MIN_LENGTH)
            || wh_constraint_has(c, WH_CONSTRAINT_MAX_LENGTH)))
    {
        return "\"length\" excludes \"min_length\" and \"max_length\"";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_UNIT)
        && !wh_constraint_has(c, WH_CONSTRAINT_WITHIN))
    {
        return "\"unit\" needs \"within\" beside it";
    }

    if (c->type == WH_CONSTRAINT_INTEGER
        && (c->unit == WH_TIME_RFC3339 || c->unit == WH_TIME_HTTP))
    {
        return "\"unit=rfc3339\" and \"unit=http\" need type string";
    }

    return NULL;
}


int
wh_constraint_excludes(const wh_constraint_t *a, const wh_constraint_t *b)
{
    if (wh_constraint_has(a, WH_CONSTRAINT_WHEN)
        && wh_constraint_has(b, WH_CONSTRAINT_WHEN)
        && (a->when != b->when || !wh_equal(a->when_value, b->when_value)))
    {
        return 0;
    }

    return !wh_constraint_has_common_type(a, b)
           || !wh_constraint_has_common_value(a, b)
           || wh_constraint_least(a) > wh_constraint_most(b)
           || wh_constraint_least(b) > wh_constraint_most(a)
           || (wh_constraint_has(a, WH_CONSTRAINT_MIN)
               && wh_constraint_has(b, WH_CONSTRAINT_MAX)
               && wh_decimal_compare(a->min, b->max) > 0)
           || (wh_constraint_has(a, WH_CONSTRAINT_MAX)
               && wh_constraint_has(b, WH_CONSTRAINT_MIN)
               && wh_decimal_compare(a->max, b->min) < 0);
}


static size_t
wh_constraint_least(const wh_constraint_t *c)
{
    if (wh_constraint_has(c, WH_CONSTRAINT_LENGTH)) {
        return c->length;
    }

    return wh_constraint_has(c, WH_CONSTRAINT_MIN_LENGTH) ? c->min_length : 0;
}


static size_t
wh_constraint_most(const wh_constraint_t *c)
{
    if (wh_constraint_has(c, WH_CONSTRAINT_LENGTH)) {
        return c->length;
    }

    return wh_constraint_has(c, WH_CONSTRAINT_MAX_LENGTH) ? c->max_length
                                                          : SIZE_MAX;
}


static int
wh_constraint_has_common_type(const wh_constraint_t *a,
    const wh_constraint_t *b)
{
    unsigned  types;

    types = (1u << a->type) | (1u << b->type);

    return a->type == b->type
           || (types & wh_constraint_bit(ANY))
           || types == WH_CONSTRAINT_NUMBERS;
}


static int
wh_constraint_has_common_value(const wh_constraint_t *a,
    const wh_constraint_t *b)
{
    wh_str_t              value;
    const unsigned char  *p, *last;

    if (!wh_constraint_has(a, WH_CONSTRAINT_ENUM)
        || !wh_constraint_has(b, WH_CONSTRAINT_ENUM))
    {
        return 1;
    }

    last = wh_end(a->values);

    for (value.data = a->values.data; value.data <= last; value.data = p + 1) {

        p = memchr(value.data, '|', last - value.data);
        p = p ? p : last;

        value.len = p - value.data;

        if (wh_constraint_in(b->values, value)) {
            return 1;
        }
    }

    return 0;
}


int
wh_constraint_takes(const wh_constraint_t *c, wh_str_t value)
{
    return !wh_constraint_has(c, WH_CONSTRAINT_ENUM)
           || wh_constraint_in(c->values, value);
}


int
wh_constraint_check(const wh_constraint_t *c, const wh_json_t *json,
    wh_str_t event, int64_t now, const char **violation)
{
    const wh_json_value_t  *value;

    *violation = NULL;

    if (!wh_constraint_applies(c, json, event, violation)) {
        return (*violation == NULL) ? WH_OK : WH_INVALID;
    }

    value = wh_json_value(json, c->index);

    if (value->repeated) {
        *violation = "repeated";

    } else if (value->type == WH_JSON_ABSENT) {
        *violation = wh_constraint_has(c, WH_CONSTRAINT_OPTIONAL)
                     ? NULL : "required";

    } else if (!(wh_constraint_types[c->type].json & (1u << value->type))) {
        *violation = "type";

    } else {
        *violation = wh_constraint_violation(c, value, now);
    }

    return (*violation == NULL) ? WH_OK : WH_INVALID;
}


/*
 * A repeated key must not switch a constraint off: which of its values the
 * application looks at is unknown.
 */

static int
wh_constraint_applies(const wh_constraint_t *c, const wh_json_t *json,
    wh_str_t event, const char **violation)
{
    const wh_json_value_t  *value;

    if (!wh_constraint_has(c, WH_CONSTRAINT_WHEN)) {
        return 1;
    }

    if (c->when == WH_JSON_NONE) {
        return wh_equal(event, c->when_value);
    }

    value = wh_json_value(json, c->when);

    if (value->repeated) {
        *violation = "repeated";
        return 0;
    }

    switch (value->type) {

    case WH_JSON_BOOLEAN:
    case WH_JSON_INTEGER:
    case WH_JSON_NUMBER:
    case WH_JSON_STRING:
        return wh_equal(value->text, c->when_value);

    default:
        return 0;
    }
}


static const char *
wh_constraint_violation(const wh_constraint_t *c, const wh_json_value_t *value,
    int64_t now)
{
    size_t   length;
    int64_t  time;

    if (wh_constraint_has(c, WH_CONSTRAINT_ENUM)
        && (value->type == WH_JSON_OBJECT || value->type == WH_JSON_ARRAY
            || value->type == WH_JSON_NULL
            || !wh_constraint_in(c->values, value->text)))
    {
        return "enum";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_PATTERN)
        && (c->match == NULL
            || c->match(c->match_data, value->text) != WH_OK))
    {
        return "pattern";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_MIN)
        && wh_decimal_compare(value->text, c->min) < 0)
    {
        return "min";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_MAX)
        && wh_decimal_compare(value->text, c->max) > 0)
    {
        return "max";
    }

    length = (c->options & WH_CONSTRAINT_COUNTING)
             ? wh_constraint_length(value) : 0;

    if (wh_constraint_has(c, WH_CONSTRAINT_LENGTH) && length != c->length) {
        return "length";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_MIN_LENGTH)
        && length < c->min_length)
    {
        return "min_length";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_MAX_LENGTH)
        && length > c->max_length)
    {
        return "max_length";
    }

    if (wh_constraint_has(c, WH_CONSTRAINT_WITHIN)
        && (wh_time_parse(value->text, c->unit, &time) != WH_OK
            || time < now - c->within))
    {
        return "within";
    }

    return NULL;
}


static int
wh_constraint_in(wh_str_t values, wh_str_t text)
{
    wh_str_t              value;
    const unsigned char  *p, *last;

    last = wh_end(values);

    for (value.data = values.data; value.data <= last; value.data = p + 1) {

        p = memchr(value.data, '|', last - value.data);
        p = p ? p : last;

        value.len = p - value.data;

        if (wh_equal(value, text)) {
            return 1;
        }
    }

    return 0;
}


static size_t
wh_constraint_length(const wh_json_value_t *value)
{
    return value->type == WH_JSON_ARRAY
           ? value->size
           : wh_utf8_length(value->text.data, value->text.len);
}
