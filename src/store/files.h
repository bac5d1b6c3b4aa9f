/* The files of a store, looked at without opening it: what RocksDB would pass over in silence, and what it checks only
 * when it reads it. */
#pragma once

#include <stdint.h>

#include "store/store.h"

/* True if the folder holds a store, or nothing that would be lost if a new one were made there. Checks CURRENT, the
 * manifest that it names, and every log: each record must be whole, except for one at the very end of a file that was
 * being written when the process or the machine died. `keyring` is that of encrypted files, or NULL; it must have the
 * data keys of all table files. */
int store_check_logs(const char *path, const struct keyring *keyring, struct err *err) MUST_USE;

/* Reads every table file and checks all its blocks: those that the store is made of or, if `store` is NULL because it
 * cannot be opened, all in its folder. `visit` is called for each; `err` is NULL for one that is good. Fails only if
 * the folder cannot be listed. */
typedef void store_table_visit(void *context, const char *file, uint64_t bytes, const struct err *err);
int store_check_tables(const char *path, const struct keyring *keyring, struct store *store, store_table_visit *visit,
                       void *context, struct err *err) MUST_USE;
