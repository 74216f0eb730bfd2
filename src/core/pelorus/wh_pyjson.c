
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A JSON document as Python reads it and its json.dumps() writes it.
 */


#include <stdlib.h>
#include <string.h>

#include "wh_pyfloat.h"
#include "wh_pyjson.h"
#include "../wh_str.h"


#define WH_PYJSON_BUFFER  4096

struct wh_pyjson_s {
    wh_pyjson_node_t  *nodes;
    uint32_t           n;
    uint32_t           allocated;

    unsigned char     *texts;
    uint32_t           texts_len;
    uint32_t           texts_size;

    uint32_t          *sorted;     /* room to sort an object's members in */
    uint32_t           sorted_size;

    uint32_t           name;       /* of the member to come */
    uint32_t           name_len;

    unsigned           depth;
    uint32_t           open[WH_PYJSON_DEPTH];
    uint32_t           last[WH_PYJSON_DEPTH];
};


struct wh_pyjson_writer_s {
    const wh_pyjson_t       *doc;
    wh_pyjson_sink_pt        sink;
    void                    *data;
    int                      rc;

    const wh_pyjson_node_t  *node;      /* the next one */
    const wh_pyjson_node_t  *open[WH_PYJSON_DEPTH];
    unsigned                 depth;

    size_t                   done;      /* bytes, in this call */
    size_t                   len;
    unsigned char            buf[WH_PYJSON_BUFFER];
};


static int wh_pyjson_event(void *data, wh_json_event_e event, wh_str_t text);
static int wh_pyjson_scalar(wh_pyjson_t *doc, wh_json_type_e type,
    wh_str_t text);
static int wh_pyjson_open(wh_pyjson_t *doc, wh_json_type_e type);
static int wh_pyjson_add(wh_pyjson_t *doc, wh_json_type_e type,
    uint32_t *index);
static int wh_pyjson_keep(wh_pyjson_t *doc, wh_str_t text, uint32_t *offset);

static int wh_pyjson_close(wh_pyjson_t *doc);
static int wh_pyjson_unite(wh_pyjson_t *doc, wh_pyjson_node_t *object);
static int wh_pyjson_sort(wh_pyjson_t *doc, wh_pyjson_node_t *object,
    uint32_t **sorted);
static void wh_pyjson_merge(const wh_pyjson_t *doc, const uint32_t *src,
    uint32_t *dst, uint32_t n, uint32_t width);
static int wh_pyjson_compare(const wh_pyjson_t *doc, uint32_t a, uint32_t b);
static void wh_pyjson_unlink(wh_pyjson_t *doc, wh_pyjson_node_t *object);

static void wh_pyjson_put_node(wh_pyjson_writer_t *w);
static void wh_pyjson_put_name(wh_pyjson_writer_t *w);
static void wh_pyjson_put_value(wh_pyjson_writer_t *w);
static void wh_pyjson_put_string(wh_pyjson_writer_t *w,
    const unsigned char *text, size_t len);
static size_t wh_pyjson_put_escaped(wh_pyjson_writer_t *w,
    const unsigned char *p);
static void wh_pyjson_put_number(wh_pyjson_writer_t *w, wh_str_t number);
static void wh_pyjson_put_unit(wh_pyjson_writer_t *w, unsigned code);
static void wh_pyjson_put(wh_pyjson_writer_t *w, const void *text,
    size_t len);
static void wh_pyjson_flush(wh_pyjson_writer_t *w);


int
wh_pyjson_read(wh_pyjson_t **doc, wh_str_t text, wh_json_error_e *error)
{
    int                rc;
    wh_json_t         *json;
    wh_json_limits_t   limits;

    *error = WH_JSON_NO_MEMORY;

    *doc = calloc(1, sizeof(wh_pyjson_t));
    if (*doc == NULL) {
        return WH_ERROR;
    }

    /* the caller bounds the document, and that bounds its parts */

    memset(&limits, 0, sizeof(wh_json_limits_t));

    limits.depth = WH_PYJSON_DEPTH;
    limits.name = text.len + 1;
    limits.token = text.len + 1;

    json = wh_json_create(NULL, &limits, wh_pyjson_event, *doc);
    if (json == NULL) {
        wh_pyjson_free(*doc);
        *doc = NULL;
        return WH_ERROR;
    }

    (void) wh_json_parse(json, text.data, text.len);
    rc = wh_json_end(json);

    *error = wh_json_error(json);

    wh_json_free(json);

    if (rc != WH_OK) {
        wh_pyjson_free(*doc);
        *doc = NULL;
    }

    return rc;
}


