
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The directive "webhook_replay": its options, its zone, and whether it keeps
 * a sender's messages from being sent again.
 */


#include "ngx_http_webhook_conf.h"


/* A variable of a key, or all whose names begin so. */

typedef struct {
    ngx_str_t   name;
    ngx_uint_t  part;
    ngx_uint_t  prefix;
} ngx_http_webhook_key_part_t;


static char *ngx_http_webhook_replay_option(ngx_conf_t *cf,
    ngx_http_webhook_replay_t *replay, ngx_str_t *word);
static char *ngx_http_webhook_replay_compile(ngx_conf_t *cf,
    ngx_http_webhook_replay_t *replay, ngx_str_t *value);
static ngx_uint_t ngx_http_webhook_replay_part(ngx_str_t *name);
static char *ngx_http_webhook_replay_zone(ngx_conf_t *cf,
    ngx_http_webhook_replay_t *replay);
static ngx_int_t ngx_http_webhook_replay_scope(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf);
static ngx_uint_t ngx_http_webhook_replay_namesakes(ngx_conf_t *cf,
    ngx_http_core_srv_conf_t *cscf);
static void ngx_http_webhook_replay_check_key(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_replay_t *replay);
static ngx_uint_t ngx_http_webhook_replay_unsigned(
    ngx_http_webhook_provider_t *provider, ngx_str_t *name);
static ngx_uint_t ngx_http_webhook_replay_signs_header(
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_source_t *source);
static ngx_int_t ngx_http_webhook_template_next(ngx_str_t *text,
    ngx_str_t *name);


static ngx_http_webhook_key_part_t  ngx_http_webhook_key_parts[] = {
    { ngx_string("webhook_id"), NGX_HTTP_WEBHOOK_REPLAY_KEY_ID, 0 },
    { ngx_string("webhook_event"), NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT, 0 },
    { ngx_string("webhook_timestamp"),
      NGX_HTTP_WEBHOOK_REPLAY_KEY_TIMESTAMP, 0 },
    { ngx_string("webhook_provider"), 0, 0 },
    { ngx_string("http_"), NGX_HTTP_WEBHOOK_REPLAY_KEY_HEADERS, 1 },
    { ngx_string("arg_"), NGX_HTTP_WEBHOOK_REPLAY_KEY_HEADERS, 1 },
    { ngx_null_string, NGX_HTTP_WEBHOOK_REPLAY_KEY_OTHER, 0 }
};


static ngx_http_webhook_keyword_t  ngx_http_webhook_replay_statuses[] = {
    { ngx_string("200"), NGX_HTTP_OK },
    { ngx_string("409"), NGX_HTTP_CONFLICT },
    { ngx_null_string, 0 }
};


/* zone=NAME [ttl=TIME] [key=VALUE] [duplicate=200|409] | off */

