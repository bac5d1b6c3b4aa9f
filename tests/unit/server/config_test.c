#include "server/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct config config;
static struct err err;

/* The arguments, up to a NULL. */
static enum config_result parse(const char *first, ...)
{
    char *arguments[16];
    int count = 0;
    va_list rest;
    va_start(rest, first);
    for (const char *argument = first; argument != NULL; argument = va_arg(rest, const char *)) {
        arguments[count++] = (char *)argument;
    }
    va_end(rest);
    return config_parse(count, arguments, &config, &err);
}

static int clear_environment(void **state)
{
    (void)state;
    static const char *const names[] = {"LISTEN",
                                        "DATA_DIR",
                                        "EPHEMERAL",
                                        "SHARDS",
                                        "THREADS",
                                        "REGION",
                                        "ACCOUNT_ID",
                                        "AUTH",
                                        "INSECURE",
                                        "MAX_CONNECTIONS",
                                        "LOG_LEVEL",
                                        "THROTTLE",
                                        "MAX_COLLECTION_BYTES",
                                        "ROOT_ACCESS_KEY_ID",
                                        "ROOT_SECRET_ACCESS_KEY",
                                        "KEY_FILE",
                                        "METRICS_LISTEN",
                                        "AUDIT_LOG",
                                        "AUDIT",
                                        "AUDIT_STRICT",
                                        "MAX_IDENTITY_RATE",
                                        "MAX_AUTH_FAILURES",
                                        "TLS_CERT",
                                        "TLS_KEY",
                                        "TLS_CLIENT_CA",
                                        "MAX_REQUESTS"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "STATOR_%s", names[i]);
        unsetenv(name);
    }
    return 0;
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(NULL), CONFIG_OK);
    assert_string_equal(config.listen_host, "127.0.0.1");
    assert_string_equal(config.listen_port, "8000");
    assert_null(config.data_dir);
    assert_false(config.ephemeral);
    assert_false(config.insecure);
    assert_int_equal(config.shards, 0);
    assert_in_range(config.threads, 1, 4);
    assert_int_equal(config.max_connections, 10000);
    assert_int_equal(config.max_requests, 10000);
    assert_null(config.tls.certificate);
    assert_int_equal(config.cache_mb, 128);
    assert_int_equal(config.in_flight_mb, 256);
    assert_int_equal(config.collection_bytes_max, 0);
    assert_string_equal(config.region, "us-east-1");
    assert_string_equal(config.account_id, "000000000000");
    assert_int_equal(config.log_level, LOG_INFO);
    assert_false(config.throttle);
    assert_false(config.encrypt);
    assert_string_equal(config.metrics_host, "");
    assert_null(config.audit_log);
    assert_int_equal(config.audit_level, AUDIT_OFF);
    assert_false(config.audit_strict);
    assert_int_equal(config.max_identity_rate, 0);
    assert_int_equal(config.max_auth_failures, 100);
}

static void test_monitoring(void **state)
{
    (void)state;
    assert_int_equal(parse("--metrics-listen", "[::1]:9100", "--audit-log", "a.log", NULL), CONFIG_OK);
    assert_string_equal(config.metrics_host, "::1");
    assert_string_equal(config.metrics_port, "9100");
    assert_string_equal(config.audit_log, "a.log");
    assert_int_equal(config.audit_level, AUDIT_WRITES);
    static const char *const levels[] = {"denied", "control", "writes", "all"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(parse("--audit-log", "-", "--audit", levels[i], "--audit-strict", NULL), CONFIG_OK);
        assert_int_equal(config.audit_level, AUDIT_DENIED + i);
        assert_true(config.audit_strict);
    }
    assert_int_equal(parse("--audit", "all", NULL), CONFIG_REFUSED);
    assert_string_equal(err.text, "--audit needs --audit-log FILE");
    assert_int_equal(parse("--audit-strict", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--audit-log", "", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--audit-log", "x", "--audit", "reads", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--metrics-listen", "9100", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--max-identity-rate", "5", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--max-identity-rate", "1000001", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--max-auth-failures", "0", NULL), CONFIG_OK);
    assert_int_equal(config.max_auth_failures, 0);
}

