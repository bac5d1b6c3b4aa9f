/* Which item a request is about: random numbers, and YCSB's distributions of keys.
 * https://github.com/brianfrankcooper/YCSB (ZipfianGenerator, ScrambledZipfianGenerator, SkewedLatestGenerator), after
 * Gray et al., "Quickly Generating Billion-Record Synthetic Databases", SIGMOD 1994. */
#pragma once

#include <stdint.h>

/* SplitMix64: one number of state, and good enough for load. Any seed will do. */
struct random {
    uint64_t state;
};

uint64_t random_next(struct random *random);

/* 0 to below `bound`, which is not 0. */
uint64_t random_below(struct random *random, uint64_t bound);

/* 0 to below 1. */
double random_unit(struct random *random);

#define ZIPFIAN_THETA 0.99

/* Item 0 is the most popular, item 1 the next. */
struct zipfian {
    uint64_t items;
    double zeta; /* the sum of 1 / i^theta over the items */
    double eta;
};

/* Takes time in proportion to `items`, which is not 0. */
void zipfian_init(struct zipfian *zipfian, uint64_t items);

/* More items than before; takes time in proportion to those that are new. */
void zipfian_grow(struct zipfian *zipfian, uint64_t items);

/* 0 to below `items`. */
uint64_t zipfian_next(const struct zipfian *zipfian, struct random *random);

/* YCSB's scrambled form: the popular ones of ten billion, scattered over the items. Takes no time. */
void zipfian_init_scrambled(struct zipfian *zipfian);

/* 0 to below `items`, of a zipfian that zipfian_init_scrambled made. */
uint64_t zipfian_next_scrambled(const struct zipfian *zipfian, struct random *random, uint64_t items);

/* YCSB's FNV-1a over the eight bytes of a number, lowest first, without its sign. */
uint64_t fnv_hash(uint64_t number);
