
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * HTTP message signatures: the input as a structured field, as a
 * Signature-Input, with a label and a tag and without, and as a
 * Content-Digest.  What is found is in the input, and what a member is written
 * as reads back the same; a component is there once, and can be no other line
 * of what is signed.
 */


#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wh_content_digest.h"
#include "wh_sf.h"
#include "wh_signature_input.h"
#include "wh_str.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t members(wh_str_t text);
static void member(wh_sf_member_t *m, wh_str_t text);
static void again(wh_sf_member_t *m);
static void signature(wh_str_t text, wh_str_t label, wh_str_t tag);
static void digests(wh_str_t text);
static void within(wh_str_t part, wh_str_t text);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t          n;
    wh_str_t        text;
    unsigned char  *copy;

    static const wh_str_t  none = { 0, NULL };
    static const wh_str_t  label = wh_string("sig");
    static const wh_str_t  tag = wh_string("t");

    /* with nothing after it that could be read */

    copy = malloc(len + (len == 0));
    memcpy(copy, data, len);

    text.data = copy;
    text.len = len;

    n = members(text);

    if (n == 0 && wh_sf_find(text, label, &(wh_sf_member_t) { 0 }) == WH_OK) {
        abort();
    }

    signature(text, none, none);
    signature(text, label, none);
    signature(text, none, tag);
    digests(text);

    free(copy);

    return 0;
}


static size_t
members(wh_str_t text)
{
    int             rc;
    size_t          n;
    wh_str_t        rest;
    wh_sf_member_t  m;

    rest = text;

    for (n = 0; (rc = wh_sf_member(&rest, &m)) == WH_OK; n++) {
        member(&m, text);
        again(&m);
    }

    if (rc != WH_ABSENT && rc != WH_INVALID) {
        abort();
    }

    return n;
}


static void
member(wh_sf_member_t *m, wh_str_t text)
{
    wh_str_t        rest;
    wh_sf_member_t  part;

    within(m->key, text);
    within(m->params, text);
    within(m->written, text);

    if (m->key.len == 0) {
        abort();
    }

    rest = m->params;

    while (wh_sf_param(&rest, &part) == WH_OK) {
        within(part.key, m->params);
        within(part.written, m->params);
    }

    if (rest.len) {
        abort();
    }

    if (m->type != WH_SF_LIST) {
        return;
    }

    rest = m->value;

    while (wh_sf_item(&rest, &part) == WH_OK) {
        within(part.written, m->value);

        if (part.type == WH_SF_LIST) {
            abort();
        }
    }

    if (rest.len) {
        abort();
    }
}


/* "key=" and what was written is the same member. */

static void
again(wh_sf_member_t *m)
{
    char            *text;
    wh_str_t         rest;
    wh_sf_member_t   other;

    if (m->written.len == 0 || m->written.data[0] == ';') {
        return;
    }

    text = malloc(m->written.len + 2);

    memcpy(text, "a=", 2);
    memcpy(text + 2, m->written.data, m->written.len);

    rest.data = (unsigned char *) text;
    rest.len = m->written.len + 2;

    if (wh_sf_member(&rest, &other) != WH_OK
        || rest.len
        || other.type != m->type
        || !wh_equal(other.value, m->value)
        || !wh_equal(other.params, m->params))
    {
        abort();
    }

    free(text);
}


static void
signature(wh_str_t text, wh_str_t label, wh_str_t tag)
{
    size_t                i, k;
    wh_signature_input_t  input;

    if (wh_signature_input(text, label, tag, &input) != WH_OK) {
        return;
    }

    within(input.label, text);
    within(input.written, text);
    within(input.keyid, input.written);
    within(input.nonce, input.written);

    if ((label.len && !wh_equal(input.label, label))
        || (tag.len && !wh_equal(input.tag, tag))
        || (input.written.len && memchr(input.written.data, '\n',
                                        input.written.len)))
    {
        abort();
    }

    for (i = 0; i < input.n; i++) {

        if (memchr(input.components[i].name.data, '\n',
                   input.components[i].name.len)
            || memchr(input.components[i].name.data, '"',
                      input.components[i].name.len))
        {
            abort();
        }

        for (k = 0; k < i; k++) {
            if (wh_equal(input.components[i].name, input.components[k].name)) {
                abort();
            }
        }
    }

    if (wh_signature_time(input.created) < -1) {
        abort();
    }
}


static void
digests(wh_str_t text)
{
    wh_content_digest_t  content;

    if (wh_content_digest(text, WH_BASE64URL, &content) == WH_OK
        && (content.digests == 0
            || (content.digests & ~(1 << WH_SHA256 | 1 << WH_SHA512))))
    {
        abort();
    }
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
