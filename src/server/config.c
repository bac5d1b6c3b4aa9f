#include "server/config.h"

#include "auth/identities.h"
#include "base/arguments.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define SHARDS_MAX       64
#define THREADS_MAX      64
#define CONNECTIONS_MAX  1000000
#define REQUESTS_MAX     1000000
#define REGION_CHARS     63
#define RATE_MAX         1000000
#define CACHE_MB_MAX     1048576
#define COLLECTION_MAX   (1ull << 50)
#define IN_FLIGHT_MB_MAX 1048576

#define ROOT_KEY_ID "STATOR_ROOT_ACCESS_KEY_ID"
#define ROOT_SECRET "STATOR_ROOT_SECRET_ACCESS_KEY"

/* Each refuses with a text that follows the option's name. A flag's value is "true" or "false". */
typedef int set_function(struct config *config, const char *value, struct err *err);

static int set_large_number(const char *value, uint64_t min, uint64_t max, uint64_t *ret_number, struct err *err)
{
    char *end;
    unsigned long number = isdigit((unsigned char)*value) ? strtoul(value, &end, 10) : ULONG_MAX;
    if (number < min || number > max || *end != '\0') {
        return err_set(err, "'%s' is not a number from %" PRIu64 " to %" PRIu64, value, min, max);
    }
    *ret_number = number;
    return 0;
}

static int set_number(const char *value, unsigned min, unsigned max, unsigned *ret_number, struct err *err)
{
    uint64_t number;
    if (set_large_number(value, min, max, &number, err) != 0) {
        return -1;
    }
    *ret_number = (unsigned)number;
    return 0;
}

static int set_flag(const char *value, bool *ret_flag, struct err *err)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(value, words[i]) == 0) {
            *ret_flag = i % 2 == 1;
            return 0;
        }
    }
    return err_set(err, "'%s' is neither true nor false", value);
}

static int set_address(const char *value, char ret_host[NI_MAXHOST], char ret_port[6], struct err *err)
{
    static const char usage[] = "is not HOST:PORT, for example 127.0.0.1:8000 or [::1]:8000";
    const char *host = value, *colon = strrchr(value, ':');
    if (colon == NULL) {
        return err_set(err, "'%s' %s", value, usage);
    }
    size_t host_len = (size_t)(colon - value);
    if (host_len >= 2 && host[0] == '[' && host[host_len - 1] == ']') {
        host++;
        host_len -= 2;
    } else if (memchr(host, ':', host_len) != NULL) {
        return err_set(err, "'%s' %s", value, usage);
    }
    unsigned port = 0;
    if (host_len == 0 || host_len >= NI_MAXHOST || set_number(colon + 1, 0, 65535, &port, err) != 0) {
        return err_set(err, "'%s' %s", value, usage);
    }
    memcpy(ret_host, host, host_len);
    ret_host[host_len] = '\0';
    snprintf(ret_port, 6, "%u", port);
    return 0;
}

static int set_listen(struct config *config, const char *value, struct err *err)
{
    return set_address(value, config->listen_host, config->listen_port, err);
}

static int set_metrics_listen(struct config *config, const char *value, struct err *err)
{
    return set_address(value, config->metrics_host, config->metrics_port, err);
}

static int set_data_dir(struct config *config, const char *value, struct err *err)
{
    if (*value == '\0') {
        return err_set(err, "the path is empty");
    }
    config->data_dir = value;
    return 0;
}

static int set_ephemeral(struct config *config, const char *value, struct err *err)
{
    return set_flag(value, &config->ephemeral, err);
}

static int set_insecure(struct config *config, const char *value, struct err *err)
{
    return set_flag(value, &config->insecure, err);
}

static int set_shards(struct config *config, const char *value, struct err *err)
{
    return set_number(value, 1, SHARDS_MAX, &config->shards, err);
}

static int set_threads(struct config *config, const char *value, struct err *err)
{
    return set_number(value, 1, THREADS_MAX, &config->threads, err);
}

