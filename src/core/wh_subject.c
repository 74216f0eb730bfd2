
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Matching a certificate's subject and alternative names, attribute by
 * attribute.
 */


#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "wh_list.h"
#include "wh_subject.h"


typedef struct {
    wh_str_t  name;
    int       nid;
    int       san;
    int       multiple;
} wh_subject_name_t;


static int wh_subject_entries(X509 *cert, const wh_subject_attr_t *attr);
static int wh_subject_entry_equal(const ASN1_STRING *entry, wh_str_t value);
static int wh_subject_names(X509 *cert, const wh_subject_attr_t *attr);
static int wh_subject_name_equal(const GENERAL_NAME *name,
    const wh_subject_attr_t *attr);


static const wh_subject_name_t  wh_subject_attrs[] = {
    { wh_string("CN"), NID_commonName, 0, 0 },
    { wh_string("O"), NID_organizationName, 0, 0 },
    { wh_string("OU"), NID_organizationalUnitName, 0, 1 },
    { wh_string("C"), NID_countryName, 0, 0 },
    { wh_string("ST"), NID_stateOrProvinceName, 0, 0 },
    { wh_string("L"), NID_localityName, 0, 0 },
    { wh_string("serialNumber"), NID_serialNumber, 0, 0 },
    { wh_string("emailAddress"), NID_pkcs9_emailAddress, 0, 0 }
};


static const wh_subject_name_t  wh_subject_sans[] = {
    { wh_string("dns:"), NID_undef, GEN_DNS, 1 },
    { wh_string("uri:"), NID_undef, GEN_URI, 1 },
    { wh_string("email:"), NID_undef, GEN_EMAIL, 1 }
};


int
wh_subject_attr(wh_str_t text, wh_subject_attr_t *attr)
{
    size_t                    i, n;
    wh_str_t                  name, value;
    const wh_subject_name_t  *known;

    static const wh_str_t  san = wh_string("san");

    if (!wh_pair(text, &name, &value)) {
        return WH_INVALID;
    }

    if (wh_equal_caseless(name, san)) {
        known = wh_subject_sans;
        n = sizeof(wh_subject_sans) / sizeof(wh_subject_sans[0]);

    } else {
        known = wh_subject_attrs;
        n = sizeof(wh_subject_attrs) / sizeof(wh_subject_attrs[0]);
    }

    for (i = 0; i < n; i++) {

        if (known[i].san ? wh_cut_prefix_caseless(&value, known[i].name)
                         : wh_equal_caseless(name, known[i].name))
        {
            break;
        }
    }

    if (i == n) {
        return WH_INVALID;
    }

    attr->nid = known[i].nid;
    attr->san = known[i].san;
    attr->multiple = known[i].multiple;
    attr->value = value;

    return value.len ? WH_OK : WH_INVALID;
}


int
wh_subject_match(X509 *cert, const wh_subject_attr_t *attr)
{
    int  rc;

    rc = attr->san ? wh_subject_names(cert, attr)
                   : wh_subject_entries(cert, attr);

    /* a string that cannot be decoded leaves a line there */

    ERR_clear_error();

    return rc;
}


static int
wh_subject_entries(X509 *cert, const wh_subject_attr_t *attr)
{
    int                     i, n, matched;
    const X509_NAME        *subject;
    const X509_NAME_ENTRY  *entry;

    n = 0;
    matched = 0;
    subject = X509_get_subject_name(cert);

    for (i = X509_NAME_get_index_by_NID((X509_NAME *) subject, attr->nid, -1);
         i >= 0;
         i = X509_NAME_get_index_by_NID((X509_NAME *) subject, attr->nid, i))
    {
        entry = X509_NAME_get_entry(subject, i);

        matched |= wh_subject_entry_equal(
                       X509_NAME_ENTRY_get_data((X509_NAME_ENTRY *) entry),
                       attr->value);
        n++;
    }

    if (n > 1 && !attr->multiple) {
        return WH_INVALID;
    }

    return matched ? WH_OK : WH_INVALID;
}


static int
wh_subject_entry_equal(const ASN1_STRING *entry, wh_str_t value)
{
    int             len, equal;
    wh_str_t        text;
    unsigned char  *utf8;

    len = ASN1_STRING_to_UTF8(&utf8, (ASN1_STRING *) entry);

    if (len < 0) {
        return 0;
    }

    text.data = utf8;
    text.len = len;

    equal = wh_equal(text, value);

    OPENSSL_free(utf8);

    return equal;
}


static int
wh_subject_names(X509 *cert, const wh_subject_attr_t *attr)
{
    int             i, matched;
    GENERAL_NAMES  *names;

    names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    matched = 0;

    for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        matched |= wh_subject_name_equal(sk_GENERAL_NAME_value(names, i),
                                         attr);
    }

    GENERAL_NAMES_free(names);

    return matched ? WH_OK : WH_INVALID;
}


static int
wh_subject_name_equal(const GENERAL_NAME *name, const wh_subject_attr_t *attr)
{
    wh_str_t  text;

    if (name->type != attr->san) {
        return 0;
    }

    /* the three types in question are all an IA5String */

    text.data = ASN1_STRING_get0_data(name->d.ia5);
    text.len = ASN1_STRING_length(name->d.ia5);

    return attr->san == GEN_DNS ? wh_equal_caseless(text, attr->value)
                                : wh_equal(text, attr->value);
}
