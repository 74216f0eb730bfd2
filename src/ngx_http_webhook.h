
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What the files of the module's nginx side share.
 */


#ifndef _NGX_HTTP_WEBHOOK_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_ssl_module.h>

#include "core/wh.h"
#include "core/wh_decode.h"
#include "core/wh_hmac.h"
#include "core/wh_signature.h"
#include "core/wh_subject.h"
#include "core/wh_credential.h"
#include "core/wh_form.h"
#include "core/wh_form_sorted.h"
#include "core/wh_json.h"
#include "core/wh_jwt.h"
#include "core/pelorus/wh_pelorus.h"
#include "core/wh_pubkey.h"
#include "core/wh_constraint.h"
#include "core/wh_time.h"


#if !(NGX_HTTP_SSL)
#error "the webhook module needs nginx with http_ssl_module"
#endif


#if !(NGX_PCRE)
typedef void  ngx_regex_t;
#endif


/* Why a request is refused; names and statuses stand in _reply.c. */

typedef enum {
    NGX_HTTP_WEBHOOK_PASSED = 0,
    NGX_HTTP_WEBHOOK_METHOD_NOT_ALLOWED,
    NGX_HTTP_WEBHOOK_CONTENT_TYPE_UNSUPPORTED,
    NGX_HTTP_WEBHOOK_HEADER_MISSING,
    NGX_HTTP_WEBHOOK_HEADER_MISMATCH,
    NGX_HTTP_WEBHOOK_CERTIFICATE_MISSING,
    NGX_HTTP_WEBHOOK_CERTIFICATE_UNVERIFIED,
    NGX_HTTP_WEBHOOK_CERTIFICATE_SUBJECT_MISMATCH,
    NGX_HTTP_WEBHOOK_TOKEN_MISSING,
    NGX_HTTP_WEBHOOK_TOKEN_MISMATCH,
    NGX_HTTP_WEBHOOK_SIGNATURE_MISSING,
    NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED,
    NGX_HTTP_WEBHOOK_SIGNATURE_MISMATCH,
    NGX_HTTP_WEBHOOK_CREDENTIAL_REPEATED,
    NGX_HTTP_WEBHOOK_CHALLENGE_MALFORMED,
    NGX_HTTP_WEBHOOK_TIMESTAMP_MISSING,
    NGX_HTTP_WEBHOOK_TIMESTAMP_MALFORMED,
    NGX_HTTP_WEBHOOK_TIMESTAMP_TOO_OLD,
    NGX_HTTP_WEBHOOK_TIMESTAMP_IN_FUTURE,
    NGX_HTTP_WEBHOOK_BODY_TOO_LARGE,
    NGX_HTTP_WEBHOOK_JSON_INVALID,
    NGX_HTTP_WEBHOOK_PAYLOAD_INVALID,
    NGX_HTTP_WEBHOOK_SECRET_UNAVAILABLE,
    NGX_HTTP_WEBHOOK_DUPLICATE,
    NGX_HTTP_WEBHOOK_DUPLICATE_IN_PROGRESS,
    NGX_HTTP_WEBHOOK_ZONE_FULL,
    NGX_HTTP_WEBHOOK_INTERNAL,
    NGX_HTTP_WEBHOOK_ABORTED,
    NGX_HTTP_WEBHOOK_REASONS
} ngx_http_webhook_reason_e;


/* Rules that can be on trial, bits; other failures are always enforced. */

#define NGX_HTTP_WEBHOOK_RULE_METHOD        0x0001
#define NGX_HTTP_WEBHOOK_RULE_CONTENT_TYPE  0x0002
#define NGX_HTTP_WEBHOOK_RULE_HEADER        0x0004
#define NGX_HTTP_WEBHOOK_RULE_CERTIFICATE   0x0008
#define NGX_HTTP_WEBHOOK_RULE_TIMESTAMP     0x0010
#define NGX_HTTP_WEBHOOK_RULE_PAYLOAD       0x0020
#define NGX_HTTP_WEBHOOK_RULE_REPLAY        0x0040


/* Where a request carries something: the SOURCE of the provider language. */

typedef enum {
    NGX_HTTP_WEBHOOK_HEADER = 0,
    NGX_HTTP_WEBHOOK_QUERY,
    NGX_HTTP_WEBHOOK_COOKIE,
    NGX_HTTP_WEBHOOK_BEARER,
    NGX_HTTP_WEBHOOK_BASIC,
    NGX_HTTP_WEBHOOK_FIELD,
    NGX_HTTP_WEBHOOK_JSON,
    NGX_HTTP_WEBHOOK_FORM
} ngx_http_webhook_source_e;


typedef struct {
    ngx_http_webhook_source_e   type;
    ngx_uint_t                  header;     /* index in provider->headers, of
                                               JSON in provider->pointers */
    ngx_str_t                   name;       /* of the argument, cookie, field,
                                               or the JSON Pointer */
    u_char                      separator;  /* between the fields */
} ngx_http_webhook_source_t;


typedef struct {
    ngx_str_t                   name;       /* lower case */
    ngx_uint_t                  hash;
    ngx_uint_t                  next;       /* in its chain: an index plus 1,
                                               or 0 */
} ngx_http_webhook_header_t;


/* Headers are looked up by their hash, most of them are of no interest. */

#define NGX_HTTP_WEBHOOK_CHAINS  32

#define ngx_http_webhook_chain(hash)  ((hash) % NGX_HTTP_WEBHOOK_CHAINS)


/* A provider: who sends, and how the sender signs; made of its rules. */

typedef struct {
    ngx_str_t                   type;       /* "application"; "" for none */
    ngx_str_t                   subtype;    /* "json", "*" or "+json" */
    ngx_regex_t                *regex;      /* of the whole value instead */
} ngx_http_webhook_media_t;


