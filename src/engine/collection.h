/* The sizes of item collections. In a table with local indexes, the items of one partition key value and their rows in
 * those indexes are a collection, and it may not grow beyond a limit.
 *
 *   collections:  table id u32, hash u64, partition key -> format u8 (1), checksum u32, bytes u64
 *
 * Integers are big-endian; the checksum is that of what follows it. The key is what the row keys of the collection's
 * items begin with. Every write that changes a collection changes its row in the same batch, so the row is exact at any
 * time, after a crash too; an empty collection has none. In a table that is older than these rows
 * (!table_spec.collections_kept) a missing row may also mean that nobody has added up the collection yet: its first
 * write does.
 *
 * Sources: Amazon DynamoDB Developer Guide, "Local secondary indexes": item collections; storage considerations, for
 * what a row of an index takes. */
#pragma once

#include "engine/batch.h"

#define COLLECTION_BYTES_MAX_DEFAULT (10ull << 30)
/* What a row of an index takes beside its keys and attributes. */
#define COLLECTION_INDEX_ROW_BYTES 100

/* What a write is about to do to the collection of its item. */
struct collection_change {
    struct slice key; /* of the collection; empty: nothing is to be done */
    uint64_t before;  /* its bytes, without this command */
    int64_t bytes;    /* more or, if negative, less */
};

/* Works out what a write changes and reads what there is; NULL: there is no such item. The key points into `key`.
 * Writer thread. */
int collection_prepare(struct batch *batch, const struct table_spec *table, struct slice key, const struct item *old,
                       const struct item *new, struct collection_change *ret_change, struct err *err) MUST_USE;

/* Brings the row up to date. Writer thread. */
void collection_apply(struct batch *batch, const struct collection_change *change);

/* Everything of a dropped table. Writer thread. */
void collection_drop(struct batch *batch, uint32_t table_id);

/* The bytes of a collection that was written to, as of the last commit. Any thread. */
int collection_read(struct shard *shard, struct slice key, uint64_t *ret_bytes, struct err *err) MUST_USE;
