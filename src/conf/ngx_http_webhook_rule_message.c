
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The provider language: the message, and what it has instead of the body.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_str.h"


typedef struct {
    ngx_str_t      name;
    ngx_uint_t     flags;
} ngx_http_webhook_body_row_t;


#define ngx_http_webhook_body_row(id, name, flags)                            \
    { ngx_string(name), flags },


static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_message;
static ngx_http_webhook_rule_handler_t  ngx_http_webhook_rule_body;
static ngx_http_webhook_finish_t  ngx_http_webhook_body_pelorus;
static ngx_http_webhook_finish_t  ngx_http_webhook_message_compile;
static ngx_uint_t ngx_http_webhook_message_constant(ngx_array_t *segments);
static ngx_array_t *ngx_http_webhook_message_segments(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, u_char *p, u_char *end);
static ngx_int_t ngx_http_webhook_message_value(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, u_char *p, u_char *end,
    ngx_http_webhook_segment_t *segment, size_t *len);
static ngx_uint_t ngx_http_webhook_message_variable_is(
    ngx_http_webhook_provider_t *provider, ngx_str_t *name,
    ngx_http_webhook_source_t *source);
static u_char *ngx_http_webhook_find_body(u_char *p, u_char *end, size_t *len);


static ngx_http_webhook_body_row_t  ngx_http_webhook_bodies[] = {
    ngx_http_webhook_body_rows(ngx_http_webhook_body_row)
    { ngx_null_string, 0 }
};


