/* Item collections: their size rows are exact after every kind of write, and nothing makes one larger than the limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../support/cluster.h"
#include "base/hash.h"
#include "cluster/private.h"
#include "engine/collection.h"
#include "engine/ttl.h"

#define KEYS     5
#define LIMIT    3000
#define ROW      13
#define OVERHEAD COLLECTION_INDEX_ROW_BYTES

static const char *const sort_keys[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

static const char *key_of(struct fixture *fixture, int number)
{
    return arena_printf(&fixture->arena, "p%d", number).data;
}

static void assert_exact(struct fixture *fixture)
{
    for (int i = 0; i < KEYS; i++) {
        const char *pk = key_of(fixture, i);
        assert_int_equal(collection_bytes(fixture, pk), collection_sum(fixture, pk));
    }
}

static char *filler(struct fixture *fixture, size_t len)
{
    char *text = arena_alloc(&fixture->arena, len + 1);
    memset(text, 'x', len);
    text[len] = '\0';
    return text;
}

/* An item of pk "p", sk "1", a note (2 + 1, 2 + 2, 4 + note) and its row in the local index. */
#define BYTES_OF(note) (2 * (2 + 1 + 2 + 2 + 4 + (note)) + OVERHEAD)

static struct write *submit_note(struct fixture *fixture, enum write_kind kind, const char *sk, size_t note)
{
    return submit(fixture, kind, example_item(&fixture->arena, "p", sk, filler(fixture, note), NULL));
}

static int setup_limit(void **state)
{
    struct fixture *fixture = make_fixture(1);
    close_cluster(fixture);
    fixture->collection_bytes_max = LIMIT;
    open_cluster(fixture);
    *state = fixture;
    return 0;
}

/* --- the rows ------------------------------------------------------------------------------------------------------
 */

static uint32_t count_rows(struct fixture *fixture, struct slice *ret_value)
{
    uint32_t count = 0;
    struct err err;
    for (unsigned i = 0; i < fixture->cluster->shard_count; i++) {
        struct store_cursor *rows =
            store_cursor_create(fixture->cluster->shards[i]->store, STORE_COLLECTIONS, SLICE(""), SLICE(""), false);
        while (store_cursor_next(rows, &err) == 1) {
            count++;
            *ret_value = arena_copy(&fixture->arena, store_cursor_value(rows));
        }
        store_cursor_destroy(rows);
    }
    return count;
}

static void test_row_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct slice row;
    make_table(fixture);
    submit_note(fixture, WRITE_PUT, "1", 7);
    run_loop(fixture, 1);
    assert_int_equal(collection_bytes(fixture, "p"), BYTES_OF(7));
    assert_int_equal(count_rows(fixture, &row), 1);
    assert_int_equal(row.len, ROW);
    assert_memory_equal(row.data + 5, ((char[]){0, 0, 0, 0, 0, 0, 0, (char)BYTES_OF(7)}), 8);
    uint32_t checksum = __builtin_bswap32(hash_checksum(slice_of(row.data + 5, 8)));
    assert_int_equal(row.data[0], 1);
    assert_memory_equal(row.data + 1, &checksum, 4);
    submit_note(fixture, WRITE_DELETE, "1", 7);
    run_loop(fixture, 1);
    assert_int_equal(collection_bytes(fixture, "p"), 0);
    assert_int_equal(count_rows(fixture, &row), 0);
}

static void test_rows_go_with_their_table(void **state)
{
    struct fixture *fixture = *state;
    struct slice row;
    make_table(fixture);
    for (int i = 0; i < 40; i++) {
        submit(fixture, WRITE_PUT, example_item(&fixture->arena, key_of(fixture, i), "1", "note", "ann"));
    }
    run_loop(fixture, 40);
    assert_int_equal(count_rows(fixture, &row), 40);
    assert_int_equal(change(fixture, TABLE_DELETE, "things"), TABLE_CHANGE_DONE);
    for (uint64_t deadline = env_monotonic_us() + 20000000;
         count_rows(fixture, &row) > 0 && env_monotonic_us() < deadline;) {
    }
    assert_int_equal(count_rows(fixture, &row), 0);
}

/* What is no row of ours is an error, never a size. */
static void put_raw_row(struct command *command, struct batch *batch)
{
    (void)command;
    struct table_spec spec = {.id = 1, .keys = key_schema_of("pk", "sk", VALUE_N)};
    struct item item = example_item(&batch->scratch, "p", "1", NULL, NULL);
    struct row_key key;
    row_key_of_item(&batch->scratch, &spec, &item, &key);
    batch_put_row(batch, STORE_COLLECTIONS, row_key_collection(&spec, key.bytes), SLICE("\1\0\0\0\0\0\0\0\0\0\0\0\7"));
}

