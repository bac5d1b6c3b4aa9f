/* What TransactGetItems and a reading ExecuteTransaction have in common, once their keys are known: checks of the keys,
 * reading on the pool, and the answer. */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"
#include "api/transact_reasons.h"
#include "api/transact_run.h"

struct transact_get {
    struct table *table;
    struct transact_reason reason; /* set before the start: the item cannot be read */
    /* What to show of the item; NULL: all of it. */
    void (*project)(const void *context, const struct item *item, struct arena *arena, struct item *ret_shown);
    const void *context;
    size_t size; /* of the item, once it is read */
};

struct transact_read {
    struct api_call *call;
    struct transact_get *gets;
    struct row_key *keys;
    uint32_t count, capacity;
    enum return_capacity return_capacity;

    bool failed; /* `err` says why */
    struct err err;
    uint32_t conflict; /* position, or `count` if there is none */
    size_t bytes;
};

/* In the call's arena, for at most `capacity` items. */
struct transact_read *transact_read_create(struct api_call *call, uint32_t capacity);

/* Adds the item of a key. As transact_run_add. */
bool transact_read_add(struct transact_read *read, struct table *table, const struct item *key,
                       struct transact_get **ret_get);

/* Reads, unless an item has a reason already; the answer follows. Nothing of the call may be touched any more. */
void transact_read_start(struct transact_read *read);
