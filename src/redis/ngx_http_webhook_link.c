
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The connection of a worker to Redis.
 *
 *            connect            TCP, TLS             HELLO, AUTH, SELECT
 *   DOWN -------------> CONNECTING -----> GREETING ---------------------> UP
 *    ^                      |                 |      and a write            |
 *    |   failure, or later  |                 |                             |
 *    +----------------------+-----------------+-----------------------------+
 *
 * After a failure nobody waits for it, until a connection is up again: tried
 * by a timer, at growing intervals that differ among workers.  A connection
 * that the server closes while it is idle is no failure, it is made anew.
 */


#include "ngx_http_webhook_redis.h"


#define NGX_HTTP_WEBHOOK_LINK_DELAY      50      /* milliseconds */
#define NGX_HTTP_WEBHOOK_LINK_MAX_DELAY  2000
#define NGX_HTTP_WEBHOOK_LINK_ANSWER     65536   /* bytes, at most */
#define NGX_HTTP_WEBHOOK_LINK_LINE       512     /* bytes of what is said */


static void ngx_http_webhook_link_connect(ngx_http_webhook_link_t *link);
static ngx_int_t ngx_http_webhook_link_open(ngx_http_webhook_link_t *link,
    ngx_addr_t *addr);
static void ngx_http_webhook_link_write_handler(ngx_event_t *wev);
static void ngx_http_webhook_link_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_http_webhook_link_connected(
    ngx_http_webhook_link_t *link);
static void ngx_http_webhook_link_handshake(ngx_http_webhook_link_t *link);
static void ngx_http_webhook_link_handshake_handler(ngx_connection_t *c);
static void ngx_http_webhook_link_greet(ngx_http_webhook_link_t *link);
static ngx_http_webhook_answered_t  ngx_http_webhook_link_greeted;
static void ngx_http_webhook_link_up(ngx_http_webhook_link_t *link);
static void ngx_http_webhook_link_put(ngx_http_webhook_link_t *link,
    ngx_http_webhook_command_t *command, ngx_str_t *args, ngx_uint_t n);
static void ngx_http_webhook_link_flush(ngx_http_webhook_link_t *link);
static void ngx_http_webhook_link_read(ngx_http_webhook_link_t *link);
static void ngx_http_webhook_link_closed(ngx_http_webhook_link_t *link,
    ngx_err_t err);
static void ngx_http_webhook_link_answers(ngx_http_webhook_link_t *link,
    u_char *data, size_t len);
static ngx_int_t ngx_http_webhook_link_answer(ngx_http_webhook_link_t *link);
static void ngx_http_webhook_link_timer(ngx_event_t *ev);
static void ngx_http_webhook_link_retry(ngx_event_t *ev);
static void ngx_http_webhook_link_again(ngx_http_webhook_link_t *link);
static void ngx_cdecl ngx_http_webhook_link_fail(ngx_http_webhook_link_t *link,
    ngx_err_t err, const char *fmt, ...);
static void ngx_http_webhook_link_close(ngx_http_webhook_link_t *link);


/* Begins to connect; the rest of the structure is zero. */

void
ngx_http_webhook_link_init(ngx_http_webhook_link_t *link)
{
    link->log = *ngx_cycle->log;
    link->delay = NGX_HTTP_WEBHOOK_LINK_DELAY;
    link->addrs = link->redis->addrs;
    link->naddrs = link->redis->naddrs;

    /* workers do not all begin with the same one of several */

    link->current = ngx_random() % link->naddrs;

    ngx_queue_init(&link->sent);

    link->timer.handler = ngx_http_webhook_link_timer;
    link->timer.data = link;
    link->timer.log = &link->log;

    link->retry.handler = ngx_http_webhook_link_retry;
    link->retry.data = link;
    link->retry.log = &link->log;

    link->greeting.handler = ngx_http_webhook_link_greeted;
    link->greeting.data = link;

    ngx_http_webhook_link_connect(link);
}


