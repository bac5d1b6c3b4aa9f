/* How often each latency was seen, after Gil Tene's HdrHistogram: buckets whose width grows with the value, so that any
 * quantile is exact to within 1/128 of itself, from a microsecond to days, in 35 KB. */
#pragma once

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 7
#define HISTOGRAM_MAX      ((UINT64_C(1) << 40) - 1) /* larger values count as this one */
#define HISTOGRAM_BUCKETS  ((40 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

/* Zero-initialised is empty. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t sum;
    uint64_t max;
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* Adds all that `from` has seen. */
void histogram_merge(struct histogram *histogram, const struct histogram *from);

/* The smallest value that at least `quantile` (0 to 1) of all values do not exceed; 0 when empty. Never above the
 * largest value seen. */
uint64_t histogram_quantile(const struct histogram *histogram, double quantile);
