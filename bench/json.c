
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What bench/json measures: a document is parsed with rules, or by
 * yajl with empty callbacks, so many times.
 *
 *     json yajl|rules FILE TIMES
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "wh_constraint.h"


#define PIECE  65536               /* as nginx's side feeds it */


static int nothing(void *ctx);
static int boolean(void *ctx, int value);
static int text(void *ctx, const char *p, size_t len);
static int string(void *ctx, const unsigned char *p, size_t len);

static int parse(const unsigned char *p, size_t len);
static int parse_rules(const wh_json_set_t *set, const wh_constraint_t *rules,
    const unsigned char *p, size_t len);


static const yajl_callbacks  callbacks = {
    nothing, boolean, NULL, NULL, text, string,
    nothing, string, nothing, nothing, nothing
};


/* as many as stackstate-strict has, nearly */

static const char  *lines[][3] = {
    { "/id", "string", "min_length=1" },
    { "/event/type", "string", "enum=open|close" },
    { "/event/title", "string", "optional" },
    { "/event/time", "integer", "min=0" },
    { "/component/name", "string", "optional" },
    { "/component/tags", "array", "optional" },
    { "/monitor/name", "string", "max_length=100" },
    { "/metadata", "object", "optional" }
};

#define LINES  (sizeof(lines) / sizeof(lines[0]))


int
main(int argc, char **argv)
{
    int              rc;
    long             n, times;
    FILE            *file;
    size_t           i, k, len, word;
    wh_str_t         words[3];
    const char      *error;
    unsigned char   *document;
    wh_json_set_t   *set;
    wh_constraint_t  rules[LINES];

    if (argc != 4) {
        return 2;
    }

    file = fopen(argv[2], "rb");
    document = malloc(4 << 20);

    if (file == NULL || document == NULL) {
        return 2;
    }

    len = fread(document, 1, 4 << 20, file);
    fclose(file);

    times = atol(argv[3]);
    set = wh_json_set_create();

    for (i = 0; i < LINES; i++) {

        for (k = 0; k < 3; k++) {
            words[k].data = (const unsigned char *) lines[i][k];
            words[k].len = strlen(lines[i][k]);
        }

        if (wh_constraint_parse(&rules[i], set, words, 3, &word, &error)
            != WH_OK)
        {
            return 2;
        }
    }

    for (n = 0, rc = 0; n < times && rc == 0; n++) {
        rc = (argv[1][0] == 'y') ? parse(document, len)
                                 : parse_rules(set, rules, document, len);
    }

    wh_json_set_free(set);
    free(document);

    return rc;
}


static int
parse(const unsigned char *p, size_t len)
{
    size_t       n;
    yajl_handle  yajl;

    yajl = yajl_alloc(&callbacks, NULL, NULL);

    for ( /* void */ ; len; p += n, len -= n) {
        n = (len < PIECE) ? len : PIECE;

        if (yajl_parse(yajl, p, n) != yajl_status_ok) {
            return 1;
        }
    }

    if (yajl_complete_parse(yajl) != yajl_status_ok) {
        return 1;
    }

    yajl_free(yajl);

    return 0;
}


static int
parse_rules(const wh_json_set_t *set, const wh_constraint_t *rules,
    const unsigned char *p, size_t len)
{
    size_t       i, n;
    wh_str_t     event;
    wh_json_t   *json;
    const char  *violation;

    event.data = NULL;
    event.len = 0;

    json = wh_json_create(set, NULL, NULL, NULL);

    for ( /* void */ ; len; p += n, len -= n) {
        n = (len < PIECE) ? len : PIECE;

        if (wh_json_parse(json, p, n) != WH_OK) {
            return 1;
        }
    }

    if (wh_json_end(json) != WH_OK) {
        return 1;
    }

    for (i = 0; i < LINES; i++) {
        if (wh_constraint_check(&rules[i], json, event, 0, &violation)
            != WH_OK)
        {
            return 1;
        }
    }

    wh_json_free(json);

    return 0;
}


static int
nothing(void *ctx)
{
    (void) ctx;

    return 1;
}


static int
boolean(void *ctx, int value)
{
    (void) ctx;
    (void) value;

    return 1;
}


static int
text(void *ctx, const char *p, size_t len)
{
    (void) ctx;
    (void) p;
    (void) len;

    return 1;
}


static int
string(void *ctx, const unsigned char *p, size_t len)
{
    (void) ctx;
    (void) p;
    (void) len;

    return 1;
}
