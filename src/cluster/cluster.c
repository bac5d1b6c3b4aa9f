/* Opening and closing all shards, and the way to the right one. */
#include "cluster/cluster.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/log.h"
#include "cluster/private.h"
#include "engine/batch.h"
#include "engine/collection.h"

#define CACHE_BYTES_DEFAULT  (128u << 20)
#define ITEM_CACHE_BYTES_MIN (64u << 10)
#define WATCH_US             500000u

static void on_outbox_ready(void *context, struct shard *shard)
{
    struct cluster *cluster = context;
    courier_poke(&cluster->couriers[shard->number]);
}

/* A store opens in a dozen fsyncs, one after the other: shards open side by side. Each on a thread of its own, for the
 * threads that RocksDB starts then, for flushes and compactions, take over its priority. */
struct opening {
    struct cluster *cluster;
    unsigned number;
    pthread_t thread;
    int failed;
    struct err err;
};

static void *open_shard(void *context)
{
    struct opening *opening = context;
    struct cluster *cluster = opening->cluster;
    unsigned number = opening->number;
    thread_give_way();
    size_t item_bytes = cluster->options.cache_bytes / 2 / cluster->shard_count;
    char path[4096 + 16];
    snprintf(path, sizeof path, "%s/shard-%03u", cluster->options.data_dir, number);
    struct shard_options options = {
        .path = path,
        .number = number,
        .slot_first = number * SLOTS / cluster->shard_count,
        .slot_last = (number + 1) * SLOTS / cluster->shard_count - 1,
        .collection_bytes_max = cluster->options.collection_bytes_max,
        .store = {.ephemeral = cluster->options.ephemeral,
                  .cache = cluster->cache,
                  .keyring = cluster->encrypted ? cluster->keyring : NULL},
        .vault = cluster->vault,
        .item_cache_bytes = item_bytes > ITEM_CACHE_BYTES_MIN ? item_bytes : ITEM_CACHE_BYTES_MIN,
        .outbox_ready = on_outbox_ready,
        .context = cluster,
    };
    opening->failed = shard_open(&options, &cluster->shards[number], &opening->err);
    return NULL;
}

static int open_shards(struct cluster *cluster, struct err *err)
{
    struct opening openings[CLUSTER_SHARDS_MAX];
    unsigned started = 0;
    int failed = 0;
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        openings[i] = (struct opening){.cluster = cluster, .number = i};
    }
    for (; started < cluster->shard_count && failed == 0; started++) {
        failed = pthread_create(&openings[started].thread, NULL, open_shard, &openings[started]);
    }
    if (failed != 0) {
        started--;
        err_set(err, "cannot start a thread: %s", strerror(failed));
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(openings[i].thread, NULL);
        if (openings[i].failed != 0) {
            failed = -1;
            *err = openings[i].err;
        }
    }
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        courier_init(&cluster->couriers[i], cluster, cluster->shards[i]);
    }
    return failed == 0 ? 0 : -1;
}

/* Tables whose removal was interrupted; taken up again once the writers run. */
struct pending_drops {
    uint32_t *ids;
    size_t count;
};

static void remember_drop(void *context, uint32_t table_id)
{
    struct pending_drops *drops = context;
    drops->ids = realloc(drops->ids, (drops->count + 1) * sizeof *drops->ids);
    if (drops->ids == NULL) {
        abort();
    }
    drops->ids[drops->count++] = table_id;
}

/* --- the mark of a clean stop: a command that nobody waits for ------------------------------------------------------
 */

struct clean_mark {
    struct command command; /* first */
    struct catalog *catalog;
    bool clean;
};

static void evaluate_clean_mark(struct command *command, struct batch *batch)
{
    struct clean_mark *mark = (struct clean_mark *)command;
    catalog_write_clean(mark->catalog, batch, mark->clean);
}

static void free_command(struct command *command)
{
    free(command);
}

static void submit_clean_mark(struct cluster *cluster, bool clean)
{
    struct clean_mark *mark = calloc(1, sizeof *mark);
    if (mark == NULL) {
        abort();
    }
    mark->command = (struct command){.evaluate = evaluate_clean_mark, .finished = free_command};
    mark->catalog = &cluster->catalog;
    mark->clean = clean;
    cluster_submit(cluster_system_shard(cluster), &mark->command);
}

static int start(struct cluster *cluster, struct err *err)
{
    struct pending_drops drops = {0};
    int failed = catalog_load(&cluster->catalog, cluster_system_shard(cluster), remember_drop, &drops, err);
    struct table *table;
    for (uint32_t i = 0; failed == 0 && (table = catalog_acquire_at(&cluster->catalog, i)) != NULL; i++) {
        tables_take_key(cluster, table);
        table_release(table);
    }
    if (failed == 0) {
        failed = transactions_recover(cluster, err);
    }
    for (unsigned i = 0; i < cluster->shard_count && failed == 0; i++) {
        failed = shard_start(cluster->shards[i], err);
    }
    if (failed == 0) {
        submit_clean_mark(cluster, false);
        for (size_t i = 0; i < drops.count; i++) {
            tables_drop_rows(cluster, drops.ids[i]);
        }
        for (unsigned i = 0; i < cluster->shard_count; i++) {
            courier_poke(&cluster->couriers[i]);
        }
    }
    free(drops.ids);
    return failed;
}