void
ngx_http_webhook_link_done(ngx_http_webhook_link_t *link)
{
    ngx_http_webhook_link_close(link);
    ngx_http_webhook_address_done(link);

    if (link->retry.timer_set) {
        ngx_del_timer(&link->retry);
    }
}


static void
ngx_http_webhook_link_connect(ngx_http_webhook_link_t *link)
{
    ngx_int_t          rc;
    ngx_addr_t        *addr;
    ngx_connection_t  *c;

    addr = ngx_http_webhook_address(link);

    link->redis->reread(link->redis, ngx_cycle->log);

    /* what was wrong has been said, and is not for every attempt */

    link->log.log_level = link->failed ? NGX_LOG_ALERT
                                       : ngx_cycle->log->log_level;

    rc = ngx_http_webhook_link_open(link, addr);

    if (rc == NGX_ERROR) {
        ngx_http_webhook_link_fail(link, ngx_socket_errno,
                                   "cannot be connected to");
        return;
    }

    c = link->connection;
    link->state = NGX_HTTP_WEBHOOK_LINK_CONNECTING;

    /* a worker that is to end stays for those that wait, and for nothing */

    link->timer.cancelable = !link->needed(link);
    ngx_add_timer(&link->timer, link->redis->connect_timeout);

    if (rc == NGX_OK && c->write->ready) {
        ngx_post_event(c->write, &ngx_posted_events);
    }
}


