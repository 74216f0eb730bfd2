
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_pubkey: keys in every notation, and signatures made by the openssl
 * command.
 */


#include <string.h>

#include "tap.h"
#include "wh_decode.h"
#include "wh_pubkey.h"


#define ED25519 \
    "MCowBQYDK2VwAyEAJ7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94="

#define P256 \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmAo8A6J28zIcCUzidHzTDF5xib" \
    "2kpRdgirBU3iEb+gaApcutUQzcbLGUZ8wUQ17QO2OzmT+xM5+V+X/ELSBnUA=="

#define P384 \
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEY0/SjX2h76jAvVVoLr1N7bB+/mNgTL" \
    "BxeOwYOCzksbP7yEDds/PJzY8ssQG1SNpZusxcarPydfkoioYCF+dPunKGH0Vv" \
    "4fPKp7OeYhQtnfPcVlMoj1Kf2Fkw/syuLizz"

#define RSA2048 \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlovmvS2qTXqZX2kJwM" \
    "caso7iO7QmYV1VlyQwoUl/A2iyGLTMe9+DU0zmQxixT4wFlMnab+jjpxNKEeeb" \
    "3epmixacZhgQnY8R3hdifxjbeiVtg3lkKX/E0Lv6iZFbX1+qacQN1cHuC5FKFk" \
    "22HWn8SNiE6yDpjoPJohPj6xJVa4tyjQMs6R1eAt0E121FIQqdOlJAgLsWJ7Pg" \
    "sc8wEG6te+qHKuSrd2g/EZuMHBxe/QJZJ6wdMve3PxVH27uhIez/O7v2eKr/Qp" \
    "Uqvx0IgMmeBF9knC+mMHmefqxKyMwgtIvmK2qGlh4lD2TeehkHMSeGmXQmrvZ2" \
    "EFdKBCagm8HZDQIDAQAB"

#define RSA1024 \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDLcprNzZBiaOQsboMOeE7NJH" \
    "uxkHVDe3NqOyuC+Yfki2K1KNk+s/yuDU212n6c97HJLgNtzGpVT4htqQ1CPyDt" \
    "rrbonC3i7K+f9BpHRa8we3Bdz87wrP3TeJVdue6LM83EI/vdOMJ4sKcbo2h6Cz" \
    "+3WCmbGkl8yJnpMnYrvJyTiwIDAQAB"


static void test_keys(void);
static void test_bare(void);
static void test_signatures(void);
static int verifies(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t message,
    wh_str_t signature);


int
main(void)
{
    ok(wh_digest_init() == WH_OK, "OpenSSL has the digests");

    test_keys();
    test_bare();
    test_signatures();

    return done_testing();
}


static void
test_keys(void)
{
    size_t     i;
    EVP_PKEY  *key;

    static const struct {
        const char   *name;
        wh_pubkey_e   scheme;
        const char   *text;
        int           rc;
    } cases[] = {
        { "Ed25519, SPKI", WH_ED25519, ED25519, WH_OK },
        { "Ed25519, hex", WH_ED25519,
          "27b8894c0f4dc38e05ea184ba1cbff3b8194ed1cf7a126282fb0bbbb237a3b"
          "de", WH_OK },
        { "Ed25519, Base64", WH_ED25519,
          "J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94=", WH_OK },
        { "Ed25519, whpk_", WH_ED25519, "whpk_"
          "J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94=", WH_OK },
        { "P-256, SPKI", WH_ECDSA_P256_SHA256, P256, WH_OK },
        { "P-256, PEM", WH_ECDSA_P256_SHA256,
          "-----BEGIN PUBLIC KEY-----\n"
          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmAo8A6J28zIcCUzidHzTDF5xib2k\n"
          "pRdgirBU3iEb+gaApcutUQzcbLGUZ8wUQ17QO2OzmT+xM5+V+X/ELSBnUA==\n"
          "-----END PUBLIC KEY-----\n", WH_OK },
        { "RSA", WH_RSA_SHA256, RSA2048, WH_OK },
        { "RSA for SHA-1", WH_RSA_SHA1, RSA2048, WH_OK },
        { "P-384", WH_ECDSA_P256_SHA256, P384, WH_INVALID },
        { "RSA of 1024 bits", WH_RSA_SHA256, RSA1024, WH_INVALID },
        { "Ed25519 for RSA", WH_RSA_SHA256, ED25519, WH_INVALID },
        { "RSA for Ed25519", WH_ED25519, RSA2048, WH_INVALID },
        { "P-256 for RSA", WH_RSA_SHA256, P256, WH_INVALID },
        { "31 bytes", WH_ED25519,
          "27b8894c0f4dc38e05ea184ba1cbff3b8194ed1cf7a126282fb0bbbb237a3b", WH_INVALID },
        { "something after the key", WH_ED25519, 
          "MCowBQYDK2VwAyEAJ7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O954", WH_INVALID },
        { "whpk_ alone", WH_ED25519, "whpk_", WH_INVALID },
        { "nothing", WH_ED25519, "", WH_INVALID },
        { "text", WH_RSA_SHA256, "secret", WH_INVALID },
        { "PEM without an end", WH_RSA_SHA256,
          "-----BEGIN PUBLIC KEY-----\nMIIB", WH_INVALID }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        ok(wh_pubkey_read(&key, cases[i].scheme, str(cases[i].text))
           == cases[i].rc,
           "%s: %s", cases[i].name, cases[i].rc == WH_OK ? "taken"
                                                         : "refused");
        ok((key != NULL) == (cases[i].rc == WH_OK), "a key only if taken");

        EVP_PKEY_free(key);
    }
}


