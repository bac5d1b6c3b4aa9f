/* Who there is: users and their access keys. A set is filled by one thread, then published and never changed again, so
 * that any number of threads may read it; a change makes a new set. */
#pragma once

#include "auth/policy.h"

/* AWS's own bounds: names up to 64 characters, access keys from 16 to 128. */
#define IDENTITIES_NAME_CHARS_MAX   64
#define IDENTITIES_KEY_CHARS_MIN    16
#define IDENTITIES_KEY_CHARS_MAX    128
#define IDENTITIES_KEY_CHARS        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
#define IDENTITIES_SECRET_CHARS_MIN 16
#define IDENTITIES_SECRET_CHARS_MAX 128
#define IDENTITIES_USERS_MAX        5000
/* A new key comes before the old one goes. */
#define IDENTITIES_KEYS_PER_USER_MAX 2

#define IDENTITIES_POLICIES_PER_USER_MAX 10

struct identity_policy {
    char *name; /* as users are named */
    char *document;
    struct policy *tree;
};

struct identity_user {
    char *name; /* "alice"; the root user has none: "" */
    char *arn;  /* arn:aws:iam::ACCOUNT:user/alice, or :root */
    bool is_root;
    bool enabled;
    uint64_t created_us;
    struct identity_policy *policies; /* what he may do; nothing without */
    unsigned policy_count;
};

struct identity_key {
    char *id;
    uint32_t id_len;
    uint32_t hash; /* of the id */
    char *secret;
    bool enabled;
    uint64_t created_us;
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

/* With his keys. */
void identities_remove_user(struct identities *identities, struct identity_user *user);
void identities_remove_key(struct identities *identities, struct identity_key *key);

/* Replaces the policy of this name, or adds one. -1: the document is no policy, or there are too many. */
int identities_put_policy(struct identity_user *user, const char *name, struct slice document,
                          struct err *err) MUST_USE;
/* False: there is none. */
bool identities_remove_policy(struct identity_user *user, const char *name);
const struct identity_policy *identities_find_policy(const struct identity_user *user, const char *name);

/* 1 to 64 letters, digits and +=,.@_- as AWS has it. */
bool identities_name_is_valid(const char *name);

/* The key or user, or NULL. What is found may be changed only before the set is shared. */
const struct identity_key *identities_find_key(const struct identities *identities, struct slice id);
struct identity_user *identities_find_user(const struct identities *identities, struct slice name);

/* For those who list: users and keys in the order in which they were added. */
unsigned identities_user_count(const struct identities *identities);
struct identity_user *identities_user(const struct identities *identities, unsigned i);
unsigned identities_user_keys(const struct identities *identities, const struct identity_user *user);
unsigned identities_key_count(const struct identities *identities);
struct identity_key *identities_key(const struct identities *identities, unsigned i);
