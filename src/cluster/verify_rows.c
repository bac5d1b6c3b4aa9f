/* Items, in the order in which they are stored: each of them, its rows in all indexes, its expiry row, and the size of
 * its collection, which is known when the next collection begins. */
#include "base/big_endian.h"
#include "cluster/verify_private.h"
#include "engine/collection.h"
#include "engine/index.h"
#include "engine/ttl.h"
#include "value/codec.h"

struct collection_sum {
    struct buffer key; /* empty: none has begun */
    struct verify_state *state;
    uint64_t bytes;
};

/* --- an item in an index -------------------------------------------------------------------------------------------
 */

/* The row as it will be once what is on its way has arrived. *ret_found: there is one. */
static int read_index_row(struct verify *verify, const struct row_key *key, struct store_value *ret_value,
                          struct slice *ret_stored, bool *ret_found, struct err *err)
{
    *ret_value = (struct store_value){0};
    if (pending_rows_find(verify->pending, key->bytes, ret_stored)) {
        *ret_found = ret_stored->len > 0;
        return 0;
    }
    struct shard *owner = cluster_shard_of(&verify->cluster, key->hash);
    if (store_get(owner->store, STORE_INDEX, key->bytes, ret_value, err) != 0) {
        return -1;
    }
    *ret_stored = ret_value->bytes;
    *ret_found = ret_value->pin != NULL;
    return 0;
}

static void check_in_index(struct verify *verify, const struct verify_place *item_place, uint32_t number,
                           const struct item *item)
{
    const struct table_spec *table = &item_place->state->table->spec;
    const struct index_spec *index = &table->indexes[number];
    struct row_key key;
    if (index->status == INDEX_DELETING || !row_key_of_index(&verify->arena, table, index, item, &key)) {
        return;
    }
    struct verify_place place = *item_place;
    place.position = number + 1;
    struct item expected, found;
    struct item_header header;
    struct store_value value = {0};
    struct slice stored;
    bool exists;
    struct err err;
    if (read_index_row(verify, &key, &value, &stored, &exists, &err) != 0) {
        verify_find(verify, VERIFY_FILE, &place, "its row in the index cannot be read: %s", err.text);
        return;
    }
    index_project(&verify->arena, table, index, item, &expected);
    if (!exists && index->status == INDEX_ACTIVE) {
        verify_find(verify, VERIFY_INDEX_MISSING, &place, "the item has no row in the index");
    } else if (exists && (verify_open(verify, STORE_INDEX, key.bytes, &stored, &err) != 0 ||
                          item_decode(&verify->arena, stored, &header, &found, &err) != 0)) {
        verify_find(verify, VERIFY_ROW, &place, "its row in the index: %s", err.text);
    } else if (exists && !item_equal(&expected, &found)) {
        verify_find(verify, VERIFY_INDEX_DIFFERS, &place, "the index has other values than the item");
    }
    store_value_release(&value);
}

/* --- expiry --------------------------------------------------------------------------------------------------------
 */

/* What is too old has a row or has none: that depends on when it was written. */
static void check_expiry(struct verify *verify, const struct verify_place *place, const struct item *item)
{
    const struct table_spec *table = &place->state->table->spec;
    uint64_t time;
    if (!ttl_is_on(table) || !place->state->filled[place->shard->number] || !ttl_time(table, item, &time) ||
        ttl_is_too_old(time, verify->now_seconds)) {
        return;
    }
    struct store_value value = {0};
    struct err err;
    if (store_get(place->shard->store, STORE_EXPIRY, ttl_row(&verify->arena, place->key, time), &value, &err) != 0) {
        verify_find(verify, VERIFY_FILE, place, "its expiry row cannot be read: %s", err.text);
    } else if (value.pin == NULL) {
        verify_find(verify, VERIFY_EXPIRY, place, "the item has no expiry row: it would stay");
    }
    store_value_release(&value);
}

/* --- collections ---------------------------------------------------------------------------------------------------
 */

static void end_collection(struct verify *verify, struct shard *shard, struct collection_sum *sum)
{
    if (sum->key.len == 0) {
        return;
    }
    struct verify_place place = {.shard = shard, .state = sum->state, .key = buffer_slice(&sum->key)};
    struct store_value value = {0};
    struct err err;
    uint64_t bytes;
    if (store_get(shard->store, STORE_COLLECTIONS, place.key, &value, &err) != 0) {
        verify_find(verify, VERIFY_FILE, &place, "the size of the item collection cannot be read: %s", err.text);
    } else if (value.pin == NULL) {
        if (sum->state->table->spec.collections_kept) {
            verify_find(verify, VERIFY_COLLECTION, &place, "the size of the item collection is missing");
        }
    } else if (collection_read(shard, place.key, &bytes, &err) != 0) {
        verify_find(verify, VERIFY_COLLECTION, &place, "%s", err.text);
        sum->state->collections++;
    } else {
        sum->state->collections++;
        if (bytes != sum->bytes) {
            verify_find(verify, VERIFY_COLLECTION, &place, "the item collection has %llu bytes, and %llu are stored",
                        (unsigned long long)sum->bytes, (unsigned long long)bytes);
        }
    }
    store_value_release(&value);
    buffer_clear(&sum->key);
    sum->bytes = 0;
}