/*
 * What could be the key of an HMAC as well, 32 bytes and nothing else; and what
 * everybody may know.
 */

static void
test_bare(void)
{
    size_t  i;

    static const struct {
        const char  *name;
        const char  *text;
        int          bare;
        int          is_public;
    } cases[] = {
        { "hex", "27b8894c0f4dc38e05ea184ba1cbff3b8194ed1cf7a126282fb0bbbb237a"
          "3bde", 1, 0 },
        { "Base64", "J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94=", 1, 0 },
        { "whpk_", "whpk_J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94=", 0, 0 },
        { "whsec_", "whsec_J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94=", 0, 0 },
        { "SPKI", ED25519, 0, 1 },
        { "a line break", "J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94=\n", 0,
          0 },
        { "31 bytes in hex", "27b8894c0f4dc38e05ea184ba1cbff3b8194ed1cf7a12628"
          "2fb0bbbb237a3b", 0, 0 },
        { "33 bytes in hex", "27b8894c0f4dc38e05ea184ba1cbff3b8194ed1cf7a12628"
          "2fb0bbbb237a3bde00", 0, 0 },
        { "31 bytes in Base64", "J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6Ow==",
          0, 0 },
        { "33 bytes in Base64", "J7iJTA9Nw44F6hhLocv/O4GU7Rz3oSYoL7C7uyN6O94A",
          0, 0 },
        { "RSA in Base64", RSA2048, 0, 1 },
        { "P-256 in Base64", P256, 0, 1 },
        { "a key in PEM", "-----BEGIN PUBLIC KEY-----\n", 0, 1 },
        { "an RSA key in PEM", "-----BEGIN RSA PUBLIC KEY-----\n", 0, 1 },
        { "a certificate in PEM", "-----BEGIN CERTIFICATE-----\n", 0, 1 },
        { "a private key in PEM", "-----BEGIN PRIVATE KEY-----\n", 0, 0 },
        { "a sequence that is no key", "0abc", 0, 0 },
        { "Base64 that is no key", "MCowBQ==", 0, 0 },
        { "nothing", "", 0, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_pubkey_bare(str(cases[i].text)) == cases[i].bare, "%s: %s",
           cases[i].name, cases[i].bare ? "bare" : "not bare");
        ok(wh_pubkey_public(str(cases[i].text)) == cases[i].is_public,
           "%s: %s", cases[i].name, cases[i].is_public ? "public" : "secret");
    }
}


