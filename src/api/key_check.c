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

static struct slice too_long_text(bool is_range)
{
    return is_range ? SLICE(INVALID "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
                    : SLICE(INVALID "Size of hashkey has exceeded the maximum size limit of2048 bytes");
}

enum flaw_kind { KEY_FITS, KEY_MISSING, KEY_OF_OTHER_TYPE, KEY_EMPTY, KEY_TOO_LONG };

struct flaw {
    enum flaw_kind kind;
    const struct key_attribute *attribute;
    bool is_range;
    const struct value *value; /* NULL: missing */
};

static enum flaw_kind flaw_of(const struct key_attribute *attribute, bool is_range, const struct value *value)
{
    if (value == NULL) {
        return KEY_MISSING;
    }
    if (value->type != attribute->type) {
        return KEY_OF_OTHER_TYPE;
    }
    if (value->type == VALUE_N) {
        return KEY_FITS;
    }
    if (value->bytes.len == 0) {
        return KEY_EMPTY;
    }
    return value->bytes.len > (is_range ? KEY_RANGE_BYTES_MAX : KEY_HASH_BYTES_MAX) ? KEY_TOO_LONG : KEY_FITS;
}

/* The first flaw of the key attributes, each looked at whole before the next: as DynamoDB Local has it. */
static struct flaw first_flaw(const struct table_spec *table, const struct item *item)
{
    struct flaw flaw = {0};
    unsigned parts = table->keys.hash_count + table->keys.range_count;
    for (unsigned i = 0; i < parts && flaw.kind == KEY_FITS; i++) {
        flaw.attribute = key_part(&table->keys, i, &flaw.is_range);
        flaw.value = item_find(item, flaw.attribute->name);
        flaw.kind = flaw_of(flaw.attribute, flaw.is_range, flaw.value);
    }
    return flaw;
}

/* What is told in the same words of a Key and of an item. */
static struct slice value_text(struct arena *arena, const struct flaw *flaw)
{
    return flaw->kind == KEY_EMPTY ? empty_text(arena, flaw->attribute) : too_long_text(flaw->is_range);
}

/* Of a Key, or of an item in the words for a Key. */
static bool check_parts(struct arena *arena, const struct table_spec *table, const struct item *item,
                        struct slice *ret_message)
{
    struct flaw flaw = first_flaw(table, item);
    if (flaw.kind == KEY_FITS) {
        return true;
    }
    bool is_misfit = flaw.kind == KEY_MISSING || flaw.kind == KEY_OF_OTHER_TYPE;
    *ret_message = is_misfit ? SLICE(NO_MATCH) : value_text(arena, &flaw);
    return false;
}

bool key_fits(const struct table_spec *table, const struct item *item)
{
    return first_flaw(table, item).kind == KEY_FITS;
}

bool key_check_value(struct arena *arena, const struct index_spec *index, const struct key_attribute *attribute,
                     bool is_range, const struct value *value, struct slice *ret_message)
{
    enum flaw_kind kind = flaw_of(attribute, is_range, value);
    if (kind == KEY_EMPTY && index != NULL) {
        *ret_message = arena_printf(arena,
                                    NOT_VALID "A value specified for a secondary index key is not supported. The "
                                              "AttributeValue for a key attribute cannot contain an empty %s value. "
                                              "IndexName: %.*s, IndexKey: %.*s",
                                    empty_kind(attribute), SLICE_ARG(index->name), SLICE_ARG(attribute->name));
    } else if (kind == KEY_EMPTY) {
        *ret_message = empty_text(arena, attribute);
    } else if (kind == KEY_TOO_LONG) {
        *ret_message = too_long_text(is_range);
    }
    return kind == KEY_FITS;
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
    struct flaw flaw = first_flaw(table, item);
    switch (flaw.kind) {
    case KEY_FITS:
        return check_index_keys(arena, table, item, ret_message) && check_size(table, item, ret_message);
    case KEY_MISSING:
        *ret_message = arena_printf(arena, INVALID "Missing the key %.*s in the item", SLICE_ARG(flaw.attribute->name));
        return false;
    case KEY_OF_OTHER_TYPE:
        *ret_message = arena_printf(arena, INVALID "Type mismatch for key %.*s expected: %.*s actual: %.*s",
                                    SLICE_ARG(flaw.attribute->name), SLICE_ARG(value_type_name(flaw.attribute->type)),
                                    SLICE_ARG(value_type_name(flaw.value->type)));
        return false;
    case KEY_EMPTY:
    case KEY_TOO_LONG:
        break;
    }
    *ret_message = value_text(arena, &flaw);
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
    if (is_key && item->count != table->keys.hash_count + table->keys.range_count) {
        return false;
    }
    struct flaw flaw = first_flaw(table, item);
    if (flaw.kind != KEY_FITS) {
        return flaw.kind == KEY_EMPTY;
    }
    struct index_flaw index_flaw;
    return !is_key && !index_check_item(table, item, &index_flaw) && index_flaw.kind != INDEX_KEY_TYPE;
}
