/* Keys of encrypted tables: whose rows are sealed, and what can be opened. */
#include "engine/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "crypto/keyring.h"

struct fixture {
    char *folder;
    struct keyring *keyring;
    struct key_service *service;
    struct vault *vault;
    struct arena arena;
    struct row_run run;
    struct buffer sealed, plain;
};

static struct err err;

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->folder = folder_make();
    fixture->service = key_service_of_folder(fixture->folder, NULL, &fixture->keyring);
    fixture->vault = vault_create(fixture->service);
    arena_init(&fixture->arena, 1024);
    row_run_begin(&fixture->run);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    vault_destroy(fixture->vault);
    fixture->service->destroy(fixture->service);
    keyring_destroy(fixture->keyring);
    folder_remove(fixture->folder);
    arena_finish(&fixture->arena);
    buffer_finish(&fixture->sealed);
    buffer_finish(&fixture->plain);
    free(fixture);
    return 0;
}

static struct table_spec encrypted_table(struct fixture *fixture, uint32_t id, const char *key)
{
    struct table_spec spec = {.id = id, .encrypted = true, .kms_key = slice_from_string(key)};
    env_uuid(spec.uuid);
    assert_int_equal(vault_wrap(fixture->vault, &spec, &fixture->arena, &err), KEY_OK);
    assert_true(spec.table_key.len > SEAL_KEY_BYTES);
    return spec;
}

/* A key of a row of this table; valid until the next one. */
static struct slice row_of(uint32_t id)
{
    static char key[7] = {0, 0, 0, 0, 'r', 'o', 'w'};
    key[2] = (char)(id >> 8);
    key[3] = (char)id;
    return slice_of(key, sizeof key);
}

static enum vault_sealed seal_row(struct fixture *fixture, uint32_t id)
{
    buffer_clear(&fixture->sealed);
    return vault_seal(fixture->vault, &fixture->run, STORE_ITEMS, row_of(id), SLICE("text"), &fixture->sealed);
}

static int open_row(struct fixture *fixture, enum store_family family, uint32_t id)
{
    buffer_clear(&fixture->plain);
    return vault_open(fixture->vault, family, row_of(id), buffer_slice(&fixture->sealed), &fixture->plain, &err);
}

static void test_rows_of_many_tables(void **state)
{
    struct fixture *fixture = *state;
    assert_false(vault_is_sealing(NULL));
    assert_false(vault_is_sealing(fixture->vault));
    for (uint32_t i = 0; i < 100; i++) {
        struct table_spec spec = encrypted_table(fixture, i * 37 % 100 * 5 + 5, ""); /* in no order */
        assert_int_equal(vault_publish(fixture->vault, &spec, &err), KEY_OK);
        assert_true(vault_is_sealing(fixture->vault));
    }
    for (uint32_t id = 1; id < 510; id++) {
        bool is_encrypted = id % 5 == 0 && id <= 500;
        assert_int_equal(seal_row(fixture, id), is_encrypted ? VAULT_SEALED : VAULT_PLAIN);
        if (is_encrypted) {
            assert_true(row_is_sealed(buffer_slice(&fixture->sealed)));
            assert_int_equal(open_row(fixture, STORE_ITEMS, id), 0);
            assert_true(slice_equal(buffer_slice(&fixture->plain), SLICE("text")));
            assert_int_equal(open_row(fixture, STORE_INDEX, id), -1);
            assert_int_equal(open_row(fixture, STORE_ITEMS, id + 1), -1); /* has no key */
            assert_int_equal(open_row(fixture, STORE_ITEMS, id == 500 ? 5 : id + 5), -1);
            assert_non_null(strstr(err.text, "is damaged"));
        }
    }
    for (uint32_t id = 5; id <= 500; id += 5) {
        vault_forget(fixture->vault, id);
        vault_forget(fixture->vault, id);
        assert_int_equal(seal_row(fixture, id), VAULT_PLAIN);
    }
    assert_false(vault_is_sealing(fixture->vault));
}

static void test_on_off_and_another_wrapper(void **state)
{
    struct fixture *fixture = *state;
    struct table_spec spec = encrypted_table(fixture, 7, "first");
    assert_true(slice_equal(spec.kms_key, SLICE("first")));
    assert_true(vault_is_key(fixture->vault, SLICE("first"), spec.kms_key));
    assert_false(vault_is_key(fixture->vault, SLICE("second"), spec.kms_key));
    assert_int_equal(vault_publish(fixture->vault, &spec, &err), KEY_OK);
    assert_int_equal(seal_row(fixture, 7), VAULT_SEALED);
    struct buffer sealed = fixture->sealed;
    fixture->sealed = (struct buffer){0};

    spec.encrypted = false;
    assert_int_equal(vault_publish(fixture->vault, &spec, &err), KEY_OK);
    assert_false(vault_is_sealing(fixture->vault));
    assert_int_equal(seal_row(fixture, 7), VAULT_PLAIN);

    /* On again, wrapped otherwise, in a process that knows nothing yet: the old rows can be opened. */
    spec.encrypted = true;
    spec.kms_key = SLICE("second");
    assert_int_equal(vault_wrap(fixture->vault, &spec, &fixture->arena, &err), KEY_OK);
    vault_destroy(fixture->vault);
    fixture->vault = vault_create(fixture->service);
    keyring_remove_master(fixture->keyring, keyring_find_master(fixture->keyring, SLICE("first"), SLICE("")));
    assert_int_equal(vault_publish(fixture->vault, &spec, &err), KEY_OK);
    buffer_finish(&fixture->sealed);
    fixture->sealed = sealed;
    assert_int_equal(open_row(fixture, STORE_ITEMS, 7), 0);
}

static void test_keys_that_cannot_be_used(void **state)
{
    struct fixture *fixture = *state;
    struct table_spec spec = encrypted_table(fixture, 7, "key"), other = encrypted_table(fixture, 8, "key");
    struct keyring_master *master = keyring_find_master(fixture->keyring, SLICE("key"), SLICE(""));

    /* A wrapped key is good for its own table. */
    struct table_spec swapped = spec;
    swapped.table_key = other.table_key;
    assert_int_equal(vault_publish(fixture->vault, &swapped, &err), KEY_FAILED);

    master->enabled = false;
    assert_int_equal(vault_publish(fixture->vault, &spec, &err), KEY_DISABLED);
    assert_int_equal(seal_row(fixture, 7), VAULT_UNUSABLE); /* never plain instead */
    BUFFER_APPEND_LITERAL(&fixture->sealed, "\x80 anything that is long enough to be a sealed row");
    assert_int_equal(open_row(fixture, STORE_ITEMS, 7), -1);
    assert_non_null(strstr(err.text, "cannot be used"));
    master->enabled = true;
    assert_int_equal(vault_publish(fixture->vault, &spec, &err), KEY_OK);
    assert_int_equal(seal_row(fixture, 7), VAULT_SEALED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_of_many_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_on_off_and_another_wrapper, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_that_cannot_be_used, setup, teardown),
    };
    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
