#include "auth/session.h"

#include "auth/fields.h"
#include "crypto/sha256.h"
#include "value/base64.h"

#include <assert.h>

#define CONTEXT   "stator session 1"
#define VERSION   1
#define KIND_USER 0
#define KIND_ROLE 1

void session_make_key(struct session *session)
{
    identities_random_id("ASIA", SESSION_KEY_ID_CHARS, session->key_id);
    identities_random_secret(session->secret);
}

static void append_plain(const struct session *session, struct buffer *out)
{
    buffer_append_byte(out, session->is_role ? KIND_ROLE : KIND_USER);
    fields_append_text(out, slice_from_string(session->key_id));
    fields_append_text(out, slice_from_string(session->secret));
    fields_append_text(out, slice_from_string(session->issuer));
    fields_append_text(out, slice_from_string(session->name));
    buffer_append_u64(out, session->created_us);
    fields_append_text(out, slice_from_string(session->session_name));
    buffer_append_u64(out, (uint64_t)session->issued_s);
    buffer_append_u64(out, (uint64_t)session->expires_s);
    fields_append_text(out, session->policy);
}

void session_append_token(const struct session *session, const unsigned char key[SEAL_KEY_BYTES], struct buffer *out)
{
    assert(session->policy.len <= SESSION_POLICY_BYTES_MAX);
    struct buffer plain = {0}, bytes = {0};
    append_plain(session, &plain);
    buffer_append_byte(&bytes, VERSION);
    seal(key, SLICE(CONTEXT), buffer_slice(&plain), &bytes);
    size_t len = base64_encoded_len(bytes.len);
    assert(len <= SESSION_TOKEN_CHARS_MAX);
    base64_encode(buffer_reserve(out, len), buffer_slice(&bytes));
    out->len += len;
    crypto_wipe(plain.data, plain.len);
    buffer_finish(&plain);
    buffer_finish(&bytes);
}

static bool read_plain(struct slice rest, struct session *session)
{
    unsigned char kind;
    uint64_t issued, expires;
    bool good = fields_take_byte(&rest, &kind) && kind <= KIND_ROLE &&
                fields_take_text(&rest, SESSION_KEY_ID_CHARS, SESSION_KEY_ID_CHARS, session->key_id) &&
                fields_take_text(&rest, IDENTITIES_NEW_SECRET_CHARS, IDENTITIES_NEW_SECRET_CHARS, session->secret) &&
                fields_take_text(&rest, 1, IDENTITIES_KEY_CHARS_MAX, session->issuer) &&
                fields_take_text(&rest, 0, IDENTITIES_NAME_CHARS_MAX, session->name) &&
                fields_take_u64(&rest, &session->created_us) &&
                fields_take_text(&rest, 0, IDENTITIES_NAME_CHARS_MAX, session->session_name) &&
                fields_take_u64(&rest, &issued) && fields_take_u64(&rest, &expires) &&
                fields_take_slice(&rest, SESSION_POLICY_BYTES_MAX, &session->policy) && rest.len == 0;
    if (good) {
        session->is_role = kind == KIND_ROLE;
        session->issued_s = (int64_t)issued;
        session->expires_s = (int64_t)expires;
    }
    return good;
}

bool session_open(struct slice token, const unsigned char key[SEAL_KEY_BYTES], struct buffer *plain,
                  struct session *ret_session)
{
    char bytes[SESSION_TOKEN_CHARS_MAX];
    size_t len;
    if (token.len == 0 || token.len > SESSION_TOKEN_CHARS_MAX || base64_decode(token, bytes, &len) != BASE64_OK ||
        len < 1 || bytes[0] != VERSION || !seal_open(key, SLICE(CONTEXT), slice_of(bytes + 1, len - 1), plain)) {
        return false;
    }
    struct session session = {0};
    if (!read_plain(buffer_slice(plain), &session)) {
        return false;
    }
    *ret_session = session;
    return true;
}
