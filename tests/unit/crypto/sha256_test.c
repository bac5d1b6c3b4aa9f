/* The shortcuts of crypto/sha256.c against the plain way. */
#include "crypto/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_hex_of_every_byte(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t len = 1; len <= 9; len++) {
            unsigned char bytes[9] = {0};
            char text[20], expected[3];
            memset(text, '!', sizeof text);
            bytes[len - 1] = (unsigned char)byte;
            snprintf(expected, sizeof expected, "%02x", byte);
            crypto_hex(bytes, len, text);
            assert_memory_equal(text + 2 * len - 2, expected, 2);
            assert_int_equal(text[2 * len], '!');
            for (size_t i = 0; i < 2 * len - 2; i++) {
                assert_int_equal(text[i], '0');
            }
        }
    }
}

/* Every length, and every place at which a text can differ from the one before. */
static void test_texts_that_begin_alike(void **state)
{
    (void)state;
    struct crypto_begun begun = {0};
    unsigned char hash[SHA256_BYTES], expected[SHA256_BYTES];
    char text[300];
    memset(text, 0, sizeof text); /* as a state that was never set has it */
    for (size_t len = 0; len <= sizeof text; len++) {
        crypto_sha256_begun(&begun, slice_of(text, len), hash);
        crypto_sha256(slice_of(text, len), expected);
        assert_memory_equal(hash, expected, sizeof hash);
    }
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)(i + 1);
        crypto_sha256_begun(&begun, slice_of(text, sizeof text), hash);
        crypto_sha256(slice_of(text, sizeof text), expected);
        assert_memory_equal(hash, expected, sizeof hash);
    }
}

static void test_keys_that_have_begun(void **state)
{
    (void)state;
    char text[200];
    struct crypto_key key, begun;
    unsigned char mac[SHA256_BYTES], expected[SHA256_BYTES];
    memset(text, 'x', sizeof text);
    crypto_key_set(&key, SLICE("a key"));
    crypto_key_begin(&key, text, &begun);
    for (size_t len = CRYPTO_BLOCK_BYTES; len <= sizeof text; len++) {
        crypto_key_hmac(&begun, slice_of(text + CRYPTO_BLOCK_BYTES, len - CRYPTO_BLOCK_BYTES), mac);
        crypto_hmac(SLICE("a key"), slice_of(text, len), expected);
        assert_memory_equal(mac, expected, sizeof mac);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex_of_every_byte),
        cmocka_unit_test(test_texts_that_begin_alike),
        cmocka_unit_test(test_keys_that_have_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
