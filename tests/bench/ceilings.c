/* What there is to reach on this machine without a server: RocksDB's own puts and gets, with the settings of
 * src/store/store.c, and the disk's own sync. Prints one line of JSON.
 *
 *   ceilings put FOLDER SECONDS          durable batches of 32 puts of 400 bytes, one after the other
 *   ceilings get FOLDER SECONDS ITEMS    gets of that many items of 400 bytes, all in the block cache
 *   ceilings sync FOLDER SECONDS         appends of as many bytes as such a batch has, each with fdatasync */
#include "bench/histogram.h"
#include "bench/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH       32
#define VALUE_BYTES 376 /* with its key and names, an item of 400 bytes */
#define KEY_BYTES   24  /* a hash and a key, as Stator stores them */
#define PUT_KEYS    100000
#define CACHE_BYTES (UINT64_C(1) << 30)

static struct random generator = {1};
static char letters[1 << 16]; /* values are pieces of it: they compress as little as random text does */
static struct histogram latency_ns;

static void require(const char *what, char *error)
{
    if (error != NULL) {
        fprintf(stderr, "ceilings: %s: %s\n", what, error);
        exit(1);
    }
}

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void make_key(uint64_t item, char key[KEY_BYTES + 1])
{
    snprintf(key, KEY_BYTES + 1, "%08x%016llx", (unsigned)fnv_hash(item) & 0xffffffffu, (unsigned long long)item);
}

static void make_letters(void)
{
    for (size_t i = 0; i < sizeof letters; i++) {
        letters[i] = (char)('0' + random_below(&generator, 64));
    }
}

static rocksdb_t *open_store(const char *folder)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_write_buffer_size(options, 16u << 20);
    rocksdb_options_set_max_background_jobs(options, 2);
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_block_based_options_set_format_version(table, 5);
    rocksdb_cache_t *cache = rocksdb_cache_create_lru(CACHE_BYTES);
    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_options_set_block_based_table_factory(options, table);
    char *error = NULL;
    rocksdb_t *db = rocksdb_open(options, folder, &error);
    require("cannot open the store", error);
    rocksdb_cache_destroy(cache);
    rocksdb_block_based_options_destroy(table);
    rocksdb_options_destroy(options);
    return db;
}

static void report(const char *what, uint64_t operations, uint64_t started_ns)
{
    double seconds = (double)(now_ns() - started_ns) / 1e9;
    printf("{\"what\":\"%s\",\"per_s\":%.1f,\"seconds\":%.3f,\"p50_us\":%.2f,\"p99_us\":%.2f,\"max_us\":%.2f}\n", what,
           (double)operations / seconds, seconds, (double)histogram_quantile(&latency_ns, 0.5) / 1000,
           (double)histogram_quantile(&latency_ns, 0.99) / 1000, (double)latency_ns.max / 1000);
}

static void put_batch(rocksdb_t *db, rocksdb_writebatch_t *batch, const rocksdb_writeoptions_t *options, uint64_t first,
                      uint64_t keys)
{
    char key[KEY_BYTES + 1], *error = NULL;
    rocksdb_writebatch_clear(batch);
    for (uint64_t i = 0; i < BATCH; i++) {
        make_key(keys == 0 ? first + i : random_below(&generator, keys), key);
        const char *value = letters + random_below(&generator, sizeof letters - VALUE_BYTES);
        rocksdb_writebatch_put(batch, key, KEY_BYTES, value, VALUE_BYTES);
    }
    rocksdb_write(db, options, batch, &error);
    require("cannot write", error);
}

static void bench_put(const char *folder, double seconds)
{
    rocksdb_t *db = open_store(folder);
    rocksdb_writeoptions_t *options = rocksdb_writeoptions_create();
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    rocksdb_writeoptions_set_sync(options, 1);
    uint64_t started = now_ns(), until = started + (uint64_t)(seconds * 1e9), puts = 0;
    for (uint64_t at = started; at < until; puts += BATCH) {
        put_batch(db, batch, options, 0, PUT_KEYS);
        uint64_t end = now_ns();
        histogram_add(&latency_ns, end - at);
        at = end;
    }
    report("put", puts, started);
    rocksdb_writebatch_destroy(batch);
    rocksdb_writeoptions_destroy(options);
    rocksdb_close(db);
}

static void fill(rocksdb_t *db, uint64_t items)
{
    rocksdb_writeoptions_t *options = rocksdb_writeoptions_create();
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    for (uint64_t i = 0; i < items; i += BATCH) {
        put_batch(db, batch, options, i, 0);
    }
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    char *error = NULL;
    rocksdb_flush(db, flush, &error);
    require("cannot flush", error);
    rocksdb_flushoptions_destroy(flush);
    rocksdb_writebatch_destroy(batch);
    rocksdb_writeoptions_destroy(options);
}

static void get(rocksdb_t *db, const rocksdb_readoptions_t *options, uint64_t item)
{
    char key[KEY_BYTES + 1], *error = NULL;
    make_key(item, key);
    rocksdb_pinnableslice_t *found = rocksdb_get_pinned(db, options, key, KEY_BYTES, &error);
    require("cannot read", error);
    if (found == NULL) {
        fprintf(stderr, "ceilings: an item is missing\n");
        exit(1);
    }
    rocksdb_pinnableslice_destroy(found);
}

static void bench_get(const char *folder, double seconds, uint64_t items)
{
    rocksdb_t *db = open_store(folder);
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    fill(db, items);
    for (uint64_t i = 0; i < items; i++) {
        get(db, options, i); /* into the cache */
    }
    uint64_t started = now_ns(), until = started + (uint64_t)(seconds * 1e9), gets = 0;
    for (uint64_t at = started; at < until; gets++) {
        get(db, options, random_below(&generator, items));
        uint64_t end = now_ns();
        histogram_add(&latency_ns, end - at);
        at = end;
    }
    report("get", gets, started);
    rocksdb_readoptions_destroy(options);
    rocksdb_close(db);
}

static void bench_sync(const char *folder, double seconds)
{
    char path[4096];
    static char bytes[BATCH * (KEY_BYTES + VALUE_BYTES)];
    snprintf(path, sizeof path, "%s/log", folder);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    require(path, fd < 0 ? strerror(errno) : NULL);
    uint64_t started = now_ns(), until = started + (uint64_t)(seconds * 1e9), syncs = 0;
    for (uint64_t at = started; at < until; syncs++) {
        if (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes || fdatasync(fd) != 0) {
            require(path, strerror(errno));
        }
        uint64_t end = now_ns();
        histogram_add(&latency_ns, end - at);
        at = end;
    }
    report("sync", syncs, started);
    close(fd);
}

int main(int argc, char **argv)
{
    make_letters();
    if (argc == 4 && strcmp(argv[1], "put") == 0) {
        bench_put(argv[2], atof(argv[3]));
    } else if (argc == 5 && strcmp(argv[1], "get") == 0) {
        bench_get(argv[2], atof(argv[3]), strtoull(argv[4], NULL, 10));
    } else if (argc == 4 && strcmp(argv[1], "sync") == 0) {
        bench_sync(argv[2], atof(argv[3]));
    } else {
        fputs("usage: ceilings put|sync FOLDER SECONDS | get FOLDER SECONDS ITEMS\n", stderr);
        return 2;
    }
    return 0;
}
