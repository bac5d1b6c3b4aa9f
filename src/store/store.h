/* Ordered key-value families with atomic, durable batches and cursors: the only user of RocksDB.
 *
 * Thread rules: one thread commits at a time (the shard's writer); reads and cursors may come from any thread. A
 * committed batch becomes readable only after it is durable (unless the store is ephemeral). */
#pragma once

#include "base/err.h"
#include "base/metric.h"
#include "base/slice.h"

struct store;
struct keyring;

/* Column families. The order is stored nowhere; the names are: never change one. */
enum store_family {
    STORE_META,         /* "default": format version, counters; on the system shard the catalog */
    STORE_ITEMS,        /* "items" */
    STORE_INDEX,        /* "index" */
    STORE_OUTBOX,       /* "outbox" */
    STORE_TRANSACTIONS, /* "transactions" */
    STORE_EXPIRY,       /* "expiry" */
    STORE_COLLECTIONS,  /* "collections" */
    STORE_FAMILIES,
};

/* The cache of uncompressed blocks, shared by the stores of a process. Destroy it after them. */
struct store_cache;
struct store_cache *store_cache_create(size_t bytes);
void store_cache_destroy(struct store_cache *cache);

struct store_options {
    bool ephemeral; /* no fsync: a crash may lose acknowledged writes */
    struct store_cache *cache;
    const struct keyring *keyring; /* all files are encrypted (crypto/keyring.h); it outlives the store. NULL: plain */
    bool read_only; /* for looking at: it must exist, its files stay as they are, and nothing is committed */
};

/* Opens or makes the store in a folder whose parent exists. Replays the log. Refuses one whose logs are damaged, and
 * names the file (store/files.h). */
int store_open(const char *path, const struct store_options *options, struct store **ret_store,
               struct err *err) MUST_USE;

/* Flushes, so that the next start replays nothing, and closes. All cursors and values must be gone. NULL is allowed. */
void store_close(struct store *store);

/* False if a commit would be refused now: the log is broken, or there is no room. Asks the file system, which may take
 * its time. Any thread. */
bool store_is_writable(const struct store *store);

/* What operators watch. Any thread; asks RocksDB, which takes its own locks for a moment. */
struct store_stats {
    uint64_t file_bytes;     /* of all files, also those that a reader still holds */
    uint64_t live_bytes;     /* of files of the newest state */
    uint64_t memtable_bytes; /* rows not yet in files */
    uint64_t reader_bytes;   /* filters and indexes of open files, outside of the cache */
    uint64_t compaction_pending_bytes;
    uint64_t running_compactions, running_flushes;
    uint64_t background_errors;
    bool writes_stopped;            /* until compactions catch up */
    struct histogram_sum commit_us; /* of one batch, with its fsync */
    uint64_t commit_failures;
    uint64_t committed_bytes; /* of batches */
};
void store_stats(const struct store *store, struct store_stats *ret_stats);
void store_cache_stats(const struct store_cache *cache, uint64_t *ret_bytes, uint64_t *ret_bytes_max);

/* Writes all rows into new files: with encrypted files, under the newest data key. Nobody else uses the store. */
int store_rewrite(struct store *store, struct err *err) MUST_USE;

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* A value pinned in the store's memory: no copy. */
struct store_value {
    struct slice bytes;
    void *pin; /* NULL: not found */
};

/* 0 also when not found (ret_value->pin is NULL then). Release what was found. */
int store_get(struct store *store, enum store_family family, struct slice key, struct store_value *ret_value,
              struct err *err) MUST_USE;
void store_value_release(struct store_value *value);

/* A cursor over [lower, upper) of a family, on the state as of its creation. Bounds are copied; an empty `upper` means
 * no bound. Position: before the first row, so the first store_cursor_next gives the first row (the last one if
 * `reverse`). May move between threads with synchronisation. */
struct store_cursor;
struct store_cursor *store_cursor_create(struct store *store, enum store_family family, struct slice lower,
                                         struct slice upper, bool reverse);
void store_cursor_destroy(struct store_cursor *cursor);

/* 1: on a row; 0: at the end; -1: failed. */
int store_cursor_next(struct store_cursor *cursor, struct err *err) MUST_USE;

/* Of the current row; valid until the next call on the cursor. */
struct slice store_cursor_key(const struct store_cursor *cursor);
struct slice store_cursor_value(const struct store_cursor *cursor);

/* --- writing ---------------------------------------------------------------------------------------------------- */

struct store_batch;
struct store_batch *store_batch_create(void);
void store_batch_destroy(struct store_batch *batch);
void store_batch_clear(struct store_batch *batch);
bool store_batch_is_empty(const struct store_batch *batch);

void store_batch_put(struct store_batch *batch, struct store *store, enum store_family family, struct slice key,
                     struct slice value);
void store_batch_delete(struct store_batch *batch, struct store *store, enum store_family family, struct slice key);
/* Deletes [lower, upper). */
void store_batch_delete_range(struct store_batch *batch, struct store *store, enum store_family family,
                              struct slice lower, struct slice upper);

/* Writes the batch in one log append and, if `durable` and the store is not ephemeral, one fsync. On failure nothing of
 * it is readable, and nothing that was acknowledged before is lost. A full disk is refused here while there is still
 * a little room, so commits succeed again as soon as there is more; after an error of the device they fail until the
 * store is opened anew. Table files that are damaged fail the reads of what they held, and compactions: those are given
 * up then, and commits go on. */
int store_commit(struct store *store, struct store_batch *batch, bool durable, struct err *err) MUST_USE;