static ngx_int_t
ngx_http_webhook_link_open(ngx_http_webhook_link_t *link, ngx_addr_t *addr)
{
    ngx_int_t               rc;
    ngx_pool_t             *pool;
    ngx_uint_t              level;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *peer;

    peer = &link->peer;

    ngx_memzero(peer, sizeof(ngx_peer_connection_t));

    peer->sockaddr = addr->sockaddr;
    peer->socklen = addr->socklen;
    peer->name = &addr->name;
    peer->get = ngx_event_get_peer;
    peer->log = &link->log;
    peer->log_error = NGX_ERROR_ERR;

    pool = ngx_create_pool(1024, &link->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    link->reader = ngx_http_webhook_hiredis_reader(&link->answer);
    if (link->reader == NULL) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    /* what it would say of an address is said by us, and not as critical */

    level = link->log.log_level;
    link->log.log_level = NGX_LOG_ALERT;

    rc = ngx_event_connect_peer(peer);

    link->log.log_level = level;

    if (rc != NGX_OK && rc != NGX_AGAIN) {

        if (peer->connection) {
            ngx_close_connection(peer->connection);
            peer->connection = NULL;
        }

        ngx_destroy_pool(pool);

        return NGX_ERROR;
    }

    c = peer->connection;
    c->data = link;
    c->pool = pool;
    c->addr_text = addr->name;
    c->log = &link->log;
    c->read->log = &link->log;
    c->write->log = &link->log;
    c->read->handler = ngx_http_webhook_link_read_handler;
    c->write->handler = ngx_http_webhook_link_write_handler;

    link->connection = c;

    return rc;
}


static void
ngx_http_webhook_link_write_handler(ngx_event_t *wev)
{
    ngx_connection_t         *c;
    ngx_http_webhook_link_t  *link;

    c = wev->data;
    link = c->data;

    if (link->state == NGX_HTTP_WEBHOOK_LINK_CONNECTING) {
        ngx_http_webhook_link_handshake(link);
        return;
    }

    ngx_http_webhook_link_flush(link);
}


static void
ngx_http_webhook_link_read_handler(ngx_event_t *rev)
{
    ngx_connection_t         *c;
    ngx_http_webhook_link_t  *link;

    c = rev->data;
    link = c->data;

    if (c->close) {
        link->give_up = ngx_current_msec;
        ngx_http_webhook_link_fail(link, 0, "is not waited for any longer, "
                                   "\"worker_shutdown_timeout\" is over");
        return;
    }

    if (link->state == NGX_HTTP_WEBHOOK_LINK_CONNECTING) {
        ngx_http_webhook_link_handshake(link);
        return;
    }

    ngx_http_webhook_link_read(link);
}


/* As nginx asks for its upstreams. */

static ngx_int_t
ngx_http_webhook_link_connected(ngx_http_webhook_link_t *link)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    /* some systems report an error by that of the call */

    if (getsockopt(link->connection->fd, SOL_SOCKET, SO_ERROR, (void *) &err,
                   &len)
        == -1)
    {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_http_webhook_link_fail(link, err, "cannot be connected to");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_webhook_link_handshake(ngx_http_webhook_link_t *link)
{
    ngx_int_t                  rc;
    ngx_connection_t          *c;
    ngx_http_webhook_redis_t  *redis;

    c = link->connection;
    redis = link->redis;

    if (ngx_http_webhook_link_connected(link) != NGX_OK) {
        return;
    }

    if (c->addr_text.len && redis->host.len) {
        (void) ngx_tcp_nodelay(c);
    }

    if (redis->ssl == NULL) {
        ngx_http_webhook_link_greet(link);
        return;
    }

    if (ngx_ssl_create_connection(redis->ssl, c,
                                  NGX_SSL_BUFFER|NGX_SSL_CLIENT)
        != NGX_OK
        || SSL_set_tlsext_host_name(c->ssl->connection,
                                    (char *) redis->server_name.data)
           == 0)
    {
        ngx_http_webhook_link_fail(link, 0, "cannot be spoken to by TLS");
        return;
    }

    /* what waits to be sent moves when more is added to it */

    SSL_set_mode(c->ssl->connection, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    rc = ngx_ssl_handshake(c);

    if (rc == NGX_AGAIN) {
        c->ssl->handler = ngx_http_webhook_link_handshake_handler;
        return;
    }

    ngx_http_webhook_link_handshake_handler(c);
}


static void
ngx_http_webhook_link_handshake_handler(ngx_connection_t *c)
{
    long                      rc;
    ngx_http_webhook_link_t  *link;

    link = c->data;

    if (!c->ssl->handshaked) {
        ngx_http_webhook_link_fail(link, 0, "does not speak TLS as we do");
        return;
    }

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        ngx_http_webhook_link_fail(link, 0, "has a certificate that is not "
                                   "to be trusted, %s",
                                   X509_verify_cert_error_string(rc));
        return;
    }

    if (ngx_ssl_check_host(c, &link->redis->server_name) != NGX_OK) {
        ngx_http_webhook_link_fail(link, 0, "has a certificate that is not "
                                   "for \"%V\"", &link->redis->server_name);
        return;
    }

    c->read->handler = ngx_http_webhook_link_read_handler;
    c->write->handler = ngx_http_webhook_link_write_handler;

    ngx_http_webhook_link_greet(link);
}


/* One command after the other: a password goes where it is asked for. */

static void
ngx_http_webhook_link_greet(ngx_http_webhook_link_t *link)
{
    ngx_str_t   args[NGX_HTTP_WEBHOOK_REDIS_ARGS];
    ngx_uint_t  n;

    link->state = NGX_HTTP_WEBHOOK_LINK_GREETING;

    /* from here on nginx has nothing to add, and some as a critical line */

    link->log.log_level = NGX_LOG_ALERT;

    /* a worker that begins may have been busy, and each answer has its time */

    ngx_add_timer(&link->timer, link->redis->connect_timeout);

    if (ngx_http_webhook_greeting(link, args, &n) != NGX_OK) {
        ngx_http_webhook_link_fail(link, 0, "is left without memory");
        return;
    }

    ngx_http_webhook_link_put(link, &link->greeting, args, n);
}


static ngx_int_t
ngx_http_webhook_link_greeted(ngx_http_webhook_command_t *command,
    ngx_http_webhook_answer_t *answer)
{
    ngx_int_t                 rc;
    ngx_http_webhook_link_t  *link;

    link = command->data;

    if (answer == NULL) {
        return NGX_OK;
    }

    rc = ngx_http_webhook_greeting_next(link);

    if (rc == NGX_DECLINED) {
        return NGX_DECLINED;
    }

    if (rc == NGX_AGAIN) {
        ngx_http_webhook_link_greet(link);

    } else {
        ngx_http_webhook_link_up(link);
    }

    return NGX_OK;
}


static void
ngx_http_webhook_link_up(ngx_http_webhook_link_t *link)
{
    link->state = NGX_HTTP_WEBHOOK_LINK_UP;
    link->up_since = ngx_current_msec;

    if (link->timer.timer_set) {
        ngx_del_timer(&link->timer);
    }

    if (link->failed) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "webhook redis \"%V\" at %V is there again after %M ms",
                      &link->redis->name, &link->connection->addr_text,
                      ngx_current_msec - link->down_since);
    }

    link->failed = 0;
    link->nsaid = 0;

    ngx_http_webhook_redis_up(link->redis, 1);

    link->ready(link);
}


