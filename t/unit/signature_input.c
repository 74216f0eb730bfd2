
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_signature_input: which signature counts, and what it says.
 */


#include "tap.h"
#include "wh_signature_input.h"
#include "wh_str.h"


static void test_components(void);
static void test_choice(void);
static void test_content(void);
static void test_values(void);


static const wh_str_t  none = { 0, NULL };


int
main(void)
{
    test_components();
    test_choice();
    test_content();
    test_values();

    return done_testing();
}


static void
test_components(void)
{
    size_t          i;
    wh_component_t  component;

    static const struct {
        wh_str_t  name;
        int       type;            /* or -1 */
    } cases[] = {
        { wh_string("@method"), WH_COMPONENT_METHOD },
        { wh_string("@target-uri"), WH_COMPONENT_TARGET_URI },
        { wh_string("@authority"), WH_COMPONENT_AUTHORITY },
        { wh_string("@scheme"), WH_COMPONENT_SCHEME },
        { wh_string("@request-target"), WH_COMPONENT_REQUEST_TARGET },
        { wh_string("@path"), WH_COMPONENT_PATH },
        { wh_string("@query"), WH_COMPONENT_QUERY },
        { wh_string("content-digest"), WH_COMPONENT_FIELD },
        { wh_string("x_1!#$%&'*+.^`|~"), WH_COMPONENT_FIELD },
        { wh_string("@query-param"), -1 }, { wh_string("@status"), -1 },
        { wh_string("@signature-params"), -1 }, { wh_string("@"), -1 },
        { wh_string("@Method"), -1 }, { wh_string("X-Id"), -1 },
        { wh_string(""), -1 }, { wh_string("a b"), -1 },
        { wh_string("a\\\"b"), -1 }, { wh_string("a:"), -1 },
        { wh_string("a\0"), -1 }, { wh_string("\xc3\xa4"), -1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_component(cases[i].name, &component) == WH_OK
           ? (int) component.type == cases[i].type : cases[i].type == -1,
           "component \"%s\"", cases[i].name.data);
    }
}


static void
test_choice(void)
{
    int                   rc;
    size_t                i;
    wh_signature_input_t  input;

    static const struct {
        const char  *header;
        const char  *label;
        const char  *tag;
        int          rc;
        const char  *found;        /* its label */
    } cases[] = {
        { "a=()", "", "", WH_OK, "a" },
        { "a=();tag=\"t\", b=()", "", "t", WH_OK, "a" },
        { "b=(), a=();tag=\"t\"", "", "t", WH_OK, "a" },
        { "b=(), a=()", "a", "", WH_OK, "a" },
        { "a=();tag=\"x\"", "a", "t", WH_OK, "a" },
        { "", "", "", WH_ABSENT, NULL },
        { "a=()", "b", "", WH_ABSENT, NULL },
        { "a=()", "", "t", WH_ABSENT, NULL },
        { "a=();tag=t", "", "t", WH_ABSENT, NULL },
        { "a=();tag=\"T\"", "", "t", WH_ABSENT, NULL },
        { "a=(), b=()", "", "", WH_REPEATED, NULL },
        { "a=();tag=\"t\", b=();tag=\"t\"", "", "t", WH_REPEATED, NULL },
        { "a=();tag=\"t\", a=()", "", "t", WH_REPEATED, NULL },
        { "a=(), a=()", "a", "", WH_REPEATED, NULL },
        { "a=(), b=1", "a", "", WH_INVALID, NULL },
        { "a=(),", "a", "", WH_INVALID, NULL },
        { "a=1", "", "", WH_INVALID, NULL },
        { "a", "", "", WH_INVALID, NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rc = wh_signature_input(str(cases[i].header), str(cases[i].label),
                                str(cases[i].tag), &input);

        ok(rc == cases[i].rc
           && (rc != WH_OK || wh_equal(input.label, str(cases[i].found))),
           "%s, label \"%s\", tag \"%s\"", cases[i].header, cases[i].label,
           cases[i].tag);
    }
}


static void
test_content(void)
{
    char                  many[1024];
    size_t                i;
    wh_signature_input_t  input;

    static const wh_str_t  path = wh_string("@path");

    static const char  *bad[] = {
        "(\"a\" \"a\")", "(a)", "(1)", "(:AA==:)", "(\"A\")", "(\"\")",
        "(\"a\";req)", "(\"@status\")", "(\"@query-param\";name=\"a\")",
        "();created=1;created=1", "();created=\"1\"", "();created=1.0",
        "();created", "();expires=@1", "();keyid=a", "();nonce=:AA==:",
        "();alg=ed25519", "();tag=1"
    };

    ok(wh_signature_input(str("s=(\"@path\"  \"x-id\");created=1;x;keyid=\"k\";"
                              "nonce=\"n\";alg=\"a\";tag=\"t\";expires=2"),
                          none, none, &input) == WH_OK
       && input.n == 2 && input.components[0].type == WH_COMPONENT_PATH
       && wh_equal(input.components[1].name, str("x-id"))
       && wh_equal(input.created, str("1"))
       && wh_equal(input.expires, str("2"))
       && wh_equal(input.keyid, str("k")) && wh_equal(input.nonce, str("n"))
       && wh_equal(input.alg, str("a")) && wh_equal(input.tag, str("t"))
       && wh_equal(input.written, str("(\"@path\"  \"x-id\");created=1;x;"
                                      "keyid=\"k\";nonce=\"n\";alg=\"a\";"
                                      "tag=\"t\";expires=2")),
       "all of a signature");

    ok(wh_signature_covers(&input, path)
       && !wh_signature_covers(&input, str("@query")), "what it covers");

    ok(wh_signature_input(str("s=();keyid=\"\""), none, none, &input) == WH_OK
       && input.keyid.data && input.keyid.len == 0
       && input.nonce.data == NULL, "an empty parameter, and one that is not");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(many, sizeof(many), "s=%s", bad[i]);
        ok(wh_signature_input(str(many), none, none, &input) == WH_INVALID,
           "%s", many);
    }

    strcpy(many, "s=(");

    for (i = 0; i < WH_COMPONENTS_MAX; i++) {
        sprintf(many + strlen(many), "\"x%d\" ", (int) i);
    }

    strcat(many, ")");
    ok(wh_signature_input(str(many), none, none, &input) == WH_OK
       && input.n == WH_COMPONENTS_MAX, "as many components as may be");

    strcpy(many + strlen(many) - 1, "\"y\")");
    ok(wh_signature_input(str(many), none, none, &input) == WH_INVALID,
       "one more");
}


static void
test_values(void)
{
    wh_pubkey_e  scheme;

    ok(wh_signature_alg(str("ecdsa-p384-sha384"), &scheme) == WH_OK
       && scheme == WH_ECDSA_P384_SHA384, "an algorithm");
    ok(wh_signature_alg(str("hmac-sha256"), &scheme) == WH_OK
       && scheme == WH_PUBKEY_NONE, "HMAC");
    ok(wh_signature_alg(str("none"), &scheme) == WH_INVALID
       && wh_signature_alg(str(""), &scheme) == WH_INVALID
       && wh_signature_alg(str("ED25519"), &scheme) == WH_INVALID,
       "no algorithms");

    ok(wh_signature_time(str("1700000000")) == 1700000000, "a time");
    ok(wh_signature_time(str("0")) == -1 && wh_signature_time(none) == -1
       && wh_signature_time(str("-170000000")) == -1
       && wh_signature_time(str("17000000000")) == -1, "no times");
}
