
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_json and wh_json_set: pointers, values, strictness, limits, memory, and
 * the same verdict however the document is cut.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "tap.h"
#include "wh_json.h"


#define PIECES  9


typedef struct {
    const char       *name;
    const char       *text;
    size_t            len;
    wh_json_error_e   error;
} document_t;


#define doc(name, text, error)  { name, text, sizeof(text) - 1, error }


static wh_json_t *parse(const wh_json_set_t *set,
    const wh_json_limits_t *limits, const char *text, size_t len,
    size_t cut);
static int same(const wh_json_value_t *value, wh_json_type_e type,
    size_t count, unsigned repeated, size_t size, const char *text, size_t len);
static void test_pointers(void);
static void test_values(void);
static void test_repeated(void);
static void test_every(void);
static void test_documents(void);
static void test_document(const wh_json_set_t *set, const document_t *d);
static void test_not_looked_at(void);
static void test_long(void);
static void feed(wh_json_t *json, const char *text, size_t times);
static void test_limits(void);
static void test_failed(void);
static void test_memory(void);
static void test_constant_memory(void);
static int observe(void *data, wh_json_event_e event, wh_str_t text);
static void test_observer(void);
static void test_observed_values(void);
static char *fill(const char *head, char c, size_t n, const char *tail);


/* What yajl has been given. */

static size_t  calls, bytes;


yajl_status
yajl_parse(yajl_handle yajl, const unsigned char *data, size_t len)
{
    static yajl_status  (*parser)(yajl_handle, const unsigned char *, size_t);

    if (parser == NULL) {
        *(void **) &parser = dlsym(RTLD_NEXT, "yajl_parse");
    }

    calls++;
    bytes += len;

    return parser(yajl, data, len);
}


int
main(void)
{
    test_pointers();
    test_values();
    test_repeated();
    test_every();
    test_documents();
    test_not_looked_at();
    test_long();
    test_limits();
    test_failed();
    test_memory();
    test_constant_memory();
    test_observer();
    test_observed_values();

    return done_testing();
}


/* Every piece is a block of its own, so that a sanitizer sees its ends. */

static wh_json_t *
parse(const wh_json_set_t *set, const wh_json_limits_t *limits,
    const char *text, size_t len, size_t cut)
{
    size_t          n;
    wh_json_t      *json;
    unsigned char  *piece;

    json = wh_json_create(set, limits, NULL, NULL);
    if (json == NULL) {
        return NULL;
    }

    while (len > 0) {
        n = (len < cut) ? len : cut;

        piece = malloc(n);
        memcpy(piece, text, n);
        (void) wh_json_parse(json, piece, n);
        free(piece);

        text += n;
        len -= n;
    }

    (void) wh_json_end(json);

    return json;
}


static int
same(const wh_json_value_t *value, wh_json_type_e type, size_t count,
    unsigned repeated, size_t size, const char *text, size_t len)
{
    return value->type == type && value->count == count
           && value->repeated == repeated && value->size == size
           && value->text.len == len
           && (len == 0 || memcmp(value->text.data, text, len) == 0);
}


static void
test_pointers(void)
{
    size_t          i, index;
    const char     *error;
    wh_json_set_t  *set;

    static const wh_str_t  none = { 0, NULL };

    static const char  *good[] = {
        "", "/", "/a", "/a/b", "/a//b", "/a~1b", "/m~0n", "/0", "/01", "/-",
        "/ ", "/\xc3\xa9", "/a/b/0/c"
    };

    static const char  *bad[] = {
        "a", "a/b", "/~", "/a~2", "/a~", "/~a", "#/a", " /a"
    };

    set = wh_json_set_create();

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ok(wh_json_set_add(set, str(good[i]), &index, &error) == WH_OK
           && index == i, "pointer \"%s\" has index %zu", good[i], i);
    }

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ok(wh_json_set_add(set, str(good[i]), &index, &error) == WH_OK
           && index == i, "pointer \"%s\" keeps its index", good[i]);
    }

    ok(wh_json_set_add(set, none, &index, &error) == WH_OK && index == 0,
       "no text is the empty pointer");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(wh_json_set_add(set, str(bad[i]), &index, &error) == WH_INVALID
           && error != NULL, "pointer \"%s\" is refused", bad[i]);
    }

    wh_json_set_free(set);
    wh_json_set_free(NULL);
}


