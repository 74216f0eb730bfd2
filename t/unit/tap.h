
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Test results of a unit test in TAP, for t/unit.t to read, and what the unit
 * tests share.
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wh.h"


static int  tap_run;
static int  tap_failed;


__attribute__((format(printf, 2, 3)))
static inline int
ok(int passed, const char *fmt, ...)
{
    va_list  args;

    tap_failed += !passed;

    printf("%sok %d - ", passed ? "" : "not ", ++tap_run);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");

    return passed;
}


static inline wh_str_t
str(const char *s)
{
    wh_str_t  text;

    text.data = (const unsigned char *) s;
    text.len = strlen(s);

    return text;
}


/* Prints the plan; the value is the program's exit status. */

static inline int
done_testing(void)
{
    printf("1..%d\n", tap_run);

    return tap_failed != 0;
}


#endif /* _TAP_H_INCLUDED_ */
