/* Sorted views of byte strings, for what must not be quadratic in the elements of an item: duplicates, set equality,
 * union. Sorting, not hashing: no input can make it slow. Private to value/. */
#pragma once

#include "base/slice.h"

/* Up to this many elements comparing all pairs is cheaper. */
#define SORTED_WORTH 16

struct sorted_entry {
    uint64_t prefix; /* the first eight bytes, big-endian, zeros behind the end: decides most comparisons */
    struct slice bytes;
    uint32_t index; /* where it stood */
};

/* The caller sets each entry, then sorts. Freed with free(). */
struct sorted_entry *sorted_alloc(uint32_t count);

struct sorted_entry sorted_entry_of(struct slice bytes, uint32_t index);

/* By bytes; equal bytes stay in the order they were in. */
void sorted_sort(struct sorted_entry *entries, uint32_t count);

/* The entry of the last index among those with these bytes, or NULL. */
const struct sorted_entry *sorted_find(const struct sorted_entry *entries, uint32_t count, struct slice bytes);
