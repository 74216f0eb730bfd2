
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A token that stands in every element of an array, and is right in all.
 */


#include "ngx_http_webhook_conf.h"
#include "ngx_http_webhook_request.h"
