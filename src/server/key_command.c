#include "server/key_command.h"

#include "auth/identity_file.h"
#include "base/arguments.h"
#include "cluster/folder_keys.h"
#include "crypto/sha256.h"
#include "server/key_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int create(const char *path, struct err *err)
{
    char id[KEY_ID_BYTES];
    if (key_file_create(path, err) != 0 || key_file_id(path, id, err) != 0) {
        return -1;
    }
    printf("%s: made, key %s\n", path, id);
    return 0;
}

static int print_id(const char *path, struct err *err)
{
    char id[KEY_ID_BYTES];
    if (key_file_id(path, id, err) != 0) {
        return -1;
    }
    puts(id);
    return 0;
}

/* --- status ------------------------------------------------------------------------------------------------------- */

static const char *date(uint64_t time_us, char text[32])
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        snprintf(text, 32, "long ago");
    }
    return text;
}

static int status(const struct key_options *options, const struct folder_keys *keys, struct err *err)
{
    struct folder_key_use use[KEYRING_GENERATIONS_MAX];
    char made[32];
    if (folder_keys_usage(options->data_dir, keys, use, err) != 0) {
        return -1;
    }
    printf("sealed with    key %s%s\nfiles          %s\n", keyring_key_id(keys->keyring),
           keyring_is_local(keys->keyring) ? ", in the folder itself" : "", keys->encrypted ? "encrypted" : "plain");
    for (unsigned i = 0; keys->encrypted && i < keyring_generation_count(keys->keyring); i++) {
        const struct keyring_generation *generation = keyring_generation(keys->keyring, i);
        printf("data key %-5" PRIu32 " made %s, %" PRIu64 " bytes in %u files%s\n", generation->number,
               date(generation->created_us, made), use[i].bytes, use[i].files,
               generation == keyring_newest(keys->keyring) ? ", for new files" : "");
    }
    for (unsigned i = 0; i < keyring_master_count(keys->keyring); i++) {
        const struct keyring_master *master = keyring_master(keys->keyring, i);
        printf("table key      %s, made %s, %s%s%s\n", master->id, date(master->created_us, made),
               master->enabled ? "enabled" : "disabled", master->alias[0] != '\0' ? ", alias/" : "", master->alias);
    }
    return 0;
}

/* --- another key file --------------------------------------------------------------------------------------------- */

/* Each file is replaced whole. A run that was interrupted between them is repeated: what has the new key is left. */
static int rotate_users(const struct key_options *options, const char *old_key_file, struct err *err)
{
    unsigned char old_key[SEAL_KEY_BYTES], new_key[SEAL_KEY_BYTES];
    struct identities *identities = NULL;
    struct err unused;
    if (key_file_read(options->new_key_file, IDENTITY_FILE_PURPOSE, new_key, err) != 0) {
        return -1;
    }
    int lock = identity_file_lock(options->data_dir, err), result = lock < 0 ? -1 : 0;
    if (result == 0 && identity_file_read(options->data_dir, new_key, "000000000000", &identities, &unused) != 0) {
        result = key_file_read(old_key_file, IDENTITY_FILE_PURPOSE, old_key, err);
        if (result == 0) {
            result = identity_file_read(options->data_dir, old_key, "000000000000", &identities, err);
            crypto_wipe(old_key, sizeof old_key);
        }
        if (result == 0) {
            result = identity_file_write(options->data_dir, new_key, identities, err);
        }
    }
    identities_release(identities);
    crypto_wipe(new_key, sizeof new_key);
    if (lock >= 0) {
        close(lock);
    }
    return result;
}

static int rotate(const struct key_options *options, struct err *err)
{
    struct folder_keys keys;
    struct err unused;
    char id[KEY_ID_BYTES], local[4096];
    if (snprintf(local, sizeof local, "%s/" KEYRING_LOCAL_KEY, options->data_dir) >= (int)sizeof local) {
        return err_set(err, "the path of the data folder is too long");
    }
    const char *old_key_file = options->key_file != NULL ? options->key_file : local;
    if (key_file_id(options->new_key_file, id, err) != 0) {
        return -1;
    }
    if (folder_keys_open(options->data_dir, options->key_file, &keys, err) != 0 &&
        folder_keys_open(options->data_dir, options->new_key_file, &keys, &unused) != 0) {
        return -1;
    }
    int result = keys.keyring == NULL ? 0 : keyring_store(keys.keyring, options->new_key_file, err);
    if (result == 0) {
        result = rotate_users(options, old_key_file, err);
    }
    if (result == 0 && unlink(local) != 0 && errno != ENOENT) {
        result = err_set(err, "cannot remove %s: %s", local, strerror(errno));
    }
    folder_keys_close(&keys);
    if (result == 0) {
        printf("%s: sealed with key %s now\n", options->data_dir, id);
    }
    return result;
}

/* --- data keys ---------------------------------------------------------------------------------------------------- */

static int need_encrypted(const struct key_options *options, const struct folder_keys *keys, struct err *err)
{
    return keys->encrypted ? 0 : err_set(err, "the files of %s are not encrypted", options->data_dir);
}