static void
test_values(void)
{
    size_t          i, cut, index, len;
    wh_json_t      *json;
    const char     *error, *pointer;
    wh_json_set_t  *set;

    static const char  text[] =
        " {\"s\": \"a\\u0000\\u00e9\\ud83d\\ude00\\/\", \"i\": -12, "
        "\"n\": 1.50e+3,\r\n\"t\": true, \"f\": false, \"z\": null, "
        "\"e\": \"\", \"o\": {\"a\": 1, \"b\": {}}, \"l\": [5, [], {\"x\":"
        "\"deep\"}, \"last\"], \"0\": \"zero\", \"a/b\": 1, \"m~n\": 2, "
        "\"\": 3, \"01\": 4,\t\"\\u0061\\u0062\": \"escaped name\"}\n";

    static const struct {
        const char      *pointer;
        wh_json_type_e   type;
        size_t           size;
        const char      *text;
        size_t           len;
    } want[] = {
        { "", WH_JSON_OBJECT, 15, "", 0 },
        { "/s", WH_JSON_STRING, 0, "a\0\xc3\xa9\xf0\x9f\x98\x80/", 9 },
        { "/i", WH_JSON_INTEGER, 0, "-12", 3 },
        { "/n", WH_JSON_NUMBER, 0, "1.50e+3", 7 },
        { "/t", WH_JSON_BOOLEAN, 0, "true", 4 },
        { "/f", WH_JSON_BOOLEAN, 0, "false", 5 },
        { "/z", WH_JSON_NULL, 0, "", 0 },
        { "/e", WH_JSON_STRING, 0, "", 0 },
        { "/o", WH_JSON_OBJECT, 2, "", 0 },
        { "/o/a", WH_JSON_INTEGER, 0, "1", 1 },
        { "/o/b", WH_JSON_OBJECT, 0, "", 0 },
        { "/l", WH_JSON_ARRAY, 4, "", 0 },
        { "/l/0", WH_JSON_INTEGER, 0, "5", 1 },
        { "/l/1", WH_JSON_ARRAY, 0, "", 0 },
        { "/l/2/x", WH_JSON_STRING, 0, "deep", 4 },
        { "/l/3", WH_JSON_STRING, 0, "last", 4 },
        { "/0", WH_JSON_STRING, 0, "zero", 4 },
        { "/a~1b", WH_JSON_INTEGER, 0, "1", 1 },
        { "/m~0n", WH_JSON_INTEGER, 0, "2", 1 },
        { "/", WH_JSON_INTEGER, 0, "3", 1 },
        { "/01", WH_JSON_INTEGER, 0, "4", 1 },
        { "/ab", WH_JSON_STRING, 0, "escaped name", 12 },
        { "/l/00", WH_JSON_ABSENT, 0, "", 0 },
        { "/l/4", WH_JSON_ABSENT, 0, "", 0 },
        { "/l/-", WH_JSON_ABSENT, 0, "", 0 },
        { "/s/0", WH_JSON_ABSENT, 0, "", 0 },
        { "/x", WH_JSON_ABSENT, 0, "", 0 },
        { "/S", WH_JSON_ABSENT, 0, "", 0 }
    };

    wh_json_limits_t  limits = { .piece = 1 };

    set = wh_json_set_create();

    for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        (void) wh_json_set_add(set, str(want[i].pointer), &index, &error);
    }

    for (cut = 1; cut <= sizeof(text); cut++) {

        json = parse(set, &limits, text, sizeof(text) - 1, cut);
        pointer = NULL;

        for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
            len = want[i].len;

            if (!same(wh_json_value(json, i), want[i].type,
                      want[i].type != WH_JSON_ABSENT, 0, want[i].size,
                      want[i].text, len))
            {
                pointer = want[i].pointer;
            }
        }

        if (pointer != NULL || cut == 1 || cut == sizeof(text)) {
            ok(pointer == NULL, "values in pieces of %zu%s%s", cut,
               pointer ? ": " : "", pointer ? pointer : "");
        }

        wh_json_free(json);
    }

    wh_json_set_free(set);

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str(""), &index, &error);

    json = parse(set, NULL, "12 ", 3, 3);
    ok(same(wh_json_value(json, 0), WH_JSON_INTEGER, 1, 0, 0, "12", 2),
       "a document may be a single value");
    wh_json_free(json);

    json = parse(set, NULL, "12", 2, 1);
    ok(same(wh_json_value(json, 0), WH_JSON_INTEGER, 1, 0, 0, "12", 2),
       "and end with a digit");
    wh_json_free(json);

    wh_json_set_free(set);
}


