/* Batches, reads, cursors and what a reopened store still knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/fault.h"
#include "store/store.h"

struct fixture {
    char *folder;
    char path[256];
    struct store_cache *cache;
    struct store *store;
};

static void open_store(struct fixture *fixture)
{
    struct err err;
    struct store_options options = {.cache = fixture->cache};
    assert_int_equal(store_open(fixture->path, &options, &fixture->store, &err), 0);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->folder = folder_make();
    snprintf(fixture->path, sizeof fixture->path, "%s/store", fixture->folder);
    fixture->cache = store_cache_create(1 << 20);
    open_store(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    store_cache_destroy(fixture->cache);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void put_all(struct store *store, const char *const *keys)
{
    struct err err;
    struct store_batch *batch = store_batch_create();
    for (; *keys != NULL; keys++) {
        store_batch_put(batch, store, STORE_ITEMS, slice_from_string(*keys), slice_from_string(*keys));
    }
    assert_int_equal(store_commit(store, batch, true, &err), 0);
    store_batch_destroy(batch);
}

/* The keys in range, in the cursor's order, joined. */
static void assert_keys(struct store *store, const char *lower, const char *upper, bool reverse, const char *expected)
{
    struct err err;
    char found[256] = "";
    struct store_cursor *cursor =
        store_cursor_create(store, STORE_ITEMS, slice_from_string(lower), slice_from_string(upper), reverse);
    int result;
    while ((result = store_cursor_next(cursor, &err)) == 1) {
        struct slice key = store_cursor_key(cursor);
        assert_true(slice_equal(key, store_cursor_value(cursor)));
        strncat(found, key.data, key.len);
        strcat(found, " ");
    }
    assert_int_equal(result, 0);
    store_cursor_destroy(cursor);
    assert_string_equal(found, expected);
}

static void test_cursor(void **state)
{
    struct fixture *fixture = *state;
    put_all(fixture->store, (const char *const[]){"a", "b", "ba", "c", "d", NULL});
    assert_keys(fixture->store, "", "", false, "a b ba c d ");
    assert_keys(fixture->store, "", "", true, "d c ba b a ");
    assert_keys(fixture->store, "b", "d", false, "b ba c ");
    assert_keys(fixture->store, "b", "d", true, "c ba b ");
    assert_keys(fixture->store, "e", "f", false, "");
    assert_keys(fixture->store, "e", "f", true, "");
}

static void test_cursor_is_a_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    put_all(fixture->store, (const char *const[]){"a", "c", NULL});
    struct store_cursor *cursor = store_cursor_create(fixture->store, STORE_ITEMS, SLICE(""), SLICE(""), false);
    put_all(fixture->store, (const char *const[]){"b", NULL});
    int rows = 0;
    while (store_cursor_next(cursor, &err) == 1) {
        rows++;
    }
    store_cursor_destroy(cursor);
    assert_int_equal(rows, 2);
}

static void assert_value(struct store *store, const char *key, const char *expected)
{
    struct err err;
    struct store_value value;
    assert_int_equal(store_get(store, STORE_ITEMS, slice_from_string(key), &value, &err), 0);
    assert_int_equal(value.pin != NULL, expected != NULL);
    if (expected != NULL) {
        assert_true(slice_equal(value.bytes, slice_from_string(expected)));
    }
    store_value_release(&value);
}

static void test_batch_and_reopen(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    put_all(fixture->store, (const char *const[]){"a", "b", "c", "d", NULL});
    struct store_batch *batch = store_batch_create();
    assert_true(store_batch_is_empty(batch));
    store_batch_delete(batch, fixture->store, STORE_ITEMS, SLICE("a"));
    store_batch_delete_range(batch, fixture->store, STORE_ITEMS, SLICE("c"), SLICE("d"));
    assert_false(store_batch_is_empty(batch));
    assert_value(fixture->store, "a", "a"); /* not before the commit */
    assert_int_equal(store_commit(fixture->store, batch, true, &err), 0);
    store_batch_destroy(batch);
    for (int i = 0; i < 2; i++) {
        assert_value(fixture->store, "a", NULL);
        assert_value(fixture->store, "b", "b");
        assert_value(fixture->store, "c", NULL);
        assert_value(fixture->store, "d", "d");
        store_close(fixture->store);
        open_store(fixture);
    }
}

static void test_open_fails_with_a_reason(void **state)
{
    (void)state;
    struct err err;
    struct store *store = NULL;
    struct store_options options = {0};
    assert_int_equal(store_open("/proc/no/such/folder", &options, &store, &err), -1);
    assert_null(store);
    assert_non_null(strstr(err.text, "cannot open the store"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cursor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cursor_is_a_snapshot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_batch_and_reopen, setup, teardown),
        cmocka_unit_test(test_open_fails_with_a_reason),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
