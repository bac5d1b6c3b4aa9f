/* What store/ keeps behind its handles. */
#pragma once

#include <rocksdb/c.h>

#include <stdatomic.h>

#include "store/store.h"

struct store {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *families[STORE_FAMILIES];
    rocksdb_readoptions_t *read_options;
    rocksdb_writeoptions_t *durable_options;
    rocksdb_writeoptions_t *relaxed_options;
    struct sealed_files *sealed_files; /* NULL: plain ones */
    char *path;

    /* the writer's: what is known of the room on the file system */
    bool has_room;
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
