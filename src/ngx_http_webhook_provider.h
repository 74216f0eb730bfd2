
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The model of a provider: who sends, and how the sender signs.
 */


#ifndef _NGX_HTTP_WEBHOOK_PROVIDER_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_PROVIDER_H_INCLUDED_


#include "ngx_http_webhook.h"
#include "ngx_http_webhook_http_message.h"
#include "ngx_http_webhook_source.h"
#include "core/wh_hmac.h"
#include "core/wh_jose.h"
#include "core/wh_json_set.h"
#include "core/wh_jwt.h"
#include "core/wh_pubkey.h"
#include "core/wh_signature.h"


/* What a provider is made of, by the rules of the language. */

typedef struct {
    ngx_str_t                   type;       /* "application"; "" for none */
    ngx_str_t                   subtype;    /* "json", "*" or "+json" */
    ngx_regex_t                *regex;      /* of the whole value instead */
} ngx_http_webhook_media_t;


typedef struct {
    ngx_uint_t                  header;
    ngx_str_t                   value;
    ngx_int_t                   status;     /* or 0 */
    unsigned                    prefix:1;
    ngx_regex_t                *regex;
} ngx_http_webhook_required_t;


typedef struct {
    ngx_http_webhook_source_t   source;
    ngx_str_t                   for_name;       /* its name for "for=" */
} ngx_http_webhook_token_t;


/* A token that each element of an array has. */

typedef struct {
    wh_json_set_t              *set;
    size_t                      array, element, value;
} ngx_http_webhook_wildcard_t;


/*
 * What a secret is used for: an HMAC, by how the sender writes its keys down
 * and by digest, or a public key by its scheme.  The rows have the word of
 * "key=", and what such a key is for people.
 */

#define ngx_http_webhook_secret_enc_rows(row)                                 \
    row(NGX_HTTP_WEBHOOK_SECRET_ENC_TEXT, "text", "text")                     \
    row(NGX_HTTP_WEBHOOK_SECRET_ENC_HEX, "hex", "hex")                        \
    row(NGX_HTTP_WEBHOOK_SECRET_ENC_BASE64, "base64", "Base64")               \
    row(NGX_HTTP_WEBHOOK_SECRET_ENC_WHSEC, "whsec", "\"whsec_\" and Base64")


typedef enum {
    ngx_http_webhook_secret_enc_rows(ngx_http_webhook_row_id)
    NGX_HTTP_WEBHOOK_SECRET_ENCS
} ngx_http_webhook_secret_enc_e;


#define NGX_HTTP_WEBHOOK_HMACS    (NGX_HTTP_WEBHOOK_SECRET_ENCS * WH_DIGESTS)
#define NGX_HTTP_WEBHOOK_PUBKEYS  (WH_PUBKEY_SCHEMES - WH_ED25519)
#define NGX_HTTP_WEBHOOK_NO_USE                                               \
    (NGX_HTTP_WEBHOOK_HMACS + NGX_HTTP_WEBHOOK_PUBKEYS)
#define NGX_HTTP_WEBHOOK_HMAC_USES  ((1 << NGX_HTTP_WEBHOOK_HMACS) - 1)

#define ngx_http_webhook_use_hmac(key, digest)  ((key) * WH_DIGESTS + (digest))
#define ngx_http_webhook_use_pubkey(scheme)                                   \
    (NGX_HTTP_WEBHOOK_HMACS + (scheme) - WH_ED25519)


typedef struct {
    ngx_http_webhook_source_t   source;
    wh_signature_format_t       format;
    wh_digest_e                 digest;     /* of an HMAC */
    ngx_http_webhook_secret_enc_e  key;     /* likewise */
    wh_pubkey_e                 scheme;     /* or WH_PUBKEY_NONE */
    wh_jose_rules_t            *jose;       /* of a token's header, or NULL */
    wh_jwt_rules_t              jwt;        /* of its claims */
    ngx_uint_t                  use;
    ngx_uint_t                  hmacs;      /* bits of uses, also of rules that
                                               differ in the key alone */
    unsigned                    merged:1;   /* it is such a rule */
    unsigned                    again:1;    /* its header is that of another */
    unsigned                    raw:1;      /* r and s side by side */
    unsigned                    lines:1;    /* a list in several headers */
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
    ngx_uint_t                  status;     /* of the answer */
    ngx_uint_t                  after_verify; /* only to a verified sender */
    ngx_uint_t                  use_signing_key; /* or a signing secret */
    unsigned                    no_source:1; /* SOURCE is "none" */
    unsigned                    in_body:1;  /* to anybody, and in JSON */
    unsigned                    in_json:1;  /* its text or a match is */
    unsigned                    hmac:1;     /* the reply has an HMAC */
    unsigned                    needs_key:1; /* it needs a challenge secret */
    unsigned                    json:1;
} ngx_http_webhook_challenge_t;


