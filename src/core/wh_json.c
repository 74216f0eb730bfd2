
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The JSON parser: reads a document in pieces, keeps the values that a set
 * of JSON Pointers leads to, and is strict where yajl is not (RFC 8259).
 *
 * Every byte passes wh_json_scan() before yajl sees it, for yajl does not
 * mind vertical tabs, form feeds, malformed UTF-8 and lone surrogates.  What
 * follows the document is not shown to yajl at all, since it takes an open
 * string there for nothing.
 *
 * Nor is the rest of a string that nobody looks at, once a piece has ended in
 * it: yajl would keep all of it, and read it again with every piece.
 *
 * Of objects and arrays that no pointer leads into, and nobody is told of, only
 * the depth is kept.
 */


#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "wh_json.h"
#include "wh_json_scan.h"


#define WH_JSON_DEPTH  64
#define WH_JSON_NAME   1024
#define WH_JSON_VALUE  65536
#define WH_JSON_TOKEN  65536
#define WH_JSON_PIECE  16384

/*
 * The most that yajl is given at once: it buffers a token that a piece cuts
 * off, and the limit of a token's length is applied between the pieces.
 */

#define WH_JSON_SLICE  65536

/* Most values are no longer than this, and need no memory of their own. */

#define WH_JSON_SMALL  48


/* All memory of a parser but itself is in one ring. */

typedef struct wh_json_block_s  wh_json_block_t;

struct wh_json_block_s {
    wh_json_block_t       *prev;
    wh_json_block_t       *next;
    size_t                 size;
    size_t                 unused; /* keeps what follows aligned */
};


/* An object or array that is open; the lowest frame is the document. */

typedef struct {
    const wh_json_node_t  *node;   /* the container, or NULL: no pointer's */
    const wh_json_node_t  *member; /* where the last name leads, or NULL */
    size_t                 serial; /* tells two objects at one pointer apart */
    size_t                 size;
    unsigned               array;
    unsigned               named;  /* the next string is a member's value */
} wh_json_frame_t;


typedef struct {
    wh_json_value_t        value;
    unsigned char         *data;   /* NULL: in small */
    size_t                 size;
    unsigned char          small[WH_JSON_SMALL];
} wh_json_capture_t;


struct wh_json_s {
    const wh_json_set_t   *set;
    wh_json_limits_t       limits;
    wh_json_observer_pt    observer;
    void                  *data;
    unsigned               all;    /* the observer looks at everything */
    unsigned               told;   /* and is told of everything */

    int                    rc;
    wh_json_error_e        error;

    yajl_handle            yajl;
    jmp_buf                no_memory;

    wh_json_block_t        blocks;
    size_t                 memory;

    wh_json_scan_t         scan;

    unsigned char         *piece;
    size_t                 gathered;

    const unsigned char   *work;   /* what yajl works on */
    size_t                 offset; /* and where it is */
    size_t                 last;   /* the end of the last name or value, or
                                      the beginning of the one that is open */
    unsigned               string; /* that is a string */
    unsigned               passing;
    size_t                 end;    /* of the outermost value, once done */
    unsigned               done;

    wh_json_frame_t       *frames;
    wh_json_frame_t       *frame;  /* the innermost */
    size_t                 below;  /* open ones in it that have no frame */

    wh_json_capture_t     *captures;
    size_t                *seen;   /* by node: the object's serial */
    size_t                 serial;
};


static void wh_json_set_limits(wh_json_t *json,
    const wh_json_limits_t *limits);
static int wh_json_init(wh_json_t *json);
static int wh_json_start_yajl(wh_json_t *json);

static void *wh_json_calloc(wh_json_t *json, size_t n, size_t size);
static void *wh_json_realloc(wh_json_t *json, void *old, size_t size);
static void *wh_json_yajl_malloc(void *ctx, size_t size);
static void *wh_json_yajl_realloc(void *ctx, void *old, size_t size);
static void wh_json_yajl_free(void *ctx, void *old);

static int wh_json_gather(wh_json_t *json, const unsigned char **data,
    size_t *len);
static int wh_json_parse_slice(wh_json_t *json, const unsigned char *data,
    size_t len);
static size_t wh_json_feed(wh_json_t *json, const unsigned char *data,
    size_t len);
