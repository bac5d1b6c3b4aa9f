#include "server/lifecycle.h"

#include "api/authenticate.h"
#include "auth/rate_limit.h"
#include "base/env.h"
#include "base/fault.h"
#include "cluster/cluster.h"
#include "http/http.h"
#include "server/audit_log.h"
#include "server/certificate.h"
#include "server/identity_watch.h"
#include "server/listener.h"
#include "server/maintenance.h"
#include "server/metrics.h"
#include "server/temp_dir.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* How long a slow client may hold up the end. */
#define DRAIN_MS 10000
/* How often what SIGHUP makes anew is made so unasked: a renewed certificate is found, and the key of session tickets
 * changes. */
#define RELOAD_S 86400
/* Descriptors for all but connections: the store's files, listeners, loops. */
#define OTHER_FILES 1024u
#define FILES_MAX   1048576u
/* An application with a wrong secret fails often at once, and wants to be told why. */
#define FAILURES_BURST_S        10u
#define METRICS_CONNECTIONS_MAX 64u
#define METRICS_BODY_BYTES_MAX  4096u
#define LARGE_BUFFER_BYTES      (1 << 20)

/* What a running server is made of, in the order in which it is made. */
struct server {
    char *temp_dir; /* NULL: the data is kept */
    char *data_dir; /* absolute */
    struct listeners listeners;
    struct cluster *cluster;
    struct pool *pool;
    struct guard guard;
    bool has_guard;
    struct identity_watch *identity_watch;
    struct audit_log *audit_log; /* or NULL */
    struct api api;
    struct metrics metrics;
    struct http_monitor monitor;
    atomic_bool stopping;
    struct http_server *http;
    struct listeners metrics_listeners;
    struct http_server *metrics_http; /* a loop of its own, so that it answers whatever the others do; or NULL */
    struct maintenance *maintenance;
};

static void stop_signals(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGTERM);
    sigaddset(ret_set, SIGINT);
    sigaddset(ret_set, SIGHUP);
}

static void on_second_signal(int number)
{
    _exit(128 + number);
}

/* As many descriptors as the system lets us have, and no more connections than fit. */
static unsigned fit_connections(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return wanted;
    }
    limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return wanted;
    }
    if (limit.rlim_cur >= (rlim_t)wanted + OTHER_FILES) {
        return wanted;
    }
    unsigned fits = limit.rlim_cur > OTHER_FILES ? (unsigned)limit.rlim_cur - OTHER_FILES : 1;
    fits = fits > (unsigned)limit.rlim_cur / 2 ? fits : (unsigned)limit.rlim_cur / 2;
    fits = fits < wanted ? fits : wanted;
    log_warning("the limit of %lu open files allows %u connections, not %u", (unsigned long)limit.rlim_cur, fits,
                wanted);
    return fits;
}

static int open_data(struct server *server, const struct config *config, struct err *err)
{
    const char *path = config->data_dir != NULL ? config->data_dir : "./data";
    if (config->ephemeral) {
        if (temp_dir_create(config->data_dir, &server->temp_dir, err) != 0) {
            return -1;
        }
        path = server->temp_dir;
    }
    struct cluster_options options = {
        .data_dir = path,
        .ephemeral = config->ephemeral,
        .shards = config->shards,
        .cache_bytes = (size_t)config->cache_mb << 20,
        .throttle = config->throttle,
        .collection_bytes_max = config->collection_bytes_max,
        .key_file = config->key_file,
        .encrypt = config->encrypt,
    };
    if (cluster_open(&options, &server->cluster, err) != 0) {
        return -1;
    }
    server->data_dir = realpath(path, NULL);
    return server->data_dir != NULL ? 0 : err_set(err, "cannot find the folder %s: %s", path, strerror(errno));
}

static int open_guard(struct server *server, const struct config *config, struct err *err)
{
    guard_init(&server->guard, config->region);
    server->has_guard = true;
    server->api.guard = &server->guard;
    server->api.authenticate = call_authenticate;
    if (config->max_identity_rate > 0) {
        server->api.identity_rate = rate_limit_create(config->max_identity_rate, config->max_identity_rate);
    }
    if (config->max_auth_failures > 0) {
        server->api.failure_rate =
            rate_limit_create(config->max_auth_failures, config->max_auth_failures * FAILURES_BURST_S);
    }
    return identity_watch_start(config, server->data_dir, &server->guard, &server->identity_watch, err);
}

static void on_metrics(void *context, struct buffer *out)
{
    struct server *server = context;
    metrics_print(&server->metrics, out);
}

static const char *on_unready(void *context)
{
    struct server *server = context;
    if (atomic_load(&server->stopping)) {
        return "stopping\n";
    }
    return cluster_is_writable(server->cluster) ? NULL : "writes fail\n";
}

static int start_http(struct server *server, const struct config *config, unsigned connections_max, struct err *err)
{
    server->metrics.cluster = server->cluster;
    server->metrics.started_us = env_monotonic_us();
    server->monitor = (struct http_monitor){.metrics = on_metrics, .unready = on_unready, .context = server};
    struct http_options options = http_defaults;
    memcpy(options.listeners, server->listeners.fds, sizeof options.listeners);
    options.listener_count = server->listeners.count;
    options.threads = config->threads;
    options.connections_max = connections_max;
    options.requests_max = config->max_requests;
    options.bytes_in_flight_max = (size_t)config->in_flight_mb << 20;
    if (certificate_load(config, &options.tls, err) != 0) {
        return -1;
    }
    options.monitor = &server->monitor;
    /* who may read everything may read the metrics too */
    options.serves_metrics = !config->check_signatures && server->metrics_listeners.count == 0;
    server->listeners.count = 0; /* they are the loops' now */
    if (http_server_start(&options, &server->api, &server->http, err) != 0) {
        return -1;
    }
    atomic_store(&server->metrics.http, server->http);
    if (server->metrics_listeners.count == 0) {
        return 0;
    }
    options = http_defaults;
    memcpy(options.listeners, server->metrics_listeners.fds, sizeof options.listeners);
    options.listener_count = server->metrics_listeners.count;
    options.connections_max = METRICS_CONNECTIONS_MAX;
    options.body_bytes_max = METRICS_BODY_BYTES_MAX;
    options.monitor = &server->monitor;
    options.serves_api = false;
    options.serves_metrics = true;
    server->metrics_listeners.count = 0;
    return http_server_start(&options, &server->api, &server->metrics_http, err);
}

