/* Row keys sort as DynamoDB sorts, and ranges hold exactly the rows that a query or segment asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/tables.h"
#include "engine/rows.h"

static struct arena arena;

static struct row_key key_of(const struct table_spec *spec, const char *pk, const char *sk)
{
    struct item item = example_item(&arena, pk, sk, NULL, NULL);
    struct row_key key;
    row_key_of_item(&arena, spec, &item, &key);
    return key;
}

static void test_sort_keys_in_numeric_order(void **state)
{
    (void)state;
    static const char *const ordered[] = {"-1000", "-999.5", "-10", "-9", "-0.5",  "0",
                                          "0.001", "1",      "9",   "10", "123456"};
    struct table_spec spec = example_spec(&arena, "t");
    for (size_t i = 0; i + 1 < sizeof ordered / sizeof *ordered; i++) {
        struct row_key a = key_of(&spec, "same", ordered[i]), b = key_of(&spec, "same", ordered[i + 1]);
        assert_true(slice_compare(a.bytes, b.bytes) < 0);
        assert_true(a.hash == b.hash && row_key_hash(a.bytes, false) == a.hash);
    }
}

static void test_index_key_needs_every_part(void **state)
{
    (void)state;
    struct table_spec spec = example_spec(&arena, "t");
    struct row_key key;
    struct item without = example_item(&arena, "p", "1", "note", NULL);
    assert_true(row_key_of_index(&arena, &spec, &spec.indexes[0], &without, &key));
    assert_false(row_key_of_index(&arena, &spec, &spec.indexes[1], &without, &key));
    struct item wrong = without;
    wrong.attributes[2].value = number_value("5");
    assert_false(row_key_of_index(&arena, &spec, &spec.indexes[0], &wrong, &key));
    struct item empty = without;
    empty.attributes[2].value = string_value("");
    assert_false(row_key_of_index(&arena, &spec, &spec.indexes[0], &empty, &key));
}

/* Which of the sort keys -5, 0, 5, 50 are inside; expected as four digits. */
static void assert_inside(enum key_operator operator, const char * low, const char *high, const char *expected)
{
    static const char *const stored[] = {"-5", "0", "5", "50"};
    struct table_spec spec = example_spec(&arena, "t");
    struct value hash = string_value("p");
    struct key_term term = {.name = SLICE("sk"), .operator= operator, .operand = number_value(low)};
    if (high != NULL) {
        term.operand_upper = number_value(high);
    }
    struct row_range range;
    row_range_of_query(&arena, &spec, NULL, &hash, &term, 1, &range);
    char found[5] = "";
    for (int i = 0; i < 4; i++) {
        strcat(found, row_range_contains(&range, key_of(&spec, "p", stored[i]).bytes) ? "1" : "0");
        assert_false(row_range_contains(&range, key_of(&spec, "q", stored[i]).bytes));
    }
    assert_string_equal(found, expected);
}

static void test_query_ranges(void **state)
{
    (void)state;
    assert_inside(KEY_EQ, "5", NULL, "0010");
    assert_inside(KEY_LT, "5", NULL, "1100");
    assert_inside(KEY_LE, "5", NULL, "1110");
    assert_inside(KEY_GT, "5", NULL, "0001");
    assert_inside(KEY_GE, "5", NULL, "0011");
    assert_inside(KEY_BETWEEN, "-5", "5", "1110");
    assert_inside(KEY_BETWEEN, "1", "4", "0000");
}

static void test_begins_with(void **state)
{
    (void)state;
    static const char *const notes[] = {"ab", "abc", "ab\x01", "aB", "b", "a"};
    static const bool expected[] = {true, true, true, false, false, false};
    struct table_spec spec = example_spec(&arena, "t");
    struct value hash = string_value("p");
    struct key_term term = {.operator= KEY_BEGINS_WITH, .operand = string_value("ab")};
    struct row_range range;
    row_range_of_query(&arena, &spec, &spec.indexes[0], &hash, &term, 1, &range);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct item item = example_item(&arena, "p", "1", notes[i], NULL);
        struct row_key key;
        assert_true(row_key_of_index(&arena, &spec, &spec.indexes[0], &item, &key));
        assert_int_equal(row_range_contains(&range, key.bytes), expected[i]);
        assert_true(row_key_hash(key.bytes, true) == range.hash_first);
    }
}

