#include "auth/identities.h"

#include "base/hash.h"
#include "crypto/sha256.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct identities {
    atomic_uint references;
    char *account;
    struct identity_user **users;
    unsigned user_count, user_capacity;
    struct identity_key **keys;
    unsigned key_count, key_capacity;
    unsigned *slots; /* key number + 1 by the hash of its id, linear probing; 0: free */
    unsigned slot_count;
};

static void *allocate(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        abort();
    }
    return copy;
}

struct identities *identities_create(const char *account)
{
    struct identities *identities = allocate(sizeof *identities);
    atomic_init(&identities->references, 1);
    identities->account = copy_text(account);
    return identities;
}

struct identities *identities_reference(struct identities *identities)
{
    atomic_fetch_add(&identities->references, 1);
    return identities;
}

static void key_destroy(struct identity_key *key)
{
    crypto_wipe(key->secret, strlen(key->secret));
    free(key->secret);
    free(key->id);
    free(key);
}

static void policy_finish(struct identity_policy *policy)
{
    free(policy->name);
    free(policy->document);
    policy_destroy(policy->tree);
}

static void user_destroy(struct identity_user *user)
{
    for (unsigned i = 0; i < user->policy_count; i++) {
        policy_finish(&user->policies[i]);
    }
    free(user->policies);
    free(user->name);
    free(user->arn);
    free(user);
}

void identities_release(struct identities *identities)
{
    if (identities == NULL || atomic_fetch_sub(&identities->references, 1) != 1) {
        return;
    }
    for (unsigned i = 0; i < identities->key_count; i++) {
        key_destroy(identities->keys[i]);
    }
    for (unsigned i = 0; i < identities->user_count; i++) {
        user_destroy(identities->users[i]);
    }
    free(identities->users);
    free(identities->keys);
    free(identities->slots);
    free(identities->account);
    free(identities);
}

static void *grow(void *array, unsigned count, unsigned *capacity)
{
    if (count < *capacity) {
        return array;
    }
    *capacity = *capacity == 0 ? 8 : *capacity * 2;
    array = realloc(array, *capacity * sizeof(void *));
    if (array == NULL) {
        abort();
    }
    return array;
}

struct identity_user *identities_add_user(struct identities *identities, const char *name)
{
    struct identity_user *user = allocate(sizeof *user);
    user->is_root = name == NULL;
    user->enabled = true;
    user->name = copy_text(name == NULL ? "" : name);
    int len = name == NULL ? asprintf(&user->arn, "arn:aws:iam::%s:root", identities->account)
                           : asprintf(&user->arn, "arn:aws:iam::%s:user/%s", identities->account, name);
    if (len < 0) {
        abort();
    }
    identities->users = grow(identities->users, identities->user_count, &identities->user_capacity);
    identities->users[identities->user_count++] = user;
    return user;
}

static void insert_slot(struct identities *identities, unsigned number)
{
    unsigned at = identities->keys[number]->hash % identities->slot_count;
    while (identities->slots[at] != 0) {
        at = (at + 1) % identities->slot_count;
    }
    identities->slots[at] = number + 1;
}

static void rebuild_slots(struct identities *identities)
{
    free(identities->slots);
    identities->slot_count = identities->key_count * 4;
    identities->slots = allocate((identities->slot_count + 1) * sizeof identities->slots[0]);
    for (unsigned i = 0; i < identities->key_count; i++) {
        insert_slot(identities, i);
    }
}

struct identity_key *identities_add_key(struct identities *identities, struct identity_user *user, const char *id,
                                        const char *secret)
{
    struct identity_key *key = allocate(sizeof *key);
    *key = (struct identity_key){
        .id = copy_text(id),
        .id_len = (uint32_t)strlen(id),
        .hash = (uint32_t)hash_bytes(slice_from_string(id)),
        .secret = copy_text(secret),
        .enabled = true,
        .user = user,
    };
    identities->keys = grow(identities->keys, identities->key_count, &identities->key_capacity);
    identities->keys[identities->key_count++] = key;
    if (identities->key_count * 2 <= identities->slot_count) {
        insert_slot(identities, identities->key_count - 1);
        return key;
    }
    rebuild_slots(identities);
    return key;
}

/* Takes entry `i` out; the order stays. */
static void cut_out(void *array, unsigned i, unsigned *count)
{
    void **entries = array;
    (*count)--;
    memmove(entries + i, entries + i + 1, (*count - i) * sizeof *entries);
}

