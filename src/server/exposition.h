/* Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4). */
#pragma once

#include "base/buffer.h"
#include "base/metric.h"

/* What stands in front of the samples of a metric. `type` is "counter", "gauge" or "histogram"; `help` has neither
 * backslashes nor line feeds. */
void exposition_head(struct buffer *out, const char *name, const char *type, const char *help);

/* One sample. `labels` as they are written, or "": operation="GetItem",error="" */
void exposition_sample(struct buffer *out, const char *name, const char *labels, uint64_t value);
/* Microseconds as seconds. */
void exposition_seconds(struct buffer *out, const char *name, const char *labels, uint64_t us);

/* A metric without labels: head and sample. */
void exposition_counter(struct buffer *out, const char *name, const char *help, uint64_t value);
void exposition_gauge(struct buffer *out, const char *name, const char *help, uint64_t value);

/* Buckets, sum and count. `bounds` are microseconds, shown as seconds, or plain numbers. */
void exposition_histogram(struct buffer *out, const char *name, const char *labels, const uint32_t *bounds,
                          const struct histogram_sum *histogram);