static void
test_signatures(void)
{
    size_t          i, len;
    wh_str_t        message, signature;
    EVP_PKEY       *key;
    unsigned char   bytes[512], other[64];

    static const struct {
        const char   *name;
        wh_pubkey_e   scheme;
        const char   *key;
        const char   *signature;
    } cases[] = {
        { "Ed25519", WH_ED25519, ED25519,
          "jEtsOV4hFjszkPRyfeP+3NaRA2R41ZrQxAftXzPyaVna0Mf++lcu6LbBAVO94v"
          "nO8MikkJ/9ND6tOggR8KkTAQ==" },
        { "ECDSA", WH_ECDSA_P256_SHA256, P256,
          "MEUCIBS9IrIZ9benrgrUKcy75656xTc0af2gsyuXfUAdJWlCAiEA6T9LsSKX0h"
          "OUHr+Jr7vNa9HiWudWDgqLcXIcoIxbCOQ=" },
        { "RSA with SHA-256", WH_RSA_SHA256, RSA2048,
          "eN84tFH6u7OSjBSQdji1KTu8KtgVPfTLbAGdFY8aNPKjCpudpp+LT8Z8VPx+Sd"
          "UusAvRxydzIloYRYyxlvJTCIaSc1p+EgNs0vtaIsn8ewiEP3AMIKo0b+7cK+i0"
          "tIvqxJudS9IGWSprFkdos/nvxFr0RBGJ646uSEvNe0EUf8mzNbm1RZfiYsvIwc"
          "uUrpkI9M6G2akjxy6b84u85XxjIjUubCNe2NAtXwORvsQKRMojDZatKYmUaiKO"
          "IL1hUvSFoOE3odSuZEXMeD1cRWlFL6FNelKyDliMpcE7h9qkurclmChr0iEZOZ"
          "07TDC/eJz/s+oIzv6WVnHbP1y4PNreQQ==" },
        { "RSA with SHA-1", WH_RSA_SHA1, RSA2048,
          "Gr95z+s+xJfogXT5Ux619guaSpDf2eo8NcmrAj72ak+CbQiwoXdQtDhvwyG4Xx"
          "ppMGH12qKMyUkCWccNQQFx5VgaK9G3LTaV/nqF128JRObF4jaFcsY2e7Xg2Dn2"
          "QsaxzTQh4Ib9cSZVmCkltmlVCYknvY8ESM8i8eOP+PjzZt/+EDyMfB9gtewPcd"
          "S4rbUMljdTBDZ23z/wriDOAu6gKR3P9a+yJIaceLcBspDY7+AGSkhpNVPXbTAo"
          "X2Hq9/KwdCJIQFd1dq+DS5Og4956QFRFx8OXQOG6xAyeaI0LPIevnlbfvjUC+I"
          "jkILLInxvRvfXAwY9cl8lODgJPitEtuQ==" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        message = str("a message to be signed");

        len = sizeof(bytes);

        ok(wh_decode(WH_BASE64, str(cases[i].signature), bytes, &len) == WH_OK,
           "%s: decoded", cases[i].name);

        signature.data = bytes;
        signature.len = len;

        ok(wh_pubkey_read(&key, cases[i].scheme, str(cases[i].key)) == WH_OK,
           "the key");
        ok(verifies(key, cases[i].scheme, message, signature) == WH_OK,
           "the signature");

        signature.len = len - 1;
        ok(verifies(key, cases[i].scheme, message, signature) == WH_INVALID,
           "not one byte less");

        signature.len = 0;
        ok(verifies(key, cases[i].scheme, message, signature) == WH_INVALID,
           "nor none");

        signature.len = len;
        bytes[len / 2] ^= 1;
        ok(verifies(key, cases[i].scheme, message, signature) == WH_INVALID,
           "not one bit different");
        bytes[len / 2] ^= 1;

        memcpy(other, message.data, message.len);
        other[3] ^= 1;
        message.data = other;
        ok(verifies(key, cases[i].scheme, message, signature) == WH_INVALID,
           "nor of another message");

        EVP_PKEY_free(key);
    }
}


static int
verifies(EVP_PKEY *key, wh_pubkey_e scheme, wh_str_t message,
    wh_str_t signature)
{
    wh_str_t        digest;
    unsigned int    len;
    unsigned char   bytes[EVP_MAX_MD_SIZE];

    if (scheme == WH_ED25519) {
        return wh_pubkey_verify(key, scheme, message, signature);
    }

    EVP_Digest(message.data, message.len, bytes, &len,
               wh_digest(wh_pubkey_digest(scheme)), NULL);

    digest.data = bytes;
    digest.len = len;

    return wh_pubkey_verify(key, scheme, digest, signature);
}
