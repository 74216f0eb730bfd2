
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * All that is wanted from JSON in a location, as one set of pointers.
 */


#include "ngx_http_webhook_conf.h"


static ngx_int_t ngx_http_webhook_payload_sources(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate);
static ngx_int_t ngx_http_webhook_payload_vars(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_array_t *vars);
static ngx_int_t ngx_http_webhook_payload_add(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_str_t *pointer, ngx_uint_t used,
    size_t *index);
static ngx_int_t ngx_http_webhook_payload_constraints(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_array_t *requires);
static void ngx_http_webhook_json_set_free(void *data);
static void ngx_http_webhook_payload_use(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_source_t *source);
static ngx_uint_t ngx_http_webhook_payload_when_event(
    ngx_http_webhook_gate_t *gate);
static int ngx_http_webhook_payload_pattern(void *data, wh_str_t subject);


/*
 * Collects all that is wanted from JSON in a location into one set of
 * pointers: first the provider's sources, whose indices are those of the
 * provider's list, then the variables, then the constraints.
 */

char *
ngx_http_webhook_payload_compile(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                    n, nvars;
    ngx_http_webhook_provider_t  *provider;

    static ngx_str_t  root = ngx_string("");
    static ngx_str_t  content_encoding = ngx_string("Content-Encoding");

    provider = gate->provider;

    n = (provider->requires ? provider->requires->nelts : 0)
        + (conf->requires ? conf->requires->nelts : 0);
    nvars = conf->vars ? conf->vars->nelts : 0;

    if (provider->pointers.nelts == 0
        && provider->json == 0
        && nvars == 0
        && n == 0)
    {
        return NGX_CONF_OK;
    }

    gate->json = ngx_http_webhook_json_set(cf, wh_json_set_create());
    if (gate->json == NULL) {
        return NGX_CONF_ERROR;
    }

    gate->constraints = ngx_pcalloc(cf->pool, n * sizeof(wh_constraint_t) + 1);

    if (gate->constraints == NULL
        || ngx_array_init(&gate->pointers, cf->pool, 8,
                          sizeof(ngx_http_webhook_pointer_t))
           != NGX_OK
        || ngx_http_webhook_payload_sources(cf, gate) != NGX_OK
        || ngx_http_webhook_payload_vars(cf, gate, conf->vars) != NGX_OK
        || ngx_http_webhook_payload_constraints(cf, gate, provider->requires)
           != NGX_OK
        || ngx_http_webhook_payload_constraints(cf, gate, conf->requires)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (provider->json
        && ngx_http_webhook_payload_add(cf, gate, &root, 1, &gate->root)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    gate->strict = (gate->nconstraints
                    || provider->json
                    || (provider->needs_body
                        & NGX_HTTP_WEBHOOK_NEEDS_BODY_JSON)
                    || (provider->timestamp
                        && provider->timestamp->source.type
                           == NGX_HTTP_WEBHOOK_JSON));

    if (ngx_http_webhook_provider_header(cf, provider, &content_encoding,
                                         &gate->encoding)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_constraints_check(cf, gate, gate->constraints,
                                              gate->nconstraints);
}


/* Whether two of the constraints exclude each other; the second is named. */

char *
ngx_http_webhook_constraints_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, wh_constraint_t *constraints, ngx_uint_t n)
{
    ngx_uint_t                   i, k;
    ngx_http_webhook_require_t  *require;

    for (k = 1; k < n; k++) {
        for (i = 0; i < k; i++) {

            if (constraints[i].index != constraints[k].index
                || !wh_constraint_excludes(&constraints[i], &constraints[k]))
            {
                continue;
            }

            require = constraints[k].match_data;

            return ngx_http_webhook_excluded_error(cf, gate,
                                                   constraints[k].pointer,
                                                   &require->file,
                                                   require->line);
        }
    }

    return NGX_CONF_OK;
}


/* Says that nothing can be right at a pointer of the payload or the claims. */

char *
ngx_http_webhook_excluded_error(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    wh_str_t pointer, ngx_str_t *file, ngx_uint_t line)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "two rules for \"%*s\" beside \"webhook %V\" in %V:%ui "
                  "exclude each other, nothing would be accepted, write all "
                  "values into one of them", pointer.len, pointer.data,
                  &gate->provider->name, file, line);

    return NGX_CONF_ERROR;
}