static void test_segments_cover_every_row_once(void **state)
{
    (void)state;
    static const uint32_t totals[] = {1, 2, 3, 7, 64, 1000000};
    struct table_spec spec = example_spec(&arena, "t");
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++) {
        for (int i = 0; i < 50; i++) {
            char pk[16];
            snprintf(pk, sizeof pk, "p%d", i);
            struct row_key key = key_of(&spec, pk, "1");
            uint32_t guess = (uint32_t)(((unsigned __int128)key.hash * totals[t]) >> 64);
            int inside = 0;
            for (uint32_t s = guess > 1 ? guess - 1 : 0; s < totals[t] && s <= guess + 1; s++) {
                struct row_range range;
                row_range_of_scan(&arena, &spec, NULL, s, totals[t], &range);
                assert_true(range.hash_first <= range.hash_last);
                inside += row_range_contains(&range, key.bytes);
                assert_int_equal(row_range_contains(&range, key.bytes),
                                 key.hash >= range.hash_first && key.hash <= range.hash_last);
            }
            assert_int_equal(inside, 1);
        }
    }
}

static void test_spec_round_trip(void **state)
{
    (void)state;
    struct table_spec spec = example_spec(&arena, "my.table");
    spec.billing = BILLING_PROVISIONED;
    spec.provisioned = (struct throughput){5, 6};
    spec.on_demand = (struct throughput){-1, 9};
    spec.on_demand_switches_us[2] = 17;
    spec.on_demand_switches_us[3] = 1764111111000000;
    spec.stream = STREAM_NEW_AND_OLD_IMAGES;
    spec.deletion_protection = true;
    spec.policy = SLICE("{}");
    spec.policy_revision = 1700000000000;
    spec.tag_count = 1;
    spec.tags = &(struct tag){SLICE("colour"), SLICE("blue")};
    spec.indexes[1].projection = PROJECT_INCLUDE;
    spec.indexes[1].include_count = 1;
    spec.indexes[1].include = &(struct slice){"note", 4};
    env_uuid(spec.uuid);
    struct buffer out = {0};
    table_spec_encode(&spec, &out);
    struct table_spec back;
    struct err err;
    assert_int_equal(table_spec_decode(&arena, buffer_slice(&out), &back, &err), 0);
    assert_int_equal(back.id, 7);
    assert_true(slice_equal(back.name, SLICE("my.table")));
    assert_string_equal(back.uuid, spec.uuid);
    assert_int_equal(back.keys.range[0].type, VALUE_N);
    assert_int_equal(back.attribute_count, 4);
    assert_int_equal(back.provisioned.write, 6);
    assert_int_equal(back.on_demand.read, -1);
    assert_memory_equal(back.on_demand_switches_us, spec.on_demand_switches_us, sizeof spec.on_demand_switches_us);
    assert_int_equal(back.stream, STREAM_NEW_AND_OLD_IMAGES);
    assert_true(slice_equal(back.policy, SLICE("{}")) && back.policy_revision == 1700000000000);
    assert_true(back.deletion_protection && back.indexes[1].global && !back.indexes[0].global);
    assert_true(slice_equal(back.tags[0].value, SLICE("blue")));
    assert_true(slice_equal(back.indexes[1].include[0], SLICE("note")));
    assert_int_equal(back.next_index_id, 3);
    out.data[out.len - 1] ^= 1;
    assert_int_equal(table_spec_decode(&arena, buffer_slice(&out), &back, &err), -1);
    buffer_finish(&out);
}

static int teardown(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

int main(void)
{
    arena_init(&arena, 4096);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sort_keys_in_numeric_order, teardown),
        cmocka_unit_test_teardown(test_index_key_needs_every_part, teardown),
        cmocka_unit_test_teardown(test_query_ranges, teardown),
        cmocka_unit_test_teardown(test_begins_with, teardown),
        cmocka_unit_test_teardown(test_segments_cover_every_row_once, teardown),
        cmocka_unit_test_teardown(test_spec_round_trip, teardown),
    };
    int failed = cmocka_run_group_tests_name("rows", tests, NULL, NULL);
    arena_finish(&arena);
    return failed;
}
