
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_pelorus: the seed's signatures, header shapes, keys and speed.
 * With an argument, a filter for the vectors: it reads requests as lines of
 * hexadecimal fields and writes status and response body.
 */


#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tap.h"
#include "pelorus/wh_pelorus.h"


#define FIELDS  7
#define LINE    1000000


static const char  seed[] =
    "{\n  \"app\": \"mongo-todolist\",\n"
    "  \"commit_hash\": \"5379bad65a3f83853a75aabec9e0e43c75fd18fc\",\n"
    "  \"image_sha\": \"sha256:af4092ccbfa99a3ec1ea93058fe39b8d"
    "dfd8db1c7a18081db397c50a0b8ec77d\",\n"
    "  \"namespace\": \"mongo-persistent\",\n"
    "  \"timestamp\": 1678105701\n}\n";

static const char  seed_1[] = "sha256="
    "29a4606fccb6976cd43cb8a6cf210d402294e08fffda86f87c96fdb39d9fbc3c";


static void request(wh_pelorus_request_t *r, wh_str_t *body, const char *text,
    const char *signature);
static void key(wh_hmac_key_t *k, const char *secret);
static int unhex(char *field, wh_str_t *value);
static int filter(void);
static void test_seed(void);
static void test_shapes(void);
static void test_payload(void);
static void test_requests(void);
static void test_types(void);
static void test_speed(void);
static double run(const char *text, int times);
static char *repeat(const char *head, const char *item, size_t len,
    const char *tail);


int
main(int argc, char **argv)
{
    (void) argv;

    if (wh_digest_init() != WH_OK) {
        return 1;
    }

    if (argc > 1) {
        return filter();
    }

    test_seed();
    test_shapes();
    test_payload();
    test_requests();
    test_types();
    test_speed();

    return done_testing();
}


static void
request(wh_pelorus_request_t *r, wh_str_t *body, const char *text,
    const char *signature)
{
    memset(r, 0, sizeof(wh_pelorus_request_t));

    *body = str(text);

    r->content_type = str("application/json");
    r->user_agent = str("Pelorus-Webhook/test");
    r->event = str("committime");
    r->body = body;
    r->has_length = 1;
    r->content_length = body->len;
    r->now = 1700000000;

    if (signature != NULL) {
        r->signature = str(signature);
    }
}


static void
key(wh_hmac_key_t *k, const char *secret)
{
    if (wh_hmac_key_init(k, WH_SHA256, (const unsigned char *) secret,
                         strlen(secret))
        != WH_OK)
    {
        abort();
    }
}


static int
unhex(char *field, wh_str_t *value)
{
    char      *p, *q;
    unsigned   byte;

    value->data = NULL;
    value->len = 0;

    if (strcmp(field, "-") == 0) {
        return 0;
    }

    q = field;

    for (p = field; p[0] != '\0' && p[1] != '\0'; p += 2) {
        sscanf(p, "%2x", &byte);
        *q++ = (char) byte;
    }

    value->data = (unsigned char *) field;
    value->len = q - field;

    return 1;
}


/* secret, content type, user agent, event, signature, body, time */

static int
filter(void)
{
    int                    i;
    char                  *line, *field;
    size_t                 nkeys;
    wh_str_t               values[FIELDS];
    wh_hmac_key_t          k;
    unsigned char          response[WH_PELORUS_RESPONSE_BODY];
    wh_pelorus_work_t     *work;
    wh_pelorus_request_t   r;
    wh_pelorus_verdict_t   v, parts;

    line = malloc(LINE);

    while (fgets(line, LINE, stdin) != NULL) {

        field = strtok(line, " \n");

        for (i = 0; i < FIELDS; i++) {
            (void) unhex(field, &values[i]);
            field = strtok(NULL, " \n");
        }

        nkeys = (values[0].len > 0);

        if (nkeys) {
            (void) wh_hmac_key_init(&k, WH_SHA256, values[0].data,
                                    values[0].len);
        }

        memset(&r, 0, sizeof(wh_pelorus_request_t));

        r.content_type = values[1];
        r.user_agent = values[2];
        r.event = values[3];
        r.signature = values[4];
        r.body = &values[5];
        r.has_length = 1;
        r.content_length = values[5].len;
        r.now = strtoll((const char *) values[6].data, NULL, 10);

        /* the parts of a check come to the same as all of it */

        r.work = &work;
        work = NULL;

        do {
            i = wh_pelorus_check(&r, &k, nkeys, &parts);
        } while (i == WH_AGAIN);

        r.work = NULL;

        if (i != WH_OK
            || work != NULL
            || wh_pelorus_check(&r, &k, nkeys, &v) != WH_OK
            || parts.status != v.status
            || parts.serialisation != v.serialisation)
        {
            return 1;
        }

        i = (int) wh_pelorus_response_body(&v, response);

        printf("%u %u %.*s\n", v.status, v.serialisation, i, response);

        if (nkeys) {
            wh_hmac_key_free(&k);
        }
    }

    free(line);

    return 0;
}


