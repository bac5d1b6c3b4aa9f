/* Damage in the logs of a store: one wrong byte anywhere in what was synced is found, and the end of a log that was
 * being written is none, wherever it lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../support/folder.h"
#include "base/env.h"
#include "crypto/keyring.h"
#include "store/files.h"
#include "store/private.h"
#include "store/store.h"

#define ROWS     60
#define VALUE    1500 /* so that the log has more than one block */
#define FILE_MAX (1u << 20)
/* Of a table file: handles of blocks, padded; then version and magic number. RocksDB wiki, "BlockBasedTable Format". */
#define FOOTER_BYTES     53
#define FOOTER_END_BYTES 12

struct fixture {
    char *folder;
    struct keyring *keyring; /* NULL: the files are plain */
    char path[256];
    char file[512]; /* that is changed */
    unsigned char *good;
    size_t len;
};

/* A process that ends without closing: its rows stand in the log alone. */
static void write_and_die(const char *folder, const char *path)
{
    struct err err;
    struct store *store;
    struct keyring *keyring;
    struct store_options options = {.cache = store_cache_create(1 << 20)};
    char value[VALUE];
    if (keyring_open(folder, NULL, &keyring, &err) != 0) {
        _exit(1);
    }
    options.keyring = keyring;
    if (store_open(path, &options, &store, &err) != 0) {
        _exit(1);
    }
    struct store_batch *batch = store_batch_create();
    for (unsigned i = 0; i < ROWS; i++) {
        memset(value, (int)('a' + i % 26), sizeof value);
        store_batch_clear(batch);
        store_batch_put(batch, store, STORE_ITEMS, slice_of(&i, sizeof i), slice_of(value, i % 7 == 0 ? VALUE : i));
        if (store_commit(store, batch, true, &err) != 0) {
            _exit(1);
        }
    }
    _exit(0);
}

static int setup_files(void **state, bool sealed)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct err err;
    fixture->folder = folder_make();
    snprintf(fixture->path, sizeof fixture->path, "%s/store", fixture->folder);
    if (sealed) {
        assert_int_equal(keyring_create(fixture->folder, NULL, &fixture->keyring, &err), 0);
        assert_int_equal(keyring_store(fixture->keyring, NULL, &err), 0);
    }
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "files_test", fixture->folder, fixture->path,
              NULL); /* without the threads of this process */
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fixture->good = malloc(FILE_MAX);
    *state = fixture;
    return 0;
}

static int setup(void **state)
{
    return setup_files(state, false);
}

static int setup_sealed(void **state)
{
    return setup_files(state, true);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    keyring_destroy(fixture->keyring);
    folder_remove(fixture->folder);
    free(fixture->good);
    free(fixture);
    return 0;
}

/* The largest file whose name contains the text. */
static void choose_file(struct fixture *fixture, const char *part)
{
    DIR *entries = opendir(fixture->path);
    off_t largest = -1;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char file[512];
        struct stat status;
        snprintf(file, sizeof file, "%s/%s", fixture->path, entry->d_name);
        if (strstr(entry->d_name, part) != NULL && stat(file, &status) == 0 && status.st_size > largest) {
            largest = status.st_size;
            memcpy(fixture->file, file, sizeof file);
        }
    }
    closedir(entries);
    FILE *file = fopen(fixture->file, "r");
    assert_non_null(file);
    fixture->len = fread(fixture->good, 1, FILE_MAX, file);
    fclose(file);
    assert_true(fixture->len > 0);
}

static void write_file(const struct fixture *fixture, size_t len)
{
    FILE *file = fopen(fixture->file, "w");
    assert_int_equal(fwrite(fixture->good, 1, len, file), len);
    fclose(file);
}

