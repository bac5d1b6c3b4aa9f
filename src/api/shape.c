/* Decoding of requests. The messages of JSON type errors are DynamoDB's, as its users report them. */
#include "api/shape.h"

#include <assert.h>

#include "api/shape_private.h"
#include "base/hash.h"

#define STRUCTURE_UNEXPECTED SLICE("Start of structure or map found where not expected")
#define LIST_UNEXPECTED      SLICE("Start of list found where not expected")

struct decoder {
    const struct json_node *nodes;
    struct arena *arena;
    struct slice message; /* set when a function returns false */
};

static bool decode_structure(struct decoder *decoder, const struct shape *shape, const struct json_node *node,
                             void *ret_structure);
static bool decode_member(struct decoder *decoder, const struct shape_member *member, const struct json_node *node,
                          bool is_element, void *ret_slot);

static bool refuse(struct decoder *decoder, struct slice message)
{
    decoder->message = message;
    return false;
}

/* A scalar where a scalar of another type belongs, or a container. */
static bool refuse_scalar(struct decoder *decoder, const struct json_node *node, const char *wanted)
{
    static const char *const tokens[] = {
        [JSON_FALSE] = "FALSE_VALUE",    [JSON_TRUE] = "TRUE_VALUE",     [JSON_INTEGER] = "NUMBER_VALUE",
        [JSON_DOUBLE] = "DECIMAL_VALUE", [JSON_STRING] = "STRING_VALUE",
    };
    if (node->type == JSON_OBJECT) {
        return refuse(decoder, STRUCTURE_UNEXPECTED);
    }
    if (node->type == JSON_ARRAY) {
        return refuse(decoder, LIST_UNEXPECTED);
    }
    assert(node->type < sizeof(tokens) / sizeof(tokens[0]) && tokens[node->type] != NULL);
    return refuse(decoder, arena_printf(decoder->arena, "%s cannot be converted to %s", tokens[node->type], wanted));
}

static bool refuse_container(struct decoder *decoder, const struct json_node *node, struct slice scalar_message)
{
    return refuse(decoder, node->type == JSON_OBJECT  ? STRUCTURE_UNEXPECTED
                           : node->type == JSON_ARRAY ? LIST_UNEXPECTED
                                                      : scalar_message);
}

static bool refuse_boolean(struct decoder *decoder, const struct json_node *node)
{
    if (node->type == JSON_STRING) {
        return refuse(decoder, SLICE("Unexpected token received from parser"));
    }
    return refuse_scalar(decoder, node, "Boolean");
}

static bool refuse_base64(struct decoder *decoder, enum base64_result result, const struct json_node *node)
{
    switch (result) {
    case BASE64_LENGTH:
        return refuse(decoder, arena_printf(decoder->arena,
                                            "Base64 encoded length is expected a multiple of 4 bytes but found: %zu",
                                            node->text.len));
    case BASE64_TRAILING_BITS:
        return refuse(decoder, SLICE("Invalid last non-pad Base64 character dectected"));
    default:
        return refuse(decoder, SLICE("Invalid Base64 character"));
    }
}

/* Inside an attribute value. */
static bool refuse_value(struct decoder *decoder, const struct value_reader *reader)
{
    const struct json_node *node = reader->culprit;
    switch (reader->error) {
    case SHAPE_EXPECTED_STRUCTURE:
        return refuse_container(decoder, node, SLICE("Unexpected value type in payload"));
    case SHAPE_EXPECTED_STRING:
        return refuse_scalar(decoder, node, "String");
    case SHAPE_EXPECTED_BLOB:
        return refuse_container(decoder, node, SLICE("only base-64-encoded strings are convertible to bytes"));
    case SHAPE_EXPECTED_BOOLEAN:
        return refuse_boolean(decoder, node);
    case SHAPE_EXPECTED_LIST:
    case SHAPE_EXPECTED_MAP:
        return refuse_container(decoder, node, SLICE("Unexpected field type"));
    case SHAPE_BAD_BASE64:
        return refuse_base64(decoder, reader->base64, node);
    case SHAPE_OK:
        break;
    }
    assert(!"a reader that failed says why");
    return false;
}

static bool decode_string(struct decoder *decoder, const struct json_node *node, bool is_element, void *ret_slot)
{
    if (node->type != JSON_STRING) {
        return refuse_scalar(decoder, node, "String");
    }
    if (is_element) {
        *(struct slice *)ret_slot = node->text;
    } else {
        *(struct opt_string *)ret_slot = (struct opt_string){.present = true, .text = node->text};
    }
    return true;
}

