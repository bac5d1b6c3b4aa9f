#include "support.h"

#include <stdio.h>

static const struct value *attribute(const struct item *item, const char *name)
{
    const struct value *value = item_find(item, slice_from_string(name));
    assert_non_null(value);
    return value;
}

static void test_select(void **state)
{
    (void)state;
    struct partiql_statement *statement =
        compile("select a.b[0][1], \"q\"\"r\", m['x'] from \"my.table\".\"idx\" where a = ? order by sk desc, pk;");
    assert_int_equal(statement->kind, PARTIQL_SELECT);
    assert_slice(statement->table, "my.table");
    assert_slice(statement->index, "idx");
    assert_int_equal(statement->column_count, 3);
    assert_slice(statement->columns[0].label, "b[0][1]");
    assert_slice(statement->columns[1].label, "q\"r");
    assert_slice(statement->columns[2].label, "x");
    assert_int_equal(statement->order_count, 2);
    assert_true(statement->order[0].descending);
    assert_false(statement->order[1].descending);
    assert_non_null(statement->where);
    assert_null(compile("SELECT * FROM abc")->projection);
}

static void test_columns_of_an_item(void **state)
{
    (void)state;
    struct value elements[] = {text_value("zero"), text_value("one")};
    struct attribute inner = {SLICE("y"), {.type = VALUE_L, .count = 2, .elements = elements}};
    struct attribute attributes[] = {{SLICE("pk"), text_value("a")},
                                     {SLICE("m"), {.type = VALUE_M, .count = 1, .attributes = &inner}}};
    struct item item = {attributes, 2};
    struct item shown;
    partiql_project(compile("SELECT m.y[1], nope, pk FROM abc"), &item, &arena, &shown);
    assert_int_equal(shown.count, 2);
    assert_slice(shown.attributes[0].name, "y[1]");
    assert_slice(shown.attributes[0].value.bytes, "one");
    assert_slice(shown.attributes[1].name, "pk");
}

static void test_insert(void **state)
{
    (void)state;
    struct partiql_statement *statement = compile(
        "INSERT INTO abc VALUE {'s': 'it''s', 'n': -01.50, 'l': [1, {'a': null}], 'set': <<'x', 'y'>>, 'p': ?}");
    assert_int_equal(statement->kind, PARTIQL_INSERT);
    assert_slice(statement->table, "abc");
    assert_int_equal(statement->item.count, 5);
    assert_slice(attribute(&statement->item, "s")->bytes, "it's");
    assert_slice(attribute(&statement->item, "n")->bytes, "-1.5");
    assert_int_equal(attribute(&statement->item, "l")->type, VALUE_L);
    assert_int_equal(attribute(&statement->item, "l")->elements[1].attributes[0].value.type, VALUE_NULL);
    assert_int_equal(attribute(&statement->item, "set")->type, VALUE_SS);
    assert_slice(attribute(&statement->item, "p")->bytes, "p0");
}

static void test_update(void **state)
{
    (void)state;
    struct partiql_statement *statement =
        compile("UPDATE abc SET a = ?, n = n + ? - 1 SET s = set_add(s, <<'y'>>) REMOVE gone WHERE pk = 'a' RETURNING "
                "MODIFIED OLD *");
    struct value member = text_value("x");
    struct attribute attributes[] = {{SLICE("n"), number_value("5")},
                                     {SLICE("s"), {.type = VALUE_SS, .count = 1, .elements = &member}},
                                     {SLICE("gone"), number_value("0")}};
    struct item old = {attributes, 3};
    struct item key = {0};
    struct item new;
    struct expr_error error;
    assert_int_equal(statement->returning, PARTIQL_RETURN_MODIFIED_OLD);
    assert_int_equal(update_apply(statement->update, &key, &old, &arena, &new, &error), 0);
    assert_slice(attribute(&new, "a")->bytes, "p0");
    assert_slice(attribute(&new, "n")->bytes, "5");
    assert_int_equal(attribute(&new, "s")->count, 2);
    assert_null(item_find(&new, SLICE("gone")));
}

static void test_is_read(void **state)
{
    (void)state;
    assert_true(partiql_is_read(SLICE(" /* x */ select")));
    assert_true(partiql_is_read(SLICE("EXISTS(")));
    assert_false(partiql_is_read(SLICE("INSERT")));
    assert_false(partiql_is_read(SLICE("\"select\"")));
    assert_false(partiql_is_read(SLICE("")));
}

static void test_refused(void **state)
{
    (void)state;
    assert_refused("", PARTIQL_MALFORMED);
    assert_refused("SELECT * FROM abc x", PARTIQL_ALIAS);
    assert_refused("SELECT * FROM abc x y", PARTIQL_MALFORMED); /* before the alias */
    assert_refused("SELECT * FROM abc WHERE a = ?", PARTIQL_PARAMETERS);
    assert_refused("SELECT * FROM abc WHERE a", PARTIQL_WHERE_BOOLEAN);
    assert_refused("SELECT * FROM ab", PARTIQL_TABLE_NAME);
    assert_refused("SELECT a, a FROM abc", PARTIQL_COLUMN_REPEATED);
    assert_refused("SELECT a, a.b FROM abc", PARTIQL_EXPRESSION);
    assert_refused("INSERT INTO abc VALUE {'a': <<>>}", PARTIQL_BAG_EMPTY);
    assert_refused("UPDATE abc SET a = 1 RETURNING ALL OLD *, ALL OLD *", PARTIQL_RETURNING_SEVERAL);
    assert_refused("DELETE FROM abc RETURNING ALL NEW *", PARTIQL_RETURNING_DELETE);
}

/* As many levels as are allowed, and more: the whole and the right operand are levels too. */
static void test_depth(void **state)
{
    (void)state;
    char text[4 * PARTIQL_DEPTH_MAX];
    for (int levels = PARTIQL_DEPTH_MAX - 2; levels < PARTIQL_DEPTH_MAX; levels++) {
        int at = snprintf(text, sizeof text, "SELECT * FROM abc WHERE ");
        memset(text + at, '(', (size_t)levels);
        at += levels;
        at += snprintf(text + at, sizeof text - (size_t)at, "a=1");
        memset(text + at, ')', (size_t)levels);
        text[at + levels] = '\0';
        if (levels < PARTIQL_DEPTH_MAX - 1) {
            compile(text);
        } else {
            assert_refused(text, PARTIQL_TOO_DEEP);
        }
    }
}

static void test_places(void **state)
{
    (void)state;
    struct partiql_statement *statement;
    struct partiql_error error;
    assert_int_equal(partiql_compile(&arena, SLICE("SELECT\n COUNT(*) FROM abc"), NULL, 0, &statement, &error), -1);
    assert_true(error.placed);
    assert_int_equal(error.start, 8);
    assert_int_equal(error.end, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_select, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_columns_of_an_item, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_insert, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_update, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
