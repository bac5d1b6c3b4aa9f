/* Key schemas, attribute definitions, indexes and projections. */
#include <assert.h>
#include <stdlib.h>

#include "api/table_check.h"
#include "api/table_limits.h"

static const enum value_type attribute_types[] = {VALUE_S, VALUE_N, VALUE_B};
static const char *const projection_names[] = {"ALL", "KEYS_ONLY", "INCLUDE"};

static int compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static int compare_attributes(const void *a, const void *b)
{
    return slice_compare(((const struct key_attribute *)a)->name, ((const struct key_attribute *)b)->name);
}

/* In attributes sorted by name. */
static const struct key_attribute *find_attribute(const struct key_attribute *attributes, uint32_t count,
                                                  struct slice name)
{
    struct key_attribute wanted = {.name = name};
    return bsearch(&wanted, attributes, count, sizeof(struct key_attribute), compare_attributes);
}

/* "[a, b]" */
static struct slice print_names(struct arena *arena, const struct slice *names, uint32_t count)
{
    struct buffer text = {0};
    buffer_append_byte(&text, '[');
    for (uint32_t i = 0; i < count; i++) {
        buffer_append(&text, ", ", i == 0 ? 0 : 2);
        buffer_append_slice(&text, names[i]);
    }
    buffer_append_byte(&text, ']');
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

/* --- key schemas -------------------------------------------------------------------------------------------------- */

/* A table's or local index': one or two elements, which the constraints made sure of. */
static bool check_simple_keys(struct table_check *check, const struct key_schema_request *keys)
{
    assert(keys->count == 1 || keys->count == 2);
    if (keys->items[0].type.value != KEY_TYPE_HASH) {
        return table_refuse(check, ERROR_VALIDATION,
                            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    }
    if (keys->count == 2 && keys->items[1].type.value != KEY_TYPE_RANGE) {
        return table_refuse(check, ERROR_VALIDATION,
                            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    }
    if (keys->count == 2 && slice_equal(keys->items[0].name.text, keys->items[1].name.text)) {
        return table_refuse(check, ERROR_VALIDATION,
                            "Both the Hash Key and the Range Key element in the KeySchema have the same name");
    }
    return true;
}

/* A global index': up to four hash parts, then up to four range parts. */
static bool check_global_keys(struct table_check *check, const struct key_schema_request *keys)
{
    uint32_t hash_count = 0, range_count = 0;
    for (uint32_t i = 0; i < keys->count; i++) {
        if (keys->items[i].type.value == KEY_TYPE_RANGE) {
            range_count++;
        } else if (range_count != 0 && hash_count != 0) {
            return table_refuse(check, ERROR_VALIDATION,
                                INVALID "All HASH key attributes must precede RANGE key attributes in the KeySchema");
        } else {
            hash_count++;
        }
        if (hash_count == 0) {
            return table_refuse(check, ERROR_VALIDATION,
                                "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
        }
    }
    if (hash_count > KEY_PARTS_MAX || range_count > KEY_PARTS_MAX) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "The KeySchema exceeds the maximum allowed number of %s key attributes",
                            hash_count > KEY_PARTS_MAX ? "HASH" : "RANGE");
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (slice_equal(keys->items[i].name.text, keys->items[j].name.text)) {
                return table_refuse(check, ERROR_VALIDATION,
                                    "The KeySchema contains multiple key attributes with the same name");
            }
        }
    }
    return true;
}

/* All key attributes have definitions by now. */
static void build_keys(const struct table_spec *spec, const struct key_schema_request *request,
                       struct key_schema *ret_keys)
{
    *ret_keys = (struct key_schema){.hash_count = 0};
    for (uint32_t i = 0; i < request->count; i++) {
        const struct key_attribute *found =
            find_attribute(spec->attributes, spec->attribute_count, request->items[i].name.text);
        assert(found != NULL);
        if (request->items[i].type.value == KEY_TYPE_HASH) {
            ret_keys->hash[ret_keys->hash_count++] = *found;
        } else {
            ret_keys->range[ret_keys->range_count++] = *found;
        }
    }
}

/* --- attribute definitions ---------------------------------------------------------------------------------------- */

/* Sorted by name, as DescribeTable shows them. */
static bool build_attributes(struct table_check *check, const struct attribute_list_request *request,
                             struct key_attribute **ret_attributes)
{
    struct key_attribute *attributes = ARENA_ARRAY(check->arena, struct key_attribute, request->count);
    for (uint32_t i = 0; i < request->count; i++) {
        const struct attribute_definition_request *definition = &request->items[i];
        assert(definition->type.value >= 0);
        attributes[i] =
            (struct key_attribute){.name = definition->name.text, .type = attribute_types[definition->type.value]};
    }
    qsort(attributes, request->count, sizeof(struct key_attribute), compare_attributes);
    for (uint32_t i = 1; i < request->count; i++) {
        if (slice_equal(attributes[i - 1].name, attributes[i].name)) {
            return table_refuse(check, ERROR_VALIDATION, "Attribute Name is duplicated: %.*s",
                                SLICE_ARG(attributes[i].name));
        }
    }
    *ret_attributes = attributes;
    return true;
}

struct name_list {
    struct slice *names;
    uint32_t count;
};

static void add_keys(struct name_list *list, const struct key_schema_request *keys)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        list->names[list->count++] = keys->items[i].name.text;
    }
}

