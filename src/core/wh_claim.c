
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What a claim of a token has to be, one of some values (RFC 7519, 4.1.3).
 */


#include <stdio.h>
#include <string.h>

#include "wh_claim.h"
#include "wh_str.h"


static const wh_str_t *wh_claim_is(const wh_claim_t *claim,
    const wh_json_value_t *value);


int
wh_claim_init(wh_claim_t *claim, wh_json_set_t *set, wh_str_t pointer,
    const wh_str_t *values, size_t n)
{
    int          rc;
    char         text[WH_CLAIM_POINTER + sizeof("/99")];
    size_t       i;
    wh_str_t     element;
    const char  *error;

    claim->values = values;
    claim->n = n;

    if (pointer.len > WH_CLAIM_POINTER) {
        return WH_INVALID;
    }

    rc = wh_json_set_add(set, pointer, &claim->index, &error);

    memcpy(text, pointer.data, pointer.len);
    element.data = (unsigned char *) text;

    for (i = 0; i < WH_CLAIM_ELEMENTS && rc == WH_OK; i++) {

        element.len = pointer.len + snprintf(text + pointer.len,
                                             sizeof("/99"), "/%u",
                                             (unsigned) i);

        rc = wh_json_set_add(set, element, &claim->elements[i], &error);
    }

    return rc;
}


const wh_str_t *
wh_claim_check(const wh_claim_t *claim, const wh_json_t *json)
{
    size_t                  i;
    const wh_str_t         *is;
    const wh_json_value_t  *value;

    value = wh_json_value(json, claim->index);

    if (value->type != WH_JSON_ARRAY) {
        return wh_claim_is(claim, value);
    }

    is = NULL;

    for (i = 0; i < WH_CLAIM_ELEMENTS && is == NULL; i++) {
        is = wh_claim_is(claim, wh_json_value(json, claim->elements[i]));
    }

    return is;
}


static const wh_str_t *
wh_claim_is(const wh_claim_t *claim, const wh_json_value_t *value)
{
    size_t  i;

    if (value->type != WH_JSON_STRING
        && value->type != WH_JSON_INTEGER
        && value->type != WH_JSON_BOOLEAN)
    {
        return NULL;
    }

    for (i = 0; i < claim->n; i++) {
        if (wh_equal(value->text, claim->values[i])) {
            return &claim->values[i];
        }
    }

    return NULL;
}
