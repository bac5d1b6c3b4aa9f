#include "api/name_list.h"

#include <stdlib.h>

#include "base/buffer.h"

void name_list_add(struct name_list *list, struct slice name)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        struct slice *names = ARENA_ARRAY(list->arena, struct slice, capacity);
        if (list->count != 0) {
            memcpy(names, list->names, sizeof(names[0]) * list->count);
        }
        list->names = names;
        list->capacity = capacity;
    }
    list->names[list->count++] = name;
}

static int compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static void sort_once(struct name_list *list)
{
    uint32_t kept = 0;
    if (list->count != 0) {
        qsort(list->names, list->count, sizeof(list->names[0]), compare_names);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (i == 0 || !slice_equal(list->names[i], list->names[kept - 1])) {
            list->names[kept++] = list->names[i];
        }
    }
    list->count = kept;
}

static struct slice join(struct arena *arena, const struct slice *names, uint32_t count)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += names[i].len + 2;
    }
    char *text = arena_alloc(arena, bytes);
    size_t len = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0) {
            memcpy(text + len, ", ", 2);
            len += 2;
        }
        memcpy(text + len, names[i].data, names[i].len);
        len += names[i].len;
    }
    return slice_of(text, len);
}

struct slice name_list_sorted(struct name_list *list)
{
    sort_once(list);
    return join(list->arena, list->names, list->count);
}

struct hashed_name {
    uint32_t bucket;
    uint32_t position; /* of names that share a bucket the latest comes first */
    struct slice name;
};

static int compare_buckets(const void *a, const void *b)
{
    const struct hashed_name *left = a, *right = b;
    if (left->bucket != right->bucket) {
        return left->bucket < right->bucket ? -1 : 1;
    }
    return left->position > right->position ? -1 : 1;
}

/* String.hashCode and HashMap's spreading, of ASCII names. */
static uint32_t bucket_of(struct slice name, uint32_t buckets)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < name.len; i++) {
        hash = 31 * hash + (unsigned char)name.data[i];
    }
    return (hash ^ (hash >> 16)) & (buckets - 1);
}

struct slice name_list_hashed(struct name_list *list)
{
    uint32_t buckets = 16;
    while (buckets < list->count + list->count / 3) {
        buckets *= 2;
    }
    struct hashed_name *hashed = ARENA_ARRAY(list->arena, struct hashed_name, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        hashed[i] = (struct hashed_name){bucket_of(list->names[i], buckets), i, list->names[i]};
    }
    if (list->count != 0) {
        qsort(hashed, list->count, sizeof(hashed[0]), compare_buckets);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        list->names[i] = hashed[i].name;
    }
    return join(list->arena, list->names, list->count);
}
