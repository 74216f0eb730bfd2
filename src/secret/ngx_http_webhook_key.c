
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Keys: made from secrets, held by whoever uses them, wiped after that.
 */


#include "ngx_http_webhook_secret.h"
#include "core/wh_str.h"


static ngx_int_t ngx_http_webhook_key_use(ngx_http_webhook_key_t *key,
    ngx_http_webhook_keyslot_t *keyslot, ngx_str_t *bytes, ngx_uint_t use,
    ngx_log_t *log);
static ngx_int_t ngx_http_webhook_key_decode(
    ngx_http_webhook_keyslot_t *keyslot, ngx_str_t *bytes,
    ngx_http_webhook_secret_enc_e how, u_char *buf, size_t *len);


/*
 * Schedules a secret's bytes for comparing tokens and for the HMACs of the
 * provider; the caller holds the key.  SHA-256 is always there: it also serves
 * challenges.  NULL without memory or when OpenSSL refuses.
 */

ngx_http_webhook_key_t *
ngx_http_webhook_key_create(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes, ngx_log_t *log)
{
    ngx_uint_t               i, uses;
    ngx_http_webhook_key_t  *key;

    key = ngx_calloc(sizeof(ngx_http_webhook_key_t), log);
    if (key == NULL) {
        return NULL;
    }

    key->refs = 1;
    key->len = bytes->len;

    if (wh_token_digest(ngx_http_webhook_wh_str(bytes), key->digest)
        != WH_OK)
    {
        goto failed;
    }

    if (keyslot->secret->keyset) {

        if (ngx_http_webhook_keyset_use(key, keyslot, bytes) != NGX_OK) {
            goto failed;
        }

        return key;
    }

    /* a challenge is answered with this one */

    uses = 1 << ngx_http_webhook_use_hmac(NGX_HTTP_WEBHOOK_SECRET_ENC_TEXT,
                                          WH_SHA256);

    if (keyslot->provider) {
        uses |= keyslot->provider->uses;
    }

    /* everybody may know a public key, so it must not be one of an HMAC too */

    for (i = NGX_HTTP_WEBHOOK_HMACS + NGX_HTTP_WEBHOOK_PUBKEYS; i-- > 0; ) {

        if (i < NGX_HTTP_WEBHOOK_HMACS
            && (key->uses >> NGX_HTTP_WEBHOOK_HMACS))
        {
            break;
        }

        if ((uses & (1 << i))
            && ngx_http_webhook_key_use(key, keyslot, bytes, i, log) != NGX_OK)
        {
            goto failed;
        }
    }

    return key;

failed:

    ngx_http_webhook_key_release(key);

    return NULL;
}


/*
 * Makes a key good for one use, if its bytes are what that use takes: with a
 * "key=" of another scheme, or as no public key, they are not.
 */

static ngx_int_t
ngx_http_webhook_key_use(ngx_http_webhook_key_t *key,
    ngx_http_webhook_keyslot_t *keyslot, ngx_str_t *bytes, ngx_uint_t use,
    ngx_log_t *log)
{
    u_char                         *buf;
    size_t                          len;
    wh_str_t                        decoded;
    ngx_int_t                       rc;
    ngx_http_webhook_secret_enc_e   how;

    if (use >= NGX_HTTP_WEBHOOK_HMACS) {

        use -= NGX_HTTP_WEBHOOK_HMACS;

        if (wh_pubkey_read(&key->pubkey[use], use + WH_ED25519,
                           ngx_http_webhook_wh_str(bytes))
            == WH_OK)
        {
            key->uses |= 1 << (use + NGX_HTTP_WEBHOOK_HMACS);
        }

        return NGX_OK;
    }

    how = use / WH_DIGESTS;

    buf = ngx_alloc(bytes->len, log);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_OK;
    len = bytes->len;

    if (ngx_http_webhook_key_decode(keyslot, bytes, how, buf, &len)
        == NGX_OK)
    {
        decoded.len = len;
        decoded.data = buf;

        if (wh_hmac_key_init(&key->hmac[use], use % WH_DIGESTS, buf, len)
            == WH_OK
            && wh_token_digest(decoded, key->decoded[how]) == WH_OK)
        {
            key->uses |= 1 << use;
            key->len = ngx_min(key->len, len);

        } else {
            rc = NGX_ERROR;
        }
    }

    ngx_explicit_memzero(buf, bytes->len);
    ngx_free(buf);

    return rc;
}


