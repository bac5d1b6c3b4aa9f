#include "bench/keys.h"

#include <assert.h>
#include <math.h>

uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    assert(bound > 0);
    return (uint64_t)(((unsigned __int128)random_next(random) * bound) >> 64);
}

double random_unit(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

static double zeta_of(uint64_t first, uint64_t last, double sum)
{
    for (uint64_t i = first; i <= last; i++) {
        sum += 1 / pow((double)i, ZIPFIAN_THETA);
    }
    return sum;
}

static double eta_of(uint64_t items, double zeta)
{
    return (1 - pow(2 / (double)items, 1 - ZIPFIAN_THETA)) / (1 - zeta_of(1, 2, 0) / zeta);
}

void zipfian_init(struct zipfian *zipfian, uint64_t items)
{
    assert(items > 0);
    *zipfian = (struct zipfian){0};
    zipfian_grow(zipfian, items);
}

void zipfian_grow(struct zipfian *zipfian, uint64_t items)
{
    if (items > zipfian->items) {
        zipfian->zeta = zeta_of(zipfian->items + 1, items, zipfian->zeta);
        zipfian->items = items;
        zipfian->eta = eta_of(items, zipfian->zeta);
    }
}

uint64_t zipfian_next(const struct zipfian *zipfian, struct random *random)
{
    double u = random_unit(random), at = u * zipfian->zeta;
    if (at < 1) {
        return 0;
    }
    if (at < 1 + pow(0.5, ZIPFIAN_THETA)) {
        return zipfian->items > 1 ? 1 : 0;
    }
    double share = pow(zipfian->eta * u - zipfian->eta + 1, 1 / (1 - ZIPFIAN_THETA));
    uint64_t item = (uint64_t)((double)zipfian->items * share);
    return item < zipfian->items ? item : zipfian->items - 1; /* rounding */
}

#define YCSB_ITEMS UINT64_C(10000000000)
#define YCSB_ZETA  26.46902820178302 /* of YCSB_ITEMS with theta 0.99, as YCSB has it */

void zipfian_init_scrambled(struct zipfian *zipfian)
{
    *zipfian = (struct zipfian){.items = YCSB_ITEMS, .zeta = YCSB_ZETA, .eta = eta_of(YCSB_ITEMS, YCSB_ZETA)};
}

uint64_t zipfian_next_scrambled(const struct zipfian *zipfian, struct random *random, uint64_t items)
{
    return fnv_hash(zipfian_next(zipfian, random)) % items;
}

uint64_t fnv_hash(uint64_t number)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (int i = 0; i < 8; i++) {
        hash = (hash ^ (number & 0xff)) * 1099511628211u;
        number >>= 8;
    }
    int64_t with_sign = (int64_t)hash;
    return with_sign < 0 ? -(uint64_t)with_sign : hash;
}
