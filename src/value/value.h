/* Attribute values and items: immutable trees in an arena.
 *
 * Numbers are held as canonical text (value/number.h): equal numbers are equal bytes. Sets hold their elements in the
 * order they came; binary values are raw bytes. Nesting is bounded by VALUE_DEPTH_MAX, so recursion is. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"

#define VALUE_DEPTH_MAX 32 /* levels, counting the attribute itself */
#define ITEM_SIZE_MAX   409600

/* The numbers are stored: never change one. */
enum value_type {
    VALUE_S = 1,
    VALUE_N = 2,
    VALUE_B = 3,
    VALUE_BOOL = 4,
    VALUE_NULL = 5,
    VALUE_M = 6,
    VALUE_L = 7,
    VALUE_SS = 8,
    VALUE_NS = 9,
    VALUE_BS = 10,
};

struct attribute;

struct value {
    uint8_t type;   /* enum value_type */
    bool boolean;   /* VALUE_BOOL */
    uint32_t count; /* VALUE_M: attributes; VALUE_L and sets: elements */
    union {
        struct slice bytes;           /* VALUE_S, VALUE_N (canonical text), VALUE_B */
        struct attribute *attributes; /* VALUE_M */
        struct value *elements;       /* VALUE_L; sets: scalars of type S, N or B */
    };
};

struct attribute {
    struct slice name;
    struct value value;
};

/* An item is what a map holds. Names are unique. */
struct item {
    struct attribute *attributes;
    uint32_t count;
};

/* "S", "N", "BOOL", … */
struct slice value_type_name(enum value_type type);

/* The attribute's value, or NULL. */
const struct value *item_find(const struct item *item, struct slice name);
const struct value *value_member(const struct value *map, struct slice name);

/* Equality as DynamoDB defines it: sets and maps regardless of order, numbers by value. */
bool value_equal(const struct value *a, const struct value *b);
bool item_equal(const struct item *a, const struct item *b);

/* Order of two scalars of the same type S, N or B; S and B by unsigned bytes. */
int value_compare(const struct value *a, const struct value *b);

/* True if a set holds the scalar. Looks at every element: to join or subtract whole sets use the functions below. */
bool value_set_contains(const struct value *set, const struct value *scalar);

/* Both operands are sets of one type. The result keeps the order of `a`, for the union followed by what is new in `b`;
 * it shares the operands' elements, and the difference may be empty. O(n log n). */
void value_set_union(struct arena *arena, const struct value *a, const struct value *b, struct value *ret_union);
void value_set_difference(struct arena *arena, const struct value *a, const struct value *b,
                          struct value *ret_difference);

/* Bytes that DynamoDB counts: for a value without, for an item with, its attribute names. */
size_t value_size(const struct value *value);
size_t item_size(const struct item *item);

/* Levels of nesting: 1 for a scalar or set, 1 + the deepest member for a map or list. */
unsigned value_depth(const struct value *value);

/* Deep copy into the arena. */
void value_copy(struct arena *arena, const struct value *value, struct value *ret_copy);
void item_copy(struct arena *arena, const struct item *item, struct item *ret_copy);

/* {"S":"…"} and {"name":{"S":"…"},…}. */
void value_append_json(struct buffer *out, const struct value *value);
void item_append_json(struct buffer *out, const struct item *item);
