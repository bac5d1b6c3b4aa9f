/* Buckets, on a clock that stands unless a test moves it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/tables.h"
#include "base/env.h"
#include "engine/throughput.h"

#define SECOND_US 1000000ull
#define HASH      0x123456789abcdef0ull

static struct arena arena;
static struct throttle throttle;
static uint64_t now_us;

static void pass(uint64_t us)
{
    now_us += us;
    env_stop_clocks(now_us);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    pass(SECOND_US); /* a machine that has just started */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    env_stop_clocks(0);
    arena_finish(&arena);
    return 0;
}

static struct table_spec provisioned_spec(int64_t read, int64_t write)
{
    struct table_spec spec = example_spec(&arena, "things");
    spec.billing = BILLING_PROVISIONED;
    spec.provisioned = spec.warm = (struct throughput){read, write};
    spec.indexes[1].provisioned = spec.indexes[1].warm = (struct throughput){read, write};
    return spec;
}

static struct table *make(const struct table_spec *spec)
{
    struct table *table = table_create(spec, NULL);
    throughput_publish(NULL, table);
    return table;
}

/* The next version; the old one is given back. */
static struct table *change(struct table *old, const struct table_spec *spec)
{
    struct table *table = table_create(spec, old->state);
    throughput_publish(old, table);
    table_release(old);
    return table;
}

static bool admit(const struct table *table, const struct index_spec *index, enum throughput_kind kind)
{
    return throughput_admit(table, index, kind, HASH, &throttle);
}

static void charge(const struct table *table, const struct index_spec *index, enum throughput_kind kind, double units)
{
    throughput_charge(table, index, kind, HASH, units);
}

/* How many requests of one unit are admitted until one is not. */
static unsigned count(const struct table *table, const struct index_spec *index, enum throughput_kind kind)
{
    unsigned admitted = 0;
    while (admitted < 1000000 && admit(table, index, kind)) {
        charge(table, index, kind, 1);
        admitted++;
    }
    return admitted;
}

static void off_means_off(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    struct table *table = table_create(&spec, NULL);
    assert_false(throughput_is_on(table));
    table_release(table);
}

static void a_new_table_has_five_minutes(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    struct table *table = make(&spec);
    assert_true(throughput_is_on(table));
    assert_int_equal(count(table, NULL, THROUGHPUT_WRITE), 300);
    assert_int_equal(throttle.limit, THROTTLE_PROVISIONED);
    assert_int_equal(throttle.kind, THROUGHPUT_WRITE);
    assert_null(throttle.index);
    assert_false(throttle.on_demand);
    assert_int_equal(count(table, NULL, THROUGHPUT_READ), 300); /* has not paid for the writes */
    assert_int_equal(throttle.kind, THROUGHPUT_READ);
    table_release(table);
}

static void fills_at_its_rate_and_no_further(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(7, 7);
    struct table *table = make(&spec);
    assert_int_equal(count(table, NULL, THROUGHPUT_WRITE), 1000); /* the second's ceiling of its one partition */
    assert_int_equal(throttle.limit, THROTTLE_KEY_RANGE);
    pass(2 * SECOND_US);
    assert_int_equal(count(table, NULL, THROUGHPUT_WRITE), 1000);
    pass(2 * SECOND_US);
    assert_int_equal(count(table, NULL, THROUGHPUT_WRITE), 300 * 7 - 2000 + 2 * 2 * 7);
    assert_int_equal(throttle.limit, THROTTLE_PROVISIONED);
    pass(3 * SECOND_US);
    assert_int_equal(count(table, NULL, THROUGHPUT_WRITE), 21);
    pass(100000 * SECOND_US);
    assert_int_equal(count(table, NULL, THROUGHPUT_READ), 300 * 7);
    table_release(table);
}

static void halves_count(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    struct table *table = make(&spec);
    charge(table, NULL, THROUGHPUT_READ, 299.5);
    assert_true(admit(table, NULL, THROUGHPUT_READ));
    charge(table, NULL, THROUGHPUT_READ, 5);
    assert_false(admit(table, NULL, THROUGHPUT_READ));
    table_release(table);
}

