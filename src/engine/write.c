/* Put, update and delete on the shard's writer thread: read, condition, new item, rows. A command leaves nothing in the
 * batch unless it ends in WRITE_DONE. */
#include "engine/write.h"

#include <assert.h>

#include "base/log.h"
#include "engine/batch.h"
#include "engine/capacity.h"
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
    /* Local index rows are no larger than the item: most items need not be measured with theirs. */
    if (plan->new_size > ITEM_SIZE_MAX ||
        (plan->new_size * (1 + table->index_count) > ITEM_SIZE_MAX &&
         index_collected_size(&batch->scratch, table, &plan->new, plan->new_size) > ITEM_SIZE_MAX)) {
        return WRITE_ITEM_TOO_LARGE;
    }
    if (!index_check_item(table, &plan->new, &write->index_flaw)) {
        return WRITE_INDEX_KEY_INVALID;
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
    return result;
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
    if (ttl_is_on(table)) {
        ttl_update(batch, table, &write->key, plan->old_exists ? &plan->old : NULL,
                   plan->new_exists ? &plan->new : NULL);
    }
    atomic_fetch_add_explicit(&write->table->state->writes, 1, memory_order_relaxed);
    if (write->want_new && plan->new_exists) {
        write->new = plan->new;
    }
}

static void evaluate_command(struct command *command, struct batch *batch)
{
    struct write *write = (struct write *)command;
    struct write_plan plan;
    write->result = write_prepare(write, batch, &plan);
    if (write->result == WRITE_DONE) {
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