typedef struct {
    ngx_uint_t                  header;
    ngx_str_t                   value;
    ngx_uint_t                  status;
    unsigned                    prefix:1;
    ngx_regex_t                *regex;
} ngx_http_webhook_required_t;


typedef struct {
    ngx_http_webhook_source_t   source;
    ngx_str_t                   rule;       /* its name for "for=" */
} ngx_http_webhook_token_t;


/* A token that stands in every element of an array. */

typedef struct {
    wh_json_set_t              *set;
    size_t                      array;
    size_t                      value;
} ngx_http_webhook_every_t;


/*
 * What a secret is used for: an HMAC, by how the sender writes its keys down
 * and by digest, or a public key by its scheme.
 */

typedef enum {
    NGX_HTTP_WEBHOOK_KEY_TEXT = 0,
    NGX_HTTP_WEBHOOK_KEY_HEX,
    NGX_HTTP_WEBHOOK_KEY_BASE64,
    NGX_HTTP_WEBHOOK_KEY_WHSEC,             /* Base64 behind "whsec_" */
    NGX_HTTP_WEBHOOK_KEYS
} ngx_http_webhook_key_e;


#define NGX_HTTP_WEBHOOK_HMACS    (NGX_HTTP_WEBHOOK_KEYS * WH_DIGESTS)
#define NGX_HTTP_WEBHOOK_PUBKEYS  4

#define NGX_HTTP_WEBHOOK_NO_USE                                               \
    (NGX_HTTP_WEBHOOK_HMACS + NGX_HTTP_WEBHOOK_PUBKEYS)

#define ngx_http_webhook_use_hmac(key, digest)  ((key) * WH_DIGESTS + (digest))
#define ngx_http_webhook_use_pubkey(scheme)                                   \
    (NGX_HTTP_WEBHOOK_HMACS + (scheme) - WH_ED25519)


typedef struct {
    ngx_http_webhook_source_t   source;
    wh_signature_format_t       format;
    wh_digest_e                 digest;     /* of an HMAC */
    ngx_http_webhook_key_e      key;        /* likewise */
    wh_pubkey_e                 scheme;     /* or WH_PUBKEY_NONE */
    wh_jwt_claims_t            *jwt;        /* of a token, or NULL */
    ngx_uint_t                  use;
} ngx_http_webhook_signature_t;


typedef struct {
    ngx_http_webhook_source_t   source;
    ngx_str_t                   value;      /* empty: the challenge secret */
} ngx_http_webhook_match_t;


typedef struct {
    ngx_uint_t                  method;
    ngx_http_webhook_source_t   source;
    ngx_array_t                 matches;    /* ngx_http_webhook_match_t */
    ngx_http_complex_value_t    reply;
    ngx_str_t                   type;
    ngx_str_t                   header;     /* that has the text, or empty */
    unsigned                    always:1;   /* SOURCE is "none" */
    unsigned                    after:1;    /* only to a verified sender */
    unsigned                    hmac:1;     /* the reply has an HMAC */
    unsigned                    keyed:1;    /* it needs a challenge secret */
    unsigned                    json:1;
    unsigned                    signing:1;  /* the signing secret serves */
} ngx_http_webhook_challenge_t;


/* A line of "require": its words, and its pattern compiled. */

typedef struct {
    wh_str_t                   *words;
    ngx_uint_t                  n;
    ngx_regex_t                *regex;
} ngx_http_webhook_require_t;


/* A piece of the message: a text, and behind it what is in the body, if any. */

typedef struct {
    ngx_http_complex_value_t    text;
    ngx_http_webhook_source_t  *source;     /* or NULL */
    unsigned                    required:1; /* it must be there */
} ngx_http_webhook_piece_t;


/* What has to be looked for in a body before it is verified, bits. */

#define NGX_HTTP_WEBHOOK_INSIDE_TOKEN      1
#define NGX_HTTP_WEBHOOK_INSIDE_SIGNATURE  2
#define NGX_HTTP_WEBHOOK_INSIDE_TIMESTAMP  4
#define NGX_HTTP_WEBHOOK_INSIDE_MESSAGE    8
#define NGX_HTTP_WEBHOOK_INSIDE_JSON       16   /* any of it, and as JSON */


/* How long ago, and how far ahead, a timestamp may be; -1 for no limit. */

typedef struct {
    time_t                      past;
    time_t                      future;
} ngx_http_webhook_window_t;


typedef struct {
    ngx_http_webhook_source_t   source;
    wh_time_unit_e              unit;
    ngx_http_webhook_window_t   window;
} ngx_http_webhook_timestamp_t;


typedef struct ngx_http_webhook_ctx_s  ngx_http_webhook_ctx_t;


/* A step on the way of a request; the list of them is in _step.c. */

typedef ngx_http_webhook_reason_e (*ngx_http_webhook_step_pt)(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);


/*
 * What stands for the body in the message, if not the body itself: the rule
 * "body".  The kinds are a table in _transform.c.
 */

typedef struct {
    ngx_str_t                   word;       /* ends in ":" before a name */
    void                      (*update)(ngx_http_webhook_ctx_t *ctx,
                                    u_char *data, size_t len);
    ngx_http_webhook_reason_e (*finish)(ngx_http_request_t *r,
                                    ngx_http_webhook_ctx_t *ctx,
                                    ngx_str_t *text);
    unsigned                    whole:1;    /* the body is held */
    unsigned                    document:1; /* the JSON is in the text */
    unsigned                    digest:1;   /* the body's SHA-256 is wanted */
    unsigned                    weak:1;     /* another body may have the same
                                               text */
    ngx_http_webhook_source_t   source;     /* behind the word */
} ngx_http_webhook_body_t;


/* The headers that "body pelorus" looks at, by their index. */

