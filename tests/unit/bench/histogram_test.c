#include "bench/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct histogram *histogram;

static int set_up(void **state)
{
    (void)state;
    histogram = calloc(1, sizeof *histogram);
    return histogram == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    free(histogram);
    return 0;
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(histogram_quantile(histogram, 0), 0);
    assert_int_equal(histogram_quantile(histogram, 0.99), 0);
    assert_int_equal(histogram->total, 0);
}

static void test_small_values_are_exact(void **state)
{
    (void)state;
    for (uint64_t value = 1; value <= 100; value++) {
        histogram_add(histogram, value);
    }
    assert_int_equal(histogram->total, 100);
    assert_int_equal(histogram->sum, 5050);
    assert_int_equal(histogram->max, 100);
    assert_int_equal(histogram_quantile(histogram, 0), 1);
    assert_int_equal(histogram_quantile(histogram, 0.5), 50);
    assert_int_equal(histogram_quantile(histogram, 0.99), 99);
    assert_int_equal(histogram_quantile(histogram, 0.999), 100);
    assert_int_equal(histogram_quantile(histogram, 1), 100);
}

/* Whatever the value, what is reported is not below it, and above it by less than a part in 128. */
static void test_error_is_bounded(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 39; shift++) {
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t value = (UINT64_C(1) << shift) + (uint64_t)(int64_t)delta;
            *histogram = (struct histogram){0};
            histogram_add(histogram, value);
            histogram_add(histogram, HISTOGRAM_MAX); /* else the largest value seen would be the answer */
            uint64_t reported = histogram_quantile(histogram, 0.5);
            assert_true(reported >= value);
            assert_true(reported - value <= value / 128);
        }
    }
}

static void test_never_above_the_largest(void **state)
{
    (void)state;
    histogram_add(histogram, 1000001);
    assert_int_equal(histogram_quantile(histogram, 0.5), 1000001);
    assert_int_equal(histogram_quantile(histogram, 1), 1000001);
}

static void test_huge_values_are_capped(void **state)
{
    (void)state;
    histogram_add(histogram, UINT64_MAX);
    assert_int_equal(histogram->max, HISTOGRAM_MAX);
    assert_int_equal(histogram_quantile(histogram, 1), HISTOGRAM_MAX);
}

static void test_merge(void **state)
{
    (void)state;
    struct histogram *other = calloc(1, sizeof *other);
    assert_non_null(other);
    histogram_add(histogram, 10);
    histogram_add(other, 20);
    histogram_add(other, 5000);
    histogram_merge(histogram, other);
    free(other);
    assert_int_equal(histogram->total, 3);
    assert_int_equal(histogram->sum, 5030);
    assert_int_equal(histogram->max, 5000);
    assert_int_equal(histogram_quantile(histogram, 0.33), 10);
    assert_int_equal(histogram_quantile(histogram, 0.66), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small_values_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_error_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_never_above_the_largest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_huge_values_are_capped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_merge, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
