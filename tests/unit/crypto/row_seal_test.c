/* Sealed rows, and the service that wraps the keys they are sealed with. */
#include "crypto/row_seal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "crypto/key_service.h"

#define HEAD 26

static struct err err;
static const unsigned char key_bytes[SEAL_KEY_BYTES] = "the key of a table for the tests";

static struct row_secret secret_of(uint8_t number, const unsigned char *key)
{
    struct row_secret secret;
    row_secret_set(&secret, number, key);
    return secret;
}

/* As docs/formats/encryption.md says, with OpenSSL's own functions. */
static void expect_plain(struct slice sealed, char kind, struct slice row, struct slice plain)
{
    unsigned char key[32], nonce[12] = {0}, found[256], authenticated[HEAD + 1 + 3200];
    unsigned key_len;
    int len, rest;
    assert_int_equal(sealed.len, HEAD + plain.len + 16);
    assert_int_equal((uint8_t)sealed.data[0], 128);
    assert_non_null(HMAC(EVP_sha256(), key_bytes, 32, (const unsigned char *)sealed.data + 2, 16, key, &key_len));
    memcpy(nonce + 4, sealed.data + 18, 8);
    memcpy(authenticated, sealed.data, HEAD);
    authenticated[HEAD] = (unsigned char)kind;
    memcpy(authenticated + HEAD + 1, row.data, row.len);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce), 1);
    assert_int_equal(EVP_DecryptUpdate(context, NULL, &len, authenticated, HEAD + 1 + (int)row.len), 1);
    assert_int_equal(EVP_DecryptUpdate(context, found, &len, (const unsigned char *)sealed.data + HEAD, (int)plain.len),
                     1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, (void *)(sealed.data + HEAD + plain.len)),
                     1);
    assert_int_equal(EVP_DecryptFinal_ex(context, found + len, &rest), 1);
    assert_memory_equal(found, plain.data, plain.len);
    EVP_CIPHER_CTX_free(context);
}

static void test_the_documented_form(void **state)
{
    (void)state;
    struct row_secret secret = secret_of(1, key_bytes);
    struct row_run run;
    struct buffer sealed = {0}, plain = {0};
    row_run_begin(&run);
    for (unsigned i = 0; i < 3; i++) {
        buffer_clear(&sealed);
        buffer_clear(&plain);
        row_seal(&secret, &run, 'i', SLICE("row"), SLICE("what stands in it"), &sealed);
        assert_int_equal(sealed.data[HEAD - 1], i); /* counted: no nonce twice */
        expect_plain(buffer_slice(&sealed), 'i', SLICE("row"), SLICE("what stands in it"));
        assert_true(row_is_sealed(buffer_slice(&sealed)));
        assert_false(row_open(&secret, 'i', SLICE("rox"), buffer_slice(&sealed), &plain));
        assert_true(row_open(&secret, 'i', SLICE("row"), buffer_slice(&sealed), &plain));
        assert_true(slice_equal(buffer_slice(&plain), SLICE("what stands in it")));
    }
    buffer_finish(&sealed);
    buffer_finish(&plain);
}

/* Keys of rows have up to 3 KB. */
static void test_long_keys(void **state)
{
    (void)state;
    struct row_secret secret = secret_of(1, key_bytes);
    struct row_run run;
    char row[3100] = {0};
    row_run_begin(&run);
    for (size_t len = 0; len < sizeof row; len += 1 + len / 8) {
        struct buffer sealed = {0}, plain = {0};
        row_seal(&secret, &run, 'i', slice_of(row, len), SLICE("text"), &sealed);
        expect_plain(buffer_slice(&sealed), 'i', slice_of(row, len), SLICE("text"));
        if (len > 0) {
            row[len - 1] ^= 1;
            assert_false(row_open(&secret, 'i', slice_of(row, len), buffer_slice(&sealed), &plain));
            row[len - 1] ^= 1;
        }
        assert_true(row_open(&secret, 'i', slice_of(row, len), buffer_slice(&sealed), &plain));
        buffer_finish(&sealed);
        buffer_finish(&plain);
    }
}

