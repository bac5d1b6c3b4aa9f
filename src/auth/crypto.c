#include "auth/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

static void need(bool good)
{
    if (!good) {
        abort();
    }
}

void crypto_init(struct crypto *crypto)
{
    crypto->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    crypto->digest = EVP_MD_CTX_new();
    crypto->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    need(crypto->sha256 != NULL && crypto->digest != NULL && crypto->hmac != NULL);
    crypto->mac = EVP_MAC_CTX_new(crypto->hmac);
    need(crypto->mac != NULL);
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                 OSSL_PARAM_construct_end()};
    need(EVP_MAC_CTX_set_params(crypto->mac, params) == 1);
}

void crypto_finish(struct crypto *crypto)
{
    EVP_MAC_CTX_free(crypto->mac);
    EVP_MAC_free(crypto->hmac);
    EVP_MD_CTX_free(crypto->digest);
    EVP_MD_free(crypto->sha256);
    *crypto = (struct crypto){0};
}

void crypto_sha256(struct crypto *crypto, struct slice bytes, unsigned char ret_hash[SHA256_BYTES])
{
    need(EVP_DigestInit_ex2(crypto->digest, crypto->sha256, NULL) == 1 &&
         EVP_DigestUpdate(crypto->digest, bytes.data, bytes.len) == 1 &&
         EVP_DigestFinal_ex(crypto->digest, ret_hash, NULL) == 1);
}

void crypto_hmac(struct crypto *crypto, struct slice key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES])
{
    size_t len;
    need(EVP_MAC_init(crypto->mac, (const unsigned char *)key.data, key.len, NULL) == 1 &&
         EVP_MAC_update(crypto->mac, (const unsigned char *)bytes.data, bytes.len) == 1 &&
         EVP_MAC_final(crypto->mac, ret_mac, &len, SHA256_BYTES) == 1 && len == SHA256_BYTES);
}

void crypto_key_set(struct crypto *crypto, struct crypto_key *key, struct slice bytes)
{
    crypto_key_finish(key);
    key->mac = EVP_MAC_CTX_dup(crypto->mac);
    need(key->mac != NULL && EVP_MAC_init(key->mac, (const unsigned char *)bytes.data, bytes.len, NULL) == 1);
}

void crypto_key_hmac(struct crypto_key *key, struct slice bytes, unsigned char ret_mac[SHA256_BYTES])
{
    size_t len;
    need(EVP_MAC_init(key->mac, NULL, 0, NULL) == 1 &&
         EVP_MAC_update(key->mac, (const unsigned char *)bytes.data, bytes.len) == 1 &&
         EVP_MAC_final(key->mac, ret_mac, &len, SHA256_BYTES) == 1 && len == SHA256_BYTES);
}

void crypto_key_finish(struct crypto_key *key)
{
    EVP_MAC_CTX_free(key->mac);
    key->mac = NULL;
}

void crypto_hex(const unsigned char *bytes, size_t len, char *ret_text)
{
    for (size_t i = 0; i < len; i++) {
        ret_text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        ret_text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
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