static void
test_repeated(void)
{
    size_t          index;
    wh_json_t      *json;
    const char     *error, *text;
    wh_json_set_t  *set;

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/a"), &index, &error);
    (void) wh_json_set_add(set, str("/a/b"), &index, &error);
    (void) wh_json_set_add(set, str("/a/c/0"), &index, &error);
    (void) wh_json_set_add(set, str("/d"), &index, &error);

    text = "{\"a\":1,\"d\":1,\"\\u0061\":\"2\"}";
    json = parse(set, NULL, text, strlen(text), 1);

    ok(same(wh_json_value(json, 0), WH_JSON_STRING, 2, 1, 0, "2", 1),
       "the last of repeated keys counts, escapes or not");
    ok(same(wh_json_value(json, 3), WH_JSON_INTEGER, 1, 0, 0, "1", 1),
       "a key beside it is not repeated");

    wh_json_free(json);

    text = "{\"a\":{\"b\":1,\"c\":[7]},\"a\":{\"c\":{}}}";
    json = parse(set, NULL, text, strlen(text), 3);

    ok(same(wh_json_value(json, 0), WH_JSON_OBJECT, 2, 1, 1, "", 0),
       "a repeated object: the last one counts");
    ok(same(wh_json_value(json, 1), WH_JSON_ABSENT, 1, 1, 0, "", 0),
       "what only the first one had is gone");
    ok(same(wh_json_value(json, 2), WH_JSON_ABSENT, 1, 1, 0, "", 0),
       "also at depth");

    wh_json_free(json);

    text = "{\"a\":{\"b\":1},\"a\":5}";
    json = parse(set, NULL, text, strlen(text), 3);
    ok(wh_json_value(json, 1)->type == WH_JSON_ABSENT
       && wh_json_value(json, 1)->repeated, "replaced by a scalar: gone too");
    wh_json_free(json);

    text = "[{\"a\":1},{\"a\":2}]";
    json = parse(set, NULL, text, strlen(text), 3);
    ok(wh_json_value(json, 0)->count == 0, "other levels are not looked at");
    wh_json_free(json);

    wh_json_set_free(set);

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/0/a"), &index, &error);
    (void) wh_json_set_add(set, str("/1/a"), &index, &error);

    json = parse(set, NULL, text, strlen(text), 3);
    ok(!wh_json_value(json, 0)->repeated && !wh_json_value(json, 1)->repeated
       && wh_json_value(json, 1)->count == 1,
       "the same key in two objects is not repeated");
    wh_json_free(json);

    wh_json_set_free(set);
}


