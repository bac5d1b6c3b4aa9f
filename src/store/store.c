/* Opening, closing, point reads and batches on RocksDB.
 *
 * Durability: a durable commit is a write with sync = 1 to the write-ahead log, and RocksDB inserts into the memtable
 * (makes readable) only after the sync returned. Recovery accepts an incomplete record at the end of the log, which
 * was never acknowledged, and refuses damage anywhere else: what RocksDB would take for such an end and is none,
 * files.c finds before. */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/env.h"
#include "base/fault.h"
#include "base/log.h"
#include "store/files.h"
#include "store/logger.h"
#include "store/private.h"
#include "store/sealed_files.h"
#include "store/tables.h"

/* Large enough that a flush is a decent file, small enough that a start after a crash replays little. */
#define WRITE_BUFFER_BYTES       (16u << 20)
#define SMALL_WRITE_BUFFER_BYTES (1u << 20)
/* All families share one log: this bounds what an idle family can keep alive of it. */
#define LOG_BYTES_MAX      (64u << 20)
#define BLOOM_BITS_PER_KEY 10

/* RocksDB must never find the disk full while it appends to its log: with its assertions on, as Debian builds it, the
 * next append after a failed one ends the process. So commits are refused while less than this is free: more than a
 * batch and what flushes may write between two looks. */
#define FREE_BYTES_MIN (64u << 20)
#define LOOK_US        100000
#define LOOK_BYTES     (4u << 20)

const char *const store_family_names[STORE_FAMILIES] = {
    [STORE_META] = "default",
    [STORE_ITEMS] = "items",
    [STORE_INDEX] = "index",
    [STORE_OUTBOX] = "outbox",
    [STORE_TRANSACTIONS] = "transactions",
    [STORE_EXPIRY] = "expiry",
    [STORE_COLLECTIONS] = "collections",
};

int store_err(struct err *err, const char *what, char *message)
{
    err_set(err, "%s: %s", what, message);
    rocksdb_free(message);
    return -1;
}

struct store_cache *store_cache_create(size_t bytes)
{
    struct store_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        abort();
    }
    cache->handle = rocksdb_cache_create_lru(bytes);
    return cache;
}

void store_cache_destroy(struct store_cache *cache)
{
    if (cache != NULL) {
        rocksdb_cache_destroy(cache->handle);
        free(cache);
    }
}

static rocksdb_options_t *family_options(enum store_family family, const struct store_options *options)
{
    rocksdb_options_t *opt = rocksdb_options_create();
    bool large = family == STORE_ITEMS || family == STORE_INDEX;
    rocksdb_options_set_write_buffer_size(opt, large ? WRITE_BUFFER_BYTES : SMALL_WRITE_BUFFER_BYTES);
    rocksdb_options_set_compression(opt, rocksdb_lz4_compression);
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS_PER_KEY));
    rocksdb_block_based_options_set_format_version(table, 5);
    if (options->cache != NULL) {
        rocksdb_block_based_options_set_block_cache(table, options->cache->handle);
    }
    rocksdb_options_set_block_based_table_factory(opt, table);
    rocksdb_block_based_options_destroy(table);
    return opt;
}

