
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * JSON Web Tokens with HS256 (RFC 7515, 7519) that have a digest of the body.
 */


#include <string.h>

#include "wh_decode.h"
#include "wh_json.h"
#include "wh_jwt.h"
#include "wh_str.h"
#include "wh_time.h"


/* In the order in which they are added to their sets. */

enum {
    WH_JWT_ALG = 0,
    WH_JWT_CRIT
};


enum {
    WH_JWT_ISS = 0,
    WH_JWT_EXP,
    WH_JWT_NBF
};


static int wh_jwt_part(wh_str_t *rest, wh_str_t *part);
static int wh_jwt_add(wh_json_set_t *set, wh_str_t pointer, size_t *index);
static int wh_jwt_parse(const wh_json_set_t *set, wh_str_t part,
    unsigned char *buf, wh_json_t **json);
static wh_jwt_verdict_e wh_jwt_check_header(wh_json_t *json);
static wh_jwt_verdict_e wh_jwt_check_claims(const wh_jwt_claims_t *claims,
    wh_json_t *json, int64_t now, unsigned char *digest);
static int wh_jwt_time(const wh_json_value_t *value, int64_t *time);


int
wh_jwt_split(wh_str_t token, wh_jwt_t *jwt)
{
    size_t    len;
    wh_str_t  rest;

    rest = token;
    len = sizeof(jwt->mac);

    if (token.len == 0
        || memchr(token.data, '=', token.len) != NULL
        || wh_jwt_part(&rest, &jwt->header) != WH_OK
        || wh_jwt_part(&rest, &jwt->claims) != WH_OK
        || wh_decode(WH_BASE64URL, rest, jwt->mac, &len) != WH_OK
        || len != sizeof(jwt->mac))
    {
        return WH_INVALID;
    }

    jwt->message.data = token.data;
    jwt->message.len = jwt->claims.data + jwt->claims.len - token.data;

    return WH_OK;
}


/* Cuts off what is before the next dot. */

static int
wh_jwt_part(wh_str_t *rest, wh_str_t *part)
{
    const unsigned char  *dot;

    dot = memchr(rest->data, '.', rest->len);

    if (dot == NULL || dot == rest->data) {
        return WH_INVALID;
    }

    part->data = rest->data;
    part->len = dot - rest->data;

    rest->data = dot + 1;
    rest->len -= part->len + 1;

    return WH_OK;
}


int
wh_jwt_claims_init(wh_jwt_claims_t *claims, wh_str_t issuer, wh_str_t digest)
{
    size_t  index;

    static const wh_str_t  header[] = {
        wh_string("/alg"), wh_string("/crit")
    };

    static const wh_str_t  names[] = {
        wh_string("/iss"), wh_string("/exp"), wh_string("/nbf")
    };

    claims->issuer = issuer;
    claims->header = wh_json_set_create();
    claims->payload = wh_json_set_create();

    if (claims->header == NULL
        || claims->payload == NULL
        || wh_jwt_add(claims->header, header[WH_JWT_ALG], &index) != WH_OK
        || wh_jwt_add(claims->header, header[WH_JWT_CRIT], &index) != WH_OK
        || wh_jwt_add(claims->payload, names[WH_JWT_ISS], &index) != WH_OK
        || wh_jwt_add(claims->payload, names[WH_JWT_EXP], &index) != WH_OK
        || wh_jwt_add(claims->payload, names[WH_JWT_NBF], &index) != WH_OK)
    {
        return WH_ERROR;
    }

    return wh_jwt_add(claims->payload, digest, &claims->digest);
}


static int
wh_jwt_add(wh_json_set_t *set, wh_str_t pointer, size_t *index)
{
    const char  *error;

    return wh_json_set_add(set, pointer, index, &error);
}


void
wh_jwt_claims_free(wh_jwt_claims_t *claims)
{
    wh_json_set_free(claims->header);
    wh_json_set_free(claims->payload);

    claims->header = NULL;
    claims->payload = NULL;
}


