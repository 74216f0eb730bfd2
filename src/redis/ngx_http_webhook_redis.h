
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What several hosts share: the messages seen, in Redis.  A claim of a message
 * there is a lease.
 */


#ifndef _NGX_HTTP_WEBHOOK_REDIS_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_REDIS_H_INCLUDED_


#include <ngx_event_connect.h>

#include "zone/ngx_http_webhook_zone.h"
#include "core/wh_hmac.h"
#include "core/wh_name.h"


#define NGX_HTTP_WEBHOOK_REDIS_REFUSE   0
#define NGX_HTTP_WEBHOOK_REDIS_LOCAL    1

#define NGX_HTTP_WEBHOOK_REDIS_RETRY    2       /* seconds, for a sender that
                                                   is refused */
#define NGX_HTTP_WEBHOOK_REDIS_REMEMBER 60      /* seconds at most, of what
                                                   another host has taken */
#define NGX_HTTP_WEBHOOK_REDIS_ARGS     8       /* of a command, at most */
#define NGX_HTTP_WEBHOOK_REDIS_TEXT     256     /* bytes kept of an answer */
#define NGX_HTTP_WEBHOOK_REDIS_WORKERS  64      /* that are counted apart */
#define NGX_HTTP_WEBHOOK_REDIS_SAID     8       /* lines of one failure */


typedef struct ngx_http_webhook_link_s  ngx_http_webhook_link_t;
typedef struct ngx_http_webhook_command_s  ngx_http_webhook_command_t;


/* How requests for a claim have ended. */

typedef enum {
    NGX_HTTP_WEBHOOK_REDIS_CLAIMED = 0,
    NGX_HTTP_WEBHOOK_REDIS_TAKEN,           /* the message is known */
    NGX_HTTP_WEBHOOK_REDIS_BUSY,            /* somebody has it, or it is
                                               held */
    NGX_HTTP_WEBHOOK_REDIS_REFUSED,         /* on_error=refuse */
    NGX_HTTP_WEBHOOK_REDIS_DECIDED,         /* on_error=local */
    NGX_HTTP_WEBHOOK_REDIS_RESULTS
} ngx_http_webhook_redis_result_e;


#define NGX_HTTP_WEBHOOK_REDIS_BUCKETS  10      /* the last has no bound */


/* What a worker, one of several, has still to tell the engine. */

typedef struct {
    ngx_pid_t                    pid;
    ngx_atomic_t                 pending;
} ngx_http_webhook_redis_worker_t;


/* What all workers share of an engine. */

typedef struct {
    ngx_atomic_t                 up;        /* as the last worker saw it */
    ngx_atomic_t                 since;     /* seconds of Unix time, or 0 */
    ngx_atomic_t                 results[NGX_HTTP_WEBHOOK_REDIS_RESULTS];
    ngx_atomic_t                 lost;      /* commits given up */
    ngx_atomic_t                 buckets[NGX_HTTP_WEBHOOK_REDIS_BUCKETS];
    ngx_atomic_t                 msec;      /* waited for claims, in all */
    ngx_http_webhook_redis_worker_t  workers[NGX_HTTP_WEBHOOK_REDIS_WORKERS];
} ngx_http_webhook_redis_sh_t;


/*
 * An engine, as the configuration has it.  Only the password is written to
 * afterwards, by reread() before each connection, in each worker for itself.
 */

