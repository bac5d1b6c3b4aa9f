/* A table's description as a stored item, and back: named attributes, so that a later version can add some and still
 * read what an earlier one wrote. Names and types: docs/formats/catalog.md. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/table.h"
#include "value/codec.h"

#define CATALOG_ATTRIBUTES_MAX 64

/* --- writing ------------------------------------------------------------------------------------------------------ */

struct map_writer {
    struct arena *arena;
    struct attribute *attributes;
    uint32_t count;
};

static struct map_writer map_writer(struct arena *arena)
{
    return (struct map_writer){arena, ARENA_ARRAY(arena, struct attribute, CATALOG_ATTRIBUTES_MAX), 0};
}

static struct value *add(struct map_writer *map, const char *name)
{
    if (map->count == CATALOG_ATTRIBUTES_MAX) {
        abort();
    }
    struct attribute *attribute = &map->attributes[map->count++];
    *attribute = (struct attribute){.name = slice_from_string(name)};
    return &attribute->value;
}

static void add_string(struct map_writer *map, const char *name, struct slice text)
{
    *add(map, name) = (struct value){.type = VALUE_S, .bytes = text};
}

static void add_integer(struct map_writer *map, const char *name, int64_t number)
{
    *add(map, name) = (struct value){.type = VALUE_N, .bytes = arena_printf(map->arena, "%lld", (long long)number)};
}

static void add_boolean(struct map_writer *map, const char *name, bool truth)
{
    *add(map, name) = (struct value){.type = VALUE_BOOL, .boolean = truth};
}

static struct value map_value(const struct map_writer *map)
{
    return (struct value){.type = VALUE_M, .count = map->count, .attributes = map->attributes};
}

static void add_throughput(struct map_writer *map, const char *name, const struct throughput *throughput)
{
    struct map_writer inner = map_writer(map->arena);
    add_integer(&inner, "read", throughput->read);
    add_integer(&inner, "write", throughput->write);
    *add(map, name) = map_value(&inner);
}

static struct value *add_list(struct map_writer *map, const char *name, uint32_t count)
{
    struct value *list = add(map, name);
    *list = (struct value){.type = VALUE_L, .count = count, .elements = ARENA_ARRAY(map->arena, struct value, count)};
    return list->elements;
}

static void add_key_attributes(struct map_writer *map, const char *name, const struct key_attribute *attributes,
                               uint32_t count)
{
    struct value *elements = add_list(map, name, count);
    for (uint32_t i = 0; i < count; i++) {
        struct map_writer inner = map_writer(map->arena);
        add_string(&inner, "name", attributes[i].name);
        add_string(&inner, "type", value_type_name(attributes[i].type));
        elements[i] = map_value(&inner);
    }
}

static void add_keys(struct map_writer *map, const struct key_schema *keys)
{
    add_key_attributes(map, "hash", keys->hash, keys->hash_count);
    add_key_attributes(map, "range", keys->range, keys->range_count);
}

static void add_index(struct value *element, struct arena *arena, const struct index_spec *index)
{
    struct map_writer map = map_writer(arena);
    add_integer(&map, "id", index->id);
    add_string(&map, "name", index->name);
    add_boolean(&map, "global", index->global);
    add_keys(&map, &index->keys);
    add_integer(&map, "status", index->status);
    add_integer(&map, "projection", index->projection);
    struct value *include = add_list(&map, "include", index->include_count);
    for (uint32_t i = 0; i < index->include_count; i++) {
        include[i] = (struct value){.type = VALUE_S, .bytes = index->include[i]};
    }
    add_throughput(&map, "provisioned", &index->provisioned);
    add_throughput(&map, "on_demand", &index->on_demand);
    add_throughput(&map, "warm", &index->warm);
    *element = map_value(&map);
}

static void add_switches(struct map_writer *map, const struct table_spec *spec)
{
    struct value *elements = add_list(map, "on_demand_switches", ON_DEMAND_SWITCHES_MAX);
    for (uint32_t i = 0; i < ON_DEMAND_SWITCHES_MAX; i++) {
        long long time_us = (long long)spec->on_demand_switches_us[i];
        elements[i] = (struct value){.type = VALUE_N, .bytes = arena_printf(map->arena, "%lld", time_us)};
    }
}

static void add_capacity(struct map_writer *map, const struct table_spec *spec)
{
    add_integer(map, "billing", spec->billing);
    add_integer(map, "on_demand_since", (int64_t)spec->on_demand_since_us);
    add_switches(map, spec);
    add_boolean(map, "billing_given", spec->billing_given);
    add_throughput(map, "provisioned", &spec->provisioned);
    add_integer(map, "last_increase", (int64_t)spec->last_increase_us);
    add_integer(map, "last_decrease", (int64_t)spec->last_decrease_us);
    add_integer(map, "decreases_today", spec->decreases_today);
    add_throughput(map, "on_demand", &spec->on_demand);
    add_throughput(map, "warm", &spec->warm);
}