static void
test_every(void)
{
    size_t          value, array, index;
    wh_json_t      *json;
    const char     *text, *error;
    wh_json_set_t  *set;

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/v"), &array, &error);
    (void) wh_json_set_add_wildcard(set, str("/v/*/a"), &value, &error);

    ok(wh_json_set_add_wildcard(set, str("v/*"), &index, &error) == WH_INVALID
       && wh_json_set_add_wildcard(set, str("/v/~*"), &index, &error)
          == WH_INVALID,
       "a pointer with \"*\" is a JSON Pointer otherwise");

    text = "{\"v\":[{\"a\":1},{\"b\":{\"a\":9}},{\"a\":\"x\"},[{\"a\":9}]],"
           "\"a\":9}";
    json = parse(set, NULL, text, strlen(text), 3);
    ok(wh_json_value(json, array)->size == 4
       && wh_json_value(json, value)->count == 2
       && wh_json_value(json, value)->type == WH_JSON_STRING
       && !wh_json_value(json, value)->repeated,
       "\"*\" is every element of an array");
    wh_json_free(json);

    text = "{\"v\":[{\"a\":1,\"a\":2},{}]}";
    json = parse(set, NULL, text, strlen(text), 3);
    ok(wh_json_value(json, value)->repeated, "a key twice in one element");
    wh_json_free(json);

    text = "{\"v\":[{\"a\":1}],\"v\":[]}";
    json = parse(set, NULL, text, strlen(text), 3);
    ok(wh_json_value(json, value)->repeated
       && wh_json_value(json, array)->repeated, "the array twice");
    wh_json_free(json);

    wh_json_set_free(set);

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/v/*/a"), &value, &error);

    text = "{\"v\":[{\"a\":1}]}";
    json = parse(set, NULL, text, strlen(text), 3);
    ok(wh_json_value(json, value)->count == 0, "else it is a member's name");
    wh_json_free(json);

    wh_json_set_free(set);
}


static void
test_documents(void)
{
    size_t          i, index;
    const char     *reason;
    wh_json_set_t  *set;

    static const document_t  documents[] = {
        doc("spaces around", " \t\r\n{} \t\r\n", WH_JSON_FINE),
        doc("a pair of surrogates", "\"\\uD83D\\uDe00\"", WH_JSON_FINE),
        doc("two pairs", "\"\\ud83d\\ude00\\ud83d\\ude00\"", WH_JSON_FINE),
        doc("an escaped backslash before u", "\"\\\\ud800\"", WH_JSON_FINE),
        doc("NUL as an escape", "\"\\u0000\"", WH_JSON_FINE),
        doc("DEL", "\"\x7f\"", WH_JSON_FINE),
        doc("UTF-8", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", WH_JSON_FINE),
        doc("all escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
            WH_JSON_FINE),
        doc("numbers", "[0,-0,1e5,1E-5,-1.25e+10,0.0]", WH_JSON_FINE),

        doc("nothing", "", WH_JSON_EARLY_END),
        doc("only spaces", "  \n", WH_JSON_EARLY_END),
        doc("cut in an object", "{\"a\":", WH_JSON_EARLY_END),
        doc("cut in a string", "\"abc", WH_JSON_EARLY_END),
        doc("cut in a word", "tru", WH_JSON_EARLY_END),
        doc("cut after minus", "-", WH_JSON_EARLY_END),
        doc("cut in an escape", "[\"\\u12", WH_JSON_EARLY_END),
        doc("cut in a character", "[\"\xe2\x82", WH_JSON_EARLY_END),
        doc("cut in a pair", "[\"\\ud83d", WH_JSON_EARLY_END),

        doc("garbage after", "{} x", WH_JSON_TRAILING),
        doc("a second value", "{} {}", WH_JSON_TRAILING),
        doc("an open string after", "{} \"abc",
            WH_JSON_TRAILING),
        doc("a word begun after", "{} t", WH_JSON_TRAILING),
        doc("a brace too many", "{}}", WH_JSON_TRAILING),
        doc("two numbers", "1 2", WH_JSON_TRAILING),
        doc("a leading zero", "01", WH_JSON_TRAILING),
        doc("NUL after", "{}\0", WH_JSON_TRAILING),

        doc("vertical tab", "\v{}", WH_JSON_SPACE),
        doc("form feed", "{}\f", WH_JSON_SPACE),
        doc("form feed within", "[1,\f2]", WH_JSON_SPACE),
        doc("lone high", "\"\\ud800\"", WH_JSON_SURROGATE),
        doc("high, then text", "\"\\ud800x\"", WH_JSON_SURROGATE),
        doc("high, then another", "\"\\ud800\\u0041\"",
            WH_JSON_SURROGATE),
        doc("high, then high", "\"\\ud800\\ud800\\udc00\"",
            WH_JSON_SURROGATE),
        doc("high, then newline", "\"\\ud800\\n\"", WH_JSON_SURROGATE),
        doc("lone low", "\"\\udc00\"", WH_JSON_SURROGATE),
        doc("swapped", "\"\\ude00\\ud83d\"", WH_JSON_SURROGATE),
        doc("lone in a name", "{\"\\udfff\":1}", WH_JSON_SURROGATE),
        doc("overlong", "\"\xc0\xaf\"", WH_JSON_UTF8),
        doc("overlong NUL", "\"\xc0\x80\"", WH_JSON_UTF8),
        doc("surrogate bytes", "\"\xed\xa0\x80\"", WH_JSON_UTF8),
        doc("above U+10FFFF", "\"\xf4\x90\x80\x80\"", WH_JSON_UTF8),
        doc("lead byte F5", "\"\xf5\x80\x80\x80\"", WH_JSON_UTF8),
        doc("Latin-1", "{\"a\":\"\xe9\"}", WH_JSON_UTF8),

        doc("byte order mark", "\xef\xbb\xbf{}", WH_JSON_SYNTAX),
        doc("NaN", "[NaN]", WH_JSON_SYNTAX),
        doc("Infinity", "[Infinity]", WH_JSON_SYNTAX),
        doc("-Infinity", "[-Infinity]", WH_JSON_SYNTAX),
        doc("comment", "[1/**/]", WH_JSON_SYNTAX),
        doc("trailing comma", "[1,]", WH_JSON_SYNTAX),
        doc("trailing comma in an object", "{\"a\":1,}", WH_JSON_SYNTAX),
        doc("leading zero", "[01]", WH_JSON_SYNTAX),
        doc("plus", "[+1]", WH_JSON_SYNTAX),
        doc("no digit before the point", "[.5]", WH_JSON_SYNTAX),
        doc("no digit after the point", "[5.]", WH_JSON_SYNTAX),
        doc("no exponent", "[5e]", WH_JSON_SYNTAX),
        doc("hex", "[0x10]", WH_JSON_SYNTAX),
        doc("single quotes", "{'a':1}", WH_JSON_SYNTAX),
        doc("bare name", "{a:1}", WH_JSON_SYNTAX),
        doc("no colon", "{\"a\" 1}", WH_JSON_SYNTAX),
        doc("number as a name", "{1:1}", WH_JSON_SYNTAX),
        doc("wrong bracket", "[1}", WH_JSON_SYNTAX),
        doc("newline in a string", "[\"a\nb\"]", WH_JSON_SYNTAX),
        doc("NUL in a string", "[\"a\0b\"]", WH_JSON_SYNTAX),
        doc("bad escape", "[\"\\x41\"]", WH_JSON_SYNTAX),
        doc("bad hex", "[\"\\u00g0\"]", WH_JSON_SYNTAX),
        doc("word in upper case", "[True]", WH_JSON_SYNTAX),
        doc("backslash outside", "[\\ud800]", WH_JSON_SYNTAX),
        doc("the first error counts", "[x,\"\xff\"]", WH_JSON_SYNTAX)
    };

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str(""), &index, &reason);

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        test_document(set, &documents[i]);
    }

    wh_json_set_free(set);
}


