/* Sealed bytes and the key file: what was written comes back, and nothing else does. */
#include "crypto/key_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"

static struct err err;

/* --- seal --------------------------------------------------------------------------------------------------------- */

static void test_sealed_bytes_come_back(void **state)
{
    (void)state;
    unsigned char key[SEAL_KEY_BYTES] = "a key for tests";
    static const size_t lengths[] = {0, 1, 15, 16, 17, 100000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char *text = calloc(1, lengths[i] + 1);
        struct buffer sealed = {0}, again = {0}, plain = {0};
        seal(key, SLICE("test"), slice_of(text, lengths[i]), &sealed);
        seal(key, SLICE("test"), slice_of(text, lengths[i]), &again);
        assert_int_equal(sealed.len, lengths[i] + SEAL_EXTRA_BYTES);
        assert_false(slice_equal(buffer_slice(&sealed), buffer_slice(&again)));
        assert_true(seal_open(key, SLICE("test"), buffer_slice(&sealed), &plain));
        assert_true(slice_equal(buffer_slice(&plain), slice_of(text, lengths[i])));
        buffer_finish(&sealed);
        buffer_finish(&again);
        buffer_finish(&plain);
        free(text);
    }
}

static void test_every_changed_bit_is_noticed(void **state)
{
    (void)state;
    unsigned char key[SEAL_KEY_BYTES] = "a key for tests", other[SEAL_KEY_BYTES] = "a key for testt";
    struct buffer sealed = {0}, plain = {0};
    seal(key, SLICE("test"), SLICE("forty-two bytes of text that mean nothing."), &sealed);
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_false(seal_open(key, SLICE("test"), buffer_slice(&sealed), &plain));
        sealed.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < sealed.len; len++) {
        assert_false(seal_open(key, SLICE("test"), slice_of(sealed.data, len), &plain));
    }
    assert_false(seal_open(other, SLICE("test"), buffer_slice(&sealed), &plain));
    assert_false(seal_open(key, SLICE("tesu"), buffer_slice(&sealed), &plain));
    assert_int_equal(plain.len, 0);
    assert_true(seal_open(key, SLICE("test"), buffer_slice(&sealed), &plain));
    buffer_finish(&sealed);
    buffer_finish(&plain);
}

/* --- the key file ------------------------------------------------------------------------------------------------- */

static void test_key_file(void **state)
{
    (void)state;
    unsigned char a[SEAL_KEY_BYTES], b[SEAL_KEY_BYTES];
    char path[4096];
    char *folder = folder_make();
    snprintf(path, sizeof path, "%s/key", folder);
    assert_int_equal(key_file_read(path, "test", a, &err), -1);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(key_file_create(path, &err), 0);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(key_file_create(path, &err), -1);
    assert_non_null(strstr(err.text, "exists already"));
    assert_int_equal(key_file_read(path, "test", a, &err), 0);
    assert_int_equal(key_file_read(path, "test", b, &err), 0);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(key_file_read(path, "other", b, &err), 0);
    assert_memory_not_equal(a, b, sizeof a);

    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(key_file_read(path, "test", a, &err), 0);
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(key_file_read(path, "test", a, &err), -1);
    assert_non_null(strstr(err.text, "chmod 600"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 40), 0);
    assert_int_equal(key_file_read(path, "test", a, &err), -1);
    assert_non_null(strstr(err.text, "is not a key of Stator"));
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed_bytes_come_back),
        cmocka_unit_test(test_every_changed_bit_is_noticed),
        cmocka_unit_test(test_key_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
