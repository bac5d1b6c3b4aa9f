#include "engine/read.h"

#include "engine/item_cache.h"
#include "engine/shard.h"
#include "engine/vault.h"

#include <stdlib.h>

/* What was found is sealed: its plain form takes its place. */
static int open_item(struct shard *shard, struct slice key, struct store_value *value, struct stored_item *ret_item,
                     struct err *err)
{
    struct buffer opened = {0};
    int failed = vault_open(shard->vault, STORE_ITEMS, key, value->bytes, &opened, err);
    store_value_release(value);
    if (failed != 0) {
        buffer_finish(&opened);
        return -1;
    }
    *ret_item = (struct stored_item){.bytes = buffer_slice(&opened), .opened = opened.data};
    return 0;
}

int shard_get(struct shard *shard, const struct row_key *key, struct stored_item *ret_item, struct err *err)
{
    uint64_t ticket;
    struct cached_item *cached = item_cache_get(shard->cache, key->bytes, &ticket);
    if (cached != NULL) {
        *ret_item = (struct stored_item){.bytes = cached_item_bytes(cached), .cached = cached};
        return 0;
    }
    struct store_value value;
    if (store_get(shard->store, STORE_ITEMS, key->bytes, &value, err) != 0) {
        return err_wrap(err, "shard %u", shard->number);
    }
    *ret_item = (struct stored_item){.bytes = value.bytes, .pin = value.pin};
    if (row_is_sealed(value.bytes) && open_item(shard, key->bytes, &value, ret_item, err) != 0) {
        return err_wrap(err, "shard %u", shard->number);
    }
    item_cache_offer(shard->cache, key->bytes, ticket, ret_item->bytes);
    return 0;
}

void stored_item_release(struct stored_item *item)
{
    if (item->cached != NULL) {
        cached_item_release(item->cached);
    }
    struct store_value value = {item->bytes, item->pin};
    store_value_release(&value);
    free(item->opened);
    *item = (struct stored_item){0};
}

struct store_cursor *shard_rows(struct shard *shard, bool is_index, struct slice lower, struct slice upper,
                                bool reverse)
{
    return store_cursor_create(shard->store, is_index ? STORE_INDEX : STORE_ITEMS, lower, upper, reverse);
}

int shard_row_value(struct shard *shard, bool is_index, const struct store_cursor *cursor, struct buffer *opened,
                    struct slice *ret_value, struct err *err)
{
    struct slice stored = store_cursor_value(cursor);
    if (row_is_sealed(stored)) {
        buffer_clear(opened);
        if (vault_open(shard->vault, is_index ? STORE_INDEX : STORE_ITEMS, store_cursor_key(cursor), stored, opened,
                       err) != 0) {
            return err_wrap(err, "shard %u", shard->number);
        }
        stored = buffer_slice(opened);
    }
    *ret_value = stored;
    return 0;
}
