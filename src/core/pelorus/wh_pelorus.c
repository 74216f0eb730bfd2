
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The verdict of the Pelorus webhook receiver on a request.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "wh_pelorus.h"
#include "wh_pyfloat.h"
#include "../wh_decode.h"
#include "../wh_str.h"
#include "../wh_utf8.h"


#define WH_PELORUS_SEPARATORS  5
#define WH_PELORUS_STATES      (2 * WH_PELORUS_SEPARATORS)
#define WH_PELORUS_ENDS        4

/* What is done in a call: bytes that are written, and that are hashed. */

#define WH_PELORUS_WRITTEN     8192
#define WH_PELORUS_HASHED      1048576

#define WH_PELORUS_TIME_MIN    1262307661
#define WH_PELORUS_TIME_MAX    2840144461
#define WH_PELORUS_MAX_AGE     1800

/* Stands for any integer beyond; far from all that is compared with it. */

#define WH_PELORUS_BEYOND      INT64_C(1000000000000000)


typedef enum {
    WH_PELORUS_PING = 0,
    WH_PELORUS_COMMITTIME,
    WH_PELORUS_DEPLOYTIME,
    WH_PELORUS_FAILURE,
    WH_PELORUS_NO_EVENT
} wh_pelorus_event_e;


typedef struct {
    const char  *item;
    const char  *key;
} wh_pelorus_separators_t;


/*
 * The document, its text with markers in the place of separators, and the hash
 * states of all serialisations that are still different: for each key and each
 * pair of separators one with and one without spaces in the outermost braces.
 */

struct wh_pelorus_work_s {
    wh_pyjson_t         *doc;
    unsigned             unlike;
    wh_pyjson_writer_t  *writer;
    unsigned char       *text;
    size_t               len;
    size_t               hashed;
    EVP_MD_CTX         **states;
    size_t               n;
    EVP_MD_CTX          *end;
};


/* A field's value as a string to the receiver. */

typedef struct {
    wh_str_t       text;
    unsigned char  buf[WH_PYFLOAT_LEN];
} wh_pelorus_string_t;


typedef struct {
    const wh_pyjson_t       *doc;
    const wh_pyjson_node_t  *node;
    wh_pelorus_event_e       event;
    int64_t                  now;
} wh_pelorus_value_t;


/* What is wrong with the value of a field, or NULL. */

typedef const char *wh_pelorus_rule_t(const wh_pelorus_value_t *value);


typedef struct {
    const char          *name;
    wh_pelorus_rule_t   *rule;
    unsigned             events;   /* a bit for each that has the field */
} wh_pelorus_field_t;


static int wh_pelorus_set(wh_pelorus_verdict_t *v, wh_pelorus_result_e result);
static int wh_pelorus_read(const wh_pelorus_request_t *r, wh_pyjson_t **doc,
    wh_pelorus_verdict_t *v, unsigned *unlike);
static int wh_pelorus_is_json(wh_str_t type);
static int wh_pelorus_is_mapping(const wh_pyjson_t *doc);
static int wh_pelorus_is_pair(const wh_pyjson_t *doc,
    const wh_pyjson_node_t *node);

static int wh_pelorus_rest(const wh_pelorus_request_t *r,
    wh_pelorus_work_t *work, const wh_hmac_key_t *keys, size_t nkeys,
    wh_pelorus_verdict_t *v);
static wh_pelorus_event_e wh_pelorus_event(wh_str_t header);
static int wh_pelorus_signature(wh_str_t header, unsigned char *mac,
    unsigned *usable);
static int wh_pelorus_is_base16(wh_str_t text);
static int wh_pelorus_hex(unsigned char c);

static int wh_pelorus_match(wh_pelorus_work_t *work, unsigned at_once,
    const wh_hmac_key_t *keys, size_t nkeys, const unsigned char *mac,
    wh_pelorus_verdict_t *v);
static int wh_pelorus_start(wh_pelorus_work_t *work, const wh_hmac_key_t *keys,
    size_t nkeys, unsigned char bracket);
static int wh_pelorus_keep(void *data, const unsigned char *text, size_t len);
static int wh_pelorus_hash(wh_pelorus_work_t *work, size_t most);
static size_t wh_pelorus_expand(const wh_pelorus_separators_t *separators,
    const unsigned char *text, size_t len, unsigned char *buf);
static int wh_pelorus_compare(wh_pelorus_work_t *work,
    const wh_hmac_key_t *keys, unsigned char bracket,
    const unsigned char *mac, wh_pelorus_verdict_t *v);