static void
test_seed(void)
{
    char                   upper[sizeof(seed_1)];
    size_t                 i;
    wh_str_t               body;
    wh_hmac_key_t          keys[2];
    wh_pelorus_request_t   r;
    wh_pelorus_verdict_t   v;

    key(&keys[0], "another secret");
    key(&keys[1], "My Secret Token");

    request(&r, &body, seed, seed_1);
    ok(wh_pelorus_check(&r, keys, 2, &v) == WH_OK
       && v.result == WH_PELORUS_ACCEPTED && v.status == 202 && v.key == 1
       && v.serialisation == 1,
       "the seed's first signature, by the second key");

    request(&r, &body, seed, "sha256="
            "9f6140a6b38ed4b2b5dc08a24e0e06f6b6b0e0b2a2a7a3d9a9a3a0a9d2cf1cee");
    ok(wh_pelorus_check(&r, keys, 2, &v) == WH_OK
       && v.result == WH_PELORUS_SIGNATURE && v.status == 400
       && v.serialisation == 0,
       "no signature");

    strcpy(upper, seed_1);

    for (i = sizeof("sha256=") - 1; upper[i] != '\0'; i++) {
        upper[i] = (char) toupper(upper[i]);
    }

    request(&r, &body, seed, upper);
    ok(wh_pelorus_check(&r, keys, 2, &v) == WH_OK
       && v.result == WH_PELORUS_SIGNATURE,
       "the right one with digits in upper case");

    request(&r, &body, seed, NULL);
    ok(wh_pelorus_check(&r, keys, 2, &v) == WH_OK
       && v.result == WH_PELORUS_NO_SIGNATURE, "no header");

    ok(wh_pelorus_check(&r, NULL, 0, &v) == WH_OK
       && v.result == WH_PELORUS_ACCEPTED, "no header, no key");

    request(&r, &body, "{\"k\":\"\\ud800\"}", seed_1);
    ok(wh_pelorus_check(&r, keys, 2, &v) == WH_OK
       && v.result == WH_PELORUS_SIGNATURE,
       "what cannot be represented matches no signature");
    ok(wh_pelorus_check(&r, NULL, 0, &v) == WH_OK
       && v.result == WH_PELORUS_UNREADABLE, "nor is it taken without a key");

    wh_hmac_key_free(&keys[0]);
    wh_hmac_key_free(&keys[1]);
}


