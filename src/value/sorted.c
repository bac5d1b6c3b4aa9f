#include "value/sorted.h"

#include <stdlib.h>

struct sorted_entry *sorted_alloc(uint32_t count)
{
    struct sorted_entry *entries = malloc(sizeof *entries * ((size_t)count + 1));
    if (entries == NULL) {
        abort();
    }
    return entries;
}

static int compare_entries(const void *left, const void *right)
{
    const struct sorted_entry *a = left;
    const struct sorted_entry *b = right;
    int order = slice_compare(a->bytes, b->bytes);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

void sorted_sort(struct sorted_entry *entries, uint32_t count)
{
    qsort(entries, count, sizeof *entries, compare_entries);
}

const struct sorted_entry *sorted_find(const struct sorted_entry *entries, uint32_t count, struct slice bytes)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) { /* entries before `low` are not above `bytes`, those from `high` on are */
        uint32_t middle = low + (high - low) / 2;
        if (slice_compare(entries[middle].bytes, bytes) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && slice_equal(entries[low - 1].bytes, bytes) ? &entries[low - 1] : NULL;
}
