
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The state of a request.
 */


#ifndef _NGX_HTTP_WEBHOOK_CTX_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_CTX_H_INCLUDED_


#include "secret/ngx_http_webhook_secret.h"
#include "zone/ngx_http_webhook_zone.h"
#include "core/wh_content_digest.h"
#include "core/wh_name.h"
#include "core/wh_subject.h"
#include "core/pelorus/wh_pelorus.h"


typedef struct ngx_http_webhook_ctx_s  ngx_http_webhook_ctx_t;


/* What does something for a request; what says whether it passes. */

typedef ngx_int_t ngx_http_webhook_action_t(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
typedef ngx_http_webhook_reason_e ngx_http_webhook_check_t(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);

/* whether something holds of it */

typedef ngx_uint_t ngx_http_webhook_is_t(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* what finds a value, NGX_DECLINED for none */

typedef ngx_int_t ngx_http_webhook_value_get_t(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *value);


/* A hash of the message in progress: an HMAC, or a digest for public keys. */

typedef struct {
    EVP_MD_CTX                 *md;
    const wh_hmac_key_t        *key;        /* NULL for a digest */
    uint32_t                    secret;     /* its number, from 1 */
    uint16_t                    use;        /* of an HMAC's key */
    uint16_t                    digest;     /* if it is one, wh_digest_e */
} ngx_http_webhook_hash_t;


/* What takes a part of the body to hash it. */

typedef void ngx_http_webhook_feed_t(ngx_http_webhook_ctx_t *ctx,
    u_char *data, size_t len);


/* What is hashed to tell messages apart, where no key does. */

typedef enum {
    NGX_HTTP_WEBHOOK_DIGEST_NONE = 0,
    NGX_HTTP_WEBHOOK_DIGEST_MESSAGE,
    NGX_HTTP_WEBHOOK_DIGEST_BODY
} ngx_http_webhook_digest_e;


/* A request's place among those that wait for the worker's turn. */

typedef struct {
    ngx_queue_t                 queue;
    ngx_connection_t           *waiting;    /* its connection, or NULL: it is
                                               not in the queue */
    unsigned                    granted:1;
} ngx_http_webhook_turn_t;


/* What is known of a token that has been verified, all but the body. */

typedef struct {
    const wh_str_t             *issuer;
    const wh_str_t            **pinned;     /* of its claims, as gate->pinned */
    wh_str_t                    text;       /* that the issuer has signed */
    ngx_uint_t                  secret;     /* from 1 */
    ngx_http_webhook_reason_e   untimely;   /* or PASSED */
} ngx_http_webhook_jwt_t;


/* A signature that the request offers. */

typedef struct {
    wh_signature_t              signature;  /* of a token, the digest in it */
    wh_str_t                    message;    /* that a public key is to have
                                               signed, or no data */
    ngx_http_webhook_jwt_t     *jwt;        /* or NULL */
    EVP_PKEY                   *pubkey;     /* chosen by its id, or NULL */
    uint32_t                    hmacs;      /* that it may be, bits of uses */
    uint16_t                    number;     /* of its secret, from 1 */
    uint8_t                     use;
    uint8_t                     scheme;     /* wh_pubkey_e */
} ngx_http_webhook_candidate_t;


/*
 * What only a request has whose provider has signatures.  Most offer one, with
 * one hash, and these are here.
 */

typedef struct {
    ngx_http_webhook_candidate_t   candidate;
    ngx_http_webhook_hash_t        hash;
    u_char                         bytes[WH_HMAC_MAX_SIZE];
    ngx_str_t                      time;        /* in a header, as it is signed,
                                                   or empty */
    ngx_str_t                      prefix;      /* of the body, in a message
                                                   that has parts */
    ngx_str_t                      suffix;      /* likewise */
    uint32_t                       at;          /* the rule or candidate that
                                                   waits for its turn */
    uint32_t                       tried;       /* keys, for this one */
} ngx_http_webhook_signing_t;


/* What only a request has whose signature is a token. */

typedef struct {
    wh_json_t                     *claims;      /* or NULL */
    const wh_str_t                *issuer;      /* of the one that matched, or
                                                   NULL */
    const wh_str_t               **pinned;      /* likewise: what its claims
                                                   are, as gate->pinned */
    ngx_str_t                      header;      /* of a detached one, with the
                                                   dot, or empty */
    wh_str_t                       text;        /* that is signed, of one that
                                                   is the body, or no data */
    ngx_http_webhook_reason_e      untimely;    /* a bearer's time */
} ngx_http_webhook_jose_t;


/* What answers a challenge, of a request whose provider has any. */

typedef struct {
    ngx_http_webhook_key_t        *key;         /* or NULL */
    ngx_str_t                      value;
    ngx_str_t                      mac;
} ngx_http_webhook_challenge_answer_t;


typedef struct {
    ngx_table_elt_t            *first;
    ngx_uint_t                  count;
} ngx_http_webhook_field_t;


/*
 * The state of a request.  It goes from START to CHECKING, to READING when the
 * body has to be read, from there to READ, to PARSING while JSON is parsed,
 * verified but for a provider that needs the body, to CLAIMING while an engine
 * is asked for the message, and from any of these to DONE.
 */

typedef enum {
    NGX_HTTP_WEBHOOK_START = 0,
    NGX_HTTP_WEBHOOK_CHECKING,
    NGX_HTTP_WEBHOOK_READING,
    NGX_HTTP_WEBHOOK_READ,
    NGX_HTTP_WEBHOOK_PARSING,
    NGX_HTTP_WEBHOOK_CLAIMING,
    NGX_HTTP_WEBHOOK_DONE
} ngx_http_webhook_state_e;


/* The HTTP message signature of a request. */

typedef struct {
    wh_signature_input_t           input;
    wh_signature_t                 signature;
    wh_content_digest_t            digest;      /* of the body, if covered */
    ngx_str_t                      base;        /* that is signed, or empty */
} ngx_http_webhook_http_signature_t;


/* What a request would have been refused for, had a rule not been on trial. */

typedef struct {
    ngx_uint_t                     bits;        /* that have failed */
    ngx_http_webhook_reason_e      reason;      /* of the first */
    ngx_uint_t                     status;
    const ngx_str_t               *pointer;
    const char                    *violation;
} ngx_http_webhook_dry_run_t;


/* A record that a request has been counted in. */

typedef struct ngx_http_webhook_counted_s  ngx_http_webhook_counted_t;

struct ngx_http_webhook_counted_s {
    ngx_http_webhook_record_t     *record;
    ngx_http_webhook_counted_t    *next;
};


/*
 * It is small, since nginx holds it for each client that waits.  What few
 * requests have is in pieces of their own.
 */

struct ngx_http_webhook_ctx_s {
    ngx_pool_cleanup_t             cleanup;     /* of the first of a request */

    /* the gate, and how far the request has come */
    ngx_http_webhook_gate_t       *gate;
    ngx_http_webhook_loc_conf_t   *wlcf;        /* where it was last asked */
    ngx_http_webhook_state_e       state:8;

    /* the verdict, and what is said of it */
    ngx_http_webhook_verdict_e     verdict:8;
    ngx_http_webhook_reason_e      reason:16;
    uint16_t                       status;      /* of the rule, or 0 */
    int16_t                        ack;         /* status for 2xx, if > 0 */
    const ngx_str_t               *pointer;     /* of what is invalid; NULL: the
                                                   document */
    const char                    *violation;   /* what is wrong there */
    int64_t                        age;         /* s, of a time that is out of
                                                   the window, or 0 */
    ngx_http_webhook_dry_run_t    *dry_run;     /* or NULL */
    uint32_t                       secrets_tried;  /* bits, of a refusal */

    /* what the request has: headers, keys, candidates */
    uint32_t                       ncandidates;
    ngx_http_webhook_candidate_t  *candidates;
    ngx_http_webhook_field_t      *headers;     /* as provider->headers */
    ngx_http_webhook_key_t       **keys;        /* gate->nkeys, or NULL each */
    ngx_http_webhook_source_t     *credential;  /* the token's source */
    ngx_http_webhook_signing_t    *signing;     /* or NULL */
    ngx_http_webhook_jose_t       *jose;        /* or NULL */
    ngx_http_webhook_http_signature_t  *http;   /* or NULL */
    ngx_http_webhook_turn_t       *turn;        /* NULL: it has never waited */
    u_char                        *step;        /* that waits for it, or NULL */
    uint32_t                       secret;      /* that matched, from 1 */
    uint32_t                       token;       /* the token's, from 1 */
    ngx_array_t                   *subject;     /* of the certificate, that
                                                   matched, or NULL */

    /* hashes of the message and of the body */
    ngx_http_webhook_hash_t       *hashes;
    EVP_MD_CTX                    *sha256;      /* for $webhook_body_sha256 */
    ngx_str_t                      body_sha256;
    off_t                          hashed;      /* bytes of the body */
    off_t                          arrived;     /* of one that stays in
                                                   memory */
    uint32_t                       nhashes;
    uint32_t                       crc32;       /* for a rule "body" */
    u_char                         ncarry;
    u_char                         carry[3];    /* bytes that are not encoded
                                                   yet, of a payload */

    /* bits */
    unsigned                       whole:1;     /* a signature is over the
                                                   message in one piece */
    unsigned                       plain:1;     /* the payload of a detached
                                                   token is not encoded */
    unsigned                       unverified:1;   /* but parsed */
    unsigned                       binding:1;   /* the failure counts also
                                                   where it is on trial */
    unsigned                       refused:1;   /* with its headers */
    unsigned                       probing:1;   /* the body is read to see
                                                   whether it is a challenge */
    unsigned                       unknown_tenant:1; /* all secrets are from
                                                      variables, and empty */
    unsigned                       later:1;     /* the body is hashed when
                                                   it has been read */
    unsigned                       hashing:1;
    unsigned                       compared:1;  /* all but public keys */
    unsigned                       at_once:1;   /* it cannot wait */
    unsigned                       failed:1;    /* a hash could not be done */
    unsigned                       stripped:1;  /* of its credential */
    unsigned                       sender:1;    /* verified, also if it is
                                                   a duplicate */
    unsigned                       verified:1;  /* all that is enforced has
                                                   been passed */
    unsigned                       evaluation:1;   /* of a variable failed */
    unsigned                       redirected:1;   /* from a gate */
    unsigned                       parse:1;     /* the body */
    unsigned                       taken:1;     /* the body, ahead of another
                                                   location */
    unsigned                       by_name:1;   /* parsed for a variable */

    /* the body, and the parser for JSON */
    wh_json_t                     *json;        /* or NULL */
    ngx_chain_t                   *parsed;      /* where it is in the body */
    off_t                          offset;      /* in that buffer */
    ngx_str_t                      form;        /* the body in one piece, if it
                                                   is a form or a token */
    ngx_str_t                      text;        /* for a rule "body" */
    wh_pelorus_work_t             *pelorus;     /* or NULL */
    ngx_str_t                     *response_body;  /* of its receiver, or
                                                   NULL */

    /* the challenge that the request is, or NULL */
    ngx_http_webhook_challenge_t  *challenge;
    ngx_http_webhook_challenge_answer_t  *answer;  /* where there may be one,
                                                   or NULL */

    /* replay protection, or NULL */
    ngx_http_webhook_replay_state_t  *replay;

    /* counting; stats_entries of the location, or NULL */
    ngx_http_webhook_stats_entry_t  *stats_entries;
    ngx_http_webhook_counted_t    *counted;
    uint64_t                       started;     /* ns, or 0 */
    uint64_t                       spent;       /* ns */
};


/* _source.c: of what is not the value of a header */
ngx_int_t ngx_http_webhook_source_other(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_str_t *value);


/*
 * The value of a source: WH_OK, WH_ABSENT also for an empty value,
 * WH_REPEATED, WH_INVALID, or WH_ERROR without memory.  The value is in the
 * request's memory and may be pointed to as long as the request lives, but
 * for one from JSON, which lives as long as the parser.
 */

static ngx_inline ngx_int_t
ngx_http_webhook_source_value(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_str_t *value)
{
    ngx_http_webhook_field_t  *header;

    if (source->type != NGX_HTTP_WEBHOOK_HEADER) {
        return ngx_http_webhook_source_other(r, ctx, source, value);
    }

    header = &ctx->headers[source->index];

    if (header->count != 1) {
        ngx_str_null(value);
        return header->count ? WH_REPEATED : WH_ABSENT;
    }

    *value = header->first->value;

    return value->len ? WH_OK : WH_ABSENT;
}


/* Whether the signature is a token whose payload is the message. */

static ngx_inline ngx_uint_t
ngx_http_webhook_detached(ngx_http_webhook_ctx_t *ctx)
{
    return ctx->jose && ctx->jose->header.len;
}


#endif /* _NGX_HTTP_WEBHOOK_CTX_H_INCLUDED_ */
