
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_part: edges that a part holds, alone or with the edge beside it, and
 * words.
 */


#include <string.h>

#include "tap.h"
#include "wh_part.h"


static void test_edges(void);
static void test_words(void);


int
main(void)
{
    test_edges();
    test_words();

    return done_testing();
}


static void
test_edges(void)
{
    size_t  i;

    static const struct {
        const char  *part;
        const char  *edge;
        int          left;
        int          right;
    } cases[] = {
        { "", ".", 1, 1 },
        { "msg_1", ".", 1, 1 },
        { "msg.1", ".", 0, 0 },
        { ".", ".", 0, 0 },
        { "a.", ".", 0, 0 },
        { ".a", ".", 0, 0 },
        { "", "::", 1, 1 },
        { "a:b", "::", 1, 1 },
        { "a::b", "::", 0, 0 },
        { "a:", "::", 0, 1 },
        { ":a", "::", 1, 0 },
        { "ab", "aba", 0, 1 },
        { "ba", "aba", 1, 0 },
        { "a;x-b:c", ";x-b:", 0, 0 },
        { "a;x-b", ";x-b:", 1, 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        ok(wh_part_from_left(str(cases[i].part), str(cases[i].edge))
           == cases[i].left,
           "from the left: \"%s\" before \"%s\"", cases[i].part,
           cases[i].edge);

        ok(wh_part_from_right(str(cases[i].part), str(cases[i].edge))
           == cases[i].right,
           "from the right: \"%s\" after \"%s\"", cases[i].part,
           cases[i].edge);
    }
}


static void
test_words(void)
{
    size_t         i;
    wh_str_t       part;
    unsigned char  buf[256];

    static const struct {
        wh_str_t  part;
        int       word;
    } cases[] = {
        { wh_string(""), 0 },
        { wh_string("e76c6bd4-55c9-4987-8304-da1588d8988b"), 1 },
        { wh_string("AZaz09_-="), 1 },
        { wh_string("a.b"), 0 },
        { wh_string("a:b"), 0 },
        { wh_string("a,b"), 0 },
        { wh_string("a b"), 0 },
        { wh_string("a\0b"), 0 },
        { wh_string("\xc3\xa9"), 0 },
        { wh_string("a{"), 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(wh_part_word(cases[i].part) == cases[i].word, "word %zu", i);
    }

    memset(buf, 'a', sizeof(buf));

    part.data = buf;
    part.len = 255;

    ok(wh_part_word(part), "a word of 255 bytes");

    part.len = 256;

    ok(!wh_part_word(part), "no word of 256 bytes");
}
