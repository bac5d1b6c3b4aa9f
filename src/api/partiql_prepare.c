#include "api/partiql_prepare.h"

#include <assert.h>

#include "api/attribute_error.h"
#include "api/expression_error.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/partiql_error.h"
#include "partiql/error.h"

static bool refuse(struct partiql_failure *failure, enum error_type type, struct slice message)
{
    *failure = (struct partiql_failure){.type = type, .message = message};
    return false;
}

static bool refuse_statement(struct arena *arena, struct slice text, const struct partiql_error *error,
                             struct partiql_failure *failure)
{
    (void)refuse(failure, ERROR_VALIDATION, partiql_error_text(arena, text, error));
    failure->code = error->code;
    return false;
}

/* A statement that is none is told before its parameters are looked at. */
static bool refuse_parameter(struct arena *arena, struct slice text, const struct value_flaw *flaw,
                             struct partiql_failure *failure)
{
    struct partiql_error error;
    return partiql_check_syntax(arena, text, &error) != 0
               ? refuse_statement(arena, text, &error, failure)
               : refuse(failure, ERROR_VALIDATION, attribute_flaw_text(arena, flaw));
}

bool partiql_prepare(struct arena *arena, struct slice text, const struct statement_parameters *parameters,
                     struct partiql_statement **ret_statement, struct partiql_failure *ret_failure)
{
    struct value *values = ARENA_ARRAY(arena, struct value, parameters->count);
    for (uint32_t i = 0; i < parameters->count; i++) {
        const struct value_flaw *flaw = &parameters->items[i].flaw;
        if (flaw->kind != FLAW_NONE) {
            return refuse_parameter(arena, text, flaw, ret_failure);
        }
        values[i] = parameters->items[i].value;
    }
    struct partiql_error error;
    if (partiql_compile(arena, text, values, parameters->count, ret_statement, &error) != 0) {
        return refuse_statement(arena, text, &error, ret_failure);
    }
    return true;
}

bool partiql_refuse_exists(struct arena *arena, const struct partiql_statement *statement,
                           struct partiql_failure *ret_failure)
{
    const struct partiql_error error = {.code = PARTIQL_EXISTS_MISPLACED};
    return statement->kind != PARTIQL_EXISTS || refuse_statement(arena, SLICE(""), &error, ret_failure);
}

bool partiql_find_table(struct api_call *call, const struct partiql_statement *statement, struct table **ret_table,
                        struct partiql_failure *ret_failure)
{
    struct table *table = call_table_find(call, statement->table);
    if (table == NULL) {
        return refuse(ret_failure, ERROR_RESOURCE_NOT_FOUND, SLICE("Requested resource not found"));
    }
    if (!call_table_is_accessible(table)) {
        return refuse(ret_failure, ERROR_ACCESS_DENIED, SLICE(CALL_KEY_REFUSED));
    }
    *ret_table = table;
    return true;
}

struct partiql_keys partiql_keys_of(const struct key_schema *schema)
{
    struct partiql_keys keys = {.hash_count = schema->hash_count, .range_count = schema->range_count};
    for (unsigned i = 0; i < schema->hash_count; i++) {
        keys.hash[i] = (struct partiql_key){schema->hash[i].name, schema->hash[i].type};
    }
    for (unsigned i = 0; i < schema->range_count; i++) {
        keys.range[i] = (struct partiql_key){schema->range[i].name, schema->range[i].type};
    }
    return keys;
}

/* --- writes ------------------------------------------------------------------------------------------------------ */

struct key_target {
    const struct key_schema *keys;
    struct slice found;
};

/* Keeps the hash key, else the first that comes. */
static bool visit_target(void *context, struct slice name)
{
    struct key_target *target = context;
    bool is_hash = slice_equal(name, target->keys->hash[0].name);
    if (key_schema_has(target->keys, name) && (target->found.len == 0 || is_hash)) {
        target->found = name;
    }
    return true;
}

static bool check_targets(struct arena *arena, const struct table_spec *table, const struct update *update,
                          struct partiql_failure *failure)
{
    struct key_target target = {.keys = &table->keys};
    update_visit_targets(update, visit_target, &target);
    if (target.found.len == 0) {
        return true;
    }
    return refuse(
        failure, ERROR_VALIDATION,
        arena_printf(arena,
                     "One or more parameter values were invalid: Cannot update attribute %.*s. This attribute "
                     "is part of the key",
                     SLICE_ARG(target.found)));
}

static bool check_item(struct arena *arena, const struct table_spec *table, const struct item *item,
                       struct partiql_failure *failure)
{
    struct slice message;
    if (item_size(item) > ITEM_SIZE_MAX) {
        return refuse(failure, ERROR_VALIDATION, SLICE("Item size has exceeded the maximum allowed size"));
    }
    return key_check_item(arena, table, item, &message) || refuse(failure, ERROR_VALIDATION, message);
}

