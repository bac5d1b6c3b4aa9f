/* A store with encrypted files: what stands in the folder, what a crash may leave there, and what damage looks like. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/file.h"
#include "crypto/file_cipher.h"
#include "crypto/keyring.h"
#include "store/store.h"

#define SECRET "what nobody shall read"

struct fixture {
    char *folder;
    char path[256];
    struct keyring *keyring;
    struct store *store;
};

static struct err err;

static int open_store(struct fixture *fixture, bool sealed)
{
    struct store_options options = {.keyring = sealed ? fixture->keyring : NULL};
    return store_open(fixture->path, &options, &fixture->store, &err);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->folder = folder_make();
    snprintf(fixture->path, sizeof fixture->path, "%s/store", fixture->folder);
    assert_int_equal(keyring_create(fixture->folder, NULL, &fixture->keyring, &err), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    keyring_destroy(fixture->keyring);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void put(struct fixture *fixture, const char *key, const char *value)
{
    struct store_batch *batch = store_batch_create();
    store_batch_put(batch, fixture->store, STORE_ITEMS, slice_from_string(key), slice_from_string(value));
    assert_int_equal(store_commit(fixture->store, batch, true, &err), 0);
    store_batch_destroy(batch);
}

static int get(struct fixture *fixture, const char *key, const char *expected)
{
    struct store_value value;
    if (store_get(fixture->store, STORE_ITEMS, slice_from_string(key), &value, &err) != 0) {
        return -1;
    }
    assert_true(slice_equal(value.bytes, slice_from_string(expected)));
    store_value_release(&value);
    return 0;
}

static void close_store(struct fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
}

/* Calls `visit` with each file of the store that ends so; returns how many there were. */
static unsigned each_file(struct fixture *fixture, const char *end,
                          void (*visit)(struct fixture *fixture, const char *path, struct slice bytes))
{
    unsigned count = 0;
    DIR *entries = opendir(fixture->path);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[600];
        struct buffer bytes = {0};
        size_t len = strlen(entry->d_name), end_len = strlen(end);
        if (entry->d_name[0] == '.' || len < end_len || strcmp(entry->d_name + len - end_len, end) != 0) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", fixture->path, entry->d_name);
        assert_int_equal(file_read_whole(path, 1 << 24, &bytes, &err), 1);
        visit(fixture, path, buffer_slice(&bytes));
        buffer_finish(&bytes);
        count++;
    }
    closedir(entries);
    return count;
}

static unsigned found;

static void find_secret(struct fixture *fixture, const char *path, struct slice bytes)
{
    (void)fixture;
    (void)path;
    found += bytes.len > 0 && memmem(bytes.data, bytes.len, SECRET, strlen(SECRET)) != NULL;
}

static void test_nothing_is_readable(void **state)
{
    struct fixture *fixture = *state;
    for (int sealed = 0; sealed < 2; sealed++) {
        snprintf(fixture->path, sizeof fixture->path, "%s/store-%d", fixture->folder, sealed);
        found = 0;
        assert_int_equal(open_store(fixture, sealed), 0);
        put(fixture, "key", SECRET);
        assert_true(each_file(fixture, ".log", find_secret) > 0);
        close_store(fixture);
        assert_true(each_file(fixture, ".sst", find_secret) > 0);
        assert_int_equal(found, sealed ? 0 : 2);
        assert_int_equal(open_store(fixture, sealed), 0);
        assert_int_equal(get(fixture, "key", SECRET), 0);
        close_store(fixture);
    }
}

static void test_generations(void **state)
{
    struct fixture *fixture = *state;
    for (char key[] = "a"; *key < 'd'; ++*key) {
        assert_int_equal(open_store(fixture, true), 0);
        put(fixture, key, SECRET);
        close_store(fixture);
        assert_int_equal(keyring_add_generation(fixture->keyring, &err), 0);
    }
    assert_int_equal(open_store(fixture, true), 0);
    for (char key[] = "a"; *key < 'd'; ++*key) {
        assert_int_equal(get(fixture, key, SECRET), 0);
    }
    close_store(fixture);
    keyring_drop_generation(fixture->keyring, 1);
    assert_int_equal(open_store(fixture, true), -1);
    assert_non_null(strstr(err.text, "its data key is not among"));
}

static void test_plain_and_sealed_do_not_mix(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(open_store(fixture, true), 0);
    close_store(fixture);
    assert_int_equal(open_store(fixture, false), -1);
    snprintf(fixture->path, sizeof fixture->path, "%s/plain", fixture->folder);
    assert_int_equal(open_store(fixture, false), 0);
    close_store(fixture);
    assert_int_equal(open_store(fixture, true), -1);
}

/* A log that was made but never got further, as a crash may leave it: of any length up to its prefix's. */
static void test_files_that_were_never_written(void **state)
{
    struct fixture *fixture = *state;
    static const char zeros[FILE_PREFIX_BYTES];
    for (size_t len = 0; len <= FILE_PREFIX_BYTES; len++) {
        char path[300];
        assert_int_equal(open_store(fixture, true), 0);
        put(fixture, "key", SECRET);
        close_store(fixture);
        snprintf(path, sizeof path, "%s/%06zu.log", fixture->path, 100000 + 100 * len);
        assert_int_equal(file_replace(path, slice_of(zeros, len), &err), 0);
        assert_int_equal(open_store(fixture, true), 0);
        assert_int_equal(get(fixture, "key", SECRET), 0);
        close_store(fixture);
    }
}

static void flip_last_data(struct fixture *fixture, const char *path, struct slice bytes)
{
    (void)fixture;
    struct buffer changed = {0};
    buffer_append_slice(&changed, bytes);
    changed.data[FILE_PREFIX_BYTES + 3] ^= 1;
    assert_int_equal(file_replace(path, buffer_slice(&changed), &err), 0);
    buffer_finish(&changed);
}

static void flip_prefix(struct fixture *fixture, const char *path, struct slice bytes)
{
    (void)fixture;
    struct buffer changed = {0};
    buffer_append_slice(&changed, bytes);
    changed.data[FILE_PREFIX_BYTES - 1] ^= 1;
    assert_int_equal(file_replace(path, buffer_slice(&changed), &err), 0);
    buffer_finish(&changed);
}

static void test_flipped_bits_are_noticed(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(open_store(fixture, true), 0);
    put(fixture, "key", SECRET);
    close_store(fixture);
    assert_int_equal(each_file(fixture, ".sst", flip_last_data), 1);
    if (open_store(fixture, true) == 0) {
        assert_int_equal(get(fixture, "key", SECRET), -1);
        close_store(fixture);
    }
    assert_non_null(strstr(err.text, ".sst"));
    assert_int_equal(each_file(fixture, ".sst", flip_last_data), 1); /* as it was */
    assert_int_equal(open_store(fixture, true), 0);
    assert_int_equal(get(fixture, "key", SECRET), 0);
    close_store(fixture);
    assert_int_equal(each_file(fixture, ".sst", flip_prefix), 1);
    assert_int_equal(open_store(fixture, true), 0);
    assert_int_equal(get(fixture, "key", SECRET), -1);
    assert_non_null(strstr(err.text, ".sst is damaged"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_readable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_generations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plain_and_sealed_do_not_mix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_were_never_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flipped_bits_are_noticed, setup, teardown),
    };
    return cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
