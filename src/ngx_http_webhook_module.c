
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Directives, their merging, and the hooks into nginx.
 */


#include "conf/ngx_http_webhook_conf.h"
#include "request/ngx_http_webhook_request.h"
#include "status/ngx_http_webhook_status.h"


static ngx_int_t ngx_http_webhook_preaccess_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_access_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_log_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_webhook_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static char *ngx_http_webhook_var(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_webhook_var_index(ngx_conf_t *cf, ngx_str_t *name);
static ngx_int_t ngx_http_webhook_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_webhook_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_webhook_init_gates(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf);
static ngx_int_t ngx_http_webhook_add_handler(ngx_conf_t *cf,
    ngx_http_phases phase, ngx_http_handler_pt handler);
static ngx_int_t ngx_http_webhook_add_log_handler(ngx_conf_t *cf);
static ngx_int_t ngx_http_webhook_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_webhook_init_process(ngx_cycle_t *cycle);
static void ngx_http_webhook_exit_process(ngx_cycle_t *cycle);
static void *ngx_http_webhook_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_webhook_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_webhook_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_webhook_merge_gates(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf);


static ngx_command_t  ngx_http_webhook_commands[] = {

    { ngx_string("webhook"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_webhook,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_secret"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_webhook_secret,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_challenge_secret"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_webhook_challenge_secret,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_client_certificate"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_webhook_client_certificate,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_webhook_loc_conf_t, certificates),
      NULL },

    { ngx_string("webhook_require"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_webhook_rule_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_webhook_loc_conf_t, requires),
      NULL },

    { ngx_string("webhook_claim"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_webhook_claim,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_window"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_webhook_rule_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_webhook_loc_conf_t, window),
      NULL },

    { ngx_string("webhook_public_url"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_webhook_public_url,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_max_body"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_webhook_max_body,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_webhook_loc_conf_t, max_body),
      NULL },

    { ngx_string("webhook_var"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_webhook_var,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_enforce"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_webhook_enforce,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_webhook_loc_conf_t, enforce),
      NULL },

    { ngx_string("webhook_strip"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_webhook_loc_conf_t, strip),
      NULL },

    { ngx_string("webhook_ack"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_webhook_ack_code,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_webhook_loc_conf_t, ack),
      NULL },

    { ngx_string("webhook_reject"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_webhook_rule_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_webhook_loc_conf_t, reject),
      NULL },

    { ngx_string("webhook_replay"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_webhook_replay,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_log_level"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_webhook_log_level,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_http_webhook_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      ngx_http_webhook_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_webhook_status_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("webhook_provider"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_webhook_provider_block,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_webhook_module_ctx = {
    ngx_http_webhook_preconfiguration,     /* preconfiguration */
    ngx_http_webhook_init,                 /* postconfiguration */

    ngx_http_webhook_create_main_conf,     /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_webhook_create_loc_conf,      /* create location configuration */
    ngx_http_webhook_merge_loc_conf        /* merge location configuration */
};


ngx_module_t  ngx_http_webhook_module = {
    NGX_MODULE_V1,
    &ngx_http_webhook_module_ctx,          /* module context */
    ngx_http_webhook_commands,             /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_http_webhook_init_module,          /* init module */
    ngx_http_webhook_init_process,         /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_webhook_exit_process,         /* exit process */
    ngx_http_webhook_md_exit,              /* exit master */
    NGX_MODULE_V1_PADDING
};


/*
 * Where "satisfy any" may skip the access phase, what comes from a gate has to
 * be met before it.
 */

static ngx_int_t
ngx_http_webhook_preaccess_handler(ngx_http_request_t *r)
{
    ngx_http_webhook_loc_conf_t  *wlcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (wlcf->gate || !ngx_http_webhook_may_have_ctx(r)) {
        return NGX_DECLINED;
    }

    return ngx_http_webhook_arrive(r, wlcf);
}


/* nginx does not come here with a subrequest. */

static ngx_int_t
ngx_http_webhook_access_handler(ngx_http_request_t *r)
{
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if (wlcf->gate) {
        return ngx_http_webhook_verify(r, wlcf);
    }

    return ngx_http_webhook_may_have_ctx(r) ? ngx_http_webhook_arrive(r, wlcf)
                                            : NGX_DECLINED;
}


static ngx_int_t
ngx_http_webhook_log_handler(ngx_http_request_t *r)
{
    ngx_http_webhook_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_webhook_module);

    if ((wlcf->gate || ngx_http_webhook_may_have_ctx(r)) && r == r->main) {
        ngx_http_webhook_end_request(r);
    }

    return NGX_OK;
}


/* Requests without a gate go past as fast as they can. */

static ngx_int_t
ngx_http_webhook_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    if (!ngx_http_webhook_may_have_ctx(r)) {
        return ngx_http_webhook_next_body_filter(r, in);
    }

    return ngx_http_webhook_body(r, in);
}


static char *
ngx_http_webhook_var(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_loc_conf_t  *wlcf = conf;

    ngx_str_t               *value, rest, name;
    ngx_int_t                index;
    ngx_uint_t               i;
    ngx_http_webhook_var_t  *var;

    value = cf->args->elts;
    rest = value[1];

    /* what is in braces, begins with a digit or has a "-" cannot be used */

    if (strspn((char *) value[1].data, "$") != 1
        || value[1].len == 1
        || ngx_http_webhook_template_next(&rest, &name) != NGX_OK
        || name.len + 1 != value[1].len
        || (name.data[0] >= '0' && name.data[0] <= '9'))
    {
        return ngx_http_webhook_error(cf,
                           "invalid variable name \"%V\", it is like "
                           "\"$name\", of letters, digits and \"_\"",
                           &value[1]);
    }

    value[1].data++;
    value[1].len--;

    if (ngx_http_webhook_pointer_valid(cf, &value[2]) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    index = ngx_http_webhook_var_index(cf, &value[1]);

    if (index == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    var = wlcf->vars ? wlcf->vars->elts : NULL;

    for (i = 0; var && i < wlcf->vars->nelts; i++) {

        if (var[i].index != (ngx_uint_t) index) {
            continue;
        }

        return ngx_http_webhook_error(cf,
                           "duplicate \"webhook_var $%V\", there is one in "
                           "this block", &value[1]);
    }

    var = ngx_http_webhook_push(cf, &wlcf->vars,
                                sizeof(ngx_http_webhook_var_t));
    if (var == NULL) {
        return NGX_CONF_ERROR;
    }

    var->index = index;
    var->pointer = value[2];

    return NGX_CONF_OK;
}


/* Blocks may have the same name for different pointers. */

static ngx_int_t
ngx_http_webhook_var_index(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_str_t                     *added;
    ngx_uint_t                     i;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    i = ngx_http_webhook_name_index(&wmcf->vars, name);

    if (i < wmcf->vars.nelts) {
        return i;
    }

    ngx_strlow(name->data, name->data, name->len);

    if (ngx_http_webhook_add_json_variable(cf, name, i) != NGX_OK) {
        return NGX_ERROR;
    }

    added = ngx_array_push(&wmcf->vars);
    if (added == NULL) {
        return NGX_ERROR;
    }

    *added = *name;

    return i;
}


static ngx_int_t
ngx_http_webhook_preconfiguration(ngx_conf_t *cf)
{
    if (wh_digest_init() != WH_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "OpenSSL does not offer SHA-1 and SHA-2");
        return NGX_ERROR;
    }

    return ngx_http_webhook_add_variables(cf);
}


static ngx_int_t
ngx_http_webhook_init(ngx_conf_t *cf)
{
    ngx_http_webhook_main_conf_t  *wmcf;

    static ngx_str_t  body_sha256 = ngx_string("webhook_body_sha256");

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    if (ngx_http_webhook_providers_check_oracles(cf, wmcf) != NGX_OK
        || ngx_http_webhook_status_check(cf, wmcf) != NGX_OK
        || ngx_http_webhook_check_gates(cf, wmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    wmcf->body_sha256 = ngx_http_webhook_variable_used(cf, &body_sha256);

    if (ngx_http_webhook_init_gates(cf, wmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_webhook_stats_init(wmcf);

    /* the gates of all locations have entries there */

    if (wmcf->stats_entries.nelts == 0) {
        return NGX_OK;
    }

    if (wmcf->any
        && ngx_http_webhook_add_handler(cf, NGX_HTTP_PREACCESS_PHASE,
                                        ngx_http_webhook_preaccess_handler)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_webhook_add_handler(cf, NGX_HTTP_ACCESS_PHASE,
                                     ngx_http_webhook_access_handler)
        != NGX_OK
        || ngx_http_webhook_add_log_handler(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_webhook_next_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_http_webhook_body_filter;

    return NGX_OK;
}


/* Which variables the configuration asks for is known when it has been read. */

static ngx_int_t
ngx_http_webhook_init_gates(ngx_conf_t *cf, ngx_http_webhook_main_conf_t *wmcf)
{
    ngx_uint_t                        i;
    ngx_http_webhook_stats_entry_t  **entry;

    entry = wmcf->stats_entries.elts;

    for (i = 0; i < wmcf->stats_entries.nelts; i++) {
        ngx_http_webhook_payload_init(cf, entry[i]->gate);
        ngx_http_webhook_steps_compile(entry[i]->gate);

        /* several gates of one location have the same error pages */

        if (entry[i]->gate == entry[i]->gate->first
            && ngx_http_webhook_error_pages(cf, entry[i]->clcf) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_add_handler(ngx_conf_t *cf, ngx_http_phases phase,
    ngx_http_handler_pt handler)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[phase].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


/*
 * The handler is ahead of the access log's, which is to see the verdict of a
 * request that has ended before it got one.
 */

static ngx_int_t
ngx_http_webhook_add_log_handler(ngx_conf_t *cf)
{
    ngx_array_t                *handlers;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    handlers = &cmcf->phases[NGX_HTTP_LOG_PHASE].handlers;

    if (ngx_array_push(handlers) == NULL) {
        return NGX_ERROR;
    }

    h = handlers->elts;

    ngx_memmove(&h[1], &h[0],
                (handlers->nelts - 1) * sizeof(ngx_http_handler_pt));

    h[0] = ngx_http_webhook_log_handler;

    return NGX_OK;
}


/* Says how many secrets there are, when a configuration is taken into use. */

static ngx_int_t
ngx_http_webhook_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                        i, locations, secrets;
    ngx_array_t                      *array;
    ngx_http_webhook_main_conf_t     *wmcf;
    ngx_http_webhook_stats_entry_t  **entry;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_webhook_module);

    if (wmcf == NULL || ngx_test_config) {
        return NGX_OK;
    }

    locations = 0;
    secrets = 0;
    entry = wmcf->stats_entries.elts;

    for (i = 0; i < wmcf->stats_entries.nelts; i++) {

        if (entry[i]->gate != entry[i]->gate->first
            || entry[i]->clcf->noname)
        {
            continue;
        }

        array = entry[i]->wlcf->secrets;

        locations++;
        secrets += (array ? array->nelts : 0)
                   + (entry[i]->wlcf->challenge_secret != NULL);
    }

    if (locations) {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "webhook: %ui secret%s in %ui location%s",
                      secrets, secrets == 1 ? "" : "s",
                      locations, locations == 1 ? "" : "s");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_webhook_init_process(ngx_cycle_t *cycle)
{
    ngx_http_webhook_turn_init(cycle);

    if (ngx_http_webhook_zone_process(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_webhook_redis_process(cycle);
}


static void
ngx_http_webhook_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_webhook_redis_exit(cycle);
    ngx_http_webhook_md_exit(cycle);
}


static void *
ngx_http_webhook_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_main_conf_t));
    if (wmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&wmcf->providers, cf->pool, 4,
                       sizeof(ngx_http_webhook_provider_t *))
        != NGX_OK
        || ngx_array_init(&wmcf->vars, cf->pool, 4, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&wmcf->zones, cf->pool, 1,
                          sizeof(ngx_http_webhook_zone_t *))
           != NGX_OK
        || ngx_array_init(&wmcf->engines, cf->pool, 1,
                          sizeof(ngx_http_webhook_redis_t *))
           != NGX_OK
        || ngx_array_init(&wmcf->places, cf->pool, 4,
                          sizeof(ngx_http_webhook_loc_conf_t *))
           != NGX_OK
        || ngx_array_init(&wmcf->stats_entries, cf->pool, 4,
                          sizeof(ngx_http_webhook_stats_entry_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return wmcf;
}


static void *
ngx_http_webhook_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_webhook_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->providers = NULL;
     *     conf->names = { 0, NULL };
     *     conf->secrets = NULL;
     *     conf->challenge_secret = NULL;
     *     conf->certificates = NULL;
     *     conf->requires = NULL;
     *     conf->pins = NULL;
     *     conf->vars = NULL;
     *     conf->public_url = { 0, NULL };
     *     conf->dry_run = 0;
     *     conf->gate = NULL;
     *     conf->keyed = 0;
     *     conf->place = NULL;
     *     conf->scope = NULL;
     *     conf->stats_entries = NULL;
     *     conf->status = NULL;
     *     conf->open = 0;
     */

    conf->block_file = cf->conf_file->file.name;
    conf->block_line = cf->conf_file->line;
    conf->window.past = NGX_CONF_UNSET;
    conf->window.future = NGX_CONF_UNSET;
    conf->max_body = NGX_CONF_UNSET_SIZE;
    conf->replay = NGX_CONF_UNSET_PTR;
    conf->enforce = NGX_CONF_UNSET;
    conf->strip = NGX_CONF_UNSET;
    conf->ack = NGX_CONF_UNSET;
    conf->reject = NGX_CONF_UNSET;
    conf->log_level = NGX_CONF_UNSET_UINT;

    return conf;
}


static char *
ngx_http_webhook_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_webhook_loc_conf_t  *prev = parent;
    ngx_http_webhook_loc_conf_t  *conf = child;

    ngx_uint_t                     own, same;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_webhook_main_conf_t  *wmcf;

    own = ngx_http_webhook_check_own(conf);

    ngx_conf_merge_str_value(conf->public_url, prev->public_url, "");
    ngx_conf_merge_size_value(conf->max_body, prev->max_body, 100000);

    if (conf->enforce == NGX_CONF_UNSET) {
        conf->dry_run = prev->dry_run;
    }

    ngx_conf_merge_value(conf->enforce, prev->enforce, 1);
    ngx_conf_merge_value(conf->strip, prev->strip, 0);
    ngx_conf_merge_value(conf->ack, prev->ack, NGX_CONF_UNSET);
    ngx_conf_merge_value(conf->reject, prev->reject, NGX_CONF_UNSET);
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level, NGX_LOG_ERR);

    same = (conf->providers == NULL
            && conf->secrets == NULL
            && conf->challenge_secret == NULL
            && conf->certificates == NULL
            && conf->requires == NULL
            && conf->pins == NULL
            && conf->vars == NULL
            && conf->window.past == NGX_CONF_UNSET);

    if (conf->providers == NULL) {
        conf->providers = prev->providers;
        conf->names = prev->names;
        conf->file = prev->file;
        conf->line = prev->line;
        conf->open = prev->open;

    } else {
        conf->open = (conf->providers->nelts == 0);
    }

    if (conf->secrets == NULL) {
        conf->secrets = prev->secrets;
    }

    if (conf->challenge_secret == NULL) {
        conf->challenge_secret = prev->challenge_secret;
    }

    if (conf->certificates == NULL) {
        conf->certificates = prev->certificates;
    }

    if (conf->requires == NULL) {
        conf->requires = prev->requires;
    }

    if (conf->pins == NULL) {
        conf->pins = prev->pins;
    }

    if (ngx_http_webhook_vars_merge(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->window.past == NGX_CONF_UNSET) {
        conf->window = prev->window;
    }

    if (ngx_http_webhook_replay_merge(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* an "if" leaves the handler of its location in place */

    if (clcf->noname) {
        conf->status = prev->status;
    }

    if (conf->providers == NULL || conf->providers->nelts == 0) {

        if (clcf->satisfy == NGX_HTTP_SATISFY_ANY) {
            wmcf = ngx_http_conf_get_module_main_conf(cf,
                                                      ngx_http_webhook_module);
            wmcf->any = 1;
        }

        return ngx_http_webhook_check_block(cf, conf, own) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (conf->status) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"webhook_status\" in %V:%ui is in a location with "
                      "\"webhook %V\", add \"webhook off\" to its location",
                      &conf->status->file, conf->status->line,
                      &conf->names);
        return NGX_CONF_ERROR;
    }

    /* the level of http has no gate, it serves no request */

    if (same
        && prev->gate
        && ngx_http_webhook_providers_complete(prev->gate))
    {
        conf->gate = prev->gate;

    } else if (ngx_http_webhook_gate_compile(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_check_block(cf, conf, own) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_merge_gates(cf, conf);
}


/* What needs the gates of a location: checks, their steps, their counting. */

static char *
ngx_http_webhook_merge_gates(ngx_conf_t *cf, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_http_webhook_gate_t       *gate;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->post_action.len) {
        wmcf->post_action = 1;
    }

    for (gate = conf->gate; gate; gate = gate->next) {

        if (ngx_http_webhook_enforce_check(cf, gate, conf) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        if (conf->replay) {

            if (ngx_http_webhook_replay_check(cf, gate, conf)
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            gate->replay = 1;
        }

        if (conf->ack > 0
            || (conf->ack == NGX_CONF_UNSET && gate->provider->ack > 0))
        {
            wmcf->ack = 1;
        }

        if (ngx_http_webhook_stats_entry_add(cf, conf, gate) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (conf->replay == NULL) {
        return NGX_CONF_OK;
    }

    wmcf->replay = 1;

    return ngx_http_webhook_scope_check(cf, conf);
}