static int wh_pelorus_end(wh_pelorus_work_t *work, const wh_hmac_key_t *key,
    EVP_MD_CTX *state, const char *end, unsigned char *mac);

static void wh_pelorus_payload(const wh_pyjson_t *doc,
    wh_pelorus_event_e event, int64_t now, wh_pelorus_verdict_t *v);
static const char *wh_pelorus_at_most(const wh_pelorus_value_t *value,
    size_t most, const char *error);
static wh_pelorus_rule_t  wh_pelorus_app;
static wh_pelorus_rule_t  wh_pelorus_timestamp;
static wh_pelorus_rule_t  wh_pelorus_image_sha;
static wh_pelorus_rule_t  wh_pelorus_namespace;
static wh_pelorus_rule_t  wh_pelorus_commit_hash;
static wh_pelorus_rule_t  wh_pelorus_failure_id;
static wh_pelorus_rule_t  wh_pelorus_failure_event;
static const char *wh_pelorus_string(const wh_pelorus_value_t *value,
    wh_pelorus_string_t *string);
static int wh_pelorus_integer(const wh_pyjson_t *doc,
    const wh_pyjson_node_t *node, int64_t *n);
static int wh_pelorus_digits(wh_str_t text, int64_t *n);

static size_t wh_pelorus_put(unsigned char *buf, const char *text);


/* What Python's strip() cuts off, of ASCII. */

static const char  wh_pelorus_spaces[] = " \t\n\v\f\r\x1c\x1d\x1e\x1f";


static const wh_pelorus_separators_t
    wh_pelorus_separators[WH_PELORUS_SEPARATORS] =
{
    { ", ", ": " },
    { ",", ":" },
    { ", ", ":" },
    { ",", " :" },
    { ", ", " :" }
};


#define WH_PELORUS_DEPLOYED  ((1 << WH_PELORUS_COMMITTIME)                   \
                              | (1 << WH_PELORUS_DEPLOYTIME))
#define WH_PELORUS_ALL       (WH_PELORUS_DEPLOYED | (1 << WH_PELORUS_FAILURE))


/* In the receiver's order: of several errors the first is the one told. */

static const wh_pelorus_field_t  wh_pelorus_fields[] = {
    { "app", wh_pelorus_app, WH_PELORUS_ALL },
    { "timestamp", wh_pelorus_timestamp, WH_PELORUS_ALL },
    { "image_sha", wh_pelorus_image_sha, WH_PELORUS_DEPLOYED },
    { "namespace", wh_pelorus_namespace, WH_PELORUS_DEPLOYED },
    { "commit_hash", wh_pelorus_commit_hash, 1 << WH_PELORUS_COMMITTIME },
    { "failure_id", wh_pelorus_failure_id, 1 << WH_PELORUS_FAILURE },
    { "failure_event", wh_pelorus_failure_event, 1 << WH_PELORUS_FAILURE }
};


static const struct {
    unsigned     status;
    const char  *body;
} wh_pelorus_results[] = {
    { 202, "{\"http_response\":\"Webhook Received\","
           "\"http_response_code\":200}" },
    { 200, "{\"detail\":\"pong\"}" },
    { 422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"invalid JSON\","
           "\"type\":\"value_error.jsondecode\"}]}" },
    { 400, "{\"detail\":\"There was an error parsing the body\"}" },
    { 422, NULL },
    { 413, "{\"detail\":\"Content length too big.\"}" },
    { 412, "{\"detail\":\"Unsupported request.\"}" },
    { 400, "{\"detail\":\"Improper headers.\"}" },
    { 400, "{\"detail\":\"Non existing signature.\"}" },
    { 400, "{\"detail\":\"Invalid signature.\"}" },
    { 422, NULL },
    { 500, "Internal Server Error" }
};


int
wh_pelorus_check(const wh_pelorus_request_t *r, const wh_hmac_key_t *keys,
    size_t nkeys, wh_pelorus_verdict_t *verdict)
{
    int                 rc;
    wh_pelorus_work_t  *work;

    memset(verdict, 0, sizeof(wh_pelorus_verdict_t));

    work = r->work ? *r->work : NULL;
    rc = WH_OK;

    if (work == NULL) {

        work = calloc(1, sizeof(wh_pelorus_work_t));
        if (work == NULL) {
            return WH_ERROR;
        }

        rc = wh_pelorus_read(r, &work->doc, verdict, &work->unlike);

        if (rc == WH_OK && r->work) {
            *r->work = work;
            return WH_AGAIN;
        }
    }

    if (rc == WH_OK) {
        rc = wh_pelorus_rest(r, work, keys, nkeys, verdict);
    }

    if (rc == WH_AGAIN) {
        return WH_AGAIN;
    }

    wh_pelorus_work_free(work);

    if (r->work) {
        *r->work = NULL;
    }

    return (rc == WH_ERROR) ? WH_ERROR : WH_OK;
}


