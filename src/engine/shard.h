/* A shard: a range of slots, one store, one writer thread.
 *
 * Commands come from any thread and are evaluated in the order they came, by the writer alone; all that wait are
 * committed as one batch with one fsync, and only then answered. So conditional writes and counters are serializable
 * without a lock, and nothing is acknowledged that a power cut could take back.
 *
 * States: opened -> started -> stopped -> closed. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"
#include "base/task.h"
#include "crypto/row_seal.h"
#include "engine/command.h"
#include "engine/item_cache.h"
#include "engine/locks.h"
#include "store/store.h"

#define SLOTS              4096
#define SLOT_OF_HASH(hash) ((uint32_t)((hash) >> 52))

struct shard;

struct shard_options {
    const char *path;
    unsigned number;
    uint32_t slot_first, slot_last; /* inclusive */
    struct store_options store;
    struct vault *vault;           /* keys of encrypted tables; outlives the shard. NULL: there are none */
    size_t item_cache_bytes;       /* at least 64 KB */
    uint64_t collection_bytes_max; /* of an item collection (engine/collection.h) */
    /* Upward signal, on the writer thread: rows for other shards have become durable in the outbox. May be NULL. */
    void (*outbox_ready)(void *context, struct shard *shard);
    void *context;
};

struct shard {
    struct store *store;
    struct item_cache *cache; /* in front of the store's items */
    struct vault *vault;      /* between them: engine/vault.h */
    unsigned number;
    uint32_t slot_first, slot_last;
    uint64_t collection_bytes_max;
    void (*outbox_ready)(void *context, struct shard *shard);
    void *context;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct task_list queue; /* of commands */
    bool asleep;
    bool stopping;

    /* writer thread only */
    uint64_t version;     /* of the newest write */
    struct row_run run;   /* of sealed rows */
    uint64_t outbox_next; /* sequence number of the next outbox row */
    struct locks locks;   /* items of prepared transactions */

    atomic_bool unwritable; /* as of the last shard_look */

    /* the writer sets, everybody may read */
    atomic_bool failing;   /* the last commit failed */
    struct metric waiting; /* commands that it took and has not yet evaluated */
    struct histogram batch_commands;

    /* Batches with deletes, counted before they are committed. Any thread: two reads that find no item, with the same
     * count before the first and after the second, know that there was none in between. */
    atomic_uint_fast64_t deletes;

    /* The earliest expiry row committed since somebody last asked (engine/ttl.h). */
    atomic_uint_fast64_t expiry_low;
};

int shard_open(const struct shard_options *options, struct shard **ret_shard, struct err *err) MUST_USE;
int shard_start(struct shard *shard, struct err *err) MUST_USE;

/* Evaluates what waits, then ends the thread. NULL is allowed, here and below. */
void shard_stop(struct shard *shard);

/* After every shard has stopped: fails the commands that came too late. They may submit others: returns false when
 * there were none. */
bool shard_discard(struct shard *shard);

/* Closes the store. NULL is allowed. */
void shard_close(struct shard *shard);

/* Any thread, also other shards' writers: never waits for the writer. Takes all of `commands`. */
void shard_submit(struct shard *shard, struct task_list *commands);

/* Looks whether the store could be written now, for shard_is_writable. On a thread that may wait for the file system.
 */
void shard_look(struct shard *shard);

/* False if a write would fail, as of the last commit and the last look. Any thread; never waits. */
static inline bool shard_is_writable(const struct shard *shard)
{
    return !atomic_load(&shard->failing) && !atomic_load(&shard->unwritable);
}

/* What operators watch. Any thread. */
struct shard_stats {
    uint64_t queue_commands; /* waiting for the writer */
    struct histogram_sum batch_commands;
    struct item_cache_stats item_cache;
    struct store_stats store;
};
void shard_stats(struct shard *shard, struct shard_stats *ret_stats);

static inline bool shard_owns(const struct shard *shard, uint64_t hash)
{
    return SLOT_OF_HASH(hash) >= shard->slot_first && SLOT_OF_HASH(hash) <= shard->slot_last;
}
