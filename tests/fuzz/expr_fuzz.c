/* Any bytes as an expression of every kind, against one item. The first byte chooses what is looked at.
 *
 * Invariants: whatever parses has at most EXPR_OPERATORS_MAX operators' worth of recursion and is evaluated without a
 * failed assertion; an error has a text; evaluating twice gives the same; an update leaves the old item alone; what a
 * projection returns is projected to itself when no list was thinned out. */
#include <assert.h>
#include <stdint.h>

#include "api/expression_error.h"
#include "expr/error.h"
#include "expr/expr.h"
#include "value/from_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char ITEM[] = "{\"pk\": {\"S\": \"k\"}, \"n\": {\"N\": \"5\"}, \"s\": {\"S\": \"hello\"}, \"b\": {\"B\": "
                           "\"aGVs\"}, \"t\": {\"BOOL\": true},"
                           " \"nu\": {\"NULL\": true}, \"ss\": {\"SS\": [\"a\", \"b\"]}, \"ns\": {\"NS\": [\"1\", "
                           "\"2\"]}, \"bs\": {\"BS\": [\"YQ==\"]},"
                           " \"l\": {\"L\": [{\"N\": \"1\"}, {\"N\": \"2\"}, {\"M\": {\"p\": {\"N\": \"1\"}}}]},"
                           " \"m\": {\"M\": {\"x\": {\"N\": \"1\"}, \"y\": {\"L\": [{\"N\": \"1\"}]}, \"z\": {\"M\": "
                           "{\"k\": {\"N\": \"1\"}}}}}}";
static const char VALUES[] = "{\":n\": {\"N\": \"1\"}, \":s\": {\"S\": \"hel\"}, \":b\": {\"B\": \"aA==\"}, \":t\": "
                             "{\"BOOL\": true}, \":nl\": {\"NULL\": true},"
                             " \":l\": {\"L\": [{\"N\": \"1\"}]}, \":m\": {\"M\": {\"k\": {\"N\": \"1\"}}}, \":ss\": "
                             "{\"SS\": [\"a\"]}, \":ns\": {\"NS\": [\"1\"]},"
                             " \":big\": {\"N\": \"9e125\"}, \":S\": {\"S\": \"S\"}}";

static struct item read_item(struct arena *arena, const char *json)
{
    static struct json_parser *parser;
    size_t len = strlen(json);
    char *padded = arena_zalloc(arena, len + JSON_PADDING);
    struct json_node *nodes;
    struct item item;
    if (parser == NULL) {
        parser = json_parser_create();
    }
    memcpy(padded, json, len);
    enum json_result parsed = json_parse(parser, slice_of(padded, len), arena, &nodes);
    struct value_reader reader = {.nodes = nodes, .arena = arena};
    assert(parsed == JSON_OK && item_read(&reader, nodes, &item) && reader.flaw.kind == FLAW_NONE);
    return item;
}

static struct expr_symbols make_symbols(struct arena *arena)
{
    static struct expr_name names[] = {{{"#n", 2}, {"n", 1}, false},
                                       {{"#m", 2}, {"m", 1}, false},
                                       {{"#dot", 4}, {"a.b", 3}, false},
                                       {{"#hash", 5}, {"#n", 2}, false}};
    struct item values = read_item(arena, VALUES);
    struct expr_symbols symbols = {.names = names, .name_count = 4, .value_count = values.count};
    symbols.values = arena_zalloc(arena, values.count * sizeof *symbols.values);
    for (uint32_t i = 0; i < values.count; i++) {
        symbols.values[i].placeholder = values.attributes[i].name;
        symbols.values[i].value = values.attributes[i].value;
    }
    return symbols;
}

static void check_error(struct arena *arena, enum expr_kind kind, const struct expr_error *error)
{
    assert(error->code > EXPR_OK && error->code < EXPR_CODE_COUNT);
    assert(expr_error_text(arena, kind, error).len > 0);
}

