/* Prometheus' text format, byte by byte. The wire tests read it with Prometheus' own parser. */
#include "server/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct buffer out;

static const char *text(void)
{
    *buffer_reserve(&out, 1) = '\0';
    return out.data;
}

static void test_samples(void **state)
{
    (void)state;
    buffer_clear(&out);
    exposition_counter(&out, "a_total", "Some.", UINT64_MAX);
    exposition_gauge(&out, "b", "Others.", 0);
    exposition_sample(&out, "c", "shard=\"1\",x=\"y\"", 5);
    exposition_seconds(&out, "d_seconds", "", 0);
    exposition_seconds(&out, "d_seconds", "", 1);
    exposition_seconds(&out, "d_seconds", "", 10000000);
    exposition_seconds(&out, "d_seconds", "", 1234560);
    assert_string_equal(text(), "# HELP a_total Some.\n# TYPE a_total counter\na_total 18446744073709551615\n"
                                "# HELP b Others.\n# TYPE b gauge\nb 0\n"
                                "c{shard=\"1\",x=\"y\"} 5\n"
                                "d_seconds 0\nd_seconds 0.000001\nd_seconds 10\nd_seconds 1.23456\n");
}

/* A value that equals a bound belongs under it; what is above the last bound is only in +Inf. */
static void test_histogram(void **state)
{
    (void)state;
    static struct histogram one, two;
    static const uint64_t values[] = {0, 50, 51, 10000000, 10000001};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        histogram_add(i % 2 == 0 ? &one : &two, histogram_bounds_us, values[i]);
    }
    struct histogram_sum sum = {0};
    histogram_sum_add(&sum, &one);
    histogram_sum_add(&sum, &two);
    assert_int_equal(sum.counts[0], 2);
    assert_int_equal(sum.counts[1], 1);
    assert_int_equal(sum.counts[HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(sum.counts[HISTOGRAM_BOUNDS], 1);
    buffer_clear(&out);
    exposition_histogram(&out, "h_seconds", "a=\"b\"", histogram_bounds_us, &sum);
    const char *shown = text();
    assert_non_null(strstr(shown, "h_seconds_bucket{a=\"b\",le=\"0.00005\"} 2\n"
                                  "h_seconds_bucket{a=\"b\",le=\"0.0001\"} 3\n"));
    assert_non_null(strstr(shown, "h_seconds_bucket{a=\"b\",le=\"10\"} 4\n"
                                  "h_seconds_bucket{a=\"b\",le=\"+Inf\"} 5\n"
                                  "h_seconds_sum{a=\"b\"} 20.000102\nh_seconds_count{a=\"b\"} 5\n"));
}

static void test_histogram_of_numbers(void **state)
{
    (void)state;
    static struct histogram one;
    histogram_add(&one, histogram_bounds_numbers, 3);
    struct histogram_sum sum = {0};
    histogram_sum_add(&sum, &one);
    buffer_clear(&out);
    exposition_histogram(&out, "h", "", histogram_bounds_numbers, &sum);
    const char *shown = text();
    assert_non_null(strstr(shown, "h_bucket{le=\"2\"} 0\nh_bucket{le=\"4\"} 1\n"));
    assert_non_null(strstr(shown, "h_sum 3\nh_count 1\n"));
}

static void test_bounds_grow(void **state)
{
    (void)state;
    for (int i = 1; i < HISTOGRAM_BOUNDS; i++) {
        assert_true(histogram_bounds_us[i] > histogram_bounds_us[i - 1]);
        assert_true(histogram_bounds_numbers[i] > histogram_bounds_numbers[i - 1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_histogram_of_numbers),
        cmocka_unit_test(test_bounds_grow),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buffer_finish(&out);
    return failed;
}
