/* SHA-256 and HMAC-SHA-256 from OpenSSL's own SHA256_… functions, which use the processor's instructions for it.
 *
 * Not through EVP: for a request it takes longer to set up a context than to hash, three times over. Both were measured
 * (docs/decisions/0015). The results are checked against the published vectors. */
#pragma once

#include "base/slice.h"

#define SHA256_BYTES 32
#define SHA256_HEX   64
/* SHA-256 takes this many bytes at a time. */
#define CRYPTO_BLOCK_BYTES 64

void crypto_sha256(struct slice bytes, unsigned char ret_hash[SHA256_BYTES]);

/* For texts that often begin like the one before: how that began, and the state of SHA-256 behind it. Zeroed at first.
 */
#define CRYPTO_BEGUN_BYTES (2 * CRYPTO_BLOCK_BYTES)
struct crypto_begun {
    bool is_set;
    char first[CRYPTO_BEGUN_BYTES];
    uint64_t state[16]; /* SHA256_CTX */
};

/* The same as crypto_sha256, for less where that is so. */
void crypto_sha256_begun(struct crypto_begun *begun, struct slice bytes, unsigned char ret_hash[SHA256_BYTES]);

void crypto_hmac(struct slice key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES]);

/* A key that makes many HMACs: what depends on it alone is computed once. */
struct crypto_key {
    uint64_t inner[16], outer[16]; /* SHA256_CTX after the key's block */
};

void crypto_key_set(struct crypto_key *key, struct slice bytes);
void crypto_key_hmac(const struct crypto_key *key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES]);

/* The key for texts that all begin with this block: crypto_key_hmac takes what follows it. */
void crypto_key_begin(const struct crypto_key *key, const char block[CRYPTO_BLOCK_BYTES], struct crypto_key *ret_begun);

/* Lower-case hexadecimal, two characters a byte, without a NUL. */
void crypto_hex(const unsigned char *bytes, size_t len, char *ret_text);

/* Takes as long whatever the contents are. */
bool crypto_equal(struct slice a, struct slice b);

/* Overwrites secrets that are not needed any more. */
void crypto_wipe(void *bytes, size_t len);
