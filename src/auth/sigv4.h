/* Signature Version 4: reading a signed request's claims, and the texts that are signed.
 *
 * Source: AWS's "Signature Version 4 for API requests" (IAM User Guide). The order in which DynamoDB refuses bad
 * requests is known from its answers: what is missing, the date, the host, the algorithm, the credential, its scope,
 * the key, the signature, the security token.
 *
 * Nothing here words an error: api/ does. All functions are pure; memory is the arena's or the caller's buffer's. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "crypto/sha256.h"

/* How far a client's clock may be off. DynamoDB says "15 min." in its own answers. */
#define SIGV4_ALGORITHM  "AWS4-HMAC-SHA256"
#define SIGV4_TERMINATOR "aws4_request"

#define SIGV4_SKEW_S (15 * 60)
/* A presigned request is good for a week at most. */
#define SIGV4_EXPIRES_S_MAX 604800
/* Requests that sign more headers, or have more query parameters, are refused as if the signature were wrong. */
#define SIGV4_HEADERS_MAX    64
#define SIGV4_PARAMETERS_MAX 64
#define SIGV4_TIME_CHARS     16 /* 20130609T094515Z */
/* Longer beginnings of the Authorization header are read anew each time. */
#define SIGV4_SEEN_BYTES 512

/* Room for an address as text, with its NUL. */
#define AUTH_PEER_CHARS 64

struct auth_header {
    struct slice name; /* in lower case */
    struct slice value;
};

/* What a check needs of an HTTP request; borrowed from whoever received it. */
struct auth_head {
    struct slice method;
    struct slice path;  /* normalized, without the query */
    struct slice query; /* without the question mark */
    struct slice host;  /* the header Host, or HTTP/2's :authority */
    size_t content_length;
    const struct auth_header *headers; /* all others, in the order in which they came */
    size_t header_count;
    /* The address that the request came from. False: it is not known. NULL: nor are there addresses. */
    bool (*peer)(const void *context, char ret_text[AUTH_PEER_CHARS]);
    const void *context; /* for `peer` */
    bool secure;         /* it came over TLS */
};

/* The first header of this name (lower case), or false. */
bool auth_head_find(const struct auth_head *head, struct slice name, struct slice *ret_value);

enum sigv4_result {
    SIGV4_OK,
    SIGV4_MISSING,              /* no signature at all */
    SIGV4_TWICE,                /* in the header and in the query */
    SIGV4_NO_PAIR,              /* `detail` in the header has no "=" */
    SIGV4_HEADER_INCOMPLETE,    /* `missing` */
    SIGV4_QUERY_INCOMPLETE,     /* `missing` */
    SIGV4_DATE_MALFORMED,       /* `date` */
    SIGV4_EXPIRES_MALFORMED,    /* `detail` */
    SIGV4_EXPIRED,              /* `time` is before `limit` */
    SIGV4_NOT_YET,              /* `time` is after `limit` */
    SIGV4_HOST_UNSIGNED,        /* host is not among the signed headers */
    SIGV4_TARGET_UNSIGNED,      /* x-amz-target is there and not signed */
    SIGV4_ALGORITHM_UNKNOWN,    /* `algorithm` */
    SIGV4_CREDENTIAL_MALFORMED, /* `credential` */
    SIGV4_SCOPE_WRONG,          /* `wrong` */
    SIGV4_KEY_UNKNOWN,
    SIGV4_MISMATCH,
    SIGV4_TOKEN_INVALID,
    SIGV4_TOKEN_EXPIRED,
};

/* Bits of `missing`, in the order in which they are reported. */
enum sigv4_part {
    SIGV4_PART_ALGORITHM = 1,
    SIGV4_PART_CREDENTIAL = 2,
    SIGV4_PART_SIGNATURE = 4,
    SIGV4_PART_SIGNED_HEADERS = 8,
    SIGV4_PART_DATE = 16,
};

/* Bits of `wrong`. */
enum sigv4_scope { SIGV4_SCOPE_REGION = 1, SIGV4_SCOPE_SERVICE = 2, SIGV4_SCOPE_END = 4, SIGV4_SCOPE_DATE = 8 };

/* Who signed, for what, and which headers: what the Authorization header says before the signature. */
struct sigv4_signer {
    struct slice algorithm, credential, signed_headers;
    /* of the credential: KEY/DATE/REGION/SERVICE/aws4_request */
    struct slice access_key, scope, scope_date, scope_region, scope_service, scope_end;
    bool has_scope; /* the credential has five parts */
    bool host_is_signed, target_is_signed;
};

