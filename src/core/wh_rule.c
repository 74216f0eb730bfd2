
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Payload rules: what the value at a JSON Pointer must be like.
 */


#include <string.h>

#include "wh_rule.h"
#include "wh_str.h"
#include "wh_utf8.h"


#define WH_RULE_MAX_COUNT  1000000000

#define WH_RULE_SCALARS     ((1 << WH_RULE_ANY) | (1 << WH_RULE_BOOLEAN)     \
                             | (1 << WH_RULE_INTEGER)                        \
                             | (1 << WH_RULE_NUMBER) | (1 << WH_RULE_STRING))
#define WH_RULE_NUMBERS     ((1 << WH_RULE_INTEGER) | (1 << WH_RULE_NUMBER))
#define WH_RULE_LENGTHS     ((1 << WH_RULE_STRING) | (1 << WH_RULE_ARRAY))
#define WH_RULE_TIMES       ((1 << WH_RULE_STRING) | (1 << WH_RULE_INTEGER))
#define WH_RULE_ALL         0xff


typedef enum {
    WH_RULE_ENUM = 0,
    WH_RULE_PATTERN,
    WH_RULE_MIN,
    WH_RULE_MAX,
    WH_RULE_LENGTH,
    WH_RULE_MIN_LENGTH,
    WH_RULE_MAX_LENGTH,
    WH_RULE_OPTIONAL,
    WH_RULE_WITHIN,
    WH_RULE_UNIT,
    WH_RULE_WHEN
} wh_rule_e;


typedef struct {
    wh_str_t     name;             /* with the "=", if a value follows */
    unsigned     types;            /* that it can be a rule for */
    const char  *types_error;
    const char  *value_error;
} wh_rule_name_t;


/* A number as 0.DIGITS times ten to the power of point. */

typedef struct {
    int                   sign;    /* -1, 0 for zero, 1 */
    const unsigned char  *digits;  /* from the first that is not 0 */
    const unsigned char  *last;    /* may have one dot among them */
    int64_t               point;
} wh_rule_decimal_t;


static int wh_rule_type(wh_str_t name, wh_rule_type_e *type);
static int wh_rule_word(wh_rule_t *rule, wh_json_set_t *set, wh_str_t word,
    const char **error);
static int wh_rule_value(wh_rule_t *rule, wh_rule_e which, wh_str_t value);
static int wh_rule_is_number(wh_str_t text);
static size_t wh_rule_digits(wh_str_t text, size_t i);
static int wh_rule_size(wh_str_t text, size_t *n);
static int wh_rule_duration(wh_str_t text, int64_t *sec);
static int wh_rule_when(wh_rule_t *rule, wh_json_set_t *set, wh_str_t value,
    const char **error);
static const char *wh_rule_conflict(const wh_rule_t *rule);

static int wh_rule_applies(const wh_rule_t *rule, const wh_json_t *json,
    wh_str_t event, const char **failed);
static int wh_rule_has_type(const wh_rule_t *rule,
    const wh_json_value_t *value);
static const char *wh_rule_failed(const wh_rule_t *rule,
    const wh_json_value_t *value, int64_t now);
static int wh_rule_in(wh_str_t values, wh_str_t text);
static size_t wh_rule_length(const wh_json_value_t *value);
static int wh_rule_recent(const wh_rule_t *rule, wh_str_t text, int64_t now);
static int wh_rule_compare(wh_str_t a, wh_str_t b);
static void wh_rule_decimal(wh_str_t text, wh_rule_decimal_t *d);
static int64_t wh_rule_exponent(const unsigned char *p,
    const unsigned char *last);
static int wh_rule_next_digit(const unsigned char **p,
    const unsigned char *last);


static const wh_str_t  wh_rule_types[] = {
    wh_string("any"), wh_string("null"), wh_string("boolean"),
    wh_string("integer"), wh_string("number"), wh_string("string"),
    wh_string("object"), wh_string("array")
};


/* In the order of wh_rule_e. */

