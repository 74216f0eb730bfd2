
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * JSON numbers as Python's floats: read to the nearest double, written as
 * the shortest text.
 */


#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wh_pyfloat.h"
#include "../wh_decimal.h"


/*
 * The most significant digits that can matter to the nearest double, when
 * one more is there for all that follow.
 */

#define WH_PYFLOAT_SIGNIFICANT  770

/* With so many digits or fewer, a decimal survives the way through double. */

#define WH_PYFLOAT_SAFE  15

/* The first so many of the greatest double, and of the least with all bits. */

#define WH_PYFLOAT_MAX        "179769313486231"
#define WH_PYFLOAT_MAX_POINT  309
#define WH_PYFLOAT_MIN        "222507385850720"
#define WH_PYFLOAT_MIN_POINT  (-307)

/* With so many a double survives the way through decimal. */

#define WH_PYFLOAT_FULL  17


/* 0.DIGITS times ten to the power of point. */

typedef struct {
    int                negative;
    int                n;          /* digits, none for zero */
    int                point;
    char               digits[WH_PYFLOAT_SIGNIFICANT + 2];
} wh_pyfloat_decimal_t;


static int wh_pyfloat_is_shortest(const wh_pyfloat_decimal_t *d);
static int wh_pyfloat_is_infinite(const wh_pyfloat_decimal_t *d);
static void wh_pyfloat_decimal(wh_str_t number, wh_pyfloat_decimal_t *d);
static double wh_pyfloat_magnitude(const wh_pyfloat_decimal_t *d);
static void wh_pyfloat_shortest(wh_pyfloat_decimal_t *d, double value);
static int wh_pyfloat_reads_back(wh_pyfloat_decimal_t *d,
    const wh_pyfloat_decimal_t *full, double value, int n);
static void wh_pyfloat_cut(wh_pyfloat_decimal_t *d,
    const wh_pyfloat_decimal_t *full, double value, int n);
static void wh_pyfloat_copy(wh_pyfloat_decimal_t *d,
    const wh_pyfloat_decimal_t *full, int n);
static void wh_pyfloat_round(wh_pyfloat_decimal_t *d, double value, int n);
static void wh_pyfloat_increment(wh_pyfloat_decimal_t *d);
static void wh_pyfloat_strip(wh_pyfloat_decimal_t *d);
static size_t wh_pyfloat_layout(const wh_pyfloat_decimal_t *d,
    unsigned char *buf);


int
wh_pyfloat_is_int(wh_str_t number)
{
    size_t  i;

    for (i = 0; i < number.len; i++) {

        if (number.data[i] == '.' || (number.data[i] | 0x20) == 'e') {
            return 0;
        }
    }

    return 1;
}


double
wh_pyfloat_value(wh_str_t number)
{
    double                value;
    wh_pyfloat_decimal_t  d;

    wh_pyfloat_decimal(number, &d);

    value = wh_pyfloat_magnitude(&d);

    return d.negative ? -value : value;
}


size_t
wh_pyfloat_repr(wh_str_t number, unsigned char *buf)
{
    double                value;
    size_t                n;
    wh_pyfloat_decimal_t  d;

    wh_pyfloat_decimal(number, &d);

    if (!wh_pyfloat_is_shortest(&d)) {

        value = wh_pyfloat_is_infinite(&d) ? HUGE_VAL
                                           : wh_pyfloat_magnitude(&d);

        if (value > 1.7976931348623157e308) {
            n = d.negative ? sizeof("-Infinity") - 1 : sizeof("Infinity") - 1;
            memcpy(buf, d.negative ? "-Infinity" : "Infinity", n);
            return n;
        }

        wh_pyfloat_shortest(&d, value);
    }

    return wh_pyfloat_layout(&d, buf);
}


/*
 * So few digits are the shortest text already, as long as the double has all
 * its bits; this spares the common number any arithmetic.
 */