struct ngx_http_webhook_redis_s {
    ngx_str_t                    name;      /* first: searched by it */
    ngx_str_t                    url;
    ngx_str_t                    host;      /* empty of a unix socket */
    ngx_str_t                    database;  /* a number, or empty for 0 */
    ngx_addr_t                  *addrs;
    ngx_uint_t                   naddrs;
    in_port_t                    port;
    ngx_str_t                    user;
    ngx_str_t                    password;
    ngx_str_t                    prefix;    /* of keys */
    ngx_str_t                    server_name;
    ngx_str_t                    trusted_certificate;
    ngx_str_t                    certificate;
    ngx_str_t                    certificate_key;
    ngx_msec_t                   timeout;   /* of an answer */
    ngx_msec_t                   connect_timeout;
    ngx_msec_t                   lease;
    ngx_str_t                    lease_text;
    ngx_uint_t                   on_error;
    void                       (*reread)(ngx_http_webhook_redis_t *redis,
                                     ngx_log_t *log);
    void                        *source;    /* of the password */
    wh_hmac_key_t               *key;       /* of names, or NULL */
    ngx_ssl_t                   *ssl;       /* or NULL */
    ngx_http_core_loc_conf_t    *clcf;      /* with the resolver */
    ngx_http_webhook_redis_sh_t *sh;
    ngx_http_webhook_link_t     *link;      /* of this worker, or NULL */
    ngx_str_t                    file;      /* where the directive is */
    ngx_uint_t                   line;
    unsigned                     used:1;    /* by a "webhook_replay" */
    unsigned                     named:1;   /* the host is no address */
};


/* An answer of Redis. */

typedef enum {
    NGX_HTTP_WEBHOOK_ANSWER_NIL = 0,
    NGX_HTTP_WEBHOOK_ANSWER_TEXT,
    NGX_HTTP_WEBHOOK_ANSWER_NUMBER,
    NGX_HTTP_WEBHOOK_ANSWER_LIST,           /* whatever is in it */
    NGX_HTTP_WEBHOOK_ANSWER_ERROR,
    NGX_HTTP_WEBHOOK_ANSWER_OTHER           /* that we have not asked for */
} ngx_http_webhook_answer_e;


typedef struct {
    ngx_http_webhook_answer_e    type;
    int64_t                      number;
    ngx_str_t                    text;      /* or how it begins */
    u_char                       data[NGX_HTTP_WEBHOOK_REDIS_TEXT];
} ngx_http_webhook_answer_t;


/*
 * A command on its way.  The handler is called once: with the answer, or with
 * NULL when there will be none.  NGX_DECLINED: with this answer the connection
 * is of no use.
 */

typedef ngx_int_t (ngx_http_webhook_answered_t)(
    ngx_http_webhook_command_t *command, ngx_http_webhook_answer_t *answer);


struct ngx_http_webhook_command_s {
    ngx_queue_t                  queue;
    ngx_http_webhook_answered_t *handler;
    void                        *data;
    ngx_msec_t                   start;
    size_t                       end;       /* in what has been put */
    unsigned                     sent:1;
};


typedef struct {
    u_char                      *data;
    size_t                       len;
    size_t                       size;
} ngx_http_webhook_bytes_t;


typedef enum {
    NGX_HTTP_WEBHOOK_LINK_DOWN = 0,
    NGX_HTTP_WEBHOOK_LINK_CONNECTING,
    NGX_HTTP_WEBHOOK_LINK_GREETING,
    NGX_HTTP_WEBHOOK_LINK_UP
} ngx_http_webhook_link_e;


/* The connection of a worker to an engine. */

struct ngx_http_webhook_link_s {
    ngx_http_webhook_redis_t    *redis;
    ngx_http_webhook_link_e      state;
    ngx_connection_t            *connection;
    ngx_peer_connection_t        peer;
    ngx_log_t                    log;       /* quiet while it is failed */

    /* where to */
    ngx_pool_t                  *pool;      /* of resolved addresses */
    ngx_addr_t                  *addrs;
    ngx_uint_t                   naddrs;
    ngx_uint_t                   current;
    ngx_resolver_ctx_t          *resolving;
    void                       (*resolved)(ngx_http_webhook_link_t *link);

    /* commands and answers */
    ngx_queue_t                  sent;      /* in the order of answers */
    ngx_http_webhook_bytes_t     out;
    size_t                       written;   /* of these */
    size_t                       put;       /* bytes there, in all */
    unsigned                     broken:1;  /* a command could not be put
                                               there */
    void                        *reader;
    size_t                       fed;       /* bytes of an answer so far */
    ngx_http_webhook_answer_t    answer;
    ngx_http_webhook_command_t   greeting;
    ngx_uint_t                   step;      /* of it */

