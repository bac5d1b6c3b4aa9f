#include "bench/report.h"

#include "value/json.h"

static const struct {
    const char *name;
    double share;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
#define QUANTILES (sizeof quantiles / sizeof quantiles[0])

uint64_t report_requests(const struct run_result *result)
{
    uint64_t requests = 0;
    for (int i = 0; i < OPERATIONS; i++) {
        requests += result->operations[i].latency_us.total;
    }
    return requests;
}

static uint64_t all_items(const struct run_result *result)
{
    uint64_t items = 0;
    for (int i = 0; i < OPERATIONS; i++) {
        items += result->operations[i].items;
    }
    return items;
}

static void print_operation(const char *name, const struct operation_result *operation, double seconds, FILE *file)
{
    const struct histogram *latency = &operation->latency_us;
    fprintf(file, "%-18s %10llu %10.0f %10.0f", name, (unsigned long long)latency->total,
            (double)latency->total / seconds, (double)operation->items / seconds);
    for (size_t i = 0; i < QUANTILES; i++) {
        fprintf(file, " %8.3f", (double)histogram_quantile(latency, quantiles[i].share) / 1000);
    }
    fprintf(file, " %8.3f\n", (double)latency->max / 1000);
}

static void print_errors(const struct run_result *result, FILE *file)
{
    for (unsigned i = 0; i < result->error_kinds; i++) {
        const struct error_kind *kind = &result->errors[i];
        fprintf(file, "%10llu  %s: %s%s%s\n", (unsigned long long)kind->count, operation_name(kind->operation),
                kind->type, kind->message[0] != '\0' ? ": " : "", kind->message);
    }
    if (result->unsent > 0) {
        fprintf(file, "%10llu  requests were due, but no connection was free for them\n",
                (unsigned long long)result->unsent);
    }
    if (result->unanswered > 0) {
        fprintf(file, "%10llu  requests had no answer ten seconds after the end\n",
                (unsigned long long)result->unanswered);
    }
}

void report_print(const struct bench_options *options, const struct run_result *result, FILE *file)
{
    uint64_t requests = report_requests(result);
    fprintf(file, "%s on http%s://%s: %u items of %u bytes, %s keys, %u connections", options->workload->name,
            options->tls ? "s" : "", options->authority, options->items, options->item_bytes,
            key_choice_name(options->keys), options->connections);
    if (options->rate != 0) {
        fprintf(file, ", %u requests/s", options->rate);
    }
    fprintf(file, "\n%llu requests in %.2f s: %.0f/s, %llu errors; the load generator took %.0f %% of a core\n\n",
            (unsigned long long)requests, result->seconds, (double)requests / result->seconds,
            (unsigned long long)result->error_count, 100 * result->cpu_seconds / result->seconds);
    fprintf(file, "%-18s %10s %10s %10s", "milliseconds", "requests", "requests/s", "items/s");
    for (size_t i = 0; i < QUANTILES; i++) {
        fprintf(file, " %8s", quantiles[i].name);
    }
    fprintf(file, " %8s\n", "max");
    for (int i = 0; i < OPERATIONS; i++) {
        if (result->operations[i].latency_us.total > 0) {
            print_operation(operation_name((enum operation)i), &result->operations[i], result->seconds, file);
        }
    }
    if (result->error_count + result->unsent + result->unanswered > 0) {
        fputs("\nErrors:\n", file);
        print_errors(result, file);
    }
}

/* Members of a latency, without braces. */
static void json_latency(const struct histogram *latency, FILE *file)
{
    for (size_t i = 0; i < QUANTILES; i++) {
        fprintf(file, "\"%s\":%llu,", quantiles[i].name,
                (unsigned long long)histogram_quantile(latency, quantiles[i].share));
    }
    fprintf(file, "\"max\":%llu,\"mean\":%.1f", (unsigned long long)latency->max,
            latency->total > 0 ? (double)latency->sum / (double)latency->total : 0);
}

static void json_text(const char *text, FILE *file)
{
    struct buffer out = {0};
    json_append_string(&out, slice_from_string(text));
    fwrite(out.data, 1, out.len, file);
    buffer_finish(&out);
}

static void json_operations(const struct run_result *result, FILE *file)
{
    const char *comma = "";
    fputs("\"operations\":{", file);
    for (int i = 0; i < OPERATIONS; i++) {
        const struct operation_result *operation = &result->operations[i];
        if (operation->latency_us.total > 0) {
            fputs(comma, file);
            json_text(operation_name((enum operation)i), file);
            fprintf(file, ":{\"requests\":%llu,\"items\":%llu,\"latency_us\":{",
                    (unsigned long long)operation->latency_us.total, (unsigned long long)operation->items);
            json_latency(&operation->latency_us, file);
            fputs("}}", file);
            comma = ",";
        }
    }
    fputs("}", file);
}

static void json_errors(const struct run_result *result, FILE *file)
{
    fprintf(file, "\"errors\":%llu,\"unsent\":%llu,\"unanswered\":%llu,\"error_kinds\":[",
            (unsigned long long)result->error_count, (unsigned long long)result->unsent,
            (unsigned long long)result->unanswered);
    for (unsigned i = 0; i < result->error_kinds; i++) {
        const struct error_kind *kind = &result->errors[i];
        fputs(i == 0 ? "{\"operation\":" : ",{\"operation\":", file);
        json_text(operation_name(kind->operation), file);
        fputs(",\"type\":", file);
        json_text(kind->type, file);
        fputs(",\"message\":", file);
        json_text(kind->message, file);
        fprintf(file, ",\"count\":%llu}", (unsigned long long)kind->count);
    }
    fputs("]", file);
}

void report_print_json(const struct bench_options *options, const struct run_result *result, FILE *file)
{
    uint64_t requests = report_requests(result);
    struct histogram all = {0};
    for (int i = 0; i < OPERATIONS; i++) {
        histogram_merge(&all, &result->operations[i].latency_us);
    }
    fprintf(file, "{\"workload\":\"%s\",\"url\":", options->workload->name);
    char url[sizeof options->authority + 8];
    snprintf(url, sizeof url, "http%s://%s", options->tls ? "s" : "", options->authority);
    json_text(url, file);
    fprintf(file,
            ",\"items\":%u,\"item_bytes\":%u,\"fields\":%u,\"keys\":\"%s\",\"connections\":%u,\"threads\":%u,"
            "\"rate\":%u,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"requests\":%llu,\"requests_per_s\":%.1f,"
            "\"items_per_s\":%.1f,",
            options->items, options->item_bytes, options->fields, key_choice_name(options->keys), options->connections,
            options->threads, options->rate, result->seconds, result->cpu_seconds, (unsigned long long)requests,
            (double)requests / result->seconds, (double)all_items(result) / result->seconds);
    json_errors(result, file);
    fputs(",\"latency_us\":{", file);
    json_latency(&all, file);
    fputs("},", file);
    json_operations(result, file);
    fputs("}\n", file);
}
