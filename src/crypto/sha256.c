/* HMAC as in RFC 2104: H(K ^ opad | H(K ^ ipad | text)), where a key longer than a block is hashed first. */
#define OPENSSL_SUPPRESS_DEPRECATED /* OpenSSL 3 would rather have its slower interface used */

#include "crypto/sha256.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define BLOCK_BYTES 64

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct crypto_key *)0)->inner), "room for a SHA256_CTX");

void crypto_sha256(struct slice bytes, unsigned char ret_hash[SHA256_BYTES])
{
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data, bytes.len);
    SHA256_Final(ret_hash, &context);
}

static void begin(const unsigned char block[BLOCK_BYTES], unsigned char pad, void *ret_context)
{
    unsigned char padded[BLOCK_BYTES];
    SHA256_CTX context;
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
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
    unsigned char block[BLOCK_BYTES] = {0};
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

void crypto_hmac(struct slice key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES])
{
    struct crypto_key set;
    crypto_key_set(&set, key);
    crypto_key_hmac(&set, bytes, ret_mac);
    crypto_wipe(&set, sizeof set);
}

void crypto_hex(const unsigned char *bytes, size_t len, char *ret_text)
{
#define PAIRS(h) h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"
    static const char pairs[] = PAIRS("0") PAIRS("1") PAIRS("2") PAIRS("3") PAIRS("4") PAIRS("5") PAIRS("6") PAIRS("7")
        PAIRS("8") PAIRS("9") PAIRS("a") PAIRS("b") PAIRS("c") PAIRS("d") PAIRS("e") PAIRS("f");
#undef PAIRS
    for (size_t i = 0; i < len; i++) {
        memcpy(ret_text + 2 * i, pairs + 2 * bytes[i], 2);
    }
}

bool crypto_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

void crypto_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}
