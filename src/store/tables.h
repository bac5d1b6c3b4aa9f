/* What RocksDB's C API does not have: single table files, its checksum, and errors of its background work. */
#pragma once

#include <stdint.h>

#include <rocksdb/c.h>

#include "base/err.h"
#include "base/slice.h"

/* CRC-32C as RocksDB computes it. */
uint32_t store_crc32c(const char *bytes, size_t len);

/* Reads a table file whole and checks every block. */
int store_check_table(const char *file, const rocksdb_options_t *options, struct err *err) MUST_USE;

/* A compaction that fails because it cannot read, or cannot believe, one of its files changes nothing; but RocksDB
 * would take no more writes then. With this it does: `note` is called with what is wrong, on RocksDB's thread, and
 * after each try again. */
typedef void store_compaction_note(void *context, const char *message);
void store_watch_compactions(rocksdb_options_t *options, store_compaction_note *note, void *context);
