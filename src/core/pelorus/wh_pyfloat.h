
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * JSON numbers as Python's floats: read to the nearest double, written as
 * the shortest text.
 */


#ifndef _WH_PYFLOAT_H_INCLUDED_
#define _WH_PYFLOAT_H_INCLUDED_


#include "../wh.h"


#define WH_PYFLOAT_LEN  32         /* room for any float's text */


/* Whether a JSON number is an int to Python, not a float. */
int wh_pyfloat_is_int(wh_str_t number);

/*
 * The double that a JSON number is nearest to, infinite when too great, and
 * its shortest text that reads back the same, as repr() has it, but
 * "Infinity" for "inf".  The locale has no influence.  repr returns the length
 * and needs WH_PYFLOAT_LEN bytes.
 */
double wh_pyfloat_value(wh_str_t number);
size_t wh_pyfloat_repr(wh_str_t number, unsigned char *buf);


#endif /* _WH_PYFLOAT_H_INCLUDED_ */