typedef struct {
    ngx_uint_t                  user_agent;
    ngx_uint_t                  event;
    ngx_uint_t                  signature;
} ngx_http_webhook_pelorus_t;


typedef struct {
    ngx_str_t                   name;
    ngx_uint_t                  methods;
    ngx_str_t                   allow;
    ngx_array_t                 headers;      /* ngx_http_webhook_header_t */
    ngx_uint_t                  chains[NGX_HTTP_WEBHOOK_CHAINS];
    ngx_array_t                 media;        /* ngx_http_webhook_media_t */
    ngx_array_t                 required;     /* ngx_http_webhook_required_t */
    ngx_array_t                 tokens;       /* ngx_http_webhook_token_t */
    ngx_http_webhook_every_t   *every;        /* of the one token, or NULL */
    ngx_array_t                 signatures;   /* ngx_http_webhook_signature_t */
    ngx_array_t                 challenges;   /* ngx_http_webhook_challenge_t */
    ngx_http_webhook_challenge_t  *oracle;    /* one that signs for anybody */
    ngx_array_t                *certificates; /* of arrays, as the directive */
    ngx_str_t                   message;      /* as written, or no data */
    ngx_uint_t                  message_line;
    ngx_array_t                *prefix;       /* ngx_http_webhook_piece_t, of */
    ngx_array_t                *suffix;       /* the body in the message */
    ngx_http_webhook_body_t    *body;         /* or NULL: as it is */
    ngx_http_webhook_source_t  *id;
    ngx_http_webhook_source_t  *event;
    ngx_http_webhook_timestamp_t  *timestamp;
    ngx_http_webhook_pelorus_t  *pelorus;     /* or NULL */
    ngx_array_t                *requires;     /* ngx_http_webhook_require_t */
    ngx_array_t                 pointers;     /* ngx_str_t, of the sources */
    ngx_http_webhook_window_t   window;
    ngx_uint_t                  json;         /* bits, 1 << wh_json_type_e,
                                                 and 1 for an empty body */
    unsigned                    query;        /* WH_FORM_ flags */
    unsigned                    form:1;       /* a source is in a form */
    unsigned                    bodiless:1;   /* the body is not signed */
    ngx_uint_t                  inside;       /* NGX_HTTP_WEBHOOK_INSIDE_ */
    ngx_uint_t                  uses;         /* of secrets, bits */
    ngx_int_t                   ack;
    ngx_int_t                   reject;
} ngx_http_webhook_provider_t;


/* The header that every provider looks at; it has index 0. */
#define NGX_HTTP_WEBHOOK_CONTENT_TYPE  0


/*
 * A secret ready for use.  Places, the cache and requests hold it; it is wiped
 * when the last of them lets go.
 */

typedef struct {
    ngx_uint_t                  refs;
    u_char                      digest[WH_TOKEN_DIGEST_SIZE];
    wh_hmac_key_t               hmac[NGX_HTTP_WEBHOOK_HMACS];
    EVP_PKEY                   *pubkey[NGX_HTTP_WEBHOOK_PUBKEYS];
    ngx_uint_t                  uses;       /* that it is good for, bits */
} ngx_http_webhook_key_t;


/* Keys of secrets that have variables, those used last. */

typedef struct ngx_http_webhook_cache_s  ngx_http_webhook_cache_t;


typedef struct ngx_http_webhook_gate_s  ngx_http_webhook_gate_t;
typedef struct ngx_http_webhook_file_s  ngx_http_webhook_file_t;
typedef struct ngx_http_webhook_place_s  ngx_http_webhook_place_t;


/* A secret as configured. */

typedef struct {
    ngx_str_t                   bytes;      /* decoded, or empty if value;
                                               wiped when the configuration
                                               has been read */
    ngx_http_complex_value_t   *value;      /* of text with variables */
    ngx_http_webhook_file_t    *file;       /* or NULL */
    wh_encoding_e               encoding;
    ngx_str_t                   rule;       /* "for=", or empty */
} ngx_http_webhook_secret_t;


/*
 * What changes while nginx runs: the key that a secret of a gate has now, and
 * what is known of its file.  The configuration beside it is not written to.
 * Both are made when the configuration is read, so each worker is born with
 * its own copy, and looks at the files for itself.
 */

struct ngx_http_webhook_place_s {
    ngx_http_webhook_key_t       *key;      /* NULL for a variable's */
    ngx_http_webhook_key_t       *successor;  /* while a file is read again */
    ngx_http_webhook_secret_t    *secret;
    ngx_http_webhook_gate_t      *gate;
    ngx_http_webhook_provider_t  *provider; /* that the key is for; NULL for
                                               challenges */
    ngx_str_t                     rule;     /* of tokens, the only one that it
                                               serves, or empty */
    ngx_uint_t                    number;   /* of the secret, from 1 */
    ngx_http_webhook_place_t     *next;     /* with a key of the same file */
};


struct ngx_http_webhook_file_s {
    ngx_str_t                     path;
    wh_encoding_e                 encoding;
    ngx_file_info_t               info;     /* when it was last read */
    ngx_msec_t                    checked;
    ngx_err_t                     err;      /* of the last look at it */
    ngx_http_webhook_place_t     *places;
    ngx_http_webhook_file_t      *next;
    unsigned                      seen:1;   /* the worker may look at it */
    unsigned                      again:1;  /* read it once more */
};


/*
 * All that decides about a request of one provider in a location, compiled
 * when the configuration is read and not written to afterwards.  Providers of
 * one "webhook" make a line of gates, one of which is chosen for a request.
 * Locations that inherit everything share the line: a verdict counts for it.
 */

