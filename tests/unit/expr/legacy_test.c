/* Trees of the legacy parameters. Rows are written as "name COMPARISON :value :value, …" and "name ACTION :value, …".
 */
#include "expr/legacy.h"

#include "support.h"

#define WORDS_MAX 8
#define ITEMS_MAX 16

/* "a, b c" one item after the other, each as its words. */
struct reader {
    struct bench *bench;
    struct slice rest;
    struct slice words[WORDS_MAX];
    uint32_t count;
};

static bool next_item(struct reader *reader)
{
    struct slice rest = reader->rest;
    reader->count = 0;
    for (bool ends = false; rest.len > 0 && !ends;) {
        size_t len = 0;
        while (len < rest.len && rest.data[len] != ' ') {
            len++;
        }
        ends = rest.data[len - 1] == ',';
        assert_true(reader->count < WORDS_MAX);
        reader->words[reader->count++] = slice_of(rest.data, len - ends);
        len += len < rest.len;
        rest = slice_of(rest.data + len, rest.len - len);
    }
    reader->rest = rest;
    return reader->count > 0;
}

static uint32_t word_position(struct slice word, const char *const *words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(word, slice_from_string(words[i]))) {
            return i;
        }
    }
    fail_msg("no such word: %.*s", SLICE_ARG(word));
    return 0;
}

static struct value value_of(struct bench *bench, struct slice placeholder)
{
    for (uint32_t i = 0; i < bench->symbols.value_count; i++) {
        if (slice_equal(bench->symbols.values[i].placeholder, placeholder)) {
            return bench->symbols.values[i].value;
        }
    }
    fail_msg("no such value: %.*s", SLICE_ARG(placeholder));
    return (struct value){0};
}

static uint32_t read_tests(struct bench *bench, struct slice text, struct legacy_test *ret_tests)
{
    static const char *const COMPARISONS[] = {
        "EQ",      "NE",       "IN",   "LE",       "LT",           "GE",          "GT",
        "BETWEEN", "NOT_NULL", "NULL", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH",
    };
    struct reader reader = {.bench = bench, .rest = text};
    uint32_t count = 0;
    while (next_item(&reader)) {
        struct value *values = ARENA_ARRAY(&bench->arena, struct value, WORDS_MAX);
        for (uint32_t i = 2; i < reader.count; i++) {
            values[i - 2] = value_of(bench, reader.words[i]);
        }
        assert_true(count < ITEMS_MAX);
        ret_tests[count++] = (struct legacy_test){
            .name = reader.words[0],
            .comparison = (enum legacy_comparison)word_position(reader.words[1], COMPARISONS, COUNT(COMPARISONS)),
            .values = values,
            .count = reader.count - 2,
        };
    }
    return count;
}

static const char *run_joined(struct bench *bench, struct slice text, bool any)
{
    struct legacy_test tests[ITEMS_MAX];
    uint32_t count = read_tests(bench, text, tests);
    struct condition *condition = condition_of_tests(&bench->arena, tests, count, any);
    return condition_holds(condition, bench->exists ? &bench->item : NULL, &bench->arena) ? "true" : "false";
}

static const char *run_all(struct bench *bench, struct slice text)
{
    return run_joined(bench, text, false);
}

static const char *run_any(struct bench *bench, struct slice text)
{
    return run_joined(bench, text, true);
}

static const struct expectation COMPARED[] = {
    {"n EQ :5", "true"},
    {"n EQ :v", "false"},
    {"zz EQ :5", "false"},
    {"ss EQ :sab", "true"},
    {"n NE :v", "true"},
    {"n NE :5", "false"},
    {"n NE :s", "true"},
    {"zz NE :v", "true"},
    {"n IN :v :5", "true"},
    {"n IN :v :9", "false"},
    {"zz IN :v", "false"},
    {"n LE :5", "true"},
    {"n LE :v", "false"},
    {"n LT :9", "true"},
    {"n LT :5", "false"},
    {"s LT :5", "false"},
    {"n GE :5", "true"},
    {"n GE :9", "false"},
    {"n GT :v", "true"},
    {"n GT :5", "false"},
    {"zz GT :v", "false"},
    {"n BETWEEN :v :5", "true"},
    {"n BETWEEN :9 :9", "false"},
    {"n NOT_NULL", "true"},
    {"nu NOT_NULL", "true"},
    {"zz NOT_NULL", "false"},
    {"zz NULL", "true"},
    {"nu NULL", "false"},
    {"s CONTAINS :s", "true"},
    {"s CONTAINS :x", "false"},
    {"l CONTAINS :v", "true"},
    {"ns CONTAINS :v", "true"},
    {"zz CONTAINS :v", "false"},
    {"s NOT_CONTAINS :x", "true"},
    {"s NOT_CONTAINS :s", "false"},
    {"n NOT_CONTAINS :s", "true"},
    {"zz NOT_CONTAINS :s", "false"},
    {"s BEGINS_WITH :s", "true"},
    {"s BEGINS_WITH :x", "false"},
    {"n BEGINS_WITH :s", "false"},
    {"m.x NULL", "true"},
    {"a.b NOT_NULL", "true"},
    {"l[0] NULL", "true"},
};

