#include "auth/rate_limit.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#define NS_PER_S 1000000000ull
/* A key may stand in the places of one set, which is a line of the processor's cache. Half a megabyte in all: five
 * thousand keys at once, as many as there may be users, hardly ever meet. */
#define SETS       8192u
#define SET_PLACES 4u

struct place {
    atomic_uint_fast64_t key; /* 0: never used */
    atomic_uint_fast64_t full_ns;
};

struct rate_limit {
    uint64_t token_ns;  /* time for one token to come */
    uint64_t bucket_ns; /* for a bucket to fill */
    struct place (*sets)[SET_PLACES];
};

struct rate_limit *rate_limit_create(uint32_t per_second, uint32_t burst)
{
    assert(per_second > 0 && per_second <= 1000000 && burst > 0);
    struct rate_limit *limit = malloc(sizeof *limit);
    if (limit == NULL) {
        abort();
    }
    *limit = (struct rate_limit){.token_ns = NS_PER_S / per_second, .sets = calloc(SETS, sizeof limit->sets[0])};
    limit->bucket_ns = limit->token_ns * burst;
    if (limit->sets == NULL) {
        abort();
    }
    return limit;
}

void rate_limit_destroy(struct rate_limit *limit)
{
    if (limit != NULL) {
        free(limit->sets);
        free(limit);
    }
}

/* The key's place, or one that is free for it, or one to share. */
static struct place *find(struct rate_limit *limit, uint64_t key, uint64_t now_ns)
{
    struct place *set = limit->sets[(key >> 2) % SETS];
    for (unsigned i = 0; i < SET_PLACES; i++) {
        if (atomic_load_explicit(&set[i].key, memory_order_relaxed) == key) {
            return &set[i];
        }
    }
    for (unsigned i = 0; i < SET_PLACES; i++) {
        uint64_t holder = atomic_load_explicit(&set[i].key, memory_order_relaxed);
        /* a full bucket says the same of everybody: it need not be reset, and who loses a race for it shares it */
        if (atomic_load_explicit(&set[i].full_ns, memory_order_relaxed) <= now_ns &&
            atomic_compare_exchange_strong(&set[i].key, &holder, key)) {
            return &set[i];
        }
    }
    return &set[key % SET_PLACES];
}

bool rate_limit_take(struct rate_limit *limit, uint64_t key, uint64_t now_us)
{
    uint64_t now_ns = now_us * 1000;
    struct place *place = find(limit, key != 0 ? key : 1, now_ns);
    uint64_t full_ns = atomic_load_explicit(&place->full_ns, memory_order_relaxed), next_ns;
    do {
        next_ns = (full_ns > now_ns ? full_ns : now_ns) + limit->token_ns;
        if (next_ns > now_ns + limit->bucket_ns) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&place->full_ns, &full_ns, next_ns, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}
