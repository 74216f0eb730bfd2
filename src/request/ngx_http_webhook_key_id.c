
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Which key has signed: by its id, which a token or another source has.
 */


#include "ngx_http_webhook_request.h"


static ngx_http_webhook_value_get_t  ngx_http_webhook_key_id;
static ngx_uint_t ngx_http_webhook_key_sets(ngx_http_webhook_ctx_t *ctx,
    ngx_uint_t *others);


/*
 * Chooses the key of a candidate out of the sets of its gate; keys without an
 * id are tried later.  id is that of the token, or NULL.
 */

ngx_http_webhook_reason_e
ngx_http_webhook_key_by_id(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    wh_pubkey_e scheme, wh_str_t *id, ngx_http_webhook_candidate_t *candidate)
{
    wh_str_t                      own;
    ngx_int_t                     rc;
    ngx_str_t                     value;
    ngx_uint_t                    others;
    ngx_http_webhook_provider_t  *provider;

    candidate->pubkey = NULL;

    if (!ngx_http_webhook_key_sets(ctx, &others)) {
        return NGX_HTTP_WEBHOOK_PASSED;
    }

    provider = ctx->gate->provider;

    if (provider->key_id) {

        rc = ngx_http_webhook_key_id(r, ctx, &value);

        if (rc != WH_OK && rc != WH_ABSENT) {
            return ngx_http_webhook_source_reason(rc,
                                         NGX_HTTP_WEBHOOK_KEY_UNKNOWN,
                                         NGX_HTTP_WEBHOOK_SIGNATURE_MALFORMED);
        }

        if (rc == WH_OK) {
            own = ngx_http_webhook_wh_str(&value);
            id = &own;
        }
    }

    candidate->number = ngx_http_webhook_keyset_find(r, ctx->gate, ctx->keys,
                                                     scheme, id,
                                                     &candidate->pubkey);

    return (candidate->number || others) ? NGX_HTTP_WEBHOOK_PASSED
                                         : NGX_HTTP_WEBHOOK_KEY_UNKNOWN;
}


/* As a source's value; WH_INVALID if there is a pattern, and none like it. */

static ngx_int_t
ngx_http_webhook_key_id(ngx_http_request_t *r, ngx_http_webhook_ctx_t *ctx,
    ngx_str_t *value)
{
    ngx_int_t                     rc;
    ngx_http_webhook_provider_t  *provider;

    provider = ctx->gate->provider;

    rc = ngx_http_webhook_source_value(r, ctx, provider->key_id, value);

    if (provider->key_pattern == NULL || (rc != WH_OK && rc != WH_ABSENT)) {
        return rc;
    }

    return rc == WH_OK
           && ngx_http_webhook_pattern_group(provider->key_pattern, value)
           ? WH_OK : WH_INVALID;
}


/* Whether there are sets of keys, and whether there are others beside them. */

static ngx_uint_t
ngx_http_webhook_key_sets(ngx_http_webhook_ctx_t *ctx, ngx_uint_t *others)
{
    ngx_uint_t  i, sets;

    sets = 0;
    *others = 0;

    for (i = 0; i < ctx->gate->nkeys; i++) {

        if (ctx->keys[i] == NULL || ctx->gate->keyslots[i].for_name.len) {
            continue;
        }

        if (ctx->keys[i]->set) {
            sets = 1;

        } else {
            *others = 1;
        }
    }

    return sets;
}
