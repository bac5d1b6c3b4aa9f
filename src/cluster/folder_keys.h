/* The keys of a data folder that no server uses: what `stator key` works on. */
#pragma once

#include "crypto/keyring.h"

struct folder_keys {
    int lock_fd;
    unsigned shards;
    bool encrypted;          /* its files are */
    struct keyring *keyring; /* NULL: the folder has no keys yet */
};

/* Locks the folder, which must be there, and opens its keys. */
int folder_keys_open(const char *folder, const char *key_file, struct folder_keys *ret_keys, struct err *err) MUST_USE;
void folder_keys_close(struct folder_keys *keys);

/* What the files of the folder have been encrypted with. */
struct folder_key_use {
    uint32_t generation;
    uint64_t bytes;
    unsigned files;
};

/* One for each generation of the keyring, in its order. */
int folder_keys_usage(const char *folder, const struct folder_keys *keys,
                      struct folder_key_use ret_use[KEYRING_GENERATIONS_MAX], struct err *err) MUST_USE;

/* Writes all rows of the folder into new files, so that they have the newest data key. */
int folder_keys_rewrite(const char *folder, const struct folder_keys *keys, struct err *err) MUST_USE;
