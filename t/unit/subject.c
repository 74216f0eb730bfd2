
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_subject: what the configuration may say, and certificates made here.
 */


#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tap.h"
#include "wh_str.h"
#include "wh_subject.h"


static void add_entry(X509 *cert, int nid, int type, wh_str_t value);
static void add_names(X509 *cert, const int *types, const wh_str_t *values,
    size_t n);
static int matches(X509 *cert, const char *attr);
static void test_attrs(void);
static void test_entries(void);
static void test_encodings(void);
static void test_names(void);


int
main(void)
{
    test_attrs();
    test_entries();
    test_encodings();
    test_names();

    return done_testing();
}


static void
add_entry(X509 *cert, int nid, int type, wh_str_t value)
{
    if (X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), nid, type,
                                   (unsigned char *) value.data,
                                   (int) value.len, -1, 0)
        != 1)
    {
        abort();
    }
}


static void
add_names(X509 *cert, const int *types, const wh_str_t *values, size_t n)
{
    size_t          i;
    GENERAL_NAME   *name;
    GENERAL_NAMES  *names;
    ASN1_IA5STRING *text;

    names = GENERAL_NAMES_new();

    for (i = 0; i < n; i++) {
        text = ASN1_IA5STRING_new();
        name = GENERAL_NAME_new();

        if (ASN1_STRING_set(text, values[i].data, (int) values[i].len) != 1) {
            abort();
        }

        GENERAL_NAME_set0_value(name, types[i], text);
        sk_GENERAL_NAME_push(names, name);
    }

    if (X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) != 1) {
        abort();
    }

    GENERAL_NAMES_free(names);
}


static int
matches(X509 *cert, const char *attr)
{
    wh_subject_attr_t  parsed;

    if (wh_subject_attr(str(attr), &parsed) != WH_OK) {
        abort();
    }

    return wh_subject_match(cert, &parsed) == WH_OK && ERR_peek_error() == 0;
}


