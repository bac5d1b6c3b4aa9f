/* Temporary credentials: tokens that come back as they were or not at all, and whom the guard takes for their bearer.
 */
#include "auth/guard.h"
#include "auth/sign.h"
#include "value/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../support/signed_head.h"

#define NOW_S   1440938160 /* 20150830T123600Z */
#define TIME    "20150830T123600Z"
#define KEY_ID  "AKIAALICE0000001"
#define ALL     "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"
#define CREATED 1440000000000000

static const unsigned char key[SEAL_KEY_BYTES] = "a key for tests";
static struct guard guard;
static struct guard_loop loop;
static struct arena arena;

/* --- tokens ------------------------------------------------------------------------------------------------------- */

static struct session sample(void)
{
    struct session session = {
        .is_role = true,
        .issuer = KEY_ID,
        .name = "reader",
        .created_us = CREATED,
        .session_name = "tests",
        .issued_s = NOW_S - 10,
        .expires_s = NOW_S + 3600,
        .policy = SLICE(ALL),
    };
    session_make_key(&session);
    return session;
}

static void check_same(const struct session *a, const struct session *b)
{
    assert_int_equal(a->is_role, b->is_role);
    assert_string_equal(a->key_id, b->key_id);
    assert_string_equal(a->secret, b->secret);
    assert_string_equal(a->issuer, b->issuer);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->created_us, b->created_us);
    assert_string_equal(a->session_name, b->session_name);
    assert_int_equal(a->issued_s, b->issued_s);
    assert_int_equal(a->expires_s, b->expires_s);
    assert_true(slice_equal(a->policy, b->policy));
}

static bool opens(struct slice token, const unsigned char with[SEAL_KEY_BYTES])
{
    struct buffer plain = {0};
    struct session session;
    bool result = session_open(token, with, &plain, &session);
    buffer_finish(&plain);
    return result;
}

static void test_tokens_come_back(void **state)
{
    (void)state;
    static char large[SESSION_POLICY_BYTES_MAX];
    memset(large, ' ', sizeof large);
    for (unsigned i = 0; i < 3; i++) {
        struct session original = sample(), opened;
        struct buffer token = {0}, plain = {0};
        if (i == 1) {
            original = (struct session){.issuer = "A", .policy = SLICE("")}; /* as short as can be */
            session_make_key(&original);
        } else if (i == 2) {
            memset(original.issuer, 'A', sizeof original.issuer - 1);
            memset(original.name, 'r', sizeof original.name - 1);
            memset(original.session_name, 's', sizeof original.session_name - 1);
            original.policy = slice_of(large, sizeof large);
        }
        session_append_token(&original, key, &token);
        assert_true(token.len <= SESSION_TOKEN_CHARS_MAX);
        assert_true(session_open(buffer_slice(&token), key, &plain, &opened));
        check_same(&opened, &original);
        assert_null(memmem(token.data, token.len, original.secret, strlen(original.secret)));
        buffer_finish(&token);
        buffer_finish(&plain);
    }
}

static void test_every_changed_bit_is_noticed(void **state)
{
    (void)state;
    struct session original = sample();
    struct buffer token = {0};
    session_append_token(&original, key, &token);
    for (size_t at = 0; at < token.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            token.data[at] ^= (char)(1u << bit);
            assert_false(opens(buffer_slice(&token), key));
            token.data[at] ^= (char)(1u << bit);
        }
        assert_false(opens(slice_of(token.data, at), key));
    }
    char *bytes = malloc(token.len), *again = malloc(token.len);
    size_t len;
    assert_int_equal(base64_decode(buffer_slice(&token), bytes, &len), BASE64_OK);
    for (size_t at = 0; at < len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] ^= (char)(1u << bit);
            base64_encode(again, slice_of(bytes, len));
            assert_false(opens(slice_of(again, base64_encoded_len(len)), key));
            bytes[at] ^= (char)(1u << bit);
        }
    }
    free(bytes);
    free(again);
    assert_true(opens(buffer_slice(&token), key));
    const unsigned char other[SEAL_KEY_BYTES] = "another key";
    assert_false(opens(buffer_slice(&token), other));
    assert_false(opens(SLICE(""), key));
    buffer_append_byte(&token, 'A');
    assert_false(opens(buffer_slice(&token), key));
    buffer_finish(&token);
}

