/* A hash table in stripes, each with its lock, its chains and the hand of its clock. An item is freed when it has left
 * the table and nobody pins it. */
#include "engine/item_cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"

#define STRIPES       64
#define STRIPE_SHIFT  58 /* the top six bits of the hash choose the stripe, the low ones the chain */
#define CACHE_MIN     (64u << 10)
#define BYTES_A_CHAIN 512 /* about one item in a chain when the cache is full */
/* A ticket is the chain's epoch and this bit. Zero is no ticket: an offer with it is refused. */
#define TICKET (1ull << 32)

struct cached_item {
    struct cached_item *next; /* in the chain */
    uint64_t hash;
    atomic_uint references; /* the table's and the pins */
    uint32_t key_len;
    uint32_t stored_len;
    bool used;    /* since the hand last passed; under the stripe's lock */
    char bytes[]; /* key, stored */
};

struct chain {
    struct cached_item *first;
    uint32_t epoch;   /* one more whenever the writer takes a key out, whether it was there or not */
    uint32_t writing; /* keys between write_begin and write_end: while there are any, there are no tickets */
    uint32_t seen;    /* part of the hash of the last key that was looked for and not found */
};

struct stripe {
    _Alignas(64) pthread_mutex_t lock;
    struct chain *chains;
    size_t bytes;
    uint64_t hits, misses;
    uint32_t hand; /* the chain where the clock stands */
};

struct item_cache {
    struct stripe stripes[STRIPES];
    struct chain *chains; /* of all stripes: one large piece of zeros, of which untouched pages take no memory */
    size_t stripe_bytes_max;
    uint32_t chain_mask;
};

struct item_cache *item_cache_create(size_t bytes_max)
{
    assert(bytes_max >= CACHE_MIN);
    struct item_cache *cache = aligned_alloc(_Alignof(struct item_cache), sizeof *cache);
    if (cache == NULL) {
        abort();
    }
    memset(cache, 0, sizeof *cache);
    cache->stripe_bytes_max = bytes_max / STRIPES;
    uint32_t chains = 1;
    while (chains * (size_t)BYTES_A_CHAIN < cache->stripe_bytes_max) {
        chains *= 2;
    }
    cache->chain_mask = chains - 1;
    cache->chains = calloc((size_t)STRIPES * chains, sizeof *cache->chains);
    if (cache->chains == NULL) {
        abort();
    }
    for (int i = 0; i < STRIPES; i++) {
        struct stripe *stripe = &cache->stripes[i];
        pthread_mutex_init(&stripe->lock, NULL);
        stripe->chains = cache->chains + (size_t)i * chains;
    }
    return cache;
}

static size_t item_bytes(const struct cached_item *item)
{
    return sizeof *item + item->key_len + item->stored_len;
}

void cached_item_release(struct cached_item *item)
{
    if (atomic_fetch_sub_explicit(&item->references, 1, memory_order_acq_rel) == 1) {
        free(item);
    }
}

struct slice cached_item_bytes(const struct cached_item *item)
{
    return slice_of(item->bytes + item->key_len, item->stored_len);
}

void item_cache_destroy(struct item_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (int i = 0; i < STRIPES; i++) {
        struct stripe *stripe = &cache->stripes[i];
        for (uint32_t j = 0; j <= cache->chain_mask; j++) {
            while (stripe->chains[j].first != NULL) {
                struct cached_item *item = stripe->chains[j].first;
                stripe->chains[j].first = item->next;
                assert(atomic_load(&item->references) == 1);
                cached_item_release(item);
            }
        }
        pthread_mutex_destroy(&stripe->lock);
    }
    free(cache->chains);
    free(cache);
}

void item_cache_stats(struct item_cache *cache, struct item_cache_stats *ret_stats)
{
    *ret_stats = (struct item_cache_stats){0};
    for (int i = 0; i < STRIPES; i++) {
        struct stripe *stripe = &cache->stripes[i];
        pthread_mutex_lock(&stripe->lock);
        ret_stats->bytes += stripe->bytes;
        ret_stats->hits += stripe->hits;
        ret_stats->misses += stripe->misses;
        pthread_mutex_unlock(&stripe->lock);
    }
}

size_t item_cache_bytes(struct item_cache *cache)
{
    struct item_cache_stats stats;
    item_cache_stats(cache, &stats);
    return stats.bytes;
}

/* Where a key belongs. */
struct place {
    uint64_t hash;
    struct stripe *stripe;
    struct chain *chain;
};