struct ngx_http_webhook_gate_s {
    ngx_http_webhook_gate_t      *first;        /* of the line */
    ngx_http_webhook_gate_t      *next;
    ngx_http_webhook_gate_t      *sender;       /* to replay protection: the
                                                   first one that has a secret
                                                   in common, or this */
    ngx_http_webhook_provider_t  *provider;
    ngx_http_webhook_place_t     *places;       /* nkeys, of the secrets */
    ngx_http_webhook_place_t     *challenge;    /* or NULL */
    ngx_array_t                  *certificates; /* of arrays, or NULL */
    ngx_str_t                     allow;
    wh_json_set_t                *json;         /* or NULL */
    ngx_array_t                   pointers;     /* ngx_str_t, as in the set */
    wh_constraint_t              *rules;
    ngx_http_webhook_step_pt     *steps;        /* ahead of the body */
    ngx_http_webhook_step_pt     *inside;       /* behind it; NULL ends both */
    size_t                       *vars;         /* in the set, for each
                                                   webhook_var */
    ngx_http_webhook_window_t     window;
    time_t                        replayable;   /* how long a message passes
                                                   again, if its time is
                                                   signed; or -1 */
    size_t                        root;         /* of the document, if the
                                                   provider has "json" */
    ngx_uint_t                    encoding;     /* header Content-Encoding */
    ngx_uint_t                    nrules;
    ngx_uint_t                    nkeys;
    unsigned                      incomplete:1; /* no secret at this level */
    unsigned                      strict:1;     /* the body must be JSON */
    unsigned                      replay:1;     /* in some location */
    unsigned                      separate:1;   /* on the first: the challenge
                                                   secret must differ from the
                                                   others */
};


/* What all workers share: made once, and kept by a reload. */

typedef struct ngx_http_webhook_store_s  ngx_http_webhook_store_t;
typedef struct ngx_http_webhook_stats_s  ngx_http_webhook_stats_t;


typedef struct {
    ngx_http_webhook_store_t   *store;      /* of messages seen */
    ngx_http_webhook_stats_t   *stats;
} ngx_http_webhook_zone_sh_t;


/* A zone, as a configuration sees it. */

typedef struct {
    ngx_shm_zone_t             *shm_zone;
    ngx_slab_pool_t            *shpool;
    ngx_http_webhook_zone_sh_t  *sh;
    ngx_array_t                *hooks;      /* of the configuration */
} ngx_http_webhook_zone_t;


/* A location that answers with the counters, and where the directive is. */

typedef struct {
    ngx_uint_t                  format;     /* unless a request asks for one */
    ngx_str_t                   file;
    ngx_uint_t                  line;
} ngx_http_webhook_status_t;


typedef struct ngx_http_webhook_hook_s  ngx_http_webhook_hook_t;
typedef struct ngx_http_webhook_record_s  ngx_http_webhook_record_t;


#define NGX_HTTP_WEBHOOK_DIGEST      32     /* bytes, of SHA-256 */
#define NGX_HTTP_WEBHOOK_REPLAY_TTL  86400  /* seconds */


/* A message in a zone. */

typedef struct {
    ngx_http_webhook_zone_t    *zone;
    time_t                      ttl;
    time_t                      window;     /* in which it is not evicted,
                                               or -1 */
    ngx_uint_t                  serial;     /* while it is claimed */
    u_char                      digest[NGX_HTTP_WEBHOOK_DIGEST];
} ngx_http_webhook_claim_t;


/* What "webhook_replay" says. */

typedef struct {
    ngx_str_t                   name;       /* of the zone */
    ngx_http_webhook_zone_t    *zone;
    time_t                      ttl;        /* or NGX_CONF_UNSET */
    ngx_uint_t                  duplicate;  /* the status of one */
    ngx_http_complex_value_t   *key;        /* or NULL */
    ngx_uint_t                  parts;      /* of the key, bits */
    ngx_str_t                   file;       /* where the directive stands */
    ngx_uint_t                  line;
    ngx_array_t                 checked;    /* ngx_http_webhook_gate_t *, with
                                               different warnings */
} ngx_http_webhook_replay_t;


typedef struct {
    ngx_array_t                *providers;  /* ngx_str_t, none for "off" */
    ngx_str_t                   names;      /* the same in one text */
    ngx_array_t                *secrets;    /* ngx_http_webhook_secret_t */
    ngx_http_webhook_secret_t  *challenge_secret;
    ngx_array_t                *certificates;
    ngx_array_t                *requires;   /* ngx_http_webhook_require_t */
    ngx_http_webhook_window_t   window;
    ngx_str_t                   public_url; /* scheme and host */
    size_t                      max_body;
    ngx_flag_t                  enforce;
    ngx_uint_t                  excepted;   /* rules, if there is enforce */
    ngx_flag_t                  strip;
    ngx_int_t                   ack;
    ngx_int_t                   reject;
    ngx_uint_t                  log_level;
    ngx_http_webhook_gate_t    *gate;       /* the first of the line, NULL
                                               where webhook is off */
    ngx_http_webhook_replay_t  *replay;     /* NULL where it is off */
    u_char                     *scope;      /* which location this is: a
                                               digest, if there are zones */
    ngx_http_webhook_hook_t    *hooks;      /* NULL where nothing is counted */
    ngx_http_webhook_status_t  *status;     /* or NULL */
    ngx_str_t                   file;       /* where "webhook" stands */
    ngx_uint_t                  line;
} ngx_http_webhook_loc_conf_t;


/* A gate in a location, and where it is counted. */

struct ngx_http_webhook_hook_s {
    ngx_http_webhook_hook_t      *next;     /* of the same location */
    ngx_http_webhook_gate_t      *gate;
    ngx_http_webhook_loc_conf_t  *wlcf;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_core_srv_conf_t     *cscf;
    ngx_http_webhook_zone_t      *zone;     /* or NULL */
    ngx_http_webhook_record_t    *record;   /* NULL when the zone is full */
    unsigned                      first:1;  /* with this record */
};


/* a location where client certificates count, in a server */