/* A line of "require": its words, its pattern compiled, and where it is. */

typedef struct {
    wh_str_t                   *words;
    ngx_uint_t                  n;
    ngx_regex_t                *regex;
    ngx_str_t                   file;
    ngx_uint_t                  line;
} ngx_http_webhook_require_t;


/*
 * A segment of the message: a text, and then a value that the request chooses,
 * or one that is exempt from all that follows, or none.  The edge ends the
 * value: it is the text after it, or, where the message is read from the right,
 * that before it.
 */

typedef struct {
    ngx_str_t                   text;
    ngx_http_webhook_source_t  *source;     /* or NULL */
    ngx_http_complex_value_t   *variable;   /* of nginx instead, or NULL */
    ngx_str_t                   name;       /* as it is after the "$" */
    ngx_str_t                   exempt;     /* likewise, of a variable that
                                               nothing ends; or empty */
    ngx_int_t                   index;      /* of that */
    ngx_str_t                   edge;       /* or empty */
    unsigned                    required:1; /* it must be there */
    unsigned                    named:1;    /* by a variable of nginx, as
                                               "$http_x_id" */
    unsigned                    optional:1; /* without it, its text is not
                                               there either */
    unsigned                    time:1;     /* its form ends it */
    unsigned                    free:1;     /* all else is checked */
    unsigned                    right:1;    /* it is read from there */
} ngx_http_webhook_segment_t;


/* What has to be looked for in a body before it is verified, bits. */

#define NGX_HTTP_WEBHOOK_NEEDS_BODY_TOKEN      1
#define NGX_HTTP_WEBHOOK_NEEDS_BODY_SIGNATURE  2
#define NGX_HTTP_WEBHOOK_NEEDS_BODY_TIMESTAMP  4
#define NGX_HTTP_WEBHOOK_NEEDS_BODY_MESSAGE    8
#define NGX_HTTP_WEBHOOK_NEEDS_BODY_JSON       16  /* any of it, and as JSON */


/* How long ago, and how far ahead, a timestamp may be; -1 for no limit. */

typedef struct {
    time_t                      past;
    time_t                      future;
} ngx_http_webhook_window_t;


typedef struct {
    ngx_http_webhook_source_t   source;
    ngx_uint_t                  unit;       /* wh_time_unit_e */
    ngx_http_webhook_window_t   window;
    ngx_uint_t                  line;       /* of the rule */
    unsigned                    optional:1; /* it may be missing */
} ngx_http_webhook_timestamp_t;


/* What a kind of body is, bits. */

#define NGX_HTTP_WEBHOOK_BODY_WHOLE     0x01  /* it is held */
#define NGX_HTTP_WEBHOOK_BODY_DOCUMENT  0x02  /* the JSON is in its text */
#define NGX_HTTP_WEBHOOK_BODY_DIGEST    0x04  /* its SHA-256 is wanted */
#define NGX_HTTP_WEBHOOK_BODY_WEAK      0x08  /* another may have its text */
#define NGX_HTTP_WEBHOOK_BODY_UNSIGNED  0x10  /* it has no text */
#define NGX_HTTP_WEBHOOK_BODY_RECEIVER  0x20  /* verified as its receiver
                                                 does, without a message */
#define NGX_HTTP_WEBHOOK_BODY_LOOSE     0x40  /* other bytes may be the same
                                                 message */
#define NGX_HTTP_WEBHOOK_BODY_TOKEN     0x80  /* it is what is signed and the
                                                 signature */


/* What is in the place of the body in the message: the rule "body". */