static void add_to_collection(struct verify *verify, const struct verify_place *place, struct collection_sum *sum,
                              const struct item *item)
{
    const struct table_spec *table = &place->state->table->spec;
    if (!table_has_local_index(table)) {
        end_collection(verify, place->shard, sum);
        return;
    }
    struct slice key = row_key_collection(table, place->key);
    if (!slice_equal(key, buffer_slice(&sum->key))) {
        end_collection(verify, place->shard, sum);
        buffer_append_slice(&sum->key, key);
        sum->state = place->state;
    }
    struct local_rows rows = index_local_rows(table, item);
    sum->bytes += item_size(item) + rows.bytes + (uint64_t)rows.count * COLLECTION_INDEX_ROW_BYTES;
}

/* --- items ---------------------------------------------------------------------------------------------------------
 */

static bool has_keys(const struct table_spec *table, const struct item *item)
{
    struct index_spec as_index = {.keys = table->keys};
    return row_is_in_index(&as_index, item);
}

static void check_item(struct verify *verify, struct verify_place *place, struct collection_sum *sum)
{
    struct verify_state *state = place->state;
    struct item_header header;
    struct item item;
    struct row_key key;
    struct err err;
    state->rows[0]++;
    if (verify_open(verify, STORE_ITEMS, place->key, &place->stored, &err) != 0 ||
        item_decode(&verify->arena, place->stored, &header, &item, &err) != 0) {
        verify_find(verify, VERIFY_ROW, place, "%s", err.text);
        state->incomplete = true;
        return;
    }
    state->bytes[0] += header.size;
    if (!has_keys(&state->table->spec, &item)) {
        verify_find(verify, VERIFY_ROW, place, "the item has no keys");
        return;
    }
    row_key_of_item(&verify->arena, &state->table->spec, &item, &key);
    if (!slice_equal(key.bytes, place->key)) {
        verify_find(verify, VERIFY_ROW, place, "the item is stored under another key than its own");
        return;
    }
    if (!shard_owns(place->shard, key.hash)) {
        verify_find(verify, VERIFY_ROW, place, "the item belongs to shard %u",
                    cluster_shard_of(&verify->cluster, key.hash)->number);
        return;
    }
    if (header.size != item_size(&item)) {
        verify_find(verify, VERIFY_ROW, place, "the item takes %zu bytes, and its header says %u", item_size(&item),
                    header.size);
    }
    for (uint32_t i = 0; i < state->table->spec.index_count; i++) {
        check_in_index(verify, place, i, &item);
    }
    check_expiry(verify, place, &item);
    add_to_collection(verify, place, sum, &item);
}

/* Which table the row is of; NULL: of none, and that has been said. */
static struct verify_state *table_of_row(struct verify *verify, const struct verify_place *place)
{
    uint32_t id = place->key.len > 12 ? read_u32(place->key.data) : 0;
    struct verify_state *state = verify_state_of(verify, id);
    if (state == NULL && verify_is_dropped(verify, id)) {
        verify->totals.dropped_rows++;
    } else if (state == NULL) {
        verify_find(verify, VERIFY_ROW, place, "a row of a table that is not in the catalog");
    }
    return state;
}

static void check_shard(struct verify *verify, struct shard *shard)
{
    struct verify_place place = {.shard = shard};
    struct collection_sum sum = {0};
    struct err err;
    int more;
    struct store_cursor *rows = store_cursor_create(shard->store, STORE_ITEMS, SLICE(""), SLICE(""), false);
    while ((more = store_cursor_next(rows, &err)) == 1) {
        place =
            (struct verify_place){.shard = shard, .key = store_cursor_key(rows), .stored = store_cursor_value(rows)};
        place.state = table_of_row(verify, &place);
        if (place.state != NULL) {
            check_item(verify, &place, &sum);
        }
        arena_reset(&verify->arena);
        verify_step(verify, "items");
    }
    if (more < 0) {
        verify_find(verify, VERIFY_FILE, &(struct verify_place){.shard = shard}, "items cannot be read: %s", err.text);
        for (uint32_t i = 0; i < verify->state_count; i++) {
            verify->states[i].incomplete = true;
        }
        buffer_clear(&sum.key); /* it may go on behind */
    }
    end_collection(verify, shard, &sum);
    buffer_finish(&sum.key);
    store_cursor_destroy(rows);
}

void verify_items(struct verify *verify)
{
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        check_shard(verify, verify->cluster.shards[i]);
    }
}
