#include "api/key_check.h"

#include "engine/index.h"
#include "value/key.h"

#define INVALID   "One or more parameter values were invalid: "
#define NOT_VALID "One or more parameter values are not valid. "
#define NO_MATCH  "The provided key element does not match the schema"

static const struct key_attribute *key_part(const struct key_schema *keys, unsigned part, bool *ret_is_range)
{
    *ret_is_range = part >= keys->hash_count;
    return *ret_is_range ? &keys->range[part - keys->hash_count] : &keys->hash[part];
}

static const char *empty_kind(const struct key_attribute *attribute)
{
    return attribute->type == VALUE_B ? "binary" : "string";
}

static struct slice empty_text(struct arena *arena, const struct key_attribute *attribute)
{
    return arena_printf(arena,
                        NOT_VALID "The AttributeValue for a key attribute cannot contain an empty %s value. Key: %.*s",
                        empty_kind(attribute), SLICE_ARG(attribute->name));
}

bool key_check_value(struct arena *arena, const struct index_spec *index, const struct key_attribute *attribute,
                     bool is_range, const struct value *value, struct slice *ret_message)
{
    if (value->type == VALUE_N) {
        return true;
    }
    if (value->bytes.len == 0 && index != NULL) {
        *ret_message = arena_printf(arena,
                                    NOT_VALID "A value specified for a secondary index key is not supported. The "
                                              "AttributeValue for a key attribute cannot contain an empty %s value. "
                                              "IndexName: %.*s, IndexKey: %.*s",
                                    empty_kind(attribute), SLICE_ARG(index->name), SLICE_ARG(attribute->name));
        return false;
    }
    if (value->bytes.len == 0) {
        *ret_message = empty_text(arena, attribute);
        return false;
    }
    if (!is_range && value->bytes.len > KEY_HASH_BYTES_MAX) {
        *ret_message = SLICE(INVALID "Size of hashkey has exceeded the maximum size limit of2048 bytes");
        return false;
    }
    if (is_range && value->bytes.len > KEY_RANGE_BYTES_MAX) {
        *ret_message = SLICE(INVALID "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
        return false;
    }
    return true;
}

static bool is_empty(const struct value *value)
{
    return value->type != VALUE_N && value->bytes.len == 0;
}

/* The first key attribute that is missing, of another type or empty, or NULL. *ret_empty tells if it is empty. */
static const struct key_attribute *misfit(const struct table_spec *table, const struct item *item, bool *ret_empty)
{
    unsigned parts = table->keys.hash_count + table->keys.range_count;
    *ret_empty = false;
    for (unsigned i = 0; i < parts; i++) {
        bool is_range;
        const struct key_attribute *attribute = key_part(&table->keys, i, &is_range);
        const struct value *value = item_find(item, attribute->name);
        if (value == NULL || value->type != attribute->type) {
            return attribute;
        }
        if (is_empty(value)) {
            *ret_empty = true;
            return attribute;
        }
    }
    return NULL;
}

/* Values of key attributes that are all there, of the right types and not empty. */
static bool check_lengths(struct arena *arena, const struct table_spec *table, const struct item *item,
                          struct slice *ret_message)
{
    unsigned parts = table->keys.hash_count + table->keys.range_count;
    for (unsigned i = 0; i < parts; i++) {
        bool is_range;
        const struct key_attribute *attribute = key_part(&table->keys, i, &is_range);
        if (!key_check_value(arena, NULL, attribute, is_range, item_find(item, attribute->name), ret_message)) {
            return false;
        }
    }
    return true;
}

/* Of a Key, or of an item in the words for a Key. */
static bool check_parts(struct arena *arena, const struct table_spec *table, const struct item *item,
                        struct slice *ret_message)
{
    bool empty;
    const struct key_attribute *attribute = misfit(table, item, &empty);
    if (attribute == NULL) {
        return check_lengths(arena, table, item, ret_message);
    }
    *ret_message = empty ? empty_text(arena, attribute) : SLICE(NO_MATCH);
    return false;
}

bool key_has_parts(const struct table_spec *table, const struct item *item)
{
    bool empty;
    return misfit(table, item, &empty) == NULL;
}

bool key_check(struct arena *arena, const struct table_spec *table, const struct item *key, struct slice *ret_message)
{
    if (key->count != table->keys.hash_count + table->keys.range_count) {
        *ret_message = SLICE(NO_MATCH);
        return false;
    }
    return check_parts(arena, table, key, ret_message);
}

static bool check_index_keys(struct arena *arena, const struct table_spec *table, const struct item *item,
                             struct slice *ret_message)
{
    struct index_flaw flaw;
    if (!index_check_item(table, item, &flaw)) {
        *ret_message = key_index_flaw_text(arena, &flaw, false);
        return false;
    }
    return true;
}

/* With its rows in local indexes, which are not larger than the item each. */
static bool check_size(const struct table_spec *table, const struct item *item, struct slice *ret_message)
{
    size_t size = table->index_count == 0 ? 0 : item_size(item);
    if (size * (1 + table->index_count) > ITEM_SIZE_MAX && size + index_local_rows(table, item).bytes > ITEM_SIZE_MAX) {
        *ret_message = SLICE("Item size has exceeded the maximum allowed size");
        return false;
    }
    return true;
}

bool key_check_item(struct arena *arena, const struct table_spec *table, const struct item *item,
                    struct slice *ret_message)
{
    bool empty;
    const struct key_attribute *attribute = misfit(table, item, &empty);
    if (attribute == NULL) {
        return check_lengths(arena, table, item, ret_message) && check_index_keys(arena, table, item, ret_message) &&
               check_size(table, item, ret_message);
    }
    const struct value *value = item_find(item, attribute->name);
    if (value == NULL) {
        *ret_message = arena_printf(arena, INVALID "Missing the key %.*s in the item", SLICE_ARG(attribute->name));
    } else if (empty) {
        *ret_message = empty_text(arena, attribute);
    } else {
        *ret_message = arena_printf(arena, INVALID "Type mismatch for key %.*s expected: %.*s actual: %.*s",
                                    SLICE_ARG(attribute->name), SLICE_ARG(value_type_name(attribute->type)),
                                    SLICE_ARG(value_type_name(value->type)));
    }
    return false;
}

bool key_check_batch_item(struct arena *arena, const struct table_spec *table, const struct item *item,
                          struct slice *ret_message)
{
    return check_parts(arena, table, item, ret_message) && check_index_keys(arena, table, item, ret_message) &&
           check_size(table, item, ret_message);
}

struct slice key_index_flaw_text(struct arena *arena, const struct index_flaw *flaw, bool is_update)
{
    switch (flaw->kind) {
    case INDEX_KEY_TYPE:
        if (is_update) {
            return SLICE("The update expression attempted to update the secondary index key to unsupported type");
        }
        return arena_printf(arena,
                            INVALID "Type mismatch for Index Key %.*s Expected: %.*s Actual: %.*s IndexName: %.*s",
                            SLICE_ARG(flaw->attribute->name), SLICE_ARG(value_type_name(flaw->attribute->type)),
                            SLICE_ARG(value_type_name(flaw->actual)), SLICE_ARG(flaw->index->name));
    case INDEX_KEY_EMPTY:
        if (is_update) {
            return arena_printf(arena,
                                NOT_VALID "The update expression attempted to update a secondary index key to a value "
                                          "that is not supported. The AttributeValue for a key attribute cannot "
                                          "contain an empty %s value.",
                                empty_kind(flaw->attribute));
        }
        return arena_printf(arena,
                            NOT_VALID "A value specified for a secondary index key is not supported. The "
                                      "AttributeValue for a key attribute cannot contain an empty %s value. "
                                      "IndexName: %.*s, IndexKey: %.*s",
                            empty_kind(flaw->attribute), SLICE_ARG(flaw->index->name),
                            SLICE_ARG(flaw->attribute->name));
    case INDEX_KEY_TOO_LONG:
        break;
    }
    return arena_printf(arena,
                        INVALID "Size limit exceeded for Index Key %.*s Actual Size: %zu bytes Max Size: %d bytes "
                                "IndexName: %.*s",
                        SLICE_ARG(flaw->attribute->name), flaw->actual_size,
                        flaw->is_range ? KEY_RANGE_BYTES_MAX : KEY_HASH_BYTES_MAX, SLICE_ARG(flaw->index->name));
}

/* --- updates --------------------------------------------------------------------------------------------------- */

struct key_target {
    const struct key_schema *keys;
    const struct key_attribute *found;
};

static const struct key_attribute *part_named(const struct key_schema *keys, struct slice name)
{
    for (unsigned i = 0; i < keys->hash_count; i++) {
        if (slice_equal(keys->hash[i].name, name)) {
            return &keys->hash[i];
        }
    }
    for (unsigned i = 0; i < keys->range_count; i++) {
        if (slice_equal(keys->range[i].name, name)) {
            return &keys->range[i];
        }
    }
    return NULL;
}

/* Keeps the first key attribute in the schema's order, whatever the order in the text. */
static bool visit_target(void *context, struct slice name)
{
    struct key_target *target = context;
    const struct key_attribute *part = part_named(target->keys, name);
    if (part != NULL && target->found != &target->keys->hash[0]) {
        target->found = part;
    }
    return true;
}

bool key_check_targets(struct arena *arena, const struct table_spec *table, const struct update *update,
                       struct slice *ret_message)
{
    struct key_target target = {&table->keys, NULL};
    update_visit_targets(update, visit_target, &target);
    if (target.found != NULL) {
        *ret_message = arena_printf(arena, INVALID "Cannot update attribute %.*s. This attribute is part of the key",
                                    SLICE_ARG(target.found->name));
    }
    return target.found == NULL;
}

/* --- transactions ---------------------------------------------------------------------------------------------- */

bool key_fails_request(const struct table_spec *table, const struct item *item, bool is_key)
{
    unsigned parts = table->keys.hash_count + table->keys.range_count;
    bool empty;
    if (is_key && item->count != parts) {
        return false;
    }
    if (misfit(table, item, &empty) != NULL) {
        return empty;
    }
    for (unsigned i = 0; i < parts; i++) {
        bool is_range;
        const struct value *value = item_find(item, key_part(&table->keys, i, &is_range)->name);
        if (value->type != VALUE_N && value->bytes.len > (is_range ? KEY_RANGE_BYTES_MAX : KEY_HASH_BYTES_MAX)) {
            return false;
        }
    }
    struct index_flaw flaw;
    return !is_key && !index_check_item(table, item, &flaw) && flaw.kind != INDEX_KEY_TYPE;
}
