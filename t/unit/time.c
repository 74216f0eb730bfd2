
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * wh_time: every unit, its limits, and every day of 500 years.
 */


#include <string.h>

#include "tap.h"
#include "wh_time.h"


static void test_table(void);
static void test_stamps(void);
static void test_units(void);
static void test_calendar(void);


int
main(void)
{
    test_table();
    test_stamps();
    test_units();
    test_calendar();

    return done_testing();
}


static void
test_table(void)
{
    int      rc;
    size_t   i;
    int64_t  sec;

    static const struct {
        wh_time_unit_e  unit;
        const char     *text;
        int64_t         sec;
        int             rc;
    } cases[] = {
        { WH_TIME_S, "1678105701", 1678105701, WH_OK },
        { WH_TIME_S, "0", 0, WH_OK },
        { WH_TIME_S, "0001", 1, WH_OK },
        { WH_TIME_S, "9223372036854775807", INT64_MAX, WH_OK },
        { WH_TIME_S, "9223372036854775808", 0, WH_INVALID },
        { WH_TIME_S, "18446744073709551616", 0, WH_INVALID },
        { WH_TIME_S, "00000000000000000001", 1, WH_OK },
        { WH_TIME_S, "000000000000000000001", 0, WH_INVALID },
        { WH_TIME_S, "", 0, WH_INVALID },
        { WH_TIME_S, " 1", 0, WH_INVALID },
        { WH_TIME_S, "1 ", 0, WH_INVALID },
        { WH_TIME_S, "+1", 0, WH_INVALID },
        { WH_TIME_S, "-1", 0, WH_INVALID },
        { WH_TIME_S, "1.5", 0, WH_INVALID },
        { WH_TIME_S, "1e9", 0, WH_INVALID },
        { WH_TIME_S, "0x1", 0, WH_INVALID },
        { WH_TIME_MS, "1678105701987", 1678105701, WH_OK },
        { WH_TIME_MS, "7", 0, WH_OK },

        { WH_TIME_RFC3339, "1970-01-01T00:00:00Z", 0, WH_OK },
        { WH_TIME_RFC3339, "1969-12-31T23:59:59Z", -1, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21Z", 1678105701, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06t12:28:21z", 1678105701, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06T13:28:21+01:00", 1678105701, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06T06:58:21-05:30", 1678105701, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21-00:00", 1678105701, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21.5Z", 1678105701, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21.123456789Z",
          1678105701, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21.0009+00:00",
          1678105701, WH_OK },
        { WH_TIME_RFC3339, "2016-12-31T23:59:60Z", 1483228800, WH_OK },
        { WH_TIME_RFC3339, "2017-01-01T00:59:60+01:00", 1483228800, WH_OK },
        { WH_TIME_RFC3339, "2016-12-31T23:58:60Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2016-12-31T23:59:60+01:00", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2016-12-31T23:59:61Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2024-02-29T00:00:00Z", 1709164800, WH_OK },
        { WH_TIME_RFC3339, "2000-02-29T00:00:00Z", 951782400, WH_OK },
        { WH_TIME_RFC3339, "2023-02-29T00:00:00Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "1900-02-29T00:00:00Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "0000-01-01T00:00:00Z", -62167219200, WH_OK },
        { WH_TIME_RFC3339, "9999-12-31T23:59:59Z", 253402300799, WH_OK },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06 12:28:21Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21.Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21.1234567890Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21,5Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21+0100", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21+01", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21+24:00", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21+01:60", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21 +01:00", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:28:21Zx", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-13-06T12:28:21Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-00-06T12:28:21Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-04-31T12:28:21Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-00T12:28:21Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T24:00:00Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-03-06T12:60:21Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "2023-3-6T12:28:21Z", 0, WH_INVALID },
        { WH_TIME_RFC3339, "", 0, WH_INVALID },

        { WH_TIME_HTTP, "Sun, 06 Nov 1994 08:49:37 GMT", 784111777, WH_OK },
        { WH_TIME_HTTP, "Thu, 01 Jan 1970 00:00:00 GMT", 0, WH_OK },
        { WH_TIME_HTTP, "Wed, 31 Dec 1969 23:59:59 GMT", -1, WH_OK },
        { WH_TIME_HTTP, "Mon, 06 Nov 1994 08:49:37 GMT", 0, WH_INVALID },
        { WH_TIME_HTTP, "Sun, 06 nov 1994 08:49:37 GMT", 0, WH_INVALID },
        { WH_TIME_HTTP, "sun, 06 Nov 1994 08:49:37 GMT", 0, WH_INVALID },
        { WH_TIME_HTTP, "Sun, 6 Nov 1994 08:49:37 GMT", 0, WH_INVALID },
        { WH_TIME_HTTP, "Sun, 06 Nov 1994 08:49:37 UTC", 0, WH_INVALID },
        { WH_TIME_HTTP, "Sun, 06 Nov 1994 08:49:37 GMT ", 0, WH_INVALID },
        { WH_TIME_HTTP, "Sunday, 06-Nov-94 08:49:37 GMT", 0, WH_INVALID },
        { WH_TIME_HTTP, "Thu 07 Sep 2017 06:30:04 UTC", 1504765804, WH_OK },
        { WH_TIME_HTTP, "Sun 06 Nov 1994 08:49:37 UTC", 784111777, WH_OK },
        { WH_TIME_HTTP, "Fri 07 Sep 2017 06:30:04 UTC", 0, WH_INVALID },
        { WH_TIME_HTTP, "Thu, 07 Sep 2017 06:30:04 UTC", 0, WH_INVALID },
        { WH_TIME_HTTP, "Thu 07 Sep 2017 06:30:04 GMT", 0, WH_INVALID },
        { WH_TIME_HTTP, "Thu 07 Sep 2017 06:30:04 CET", 0, WH_INVALID },
        { WH_TIME_HTTP, "Thu 7 Sep 2017 06:30:04 UTC", 0, WH_INVALID },
        { WH_TIME_HTTP, "Thu 07 Sep 2017 24:30:04 UTC", 0, WH_INVALID },
        { WH_TIME_HTTP, "Thu 07 Sep 2017 06:30:04 UTC ", 0, WH_INVALID },
        { WH_TIME_HTTP, "Sun Nov  6 08:49:37 1994", 0, WH_INVALID },
        { WH_TIME_HTTP, "", 0, WH_INVALID }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        sec = 42;
        rc = wh_time_parse(str(cases[i].text), cases[i].unit, &sec);

        ok(rc == cases[i].rc && sec == (rc == WH_OK ? cases[i].sec : 42),
           "\"%s\" is %lld", cases[i].text, (long long) sec);
    }
}