void
wh_pyjson_free(wh_pyjson_t *doc)
{
    if (doc == NULL) {
        return;
    }

    free(doc->nodes);
    free(doc->texts);
    free(doc->sorted);
    free(doc);
}


static int
wh_pyjson_event(void *data, wh_json_event_e event, wh_str_t text)
{
    wh_pyjson_t  *doc = data;

    switch (event) {

    case WH_JSON_ON_NULL:
        return wh_pyjson_scalar(doc, WH_JSON_NULL, text);

    case WH_JSON_ON_BOOLEAN:
        return wh_pyjson_scalar(doc, WH_JSON_BOOLEAN, text);

    case WH_JSON_ON_STRING:
        return wh_pyjson_scalar(doc, WH_JSON_STRING, text);

    case WH_JSON_ON_NUMBER:

        if (text.len > WH_PYJSON_DIGITS + (text.data[0] == '-')
            && wh_pyfloat_is_int(text))
        {
            return WH_INVALID;
        }

        return wh_pyjson_scalar(doc, WH_JSON_NUMBER, text);

    case WH_JSON_ON_NAME:
        doc->name_len = (uint32_t) text.len;
        return wh_pyjson_keep(doc, text, &doc->name);

    case WH_JSON_ON_OBJECT:
        return wh_pyjson_open(doc, WH_JSON_OBJECT);

    case WH_JSON_ON_ARRAY:
        return wh_pyjson_open(doc, WH_JSON_ARRAY);

    default: /* the end of either */
        return wh_pyjson_close(doc);
    }
}


static int
wh_pyjson_scalar(wh_pyjson_t *doc, wh_json_type_e type, wh_str_t text)
{
    uint32_t           index;
    wh_pyjson_node_t  *node;

    if (wh_pyjson_add(doc, type, &index) != WH_OK) {
        return WH_ERROR;
    }

    node = &doc->nodes[index];
    node->text_len = (uint32_t) text.len;

    return wh_pyjson_keep(doc, text, &node->text);
}


static int
wh_pyjson_open(wh_pyjson_t *doc, wh_json_type_e type)
{
    uint32_t  index;

    if (wh_pyjson_add(doc, type, &index) != WH_OK) {
        return WH_ERROR;
    }

    doc->open[doc->depth] = index;
    doc->last[doc->depth] = 0;
    doc->depth++;

    return WH_OK;
}


/* Appends a value to the innermost open container. */

static int
wh_pyjson_add(wh_pyjson_t *doc, wh_json_type_e type, uint32_t *index)
{
    uint32_t           size, *last;
    wh_pyjson_node_t  *node, *nodes;

    if (doc->n == doc->allocated) {
        size = doc->allocated ? doc->allocated * 2 : 64;

        nodes = realloc(doc->nodes, size * sizeof(wh_pyjson_node_t));
        if (nodes == NULL) {
            return WH_ERROR;
        }

        doc->nodes = nodes;
        doc->allocated = size;
    }

    *index = doc->n++;

    node = &doc->nodes[*index];

    memset(node, 0, sizeof(wh_pyjson_node_t));

    node->type = type;
    node->name = doc->name;
    node->name_len = doc->name_len;

    if (doc->depth == 0) {
        return WH_OK;
    }

    last = &doc->last[doc->depth - 1];

    if (*last == 0) {
        doc->nodes[doc->open[doc->depth - 1]].child = *index;

    } else {
        doc->nodes[*last].next = *index;
    }

    *last = *index;

    doc->nodes[doc->open[doc->depth - 1]].size++;

    return WH_OK;
}


static int
wh_pyjson_keep(wh_pyjson_t *doc, wh_str_t text, uint32_t *offset)
{
    uint32_t        size;
    unsigned char  *texts;

    /* one byte more than needed: texts is never NULL */

    if (doc->texts_size - doc->texts_len <= text.len) {
        size = 2 * doc->texts_size + (uint32_t) text.len + 256;

        texts = realloc(doc->texts, size);
        if (texts == NULL) {
            return WH_ERROR;
        }

        doc->texts = texts;
        doc->texts_size = size;
    }

    *offset = doc->texts_len;

    if (text.len > 0) {
        memcpy(doc->texts + doc->texts_len, text.data, text.len);
        doc->texts_len += (uint32_t) text.len;
    }

    return WH_OK;
}


