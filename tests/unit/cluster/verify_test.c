/* Looking through a folder: a whole one has no findings, and each kind of damage is found, named and told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../support/cluster.h"
#include "base/big_endian.h"
#include "cluster/private.h"
#include "cluster/verify.h"
#include "engine/transact.h"

#define ITEMS 60

/* --- a folder ------------------------------------------------------------------------------------------------------
 */

static struct item make_item(struct fixture *fixture, int number)
{
    struct item item = {ARENA_ARRAY(&fixture->arena, struct attribute, 5), 5};
    char *sk = arena_alloc(&fixture->arena, 16), *owner = arena_alloc(&fixture->arena, 16);
    snprintf(sk, 16, "%d", number);
    snprintf(owner, 16, "owner %d", number % 7);
    item.attributes[0] = (struct attribute){SLICE("pk"), string_value(number % 2 == 0 ? "even" : owner)};
    item.attributes[1] = (struct attribute){SLICE("sk"), number_value(sk)};
    item.attributes[2] = (struct attribute){SLICE("note"), string_value(sk)};
    item.attributes[3] = (struct attribute){SLICE("owner"), string_value(owner)};
    item.attributes[4] = (struct attribute){SLICE("expires"), number_value("4102444800")};
    return item;
}

static void fill(struct fixture *fixture)
{
    struct table_spec spec = example_spec(&fixture->arena, "things");
    spec.ttl = (struct ttl_spec){1, SLICE("expires")};
    struct table_change change = {.kind = TABLE_CREATE, .name = spec.name, .spec = &spec};
    change.command.task.run = on_answer;
    cluster_change_table(&fixture->port, &change);
    run_loop(fixture, 1);
    fixture->table = change.table;
    for (int i = 0; i < ITEMS; i++) {
        submit(fixture, WRITE_PUT, make_item(fixture, i));
    }
    run_loop(fixture, ITEMS);
    await_rows(fixture, &fixture->table->spec.indexes[1], NULL, ITEMS);
    while (cluster_step(fixture->cluster) < 100000) { /* counts, expiry */
    }
}

static struct store *open_raw(struct fixture *fixture, unsigned shard)
{
    char path[256];
    struct err err;
    struct store *store;
    struct store_options options = {0};
    snprintf(path, sizeof path, "%s/shard-%03u", fixture->folder, shard);
    assert_int_equal(store_open(path, &options, &store, &err), 0);
    return store;
}

static void commit(struct store *store, struct store_batch *batch)
{
    struct err err;
    assert_int_equal(store_commit(store, batch, true, &err), 0);
    store_batch_destroy(batch);
}

/* A row of the family that the caller may change: its key, its value. */
struct row {
    struct store *store;
    enum store_family family;
    struct slice key, value;
};

/* Calls `edit` with the first row whose key begins with `prefix` and is behind `skip` others, on any shard. */
static void change_row(struct fixture *fixture, enum store_family family, struct slice prefix,
                       void (*edit)(struct fixture *fixture, const struct row *row, struct store_batch *batch))
{
    for (unsigned i = 0; i < fixture->shards; i++) {
        struct err err;
        struct row row = {open_raw(fixture, i), family, {0}, {0}};
        struct store_cursor *cursor = store_cursor_create(row.store, family, prefix, SLICE(""), false);
        bool found = store_cursor_next(cursor, &err) == 1 && slice_starts_with(store_cursor_key(cursor), prefix);
        if (found) {
            row.key = arena_copy(&fixture->arena, store_cursor_key(cursor));
            row.value = arena_copy(&fixture->arena, store_cursor_value(cursor));
        }
        store_cursor_destroy(cursor);
        if (found) {
            struct store_batch *batch = store_batch_create();
            edit(fixture, &row, batch);
            commit(row.store, batch);
        }
        store_close(row.store);
        if (found) {
            return;
        }
    }
    fail_msg("there is no such row");
}

static void remove_row(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    (void)fixture;
    store_batch_delete(batch, row->store, row->family, row->key);
}