/* --- whose they are ----------------------------------------------------------------------------------------------- */

struct setting {
    bool no_key, key_disabled, user_disabled, no_role, role_disabled;
    uint64_t created_us;
};

static void publish(const struct setting *setting)
{
    struct identities *identities = identities_create("123456789012");
    struct identity_user *alice = identities_add_user(identities, "alice");
    alice->enabled = !setting->user_disabled;
    alice->created_us = setting->created_us;
    if (!setting->no_key) {
        identities_add_key(identities, alice, KEY_ID, "secret of alice")->enabled = !setting->key_disabled;
    }
    if (!setting->no_role) {
        struct identity_role *role = identities_add_role(identities, "reader");
        role->enabled = !setting->role_disabled;
        role->created_us = setting->created_us;
    }
    guard_publish(&guard, identities);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    guard_init(&guard, "us-east-1");
    guard_set_session_key(&guard, key);
    publish(&(struct setting){.created_us = CREATED});
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

#define BEGINNING "AWS4-HMAC-SHA256 Credential=%s/%s"
#define SCOPE_END "/us-east-1/dynamodb/aws4_request"

/* A request that was signed at `time` (20150830T123600Z). */
static enum sigv4_result ask_at(const char *time, const char *id, const char *secret, struct slice token, int64_t now_s,
                                struct guard_caller *ret_caller)
{
    struct slice date = slice_of(time, 8);
    char scope[64];
    snprintf(scope, sizeof scope, "%.*s" SCOPE_END, SLICE_ARG(date));
    unsigned char bytes[SHA256_BYTES];
    struct sigv4_key signing;
    struct buffer text = {0}, scratch = {0};
    char signature[SHA256_HEX];
    sigv4_signing_key(slice_from_string(secret), date, SLICE("us-east-1"), SLICE("dynamodb"), bytes);
    sigv4_key_set(&signing, bytes);
    const struct sign_header headers[] = {{SLICE("host"), SLICE("localhost")},
                                          {SLICE("x-amz-date"), slice_from_string(time)},
                                          {SLICE("x-amz-security-token"), token}};
    const struct sign_request request = {
        .method = SLICE("POST"), .headers = headers, .header_count = 3, .body = SLICE("{}")};
    sign_request(&request, &signing, slice_from_string(time), slice_from_string(scope), &scratch, signature);
    buffer_printf(&text,
                  "POST /\nhost: localhost\nx-amz-date: %s\nx-amz-security-token: %.*s\n"
                  "authorization: " BEGINNING ", SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=%.64s\n",
                  time, SLICE_ARG(token), id, scope, signature);
    struct signed_head signed_head;
    const struct auth_head *head = signed_head_read(buffer_slice(&text), &signed_head);
    struct sigv4 claims;
    enum sigv4_result result =
        guard_check(&loop, head, SLICE("{}"), now_s, SLICE("dynamodb"), &arena, &claims, ret_caller);
    buffer_finish(&text);
    buffer_finish(&scratch);
    return result;
}

static enum sigv4_result ask(const char *id, const char *secret, struct slice token, int64_t now_s,
                             struct guard_caller *ret_caller)
{
    return ask_at(TIME, id, secret, token, now_s, ret_caller);
}

static void test_whose_session_it_is(void **state)
{
    (void)state;
    struct session session = sample();
    struct guard_caller caller = {0};
    struct buffer token = {0};
    session_append_token(&session, key, &token);
    struct slice text = buffer_slice(&token);
    for (unsigned again = 0; again < 2; again++) {
        assert_int_equal(ask(session.key_id, session.secret, text, NOW_S, &caller), SIGV4_OK);
        assert_string_equal(caller.arn, "arn:aws:sts::123456789012:assumed-role/reader/tests");
        assert_string_equal(caller.role->arn, "arn:aws:iam::123456789012:role/reader");
        assert_null(caller.user);
        assert_non_null(caller.session_policy);
    }
    assert_int_equal(ask(session.key_id, "another secret", text, NOW_S, &caller), SIGV4_MISMATCH);
    assert_int_equal(ask(KEY_ID, "secret of alice", text, NOW_S, &caller), SIGV4_KEY_UNKNOWN);
    assert_int_equal(ask(session.key_id, session.secret, SLICE("AAAA"), NOW_S, &caller), SIGV4_KEY_UNKNOWN);
    assert_int_equal(ask(KEY_ID, "secret of alice", SLICE("AAAA"), NOW_S, &caller), SIGV4_TOKEN_INVALID);

    struct session other = sample();
    struct buffer others = {0};
    session_append_token(&other, key, &others);
    assert_int_equal(ask(session.key_id, session.secret, buffer_slice(&others), NOW_S, &caller), SIGV4_KEY_UNKNOWN);
    assert_int_equal(ask(session.key_id, other.secret, text, NOW_S, &caller), SIGV4_MISMATCH);
    buffer_finish(&token);
    buffer_finish(&others);
}

static void test_sessions_end(void **state)
{
    (void)state;
    static const struct {
        struct setting setting;
        bool role_lives, user_lives;
    } cases[] = {
        {{.created_us = CREATED}, true, true},
        {{.created_us = CREATED, .no_role = true}, false, true},
        {{.created_us = CREATED, .role_disabled = true}, false, true},
        {{.created_us = CREATED + 1}, false, false}, /* others of these names */
        {{.created_us = CREATED, .no_key = true}, false, false},
        {{.created_us = CREATED, .key_disabled = true}, false, false},
        {{.created_us = CREATED, .user_disabled = true}, false, false},
        {{.created_us = CREATED}, true, true},
    };
    struct session role = sample(), user = sample();
    struct guard_caller caller;
    struct buffer of_role = {0}, of_user = {0};
    user.is_role = false;
    snprintf(user.name, sizeof user.name, "alice");
    user.policy = SLICE("");
    session_append_token(&role, key, &of_role);
    session_append_token(&user, key, &of_user);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        publish(&cases[i].setting);
        assert_int_equal(ask(role.key_id, role.secret, buffer_slice(&of_role), NOW_S, &caller),
                         cases[i].role_lives ? SIGV4_OK : SIGV4_KEY_UNKNOWN);
        assert_int_equal(ask(user.key_id, user.secret, buffer_slice(&of_user), NOW_S, &caller),
                         cases[i].user_lives ? SIGV4_OK : SIGV4_KEY_UNKNOWN);
    }
    assert_string_equal(caller.arn, "arn:aws:iam::123456789012:user/alice");
    assert_null(caller.role);
    assert_null(caller.session_policy);
    buffer_finish(&of_role);
    buffer_finish(&of_user);
}

