/* All shards of this process, and the way of a command or a read to the right one.
 *
 * A slot is the top 12 bits of the hash of a partition key; shard i of n owns slots [i * 4096 / n, (i + 1) * 4096 / n).
 * So hash order is shard order, and a scan goes from shard to shard. */
#pragma once

#include "engine/command.h"
#include "engine/read.h"
#include "engine/rows.h"
#include "engine/table.h"
#include "engine/write.h"

#define CLUSTER_SHARDS_MAX 64

struct cluster;

struct cluster_options {
    const char *data_dir;
    bool ephemeral;
    unsigned shards;               /* 0: as the folder has it, or 1 in a new one */
    size_t cache_bytes;            /* half for blocks of files, half for items; 0: a default */
    uint64_t collection_bytes_max; /* of an item collection; 0: DynamoDB's 10 GB */
    const char *key_file;          /* seals the folder's keys (crypto/keyring.h); NULL: not told */
    bool encrypt;                  /* a new folder gets encrypted files; one that has others is refused */
    bool throttle;                 /* provisioned throughput and on-demand maxima are enforced (engine/throughput.h) */
};

/* Locks the folder, checks its format, opens every shard and starts the writer threads. */
int cluster_open(const struct cluster_options *options, struct cluster **ret_cluster, struct err *err) MUST_USE;

/* Answers what waits, stops the threads, flushes and closes. NULL is allowed. */
void cluster_close(struct cluster *cluster);

unsigned cluster_shard_count(const struct cluster *cluster);

/* False if the writes of a shard would fail, as it looked a second ago. Any thread; never waits. */
bool cluster_is_writable(const struct cluster *cluster);

/* What operators watch (engine/shard.h, store/store.h). Any thread, until cluster_close. */
struct shard_stats;
void cluster_shard_stats(const struct cluster *cluster, unsigned shard, struct shard_stats *ret_stats);
void cluster_cache_stats(const struct cluster *cluster, uint64_t *ret_bytes, uint64_t *ret_bytes_max);

/* Background work in small pieces: counts items for DescribeTable, takes up deliveries between shards that failed.
 * Called by one maintenance thread again and again. Returns the microseconds after which there may be more to do. */
uint64_t cluster_step(struct cluster *cluster);

/* --- tables ------------------------------------------------------------------------------------------------------ */

/* The table by name with a reference, or NULL. Any thread. */
struct table *cluster_table_acquire(struct cluster *cluster, struct slice name);

/* Names in byte order after `after` (exclusive; empty: from the first), at most `max`, into the arena. Returns how
 * many; *ret_more if there are others behind. */
uint32_t cluster_table_names(struct cluster *cluster, struct arena *arena, struct slice after, uint32_t max,
                             struct slice *ret_names, bool *ret_more);
uint32_t cluster_table_count(struct cluster *cluster);

/* True if the client's name of a key, for KMSMasterKeyId, means the one with this id. Writer thread, in `apply`. */
bool cluster_is_key(struct cluster *cluster, struct slice name, struct slice id);

/* A change of the catalog, on the system shard's writer thread. */
enum table_change_kind { TABLE_CREATE, TABLE_UPDATE, TABLE_DELETE };
enum table_change_result {
    TABLE_CHANGE_DONE,
    TABLE_CHANGE_EXISTS,    /* TABLE_CREATE */
    TABLE_CHANGE_NOT_FOUND, /* TABLE_UPDATE, TABLE_DELETE */
    TABLE_CHANGE_PROTECTED, /* TABLE_DELETE with deletion protection */
    TABLE_CHANGE_TOO_MANY,  /* TABLE_CREATE beyond 2,500 tables */
    TABLE_CHANGE_REFUSED,   /* TABLE_UPDATE, TABLE_DELETE: `apply` refused */
    /* TABLE_CREATE, TABLE_UPDATE: the key that spec.kms_key names is not there or cannot be used */
    TABLE_CHANGE_KEY_NOT_FOUND,
    TABLE_CHANGE_KEY_DISABLED,
    TABLE_CHANGE_KEY_FAILED,
};
struct table_change {
    struct command command; /* first; task.run and reply_to are the caller's */
    enum table_change_kind kind;
    struct slice name;
    struct table_spec *spec; /* TABLE_CREATE: id, uuid and times are filled in by the change */
    /* TABLE_UPDATE: changes a copy of the newest description, in place; what it adds lives in `arena`. False: refused,
     * with whatever the caller keeps in `context`. TABLE_DELETE: only looks; may be NULL. Writer thread. */
    bool (*apply)(struct table_change *change, struct table_spec *spec, struct arena *arena);
    void *context;
    enum table_change_result result;
    struct table *table;     /* after: the new version, or the deleted table, with a reference */
    struct cluster *cluster; /* set by cluster_change_table */
};

/* --- commands ---------------------------------------------------------------------------------------------------- */

