/* How often each of many may do something: a token bucket for each key, in a table of fixed size. Any thread, no locks.
 *
 * A bucket is one number: the time at which it will be full again (the "theoretical arrival time" of ATM's generic cell
 * rate algorithm). Each use moves it on by the time that one token takes to come; it may be ahead of now by as much as
 * a full bucket takes. A full bucket is worth nothing, and its place is free for another key. If all places that a key
 * may have are taken, it shares one: so with very many at once, some may do less than they should, and nobody more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate_limit;

/* `per_second` tokens come, up to a million, and a bucket holds `burst` of them: both at least 1. */
struct rate_limit *rate_limit_create(uint32_t per_second, uint32_t burst);
/* NULL is allowed. */
void rate_limit_destroy(struct rate_limit *limit);

/* Takes a token; false: there is none. `key` is a hash, `now_us` monotonic. */
bool rate_limit_take(struct rate_limit *limit, uint64_t key, uint64_t now_us);
