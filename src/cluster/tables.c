/* Changes of the catalog, on the system shard's writer, and what follows from them on the other shards. */
#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "cluster/private.h"
#include "engine/collection.h"
#include "engine/ttl.h"

struct table *cluster_table_acquire(struct cluster *cluster, struct slice name)
{
    return catalog_acquire(&cluster->catalog, name);
}

uint32_t cluster_table_names(struct cluster *cluster, struct arena *arena, struct slice after, uint32_t max,
                             struct slice *ret_names, bool *ret_more)
{
    return catalog_names(&cluster->catalog, arena, after, max, ret_names, ret_more);
}

uint32_t cluster_table_count(struct cluster *cluster)
{
    return catalog_count(&cluster->catalog);
}

/* --- keys of encrypted tables ------------------------------------------------------------------------------------- */

bool cluster_is_key(struct cluster *cluster, struct slice name, struct slice id)
{
    return vault_is_key(cluster->vault, name, id);
}

void tables_take_key(struct cluster *cluster, struct table *table)
{
    struct err err;
    uint64_t since_us = 0;
    if (vault_publish(cluster->vault, &table->spec, &err) != KEY_OK) {
        log_warning("table %.*s can neither be read nor written: %s", SLICE_ARG(table->spec.name), err.text);
        since_us = env_time_us();
    }
    atomic_store(&table->state->inaccessible_us, since_us);
}

/* Sees to the key of a table that shall be encrypted. */
static enum table_change_result settle_key(struct table_change *change, struct table_spec *spec,
                                           const struct table_spec *old, struct arena *arena)
{
    struct err err;
    bool same = old != NULL && old->encrypted && old->table_key.len > 0 && slice_equal(old->kms_key, spec->kms_key);
    if (!spec->encrypted || same) {
        return TABLE_CHANGE_DONE;
    }
    struct cluster *cluster = change->cluster;
    bool is_first = cluster->keyring == NULL;
    switch (vault_wrap(cluster->vault, spec, arena, &err)) {
    case KEY_OK:
        if (is_first && keyring_is_local(cluster->keyring)) {
            log_warning("the key that encrypts tables lies in the data folder itself, " KEYRING_LOCAL_KEY
                        ", for want of --key-file: it protects nothing from who has the folder");
        }
        return TABLE_CHANGE_DONE;
    case KEY_NOT_FOUND:
        return TABLE_CHANGE_KEY_NOT_FOUND;
    case KEY_DISABLED:
        return TABLE_CHANGE_KEY_DISABLED;
    case KEY_FAILED:
        break;
    }
    log_error("table %.*s cannot be encrypted: %s", SLICE_ARG(spec->name), err.text);
    return TABLE_CHANGE_KEY_FAILED;
}

/* --- create, update, delete
 * ------------------------------------------------------------------------------------------- */

static enum table_change_result create(struct table_change *change, struct batch *batch)
{
    struct catalog *catalog = &change->cluster->catalog;
    if (change->table != NULL) {
        return TABLE_CHANGE_EXISTS;
    }
    if (catalog_count(catalog) >= TABLES_MAX) {
        return TABLE_CHANGE_TOO_MANY;
    }
    struct table_spec *spec = change->spec;
    spec->id = catalog->next_id;
    spec->created_us = batch_next_version(batch);
    env_uuid(spec->uuid);
    enum table_change_result key = settle_key(change, spec, NULL, &batch->scratch);
    if (key != TABLE_CHANGE_DONE) {
        return key;
    }
    for (uint32_t i = 0; i < spec->index_count; i++) {
        spec->indexes[i].id = i + 1;
    }
    spec->next_index_id = spec->index_count + 1;
    spec->collections_kept = true;
    catalog_write_next_id(batch, ++catalog->next_id);
    catalog_write_table(batch, spec);
    change->table = table_create(spec, NULL);
    return TABLE_CHANGE_DONE;
}

static enum table_change_result update(struct table_change *change, struct batch *batch)
{
    if (change->table == NULL) {
        return TABLE_CHANGE_NOT_FOUND;
    }
    struct table *old = change->table;
    struct table_spec spec;
    table_spec_copy(&batch->scratch, &old->spec, &spec);
    if (!change->apply(change, &spec, &batch->scratch)) {
        return TABLE_CHANGE_REFUSED;
    }
    enum table_change_result key = settle_key(change, &spec, &old->spec, &batch->scratch);
    if (key != TABLE_CHANGE_DONE) {
        return key;
    }
    catalog_write_table(batch, &spec);
    change->table = table_create(&spec, old->state);
    table_release(old);
    return TABLE_CHANGE_DONE;
}

static enum table_change_result delete_table(struct table_change *change, struct batch *batch)
{
    if (change->table == NULL) {
        return TABLE_CHANGE_NOT_FOUND;
    }
    if (change->table->spec.deletion_protection) {
        return TABLE_CHANGE_PROTECTED;
    }
    if (change->apply != NULL && !change->apply(change, &change->table->spec, &batch->scratch)) {
        return TABLE_CHANGE_REFUSED;
    }
    catalog_write_drop(batch, &change->table->spec);
    return TABLE_CHANGE_DONE;
}

