/* Signing as a client: the other side of auth/sigv4.h.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * Texts are taken as they stand: bringing paths, queries and headers into canonical form is the caller's. */
#pragma once

#include "auth/sigv4.h"
#include "base/buffer.h"

struct sign_header {
    struct slice name;  /* in lower case */
    struct slice value; /* trimmed */
};

struct sign_request {
    struct slice method;
    struct slice path;                 /* encoded; "/" if empty */
    struct slice query;                /* encoded and sorted */
    const struct sign_header *headers; /* those that are signed, sorted by name */
    size_t header_count;
    struct slice body;
};

/* `time` and `scope` are as in sigv4_sign, `key` is of that scope. `scratch` is used up. */
void sign_request(const struct sign_request *request, struct sigv4_key *key, struct slice time, struct slice scope,
                  struct buffer *scratch, char ret_signature[SHA256_HEX]);
