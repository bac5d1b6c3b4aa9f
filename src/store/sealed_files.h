/* Encrypted files for RocksDB; see sealed_files.cc. */
#pragma once

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

struct keyring;
struct sealed_files;

/* What a database with encrypted files is opened with. The keyring must outlive it, and it the database. */
struct sealed_files *sealed_files_create(const struct keyring *keyring);
void sealed_files_destroy(struct sealed_files *files);
void sealed_files_use(struct sealed_files *files, rocksdb_options_t *options);

#ifdef __cplusplus
}
#endif
