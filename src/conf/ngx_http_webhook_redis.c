
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The directive "webhook_redis": an engine that several hosts share.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_secret.h"


#define NGX_HTTP_WEBHOOK_REDIS_PORT       6379
#define NGX_HTTP_WEBHOOK_REDIS_PREFIX     64     /* bytes, at most */
#define NGX_HTTP_WEBHOOK_REDIS_MIN_LEASE  1000   /* milliseconds */


/* What the words of the directive set. */

typedef struct {
    ngx_http_webhook_redis_t     redis;
    ngx_http_webhook_secret_t    password;
    ngx_http_webhook_secret_t    key;
} ngx_http_webhook_redis_words_t;


static ngx_http_webhook_option_handler_t  ngx_http_webhook_redis_option_secret;
static ngx_http_webhook_option_handler_t  ngx_http_webhook_redis_option_prefix;
static ngx_http_webhook_option_handler_t  ngx_http_webhook_redis_option_msec;
static char *ngx_http_webhook_redis_url(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis, ngx_uint_t *tls);
static char *ngx_http_webhook_redis_url_wrong(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis);
static char *ngx_http_webhook_redis_addresses(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis, ngx_str_t *text);
static char *ngx_http_webhook_redis_check(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis, ngx_uint_t tls);
static char *ngx_http_webhook_redis_tls(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis);
static char *ngx_http_webhook_redis_key(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis, ngx_str_t *bytes);
static void ngx_http_webhook_redis_key_free(void *data);
static char *ngx_http_webhook_redis_password(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis, ngx_http_webhook_secret_t *secret);
static ngx_int_t ngx_http_webhook_redis_password_set(
    ngx_http_webhook_redis_t *redis, ngx_str_t *bytes, ngx_log_t *log);
static void ngx_http_webhook_redis_password_free(void *data);
static void ngx_http_webhook_redis_reread(ngx_http_webhook_redis_t *redis,
    ngx_log_t *log);


static ngx_http_webhook_keyword_t  ngx_http_webhook_redis_on_errors[] = {
    { ngx_string("refuse"), NGX_HTTP_WEBHOOK_REDIS_REFUSE },
    { ngx_string("local"), NGX_HTTP_WEBHOOK_REDIS_LOCAL },
    { ngx_null_string, 0 }
};


#define ngx_http_webhook_redis_offset(member)                                 \
    offsetof(ngx_http_webhook_redis_words_t, member)


static ngx_http_webhook_option_t  ngx_http_webhook_redis_options[] = {
    { ngx_string("user=NAME"), ngx_http_webhook_option_text,
      ngx_http_webhook_redis_offset(redis.user), NULL, 0, 0 },
    { ngx_string("password=VALUE"), ngx_http_webhook_redis_option_secret,
      ngx_http_webhook_redis_offset(password), NULL, 0, 0 },
    { ngx_string("key=VALUE"), ngx_http_webhook_redis_option_secret,
      ngx_http_webhook_redis_offset(key), NULL, 0, 0 },
    { ngx_string("prefix=TEXT"), ngx_http_webhook_redis_option_prefix,
      ngx_http_webhook_redis_offset(redis.prefix), NULL, 0, 0 },
    { ngx_string("timeout=TIME"), ngx_http_webhook_redis_option_msec,
      ngx_http_webhook_redis_offset(redis.timeout), NULL, 0, 0 },
    { ngx_string("connect_timeout=TIME"), ngx_http_webhook_redis_option_msec,
      ngx_http_webhook_redis_offset(redis.connect_timeout), NULL, 0, 0 },
    { ngx_string("lease=TIME"), ngx_http_webhook_redis_option_msec,
      ngx_http_webhook_redis_offset(redis.lease), NULL, 0, 0 },
    { ngx_string("on_error=refuse|local"), ngx_http_webhook_option_keyword,
      ngx_http_webhook_redis_offset(redis.on_error),
      ngx_http_webhook_redis_on_errors, 0, 0 },
    { ngx_string("server_name=NAME"), ngx_http_webhook_option_text,
      ngx_http_webhook_redis_offset(redis.server_name), NULL, 0, 0 },
    { ngx_string("trusted_certificate=FILE"), ngx_http_webhook_option_text,
      ngx_http_webhook_redis_offset(redis.trusted_certificate), NULL, 0, 0 },
    { ngx_string("certificate=FILE"), ngx_http_webhook_option_text,
      ngx_http_webhook_redis_offset(redis.certificate), NULL, 0, 0 },
    { ngx_string("certificate_key=FILE"), ngx_http_webhook_option_text,
      ngx_http_webhook_redis_offset(redis.certificate_key), NULL, 0, 0 },
    { ngx_null_string, NULL, 0, NULL, 0, 0 }
};


