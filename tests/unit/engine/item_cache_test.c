/* The cache of items: what comes in, what goes, and that nobody ever reads an item that the store no longer shows. */
#include "engine/item_cache.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/slice.h"

#define BYTES_MAX (1u << 20)

static bool is_cached(struct item_cache *cache, struct slice key, struct slice expected)
{
    uint64_t ticket;
    struct cached_item *item = item_cache_get(cache, key, &ticket);
    if (item == NULL) {
        return false;
    }
    assert_true(slice_equal(cached_item_bytes(item), expected));
    cached_item_release(item);
    return true;
}

static uint64_t ticket_for(struct item_cache *cache, struct slice key)
{
    uint64_t ticket;
    assert_null(item_cache_get(cache, key, &ticket));
    return ticket;
}

/* Reads twice, as a reader does who then finds `stored` in the store. */
static void read_twice(struct item_cache *cache, struct slice key, struct slice stored)
{
    item_cache_offer(cache, key, ticket_for(cache, key), stored);
    item_cache_offer(cache, key, ticket_for(cache, key), stored);
}

static void test_second_read_brings_in(void **state)
{
    (void)state;
    struct item_cache *cache = item_cache_create(BYTES_MAX);
    item_cache_offer(cache, SLICE("key"), ticket_for(cache, SLICE("key")), SLICE("one"));
    assert_int_equal(item_cache_bytes(cache), 0);
    item_cache_offer(cache, SLICE("key"), ticket_for(cache, SLICE("key")), SLICE("one"));
    assert_true(is_cached(cache, SLICE("key"), SLICE("one")));
    assert_false(is_cached(cache, SLICE("other"), SLICE("")));
    item_cache_destroy(cache);
}

static void test_what_is_missing_stays_out(void **state)
{
    (void)state;
    struct item_cache *cache = item_cache_create(BYTES_MAX);
    read_twice(cache, SLICE("key"), SLICE(""));
    assert_int_equal(item_cache_bytes(cache), 0);
    item_cache_destroy(cache);
}

static void test_write_replaces(void **state)
{
    (void)state;
    struct item_cache *cache = item_cache_create(BYTES_MAX);
    read_twice(cache, SLICE("key"), SLICE("one"));
    assert_true(item_cache_write_begin(cache, SLICE("key")));
    assert_false(is_cached(cache, SLICE("key"), SLICE("")));
    item_cache_write_end(cache, SLICE("key"), SLICE("two"));
    assert_true(is_cached(cache, SLICE("key"), SLICE("two")));
    assert_true(item_cache_write_begin(cache, SLICE("key")));
    item_cache_write_end(cache, SLICE("key"), SLICE("")); /* deleted */
    assert_false(is_cached(cache, SLICE("key"), SLICE("")));
    assert_int_equal(item_cache_bytes(cache), 0);
    item_cache_destroy(cache);
}

/* Whatever the order of a reader's and the writer's steps, what the reader found before the commit does not come in. */
static void test_reader_overtaken_by_writer(void **state)
{
    (void)state;
    struct slice key = SLICE("key");
    for (int order = 0; order < 4; order++) {
        struct item_cache *cache = item_cache_create(BYTES_MAX);
        uint64_t ticket = ticket_for(cache, key);
        ticket = order < 2 ? ticket_for(cache, key) : ticket; /* the ticket before, or inside the write */
        assert_false(item_cache_write_begin(cache, key));
        ticket = order < 2 ? ticket : ticket_for(cache, key);
        if (order % 2 == 0) { /* the offer inside, or after the write */
            item_cache_offer(cache, key, ticket, SLICE("old"));
        }
        item_cache_write_end(cache, key, SLICE(""));
        item_cache_offer(cache, key, ticket, SLICE("old"));
        assert_false(is_cached(cache, key, SLICE("")));
        item_cache_destroy(cache);
    }
}

static void test_pinned_item_outlives_its_place(void **state)
{
    (void)state;
    struct item_cache *cache = item_cache_create(BYTES_MAX);
    read_twice(cache, SLICE("key"), SLICE("one"));
    uint64_t ticket;
    struct cached_item *item = item_cache_get(cache, SLICE("key"), &ticket);
    assert_true(item_cache_write_begin(cache, SLICE("key")));
    item_cache_write_end(cache, SLICE("key"), SLICE("two"));
    assert_true(slice_equal(cached_item_bytes(item), SLICE("one")));
    cached_item_release(item);
    assert_true(is_cached(cache, SLICE("key"), SLICE("two")));
    item_cache_destroy(cache);
}

