/* Items expire: those written while time to live is on, those that were there before, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../support/cluster.h"
#include "cluster/private.h"
#include "engine/ttl.h"

#define MANY 1200 /* more than two fillings of one shard */

static uint64_t seconds_from_now(int64_t offset)
{
    return env_time_us() / 1000000 + (uint64_t)offset;
}

/* --- the table -----------------------------------------------------------------------------------------------------
 */

static bool switch_on(struct table_change *table_change, struct table_spec *spec, struct arena *arena)
{
    (void)table_change;
    (void)arena;
    spec->ttl = (struct ttl_spec){spec->ttl.generation + 1, SLICE("expires")};
    return true;
}

static bool switch_off(struct table_change *table_change, struct table_spec *spec, struct arena *arena)
{
    (void)table_change;
    (void)arena;
    spec->ttl = (struct ttl_spec){spec->ttl.generation + 1, SLICE("")};
    return true;
}

/* `fixture->table` stays the version that a slow request may still hold. */
static void update(struct fixture *fixture, bool (*apply)(struct table_change *, struct table_spec *, struct arena *))
{
    struct table_change table_change = {.kind = TABLE_UPDATE, .name = SLICE("things"), .apply = apply};
    table_change.command.task.run = on_answer;
    cluster_change_table(&fixture->port, &table_change);
    run_loop(fixture, 1);
    assert_int_equal(table_change.result, TABLE_CHANGE_DONE);
    table_release(table_change.table);
}

static struct item expiring_item(struct fixture *fixture, int number, const char *expires)
{
    const char *pk = arena_printf(&fixture->arena, "p%d", number).data;
    struct item item = example_item(&fixture->arena, pk, "1", NULL, "ann");
    struct attribute *attributes = ARENA_ARRAY(&fixture->arena, struct attribute, item.count + 1);
    memcpy(attributes, item.attributes, item.count * sizeof *attributes);
    if (expires != NULL) {
        attributes[item.count++] = (struct attribute){SLICE("expires"), number_value(expires)};
    }
    item.attributes = attributes;
    return item;
}

static void put_time(struct fixture *fixture, int number, uint64_t time)
{
    const char *text = arena_printf(&fixture->arena, "%llu", (unsigned long long)time).data;
    submit(fixture, WRITE_PUT, expiring_item(fixture, number, text));
}

/* --- looking --------------------------------------------------------------------------------------------------------
 */

static uint32_t expiry_rows(struct fixture *fixture)
{
    struct err err;
    uint32_t count = 0;
    for (unsigned i = 0; i < fixture->cluster->shard_count; i++) {
        struct store_cursor *rows = ttl_rows(fixture->cluster->shards[i], fixture->table->spec.id, 0, SLICE(""));
        while (store_cursor_next(rows, &err) == 1) {
            count++;
        }
        store_cursor_destroy(rows);
    }
    return count;
}

/* Steps until the table has as many items and expiry rows, and the global index as many rows. */
static void await(struct fixture *fixture, uint32_t items, uint32_t rows)
{
    const struct index_spec *by_owner = &fixture->table->spec.indexes[1];
    uint64_t deadline = env_monotonic_us() + 20000000;
    bool as_expected = false;
    while (!as_expected && env_monotonic_us() < deadline) {
        cluster_step(fixture->cluster);
        as_expected = scan_rows(fixture, NULL) == items && expiry_rows(fixture) == rows;
    }
    assert_int_equal(scan_rows(fixture, NULL), items);
    assert_int_equal(expiry_rows(fixture), rows);
    await_rows(fixture, by_owner, NULL, items);
}

/* Long enough for everything that is due to go. */
static void step_for(struct fixture *fixture, uint64_t us)
{
    for (uint64_t until = env_monotonic_us() + us; env_monotonic_us() < until;) {
        cluster_step(fixture->cluster);
    }
}

/* --- tests ----------------------------------------------------------------------------------------------------------
 */

