#include "engine/backfill.h"

#include "engine/index.h"
#include "engine/shard.h"
#include "value/codec.h"

static struct slice position_key(struct arena *arena, uint32_t table_id, uint32_t index_id)
{
    struct buffer key = {0};
    BUFFER_APPEND_LITERAL(&key, "backfill/");
    buffer_append_u32(&key, table_id);
    buffer_append_u32(&key, index_id);
    struct slice copy = arena_copy(arena, buffer_slice(&key));
    buffer_finish(&key);
    return copy;
}

/* The rows of the table behind the last one passed; *ret_done when all were. */
static int rest_of_table(struct batch *batch, const struct table_spec *table, struct slice position,
                         struct row_range *ret_range, bool *ret_done, struct err *err)
{
    struct store_value value;
    if (store_get(batch->shard->store, STORE_META, position, &value, err) != 0) {
        return -1;
    }
    row_range_of_scan(&batch->scratch, table, NULL, 0, 1, ret_range);
    *ret_done = value.pin != NULL && value.bytes.len == 0;
    if (value.bytes.len > 0) {
        char *behind = arena_alloc(&batch->scratch, value.bytes.len + 1);
        memcpy(behind, value.bytes.data, value.bytes.len);
        behind[value.bytes.len] = '\0';
        ret_range->lower = slice_of(behind, value.bytes.len + 1);
    }
    store_value_release(&value);
    return 0;
}

/* The item is read through the batch: a write before this run in the same batch may have changed it. */
static int fill_item(struct batch *batch, const struct table_spec *table, const struct index_spec *index,
                     struct slice row, struct arena *arena, size_t *ret_bytes, struct err *err)
{
    struct row_key key = {arena_copy(arena, row), row_key_hash(row, false)};
    struct stored_item stored;
    if (batch_get_item(batch, &key, &stored, err) != 0) {
        return -1;
    }
    struct slice bytes = arena_copy(arena, stored.bytes);
    stored_item_release(&stored);
    *ret_bytes = bytes.len;
    struct item_header header;
    struct item item;
    if (bytes.len == 0) {
        return 0;
    }
    if (item_decode(arena, bytes, &header, &item, err) != 0) {
        return -1;
    }
    index_put_row(batch, arena, table, index, &item, header.version);
    return 0;
}

int backfill_run(struct batch *batch, const struct table_spec *table, const struct index_spec *index, bool *ret_done,
                 struct err *err)
{
    struct slice position = position_key(&batch->scratch, table->id, index->id);
    struct row_range range;
    if (rest_of_table(batch, table, position, &range, ret_done, err) != 0) {
        return -1;
    }
    if (*ret_done) {
        return 0;
    }
    struct store *store = batch->shard->store;
    struct store_cursor *cursor = store_cursor_create(store, STORE_ITEMS, range.lower, range.upper, false);
    struct buffer last = {0};
    struct arena arena;
    arena_init(&arena, 4096);
    int more = 1;
    size_t bytes = 0;
    for (int rows = 0; rows < BACKFILL_RUN_ROWS && bytes < BACKFILL_RUN_BYTES; rows++) {
        size_t item_bytes;
        more = store_cursor_next(cursor, err);
        if (more != 1) {
            break;
        }
        struct slice key = store_cursor_key(cursor);
        buffer_clear(&last);
        buffer_append_slice(&last, key);
        arena_reset(&arena);
        if (fill_item(batch, table, index, key, &arena, &item_bytes, err) != 0) {
            more = -1;
            break;
        }
        bytes += item_bytes;
    }
    if (more >= 0) {
        *ret_done = more == 0;
        store_batch_put(batch->rows, store, STORE_META, position, more == 0 ? SLICE("") : buffer_slice(&last));
    }
    arena_finish(&arena);
    buffer_finish(&last);
    store_cursor_destroy(cursor);
    return more < 0 ? -1 : 0;
}

void backfill_forget(struct batch *batch, const struct table_spec *table, uint32_t index_id)
{
    struct slice key = position_key(&batch->scratch, table->id, index_id);
    store_batch_delete(batch->rows, batch->shard->store, STORE_META, key);
}

void backfill_remove(struct batch *batch, const struct table_spec *table, const struct index_spec *index)
{
    struct row_range range;
    row_range_of_scan(&batch->scratch, table, index, 0, 1, &range);
    store_batch_delete_range(batch->rows, batch->shard->store, STORE_INDEX, range.lower, range.upper);
    batch->durable = true;
}