static size_t wh_json_pass(wh_json_t *json, const unsigned char *data,
    size_t len);
static int wh_json_leave(wh_json_t *json);
static void wh_json_find_token(wh_json_t *json, size_t len);
static int wh_json_yajl_parse(wh_json_t *json, const unsigned char *data,
    size_t len);
static int wh_json_yajl_end(wh_json_t *json);
static int wh_json_trailing(wh_json_t *json, const unsigned char *data,
    size_t len);

static int wh_json_fail(wh_json_t *json, int rc, wh_json_error_e error);
static int wh_json_no_memory(wh_json_t *json);
static int wh_json_refuse(wh_json_t *json, int rc, wh_json_error_e error);

static unsigned wh_json_open_looked_at(wh_json_t *json);
static inline int wh_json_token(wh_json_t *json, unsigned bounded);
static inline const wh_json_node_t *wh_json_next(wh_json_frame_t *frame);
static inline const wh_json_node_t *wh_json_locate(wh_json_t *json);
static inline unsigned wh_json_looked_at(wh_json_t *json,
    const wh_json_node_t *node);
static inline int wh_json_scalar(wh_json_t *json, wh_json_type_e type,
    wh_json_event_e event, const char *text, size_t len);
static int wh_json_open(wh_json_t *json, unsigned array);
static inline unsigned wh_json_leads_on(const wh_json_node_t *node,
    unsigned array);
static inline int wh_json_open_below(wh_json_t *json);
static int wh_json_close(wh_json_t *json);
static int wh_json_capture(wh_json_t *json, const wh_json_node_t *node,
    wh_json_type_e type, const char *text, size_t len);
static int wh_json_is_integer(const char *text, size_t len);
static void wh_json_forget(wh_json_t *json, const wh_json_node_t *top);
static inline int wh_json_observe(wh_json_t *json, const wh_json_node_t *node,
    wh_json_event_e event, const char *text, size_t len);

static int wh_json_on_null(void *ctx);
static int wh_json_on_boolean(void *ctx, int value);
static int wh_json_on_number(void *ctx, const char *text, size_t len);
static int wh_json_on_string(void *ctx, const unsigned char *text,
    size_t len);
static int wh_json_on_name(void *ctx, const unsigned char *name, size_t len);
static int wh_json_on_object(void *ctx);
static int wh_json_on_array(void *ctx);
static int wh_json_on_end(void *ctx);


static const yajl_callbacks  wh_json_callbacks = {
    wh_json_on_null,
    wh_json_on_boolean,
    NULL,                          /* numbers come as text: yajl's own */
    NULL,                          /* conversions lose digits */
    wh_json_on_number,
    wh_json_on_string,
    wh_json_on_object,
    wh_json_on_name,
    wh_json_on_end,
    wh_json_on_array,
    wh_json_on_end
};


wh_json_t *
wh_json_create(const wh_json_set_t *set, const wh_json_limits_t *limits,
    wh_json_observer_pt observer, void *data)
{
    wh_json_t  *json;

    json = calloc(1, sizeof(wh_json_t));
    if (json == NULL) {
        return NULL;
    }

    json->set = set;
    json->observer = observer;
    json->data = data;
    json->all = (set == NULL && observer != NULL);
    json->told = (observer != NULL);
    json->memory = sizeof(wh_json_t);
    json->blocks.prev = &json->blocks;
    json->blocks.next = &json->blocks;

    wh_json_set_limits(json, limits);

    if (wh_json_init(json) != WH_OK) {
        wh_json_free(json);
        return NULL;
    }

    return json;
}


static void
wh_json_set_limits(wh_json_t *json, const wh_json_limits_t *limits)
{
    wh_json_limits_t  *l;

    l = &json->limits;

    if (limits != NULL) {
        *l = *limits;
    }

    l->depth = l->depth ? l->depth : WH_JSON_DEPTH;
    l->name = l->name ? l->name : WH_JSON_NAME;
    l->value = l->value ? l->value : WH_JSON_VALUE;
    l->token = l->token ? l->token : WH_JSON_TOKEN;
    l->piece = l->piece ? l->piece : WH_JSON_PIECE;

    if (l->piece > WH_JSON_SLICE) {
        l->piece = WH_JSON_SLICE;
    }
}


