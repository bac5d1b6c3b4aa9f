/* Reading one shard's rows. Any thread. */
#pragma once

#include "base/buffer.h"
#include "base/err.h"
#include "engine/rows.h"

struct shard;

/* A stored item (value/codec.h) pinned where it lies, in the cache or in the store: no copy. */
struct stored_item {
    struct slice bytes; /* empty: there is no such item */
    struct cached_item *cached;
    void *pin;    /* of the store */
    char *opened; /* memory of its own: the item was sealed */
};

static inline bool stored_item_exists(const struct stored_item *item)
{
    return item->bytes.len > 0;
}

/* 0 also when there is no such item. Release what was found. */
int shard_get(struct shard *shard, const struct row_key *key, struct stored_item *ret_item, struct err *err) MUST_USE;
void stored_item_release(struct stored_item *item);

/* The rows of a table or index in [lower, upper), as of the creation of the cursor; see store/store.h for the verbs. */
struct store_cursor;
struct store_cursor *shard_rows(struct shard *shard, bool is_index, struct slice lower, struct slice upper,
                                bool reverse);

/* The value of the cursor's row, plain: as long as the cursor stays, and `opened`, which it may be in, is not changed.
 */
int shard_row_value(struct shard *shard, bool is_index, const struct store_cursor *cursor, struct buffer *opened,
                    struct slice *ret_value, struct err *err) MUST_USE;
