/* Distributions of keys. Seeds are fixed, so what is expected of a sample holds on every run. */
#include "bench/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define DRAWS 200000

static void test_random(void **state)
{
    (void)state;
    struct random a = {1}, b = {1}, c = {2};
    uint64_t first = random_next(&a);
    assert_int_equal(first, random_next(&b));
    assert_int_not_equal(first, random_next(&c));
    assert_int_equal(first, UINT64_C(0x910A2DEC89025CC1)); /* SplitMix64's published first number for seed 1 */
    unsigned counts[10] = {0};
    for (int i = 0; i < DRAWS; i++) {
        counts[random_below(&a, 10)]++;
        double unit = random_unit(&a);
        assert_true(unit >= 0 && unit < 1);
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(counts[i], DRAWS / 10 * 95 / 100, DRAWS / 10 * 105 / 100);
    }
    assert_int_equal(random_below(&a, 1), 0);
}

/* Item i is drawn in proportion to 1 / (i + 1)^theta. YCSB's formula is exact for the first two items, and close to it
 * over ranges of items. */
static void test_zipfian_shares(void **state)
{
    (void)state;
    struct zipfian zipfian;
    struct random random = {7};
    static unsigned counts[1000];
    zipfian_init(&zipfian, 1000);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t item = zipfian_next(&zipfian, &random);
        assert_true(item < 1000);
        counts[item]++;
    }
    assert_true(zipfian.zeta > 7.72 && zipfian.zeta < 7.73);     /* the sum of i^-0.99 up to 1000 */
    assert_true(zipfian.eta > 0.07480 && zipfian.eta < 0.07482); /* Gray's formula, computed elsewhere */
    double first = DRAWS / zipfian.zeta;
    assert_true(counts[0] > first * 0.97 && counts[0] < first * 1.03);
    double second = first / 1.98618; /* 2^0.99 */
    assert_true(counts[1] > second * 0.97 && counts[1] < second * 1.03);
    unsigned top = 0;
    for (int i = 0; i < 100; i++) {
        top += counts[i];
    }
    double share = (double)top / DRAWS; /* 5.28 of 7.73 */
    assert_true(share > 0.66 && share < 0.71);
}

static void test_zipfian_small_and_grown(void **state)
{
    (void)state;
    struct zipfian zipfian, grown;
    struct random random = {3};
    for (uint64_t items = 1; items <= 4; items++) {
        zipfian_init(&zipfian, items);
        for (int i = 0; i < 1000; i++) {
            assert_true(zipfian_next(&zipfian, &random) < items);
        }
    }
    zipfian_init(&zipfian, 500);
    zipfian_init(&grown, 20);
    zipfian_grow(&grown, 500);
    zipfian_grow(&grown, 100); /* never shrinks */
    assert_int_equal(grown.items, 500);
    assert_true(grown.zeta > zipfian.zeta - 1e-9 && grown.zeta < zipfian.zeta + 1e-9);
    assert_true(grown.eta > zipfian.eta - 1e-9 && grown.eta < zipfian.eta + 1e-9);
}

/* As popular as the most popular of ten billion, but not item 0. */
static void test_scrambled(void **state)
{
    (void)state;
    struct zipfian zipfian;
    struct random random = {11};
    static unsigned counts[1000];
    zipfian_init_scrambled(&zipfian);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t item = zipfian_next_scrambled(&zipfian, &random, 1000);
        assert_true(item < 1000);
        counts[item]++;
    }
    uint64_t most = fnv_hash(0) % 1000, next = fnv_hash(1) % 1000;
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(counts[i] <= counts[most]);
        assert_true(i == most || counts[i] <= counts[next]);
    }
    assert_true(counts[most] > DRAWS / 26.469 * 0.95 && counts[most] < DRAWS / 26.469 * 1.1);
}

static void test_fnv(void **state)
{
    (void)state;
    /* FNV-1a over eight bytes without the sign of the 64-bit result, as YCSB's Utils.fnvhash64 computes it */
    assert_int_equal(fnv_hash(0), UINT64_C(6284781860667377211));
    assert_int_equal(fnv_hash(1), UINT64_C(8517097267634966620));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_zipfian_shares),
        cmocka_unit_test(test_zipfian_small_and_grown),
        cmocka_unit_test(test_scrambled),
        cmocka_unit_test(test_fnv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
