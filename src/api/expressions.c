#include "api/expressions.h"

#include <limits.h>
#include <stdlib.h>

#include "api/attribute_error.h"
#include "api/expression_error.h"

/* Names, values and placeholders of one request together. Source: Developer Guide, "Quotas", expression parameters. */
#define SYMBOLS_BYTES_MAX (2u << 20)
#define RANK_OF_INDEXES   100
#define RANK_NONE         UINT_MAX

/* --- style ----------------------------------------------------------------------------------------------------- */

static unsigned present_count(const struct parameter *parameters, unsigned count)
{
    unsigned present = 0;
    for (unsigned i = 0; i < count; i++) {
        present += parameters[i].present;
    }
    return present;
}

static struct slice present_list(struct arena *arena, const struct parameter *parameters, unsigned count)
{
    struct slice list = SLICE("");
    for (unsigned i = 0; i < count; i++) {
        if (parameters[i].present) {
            list = arena_printf(arena, "%.*s%s%s", SLICE_ARG(list), list.len == 0 ? "" : ", ", parameters[i].name);
        }
    }
    return list;
}

static bool check_values_wanted(struct api_call *call, const struct expression_style *style)
{
    struct slice list = SLICE("");
    unsigned users = 0;
    for (unsigned i = 0; i < style->expression_count; i++) {
        if (!style->expressions[i].takes_values) {
            continue;
        }
        if (style->expressions[i].present) {
            return true;
        }
        list = arena_printf(&call->arena, "%.*s%s%s", SLICE_ARG(list), users == 0 ? "" : " and ",
                            style->expressions[i].name);
        users++;
    }
    call_fail(call, ERROR_VALIDATION,
              "ExpressionAttributeValues can only be specified when using expressions: %.*s %s null", SLICE_ARG(list),
              users == 1 ? "is" : "are");
    return false;
}

bool expressions_check_style(struct api_call *call, const struct expression_style *style)
{
    unsigned expressions = present_count(style->expressions, style->expression_count);
    if (expressions > 0 && present_count(style->legacy, style->legacy_count) > 0) {
        call_fail(call, ERROR_VALIDATION,
                  "Can not use both expression and non-expression parameters in the same request: Non-expression "
                  "parameters: {%.*s} Expression parameters: {%.*s}",
                  SLICE_ARG(present_list(&call->arena, style->legacy, style->legacy_count)),
                  SLICE_ARG(present_list(&call->arena, style->expressions, style->expression_count)));
        return false;
    }
    if (style->has_names && expressions == 0) {
        call_fail(call, ERROR_VALIDATION, "ExpressionAttributeNames can only be specified when using expressions");
        return false;
    }
    return !style->has_values || check_values_wanted(call, style);
}

/* --- placeholders ---------------------------------------------------------------------------------------------- */

static bool check_filled(struct api_call *call, const char *parameter, uint32_t count)
{
    if (count == 0) {
        call_fail(call, ERROR_VALIDATION, "%s must not be empty", parameter);
    }
    return count != 0;
}

/* What an error of the placeholders says does not depend on the kind of expression. */
static bool fail_symbols(struct api_call *call, const struct expr_error *error)
{
    expressions_fail(call, EXPR_CONDITION, error);
    return false;
}

static bool read_names(struct api_call *call, const struct expression_names *names, struct expr_symbols *symbols)
{
    struct expr_error error = {0};
    if (!names->present) {
        return true;
    }
    if (!check_filled(call, "ExpressionAttributeNames", names->count)) {
        return false;
    }
    symbols->has_names = true;
    symbols->name_count = names->count;
    symbols->names = ARENA_ARRAY(&call->arena, struct expr_name, names->count);
    for (uint32_t i = 0; i < names->count; i++) {
        symbols->names[i] = (struct expr_name){names->keys[i], names->items[i], false};
    }
    return expr_check_names(symbols, &call->arena, &error) == 0 || fail_symbols(call, &error);
}

static bool read_values(struct api_call *call, const struct expression_values *values, struct expr_symbols *symbols)
{
    struct expr_error error = {0};
    if (values == NULL || !values->present) {
        return true;
    }
    if (!check_filled(call, "ExpressionAttributeValues", values->count)) {
        return false;
    }
    symbols->has_values = true;
    symbols->value_count = values->count;
    symbols->values = ARENA_ARRAY(&call->arena, struct expr_value, values->count);
    for (uint32_t i = 0; i < values->count; i++) {
        symbols->values[i] = (struct expr_value){values->keys[i], values->items[i].value, false};
    }
    if (expr_check_value_keys(symbols, &call->arena, &error) != 0) {
        return fail_symbols(call, &error);
    }
    for (uint32_t i = 0; i < values->count; i++) {
        const struct value_flaw *flaw = &values->items[i].flaw;
        if (flaw->kind != FLAW_NONE) {
            call_fail(call, ERROR_VALIDATION, "ExpressionAttributeValues contains invalid value: %.*s for key %.*s",
                      SLICE_ARG(attribute_flaw_text(&call->arena, flaw)), SLICE_ARG(values->keys[i]));
            return false;
        }
    }
    return true;
}

static size_t symbols_bytes(const struct expr_symbols *symbols)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < symbols->name_count; i++) {
        bytes += symbols->names[i].placeholder.len + symbols->names[i].name.len;
    }
    for (uint32_t i = 0; i < symbols->value_count; i++) {
        bytes += symbols->values[i].placeholder.len + value_size(&symbols->values[i].value);
    }
    return bytes;
}