int cluster_open(const struct cluster_options *options, struct cluster **ret_cluster, struct err *err)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    if (cluster == NULL) {
        abort();
    }
    cluster->options = *options;
    if (cluster->options.cache_bytes == 0) {
        cluster->options.cache_bytes = CACHE_BYTES_DEFAULT;
    }
    if (options->collection_bytes_max == 0) {
        cluster->options.collection_bytes_max = COLLECTION_BYTES_MAX_DEFAULT;
    }
    if (folder_open(cluster, err) != 0) {
        free(cluster);
        return -1;
    }
    cluster->key_service = key_service_of_folder(options->data_dir, options->key_file, &cluster->keyring);
    cluster->vault = vault_create(cluster->key_service);
    catalog_init(&cluster->catalog);
    cluster->catalog.throttle = options->throttle;
    cluster->counting = counting_create();
    cluster->expiry = expiry_create();
    cluster->transactions = transactions_create();
    cluster->index_jobs = index_jobs_create();
    cluster->cache = store_cache_create(cluster->options.cache_bytes / 2);
    if (open_shards(cluster, err) != 0 || start(cluster, err) != 0) {
        cluster_close(cluster);
        return -1;
    }
    *ret_cluster = cluster;
    return 0;
}

static void stop(struct cluster *cluster)
{
    atomic_store(&cluster->closing, true);
    if (cluster->shards[0] != NULL && cluster->shards[0]->started) {
        submit_clean_mark(cluster, true);
    }
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        shard_stop(cluster->shards[i]);
    }
    for (bool any = true; any;) {
        any = false;
        for (unsigned i = 0; i < cluster->shard_count; i++) {
            any = shard_discard(cluster->shards[i]) || any;
        }
    }
}

void cluster_close(struct cluster *cluster)
{
    if (cluster == NULL) {
        return;
    }
    stop(cluster);
    counting_destroy(cluster->counting);
    expiry_destroy(cluster->expiry, cluster->shard_count);
    transactions_destroy(cluster->transactions);
    index_jobs_destroy(cluster->index_jobs);
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        courier_finish(&cluster->couriers[i]);
        shard_close(cluster->shards[i]);
    }
    store_cache_destroy(cluster->cache);
    vault_destroy(cluster->vault);
    cluster->key_service->destroy(cluster->key_service);
    catalog_finish(&cluster->catalog);
    folder_close(cluster);
    free(cluster);
}

unsigned cluster_shard_count(const struct cluster *cluster)
{
    return cluster->shard_count;
}

void cluster_submit(struct shard *shard, struct command *command)
{
    struct task_list list = {0};
    task_list_append(&list, &command->task);
    shard_submit(shard, &list);
}

int cluster_get(struct cluster *cluster, const struct row_key *key, struct stored_item *ret_item, struct err *err)
{
    return shard_get(cluster_shard_of(cluster, key->hash), key, ret_item, err);
}

int cluster_collection_size(struct cluster *cluster, const struct table_spec *table, const struct value *hash,
                            uint64_t *ret_bytes, struct err *err)
{
    struct arena arena;
    arena_init(&arena, 4096);
    struct row_range range;
    row_range_of_query(&arena, table, NULL, hash, NULL, 0, &range);
    int failed = collection_read(cluster_shard_of(cluster, range.hash_first), range.lower, ret_bytes, err);
    arena_finish(&arena);
    return failed;
}

bool cluster_is_writable(const struct cluster *cluster)
{
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        if (!shard_is_writable(cluster->shards[i])) {
            return false;
        }
    }
    return true;
}

void cluster_shard_stats(const struct cluster *cluster, unsigned shard, struct shard_stats *ret_stats)
{
    assert(shard < cluster->shard_count);
    shard_stats(cluster->shards[shard], ret_stats);
}

void cluster_cache_stats(const struct cluster *cluster, uint64_t *ret_bytes, uint64_t *ret_bytes_max)
{
    store_cache_stats(cluster->cache, ret_bytes, ret_bytes_max);
}

static void evaluate_probe(struct command *command, struct batch *batch)
{
    (void)command;
    batch->probes = true;
    batch->durable = true;
}

/* Whether the server is ready is told by the last commit and by a look at the file system. While a load balancer sends
 * no writes, because the last one failed, there must be a commit all the same. */
static void watch_stores(struct cluster *cluster)
{
    uint64_t now = env_monotonic_us();
    if (now < cluster->watch_at_us) {
        return;
    }
    cluster->watch_at_us = now + WATCH_US;
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        shard_look(cluster->shards[i]);
        if (atomic_load(&cluster->shards[i]->failing)) {
            struct command *command = calloc(1, sizeof *command);
            if (command == NULL) {
                abort();
            }
            *command = (struct command){.evaluate = evaluate_probe, .finished = free_command};
            cluster_submit(cluster->shards[i], command);
        }
    }
}

uint64_t cluster_step(struct cluster *cluster)
{
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        struct courier *courier = &cluster->couriers[i];
        pthread_mutex_lock(&courier->lock);
        bool stalled = courier->stalled;
        courier->stalled = false;
        pthread_mutex_unlock(&courier->lock);
        if (stalled) {
            courier_poke(courier);
        }
    }
    transactions_step(cluster);
    watch_stores(cluster);
    uint64_t index_us = index_jobs_step(cluster), expiry_us = expiry_step(cluster), now = env_monotonic_us();
    if (now >= cluster->counting_at_us) {
        cluster->counting_at_us = now + counting_step(cluster);
    }
    uint64_t counting_us = cluster->counting_at_us - now;
    uint64_t soonest_us = index_us < expiry_us ? index_us : expiry_us;
    return soonest_us < counting_us ? soonest_us : counting_us;
}
