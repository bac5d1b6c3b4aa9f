/* Indexes that come and go beside the traffic, and over restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../support/cluster.h"

#define ITEMS 700 /* more than two runs on one shard */

/* Adds "by_owner2" on "owner", with all attributes. */
static bool add_index(struct table_change *table_change, struct table_spec *spec, struct arena *arena)
{
    (void)table_change;
    struct index_spec *indexes = ARENA_ARRAY(arena, struct index_spec, spec->index_count + 1);
    memcpy(indexes, spec->indexes, spec->index_count * sizeof *indexes);
    struct index_spec *added = &indexes[spec->index_count++];
    *added = (struct index_spec){.id = spec->next_index_id++, .name = SLICE("by_owner2"), .global = true};
    added->status = INDEX_CREATING;
    added->keys = key_schema_of("owner", NULL, VALUE_S);
    spec->indexes = indexes;
    return true;
}

static bool remove_index(struct table_change *table_change, struct table_spec *spec, struct arena *arena)
{
    (void)table_change;
    (void)arena;
    spec->indexes[2].status = INDEX_DELETING;
    return true;
}

static void update(struct fixture *fixture, bool (*apply)(struct table_change *, struct table_spec *, struct arena *))
{
    struct table_change table_change = {.kind = TABLE_UPDATE, .name = SLICE("things"), .apply = apply};
    table_change.command.task.run = on_answer;
    cluster_change_table(&fixture->port, &table_change);
    run_loop(fixture, 1);
    assert_int_equal(table_change.result, TABLE_CHANGE_DONE);
    table_release(table_change.table);
}

/* The newest version; `fixture->table` stays what a slow request may still hold. */
static struct table *newest(struct fixture *fixture)
{
    struct table *table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    assert_non_null(table);
    return table;
}

static void put(struct fixture *fixture, int number, const char *owner)
{
    const char *pk = arena_printf(&fixture->arena, "p%d", number).data;
    submit(fixture, WRITE_PUT, example_item(&fixture->arena, pk, "1", NULL, owner));
}

/* Two thirds have an owner. */
static void put_items(struct fixture *fixture)
{
    static const char *const owners[] = {"ann", "bob", NULL};
    for (int i = 0; i < ITEMS; i++) {
        put(fixture, i, owners[i % 3]);
    }
    run_loop(fixture, ITEMS);
}

static void step_until_settled(struct fixture *fixture)
{
    uint64_t deadline = env_monotonic_us() + 20000000;
    for (bool settled = false; !settled;) {
        assert_true(env_monotonic_us() < deadline);
        cluster_step(fixture->cluster);
        struct table *table = newest(fixture);
        settled = true;
        for (uint32_t i = 0; i < table->spec.index_count; i++) {
            settled = settled && table->spec.indexes[i].status == INDEX_ACTIVE;
        }
        table_release(table);
    }
}

/* Rows of the new index, as the newest version of the table has it. */
static void assert_rows(struct fixture *fixture, const char *owner, uint32_t expected)
{
    struct table *held = fixture->table;
    fixture->table = newest(fixture);
    const struct index_spec *index = table_find_index(&fixture->table->spec, SLICE("by_owner2"));
    assert_non_null(index);
    await_rows(fixture, index, owner, expected);
    table_release(fixture->table);
    fixture->table = held;
}

static void test_fill_and_remove(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    put_items(fixture);
    update(fixture, add_index);
    /* A request that looked the table up before: its write must reach the new index all the same. */
    put(fixture, 2, "eve");
    run_loop(fixture, 1);
    step_until_settled(fixture);
    assert_rows(fixture, NULL, (ITEMS + 2) / 3 + (ITEMS + 1) / 3 + 1);
    assert_rows(fixture, "eve", 1);
    update(fixture, remove_index);
    step_until_settled(fixture);
    struct table *table = newest(fixture);
    assert_int_equal(table->spec.index_count, 2);
    assert_int_equal(table->spec.attribute_count, 4);
    table_release(table);
    update(fixture, add_index); /* under another id, and from nothing */
    step_until_settled(fixture);
    assert_rows(fixture, "eve", 1);
}

static void test_writes_beside_the_filling(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    put_items(fixture);
    update(fixture, add_index);
    for (int i = 0; i < ITEMS; i++) { /* every item changes its owner while runs go on */
        put(fixture, i, i % 2 == 0 ? "zoe" : NULL);
        if (i % 20 == 0) {
            cluster_port_flush(&fixture->port);
            cluster_step(fixture->cluster);
        }
    }
    run_loop(fixture, ITEMS);
    step_until_settled(fixture);
    assert_rows(fixture, "zoe", ITEMS / 2);
    assert_rows(fixture, NULL, ITEMS / 2);
}

static void test_restart_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    put_items(fixture);
    update(fixture, add_index);
    for (int restarts = 0; restarts < 3; restarts++) {
        for (int i = 0; i < 4; i++) {
            cluster_step(fixture->cluster);
        }
        close_cluster(fixture);
        open_cluster(fixture);
        fixture->table = newest(fixture);
    }
    step_until_settled(fixture);
    assert_rows(fixture, "ann", (ITEMS + 2) / 3);
    assert_rows(fixture, "bob", (ITEMS + 1) / 3);
    update(fixture, remove_index);
    close_cluster(fixture);
    open_cluster(fixture);
    fixture->table = newest(fixture);
    step_until_settled(fixture);
    struct table *table = newest(fixture);
    assert_null(table_find_index(&table->spec, SLICE("by_owner2")));
    table_release(table);
}

static void test_removed_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    put_items(fixture);
    for (int steps = 0; steps < 30; steps += 3) {
        update(fixture, add_index);
        for (int i = 0; i < steps; i++) {
            cluster_step(fixture->cluster);
        }
        update(fixture, remove_index);
        step_until_settled(fixture);
        struct table *table = newest(fixture);
        assert_int_equal(table->spec.index_count, 2);
        table_release(table);
    }
    update(fixture, add_index);
    step_until_settled(fixture);
    assert_rows(fixture, "ann", (ITEMS + 2) / 3);
}

static void test_table_dropped_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    put_items(fixture);
    update(fixture, add_index);
    cluster_step(fixture->cluster);
    assert_int_equal(change(fixture, TABLE_DELETE, "things"), TABLE_CHANGE_DONE);
    assert_int_equal(change(fixture, TABLE_CREATE, "things"), TABLE_CHANGE_DONE);
    for (int i = 0; i < 200; i++) {
        cluster_step(fixture->cluster);
    }
    struct table *table = newest(fixture);
    assert_int_equal(table->spec.index_count, 2);
    table_release(table);
    await_rows(fixture, &fixture->table->spec.indexes[1], NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_fill_and_remove),       BOTH(test_writes_beside_the_filling),   BOTH(test_restart_in_the_middle),
        BOTH(test_removed_in_the_middle), BOTH(test_table_dropped_in_the_middle),
    };
    return cmocka_run_group_tests_name("index online", tests, NULL, NULL);
}