static rocksdb_options_t *database_options(const struct store *store)
{
    rocksdb_options_t *opt = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(opt, 1);
    rocksdb_options_set_create_missing_column_families(opt, 1);
    rocksdb_options_set_paranoid_checks(opt, 1);
    rocksdb_options_set_wal_recovery_mode(opt, rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_options_set_max_total_wal_size(opt, LOG_BYTES_MAX);
    rocksdb_options_set_max_background_jobs(opt, 2);
    store_silence_log(opt);
    rocksdb_options_set_stats_dump_period_sec(opt, 0);
    if (store->sealed_files != NULL) {
        sealed_files_use(store->sealed_files, opt);
    }
    return opt;
}

/* RocksDB's thread. It tries again every second until the writer has turned compactions off. */
static void note_failed_compaction(void *context, const char *message)
{
    struct store *store = context;
    if (!atomic_exchange(&store->compaction_failed, true)) {
        log_error(
            "%s: a file cannot be read, so this shard's files are no longer compacted until the next start; other "
            "reads and writes go on: %s",
            store->path, message);
    }
}

/* A store of an older version, or one whose making was cut off, lacks families: they stay NULL and read as empty. */
static void open_read_only(struct store *store, rocksdb_options_t *database, const rocksdb_options_t *const *families,
                           char **message)
{
    size_t there;
    char **names = rocksdb_list_column_families(database, store->path, &there, message);
    if (*message != NULL) {
        return;
    }
    const char *chosen[STORE_FAMILIES];
    const rocksdb_options_t *chosen_options[STORE_FAMILIES];
    rocksdb_column_family_handle_t *handles[STORE_FAMILIES];
    int places[STORE_FAMILIES], count = 0;
    for (int i = 0; i < STORE_FAMILIES; i++) {
        for (size_t j = 0; j < there; j++) {
            if (strcmp(store_family_names[i], names[j]) == 0) {
                chosen[count] = store_family_names[i];
                chosen_options[count] = families[i];
                places[count++] = i;
            }
        }
    }
    rocksdb_list_column_families_destroy(names, there);
    store->db = rocksdb_open_for_read_only_column_families(database, store->path, count, chosen, chosen_options,
                                                           handles, false, message);
    for (int i = 0; i < count && *message == NULL; i++) {
        store->families[places[i]] = handles[i];
    }
    store->is_partial = count < STORE_FAMILIES;
}

/* Leniently: a table file that cannot be opened fails the reads of what it holds, instead of the whole store. RocksDB
 * would be lenient about its logs too; those have been looked at (files.c). */
static int open_database(struct store *store, const struct store_options *options, bool leniently, struct err *err)
{
    rocksdb_options_t *database = database_options(store);
    rocksdb_options_set_paranoid_checks(database, !leniently);
    store_watch_compactions(database, note_failed_compaction, store);
    rocksdb_options_t *families[STORE_FAMILIES];
    for (int i = 0; i < STORE_FAMILIES; i++) {
        families[i] = family_options((enum store_family)i, options);
        rocksdb_options_set_disable_auto_compactions(families[i], leniently);
    }
    char *message = NULL;
    const rocksdb_options_t *const *each = (const rocksdb_options_t *const *)families;
    if (options->read_only) {
        open_read_only(store, database, each, &message);
    } else {
        store->db = rocksdb_open_column_families(database, store->path, STORE_FAMILIES, store_family_names, each,
                                                 store->families, &message);
    }
    for (int i = 0; i < STORE_FAMILIES; i++) {
        rocksdb_options_destroy(families[i]);
    }
    rocksdb_options_destroy(database);
    return message == NULL ? 0 : store_err(err, "cannot open the store", message);
}

/* RocksDB could not open the store. If single table files are to blame it does without them. */
static int open_damaged(struct store *store, const struct store_options *options, struct err *err)
{
    struct err first;
    if (damage_find(store, options->keyring, options->read_only, &first) != 0) {
        return -1;
    }
    if (open_database(store, options, true, err) != 0) {
        return err_set(err, "cannot open the store: %s", first.text);
    }
    damage_locate(store);
    return 0;
}

int store_open(const char *path, const struct store_options *options, struct store **ret_store, struct err *err)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        abort();
    }
    store->path = strdup(path);
    if (store->path == NULL) {
        abort();
    }
    store->read_only = options->read_only;
    store->sealed_files = options->keyring == NULL ? NULL : sealed_files_create(options->keyring);
    if (store_check_logs(path, options->keyring, err) != 0 ||
        (open_database(store, options, false, err) != 0 && open_damaged(store, options, err) != 0)) {
        damage_forget(store);
        sealed_files_destroy(store->sealed_files);
        free(store->path);
        free(store);
        return -1;
    }
    store->read_options = rocksdb_readoptions_create();
    store->durable_options = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(store->durable_options, !options->ephemeral);
    store->relaxed_options = rocksdb_writeoptions_create();
    *ret_store = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    for (int i = 0; i < STORE_FAMILIES && !store->read_only; i++) {
        char *message = NULL;
        rocksdb_flush_cf(store->db, flush, store->families[i], &message);
        rocksdb_free(message); /* what is not flushed stands in the log */
    }
    rocksdb_flushoptions_destroy(flush);
    for (int i = 0; i < STORE_FAMILIES; i++) {
        if (store->families[i] != NULL) {
            rocksdb_column_family_handle_destroy(store->families[i]);
        }
    }
    rocksdb_close(store->db);
    rocksdb_readoptions_destroy(store->read_options);
    rocksdb_writeoptions_destroy(store->durable_options);
    rocksdb_writeoptions_destroy(store->relaxed_options);
    sealed_files_destroy(store->sealed_files);
    damage_forget(store);
    free(store->path);
    free(store);
}

/* RocksDB's enum BottommostLevelCompaction; its C interface has no names for it. */
#define REWRITE_ALWAYS 2

int store_rewrite(struct store *store, struct err *err)
{
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    rocksdb_compactoptions_t *compact = rocksdb_compactoptions_create();
    rocksdb_compactoptions_set_bottommost_level_compaction(compact, REWRITE_ALWAYS);
    char *message = NULL;
    for (int i = 0; i < STORE_FAMILIES && message == NULL; i++) {
        rocksdb_flush_cf(store->db, flush, store->families[i], &message);
        if (message == NULL) {
            rocksdb_compact_range_cf_opt(store->db, store->families[i], compact, NULL, 0, NULL, 0);
        }
    }
    rocksdb_compactoptions_destroy(compact);
    rocksdb_flushoptions_destroy(flush);
    return message == NULL ? 0 : store_err(err, "cannot rewrite the store", message);
}

int store_get(struct store *store, enum store_family family, struct slice key, struct store_value *ret_value,
              struct err *err)
{
    if (store->is_partial) {
        *ret_value = (struct store_value){0};
        if (store->families[family] == NULL || damage_hides(store, family, key, err)) {
            return store->families[family] == NULL ? 0 : -1;
        }
    }
    char *message = NULL;
    rocksdb_pinnableslice_t *pin =
        rocksdb_get_pinned_cf(store->db, store->read_options, store->families[family], key.data, key.len, &message);
    if (message != NULL) {
        return store_err(err, "read failed", message);
    }
    *ret_value = (struct store_value){.pin = pin};
    if (pin != NULL) {
        ret_value->bytes.data = rocksdb_pinnableslice_value(pin, &ret_value->bytes.len);
    }
    return 0;
}