void
wh_pelorus_work_free(wh_pelorus_work_t *work)
{
    size_t  i;

    if (work == NULL) {
        return;
    }

    for (i = 0; work->states != NULL && i < work->n; i++) {
        EVP_MD_CTX_free(work->states[i]);
    }

    EVP_MD_CTX_free(work->end);
    wh_pyjson_free(work->doc);

    free(work->states);
    free(work->writer);
    free(work->text);
    free(work);
}


/* Never WH_OK, so that a check can end with it. */

static int
wh_pelorus_set(wh_pelorus_verdict_t *v, wh_pelorus_result_e result)
{
    v->result = result;
    v->status = wh_pelorus_results[result].status;

    return WH_INVALID;
}


/*
 * The checks up to the size.  *unlike: the receiver can read the body, but
 * we cannot say what it reads there, so no signature matches.
 */

static int
wh_pelorus_read(const wh_pelorus_request_t *r, wh_pyjson_t **doc,
    wh_pelorus_verdict_t *v, unsigned *unlike)
{
    int              rc;
    size_t           len;
    wh_json_error_e  error;

    len = r->body ? r->body->len : 0;

    /* the receiver parses first; a body of this size is not worth it */

    if (len > WH_PELORUS_MAX_BODY
        || (r->has_length && r->content_length > WH_PELORUS_MAX_BODY))
    {
        return wh_pelorus_set(v, WH_PELORUS_TOO_BIG);
    }

    v->no_length = !r->has_length;

    if (len == 0) {
        v->no_body = 1;

    } else if (!wh_pelorus_is_json(r->content_type)) {
        v->bad_body = 1;

    } else {

        /* the receiver decodes all of it before it parses any of it */

        if (wh_utf8_check(r->body->data, len) != WH_OK) {
            return wh_pelorus_set(v, WH_PELORUS_UNREADABLE);
        }

        rc = wh_pyjson_read(doc, *r->body, &error);

        if (rc == WH_ERROR) {
            return WH_ERROR;
        }

        switch (error) {

        case WH_JSON_FINE:
            v->no_body = wh_pyjson_root(*doc)->type == WH_JSON_NULL;
            v->bad_body = !v->no_body && !wh_pelorus_is_mapping(*doc);
            break;

        case WH_JSON_SURROGATE:
            *unlike = 1;
            break;

        case WH_JSON_TOO_DEEP:
        case WH_JSON_REFUSED:
            return wh_pelorus_set(v, WH_PELORUS_UNREADABLE);

        default:
            return wh_pelorus_set(v, WH_PELORUS_SYNTAX);
        }
    }

    if (v->no_length || v->no_body || v->bad_body) {
        return wh_pelorus_set(v, WH_PELORUS_REQUEST);
    }

    return WH_OK;
}


static int
wh_pelorus_is_json(wh_str_t type)
{
    wh_str_t              end;
    const unsigned char  *semicolon;

    static const wh_str_t  application = wh_string("application/");
    static const wh_str_t  json = wh_string("json");
    static const wh_str_t  suffix = wh_string("+json");

    if (type.len == 0) {
        return 1;
    }

    semicolon = memchr(type.data, ';', type.len);

    if (semicolon != NULL) {
        type.len = semicolon - type.data;
    }

    type = wh_trim(type, wh_pelorus_spaces);

    if (!wh_cut_prefix_caseless(&type, application)
        || memchr(type.data, '/', type.len) != NULL)
    {
        return 0;
    }

    if (type.len <= suffix.len) {
        return wh_equal_caseless(type, json)
               || wh_equal_caseless(type, suffix);
    }

    end.data = wh_end(type) - suffix.len;
    end.len = suffix.len;

    return wh_equal_caseless(end, suffix);
}


/* What Python's dict() takes: objects, and lists of nothing but pairs. */

