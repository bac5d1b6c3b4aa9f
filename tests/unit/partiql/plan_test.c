#include "support.h"

static struct partiql_plan plan(const char *where)
{
    struct partiql_plan plan;
    struct partiql_error error = {0};
    struct slice text = arena_printf(&arena, "SELECT * FROM abc WHERE %s%c", where, '\0');
    int failed = partiql_plan_select(&arena, compile(text.data), &KEYS, &KEYS, &plan, &error);
    if (failed) {
        print_error("%s: error %d\n", where, error.code);
    }
    assert_int_equal(failed, 0);
    return plan;
}

static void assert_plan_refused(const char *where, enum partiql_error_code code)
{
    struct partiql_plan plan;
    struct partiql_error error = {0};
    struct slice text = arena_printf(&arena, "SELECT * FROM abc WHERE %s%c", where, '\0');
    assert_int_equal(partiql_plan_select(&arena, compile(text.data), &KEYS, &KEYS, &plan, &error), -1);
    assert_int_equal(error.code, code);
}

static void assert_partitions(const char *where, const char *expected)
{
    struct partiql_plan found = plan(where);
    struct buffer text = {0};
    for (uint32_t i = 0; i < found.partition_count; i++) {
        buffer_printf(&text, "%s%.*s", i == 0 ? "" : " ", SLICE_ARG(found.hash[i].bytes));
    }
    assert_slice(buffer_slice(&text), expected);
    assert_int_equal(found.is_scan, *expected == '\0');
    buffer_finish(&text);
}

static void test_partitions(void **state)
{
    (void)state;
    assert_partitions("pk = 'a'", "a");
    assert_partitions("'a' = pk AND n = 1", "a");
    assert_partitions("n = 1 AND (sk > '0' AND (pk = ?))", "p0");
    assert_partitions("pk IN ['b', 'a', 'b']", "b a b");
    assert_partitions("pk = 'b' OR pk = 'a' OR pk = 'b'", "b a");
    assert_partitions("(pk = 'a' OR pk = 'b') AND sk = 's'", "a b");
    assert_partitions("pk = 'c' AND pk IN ['a', 'b']", "c");
    assert_partitions("pk > 'a'", "");
    assert_partitions("NOT pk = 'a'", "");
    assert_partitions("pk = 'a' OR n = 1", "");
    assert_partitions("pk = 'a' OR sk = 'b'", "");
    assert_partitions("pk = n", "");
    assert_partitions("pk IN ['a', n]", "");
}

static void test_partitions_in_order(void **state)
{
    (void)state;
    assert_partitions("pk IN ['b', 'a', 'c'] ORDER BY pk", "a b c");
    assert_partitions("pk IN ['b', 'a', 'c'] ORDER BY pk DESC, sk", "c b a");
    assert_partitions("pk IN ['b', 'a', 'c'] ORDER BY sk DESC", "b a c");
    assert_false(plan("pk = 'a' ORDER BY sk").reverse);
    assert_true(plan("pk = 'a' ORDER BY pk, sk DESC").reverse);
    assert_false(plan("pk IN ['a', 'b'] ORDER BY pk DESC").reverse);
    assert_false(plan("pk > 'a' ORDER BY pk DESC, sk DESC").reverse); /* scans go one way */
}

static void assert_range(const char *where, enum key_operator operator, const char * operand)
{
    struct partiql_plan found = plan(where);
    assert_int_equal(found.range_count, 1);
    enum key_operator how = found.range[0].operator;
    assert_int_equal(how, operator);
    assert_slice(found.range[0].operand.bytes, operand);
}

static void test_ranges(void **state)
{
    (void)state;
    assert_range("pk = 'a' AND sk = 'x'", KEY_EQ, "x");
    assert_range("pk = 'a' AND sk > 'w' AND sk = 'x'", KEY_EQ, "x");
    assert_range("pk = 'a' AND 'x' < sk", KEY_GT, "x");
    assert_range("pk = 'a' AND 'x' >= sk", KEY_LE, "x");
    assert_range("pk = 'a' AND sk >= 'x' AND sk < 'z'", KEY_GE, "x");
    assert_range("pk IN ['a', 'b'] AND begins_with(sk, 'x')", KEY_BEGINS_WITH, "x");
    assert_range("pk = 'a' AND sk BETWEEN 'x' AND 'y'", KEY_BETWEEN, "x");
    assert_int_equal(plan("pk = 'a' AND sk <> 'x'").range_count, 0);
    assert_int_equal(plan("pk = 'a' AND sk IN ['x']").range_count, 0);
    assert_int_equal(plan("pk = 'a' AND sk = n").range_count, 0);
    assert_int_equal(plan("pk = 'a' AND 'x' BETWEEN sk AND 'y'").range_count, 0);
}

/* What the keys do not take is the filter. */
static void test_filter(void **state)
{
    (void)state;
    struct attribute attributes[] = {{SLICE("sk"), text_value("x")}, {SLICE("n"), number_value("1")}};
    struct item item = {attributes, 2};
    assert_null(plan("pk = 'a' AND sk = 'x'").filter);
    assert_true(condition_holds(plan("pk = 'a' AND n = 1 AND sk > 'w' AND sk < 'y'").filter, &item, &arena));
    assert_false(condition_holds(plan("pk = 'a' AND sk > 'w' AND sk < 'x'").filter, &item, &arena));
    assert_false(condition_holds(plan("sk = 'x' AND n = 2").filter, &item, &arena));
    assert_true(condition_holds(plan("n = 2 OR sk = 'x'").filter, &item, &arena));
}

