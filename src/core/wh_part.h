
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * The parts of a signed message: where each of them ends.
 */


#ifndef _WH_PART_H_INCLUDED_
#define _WH_PART_H_INCLUDED_


#include "wh.h"


/*
 * Both read a message one way only.  wh_part_from_left(): whether the edge, a
 * text that is not empty, comes for the first time just after the part.
 * wh_part_from_right(): whether it comes for the last time just before it.
 * 1 or 0.
 */
int wh_part_from_left(wh_str_t part, wh_str_t edge);
int wh_part_from_right(wh_str_t part, wh_str_t edge);

/*
 * Whether a part that no edge ends is made of letters, digits, "_", "-" and
 * "=", 1 to 255 of them: no ":", "," or space, which dates begin with or have.
 * 1 or 0.
 */
int wh_part_word(wh_str_t part);


#endif /* _WH_PART_H_INCLUDED_ */
