
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Files of secrets, read when nginx starts and again when they change.
 */


#include "ngx_http_webhook_secret.h"
#include "core/wh_secret.h"


#define NGX_HTTP_WEBHOOK_FILE_CHECK  1000       /* milliseconds in between */


static void ngx_http_webhook_file_gone(ngx_http_webhook_file_t *file,
    ngx_log_t *log, ngx_err_t err);
static ngx_uint_t ngx_http_webhook_file_same(ngx_file_info_t *one,
    ngx_file_info_t *two);
static void ngx_http_webhook_file_changed(ngx_http_webhook_file_t *file,
    ngx_log_t *log, ngx_uint_t changed);
static const char *ngx_http_webhook_file_use(ngx_http_webhook_file_t *file,
    ngx_str_t *raw, ngx_log_t *log);
static const char *ngx_http_webhook_file_keys(ngx_http_webhook_file_t *file,
    ngx_str_t *bytes, ngx_log_t *log);
static void ngx_http_webhook_file_warn(ngx_http_webhook_file_t *file,
    ngx_str_t *bytes, ngx_log_t *log);
static void ngx_http_webhook_file_switch(ngx_http_webhook_file_t *file,
    ngx_uint_t use);


/* One record for all secrets that are in a file. */

ngx_http_webhook_file_t *
ngx_http_webhook_file_add(ngx_conf_t *cf, ngx_str_t *path,
    wh_encoding_e encoding, wh_keyset_format_e keyset)
{
    ngx_http_webhook_file_t       *file;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_webhook_module);

    for (file = wmcf->files; file; file = file->next) {
        if (file->encoding == encoding
            && file->keyset == keyset
            && ngx_http_webhook_str_equal(&file->path, path))
        {
            return file;
        }
    }

    file = ngx_pcalloc(cf->pool, sizeof(ngx_http_webhook_file_t));
    if (file == NULL) {
        return NULL;
    }

    file->path = *path;
    file->encoding = encoding;
    file->keyset = keyset;
    file->again = 1;
    file->next = wmcf->files;

    wmcf->files = file;

    return file;
}


/*
 * Reads a file without the line break at its end; the caller gives raw to
 * ngx_http_webhook_file_free().  NULL, or what is wrong, with errno of the
 * system or 0.
 */

const char *
ngx_http_webhook_file_read(ngx_str_t *path, ngx_log_t *log, ngx_str_t *raw,
    ngx_file_info_t *fi)
{
    ssize_t      n;
    wh_str_t     line;
    ngx_err_t    err;
    ngx_file_t   file;
    const char  *what;

    ngx_str_null(raw);
    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *path;
    file.log = log;

    /* nobody is to wait for the other end of a pipe */

    file.fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        return "cannot be opened";
    }

    err = 0;
    what = NULL;

    if (ngx_fd_info(file.fd, fi) == NGX_FILE_ERROR) {
        err = ngx_errno;
        what = "cannot be looked at";
        goto done;
    }

    if (!ngx_is_file(fi) || ngx_file_size(fi) > NGX_HTTP_WEBHOOK_SECRET_MAX) {
        what = "is not a file of at most "
               ngx_value(NGX_HTTP_WEBHOOK_SECRET_MAX) " bytes";
        goto done;
    }

    raw->len = ngx_file_size(fi);
    raw->data = ngx_alloc(raw->len + 1, log);

    if (raw->data == NULL) {
        what = "could not be read without memory";
        goto done;
    }

    n = ngx_read_file(&file, raw->data, raw->len, 0);

    if (n == NGX_ERROR || (size_t) n != raw->len) {
        what = "could not be read whole";
        ngx_http_webhook_file_free(raw);
        goto done;
    }

    line = wh_secret_line(ngx_http_webhook_wh_str(raw));
    raw->len = line.len;

done:

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", path);
    }

    ngx_set_errno(err);

    return what;
}


/* Wipes and frees what ngx_http_webhook_file_read() has read, if anything. */

void
ngx_http_webhook_file_free(ngx_str_t *raw)
{
    if (raw->data) {
        ngx_explicit_memzero(raw->data, raw->len);
        ngx_free(raw->data);
        ngx_str_null(raw);
    }
}


