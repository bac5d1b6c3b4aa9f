#include "server/metrics.h"

#include "api/error.h"
#include "base/env.h"
#include "engine/shard.h"
#include "server/exposition.h"
#include "server/process_stats.h"

#include <stdio.h>
#include <string.h>

#define LABEL_CHARS 160

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* One operation, in all loops. */
struct operation_sum {
    struct histogram_sum duration_us;
    uint64_t errors[API_ERRORS_MAX];
    uint64_t request_bytes, response_bytes;
};

static void sum_operation(struct http_server *http, unsigned place, struct operation_sum *ret_sum)
{
    *ret_sum = (struct operation_sum){0};
    for (unsigned i = 0; i < http_server_loops(http); i++) {
        const struct operation_metrics *operation = &http_server_metrics(http, i)->operations[place];
        histogram_sum_add(&ret_sum->duration_us, &operation->duration_us);
        for (unsigned k = 0; k < API_ERRORS_MAX; k++) {
            ret_sum->errors[k] += metric_read(&operation->errors[k]);
        }
        ret_sum->request_bytes += metric_read(&operation->request_bytes);
        ret_sum->response_bytes += metric_read(&operation->response_bytes);
    }
}

/* For each operation there is: the place, its name, and the sum. */
#define FOR_EACH_OPERATION(http, place, label, sum)                                                                    \
    for (unsigned place = 0; place <= API_OPERATIONS_MAX; place++)                                                     \
        if (label_operation((place), (label)) && (sum_operation((http), (place), &(sum)), true))

static bool label_operation(unsigned place, char label[LABEL_CHARS])
{
    const char *name = api_metrics_operation(place);
    if (name != NULL) {
        snprintf(label, LABEL_CHARS, "operation=\"%s\"", name);
    }
    return name != NULL;
}

static void append_durations(struct http_server *http, struct buffer *out)
{
    static const char name[] = "stator_request_duration_seconds";
    char label[LABEL_CHARS];
    struct operation_sum sum;
    exposition_head(out, name, "histogram", "Time from a whole request's arrival to its answer, by operation.");
    FOR_EACH_OPERATION(http, place, label, sum)
    {
        exposition_histogram(out, name, label, histogram_bounds_us, &sum.duration_us);
    }
}

static void append_results(struct http_server *http, struct buffer *out)
{
    static const char name[] = "stator_requests_total";
    char label[LABEL_CHARS], labels[2 * LABEL_CHARS];
    struct operation_sum sum;
    exposition_head(out, name, "counter", "Requests answered, by operation and error; no error: it succeeded.");
    FOR_EACH_OPERATION(http, place, label, sum)
    {
        uint64_t succeeded = 0;
        for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
            succeeded += sum.duration_us.counts[i];
        }
        for (unsigned k = 0; k < API_ERRORS_MAX; k++) {
            if (sum.errors[k] != 0) {
                snprintf(labels, sizeof labels, "%s,error=\"%s\"", label, api_metrics_error(k));
                exposition_sample(out, name, labels, sum.errors[k]);
            }
            succeeded -= sum.errors[k] < succeeded ? sum.errors[k] : succeeded; /* they may be newer than the counts */
        }
        snprintf(labels, sizeof labels, "%s,error=\"\"", label);
        exposition_sample(out, name, labels, succeeded);
    }
}

static void append_bytes(struct http_server *http, struct buffer *out)
{
    static const char in[] = "stator_request_body_bytes_total", sent[] = "stator_response_body_bytes_total";
    char label[LABEL_CHARS];
    struct operation_sum sum;
    exposition_head(out, in, "counter", "Bytes of the bodies of requests, by operation.");
    FOR_EACH_OPERATION(http, place, label, sum)
    {
        exposition_sample(out, in, label, sum.request_bytes);
    }
    exposition_head(out, sent, "counter", "Bytes of the bodies of answers before they are compressed, by operation.");
    FOR_EACH_OPERATION(http, place, label, sum)
    {
        exposition_sample(out, sent, label, sum.response_bytes);
    }
}

/* Those that say that the caller is not known. */
static void append_authentication(struct http_server *http, struct buffer *out)
{
    static const char name[] = "stator_authentication_failures_total";
    static const enum error_type types[] = {ERROR_MISSING_TOKEN, ERROR_INCOMPLETE_SIGNATURE, ERROR_INVALID_SIGNATURE,
                                            ERROR_UNRECOGNIZED_CLIENT, ERROR_EXPIRED_TOKEN};
    char label[LABEL_CHARS];
    struct operation_sum sum;
    uint64_t totals[API_ERRORS_MAX] = {0};
    FOR_EACH_OPERATION(http, place, label, sum)
    {
        for (unsigned k = 0; k < API_ERRORS_MAX; k++) {
            totals[k] += sum.errors[k];
        }
    }
    exposition_head(out, name, "counter", "Requests whose caller is not known, by error.");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        snprintf(label, sizeof label, "error=\"%s\"", api_metrics_error(types[i]));
        exposition_sample(out, name, label, totals[types[i]]);
    }
}

