/* Who there is: users and their access keys, and roles that users may take. A set is filled by one thread, then
 * published and never changed again, so that any number of threads may read it; a change makes a new set. */
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

#define IDENTITIES_POLICIES_MAX 10 /* of a user or role */
#define IDENTITIES_ROLES_MAX    1000
/* A unique id as AWS forms it: AIDA or AROA and seventeen of A-Z and 2-7. */
#define IDENTITIES_UNIQUE_ID_CHARS 21
/* How long a session of a role may last. */
#define IDENTITIES_SESSION_S_MIN     3600
#define IDENTITIES_SESSION_S_MAX     43200
#define IDENTITIES_SESSION_S_DEFAULT 3600

struct identity_policy {
    char *name; /* as users are named */
    char *document;
    struct policy *tree;
};

/* What somebody may do; nothing without. */
struct identity_policies {
    struct identity_policy *items;
    unsigned count;
};

struct identity_user {
    char *name; /* "alice"; the root user has none: "" */
    char *arn;  /* arn:aws:iam::ACCOUNT:user/alice, or :root */
    bool is_root;
    bool enabled;
    uint64_t created_us;
    struct identity_policies policies;
};

struct identity_role {
    char *name; /* "reader" */
    char *arn;  /* arn:aws:iam::ACCOUNT:role/reader */
    bool enabled;
    uint64_t created_us;
    uint32_t session_s_max;
    char *trust; /* the policy that says who may take it; NULL: nobody */
    struct policy *trust_tree;
    struct identity_policies policies;
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

/* A role with nobody's trust. The caller has checked name and bounds. */
struct identity_role *identities_add_role(struct identities *identities, const char *name);
void identities_remove_role(struct identities *identities, struct identity_role *role);
/* -1: the document is no trust policy, and the role keeps the one it had. */
int identities_set_trust(struct identity_role *role, struct slice document, struct err *err) MUST_USE;

/* Replaces the policy of this name, or adds one. -1: the document is no policy, or there are too many. */
int identities_put_policy(struct identity_policies *policies, const char *name, struct slice document,
                          struct err *err) MUST_USE;
/* False: there is none. */
bool identities_remove_policy(struct identity_policies *policies, const char *name);
const struct identity_policy *identities_find_policy(const struct identity_policies *policies, const char *name);

/* 1 to 64 letters, digits and +=,.@_- as AWS has it. */
bool identities_name_is_valid(const char *name);

/* The key or user, or NULL. What is found may be changed only before the set is shared. */
const struct identity_key *identities_find_key(const struct identities *identities, struct slice id);
struct identity_user *identities_find_user(const struct identities *identities, struct slice name);

struct identity_role *identities_find_role(const struct identities *identities, struct slice name);

/* What aws:userid begins with: another one for somebody else who was given the same name later. Not for the root user,
 * whose is the account's. */
void identities_user_id(const struct identity_user *user, char ret_id[IDENTITIES_UNIQUE_ID_CHARS + 1]);
void identities_role_id(const struct identity_role *role, char ret_id[IDENTITIES_UNIQUE_ID_CHARS + 1]);

/* Copies the beginning, then letters and digits of AWS's ids at random up to `chars`, and a NUL. */
void identities_random_id(const char *start, size_t chars, char *ret_id);
/* Forty characters and a NUL, as AWS's secrets are. */
#define IDENTITIES_NEW_SECRET_CHARS 40
void identities_random_secret(char ret_secret[IDENTITIES_NEW_SECRET_CHARS + 1]);

/* For those who list: users, keys and roles in the order in which they were added. */
unsigned identities_role_count(const struct identities *identities);
struct identity_role *identities_role(const struct identities *identities, unsigned i);
unsigned identities_user_count(const struct identities *identities);
struct identity_user *identities_user(const struct identities *identities, unsigned i);
unsigned identities_user_keys(const struct identities *identities, const struct identity_user *user);
unsigned identities_key_count(const struct identities *identities);
struct identity_key *identities_key(const struct identities *identities, unsigned i);