static void test_due_items_go(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    update(fixture, switch_on);
    for (int i = 0; i < 150; i++) {
        put_time(fixture, i, seconds_from_now(i % 3 == 0 ? 1000 : i % 3 == 1 ? -1000 : 1));
    }
    run_loop(fixture, 150);
    assert_int_equal(scan_rows(fixture, NULL), 150); /* a due item is taken first */
    await(fixture, 50, 50);
}

static void test_off_by_default(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    put_time(fixture, 1, seconds_from_now(-10));
    run_loop(fixture, 1);
    step_for(fixture, 300000);
    assert_int_equal(scan_rows(fixture, NULL), 1);
    assert_int_equal(expiry_rows(fixture), 0);
}

static void test_what_does_not_expire(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    update(fixture, switch_on);
    submit(fixture, WRITE_PUT, expiring_item(fixture, 1, NULL));
    submit(fixture, WRITE_PUT, expiring_item(fixture, 2, "0"));
    submit(fixture, WRITE_PUT, expiring_item(fixture, 3, "-5"));
    put_time(fixture, 4, seconds_from_now(-6ll * 365 * 86400));
    put_time(fixture, 5, seconds_from_now(-4ll * 365 * 86400)); /* this one does */
    run_loop(fixture, 5);
    await(fixture, 4, 0);
}

/* An item has one row at most, whatever became of it. */
static void test_rows_follow_items(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    update(fixture, switch_on);
    put_time(fixture, 1, seconds_from_now(500));
    put_time(fixture, 1, seconds_from_now(500));
    put_time(fixture, 1, seconds_from_now(600));
    put_time(fixture, 2, seconds_from_now(600));
    put_time(fixture, 3, seconds_from_now(-1));
    put_time(fixture, 3, seconds_from_now(700));
    run_loop(fixture, 6);
    assert_int_equal(expiry_rows(fixture), 3);
    step_for(fixture, 300000);
    await(fixture, 3, 3);
    submit(fixture, WRITE_PUT, expiring_item(fixture, 1, NULL));
    submit(fixture, WRITE_DELETE, expiring_item(fixture, 2, NULL));
    run_loop(fixture, 2);
    await(fixture, 2, 1);
}

/* In batches of their own: what was swept before must not hide what comes. */
static void test_again_and_again(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    update(fixture, switch_on);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 40; i++) {
            put_time(fixture, i, seconds_from_now(-round * 100));
        }
        run_loop(fixture, 40);
        await(fixture, 0, 0);
    }
}

static void test_items_from_before(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    for (int i = 0; i < MANY; i++) {
        put_time(fixture, i, seconds_from_now(i % 2 == 0 ? -10 : 1000));
    }
    run_loop(fixture, MANY);
    update(fixture, switch_on);
    await(fixture, MANY / 2, MANY / 2);
}

static void test_filling_survives_restarts(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    for (int i = 0; i < MANY; i++) {
        put_time(fixture, i, seconds_from_now(i % 2 == 0 ? 1 : 1000));
    }
    run_loop(fixture, MANY);
    update(fixture, switch_on);
    for (int restarts = 0; restarts < 4; restarts++) {
        step_for(fixture, 3000);
        close_cluster(fixture);
        open_cluster(fixture);
        fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    }
    await(fixture, MANY / 2, MANY / 2);
}

static void test_writes_beside_the_filling(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    for (int i = 0; i < MANY; i++) {
        put_time(fixture, i, seconds_from_now(1000));
    }
    run_loop(fixture, MANY);
    update(fixture, switch_on);
    for (int i = 0; i < MANY; i += 2) {
        put_time(fixture, i, seconds_from_now(-1)); /* with the version from before */
        if (i % 100 == 0) {
            cluster_port_flush(&fixture->port);
            cluster_step(fixture->cluster);
        }
    }
    run_loop(fixture, MANY / 2);
    uint64_t deadline = env_monotonic_us() + 20000000;
    while (scan_rows(fixture, NULL) > MANY / 2 && env_monotonic_us() < deadline) {
        cluster_step(fixture->cluster);
    }
    assert_int_equal(scan_rows(fixture, NULL), MANY / 2);
    assert_true(expiry_rows(fixture) >= MANY / 2); /* some of items as they were are left: harmless */
}

