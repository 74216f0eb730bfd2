
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The parts of a message that a request chooses, and what ends each of them: a
 * message is read in one way only.  Those ahead of the body are read from the
 * left, those after it from the right.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_time.h"


/* Where a segment is among those on its side of the body. */

typedef struct {
    ngx_http_webhook_segment_t  *segment;
    ngx_http_webhook_segment_t  *previous;   /* or NULL */
    ngx_uint_t                   n;          /* from it to the last one */
} ngx_http_webhook_place_t;


static ngx_uint_t ngx_http_webhook_part_exempt(ngx_str_t *name);
static ngx_int_t ngx_http_webhook_part_own(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_segment_t *segment, ngx_str_t *name);
static ngx_int_t ngx_http_webhook_part_of_nginx(ngx_conf_t *cf,
    ngx_http_webhook_segment_t *segment, ngx_str_t *text);
static ngx_uint_t ngx_http_webhook_part_meets_digit(
    ngx_http_webhook_segment_t *segment);
static ngx_http_webhook_finish_t  ngx_http_webhook_parts_free;
static ngx_http_webhook_finish_t  ngx_http_webhook_parts_optional;
static ngx_http_webhook_segment_t *ngx_http_webhook_part_optional(
    ngx_http_webhook_provider_t *provider, ngx_str_t *name);
static char *ngx_http_webhook_parts_ambiguous(
    ngx_http_webhook_provider_t *provider);
static ngx_uint_t ngx_http_webhook_part_text_ends(
    ngx_http_webhook_segment_t *segment, ngx_http_webhook_segment_t *other);
static void ngx_http_webhook_parts_edges(ngx_http_webhook_provider_t *provider,
    ngx_array_t *segments, ngx_uint_t right);
static ngx_uint_t ngx_http_webhook_part_is_last(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_place_t *place);
static ngx_uint_t ngx_http_webhook_part_unbounded(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_place_t *place);
static ngx_uint_t ngx_http_webhook_part_runs_on(ngx_str_t *name,
    ngx_str_t *text, ngx_uint_t what);
static ngx_uint_t ngx_http_webhook_part_byte(ngx_str_t *name, ngx_uint_t is,
    u_char c);
static ngx_int_t ngx_http_webhook_part_next(
    ngx_http_webhook_provider_t *provider, ngx_uint_t *n,
    ngx_http_webhook_place_t *place);


/*
 * A variable at a "$" of the message becomes the value of the segment, and
 * *len its length there.  What is no variable is left to nginx.
 */

ngx_int_t
ngx_http_webhook_part_variable(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, u_char *p, u_char *end,
    ngx_http_webhook_segment_t *segment, size_t *len)
{
    ngx_int_t  rc;
    ngx_str_t  text, rest, name;

    rest.data = p;
    rest.len = end - p;

    (void) ngx_http_webhook_template_next(&rest, &name);

    if (name.len == 0) {
        return NGX_OK;
    }

    text.data = p;
    text.len = rest.data - p;

    rc = ngx_http_webhook_part_own(cf, provider, segment, &name);

    if (rc == NGX_DECLINED) {

        if (ngx_http_webhook_part_exempt(&name)) {

            if (name.data[-1] == '{' && rest.data[-1] != '}') {
                return NGX_OK;
            }

            segment->exempt = name;
            segment->index = ngx_http_get_variable_index(cf, &name);
            *len = text.len;

            return segment->index == NGX_ERROR ? NGX_ERROR : NGX_OK;
        }

        rc = ngx_http_webhook_part_of_nginx(cf, segment, &text);
    }

    segment->name = name;
    *len = text.len;

    return rc;
}


/*
 * What a sender knows of where it sends to, and how: a part of the message may
 * be anything where the configuration is made for it.  Others of ours are empty
 * as long as nothing is verified.
 */

static ngx_uint_t
ngx_http_webhook_part_exempt(ngx_str_t *name)
{
    return ngx_http_webhook_variable_own(name)
           || (ngx_http_webhook_variable_what(name)
               & (NGX_HTTP_WEBHOOK_VAR_URL|NGX_HTTP_WEBHOOK_VAR_KNOWN));
}


/*
 * What a rule of the provider finds is read from its source, for variables are
 * empty until the body has been verified.  NGX_DECLINED if it is none of them.
 */

