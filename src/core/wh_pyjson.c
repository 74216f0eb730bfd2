
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A JSON document as Python reads it and its json.dumps() writes it.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wh_pyjson.h"


#define WH_PYJSON_BUFFER  4096

/*
 * The most significant digits that can matter to the nearest double, when
 * one more stands for all that follow.
 */

#define WH_PYJSON_SIGNIFICANT  770

/* With so many digits or fewer, a decimal survives the way through double. */

#define WH_PYJSON_SAFE    15

/* With so many a double survives the way through decimal. */

#define WH_PYJSON_FULL    17


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


typedef struct {
    wh_pyjson_sink_pt  sink;
    void              *data;
    int                rc;
    size_t             len;
    unsigned char      buf[WH_PYJSON_BUFFER];
} wh_pyjson_writer_t;


/* 0.DIGITS times ten to the power of point. */

typedef struct {
    int                negative;
    int                n;          /* digits, none for zero */
    int                point;
    char               digits[WH_PYJSON_SIGNIFICANT + 2];
} wh_pyjson_decimal_t;


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

static void wh_pyjson_put_name(wh_pyjson_writer_t *w, const wh_pyjson_t *doc,
    const wh_pyjson_node_t *container, const wh_pyjson_node_t *node);
static void wh_pyjson_put_value(wh_pyjson_writer_t *w, const wh_pyjson_t *doc,
    const wh_pyjson_node_t *node);
static void wh_pyjson_put_string(wh_pyjson_writer_t *w,
    const unsigned char *text, size_t len);
static size_t wh_pyjson_put_escaped(wh_pyjson_writer_t *w,
    const unsigned char *p);
static void wh_pyjson_put_number(wh_pyjson_writer_t *w, wh_str_t number);
static void wh_pyjson_put_unit(wh_pyjson_writer_t *w, unsigned code);
static void wh_pyjson_put(wh_pyjson_writer_t *w, const void *text,
    size_t len);
static void wh_pyjson_flush(wh_pyjson_writer_t *w);

static void wh_pyjson_decimal(wh_str_t number, wh_pyjson_decimal_t *d);
static int wh_pyjson_exponent(const unsigned char *p,
    const unsigned char *last);
static double wh_pyjson_magnitude(const wh_pyjson_decimal_t *d);
static void wh_pyjson_shortest(wh_pyjson_decimal_t *d, double value);
static void wh_pyjson_cut(wh_pyjson_decimal_t *d,
    const wh_pyjson_decimal_t *full, double value, int n);
static void wh_pyjson_copy(wh_pyjson_decimal_t *d,
    const wh_pyjson_decimal_t *full, int n);
static void wh_pyjson_round(wh_pyjson_decimal_t *d, double value, int n);
static void wh_pyjson_increment(wh_pyjson_decimal_t *d);
static void wh_pyjson_strip(wh_pyjson_decimal_t *d);
static size_t wh_pyjson_layout(const wh_pyjson_decimal_t *d,
    unsigned char *buf);


int
wh_pyjson_read(wh_pyjson_t **doc, const wh_str_t *pieces, size_t n,
    wh_json_fault_e *fault)
{
    int                rc;
    size_t             i, len;
    wh_json_t         *json;
    wh_json_limits_t   limits;

    *fault = WH_JSON_NO_MEMORY;

    *doc = calloc(1, sizeof(wh_pyjson_t));
    if (*doc == NULL) {
        return WH_ERROR;
    }

    len = 1;

    for (i = 0; i < n; i++) {
        len += pieces[i].len;
    }

    /* the caller bounds the document, and that bounds its parts */

    memset(&limits, 0, sizeof(wh_json_limits_t));

    limits.depth = WH_PYJSON_DEPTH;
    limits.name = len;
    limits.token = len;

    json = wh_json_create(NULL, &limits, wh_pyjson_event, *doc);
    if (json == NULL) {
        wh_pyjson_free(*doc);
        *doc = NULL;
        return WH_ERROR;
    }

    for (i = 0; i < n; i++) {
        (void) wh_json_feed(json, pieces[i].data, pieces[i].len);
    }

    rc = wh_json_end(json);

    *fault = wh_json_fault(json, NULL);

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
            && wh_pyjson_is_int(text))
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


