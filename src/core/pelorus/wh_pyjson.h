
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A JSON document as Python reads it and its json.dumps() writes it.
 */


#ifndef _WH_PYJSON_H_INCLUDED_
#define _WH_PYJSON_H_INCLUDED_


#include <stdint.h>

#include "../wh.h"
#include "../wh_json.h"


#define WH_PYJSON_DEPTH      900   /* Python: a thousand less its own calls */
#define WH_PYJSON_DIGITS     4300  /* of an integer; Python's own limit */

/* What the writer puts for the separators, which the caller chooses. */

#define WH_PYJSON_ITEM       0x01  /* for "," */
#define WH_PYJSON_KEY        0x02  /* for ":" */


/*
 * Values are numbered from 0, the outermost, in the order of the document.
 * Of repeated keys the first is in its place with the value of the last, the
 * others are dropped.
 */

typedef struct {
    uint32_t         next;         /* in the same container, or 0 */
    uint32_t         child;        /* the first one, or 0 */
    uint32_t         size;         /* how many there are */
    uint32_t         name;         /* offset in the texts */
    uint32_t         name_len;
    uint32_t         text;         /* offset in the texts, of scalars */
    uint32_t         text_len;
    wh_json_type_e   type;         /* all numbers are WH_JSON_NUMBER */
} wh_pyjson_node_t;


typedef struct wh_pyjson_s  wh_pyjson_t;


/*
 * Reads a whole document into memory from malloc(), in proportion to its
 * length; the text is not needed afterwards.  WH_OK: *doc is to be freed.
 * WH_INVALID: *error says why, and is WH_JSON_REFUSED for an integer with too
 * many digits.  WH_ERROR: no memory.  *doc is NULL after a failure.
 */
int wh_pyjson_read(wh_pyjson_t **doc, wh_str_t text, wh_json_error_e *error);

/* Frees the document and its nodes; NULL is allowed. */
void wh_pyjson_free(wh_pyjson_t *doc);

/*
 * The outermost value; the next one in the same container, or NULL; the first
 * one in a container, or NULL.  All nodes and texts belong to the document.
 */
const wh_pyjson_node_t *wh_pyjson_root(const wh_pyjson_t *doc);
const wh_pyjson_node_t *wh_pyjson_next(const wh_pyjson_t *doc,
    const wh_pyjson_node_t *node);
const wh_pyjson_node_t *wh_pyjson_child(const wh_pyjson_t *doc,
    const wh_pyjson_node_t *node);

/* The member of an object by its name, or NULL. */
const wh_pyjson_node_t *wh_pyjson_member(const wh_pyjson_t *doc,
    const wh_pyjson_node_t *object, const char *name);

/* The decoded text of a string, the number or the word as written. */
wh_str_t wh_pyjson_text(const wh_pyjson_t *doc, const wh_pyjson_node_t *node);


/* Takes the text in pieces; anything but WH_OK ends the writing. */
typedef int (*wh_pyjson_sink_pt)(void *data, const unsigned char *text,
    size_t len);

typedef struct wh_pyjson_writer_s  wh_pyjson_writer_t;

/*
 * Writes the outermost value, of an object or array what is between its
 * brackets, with WH_PYJSON_ITEM and WH_PYJSON_KEY in place of separators;
 * all else is printable ASCII.  The document must outlive the writer, which is
 * to be freed with free(); NULL when there is no memory.  A call writes at
 * least so many bytes of names and values, if there are: WH_AGAIN when there
 * may be more, WH_OK at the end and after it, or what the sink returned.
 */
wh_pyjson_writer_t *wh_pyjson_writer_create(const wh_pyjson_t *doc,
    wh_pyjson_sink_pt sink, void *data);
int wh_pyjson_write(wh_pyjson_writer_t *w, size_t least);


#endif /* _WH_PYJSON_H_INCLUDED_ */
