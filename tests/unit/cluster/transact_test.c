/* Transactions without the wire: all or none, conflicts, tokens, reading as of one instant, and what a start makes of
 * what a crash left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../support/cluster.h"
#include "base/fault.h"
#include "cluster/private.h"
#include "engine/transact.h"
#include "value/codec.h"

#define WRITES 8

static struct write *make_write(struct fixture *fixture, enum write_kind kind, int number, const char *owner)
{
    const char *pk = arena_printf(&fixture->arena, "t%d", number).data;
    struct item item = example_item(&fixture->arena, pk, "1", "note", owner);
    struct write *write = ARENA_NEW(&fixture->arena, struct write);
    write_init(write);
    write->kind = kind;
    write->table = fixture->table;
    write->item = item;
    write->key_item = (struct item){item.attributes, 2};
    write->arena = ARENA_NEW(&fixture->arena, struct arena);
    arena_init(write->arena, 256);
    row_key_of_item(&fixture->arena, &fixture->table->spec, &item, &write->key);
    return write;
}

static struct condition *condition_of(struct fixture *fixture, const char *text)
{
    struct expr_symbols symbols = {0};
    struct expr_error error;
    struct condition *condition;
    assert_int_equal(
        condition_parse(&fixture->arena, EXPR_CONDITION, slice_from_string(text), &symbols, &condition, &error), 0);
    return condition;
}

static struct transact *make_transact(struct fixture *fixture, struct write **writes, uint32_t count, const char *token)
{
    struct transact *transact = ARENA_NEW(&fixture->arena, struct transact);
    transact->writes = writes;
    transact->count = count;
    transact->token = slice_from_string(token);
    transact->payload_hash = 42;
    transact->task.run = on_answer;
    return transact;
}

/* Puts of t0 … t7, all with this owner. */
static struct transact *make_puts(struct fixture *fixture, const char *owner, const char *token)
{
    struct write **writes = ARENA_ARRAY(&fixture->arena, struct write *, WRITES);
    for (int i = 0; i < WRITES; i++) {
        writes[i] = make_write(fixture, WRITE_PUT, i, owner);
    }
    return make_transact(fixture, writes, WRITES, token);
}

static enum transact_result run(struct fixture *fixture, struct transact *transact)
{
    cluster_transact(&fixture->port, transact);
    run_loop(fixture, 1);
    for (uint32_t i = 0; i < transact->count; i++) {
        arena_finish(transact->writes[i]->arena);
    }
    return transact->result;
}

static void test_all_or_none(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "")), TRANSACT_DONE);
    assert_int_equal(scan_rows(fixture, NULL), WRITES);
    await_rows(fixture, &fixture->table->spec.indexes[1], "ann", WRITES);

    struct transact *second = make_puts(fixture, "bob", "");
    second->writes[3]->condition = condition_of(fixture, "attribute_not_exists(pk)");
    second->writes[3]->want_old = true;
    assert_int_equal(run(fixture, second), TRANSACT_CANCELLED);
    for (int i = 0; i < WRITES; i++) {
        assert_int_equal(second->writes[i]->result, i == 3 ? WRITE_CONDITION_FAILED : WRITE_DONE);
    }
    assert_true(second->writes[3]->had_old);
    await_rows(fixture, &fixture->table->spec.indexes[1], "ann", WRITES);
    await_rows(fixture, &fixture->table->spec.indexes[1], "bob", 0);

    assert_int_equal(run(fixture, make_puts(fixture, "bob", "")), TRANSACT_DONE); /* nothing stayed locked */
    await_rows(fixture, &fixture->table->spec.indexes[1], "bob", WRITES);
}

static void test_kinds(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "")), TRANSACT_DONE);
    struct write *writes[4] = {
        make_write(fixture, WRITE_DELETE, 0, NULL), make_write(fixture, WRITE_CHECK, 1, NULL),
        make_write(fixture, WRITE_UPDATE, 100, NULL), make_write(fixture, WRITE_DELETE, 101, NULL), /* there is none */
    };
    writes[1]->condition = condition_of(fixture, "attribute_exists(pk)");
    assert_int_equal(run(fixture, make_transact(fixture, writes, 4, "")), TRANSACT_DONE);
    assert_int_equal(scan_rows(fixture, NULL), WRITES);
    assert_int_equal(query_rows(fixture, NULL, "t0"), 0);
    assert_int_equal(query_rows(fixture, NULL, "t100"), 1);
}