/* Fractions are cut off, and an Integer takes the low 32 bits of what is too large for it, as Java's conversions do. */
static bool decode_integer(struct decoder *decoder, const struct json_node *node, bool is_long, void *ret_slot)
{
    int64_t number;
    if (node->type == JSON_INTEGER) {
        number = node->integer;
    } else if (node->type == JSON_DOUBLE) {
        number = node->real >= 0x1p63 ? INT64_MAX : node->real <= -0x1p63 ? INT64_MIN : (int64_t)node->real;
    } else {
        return refuse_scalar(decoder, node, is_long ? "Long" : "Integer");
    }
    *(struct opt_integer *)ret_slot =
        (struct opt_integer){.present = true, .number = is_long ? number : (int32_t)(uint32_t)(uint64_t)number};
    return true;
}

static bool decode_enum(struct decoder *decoder, const struct shape_set *set, const struct json_node *node,
                        void *ret_slot)
{
    if (node->type != JSON_STRING) {
        return refuse_scalar(decoder, node, "String");
    }
    struct opt_enum *slot = ret_slot;
    *slot = (struct opt_enum){.present = true, .value = -1, .text = node->text};
    for (int i = 0; set->names[i] != NULL; i++) {
        if (slice_equal(node->text, slice_from_string(set->names[i]))) {
            slot->value = i;
        }
    }
    return true;
}

static bool decode_value(struct decoder *decoder, const struct json_node *node, bool is_item, void *ret_slot)
{
    struct value_reader reader = {.nodes = decoder->nodes, .arena = decoder->arena};
    if (is_item) {
        struct opt_item *slot = ret_slot;
        slot->present = true;
        if (!item_read(&reader, node, &slot->item)) {
            return refuse_value(decoder, &reader);
        }
        slot->flaw = reader.flaw;
    } else {
        struct opt_value *slot = ret_slot;
        slot->present = true;
        if (!value_read(&reader, node, &slot->value)) {
            return refuse_value(decoder, &reader);
        }
        slot->flaw = reader.flaw;
    }
    return true;
}

size_t shape_element_size(const struct shape_member *element)
{
    switch (element->kind) {
    case SHAPE_STRING:
        return sizeof(struct slice);
    case SHAPE_ENUM:
        return sizeof(struct opt_enum);
    case SHAPE_STRUCTURE:
        return element->shape->size;
    case SHAPE_LIST:
        return sizeof(struct any_list);
    case SHAPE_MAP:
        return sizeof(struct any_map);
    case SHAPE_VALUE:
        return sizeof(struct opt_value);
    case SHAPE_ITEM:
        return sizeof(struct opt_item);
    case SHAPE_INTEGER:
    case SHAPE_LONG:
    case SHAPE_BOOLEAN:
        break;
    }
    assert(!"no list of these in the API");
    return 0;
}

static bool decode_list(struct decoder *decoder, const struct shape_member *member, const struct json_node *node,
                        void *ret_slot)
{
    if (node->type != JSON_ARRAY) {
        return refuse_container(decoder, node, SLICE("Unexpected field type"));
    }
    size_t size = shape_element_size(member->element);
    char *items = arena_zalloc(decoder->arena, size * node->count);
    uint32_t at = (uint32_t)(node - decoder->nodes) + 1;
    for (uint32_t i = 0; i < node->count; i++, at = decoder->nodes[at].end) {
        if (!decode_member(decoder, member->element, &decoder->nodes[at], true, items + i * size)) {
            return false;
        }
    }
    struct any_list list = {.present = true, .count = node->count, .items = items};
    memcpy(ret_slot, &list, sizeof(list));
    return true;
}

/* Finds repeated keys of a map in linear time: positions by hash, open addressing, at most half full. */
struct key_table {
    uint32_t *places; /* position + 1, 0 is free */
    uint32_t mask;
};

static struct key_table key_table_create(struct arena *arena, uint32_t count)
{
    uint32_t size = 4;
    while (size < 2 * count) {
        size *= 2;
    }
    return (struct key_table){.places = arena_zalloc(arena, size * sizeof(uint32_t)), .mask = size - 1};
}

/* The position of the key, `count` if it is new. */
static uint32_t key_table_add(struct key_table *table, struct slice *keys, uint32_t count, struct slice key)
{
    uint32_t at = (uint32_t)hash_bytes(key) & table->mask;
    for (; table->places[at] != 0; at = (at + 1) & table->mask) {
        uint32_t place = table->places[at] - 1;
        if (slice_equal(keys[place], key)) {
            return place;
        }
    }
    table->places[at] = count + 1;
    keys[count] = key;
    return count;
}

