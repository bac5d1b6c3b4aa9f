/* Time to live: the rows that say which items expire when, kept up by every write.
 *
 *   expiry:  table id u32, time u64, the item's row key without its table id -> empty
 *   meta:    "ttl/" table id u32 -> generation u64, done u8, position
 *
 * Integers are big-endian; time is in seconds since 1970, rounded up. Every item that will expire has its row. The
 * reverse need not hold: a row whose item does not expire then, or is gone, is harmless. Who finds it due looks at the
 * item and removes only the row. So nothing depends on an old row being found and removed in time.
 *
 * When the attribute changes, each shard begins anew, apart from the others: it removes the table's rows and, if time
 * to live is on, makes those of the items that are there already, in steps. The meta row says how far it is with which
 * generation of the description; a shard that is behind takes the work up, also after a restart. */
#pragma once

#include "engine/batch.h"
#include "engine/shard.h"

/* What is longer ago than five years does not expire. Source: Amazon DynamoDB Developer Guide, "Using time to live
 * (TTL) in DynamoDB". */
#define TTL_AGE_MAX_SECONDS (5ull * 365 * 86400 + 86400)

static inline bool ttl_is_on(const struct table_spec *table)
{
    return table->ttl.attribute.len > 0;
}

static inline bool ttl_is_too_old(uint64_t time, uint64_t now_seconds)
{
    return now_seconds > TTL_AGE_MAX_SECONDS && time < now_seconds - TTL_AGE_MAX_SECONDS;
}

/* When the item expires, whatever the time is now; false: it does not. */
bool ttl_time(const struct table_spec *table, const struct item *item, uint64_t *ret_time);

/* --- on the shard's writer ---------------------------------------------------------------------------------------- */

/* Brings the row of an item from `old` to `new`; NULL: there is no such item, or `old` is not known. */
void ttl_update(struct batch *batch, const struct table_spec *table, const struct row_key *key, const struct item *old,
                const struct item *new);

/* Deletes the item of a row that was found due, as DeleteItem would, or the row alone if the item does not expire then.
 * False: the row stays, because a transaction holds the item or reading failed; try again later. The command must not
 * keep anything in the batch's scratch. */
bool ttl_expire(struct batch *batch, struct table *table, struct slice row, uint64_t now_seconds);

/* Removes all rows of a table: the first step of a new generation, and the last one if time to live is off. */
void ttl_begin(struct batch *batch, const struct table_spec *table);

/* Rows of items that were there before. `position` is the row key of the last item that was looked at. */
void ttl_fill(struct batch *batch, const struct table_spec *table, const struct slice *rows, uint32_t count,
              struct slice position, bool done);

/* Everything of a dropped table. */
void ttl_drop(struct batch *batch, uint32_t table_id);

/* After a commit: tells ttl_take_low's caller. */
void ttl_committed(struct shard *shard, uint64_t low);

/* --- on any thread ------------------------------------------------------------------------------------------------ */

/* The earliest time of the rows committed since the last call; UINT64_MAX: there are none. A row that is not told yet
 * may be read already; one that was told is readable. */
uint64_t ttl_take_low(struct shard *shard);

/* How far the shard is. Generation 0: it has done nothing yet. `position` is in the arena. */
struct ttl_progress {
    uint64_t generation;
    bool done;
    struct slice position;
};
int ttl_progress_read(struct shard *shard, uint32_t table_id, struct arena *arena, struct ttl_progress *ret_progress,
                      struct err *err) MUST_USE;

/* A row for an item's row key. */
struct slice ttl_row(struct arena *arena, struct slice key, uint64_t time);
uint64_t ttl_row_time(struct slice row);

/* The table's rows from `time` on, or behind the row `after` if it is not empty. */
struct store_cursor *ttl_rows(struct shard *shard, uint32_t table_id, uint64_t time, struct slice after);