static int
wh_json_init(wh_json_t *json)
{
    json->frames = wh_json_realloc(json, NULL, (json->limits.depth + 1)
                                               * sizeof(wh_json_frame_t));
    if (json->frames == NULL) {
        return WH_ERROR;
    }

    json->frame = json->frames;
    memset(json->frame, 0, sizeof(wh_json_frame_t));
    json->frame->named = 1;

    if (json->set != NULL) {

        json->frame->member = json->set->root;

        json->captures = wh_json_calloc(json, json->set->pointers,
                                        sizeof(wh_json_capture_t));
        if (json->captures == NULL) {
            return WH_ERROR;
        }

        json->seen = wh_json_calloc(json, json->set->nodes, sizeof(size_t));
        if (json->seen == NULL) {
            return WH_ERROR;
        }
    }

    return wh_json_start_yajl(json);
}


static int
wh_json_start_yajl(wh_json_t *json)
{
    yajl_alloc_funcs  funcs;

    funcs.malloc = wh_json_yajl_malloc;
    funcs.realloc = wh_json_yajl_realloc;
    funcs.free = wh_json_yajl_free;
    funcs.ctx = json;

    if (setjmp(json->no_memory) != 0) {
        return WH_ERROR;
    }

    json->yajl = yajl_alloc(&wh_json_callbacks, &funcs, json);

    /* wh_json_scan() does it better */

    yajl_config(json->yajl, yajl_dont_validate_strings, 1);

    return WH_OK;
}


void
wh_json_observe_values(wh_json_t *json)
{
    json->told = 0;
}


void
wh_json_free(wh_json_t *json)
{
    wh_json_block_t  *block, *next;

    if (json == NULL) {
        return;
    }

    /*
     * yajl's memory is on the ring as well; yajl_free() cannot be used, as
     * a failed allocation may have left yajl's structures half made.
     */

    for (block = json->blocks.next; block != &json->blocks; block = next) {
        next = block->next;
        free(block);
    }

    free(json);
}


static void *
wh_json_calloc(wh_json_t *json, size_t n, size_t size)
{
    void  *p;

    p = wh_json_realloc(json, NULL, n * size);

    if (p != NULL) {
        memset(p, 0, n * size);
    }

    return p;
}


/* NULL leaves the old block as it is. */

static void *
wh_json_realloc(wh_json_t *json, void *old, size_t size)
{
    size_t            had;
    wh_json_block_t  *block;

    size += sizeof(wh_json_block_t);

    block = (old != NULL) ? (wh_json_block_t *) old - 1 : NULL;
    had = (block != NULL) ? block->size : 0;

    if (json->limits.memory != 0
        && json->memory - had + size > json->limits.memory)
    {
        return NULL;
    }

    block = realloc(block, size);
    if (block == NULL) {
        return NULL;
    }

    if (old == NULL) {
        block->prev = &json->blocks;
        block->next = json->blocks.next;
    }

    block->prev->next = block;
    block->next->prev = block;
    block->size = size;

    json->memory += size - had;

    return block + 1;
}


/*
 * yajl uses what its allocator returns without checking it, so it must never
 * get NULL: out of memory, we leave yajl for good by longjmp().
 * yajl holds no other resources, and wh_json_free() finds its blocks.
 */

static void *
wh_json_yajl_malloc(void *ctx, size_t size)
{
    return wh_json_yajl_realloc(ctx, NULL, size);
}


static void *
wh_json_yajl_realloc(void *ctx, void *old, size_t size)
{
    void       *p;
    wh_json_t  *json = ctx;

    p = wh_json_realloc(json, old, size);
    if (p == NULL) {
        longjmp(json->no_memory, 1);
    }

    return p;
}


/* yajl wants one, and needs it in yajl_free(); see wh_json_free(). */

static void
wh_json_yajl_free(void *ctx, void *old)
{
    (void) ctx;
    (void) old;
}


int
wh_json_parse(wh_json_t *json, const unsigned char *data, size_t len)
{
    size_t  n;

    if (json->rc != WH_OK) {
        return json->rc;
    }

    while (len > 0 && json->rc == WH_OK) {

        if (json->gathered > 0 || len < json->limits.piece) {
            wh_json_gather(json, &data, &len);
            continue;
        }

        n = (len < WH_JSON_SLICE) ? len : WH_JSON_SLICE;

        wh_json_parse_slice(json, data, n);

        data += n;
        len -= n;
    }

    return json->rc;
}


