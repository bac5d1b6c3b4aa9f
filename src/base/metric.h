/* Numbers that one thread counts and any thread may read at any time: no locks, no locked instructions. A reader sees
 * each number as it was at some moment, and several of them not as of the same one. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct metric {
    atomic_uint_fast64_t value;
};

/* Only the thread that owns the number. `more` may be negative, for what comes and goes. */
static inline void metric_add(struct metric *metric, int64_t more)
{
    uint64_t value = atomic_load_explicit(&metric->value, memory_order_relaxed);
    atomic_store_explicit(&metric->value, value + (uint64_t)more, memory_order_relaxed);
}

static inline void metric_set(struct metric *metric, uint64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

static inline uint64_t metric_read(const struct metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

/* How many values were at most as large as each bound and larger than the one before, and behind the last bound. */
#define HISTOGRAM_BOUNDS 17

struct histogram {
    struct metric counts[HISTOGRAM_BOUNDS + 1];
    struct metric sum; /* of the values */
};

extern const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS];      /* 50 µs to 10 s */
extern const uint32_t histogram_bounds_numbers[HISTOGRAM_BOUNDS]; /* 1, 2, 4 … 65,536 */

static inline void histogram_add(struct histogram *histogram, const uint32_t bounds[HISTOGRAM_BOUNDS], uint64_t value)
{
    unsigned i = 0;
    while (i < HISTOGRAM_BOUNDS && value > bounds[i]) {
        i++;
    }
    metric_add(&histogram->counts[i], 1);
    metric_add(&histogram->sum, (int64_t)value);
}

/* What several histograms of the same bounds have together. */
struct histogram_sum {
    uint64_t counts[HISTOGRAM_BOUNDS + 1];
    uint64_t sum;
};

void histogram_sum_add(struct histogram_sum *sum, const struct histogram *histogram);