int
wh_pyjson_write(const wh_pyjson_t *doc, wh_pyjson_sink_pt sink, void *data)
{
    unsigned                 depth;
    unsigned char            item;
    wh_pyjson_writer_t       w;
    const wh_pyjson_node_t  *node, *open[WH_PYJSON_DEPTH];

    w.sink = sink;
    w.data = data;
    w.rc = WH_OK;
    w.len = 0;

    depth = 0;
    node = doc->nodes;

    while (w.rc == WH_OK) {

        if (node->type != WH_JSON_OBJECT && node->type != WH_JSON_ARRAY) {
            wh_pyjson_put_value(&w, doc, node);

        } else {

            if (depth > 0) {
                wh_pyjson_put(&w, node->type == WH_JSON_OBJECT ? "{" : "[", 1);
            }

            open[depth++] = node;

            if (node->child != 0) {
                node = &doc->nodes[node->child];
                wh_pyjson_put_name(&w, doc, open[depth - 1], node);
                continue;
            }

            depth--;

            if (depth > 0) {
                wh_pyjson_put(&w, node->type == WH_JSON_OBJECT ? "}" : "]", 1);
            }
        }

        /* up from the last ones */

        while (depth > 0 && node->next == 0) {
            node = open[--depth];

            if (depth > 0) {
                wh_pyjson_put(&w, node->type == WH_JSON_OBJECT ? "}" : "]", 1);
            }
        }

        if (depth == 0) {
            break;
        }

        item = WH_PYJSON_ITEM;
        wh_pyjson_put(&w, &item, 1);

        node = &doc->nodes[node->next];
        wh_pyjson_put_name(&w, doc, open[depth - 1], node);
    }

    wh_pyjson_flush(&w);

    return w.rc;
}


static void
wh_pyjson_put_name(wh_pyjson_writer_t *w, const wh_pyjson_t *doc,
    const wh_pyjson_node_t *container, const wh_pyjson_node_t *node)
{
    unsigned char  key;

    if (container->type == WH_JSON_OBJECT) {
        wh_pyjson_put_string(w, doc->texts + node->name, node->name_len);

        key = WH_PYJSON_KEY;
        wh_pyjson_put(w, &key, 1);
    }
}


