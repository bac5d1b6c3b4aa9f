/* Placeholders: the rules for their maps, what is unused, and that very many of them cost no more than sorting them;
 * the reserved words; which attributes an expression touches. */
#include "support.h"

#include "base/env.h"

static const char *run_names(struct bench *bench, const char *json)
{
    struct expr_error error = {0};
    bench_names(bench, json);
    return expr_check_names(&bench->symbols, &bench->arena, &error) == 0 ? "good"
                                                                         : show_error(bench, EXPR_CONDITION, &error);
}

static const char *run_value_keys(struct bench *bench, const char *json)
{
    struct expr_error error = {0};
    bench_values(bench, json);
    return expr_check_value_keys(&bench->symbols, &bench->arena, &error) == 0
               ? "good"
               : show_error(bench, EXPR_CONDITION, &error);
}

#define NAMES_KEY  "ExpressionAttributeNames contains invalid key: "
#define VALUES_KEY "ExpressionAttributeValues contains invalid key: "

static void name_placeholders_have_a_form(void **state)
{
    static const struct expectation ROWS[] = {
        {"{'#a': 'x', '#1': 'y', '#_': 'z', '#aB_9': 'w'}", "good"},
        {"{}", "good"},
        {"{'a': 'x'}", NAMES_KEY "Syntax error; key: \"a\""},
        {"{'#': 'x'}", NAMES_KEY "Syntax error; key: \"#\""},
        {"{'##': 'x'}", NAMES_KEY "Syntax error; key: \"##\""},
        {"{'#a b': 'x'}", NAMES_KEY "Syntax error; key: \"#a b\""},
        {"{'#a-b': 'x'}", NAMES_KEY "Syntax error; key: \"#a-b\""},
        {"{'#a.b': 'x'}", NAMES_KEY "Syntax error; key: \"#a.b\""},
        {"{'#a#b': 'x'}", NAMES_KEY "Syntax error; key: \"#a#b\""},
        {"{'a#b': 'x'}", NAMES_KEY "Syntax error; key: \"a#b\""},
        {"{'#é': 'x'}", NAMES_KEY "Syntax error; key: \"#é\""},
        {"{':a': 'x'}", NAMES_KEY "Syntax error; key: \":a\""},
        {"{' #a ': 'x'}", "good"}, /* but nothing in an expression can name it */
        {"{'': 'x'}", NAMES_KEY "The expression attribute map contains an empty key;"},
        {"{'#a': ''}", "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"},
        {"{'#a': '', '#': 'x'}", NAMES_KEY "Syntax error; key: \"#\""},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        assert_string_equal(run_names(*state, ROWS[i].text), ROWS[i].expected);
    }
}

static void value_placeholders_have_a_form(void **state)
{
    static const struct expectation ROWS[] = {
        {"{':a': {'N': '1'}, ':1': {'N': '1'}, ':_': {'N': '1'}}", "good"},
        {"{'a': {'N': '1'}}", VALUES_KEY "Syntax error; key: \"a\""},
        {"{':': {'N': '1'}}", VALUES_KEY "Syntax error; key: \":\""},
        {"{'::': {'N': '1'}}", VALUES_KEY "Syntax error; key: \"::\""},
        {"{':a-b': {'N': '1'}}", VALUES_KEY "Syntax error; key: \":a-b\""},
        {"{':é': {'N': '1'}}", VALUES_KEY "Syntax error; key: \":é\""},
        {"{'#a': {'N': '1'}}", VALUES_KEY "Syntax error; key: \"#a\""},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        assert_string_equal(run_value_keys(*state, ROWS[i].text), ROWS[i].expected);
    }
    struct bench *bench = *state;
    struct expr_error error;
    bench->symbols.values[0].placeholder = SLICE("");
    assert_int_equal(expr_check_value_keys(&bench->symbols, &bench->arena, &error), -1);
    assert_string_equal(show_error(bench, EXPR_CONDITION, &error),
                        VALUES_KEY "The expression attribute map contains an empty key;");
}

static char *repeated(struct bench *bench, const char *before, char c, size_t count, const char *after)
{
    char *text = arena_zalloc(&bench->arena, strlen(before) + count + strlen(after) + 1);
    strcpy(text, before);
    memset(text + strlen(before), c, count);
    strcat(text, after);
    return text;
}

static void placeholders_and_names_have_a_longest(void **state)
{
    struct bench *bench = *state;
    assert_string_equal(run_names(bench, repeated(bench, "{'#", 'a', 254, "': 'x'}")), "good");
    assert_string_equal(run_names(bench, repeated(bench, "{'#", 'a', 255, "': 'x'}")),
                        NAMES_KEY "The expression attribute map contains a key that is too long; size of key: 256");
    assert_string_equal(run_value_keys(bench, repeated(bench, "{':", 'a', 254, "': {'N': '1'}}")), "good");
    assert_string_equal(run_value_keys(bench, repeated(bench, "{':", '-', 255, "': {'N': '1'}}")),
                        VALUES_KEY "The expression attribute map contains a key that is too long;");
    assert_string_equal(run_names(bench, repeated(bench, "{'#a': '", 'b', 65535, "'}")), "good");
    assert_string_equal(run_names(bench, repeated(bench, "{'#a': '", 'b', 65536, "'}")),
                        "ExpressionAttributeNames contains invalid value: Attribute name is too large, must be less "
                        "than 65536 bytes for key #a");
}

