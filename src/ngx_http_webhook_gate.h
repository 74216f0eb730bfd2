
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The model of a location: its gates, their secrets and keys, and what its
 * directives say.
 */


#ifndef _NGX_HTTP_WEBHOOK_GATE_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_GATE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_ssl_module.h>

#include "ngx_http_webhook_provider.h"
#include "ngx_http_webhook_step.h"
#include "core/wh_claim.h"
#include "core/wh_constraint.h"
#include "core/wh_credential.h"
#include "core/wh_keyset.h"


typedef struct ngx_http_webhook_gate_s  ngx_http_webhook_gate_t;
typedef struct ngx_http_webhook_stats_entry_s  ngx_http_webhook_stats_entry_t;
typedef struct ngx_http_webhook_file_s  ngx_http_webhook_file_t;
typedef struct ngx_http_webhook_key_s  ngx_http_webhook_key_t;
typedef struct ngx_http_webhook_keyslot_s  ngx_http_webhook_keyslot_t;

/* keys of secrets that have variables, those used last */

typedef struct ngx_http_webhook_cache_s  ngx_http_webhook_cache_t;

/* what all workers share: made once, and kept by a reload */

typedef struct ngx_http_webhook_zone_s  ngx_http_webhook_zone_t;
typedef struct ngx_http_webhook_store_s  ngx_http_webhook_store_t;
typedef struct ngx_http_webhook_stats_s  ngx_http_webhook_stats_t;
typedef struct ngx_http_webhook_record_s  ngx_http_webhook_record_t;


/* A secret as configured. */

typedef struct {
    ngx_str_t                   bytes;      /* decoded, or empty if value;
                                               wiped when the configuration
                                               has been read */
    ngx_http_complex_value_t   *value;      /* of text with variables */
    ngx_http_webhook_file_t    *file;       /* or NULL */
    ngx_uint_t                  encoding;   /* wh_encoding_e */
    wh_keyset_format_e          keyset;     /* of the file, or NONE */
    ngx_str_t                   for_name;   /* "for=", or empty */
    ngx_str_t                   directive;  /* its name, and where it is */
    ngx_str_t                   conf_file;
    ngx_uint_t                  line;
    unsigned                    decode:1;   /* encoding is from "decode=" */
    unsigned                    told:1;     /* what is odd about it */
    unsigned                    short_told:1; /* that it is short */
} ngx_http_webhook_secret_t;


/* Tokens that a key has signed, those seen last; nothing else is said. */

#define NGX_HTTP_WEBHOOK_TOKENS_SEEN  64

typedef struct {
    u_char                      digests[NGX_HTTP_WEBHOOK_TOKENS_SEEN]
                                       [WH_TOKEN_DIGEST_SIZE];
    ngx_uint_t                  n;          /* that there have been */
} ngx_http_webhook_verified_t;


#define NGX_HTTP_WEBHOOK_PUBKEYS_TRIED  2       /* for a signature */


/*
 * A secret ready for use.  Keyslots, the cache and requests hold it; it is
 * wiped when the last of them lets go.
 */

struct ngx_http_webhook_key_s {
    ngx_uint_t                  refs;
    u_char                      digest[WH_TOKEN_DIGEST_SIZE];
    u_char                      decoded[NGX_HTTP_WEBHOOK_SECRET_ENCS]
                                       [WH_TOKEN_DIGEST_SIZE];
                                            /* likewise of what an HMAC takes */
    wh_hmac_key_t               hmac[NGX_HTTP_WEBHOOK_HMACS];
    EVP_PKEY                   *pubkey[NGX_HTTP_WEBHOOK_PUBKEYS];
    wh_keyset_t                *set;        /* or NULL: it is one key */
    ngx_http_webhook_verified_t  *verified; /* or NULL: none yet */
    ngx_uint_t                  uses;       /* that it is good for, bits */
    size_t                      len;        /* bytes, where it has fewest */
};


/*
 * What changes while nginx runs: the key that a secret of a gate has now, and
 * what is known of its file.  The configuration beside it is not written to.
 * Both are made when the configuration is read, so each worker is born with
 * its own copy, and looks at the files for itself.
 */

struct ngx_http_webhook_keyslot_s {
    ngx_http_webhook_key_t       *key;      /* NULL for a variable's */
    ngx_http_webhook_key_t       *successor; /* while a file is read again */
    ngx_http_webhook_secret_t    *secret;
    ngx_http_webhook_gate_t      *gate;
    ngx_http_webhook_provider_t  *provider; /* that the key is for; NULL for
                                               challenges */
    ngx_str_t                     for_name; /* of tokens, the only one that it
                                               serves, or empty */
    ngx_uint_t                    number;   /* of the secret, from 1 */
    ngx_http_webhook_keyslot_t   *next;     /* with a key of the same file */
};