static void add_tags(struct map_writer *map, const struct table_spec *spec)
{
    struct value *tags = add_list(map, "tags", spec->tag_count);
    for (uint32_t i = 0; i < spec->tag_count; i++) {
        struct map_writer inner = map_writer(map->arena);
        add_string(&inner, "key", spec->tags[i].key);
        add_string(&inner, "value", spec->tags[i].value);
        tags[i] = map_value(&inner);
    }
}

static void add_ttl(struct map_writer *map, const struct ttl_spec *ttl)
{
    struct map_writer inner = map_writer(map->arena);
    add_integer(&inner, "generation", (int64_t)ttl->generation);
    add_string(&inner, "attribute", ttl->attribute);
    *add(map, "ttl") = map_value(&inner);
}

void table_spec_encode(const struct table_spec *spec, struct buffer *out)
{
    struct arena arena;
    arena_init(&arena, 4096);
    struct map_writer map = map_writer(&arena);
    add_integer(&map, "id", spec->id);
    add_string(&map, "name", spec->name);
    add_string(&map, "uuid", slice_from_string(spec->uuid));
    add_integer(&map, "created", (int64_t)spec->created_us);
    add_keys(&map, &spec->keys);
    add_key_attributes(&map, "attributes", spec->attributes, spec->attribute_count);
    struct value *indexes = add_list(&map, "indexes", spec->index_count);
    for (uint32_t i = 0; i < spec->index_count; i++) {
        add_index(&indexes[i], &arena, &spec->indexes[i]);
    }
    add_integer(&map, "next_index_id", spec->next_index_id);
    add_capacity(&map, spec);
    add_integer(&map, "stream", spec->stream);
    add_integer(&map, "stream_label", (int64_t)spec->stream_label_us);
    add_integer(&map, "class", spec->class);
    add_integer(&map, "class_changed", (int64_t)spec->class_changed_us);
    add_boolean(&map, "deletion_protection", spec->deletion_protection);
    add_boolean(&map, "encrypted", spec->encrypted);
    add_string(&map, "kms_key", spec->kms_key);
    *add(&map, "table_key") = (struct value){.type = VALUE_B, .bytes = spec->table_key};
    add_tags(&map, spec);
    add_ttl(&map, &spec->ttl);
    add_boolean(&map, "collections", spec->collections_kept);
    add_string(&map, "policy", spec->policy);
    add_integer(&map, "policy_revision", (int64_t)spec->policy_revision);
    struct item item = {map.attributes, map.count};
    struct item_header header = {.version = spec->created_us, .size = (uint32_t)item_size(&item)};
    item_encode(out, &header, &item);
    arena_finish(&arena);
}

/* --- reading: what is missing stays zero ---------------------------------------------------------------------------
 */

static const struct value *find(const struct value *map, const char *name, enum value_type type)
{
    const struct value *value = value_member(map, slice_from_string(name));
    return value != NULL && value->type == type ? value : NULL;
}

static struct slice get_string(const struct value *map, const char *name)
{
    const struct value *value = find(map, name, VALUE_S);
    return value == NULL ? SLICE("") : value->bytes;
}

/* 0 for what is no integer. */
static int64_t integer_of(const struct value *value)
{
    char text[24] = "0";
    if (value != NULL && value->type == VALUE_N && value->bytes.len < sizeof text) {
        memcpy(text, value->bytes.data, value->bytes.len);
        text[value->bytes.len] = '\0';
    }
    return strtoll(text, NULL, 10);
}

static int64_t get_integer(const struct value *map, const char *name)
{
    return integer_of(find(map, name, VALUE_N));
}

static bool get_boolean(const struct value *map, const char *name)
{
    const struct value *value = find(map, name, VALUE_BOOL);
    return value != NULL && value->boolean;
}

static struct throughput get_throughput(const struct value *map, const char *name)
{
    const struct value *value = find(map, name, VALUE_M);
    if (value == NULL) {
        return (struct throughput){0};
    }
    return (struct throughput){get_integer(value, "read"), get_integer(value, "write")};
}

static struct value get_list(const struct value *map, const char *name)
{
    const struct value *value = find(map, name, VALUE_L);
    return value == NULL ? (struct value){.type = VALUE_L} : *value;
}

static uint32_t get_key_attributes(const struct value *map, const char *name, struct key_attribute *ret, uint32_t max)
{
    struct value list = get_list(map, name);
    uint32_t count = list.count < max ? list.count : max;
    for (uint32_t i = 0; i < count; i++) {
        ret[i].name = get_string(&list.elements[i], "name");
        struct slice type = get_string(&list.elements[i], "type");
        ret[i].type = slice_equal(type, SLICE("N")) ? VALUE_N : slice_equal(type, SLICE("B")) ? VALUE_B : VALUE_S;
    }
    return count;
}

static void get_keys(const struct value *map, struct key_schema *keys)
{
    keys->hash_count = (uint8_t)get_key_attributes(map, "hash", keys->hash, KEY_PARTS_MAX);
    keys->range_count = (uint8_t)get_key_attributes(map, "range", keys->range, KEY_PARTS_MAX);
}