static const wh_rule_name_t  wh_rule_names[] = {

    { wh_string("enum="), WH_RULE_SCALARS,
      "\"enum\" needs type string, integer, number, boolean or any",
      "\"enum=\" needs values with \"|\" between them" },

    { wh_string("pattern="), 1 << WH_RULE_STRING,
      "\"pattern\" needs type string",
      "\"pattern=\" needs a regular expression" },

    { wh_string("min="), WH_RULE_NUMBERS,
      "\"min\" needs type integer or number",
      "\"min=\" needs a number as in JSON" },

    { wh_string("max="), WH_RULE_NUMBERS,
      "\"max\" needs type integer or number",
      "\"max=\" needs a number as in JSON" },

    { wh_string("length="), WH_RULE_LENGTHS,
      "\"length\" needs type string or array",
      "\"length=\" needs a number" },

    { wh_string("min_length="), WH_RULE_LENGTHS,
      "\"min_length\" needs type string or array",
      "\"min_length=\" needs a number" },

    { wh_string("max_length="), WH_RULE_LENGTHS,
      "\"max_length\" needs type string or array",
      "\"max_length=\" needs a number" },

    { wh_string("optional"), WH_RULE_ALL, NULL, NULL },

    { wh_string("within="), WH_RULE_TIMES,
      "\"within\" needs type integer or string",
      "\"within=\" needs a time such as 300, 300s, 5m, 1h or 1d" },

    { wh_string("unit="), WH_RULE_TIMES,
      "\"unit\" needs type integer or string",
      "\"unit=\" needs s, ms, rfc3339 or http" },

    { wh_string("when="), WH_RULE_ALL, NULL,
      "\"when=\" needs event=VALUE or a JSON pointer, \"=\" and a value" }
};


/* What a length has to be counted for. */

#define WH_RULE_COUNTING    (1u << WH_RULE_LENGTH | 1u << WH_RULE_MIN_LENGTH \
                             | 1u << WH_RULE_MAX_LENGTH)

#define WH_RULE_NAMES  (sizeof(wh_rule_names) / sizeof(wh_rule_names[0]))

#define wh_rule_has(rule, which)  ((rule)->rules & (1u << (which)))


int
wh_rule_parse(wh_rule_t *rule, wh_json_set_t *set, const wh_str_t *words,
    size_t n, size_t *word, const char **error)
{
    int  rc;

    memset(rule, 0, sizeof(wh_rule_t));
    rule->when = WH_JSON_NONE;

    *word = 0;

    if (n == 0) {
        *error = "a rule needs a JSON pointer and a type";
        return WH_INVALID;
    }

    rule->pointer = words[0];

    rc = wh_json_set_add(set, words[0], &rule->index, error);
    if (rc != WH_OK) {
        return rc;
    }

    *word = 1;

    if (n == 1 || wh_rule_type(words[1], &rule->type) != WH_OK) {
        *error = "a JSON pointer must be followed by string, integer, number, "
                 "boolean, object, array, null or any";
        return WH_INVALID;
    }

    for (*word = 2; *word < n; (*word)++) {

        rc = wh_rule_word(rule, set, words[*word], error);
        if (rc != WH_OK) {
            return rc;
        }
    }

    *error = wh_rule_conflict(rule);

    return (*error == NULL) ? WH_OK : WH_INVALID;
}


static int
wh_rule_type(wh_str_t name, wh_rule_type_e *type)
{
    size_t  i;

    for (i = 0; i < sizeof(wh_rule_types) / sizeof(wh_rule_types[0]); i++) {

        if (wh_equal(wh_rule_types[i], name)) {
            *type = (wh_rule_type_e) i;
            return WH_OK;
        }
    }

    return WH_INVALID;
}