int
wh_json_end(wh_json_t *json)
{
    if (json->rc != WH_OK) {
        return json->rc;
    }

    if (json->gathered > 0
        && wh_json_parse_slice(json, json->piece, json->gathered) != WH_OK)
    {
        return json->rc;
    }

    json->gathered = 0;

    if (json->done) {
        return WH_OK;
    }

    return wh_json_yajl_end(json);
}


const wh_json_value_t *
wh_json_value(const wh_json_t *json, size_t index)
{
    return &json->captures[index].value;
}


wh_json_error_e
wh_json_error(const wh_json_t *json)
{
    return json->error;
}


const char *
wh_json_error_text(wh_json_error_e error)
{
    static const char  *texts[] = {
        "no error",
        "no memory",
        "syntax error",
        "the document ends early",
        "something follows the document",
        "white space that JSON does not have",
        "malformed UTF-8",
        "half a surrogate pair",
        "nested too deeply",
        "a name is too long",
        "a value is too long",
        "a token is too long",
        "refused"
    };

    return texts[error];
}


/*
 * yajl reads a token that is cut off from its start again with every piece,
 * so small pieces are put together first.
 */

static int
wh_json_gather(wh_json_t *json, const unsigned char **data, size_t *len)
{
    size_t  n;

    if (json->piece == NULL) {

        json->piece = wh_json_realloc(json, NULL, json->limits.piece);
        if (json->piece == NULL) {
            return wh_json_no_memory(json);
        }
    }

    n = json->limits.piece - json->gathered;

    if (n > *len) {
        n = *len;
    }

    memcpy(json->piece + json->gathered, *data, n);

    json->gathered += n;
    *data += n;
    *len -= n;

    if (json->gathered < json->limits.piece) {
        return WH_OK;
    }

    json->gathered = 0;

    return wh_json_parse_slice(json, json->piece, json->limits.piece);
}


static int
wh_json_parse_slice(wh_json_t *json, const unsigned char *data, size_t len)
{
    size_t           i, good;
    wh_json_error_e  error;

    good = wh_json_scan(&json->scan, data, len, &error);

    /*
     * What comes before a bad byte is parsed all the same, so that the first
     * error is the one reported, however the document was cut.
     */

    i = 0;

    while (i < good && json->rc == WH_OK) {
        i += json->passing ? wh_json_pass(json, data + i, good - i)
                           : wh_json_feed(json, data + i, good - i);
    }

    if (good < len) {
        return wh_json_fail(json, WH_INVALID, error);
    }

    return json->rc;
}


/*
 * Gives yajl what has no half of a surrogate pair in it, and decides about the
 * string that is open then.  Returns how many bytes are done with.
 */

static size_t
wh_json_feed(wh_json_t *json, const unsigned char *data, size_t len)
{
    int     rc;
    size_t  n;

    rc = wh_json_scan_pairs(&json->scan, data, len, &n);

    json->work = data;

    if (n > 0 && wh_json_yajl_parse(json, data, n) != WH_OK) {
        return n;
    }

    wh_json_find_token(json, n);

    json->offset += n;

    if (json->done) {
        return n;
    }

    if (json->string && !wh_json_open_looked_at(json)) {
        (void) wh_json_leave(json);

    } else if (rc != WH_OK) {
        (void) wh_json_fail(json, WH_INVALID, WH_JSON_SURROGATE);

    } else if (json->offset - json->last > json->limits.token) {
        (void) wh_json_fail(json, WH_INVALID, WH_JSON_LONG_TOKEN);
    }

    return n;
}


static int
wh_json_leave(wh_json_t *json)
{
    const char  *rest;

    json->passing = 1;

    rest = wh_json_scan_leave(&json->scan);

    if (*rest == '\0') {
        return WH_OK;
    }

    return wh_json_yajl_parse(json, (const unsigned char *) rest,
                              strlen(rest));
}


/* Its closing quote is for yajl again. */

static size_t
wh_json_pass(wh_json_t *json, const unsigned char *data, size_t len)
{
    size_t  n;

    if (wh_json_scan_string(&json->scan, data, len, &n) != WH_OK) {
        (void) wh_json_fail(json, WH_INVALID, WH_JSON_SYNTAX);
        return n;
    }

    json->offset += n;
    json->last += n;

    if (n < len) {
        json->passing = 0;
    }

    return n;
}


