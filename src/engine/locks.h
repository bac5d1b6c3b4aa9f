/* Which items are held by prepared transactions: a table in memory of what stands in the family "transactions". Writer
 * thread, except for `count`. */
#pragma once

#include <stdatomic.h>

#include "base/slice.h"

#define TRANSACTION_ID_BYTES 16

struct transaction_id {
    unsigned char bytes[TRANSACTION_ID_BYTES];
};

struct lock;

struct locks {
    struct lock **slots;
    size_t slot_count;
    atomic_size_t count; /* any thread may ask whether there are any */
};

void locks_finish(struct locks *locks);

/* Who holds the item with this row key, or NULL. */
const struct transaction_id *locks_holder(const struct locks *locks, struct slice key);

/* The item must not be held. The key is copied. */
void locks_take(struct locks *locks, struct slice key, const struct transaction_id *id);

/* The item must be held. */
void locks_release(struct locks *locks, struct slice key);