static ngx_int_t
ngx_http_webhook_part_own(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_segment_t *segment, ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_http_webhook_source_t   *sources[3];
    ngx_http_webhook_pointer_t  *pointers;

    static ngx_str_t  names[] = {
        ngx_string("webhook_timestamp"),
        ngx_string("webhook_id"),
        ngx_string("webhook_event")
    };

    sources[0] = provider->timestamp ? &provider->timestamp->source : NULL;
    sources[1] = provider->id;
    sources[2] = provider->event;

    for (i = 0; i < 3; i++) {
        if (ngx_http_webhook_str_same(&names[i], name)
            || (sources[i]
                && ngx_http_webhook_variable_is_header(provider, sources[i],
                                                       name)))
        {
            break;
        }
    }

    if (i == 3) {
        return NGX_DECLINED;
    }

    if (sources[i] == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"$%V\" in rule \"message\" of webhook_provider "
                           "\"%V\" is always empty, add a rule \"%s\"", name,
                           &provider->name,
                           names[i].data + sizeof("webhook_") - 1);
        return NGX_ERROR;
    }

    segment->source = sources[i];
    segment->required = 1;
    segment->named = !ngx_http_webhook_str_same(&names[i], name);
    segment->time = (i == 0);

    /* what is signed has to be known in every request */

    if (sources[i]->type == NGX_HTTP_WEBHOOK_JSON) {
        pointers = provider->pointers.elts;
        pointers[sources[i]->index].used = 1;
    }

    /* a time that is signed is looked at first */

    if (segment->time) {
        ngx_http_webhook_needs_body(provider, sources[0],
                                    NGX_HTTP_WEBHOOK_NEEDS_BODY_TIMESTAMP);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_part_of_nginx(ngx_conf_t *cf,
    ngx_http_webhook_segment_t *segment, ngx_str_t *text)
{
    segment->required = 1;
    segment->named = 1;
    segment->variable = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));

    if (segment->variable == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_webhook_template_compile(cf, text, segment->variable);
}


/* Finds what ends each part, when all of the message is known. */

