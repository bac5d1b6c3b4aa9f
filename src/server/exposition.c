#include "server/exposition.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_CHARS 32

void exposition_head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append(struct buffer *out, const char *name, const char *suffix, const char *labels, const char *value)
{
    const char *left = *labels != '\0' ? "{" : "", *right = *labels != '\0' ? "}" : "";
    buffer_printf(out, "%s%s%s%s%s %s\n", name, suffix, left, labels, right, value);
}

static void append_number(struct buffer *out, const char *name, const char *suffix, const char *labels, uint64_t value)
{
    char text[NUMBER_CHARS];
    snprintf(text, sizeof text, "%" PRIu64, value);
    append(out, name, suffix, labels, text);
}

/* Without zeros behind the last digit: 0.00005, 2.5, 10. */
static void print_seconds(uint64_t us, char text[NUMBER_CHARS])
{
    int len = snprintf(text, NUMBER_CHARS, "%" PRIu64 ".%06u", us / 1000000, (unsigned)(us % 1000000));
    while (text[len - 1] == '0') {
        len--;
    }
    len -= text[len - 1] == '.';
    text[len] = '\0';
}

void exposition_sample(struct buffer *out, const char *name, const char *labels, uint64_t value)
{
    append_number(out, name, "", labels, value);
}

void exposition_seconds(struct buffer *out, const char *name, const char *labels, uint64_t us)
{
    char text[NUMBER_CHARS];
    print_seconds(us, text);
    append(out, name, "", labels, text);
}

void exposition_counter(struct buffer *out, const char *name, const char *help, uint64_t value)
{
    exposition_head(out, name, "counter", help);
    exposition_sample(out, name, "", value);
}

void exposition_gauge(struct buffer *out, const char *name, const char *help, uint64_t value)
{
    exposition_head(out, name, "gauge", help);
    exposition_sample(out, name, "", value);
}

void exposition_histogram(struct buffer *out, const char *name, const char *labels, const uint32_t *bounds,
                          const struct histogram_sum *histogram)
{
    bool seconds = bounds == histogram_bounds_us;
    const char *comma = *labels != '\0' ? "," : "";
    uint64_t count = 0;
    for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        char bound[NUMBER_CHARS] = "+Inf";
        if (i < HISTOGRAM_BOUNDS && seconds) {
            print_seconds(bounds[i], bound);
        } else if (i < HISTOGRAM_BOUNDS) {
            snprintf(bound, sizeof bound, "%u", bounds[i]);
        }
        count += histogram->counts[i];
        buffer_printf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma, bound, count);
    }
    char text[NUMBER_CHARS];
    print_seconds(histogram->sum, text);
    if (seconds) {
        append(out, name, "_sum", labels, text);
    } else {
        append_number(out, name, "_sum", labels, histogram->sum);
    }
    append_number(out, name, "_count", labels, count);
}