static int
wh_pelorus_is_mapping(const wh_pyjson_t *doc)
{
    const wh_pyjson_node_t  *root, *node;

    root = wh_pyjson_root(doc);

    if (root->type != WH_JSON_ARRAY) {
        return root->type == WH_JSON_OBJECT;
    }

    for (node = wh_pyjson_child(doc, root);
         node != NULL;
         node = wh_pyjson_next(doc, node))
    {
        if (!wh_pelorus_is_pair(doc, node)) {
            return 0;
        }
    }

    return 1;
}


static int
wh_pelorus_is_pair(const wh_pyjson_t *doc, const wh_pyjson_node_t *node)
{
    wh_str_t                 text;
    const wh_pyjson_node_t  *key;

    switch (node->type) {

    case WH_JSON_STRING:
        text = wh_pyjson_text(doc, node);
        return wh_utf8_length(text.data, text.len) == 2;

    case WH_JSON_OBJECT:
        return node->size == 2;

    case WH_JSON_ARRAY:
        key = wh_pyjson_child(doc, node);
        return node->size == 2 && key->type != WH_JSON_OBJECT
               && key->type != WH_JSON_ARRAY;

    default:
        return 0;
    }
}


/* The checks after the size. */

static int
wh_pelorus_rest(const wh_pelorus_request_t *r, wh_pelorus_work_t *work,
    const wh_hmac_key_t *keys, size_t nkeys, wh_pelorus_verdict_t *v)
{
    int                 rc;
    unsigned            usable;
    wh_str_t            agent;
    unsigned char       mac[WH_PELORUS_MAC];
    wh_pelorus_event_e  event;

    static const wh_str_t  user_agent = wh_string("pelorus-webhook/");

    agent = r->user_agent;

    if (!wh_cut_prefix_caseless(&agent, user_agent)) {
        return wh_pelorus_set(v, WH_PELORUS_USER_AGENT);
    }

    event = wh_pelorus_event(r->event);
    usable = 0;

    if (event == WH_PELORUS_NO_EVENT
        || (r->signature.data != NULL
            && wh_pelorus_signature(r->signature, mac, &usable) != WH_OK))
    {
        return wh_pelorus_set(v, WH_PELORUS_HEADERS);
    }

    if (nkeys > 0) {

        if (r->signature.data == NULL) {
            return wh_pelorus_set(v, WH_PELORUS_NO_SIGNATURE);
        }

        rc = (usable && !work->unlike)
             ? wh_pelorus_match(work, r->work == NULL, keys, nkeys, mac, v)
             : WH_INVALID;

        if (rc == WH_ERROR || rc == WH_AGAIN) {
            return rc;
        }

        if (rc != WH_OK) {
            return wh_pelorus_set(v, WH_PELORUS_SIGNATURE);
        }
    }

    if (work->unlike) {
        return wh_pelorus_set(v, WH_PELORUS_UNREADABLE);
    }

    if (event == WH_PELORUS_PING) {
        return wh_pelorus_set(v, WH_PELORUS_PONG);
    }

    if (wh_pyjson_root(work->doc)->type == WH_JSON_ARRAY) {
        return wh_pelorus_set(v, WH_PELORUS_CRASH);
    }

    wh_pelorus_payload(work->doc, event, r->now, v);

    return WH_OK;
}


static wh_pelorus_event_e
wh_pelorus_event(wh_str_t header)
{
    int  i;

    static const wh_str_t  names[] = {
        wh_string("ping"), wh_string("committime"), wh_string("deploytime"),
        wh_string("failure")
    };

    for (i = WH_PELORUS_PING; i < WH_PELORUS_NO_EVENT; i++) {

        if (wh_equal(header, names[i])) {
            break;
        }
    }

    return (wh_pelorus_event_e) i;
}


/*
 * X-Hub-Signature-256.  WH_INVALID: not of the right shape to the receiver.
 * WH_OK: it is; *usable is 0 when it cannot match even so, as with digits in
 * upper case.
 */

static int
wh_pelorus_signature(wh_str_t header, unsigned char *mac, unsigned *usable)
{
    int     high, low;
    size_t  i;

    static const wh_str_t  prefix = wh_string("sha256=");

    *usable = 0;

    if (!wh_cut_prefix(&header, prefix)
        || header.len != 2 * WH_PELORUS_MAC
        || !wh_pelorus_is_base16(header))
    {
        return WH_INVALID;
    }

    for (i = 0; i < WH_PELORUS_MAC; i++) {

        high = wh_pelorus_hex(header.data[2 * i]);
        low = wh_pelorus_hex(header.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return WH_OK;
        }

        mac[i] = (unsigned char) (high << 4 | low);
    }

    *usable = 1;

    return WH_OK;
}