static void
test_document(const wh_json_set_t *set, const document_t *d)
{
    size_t      cut, wrong;
    wh_json_t  *json;

    wh_json_limits_t  limits = { .piece = 1 };

    wrong = 0;

    for (cut = 1; cut <= PIECES + d->len; cut++) {
        json = parse(set, &limits, d->text, d->len, cut);

        if (wh_json_error(json) != d->error) {
            wrong++;
        }

        wh_json_free(json);
    }

    ok(wrong == 0, "%s: %s", d->name, wh_json_error_text(d->error));
}


static void
test_not_looked_at(void)
{
    size_t          i, index;
    const char     *reason;
    wh_json_set_t  *set;

    static const document_t  documents[] = {
        doc("half in a member", "{\"x\":\"\\ud800\",\"v\":1}", WH_JSON_FINE),
        doc("half in an element", "[\"\\ud800\",\"\\udc00\"]", WH_JSON_FINE),
        doc("half in a name", "{\"x\":{\"\\ud800\":1}}", WH_JSON_FINE),
        doc("half in a member of a member", "{\"x\":{\"v\":\"\\ud800\"}}",
            WH_JSON_FINE),
        doc("half on the way", "{\"w\":\"\\ud800\"}", WH_JSON_FINE),
        doc("halves of all kinds",
            "{\"x\":\"\\ud800x\\ud800\\u0041\\ud800\\ud800\\udc00\\ud800\\n"
            "\\udc00\\ud800\\\\\\ud800\\\"\\ud83d\\ude00\"}", WH_JSON_FINE),
        doc("half, then what is looked at",
            "{\"x\":\"\\ud800\",\"v\":\"\\ud83d\\ude00\"}", WH_JSON_FINE),
        doc("half of the document", "\"\\ud800\"", WH_JSON_FINE),

        doc("half, then half looked at",
            "{\"x\":\"\\ud800\",\"v\":\"\\ud83d\"}", WH_JSON_SURROGATE),
        doc("half on the way, deep", "{\"w\":{\"v\":\"\\udc00\"}}",
            WH_JSON_SURROGATE),
        doc("half in a name on the way", "{\"w\":{\"\\udc00\":1}}",
            WH_JSON_SURROGATE),
        doc("half in the root's name", "{\"\\ud800\":1}", WH_JSON_SURROGATE),
        doc("half in an element looked at", "{\"l\":[\"\\ud800\",\"\\ud800\"]}",
            WH_JSON_SURROGATE),
        doc("half in the other element", "{\"l\":[\"\\ud800\",\"\"]}",
            WH_JSON_FINE),

        doc("half, then bad escape", "[\"\\ud800\\x\"]", WH_JSON_SYNTAX),
        doc("half, then bad hex", "[\"\\ud800\\u00g0\"]", WH_JSON_SYNTAX),
        doc("half, then short hex", "[\"\\ud800\\ud8\"]", WH_JSON_SYNTAX),
        doc("half, then newline", "[\"\\ud800\n\"]", WH_JSON_SYNTAX),
        doc("half, then NUL", "[\"\\ud800\0\"]", WH_JSON_SYNTAX),
        doc("half, then escaped NUL", "[\"\\ud800\\\0\"]", WH_JSON_SYNTAX),
        doc("half, then form feed", "[\"\\ud800\f\"]", WH_JSON_SPACE),
        doc("half, then bad UTF-8", "[\"\\ud800\xff\"]", WH_JSON_UTF8),
        doc("half, then the end", "[\"\\ud800", WH_JSON_EARLY_END),
        doc("half, then no comma", "[\"\\ud800\" 1]", WH_JSON_SYNTAX),
        doc("half, then another document", "\"\\ud800\" 1", WH_JSON_TRAILING),
        doc("half after the document", "1\\ud800x", WH_JSON_TRAILING)
    };

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/v"), &index, &reason);
    (void) wh_json_set_add(set, str("/w/v"), &index, &reason);
    (void) wh_json_set_add(set, str("/l/1"), &index, &reason);

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        test_document(set, &documents[i]);
    }

    wh_json_set_free(set);
}


