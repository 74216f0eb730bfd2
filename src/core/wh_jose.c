
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * JSON Web Signatures in compact form (RFC 7515), with their payload or
 * detached from it (appendix F, RFC 7797): cutting, and the header.
 */


#include <string.h>

#include "wh_decode.h"
#include "wh_jose.h"
#include "wh_json.h"
#include "wh_str.h"


#define WH_JOSE_DEPTH    8         /* of objects in a header */
#define WH_JOSE_MEMBERS  64        /* of the objects that are open */
#define WH_JOSE_NAMES    1024      /* bytes of their names */
#define WH_JOSE_NAME     64        /* bytes of a parameter's */


/* In the order in which they are added to the set. */

enum {
    WH_JOSE_ALG = 0,
    WH_JOSE_KID,
    WH_JOSE_B64,
    WH_JOSE_CRIT,
    WH_JOSE_CRIT_FIRST,
    WH_JOSE_JKU,
    WH_JOSE_X5U,
    WH_JOSE_JWK,
    WH_JOSE_POINTERS
};


/* The names of the objects that are open. */

typedef struct {
    size_t         n;
    size_t         used;           /* bytes */
    unsigned       depth;
    unsigned       depths[WH_JOSE_MEMBERS];
    wh_str_t       names[WH_JOSE_MEMBERS];
    unsigned char  text[WH_JOSE_NAMES];
} wh_jose_names_t;


static int wh_jose_part(wh_str_t *rest, wh_str_t *part);
static int wh_jose_observe(void *data, wh_json_event_e event, wh_str_t text);
static int wh_jose_name(wh_jose_names_t *names, wh_str_t name);
static void wh_jose_close(wh_jose_names_t *names);
static int wh_jose_check(const wh_jose_rules_t *rules, const wh_json_t *json);
static int wh_jose_check_parameters(const wh_jose_rules_t *rules,
    const wh_json_t *json);
static int wh_jose_fits(const wh_jose_rules_t *rules, size_t index,
    const wh_json_value_t *value);
static int wh_jose_check_crit(const wh_json_t *json, unsigned detached);


int
wh_jose_split(wh_str_t token, unsigned detached, wh_jose_t *jose)
{
    wh_str_t  rest;

    rest = token;

    if (token.len == 0
        || memchr(token.data, '=', token.len) != NULL
        || wh_jose_part(&rest, &jose->header) != WH_OK
        || jose->header.len == 0
        || wh_jose_part(&rest, &jose->payload) != WH_OK
        || (jose->payload.len == 0) != (detached != 0)
        || rest.len == 0
        || memchr(rest.data, '.', rest.len) != NULL)
    {
        return WH_INVALID;
    }

    jose->signature = rest;
    jose->message.data = token.data;
    jose->message.len = jose->header.len + 1 + jose->payload.len;

    return WH_OK;
}


/* A header begins with a brace, and what follows is ASCII. */

int
wh_jose_signed(wh_str_t text)
{
    size_t  i, dots;

    if (text.len < 2
        || text.data[0] != 'e'
        || text.data[1] < 'w'
        || text.data[1] > 'z')
    {
        return 0;
    }

    dots = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] == '.') {
            dots++;

        } else if (!wh_base64url_digit(text.data[i])) {
            return 0;
        }
    }

    return dots == 1;
}


/* Cuts off what is before the next dot. */

static int
wh_jose_part(wh_str_t *rest, wh_str_t *part)
{
    const unsigned char  *dot;

    dot = memchr(rest->data, '.', rest->len);

    if (dot == NULL) {
        return WH_INVALID;
    }

    part->data = rest->data;
    part->len = dot - rest->data;

    rest->data = dot + 1;
    rest->len -= part->len + 1;

    return WH_OK;
}


wh_json_set_t *
wh_jose_set(void)
{
    static const wh_str_t  pointers[WH_JOSE_POINTERS] = {
        wh_string("/alg"), wh_string("/kid"), wh_string("/b64"),
        wh_string("/crit"), wh_string("/crit/0"), wh_string("/jku"),
        wh_string("/x5u"), wh_string("/jwk")
    };

    return wh_json_set_of(pointers, WH_JOSE_POINTERS);
}


int
wh_jose_parameter(wh_json_set_t *set, wh_str_t name, size_t *index)
{
    int            rc;
    wh_str_t       pointer;
    const char    *error;
    unsigned char  text[1 + WH_JOSE_NAME];

    if (name.len == 0
        || name.len > WH_JOSE_NAME
        || memchr(name.data, '/', name.len) != NULL
        || memchr(name.data, '~', name.len) != NULL)
    {
        return WH_INVALID;
    }

    text[0] = '/';
    memcpy(text + 1, name.data, name.len);

    pointer.data = text;
    pointer.len = 1 + name.len;

    rc = wh_json_set_add(set, pointer, index, &error);

    if (rc != WH_OK) {
        return rc;
    }

    switch (*index) {

    case WH_JOSE_ALG:
    case WH_JOSE_B64:
    case WH_JOSE_CRIT:
    case WH_JOSE_X5U:
    case WH_JOSE_JWK:
        return WH_INVALID;

    default:
        return WH_OK;
    }
}


