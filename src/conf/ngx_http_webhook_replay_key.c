
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Keys that tell messages apart, of "webhook_replay" and of the rule "replay":
 * what they are made of, and whether the sender signs it.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_content_digest.h"
#include "core/wh_str.h"


static ngx_uint_t ngx_http_webhook_replay_same_message(
    ngx_http_webhook_provider_t *one, ngx_http_webhook_provider_t *two);
static ngx_uint_t ngx_http_webhook_replay_same(
    ngx_http_webhook_provider_t *provider1, ngx_http_webhook_source_t *source1,
    ngx_http_webhook_provider_t *provider2,
    ngx_http_webhook_source_t *source2);
static ngx_uint_t ngx_http_webhook_replay_part(ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_replay_unsigned(
    ngx_http_webhook_provider_t *provider, ngx_array_t *vars, ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_replay_unsigned_other(
    ngx_http_webhook_provider_t *provider, ngx_array_t *vars, ngx_str_t *name);
static ngx_http_webhook_used_t  ngx_http_webhook_replay_signs_members;
static ngx_uint_t ngx_http_webhook_replay_covers(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);
static ngx_uint_t ngx_http_webhook_replay_covers_variable(
    ngx_http_webhook_provider_t *provider, ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_replay_signs_header(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);


/* Compiles a key, or says what is wrong with it; NULL after an error. */

ngx_http_webhook_replay_key_t *
ngx_http_webhook_replay_key_compile(ngx_conf_t *cf, ngx_str_t *text)
{
    ngx_str_t                       rest, name;
    ngx_http_webhook_replay_key_t  *key;

    key = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_replay_key_t));
    if (key == NULL) {
        return NULL;
    }

    key->text = *text;

    if (ngx_http_webhook_template_compile(cf, text, &key->value) != NGX_OK) {
        return NULL;
    }

    if (key->value.lengths == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"key=%V\" has no variable, all messages would "
                           "be one", text);
        return NULL;
    }

    rest = *text;

    while (ngx_http_webhook_template_next(&rest, &name) == NGX_OK) {

        if (ngx_http_webhook_variable_what(&name) & NGX_HTTP_WEBHOOK_VAR_NEW) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"$%V\" in \"key=%V\" is another one in each "
                               "request, so nothing will be a copy", &name,
                               text);
        }

        key->parts |= ngx_http_webhook_replay_part(&name);
    }

    return key;
}


/* The rule without which a variable of a key is always empty, or NULL. */

char *
ngx_http_webhook_replay_key_missing(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_replay_key_t *key)
{
    if ((key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_ID) && provider->id == NULL)
    {
        return "id";
    }

    if ((key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT)
        && provider->event == NULL)
    {
        return "event";
    }

    if ((key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_TIMESTAMP)
        && provider->timestamp == NULL)
    {
        return "timestamp";
    }

    return NULL;
}


/*
 * Whether a key has the same parts for two providers: whoever has recorded a
 * message of one of them could send it as one of the other.
 */

ngx_uint_t
ngx_http_webhook_replay_key_same(ngx_http_webhook_provider_t *one,
    ngx_http_webhook_provider_t *two, ngx_http_webhook_replay_key_t *key)
{
    ngx_http_webhook_source_t  *time1, *time2;

    if (!ngx_http_webhook_replay_same_message(one, two)) {
        return 0;
    }

    time1 = one->timestamp ? &one->timestamp->source : NULL;
    time2 = two->timestamp ? &two->timestamp->source : NULL;

    return (!(key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_ID)
            || ngx_http_webhook_replay_same(one, one->id, two, two->id))
           && (!(key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT)
               || ngx_http_webhook_replay_same(one, one->event, two,
                                               two->event))
           && (!(key->parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_TIMESTAMP)
               || ngx_http_webhook_replay_same(one, time1, two, time2));
}


/* Whether what is signed for both is read in one way; a form has a document. */

static ngx_uint_t
ngx_http_webhook_replay_same_message(ngx_http_webhook_provider_t *one,
    ngx_http_webhook_provider_t *two)
{
    ngx_uint_t  raw1, raw2;

    raw1 = (one->body.kind == NGX_HTTP_WEBHOOK_BODY_RAW
            || one->body.kind == NGX_HTTP_WEBHOOK_BODY_FORM);
    raw2 = (two->body.kind == NGX_HTTP_WEBHOOK_BODY_RAW
            || two->body.kind == NGX_HTTP_WEBHOOK_BODY_FORM);

    return ngx_http_webhook_str_equal(&one->message, &two->message)
           && ((raw1 && raw2) || one->body.kind == two->body.kind)
           && one->plain == two->plain
           && one->jwt == two->jwt
           && (one->http_message == NULL) == (two->http_message == NULL);
}


