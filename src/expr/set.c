/* Sets of strings, numbers and binary values. Elements are equal when their bytes are: numbers are canonical. */
#include <stdlib.h>

#include "expr/update_eval.h"

/* Up to this many elements a set is searched from the front, above it is sorted first. */
#define SEARCH_COUNT_MAX 16

struct lookup {
    const struct value *set;
    struct slice *sorted; /* NULL for a small set */
};

static int compare_slices(const void *left, const void *right)
{
    return slice_compare(*(const struct slice *)left, *(const struct slice *)right);
}

static struct lookup lookup_make(struct arena *arena, const struct value *set)
{
    struct lookup lookup = {.set = set};
    if (set->count > SEARCH_COUNT_MAX) {
        lookup.sorted = ARENA_ARRAY(arena, struct slice, set->count);
        for (uint32_t i = 0; i < set->count; i++) {
            lookup.sorted[i] = set->elements[i].bytes;
        }
        qsort(lookup.sorted, set->count, sizeof *lookup.sorted, compare_slices);
    }
    return lookup;
}

static bool lookup_has(const struct lookup *lookup, struct slice bytes)
{
    if (lookup->sorted != NULL) {
        return bsearch(&bytes, lookup->sorted, lookup->set->count, sizeof bytes, compare_slices) != NULL;
    }
    for (uint32_t i = 0; i < lookup->set->count; i++) {
        if (slice_equal(lookup->set->elements[i].bytes, bytes)) {
            return true;
        }
    }
    return false;
}

void set_union(struct arena *arena, const struct value *a, const struct value *b, struct value *ret_set)
{
    struct lookup lookup = lookup_make(arena, a);
    struct value *elements = ARENA_ARRAY(arena, struct value, a->count + b->count);
    uint32_t count = a->count;
    memcpy(elements, a->elements, count * sizeof *elements);
    for (uint32_t i = 0; i < b->count; i++) {
        if (!lookup_has(&lookup, b->elements[i].bytes)) {
            elements[count++] = b->elements[i];
        }
    }
    *ret_set = (struct value){.type = a->type, .count = count, .elements = elements};
}

void set_difference(struct arena *arena, const struct value *a, const struct value *b, struct value *ret_set)
{
    struct lookup lookup = lookup_make(arena, b);
    struct value *elements = ARENA_ARRAY(arena, struct value, a->count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        if (!lookup_has(&lookup, a->elements[i].bytes)) {
            elements[count++] = a->elements[i];
        }
    }
    *ret_set = (struct value){.type = a->type, .count = count, .elements = elements};
}
