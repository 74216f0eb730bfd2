
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Secrets in the configuration.
 */


#include "ngx_http_webhook_secret.h"
#include "core/wh_secret.h"
#include "core/wh_str.h"


typedef enum {
    NGX_HTTP_WEBHOOK_IN_FILE = 0,
    NGX_HTTP_WEBHOOK_IN_ENV,
    NGX_HTTP_WEBHOOK_NOWHERE        /* it is often taken for one of these */
} ngx_http_webhook_secret_place_e;


/* What is before the ":" of a value that is somewhere else. */

typedef struct {
    wh_str_t                         name;
    ngx_http_webhook_secret_place_e  place;
    wh_keyset_format_e               keyset;
} ngx_http_webhook_secret_source_t;


static ngx_http_webhook_secret_source_t *ngx_http_webhook_secret_source(
    ngx_str_t *text, ngx_str_t *rest);
static char *ngx_http_webhook_secret_text(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text);
static char *ngx_http_webhook_secret_file(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret,
    ngx_http_webhook_secret_source_t *source, ngx_str_t *path);
static char *ngx_http_webhook_secret_env(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *raw);
static ngx_uint_t ngx_http_webhook_secret_is_source(ngx_str_t *text);
static char *ngx_http_webhook_secret_no_url(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text);
static ngx_uint_t ngx_http_webhook_secret_is_path(ngx_conf_t *cf,
    ngx_str_t *text);
static char *ngx_http_webhook_secret_decode(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *raw);
static ngx_int_t ngx_http_webhook_secret_keep(ngx_pool_t *pool,
    ngx_str_t *bytes, size_t len);
static void ngx_http_webhook_secret_wipe(void *data);


/* those that are nowhere come last */

static ngx_http_webhook_secret_source_t  ngx_http_webhook_secret_sources[] = {
    { wh_string("file"), NGX_HTTP_WEBHOOK_IN_FILE, WH_KEYSET_NONE },
    { wh_string("jwks"), NGX_HTTP_WEBHOOK_IN_FILE, WH_KEYSET_JWKS },
    { wh_string("keys"), NGX_HTTP_WEBHOOK_IN_FILE, WH_KEYSET_PEM },
    { wh_string("env"), NGX_HTTP_WEBHOOK_IN_ENV, WH_KEYSET_NONE },
    { wh_string("jwk"), NGX_HTTP_WEBHOOK_NOWHERE, WH_KEYSET_NONE },
    { wh_string("environment"), NGX_HTTP_WEBHOOK_NOWHERE, WH_KEYSET_NONE },
    { wh_string(""), NGX_HTTP_WEBHOOK_NOWHERE, WH_KEYSET_NONE }
};


/* A directive's first word begins a secret, or an error is said. */

char *
ngx_http_webhook_secret_init(ngx_conf_t *cf, ngx_http_webhook_secret_t *secret,
    ngx_str_t *text)
{
    ngx_memzero(secret, sizeof(ngx_http_webhook_secret_t));

    secret->directive = *(ngx_str_t *) cf->args->elts;
    secret->conf_file = cf->conf_file->file.name;
    secret->line = cf->conf_file->line;

    if (ngx_http_webhook_secret_is_source(text)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" begins nearly as \"file:PATH\", "
                           "\"jwks:PATH\", \"keys:PATH\" or \"env:NAME\", "
                           "which are in small letters, with a colon and no "
                           "space; a secret that begins so goes into a "
                           "\"file:\"", &secret->directive);
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_secret_no_url(cf, secret, text);
}


/* The row of "SOURCE:REST" without a slip in it, or NULL. */

static ngx_http_webhook_secret_source_t *
ngx_http_webhook_secret_source(ngx_str_t *text, ngx_str_t *rest)
{
    size_t                             len;
    ngx_http_webhook_secret_source_t  *source;

    source = ngx_http_webhook_secret_sources;

    for ( /* void */ ; source->place != NGX_HTTP_WEBHOOK_NOWHERE; source++) {

        len = source->name.len;

        if (ngx_strncmp(text->data, source->name.data, len) == 0
            && text->data[len] == ':')
        {
            rest->data = text->data + len + 1;
            rest->len = text->len - len - 1;

            return source;
        }
    }

    return NULL;
}


