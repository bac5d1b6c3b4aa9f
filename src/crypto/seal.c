#include "crypto/seal.h"

#include "base/env.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

static void need(bool good)
{
    if (!good) {
        abort(); /* OpenSSL fails here only without memory */
    }
}

void seal(const unsigned char key[SEAL_KEY_BYTES], struct slice context, struct slice plain, struct buffer *out)
{
    assert(plain.len < INT_MAX && context.len < INT_MAX);
    unsigned char *at = (unsigned char *)buffer_reserve(out, plain.len + SEAL_EXTRA_BYTES);
    env_random(at, SEAL_NONCE_BYTES);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int len = 0, rest = 0;
    need(cipher != NULL && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, at) == 1 &&
         EVP_EncryptUpdate(cipher, NULL, &len, (const unsigned char *)context.data, (int)context.len) == 1 &&
         EVP_EncryptUpdate(cipher, at + SEAL_NONCE_BYTES, &len, (const unsigned char *)plain.data, (int)plain.len) ==
             1 &&
         EVP_EncryptFinal_ex(cipher, at + SEAL_NONCE_BYTES + len, &rest) == 1 && (size_t)(len + rest) == plain.len &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, at + SEAL_NONCE_BYTES + plain.len) == 1);
    EVP_CIPHER_CTX_free(cipher);
    out->len += plain.len + SEAL_EXTRA_BYTES;
}

bool seal_open(const unsigned char key[SEAL_KEY_BYTES], struct slice context, struct slice sealed, struct buffer *out)
{
    if (sealed.len < SEAL_EXTRA_BYTES || sealed.len > INT_MAX) {
        return false;
    }
    size_t plain_len = sealed.len - SEAL_EXTRA_BYTES;
    const unsigned char *at = (const unsigned char *)sealed.data;
    unsigned char tag[SEAL_TAG_BYTES];
    memcpy(tag, at + SEAL_NONCE_BYTES + plain_len, sizeof tag);
    unsigned char *plain = (unsigned char *)buffer_reserve(out, plain_len + 1);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int len = 0, rest = 0;
    need(cipher != NULL && EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, at) == 1 &&
         EVP_DecryptUpdate(cipher, NULL, &len, (const unsigned char *)context.data, (int)context.len) == 1 &&
         EVP_DecryptUpdate(cipher, plain, &len, at + SEAL_NONCE_BYTES, (int)plain_len) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1);
    bool good = EVP_DecryptFinal_ex(cipher, plain + len, &rest) == 1;
    EVP_CIPHER_CTX_free(cipher);
    out->len += good ? plain_len : 0;
    return good;
}
