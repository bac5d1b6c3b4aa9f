/* The way back: every row of an index, of expiry and of collections to the item it is there for. That an index row has
 * the right values is known once its item is: verify_rows.c compares those. */
#include "base/big_endian.h"
#include "cluster/verify_private.h"
#include "engine/rows.h"
#include "engine/ttl.h"
#include "value/codec.h"

/* --- index rows ----------------------------------------------------------------------------------------------------
 */

static bool has_keys(const struct table_spec *table, const struct item *item)
{
    struct index_spec as_index = {.keys = table->keys};
    return row_is_in_index(&as_index, item);
}

/* Whether the row is the one that an item has. */
static void check_base(struct verify *verify, const struct verify_place *place, const struct item *row)
{
    const struct table_spec *table = &place->state->table->spec;
    const struct index_spec *index = &table->indexes[place->position - 1];
    struct row_key base, expected;
    row_key_of_item(&verify->arena, table, row, &base);
    struct store_value value = {0};
    struct err err;
    struct item_header header;
    struct item item;
    int failed = store_get(cluster_shard_of(&verify->cluster, base.hash)->store, STORE_ITEMS, base.bytes, &value, &err);
    struct slice stored = value.bytes;
    if (failed != 0) {
        verify_find(verify, VERIFY_FILE, place, "its item cannot be read: %s", err.text);
    } else if (value.pin == NULL) {
        verify_find(verify, VERIFY_INDEX_SURPLUS, place, "the index has a row of an item that is not there");
    } else if (verify_open(verify, STORE_ITEMS, base.bytes, &stored, &err) != 0 ||
               item_decode(&verify->arena, stored, &header, &item, &err) != 0 || !has_keys(table, &item)) {
        /* found with the items */
    } else if (!row_key_of_index(&verify->arena, table, index, &item, &expected) ||
               !slice_equal(expected.bytes, place->key)) {
        verify_find(verify, VERIFY_INDEX_SURPLUS, place, "the index has a row that its item does not");
    }
    store_value_release(&value);
}

static void check_row(struct verify *verify, struct verify_place *place, bool is_pending)
{
    const struct table_spec *table = &place->state->table->spec;
    const struct index_spec *index = &table->indexes[place->position - 1];
    struct item_header header;
    struct item row;
    struct row_key key;
    struct err err;
    if (verify_open(verify, STORE_INDEX, place->key, &place->stored, &err) != 0 ||
        item_decode(&verify->arena, place->stored, &header, &row, &err) != 0) {
        verify_find(verify, VERIFY_ROW, place, "%s", err.text);
        place->state->incomplete = true;
        return;
    }
    place->state->bytes[place->position] += header.size;
    if (!has_keys(table, &row) || !row_key_of_index(&verify->arena, table, index, &row, &key) ||
        !slice_equal(key.bytes, place->key)) {
        verify_find(verify, VERIFY_ROW, place, "the row of the index is stored under another key than its own");
    } else if (!is_pending && !shard_owns(place->shard, key.hash)) {
        verify_find(verify, VERIFY_ROW, place, "the row of the index belongs to shard %u",
                    cluster_shard_of(&verify->cluster, key.hash)->number);
    } else {
        check_base(verify, place, &row);
    }
}

/* Sets table and index of a row key; false: there is nothing to check about it. */
static bool locate(struct verify *verify, struct verify_place *place)
{
    uint32_t table_id = place->key.len > 16 ? read_u32(place->key.data) : 0;
    place->state = verify_state_of(verify, table_id);
    if (place->state == NULL && verify_is_dropped(verify, table_id)) {
        verify->totals.dropped_rows++;
        return false;
    }
    if (place->state == NULL) {
        verify_find(verify, VERIFY_ROW, place, "an index row of a table that is not in the catalog");
        return false;
    }
    const struct table_spec *table = &place->state->table->spec;
    uint32_t index_id = read_u32(place->key.data + 4);
    for (uint32_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i].id == index_id) {
            place->position = i + 1;
            verify->totals.dropped_rows += table->indexes[i].status == INDEX_DELETING;
            return table->indexes[i].status != INDEX_DELETING;
        }
    }
    verify_find(verify, VERIFY_ROW, place, "a row of an index that is not in the catalog");
    return false;
}

