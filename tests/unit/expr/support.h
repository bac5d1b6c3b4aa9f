/* What the unit tests of expr/ share: tables of "expression, expected" that run with one set of placeholders against
 * one item. The expected text is a result in the short notation of show_value, or the error as a client reads it: so
 * the wording is compiled in here, although it belongs to api/. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/expression_error.c"
#include "expr/expr.h"
#include "value/from_json.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct expectation {
    const char *text;
    const char *expected;
};

struct bench {
    struct arena arena;
    struct expr_symbols symbols;
    struct item key;
    struct item item;
    bool exists;
};

/* JSON with ' for ". */
static inline const struct json_node *bench_json(struct bench *bench, const char *text)
{
    static struct json_parser *parser; /* one thread */
    size_t len = strlen(text);
    char *json = arena_zalloc(&bench->arena, len + JSON_PADDING);
    struct json_node *nodes;
    if (parser == NULL) {
        parser = json_parser_create();
    }
    for (size_t i = 0; i < len; i++) {
        json[i] = text[i] == '\'' ? '"' : text[i];
    }
    if (json_parse(parser, slice_of(json, len), &bench->arena, &nodes) != JSON_OK) {
        fail_msg("bad JSON: %s", text);
    }
    return nodes;
}

static inline struct item bench_item(struct bench *bench, const char *text)
{
    struct value_reader reader = {.nodes = bench_json(bench, text), .arena = &bench->arena};
    struct item item;
    assert_true(item_read(&reader, reader.nodes, &item));
    assert_int_equal(reader.flaw.kind, FLAW_NONE);
    return item;
}

static inline void bench_values(struct bench *bench, const char *text)
{
    struct item values = bench_item(bench, text);
    struct expr_symbols *symbols = &bench->symbols;
    symbols->value_count = values.count;
    symbols->values = arena_zalloc(&bench->arena, (values.count + 1) * sizeof *symbols->values);
    symbols->value_order = NULL;
    for (uint32_t i = 0; i < values.count; i++) {
        symbols->values[i].placeholder = values.attributes[i].name;
        symbols->values[i].value = values.attributes[i].value;
    }
}

/* {'#n': 'name', …} */
static inline void bench_names(struct bench *bench, const char *text)
{
    const struct json_node *nodes = bench_json(bench, text);
    struct expr_symbols *symbols = &bench->symbols;
    symbols->name_count = nodes[0].count;
    symbols->names = arena_zalloc(&bench->arena, (nodes[0].count + 1) * sizeof *symbols->names);
    symbols->name_order = NULL;
    for (uint32_t i = 0; i < nodes[0].count; i++) {
        symbols->names[i].placeholder = nodes[1 + i].name;
        symbols->names[i].name = nodes[1 + i].text;
    }
}

/* 'text' 12 b'bytes' true null [list] {map: of} <set> */
static inline void show_value(struct buffer *out, const struct value *value)
{
    const char *separator = "";
    switch ((enum value_type)value->type) {
    case VALUE_N:
        buffer_append_slice(out, value->bytes);
        break;
    case VALUE_S:
    case VALUE_B:
        buffer_printf(out, "%s'%.*s'", value->type == VALUE_B ? "b" : "", SLICE_ARG(value->bytes));
        break;
    case VALUE_BOOL:
        buffer_printf(out, "%s", value->boolean ? "true" : "false");
        break;
    case VALUE_NULL:
        buffer_printf(out, "null");
        break;
    case VALUE_M:
        buffer_append_byte(out, '{');
        for (uint32_t i = 0; i < value->count; i++, separator = ", ") {
            buffer_printf(out, "%s%.*s: ", separator, SLICE_ARG(value->attributes[i].name));
            show_value(out, &value->attributes[i].value);
        }
        buffer_append_byte(out, '}');
        break;
    default:
        buffer_append_byte(out, value->type == VALUE_L ? '[' : '<');
        for (uint32_t i = 0; i < value->count; i++, separator = ", ") {
            buffer_printf(out, "%s", separator);
            show_value(out, &value->elements[i]);
        }
        buffer_append_byte(out, value->type == VALUE_L ? ']' : '>');
        break;
    }
}

static inline const char *show_end(struct bench *bench, struct buffer *out)
{
    buffer_append_byte(out, '\0');
    const char *text = arena_copy(&bench->arena, buffer_slice(out)).data;
    buffer_finish(out);
    return text;
}

static inline const char *show_item(struct bench *bench, const struct item *item)
{
    struct buffer out = {0};
    struct value map = {.type = VALUE_M, .count = item->count, .attributes = item->attributes};
    show_value(&out, &map);
    return show_end(bench, &out);
}

