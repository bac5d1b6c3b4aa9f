#include "api/start_key.h"

#include "api/attribute_error.h"
#include "api/key_check.h"

#define INVALID_START "The provided starting key is invalid"

/* These flaws are told as flaws of the starting key, the others as of any value. */
static bool is_told_as_start_key(const struct value_flaw *flaw)
{
    return flaw->kind == FLAW_EMPTY || flaw->kind == FLAW_NULL || flaw->kind == FLAW_SEVERAL_TYPES ||
           flaw->kind == FLAW_NULL_FALSE || (flaw->kind == FLAW_EMPTY_SET && flaw->type != VALUE_NS);
}

bool start_key_check_values(struct api_call *call, const struct opt_item *start)
{
    if (start->flaw.kind == FLAW_NONE) {
        return true;
    }
    struct slice text = attribute_flaw_text(&call->arena, &start->flaw);
    call_fail(call, ERROR_VALIDATION, "%s%.*s", is_told_as_start_key(&start->flaw) ? INVALID_START ": " : "",
              SLICE_ARG(text));
    return false;
}

/* Counts the attributes of a schema that `start` has with the right type, but not those of `other` again. Returns
 * false if one is missing or of another type. */
static bool count_parts(const struct key_attribute *parts, unsigned count, const struct key_schema *other,
                        const struct item *start, uint32_t *found)
{
    for (unsigned i = 0; i < count; i++) {
        const struct value *value = item_find(start, parts[i].name);
        if (value == NULL || value->type != parts[i].type) {
            return false;
        }
        *found += other == NULL || !key_schema_has(other, parts[i].name);
    }
    return true;
}

static bool has_shape(const struct table_spec *table, const struct index_spec *index, const struct item *start)
{
    uint32_t found = 0;
    const struct key_schema *keys = &table->keys;
    if (!count_parts(keys->hash, keys->hash_count, NULL, start, &found) ||
        !count_parts(keys->range, keys->range_count, NULL, start, &found)) {
        return false;
    }
    if (index != NULL && (!count_parts(index->keys.hash, index->keys.hash_count, keys, start, &found) ||
                          !count_parts(index->keys.range, index->keys.range_count, keys, start, &found))) {
        return false;
    }
    return found == start->count;
}

static bool check_parts(struct arena *arena, const struct index_spec *index, const struct key_schema *keys,
                        const struct item *start, struct slice *ret_message)
{
    for (unsigned i = 0; i < keys->hash_count; i++) {
        if (!key_check_value(arena, index, &keys->hash[i], false, item_find(start, keys->hash[i].name), ret_message)) {
            return false;
        }
    }
    for (unsigned i = 0; i < keys->range_count; i++) {
        if (!key_check_value(arena, index, &keys->range[i], true, item_find(start, keys->range[i].name), ret_message)) {
            return false;
        }
    }
    return true;
}

bool start_key_row(struct api_call *call, const struct table_spec *table, const struct index_spec *index,
                   const struct item *start, bool is_scan, struct row_key *ret_row)
{
    struct arena *arena = &call->arena;
    if (!has_shape(table, index, start)) {
        call_fail(call, ERROR_VALIDATION, INVALID_START "%s",
                  is_scan ? ": The provided key element does not match the schema" : "");
        return false;
    }
    struct slice message;
    if (!check_parts(arena, NULL, &table->keys, start, &message) ||
        (index != NULL && !check_parts(arena, index, &index->keys, start, &message))) {
        call_fail(call, ERROR_VALIDATION, INVALID_START ": %.*s", SLICE_ARG(message));
        return false;
    }
    if (index == NULL) {
        row_key_of_item(arena, table, start, ret_row);
        return true;
    }
    bool is_indexed = row_key_of_index(arena, table, index, start, ret_row);
    return is_indexed;
}
