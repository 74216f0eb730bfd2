
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * A line of several providers: what they may share, and which one a request
 * is for.
 */


#include "ngx_http_webhook_conf.h"
#include "ngx_http_webhook_request.h"
