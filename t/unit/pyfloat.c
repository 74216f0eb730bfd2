
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The shortest text of a double, against one that tries every length.  An
 * argument is how many are compared, 100000 without:
 *
 *     build/unit/pyfloat 10000000
 */


#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pelorus/wh_pyfloat.h"
#include "tap.h"


static void compare(double value);
static void written(const char *text, double value);
static size_t digits_of(const char *text, char *digits);
static void said(const char *text, const char *repr);
static double of_bits(uint64_t bits);
static uint64_t any(void);


static unsigned long  ncompared, nwrong;
static uint64_t       state = 88172645463325252;


int
main(int argc, char **argv)
{
    char           text[64];
    uint64_t       bits;
    unsigned long  n;

    n = (argc > 1) ? strtoul(argv[1], NULL, 10) : 100000;

    /* powers of two, what is next to them, and the ends */

    for (bits = 0; bits < 2047; bits++) {
        compare(of_bits(bits << 52));
        compare(of_bits((bits << 52) + 1));
        compare(of_bits((bits << 52) + 0xfffffffffffff));
    }

    for (bits = 1; bits < 1000; bits++) {
        compare(of_bits(bits));
    }

    while (ncompared < n) {
        compare(of_bits(any()));                            /* any of them */
        compare(of_bits(any() >> 12 >> any() % 52));        /* denormal */
        compare(of_bits((UINT64_C(2019) + any() % 28) << 52 | any() >> 12));

        /* few digits, from 1e300 to 1e308 and around the least ones */

        sprintf(text, "%llue%d", (unsigned long long) (any() % 1000000),
                (int) (295 + any() % 14));
        compare(strtod(text, NULL));

        sprintf(text, "%llue-%d", (unsigned long long) (any() % 1000000),
                (int) (300 + any() % 30));
        compare(strtod(text, NULL));
    }

    ok(nwrong == 0, "the shortest text of %lu doubles", ncompared);

    said("1e308", "1e+308");
    said("1.7976931348623157e308", "1.7976931348623157e+308");
    said("1.79769313486231e308", "1.79769313486231e+308");
    said("1.79769313486232e308", "Infinity");
    said("-1.8e308", "-Infinity");
    said("1e309", "Infinity");
    said("0.00001e313", "1e+308");
    said("2e-308", "2e-308");
    said("2.22507385850720e-308", "2.2250738585072e-308");
    said("2.22507385850721e-308", "2.22507385850721e-308");
    said("2.2250738585072014e-308", "2.2250738585072014e-308");
    said("2.2250738585072011e-308", "2.225073858507201e-308");
    said("5e-324", "5e-324");
    said("4.9406564584124654e-324", "5e-324");
    said("2e-324", "0.0");
    said("-0.0", "-0.0");
    said("9007199254740993.0", "9007199254740992.0");

    return done_testing();
}


/* A double as it is, and written with more digits than are needed. */

static void
compare(double value)
{
    int   n;
    char  text[64];

    /* zero, and what is no number */

    if (value == 0 || value - value != 0) {
        return;
    }

    for (n = 1; n <= 17; n++) {
        snprintf(text, sizeof(text), "%.*e", n - 1, value);

        if (strtod(text, NULL) == value) {
            written(text, value);
            break;
        }
    }

    snprintf(text, sizeof(text), "%.25e", value);
    written(text, value);
}


/*
 * Its text reads back, none with fewer digits does, and of those with as many
 * it is the nearest, unless that one does not.
 */

static void
written(const char *text, double value)
{
    char    digits[64], fewer[64], other[64], repr[WH_PYFLOAT_LEN + 1];
    size_t  n;

    n = wh_pyfloat_repr(str(text), (unsigned char *) repr);
    repr[n] = '\0';

    n = digits_of(repr, digits);

    snprintf(other, sizeof(other), "%.*e", (int) n - 1, value);
    snprintf(fewer, sizeof(fewer), "%.*e", (int) (n > 1 ? n - 2 : 0), value);

    ncompared++;

    if (strtod(repr, NULL) != value
        || (n > 1 && strtod(fewer, NULL) == value)
        || (strtod(other, NULL) == value
            && (digits_of(other, other) != n || memcmp(digits, other, n) != 0)))
    {
        nwrong++;
        fprintf(stderr, "# %s of %s\n", repr, text);
    }
}


/* The digits that matter, at least one; their number. */

static size_t
digits_of(const char *text, char *digits)
{
    size_t  n;

    for (n = 0; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (n || *text != '0')) {
            digits[n++] = *text;
        }
    }

    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }

    return n ? n : 1;
}


static void
said(const char *text, const char *repr)
{
    size_t         len;
    unsigned char  buf[WH_PYFLOAT_LEN];

    len = wh_pyfloat_repr(str(text), buf);

    ok(len == strlen(repr) && memcmp(buf, repr, len) == 0, "%s is %s", text,
       repr);
}


static double
of_bits(uint64_t bits)
{
    double  value;

    memcpy(&value, &bits, sizeof(value));

    return value;
}


/* xorshift64 */

static uint64_t
any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;

    return state;
}
