
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_media: media types, with parameters, "*" and suffixes.
 */


#include "tap.h"
#include "wh_media.h"


int
main(void)
{
    size_t  i;

    static const struct {
        const char  *value;
        const char  *subtype;      /* of the type "application" */
        int          match;
    } cases[] = {
        { "application/json", "json", 1 },
        { "Application/JSON", "json", 1 },
        { "application/json;charset=utf-8", "json", 1 },
        { "application/json \t; charset=utf-8", "json", 1 },
        { "application/jsonx", "json", 0 },
        { "application/jso", "json", 0 },
        { "application/json x", "json", 0 },
        { "application/json, text/plain", "json", 0 },
        { "application /json", "json", 0 },
        { "application/ json", "json", 0 },
        { "applicatio/json", "json", 0 },
        { "applications/json", "json", 0 },
        { "application;/json", "json", 0 },
        { ";application/json", "json", 0 },
        { "application/a", "*", 1 },
        { "application/", "*", 0 },
        { "application", "*", 0 },
        { "text/a", "*", 0 },
        { "application/a+json", "+json", 1 },
        { "application/a+JSON;x", "+json", 1 },
        { "application/+json", "+json", 0 },
        { "application/json", "+json", 0 },
        { "application/a+jsonx", "+json", 0 },
        { "", "json", 0 },
        { "", "*", 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_media_match(str(cases[i].value), str("application"),
                          str(cases[i].subtype))
           == cases[i].match,
           "\"%s\" and \"%s\"", cases[i].value, cases[i].subtype);
    }

    return done_testing();
}
