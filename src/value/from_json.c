/* Attribute values out of JSON nodes.
 *
 * A value is an object whose one known member says its type. With several known members DynamoDB looks at the contents
 * of all of them, in the order of enum value_type's model (S, N, B, SS, NS, BS, M, L, NULL, BOOL), before it complains
 * that there are several. Nesting is bounded by JSON_DEPTH_MAX: two levels of JSON make one of values. */
#include "value/from_json.h"

#include <assert.h>
#include <stdlib.h>

#include "value/base64.h"
#include "value/number.h"
#include "value/sorted.h"

#define TYPES (VALUE_BS + 1)

/* Keeps the first flaw, but lets any other take the place of a name's. */
static void note_flaw(struct value_reader *reader, enum value_flaw_kind kind, enum value_type type, struct slice text)
{
    enum value_flaw_kind known = reader->flaw.kind;
    if (known == FLAW_NONE || (known >= FLAW_EMPTY_NAME && kind < FLAW_EMPTY_NAME)) {
        reader->flaw = (struct value_flaw){kind, type, text};
    }
}

static bool fail(struct value_reader *reader, enum value_shape_error error, const struct json_node *culprit)
{
    reader->error = error;
    reader->culprit = culprit;
    return false;
}

/* 0 if the name is no type. */
static enum value_type type_of_name(struct slice name)
{
    if (name.len == 1) {
        switch (name.data[0]) {
        case 'S':
            return VALUE_S;
        case 'N':
            return VALUE_N;
        case 'B':
            return VALUE_B;
        case 'M':
            return VALUE_M;
        case 'L':
            return VALUE_L;
        default:
            return 0;
        }
    }
    for (enum value_type type = VALUE_BOOL; type <= VALUE_BS; type++) {
        if (slice_equal(name, value_type_name(type))) {
            return type;
        }
    }
    return 0;
}

/* Digits without needless zeros or signs are a number and canonical: nothing to parse, and most numbers are such. */
static bool is_plain_integer(struct slice text)
{
    size_t sign = text.len > 0 && text.data[0] == '-';
    size_t digits = text.len - sign;
    if (digits == 0 || digits > NUMBER_DIGITS_MAX || (text.data[sign] == '0' && text.len > 1)) {
        return false;
    }
    bool plain = true;
    for (size_t i = sign; i < text.len; i++) {
        plain &= text.data[i] >= '0' && text.data[i] <= '9';
    }
    return plain;
}

static void read_number(struct value_reader *reader, struct slice text, struct value *ret_value)
{
    if (is_plain_integer(text)) {
        ret_value->bytes = text;
        return;
    }
    struct number number = {0};
    switch (number_parse(text, &number)) {
    case NUMBER_OK:
        break;
    case NUMBER_MALFORMED:
        note_flaw(reader, text.len == 0 ? FLAW_EMPTY_NUMBER : FLAW_NUMBER_MALFORMED, VALUE_N, text);
        break;
    case NUMBER_OVERFLOW:
        note_flaw(reader, FLAW_NUMBER_OVERFLOW, VALUE_N, text);
        break;
    case NUMBER_UNDERFLOW:
        note_flaw(reader, FLAW_NUMBER_UNDERFLOW, VALUE_N, text);
        break;
    case NUMBER_IMPRECISE:
        note_flaw(reader, FLAW_NUMBER_IMPRECISE, VALUE_N, text);
        break;
    }
    char canonical[NUMBER_TEXT_MAX];
    struct slice formatted = slice_of(canonical, number_format(&number, canonical));
    ret_value->bytes = slice_equal(text, formatted) ? text : arena_copy(reader->arena, formatted);
}

/* S, N or B, alone or in a set. */
static bool read_scalar(struct value_reader *reader, const struct json_node *node, enum value_type type,
                        struct value *ret_value)
{
    *ret_value = (struct value){.type = (uint8_t)type};
    if (node->type != JSON_STRING) {
        return fail(reader, type == VALUE_B ? SHAPE_EXPECTED_BLOB : SHAPE_EXPECTED_STRING, node);
    }
    if (type == VALUE_S) {
        ret_value->bytes = node->text;
    } else if (type == VALUE_N) {
        read_number(reader, node->text, ret_value);
    } else {
        char *bytes = arena_alloc(reader->arena, base64_decoded_max(node->text.len));
        ret_value->bytes.data = bytes;
        reader->base64 = base64_decode(node->text, bytes, &ret_value->bytes.len);
        if (reader->base64 != BASE64_OK) {
            return fail(reader, SHAPE_BAD_BASE64, node);
        }
    }
    return true;
}

