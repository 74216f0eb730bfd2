
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The model of HTTP message signatures (RFC 9421).
 */


#ifndef _NGX_HTTP_WEBHOOK_HTTP_MESSAGE_H_INCLUDED_
#define _NGX_HTTP_WEBHOOK_HTTP_MESSAGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "core/wh_decode.h"
#include "core/wh_signature_input.h"


/* What an HTTP message signature must have beside its components, bits. */

#define NGX_HTTP_WEBHOOK_REQUIRES_CREATED  0x01
#define NGX_HTTP_WEBHOOK_REQUIRES_EXPIRES  0x02
#define NGX_HTTP_WEBHOOK_REQUIRES_KEYID    0x04
#define NGX_HTTP_WEBHOOK_REQUIRES_NONCE    0x08
#define NGX_HTTP_WEBHOOK_REQUIRES_TIMES                                       \
    (NGX_HTTP_WEBHOOK_REQUIRES_CREATED|NGX_HTTP_WEBHOOK_REQUIRES_EXPIRES)


/* The rule "signature http-message". */

typedef struct {
    ngx_uint_t                  input;      /* header Signature-Input */
    wh_str_t                    label;      /* of the signature, or empty */
    wh_str_t                    tag;        /* likewise */
    wh_component_t             *covers;     /* at the least */
    ngx_uint_t                  ncovers;
    ngx_uint_t                  requires;
    ngx_uint_t                  schemes;    /* 1 << wh_pubkey_e, or NONE of
                                               these for an HMAC */
    wh_encoding_e               encoding;   /* other than Base64 */
    time_t                      lifetime;   /* from created to expires, or
                                               NGX_CONF_UNSET */
    ngx_uint_t                  normalize;  /* the URL's escapes */
    ngx_uint_t                  line;       /* of the rule */
    unsigned                    digest:1;   /* that of the body is covered */
    unsigned                    host:1;     /* to whom it is sent is, too */
} ngx_http_webhook_http_message_t;


#endif /* _NGX_HTTP_WEBHOOK_HTTP_MESSAGE_H_INCLUDED_ */