/* One per event loop: collects the commands of a turn, and receives the answers. */
struct cluster_port {
    struct cluster *cluster;
    struct mailbox mailbox; /* the loop sets its wake, and runs it */
    struct task_list pending[CLUSTER_SHARDS_MAX];
    bool has_pending;
};
void cluster_port_init(struct cluster_port *port, struct cluster *cluster, void (*wake)(struct mailbox *mailbox));
void cluster_port_finish(struct cluster_port *port);

/* Keeps the command until the end of the turn. Loop thread. Sets command.reply_to. */
void cluster_submit_write(struct cluster_port *port, struct write *write);
void cluster_change_table(struct cluster_port *port, struct table_change *change);
/* Any other command for the shard that keeps the catalog. */
void cluster_submit_to_system(struct cluster_port *port, struct command *command);

/* --- transactions --------------------------------------------------------------------------------------------------
 */

enum transact_result {
    TRANSACT_DONE,
    TRANSACT_REPLAYED,       /* the token was done in the last ten minutes: nothing was written. The writes'
                              * table_units are what they were then */
    TRANSACT_CANCELLED,      /* the writes' results say why; those that could be done say WRITE_DONE */
    TRANSACT_IN_PROGRESS,    /* one with this token is under way */
    TRANSACT_TOKEN_MISMATCH, /* one with this token had another payload */
    TRANSACT_FAILED,         /* the outcome is not known: ask for InternalServerError */
};

/* Up to 100 writes of different items, all or none. The request fields and the writes are the caller's; each write has
 * an arena of its own, for they are evaluated on several threads. */
struct transact {
    struct task task; /* first; run is the caller's: on the loop's thread, maybe already inside cluster_transact */
    struct write **writes;
    uint32_t count;
    struct slice token; /* ClientRequestToken, at most 36 bytes; empty: none */
    uint64_t payload_hash;
    enum transact_result result;
};
void cluster_transact(struct cluster_port *port, struct transact *transact);

/* Ends a turn: hands everything pending to the writers. Loop thread. */
void cluster_port_flush(struct cluster_port *port);

/* --- reads (any thread) ------------------------------------------------------------------------------------------ */

/* The stored item (value/codec.h), pinned until stored_item_release (engine/read.h). */
int cluster_get(struct cluster *cluster, const struct row_key *key, struct stored_item *ret_item,
                struct err *err) MUST_USE;

/* Several items as of one instant. *ret_conflict: the position of an item that a transaction under way held, `count` if
 * there was none. All are released by the caller; on failure and on a conflict there are none. */
int cluster_transact_get(struct cluster *cluster, const struct row_key *keys, uint32_t count,
                         struct stored_item *ret_items, uint32_t *ret_conflict, struct err *err) MUST_USE;

/* One page of a query or scan. */
struct page_row {
    struct slice stored; /* the row, or the base item if fetch_base; its header has been checked (value/codec.h) */
    size_t size;         /* item_size of the row as stored: what the 1 MB and capacity count */
    size_t fetched_size; /* of the base item, if it was fetched */
};

struct page {
    struct cluster *cluster;
    struct table *table;
    const struct index_spec *index; /* NULL: the table itself */
    struct row_range range;
    struct slice start_after; /* row key to start behind, or empty */
    bool reverse;
    bool fetch_base;  /* local index: visit the whole item of each row */
    uint32_t limit;   /* rows to evaluate; 0: no limit */
    size_t bytes_max; /* stops after the row that reaches it (1 MB) */
    /* Called for every row evaluated; `scratch` is reset before the next one. Non-zero: the row is damaged. */
    int (*visit)(struct page *page, const struct page_row *row, struct arena *scratch, struct err *err);
    void *context;

    uint32_t rows;         /* evaluated */
    size_t bytes;          /* of rows evaluated */
    size_t fetched_blocks; /* 4 KB read blocks of fetched base items, rounded up for each */
    struct item last;      /* key attributes of the last row evaluated, in `arena`; for LastEvaluatedKey */
    bool more;             /* stopped by limit, bytes_max or time (five seconds) */
    struct arena *arena;

    struct page_cursor *cursor; /* private */
    struct arena scratch;       /* private */
};

enum page_state { PAGE_FAILED = -1, PAGE_END = 0, PAGE_MORE = 1 };

/* Evaluates up to `row_budget` more rows (0: all). PAGE_MORE: call again, on this or another thread. */
enum page_state page_step(struct page *page, uint32_t row_budget, struct err *err) MUST_USE;

/* Frees what stepping allocated, also in mid-page. */
void page_finish(struct page *page);

/* Bytes of one item collection: the items of a partition key value and their rows in local indexes. Exact for a
 * collection that was written to since it has been counted (engine/collection.h), as it is after any write. */
int cluster_collection_size(struct cluster *cluster, const struct table_spec *table, const struct value *hash,
                            uint64_t *ret_bytes, struct err *err) MUST_USE;
