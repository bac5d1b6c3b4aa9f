/* Table descriptions and items for unit tests. Strings are borrowed. */
#pragma once

#include "engine/table.h"
#include "value/value.h"

static inline struct value string_value(const char *text)
{
    return (struct value){.type = VALUE_S, .bytes = slice_from_string(text)};
}

static inline struct value number_value(const char *text)
{
    return (struct value){.type = VALUE_N, .bytes = slice_from_string(text)};
}

static inline struct key_schema key_schema_of(const char *hash, const char *range, enum value_type range_type)
{
    struct key_schema keys = {.hash_count = 1, .range_count = range != NULL};
    keys.hash[0] = (struct key_attribute){slice_from_string(hash), VALUE_S};
    if (range != NULL) {
        keys.range[0] = (struct key_attribute){slice_from_string(range), range_type};
    }
    return keys;
}

/* Hash "pk" (S), range "sk" (N); a local index "by_note" on "note" (S) with all attributes and a global index
 * "by_owner" on "owner" (S) with keys only. */
static inline struct table_spec example_spec(struct arena *arena, const char *name)
{
    struct table_spec spec = {.id = 7, .name = slice_from_string(name), .billing = BILLING_PAY_PER_REQUEST};
    spec.keys = key_schema_of("pk", "sk", VALUE_N);
    spec.attribute_count = 4;
    spec.attributes = ARENA_ARRAY(arena, struct key_attribute, 4);
    spec.attributes[0] = (struct key_attribute){SLICE("pk"), VALUE_S};
    spec.attributes[1] = (struct key_attribute){SLICE("sk"), VALUE_N};
    spec.attributes[2] = (struct key_attribute){SLICE("note"), VALUE_S};
    spec.attributes[3] = (struct key_attribute){SLICE("owner"), VALUE_S};
    spec.index_count = 2;
    spec.indexes = ARENA_ARRAY(arena, struct index_spec, 2);
    memset(spec.indexes, 0, 2 * sizeof *spec.indexes);
    spec.indexes[0].id = 1;
    spec.indexes[0].name = SLICE("by_note");
    spec.indexes[0].keys = key_schema_of("pk", "note", VALUE_S);
    spec.indexes[1].id = 2;
    spec.indexes[1].name = SLICE("by_owner");
    spec.indexes[1].global = true;
    spec.indexes[1].keys = key_schema_of("owner", NULL, VALUE_S);
    spec.indexes[1].projection = PROJECT_KEYS_ONLY;
    spec.next_index_id = 3;
    return spec;
}

/* pk, sk and, where not NULL, note and owner. */
static inline struct item example_item(struct arena *arena, const char *pk, const char *sk, const char *note,
                                       const char *owner)
{
    struct item item = {ARENA_ARRAY(arena, struct attribute, 4), 0};
    item.attributes[item.count++] = (struct attribute){SLICE("pk"), string_value(pk)};
    item.attributes[item.count++] = (struct attribute){SLICE("sk"), number_value(sk)};
    if (note != NULL) {
        item.attributes[item.count++] = (struct attribute){SLICE("note"), string_value(note)};
    }
    if (owner != NULL) {
        item.attributes[item.count++] = (struct attribute){SLICE("owner"), string_value(owner)};
    }
    return item;
}
