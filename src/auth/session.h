/* Temporary credentials: an access key whose id begins with ASIA, a secret, and a token that has all there is to know
 * of them. The server keeps nothing: it opens the token that comes with each request.
 *
 *   token:  base64 of "1" and the sealed form of: kind | access key id | secret | issuer | name | created | session
 *           name | issued | expires | policy        (docs/formats/identities.md has it byte by byte)
 *
 * A token cannot be made or changed without the server's key, and is good for its own access key id only. */
#pragma once

#include "auth/identities.h"
#include "crypto/seal.h"

#define SESSION_KEY_ID_CHARS 20
/* As AWS has it for the text of a policy; so a token is never longer than this. */
#define SESSION_POLICY_BYTES_MAX 2048
#define SESSION_TOKEN_CHARS_MAX  4096
/* What its key is derived from the master key for. */
#define SESSION_KEY_PURPOSE "sessions"

struct session {
    bool is_role;
    char key_id[SESSION_KEY_ID_CHARS + 1];
    char secret[IDENTITIES_NEW_SECRET_CHARS + 1];
    char issuer[IDENTITIES_KEY_CHARS_MAX + 1]; /* the access key that all began with */
    char name[IDENTITIES_NAME_CHARS_MAX + 1];  /* of the role or user; "": the root user */
    uint64_t created_us;                       /* when the role or user was: another one may have the name later */
    char session_name[IDENTITIES_NAME_CHARS_MAX + 1];
    int64_t issued_s, expires_s;
    struct slice policy; /* what the session is limited to, or empty; borrowed */
};

/* Makes an access key for the session: fills in `key_id` and `secret`. */
void session_make_key(struct session *session);

/* Appends the token. */
void session_append_token(const struct session *session, const unsigned char key[SEAL_KEY_BYTES], struct buffer *out);

/* False: it is no token of this key. The session borrows from `plain`, which is the caller's to wipe and to finish. */
bool session_open(struct slice token, const unsigned char key[SEAL_KEY_BYTES], struct buffer *plain,
                  struct session *ret_session) __attribute__((warn_unused_result));