static void
test_shapes(void)
{
    int                    rc;
    size_t                 i;
    wh_str_t               body;
    wh_hmac_key_t          k;
    wh_pelorus_request_t   r;
    wh_pelorus_verdict_t   v;

#define Z16  "0123456789abcdef"
#define Z48  Z16 Z16 Z16

    static const struct {
        const char           *header;
        wh_pelorus_result_e   result;
    } cases[] = {
        { "sha256=" Z48 Z16, WH_PELORUS_SIGNATURE },
        { "sha256=" Z48 "0123456789ABCDEF", WH_PELORUS_SIGNATURE },
        { "sha256=0x" Z48 "0123456789abcd", WH_PELORUS_SIGNATURE },
        { "sha256=0x_" Z48 "0123456789abc", WH_PELORUS_SIGNATURE },
        { "sha256=-" Z48 "0123456789abcde", WH_PELORUS_SIGNATURE },
        { "sha256=+" Z48 "0123456789abcde", WH_PELORUS_SIGNATURE },
        { "sha256= " Z48 "0123456789abcde", WH_PELORUS_SIGNATURE },
        { "sha256=1_" Z48 "0123456789abcd", WH_PELORUS_SIGNATURE },
        { "sha256=_" Z48 "0123456789abcde", WH_PELORUS_HEADERS },
        { "sha256=" Z48 "0123456789abcde_", WH_PELORUS_HEADERS },
        { "sha256=1__" Z48 "0123456789abc", WH_PELORUS_HEADERS },
        { "sha256=" Z48 "0123456789abcdeg", WH_PELORUS_HEADERS },
        { "sha256=" Z48 "0123456789abcde", WH_PELORUS_HEADERS },
        { "sha256=" Z48 Z16 "0", WH_PELORUS_HEADERS },
        { "sha256=", WH_PELORUS_HEADERS },
        { "SHA256=" Z48 Z16, WH_PELORUS_HEADERS },
        { "sha1=" Z48 Z16, WH_PELORUS_HEADERS },
        { Z48 Z16, WH_PELORUS_HEADERS },
        { "", WH_PELORUS_HEADERS }
    };

    key(&k, "My Secret Token");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        request(&r, &body, seed, cases[i].header);
        rc = wh_pelorus_check(&r, &k, 1, &v);

        ok(rc == WH_OK && v.result == cases[i].result, "\"%s\": %u",
           cases[i].header, v.result);
    }

    wh_hmac_key_free(&k);
}