static int set_cache_mb(struct config *config, const char *value, struct err *err)
{
    return set_number(value, 1, CACHE_MB_MAX, &config->cache_mb, err);
}

static int set_max_connections(struct config *config, const char *value, struct err *err)
{
    return set_number(value, 1, CONNECTIONS_MAX, &config->max_connections, err);
}

static int set_max_identity_rate(struct config *config, const char *value, struct err *err)
{
    return set_number(value, 0, RATE_MAX, &config->max_identity_rate, err);
}

static int set_max_auth_failures(struct config *config, const char *value, struct err *err)
{
    return set_number(value, 0, RATE_MAX, &config->max_auth_failures, err);
}

static int set_max_requests(struct config *config, const char *value, struct err *err)
{
    return set_number(value, 1, REQUESTS_MAX, &config->max_requests, err);
}

static int set_max_in_flight_mb(struct config *config, const char *value, struct err *err)
{
    return set_number(value, 1, IN_FLIGHT_MB_MAX, &config->in_flight_mb, err);
}

static int set_max_collection_bytes(struct config *config, const char *value, struct err *err)
{
    return set_large_number(value, 1, COLLECTION_MAX, &config->collection_bytes_max, err);
}

static int set_region(struct config *config, const char *value, struct err *err)
{
    size_t len = strlen(value);
    if (len == 0 || len > REGION_CHARS || strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
        return err_set(err, "'%s' is not the name of a region, for example us-east-1", value);
    }
    config->region = value;
    return 0;
}

static int set_account_id(struct config *config, const char *value, struct err *err)
{
    if (strlen(value) != 12 || strspn(value, "0123456789") != 12) {
        return err_set(err, "'%s' is not twelve digits", value);
    }
    config->account_id = value;
    return 0;
}

static int set_auth(struct config *config, const char *value, struct err *err)
{
    config->check_signatures = strcmp(value, "sigv4") == 0;
    return config->check_signatures || strcmp(value, "none") == 0
               ? 0
               : err_set(err, "'%s' is not one of: none, sigv4", value);
}

static int set_throttle(struct config *config, const char *value, struct err *err)
{
    config->throttle = strcmp(value, "on") == 0;
    return config->throttle || strcmp(value, "off") == 0 ? 0 : err_set(err, "'%s' is neither on nor off", value);
}

static int set_path(const char *value, const char **ret_path, struct err *err)
{
    if (*value == '\0') {
        return err_set(err, "the path is empty");
    }
    *ret_path = value;
    return 0;
}

static int set_key_file(struct config *config, const char *value, struct err *err)
{
    return set_path(value, &config->key_file, err);
}

static int set_audit_log(struct config *config, const char *value, struct err *err)
{
    return set_path(value, &config->audit_log, err);
}

static int set_audit(struct config *config, const char *value, struct err *err)
{
    static const char *const levels[] = {"denied", "control", "writes", "all"};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(value, levels[i]) == 0) {
            config->audit_level = AUDIT_DENIED + (enum audit_level)i;
            return 0;
        }
    }
    return err_set(err, "'%s' is not one of: denied, control, writes, all", value);
}

static int set_audit_strict(struct config *config, const char *value, struct err *err)
{
    return set_flag(value, &config->audit_strict, err);
}

static int set_encrypt(struct config *config, const char *value, struct err *err)
{
    return set_flag(value, &config->encrypt, err);
}

static int set_tls_cert(struct config *config, const char *value, struct err *err)
{
    return set_path(value, &config->tls.certificate, err);
}

static int set_tls_key(struct config *config, const char *value, struct err *err)
{
    return set_path(value, &config->tls.key, err);
}

static int set_tls_client_ca(struct config *config, const char *value, struct err *err)
{
    return set_path(value, &config->tls.client_ca, err);
}