/* "a = 1, b = 'x', -c": what is different in the new item, and which attributes it has no longer. */
static inline const char *show_change(struct bench *bench, const struct item *old, const struct item *new)
{
    struct buffer out = {0};
    for (uint32_t i = 0; i < new->count; i++) {
        const struct value *before = item_find(old, new->attributes[i].name);
        if (before == NULL || !value_equal(before, &new->attributes[i].value)) {
            buffer_printf(&out, "%s%.*s = ", out.len > 0 ? ", " : "", SLICE_ARG(new->attributes[i].name));
            show_value(&out, &new->attributes[i].value);
        }
    }
    for (uint32_t i = 0; i < old->count; i++) {
        if (item_find(new, old->attributes[i].name) == NULL) {
            buffer_printf(&out, "%s-%.*s", out.len > 0 ? ", " : "", SLICE_ARG(old->attributes[i].name));
        }
    }
    return show_end(bench, &out);
}

/* Without "Invalid ConditionExpression: " or the like. */
static inline const char *show_error(struct bench *bench, enum expr_kind kind, const struct expr_error *error)
{
    struct buffer out = {0};
    struct slice text = expr_error_text(&bench->arena, kind, error);
    if (error->code <= EXPR_PREFIXED_LAST) {
        const char *behind = memmem(text.data, text.len, "Expression: ", 12);
        assert_true(slice_starts_with(text, SLICE("Invalid ")) && behind != NULL);
        text = slice_of(behind + 12, text.len - (size_t)(behind + 12 - text.data));
    }
    buffer_append_slice(&out, text);
    return show_end(bench, &out);
}

/* Texts that most tables use. */
#define SYNTAX(token, near)    "Syntax error; token: \"" token "\", near: \"" near "\""
#define REDUNDANT              "The expression has redundant parentheses;"
#define RESERVED(word)         "Attribute name is a reserved keyword; reserved keyword: " word
#define INDEX_RANGE(index)     "List index is not within the allowable range; index: [" index "]"
#define UNKNOWN(function)      "Invalid function name; function: " function
#define MISPLACED(function)    "The function is not allowed to be used this way in an expression; function: " function
#define NO_CONDITION(function) "The function is not allowed in a condition expression; function: " function
#define NO_UPDATE(function)    "The function is not allowed in an update expression; function: " function
#define UNDEFINED_NAME(name)                                                                                           \
    "An expression attribute name used in the document path is not defined; attribute name: " name
#define UNDEFINED_VALUE(value)                                                                                         \
    "An expression attribute value used in expression is not defined; attribute value: " value
#define OPERANDS(op, count)                                                                                            \
    "Incorrect number of operands for operator or function; operator or function: " op ", number of operands: " count
#define TYPE_OF(op, type)                                                                                              \
    "Incorrect operand type for operator or function; operator or function: " op ", operand type: " type
#define ACTION_TYPE(op, type)                                                                                          \
    "Incorrect operand type for operator or function; operator: " op ", operand type: " type                           \
    ", typeSet: ALLOWED_FOR_" op "_OPERAND"
#define NEEDS_PATH(op) "Operator or function requires a document path; operator or function: " op
#define SAME(op, path)                                                                                                 \
    "The first operand must be distinct from the remaining operands for this operator or function; operator: " op      \
    ", first operand: " path
#define ONCE(section) "The \"" section "\" section can only be used once in an update expression;"
#define OVERLAP(one, two)                                                                                              \
    "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: " one            \
    ", path two: " two
#define CONFLICT(one, two)                                                                                             \
    "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: " one           \
    ", path two: " two
#define MISSING      "The provided expression refers to an attribute that does not exist in the item"
#define INVALID_PATH "The document path provided in the update expression is invalid for update"
#define DATA_TYPE    "An operand in the update expression has an incorrect data type"

static inline const char *run_condition_kind(struct bench *bench, enum expr_kind kind, struct slice text)
{
    struct condition *condition;
    struct expr_error error = {0};
    if (condition_parse(&bench->arena, kind, text, &bench->symbols, &condition, &error) != 0) {
        return show_error(bench, kind, &error);
    }
    return condition_holds(condition, bench->exists ? &bench->item : NULL, &bench->arena) ? "true" : "false";
}

static inline const char *run_condition(struct bench *bench, struct slice text)
{
    return run_condition_kind(bench, EXPR_CONDITION, text);
}

static inline const char *run_update(struct bench *bench, struct slice text)
{
    struct update *update;
    struct expr_error error = {0};
    struct item new;
    const struct item *old = bench->exists ? &bench->item : NULL;
    if (update_parse(&bench->arena, text, &bench->symbols, &update, &error) != 0 ||
        update_apply(update, &bench->key, old, &bench->arena, &new, &error) != 0) {
        return show_error(bench, EXPR_UPDATE, &error);
    }
    return show_change(bench, old != NULL ? old : &bench->key, &new);
}