/* The names of all key attributes, sorted, each once. */
static struct name_list used_names(struct arena *arena, const struct create_table_request *request)
{
    uint32_t total = request->keys.count;
    const struct index_list_request *lists[] = {&request->local_indexes, &request->global_indexes};
    for (unsigned l = 0; l < 2; l++) {
        for (uint32_t i = 0; i < lists[l]->count; i++) {
            total += lists[l]->items[i].keys.count;
        }
    }
    struct name_list all = {.names = ARENA_ARRAY(arena, struct slice, total)};
    add_keys(&all, &request->keys);
    for (unsigned l = 0; l < 2; l++) {
        for (uint32_t i = 0; i < lists[l]->count; i++) {
            add_keys(&all, &lists[l]->items[i].keys);
        }
    }
    qsort(all.names, all.count, sizeof(struct slice), compare_names);
    uint32_t unique = 0;
    for (uint32_t i = 0; i < all.count; i++) {
        if (i == 0 || !slice_equal(all.names[unique - 1], all.names[i])) {
            all.names[unique++] = all.names[i];
        }
    }
    all.count = unique;
    return all;
}

static bool refuse_unused(struct table_check *check, const struct create_table_request *request,
                          const struct name_list *used, const struct name_list *defined)
{
    if (!request->local_indexes.present && !request->global_indexes.present) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Number of attributes in KeySchema does not exactly match number of attributes "
                                    "defined in AttributeDefinitions");
    }
    struct slice defined_text = print_names(check->arena, defined->names, defined->count);
    struct slice used_text = print_names(check->arena, used->names, used->count);
    return table_refuse(check, ERROR_VALIDATION,
                        INVALID "Some AttributeDefinitions are not used. AttributeDefinitions: %.*s, keys used: %.*s",
                        SLICE_ARG(defined_text), SLICE_ARG(used_text));
}

static bool refuse_undefined(struct table_check *check, const struct create_table_request *request,
                             const struct name_list *missing, const struct name_list *used,
                             const struct name_list *defined)
{
    bool has_indexes = request->local_indexes.present || request->global_indexes.present;
    if (defined->count < used->count && !has_indexes) {
        return table_refuse(check, ERROR_VALIDATION, "Invalid KeySchema: Some index key attribute have no definition");
    }
    struct slice missing_text = print_names(check->arena, missing->names, missing->count);
    struct slice defined_text = print_names(check->arena, defined->names, defined->count);
    return table_refuse(check, ERROR_VALIDATION,
                        INVALID "Some index key attributes are not defined in AttributeDefinitions. Keys: %.*s, "
                                "AttributeDefinitions: %.*s",
                        SLICE_ARG(missing_text), SLICE_ARG(defined_text));
}

/* Definitions must be exactly the key attributes. */
static bool check_definitions(struct table_check *check, const struct create_table_request *request,
                              const struct table_spec *spec)
{
    struct name_list used = used_names(check->arena, request);
    struct name_list defined = {.names = ARENA_ARRAY(check->arena, struct slice, spec->attribute_count),
                                .count = spec->attribute_count};
    for (uint32_t i = 0; i < defined.count; i++) {
        defined.names[i] = request->attributes.items[i].name.text;
    }
    if (defined.count > used.count) {
        return refuse_unused(check, request, &used, &defined);
    }
    struct name_list missing = {.names = ARENA_ARRAY(check->arena, struct slice, used.count)};
    for (uint32_t i = 0; i < used.count; i++) {
        if (find_attribute(spec->attributes, spec->attribute_count, used.names[i]) == NULL) {
            missing.names[missing.count++] = used.names[i];
        }
    }
    return missing.count == 0 || refuse_undefined(check, request, &missing, &used, &defined);
}

/* --- indexes ------------------------------------------------------------------------------------------------------ */

