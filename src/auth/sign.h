/* AWS Signature Version 4: what a client computes and a server computes again.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * Texts are taken as they stand: bringing paths, queries and headers into canonical form is the caller's. */
#pragma once

#include "base/slice.h"

#define SIGN_ALGORITHM  "AWS4-HMAC-SHA256"
#define SIGN_TERMINATOR "aws4_request"

#define SIGN_KEY_BYTES  32
#define SIGN_HEX_CHARS  64 /* a hash or a signature, in lower case */
#define SIGN_DATE_CHARS 8  /* 20150830 */
#define SIGN_TIME_CHARS 16 /* 20150830T123600Z */

/* Where a key is good: one day, one region, one service. */
struct sign_scope {
    struct slice date; /* SIGN_DATE_CHARS */
    struct slice region;
    struct slice service;
};

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
    struct slice payload_hash; /* as the canonical request ends: SIGN_HEX_CHARS of signer_hash, or UNSIGNED-PAYLOAD */
};

/* OpenSSL's contexts and a buffer. One per thread. Failures of OpenSSL itself abort: they are those of memory. */
struct signer;
struct signer *signer_create(void);
/* NULL is allowed. Wipes the keys it has seen. */
void signer_destroy(struct signer *signer);

/* SHA-256 in hexadecimal, without a NUL. */
void signer_hash(struct signer *signer, struct slice bytes, char ret_hex[SIGN_HEX_CHARS]);

/* The signing key that a secret access key makes for a scope. Four HMACs: worth keeping as long as the day lasts. */
void signer_derive_key(struct signer *signer, struct slice secret, const struct sign_scope *scope,
                       unsigned char ret_key[SIGN_KEY_BYTES]);

/* The signature of a request at `time` (SIGN_TIME_CHARS), in hexadecimal, without a NUL. `key` belongs to the scope. */
void signer_sign(struct signer *signer, const unsigned char key[SIGN_KEY_BYTES], const struct sign_scope *scope,
                 struct slice time, const struct sign_request *request, char ret_signature[SIGN_HEX_CHARS]);