int
wh_jose_header(const wh_jose_rules_t *rules, wh_str_t encoded,
    unsigned char *buf, wh_jose_header_t *header)
{
    int                     rc;
    size_t                  len;
    wh_json_t              *json;
    wh_jose_names_t         names;
    wh_json_limits_t        limits;
    const wh_json_value_t  *kid, *b64;

    len = encoded.len;

    if (wh_decode(WH_BASE64URL, encoded, buf, &len) != WH_OK) {
        return WH_INVALID;
    }

    memset(&limits, 0, sizeof(wh_json_limits_t));

    limits.depth = WH_JOSE_DEPTH;

    names.n = 0;
    names.used = 0;
    names.depth = 0;

    json = wh_json_create(rules->set, &limits, wh_jose_observe, &names);
    if (json == NULL) {
        return WH_ERROR;
    }

    (void) wh_json_parse(json, buf, len);
    rc = wh_json_end(json);

    if (rc == WH_OK) {
        rc = wh_jose_check(rules, json);
    }

    if (rc == WH_OK) {

        b64 = wh_json_value(json, WH_JOSE_B64);
        kid = wh_json_value(json, WH_JOSE_KID);

        header->plain = (b64->type == WH_JSON_BOOLEAN
                         && b64->text.data[0] == 'f');

        header->kid.data = (kid->type == WH_JSON_STRING) ? buf : NULL;
        header->kid.len = kid->text.len;

        if (kid->text.len) {
            memcpy(buf, kid->text.data, kid->text.len);
        }
    }

    wh_json_free(json);

    return rc;
}


/* Refuses a member that comes twice, RFC 7515, 4. */

static int
wh_jose_observe(void *data, wh_json_event_e event, wh_str_t text)
{
    wh_jose_names_t  *names = data;

    switch (event) {

    case WH_JSON_ON_OBJECT:
        names->depth++;
        return WH_OK;

    case WH_JSON_ON_NAME:
        return wh_jose_name(names, text);

    case WH_JSON_ON_OBJECT_END:
        wh_jose_close(names);
        return WH_OK;

    default:
        return WH_OK;
    }
}


static int
wh_jose_name(wh_jose_names_t *names, wh_str_t name)
{
    size_t     i;
    wh_str_t  *own;

    for (i = 0; i < names->n; i++) {
        if (names->depths[i] == names->depth
            && wh_equal(names->names[i], name))
        {
            return WH_INVALID;
        }
    }

    if (names->n == WH_JOSE_MEMBERS
        || name.len > WH_JOSE_NAMES - names->used)
    {
        return WH_INVALID;
    }

    own = &names->names[names->n];

    own->data = names->text + names->used;
    own->len = name.len;

    if (name.len) {
        memcpy(names->text + names->used, name.data, name.len);
    }

    names->depths[names->n++] = names->depth;
    names->used += name.len;

    return WH_OK;
}


static void
wh_jose_close(wh_jose_names_t *names)
{
    while (names->n && names->depths[names->n - 1] == names->depth) {
        names->used -= names->names[--names->n].len;
    }

    names->depth--;
}


static int
wh_jose_check(const wh_jose_rules_t *rules, const wh_json_t *json)
{
    const wh_json_value_t  *value;

    value = wh_json_value(json, WH_JOSE_ALG);

    if (value->type != WH_JSON_STRING || !wh_equal(value->text, rules->alg)) {
        return WH_INVALID;
    }

    value = wh_json_value(json, WH_JOSE_KID);

    if (value->type != WH_JSON_STRING && value->type != WH_JSON_ABSENT) {
        return WH_INVALID;
    }

    if (wh_json_value(json, WH_JOSE_X5U)->type != WH_JSON_ABSENT
        || wh_json_value(json, WH_JOSE_JWK)->type != WH_JSON_ABSENT
        || wh_jose_check_parameters(rules, json) != WH_OK)
    {
        return WH_INVALID;
    }

    return wh_jose_check_crit(json, rules->detached);
}


/* Nothing is fetched from "jku", so it may be there where it is known. */

static int
wh_jose_check_parameters(const wh_jose_rules_t *rules, const wh_json_t *json)
{
    size_t    i, index;
    unsigned  known;

    known = 0;

    for (i = 0; i < rules->n; i++) {

        index = rules->parameters[i].index;

        if (!wh_jose_fits(rules, index, wh_json_value(json, index))) {
            return WH_INVALID;
        }

        known |= (index == WH_JOSE_JKU);
    }

    return (known || wh_json_value(json, WH_JOSE_JKU)->type == WH_JSON_ABSENT)
           ? WH_OK : WH_INVALID;
}


/* Whether it is one of the values that are there for the index. */

static int
wh_jose_fits(const wh_jose_rules_t *rules, size_t index,
    const wh_json_value_t *value)
{
    size_t  i;

    for (i = 0; value->type == WH_JSON_STRING && i < rules->n; i++) {
        if (rules->parameters[i].index == index
            && wh_equal(rules->parameters[i].value, value->text))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * "b64" is all that may be critical, and it has to be where it is there; a
 * token with claims has neither, RFC 7797, 6 and 7.
 */

static int
wh_jose_check_crit(const wh_json_t *json, unsigned detached)
{
    const wh_json_value_t  *b64, *crit, *first;

    static const wh_str_t  name = wh_string("b64");

    b64 = wh_json_value(json, WH_JOSE_B64);
    crit = wh_json_value(json, WH_JOSE_CRIT);
    first = wh_json_value(json, WH_JOSE_CRIT_FIRST);

    if (b64->type == WH_JSON_ABSENT && crit->type == WH_JSON_ABSENT) {
        return WH_OK;
    }

    return (detached
            && b64->type == WH_JSON_BOOLEAN
            && crit->type == WH_JSON_ARRAY
            && crit->size == 1
            && first->type == WH_JSON_STRING
            && wh_equal(first->text, name))
           ? WH_OK : WH_INVALID;
}
