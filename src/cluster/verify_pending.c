/* A hash table of index rows, by key: those that outboxes still hold. */
#include <stdlib.h>

#include "base/hash.h"
#include "cluster/verify_private.h"

struct pending_row {
    struct pending_row *next;
    struct slice key, stored;
};

struct pending_rows {
    struct arena arena;
    struct pending_row **slots;
    size_t slot_count;
    uint64_t count;
};

#define SLOTS_MIN 1024

static struct pending_row **make_slots(size_t count)
{
    struct pending_row **slots = calloc(count, sizeof(struct pending_row *));
    if (slots == NULL) {
        abort();
    }
    return slots;
}

struct pending_rows *pending_rows_create(void)
{
    struct pending_rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL) {
        abort();
    }
    arena_init(&rows->arena, 65536);
    rows->slot_count = SLOTS_MIN;
    rows->slots = make_slots(SLOTS_MIN);
    return rows;
}

void pending_rows_destroy(struct pending_rows *rows)
{
    if (rows != NULL) {
        arena_finish(&rows->arena);
        free(rows->slots);
        free(rows);
    }
}

static size_t slot_of(const struct pending_rows *rows, struct slice key)
{
    return hash_checksum(key) & (rows->slot_count - 1);
}

static struct pending_row *find(const struct pending_rows *rows, struct slice key)
{
    struct pending_row *row = rows->slots[slot_of(rows, key)];
    while (row != NULL && !slice_equal(row->key, key)) {
        row = row->next;
    }
    return row;
}

static void insert(struct pending_rows *rows, struct pending_row *row)
{
    struct pending_row **slot = &rows->slots[slot_of(rows, row->key)];
    row->next = *slot;
    *slot = row;
}

static void grow(struct pending_rows *rows)
{
    struct pending_row **old = rows->slots;
    size_t old_count = rows->slot_count;
    rows->slot_count = 2 * old_count;
    rows->slots = make_slots(rows->slot_count);
    for (size_t i = 0; i < old_count; i++) {
        for (struct pending_row *row = old[i], *next; row != NULL; row = next) {
            next = row->next;
            insert(rows, row);
        }
    }
    free(old);
}

void pending_rows_put(struct pending_rows *rows, struct slice key, struct slice stored)
{
    struct pending_row *row = find(rows, key);
    if (row == NULL) {
        if (rows->count == rows->slot_count) {
            grow(rows);
        }
        row = ARENA_NEW(&rows->arena, struct pending_row);
        row->key = arena_copy(&rows->arena, key);
        insert(rows, row);
        rows->count++;
    }
    row->stored = arena_copy(&rows->arena, stored);
}

bool pending_rows_find(const struct pending_rows *rows, struct slice key, struct slice *ret_stored)
{
    const struct pending_row *row = find(rows, key);
    if (row == NULL) {
        return false;
    }
    *ret_stored = row->stored;
    return true;
}

uint64_t pending_rows_count(const struct pending_rows *rows)
{
    return rows->count;
}

void pending_rows_each(const struct pending_rows *rows,
                       void (*visit)(void *context, struct slice key, struct slice stored), void *context)
{
    for (size_t i = 0; i < rows->slot_count; i++) {
        for (const struct pending_row *row = rows->slots[i]; row != NULL; row = row->next) {
            visit(context, row->key, row->stored);
        }
    }
}