/* yajl gets the beginning of such a string, and its end, once each. */

static void
test_long(void)
{
    int             rc;
    size_t          i, index;
    wh_json_t      *json;
    const char     *reason;
    wh_json_set_t  *set;

    static const struct {
        const char  *name;
        const char  *head;
        const char  *part;
    } strings[] = {
        { "a value", "{\"x\":\"", "plain text " },
        { "an element", "{\"x\":[\"", "\\n\\u00e9\\\"" },
        { "a name", "{\"x\":{\"", "\\ud83d\\ude00\xc3\xa9" },
        { "halves", "{\"x\":\"", "\\ud800" }
    };

    static const char  *tails[] = {
        "\",\"v\":7}", "\"],\"v\":7}", "\":1},\"v\":7}", "\",\"v\":7}"
    };

    wh_json_limits_t  limits = { .memory = 150000 };

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/v"), &index, &reason);

    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {

        json = wh_json_create(set, &limits, NULL, NULL);
        calls = 0;
        bytes = 0;

        feed(json, strings[i].head, 1);
        feed(json, strings[i].part, 500000);
        feed(json, tails[i], 1);

        rc = wh_json_end(json);

        ok(rc == WH_OK
           && same(wh_json_value(json, 0), WH_JSON_INTEGER, 1, 0, 0, "7", 1),
           "megabytes that nobody looks at: %s", strings[i].name);

        ok(calls <= 5 && bytes <= 32768, "yajl is given %zu bytes, %zu times",
           bytes, calls);

        wh_json_free(json);
    }

    wh_json_set_free(set);
}


static void
feed(wh_json_t *json, const char *text, size_t times)
{
    while (times--) {
        (void) wh_json_parse(json, (const unsigned char *) text, strlen(text));
    }
}


static char *
fill(const char *head, char c, size_t n, const char *tail)
{
    char  *text;

    text = malloc(strlen(head) + n + strlen(tail) + 1);

    strcpy(text, head);
    memset(text + strlen(head), c, n);
    strcpy(text + strlen(head) + n, tail);

    return text;
}