static void damage_row(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    char *bytes = (char *)arena_copy(&fixture->arena, row->value).data;
    bytes[row->value.len - 1] ^= 0x20;
    store_batch_put(batch, row->store, row->family, row->key, slice_of(bytes, row->value.len));
}

/* Another table's, or another hash'. */
static void copy_row(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    char *bytes = (char *)arena_copy(&fixture->arena, row->key).data;
    bytes[0] ^= 0x40;
    store_batch_put(batch, row->store, row->family, slice_of(bytes, row->key.len), row->value);
}

static void move_row(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    char *bytes = (char *)arena_copy(&fixture->arena, row->key).data;
    bytes[row->key.len - 1] ^= 0x02;
    store_batch_put(batch, row->store, row->family, slice_of(bytes, row->key.len), row->value);
    store_batch_delete(batch, row->store, row->family, row->key);
}

/* A value of its own with a good checksum. */
static void replace_item(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    struct item item;
    struct item_header header;
    struct err err;
    assert_int_equal(item_decode(&fixture->arena, row->value, &header, &item, &err), 0);
    for (uint32_t i = 0; i < item.count; i++) {
        if (slice_equal(item.attributes[i].name, SLICE("expires"))) {
            item.attributes[i].value = number_value("4102444801");
        }
    }
    struct buffer out = {0};
    item_encode(&out, &header, &item);
    store_batch_put(batch, row->store, row->family, row->key, buffer_slice(&out));
    buffer_finish(&out);
}

/* --- what is found -------------------------------------------------------------------------------------------------
 */

struct found {
    unsigned kinds[VERIFY_KINDS];
    unsigned tables;
    uint64_t items;
    char text[2048]; /* of the last one */
    char key[2048];
    char index[256];
};

static void on_finding(void *context, const struct verify_finding *finding)
{
    struct found *found = context;
    found->kinds[finding->kind]++;
    snprintf(found->text, sizeof found->text, "%s", finding->text);
    snprintf(found->key, sizeof found->key, "%.*s", SLICE_ARG(finding->key));
    snprintf(found->index, sizeof found->index, "%.*s", SLICE_ARG(finding->index));
}

static void on_table(void *context, const struct verify_table *table)
{
    struct found *found = context;
    found->tables++;
    found->items += table->index.len == 0 ? table->rows : 0;
}

static void on_progress(void *context, const char *what, uint64_t rows)
{
    (void)context;
    (void)what;
    (void)rows;
}

