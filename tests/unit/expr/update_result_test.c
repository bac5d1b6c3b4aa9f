/* What an update gives back: the parts that UPDATED_OLD and UPDATED_NEW name, and the numbers that come out. */
#include "support.h"

#include "value/number.h"

/* "old parts -> new parts" */
static const char *run_parts(struct bench *bench, struct slice text)
{
    struct update *update;
    struct expr_error error;
    struct item new;
    struct item parts;
    struct buffer out = {0};
    assert_int_equal(update_parse(&bench->arena, text, &bench->symbols, &update, &error), 0);
    assert_int_equal(update_apply(update, &bench->key, &bench->item, &bench->arena, &new, &error), 0);
    update_project(update, &bench->item, &bench->arena, &parts);
    buffer_printf(&out, "%s -> ", show_item(bench, &parts));
    update_project(update, &new, &bench->arena, &parts);
    buffer_printf(&out, "%s", show_item(bench, &parts));
    return show_end(bench, &out);
}

static void only_what_the_paths_name_is_returned(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"SET n = :v", "{n: 5} -> {n: 1}"},
        {"SET a = :v", "{} -> {a: 1}"},
        {"REMOVE n", "{n: 5} -> {}"},
        {"REMOVE zz", "{} -> {}"},
        {"SET n = n", "{n: 5} -> {n: 5}"},
        {"SET a = :v REMOVE s", "{s: 'hello'} -> {a: 1}"},
        {"SET m.x = :9", "{m: {x: 1}} -> {m: {x: 9}}"},
        {"SET m.x = :9, m.z.k = :5", "{m: {x: 1, z: {k: 1}}} -> {m: {x: 9, z: {k: 5}}}"},
        {"SET m.q = :9", "{} -> {m: {q: 9}}"},
        {"REMOVE m.x", "{m: {x: 1}} -> {}"},
        {"SET m.y[1] = :9, n = :v", "{m: {y: [2]}, n: 5} -> {m: {y: [9]}, n: 1}"},
        {"SET l[1] = :9, l[0] = :x", "{l: [1, 2]} -> {l: ['x', 9]}"},
        {"SET l[3].p = :x", "{l: [{p: 1}]} -> {l: [{p: 'x'}]}"},
        {"SET l = list_append(l, :l)", "{l: [1, 2, 3, {p: 1}]} -> {l: [1, 2, 3, {p: 1}, 1, 'x']}"},
        {"ADD n :v", "{n: 5} -> {n: 6}"},
        {"ADD ss :sab", "{ss: <'a', 'b'>} -> {ss: <'a', 'b'>}"},
        {"DELETE ss :ss", "{ss: <'a', 'b'>} -> {ss: <'b'>}"},
        {"DELETE ss :sab", "{ss: <'a', 'b'>} -> {}"},
    };
    CHECK_TABLE(bench, run_parts, ROWS);
}

struct sum {
    const char *a, *b, *expected;
};

#define OVERFLOW  "Number overflow. Attempting to store a number with magnitude larger than supported range"
#define UNDERFLOW "Number underflow. Attempting to store a number with magnitude smaller than supported range"
#define NINES     "99999999999999999999999999999999999999"

static void sums_are_exact_or_refused(void **state)
{
    struct bench *bench = *state;
    static const struct sum ROWS[] = {
        {"0.1", "0.2", "a = 0.3, d = -0.1"},
        {"5", "5", "a = 10, d = 0"},
        {"-1", "1", "a = 0, d = -2"},
        {"1e37", "1", "a = 10000000000000000000000000000000000001, d = 9999999999999999999999999999999999999"},
        {NINES, "1", "a = 100000000000000000000000000000000000000, d = 99999999999999999999999999999999999998"},
        {"1e50", "1", OVERFLOW},
        {NINES, "0.1", OVERFLOW},
        {"9.9999999999999999999999999999999999999E125", "1E88", OVERFLOW},
        {"1.1E-130", "1E-130", UNDERFLOW},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct number numbers[2];
        char text[2][NUMBER_TEXT_MAX];
        struct expr_symbols *symbols = &bench->symbols;
        symbols->value_count = 2;
        const char *given[] = {ROWS[i].a, ROWS[i].b};
        for (unsigned k = 0; k < 2; k++) {
            assert_int_equal(number_parse(slice_from_string(given[k]), &numbers[k]), NUMBER_OK);
            struct slice canonical = slice_of(text[k], number_format(&numbers[k], text[k]));
            symbols->values[k].placeholder = k == 0 ? SLICE(":a") : SLICE(":b");
            symbols->values[k].value = (struct value){.type = VALUE_N, .bytes = canonical};
        }
        assert_string_equal(run_update(bench, SLICE("SET a = :a + :b, d = :a - :b")), ROWS[i].expected);
    }
}

static void adding_to_an_attribute_is_as_exact(void **state)
{
    struct bench *bench = *state;
    bench->item = bench_item(bench, "{'pk': {'S': 'k'}, 'n': {'N': '1e50'}}");
    assert_string_equal(run_update(bench, SLICE("ADD n :v")), OVERFLOW);
    assert_string_equal(run_update(bench, SLICE("SET n = n - :v")), OVERFLOW);
    assert_string_equal(run_update(bench, SLICE("SET n = n - n")), "n = 0");
}

/* Old item, update and new item share memory: nothing of the old one may change. */
static void the_old_item_stays_as_it_was(void **state)
{
    struct bench *bench = *state;
    struct buffer before = {0};
    struct buffer after = {0};
    item_append_json(&before, &bench->item);
    run_update(bench,
               SLICE("SET m.x = :9, m.z.q = :l, l[1] = m, l[9] = :x, #dot = n + :v, a = l, pk2 = if_not_exists(zz, m)"
                     " REMOVE l[0], m.y[0], s ADD n :v, ns :ns DELETE ss :sab"));
    item_append_json(&after, &bench->item);
    assert_true(slice_equal(buffer_slice(&before), buffer_slice(&after)));
    buffer_finish(&before);
    buffer_finish(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_the_paths_name_is_returned),
        TEST(sums_are_exact_or_refused),
        TEST(adding_to_an_attribute_is_as_exact),
        TEST(the_old_item_stays_as_it_was),
    };
    return cmocka_run_group_tests_name("expr/update_result", tests, NULL, NULL);
}
