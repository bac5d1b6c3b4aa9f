/* Who there is: users and their access keys. A set is filled by one thread, then published and never changed again, so
 * that any number of threads may read it; a change makes a new set. */
#pragma once

#include "base/slice.h"

/* AWS's own bounds: names up to 64 characters, access keys from 16 to 128. */
#define IDENTITIES_NAME_CHARS_MAX   64
#define IDENTITIES_KEY_CHARS_MIN    16
#define IDENTITIES_KEY_CHARS_MAX    128
#define IDENTITIES_KEY_CHARS        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
#define IDENTITIES_SECRET_CHARS_MIN 16
#define IDENTITIES_SECRET_CHARS_MAX 128

struct identity_user {
    char *name; /* "alice"; the root user has none: "" */
    char *arn;  /* arn:aws:iam::ACCOUNT:user/alice, or :root */
    bool is_root;
    bool enabled;
};

struct identity_key {
    char *id;
    char *secret;
    bool enabled;
    struct identity_user *user;
};

struct identities;

/* An empty set with one reference. `account` as in ARNs. */
struct identities *identities_create(const char *account);
struct identities *identities_reference(struct identities *identities);
/* With the last reference the secrets are overwritten. NULL is allowed. */
void identities_release(struct identities *identities);

/* Only before the set is shared. The caller has checked names and bounds; NULL as a name: the root user. */
struct identity_user *identities_add_user(struct identities *identities, const char *name);
struct identity_key *identities_add_key(struct identities *identities, struct identity_user *user, const char *id,
                                        const char *secret);

/* The key, or NULL. */
const struct identity_key *identities_find_key(const struct identities *identities, struct slice id);
const struct identity_user *identities_find_user(const struct identities *identities, struct slice name);

/* For those who list: users and keys in the order in which they were added. */
unsigned identities_user_count(const struct identities *identities);
const struct identity_user *identities_user(const struct identities *identities, unsigned i);
unsigned identities_key_count(const struct identities *identities);
const struct identity_key *identities_key(const struct identities *identities, unsigned i);