static void run_command(struct fixture *fixture, struct shard *shard,
                        void (*evaluate)(struct command *command, struct batch *batch))
{
    struct command command = {.evaluate = evaluate, .reply_to = &fixture->port.mailbox, .task.run = on_answer};
    cluster_submit(shard, &command);
    run_loop(fixture, 1);
    assert_false(command.failed);
}

static void test_a_damaged_row_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    run_command(fixture, fixture->cluster->shards[0], put_raw_row);
    struct write *write = submit_note(fixture, WRITE_PUT, "1", 7);
    run_loop(fixture, 1);
    assert_int_equal(write->result, WRITE_STORE_FAILED);
    assert_int_equal(scan_rows(fixture, NULL), 0);
    struct value pk = string_value("p");
    struct err err;
    uint64_t bytes;
    assert_int_equal(cluster_collection_size(fixture->cluster, &fixture->table->spec, &pk, &bytes, &err), -1);
}

/* --- exact after every write ---------------------------------------------------------------------------------------
 */

static struct write *random_write(struct fixture *fixture)
{
    const char *pk = key_of(fixture, rand() % KEYS), *sk = sort_keys[rand() % 10];
    const char *note = rand() % 3 == 0 ? NULL : filler(fixture, 1 + (size_t)rand() % 500);
    enum write_kind kind = rand() % 3 == 0 ? WRITE_DELETE : rand() % 3 == 0 ? WRITE_UPDATE : WRITE_PUT;
    return submit(fixture, kind, example_item(&fixture->arena, pk, sk, note, rand() % 2 == 0 ? "ann" : NULL));
}

/* Many of a turn are one batch, so they must see each other's changes. */
static void test_random_writes(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    srand(4711);
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 100; i++) {
            random_write(fixture);
        }
        run_loop(fixture, 100);
        assert_exact(fixture);
    }
    close_cluster(fixture);
    open_cluster(fixture);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    assert_exact(fixture);
}

static struct write *part_of_transaction(struct fixture *fixture, enum write_kind kind, const char *pk, const char *sk,
                                         size_t note)
{
    struct write *write = ARENA_NEW(&fixture->arena, struct write);
    write_init(write);
    write->kind = kind;
    write->table = fixture->table;
    write->item = example_item(&fixture->arena, pk, sk, filler(fixture, note), NULL);
    write->key_item = (struct item){write->item.attributes, 2};
    write->arena = ARENA_NEW(&fixture->arena, struct arena);
    arena_init(write->arena, 256);
    row_key_of_item(&fixture->arena, &fixture->table->spec, &write->item, &write->key);
    return write;
}

static enum transact_result transact(struct fixture *fixture, struct write **writes, uint32_t count)
{
    struct transact transact = {.writes = writes, .count = count, .token = SLICE(""), .task.run = on_answer};
    cluster_transact(&fixture->port, &transact);
    run_loop(fixture, 1);
    for (uint32_t i = 0; i < count; i++) {
        arena_finish(writes[i]->arena);
    }
    return transact.result;
}

/* Several writes to each of several collections, on one shard and on more. */
static void test_transactions(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    srand(4711);
    for (int round = 0; round < 30; round++) {
        struct write *writes[KEYS * 4];
        for (int i = 0; i < KEYS * 4; i++) {
            int kind = rand() % 4;
            writes[i] = part_of_transaction(fixture,
                                            kind == 0   ? WRITE_DELETE
                                            : kind == 1 ? WRITE_CHECK
                                                        : WRITE_PUT,
                                            key_of(fixture, i / 4), sort_keys[i % 4], 1 + (size_t)rand() % 500);
        }
        assert_int_equal(transact(fixture, writes, KEYS * 4), TRANSACT_DONE);
        assert_exact(fixture);
    }
}

static bool switch_ttl_on(struct table_change *table_change, struct table_spec *spec, struct arena *arena)
{
    (void)table_change;
    (void)arena;
    spec->ttl = (struct ttl_spec){spec->ttl.generation + 1, SLICE("expires")};
    return true;
}

