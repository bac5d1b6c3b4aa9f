/* Looking up #names and :values, and what may be wrong with the maps that define them.
 *
 * A request may define very many of them (2 MB): small maps are searched from the front, large ones through an order
 * that is sorted once. Sorted, not hashed, so that no choice of names makes it slow. */
#include <assert.h>
#include <stdlib.h>

#include "expr/parser.h"

#define SEARCH_COUNT_MAX         16
#define PLACEHOLDER_BYTES_MAX    255
#define ATTRIBUTE_NAME_BYTES_MAX 65535

static struct slice name_key(const struct expr_symbols *symbols, uint32_t i)
{
    return symbols->names[i].placeholder;
}

static struct slice value_key(const struct expr_symbols *symbols, uint32_t i)
{
    return symbols->values[i].placeholder;
}

struct entry {
    struct slice key;
    uint32_t index;
};

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = slice_compare(a->key, b->key);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static uint32_t *sorted_order(const struct expr_symbols *symbols, uint32_t count,
                              struct slice (*key)(const struct expr_symbols *, uint32_t), struct arena *arena)
{
    struct entry *entries = ARENA_ARRAY(arena, struct entry, count);
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        entries[i] = (struct entry){key(symbols, i), i};
    }
    qsort(entries, count, sizeof *entries, compare_entries);
    for (uint32_t i = 0; i < count; i++) {
        order[i] = entries[i].index;
    }
    return order;
}

/* The position of the placeholder, or `count`. */
static uint32_t find(const struct expr_symbols *symbols, uint32_t count, uint32_t **order, struct slice placeholder,
                     struct slice (*key)(const struct expr_symbols *, uint32_t), struct arena *arena)
{
    if (count <= SEARCH_COUNT_MAX) {
        uint32_t i = 0;
        while (i < count && !slice_equal(key(symbols, i), placeholder)) {
            i++;
        }
        return i;
    }
    if (*order == NULL) {
        *order = sorted_order(symbols, count, key, arena);
    }
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int side = slice_compare(key(symbols, (*order)[middle]), placeholder);
        if (side == 0) {
            return (*order)[middle];
        }
        if (side < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return count;
}

const struct expr_name *symbols_name(struct expr_symbols *symbols, struct slice placeholder, struct arena *arena)
{
    uint32_t i = find(symbols, symbols->name_count, &symbols->name_order, placeholder, name_key, arena);
    if (i == symbols->name_count) {
        return NULL;
    }
    symbols->names[i].used = true;
    return &symbols->names[i];
}

const struct expr_value *symbols_value(struct expr_symbols *symbols, struct slice placeholder, struct arena *arena)
{
    uint32_t i = find(symbols, symbols->value_count, &symbols->value_order, placeholder, value_key, arena);
    if (i == symbols->value_count) {
        return NULL;
    }
    symbols->values[i].used = true;
    return &symbols->values[i];
}

/* `first_code` is the code of an empty key; too long and malformed follow it. */
static int check_key(struct slice key, char sign, enum expr_error_code first_code, struct arena *arena,
                     struct expr_error *ret_error)
{
    if (key.len == 0) {
        return expr_fail(ret_error, first_code, SLICE(""), SLICE(""));
    }
    if (key.len > PLACEHOLDER_BYTES_MAX) {
        return expr_fail(ret_error, first_code + 1, arena_printf(arena, "%zu", key.len), SLICE(""));
    }
    if (!token_is_placeholder(key, sign)) {
        return expr_fail(ret_error, first_code + 2, key, SLICE(""));
    }
    return 0;
}

int expr_check_names(const struct expr_symbols *symbols, struct arena *arena, struct expr_error *ret_error)
{
    for (uint32_t i = 0; i < symbols->name_count; i++) {
        if (check_key(name_key(symbols, i), '#', EXPR_NAME_KEY_EMPTY, arena, ret_error) != 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < symbols->name_count; i++) {
        const struct expr_name *name = &symbols->names[i];
        if (name->name.len == 0) {
            return expr_fail(ret_error, EXPR_NAME_EMPTY, name->placeholder, SLICE(""));
        }
        if (name->name.len > ATTRIBUTE_NAME_BYTES_MAX) {
            return expr_fail(ret_error, EXPR_NAME_TOO_LONG, name->placeholder, SLICE(""));
        }
    }
    return 0;
}

int expr_check_value_keys(const struct expr_symbols *symbols, struct arena *arena, struct expr_error *ret_error)
{
    for (uint32_t i = 0; i < symbols->value_count; i++) {
        if (check_key(value_key(symbols, i), ':', EXPR_VALUE_KEY_EMPTY, arena, ret_error) != 0) {
            return -1;
        }
    }
    return 0;
}

/* DynamoDB lists unused keys in the order of a Java HashSet: by the low bits of the string's hash. */
struct listed {
    uint32_t bucket;
    uint32_t index;
};

static int compare_listed(const void *left, const void *right)
{
    const struct listed *a = left;
    const struct listed *b = right;
    if (a->bucket != b->bucket) {
        return a->bucket < b->bucket ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

static uint32_t bucket_of(struct slice key, uint32_t buckets)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < key.len; i++) {
        hash = hash * 31 + (unsigned char)key.data[i];
    }
    return (hash ^ hash >> 16) & (buckets - 1);
}

static struct slice list_keys(const struct expr_symbols *symbols, struct listed *listed, uint32_t count,
                              struct slice (*key)(const struct expr_symbols *, uint32_t), struct arena *arena)
{
    struct buffer text = {0};
    qsort(listed, count, sizeof *listed, compare_listed);
    for (uint32_t i = 0; i < count; i++) {
        buffer_append(&text, i == 0 ? "{" : ", ", i == 0 ? 1 : 2);
        buffer_append_slice(&text, key(symbols, listed[i].index));
    }
    buffer_append_byte(&text, '}');
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_finish(&text);
    return copy;
}

static bool name_used(const struct expr_symbols *symbols, uint32_t i)
{
    return symbols->names[i].used;
}

static bool value_used(const struct expr_symbols *symbols, uint32_t i)
{
    return symbols->values[i].used;
}

static int check_used(const struct expr_symbols *symbols, uint32_t count, enum expr_error_code code,
                      bool (*used)(const struct expr_symbols *, uint32_t),
                      struct slice (*key)(const struct expr_symbols *, uint32_t), struct arena *arena,
                      struct expr_error *ret_error)
{
    uint32_t first = 0;
    while (first < count && used(symbols, first)) {
        first++;
    }
    if (first == count) {
        return 0;
    }
    uint32_t buckets = 16;
    while (buckets < count / 0.75 + 1) {
        buckets *= 2;
    }
    struct listed *listed = ARENA_ARRAY(arena, struct listed, count - first);
    uint32_t unused = 0;
    for (uint32_t i = first; i < count; i++) {
        if (!used(symbols, i)) {
            listed[unused++] = (struct listed){bucket_of(key(symbols, i), buckets), i};
        }
    }
    return expr_fail(ret_error, code, list_keys(symbols, listed, unused, key, arena), SLICE(""));
}

int expr_symbols_unused(const struct expr_symbols *symbols, struct arena *arena, struct expr_error *ret_error)
{
    if (check_used(symbols, symbols->name_count, EXPR_NAMES_UNUSED, name_used, name_key, arena, ret_error) != 0) {
        return -1;
    }
    return check_used(symbols, symbols->value_count, EXPR_VALUES_UNUSED, value_used, value_key, arena, ret_error);
}