static void test_refused_plans(void **state)
{
    (void)state;
    assert_plan_refused("pk = 1", PARTIQL_KEY_TYPE);
    assert_plan_refused("pk = 'a' AND sk = 1", PARTIQL_KEY_TYPE);
    assert_plan_refused("sk = 1", PARTIQL_CONDITION_TYPE);
    assert_plan_refused("pk IN ['a', 1]", PARTIQL_CONDITION_TYPE);
    assert_plan_refused("n = 1 OR pk > 1", PARTIQL_CONDITION_TYPE);
    assert_plan_refused("contains(sk, 1)", PARTIQL_CONDITION_TYPE);
    assert_partitions("pk BETWEEN n AND 2", ""); /* only with values alone */
    assert_plan_refused("pk = ''", PARTIQL_KEY_EMPTY);
    assert_plan_refused("pk.x = 'a'", PARTIQL_KEY_NESTED);
    assert_plan_refused("n = 1 ORDER BY pk", PARTIQL_ORDER_HASH);
    assert_plan_refused("pk = 'a' OR n = 1 ORDER BY pk", PARTIQL_ORDER_HASH);
    assert_plan_refused("pk = 'a' ORDER BY n", PARTIQL_ORDER_NAME);
}

static int plan_get(const char *where)
{
    struct partiql_error error = {0};
    struct item key;
    struct slice text = arena_printf(&arena, "SELECT * FROM abc WHERE %s%c", where, '\0');
    return partiql_plan_get(&arena, compile(text.data), &KEYS, &key, &error) == 0 ? 0 : error.code;
}

static void test_get(void **state)
{
    (void)state;
    assert_int_equal(plan_get("sk = 's' AND pk = 'a'"), 0);
    assert_int_equal(plan_get("pk = 'a'"), PARTIQL_SINGLE_ITEM);
    assert_int_equal(plan_get("pk = 'a' AND sk = 's' AND n = 1"), PARTIQL_SINGLE_ITEM);
    assert_int_equal(plan_get("pk = 'a' AND sk IN ['s']"), PARTIQL_SINGLE_ITEM);
    assert_int_equal(plan_get("pk = 'a' AND n = 1"), PARTIQL_SINGLE_ITEM);
    assert_int_equal(plan_get("pk = 'a' AND sk = 1"), PARTIQL_KEY_TYPE);
}

static struct condition *write_condition(const char *text)
{
    struct partiql_error error = {0};
    struct condition *condition;
    struct item key;
    int failed = partiql_plan_write(&arena, compile(text), &KEYS, &key, &condition, &error);
    assert_int_equal(failed, 0);
    assert_int_equal(key.count, 2);
    assert_slice(key.attributes[0].value.bytes, "a");
    assert_slice(key.attributes[1].value.bytes, "s");
    return condition;
}

static void test_write_conditions(void **state)
{
    (void)state;
    struct attribute attributes[] = {{SLICE("pk"), text_value("a")}, {SLICE("n"), number_value("1")}};
    struct item item = {attributes, 2};
    struct condition *condition = write_condition("INSERT INTO abc VALUE {'sk': 's', 'pk': 'a'}");
    assert_true(condition_holds(condition, NULL, &arena));
    assert_false(condition_holds(condition, &item, &arena));
    condition = write_condition("UPDATE abc SET n = 1 WHERE pk = 'a' AND sk = 's'");
    assert_false(condition_holds(condition, NULL, &arena));
    assert_true(condition_holds(condition, &item, &arena));
    condition = write_condition("UPDATE abc SET n = 1 WHERE pk = 'a' AND x IS MISSING AND sk = 's'");
    assert_false(condition_holds(condition, NULL, &arena));
    assert_true(condition_holds(condition, &item, &arena));
    assert_null(write_condition("DELETE FROM abc WHERE pk = 'a' AND sk = 's' AND sk = 's'"));
    condition = write_condition("DELETE FROM abc WHERE pk = 'a' AND sk = 's' AND n = 2");
    assert_true(condition_holds(condition, NULL, &arena));
    assert_false(condition_holds(condition, &item, &arena));
}

static int plan_write(const char *text)
{
    struct partiql_error error = {0};
    struct condition *condition;
    struct item key;
    return partiql_plan_write(&arena, compile(text), &KEYS, &key, &condition, &error) == 0 ? 0 : error.code;
}

static void test_refused_writes(void **state)
{
    (void)state;
    assert_int_equal(plan_write("INSERT INTO abc VALUE {'pk': 'a'}"), PARTIQL_KEY_ABSENT);
    assert_int_equal(plan_write("INSERT INTO abc VALUE {'pk': 'a', 'sk': 1}"), PARTIQL_KEY_TYPE);
    assert_int_equal(plan_write("DELETE FROM abc"), PARTIQL_KEYS_WANTED);
    assert_int_equal(plan_write("DELETE FROM abc WHERE pk = 'a' OR sk = 's'"), PARTIQL_KEYS_WANTED);
    assert_int_equal(plan_write("DELETE FROM abc WHERE pk = 'a' AND sk = 's' AND sk = 't'"), PARTIQL_KEY_REPEATED);
    assert_int_equal(plan_write("DELETE FROM abc WHERE pk = 'a' AND sk = NULL"), PARTIQL_KEY_NO_SCALAR);
    assert_int_equal(plan_write("DELETE FROM abc WHERE pk = '' AND sk = 's'"), PARTIQL_KEY_EMPTY);
    assert_int_equal(plan_write("DELETE FROM abc WHERE pk[0] = 'a' AND sk = 's'"), PARTIQL_KEY_NESTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_partitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_partitions_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_plans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_get, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_write_conditions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_writes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
