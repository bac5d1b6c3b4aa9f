/* Projections: texts and parts of items. */
#include "support.h"

static void syntax(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"", "The expression can not be empty;"},
        {" ", SYNTAX("<EOF>", " ")},
        {",", SYNTAX(",", ",")},
        {"a,", SYNTAX("<EOF>", ",")},
        {"a,,b", SYNTAX(",", ",,b")},
        {"a b", SYNTAX("b", "a b")},
        {"a=b", SYNTAX("=", "a=b")},
        {"a b,c", SYNTAX("b", "a b,")},
        {"(a)", SYNTAX("(", "(a")},
        {"a(b)", SYNTAX("(", "a(b")},
        {"size(a)", SYNTAX("(", "size(a")},
        {":v", SYNTAX(":v", ":v")},
        {"set", SYNTAX("set", "set")},
        {"a, in", SYNTAX("in", ", in")},
        {"a+b", SYNTAX("+", "a+b")},
        {"a.*", SYNTAX("*", ".*")},
        {"*", SYNTAX("*", "*")},
        {"\"a\"", SYNTAX("\"", "\"a")},
        {"a.b.", SYNTAX("<EOF>", ".")},
        {"a.:v", UNDEFINED_NAME(":v")},
    };
    CHECK_TABLE(bench, run_projection, ROWS);
}

static void names_and_paths(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"#u", UNDEFINED_NAME("#u")},
        {"#u1, #u2", UNDEFINED_NAME("#u2")},
        {"abort", RESERVED("abort")},
        {"a, abort", RESERVED("abort")},
        {"a.abort", RESERVED("abort")},
        {"abort, a,", SYNTAX("<EOF>", ",")},
        {"a[99999999999]", INDEX_RANGE("99999999999")},
        {"#u, abort", RESERVED("abort")},
        {"#u, a[99999999999]", INDEX_RANGE("99999999999")},
        {"n,n", OVERLAP("[n]", "[n]")},
        {"#n,n", OVERLAP("[n]", "[n]")},
        {"m.x,m", OVERLAP("[m, x]", "[m]")},
        {"m,m.x", OVERLAP("[m]", "[m, x]")},
        {"m.x,m.x", OVERLAP("[m, x]", "[m, x]")},
        {"l[0],l", OVERLAP("[l, [0]]", "[l]")},
        {"l,l[0]", OVERLAP("[l]", "[l, [0]]")},
        {"l[0],l[0].a", OVERLAP("[l, [0]]", "[l, [0], a]")},
        {"m.x,m[0]", CONFLICT("[m, x]", "[m, [0]]")},
        {"l[0],l.a", CONFLICT("[l, [0]]", "[l, a]")},
        {"a.b.c, a[0]", CONFLICT("[a, b, c]", "[a, [0]]")},
        {"a,a,#u", UNDEFINED_NAME("#u")},
        {"#u,a,a", OVERLAP("[a]", "[a]")},
    };
    CHECK_TABLE(bench, run_projection, ROWS);
}

static void parts(void **state)
{
    struct bench *bench = *state;
    static const struct expectation ROWS[] = {
        {"n", "{n: 5}"},
        {"n, s", "{n: 5, s: 'hello'}"},
        {" n ,s", "{n: 5, s: 'hello'}"},
        {"#n, #dot", "{n: 5, a.b: 'dotted'}"},
        {"zz", "{}"},
        {"n, zz", "{n: 5}"},
        {"pk", "{pk: 'k'}"},
        {"m", "{m: {x: 1, y: [1, 2], z: {k: 1}}}"},
        {"m.x", "{m: {x: 1}}"},
        {"m.x, m.z.k", "{m: {x: 1, z: {k: 1}}}"},
        {"m.z.k, m.x", "{m: {z: {k: 1}, x: 1}}"},
        {"#m.#x", "{m: {x: 1}}"},
        {"m.y[1]", "{m: {y: [2]}}"},
        {"m.y[1], m.y[0]", "{m: {y: [1, 2]}}"},
        {"m.y[0], m.x", "{m: {y: [1], x: 1}}"},
        {"l[0]", "{l: [1]}"},
        {"l[2], l[0]", "{l: [1, 3]}"},
        {"l[9]", "{}"},
        {"l[9], l[1]", "{l: [2]}"},
        {"l[3].p", "{l: [{p: 1}]}"},
        {"l[3].p, l[0]", "{l: [1, {p: 1}]}"},
        {"l [ 0 ] , n ", "{l: [1], n: 5}"},
        {"n.a", "{}"},
        {"n[0]", "{}"},
        {"l.a", "{}"},
        {"m[0]", "{}"},
        {"m.q", "{}"},
        {"m.q, m.x", "{m: {x: 1}}"},
        {"m.z.q", "{}"},
        {"l[3].q", "{}"},
        {"m.y[5]", "{}"},
        {"el[0]", "{}"},
        {"em.a", "{}"},
        {"el, em", "{el: [], em: {}}"},
        {"a.b", "{}"},
    };
    CHECK_TABLE(bench, run_projection, ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(syntax),
        TEST(names_and_paths),
        TEST(parts),
    };
    return cmocka_run_group_tests_name("expr/projection", tests, NULL, NULL);
}