static struct place lock_place(struct item_cache *cache, struct slice key)
{
    uint64_t hash = hash_bytes(key);
    struct stripe *stripe = &cache->stripes[hash >> STRIPE_SHIFT];
    pthread_mutex_lock(&stripe->lock);
    return (struct place){hash, stripe, &stripe->chains[hash & cache->chain_mask]};
}

static void unlock_place(const struct place *place)
{
    pthread_mutex_unlock(&place->stripe->lock);
}

/* The link that points to the key's item, or the one that ends its chain. */
static struct cached_item **find(const struct place *place, struct slice key)
{
    struct cached_item **link = &place->chain->first;
    while (*link != NULL &&
           ((*link)->hash != place->hash || !slice_equal(slice_of((*link)->bytes, (*link)->key_len), key))) {
        link = &(*link)->next;
    }
    return link;
}

static void take_out(struct stripe *stripe, struct cached_item **link)
{
    struct cached_item *item = *link;
    *link = item->next;
    stripe->bytes -= item_bytes(item);
    cached_item_release(item);
}

/* The clock goes on by one chain. */
static void evict_some(struct item_cache *cache, struct stripe *stripe)
{
    struct cached_item **link = &stripe->chains[stripe->hand++ & cache->chain_mask].first;
    while (*link != NULL) {
        if ((*link)->used) {
            (*link)->used = false;
            link = &(*link)->next;
        } else {
            take_out(stripe, link);
        }
    }
}

static void bring_in(struct item_cache *cache, const struct place *place, struct slice key, struct slice stored)
{
    struct stripe *stripe = place->stripe;
    size_t bytes = sizeof(struct cached_item) + key.len + stored.len;
    if (bytes > cache->stripe_bytes_max / 4) {
        return;
    }
    while (stripe->bytes + bytes > cache->stripe_bytes_max) {
        evict_some(cache, stripe);
    }
    struct cached_item **link = find(place, key);
    if (*link != NULL) {
        return; /* another reader was faster, with the same item */
    }
    struct cached_item *item = malloc(bytes);
    if (item == NULL) {
        abort();
    }
    *item = (struct cached_item){.hash = place->hash, .key_len = (uint32_t)key.len, .stored_len = (uint32_t)stored.len};
    atomic_init(&item->references, 1);
    memcpy(item->bytes, key.data, key.len);
    memcpy(item->bytes + key.len, stored.data, stored.len);
    *link = item;
    stripe->bytes += bytes;
}

/* A ticket for what was looked for before; the first time is only remembered. */
static uint64_t ticket_of(const struct place *place)
{
    struct chain *chain = place->chain;
    uint32_t mark = (uint32_t)(place->hash >> 24) | 1;
    bool seen = chain->seen == mark;
    chain->seen = mark;
    return seen && chain->writing == 0 ? TICKET | chain->epoch : 0;
}

struct cached_item *item_cache_get(struct item_cache *cache, struct slice key, uint64_t *ret_ticket)
{
    struct place place = lock_place(cache, key);
    struct cached_item *item = *find(&place, key);
    if (item != NULL) {
        item->used = true;
        place.stripe->hits++;
        atomic_fetch_add_explicit(&item->references, 1, memory_order_relaxed);
    } else {
        place.stripe->misses++;
        *ret_ticket = ticket_of(&place);
    }
    unlock_place(&place);
    return item;
}

void item_cache_offer(struct item_cache *cache, struct slice key, uint64_t ticket, struct slice stored)
{
    if (ticket == 0 || stored.len == 0) {
        return;
    }
    struct place place = lock_place(cache, key);
    if ((uint32_t)ticket == place.chain->epoch) {
        assert(place.chain->writing == 0);
        bring_in(cache, &place, key, stored);
    }
    unlock_place(&place);
}

bool item_cache_write_begin(struct item_cache *cache, struct slice key)
{
    struct place place = lock_place(cache, key);
    place.chain->epoch++;
    place.chain->writing++;
    struct cached_item **link = find(&place, key);
    bool was_here = *link != NULL;
    if (was_here) {
        take_out(place.stripe, link);
    }
    unlock_place(&place);
    return was_here;
}

void item_cache_write_end(struct item_cache *cache, struct slice key, struct slice stored)
{
    struct place place = lock_place(cache, key);
    assert(place.chain->writing > 0);
    place.chain->writing--;
    if (stored.len > 0) {
        bring_in(cache, &place, key, stored);
    }
    unlock_place(&place);
}