static void
wh_pyjson_put_value(wh_pyjson_writer_t *w, const wh_pyjson_t *doc,
    const wh_pyjson_node_t *node)
{
    wh_str_t  text;

    text = wh_pyjson_text(doc, node);

    switch (node->type) {

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


/* Escapes a character, all of it, and answers its length in UTF-8. */

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
    unsigned char  buf[WH_PYJSON_FLOAT_LEN];

    if (!wh_pyjson_is_int(number)) {
        len = wh_pyjson_repr(number, buf);
        wh_pyjson_put(w, buf, len);
        return;
    }

    if (number.len == 2 && memcmp(number.data, "-0", 2) == 0) {
        number.data++;
        number.len--;
    }

    wh_pyjson_put(w, number.data, number.len);
}


static void
wh_pyjson_put(wh_pyjson_writer_t *w, const void *text, size_t len)
{
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


int
wh_pyjson_is_int(wh_str_t number)
{
    size_t  i;

    for (i = 0; i < number.len; i++) {

        if (number.data[i] == '.' || (number.data[i] | 0x20) == 'e') {
            return 0;
        }
    }

    return 1;
}


double
wh_pyjson_double(wh_str_t number)
{
    double               value;
    wh_pyjson_decimal_t  d;

    wh_pyjson_decimal(number, &d);

    value = wh_pyjson_magnitude(&d);

    return d.negative ? -value : value;
}


size_t
wh_pyjson_repr(wh_str_t number, unsigned char *buf)
{
    double               value;
    size_t               n;
    wh_pyjson_decimal_t  d;

    wh_pyjson_decimal(number, &d);

    /*
     * So few digits are the shortest text already, as long as the double has
     * all its bits; this spares the common number any arithmetic.
     */

    if (d.n > WH_PYJSON_SAFE || d.point > 300 || d.point < -300) {

        value = wh_pyjson_magnitude(&d);

        if (value > 1.7976931348623157e308) {
            n = d.negative ? sizeof("-Infinity") - 1 : sizeof("Infinity") - 1;
            memcpy(buf, d.negative ? "-Infinity" : "Infinity", n);
            return n;
        }

        wh_pyjson_shortest(&d, value);
    }

    return wh_pyjson_layout(&d, buf);
}


/* The text is a number as yajl lets it through. */

static void
wh_pyjson_decimal(wh_str_t number, wh_pyjson_decimal_t *d)
{
    int                   fraction, more;
    const unsigned char  *p, *last;

    p = number.data;
    last = p + number.len;

    d->negative = (*p == '-');
    p += d->negative;

    d->n = 0;
    d->point = 0;

    fraction = 0;
    more = 0;

    for ( /* void */ ; p < last && (*p | 0x20) != 'e'; p++) {

        if (*p == '.') {
            fraction = 1;
            continue;
        }

        if (*p == '0' && d->n == 0) {
            d->point -= fraction;
            continue;
        }

        d->point += !fraction;

        if (d->n < WH_PYJSON_SIGNIFICANT) {
            d->digits[d->n++] = *p;

        } else {
            more |= (*p != '0');
        }
    }

    if (more) {
        d->digits[d->n++] = '1';
    }

    wh_pyjson_strip(d);

    d->point = (d->n > 0) ? d->point + wh_pyjson_exponent(p, last) : 1;
}


/* Within an int, whatever is added to it; far beyond all doubles. */

static int
wh_pyjson_exponent(const unsigned char *p, const unsigned char *last)
{
    int  negative, n;

    if (p == last) {
        return 0;
    }

    p++;
    negative = (*p == '-');

    if (*p == '-' || *p == '+') {
        p++;
    }

    for (n = 0; p < last && n < 100000000; p++) {
        n = n * 10 + (*p - '0');
    }

    return negative ? -n : n;
}


static double
wh_pyjson_magnitude(const wh_pyjson_decimal_t *d)
{
    int   exponent;
    char  text[sizeof(d->digits) + 16], *p;

    if (d->n == 0 || d->point < -400) {
        return 0;
    }

    /* so that four digits hold the exponent; infinite with any digits */

    exponent = (d->point < 400) ? d->point - d->n : 400;

    /* no point in it: which one strtod() takes is up to the locale */

    memcpy(text, d->digits, d->n);
    p = text + d->n;

    *p++ = 'e';

    if (exponent < 0) {
        exponent = -exponent;
        *p++ = '-';
    }

    *p++ = '0' + exponent / 1000;
    *p++ = '0' + exponent / 100 % 10;
    *p++ = '0' + exponent / 10 % 10;
    *p++ = '0' + exponent % 10;
    *p = '\0';

    return strtod(text, NULL);
}


static void
wh_pyjson_shortest(wh_pyjson_decimal_t *d, double value)
{
    int                  n;
    uint64_t             bits;
    wh_pyjson_decimal_t  full;

    if (value == 0) {
        d->n = 0;
        d->point = 1;
        return;
    }

    memcpy(&bits, &value, sizeof(bits));

    wh_pyjson_round(&full, value, WH_PYJSON_FULL);

    /* the 15 safe digits are none for a double that has lost bits */

    for (n = (bits >> 52 == 0) ? 1 : WH_PYJSON_SAFE;
         n < WH_PYJSON_FULL;
         n++)
    {
        wh_pyjson_cut(d, &full, value, n);

        if (wh_pyjson_magnitude(d) == value) {
            break;
        }

        /*
         * Below a power of two doubles are closer together than above: the
         * nearest text may miss it from below where the next one hits.
         */

        if ((bits & 0xfffffffffffff) == 0) {
            wh_pyjson_increment(d);

            if (wh_pyjson_magnitude(d) == value) {
                break;
            }
        }
    }

    if (n == WH_PYJSON_FULL) {
        wh_pyjson_copy(d, &full, n);
    }

    wh_pyjson_strip(d);
}


/*
 * The n digits nearest to a value, from its 17 where they can tell: rounding
 * what has been rounded to a tie would be wrong.
 */

static void
wh_pyjson_cut(wh_pyjson_decimal_t *d, const wh_pyjson_decimal_t *full,
    double value, int n)
{
    int  i;

    wh_pyjson_copy(d, full, n);

    if (full->digits[n] != '5') {

        if (full->digits[n] > '5') {
            wh_pyjson_increment(d);
        }

        return;
    }

    for (i = n + 1; i < full->n; i++) {

        if (full->digits[i] != '0') {
            wh_pyjson_increment(d);
            return;
        }
    }

    wh_pyjson_round(d, value, n);
}


/* The sign stays. */

static void
wh_pyjson_copy(wh_pyjson_decimal_t *d, const wh_pyjson_decimal_t *full, int n)
{
    memcpy(d->digits, full->digits, n);

    d->n = n;
    d->point = full->point;
}


/* The n digits nearest to a value. */

static void
wh_pyjson_round(wh_pyjson_decimal_t *d, double value, int n)
{
    char         text[WH_PYJSON_FLOAT_LEN];
    const char  *p;

    snprintf(text, sizeof(text), "%.*e", n - 1, value);

    d->n = 0;

    /* whatever the locale has for a point is not a digit */

    for (p = text; *p != 'e'; p++) {

        if (*p >= '0' && *p <= '9') {
            d->digits[d->n++] = *p;
        }
    }

    d->point = atoi(p + 1) + 1;
}


static void
wh_pyjson_increment(wh_pyjson_decimal_t *d)
{
    int  i;

    for (i = d->n - 1; i >= 0; i--) {

        if (d->digits[i] != '9') {
            d->digits[i]++;
            return;
        }

        d->digits[i] = '0';
    }

    d->digits[0] = '1';
    d->point++;
}


static void
wh_pyjson_strip(wh_pyjson_decimal_t *d)
{
    while (d->n > 0 && d->digits[d->n - 1] == '0') {
        d->n--;
    }
}


static size_t
wh_pyjson_layout(const wh_pyjson_decimal_t *d, unsigned char *buf)
{
    int             i;
    unsigned char  *p;

    p = buf;

    if (d->negative) {
        *p++ = '-';
    }

    if (d->n == 0) {
        memcpy(p, "0.0", 3);
        return p + 3 - buf;
    }

    if (d->point < -3 || d->point > 16) {

        *p++ = d->digits[0];

        if (d->n > 1) {
            *p++ = '.';
            memcpy(p, d->digits + 1, d->n - 1);
            p += d->n - 1;
        }

        return p - buf + sprintf((char *) p, "e%+03d", d->point - 1);
    }

    if (d->point <= 0) {
        *p++ = '0';
        *p++ = '.';

        for (i = d->point; i < 0; i++) {
            *p++ = '0';
        }
    }

    for (i = 0; i < d->n || i < d->point; i++) {

        if (i == d->point && i > 0) {
            *p++ = '.';
        }

        *p++ = (i < d->n) ? d->digits[i] : '0';
    }

    if (d->point >= d->n) {
        *p++ = '.';
        *p++ = '0';
    }

    return p - buf;
}
