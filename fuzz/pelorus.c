
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The Pelorus serialiser: what it writes reads back and is written the same
 * again; every form is found by its own HMAC.  The first byte cuts the body
 * in two.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pelorus/wh_pelorus.h"


typedef struct {
    size_t         len;
    unsigned char  data[1 << 20];
} text_t;


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
static int sink(void *data, const unsigned char *text, size_t len);
static void write_all(const wh_pyjson_t *doc, text_t *text);
static int has_infinity(const text_t *text);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t                 cut, k;
    unsigned               form;
    wh_str_t               body[2];
    wh_pyjson_t           *doc;
    EVP_MD_CTX            *ctx;
    unsigned char          mac[WH_HMAC_MAX_SIZE];
    wh_json_fault_e        fault;
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

    if (len == 0 || len > 4096) {
        return 0;
    }

    cut = data[0] % len;

    body[0].data = data + 1;
    body[0].len = cut;
    body[1].data = data + 1 + cut;
    body[1].len = len - 1 - cut;

    memset(&r, 0, sizeof(wh_pelorus_request_t));

    r.user_agent.data = (const unsigned char *) "Pelorus-Webhook/";
    r.user_agent.len = 16;
    r.event.data = (const unsigned char *) "committime";
    r.event.len = 10;
    r.has_length = 1;
    r.content_length = len - 1;
    r.body = body;
    r.pieces = 2;
    r.now = 1700000000;

    if (wh_pelorus_check(&r, NULL, 0, &v) != WH_OK
        || wh_pelorus_answer(&v, once.data) > WH_PELORUS_ANSWER)
    {
        abort();
    }

    if (wh_pyjson_read(&doc, body, 2, &fault) != WH_OK) {
        return 0;
    }

    write_all(doc, &once);

    ctx = EVP_MD_CTX_new();

    if (wh_pyjson_root(doc)->type == WH_JSON_OBJECT) {

        /* the text as it is: form 7, or 3 if it has no separators */

        if (wh_hmac_start(&key, ctx) != WH_OK
            || wh_hmac_update(ctx, once.data, once.len) != WH_OK
            || wh_hmac_final(&key, ctx, mac) != WH_OK
            || wh_pelorus_match(doc, &key, 1, mac, &k, &form) != WH_OK
            || (form != 7 && form != 3))
        {
            abort();
        }
    }

    EVP_MD_CTX_free(ctx);
    wh_pyjson_free(doc);

    if (has_infinity(&once)) {
        return 0;
    }

    body[0].data = once.data;
    body[0].len = once.len;

    if (wh_pyjson_read(&doc, body, 1, &fault) != WH_OK) {
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
    wh_json_type_e  type;

    type = wh_pyjson_root(doc)->type;

    text->len = 0;

    if (type == WH_JSON_OBJECT || type == WH_JSON_ARRAY) {
        text->data[text->len++] = (type == WH_JSON_OBJECT) ? '{' : '[';
    }

    if (wh_pyjson_write(doc, sink, text) != WH_OK) {
        abort();
    }

    if (type == WH_JSON_OBJECT || type == WH_JSON_ARRAY) {
        text->data[text->len++] = (type == WH_JSON_OBJECT) ? '}' : ']';
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