/*
 * Sends a command on a connection that is up.  Its handler is called later,
 * also when this fails.
 */

void
ngx_http_webhook_link_send(ngx_http_webhook_link_t *link,
    ngx_http_webhook_command_t *command, ngx_str_t *args, ngx_uint_t n)
{
    ngx_http_webhook_link_put(link, command, args, n);

    link->timer.cancelable = 0;

    if (!link->timer.timer_set) {
        ngx_add_timer(&link->timer, link->redis->timeout);
    }
}


/* The commands of one turn of the worker go out together, at its end. */

static void
ngx_http_webhook_link_put(ngx_http_webhook_link_t *link,
    ngx_http_webhook_command_t *command, ngx_str_t *args, ngx_uint_t n)
{
    size_t  before;

    command->sent = 1;
    command->start = ngx_current_msec;

    ngx_queue_insert_tail(&link->sent, &command->queue);

    before = link->out.len;

    /*
     * Without memory it has no answer, and those after it must not be taken
     * for it: nothing more is sent until there is another connection.
     */

    if (!link->broken
        && ngx_http_webhook_hiredis_format(&link->out, args, n, &link->log)
           != NGX_OK)
    {
        link->broken = 1;
    }

    link->put += link->out.len - before;
    command->end = link->put;

    if (link->connection->write->ready) {
        ngx_post_event(link->connection->write, &ngx_posted_events);
    }
}


static void
ngx_http_webhook_link_flush(ngx_http_webhook_link_t *link)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = link->connection;

    while (link->written < link->out.len) {

        n = c->send(c, link->out.data + link->written,
                    link->out.len - link->written);

        if (n == NGX_ERROR) {
            ngx_http_webhook_link_closed(link, ngx_socket_errno);
            return;
        }

        if (n == NGX_AGAIN) {
            break;
        }

        link->written += n;
    }

    if (link->written == link->out.len) {

        if (link->state == NGX_HTTP_WEBHOOK_LINK_GREETING) {
            ngx_explicit_memzero(link->out.data, link->out.len);
        }

        link->out.len = 0;
        link->written = 0;
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_http_webhook_link_fail(link, 0, "cannot be written to");
    }
}


static void
ngx_http_webhook_link_read(ngx_http_webhook_link_t *link)
{
    u_char             buf[4096];
    ssize_t            n;
    ngx_connection_t  *c;

    c = link->connection;

    for ( ;; ) {

        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n <= 0) {
            ngx_http_webhook_link_closed(link, n ? ngx_socket_errno : 0);
            return;
        }

        ngx_http_webhook_link_answers(link, buf, n);

        if (link->connection == NULL) {
            return;
        }
    }

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        ngx_http_webhook_link_fail(link, 0, "cannot be read from");
    }
}


/* Servers close what is idle; one that does so at once has failed. */

static void
ngx_http_webhook_link_closed(ngx_http_webhook_link_t *link, ngx_err_t err)
{
    if (link->state == NGX_HTTP_WEBHOOK_LINK_UP
        && ngx_queue_empty(&link->sent)
        && ngx_current_msec - link->up_since > NGX_HTTP_WEBHOOK_LINK_MAX_DELAY)
    {
        ngx_http_webhook_link_close(link);
        ngx_http_webhook_link_connect(link);

        return;
    }

    ngx_http_webhook_link_fail(link, err, "has closed the connection%s",
                               link->redis->ssl
                               && link->state == NGX_HTTP_WEBHOOK_LINK_GREETING
                               ? ", it may want another \"certificate=\""
                               : "");
}


