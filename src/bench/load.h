/* Makes the workload's table, if it is missing, and fills it. */
#pragma once

#include "base/err.h"
#include "bench/client.h"
#include "bench/options.h"

/* Does nothing if the table was filled before: its last item says so. */
int load_table(const struct bench_options *options, const struct client_address *address, struct err *err) MUST_USE;
