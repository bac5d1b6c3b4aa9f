/* Sealed rows: what an encrypted table keeps as the value of a row. AES-256-GCM; docs/formats/encryption.md:
 *
 *   byte 0        128, where a plain value has another format number (value/codec.h)
 *   byte 1        number of the table's key
 *   bytes 2-17    salt of the run that wrote it
 *   bytes 18-25   count of the row in that run, big-endian
 *   then          ciphertext, as long as the plain value, and a tag of 16 bytes
 *
 * The key of a run is HMAC-SHA-256 of its salt under the table's key, and the nonce is the count (four zero bytes in
 * front). A run is what one shard writes from one start to the next. So no nonce comes twice under one key, for counts
 * do not repeat within a run, and runs do not share keys: also not those of two servers on two copies of a folder.
 * Random nonces would be shorter, but 96 bits of them are good for 2^32 rows only (NIST SP 800-38D, 8.3).
 *
 * What is authenticated with it: these 26 bytes, the kind of row, and its key. A row cannot be put in the place of
 * another, or a row of an index in the place of an item. An older value of the same row can. */
#pragma once

#include "base/buffer.h"
#include "crypto/seal.h"

#define ROW_SEALED_FORMAT 128
#define ROW_SALT_BYTES    16
#define ROW_SEALED_EXTRA  (2 + ROW_SALT_BYTES + 8 + SEAL_TAG_BYTES)

/* The key of a table. */
struct row_secret {
    uint64_t serial; /* tells it from all others of the process, also those that are gone */
    uint8_t number;
    unsigned char key[SEAL_KEY_BYTES];
};

void row_secret_set(struct row_secret *secret, uint8_t number, const unsigned char key[SEAL_KEY_BYTES]);

/* A run. One thread at a time. */
struct row_run {
    unsigned char salt[ROW_SALT_BYTES];
    uint64_t count;
};
void row_run_begin(struct row_run *run);

static inline bool row_is_sealed(struct slice stored)
{
    return stored.len > 0 && (uint8_t)stored.data[0] == ROW_SEALED_FORMAT;
}

/* Appends the sealed value. `kind` is the caller's number for this kind of row. */
void row_seal(const struct row_secret *secret, struct row_run *run, char kind, struct slice key, struct slice plain,
              struct buffer *out);

/* Appends the plain value. False, and nothing appended: not one bit as it was, another key, kind or row. Any thread. */
bool row_open(const struct row_secret *secret, char kind, struct slice key, struct slice sealed, struct buffer *out)
    __attribute__((warn_unused_result));
