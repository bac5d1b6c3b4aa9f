/* Put, update and delete on the shard's writer thread: read, condition, new item, rows. A command leaves nothing in the
 * batch unless it ends in WRITE_DONE. */
#include "engine/write.h"

#include <assert.h>

#include "base/log.h"
#include "engine/batch.h"
#include "engine/capacity.h"
#include "engine/collection.h"
#include "engine/index.h"
#include "engine/shard.h"
#include "engine/ttl.h"
#include "engine/write_steps.h"
#include "engine/write_throttle.h"
#include "value/codec.h"

/* Reading the old item is dear: only where something depends on it. */
static bool needs_old(const struct write *write)
{
    return write->kind == WRITE_UPDATE || write->condition != NULL || write->want_old || write->want_new ||
           write->want_capacity || write->table->spec.index_count > 0 || ttl_is_on(&write->table->spec) ||
           throughput_is_on(write->table);
}

static int read_old(struct write *write, struct batch *batch, struct write_plan *plan)
{
    struct err err;
    struct stored_item stored;
    if (batch_get_item(batch, &write->key, &stored, &err) != 0) {
        log_error("read of an item failed: %s", err.text);
        return -1;
    }
    plan->old_read = true;
    if (stored.bytes.len == 0) {
        stored_item_release(&stored);
        return 0;
    }
    /* What is returned must outlive the batch. */
    struct arena *arena = write->want_old || write->want_new ? write->arena : &batch->scratch;
    struct slice bytes = arena_copy(arena, stored.bytes);
    stored_item_release(&stored);
    struct item_header header;
    if (item_decode(arena, bytes, &header, &plan->old, &err) != 0) {
        log_error("a stored item is damaged: %s", err.text);
        return -1;
    }
    plan->old_exists = true;
    plan->old_size = header.size;
    return 0;
}

static bool is_too_deep(const struct item *item)
{
    for (uint32_t i = 0; i < item->count; i++) {
        if (value_depth(&item->attributes[i].value) > VALUE_DEPTH_MAX) {
            return true;
        }
    }
    return false;
}

static enum write_result make_new(struct write *write, struct batch *batch, struct write_plan *plan)
{
    plan->new_exists = write->kind == WRITE_PUT || write->kind == WRITE_UPDATE;
    if (!plan->new_exists) {
        return WRITE_DONE;
    }
    if (write->kind == WRITE_PUT) {
        plan->new = write->item;
    } else if (write->update == NULL) {
        plan->new = plan->old_exists ? plan->old : write->key_item;
    } else {
        struct arena *arena = write->want_new ? write->arena : &batch->scratch;
        const struct item *old = plan->old_exists ? &plan->old : NULL;
        if (update_apply(write->update, &write->key_item, old, arena, &plan->new, &write->expr_error) != 0) {
            return WRITE_UPDATE_INVALID;
        }
        if (is_too_deep(&plan->new)) {
            return WRITE_ITEM_TOO_DEEP;
        }
    }
    const struct table_spec *table = &write->table->spec;
    plan->new_size = item_size(&plan->new);
    /* Rows of local indexes count against the same limit; they are no larger than the item, so most items need not be
     * measured with theirs. Source: Amazon DynamoDB Developer Guide, "Service quotas", item size. */
    if (plan->new_size > ITEM_SIZE_MAX ||
        (plan->new_size * (1 + table->index_count) > ITEM_SIZE_MAX &&
         plan->new_size + index_local_rows(table, &plan->new).bytes > ITEM_SIZE_MAX)) {
        return WRITE_ITEM_TOO_LARGE;
    }
    if (!index_check_item(table, &plan->new, &write->index_flaw)) {
        return WRITE_INDEX_KEY_INVALID;
    }
    return WRITE_DONE;
}

static enum write_result prepare_collection(const struct write *write, struct batch *batch, struct write_plan *plan)
{
    struct err err;
    if (write->kind != WRITE_CHECK &&
        collection_prepare(batch, &write->table->spec, write->key.bytes, plan->old_exists ? &plan->old : NULL,
                           plan->new_exists ? &plan->new : NULL, &plan->collection, &err) != 0) {
        log_error("an item collection cannot be measured: %s", err.text);
        return WRITE_STORE_FAILED;
    }
    return WRITE_DONE;
}