char *
ngx_http_webhook_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_http_webhook_replay_t  *replay;

    if (wlcf->replay != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {

        wlcf->replay = NULL;

        return cf->args->nelts == 2 ? NGX_CONF_OK
                                    : "has \"off\" beside other values";
    }

    replay = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_replay_t));

    if (replay == NULL
        || ngx_array_init(&replay->checked, cf->pool, 1,
                          sizeof(ngx_http_webhook_gate_t *))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    replay->ttl = NGX_CONF_UNSET;
    replay->file = cf->conf_file->file.name;
    replay->line = cf->conf_file->line;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_webhook_replay_option(cf, replay, &value[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (replay->name.len == 0) {
        return "needs the name of a \"webhook_zone\", like \"zone=seen\"";
    }

    if (replay->duplicate == 0) {
        replay->duplicate = NGX_HTTP_OK;
    }

    wlcf->replay = replay;

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_replay_option(ngx_conf_t *cf,
    ngx_http_webhook_replay_t *replay, ngx_str_t *word)
{
    ngx_str_t   value;
    ngx_uint_t  again;

    again = 0;

    if (ngx_http_webhook_option(word, "zone", &value) == NGX_OK) {

        again = (replay->name.data != NULL);
        replay->name = value;

    } else if (ngx_http_webhook_option(word, "ttl", &value) == NGX_OK) {

        again = (replay->ttl != NGX_CONF_UNSET);
        replay->ttl = ngx_parse_time(&value, 1);

        if (replay->ttl == (time_t) NGX_ERROR || replay->ttl == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid time \"%V\", it is like \"24h\" and "
                               "not 0", word);
            return NGX_CONF_ERROR;
        }

    } else if (ngx_http_webhook_option(word, "key", &value) == NGX_OK) {

        again = (replay->key != NULL);

        if (ngx_http_webhook_replay_compile(cf, replay, &value)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

    } else if (ngx_http_webhook_option(word, "duplicate", &value) == NGX_OK) {

        again = (replay->duplicate != 0);

        if (ngx_http_webhook_keyword(ngx_http_webhook_replay_statuses, &value,
                                     &replay->duplicate)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid status \"%V\", a duplicate gets 200 "
                               "or 409", word);
            return NGX_CONF_ERROR;
        }

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown option \"%V\" of \"webhook_replay\", it "
                           "takes \"zone=NAME\", \"ttl=TIME\", \"key=VALUE\", "
                           "\"duplicate=200\" and \"duplicate=409\", or "
                           "\"off\" alone", word);
        return NGX_CONF_ERROR;
    }

    if (again) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "option \"%V\" of \"webhook_replay\" is the second "
                           "of its name", word);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_replay_compile(ngx_conf_t *cf,
    ngx_http_webhook_replay_t *replay, ngx_str_t *value)
{
    ngx_str_t                         text, name;
    ngx_http_compile_complex_value_t  ccv;

    replay->key = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (replay->key == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = value;
    ccv.complex_value = replay->key;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (replay->key->lengths == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"key=%V\" of \"webhook_replay\" has no variable, "
                           "all messages would be one", value);
        return NGX_CONF_ERROR;
    }

    text = *value;

    while (ngx_http_webhook_template_next(&text, &name) == NGX_OK) {
        replay->parts |= ngx_http_webhook_replay_part(&name);
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_webhook_replay_part(ngx_str_t *name)
{
    ngx_http_webhook_key_part_t  *part;

    for (part = ngx_http_webhook_key_parts; part->name.len; part++) {

        if (name->len >= part->name.len
            && (part->prefix || name->len == part->name.len)
            && ngx_strncasecmp(name->data, part->name.data, part->name.len)
               == 0)
        {
            break;
        }
    }

    return part->part;
}


char *
ngx_http_webhook_replay_merge(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_conf_merge_ptr_value(conf->replay, prev->replay, NULL);

    if (conf->replay
        && conf->replay->zone == NULL
        && ngx_http_webhook_replay_zone(cf, conf->replay) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_replay_scope(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A zone may be defined below the place where it is used. */

static char *
ngx_http_webhook_replay_zone(ngx_conf_t *cf, ngx_http_webhook_replay_t *replay)
{
    ngx_str_t                      *name;
    ngx_uint_t                      i;
    ngx_http_webhook_zone_t       **zones;
    ngx_http_webhook_main_conf_t   *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    zones = wmcf->zones.elts;

    for (i = 0; i < wmcf->zones.nelts; i++) {

        name = &zones[i]->shm_zone->shm.name;

        if (ngx_http_webhook_str_equal(name, &replay->name)) {
            replay->zone = zones[i];
            return NGX_CONF_OK;
        }
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "unknown zone \"%V\" of \"webhook_replay\" in %V:%ui, "
                  "define it with \"webhook_zone %V 10m;\"",
                  &replay->name, &replay->file, replay->line, &replay->name);

    return NGX_CONF_ERROR;
}


/*
 * What tells a location from all others, also of other servers, and is the
 * same after a reload: its name after those of what it is in.
 */

static ngx_int_t
ngx_http_webhook_replay_scope(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf)
{
    int                            rc;
    wh_str_t                       parts[3];
    ngx_str_t                     *name;
    ngx_uint_t                     kind;
    EVP_MD_CTX                    *md;
    ngx_http_core_srv_conf_t      *cscf;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    if (wmcf->zones.nelts == 0) {
        return NGX_OK;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (prev->scope == NULL) {
        cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

        name = &cscf->server_name;
        kind = ngx_http_webhook_replay_namesakes(cf, cscf);

    } else if (clcf->noname) {
        conf->scope = prev->scope;
        return NGX_OK;

    } else {
        name = &clcf->name;
        kind = clcf->exact_match;
#if (NGX_PCRE)
        kind |= clcf->regex ? 2 : 0;
#endif
    }

    conf->scope = ngx_pnalloc(cf->pool, NGX_HTTP_WEBHOOK_DIGEST);
    md = EVP_MD_CTX_new();

    if (conf->scope == NULL || md == NULL) {
        EVP_MD_CTX_free(md);
        return NGX_ERROR;
    }

    parts[0].data = prev->scope;
    parts[0].len = prev->scope ? NGX_HTTP_WEBHOOK_DIGEST : 0;
    parts[1].data = (u_char *) &kind;
    parts[1].len = sizeof(ngx_uint_t);
    parts[2] = ngx_http_webhook_wh_str(name);

    rc = wh_mac(NULL, md, parts, 3, conf->scope);

    EVP_MD_CTX_free(md);

    return rc == WH_OK ? NGX_OK : NGX_ERROR;
}


/* Servers ahead of this one with the same name, on another port maybe. */

static ngx_uint_t
ngx_http_webhook_replay_namesakes(ngx_conf_t *cf,
    ngx_http_core_srv_conf_t *cscf)
{
    ngx_uint_t                   n;
    ngx_http_core_srv_conf_t   **cscfp;
    ngx_http_core_main_conf_t   *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    n = 0;

    for (cscfp = cmcf->servers.elts; *cscfp != cscf; cscfp++) {
        if (ngx_http_webhook_str_equal(&(*cscfp)->server_name,
                                       &cscf->server_name))
        {
            n++;
        }
    }

    return n;
}


/* How long a captured message would still be in its window. */

void
ngx_http_webhook_replay_window(ngx_http_webhook_gate_t *gate)
{
    time_t                         past, future;
    ngx_http_webhook_timestamp_t  *timestamp;

    gate->replayable = -1;

    timestamp = gate->provider->timestamp;
    past = gate->window.past;
    future = gate->window.future;

    if (timestamp == NULL
        || past == NGX_CONF_UNSET
        || gate->provider->signatures.nelts == 0
        || !ngx_http_webhook_replay_signs(gate->provider, &timestamp->source,
                                          "webhook_timestamp"))
    {
        return;
    }

    /* a clock may be as wrong in one direction as in the other */

    if (future == NGX_CONF_UNSET) {
        future = past;
    }

    gate->replayable = ngx_min(past, NGX_MAX_TIME_T_VALUE / 2)
                       + ngx_min(future, NGX_MAX_TIME_T_VALUE / 2);
}


/*
 * What would let a captured message through a second time.  A directive of
 * many locations is told once of a provider, and of each of its windows.
 */

char *
ngx_http_webhook_replay_check(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_replay_t *replay)
{
    ngx_uint_t                     i, known;
    ngx_http_webhook_gate_t      **checked;
    ngx_http_webhook_provider_t   *provider;

    provider = gate->provider;
    checked = replay->checked.elts;
    known = 0;

    for (i = 0; i < replay->checked.nelts; i++) {

        if (checked[i]->provider != provider) {
            continue;
        }

        if (checked[i]->replayable == gate->replayable) {
            return NGX_CONF_OK;
        }

        known = 1;
    }

    checked = ngx_array_push(&replay->checked);
    if (checked == NULL) {
        return NGX_CONF_ERROR;
    }

    *checked = gate;

    if (replay->ttl != NGX_CONF_UNSET && replay->ttl < gate->replayable) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"ttl=\" of \"webhook_replay\" in %V:%ui is shorter "
                      "than the %T seconds for which a message of \"webhook "
                      "%V\" is valid, and it could be sent again in between",
                      &replay->file, replay->line, gate->replayable,
                      &provider->name);
    }

    if (!known) {
        ngx_http_webhook_replay_check_key(cf, provider, replay);
    }

    return NGX_CONF_OK;
}


static void
ngx_http_webhook_replay_check_key(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_replay_t *replay)
{
    ngx_str_t  text, name;

    if (replay->key == NULL || provider->signatures.nelts == 0) {
        return;
    }

    text = replay->key->value;

    while (ngx_http_webhook_template_next(&text, &name) == NGX_OK) {

        if (!ngx_http_webhook_replay_unsigned(provider, &name)) {
            continue;
        }

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"$%V\" in \"key=\" of \"webhook_replay\" in %V:%ui is "
                      "not signed by \"webhook %V\": a captured message could "
                      "be sent again with another one, leave \"key=\" out",
                      &name, &replay->file, replay->line, &provider->name);
    }
}


/* Whether it is of the request, but not of the message. */

static ngx_uint_t
ngx_http_webhook_replay_unsigned(ngx_http_webhook_provider_t *provider,
    ngx_str_t *name)
{
    ngx_http_webhook_source_t     *source;
    ngx_http_webhook_timestamp_t  *timestamp;

    switch (ngx_http_webhook_replay_part(name)) {

    case NGX_HTTP_WEBHOOK_REPLAY_KEY_HEADERS:
        return !ngx_http_webhook_template_has(provider->message, name);

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

    default:
        return 0;
    }
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

    static ngx_str_t  url = ngx_string("webhook_url");
    static ngx_str_t  decoded = ngx_string("webhook_url_decoded");

    if (ngx_http_webhook_source_in_body(source)) {
        return !(provider->bodiless
                 || (provider->body && provider->body->weak))
               || ngx_http_webhook_message_takes(provider, source);
    }

    variable.data = (u_char *) name;
    variable.len = ngx_strlen(name);

    return ngx_http_webhook_template_has(provider->message, &variable)
           || ngx_http_webhook_replay_signs_header(provider, source)
           || (source->type == NGX_HTTP_WEBHOOK_QUERY
               && (ngx_http_webhook_template_has(provider->message, &url)
                   || ngx_http_webhook_template_has(provider->message,
                                                    &decoded)));
}


/* Whether the message has the header that is the source as $http_NAME. */

static ngx_uint_t
ngx_http_webhook_replay_signs_header(ngx_http_webhook_provider_t *provider,
    ngx_http_webhook_source_t *source)
{
    size_t                      i;
    u_char                      c;
    ngx_str_t                   text, name, *header;
    ngx_http_webhook_header_t  *headers;

    if (source->type != NGX_HTTP_WEBHOOK_HEADER) {
        return 0;
    }

    headers = provider->headers.elts;
    header = &headers[source->index].name;

    text = provider->message;

    while (ngx_http_webhook_template_next(&text, &name) == NGX_OK) {

        if (name.len != sizeof("http_") - 1 + header->len
            || ngx_strncasecmp(name.data, (u_char *) "http_",
                               sizeof("http_") - 1)
               != 0)
        {
            continue;
        }

        name.data += sizeof("http_") - 1;

        for (i = 0; i < header->len; i++) {

            c = header->data[i] == '-' ? '_' : header->data[i];

            if (ngx_tolower(name.data[i]) != c) {
                break;
            }
        }

        if (i == header->len) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_webhook_template_has(ngx_str_t text, ngx_str_t *name)
{
    ngx_str_t  variable;

    while (ngx_http_webhook_template_next(&text, &variable) == NGX_OK) {
        if (variable.len == name->len
            && ngx_strncasecmp(variable.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* Takes the next variable's name, and what is before it, from a text. */

static ngx_int_t
ngx_http_webhook_template_next(ngx_str_t *text, ngx_str_t *name)
{
    u_char  *p, *last;

    last = text->data + text->len;

    p = ngx_strlchr(text->data, last, '$');

    if (p == NULL) {
        return NGX_DECLINED;
    }

    p++;

    if (p < last && *p == '{') {
        p++;
    }

    name->data = p;

    while (p < last
           && ((*p >= 'A' && *p <= 'Z')
               || (*p >= 'a' && *p <= 'z')
               || (*p >= '0' && *p <= '9')
               || *p == '_'))
    {
        p++;
    }

    name->len = p - name->data;

    text->data = p;
    text->len = last - p;

    return NGX_OK;
}