static void
ngx_http_webhook_link_answers(ngx_http_webhook_link_t *link, u_char *data,
    size_t len)
{
    ngx_int_t    rc;
    const char  *what;

    what = ngx_http_webhook_hiredis_feed(link->reader, data, len);

    if (what) {
        ngx_http_webhook_link_fail(link, 0, "cannot be understood, %s", what);
        return;
    }

    link->fed += len;

    for ( ;; ) {

        rc = ngx_http_webhook_hiredis_answer(link->reader, &what);

        if (rc == NGX_ERROR) {
            ngx_http_webhook_link_fail(link, 0, "cannot be understood, %s",
                                       what);
            return;
        }

        if (rc == NGX_AGAIN) {
            break;
        }

        link->fed = 0;

        if (ngx_http_webhook_link_answer(link) != NGX_OK) {
            return;
        }
    }

    if (link->fed > NGX_HTTP_WEBHOOK_LINK_ANSWER) {
        ngx_http_webhook_link_fail(link, 0, "has sent an answer that is too "
                                   "long");
    }
}


/* NGX_ERROR when there is no connection any more. */

static ngx_int_t
ngx_http_webhook_link_answer(ngx_http_webhook_link_t *link)
{
    ngx_queue_t                 *q;
    ngx_http_webhook_answer_t   *answer;
    ngx_http_webhook_command_t  *command;

    answer = &link->answer;
    q = ngx_queue_head(&link->sent);
    command = ngx_queue_data(q, ngx_http_webhook_command_t, queue);

    if (ngx_queue_empty(&link->sent)
        || command->end > link->put - (link->out.len - link->written))
    {
        ngx_http_webhook_link_fail(link, 0, "has answered what it was not "
                                   "asked");
        return NGX_ERROR;
    }

    ngx_queue_remove(q);

    if (command->handler(command, answer) == NGX_OK) {

        /* the time of an answer that has come holds no worker at its end */

        if (ngx_queue_empty(&link->sent)) {
            link->timer.cancelable = 1;
        }

        return link->connection ? NGX_OK : NGX_ERROR;
    }

    /* it is among those that have no answer */

    ngx_queue_insert_head(&link->sent, q);

    if (answer->type == NGX_HTTP_WEBHOOK_ANSWER_ERROR) {
        ngx_http_webhook_redis_cut(&answer->text, &link->redis->password);
        ngx_http_webhook_link_fail(link, 0, "says \"%V\", %s", &answer->text,
                                   ngx_http_webhook_redis_advice(
                                                               &answer->text));

    } else {
        ngx_http_webhook_link_fail(link, 0, "does not answer as Redis does");
    }

    return NGX_ERROR;
}


static void
ngx_http_webhook_link_timer(ngx_event_t *ev)
{
    ngx_msec_t                   waited;
    ngx_http_webhook_link_t     *link;
    ngx_http_webhook_command_t  *command;

    link = ev->data;

    if (link->state != NGX_HTTP_WEBHOOK_LINK_UP) {
        ngx_http_webhook_link_fail(link, NGX_ETIMEDOUT,
                                   "cannot be spoken to within %M ms",
                                   link->redis->connect_timeout);
        return;
    }

    /* the worker may have been busy, and the answer have come meanwhile */

    ngx_http_webhook_link_read(link);

    if (link->state != NGX_HTTP_WEBHOOK_LINK_UP
        || ngx_queue_empty(&link->sent))
    {
        return;
    }

    command = ngx_queue_data(ngx_queue_head(&link->sent),
                             ngx_http_webhook_command_t, queue);

    waited = ngx_current_msec - command->start;

    if (waited >= link->redis->timeout) {
        ngx_http_webhook_link_fail(link, NGX_ETIMEDOUT,
                                   "has not answered within %M ms",
                                   link->redis->timeout);
        return;
    }

    ngx_add_timer(ev, link->redis->timeout - waited);
}


