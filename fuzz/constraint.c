
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Constraints: the first line is one, its words with spaces between them, the
 * rest a document.  However the document is cut, the verdict is
 * the same; the order of two numbers is one.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_constraint.h"


#define WORDS  16


typedef struct {
    int            rc;
    const char    *violation;
} verdict_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t cut_words(const uint8_t *p, const uint8_t *last,
    wh_str_t *words);
static int matches(void *data, wh_str_t subject);
static verdict_t verdict(const wh_json_set_t *set, const wh_constraint_t *c,
    const uint8_t *p, size_t len, size_t piece);
static void order(const wh_constraint_t *c, const wh_json_t *json);
static int outside(const char *bound, wh_str_t limit, wh_str_t number);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int              rc;
    size_t           n, word;
    wh_str_t         words[WORDS];
    verdict_t        whole, cut;
    const char      *error;
    wh_json_set_t   *set;
    const uint8_t   *line;
    wh_constraint_t  c;

    line = len ? memchr(data, '\n', len) : NULL;

    if (line == NULL) {
        return 0;
    }

    n = cut_words(data, line, words);
    set = wh_json_set_create();

    rc = wh_constraint_parse(&c, set, words, n, &word, &error);

    if ((rc == WH_OK) != (error == NULL) || word > n) {
        abort();
    }

    if (rc == WH_OK) {
        line++;
        len -= line - data;

        c.match = matches;

        whole = verdict(set, &c, line, len, len);
        cut = verdict(set, &c, line, len, 1 + len / 3);

        if (whole.rc != cut.rc || whole.violation != cut.violation) {
            abort();
        }
    }

    wh_json_set_free(set);

    return 0;
}


static size_t
cut_words(const uint8_t *p, const uint8_t *last, wh_str_t *words)
{
    size_t          n;
    const uint8_t  *space;

    for (n = 0; n < WORDS; n++) {

        space = memchr(p, ' ', last - p);

        words[n].data = p;
        words[n].len = (space ? space : last) - p;

        if (space == NULL) {
            return n + 1;
        }

        p = space + 1;
    }

    return n;
}


/* Reads all that it is given. */

static int
matches(void *data, wh_str_t subject)
{
    size_t         i;
    unsigned char  sum;

    (void) data;

    for (i = 0, sum = 0; i < subject.len; i++) {
        sum += subject.data[i];
    }

    return (sum & 1) ? WH_OK : WH_INVALID;
}


static verdict_t
verdict(const wh_json_set_t *set, const wh_constraint_t *c, const uint8_t *p,
    size_t len, size_t piece)
{
    size_t      n;
    verdict_t   v;
    wh_json_t  *json;

    static const wh_str_t  event = wh_string("push");

    v.rc = WH_OK;
    v.violation = NULL;

    json = wh_json_create(set, NULL, NULL, NULL);

    for ( /* void */ ; len && v.rc == WH_OK; p += n, len -= n) {
        n = (len < piece) ? len : piece;
        v.rc = wh_json_parse(json, p, n);
    }

    if (v.rc == WH_OK) {
        v.rc = wh_json_end(json);
    }

    if (v.rc == WH_OK) {
        v.rc = wh_constraint_check(c, json, event, 1700000000, &v.violation);

        if ((v.rc == WH_OK) != (v.violation == NULL)) {
            abort();
        }

        order(c, json);
    }

    wh_json_free(json);

    return v;
}


/* When a is less than b, then b is more than a. */

static void
order(const wh_constraint_t *c, const wh_json_t *json)
{
    const wh_json_value_t  *value;

    value = wh_json_value(json, c->index);

    if (c->min.len == 0
        || (value->type != WH_JSON_INTEGER && value->type != WH_JSON_NUMBER))
    {
        return;
    }

    if (outside("min", c->min, value->text)
        != outside("max", value->text, c->min)
        || outside("max", c->min, value->text)
           != outside("min", value->text, c->min)
        || outside("min", value->text, value->text)
        || outside("max", value->text, value->text))
    {
        abort();
    }
}


static int
outside(const char *bound, wh_str_t limit, wh_str_t number)
{
    int              rc;
    char            *word;
    size_t           n;
    wh_str_t         words[3];
    wh_json_t       *json;
    const char      *text;
    wh_json_set_t   *set;
    wh_constraint_t  c;

    word = malloc(limit.len + 4);
    memcpy(word, bound, 3);
    word[3] = '=';
    memcpy(word + 4, limit.data, limit.len);

    words[0].data = NULL;
    words[0].len = 0;
    words[1].data = (const unsigned char *) "number";
    words[1].len = 6;
    words[2].data = (const unsigned char *) word;
    words[2].len = limit.len + 4;

    set = wh_json_set_create();

    if (wh_constraint_parse(&c, set, words, 3, &n, &text) != WH_OK) {
        abort();
    }

    json = wh_json_create(set, NULL, NULL, NULL);

    if (wh_json_parse(json, number.data, number.len) != WH_OK
        || wh_json_end(json) != WH_OK)
    {
        abort();
    }

    rc = wh_constraint_check(&c, json, words[0], 0, &text);

    wh_json_free(json);
    wh_json_set_free(set);
    free(word);

    return rc != WH_OK;
}