static void update_table(struct fixture *fixture,
                         bool (*apply)(struct table_change *, struct table_spec *, struct arena *))
{
    struct table_change table_change = {.kind = TABLE_UPDATE, .name = SLICE("things"), .apply = apply};
    table_change.command.task.run = on_answer;
    cluster_change_table(&fixture->port, &table_change);
    run_loop(fixture, 1);
    assert_int_equal(table_change.result, TABLE_CHANGE_DONE);
    table_release(fixture->table);
    fixture->table = table_change.table;
}

static void test_items_that_expire(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    update_table(fixture, switch_ttl_on);
    const char *past = arena_printf(&fixture->arena, "%llu", (unsigned long long)env_time_us() / 1000000 - 100).data;
    for (int i = 0; i < 30; i++) {
        struct item item = example_item(&fixture->arena, key_of(fixture, i % KEYS), sort_keys[i / KEYS], "note", NULL);
        if (i >= KEYS) {
            item.attributes[item.count++] = (struct attribute){SLICE("expires"), number_value(past)};
        }
        submit(fixture, WRITE_PUT, item);
    }
    run_loop(fixture, 30);
    assert_exact(fixture);
    for (uint64_t deadline = env_monotonic_us() + 20000000;
         scan_rows(fixture, NULL) > KEYS && env_monotonic_us() < deadline;) {
        cluster_step(fixture->cluster);
    }
    assert_int_equal(scan_rows(fixture, NULL), KEYS);
    assert_exact(fixture);
}

/* --- a table from before there were rows ---------------------------------------------------------------------------
 */

static bool age(struct table_change *table_change, struct table_spec *spec, struct arena *arena)
{
    (void)table_change;
    (void)arena;
    spec->collections_kept = false;
    return true;
}

static void drop_sizes(struct command *command, struct batch *batch)
{
    (void)command;
    collection_drop(batch, 1);
    batch->last = true;
}

static void make_old_table(struct fixture *fixture)
{
    make_table(fixture);
    assert_int_equal(fixture->table->spec.id, 1);
    for (int i = 0; i < KEYS * 10; i++) {
        submit(fixture, WRITE_PUT,
               example_item(&fixture->arena, key_of(fixture, i / 10), sort_keys[i % 10], "note", "ann"));
    }
    run_loop(fixture, KEYS * 10);
    update_table(fixture, age);
    for (unsigned i = 0; i < fixture->cluster->shard_count; i++) {
        run_command(fixture, fixture->cluster->shards[i], drop_sizes);
    }
    assert_int_equal(collection_bytes(fixture, "p0"), 0);
}

static void test_first_write_adds_up(void **state)
{
    struct fixture *fixture = *state;
    make_old_table(fixture);
    for (int i = 0; i < KEYS; i++) { /* one larger, one gone, one that stays as it is, one that is not there */
        const char *pk = key_of(fixture, i), *note = i == 0 ? "a longer note" : "note";
        submit(fixture, i == 1 || i == 3 ? WRITE_DELETE : WRITE_PUT,
               example_item(&fixture->arena, pk, i == 3 ? "11" : "1", note, "ann"));
    }
    run_loop(fixture, KEYS);
    assert_exact(fixture);
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 30; i++) {
            random_write(fixture);
        }
        run_loop(fixture, 30);
        assert_exact(fixture);
    }
}

/* All in one batch: the collection is emptied, which leaves no row, and filled again while the store still has the old
 * items. */
static void test_emptied_and_filled_in_one_batch(void **state)
{
    struct fixture *fixture = *state;
    make_old_table(fixture);
    for (int i = 0; i < 10; i++) {
        submit(fixture, WRITE_DELETE, example_item(&fixture->arena, "p0", sort_keys[i], "note", "ann"));
    }
    submit(fixture, WRITE_PUT, example_item(&fixture->arena, "p0", "1", "note", "ann"));
    run_loop(fixture, 11);
    assert_int_equal(query_rows(fixture, NULL, "p0"), 1);
    assert_int_equal(collection_bytes(fixture, "p0"), collection_sum(fixture, "p0"));
}

/* --- the limit -----------------------------------------------------------------------------------------------------
 */