static void one_request_may_run_into_debt(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    struct table *table = make(&spec);
    charge(table, NULL, THROUGHPUT_READ, 310);
    assert_false(admit(table, NULL, THROUGHPUT_READ));
    pass(8 * SECOND_US);
    assert_false(admit(table, NULL, THROUGHPUT_READ));
    pass(4 * SECOND_US);
    assert_true(admit(table, NULL, THROUGHPUT_READ));
    table_release(table);
}

static void debt_ends_after_five_minutes(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    struct table *table = make(&spec);
    charge(table, NULL, THROUGHPUT_WRITE, 80000);
    pass(290 * SECOND_US);
    assert_false(admit(table, NULL, THROUGHPUT_WRITE));
    pass(11 * SECOND_US);
    assert_true(admit(table, NULL, THROUGHPUT_WRITE));
    table_release(table);
}

static void more_units_count_at_once_and_not_backwards(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    struct table *table = make(&spec);
    charge(table, NULL, THROUGHPUT_WRITE, 310);
    pass(5 * SECOND_US); /* earned at the old rate: still 5 in debt */
    spec.provisioned.write = 100;
    table = change(table, &spec);
    assert_false(admit(table, NULL, THROUGHPUT_WRITE));
    pass(SECOND_US);
    assert_int_equal(count(table, NULL, THROUGHPUT_WRITE), 95);
    charge(table, &table->spec.indexes[1], THROUGHPUT_WRITE, 310);
    pass(5 * SECOND_US);
    spec.indexes[1].provisioned.write = 100;
    table = change(table, &spec);
    assert_false(admit(table, &table->spec.indexes[1], THROUGHPUT_WRITE));
    table_release(table);
}

static void fewer_units_hold_less(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(2, 2);
    struct table *table = make(&spec);
    assert_true(admit(table, NULL, THROUGHPUT_WRITE)); /* 600 */
    spec.provisioned.write = 1;
    table = change(table, &spec);
    assert_int_equal(count(table, NULL, THROUGHPUT_WRITE), 300);
    table_release(table);
}

static void indexes_have_their_own_unless_local(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    struct table *table = make(&spec);
    const struct index_spec *local = &table->spec.indexes[0], *global = &table->spec.indexes[1];
    assert_int_equal(count(table, global, THROUGHPUT_WRITE), 300);
    assert_ptr_equal(throttle.index, global);
    assert_int_equal(count(table, local, THROUGHPUT_WRITE), 300);
    assert_null(throttle.index);
    assert_false(admit(table, NULL, THROUGHPUT_WRITE));
    table_release(table);
}

static void an_index_that_is_added_starts_full(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    struct table *table = make(&spec);
    charge(table, &table->spec.indexes[1], THROUGHPUT_WRITE, 310);
    spec.indexes[1].id = 3; /* the old one is gone, and its place is used again */
    table = change(table, &spec);
    assert_int_equal(count(table, &table->spec.indexes[1], THROUGHPUT_WRITE), 300);
    struct index_spec gone = table->spec.indexes[1];
    struct index_spec *indexes = table->spec.indexes;
    gone.id = 2;
    indexes[1] = gone; /* as a request sees it that holds the version before */
    assert_true(admit(table, &indexes[1], THROUGHPUT_WRITE));
    charge(table, &indexes[1], THROUGHPUT_WRITE, 1);
    table_release(table);
}

static void on_demand_maxima(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(1, 1);
    spec.billing = BILLING_PAY_PER_REQUEST;
    spec.warm = (struct throughput){12000, 4000};
    spec.on_demand = (struct throughput){.read = 2};
    struct table *table = make(&spec);
    assert_int_equal(count(table, NULL, THROUGHPUT_READ), 600);
    assert_int_equal(throttle.limit, THROTTLE_MAX_ON_DEMAND);
    assert_true(throttle.on_demand);
    charge(table, NULL, THROUGHPUT_WRITE, 310); /* no maximum for writes */
    assert_true(admit(table, NULL, THROUGHPUT_WRITE));
    charge(table, NULL, THROUGHPUT_WRITE, 40000.0 * 300);
    pass(2 * SECOND_US);
    charge(table, NULL, THROUGHPUT_WRITE, 40000.0 * 300);
    assert_false(admit(table, NULL, THROUGHPUT_WRITE));
    assert_int_equal(throttle.limit, THROTTLE_ACCOUNT);
    table_release(table);
}

