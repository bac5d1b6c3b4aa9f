/* Trees of attribute values: looking up, measuring, copying. Recursion is bounded by the nesting of what was read:
 * JSON_DEPTH_MAX / 2 levels of a request, VALUE_DEPTH_MAX levels of a stored item. */
#include "value/value.h"

#include <assert.h>

#include "value/number.h"

/* What DynamoDB adds for a map or list, and for each of its members. */
#define CONTAINER_BYTES 3
#define MEMBER_BYTES    1

struct slice value_type_name(enum value_type type)
{
    static const struct slice NAMES[] = {
        [VALUE_S] = {"S", 1},       [VALUE_N] = {"N", 1},   [VALUE_B] = {"B", 1}, [VALUE_BOOL] = {"BOOL", 4},
        [VALUE_NULL] = {"NULL", 4}, [VALUE_M] = {"M", 1},   [VALUE_L] = {"L", 1}, [VALUE_SS] = {"SS", 2},
        [VALUE_NS] = {"NS", 2},     [VALUE_BS] = {"BS", 2},
    };
    assert(type >= VALUE_S && type <= VALUE_BS);
    return NAMES[type];
}

static const struct value *find(const struct attribute *attributes, uint32_t count, struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(attributes[i].name, name)) {
            return &attributes[i].value;
        }
    }
    return NULL;
}

const struct value *item_find(const struct item *item, struct slice name)
{
    return find(item->attributes, item->count, name);
}

const struct value *value_member(const struct value *map, struct slice name)
{
    return map->type == VALUE_M ? find(map->attributes, map->count, name) : NULL;
}

size_t value_size(const struct value *value)
{
    size_t size = 0;
    switch ((enum value_type)value->type) {
    case VALUE_S:
    case VALUE_B:
        return value->bytes.len;
    case VALUE_N:
        return number_text_size(value->bytes);
    case VALUE_BOOL:
    case VALUE_NULL:
        return 1;
    case VALUE_M:
        size = CONTAINER_BYTES + MEMBER_BYTES * (size_t)value->count;
        for (uint32_t i = 0; i < value->count; i++) {
            size += value->attributes[i].name.len + value_size(&value->attributes[i].value);
        }
        return size;
    case VALUE_L:
        size = CONTAINER_BYTES + MEMBER_BYTES * (size_t)value->count;
        break;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        break;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        size += value_size(&value->elements[i]);
    }
    return size;
}

size_t item_size(const struct item *item)
{
    size_t size = 0;
    for (uint32_t i = 0; i < item->count; i++) {
        size += item->attributes[i].name.len + value_size(&item->attributes[i].value);
    }
    return size;
}

unsigned value_depth(const struct value *value)
{
    unsigned deepest = 0;
    if (value->type == VALUE_M || value->type == VALUE_L) {
        for (uint32_t i = 0; i < value->count; i++) {
            const struct value *member = value->type == VALUE_M ? &value->attributes[i].value : &value->elements[i];
            unsigned depth = value_depth(member);
            deepest = depth > deepest ? depth : deepest;
        }
    }
    return deepest + 1;
}

/* All names and bytes of a copy stand in one block: elements of one byte would waste fifteen each. */
static size_t text_bytes(const struct value *value)
{
    size_t bytes = 0;
    switch ((enum value_type)value->type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        return value->bytes.len;
    case VALUE_BOOL:
    case VALUE_NULL:
        return 0;
    case VALUE_M:
        for (uint32_t i = 0; i < value->count; i++) {
            bytes += value->attributes[i].name.len + text_bytes(&value->attributes[i].value);
        }
        return bytes;
    case VALUE_L:
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        break;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        bytes += text_bytes(&value->elements[i]);
    }
    return bytes;
}

static struct slice copy_text(char **text, struct slice bytes)
{
    struct slice copy = slice_of(*text, bytes.len);
    if (bytes.len != 0) {
        memcpy(*text, bytes.data, bytes.len);
        *text += bytes.len;
    }
    return copy;
}

static void copy_value(struct arena *arena, char **text, const struct value *value, struct value *ret_copy);

static struct attribute *copy_attributes(struct arena *arena, char **text, const struct attribute *attributes,
                                         uint32_t count)
{
    struct attribute *copy = ARENA_ARRAY(arena, struct attribute, count);
    for (uint32_t i = 0; i < count; i++) {
        copy[i].name = copy_text(text, attributes[i].name);
        copy_value(arena, text, &attributes[i].value, &copy[i].value);
    }
    return copy;
}

static void copy_value(struct arena *arena, char **text, const struct value *value, struct value *ret_copy)
{
    *ret_copy = *value;
    switch ((enum value_type)value->type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        ret_copy->bytes = copy_text(text, value->bytes);
        return;
    case VALUE_BOOL:
    case VALUE_NULL:
        return;
    case VALUE_M:
        ret_copy->attributes = copy_attributes(arena, text, value->attributes, value->count);
        return;
    case VALUE_L:
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        ret_copy->elements = ARENA_ARRAY(arena, struct value, value->count);
        for (uint32_t i = 0; i < value->count; i++) {
            copy_value(arena, text, &value->elements[i], &ret_copy->elements[i]);
        }
        return;
    }
}

void value_copy(struct arena *arena, const struct value *value, struct value *ret_copy)
{
    char *text = arena_alloc(arena, text_bytes(value));
    copy_value(arena, &text, value, ret_copy);
}

void item_copy(struct arena *arena, const struct item *item, struct item *ret_copy)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < item->count; i++) {
        bytes += item->attributes[i].name.len + text_bytes(&item->attributes[i].value);
    }
    char *text = arena_alloc(arena, bytes);
    ret_copy->attributes = copy_attributes(arena, &text, item->attributes, item->count);
    ret_copy->count = item->count;
}