static void
test_stamps(void)
{
    int       rc;
    size_t    i;
    int64_t   sec;

    static const struct {
        wh_time_unit_e  unit;
        const char     *text;
        int             rc;
    } cases[] = {
        { WH_TIME_S, "1700000000", WH_OK },
        { WH_TIME_S, "999999999", WH_INVALID },
        { WH_TIME_S, "01700000000", WH_INVALID },
        { WH_TIME_S, "17000000001", WH_INVALID },
        { WH_TIME_S, "170000000x", WH_INVALID },
        { WH_TIME_MS, "1700000000000", WH_OK },
        { WH_TIME_MS, "1700000000", WH_INVALID },
        { WH_TIME_MS, "17000000000001", WH_INVALID },
        { WH_TIME_UNIX, "1700000000", WH_OK },
        { WH_TIME_UNIX, "1700000000000", WH_OK },
        { WH_TIME_UNIX, "17000000000", WH_INVALID },
        { WH_TIME_UNIX, "170000000000", WH_INVALID },
        { WH_TIME_UNIX, "17000000000000", WH_INVALID },
        { WH_TIME_UNIX, "999999999", WH_INVALID },
        { WH_TIME_RFC3339, "2023-11-14T22:13:20Z", WH_OK },
        { WH_TIME_RFC3339, "2023-11-14T22:13:20Z1", WH_INVALID },
        { WH_TIME_HTTP, "Tue, 14 Nov 2023 22:13:20 GMT", WH_OK }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        sec = 42;
        rc = wh_time_stamp(str(cases[i].text), cases[i].unit, &sec);

        ok(rc == cases[i].rc && sec == (rc == WH_OK ? 1700000000 : 42),
           "the stamp \"%s\"", cases[i].text);
    }
}


static void
test_units(void)
{
    wh_time_unit_e  unit;

    ok(wh_time_unit(str("s"), &unit) == WH_OK && unit == WH_TIME_S, "s");
    ok(wh_time_unit(str("ms"), &unit) == WH_OK && unit == WH_TIME_MS, "ms");
    ok(wh_time_unit(str("rfc3339"), &unit) == WH_OK
       && unit == WH_TIME_RFC3339, "rfc3339");
    ok(wh_time_unit(str("http"), &unit) == WH_OK && unit == WH_TIME_HTTP,
       "http");
    ok(wh_time_unit(str("S"), &unit) == WH_INVALID
       && wh_time_unit(str(""), &unit) == WH_INVALID, "no other unit");
}


static void
test_calendar(void)
{
    int       wrong;
    char      text[32];
    int64_t   day, sec;
    unsigned  y, m, d;

    wrong = 0;
    day = -135140;                 /* 1600-01-01 */

    for (y = 1600; y < 2100; y++) {
        for (m = 1; m <= 12; m++) {
            for (d = 1; d <= 31; d++) {

                sprintf(text, "%04u-%02u-%02uT00:00:00Z", y, m, d);

                if (wh_time_parse(str(text), WH_TIME_RFC3339, &sec)
                    == WH_OK)
                {
                    wrong += sec != day * 86400;
                    day++;
                }
            }
        }
    }

    ok(wrong == 0 && day == 47482, "every day is the next after the last");
}
