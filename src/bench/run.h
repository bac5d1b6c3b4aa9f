/* Runs a workload and measures it. */
#pragma once

#include "base/err.h"
#include "bench/client.h"
#include "bench/histogram.h"
#include "bench/options.h"

#define ERROR_KINDS_MAX  16 /* more are counted together with the last one */
#define ERROR_TEXT_BYTES 200

struct error_kind {
    enum operation operation;
    char type[64];
    char message[ERROR_TEXT_BYTES]; /* of the first one */
    uint64_t count;
};

struct operation_result {
    struct histogram latency_us; /* of requests that succeeded */
    uint64_t items;              /* that they read or wrote */
};

struct run_result {
    struct operation_result operations[OPERATIONS];
    struct error_kind errors[ERROR_KINDS_MAX];
    unsigned error_kinds;
    uint64_t error_count;
    uint64_t unsent;     /* requests that were due, when no connection was free to the end */
    uint64_t unanswered; /* ten seconds after the end */
    double seconds;      /* from the end of the warm-up to the last answer */
    double cpu_seconds;  /* of the load generator's threads, in that time */
};

/* Takes options->warmup_seconds + options->seconds, and at most ten seconds more for the last answers. */
void run_workload(const struct bench_options *options, const struct client_address *address,
                  struct run_result *ret_result);
