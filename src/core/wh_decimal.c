
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Numbers of any length, as JSON has them.
 */


#include <stdint.h>

#include "wh_decimal.h"


/* A number as 0.DIGITS times ten to the power of point. */

typedef struct {
    int                   sign;    /* -1, 0 for zero, 1 */
    const unsigned char  *digits;  /* from the first that is not 0 */
    const unsigned char  *last;    /* may have one dot among them */
    int64_t               point;
} wh_decimal_t;


static void wh_decimal_parse(wh_str_t text, wh_decimal_t *d);
static int wh_decimal_next_digit(const unsigned char **p,
    const unsigned char *last);


int
wh_decimal_compare(wh_str_t a, wh_str_t b)
{
    int           rc, digit, other;
    wh_decimal_t  x, y;

    wh_decimal_parse(a, &x);
    wh_decimal_parse(b, &y);

    if (x.sign != y.sign) {
        return (x.sign < y.sign) ? -1 : 1;
    }

    if (x.sign == 0) {
        return 0;
    }

    if (x.point != y.point) {
        return (x.point < y.point) ? -x.sign : x.sign;
    }

    do {
        digit = wh_decimal_next_digit(&x.digits, x.last);
        other = wh_decimal_next_digit(&y.digits, y.last);

        rc = (digit > other) - (digit < other);

    } while (rc == 0 && (x.digits < x.last || y.digits < y.last));

    return rc * x.sign;
}


static void
wh_decimal_parse(wh_str_t text, wh_decimal_t *d)
{
    const unsigned char  *p, *last, *e;

    p = text.data;
    last = p + text.len;

    d->sign = 1;
    d->point = 0;

    if (*p == '-') {
        d->sign = -1;
        p++;
    }

    for (e = p; e < last && *e != 'e' && *e != 'E'; e++) { /* void */ }

    d->last = e;

    /* a leading zero, if any, is the only digit before the dot */

    if (*p == '0') {
        p++;

        if (p < e) {

            for (p++; p < e && *p == '0'; p++) {
                d->point--;
            }
        }

    } else {
        while (p + d->point < e && p[d->point] != '.') {
            d->point++;
        }
    }

    d->digits = p;

    if (p == e) {
        d->sign = 0;
        return;
    }

    /* far beyond any text's length, they need not be told apart */

    d->point += wh_decimal_exponent(e, last, INT64_MAX / 16);
}


int64_t
wh_decimal_exponent(const unsigned char *p, const unsigned char *last,
    int64_t most)
{
    int      negative;
    int64_t  n;

    if (p == last) {
        return 0;
    }

    p++;
    negative = (*p == '-');

    if (*p == '-' || *p == '+') {
        p++;
    }

    for (n = 0; p < last; p++) {

        n = n * 10 + (*p - '0');

        if (n > most) {
            n = most;
        }
    }

    return negative ? -n : n;
}


/* Beyond the last digit there are zeros. */

static int
wh_decimal_next_digit(const unsigned char **p, const unsigned char *last)
{
    if (*p < last && **p == '.') {
        (*p)++;
    }

    return (*p < last) ? *(*p)++ - '0' : 0;
}