static void
ngx_http_webhook_link_retry(ngx_event_t *ev)
{
    ngx_http_webhook_link_t  *link;

    link = ev->data;

    if (ngx_http_webhook_address_next(link, ngx_http_webhook_link_connect)
        != NGX_AGAIN)
    {
        ngx_http_webhook_link_connect(link);
    }
}


/*
 * Half of the time differs, so that workers do not come all at once.  It grows
 * until a connection has lasted, not with the first one that is made.
 */

static void
ngx_http_webhook_link_again(ngx_http_webhook_link_t *link)
{
    ngx_msec_t  delay;

    delay = link->delay / 2 + (ngx_msec_t) ngx_random() % (link->delay / 2);

    link->delay = ngx_min(2 * link->delay, NGX_HTTP_WEBHOOK_LINK_MAX_DELAY);

    link->retry.cancelable = !link->needed(link);
    ngx_add_timer(&link->retry, delay);
}


/* There is no answer to what has been sent: all is called off. */

static void ngx_cdecl
ngx_http_webhook_link_fail(ngx_http_webhook_link_t *link, ngx_err_t err,
    const char *fmt, ...)
{
    u_char                       buf[NGX_HTTP_WEBHOOK_LINK_LINE];
    va_list                      args;
    ngx_str_t                    what;
    ngx_queue_t                  sent;
    ngx_http_webhook_command_t  *command;

    va_start(args, fmt);
    what.data = buf;
    what.len = ngx_vslprintf(buf, buf + NGX_HTTP_WEBHOOK_LINK_LINE, fmt, args)
               - buf;
    va_end(args);

    ngx_http_webhook_redis_say(link, err, &what);

    if (link->state == NGX_HTTP_WEBHOOK_LINK_UP
        && ngx_current_msec - link->up_since > NGX_HTTP_WEBHOOK_LINK_MAX_DELAY)
    {
        link->delay = NGX_HTTP_WEBHOOK_LINK_DELAY;
    }

    if (!link->failed) {
        link->failed = 1;
        link->down_since = ngx_current_msec;

        ngx_http_webhook_redis_up(link->redis, 0);
    }

    link->current++;

    ngx_queue_init(&sent);

    if (!ngx_queue_empty(&link->sent)) {
        ngx_queue_add(&sent, &link->sent);
        ngx_queue_init(&link->sent);
    }

    ngx_http_webhook_link_close(link);

    while (!ngx_queue_empty(&sent)) {

        command = ngx_queue_data(ngx_queue_head(&sent),
                                 ngx_http_webhook_command_t, queue);

        ngx_queue_remove(&command->queue);

        (void) command->handler(command, NULL);
    }

    link->down(link);

    ngx_http_webhook_link_again(link);
}


static void
ngx_http_webhook_link_close(ngx_http_webhook_link_t *link)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = link->connection;

    link->connection = NULL;
    link->state = NGX_HTTP_WEBHOOK_LINK_DOWN;
    link->step = 0;
    link->fed = 0;
    link->written = 0;
    link->put = 0;
    link->broken = 0;

    if (link->out.data) {
        ngx_explicit_memzero(link->out.data, link->out.size);
        ngx_free(link->out.data);
        ngx_memzero(&link->out, sizeof(ngx_http_webhook_bytes_t));
    }

    if (link->reader) {
        ngx_http_webhook_hiredis_free(link->reader);
        link->reader = NULL;
    }

    if (link->timer.timer_set) {
        ngx_del_timer(&link->timer);
    }

    if (c == NULL) {
        return;
    }

    if (c->ssl) {

        /* nothing of the shutdown is waited for */

        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;

        (void) ngx_ssl_shutdown(c);
    }

    pool = c->pool;

    ngx_close_connection(c);
    ngx_destroy_pool(pool);
}