static const char *unused(struct bench *bench)
{
    struct expr_error error = {0};
    return expr_symbols_unused(&bench->symbols, &bench->arena, &error) == 0 ? "none"
                                                                            : show_error(bench, EXPR_CONDITION, &error);
}

#define NAMES_UNUSED  "Value provided in ExpressionAttributeNames unused in expressions: keys: "
#define VALUES_UNUSED "Value provided in ExpressionAttributeValues unused in expressions: keys: "

static void every_placeholder_is_used_by_some_expression(void **state)
{
    struct bench *bench = *state;
    bench_names(bench, "{'#a': 'n', '#c': 's', '#b': 'x', '#z': 'y'}");
    bench_values(bench, "{':m': {'N': '1'}, ':nl': {'N': '1'}, ':ss': {'N': '1'}, ':t': {'N': '1'}, ':bs': {'N': '1'},"
                        " ':v': {'N': '1'}, ':l': {'N': '1'}}");
    assert_string_equal(unused(bench), NAMES_UNUSED "{#c, #z, #a, #b}"); /* in the order of a Java HashSet */
    assert_string_equal(run_condition(bench, SLICE("#a = :l and #c <> :l")), "false");
    assert_string_equal(unused(bench), NAMES_UNUSED "{#z, #b}");
    assert_string_equal(run_update(bench, SLICE("SET #z = if_not_exists(#b, n)")), "y = 5");
    assert_string_equal(unused(bench), VALUES_UNUSED "{:m, :nl, :ss, :t, :bs, :v}");
    assert_string_equal(run_condition(bench, SLICE("n in (:m, :nl, :ss, :t, :bs)")), "false");
    assert_string_equal(unused(bench), VALUES_UNUSED "{:v}");
    assert_string_equal(run_condition(bench, SLICE("n = :v")), "false");
    assert_string_equal(unused(bench), "none");
}

/* 60,000 placeholders in 2 MB, 800 of them used. A search of all for each would take seconds. */
static void many_placeholders_are_found_fast(void **state)
{
    struct bench *bench = *state;
    enum { COUNT_ALL = 60000, COUNT_USED = 400 };
    struct expr_symbols *symbols = &bench->symbols;
    *symbols = (struct expr_symbols){.name_count = COUNT_ALL, .value_count = COUNT_ALL};
    symbols->names = arena_zalloc(&bench->arena, COUNT_ALL * sizeof *symbols->names);
    symbols->values = arena_zalloc(&bench->arena, COUNT_ALL * sizeof *symbols->values);
    for (unsigned i = 0; i < COUNT_ALL; i++) {
        unsigned shuffled = i * 7919u % COUNT_ALL;
        symbols->names[i].placeholder = arena_printf(&bench->arena, "#%u", shuffled);
        symbols->names[i].name = arena_printf(&bench->arena, "name%u", shuffled);
        symbols->values[i].placeholder = arena_printf(&bench->arena, ":%u", shuffled);
        symbols->values[i].value = (struct value){.type = VALUE_N, .bytes = SLICE("1")};
    }
    struct buffer text = {0};
    BUFFER_APPEND_LITERAL(&text, "SET ");
    for (unsigned i = 0; text.len < EXPR_TEXT_BYTES_MAX - 16 && i < COUNT_USED; i++) {
        buffer_printf(&text, "%s#%u=:%u", i > 0 ? "," : "", i, i);
    }
    struct update *update;
    struct expr_error error;
    uint64_t start = env_monotonic_us();
    assert_int_equal(update_parse(&bench->arena, buffer_slice(&text), symbols, &update, &error), 0);
    assert_true(env_monotonic_us() - start < 1000000); /* sorting both takes some 20 ms */
    assert_int_equal(expr_symbols_unused(symbols, &bench->arena, &error), -1);
    buffer_finish(&text);
}

static void every_reserved_word_is_refused_in_any_case(void **state)
{
    (void)state;
    static const char *const RESERVED_SOME[] = {"ABORT", "abort", "aBoRt", "ZONE", "localtimestamp", "Name",
                                                "ttl",   "SIZE",  "value", "Data", "year",           "is"};
    static const char *const FREE[] = {"", "a", "aborts", "abor", "pk", "id", "localtimestamps", "zone_", "ABORT "};
    for (size_t i = 0; i < COUNT(RESERVED_SOME); i++) {
        assert_true(expr_is_reserved(slice_from_string(RESERVED_SOME[i])));
    }
    for (size_t i = 0; i < COUNT(FREE); i++) {
        assert_false(expr_is_reserved(slice_from_string(FREE[i])));
    }
}