static void test_all_options(void **state)
{
    (void)state;
    assert_int_equal(parse("--listen", "localhost:0", "--data-dir=/srv/x=y", "--ephemeral", "--shards=4", "--threads",
                           "3", "--region", "eu-central-1", "--account-id", "123456789012", "--auth", "none", NULL),
                     CONFIG_OK);
    assert_string_equal(config.listen_host, "localhost");
    assert_string_equal(config.listen_port, "0");
    assert_string_equal(config.data_dir, "/srv/x=y");
    assert_true(config.ephemeral);
    assert_int_equal(config.shards, 4);
    assert_int_equal(config.threads, 3);
    assert_string_equal(config.region, "eu-central-1");
    assert_string_equal(config.account_id, "123456789012");
    assert_int_equal(parse("--insecure", "--max-connections", "5", "--cache-mb", "7", "--max-in-flight-mb", "9",
                           "--max-collection-bytes", "20000000000", "--log-level=error", NULL),
                     CONFIG_OK);
    assert_int_equal(config.collection_bytes_max, 20000000000);
    assert_true(config.insecure);
    assert_int_equal(config.max_connections, 5);
    assert_int_equal(config.cache_mb, 7);
    assert_int_equal(config.in_flight_mb, 9);
    assert_int_equal(config.log_level, LOG_ERROR);
    assert_int_equal(parse("--encrypt-at-rest", "--key-file=/etc/key", NULL), CONFIG_OK);
    assert_true(config.encrypt);
    assert_int_equal(parse("--tls-cert", "/a", "--tls-key=/b", "--tls-client-ca", "/c", "--max-requests", "1", NULL),
                     CONFIG_OK);
    assert_string_equal(config.tls.certificate, "/a");
    assert_string_equal(config.tls.key, "/b");
    assert_string_equal(config.tls.client_ca, "/c");
    assert_int_equal(config.max_requests, 1);
    assert_int_equal(parse("--tls-cert", "/a", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--tls-key", "/a", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--tls-client-ca", "/a", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--tls-cert", "", "--tls-key", "/b", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--max-requests", "0", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--throttle", "on", NULL), CONFIG_OK);
    assert_true(config.throttle);
    assert_int_equal(parse("--throttle=on", "--throttle=off", NULL), CONFIG_OK);
    assert_false(config.throttle);
}

static void test_addresses(void **state)
{
    (void)state;
    assert_int_equal(parse("--listen", "[::1]:8000", NULL), CONFIG_OK);
    assert_string_equal(config.listen_host, "::1");
    assert_int_equal(parse("--listen", "0.0.0.0:65535", NULL), CONFIG_OK);
    assert_string_equal(config.listen_port, "65535");
    static const char *const bad[] = {"",           "127.0.0.1", ":",        ":8000",    "host:",
                                      "host:65536", "host:x",    "host:80 ", "host: 80", "::1:80",
                                      "[]:80",      "[::1]",     "host:-1",  "host:+1",  "host:99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse("--listen", bad[i], NULL) != CONFIG_REFUSED) {
            fail_msg("'%s' is accepted", bad[i]);
        }
        assert_ptr_equal(strstr(err.text, "--listen: "), err.text);
    }
    char long_host[2000];
    memset(long_host, 'h', sizeof long_host);
    memcpy(long_host + sizeof long_host - 4, ":80", 4);
    assert_int_equal(parse("--listen", long_host, NULL), CONFIG_REFUSED);
}

static void test_flag_before_environment_before_default(void **state)
{
    (void)state;
    setenv("STATOR_REGION", "eu-west-1", 1);
    setenv("STATOR_SHARDS", "8", 1);
    setenv("STATOR_EPHEMERAL", "true", 1);
    assert_int_equal(parse("--shards", "2", "--shards", "3", NULL), CONFIG_OK);
    assert_string_equal(config.region, "eu-west-1");
    assert_int_equal(config.shards, 3);
    assert_true(config.ephemeral);
    assert_int_equal(parse("--ephemeral=false", NULL), CONFIG_OK);
    assert_false(config.ephemeral);
    setenv("STATOR_SHARDS", "many", 1);
    assert_int_equal(parse(NULL), CONFIG_REFUSED);
    assert_string_equal(err.text, "STATOR_SHARDS: 'many' is not a number from 1 to 64");
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const bad[][3] = {
        {"--shards", "0", "--shards: '0' is not a number from 1 to 64"},
        {"--shards", "65", "--shards: '65' is not a number from 1 to 64"},
        {"--shards", "4x", "--shards: '4x' is not a number from 1 to 64"},
        {"--threads", "-1", "--threads: '-1' is not a number from 1 to 64"},
        {"--region", "", "--region: '' is not the name of a region, for example us-east-1"},
        {"--region", "US", "--region: 'US' is not the name of a region, for example us-east-1"},
        {"--account-id", "1234", "--account-id: '1234' is not twelve digits"},
        {"--account-id", "12345678901x", "--account-id: '12345678901x' is not twelve digits"},
        {"--data-dir", "", "--data-dir: the path is empty"},
        {"--ephemeral=maybe", NULL, "--ephemeral: 'maybe' is neither true nor false"},
        {"--log-level", "loud", "--log-level: 'loud' is not one of: debug, info, warning, error"},
        {"--throttle", "yes", "--throttle: 'yes' is neither on nor off"},
        {"--throttle", NULL, "--throttle needs a value: on|off"},
        {"--auth", "basic", "--auth: 'basic' is not one of: none, sigv4"},
        {"--listen", NULL, "--listen needs a value: HOST:PORT"},
        {"--port", "8000", "unknown option '--port'; see stator serve --help"},
        {"--shard", "4", "unknown option '--shard'; see stator serve --help"},
        {"data", NULL, "unknown option 'data'; see stator serve --help"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(bad[i][0], bad[i][1], NULL), CONFIG_REFUSED);
        assert_string_equal(err.text, bad[i][2]);
    }
}

static void test_root_access_key(void **state)
{
    (void)state;
    assert_int_equal(parse("--auth", "sigv4", NULL), CONFIG_REFUSED);
    assert_non_null(strstr(err.text, "nobody could sign in"));
    setenv("STATOR_ROOT_ACCESS_KEY_ID", "AKIAROOT01234567", 1);
    assert_int_equal(parse("--auth", "sigv4", NULL), CONFIG_REFUSED);
    assert_string_equal(err.text, "STATOR_ROOT_ACCESS_KEY_ID is set, but not STATOR_ROOT_SECRET_ACCESS_KEY");
    setenv("STATOR_ROOT_SECRET_ACCESS_KEY", "0123456789abcdef/+", 1);
    assert_int_equal(parse("--auth", "sigv4", NULL), CONFIG_OK);
    assert_true(config.check_signatures);
    assert_string_equal(config.root_key_id, "AKIAROOT01234567");
    assert_string_equal(config.root_secret, "0123456789abcdef/+");
    setenv("STATOR_ROOT_SECRET_ACCESS_KEY", "short", 1);
    assert_int_equal(parse("--auth", "sigv4", NULL), CONFIG_REFUSED);
    assert_null(strstr(err.text, "short")); /* secrets are not printed */
    setenv("STATOR_ROOT_ACCESS_KEY_ID", "AKIA/ROOT0123456", 1);
    assert_int_equal(parse("--auth", "sigv4", NULL), CONFIG_REFUSED);
    assert_int_equal(parse("--auth", "none", NULL), CONFIG_OK);
    assert_false(config.check_signatures);
    unsetenv("STATOR_ROOT_ACCESS_KEY_ID");
    unsetenv("STATOR_ROOT_SECRET_ACCESS_KEY");
    assert_int_equal(parse("--auth", "sigv4", "--key-file", "/etc/key", NULL), CONFIG_OK);
    assert_string_equal(config.key_file, "/etc/key");
}

static void test_help_names_every_option(void **state)
{
    (void)state;
    assert_int_equal(parse("--shards", "x", "--help", NULL), CONFIG_HELP);
    assert_int_equal(parse("-h", NULL), CONFIG_HELP);
    char *text;
    size_t len;
    FILE *file = open_memstream(&text, &len);
    config_print_help(file);
    fclose(file);
    static const char *const words[] = {"--listen HOST:PORT", "--data-dir PATH",  "--ephemeral ",     "--shards N",
                                        "STATOR_LISTEN",      "STATOR_LOG_LEVEL", "--auth none|sigv4"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_non_null(strstr(text, words[i]));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults, clear_environment),
        cmocka_unit_test_setup(test_monitoring, clear_environment),
        cmocka_unit_test_setup(test_all_options, clear_environment),
        cmocka_unit_test_setup(test_addresses, clear_environment),
        cmocka_unit_test_setup(test_flag_before_environment_before_default, clear_environment),
        cmocka_unit_test_setup(test_refusals, clear_environment),
        cmocka_unit_test_setup(test_root_access_key, clear_environment),
        cmocka_unit_test_setup(test_help_names_every_option, clear_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