static int set_log_level(struct config *config, const char *value, struct err *err)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(value, levels[i]) == 0) {
            config->log_level = (enum log_level)i;
            return 0;
        }
    }
    return err_set(err, "'%s' is not one of: debug, info, warning, error", value);
}

/* All there is to tell; the help is printed from it. */
static const struct option {
    const char *name;
    const char *value; /* NULL: a flag */
    const char *environment;
    set_function *set;
    const char *help;
} options[] = {
    {"--listen", "HOST:PORT", "STATOR_LISTEN", set_listen,
     "where to listen (default 127.0.0.1:8000); port 0 takes a free one"},
    {"--data-dir", "PATH", "STATOR_DATA_DIR", set_data_dir, "the data folder (default ./data); made if missing"},
    {"--ephemeral", NULL, "STATOR_EPHEMERAL", set_ephemeral,
     "keep nothing: a temporary folder (in --data-dir, if given), no fsync"},
    {"--shards", "N", "STATOR_SHARDS", set_shards,
     "parts of a new data folder, each with a writer (default 1; fixed later)"},
    {"--threads", "N", "STATOR_THREADS", set_threads, "event loops (default: processors, at most 4)"},
    {"--region", "NAME", "STATOR_REGION", set_region, "the region in ARNs (default us-east-1)"},
    {"--account-id", "DIGITS", "STATOR_ACCOUNT_ID", set_account_id, "the account in ARNs (default 000000000000)"},
    {"--auth", "none|sigv4", "STATOR_AUTH", set_auth,
     "sigv4: serve only who signs with a known access key (default none: everybody)"},
    {"--key-file", "FILE", "STATOR_KEY_FILE", set_key_file,
     "the key of the folder's users, of its encrypted files and tables (see stator key)"},
    {"--encrypt-at-rest", NULL, "STATOR_ENCRYPT_AT_REST", set_encrypt,
     "encrypt all files of a new data folder; it needs --key-file from then on"},
    {"--tls-cert", "FILE", "STATOR_TLS_CERT", set_tls_cert,
     "serve HTTPS with this certificate and those that lead to its root (PEM); SIGHUP reads it anew"},
    {"--tls-key", "FILE", "STATOR_TLS_KEY", set_tls_key, "the certificate's private key (PEM, no passphrase)"},
    {"--tls-client-ca", "FILE", "STATOR_TLS_CLIENT_CA", set_tls_client_ca,
     "serve only clients with a certificate that one of these signed (PEM)"},
    {"--insecure", NULL, "STATOR_INSECURE", set_insecure,
     "with --auth sigv4, listen on more than loopback addresses, unencrypted"},
    {"--cache-mb", "N", "STATOR_CACHE_MB", set_cache_mb,
     "memory for what is read often, in MB: half for blocks of files, half for items (default 128)"},
    {"--max-connections", "N", "STATOR_MAX_CONNECTIONS", set_max_connections,
     "more are closed as they arrive (default 10000)"},
    {"--metrics-listen", "HOST:PORT", "STATOR_METRICS_LISTEN", set_metrics_listen,
     "where to show /metrics and /health to whoever asks (default: with --auth none, beside the API)"},
    {"--max-identity-rate", "N", "STATOR_MAX_IDENTITY_RATE", set_max_identity_rate,
     "with --auth sigv4, requests a second of one user; ThrottlingException above (default 0: no limit)"},
    {"--max-auth-failures", "N", "STATOR_MAX_AUTH_FAILURES", set_max_auth_failures,
     "bad signatures a second from one address that get more than ThrottlingException (default 100; 0: all)"},
    {"--max-requests", "N", "STATOR_MAX_REQUESTS", set_max_requests,
     "requests that wait for disk or other threads; more get 503 (default 10000)"},
    {"--max-in-flight-mb", "N", "STATOR_MAX_IN_FLIGHT_MB", set_max_in_flight_mb,
     "memory for requests and answers under way, in MB; above it requests get 503 (default 256)"},
    {"--throttle", "on|off", "STATOR_THROTTLE", set_throttle,
     "refuse what exceeds provisioned throughput or on-demand maxima (default off)"},
    {"--max-collection-bytes", "N", "STATOR_MAX_COLLECTION_BYTES", set_max_collection_bytes,
     "bytes of an item collection (default 10737418240, as on AWS)"},
    {"--audit-log", "FILE", "STATOR_AUDIT_LOG", set_audit_log,
     "write down who did what, a line of JSON each (-: standard output); opened anew on SIGHUP"},
    {"--audit", "LEVEL", "STATOR_AUDIT", set_audit,
     "what to write down: denied, control (and tables), writes (and items), all (and reads) (default writes)"},
    {"--audit-strict", NULL, "STATOR_AUDIT_STRICT", set_audit_strict,
     "refuse what cannot be written down (default: do it, and count the lines that are lost)"},
    {"--log-level", "LEVEL", "STATOR_LOG_LEVEL", set_log_level,
     "debug, info, warning or error, on standard error (default info)"},
};
#define OPTIONS (sizeof options / sizeof options[0])

