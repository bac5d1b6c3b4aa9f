#include "crypto/file_cipher.h"

#include "base/big_endian.h"
#include "base/env.h"
#include "crypto/keyring.h"
#include "crypto/sha256.h"
#include "crypto/thread_cipher.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define MAGIC         "stator sealed 1"
#define MAGIC_BYTES   16 /* with its NUL */
#define GENERATION_AT 16
#define CHECK_AT      20
#define CHECK_BYTES   12
#define SALT_AT       32
#define BLOCK_BYTES   16

struct file_cipher {
    unsigned char key[SEAL_KEY_BYTES];
};

/* HMAC of a label and a prefix without its check. */
static void mac(const unsigned char data_key[SEAL_KEY_BYTES], const char *label, const char *prefix,
                unsigned char ret_mac[SHA256_BYTES])
{
    struct buffer text = {0};
    buffer_append(&text, label, strlen(label));
    buffer_append(&text, prefix, CHECK_AT);
    buffer_append(&text, prefix + SALT_AT, FILE_PREFIX_BYTES - SALT_AT);
    crypto_hmac(slice_of(data_key, SEAL_KEY_BYTES), buffer_slice(&text), ret_mac);
    buffer_finish(&text);
}

static struct file_cipher *make(const unsigned char data_key[SEAL_KEY_BYTES], const char *prefix)
{
    struct file_cipher *cipher = malloc(sizeof *cipher);
    if (cipher == NULL) {
        abort();
    }
    mac(data_key, "file ", prefix, cipher->key);
    return cipher;
}

struct file_cipher *file_cipher_create(const struct keyring *keyring, char ret_prefix[FILE_PREFIX_BYTES])
{
    const struct keyring_generation *newest = keyring_newest(keyring);
    unsigned char check[SHA256_BYTES];
    memcpy(ret_prefix, MAGIC, MAGIC_BYTES);
    write_u32(ret_prefix + GENERATION_AT, newest->number);
    env_random(ret_prefix + SALT_AT, FILE_PREFIX_BYTES - SALT_AT);
    mac(newest->key, "check ", ret_prefix, check);
    memcpy(ret_prefix + CHECK_AT, check, CHECK_BYTES);
    return make(newest->key, ret_prefix);
}

uint32_t file_cipher_generation(const char prefix[FILE_PREFIX_BYTES])
{
    return memcmp(prefix, MAGIC, MAGIC_BYTES) == 0 ? read_u32(prefix + GENERATION_AT) : 0;
}

struct file_cipher *file_cipher_open(const struct keyring *keyring, const char prefix[FILE_PREFIX_BYTES],
                                     const char **ret_reason)
{
    uint32_t number = file_cipher_generation(prefix);
    if (number == 0) {
        *ret_reason = "its head is not that of an encrypted file";
        return NULL;
    }
    const struct keyring_generation *generation = keyring_find(keyring, number);
    if (generation == NULL) {
        *ret_reason = "its data key is not among the folder's data-keys";
        return NULL;
    }
    unsigned char check[SHA256_BYTES];
    mac(generation->key, "check ", prefix, check);
    if (!crypto_equal(slice_of(check, CHECK_BYTES), slice_of(prefix + CHECK_AT, CHECK_BYTES))) {
        *ret_reason = "its head is damaged";
        return NULL;
    }
    return make(generation->key, prefix);
}

void file_cipher_destroy(struct file_cipher *cipher)
{
    if (cipher != NULL) {
        crypto_wipe(cipher->key, sizeof cipher->key);
        free(cipher);
    }
}

static void run(EVP_CIPHER_CTX *context, unsigned char *bytes, size_t len)
{
    while (len > 0) {
        int part = len > INT_MAX / 2 ? INT_MAX / 2 : (int)len, done = 0;
        if (EVP_EncryptUpdate(context, bytes, &done, bytes, part) != 1 || done != part) {
            abort(); /* OpenSSL fails here only without memory */
        }
        bytes += part;
        len -= (size_t)part;
    }
}

void file_cipher_apply(const struct file_cipher *cipher, uint64_t offset, char *bytes, size_t len)
{
    unsigned char counter[BLOCK_BYTES] = {0}, skipped[BLOCK_BYTES] = {0};
    uint64_t block = htobe64(offset / BLOCK_BYTES);
    memcpy(counter + 8, &block, sizeof block);
    EVP_CIPHER_CTX *context = thread_cipher_ctr();
    if (EVP_EncryptInit_ex(context, NULL, NULL, cipher->key, counter) != 1) {
        abort();
    }
    run(context, skipped, offset % BLOCK_BYTES);
    run(context, (unsigned char *)bytes, len);
}
