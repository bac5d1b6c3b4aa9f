/* The published examples of Signature Version 4, and every way in which a request can be signed wrongly. */
#include "auth/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../support/signed_head.h"

#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define NOW_S  1440938160 /* 20150830T123600Z */

static struct guard guard;
static struct guard_loop loop;
static struct arena arena;

static void publish(bool user_enabled, bool key_enabled)
{
    struct identities *identities = identities_create("123456789012");
    struct identity_user *user = identities_add_user(identities, "alice");
    user->enabled = user_enabled;
    identities_add_key(identities, user, KEY_ID, SECRET)->enabled = key_enabled;
    identities_add_key(identities, identities_add_user(identities, NULL), "AKIDROOT", "rootsecretrootsecret");
    guard_publish(&guard, identities);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    guard_init(&guard, "us-east-1");
    publish(true, true);
    guard_loop_init(&loop, &guard);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    guard_loop_finish(&loop);
    guard_finish(&guard);
    arena_finish(&arena);
    return 0;
}

/* --- published examples ------------------------------------------------------------------------------------------- */

#define HOST_DATE  "host: example.amazonaws.com\nx-amz-date: 20150830T123600Z\n"
#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static const struct {
    const char *name, *head, *body, *signed_headers, *service, *signature;
} published[] = {
    {"get-vanilla", "GET /\n" HOST_DATE, "", "host;x-amz-date", "service",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post-vanilla", "POST /\n" HOST_DATE, "", "host;x-amz-date", "service",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"get-vanilla-query-order-key-case", "GET /?Param2=value2&Param1=value1\n" HOST_DATE, "", "host;x-amz-date",
     "service", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"post-header-key-sort", "POST /\nmy-header1: value1\n" HOST_DATE, "", "host;my-header1;x-amz-date", "service",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"get-header-value-trim", "GET /\nmy-header1:  value1\nmy-header2:  \"a   b   c\"  \n" HOST_DATE, "",
     "host;my-header1;my-header2;x-amz-date", "service",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"post-vanilla-query", "POST /?Param1=value1\n" HOST_DATE, "", "host;x-amz-date", "service",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-x-www-form-urlencoded", "POST /\ncontent-type: application/x-www-form-urlencoded\n" HOST_DATE,
     "Param1=value1", "content-type;host;x-amz-date", "service",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"get-unreserved", "GET /" UNRESERVED "\n" HOST_DATE, "", "host;x-amz-date", "service",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-vanilla-query-unreserved", "GET /?" UNRESERVED "=" UNRESERVED "\n" HOST_DATE, "", "host;x-amz-date",
     "service", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-header-value-order",
     "GET /\nmy-header1: value4\nmy-header1: value1\nmy-header1: value3\nmy-header1: value2\n" HOST_DATE, "",
     "host;my-header1;x-amz-date", "service", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"IAM ListUsers",
     "GET /?Action=ListUsers&Version=2010-05-08\n"
     "content-type: application/x-www-form-urlencoded; charset=utf-8\nhost: iam.amazonaws.com\n"
     "x-amz-date: 20150830T123600Z\n",
     "", "content-type;host;x-amz-date", "iam", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
};

static void test_published_signatures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        char text[2048];
        snprintf(text, sizeof text,
                 "%sauthorization: AWS4-HMAC-SHA256 Credential=" KEY_ID
                 "/20150830/us-east-1/%s/aws4_request, SignedHeaders=%s, Signature=%s\n",
                 published[i].head, published[i].service, published[i].signed_headers, published[i].signature);
        struct signed_head head;
        signed_head_read(slice_from_string(text), &head);
        struct sigv4 claims;
        struct guard_caller caller;
        arena_reset(&arena);
        enum sigv4_result result = guard_check(&loop, &head.head, slice_from_string(published[i].body), NOW_S,
                                               slice_from_string(published[i].service), &arena, &claims, &caller);
        if (result != SIGV4_OK) {
            fail_msg("%s: %d\n%.*s", published[i].name, result, SLICE_ARG(buffer_slice(&loop.canonical)));
        }
        assert_string_equal(caller.user->name, "alice");
    }
}