static void
test_attrs(void)
{
    int                rc;
    size_t             i;
    wh_subject_attr_t  attr;

    static const struct {
        wh_str_t     text;
        int          nid;          /* NID_undef and no san: refused */
        int          san;
        const char  *value;
    } cases[] = {
        { wh_string("CN=a"), NID_commonName, 0, "a" },
        { wh_string("cn=A"), NID_commonName, 0, "A" },
        { wh_string("O=a=b"), NID_organizationName, 0, "a=b" },
        { wh_string("OU=a"), NID_organizationalUnitName, 0, "a" },
        { wh_string("C=NL"), NID_countryName, 0, "NL" },
        { wh_string("ST=a"), NID_stateOrProvinceName, 0, "a" },
        { wh_string("L=a"), NID_localityName, 0, "a" },
        { wh_string("SERIALNUMBER=1"), NID_serialNumber, 0, "1" },
        { wh_string("emailAddress=a@b"), NID_pkcs9_emailAddress, 0, "a@b" },
        { wh_string("san=dns:a.example"), NID_undef, GEN_DNS, "a.example" },
        { wh_string("SAN=DNS:a.example"), NID_undef, GEN_DNS, "a.example" },
        { wh_string("san=uri:http://a"), NID_undef, GEN_URI, "http://a" },
        { wh_string("san=email:a@b"), NID_undef, GEN_EMAIL, "a@b" },

        { wh_string("CN="), NID_undef, 0, NULL },
        { wh_string("CN"), NID_undef, 0, NULL },
        { wh_string("=a"), NID_undef, 0, NULL },
        { wh_string(" CN=a"), NID_undef, 0, NULL },
        { wh_string("CN =a"), NID_undef, 0, NULL },
        { wh_string("CN\0=a"), NID_undef, 0, NULL },
        { wh_string("DC=a"), NID_undef, 0, NULL },
        { wh_string("san=a"), NID_undef, 0, NULL },
        { wh_string("san=dns:"), NID_undef, 0, NULL },
        { wh_string("san=dn"), NID_undef, 0, NULL },
        { wh_string("san="), NID_undef, 0, NULL },
        { wh_string("san=ip:1.2.3.4"), NID_undef, 0, NULL },
        { wh_string("dns:=a"), NID_undef, 0, NULL },
        { wh_string(""), NID_undef, 0, NULL },
        { { 0, NULL }, NID_undef, 0, NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rc = wh_subject_attr(cases[i].text, &attr);

        ok(cases[i].value == NULL
           ? rc == WH_INVALID
           : rc == WH_OK && attr.nid == cases[i].nid
             && attr.san == cases[i].san
             && wh_equal(attr.value, str(cases[i].value)),
           "\"%s\": %d",
           cases[i].text.data ? (const char *) cases[i].text.data : "", rc);
    }
}


static void
test_entries(void)
{
    X509  *cert;

    cert = X509_new();

    ok(!matches(cert, "CN=a"), "an empty subject");

    add_entry(cert, NID_commonName, MBSTRING_UTF8, str("Sender"));
    add_entry(cert, NID_organizationName, MBSTRING_UTF8, str("One"));
    add_entry(cert, NID_organizationName, MBSTRING_UTF8, str("Two"));
    add_entry(cert, NID_organizationalUnitName, MBSTRING_UTF8, str("One"));
    add_entry(cert, NID_organizationalUnitName, MBSTRING_UTF8, str("Two"));

    ok(matches(cert, "CN=Sender"), "the value");
    ok(!matches(cert, "CN=sender"), "its case matters");
    ok(!matches(cert, "CN=Send") && !matches(cert, "CN=Sender2")
       && !matches(cert, "CN= Sender"), "all of it");
    ok(!matches(cert, "L=Sender"), "under another attribute");
    ok(!matches(cert, "O=One") && !matches(cert, "O=Two"),
       "of several values none");
    ok(matches(cert, "OU=One") && matches(cert, "OU=Two")
       && !matches(cert, "OU=Three"), "but any unit");
    ok(!matches(cert, "san=dns:Sender"), "no alternative names");

    X509_free(cert);
}


static void
test_encodings(void)
{
    X509  *cert;

    static const wh_str_t  nul = wh_string("good\0.evil");
    static const wh_str_t  bmp = wh_string("\0G\0\xf6\0d");
    static const wh_str_t  bad = wh_string("G\xff");
    static const wh_str_t  latin = wh_string("G\xf6" "d");

    cert = X509_new();
    add_entry(cert, NID_commonName, V_ASN1_UTF8STRING, nul);
    ok(!matches(cert, "CN=good"), "NUL in a value does not end it");
    X509_free(cert);

    cert = X509_new();
    add_entry(cert, NID_commonName, V_ASN1_BMPSTRING, bmp);
    ok(matches(cert, "CN=G\xc3\xb6" "d") && !matches(cert, "CN=G\xf6" "d"),
       "UTF-16 becomes UTF-8");
    X509_free(cert);

    cert = X509_new();
    add_entry(cert, NID_commonName, V_ASN1_T61STRING, latin);
    ok(matches(cert, "CN=G\xc3\xb6" "d"), "as does Latin-1");
    X509_free(cert);

    cert = X509_new();
    add_entry(cert, NID_commonName, V_ASN1_UTF8STRING, bad);
    ok(!matches(cert, "CN=G\xff") && !matches(cert, "CN=G"),
       "what cannot be decoded does not match");
    X509_free(cert);
}


static void
test_names(void)
{
    X509  *cert;

    static const int  types[] = { GEN_DNS, GEN_DNS, GEN_URI, GEN_EMAIL };

    static const wh_str_t  values[] = {
        wh_string("a.example\0.evil"), wh_string("*.B.example"),
        wh_string("urn:x:Y"), wh_string("a@b")
    };

    cert = X509_new();
    add_entry(cert, NID_commonName, MBSTRING_UTF8, str("c.example"));
    add_names(cert, types, values, 4);

    ok(matches(cert, "san=dns:*.b.EXAMPLE"), "case of DNS is ignored");
    ok(!matches(cert, "san=dns:x.b.example"), "\"*\" is a letter as any");
    ok(!matches(cert, "san=dns:a.example"), "NUL does not end a name");
    ok(!matches(cert, "san=dns:c.example"), "the subject is not a name");
    ok(matches(cert, "san=uri:urn:x:Y") && !matches(cert, "san=uri:urn:x:y"),
       "case of a URI matters");
    ok(matches(cert, "san=email:a@b") && !matches(cert, "san=dns:a@b"),
       "each type for itself");
    ok(!matches(cert, "CN=a@b"), "names are not the subject");

    X509_free(cert);
}