/* More runs and tables than a thread keeps contexts for, in turn. */
static void test_many_runs_and_tables(void **state)
{
    (void)state;
    enum { RUNS = 100, TABLES = 3 };
    struct row_secret secrets[TABLES];
    struct buffer sealed[RUNS][TABLES] = {0};
    for (int t = 0; t < TABLES; t++) {
        unsigned char key[SEAL_KEY_BYTES] = {(unsigned char)t};
        secrets[t] = secret_of(1, key);
    }
    for (int r = 0; r < RUNS; r++) {
        struct row_run run;
        row_run_begin(&run);
        for (int t = 0; t < TABLES; t++) {
            char text[32];
            int len = snprintf(text, sizeof text, "run %d, table %d", r, t);
            row_seal(&secrets[t], &run, 'i', SLICE("row"), slice_of(text, (size_t)len), &sealed[r][t]);
        }
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int r = 0; r < RUNS; r++) {
            for (int t = 0; t < TABLES; t++) {
                char text[32];
                struct buffer plain = {0};
                int len = snprintf(text, sizeof text, "run %d, table %d", r, t);
                assert_true(row_open(&secrets[t], 'i', SLICE("row"), buffer_slice(&sealed[r][t]), &plain));
                assert_true(slice_equal(buffer_slice(&plain), slice_of(text, (size_t)len)));
                assert_false(
                    row_open(&secrets[(t + 1) % TABLES], 'i', SLICE("row"), buffer_slice(&sealed[r][t]), &plain));
                buffer_finish(&plain);
            }
        }
    }
    for (int i = 0; i < RUNS * TABLES; i++) {
        buffer_finish(&sealed[i / TABLES][i % TABLES]);
    }
}

/* A run that has counted to its end goes on as another one. */
static void test_a_run_ends(void **state)
{
    (void)state;
    struct row_secret secret = secret_of(1, key_bytes);
    struct row_run run;
    struct buffer last = {0}, next = {0};
    row_run_begin(&run);
    run.count = (1ull << 32) - 1;
    row_seal(&secret, &run, 'i', SLICE("row"), SLICE("text"), &last);
    row_seal(&secret, &run, 'i', SLICE("row"), SLICE("text"), &next);
    assert_memory_not_equal(last.data + 2, next.data + 2, ROW_SALT_BYTES);
    expect_plain(buffer_slice(&last), 'i', SLICE("row"), SLICE("text"));
    expect_plain(buffer_slice(&next), 'i', SLICE("row"), SLICE("text"));
    buffer_finish(&last);
    buffer_finish(&next);
}

static void test_nothing_else_is_opened(void **state)
{
    (void)state;
    struct row_secret secret = secret_of(1, key_bytes), second = secret_of(2, key_bytes);
    struct row_run run;
    struct buffer sealed = {0}, plain = {0};
    row_run_begin(&run);
    row_seal(&secret, &run, 'i', SLICE("row"), SLICE("what stands in it"), &sealed);
    struct slice good = buffer_slice(&sealed);
    assert_false(row_open(&secret, 'x', SLICE("row"), good, &plain));
    assert_false(row_open(&secret, 'i', SLICE("rox"), good, &plain));
    assert_false(row_open(&secret, 'i', SLICE("ro"), good, &plain));
    assert_false(row_open(&second, 'i', SLICE("row"), good, &plain));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_false(row_open(&secret, 'i', SLICE("row"), good, &plain));
        sealed.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < sealed.len; len++) {
        assert_false(row_open(&secret, 'i', SLICE("row"), slice_of(sealed.data, len), &plain));
    }
    assert_int_equal(plain.len, 0);
    assert_true(row_open(&secret, 'i', SLICE("row"), good, &plain));
    buffer_finish(&sealed);
    buffer_finish(&plain);
}

/* --- the service -------------------------------------------------------------------------------------------------- */

static enum key_result find(struct key_service *service, const char *name, char ret_id[KEY_NAME_BYTES])
{
    return service->find(service, slice_from_string(name), ret_id, &err);
}

static void test_names_of_keys(void **state)
{
    (void)state;
    char *folder = folder_make(), key[300], id[KEY_NAME_BYTES], other[KEY_NAME_BYTES], text[600];
    struct keyring *keyring = NULL;
    struct keyring_master *orders;
    snprintf(key, sizeof key, "%s/key", folder);
    assert_int_equal(key_file_create(key, &err), 0);
    struct key_service *service = key_service_of_folder(folder, key, &keyring);
    assert_int_equal(find(service, "", id), KEY_OK); /* makes the folder's keys, and the key for who names none */
    assert_non_null(keyring);
    assert_int_equal(find(service, "alias/aws/dynamodb", other), KEY_OK);
    assert_string_equal(id, other);
    assert_int_equal(keyring_add_master(keyring, SLICE(""), SLICE("orders"), &orders, &err), 0);
    static const char *const forms[] = {"%s", "arn:aws:kms:us-east-1:000000000000:key/%s"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(text, sizeof text, forms[i], orders->id);
        assert_int_equal(find(service, text, other), KEY_OK);
        assert_string_equal(other, orders->id);
    }
    assert_int_equal(find(service, "alias/orders", other), KEY_OK);
    assert_int_equal(find(service, "arn:aws:kms:eu-central-1:123456789012:alias/orders", other), KEY_OK);
    assert_string_equal(other, orders->id);
    static const char *const strangers[] = {"orders", "alias/", "alias/order", "arn:aws:kms:us-east-1:0:key/x",
                                            "arn:k"};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        assert_int_equal(find(service, strangers[i], other), KEY_NOT_FOUND);
    }
    orders->enabled = false;
    assert_int_equal(find(service, "alias/orders", other), KEY_DISABLED);
    service->destroy(service);
    keyring_destroy(keyring);
    folder_remove(folder);
}