/* webhook_redis NAME URL [option ...] */

char *
ngx_http_webhook_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_webhook_main_conf_t  *wmcf = conf;

    char                            *rv;
    ngx_str_t                       *value;
    ngx_uint_t                       tls;
    ngx_http_webhook_redis_t        *redis, **slot;
    ngx_http_webhook_redis_words_t  *words;

    if (!ngx_http_webhook_hiredis()) {
        return "is not known to this module, which was built without hiredis; "
               "build it where the package libhiredis-dev is installed";
    }

    value = cf->args->elts;

    if (ngx_http_webhook_text(cf, &value[1]) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_webhook_named(&wmcf->engines, &value[1])) {
        return ngx_http_webhook_error(cf,
                           "the engine \"%V\" is defined twice", &value[1]);
    }

    words = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_redis_words_t));
    slot = ngx_array_push(&wmcf->engines);

    if (words == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    redis = &words->redis;
    *slot = redis;

    redis->name = value[1];
    redis->url = value[2];
    redis->timeout = 100;
    redis->connect_timeout = 1000;
    redis->lease = 30000;
    redis->file = cf->conf_file->file.name;
    redis->line = cf->conf_file->line;
    redis->clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    redis->reread = ngx_http_webhook_redis_reread;
    redis->source = &words->password;

    ngx_str_set(&redis->prefix, "wh:");

    if (ngx_http_webhook_options(cf, ngx_http_webhook_redis_options, &value[3],
                                 cf->args->nelts - 3, words, NULL)
        != NGX_CONF_OK
        || ngx_http_webhook_redis_url(cf, redis, &tls) != NGX_CONF_OK
        || ngx_http_webhook_redis_password(cf, redis, &words->password)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_webhook_redis_key(cf, redis, &words->key.bytes);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_webhook_redis_check(cf, redis, tls);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_http_webhook_redis_zone(cf, redis) == NGX_OK ? NGX_CONF_OK
                                                            : NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_redis_option_secret(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_http_webhook_secret_t  *secret = field;

    const char  *odd;

    if (ngx_strlchr(value->data, value->data + value->len, '$')) {
        return ngx_http_webhook_error(cf,
                           "a secret of \"webhook_redis\" takes no variables, "
                           "one with \"$\" goes into a \"file:\"");
    }

    if (ngx_http_webhook_secret_init(cf, secret, value) != NGX_CONF_OK
        || ngx_http_webhook_secret_value(cf, secret, value) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (secret->keyset) {
        return ngx_http_webhook_error(cf,
                           "a secret of \"webhook_redis\" is no set of public "
                           "keys, for what is in a file write \"file:PATH\"");
    }

    odd = wh_secret_odd(ngx_http_webhook_wh_str(&secret->bytes), 0);

    if (odd) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "a secret of \"webhook_redis\" %s", odd);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_redis_option_prefix(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    size_t      i;
    ngx_str_t  *prefix = field;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] <= ' ' || value->data[i] > '~') {
            break;
        }
    }

    if (i < value->len || value->len > NGX_HTTP_WEBHOOK_REDIS_PREFIX) {
        return ngx_http_webhook_error(cf,
                           "invalid prefix \"%V\", it is at most %d visible "
                           "characters like \"wh:\"", value,
                           NGX_HTTP_WEBHOOK_REDIS_PREFIX);
    }

    *prefix = *value;

    return ngx_http_webhook_text(cf, value);
}


static char *
ngx_http_webhook_redis_option_msec(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_int_t    time;
    ngx_msec_t  *msec = field;

    time = ngx_parse_time(value, 0);

    if (time == NGX_ERROR || time == 0) {
        return ngx_http_webhook_error(cf,
                           "invalid time \"%V\" of \"webhook_redis\", it is "
                           "like \"100ms\" or \"30s\" and not 0", value);
    }

    *msec = time;

    return NGX_CONF_OK;
}


/* redis://HOST[:PORT][/NUMBER], rediss:// for TLS, or unix:PATH */

