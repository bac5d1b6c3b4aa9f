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

/* Four bytes at a time, one nibble to a byte: without tables or branches, so that it takes as long whatever they are.
 */
static uint64_t hex_of_four(const unsigned char bytes[4])
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    uint64_t spread = (word | (uint64_t)word << 16) & 0x0000FFFF0000FFFFu;
    spread = (spread | spread << 8) & 0x00FF00FF00FF00FFu;
    uint64_t nibbles = (spread >> 4 | spread << 8) & 0x0F0F0F0F0F0F0F0Fu;
    uint64_t letters = (nibbles + 0x0606060606060606u) >> 4 & 0x0101010101010101u;
    return nibbles + 0x3030303030303030u + letters * ('a' - '0' - 10);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "hex_of_four's first byte is the lowest");

void crypto_hex(const unsigned char *bytes, size_t len, char *ret_text)
{
    for (; len >= 4; bytes += 4, len -= 4, ret_text += 8) {
        uint64_t text = hex_of_four(bytes);
        memcpy(ret_text, &text, sizeof text);
    }
    unsigned char last[4] = {0};
    for (size_t i = 0; i < len; i++) {
        last[i] = bytes[i];
    }
    uint64_t text = hex_of_four(last);
    memcpy(ret_text, &text, 2 * len);
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
