/* RocksDB's log of its own doings; see logger.cc. */
#pragma once

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RocksDB writes no LOG file with these options. */
void store_silence_log(rocksdb_options_t *options);

#ifdef __cplusplus
}
#endif