    /* failures */
    ngx_event_t                  timer;     /* of answers, of connecting */
    ngx_event_t                  retry;
    ngx_msec_t                   delay;
    ngx_msec_t                   up_since;
    ngx_msec_t                   down_since;
    uint32_t                     said[NGX_HTTP_WEBHOOK_REDIS_SAID];
    ngx_uint_t                   nsaid;     /* lines in the log */
    unsigned                     failed:1;  /* nobody waits for it */

    /* for leases */
    void                       (*ready)(ngx_http_webhook_link_t *link);
    void                       (*down)(ngx_http_webhook_link_t *link);
    ngx_uint_t                 (*needed)(ngx_http_webhook_link_t *link);
    ngx_queue_t                  asking;    /* leases, until there is a
                                               connection */
    ngx_queue_t                  renewals;  /* leases, by time */
    ngx_queue_t                  settling;  /* leases that are over */
    ngx_uint_t                   nsettling; /* with those on their way */
    ngx_uint_t                   inflight;  /* of these */
    ngx_event_t                  renew;
    ngx_msec_t                   give_up;   /* when a worker that is to end
                                               does, or 0 */
    ngx_http_webhook_redis_worker_t  *worker;
    unsigned                     lost:1;    /* has been said, until there
                                               is nothing to tell */
};


/* What has become of a claim, and what Redis is told of it. */

#define NGX_HTTP_WEBHOOK_LEASE_RANDOM  12       /* bytes of an owner */
#define NGX_HTTP_WEBHOOK_LEASE_OWNER   (1 + 2 * 12 + 16)
#define NGX_HTTP_WEBHOOK_LEASE_NAME    43       /* base64url of SHA-256 */


typedef enum {
    NGX_HTTP_WEBHOOK_LEASE_ASKING = 0,
    NGX_HTTP_WEBHOOK_LEASE_MINE,
    NGX_HTTP_WEBHOOK_LEASE_LOST,
    NGX_HTTP_WEBHOOK_LEASE_OTHER,
    NGX_HTTP_WEBHOOK_LEASE_LOCAL,
    NGX_HTTP_WEBHOOK_LEASE_DOUBTFUL,
    NGX_HTTP_WEBHOOK_LEASE_SETTLING
} ngx_http_webhook_lease_e;


typedef enum {
    NGX_HTTP_WEBHOOK_LEASE_COMMIT = 0,
    NGX_HTTP_WEBHOOK_LEASE_RELEASE,
    NGX_HTTP_WEBHOOK_LEASE_HOLD
} ngx_http_webhook_settlement_e;


struct ngx_http_webhook_lease_s {
    ngx_queue_t                     queue;      /* of the link */
    ngx_http_webhook_redis_t       *redis;
    ngx_http_webhook_lease_e        state;
    ngx_http_webhook_settlement_e   settlement;
    ngx_http_webhook_command_t      command;    /* claim, then settlement */
    ngx_http_webhook_command_t      renewal;
    void                          (*handler)(void *data);   /* or NULL */
    void                           *data;
    ngx_int_t                       answer;     /* NGX_OK: pass it on, NGX_DONE:
                                                   another host has taken it,
                                                   NGX_BUSY: somebody has it,
                                                   NGX_ERROR: refuse it */
    ngx_msec_t                      begun;      /* to wait */
    ngx_msec_t                      renew;      /* when */
    ngx_msec_t                      end;        /* of what is to be set */
    u_char                          digest[WH_NAME_SIZE];
    u_char                          owner[NGX_HTTP_WEBHOOK_LEASE_OWNER];
    ngx_str_t                       key;        /* empty until it is made, at
                                                   the end of this */
};


/* _lease.c: claims of messages */

ngx_int_t ngx_http_webhook_redis_process(ngx_cycle_t *cycle);
void ngx_http_webhook_redis_exit(ngx_cycle_t *cycle);
ngx_int_t ngx_http_webhook_lease_take(ngx_http_webhook_redis_t *redis,
    u_char *digest, void (*handler)(void *data), void *data,
    ngx_http_webhook_lease_t **lease);