char *
ngx_http_webhook_parts_compile(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    time_t                     future;
    ngx_uint_t                 n;
    ngx_http_webhook_place_t   place;

    if (ngx_http_webhook_parts_free(cf, provider) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_webhook_parts_edges(provider, provider->prefix, 0);
    ngx_http_webhook_parts_edges(provider, provider->suffix, 1);

    if (provider->optional.len
        && ngx_http_webhook_parts_optional(cf, provider) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->timestamp == NULL) {
        return NGX_CONF_OK;
    }

    future = provider->timestamp->window.future;
    ngx_conf_merge_value(future, provider->window.future, NGX_CONF_UNSET);

    n = 0;

    while (ngx_http_webhook_part_next(provider, &n, &place) == NGX_OK) {

        /* nothing is beside a time that is all of the message */

        if (!place.segment->time
            || (n == 1 && ngx_http_webhook_part_is_last(provider, &place)))
        {
            continue;
        }

        if (provider->timestamp->unit == WH_TIME_UNIX
            && ngx_http_webhook_part_meets_digit(place.segment))
        {
            return ngx_http_webhook_error(cf,
                           "a time of \"unit=unix\" has 10 digits or 13, and "
                           "nothing in the \"message\" of webhook_provider "
                           "\"%V\" tells it from digits beside it, write the "
                           "text that the sender has there, or \"unit=s\" or "
                           "\"unit=ms\"", &provider->name);
        }

        if (place.segment->edge.len || future != NGX_CONF_UNSET) {
            continue;
        }

        return ngx_http_webhook_error(cf,
                           "nothing separates the time from what is beside it "
                           "in the \"message\" of webhook_provider \"%V\", so "
                           "its rule \"timestamp\" needs a \"future=TIME\"",
                           &provider->name);
    }

    return NGX_CONF_OK;
}


/* Whether a digit may be where a part ends. */

static ngx_uint_t
ngx_http_webhook_part_meets_digit(ngx_http_webhook_segment_t *segment)
{
    u_char      c;
    ngx_str_t  *edge;

    edge = &segment->edge;

    if (edge->len == 0) {
        return 1;
    }

    c = segment->right ? edge->data[edge->len - 1] : edge->data[0];

    return c >= '0' && c <= '9';
}


/* The part that "free=" names, and those after it, which are read from right */

static char *
ngx_http_webhook_parts_free(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                   i, found;
    ngx_http_webhook_segment_t  *segment;

    if (provider->free.len == 0) {
        return NGX_CONF_OK;
    }

    segment = provider->prefix->elts;
    found = 0;

    for (i = 0; i < provider->prefix->nelts; i++) {

        segment[i].right = found;

        if (segment[i].source
            && ngx_http_webhook_str_equal(&segment[i].name, &provider->free))
        {
            segment[i].free = 1;
            found = 1;
        }
    }

    if (found && (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_UNSIGNED)) {
        return NGX_CONF_OK;
    }

    return ngx_http_webhook_error(cf,
                       "\"free=%V\" in rule \"message\" of webhook_provider "
                       "\"%V\" goes with \"body none\" and a message that has "
                       "\"${%V}\"", &provider->free, &provider->name,
                       &provider->free);
}


/*
 * Parts that may be left out with their texts, of those that are read from the
 * right.  Where each of these ends with the last byte of the text before it,
 * and has no such byte in it, that text is known when the part has been read:
 * it is one of those that can be there, and none of them ends with another.
 */

static char *
ngx_http_webhook_parts_optional(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    char                        *ambiguous;
    ngx_str_t                   *names;
    ngx_uint_t                   i, n;
    ngx_http_webhook_segment_t  *segment;

    names = ngx_http_webhook_list_words(cf, &provider->optional, &n);
    if (names == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < n; i++) {

        segment = ngx_http_webhook_part_optional(provider, &names[i]);

        if (segment == NULL) {
            return ngx_http_webhook_error(cf,
                               "\"optional=\" in rule \"message\" of "
                               "webhook_provider \"%V\" goes with \"free=\", "
                               "and with a \"${json:POINTER}\" that comes "
                               "later, but not next, which \"%V\" is not",
                               &provider->name, &names[i]);
        }

        segment->optional = 1;
    }

    ambiguous = ngx_http_webhook_parts_ambiguous(provider);

    if (ambiguous) {
        return ngx_http_webhook_error(cf,
                           "\"optional=\" in rule \"message\" of "
                           "webhook_provider \"%V\" leaves it open where a "
                           "part begins, %s", &provider->name, ambiguous);
    }

    segment = provider->prefix->elts;

    for (i = 0; i < provider->prefix->nelts; i++) {
        if (segment[i].right && segment[i].name.len) {
            segment[i].edge.data += segment[i].edge.len - 1;
            segment[i].edge.len = 1;
        }
    }

    return NGX_CONF_OK;
}


/* The part of a name, if it may be left out; or NULL. */

static ngx_http_webhook_segment_t *
ngx_http_webhook_part_optional(ngx_http_webhook_provider_t *provider,
    ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_http_webhook_segment_t  *segment;

    segment = provider->prefix->elts;

    for (i = 1; provider->free.len && i < provider->prefix->nelts; i++) {

        if (segment[i].right
            && !segment[i - 1].free
            && segment[i].source
            && segment[i].source->type == NGX_HTTP_WEBHOOK_JSON
            && !segment[i].required
            && ngx_http_webhook_str_equal(&segment[i].name, name))
        {
            return &segment[i];
        }
    }

    return NULL;
}


/* What is wrong with the texts before parts that are read from the right. */

static char *
ngx_http_webhook_parts_ambiguous(ngx_http_webhook_provider_t *provider)
{
    ngx_str_t                   *text;
    ngx_uint_t                   i, k;
    ngx_http_webhook_segment_t  *segment, *first;

    segment = provider->prefix->elts;
    first = NULL;

    for (i = 0; i < provider->prefix->nelts; i++) {

        if (!segment[i].right || segment[i].name.len == 0) {
            continue;
        }

        text = &segment[i].text;

        if (text->len == 0 || segment[i - 1].exempt.len) {
            return "before each of those after \"free=\" there must be a text "
                   "without variables";
        }

        if (first == NULL) {
            first = &segment[i];
        }

        if (text->data[text->len - 1]
            != first->text.data[first->text.len - 1])
        {
            return "all texts after \"free=\" must end with the same byte";
        }

        for (k = i + 1; k < provider->prefix->nelts; k++) {
            if (segment[k].name.len
                && segment[k].text.len
                && (ngx_http_webhook_part_text_ends(&segment[i], &segment[k])
                    || ngx_http_webhook_part_text_ends(&segment[k],
                                                       &segment[i])))
            {
                return "no text after \"free=\" may be the end of another";
            }
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_webhook_part_text_ends(ngx_http_webhook_segment_t *segment,
    ngx_http_webhook_segment_t *other)
{
    ngx_str_t  *text, *end;

    text = &segment->text;
    end = &other->text;

    return text->len >= end->len
           && ngx_memcmp(text->data + text->len - end->len, end->data,
                         end->len)
              == 0;
}


static void
ngx_http_webhook_parts_edges(ngx_http_webhook_provider_t *provider,
    ngx_array_t *segments, ngx_uint_t right)
{
    ngx_uint_t                   i;
    ngx_http_webhook_place_t     place;
    ngx_http_webhook_segment_t  *segment;

    if (segments == NULL) {
        return;
    }

    segment = segments->elts;

    for (i = 0; i < segments->nelts; i++) {

        if (segment[i].name.len == 0) {
            continue;
        }

        place.segment = &segment[i];
        place.previous = i ? &segment[i - 1] : NULL;
        place.n = segments->nelts - i;

        provider->parts = 1;

        segment[i].right |= right
                            || ngx_http_webhook_part_is_last(provider, &place);

        if (segment[i].right) {
            segment[i].edge = segment[i].text;

        } else if (place.n > 1) {
            segment[i].edge = segment[i + 1].text;
        }
    }
}


/* Whether the message, which is without the body, ends with the part. */

static ngx_uint_t
ngx_http_webhook_part_is_last(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_place_t *place)
{
    return (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_UNSIGNED)
           && place->n == 1;
}


/* Warns of parts that nothing ends: their sender left that open. */

void
ngx_http_webhook_parts_warn(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t                n;
    ngx_http_webhook_place_t  place;

    n = 0;

    while (ngx_http_webhook_part_next(provider, &n, &place) == NGX_OK) {

        if (!ngx_http_webhook_part_unbounded(provider, &place)) {
            continue;
        }

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "nothing separates \"%V\" from what is beside it in the "
                      "\"message\" of webhook_provider \"%V\" in %V:%ui, a "
                      "signed message can be cut anew there, write the text "
                      "that the sender has between them, if it has one",
                      &place.segment->name, &provider->name,
                      &cf->conf_file->file.name, provider->message_line);
    }
}


/*
 * Whether what is at a source is a part of the message that nothing ends, or
 * in a URL that may have some of such a part.
 */

ngx_uint_t
ngx_http_webhook_parts_unbounded(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source)
{
    ngx_uint_t                n;
    ngx_http_webhook_place_t  place;

    n = 0;

    while (ngx_http_webhook_part_next(provider, &n, &place) == NGX_OK) {
        if ((place.segment->source == source
             || source->type == NGX_HTTP_WEBHOOK_QUERY)
            && ngx_http_webhook_part_unbounded(provider, &place))
        {
            return 1;
        }
    }

    return 0;
}


/* A URL or a host before it may go on, and so have some of it. */

static ngx_uint_t
ngx_http_webhook_part_unbounded(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_place_t *place)
{
    ngx_http_webhook_segment_t  *segment, *next;

    segment = place->segment;

    if (!segment->right
        && !segment->time
        && place->previous
        && ngx_http_webhook_part_runs_on(&place->previous->exempt,
                                         &segment->text,
                                         NGX_HTTP_WEBHOOK_VAR_URL
                                         |NGX_HTTP_WEBHOOK_VAR_HOST))
    {
        return 1;
    }

    if (segment->edge.len
        || segment->time
        || segment->free
        || ngx_http_webhook_part_is_last(provider, place))
    {
        return 0;
    }

    /* a digest in the body's place has no text there */

    if (place->n == 1
        && (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_DIGEST))
    {
        return 0;
    }

    if (segment->right || place->n == 1) {
        return 1;
    }

    /* no word has the third or fourth byte of a date, or the ":" in it */

    next = segment + 1;

    return !(next->time
             && next->text.len == 0
             && (provider->timestamp->unit == WH_TIME_RFC3339
                 || provider->timestamp->unit == WH_TIME_HTTP));
}


/* The next part, of those before and after the body; *n is 0 at first. */

static ngx_int_t
ngx_http_webhook_part_next(ngx_http_webhook_provider_t *provider,
    ngx_uint_t *n, ngx_http_webhook_place_t *place)
{
    ngx_uint_t                   i, k;
    ngx_array_t                 *segments[2];
    ngx_http_webhook_segment_t  *segment;

    segments[0] = provider->prefix;
    segments[1] = provider->suffix;

    i = *n;

    for (k = 0; k < 2 && segments[k]; k++) {

        segment = segments[k]->elts;

        for ( /* void */ ; i < segments[k]->nelts; i++) {

            (*n)++;

            if (segment[i].name.len) {
                place->segment = &segment[i];
                place->previous = i ? &segment[i - 1] : NULL;
                place->n = segments[k]->nelts - i;

                return NGX_OK;
            }
        }

        i -= segments[k]->nelts;
    }

    return NGX_DECLINED;
}


/*
 * Whether the body meets the URL in the message, or the host, by its bit: then
 * no text is between them, or one that does not end the one or begin the other.
 */

ngx_uint_t
ngx_http_webhook_parts_meet_body(ngx_http_webhook_provider_t *provider,
    ngx_uint_t what)
{
    ngx_str_t                    text;
    ngx_uint_t                   n;
    ngx_http_webhook_segment_t  *segment;

    if (provider->prefix == NULL
        || (provider->body.flags & (NGX_HTTP_WEBHOOK_BODY_DIGEST
                                    |NGX_HTTP_WEBHOOK_BODY_UNSIGNED)))
    {
        return 0;
    }

    segment = provider->prefix->elts;
    n = provider->prefix->nelts - 1;

    ngx_str_null(&text);

    if (n && segment[n].name.len == 0 && segment[n].exempt.len == 0) {
        text = segment[n--].text;
    }

    if (ngx_http_webhook_part_runs_on(&segment[n].exempt, &text, what)) {
        return 1;
    }

    if (provider->suffix == NULL) {
        return 0;
    }

    segment = provider->suffix->elts;

    return ngx_http_webhook_part_runs_on(&segment->exempt, &segment->text,
                                         what);
}


/* Whether it is that, and the text beside it could be a part of it. */

static ngx_uint_t
ngx_http_webhook_part_runs_on(ngx_str_t *name, ngx_str_t *text,
    ngx_uint_t what)
{
    size_t      i;
    ngx_uint_t  is;

    is = ngx_http_webhook_variable_what(name);

    if (!(is & what)) {
        return 0;
    }

    for (i = 0; i < text->len; i++) {
        if (!ngx_http_webhook_part_byte(name, is, text->data[i])) {
            return 0;
        }
    }

    return 1;
}


/* Whether a variable of a URL or a host may have a byte in it. */

static ngx_uint_t
ngx_http_webhook_part_byte(ngx_str_t *name, ngx_uint_t is, u_char c)
{
    if (is & NGX_HTTP_WEBHOOK_VAR_HOST) {

        /* $host is without the port */

        return c > 0x20
               && c != '/'
               && (c != ':' || name->len != sizeof("host") - 1);
    }

    /* what is decoded, and has no query, may be anything */

    return !(is & NGX_HTTP_WEBHOOK_VAR_QUERY) || (c > 0x20 && c != 0x7f);
}


/* Whether what is signed has the URL, or its path, in it. */

ngx_uint_t
ngx_http_webhook_parts_sign_url(ngx_http_webhook_provider_t *provider)
{
    ngx_str_t                         rest, name;
    ngx_uint_t                        i;
    ngx_http_webhook_http_message_t  *rule;

    rule = provider->http_message;

    for (i = 0; rule && i < rule->ncovers; i++) {

        switch (rule->covers[i].type) {

        case WH_COMPONENT_TARGET_URI:
        case WH_COMPONENT_REQUEST_TARGET:
        case WH_COMPONENT_PATH:
            return 1;

        default:
            break;
        }
    }

    rest = provider->message;

    while (ngx_http_webhook_template_next(&rest, &name) == NGX_OK) {
        if (ngx_http_webhook_variable_what(&name) & NGX_HTTP_WEBHOOK_VAR_URL) {
            return 1;
        }
    }

    return 0;
}
