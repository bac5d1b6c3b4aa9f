/* Ceilings, and texts that were built to hurt: 4 KB must be answered in a moment whatever they are. */
#include "support.h"

#include "base/env.h"

/* `head`, then `unit` until no whole one fits in `bytes` together with `tail`, then `tail`. A NUL follows. */
static struct slice filled(struct bench *bench, const char *head, const char *unit, const char *tail, size_t bytes)
{
    struct buffer text = {0};
    buffer_printf(&text, "%s", head);
    while (text.len + strlen(unit) + strlen(tail) <= bytes) {
        buffer_printf(&text, "%s", unit);
    }
    buffer_printf(&text, "%s", tail);
    buffer_append_byte(&text, '\0');
    struct slice copy = arena_copy(&bench->arena, buffer_slice(&text));
    buffer_finish(&text);
    return slice_of(copy.data, copy.len - 1);
}

static struct slice times(struct bench *bench, const char *head, const char *unit, unsigned count, const char *tail)
{
    return filled(bench, head, unit, tail, strlen(head) + count * strlen(unit) + strlen(tail));
}

/* "a0 tail, a1 tail, …" behind `head`. */
static struct slice numbered(struct bench *bench, const char *head, unsigned count, const char *tail)
{
    struct buffer text = {0};
    buffer_printf(&text, "%s", head);
    for (unsigned i = 0; i < count; i++) {
        buffer_printf(&text, "%sa%u%s", i > 0 ? "," : "", i, tail);
    }
    struct slice copy = arena_copy(&bench->arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

static void texts_have_a_longest(void **state)
{
    struct bench *bench = *state;
    const char *too_long = "Expression size has exceeded the maximum allowed size; expression size: 4097";
    assert_string_equal(run_condition(bench, filled(bench, "n=:5", " ", "", 4096)), "true");
    assert_string_equal(run_condition(bench, filled(bench, "n=:5", " ", "", 4097)), too_long);
    assert_string_equal(run_condition(bench, filled(bench, "", "\xc3\xa9", "a", 4097)), too_long);
    assert_string_equal(run_update(bench, filled(bench, "REMOVE zz", " ", "", 4096)), "");
    assert_string_equal(run_update(bench, filled(bench, "REMOVE zz", " ", "", 4097)), too_long);
    assert_string_equal(run_projection(bench, filled(bench, "zz", " ", "", 4096)), "{}");
    assert_string_equal(run_projection(bench, filled(bench, "zz", " ", "", 4097)), too_long);
}

static void operators_and_functions_are_counted(void **state)
{
    struct bench *bench = *state;
    const char *too_many = "The expression contains too many operators; operator count: 301";
    assert_string_equal(run_condition(bench, times(bench, "n=:v", " or n=:v", 149, "")), "false"); /* 150 + 149 */
    assert_string_equal(run_condition(bench, times(bench, "n=:v", " or n=:v", 150, "")), too_many);
    assert_string_equal(run_condition(bench, times(bench, "", "not ", 299, "n=:5")), "false");
    assert_string_equal(run_condition(bench, times(bench, "", "not ", 300, "n=:5")), too_many);
    assert_string_equal(run_condition(bench, times(bench, "", "not ", 900, "n=:5")), too_many);
    assert_string_equal(run_condition(bench, times(bench, "n between :v and :9", " or n between :v and :9", 150, "")),
                        too_many);
    assert_string_equal(run_condition(bench, times(bench, "size(s)=:v", " or size(s)=:v", 99, "")), "false");
    assert_string_equal(run_condition(bench, times(bench, "size(s)=:v", " or size(s)=:v", 100, "")), too_many);
    assert_string_equal(run_condition(bench, times(bench, "(n=:v)", " or (n=:v)", 149, "")), "false");
    assert_string_equal(run_update(bench, numbered(bench, "SET ", 301, "=n+n")), too_many);
    assert_string_not_equal(run_update(bench, numbered(bench, "SET ", 300, "=n+n")), too_many);
    assert_string_not_equal(run_update(bench, numbered(bench, "SET ", 301, "=:v")), too_many);
    assert_string_equal(run_update(bench, numbered(bench, "REMOVE ", 600, "")), "");
    /* The last check of all. */
    assert_string_equal(run_condition(bench, times(bench, "n=:u", " or n=:v", 150, "")), UNDEFINED_VALUE(":u"));
    assert_string_equal(run_condition(bench, times(bench, "n=n", " or n=:v", 150, "")), SAME("=", "[n]"));
    assert_string_equal(run_update(bench, numbered(bench, "ADD b :s SET ", 301, "=n+n")), ACTION_TYPE("ADD", "STRING"));
}

static void choices_are_counted(void **state)
{
    struct bench *bench = *state;
    const char *too_many = "The IN operator is provided with too many operands; number of operands: 101";
    assert_string_equal(run_condition(bench, times(bench, "n in (:v", ",:v", 98, ",:5)")), "true");
    assert_string_equal(run_condition(bench, times(bench, "n in (:v", ",:v", 99, ",:5)")), too_many);
    assert_string_equal(run_condition(bench, times(bench, "n in (:v", ",:v", 99, ",n)")), SAME("IN", "[n]"));
    assert_string_equal(run_condition(bench, times(bench, "n in (:v", ",:v", 99, ",:u)")), UNDEFINED_VALUE(":u"));
    assert_string_equal(run_condition(bench, times(bench, "n in (:v", ",:v", 99, ",:5) or n = :u")), too_many);
}

static void paths_have_a_deepest(void **state)
{
    struct bench *bench = *state;
#define TOO_DEEP(levels) "The document path has too many nesting levels; nesting levels: " levels
    assert_string_equal(run_condition(bench, times(bench, "a", ".a", 31, "=:v")), "false");
    assert_string_equal(run_condition(bench, times(bench, "a", ".a", 32, "=:v")), TOO_DEEP("33"));
    assert_string_equal(run_condition(bench, times(bench, "a", "[0]", 31, "=:v")), "false");
    assert_string_equal(run_condition(bench, times(bench, "a", "[0]", 300, "=:v")), TOO_DEEP("301"));
    assert_string_equal(run_condition(bench, times(bench, "#u", ".#u", 40, "=:v")), TOO_DEEP("41"));
    assert_string_equal(run_condition(bench, times(bench, "a", ".a", 33, "=:v or a=a")), TOO_DEEP("34"));
    assert_string_equal(run_condition(bench, times(bench, "a=a or a", ".a", 33, "=:v")), SAME("=", "[a]"));
    assert_string_equal(run_condition(bench, times(bench, "a", ".a", 33, "=foo(a)")), UNKNOWN("foo"));
    assert_string_equal(run_update(bench, times(bench, "SET a", ".a", 32, "=:v, a = :v")), TOO_DEEP("33"));
    assert_string_equal(run_update(bench, times(bench, "SET a", ".a", 32, "=:v, #u = :v")), UNDEFINED_NAME("#u"));
    assert_string_equal(run_projection(bench, times(bench, "a", ".a", 32, "")), TOO_DEEP("33"));
    assert_string_equal(run_projection(bench, times(bench, "a,a,b", ".a", 32, "")), TOO_DEEP("33"));
}

/* Deepest document: what 32 levels of path reach. */
static void deepest_paths_work(void **state)
{
    struct bench *bench = *state;
    bench->item = bench_item(bench, times(bench, "{'pk': {'S': 'k'}, 'a': ", "{'M': {'a': ", 31,
                                          "{'N': '1'}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}")
                                        .data);
    assert_string_equal(run_condition(bench, times(bench, "a", ".a", 31, "=:v")), "true");
    assert_non_null(strstr(run_update(bench, times(bench, "SET a", ".a", 31, "=:9")), "a: 9}"));
    assert_non_null(strstr(run_projection(bench, times(bench, "a", ".a", 31, "")), "a: 1}"));
}

struct hurtful {
    const char *head, *unit, *tail;
    const char *begins; /* the answer does */
};

/* The slowest of these takes 0.2 ms in a plain build; the ceiling leaves room for sanitizers on a busy machine. */
static void check_hurtful(struct bench *bench, const char *(*run)(struct bench *, struct slice),
                          const struct hurtful *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct slice text = filled(bench, rows[i].head, rows[i].unit, rows[i].tail, EXPR_TEXT_BYTES_MAX);
        uint64_t start = env_monotonic_us();
        const char *found = run(bench, text);
        uint64_t took = env_monotonic_us() - start;
        if (strncmp(found, rows[i].begins, strlen(rows[i].begins)) != 0) {
            fail_msg("%s%s…%s: %s", rows[i].head, rows[i].unit, rows[i].tail, found);
        }
        assert_true(took < 200000);
    }
}

#define TOO_MANY "The expression contains too many operators; operator count: 301"

static void conditions_built_to_hurt(void **state)
{
    static const struct hurtful ROWS[] = {
        {"", "(", "", "Syntax error; token: \"<EOF>\", near: \"(\""},
        {"", "(", "n=:v)", "Syntax error; token: \"<EOF>\""},
        {"n=:v", ")", "", "Syntax error; token: \")\""},
        {"", "NOT ", "", "Syntax error; token: \"<EOF>\""},
        {"", "NOT ", "n=:v", TOO_MANY},
        {"", "(NOT ", "n=:v", "Syntax error; token: \"<EOF>\""},
        {"", "size(", "", "Syntax error; token: \"<EOF>\""},
        {"", "size((", "", "Syntax error; token: \"<EOF>\""},
        {"a", ".a", "", "Syntax error; token: \"<EOF>\""},
        {"a", "[0]", "", "Syntax error; token: \"<EOF>\""},
        {"a", ".a", "=:v", "The document path has too many nesting levels"},
        {"a", "[0]", "=:v", "The document path has too many nesting levels"},
        {"a[", "9", "]=:v", "List index is not within the allowable range"},
        {"", "a.a.a.a=:v or ", "n=:v", TOO_MANY},
        {"", "[0]", "", "Syntax error; token: \"[\""},
        {"n=:v", " and n=:v", "", TOO_MANY},
        {"n in (:v", ",:v", ")", "The IN operator is provided with too many operands"},
        {"n in (", "n,", "n)", SAME("IN", "[n]")},
        {"contains(a", ",a", ")", "Incorrect number of operands"},
        {"n between ", "n between ", "n", "Syntax error"},
        {"", "\xf0\x9f\x98\x80", "", "Syntax error; token: \"\xf0\x9f\x98\x80\""},
        {"", "\t\n", "", "Syntax error; token: \"<EOF>\""},
        {"", "((", "", "Syntax error"},
        {"((n)) = :v", " and ((n)) = :v", "", "The expression has redundant parentheses;"},
        {"", "abort.", "a=:v", RESERVED("abort")},
        {"", "#u.", "#u=:v", "The document path has too many nesting levels"},
    };
    check_hurtful(*state, run_condition, ROWS, COUNT(ROWS));
}

static void updates_and_projections_built_to_hurt(void **state)
{
    struct bench *bench = *state;
    static const struct hurtful UPDATES[] = {
        {"SET ", "a=n,", "b=n", "Two document paths overlap"},
        {"SET a=", "(", "", "Syntax error; token: \"<EOF>\""},
        {"SET a=", "if_not_exists(a,", "", "Syntax error; token: \"<EOF>\""},
        {"SET a=n", "+n", "", "Syntax error; token: \"+\""},
        {"REMOVE a", ",a", "", "Two document paths overlap"},
        {"REMOVE ", "l[0].l[0].l[0],", "a", "Two document paths overlap"},
        {"", "SET a=n ", "", "The \"SET\" section can only be used once"},
    };
    static const struct hurtful PROJECTIONS[] = {
        {"a", ",a", "", "Two document paths overlap"},
        {"a", ".a.a,a", "", "Two document paths overlap"},
        {"", ",", "", "Syntax error"},
    };
    check_hurtful(bench, run_update, UPDATES, COUNT(UPDATES));
    check_hurtful(bench, run_projection, PROJECTIONS, COUNT(PROJECTIONS));
    uint64_t start = env_monotonic_us();
    assert_string_equal(run_projection(bench, numbered(bench, "n,", 700, "")), "{n: 5}");
    assert_string_equal(run_update(bench, numbered(bench, "REMOVE l[0],", 700, "")), "l = [2, 3, {p: 1}]");
    assert_true(env_monotonic_us() - start < 200000);
}

/* Above some number all paths of an expression are looked up together. */
static void many_paths_read_like_few(void **state)
{
    struct bench *bench = *state;
    static const struct expectation CONDITIONS[] = {
        {"attribute_exists(n) and attribute_exists(m.x) and attribute_exists(m.y[1]) and attribute_exists(m.z.k) and "
         "attribute_exists(l[3].p) and attribute_exists(#dot) and attribute_exists(m) and attribute_exists(l) and "
         "attribute_exists(l[0]) and attribute_exists(el) and attribute_exists(nu) and attribute_exists(m.y)",
         "true"},
        {"attribute_exists(zz) or attribute_exists(m.q) or attribute_exists(m[0]) or attribute_exists(l.a) or "
         "attribute_exists(l[4]) or attribute_exists(l[0].p) or attribute_exists(n.a) or attribute_exists(n[0]) or "
         "attribute_exists(el[0]) or attribute_exists(m.x.y) or attribute_exists(a.b) or attribute_exists(zz[0].a)",
         "false"},
        {"m.x = l[0] and l[1] = m.y[1] and m.z.k = m.#x and n = #n and s > e and n > f and size(l) > size(m) and "
         "l[0] <> l[1] and l[0] in (zz, l.a, m.x)",
         SAME("=", "[n]")},
        {"m.x = l[0] and l[1] = m.y[1] and m.z.k = m.#x and s > e and n > f and size(l) > size(m) and "
         "l[0] <> l[1] and l[0] in (zz, l.a, m.x)",
         "true"},
    };
    static const struct expectation UPDATES[] = {
        {"SET a = n, b = m.x + l[0], c = if_not_exists(zz, m.y), d = s, l[0] = e, m.y[1] = n, m.q = l[3].p, #dot = f "
         "REMOVE t, l[2]",
         "b = 2, l = ['', 2, {p: 1}], m = {x: 1, y: [1, 5], z: {k: 1}, q: 1}, a.b = -1.5, a = 5, c = [1, 2], "
         "d = 'hello', -t"},
        {"SET a = n, b = m.x, c = s, d = t, g = nu, h = el, i = em, j = l, k.x = :v", INVALID_PATH},
        {"SET a = n, b = m.x, c = s, d = t, g = nu, h = el, i = em, j = l, k = m.q", MISSING},
        {"SET l.a = n, b = m.x, c = s, d = t, g = nu, h = el, i = em, j = l", INVALID_PATH},
    };
    CHECK_TABLE(bench, run_condition, CONDITIONS);
    CHECK_TABLE(bench, run_update, UPDATES);
    bench->exists = false;
    assert_string_equal(run_condition(bench, slice_from_string(CONDITIONS[0].text)), "false");
}

/* Many paths against many attributes: neither is searched for each of the other. */
static void many_paths_meet_many_attributes(void **state)
{
    struct bench *bench = *state;
    enum { ATTRIBUTES = 60000 };
    struct attribute *attributes = ARENA_ARRAY(&bench->arena, struct attribute, ATTRIBUTES);
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        attributes[i] = (struct attribute){.name = arena_printf(&bench->arena, "a%u", ATTRIBUTES - 1 - i),
                                           .value = {.type = VALUE_N, .bytes = SLICE("1")}};
    }
    bench->item = (struct item){.attributes = attributes, .count = ATTRIBUTES};
    struct projection *projection;
    struct expr_error error;
    struct item parts;
    uint64_t start = env_monotonic_us();
    assert_int_equal(
        projection_parse(&bench->arena, numbered(bench, "zz,", 700, ""), &bench->symbols, &projection, &error), 0);
    projection_apply(projection, &bench->item, &bench->arena, &parts);
    assert_int_equal(parts.count, 700);
    assert_string_equal(run_condition(bench, filled(bench, "", "n in (b,c,d,e,f,g,h,i,j,k,m) or ", "n = :5", 4096)),
                        "false");
    struct update *update;
    struct item new;
    assert_int_equal(
        update_parse(&bench->arena, numbered(bench, "REMOVE zz,", 700, ""), &bench->symbols, &update, &error), 0);
    assert_int_equal(update_apply(update, &bench->key, &bench->item, &bench->arena, &new, &error), 0);
    assert_int_equal(new.count, ATTRIBUTES - 700);
    assert_true(env_monotonic_us() - start < 500000);
}