static char *
ngx_http_webhook_redis_url(ngx_conf_t *cf, ngx_http_webhook_redis_t *redis,
    ngx_uint_t *tls)
{
    u_char     *slash, *last;
    ngx_int_t   n;
    ngx_str_t   text;

    text = redis->url;
    *tls = 0;

    if (ngx_strncmp(text.data, "unix:/", 6) == 0) {
        return ngx_http_webhook_redis_addresses(cf, redis, &text);
    }

    if (ngx_strncmp(text.data, "redis://", 8) == 0) {
        text.data += 8;
        text.len -= 8;

    } else if (ngx_strncmp(text.data, "rediss://", 9) == 0) {
        text.data += 9;
        text.len -= 9;
        *tls = 1;

    } else {
        return ngx_http_webhook_redis_url_wrong(cf, redis);
    }

    last = text.data + text.len;
    slash = ngx_strlchr(text.data, last, '/');

    if (slash) {
        text.len = slash - text.data;

        redis->database.data = slash + 1;
        redis->database.len = last - (slash + 1);
    }

    if (text.len == 0
        || ngx_strlchr(text.data, last, '@')
        || ngx_strlchr(text.data, last, '?')
        || ngx_strlchr(text.data, last, '#'))
    {
        return ngx_http_webhook_redis_url_wrong(cf, redis);
    }

    if (redis->database.len) {

        n = ngx_atoi(redis->database.data, redis->database.len);

        if (n == NGX_ERROR) {
            return ngx_http_webhook_redis_url_wrong(cf, redis);
        }

        if (n == 0) {
            redis->database.len = 0;
        }
    }

    return ngx_http_webhook_redis_addresses(cf, redis, &text);
}


/* A password may be in it. */

static char *
ngx_http_webhook_redis_url_wrong(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis)
{
    return ngx_http_webhook_error(cf,
                       "invalid URL of the engine \"%V\", it is like "
                       "\"redis://HOST:6379/0\", \"rediss://HOST:6380\" or "
                       "\"unix:/run/redis.sock\"; what else there is goes "
                       "into options, as \"user=\" and \"password=\"",
                       &redis->name);
}


/* All addresses of the name, as they are when nginx starts. */

static char *
ngx_http_webhook_redis_addresses(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis, ngx_str_t *text)
{
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *text;
    u.default_port = NGX_HTTP_WEBHOOK_REDIS_PORT;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        return ngx_http_webhook_error(cf,
                           "%s in \"%V\" of the engine \"%V\"",
                           u.err ? u.err : "no memory", text, &redis->name);
    }

    redis->addrs = u.addrs;
    redis->naddrs = u.naddrs;
    redis->port = u.port;

    if (u.family == AF_UNIX) {
        return NGX_CONF_OK;
    }

    /* for OpenSSL it ends with a zero byte */

    redis->host.len = u.host.len;
    redis->host.data = ngx_pnalloc(cf->pool, u.host.len + 1);

    if (redis->host.data == NULL) {
        return NGX_CONF_ERROR;
    }

    (void) ngx_cpystrn(redis->host.data, u.host.data, u.host.len + 1);

    redis->named = (ngx_inet_addr(u.host.data, u.host.len) == INADDR_NONE
                    && ngx_strlchr(u.host.data, u.host.data + u.host.len, ':')
                       == NULL);

    return NGX_CONF_OK;
}


/* What has no effect, or cannot work. */