/* What Python's int(text, 16) takes, in ASCII. */

static int
wh_pelorus_is_base16(wh_str_t text)
{
    size_t         i;
    unsigned       digit;
    unsigned char  c;

    text = wh_trim(text, wh_pelorus_spaces);
    i = 0;

    if (text.len > 0 && (text.data[0] == '+' || text.data[0] == '-')) {
        i++;
    }

    digit = 0;

    if (text.len - i > 2 && text.data[i] == '0'
        && (text.data[i + 1] | 0x20) == 'x')
    {
        /* one underscore may follow, as it may between digits */

        i += 2;
        digit = 1;
    }

    for ( /* void */ ; i < text.len; i++) {
        c = text.data[i];

        if (c == '_' && digit) {
            digit = 0;
            continue;
        }

        if (wh_hex_digit(c) < 0) {
            return 0;
        }

        digit = 1;
    }

    return digit;
}


/* In lower case only, which is how the receiver compares. */

static int
wh_pelorus_hex(unsigned char c)
{
    return (c >= 'A' && c <= 'F') ? -1 : wh_hex_digit(c);
}


/*
 * The HMACs of all serialisations under all keys, in one pass.  WH_OK: mac is
 * one of them, the verdict says which; WH_INVALID: it is none; WH_AGAIN: a part
 * is done; WH_ERROR: no memory or no digest.  Keys are for SHA-256.
 */

static int
wh_pelorus_match(wh_pelorus_work_t *work, unsigned at_once,
    const wh_hmac_key_t *keys, size_t nkeys, const unsigned char *mac,
    wh_pelorus_verdict_t *v)
{
    int            rc;
    unsigned char  bracket;

    bracket = (wh_pyjson_root(work->doc)->type == WH_JSON_ARRAY) ? '[' : '{';

    if (work->writer == NULL
        && wh_pelorus_start(work, keys, nkeys, bracket) != WH_OK)
    {
        return WH_ERROR;
    }

    rc = wh_pyjson_write(work->writer,
                         at_once ? (size_t) -1 : WH_PELORUS_WRITTEN);

    if (rc == WH_OK) {
        rc = wh_pelorus_hash(work, at_once ? work->len
                                           : WH_PELORUS_HASHED / work->n);
    }

    return (rc == WH_OK) ? wh_pelorus_compare(work, keys, bracket, mac, v)
                         : rc;
}


static int
wh_pelorus_start(wh_pelorus_work_t *work, const wh_hmac_key_t *keys,
    size_t nkeys, unsigned char bracket)
{
    size_t  i;

    work->n = nkeys * WH_PELORUS_STATES;
    work->writer = wh_pyjson_writer_create(work->doc, wh_pelorus_keep, work);
    work->end = EVP_MD_CTX_new();
    work->states = calloc(work->n, sizeof(EVP_MD_CTX *));

    if (work->writer == NULL || work->end == NULL || work->states == NULL) {
        return WH_ERROR;
    }

    for (i = 0; i < work->n; i++) {

        work->states[i] = EVP_MD_CTX_new();

        /* even ones have the spaces, as the first of each pair has */

        if (work->states[i] == NULL
            || wh_hmac_start(&keys[i / WH_PELORUS_STATES], work->states[i])
               != WH_OK
            || wh_hmac_update(work->states[i],
                              (i % 2 == 0) ? (const unsigned char *) "{ "
                                           : &bracket,
                              (i % 2 == 0) ? 2 : 1)
               != WH_OK)
        {
            return WH_ERROR;
        }
    }

    return WH_OK;
}


static int
wh_pelorus_keep(void *data, const unsigned char *text, size_t len)
{
    unsigned char      *p;
    wh_pelorus_work_t  *work = data;

    p = realloc(work->text, work->len + len);
    if (p == NULL) {
        return WH_ERROR;
    }

    work->text = p;

    memcpy(work->text + work->len, text, len);
    work->len += len;

    return WH_OK;
}


/* Hashes some of the text.  WH_AGAIN when there is more. */