struct visited {
    struct buffer text;
    unsigned stop_after;
};

static bool visit_name(void *context, struct slice name)
{
    struct visited *visited = context;
    buffer_printf(&visited->text, "%.*s ", SLICE_ARG(name));
    return --visited->stop_after > 0;
}

static bool visit_path(void *context, struct slice name, bool nested)
{
    struct visited *visited = context;
    buffer_printf(&visited->text, "%.*s%s ", SLICE_ARG(name), nested ? "." : "");
    return --visited->stop_after > 0;
}

static void check_visited(struct visited *visited, const char *expected)
{
    buffer_append_byte(&visited->text, '\0');
    assert_string_equal(visited->text.data, expected);
    buffer_clear(&visited->text);
    visited->stop_after = 100;
}

static void expressions_tell_which_attributes_they_touch(void **state)
{
    struct bench *bench = *state;
    struct visited visited = {.stop_after = 100};
    struct expr_error error;
    struct condition *condition;
    struct update *update;
    struct projection *projection;
    assert_int_equal(condition_parse(&bench->arena, EXPR_FILTER,
                                     SLICE("a.b = :v and size(c) in (#m.x, d[0]) or not begins_with(a, :s)"),
                                     &bench->symbols, &condition, &error),
                     0);
    assert_true(condition_visit_names(condition, visit_name, &visited));
    check_visited(&visited, "a c m d a ");
    assert_true(condition_visit_paths(condition, visit_path, &visited));
    check_visited(&visited, "a. c m. d. a ");
    visited.stop_after = 2;
    assert_false(condition_visit_names(condition, visit_name, &visited));
    check_visited(&visited, "a c ");

    assert_int_equal(update_parse(&bench->arena, SLICE("SET a.b = c, #n = d REMOVE e ADD f[0] :v DELETE g :ss"),
                                  &bench->symbols, &update, &error),
                     0);
    assert_true(update_visit_targets(update, visit_name, &visited));
    check_visited(&visited, "a n e f g ");

    assert_int_equal(projection_parse(&bench->arena, SLICE("a.b, c, a.d, #m[0]"), &bench->symbols, &projection, &error),
                     0);
    assert_true(projection_visit_names(projection, visit_name, &visited));
    check_visited(&visited, "c a m ");
    assert_true(projection_visit_paths(projection, visit_path, &visited));
    check_visited(&visited, "c a. m. ");
    buffer_finish(&visited.text);
}

static void names_alone_are_a_projection(void **state)
{
    struct bench *bench = *state;
    const struct slice names[] = {SLICE("n"), SLICE("zz"), SLICE("a.b"), SLICE("n")};
    struct item parts;
    projection_apply(projection_of_names(&bench->arena, names, COUNT(names)), &bench->item, &bench->arena, &parts);
    assert_int_equal(parts.count, 2);
    assert_true(item_find(&parts, SLICE("n")) != NULL && item_find(&parts, SLICE("a.b")) != NULL);
    projection_apply(projection_of_names(&bench->arena, NULL, 0), &bench->item, &bench->arena, &parts);
    assert_int_equal(parts.count, 0);
}

static void errors_name_the_parameter(void **state)
{
    struct bench *bench = *state;
    static const char *const EXPECTED[] = {
        [EXPR_CONDITION] = "Invalid ConditionExpression: The expression can not be empty;",
        [EXPR_KEY_CONDITION] = "Invalid KeyConditionExpression: The expression can not be empty;",
        [EXPR_FILTER] = "Invalid FilterExpression: The expression can not be empty;",
        [EXPR_UPDATE] = "Invalid UpdateExpression: The expression can not be empty;",
        [EXPR_PROJECTION] = "Invalid ProjectionExpression: The expression can not be empty;",
    };
    struct expr_error error = {.code = EXPR_EMPTY};
    for (size_t kind = 0; kind < COUNT(EXPECTED); kind++) {
        struct slice text = expr_error_text(&bench->arena, kind, &error);
        assert_true(slice_equal(text, slice_from_string(EXPECTED[kind])));
    }
    error.code = EXPR_DATA_TYPE;
    assert_true(slice_equal(expr_error_text(&bench->arena, EXPR_UPDATE, &error), SLICE(DATA_TYPE)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(name_placeholders_have_a_form),
        TEST(value_placeholders_have_a_form),
        TEST(placeholders_and_names_have_a_longest),
        TEST(every_placeholder_is_used_by_some_expression),
        TEST(many_placeholders_are_found_fast),
        TEST(every_reserved_word_is_refused_in_any_case),
        TEST(expressions_tell_which_attributes_they_touch),
        TEST(names_alone_are_a_projection),
        TEST(errors_name_the_parameter),
    };
    return cmocka_run_group_tests_name("expr/symbols", tests, NULL, NULL);
}
