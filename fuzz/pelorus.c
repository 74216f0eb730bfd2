
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The Pelorus serialiser: what it writes reads back and is written the same
 * again; it is found by its HMAC.
 */


#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pelorus/wh_pelorus.h"


#define HEADER  (sizeof("sha256=") - 1 + 2 * WH_PELORUS_MAC)


typedef struct {
    size_t         len;
    unsigned char  data[1 << 20];
} text_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
static int sink(void *data, const unsigned char *text, size_t len);
static void write_all(const wh_pyjson_t *doc, text_t *text);
static void sign(const wh_hmac_key_t *key, const text_t *text,
    unsigned char *header);
static int has_infinity(const text_t *text);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    wh_str_t               body;
    wh_pyjson_t           *doc;
    unsigned char          header[HEADER + 1];
    wh_json_error_e        error;
    wh_pelorus_request_t   r;
    wh_pelorus_verdict_t   v;

    static text_t         once, twice;
    static wh_hmac_key_t  key;

    if (key.inner == NULL
        && (wh_digest_init() != WH_OK
            || wh_hmac_key_init(&key, WH_SHA256,
                                (const unsigned char *) "k", 1) != WH_OK))
    {
        abort();
    }

    if (len > 4096) {
        return 0;
    }

    body.data = data;
    body.len = len;

    memset(&r, 0, sizeof(wh_pelorus_request_t));

    r.user_agent.data = (const unsigned char *) "Pelorus-Webhook/";
    r.user_agent.len = 16;
    r.event.data = (const unsigned char *) "committime";
    r.event.len = 10;
    r.has_length = 1;
    r.content_length = len;
    r.body = &body;
    r.now = 1700000000;

    if (wh_pelorus_check(&r, NULL, 0, &v) != WH_OK
        || wh_pelorus_response_body(&v, once.data) > WH_PELORUS_RESPONSE_BODY)
    {
        abort();
    }

    if (wh_pyjson_read(&doc, body, &error) != WH_OK) {
        return 0;
    }

    write_all(doc, &once);

    if (wh_pyjson_root(doc)->type == WH_JSON_OBJECT && len > 0) {

        /* the text as it is: serialisation 7, or 3 if it has no separators */

        sign(&key, &once, header);

        r.event.data = (const unsigned char *) "ping";
        r.event.len = 4;
        r.signature.data = header;
        r.signature.len = HEADER;

        if (wh_pelorus_check(&r, &key, 1, &v) != WH_OK
            || v.result != WH_PELORUS_PONG
            || (v.serialisation != 7 && v.serialisation != 3))
        {
            abort();
        }
    }

    wh_pyjson_free(doc);

    if (has_infinity(&once)) {
        return 0;
    }

    body.data = once.data;
    body.len = once.len;

    if (wh_pyjson_read(&doc, body, &error) != WH_OK) {
        abort();
    }

    write_all(doc, &twice);
    wh_pyjson_free(doc);

    if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
    {
        abort();
    }

    return 0;
}


static int
sink(void *data, const unsigned char *text, size_t len)
{
    text_t  *out = data;

    for ( /* void */ ; len > 0; len--, text++) {

        if (*text != WH_PYJSON_ITEM && *text != WH_PYJSON_KEY
            && (*text < ' ' || *text > '~'))
        {
            abort();
        }

        out->data[out->len++] = (*text == WH_PYJSON_ITEM) ? ','
                                : (*text == WH_PYJSON_KEY) ? ':' : *text;
    }

    return WH_OK;
}


static void
write_all(const wh_pyjson_t *doc, text_t *text)
{
    wh_json_type_e       type;
    wh_pyjson_writer_t  *w;

    type = wh_pyjson_root(doc)->type;

    text->len = 0;

    if (type == WH_JSON_OBJECT || type == WH_JSON_ARRAY) {
        text->data[text->len++] = (type == WH_JSON_OBJECT) ? '{' : '[';
    }

    w = wh_pyjson_writer_create(doc, sink, text);

    if (w == NULL || wh_pyjson_write(w, (size_t) -1) != WH_OK) {
        abort();
    }

    free(w);

    if (type == WH_JSON_OBJECT || type == WH_JSON_ARRAY) {
        text->data[text->len++] = (type == WH_JSON_OBJECT) ? '}' : ']';
    }
}


static void
sign(const wh_hmac_key_t *key, const text_t *text, unsigned char *header)
{
    size_t          i;
    EVP_MD_CTX     *ctx;
    unsigned char   mac[WH_HMAC_MAX_SIZE];

    ctx = EVP_MD_CTX_new();

    if (wh_hmac_start(key, ctx) != WH_OK
        || wh_hmac_update(ctx, text->data, text->len) != WH_OK
        || wh_hmac_final(key, ctx, mac) != WH_OK)
    {
        abort();
    }

    EVP_MD_CTX_free(ctx);

    header += sprintf((char *) header, "sha256=");

    for (i = 0; i < WH_PELORUS_MAC; i++) {
        header += sprintf((char *) header, "%02x", mac[i]);
    }
}


/* Python writes it, but it is not JSON. */

static int
has_infinity(const text_t *text)
{
    size_t  i;

    for (i = 0; i + 8 <= text->len; i++) {

        if (memcmp(text->data + i, "Infinity", 8) == 0) {
            return 1;
        }
    }

    return 0;
}