static int
wh_pelorus_hash(wh_pelorus_work_t *work, size_t most)
{
    size_t         i, n, part, pair;
    unsigned char  buf[8192];

    for ( /* void */ ; most > 0 && work->hashed < work->len; most -= part) {

        /* a separator becomes two bytes at most */

        part = work->len - work->hashed;
        part = (part < sizeof(buf) / 2) ? part : sizeof(buf) / 2;
        part = (part < most) ? part : most;

        for (pair = 0; pair < WH_PELORUS_SEPARATORS; pair++) {

            n = wh_pelorus_expand(&wh_pelorus_separators[pair],
                                  work->text + work->hashed, part, buf);

            for (i = 2 * pair; i < work->n; i += WH_PELORUS_STATES) {

                if (wh_hmac_update(work->states[i], buf, n) != WH_OK
                    || wh_hmac_update(work->states[i + 1], buf, n) != WH_OK)
                {
                    return WH_ERROR;
                }
            }
        }

        work->hashed += part;
    }

    return (work->hashed < work->len) ? WH_AGAIN : WH_OK;
}


static size_t
wh_pelorus_expand(const wh_pelorus_separators_t *separators,
    const unsigned char *text, size_t len, unsigned char *buf)
{
    const char           *s;
    unsigned char        *p;
    const unsigned char  *last;

    p = buf;

    for (last = text + len; text < last; text++) {

        if (*text > WH_PYJSON_KEY) {
            *p++ = *text;
            continue;
        }

        s = (*text == WH_PYJSON_ITEM) ? separators->item : separators->key;

        while (*s != '\0') {
            *p++ = *s++;
        }
    }

    return p - buf;
}


/* All are compared, whichever matches. */

static int
wh_pelorus_compare(wh_pelorus_work_t *work, const wh_hmac_key_t *keys,
    unsigned char bracket, const unsigned char *mac, wh_pelorus_verdict_t *v)
{
    int                   rc;
    size_t                i, end, k;
    const char           *text;
    unsigned char         computed[WH_HMAC_MAX_SIZE];
    const wh_hmac_key_t  *used;

    static const char  *object_ends[WH_PELORUS_ENDS] = {
        " }", " }\n", "}", "}\n"
    };

    static const char  *array_ends[WH_PELORUS_ENDS] = {
        " }", " }\n", "]", "]\n"
    };

    rc = WH_INVALID;

    for (i = 0; i < work->n; i++) {

        k = i / WH_PELORUS_STATES;
        used = &keys[k];

        for (end = i % 2 * 2; end < i % 2 * 2 + 2; end++) {

            text = (bracket == '{') ? object_ends[end] : array_ends[end];

            if (wh_pelorus_end(work, used, work->states[i], text, computed)
                != WH_OK)
            {
                return WH_ERROR;
            }

            if (CRYPTO_memcmp(computed, mac, WH_PELORUS_MAC) == 0
                && rc != WH_OK)
            {
                rc = WH_OK;
                v->key = k;
                v->serialisation = (unsigned) (i % WH_PELORUS_STATES / 2
                                    * WH_PELORUS_ENDS + end + 1);
            }
        }
    }

    OPENSSL_cleanse(computed, sizeof(computed));

    return rc;
}


static int
wh_pelorus_end(wh_pelorus_work_t *work, const wh_hmac_key_t *key,
    EVP_MD_CTX *state, const char *end, unsigned char *mac)
{
    if (EVP_MD_CTX_copy_ex(work->end, state) != 1
        || wh_hmac_update(work->end, (const unsigned char *) end, strlen(end))
           != WH_OK
        || wh_hmac_final(key, work->end, mac) != WH_OK)
    {
        return WH_ERROR;
    }

    return WH_OK;
}


static void
wh_pelorus_payload(const wh_pyjson_t *doc, wh_pelorus_event_e event,
    int64_t now, wh_pelorus_verdict_t *v)
{
    size_t                     i;
    wh_pelorus_value_t         value;
    const wh_pelorus_field_t  *field;

    value.doc = doc;
    value.event = event;
    value.now = now;

    for (i = 0;
         i < sizeof(wh_pelorus_fields) / sizeof(wh_pelorus_fields[0]);
         i++)
    {
        field = &wh_pelorus_fields[i];

        if (!(field->events & (1u << event))) {
            continue;
        }

        value.node = wh_pyjson_member(doc, wh_pyjson_root(doc), field->name);

        if (value.node == NULL) {
            v->message = "field required";

        } else if (value.node->type == WH_JSON_NULL) {
            v->message = "none is not an allowed value";

        } else {
            v->message = field->rule(&value);
        }

        if (v->message != NULL) {
            v->field = field->name;
            (void) wh_pelorus_set(v, WH_PELORUS_PAYLOAD);
            return;
        }
    }

    (void) wh_pelorus_set(v, WH_PELORUS_ACCEPTED);
}