/*
 * From the end of the last token to the first byte of the next, among the
 * first bytes of what yajl works on.
 */

static void
wh_json_find_token(wh_json_t *json, size_t len)
{
    const unsigned char  *p, *end;

    if (json->last < json->offset) {

        /* it began before */

        return;
    }

    p = json->work + (json->last - json->offset);
    end = json->work + len;

    while (p < end && memchr(" \t\r\n,:", *p, 6) != NULL) {
        p++;
    }

    json->last = json->offset + (p - json->work);
    json->string = (p < end && *p == '"');
}


static int
wh_json_yajl_parse(wh_json_t *json, const unsigned char *data, size_t len)
{
    if (!json->done) {

        if (setjmp(json->no_memory) != 0) {
            return wh_json_no_memory(json);
        }

        if (yajl_parse(json->yajl, data, len) != yajl_status_ok
            && !json->done)
        {
            return wh_json_fail(json, WH_INVALID, WH_JSON_SYNTAX);
        }
    }

    if (json->rc == WH_OK && json->done) {
        return wh_json_trailing(json, data, len);
    }

    return json->rc;
}


static int
wh_json_yajl_end(wh_json_t *json)
{
    if (setjmp(json->no_memory) != 0) {
        return wh_json_no_memory(json);
    }

    (void) yajl_complete_parse(json->yajl);

    /* even a number at the outermost level is known by now */

    if (json->rc == WH_OK && !json->done) {
        return wh_json_fail(json, WH_INVALID, WH_JSON_EARLY_END);
    }

    return json->rc;
}


/* Whatever follows the outermost value. */

static int
wh_json_trailing(wh_json_t *json, const unsigned char *data, size_t len)
{
    size_t  i;

    i = (json->end > json->offset) ? json->end - json->offset : 0;

    for ( /* void */ ; i < len; i++) {

        if (data[i] != ' ' && data[i] != '\t' && data[i] != '\r'
            && data[i] != '\n')
        {
            return wh_json_fail(json, WH_INVALID, WH_JSON_TRAILING);
        }
    }

    return WH_OK;
}


/* The first failure stays. */

static int
wh_json_fail(wh_json_t *json, int rc, wh_json_error_e error)
{
    if (json->rc == WH_OK) {
        json->rc = rc;
        json->error = error;
    }

    return json->rc;
}


static int
wh_json_no_memory(wh_json_t *json)
{
    return wh_json_fail(json, WH_ERROR, WH_JSON_NO_MEMORY);
}


/* The same for a callback, where 0 makes yajl stop. */

static int
wh_json_refuse(wh_json_t *json, int rc, wh_json_error_e error)
{
    wh_json_fail(json, rc, error);

    return 0;
}


/* Is the string that is open a name or a value to look at? */

static unsigned
wh_json_open_looked_at(wh_json_t *json)
{
    wh_json_frame_t  *frame;

    if (json->below) {
        return 0;
    }

    frame = json->frame;

    if (!frame->array && !frame->named) {
        return json->all || frame->node != NULL;
    }

    return wh_json_looked_at(json, wh_json_next(frame));
}


/* The first thing a callback does: how long was what led to it? */

static inline int
wh_json_token(wh_json_t *json, unsigned bounded)
{
    size_t  position;

    position = json->offset + yajl_get_bytes_consumed(json->yajl);

    if (bounded && position - json->last > json->limits.token) {

        wh_json_find_token(json, position - json->offset);

        if (position - json->last > json->limits.token) {
            return wh_json_refuse(json, WH_INVALID, WH_JSON_LONG_TOKEN);
        }
    }

    json->last = position;

    return 1;
}


/* Where a value that begins is, as far as a pointer leads there. */

static inline const wh_json_node_t *
wh_json_next(wh_json_frame_t *frame)
{
    if (!frame->array) {
        return frame->member;
    }

    return (frame->node != NULL && frame->size < frame->node->elements)
           ? wh_json_set_element(frame->node, frame->size) : NULL;
}


