/* The keys of a data folder, and the files that they encrypt. */
#include "crypto/keyring.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/file.h"
#include "crypto/file_cipher.h"

struct fixture {
    char *folder;
    char key[256], other[256];
    struct keyring *keyring;
};

static struct err err;

static int make(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->folder = folder_make();
    snprintf(fixture->key, sizeof fixture->key, "%s/key", fixture->folder);
    snprintf(fixture->other, sizeof fixture->other, "%s/other", fixture->folder);
    assert_int_equal(key_file_create(fixture->key, &err), 0);
    assert_int_equal(key_file_create(fixture->other, &err), 0);
    assert_int_equal(keyring_create(fixture->folder, fixture->key, &fixture->keyring, &err), 0);
    *state = fixture;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *fixture = *state;
    keyring_destroy(fixture->keyring);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void reopen(struct fixture *fixture, const char *key)
{
    keyring_destroy(fixture->keyring);
    fixture->keyring = NULL;
    if (keyring_open(fixture->folder, key, &fixture->keyring, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_non_null(fixture->keyring);
}

static void test_keys_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct keyring_master *master;
    unsigned char first[SEAL_KEY_BYTES], of_master[SEAL_KEY_BYTES];
    assert_int_equal(keyring_add_generation(fixture->keyring, &err), 0);
    assert_int_equal(keyring_add_master(fixture->keyring, SLICE("id"), SLICE("orders"), &master, &err), 0);
    master->enabled = false;
    memcpy(first, keyring_find(fixture->keyring, 1)->key, sizeof first);
    memcpy(of_master, master->key, sizeof of_master);
    assert_int_equal(keyring_store(fixture->keyring, NULL, &err), 0);
    reopen(fixture, fixture->key);
    assert_int_equal(keyring_generation_count(fixture->keyring), 2);
    assert_int_equal(keyring_newest(fixture->keyring)->number, 2);
    assert_memory_equal(keyring_find(fixture->keyring, 1)->key, first, sizeof first);
    master = keyring_find_master(fixture->keyring, SLICE(""), SLICE("orders"));
    assert_non_null(master);
    assert_ptr_equal(master, keyring_find_master(fixture->keyring, SLICE("id"), SLICE("")));
    assert_memory_equal(master->key, of_master, sizeof of_master);
    assert_false(master->enabled);
    keyring_drop_generation(fixture->keyring, 1);
    keyring_remove_master(fixture->keyring, master);
    assert_int_equal(keyring_store(fixture->keyring, NULL, &err), 0);
    reopen(fixture, fixture->key);
    assert_null(keyring_find(fixture->keyring, 1));
    assert_int_equal(keyring_master_count(fixture->keyring), 0);
    assert_int_equal(keyring_newest(fixture->keyring)->number, 2);
}

static void refused(struct fixture *fixture, const char *key, const char *words)
{
    struct keyring *keyring = NULL;
    assert_int_equal(keyring_open(fixture->folder, key, &keyring, &err), -1);
    assert_null(keyring);
    if (strstr(err.text, words) == NULL) {
        fail_msg("'%s' expected in: %s", words, err.text);
    }
}

static void test_wrong_keys_are_refused_by_name(void **state)
{
    struct fixture *fixture = *state;
    char id[KEY_ID_BYTES], other_id[KEY_ID_BYTES];
    struct keyring *none = fixture->keyring;
    assert_int_equal(keyring_open(fixture->folder, NULL, &none, &err), 0);
    assert_null(none); /* nothing is stored yet */
    assert_int_equal(keyring_store(fixture->keyring, NULL, &err), 0);
    assert_int_equal(key_file_id(fixture->key, id, &err), 0);
    assert_int_equal(key_file_id(fixture->other, other_id, &err), 0);
    assert_string_equal(keyring_key_id(fixture->keyring), id);
    refused(fixture, NULL, id);
    refused(fixture, NULL, "--key-file");
    refused(fixture, fixture->other, id);
    refused(fixture, fixture->other, other_id);
    refused(fixture, "/no/such/key", id);

    /* The key is changed: the old one is refused from then on. */
    assert_int_equal(keyring_store(fixture->keyring, fixture->other, &err), 0);
    refused(fixture, fixture->key, other_id);
    reopen(fixture, fixture->other);
}

static void test_a_damaged_file_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char path[300];
    struct buffer good = {0};
    assert_int_equal(keyring_store(fixture->keyring, NULL, &err), 0);
    snprintf(path, sizeof path, "%s/" KEYRING_FILE, fixture->folder);
    assert_int_equal(file_read_whole(path, 1 << 20, &good, &err), 1);
    for (size_t i = 0; i < good.len; i++) {
        good.data[i] ^= 1;
        assert_int_equal(file_replace(path, buffer_slice(&good), &err), 0);
        refused(fixture, fixture->key, "");
        good.data[i] ^= 1;
        assert_int_equal(file_replace(path, slice_of(good.data, i), &err), 0);
        refused(fixture, fixture->key, "");
    }
    assert_int_equal(file_replace(path, buffer_slice(&good), &err), 0);
    reopen(fixture, fixture->key);
    buffer_finish(&good);
}

static void test_a_key_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct keyring *local;
    assert_int_equal(keyring_create(fixture->folder, NULL, &local, &err), 0);
    assert_true(keyring_is_local(local));
    assert_int_equal(keyring_store(local, NULL, &err), 0);
    keyring_destroy(local);
    reopen(fixture, NULL);
    assert_true(keyring_is_local(fixture->keyring));
}