/*
 * The sender's way to write a key down; a "decode=" of the secret says it
 * first.
 */

static ngx_int_t
ngx_http_webhook_key_decode(ngx_http_webhook_keyslot_t *keyslot,
    ngx_str_t *bytes, ngx_http_webhook_secret_enc_e how, u_char *buf,
    size_t *len)
{
    wh_str_t       text;
    wh_encoding_e  encoding;

    static const wh_str_t  supabase = wh_string("v1,whsec_");
    static const wh_str_t  whsec = wh_string("whsec_");

    text = ngx_http_webhook_wh_str(bytes);
    encoding = WH_TEXT;

    if (!keyslot->secret->decode) {

        switch (how) {

        case NGX_HTTP_WEBHOOK_SECRET_ENC_HEX:
            encoding = WH_HEX;
            break;

        case NGX_HTTP_WEBHOOK_SECRET_ENC_WHSEC:

            if (!wh_cut_prefix(&text, supabase)) {
                (void) wh_cut_prefix(&text, whsec);
            }

            /* fall through */

        case NGX_HTTP_WEBHOOK_SECRET_ENC_BASE64:
            encoding = WH_BASE64;
            break;

        default: /* NGX_HTTP_WEBHOOK_SECRET_ENC_TEXT */
            break;
        }
    }

    return (wh_decode(encoding, text, buf, len) == WH_OK && *len > 0)
           ? NGX_OK : NGX_DECLINED;
}


/*
 * Wipes and frees the key when nobody holds it any more; it may be NULL.
 * OpenSSL wipes the states that it frees.
 */

void
ngx_http_webhook_key_release(ngx_http_webhook_key_t *key)
{
    ngx_uint_t  i;

    if (key == NULL || --key->refs) {
        return;
    }

    for (i = 0; i < NGX_HTTP_WEBHOOK_HMACS; i++) {
        wh_hmac_key_free(&key->hmac[i]);
    }

    for (i = 0; i < NGX_HTTP_WEBHOOK_PUBKEYS; i++) {
        EVP_PKEY_free(key->pubkey[i]);
    }

    wh_keyset_free(key->set);

    if (key->verified) {
        ngx_free(key->verified);
    }

    ngx_explicit_memzero(key, sizeof(ngx_http_webhook_key_t));
    ngx_free(key);
}


/* Whether the key is known to have signed a token, by the token's digest. */

ngx_uint_t
ngx_http_webhook_key_verified(ngx_http_webhook_key_t *key, u_char *digest)
{
    ngx_uint_t                    i, n;
    ngx_http_webhook_verified_t  *verified;

    verified = key->verified;

    n = verified ? ngx_min(verified->n, NGX_HTTP_WEBHOOK_TOKENS_SEEN) : 0;

    for (i = 0; i < n; i++) {
        if (ngx_memcmp(verified->digests[i], digest, WH_TOKEN_DIGEST_SIZE)
            == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* In the place of the oldest one; without memory it is verified again. */

void
ngx_http_webhook_key_remember(ngx_http_webhook_key_t *key, u_char *digest,
    ngx_log_t *log)
{
    ngx_http_webhook_verified_t  *verified;

    if (key->verified == NULL) {
        key->verified = ngx_calloc(sizeof(ngx_http_webhook_verified_t), log);
    }

    verified = key->verified;

    if (verified) {
        ngx_memcpy(verified->digests[verified->n++
                                     % NGX_HTTP_WEBHOOK_TOKENS_SEEN],
                   digest, WH_TOKEN_DIGEST_SIZE);
    }
}
