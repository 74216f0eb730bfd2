
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Turns.  A verification by a public key takes a hundred times as long as the
 * hash of a short body, and anybody can ask for one, or send a long body.  So a
 * worker does one such step in a turn of its event loop: a verification, a
 * slice of a body, or a part of what Pelorus takes.  Who comes while there has
 * been one waits in a queue:
 *
 *     take: has the event been posted?
 *         no   -> it is posted for the next turn, and the caller goes on
 *         yes  -> the caller waits; the event grants the next turn to the
 *                 first of the queue, and posts itself again
 */


#include "ngx_http_webhook_request.h"


#define NGX_HTTP_WEBHOOK_TURN_QUEUE  256        /* requests */


static void ngx_http_webhook_turn_handler(ngx_event_t *ev);


/* of this worker */

static ngx_event_t  ngx_http_webhook_turn_event;
static ngx_queue_t  ngx_http_webhook_turn_queue;
static ngx_uint_t   ngx_http_webhook_turn_nwaiting;


void
ngx_http_webhook_turn_init(ngx_cycle_t *cycle)
{
    ngx_http_webhook_turn_event.handler = ngx_http_webhook_turn_handler;
    ngx_http_webhook_turn_event.log = cycle->log;

    ngx_queue_init(&ngx_http_webhook_turn_queue);
}


/*
 * NGX_OK: the turn is the caller's.  NGX_AGAIN: it has to wait.  A request that
 * has never waited has no turn, NULL.
 */

ngx_int_t
ngx_http_webhook_turn_take(ngx_http_webhook_turn_t *turn)
{
    if (turn && turn->granted) {
        turn->granted = 0;
        return NGX_OK;
    }

    if (ngx_http_webhook_turn_event.posted) {
        return NGX_AGAIN;
    }

    ngx_post_event(&ngx_http_webhook_turn_event, &ngx_posted_next_events);

    return NGX_OK;
}


/*
 * The connection's write event is posted when the turn has been granted.
 * NGX_DECLINED: too many wait already, or there is no memory.
 */

ngx_int_t
ngx_http_webhook_turn_wait(ngx_http_request_t *r,
    ngx_http_webhook_turn_t **turn)
{
    if (ngx_http_webhook_turn_nwaiting == NGX_HTTP_WEBHOOK_TURN_QUEUE) {
        return NGX_DECLINED;
    }

    if (*turn == NULL) {

        *turn = ngx_pcalloc(r->pool, sizeof(ngx_http_webhook_turn_t));
        if (*turn == NULL) {
            return NGX_DECLINED;
        }
    }

    ngx_queue_insert_tail(&ngx_http_webhook_turn_queue, &(*turn)->queue);
    ngx_http_webhook_turn_nwaiting++;

    (*turn)->waiting = r->connection;

    return NGX_OK;
}


/* Nothing is done for a request that does not wait. */

void
ngx_http_webhook_turn_leave(ngx_http_webhook_turn_t *turn)
{
    if (turn == NULL || turn->waiting == NULL) {
        return;
    }

    ngx_queue_remove(&turn->queue);
    ngx_http_webhook_turn_nwaiting--;

    turn->waiting = NULL;
}


static void
ngx_http_webhook_turn_handler(ngx_event_t *ev)
{
    ngx_queue_t              *q;
    ngx_connection_t         *c;
    ngx_http_webhook_turn_t  *turn;

    if (ngx_queue_empty(&ngx_http_webhook_turn_queue)) {
        return;
    }

    q = ngx_queue_head(&ngx_http_webhook_turn_queue);
    turn = ngx_queue_data(q, ngx_http_webhook_turn_t, queue);
    c = turn->waiting;

    ngx_http_webhook_turn_leave(turn);

    turn->granted = 1;

    ngx_post_event(ev, &ngx_posted_next_events);
    ngx_post_event(c->write, &ngx_posted_events);
}
