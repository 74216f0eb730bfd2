
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The directive "webhook_replay": its options, its zone, and whether it keeps
 * a sender's messages from being sent again.
 */


#include "ngx_http_webhook_conf.h"


#define NGX_HTTP_WEBHOOK_HOLD  30       /* seconds */


static ngx_http_webhook_option_handler_t  ngx_http_webhook_replay_key;
static char *ngx_http_webhook_replay_tenant_check(ngx_conf_t *cf,
    ngx_str_t *value);
static ngx_http_webhook_option_handler_t  ngx_http_webhook_replay_tenant;
static char *ngx_http_webhook_replay_zone(ngx_conf_t *cf,
    ngx_http_webhook_replay_t *replay);
static char *ngx_http_webhook_replay_engine(ngx_conf_t *cf,
    ngx_http_webhook_replay_t *replay);
static ngx_uint_t ngx_http_webhook_replay_applies(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_replay_t *replay);
static ngx_int_t ngx_http_webhook_replay_unsigned(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_replay_t *replay,
    ngx_str_t *name);
static void ngx_http_webhook_replay_warn(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_replay_t *replay);
static ngx_http_webhook_gate_t *ngx_http_webhook_replay_other_name(
    ngx_http_webhook_gate_t *gate);
static ngx_uint_t ngx_http_webhook_replay_same_name(
    ngx_http_webhook_provider_t *one, ngx_http_webhook_provider_t *two);
static ngx_http_webhook_gate_t *ngx_http_webhook_replay_other_parts(
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_replay_key_t *key);


static ngx_http_webhook_keyword_t  ngx_http_webhook_replay_statuses[] = {
    { ngx_string("200"), NGX_HTTP_OK },
    { ngx_string("409"), NGX_HTTP_CONFLICT },
    { ngx_null_string, 0 }
};


/* "off" is the first one */