static int rotate_data(const struct key_options *options, struct folder_keys *keys, struct err *err)
{
    if (need_encrypted(options, keys, err) != 0 || keyring_add_generation(keys->keyring, err) != 0 ||
        keyring_store(keys->keyring, NULL, err) != 0) {
        return -1;
    }
    printf("%s: new files get data key %" PRIu32 "\n", options->data_dir, keyring_newest(keys->keyring)->number);
    return 0;
}

static int rewrite(const struct key_options *options, struct folder_keys *keys, struct err *err)
{
    struct folder_key_use use[KEYRING_GENERATIONS_MAX];
    if (need_encrypted(options, keys, err) != 0 || folder_keys_rewrite(options->data_dir, keys, err) != 0 ||
        folder_keys_usage(options->data_dir, keys, use, err) != 0) {
        return -1;
    }
    unsigned newest = keyring_generation_count(keys->keyring) - 1;
    for (unsigned i = 0; i < newest; i++) {
        if (use[i].files > 0) {
            return err_set(err, "%u files of %s still have data key %" PRIu32, use[i].files, options->data_dir,
                           use[i].generation);
        }
    }
    printf("%s: all files have data key %" PRIu32 " now\n", options->data_dir, use[newest].generation);
    return 0;
}

static int drop_unused(const struct key_options *options, struct folder_keys *keys, struct err *err)
{
    struct folder_key_use use[KEYRING_GENERATIONS_MAX];
    if (need_encrypted(options, keys, err) != 0 || folder_keys_usage(options->data_dir, keys, use, err) != 0) {
        return -1;
    }
    unsigned count = keyring_generation_count(keys->keyring), dropped = 0;
    for (unsigned i = 0; i + 1 < count; i++) {
        if (use[i].files == 0) {
            keyring_drop_generation(keys->keyring, use[i].generation);
            dropped++;
        }
    }
    if (dropped > 0 && keyring_store(keys->keyring, NULL, err) != 0) {
        return -1;
    }
    printf("%s: %u data keys dropped, %u kept\n", options->data_dir, dropped, count - dropped);
    return 0;
}

/* --- keys for tables ---------------------------------------------------------------------------------------------- */

static int add(const struct key_options *options, struct folder_keys *keys, struct err *err)
{
    struct slice name = slice_from_string(options->word);
    struct keyring_master *master;
    if (keyring_find_master(keys->keyring, name, name) != NULL) {
        return err_set(err, "there is a key %s already", options->word);
    }
    if (keyring_add_master(keys->keyring, SLICE(""), name, &master, err) != 0 ||
        keyring_store(keys->keyring, NULL, err) != 0) {
        return -1;
    }
    printf("%s: made, alias/%s\n", master->id, master->alias);
    return 0;
}

static int change_master(const struct key_options *options, struct folder_keys *keys, struct err *err)
{
    static const char *const done[] = {[KEY_DISABLE] = "disabled", [KEY_ENABLE] = "enabled", [KEY_REMOVE] = "removed"};
    struct slice name = slice_from_string(options->word);
    struct keyring_master *master = keyring_find_master(keys->keyring, name, name);
    if (master == NULL) {
        return err_set(err, "there is no key %s", options->word);
    }
    if (options->verb == KEY_REMOVE) {
        keyring_remove_master(keys->keyring, master);
    } else {
        master->enabled = options->verb == KEY_ENABLE;
    }
    if (keyring_store(keys->keyring, NULL, err) != 0) {
        return -1;
    }
    printf("%s: %s\n", options->word, done[options->verb]);
    return 0;
}

static int with_folder(const struct key_options *options, struct folder_keys *keys, struct err *err)
{
    if (keys->keyring == NULL && options->verb == KEY_ADD &&
        keyring_create(options->data_dir, options->key_file, &keys->keyring, err) != 0) {
        return -1;
    }
    if (keys->keyring == NULL) {
        return err_set(err, "the data folder %s has no keys: nothing in it is encrypted", options->data_dir);
    }
    switch (options->verb) {
    case KEY_STATUS:
        return status(options, keys, err);
    case KEY_ROTATE_DATA:
        return rotate_data(options, keys, err);
    case KEY_REWRITE:
        return rewrite(options, keys, err);
    case KEY_DROP_UNUSED:
        return drop_unused(options, keys, err);
    case KEY_ADD:
        return add(options, keys, err);
    default:
        return change_master(options, keys, err);
    }
}

static int run(const struct key_options *options, struct err *err)
{
    if (options->verb == KEY_CREATE) {
        return create(options->word, err);
    }
    if (options->verb == KEY_ID) {
        return print_id(options->word, err);
    }
    if (options->verb == KEY_ROTATE) {
        return rotate(options, err);
    }
    struct folder_keys keys;
    if (folder_keys_open(options->data_dir, options->key_file, &keys, err) != 0) {
        return -1;
    }
    int result = with_folder(options, &keys, err);
    folder_keys_close(&keys);
    return result;
}

int key_command(int count, char *const *arguments)
{
    struct key_options options;
    struct err err;
    switch (key_options_parse(count, arguments, &options, &err)) {
    case CONFIG_HELP:
        key_options_print_help(stdout);
        return 0;
    case CONFIG_REFUSED:
        fprintf(stderr, "stator: %s\n", err.text);
        return EXIT_USAGE;
    case CONFIG_OK:
        break;
    }
    if (run(&options, &err) != 0) {
        fprintf(stderr, "stator: %s\n", err.text);
        return EXIT_FAILED;
    }
    return 0;
}
