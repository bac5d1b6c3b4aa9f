/* Shards end to end, without the wire: tables, writes, pages, indexes across shards, restarts. Each with 1 and 4
 * shards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../support/cluster.h"

#define ITEMS 60
/* p0 … p59, each with sort keys 1 and 2, a note and one of three owners. */
static void write_items(struct fixture *fixture, enum write_kind kind)
{
    static const char *const owners[] = {"ann", "bob", "eve"};
    for (int i = 0; i < 2 * ITEMS; i++) {
        const char *pk = arena_printf(&fixture->arena, "p%d", i / 2).data;
        const char *note = arena_printf(&fixture->arena, "note %d", i).data;
        submit(fixture, kind, example_item(&fixture->arena, pk, i % 2 == 0 ? "1" : "2", note, owners[i % 3]));
    }
    run_loop(fixture, 2 * ITEMS);
}

static void test_tables(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(change(fixture, TABLE_DELETE, "things"), TABLE_CHANGE_NOT_FOUND);
    make_table(fixture);
    assert_int_equal(change(fixture, TABLE_CREATE, "things"), TABLE_CHANGE_EXISTS);
    assert_int_equal(change(fixture, TABLE_CREATE, "a"), TABLE_CHANGE_DONE);
    struct slice names[2];
    bool more;
    assert_int_equal(cluster_table_names(fixture->cluster, &fixture->arena, SLICE(""), 1, names, &more), 1);
    assert_true(more && slice_equal(names[0], SLICE("a")));
    assert_int_equal(cluster_table_names(fixture->cluster, &fixture->arena, SLICE("a"), 2, names, &more), 1);
    assert_true(!more && slice_equal(names[0], SLICE("things")));
}

static void test_writes_and_pages(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    write_items(fixture, WRITE_PUT);
    const struct index_spec *by_note = &fixture->table->spec.indexes[0], *by_owner = &fixture->table->spec.indexes[1];
    assert_int_equal(scan_rows(fixture, NULL), 2 * ITEMS);
    assert_int_equal(query_rows(fixture, NULL, "p7"), 2);
    assert_int_equal(query_rows(fixture, by_note, "p7"), 2); /* on the item's shard: there at once */
    await_rows(fixture, by_owner, "ann", 2 * ITEMS / 3);
    await_rows(fixture, by_owner, NULL, 2 * ITEMS);
    write_items(fixture, WRITE_DELETE);
    assert_int_equal(scan_rows(fixture, NULL), 0);
    assert_int_equal(scan_rows(fixture, by_note), 0);
    await_rows(fixture, by_owner, NULL, 0);
}

/* More rows in two batches of a shard than two deliveries take; nothing is written behind them. */
static void test_many_rows_for_other_shards(void **state)
{
    struct fixture *fixture = *state;
    const int items = 8000;
    make_table(fixture);
    for (int i = 0; i < items; i++) {
        const char *pk = arena_printf(&fixture->arena, "p%d", i).data;
        const char *owner = arena_printf(&fixture->arena, "owner of p%d", i).data;
        submit(fixture, WRITE_PUT, example_item(&fixture->arena, pk, "1", NULL, owner));
    }
    run_loop(fixture, items);
    await_rows(fixture, &fixture->table->spec.indexes[1], NULL, items);
}

static void test_index_row_moves(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    const struct index_spec *by_owner = &fixture->table->spec.indexes[1];
    submit(fixture, WRITE_PUT, example_item(&fixture->arena, "p", "1", "n", "ann"));
    submit(fixture, WRITE_PUT, example_item(&fixture->arena, "p", "1", "n", "bob"));
    struct write *last = submit(fixture, WRITE_PUT, example_item(&fixture->arena, "p", "1", "m", "bob"));
    last->want_old = last->want_capacity = true;
    run_loop(fixture, 3);
    assert_true(last->had_old);
    assert_true(slice_equal(item_find(&last->old, SLICE("owner"))->bytes, SLICE("bob")));
    assert_int_equal(last->table_units, 1);
    assert_int_equal(last->index_units[0], 2); /* the note is its key: delete and put */
    assert_int_equal(last->index_units[1], 0); /* keys only, and the same ones */
    await_rows(fixture, by_owner, "bob", 1);
    await_rows(fixture, by_owner, "ann", 0);
}

