/* A file of a store, read from its beginning without RocksDB, and decrypted if the store's files are. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct keyring;

struct raw_file {
    const char *path;
    FILE *file;
    struct file_cipher *cipher; /* NULL: a plain file, or one that holds nothing */
    uint64_t offset;            /* of the next byte, in the file as it is stored */
};

/* `keyring` is NULL for plain files. The path must stay while the file is open. Fails if the file cannot be read, or
 * decrypted; the error names it. */
int raw_file_open(const char *path, const struct keyring *keyring, struct raw_file *ret_file, struct err *err) MUST_USE;
void raw_file_close(struct raw_file *file);

/* Of a file whose prefix names a data key that the keyring does not have; 0 also for other files, damaged ones too. */
int raw_file_check_key(const char *path, const struct keyring *keyring, struct err *err) MUST_USE;

/* The next `room` bytes; fewer at the end. `ret_stored` gets them as they are stored: a file system may have filled
 * places with zeros, which only shows there. */
int raw_file_read(struct raw_file *file, size_t room, unsigned char *ret_plain, unsigned char *ret_stored,
                  size_t *ret_len, struct err *err) MUST_USE;