static inline const wh_json_node_t *
wh_json_locate(wh_json_t *json)
{
    wh_json_frame_t       *frame;
    const wh_json_node_t  *node;

    frame = json->frame;
    node = wh_json_next(frame);

    if (frame->array) {
        frame->size++;
    }

    frame->named = 0;

    return node;
}


static inline unsigned
wh_json_looked_at(wh_json_t *json, const wh_json_node_t *node)
{
    return json->all || (node != NULL && node->index != WH_JSON_NONE);
}


static inline int
wh_json_scalar(wh_json_t *json, wh_json_type_e type, wh_json_event_e event,
    const char *text, size_t len)
{
    unsigned               bounded;
    const wh_json_node_t  *node;

    if (json->below) {
        return wh_json_token(json, type != WH_JSON_STRING);
    }

    node = wh_json_locate(json);
    bounded = (type != WH_JSON_STRING || wh_json_looked_at(json, node));

    if (!wh_json_token(json, bounded)) {
        return 0;
    }

    if (node != NULL && !wh_json_capture(json, node, type, text, len)) {
        return 0;
    }

    if (json->frame == json->frames) {
        json->done = 1;
        json->end = json->last;
    }

    return wh_json_observe(json, node, event, text, len);
}


static int
wh_json_open(wh_json_t *json, unsigned array)
{
    wh_json_frame_t       *frame;
    const wh_json_node_t  *node;

    if (!wh_json_token(json, 1)) {
        return 0;
    }

    if (json->frame == json->frames + json->limits.depth) {
        return wh_json_refuse(json, WH_INVALID, WH_JSON_TOO_DEEP);
    }

    node = wh_json_locate(json);

    if (!json->told
        && json->frame != json->frames
        && !wh_json_leads_on(node, array))
    {
        json->below = 1;
        return 1;
    }

    if (node != NULL
        && !wh_json_capture(json, node, array ? WH_JSON_ARRAY : WH_JSON_OBJECT,
                            "", 0))
    {
        return 0;
    }

    frame = ++json->frame;

    frame->node = node;
    frame->member = NULL;
    frame->serial = ++json->serial;
    frame->size = 0;
    frame->array = array;
    frame->named = 0;

    return wh_json_observe(json, node,
                           array ? WH_JSON_ON_ARRAY : WH_JSON_ON_OBJECT, "",
                           0);
}


/* Whether anything is to be known of an object or array, or below it. */

static inline unsigned
wh_json_leads_on(const wh_json_node_t *node, unsigned array)
{
    return node != NULL
           && (!array || node->elements || node->index != WH_JSON_NONE);
}


/* There may be many of them, so this is short. */

static inline int
wh_json_open_below(wh_json_t *json)
{
    if (!wh_json_token(json, 1)) {
        return 0;
    }

    if (json->frame + json->below == json->frames + json->limits.depth) {
        return wh_json_refuse(json, WH_INVALID, WH_JSON_TOO_DEEP);
    }

    json->below++;

    return 1;
}


static int
wh_json_close(wh_json_t *json)
{
    wh_json_frame_t  *frame;

    if (!wh_json_token(json, 1)) {
        return 0;
    }

    frame = json->frame--;

    if (frame->node != NULL && frame->node->index != WH_JSON_NONE) {
        json->captures[frame->node->index].value.size = frame->size;
    }

    if (json->frame == json->frames) {
        json->done = 1;
        json->end = json->last;
    }

    return wh_json_observe(json, NULL, frame->array ? WH_JSON_ON_ARRAY_END
                                                    : WH_JSON_ON_OBJECT_END,
                           "", 0);
}


static int
wh_json_capture(wh_json_t *json, const wh_json_node_t *node,
    wh_json_type_e type, const char *text, size_t len)
{
    unsigned char      *data;
    wh_json_capture_t  *capture;

    if (node->index == WH_JSON_NONE) {
        return 1;
    }

    capture = &json->captures[node->index];

    if (len > json->limits.value) {
        return wh_json_refuse(json, WH_INVALID, WH_JSON_LONG_VALUE);
    }

    if (len > WH_JSON_SMALL && len > capture->size) {

        data = wh_json_realloc(json, capture->data, len);
        if (data == NULL) {
            return wh_json_refuse(json, WH_ERROR, WH_JSON_NO_MEMORY);
        }

        capture->data = data;
        capture->size = len;
    }

    data = capture->data ? capture->data : capture->small;

    if (len > 0) {
        memcpy(data, text, len);
    }

    if (type == WH_JSON_NUMBER && wh_json_is_integer(text, len)) {
        type = WH_JSON_INTEGER;
    }

    capture->value.type = type;
    capture->value.count++;
    capture->value.size = 0;
    capture->value.text.data = data;
    capture->value.text.len = len;

    return 1;
}