static struct slice numbered_key(char room[16], int number)
{
    return slice_of(room, (size_t)snprintf(room, 16, "key%07d", number));
}

static void test_is_bounded_and_keeps_what_is_used(void **state)
{
    (void)state;
    enum { ITEMS = 20000 };
    static char stored[200];
    char room[16];
    memset(stored, 'x', sizeof stored);
    struct item_cache *cache = item_cache_create(BYTES_MAX);
    struct slice hot = SLICE("hot");
    read_twice(cache, hot, SLICE("item"));
    for (int i = 0; i < ITEMS; i++) {
        assert_true(is_cached(cache, hot, SLICE("item")));
        read_twice(cache, numbered_key(room, i), slice_of(stored, sizeof stored));
        assert_in_range(item_cache_bytes(cache), 1, BYTES_MAX);
    }
    assert_in_range(item_cache_bytes(cache), BYTES_MAX * 3 / 4, BYTES_MAX);
    item_cache_destroy(cache);
}

static void test_large_item_stays_out(void **state)
{
    (void)state;
    struct item_cache *cache = item_cache_create(BYTES_MAX);
    size_t len = BYTES_MAX / 256;
    char *stored = malloc(len);
    memset(stored, 'x', len);
    read_twice(cache, SLICE("key"), slice_of(stored, len));
    assert_int_equal(item_cache_bytes(cache), 0);
    free(stored);
    item_cache_destroy(cache);
}

/* --- one writer and several readers ------------------------------------------------------------------------------ */

enum { KEYS = 64, READERS = 3, WRITES = 60000 };

static struct item_cache *shared;
static atomic_uint_fast64_t store[KEYS]; /* what stands for the store: the newest committed number of each key */
static atomic_bool done;
static atomic_bool was_hit; /* some reader found something in the cache */

/* Until the cache has answered: else the test would say nothing. */
static void *write_all(void *context)
{
    (void)context;
    for (uint64_t i = 1; i <= WRITES || !atomic_load(&was_hit); i++) {
        char room[16];
        struct slice key = numbered_key(room, (int)(i * 7 % KEYS));
        bool was_here = item_cache_write_begin(shared, key);
        atomic_store(&store[i * 7 % KEYS], i); /* the commit: from here on readers see it */
        item_cache_write_end(shared, key, was_here ? slice_of(&i, sizeof i) : SLICE(""));
    }
    atomic_store(&done, true);
    return NULL;
}

static uint64_t read_one(int number, bool *ret_hit)
{
    char room[16];
    struct slice key = numbered_key(room, number);
    uint64_t ticket, found;
    struct cached_item *item = item_cache_get(shared, key, &ticket);
    *ret_hit = item != NULL;
    if (item != NULL) {
        memcpy(&found, cached_item_bytes(item).data, sizeof found);
        cached_item_release(item);
    } else {
        found = atomic_load(&store[number]);
        item_cache_offer(shared, key, ticket, slice_of(&found, sizeof found));
    }
    return found;
}

struct reader {
    pthread_t thread;
    unsigned at;
    uint64_t stale; /* reads that showed less than what was committed before they began */
};

static void *read_all(void *context)
{
    struct reader *reader = context;
    while (!atomic_load(&done)) {
        int number = (int)(reader->at++ * 13 % KEYS);
        uint64_t committed = atomic_load(&store[number]);
        bool hit;
        reader->stale += read_one(number, &hit) < committed;
        if (hit) {
            atomic_store(&was_hit, true);
        }
    }
    return NULL;
}

static void test_nobody_reads_what_is_gone(void **state)
{
    (void)state;
    struct reader readers[READERS] = {0};
    pthread_t writer;
    shared = item_cache_create(BYTES_MAX);
    for (unsigned i = 0; i < READERS; i++) {
        readers[i].at = i;
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all, &readers[i]), 0);
    }
    assert_int_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
    pthread_join(writer, NULL);
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        assert_int_equal(readers[i].stale, 0);
    }
    item_cache_destroy(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_read_brings_in),
        cmocka_unit_test(test_what_is_missing_stays_out),
        cmocka_unit_test(test_write_replaces),
        cmocka_unit_test(test_reader_overtaken_by_writer),
        cmocka_unit_test(test_pinned_item_outlives_its_place),
        cmocka_unit_test(test_is_bounded_and_keeps_what_is_used),
        cmocka_unit_test(test_large_item_stays_out),
        cmocka_unit_test(test_nobody_reads_what_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