static int
wh_pyfloat_is_shortest(const wh_pyfloat_decimal_t *d)
{
    if (d->n > WH_PYFLOAT_SAFE) {
        return 0;
    }

    if (d->point == WH_PYFLOAT_MAX_POINT) {
        return memcmp(d->digits, WH_PYFLOAT_MAX, d->n) <= 0;
    }

    if (d->point == WH_PYFLOAT_MIN_POINT) {
        return memcmp(d->digits, WH_PYFLOAT_MIN, d->n) > 0;
    }

    return d->point > WH_PYFLOAT_MIN_POINT && d->point < WH_PYFLOAT_MAX_POINT;
}


/* So few digits tell that a number is too great without any arithmetic. */

static int
wh_pyfloat_is_infinite(const wh_pyfloat_decimal_t *d)
{
    return d->n > 0
           && d->n <= WH_PYFLOAT_SAFE
           && (d->point > WH_PYFLOAT_MAX_POINT
               || (d->point == WH_PYFLOAT_MAX_POINT
                   && memcmp(d->digits, WH_PYFLOAT_MAX, d->n) > 0));
}


/* The text is a number as yajl lets it through. */

static void
wh_pyfloat_decimal(wh_str_t number, wh_pyfloat_decimal_t *d)
{
    int                   fraction, more;
    const unsigned char  *p, *last;

    p = number.data;
    last = p + number.len;

    d->negative = (*p == '-');
    p += d->negative;

    d->n = 0;
    d->point = 0;

    fraction = 0;
    more = 0;

    for ( /* void */ ; p < last && (*p | 0x20) != 'e'; p++) {

        if (*p == '.') {
            fraction = 1;
            continue;
        }

        if (*p == '0' && d->n == 0) {
            d->point -= fraction;
            continue;
        }

        d->point += !fraction;

        if (d->n < WH_PYFLOAT_SIGNIFICANT) {
            d->digits[d->n++] = *p;

        } else {
            more |= (*p != '0');
        }
    }

    if (more) {
        d->digits[d->n++] = '1';
    }

    wh_pyfloat_strip(d);

    /* within an int, whatever is added to it; far beyond all doubles */

    d->point = (d->n > 0)
               ? d->point + (int) wh_decimal_exponent(p, last, 1000000000) : 1;
}


static double
wh_pyfloat_magnitude(const wh_pyfloat_decimal_t *d)
{
    int   exponent;
    char  text[sizeof(d->digits) + 16], *p;

    if (d->n == 0 || d->point < -400) {
        return 0;
    }

    /* so that four digits hold the exponent; infinite with any digits */

    exponent = (d->point < 400) ? d->point - d->n : 400;

    /* no point in it: which one strtod() takes is up to the locale */

    memcpy(text, d->digits, d->n);
    p = text + d->n;

    *p++ = 'e';

    if (exponent < 0) {
        exponent = -exponent;
        *p++ = '-';
    }

    *p++ = '0' + exponent / 1000;
    *p++ = '0' + exponent / 100 % 10;
    *p++ = '0' + exponent / 10 % 10;
    *p++ = '0' + exponent % 10;
    *p = '\0';

    return strtod(text, NULL);
}


static void
wh_pyfloat_shortest(wh_pyfloat_decimal_t *d, double value)
{
    int                   n, enough;
    uint64_t              bits;
    wh_pyfloat_decimal_t  full;

    if (value == 0) {
        d->n = 0;
        d->point = 1;
        return;
    }

    memcpy(&bits, &value, sizeof(bits));

    wh_pyfloat_round(&full, value, WH_PYFLOAT_FULL);

    /*
     * More digits are nearer, so what is enough is found by halving; as many
     * as were read are.  The 15 safe digits are none for a double that has
     * lost bits.
     */

    n = (bits >> 52 == 0) ? 1 : WH_PYFLOAT_SAFE;
    enough = (d->n < WH_PYFLOAT_FULL) ? d->n : WH_PYFLOAT_FULL;
    d->n = 0;

    while (n < enough) {

        if (wh_pyfloat_reads_back(d, &full, value, (n + enough) / 2)) {
            enough = (n + enough) / 2;

        } else {
            n = (n + enough) / 2 + 1;
        }
    }

    if (enough == WH_PYFLOAT_FULL) {
        wh_pyfloat_copy(d, &full, enough);

    } else if (d->n != enough) {
        (void) wh_pyfloat_reads_back(d, &full, value, enough);
    }

    wh_pyfloat_strip(d);
}