static void
test_limits(void)
{
    char            *text;
    size_t           i, cut, index;
    wh_json_t       *json;
    const char      *reason;
    wh_json_set_t   *set;
    wh_json_error_e  error;

    static const struct {
        const char       *head;
        char              c;
        size_t            n;
        const char       *tail;
        wh_json_error_e   error;
    } cases[] = {
        { "{\"x\":[", '[', 2, "]]]}", WH_JSON_FINE },
        { "{\"x\":[", '[', 3, "]]]]}", WH_JSON_TOO_DEEP },
        { "{\"x\":[{},[[]],", '[', 1, "]],\"v\":[[]]}", WH_JSON_FINE },
        { "{\"x\":[{},[[]],[],", '[', 3, "]]]]}", WH_JSON_TOO_DEEP },
        { "{\"x\":[[[],[", '[', 1, "]]]]}", WH_JSON_TOO_DEEP },
        { "{\"x\":[", '[', 100000, "", WH_JSON_TOO_DEEP },
        { "{\"", 'n', 20, "\":1}", WH_JSON_FINE },
        { "{\"", 'n', 21, "\":1}", WH_JSON_LONG_NAME },
        { "{\"v\":\"", 'v', 30, "\"}", WH_JSON_FINE },
        { "{\"v\":\"", 'v', 31, "\"}", WH_JSON_LONG_VALUE },
        { "{\"v\":", '1', 31, "}", WH_JSON_LONG_VALUE },
        { "{\"v\": \"\\u0041\\u0041\\u0041\\u0041", 'v', 24, "\" }",
          WH_JSON_FINE },
        { "{\"v\": \"\\u0041\\u0041\\u0041\\u0041", 'v', 25, "\" }",
          WH_JSON_LONG_TOKEN },
        { "{\"v\":\"", 'v', 200000, "", WH_JSON_LONG_TOKEN },
        { "{\"", 'n', 200000, "", WH_JSON_LONG_TOKEN },
        { "[\"", 't', 200000, "\"]", WH_JSON_FINE },
        { "[\"", 't', 200000, "", WH_JSON_EARLY_END },
        { "[{\"", 'n', 200000, "\":{}}]", WH_JSON_FINE },
        { "{\"v\":{\"", 'n', 21, "\":{}}}", WH_JSON_LONG_NAME },
        { "[ ", '1', 50, ",2]", WH_JSON_FINE },
        { "[", '1', 51, "]", WH_JSON_LONG_TOKEN },
        { "", '1', 50, "", WH_JSON_FINE },
        { "", '1', 51, "", WH_JSON_LONG_TOKEN },
        { "{\"x\":1", ' ', 200000, ",\"v\":1}", WH_JSON_FINE },
        { "", ' ', 1000, "", WH_JSON_EARLY_END },
        { "[]", ' ', 1000, "", WH_JSON_FINE }
    };

    wh_json_limits_t  limits = { .depth = 4, .name = 20, .value = 30,
                                 .token = 50, .piece = 1 };

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/v"), &index, &reason);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        text = fill(cases[i].head, cases[i].c, cases[i].n, cases[i].tail);

        for (cut = 1; cut <= 64; cut *= 2) {

            json = parse(set, &limits, text, strlen(text),
                        cut == 64 ? strlen(text) : cut);
            error = wh_json_error(json);

            ok(error == cases[i].error, "limits: %s%zu %c: %s", cases[i].head,
               cases[i].n, cases[i].c, wh_json_error_text(error));

            wh_json_free(json);
        }

        free(text);
    }

    wh_json_set_free(set);
}


static void
test_failed(void)
{
    wh_json_t  *json;

    json = parse(NULL, NULL, "[1x", 3, 2);

    ok(wh_json_parse(json, NULL, 0) == WH_INVALID
       && wh_json_parse(json, (const unsigned char *) "]", 1) == WH_INVALID
       && wh_json_end(json) == WH_INVALID && wh_json_end(json) == WH_INVALID
       && wh_json_error(json) == WH_JSON_SYNTAX,
       "what has failed stays so");

    wh_json_free(json);
}


/* Each budget makes another allocation the first one to fail. */

