
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Secrets as people paste them.  What surrounds one is used like the rest,
 * and then no message matches.
 */


#include <string.h>

#include "wh_part.h"
#include "wh_secret.h"
#include "wh_str.h"


typedef struct {
    wh_str_t      begin;
    wh_str_t      end;
} wh_secret_pair_t;


typedef struct {
    int         (*found)(wh_str_t text);
    int           signs;            /* only of the key of an HMAC */
    const char   *what;
} wh_secret_finding_t;


#define wh_secret_n(table)  (sizeof(table) / sizeof((table)[0]))


static int wh_secret_utf16(wh_str_t text);
static int wh_secret_bom(wh_str_t text);
static int wh_secret_lines(wh_str_t text);
static int wh_secret_spaces(wh_str_t text);
static int wh_secret_control(wh_str_t text);
static int wh_secret_quotes(wh_str_t text);
static int wh_secret_placeholder(wh_str_t text);
static int wh_secret_word(wh_str_t text);
static int wh_secret_header(wh_str_t text);
static int wh_secret_assignment(wh_str_t text);
static int wh_secret_api_key(wh_str_t text);
static int wh_secret_begins(wh_str_t text, const wh_str_t *prefixes,
    size_t n);
static int wh_secret_between(wh_str_t text, const wh_secret_pair_t *pairs,
    size_t n);
static int wh_secret_ends(wh_str_t text, wh_str_t suffix);


/* The first that is found is told. */

static const wh_secret_finding_t  wh_secret_findings[] = {
    { wh_secret_utf16, 0,
      "is in UTF-16, write it as plain text" },
    { wh_secret_bom, 0,
      "begins with a byte order mark, write it without" },
    { wh_secret_lines, 0,
      "has several lines, all of them are one secret" },
    { wh_secret_spaces, 0,
      "begins or ends with a space or a tab, which counts as part of it" },
    { wh_secret_control, 0,
      "has control characters in it, they count as part of it" },
    { wh_secret_quotes, 0,
      "is in quotes, which count as part of it" },
    { wh_secret_assignment, 0,
      "begins with \"NAME=\", which counts as part of it" },
    { wh_secret_placeholder, 0,
      "looks like the place for a secret and not like one" },
    { wh_secret_word, 1,
      "begins with a word like \"Bearer \", \"X-Token: \", \"base64:\" or "
      "\"sha256=\", which counts as part of it" },
    { wh_secret_api_key, 1,
      "looks like a key for the sender's API, the secret that signs webhooks "
      "is another one" }
};


const char *
wh_secret_odd(wh_str_t text, int signs)
{
    size_t                      i;
    wh_str_t                    rest;
    const wh_secret_finding_t  *finding;

    static const wh_str_t  pem = wh_string("-----BEGIN ");

    rest = text;

    if (text.len == 0 || wh_cut_prefix(&rest, pem)) {
        return NULL;
    }

    for (i = 0; i < wh_secret_n(wh_secret_findings); i++) {

        finding = &wh_secret_findings[i];

        if (signs >= finding->signs && finding->found(text)) {
            return finding->what;
        }
    }

    return NULL;
}


wh_str_t
wh_secret_line(wh_str_t text)
{
    if (text.len && text.data[text.len - 1] == '\n') {
        text.len--;

        if (text.len && text.data[text.len - 1] == '\r') {
            text.len--;
        }
    }

    return text;
}


/* With a mark of either byte order, or every second byte of a text is 0. */

static int
wh_secret_utf16(wh_str_t text)
{
    size_t    i;
    wh_str_t  rest;

    static const wh_str_t  le = wh_string("\xff\xfe");
    static const wh_str_t  be = wh_string("\xfe\xff");

    rest = text;

    if (wh_cut_prefix(&rest, le) || wh_cut_prefix(&rest, be)) {
        return 1;
    }

    if (text.len < 4 || text.len % 2) {
        return 0;
    }

    for (i = 2; i < text.len; i++) {
        if ((text.data[i] == 0) != (text.data[i - 2] == 0)) {
            return 0;
        }
    }

    return (text.data[0] == 0) != (text.data[1] == 0);
}


static int
wh_secret_bom(wh_str_t text)
{
    static const wh_str_t  bom = wh_string("\xef\xbb\xbf");

    return wh_cut_prefix(&text, bom);
}


/* An empty line at the end is one as well. */

static int
wh_secret_lines(wh_str_t text)
{
    return memchr(text.data, '\n', text.len) != NULL
           || memchr(text.data, '\r', text.len) != NULL;
}


static int
wh_secret_spaces(wh_str_t text)
{
    return wh_trim(text, WH_SPACES).len != text.len;
}


