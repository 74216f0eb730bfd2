
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What headers are made of: encodings, lists, pairs, signatures and
 * credentials.  What is decoded encodes to the same text; what is found is
 * in the text.  The first byte holds encoding, separator and size.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "wh_credential.h"
#include "wh_list.h"
#include "wh_signature.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void decode(wh_encoding_e encoding, wh_str_t text);
static void encode(wh_encoding_e encoding, const unsigned char *p, size_t len,
    char *text);
static void lists(unsigned char separator, wh_str_t text);
static void signatures(unsigned flags, unsigned char separator,
    wh_str_t text);
static void within(wh_str_t part, wh_str_t text);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    wh_str_t        text, credentials;
    unsigned char  *copy, separator;

    static const wh_str_t       scheme = wh_string("Bearer");
    static const unsigned char  separators[] = { ',', ';', ' ', 0 };

    if (len == 0) {
        return 0;
    }

    /* with nothing after it that could be read */

    copy = malloc(len);
    memcpy(copy, data + 1, len - 1);

    text.data = copy;
    text.len = len - 1;

    separator = separators[(data[0] >> 2) & 3];

    decode((wh_encoding_e) (data[0] & 3), text);
    signatures(data[0], separator, text);

    if (separator) {
        lists(separator, text);
    }

    if (wh_authorization(text, scheme, &credentials) == WH_OK) {
        within(credentials, text);

        if (credentials.len == 0) {
            abort();
        }
    }

    free(copy);

    return 0;
}


static void
decode(wh_encoding_e encoding, wh_str_t text)
{
    int             rc;
    char           *again;
    size_t          n, room, i;
    unsigned char  *bytes;

    room = wh_decoded_len(encoding, text.len);
    bytes = malloc(room + (room == 0));
    n = room;

    rc = wh_decode(encoding, text, bytes, &n);

    if (rc == WH_OK) {

        if (n > room) {
            abort();
        }

        again = malloc(2 * n + 8);
        encode(encoding, bytes, n, again);

        for (i = 0; i < text.len; i++) {

            if (again[i] == '=' && encoding == WH_BASE64URL) {
                abort();
            }

            if (again[i] != (char) text.data[i]
                && !(encoding == WH_HEX
                     && again[i] == (char) (text.data[i] | 0x20))
                && !(encoding == WH_BASE64URL && again[i] == '\0'
                     && text.data[i] == '='))
            {
                abort();
            }

            if (again[i] == '\0' && encoding != WH_TEXT) {
                break;
            }
        }

        free(again);
    }

    free(bytes);
}


static void
encode(wh_encoding_e encoding, const unsigned char *p, size_t len,
    char *text)
{
    char    *c;
    size_t   i;

    switch (encoding) {

    case WH_TEXT:
        memcpy(text, p, len);
        return;

    case WH_HEX:
        for (i = 0; i < len; i++) {
            text[2 * i] = "0123456789abcdef"[p[i] >> 4];
            text[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
        }

        text[2 * i] = '\0';
        return;

    default:
        EVP_EncodeBlock((unsigned char *) text, p, (int) len);
        break;
    }

    for (c = text; encoding == WH_BASE64URL && *c; c++) {
        *c = (*c == '+') ? '-' : (*c == '/') ? '_' : (*c == '=') ? '\0' : *c;
    }
}


static void
lists(unsigned char separator, wh_str_t text)
{
    int       rc;
    size_t    n;
    wh_str_t  rest, element, name, value, found;

    static const wh_str_t  wanted = wh_string("v1");

    rest = text;
    n = 0;

    while (wh_list_next(&rest, separator, &element)) {

        within(element, text);

        if (element.len && memchr(element.data, separator, element.len)) {
            abort();
        }

        if (wh_pair(element, &name, &value)) {
            within(name, element);
            within(value, element);
            n += wh_equal(name, wanted);

            if (wh_equal(name, wanted) && !wh_equal_caseless(name, wanted)) {
                abort();
            }
        }
    }

    rc = wh_pair_find(text, separator, wanted, &found);

    if (rc == WH_OK) {
        within(found, text);
    }

    if ((n == 0 && rc != WH_ABSENT) || (n > 1 && rc != WH_REPEATED)) {
        abort();
    }
}


static void
signatures(unsigned flags, unsigned char separator, wh_str_t text)
{
    size_t                 n;
    unsigned char         *buf;
    wh_signature_t         found[WH_SIGNATURE_MAX_COUNT];
    wh_signature_format_t  format;

    static const wh_str_t  prefix = wh_string("sha256=");
    static const wh_str_t  field = wh_string("v1");

    memset(&format, 0, sizeof(wh_signature_format_t));

    format.encoding = (wh_encoding_e) (1 + flags % 3);
    format.size = (flags & 16) ? 4 : 32;
    format.separator = separator;

    if (flags & 32) {
        format.prefix = prefix;
    }

    if (flags & 64) {
        format.field = field;
    }

    buf = malloc(wh_decoded_len(format.encoding, text.len) + 1);
    if (buf == NULL) {
        return;
    }

    /* the byte of no use is for lengths of 0 */

    n = WH_SIGNATURE_MAX_COUNT;

    if (wh_signature_parse(&format, text, buf + 1, found, &n) == WH_OK
        && (n == 0 || n > WH_SIGNATURE_MAX_COUNT))
    {
        abort();
    }

    free(buf);
}


static void
within(wh_str_t part, wh_str_t text)
{
    if (part.len
        && (part.data < text.data
            || part.data + part.len > text.data + text.len))
    {
        abort();
    }
}
