
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_constraint: lines as in the configuration against documents.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "wh_constraint.h"


#define NOW        1700000000
#define MAX_WORDS  16


static size_t split(char *line, wh_str_t *words);
static int starts_with_a(void *data, wh_str_t subject);
static void test_checks(void);
static void test_errors(void);
static int outside(const char *bound, const char *number, const char *limit);
static void test_compare(void);
static void test_excludes(void);
static void test_struct(void);


int
main(void)
{
    test_checks();
    test_errors();
    test_compare();
    test_excludes();
    test_struct();

    return done_testing();
}


static size_t
split(char *line, wh_str_t *words)
{
    char    *word;
    size_t   n;

    n = 0;

    for (word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        words[n++] = str(word);
    }

    return n;
}


static int
starts_with_a(void *data, wh_str_t subject)
{
    return (subject.len > 0 && subject.data[0] == *(char *) data)
           ? WH_OK : WH_INVALID;
}


static void
test_checks(void)
{
    int              rc;
    char             line[200], a;
    size_t           i, n, word;
    wh_str_t         words[MAX_WORDS];
    wh_json_t       *json;
    const char      *error, *violation;
    wh_json_set_t   *set;
    wh_constraint_t  c;

    static const struct {
        const char  *line;
        const char  *doc;
        const char  *violation;
    } cases[] = {
        { "/a any", "{\"a\":null}", NULL },
        { "/a any", "{}", "required" },
        { "/a any optional", "{}", NULL },
        { "/a any optional", "{\"a\":1,\"a\":1}", "repeated" },
        { "/a/b any optional", "{\"a\":{\"b\":1},\"a\":{}}", "repeated" },
        { "/a string", "{\"a\":\"\"}", NULL },
        { "/a string", "{\"a\":1}", "type" },
        { "/a string optional", "{\"a\":null}", "type" },
        { "/a null", "{\"a\":null}", NULL },
        { "/a null", "{\"a\":0}", "type" },
        { "/a boolean", "{\"a\":false}", NULL },
        { "/a boolean", "{\"a\":\"false\"}", "type" },
        { "/a integer", "{\"a\":-0}", NULL },
        { "/a integer", "{\"a\":1.0}", "type" },
        { "/a integer", "{\"a\":1e3}", "type" },
        { "/a number", "{\"a\":1e3}", NULL },
        { "/a number", "{\"a\":1}", NULL },
        { "/a number", "{\"a\":\"1\"}", "type" },
        { "/a object", "{\"a\":{}}", NULL },
        { "/a object", "{\"a\":[]}", "type" },
        { "/a array", "{\"a\":[]}", NULL },
        { "/a array", "{\"a\":{}}", "type" },

        { "/a string enum=open|close", "{\"a\":\"open\"}", NULL },
        { "/a string enum=open|close", "{\"a\":\"close\"}", NULL },
        { "/a string enum=open|close", "{\"a\":\"\"}", "enum" },
        { "/a string enum=open|close", "{\"a\":\"open|close\"}", "enum" },
        { "/a string enum=open|close", "{\"a\":\"Open\"}", "enum" },
        { "/a string enum=open|", "{\"a\":\"\"}", NULL },
        { "/a integer enum=1|2", "{\"a\":2}", NULL },
        { "/a boolean enum=true", "{\"a\":false}", "enum" },
        { "/a any enum=x", "{\"a\":[]}", "enum" },
        { "/a any enum=null", "{\"a\":null}", "enum" },
        { "/a string enum=a=b", "{\"a\":\"a=b\"}", NULL },

        { "/a string pattern=^a", "{\"a\":\"abc\"}", NULL },
        { "/a string pattern=^a", "{\"a\":\"bc\"}", "pattern" },

        { "/a integer min=-5 max=5", "{\"a\":-5}", NULL },
        { "/a integer min=-5 max=5", "{\"a\":5}", NULL },
        { "/a integer min=-5 max=5", "{\"a\":-6}", "min" },
        { "/a integer min=-5 max=5", "{\"a\":6}", "max" },
        { "/a integer max=9007199254740992", "{\"a\":9007199254740993}",
          "max" },
        { "/a integer max=1", "{\"a\":100000000000000000000000000}", "max" },
        { "/a number min=0.1", "{\"a\":0.10}", NULL },
        { "/a number min=0.1", "{\"a\":9.99e-2}", "min" },

        { "/a string length=2", "{\"a\":\"\\u00e9\\ud83d\\ude00\"}", NULL },
        { "/a string length=2", "{\"a\":\"abc\"}", "length" },
        { "/a string min_length=1", "{\"a\":\"\"}", "min_length" },
        { "/a string max_length=2", "{\"a\":\"abc\"}", "max_length" },
        { "/a array length=2", "{\"a\":[[],2]}", NULL },
        { "/a array min_length=1 max_length=1", "{\"a\":[]}", "min_length" },
        { "/a array min_length=1 max_length=1", "{\"a\":[1,2]}",
          "max_length" },

        { "/a integer within=5m", "{\"a\":1699999700}", NULL },
        { "/a integer within=5m", "{\"a\":1699999699}", "within" },
        { "/a integer within=300 unit=s", "{\"a\":1799999999}", NULL },
        { "/a integer within=300s unit=ms", "{\"a\":1699999700000}", NULL },
        { "/a integer within=300s unit=ms", "{\"a\":1699999699999}",
          "within" },
        { "/a integer within=1d", "{\"a\":-1}", "within" },
        { "/a string within=1h unit=rfc3339",
          "{\"a\":\"2023-11-14T22:13:20Z\"}", NULL },
        { "/a string within=1h unit=rfc3339",
          "{\"a\":\"2023-11-14T21:13:19Z\"}", "within" },
        { "/a string within=1h", "{\"a\":\"now\"}", "within" },

        { "/a any when=event=push", "{}", "required" },
        { "/a any when=event=pull", "{}", NULL },
        { "/a any when=event=pull", "{\"a\":1,\"a\":1}", NULL },
        { "/a any when=/t=x", "{\"t\":\"x\"}", "required" },
        { "/a any when=/t=x", "{\"t\":\"y\"}", NULL },
        { "/a any when=/t=x", "{}", NULL },
        { "/a any when=/t=x", "{\"t\":\"x\",\"t\":\"y\"}", "repeated" },
        { "/a any when=/t=true", "{\"t\":true}", "required" },
        { "/a any when=/t=", "{\"t\":\"\"}", "required" },
        { "/a any when=/t=", "{\"t\":[]}", NULL }
    };

    a = 'a';

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        strcpy(line, cases[i].line);
        n = split(line, words);
        error = "";

        set = wh_json_set_create();

        rc = wh_constraint_parse(&c, set, words, n, &word, &error);

        c.match = starts_with_a;
        c.match_data = &a;

        json = wh_json_create(set, NULL, NULL, NULL);
        (void) wh_json_parse(json, str(cases[i].doc).data,
                            str(cases[i].doc).len);

        ok(rc == WH_OK && wh_json_end(json) == WH_OK
           && wh_constraint_check(&c, json, str("push"), NOW, &violation)
              == (cases[i].violation ? WH_INVALID : WH_OK)
           && (violation == NULL) == (cases[i].violation == NULL)
           && (violation == NULL || strcmp(violation, cases[i].violation) == 0),
           "%s, %s: %s%s", cases[i].line, cases[i].doc,
           cases[i].violation ? cases[i].violation : "good",
           rc == WH_OK ? "" : error);

        wh_json_free(json);
        wh_json_set_free(set);
    }
}