static int
wh_pyjson_close(wh_pyjson_t *doc)
{
    wh_pyjson_node_t  *node;

    node = &doc->nodes[doc->open[--doc->depth]];

    if (node->type == WH_JSON_OBJECT && node->size > 1) {
        return wh_pyjson_unite(doc, node);
    }

    return WH_OK;
}


/*
 * Makes one member of repeated ones.  They are found by sorting, whose cost
 * no choice of names can drive up, as it could that of a hash table.
 */

static int
wh_pyjson_unite(wh_pyjson_t *doc, wh_pyjson_node_t *object)
{
    uint32_t           i, n, repeated, *sorted, *place;
    wh_pyjson_node_t   kept, *first, *again;

    n = object->size;

    if (wh_pyjson_sort(doc, object, &sorted) != WH_OK) {
        return WH_ERROR;
    }

    repeated = 0;
    place = NULL;

    for (i = 1; i < n; i++) {

        if (wh_pyjson_compare(doc, sorted[i - 1], sorted[i]) != 0) {
            place = NULL;
            continue;
        }

        if (place == NULL) {
            place = &sorted[i - 1];
        }

        first = &doc->nodes[*place];
        again = &doc->nodes[sorted[i]];

        kept = *first;
        *first = *again;
        first->next = kept.next;

        again->type = WH_JSON_ABSENT;
        repeated++;
    }

    if (repeated > 0) {
        wh_pyjson_unlink(doc, object);
    }

    return WH_OK;
}


/* Equal names stay in the order of the document. */

static int
wh_pyjson_sort(wh_pyjson_t *doc, wh_pyjson_node_t *object, uint32_t **sorted)
{
    uint32_t  i, n, width, node, *src, *dst, *swap;

    n = object->size;

    if (doc->sorted_size < n) {
        free(doc->sorted);

        doc->sorted_size = 0;
        doc->sorted = malloc(2 * n * sizeof(uint32_t));

        if (doc->sorted == NULL) {
            return WH_ERROR;
        }

        doc->sorted_size = n;
    }

    src = doc->sorted;
    dst = doc->sorted + n;

    node = object->child;

    for (i = 0; i < n; i++) {
        src[i] = node;
        node = doc->nodes[node].next;
    }

    for (width = 1; width < n; width *= 2) {
        wh_pyjson_merge(doc, src, dst, n, width);

        swap = src;
        src = dst;
        dst = swap;
    }

    *sorted = src;

    return WH_OK;
}


static void
wh_pyjson_merge(const wh_pyjson_t *doc, const uint32_t *src, uint32_t *dst,
    uint32_t n, uint32_t width)
{
    uint32_t  a, b, i, a_end, b_end;

    i = 0;

    while (i < n) {
        a = i;
        a_end = (n - a > width) ? a + width : n;
        b = a_end;
        b_end = (n - b > width) ? b + width : n;

        while (i < b_end) {

            if (a < a_end
                && (b == b_end
                    || wh_pyjson_compare(doc, src[a], src[b]) <= 0))
            {
                dst[i++] = src[a++];

            } else {
                dst[i++] = src[b++];
            }
        }
    }
}


static int
wh_pyjson_compare(const wh_pyjson_t *doc, uint32_t a, uint32_t b)
{
    const wh_pyjson_node_t  *x, *y;

    x = &doc->nodes[a];
    y = &doc->nodes[b];

    if (x->name_len != y->name_len) {
        return (x->name_len < y->name_len) ? -1 : 1;
    }

    if (x->name_len == 0) {
        return 0;
    }

    return memcmp(doc->texts + x->name, doc->texts + y->name, x->name_len);
}


static void
wh_pyjson_unlink(wh_pyjson_t *doc, wh_pyjson_node_t *object)
{
    uint32_t  *link;

    object->size = 0;

    for (link = &object->child; *link != 0; /* void */) {

        if (doc->nodes[*link].type == WH_JSON_ABSENT) {
            *link = doc->nodes[*link].next;
            continue;
        }

        object->size++;
        link = &doc->nodes[*link].next;
    }
}