/* A request's claims. */
struct sigv4 {
    bool presigned;                    /* they came in the query */
    bool was_seen;                     /* the header began as one before */
    const struct sigv4_signer *signer; /* in the arena, or of what was seen */
    struct slice authorization;        /* the header; empty when presigned */
    struct slice signature;
    struct slice token; /* X-Amz-Security-Token, or empty */
    struct slice date;  /* as sent */
    int64_t time_s;
    char time[SIGV4_TIME_CHARS];
    uint32_t valid_s; /* how old the signature may be */

    /* with a refusal */
    unsigned missing, wrong;
    struct slice detail;
    char now[SIGV4_TIME_CHARS], limit[SIGV4_TIME_CHARS]; /* with SIGV4_EXPIRED and SIGV4_NOT_YET */
};

/* The Authorization header up to its signature, and what was read of it: a client sends the same all day. And the time
 * of the last request, which is the next one's within a second. */
struct sigv4_seen {
    char text[SIGV4_SEEN_BYTES];
    size_t len;                 /* 0: none yet */
    struct sigv4_signer signer; /* its texts lie in `text` */
    char time[SIGV4_TIME_CHARS];
    int64_t time_s;
};

/* Which of `count` places such a header belongs in. */
unsigned sigv4_seen_place(struct slice authorization, unsigned count);

/* Reads what the request claims. `authorization` is its first header of that name, or empty; `seen` is from that
 * header's place, and stays as long as the claims do; NULL is allowed. Any result up to SIGV4_EXPIRES_MALFORMED. */
enum sigv4_result sigv4_read(const struct auth_head *head, struct slice authorization, const struct sigv4_seen *seen,
                             struct arena *arena, struct sigv4 *ret_claims);

/* Keeps what was read for the next header that begins alike. For claims whose signature was good, so that nobody else
 * takes the place. False: it cannot be kept. */
bool sigv4_remember(struct sigv4_seen *seen, const struct sigv4 *claims);

/* Checks time, signed headers, algorithm and scope. Any result from SIGV4_EXPIRED to SIGV4_SCOPE_WRONG, or SIGV4_OK. */
enum sigv4_result sigv4_check(const struct auth_head *head, struct sigv4 *claims, int64_t now_s, struct slice region,
                              struct slice service);

/* Appends the canonical request. False: more headers or parameters than the limits, or signed headers that are not in
 * ascending order, so that no signature can match. `payload` is the hash of the body in hexadecimal. */
bool sigv4_append_canonical(const struct auth_head *head, const struct sigv4 *claims, struct slice payload,
                            struct buffer *out);

/* The key that signs all requests of one day, region and service, in the form in which it is kept. */
struct sigv4_key {
    struct crypto_key key;
    /* Within a second all texts to sign begin alike: how the last one began, and the key behind that. */
    char first[CRYPTO_BLOCK_BYTES];
    struct crypto_key begun;
    /* So do canonical requests for one operation, unless the client signs headers that it never sends twice. */
    struct crypto_begun canonical;
};

/* `bytes` are what sigv4_signing_key makes. */
void sigv4_key_set(struct sigv4_key *key, const unsigned char bytes[SHA256_BYTES]);

/* The key that signs all requests of one day, region and service. */
void sigv4_signing_key(struct slice secret, struct slice date, struct slice region, struct slice service,
                       unsigned char ret_key[SHA256_BYTES]);

/* The signature over a canonical request, at `time` (20150830T123600Z), for `scope` (20150830/us-east-1/dynamodb/
 * aws4_request). Uses up what is in `canonical`. */
void sigv4_sign(struct sigv4_key *key, struct slice time, struct slice scope, struct buffer *canonical,
                char ret_signature[SHA256_HEX]);

/* The signature in hexadecimal. `canonical` is scratch that is kept for the next call. False as in
 * sigv4_append_canonical. */
bool sigv4_signature(const struct auth_head *head, const struct sigv4 *claims, struct slice body, struct sigv4_key *key,
                     struct buffer *canonical, char ret_signature[SHA256_HEX]);

/* Seconds since 1970 as 20130609T094515Z. */
void sigv4_time_text(int64_t time_s, char ret_text[SIGV4_TIME_CHARS]);
