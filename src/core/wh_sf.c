
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Structured fields (RFC 9651), cut in place.
 */


#include <string.h>

#include "wh_sf.h"
#include "wh_str.h"


#define WH_SF_INTEGER_DIGITS   15
#define WH_SF_DECIMAL_DIGITS   12  /* before the point, and 3 after it */
#define WH_SF_FRACTION_DIGITS  3


/* What a byte may be in, bits. */

#define WH_SF_KEY_FIRST    0x01
#define WH_SF_KEY          0x02
#define WH_SF_TOKEN_FIRST  0x04
#define WH_SF_TOKEN_REST   0x08
#define WH_SF_BASE64       0x10
#define WH_SF_DIGIT        0x20


static unsigned wh_sf_class(unsigned char c);
static wh_str_t wh_sf_run(wh_str_t *rest, unsigned class);
static void wh_sf_skip_spaces(wh_str_t *text, const char *spaces);
static int wh_sf_key(wh_str_t *rest, wh_str_t *key);
static int wh_sf_value(wh_str_t *rest, wh_sf_member_t *member);
static int wh_sf_number(wh_str_t *rest, wh_sf_member_t *member);
static int wh_sf_string(wh_str_t *rest, wh_str_t *value, int escapes);
static int wh_sf_bytes(wh_str_t *rest, wh_str_t *value);
static int wh_sf_boolean(wh_str_t *rest, wh_str_t *value);
static int wh_sf_params(wh_str_t *rest, wh_sf_member_t *member);
static int wh_sf_inner_list(wh_str_t *rest, wh_sf_member_t *member);
static int wh_sf_inner_item(wh_str_t *rest, wh_sf_member_t *item);


static const wh_str_t  wh_sf_true = wh_string("1");


int
wh_sf_member(wh_str_t *rest, wh_sf_member_t *member)
{
    int  rc;

    if (rest->len == 0) {
        return WH_ABSENT;
    }

    if (wh_sf_key(rest, &member->key) != WH_OK) {
        return WH_INVALID;
    }

    member->written.data = rest->data;

    if (rest->len && rest->data[0] == '=') {

        wh_skip(rest, 1);

        member->written.data = rest->data;

        rc = (rest->len && rest->data[0] == '(')
             ? wh_sf_inner_list(rest, member) : wh_sf_value(rest, member);

    } else {
        member->type = WH_SF_BOOLEAN;
        member->value = wh_sf_true;
        rc = WH_OK;
    }

    if (rc != WH_OK || wh_sf_params(rest, member) != WH_OK) {
        return WH_INVALID;
    }

    wh_sf_skip_spaces(rest, WH_SPACES);

    if (rest->len == 0) {
        return WH_OK;
    }

    if (rest->data[0] != ',') {
        return WH_INVALID;
    }

    wh_skip(rest, 1);
    wh_sf_skip_spaces(rest, WH_SPACES);

    /* there is a member after each comma */

    return rest->len ? WH_OK : WH_INVALID;
}


int
wh_sf_item(wh_str_t *rest, wh_sf_member_t *item)
{
    wh_sf_skip_spaces(rest, " ");

    return rest->len ? wh_sf_inner_item(rest, item) : WH_ABSENT;
}


int
wh_sf_param(wh_str_t *rest, wh_sf_member_t *param)
{
    if (rest->len == 0 || rest->data[0] != ';') {
        return WH_ABSENT;
    }

    wh_skip(rest, 1);
    wh_sf_skip_spaces(rest, " ");

    if (wh_sf_key(rest, &param->key) != WH_OK) {
        return WH_INVALID;
    }

    param->params.len = 0;
    param->params.data = rest->data;
    param->written = param->params;

    if (rest->len == 0 || rest->data[0] != '=') {
        param->type = WH_SF_BOOLEAN;
        param->value = wh_sf_true;

        return WH_OK;
    }

    wh_skip(rest, 1);

    param->written.data = rest->data;

    if (wh_sf_value(rest, param) != WH_OK) {
        return WH_INVALID;
    }

    param->written.len = rest->data - param->written.data;

    return WH_OK;
}


