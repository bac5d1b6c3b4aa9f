#include "engine/batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/hash.h"
#include "engine/item_cache.h"
#include "engine/outbox.h"
#include "engine/shard.h"
#include "engine/vault.h"

/* A power of two, at most half full: a batch stops taking commands at BATCH_ROWS_MAX rows. */
#define OVERLAY_SLOTS 4096
_Static_assert(BATCH_ROWS_MAX + 2 * BATCH_COMMAND_ITEMS_MAX <= OVERLAY_SLOTS / 2, "the overlay stays half empty");

struct overlay_entry {
    enum store_family family;
    struct slice key;
    struct slice stored; /* len 0: deleted */
    struct overlay_entry **slot;
    struct overlay_entry *older;
    bool was_cached; /* while it is committed */
};

struct written_table {
    struct written_table *next;
    struct table_state *state; /* kept alive by the command that wrote, until after the commit */
};

void batch_init(struct batch *batch, struct shard *shard)
{
    *batch = (struct batch){.shard = shard, .rows = store_batch_create(), .expiry_low = UINT64_MAX};
    arena_init(&batch->memory, 16384);
    arena_init(&batch->scratch, 16384);
    batch->overlay = calloc(OVERLAY_SLOTS, sizeof *batch->overlay);
    if (batch->overlay == NULL) {
        abort();
    }
}

void batch_finish(struct batch *batch)
{
    store_batch_destroy(batch->rows);
    arena_finish(&batch->memory);
    arena_finish(&batch->scratch);
    buffer_finish(&batch->encoded);
    buffer_finish(&batch->encoded_outbox);
    buffer_finish(&batch->sealed);
    free(batch->overlay);
}

void batch_reset(struct batch *batch)
{
    store_batch_clear(batch->rows);
    for (struct overlay_entry *entry = batch->overlay_newest; entry != NULL; entry = entry->older) {
        *entry->slot = NULL;
    }
    batch->overlay_newest = NULL;
    batch->overlay_count = 0;
    arena_reset(&batch->memory);
    arena_reset(&batch->scratch);
    batch->written = NULL;
    batch->bytes = 0;
    batch->expiry_low = UINT64_MAX;
    batch->durable = false;
    batch->outbox_changed = false;
    batch->probes = false;
    batch->broken = false;
    batch->last = false;
}

bool batch_is_full(const struct batch *batch)
{
    return batch->last || batch->broken || batch->overlay_count >= BATCH_ROWS_MAX || batch->bytes >= BATCH_BYTES_MAX;
}

int batch_commit(struct batch *batch, struct err *err)
{
    struct item_cache *cache = batch->shard->cache;
    assert(!batch->broken);
    for (struct overlay_entry *entry = batch->overlay_newest; entry != NULL; entry = entry->older) {
        entry->was_cached = entry->family == STORE_ITEMS && item_cache_write_begin(cache, entry->key);
    }
    int failed = store_commit(batch->shard->store, batch->rows, batch->durable, err);
    for (struct overlay_entry *entry = batch->overlay_newest; entry != NULL; entry = entry->older) {
        bool stays = failed == 0 && entry->was_cached;
        if (entry->family == STORE_ITEMS) {
            item_cache_write_end(cache, entry->key, stays ? entry->stored : SLICE(""));
        }
    }
    for (const struct written_table *table = batch->written; table != NULL; table = table->next) {
        atomic_fetch_add(&table->state->writes, 1);
    }
    return failed;
}

void batch_count_write(struct batch *batch, struct table_state *state)
{
    atomic_fetch_add(&state->writes, 1);
    if (batch->written == NULL || batch->written->state != state) {
        struct written_table *table = ARENA_NEW(&batch->memory, struct written_table);
        *table = (struct written_table){batch->written, state};
        batch->written = table;
    }
}

uint64_t batch_next_version(struct batch *batch)
{
    uint64_t now = env_time_us();
    struct shard *shard = batch->shard;
    shard->version = now > shard->version ? now : shard->version + 1;
    return shard->version;
}

/* The slot of a row: its entry, or the free one where it belongs. */
static struct overlay_entry **overlay_slot(struct batch *batch, enum store_family family, struct slice key)
{
    uint64_t at = hash_bytes(key);
    for (;; at++) {
        struct overlay_entry **slot = &batch->overlay[at & (OVERLAY_SLOTS - 1)];
        if (*slot == NULL || ((*slot)->family == family && slice_equal((*slot)->key, key))) {
            return slot;
        }
    }
}

