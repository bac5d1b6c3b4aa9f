/* Who sent a request: its signature, checked against the identities that are published at that moment.
 *
 * One guard is shared by all event loops; each loop has a guard_loop of its own with what the check needs: scratch, the
 * derived keys of the day, and a reference to the identities. A check takes no lock. */
#pragma once

#include "auth/identities.h"
#include "auth/sigv4.h"

#include <pthread.h>
#include <stdatomic.h>

struct guard {
    const char *region; /* what requests must be signed for; must outlive the guard */
    pthread_mutex_t lock;
    struct identities *identities; /* under lock */
    atomic_uint version;           /* counts what was published */
};

/* Until something is published, nobody is known. */
void guard_init(struct guard *guard, const char *region);
void guard_finish(struct guard *guard);

/* Takes over the reference. Checks that begin after this returns use the new set. Any thread. */
void guard_publish(struct guard *guard, struct identities *identities);

/* Keys that signed recently, so that a request costs one HMAC and not five. */
#define GUARD_KEYS 256u

struct guard_key {
    unsigned version; /* of the identities; 0: empty */
    char id[IDENTITIES_KEY_CHARS_MAX];
    unsigned id_len;
    char date[8];
    char service[16];
    unsigned service_len;
    struct sigv4_key key;
};

struct guard_loop {
    struct guard *guard;
    struct identities *identities; /* a reference */
    unsigned version;
    struct buffer canonical;
    struct guard_key *keys; /* by a hash of the id: one place for each, the newest stays */
};

void guard_loop_init(struct guard_loop *loop, struct guard *guard);
void guard_loop_finish(struct guard_loop *loop);

/* The caller, valid until the loop's next check. */
struct guard_caller {
    const struct identity_user *user;
    const struct identity_key *key;
};

/* What is wrong with the request, or SIGV4_OK and the caller. `service` is "dynamodb" or another of 16 characters at
 * most. `claims` is filled in as far as the check got, with memory of the request and the arena. Loop thread. */
enum sigv4_result guard_check(struct guard_loop *loop, const struct auth_head *head, struct slice body, int64_t now_s,
                              struct slice service, struct arena *arena, struct sigv4 *ret_claims,
                              struct guard_caller *ret_caller);