/* When a challenge is answered. */

typedef enum {
    NGX_HTTP_WEBHOOK_BY_HEADERS = 0,        /* to anybody */
    NGX_HTTP_WEBHOOK_BY_BODY,               /* to who has no credential */
    NGX_HTTP_WEBHOOK_VERIFIED,
    NGX_HTTP_WEBHOOK_WHENS
} ngx_http_webhook_when_e;


/*
 * All that decides about a request of one provider in a location, compiled
 * when the configuration is read and not written to afterwards.  Providers of
 * one "webhook" have a list of gates, one of which is selected for a request.
 * Locations that inherit everything share the list: a verdict counts for it.
 */

struct ngx_http_webhook_gate_s {
    ngx_http_webhook_gate_t      *first;        /* of the list */
    ngx_http_webhook_gate_t      *next;
    ngx_http_webhook_gate_t      *sender;       /* to replay protection: the
                                                   first one that has a secret
                                                   in common, or this */
    ngx_http_webhook_provider_t  *provider;
    ngx_http_webhook_replay_rule_t  *rule;      /* of the provider; or NULL,
                                                   also if another one of the
                                                   sender has another name for
                                                   messages */
    ngx_http_webhook_keyslot_t   *keyslots;     /* nkeys, of the secrets */
    ngx_http_webhook_keyslot_t   *signing;      /* the first that serves
                                                   signatures, or NULL */
    ngx_http_webhook_keyslot_t   *challenge;    /* or NULL */
    ngx_http_webhook_challenge_t  **challenges[NGX_HTTP_WEBHOOK_WHENS];
                                                /* those that it has a key for
                                                   if they need one; NULL at
                                                   the end */
    ngx_uint_t                    challenged[NGX_HTTP_WEBHOOK_WHENS];
                                                /* methods of these, bits */
    ngx_array_t                  *certificates; /* of arrays, or NULL */
    wh_json_set_t                *json;         /* or NULL */
    ngx_array_t                   pointers;     /* ngx_http_webhook_pointer_t,
                                                   as in the set */
    wh_constraint_t              *constraints;
    wh_json_set_t                *claims;       /* of tokens, or NULL */
    wh_constraint_t              *claim_rules;
    wh_claim_t                   *pinned;       /* "webhook_claim" */
    u_char                        steps[NGX_HTTP_WEBHOOK_STAGES]
                                       [NGX_HTTP_WEBHOOK_STEPS];
    size_t                       *vars;         /* in the set, for each name
                                                   of webhook_var, or none */
    ngx_uint_t                    key_parts;    /* of "key=", bits */
    ngx_http_webhook_window_t     window;
    time_t                        replayable;   /* how long a message passes
                                                   again, if its time is
                                                   signed; or -1 */
    size_t                        root;         /* of the document, if the
                                                   provider has "json" */
    ngx_uint_t                    encoding;     /* header Content-Encoding */
    ngx_uint_t                    nconstraints;
    ngx_uint_t                    nclaim_rules;
    ngx_uint_t                    npinned;
    ngx_uint_t                    nkeys;
    unsigned                      incomplete:1; /* no secret at this level */
    unsigned                      parse:1;      /* the body is parsed */
    unsigned                      json_challenge:1;  /* or may be, since a
                                                   challenge may be in it */
    unsigned                      strict:1;     /* the body must be JSON */
    unsigned                      replay:1;     /* in some location */
    unsigned                      distinct:1;   /* on the first: the challenge
                                                   secret must differ from the
                                                   others */
};


/* What hosts share: an engine. */

typedef struct ngx_http_webhook_redis_s  ngx_http_webhook_redis_t;


/* A line of "webhook_claim", and where it is. */

typedef struct {
    wh_str_t                    pointer;
    wh_str_t                   *values;
    ngx_uint_t                  n;
    ngx_str_t                   file;
    ngx_uint_t                  line;
} ngx_http_webhook_pin_t;


/* What "webhook_replay" says. */

typedef struct {
    ngx_str_t                   name;       /* of the zone */
    ngx_http_webhook_zone_t    *zone;
    ngx_str_t                   shared;     /* the name of an engine, or
                                               empty */
    ngx_http_webhook_redis_t   *redis;      /* or NULL */
    time_t                      ttl;        /* or NGX_CONF_UNSET */
    time_t                      hold;
    ngx_uint_t                  duplicate;  /* the status of one */
    ngx_http_webhook_replay_key_t  *key;    /* or NULL */
    ngx_str_t                   scope;      /* or empty */
    ngx_http_complex_value_t   *tenant;     /* or NULL */
    ngx_str_t                   tenant_text;
    ngx_str_t                   file;       /* where the directive is */
    ngx_uint_t                  line;
    ngx_array_t                 checked;    /* ngx_http_webhook_gate_t *, with
                                               different warnings */
} ngx_http_webhook_replay_t;


