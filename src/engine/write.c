/* Put, update and delete on the shard's writer thread: read, condition, new item, rows. A command leaves nothing in the
 * batch unless it ends in WRITE_DONE. */
#include "engine/write.h"

#include <assert.h>

#include "base/log.h"
#include "engine/batch.h"
#include "engine/capacity.h"
#include "engine/index.h"
#include "value/codec.h"

/* The item as it is before the write. */
struct before {
    bool read;
    bool exists;
    struct item item;
    size_t size;
};

/* Reading the old item is dear: only where something depends on it. */
static bool needs_old(const struct write *write)
{
    return write->kind == WRITE_UPDATE || write->condition != NULL || write->want_old || write->want_new ||
           write->want_capacity || write->table->spec.index_count > 0;
}

static int read_old(struct write *write, struct batch *batch, struct before *ret_before)
{
    struct err err;
    struct stored_item stored;
    *ret_before = (struct before){.read = true};
    if (batch_get_item(batch, &write->key, &stored, &err) != 0) {
        log_error("read of an item failed: %s", err.text);
        return -1;
    }
    if (stored.bytes.len == 0) {
        stored_item_release(&stored);
        return 0;
    }
    /* What is returned must outlive the batch. */
    struct arena *arena = write->want_old || write->want_new ? write->arena : &batch->scratch;
    struct slice bytes = arena_copy(arena, stored.bytes);
    stored_item_release(&stored);
    struct item_header header;
    if (item_decode(arena, bytes, &header, &ret_before->item, &err) != 0) {
        log_error("a stored item is damaged: %s", err.text);
        return -1;
    }
    ret_before->exists = true;
    ret_before->size = header.size;
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

/* The item after the write; *ret_exists is false for a delete. */
static enum write_result make_new(struct write *write, struct batch *batch, const struct before *before,
                                  struct item *ret_new, size_t *ret_size, bool *ret_exists)
{
    *ret_exists = write->kind != WRITE_DELETE;
    *ret_size = 0;
    if (write->kind == WRITE_DELETE) {
        return WRITE_DONE;
    }
    if (write->kind == WRITE_PUT) {
        *ret_new = write->item;
    } else if (write->update == NULL) {
        *ret_new = before->exists ? before->item : write->key_item;
    } else {
        struct arena *arena = write->want_new ? write->arena : &batch->scratch;
        const struct item *old = before->exists ? &before->item : NULL;
        if (update_apply(write->update, &write->key_item, old, arena, ret_new, &write->expr_error) != 0) {
            return WRITE_UPDATE_INVALID;
        }
        if (is_too_deep(ret_new)) {
            return WRITE_ITEM_TOO_DEEP;
        }
    }
    *ret_size = item_size(ret_new);
    if (*ret_size > ITEM_SIZE_MAX) {
        return WRITE_ITEM_TOO_LARGE;
    }
    if (!index_check_item(&write->table->spec, ret_new, &write->index_flaw)) {
        return WRITE_INDEX_KEY_INVALID;
    }
    return WRITE_DONE;
}

static void write_rows(struct write *write, struct batch *batch, const struct before *before,
                       const struct item *new_item, size_t new_size, bool new_exists)
{
    uint64_t version = batch_next_version(batch);
    if (new_exists) {
        struct item_header header = {.version = version, .size = (uint32_t)new_size};
        buffer_clear(&batch->encoded);
        item_encode(&batch->encoded, &header, new_item);
        batch_put_item(batch, &write->key, buffer_slice(&batch->encoded));
    } else if (!before->read || before->exists) {
        batch_delete_item(batch, &write->key);
    }
    if (write->table->spec.index_count > 0) {
        index_update(batch, &write->table->spec, before->exists ? &before->item : NULL, new_exists ? new_item : NULL,
                     version, write->index_units);
    }
    atomic_fetch_add_explicit(&write->table->state->writes, 1, memory_order_relaxed);
}

static enum write_result evaluate(struct write *write, struct batch *batch)
{
    struct before before = {0};
    if (atomic_load(&write->table->state->dropped)) {
        return WRITE_TABLE_GONE;
    }
    if (needs_old(write) && read_old(write, batch, &before) != 0) {
        return WRITE_STORE_FAILED;
    }
    const struct item *old = before.exists ? &before.item : NULL;
    write->had_old = before.exists;
    if (before.exists && write->want_old) {
        write->old = before.item;
    }
    write->table_units = capacity_write_units(before.size);
    if (write->condition != NULL && !condition_holds(write->condition, old, &batch->scratch)) {
        return WRITE_CONDITION_FAILED;
    }
    struct item new_item = {0};
    size_t new_size;
    bool new_exists;
    enum write_result result = make_new(write, batch, &before, &new_item, &new_size, &new_exists);
    if (result != WRITE_DONE) {
        return result;
    }
    write_rows(write, batch, &before, &new_item, new_size, new_exists);
    write->table_units = capacity_write_units(new_size > before.size ? new_size : before.size);
    if (write->want_new && new_exists) {
        write->new = new_item;
    }
    return WRITE_DONE;
}

static void evaluate_command(struct command *command, struct batch *batch)
{
    struct write *write = (struct write *)command;
    write->result = evaluate(write, batch);
}

void write_init(struct write *write)
{
    *write = (struct write){.command.evaluate = evaluate_command};
}
