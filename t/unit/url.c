
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_url: which escapes are decoded, once, which stay, and how.
 */


#include "tap.h"
#include "wh_str.h"
#include "wh_url.h"


int
main(void)
{
    char      buf[64];
    size_t    i;
    wh_str_t  text;

    static const struct {
        const char  *encoded;
        const char  *decoded;
    } cases[] = {
        { "/a", "/a" },
        { "", "" },
        { "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B", ":/?@!$'()*,;" },
        { "%3a%2f", ":/" },
        { "/a%2Fb?c=%3Ad", "/a/b?c=:d" },
        { "%20%26%3D%2B%23%25%41", "%20%26%3D%2B%23%25%41" },
        { "%00", "%00" },
        { "%252F", "%252F" },
        { "%2%46", "%2%46" },
        { "%", "%" },
        { "a%2", "a%2" },
        { "%2F", "/" },
        { "%%2F", "%/" },
        { "%2G%G2", "%2G%G2" }
    };

    static const struct {
        const char  *encoded;
        const char  *decoded;
    } normal[] = {
        { "/a?b=c+d", "/a?b=c+d" },
        { "/%e2%98%83", "/%E2%98%83" },
        { "%2f%3A%00%20", "%2F%3A%00%20" },
        { "%7e%41%61%30%2d%2e%5f", "~Aa0-._" },
        { "%2541", "%2541" },
        { "%4", "%4" },
        { "%", "%" },
        { "%4g%g4%%41", "%4g%g4%A" },
        { "", "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text = str(strcpy(buf, cases[i].encoded));
        text.len = wh_url_decode((unsigned char *) buf, text.len);

        ok(wh_equal(text, str(cases[i].decoded)), "\"%s\"", cases[i].encoded);
    }

    for (i = 0; i < sizeof(normal) / sizeof(normal[0]); i++) {
        text = str(strcpy(buf, normal[i].encoded));
        text.len = wh_url_normalize((unsigned char *) buf, text.len);

        ok(wh_equal(text, str(normal[i].decoded)), "\"%s\", normalized",
           normal[i].encoded);
    }

    return done_testing();
}