/*
 * On the way of a request: at most once a second the file is checked, and read
 * when it is another one than before.  Links are followed.
 */

void
ngx_http_webhook_file_check(ngx_http_webhook_file_t *file, ngx_log_t *log)
{
    ngx_uint_t       changed;
    ngx_file_info_t  fi;

    if (ngx_current_msec - file->checked < NGX_HTTP_WEBHOOK_FILE_CHECK) {
        return;
    }

    file->checked = ngx_current_msec;

    if (ngx_file_info(file->path.data, &fi) == NGX_FILE_ERROR) {
        ngx_http_webhook_file_gone(file, log, ngx_errno);
        return;
    }

    file->seen = 1;
    file->err = 0;

    changed = !ngx_http_webhook_file_same(&file->info, &fi);

    if (!changed && !file->again) {
        return;
    }

    /*
     * Times are compared in seconds, all that every system has, so a second
     * change within one may not show; a young file is read once more.
     */

    file->info = fi;
    file->again = (fi.st_ctime > ngx_time() - 2
                   && fi.st_ctime < ngx_time() + 2);

    ngx_http_webhook_file_changed(file, log, changed);
}


/* Says once that the file cannot be looked at any more. */

static void
ngx_http_webhook_file_gone(ngx_http_webhook_file_t *file, ngx_log_t *log,
    ngx_err_t err)
{
    if (file->err == err) {
        return;
    }

    file->err = err;

    if (err == NGX_EACCES && !file->seen) {

        /* a directory for root only is a good place for secrets */

        ngx_log_error(NGX_LOG_NOTICE, log, err,
                      "secret file \"%V\" cannot be watched by the worker, "
                      "changes need a reload", &file->path);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, log, err,
                  "secret file \"%V\" cannot be looked at, what was read "
                  "last stays in use", &file->path);
}


static ngx_uint_t
ngx_http_webhook_file_same(ngx_file_info_t *one, ngx_file_info_t *two)
{
    return one->st_mtime == two->st_mtime
           && one->st_ctime == two->st_ctime
           && one->st_size == two->st_size
           && one->st_ino == two->st_ino
           && one->st_dev == two->st_dev;
}


static void
ngx_http_webhook_file_changed(ngx_http_webhook_file_t *file, ngx_log_t *log,
    ngx_uint_t changed)
{
    ngx_err_t         err;
    ngx_str_t         raw;
    const char       *what;
    ngx_file_info_t   fi;

    err = 0;
    what = ngx_http_webhook_file_read(&file->path, log, &raw, &fi);

    if (what == NULL) {
        what = ngx_http_webhook_file_use(file, &raw, log);

    } else {
        err = ngx_errno;
    }

    ngx_http_webhook_file_free(&raw);

    /* what is wrong may pass without a trace, as a lack of descriptors does */

    if (what) {
        file->again = 1;
    }

    if (!changed) {
        return;
    }

    if (what) {
        ngx_log_error(NGX_LOG_ERR, log, err,
                      "secret file \"%V\" has changed but %s, what was read "
                      "last stays in use", &file->path, what);
        return;
    }

    if (file->keyset == WH_KEYSET_NONE && (ngx_file_access(&fi) & S_IROTH)) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "secret file \"%V\" can be read by every user, "
                      "\"chmod o-r\" it", &file->path);
    }
}


/* Puts keys of the new content to work, or says what is wrong with it. */

static const char *
ngx_http_webhook_file_use(ngx_http_webhook_file_t *file, ngx_str_t *raw,
    ngx_log_t *log)
{
    size_t       len;
    ngx_str_t    bytes;
    const char  *what;

    if (raw->len == 0) {
        return "is empty";
    }

    len = wh_decoded_len(file->encoding, raw->len);

    bytes.len = len;
    bytes.data = ngx_alloc(len + 1, log);
    if (bytes.data == NULL) {
        return "could not be read without memory";
    }

    if (wh_decode(file->encoding, ngx_http_webhook_wh_str(raw), bytes.data,
                  &len)
        == WH_OK
        && len)
    {
        bytes.len = len;
        what = ngx_http_webhook_file_keys(file, &bytes, log);

    } else {
        what = (file->encoding == WH_HEX) ? "is not hex" : "is not base64";
    }

    ngx_http_webhook_file_free(&bytes);

    return what;
}