static void test_sessions_expire(void **state)
{
    (void)state;
    struct guard_caller caller;
    for (int64_t left_s = -1; left_s <= 1; left_s++) {
        struct session session = sample();
        struct buffer token = {0};
        session.expires_s = NOW_S + left_s;
        session_append_token(&session, key, &token);
        enum sigv4_result expected = left_s > 0 ? SIGV4_OK : SIGV4_TOKEN_EXPIRED;
        assert_int_equal(ask(session.key_id, session.secret, buffer_slice(&token), NOW_S, &caller), expected);
        /* who does not know the secret does not learn that */
        assert_int_equal(ask(session.key_id, "another", buffer_slice(&token), NOW_S, &caller), SIGV4_MISMATCH);
        buffer_finish(&token);
    }
}

/* More than there are places, all of them good: each time; garbage leaves nothing behind. */
static void test_many_sessions(void **state)
{
    (void)state;
    struct guard_caller caller;
    unsigned kept = 0;
    for (unsigned i = 0; i < 4 * GUARD_SESSIONS; i++) {
        struct session session = sample();
        struct buffer token = {0};
        session_append_token(&session, key, &token);
        assert_int_equal(ask(session.key_id, session.secret, buffer_slice(&token), NOW_S, &caller), SIGV4_OK);
        token.data[token.len / 2] ^= 1;
        assert_int_not_equal(ask(session.key_id, session.secret, buffer_slice(&token), NOW_S, &caller), SIGV4_OK);
        buffer_finish(&token);
    }
    for (unsigned i = 0; i < GUARD_SESSIONS; i++) {
        kept += loop.sessions[i] != NULL;
    }
    assert_true(kept > GUARD_SESSIONS / 2);
    struct guard_session *before[GUARD_SESSIONS];
    memcpy(before, loop.sessions, sizeof before);
    for (unsigned i = 0; i < 2 * GUARD_SESSIONS; i++) {
        char garbage[8];
        snprintf(garbage, sizeof garbage, "%04u", i);
        assert_int_not_equal(ask("ASIAGARBAGE000000000", "x", slice_of(garbage, 4), NOW_S, &caller), SIGV4_OK);
    }
    assert_memory_equal(before, loop.sessions, sizeof before);
}