/* True if two elements of a set are the same. */
static bool has_duplicates(const struct value *set)
{
    if (set->count <= SORTED_WORTH) {
        for (uint32_t i = 1; i < set->count; i++) {
            for (uint32_t j = 0; j < i; j++) {
                if (slice_equal(set->elements[i].bytes, set->elements[j].bytes)) {
                    return true;
                }
            }
        }
        return false;
    }
    struct sorted_entry *entries = sorted_alloc(set->count);
    for (uint32_t i = 0; i < set->count; i++) {
        entries[i] = sorted_entry_of(set->elements[i].bytes, i);
    }
    sorted_sort(entries, set->count);
    bool found = false;
    for (uint32_t i = 1; i < set->count && !found; i++) {
        found = slice_equal(entries[i].bytes, entries[i - 1].bytes);
    }
    free(entries);
    return found;
}

/* The JSON array of a set as Java prints a list: [a, b, null]. */
static struct slice print_set(struct arena *arena, const struct json_node *nodes, const struct json_node *array)
{
    size_t bytes = 2;
    for (const struct json_node *node = array + 1; node < nodes + array->end; node = nodes + node->end) {
        bytes += (node->type == JSON_STRING ? node->text.len : 4) + 2;
    }
    char *text = arena_alloc(arena, bytes);
    char *at = text;
    *at++ = '[';
    for (const struct json_node *node = array + 1; node < nodes + array->end; node = nodes + node->end) {
        struct slice element = node->type == JSON_STRING ? node->text : SLICE("null");
        if (node != array + 1) {
            *at++ = ',';
            *at++ = ' ';
        }
        if (element.len != 0) {
            memcpy(at, element.data, element.len);
            at += element.len;
        }
    }
    *at++ = ']';
    return slice_of(text, (size_t)(at - text));
}

static bool read_set(struct value_reader *reader, const struct json_node *node, enum value_type type,
                     struct value *ret_value)
{
    *ret_value = (struct value){.type = (uint8_t)type};
    if (node->type != JSON_ARRAY) {
        return fail(reader, SHAPE_EXPECTED_LIST, node);
    }
    if (node->count == 0) {
        note_flaw(reader, FLAW_EMPTY_SET, type, (struct slice){0});
    }
    enum value_type scalar = type - VALUE_SS + VALUE_S;
    bool null = false;
    ret_value->elements = ARENA_ARRAY(reader->arena, struct value, node->count);
    for (const struct json_node *at = node + 1; at < reader->nodes + node->end; at = reader->nodes + at->end) {
        struct value *element = &ret_value->elements[ret_value->count];
        if (at->type != JSON_NULL) {
            if (!read_scalar(reader, at, scalar, element)) {
                return false;
            }
            ret_value->count++;
        } else if (type == VALUE_NS) {
            note_flaw(reader, FLAW_EMPTY_NUMBER, VALUE_N, (struct slice){0});
        } else {
            null = true;
        }
    }
    /* A set with a flaw needs no second one; malformed numbers all read as zero. */
    if (reader->flaw.kind == FLAW_NONE || reader->flaw.kind >= FLAW_EMPTY_NAME) {
        if (has_duplicates(ret_value)) {
            note_flaw(reader, FLAW_DUPLICATE_IN_SET, type, print_set(reader->arena, reader->nodes, node));
        } else if (null) {
            note_flaw(reader, FLAW_NULL_IN_SET, type, (struct slice){0});
        }
    }
    return true;
}

static bool read_value(struct value_reader *reader, const struct json_node *node, unsigned level,
                       struct value *ret_value);

static bool read_list(struct value_reader *reader, const struct json_node *node, unsigned level,
                      struct value *ret_value)
{
    *ret_value = (struct value){.type = VALUE_L};
    if (node->type != JSON_ARRAY) {
        return fail(reader, SHAPE_EXPECTED_LIST, node);
    }
    ret_value->elements = ARENA_ARRAY(reader->arena, struct value, node->count);
    for (const struct json_node *at = node + 1; at < reader->nodes + node->end; at = reader->nodes + at->end) {
        if (!read_value(reader, at, level + 1, &ret_value->elements[ret_value->count++])) {
            return false;
        }
    }
    return true;
}

/* Of members with one name keeps the last, in its place. */
static uint32_t drop_repeated(struct attribute *attributes, uint32_t count)
{
    struct sorted_entry *entries = NULL;
    if (count > SORTED_WORTH) {
        entries = sorted_alloc(count);
        for (uint32_t i = 0; i < count; i++) {
            entries[i] = sorted_entry_of(attributes[i].name, i);
        }
        sorted_sort(entries, count);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t last = count - 1;
        if (entries != NULL) {
            last = sorted_find(entries, count, attributes[i].name)->index;
        } else {
            while (last > i && !slice_equal(attributes[i].name, attributes[last].name)) {
                last--;
            }
        }
        if (last == i) {
            attributes[kept++] = attributes[i];
        }
    }
    free(entries);
    return kept;
}

