
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Pointers with "*": each value that they lead to is met once, by the count of
 * an observer that knows nothing of pointers, and of one that is told of values
 * alone.  The first byte is the length of the pieces.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_json.h"
#include "wh_str.h"


#define DEPTH  64


/* Where the observer is: below which member or element of what. */

typedef struct {
    size_t    met;                 /* values at /v/ * /a */
    size_t    depth;
    struct {
        int   array;
        int   is_v;                /* the last member's name */
        int   is_a;
        int   is_star;
    }         level[DEPTH + 1];
} place_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int parse(wh_json_t *json, const uint8_t *data, size_t len);
static int observe(void *data, wh_json_event_e event, wh_str_t text);
static int count(void *data, wh_json_event_e event, wh_str_t text);
static int is_met(const place_t *place);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int                     rc;
    size_t                  index, values;
    place_t                 place;
    wh_json_t              *json, *told;
    const char             *error;
    wh_json_set_t          *set;
    const wh_json_value_t  *value;

    static const wh_str_t  pointer = wh_string("/v/*/a");

    if (len == 0) {
        return 0;
    }

    memset(&place, 0, sizeof(place_t));

    set = wh_json_set_create();

    if (wh_json_set_add_wildcard(set, pointer, &index, &error) != WH_OK) {
        abort();
    }

    json = wh_json_create(set, NULL, observe, &place);

    values = 0;
    told = wh_json_create(set, NULL, count, &values);
    wh_json_observe_values(told);

    rc = parse(json, data, len);

    if (parse(told, data, len) != rc) {
        abort();
    }

    if (rc == WH_OK) {

        value = wh_json_value(json, index);

        if (value->count != place.met || value->count != values) {
            abort();
        }
    }

    wh_json_free(told);
    wh_json_free(json);
    wh_json_set_free(set);

    return 0;
}


static int
parse(wh_json_t *json, const uint8_t *data, size_t len)
{
    int     rc;
    size_t  i, n;

    rc = WH_OK;

    for (i = 1; i < len && rc == WH_OK; i += n) {
        n = len - i < data[0] + 1u ? len - i : data[0] + 1u;
        rc = wh_json_parse(json, data + i, n);
    }

    return rc == WH_OK ? wh_json_end(json) : rc;
}


static int
count(void *data, wh_json_event_e event, wh_str_t text)
{
    size_t  *values = data;

    (void) event;
    (void) text;

    (*values)++;

    return WH_OK;
}


static int
observe(void *data, wh_json_event_e event, wh_str_t text)
{
    place_t  *place;

    static const wh_str_t  v = wh_string("v");
    static const wh_str_t  a = wh_string("a");
    static const wh_str_t  star = wh_string("*");

    place = data;

    switch (event) {

    case WH_JSON_ON_NAME:
        place->level[place->depth].is_v = wh_equal(text, v);
        place->level[place->depth].is_a = wh_equal(text, a);
        place->level[place->depth].is_star = wh_equal(text, star);
        return WH_OK;

    case WH_JSON_ON_OBJECT_END:
    case WH_JSON_ON_ARRAY_END:
        place->depth--;
        return WH_OK;

    default:
        place->met += is_met(place);
        break;
    }

    if (event == WH_JSON_ON_OBJECT || event == WH_JSON_ON_ARRAY) {

        if (place->depth++ == DEPTH) {
            abort();
        }

        memset(&place->level[place->depth], 0, sizeof(place->level[0]));
        place->level[place->depth].array = (event == WH_JSON_ON_ARRAY);
    }

    return WH_OK;
}


/* A member whose name is "*" is one that such a pointer names, too. */

static int
is_met(const place_t *place)
{
    return place->depth == 3
           && place->level[1].is_v
           && (place->level[2].array || place->level[2].is_star)
           && place->level[3].is_a;
}
