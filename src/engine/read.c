#include "engine/read.h"

#include "engine/item_cache.h"
#include "engine/shard.h"

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
    item_cache_offer(shard->cache, key->bytes, ticket, value.bytes);
    *ret_item = (struct stored_item){.bytes = value.bytes, .pin = value.pin};
    return 0;
}

void stored_item_release(struct stored_item *item)
{
    if (item->cached != NULL) {
        cached_item_release(item->cached);
    }
    struct store_value value = {item->bytes, item->pin};
    store_value_release(&value);
    *item = (struct stored_item){0};
}

struct store_cursor *shard_rows(struct shard *shard, bool is_index, struct slice lower, struct slice upper,
                                bool reverse)
{
    return store_cursor_create(shard->store, is_index ? STORE_INDEX : STORE_ITEMS, lower, upper, reverse);
}
