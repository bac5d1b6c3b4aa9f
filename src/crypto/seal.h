/* Sealed bytes: AES-256-GCM under a key of 32 bytes, with a nonce of its own each time.
 *
 *   nonce (12 bytes) | ciphertext | tag (16 bytes)
 *
 * `context` is not stored but must be the same when it is opened: it says what the bytes are, so that one sealed thing
 * cannot be put in the place of another. Sources: NIST SP 800-38D. */
#pragma once

#include "base/buffer.h"

#define SEAL_KEY_BYTES   32
#define SEAL_NONCE_BYTES 12
#define SEAL_TAG_BYTES   16
#define SEAL_EXTRA_BYTES (SEAL_NONCE_BYTES + SEAL_TAG_BYTES)

/* Appends the sealed form of `plain`. */
void seal(const unsigned char key[SEAL_KEY_BYTES], struct slice context, struct slice plain, struct buffer *out);

/* Appends what was sealed. False, and nothing appended: another key or context, or not one bit as it was. */
bool seal_open(const unsigned char key[SEAL_KEY_BYTES], struct slice context, struct slice sealed, struct buffer *out)
    __attribute__((warn_unused_result));