/* A string of at most so many characters. */

static const char *
wh_pelorus_at_most(const wh_pelorus_value_t *value, size_t most,
    const char *error)
{
    const char           *message;
    wh_pelorus_string_t   string;

    message = wh_pelorus_string(value, &string);

    if (message == NULL
        && wh_utf8_length(string.text.data, string.text.len) > most)
    {
        message = error;
    }

    return message;
}


static const char *
wh_pelorus_app(const wh_pelorus_value_t *value)
{
    return wh_pelorus_at_most(value, 200,
                              "ensure this value has at most 200 characters");
}


static const char *
wh_pelorus_timestamp(const wh_pelorus_value_t *value)
{
    int64_t  n;

    if (wh_pelorus_integer(value->doc, value->node, &n) != WH_OK) {
        return "value is not a valid integer";
    }

    if (n < WH_PELORUS_TIME_MIN) {
        return "ensure this value is greater than or equal to 1262307661";
    }

    if (n > WH_PELORUS_TIME_MAX) {
        return "ensure this value is less than or equal to 2840144461";
    }

    if (value->event != WH_PELORUS_COMMITTIME
        && value->now - n > WH_PELORUS_MAX_AGE)
    {
        return "Timestamp cannot be older than 30 minutes";
    }

    return NULL;
}


static const char *
wh_pelorus_image_sha(const wh_pelorus_value_t *value)
{
    size_t                i;
    wh_str_t              hex;
    const char           *message;
    wh_pelorus_string_t   string;

    static const wh_str_t  prefix = wh_string("sha256:");

    static const char  mismatch[] =
        "string does not match regex \\\"^sha256:[a-f0-9]{64}$\\\"";

    message = wh_pelorus_string(value, &string);

    if (message != NULL) {
        return message;
    }

    /* Python's "$" also matches ahead of a last line feed */

    hex = string.text;

    if (hex.len > 0 && hex.data[hex.len - 1] == '\n') {
        hex.len--;
    }

    if (!wh_cut_prefix(&hex, prefix) || hex.len != 64) {
        return mismatch;
    }

    for (i = 0; i < hex.len; i++) {

        if (wh_pelorus_hex(hex.data[i]) < 0) {
            return mismatch;
        }
    }

    return NULL;
}


static const char *
wh_pelorus_namespace(const wh_pelorus_value_t *value)
{
    return wh_pelorus_at_most(value, 63,
                              "ensure this value has at most 63 characters");
}


static const char *
wh_pelorus_commit_hash(const wh_pelorus_value_t *value)
{
    size_t                n;
    const char           *message;
    wh_pelorus_string_t   string;

    message = wh_pelorus_string(value, &string);

    if (message != NULL) {
        return message;
    }

    n = wh_utf8_length(string.text.data, string.text.len);

    if (n < 7) {
        return "ensure this value has at least 7 characters";
    }

    if (n > 40) {
        return "ensure this value has at most 40 characters";
    }

    if (n != 7 && n != 40) {
        return "Git SHA-1 hash must be either 7 (short) or 40 (long) "
               "characters long";
    }

    return NULL;
}


static const char *
wh_pelorus_failure_id(const wh_pelorus_value_t *value)
{
    wh_pelorus_string_t  string;

    return wh_pelorus_string(value, &string);
}


static const char *
wh_pelorus_failure_event(const wh_pelorus_value_t *value)
{
    wh_str_t  text;

    static const wh_str_t  created = wh_string("created");
    static const wh_str_t  resolved = wh_string("resolved");

    text = wh_pyjson_text(value->doc, value->node);

    if (value->node->type == WH_JSON_STRING
        && (wh_equal(text, created) || wh_equal(text, resolved)))
    {
        return NULL;
    }

    return "value is not a valid enumeration member; permitted: "
           "'created', 'resolved'";
}


/* What Python's str() makes of scalars.  A message, or NULL for good. */

static const char *
wh_pelorus_string(const wh_pelorus_value_t *value,
    wh_pelorus_string_t *string)
{
    static const wh_str_t  minus_zero = wh_string("-0");

    string->text = wh_pyjson_text(value->doc, value->node);

    switch (value->node->type) {

    case WH_JSON_STRING:
        return NULL;

    case WH_JSON_BOOLEAN:
        /* "True" and "False"; the length is all that matters */
        return NULL;

    case WH_JSON_NUMBER:

        if (wh_pyfloat_is_int(string->text)) {

            if (wh_equal(string->text, minus_zero)) {
                string->text.len = 1;
            }

            return NULL;
        }

        string->text.len = wh_pyfloat_repr(string->text, string->buf);
        string->text.data = string->buf;

        /* str() has "inf" where json.dumps() has "Infinity" */

        if (string->buf[string->text.len - 1] == 'y') {
            string->text.len -= sizeof("inity") - 1;
        }

        return NULL;

    default:
        return "str type expected";
    }
}


