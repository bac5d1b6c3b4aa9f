#include "engine/outbox.h"

#include "base/big_endian.h"

#define NEXT_KEY SLICE("outbox/next")

static struct slice sequence_key(uint64_t sequence, char ret_bytes[8])
{
    write_u64(ret_bytes, sequence);
    return slice_of(ret_bytes, sizeof sequence);
}

static int get_u64(struct store *store, struct slice key, uint64_t *ret_number, struct err *err)
{
    struct store_value value;
    if (store_get(store, STORE_META, key, &value, err) != 0) {
        return -1;
    }
    *ret_number = value.pin != NULL && value.bytes.len == 8 ? read_u64(value.bytes.data) : 0;
    store_value_release(&value);
    return 0;
}

static void put_u64(struct batch *batch, struct slice key, uint64_t number)
{
    char bytes[8];
    store_batch_put(batch->rows, batch->shard->store, STORE_META, key, sequence_key(number, bytes));
}

int outbox_load(struct shard *shard, struct err *err)
{
    uint64_t next;
    if (get_u64(shard->store, NEXT_KEY, &next, err) != 0) {
        return err_wrap(err, "outbox");
    }
    shard->outbox_next = next == 0 ? 1 : next;
    return 0;
}

void outbox_append(struct batch *batch, const struct row_key *key, struct slice stored)
{
    struct shard *shard = batch->shard;
    struct buffer *row = &batch->encoded_outbox;
    buffer_clear(row);
    buffer_append_u64(row, key->hash);
    buffer_append_u32(row, (uint32_t)key->bytes.len);
    buffer_append_slice(row, key->bytes);
    buffer_append_slice(row, stored);
    char bytes[8];
    store_batch_put(batch->rows, shard->store, STORE_OUTBOX, sequence_key(shard->outbox_next++, bytes),
                    buffer_slice(row));
    put_u64(batch, NEXT_KEY, shard->outbox_next);
    batch->outbox_changed = true;
}

/* False if the bytes are no outbox row. */
static bool parse_row(struct arena *arena, struct slice key, struct slice value, struct outbox_row *ret_row)
{
    if (key.len != 8 || value.len < 12) {
        return false;
    }
    uint32_t key_len;
    memcpy(&key_len, value.data + 8, sizeof key_len);
    key_len = __builtin_bswap32(key_len);
    if (key_len > value.len - 12) {
        return false;
    }
    struct slice copy = arena_copy(arena, slice_of(value.data + 12, value.len - 12));
    *ret_row = (struct outbox_row){.sequence = read_u64(key.data),
                                   .key = {slice_of(copy.data, key_len), read_u64(value.data)},
                                   .stored = slice_of(copy.data + key_len, copy.len - key_len)};
    return true;
}

int outbox_read(struct shard *shard, uint64_t after, struct arena *arena, struct outbox_row **ret_rows, struct err *err)
{
    /* The bound is more than a filter: it spares the cursor the tombstones of what was delivered before. */
    char lower[8];
    struct store_cursor *cursor =
        store_cursor_create(shard->store, STORE_OUTBOX, sequence_key(after + 1, lower), SLICE(""), false);
    struct outbox_row **tail = ret_rows;
    *ret_rows = NULL;
    size_t rows = 0, bytes = 0;
    int more = 0;
    while (rows < OUTBOX_RUN_ROWS && bytes < OUTBOX_RUN_BYTES && (more = store_cursor_next(cursor, err)) == 1) {
        struct outbox_row *row = ARENA_NEW(arena, struct outbox_row);
        if (!parse_row(arena, store_cursor_key(cursor), store_cursor_value(cursor), row)) {
            more = err_set(err, "outbox: a row is damaged");
            break;
        }
        *tail = row;
        tail = &row->next;
        rows++;
        bytes += row->key.bytes.len + row->stored.len;
    }
    store_cursor_destroy(cursor);
    return more < 0 ? -1 : 0;
}

/* Rows of a table or index that was dropped meanwhile would stay for ever: its removal has already passed here. */
static bool index_is_there(struct catalog *catalog, struct slice key)
{
    uint32_t ids[2];
    if (key.len < sizeof ids) {
        return false;
    }
    memcpy(ids, key.data, sizeof ids);
    struct table *table = catalog_acquire_id(catalog, __builtin_bswap32(ids[0]));
    if (table == NULL) {
        return false;
    }
    bool is_there = false;
    for (uint32_t i = 0; i < table->spec.index_count; i++) {
        const struct index_spec *index = &table->spec.indexes[i];
        is_there = is_there || (index->id == __builtin_bswap32(ids[1]) && index->status != INDEX_DELETING);
    }
    table_release(table);
    return is_there;
}

int outbox_apply(struct batch *batch, unsigned sender, const struct outbox_row *rows, struct catalog *catalog,
                 struct err *err)
{
    struct buffer seen_key = {0};
    BUFFER_APPEND_LITERAL(&seen_key, "outbox/seen/");
    buffer_append_u32(&seen_key, sender);
    uint64_t seen;
    int failed = get_u64(batch->shard->store, buffer_slice(&seen_key), &seen, err);
    uint64_t newest = seen;
    for (const struct outbox_row *row = rows; failed == 0 && row != NULL; row = row->next) {
        if (row->sequence <= seen || !shard_owns(batch->shard, row->key.hash)) {
            continue;
        }
        if (index_is_there(catalog, row->key.bytes)) {
            batch_write_index_row(batch, &row->key, row->stored);
        }
        newest = row->sequence;
    }
    if (failed == 0 && newest != seen) {
        put_u64(batch, buffer_slice(&seen_key), newest);
    }
    buffer_finish(&seen_key);
    return failed;
}

void outbox_delivered(struct batch *batch, const struct outbox_row *rows)
{
    for (const struct outbox_row *row = rows; row != NULL; row = row->next) {
        char bytes[8];
        store_batch_delete(batch->rows, batch->shard->store, STORE_OUTBOX, sequence_key(row->sequence, bytes));
    }
}
