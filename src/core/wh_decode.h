
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Strict decoders of hex, Base64 and base64url (RFC 4648).
 */


#ifndef _WH_DECODE_H_INCLUDED_
#define _WH_DECODE_H_INCLUDED_


#include <stdint.h>

#include "wh.h"


typedef enum {
    WH_TEXT = 0,                   /* the bytes as they are */
    WH_HEX,                        /* either case */
    WH_BASE64,                     /* with padding */
    WH_BASE64URL                   /* with full padding or with none */
} wh_encoding_e;


/*
 * Decodes src into dst.  *len is the room in dst and becomes the number of
 * bytes written; wh_decoded_len() bytes of room are always enough.  WH_OK, or
 * WH_INVALID when a character, the length, the padding or the unused last
 * bits are wrong, or when there is not enough room; what is in dst is
 * undefined then.
 */
int wh_decode(wh_encoding_e encoding, wh_str_t src, unsigned char *dst,
    size_t *len);

/* The most bytes that len characters can decode to. */
size_t wh_decoded_len(wh_encoding_e encoding, size_t len);

/* What a byte is worth as a hex digit of either case, -1 if it is none. */
int wh_hex_digit(unsigned char c);


/*
 * Six bits, and which of both alphabets has no such digit: bits that stay out
 * of the way where four digits are put together.
 */

#define WH_NOT_BASE64URL  0x1000000
#define WH_NOT_BASE64     0x2000000

extern const uint32_t  wh_base64_digits[256];


/* Whether a byte is a digit of base64url: 1 or 0. */

static inline int
wh_base64url_digit(unsigned char c)
{
    return !(wh_base64_digits[c] & WH_NOT_BASE64URL);
}


#endif /* _WH_DECODE_H_INCLUDED_ */