static void comparisons(void **state)
{
    CHECK_TABLE(*state, run_all, COMPARED);
    CHECK_TABLE(*state, run_any, COMPARED);
}

static void several_tests(void **state)
{
    static const struct expectation ALL[] = {
        {"n EQ :5, zz NULL", "true"},
        {"n EQ :5, zz NOT_NULL", "false"},
        {"zz NOT_NULL, n EQ :5, s BEGINS_WITH :s", "false"},
        {"n EQ :5, f LT :v, s NOT_NULL, b NOT_NULL, t EQ :t, nu EQ :nl, ss EQ :sab, e EQ :e, l NOT_NULL, pk NOT_NULL",
         "true"},
        {"n EQ :5, f LT :v, s NOT_NULL, b NOT_NULL, t EQ :t, nu EQ :nl, ss EQ :ss, e EQ :e, l NOT_NULL, pk NOT_NULL",
         "false"},
    };
    static const struct expectation ANY[] = {
        {"n EQ :5, zz NOT_NULL", "true"},
        {"zz NOT_NULL, n EQ :5", "true"},
        {"n EQ :v, zz NOT_NULL", "false"},
        {"n EQ :v, zz NOT_NULL, s EQ :x, t EQ :v, l EQ :l", "false"},
        {"n EQ :v, zz NOT_NULL, s EQ :x, t EQ :v, l NE :l", "true"},
    };
    CHECK_TABLE(*state, run_all, ALL);
    CHECK_TABLE(*state, run_any, ANY);
}

static void no_item(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"n NULL", "true"},  {"n NOT_NULL", "false"},        {"n EQ :5", "false"},
        {"n NE :5", "true"}, {"n NOT_CONTAINS :5", "false"},
    };
    bench->exists = false;
    CHECK_TABLE(bench, run_all, ROWS);
}

/* More values than one IN of an expression takes; more tests than one expression has operators. */
static void no_limits(void **state)
{
    struct bench *bench = *state;
    enum { MANY = 50001 };
    struct value *values = ARENA_ARRAY(&bench->arena, struct value, MANY);
    struct legacy_test *tests = ARENA_ARRAY(&bench->arena, struct legacy_test, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        values[i] = (struct value){.type = VALUE_N, .bytes = arena_printf(&bench->arena, "%u", 1000 + i)};
        tests[i] = (struct legacy_test){arena_printf(&bench->arena, "a%u", i), LEGACY_NULL, NULL, 0};
    }
    struct legacy_test in = {SLICE("n"), LEGACY_IN, values, MANY};
    assert_false(condition_holds(condition_of_tests(&bench->arena, &in, 1, false), &bench->item, &bench->arena));
    values[MANY - 1] = value_of(bench, SLICE(":5"));
    assert_true(condition_holds(condition_of_tests(&bench->arena, &in, 1, false), &bench->item, &bench->arena));
    in.count = EXPR_IN_OPERANDS_MAX;
    assert_false(condition_holds(condition_of_tests(&bench->arena, &in, 1, false), &bench->item, &bench->arena));
    values[EXPR_IN_OPERANDS_MAX - 1] = value_of(bench, SLICE(":5"));
    assert_true(condition_holds(condition_of_tests(&bench->arena, &in, 1, false), &bench->item, &bench->arena));

    assert_true(condition_holds(condition_of_tests(&bench->arena, tests, MANY, false), &bench->item, &bench->arena));
    tests[MANY - 1].comparison = LEGACY_NOT_NULL;
    assert_false(condition_holds(condition_of_tests(&bench->arena, tests, MANY, false), &bench->item, &bench->arena));
}

static bool add_name(void *context, struct slice name)
{
    buffer_printf(context, "%.*s ", SLICE_ARG(name));
    return true;
}

static void names_are_visited(void **state)
{
    struct bench *bench = *state;
    struct legacy_test tests[ITEMS_MAX];
    uint32_t count = read_tests(bench, SLICE("n EQ :5, m.x NULL, s NOT_CONTAINS :x"), tests);
    struct buffer names = {0};
    condition_visit_names(condition_of_tests(&bench->arena, tests, count, false), add_name, &names);
    assert_string_equal(show_end(bench, &names), "n m.x s s ");
}

