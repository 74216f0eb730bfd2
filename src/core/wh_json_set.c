
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A set of JSON Pointers (RFC 6901) as a trie for the parser to follow.
 */


#include <stdlib.h>
#include <string.h>

#include "wh_json_set.h"
#include "wh_str.h"


static int wh_json_set_add_steps(wh_json_set_t *set, wh_str_t pointer,
    unsigned wildcard, size_t *index, const char **error);
static const char *wh_json_set_check(wh_str_t pointer);
static wh_json_node_t *wh_json_set_step(wh_json_set_t *set,
    wh_json_node_t *parent, const unsigned char *step, size_t len);
static wh_json_node_t *wh_json_set_node(wh_json_set_t *set,
    wh_json_node_t *parent, size_t len);
static size_t wh_json_set_decode(unsigned char *dst, const unsigned char *src,
    size_t len);
static size_t wh_json_set_number(wh_str_t name);


wh_json_set_t *
wh_json_set_create(void)
{
    wh_json_set_t  *set;

    set = calloc(1, sizeof(wh_json_set_t));
    if (set == NULL) {
        return NULL;
    }

    set->root = wh_json_set_node(set, NULL, 0);
    if (set->root == NULL) {
        free(set);
        return NULL;
    }

    return set;
}


wh_json_set_t *
wh_json_set_of(const wh_str_t *pointers, size_t n)
{
    size_t          i, index;
    const char     *error;
    wh_json_set_t  *set;

    set = wh_json_set_create();

    for (i = 0; set != NULL && i < n; i++) {

        if (wh_json_set_add(set, pointers[i], &index, &error) != WH_OK) {
            wh_json_set_free(set);
            set = NULL;
        }
    }

    return set;
}


void
wh_json_set_free(wh_json_set_t *set)
{
    wh_json_node_t  *node, *up;

    if (set == NULL) {
        return;
    }

    /* from the leaves up: a pointer may have any number of steps */

    node = set->root;

    while (node != NULL) {

        if (node->child != NULL) {
            up = node;
            node = node->child;
            up->child = node->next;
            continue;
        }

        up = node->parent;
        free(node);
        node = up;
    }

    free(set);
}


int
wh_json_set_add(wh_json_set_t *set, wh_str_t pointer, size_t *index,
    const char **error)
{
    return wh_json_set_add_steps(set, pointer, 0, index, error);
}


int
wh_json_set_add_wildcard(wh_json_set_t *set, wh_str_t pointer,
    size_t *index, const char **error)
{
    return wh_json_set_add_steps(set, pointer, 1, index, error);
}


static int
wh_json_set_add_steps(wh_json_set_t *set, wh_str_t pointer, unsigned wildcard,
    size_t *index, const char **error)
{
    wh_json_node_t       *node;
    const unsigned char  *p, *slash, *last;

    *error = wh_json_set_check(pointer);
    if (*error != NULL) {
        return WH_INVALID;
    }

    node = set->root;
    p = pointer.data;
    last = wh_end(pointer);

    while (p < last) {
        p++;

        slash = memchr(p, '/', last - p);
        if (slash == NULL) {
            slash = last;
        }

        node = wh_json_set_step(set, node, p, slash - p);
        if (node == NULL) {
            return WH_ERROR;
        }

        if (wildcard && slash - p == 1 && *p == '*') {
            node->wildcard = 1;
            node->parent->elements = WH_JSON_NONE;
        }

        p = slash;
    }

    if (node->index == WH_JSON_NONE) {
        node->index = set->pointers++;
    }

    *index = node->index;

    return WH_OK;
}


static const char *
wh_json_set_check(wh_str_t pointer)
{
    size_t  i;

    if (pointer.len > 0 && pointer.data[0] != '/') {
        return "a JSON pointer must begin with \"/\" or be empty";
    }

    for (i = 0; i < pointer.len; i++) {

        if (pointer.data[i] == '~'
            && (i + 1 == pointer.len
                || (pointer.data[i + 1] != '0' && pointer.data[i + 1] != '1')))
        {
            return "\"~\" in a JSON pointer must be written \"~0\", "
                   "and \"/\" in a name \"~1\"";
        }
    }

    return NULL;
}


static wh_json_node_t *
wh_json_set_step(wh_json_set_t *set, wh_json_node_t *parent,
    const unsigned char *step, size_t len)
{
    wh_json_node_t  *node, **link;

    node = wh_json_set_node(set, parent, len);
    if (node == NULL) {
        return NULL;
    }

    node->name.len = wh_json_set_decode((unsigned char *) (node + 1), step,
                                        len);
    node->element = wh_json_set_number(node->name);

    for (link = &parent->child; *link != NULL; link = &(*link)->next) {

        if (wh_equal((*link)->name, node->name)) {
            free(node);
            set->nodes--;

            return *link;
        }
    }

    *link = node;

    if (node->element != WH_JSON_NONE && node->element >= parent->elements) {
        parent->elements = node->element + 1;
    }

    return node;
}


static wh_json_node_t *
wh_json_set_node(wh_json_set_t *set, wh_json_node_t *parent, size_t len)
{
    wh_json_node_t  *node;

    node = calloc(1, sizeof(wh_json_node_t) + len);
    if (node == NULL) {
        return NULL;
    }

    node->parent = parent;
    node->id = set->nodes++;
    node->index = WH_JSON_NONE;
    node->element = WH_JSON_NONE;
    node->name.data = (unsigned char *) (node + 1);

    return node;
}


static size_t
wh_json_set_decode(unsigned char *dst, const unsigned char *src, size_t len)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {

        if (src[i] == '~') {
            i++;
            dst[n++] = (src[i] == '0') ? '~' : '/';
            continue;
        }

        dst[n++] = src[i];
    }

    return n;
}


static size_t
wh_json_set_number(wh_str_t name)
{
    size_t  i, n;

    if (name.len == 0 || name.len > 9
        || (name.len > 1 && name.data[0] == '0'))
    {
        return WH_JSON_NONE;
    }

    n = 0;

    for (i = 0; i < name.len; i++) {

        if (name.data[i] < '0' || name.data[i] > '9') {
            return WH_JSON_NONE;
        }

        n = n * 10 + (name.data[i] - '0');
    }

    return n;
}


const wh_json_node_t *
wh_json_set_member(const wh_json_node_t *node, const unsigned char *name,
    size_t len)
{
    for (node = node->child; node != NULL; node = node->next) {

        if (node->name.len == len && memcmp(node->name.data, name, len) == 0) {
            break;
        }
    }

    return node;
}


const wh_json_node_t *
wh_json_set_element(const wh_json_node_t *node, size_t element)
{
    for (node = node->child; node != NULL; node = node->next) {

        if (node->element == element || node->wildcard) {
            break;
        }
    }

    return node;
}


const wh_json_node_t *
wh_json_set_next(const wh_json_node_t *top, const wh_json_node_t *node)
{
    if (node->child != NULL) {
        return node->child;
    }

    while (node != top) {

        if (node->next != NULL) {
            return node->next;
        }

        node = node->parent;
    }

    return NULL;
}