/* A variable of "webhook_var" in a location. */

typedef struct {
    ngx_uint_t                  index;      /* of its name in the list */
    ngx_str_t                   pointer;
} ngx_http_webhook_var_t;


/* A location that answers with the counters, and where the directive is. */

typedef struct {
    ngx_uint_t                  format;     /* unless a request asks for one */
    ngx_str_t                   file;
    ngx_uint_t                  line;
} ngx_http_webhook_status_t;


typedef struct {
    ngx_array_t                *providers;  /* ngx_str_t, none for "off" */
    ngx_str_t                   names;      /* the same in one text */
    ngx_array_t                *secrets;    /* ngx_http_webhook_secret_t */
    ngx_http_webhook_secret_t  *challenge_secret;
    ngx_array_t                *certificates;
    ngx_array_t                *requires;   /* ngx_http_webhook_require_t */
    ngx_array_t                *pins;       /* ngx_http_webhook_pin_t */
    ngx_array_t                *vars;       /* ngx_http_webhook_var_t */
    ngx_http_webhook_window_t   window;
    ngx_str_t                   public_url; /* scheme and host */
    size_t                      max_body;
    ngx_flag_t                  enforce;
    ngx_uint_t                  dry_run;    /* rules, if there is enforce */
    ngx_flag_t                  strip;
    ngx_int_t                   ack;
    ngx_int_t                   reject;
    ngx_uint_t                  log_level;
    ngx_http_webhook_gate_t    *gate;       /* the first of the list, NULL
                                               where webhook is off */
    ngx_http_webhook_replay_t  *replay;     /* NULL where it is off */
    ngx_uint_t                  keyed;      /* gates that its key is for,
                                               bits */
    u_char                     *place;      /* the location's name, and what
                                               replay protection takes for
                                               it; NULL without zones */
    u_char                     *scope;
    ngx_http_webhook_stats_entry_t  *stats_entries; /* NULL where
                                               nothing is counted */
    ngx_http_webhook_status_t  *status;     /* or NULL */
    ngx_str_t                   file;       /* where "webhook" is */
    ngx_uint_t                  line;
    ngx_str_t                   block_file; /* where the block begins */
    ngx_uint_t                  block_line;
    unsigned                    open:1;     /* "webhook off" in the server or
                                               the location */
} ngx_http_webhook_loc_conf_t;


/* A gate in a location, and where it is counted. */

struct ngx_http_webhook_stats_entry_s {
    ngx_http_webhook_stats_entry_t  *next;      /* of the same location */
    ngx_http_webhook_gate_t         *gate;
    ngx_http_webhook_loc_conf_t     *wlcf;
    ngx_http_core_loc_conf_t        *clcf;
    ngx_http_core_srv_conf_t        *cscf;
    ngx_http_webhook_zone_t         *zone;      /* or NULL */
    ngx_http_webhook_record_t       *record;    /* NULL if the zone is full */
    unsigned                         first:1;   /* with this record */
};


typedef struct {
    ngx_array_t                 providers;  /* ngx_http_webhook_provider_t * */
    ngx_array_t                 zones;      /* ngx_http_webhook_zone_t * */
    ngx_array_t                 engines;    /* ngx_http_webhook_redis_t * */
    ngx_array_t                 places;     /* ngx_http_webhook_loc_conf_t *,
                                               with replay protection */
    ngx_array_t                 stats_entries; /* pointers: the gates of
                                               all locations */
    ngx_http_webhook_status_t  *status;     /* the first one, or NULL */
    ngx_http_webhook_file_t    *files;      /* of secrets */
    ngx_http_webhook_cache_t   *cache;      /* NULL where no secret has
                                               variables */
    ngx_array_t                 vars;       /* ngx_str_t, the names of
                                               "webhook_var" */
    unsigned                    body_sha256:1; /* some log wants it */
    unsigned                    ack:1;      /* in some location */
    unsigned                    replay:1;   /* likewise */
    unsigned                    post_action:1; /* likewise */
    unsigned                    any:1;      /* "satisfy any" in a location
                                               without gate */
} ngx_http_webhook_main_conf_t;


/* The variable whose value is asked for when a location is left. */

#define NGX_HTTP_WEBHOOK_LEAVING  "webhook_leaving"


/* The index of a variable's name in a list; its length if it is not there. */

static ngx_inline ngx_uint_t
ngx_http_webhook_name_index(ngx_array_t *names, ngx_str_t *name)
{
    ngx_str_t   *other;
    ngx_uint_t   i;

    other = names->elts;

    for (i = 0; i < names->nelts; i++) {
        if (ngx_http_webhook_str_same(&other[i], name)) {
            break;
        }
    }

    return i;
}


#endif /* _NGX_HTTP_WEBHOOK_GATE_H_INCLUDED_ */