static int
wh_json_is_integer(const char *text, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {

        if (text[i] == '.' || text[i] == 'e' || text[i] == 'E') {
            return 0;
        }
    }

    return 1;
}


/* A key came again: what was under it does not count any more. */

static void
wh_json_forget(wh_json_t *json, const wh_json_node_t *top)
{
    wh_json_value_t       *value;
    const wh_json_node_t  *node;

    for (node = top; node != NULL; node = wh_json_set_next(top, node)) {

        if (node->index == WH_JSON_NONE) {
            continue;
        }

        value = &json->captures[node->index].value;

        value->type = WH_JSON_ABSENT;
        value->repeated = 1;
        value->size = 0;
        value->text.len = 0;
    }
}


/* node is where a value is, as far as a pointer leads there, or NULL. */

static inline int
wh_json_observe(wh_json_t *json, const wh_json_node_t *node,
    wh_json_event_e event, const char *text, size_t len)
{
    int       rc;
    wh_str_t  str;

    if (!json->told
        && (json->observer == NULL
            || node == NULL
            || node->index == WH_JSON_NONE))
    {
        return 1;
    }

    str.len = len;
    str.data = (const unsigned char *) text;

    rc = json->observer(json->data, event, str);

    if (rc != WH_OK) {
        return wh_json_refuse(json, rc, WH_JSON_REFUSED);
    }

    return 1;
}


static int
wh_json_on_null(void *ctx)
{
    return wh_json_scalar(ctx, WH_JSON_NULL, WH_JSON_ON_NULL, "", 0);
}


static int
wh_json_on_boolean(void *ctx, int value)
{
    const char  *text;

    text = value ? "true" : "false";

    return wh_json_scalar(ctx, WH_JSON_BOOLEAN, WH_JSON_ON_BOOLEAN, text,
                          strlen(text));
}


static int
wh_json_on_number(void *ctx, const char *text, size_t len)
{
    return wh_json_scalar(ctx, WH_JSON_NUMBER, WH_JSON_ON_NUMBER, text,
                          len);
}


static int
wh_json_on_string(void *ctx, const unsigned char *text, size_t len)
{
    return wh_json_scalar(ctx, WH_JSON_STRING, WH_JSON_ON_STRING,
                          (const char *) text, len);
}


static int
wh_json_on_name(void *ctx, const unsigned char *name, size_t len)
{
    wh_json_t             *json = ctx;
    unsigned               looked_at;
    wh_json_frame_t       *frame;
    const wh_json_node_t  *member;

    if (json->below) {
        return wh_json_token(json, 0);
    }

    frame = json->frame;
    looked_at = (json->all || frame->node != NULL);

    if (!wh_json_token(json, looked_at)) {
        return 0;
    }

    if (looked_at && len > json->limits.name) {
        return wh_json_refuse(json, WH_INVALID, WH_JSON_LONG_NAME);
    }

    frame->named = 1;
    frame->size++;

    if (frame->node != NULL) {

        member = wh_json_set_member(frame->node, name, len);
        frame->member = member;

        if (member != NULL) {

            if (json->seen[member->id] == frame->serial) {
                wh_json_forget(json, member);
            }

            json->seen[member->id] = frame->serial;
        }
    }

    return wh_json_observe(json, NULL, WH_JSON_ON_NAME, (const char *) name,
                           len);
}


static int
wh_json_on_object(void *ctx)
{
    wh_json_t  *json = ctx;

    return json->below ? wh_json_open_below(json) : wh_json_open(json, 0);
}


static int
wh_json_on_array(void *ctx)
{
    wh_json_t  *json = ctx;

    return json->below ? wh_json_open_below(json) : wh_json_open(json, 1);
}


static int
wh_json_on_end(void *ctx)
{
    wh_json_t  *json = ctx;

    if (json->below == 0) {
        return wh_json_close(json);
    }

    json->below--;

    return wh_json_token(json, 1);
}