/* Reads the word when the options are known, and wipes it. */

char *
ngx_http_webhook_secret_value(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text)
{
    char                              *rv;
    ngx_str_t                          raw, rest;
    ngx_http_webhook_secret_source_t  *source;

    source = ngx_http_webhook_secret_source(text, &rest);
    raw = *text;

    if (source && source->place == NGX_HTTP_WEBHOOK_IN_FILE) {
        secret->keyset = source->keyset;

        return ngx_http_webhook_secret_file(cf, secret, source, &rest);
    }

    if (source) {

        if (ngx_http_webhook_secret_env(cf, &rest, &raw) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

    } else if (ngx_http_script_variables_count(text)) {
        return ngx_http_webhook_secret_text(cf, secret, text);

    } else if (ngx_http_webhook_secret_is_path(cf, text)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is the name of a file and can be guessed, "
                           "for what is in the file write \"file:\" in front",
                           &secret->directive);
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_webhook_secret_decode(cf, secret, &raw);

    ngx_explicit_memzero(raw.data, raw.len);

    return rv;
}


/* Text with variables, which is evaluated for each request. */

static char *
ngx_http_webhook_secret_text(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text)
{
    secret->value = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (secret->value == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_text_compile(cf, text, secret->value) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"$\" in a secret begins a variable, a secret "
                           "with this character goes into a \"file:\"");
        return NGX_CONF_ERROR;
    }

    return ngx_http_webhook_secret_variables(cf, secret, text);
}


static char *
ngx_http_webhook_secret_file(ngx_conf_t *cf, ngx_http_webhook_secret_t *secret,
    ngx_http_webhook_secret_source_t *source, ngx_str_t *path)
{
    char             *rv;
    ngx_str_t         raw;
    const char       *what;
    ngx_file_info_t   fi;

    if (ngx_http_webhook_secret_no_url(cf, secret, path) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (path->len == 0
        || ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no path after \"%*s:\" of a secret",
                           source->name.len, source->name.data);
        return NGX_CONF_ERROR;
    }

    if (secret->keyset && secret->decode) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" has a set of keys and a \"decode=\", the "
                           "set is JSON, remove the \"decode=\"",
                           &secret->directive);
        return NGX_CONF_ERROR;
    }

    secret->file = ngx_http_webhook_file_add(cf, path, secret->encoding,
                                             secret->keyset);
    if (secret->file == NULL) {
        return NGX_CONF_ERROR;
    }

    what = ngx_http_webhook_file_read(path, cf->log, &raw, &fi);

    if (what) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "secret file \"%V\" %s", path, what);
        return NGX_CONF_ERROR;
    }

    if (secret->file->info.st_ino == 0) {
        secret->file->info = fi;
    }

    if (secret->keyset == WH_KEYSET_NONE
        && (ngx_file_access(&fi) & S_IROTH))
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "secret file \"%V\" can be read by every user, "
                           "\"chmod o-r\" it", path);
    }

    rv = ngx_http_webhook_secret_decode(cf, secret, &raw);

    ngx_http_webhook_file_free(&raw);

    return rv;
}


static char *
ngx_http_webhook_secret_env(ngx_conf_t *cf, ngx_str_t *name, ngx_str_t *raw)
{
    char      *value;
    wh_str_t   line;

    value = getenv((char *) name->data);

    if (value == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no variable \"%V\" in the environment that nginx "
                           "was started with", name);
        return NGX_CONF_ERROR;
    }

    /* the environment itself stays as it is: a reload reads it again */

    raw->len = ngx_strlen(value);
    raw->data = ngx_pnalloc(cf->temp_pool, raw->len + 1);
    if (raw->data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(raw->data, value, raw->len);

    line = wh_secret_line(ngx_http_webhook_wh_str(raw));
    raw->len = line.len;

    return NGX_CONF_OK;
}


