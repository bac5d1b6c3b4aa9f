#include "base/metric.h"

const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
    50,    100,    250,    500,    1000,    2500,    5000,    10000,    25000,
    50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

const uint32_t histogram_bounds_numbers[HISTOGRAM_BOUNDS] = {
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536,
};

void histogram_sum_add(struct histogram_sum *sum, const struct histogram *histogram)
{
    for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        sum->counts[i] += metric_read(&histogram->counts[i]);
    }
    sum->sum += metric_read(&histogram->sum);
}
