/* Who sent a request: its signature, checked against the identities that are published at that moment.
 *
 * One guard is shared by all event loops; each loop has a guard_loop of its own with what the check needs: scratch, the
 * derived keys of the day, sessions that were opened lately, and a reference to the identities. A check takes no lock.
 *
 * Nothing that a stranger sends is kept: a session is, once its token was opened, which takes our key; of those, one
 * for each of GUARD_SESSIONS places. */
#pragma once

#include "auth/session.h"
#include "auth/sigv4.h"

#include <pthread.h>
#include <stdatomic.h>

struct guard {
    struct slice region;                       /* what requests must be signed for; must outlive the guard */
    unsigned char session_key[SEAL_KEY_BYTES]; /* what tokens are sealed with; does not change while loops run */
    pthread_mutex_t lock;
    struct identities *identities; /* under lock */
    atomic_uint version;           /* counts what was published */
};

/* Until something is published, nobody is known. */
void guard_init(struct guard *guard, const char *region);
/* Before there are loops; until then the key is a random one. */
void guard_set_session_key(struct guard *guard, const unsigned char key[SEAL_KEY_BYTES]);
void guard_finish(struct guard *guard);

/* Takes over the reference. Checks that begin after this returns use the new set. Any thread. */
void guard_publish(struct guard *guard, struct identities *identities);

/* The caller, valid until the loop's next check. */
struct guard_caller {
    const char *arn;                  /* of the user or of the role's session; NULL: everybody, for there is no guard */
    const struct identity_user *user; /* NULL for the session of a role */
    const struct identity_role *role; /* NULL otherwise */
    const struct identity_policies *policies; /* what he may do */
    const struct policy *session_policy;      /* and what it is limited to; NULL: it is not */
    const struct session *session;            /* of temporary credentials; NULL without */
    const struct identity_key *key;           /* that signed, or that the session began with */
};

#define GUARD_SESSIONS      256u
#define GUARD_SERVICE_CHARS 16
/* arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION */
#define GUARD_ARN_CHARS_MAX 255

/* A session whose token was opened. */
struct guard_session {
    struct buffer token, plain;
    struct session session; /* borrows from `plain` */
    struct policy *policy;
    unsigned version; /* of the identities that `caller` is of */
    bool has_caller;  /* false: user, role or access key are gone, or disabled */
    struct guard_caller caller;
    char arn[GUARD_ARN_CHARS_MAX + 1];
    /* The key that signs for the session, that day, for this service. */
    struct sigv4_key signing;
    char date[8];
    char service[GUARD_SERVICE_CHARS];
    size_t service_len; /* 0: not derived yet */
};

#define GUARD_SEEN 256u

/* An Authorization header that signed lately, up to its signature, and what it takes to check the next one: so that a
 * request costs one HMAC and not five. */
struct guard_seen {
    struct sigv4_seen seen;
    unsigned version; /* of the identities that `key` is of; 0: it is none of theirs, but a session's */
    const struct identity_key *key;
    struct sigv4_key signing; /* of the key, date, region and service in the header */
};

struct guard_loop {
    struct guard *guard;
    struct identities *identities; /* a reference */
    unsigned version;
    struct buffer canonical;
    struct guard_seen *seen;         /* by sigv4_seen_place: one place for each, the newest stays */
    struct guard_session **sessions; /* by a hash of the token, the same way; NULL: nothing there */
};

void guard_loop_init(struct guard_loop *loop, struct guard *guard);
void guard_loop_finish(struct guard_loop *loop);

/* What is wrong with the request, or SIGV4_OK and the caller. `service` is "dynamodb" or another of
 * GUARD_SERVICE_CHARS at most. `claims` is filled in as far as the check got, with memory of the request and the arena.
 * Loop thread. */
enum sigv4_result guard_check(struct guard_loop *loop, const struct auth_head *head, struct slice body, int64_t now_s,
                              struct slice service, struct arena *arena, struct sigv4 *ret_claims,
                              struct guard_caller *ret_caller);

/* The root user, by his own key or by a session of his: he may do everything. */
static inline bool guard_caller_is_root(const struct guard_caller *caller)
{
    return caller->user != NULL && caller->user->is_root;
}
