/* AttributeUpdates. */
#include "api/attribute_error.h"
#include "api/key_check.h"
#include "api/legacy.h"
#include "expr/error.h"
#include "expr/legacy.h"

#define INVALID       "One or more parameter values were invalid: "
#define TYPE_MISMATCH "Type mismatch for attribute to update"

/* The long names of types, which no other error text has. */
static const char *long_name(enum value_type type)
{
    switch (type) {
    case VALUE_S:
        return "STRING";
    case VALUE_N:
        return "NUMBER";
    case VALUE_B:
        return "BINARY";
    case VALUE_BOOL:
        return "BOOLEAN";
    case VALUE_NULL:
        return "NULL";
    case VALUE_M:
        return "MAP";
    case VALUE_L:
        return "LIST";
    default:
        return "SET"; /* every action takes sets */
    }
}

static bool is_set(enum value_type type)
{
    return type == VALUE_SS || type == VALUE_NS || type == VALUE_BS;
}

static bool check_type(struct api_call *call, enum legacy_action action, enum value_type type)
{
    if (action == LEGACY_ADD && !is_set(type) && type != VALUE_N && type != VALUE_L) {
        call_fail(call, ERROR_VALIDATION, INVALID "ADD action is not supported for the type %s", long_name(type));
        return false;
    }
    if (action == LEGACY_DELETE && !is_set(type)) {
        call_fail(call, ERROR_VALIDATION, INVALID "DELETE action with value is not supported for the type %s",
                  long_name(type));
        return false;
    }
    return true;
}

static bool read_change(struct api_call *call, struct slice name, const struct legacy_update *update,
                        struct legacy_change *ret_change)
{
    enum legacy_action action = (enum legacy_action)opt_enum_or(&update->action, LEGACY_PUT);
    if (!legacy_check_name(call, name)) {
        return false;
    }
    *ret_change = (struct legacy_change){.name = name, .action = action};
    if (!update->value.present) {
        if (action != LEGACY_DELETE) {
            call_fail(call, ERROR_VALIDATION,
                      INVALID "Only DELETE action is allowed when no attribute value is specified");
        }
        return action == LEGACY_DELETE;
    }
    ret_change->value = &update->value.value;
    return attribute_check(call, &update->value.flaw) && check_type(call, action, ret_change->value->type);
}

bool legacy_read_updates(struct api_call *call, const struct legacy_updates *updates, struct update **ret_update)
{
    struct legacy_change *changes = ARENA_ARRAY(&call->arena, struct legacy_change, updates->count);
    *ret_update = NULL;
    for (uint32_t i = 0; i < updates->count; i++) {
        if (!read_change(call, updates->keys[i], &updates->items[i], &changes[i])) {
            return false;
        }
    }
    if (updates->count > 0) {
        *ret_update = update_of_changes(&call->arena, changes, updates->count);
    }
    return true;
}

/* Of what global indexes have as keys no more is told than of other attributes. */
static bool keys_local_index(const struct table_spec *table, struct slice name)
{
    for (unsigned i = 0; i < table->index_count; i++) {
        if (!table->indexes[i].global && key_schema_has(&table->indexes[i].keys, name)) {
            return true;
        }
    }
    return false;
}

bool legacy_check_targets(struct api_call *call, const struct table_spec *table, const struct legacy_updates *updates)
{
    for (uint32_t i = 0; i < updates->count; i++) {
        const struct legacy_update *update = &updates->items[i];
        if (key_schema_has(&table->keys, updates->keys[i])) {
            call_fail(call, ERROR_VALIDATION, INVALID "Cannot update attribute %.*s. This attribute is part of the key",
                      SLICE_ARG(updates->keys[i]));
            return false;
        }
        if (opt_enum_or(&update->action, LEGACY_PUT) == LEGACY_DELETE && update->value.present &&
            keys_local_index(table, updates->keys[i])) {
            call_fail(call, ERROR_VALIDATION, TYPE_MISMATCH); /* it takes sets, which no key can be */
            return false;
        }
    }
    return true;
}

/* An index key of another type is told as any other mismatch (aws-sdk-java, issue 905), an empty one as in a put. */
bool legacy_update_failed(struct api_call *call, const struct write *write)
{
    bool is_operand = write->result == WRITE_UPDATE_INVALID && write->expr_error.code == EXPR_DATA_TYPE;
    bool is_index_key = write->result == WRITE_INDEX_KEY_INVALID;
    if (is_operand || (is_index_key && write->index_flaw.kind == INDEX_KEY_TYPE)) {
        call_fail(call, ERROR_VALIDATION, TYPE_MISMATCH);
        return true;
    }
    if (is_index_key) {
        call_fail(call, ERROR_VALIDATION, "%.*s",
                  SLICE_ARG(key_index_flaw_text(&call->arena, &write->index_flaw, false)));
    }
    return is_index_key;
}