static inline const char *run_projection(struct bench *bench, struct slice text)
{
    struct projection *projection;
    struct expr_error error = {0};
    struct item parts;
    if (projection_parse(&bench->arena, text, &bench->symbols, &projection, &error) != 0) {
        return show_error(bench, EXPR_PROJECTION, &error);
    }
    projection_apply(projection, &bench->item, &bench->arena, &parts);
    return show_item(bench, &parts);
}

static inline const char *run_key_condition(struct bench *bench, struct slice text)
{
    static const char *const OPERATORS[] = {"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"};
    struct condition *condition;
    struct expr_error error = {0};
    struct key_term terms[KEY_TERMS_MAX];
    uint32_t count;
    if (condition_parse(&bench->arena, EXPR_KEY_CONDITION, text, &bench->symbols, &condition, &error) != 0 ||
        condition_key_terms(condition, terms, &count, &error) != 0) {
        return show_error(bench, EXPR_KEY_CONDITION, &error);
    }
    struct buffer out = {0};
    for (uint32_t i = 0; i < count; i++) {
        buffer_printf(&out, "%s%.*s %s ", i > 0 ? ", " : "", SLICE_ARG(terms[i].name), OPERATORS[terms[i].operator]);
        show_value(&out, &terms[i].operand);
        if (terms[i].operator== KEY_BETWEEN) {
            buffer_append_byte(&out, ' ');
            show_value(&out, &terms[i].operand_upper);
        }
    }
    return show_end(bench, &out);
}

/* Runs a table; reports every row that is wrong. */
static inline void check_table(struct bench *bench, const char *(*run)(struct bench *, struct slice),
                               const struct expectation *rows, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const char *found = run(bench, slice_from_string(rows[i].text));
        if (strcmp(found, rows[i].expected) != 0) {
            print_error("%s\n    found    %s\n    expected %s\n", rows[i].text, found, rows[i].expected);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

#define CHECK_TABLE(bench, run, rows) check_table((bench), (run), (rows), COUNT(rows))

/* The item and the placeholders of most tables. */
#define BENCH_ITEM                                                                                                     \
    "{'pk': {'S': 'k'}, 'n': {'N': '5'}, 'f': {'N': '-1.5'}, 's': {'S': 'hello'}, 'e': {'S': ''}, 'b': {'B': 'aGVs'}," \
    " 't': {'BOOL': true}, 'nu': {'NULL': true}, 'ss': {'SS': ['a', 'b']}, 'ns': {'NS': ['1', '2']},"                  \
    " 'bs': {'BS': ['YQ==']}, 'l': {'L': [{'N': '1'}, {'N': '2'}, {'N': '3'}, {'M': {'p': {'N': '1'}}}]},"             \
    " 'm': {'M': {'x': {'N': '1'}, 'y': {'L': [{'N': '1'}, {'N': '2'}]}, 'z': {'M': {'k': {'N': '1'}}}}},"             \
    " 'el': {'L': []}, 'em': {'M': {}}, 'u': {'S': 'h\xc3\xa9\xf0\x9f\x98\x80'}, 'a.b': {'S': 'dotted'}}"
#define BENCH_VALUES                                                                                                   \
    "{':v': {'N': '1'}, ':5': {'N': '5'}, ':9': {'N': '9'}, ':s': {'S': 'hel'}, ':x': {'S': 'x'}, ':e': {'S': ''},"    \
    " ':b': {'B': 'aA=='}, ':t': {'BOOL': true}, ':nl': {'NULL': true}, ':l': {'L': [{'N': '1'}, {'S': 'x'}]},"        \
    " ':m': {'M': {'k': {'N': '1'}}}, ':ss': {'SS': ['a']}, ':sab': {'SS': ['b', 'a']}, ':ns': {'NS': ['1', '3']},"    \
    " ':bs': {'BS': ['YQ==']}, ':S': {'S': 'S'}, ':NULL': {'S': 'NULL'}, ':NS': {'S': 'NS'}, ':N': {'S': 'N'}}"
#define BENCH_NAMES "{'#n': 'n', '#m': 'm', '#x': 'x', '#dot': 'a.b', '#abort': 'abort'}"

static inline int bench_setup(void **state)
{
    static struct bench bench;
    bench = (struct bench){.exists = true};
    arena_init(&bench.arena, 65536);
    bench.item = bench_item(&bench, BENCH_ITEM);
    bench.key = bench_item(&bench, "{'pk': {'S': 'k'}}");
    bench_values(&bench, BENCH_VALUES);
    bench_names(&bench, BENCH_NAMES);
    *state = &bench;
    return 0;
}

static inline int bench_teardown(void **state)
{
    struct bench *bench = *state;
    arena_finish(&bench->arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
