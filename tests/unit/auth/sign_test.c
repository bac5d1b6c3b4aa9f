/* AWS's published examples: the test suite of Signature Version 4 and the worked example of the IAM guide. */
#include "auth/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TIME   "20150830T123600Z"

static struct signer *signer;

static int set_up(void **state)
{
    (void)state;
    signer = signer_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    signer_destroy(signer);
    return 0;
}

static struct sign_scope scope_of(const char *service)
{
    return (struct sign_scope){SLICE("20150830"), SLICE("us-east-1"), slice_from_string(service)};
}

static void assert_hex(const char *hex, const char *wanted)
{
    char text[SIGN_HEX_CHARS + 1] = "";
    memcpy(text, hex, SIGN_HEX_CHARS);
    assert_string_equal(text, wanted);
}

static void assert_signature(const char *service, struct sign_request request, const char *payload, const char *wanted)
{
    struct sign_scope scope = scope_of(service);
    unsigned char key[SIGN_KEY_BYTES];
    char hash[SIGN_HEX_CHARS], signature[SIGN_HEX_CHARS];
    signer_hash(signer, slice_from_string(payload), hash);
    request.payload_hash = slice_of(hash, sizeof hash);
    signer_derive_key(signer, SLICE(SECRET), &scope, key);
    for (int i = 0; i < 2; i++) { /* the second time with the key that the signer holds already */
        signer_sign(signer, key, &scope, SLICE(TIME), &request, signature);
        assert_hex(signature, wanted);
    }
}

static void test_hash(void **state)
{
    (void)state;
    char hash[SIGN_HEX_CHARS];
    signer_hash(signer, SLICE(""), hash);
    assert_hex(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    signer_hash(signer, SLICE("abc"), hash);
    assert_hex(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_key(void **state)
{
    (void)state;
    struct sign_scope scope = scope_of("iam");
    unsigned char key[SIGN_KEY_BYTES];
    static const unsigned char wanted[] = {0xc4, 0xaf, 0xb1, 0xcc, 0x57, 0x71, 0xd8, 0x71, 0x76, 0x3a, 0x39,
                                           0x3e, 0x44, 0xb7, 0x03, 0x57, 0x1b, 0x55, 0xcc, 0x28, 0x42, 0x4d,
                                           0x1a, 0x5e, 0x86, 0xda, 0x6e, 0xd3, 0xc1, 0x54, 0xa4, 0xb9};
    signer_derive_key(signer, SLICE(SECRET), &scope, key);
    assert_memory_equal(key, wanted, sizeof wanted);
}

static void test_worked_example(void **state)
{
    (void)state;
    const struct sign_header headers[] = {
        {SLICE("content-type"), SLICE("application/x-www-form-urlencoded; charset=utf-8")},
        {SLICE("host"), SLICE("iam.amazonaws.com")},
        {SLICE("x-amz-date"), SLICE(TIME)},
    };
    assert_signature("iam",
                     (struct sign_request){.method = SLICE("GET"),
                                           .path = SLICE("/"),
                                           .query = SLICE("Action=ListUsers&Version=2010-05-08"),
                                           .headers = headers,
                                           .header_count = 3},
                     "", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

static void test_suite(void **state)
{
    (void)state;
    const struct sign_header headers[] = {{SLICE("host"), SLICE("example.amazonaws.com")},
                                          {SLICE("x-amz-date"), SLICE(TIME)}};
    struct sign_request request = {.method = SLICE("GET"), .headers = headers, .header_count = 2};
    assert_signature("service", request, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    request.method = SLICE("POST");
    request.path = SLICE("/");
    assert_signature("service", request, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");

    const struct sign_header form[] = {{SLICE("content-type"), SLICE("application/x-www-form-urlencoded")},
                                       {SLICE("host"), SLICE("example.amazonaws.com")},
                                       {SLICE("x-amz-date"), SLICE(TIME)}};
    request.headers = form;
    request.header_count = 3;
    assert_signature("service", request, "Param1=value1",
                     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

static void test_keys_do_not_mix(void **state)
{
    (void)state;
    const struct sign_header headers[] = {{SLICE("host"), SLICE("example.amazonaws.com")},
                                          {SLICE("x-amz-date"), SLICE(TIME)}};
    char hash[SIGN_HEX_CHARS];
    signer_hash(signer, SLICE(""), hash);
    struct sign_request request = {
        .method = SLICE("GET"), .headers = headers, .header_count = 2, .payload_hash = slice_of(hash, sizeof hash)};
    struct sign_scope scope = scope_of("service");
    unsigned char key[SIGN_KEY_BYTES], other[SIGN_KEY_BYTES];
    signer_derive_key(signer, SLICE(SECRET), &scope, key);
    signer_derive_key(signer, SLICE("another"), &scope, other);
    char signature[SIGN_HEX_CHARS], of_other[SIGN_HEX_CHARS];
    signer_sign(signer, other, &scope, SLICE(TIME), &request, of_other);
    signer_sign(signer, key, &scope, SLICE(TIME), &request, signature);
    assert_memory_not_equal(signature, of_other, sizeof signature);
    assert_hex(signature, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_suite),
        cmocka_unit_test(test_keys_do_not_mix),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