typedef struct {
    ngx_http_ssl_srv_conf_t      *sscf;
    ngx_http_webhook_loc_conf_t  *conf;
    ngx_http_webhook_gate_t      *gate;
} ngx_http_webhook_certificate_user_t;


/* a location that has a gate */

typedef struct {
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_core_srv_conf_t     *cscf;
    ngx_http_webhook_gate_t      *gate;     /* the first */
} ngx_http_webhook_location_t;


typedef struct {
    ngx_array_t                 providers;  /* ngx_http_webhook_provider_t * */
    ngx_array_t                 certificate_users;
    ngx_array_t                 locations;  /* ngx_http_webhook_location_t */
    ngx_array_t                 zones;      /* ngx_http_webhook_zone_t * */
    ngx_array_t                 hooks;      /* ngx_http_webhook_hook_t * */
    ngx_http_webhook_status_t  *status;     /* the first one, or NULL */
    ngx_http_webhook_file_t    *files;      /* of secrets */
    ngx_http_webhook_cache_t   *cache;      /* NULL where no secret has
                                               variables */
    ngx_array_t                 vars;       /* ngx_str_t, JSON Pointers */
    unsigned                    body_sha256:1;  /* some log wants it */
    unsigned                    ack:1;          /* in some location */
    unsigned                    replay:1;       /* likewise */
} ngx_http_webhook_main_conf_t;


/* One hash of the message in work: an HMAC, or the digest for public keys. */

typedef struct {
    EVP_MD_CTX                 *md;
    const wh_hmac_key_t        *key;        /* NULL for a digest */
    wh_digest_e                 digest;     /* if it is one */
    ngx_uint_t                  use;        /* of an HMAC's key */
    ngx_uint_t                  secret;     /* its index */
} ngx_http_webhook_hash_t;


/* A signature that the request offers. */

typedef struct {
    wh_signature_t             *signature;
    wh_pubkey_e                 scheme;
    ngx_uint_t                  use;
    ngx_uint_t                  secret;     /* of a token, from 1; then the
                                               signature is a digest */
} ngx_http_webhook_candidate_t;


typedef struct {
    ngx_table_elt_t            *first;
    ngx_uint_t                  count;
} ngx_http_webhook_found_t;


/* What keeps a request from being passed on twice. */

typedef struct {
    ngx_http_webhook_claim_t    claim;
    ngx_http_webhook_replay_t  *replay;     /* of the location at that time */
    u_char                     *scope;      /* likewise */
    u_char                      message[NGX_HTTP_WEBHOOK_DIGEST];
    unsigned                    hashed:1;   /* the message is */
    unsigned                    keyed:1;    /* the claim has its digest */
    unsigned                    held:1;     /* now */
} ngx_http_webhook_once_t;


/*
 * The state of a request.  It goes from START to READING when the body has
 * to be read, from there to READ, to WALKING while JSON is looked at, verified
 * but for a provider with "inside", and from any of these to DONE.
 */

typedef enum {
    NGX_HTTP_WEBHOOK_START = 0,
    NGX_HTTP_WEBHOOK_READING,
    NGX_HTTP_WEBHOOK_READ,
    NGX_HTTP_WEBHOOK_WALKING,
    NGX_HTTP_WEBHOOK_DONE
} ngx_http_webhook_state_e;


typedef enum {
    NGX_HTTP_WEBHOOK_UNKNOWN = 0,
    NGX_HTTP_WEBHOOK_ACCEPTED,
    NGX_HTTP_WEBHOOK_REJECTED,
    NGX_HTTP_WEBHOOK_WOULD_REJECT,
    NGX_HTTP_WEBHOOK_CHALLENGED,
    NGX_HTTP_WEBHOOK_DUPLICATED,
    NGX_HTTP_WEBHOOK_VERDICTS
} ngx_http_webhook_verdict_e;


/* What a request would have been refused for, had a rule not been on trial. */

typedef struct {
    ngx_uint_t                     rules;       /* that have failed, bits */
    ngx_http_webhook_reason_e      reason;      /* of the first */
    ngx_uint_t                     status;
    ngx_str_t                      pointer;
    const char                    *rule;
} ngx_http_webhook_trial_t;


/* A record that a request has been counted in. */

typedef struct ngx_http_webhook_left_s  ngx_http_webhook_left_t;

struct ngx_http_webhook_left_s {
    ngx_http_webhook_record_t     *record;
    ngx_http_webhook_left_t       *next;
};


struct ngx_http_webhook_ctx_s {
    ngx_http_webhook_gate_t       *gate;
    ngx_pool_cleanup_t            *cleanup;
    ngx_http_webhook_hook_t       *hooks;       /* of the location, or NULL */
    ngx_http_webhook_left_t       *left;
    uint64_t                       started;     /* ns, or 0 */
    uint64_t                       spent;       /* ns */
    ngx_http_webhook_state_e       state;
    ngx_http_webhook_verdict_e     verdict;
    ngx_http_webhook_reason_e      reason;
    ngx_uint_t                     status;      /* of the rule, or 0 */
    ngx_http_webhook_found_t      *found;       /* beside provider->headers */
    ngx_http_webhook_key_t       **keys;        /* held, gate->nkeys */
    ngx_http_webhook_key_t        *challenge_key;
    ngx_http_webhook_hash_t       *hashes;
    ngx_uint_t                     nhashes;
    EVP_MD_CTX                    *sha256;      /* for $webhook_body_sha256 */
    ngx_http_webhook_candidate_t  *candidates;
    ngx_uint_t                     ncandidates;
    off_t                          hashed;      /* bytes of the body */
    ngx_uint_t                     secret;      /* that matched, from 1 */
    ngx_str_t                      body_sha256;
    ngx_http_webhook_challenge_t  *challenge;
    ngx_str_t                      challenge_value;
    ngx_http_webhook_source_t     *credential;  /* the token's source */
    ngx_int_t                      ack;         /* status for 2xx, if > 0 */
    wh_json_t                     *json;        /* the walker, or NULL */
    ngx_chain_t                   *walked;      /* where it is in the body */
    off_t                          offset;      /* in that buffer */
    ngx_str_t                      form;        /* the body, if it is one */
    ngx_str_t                      text;        /* for the body, if there is
                                                   a rule "body" */
    uint32_t                       crc32;       /* of the body, likewise */
    ngx_http_webhook_once_t       *once;        /* or NULL: no protection */
    ngx_str_t                      answer;      /* instead of our own */
    ngx_str_t                      pointer;     /* of what is invalid */
    const char                    *rule;        /* that it breaks */
    ngx_http_webhook_trial_t       trial;
    unsigned                       whole:1;     /* a signature is over the
                                                   message in one piece */
    unsigned                       unverified:1;  /* but looked into */
    unsigned                       refused:1;   /* with its headers */
    unsigned                       hashing:1;
    unsigned                       failed:1;    /* a hash could not be done */
    unsigned                       stripped:1;  /* of its credential */
    unsigned                       sender:1;    /* verified, also if it is
                                                   a duplicate */
};


