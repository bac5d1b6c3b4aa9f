#include "engine/ttl.h"

#include "base/big_endian.h"

#include <assert.h>

#include "engine/write_steps.h"
#include "value/number.h"

#define TIME_AT      4
#define REST_AT      (TIME_AT + 8)
#define META_PREFIX  SLICE("ttl/")
#define META_KEY_LEN 8
#define META_HEAD    9 /* generation, done */

/* --- times ---------------------------------------------------------------------------------------------------------
 */

/* Rounded up; false if it does not fit, or is negative: then it is more than five years ago. */
static bool whole_seconds(const struct number *number, uint64_t *ret_seconds)
{
    unsigned __int128 seconds = number->digits;
    bool has_fraction = false;
    for (int i = number->exponent; i < 0 && seconds > 0; i++) {
        has_fraction = has_fraction || seconds % 10 != 0;
        seconds /= 10;
    }
    for (int i = 0; i < number->exponent; i++) {
        if (seconds > UINT64_MAX) {
            return false;
        }
        seconds *= 10;
    }
    seconds += has_fraction;
    if (number->negative || seconds >= UINT64_MAX) {
        return false;
    }
    *ret_seconds = (uint64_t)seconds;
    return true;
}

bool ttl_time(const struct table_spec *table, const struct item *item, uint64_t *ret_time)
{
    const struct value *value = item_find(item, table->ttl.attribute);
    struct number number;
    return value != NULL && value->type == VALUE_N && number_parse(value->bytes, &number) == NUMBER_OK &&
           whole_seconds(&number, ret_time);
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

struct slice ttl_row(struct arena *arena, struct slice key, uint64_t time)
{
    assert(key.len > TIME_AT);
    char *bytes = arena_alloc(arena, key.len + 8);
    memcpy(bytes, key.data, TIME_AT);
    write_u64(bytes + TIME_AT, time);
    memcpy(bytes + REST_AT, key.data + TIME_AT, key.len - TIME_AT);
    return slice_of(bytes, key.len + 8);
}

uint64_t ttl_row_time(struct slice row)
{
    assert(row.len > REST_AT);
    return read_u64(row.data + TIME_AT);
}

static struct row_key item_key(struct arena *arena, struct slice row)
{
    char *bytes = arena_alloc(arena, row.len - 8);
    memcpy(bytes, row.data, TIME_AT);
    memcpy(bytes + TIME_AT, row.data + REST_AT, row.len - REST_AT);
    struct slice key = slice_of(bytes, row.len - 8);
    return (struct row_key){key, row_key_hash(key, false)};
}

struct store_cursor *ttl_rows(struct shard *shard, uint32_t table_id, uint64_t time, struct slice after)
{
    char upper[TIME_AT];
    write_u32(upper, table_id + 1);
    struct slice end = slice_of(upper, sizeof upper);
    if (after.len == 0) {
        char lower[REST_AT];
        write_u32(lower, table_id);
        write_u64(lower + TIME_AT, time);
        return store_cursor_create(shard->store, STORE_EXPIRY, slice_of(lower, sizeof lower), end, false);
    }
    struct buffer behind = {0};
    buffer_append_slice(&behind, after);
    buffer_append_byte(&behind, '\0');
    struct store_cursor *cursor = store_cursor_create(shard->store, STORE_EXPIRY, buffer_slice(&behind), end, false);
    buffer_finish(&behind);
    return cursor;
}

static void put_row(struct batch *batch, struct slice row)
{
    uint64_t time = ttl_row_time(row);
    store_batch_put(batch->rows, batch->shard->store, STORE_EXPIRY, row, SLICE(""));
    batch->bytes += row.len;
    batch->expiry_low = time < batch->expiry_low ? time : batch->expiry_low;
}

static void delete_row(struct batch *batch, struct slice row)
{
    store_batch_delete(batch->rows, batch->shard->store, STORE_EXPIRY, row);
    batch->bytes += row.len;
}

void ttl_update(struct batch *batch, const struct table_spec *table, const struct row_key *key, const struct item *old,
                const struct item *new)
{
    uint64_t before = 0, after = 0;
    bool had = old != NULL && ttl_time(table, old, &before);
    bool has = new != NULL &&ttl_time(table, new, &after) && !ttl_is_too_old(after, env_time_us() / 1000000);
    if (had && has && before == after) {
        return; /* the row is there, or the filling will make it */
    }
    if (had) {
        delete_row(batch, ttl_row(&batch->scratch, key->bytes, before));
    }
    if (has) {
        put_row(batch, ttl_row(&batch->scratch, key->bytes, after));
    }
}

void ttl_committed(struct shard *shard, uint64_t low)
{
    uint64_t known = atomic_load_explicit(&shard->expiry_low, memory_order_relaxed);
    while (low < known && !atomic_compare_exchange_weak(&shard->expiry_low, &known, low)) {
    }
}

uint64_t ttl_take_low(struct shard *shard)
{
    return atomic_exchange(&shard->expiry_low, UINT64_MAX);
}

/* --- expiring ------------------------------------------------------------------------------------------------------
 */

bool ttl_expire(struct batch *batch, struct table *table, struct slice row, uint64_t now_seconds)
{
    arena_reset(&batch->scratch);
    struct write write;
    struct write_plan plan;
    write_init(&write);
    write.kind = WRITE_DELETE;
    write.table = table;
    write.key = item_key(&batch->scratch, row);
    write.arena = &batch->scratch;
    write.is_free = true; /* source: Developer Guide, "Using time to live" */
    switch (write_prepare(&write, batch, &plan)) {
    case WRITE_DONE:
        break;
    case WRITE_TABLE_GONE:
        return true; /* the rows go with the table */
    default:
        return false;
    }
    uint64_t time;
    const struct table_spec *spec = &write.table->spec; /* the newest by now */
    if (ttl_is_on(spec) && plan.old_exists && ttl_time(spec, &plan.old, &time) && time == ttl_row_time(row) &&
        time <= now_seconds && !ttl_is_too_old(time, now_seconds)) {
        write_apply(&write, batch, &plan); /* and with it the row */
    } else {
        delete_row(batch, row);
    }
    return true;
}

/* --- a new generation -----------------------------------------------------------------------------------------------
 */

static struct slice meta_key(uint32_t table_id, char ret_bytes[META_KEY_LEN])
{
    memcpy(ret_bytes, META_PREFIX.data, META_PREFIX.len);
    write_u32(ret_bytes + META_PREFIX.len, table_id);
    return slice_of(ret_bytes, META_KEY_LEN);
}

static void put_progress(struct batch *batch, const struct table_spec *table, struct slice position, bool done)
{
    char key[META_KEY_LEN];
    buffer_clear(&batch->encoded);
    buffer_append_u64(&batch->encoded, table->ttl.generation);
    buffer_append_byte(&batch->encoded, done);
    buffer_append_slice(&batch->encoded, position);
    store_batch_put(batch->rows, batch->shard->store, STORE_META, meta_key(table->id, key),
                    buffer_slice(&batch->encoded));
}

static void delete_all_rows(struct batch *batch, uint32_t table_id)
{
    char lower[TIME_AT], upper[TIME_AT];
    write_u32(lower, table_id);
    write_u32(upper, table_id + 1);
    store_batch_delete_range(batch->rows, batch->shard->store, STORE_EXPIRY, slice_of(lower, sizeof lower),
                             slice_of(upper, sizeof upper));
}

void ttl_begin(struct batch *batch, const struct table_spec *table)
{
    delete_all_rows(batch, table->id);
    put_progress(batch, table, SLICE(""), !ttl_is_on(table));
}

void ttl_fill(struct batch *batch, const struct table_spec *table, const struct slice *rows, uint32_t count,
              struct slice position, bool done)
{
    for (uint32_t i = 0; i < count; i++) {
        put_row(batch, rows[i]);
    }
    put_progress(batch, table, position, done);
}

void ttl_drop(struct batch *batch, uint32_t table_id)
{
    char key[META_KEY_LEN];
    delete_all_rows(batch, table_id);
    store_batch_delete(batch->rows, batch->shard->store, STORE_META, meta_key(table_id, key));
}

int ttl_progress_read(struct shard *shard, uint32_t table_id, struct arena *arena, struct ttl_progress *ret_progress,
                      struct err *err)
{
    char key[META_KEY_LEN];
    struct store_value value;
    if (store_get(shard->store, STORE_META, meta_key(table_id, key), &value, err) != 0) {
        return -1;
    }
    *ret_progress = (struct ttl_progress){.position = SLICE("")};
    if (value.pin != NULL && value.bytes.len >= META_HEAD) {
        ret_progress->generation = read_u64(value.bytes.data);
        ret_progress->done = value.bytes.data[META_HEAD - 1] != 0;
        ret_progress->position = arena_copy(arena, slice_of(value.bytes.data + META_HEAD, value.bytes.len - META_HEAD));
    }
    store_value_release(&value);
    return 0;
}
