/* The identities of a data folder, in a file of their own beside the shards: sealed, and replaced as a whole, so that a
 * server that runs sees a change by its time and inode. docs/formats/identities.md has the bytes. */
#pragma once

#include "auth/identities.h"
#include "base/err.h"
#include "crypto/seal.h"

#include <sys/stat.h>
#include <time.h>

#define IDENTITY_FILE_BYTES_MAX (64u << 20)
/* What its key is derived from the master key for. */
#define IDENTITY_FILE_PURPOSE "identities"

/* Reads FOLDER/identities; a set without users if there is no file. The caller owns the set. */
int identity_file_read(const char *folder, const unsigned char key[SEAL_KEY_BYTES], const char *account,
                       struct identities **ret_identities, struct err *err) MUST_USE;

/* Replaces the file; durable when this returns. The root user is left out. */
int identity_file_write(const char *folder, const unsigned char key[SEAL_KEY_BYTES],
                        const struct identities *identities, struct err *err) MUST_USE;

/* One at a time may change the file: waits for its turn. Returns a descriptor to close afterwards, or -1. */
int identity_file_lock(const char *folder, struct err *err) MUST_USE;

/* What a file looked like; all zero: there is none. */
struct identity_file_state {
    ino_t inode;
    struct timespec changed;
    off_t len;
};

struct identity_file_state identity_file_state(const char *folder);
bool identity_file_state_equal(const struct identity_file_state *a, const struct identity_file_state *b);

/* The plain form, for the file and for tests. */
void identity_file_encode(const struct identities *identities, struct buffer *out);
/* False: not in the form of this version, 1 or 2, or beyond its bounds. Adds to an empty set. */
bool identity_file_decode(struct slice plain, unsigned version, struct identities *identities)
    __attribute__((warn_unused_result));