bool expressions_symbols(struct api_call *call, const struct expression_names *names,
                         const struct expression_values *values, struct expr_symbols *ret_symbols)
{
    *ret_symbols = (struct expr_symbols){0};
    if (!read_names(call, names, ret_symbols) || !read_values(call, values, ret_symbols)) {
        return false;
    }
    if (symbols_bytes(ret_symbols) > SYMBOLS_BYTES_MAX) {
        call_fail(call, ERROR_VALIDATION,
                  "ExpressionAttributeNames and ExpressionAttributeValues have exceeded the maximum allowed size");
        return false;
    }
    return true;
}

bool expressions_check_used(struct api_call *call, const struct expr_symbols *symbols)
{
    struct expr_error error = {0};
    return expr_symbols_unused(symbols, &call->arena, &error) == 0 || fail_symbols(call, &error);
}

/* --- key attributes are scalars --------------------------------------------------------------------------------- */

struct nested_key {
    const struct table_spec *table;
    struct slice name;
    unsigned rank; /* of the name found: the table's keys in their order, then those of indexes */
};

static unsigned key_rank(const struct table_spec *table, struct slice name)
{
    const struct key_schema *keys = &table->keys;
    for (unsigned i = 0; i < keys->hash_count; i++) {
        if (slice_equal(keys->hash[i].name, name)) {
            return i;
        }
    }
    for (unsigned i = 0; i < keys->range_count; i++) {
        if (slice_equal(keys->range[i].name, name)) {
            return keys->hash_count + i;
        }
    }
    for (uint32_t i = 0; i < table->index_count; i++) {
        if (key_schema_has(&table->indexes[i].keys, name)) {
            return RANK_OF_INDEXES + i;
        }
    }
    return RANK_NONE;
}

static bool visit_nested(void *context, struct slice name, bool nested)
{
    struct nested_key *key = context;
    unsigned rank = nested ? key_rank(key->table, name) : RANK_NONE;
    if (rank < key->rank) {
        key->rank = rank;
        key->name = name;
    }
    return true;
}

bool expressions_check_scalars(struct api_call *call, const struct table_spec *table, const struct condition *condition,
                               const struct projection *projection, const struct update *update)
{
    struct nested_key key = {.table = table, .rank = RANK_NONE};
    if (condition != NULL) {
        condition_visit_paths(condition, visit_nested, &key);
    }
    if (projection != NULL) {
        projection_visit_paths(projection, visit_nested, &key);
    }
    if (update != NULL) {
        update_visit_paths(update, visit_nested, &key);
    }
    if (key.rank == RANK_NONE) {
        return true;
    }
    call_fail(call, ERROR_VALIDATION,
              "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %s: %.*s",
              key.rank < RANK_OF_INDEXES ? "Key" : "IndexKey", SLICE_ARG(key.name));
    return false;
}

/* --- parsing --------------------------------------------------------------------------------------------------- */

void expressions_fail(struct api_call *call, enum expr_kind kind, const struct expr_error *error)
{
    call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(expr_error_text(&call->arena, kind, error)));
}

bool expressions_condition(struct api_call *call, enum expr_kind kind, const struct opt_string *text,
                           struct expr_symbols *symbols, struct condition **ret_condition)
{
    struct expr_error error = {0};
    *ret_condition = NULL;
    if (text->present && condition_parse(&call->arena, kind, text->text, symbols, ret_condition, &error) != 0) {
        expressions_fail(call, kind, &error);
        return false;
    }
    return true;
}

bool expressions_update(struct api_call *call, const struct opt_string *text, struct expr_symbols *symbols,
                        struct update **ret_update)
{
    struct expr_error error = {0};
    *ret_update = NULL;
    if (text->present && update_parse(&call->arena, text->text, symbols, ret_update, &error) != 0) {
        expressions_fail(call, EXPR_UPDATE, &error);
        return false;
    }
    return true;
}

bool expressions_projection(struct api_call *call, const struct opt_string *text, struct expr_symbols *symbols,
                            struct projection **ret_projection)
{
    struct expr_error error = {0};
    *ret_projection = NULL;
    if (text->present && projection_parse(&call->arena, text->text, symbols, ret_projection, &error) != 0) {
        expressions_fail(call, EXPR_PROJECTION, &error);
        return false;
    }
    return true;
}

static int compare_slices(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

bool expressions_attributes(struct api_call *call, const struct attribute_names *attributes,
                            struct projection **ret_projection)
{
    *ret_projection = NULL;
    if (!attributes->present) {
        return true;
    }
    struct slice *sorted = ARENA_ARRAY(&call->arena, struct slice, attributes->count);
    memcpy(sorted, attributes->items, sizeof(sorted[0]) * attributes->count);
    qsort(sorted, attributes->count, sizeof(sorted[0]), compare_slices);
    if (attributes->count != 0 && sorted[0].len == 0) {
        call_fail(call, ERROR_VALIDATION, "Empty attribute name");
        return false;
    }
    for (uint32_t i = 1; i < attributes->count; i++) {
        if (slice_equal(sorted[i - 1], sorted[i])) {
            call_fail(call, ERROR_VALIDATION,
                      "One or more parameter values were invalid: Duplicate value in attribute name: %.*s",
                      SLICE_ARG(sorted[i]));
            return false;
        }
    }
    *ret_projection = projection_of_names(&call->arena, attributes->items, attributes->count);
    return true;
}
