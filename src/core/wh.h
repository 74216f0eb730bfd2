
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What all of src/core shares: a counted string and the return codes.
 */


#ifndef _WH_H_INCLUDED_
#define _WH_H_INCLUDED_


#include <stddef.h>


#define WH_OK         0     /* done, or the answer is yes */
#define WH_ERROR     -1     /* no memory, or the library failed */
#define WH_ABSENT    -2     /* there is none, or it is empty */
#define WH_REPEATED  -3     /* there is more than one */
#define WH_INVALID   -4     /* it breaks its syntax or a limit */
#define WH_AGAIN     -5     /* a part is done, call again for the rest */


typedef struct {
    size_t                len;
    const unsigned char  *data;
} wh_str_t;


#define wh_string(s)  { sizeof(s) - 1, (const unsigned char *) (s) }


#endif /* _WH_H_INCLUDED_ */
