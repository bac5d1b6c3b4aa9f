/* Filling an index with the items that were there before it, a run at a time on the shard's writer thread, beside the
 * traffic. Writes keep the index up themselves from the moment it is in the description, so a run only has to pass over
 * every item once; the order of the two does not matter, for both write what the item is now.
 *
 *   meta row: "backfill/" table id u32, index id u32 -> the row key of the last item passed; "" when all are
 */
#pragma once

#include "engine/batch.h"
#include "engine/table.h"

/* Bounds of a run: it holds up the writes behind it. */
#define BACKFILL_RUN_ROWS  256
#define BACKFILL_RUN_BYTES (1u << 20)

/* The next items of this shard. Items that do not fit the index are passed over. */
int backfill_run(struct batch *batch, const struct table_spec *table, const struct index_spec *index, bool *ret_done,
                 struct err *err) MUST_USE;

/* Once the index is active or gone. */
void backfill_forget(struct batch *batch, const struct table_spec *table, uint32_t index_id);

/* Removes the index' rows of this shard. */
void backfill_remove(struct batch *batch, const struct table_spec *table, const struct index_spec *index);