static void test_limit(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    struct write *first = submit_note(fixture, WRITE_PUT, "1", 1000);
    struct write *exact = submit_note(fixture, WRITE_PUT, "2", (LIMIT - BYTES_OF(1000) - BYTES_OF(0)) / 2);
    struct write *more = submit(fixture, WRITE_PUT, example_item(&fixture->arena, "p", "3", NULL, NULL));
    struct write *other = submit(fixture, WRITE_PUT, example_item(&fixture->arena, "q", "3", "note", NULL));
    run_loop(fixture, 4);
    assert_int_equal(first->result, WRITE_DONE);
    assert_int_equal(exact->result, WRITE_DONE);
    assert_int_equal(more->result, WRITE_COLLECTION_FULL);
    assert_int_equal(other->result, WRITE_DONE);
    assert_int_equal(collection_bytes(fixture, "p"), LIMIT);
    assert_int_equal(query_rows(fixture, NULL, "p"), 2);

    struct write *larger = submit_note(fixture, WRITE_PUT, "1", 1001);
    struct write *same = submit_note(fixture, WRITE_PUT, "1", 1000);
    struct write *smaller = submit_note(fixture, WRITE_PUT, "1", 999);
    struct write *again = submit_note(fixture, WRITE_PUT, "1", 1000);
    run_loop(fixture, 4);
    assert_int_equal(larger->result, WRITE_COLLECTION_FULL);
    assert_int_equal(same->result, WRITE_DONE);
    assert_int_equal(smaller->result, WRITE_DONE);
    assert_int_equal(again->result, WRITE_DONE);
    struct write *gone = submit_note(fixture, WRITE_DELETE, "2", 1);
    run_loop(fixture, 1);
    assert_int_equal(gone->result, WRITE_DONE);
    assert_int_equal(collection_bytes(fixture, "p"), BYTES_OF(1000));
}

/* A collection that is too large already, for the limit was higher: it may shrink, in steps, and not grow. */
static void test_above_the_limit(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    submit_note(fixture, WRITE_PUT, "1", 1000);
    submit_note(fixture, WRITE_PUT, "2", 200);
    run_loop(fixture, 2);
    close_cluster(fixture);
    fixture->collection_bytes_max = 1000;
    open_cluster(fixture);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    struct write *smaller = submit_note(fixture, WRITE_PUT, "1", 900);
    struct write *larger = submit_note(fixture, WRITE_PUT, "1", 901);
    struct write *gone = submit_note(fixture, WRITE_DELETE, "1", 1);
    struct write *room = submit_note(fixture, WRITE_PUT, "1", 10);
    run_loop(fixture, 4);
    assert_int_equal(smaller->result, WRITE_DONE);
    assert_int_equal(larger->result, WRITE_COLLECTION_FULL);
    assert_int_equal(gone->result, WRITE_DONE);
    assert_int_equal(room->result, WRITE_DONE);
}

/* The writes of a transaction count together: what one frees, another may take, whatever their order. */
static void test_limit_of_transactions(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    submit_note(fixture, WRITE_PUT, "1", 1000);
    run_loop(fixture, 1);

    struct write *both[] = {part_of_transaction(fixture, WRITE_PUT, "p", "2", 200),
                            part_of_transaction(fixture, WRITE_PUT, "q", "1", 200),
                            part_of_transaction(fixture, WRITE_PUT, "p", "3", 200)};
    assert_int_equal(transact(fixture, both, 3), TRANSACT_CANCELLED); /* each would fit by itself */
    assert_int_equal(both[0]->result, WRITE_COLLECTION_FULL);
    assert_int_equal(both[1]->result, WRITE_DONE);
    assert_int_equal(both[2]->result, WRITE_COLLECTION_FULL);
    assert_int_equal(collection_bytes(fixture, "p"), BYTES_OF(1000));
    assert_int_equal(collection_bytes(fixture, "q"), 0);

    struct write *moved[] = {part_of_transaction(fixture, WRITE_PUT, "p", "2", 1000),
                             part_of_transaction(fixture, WRITE_DELETE, "p", "1", 1)};
    assert_int_equal(transact(fixture, moved, 2), TRANSACT_DONE);
    assert_int_equal(collection_bytes(fixture, "p"), BYTES_OF(1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_row_bytes, setup_1, teardown),
        cmocka_unit_test_setup_teardown(test_a_damaged_row_is_an_error, setup_1, teardown),
        BOTH(test_rows_go_with_their_table),
        BOTH(test_random_writes),
        BOTH(test_transactions),
        BOTH(test_items_that_expire),
        BOTH(test_first_write_adds_up),
        BOTH(test_emptied_and_filled_in_one_batch),
        cmocka_unit_test_setup_teardown(test_limit, setup_limit, teardown),
        cmocka_unit_test_setup_teardown(test_above_the_limit, setup_limit, teardown),
        cmocka_unit_test_setup_teardown(test_limit_of_transactions, setup_limit, teardown),
    };
    return cmocka_run_group_tests_name("collection", tests, NULL, NULL);
}
