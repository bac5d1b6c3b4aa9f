#include "bench/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <string.h>

#include <cmocka.h>

static struct bench_options options;
static struct err err;

/* The arguments, up to a NULL. */
static enum bench_options_result parse(const char *first, ...)
{
    char *arguments[32];
    int count = 0;
    va_list rest;
    va_start(rest, first);
    for (const char *argument = first; argument != NULL; argument = va_arg(rest, const char *)) {
        arguments[count++] = (char *)argument;
    }
    va_end(rest);
    return bench_options_parse(count, arguments, &options, &err);
}

static int clear_environment(void **state)
{
    (void)state;
    static const char *const names[] = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsetenv(names[i]);
    }
    return 0;
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse("get", NULL), BENCH_OPTIONS_OK);
    assert_string_equal(options.workload->name, "get");
    assert_string_equal(options.host, "127.0.0.1");
    assert_string_equal(options.port, "8000");
    assert_string_equal(options.authority, "127.0.0.1:8000");
    assert_false(options.tls);
    assert_int_equal(options.connections, 32);
    assert_int_equal(options.threads, 1);
    assert_int_equal(options.rate, 0);
    assert_int_equal(options.seconds, 10);
    assert_int_equal(options.items, 10000);
    assert_int_equal(options.item_bytes, 400);
    assert_int_equal(options.fields, 1);
    assert_int_equal(options.keys, KEYS_UNIFORM);
    assert_string_equal(options.region, "us-east-1");
    assert_null(options.session_token);
    assert_null(options.table);
}

static void test_workloads_decide(void **state)
{
    (void)state;
    assert_int_equal(parse("ycsb-a", NULL), BENCH_OPTIONS_OK);
    assert_int_equal(options.item_bytes, 1000);
    assert_int_equal(options.fields, 10);
    assert_int_equal(options.keys, KEYS_ZIPFIAN);
    assert_int_equal(parse("update", NULL), BENCH_OPTIONS_OK);
    assert_int_equal(options.keys, KEYS_HOT);
    assert_int_equal(options.hot_items, 1);
    assert_int_equal(parse("get", "--keys", "hot", NULL), BENCH_OPTIONS_OK);
    assert_int_equal(options.hot_items, 100);
    assert_int_equal(parse("get", "--keys", "hot", "--hot-items=500", "--items", "200", NULL), BENCH_OPTIONS_OK);
    assert_int_equal(options.hot_items, 200);
}

static void test_all_options(void **state)
{
    (void)state;
    assert_int_equal(parse("--url=https://example.com", "put", "--connections", "256", "--rate=5000", "--seconds=3",
                           "--warmup", "0", "--items=500", "--item-size=102400", "--fields=2", "--keys=latest",
                           "--table=t", "--threads=2", "--region=eu-west-1", "--seed=9", "--consistent", "--load-only",
                           "--no-load", "--raw", "--json", NULL),
                     BENCH_OPTIONS_OK);
    assert_string_equal(options.workload->name, "put");
    assert_true(options.tls);
    assert_string_equal(options.host, "example.com");
    assert_string_equal(options.port, "443");
    assert_string_equal(options.authority, "example.com");
    assert_int_equal(options.connections, 256);
    assert_int_equal(options.rate, 5000);
    assert_int_equal(options.seconds, 3);
    assert_int_equal(options.warmup_seconds, 0);
    assert_int_equal(options.items, 500);
    assert_int_equal(options.item_bytes, 102400);
    assert_int_equal(options.fields, 2);
    assert_int_equal(options.keys, KEYS_LATEST);
    assert_string_equal(options.table, "t");
    assert_int_equal(options.threads, 2);
    assert_string_equal(options.region, "eu-west-1");
    assert_int_equal(options.seed, 9);
    assert_true(options.consistent && options.load_only && options.no_load && options.raw && options.json);
}

static void test_urls(void **state)
{
    (void)state;
    assert_int_equal(parse("get", "--url", "http://[::1]:8001/", NULL), BENCH_OPTIONS_OK);
    assert_string_equal(options.host, "::1");
    assert_string_equal(options.port, "8001");
    assert_string_equal(options.authority, "[::1]:8001");
    assert_int_equal(parse("get", "--url", "http://[::1]", NULL), BENCH_OPTIONS_OK);
    assert_string_equal(options.host, "::1");
    assert_string_equal(options.port, "80");
    static const char *const wrong[] = {
        "localhost:8000",       "ftp://a:1",  "http://",         "http://:1", "http://a:0", "http://a:65536",
        "http://a:99999999999", "http://a:x", "http://a:1/path", "http://a:"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse("get", "--url", wrong[i], NULL), BENCH_OPTIONS_REFUSED);
        assert_non_null(strstr(err.text, "--url"));
        assert_non_null(strstr(err.text, "is not http://"));
    }
}

static void test_environment(void **state)
{
    (void)state;
    setenv("AWS_DEFAULT_REGION", "eu-north-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "id", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "token", 1);
    assert_int_equal(parse("get", NULL), BENCH_OPTIONS_OK);
    assert_string_equal(options.region, "eu-north-1");
    assert_string_equal(options.access_key, "id");
    assert_string_equal(options.secret_key, "secret");
    assert_string_equal(options.session_token, "token");
    clear_environment(NULL);
}

static void assert_refused(const char *argument, const char *value, const char *text)
{
    assert_int_equal(parse("get", argument, value, NULL), BENCH_OPTIONS_REFUSED);
    if (strstr(err.text, text) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, text);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    assert_int_equal(parse(NULL), BENCH_OPTIONS_REFUSED);
    assert_non_null(strstr(err.text, "which workload?"));
    assert_refused("swim", NULL, "too many");
    assert_int_equal(parse("swim", NULL), BENCH_OPTIONS_REFUSED);
    assert_non_null(strstr(err.text, "unknown workload 'swim'"));
    assert_refused("--fast", NULL, "unknown option '--fast'");
    assert_refused("--connections", NULL, "--connections needs a value: N");
    assert_refused("--connections", "0", "--connections: '0' is not a number from 1 to 10000");
    assert_refused("--connections", "10001", "is not a number");
    assert_refused("--connections", "3x", "is not a number");
    assert_refused("--connections", "-3", "is not a number");
    assert_refused("--item-size", "99", "from 100 to 102400");
    assert_refused("--keys", "random", "--keys: 'random' is not one of");
    assert_refused("--json=yes", NULL, "--json takes no value");
    assert_refused("--table", "a\"b", "--table");
    assert_int_equal(parse("get", "--threads=4", "--connections=3", NULL), BENCH_OPTIONS_REFUSED);
    assert_int_equal(parse("get", "--no", "--help", NULL), BENCH_OPTIONS_HELP);
}

/* The percents of each workload are a hundred, and each operation gets its share. */
static void test_mixes(void **state)
{
    (void)state;
    size_t count;
    const struct workload *workloads = workload_list(&count);
    for (size_t i = 0; i < count; i++) {
        unsigned counts[OPERATIONS] = {0};
        for (unsigned percent = 0; percent < 100; percent++) {
            counts[workload_operation(&workloads[i], percent)]++;
        }
        assert_memory_equal(counts, workloads[i].percent, sizeof counts);
        assert_ptr_equal(workload_find(workloads[i].name), &workloads[i]);
    }
    assert_true(workload_has_lists(workload_find("query")));
    assert_false(workload_has_lists(workload_find("get")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_workloads_decide), cmocka_unit_test(test_all_options),
        cmocka_unit_test(test_urls),     cmocka_unit_test(test_environment),      cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_mixes),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL);
}
