/* AWS's published examples: the test suite of Signature Version 4 and the worked example of the IAM guide. */
#include "auth/sign.h"

#include "auth/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TIME   "20150830T123600Z"

static void sign(const char *secret, const char *service, const struct sign_request *request,
                 char ret_signature[SHA256_HEX + 1])
{
    struct buffer scope = {0}, scratch = {0};
    unsigned char bytes[SHA256_BYTES];
    struct sigv4_key key;
    buffer_printf(&scope, "20150830/us-east-1/%s/aws4_request", service);
    sigv4_signing_key(slice_from_string(secret), SLICE("20150830"), SLICE("us-east-1"), slice_from_string(service),
                      bytes);
    sigv4_key_set(&key, bytes);
    sign_request(request, &key, SLICE(TIME), buffer_slice(&scope), &scratch, ret_signature);
    ret_signature[SHA256_HEX] = '\0';
    buffer_finish(&scope);
    buffer_finish(&scratch);
}

static void assert_signature(const char *service, struct sign_request request, const char *body, const char *wanted)
{
    char signature[SHA256_HEX + 1];
    request.body = slice_from_string(body);
    sign(SECRET, service, &request, signature);
    assert_string_equal(signature, wanted);
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

static void test_secrets_make_signatures(void **state)
{
    (void)state;
    const struct sign_header headers[] = {{SLICE("host"), SLICE("example.amazonaws.com")},
                                          {SLICE("x-amz-date"), SLICE(TIME)}};
    struct sign_request request = {.method = SLICE("GET"), .headers = headers, .header_count = 2};
    char one[SHA256_HEX + 1], other[SHA256_HEX + 1];
    sign(SECRET, "service", &request, one);
    sign("another", "service", &request, other);
    assert_string_not_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_suite),
        cmocka_unit_test(test_secrets_make_signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
