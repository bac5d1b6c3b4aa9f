/* When items expire, by the text of their attribute, and the bytes of expiry rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/tables.h"
#include "engine/ttl.h"

#define NEVER UINT64_MAX

static uint64_t time_of(struct value value)
{
    struct table_spec spec = {.ttl = {1, SLICE("expires")}};
    struct attribute attributes[] = {{SLICE("pk"), string_value("a")}, {SLICE("expires"), value}};
    struct item item = {attributes, 2};
    uint64_t time = 12345;
    if (!ttl_time(&spec, &item, &time)) {
        assert_int_equal(time, 12345); /* untouched */
        return NEVER;
    }
    return time;
}

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(time_of(number_value("0")), 0);
    assert_int_equal(time_of(number_value("1795360284")), 1795360284);
    assert_int_equal(time_of(number_value("12345670")), 12345670);
    assert_int_equal(time_of(number_value("1234567e1")), 12345670);
    assert_int_equal(time_of(number_value("18446744073709551614")), 18446744073709551614u);
}

static void test_fractions_round_up(void **state)
{
    (void)state;
    assert_int_equal(time_of(number_value("100.0")), 100);
    assert_int_equal(time_of(number_value("100.000000001")), 101);
    assert_int_equal(time_of(number_value("99.5")), 100);
    assert_int_equal(time_of(number_value("1E-130")), 1);
    assert_int_equal(time_of(number_value("0.99999999999999999999999999999999999999")), 1);
}

static void test_what_never_expires(void **state)
{
    (void)state;
    assert_int_equal(time_of(string_value("1795360284")), NEVER);
    assert_int_equal(time_of((struct value){.type = VALUE_NULL}), NEVER);
    assert_int_equal(time_of((struct value){.type = VALUE_B, .bytes = SLICE("1")}), NEVER);
    assert_int_equal(time_of(number_value("-1")), NEVER);
    assert_int_equal(time_of(number_value("-0.5")), NEVER);
    assert_int_equal(time_of(number_value("18446744073709551615")), NEVER);
    assert_int_equal(time_of(number_value("18446744073709551614.5")), NEVER);
    assert_int_equal(time_of(number_value("9.9999999999999999999999999999999999999E+125")), NEVER);
    assert_int_equal(time_of(number_value("1E+38")), NEVER);
}

static void test_missing_attribute(void **state)
{
    (void)state;
    struct table_spec spec = {.ttl = {1, SLICE("expires")}};
    struct attribute attribute = {SLICE("expire"), number_value("1")};
    struct item item = {&attribute, 1};
    uint64_t time;
    assert_false(ttl_time(&spec, &item, &time));
}

static void test_five_years(void **state)
{
    (void)state;
    uint64_t now = 1795360284;
    assert_false(ttl_is_too_old(now, now));
    assert_false(ttl_is_too_old(now + 1, now));
    assert_false(ttl_is_too_old(now - 5ull * 365 * 86400, now));
    assert_true(ttl_is_too_old(now - 5ull * 367 * 86400, now));
    assert_true(ttl_is_too_old(0, now));
    assert_false(ttl_is_too_old(0, 100)); /* a clock that was never set */
}

static void test_row_bytes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 256);
    struct slice key = slice_of("\0\0\0\7HASHHASHpk", 14);
    struct slice row = ttl_row(&arena, key, 0x0102030405060708);
    assert_int_equal(row.len, key.len + 8);
    assert_memory_equal(row.data, "\0\0\0\7\1\2\3\4\5\6\7\10HASHHASHpk", row.len);
    assert_int_equal(ttl_row_time(row), 0x0102030405060708);
    arena_finish(&arena);
}

static void test_description_keeps_it(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    struct buffer stored = {0};
    arena_init(&arena, 4096);
    struct table_spec spec = example_spec(&arena, "things"), read;
    table_spec_encode(&spec, &stored);
    assert_int_equal(table_spec_decode(&arena, buffer_slice(&stored), &read, &err), 0);
    assert_false(ttl_is_on(&read));
    assert_int_equal(read.ttl.generation, 0);
    spec.ttl = (struct ttl_spec){3, SLICE("expires")};
    buffer_clear(&stored);
    table_spec_encode(&spec, &stored);
    assert_int_equal(table_spec_decode(&arena, buffer_slice(&stored), &read, &err), 0);
    assert_int_equal(read.ttl.generation, 3);
    assert_true(slice_equal(read.ttl.attribute, SLICE("expires")));
    buffer_finish(&stored);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_fractions_round_up),
        cmocka_unit_test(test_what_never_expires),
        cmocka_unit_test(test_missing_attribute),
        cmocka_unit_test(test_five_years),
        cmocka_unit_test(test_row_bytes),
        cmocka_unit_test(test_description_keeps_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