wh_jwt_verdict_e
wh_jwt_check(const wh_jwt_claims_t *claims, const wh_jwt_t *jwt, int64_t now,
    unsigned char *buf, unsigned char *digest)
{
    int                rc;
    wh_json_t         *json;
    wh_jwt_verdict_e   verdict;

    rc = wh_jwt_parse(claims->header, jwt->header, buf, &json);
    verdict = (rc == WH_OK) ? wh_jwt_check_header(json) : WH_JWT_MALFORMED;

    wh_json_free(json);

    if (rc == WH_OK && verdict == WH_JWT_FINE) {

        rc = wh_jwt_parse(claims->payload, jwt->claims, buf, &json);
        verdict = (rc == WH_OK)
                  ? wh_jwt_check_claims(claims, json, now, digest)
                  : WH_JWT_MALFORMED;

        wh_json_free(json);
    }

    return (rc == WH_ERROR) ? WH_JWT_NO_MEMORY : verdict;
}


/* Reads one part; no pointer's member may come twice. */

static int
wh_jwt_parse(const wh_json_set_t *set, wh_str_t part, unsigned char *buf,
    wh_json_t **json)
{
    int     rc;
    size_t  i, len;

    *json = NULL;
    len = part.len;

    rc = wh_decode(WH_BASE64URL, part, buf, &len);

    if (rc != WH_OK) {
        return rc;
    }

    *json = wh_json_create(set, NULL, NULL, NULL);

    if (*json == NULL) {
        return WH_ERROR;
    }

    rc = wh_json_parse(*json, buf, len);

    if (rc == WH_OK) {
        rc = wh_json_end(*json);
    }

    for (i = 0; rc == WH_OK && i < set->pointers; i++) {
        if (wh_json_value(*json, i)->repeated) {
            rc = WH_INVALID;
        }
    }

    return rc;
}


static wh_jwt_verdict_e
wh_jwt_check_header(wh_json_t *json)
{
    const wh_json_value_t  *alg, *crit;

    static const wh_str_t  hs256 = wh_string("HS256");

    alg = wh_json_value(json, WH_JWT_ALG);
    crit = wh_json_value(json, WH_JWT_CRIT);

    if (alg->type != WH_JSON_STRING
        || !wh_equal(alg->text, hs256)
        || crit->type != WH_JSON_ABSENT)
    {
        return WH_JWT_MALFORMED;
    }

    return WH_JWT_FINE;
}


static wh_jwt_verdict_e
wh_jwt_check_claims(const wh_jwt_claims_t *claims, wh_json_t *json, int64_t now,
    unsigned char *digest)
{
    size_t                  len;
    int64_t                 time;
    const wh_json_value_t  *iss, *exp, *nbf, *hex;

    iss = wh_json_value(json, WH_JWT_ISS);
    exp = wh_json_value(json, WH_JWT_EXP);
    nbf = wh_json_value(json, WH_JWT_NBF);
    hex = wh_json_value(json, claims->digest);

    len = WH_JWT_SIZE;

    if (hex->type != WH_JSON_STRING
        || wh_decode(WH_HEX, hex->text, digest, &len) != WH_OK
        || len != WH_JWT_SIZE)
    {
        return WH_JWT_MALFORMED;
    }

    if (claims->issuer.len
        && (iss->type != WH_JSON_STRING
            || !wh_equal(iss->text, claims->issuer)))
    {
        return WH_JWT_WRONG_ISSUER;
    }

    if (exp->type != WH_JSON_ABSENT) {

        if (wh_jwt_time(exp, &time) != WH_OK) {
            return WH_JWT_MALFORMED;
        }

        if (now >= time) {
            return WH_JWT_EXPIRED;
        }
    }

    if (nbf->type != WH_JSON_ABSENT) {

        if (wh_jwt_time(nbf, &time) != WH_OK) {
            return WH_JWT_MALFORMED;
        }

        if (now < time) {
            return WH_JWT_EARLY;
        }
    }

    return WH_JWT_FINE;
}


static int
wh_jwt_time(const wh_json_value_t *value, int64_t *time)
{
    return value->type == WH_JSON_INTEGER
           ? wh_time_parse(value->text, WH_TIME_S, time) : WH_INVALID;
}