static int open_audit_log(struct server *server, const struct config *config, struct err *err)
{
    struct audit_log_options options = {
        .path = config->audit_log, .level = config->audit_level, .strict = config->audit_strict};
    if (audit_log_start(&options, &server->audit_log, err) != 0) {
        return -1;
    }
    server->api.audit = audit_log_sink(server->audit_log);
    server->metrics.audit_log = server->audit_log;
    return 0;
}

static int start(struct server *server, const struct config *config, struct err *err)
{
    if (fault_init() != 0) {
        return err_set(err, "STATOR_FAULT: '%s' is not a fault point, or its count is wrong", getenv("STATOR_FAULT"));
    }
    if (listeners_open(config, &server->listeners, err) != 0 ||
        (config->metrics_host[0] != '\0' && listeners_open_metrics(config, &server->metrics_listeners, err) != 0) ||
        open_data(server, config, err) != 0) {
        return -1;
    }
    unsigned connections_max = fit_connections(config->max_connections);
    server->pool = pool_create(config->threads < 2 ? 2 : config->threads, "pages");
    server->api = (struct api){
        .cluster = server->cluster,
        .pool = server->pool,
        .settings = {.region = config->region, .account_id = config->account_id, .endpoint = server->listeners.address},
    };
    if ((config->check_signatures && open_guard(server, config, err) != 0) ||
        (config->audit_log != NULL && open_audit_log(server, config, err) != 0)) {
        return -1;
    }
    if (start_http(server, config, connections_max, err) != 0) {
        return -1;
    }
    server->maintenance = maintenance_start(server->cluster);
    return 0;
}

static void stop(struct server *server)
{
    atomic_store(&server->stopping, true);
    listeners_close(&server->listeners);
    listeners_close(&server->metrics_listeners);
    http_server_drain(server->http, DRAIN_MS);
    http_server_stop(server->metrics_http, 0);
    http_server_destroy(server->http);
    audit_log_stop(server->audit_log);
    rate_limit_destroy(server->api.identity_rate);
    rate_limit_destroy(server->api.failure_rate);
    pool_destroy(server->pool);
    maintenance_stop(server->maintenance);
    identity_watch_stop(server->identity_watch);
    if (server->has_guard) {
        guard_finish(&server->guard);
    }
    cluster_close(server->cluster);
    temp_dir_remove(server->temp_dir);
    free(server->temp_dir);
    free(server->data_dir);
}

/* SIGHUP, and once a day: what stands in files beside the data folder is read or opened anew. */
static void reload(struct server *server, const struct config *config)
{
    if (server->audit_log != NULL) {
        audit_log_reopen(server->audit_log);
    }
    if (config->tls.certificate != NULL) {
        certificate_reload(config, server->http);
    }
}

/* Until it is told to end; by which signal. The kernel's own SIGHUP says that the terminal is gone: an end. */
static int wait_for_end(struct server *server, const struct config *config, const sigset_t *signals)
{
    for (;;) {
        struct timespec day = {.tv_sec = RELOAD_S};
        siginfo_t info;
        int number = sigtimedwait(signals, &info, &day);
        if (number == SIGHUP && info.si_code != SI_KERNEL) {
            log_info("reloading: SIGHUP");
            reload(server, config);
        } else if (number < 0 && errno == EAGAIN) {
            reload(server, config);
        } else if (number > 0) {
            return number;
        }
    }
}

int serve(const struct config *config, struct err *err)
{
    log_set_level(config->log_level);
    /* Large buffers go back to the system when they are freed; otherwise glibc begins, after the first, to keep them.
     */
    mallopt(M_MMAP_THRESHOLD, LARGE_BUFFER_BYTES);
    mallopt(M_TRIM_THRESHOLD, 4 * LARGE_BUFFER_BYTES);
    signal(SIGPIPE, SIG_IGN); /* a client that is gone is an error of the write */
    sigset_t signals;
    stop_signals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* for all threads to come */

    struct server server = {0};
    if (start(&server, config, err) != 0) {
        stop(&server);
        return -1;
    }
    unsigned shards = cluster_shard_count(server.cluster);
    printf("stator %s: ready on http%s://%s, data in %s (%u shard%s%s)\n", STATOR_VERSION,
           config->tls.certificate != NULL ? "s" : "", server.listeners.address, server.data_dir, shards,
           shards == 1 ? "" : "s", config->ephemeral ? ", ephemeral: nothing is kept" : "");
    fflush(stdout);
    if (server.metrics_http != NULL) {
        log_info("metrics on http://%s/metrics", server.metrics_listeners.address);
    }

    int number = wait_for_end(&server, config, &signals);
    signal(SIGTERM, on_second_signal);
    signal(SIGINT, on_second_signal);
    signal(SIGHUP, SIG_IGN);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    log_info("stopping: %s", strsignal(number));
    stop(&server);
    log_info("stopped");
    return 0;
}
