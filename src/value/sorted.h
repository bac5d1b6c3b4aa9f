/* Sorted views of byte strings, for what must not be quadratic in the elements of an item: duplicates, set equality,
 * union. Sorting, not hashing: no input can make it slow. Private to value/. */
#pragma once

#include "base/slice.h"

/* Up to this many elements comparing all pairs is cheaper. */
#define SORTED_WORTH 16

struct sorted_entry {
    struct slice bytes;
    uint32_t index; /* where it stood */
};

/* Fills in no order: the caller sets each entry, then sorts. Freed with free(). */
struct sorted_entry *sorted_alloc(uint32_t count);

/* By bytes, equal bytes by index. */
void sorted_sort(struct sorted_entry *entries, uint32_t count);

/* The entry of the last index among those with these bytes, or NULL. */
const struct sorted_entry *sorted_find(const struct sorted_entry *entries, uint32_t count, struct slice bytes);