static bool read_map(struct value_reader *reader, const struct json_node *node, unsigned level,
                     struct attribute **ret_attributes, uint32_t *ret_count)
{
    if (node->type != JSON_OBJECT) {
        return fail(reader, SHAPE_EXPECTED_MAP, node);
    }
    struct attribute *attributes = ARENA_ARRAY(reader->arena, struct attribute, node->count);
    uint32_t count = 0;
    for (const struct json_node *at = node + 1; at < reader->nodes + node->end; at = reader->nodes + at->end) {
        struct attribute *attribute = &attributes[count++];
        attribute->name = at->name;
        if (!read_value(reader, at, level + 1, &attribute->value)) {
            return false;
        }
        if (at->name.len == 0) {
            note_flaw(reader, FLAW_EMPTY_NAME, VALUE_M, at->name);
        } else if (at->name.len > ATTRIBUTE_NAME_BYTES_MAX) {
            note_flaw(reader, FLAW_NAME_TOO_LONG, VALUE_M, at->name);
        }
    }
    *ret_count = drop_repeated(attributes, count);
    *ret_attributes = attributes;
    return true;
}

/* BOOL and NULL. */
static bool read_truth(struct value_reader *reader, const struct json_node *node, enum value_type type,
                       struct value *ret_value)
{
    if (node->type != JSON_TRUE && node->type != JSON_FALSE) {
        return fail(reader, SHAPE_EXPECTED_BOOLEAN, node);
    }
    bool truth = node->type == JSON_TRUE;
    *ret_value = (struct value){.type = (uint8_t)type, .boolean = type == VALUE_BOOL && truth};
    if (type == VALUE_NULL && !truth) {
        note_flaw(reader, FLAW_NULL_FALSE, type, (struct slice){0});
    }
    return true;
}

static bool read_typed(struct value_reader *reader, const struct json_node *node, enum value_type type, unsigned level,
                       struct value *ret_value)
{
    switch (type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        return read_scalar(reader, node, type, ret_value);
    case VALUE_BOOL:
    case VALUE_NULL:
        return read_truth(reader, node, type, ret_value);
    case VALUE_M:
        *ret_value = (struct value){.type = VALUE_M};
        return read_map(reader, node, level, &ret_value->attributes, &ret_value->count);
    case VALUE_L:
        return read_list(reader, node, level, ret_value);
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        break;
    }
    return read_set(reader, node, type, ret_value);
}

/* An object with more than one member: unknown and null members do not count. */
static bool read_members(struct value_reader *reader, const struct json_node *node, unsigned level,
                         struct value *ret_value)
{
    static const uint8_t ORDER[] = {VALUE_S,  VALUE_N, VALUE_B, VALUE_SS,   VALUE_NS,
                                    VALUE_BS, VALUE_M, VALUE_L, VALUE_NULL, VALUE_BOOL};
    const struct json_node *members[TYPES] = {0};
    for (const struct json_node *at = node + 1; at < reader->nodes + node->end; at = reader->nodes + at->end) {
        enum value_type type = type_of_name(at->name);
        if (type != 0) {
            members[type] = at->type == JSON_NULL ? NULL : at;
        }
    }
    unsigned found = 0;
    for (size_t i = 0; i < sizeof ORDER; i++) {
        const struct json_node *member = members[ORDER[i]];
        if (member != NULL) {
            found++;
            if (!read_typed(reader, member, ORDER[i], level, ret_value)) {
                return false;
            }
        }
    }
    if (found != 1) {
        note_flaw(reader, found == 0 ? FLAW_EMPTY : FLAW_SEVERAL_TYPES, 0, (struct slice){0});
    }
    return true;
}

/* `level` counts from 1, the attribute itself. */
static bool read_value(struct value_reader *reader, const struct json_node *node, unsigned level,
                       struct value *ret_value)
{
    assert(level <= JSON_DEPTH_MAX);
    *ret_value = (struct value){.type = VALUE_NULL}; /* what a value without a type reads as */
    if (level > VALUE_DEPTH_MAX) {
        note_flaw(reader, FLAW_TOO_DEEP, 0, (struct slice){0});
    }
    if (node->type == JSON_NULL) {
        note_flaw(reader, FLAW_NULL, 0, node->name);
        return true;
    }
    if (node->type != JSON_OBJECT) {
        return fail(reader, SHAPE_EXPECTED_STRUCTURE, node);
    }
    if (node->count == 1 && node[1].type != JSON_NULL) {
        enum value_type type = type_of_name(node[1].name);
        if (type != 0) {
            return read_typed(reader, &node[1], type, level, ret_value);
        }
    }
    return read_members(reader, node, level, ret_value);
}

bool value_read(struct value_reader *reader, const struct json_node *node, struct value *ret_value)
{
    return read_value(reader, node, 1, ret_value);
}

bool item_read(struct value_reader *reader, const struct json_node *node, struct item *ret_item)
{
    return read_map(reader, node, 0, &ret_item->attributes, &ret_item->count);
}
