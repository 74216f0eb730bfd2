
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_content_digest: digests in a header.  The values are those of RFC 9530,
 * appendix B.1, for {"hello": "world"} and a line feed.
 */


#include "tap.h"
#include "wh_content_digest.h"


#define SHA256  "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
#define SHA512  "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4v" \
                "f2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"


int
main(void)
{
    size_t               i, len;
    EVP_MD_CTX          *ctx;
    unsigned char        md[WH_HMAC_MAX_SIZE];
    wh_content_digest_t  content;

    static const char  body[] = "{\"hello\": \"world\"}\n";

    static const struct {
        const char  *header;
        unsigned     digests;      /* 0: malformed */
    } cases[] = {
        { SHA256, 1 << WH_SHA256 },
        { SHA512, 1 << WH_SHA512 },
        { SHA512 ", " SHA256, 1 << WH_SHA256 | 1 << WH_SHA512 },
        { "md5=:AAAA:, x, y=(1 2), " SHA256 ";a=1", 1 << WH_SHA256 },
        { "", 0 }, { "md5=:AAAA:", 0 }, { SHA256 ",", 0 },
        { SHA256 ", " SHA256, 0 }, { "sha-256=:AAAA:", 0 },
        { "sha-256=::", 0 }, { "sha-256", 0 }, { "sha-256=\"a\"", 0 },
        { SHA256 ", sha-512=::", 0 }, { "SHA-256=:AAAA:", 0 }
    };

    if (wh_digest_init() != WH_OK) {
        return 1;
    }

    ctx = EVP_MD_CTX_new();

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_content_digest(str(cases[i].header), WH_BASE64, &content)
           == WH_OK ? content.digests == cases[i].digests
                    : cases[i].digests == 0, "%s", cases[i].header);
    }

    ok(wh_content_digest(str("sha-256=:RK_0qy18MlBSVnWgjwz6lZEWjP_lF5HF9bvEF8"
                             "FabDg:"), WH_BASE64URL, &content) == WH_OK,
       "base64url");
    ok(wh_content_digest(str("sha-256=:RK_0qy18MlBSVnWgjwz6lZEWjP_lF5HF9bvEF8"
                             "FabDg:"), WH_BASE64, &content) == WH_INVALID,
       "base64url where that is not usual");

    wh_content_digest(str(SHA256 ", " SHA512), WH_BASE64, &content);

    for (i = 0; i < WH_DIGESTS; i++) {

        wh_digest_start((wh_digest_e) i, ctx);
        wh_hmac_update(ctx, (const unsigned char *) body, sizeof(body) - 1);
        wh_digest_final(ctx, md, &len);

        ok(wh_content_digest_equal(&content, (wh_digest_e) i, md)
           == (i == WH_SHA256 || i == WH_SHA512), "digest %d of the body",
           (int) i);

        md[len - 1] ^= 1;
        ok(!wh_content_digest_equal(&content, (wh_digest_e) i, md),
           "its last bit");
    }

    EVP_MD_CTX_free(ctx);

    return done_testing();
}
