/* What the files of verify share. Private to cluster/. */
#pragma once

#include "cluster/private.h"
#include "cluster/verify.h"

struct pending_rows;

/* What is known of one table while the rows are read. */
struct verify_state {
    struct table *table;
    uint64_t rows[1 + TABLE_INDEXES_MAX]; /* of the table, then of its indexes */
    uint64_t bytes[1 + TABLE_INDEXES_MAX];
    uint64_t findings[1 + TABLE_INDEXES_MAX];
    uint64_t collections;            /* with items */
    bool incomplete;                 /* not all of its rows could be read */
    bool filled[CLUSTER_SHARDS_MAX]; /* expiry rows are there for all items of the shard */
};

struct verify {
    const struct verify_options *options;
    struct verify_totals totals;
    struct cluster cluster; /* its folder, shards and catalog; no thread runs */
    struct verify_state *states;
    uint32_t state_count;
    uint32_t *dropped; /* ids of tables whose rows are still to be removed */
    uint32_t dropped_count;
    struct pending_rows *pending; /* index rows in outboxes that have not arrived */
    struct arena arena;           /* of one row */
    uint64_t now_seconds;
    bool was_clean;
};

/* Where a finding is; what does not apply is NULL or empty. `position` is 0 for the table, i + 1 for its index i. */
struct verify_place {
    struct shard *shard;
    struct verify_state *state;
    uint32_t position;
    struct slice key;    /* of the row */
    struct slice stored; /* its value */
};

void verify_find(struct verify *verify, enum verify_kind kind, const struct verify_place *place, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* The plain form of a value, in verify->arena if it was sealed. */
int verify_open(struct verify *verify, enum store_family family, struct slice key, struct slice *stored,
                struct err *err) MUST_USE;

/* By id, or NULL. */
struct verify_state *verify_state_of(struct verify *verify, uint32_t table_id);
bool verify_is_dropped(const struct verify *verify, uint32_t table_id);

/* After each row. */
void verify_step(struct verify *verify, const char *what);

/* verify_meta.c: the catalog's rows on all shards; transactions; outboxes, which also finds what is pending. */
void verify_meta(struct verify *verify);
void verify_transactions(struct verify *verify);
void verify_outboxes(struct verify *verify);
void verify_counts(struct verify *verify);

/* verify_pending.c: the newest version of each index row that has not arrived. */
struct pending_rows *pending_rows_create(void);
void pending_rows_destroy(struct pending_rows *rows);
void pending_rows_put(struct pending_rows *rows, struct slice key, struct slice stored);
/* False: there is none. Empty bytes: it is to be deleted. */
bool pending_rows_find(const struct pending_rows *rows, struct slice key, struct slice *ret_stored);
uint64_t pending_rows_count(const struct pending_rows *rows);
/* The rows in no order. */
void pending_rows_each(const struct pending_rows *rows,
                       void (*visit)(void *context, struct slice key, struct slice stored), void *context);

/* verify_rows.c: items with all that follows from them. */
void verify_items(struct verify *verify);
/* verify_index.c: index rows back to their items; sizes of collections; rows of expiry. */
void verify_indexes(struct verify *verify);
void verify_collections(struct verify *verify);
void verify_expiry(struct verify *verify);
