
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The parser: the verdict and the values must not depend on how a document
 * is cut, nor on whether anybody is told of what no pointer leads to.  The
 * first byte is the length of the pieces.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_json.h"


#define POINTERS  5


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
static wh_json_t *parse(const wh_json_set_t *set, const uint8_t *data,
    size_t len, size_t cut, size_t gather, wh_json_observer_pt observer);
static int observe(void *data, wh_json_event_e event, wh_str_t text);
static void same(const wh_json_value_t *a, const wh_json_value_t *b);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t      i, index;
    wh_str_t    pointer;
    wh_json_t  *whole, *cut;
    const char *error;

    static wh_json_set_t  *set;

    static const char  *pointers[POINTERS] = {
        "", "/a", "/a/b", "/0", "/a/0/b"
    };

    if (set == NULL) {
        set = wh_json_set_create();

        for (i = 0; i < POINTERS; i++) {
            pointer.data = (const unsigned char *) pointers[i];
            pointer.len = strlen(pointers[i]);
            (void) wh_json_set_add(set, pointer, &index, &error);
        }
    }

    if (len == 0) {
        return 0;
    }

    whole = parse(set, data + 1, len - 1, len, 0, observe);
    cut = parse(set, data + 1, len - 1, data[0] + 1, 1, NULL);

    if (wh_json_end(whole) != wh_json_end(cut)) {
        abort();
    }

    /* a token that is too long may be found bad first, or too long first */

    if (wh_json_error(whole) != wh_json_error(cut)
        && wh_json_error(whole) != WH_JSON_LONG_TOKEN
        && wh_json_error(cut) != WH_JSON_LONG_TOKEN)
    {
        abort();
    }

    if (wh_json_end(whole) == WH_OK) {

        for (i = 0; i < POINTERS; i++) {
            same(wh_json_value(whole, i), wh_json_value(cut, i));
        }
    }

    wh_json_free(whole);
    wh_json_free(cut);

    return 0;
}


static wh_json_t *
parse(const wh_json_set_t *set, const uint8_t *data, size_t len, size_t cut,
    size_t gather, wh_json_observer_pt observer)
{
    size_t             n;
    uint8_t           *piece;
    wh_json_t         *json;
    wh_json_limits_t   limits;

    memset(&limits, 0, sizeof(wh_json_limits_t));

    limits.depth = 8;
    limits.name = 16;
    limits.value = 32;
    limits.token = 64;
    limits.piece = gather;

    json = wh_json_create(set, &limits, observer, NULL);

    while (len > 0) {
        n = (len < cut) ? len : cut;

        piece = malloc(n);
        memcpy(piece, data, n);
        (void) wh_json_parse(json, piece, n);
        free(piece);

        data += n;
        len -= n;
    }

    (void) wh_json_end(json);

    return json;
}


static int
observe(void *data, wh_json_event_e event, wh_str_t text)
{
    (void) data;
    (void) event;
    (void) text;

    return WH_OK;
}


static void
same(const wh_json_value_t *a, const wh_json_value_t *b)
{
    if (a->type != b->type || a->repeated != b->repeated
        || a->count != b->count || a->size != b->size
        || a->text.len != b->text.len
        || (a->text.len > 0
            && memcmp(a->text.data, b->text.data, a->text.len) != 0))
    {
        abort();
    }
}
