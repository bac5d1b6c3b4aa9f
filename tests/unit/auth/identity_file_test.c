/* The file of identities: what was written comes back, and nothing else does. */
#include "auth/identity_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"

static char *folder;
static struct err err;

static int make(void **state)
{
    (void)state;
    folder = folder_make();
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static const char *in_folder(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* --- identities --------------------------------------------------------------------------------------------------- */

static const unsigned char key[SEAL_KEY_BYTES] = "a key for tests";

#define ALL     "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"
#define NOTHING "{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}"

#define TRUST "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":\"*\"}}"

static struct identities *sample(void)
{
    struct identities *identities = identities_create("123456789012");
    identities_add_key(identities, identities_add_user(identities, NULL), "AKIAROOT01234567", "root secret of tests");
    struct identity_user *alice = identities_add_user(identities, "alice");
    alice->created_us = 1700000000000001;
    identities_add_key(identities, alice, "AKIAALICE0000001", "secret/of+alice=1");
    assert_int_equal(identities_put_policy(&alice->policies, "all", SLICE(ALL), &err), 0);
    assert_int_equal(identities_put_policy(&alice->policies, "none", SLICE(NOTHING), &err), 0);
    struct identity_user *bob = identities_add_user(identities, "bob@example.com");
    bob->enabled = false;
    identities_add_key(identities, alice, "AKIAALICE0000002", "secret/of+alice=2")->enabled = false;
    identities_add_user(identities, "nobody");
    struct identity_role *reader = identities_add_role(identities, "reader");
    reader->created_us = 1700000000000002;
    reader->session_s_max = 7200;
    assert_int_equal(identities_set_trust(reader, SLICE(TRUST), &err), 0);
    assert_int_equal(identities_put_policy(&reader->policies, "all", SLICE(ALL), &err), 0);
    identities_add_role(identities, "no-trust")->enabled = false;
    return identities;
}

static void check_sample(const struct identities *identities)
{
    assert_int_equal(identities_user_count(identities), 3);
    assert_int_equal(identities_key_count(identities), 2);
    assert_null(identities_find_key(identities, SLICE("AKIAROOT01234567")));
    const struct identity_key *first = identities_find_key(identities, SLICE("AKIAALICE0000001"));
    const struct identity_key *second = identities_find_key(identities, SLICE("AKIAALICE0000002"));
    assert_string_equal(first->secret, "secret/of+alice=1");
    assert_string_equal(first->user->arn, "arn:aws:iam::123456789012:user/alice");
    assert_int_equal(first->user->created_us, 1700000000000001);
    assert_true(first->enabled && first->user->enabled && !first->user->is_root);
    assert_ptr_equal(second->user, first->user);
    assert_false(second->enabled);
    assert_false(identities_find_user(identities, SLICE("bob@example.com"))->enabled);
    assert_int_equal(first->user->policies.count, 2);
    assert_string_equal(identities_find_policy(&first->user->policies, "none")->document, NOTHING);
    assert_null(identities_find_policy(&first->user->policies, "no"));
}

static void check_roles(const struct identities *identities)
{
    assert_int_equal(identities_role_count(identities), 2);
    const struct identity_role *reader = identities_find_role(identities, SLICE("reader"));
    assert_string_equal(reader->arn, "arn:aws:iam::123456789012:role/reader");
    assert_string_equal(reader->trust, TRUST);
    assert_non_null(reader->trust_tree);
    assert_true(reader->enabled);
    assert_int_equal(reader->created_us, 1700000000000002);
    assert_int_equal(reader->session_s_max, 7200);
    assert_string_equal(identities_find_policy(&reader->policies, "all")->document, ALL);
    const struct identity_role *other = identities_find_role(identities, SLICE("no-trust"));
    assert_true(!other->enabled && other->trust_tree == NULL && other->policies.count == 0);
    assert_int_equal(other->session_s_max, IDENTITIES_SESSION_S_DEFAULT);
}

/* A file of the version that had no roles: its plain form lacks their count. */
static void test_files_of_version_1(void **state)
{
    (void)state;
    struct identities *identities = NULL, *original = sample();
    while (identities_role_count(original) > 0) {
        identities_remove_role(original, identities_role(original, 0));
    }
    struct buffer plain = {0}, file = {0};
    identity_file_encode(original, &plain);
    assert_int_equal(plain.data[plain.len - 1], 0);
    plain.len--;
    BUFFER_APPEND_LITERAL(&file, "stator identities 1\n");
    seal(key, SLICE("stator identities 1\n"), buffer_slice(&plain), &file);
    int fd = open(in_folder("identities"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, file.data, file.len), file.len);
    close(fd);
    assert_int_equal(identity_file_read(folder, key, "123456789012", &identities, &err), 0);
    check_sample(identities);
    assert_int_equal(identities_role_count(identities), 0);
    /* and not as the other one */
    file.data[18] = '2';
    fd = open(in_folder("identities"), O_WRONLY, 0600);
    assert_int_equal(write(fd, file.data, file.len), file.len);
    close(fd);
    struct identities *none = NULL;
    assert_int_equal(identity_file_read(folder, key, "123456789012", &none, &err), -1);
    identities_release(identities);
    identities_release(original);
    buffer_finish(&plain);
    buffer_finish(&file);
}

static void test_unique_ids(void **state)
{
    (void)state;
    struct identities *identities = sample();
    char first[IDENTITIES_UNIQUE_ID_CHARS + 1], second[IDENTITIES_UNIQUE_ID_CHARS + 1];
    struct identity_user *alice = identities_find_user(identities, SLICE("alice"));
    identities_user_id(alice, first);
    identities_user_id(alice, second);
    assert_string_equal(first, second);
    assert_int_equal(strlen(first), IDENTITIES_UNIQUE_ID_CHARS);
    assert_memory_equal(first, "AIDA", 4);
    alice->created_us++;
    identities_user_id(alice, second);
    assert_string_not_equal(first, second);
    identities_role_id(identities_find_role(identities, SLICE("reader")), first);
    assert_memory_equal(first, "AROA", 4);
    identities_release(identities);
}

static void test_identities_come_back(void **state)
{
    (void)state;
    struct identities *identities = NULL, *original = sample();
    assert_int_equal(identity_file_read(folder, key, "123456789012", &identities, &err), 0);
    assert_int_equal(identities_user_count(identities), 0);
    identities_release(identities);

    struct identity_file_state before = identity_file_state(folder);
    assert_int_equal(identity_file_write(folder, key, original, &err), 0);
    struct identity_file_state after = identity_file_state(folder);
    assert_false(identity_file_state_equal(&before, &after));
    assert_int_equal(identity_file_read(folder, key, "123456789012", &identities, &err), 0);
    check_sample(identities);
    check_roles(identities);
    /* a change that keeps the length is seen too */
    assert_int_equal(identity_file_write(folder, key, identities, &err), 0);
    before = identity_file_state(folder);
    assert_false(identity_file_state_equal(&before, &after));
    identities_release(identities);
    identities_release(original);
}

static void test_secrets_are_not_in_the_file(void **state)
{
    (void)state;
    struct identities *original = sample();
    assert_int_equal(identity_file_write(folder, key, original, &err), 0);
    char text[4096];
    int fd = open(in_folder("identities"), O_RDONLY);
    ssize_t len = read(fd, text, sizeof text);
    close(fd);
    assert_true(len > 100 && len < (ssize_t)sizeof text);
    static const char *const words[] = {"alice", "secret", "AKIA"};
    for (size_t i = 0; i < 3; i++) {
        assert_null(memmem(text, (size_t)len, words[i], strlen(words[i])));
    }
    struct stat status;
    assert_int_equal(stat(in_folder("identities"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    identities_release(original);
}

static void test_files_that_cannot_be_opened(void **state)
{
    (void)state;
    struct identities *identities = NULL, *original = sample();
    assert_int_equal(identity_file_write(folder, key, original, &err), 0);
    const unsigned char other[SEAL_KEY_BYTES] = "another key";
    assert_int_equal(identity_file_read(folder, other, "123456789012", &identities, &err), -1);
    assert_non_null(strstr(err.text, "cannot be opened with this key"));
    assert_int_equal(truncate(in_folder("identities"), 60), 0);
    assert_int_equal(identity_file_read(folder, key, "123456789012", &identities, &err), -1);
    assert_non_null(strstr(err.text, "is damaged"));
    assert_int_equal(truncate(in_folder("identities"), 0), 0);
    assert_int_equal(identity_file_read(folder, key, "123456789012", &identities, &err), -1);
    assert_null(identities);
    identities_release(original);
}

/* Whatever is cut off or changed: refused, or a set within the bounds. */
static void test_plain_form_is_checked(void **state)
{
    (void)state;
    struct identities *original = sample();
    struct buffer plain = {0};
    identity_file_encode(original, &plain);
    for (size_t len = 0; len < plain.len; len++) {
        struct identities *identities = identities_create("123456789012");
        assert_false(identity_file_decode(slice_of(plain.data, len), 2, identities));
        identities_release(identities);
    }
    for (size_t at = 0; at < plain.len; at++) {
        char old = plain.data[at];
        for (int byte = 0; byte < 256; byte++) {
            plain.data[at] = (char)byte;
            struct identities *identities = identities_create("123456789012");
            if (identity_file_decode(buffer_slice(&plain), 2, identities)) {
                assert_int_equal(identities_user_count(identities), 3);
            }
            identities_release(identities);
        }
        plain.data[at] = old;
    }
    buffer_finish(&plain);
    identities_release(original);
}

static void test_removing(void **state)
{
    (void)state;
    struct identities *identities = sample();
    identities_remove_key(identities,
                          (struct identity_key *)(uintptr_t)identities_find_key(identities, SLICE("AKIAALICE0000001")));
    assert_null(identities_find_key(identities, SLICE("AKIAALICE0000001")));
    assert_non_null(identities_find_key(identities, SLICE("AKIAALICE0000002")));
    identities_remove_user(identities, identities_find_user(identities, SLICE("alice")));
    assert_null(identities_find_key(identities, SLICE("AKIAALICE0000002")));
    assert_null(identities_find_user(identities, SLICE("alice")));
    assert_int_equal(identities_user_count(identities), 3);
    identities_remove_key(identities,
                          (struct identity_key *)(uintptr_t)identities_find_key(identities, SLICE("AKIAROOT01234567")));
    assert_null(identities_find_key(identities, SLICE("AKIAROOT01234567")));
    identities_release(identities);
}

static void test_policies(void **state)
{
    (void)state;
    struct identities *identities = sample();
    struct identity_user *user = identities_find_user(identities, SLICE("nobody"));
    assert_int_equal(identities_put_policy(&user->policies, "a", SLICE("{}"), &err), -1);
    assert_int_equal(user->policies.count, 0);
    for (unsigned i = 0; i < IDENTITIES_POLICIES_MAX; i++) {
        char name[] = {(char)('a' + i), '\0'};
        assert_int_equal(identities_put_policy(&user->policies, name, SLICE(ALL), &err), 0);
    }
    assert_int_equal(identities_put_policy(&user->policies, "one-more", SLICE(ALL), &err), -1);
    assert_int_equal(identities_put_policy(&user->policies, "b", SLICE(NOTHING), &err), 0);
    assert_string_equal(identities_find_policy(&user->policies, "b")->document, NOTHING);
    assert_true(identities_remove_policy(&user->policies, "a"));
    assert_false(identities_remove_policy(&user->policies, "a"));
    assert_string_equal(identities_find_policy(&user->policies, "b")->document, NOTHING);
    assert_int_equal(user->policies.count, IDENTITIES_POLICIES_MAX - 1);
    identities_release(identities);
}

static void test_names(void **state)
{
    (void)state;
    char name[80] = "";
    memset(name, 'a', 65);
    assert_false(identities_name_is_valid(name));
    name[64] = '\0';
    assert_true(identities_name_is_valid(name));
    assert_true(identities_name_is_valid("a+=,.@_-Z9"));
    static const char *const bad[] = {"", "a b", "a/b", "a:b", "*", "ä", "a\n", "${x}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(identities_name_is_valid(bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_identities_come_back, make, unmake),
        cmocka_unit_test_setup_teardown(test_secrets_are_not_in_the_file, make, unmake),
        cmocka_unit_test_setup_teardown(test_files_that_cannot_be_opened, make, unmake),
        cmocka_unit_test_setup_teardown(test_plain_form_is_checked, make, unmake),
        cmocka_unit_test_setup_teardown(test_files_of_version_1, make, unmake),
        cmocka_unit_test_setup_teardown(test_unique_ids, make, unmake),
        cmocka_unit_test_setup_teardown(test_removing, make, unmake),
        cmocka_unit_test_setup_teardown(test_policies, make, unmake),
        cmocka_unit_test_setup_teardown(test_names, make, unmake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