static void partitions_by_units(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(12000, 4000); /* 8 partitions */
    struct table *table = make(&spec);
    assert_int_equal(count(table, NULL, THROUGHPUT_WRITE), 1000);
    assert_int_equal(throttle.limit, THROTTLE_KEY_RANGE);
    /* HASH is in the first eighth. */
    assert_false(throughput_admit(table, NULL, THROUGHPUT_WRITE, 0x1fffffffffffffffull, &throttle));
    assert_true(throughput_admit(table, NULL, THROUGHPUT_WRITE, 0x2000000000000000ull, &throttle));
    assert_true(throughput_admit(table, NULL, THROUGHPUT_WRITE, UINT64_MAX, &throttle));
    assert_true(admit(table, NULL, THROUGHPUT_READ));
    charge(table, NULL, THROUGHPUT_READ, 3100);
    assert_false(admit(table, NULL, THROUGHPUT_READ));
    table_release(table);
}

static void partitions_by_bytes(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(100, 100); /* one partition, while it is small */
    struct table *table = make(&spec);
    charge(table, NULL, THROUGHPUT_WRITE, 1100);
    assert_false(throughput_admit(table, NULL, THROUGHPUT_WRITE, UINT64_MAX, &throttle));
    table_set_counts(table->state, &(struct table_count){.bytes = 3 * PARTITION_BYTES - 1}, 1);
    assert_false(throughput_admit(table, NULL, THROUGHPUT_WRITE, 0x5000000000000000ull, &throttle));
    assert_true(throughput_admit(table, NULL, THROUGHPUT_WRITE, 0x5600000000000000ull, &throttle));
    table_set_counts(table->state, &(struct table_count){.bytes = 100000 * PARTITION_BYTES}, 1); /* 64, not 100,000 */
    assert_true(throughput_admit(table, NULL, THROUGHPUT_WRITE, UINT64_MAX, &throttle));
    table_release(table);
}

#define THREADS 4
#define CHARGES 20000

static void *charge_many(void *context)
{
    const struct table *table = context;
    struct throttle ignored;
    for (int i = 0; i < CHARGES; i++) {
        (void)throughput_admit(table, NULL, THROUGHPUT_READ, HASH, &ignored);
        throughput_charge(table, NULL, THROUGHPUT_READ, HASH, 0.5);
    }
    return NULL;
}

/* What several threads take is what is missing afterwards. */
static void threads_lose_nothing(void **state)
{
    (void)state;
    struct table_spec spec = provisioned_spec(200, 1);
    struct table *table = make(&spec);
    pthread_t threads[THREADS];
    charge(table, NULL, THROUGHPUT_READ, 200 * 300); /* empty */
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, charge_many, table), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    pass(200 * SECOND_US); /* 40,000 units */
    assert_false(admit(table, NULL, THROUGHPUT_READ));
    pass(5000); /* one more */
    assert_true(admit(table, NULL, THROUGHPUT_READ));
    table_release(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_means_off),
        cmocka_unit_test(a_new_table_has_five_minutes),
        cmocka_unit_test(fills_at_its_rate_and_no_further),
        cmocka_unit_test(halves_count),
        cmocka_unit_test(one_request_may_run_into_debt),
        cmocka_unit_test(debt_ends_after_five_minutes),
        cmocka_unit_test(more_units_count_at_once_and_not_backwards),
        cmocka_unit_test(fewer_units_hold_less),
        cmocka_unit_test(indexes_have_their_own_unless_local),
        cmocka_unit_test(an_index_that_is_added_starts_full),
        cmocka_unit_test(on_demand_maxima),
        cmocka_unit_test(partitions_by_units),
        cmocka_unit_test(partitions_by_bytes),
        cmocka_unit_test(threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
