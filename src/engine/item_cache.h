/* Stored items that were read lately, in front of a shard's store: a point read of RocksDB is the dearest step of a
 * GetItem.
 *
 * Coherent: while an item is in the cache it equals what the store shows to readers. The shard's writer takes the items
 * of a batch out before it commits, and nobody can bring them back until the batch is readable. A reader that finds
 * nothing takes a ticket, reads the store, and offers what it found; the offer is refused if the writer came by since.
 *
 * Items come in with their second read: a single pass over many items leaves the cache as it is. What was not used
 * since the clock's hand last passed goes first. Bounded in bytes. */
#pragma once

#include "base/slice.h"

struct item_cache;
struct cached_item;

/* `bytes_max` counts items with their keys and the cache's own heads; at least 64 KB. Items larger than a quarter of a
 * stripe (bytes_max / 256) are never kept. */
struct item_cache *item_cache_create(size_t bytes_max);
/* Nothing may be pinned. NULL is allowed. */
void item_cache_destroy(struct item_cache *cache);

/* --- readers: any thread ---------------------------------------------------------------------------------------- */

/* The item as stored (value/codec.h), pinned until cached_item_release. NULL: not here; then *ret_ticket is for
 * item_cache_offer. */
struct cached_item *item_cache_get(struct item_cache *cache, struct slice key, uint64_t *ret_ticket);
struct slice cached_item_bytes(const struct cached_item *item);
void cached_item_release(struct cached_item *item);

/* What the store had for the key, read after the ticket was taken. Copied if it is kept. */
void item_cache_offer(struct item_cache *cache, struct slice key, uint64_t ticket, struct slice stored);

/* --- the shard's writer ----------------------------------------------------------------------------------------- */

/* Takes the key's item out before a commit; true if it was there. From here to item_cache_write_end it stays out. */
bool item_cache_write_begin(struct item_cache *cache, struct slice key);

/* After the commit. `stored` comes in if it is not empty: what is read stays in the cache across writes. */
void item_cache_write_end(struct item_cache *cache, struct slice key, struct slice stored);

/* Bytes held. Any thread. */
size_t item_cache_bytes(struct item_cache *cache);

/* Since the cache was made. Any thread. */
struct item_cache_stats {
    uint64_t bytes, hits, misses;
};
void item_cache_stats(struct item_cache *cache, struct item_cache_stats *ret_stats);