/* A set that is freed with the configuration; NULL without memory. */

wh_json_set_t *
ngx_http_webhook_json_set(ngx_conf_t *cf, wh_json_set_t *set)
{
    ngx_pool_cleanup_t  *cln;

    if (set == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        wh_json_set_free(set);
        return NULL;
    }

    cln->handler = ngx_http_webhook_json_set_free;
    cln->data = set;

    return set;
}


static void
ngx_http_webhook_json_set_free(void *data)
{
    wh_json_set_free(data);
}


static ngx_int_t
ngx_http_webhook_payload_sources(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate)
{
    size_t                       index;
    ngx_uint_t                   i;
    ngx_http_webhook_pointer_t  *pointers, *added;

    pointers = gate->provider->pointers.elts;

    for (i = 0; i < gate->provider->pointers.nelts; i++) {
        if (ngx_http_webhook_payload_add(cf, gate, &pointers[i].text,
                                         pointers[i].used, &index)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        added = gate->pointers.elts;
        added[index].challenge = pointers[i].challenge;
        gate->json_challenge |= pointers[i].challenge;
    }

    return NGX_OK;
}


/* The variables that are in force here; others have no value. */

static ngx_int_t
ngx_http_webhook_payload_vars(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_array_t *vars)
{
    ngx_uint_t                     i;
    ngx_http_webhook_var_t        *var;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    gate->vars = ngx_palloc(cf->pool, wmcf->vars.nelts * sizeof(size_t) + 1);
    if (gate->vars == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < wmcf->vars.nelts; i++) {
        gate->vars[i] = WH_JSON_NONE;
    }

    if (vars == NULL) {
        return NGX_OK;
    }

    var = vars->elts;

    for (i = 0; i < vars->nelts; i++) {
        if (ngx_http_webhook_payload_add(cf, gate, &var[i].pointer, 0,
                                         &gate->vars[var[i].index])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* A block's variables, and those of the blocks around it that it lacks. */

ngx_int_t
ngx_http_webhook_vars_merge(ngx_conf_t *cf, ngx_http_webhook_loc_conf_t *prev,
    ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t               i, k, own;
    ngx_http_webhook_var_t  *var, *above, *added;

    if (conf->vars == NULL) {
        conf->vars = prev->vars;
        return NGX_OK;
    }

    if (prev->vars == NULL) {
        return NGX_OK;
    }

    own = conf->vars->nelts;
    above = prev->vars->elts;

    for (i = 0; i < prev->vars->nelts; i++) {

        var = conf->vars->elts;

        for (k = 0; k < own; k++) {
            if (var[k].index == above[i].index) {
                break;
            }
        }

        if (k < own) {
            continue;
        }

        added = ngx_array_push(conf->vars);
        if (added == NULL) {
            return NGX_ERROR;
        }

        *added = above[i];
    }

    return NGX_OK;
}


/*
 * After the configuration has been read: the body is parsed for what a rule or
 * a variable in it asks for, and for nothing else.
 */

void
ngx_http_webhook_payload_init(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate)
{
    ngx_str_t                     *name;
    ngx_uint_t                     i;
    ngx_http_webhook_pointer_t    *pointers;
    ngx_http_webhook_main_conf_t  *wmcf;

    static ngx_str_t  id = ngx_string("webhook_id");
    static ngx_str_t  event = ngx_string("webhook_event");

    if (gate->json == NULL) {
        return;
    }

    if ((gate->key_parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_ID)
        || ngx_http_webhook_variable_used(cf, &id))
    {
        ngx_http_webhook_payload_use(gate, gate->provider->id);
    }

    if ((gate->key_parts & NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT)
        || ngx_http_webhook_payload_when_event(gate)
        || ngx_http_webhook_variable_used(cf, &event))
    {
        ngx_http_webhook_payload_use(gate, gate->provider->event);
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    name = wmcf->vars.elts;
    pointers = gate->pointers.elts;

    for (i = 0; i < wmcf->vars.nelts; i++) {
        if (gate->vars[i] != WH_JSON_NONE
            && ngx_http_webhook_variable_used(cf, &name[i]))
        {
            pointers[gate->vars[i]].used = 1;
        }
    }

    for (i = 0; i < gate->pointers.nelts; i++) {
        gate->parse |= (pointers[i].used != 0);
    }
}


static void
ngx_http_webhook_payload_use(ngx_http_webhook_gate_t *gate,
    ngx_http_webhook_source_t *source)
{
    ngx_http_webhook_pointer_t  *pointers;

    if (source && source->type == NGX_HTTP_WEBHOOK_JSON) {
        pointers = gate->pointers.elts;
        pointers[source->index].used = 1;
    }
}


static ngx_uint_t
ngx_http_webhook_payload_when_event(ngx_http_webhook_gate_t *gate)
{
    ngx_uint_t  i;

    for (i = 0; i < gate->nconstraints; i++) {
        if (gate->constraints[i].when_value.data
            && gate->constraints[i].when == WH_JSON_NONE)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_webhook_payload_add(ngx_conf_t *cf, ngx_http_webhook_gate_t *gate,
    ngx_str_t *pointer, ngx_uint_t used, size_t *index)
{
    const char                  *error;
    ngx_http_webhook_pointer_t  *pointers;

    if (wh_json_set_add(gate->json, ngx_http_webhook_wh_str(pointer), index,
                        &error)
        != WH_OK)
    {
        return NGX_ERROR;
    }

    while (gate->pointers.nelts < gate->json->pointers) {

        pointers = ngx_http_webhook_add(&gate->pointers);
        if (pointers == NULL) {
            return NGX_ERROR;
        }
    }

    pointers = gate->pointers.elts;
    pointers[*index].text = *pointer;
    pointers[*index].used |= used;

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_payload_constraints(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_array_t *requires)
{
    ngx_str_t                    pointer;
    ngx_uint_t                   i;
    wh_constraint_t             *constraint;
    ngx_http_webhook_require_t  *require;

    if (requires == NULL) {
        return NGX_OK;
    }

    require = requires->elts;

    for (i = 0; i < requires->nelts; i++) {

        constraint = &gate->constraints[gate->nconstraints++];

        if (ngx_http_webhook_constraint_compile(constraint, gate->json,
                                                &require[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        pointer = ngx_http_webhook_ngx_str(constraint->pointer);

        if (ngx_http_webhook_payload_add(cf, gate, &pointer, 1,
                                         &constraint->index)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (constraint->when == WH_JSON_NONE) {

            if (constraint->when_value.data && gate->provider->event == NULL) {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "a rule for the payload of \"webhook %V\" in "
                              "%V:%ui has \"when=event=\", but the provider "
                              "has no rule \"event\", write "
                              "\"when=POINTER=VALUE\" or add that",
                              &gate->provider->name, &require[i].file,
                              require[i].line);
                return NGX_ERROR;
            }

            continue;
        }

        pointer = ngx_http_webhook_ngx_str(constraint->when_pointer);

        if (ngx_http_webhook_payload_add(cf, gate, &pointer, 1,
                                         &constraint->when)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* A line that has been parsed before, for the set of a gate. */

ngx_int_t
ngx_http_webhook_constraint_compile(wh_constraint_t *constraint,
    wh_json_set_t *set, ngx_http_webhook_require_t *require)
{
    size_t       word;
    const char  *error;

    if (wh_constraint_parse(constraint, set, require->words, require->n,
                            &word, &error)
        != WH_OK)
    {
        return NGX_ERROR;
    }

    constraint->match = ngx_http_webhook_payload_pattern;
    constraint->match_data = require;

    return NGX_OK;
}


static int
ngx_http_webhook_payload_pattern(void *data, wh_str_t subject)
{
    ngx_http_webhook_require_t  *require = data;

    ngx_str_t  value;

    value = ngx_http_webhook_ngx_str(subject);

    return ngx_http_webhook_pattern_match(require->regex, &value) ? WH_OK
                                                                  : WH_INVALID;
}