static bool set_kind(struct arena *arena, const struct partiql_statement *statement, struct write *write,
                     struct partiql_failure *failure)
{
    const struct table_spec *table = &write->table->spec;
    switch (statement->kind) {
    case PARTIQL_INSERT:
        write->kind = WRITE_PUT;
        write->item = statement->item;
        return check_item(arena, table, &statement->item, failure);
    case PARTIQL_UPDATE:
        write->kind = WRITE_UPDATE;
        write->update = statement->update;
        return check_targets(arena, table, statement->update, failure);
    case PARTIQL_DELETE:
        write->kind = WRITE_DELETE;
        return true;
    default:
        assert(statement->kind == PARTIQL_EXISTS);
        write->kind = WRITE_CHECK;
        return true;
    }
}

bool partiql_prepare_write(struct arena *arena, struct slice text, const struct partiql_statement *statement,
                           struct table *table, bool item_on_failure, struct write *write,
                           struct partiql_failure *ret_failure)
{
    const struct partiql_keys keys = partiql_keys_of(&table->spec.keys);
    struct condition *condition;
    struct partiql_error error;
    struct slice message;
    struct item key;
    if (partiql_plan_write(arena, statement, &keys, &key, &condition, &error) != 0) {
        return refuse_statement(arena, text, &error, ret_failure);
    }
    write_init(write);
    write->table = table;
    bool fits = key_check(arena, &table->spec, &key, &message);
    if (fits) {
        item_write_key(arena, &table->spec, &key, &write->key_item);
        row_key_of_item(arena, &table->spec, &write->key_item, &write->key);
    }
    if (!set_kind(arena, statement, write, ret_failure)) {
        return false;
    }
    if (!fits) {
        return refuse(ret_failure, ERROR_VALIDATION, message);
    }
    write->condition = condition;
    enum partiql_returning returning = statement->returning;
    write->want_old = returning == PARTIQL_RETURN_ALL_OLD || returning == PARTIQL_RETURN_MODIFIED_OLD ||
                      (item_on_failure && condition != NULL);
    write->want_new = returning == PARTIQL_RETURN_ALL_NEW || returning == PARTIQL_RETURN_MODIFIED_NEW;
    return true;
}

static bool refuse_condition(const struct partiql_statement *statement, const struct write *write, bool item_on_failure,
                             struct partiql_failure *failure)
{
    if (statement->kind == PARTIQL_INSERT) {
        return !refuse(failure, ERROR_DUPLICATE_ITEM, SLICE("Duplicate primary key exists in table"));
    }
    (void)refuse(failure, ERROR_CONDITIONAL_CHECK_FAILED, SLICE("The conditional request failed"));
    failure->has_item = item_on_failure && write->had_old;
    if (failure->has_item) {
        failure->item = write->old;
    }
    return true;
}

struct partiql_failure partiql_throttled(const struct table_spec *table, const struct throttle *throttle)
{
    return (struct partiql_failure){
        .type = throttle_error(throttle),
        .message = throttle_message(throttle),
        .throttled = table,
        .throttle = *throttle,
    };
}

bool partiql_write_failed(struct arena *arena, const struct partiql_statement *statement, const struct write *write,
                          bool item_on_failure, struct partiql_failure *ret_failure)
{
    bool is_update = write->kind == WRITE_UPDATE;
    if (write->command.failed) {
        return !refuse(ret_failure, ERROR_INTERNAL, SLICE("Internal server error"));
    }
    switch (write->result) {
    case WRITE_DONE:
        return false;
    case WRITE_CONDITION_FAILED:
        return refuse_condition(statement, write, item_on_failure, ret_failure);
    case WRITE_TABLE_GONE:
        return !refuse(ret_failure, ERROR_RESOURCE_NOT_FOUND, SLICE("Requested resource not found"));
    case WRITE_UPDATE_INVALID:
        return !refuse(ret_failure, ERROR_VALIDATION, expr_error_text(arena, EXPR_UPDATE, &write->expr_error));
    case WRITE_ITEM_TOO_LARGE:
        return !refuse(ret_failure, ERROR_VALIDATION,
                       is_update ? SLICE("Item size to update has exceeded the maximum allowed size")
                                 : SLICE("Item size has exceeded the maximum allowed size"));
    case WRITE_ITEM_TOO_DEEP:
        return !refuse(ret_failure, ERROR_VALIDATION, SLICE("Nesting Levels have exceeded supported limits"));
    case WRITE_INDEX_KEY_INVALID:
        return !refuse(ret_failure, ERROR_VALIDATION, key_index_flaw_text(arena, &write->index_flaw, is_update));
    case WRITE_COLLECTION_FULL:
        return !refuse(ret_failure, ERROR_ITEM_COLLECTION_SIZE_LIMIT, SLICE("Collection size exceeded."));
    case WRITE_CONFLICT:
        return !refuse(ret_failure, ERROR_TRANSACTION_CONFLICT, SLICE("Transaction is ongoing for the item"));
    case WRITE_THROTTLED:
        *ret_failure = partiql_throttled(&write->table->spec, &write->throttle);
        return true;
    case WRITE_STORE_FAILED:
        break;
    }
    return !refuse(ret_failure, ERROR_INTERNAL, SLICE("Internal server error"));
}