/* Whether two providers look for a thing in the same place; it may be NULL. */

static ngx_uint_t
ngx_http_webhook_replay_same(ngx_http_webhook_provider_t *provider1,
    ngx_http_webhook_source_t *source1, ngx_http_webhook_provider_t *provider2,
    ngx_http_webhook_source_t *source2)
{
    ngx_http_webhook_header_t  *headers1, *headers2;

    if (source1 == NULL || source2 == NULL) {
        return source1 == source2;
    }

    if (source1->type != source2->type
        || !ngx_http_webhook_str_equal(&source1->form, &source2->form))
    {
        return 0;
    }

    switch (source1->type) {

    case NGX_HTTP_WEBHOOK_HEADER:
    case NGX_HTTP_WEBHOOK_FIELD:
        headers1 = provider1->headers.elts;
        headers2 = provider2->headers.elts;

        if (!ngx_http_webhook_str_equal(&headers1[source1->index].name,
                                        &headers2[source2->index].name))
        {
            return 0;
        }

        return source1->type == NGX_HTTP_WEBHOOK_HEADER
               || ngx_http_webhook_str_equal(&source1->name, &source2->name);

    default:
        return ngx_http_webhook_str_equal(&source1->name, &source2->name);
    }
}


static ngx_uint_t
ngx_http_webhook_replay_part(ngx_str_t *name)
{
    ngx_uint_t  what;

    what = ngx_http_webhook_variable_what(name);

    if (what & (NGX_HTTP_WEBHOOK_REPLAY_KEY_PARTS|NGX_HTTP_WEBHOOK_VAR_FIXED))
    {
        return what & NGX_HTTP_WEBHOOK_REPLAY_KEY_PARTS;
    }

    return NGX_HTTP_WEBHOOK_REPLAY_KEY_OTHER;
}


/*
 * The first variable of a key that a provider's sender does not sign: whoever
 * has captured a message could send it again with another value.  The vars are
 * the names of "webhook_var", or NULL where none may be in the key.
 * NGX_DECLINED if there is no such variable, as for a provider that signs
 * nothing.
 */

