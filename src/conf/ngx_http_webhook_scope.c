
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Scopes of replay protection: which place it is that a message comes to.  It
 * depends on the place's own name, so that it stays the same when others come
 * and go.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_name.h"


static u_char *ngx_http_webhook_scope_location(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev);
static u_char *ngx_http_webhook_scope_name(ngx_conf_t *cf, wh_name_e what,
    wh_str_t *parts, size_t n);
static ngx_uint_t ngx_http_webhook_scope_same(
    ngx_http_webhook_loc_conf_t *one, ngx_http_webhook_loc_conf_t *two);
static ngx_uint_t ngx_http_webhook_scope_same_gate(
    ngx_http_webhook_gate_t *one, ngx_http_webhook_gate_t *two);
static ngx_uint_t ngx_http_webhook_scope_same_replay(
    ngx_http_webhook_replay_t *one, ngx_http_webhook_replay_t *two);


/* The scope of a location: that of "scope=", or else by where it is. */

ngx_int_t
ngx_http_webhook_scope_merge(ngx_conf_t *cf, ngx_http_webhook_loc_conf_t *prev,
    ngx_http_webhook_loc_conf_t *conf)
{
    wh_str_t                       name;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    if (wmcf->zones.nelts == 0) {
        return NGX_OK;
    }

    conf->place = ngx_http_webhook_scope_location(cf, prev);
    if (conf->place == NULL) {
        return NGX_ERROR;
    }

    if (conf->replay == NULL || conf->replay->scope.len == 0) {
        conf->scope = conf->place;
        return NGX_OK;
    }

    name = ngx_http_webhook_wh_str(&conf->replay->scope);

    conf->scope = ngx_http_webhook_scope_name(cf, WH_NAME_SCOPE, &name, 1);

    return conf->scope ? NGX_OK : NGX_ERROR;
}


/* A location's name after those of what it is in; NULL after an error. */

static u_char *
ngx_http_webhook_scope_location(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev)
{
    u_char                     kind;
    wh_str_t                   parts[3];
    ngx_http_core_srv_conf_t  *cscf;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (prev->place == NULL) {
        cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

        parts[0] = ngx_http_webhook_wh_str(&cscf->server_name);

        return ngx_http_webhook_scope_name(cf, WH_NAME_SERVER, parts, 1);
    }

    if (clcf->noname) {
        return prev->place;
    }

    kind = clcf->exact_match;
#if (NGX_PCRE)
    kind |= clcf->regex ? 2 : 0;
#endif

    parts[0].data = prev->place;
    parts[0].len = WH_NAME_SIZE;
    parts[1].data = &kind;
    parts[1].len = 1;
    parts[2] = ngx_http_webhook_wh_str(&clcf->name);

    return ngx_http_webhook_scope_name(cf, WH_NAME_LOCATION, parts, 3);
}


static u_char *
ngx_http_webhook_scope_name(ngx_conf_t *cf, wh_name_e what, wh_str_t *parts,
    size_t n)
{
    int          rc;
    u_char      *name;
    EVP_MD_CTX  *md;

    name = ngx_pnalloc(cf->pool, WH_NAME_SIZE);
    if (name == NULL) {
        return NULL;
    }

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NULL;
    }

    rc = wh_name(md, what, parts, n, name);

    EVP_MD_CTX_free(md);

    return rc == WH_OK ? name : NULL;
}


/*
 * Two locations with one scope are one place, as those of a server for port 80
 * and of one for 443.  If they do not verify in the same way, a message to the
 * one could be lost as a copy of one to the other.
 */

char *
ngx_http_webhook_scope_check(ngx_conf_t *cf, ngx_http_webhook_loc_conf_t *conf)
{
    ngx_uint_t                      i;
    ngx_http_core_srv_conf_t       *cscf;
    ngx_http_webhook_loc_conf_t   **places;
    ngx_http_webhook_main_conf_t   *wmcf;

    if (!ngx_http_webhook_providers_complete(conf->gate)) {
        return NGX_CONF_OK;
    }

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    if (conf->replay->redis
        && conf->replay->scope.len == 0
        && cscf->server_name.len == 0)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"webhook_replay\" in %V:%ui is shared with other "
                      "hosts and in a server without \"server_name\", add "
                      "\"scope=NAME\" by which they know the place",
                      &conf->replay->file, conf->replay->line);
        return NGX_CONF_ERROR;
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    places = wmcf->places.elts;

    for (i = 0; i < wmcf->places.nelts; i++) {

        if (places[i]->replay->zone != conf->replay->zone
            || ngx_memcmp(places[i]->scope, conf->scope, WH_NAME_SIZE) != 0)
        {
            continue;
        }

        if (ngx_http_webhook_scope_same(places[i], conf)) {
            return NGX_CONF_OK;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"webhook %V\" in %V:%ui and \"webhook %V\" in %V:%ui "
                      "are one place to \"webhook_replay\", but not with the "
                      "same providers, secrets and options, give each "
                      "\"webhook_replay\" another \"scope=NAME\"",
                      &places[i]->names, &places[i]->file, places[i]->line,
                      &conf->names, &conf->file, conf->line);

        return NGX_CONF_ERROR;
    }

    places = ngx_array_push(&wmcf->places);
    if (places == NULL) {
        return NGX_CONF_ERROR;
    }

    *places = conf;

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_webhook_scope_same(ngx_http_webhook_loc_conf_t *one,
    ngx_http_webhook_loc_conf_t *two)
{
    ngx_http_webhook_gate_t  *gate, *other;

    if (!ngx_http_webhook_scope_same_replay(one->replay, two->replay)) {
        return 0;
    }

    gate = one->gate;
    other = two->gate;

    if (gate == other) {
        return 1;
    }

    for ( /* void */ ; gate && other; gate = gate->next, other = other->next) {
        if (!ngx_http_webhook_scope_same_gate(gate, other)) {
            return 0;
        }
    }

    return gate == NULL && other == NULL;
}


static ngx_uint_t
ngx_http_webhook_scope_same_gate(ngx_http_webhook_gate_t *one,
    ngx_http_webhook_gate_t *two)
{
    ngx_uint_t                   i;
    ngx_http_webhook_keyslot_t  *keyslot, *other;

    if (one->provider != two->provider || one->nkeys != two->nkeys) {
        return 0;
    }

    for (i = 0; i < one->nkeys; i++) {

        keyslot = &one->keyslots[i];
        other = &two->keyslots[i];

        if (!ngx_http_webhook_str_equal(&keyslot->for_name, &other->for_name)
            || !ngx_http_webhook_keys_same(keyslot, keyslot->key, other))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_webhook_scope_same_replay(ngx_http_webhook_replay_t *one,
    ngx_http_webhook_replay_t *two)
{
    if (one == two) {
        return 1;
    }

    if (one->key == NULL || two->key == NULL) {
        if (one->key != two->key) {
            return 0;
        }

    } else if (!ngx_http_webhook_str_equal(&one->key->text, &two->key->text)) {
        return 0;
    }

    return one->ttl == two->ttl
           && one->redis == two->redis
           && ngx_http_webhook_str_equal(&one->tenant_text,
                                         &two->tenant_text);
}