static void test_tokens(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "token-1")), TRANSACT_DONE);
    struct transact *again = make_puts(fixture, "ann", "token-1");
    assert_int_equal(run(fixture, again), TRANSACT_REPLAYED);
    for (int i = 0; i < WRITES; i++) {
        assert_int_equal(again->writes[i]->table_units, 1);
    }
    struct transact *other = make_puts(fixture, "bob", "token-1");
    other->payload_hash = 43;
    assert_int_equal(run(fixture, other), TRANSACT_TOKEN_MISMATCH);
    assert_int_equal(run(fixture, make_puts(fixture, "bob", "token-2")), TRANSACT_DONE);

    close_cluster(fixture); /* tokens survive a restart */
    open_cluster(fixture);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "token-2")), TRANSACT_REPLAYED);

    struct transact *failing = make_puts(fixture, "eve", "token-3");
    failing->writes[0]->condition = condition_of(fixture, "attribute_not_exists(pk)");
    assert_int_equal(run(fixture, failing), TRANSACT_CANCELLED);
    assert_int_equal(run(fixture, make_puts(fixture, "eve", "token-3")),
                     TRANSACT_DONE); /* a cancelled one leaves none */
}

/* Two transactions over the same items in one turn: each shard sees them in the same order or in different ones; in
 * every case the items agree afterwards and at least one was told of the conflict, unless they came one after the
 * other. */
static void test_concurrent(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    static const char *const owners[] = {"ann", "bob"};
    for (int round = 0; round < 50; round++) {
        struct transact *both[2];
        for (int i = 0; i < 2; i++) {
            both[i] = make_puts(fixture, owners[i], "");
            cluster_transact(&fixture->port, both[i]);
        }
        run_loop(fixture, 2);
        for (int i = 0; i < 2; i++) {
            assert_true(both[i]->result == TRANSACT_DONE || both[i]->result == TRANSACT_CANCELLED);
            for (uint32_t w = 0; w < WRITES; w++) {
                assert_true(both[i]->writes[w]->result == WRITE_DONE || both[i]->writes[w]->result == WRITE_CONFLICT);
                arena_finish(both[i]->writes[w]->arena);
            }
        }
        uint32_t rows = scan_rows(fixture, NULL);
        assert_true(rows == WRITES || rows == 0);
        if (both[0]->result == TRANSACT_DONE && both[1]->result == TRANSACT_CANCELLED) {
            await_rows(fixture, &fixture->table->spec.indexes[1], "bob", 0);
            await_rows(fixture, &fixture->table->spec.indexes[1], "ann", WRITES);
        }
    }
    assert_int_equal(run(fixture, make_puts(fixture, "eve", "")), TRANSACT_DONE);
}

static void test_single_write_conflicts_with_a_prepared_item(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    struct transact *transact = make_puts(fixture, "ann", "");
    cluster_transact(&fixture->port, transact);
    struct write *alone[WRITES];
    for (int i = 0; i < WRITES; i++) { /* in the same turn, so behind PREPARE on each shard */
        const char *pk = arena_printf(&fixture->arena, "t%d", i).data;
        alone[i] = submit(fixture, WRITE_PUT, example_item(&fixture->arena, pk, "1", "note", "bob"));
    }
    run_loop(fixture, WRITES + 1);
    assert_int_equal(transact->result, TRANSACT_DONE);
    for (int i = 0; i < WRITES; i++) {
        assert_int_equal(alone[i]->result, fixture->shards == 1 ? WRITE_DONE : WRITE_CONFLICT);
        arena_finish(transact->writes[i]->arena);
    }
    await_rows(fixture, &fixture->table->spec.indexes[1], fixture->shards == 1 ? "bob" : "ann", WRITES);
}

