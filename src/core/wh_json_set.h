
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A set of JSON Pointers (RFC 6901) as a trie for the parser to follow.
 */


#ifndef _WH_JSON_SET_H_INCLUDED_
#define _WH_JSON_SET_H_INCLUDED_


#include "wh.h"


#define WH_JSON_NONE  ((size_t) -1)


/*
 * One step of a pointer.  The same step names a member of an object and,
 * when it reads as a number, an element of an array.
 */

typedef struct wh_json_node_s  wh_json_node_t;

struct wh_json_node_s {
    wh_json_node_t  *parent;
    wh_json_node_t  *child;        /* the first of those below */
    wh_json_node_t  *next;         /* under the same parent */
    size_t           id;           /* 0 is the root */
    size_t           index;        /* of the pointer that ends here, or none */
    size_t           element;      /* or none */
    unsigned         wildcard;     /* all elements lead here */
    size_t           elements;     /* those below that are of an array, too,
                                      are lower than this */
    wh_str_t         name;         /* ~0 and ~1 decoded */
};


typedef struct {
    wh_json_node_t  *root;
    size_t           nodes;
    size_t           pointers;
} wh_json_set_t;


/*
 * Made while the configuration is read; afterwards nothing changes it, so
 * any number of parsers may share it.  NULL when there is no memory.
 */
wh_json_set_t *wh_json_set_create(void);

/* The same with n pointers, whose indices are their places in the list. */
wh_json_set_t *wh_json_set_of(const wh_str_t *pointers, size_t n);

/* Frees the set and its pointers; NULL is allowed. */
void wh_json_set_free(wh_json_set_t *set);

/*
 * Adds a pointer, whose text is copied, and stores its index, counted from 0
 * in the order of addition; a pointer that is there already keeps its index.
 * "" is the whole document.  WH_INVALID: *error says what is wrong, a static
 * text.  WH_ERROR: no memory; the set can still be used and freed.
 */
int wh_json_set_add(wh_json_set_t *set, wh_str_t pointer, size_t *index,
    const char **error);

/*
 * The same, but a step "*" leads to every element of an array.  In such a set
 * no other pointer may go to elements of that array.
 */
int wh_json_set_add_wildcard(wh_json_set_t *set, wh_str_t pointer,
    size_t *index, const char **error);

/*
 * The step below a node that a member, by its decoded name, or an element,
 * counted from 0, leads to; NULL: no pointer goes there.
 */
const wh_json_node_t *wh_json_set_member(const wh_json_node_t *node,
    const unsigned char *name, size_t len);
const wh_json_node_t *wh_json_set_element(const wh_json_node_t *node,
    size_t element);

/*
 * The node after this one among top and all below it, parents first; begin
 * with top.  NULL after the last.
 */
const wh_json_node_t *wh_json_set_next(const wh_json_node_t *top,
    const wh_json_node_t *node);


#endif /* _WH_JSON_SET_H_INCLUDED_ */
