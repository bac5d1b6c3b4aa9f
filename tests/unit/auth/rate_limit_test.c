/* Token buckets on a clock that the test moves. */
#include "auth/rate_limit.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/hash.h"

#define SECOND_US 1000000ull
#define NOW_US    (1000 * SECOND_US)

static unsigned take_all(struct rate_limit *limit, uint64_t key, uint64_t now_us, unsigned tries)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < tries; i++) {
        taken += rate_limit_take(limit, key, now_us);
    }
    return taken;
}

static void test_burst_and_rate(void **state)
{
    (void)state;
    struct rate_limit *limit = rate_limit_create(10, 30);
    assert_int_equal(take_all(limit, 7, NOW_US, 100), 30);
    assert_int_equal(take_all(limit, 7, NOW_US + SECOND_US / 10 - 1, 100), 0);
    assert_int_equal(take_all(limit, 7, NOW_US + SECOND_US / 10, 100), 1);
    assert_int_equal(take_all(limit, 7, NOW_US + SECOND_US, 100), 9);
    assert_int_equal(take_all(limit, 7, NOW_US + 2 * SECOND_US, 100), 10);
    /* it never holds more than its burst */
    assert_int_equal(take_all(limit, 7, NOW_US + 1000 * SECOND_US, 100), 30);
    rate_limit_destroy(limit);
}

static void test_a_steady_pace_is_never_refused(void **state)
{
    (void)state;
    struct rate_limit *limit = rate_limit_create(1000000, 1);
    for (uint64_t us = 0; us < 10000; us++) {
        assert_true(rate_limit_take(limit, 1, NOW_US + us));
        assert_false(rate_limit_take(limit, 1, NOW_US + us));
    }
    rate_limit_destroy(limit);
}

static void test_each_key_has_its_own(void **state)
{
    (void)state;
    struct rate_limit *limit = rate_limit_create(1, 5);
    for (uint64_t key = 0; key < 1000; key++) { /* 0 too, which marks free places */
        uint64_t hash = key == 0 ? 0 : hash_bytes(slice_of(&key, sizeof key));
        assert_int_equal(take_all(limit, hash, NOW_US, 10), 5);
    }
    rate_limit_destroy(limit);
}

/* As many as there may be users, all at once: hardly anybody shares. */
static void test_five_thousand(void **state)
{
    (void)state;
    struct rate_limit *limit = rate_limit_create(1, 2);
    unsigned whole = 0;
    for (uint64_t key = 1; key <= 5000; key++) {
        whole += take_all(limit, hash_bytes(slice_of(&key, sizeof key)), NOW_US, 3) == 2;
    }
    assert_in_range(whole, 4975, 5000);
    rate_limit_destroy(limit);
}

/* Keys without end: each gets at most its bucket, and places come free when buckets are full again. */
static void test_more_keys_than_places(void **state)
{
    (void)state;
    struct rate_limit *limit = rate_limit_create(1, 3);
    unsigned taken = 0;
    for (uint64_t key = 1; key <= 100000; key++) {
        unsigned got = take_all(limit, hash_bytes(slice_of(&key, sizeof key)), NOW_US, 5);
        assert_in_range(got, 0, 3);
        taken += got;
    }
    assert_in_range(taken, 3 * 25000, 3 * 8192 * 4); /* what all places hold */
    uint64_t key = 777777;
    assert_int_equal(take_all(limit, hash_bytes(slice_of(&key, sizeof key)), NOW_US + 3 * SECOND_US, 5), 3);
    rate_limit_destroy(limit);
}

static struct rate_limit *shared;
static atomic_uint shared_taken;

static void *take_many(void *context)
{
    (void)context;
    atomic_fetch_add(&shared_taken, take_all(shared, 42, NOW_US, 100000));
    return NULL;
}

static void test_threads_take_no_token_twice(void **state)
{
    (void)state;
    shared = rate_limit_create(1000, 50000);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&shared_taken), 50000);
    rate_limit_destroy(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_and_rate),        cmocka_unit_test(test_a_steady_pace_is_never_refused),
        cmocka_unit_test(test_each_key_has_its_own),  cmocka_unit_test(test_five_thousand),
        cmocka_unit_test(test_more_keys_than_places), cmocka_unit_test(test_threads_take_no_token_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