static void test_switched_off(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    update(fixture, switch_on);
    for (int i = 0; i < 50; i++) {
        put_time(fixture, i, seconds_from_now(2));
    }
    run_loop(fixture, 50);
    update(fixture, switch_off);
    await(fixture, 50, 0);
    step_for(fixture, 2500000);
    await(fixture, 50, 0);
    update(fixture, switch_on);
    await(fixture, 0, 0);
}

static void test_switched_to_and_fro(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    for (int i = 0; i < 50; i++) {
        put_time(fixture, i, seconds_from_now(i % 2 == 0 ? -1 : 1000));
    }
    run_loop(fixture, 50);
    for (int i = 0; i < 5; i++) {
        update(fixture, i % 2 == 0 ? switch_on : switch_off);
        cluster_step(fixture->cluster);
    }
    await(fixture, 25, 25);
}

static void test_dropped_table(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    update(fixture, switch_on);
    for (int i = 0; i < 50; i++) {
        put_time(fixture, i, seconds_from_now(1000));
    }
    run_loop(fixture, 50);
    assert_int_equal(expiry_rows(fixture), 50);
    cluster_step(fixture->cluster);
    assert_int_equal(change(fixture, TABLE_DELETE, "things"), TABLE_CHANGE_DONE);
    uint64_t deadline = env_monotonic_us() + 20000000;
    while (expiry_rows(fixture) > 0 && env_monotonic_us() < deadline) {
        cluster_step(fixture->cluster);
    }
    assert_int_equal(expiry_rows(fixture), 0);
}

/* --- items that a transaction holds ---------------------------------------------------------------------------------
 */

struct hold {
    struct command command; /* first */
    struct shard *shard;
    struct slice key;
    bool take;
};

static void evaluate_hold(struct command *command, struct batch *batch)
{
    static const struct transaction_id id = {"somebody"};
    struct hold *hold = (struct hold *)command;
    if (hold->take) {
        locks_take(&batch->shard->locks, hold->key, &id);
    } else {
        locks_release(&batch->shard->locks, hold->key);
    }
}

static void hold_item(struct fixture *fixture, const struct write *write, bool take)
{
    struct hold hold = {.key = write->key.bytes, .take = take};
    hold.command = (struct command){.evaluate = evaluate_hold, .reply_to = &fixture->port.mailbox};
    hold.command.task.run = on_answer;
    cluster_submit(cluster_shard_of(fixture->cluster, write->key.hash), &hold.command);
    run_loop(fixture, 1);
}

static void test_held_item_waits(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    update(fixture, switch_on);
    struct write *held = submit(fixture, WRITE_PUT, expiring_item(fixture, 1, "1700000000"));
    run_loop(fixture, 1);
    hold_item(fixture, held, true);
    for (int i = 2; i < 60; i++) {
        put_time(fixture, i, seconds_from_now(-1));
    }
    run_loop(fixture, 58);
    await(fixture, 1, 1);
    step_for(fixture, 300000);
    await(fixture, 1, 1);
    hold_item(fixture, held, false);
    await(fixture, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_due_items_go),
        BOTH(test_off_by_default),
        BOTH(test_what_does_not_expire),
        BOTH(test_rows_follow_items),
        BOTH(test_again_and_again),
        BOTH(test_items_from_before),
        BOTH(test_filling_survives_restarts),
        BOTH(test_writes_beside_the_filling),
        BOTH(test_switched_off),
        BOTH(test_switched_to_and_fro),
        BOTH(test_dropped_table),
        BOTH(test_held_item_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