/* Makes d the n digits of a value, and says whether they are the same value. */

static int
wh_pyfloat_reads_back(wh_pyfloat_decimal_t *d,
    const wh_pyfloat_decimal_t *full, double value, int n)
{
    uint64_t  bits;

    wh_pyfloat_cut(d, full, value, n);

    if (wh_pyfloat_magnitude(d) == value) {
        return 1;
    }

    /*
     * Below a power of two doubles are closer together than above: the
     * nearest text may miss it from below where the next one hits.
     */

    memcpy(&bits, &value, sizeof(bits));

    if ((bits & 0xfffffffffffff) != 0) {
        return 0;
    }

    wh_pyfloat_increment(d);

    return wh_pyfloat_magnitude(d) == value;
}


/*
 * The n digits nearest to a value, from its 17 where they can tell: rounding
 * what has been rounded to a tie would be wrong.
 */

static void
wh_pyfloat_cut(wh_pyfloat_decimal_t *d, const wh_pyfloat_decimal_t *full,
    double value, int n)
{
    int  i;

    wh_pyfloat_copy(d, full, n);

    if (full->digits[n] != '5') {

        if (full->digits[n] > '5') {
            wh_pyfloat_increment(d);
        }

        return;
    }

    for (i = n + 1; i < full->n; i++) {

        if (full->digits[i] != '0') {
            wh_pyfloat_increment(d);
            return;
        }
    }

    wh_pyfloat_round(d, value, n);
}


/* The sign stays. */

static void
wh_pyfloat_copy(wh_pyfloat_decimal_t *d, const wh_pyfloat_decimal_t *full,
    int n)
{
    memcpy(d->digits, full->digits, n);

    d->n = n;
    d->point = full->point;
}


/* The n digits nearest to a value. */

static void
wh_pyfloat_round(wh_pyfloat_decimal_t *d, double value, int n)
{
    char         text[WH_PYFLOAT_LEN];
    const char  *p;

    snprintf(text, sizeof(text), "%.*e", n - 1, value);

    d->n = 0;

    /* whatever the locale has for a point is not a digit */

    for (p = text; *p != 'e'; p++) {

        if (*p >= '0' && *p <= '9') {
            d->digits[d->n++] = *p;
        }
    }

    d->point = atoi(p + 1) + 1;
}


static void
wh_pyfloat_increment(wh_pyfloat_decimal_t *d)
{
    int  i;

    for (i = d->n - 1; i >= 0; i--) {

        if (d->digits[i] != '9') {
            d->digits[i]++;
            return;
        }

        d->digits[i] = '0';
    }

    d->digits[0] = '1';
    d->point++;
}


static void
wh_pyfloat_strip(wh_pyfloat_decimal_t *d)
{
    while (d->n > 0 && d->digits[d->n - 1] == '0') {
        d->n--;
    }
}


static size_t
wh_pyfloat_layout(const wh_pyfloat_decimal_t *d, unsigned char *buf)
{
    int             i;
    unsigned char  *p;

    p = buf;

    if (d->negative) {
        *p++ = '-';
    }

    if (d->n == 0) {
        memcpy(p, "0.0", 3);
        return p + 3 - buf;
    }

    if (d->point < -3 || d->point > 16) {

        *p++ = d->digits[0];

        if (d->n > 1) {
            *p++ = '.';
            memcpy(p, d->digits + 1, d->n - 1);
            p += d->n - 1;
        }

        return p - buf + sprintf((char *) p, "e%+03d", d->point - 1);
    }

    if (d->point <= 0) {
        *p++ = '0';
        *p++ = '.';

        for (i = d->point; i < 0; i++) {
            *p++ = '0';
        }
    }

    for (i = 0; i < d->n || i < d->point; i++) {

        if (i == d->point && i > 0) {
            *p++ = '.';
        }

        *p++ = (i < d->n) ? d->digits[i] : '0';
    }

    if (d->point >= d->n) {
        *p++ = '.';
        *p++ = '0';
    }

    return p - buf;
}
