/* Equality, order and set algebra of values. Numbers are canonical text, so equal numbers are equal bytes and the
 * order of two numbers shows in their text. */
#include "value/value.h"

#include <assert.h>
#include <stdlib.h>

#include "value/sorted.h"

static bool is_set(const struct value *value)
{
    return value->type == VALUE_SS || value->type == VALUE_NS || value->type == VALUE_BS;
}

static struct sorted_entry *sort_elements(const struct value *set)
{
    struct sorted_entry *entries = sorted_alloc(set->count);
    for (uint32_t i = 0; i < set->count; i++) {
        entries[i] = sorted_entry_of(set->elements[i].bytes, i);
    }
    sorted_sort(entries, set->count);
    return entries;
}

static struct sorted_entry *sort_attributes(const struct attribute *attributes, uint32_t count)
{
    struct sorted_entry *entries = sorted_alloc(count);
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = sorted_entry_of(attributes[i].name, i);
    }
    sorted_sort(entries, count);
    return entries;
}

/* Sets of one type and count; elements are distinct, so one direction is enough. */
static bool sets_equal(const struct value *a, const struct value *b)
{
    if (a->count <= SORTED_WORTH) {
        for (uint32_t i = 0; i < a->count; i++) {
            if (!value_set_contains(b, &a->elements[i])) {
                return false;
            }
        }
        return true;
    }
    struct sorted_entry *in_a = sort_elements(a);
    struct sorted_entry *in_b = sort_elements(b);
    bool equal = true;
    for (uint32_t i = 0; i < a->count && equal; i++) {
        equal = slice_equal(in_a[i].bytes, in_b[i].bytes);
    }
    free(in_a);
    free(in_b);
    return equal;
}

static bool attributes_equal(const struct attribute *a, const struct attribute *b, uint32_t count)
{
    if (count <= SORTED_WORTH) {
        const struct item in_b = {(struct attribute *)b, count};
        for (uint32_t i = 0; i < count; i++) {
            /* Two versions of one item mostly have their attributes in the same places. */
            const struct value *other = slice_equal(a[i].name, b[i].name) ? &b[i].value : item_find(&in_b, a[i].name);
            if (other == NULL || !value_equal(&a[i].value, other)) {
                return false;
            }
        }
        return true;
    }
    struct sorted_entry *in_a = sort_attributes(a, count);
    struct sorted_entry *in_b = sort_attributes(b, count);
    bool equal = true;
    for (uint32_t i = 0; i < count && equal; i++) {
        equal =
            slice_equal(in_a[i].bytes, in_b[i].bytes) && value_equal(&a[in_a[i].index].value, &b[in_b[i].index].value);
    }
    free(in_a);
    free(in_b);
    return equal;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch ((enum value_type)a->type) {
    case VALUE_S:
    case VALUE_N:
    case VALUE_B:
        return slice_equal(a->bytes, b->bytes);
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_NULL:
        return true;
    case VALUE_M:
        return a->count == b->count && attributes_equal(a->attributes, b->attributes, a->count);
    case VALUE_L:
        break;
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return a->count == b->count && sets_equal(a, b);
    }
    bool equal = a->count == b->count;
    for (uint32_t i = 0; i < a->count && equal; i++) {
        equal = value_equal(&a->elements[i], &b->elements[i]);
    }
    return equal;
}

bool item_equal(const struct item *a, const struct item *b)
{
    return a->count == b->count && attributes_equal(a->attributes, b->attributes, a->count);
}

/* Digits in front of the point. */
static size_t whole_digits(struct slice magnitude)
{
    const char *point = memchr(magnitude.data, '.', magnitude.len);
    return point == NULL ? magnitude.len : (size_t)(point - magnitude.data);
}

/* Canonical texts: the one with more digits in front of the point is larger (a lone 0 stands there too); with equally
 * many, digits compare as bytes, and the one that ends first is smaller. */
static int compare_numbers(struct slice a, struct slice b)
{
    assert(a.len > 0 && b.len > 0);
    bool minus = a.data[0] == '-';
    if (minus != (b.data[0] == '-')) {
        return minus ? -1 : 1;
    }
    a = slice_of(a.data + minus, a.len - minus);
    b = slice_of(b.data + minus, b.len - minus);
    size_t whole_a = whole_digits(a);
    size_t whole_b = whole_digits(b);
    int order = whole_a != whole_b ? (whole_a > whole_b) - (whole_a < whole_b) : slice_compare(a, b);
    return minus ? -order : order;
}

int value_compare(const struct value *a, const struct value *b)
{
    assert(a->type == b->type && a->type >= VALUE_S && a->type <= VALUE_B);
    return a->type == VALUE_N ? compare_numbers(a->bytes, b->bytes) : slice_compare(a->bytes, b->bytes);
}

bool value_set_contains(const struct value *set, const struct value *scalar)
{
    assert(is_set(set));
    if (scalar->type != set->type - VALUE_SS + VALUE_S) {
        return false;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        if (slice_equal(set->elements[i].bytes, scalar->bytes)) {
            return true;
        }
    }
    return false;
}

/* Appends to `result` the elements of `from` that are not in `other`. */
static void append_without(struct value *result, const struct value *from, const struct value *other)
{
    bool sorting = other->count > SORTED_WORTH && from->count > SORTED_WORTH;
    struct sorted_entry *entries = sorting ? sort_elements(other) : NULL;
    for (uint32_t i = 0; i < from->count; i++) {
        const struct value *element = &from->elements[i];
        bool held =
            sorting ? sorted_find(entries, other->count, element->bytes) != NULL : value_set_contains(other, element);
        if (!held) {
            result->elements[result->count++] = *element;
        }
    }
    free(entries);
}

void value_set_union(struct arena *arena, const struct value *a, const struct value *b, struct value *ret_union)
{
    assert(is_set(a) && a->type == b->type);
    struct value result = {.type = a->type, .count = a->count};
    result.elements = ARENA_ARRAY(arena, struct value, (size_t)a->count + b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        result.elements[i] = a->elements[i];
    }
    append_without(&result, b, a);
    *ret_union = result;
}

void value_set_difference(struct arena *arena, const struct value *a, const struct value *b,
                          struct value *ret_difference)
{
    assert(is_set(a) && a->type == b->type);
    struct value result = {.type = a->type};
    result.elements = ARENA_ARRAY(arena, struct value, a->count);
    append_without(&result, a, b);
    *ret_difference = result;
}