int
wh_sf_find(wh_str_t dictionary, wh_str_t key, wh_sf_member_t *member)
{
    int             rc;
    wh_sf_member_t  next;
    unsigned        n;

    n = 0;

    while ((rc = wh_sf_member(&dictionary, &next)) == WH_OK) {
        if (wh_equal(next.key, key)) {
            *member = next;
            n++;
        }
    }

    if (rc != WH_ABSENT) {
        return WH_INVALID;
    }

    return n == 0 ? WH_ABSENT : n == 1 ? WH_OK : WH_REPEATED;
}


static unsigned
wh_sf_class(unsigned char c)
{
    if (c >= 'a' && c <= 'z') {
        return WH_SF_KEY_FIRST|WH_SF_KEY|WH_SF_TOKEN_FIRST|WH_SF_TOKEN_REST
               |WH_SF_BASE64;
    }

    if (c >= 'A' && c <= 'Z') {
        return WH_SF_TOKEN_FIRST|WH_SF_TOKEN_REST|WH_SF_BASE64;
    }

    if (c >= '0' && c <= '9') {
        return WH_SF_KEY|WH_SF_TOKEN_REST|WH_SF_BASE64|WH_SF_DIGIT;
    }

    switch (c) {

    case '*':
        return WH_SF_KEY_FIRST|WH_SF_KEY|WH_SF_TOKEN_FIRST|WH_SF_TOKEN_REST;

    case '_':
    case '-':
        return WH_SF_KEY|WH_SF_TOKEN_REST|WH_SF_BASE64;

    case '.':
        return WH_SF_KEY|WH_SF_TOKEN_REST;

    case '+':
    case '/':
        return WH_SF_TOKEN_REST|WH_SF_BASE64;

    case '=':
        return WH_SF_BASE64;

    case '\0':
        return 0;

    default:
        return strchr(":!#$%&'^`|~", c) ? WH_SF_TOKEN_REST : 0;
    }
}


/* Cuts off the bytes of a class. */

static wh_str_t
wh_sf_run(wh_str_t *rest, unsigned class)
{
    wh_str_t  run;

    run.data = rest->data;

    while (rest->len && (wh_sf_class(rest->data[0]) & class)) {
        wh_skip(rest, 1);
    }

    run.len = rest->data - run.data;

    return run;
}


static void
wh_sf_skip_spaces(wh_str_t *text, const char *spaces)
{
    while (text->len && text->data[0] && strchr(spaces, text->data[0])) {
        wh_skip(text, 1);
    }
}


static int
wh_sf_key(wh_str_t *rest, wh_str_t *key)
{
    if (rest->len == 0 || !(wh_sf_class(rest->data[0]) & WH_SF_KEY_FIRST)) {
        return WH_INVALID;
    }

    *key = wh_sf_run(rest, WH_SF_KEY);

    return WH_OK;
}


static int
wh_sf_value(wh_str_t *rest, wh_sf_member_t *member)
{
    if (rest->len == 0) {
        return WH_INVALID;
    }

    switch (rest->data[0]) {

    case '"':
        member->type = WH_SF_STRING;
        return wh_sf_string(rest, &member->value, 1);

    case ':':
        member->type = WH_SF_BYTES;
        return wh_sf_bytes(rest, &member->value);

    case '?':
        member->type = WH_SF_BOOLEAN;
        return wh_sf_boolean(rest, &member->value);

    case '%':

        if (rest->len < 2 || rest->data[1] != '"') {
            return WH_INVALID;
        }

        wh_skip(rest, 1);

        /* UTF-8 in it is not looked at, nobody here takes one */

        member->type = WH_SF_DISPLAY_STRING;
        return wh_sf_string(rest, &member->value, 0);

    case '@':
        wh_skip(rest, 1);

        if (wh_sf_number(rest, member) != WH_OK
            || member->type != WH_SF_INTEGER)
        {
            return WH_INVALID;
        }

        member->type = WH_SF_DATE;
        return WH_OK;

    default:

        if (wh_sf_class(rest->data[0]) & WH_SF_TOKEN_FIRST) {
            member->type = WH_SF_TOKEN;
            member->value = wh_sf_run(rest, WH_SF_TOKEN_REST);

            return WH_OK;
        }

        return wh_sf_number(rest, member);
    }
}