static char *
ngx_http_webhook_redis_check(ngx_conf_t *cf, ngx_http_webhook_redis_t *redis,
    ngx_uint_t tls)
{
    redis->lease_text.data = ngx_pnalloc(cf->pool, NGX_INT64_LEN);
    if (redis->lease_text.data == NULL) {
        return NGX_CONF_ERROR;
    }

    redis->lease_text.len = ngx_sprintf(redis->lease_text.data, "%M",
                                        redis->lease)
                            - redis->lease_text.data;

    if (redis->user.len && redis->password.len == 0) {
        return "has \"user=\" without \"password=\", a user of Redis needs "
               "both";
    }

    if (redis->lease < NGX_HTTP_WEBHOOK_REDIS_MIN_LEASE
        || redis->lease < 10 * redis->timeout)
    {
        return ngx_http_webhook_error(cf,
                           "\"lease=\" of the engine \"%V\" is too short, it "
                           "is at least a second and ten times \"timeout=\"",
                           &redis->name);
    }

    if (tls) {
        return ngx_http_webhook_redis_tls(cf, redis);
    }

    if (redis->trusted_certificate.len
        || redis->certificate.len
        || redis->certificate_key.len
        || redis->server_name.len)
    {
        return ngx_http_webhook_error(cf,
                           "the engine \"%V\" has options for TLS, which is "
                           "spoken to an URL that begins with \"rediss://\"",
                           &redis->name);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_webhook_redis_tls(ngx_conf_t *cf, ngx_http_webhook_redis_t *redis)
{
    ngx_pool_cleanup_t  *cln;

    if ((redis->certificate.len == 0) != (redis->certificate_key.len == 0)) {
        return "needs \"certificate=\" and \"certificate_key=\" together";
    }

    /* certificates have names, and nginx compares no addresses */

    if (redis->server_name.len == 0) {

        redis->server_name = redis->host;

        if (!redis->named) {
            return ngx_http_webhook_error(cf,
                               "the URL of the engine \"%V\" has an address, "
                               "add \"server_name=\" with a name that is in "
                               "its certificate", &redis->name);
        }
    }

    redis->ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (redis->ssl == NULL || cln == NULL) {
        return NGX_CONF_ERROR;
    }

    redis->ssl->log = cf->log;

    if (ngx_ssl_create(redis->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = redis->ssl;

    if (redis->certificate.len
        && ngx_ssl_certificate(cf, redis->ssl, &redis->certificate,
                               &redis->certificate_key, NULL)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (redis->trusted_certificate.len == 0) {

        if (SSL_CTX_set_default_verify_paths(redis->ssl->ctx) == 1) {
            return NGX_CONF_OK;
        }

        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                      "the certificates of the system cannot be used for the "
                      "engine \"%V\" in %V:%ui, add "
                      "\"trusted_certificate=FILE\"", &redis->name,
                      &redis->file, redis->line);
        return NGX_CONF_ERROR;
    }

    return ngx_ssl_trusted_certificate(cf, redis->ssl,
                                       &redis->trusted_certificate, 9)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_webhook_redis_key(ngx_conf_t *cf, ngx_http_webhook_redis_t *redis,
    ngx_str_t *bytes)
{
    ngx_pool_cleanup_t  *cln;

    if (bytes->len == 0) {
        return NGX_CONF_OK;
    }

    if (bytes->len < NGX_HTTP_WEBHOOK_SECRET_MIN) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"key=\" of the engine \"%V\" has only %uz bytes, "
                           "fewer than %d can be guessed", &redis->name,
                           bytes->len, NGX_HTTP_WEBHOOK_SECRET_MIN);
    }

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(wh_hmac_key_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    redis->key = cln->data;
    ngx_memzero(redis->key, sizeof(wh_hmac_key_t));

    cln->handler = ngx_http_webhook_redis_key_free;

    return wh_hmac_key_init(redis->key, WH_SHA256, bytes->data, bytes->len)
           == WH_OK ? NGX_CONF_OK
                    : "has a \"key=\" that OpenSSL does not take";
}


static void
ngx_http_webhook_redis_key_free(void *data)
{
    wh_hmac_key_free(data);
}


static char *
ngx_http_webhook_redis_password(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis, ngx_http_webhook_secret_t *secret)
{
    ngx_pool_cleanup_t  *cln;

    if (secret->bytes.len == 0) {
        return NGX_CONF_OK;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_webhook_redis_password_free;
    cln->data = &redis->password;

    return ngx_http_webhook_redis_password_set(redis, &secret->bytes, cf->log)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_webhook_redis_password_set(ngx_http_webhook_redis_t *redis,
    ngx_str_t *bytes, ngx_log_t *log)
{
    u_char  *data;

    data = ngx_alloc(bytes->len, log);
    if (data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(data, bytes->data, bytes->len);

    ngx_http_webhook_file_free(&redis->password);

    redis->password.data = data;
    redis->password.len = bytes->len;

    return NGX_OK;
}


static void
ngx_http_webhook_redis_password_free(void *data)
{
    ngx_http_webhook_file_free(data);
}


/*
 * Before a connection: a new password may be in its file.  When there is none
 * to be had the old one stays, and Redis says whether it is still right.
 */

static void
ngx_http_webhook_redis_reread(ngx_http_webhook_redis_t *redis, ngx_log_t *log)
{
    ngx_str_t                   raw;
    ngx_file_info_t             fi;
    ngx_http_webhook_secret_t  *secret;

    secret = redis->source;

    if (secret->file == NULL) {
        return;
    }

    if (ngx_http_webhook_file_read(&secret->file->path, log, &raw, &fi) == NULL
        && raw.len)
    {
        (void) ngx_http_webhook_redis_password_set(redis, &raw, log);
    }

    ngx_http_webhook_file_free(&raw);
}
