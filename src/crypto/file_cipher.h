/* The cipher of one encrypted file: AES-256 in counter mode (NIST SP 800-38A) under a key of the file's own, so that
 * any range of bytes can be read or written alone. It keeps secret, and nothing more: who may write to the file can
 * flip bits of what it says.
 *
 * A file begins with a prefix; docs/formats/encryption.md:
 *
 *   bytes 0-15    "stator sealed 1", NUL
 *   bytes 16-19   generation of the data key, big-endian
 *   bytes 20-31   check: HMAC-SHA-256 of the rest of the prefix under the data key, its first twelve bytes
 *   bytes 32-63   salt, random
 *
 * The file's key is HMAC-SHA-256 of the salt under the data key; the counter is the offset in the file / 16, from 0. As
 * no two files have one key, no two bytes are ever encrypted with the same bit of key stream, unless a file is
 * written twice in one place: the store only appends. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FILE_PREFIX_BYTES 64

struct file_cipher;
struct keyring;

/* A new file: fills its prefix, under the newest generation of the keyring, which must outlive the cipher. */
struct file_cipher *file_cipher_create(const struct keyring *keyring, char ret_prefix[FILE_PREFIX_BYTES]);

/* The cipher of a file with this prefix. NULL: the prefix is damaged, or of a generation that is not in the keyring;
 * *ret_reason says which. */
struct file_cipher *file_cipher_open(const struct keyring *keyring, const char prefix[FILE_PREFIX_BYTES],
                                     const char **ret_reason);
void file_cipher_destroy(struct file_cipher *cipher);

/* Encrypts or decrypts, which is the same, `len` bytes in place that stand at `offset` of the file, prefix included.
 * Any thread, also several at a time. */
void file_cipher_apply(const struct file_cipher *cipher, uint64_t offset, char *bytes, size_t len);

/* The generation in a prefix; 0: it is none. */
uint32_t file_cipher_generation(const char prefix[FILE_PREFIX_BYTES]);

#ifdef __cplusplus
}
#endif
