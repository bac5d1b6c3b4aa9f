/* What a run came to, for people and for programs. */
#pragma once

#include "bench/options.h"
#include "bench/run.h"

#include <stdio.h>

void report_print(const struct bench_options *options, const struct run_result *result, FILE *file);

/* One JSON object on one line. Latencies in microseconds. */
void report_print_json(const struct bench_options *options, const struct run_result *result, FILE *file);

/* Requests that succeeded. */
uint64_t report_requests(const struct run_result *result);