/* The steps of the IAM example, as the User Guide prints them. */
static void test_published_steps(void **state)
{
    (void)state;
    struct signed_head head;
    signed_head_read(SLICE("GET /?Version=2010-05-08&Action=ListUsers\n"
                           "content-type: application/x-www-form-urlencoded; charset=utf-8\n"
                           "host: iam.amazonaws.com\nx-amz-date: 20150830T123600Z\n"),
                     &head);
    const struct sigv4_signer signer = {.signed_headers = SLICE("content-type;host;x-amz-date")};
    const struct sigv4 claims = {.signer = &signer};
    struct buffer out = {0};
    assert_true(sigv4_append_canonical(
        &head.head, &claims, SLICE("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), &out));
    buffer_append_byte(&out, '\0');
    assert_string_equal(out.data, "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
                                  "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
                                  "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
                                  "content-type;host;x-amz-date\n"
                                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    unsigned char hash[SHA256_BYTES];
    char hex[SHA256_HEX + 1] = {0};
    crypto_sha256(slice_of(out.data, out.len - 1), hash);
    crypto_hex(hash, sizeof hash, hex);
    assert_string_equal(hex, "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
    sigv4_signing_key(SLICE(SECRET), SLICE("20150830"), SLICE("us-east-1"), SLICE("iam"), hash);
    crypto_hex(hash, sizeof hash, hex);
    assert_string_equal(hex, "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    buffer_finish(&out);
}

/* --- whole requests ----------------------------------------------------------------------------------------------- */

#define BODY "{}"
#define AUTHORIZATION                                                                                                  \
    "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/dynamodb/aws4_request, "                \
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "                                                        \
    "Signature=ed4d26ecc5b84a2e7026dbbc02c70e1fc0132f8eb32a500a6a406bb64efda3ce\n"
#define GOOD                                                                                                           \
    "POST /\nhost: 127.0.0.1:8000\nx-amz-target: DynamoDB_20120810.ListTables\n"                                       \
    "content-type: application/x-amz-json-1.0\nx-amz-date: 20150830T123600Z\n" AUTHORIZATION
#define PRESIGNED_QUERY                                                                                                \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fdynamodb%2Faws4_request"   \
    "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host%3Bx-amz-target"                           \
    "&X-Amz-Security-Token=a%2Fb%2Bc%3D%3D"                                                                            \
    "&X-Amz-Signature=8b4d655719b7c44ae75d2353b903c42fcdc85734f04cd196db26217908593f95"
#define PRESIGNED "POST /?" PRESIGNED_QUERY "\nhost: 127.0.0.1:8000\nx-amz-target: DynamoDB_20120810.ListTables\n"

static struct sigv4 claims;

static enum sigv4_result check_once(const char *text, const char *body, int64_t now_s)
{
    struct signed_head head;
    signed_head_read(slice_from_string(text), &head);
    struct guard_caller caller;
    arena_reset(&arena);
    return guard_check(&loop, &head.head, slice_from_string(body), now_s, SLICE("dynamodb"), &arena, &claims, &caller);
}

/* Whether such a header has been seen before makes no difference. */
static enum sigv4_result check_at(const char *text, const char *body, int64_t now_s)
{
    memset(loop.seen, 0, GUARD_SEEN * sizeof loop.seen[0]);
    enum sigv4_result result = check_once(text, body, now_s);
    assert_false(claims.was_seen);
    bool is_known = check_once(GOOD, BODY, NOW_S) == SIGV4_OK;
    assert_true(!is_known || check_once(GOOD, BODY, NOW_S) == SIGV4_OK);
    assert_int_equal(claims.was_seen, is_known);
    assert_int_equal(check_once(text, body, now_s), result);
    return result;
}

/* `from` in the text becomes `to`. */
static enum sigv4_result check_changed_with(const char *body, const char *text, const char *from, const char *to)
{
    static char changed[4096];
    const char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return check_at(changed, body, NOW_S);
}

static enum sigv4_result check_changed(const char *text, const char *from, const char *to)
{
    return check_changed_with(BODY, text, from, to);
}

static void test_good_requests(void **state)
{
    (void)state;
    assert_int_equal(check_at(GOOD, BODY, NOW_S), SIGV4_OK);
    /* separators are as AWS takes them */
    assert_int_equal(check_changed(GOOD, ", SignedHeaders", ",SignedHeaders"), SIGV4_OK);
    assert_int_equal(check_changed(GOOD, ", SignedHeaders", "  SignedHeaders"), SIGV4_OK);
    /* headers that are not signed do not matter */
    assert_int_equal(check_changed(GOOD, "host:", "user-agent: x\nhost:"), SIGV4_OK);
    /* blanks around a value and runs of them do not count */
    assert_int_equal(check_changed(GOOD, "json-1.0", "json-1.0   "), SIGV4_OK);
}

static void test_what_is_signed_cannot_change(void **state)
{
    (void)state;
    assert_int_equal(check_at(GOOD, "{} ", NOW_S), SIGV4_MISMATCH);
    assert_int_equal(check_at(GOOD, "", NOW_S), SIGV4_MISMATCH);
    static const char *const changes[][2] = {
        {"POST", "GET"},
        {"POST /", "POST //"},
        {"POST /", "POST /?a"},
        {"ListTables", "DeleteTable"},
        {"127.0.0.1:8000", "127.0.0.2:8000"},
        {"json-1.0", "json-1.1"},
        {"content-type: ", "content-typo: "},
        {"content-type;", "content-type;content-typo;"},
        {"content-type;host", "host;content-type"},
        {"content-type;host", "content-type;host;host"},
        {"content-type;host", "content-type;host;"},
        {"content-type;host", "Content-Type;Host"},
        {"x-amz-date: 20150830T123600Z", "x-amz-date: 20150830T123601Z"},
        {"x-amz-date: ", "x-amz-date: 20150830T123600Z\nx-amz-date: "},
        {"Signature=e", "Signature=E"},
        {"Signature=e", "Signature=f"},
        {"Signature=e", "Signature="},
        {"da3ce", "da3ce0"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        enum sigv4_result result = check_changed(GOOD, changes[i][0], changes[i][1]);
        if (result != SIGV4_MISMATCH) {
            fail_msg("%s for %s: %d", changes[i][1], changes[i][0], result);
        }
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        enum sigv4_result result;
    } cases[] = {
        {AUTHORIZATION, "", SIGV4_MISSING},
        {"AWS4-HMAC", "AWS3-HMAC", SIGV4_MISSING},
        {"AWS4-HMAC-SHA256", "Basic", SIGV4_MISSING},
        {"POST /", "POST /?X-Amz-Algorithm=AWS4-HMAC-SHA256", SIGV4_TWICE},
        {"SignedHeaders=", "SignedHeaders:", SIGV4_NO_PAIR},
        {"Credential=", "Credential= ", SIGV4_NO_PAIR},
        {"da3ce", "da,ce", SIGV4_NO_PAIR},
        {"da3ce", "da ce", SIGV4_NO_PAIR},
        {"Credential=", "Credentials=", SIGV4_HEADER_INCOMPLETE},
        {"x-amz-date: ", "x-amz-data: ", SIGV4_HEADER_INCOMPLETE},
        {"20150830T123600Z", "201", SIGV4_DATE_MALFORMED},
        {"20150830T123600Z", "20150830T123600z", SIGV4_DATE_MALFORMED},
        {"20150830T123600Z", "20150830T126000Z", SIGV4_DATE_MALFORMED},
        {"20150830T123600Z", "20150230T123600Z", SIGV4_DATE_MALFORMED},
        {"20150830T123600Z", "20150830T-23600Z", SIGV4_DATE_MALFORMED},
        {"20150830T123600Z", "2015-08-30T12:36:00Z", SIGV4_DATE_MALFORMED},
        {";host", ";hose", SIGV4_HOST_UNSIGNED},
        {";x-amz-target", "", SIGV4_TARGET_UNSIGNED},
        {"HMAC-SHA256", "HMAC-SHA25", SIGV4_ALGORITHM_UNKNOWN},
        {"HMAC-SHA256", "ECDSA-P256-SHA256", SIGV4_ALGORITHM_UNKNOWN},
        {"/aws4_request", "", SIGV4_CREDENTIAL_MALFORMED},
        {"/aws4_request", "/aws4_request/x", SIGV4_CREDENTIAL_MALFORMED},
        {"us-east-1/", "us-east-2/", SIGV4_SCOPE_WRONG},
        {"/dynamodb", "/DynamoDB", SIGV4_SCOPE_WRONG},
        {"/20150830", "/20150831", SIGV4_SCOPE_WRONG},
        {"aws4_request", "aws5_request", SIGV4_SCOPE_WRONG},
        {"=AKIDEXAMPLE", "=AKIDEXAMPLF", SIGV4_KEY_UNKNOWN},
        {"=AKIDEXAMPLE", "=", SIGV4_KEY_UNKNOWN},
        {"=AKIDEXAMPLE", "=AKIDROOT", SIGV4_MISMATCH},
        {"host:", "x-amz-security-token: abc\nhost:", SIGV4_TOKEN_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum sigv4_result result = check_changed(GOOD, cases[i].from, cases[i].to);
        if (result != cases[i].result) {
            fail_msg("%s for %s: %d, not %d", cases[i].to, cases[i].from, result, cases[i].result);
        }
    }
    assert_int_equal(check_changed(GOOD, "us-east-1/dynamodb/aws4_request", "mars/s3/aws5"), SIGV4_SCOPE_WRONG);
    assert_int_equal(claims.wrong, SIGV4_SCOPE_REGION | SIGV4_SCOPE_SERVICE | SIGV4_SCOPE_END);
    assert_int_equal(check_changed(GOOD, AUTHORIZATION, "authorization: AWS4-\n"), SIGV4_HEADER_INCOMPLETE);
    assert_int_equal(claims.missing, SIGV4_PART_CREDENTIAL | SIGV4_PART_SIGNATURE | SIGV4_PART_SIGNED_HEADERS);
}

/* Every day from 1970 to 2100, against the C library. */
static void test_calendar(void **state)
{
    (void)state;
    for (int64_t time_s = 0; time_s < (int64_t)131 * 366 * 86400; time_s += 86400 + 3601) {
        char text[SIGV4_TIME_CHARS], changed[2048];
        sigv4_time_text(time_s, text);
        snprintf(changed, sizeof changed,
                 "POST /\nhost: h\nx-amz-date: %.16s\nauthorization: AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, "
                 "Signature=c\n",
                 text);
        struct signed_head head;
        signed_head_read(slice_from_string(changed), &head);
        struct slice authorization;
        assert_true(auth_head_find(&head.head, SLICE("authorization"), &authorization));
        assert_int_equal(sigv4_read(&head.head, authorization, NULL, &arena, &claims), SIGV4_OK);
        assert_int_equal(claims.time_s, time_s);
    }
    assert_int_equal(check_changed(GOOD, "20150830T123600Z", "20150229T123600Z"), SIGV4_DATE_MALFORMED);
    assert_int_equal(check_changed(GOOD, "20150830T123600Z", "20160229T123600Z"), SIGV4_NOT_YET);
    assert_int_equal(check_changed(GOOD, "20150830T123600Z", "21000229T123600Z"), SIGV4_DATE_MALFORMED);
    assert_int_equal(check_changed(GOOD, "20150830T123600Z", "20150830T240000Z"), SIGV4_DATE_MALFORMED);
    assert_int_equal(check_changed(GOOD, "20150830T123600Z", "20150031T123600Z"), SIGV4_DATE_MALFORMED);
    assert_int_equal(check_changed(GOOD, "20150830T123600Z", "20151301T123600Z"), SIGV4_DATE_MALFORMED);
}

/* RFC 4231, cases 1, 2 and 6: a key, a short key, one longer than a block. */
static void test_hmac(void **state)
{
    (void)state;
    unsigned char mac[SHA256_BYTES];
    char hex[SHA256_HEX + 1] = {0}, key[131];
    memset(key, 0x0b, 20);
    crypto_hmac(slice_of(key, 20), SLICE("Hi There"), mac);
    crypto_hex(mac, sizeof mac, hex);
    assert_string_equal(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    crypto_hmac(SLICE("Jefe"), SLICE("what do ya want for nothing?"), mac);
    crypto_hex(mac, sizeof mac, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    crypto_hmac(slice_of(key, sizeof key), SLICE("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
    crypto_hex(mac, sizeof mac, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void assert_time(const char *expected, const char text[SIGV4_TIME_CHARS])
{
    assert_memory_equal(expected, text, SIGV4_TIME_CHARS);
}

static void test_clocks(void **state)
{
    (void)state;
    assert_int_equal(check_at(GOOD, BODY, NOW_S + SIGV4_SKEW_S), SIGV4_OK);
    assert_int_equal(check_at(GOOD, BODY, NOW_S - SIGV4_SKEW_S), SIGV4_OK);
    assert_int_equal(check_at(GOOD, BODY, NOW_S + SIGV4_SKEW_S + 1), SIGV4_EXPIRED);
    assert_time("20150830T123600Z", claims.time);
    assert_time("20150830T123601Z", claims.limit);
    assert_time("20150830T125101Z", claims.now);
    assert_int_equal(check_at(GOOD, BODY, NOW_S - SIGV4_SKEW_S - 1), SIGV4_NOT_YET);
    assert_time("20150830T123559Z", claims.limit);
    /* the Date header of HTTP will do */
    assert_int_equal(check_changed(GOOD, "x-amz-date: 20150830T123600Z", "date: Sun, 30 Aug 2015 12:36:00 GMT"),
                     SIGV4_MISMATCH);
    assert_time("20150830T123600Z", claims.time);
    assert_int_equal(check_changed(GOOD, "x-amz-date: 20150830T123600Z", "date: Sun, 30 Aug 2015 12:36:00 CEST"),
                     SIGV4_DATE_MALFORMED);
}

static void test_presigned(void **state)
{
    (void)state;
    /* the signature is right, and only then the token is looked at */
    assert_int_equal(check_at(PRESIGNED, "", NOW_S), SIGV4_TOKEN_INVALID);
    assert_true(slice_equal(claims.token, SLICE("a/b+c==")));
    assert_int_equal(check_at(PRESIGNED, "", NOW_S + 300), SIGV4_TOKEN_INVALID);
    assert_int_equal(check_at(PRESIGNED, "", NOW_S + 301), SIGV4_EXPIRED);
    assert_int_equal(check_at(PRESIGNED, BODY, NOW_S), SIGV4_MISMATCH);
    static const struct {
        const char *from, *to;
        enum sigv4_result result;
    } cases[] = {
        {"Expires=300", "Expires=301", SIGV4_MISMATCH},
        {"Expires=300", "Expires=604800", SIGV4_MISMATCH},
        {"Expires=300", "Expires=604801", SIGV4_EXPIRES_MALFORMED},
        {"Expires=300", "Expires=0", SIGV4_EXPIRES_MALFORMED},
        {"Expires=300", "Expires=-300", SIGV4_EXPIRES_MALFORMED},
        {"Expires=300", "Expires=99999999999", SIGV4_EXPIRES_MALFORMED},
        {"X-Amz-Expires=300&", "", SIGV4_MISMATCH},
        {"&X-Amz-Signature", "&Extra=1&X-Amz-Signature", SIGV4_MISMATCH},
        {"&X-Amz-Signature", "&Signature", SIGV4_QUERY_INCOMPLETE},
        {"&X-Amz-Date", "&Date", SIGV4_QUERY_INCOMPLETE},
        {"ListTables", "DeleteTable", SIGV4_MISMATCH},
        {"%3Bx-amz-target", "", SIGV4_TARGET_UNSIGNED},
        {"X-Amz-Date=20150830T123600Z", "X-Amz-Date=Sun", SIGV4_DATE_MALFORMED},
        /* the same parameters in another order, or encoded otherwise, are the same request */
        {"X-Amz-Expires=300&X-Amz-SignedHeaders=host%3Bx-amz-target",
         "X-Amz-SignedHeaders=host%3bx-amz-target&X-Amz-Expires=300", SIGV4_TOKEN_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum sigv4_result result = check_changed_with("", PRESIGNED, cases[i].from, cases[i].to);
        if (result != cases[i].result) {
            fail_msg("%s for %s: %d, not %d", cases[i].to, cases[i].from, result, cases[i].result);
        }
    }
}

static void test_ceilings(void **state)
{
    (void)state;
    char many[4096] = "POST /?";
    for (unsigned i = 0; i < SIGV4_PARAMETERS_MAX; i++) {
        strcat(many, "a&");
    }
    assert_int_equal(check_changed(GOOD, "POST /", many), SIGV4_MISMATCH);
    strcat(many, "a");
    assert_int_equal(check_changed(GOOD, "POST /", many), SIGV4_MISMATCH);
    char names[4096] = "content-type";
    for (unsigned i = 0; i < SIGV4_HEADERS_MAX; i++) {
        sprintf(names + strlen(names), ";d%02u", i);
    }
    strcat(names, ";host");
    assert_int_equal(check_changed(GOOD, "content-type;host", names), SIGV4_MISMATCH);
}

static void test_identities_change(void **state)
{
    (void)state;
    assert_int_equal(check_once(GOOD, BODY, NOW_S), SIGV4_OK); /* from now on the header is known */
    publish(false, true);
    assert_int_equal(check_once(GOOD, BODY, NOW_S), SIGV4_KEY_UNKNOWN);
    publish(true, false);
    assert_int_equal(check_once(GOOD, BODY, NOW_S), SIGV4_KEY_UNKNOWN);
    publish(true, true);
    assert_int_equal(check_once(GOOD, BODY, NOW_S), SIGV4_OK);
    /* the same key with another secret: what was derived from the old one is forgotten */
    struct identities *identities = identities_create("123456789012");
    identities_add_key(identities, identities_add_user(identities, "bob"), KEY_ID, "another secret 0123");
    guard_publish(&guard, identities);
    assert_int_equal(check_once(GOOD, BODY, NOW_S), SIGV4_MISMATCH);
    guard_publish(&guard, identities_create("123456789012"));
    assert_int_equal(check_once(GOOD, BODY, NOW_S), SIGV4_KEY_UNKNOWN);
    publish(true, true);
    assert_int_equal(check_once(GOOD, BODY, NOW_S), SIGV4_OK);
}

static void test_many_identities(void **state)
{
    (void)state;
    struct identities *identities = identities_create("123456789012");
    for (unsigned i = 0; i < 1000; i++) {
        char name[32], id[32];
        snprintf(name, sizeof name, "user%u", i);
        snprintf(id, sizeof id, "AKIA%016u", i);
        identities_add_key(identities, identities_add_user(identities, name), id, "secret secret secret");
    }
    for (unsigned i = 0; i < 1000; i++) {
        char name[32], id[32];
        snprintf(name, sizeof name, "user%u", i);
        snprintf(id, sizeof id, "AKIA%016u", i);
        const struct identity_key *key = identities_find_key(identities, slice_from_string(id));
        assert_non_null(key);
        assert_string_equal(key->user->name, name);
        assert_ptr_equal(identities_find_user(identities, slice_from_string(name)), key->user);
    }
    assert_null(identities_find_key(identities, SLICE("AKIA")));
    assert_null(identities_find_user(identities, SLICE("")));
    identities_release(identities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_signatures),
        cmocka_unit_test(test_published_steps),
        cmocka_unit_test(test_good_requests),
        cmocka_unit_test(test_what_is_signed_cannot_change),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_presigned),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_identities_change),
        cmocka_unit_test(test_many_identities),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
