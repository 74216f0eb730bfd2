
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Timestamps as senders write them.
 */


#include <string.h>

#include "wh_str.h"
#include "wh_time.h"


#define WH_TIME_DIGITS     20
#define WH_TIME_S_DIGITS   10
#define WH_TIME_MS_DIGITS  13


/* A date and time of day with their fields in the right ranges. */

typedef struct {
    unsigned  year;
    unsigned  month;               /* 1 to 12 */
    unsigned  day;
    unsigned  hour;
    unsigned  min;
    unsigned  sec;                 /* up to 60 */
} wh_time_fields_t;


static int wh_time_epoch(wh_str_t text, unsigned per_sec, int64_t *sec);
static int wh_time_rfc3339(wh_str_t text, int64_t *sec);
static int wh_time_fraction(wh_str_t *text);
static int wh_time_offset(wh_str_t text, int64_t *offset);
static int wh_time_http(wh_str_t text, int64_t *sec);

static int wh_time_number(const unsigned char *p, size_t len, unsigned *n);
static int wh_time_word(const unsigned char *p, const char *words);
static int wh_time_check(const wh_time_fields_t *f);
static int64_t wh_time_days(const wh_time_fields_t *f);
static int wh_time_seconds(const wh_time_fields_t *f, int64_t offset,
    int64_t *sec);


int
wh_time_unit(wh_str_t name, wh_time_unit_e *unit)
{
    size_t  i;

    static const wh_str_t  names[] = {
        wh_string("s"), wh_string("ms"), wh_string("rfc3339"),
        wh_string("http")
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {

        if (wh_equal(names[i], name)) {
            *unit = (wh_time_unit_e) i;
            return WH_OK;
        }
    }

    return WH_INVALID;
}


int
wh_time_parse(wh_str_t text, wh_time_unit_e unit, int64_t *sec)
{
    switch (unit) {

    case WH_TIME_S:
        return wh_time_epoch(text, 1, sec);

    case WH_TIME_MS:
        return wh_time_epoch(text, 1000, sec);

    case WH_TIME_UNIX:
        return wh_time_epoch(text, text.len == WH_TIME_MS_DIGITS ? 1000 : 1,
                             sec);

    case WH_TIME_RFC3339:
        return wh_time_rfc3339(text, sec);

    default: /* WH_TIME_HTTP */
        return wh_time_http(text, sec);
    }
}


int
wh_time_stamp(wh_str_t text, wh_time_unit_e unit, int64_t *sec)
{
    if ((unit == WH_TIME_S && text.len != WH_TIME_S_DIGITS)
        || (unit == WH_TIME_MS && text.len != WH_TIME_MS_DIGITS)
        || (unit == WH_TIME_UNIX
            && text.len != WH_TIME_S_DIGITS && text.len != WH_TIME_MS_DIGITS))
    {
        return WH_INVALID;
    }

    return wh_time_parse(text, unit, sec);
}


static int
wh_time_epoch(wh_str_t text, unsigned per_sec, int64_t *sec)
{
    size_t    i;
    uint64_t  n, digit;

    /* one digit less is always in range of 64 bits */

    if (text.len == 0
        || text.len > WH_TIME_DIGITS
        || (text.len == WH_TIME_DIGITS && text.data[0] != '0'))
    {
        return WH_INVALID;
    }

    n = 0;

    for (i = 0; i < text.len; i++) {

        digit = (unsigned) text.data[i] - '0';

        if (digit > 9) {
            return WH_INVALID;
        }

        n = n * 10 + digit;
    }

    if (n > INT64_MAX) {
        return WH_INVALID;
    }

    *sec = (int64_t) (n / per_sec);

    return WH_OK;
}


static int
wh_time_rfc3339(wh_str_t text, int64_t *sec)
{
    int64_t               offset;
    wh_time_fields_t      f;
    const unsigned char  *p;

    static const size_t  len = sizeof("2023-03-06T12:28:21") - 1;

    p = text.data;

    if (text.len < len
        || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != 't')
        || p[13] != ':' || p[16] != ':'
        || wh_time_number(p, 4, &f.year) != WH_OK
        || wh_time_number(p + 5, 2, &f.month) != WH_OK
        || wh_time_number(p + 8, 2, &f.day) != WH_OK
        || wh_time_number(p + 11, 2, &f.hour) != WH_OK
        || wh_time_number(p + 14, 2, &f.min) != WH_OK
        || wh_time_number(p + 17, 2, &f.sec) != WH_OK)
    {
        return WH_INVALID;
    }

    wh_skip(&text, len);

    if (wh_time_check(&f) != WH_OK
        || wh_time_fraction(&text) != WH_OK
        || wh_time_offset(text, &offset) != WH_OK)
    {
        return WH_INVALID;
    }

    return wh_time_seconds(&f, offset, sec);
}


/* Moves text past the fraction, if there is one, of at most 9 digits. */