static void overlay_set(struct batch *batch, enum store_family family, struct slice key, struct slice stored)
{
    struct overlay_entry **slot = overlay_slot(batch, family, key);
    if (*slot == NULL) {
        assert(batch->overlay_count < OVERLAY_SLOTS / 2);
        *slot = ARENA_NEW(&batch->memory, struct overlay_entry);
        (*slot)->family = family;
        (*slot)->key = arena_copy(&batch->memory, key);
        (*slot)->slot = slot;
        (*slot)->older = batch->overlay_newest;
        batch->overlay_newest = *slot;
        batch->overlay_count++;
    }
    (*slot)->stored = arena_copy(&batch->memory, stored);
}

int batch_get_item(struct batch *batch, const struct row_key *key, struct stored_item *ret_item, struct err *err)
{
    struct overlay_entry *entry = *overlay_slot(batch, STORE_ITEMS, key->bytes);
    if (entry == NULL) {
        return shard_get(batch->shard, key, ret_item, err);
    }
    *ret_item = (struct stored_item){.bytes = entry->stored};
    return 0;
}

struct slice batch_seal(struct batch *batch, enum store_family family, struct slice key, struct slice stored)
{
    struct shard *shard = batch->shard;
    if (!vault_is_sealing(shard->vault) || row_is_sealed(stored)) {
        return stored;
    }
    buffer_clear(&batch->sealed);
    switch (vault_seal(shard->vault, &shard->run, family, key, stored, &batch->sealed)) {
    case VAULT_PLAIN:
        break;
    case VAULT_SEALED:
        return buffer_slice(&batch->sealed);
    case VAULT_UNUSABLE:
        batch->broken = true; /* nothing of an encrypted table is ever stored plain */
        break;
    }
    return stored;
}

void batch_put_item(struct batch *batch, const struct row_key *key, struct slice stored)
{
    assert(stored.len > 0 && shard_owns(batch->shard, key->hash));
    store_batch_put(batch->rows, batch->shard->store, STORE_ITEMS, key->bytes,
                    batch_seal(batch, STORE_ITEMS, key->bytes, stored));
    overlay_set(batch, STORE_ITEMS, key->bytes, stored);
    batch->bytes += key->bytes.len + stored.len;
    batch->durable = true;
}

void batch_delete_item(struct batch *batch, const struct row_key *key)
{
    assert(shard_owns(batch->shard, key->hash));
    store_batch_delete(batch->rows, batch->shard->store, STORE_ITEMS, key->bytes);
    overlay_set(batch, STORE_ITEMS, key->bytes, SLICE(""));
    atomic_fetch_add(&batch->shard->deletes, 1);
    batch->bytes += key->bytes.len;
    batch->durable = true;
}

bool batch_find_row(struct batch *batch, enum store_family family, struct slice key, struct slice *ret_value)
{
    const struct overlay_entry *entry = *overlay_slot(batch, family, key);
    if (entry != NULL) {
        *ret_value = entry->stored;
    }
    return entry != NULL;
}

void batch_put_row(struct batch *batch, enum store_family family, struct slice key, struct slice value)
{
    assert(value.len > 0);
    store_batch_put(batch->rows, batch->shard->store, family, key, value);
    overlay_set(batch, family, key, value);
    batch->bytes += key.len + value.len;
    batch->durable = true;
}

void batch_delete_row(struct batch *batch, enum store_family family, struct slice key)
{
    store_batch_delete(batch->rows, batch->shard->store, family, key);
    overlay_set(batch, family, key, SLICE(""));
    batch->bytes += key.len;
    batch->durable = true;
}

void batch_write_index_row(struct batch *batch, const struct row_key *key, struct slice stored)
{
    batch->bytes += key->bytes.len + stored.len;
    batch->durable = true;
    stored = stored.len > 0 ? batch_seal(batch, STORE_INDEX, key->bytes, stored) : stored;
    if (!shard_owns(batch->shard, key->hash)) {
        outbox_append(batch, key, stored);
    } else if (stored.len > 0) {
        store_batch_put(batch->rows, batch->shard->store, STORE_INDEX, key->bytes, stored);
    } else {
        store_batch_delete(batch->rows, batch->shard->store, STORE_INDEX, key->bytes);
    }
}
