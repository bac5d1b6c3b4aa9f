#include "bench/options.h"

#include "base/arguments.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 10000u
#define THREADS_MAX     16u
#define SECONDS_MAX     86400u
#define ITEMS_MAX       1000000000u
#define ITEM_BYTES_MIN  100u
#define ITEM_BYTES_MAX  102400u
#define FIELDS_MAX      10u

/* What a text sets: it refuses with a text that follows the option's name. */
typedef int set_function(struct bench_options *options, const char *value, struct err *err);

static int set_number(const char *value, unsigned min, unsigned max, unsigned *ret_number, struct err *err)
{
    char *end;
    unsigned long number = isdigit((unsigned char)*value) ? strtoul(value, &end, 10) : ULONG_MAX;
    if (number < min || number > max || *end != '\0') {
        return err_set(err, "'%s' is not a number from %u to %u", value, min, max);
    }
    *ret_number = (unsigned)number;
    return 0;
}

static int set_url(struct bench_options *options, const char *value, struct err *err)
{
    static const char usage[] = "is not http://HOST:PORT or https://HOST:PORT";
    bool tls = strncmp(value, "https://", 8) == 0;
    if (!tls && strncmp(value, "http://", 7) != 0) {
        return err_set(err, "'%s' %s", value, usage);
    }
    const char *authority = value + (tls ? 8 : 7);
    size_t len = strcspn(authority, "/"), host_len = len;
    const char *host = authority, *colon = memrchr(authority, ':', len);
    unsigned port = tls ? 443 : 80;
    if (colon != NULL && memchr(colon, ']', len - (size_t)(colon - authority)) == NULL) {
        char digits[6] = "";
        size_t digits_len = len - (size_t)(colon - authority) - 1;
        memcpy(digits, colon + 1, digits_len < 5 ? digits_len : 5);
        if (digits_len > 5 || set_number(digits, 1, 65535, &port, err) != 0) {
            return err_set(err, "'%s' %s", value, usage);
        }
        host_len = (size_t)(colon - authority);
    }
    if (host_len >= 2 && host[0] == '[' && host[host_len - 1] == ']') {
        host++;
        host_len -= 2;
    }
    if ((authority[len] != '\0' && authority[len + 1] != '\0') || host_len == 0 || host_len >= sizeof options->host) {
        return err_set(err, "'%s' %s", value, usage);
    }
    options->tls = tls;
    memcpy(options->host, host, host_len);
    options->host[host_len] = '\0';
    snprintf(options->port, sizeof options->port, "%u", port);
    snprintf(options->authority, sizeof options->authority, "%.*s", (int)len, authority);
    return 0;
}

static int set_text(const char *value, const char **ret_text, struct err *err)
{
    if (*value == '\0' || strpbrk(value, "\"\\\r\n") != NULL) {
        return err_set(err, "'%s' is empty or has characters that it may not have", value);
    }
    *ret_text = value;
    return 0;
}

static int set_region(struct bench_options *options, const char *value, struct err *err)
{
    return set_text(value, &options->region, err);
}

static int set_table(struct bench_options *options, const char *value, struct err *err)
{
    return set_text(value, &options->table, err);
}

static int set_keys(struct bench_options *options, const char *value, struct err *err)
{
    for (enum key_choice keys = KEYS_UNIFORM; keys <= KEYS_HOT; keys++) {
        if (strcmp(value, key_choice_name(keys)) == 0) {
            options->keys = keys;
            return 0;
        }
    }
    return err_set(err, "'%s' is not one of: uniform, zipfian, latest, hot", value);
}

#define NUMBER_OPTION(member, min, max)                                                                                \
    static int set_##member(struct bench_options *options, const char *value, struct err *err)                         \
    {                                                                                                                  \
        return set_number(value, min, max, &options->member, err);                                                     \
    }
