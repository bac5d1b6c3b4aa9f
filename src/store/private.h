/* What store/ keeps behind its handles. */
#pragma once

#include <rocksdb/c.h>

#include "store/store.h"

struct store {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *families[STORE_FAMILIES];
    rocksdb_readoptions_t *read_options;
    rocksdb_writeoptions_t *durable_options;
    rocksdb_writeoptions_t *relaxed_options;
};

struct store_cache {
    rocksdb_cache_t *handle;
};

/* Moves RocksDB's message into `err` and frees it. Returns -1. */
int store_err(struct err *err, const char *what, char *message);