static bool check_include(struct table_check *check, struct index_spec *index)
{
    qsort(index->include, index->include_count, sizeof(struct slice), compare_names);
    for (uint32_t i = 1; i < index->include_count; i++) {
        if (slice_equal(index->include[i - 1], index->include[i])) {
            return table_refuse(check, ERROR_VALIDATION, INVALID "Duplicate element in NonKeyAttributes: %.*s",
                                SLICE_ARG(index->include[i]));
        }
    }
    return true;
}

static bool build_projection(struct table_check *check, const struct projection_request *request,
                             struct index_spec *index)
{
    if (!request->type.present) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "Unknown ProjectionType: null");
    }
    index->projection = (enum projection_type)request->type.value;
    if (request->include.present && index->projection != PROJECT_INCLUDE) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "ProjectionType is %s, but NonKeyAttributes is specified",
                            projection_names[index->projection]);
    }
    if (!request->include.present && index->projection == PROJECT_INCLUDE) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    }
    index->include_count = request->include.count;
    index->include = ARENA_ARRAY(check->arena, struct slice, index->include_count);
    if (index->include_count != 0) {
        memcpy(index->include, request->include.items, index->include_count * sizeof(struct slice));
    }
    return check_include(check, index);
}

static bool check_local_keys(struct table_check *check, const struct create_table_request *request,
                             const struct index_request *index)
{
    if (!check_simple_keys(check, &index->keys)) {
        return false;
    }
    if (index->keys.count != 2) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Index KeySchema does not have a range key for index: %.*s",
                            SLICE_ARG(index->name.text));
    }
    struct slice index_hash = index->keys.items[0].name.text;
    struct slice table_hash = request->keys.items[0].name.text;
    if (!slice_equal(index_hash, table_hash)) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Index KeySchema does not have the same leading hash key as table KeySchema for "
                                    "index: %.*s. index hash key: %.*s, table hash key: %.*s",
                            SLICE_ARG(index->name.text), SLICE_ARG(index_hash), SLICE_ARG(table_hash));
    }
    return true;
}

static bool build_index(struct table_check *check, const struct create_table_request *request,
                        const struct index_request *from, bool global, struct table_spec *spec)
{
    struct index_spec *index = &spec->indexes[spec->index_count];
    *index = (struct index_spec){.name = from->name.text, .global = global};
    if (!(global ? check_global_keys(check, &from->keys) : check_local_keys(check, request, from)) ||
        !build_projection(check, from->projection, index)) {
        return false;
    }
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (slice_equal(spec->indexes[i].name, index->name)) {
            return table_refuse(check, ERROR_VALIDATION, INVALID "Duplicate index name: %.*s", SLICE_ARG(index->name));
        }
    }
    build_keys(spec, &from->keys, &index->keys);
    spec->index_count++;
    return true;
}

static bool check_index_counts(struct table_check *check, const struct create_table_request *request)
{
    if (request->local_indexes.present && request->keys.count != 2) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Table KeySchema does not have a range key, which is required when specifying a "
                                    "LocalSecondaryIndex");
    }
    if (request->local_indexes.count > TABLE_LOCAL_INDEXES_MAX) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Number of LocalSecondaryIndexes exceeds per-table limit of %d",
                            TABLE_LOCAL_INDEXES_MAX);
    }
    if (request->global_indexes.count > TABLE_GLOBAL_INDEXES_MAX) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "GlobalSecondaryIndex count exceeds the per-table limit of %d",
                            TABLE_GLOBAL_INDEXES_MAX);
    }
    return true;
}

bool table_check_projected(struct table_check *check, const struct table_spec *spec)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < spec->index_count; i++) {
        total += spec->indexes[i].include_count;
    }
    if (total > PROJECTED_ATTRIBUTES_MAX) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Number of projected attributes in all indexes exceeds per-table limit of %d",
                            PROJECTED_ATTRIBUTES_MAX);
    }
    return true;
}

static bool build_indexes(struct table_check *check, const struct create_table_request *request,
                          struct table_spec *spec)
{
    if (!check_index_counts(check, request)) {
        return false;
    }
    spec->index_count = 0;
    spec->indexes =
        ARENA_ARRAY(check->arena, struct index_spec, request->local_indexes.count + request->global_indexes.count);
    for (uint32_t i = 0; i < request->local_indexes.count; i++) {
        if (!build_index(check, request, &request->local_indexes.items[i], false, spec)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < request->global_indexes.count; i++) {
        if (!build_index(check, request, &request->global_indexes.items[i], true, spec)) {
            return false;
        }
    }
    return table_check_projected(check, spec);
}

bool table_check_schema(struct table_check *check, const struct create_table_request *request, struct table_spec *spec)
{
    if (!check_simple_keys(check, &request->keys)) {
        return false;
    }
    if (request->local_indexes.present && request->local_indexes.count == 0) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "List of LocalSecondaryIndexes is empty");
    }
    if (request->global_indexes.present && request->global_indexes.count == 0) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "List of GlobalSecondaryIndexes is empty");
    }
    if (!build_attributes(check, &request->attributes, &spec->attributes)) {
        return false;
    }
    spec->attribute_count = request->attributes.count;
    if (!check_definitions(check, request, spec)) {
        return false;
    }
    build_keys(spec, &request->keys, &spec->keys);
    return build_indexes(check, request, spec);
}