static int
wh_time_fraction(wh_str_t *text)
{
    size_t  i;

    if (text->len == 0 || text->data[0] != '.') {
        return WH_OK;
    }

    for (i = 1; i < text->len; i++) {

        if (text->data[i] < '0' || text->data[i] > '9') {
            break;
        }
    }

    if (i < 2 || i > 10) {
        return WH_INVALID;
    }

    wh_skip(text, i);

    return WH_OK;
}


static int
wh_time_offset(wh_str_t text, int64_t *offset)
{
    unsigned  hour, min;

    if (text.len == 1 && (text.data[0] == 'Z' || text.data[0] == 'z')) {
        *offset = 0;
        return WH_OK;
    }

    if (text.len != sizeof("+01:00") - 1
        || (text.data[0] != '+' && text.data[0] != '-')
        || wh_time_number(text.data + 1, 2, &hour) != WH_OK
        || text.data[3] != ':'
        || wh_time_number(text.data + 4, 2, &min) != WH_OK
        || hour > 23 || min > 59)
    {
        return WH_INVALID;
    }

    *offset = hour * 3600 + min * 60;

    if (text.data[0] == '-') {
        *offset = -*offset;
    }

    return WH_OK;
}


/* The one format of RFC 9110 that may still be sent, and one much like it. */

static int
wh_time_http(wh_str_t text, int64_t *sec)
{
    int                   weekday, month;
    wh_time_fields_t      f;
    const unsigned char  *p;

    p = text.data;

    if (text.len == sizeof("Mon, 06 Mar 2023 12:28:21 GMT") - 1
        && memcmp(p + 3, ", ", 2) == 0
        && memcmp(p + 25, " GMT", 4) == 0)
    {
        p += 5;

    } else if (text.len == sizeof("Mon 06 Mar 2023 12:28:21 UTC") - 1
               && p[3] == ' '
               && memcmp(p + 24, " UTC", 4) == 0)
    {
        p += 4;

    } else {
        return WH_INVALID;
    }

    /* the first of January 1970 was a Thursday */

    weekday = wh_time_word(text.data, "ThuFriSatSunMonTueWed");
    month = wh_time_word(p + 3, "JanFebMarAprMayJunJulAugSepOctNovDec");

    if (weekday < 0 || month < 0
        || p[2] != ' ' || p[6] != ' ' || p[11] != ' '
        || p[14] != ':' || p[17] != ':'
        || wh_time_number(p, 2, &f.day) != WH_OK
        || wh_time_number(p + 7, 4, &f.year) != WH_OK
        || wh_time_number(p + 12, 2, &f.hour) != WH_OK
        || wh_time_number(p + 15, 2, &f.min) != WH_OK
        || wh_time_number(p + 18, 2, &f.sec) != WH_OK)
    {
        return WH_INVALID;
    }

    f.month = month + 1;

    if (wh_time_check(&f) != WH_OK
        || ((wh_time_days(&f) - weekday) % 7) != 0)
    {
        return WH_INVALID;
    }

    return wh_time_seconds(&f, 0, sec);
}


static int
wh_time_number(const unsigned char *p, size_t len, unsigned *n)
{
    unsigned  digit, number;

    for (number = 0; len > 0; len--) {

        digit = (unsigned) *p++ - '0';

        if (digit > 9) {
            return WH_INVALID;
        }

        number = number * 10 + digit;
    }

    *n = number;

    return WH_OK;
}


/* The position of one of the three-letter words, or -1. */

static int
wh_time_word(const unsigned char *p, const char *words)
{
    int  i;

    for (i = 0; words[i * 3] != '\0'; i++) {

        if (memcmp(p, &words[i * 3], 3) == 0) {
            return i;
        }
    }

    return -1;
}


static int
wh_time_check(const wh_time_fields_t *f)
{
    unsigned  days;

    static const unsigned char  month_days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (f->month < 1 || f->month > 12
        || f->hour > 23 || f->min > 59 || f->sec > 60)
    {
        return WH_INVALID;
    }

    days = month_days[f->month - 1];

    if (f->month == 2
        && (f->year % 4 == 0 && (f->year % 100 != 0 || f->year % 400 == 0)))
    {
        days = 29;
    }

    return (f->day < 1 || f->day > days) ? WH_INVALID : WH_OK;
}


/* Days since 1970 in the Gregorian calendar, negative before. */

static int64_t
wh_time_days(const wh_time_fields_t *f)
{
    int64_t  year, month;

    /* the year begins in March, so that the leap day is its last one */

    year = f->year;
    month = f->month;

    if (month < 3) {
        month += 12;
        year--;
    }

    /* 400 years more than needed, so that no division is of a negative */

    year += 400;

    return 365 * year + year / 4 - year / 100 + year / 400
           + (153 * (month - 3) + 2) / 5 + f->day - 1
           - 719468 - 146097;
}


static int
wh_time_seconds(const wh_time_fields_t *f, int64_t offset, int64_t *sec)
{
    int64_t  n;

    n = wh_time_days(f) * 86400 + f->hour * 3600 + f->min * 60 + f->sec
        - offset;

    /* leap seconds are inserted at the end of a day, UTC, only */

    if (f->sec == 60 && n % 86400 != 0) {
        return WH_INVALID;
    }

    *sec = n;

    return WH_OK;
}
