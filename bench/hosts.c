
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Plays many hosts that share a Redis, see bench/hosts.  Each has some workers
 * with a connection each, and messages that come at random times whatever
 * Redis does.  A message is a claim, and after its answer a commit, or for one
 * of a hundred a release.
 *
 *   hosts PORT HOSTS WORKERS RATE SECONDS < commands
 *
 * On the standard input are the module's own commands, claim, commit and
 * release: a line with the length and the places of key and owner (-1 for
 * none), then the bytes.
 */


#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>


#define COMMANDS  3
#define KEY       43
#define OWNER     40                    /* after its first letter */
#define QUEUE     65536                 /* answers that a connection waits
                                           for, at most */
#define BUFFER    (1 << 20)
#define BUCKETS   100000                /* of 10 us */


enum { CLAIM = 0, COMMIT, RELEASE };


typedef struct {
    int         len;
    int         key;
    int         owner;
    char        bytes[1024];
} command_t;


typedef struct {
    uint64_t    message;
    double      time;                   /* when it came */
    int         command;
} waiting_t;


typedef struct {
    int         fd;
    unsigned    first;
    unsigned    last;
    waiting_t  *queue;
    int         out;
    char       *buf;
} connection_t;


static command_t  commands[COMMANDS];
static uint64_t   buckets[BUCKETS + 1];
static uint64_t   messages, claims, ended, refused;
static double     longest;


static double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


static void
fail(const char *what)
{
    perror(what);
    exit(1);
}


static void
read_commands(void)
{
    int         i;
    command_t  *c;

    for (i = 0; i < COMMANDS; i++) {
        c = &commands[i];

        if (scanf("%d %d %d", &c->len, &c->key, &c->owner) != 3
            || getchar() != '\n'
            || c->len > (int) sizeof(c->bytes)
            || fread(c->bytes, 1, c->len, stdin) != (size_t) c->len)
        {
            fail("commands");
        }
    }
}


static void
open_connection(connection_t *c, int epoll, int port)
{
    int                 on = 1;
    char                pong[7];
    struct epoll_event  ev;
    struct sockaddr_in  sin;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    c->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (c->fd == -1
        || connect(c->fd, (struct sockaddr *) &sin, sizeof(sin)) == -1)
    {
        fail("connect");
    }

    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

    /* Redis has it, not only the system */

    if (send(c->fd, "PING\r\n", 6, 0) != 6
        || recv(c->fd, pong, sizeof(pong), MSG_WAITALL) != sizeof(pong))
    {
        fail("PING");
    }

    c->queue = malloc(QUEUE * sizeof(waiting_t));
    c->buf = malloc(BUFFER);

    ev.events = EPOLLIN;
    ev.data.ptr = c;

    if (c->queue == NULL || c->buf == NULL
        || epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ev) == -1)
    {
        fail("connection");
    }
}


/* A command for a message, whose number makes its key and its owner. */

static void
put(connection_t *c, int which, uint64_t message, double time)
{
    char        text[KEY + 1];
    command_t  *command;
    waiting_t  *w;

    command = &commands[which];

    if (c->out + command->len > BUFFER || c->last - c->first == QUEUE) {
        refused++;
        return;
    }

    memcpy(c->buf + c->out, command->bytes, command->len);
    snprintf(text, sizeof(text), "%0*llu", KEY, (unsigned long long) message);
    memcpy(c->buf + c->out + command->key, text, KEY);

    if (command->owner != -1) {
        memcpy(c->buf + c->out + command->owner, text + KEY - OWNER, OWNER);
    }

    c->out += command->len;

    w = &c->queue[c->last++ % QUEUE];
    w->message = message;
    w->time = time;
    w->command = which;
}


static void
flush(connection_t *c)
{
    int  n;

    if (c->out == 0) {
        return;
    }

    n = send(c->fd, c->buf, c->out, MSG_DONTWAIT|MSG_NOSIGNAL);

    if (n == -1) {
        if (errno != EAGAIN) {
            fail("send");
        }

        return;
    }

    memmove(c->buf, c->buf + n, c->out - n);
    c->out -= n;
}


/* Answers are one line each: "$-1", "+OK", ":1". */

static void
answers(connection_t *c)
{
    int         i, n, bucket;
    char        buf[65536];
    double      time, waited;
    waiting_t   w;

    n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);

    if (n <= 0) {
        fail("recv");
    }

    time = now();

    for (i = 0; i < n; i++) {

        if (buf[i] == '-' && (i == 0 || buf[i - 1] == '\n')) {
            fprintf(stderr, "Redis says %.*s\n", n - i, buf + i);
            exit(1);
        }

        if (buf[i] != '\n') {
            continue;
        }

        w = c->queue[c->first++ % QUEUE];

        if (w.command != CLAIM) {
            ended++;
            continue;
        }

        waited = time - w.time;
        bucket = (int) (waited * 1e5);
        buckets[bucket < BUCKETS ? bucket : BUCKETS]++;
        claims++;

        if (waited > longest) {
            longest = waited;
        }

        put(c, w.message % 100 ? COMMIT : RELEASE, w.message, time);
    }
}


/* So many of a million claims have taken no longer, in ms. */

static double
quantile(double share)
{
    int       i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < BUCKETS; i++) {
        n += buckets[i];

        if (n >= share * claims) {
            break;
        }
    }

    return (i + 1) / 100.0;
}


int
main(int argc, char **argv)
{
    int                  epoll, i, n, port, hosts, workers, total;
    double               rate, seconds, start, time, end, *next;
    uint64_t             late, first;
    connection_t        *connections;
    struct epoll_event   events[1024];

    if (argc != 6) {
        return 1;
    }

    port = atoi(argv[1]);
    hosts = atoi(argv[2]);
    workers = atoi(argv[3]);
    rate = atof(argv[4]);
    seconds = atof(argv[5]);
    total = hosts * workers;

    read_commands();

    epoll = epoll_create1(0);
    connections = calloc(total, sizeof(connection_t));
    next = calloc(hosts, sizeof(double));

    if (epoll == -1 || connections == NULL || next == NULL) {
        fail("memory");
    }

    for (i = 0; i < total; i++) {
        open_connection(&connections[i], epoll, port);
    }

    srand48(getpid());
    first = (uint64_t) getpid() << 40;
    start = now();
    end = start + seconds;

    for (i = 0; i < hosts; i++) {
        next[i] = start - log(1 - drand48()) / rate;
    }

    /* what has come by then may be answered in another second */

    for (time = start; time < end + 1; time = now()) {

        if (time >= end && ended + refused >= messages) {
            break;
        }

        for (i = 0; i < hosts && time < end; i++) {

            while (next[i] <= time) {
                put(&connections[i * workers + messages % workers], CLAIM,
                    first + messages, next[i]);
                messages++;
                next[i] -= log(1 - drand48()) / rate;
            }
        }

        for (i = 0; i < total; i++) {
            flush(&connections[i]);
        }

        n = epoll_wait(epoll, events, 1024, 1);

        for (i = 0; i < n; i++) {
            answers(events[i].data.ptr);
        }

        for (i = 0; i < n; i++) {
            flush(events[i].data.ptr);
        }
    }

    late = buckets[BUCKETS];

    for (i = 10000; i < BUCKETS; i++) {
        late += buckets[i];
    }

    printf("%llu %llu %llu %.2f %.2f %.2f %llu\n",
           (unsigned long long) messages, (unsigned long long) claims,
           (unsigned long long) ended, quantile(0.5), quantile(0.99),
           longest * 1000, (unsigned long long) (late + messages - claims));

    return 0;
}