static void
test_payload(void)
{
    int                    rc;
    size_t                 i;
    wh_str_t               body;
    wh_pelorus_request_t   r;
    wh_pelorus_verdict_t   v;

#define REST  ",\"failure_id\":1,\"failure_event\":\"created\"}"
#define TIME  "{\"app\":\"a\",\"timestamp\":"

    static const struct {
        const char  *text;
        const char  *message;
    } cases[] = {
        { TIME "1700000000" REST, NULL },
        { TIME "1700000000.9" REST, NULL },
        { TIME "1.7e9" REST, NULL },
        { TIME "\" +1_700_000_000\\n\"" REST, NULL },
        { TIME "\"01700000000\"" REST, NULL },
        { TIME "1e400" REST, "value is not a valid integer" },
        { TIME "\"1.7e9\"" REST, "value is not a valid integer" },
        { TIME "\"1700__000000\"" REST, "value is not a valid integer" },
        { TIME "\"\"" REST, "value is not a valid integer" },
        { TIME "\"-\"" REST, "value is not a valid integer" },
        { TIME "[]" REST, "value is not a valid integer" },
        { TIME "null" REST, "none is not an allowed value" },
        { TIME "true" REST, "ensure this value is greater than" },
        { TIME "-99999999999999999999999999" REST, "ensure this value is gr" },
        { TIME "99999999999999999999999999" REST, "ensure this value is less" },
        { TIME "1e300" REST, "ensure this value is less" },
        { TIME "1699998199" REST, "Timestamp cannot be older" },
        { "{\"app\":null,\"timestamp\":0" REST, "none is not an allowed" },
        { "{\"app\":true,\"timestamp\":1700000000" REST, NULL },
        { "{\"app\":1.5,\"timestamp\":1700000000" REST, NULL },
        { "{\"app\":{},\"timestamp\":1700000000" REST, "str type expected" },
        { TIME "1,\"timestamp\":1700000000" REST, NULL },
        { TIME "1700000000,\"failure_id\":[],\"failure_event\":\"created\"}",
          "str type expected" },
        { TIME "1700000000,\"failure_id\":1,\"failure_event\":[]}",
          "value is not a valid enumeration" },
        { "{}", "field required" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        request(&r, &body, cases[i].text, NULL);
        r.event = str("failure");

        rc = wh_pelorus_check(&r, NULL, 0, &v);

        ok(rc == WH_OK
           && (v.message == NULL) == (cases[i].message == NULL)
           && (v.message == NULL
               || strncmp(v.message, cases[i].message,
                          strlen(cases[i].message)) == 0),
           "%s: %s", cases[i].text, v.message ? v.message : "good");
    }

    request(&r, &body, "{\"app\":\"a\",\"timestamp\":1700000000,"
            "\"image_sha\":\"sha256:af4092ccbfa99a3ec1ea93058fe39b8d"
            "dfd8db1c7a18081db397c50a0b8ec77d\",\"namespace\":1,"
            "\"commit_hash\":1e400}", NULL);
    ok(wh_pelorus_check(&r, NULL, 0, &v) == WH_OK && v.message != NULL
       && strstr(v.message, "at least 7") != NULL,
       "str() of an infinite number has three letters");
}


static void
test_requests(void)
{
    int                    rc;
    char                  *big;
    size_t                 i, n;
    wh_str_t               body;
    unsigned char          response[WH_PELORUS_RESPONSE_BODY];
    wh_pelorus_request_t   r;
    wh_pelorus_verdict_t   v;

    static const struct {
        const char          *text;
        unsigned             has_length;
        wh_pelorus_result_e  result;
        const char          *response;
    } cases[] = {
        { "", 1, WH_PELORUS_REQUEST, "{\"detail\":[{\"loc\":[\"body\"],"
          "\"msg\":\"field required\",\"type\":\"value_error.missing\"}]}" },
        { "null", 1, WH_PELORUS_REQUEST, "{\"detail\":[{\"loc\":[\"body\"],"
          "\"msg\":\"field required\",\"type\":\"value_error.missing\"}]}" },
        { "5", 1, WH_PELORUS_REQUEST, "{\"detail\":[{\"loc\":[\"body\"],"
          "\"msg\":\"value is not a valid dict\","
          "\"type\":\"type_error.dict\"}]}" },
        { "[5]", 0, WH_PELORUS_REQUEST, "{\"detail\":[{\"loc\":[\"header\","
          "\"content-length\"],\"msg\":\"field required\","
          "\"type\":\"value_error.missing\"},{\"loc\":[\"body\"],"
          "\"msg\":\"value is not a valid dict\","
          "\"type\":\"type_error.dict\"}]}" },
        { "{}", 0, WH_PELORUS_REQUEST, "{\"detail\":[{\"loc\":[\"header\","
          "\"content-length\"],\"msg\":\"field required\","
          "\"type\":\"value_error.missing\"}]}" },
        { "[[[],1]]", 1, WH_PELORUS_REQUEST, NULL },
        { "[[1,2],\"ab\",{\"a\":1,\"b\":2}]", 1, WH_PELORUS_CRASH,
          "Internal Server Error" },
        { "[[1,2],\"a\"]", 1, WH_PELORUS_REQUEST, NULL },
        { "[]", 1, WH_PELORUS_CRASH, NULL },
        { "{", 1, WH_PELORUS_SYNTAX, NULL },
        { "{,\"\xff\"", 1, WH_PELORUS_UNREADABLE, NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        request(&r, &body, cases[i].text, NULL);
        r.has_length = cases[i].has_length;

        rc = wh_pelorus_check(&r, NULL, 0, &v);

        ok(rc == WH_OK && v.result == cases[i].result, "%s: %u", cases[i].text,
           v.status);

        n = wh_pelorus_response_body(&v, response);

        if (cases[i].response != NULL) {
            ok(n == strlen(cases[i].response)
               && memcmp(response, cases[i].response, n) == 0,
               "and its body: %.*s", (int) n, response);
        }
    }

    request(&r, &body, "[]", NULL);
    r.event = str("ping");
    ok(wh_pelorus_check(&r, NULL, 0, &v) == WH_OK
       && v.result == WH_PELORUS_PONG, "a list and ping");

    big = repeat("{\"a\":\"", "x", 100000 - 8, "\"}");
    request(&r, &body, big, NULL);
    r.event = str("ping");
    ok(body.len == 100000 && wh_pelorus_check(&r, NULL, 0, &v) == WH_OK
       && v.result == WH_PELORUS_PONG, "100000 bytes");
    free(big);

    big = repeat("{\"a\":\"", "x", 100001 - 8, "\"}");
    request(&r, &body, big, NULL);
    ok(wh_pelorus_check(&r, NULL, 0, &v) == WH_OK
       && v.result == WH_PELORUS_TOO_BIG, "100001 bytes");
    r.body = NULL;
    ok(wh_pelorus_check(&r, NULL, 0, &v) == WH_OK
       && v.result == WH_PELORUS_TOO_BIG, "100001 bytes not read");
    free(big);
}


static void
test_types(void)
{
    size_t                 i;
    wh_str_t               body;
    wh_pelorus_request_t   r;
    wh_pelorus_verdict_t   v;

    static const struct {
        const char  *type;
        int          json;
    } cases[] = {
        { "application/json", 1 }, { "APPLICATION/Json", 1 },
        { "application/json; charset=x", 1 }, { " application/json ;", 1 },
        { "application/cloudevents+json", 1 }, { "application/+json", 1 },
        { "application/jsonp", 0 }, { "application/xjson", 0 },
        { "text/json", 0 }, { "application/x-www-form-urlencoded", 0 },
        { "application/json/json", 0 }, { "json", 0 }, { ";", 0 }, { "", 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        request(&r, &body, "{}", NULL);
        r.event = str("ping");
        r.content_type = str(cases[i].type);

        ok(wh_pelorus_check(&r, NULL, 0, &v) == WH_OK
           && (v.result == WH_PELORUS_PONG) == cases[i].json
           && (cases[i].json || v.bad_body), "type \"%s\"", cases[i].type);
    }
}


static char *
repeat(const char *head, const char *item, size_t len, const char *tail)
{
    char    *text, *p;
    size_t   n;

    n = strlen(item);
    text = malloc(strlen(head) + len + strlen(tail) + 1);

    p = text + sprintf(text, "%s", head);

    for ( /* void */ ; len >= n; len -= n) {
        memcpy(p, item, n);
        p += n;
    }

    strcpy(p, tail);

    return text;
}


/* Milliseconds of processor time for one refusal. */

static double
run(const char *text, int times)
{
    int                    i;
    clock_t                start;
    wh_str_t               body;
    wh_hmac_key_t          k;
    wh_pelorus_request_t   r;
    wh_pelorus_verdict_t   v;

    request(&r, &body, text, seed_1);
    r.event = str("ping");
    key(&k, "My Secret Token");

    start = clock();

    for (i = 0; i < times; i++) {

        if (wh_pelorus_check(&r, &k, 1, &v) != WH_OK
            || v.result != WH_PELORUS_SIGNATURE)
        {
            ok(0, "refused as a signature: %u", v.result);
        }
    }

    wh_hmac_key_free(&k);

    return (double) (clock() - start) * 1000 / CLOCKS_PER_SEC / times;
}


/* Printed, and judged against a bound that holds for slow builds as well. */

static void
test_speed(void)
{
    char    *text, *item, *p;
    size_t   i;
    double   ms;

    static const struct {
        const char  *what;
        const char  *head;
        const char  *item;
        const char  *tail;
    } cases[] = {
        { "text", "{\"a\":\"", "the quick brown fox ", "\"}" },
        { "members", "{", "\"member\":\"value\",", "\"z\":1}" },
        { "small numbers", "{\"a\":[", "1,", "1]}" },
        { "floats", "{\"a\":[", "1e9,", "1]}" },
        { "long floats", "{\"a\":[", "0.12345678901234567,", "1]}" },
        { "odd floats", "{\"a\":[", "1.7976931348623157e-300,", "1]}" },
        { "tiny floats", "{\"a\":[", "4e-324,", "1]}" },
        { "DEL", "{\"a\":\"", "\x7f", "\"}" },
        { "CJK", "{\"a\":\"", "\xe4\xb8\xad", "\"}" },
        { "lists", "{\"a\":[", "[],", "1]}" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        text = repeat(cases[i].head, cases[i].item, 99900, cases[i].tail);
        ms = run(text, 5);

        ok(ms < 400, "100 kB of %s: %.2f ms", cases[i].what, ms);

        free(text);
    }

    text = malloc(110000);
    p = text + sprintf(text, "{");

    for (i = 0; p - text < 99900; i++) {
        p += sprintf(p, "\"%zx\":1,", i * 7919 % 65536);
    }

    strcpy(p, "\"\":1}");
    ms = run(text, 5);

    ok(ms < 400, "100 kB of different names: %.2f ms", ms);

    free(text);

    text = malloc(110000);
    item = "{\"a\":1,\"a\":";
    p = text + sprintf(text, "{\"x\":[");

    while (p - text < 99000) {

        for (i = 0; i < 60; i++) {
            p += sprintf(p, "%s", item);
        }

        p += sprintf(p, "1");

        for (i = 0; i < 60; i++) {
            p += sprintf(p, "}");
        }

        p += sprintf(p, ",");
    }

    strcpy(p, "1]}");
    ms = run(text, 5);

    ok(ms < 400, "100 kB of nested repetitions: %.2f ms", ms);

    free(text);
}
