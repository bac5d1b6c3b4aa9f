#include "bench/bench.h"

#include "base/arguments.h"
#include "bench/load.h"
#include "bench/report.h"
#include "bench/run.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

/* A shell's usual ceiling on open files is lower than what a process may have. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run(const struct bench_options *options, struct err *err)
{
    struct client_address address;
    if (client_find(options, &address, err) != 0 ||
        (!options->raw && !options->no_load && load_table(options, &address, err) != 0)) {
        return -1;
    }
    if (options->load_only) {
        return 0;
    }
    struct run_result *result = calloc(1, sizeof *result);
    if (result == NULL) {
        abort();
    }
    run_workload(options, &address, result);
    if (options->json) {
        report_print_json(options, result, stdout);
    } else {
        report_print(options, result, stdout);
    }
    bool any = report_requests(result) > 0;
    free(result);
    return any ? 0 : err_set(err, "no request succeeded");
}

int bench_main(int count, char *const *arguments)
{
    struct bench_options options;
    struct err err;
    switch (bench_options_parse(count, arguments, &options, &err)) {
    case BENCH_OPTIONS_HELP:
        bench_options_print_help(stdout);
        return 0;
    case BENCH_OPTIONS_REFUSED:
        fprintf(stderr, "stator bench: %s\n", err.text);
        return EXIT_USAGE;
    case BENCH_OPTIONS_OK:
        break;
    }
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    if (run(&options, &err) != 0) {
        fflush(stdout);
        fprintf(stderr, "stator bench: %s\n", err.text);
        return EXIT_FAILED;
    }
    return 0;
}