static void get_index(struct arena *arena, const struct value *map, struct index_spec *index)
{
    index->id = (uint32_t)get_integer(map, "id");
    index->name = get_string(map, "name");
    index->global = get_boolean(map, "global");
    get_keys(map, &index->keys);
    index->status = (enum index_status)get_integer(map, "status");
    index->projection = (enum projection_type)get_integer(map, "projection");
    struct value include = get_list(map, "include");
    index->include_count = include.count;
    index->include = ARENA_ARRAY(arena, struct slice, include.count);
    for (uint32_t i = 0; i < include.count; i++) {
        index->include[i] = include.elements[i].bytes;
    }
    index->provisioned = get_throughput(map, "provisioned");
    index->on_demand = get_throughput(map, "on_demand");
    index->warm = get_throughput(map, "warm");
}

static void get_switches(const struct value *map, struct table_spec *spec)
{
    struct value list = get_list(map, "on_demand_switches");
    for (uint32_t i = 0; i < list.count && i < ON_DEMAND_SWITCHES_MAX; i++) {
        spec->on_demand_switches_us[i] = (uint64_t)integer_of(&list.elements[i]);
    }
}

static void get_capacity(const struct value *map, struct table_spec *spec)
{
    spec->billing = (enum billing_mode)get_integer(map, "billing");
    spec->on_demand_since_us = (uint64_t)get_integer(map, "on_demand_since");
    get_switches(map, spec);
    spec->billing_given = get_boolean(map, "billing_given");
    spec->provisioned = get_throughput(map, "provisioned");
    spec->last_increase_us = (uint64_t)get_integer(map, "last_increase");
    spec->last_decrease_us = (uint64_t)get_integer(map, "last_decrease");
    spec->decreases_today = (uint32_t)get_integer(map, "decreases_today");
    spec->on_demand = get_throughput(map, "on_demand");
    spec->warm = get_throughput(map, "warm");
}

static void get_tags(struct arena *arena, const struct value *map, struct table_spec *spec)
{
    struct value tags = get_list(map, "tags");
    spec->tag_count = tags.count;
    spec->tags = ARENA_ARRAY(arena, struct tag, tags.count);
    for (uint32_t i = 0; i < tags.count; i++) {
        spec->tags[i] = (struct tag){get_string(&tags.elements[i], "key"), get_string(&tags.elements[i], "value")};
    }
}

static struct ttl_spec get_ttl(const struct value *map)
{
    const struct value *value = find(map, "ttl", VALUE_M);
    if (value == NULL) {
        return (struct ttl_spec){.attribute = SLICE("")};
    }
    return (struct ttl_spec){(uint64_t)get_integer(value, "generation"), get_string(value, "attribute")};
}

int table_spec_decode(struct arena *arena, struct slice stored, struct table_spec *ret_spec, struct err *err)
{
    struct item_header header;
    struct item item;
    if (item_decode(arena, stored, &header, &item, err) != 0) {
        return err_wrap(err, "catalog row");
    }
    struct value root = {.type = VALUE_M, .count = item.count, .attributes = item.attributes};
    struct table_spec spec = {.id = (uint32_t)get_integer(&root, "id"), .name = get_string(&root, "name")};
    snprintf(spec.uuid, sizeof spec.uuid, "%.*s", SLICE_ARG(get_string(&root, "uuid")));
    spec.created_us = (uint64_t)get_integer(&root, "created");
    get_keys(&root, &spec.keys);
    spec.attribute_count = get_list(&root, "attributes").count;
    spec.attributes = ARENA_ARRAY(arena, struct key_attribute, spec.attribute_count);
    get_key_attributes(&root, "attributes", spec.attributes, spec.attribute_count);
    struct value indexes = get_list(&root, "indexes");
    spec.index_count = indexes.count;
    if (spec.keys.hash_count != 1 || spec.index_count > TABLE_INDEXES_MAX) {
        return err_set(err, "catalog row: table %.*s has no valid key schema", SLICE_ARG(spec.name));
    }
    spec.indexes = ARENA_ARRAY(arena, struct index_spec, spec.index_count);
    for (uint32_t i = 0; i < spec.index_count; i++) {
        get_index(arena, &indexes.elements[i], &spec.indexes[i]);
    }
    spec.next_index_id = (uint32_t)get_integer(&root, "next_index_id");
    get_capacity(&root, &spec);
    spec.stream = (enum stream_view)get_integer(&root, "stream");
    spec.stream_label_us = (uint64_t)get_integer(&root, "stream_label");
    spec.class = (enum table_class)get_integer(&root, "class");
    spec.class_changed_us = (uint64_t)get_integer(&root, "class_changed");
    spec.deletion_protection = get_boolean(&root, "deletion_protection");
    spec.encrypted = get_boolean(&root, "encrypted");
    spec.kms_key = get_string(&root, "kms_key");
    const struct value *table_key = find(&root, "table_key", VALUE_B);
    spec.table_key = table_key == NULL ? SLICE("") : table_key->bytes;
    get_tags(arena, &root, &spec);
    spec.policy = get_string(&root, "policy");
    spec.policy_revision = (uint64_t)get_integer(&root, "policy_revision");
    spec.ttl = get_ttl(&root);
    spec.collections_kept = get_boolean(&root, "collections");
    *ret_spec = spec;
    return 0;
}
