#include "engine/collection.h"

#include <assert.h>

#include "base/big_endian.h"
#include "base/hash.h"
#include "engine/index.h"
#include "engine/shard.h"
#include "value/codec.h"

#define FORMAT      1
#define CHECKSUM_AT 1
#define BYTES_AT    5
#define ROW_BYTES   13

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

static struct slice encode(uint64_t bytes, char ret_row[ROW_BYTES])
{
    ret_row[0] = FORMAT;
    write_u64(ret_row + BYTES_AT, bytes);
    write_u32(ret_row + CHECKSUM_AT, hash_checksum(slice_of(ret_row + BYTES_AT, ROW_BYTES - BYTES_AT)));
    return slice_of(ret_row, ROW_BYTES);
}

static int decode(struct slice row, uint64_t *ret_bytes, struct err *err)
{
    if (row.len < 1 || row.data[0] != FORMAT) {
        return err_set(err, "the size of an item collection has an unknown format");
    }
    char expected[ROW_BYTES];
    if (row.len == ROW_BYTES) {
        uint64_t bytes = read_u64(row.data + BYTES_AT);
        if (slice_equal(row, encode(bytes, expected))) {
            *ret_bytes = bytes;
            return 0;
        }
    }
    return err_set(err, "the size of an item collection is damaged");
}

/* *ret_found: there is a row. */
static int read_row(struct shard *shard, struct slice key, bool *ret_found, uint64_t *ret_bytes, struct err *err)
{
    struct store_value value;
    if (store_get(shard->store, STORE_COLLECTIONS, key, &value, err) != 0) {
        return err_wrap(err, "shard %u", shard->number);
    }
    *ret_found = value.pin != NULL;
    *ret_bytes = 0;
    int failed = *ret_found ? decode(value.bytes, ret_bytes, err) : 0;
    store_value_release(&value);
    return failed;
}

int collection_read(struct shard *shard, struct slice key, uint64_t *ret_bytes, struct err *err)
{
    bool found;
    return read_row(shard, key, &found, ret_bytes, err);
}

/* --- adding up -----------------------------------------------------------------------------------------------------
 */

static int add_rows(struct shard *shard, bool is_index, const struct row_range *range, uint64_t *bytes, struct err *err)
{
    struct store_cursor *rows = shard_rows(shard, is_index, range->lower, range->upper, false);
    struct buffer opened = {0};
    int more;
    while ((more = store_cursor_next(rows, err)) == 1) {
        struct item_header header;
        struct slice stored;
        if (shard_row_value(shard, is_index, rows, &opened, &stored, err) != 0 ||
            item_decode_header(stored, &header, err) != 0) {
            more = -1;
            break;
        }
        *bytes += header.size + (is_index ? COLLECTION_INDEX_ROW_BYTES : 0);
    }
    store_cursor_destroy(rows);
    buffer_finish(&opened);
    return more;
}

/* What is stored, apart from the batch: nothing in it is about this collection, else it would have the row. */
static int add_up(struct batch *batch, const struct table_spec *table, struct slice key, uint64_t *ret_bytes,
                  struct err *err)
{
    struct row_range range;
    uint64_t bytes = 0;
    row_range_of_collection(&batch->scratch, NULL, key, &range);
    int failed = add_rows(batch->shard, false, &range, &bytes, err);
    for (uint32_t i = 0; i < table->index_count && failed == 0; i++) {
        if (!table->indexes[i].global) {
            row_range_of_collection(&batch->scratch, &table->indexes[i], key, &range);
            failed = add_rows(batch->shard, true, &range, &bytes, err);
        }
    }
    *ret_bytes = bytes;
    return failed;
}

/* --- writing -------------------------------------------------------------------------------------------------------
 */

static int64_t collected_bytes(const struct table_spec *table, const struct item *item)
{
    if (item == NULL) {
        return 0;
    }
    struct local_rows rows = index_local_rows(table, item);
    return (int64_t)(item_size(item) + rows.bytes + (size_t)rows.count * COLLECTION_INDEX_ROW_BYTES);
}

/* The bytes as the commands before left them: of this batch, or stored. */
static int read_current(struct batch *batch, const struct table_spec *table, struct slice key, uint64_t *ret_bytes,
                        struct err *err)
{
    struct slice row;
    if (batch_find_row(batch, STORE_COLLECTIONS, key, &row)) {
        *ret_bytes = 0;
        return row.len == 0 ? 0 : decode(row, ret_bytes, err);
    }
    bool found;
    if (read_row(batch->shard, key, &found, ret_bytes, err) != 0) {
        return -1;
    }
    return found || table->collections_kept ? 0 : add_up(batch, table, key, ret_bytes, err);
}

int collection_prepare(struct batch *batch, const struct table_spec *table, struct slice key, const struct item *old,
                       const struct item *new, struct collection_change *ret_change, struct err *err)
{
    struct collection_change change = {0};
    if (table_has_local_index(table)) {
        change.bytes = collected_bytes(table, new) - collected_bytes(table, old);
        if (change.bytes != 0 || !table->collections_kept) {
            change.key = row_key_collection(table, key);
            if (read_current(batch, table, change.key, &change.before, err) != 0) {
                return -1;
            }
        }
    }
    *ret_change = change;
    return 0;
}

void collection_apply(struct batch *batch, const struct collection_change *change)
{
    if (change->key.len == 0) {
        return;
    }
    uint64_t before = change->before;
    struct slice row;
    if (batch_find_row(batch, STORE_COLLECTIONS, change->key, &row)) {
        /* Of a transaction, all writes are prepared before the first is applied. */
        struct err err;
        before = 0;
        int failed = row.len == 0 ? 0 : decode(row, &before, &err);
        assert(failed == 0);
    }
    assert(change->bytes >= 0 || before >= (uint64_t)-change->bytes);
    uint64_t bytes = before + (uint64_t)change->bytes;
    char encoded[ROW_BYTES];
    if (bytes == 0) {
        batch_delete_row(batch, STORE_COLLECTIONS, change->key);
    } else {
        batch_put_row(batch, STORE_COLLECTIONS, change->key, encode(bytes, encoded));
    }
}

void collection_drop(struct batch *batch, uint32_t table_id)
{
    uint32_t first = __builtin_bswap32(table_id), behind = __builtin_bswap32(table_id + 1);
    store_batch_delete_range(batch->rows, batch->shard->store, STORE_COLLECTIONS, slice_of(&first, sizeof first),
                             slice_of(&behind, sizeof behind));
}