static int
wh_rule_word(wh_rule_t *rule, wh_json_set_t *set, wh_str_t word,
    const char **error)
{
    size_t                 i;
    wh_str_t               value;
    const wh_rule_name_t  *name;

    name = wh_rule_names;
    value = word;

    for (i = 0; i < WH_RULE_NAMES; i++, name++) {

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

    if (i == WH_RULE_NAMES) {
        *error = "a rule must be enum=, pattern=, min=, max=, length=, "
                 "min_length=, max_length=, optional, within=, unit= or when=";
        return WH_INVALID;
    }

    if (wh_rule_has(rule, i)) {
        *error = "a rule may be given only once";
        return WH_INVALID;
    }

    rule->rules |= 1u << i;

    if (!(name->types & (1u << rule->type))) {
        *error = name->types_error;
        return WH_INVALID;
    }

    *error = name->value_error;

    if (i == WH_RULE_WHEN) {
        return wh_rule_when(rule, set, value, error);
    }

    return wh_rule_value(rule, (wh_rule_e) i, value);
}


static int
wh_rule_value(wh_rule_t *rule, wh_rule_e which, wh_str_t value)
{
    switch (which) {

    case WH_RULE_ENUM:
        rule->values = value;
        return value.len ? WH_OK : WH_INVALID;

    case WH_RULE_PATTERN:
        rule->pattern = value;
        return value.len ? WH_OK : WH_INVALID;

    case WH_RULE_MIN:
        rule->min = value;
        return wh_rule_is_number(value) ? WH_OK : WH_INVALID;

    case WH_RULE_MAX:
        rule->max = value;
        return wh_rule_is_number(value) ? WH_OK : WH_INVALID;

    case WH_RULE_LENGTH:
        return wh_rule_size(value, &rule->length);

    case WH_RULE_MIN_LENGTH:
        return wh_rule_size(value, &rule->min_length);

    case WH_RULE_MAX_LENGTH:
        return wh_rule_size(value, &rule->max_length);

    case WH_RULE_WITHIN:
        return wh_rule_duration(value, &rule->within);

    case WH_RULE_UNIT:
        return wh_time_unit(value, &rule->unit);

    default: /* WH_RULE_OPTIONAL */
        return WH_OK;
    }
}


/* As JSON has it: wh_rule_compare() relies on it. */

static int
wh_rule_is_number(wh_str_t text)
{
    size_t  i, n;

    i = (text.len > 0 && text.data[0] == '-');

    n = wh_rule_digits(text, i);

    if (n == 0 || (n > 1 && text.data[i] == '0')) {
        return 0;
    }

    i += n;

    if (i < text.len && text.data[i] == '.') {
        n = wh_rule_digits(text, i + 1);
        if (n == 0) {
            return 0;
        }

        i += 1 + n;
    }

    if (i < text.len && (text.data[i] == 'e' || text.data[i] == 'E')) {
        i++;
        i += (i < text.len && (text.data[i] == '+' || text.data[i] == '-'));

        n = wh_rule_digits(text, i);
        if (n == 0) {
            return 0;
        }

        i += n;
    }

    return i == text.len;
}


static size_t
wh_rule_digits(wh_str_t text, size_t i)
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
wh_rule_size(wh_str_t text, size_t *n)
{
    int64_t  count;

    /* a count looks like a count of seconds */

    if (wh_time_parse(text, WH_TIME_S, &count) != WH_OK
        || count > WH_RULE_MAX_COUNT)
    {
        return WH_INVALID;
    }

    *n = (size_t) count;

    return WH_OK;
}


static int
wh_rule_duration(wh_str_t text, int64_t *sec)
{
    size_t   n;
    int64_t  unit;

    unit = 1;

    if (text.len > 0) {

        switch (text.data[text.len - 1]) {

        case 's':
            text.len--;
            break;

        case 'm':
            unit = 60;
            text.len--;
            break;

        case 'h':
            unit = 3600;
            text.len--;
            break;

        case 'd':
            unit = 86400;
            text.len--;
            break;
        }
    }

    if (wh_rule_size(text, &n) != WH_OK || n == 0) {
        return WH_INVALID;
    }

    *sec = (int64_t) n * unit;

    return WH_OK;
}


static int
wh_rule_when(wh_rule_t *rule, wh_json_set_t *set, wh_str_t value,
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

    rule->when_value.data = equal + 1;
    rule->when_value.len = value.len - left.len - 1;

    if (wh_equal(left, event)) {
        return WH_OK;
    }

    if (left.len == 0 || left.data[0] != '/') {
        return WH_INVALID;
    }

    return wh_json_set_add(set, left, &rule->when, error);
}


/* What no document can satisfy, and what would be without effect. */

static const char *
wh_rule_conflict(const wh_rule_t *rule)
{
    if (wh_rule_has(rule, WH_RULE_MIN) && wh_rule_has(rule, WH_RULE_MAX)
        && wh_rule_compare(rule->min, rule->max) > 0)
    {
        return "\"min\" must not be greater than \"max\"";
    }

    if (wh_rule_has(rule, WH_RULE_MIN_LENGTH)
        && wh_rule_has(rule, WH_RULE_MAX_LENGTH)
        && rule->min_length > rule->max_length)
    {
        return "\"min_length\" must not be greater than \"max_length\"";
    }

    if (wh_rule_has(rule, WH_RULE_LENGTH)
        && (wh_rule_has(rule, WH_RULE_MIN_LENGTH)
            || wh_rule_has(rule, WH_RULE_MAX_LENGTH)))
    {
        return "\"length\" excludes \"min_length\" and \"max_length\"";
    }

    if (wh_rule_has(rule, WH_RULE_UNIT) && !wh_rule_has(rule, WH_RULE_WITHIN))
    {
        return "\"unit\" needs \"within\" beside it";
    }

    if (rule->type == WH_RULE_INTEGER
        && (rule->unit == WH_TIME_RFC3339 || rule->unit == WH_TIME_HTTP))
    {
        return "\"unit=rfc3339\" and \"unit=http\" need type string";
    }

    return NULL;
}


int
wh_rule_check(const wh_rule_t *rule, const wh_json_t *json, wh_str_t event,
    int64_t now, const char **failed)
{
    const wh_json_value_t  *value;

    *failed = NULL;

    if (!wh_rule_applies(rule, json, event, failed)) {
        return (*failed == NULL) ? WH_OK : WH_INVALID;
    }

    value = wh_json_value(json, rule->index);

    if (value->repeated) {
        *failed = "repeated";

    } else if (value->type == WH_JSON_ABSENT) {
        *failed = wh_rule_has(rule, WH_RULE_OPTIONAL) ? NULL : "required";

    } else if (!wh_rule_has_type(rule, value)) {
        *failed = "type";

    } else {
        *failed = wh_rule_failed(rule, value, now);
    }

    return (*failed == NULL) ? WH_OK : WH_INVALID;
}


/*
 * A repeated key must not switch a rule off: which of its values the
 * application looks at is unknown.
 */

static int
wh_rule_applies(const wh_rule_t *rule, const wh_json_t *json, wh_str_t event,
    const char **failed)
{
    const wh_json_value_t  *value;

    if (!wh_rule_has(rule, WH_RULE_WHEN)) {
        return 1;
    }

    if (rule->when == WH_JSON_NONE) {
        return wh_equal(event, rule->when_value);
    }

    value = wh_json_value(json, rule->when);

    if (value->repeated) {
        *failed = "repeated";
        return 0;
    }

    switch (value->type) {

    case WH_JSON_BOOLEAN:
    case WH_JSON_INTEGER:
    case WH_JSON_NUMBER:
    case WH_JSON_STRING:
        return wh_equal(value->text, rule->when_value);

    default:
        return 0;
    }
}


static int
wh_rule_has_type(const wh_rule_t *rule, const wh_json_value_t *value)
{
    switch (rule->type) {

    case WH_RULE_NULL:
        return value->type == WH_JSON_NULL;

    case WH_RULE_BOOLEAN:
        return value->type == WH_JSON_BOOLEAN;

    case WH_RULE_INTEGER:
        return value->type == WH_JSON_INTEGER;

    case WH_RULE_NUMBER:
        return value->type == WH_JSON_INTEGER || value->type == WH_JSON_NUMBER;

    case WH_RULE_STRING:
        return value->type == WH_JSON_STRING;

    case WH_RULE_OBJECT:
        return value->type == WH_JSON_OBJECT;

    case WH_RULE_ARRAY:
        return value->type == WH_JSON_ARRAY;

    default: /* WH_RULE_ANY */
        return 1;
    }
}


static const char *
wh_rule_failed(const wh_rule_t *rule, const wh_json_value_t *value,
    int64_t now)
{
    size_t  length;

    if (wh_rule_has(rule, WH_RULE_ENUM)
        && (value->type == WH_JSON_OBJECT || value->type == WH_JSON_ARRAY
            || value->type == WH_JSON_NULL
            || !wh_rule_in(rule->values, value->text)))
    {
        return "enum";
    }

    if (wh_rule_has(rule, WH_RULE_PATTERN)
        && (rule->match == NULL
            || rule->match(rule->match_data, value->text) != WH_OK))
    {
        return "pattern";
    }

    if (wh_rule_has(rule, WH_RULE_MIN)
        && wh_rule_compare(value->text, rule->min) < 0)
    {
        return "min";
    }

    if (wh_rule_has(rule, WH_RULE_MAX)
        && wh_rule_compare(value->text, rule->max) > 0)
    {
        return "max";
    }

    length = (rule->rules & WH_RULE_COUNTING) ? wh_rule_length(value) : 0;

    if (wh_rule_has(rule, WH_RULE_LENGTH) && length != rule->length) {
        return "length";
    }

    if (wh_rule_has(rule, WH_RULE_MIN_LENGTH) && length < rule->min_length) {
        return "min_length";
    }

    if (wh_rule_has(rule, WH_RULE_MAX_LENGTH)
        && length > rule->max_length)
    {
        return "max_length";
    }

    if (wh_rule_has(rule, WH_RULE_WITHIN)
        && !wh_rule_recent(rule, value->text, now))
    {
        return "within";
    }

    return NULL;
}


static int
wh_rule_in(wh_str_t values, wh_str_t text)
{
    wh_str_t              value;
    const unsigned char  *p, *bar, *last;

    p = values.data;
    last = p + values.len;

    for ( ;; ) {

        bar = memchr(p, '|', last - p);

        value.data = p;
        value.len = ((bar != NULL) ? bar : last) - p;

        if (wh_equal(value, text)) {
            return 1;
        }

        if (bar == NULL) {
            return 0;
        }

        p = bar + 1;
    }
}


static size_t
wh_rule_length(const wh_json_value_t *value)
{
    if (value->type == WH_JSON_ARRAY) {
        return value->size;
    }

    return wh_utf8_length(value->text.data, value->text.len);
}


static int
wh_rule_recent(const wh_rule_t *rule, wh_str_t text, int64_t now)
{
    int64_t  time;

    if (wh_time_parse(text, rule->unit, &time) != WH_OK) {
        return 0;
    }

    return time >= now - rule->within;
}


/* Of two JSON numbers of any length; exact, no digit is lost. */

static int
wh_rule_compare(wh_str_t a, wh_str_t b)
{
    int                rc, digit, other;
    wh_rule_decimal_t  x, y;

    wh_rule_decimal(a, &x);
    wh_rule_decimal(b, &y);

    if (x.sign != y.sign) {
        return (x.sign < y.sign) ? -1 : 1;
    }

    if (x.sign == 0) {
        return 0;
    }

    if (x.point != y.point) {
        return (x.point < y.point) ? -x.sign : x.sign;
    }

    do {
        digit = wh_rule_next_digit(&x.digits, x.last);
        other = wh_rule_next_digit(&y.digits, y.last);

        rc = (digit > other) - (digit < other);

    } while (rc == 0 && (x.digits < x.last || y.digits < y.last));

    return rc * x.sign;
}


static void
wh_rule_decimal(wh_str_t text, wh_rule_decimal_t *d)
{
    const unsigned char  *p, *last, *e;

    p = text.data;
    last = p + text.len;

    d->sign = 1;
    d->point = 0;

    if (*p == '-') {
        d->sign = -1;
        p++;
    }

    for (e = p; e < last && *e != 'e' && *e != 'E'; e++) { /* void */ }

    d->last = e;

    /* a leading zero, if any, is the only digit before the dot */

    if (*p == '0') {
        p++;

        if (p < e) {

            for (p++; p < e && *p == '0'; p++) {
                d->point--;
            }
        }

    } else {
        while (p + d->point < e && p[d->point] != '.') {
            d->point++;
        }
    }

    d->digits = p;

    if (p == e) {
        d->sign = 0;
        return;
    }

    d->point += wh_rule_exponent(e, last);
}


/* Far beyond any text's length, exponents need not be told apart. */

static int64_t
wh_rule_exponent(const unsigned char *p, const unsigned char *last)
{
    int      negative;
    int64_t  n;

    if (p == last) {
        return 0;
    }

    p++;
    negative = (*p == '-');

    if (*p == '-' || *p == '+') {
        p++;
    }

    for (n = 0; p < last; p++) {

        n = n * 10 + (*p - '0');

        if (n > INT64_MAX / 16) {
            n = INT64_MAX / 16;
        }
    }

    return negative ? -n : n;
}


/* Beyond the last digit there are zeros. */

static int
wh_rule_next_digit(const unsigned char **p, const unsigned char *last)
{
    if (*p < last && **p == '.') {
        (*p)++;
    }

    return (*p < last) ? *(*p)++ - '0' : 0;
}