static bool count_name(void *context, struct slice name)
{
    assert(name.len > 0);
    (*(unsigned *)context)++;
    return true;
}

static void check_condition(struct arena *arena, enum expr_kind kind, struct slice text, const struct item *item)
{
    struct expr_symbols symbols = make_symbols(arena);
    struct condition *condition;
    struct expr_error error = {0};
    struct key_term terms[KEY_TERMS_MAX];
    uint32_t count;
    unsigned names = 0;
    if (condition_parse(arena, kind, text, &symbols, &condition, &error) != 0) {
        check_error(arena, kind, &error);
        return;
    }
    assert(condition_holds(condition, item, arena) == condition_holds(condition, item, arena));
    (void)condition_holds(condition, NULL, arena);
    assert(condition_visit_names(condition, count_name, &names));
    if (condition_key_terms(condition, terms, &count, &error) != 0) {
        check_error(arena, kind, &error);
    } else {
        assert(count >= 1 && count <= KEY_TERMS_MAX && names == count);
    }
    (void)expr_symbols_unused(&symbols, arena, &error);
}

static void check_update(struct arena *arena, struct slice text, const struct item *old)
{
    struct expr_symbols symbols = make_symbols(arena);
    struct item key = read_item(arena, "{\"pk\": {\"S\": \"k\"}}");
    struct update *update;
    struct expr_error error = {0};
    struct item new;
    struct item parts;
    struct buffer before = {0};
    struct buffer after = {0};
    unsigned names = 0;
    if (update_parse(arena, text, &symbols, &update, &error) != 0) {
        check_error(arena, EXPR_UPDATE, &error);
        return;
    }
    assert(update_visit_targets(update, count_name, &names) && names > 0);
    item_append_json(&before, old);
    if (update_apply(update, &key, old, arena, &new, &error) != 0) {
        check_error(arena, EXPR_UPDATE, &error);
    } else {
        update_project(update, &new, arena, &parts);
        assert(item_size(&parts) <= item_size(&new));
        for (uint32_t i = 1; i < new.count; i++) {
            assert(item_find(&new, new.attributes[i].name) == &new.attributes[i].value); /* names are unique */
        }
    }
    item_append_json(&after, old);
    assert(slice_equal(buffer_slice(&before), buffer_slice(&after)));
    if (update_apply(update, &key, NULL, arena, &new, &error) == 0) {
        assert(item_size(&new) > 0 || new.count == 0);
    }
    buffer_finish(&before);
    buffer_finish(&after);
}

static void check_projection(struct arena *arena, struct slice text, const struct item *item)
{
    struct expr_symbols symbols = make_symbols(arena);
    struct projection *projection;
    struct expr_error error = {0};
    struct item parts;
    struct item again;
    if (projection_parse(arena, text, &symbols, &projection, &error) != 0) {
        check_error(arena, EXPR_PROJECTION, &error);
        return;
    }
    projection_apply(projection, item, arena, &parts);
    assert(item_size(&parts) <= item_size(item));
    projection_apply(projection, &parts, arena, &again);
    if (memchr(text.data, '[', text.len) == NULL) {
        assert(item_equal(&parts, &again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    if (size < 1 || size > EXPR_TEXT_BYTES_MAX + 8) {
        return 0;
    }
    arena_init(&arena, 65536);
    struct slice text = arena_copy(&arena, slice_of(data + 1, size - 1));
    struct item item = read_item(&arena, ITEM);
    switch (data[0] % 4) {
    case 0:
        check_condition(&arena, EXPR_CONDITION, text, &item);
        break;
    case 1:
        check_condition(&arena, EXPR_KEY_CONDITION, text, &item);
        break;
    case 2:
        check_update(&arena, text, &item);
        break;
    default:
        check_projection(&arena, text, &item);
        break;
    }
    (void)expr_is_reserved(text);
    arena_finish(&arena);
    return 0;
}