/* _ctx.c: the state of a request, kept across internal redirects */

ngx_http_webhook_ctx_t *ngx_http_webhook_restore_ctx(ngx_http_request_t *r);
ngx_http_webhook_ctx_t *ngx_http_webhook_start_ctx(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *before, ngx_http_webhook_gate_t *gate);
ngx_int_t ngx_http_webhook_ctx_gate(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_gate_t *gate);

/* _source.c: looking things up in a request */

void ngx_http_webhook_find_headers(ngx_http_request_t *r,
    ngx_http_webhook_provider_t *provider, ngx_http_webhook_found_t *found);
ngx_int_t ngx_http_webhook_source_value(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_source_t *source,
    ngx_str_t *value);
ngx_uint_t ngx_http_webhook_source_in_body(ngx_http_webhook_source_t *source);
ngx_http_webhook_reason_e ngx_http_webhook_source_reason(ngx_int_t rc,
    ngx_http_webhook_reason_e missing, ngx_http_webhook_reason_e malformed);

/* _provider.c, _provider_*.c: the provider language */

char *ngx_http_webhook_provider_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_http_webhook_provider_t *ngx_http_webhook_provider_get(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf, ngx_str_t *name);
u_char *ngx_http_webhook_provider_names(u_char *p, u_char *last);
char *ngx_http_webhook_certificate_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_array_t **certificates);
char *ngx_http_webhook_status_word(ngx_conf_t *cf, ngx_str_t *word,
    ngx_int_t min, ngx_int_t max, ngx_int_t *status);

ngx_int_t ngx_http_webhook_provider_header(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *name,
    ngx_uint_t *index);
ngx_uint_t ngx_http_webhook_pattern_match(ngx_regex_t *regex,
    ngx_str_t *value);
char *ngx_http_webhook_pointer_valid(ngx_conf_t *cf, ngx_str_t *pointer);
char *ngx_http_webhook_require_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_array_t **requires);
char *ngx_http_webhook_window_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_http_webhook_window_t *window);

/* _secret.c: secrets in the configuration */

char *ngx_http_webhook_secret_words(ngx_conf_t *cf, ngx_str_t *words,
    ngx_uint_t n, ngx_http_webhook_secret_t *secret);
ngx_int_t ngx_http_webhook_secret_evaluate(ngx_http_request_t *r,
    ngx_http_webhook_secret_t *secret, ngx_str_t *bytes);

/* _key.c: keys, and who holds them */

ngx_int_t ngx_http_webhook_place_init(ngx_conf_t *cf,
    ngx_http_webhook_place_t *place);
ngx_http_webhook_key_t *ngx_http_webhook_key_create(
    ngx_http_webhook_place_t *place, ngx_str_t *bytes, ngx_log_t *log);
void ngx_http_webhook_key_release(ngx_http_webhook_key_t *key);
ngx_http_webhook_place_t *ngx_http_webhook_key_shared(
    ngx_http_webhook_place_t *place, ngx_http_webhook_key_t *key);
ngx_int_t ngx_http_webhook_key_separate(ngx_http_request_t *r,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_key_t *key);
ngx_int_t ngx_http_webhook_key_get(ngx_http_request_t *r,
    ngx_http_webhook_place_t *place, ngx_http_webhook_key_t **key);
ngx_int_t ngx_http_webhook_keys_get(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_uint_t *n);
void ngx_http_webhook_keys_release(ngx_http_webhook_ctx_t *ctx);

/* _file.c: files of secrets, read again when they change */

#define NGX_HTTP_WEBHOOK_SECRET_MIN  16         /* bytes, below is a warning */
#define NGX_HTTP_WEBHOOK_SECRET_MAX  65536      /* bytes of a file */

ngx_http_webhook_file_t *ngx_http_webhook_file_add(ngx_conf_t *cf,
    ngx_str_t *path, wh_encoding_e encoding);
const char *ngx_http_webhook_file_read(ngx_str_t *path, ngx_log_t *log,
    ngx_str_t *raw, ngx_file_info_t *fi);
void ngx_http_webhook_file_free(ngx_str_t *raw);
void ngx_http_webhook_file_check(ngx_http_webhook_file_t *file,
    ngx_log_t *log);

/* _gate.c: provider and directives of a location, compiled */

char *ngx_http_webhook_gate_compile(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf);
ngx_int_t ngx_http_webhook_gate_check_certificates(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf);

/* _line.c: a line of gates, for several providers */

#define NGX_HTTP_WEBHOOK_LINE_MAX  8            /* providers */