static void
test_errors(void)
{
    int              rc;
    char             line[200];
    size_t           i, n, word;
    wh_str_t         words[MAX_WORDS];
    const char      *error;
    wh_json_set_t   *set;
    wh_constraint_t  c;

    static const struct {
        const char  *line;
        size_t       word;
        const char  *error;
    } cases[] = {
        { "", 0, "a rule needs a JSON pointer and a type" },
        { "a string", 0, "a JSON pointer must begin with" },
        { "/a", 1, "a JSON pointer must be followed by string" },
        { "/a str", 1, "a JSON pointer must be followed by string" },
        { "/a string enum", 2, "a rule must be enum=" },
        { "/a string enum=", 2, "\"enum=\" needs values" },
        { "/a boolean enum=true|yes", 2, "\"enum=\" needs values of the type" },
        { "/a integer enum=1|a", 2, "\"enum=\" needs values of the type" },
        { "/a number enum=1|", 2, "\"enum=\" needs values of the type" },
        { "/a string optional=1", 2, "a rule must be enum=" },
        { "/a string optional optional", 3, "a rule may be given only once" },
        { "/a string min=1", 2, "\"min\" needs type integer or number" },
        { "/a integer min=x", 2, "\"min=\" needs a number as in JSON" },
        { "/a integer min=01", 2, "\"min=\" needs a number as in JSON" },
        { "/a integer min=1.", 2, "\"min=\" needs a number as in JSON" },
        { "/a integer max=1e", 2, "\"max=\" needs a number as in JSON" },
        { "/a integer max=-", 2, "\"max=\" needs a number as in JSON" },
        { "/a integer min=2 max=1", 4, "\"min\" must not be greater" },
        { "/a integer pattern=x", 2, "\"pattern\" needs type string" },
        { "/a string pattern=", 2, "\"pattern=\" needs a regular" },
        { "/a object length=1", 2, "\"length\" needs type string or array" },
        { "/a string length=x", 2, "\"length=\" needs a number" },
        { "/a string length=", 2, "\"length=\" needs a number" },
        { "/a string length=1 max_length=2", 4, "\"length\" excludes" },
        { "/a string min_length=3 max_length=2", 4, "\"min_length\" must" },
        { "/a number within=5m", 2, "\"within\" needs type" },
        { "/a integer within=5w", 2, "\"within=\" needs a time" },
        { "/a integer within=0", 2, "\"within=\" needs a time" },
        { "/a integer within=m", 2, "\"within=\" needs a time" },
        { "/a integer within=5m unit=us", 3, "\"unit=\" needs s, ms" },
        { "/a integer within=5m unit=http", 4, "\"unit=rfc3339\" and" },
        { "/a integer unit=ms", 3, "\"unit\" needs \"within\"" },
        { "/a any when=", 2, "\"when=\" needs event=VALUE" },
        { "/a any when=event", 2, "\"when=\" needs event=VALUE" },
        { "/a any when=t=x", 2, "\"when=\" needs event=VALUE" },
        { "/a any when=/~=x", 2, "\"~\" in a JSON pointer" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        strcpy(line, cases[i].line);
        n = split(line, words);

        set = wh_json_set_create();
        rc = wh_constraint_parse(&c, set, words, n, &word, &error);

        ok(rc == WH_INVALID && word == cases[i].word
           && strncmp(error, cases[i].error, strlen(cases[i].error)) == 0,
           "%s: %s", cases[i].line, error ? error : "good");

        wh_json_set_free(set);
    }
}


/* Whether a number is beyond a bound, "min" or "max". */

static int
outside(const char *bound, const char *number, const char *limit)
{
    int              rc;
    char             line[200], doc[200];
    size_t           n, word;
    wh_str_t         words[MAX_WORDS];
    wh_json_t       *json;
    const char      *error, *violation;
    wh_json_set_t   *set;
    wh_constraint_t  c;

    snprintf(line, sizeof(line), "/0 number %s=%s", bound, limit);
    snprintf(doc, sizeof(doc), "[%s]", number);

    n = split(line, words);
    set = wh_json_set_create();

    if (wh_constraint_parse(&c, set, words, n, &word, &error) != WH_OK) {
        abort();
    }

    json = wh_json_create(set, NULL, NULL, NULL);

    if (wh_json_parse(json, (const unsigned char *) doc, strlen(doc)) != WH_OK
        || wh_json_end(json) != WH_OK)
    {
        abort();
    }

    rc = wh_constraint_check(&c, json, str(""), NOW, &violation);

    ok(rc == WH_OK ? violation == NULL : strcmp(violation, bound) == 0,
       "%s %s=%s: %s", number, bound, limit, rc == WH_OK ? "in" : "out");

    wh_json_free(json);
    wh_json_set_free(set);

    return rc != WH_OK;
}


static void
test_compare(void)
{
    size_t  i;

    static const struct {
        const char  *a;
        const char  *b;
        int          rc;
    } cases[] = {
        { "0", "-0", 0 }, { "0", "0.000", 0 }, { "0e9", "-0.0e-9", 0 },
        { "1", "1.0", 0 }, { "1", "10e-1", 0 }, { "1", "0.1E1", 0 },
        { "100", "1e2", 0 }, { "0.001", "1e-3", 0 }, { "12.50", "125e-1", 0 },
        { "1", "2", -1 }, { "-1", "-2", 1 }, { "-1", "1", -1 },
        { "0", "1", -1 }, { "0", "-1", 1 }, { "10", "9", 1 },
        { "0.1", "0.09", 1 }, { "1.1", "1.10001", -1 }, { "99", "100", -1 },
        { "9007199254740993", "9007199254740992", 1 },
        { "123456789012345678901234567890.5",
          "123456789012345678901234567890.4", 1 },
        { "1e400", "1e399", 1 }, { "-1e400", "1e-400", -1 },
        { "1e-400", "0", 1 }, { "1e99999999999999999999", "5", 1 },
        { "1e-99999999999999999999", "5", -1 },
        { "1.5", "1", 1 }, { "1", "1.5", -1 }, { "10", "10.0001", -1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        ok(outside("min", cases[i].a, cases[i].b) == (cases[i].rc < 0)
           && outside("max", cases[i].a, cases[i].b) == (cases[i].rc > 0)
           && outside("min", cases[i].b, cases[i].a) == (cases[i].rc > 0)
           && outside("max", cases[i].b, cases[i].a) == (cases[i].rc < 0),
           "%s and %s: %d", cases[i].a, cases[i].b, cases[i].rc);
    }
}


/* Two lines for one pointer, in either order. */

static void
test_excludes(void)
{
    char             a[64], b[64];
    size_t           i, word;
    wh_str_t         words[2][MAX_WORDS];
    const char      *error;
    wh_json_set_t   *set;
    wh_constraint_t  c[2];

    static const struct {
        const char  *a;
        const char  *b;
        int          excludes;
    } cases[] = {
        { "string", "string", 0 }, { "string", "integer", 1 },
        { "string", "any", 0 }, { "any", "null", 0 },
        { "integer", "number", 0 }, { "integer", "boolean", 1 },
        { "object", "array", 1 }, { "string optional", "null optional", 1 },
        { "string enum=a", "string enum=a|b", 0 },
        { "string enum=b|c", "string enum=a|b", 0 },
        { "string enum=a", "string enum=b", 1 },
        { "string enum=a|b", "string enum=c|d", 1 },
        { "string enum=ab", "string enum=a|b", 1 },
        { "string enum=a", "string pattern=b", 0 },
        { "any enum=1", "integer enum=2", 1 },
        { "integer min=5", "integer max=4", 1 },
        { "integer min=5", "number max=5", 0 },
        { "integer min=5 max=9", "integer min=9", 0 },
        { "string min_length=5", "string max_length=4", 1 },
        { "string min_length=5", "string max_length=5", 0 },
        { "array length=2", "array min_length=3", 1 },
        { "string length=2", "string length=3", 1 },
        { "string length=2", "string max_length=2", 0 },
        { "string enum=a", "string enum=b when=/t=1", 1 },
        { "string enum=a when=/t=1", "string enum=b when=/t=1", 1 },
        { "string enum=a when=/t=1", "string enum=b when=/t=2", 0 },
        { "string enum=a when=/t=1", "string enum=b when=/u=1", 0 },
        { "string enum=a when=event=1", "string enum=b when=event=1", 1 },
        { "string enum=a when=event=1", "string enum=b when=/t=1", 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        snprintf(a, sizeof(a), "/p %s", cases[i].a);
        snprintf(b, sizeof(b), "/p %s", cases[i].b);

        set = wh_json_set_create();

        ok(wh_constraint_parse(&c[0], set, words[0], split(a, words[0]), &word,
                               &error)
           == WH_OK
           && wh_constraint_parse(&c[1], set, words[1], split(b, words[1]),
                                  &word, &error)
              == WH_OK
           && wh_constraint_excludes(&c[0], &c[1]) == cases[i].excludes
           && wh_constraint_excludes(&c[1], &c[0]) == cases[i].excludes,
           "%s, %s: %s", cases[i].a, cases[i].b,
           cases[i].excludes ? "nothing is right" : "both can be");

        wh_json_set_free(set);
    }

    set = wh_json_set_create();
    snprintf(a, sizeof(a), "/p string enum=a|b");

    (void) wh_constraint_parse(&c[0], set, words[0], split(a, words[0]), &word,
                               &error);

    ok(wh_constraint_takes(&c[0], str("b"))
       && !wh_constraint_takes(&c[0], str("c")), "values of an enum");

    wh_json_set_free(set);
}


static void
test_struct(void)
{
    char             line[] = "/a string pattern=^x$ when=/b=1";
    size_t           n, word;
    wh_str_t         words[MAX_WORDS];
    const char      *error;
    wh_json_set_t   *set;
    wh_constraint_t  c;

    set = wh_json_set_create();
    n = split(line, words);

    ok(wh_constraint_parse(&c, set, words, n, &word, &error) == WH_OK
       && c.pattern.len == 3 && c.index == 0 && c.when == 1
       && set->pointers == 2 && c.type == WH_CONSTRAINT_STRING,
       "a parsed rule says what the caller has to do");

    wh_json_set_free(set);
}
