#include "auth/identities.h"

#include "base/env.h"
#include "base/hash.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct identities {
    atomic_uint references;
    char *account;
    struct identity_user **users;
    unsigned user_count, user_capacity;
    struct identity_role **roles;
    unsigned role_count, role_capacity;
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

static void policies_finish(struct identity_policies *policies)
{
    for (unsigned i = 0; i < policies->count; i++) {
        policy_finish(&policies->items[i]);
    }
    free(policies->items);
}

static void role_destroy(struct identity_role *role)
{
    policies_finish(&role->policies);
    policy_destroy(role->trust_tree);
    free(role->trust);
    free(role->name);
    free(role->arn);
    free(role);
}

static void user_destroy(struct identity_user *user)
{
    policies_finish(&user->policies);
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
    for (unsigned i = 0; i < identities->role_count; i++) {
        role_destroy(identities->roles[i]);
    }
    free(identities->users);
    free(identities->roles);
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

struct identity_role *identities_add_role(struct identities *identities, const char *name)
{
    struct identity_role *role = allocate(sizeof *role);
    role->enabled = true;
    role->session_s_max = IDENTITIES_SESSION_S_DEFAULT;
    role->name = copy_text(name);
    if (asprintf(&role->arn, "arn:aws:iam::%s:role/%s", identities->account, name) < 0) {
        abort();
    }
    identities->roles = grow(identities->roles, identities->role_count, &identities->role_capacity);
    identities->roles[identities->role_count++] = role;
    return role;
}

void identities_remove_role(struct identities *identities, struct identity_role *role)
{
    for (unsigned i = 0; i < identities->role_count; i++) {
        if (identities->roles[i] == role) {
            cut_out(identities->roles, i, &identities->role_count);
            role_destroy(role);
            return;
        }
    }
}

static char *copy_slice(struct slice text)
{
    char *copy = allocate(text.len + 1);
    memcpy(copy, text.data, text.len);
    return copy;
}

int identities_set_trust(struct identity_role *role, struct slice document, struct err *err)
{
    struct policy *tree;
    if (policy_parse(document, POLICY_OF_TRUST, &tree, err) != 0) {
        return -1;
    }
    policy_destroy(role->trust_tree);
    free(role->trust);
    role->trust = copy_slice(document);
    role->trust_tree = tree;
    return 0;
}

/* Its place, or the count. */
static unsigned policy_place(const struct identity_policies *policies, const char *name)
{
    unsigned at = 0;
    while (at < policies->count && strcmp(policies->items[at].name, name) != 0) {
        at++;
    }
    return at;
}

const struct identity_policy *identities_find_policy(const struct identity_policies *policies, const char *name)
{
    unsigned at = policy_place(policies, name);
    return at < policies->count ? &policies->items[at] : NULL;
}

int identities_put_policy(struct identity_policies *policies, const char *name, struct slice document, struct err *err)
{
    unsigned at = policy_place(policies, name);
    struct policy *tree;
    if (at == IDENTITIES_POLICIES_MAX) {
        return err_set(err, "there are %u policies already, and no more are possible", at);
    }
    if (policy_parse(document, POLICY_OF_IDENTITY, &tree, err) != 0) {
        return -1;
    }
    if (at == policies->count) {
        policies->items = realloc(policies->items, (at + 1) * sizeof policies->items[0]);
        if (policies->items == NULL) {
            abort();
        }
        policies->count++;
    } else {
        policy_finish(&policies->items[at]);
    }
    policies->items[at] =
        (struct identity_policy){.name = copy_text(name), .document = copy_slice(document), .tree = tree};
    return 0;
}

bool identities_remove_policy(struct identity_policies *policies, const char *name)
{
    unsigned at = policy_place(policies, name);
    if (at == policies->count) {
        return false;
    }
    policy_finish(&policies->items[at]);
    policies->count--;
    memmove(policies->items + at, policies->items + at + 1, (policies->count - at) * sizeof policies->items[0]);
    return true;
}

/* --- ids and secrets ---------------------------------------------------------------------------------------------- */

/* Both have as many digits as a power of two: all are as likely. */
static const char id_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char secret_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void append_digits(const unsigned char *bytes, const char *digits, size_t digit_count, size_t from, size_t to,
                          char *ret_text)
{
    for (size_t at = from; at < to; at++) {
        ret_text[at] = digits[bytes[at - from] % digit_count];
    }
    ret_text[to] = '\0';
}

void identities_random_id(const char *start, size_t chars, char *ret_id)
{
    unsigned char bytes[IDENTITIES_KEY_CHARS_MAX];
    size_t from = strlen(start);
    assert(from <= chars && chars <= sizeof bytes);
    env_random(bytes, chars - from);
    memcpy(ret_id, start, from);
    append_digits(bytes, id_digits, sizeof id_digits - 1, from, chars, ret_id);
}

void identities_random_secret(char ret_secret[IDENTITIES_NEW_SECRET_CHARS + 1])
{
    unsigned char bytes[IDENTITIES_NEW_SECRET_CHARS];
    env_random(bytes, sizeof bytes);
    append_digits(bytes, secret_digits, sizeof secret_digits - 1, 0, sizeof bytes, ret_secret);
    crypto_wipe(bytes, sizeof bytes);
}

static void unique_id(const char *start, const char *arn, uint64_t created_us, char *ret_id)
{
    unsigned char hash[SHA256_BYTES];
    struct buffer text = {0};
    buffer_printf(&text, "%s %llu", arn, (unsigned long long)created_us);
    crypto_sha256(buffer_slice(&text), hash);
    buffer_finish(&text);
    size_t from = strlen(start);
    memcpy(ret_id, start, from);
    append_digits(hash, id_digits, sizeof id_digits - 1, from, IDENTITIES_UNIQUE_ID_CHARS, ret_id);
}

void identities_user_id(const struct identity_user *user, char ret_id[IDENTITIES_UNIQUE_ID_CHARS + 1])
{
    unique_id("AIDA", user->arn, user->created_us, ret_id);
}

void identities_role_id(const struct identity_role *role, char ret_id[IDENTITIES_UNIQUE_ID_CHARS + 1])
{
    unique_id("AROA", role->arn, role->created_us, ret_id);
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

struct identity_role *identities_find_role(const struct identities *identities, struct slice name)
{
    for (unsigned i = 0; i < identities->role_count; i++) {
        if (slice_equal(slice_from_string(identities->roles[i]->name), name)) {
            return identities->roles[i];
        }
    }
    return NULL;
}

unsigned identities_role_count(const struct identities *identities)
{
    return identities->role_count;
}

struct identity_role *identities_role(const struct identities *identities, unsigned i)
{
    return identities->roles[i];
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
