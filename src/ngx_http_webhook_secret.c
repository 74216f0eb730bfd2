
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Secrets, from the configuration to keys that are ready for use.
 */


#include "ngx_http_webhook.h"


#define NGX_HTTP_WEBHOOK_SECRET_MIN   16        /* bytes, below is a warning */
#define NGX_HTTP_WEBHOOK_SECRET_MAX   65536     /* bytes of a file */


typedef struct {
    ngx_str_t      name;
    wh_encoding_e  encoding;
} ngx_http_webhook_decode_t;


static char *ngx_http_webhook_secret_option(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *word);
static char *ngx_http_webhook_secret_file(ngx_conf_t *cf, ngx_str_t *path,
    ngx_str_t *raw);
static char *ngx_http_webhook_secret_env(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *raw);
static char *ngx_http_webhook_secret_decode(ngx_conf_t *cf,
    ngx_http_webhook_secret_t *secret, ngx_str_t *raw);
static ngx_int_t ngx_http_webhook_secret_keep(ngx_pool_t *pool,
    ngx_str_t *bytes, size_t len);
static void ngx_http_webhook_secret_wipe(void *data);
static void ngx_http_webhook_key_cleanup(void *data);


static ngx_http_webhook_decode_t  ngx_http_webhook_decodes[] = {
    { ngx_string("decode=text"), WH_TEXT },
    { ngx_string("decode=hex"), WH_HEX },
    { ngx_string("decode=base64"), WH_BASE64 },
    { ngx_null_string, WH_TEXT }
};


/*
 * Reads VALUE [decode=ENCODING] [for=NAME].  The value's word is wiped.
 */

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

        if (ngx_http_webhook_secret_file(cf, &rest, &raw) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

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
        if (decode->name.len == word->len
            && ngx_strncmp(decode->name.data, word->data, word->len) == 0)
        {
            secret->encoding = decode->encoding;
            return NGX_CONF_OK;
        }
    }

    if (word->len > 4 && ngx_strncmp(word->data, "for=", 4) == 0) {
        secret->rule.data = word->data + 4;
        secret->rule.len = word->len - 4;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown option of \"%V\", it takes \"decode=text\", "
                       "\"decode=hex\", \"decode=base64\" and \"for=NAME\"; "
                       "a secret with blanks needs quotes", directive);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_secret_file(ngx_conf_t *cf, ngx_str_t *path, ngx_str_t *raw)
{
    char             *rv;
    ssize_t           n;
    ngx_file_t        file;
    ngx_file_info_t   fi;

    rv = NGX_CONF_ERROR;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *path;
    file.log = cf->log;

    if (path->len == 0
        || ngx_conf_full_name(cf->cycle, &file.name, 1) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no path behind \"file:\" of a secret");
        return NGX_CONF_ERROR;
    }

    file.fd = ngx_open_file(file.name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN,
                            0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "secret file: " ngx_open_file_n " \"%V\" failed",
                           &file.name);
        return NGX_CONF_ERROR;
    }

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "secret file: " ngx_fd_info_n " \"%V\" failed",
                           &file.name);
        goto done;
    }

    if (!ngx_is_file(&fi) || ngx_file_size(&fi) > NGX_HTTP_WEBHOOK_SECRET_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "secret file \"%V\" is not a file of at most %d "
                           "bytes", &file.name, NGX_HTTP_WEBHOOK_SECRET_MAX);
        goto done;
    }

    if (ngx_file_access(&fi) & S_IROTH) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "secret file \"%V\" can be read by every user, "
                           "\"chmod o-r\" it", &file.name);
    }

    raw->len = ngx_file_size(&fi);
    raw->data = ngx_pnalloc(cf->pool, raw->len + 1);
    if (raw->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, raw->data, raw->len, 0);

    if (n == NGX_ERROR || (size_t) n != raw->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "secret file \"%V\" could not be read whole",
                           &file.name);
        goto done;
    }

    if (raw->len && raw->data[raw->len - 1] == LF) {
        raw->len--;

        if (raw->len && raw->data[raw->len - 1] == CR) {
            raw->len--;
        }
    }

    rv = NGX_CONF_OK;

done:

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &file.name);
    }

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
    raw->data = ngx_pnalloc(cf->pool, raw->len + 1);
    if (raw->data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(raw->data, value, raw->len);

    return NGX_CONF_OK;
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

    if (ngx_http_webhook_secret_keep(cf->pool, &secret->bytes, len)
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


/*
 * Schedules a secret's bytes for comparing tokens and for the HMACs whose
 * bits are set in digests.  The key belongs to the pool, which wipes it.
 */

ngx_int_t
ngx_http_webhook_secret_key(ngx_pool_t *pool, ngx_str_t *bytes,
    ngx_uint_t digests, ngx_http_webhook_key_t **key)
{
    ngx_uint_t           i;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_http_webhook_key_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    *key = cln->data;
    ngx_memzero(*key, sizeof(ngx_http_webhook_key_t));

    cln->handler = ngx_http_webhook_key_cleanup;

    if (wh_token_digest(ngx_http_webhook_wh_str(bytes), (*key)->digest)
        != WH_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < WH_DIGESTS; i++) {
        if ((digests & (1 << i))
            && wh_hmac_key_init(&(*key)->hmac[i], i, bytes->data, bytes->len)
               != WH_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_webhook_key_cleanup(void *data)
{
    ngx_http_webhook_key_t  *key = data;

    ngx_uint_t  i;

    for (i = 0; i < WH_DIGESTS; i++) {
        wh_hmac_key_free(&key->hmac[i]);
    }

    ngx_explicit_memzero(key, sizeof(ngx_http_webhook_key_t));
}


/*
 * The key of a secret that has variables, for this request.  An empty value
 * and one that cannot be decoded give no key, *key is then NULL: a tenant
 * need not have a second secret.
 */

ngx_int_t
ngx_http_webhook_secret_evaluate(ngx_http_request_t *r,
    ngx_http_webhook_secret_t *secret, ngx_uint_t digests,
    ngx_http_webhook_key_t **key)
{
    int          rc;
    size_t       len;
    ngx_int_t    evaluated;
    ngx_str_t    raw, bytes;
    ngx_log_t   *log;
    ngx_uint_t   level;

    *key = NULL;

    /* nginx's script engine and map print values at debug level */

    log = r->connection->log;
    level = log->log_level;
    log->log_level &= ~NGX_LOG_DEBUG_ALL;

    evaluated = ngx_http_complex_value(r, secret->value, &raw);

    log->log_level = level;

    if (evaluated != NGX_OK) {
        return NGX_ERROR;
    }

    if (raw.len == 0) {
        return NGX_OK;
    }

    len = wh_decoded_len(secret->encoding, raw.len);

    if (ngx_http_webhook_secret_keep(r->pool, &bytes, len) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = wh_decode(secret->encoding, ngx_http_webhook_wh_str(&raw),
                   bytes.data, &len);

    if (rc != WH_OK || len == 0) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "webhook secret from a variable cannot be decoded");
        return NGX_OK;
    }

    bytes.len = len;

    return ngx_http_webhook_secret_key(r->pool, &bytes, digests, key);
}
