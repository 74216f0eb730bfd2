
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_claim: what a claim has to be.
 */


#include <string.h>

#include "tap.h"
#include "wh_claim.h"


static int check(const char *pointer, const wh_str_t *values, size_t n,
    const char *claims);


int
main(void)
{
    size_t         i;
    wh_str_t       values[2], pointer;
    wh_claim_t     claim;
    wh_json_set_t *set;
    char           text[600];

    static const struct {
        const char  *pointer;
        const char  *claims;
        int          rc;
    } cases[] = {
        { "/aud", "{\"aud\":\"us\"}", WH_OK },
        { "/aud", "{\"aud\":\"\\u0075s\"}", WH_OK },
        { "/aud", "{\"aud\":\"them\"}", WH_OK },
        { "/aud", "{\"aud\":[\"others\",\"us\"]}", WH_OK },
        { "/aud", "{\"aud\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\","
          "\"i\",\"j\",\"k\",\"l\",\"m\",\"n\",\"o\",\"us\"]}", WH_OK },
        { "/aud", "{\"aud\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\","
          "\"i\",\"j\",\"k\",\"l\",\"m\",\"n\",\"o\",\"p\",\"us\"]}",
          WH_INVALID },
        { "/aud", "{\"aud\":\"US\"}", WH_INVALID },
        { "/aud", "{\"aud\":\"us \"}", WH_INVALID },
        { "/aud", "{\"aud\":\"\"}", WH_INVALID },
        { "/aud", "{\"aud\":[]}", WH_INVALID },
        { "/aud", "{\"aud\":[[\"us\"]]}", WH_INVALID },
        { "/aud", "{\"aud\":{\"0\":\"us\"}}", WH_INVALID },
        { "/aud", "{\"aud\":null}", WH_INVALID },
        { "/aud", "{}", WH_INVALID },
        { "/a/b", "{\"a\":{\"b\":\"us\"}}", WH_OK },
        { "/a/1", "{\"a\":[\"them\",\"x\"]}", WH_INVALID },
        { "/a/0", "{\"a\":[\"them\",\"x\"]}", WH_OK }
    };

    values[0] = str("us");
    values[1] = str("them");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(check(cases[i].pointer, values, 2, cases[i].claims) == cases[i].rc,
           "%s in %s", cases[i].pointer, cases[i].claims);
    }

    values[0] = str("true");
    ok(check("/a", values, 1, "{\"a\":true}") == WH_OK
       && check("/a", values, 1, "{\"a\":false}") == WH_INVALID, "a boolean");

    values[0] = str("17");
    ok(check("/a", values, 1, "{\"a\":17}") == WH_OK
       && check("/a", values, 1, "{\"a\":17.0}") == WH_INVALID
       && check("/a", values, 1, "{\"a\":1.7e1}") == WH_INVALID, "an integer");

    set = wh_json_set_create();
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    pointer.data = (unsigned char *) text;
    pointer.len = 512;

    ok(wh_claim_init(&claim, set, pointer, values, 1) == WH_OK
       && wh_claim_init(&claim, set, str("aud"), values, 1) == WH_INVALID,
       "pointers");

    pointer.len++;
    ok(wh_claim_init(&claim, set, pointer, values, 1) == WH_INVALID,
       "one that is too long");

    wh_json_set_free(set);

    return done_testing();
}


static int
check(const char *pointer, const wh_str_t *values, size_t n,
    const char *claims)
{
    int             rc;
    wh_json_t      *json;
    wh_claim_t      claim;
    wh_json_set_t  *set;

    set = wh_json_set_create();
    rc = wh_claim_init(&claim, set, str(pointer), values, n);

    json = wh_json_create(set, NULL, NULL, NULL);

    if (rc == WH_OK
        && wh_json_parse(json, (unsigned char *) claims, strlen(claims))
           == WH_OK
        && wh_json_end(json) == WH_OK)
    {
        rc = wh_claim_check(&claim, json) ? WH_OK : WH_INVALID;

    } else {
        rc = WH_ERROR;
    }

    wh_json_free(json);
    wh_json_set_free(set);

    return rc;
}
