
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Whole tokens, from their text to the verdict, as the module takes them.
 *
 * With a JWK set as its argument it reads lines "ALG NOW TOKEN" and writes
 * "yes" or "no" for each: jose_diff.mjs compares that with another reader.
 */


#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "tap.h"
#include "wh_decode.h"
#include "wh_jose.h"
#include "wh_jwt.h"
#include "wh_keyset.h"


#define LINE  65536

#define SET  "{\"keys\":[{\"kid\":\"a\"," RFC_KEY_ES256 "}]}"


static int compare(const char *path);
static int token_verified(wh_keyset_t *set, wh_pubkey_e scheme, int64_t now,
    wh_str_t token);
static int signature_right(wh_keyset_key_t *key, wh_pubkey_e scheme,
    const wh_jose_t *jose);
static int claims_right(wh_str_t payload, int64_t now);


int
main(int argc, char **argv)
{
    size_t        i;
    wh_str_t      token;
    const char   *error;
    wh_keyset_t  *set;
    char          changed[] = RFC_TOKEN_ES256;

    if (wh_digest_init() != WH_OK) {
        return 1;
    }

    if (argc == 2) {
        return compare(argv[1]);
    }

    ok(wh_keyset_read(&set, WH_KEYSET_JWKS, str(SET), &error) == WH_OK,
       "a key");

    token = str(RFC_TOKEN_ES256);

    ok(token_verified(set, WH_ECDSA_P256_SHA256, 1300819380, token) == WH_OK,
       "the token of RFC 7515, A.3, when it ends");
    ok(token_verified(set, WH_ECDSA_P256_SHA256, 1300819440, token)
       == WH_INVALID, "and a minute later");
    ok(token_verified(set, WH_ED25519, 1300819380, token) == WH_INVALID,
       "another algorithm");

    for (i = 0; i < sizeof(changed) - 1; i++) {

        changed[i] ^= 1;

        ok(token_verified(set, WH_ECDSA_P256_SHA256, 1300819380, str(changed))
           == WH_INVALID, "changed in character %u", (unsigned) i);

        changed[i] ^= 1;
    }

    wh_keyset_free(set);

    return done_testing();
}


static int
compare(const char *path)
{
    int           c;
    FILE         *file;
    char         *line, alg[16];
    long long     now;
    size_t        len;
    wh_str_t      text;
    const char   *error;
    wh_keyset_t  *set;
    wh_pubkey_e   scheme;

    line = malloc(LINE);
    file = fopen(path, "r");

    if (line == NULL || file == NULL) {
        return 1;
    }

    for (len = 0; len < LINE && (c = getc(file)) != EOF; len++) {
        line[len] = (char) c;
    }

    fclose(file);

    text.data = (unsigned char *) line;
    text.len = len;

    if (wh_keyset_read(&set, WH_KEYSET_JWKS, text, &error) != WH_OK) {
        return 1;
    }

    while (fgets(line, LINE, stdin) != NULL) {

        line[strcspn(line, "\n")] = '\0';

        if (sscanf(line, "%15s %lld %n", alg, &now, &c) != 2) {
            return 1;
        }

        text = str(line + c);

        for (scheme = WH_ED25519; scheme < WH_PUBKEY_SCHEMES; scheme++) {
            if (wh_keyset_alg(scheme).len
                && strcmp((char *) wh_keyset_alg(scheme).data, alg) == 0)
            {
                break;
            }
        }

        puts(scheme < WH_PUBKEY_SCHEMES
             && token_verified(set, scheme, now, text) == WH_OK
             ? "yes" : "no");
    }

    wh_keyset_free(set);
    free(line);

    return 0;
}


static int
token_verified(wh_keyset_t *set, wh_pubkey_e scheme, int64_t now,
    wh_str_t token)
{
    int                rc;
    wh_jose_t          jose;
    unsigned char     *buf;
    wh_jose_rules_t    rules;
    wh_keyset_key_t   *key;
    wh_jose_header_t   header;

    if (wh_jose_split(token, 0, &jose) != WH_OK) {
        return WH_INVALID;
    }

    buf = malloc(token.len);

    memset(&rules, 0, sizeof(wh_jose_rules_t));
    rules.set = wh_jose_set();
    rules.alg = wh_keyset_alg(scheme);

    rc = wh_jose_header(&rules, jose.header, buf, &header);

    if (rc == WH_OK) {
        key = wh_keyset_find(set, scheme,
                             header.kid.data ? &header.kid : NULL, now);

        rc = key ? signature_right(key, scheme, &jose) : WH_INVALID;
    }

    if (rc == WH_OK) {
        rc = claims_right(jose.payload, now);
    }

    wh_json_set_free(rules.set);
    free(buf);

    return rc;
}


static int
signature_right(wh_keyset_key_t *key, wh_pubkey_e scheme,
    const wh_jose_t *jose)
{
    size_t         len;
    wh_str_t       signature, digest;
    EVP_MD_CTX    *md;
    unsigned char  raw[1024], der[WH_ECDSA_MAX_SIZE], bytes[WH_HMAC_MAX_SIZE];

    len = sizeof(raw);

    if (wh_decode(WH_BASE64URL, jose->signature, raw, &len) != WH_OK
        || (wh_ecdsa_raw_size(scheme) && len != wh_ecdsa_raw_size(scheme)))
    {
        return WH_INVALID;
    }

    signature.data = raw;
    signature.len = len;

    if (wh_ecdsa_raw_size(scheme)) {

        if (wh_ecdsa_der(signature, der, &signature.len) != WH_OK) {
            return WH_ERROR;
        }

        signature.data = der;
    }

    if (scheme == WH_ED25519) {
        return wh_pubkey_verify(key->key, scheme, jose->message, signature);
    }

    md = EVP_MD_CTX_new();
    digest.data = bytes;

    if (wh_digest_start(wh_pubkey_digest(scheme), md) != WH_OK
        || wh_hmac_update(md, jose->message.data, jose->message.len) != WH_OK
        || wh_digest_final(md, bytes, &digest.len) != WH_OK)
    {
        abort();
    }

    EVP_MD_CTX_free(md);

    return wh_pubkey_verify(key->key, scheme, digest, signature);
}


static int
claims_right(wh_str_t payload, int64_t now)
{
    int             rc;
    wh_str_t        text;
    wh_json_t      *json;
    wh_json_set_t  *set;
    unsigned char  *buf;
    wh_jwt_rules_t  rules;

    memset(&rules, 0, sizeof(wh_jwt_rules_t));

    rules.digest = WH_JSON_NONE;

    set = wh_jwt_set();
    buf = malloc(payload.len);

    rc = wh_jwt_parse(set, payload, buf, &text, &json);

    if (rc == WH_OK && wh_jwt_check(&rules, json, now, NULL) != WH_JWT_FINE) {
        rc = WH_INVALID;
    }

    wh_json_free(json);
    wh_json_set_free(set);
    free(buf);

    return rc;
}
