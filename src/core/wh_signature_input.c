
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * HTTP Message Signatures (RFC 9421): the header Signature-Input.
 */


#include <string.h>

#include "wh_sf.h"
#include "wh_signature_input.h"
#include "wh_str.h"
#include "wh_time.h"


typedef struct {
    wh_str_t      name;
    size_t        offset;          /* in wh_signature_input_t */
    wh_sf_type_e  type;
} wh_signature_param_t;


typedef struct {
    wh_str_t      name;
    wh_pubkey_e   scheme;
} wh_signature_alg_t;


#define wh_signature_alg_row(name, scheme)  { wh_string(name), scheme },


static int wh_signature_member(wh_str_t header, wh_str_t label, wh_str_t tag,
    wh_sf_member_t *member);
static int wh_signature_has_tag(wh_str_t params, wh_str_t tag);
static int wh_signature_components(wh_str_t list, wh_signature_input_t *input);
static int wh_signature_params(wh_str_t params, wh_signature_input_t *input);
static int wh_signature_param(const wh_sf_member_t *param,
    wh_signature_input_t *input);


/* in the order of wh_component_e */

static const wh_str_t  wh_components[WH_COMPONENTS] = {
    wh_string(""),
    wh_string("@method"),
    wh_string("@target-uri"),
    wh_string("@authority"),
    wh_string("@scheme"),
    wh_string("@request-target"),
    wh_string("@path"),
    wh_string("@query")
};


static const wh_signature_alg_t  wh_signature_algs[] = {
    wh_signature_alg_rows(wh_signature_alg_row)
};


static const wh_signature_param_t  wh_signature_known[] = {
    { wh_string("created"), offsetof(wh_signature_input_t, created),
      WH_SF_INTEGER },
    { wh_string("expires"), offsetof(wh_signature_input_t, expires),
      WH_SF_INTEGER },
    { wh_string("nonce"), offsetof(wh_signature_input_t, nonce),
      WH_SF_STRING },
    { wh_string("alg"), offsetof(wh_signature_input_t, alg), WH_SF_STRING },
    { wh_string("keyid"), offsetof(wh_signature_input_t, keyid),
      WH_SF_STRING },
    { wh_string("tag"), offsetof(wh_signature_input_t, tag), WH_SF_STRING }
};


int
wh_component(wh_str_t name, wh_component_t *component)
{
    size_t                i;
    unsigned char         c;

    component->name = name;

    for (i = WH_COMPONENT_METHOD; i < WH_COMPONENTS; i++) {
        if (wh_equal(name, wh_components[i])) {
            component->type = (wh_component_e) i;
            return WH_OK;
        }
    }

    component->type = WH_COMPONENT_FIELD;

    for (i = 0; i < name.len; i++) {

        c = name.data[i];

        if ((c < 'a' || c > 'z')
            && (c < '0' || c > '9')
            && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
        {
            return WH_INVALID;
        }
    }

    return name.len ? WH_OK : WH_INVALID;
}


int
wh_signature_input(wh_str_t header, wh_str_t label, wh_str_t tag,
    wh_signature_input_t *input)
{
    int             rc;
    wh_sf_member_t  member;

    memset(input, 0, sizeof(wh_signature_input_t));

    rc = wh_signature_member(header, label, tag, &member);

    if (rc != WH_OK) {
        return rc;
    }

    input->label = member.key;
    input->written = member.written;

    rc = wh_signature_components(member.value, input);

    return rc == WH_OK ? wh_signature_params(member.params, input) : rc;
}


static int
wh_signature_member(wh_str_t header, wh_str_t label, wh_str_t tag,
    wh_sf_member_t *member)
{
    int             rc;
    size_t          n;
    wh_str_t        rest;
    wh_sf_member_t  next;

    rest = header;
    n = 0;

    while ((rc = wh_sf_member(&rest, &next)) == WH_OK) {

        if (next.type != WH_SF_LIST) {
            return WH_INVALID;
        }

        if (label.len ? wh_equal(next.key, label)
                      : tag.len == 0 || wh_signature_has_tag(next.params, tag))
        {
            *member = next;
            n++;
        }
    }

    if (rc != WH_ABSENT) {
        return WH_INVALID;
    }

    if (n != 1) {
        return n ? WH_REPEATED : WH_ABSENT;
    }

    /* of those without the tag another one may have its label */

    return label.len == 0 && tag.len ? wh_sf_find(header, member->key, &next)
                                     : WH_OK;
}


static int
wh_signature_has_tag(wh_str_t params, wh_str_t tag)
{
    wh_sf_member_t  param;

    static const wh_str_t  name = wh_string("tag");

    while (wh_sf_param(&params, &param) == WH_OK) {
        if (param.type == WH_SF_STRING
            && wh_equal(param.key, name)
            && wh_equal(param.value, tag))
        {
            return 1;
        }
    }

    return 0;
}


static int
wh_signature_components(wh_str_t list, wh_signature_input_t *input)
{
    int              rc;
    wh_sf_member_t   item;
    wh_component_t  *component;

    while ((rc = wh_sf_item(&list, &item)) == WH_OK) {

        if (input->n == WH_COMPONENTS_MAX
            || item.type != WH_SF_STRING
            || item.params.len)
        {
            return WH_INVALID;
        }

        component = &input->components[input->n];

        if (wh_component(item.value, component) != WH_OK
            || wh_signature_covers(input, component->name))
        {
            return WH_INVALID;
        }

        input->n++;
    }

    return rc == WH_ABSENT ? WH_OK : WH_INVALID;
}


int
wh_signature_covers(const wh_signature_input_t *input, wh_str_t name)
{
    size_t  i;

    for (i = 0; i < input->n; i++) {
        if (wh_equal(input->components[i].name, name)) {
            return 1;
        }
    }

    return 0;
}


static int
wh_signature_params(wh_str_t params, wh_signature_input_t *input)
{
    wh_sf_member_t  param;

    while (wh_sf_param(&params, &param) == WH_OK) {
        if (wh_signature_param(&param, input) != WH_OK) {
            return WH_INVALID;
        }
    }

    return WH_OK;
}


/* One that is not known says nothing to us, but it is signed. */

static int
wh_signature_param(const wh_sf_member_t *param, wh_signature_input_t *input)
{
    size_t                       i;
    wh_str_t                    *field;
    const wh_signature_param_t  *known;

    for (i = 0; i < sizeof(wh_signature_known) / sizeof(*known); i++) {

        known = &wh_signature_known[i];

        if (!wh_equal(param->key, known->name)) {
            continue;
        }

        field = (wh_str_t *) ((char *) input + known->offset);

        if (field->data || param->type != known->type) {
            return WH_INVALID;
        }

        *field = param->value;
        break;
    }

    return WH_OK;
}


int
wh_signature_alg(wh_str_t name, wh_pubkey_e *scheme)
{
    size_t  i;

    for (i = 0; i < sizeof(wh_signature_algs) / sizeof(wh_signature_alg_t);
         i++)
    {
        if (wh_equal(name, wh_signature_algs[i].name)) {
            *scheme = wh_signature_algs[i].scheme;
            return WH_OK;
        }
    }

    return WH_INVALID;
}


int64_t
wh_signature_time(wh_str_t digits)
{
    int64_t  sec;

    return wh_time_stamp(digits, WH_TIME_S, &sec) == WH_OK ? sec : -1;
}
