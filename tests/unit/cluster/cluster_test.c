/* Shards end to end, without the wire: tables, writes, pages, indexes across shards, restarts. Each with 1 and 4
 * shards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "../../support/tables.h"
#include "cluster/cluster.h"
#include "value/codec.h"

struct fixture {
    char *folder;
    unsigned shards;
    struct cluster *cluster;
    struct cluster_port port;
    struct arena arena;
    struct table *table;
};

/* The test is its own loop: it sleeps until the mailbox wakes it. */
static pthread_mutex_t woken_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken_change = PTHREAD_COND_INITIALIZER;
static unsigned woken, answered;

static void wake(struct mailbox *mailbox)
{
    (void)mailbox;
    pthread_mutex_lock(&woken_lock);
    woken++;
    pthread_cond_signal(&woken_change);
    pthread_mutex_unlock(&woken_lock);
}

static void on_answer(struct task *task)
{
    (void)task;
    answered++;
}

/* Until `count` answers have come. */
static void run_loop(struct fixture *fixture, unsigned count)
{
    cluster_port_flush(&fixture->port);
    while (answered < count) {
        struct timespec deadline;
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += 20;
        pthread_mutex_lock(&woken_lock);
        while (woken == 0) {
            assert_int_equal(pthread_cond_timedwait(&woken_change, &woken_lock, &deadline), 0);
        }
        woken = 0;
        pthread_mutex_unlock(&woken_lock);
        mailbox_run(&fixture->port.mailbox);
    }
    answered = 0;
}

static void open_cluster(struct fixture *fixture)
{
    struct err err;
    struct cluster_options options = {.data_dir = fixture->folder, .shards = fixture->shards};
    if (cluster_open(&options, &fixture->cluster, &err) != 0) {
        fail_msg("%s", err.text);
    }
    cluster_port_init(&fixture->port, fixture->cluster, wake);
}

static void close_cluster(struct fixture *fixture)
{
    table_release(fixture->table);
    fixture->table = NULL;
    cluster_port_finish(&fixture->port);
    cluster_close(fixture->cluster);
}

static struct fixture *make_fixture(unsigned shards)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->folder = folder_make();
    fixture->shards = shards;
    arena_init(&fixture->arena, 4096);
    open_cluster(fixture);
    return fixture;
}

static int setup_1(void **state)
{
    *state = make_fixture(1);
    return 0;
}

static int setup_4(void **state)
{
    *state = make_fixture(4);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    close_cluster(fixture);
    folder_remove(fixture->folder);
    arena_finish(&fixture->arena);
    free(fixture);
    return 0;
}

static enum table_change_result change(struct fixture *fixture, enum table_change_kind kind, const char *name)
{
    struct table_spec spec = example_spec(&fixture->arena, name);
    struct table_change change = {.kind = kind, .name = slice_from_string(name), .spec = &spec};
    change.command.task.run = on_answer;
    cluster_change_table(&fixture->port, &change);
    run_loop(fixture, 1);
    assert_false(change.command.failed);
    table_release(change.table);
    return change.result;
}

static void make_table(struct fixture *fixture)
{
    assert_int_equal(change(fixture, TABLE_CREATE, "things"), TABLE_CHANGE_DONE);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    assert_non_null(fixture->table);
}

static struct write *submit(struct fixture *fixture, enum write_kind kind, struct item item)
{
    struct write *write = ARENA_NEW(&fixture->arena, struct write);
    write_init(write);
    write->command.task.run = on_answer;
    write->kind = kind;
    write->table = fixture->table;
    write->item = item;
    write->key_item = (struct item){item.attributes, 2};
    write->arena = &fixture->arena;
    row_key_of_item(&fixture->arena, &fixture->table->spec, &item, &write->key);
    cluster_submit_write(&fixture->port, write);
    return write;
}

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

struct seen {
    uint32_t rows;
    char last_sk[8];
};

static void visit(struct page *page, const struct page_row *row, struct arena *scratch)
{
    (void)scratch;
    struct seen *seen = page->context;
    seen->rows++;
    const struct value *sk = item_find(&row->item, SLICE("sk"));
    snprintf(seen->last_sk, sizeof seen->last_sk, "%.*s", SLICE_ARG(sk->bytes));
}

static struct page page_of(struct fixture *fixture, const struct index_spec *index, struct seen *seen)
{
    return (struct page){.cluster = fixture->cluster,
                         .table = fixture->table,
                         .index = index,
                         .bytes_max = 1 << 20,
                         .visit = visit,
                         .context = seen,
                         .arena = &fixture->arena};
}

static uint32_t scan_rows(struct fixture *fixture, const struct index_spec *index)
{
    struct err err;
    struct seen seen = {0};
    struct page page = page_of(fixture, index, &seen);
    row_range_of_scan(&fixture->arena, &fixture->table->spec, index, 0, 1, &page.range);
    enum page_state state;
    while ((state = page_step(&page, 7, &err)) == PAGE_MORE) {
    }
    assert_int_equal(state, PAGE_END);
    assert_false(page.more);
    assert_int_equal(seen.rows, page.rows);
    page_finish(&page);
    return seen.rows;
}

static uint32_t query_rows(struct fixture *fixture, const struct index_spec *index, const char *hash)
{
    struct err err;
    struct seen seen = {0};
    struct page page = page_of(fixture, index, &seen);
    struct value value = string_value(hash);
    row_range_of_query(&fixture->arena, &fixture->table->spec, index, &value, NULL, 0, &page.range);
    assert_int_equal(page_step(&page, 0, &err), PAGE_END);
    page_finish(&page);
    return seen.rows;
}

/* Index rows on other shards arrive soon; asks again until they have, for at most 20 seconds. */
static void await_rows(struct fixture *fixture, const struct index_spec *index, const char *hash, uint32_t expected)
{
    uint64_t deadline = env_monotonic_us() + 20000000;
    uint32_t rows;
    do {
        rows = hash == NULL ? scan_rows(fixture, index) : query_rows(fixture, index, hash);
    } while (rows != expected && env_monotonic_us() < deadline);
    assert_int_equal(rows, expected);
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
    for (int i = 0; i < 100; i++) {
        cluster_step(fixture->cluster);
    }
    assert_int_equal(atomic_load(&fixture->table->state->item_count), 2 * ITEMS);
    assert_int_equal(atomic_load(&fixture->table->state->index_count[1]), 2 * ITEMS);
    assert_int_equal(atomic_load(&fixture->table->state->writes), 0);
    close_cluster(fixture);
    open_cluster(fixture);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    assert_int_equal(atomic_load(&fixture->table->state->item_count), 2 * ITEMS);
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

#define BOTH(test)                                                                                                     \
    {#test " (1 shard)", test, setup_1, teardown, NULL},                                                               \
    {                                                                                                                  \
#test " (4 shards)", test, setup_4, teardown, NULL                                                             \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_tables),
        BOTH(test_writes_and_pages),
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