static void test_pages_continue(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    write_items(fixture, WRITE_PUT);
    struct err err;
    struct slice start_after = SLICE("");
    uint32_t rows = 0, pages = 0;
    for (bool more = true; more; pages++) {
        struct seen seen = {0};
        struct page page = page_of(fixture, NULL, &seen);
        row_range_of_scan(&fixture->arena, &fixture->table->spec, NULL, 0, 1, &page.range);
        page.limit = 9;
        page.start_after = start_after;
        assert_int_equal(page_step(&page, 0, &err), PAGE_END);
        rows += page.rows;
        more = page.more;
        if (more) {
            struct row_key key;
            row_key_of_item(&fixture->arena, &fixture->table->spec, &page.last, &key);
            start_after = key.bytes;
        }
        page_finish(&page);
    }
    assert_int_equal(rows, 2 * ITEMS);
    assert_int_equal(pages, 2 * ITEMS / 9 + 1);
}

static void test_reverse_query(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    write_items(fixture, WRITE_PUT);
    struct err err;
    struct seen seen = {0};
    struct page page = page_of(fixture, NULL, &seen);
    struct value hash = string_value("p3");
    row_range_of_query(&fixture->arena, &fixture->table->spec, NULL, &hash, NULL, 0, &page.range);
    page.reverse = true;
    assert_int_equal(page_step(&page, 0, &err), PAGE_END);
    page_finish(&page);
    assert_int_equal(seen.rows, 2);
    assert_string_equal(seen.last_sk, "1");
}

static void test_restart_keeps_everything(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    write_items(fixture, WRITE_PUT);
    close_cluster(fixture);
    open_cluster(fixture);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    assert_non_null(fixture->table);
    assert_int_equal(scan_rows(fixture, NULL), 2 * ITEMS);
    await_rows(fixture, &fixture->table->spec.indexes[1], NULL, 2 * ITEMS);
    await_rows(fixture, &fixture->table->spec.indexes[1], "eve", 2 * ITEMS / 3);
}

static void test_drop_removes_rows_and_refuses_writes(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    write_items(fixture, WRITE_PUT);
    assert_int_equal(change(fixture, TABLE_DELETE, "things"), TABLE_CHANGE_DONE);
    assert_null(cluster_table_acquire(fixture->cluster, SLICE("things")));
    struct write *late = submit(fixture, WRITE_PUT, example_item(&fixture->arena, "late", "1", "n", "ann"));
    run_loop(fixture, 1);
    assert_int_equal(late->result, WRITE_TABLE_GONE);
    await_rows(fixture, NULL, NULL, 0);
    await_rows(fixture, &fixture->table->spec.indexes[1], NULL, 0);
    table_release(fixture->table);
    make_table(fixture);
    assert_int_equal(scan_rows(fixture, NULL), 0);
}

static void test_counting(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    write_items(fixture, WRITE_PUT);
    await_rows(fixture, &fixture->table->spec.indexes[1], NULL, 2 * ITEMS);
    uint64_t deadline = env_monotonic_us() + 20000000;
    while (atomic_load(&fixture->table->state->writes) != 0 && env_monotonic_us() < deadline) {
        cluster_step(fixture->cluster);
    }
    assert_int_equal(table_count_of(fixture->table->state, 0).rows, 2 * ITEMS);
    assert_int_equal(table_count_of(fixture->table->state, 2).rows, 2 * ITEMS);
    assert_int_equal(atomic_load(&fixture->table->state->writes), 0);
    close_cluster(fixture);
    open_cluster(fixture);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    assert_int_equal(table_count_of(fixture->table->state, 0).rows, 2 * ITEMS);
}

static void test_folder_is_guarded(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    struct cluster *second;
    struct cluster_options options = {.data_dir = fixture->folder};
    assert_int_equal(cluster_open(&options, &second, &err), -1);
    assert_non_null(strstr(err.text, "in use by another server"));
    cluster_port_finish(&fixture->port);
    cluster_close(fixture->cluster);

    options.shards = fixture->shards + 1;
    assert_int_equal(cluster_open(&options, &second, &err), -1);
    assert_non_null(strstr(err.text, "shard"));

    char path[256];
    snprintf(path, sizeof path, "%s/format", fixture->folder);
    FILE *file = fopen(path, "w");
    fprintf(file, "stator data folder\nformat 99\nshards 1\n");
    fclose(file);
    options.shards = 0;
    assert_int_equal(cluster_open(&options, &second, &err), -1);
    assert_non_null(strstr(err.text, "has format 99"));
    file = fopen(path, "w");
    fprintf(file, "stator data folder\nformat 1\nshards %u\n", fixture->shards);
    fclose(file);
    open_cluster(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_tables),
        BOTH(test_writes_and_pages),
        BOTH(test_many_rows_for_other_shards),
        BOTH(test_index_row_moves),
        BOTH(test_pages_continue),
        BOTH(test_reverse_query),
        BOTH(test_restart_keeps_everything),
        BOTH(test_drop_removes_rows_and_refuses_writes),
        BOTH(test_counting),
        BOTH(test_folder_is_guarded),
    };
    return cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
}