static bool decode_map(struct decoder *decoder, const struct shape_member *member, const struct json_node *node,
                       void *ret_slot)
{
    if (node->type != JSON_OBJECT) {
        return refuse_container(decoder, node, SLICE("Unexpected field type"));
    }
    size_t size = shape_element_size(member->element);
    char *items = arena_zalloc(decoder->arena, size * node->count);
    struct slice *keys = ARENA_ARRAY(decoder->arena, struct slice, node->count);
    struct key_table table = key_table_create(decoder->arena, node->count);
    uint32_t count = 0;
    uint32_t at = (uint32_t)(node - decoder->nodes) + 1;
    for (uint32_t i = 0; i < node->count; i++, at = decoder->nodes[at].end) {
        const struct json_node *child = &decoder->nodes[at];
        uint32_t place = key_table_add(&table, keys, count, child->name);
        if (place == count) {
            count++;
        } else {
            memset(items + place * size, 0, size);
        }
        if (!decode_member(decoder, member->element, child, true, items + place * size)) {
            return false;
        }
    }
    struct any_map map = {.present = true, .count = count, .items = items, .keys = keys};
    memcpy(ret_slot, &map, sizeof(map));
    return true;
}

/* Into the structure itself as an element, else into a pointer to a new one. */
static bool decode_nested(struct decoder *decoder, const struct shape *shape, const struct json_node *node,
                          bool is_element, void *ret_slot)
{
    if (is_element) {
        return decode_structure(decoder, shape, node, ret_slot);
    }
    void *structure = arena_zalloc(decoder->arena, shape->size);
    memcpy(ret_slot, &structure, sizeof(structure));
    return decode_structure(decoder, shape, node, structure);
}

static bool decode_member(struct decoder *decoder, const struct shape_member *member, const struct json_node *node,
                          bool is_element, void *ret_slot)
{
    if (node->type == JSON_NULL) {
        if (is_element && member->kind == SHAPE_VALUE) {
            *(struct opt_value *)ret_slot = (struct opt_value){.present = true, .flaw = {.kind = FLAW_NULL}};
        }
        return true;
    }
    switch (member->kind) {
    case SHAPE_STRING:
        return decode_string(decoder, node, is_element, ret_slot);
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        return decode_integer(decoder, node, member->kind == SHAPE_LONG, ret_slot);
    case SHAPE_BOOLEAN:
        if (node->type != JSON_TRUE && node->type != JSON_FALSE) {
            return refuse_boolean(decoder, node);
        }
        *(struct opt_boolean *)ret_slot = (struct opt_boolean){.present = true, .flag = node->type == JSON_TRUE};
        return true;
    case SHAPE_ENUM:
        return decode_enum(decoder, member->set, node, ret_slot);
    case SHAPE_STRUCTURE:
        return decode_nested(decoder, member->shape, node, is_element, ret_slot);
    case SHAPE_LIST:
        return decode_list(decoder, member, node, ret_slot);
    case SHAPE_MAP:
        return decode_map(decoder, member, node, ret_slot);
    case SHAPE_VALUE:
    case SHAPE_ITEM:
        return decode_value(decoder, node, member->kind == SHAPE_ITEM, ret_slot);
    }
    assert(!"a kind of member");
    return false;
}

static size_t member_size(const struct shape_member *member)
{
    switch (member->kind) {
    case SHAPE_STRING:
        return sizeof(struct opt_string);
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        return sizeof(struct opt_integer);
    case SHAPE_BOOLEAN:
        return sizeof(struct opt_boolean);
    case SHAPE_STRUCTURE:
        return sizeof(void *);
    default:
        return shape_element_size(member);
    }
}

static const struct shape_member *find_member(const struct shape *shape, struct slice name)
{
    for (unsigned i = 0; i < shape->count; i++) {
        const char *candidate = shape->members[i].name;
        if (strncmp(candidate, name.data, name.len) == 0 && candidate[name.len] == '\0') {
            return &shape->members[i];
        }
    }
    return NULL;
}

static bool decode_structure(struct decoder *decoder, const struct shape *shape, const struct json_node *node,
                             void *ret_structure)
{
    if (node->type != JSON_OBJECT) {
        return refuse_container(decoder, node, SLICE("Unexpected value type in payload"));
    }
    uint32_t at = (uint32_t)(node - decoder->nodes) + 1;
    for (uint32_t i = 0; i < node->count; i++, at = decoder->nodes[at].end) {
        const struct json_node *child = &decoder->nodes[at];
        const struct shape_member *member = find_member(shape, child->name);
        if (member == NULL) {
            continue;
        }
        char *slot = (char *)ret_structure + member->offset;
        memset(slot, 0, member_size(member));
        if (!decode_member(decoder, member, child, false, slot)) {
            return false;
        }
    }
    return true;
}

bool shape_decode(const struct shape *shape, const struct json_node *nodes, struct arena *arena, void *ret_request,
                  struct slice *ret_message)
{
    struct decoder decoder = {.nodes = nodes, .arena = arena};
    memset(ret_request, 0, shape->size);
    if (!decode_structure(&decoder, shape, &nodes[0], ret_request)) {
        *ret_message = decoder.message;
        return false;
    }
    return true;
}
