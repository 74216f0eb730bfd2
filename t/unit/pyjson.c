
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_pyjson: texts that Python 3 wrote.  With an argument, a filter for
 * differential tests: it reads a document a line and writes each one as
 * json.dumps(..., separators=(",", ":")) would, or its error.
 */


#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "pelorus/wh_pyjson.h"


#define LINE  4000000


static int sink(void *data, const unsigned char *text, size_t len);
static char *dump(const char *text, size_t len);
static int filter(void);
static void test_texts(void);
static void test_errors(void);
static void test_members(void);


int
main(int argc, char **argv)
{
    (void) argv;

    if (argc > 1) {
        return filter();
    }

    test_texts();
    test_errors();
    test_members();

    return done_testing();
}


static int
sink(void *data, const unsigned char *text, size_t len)
{
    char  *out = data;

    out += strlen(out);

    while (len-- > 0) {
        *out++ = (*text == WH_PYJSON_ITEM) ? ','
                 : (*text == WH_PYJSON_KEY) ? ':' : (char) *text;
        text++;
    }

    *out = '\0';

    return WH_OK;
}


static char *
dump(const char *text, size_t len)
{
    char                    *out, *brackets;
    wh_str_t                 body;
    wh_pyjson_t             *doc;
    wh_json_type_e           type;
    wh_json_error_e          error;
    wh_pyjson_writer_t      *w;

    static char  errors[100];

    body.data = (const unsigned char *) text;
    body.len = len;

    if (wh_pyjson_read(&doc, body, &error) != WH_OK) {
        sprintf(errors, "error %d", error);
        return strdup(errors);
    }

    out = calloc(1, 100 + len * 12);

    type = wh_pyjson_root(doc)->type;
    brackets = (type == WH_JSON_OBJECT) ? "{}"
               : (type == WH_JSON_ARRAY) ? "[]" : NULL;

    if (brackets != NULL) {
        out[0] = brackets[0];
    }

    w = wh_pyjson_writer_create(doc, sink, out);

    /* a little at a time */

    while (wh_pyjson_write(w, 10) == WH_AGAIN) { /* void */ }

    free(w);

    if (brackets != NULL) {
        strcat(out, brackets + 1);
    }

    wh_pyjson_free(doc);

    return out;
}


static int
filter(void)
{
    char    *line, *out;
    size_t   len;

    line = malloc(LINE);

    while (fgets(line, LINE, stdin) != NULL) {
        len = strlen(line) - 1;
        out = dump(line, len);
        puts(out);
        free(out);
    }

    free(line);

    return 0;
}