static void append_throttled(struct http_server *http, struct buffer *out)
{
    static const char name[] = "stator_throttled_requests_total";
    static const char *const reasons[THROTTLED_KINDS] = {
        [THROTTLED_BY_IDENTITY_RATE] = "reason=\"identity_rate\"",
        [THROTTLED_BY_FAILURE_RATE] = "reason=\"authentication_failures\"",
    };
    exposition_head(out, name, "counter", "Requests refused because there were too many of a user or an address.");
    for (unsigned k = 0; k < THROTTLED_KINDS; k++) {
        uint64_t total = 0;
        for (unsigned i = 0; i < http_server_loops(http); i++) {
            total += metric_read(&http_server_metrics(http, i)->throttled[k]);
        }
        exposition_sample(out, name, reasons[k], total);
    }
}

static void append_http(struct http_server *http, struct buffer *out)
{
    struct http_stats stats;
    http_server_stats(http, &stats);
    uint64_t in_flight = 0;
    for (unsigned i = 0; i < http_server_loops(http); i++) {
        in_flight += metric_read(&http_server_metrics(http, i)->in_flight);
    }
    append_durations(http, out);
    append_results(http, out);
    append_bytes(http, out);
    append_authentication(http, out);
    append_throttled(http, out);
    exposition_gauge(out, "stator_requests_in_flight", "Requests that are being worked on.", in_flight);
    exposition_counter(out, "stator_requests_refused_total", "Requests answered 503: no memory, or too many in flight.",
                       stats.requests_refused);
    exposition_gauge(out, "stator_connections", "Open connections.", stats.connections);
    exposition_counter(out, "stator_connections_accepted_total", "Connections accepted.", stats.connections_accepted);
    exposition_counter(out, "stator_connections_refused_total", "Connections closed as they came: there were too many.",
                       stats.connections_refused);
    exposition_gauge(out, "stator_in_flight_bytes", "Memory that requests and answers in flight hold.",
                     stats.bytes_in_flight);
}

/* --- shards --------------------------------------------------------------------------------------------------------
 */

/* A number that each shard has. */
static const struct shard_metric {
    const char *name, *type, *help;
    size_t at; /* in struct shard_stats */
} shard_metrics[] = {
#define AT(member) offsetof(struct shard_stats, member)
    {"stator_writer_queue_commands", "gauge", "Commands that wait for the writer.", AT(queue_commands)},
    {"stator_item_cache_hits_total", "counter", "Point reads answered by the cache of items.", AT(item_cache.hits)},
    {"stator_item_cache_misses_total", "counter", "Point reads that went to RocksDB.", AT(item_cache.misses)},
    {"stator_item_cache_bytes", "gauge", "Memory of the cache of items.", AT(item_cache.bytes)},
    {"stator_store_commit_failures_total", "counter", "Batches that could not be written.", AT(store.commit_failures)},
    {"stator_store_committed_bytes_total", "counter", "Bytes of batches written to the log.",
     AT(store.committed_bytes)},
    {"stator_store_file_bytes", "gauge", "Bytes of RocksDB's files, also of those that go when nobody reads them.",
     AT(store.file_bytes)},
    {"stator_store_live_file_bytes", "gauge", "Bytes of the files of the newest state.", AT(store.live_bytes)},
    {"stator_store_memtable_bytes", "gauge", "Memory of rows that are not in files yet.", AT(store.memtable_bytes)},
    {"stator_store_table_reader_bytes", "gauge", "Memory of open files' filters and indexes.", AT(store.reader_bytes)},
    {"stator_store_compaction_pending_bytes", "gauge", "Bytes that compactions have yet to rewrite.",
     AT(store.compaction_pending_bytes)},
    {"stator_store_running_compactions", "gauge", "Compactions under way.", AT(store.running_compactions)},
    {"stator_store_running_flushes", "gauge", "Flushes under way.", AT(store.running_flushes)},
    {"stator_store_background_errors_total", "counter", "Flushes and compactions that failed.",
     AT(store.background_errors)},
#undef AT
};

static void append_shard_numbers(const struct shard_stats *stats, unsigned count, struct buffer *out)
{
    char label[LABEL_CHARS];
    for (size_t k = 0; k < sizeof shard_metrics / sizeof shard_metrics[0]; k++) {
        const struct shard_metric *metric = &shard_metrics[k];
        exposition_head(out, metric->name, metric->type, metric->help);
        for (unsigned i = 0; i < count; i++) {
            uint64_t value;
            memcpy(&value, (const char *)&stats[i] + metric->at, sizeof value);
            snprintf(label, sizeof label, "shard=\"%u\"", i);
            exposition_sample(out, metric->name, label, value);
        }
    }
}