static void test_a_laptop_has_every_key(void **state)
{
    (void)state;
    char *folder = folder_make(), id[KEY_NAME_BYTES], again[KEY_NAME_BYTES], other[KEY_NAME_BYTES], text[400];
    struct keyring *keyring = NULL;
    struct key_service *service = key_service_of_folder(folder, NULL, &keyring);
    assert_int_equal(find(service, "key1", id), KEY_OK);
    assert_string_equal(id, "key1");
    assert_int_equal(find(service, "arn:aws:kms:eu-west-1:1:key/abc", id), KEY_OK);
    assert_string_equal(id, "arn:aws:kms:eu-west-1:1:key/abc");
    assert_int_equal(find(service, id, again), KEY_OK);
    assert_string_equal(id, again);
    assert_int_equal(find(service, "alias/orders", id), KEY_OK);
    assert_int_equal(find(service, "alias/orders", again), KEY_OK);
    assert_string_equal(id, again);
    assert_int_equal(find(service, "", other), KEY_OK);
    assert_string_not_equal(id, other);
    memset(text, 'k', 300);
    text[300] = '\0';
    assert_int_equal(find(service, text, other), KEY_NOT_FOUND);
    service->destroy(service);
    keyring_destroy(keyring);

    /* They are kept. */
    assert_int_equal(keyring_open(folder, NULL, &keyring, &err), 0);
    service = key_service_of_folder(folder, NULL, &keyring);
    assert_int_equal(find(service, "alias/orders", again), KEY_OK);
    assert_string_equal(id, again);
    service->destroy(service);
    keyring_destroy(keyring);
    folder_remove(folder);
}

static void test_wrapping(void **state)
{
    (void)state;
    char *folder = folder_make(), id[KEY_NAME_BYTES];
    unsigned char found[SEAL_KEY_BYTES];
    struct keyring *keyring = NULL;
    struct buffer wrapped = {0};
    struct key_service *service = key_service_of_folder(folder, NULL, &keyring);
    assert_int_equal(find(service, "", id), KEY_OK);
    assert_int_equal(service->wrap(service, id, SLICE("a"), key_bytes, &wrapped, &err), KEY_OK);
    assert_null(memmem(wrapped.data, wrapped.len, key_bytes, sizeof key_bytes));
    struct slice good = buffer_slice(&wrapped);
    assert_int_equal(service->unwrap(service, SLICE("a"), good, found, &err), KEY_OK);
    assert_memory_equal(found, key_bytes, sizeof found);
    assert_int_equal(service->unwrap(service, SLICE("b"), good, found, &err), KEY_FAILED);
    for (size_t at = 0; at < wrapped.len; at++) {
        wrapped.data[at] ^= 1;
        assert_int_not_equal(service->unwrap(service, SLICE("a"), good, found, &err), KEY_OK);
        wrapped.data[at] ^= 1;
        assert_int_not_equal(service->unwrap(service, SLICE("a"), slice_of(wrapped.data, at), found, &err), KEY_OK);
    }
    struct keyring_master *master = keyring_find_master(keyring, slice_from_string(id), SLICE(""));
    master->enabled = false;
    assert_int_equal(service->unwrap(service, SLICE("a"), good, found, &err), KEY_DISABLED);
    assert_int_equal(service->wrap(service, id, SLICE("a"), key_bytes, &wrapped, &err), KEY_DISABLED);
    good = buffer_slice(&wrapped);
    keyring_remove_master(keyring, master);
    assert_int_equal(service->unwrap(service, SLICE("a"), good, found, &err), KEY_NOT_FOUND);
    buffer_finish(&wrapped);
    service->destroy(service);
    keyring_destroy(keyring);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_documented_form),
        cmocka_unit_test(test_many_runs_and_tables),
        cmocka_unit_test(test_a_run_ends),
        cmocka_unit_test(test_nothing_else_is_opened),
        cmocka_unit_test(test_names_of_keys),
        cmocka_unit_test(test_a_laptop_has_every_key),
        cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_long_keys),
    };
    return cmocka_run_group_tests_name("row_seal", tests, NULL, NULL);
}