void identities_remove_key(struct identities *identities, struct identity_key *key)
{
    for (unsigned i = 0; i < identities->key_count; i++) {
        if (identities->keys[i] == key) {
            cut_out(identities->keys, i, &identities->key_count);
            key_destroy(key);
            rebuild_slots(identities);
            return;
        }
    }
}

void identities_remove_user(struct identities *identities, struct identity_user *user)
{
    for (unsigned i = identities->key_count; i > 0; i--) {
        if (identities->keys[i - 1]->user == user) {
            identities_remove_key(identities, identities->keys[i - 1]);
        }
    }
    for (unsigned i = 0; i < identities->user_count; i++) {
        if (identities->users[i] == user) {
            cut_out(identities->users, i, &identities->user_count);
            user_destroy(user);
            return;
        }
    }
}

/* Its place, or policy_count. */
static unsigned policy_place(const struct identity_user *user, const char *name)
{
    unsigned at = 0;
    while (at < user->policy_count && strcmp(user->policies[at].name, name) != 0) {
        at++;
    }
    return at;
}

const struct identity_policy *identities_find_policy(const struct identity_user *user, const char *name)
{
    unsigned at = policy_place(user, name);
    return at < user->policy_count ? &user->policies[at] : NULL;
}

int identities_put_policy(struct identity_user *user, const char *name, struct slice document, struct err *err)
{
    unsigned at = policy_place(user, name);
    struct policy *tree;
    if (at == IDENTITIES_POLICIES_PER_USER_MAX) {
        return err_set(err, "'%s' has %u policies already, and no more are possible", user->name, at);
    }
    if (policy_parse(document, POLICY_OF_IDENTITY, &tree, err) != 0) {
        return -1;
    }
    if (at == user->policy_count) {
        user->policies = realloc(user->policies, (at + 1) * sizeof user->policies[0]);
        if (user->policies == NULL) {
            abort();
        }
        user->policy_count++;
    } else {
        policy_finish(&user->policies[at]);
    }
    char *copy = allocate(document.len + 1);
    memcpy(copy, document.data, document.len);
    user->policies[at] = (struct identity_policy){.name = copy_text(name), .document = copy, .tree = tree};
    return 0;
}

bool identities_remove_policy(struct identity_user *user, const char *name)
{
    unsigned at = policy_place(user, name);
    if (at == user->policy_count) {
        return false;
    }
    policy_finish(&user->policies[at]);
    user->policy_count--;
    memmove(user->policies + at, user->policies + at + 1, (user->policy_count - at) * sizeof user->policies[0]);
    return true;
}

bool identities_name_is_valid(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= IDENTITIES_NAME_CHARS_MAX && strspn(name, IDENTITIES_KEY_CHARS "+=,.@-") == len;
}

unsigned identities_user_keys(const struct identities *identities, const struct identity_user *user)
{
    unsigned count = 0;
    for (unsigned i = 0; i < identities->key_count; i++) {
        count += identities->keys[i]->user == user;
    }
    return count;
}

const struct identity_key *identities_find_key(const struct identities *identities, struct slice id)
{
    if (identities->slot_count == 0) {
        return NULL;
    }
    uint32_t hash = (uint32_t)hash_bytes(id);
    unsigned at = hash % identities->slot_count;
    for (; identities->slots[at] != 0; at = (at + 1) % identities->slot_count) {
        const struct identity_key *key = identities->keys[identities->slots[at] - 1];
        if (key->hash == hash && slice_equal(slice_of(key->id, key->id_len), id)) {
            return key;
        }
    }
    return NULL;
}

struct identity_user *identities_find_user(const struct identities *identities, struct slice name)
{
    for (unsigned i = 0; i < identities->user_count; i++) {
        struct identity_user *user = identities->users[i];
        if (!user->is_root && slice_equal(slice_from_string(user->name), name)) {
            return user;
        }
    }
    return NULL;
}

unsigned identities_user_count(const struct identities *identities)
{
    return identities->user_count;
}

struct identity_user *identities_user(const struct identities *identities, unsigned i)
{
    return identities->users[i];
}

unsigned identities_key_count(const struct identities *identities)
{
    return identities->key_count;
}

struct identity_key *identities_key(const struct identities *identities, unsigned i)
{
    return identities->keys[i];
}
