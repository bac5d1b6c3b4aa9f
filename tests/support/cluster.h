/* A cluster in a temporary folder, and a loop to run its answers on. Include after cmocka.h. */
#pragma once

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cluster/cluster.h"
#include "folder.h"
#include "tables.h"
#include "value/codec.h"

struct fixture {
    char *folder;
    unsigned shards;
    uint64_t collection_bytes_max; /* 0: the default */
    struct cluster *cluster;
    struct cluster_port port;
    struct arena arena;
    struct table *table;
};

/* The test is its own loop: it sleeps until the mailbox wakes it. */
static pthread_mutex_t woken_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken_change = PTHREAD_COND_INITIALIZER;
static unsigned woken, answered;

static inline void wake(struct mailbox *mailbox)
{
    (void)mailbox;
    pthread_mutex_lock(&woken_lock);
    woken++;
    pthread_cond_signal(&woken_change);
    pthread_mutex_unlock(&woken_lock);
}

static inline void on_answer(struct task *task)
{
    (void)task;
    answered++;
}

/* Until `count` answers have come. */
static inline void run_loop(struct fixture *fixture, unsigned count)
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

static inline void open_cluster(struct fixture *fixture)
{
    struct err err;
    struct cluster_options options = {
        .data_dir = fixture->folder, .shards = fixture->shards, .collection_bytes_max = fixture->collection_bytes_max};
    if (cluster_open(&options, &fixture->cluster, &err) != 0) {
        fail_msg("%s", err.text);
    }
    cluster_port_init(&fixture->port, fixture->cluster, wake);
}

static inline void close_cluster(struct fixture *fixture)
{
    table_release(fixture->table);
    fixture->table = NULL;
    cluster_port_finish(&fixture->port);
    cluster_close(fixture->cluster);
}

static inline struct fixture *make_fixture(unsigned shards)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->folder = folder_make();
    fixture->shards = shards;
    arena_init(&fixture->arena, 4096);
    open_cluster(fixture);
    return fixture;
}

static inline int setup_1(void **state)
{
    *state = make_fixture(1);
    return 0;
}

static inline int setup_4(void **state)
{
    *state = make_fixture(4);
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *fixture = *state;
    close_cluster(fixture);
    folder_remove(fixture->folder);
    arena_finish(&fixture->arena);
    free(fixture);
    return 0;
}

static inline enum table_change_result change(struct fixture *fixture, enum table_change_kind kind, const char *name)
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

static inline void make_table(struct fixture *fixture)
{
    assert_int_equal(change(fixture, TABLE_CREATE, "things"), TABLE_CHANGE_DONE);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    assert_non_null(fixture->table);
}

static inline struct write *submit(struct fixture *fixture, enum write_kind kind, struct item item)
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

struct seen {
    uint32_t rows;
    char last_sk[8];
};

static inline int visit(struct page *page, const struct page_row *row, struct arena *scratch, struct err *err)
{
    struct seen *seen = page->context;
    struct item item;
    if (item_decode_attributes(scratch, row->stored, &item, err) != 0) {
        return -1;
    }
    seen->rows++;
    const struct value *sk = item_find(&item, SLICE("sk"));
    snprintf(seen->last_sk, sizeof seen->last_sk, "%.*s", SLICE_ARG(sk->bytes));
    return 0;
}

static inline struct page page_of(struct fixture *fixture, const struct index_spec *index, struct seen *seen)
{
    return (struct page){.cluster = fixture->cluster,
                         .table = fixture->table,
                         .index = index,
                         .bytes_max = 1 << 20,
                         .visit = visit,
                         .context = seen,
                         .arena = &fixture->arena};
}

static inline uint32_t scan_rows(struct fixture *fixture, const struct index_spec *index)
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

static inline uint32_t query_rows(struct fixture *fixture, const struct index_spec *index, const char *hash)
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

/* What a collection takes, added up from its rows: those of local indexes count 100 bytes more. */
static inline uint64_t collection_sum(struct fixture *fixture, const char *hash)
{
    const struct table_spec *spec = &fixture->table->spec;
    struct value value = string_value(hash);
    uint64_t sum = 0;
    for (uint32_t i = 0; i <= spec->index_count; i++) {
        const struct index_spec *index = i == 0 ? NULL : &spec->indexes[i - 1];
        if (index != NULL && index->global) {
            continue;
        }
        struct err err;
        struct seen seen = {0};
        struct page page = page_of(fixture, index, &seen);
        page.bytes_max = SIZE_MAX;
        row_range_of_query(&fixture->arena, spec, index, &value, NULL, 0, &page.range);
        assert_int_equal(page_step(&page, 0, &err), PAGE_END);
        sum += page.bytes + (index == NULL ? 0 : 100 * (uint64_t)page.rows);
        page_finish(&page);
    }
    return sum;
}

static inline uint64_t collection_bytes(struct fixture *fixture, const char *hash)
{
    struct value value = string_value(hash);
    struct err err;
    uint64_t bytes;
    assert_int_equal(cluster_collection_size(fixture->cluster, &fixture->table->spec, &value, &bytes, &err), 0);
    return bytes;
}

/* Index rows on other shards arrive soon; asks again until they have, for at most 20 seconds. */
static inline void await_rows(struct fixture *fixture, const struct index_spec *index, const char *hash,
                              uint32_t expected)
{
    uint64_t deadline = env_monotonic_us() + 20000000;
    uint32_t rows;
    do {
        rows = hash == NULL ? scan_rows(fixture, index) : query_rows(fixture, index, hash);
    } while (rows != expected && env_monotonic_us() < deadline);
    assert_int_equal(rows, expected);
}

/* A test with one shard and with four. */
#define BOTH(test)                                                                                                     \
    {#test " (1 shard)", test, setup_1, teardown, NULL},                                                               \
    {                                                                                                                  \
#test " (4 shards)", test, setup_4, teardown, NULL                                                             \
    }
