#include "auth/sign.h"

#include <assert.h>

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
    unsigned char hash[SHA256_BYTES];
    crypto_sha256(request->body, hash);
    crypto_hex(hash, sizeof hash, buffer_reserve(out, SHA256_HEX));
    out->len += SHA256_HEX;
}

void sign_request(const struct sign_request *request, struct sigv4_key *key, struct slice time, struct slice scope,
                  struct buffer *scratch, char ret_signature[SHA256_HEX])
{
    assert(request->header_count > 0);
    buffer_clear(scratch);
    append_canonical(scratch, request);
    sigv4_sign(key, time, scope, scratch, ret_signature);
}
