/* What a store tells about itself: RocksDB's own properties, summed over the families. */
#include "store/store.h"

#include "store/private.h"

static uint64_t property(const struct store *store, enum store_family family, const char *name)
{
    uint64_t value = 0;
    return rocksdb_property_int_cf(store->db, store->families[family], name, &value) == 0 ? value : 0;
}

static uint64_t sum(const struct store *store, const char *name)
{
    uint64_t total = 0;
    for (int i = 0; i < STORE_FAMILIES; i++) {
        total += property(store, (enum store_family)i, name);
    }
    return total;
}

void store_stats(const struct store *store, struct store_stats *ret_stats)
{
    *ret_stats = (struct store_stats){
        .file_bytes = sum(store, "rocksdb.total-sst-files-size"),
        .live_bytes = sum(store, "rocksdb.live-sst-files-size"),
        .memtable_bytes = sum(store, "rocksdb.cur-size-all-mem-tables"),
        .reader_bytes = sum(store, "rocksdb.estimate-table-readers-mem"),
        .compaction_pending_bytes = sum(store, "rocksdb.estimate-pending-compaction-bytes"),
        .running_compactions = property(store, STORE_META, "rocksdb.num-running-compactions"),
        .running_flushes = property(store, STORE_META, "rocksdb.num-running-flushes"),
        .background_errors = property(store, STORE_META, "rocksdb.background-errors"),
        .commit_failures = metric_read(&store->commit_failures),
        .committed_bytes = metric_read(&store->committed_bytes),
    };
    histogram_sum_add(&ret_stats->commit_us, &store->commit_us);
    for (int i = 0; i < STORE_FAMILIES; i++) {
        if (property(store, (enum store_family)i, "rocksdb.is-write-stopped") != 0) {
            ret_stats->writes_stopped = true;
        }
    }
}

void store_cache_stats(const struct store_cache *cache, uint64_t *ret_bytes, uint64_t *ret_bytes_max)
{
    *ret_bytes = rocksdb_cache_get_usage(cache->handle);
    *ret_bytes_max = rocksdb_cache_get_capacity(cache->handle);
}