static int
wh_sf_number(wh_str_t *rest, wh_sf_member_t *member)
{
    size_t  digits, fraction;

    member->value.data = rest->data;

    if (rest->len && rest->data[0] == '-') {
        wh_skip(rest, 1);
    }

    digits = wh_sf_run(rest, WH_SF_DIGIT).len;

    if (digits == 0 || digits > WH_SF_INTEGER_DIGITS) {
        return WH_INVALID;
    }

    member->type = WH_SF_INTEGER;

    if (rest->len && rest->data[0] == '.') {

        wh_skip(rest, 1);

        fraction = wh_sf_run(rest, WH_SF_DIGIT).len;

        if (digits > WH_SF_DECIMAL_DIGITS
            || fraction == 0
            || fraction > WH_SF_FRACTION_DIGITS)
        {
            return WH_INVALID;
        }

        member->type = WH_SF_DECIMAL;
    }

    member->value.len = rest->data - member->value.data;

    return WH_OK;
}


/* What is between quotes; a string has escapes, a display string has not. */

static int
wh_sf_string(wh_str_t *rest, wh_str_t *value, int escapes)
{
    unsigned char  c;

    wh_skip(rest, 1);

    value->data = rest->data;

    while (rest->len) {

        c = rest->data[0];

        if (c == '"') {
            value->len = rest->data - value->data;
            wh_skip(rest, 1);

            return WH_OK;
        }

        if (c < 0x20 || c > 0x7e) {
            return WH_INVALID;
        }

        if (escapes && c == '\\') {

            if (rest->len < 2
                || (rest->data[1] != '"' && rest->data[1] != '\\'))
            {
                return WH_INVALID;
            }

            wh_skip(rest, 1);
        }

        wh_skip(rest, 1);
    }

    return WH_INVALID;
}


static int
wh_sf_bytes(wh_str_t *rest, wh_str_t *value)
{
    wh_skip(rest, 1);

    *value = wh_sf_run(rest, WH_SF_BASE64);

    if (rest->len == 0 || rest->data[0] != ':') {
        return WH_INVALID;
    }

    wh_skip(rest, 1);

    return WH_OK;
}


static int
wh_sf_boolean(wh_str_t *rest, wh_str_t *value)
{
    if (rest->len < 2 || (rest->data[1] != '0' && rest->data[1] != '1')) {
        return WH_INVALID;
    }

    value->data = rest->data + 1;
    value->len = 1;

    wh_skip(rest, 2);

    return WH_OK;
}


/* The parameters of a member whose value has been cut off. */

static int
wh_sf_params(wh_str_t *rest, wh_sf_member_t *member)
{
    int             rc;
    wh_sf_member_t  param;

    member->params.data = rest->data;

    while ((rc = wh_sf_param(rest, &param)) == WH_OK) { /* void */ }

    member->params.len = rest->data - member->params.data;
    member->written.len = rest->data - member->written.data;

    return rc == WH_ABSENT ? WH_OK : WH_INVALID;
}


static int
wh_sf_inner_list(wh_str_t *rest, wh_sf_member_t *member)
{
    wh_sf_member_t  item;

    member->type = WH_SF_LIST;

    wh_skip(rest, 1);

    member->value.data = rest->data;

    for ( ;; ) {

        wh_sf_skip_spaces(rest, " ");

        if (rest->len == 0) {
            return WH_INVALID;
        }

        if (rest->data[0] == ')') {
            member->value.len = rest->data - member->value.data;
            wh_skip(rest, 1);

            return WH_OK;
        }

        if (wh_sf_inner_item(rest, &item) != WH_OK) {
            return WH_INVALID;
        }
    }
}


/* An item with its parameters, after which there is a space or the end. */

static int
wh_sf_inner_item(wh_str_t *rest, wh_sf_member_t *item)
{
    item->key.len = 0;
    item->key.data = NULL;
    item->written.data = rest->data;

    if (wh_sf_value(rest, item) != WH_OK
        || wh_sf_params(rest, item) != WH_OK)
    {
        return WH_INVALID;
    }

    return rest->len == 0 || rest->data[0] == ' ' || rest->data[0] == ')'
           ? WH_OK : WH_INVALID;
}


int
wh_sf_decode(wh_str_t text, wh_encoding_e encoding, unsigned char *bytes,
    size_t *len)
{
    size_t  room;

    room = *len;

    if (wh_decode(WH_BASE64, text, bytes, len) == WH_OK) {
        return WH_OK;
    }

    *len = room;

    return encoding == WH_BASE64URL ? wh_decode(encoding, text, bytes, len)
                                    : WH_INVALID;
}
