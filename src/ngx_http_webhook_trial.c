
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Rules on trial: their failures are recorded, and the request is checked
 * further.
 */


#include "ngx_http_webhook_conf.h"
#include "ngx_http_webhook_request.h"