static void append_shards(const struct cluster *cluster, struct buffer *out)
{
    static const char batches[] = "stator_writer_batch_commands", commits[] = "stator_store_commit_duration_seconds";
    static const char stopped[] = "stator_store_writes_stopped";
    struct shard_stats stats[CLUSTER_SHARDS_MAX];
    unsigned count = cluster_shard_count(cluster);
    char label[LABEL_CHARS];
    for (unsigned i = 0; i < count; i++) {
        cluster_shard_stats(cluster, i, &stats[i]);
    }
    exposition_head(out, batches, "histogram", "Commands that a writer evaluated together, for one commit.");
    for (unsigned i = 0; i < count; i++) {
        snprintf(label, sizeof label, "shard=\"%u\"", i);
        exposition_histogram(out, batches, label, histogram_bounds_numbers, &stats[i].batch_commands);
    }
    exposition_head(out, commits, "histogram", "Time to write a batch to the log, with its fsync.");
    for (unsigned i = 0; i < count; i++) {
        snprintf(label, sizeof label, "shard=\"%u\"", i);
        exposition_histogram(out, commits, label, histogram_bounds_us, &stats[i].store.commit_us);
    }
    append_shard_numbers(stats, count, out);
    exposition_head(out, stopped, "gauge", "1: RocksDB lets nobody write until compactions catch up.");
    for (unsigned i = 0; i < count; i++) {
        snprintf(label, sizeof label, "shard=\"%u\"", i);
        exposition_sample(out, stopped, label, stats[i].store.writes_stopped);
    }
    uint64_t cache_bytes, cache_bytes_max;
    cluster_cache_stats(cluster, &cache_bytes, &cache_bytes_max);
    exposition_gauge(out, "stator_block_cache_bytes", "Memory of the cache of blocks of files.", cache_bytes);
    exposition_gauge(out, "stator_block_cache_max_bytes", "What that cache may hold.", cache_bytes_max);
    exposition_gauge(out, "stator_store_writable", "1: writes would succeed now, as far as is known.",
                     cluster_is_writable(cluster));
    exposition_gauge(out, "stator_tables", "Tables.", cluster_table_count((struct cluster *)(uintptr_t)cluster));
}

/* --- the process -------------------------------------------------------------------------------------------------- */

static void append_process(const struct metrics *metrics, struct buffer *out)
{
    struct process_stats stats;
    process_stats_read(&stats);
    exposition_head(out, "stator_build_info", "gauge", "1; the version is in the label.");
    exposition_sample(out, "stator_build_info", "version=\"" STATOR_VERSION "\"", 1);
    exposition_head(out, "stator_uptime_seconds", "gauge", "Time since the start.");
    exposition_seconds(out, "stator_uptime_seconds", "", env_monotonic_us() - metrics->started_us);
    exposition_head(out, "process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.");
    exposition_seconds(out, "process_start_time_seconds", "", stats.started_us);
    exposition_head(out, "process_cpu_seconds_total", "counter", "Time of processors, user and system.");
    exposition_seconds(out, "process_cpu_seconds_total", "", stats.cpu_us);
    exposition_gauge(out, "process_resident_memory_bytes", "Resident memory.", stats.resident_bytes);
    exposition_gauge(out, "process_virtual_memory_bytes", "Virtual memory.", stats.virtual_bytes);
    exposition_gauge(out, "process_open_fds", "Open file descriptors.", stats.open_files);
    exposition_gauge(out, "process_max_fds", "The most that may be open.", stats.open_files_max);
    exposition_gauge(out, "process_threads", "Threads.", stats.threads);
}

static void append_audit(const struct audit_log *log, struct buffer *out)
{
    struct audit_log_stats stats;
    audit_log_stats(log, &stats);
    exposition_counter(out, "stator_audit_lines_total", "Lines written to the audit log.", stats.written_lines);
    exposition_counter(out, "stator_audit_lost_lines_total", "Lines that the audit log lost.", stats.lost_lines);
    exposition_counter(out, "stator_audit_write_failures_total", "Writes to the audit log that failed.",
                       stats.failures);
    exposition_gauge(out, "stator_audit_queue_bytes", "Lines that wait to be written.", stats.queue_bytes);
}

void metrics_print(const struct metrics *metrics, struct buffer *out)
{
    struct http_server *http = atomic_load(&metrics->http);
    if (http != NULL) {
        append_http(http, out);
    }
    append_shards(metrics->cluster, out);
    if (metrics->audit_log != NULL) {
        append_audit(metrics->audit_log, out);
    }
    append_process(metrics, out);
}