static void test_get(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "")), TRANSACT_DONE);
    struct row_key keys[WRITES + 1];
    struct stored_item items[WRITES + 1];
    for (int i = 0; i <= WRITES; i++) {
        keys[i] = make_write(fixture, WRITE_PUT, i, NULL)->key;
    }
    uint32_t conflict;
    struct err err;
    assert_int_equal(cluster_transact_get(fixture->cluster, keys, WRITES + 1, items, &conflict, &err), 0);
    assert_int_equal(conflict, WRITES + 1);
    for (int i = 0; i <= WRITES; i++) {
        assert_int_equal(items[i].bytes.len > 0, i < WRITES);
        stored_item_release(&items[i]);
    }
}

/* Readers while transactions change all items from one owner to the next: every reading shows one owner. */
struct reader {
    struct fixture *fixture;
    struct row_key keys[WRITES];
    atomic_bool stop;
    unsigned readings, torn, conflicts;
};

static void *read_on(void *context)
{
    struct reader *reader = context;
    struct arena arena;
    arena_init(&arena, 4096);
    while (!atomic_load(&reader->stop)) {
        struct stored_item items[WRITES];
        uint32_t conflict;
        struct err err;
        if (cluster_transact_get(reader->fixture->cluster, reader->keys, WRITES, items, &conflict, &err) != 0) {
            abort();
        }
        if (conflict < WRITES) {
            reader->conflicts++;
            continue;
        }
        reader->readings++;
        struct slice first = {0};
        for (int i = 0; i < WRITES; i++) {
            struct item_header header;
            struct item item;
            if (item_decode(&arena, items[i].bytes, &header, &item, &err) != 0) {
                abort();
            }
            struct slice owner = arena_copy(&arena, item_find(&item, SLICE("owner"))->bytes);
            first = i == 0 ? owner : first;
            reader->torn += !slice_equal(first, owner);
            stored_item_release(&items[i]);
        }
        arena_reset(&arena);
    }
    arena_finish(&arena);
    return NULL;
}

static void test_readers_see_whole_transactions(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "")), TRANSACT_DONE);
    struct reader reader = {.fixture = fixture};
    for (int i = 0; i < WRITES; i++) {
        reader.keys[i] = make_write(fixture, WRITE_PUT, i, NULL)->key;
    }
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_on, &reader), 0);
    for (int round = 0; round < 200; round++) {
        const char *owner = arena_printf(&fixture->arena, "owner %d", round).data;
        assert_int_equal(run(fixture, make_puts(fixture, owner, "")), TRANSACT_DONE);
    }
    atomic_store(&reader.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(reader.torn, 0);
    assert_true(reader.readings + reader.conflicts > 0);
}

/* --- what a crash leaves: written into the shards as the first steps of the protocol would -------------------------
 */

/* Prepares t0 … t7 on every shard and closes; with `decided`, the home shard has the decision. */
static void leave_prepared(struct fixture *fixture, bool decided)
{
    struct cluster *cluster = fixture->cluster;
    struct transact *transact = make_puts(fixture, "eve", "");
    transact->writes[0]->item.attributes[2].value = string_value("a note of another size");
    struct transaction_id id = {{7}};
    struct shard *home = cluster_shard_of(cluster, transact->writes[0]->key.hash);
    struct err err;
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        struct shard *shard = cluster->shards[i];
        struct write *own[WRITES];
        uint32_t count = 0;
        for (int w = 0; w < WRITES; w++) {
            if (cluster_shard_of(cluster, transact->writes[w]->key.hash) == shard) {
                own[count++] = transact->writes[w];
            }
        }
        shard_stop(shard);
        struct batch batch;
        struct arena arena;
        struct transact_part part = {0};
        arena_init(&arena, 1024);
        batch_init(&batch, shard);
        assert_true(transact_prepare(&batch, &id, home->number, own, count, &arena, &part));
        if (decided && shard == home) {
            transact_decide(&batch, &id, &(struct transact_token){.token = SLICE("t")});
        }
        assert_int_equal(store_commit(shard->store, batch.rows, true, &err), 0);
        batch_finish(&batch);
        transact_part_finish(&part);
        arena_finish(&arena);
    }
    for (int w = 0; w < WRITES; w++) {
        arena_finish(transact->writes[w]->arena);
    }
    close_cluster(fixture);
}

static void check_collections(struct fixture *fixture)
{
    for (int i = 0; i < WRITES; i++) {
        const char *pk = arena_printf(&fixture->arena, "t%d", i).data;
        assert_int_equal(collection_bytes(fixture, pk), collection_sum(fixture, pk));
    }
}

