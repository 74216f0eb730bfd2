
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * What libFuzzer does, in little, for a compiler that has none: a target gets
 * each of the files, then copies of it with a few bytes changed, always the
 * same ones.
 *
 *     NAME COPIES FILE ...
 *
 * The input that was the end of it is printed in hexadecimal digits.
 */


#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define MAX_INPUT  4096


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t read_input(const char *name);
static void change(void);
static size_t below(size_t n);
static void run(void);
static void show(int signo);


static uint8_t   input[MAX_INPUT];
static size_t    input_len;
static uint32_t  state = 1;


int
main(int argc, char **argv)
{
    int      i, copies;
    size_t   n, len;
    uint8_t  original[MAX_INPUT];

    signal(SIGABRT, show);
    signal(SIGSEGV, show);

    copies = argc > 1 ? atoi(argv[1]) : 0;

    for (i = 2; i < argc; i++) {
        len = read_input(argv[i]);
        memcpy(original, input, len);
        run();

        for (n = copies; n > 0; n--) {
            memcpy(input, original, len);
            input_len = len;
            change();
            run();
        }
    }

    printf("%d inputs\n", (argc - 2) * (1 + copies));

    return 0;
}


static size_t
read_input(const char *name)
{
    FILE  *file;

    file = fopen(name, "rb");

    if (file == NULL) {
        perror(name);
        exit(2);
    }

    input_len = fread(input, 1, MAX_INPUT, file);
    fclose(file);

    return input_len;
}


/* Bytes are set, taken away, or repeated. */

static void
change(void)
{
    size_t  at, size, n;

    for (n = 1 + below(4); n > 0; n--) {
        at = below(input_len + 1);
        size = below(1 + (input_len - at) / 2);

        switch (below(4)) {

        case 0:
            memmove(input + at, input + at + size, input_len - at - size);
            input_len -= size;
            break;

        case 1:
            if (input_len + size <= MAX_INPUT) {
                memmove(input + at + size, input + at, input_len - at);
                input_len += size;
            }
            break;

        default:
            if (at < input_len) {
                input[at] = below(2) ? below(256) : input[below(input_len)];
            }
        }
    }
}


/* xorshift, by Marsaglia */

static size_t
below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;

    return state % n;
}


/* A target must not read past the input's end, so it has memory of its own. */

static void
run(void)
{
    uint8_t  *data;

    data = malloc(input_len ? input_len : 1);

    if (data == NULL) {
        abort();
    }

    memcpy(data, input, input_len);
    (void) LLVMFuzzerTestOneInput(data, input_len);
    free(data);
}


static void
show(int signo)
{
    size_t  i;

    for (i = 0; i < input_len; i++) {
        fprintf(stderr, "%02x", input[i]);
    }

    fprintf(stderr, "\n");
    signal(signo, SIG_DFL);
    raise(signo);
}
