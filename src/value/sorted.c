#include "value/sorted.h"

#include <endian.h>
#include <stdlib.h>

struct sorted_entry *sorted_alloc(uint32_t count)
{
    struct sorted_entry *entries = malloc(sizeof *entries * ((size_t)count + 1));
    if (entries == NULL) {
        abort();
    }
    return entries;
}

struct sorted_entry sorted_entry_of(struct slice bytes, uint32_t index)
{
    uint64_t prefix = 0;
    if (bytes.len != 0) {
        memcpy(&prefix, bytes.data, bytes.len < sizeof prefix ? bytes.len : sizeof prefix);
    }
    return (struct sorted_entry){be64toh(prefix), bytes, index};
}

/* If the prefixes are equal and one of the texts ends within them, the rest of the other's prefix is zeros: only the
 * bytes can tell. */
static inline bool comes_first(const struct sorted_entry *a, const struct sorted_entry *b)
{
    return a->prefix != b->prefix ? a->prefix < b->prefix : slice_compare(a->bytes, b->bytes) < 0;
}

/* Merges the runs [0, middle) and [middle, end) of `from` into `to`. */
static void merge(const struct sorted_entry *from, uint32_t middle, uint32_t end, struct sorted_entry *to)
{
    uint32_t left = 0;
    uint32_t right = middle;
    for (uint32_t i = 0; i < end; i++) {
        bool take_right = left == middle || (right < end && comes_first(&from[right], &from[left]));
        to[i] = from[take_right ? right++ : left++];
    }
}

void sorted_sort(struct sorted_entry *entries, uint32_t count)
{
    struct sorted_entry *spare = sorted_alloc(count);
    struct sorted_entry *from = entries;
    struct sorted_entry *to = spare;
    for (uint64_t run = 1; run < count; run *= 2) {
        for (uint64_t at = 0; at < count; at += 2 * run) {
            uint64_t left = count - at;
            merge(from + at, (uint32_t)(run < left ? run : left), (uint32_t)(2 * run < left ? 2 * run : left), to + at);
        }
        struct sorted_entry *merged = to;
        to = from;
        from = merged;
    }
    if (from != entries) {
        memcpy(entries, from, sizeof *entries * count);
    }
    free(spare);
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
