/* Any bytes as a session's token, as what such a token seals, and as a form of the query protocol; the first byte says
 * which. Without the key no token opens; what opens is within its bounds and is written as it was read; and what is
 * read of a form lies within it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/call.h"
#include "api/query_protocol.h"
#include "auth/session.h"
#include "value/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char key[SEAL_KEY_BYTES] = "no fuzzer guesses this";

static void try_token(struct slice token)
{
    struct buffer plain = {0};
    struct session session;
    assert(!session_open(token, key, &plain, &session));
    buffer_finish(&plain);
}

/* Sealed as a token is: version, nonce, ciphertext, tag. */
static void try_plain(struct slice text)
{
    struct buffer bytes = {0}, token = {0}, plain = {0}, again = {0}, second = {0};
    struct session session, same;
    buffer_append_byte(&bytes, 1);
    seal(key, SLICE("stator session 1"), text, &bytes);
    size_t len = base64_encoded_len(bytes.len);
    base64_encode(buffer_reserve(&token, len), buffer_slice(&bytes));
    token.len = len;
    if (session_open(buffer_slice(&token), key, &plain, &session)) {
        assert(session.policy.len <= SESSION_POLICY_BYTES_MAX && strlen(session.key_id) == SESSION_KEY_ID_CHARS);
        session_append_token(&session, key, &again);
        assert(session_open(buffer_slice(&again), key, &second, &same));
        assert(slice_equal(session.policy, same.policy) && strcmp(session.name, same.name) == 0);
    }
    buffer_finish(&bytes);
    buffer_finish(&token);
    buffer_finish(&plain);
    buffer_finish(&again);
    buffer_finish(&second);
}

/* --- forms -------------------------------------------------------------------------------------------------------- */

struct request {
    struct opt_string role, name;
    struct opt_integer duration;
};

static const struct shape_member members[] = {
    {SHAPE_MEMBER(struct request, role, "RoleArn", "roleArn", SHAPE_STRING), .required = true},
    {SHAPE_MEMBER(struct request, name, "RoleSessionName", "roleSessionName", SHAPE_STRING), .limit = LIMIT_NAME},
    {SHAPE_MEMBER(struct request, duration, "DurationSeconds", "durationSeconds", SHAPE_INTEGER),
     .limit = LIMIT_RANGE(900, 43200)},
};
static const struct shape shape = SHAPE_OF("Request", struct request, members);

static void check_ascii(struct api_call *call)
{
    assert(call->status == 400);
    for (size_t i = 0; i < call->out.len; i++) {
        assert(((unsigned char)call->out.data[i] >= ' ' && (unsigned char)call->out.data[i] <= '~') ||
               call->out.data[i] == '\n' || call->out.data[i] == '\t');
    }
}

static void try_form(struct slice body)
{
    struct api_call call = {.is_query = true, .body = body, .id = SLICE("ID"), .respond = check_ascii};
    struct request request;
    arena_init(&call.arena, 4096);
    if (query_decode(&call, &shape, &request)) {
        assert(request.role.present && request.role.text.len <= body.len && request.name.text.len <= body.len);
        assert(!request.duration.present || (request.duration.number >= 900 && request.duration.number <= 43200));
    }
    query_has(&call, "Tags");
    arena_finish(&call.arena);
    buffer_finish(&call.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    /* a copy of its own, so that reading behind it is seen */
    char *copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    struct slice rest = slice_of(copy, size - 1);
    switch (data[0]) {
    case 't':
        try_token(rest);
        break;
    case 'p':
        try_plain(rest);
        break;
    default:
        try_form(rest);
        break;
    }
    free(copy);
    return 0;
}
