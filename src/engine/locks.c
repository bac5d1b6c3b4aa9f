#include "engine/locks.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"

#define SLOTS_AT_FIRST 256

struct lock {
    struct lock *next;
    struct transaction_id id;
    size_t key_len;
    char key[];
};

static struct lock **chain(const struct locks *locks, struct slice key)
{
    return &locks->slots[hash_bytes(key) & (locks->slot_count - 1)];
}

/* Where the lock hangs, or the end of its chain. */
static struct lock **find(const struct locks *locks, struct slice key)
{
    struct lock **at = chain(locks, key);
    while (*at != NULL && !slice_equal(slice_of((*at)->key, (*at)->key_len), key)) {
        at = &(*at)->next;
    }
    return at;
}

const struct transaction_id *locks_holder(const struct locks *locks, struct slice key)
{
    if (atomic_load_explicit(&locks->count, memory_order_relaxed) == 0) {
        return NULL;
    }
    const struct lock *lock = *find(locks, key);
    return lock == NULL ? NULL : &lock->id;
}

static void grow(struct locks *locks)
{
    struct locks old = {.slots = locks->slots, .slot_count = locks->slot_count};
    locks->slot_count = old.slot_count == 0 ? SLOTS_AT_FIRST : 2 * old.slot_count;
    locks->slots = calloc(locks->slot_count, sizeof(struct lock *));
    if (locks->slots == NULL) {
        abort();
    }
    for (size_t i = 0; i < old.slot_count; i++) {
        for (struct lock *lock = old.slots[i], *next; lock != NULL; lock = next) {
            next = lock->next;
            struct lock **head = chain(locks, slice_of(lock->key, lock->key_len));
            lock->next = *head;
            *head = lock;
        }
    }
    free(old.slots);
}

void locks_take(struct locks *locks, struct slice key, const struct transaction_id *id)
{
    if (atomic_load(&locks->count) >= locks->slot_count) {
        grow(locks);
    }
    struct lock **at = find(locks, key);
    assert(*at == NULL);
    struct lock *lock = malloc(sizeof *lock + key.len);
    if (lock == NULL) {
        abort();
    }
    *lock = (struct lock){.id = *id, .key_len = key.len};
    memcpy(lock->key, key.data, key.len);
    *at = lock;
    atomic_fetch_add(&locks->count, 1);
}

void locks_release(struct locks *locks, struct slice key)
{
    struct lock **at = find(locks, key);
    struct lock *lock = *at;
    assert(lock != NULL);
    *at = lock->next;
    free(lock);
    atomic_fetch_sub(&locks->count, 1);
}

void locks_finish(struct locks *locks)
{
    for (size_t i = 0; i < locks->slot_count; i++) {
        for (struct lock *lock = locks->slots[i], *next; lock != NULL; lock = next) {
            next = lock->next;
            free(lock);
        }
    }
    free(locks->slots);
    *locks = (struct locks){0};
}