static ngx_http_webhook_option_t  ngx_http_webhook_replay_options[] = {

    { ngx_string("off"), NULL, 0, NULL, 0, 0 },

    { ngx_string("zone=NAME"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_replay_t, name), NULL, 0, 0 },

    { ngx_string("ttl=TIME"), ngx_http_webhook_option_period,
      offsetof(ngx_http_webhook_replay_t, ttl), NULL, 0, 0 },

    { ngx_string("key=VALUE"), ngx_http_webhook_replay_key,
      offsetof(ngx_http_webhook_replay_t, key), NULL, 0, 0 },

    { ngx_string("scope=NAME"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_replay_t, scope), NULL, 0, 0 },

    { ngx_string("tenant=VALUE"), ngx_http_webhook_replay_tenant,
      0, NULL, 0, 0 },

    { ngx_string("hold=TIME"), ngx_http_webhook_option_period,
      offsetof(ngx_http_webhook_replay_t, hold), NULL, 0, 0 },

    { ngx_string("shared=NAME"), ngx_http_webhook_option_text,
      offsetof(ngx_http_webhook_replay_t, shared), NULL, 0, 0 },

    { ngx_string("duplicate=STATUS"), ngx_http_webhook_option_keyword,
      offsetof(ngx_http_webhook_replay_t, duplicate),
      ngx_http_webhook_replay_statuses, 0, 0 },

    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


char *
ngx_http_webhook_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  given;
    ngx_http_webhook_replay_t  *replay;

    if (wlcf->replay != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    replay = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_replay_t));

    if (replay == NULL
        || ngx_array_init(&replay->checked, cf->pool, 1,
                          sizeof(ngx_http_webhook_gate_t *))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    replay->ttl = NGX_CONF_UNSET;
    replay->hold = NGX_HTTP_WEBHOOK_HOLD;
    replay->duplicate = NGX_HTTP_OK;
    replay->file = cf->conf_file->file.name;
    replay->line = cf->conf_file->line;

    if (ngx_http_webhook_options(cf, ngx_http_webhook_replay_options,
                                 &value[1], cf->args->nelts - 1, replay,
                                 &given)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (given & NGX_HTTP_WEBHOOK_REPLAY_OFF) {

        wlcf->replay = NULL;

        return given == NGX_HTTP_WEBHOOK_REPLAY_OFF
               ? NGX_CONF_OK : "has \"off\" beside other values";
    }

    if (replay->name.len == 0) {
        return "needs the name of a \"webhook_zone\", like \"zone=seen\"";
    }

    wlcf->replay = replay;

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_replay_key(ngx_conf_t *cf, ngx_http_webhook_option_t *option,
    ngx_str_t *value, void *field)
{
    ngx_http_webhook_replay_key_t  **key = field;

    *key = ngx_http_webhook_replay_key_compile(cf, value);

    return *key ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/*
 * Who has recorded a message must not say whose it is: as another tenant's it
 * would be another message.  A host is the name of a server, and where it may
 * be any name that is told in the documentation.
 */

static char *
ngx_http_webhook_replay_tenant_check(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_str_t  rest, name;

    rest = *value;

    while (ngx_http_webhook_template_next(&rest, &name) == NGX_OK) {

        if (!ngx_http_webhook_variable_own(&name)
            && (!(ngx_http_webhook_variable_what(&name)
                  & NGX_HTTP_WEBHOOK_VAR_SENT)
                || (name.len == 4
                    && ngx_strncasecmp(name.data, (u_char *) "host", 4) == 0)))
        {
            continue;
        }

        return ngx_http_webhook_error(cf,
                           "\"$%V\" in \"tenant=%V\" is filled by whoever "
                           "sends the request, so a message could be sent "
                           "again as another tenant's, let a \"map\" choose "
                           "it", &name, value);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_replay_tenant(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_http_webhook_replay_t  *replay = field;

    if (ngx_http_webhook_replay_tenant_check(cf, value) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    replay->tenant = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (replay->tenant == NULL) {
        return NGX_CONF_ERROR;
    }

    replay->tenant_text = *value;

    return ngx_http_webhook_template_compile(cf, value, replay->tenant)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_webhook_replay_merge(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_conf_merge_ptr_value(conf->replay, prev->replay, NULL);

    if (conf->replay
        && conf->replay->zone == NULL
        && (ngx_http_webhook_replay_zone(cf, conf->replay) != NGX_CONF_OK
            || ngx_http_webhook_replay_engine(cf, conf->replay)
               != NGX_CONF_OK))
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_scope_merge(cf, prev, conf) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
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


static char *
ngx_http_webhook_replay_engine(ngx_conf_t *cf,
    ngx_http_webhook_replay_t *replay)
{
    ngx_http_webhook_main_conf_t  *wmcf;

    if (replay->shared.len == 0) {
        return NGX_CONF_OK;
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    replay->redis = ngx_http_webhook_named(&wmcf->engines, &replay->shared);

    if (replay->redis) {
        replay->redis->used = 1;
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "unknown engine \"%V\" of \"webhook_replay\" in %V:%ui, "
                  "define it with \"webhook_redis %V redis://127.0.0.1;\"",
                  &replay->shared, &replay->file, replay->line,
                  &replay->shared);

    return NGX_CONF_ERROR;
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
        || timestamp->optional
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
 * The rules "replay" of a location's providers.  Those that are one sender
 * must name a message in the same way, else it would have two names.
 */

void
ngx_http_webhook_replay_rules(ngx_http_webhook_gate_t *first)
{
    ngx_http_webhook_gate_t  *gate;

    for (gate = first; gate; gate = gate->next) {
        gate->rule = ngx_http_webhook_replay_other_name(gate)
                     ? NULL : gate->provider->replay;
    }
}


/* A gate of the same sender that names messages in another way, or NULL. */

static ngx_http_webhook_gate_t *
ngx_http_webhook_replay_other_name(ngx_http_webhook_gate_t *gate)
{
    ngx_http_webhook_gate_t  *other;

    for (other = gate->first; other; other = other->next) {
        if (other->sender == gate->sender
            && !ngx_http_webhook_replay_same_name(gate->provider,
                                                  other->provider))
        {
            return other;
        }
    }

    return NULL;
}


/* How long each remembers them is its own. */

static ngx_uint_t
ngx_http_webhook_replay_same_name(ngx_http_webhook_provider_t *one,
    ngx_http_webhook_provider_t *two)
{
    ngx_http_webhook_replay_rule_t  *rule1, *rule2;

    static ngx_http_webhook_replay_rule_t  none;

    rule1 = one->replay ? one->replay : &none;
    rule2 = two->replay ? two->replay : &none;

    if (rule1->key == NULL || rule2->key == NULL) {
        return rule1->key == rule2->key
               && rule1->body == rule2->body
               && rule1->off == rule2->off;
    }

    return ngx_http_webhook_str_equal(&rule1->key->text, &rule2->key->text)
           && ngx_http_webhook_replay_key_same(one, two, rule1->key);
}


/* A gate of the same sender to which a key is something else, or NULL. */

static ngx_http_webhook_gate_t *
ngx_http_webhook_replay_other_parts(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_replay_key_t *key)
{
    ngx_http_webhook_gate_t  *other;

    for (other = gate->first; key && other; other = other->next) {
        if (other->sender == gate->sender
            && !ngx_http_webhook_replay_key_same(gate->provider,
                                                 other->provider, key))
        {
            return other;
        }
    }

    return NULL;
}


/*
 * Whether the key of the directive tells the messages of a gate apart, and
 * what would let a captured message through a second time.  A directive of
 * many locations is told once of a provider, and of each of its windows.
 */

char *
ngx_http_webhook_replay_check(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                     i, known;
    ngx_http_webhook_gate_t      **checked;
    ngx_http_webhook_replay_t     *replay;
    ngx_http_webhook_provider_t   *provider;

    replay = conf->replay;

    if (ngx_http_webhook_replay_applies(cf, gate, replay)) {
        conf->keyed |= 1 << (gate - gate->first);
        gate->key_parts |= replay->key->parts;
    }

    if (gate->rule && gate->rule->key) {
        gate->key_parts |= gate->rule->key->parts;
    }

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
        ngx_http_webhook_replay_warn(cf, gate, replay);
    }

    return NGX_CONF_OK;
}


/* A key is for all providers of one sender, or for none. */

static ngx_uint_t
ngx_http_webhook_replay_applies(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_replay_t *replay)
{
    ngx_str_t                 name;
    ngx_http_webhook_gate_t  *other;

    if (replay->key == NULL
        || ngx_http_webhook_replay_other_parts(gate, replay->key))
    {
        return 0;
    }

    for (other = gate->first; other; other = other->next) {
        if (other->sender == gate->sender
            && ngx_http_webhook_replay_unsigned(cf, other->provider, replay,
                                                &name)
               == NGX_OK)
        {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_webhook_replay_unsigned(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_replay_t *replay,
    ngx_str_t *name)
{
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    return ngx_http_webhook_replay_key_unsigned(provider, replay->key,
                                                &wmcf->vars, name);
}


static void
ngx_http_webhook_replay_warn(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_replay_t *replay)
{
    char                         *missing;
    ngx_str_t                     name;
    ngx_http_webhook_gate_t      *other;
    ngx_http_webhook_provider_t  *provider;

    provider = gate->provider;
    other = ngx_http_webhook_replay_other_name(gate);

    if (other == NULL) {
        other = ngx_http_webhook_replay_other_parts(gate, replay->key);
    }

    if (other && !ngx_http_webhook_replay_applies(cf, gate, replay)) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"webhook_replay\" in %V:%ui goes by what is signed "
                      "for \"webhook %V\": \"%V\" has the same secret and "
                      "names messages in another way, give each a secret of "
                      "its own", &replay->file, replay->line, &provider->name,
                      &other->provider->name);
    }

    missing = replay->key ? ngx_http_webhook_replay_key_missing(provider,
                                                                replay->key)
                          : NULL;
    if (missing) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"$webhook_%s\" in \"key=\" of \"webhook_replay\" in "
                      "%V:%ui is always empty for \"webhook %V\", which has "
                      "no rule \"%s\"", missing, &replay->file, replay->line,
                      &provider->name, missing);
    }

    if (replay->key
        && ngx_http_webhook_replay_unsigned(cf, provider, replay, &name)
           == NGX_OK)
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"$%V\" in \"key=\" of \"webhook_replay\" in %V:%ui is "
                      "not signed by \"webhook %V\", and a captured message "
                      "could be sent again with another one: this key is not "
                      "used for its messages",
                      &name, &replay->file, replay->line, &provider->name);
    }

    if (gate->rule
        && gate->rule->off
        && !ngx_http_webhook_replay_applies(cf, gate, replay))
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"webhook_replay\" in %V:%ui does nothing for "
                      "\"webhook %V\": nothing tells a copy from one of the "
                      "equal messages that this sender sends, unless you have "
                      "a \"key=\" that does",
                      &replay->file, replay->line, &provider->name);
    }
}
