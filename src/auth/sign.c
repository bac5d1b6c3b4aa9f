/* OpenSSL 3 looks an algorithm up by its name on every use unless told otherwise, which costs more than hashing a small
 * request: so both are looked up once, and a context keeps the last key, for a client signs with the same key all day.
 */
#include "auth/sign.h"

#include "base/buffer.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct signer {
    EVP_MD *sha256;
    EVP_MD_CTX *hash;
    EVP_MAC_CTX *mac;
    unsigned char mac_key[SIGN_KEY_BYTES]; /* the key in `mac`, if has_mac_key */
    bool has_mac_key;
    struct buffer canonical;
};

static void require(bool done)
{
    if (!done) {
        abort();
    }
}

struct signer *signer_create(void)
{
    struct signer *signer = calloc(1, sizeof *signer);
    require(signer != NULL);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    signer->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    signer->hash = EVP_MD_CTX_new();
    signer->mac = EVP_MAC_CTX_new(hmac);
    require(hmac != NULL && signer->sha256 != NULL && signer->hash != NULL && signer->mac != NULL);
    EVP_MAC_free(hmac); /* the context holds it */
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(signer->mac, parameters) == 1);
    return signer;
}

void signer_destroy(struct signer *signer)
{
    if (signer != NULL) {
        EVP_MAC_CTX_free(signer->mac);
        EVP_MD_CTX_free(signer->hash);
        EVP_MD_free(signer->sha256);
        buffer_finish(&signer->canonical);
        OPENSSL_cleanse(signer->mac_key, sizeof signer->mac_key);
        free(signer);
    }
}

static void to_hex(const unsigned char *bytes, char ret_hex[SIGN_HEX_CHARS])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SIGN_HEX_CHARS / 2; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void signer_hash(struct signer *signer, struct slice bytes, char ret_hex[SIGN_HEX_CHARS])
{
    unsigned char digest[SIGN_HEX_CHARS / 2];
    require(EVP_DigestInit_ex2(signer->hash, signer->sha256, NULL) == 1 &&
            EVP_DigestUpdate(signer->hash, bytes.data, bytes.len) == 1 &&
            EVP_DigestFinal_ex(signer->hash, digest, NULL) == 1);
    to_hex(digest, ret_hex);
}

static void finish_hmac(struct signer *signer, struct slice text, unsigned char ret_mac[SIGN_KEY_BYTES])
{
    size_t len;
    require(EVP_MAC_update(signer->mac, (const unsigned char *)text.data, text.len) == 1 &&
            EVP_MAC_final(signer->mac, ret_mac, &len, SIGN_KEY_BYTES) == 1 && len == SIGN_KEY_BYTES);
}

static void hmac(struct signer *signer, const unsigned char key[SIGN_KEY_BYTES], struct slice text,
                 unsigned char ret_mac[SIGN_KEY_BYTES])
{
    bool same = signer->has_mac_key && memcmp(key, signer->mac_key, SIGN_KEY_BYTES) == 0;
    require(EVP_MAC_init(signer->mac, same ? NULL : key, same ? 0 : SIGN_KEY_BYTES, NULL) == 1);
    memcpy(signer->mac_key, key, SIGN_KEY_BYTES);
    signer->has_mac_key = true;
    finish_hmac(signer, text, ret_mac);
}

void signer_derive_key(struct signer *signer, struct slice secret, const struct sign_scope *scope,
                       unsigned char ret_key[SIGN_KEY_BYTES])
{
    assert(scope->date.len == SIGN_DATE_CHARS);
    struct buffer first = {0};
    BUFFER_APPEND_LITERAL(&first, "AWS4");
    buffer_append_slice(&first, secret);
    unsigned char date[SIGN_KEY_BYTES], region[SIGN_KEY_BYTES], service[SIGN_KEY_BYTES];
    signer->has_mac_key = false;
    require(EVP_MAC_init(signer->mac, (const unsigned char *)first.data, first.len, NULL) == 1);
    finish_hmac(signer, scope->date, date);
    OPENSSL_cleanse(first.data, first.len);
    buffer_finish(&first);
    hmac(signer, date, scope->region, region);
    hmac(signer, region, scope->service, service);
    hmac(signer, service, SLICE(SIGN_TERMINATOR), ret_key);
}

static void append_canonical(struct buffer *out, const struct sign_request *request)
{
    buffer_append_slice(out, request->method);
    buffer_append_byte(out, '\n');
    buffer_append_slice(out, request->path.len != 0 ? request->path : SLICE("/"));
    buffer_append_byte(out, '\n');
    buffer_append_slice(out, request->query);
    buffer_append_byte(out, '\n');
    for (size_t i = 0; i < request->header_count; i++) {
        buffer_append_slice(out, request->headers[i].name);
        buffer_append_byte(out, ':');
        buffer_append_slice(out, request->headers[i].value);
        buffer_append_byte(out, '\n');
    }
    for (size_t i = 0; i < request->header_count; i++) {
        buffer_append_byte(out, i == 0 ? '\n' : ';');
        buffer_append_slice(out, request->headers[i].name);
    }
    buffer_append_byte(out, '\n');
    buffer_append_slice(out, request->payload_hash);
}

void signer_sign(struct signer *signer, const unsigned char key[SIGN_KEY_BYTES], const struct sign_scope *scope,
                 struct slice time, const struct sign_request *request, char ret_signature[SIGN_HEX_CHARS])
{
    assert(time.len == SIGN_TIME_CHARS && request->header_count > 0);
    struct buffer *out = &signer->canonical;
    buffer_clear(out);
    append_canonical(out, request);
    char hash[SIGN_HEX_CHARS];
    signer_hash(signer, buffer_slice(out), hash);

    buffer_clear(out); /* the string to sign takes its place */
    BUFFER_APPEND_LITERAL(out, SIGN_ALGORITHM "\n");
    buffer_append_slice(out, time);
    buffer_append_byte(out, '\n');
    buffer_append_slice(out, scope->date);
    buffer_append_byte(out, '/');
    buffer_append_slice(out, scope->region);
    buffer_append_byte(out, '/');
    buffer_append_slice(out, scope->service);
    BUFFER_APPEND_LITERAL(out, "/" SIGN_TERMINATOR "\n");
    buffer_append(out, hash, sizeof hash);
    unsigned char signature[SIGN_KEY_BYTES];
    hmac(signer, key, buffer_slice(out), signature);
    to_hex(signature, ret_signature);
}