static struct verify_totals look(struct fixture *fixture, struct found *found)
{
    struct verify_options options = {.data_dir = fixture->folder,
                                     .show_items = true,
                                     .found = on_finding,
                                     .table = on_table,
                                     .progress = on_progress,
                                     .context = found};
    struct verify_totals totals;
    struct err err;
    *found = (struct found){0};
    if (verify_folder(&options, &totals, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return totals;
}

static void stop_cluster(struct fixture *fixture)
{
    close_cluster(fixture);
}

/* Findings of this kind and of no other; `also` may come with it. */
static void assert_found(struct fixture *fixture, enum verify_kind kind, enum verify_kind also)
{
    struct found found;
    struct verify_totals totals = look(fixture, &found);
    if (found.kinds[kind] == 0) {
        fail_msg("nothing of kind %s was found", verify_kind_name(kind));
    }
    for (int i = 0; i < VERIFY_KINDS; i++) {
        if (found.kinds[i] != 0 && i != (int)kind && i != (int)also) {
            fail_msg("%s: %s", verify_kind_name((enum verify_kind)i), found.text);
        }
    }
    assert_true(totals.findings > 0);
}

/* --- tests ---------------------------------------------------------------------------------------------------------
 */

static int setup_filled(void **state, unsigned shards)
{
    struct fixture *fixture = make_fixture(shards);
    fill(fixture);
    stop_cluster(fixture);
    *state = fixture;
    return 0;
}

static int setup_1_filled(void **state)
{
    return setup_filled(state, 1);
}

static int setup_4_filled(void **state)
{
    return setup_filled(state, 4);
}

static int teardown_closed(void **state)
{
    struct fixture *fixture = *state;
    folder_remove(fixture->folder);
    arena_finish(&fixture->arena);
    free(fixture);
    return 0;
}

static void test_whole(void **state)
{
    struct found found;
    struct verify_totals totals = look(*state, &found);
    if (totals.findings != 0) {
        fail_msg("%s %s", found.text, found.key);
    }
    assert_true(totals.rows_were_read);
    assert_int_equal(found.tables, 3);
    assert_int_equal(found.items, ITEMS);
    assert_true(totals.files > 0 && totals.rows > 3 * ITEMS);
}

static void test_in_use(void **state)
{
    struct fixture *fixture = *state;
    struct verify_options options = {.data_dir = fixture->folder};
    struct verify_totals totals;
    struct err err;
    open_cluster(fixture);
    assert_int_equal(verify_folder(&options, &totals, &err), -1);
    assert_non_null(strstr(err.text, "in use"));
    close_cluster(fixture);
}

static struct slice id_prefix(uint32_t table, uint32_t index, char ret_bytes[8])
{
    write_u32(ret_bytes, table);
    write_u32(ret_bytes + 4, index);
    return slice_of(ret_bytes, 8);
}

static void test_items(void **state)
{
    struct fixture *fixture = *state;
    change_row(fixture, STORE_ITEMS, SLICE(""), damage_row);
    assert_found(fixture, VERIFY_ROW, VERIFY_COLLECTION);
}

static void test_items_that_are_gone(void **state)
{
    struct fixture *fixture = *state;
    struct found found;
    change_row(fixture, STORE_ITEMS, SLICE(""), remove_row);
    look(fixture, &found);
    assert_int_equal(found.kinds[VERIFY_INDEX_SURPLUS], 2);
    assert_int_equal(found.kinds[VERIFY_COLLECTION], 1);
    assert_int_equal(found.kinds[VERIFY_COUNT], 1);
}

static void test_items_of_no_table(void **state)
{
    struct fixture *fixture = *state;
    change_row(fixture, STORE_ITEMS, SLICE(""), copy_row);
    assert_found(fixture, VERIFY_ROW, VERIFY_ROW);
}

static void test_items_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    struct found found;
    change_row(fixture, STORE_ITEMS, SLICE(""), move_row);
    look(fixture, &found);
    assert_int_equal(found.kinds[VERIFY_ROW], 1);
    assert_int_equal(found.kinds[VERIFY_INDEX_SURPLUS], 2);
}

static void index_row(struct fixture *fixture, uint32_t id,
                      void (*edit)(struct fixture *fixture, const struct row *row, struct store_batch *batch))
{
    char prefix[8];
    change_row(fixture, STORE_INDEX, id_prefix(1, id, prefix), edit);
}

static void test_index_rows_missing(void **state)
{
    struct fixture *fixture = *state;
    struct found found;
    index_row(fixture, 1, remove_row);
    look(fixture, &found);
    assert_int_equal(found.kinds[VERIFY_INDEX_MISSING], 1);
    assert_string_equal(found.index, "by_note");
    assert_non_null(strstr(found.key, "\"pk\":{\"S\":"));
    index_row(fixture, 2, remove_row);
    look(fixture, &found);
    assert_int_equal(found.kinds[VERIFY_INDEX_MISSING], 2);
}

static void test_index_rows_damaged(void **state)
{
    struct fixture *fixture = *state;
    struct found found;
    index_row(fixture, 2, damage_row);
    look(fixture, &found);
    assert_int_equal(found.kinds[VERIFY_ROW], 2); /* from its item, and by itself */
}

static void test_index_rows_differ(void **state)
{
    struct fixture *fixture = *state;
    index_row(fixture, 1, replace_item);
    assert_found(fixture, VERIFY_INDEX_DIFFERS, VERIFY_INDEX_DIFFERS);
}

/* A row that was right once: its item is there, with another key in the index. */
static void test_index_rows_of_the_past(void **state)
{
    struct fixture *fixture = *state;
    struct table_spec spec = example_spec(&fixture->arena, "things");
    spec.id = 1;
    struct item item = make_item(fixture, 4);
    item.attributes[2].value = string_value("of the past");
    struct row_key key;
    assert_true(row_key_of_index(&fixture->arena, &spec, &spec.indexes[0], &item, &key));
    struct buffer stored = {0};
    struct item_header header = {.version = 1, .size = (uint32_t)item_size(&item)};
    item_encode(&stored, &header, &item);
    struct store *store = open_raw(fixture, (unsigned)((key.hash >> 52) * fixture->shards / SLOTS));
    struct store_batch *batch = store_batch_create();
    store_batch_put(batch, store, STORE_INDEX, key.bytes, buffer_slice(&stored));
    commit(store, batch);
    store_close(store);
    buffer_finish(&stored);
    assert_found(fixture, VERIFY_INDEX_SURPLUS, VERIFY_INDEX_SURPLUS);
}

static void test_index_rows_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    index_row(fixture, 2, move_row);
    assert_found(fixture, VERIFY_ROW, VERIFY_INDEX_MISSING);
}