static unsigned default_threads(void)
{
    cpu_set_t set;
    int processors = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return processors < 1 ? 1 : processors > 4 ? 4 : (unsigned)processors;
}

static void set_defaults(struct config *config)
{
    *config = (struct config){
        .listen_host = "127.0.0.1",
        .listen_port = "8000",
        .threads = default_threads(),
        .max_connections = 10000,
        .max_auth_failures = 100,
        .max_requests = 10000,
        .cache_mb = 128,
        .in_flight_mb = 256,
        .region = "us-east-1",
        .account_id = "000000000000",
        .log_level = LOG_INFO,
    };
}

static int apply_environment(struct config *config, struct err *err)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        const char *value = getenv(options[i].environment);
        if (value != NULL && options[i].set(config, value, err) != 0) {
            return err_wrap(err, "%s", options[i].environment);
        }
    }
    return 0;
}

/* AWS's own bounds and characters. */
static int check_root(const struct config *config, struct err *err)
{
    if (!config->check_signatures) {
        return 0;
    }
    if (config->root_key_id == NULL && config->root_secret == NULL) {
        return config->key_file != NULL
                   ? 0
                   : err_set(err, "--auth sigv4: nobody could sign in; --key-file FILE for users that 'stator user' "
                                  "keeps, or set " ROOT_KEY_ID " and " ROOT_SECRET);
    }
    if (config->root_key_id == NULL || config->root_secret == NULL) {
        return err_set(err, "%s is set, but not %s", config->root_key_id != NULL ? ROOT_KEY_ID : ROOT_SECRET,
                       config->root_key_id != NULL ? ROOT_SECRET : ROOT_KEY_ID);
    }
    size_t len = strlen(config->root_key_id), secret_len = strlen(config->root_secret);
    if (len < IDENTITIES_KEY_CHARS_MIN || len > IDENTITIES_KEY_CHARS_MAX ||
        strspn(config->root_key_id, IDENTITIES_KEY_CHARS) != len) {
        return err_set(err, ROOT_KEY_ID ": '%s' is not %d to %d letters, digits and _", config->root_key_id,
                       IDENTITIES_KEY_CHARS_MIN, IDENTITIES_KEY_CHARS_MAX);
    }
    if (secret_len < IDENTITIES_SECRET_CHARS_MIN || secret_len > IDENTITIES_SECRET_CHARS_MAX) {
        return err_set(err, ROOT_SECRET ": has %zu characters, not %d to %d", secret_len, IDENTITIES_SECRET_CHARS_MIN,
                       IDENTITIES_SECRET_CHARS_MAX);
    }
    return 0;
}

/* Writes are told by default: there are fewer of them than reads, and they are what somebody asks about later. */
static int check_audit(struct config *config, struct err *err)
{
    if (config->audit_log == NULL && (config->audit_level != AUDIT_OFF || config->audit_strict)) {
        return err_set(err, "%s needs --audit-log FILE", config->audit_strict ? "--audit-strict" : "--audit");
    }
    if (config->audit_log != NULL && config->audit_level == AUDIT_OFF) {
        config->audit_level = AUDIT_WRITES;
    }
    return 0;
}

