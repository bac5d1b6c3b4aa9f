/* What store/ keeps behind its handles. */
#pragma once

#include <stdatomic.h>

#include <rocksdb/c.h>

#include "store/store.h"

struct store {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *families[STORE_FAMILIES]; /* NULL, if read_only: there is none */
    rocksdb_readoptions_t *read_options;
    rocksdb_writeoptions_t *durable_options;
    rocksdb_writeoptions_t *relaxed_options;
    struct sealed_files *sealed_files; /* NULL: plain ones */
    char *path;
    bool read_only;

    bool is_partial;            /* families or table files are missing: reads look there first */
    struct damaged_file *files; /* damage.c */

    /* A compaction could not read one of its files; set by RocksDB's thread. */
    atomic_bool compaction_failed;

    /* the writer's: what is known of the room on the file system */
    bool has_room;
    bool compactions_are_off;
    size_t unlooked_bytes;
    uint64_t looked_us;

    /* the writer sets, everybody may read */
    atomic_bool log_is_broken; /* an append to the log failed: nothing is committed until the store is opened anew */
    struct histogram commit_us;
    struct metric commit_failures;
    struct metric committed_bytes;
};

struct store_cache {
    rocksdb_cache_t *handle;
};

/* Moves RocksDB's message into `err` and frees it. Returns -1. */
int store_err(struct err *err, const char *what, char *message);

/* damage.c: table files that cannot be opened. A store that has some is opened without compactions, and what lies
 * between the first and the last key of such a file cannot be read. */

/* Looks for them and, unless silent, logs them; -1: there are none. */
int damage_find(struct store *store, const struct keyring *keyring, bool silent, struct err *ret_first) MUST_USE;
/* Once the store is open: where their keys are. */
void damage_locate(struct store *store);
/* True, and *ret_err names the file, if one may hold the key; */
bool damage_hides(const struct store *store, enum store_family family, struct slice key, struct err *ret_err);
/* if a cursor of [lower, upper) would come near one. An empty `upper` is no bound. */
bool damage_touches(const struct store *store, enum store_family family, struct slice lower, struct slice upper,
                    struct err *ret_err);
void damage_forget(struct store *store);

/* The names of the families. */
extern const char *const store_family_names[STORE_FAMILIES];