enum write_result write_prepare(struct write *write, struct batch *batch, struct write_plan *ret_plan)
{
    *ret_plan = (struct write_plan){0};
    write->table = table_newest(write->table); /* the request holds the version it looked up, and that the newer ones */
    if (atomic_load(&write->table->state->dropped)) {
        return WRITE_TABLE_GONE;
    }
    if (locks_holder(&batch->shard->locks, write->key.bytes) != NULL) {
        return WRITE_CONFLICT;
    }
    bool throttled = throughput_is_on(write->table);
    if (throttled && !write_admit(write)) {
        return WRITE_THROTTLED;
    }
    if (needs_old(write) && read_old(write, batch, ret_plan) != 0) {
        return WRITE_STORE_FAILED;
    }
    write->had_old = ret_plan->old_exists;
    if (ret_plan->old_exists && write->want_old) {
        write->old = ret_plan->old;
    }
    write->table_units = capacity_write_units(ret_plan->old_size);
    const struct item *old = ret_plan->old_exists ? &ret_plan->old : NULL;
    if (write->condition != NULL && !condition_holds(write->condition, old, &batch->scratch)) {
        return WRITE_CONDITION_FAILED;
    }
    enum write_result result = make_new(write, batch, ret_plan);
    if (result == WRITE_DONE && throttled && !write_admit_indexes(write, batch, ret_plan)) {
        return WRITE_THROTTLED;
    }
    return result == WRITE_DONE ? prepare_collection(write, batch, ret_plan) : result;
}

bool write_check_collections(const struct batch *batch, struct write *const *writes, const struct write_plan *plans,
                             uint32_t count)
{
    uint64_t max = batch->shard->collection_bytes_max;
    bool fit = true;
    for (uint32_t i = 0; i < count; i++) {
        const struct collection_change *change = &plans[i].collection;
        int64_t bytes = 0; /* of all of the writes to this collection */
        for (uint32_t j = 0; j < count && change->bytes > 0; j++) {
            if (j == i || slice_equal(plans[j].collection.key, change->key)) {
                bytes += plans[j].collection.bytes;
            }
        }
        if (bytes > 0 && change->before + (uint64_t)bytes > max) {
            writes[i]->result = WRITE_COLLECTION_FULL;
            fit = false;
        }
    }
    return fit;
}

void write_apply(struct write *write, struct batch *batch, const struct write_plan *plan)
{
    size_t larger = plan->new_size > plan->old_size ? plan->new_size : plan->old_size;
    write->table_units = capacity_write_units(larger);
    if (write->kind == WRITE_CHECK) {
        return;
    }
    uint64_t version = batch_next_version(batch);
    if (plan->new_exists) {
        struct item_header header = {.version = version, .size = (uint32_t)plan->new_size};
        buffer_clear(&batch->encoded);
        item_encode(&batch->encoded, &header, &plan->new);
        batch_put_item(batch, &write->key, buffer_slice(&batch->encoded));
    } else if (!plan->old_read || plan->old_exists) {
        batch_delete_item(batch, &write->key);
    }
    const struct table_spec *table = &write->table->spec;
    if (table->index_count > 0) {
        index_update(batch, table, plan->old_exists ? &plan->old : NULL, plan->new_exists ? &plan->new : NULL, version,
                     write->index_units);
    }
    collection_apply(batch, &plan->collection);
    if (ttl_is_on(table)) {
        ttl_update(batch, table, &write->key, plan->old_exists ? &plan->old : NULL,
                   plan->new_exists ? &plan->new : NULL);
    }
    batch_count_write(batch, write->table->state);
    if (write->want_new && plan->new_exists) {
        write->new = plan->new;
    }
}

static void evaluate_command(struct command *command, struct batch *batch)
{
    struct write *write = (struct write *)command;
    struct write_plan plan;
    write->result = write_prepare(write, batch, &plan);
    if (write->result == WRITE_DONE && write_check_collections(batch, &write, &plan, 1)) {
        write_apply(write, batch, &plan);
    }
    if (throughput_is_on(write->table)) {
        write_charge(write, batch, &plan, 1);
    }
}

void write_init(struct write *write)
{
    *write = (struct write){.command.evaluate = evaluate_command};
}