static void assert_good(const struct fixture *fixture)
{
    struct err err;
    if (store_check_logs(fixture->path, fixture->keyring, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static void assert_damage_named(const struct fixture *fixture, size_t at, unsigned change)
{
    struct err err;
    if (store_check_logs(fixture->path, fixture->keyring, &err) == 0) {
        fail_msg("%s: byte %zu changed by %02x was not noticed", fixture->file, at, change);
    }
    assert_non_null(strstr(err.text, fixture->file));
}

static void change_every_byte(struct fixture *fixture, const char *part)
{
    static const unsigned char changes[] = {0x01, 0x04, 0x80, 0xff};
    choose_file(fixture, part);
    assert_good(fixture);
    int fd = open(fixture->file, O_RDWR);
    size_t step = fixture->len > 20000 ? 7 : 1;
    for (size_t at = 0; at<fixture->len; at += at> fixture->len - 2000 ? 1 : step) {
        for (size_t i = 0; i < sizeof changes; i++) {
            char byte = (char)(fixture->good[at] ^ changes[i]);
            assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
            assert_damage_named(fixture, at, changes[i]);
        }
        assert_int_equal(pwrite(fd, fixture->good + at, 1, (off_t)at), 1);
    }
    close(fd);
    assert_good(fixture);
}

static void test_every_byte_of_the_log(void **state)
{
    change_every_byte(*state, ".log");
}

static void test_every_byte_of_the_manifest(void **state)
{
    change_every_byte(*state, "MANIFEST");
}

static void test_every_byte_of_current(void **state)
{
    change_every_byte(*state, "CURRENT");
}

static void test_a_log_may_end_anywhere(void **state)
{
    struct fixture *fixture = *state;
    choose_file(fixture, ".log");
    assert_true(fixture->len > 2 * 8192 && fixture->len < FILE_MAX - 100000);
    for (size_t len = 0; len<fixture->len; len += len> fixture->len - 2000 ? 1 : 13) {
        write_file(fixture, len);
        assert_good(fixture);
    }
    /* A file system may give it its length first, and zeros: but not in the middle. */
    memset(fixture->good + fixture->len, 0, 100000);
    write_file(fixture, fixture->len + 100000);
    assert_good(fixture);
    memset(fixture->good + 4096, 0, 4096);
    write_file(fixture, fixture->len);
    assert_damage_named(fixture, 4096, 0);
}

static void test_a_store_without_current(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    choose_file(fixture, "CURRENT");
    assert_int_equal(unlink(fixture->file), 0);
    assert_damage_named(fixture, 0, 0);
    struct store *store;
    struct store_options options = {.keyring = fixture->keyring};
    assert_int_equal(store_open(fixture->path, &options, &store, &err), -1);
    write_file(fixture, fixture->len);
    assert_int_equal(store_open(fixture->path, &options, &store, &err), 0);
    store_close(store);
}

static void count_table(void *context, const char *file, uint64_t bytes, const struct err *err)
{
    unsigned *counts = context;
    assert_non_null(strstr(file, ".sst"));
    assert_true(bytes > 0);
    counts[err != NULL]++;
}

static void test_tables(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    struct store *store;
    struct store_options options = {.keyring = fixture->keyring};
    unsigned counts[2] = {0};
    assert_int_equal(store_open(fixture->path, &options, &store, &err), 0);
    store_close(store); /* flushes */
    assert_int_equal(store_check_tables(fixture->path, fixture->keyring, NULL, count_table, counts, &err), 0);
    assert_true(counts[0] > 0 && counts[1] == 0);
    choose_file(fixture, ".sst");
    for (size_t at = 0; at < fixture->len; at += 97) {
        fixture->good[at] ^= 1;
        write_file(fixture, fixture->len);
        memset(counts, 0, sizeof counts);
        assert_int_equal(store_check_tables(fixture->path, fixture->keyring, NULL, count_table, counts, &err), 0);
        bool is_in_footer = at >= fixture->len - FOOTER_BYTES && at < fixture->len - FOOTER_END_BYTES; /* has padding */
        if (counts[1] != 1 && !is_in_footer) {
            fail_msg("byte %zu of %zu was not noticed", at, fixture->len);
        }
        fixture->good[at] ^= 1;
    }
}

static void put_rows(struct store *store, char first)
{
    struct err err;
    struct store_batch *batch = store_batch_create();
    char value[200];
    memset(value, first, sizeof value);
    for (unsigned i = 0; i < 100; i++) {
        store_batch_put(batch, store, STORE_ITEMS, slice_of(&i, sizeof i), slice_of(value, sizeof value));
    }
    if (store_commit(store, batch, true, &err) != 0) {
        fail_msg("%s", err.text);
    }
    store_batch_destroy(batch);
}

/* RocksDB compacts four files of one family; it finds that it cannot, and the store goes on. */
static void test_a_compaction_that_fails(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    struct store *store;
    struct store_options options = {.keyring = fixture->keyring};
    for (char run = 'a'; run <= 'd'; run++) {
        assert_int_equal(store_open(fixture->path, &options, &store, &err), 0);
        put_rows(store, run);
        store_close(store); /* flushes */
        if (run == 'a') {
            choose_file(fixture, ".sst");
            fixture->good[fixture->len / 5] ^= 1;
            write_file(fixture, fixture->len);
        }
    }
    assert_int_equal(store_open(fixture->path, &options, &store, &err), 0);
    uint64_t deadline = env_monotonic_us() + 20000000;
    while (!atomic_load(&store->compaction_failed) && env_monotonic_us() < deadline) {
        usleep(1000);
    }
    assert_true(atomic_load(&store->compaction_failed));
    put_rows(store, 'e');
    assert_true(store->compactions_are_off);
    put_rows(store, 'f');
    unsigned key = 7;
    struct store_value value;
    assert_int_equal(store_get(store, STORE_ITEMS, slice_of(&key, sizeof key), &value, &err), 0);
    assert_int_equal(value.bytes.data[0], 'f');
    store_value_release(&value);
    store_close(store);
}

/* The end of a table file says where everything is. What the file may hold cannot be read, and all else can. */
static void test_a_table_that_cannot_be_opened(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    struct store *store;
    struct store_options options = {.keyring = fixture->keyring};
    assert_int_equal(store_open(fixture->path, &options, &store, &err), 0);
    put_rows(store, 'a');
    store_close(store);
    choose_file(fixture, ".sst"); /* of the items */
    fixture->good[fixture->len - 1] ^= 1;
    write_file(fixture, fixture->len);
    if (store_open(fixture->path, &options, &store, &err) != 0) {
        fail_msg("%s", err.text);
    }
    unsigned key = 7;
    struct store_value value;
    assert_int_equal(store_get(store, STORE_ITEMS, slice_of(&key, sizeof key), &value, &err), -1);
    assert_non_null(strstr(err.text, fixture->file));
    struct store_cursor *cursor = store_cursor_create(store, STORE_ITEMS, SLICE(""), SLICE(""), false);
    assert_int_equal(store_cursor_next(cursor, &err), -1);
    assert_non_null(strstr(err.text, fixture->file));
    store_cursor_destroy(cursor);
    cursor = store_cursor_create(store, STORE_ITEMS, SLICE("~"), SLICE(""), false); /* opens all files of level 0 */
    assert_int_equal(store_cursor_next(cursor, &err), -1);
    store_cursor_destroy(cursor);
    cursor = store_cursor_create(store, STORE_INDEX, SLICE(""), SLICE(""), false);
    assert_int_equal(store_cursor_next(cursor, &err), 0);
    store_cursor_destroy(cursor);
    assert_int_equal(store_get(store, STORE_INDEX, slice_of(&key, sizeof key), &value, &err), 0);
    struct store_batch *batch = store_batch_create();
    store_batch_put(batch, store, STORE_ITEMS, SLICE("~new"), SLICE("x"));
    assert_int_equal(store_commit(store, batch, true, &err), 0);
    store_batch_destroy(batch);
    assert_int_equal(store_get(store, STORE_ITEMS, SLICE("~new"), &value, &err), 0);
    assert_int_equal(value.bytes.len, 1);
    store_value_release(&value);
    store_close(store);
}

static void test_read_only_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    struct store *store;
    struct store_options options = {.keyring = fixture->keyring, .read_only = true};
    choose_file(fixture, ".log");
    unsigned key = ROWS - 1;
    assert_int_equal(store_open(fixture->path, &options, &store, &err), 0);
    struct store_value value;
    assert_int_equal(store_get(store, STORE_ITEMS, slice_of(&key, sizeof key), &value, &err), 0);
    assert_int_equal(value.bytes.len, key);
    store_value_release(&value);
    store_close(store);
    size_t len = fixture->len;
    choose_file(fixture, ".log");
    assert_int_equal(fixture->len, len);
}

/* On plain and on encrypted files. */
#define BOTH(test)                                                                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown),                                                            \
        cmocka_unit_test_setup_teardown(test, setup_sealed, teardown)

int main(int argc, char **argv)
{
    if (argc == 3) {
        write_and_die(argv[1], argv[2]);
    }
    const struct CMUnitTest tests[] = {
        BOTH(test_every_byte_of_the_log),     BOTH(test_every_byte_of_the_manifest),
        BOTH(test_every_byte_of_current),     BOTH(test_a_log_may_end_anywhere),
        BOTH(test_a_store_without_current),   BOTH(test_tables),
        BOTH(test_a_compaction_that_fails),   BOTH(test_a_table_that_cannot_be_opened),
        BOTH(test_read_only_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
