/* Index rows whose slot is on another shard, on their way there.
 *
 * The batch that writes an item writes them into the outbox of the item's shard, numbered. They are delivered in that
 * order, a run at a time; the shard that receives them keeps, in the batch that applies them, the number of the newest
 * row it has from each sender, and skips what it has seen. So a row is applied exactly once, whatever crashes.
 *
 *   outbox row:  sequence number u64 -> hash u64, key length u32, key, stored index row (empty: delete the row)
 *   meta row:    "outbox/next" -> u64                   the sender's next sequence number
 *   meta row:    "outbox/seen/" sender u32 -> u64       the receiver's newest row of that sender */
#pragma once

#include "engine/batch.h"
#include "engine/catalog.h"
#include "engine/command.h"
#include "engine/shard.h"

/* A run is delivered whole before the next one is read. */
#define OUTBOX_RUN_ROWS  512
#define OUTBOX_RUN_BYTES (4u << 20)

struct outbox_row {
    uint64_t sequence;
    struct row_key key;
    struct slice stored; /* empty: delete */
    struct outbox_row *next;
};

/* Reads where the sequence stands. */
int outbox_load(struct shard *shard, struct err *err) MUST_USE;

void outbox_append(struct batch *batch, const struct row_key *key, struct slice stored);

/* Reads a run of the rows behind `after`, in order, into the arena; NULL when there are none. Any thread. */
int outbox_read(struct shard *shard, uint64_t after, struct arena *arena, struct outbox_row **ret_rows,
                struct err *err) MUST_USE;

/* Receiver, in its batch: applies those of the rows that are its own, that it has not seen and whose table is still
 * there, and keeps the newest number. */
int outbox_apply(struct batch *batch, unsigned sender, const struct outbox_row *rows, struct catalog *catalog,
                 struct err *err) MUST_USE;

/* Sender, in its batch: forgets rows that were delivered. */
void outbox_delivered(struct batch *batch, const struct outbox_row *rows);