/* --- an index of an existing table -------------------------------------------------------------------------------- */

/* "Schema:[SchemaElement: key{pk:S:HASH}, SchemaElement: key{sk:N:RANGE}]" */
static void print_schema(struct buffer *text, const struct key_schema *keys)
{
    buffer_append_slice(text, SLICE("Schema:["));
    for (unsigned i = 0; i < (unsigned)keys->hash_count + keys->range_count; i++) {
        bool is_range = i >= keys->hash_count;
        const struct key_attribute *key = is_range ? &keys->range[i - keys->hash_count] : &keys->hash[i];
        buffer_printf(text, "%sSchemaElement: key{%.*s:%.*s:%s}", i == 0 ? "" : ", ", SLICE_ARG(key->name),
                      SLICE_ARG(value_type_name(key->type)), is_range ? "RANGE" : "HASH");
    }
    buffer_append_byte(text, ']');
}

/* The table's or an index' keys that have the attribute. */
static const struct key_schema *schema_with(const struct table_spec *spec, struct slice name)
{
    for (uint32_t i = 0; i < spec->index_count && !key_schema_has(&spec->keys, name); i++) {
        if (key_schema_has(&spec->indexes[i].keys, name)) {
            return &spec->indexes[i].keys;
        }
    }
    return &spec->keys;
}

static bool refuse_redefined(struct table_check *check, const struct table_spec *spec, struct slice name,
                             const struct key_schema *keys)
{
    struct buffer text = {0};
    print_schema(&text, schema_with(spec, name));
    buffer_append_slice(&text, SLICE(" New schema: "));
    print_schema(&text, keys);
    table_refuse(check, ERROR_VALIDATION,
                 INVALID "Attributes cannot be redefined. Please check that your attribute has the same type as "
                         "previously defined. Existing schema: %.*s",
                 SLICE_ARG(buffer_slice(&text)));
    buffer_finish(&text);
    return false;
}

/* Adds what the table does not define yet; of the request's definitions only the index' own are looked at. */
static bool merge_attributes(struct table_check *check, const struct key_schema *keys, struct table_spec *spec)
{
    uint32_t count = spec->attribute_count;
    struct key_attribute *merged =
        ARENA_ARRAY(check->arena, struct key_attribute, count + keys->hash_count + keys->range_count);
    memcpy(merged, spec->attributes, count * sizeof *merged);
    for (unsigned i = 0; i < (unsigned)keys->hash_count + keys->range_count; i++) {
        const struct key_attribute *key = i < keys->hash_count ? &keys->hash[i] : &keys->range[i - keys->hash_count];
        const struct key_attribute *known = find_attribute(spec->attributes, spec->attribute_count, key->name);
        if (known == NULL) {
            merged[count++] = *key;
        } else if (known->type != key->type) {
            return refuse_redefined(check, spec, key->name, keys);
        }
    }
    qsort(merged, count, sizeof *merged, compare_attributes);
    spec->attributes = merged;
    spec->attribute_count = count;
    return true;
}

bool table_check_added_index(struct table_check *check, const struct index_request *request,
                             const struct attribute_list_request *attributes, struct table_spec *spec,
                             struct index_spec *ret_index)
{
    *ret_index = (struct index_spec){.name = request->name.text, .global = true};
    struct table_spec defined = {.attribute_count = attributes->count};
    if (!check_global_keys(check, &request->keys) || !build_attributes(check, attributes, &defined.attributes)) {
        return false;
    }
    for (uint32_t i = 0; i < request->keys.count; i++) {
        if (find_attribute(defined.attributes, defined.attribute_count, request->keys.items[i].name.text) == NULL) {
            return table_refuse(check, ERROR_VALIDATION,
                                "Invalid KeySchema: Some index key attribute have no definition");
        }
    }
    build_keys(&defined, &request->keys, &ret_index->keys);
    return build_projection(check, request->projection, ret_index) && merge_attributes(check, &ret_index->keys, spec);
}
