/* HMAC as in RFC 2104: H(K ^ opad | H(K ^ ipad | text)), where a key longer than a block is hashed first. */
#define OPENSSL_SUPPRESS_DEPRECATED /* OpenSSL 3 would rather have its slower interface used */

#include "crypto/sha256.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct crypto_key *)0)->inner), "room for a SHA256_CTX");

void crypto_sha256(struct slice bytes, unsigned char ret_hash[SHA256_BYTES])
{
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data, bytes.len);
    SHA256_Final(ret_hash, &context);
}

void crypto_sha256_begun(struct crypto_begun *begun, struct slice bytes, unsigned char ret_hash[SHA256_BYTES])
{
    SHA256_CTX context;
    if (bytes.len < CRYPTO_BEGUN_BYTES) {
        crypto_sha256(bytes, ret_hash);
        return;
    }
    if (!begun->is_set || memcmp(begun->first, bytes.data, CRYPTO_BEGUN_BYTES) != 0) {
        begun->is_set = true;
        memcpy(begun->first, bytes.data, CRYPTO_BEGUN_BYTES);
        SHA256_Init(&context);
        SHA256_Update(&context, begun->first, CRYPTO_BEGUN_BYTES);
        memcpy(begun->state, &context, sizeof context);
    }
    memcpy(&context, begun->state, sizeof context);
    SHA256_Update(&context, bytes.data + CRYPTO_BEGUN_BYTES, bytes.len - CRYPTO_BEGUN_BYTES);
    SHA256_Final(ret_hash, &context);
}

static void begin(const unsigned char block[CRYPTO_BLOCK_BYTES], unsigned char pad, void *ret_context)
{
    unsigned char padded[CRYPTO_BLOCK_BYTES];
    SHA256_CTX context;
    for (size_t i = 0; i < CRYPTO_BLOCK_BYTES; i++) {
        padded[i] = block[i] ^ pad;
    }
    SHA256_Init(&context);
    SHA256_Update(&context, padded, sizeof padded);
    memcpy(ret_context, &context, sizeof context);
    crypto_wipe(padded, sizeof padded);
    crypto_wipe(&context, sizeof context);
}

void crypto_key_set(struct crypto_key *key, struct slice bytes)
{
    unsigned char block[CRYPTO_BLOCK_BYTES] = {0};
    if (bytes.len > sizeof block) {
        crypto_sha256(bytes, block);
    } else if (bytes.len > 0) {
        memcpy(block, bytes.data, bytes.len);
    }
    begin(block, 0x36, key->inner);
    begin(block, 0x5c, key->outer);
    crypto_wipe(block, sizeof block);
}

void crypto_key_hmac(const struct crypto_key *key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES])
{
    SHA256_CTX context;
    unsigned char inner[SHA256_BYTES];
    memcpy(&context, key->inner, sizeof context);
    SHA256_Update(&context, bytes.data, bytes.len);
    SHA256_Final(inner, &context);
    memcpy(&context, key->outer, sizeof context);
    SHA256_Update(&context, inner, sizeof inner);
    SHA256_Final(ret_mac, &context);
}

void crypto_key_begin(const struct crypto_key *key, const char block[CRYPTO_BLOCK_BYTES], struct crypto_key *ret_begun)
{
    SHA256_CTX context;
    *ret_begun = *key;
    memcpy(&context, key->inner, sizeof context);
    SHA256_Update(&context, block, CRYPTO_BLOCK_BYTES);
    memcpy(ret_begun->inner, &context, sizeof context);
    crypto_wipe(&context, sizeof context);
}

void crypto_hmac(struct slice key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES])
{
    struct crypto_key set;
    crypto_key_set(&set, key);
    crypto_key_hmac(&set, bytes, ret_mac);
    crypto_wipe(&set, sizeof set);
}

/* Sixteen bytes at a time, by arithmetic alone: no tables, no branches, so that it takes as long whatever they are. */
typedef unsigned char hex_vector __attribute__((vector_size(16)));

static hex_vector hex_digits(hex_vector nibbles)
{
    return nibbles + '0' + ((hex_vector)(nibbles > 9) & ('a' - '0' - 10));
}

static void hex_of_sixteen(const unsigned char bytes[16], char ret_text[32])
{
    hex_vector plain;
    memcpy(&plain, bytes, sizeof plain);
    hex_vector high = hex_digits(plain >> 4), low = hex_digits(plain & 15);
    hex_vector text[2] = {
        __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
        __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31),
    };
    memcpy(ret_text, text, sizeof text);
}

void crypto_hex(const unsigned char *bytes, size_t len, char *ret_text)
{
    for (; len >= 16; bytes += 16, len -= 16, ret_text += 32) {
        hex_of_sixteen(bytes, ret_text);
    }
    if (len == 0) {
        return;
    }
    unsigned char last[16] = {0};
    char text[32];
    memcpy(last, bytes, len);
    hex_of_sixteen(last, text);
    memcpy(ret_text, text, 2 * len);
}

/* As CRYPTO_memcmp, which goes byte by byte through a volatile pointer, but eight bytes at a time. */
bool crypto_equal(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return false;
    }
    uint64_t differences = 0;
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= a.len; at += sizeof(uint64_t)) {
        uint64_t x, y;
        memcpy(&x, a.data + at, sizeof x);
        memcpy(&y, b.data + at, sizeof y);
        differences |= x ^ y;
    }
    for (; at < a.len; at++) {
        differences |= (unsigned char)(a.data[at] ^ b.data[at]);
    }
    return differences == 0;
}

void crypto_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}