static void test_index_rows_of_no_index(void **state)
{
    struct fixture *fixture = *state;
    index_row(fixture, 2, copy_row);
    assert_found(fixture, VERIFY_ROW, VERIFY_ROW);
}

static void test_collections(void **state)
{
    struct fixture *fixture = *state;
    change_row(fixture, STORE_COLLECTIONS, SLICE(""), damage_row);
    assert_found(fixture, VERIFY_COLLECTION, VERIFY_COLLECTION);
    change_row(fixture, STORE_COLLECTIONS, SLICE(""), remove_row);
    assert_found(fixture, VERIFY_COLLECTION, VERIFY_COLLECTION);
}

static void test_expiry(void **state)
{
    struct fixture *fixture = *state;
    change_row(fixture, STORE_EXPIRY, SLICE(""), remove_row);
    assert_found(fixture, VERIFY_EXPIRY, VERIFY_EXPIRY);
}

static void test_counts(void **state)
{
    struct fixture *fixture = *state;
    change_row(fixture, STORE_META, SLICE("counts/"), damage_row); /* of the last index: nobody vouches for it */
    struct found found;
    assert_int_equal(look(fixture, &found).findings, 0);
}

static void test_catalog(void **state)
{
    struct fixture *fixture = *state;
    change_row(fixture, STORE_META, SLICE("table/"), damage_row);
    assert_found(fixture, VERIFY_CATALOG, VERIFY_CATALOG);
}

static void forget_the_table(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    remove_row(fixture, row, batch);
    store_batch_put(batch, row->store, STORE_META, SLICE("unheard of"), SLICE(""));
}

static void test_a_table_that_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    change_row(fixture, STORE_META, SLICE("table/"), forget_the_table);
    struct found found;
    look(fixture, &found);
    assert_int_equal(found.kinds[VERIFY_CATALOG], 1);
    assert_true(found.kinds[VERIFY_ROW] >= 3 * ITEMS);
}

static void drop_the_table(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    remove_row(fixture, row, batch);
    store_batch_put(batch, row->store, STORE_META, SLICE("drop/\0\0\0\1"), SLICE(""));
}

static void test_a_table_that_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct found found;
    change_row(fixture, STORE_META, SLICE("table/"), drop_the_table);
    struct verify_totals totals = look(fixture, &found);
    assert_int_equal(totals.findings, 0);
    assert_true(totals.dropped_rows >= 3 * ITEMS);
}

/* Takes a row of the global index away, and puts it into an outbox. */
static void send_again(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    struct buffer out = {0};
    buffer_append_slice(&out, slice_of(row->key.data + 8, 8));
    buffer_append_u32(&out, (uint32_t)row->key.len);
    buffer_append_slice(&out, row->key);
    buffer_append_slice(&out, row->value);
    store_batch_put(batch, row->store, STORE_OUTBOX, SLICE("\0\0\0\0\0\0\1\0"), buffer_slice(&out));
    store_batch_put(batch, row->store, STORE_META, SLICE("outbox/next"), SLICE("\0\0\0\0\0\0\2\0"));
    buffer_finish(&out);
    remove_row(fixture, row, batch);
}