#define ngx_http_webhook_body_rows(row)                                       \
    row(NGX_HTTP_WEBHOOK_BODY_RAW, "raw", 0)                                  \
    row(NGX_HTTP_WEBHOOK_BODY_FORM, "form:FIELD",                             \
        NGX_HTTP_WEBHOOK_BODY_WHOLE|NGX_HTTP_WEBHOOK_BODY_DOCUMENT            \
        |NGX_HTTP_WEBHOOK_BODY_LOOSE)                                         \
    row(NGX_HTTP_WEBHOOK_BODY_FORM_SORTED, "form-sorted",                     \
        NGX_HTTP_WEBHOOK_BODY_WHOLE|NGX_HTTP_WEBHOOK_BODY_LOOSE)              \
    row(NGX_HTTP_WEBHOOK_BODY_SHA256, "sha256:SOURCE",                        \
        NGX_HTTP_WEBHOOK_BODY_DIGEST)                                         \
    row(NGX_HTTP_WEBHOOK_BODY_CRC32, "crc32",                                 \
        NGX_HTTP_WEBHOOK_BODY_WEAK|NGX_HTTP_WEBHOOK_BODY_LOOSE)               \
    row(NGX_HTTP_WEBHOOK_BODY_JWT, "jwt",                                     \
        NGX_HTTP_WEBHOOK_BODY_WHOLE|NGX_HTTP_WEBHOOK_BODY_DOCUMENT            \
        |NGX_HTTP_WEBHOOK_BODY_LOOSE|NGX_HTTP_WEBHOOK_BODY_TOKEN)             \
    row(NGX_HTTP_WEBHOOK_BODY_NONE, "none",                                   \
        NGX_HTTP_WEBHOOK_BODY_WEAK|NGX_HTTP_WEBHOOK_BODY_UNSIGNED             \
        |NGX_HTTP_WEBHOOK_BODY_LOOSE)                                         \
    row(NGX_HTTP_WEBHOOK_BODY_PELORUS, "pelorus",                             \
        NGX_HTTP_WEBHOOK_BODY_RECEIVER|NGX_HTTP_WEBHOOK_BODY_LOOSE)           \
    row(NGX_HTTP_WEBHOOK_BODY_ANY, "unsigned",                                \
        NGX_HTTP_WEBHOOK_BODY_WEAK|NGX_HTTP_WEBHOOK_BODY_UNSIGNED             \
        |NGX_HTTP_WEBHOOK_BODY_LOOSE)


typedef enum {
    ngx_http_webhook_body_rows(ngx_http_webhook_row_id)
    NGX_HTTP_WEBHOOK_BODY_PAYLOAD,          /* of a detached token */
    NGX_HTTP_WEBHOOK_BODY_KINDS
} ngx_http_webhook_body_kind_e;


typedef struct {
    ngx_str_t                   keyword;    /* as in its row, or empty */
    ngx_http_webhook_body_kind_e  kind;
    ngx_uint_t                  flags;
    ngx_http_webhook_source_t   source;     /* after the keyword */
    ngx_uint_t                  headers[2]; /* that "pelorus" looks at */
} ngx_http_webhook_body_t;


/* The parts of a key that tells messages apart, bits. */

#define NGX_HTTP_WEBHOOK_REPLAY_KEY_REQUEST    0x01  /* its head */
#define NGX_HTTP_WEBHOOK_REPLAY_KEY_ID         0x02
#define NGX_HTTP_WEBHOOK_REPLAY_KEY_EVENT      0x04
#define NGX_HTTP_WEBHOOK_REPLAY_KEY_TIMESTAMP  0x08
#define NGX_HTTP_WEBHOOK_REPLAY_KEY_OTHER      0x10
#define NGX_HTTP_WEBHOOK_REPLAY_KEY_PARTS      0x1f


typedef struct {
    ngx_str_t                   text;
    ngx_http_complex_value_t    value;
    ngx_uint_t                  parts;
} ngx_http_webhook_replay_key_t;


/* The rule "replay". */

typedef struct {
    ngx_http_webhook_replay_key_t  *key;    /* or NULL */
    time_t                      ttl;        /* or NGX_CONF_UNSET */
    ngx_uint_t                  in_progress;  /* the status of a copy whose
                                               first is on its way, or 0 */
    unsigned                    body:1;     /* the body is the key */
    unsigned                    off:1;
} ngx_http_webhook_replay_rule_t;


