/* What `stator bench` was told. */
#pragma once

#include "base/err.h"
#include "bench/workload.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>

struct bench_options {
    const struct workload *workload;
    bool tls;
    char host[NI_MAXHOST]; /* without brackets */
    char port[6];
    char authority[NI_MAXHOST + 8]; /* as the Host header has it */
    const char *region;
    const char *access_key, *secret_key, *session_token; /* the token may be NULL */
    const char *table;                                   /* NULL: named after its contents */
    enum key_choice keys;
    unsigned connections;
    unsigned threads;
    unsigned rate; /* requests a second; 0: each connection sends as soon as it has its answer */
    unsigned seconds, warmup_seconds;
    unsigned items, item_bytes, fields, hot_items;
    unsigned seed;
    bool load_only, no_load;
    bool raw;
    bool busy_poll;
    bool consistent;
    bool json;
};

enum bench_options_result { BENCH_OPTIONS_REFUSED = -1, BENCH_OPTIONS_OK = 0, BENCH_OPTIONS_HELP = 1 };

/* `arguments` are those behind the subcommand; they and the environment must stay. Credentials and the region come from
 * the variables that AWS's tools read, if they are set. */
enum bench_options_result bench_options_parse(int count, char *const *arguments, struct bench_options *ret_options,
                                              struct err *err) MUST_USE;

void bench_options_print_help(FILE *file);