static void
test_texts(void)
{
    char    *out;
    size_t   i;

    static const struct {
        const char  *text;
        const char  *want;
    } cases[] = {
        { "{}", "{}" },
        { "[ ]", "[]" },
        { " 5 ", "5" },
        { "\"\"", "\"\"" },
        { "{\"a\":1,\"b\":[1,{\"c\":{}},[],[[]]],\"d\":null}", NULL },
        { "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}" },
        { "{\"a\":1,\"a\":2,\"\\u0061\":{\"x\":1,\"x\":[2]},\"b\":{}}",
          "{\"a\":{\"x\":[2]},\"b\":{}}" },
        { "{\"c\":1,\"b\":1,\"a\":1,\"b\":2,\"c\":2,\"b\":3,\"\":0,\"\":9}",
          "{\"c\":2,\"b\":3,\"a\":1,\"\":9}" },
        { "\"\\u00E9\\/\\u0041\\uD83D\\uDE00\"",
          "\"\\u00e9/A\\ud83d\\ude00\"" },
        { "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\xc2\x85\"",
          "\"\\u00e9\\u20ac\\ud83d\\ude00\\u007f\\u0085\"" },
        { "\"\\b\\f\\n\\r\\t\\\"\\\\\\u0000\\u001F <>&'=\"",
          "\"\\b\\f\\n\\r\\t\\\"\\\\\\u0000\\u001f <>&'=\"" },
        { "[-0,0,-0.0,0.0,0e5,-0e-5]", "[0,0,-0.0,0.0,0.0,-0.0]" },
        { "[1.10,1E+2,1e15,1e16,123456789012345678]",
          "[1.1,100.0,1000000000000000.0,1e+16,123456789012345678]" },
        { "[0.0001,0.00001,2.5e-3,1e-05,123e-7]",
          "[0.0001,1e-05,0.0025,1e-05,1.23e-05]" },
        { "[9007199254740993.0,9007199254740992e0,0.30000000000000004]",
          "[9007199254740992.0,9007199254740992.0,0.30000000000000004]" },
        { "[5e-324,4.9e-324,2e-324,1e-400,2.2250738585072014e-308]",
          "[5e-324,5e-324,0.0,0.0,2.2250738585072014e-308]" },
        { "[1.7976931348623157e308,1.7976931348623159e308,-1e309,1e999999999]",
          "[1.7976931348623157e+308,Infinity,-Infinity,Infinity]" },
        { "[5.684341886080801486968994140625e-14,1e22,1e23,9.5e-7]",
          "[5.684341886080802e-14,1e+22,1e+23,9.5e-07]" },
        { "[0.1000000000000000055511151231257827021181583404541015625]",
          "[0.1]" },
        { "[1e-99999999999999999999,0.1e99999999999999999999]",
          "[0.0,Infinity]" },
        { "[100000000000000000000.0,12345678901234567.0]",
          "[1e+20,1.2345678901234568e+16]" },
        { "[999999999999999.9,9999999999999999.0,99999999999999990.0]",
          "[999999999999999.9,1e+16,9.999999999999998e+16]" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        out = dump(cases[i].text, strlen(cases[i].text));

        ok(strcmp(out, cases[i].want ? cases[i].want : cases[i].text) == 0,
           "reads %s: %s", cases[i].text, out);

        free(out);
    }
}


static void
test_errors(void)
{
    int                rc;
    size_t             i, n;
    char              *text;
    wh_str_t           body;
    wh_pyjson_t       *doc;
    wh_json_error_e    error;

    static const struct {
        const char       *head;
        char              c;
        size_t            n;
        const char       *tail;
        wh_json_error_e   error;
    } cases[] = {
        { "", '1', 4300, "", WH_JSON_FINE },
        { "-", '1', 4300, "", WH_JSON_FINE },
        { "", '1', 4301, "", WH_JSON_REFUSED },
        { "-", '1', 4301, "", WH_JSON_REFUSED },
        { "", '1', 4301, ".0", WH_JSON_FINE },
        { "", '[', 901, "", WH_JSON_TOO_DEEP },
        { "", '[', 900, "", WH_JSON_EARLY_END },
        { "\"", 'x', 99000, "\"", WH_JSON_FINE },
        { "{\"", 'x', 99000, "\":1}", WH_JSON_FINE },
        { "\"\\ud800", 'x', 1, "\"", WH_JSON_SURROGATE },
        { "", ' ', 99000, "", WH_JSON_EARLY_END }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        n = strlen(cases[i].head);

        text = malloc(n + cases[i].n + strlen(cases[i].tail) + 1);
        strcpy(text, cases[i].head);
        memset(text + n, cases[i].c, cases[i].n);
        strcpy(text + n + cases[i].n, cases[i].tail);

        body.data = (unsigned char *) text;
        body.len = strlen(text);

        rc = wh_pyjson_read(&doc, body, &error);

        ok(rc == (cases[i].error == WH_JSON_FINE ? WH_OK : WH_INVALID)
           && error == cases[i].error,
           "%s%zu times %c%s: %s", cases[i].head, cases[i].n, cases[i].c,
           cases[i].tail, wh_json_error_text(error));

        if (error == WH_JSON_FINE) {
            wh_pyjson_free(doc);
        }

        free(text);
    }
}


static void
test_members(void)
{
    wh_str_t                 body = wh_string("{\"a\":1,\"b\":{\"c\":2},"
                                               "\"a\":\"x\"}");
    wh_pyjson_t             *doc;
    wh_json_error_e          error;
    const wh_pyjson_node_t  *node;

    if (wh_pyjson_read(&doc, body, &error) != WH_OK) {
        ok(0, "%s", wh_json_error_text(error));
        return;
    }

    node = wh_pyjson_member(doc, wh_pyjson_root(doc), "a");
    ok(node->type == WH_JSON_STRING && wh_pyjson_text(doc, node).len == 1,
       "a repeated member has its last value");

    node = wh_pyjson_member(doc, wh_pyjson_root(doc), "b");
    ok(wh_pyjson_child(doc, node)->type == WH_JSON_NUMBER, "a child");

    ok(wh_pyjson_root(doc)->size == 2
       && wh_pyjson_member(doc, wh_pyjson_root(doc), "c") == NULL,
       "no other members");

    wh_pyjson_free(doc);
    wh_pyjson_free(NULL);
}
