#include "cluster/folder_keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/private.h"
#include "crypto/file_cipher.h"
#include "store/store.h"

int folder_keys_open(const char *folder, const char *key_file, struct folder_keys *ret_keys, struct err *err)
{
    struct folder_keys keys = {.lock_fd = -1};
    struct folder_format format = {0};
    if (folder_lock(folder, &keys.lock_fd, err) != 0 || keyring_open(folder, key_file, &keys.keyring, err) != 0 ||
        folder_read_format(folder, &format, err) < 0) {
        folder_keys_close(&keys);
        return -1;
    }
    keys.shards = format.shards;
    keys.encrypted = format.encrypted;
    *ret_keys = keys;
    return 0;
}

void folder_keys_close(struct folder_keys *keys)
{
    keyring_destroy(keys->keyring);
    if (keys->lock_fd >= 0) {
        close(keys->lock_fd);
    }
}

static void add_file(const char *path, struct folder_key_use *use, unsigned count)
{
    char prefix[FILE_PREFIX_BYTES];
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return; /* no file, or gone */
    }
    uint32_t generation = 0;
    if (fstat(fd, &status) == 0 && read(fd, prefix, sizeof prefix) == sizeof prefix) {
        generation = file_cipher_generation(prefix);
    }
    close(fd);
    bool holds_something = generation != 0 && status.st_size > FILE_PREFIX_BYTES; /* a log may not */
    for (unsigned i = 0; holds_something && i < count; i++) {
        if (use[i].generation == generation) {
            use[i].bytes += (uint64_t)status.st_size;
            use[i].files++;
        }
    }
}

static void shard_path(const char *folder, unsigned number, char ret_path[4096 + 16])
{
    snprintf(ret_path, 4096 + 16, "%s/shard-%03u", folder, number);
}

int folder_keys_usage(const char *folder, const struct folder_keys *keys,
                      struct folder_key_use ret_use[KEYRING_GENERATIONS_MAX], struct err *err)
{
    unsigned count = keyring_generation_count(keys->keyring);
    for (unsigned i = 0; i < count; i++) {
        ret_use[i] = (struct folder_key_use){.generation = keyring_generation(keys->keyring, i)->number};
    }
    for (unsigned shard = 0; keys->encrypted && shard < keys->shards; shard++) {
        char path[4096 + 16], file[4096 + 16 + 256];
        shard_path(folder, shard, path);
        DIR *entries = opendir(path);
        if (entries == NULL && errno == ENOENT) {
            continue;
        }
        if (entries == NULL) {
            return err_set(err, "cannot read %s: %s", path, strerror(errno));
        }
        for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
            snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
            add_file(file, ret_use, count);
        }
        closedir(entries);
    }
    return 0;
}

int folder_keys_rewrite(const char *folder, const struct folder_keys *keys, struct err *err)
{
    struct store_options options = {.keyring = keys->encrypted ? keys->keyring : NULL};
    for (unsigned shard = 0; shard < keys->shards; shard++) {
        char path[4096 + 16];
        struct store *store;
        shard_path(folder, shard, path);
        if (store_open(path, &options, &store, err) != 0) {
            return err_wrap(err, "%s", path);
        }
        int failed = store_rewrite(store, err);
        store_close(store);
        if (failed != 0) {
            return err_wrap(err, "%s", path);
        }
    }
    return 0;
}