void store_value_release(struct store_value *value)
{
    if (value->pin != NULL) {
        rocksdb_pinnableslice_destroy(value->pin);
        *value = (struct store_value){0};
    }
}

/* --- batches: a store_batch is a RocksDB write batch under its own name ------------------------------------------- */

static rocksdb_writebatch_t *raw(const struct store_batch *batch)
{
    return (rocksdb_writebatch_t *)(uintptr_t)batch;
}

struct store_batch *store_batch_create(void)
{
    return (struct store_batch *)rocksdb_writebatch_create();
}

void store_batch_destroy(struct store_batch *batch)
{
    rocksdb_writebatch_destroy(raw(batch));
}

void store_batch_clear(struct store_batch *batch)
{
    rocksdb_writebatch_clear(raw(batch));
}

bool store_batch_is_empty(const struct store_batch *batch)
{
    return rocksdb_writebatch_count(raw(batch)) == 0;
}

void store_batch_put(struct store_batch *batch, struct store *store, enum store_family family, struct slice key,
                     struct slice value)
{
    rocksdb_writebatch_put_cf(raw(batch), store->families[family], key.data, key.len, value.data, value.len);
}

void store_batch_delete(struct store_batch *batch, struct store *store, enum store_family family, struct slice key)
{
    rocksdb_writebatch_delete_cf(raw(batch), store->families[family], key.data, key.len);
}

void store_batch_delete_range(struct store_batch *batch, struct store *store, enum store_family family,
                              struct slice lower, struct slice upper)
{
    rocksdb_writebatch_delete_range_cf(raw(batch), store->families[family], lower.data, lower.len, upper.data,
                                       upper.len);
}

static bool look_for_room(const struct store *store)
{
    struct statvfs status;
    if (statvfs(store->path, &status) != 0) {
        return true; /* the write itself will tell */
    }
    return (uint64_t)status.f_bavail * status.f_frsize >= FREE_BYTES_MIN;
}

/* Looks at the file system now and then, and each time while there is no room. */
static bool has_room(struct store *store, size_t bytes, uint64_t now)
{
    store->unlooked_bytes += bytes;
    if (!store->has_room || store->unlooked_bytes > LOOK_BYTES || now - store->looked_us > LOOK_US) {
        store->has_room = look_for_room(store);
        store->unlooked_bytes = 0;
        store->looked_us = now;
    }
    return store->has_room;
}

bool store_is_writable(const struct store *store)
{
    return !atomic_load(&store->log_is_broken) && look_for_room(store);
}

/* Otherwise RocksDB would try again for ever, and hold up writes more and more. */
static void turn_compactions_off(struct store *store)
{
    static const char *const names[] = {"disable_auto_compactions"};
    static const char *const values[] = {"true"};
    for (int i = 0; i < STORE_FAMILIES; i++) {
        char *message = NULL;
        rocksdb_set_options_cf(store->db, store->families[i], 1, names, values, &message);
        rocksdb_free(message); /* it goes on trying */
    }
    store->compactions_are_off = true;
}

static int commit(struct store *store, struct store_batch *batch, bool durable, struct err *err)
{
    assert(!store->read_only);
    if (fault_fires("store.commit")) {
        return err_set(err, "write failed: fault point store.commit");
    }
    if (atomic_load_explicit(&store->log_is_broken, memory_order_relaxed)) {
        return err_set(err, "write refused: the log could not be written before; start again to begin a new one");
    }
    if (atomic_load_explicit(&store->compaction_failed, memory_order_relaxed) && !store->compactions_are_off) {
        turn_compactions_off(store);
    }
    size_t bytes;
    rocksdb_writebatch_data(raw(batch), &bytes);
    uint64_t begun_us = env_monotonic_us();
    if (!has_room(store, bytes, begun_us)) {
        return err_set(err, "write refused: less than %u MB are free in %s", FREE_BYTES_MIN >> 20, store->path);
    }
    char *message = NULL;
    rocksdb_write(store->db, durable ? store->durable_options : store->relaxed_options, raw(batch), &message);
    if (message == NULL) {
        histogram_add(&store->commit_us, histogram_bounds_us, env_monotonic_us() - begun_us);
        metric_add(&store->committed_bytes, (int64_t)bytes);
        return 0;
    }
    /* Another program took the room that was left. Flushes are tried again by RocksDB; its log is not to be touched. */
    atomic_store(&store->log_is_broken, strstr(message, ".log") != NULL);
    return store_err(err, "write failed", message);
}

int store_commit(struct store *store, struct store_batch *batch, bool durable, struct err *err)
{
    int failed = commit(store, batch, durable, err);
    if (failed != 0) {
        metric_add(&store->commit_failures, 1);
    }
    return failed;
}