static void visit_pending(void *context, struct slice key, struct slice stored)
{
    struct verify *verify = context;
    struct verify_place place = {.key = key, .stored = stored};
    if (stored.len > 0 && locate(verify, &place)) {
        check_row(verify, &place, true);
    }
    arena_reset(&verify->arena);
}

static void check_shard(struct verify *verify, struct shard *shard)
{
    struct err err;
    int more;
    struct store_cursor *rows = store_cursor_create(shard->store, STORE_INDEX, SLICE(""), SLICE(""), false);
    while ((more = store_cursor_next(rows, &err)) == 1) {
        struct verify_place place = {.shard = shard, .key = store_cursor_key(rows), .stored = store_cursor_value(rows)};
        struct slice newest;
        if (locate(verify, &place)) {
            place.state->rows[place.position]++;
            if (!pending_rows_find(verify->pending, place.key, &newest)) {
                check_row(verify, &place, false);
            }
        }
        arena_reset(&verify->arena);
        verify_step(verify, "index rows");
    }
    if (more < 0) {
        verify_find(verify, VERIFY_FILE, &(struct verify_place){.shard = shard}, "index rows cannot be read: %s",
                    err.text);
        for (uint32_t i = 0; i < verify->state_count; i++) {
            verify->states[i].incomplete = true;
        }
    }
    store_cursor_destroy(rows);
}

void verify_indexes(struct verify *verify)
{
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        check_shard(verify, verify->cluster.shards[i]);
    }
    pending_rows_each(verify->pending, visit_pending, verify);
}

/* --- other rows that follow from items -----------------------------------------------------------------------------
 */

/* Every row of the family; `check` says what is wrong with one. */
static void each_row(struct verify *verify, enum store_family family, const char *what,
                     void (*check)(struct verify *verify, struct verify_place *place))
{
    for (unsigned i = 0; i < verify->cluster.shard_count; i++) {
        struct shard *shard = verify->cluster.shards[i];
        struct err err;
        int more;
        struct store_cursor *rows = store_cursor_create(shard->store, family, SLICE(""), SLICE(""), false);
        while ((more = store_cursor_next(rows, &err)) == 1) {
            struct verify_place place = {
                .shard = shard, .key = store_cursor_key(rows), .stored = store_cursor_value(rows)};
            uint32_t id = place.key.len > 12 ? read_u32(place.key.data) : 0;
            place.state = verify_state_of(verify, id);
            if (place.state != NULL) {
                check(verify, &place);
            } else if (verify_is_dropped(verify, id)) {
                verify->totals.dropped_rows++;
            } else {
                verify_find(verify, VERIFY_ROW, &place, "%s: a row of a table that is not in the catalog", what);
            }
            arena_reset(&verify->arena);
            verify_step(verify, what);
        }
        if (more < 0) {
            verify_find(verify, VERIFY_FILE, &(struct verify_place){.shard = shard}, "%s cannot be read: %s", what,
                        err.text);
        }
        store_cursor_destroy(rows);
    }
}

static void check_collection(struct verify *verify, struct verify_place *place)
{
    struct row_range range;
    struct err err;
    row_range_of_collection(&verify->arena, NULL, place->key, &range);
    struct store_cursor *items = store_cursor_create(place->shard->store, STORE_ITEMS, range.lower, range.upper, false);
    if (store_cursor_next(items, &err) == 0) {
        verify_find(verify, VERIFY_COLLECTION, place, "the size of an item collection that has no items");
    }
    store_cursor_destroy(items);
}

void verify_collections(struct verify *verify)
{
    each_row(verify, STORE_COLLECTIONS, "sizes of collections", check_collection);
}

/* A row whose item is gone, or expires at another time, is harmless. */
static void check_expiry_row(struct verify *verify, struct verify_place *place)
{
    if (place->key.len < 4 + 8 + 8 || place->stored.len != 0) {
        verify_find(verify, VERIFY_EXPIRY, place, "an expiry row is damaged");
    } else if (!shard_owns(place->shard, read_u64(place->key.data + 4 + 8))) {
        verify_find(verify, VERIFY_EXPIRY, place, "an expiry row on a shard that has not its item");
    }
}

void verify_expiry(struct verify *verify)
{
    each_row(verify, STORE_EXPIRY, "expiry rows", check_expiry_row);
}