static void recover(struct fixture *fixture, bool decided)
{
    make_table(fixture);
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "")), TRANSACT_DONE);
    leave_prepared(fixture, decided);
    open_cluster(fixture);
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
    await_rows(fixture, &fixture->table->spec.indexes[1], decided ? "eve" : "ann", WRITES);
    await_rows(fixture, &fixture->table->spec.indexes[1], decided ? "ann" : "eve", 0);
    check_collections(fixture);
    assert_int_equal(run(fixture, make_puts(fixture, "bob", "")), TRANSACT_DONE); /* nothing is locked */
}

static void test_prepared_is_cancelled_after_a_crash(void **state)
{
    recover(*state, false);
}

/* --- a decision that cannot be committed ---------------------------------------------------------------------------
 */

/* Starts anew with the count-th commit failing. The first one is the start's own, over when this returns. */
static void arm_commit(struct fixture *fixture, unsigned count)
{
    close_cluster(fixture);
    setenv("STATOR_FAULT", arena_printf(&fixture->arena, "store.commit:%u", count).data, 1);
    assert_int_equal(fault_init(), 0);
    open_cluster(fixture);
    unsetenv("STATOR_FAULT");
    assert_int_equal(change(fixture, TABLE_CREATE, "things"), TABLE_CHANGE_EXISTS); /* behind it, and writes nothing */
    fixture->table = cluster_table_acquire(fixture->cluster, SLICE("things"));
}

static unsigned count_parts(struct fixture *fixture, const struct transact *transact)
{
    bool has[CLUSTER_SHARDS_MAX] = {false};
    unsigned count = 0;
    for (uint32_t i = 0; i < transact->count; i++) {
        unsigned shard = cluster_shard_of(fixture->cluster, transact->writes[i]->key.hash)->number;
        count += !has[shard];
        has[shard] = true;
    }
    return count;
}

/* After the start's commit each part is prepared, and the next one is the decision. */
static void test_a_failed_decision_is_made_up_for(void **state)
{
    struct fixture *fixture = *state;
    make_table(fixture);
    struct transact *probe = make_puts(fixture, "ann", "");
    unsigned parts = count_parts(fixture, probe);
    assert_true(parts > 1);
    arm_commit(fixture, 1 + parts + 1);
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "token-1")), TRANSACT_FAILED);
    assert_int_equal(scan_rows(fixture, NULL), 0);
    struct write *alone = submit(fixture, WRITE_PUT, example_item(&fixture->arena, "t0", "1", "note", "bob"));
    run_loop(fixture, 1);
    assert_int_equal(alone->result, WRITE_CONFLICT);
    assert_int_equal(run(fixture, make_puts(fixture, "ann", "token-1")), TRANSACT_IN_PROGRESS);

    uint64_t deadline = env_monotonic_us() + 20000000;
    enum transact_result result;
    do {
        cluster_step(fixture->cluster);
        result = run(fixture, make_puts(fixture, "ann", "token-1"));
    } while (result == TRANSACT_IN_PROGRESS && env_monotonic_us() < deadline);
    assert_int_equal(result, TRANSACT_REPLAYED); /* done, and once */
    assert_int_equal(scan_rows(fixture, NULL), WRITES);
    await_rows(fixture, &fixture->table->spec.indexes[1], "ann", WRITES);
    check_collections(fixture);
    assert_int_equal(run(fixture, make_puts(fixture, "bob", "")), TRANSACT_DONE); /* nothing is locked */
}

static void test_decided_is_applied_after_a_crash(void **state)
{
    recover(*state, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_all_or_none),
        BOTH(test_kinds),
        BOTH(test_tokens),
        BOTH(test_concurrent),
        BOTH(test_single_write_conflicts_with_a_prepared_item),
        BOTH(test_get),
        BOTH(test_readers_see_whole_transactions),
        BOTH(test_prepared_is_cancelled_after_a_crash),
        BOTH(test_decided_is_applied_after_a_crash),
        cmocka_unit_test_setup_teardown(test_a_failed_decision_is_made_up_for, setup_4, teardown),
    };
    return cmocka_run_group_tests_name("transact", tests, NULL, NULL);
}