static void key_terms(void **state)
{
    struct bench *bench = *state;
    static const char *const OPERATORS[] = {"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with", "none"};
    static const struct expectation ROWS[] = {
        {"n EQ :5", "n = 5"},
        {"n LE :5", "n <= 5"},
        {"n LT :5", "n < 5"},
        {"n GE :5", "n >= 5"},
        {"n GT :5", "n > 5"},
        {"n BETWEEN :v :5", "n BETWEEN 1 5"},
        {"n NE :5", "n none 5"},
        {"n IN :5 :v", "n none 5"},
        {"s BEGINS_WITH :s", "s begins_with 'hel'"},
        {"n CONTAINS :5", "n none 5"},
        {"n NOT_CONTAINS :5", "n none 5"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct legacy_test test;
        struct key_term term;
        struct buffer out = {0};
        read_tests(bench, slice_from_string(ROWS[i].text), &test);
        key_term_of_test(&test, &term);
        buffer_printf(&out, "%.*s %s ", SLICE_ARG(term.name), OPERATORS[term.operator]);
        show_value(&out, &term.operand);
        if (term.operator== KEY_BETWEEN) {
            buffer_append_byte(&out, ' ');
            show_value(&out, &term.operand_upper);
        }
        assert_string_equal(show_end(bench, &out), ROWS[i].expected);
    }
    struct legacy_test test;
    struct key_term term;
    read_tests(bench, SLICE("n NOT_NULL"), &test);
    key_term_of_test(&test, &term);
    assert_true(term.operator== KEY_NOT_INDEXABLE && term.operand.type == 0);
}

static const char *run_changes(struct bench *bench, struct slice text)
{
    static const char *const ACTIONS[] = {"ADD", "PUT", "DELETE"};
    struct legacy_change changes[ITEMS_MAX];
    struct reader reader = {.bench = bench, .rest = text};
    struct expr_error error = {0};
    const struct item *old = bench->exists ? &bench->item : NULL;
    struct item new;
    uint32_t count = 0;
    while (next_item(&reader)) {
        struct value *value = NULL;
        if (reader.count > 2) {
            value = ARENA_NEW(&bench->arena, struct value);
            *value = value_of(bench, reader.words[2]);
        }
        assert_true(count < ITEMS_MAX);
        changes[count++] = (struct legacy_change){
            .name = reader.words[0],
            .action = (enum legacy_action)word_position(reader.words[1], ACTIONS, COUNT(ACTIONS)),
            .value = value,
        };
    }
    struct update *update = update_of_changes(&bench->arena, changes, count);
    if (update_apply(update, &bench->key, old, &bench->arena, &new, &error) != 0) {
        return show_error(bench, EXPR_UPDATE, &error);
    }
    return show_change(bench, old != NULL ? old : &bench->key, &new);
}

static void changes(void **state)
{
    static const struct expectation ROWS[] = {
        {"q PUT :v", "q = 1"},
        {"n PUT :s", "n = 'hel'"},
        {"m.x PUT :v", "m.x = 1"},
        {"n ADD :v", "n = 6"},
        {"q ADD :v", "q = 1"},
        {"s ADD :v", DATA_TYPE},
        {"ss ADD :ss", ""},
        {"ns ADD :ns", "ns = <1, 2, 3>"},
        {"q ADD :ss", "q = <'a'>"},
        {"ss ADD :ns", DATA_TYPE},
        {"el ADD :l", "el = [1, 'x']"},
        {"l ADD :l", "l = [1, 2, 3, {p: 1}, 1, 'x']"},
        {"q ADD :l", "q = [1, 'x']"},
        {"n ADD :l", DATA_TYPE},
        {"l ADD :v", DATA_TYPE},
        {"n DELETE", "-n"},
        {"q DELETE", ""},
        {"ss DELETE :ss", "ss = <'b'>"},
        {"ss DELETE :sab", "-ss"},
        {"q DELETE :ss", ""},
        {"s DELETE :ss", DATA_TYPE},
        {"ss DELETE :ns", DATA_TYPE},
        {"n DELETE, q PUT :v, f ADD :v, l ADD :l, ss DELETE :ss",
         "f = -0.5, ss = <'b'>, l = [1, 2, 3, {p: 1}, 1, 'x'], q = 1, -n"},
        {"a PUT :v, b PUT :v, c PUT :v, d PUT :v, e PUT :v, f PUT :v, g PUT :v, h PUT :v, i ADD :l, l ADD :l",
         "f = 1, e = 1, b = 1, l = [1, 2, 3, {p: 1}, 1, 'x'], a = 1, c = 1, d = 1, g = 1, h = 1, i = [1, 'x']"},
    };
    CHECK_TABLE(*state, run_changes, ROWS);
}

static void changes_without_an_item(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"q PUT :v", "q = 1"}, {"q ADD :v", "q = 1"}, {"q ADD :l", "q = [1, 'x']"},
        {"q DELETE", ""},      {"q DELETE :ss", ""},  {"q DELETE, r PUT :v", "r = 1"},
    };
    bench->exists = false;
    CHECK_TABLE(bench, run_changes, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comparisons),       TEST(several_tests), TEST(no_item), TEST(no_limits),
        TEST(names_are_visited), TEST(key_terms),     TEST(changes), TEST(changes_without_an_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