const wh_pyjson_node_t *
wh_pyjson_root(const wh_pyjson_t *doc)
{
    return doc->nodes;
}


const wh_pyjson_node_t *
wh_pyjson_next(const wh_pyjson_t *doc, const wh_pyjson_node_t *node)
{
    return node->next ? &doc->nodes[node->next] : NULL;
}


const wh_pyjson_node_t *
wh_pyjson_child(const wh_pyjson_t *doc, const wh_pyjson_node_t *node)
{
    return node->child ? &doc->nodes[node->child] : NULL;
}


const wh_pyjson_node_t *
wh_pyjson_member(const wh_pyjson_t *doc, const wh_pyjson_node_t *object,
    const char *name)
{
    size_t                   len;
    const wh_pyjson_node_t  *node;

    len = strlen(name);

    for (node = wh_pyjson_child(doc, object);
         node != NULL;
         node = wh_pyjson_next(doc, node))
    {
        if (node->name_len == len
            && memcmp(doc->texts + node->name, name, len) == 0)
        {
            break;
        }
    }

    return node;
}


wh_str_t
wh_pyjson_text(const wh_pyjson_t *doc, const wh_pyjson_node_t *node)
{
    wh_str_t  text;

    text.data = doc->texts + node->text;
    text.len = node->text_len;

    return text;
}


wh_pyjson_writer_t *
wh_pyjson_writer_create(const wh_pyjson_t *doc, wh_pyjson_sink_pt sink,
    void *data)
{
    wh_pyjson_writer_t  *w;

    w = malloc(sizeof(wh_pyjson_writer_t));
    if (w == NULL) {
        return NULL;
    }

    w->doc = doc;
    w->sink = sink;
    w->data = data;
    w->rc = WH_OK;
    w->node = doc->nodes;
    w->depth = 0;
    w->len = 0;

    return w;
}


int
wh_pyjson_write(wh_pyjson_writer_t *w, size_t least)
{
    w->done = 0;

    while (w->rc == WH_OK && w->node != NULL) {

        if (w->done >= least) {
            return WH_AGAIN;
        }

        wh_pyjson_put_node(w);
    }

    wh_pyjson_flush(w);

    return w->rc;
}


/* Writes a node and goes on to the next, NULL after the last one. */

static void
wh_pyjson_put_node(wh_pyjson_writer_t *w)
{
    unsigned char            item;
    const wh_pyjson_node_t  *node;

    node = w->node;

    if (node->type != WH_JSON_OBJECT && node->type != WH_JSON_ARRAY) {
        wh_pyjson_put_value(w);

    } else {

        if (w->depth > 0) {
            wh_pyjson_put(w, node->type == WH_JSON_OBJECT ? "{" : "[", 1);
        }

        if (node->child != 0) {
            w->open[w->depth++] = node;
            w->node = wh_pyjson_child(w->doc, node);
            wh_pyjson_put_name(w);
            return;
        }

        if (w->depth > 0) {
            wh_pyjson_put(w, node->type == WH_JSON_OBJECT ? "}" : "]", 1);
        }
    }

    /* up from the last ones */

    while (w->depth > 0 && node->next == 0) {
        node = w->open[--w->depth];

        if (w->depth > 0) {
            wh_pyjson_put(w, node->type == WH_JSON_OBJECT ? "}" : "]", 1);
        }
    }

    if (w->depth == 0) {
        w->node = NULL;
        return;
    }

    item = WH_PYJSON_ITEM;
    wh_pyjson_put(w, &item, 1);

    w->node = wh_pyjson_next(w->doc, node);
    wh_pyjson_put_name(w);
}


static void
wh_pyjson_put_name(wh_pyjson_writer_t *w)
{
    unsigned char  key;

    if (w->open[w->depth - 1]->type == WH_JSON_OBJECT) {
        wh_pyjson_put_string(w, w->doc->texts + w->node->name,
                             w->node->name_len);

        key = WH_PYJSON_KEY;
        wh_pyjson_put(w, &key, 1);
    }
}