static void sets_are_joined_in_no_quadratic_time(void **state)
{
    struct bench *bench = *state;
    enum { ELEMENTS = 30000 };
    struct value sets[2];
    for (unsigned s = 0; s < 2; s++) {
        struct value *elements = ARENA_ARRAY(&bench->arena, struct value, ELEMENTS);
        for (unsigned i = 0; i < ELEMENTS; i++) {
            elements[i] = (struct value){
                .type = VALUE_S, .bytes = arena_printf(&bench->arena, "%u", i * 7919u % ELEMENTS + s * ELEMENTS / 2)};
        }
        sets[s] = (struct value){.type = VALUE_SS, .count = ELEMENTS, .elements = elements};
    }
    struct attribute attribute = {.name = SLICE("a"), .value = sets[0]};
    struct item item = {.attributes = &attribute, .count = 1};
    struct item new;
    struct update *update;
    struct expr_error error;
    bench->symbols.values[0].value = sets[1];
    bench->symbols.values[0].placeholder = SLICE(":big");
    uint64_t start = env_monotonic_us();
    assert_int_equal(update_parse(&bench->arena, SLICE("ADD a :big"), &bench->symbols, &update, &error), 0);
    assert_int_equal(update_apply(update, &bench->key, &item, &bench->arena, &new, &error), 0);
    assert_int_equal(new.attributes[0].value.count, ELEMENTS + ELEMENTS / 2);
    assert_int_equal(update_parse(&bench->arena, SLICE("DELETE a :big"), &bench->symbols, &update, &error), 0);
    assert_int_equal(update_apply(update, &bench->key, &item, &bench->arena, &new, &error), 0);
    assert_int_equal(new.attributes[0].value.count, ELEMENTS / 2);
    assert_true(env_monotonic_us() - start < 500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(texts_have_a_longest),
        TEST(operators_and_functions_are_counted),
        TEST(choices_are_counted),
        TEST(paths_have_a_deepest),
        TEST(deepest_paths_work),
        TEST(conditions_built_to_hurt),
        TEST(updates_and_projections_built_to_hurt),
        TEST(many_paths_read_like_few),
        TEST(many_paths_meet_many_attributes),
        TEST(sets_are_joined_in_no_quadratic_time),
    };
    return cmocka_run_group_tests_name("expr/limits", tests, NULL, NULL);
}