ngx_int_t
ngx_http_webhook_replay_key_unsigned(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_replay_key_t *key, ngx_array_t *vars, ngx_str_t *name)
{
    ngx_str_t  text;

    if (provider->signatures.nelts == 0) {
        return NGX_DECLINED;
    }

    text = key->text;

    while (ngx_http_webhook_template_next(&text, name) == NGX_OK) {
        if (ngx_http_webhook_replay_unsigned(provider, vars, name)) {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* Whether it is not of the message. */

static ngx_uint_t
ngx_http_webhook_replay_unsigned(ngx_http_webhook_provider_t *provider,
    ngx_array_t *vars, ngx_str_t *name)
{
    ngx_http_webhook_source_t     *source;
    ngx_http_webhook_timestamp_t  *timestamp;

    switch (ngx_http_webhook_replay_part(name)) {

    case NGX_HTTP_WEBHOOK_REPLAY_KEY_REQUEST:
        return !ngx_http_webhook_template_has(provider->message, name)
               && !ngx_http_webhook_replay_covers_variable(provider, name);

    case NGX_HTTP_WEBHOOK_REPLAY_KEY_ID:
        source = provider->id;
        return source && !ngx_http_webhook_replay_signs(provider, source,
                                                        "webhook_id");

    case NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT:
        source = provider->event;
        return source && !ngx_http_webhook_replay_signs(provider, source,
                                                        "webhook_event");

    case NGX_HTTP_WEBHOOK_REPLAY_KEY_TIMESTAMP:
        timestamp = provider->timestamp;
        return timestamp
               && !ngx_http_webhook_replay_signs(provider, &timestamp->source,
                                                 "webhook_timestamp");

    case NGX_HTTP_WEBHOOK_REPLAY_KEY_OTHER:
        return ngx_http_webhook_replay_unsigned_other(provider, vars, name);

    default:
        return 0;
    }
}


/*
 * What a "map", a "set" or a capture is made of cannot be seen here, so only
 * what is known to be signed counts as signed.
 */

static ngx_uint_t
ngx_http_webhook_replay_unsigned_other(ngx_http_webhook_provider_t *provider,
    ngx_array_t *vars, ngx_str_t *name)
{
    static ngx_str_t  digest = ngx_string("webhook_body_sha256");

    if (ngx_http_webhook_template_has(provider->message, name)) {
        return 0;
    }

    if (ngx_http_webhook_str_same(name, &digest)) {
        return provider->bearer
               || (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_LOOSE);
    }

    return vars == NULL
           || ngx_http_webhook_name_index(vars, name) == vars->nelts
           || !ngx_http_webhook_replay_signs_members(provider);
}


/*
 * Whether the message has what is at the source, by the variable's name or by
 * that of nginx.
 */

ngx_uint_t
ngx_http_webhook_replay_signs(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source, char *name)
{
    ngx_str_t  variable;

    if (source->type == NGX_HTTP_WEBHOOK_CLAIM
        || source->type == NGX_HTTP_WEBHOOK_CREATED
        || ngx_http_webhook_replay_covers(provider, source))
    {
        return 1;
    }

    if (ngx_http_webhook_source_in_body(source)) {
        return ngx_http_webhook_replay_signs_members(provider)
               || ngx_http_webhook_message_takes(provider, source);
    }

    if (ngx_http_webhook_parts_unbounded(provider, source)) {
        return 0;
    }

    variable.data = (u_char *) name;
    variable.len = ngx_strlen(name);

    return ngx_http_webhook_template_has(provider->message, &variable)
           || ngx_http_webhook_replay_signs_header(provider, source)
           || (source->type == NGX_HTTP_WEBHOOK_QUERY
               && ngx_http_webhook_template_has_url(provider->message)
               && !ngx_http_webhook_parts_meet_body(provider,
                                                    NGX_HTTP_WEBHOOK_VAR_URL));
}


/*
 * Whether whatever is in the body is signed.  The text of a sorted form does
 * not say where a name or a value ends.
 */

static ngx_uint_t
ngx_http_webhook_replay_signs_members(ngx_http_webhook_provider_t *provider)
{
    return !provider->bearer
           && provider->body.kind != NGX_HTTP_WEBHOOK_BODY_FORM_SORTED
           && !(provider->body.flags & NGX_HTTP_WEBHOOK_BODY_WEAK);
}


/* Whether the message has the header that is the source as $http_NAME. */

static ngx_uint_t
ngx_http_webhook_replay_signs_header(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source)
{
    ngx_str_t  text, name;

    text = provider->message;

    while (ngx_http_webhook_template_next(&text, &name) == NGX_OK) {
        if (ngx_http_webhook_variable_is_header(provider, source, &name)) {
            return 1;
        }
    }

    return 0;
}


/* Whether each signature covers what is at the source. */

static ngx_uint_t
ngx_http_webhook_replay_covers(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source)
{
    ngx_uint_t                        i, covered;
    ngx_http_webhook_header_t        *headers;
    ngx_http_webhook_http_message_t  *rule;

    rule = provider->http_message;

    if (rule == NULL) {
        return 0;
    }

    headers = provider->headers.elts;

    for (i = 0; i < rule->ncovers; i++) {

        switch (rule->covers[i].type) {

        case WH_COMPONENT_QUERY:
        case WH_COMPONENT_TARGET_URI:
        case WH_COMPONENT_REQUEST_TARGET:
            covered = (source->type == NGX_HTTP_WEBHOOK_QUERY);
            break;

        default:

            /* a digest may be said in several lines, and in other ways */

            covered = source->type == NGX_HTTP_WEBHOOK_HEADER
                      && !wh_equal(rule->covers[i].name,
                                   wh_content_digest_name)
                      && wh_equal(rule->covers[i].name,
                                  ngx_http_webhook_wh_str(
                                              &headers[source->index].name));
            break;
        }

        if (covered) {
            return 1;
        }
    }

    return 0;
}


/* Whether each signature covers the header that $http_NAME is. */

static ngx_uint_t
ngx_http_webhook_replay_covers_variable(ngx_http_webhook_provider_t *provider,
    ngx_str_t *name)
{
    ngx_uint_t                        i;
    ngx_http_webhook_http_message_t  *rule;

    rule = provider->http_message;

    for (i = 0; rule && i < rule->ncovers; i++) {
        if (!wh_equal(rule->covers[i].name, wh_content_digest_name)
            && ngx_http_webhook_variable_of_header(&rule->covers[i].name, name))
        {
            return 1;
        }
    }

    return 0;
}
