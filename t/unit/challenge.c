
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_challenge: which bytes may be echoed and which may be signed, how many.
 */


#include "tap.h"
#include "wh_challenge.h"


static void test_bytes(void);
static void test_lengths(void);


int
main(void)
{
    test_bytes();
    test_lengths();

    return done_testing();
}


static void
test_bytes(void)
{
    int            byte;
    char           visible[257], signable[257], spaced[257];
    size_t         v, s, w;
    wh_str_t       text;
    unsigned char  c;

    static const char  alphabet[] =
        "+-./0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "_abcdefghijklmnopqrstuvwxyz~";

    v = 0;
    s = 0;
    w = 0;

    for (byte = 0; byte < 256; byte++) {
        c = (unsigned char) byte;
        text.data = &c;
        text.len = 1;

        if (wh_challenge_visible(text)) {
            visible[v++] = (char) c;
        }

        if (wh_challenge_signable(text, 0)) {
            signable[s++] = (char) c;
        }

        if (wh_challenge_signable(text, 1)) {
            spaced[w++] = (char) c;
        }
    }

    ok(v == 0x7f - 0x20 && visible[0] == ' ' && visible[v - 1] == '~',
       "visible ASCII and the space are echoed");
    ok(s == sizeof(alphabet) - 1 && memcmp(signable, alphabet, s) == 0,
       "letters, digits and a few marks are signed");
    ok(w == s + 1 && spaced[0] == ' ' && memcmp(spaced + 1, alphabet, s) == 0,
       "and a space where there may be one");
}


static void
test_lengths(void)
{
    char      buf[WH_CHALLENGE_MAX + 1];
    wh_str_t  text;

    memset(buf, 'a', sizeof(buf));
    text.data = (unsigned char *) buf;

    text.len = WH_CHALLENGE_MAX;
    ok(wh_challenge_visible(text) && wh_challenge_signable(text, 0),
       "the longest text");

    text.len = WH_CHALLENGE_MAX + 1;
    ok(!wh_challenge_visible(text) && !wh_challenge_signable(text, 0),
       "a byte more");

    text.len = 0;
    ok(wh_challenge_visible(text) && wh_challenge_signable(text, 0),
       "no byte at all");

    text.len = 3;
    buf[2] = '{';
    ok(!wh_challenge_signable(text, 1), "the last byte counts");
}
