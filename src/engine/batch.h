/* What the commands of one turn of a shard's writer write together: one store batch, and in front of it an overlay, so
 * that each command reads what the ones before it wrote. Writer thread only. */
#pragma once

#include "engine/read.h"
#include "engine/rows.h"
#include "store/store.h"

/* A batch takes no further command beyond these, so that waiting callers are answered. A command adds at most
 * BATCH_COMMAND_ITEMS_MAX items, each of which may change a collection. */
#define BATCH_ROWS_MAX          1024
#define BATCH_BYTES_MAX         (8u << 20)
#define BATCH_COMMAND_ITEMS_MAX 100

struct shard;
struct overlay_entry;
struct table_state;
struct written_table;

struct batch {
    struct shard *shard;
    struct store_batch *rows;
    struct arena memory;                  /* until the batch is committed */
    struct arena scratch;                 /* for one command */
    struct buffer encoded;                /* one stored item */
    struct buffer encoded_outbox;         /* one outbox row */
    struct buffer sealed;                 /* one row of an encrypted table */
    struct overlay_entry **overlay;       /* a hash table */
    struct overlay_entry *overlay_newest; /* the list of its entries */
    uint32_t overlay_count;
    struct written_table *written; /* whose items it changes */
    size_t bytes;                  /* appended to `rows` */
    uint64_t expiry_low;           /* the earliest expiry row in it; UINT64_MAX: none */
    bool durable;                  /* a client waits for something in it: it needs an fsync */
    bool outbox_changed;           /* it has rows for other shards */
    bool probes;                   /* to be committed even if it is empty: can the store be written again? */
    bool broken;                   /* a command could not write all of its rows: nothing may be committed */
    bool last;                     /* takes no further command: what the next one reads becomes visible by the commit */
};

void batch_init(struct batch *batch, struct shard *shard);
void batch_finish(struct batch *batch);

/* Empties it for the next turn. */
void batch_reset(struct batch *batch);

bool batch_is_full(const struct batch *batch);

/* Makes what was written readable, durably if `batch->durable`: all of it or, on failure, nothing. */
int batch_commit(struct batch *batch, struct err *err) MUST_USE;

/* Grows with every call, within the shard and (with the clock) across restarts: microseconds since 1970. */
uint64_t batch_next_version(struct batch *batch);

/* An item of the table is written: counted in table_state.writes now, and once more when it is readable, so that who
 * counts rows in between knows that he may have missed it. */
void batch_count_write(struct batch *batch, struct table_state *state);

/* The item as the commands before left it. */
int batch_get_item(struct batch *batch, const struct row_key *key, struct stored_item *ret_item,
                   struct err *err) MUST_USE;
void batch_put_item(struct batch *batch, const struct row_key *key, struct slice stored);
void batch_delete_item(struct batch *batch, const struct row_key *key);

/* A row of another family that the commands of a batch must see of each other. True if one before has written it; the
 * value is empty if that one deleted it. */
bool batch_find_row(struct batch *batch, enum store_family family, struct slice key, struct slice *ret_value);
void batch_put_row(struct batch *batch, enum store_family family, struct slice key, struct slice value);
void batch_delete_row(struct batch *batch, enum store_family family, struct slice key);

/* The value as it is stored: sealed, in batch->sealed, if its table is encrypted (engine/vault.h). A value that is
 * sealed already stays as it is. */
struct slice batch_seal(struct batch *batch, enum store_family family, struct slice key, struct slice stored);

/* A row of an index: here if its slot is this shard's, else by way of the outbox. An empty `stored` deletes it. */
void batch_write_index_row(struct batch *batch, const struct row_key *key, struct slice stored);