static void
test_memory(void)
{
    int                rc, done, failed;
    char              *text;
    size_t             index;
    wh_json_t         *json;
    const char        *error;
    wh_json_set_t     *set;
    wh_json_limits_t   limits = { .piece = 7 };

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/a"), &index, &error);
    (void) wh_json_set_add(set, str("/b/0"), &index, &error);

    text = fill("{\"a\":\"\\n", 'v', 9000, "\",\"b\":[[[[[\"x\"]]]]]}");

    done = 0;
    failed = 0;

    for (limits.memory = 1; limits.memory < 100000 && !done;
         limits.memory += 8)
    {
        json = parse(set, &limits, text, strlen(text), 100);

        if (json == NULL) {
            failed++;
            continue;
        }

        rc = wh_json_end(json);
        if (rc == WH_OK) {
            done = wh_json_value(json, 0)->text.len == 9001;

        } else if (rc == WH_ERROR
                   && wh_json_error(json) == WH_JSON_NO_MEMORY)
        {
            failed++;

        } else {
            ok(0, "with %zu bytes", limits.memory);
        }

        wh_json_free(json);
    }

    ok(done && failed > 100, "no memory, %d times: an error and no leak",
       failed);

    wh_json_free(NULL);
    wh_json_set_free(set);
    free(text);
}


static void
test_constant_memory(void)
{
    char              *text;
    size_t             i, index;
    wh_json_t         *json;
    const char        *error;
    wh_json_set_t     *set;
    wh_json_limits_t   limits = { .memory = 40000 };

    set = wh_json_set_create();
    (void) wh_json_set_add(set, str("/20000/k"), &index, &error);

    text = fill("{\"k\":\"", 'v', 1000, "\"}");

    json = wh_json_create(set, &limits, NULL, NULL);

    for (i = 0; i < 20001; i++) {
        (void) wh_json_parse(json, (const unsigned char *) (i ? "," : "["), 1);
        (void) wh_json_parse(json, (const unsigned char *) text, strlen(text));
    }

    (void) wh_json_parse(json, (const unsigned char *) "]", 1);

    ok(wh_json_end(json) == WH_OK && wh_json_value(json, 0)->text.len == 1000,
       "20 megabytes in 40000 bytes");

    wh_json_free(json);
    wh_json_set_free(set);
    free(text);
}


static int
observe(void *data, wh_json_event_e event, wh_str_t text)
{
    char  *out = data;

    static const char  marks[] = "zb#$@{}[]";

    snprintf(out + strlen(out), 100, "%c%.*s", marks[event], (int) text.len,
             (const char *) text.data);

    return (text.len == 4 && memcmp(text.data, "stop", 4) == 0) ? WH_ERROR
                                                                : WH_OK;
}


static void
test_observer(void)
{
    char          out[200];
    wh_json_t    *json;
    const char   *text;

    out[0] = '\0';
    text = "{\"a\":[1,2.5,\"x\",true,null],\"b\":{}}";

    json = wh_json_create(NULL, NULL, observe, out);
    (void) wh_json_parse(json, (const unsigned char *) text, strlen(text));

    ok(wh_json_end(json) == WH_OK
       && strcmp(out, "{@a[#1#2.5$xbtruez]@b{}}") == 0,
       "the observer sees all in order: %s", out);

    wh_json_free(json);

    out[0] = '\0';
    text = "[\"stop\",1]";

    json = wh_json_create(NULL, NULL, observe, out);
    (void) wh_json_parse(json, (const unsigned char *) text, strlen(text));

    ok(wh_json_end(json) == WH_ERROR && strcmp(out, "[$stop") == 0,
       "the observer can end the parser: %s", out);

    wh_json_free(json);
}


static void
test_observed_values(void)
{
    char            out[200];
    wh_json_t      *json;
    const char     *text;
    wh_json_set_t  *set;

    static const wh_str_t  pointers[] = {
        wh_string("/a/b"), wh_string("/a/1")
    };

    set = wh_json_set_of(pointers, 2);
    out[0] = '\0';
    text = "{\"c\":[{},[1,{\"a\":{\"b\":2}}],\"b\"],"
           "\"a\":[3,{\"b\":4},[5]],\"a\":{\"c\":{},\"b\":6},\"d\":7}";

    json = wh_json_create(set, NULL, observe, out);
    wh_json_observe_values(json);
    (void) wh_json_parse(json, (const unsigned char *) text, strlen(text));

    ok(wh_json_end(json) == WH_OK && strcmp(out, "{#6") == 0,
       "an observer of values sees what pointers lead to: %s", out);

    wh_json_free(json);
    wh_json_set_free(set);
}
