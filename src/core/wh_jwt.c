
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The claims of JSON Web Tokens (RFC 7519).
 */


#include "wh_jwt.h"
#include "wh_str.h"


#define WH_JWT_MAX_TIME  9007199254740991   /* 2^53 - 1: exact in a double */


/* In the order in which they are added to the set. */

enum {
    WH_JWT_ISS = 0,
    WH_JWT_EXP,
    WH_JWT_NBF,
    WH_JWT_ROOT,
    WH_JWT_POINTERS
};


static wh_jwt_verdict_e wh_jwt_check_times(const wh_jwt_rules_t *rules,
    const wh_json_t *json, int64_t now);
static int wh_jwt_time(const wh_json_value_t *value, int64_t *sec);


wh_json_set_t *
wh_jwt_set(void)
{
    static const wh_str_t  names[WH_JWT_POINTERS] = {
        wh_string("/iss"), wh_string("/exp"), wh_string("/nbf"), wh_string("")
    };

    return wh_json_set_of(names, WH_JWT_POINTERS);
}


int
wh_jwt_parse(const wh_json_set_t *set, wh_str_t encoded, unsigned char *buf,
    wh_str_t *text, wh_json_t **json)
{
    int     rc;
    size_t  i, len;

    *json = NULL;
    len = encoded.len;

    rc = wh_decode(WH_BASE64URL, encoded, buf, &len);

    if (rc != WH_OK) {
        return rc;
    }

    text->data = buf;
    text->len = len;

    *json = wh_json_create(set, NULL, NULL, NULL);

    if (*json == NULL) {
        return WH_ERROR;
    }

    (void) wh_json_parse(*json, buf, len);
    rc = wh_json_end(*json);

    for (i = 0; rc == WH_OK && i < set->pointers; i++) {
        if (wh_json_value(*json, i)->repeated) {
            rc = WH_INVALID;
        }
    }

    if (rc == WH_OK
        && wh_json_value(*json, WH_JWT_ROOT)->type != WH_JSON_OBJECT)
    {
        rc = WH_INVALID;
    }

    return rc;
}


wh_jwt_verdict_e
wh_jwt_check(const wh_jwt_rules_t *rules, const wh_json_t *json, int64_t now,
    unsigned char *digest)
{
    size_t                  len;
    const wh_json_value_t  *iss, *text;

    if (rules->digest != WH_JSON_NONE) {

        text = wh_json_value(json, rules->digest);
        len = WH_JWT_SIZE;

        if (text->type != WH_JSON_STRING
            || wh_decode(rules->encoding, text->text, digest, &len) != WH_OK
            || len != WH_JWT_SIZE)
        {
            return WH_JWT_MALFORMED;
        }
    }

    iss = wh_json_value(json, WH_JWT_ISS);

    if (rules->issuer.len
        && (iss->type != WH_JSON_STRING
            || !wh_equal(iss->text, rules->issuer)))
    {
        return WH_JWT_WRONG_ISSUER;
    }

    return wh_jwt_check_times(rules, json, now);
}


static wh_jwt_verdict_e
wh_jwt_check_times(const wh_jwt_rules_t *rules, const wh_json_t *json,
    int64_t now)
{
    int64_t                 sec;
    const wh_json_value_t  *exp, *nbf;

    exp = wh_json_value(json, WH_JWT_EXP);
    nbf = wh_json_value(json, WH_JWT_NBF);

    sec = WH_JWT_MAX_TIME;

    if ((exp->type == WH_JSON_ABSENT && rules->expires)
        || wh_jwt_time(exp, &sec) != WH_OK)
    {
        return WH_JWT_MALFORMED;
    }

    if (now >= sec + WH_JWT_LEEWAY) {
        return WH_JWT_EXPIRED;
    }

    sec = 0;

    if (wh_jwt_time(nbf, &sec) != WH_OK) {
        return WH_JWT_MALFORMED;
    }

    return (now < sec - WH_JWT_LEEWAY) ? WH_JWT_EARLY : WH_JWT_FINE;
}


/* A NumericDate in seconds since 1970, or *sec as it is if there is none. */

static int
wh_jwt_time(const wh_json_value_t *value, int64_t *sec)
{
    size_t         i;
    unsigned char  c;

    if (value->type == WH_JSON_ABSENT) {
        return WH_OK;
    }

    if (value->type != WH_JSON_INTEGER && value->type != WH_JSON_NUMBER) {
        return WH_INVALID;
    }

    *sec = 0;

    for (i = 0; i < value->text.len && value->text.data[i] != '.'; i++) {

        c = value->text.data[i];

        if (c < '0' || c > '9' || *sec > WH_JWT_MAX_TIME / 10) {
            return WH_INVALID;
        }

        *sec = *sec * 10 + (c - '0');
    }

    if (*sec > WH_JWT_MAX_TIME) {
        return WH_INVALID;
    }

    /* a fraction has digits, and no exponent */

    for (i++; i < value->text.len; i++) {

        c = value->text.data[i];

        if (c < '0' || c > '9') {
            return WH_INVALID;
        }
    }

    return WH_OK;
}