static ngx_http_webhook_option_t  ngx_http_webhook_message_options[] = {

    { ngx_string("free=SOURCE"), ngx_http_webhook_option_template,
      offsetof(ngx_http_webhook_provider_t, free), NULL, 0, 0 },

    { ngx_string("optional=SOURCE,..."), ngx_http_webhook_option_template,
      offsetof(ngx_http_webhook_provider_t, optional), NULL, 0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


ngx_http_webhook_rule_t  ngx_http_webhook_rules_message[] = {

    { ngx_string("message"), 1, 3, ngx_http_webhook_rule_message,
      0, 1,
      "message TEMPLATE [free=SOURCE] [optional=SOURCE,...]" },

    { ngx_string("body"), 1, 1, ngx_http_webhook_rule_body,
      0, 1,
      "body KIND" },

    { ngx_null_string, 0, 0, NULL, 0, 0, NULL }
};


static char *
ngx_http_webhook_rule_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    provider->message = words[0];
    provider->message_line = cf->conf_file->line;

    return ngx_http_webhook_options(cf, ngx_http_webhook_message_options,
                                    &words[1], n - 1, provider, NULL);
}


static char *
ngx_http_webhook_rule_body(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *words, ngx_uint_t n,
    void *field)
{
    ngx_str_t                     source;
    ngx_http_webhook_body_t      *body;
    ngx_http_webhook_body_row_t  *row;

    body = &provider->body;

    row = ngx_http_webhook_row(cf,
                               ngx_http_webhook_rows(ngx_http_webhook_bodies),
                               0, "unknown body", &words[0],
                               &body->source.name);
    if (row == NULL) {
        return NGX_CONF_ERROR;
    }

    body->keyword = row->name;
    body->kind = row - ngx_http_webhook_bodies;
    body->flags = row->flags;

    if (body->flags & NGX_HTTP_WEBHOOK_BODY_DIGEST) {
        source = body->source.name;

        return ngx_http_webhook_source_word(cf, provider, &source,
                                            NGX_HTTP_WEBHOOK_SOURCES_EARLY,
                                            &body->source);
    }

    if (body->kind == NGX_HTTP_WEBHOOK_BODY_PELORUS) {
        return ngx_http_webhook_body_pelorus(cf, provider);
    }

    return ngx_http_webhook_text(cf, &body->source.name);
}


static char *
ngx_http_webhook_body_pelorus(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_uint_t  i;

    static ngx_str_t  names[] = {
        ngx_string("User-Agent"),
        ngx_string("X-Pelorus-Event")
    };

    for (i = 0; i < 2; i++) {
        if (ngx_http_webhook_provider_header(cf, provider, &names[i],
                                             &provider->body.headers[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/*
 * Compiles the message when all rules have been read.  An error is reported
 * with the line of the rule.
 */

char *
ngx_http_webhook_provider_message(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    char        *rv;
    ngx_uint_t   line;

    line = cf->conf_file->line;

    if (provider->message.data) {
        cf->conf_file->line = provider->message_line;
    }

    rv = ngx_http_webhook_message_compile(cf, provider);

    cf->conf_file->line = line;

    return rv;
}


static char *
ngx_http_webhook_message_compile(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    u_char     *body, *end;
    size_t      len, more;
    ngx_str_t  *message;

    if (provider->http_message) {
        return NGX_CONF_OK;
    }

    message = &provider->message;
    end = message->data + message->len;

    if (message->data == NULL
        && !(provider->body.flags & NGX_HTTP_WEBHOOK_BODY_UNSIGNED))
    {
        return NGX_CONF_OK;
    }

    body = ngx_http_webhook_find_body(message->data, end, &len);

    if (provider->body.flags & NGX_HTTP_WEBHOOK_BODY_UNSIGNED) {

        provider->prefix = ngx_http_webhook_message_segments(cf, provider,
                                                             message->data,
                                                             end);
        if (provider->prefix == NULL) {
            return NGX_CONF_ERROR;
        }

        if (body || ngx_http_webhook_message_constant(provider->prefix)) {
            return ngx_http_webhook_error(cf,
                               "\"body none\" in webhook_provider \"%V\" goes "
                               "with a \"message\" that has variables, but "
                               "not $webhook_body", &provider->name);
        }

        return ngx_http_webhook_parts_compile(cf, provider);
    }

    if (body == NULL
        || ngx_http_webhook_find_body(body + len, end, &more) != NULL)
    {
        return ngx_http_webhook_error(cf,
                           "invalid \"%V\" in rule \"message\", it must have "
                           "$webhook_body exactly once", message);
    }

    provider->prefix = ngx_http_webhook_message_segments(cf, provider,
                                                         message->data, body);

    if (provider->prefix == NULL) {
        return NGX_CONF_ERROR;
    }

    if (body + len < end) {
        provider->suffix = ngx_http_webhook_message_segments(cf, provider,
                                                             body + len, end);
        if (provider->suffix == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_webhook_parts_compile(cf, provider);
}


/* The same text with every request would be signed the same each time. */

static ngx_uint_t
ngx_http_webhook_message_constant(ngx_array_t *segments)
{
    ngx_http_webhook_segment_t  *segment;

    segment = segments->elts;

    return segments->nelts == 1
           && segment->name.len == 0
           && segment->exempt.len == 0;
}


static ngx_array_t *
ngx_http_webhook_message_segments(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, u_char *p, u_char *end)
{
    size_t                       len;
    u_char                      *value;
    ngx_str_t                    text;
    ngx_array_t                 *segments;
    ngx_http_complex_value_t     cv;
    ngx_http_webhook_segment_t  *segment;

    segments = ngx_array_create(cf->pool, 1,
                                sizeof(ngx_http_webhook_segment_t));
    if (segments == NULL) {
        return NULL;
    }

    do {
        segment = ngx_http_webhook_add(segments);
        if (segment == NULL) {
            return NULL;
        }

        len = 0;

        for (value = p; value < end; value++) {

            if (*value != '$') {
                continue;
            }

            if (ngx_http_webhook_message_value(cf, provider, value, end,
                                               segment, &len)
                != NGX_OK)
            {
                return NULL;
            }

            if (len) {
                break;
            }
        }

        text.data = p;
        text.len = value - p;

        /* a "$" that is left is an error, which nginx says */

        if (ngx_http_webhook_template_compile(cf, &text, &cv) != NGX_OK) {
            return NULL;
        }

        segment->text = text;

        p = value + len;

    } while (p < end);

    return segments;
}


/* What is at a "$": a value that the request chooses, or text for nginx. */

static ngx_int_t
ngx_http_webhook_message_value(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, u_char *p, u_char *end,
    ngx_http_webhook_segment_t *segment, size_t *len)
{
    u_char     *brace;
    ngx_str_t   word;

    brace = ngx_strlchr(p, end, '}');

    if (brace
        && (ngx_strncmp(p, "${json:", sizeof("${json:") - 1) == 0
            || ngx_strncmp(p, "${form:", sizeof("${form:") - 1) == 0))
    {
        word.data = p + sizeof("${") - 1;
        word.len = brace - word.data;

        segment->source = ngx_palloc(cf->pool,
                                     sizeof(ngx_http_webhook_source_t));

        if (segment->source == NULL
            || ngx_http_webhook_source_word(cf, provider, &word,
                                            NGX_HTTP_WEBHOOK_SOURCES,
                                            segment->source)
               != NGX_CONF_OK)
        {
            return NGX_ERROR;
        }

        segment->name = word;
        *len = brace + 1 - p;

    } else if (ngx_http_webhook_part_variable(cf, provider, p, end, segment,
                                              len)
               != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (segment->source) {
        ngx_http_webhook_needs_body(provider, segment->source,
                                    NGX_HTTP_WEBHOOK_NEEDS_BODY_MESSAGE);
    }

    return NGX_OK;
}


/* Whether the message has what is at a source, by whichever variable. */

ngx_uint_t
ngx_http_webhook_message_has(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source)
{
    ngx_str_t  rest, name;

    if (ngx_http_webhook_message_takes(provider, source)) {
        return 1;
    }

    rest = provider->message;

    while (ngx_http_webhook_template_next(&rest, &name) == NGX_OK) {
        if (ngx_http_webhook_message_variable_is(provider, &name, source)) {
            return 1;
        }
    }

    return 0;
}


/* Whether a variable of nginx has it in its value. */

static ngx_uint_t
ngx_http_webhook_message_variable_is(ngx_http_webhook_provider_t *provider,
    ngx_str_t *name, ngx_http_webhook_source_t *source)
{
    wh_str_t                    rest, own, header;
    ngx_http_webhook_header_t  *headers;

    static const wh_str_t  arg = wh_string("arg_");
    static const wh_str_t  cookie = wh_string("cookie_");

    rest = ngx_http_webhook_wh_str(name);
    own = ngx_http_webhook_wh_str(&source->name);

    if (source->type == NGX_HTTP_WEBHOOK_QUERY) {
        return (ngx_http_webhook_variable_what(name)
                & NGX_HTTP_WEBHOOK_VAR_QUERY)
               || (wh_cut_prefix_caseless(&rest, arg)
                   && wh_equal_caseless(rest, own));
    }

    headers = provider->headers.elts;
    header = ngx_http_webhook_wh_str(&headers[source->index].name);

    if (ngx_http_webhook_variable_of_header(&header, name)) {
        return 1;
    }

    return source->type == NGX_HTTP_WEBHOOK_COOKIE
           && wh_cut_prefix_caseless(&rest, cookie)
           && wh_equal_caseless(rest, own);
}


/* Whether the message has the value of the body that the source is for. */

ngx_uint_t
ngx_http_webhook_message_takes(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source)
{
    ngx_uint_t                   i, k;
    ngx_array_t                 *segments[2];
    ngx_http_webhook_segment_t  *segment;

    segments[0] = provider->prefix;
    segments[1] = provider->suffix;

    for (i = 0; i < 2 && segments[i]; i++) {

        segment = segments[i]->elts;

        for (k = 0; k < segments[i]->nelts; k++) {

            if (segment[k].source
                && ngx_http_webhook_source_same(segment[k].source, source))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* The next $webhook_body or ${webhook_body}, and the length of the word. */

static u_char *
ngx_http_webhook_find_body(u_char *p, u_char *end, size_t *len)
{
    ngx_str_t   rest, name;
    ngx_uint_t  brace;

    static ngx_str_t  body = ngx_string("webhook_body");

    rest.data = p;
    rest.len = end - p;

    while (ngx_http_webhook_template_next(&rest, &name) == NGX_OK) {

        brace = (name.data[-1] == '{');

        if (ngx_http_webhook_str_equal(&name, &body)
            && brace == (rest.data > name.data + name.len))
        {
            p = name.data - 1 - brace;
            *len = rest.data - p;

            return p;
        }
    }

    return NULL;
}


/*
 * The receiver has rules of its own for headers and methods, so a provider
 * says no more than where the signature is.
 */

char *
ngx_http_webhook_body_with_pelorus(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider)
{
    ngx_http_webhook_signature_t  *signature;

    if (provider->body.kind != NGX_HTTP_WEBHOOK_BODY_PELORUS) {
        return NGX_CONF_OK;
    }

    signature = provider->signatures.elts;

    if (provider->signatures.nelts != 1
        || signature->source.type != NGX_HTTP_WEBHOOK_HEADER
        || provider->tokens.nelts
        || provider->challenges.nelts
        || provider->media.nelts
        || provider->required.nelts
        || provider->timestamp
        || provider->message.data
        || provider->methods
        || provider->reject != NGX_CONF_UNSET)
    {
        return ngx_http_webhook_error(cf,
                           "\"body pelorus\" in webhook_provider \"%V\" goes "
                           "with one \"signature header:NAME\" rule, and "
                           "with id, event, require, json, replay, "
                           "client_certificate and ack", &provider->name);
    }

    if (signature->use != ngx_http_webhook_use_hmac(
                                              NGX_HTTP_WEBHOOK_SECRET_ENC_TEXT,
                                              WH_SHA256)
        || signature->jose
        || signature->format.encoding != WH_HEX
        || signature->format.separator
        || (signature->format.prefix.len
            && (signature->format.prefix.len != sizeof("sha256=") - 1
                || ngx_strncmp(signature->format.prefix.data, "sha256=",
                               sizeof("sha256=") - 1)
                   != 0)))
    {
        return ngx_http_webhook_error(cf,
                           "the \"signature\" beside \"body pelorus\" in "
                           "webhook_provider \"%V\" is an HMAC-SHA256 in hex "
                           "with \"prefix=sha256=\", leave other options out",
                           &provider->name);
    }

    return NGX_CONF_OK;
}
