/* The master key of a server: a text file with one line, "stator key 1 " and 64 hexadecimal digits. Only its owner, and
 * his group at most, may read it. Keys for each purpose are derived from it. */
#pragma once

#include "base/err.h"
#include "crypto/seal.h"

/* Makes a new key; a file that is there already is left alone. Mode 0600, durable when this returns. */
int key_file_create(const char *path, struct err *err) MUST_USE;

/* The key for one purpose, for example "identities". The caller wipes it. */
int key_file_read(const char *path, const char *purpose, unsigned char ret_key[SEAL_KEY_BYTES],
                  struct err *err) MUST_USE;

/* What tells keys apart and gives nothing of them away: 16 hexadecimal digits and a NUL. */
#define KEY_ID_BYTES 17
int key_file_id(const char *path, char ret_id[KEY_ID_BYTES], struct err *err) MUST_USE;
