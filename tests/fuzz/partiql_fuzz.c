/* Any bytes as a PartiQL statement: compiled, planned against a key schema, and what comes out of it applied to items.
 * Every question mark finds a parameter. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/partiql_error.h"
#include "partiql/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STATEMENT_BYTES_MAX 8192
#define PARAMETERS          8

static struct value string_value(const char *text)
{
    return (struct value){.type = VALUE_S, .bytes = slice_from_string(text)};
}

static struct value number_value(const char *text)
{
    return (struct value){.type = VALUE_N, .bytes = slice_from_string(text)};
}

static const struct value *parameters(void)
{
    static struct value values[PARAMETERS], set[2], list[2];
    static struct attribute inner;
    set[0] = string_value("x");
    set[1] = string_value("y");
    list[0] = number_value("1");
    list[1] = string_value("deep");
    inner = (struct attribute){.name = SLICE("z"), .value = list[1]};
    values[0] = string_value("a");
    values[1] = number_value("1");
    values[2] = (struct value){.type = VALUE_SS, .count = 2, .elements = set};
    values[3] = (struct value){.type = VALUE_L, .count = 2, .elements = list};
    values[4] = (struct value){.type = VALUE_M, .count = 1, .attributes = &inner};
    values[5] = (struct value){.type = VALUE_BOOL, .boolean = true};
    values[6] = (struct value){.type = VALUE_NULL};
    values[7] = (struct value){.type = VALUE_B, .bytes = SLICE("")};
    return values;
}

static struct item example(void)
{
    static struct attribute attributes[PARAMETERS];
    static const char *const NAMES[] = {"pk", "n", "ss", "l", "m", "t", "u", "b"};
    for (unsigned i = 0; i < PARAMETERS; i++) {
        attributes[i] = (struct attribute){.name = slice_from_string(NAMES[i]), .value = parameters()[i]};
    }
    return (struct item){.attributes = attributes, .count = PARAMETERS};
}

static void check_error(struct arena *arena, struct slice text, const struct partiql_error *error)
{
    assert(error->code > PARTIQL_OK && error->code < PARTIQL_ERROR_COUNT);
    assert(!error->placed || (error->start <= error->end && error->end <= text.len));
    assert(partiql_error_text(arena, text, error).len > 0);
}

static void evaluate(struct arena *arena, const struct condition *condition)
{
    struct item item = example();
    if (condition != NULL) {
        (void)condition_holds(condition, &item, arena);
        (void)condition_holds(condition, NULL, arena);
    }
}

static void plan_select(struct arena *arena, struct slice text, const struct partiql_statement *statement,
                        const struct partiql_keys *keys)
{
    struct partiql_error error = {0};
    struct partiql_plan plan;
    struct item key, shown, item = example();
    if (partiql_plan_select(arena, statement, keys, keys, &plan, &error) == 0) {
        assert(plan.is_scan == (plan.partition_count == 0));
        assert(plan.partition_count <= PARTIQL_KEY_CHOICES_MAX && plan.range_count <= keys->range_count);
        for (uint32_t i = 0; i < plan.partition_count; i++) {
            assert(plan.hash[i].type == keys->hash[0].type);
        }
        evaluate(arena, plan.filter);
    } else {
        check_error(arena, text, &error);
    }
    if (statement->column_count > 0) {
        partiql_project(statement, &item, arena, &shown);
        assert(shown.count <= statement->column_count);
    }
    if (partiql_plan_get(arena, statement, keys, &key, &error) == 0) {
        assert(key.count == keys->hash_count + keys->range_count);
    } else {
        check_error(arena, text, &error);
    }
}

static void plan_write(struct arena *arena, struct slice text, const struct partiql_statement *statement,
                       const struct partiql_keys *keys)
{
    struct partiql_error error = {0};
    struct expr_error expr_error;
    struct condition *condition;
    struct item key, new, item = example();
    if (statement->kind == PARTIQL_EXISTS && statement->index.len > 0) {
        return;
    }
    if (partiql_plan_write(arena, statement, keys, &key, &condition, &error) != 0) {
        check_error(arena, text, &error);
        return;
    }
    assert(key.count == keys->hash_count + keys->range_count);
    evaluate(arena, condition);
    if (statement->update != NULL && update_apply(statement->update, &key, &item, arena, &new, &expr_error) == 0) {
        update_project(statement->update, &new, arena, &item);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct partiql_keys schemas[] = {
        {.hash = {{SLICE("pk"), VALUE_S}}, .hash_count = 1},
        {.hash = {{SLICE("pk"), VALUE_S}}, .range = {{SLICE("sk"), VALUE_S}}, .hash_count = 1, .range_count = 1},
        {.hash = {{SLICE("n"), VALUE_N}}, .range = {{SLICE("b"), VALUE_B}}, .hash_count = 1, .range_count = 1},
    };
    struct partiql_statement *statement;
    struct partiql_error error = {0};
    struct arena arena;
    if (size > STATEMENT_BYTES_MAX) {
        return 0;
    }
    char *copy = malloc(size + 1); /* so that a read behind the end is seen */
    memcpy(copy, data, size);
    struct slice text = slice_of(copy, size);
    char *exact = realloc(copy, size == 0 ? 1 : size);
    text.data = exact;
    arena_init(&arena, 4096);
    (void)partiql_is_read(text);
    if (partiql_compile(&arena, text, parameters(), PARAMETERS, &statement, &error) != 0) {
        check_error(&arena, text, &error);
    } else {
        for (unsigned i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
            if (statement->kind == PARTIQL_SELECT) {
                plan_select(&arena, text, statement, &schemas[i]);
            } else {
                plan_write(&arena, text, statement, &schemas[i]);
            }
        }
    }
    arena_finish(&arena);
    free(exact);
    return 0;
}