ngx_int_t ngx_http_webhook_line_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *first, ngx_http_webhook_loc_conf_t *conf);
ngx_int_t ngx_http_webhook_line_check_keys(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
void ngx_http_webhook_line_senders(ngx_http_webhook_gate_t *first);
ngx_uint_t ngx_http_webhook_line_complete(ngx_http_webhook_gate_t *gate);
ngx_int_t ngx_http_webhook_line_choose(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _payload.c: what a verified body must be like */

char *ngx_http_webhook_payload_compile(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
ngx_http_webhook_reason_e ngx_http_webhook_payload_start(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_payload_walk(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_payload_end(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_payload_check(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);

/* _pelorus.c: the verdict of the Pelorus receiver */

ngx_http_webhook_reason_e ngx_http_webhook_pelorus_headers(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_pelorus_body(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);

/* _step.c: the steps ahead of the body */

ngx_int_t ngx_http_webhook_steps_compile(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate);
ngx_http_webhook_reason_e ngx_http_webhook_timestamp_check(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_token_match(ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value, ngx_str_t *name);

/* _access.c: the way of a request */

ngx_int_t ngx_http_webhook_verify(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);
ngx_int_t ngx_http_webhook_verify_subrequest(ngx_http_request_t *r,
    ngx_http_webhook_loc_conf_t *wlcf);
void ngx_http_webhook_unreadable(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t status);

/* _every.c: a token in every element of an array */

char *ngx_http_webhook_every_compile(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *pointer);
ngx_http_webhook_reason_e ngx_http_webhook_every_check(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _message.c: what is signed, around the body */

ngx_int_t ngx_http_webhook_message_text(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_array_t *pieces, ngx_str_t *text);
ngx_http_webhook_reason_e ngx_http_webhook_message_check(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);

/* _pubkey.c: signatures by public keys */

ngx_int_t ngx_http_webhook_pubkey_match(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_hash_t *hash,
    ngx_str_t *suffix);
ngx_int_t ngx_http_webhook_pubkey_match_whole(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *suffix);

/* _jwt.c: signatures that are JSON Web Tokens */

char *ngx_http_webhook_jwt_compile(ngx_conf_t *cf,
    ngx_http_webhook_signature_t *signature, ngx_str_t *issuer,
    ngx_str_t *digest);
ngx_http_webhook_reason_e ngx_http_webhook_jwt_candidate(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_http_webhook_signature_t *signature, ngx_str_t *token,
    wh_signature_t *digest);

/* _body.c: hashing the body */

ngx_int_t ngx_http_webhook_body_arrives(ngx_http_request_t *r,
    ngx_chain_t *in);
ngx_uint_t ngx_http_webhook_body_wanted(ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_body_start(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_body_bounded(
    ngx_http_request_t *r);
ngx_int_t ngx_http_webhook_body_hashed(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_hashes_update(ngx_http_webhook_ctx_t *ctx,
    u_char *data, size_t len);
ngx_int_t ngx_http_webhook_body_gather(ngx_http_request_t *r, size_t max,
    ngx_str_t *body);
ngx_int_t ngx_http_webhook_body_sha256(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_http_webhook_reason_e ngx_http_webhook_body_form(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_hashes_release(ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_body_release(ngx_http_webhook_ctx_t *ctx);
EVP_MD_CTX *ngx_http_webhook_md_get(void);
void ngx_http_webhook_md_put(EVP_MD_CTX *md);
void ngx_http_webhook_md_exit(ngx_cycle_t *cycle);

/* _transform.c: what stands for the body in the message */

char *ngx_http_webhook_transform_kind(ngx_conf_t *cf,
    ngx_http_webhook_provider_t *provider, ngx_str_t *word);
ngx_http_webhook_reason_e ngx_http_webhook_transform_finish(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_transform_body(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, size_t max, ngx_str_t *body);

/* _challenge.c: answers that nginx itself gives */

ngx_http_webhook_reason_e ngx_http_webhook_challenge_find(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx, ngx_uint_t after);
ngx_int_t ngx_http_webhook_challenge_send(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_challenge_hmac(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, u_char *mac, size_t *size);

ngx_int_t ngx_http_webhook_challenge_apart(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);

/* _reply.c: refusals */

ngx_int_t ngx_http_webhook_reject(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_reason_e reason);
void ngx_http_webhook_would_reject(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_refuse(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_str_t *ngx_http_webhook_reason_name(ngx_uint_t reason);
ngx_uint_t ngx_http_webhook_reason_rule(ngx_http_webhook_reason_e reason);
ngx_table_elt_t *ngx_http_webhook_add_header(ngx_http_request_t *r,
    char *name, ngx_str_t *value);

/* _trial.c: rules on trial */

char *ngx_http_webhook_enforce(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_webhook_trial_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_loc_conf_t *conf);
ngx_uint_t ngx_http_webhook_excepted(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_http_webhook_reason_e reason);

/* _zone.c: memory that all workers share */

char *ngx_http_webhook_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* _store.c: the messages that a zone remembers */

ngx_http_webhook_store_t *ngx_http_webhook_store_create(
    ngx_slab_pool_t *shpool);
ngx_int_t ngx_http_webhook_store_look(ngx_http_webhook_claim_t *claim);
ngx_int_t ngx_http_webhook_store_claim(ngx_http_webhook_claim_t *claim,
    ngx_log_t *log);
void ngx_http_webhook_store_end(ngx_http_webhook_claim_t *claim,
    ngx_uint_t taken);
void ngx_http_webhook_store_sweep(ngx_http_webhook_zone_t *zone);
void ngx_http_webhook_store_numbers(ngx_http_webhook_zone_t *zone,
    ngx_uint_t *entries, ngx_uint_t *evicted);

/* _replay_conf.c: "webhook_replay" */

/* the parts of a key */

#define NGX_HTTP_WEBHOOK_KEY_HEADERS    0x01    /* and the request line */
#define NGX_HTTP_WEBHOOK_KEY_ID         0x02
#define NGX_HTTP_WEBHOOK_KEY_EVENT      0x04
#define NGX_HTTP_WEBHOOK_KEY_TIMESTAMP  0x08
#define NGX_HTTP_WEBHOOK_KEY_OTHER      0x10

char *ngx_http_webhook_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_webhook_replay_merge(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *prev, ngx_http_webhook_loc_conf_t *conf);
void ngx_http_webhook_replay_window(ngx_http_webhook_gate_t *gate);
char *ngx_http_webhook_replay_check(ngx_conf_t *cf,
    ngx_http_webhook_gate_t *gate, ngx_http_webhook_replay_t *replay);

/* _replay.c: each message once */

ngx_http_webhook_reason_e ngx_http_webhook_replay_known(
    ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_replay_message(ngx_http_webhook_ctx_t *ctx,
    u_char *digest);
ngx_http_webhook_reason_e ngx_http_webhook_replay_claim(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
void ngx_http_webhook_replay_end(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t taken);
ngx_int_t ngx_http_webhook_replay_process(ngx_cycle_t *cycle);

/* _stats.c: counting */

ngx_int_t ngx_http_webhook_hook_add(ngx_conf_t *cf,
    ngx_http_webhook_loc_conf_t *conf, ngx_http_webhook_gate_t *gate);
ngx_int_t ngx_http_webhook_stats_init(ngx_conf_t *cf);
ngx_int_t ngx_http_webhook_stats_zone(ngx_http_webhook_zone_t *zone,
    ngx_uint_t reload);
void ngx_http_webhook_leave(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
uint64_t ngx_http_webhook_clock(void);

/* _status.c: answering with the counters */

char *ngx_http_webhook_status_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_webhook_status_check(ngx_conf_t *cf,
    ngx_http_webhook_main_conf_t *wmcf);

/* _strip.c: taking the credential out of the request */

ngx_int_t ngx_http_webhook_strip(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx);
ngx_int_t ngx_http_webhook_strip_line(ngx_http_request_t *r,
    ngx_http_webhook_ctx_t *ctx, ngx_str_t *line);

/* _variables.c */

ngx_str_t *ngx_http_webhook_verdict_name(ngx_uint_t verdict);
ngx_int_t ngx_http_webhook_add_variables(ngx_conf_t *cf);
ngx_int_t ngx_http_webhook_add_json_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_uint_t index);
ngx_uint_t ngx_http_webhook_variable_used(ngx_conf_t *cf, ngx_str_t *name);


extern ngx_module_t  ngx_http_webhook_module;
extern ngx_module_t  ngx_http_webhook_filter_module;

extern ngx_http_request_body_filter_pt  ngx_http_webhook_next_body_filter;


/* on the way of every request, also where there is no gate */

static ngx_inline ngx_uint_t
ngx_http_webhook_has_no_ctx(ngx_http_request_t *r)
{
    return ngx_http_get_module_ctx(r, ngx_http_webhook_module) == NULL
           && !(r->internal || r->filter_finalize);
}


static ngx_inline ngx_http_webhook_ctx_t *
ngx_http_webhook_get_ctx(ngx_http_request_t *r)
{
    ngx_http_webhook_ctx_t  *ctx;

    if (ngx_http_webhook_has_no_ctx(r)) {
        return NULL;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_webhook_module);

    return ctx ? ctx : ngx_http_webhook_restore_ctx(r);
}


/*
 * The request has passed all that was enforced: it is accepted, or only rules
 * on trial are against it.
 */

static ngx_inline ngx_uint_t
ngx_http_webhook_verified(ngx_http_webhook_ctx_t *ctx)
{
    return ctx->verdict == NGX_HTTP_WEBHOOK_ACCEPTED
           || (ctx->verdict == NGX_HTTP_WEBHOOK_WOULD_REJECT
               && ctx->trial.rules);
}


/* Whether the body is to be hashed for replay protection. */

static ngx_inline ngx_uint_t
ngx_http_webhook_replay_hashes(ngx_http_webhook_ctx_t *ctx)
{
    return ctx->once
           && !ctx->once->keyed
           && ctx->gate->provider->pelorus == NULL;
}


/*
 * The time that verification takes, without the waiting for the body; where
 * nothing is counted there is no look at the clock.
 */

static ngx_inline void
ngx_http_webhook_clock_start(ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->hooks) {
        ctx->started = ngx_http_webhook_clock();
    }
}


static ngx_inline void
ngx_http_webhook_clock_stop(ngx_http_webhook_ctx_t *ctx)
{
    if (ctx->started) {
        ctx->spent += ngx_http_webhook_clock() - ctx->started;
        ctx->started = 0;
    }
}


/* The headers of a list one by one, from its first part and i = 0. */

static ngx_inline ngx_table_elt_t *
ngx_http_webhook_next_header(ngx_list_part_t **part, ngx_uint_t *i)
{
    ngx_table_elt_t  *header;

    while (*i >= (*part)->nelts) {

        if ((*part)->next == NULL) {
            return NULL;
        }

        *part = (*part)->next;
        *i = 0;
    }

    header = (*part)->elts;

    return &header[(*i)++];
}


static ngx_inline ngx_uint_t
ngx_http_webhook_str_equal(ngx_str_t *one, ngx_str_t *two)
{
    return one->len == two->len
           && ngx_memcmp(one->data, two->data, one->len) == 0;
}


/* core takes wh_str_t, nginx has ngx_str_t; both are length and bytes */

static ngx_inline wh_str_t
ngx_http_webhook_wh_str(ngx_str_t *s)
{
    wh_str_t  str;

    str.len = s->len;
    str.data = s->data;

    return str;
}


#endif /* _NGX_HTTP_WEBHOOK_H_INCLUDED_ */