/* --- files -------------------------------------------------------------------------------------------------------- */

#define FILE_BYTES 1000

/* As docs/formats/encryption.md says, with OpenSSL's own functions. */
static void expect(const unsigned char *data_key, const char *prefix, char *bytes)
{
    unsigned char text[5 + 20 + 32] = "file ", key[32], counter[16] = {0}, plain[FILE_PREFIX_BYTES + FILE_BYTES] = {0};
    unsigned key_len = 0;
    int len = 0;
    memcpy(text + 5, prefix, 20);
    memcpy(text + 25, prefix + 32, 32);
    assert_non_null(HMAC(EVP_sha256(), data_key, 32, text, sizeof text, key, &key_len));
    memcpy(plain + FILE_PREFIX_BYTES, bytes, FILE_BYTES);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, key, counter), 1);
    assert_int_equal(EVP_EncryptUpdate(context, plain, &len, plain, sizeof plain), 1);
    memcpy(bytes, plain + FILE_PREFIX_BYTES, FILE_BYTES);
    EVP_CIPHER_CTX_free(context);
}

static void test_any_range_of_a_file(void **state)
{
    struct fixture *fixture = *state;
    char prefix[FILE_PREFIX_BYTES], other_prefix[FILE_PREFIX_BYTES], plain[FILE_BYTES], whole[FILE_BYTES];
    const char *reason;
    struct file_cipher *cipher = file_cipher_create(fixture->keyring, prefix);
    struct file_cipher *other = file_cipher_create(fixture->keyring, other_prefix);
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (char)(i * 7);
    }
    memcpy(whole, plain, sizeof whole);
    file_cipher_apply(cipher, FILE_PREFIX_BYTES, whole, sizeof whole);
    expect(keyring_newest(fixture->keyring)->key, prefix, plain);
    assert_memory_equal(whole, plain, sizeof whole);
    file_cipher_apply(other, FILE_PREFIX_BYTES, plain, sizeof plain);
    assert_memory_not_equal(whole, plain, 16);
    file_cipher_destroy(other);
    file_cipher_destroy(cipher);

    /* Opened again, under an older generation by now: parts of any length, from anywhere. */
    assert_int_equal(keyring_add_generation(fixture->keyring, &err), 0);
    cipher = file_cipher_open(fixture->keyring, prefix, &reason);
    assert_non_null(cipher);
    for (size_t at = 0; at < 40; at++) {
        for (size_t len = 0; len < 70; len += 1 + len / 9) {
            char part[70];
            memcpy(part, whole + at, len);
            file_cipher_apply(cipher, FILE_PREFIX_BYTES + at, part, len);
            for (size_t i = 0; i < len; i++) {
                assert_int_equal(part[i], (char)((at + i) * 7));
            }
        }
    }
    file_cipher_destroy(cipher);
}

static void test_damaged_prefixes(void **state)
{
    struct fixture *fixture = *state;
    char prefix[FILE_PREFIX_BYTES];
    const char *reason = NULL;
    file_cipher_destroy(file_cipher_create(fixture->keyring, prefix));
    assert_int_equal(file_cipher_generation(prefix), 1);
    for (size_t bit = 0; bit < sizeof prefix * 8; bit++) {
        prefix[bit / 8] ^= (char)(1 << bit % 8);
        reason = NULL;
        assert_null(file_cipher_open(fixture->keyring, prefix, &reason));
        assert_non_null(reason);
        prefix[bit / 8] ^= (char)(1 << bit % 8);
    }
    assert_int_equal(keyring_add_generation(fixture->keyring, &err), 0);
    keyring_drop_generation(fixture->keyring, 1);
    assert_null(file_cipher_open(fixture->keyring, prefix, &reason));
    assert_non_null(strstr(reason, "is not among"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys_come_back, make, unmake),
        cmocka_unit_test_setup_teardown(test_wrong_keys_are_refused_by_name, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_damaged_file_is_refused, make, unmake),
        cmocka_unit_test_setup_teardown(test_a_key_of_its_own, make, unmake),
        cmocka_unit_test_setup_teardown(test_any_range_of_a_file, make, unmake),
        cmocka_unit_test_setup_teardown(test_damaged_prefixes, make, unmake),
    };
    return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