static void test_outboxes(void **state)
{
    struct fixture *fixture = *state;
    struct found found;
    index_row(fixture, 2, send_again);
    struct verify_totals totals = look(fixture, &found);
    assert_int_equal(totals.findings, 0);
    assert_int_equal(totals.waiting, 1);
    change_row(fixture, STORE_OUTBOX, SLICE(""), damage_row);
    assert_found(fixture, VERIFY_ROW, VERIFY_ROW);
}

static void hold_an_item(struct fixture *fixture, const struct row *row, struct store_batch *batch)
{
    struct buffer key = {0};
    buffer_append_byte(&key, 'l');
    buffer_append_slice(&key, row->key);
    store_batch_put(batch, row->store, STORE_TRANSACTIONS, buffer_slice(&key), SLICE("0123456789abcdef"));
    buffer_finish(&key);
    (void)fixture;
}

static void test_transactions(void **state)
{
    struct fixture *fixture = *state;
    change_row(fixture, STORE_ITEMS, SLICE(""), hold_an_item);
    assert_found(fixture, VERIFY_TRANSACTION, VERIFY_TRANSACTION);
}

static void test_format(void **state)
{
    struct fixture *fixture = *state;
    struct verify_options options = {.data_dir = fixture->folder};
    struct verify_totals totals;
    struct err err;
    char path[256], text[256];
    snprintf(path, sizeof path, "%s/format", fixture->folder);
    FILE *file = fopen(path, "r");
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    for (size_t at = 0; at < len; at++) {
        text[at] ^= 1; /* "shards 4" becomes "shards 5" */
        file = fopen(path, "w");
        assert_int_equal(fwrite(text, 1, len, file), len);
        fclose(file);
        assert_int_equal(verify_folder(&options, &totals, &err), -1);
        assert_non_null(strstr(err.text, fixture->folder));
        text[at] ^= 1;
    }
    /* Without a checksum, as older versions wrote it. */
    file = fopen(path, "w");
    assert_int_equal(fprintf(file, "stator data folder\nformat 1\nshards %u\n", fixture->shards) > 0, true);
    fclose(file);
    struct found found;
    assert_int_equal(look(fixture, &found).findings, 0);
    file = fopen(path, "w");
    assert_int_equal(fprintf(file, "stator data folder\nformat 1\nshards %u\n", fixture->shards + 1) > 0, true);
    fclose(file);
    assert_int_equal(verify_folder(&options, &totals, &err), -1);
}

#define ON_1(test)                                                                                                     \
    {                                                                                                                  \
#test " (1 shard)", test, setup_1_filled, teardown_closed, NULL                                                \
    }
#define ON_4(test)                                                                                                     \
    {                                                                                                                  \
#test " (4 shards)", test, setup_4_filled, teardown_closed, NULL                                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_1(test_whole),
        ON_4(test_whole),
        ON_4(test_in_use),
        ON_4(test_items),
        ON_1(test_items_that_are_gone),
        ON_4(test_items_that_are_gone),
        ON_4(test_items_of_no_table),
        ON_4(test_items_elsewhere),
        ON_1(test_index_rows_missing),
        ON_4(test_index_rows_missing),
        ON_4(test_index_rows_damaged),
        ON_4(test_index_rows_differ),
        ON_4(test_index_rows_of_the_past),
        ON_4(test_index_rows_elsewhere),
        ON_4(test_index_rows_of_no_index),
        ON_4(test_collections),
        ON_4(test_expiry),
        ON_4(test_counts),
        ON_4(test_catalog),
        ON_4(test_a_table_that_is_forgotten),
        ON_4(test_a_table_that_is_dropped),
        ON_4(test_outboxes),
        ON_4(test_transactions),
        ON_4(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