#define FLAG_OPTION(member)                                                                                            \
    static int set_##member(struct bench_options *options, const char *value, struct err *err)                         \
    {                                                                                                                  \
        (void)value, (void)err;                                                                                        \
        options->member = true;                                                                                        \
        return 0;                                                                                                      \
    }
NUMBER_OPTION(connections, 1, CONNECTIONS_MAX)
NUMBER_OPTION(threads, 1, THREADS_MAX)
NUMBER_OPTION(rate, 1, 10000000)
NUMBER_OPTION(seconds, 1, SECONDS_MAX)
NUMBER_OPTION(warmup_seconds, 0, SECONDS_MAX)
NUMBER_OPTION(items, LIST_ITEMS, ITEMS_MAX)
NUMBER_OPTION(item_bytes, ITEM_BYTES_MIN, ITEM_BYTES_MAX)
NUMBER_OPTION(fields, 1, FIELDS_MAX)
NUMBER_OPTION(hot_items, 1, ITEMS_MAX)
NUMBER_OPTION(seed, 0, UINT_MAX)
FLAG_OPTION(load_only)
FLAG_OPTION(no_load)
FLAG_OPTION(consistent)
FLAG_OPTION(raw)
FLAG_OPTION(busy_poll)
FLAG_OPTION(json)

static const struct option {
    const char *name;
    const char *value; /* NULL: a flag */
    set_function *set;
    const char *help;
} options_known[] = {
    {"--url", "URL", set_url, "the endpoint (default http://127.0.0.1:8000)"},
    {"--connections", "N", set_connections, "connections, each with one request at a time (default 32)"},
    {"--rate", "N", set_rate,
     "requests a second, latency counted from when each is due (default: sent as answers come)"},
    {"--seconds", "N", set_seconds, "how long to measure (default 10)"},
    {"--warmup", "N", set_warmup_seconds, "seconds of the same before, not counted (default 1)"},
    {"--items", "N", set_items, "items of the table (default 10000)"},
    {"--item-size", "BYTES", set_item_bytes, "names and values of an item (100 to 102400; default 400, ycsb 1000)"},
    {"--fields", "N", set_fields, "attributes that share that size (1 to 10; default 1, ycsb 10)"},
    {"--keys", "WHICH", set_keys, "uniform, zipfian (theta 0.99, scrambled), latest or hot"},
    {"--hot-items", "N", set_hot_items, "how many items are hot (default 100; update: 1)"},
    {"--consistent", NULL, set_consistent, "strongly consistent reads"},
    {"--table", "NAME", set_table,
     "the table (default: named after items, size and fields); made and filled if missing"},
    {"--load-only", NULL, set_load_only, "fill the table and end"},
    {"--no-load", NULL, set_no_load, "trust that the table is there"},
    {"--threads", "N", set_threads, "threads that share connections and rate (default 1)"},
    {"--busy-poll", NULL, set_busy_poll,
     "never sleep: takes whole processors of its own, and the server need not wake it for each answer"},
    {"--raw", NULL, set_raw, "the same requests to any HTTP server, counting answers with status 200; no table"},
    {"--region", "NAME", set_region, "the region to sign for (default AWS_REGION, or us-east-1)"},
    {"--seed", "N", set_seed, "another run of the same randomness (default 1)"},
    {"--json", NULL, set_json, "print the result as JSON"},
};
#define OPTIONS (sizeof options_known / sizeof options_known[0])

static void set_defaults(struct bench_options *options)
{
    *options = (struct bench_options){
        .host = "127.0.0.1",
        .port = "8000",
        .authority = "127.0.0.1:8000",
        .region = arguments_environment("AWS_REGION", arguments_environment("AWS_DEFAULT_REGION", "us-east-1")),
        .access_key = arguments_environment("AWS_ACCESS_KEY_ID", "bench"),
        .secret_key = arguments_environment("AWS_SECRET_ACCESS_KEY", "bench"),
        .session_token = arguments_environment("AWS_SESSION_TOKEN", NULL),
        .connections = 32,
        .threads = 1,
        .seconds = 10,
        .warmup_seconds = 1,
        .seed = 1,
    };
}

