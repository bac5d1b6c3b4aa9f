/* The command line: `stator SUBCOMMAND`. Exit codes: 0 done, 1 failed, 2 called wrongly. */
#include "base/arguments.h"
#include "bench/bench.h"
#include "server/config.h"
#include "server/key_command.h"
#include "server/lifecycle.h"
#include "server/user_command.h"
#include "server/verify_command.h"

#include <string.h>

static void print_help(FILE *file)
{
    fputs("Stator is a database server that speaks Amazon DynamoDB's protocol.\n\n"
          "Usage: stator COMMAND [OPTION]...\n\n"
          "  serve    serve the API until SIGTERM or SIGINT\n"
          "  user     who may sign in: add, list, rotate, disable, enable, remove\n"
          "  role     what users may be for a while: add, trust, list, disable, enable, remove\n"
          "  key      the keys that protect their secrets, and encrypted files and tables\n"
          "  bench    put load on an endpoint, this one or another, and measure it\n"
          "  verify   look through a data folder for damage\n"
          "  version  print the version\n"
          "  help     print this text\n\n"
          "stator COMMAND --help tells more about a command.\n",
          file);
}

static int run_serve(int count, char *const *arguments)
{
    struct config config;
    struct err err;
    switch (config_parse(count, arguments, &config, &err)) {
    case CONFIG_HELP:
        config_print_help(stdout);
        return 0;
    case CONFIG_REFUSED:
        fprintf(stderr, "stator: %s\n", err.text);
        return EXIT_USAGE;
    case CONFIG_OK:
        break;
    }
    if (serve(&config, &err) != 0) {
        fprintf(stderr, "stator: %s\n", err.text);
        return EXIT_FAILED;
    }
    return 0;
}

static int run_version(int count, char *const *arguments)
{
    if (count > 0 && (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0)) {
        puts("Usage: stator version\n\nPrints the version.");
        return 0;
    }
    if (count > 0) {
        fprintf(stderr, "stator: version takes no argument '%s'\n", arguments[0]);
        return EXIT_USAGE;
    }
    puts("stator " STATOR_VERSION);
    return 0;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    const char *command = argv[1];
    if (strcmp(command, "serve") == 0) {
        return run_serve(argc - 2, argv + 2);
    }
    if (strcmp(command, "bench") == 0) {
        return bench_main(argc - 2, argv + 2);
    }
    if (strcmp(command, "user") == 0) {
        return user_command(argc - 2, argv + 2);
    }
    if (strcmp(command, "role") == 0) {
        return role_command(argc - 2, argv + 2);
    }
    if (strcmp(command, "key") == 0) {
        return key_command(argc - 2, argv + 2);
    }
    if (strcmp(command, "verify") == 0) {
        return verify_command(argc - 2, argv + 2);
    }
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        return run_version(argc - 2, argv + 2);
    }
    if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    fprintf(stderr, "stator: unknown command '%s'; see stator --help\n", command);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    int code = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        return code != 0 ? code : EXIT_FAILED; /* a version that nobody could read */
    }
    return code;
}
