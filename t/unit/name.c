
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_name: the same bytes on every host, so the digests are fixed here.  They
 * were made by another program.
 */


#include <string.h>

#include "tap.h"
#include "wh_name.h"


typedef struct {
    const char     *title;
    wh_name_e       what;
    size_t          n;
    wh_str_t        parts[2];
    const char     *name;          /* WH_NAME_SIZE bytes */
} name_case_t;


static void test_names(EVP_MD_CTX *md);
static void test_in_place(EVP_MD_CTX *md);


static const name_case_t  cases[] = {

    { "a server", WH_NAME_SERVER, 1, { wh_string("hooks.example.com") },
      "\x13\xdd\x90\xa7\x20\x69\x16\x4c\x14\x2c\x8d\x94\xa5\x2b\xcb\xfa"
      "\xa5\x40\xbb\x6c\xf8\x38\xf6\x94\xdf\x23\xf8\x67\xed\x71\x33\x15" },

    { "two parts", WH_NAME_KEY, 2, { wh_string("a"), wh_string("bc") },
      "\x98\x1f\xa5\x27\xd1\x77\xdb\x0c\xa4\x52\x12\xb1\x26\xb6\x54\xbe"
      "\x4d\xa3\xa9\x82\x1b\x54\xe7\x45\xb3\x77\xe3\x62\xd6\x1f\xaf\x0f" },

    { "the same, parted elsewhere", WH_NAME_KEY, 2,
      { wh_string("ab"), wh_string("c") },
      "\x56\x3e\x27\x73\x13\x70\xbc\xb5\xfd\xee\x57\x5b\xe5\x47\xf0\xc2"
      "\x53\x5f\x4d\x18\x31\x8a\x1f\x58\xe4\x64\x48\x22\x3d\xd8\x9f\x45" },

    { "the same, as another thing", WH_NAME_BODY, 2,
      { wh_string("a"), wh_string("bc") },
      "\x4f\x31\x7c\x1d\x16\x97\x15\x50\xad\xf5\x53\x11\x58\x9b\x5a\xc9"
      "\x42\x00\x1f\x08\xe7\xae\x02\xd5\x20\x73\xf7\x76\x3b\x72\xa8\xae" },

    { "no part", WH_NAME_TENANT, 0, { { 0, NULL } },
      "\xa8\xd5\xdd\x63\xfb\xa4\x71\xeb\xcb\x1f\x3e\x8f\x7c\x1e\x18\x79"
      "\xb7\x15\x2a\x6e\x72\x98\xa9\x1c\xe1\x19\xa6\x34\x00\xad\xe7\xc5" },

    { "an empty part", WH_NAME_TENANT, 1, { { 0, NULL } },
      "\xa7\xf2\xc6\x83\xf4\x0f\xc1\x2b\x19\xa4\x27\xd4\x16\x7c\xa5\x06"
      "\x60\xc9\xa1\x8b\x82\x31\xad\x34\xc1\xdd\xd5\x51\x1c\x6d\x3b\x3a" }
};


int
main(void)
{
    EVP_MD_CTX  *md;

    md = EVP_MD_CTX_new();

    ok(wh_digest_init() == WH_OK, "OpenSSL has the digests");

    test_names(md);
    test_in_place(md);

    EVP_MD_CTX_free(md);

    return done_testing();
}


static void
test_names(EVP_MD_CTX *md)
{
    size_t         i;
    unsigned char  name[WH_NAME_SIZE];

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_name(md, cases[i].what, cases[i].parts, cases[i].n, name)
           == WH_OK
           && memcmp(name, cases[i].name, WH_NAME_SIZE) == 0,
           "%s", cases[i].title);
    }
}


static void
test_in_place(EVP_MD_CTX *md)
{
    wh_str_t       parts[2];
    unsigned char  name[WH_NAME_SIZE], other[WH_NAME_SIZE];

    memcpy(name, cases[0].name, WH_NAME_SIZE);

    parts[0].data = name;
    parts[0].len = WH_NAME_SIZE;
    parts[1] = str("/x");

    ok(wh_name(md, WH_NAME_LOCATION, parts, 2, other) == WH_OK
       && wh_name(md, WH_NAME_LOCATION, parts, 2, name) == WH_OK
       && memcmp(name, other, WH_NAME_SIZE) == 0,
       "a name in the place of one of its parts");
}