static const struct option *find_option(const char *argument, const char **ret_value)
{
    const char *equals = strchr(argument, '=');
    size_t len = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strlen(options_known[i].name) == len && memcmp(options_known[i].name, argument, len) == 0) {
            *ret_value = equals != NULL ? equals + 1 : NULL;
            return &options_known[i];
        }
    }
    return NULL;
}

static int apply_argument(struct bench_options *options, int count, char *const *arguments, int *at, struct err *err)
{
    const char *value, *argument = arguments[*at];
    if (argument[0] != '-') {
        if (options->workload != NULL) {
            return err_set(err, "one workload at a time: '%s' is too many", argument);
        }
        options->workload = workload_find(argument);
        return options->workload != NULL ? 0 : err_set(err, "unknown workload '%s'; see stator bench --help", argument);
    }
    const struct option *option = find_option(argument, &value);
    if (option == NULL) {
        return err_set(err, "unknown option '%s'; see stator bench --help", argument);
    }
    if (option->value == NULL && value != NULL) {
        return err_set(err, "%s takes no value", option->name);
    }
    if (option->value != NULL && value == NULL) {
        if (*at + 1 >= count) {
            return err_set(err, "%s needs a value: %s", option->name, option->value);
        }
        value = arguments[++*at];
    }
    return option->set(options, value, err) == 0 ? 0 : err_wrap(err, "%s", option->name);
}

/* What was not told comes from the workload. */
static int complete(struct bench_options *options, struct err *err)
{
    const struct workload *workload = options->workload;
    if (workload == NULL) {
        return err_set(err, "which workload? see stator bench --help");
    }
    if (options->threads > options->connections) {
        return err_set(err, "%u threads need as many connections", options->threads);
    }
    options->items = options->items != 0 ? options->items : workload->items;
    options->item_bytes = options->item_bytes != 0 ? options->item_bytes : workload->item_bytes;
    options->fields = options->fields != 0 ? options->fields : workload->fields;
    options->keys = options->keys != KEYS_DEFAULT ? options->keys : workload->keys;
    if (options->hot_items == 0) {
        options->hot_items = workload->hot_items != 0 ? workload->hot_items : 100;
    }
    if (options->hot_items > options->items) {
        options->hot_items = options->items;
    }
    return 0;
}

enum bench_options_result bench_options_parse(int count, char *const *arguments, struct bench_options *ret_options,
                                              struct err *err)
{
    if (arguments_ask_for_help(count, arguments)) {
        return BENCH_OPTIONS_HELP;
    }
    struct bench_options options;
    set_defaults(&options);
    for (int i = 0; i < count; i++) {
        if (apply_argument(&options, count, arguments, &i, err) != 0) {
            return BENCH_OPTIONS_REFUSED;
        }
    }
    if (complete(&options, err) != 0) {
        return BENCH_OPTIONS_REFUSED;
    }
    *ret_options = options;
    return BENCH_OPTIONS_OK;
}

void bench_options_print_help(FILE *file)
{
    fputs("Usage: stator bench WORKLOAD [OPTION]...\n\n"
          "Puts load on an endpoint that speaks DynamoDB, this one or another, and shows throughput and latencies.\n\n"
          "Workloads:\n",
          file);
    size_t count;
    const struct workload *workloads = workload_list(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(file, "  %-9s  %s\n", workloads[i].name, workloads[i].help);
    }
    fputs("\nOptions:\n", file);
    for (size_t i = 0; i < OPTIONS; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", options_known[i].name,
                 options_known[i].value != NULL ? options_known[i].value : "");
        fprintf(file, "  %-18s  %s\n", left, options_known[i].help);
    }
    fputs("\nCredentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, if they are set.\n",
          file);
}
