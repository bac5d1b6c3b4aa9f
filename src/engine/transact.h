/* What one shard does for a transaction. The protocol is cluster/transactions.c's.
 *
 * A transaction whose items are all here is one command and one batch. One that spans shards is prepared on each: the
 * new items are computed and stored as a record, the items are locked, and only after the home shard has stored the
 * decision are they applied. No step waits for a lock: an item that is held is a conflict.
 *
 * Rows of the family "transactions" (integers big-endian, ID is 16 random bytes):
 *
 *   "l" row key          -> ID                              the item is held
 *   "p" ID               -> home shard u32, effects         prepared here
 *   "d" ID               -> empty                           committed; on the home shard, until all have applied
 *   "t" token            -> payload hash u64, time u64,     done, with this ClientRequestToken, at this time
 *                           units u16 of each write
 *   "e" time u64 token   -> empty                           the same by time, to forget it after ten minutes
 *
 *   effect: table id u32, kind u8 (0 check, 1 put, 2 delete), hash u64, key length u32, key, item length u32, item
 */
#pragma once

#include "engine/batch.h"
#include "engine/catalog.h"
#include "engine/locks.h"
#include "engine/write.h"

#define TRANSACT_TOKEN_BYTES_MAX 36
/* How long a token is remembered. Source: API reference, TransactWriteItems, ClientRequestToken. */
#define TRANSACT_TOKEN_US (10ull * 60 * 1000000)

struct transact_token {
    struct slice token;    /* empty: none was given */
    uint64_t payload_hash; /* of what it stands for */
    /* The table_units of all writes of the transaction: kept with the token. */
    uint32_t *units;
    uint32_t count;
};

/* What is left to do for one item once a transaction is decided. */
struct transact_effect {
    struct table *table; /* a reference, or NULL if the table is gone */
    uint8_t kind;
    struct row_key key;
    struct slice stored; /* the new item, header included; its version is set when it is applied */
};

/* A transaction's part on one shard, once prepared. */
struct transact_part {
    struct transaction_id id;
    uint32_t home; /* number of the home shard */
    struct transact_effect *effects;
    uint32_t effect_count;
};

/* All of the writes or, when one of them cannot be done, none; each write's result says so. True if all were done; then
 * the token's units are set. */
bool transact_write_all(struct batch *batch, struct write *const *writes, uint32_t count,
                        const struct transact_token *token);

/* The first phase: true if all can be done; then the part (in `arena`) is in the batch and the items are locked. */
bool transact_prepare(struct batch *batch, const struct transaction_id *id, uint32_t home, struct write *const *writes,
                      uint32_t count, struct arena *arena, struct transact_part *ret_part);

/* On the home shard, with its own part's transact_apply in the same batch: the transaction is committed. */
void transact_decide(struct batch *batch, const struct transaction_id *id, const struct transact_token *token);

/* The second phase: puts the rows into the batch, without the lock and the prepared record. After a failure nothing of
 * the batch is committed. */
int transact_apply(struct batch *batch, const struct transact_part *part, struct err *err) MUST_USE;

/* Instead of it, when the transaction is cancelled. */
void transact_cancel(struct batch *batch, const struct transact_part *part);

/* After the batch of transact_apply or transact_cancel is committed, or that of transact_prepare failed. */
void transact_unlock(struct shard *shard, const struct transact_part *part);

/* Gives back the tables; the rest is the arena's. */
void transact_part_finish(struct transact_part *part);

/* The home shard, once all parts are applied. */
void transact_forget(struct batch *batch, const struct transaction_id *id);

/* --- tokens ------------------------------------------------------------------------------------------------------- */

enum transact_token_state { TOKEN_NEW, TOKEN_DONE, TOKEN_MISMATCH };

/* Whether a transaction with this token was done here in the last ten minutes. If so, the token's units become what
 * they were then. Any thread. */
int transact_find_token(struct shard *shard, const struct transact_token *token, enum transact_token_state *ret_state,
                        struct err *err) MUST_USE;

/* Forgets tokens older than ten minutes, some at a time. */
int transact_expire_tokens(struct batch *batch, struct err *err) MUST_USE;

/* --- after a start --------------------------------------------------------------------------------------------------
 */

/* Calls `visit` for every prepared part of the shard and locks its items; the part lives in `arena`. Before the writer
 * runs. */
int transact_load(struct shard *shard, struct catalog *catalog, struct arena *arena,
                  void (*visit)(void *context, struct shard *shard, struct transact_part *part), void *context,
                  struct err *err) MUST_USE;

/* Reads a row "p"; the part lives in `arena`. False: it is damaged. */
bool transact_parse_part(struct arena *arena, struct slice key, struct slice value, struct catalog *catalog,
                         struct transact_part *ret_part) MUST_USE;

/* Whether this shard has stored the decision to commit. */
int transact_is_decided(struct shard *shard, const struct transaction_id *id, bool *ret_decided,
                        struct err *err) MUST_USE;

/* Forgets all decisions: every part of them has been applied. */
int transact_forget_all(struct batch *batch, struct err *err) MUST_USE;

/* --- reading --------------------------------------------------------------------------------------------------------
 */

/* True if a prepared transaction holds the item. Any thread. An item read AFTER this said no is either from before the
 * transaction was prepared or has all of its effects. */
int transact_is_held(struct shard *shard, const struct row_key *key, bool *ret_held, struct err *err) MUST_USE;
