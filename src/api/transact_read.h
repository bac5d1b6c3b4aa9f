/* What TransactGetItems and a reading ExecuteTransaction have in common, once their keys are known: checks of the keys,
 * reading on the pool, and the answer. */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"
#include "api/transact_reasons.h"
#include "api/transact_run.h"

struct transact_get {
    struct table *table;
    struct row_key key;
    struct transact_reason reason;       /* set before the start: the item cannot be read */
    const struct projection *projection; /* NULL: all of it */
    size_t size;                         /* of the item, once it is read */
};

struct transact_read {
    struct api_call *call;
    struct transact_get *gets;
    uint32_t count, capacity;
    enum return_capacity return_capacity;

    bool failed; /* `err` says why */
    struct err err;
    uint32_t conflict; /* position, or `count` if there is none */
    size_t bytes;
};

/* In the call's arena, for at most `capacity` items. */
struct transact_read *transact_read_create(struct api_call *call, uint32_t capacity);

/* The next item, its key to be filled in. */
struct transact_get *transact_read_next(struct transact_read *read, struct table *table);

/* Sets its row key. What does not fit the table's keys becomes the item's reason; false if it is wrong in a way that
 * fails the whole request, and the call has been failed. */
bool transact_read_aim(struct transact_read *read, struct transact_get *get, const struct item *key);

/* False if an earlier one is the same item: the call has been failed. */
bool transact_read_check_repeated(struct transact_read *read, const struct transact_get *get);

/* Reads, unless an item has a reason already; the answer follows. Nothing of the call may be touched any more. */
void transact_read_start(struct transact_read *read);
