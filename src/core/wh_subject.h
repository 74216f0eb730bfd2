
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Matching a certificate's subject and alternative names, attribute by
 * attribute.
 */


#ifndef _WH_SUBJECT_H_INCLUDED_
#define _WH_SUBJECT_H_INCLUDED_


#include <openssl/x509.h>

#include "wh.h"


typedef struct {
    int         nid;               /* of the attribute, NID_undef for a SAN */
    int         san;               /* the GEN_* type */
    int         multiple;          /* may be in a subject several times */
    wh_str_t    value;
} wh_subject_attr_t;


/*
 * Reads ATTR=VALUE: CN, O, OU, C, ST, L, serialNumber, emailAddress (case
 * ignored), san=dns:NAME, san=uri:URI, san=email:ADDRESS.  The value
 * points into text.  WH_INVALID when the attribute is not one of these or
 * the value is empty.
 */
int wh_subject_attr(wh_str_t text, wh_subject_attr_t *attr);

/*
 * WH_OK when the certificate has the attribute with exactly this value,
 * compared whole and after decoding to UTF-8 (DNS names without regard to
 * case), WH_INVALID when not.  A subject that has several values of an
 * attribute is ambiguous and does not match, but for OU, where any may; so
 * may any alternative name.
 */
int wh_subject_match(X509 *cert, const wh_subject_attr_t *attr);


#endif /* _WH_SUBJECT_H_INCLUDED_ */
