
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Secrets in the configuration.
 */


#include "ngx_http_webhook_secret.h"


typedef struct {
    ngx_str_t      name;
    wh_encoding_e  encoding;
} ngx_http_webhook_decode_t;


static char *ngx_http_webhook_secret_option(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *word);
static char *ngx_http_webhook_secret_file(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *path);
static char *ngx_http_webhook_secret_env(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *raw);
static ngx_uint_t ngx_http_webhook_secret_is_path(ngx_conf_t *cf,
    ngx_str_t *text);
static char *ngx_http_webhook_secret_decode(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *raw);
static ngx_int_t ngx_http_webhook_secret_keep(ngx_pool_t *pool,
    ngx_str_t *bytes, size_t len);
static void ngx_http_webhook_secret_wipe(void *data);


static ngx_http_webhook_decode_t  ngx_http_webhook_decodes[] = {
    { ngx_string("decode=text"), WH_TEXT },
    { ngx_string("decode=hex"), WH_HEX },
    { ngx_string("decode=base64"), WH_BASE64 },
    { ngx_null_string, WH_TEXT }
};


/* Reads VALUE [decode=ENCODING] [for=NAME], and wipes the value's word. */

char *
ngx_http_webhook_secret_words(ngx_conf_t *cf, ngx_str_t *words, ngx_uint_t n,
    ngx_http_webhook_secret_t *secret)
{
    char                              *rv;
    ngx_str_t                          raw, rest;
    ngx_uint_t                         i;
    ngx_http_compile_complex_value_t   ccv;

    ngx_memzero(secret, sizeof(ngx_http_webhook_secret_t));

    for (i = 1; i < n; i++) {
        if (ngx_http_webhook_secret_option(cf, secret, &words[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_strncmp(words[0].data, "file:", 5) == 0) {
        rest.data = words[0].data + 5;
        rest.len = words[0].len - 5;

        return ngx_http_webhook_secret_file(cf, secret, &rest);

    } else if (ngx_strncmp(words[0].data, "env:", 4) == 0) {
        rest.data = words[0].data + 4;
        rest.len = words[0].len - 4;

        if (ngx_http_webhook_secret_env(cf, &rest, &raw) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

    } else if (ngx_http_script_variables_count(&words[0])) {

        secret->value = ngx_palloc(cf->pool,
                                   sizeof(ngx_http_complex_value_t));
        if (secret->value == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

        ccv.cf = cf;
        ccv.value = &words[0];
        ccv.complex_value = secret->value;

        if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"$\" in a secret begins a variable, a secret "
                               "with this character goes into a \"file:\"");
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;

    } else if (ngx_http_webhook_secret_is_path(cf, &words[0])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is the name of a file and can be guessed, "
                           "for what is in the file write \"file:\" in front",
                           (ngx_str_t *) cf->args->elts);
        return NGX_CONF_ERROR;

    } else {
        raw = words[0];
    }

    rv = ngx_http_webhook_secret_decode(cf, secret, &raw);

    ngx_explicit_memzero(raw.data, raw.len);

    return rv;
}


static char *
ngx_http_webhook_secret_option(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *word)
{
    ngx_str_t                  *directive;
    ngx_http_webhook_decode_t  *decode;

    directive = cf->args->elts;

    for (decode = ngx_http_webhook_decodes; decode->name.len; decode++) {
        if (ngx_http_webhook_str_equal(&decode->name, word)) {
            secret->encoding = decode->encoding;
            return NGX_CONF_OK;
        }
    }

    if (word->len > 4 && ngx_strncmp(word->data, "for=", 4) == 0) {
        secret->for_name.data = word->data + 4;
        secret->for_name.len = word->len - 4;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown option of \"%V\", it takes \"decode=text\", "
                       "\"decode=hex\", \"decode=base64\" and \"for=NAME\"; "
                       "a secret with spaces needs quotes", directive);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_secret_file(ngx_conf_t *cf, ngx_http_webhook_secret_t *secret,
    ngx_str_t *path)
{
    char             *rv;
    ngx_str_t         raw;
    const char       *what;
    ngx_file_info_t   fi;

    if (path->len == 0
        || ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no path after \"file:\" of a secret");
        return NGX_CONF_ERROR;
    }

    secret->file = ngx_http_webhook_file_add(cf, path, secret->encoding);
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

    if (ngx_file_access(&fi) & S_IROTH) {
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
    char  *value;

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

    return NGX_CONF_OK;
}


/* A path that nobody meant to be the secret is known to many. */

static ngx_uint_t
ngx_http_webhook_secret_is_path(ngx_conf_t *cf, ngx_str_t *text)
{
    ngx_str_t        path;
    ngx_uint_t       is_file;
    ngx_file_info_t  fi;

    path = *text;

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

    if (len < NGX_HTTP_WEBHOOK_SECRET_MIN) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" has only %uz bytes, fewer than %d can be "
                           "guessed", directive, len,
                           NGX_HTTP_WEBHOOK_SECRET_MIN);
    }

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