typedef struct {
    ngx_str_t                   name;         /* first: searched by it */
    ngx_uint_t                  methods;
    ngx_str_t                   allow;
    ngx_array_t                 headers;      /* ngx_http_webhook_header_t */
    ngx_uint_t                  chains[NGX_HTTP_WEBHOOK_CHAINS];
    ngx_array_t                 media;        /* ngx_http_webhook_media_t */
    ngx_array_t                 required;     /* ngx_http_webhook_required_t */
    ngx_array_t                 tokens;       /* ngx_http_webhook_token_t */
    ngx_http_webhook_wildcard_t  *wildcard;   /* of the one token, or NULL */
    ngx_array_t                 signatures;   /* of the rule "signature" */
    ngx_http_webhook_http_message_t  *http_message; /* of it, or NULL */
    ngx_http_webhook_source_t  **credentials; /* of both, NULL at the end */
    ngx_array_t                 challenges;   /* of the rule "challenge" */
    ngx_http_webhook_challenge_t  *oracle;    /* one that signs for anybody */
    ngx_array_t                *certificates; /* of arrays, as the directive */
    ngx_str_t                   message;      /* as written, or no data */
    ngx_uint_t                  message_line;
    ngx_str_t                   free;         /* SOURCE of "free=", or empty */
    ngx_str_t                   optional;     /* SOURCE,... or empty */
    ngx_array_t                *prefix;       /* of segments: what is before */
    ngx_array_t                *suffix;       /* and after the body, or NULL */
    ngx_http_webhook_body_t     body;
    ngx_http_webhook_source_t  *key_id;       /* or NULL */
    ngx_regex_t                *key_pattern;  /* its first group is the id; or
                                                 NULL */
    ngx_array_t                 claims;       /* ngx_http_webhook_pointer_t,
                                                 empty: no token has claims */
    ngx_array_t                *claim_rules;  /* ngx_http_webhook_require_t */
    ngx_http_webhook_source_t  *id;
    ngx_http_webhook_source_t  *event;
    ngx_http_webhook_timestamp_t  *timestamp;
    ngx_http_webhook_replay_rule_t  *replay;  /* or NULL */
    ngx_array_t                *requires;     /* ngx_http_webhook_require_t */
    ngx_array_t                 pointers;     /* ngx_http_webhook_pointer_t, of
                                                 the sources */
    ngx_http_webhook_window_t   window;
    ngx_uint_t                  json;         /* bits, 1 << wh_json_type_e,
                                                 and 1 for an empty body */
    ngx_uint_t                  query;        /* WH_FORM_ flags */
    ngx_uint_t                  shared_key;   /* with all its customers */
    unsigned                    form:1;       /* a source is in a form */
    unsigned                    in_query:1;   /* a source is in the query */
    unsigned                    plain:1;      /* a signature is no token */
    unsigned                    jwt:1;        /* a token with claims signs */
    unsigned                    detached:1;   /* one whose payload is the
                                                 message does */
    unsigned                    bearer:1;     /* a token serves any body */
    unsigned                    alone:1;      /* its token is verified alone:
                                                 it serves any body, or it is
                                                 the body */
    unsigned                    parts:1;      /* the message has values that
                                                 the request chooses */
    ngx_uint_t                  needs_body;   /* NEEDS_BODY_ bits */
    ngx_uint_t                  uses;         /* of secrets, bits */
    ngx_uint_t                  rules;        /* that it has, bits in the order
                                                 of their tables */
    ngx_array_t                 lines;        /* ngx_str_t, of the rules, while
                                                 they are read */
    ngx_int_t                   ack;
    ngx_int_t                   reject;
} ngx_http_webhook_provider_t;


static ngx_inline ngx_uint_t
ngx_http_webhook_pattern_match(ngx_regex_t *regex, ngx_str_t *value)
{
#if (NGX_PCRE)
    return ngx_regex_exec(regex, value, NULL, 0) >= 0;
#else
    return 0;
#endif
}


/* Makes of a value the first group of a pattern; 0 if it has none. */

static ngx_inline ngx_uint_t
ngx_http_webhook_pattern_group(ngx_regex_t *regex, ngx_str_t *value)
{
#if (NGX_PCRE)
    int  captures[6];

    captures[2] = -1;

    if (ngx_regex_exec(regex, value, captures, 6) < 0 || captures[2] < 0) {
        return 0;
    }

    value->len = captures[3] - captures[2];
    value->data += captures[2];

    return value->len != 0;
#else
    return 0;
#endif
}


/* Whether what the provider signs has something of the message in it. */

static ngx_inline ngx_uint_t
ngx_http_webhook_signs(ngx_http_webhook_provider_t *provider)
{
    return provider->signatures.nelts && !provider->bearer;
}


#endif /* _NGX_HTTP_WEBHOOK_PROVIDER_H_INCLUDED_ */