bool partiql_returned(struct arena *arena, const struct partiql_statement *statement, const struct write *write,
                      struct item *ret_shown)
{
    switch (statement->returning) {
    case PARTIQL_RETURN_NONE:
        return false;
    case PARTIQL_RETURN_ALL_OLD:
        *ret_shown = write->old;
        return write->had_old;
    case PARTIQL_RETURN_ALL_NEW:
        *ret_shown = write->new;
        return true;
    case PARTIQL_RETURN_MODIFIED_OLD:
        if (!write->had_old) {
            return false;
        }
        update_project(write->update, &write->old, arena, ret_shown);
        return ret_shown->count != 0;
    case PARTIQL_RETURN_MODIFIED_NEW:
        update_project(write->update, &write->new, arena, ret_shown);
        return ret_shown->count != 0;
    }
    return false;
}

/* --- reads ------------------------------------------------------------------------------------------------------- */

bool partiql_prepare_get(struct arena *arena, struct slice text, const struct partiql_statement *statement,
                         const struct table *table, struct row_key *ret_key, struct partiql_failure *ret_failure)
{
    const struct partiql_keys keys = partiql_keys_of(&table->spec.keys);
    struct partiql_error error;
    struct slice message;
    struct item key;
    if (partiql_plan_get(arena, statement, &keys, &key, &error) != 0) {
        return refuse_statement(arena, text, &error, ret_failure);
    }
    if (!key_check(arena, &table->spec, &key, &message)) {
        return refuse(ret_failure, ERROR_VALIDATION, message);
    }
    row_key_of_item(arena, &table->spec, &key, ret_key);
    return true;
}

/* Sizes of the values that become keys. */
static bool check_key_values(struct arena *arena, const struct key_schema *keys, const struct index_spec *index,
                             const struct partiql_plan *plan, struct slice *ret_message)
{
    for (uint32_t i = 0; i < plan->partition_count * keys->hash_count; i++) {
        if (!key_check_value(arena, index, &keys->hash[i % keys->hash_count], false, &plan->hash[i], ret_message)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < plan->range_count; i++) {
        const struct key_term *term = &plan->range[i];
        enum key_operator how = term->operator;
        if (!key_check_value(arena, index, &keys->range[i], true, &term->operand, ret_message) ||
            (how == KEY_BETWEEN &&
             !key_check_value(arena, index, &keys->range[i], true, &term->operand_upper, ret_message))) {
            return false;
        }
    }
    return true;
}

bool partiql_prepare_select(struct arena *arena, struct slice text, const struct partiql_statement *statement,
                            const struct table_spec *table, const struct index_spec *index,
                            struct partiql_plan *ret_plan, struct partiql_failure *ret_failure)
{
    const struct key_schema *keys = index == NULL ? &table->keys : &index->keys;
    const struct partiql_keys names = partiql_keys_of(keys);
    const struct partiql_keys base = partiql_keys_of(&table->keys);
    struct partiql_error error;
    struct slice message;
    if (partiql_plan_select(arena, statement, &names, &base, ret_plan, &error) != 0) {
        return refuse_statement(arena, text, &error, ret_failure);
    }
    return check_key_values(arena, keys, index, ret_plan, &message) || refuse(ret_failure, ERROR_VALIDATION, message);
}

void partiql_fail_call(struct api_call *call, const struct partiql_failure *failure)
{
    struct slice members = SLICE("");
    if (failure->throttled != NULL) {
        throttle_fail(call, failure->throttled, &failure->throttle);
        return;
    }
    if (failure->has_item) {
        struct buffer text = {0};
        BUFFER_APPEND_LITERAL(&text, ",\"Item\":");
        item_append_json(&text, &failure->item);
        members = arena_copy(&call->arena, buffer_slice(&text));
        buffer_finish(&text);
    }
    call_fail_with(call, failure->type, members, "%.*s", SLICE_ARG(failure->message));
}