/* What Python's int() makes of scalars; great ones are cut. */

static int
wh_pelorus_integer(const wh_pyjson_t *doc, const wh_pyjson_node_t *node,
    int64_t *n)
{
    double    value;
    wh_str_t  text;

    text = wh_pyjson_text(doc, node);

    switch (node->type) {

    case WH_JSON_BOOLEAN:
        *n = (text.len == sizeof("true") - 1);
        return WH_OK;

    case WH_JSON_STRING:
        return wh_pelorus_digits(wh_trim(text, wh_pelorus_spaces), n);

    case WH_JSON_NUMBER:

        if (wh_pyfloat_is_int(text)) {
            return wh_pelorus_digits(text, n);
        }

        value = wh_pyfloat_value(text);

        if (value > 1.7976931348623157e308 || value < -1.7976931348623157e308)
        {
            return WH_INVALID;
        }

        *n = (value > WH_PELORUS_BEYOND) ? WH_PELORUS_BEYOND
             : (value < -WH_PELORUS_BEYOND) ? -WH_PELORUS_BEYOND
             : (int64_t) value;
        return WH_OK;

    default:
        return WH_INVALID;
    }
}


/* A sign, and digits with single underscores between them. */

static int
wh_pelorus_digits(wh_str_t text, int64_t *n)
{
    size_t    i, digits;
    unsigned  digit, negative;

    i = 0;
    negative = 0;

    if (text.len > 0 && (text.data[0] == '+' || text.data[0] == '-')) {
        negative = (text.data[0] == '-');
        i++;
    }

    *n = 0;
    digit = 0;
    digits = 0;

    for ( /* void */ ; i < text.len; i++) {

        if (text.data[i] == '_' && digit) {
            digit = 0;
            continue;
        }

        if (text.data[i] < '0' || text.data[i] > '9') {
            return WH_INVALID;
        }

        digit = 1;
        digits++;

        if (*n < WH_PELORUS_BEYOND) {
            *n = *n * 10 + (text.data[i] - '0');
        }
    }

    if (!digit || digits > WH_PYJSON_DIGITS) {
        return WH_INVALID;
    }

    if (negative) {
        *n = -*n;
    }

    return WH_OK;
}


size_t
wh_pelorus_response_body(const wh_pelorus_verdict_t *verdict,
    unsigned char *buf)
{
    size_t  n;

    if (verdict->result == WH_PELORUS_PAYLOAD) {
        n = wh_pelorus_put(buf, "{\"detail\":\"Invalid payload: ");
        n += wh_pelorus_put(buf + n, verdict->message);
        n += wh_pelorus_put(buf + n, ": ");
        n += wh_pelorus_put(buf + n, verdict->field);
        n += wh_pelorus_put(buf + n, "\"}");
        return n;
    }

    if (verdict->result != WH_PELORUS_REQUEST) {
        return wh_pelorus_put(buf, wh_pelorus_results[verdict->result].body);
    }

    n = wh_pelorus_put(buf, "{\"detail\":[");

    if (verdict->no_length) {
        n += wh_pelorus_put(buf + n,
                            "{\"loc\":[\"header\",\"content-length\"],"
                            "\"msg\":\"field required\","
                            "\"type\":\"value_error.missing\"}");

        if (verdict->no_body || verdict->bad_body) {
            n += wh_pelorus_put(buf + n, ",");
        }
    }

    if (verdict->no_body) {
        n += wh_pelorus_put(buf + n,
                            "{\"loc\":[\"body\"],"
                            "\"msg\":\"field required\","
                            "\"type\":\"value_error.missing\"}");

    } else if (verdict->bad_body) {
        n += wh_pelorus_put(buf + n,
                            "{\"loc\":[\"body\"],"
                            "\"msg\":\"value is not a valid dict\","
                            "\"type\":\"type_error.dict\"}");
    }

    return n + wh_pelorus_put(buf + n, "]}");
}


static size_t
wh_pelorus_put(unsigned char *buf, const char *text)
{
    size_t  len;

    len = strlen(text);
    memcpy(buf, text, len);

    return len;
}