static void evaluate_change(struct command *command, struct batch *batch)
{
    struct table_change *change = (struct table_change *)command;
    change->table = catalog_acquire(&change->cluster->catalog, change->name);
    switch (change->kind) {
    case TABLE_CREATE:
        change->result = create(change, batch);
        break;
    case TABLE_UPDATE:
        change->result = update(change, batch);
        break;
    case TABLE_DELETE:
        change->result = delete_table(change, batch);
        break;
    }
    batch->last = true;
}

static void finish_change(struct command *command)
{
    struct table_change *change = (struct table_change *)command;
    struct catalog *catalog = &change->cluster->catalog;
    if (command->failed || change->result != TABLE_CHANGE_DONE) {
        return;
    }
    if (change->kind == TABLE_DELETE) {
        catalog_remove(catalog, change->name);
        tables_drop_rows(change->cluster, change->table->spec.id);
    } else {
        tables_take_key(change->cluster, change->table);
        catalog_publish(catalog, table_acquire(change->table));
    }
}

void tables_finish_change(struct table_change *change)
{
    finish_change(&change->command);
}

void tables_change(struct cluster *cluster, struct table_change *change, void (*finished)(struct command *command))
{
    change->cluster = cluster;
    change->command = (struct command){.evaluate = evaluate_change, .finished = finished};
    cluster_submit(cluster_system_shard(cluster), &change->command);
}

void cluster_change_table(struct cluster_port *port, struct table_change *change)
{
    change->cluster = port->cluster;
    change->command.evaluate = evaluate_change;
    change->command.finished = finish_change;
    cluster_submit_to_system(port, &change->command);
}

/* --- removing the rows of a dropped table: on every shard, then the mark
 * -------------------------------------------------- */

struct drop {
    struct cluster *cluster;
    uint32_t table_id;
    atomic_uint shards_left;
    struct drop_command {
        struct command command; /* first */
        struct drop *drop;
        struct shard *shard;
    } commands[CLUSTER_SHARDS_MAX];
};

static void evaluate_drop(struct command *command, struct batch *batch)
{
    struct drop *drop = ((struct drop_command *)command)->drop;
    uint32_t first = __builtin_bswap32(drop->table_id), behind = __builtin_bswap32(drop->table_id + 1);
    struct slice lower = slice_of(&first, sizeof first), upper = slice_of(&behind, sizeof behind);
    store_batch_delete_range(batch->rows, batch->shard->store, STORE_ITEMS, lower, upper);
    store_batch_delete_range(batch->rows, batch->shard->store, STORE_INDEX, lower, upper);
    collection_drop(batch, drop->table_id);
    ttl_drop(batch, drop->table_id);
    batch->durable = true;
}

static void evaluate_drop_mark(struct command *command, struct batch *batch)
{
    catalog_write_dropped(batch, ((struct drop_command *)command)->drop->table_id);
}

static void finish_drop_mark(struct command *command)
{
    struct drop *drop = ((struct drop_command *)command)->drop;
    vault_forget(drop->cluster->vault, drop->table_id); /* nothing is left to be read with its key */
    free(drop);
}

/* The last shard to finish removes the mark. After a failure the mark stays, and the next start takes the drop up. */
static void finish_drop(struct command *command)
{
    struct drop_command *part = (struct drop_command *)command;
    struct drop *drop = part->drop;
    bool failed = command->failed;
    if (failed) {
        atomic_fetch_or(&drop->shards_left, 1u << 31);
    }
    unsigned left = atomic_fetch_sub(&drop->shards_left, 1) - 1;
    if ((left & ~(1u << 31)) != 0) {
        return;
    }
    if (left != 0 || atomic_load(&drop->cluster->closing)) {
        free(drop);
        return;
    }
    drop->commands[0].command = (struct command){.evaluate = evaluate_drop_mark, .finished = finish_drop_mark};
    cluster_submit(cluster_system_shard(drop->cluster), &drop->commands[0].command);
}

void tables_drop_rows(struct cluster *cluster, uint32_t table_id)
{
    struct drop *drop = calloc(1, sizeof *drop);
    if (drop == NULL) {
        abort();
    }
    drop->cluster = cluster;
    drop->table_id = table_id;
    atomic_init(&drop->shards_left, cluster->shard_count);
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        struct drop_command *part = &drop->commands[i];
        part->command = (struct command){.evaluate = evaluate_drop, .finished = finish_drop};
        part->drop = drop;
        part->shard = cluster->shards[i];
    }
    /* The first to be submitted may finish, and the drop with it, only after the last: the count sees to that. */
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        cluster_submit(cluster->shards[i], &drop->commands[i].command);
    }
}