static int
wh_secret_control(wh_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return 1;
        }
    }

    return 0;
}


static int
wh_secret_quotes(wh_str_t text)
{
    static const wh_secret_pair_t  quotes[] = {
        { wh_string("\""), wh_string("\"") },
        { wh_string("'"), wh_string("'") },
        { wh_string("`"), wh_string("`") },
        { wh_string("\xe2\x80\x9c"), wh_string("\xe2\x80\x9d") },
        { wh_string("\xe2\x80\x9e"), wh_string("\xe2\x80\x9c") },
        { wh_string("\xe2\x80\x98"), wh_string("\xe2\x80\x99") },
        { wh_string("\xe2\x80\x9a"), wh_string("\xe2\x80\x98") },
        { wh_string("\xc2\xab"), wh_string("\xc2\xbb") }
    };

    return wh_secret_between(text, quotes, wh_secret_n(quotes));
}


/* What examples and templates have in the place of a secret. */

static int
wh_secret_placeholder(wh_str_t text)
{
    static const wh_secret_pair_t  marks[] = {
        { wh_string("<"), wh_string(">") },
        { wh_string("{{"), wh_string("}}") },
        { wh_string("${"), wh_string("}") }
    };

    static const wh_str_t  words[] = {
        wh_string("your-"),
        wh_string("your_"),
        wh_string("changeme"),
        wh_string("change-me"),
        wh_string("change_me")
    };

    return wh_secret_between(text, marks, wh_secret_n(marks))
           || wh_secret_begins(text, words, wh_secret_n(words));
}


/* What is before a secret, or a signature, where a sender shows it. */

static int
wh_secret_word(wh_str_t text)
{
    static const wh_str_t  words[] = {
        wh_string("bearer "),
        wh_string("basic "),
        wh_string("authorization:"),
        wh_string("base64:"),
        wh_string("hex:"),
        wh_string("sha1="),
        wh_string("sha256=")
    };

    return wh_secret_begins(text, words, wh_secret_n(words))
           || wh_secret_header(text);
}


/* "X-NAME:"; a random secret may begin with "X-" as well. */

static int
wh_secret_header(wh_str_t text)
{
    wh_str_t              name;
    const unsigned char  *colon;

    static const wh_str_t  x = wh_string("x-");

    name = text;
    colon = memchr(text.data, ':', text.len);

    if (colon == NULL || !wh_cut_prefix_caseless(&name, x)) {
        return 0;
    }

    name.len = colon - name.data;

    return wh_part_word(name);
}


/* As in a file for a shell; the padding of Base64 has nothing after it. */

static int
wh_secret_assignment(wh_str_t text)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < text.len; i++) {

        c = text.data[i];

        if ((c >= 'A' && c <= 'Z') || c == '_' || (i && c >= '0' && c <= '9'))
        {
            continue;
        }

        return c == '=' && i > 1 && i + 1 < text.len
               && text.data[i + 1] != '=';
    }

    return 0;
}


static int
wh_secret_api_key(wh_str_t text)
{
    static const wh_str_t  prefixes[] = {
        wh_string("sk_live_"),
        wh_string("sk_test_"),
        wh_string("rk_live_"),
        wh_string("rk_test_"),
        wh_string("pk_live_"),
        wh_string("pk_test_"),
        wh_string("xoxb-"),
        wh_string("xoxp-"),
        wh_string("xapp-"),
        wh_string("ghp_"),
        wh_string("gho_"),
        wh_string("ghs_"),
        wh_string("github_pat_"),
        wh_string("glpat-")
    };

    return wh_secret_begins(text, prefixes, wh_secret_n(prefixes));
}


static int
wh_secret_begins(wh_str_t text, const wh_str_t *prefixes, size_t n)
{
    size_t    i;
    wh_str_t  rest;

    for (i = 0; i < n; i++) {

        rest = text;

        if (wh_cut_prefix_caseless(&rest, prefixes[i])) {
            return 1;
        }
    }

    return 0;
}


static int
wh_secret_between(wh_str_t text, const wh_secret_pair_t *pairs, size_t n)
{
    size_t    i;
    wh_str_t  rest;

    for (i = 0; i < n; i++) {

        rest = text;

        if (wh_cut_prefix(&rest, pairs[i].begin)
            && wh_secret_ends(rest, pairs[i].end))
        {
            return 1;
        }
    }

    return 0;
}


static int
wh_secret_ends(wh_str_t text, wh_str_t suffix)
{
    return text.len >= suffix.len
           && memcmp(text.data + text.len - suffix.len, suffix.data,
                     suffix.len)
              == 0;
}
