/* Statements for the tests: compiled with a few parameters, against a table with a hash and a range key. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "partiql/error.h"

static struct arena arena;

static inline int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static inline struct value text_value(const char *text)
{
    return (struct value){.type = VALUE_S, .bytes = slice_from_string(text)};
}

static inline struct value number_value(const char *text)
{
    return (struct value){.type = VALUE_N, .bytes = slice_from_string(text)};
}

/* The first parameter is 'p0', the second 1. */
static inline struct partiql_statement *compile(const char *text)
{
    struct value *parameters = ARENA_ARRAY(&arena, struct value, 2);
    struct partiql_statement *statement;
    struct partiql_error error = {0};
    parameters[0] = text_value("p0");
    parameters[1] = number_value("1");
    int failed = partiql_compile(&arena, slice_from_string(text), parameters, 2, &statement, &error);
    if (failed) {
        print_error("%s: error %d %.*s\n", text, error.code, SLICE_ARG(error.a));
    }
    assert_int_equal(failed, 0);
    return statement;
}

static inline void assert_refused(const char *text, enum partiql_error_code code)
{
    struct partiql_statement *statement;
    struct partiql_error error = {0};
    int failed = partiql_compile(&arena, slice_from_string(text), NULL, 0, &statement, &error);
    if (!failed || error.code != (int)code) {
        print_error("%s: error %d instead of %d\n", text, error.code, (int)code);
    }
    assert_int_equal(failed, -1);
    assert_int_equal(error.code, code);
}

static inline void assert_slice(struct slice slice, const char *expected)
{
    struct slice other = slice_from_string(expected);
    if (!slice_equal(slice, other)) {
        print_error("\"%.*s\" instead of \"%s\"\n", SLICE_ARG(slice), expected);
    }
    assert_true(slice_equal(slice, other));
}

static const struct partiql_keys KEYS = {
    .hash = {{{"pk", 2}, VALUE_S}},
    .range = {{{"sk", 2}, VALUE_S}},
    .hash_count = 1,
    .range_count = 1,
};