static int check_tls(const struct config *config, struct err *err)
{
    const struct tls_files *tls = &config->tls;
    if ((tls->certificate == NULL) != (tls->key == NULL)) {
        return err_set(err, "%s needs %s: the two belong together",
                       tls->certificate != NULL ? "--tls-cert" : "--tls-key",
                       tls->certificate != NULL ? "--tls-key" : "--tls-cert");
    }
    if (tls->client_ca != NULL && tls->certificate == NULL) {
        return err_set(err, "--tls-client-ca needs --tls-cert and --tls-key");
    }
    return 0;
}

static int check_rate(const struct config *config, struct err *err)
{
    return config->max_identity_rate == 0 || config->check_signatures
               ? 0
               : err_set(err, "--max-identity-rate needs --auth sigv4: without, nobody is known");
}

/* The option that "--name" or "--name=value" is; NULL if there is none. */
static const struct option *find_option(const char *argument, const char **ret_value)
{
    const char *equals = strchr(argument, '=');
    size_t len = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strlen(options[i].name) == len && memcmp(options[i].name, argument, len) == 0) {
            *ret_value = equals != NULL ? equals + 1 : NULL;
            return &options[i];
        }
    }
    return NULL;
}

static int apply_arguments(struct config *config, int count, char *const *arguments, struct err *err)
{
    for (int i = 0; i < count; i++) {
        const char *value;
        const struct option *option = find_option(arguments[i], &value);
        if (option == NULL) {
            return err_set(err, "unknown option '%s'; see stator serve --help", arguments[i]);
        }
        if (value == NULL && option->value == NULL) {
            value = "true";
        } else if (value == NULL && i + 1 < count) {
            value = arguments[++i];
        } else if (value == NULL) {
            return err_set(err, "%s needs a value: %s", option->name, option->value);
        }
        if (option->set(config, value, err) != 0) {
            return err_wrap(err, "%s", option->name);
        }
    }
    return 0;
}

enum config_result config_parse(int count, char *const *arguments, struct config *ret_config, struct err *err)
{
    if (arguments_ask_for_help(count, arguments)) {
        return CONFIG_HELP;
    }
    struct config config;
    set_defaults(&config);
    if (apply_environment(&config, err) != 0 || apply_arguments(&config, count, arguments, err) != 0) {
        return CONFIG_REFUSED;
    }
    config.root_key_id = getenv(ROOT_KEY_ID);
    config.root_secret = getenv(ROOT_SECRET);
    if (check_root(&config, err) != 0 || check_audit(&config, err) != 0 || check_rate(&config, err) != 0 ||
        check_tls(&config, err) != 0) {
        return CONFIG_REFUSED;
    }
    *ret_config = config;
    return CONFIG_OK;
}

void config_print_help(FILE *file)
{
    fputs("Usage: stator serve [OPTION]...\n\n"
          "Serves Amazon DynamoDB's API over HTTP until it is told to end (SIGTERM or SIGINT).\n\n",
          file);
    for (size_t i = 0; i < OPTIONS; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", options[i].name, options[i].value != NULL ? options[i].value : "");
        fprintf(file, "  %-26s  %s\n", left, options[i].help);
    }
    fputs("\nEach option can also be set in the environment; the command line comes first:\n", file);
    for (size_t i = 0; i < OPTIONS; i++) {
        fprintf(file, "%s%s", i % 4 == 0 ? "  " : " ", options[i].environment);
        fputs(i % 4 == 3 || i + 1 == OPTIONS ? "\n" : "", file);
    }
    fputs("\nWith --auth sigv4, " ROOT_KEY_ID " and\n" ROOT_SECRET
          " in the environment are the access key of the\nuser who may do everything.\n",
          file);
}
