
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The little of TAP that the unit tests need; one program, one test file.
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>


static int  tap_count;
static int  tap_failed;


static int ok(int good, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static int tap_done(void);


static int
ok(int good, const char *fmt, ...)
{
    va_list  args;

    tap_count++;
    tap_failed += !good;

    printf("%sok %d - ", good ? "" : "not ", tap_count);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");

    return good;
}


/* To be returned from main(). */

static int
tap_done(void)
{
    printf("1..%d\n", tap_count);

    return tap_failed != 0;
}


#endif /* _TAP_H_INCLUDED_ */