/* The day's key is another one each day. */
static void test_midnight(void **state)
{
    (void)state;
    struct guard_caller caller;
    struct session session = sample();
    struct buffer token = {0};
    session.expires_s = NOW_S + 86400;
    session_append_token(&session, key, &token);
    struct slice text = buffer_slice(&token);
    for (unsigned again = 0; again < 2; again++) {
        assert_int_equal(ask(session.key_id, session.secret, text, NOW_S, &caller), SIGV4_OK);
        assert_int_equal(ask_at("20150831T003600Z", session.key_id, session.secret, text, NOW_S + 12 * 3600, &caller),
                         SIGV4_OK);
    }
    buffer_finish(&token);
}

static unsigned place_of(const char *id)
{
    char text[128];
    snprintf(text, sizeof text, BEGINNING, id, "20150830" SCOPE_END);
    return sigv4_seen_place(slice_from_string(text), GUARD_SEEN);
}

/* Headers of a user and of a session that are kept in the same place: what was kept of one says nothing of the other.
 */
static void test_a_place_changes_hands(void **state)
{
    (void)state;
    struct guard_caller caller;
    struct session session;
    do {
        session = sample();
    } while (place_of(session.key_id) != place_of(KEY_ID));
    struct buffer token = {0};
    session_append_token(&session, key, &token);
    for (unsigned again = 0; again < 2; again++) {
        assert_int_equal(ask(KEY_ID, "secret of alice", SLICE(""), NOW_S, &caller), SIGV4_OK);
        assert_string_equal(caller.user->name, "alice");
        assert_int_equal(ask(session.key_id, session.secret, buffer_slice(&token), NOW_S, &caller), SIGV4_OK);
        assert_null(caller.user);
        assert_int_equal(ask(session.key_id, session.secret, SLICE(""), NOW_S, &caller), SIGV4_KEY_UNKNOWN);
        assert_int_equal(ask(session.key_id, "secret of alice", SLICE(""), NOW_S, &caller), SIGV4_KEY_UNKNOWN);
    }
    buffer_finish(&token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_come_back),
        cmocka_unit_test(test_every_changed_bit_is_noticed),
        cmocka_unit_test_setup_teardown(test_whose_session_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sessions_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sessions_expire, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_sessions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_midnight, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_place_changes_hands, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
