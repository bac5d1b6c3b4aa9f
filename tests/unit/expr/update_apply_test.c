/* Updates against items: "a = 6, -s" is what changed. */
#include "support.h"

static void sets_values(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET a = :v", "a = 1"},
        {"SET a = n", "a = 5"},
        {"SET n = :v", "n = 1"},
        {"SET n = n", ""},
        {"SET a = (n)", "a = 5"},
        {"SET a = n + :v", "a = 6"},
        {"SET a = n - :v", "a = 4"},
        {"SET a=n-f", "a = 6.5"},
        {"SET a=f+f", "a = -3"},
        {"SET a = (n + f)", "a = 3.5"},
        {"SET a = (n) + (f)", "a = 3.5"},
        {"SET n = n + n, a = n - :v", "n = 10, a = 4"},
        {"SET n = s, s = n", "n = 'hello', s = 5"},
        {"SET a = l, l = :v", "l = 1, a = [1, 2, 3, {p: 1}]"},
        {"SET a = m.y[1] + l[2]", "a = 5"},
        {"SET m.x = :9", "m = {x: 9, y: [1, 2], z: {k: 1}}"},
        {"SET m.q = :9, m.z.k = :5", "m = {x: 1, y: [1, 2], z: {k: 5}, q: 9}"},
        {"SET m.y[0] = :9", "m = {x: 1, y: [9, 2], z: {k: 1}}"},
        {"SET a = #dot, #dot = :v", "a.b = 1, a = 'dotted'"},
        {"SET a = pk", "a = 'k'"},
        {"set a = :v remove s add n :v delete ss :ss", "n = 6, ss = <'b'>, a = 1, -s"},
        {"SET a = if_not_exists(zz, :v)", "a = 1"},
        {"SET a = if_not_exists(n, :v)", "a = 5"},
        {"SET n = if_not_exists(n, :v) + :v", "n = 6"},
        {"SET a = if_not_exists(zz, :v) + if_not_exists(n, :v)", "a = 6"},
        {"SET a = if_not_exists(zz, if_not_exists(yy, :v))", "a = 1"},
        {"SET a = if_not_exists(m.zz.q, :s)", "a = 'hel'"},
        {"SET a = if_not_exists(n.q, :s)", "a = 'hel'"},
        {"SET a = if_not_exists(l[9], :s)", "a = 'hel'"},
        {"SET a = list_append(l, :l)", "a = [1, 2, 3, {p: 1}, 1, 'x']"},
        {"SET a = list_append(:l, l)", "a = [1, 'x', 1, 2, 3, {p: 1}]"},
        {"SET l = list_append(l, l)", "l = [1, 2, 3, {p: 1}, 1, 2, 3, {p: 1}]"},
        {"SET a = list_append(el, :l)", "a = [1, 'x']"},
        {"SET a = list_append(if_not_exists(zz, el), :l)", "a = [1, 'x']"},
        {"SET a = (list_append(:l, :l))", "a = [1, 'x', 1, 'x']"},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void list_indexes_are_positions_before(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET l[0] = :x", "l = ['x', 2, 3, {p: 1}]"},
        {"SET l[1] = :x, l[0] = :9", "l = [9, 'x', 3, {p: 1}]"},
        {"SET l[9] = :x", "l = [1, 2, 3, {p: 1}, 'x']"},
        {"SET l[9] = :x, l[7] = :9", "l = [1, 2, 3, {p: 1}, 9, 'x']"},
        {"SET l[4] = :x, l[0] = :9", "l = [9, 2, 3, {p: 1}, 'x']"},
        {"SET el[5] = :x", "el = ['x']"},
        {"SET l[3].p = :x, l[3].q = :9", "l = [1, 2, 3, {p: 'x', q: 9}]"},
        {"REMOVE l[0]", "l = [2, 3, {p: 1}]"},
        {"REMOVE l[0], l[1]", "l = [3, {p: 1}]"},
        {"REMOVE l[0], l[1], l[2], l[3]", "l = []"},
        {"REMOVE l[9]", ""},
        {"REMOVE l[0] SET l[1] = :x", "l = ['x', 3, {p: 1}]"},
        {"REMOVE l[0] SET l[9] = :x", "l = [2, 3, {p: 1}, 'x']"},
        {"REMOVE l[0] SET l[3].p = :x", "l = [2, 3, {p: 'x'}]"},
        {"REMOVE l[1], l[5] SET l[2] = :x, l[7] = :v", "l = [1, 'x', {p: 1}, 1]"},
        {"REMOVE l[3].p", "l = [1, 2, 3, {}]"},
        {"REMOVE m.y[0] SET m.x = l", "m = {x: [1, 2, 3, {p: 1}], y: [2], z: {k: 1}}"},
        {"ADD l[0] :5", "l = [6, 2, 3, {p: 1}]"},
        {"ADD l[9] :5", "l = [1, 2, 3, {p: 1}, 5]"},
        {"ADD l[9] :5, l[8] :ss", "l = [1, 2, 3, {p: 1}, <'a'>, 5]"},
        {"DELETE l[9] :ss", ""},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void removes_attributes(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"REMOVE s", "-s"},
        {"REMOVE zz", ""},
        {"REMOVE s, n, zz", "-n, -s"},
        {"REMOVE m.x", "m = {y: [1, 2], z: {k: 1}}"},
        {"REMOVE m.x, m.y, m.z", "m = {}"},
        {"REMOVE m.q", ""},
        {"REMOVE n SET a = n", "a = 5, -n"},
        {"REMOVE l SET a = l", "a = [1, 2, 3, {p: 1}], -l"},
        {"REMOVE #dot", "-a.b"},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void adds_and_deletes(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"ADD n :v", "n = 6"},
        {"ADD f :v", "f = -0.5"},
        {"ADD zz :v", "zz = 1"},
        {"ADD m.x :v", "m = {x: 2, y: [1, 2], z: {k: 1}}"},
        {"ADD m.q :v", "m = {x: 1, y: [1, 2], z: {k: 1}, q: 1}"},
        {"ADD ss :sab", ""},
        {"ADD ns :ns", "ns = <1, 2, 3>"},
        {"ADD bs :bs", ""},
        {"ADD zz :ss", "zz = <'a'>"},
        {"ADD m.q :ns", "m = {x: 1, y: [1, 2], z: {k: 1}, q: <1, 3>}"},
        {"DELETE ss :ss", "ss = <'b'>"},
        {"DELETE ss :sab", "-ss"},
        {"DELETE ns :ns", "ns = <2>"},
        {"DELETE bs :bs", "-bs"},
        {"DELETE zz :ss", ""},
        {"DELETE m.q :ss", ""},
        {"ADD n :v, ss :ss DELETE ns :ns", "n = 6, ns = <2>"},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void what_the_item_does_not_allow(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET a = zz", MISSING},
        {"SET a = m.zz", MISSING},
        {"SET a = l[9]", MISSING},
        {"SET a = n.x", MISSING},
        {"SET a = n + zz", MISSING},
        {"SET a = zz + n", MISSING},
        {"SET a = list_append(l, zz)", MISSING},
        {"SET a = if_not_exists(zz, yy)", MISSING},
        {"SET a = if_not_exists(n, yy)", MISSING},
        {"SET m.q.r = :v", INVALID_PATH},
        {"SET zz.a = :v", INVALID_PATH},
        {"SET zz[0] = :v", INVALID_PATH},
        {"SET l.a = :v", INVALID_PATH},
        {"SET m[0] = :v", INVALID_PATH},
        {"SET n.a = :v", INVALID_PATH},
        {"SET l[1].a = :v", INVALID_PATH},
        {"SET l[9].a = :v", INVALID_PATH},
        {"SET m.y.a = :v", INVALID_PATH},
        {"SET zz.a = yy", INVALID_PATH},
        {"REMOVE zz.a", INVALID_PATH},
        {"REMOVE zz[0]", INVALID_PATH},
        {"REMOVE m.q.r", INVALID_PATH},
        {"REMOVE n.x", INVALID_PATH},
        {"REMOVE n[0]", INVALID_PATH},
        {"REMOVE l.a", INVALID_PATH},
        {"REMOVE m[0]", INVALID_PATH},
        {"REMOVE l[9].a", INVALID_PATH},
        {"REMOVE l[0].a", INVALID_PATH},
        {"ADD zz.a :v", INVALID_PATH},
        {"ADD n.x :v", INVALID_PATH},
        {"DELETE zz.a :ss", INVALID_PATH},
        {"DELETE m.q.r :ss", INVALID_PATH},
        {"SET a = s + :v", DATA_TYPE},
        {"SET a = n + s", DATA_TYPE},
        {"SET a = s + zz", DATA_TYPE},
        {"SET a = list_append(l, n)", DATA_TYPE},
        {"SET a = list_append(n, l)", DATA_TYPE},
        {"SET a = if_not_exists(zz,:s) + :v", DATA_TYPE},
        {"SET a = list_append(if_not_exists(zz,:s),:l)", DATA_TYPE},
        {"ADD s :v", DATA_TYPE},
        {"ADD ss :v", DATA_TYPE},
        {"ADD n :ss", DATA_TYPE},
        {"ADD ss :ns", DATA_TYPE},
        {"ADD l :v", DATA_TYPE},
        {"ADD m :v", DATA_TYPE},
        {"ADD nu :v", DATA_TYPE},
        {"DELETE n :ss", DATA_TYPE},
        {"DELETE ss :ns", DATA_TYPE},
        {"DELETE s :ss", DATA_TYPE},
        {"DELETE m.x :ss", DATA_TYPE},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

static void an_item_that_is_not_there(void **state)
{
    struct bench *bench = *state;
    bench->exists = false;
    static const struct expectation ROWS[] = {
        {"SET a = :v", "a = 1"},
        {"SET a = pk", "a = 'k'"},
        {"SET a = if_not_exists(pk, :v)", "a = 'k'"},
        {"SET a = if_not_exists(b, :v)", "a = 1"},
        {"SET a = if_not_exists(b, :v) + :v", "a = 2"},
        {"SET a = n", MISSING},
        {"SET a = n + :v", MISSING},
        {"SET a.b = :v", INVALID_PATH},
        {"SET a[0] = :v", INVALID_PATH},
        {"REMOVE a", ""},
        {"REMOVE a.b", ""},
        {"REMOVE a[0]", ""},
        {"REMOVE a.b SET b = :v", "b = 1"},
        {"DELETE a :ss", ""},
        {"DELETE a.b :ss", INVALID_PATH},
        {"ADD a :v", "a = 1"},
        {"ADD a :ss", "a = <'a'>"},
        {"ADD a.b :v", INVALID_PATH},
        {"REMOVE a SET b = :v", "b = 1"},
    };
    CHECK_TABLE(bench, run_update, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sets_values),      TEST(list_indexes_are_positions_before), TEST(removes_attributes),
        TEST(adds_and_deletes), TEST(what_the_item_does_not_allow),      TEST(an_item_that_is_not_there),
    };
    return cmocka_run_group_tests_name("expr/update_apply", tests, NULL, NULL);
}