/* All keyslots get their new key, or none does. */

static const char *
ngx_http_webhook_file_keys(ngx_http_webhook_file_t *file, ngx_str_t *bytes,
    ngx_log_t *log)
{
    u_char                         digest[WH_TOKEN_DIGEST_SIZE];
    const char                    *what;
    ngx_http_webhook_keyslot_t    *keyslot, *other;
    ngx_http_webhook_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_webhook_module);

    keyslot = file->keyslots;

    if (keyslot == NULL) {
        return NULL;
    }

    what = NULL;

    if (wh_token_digest(ngx_http_webhook_wh_str(bytes), digest) != WH_OK) {
        what = "OpenSSL does not take it";

    } else if (wh_secret_equal(keyslot->key->digest, digest,
                               WH_TOKEN_DIGEST_SIZE))
    {
        return NULL;
    }

    for ( /* void */ ; keyslot && what == NULL; keyslot = keyslot->next) {

        what = ngx_http_webhook_secret_wrong(keyslot, bytes);
        if (what) {
            break;
        }

        keyslot->successor = ngx_http_webhook_key_create(keyslot, bytes, log);

        if (keyslot->successor == NULL) {
            what = "OpenSSL does not take it";

        } else if (keyslot->secret->keyset == WH_KEYSET_NONE
                   && keyslot->successor->uses != keyslot->key->uses)
        {
            what = "it is a key of another kind";

        } else {
            other = ngx_http_webhook_key_conflict(keyslot, keyslot->successor);

            if (other == NULL) {
                other = ngx_http_webhook_key_oracle(wmcf, keyslot,
                                                    keyslot->successor);
            }

            if (other) {
                what = (keyslot->provider && other->provider)
                       ? "it is also the secret of another provider"
                       : "a challenge secret must not be a signing secret";
            }
        }
    }

    ngx_http_webhook_file_switch(file, what == NULL);

    if (what) {
        return what;
    }

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "secret file \"%V\" has changed, the new secret is in use",
                  &file->path);

    if (file->keyset) {
        ngx_http_webhook_keyset_warn(file->keyslots, file->keyslots->key, log);

    } else {
        ngx_http_webhook_file_warn(file, bytes, log);
    }

    return NULL;
}


/* What is told of a secret at the start is told of a new one. */

static void
ngx_http_webhook_file_warn(ngx_http_webhook_file_t *file, ngx_str_t *bytes,
    ngx_log_t *log)
{
    size_t                       len;
    const char                  *odd;
    ngx_http_webhook_keyslot_t  *keyslot;

    len = bytes->len;
    odd = NULL;

    for (keyslot = file->keyslots; keyslot; keyslot = keyslot->next) {

        len = ngx_min(len, keyslot->key->len);

        if (odd == NULL) {
            odd = ngx_http_webhook_secret_odd(keyslot, bytes);
        }
    }

    if (odd) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "secret file \"%V\" %s",
                      &file->path, odd);
    }

    if (len < NGX_HTTP_WEBHOOK_SECRET_MIN) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "secret file \"%V\" has only %uz bytes, fewer than %d "
                      "can be guessed", &file->path, len,
                      NGX_HTTP_WEBHOOK_SECRET_MIN);
    }
}


/* Requests that hold the old keys keep them to their end. */

static void
ngx_http_webhook_file_switch(ngx_http_webhook_file_t *file, ngx_uint_t use)
{
    ngx_http_webhook_key_t      *old;
    ngx_http_webhook_keyslot_t  *keyslot;

    for (keyslot = file->keyslots; keyslot; keyslot = keyslot->next) {

        old = keyslot->successor;

        if (use) {
            old = keyslot->key;
            keyslot->key = keyslot->successor;
        }

        keyslot->successor = NULL;

        ngx_http_webhook_key_release(old);
    }
}