void ngx_http_webhook_lease_commit(ngx_http_webhook_lease_t *lease,
    time_t ttl);
void ngx_http_webhook_lease_release(ngx_http_webhook_lease_t *lease);
void ngx_http_webhook_lease_hold(ngx_http_webhook_lease_t *lease, time_t hold);

/* _lease_key.c: what a message is called in Redis */

ngx_int_t ngx_http_webhook_lease_key(ngx_http_webhook_lease_t *lease);

/* _settle.c: what Redis is told at the end of a lease */

void ngx_http_webhook_settle(ngx_http_webhook_lease_t *lease,
    ngx_http_webhook_settlement_e settlement, ngx_msec_t duration);
void ngx_http_webhook_settle_next(ngx_http_webhook_link_t *link);
void ngx_http_webhook_settle_give_up(ngx_http_webhook_link_t *link);

/* _link.c: a connection */

void ngx_http_webhook_link_init(ngx_http_webhook_link_t *link);
void ngx_http_webhook_link_done(ngx_http_webhook_link_t *link);
void ngx_http_webhook_link_send(ngx_http_webhook_link_t *link,
    ngx_http_webhook_command_t *command, ngx_str_t *args, ngx_uint_t n);

/* _address.c: where an engine is */

ngx_addr_t *ngx_http_webhook_address(ngx_http_webhook_link_t *link);
ngx_int_t ngx_http_webhook_address_next(ngx_http_webhook_link_t *link,
    void (*handler)(ngx_http_webhook_link_t *link));
void ngx_http_webhook_address_done(ngx_http_webhook_link_t *link);

/* _greeting.c: the first commands of a connection */

ngx_int_t ngx_http_webhook_greeting(ngx_http_webhook_link_t *link,
    ngx_str_t *args, ngx_uint_t *n);
ngx_int_t ngx_http_webhook_greeting_next(ngx_http_webhook_link_t *link);

/* _advice.c: what an error of Redis means */

ngx_uint_t ngx_http_webhook_redis_says(ngx_http_webhook_answer_t *answer,
    const char *error);
void ngx_http_webhook_redis_say(ngx_http_webhook_link_t *link, ngx_err_t err,
    ngx_str_t *what);
const char *ngx_http_webhook_redis_advice(ngx_str_t *error);
void ngx_http_webhook_redis_cut(ngx_str_t *error, ngx_str_t *password);

/* _hiredis.c: the protocol, and whether it can be spoken */

ngx_uint_t ngx_http_webhook_hiredis(void);
ngx_int_t ngx_http_webhook_hiredis_format(ngx_http_webhook_bytes_t *out,
    ngx_str_t *args, ngx_uint_t n, ngx_log_t *log);
void *ngx_http_webhook_hiredis_reader(ngx_http_webhook_answer_t *answer);
void ngx_http_webhook_hiredis_free(void *reader);
const char *ngx_http_webhook_hiredis_feed(void *reader, u_char *data,
    size_t len);
ngx_int_t ngx_http_webhook_hiredis_answer(void *reader, const char **what);

/* _seen.c: what all workers share of an engine */

ngx_int_t ngx_http_webhook_redis_zone(ngx_conf_t *cf,
    ngx_http_webhook_redis_t *redis);
void ngx_http_webhook_redis_up(ngx_http_webhook_redis_t *redis, ngx_uint_t up);
void ngx_http_webhook_redis_count(ngx_http_webhook_redis_t *redis,
    ngx_http_webhook_redis_result_e result, ngx_msec_t waited);
ngx_http_webhook_redis_worker_t *ngx_http_webhook_redis_worker(
    ngx_http_webhook_redis_t *redis);
ngx_uint_t ngx_http_webhook_redis_pending(ngx_http_webhook_redis_t *redis);


#endif /* _NGX_HTTP_WEBHOOK_REDIS_H_INCLUDED_ */