static void
wh_pyjson_put_value(wh_pyjson_writer_t *w)
{
    wh_str_t  text;

    text = wh_pyjson_text(w->doc, w->node);

    switch (w->node->type) {

    case WH_JSON_STRING:
        wh_pyjson_put_string(w, text.data, text.len);
        break;

    case WH_JSON_NUMBER:
        wh_pyjson_put_number(w, text);
        break;

    case WH_JSON_NULL:
        wh_pyjson_put(w, "null", 4);
        break;

    default: /* WH_JSON_BOOLEAN */
        wh_pyjson_put(w, text.data, text.len);
        break;
    }
}


static void
wh_pyjson_put_string(wh_pyjson_writer_t *w, const unsigned char *text,
    size_t len)
{
    size_t  i, from;

    wh_pyjson_put(w, "\"", 1);

    from = 0;
    i = 0;

    while (i < len) {

        if (text[i] >= ' ' && text[i] < 0x7f && text[i] != '"'
            && text[i] != '\\')
        {
            i++;
            continue;
        }

        wh_pyjson_put(w, text + from, i - from);

        i += wh_pyjson_put_escaped(w, text + i);
        from = i;
    }

    wh_pyjson_put(w, text + from, i - from);
    wh_pyjson_put(w, "\"", 1);
}


/* Escapes a character, all of it, and returns its length in UTF-8. */

static size_t
wh_pyjson_put_escaped(wh_pyjson_writer_t *w, const unsigned char *p)
{
    unsigned     code;
    const char  *shorthand;

    static const char  shorthands[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    if (*p < 0x80) {

        for (shorthand = shorthands; *shorthand != '\0'; shorthand += 2) {

            if (*p == (unsigned char) *shorthand) {
                wh_pyjson_put(w, "\\", 1);
                wh_pyjson_put(w, shorthand + 1, 1);
                return 1;
            }
        }

        wh_pyjson_put_unit(w, *p);
        return 1;
    }

    if (*p < 0xe0) {
        wh_pyjson_put_unit(w, (p[0] & 0x1f) << 6 | (p[1] & 0x3f));
        return 2;
    }

    if (*p < 0xf0) {
        wh_pyjson_put_unit(w, (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6
                              | (p[2] & 0x3f));
        return 3;
    }

    code = (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6
           | (p[3] & 0x3f);
    code -= 0x10000;

    wh_pyjson_put_unit(w, 0xd800 | code >> 10);
    wh_pyjson_put_unit(w, 0xdc00 | (code & 0x3ff));

    return 4;
}


static void
wh_pyjson_put_unit(wh_pyjson_writer_t *w, unsigned code)
{
    unsigned char  text[6];

    static const char  hex[] = "0123456789abcdef";

    text[0] = '\\';
    text[1] = 'u';
    text[2] = hex[code >> 12 & 0xf];
    text[3] = hex[code >> 8 & 0xf];
    text[4] = hex[code >> 4 & 0xf];
    text[5] = hex[code & 0xf];

    wh_pyjson_put(w, text, 6);
}


static void
wh_pyjson_put_number(wh_pyjson_writer_t *w, wh_str_t number)
{
    size_t         len;
    unsigned char  buf[WH_PYFLOAT_LEN];

    static const wh_str_t  minus_zero = wh_string("-0");

    if (!wh_pyfloat_is_int(number)) {
        len = wh_pyfloat_repr(number, buf);
        wh_pyjson_put(w, buf, len);
        return;
    }

    if (wh_equal(number, minus_zero)) {
        number.data++;
        number.len--;
    }

    wh_pyjson_put(w, number.data, number.len);
}


static void
wh_pyjson_put(wh_pyjson_writer_t *w, const void *text, size_t len)
{
    w->done += len;

    if (len > WH_PYJSON_BUFFER - w->len) {
        wh_pyjson_flush(w);
    }

    if (len > WH_PYJSON_BUFFER) {

        if (w->rc == WH_OK) {
            w->rc = w->sink(w->data, text, len);
        }

        return;
    }

    memcpy(w->buf + w->len, text, len);
    w->len += len;
}


static void
wh_pyjson_flush(wh_pyjson_writer_t *w)
{
    if (w->len > 0 && w->rc == WH_OK) {
        w->rc = w->sink(w->data, w->buf, w->len);
    }

    w->len = 0;
}