/* Whether a text is a source with a slip in it. */

static ngx_uint_t
ngx_http_webhook_secret_is_source(ngx_str_t *text)
{
    wh_str_t                           end;
    ngx_str_t                          rest;
    ngx_http_webhook_secret_source_t  *source;

    if (ngx_http_webhook_secret_source(text, &rest)) {
        return rest.len && (rest.data[0] == ' ' || rest.data[0] == '\t');
    }

    source = ngx_http_webhook_secret_sources;

    for ( /* void */ ; source->name.len; source++) {

        end = ngx_http_webhook_wh_str(text);

        if (wh_cut_prefix_caseless(&end, source->name)
            && end.len
            && (end.data[0] == ':' || end.data[0] == '='))
        {
            return 1;
        }
    }

    return ngx_strncmp(text->data, "@/", 2) == 0;
}


/* An outside job fetches keys, and nginx never does. */

static char *
ngx_http_webhook_secret_no_url(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *text)
{
    if (ngx_strncasecmp(text->data, (u_char *) "https://", 8) != 0
        && ngx_strncasecmp(text->data, (u_char *) "http://", 7) != 0)
    {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" has the URL \"%V\", which nginx does not "
                       "fetch, have \"webhook-keys\" write a file of what is "
                       "there and give that as \"jwks:PATH\" or "
                       "\"keys:PATH\"", &secret->directive, text);

    return NGX_CONF_ERROR;
}


/* A path that nobody meant to be the secret is known to many. */

static ngx_uint_t
ngx_http_webhook_secret_is_path(ngx_conf_t *cf, ngx_str_t *text)
{
    u_char          *p;
    ngx_str_t        path;
    ngx_uint_t       is_file;
    ngx_file_info_t  fi;

    path = *text;

    /* "/etc/", also where there is no such file; Base64 may have a "/" */

    p = path.data;

    if (*p == '/') {

        while (*++p >= 'a' && *p <= 'z') { /* void */ }

        if (*p == '/' && p - path.data > 2) {
            return 1;
        }
    }

    if (ngx_strchr(path.data, '/') == NULL
        || ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK)
    {
        return 0;
    }

    is_file = ngx_file_info(path.data, &fi) != NGX_FILE_ERROR
              && ngx_is_file(&fi);

    if (path.data != text->data) {
        ngx_explicit_memzero(path.data, path.len);
    }

    return is_file;
}


static char *
ngx_http_webhook_secret_decode(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *raw)
{
    size_t      len;
    ngx_str_t  *directive;

    directive = cf->args->elts;

    if (raw->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is empty, anybody would know it",
                           directive);
        return NGX_CONF_ERROR;
    }

    len = wh_decoded_len(secret->encoding, raw->len);

    /* keys are made of it before this pool goes */

    if (ngx_http_webhook_secret_keep(cf->temp_pool, &secret->bytes, len)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (wh_decode(secret->encoding, ngx_http_webhook_wh_str(raw),
                  secret->bytes.data, &len)
        != WH_OK
        || len == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not %s, as its \"decode=\" says",
                           directive,
                           secret->encoding == WH_HEX ? "hex" : "base64");
        return NGX_CONF_ERROR;
    }

    secret->bytes.len = len;

    return NGX_CONF_OK;
}


/* Memory for a secret, wiped when the pool goes. */

static ngx_int_t
ngx_http_webhook_secret_keep(ngx_pool_t *pool, ngx_str_t *bytes, size_t len)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_str_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    bytes->len = len;
    bytes->data = ngx_pnalloc(pool, len + 1);
    if (bytes->data == NULL) {
        return NGX_ERROR;
    }

    *(ngx_str_t *) cln->data = *bytes;
    cln->handler = ngx_http_webhook_secret_wipe;

    return NGX_OK;
}


static void
ngx_http_webhook_secret_wipe(void *data)
{
    ngx_str_t  *bytes = data;

    ngx_explicit_memzero(bytes->data, bytes->len);
}
