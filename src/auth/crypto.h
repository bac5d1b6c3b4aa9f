/* SHA-256 and HMAC-SHA-256 from OpenSSL, with the algorithms fetched once and the contexts used again:
 * OpenSSL 3 takes longer to look an algorithm up by name than to hash a request.
 *
 * One thread at a time for each struct. OpenSSL fails here only without memory; that aborts. */
#pragma once

#include "base/slice.h"

#define SHA256_BYTES 32
#define SHA256_HEX   64

struct crypto {
    struct evp_md_st *sha256;
    struct evp_md_ctx_st *digest;
    struct evp_mac_st *hmac;
    struct evp_mac_ctx_st *mac;
};

void crypto_init(struct crypto *crypto);
void crypto_finish(struct crypto *crypto);

void crypto_sha256(struct crypto *crypto, struct slice bytes, unsigned char ret_hash[SHA256_BYTES]);
void crypto_hmac(struct crypto *crypto, struct slice key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES]);

/* A key that makes many HMACs: what depends on it alone is computed once. Zero-initialised is empty and valid. */
struct crypto_key {
    struct evp_mac_ctx_st *mac;
};

void crypto_key_set(struct crypto *crypto, struct crypto_key *key, struct slice bytes);
void crypto_key_hmac(struct crypto_key *key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES]);
/* Overwrites and frees; empty afterwards. */
void crypto_key_finish(struct crypto_key *key);

/* Lower-case hexadecimal, two characters a byte, without a NUL. */
void crypto_hex(const unsigned char *bytes, size_t len, char *ret_text);

/* Takes as long whatever the contents are. */
bool crypto_equal(struct slice a, struct slice b);

/* Overwrites secrets that are not needed any more. */
void crypto_wipe(void *bytes, size_t len);
