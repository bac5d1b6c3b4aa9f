#include "auth/guard.h"

#include "base/env.h"
#include "base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void guard_init(struct guard *guard, const char *region)
{
    *guard = (struct guard){.region = region};
    env_random(guard->session_key, sizeof guard->session_key);
    pthread_mutex_init(&guard->lock, NULL);
    guard->identities = identities_create("");
    atomic_init(&guard->version, 1);
}

void guard_set_session_key(struct guard *guard, const unsigned char key[SEAL_KEY_BYTES])
{
    memcpy(guard->session_key, key, sizeof guard->session_key);
}

void guard_finish(struct guard *guard)
{
    crypto_wipe(guard->session_key, sizeof guard->session_key);
    identities_release(guard->identities);
    pthread_mutex_destroy(&guard->lock);
}

void guard_publish(struct guard *guard, struct identities *identities)
{
    pthread_mutex_lock(&guard->lock);
    struct identities *old = guard->identities;
    guard->identities = identities;
    atomic_fetch_add(&guard->version, 1);
    pthread_mutex_unlock(&guard->lock);
    identities_release(old);
}

static void follow(struct guard_loop *loop)
{
    if (atomic_load(&loop->guard->version) == loop->version) {
        return;
    }
    identities_release(loop->identities);
    pthread_mutex_lock(&loop->guard->lock);
    loop->identities = identities_reference(loop->guard->identities);
    loop->version = atomic_load(&loop->guard->version);
    pthread_mutex_unlock(&loop->guard->lock);
}

void guard_loop_init(struct guard_loop *loop, struct guard *guard)
{
    *loop = (struct guard_loop){.guard = guard};
    loop->keys = calloc(GUARD_KEYS, sizeof loop->keys[0]);
    loop->seen = calloc(GUARD_SEEN, sizeof loop->seen[0]);
    loop->sessions = calloc(GUARD_SESSIONS, sizeof loop->sessions[0]);
    if (loop->keys == NULL || loop->seen == NULL || loop->sessions == NULL) {
        abort();
    }
    follow(loop);
}

static void session_destroy(struct guard_session *session)
{
    if (session != NULL) {
        crypto_wipe(session->plain.data, session->plain.capacity);
        buffer_finish(&session->plain);
        buffer_finish(&session->token);
        policy_destroy(session->policy);
        crypto_wipe(session, sizeof *session);
        free(session);
    }
}

void guard_loop_finish(struct guard_loop *loop)
{
    for (unsigned i = 0; i < GUARD_SESSIONS; i++) {
        session_destroy(loop->sessions[i]);
    }
    free(loop->sessions);
    identities_release(loop->identities);
    buffer_finish(&loop->canonical);
    free(loop->seen);
    crypto_wipe(loop->keys, GUARD_KEYS * sizeof loop->keys[0]);
    free(loop->keys);
    *loop = (struct guard_loop){0};
}

/* The scope has been checked: its date is the day of the request, its region ours. */
static struct sigv4_key *signing_key(struct guard_key *place, unsigned version, struct slice id, const char *secret,
                                     const struct sigv4 *claims)
{
    struct slice service = claims->scope_service;
    assert(id.len <= sizeof place->id && service.len <= sizeof place->service && claims->scope_date.len == 8);
    if (place->version != version || !slice_equal(slice_of(place->id, place->id_len), id) ||
        !slice_equal(slice_of(place->date, 8), claims->scope_date) ||
        !slice_equal(slice_of(place->service, place->service_len), service)) {
        place->version = version;
        memcpy(place->id, id.data, id.len);
        place->id_len = (unsigned)id.len;
        memcpy(place->date, claims->scope_date.data, 8);
        memcpy(place->service, service.data, service.len);
        place->service_len = (unsigned)service.len;
        unsigned char derived[SHA256_BYTES];
        sigv4_signing_key(slice_from_string(secret), claims->scope_date, claims->scope_region, service, derived);
        sigv4_key_set(&place->key, derived);
        crypto_wipe(derived, sizeof derived);
    }
    return &place->key;
}

/* A request as its checks see it. */
struct check {
    const struct auth_head *head;
    const struct sigv4 *claims;
    struct slice body;
    int64_t now_s;
};

static bool signature_matches(struct guard_loop *loop, const struct check *check, struct sigv4_key *key)
{
    char expected[SHA256_HEX];
    return sigv4_signature(check->head, check->claims, check->body, key, &loop->canonical, expected) &&
           crypto_equal(check->claims->signature, slice_of(expected, sizeof expected));
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

/* NULL: the token is none of ours. */
static struct guard_session *open_session(struct guard_loop *loop, struct slice token)
{
    struct guard_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        abort();
    }
    struct err err;
    if (!session_open(token, loop->guard->session_key, &session->plain, &session->session) ||
        (session->session.policy.len != 0 &&
         policy_parse(session->session.policy, POLICY_OF_IDENTITY, &session->policy, &err) != 0)) {
        session_destroy(session);
        return NULL;
    }
    buffer_append_slice(&session->token, token);
    return session;
}

static struct guard_session *find_session(struct guard_loop *loop, struct slice token)
{
    struct guard_session **place = &loop->sessions[hash_bytes(token) % GUARD_SESSIONS];
    if (*place != NULL && slice_equal(buffer_slice(&(*place)->token), token)) {
        return *place;
    }
    struct guard_session *session = open_session(loop, token);
    if (session != NULL) {
        session_destroy(*place);
        *place = session;
    }
    return session;
}

/* False: it does not live on. A user or role of the same name that was made later is somebody else. */
static bool find_role_of(const struct identities *identities, struct guard_session *session,
                         struct guard_caller *caller)
{
    const struct session *of = &session->session;
    const struct identity_role *role = identities_find_role(identities, slice_from_string(of->name));
    if (role == NULL || !role->enabled || role->created_us != of->created_us) {
        return false;
    }
    struct slice account = slice_of(role->arn + sizeof "arn:aws:iam::" - 1, 12);
    int len = snprintf(session->arn, sizeof session->arn, "arn:aws:sts::%.*s:assumed-role/%s/%s", SLICE_ARG(account),
                       role->name, of->session_name);
    assert(len > 0 && (size_t)len < sizeof session->arn);
    caller->arn = session->arn;
    caller->role = role;
    caller->policies = &role->policies;
    return true;
}

/* Whose session it is among these identities. It ends with the access key that it began with. */
static bool find_caller(const struct identities *identities, struct guard_session *session,
                        struct guard_caller *ret_caller)
{
    const struct session *of = &session->session;
    const struct identity_key *key = identities_find_key(identities, slice_from_string(of->issuer));
    if (key == NULL || !key->enabled || !key->user->enabled) {
        return false;
    }
    struct guard_caller caller = {.key = key, .session = of, .session_policy = session->policy};
    if (of->is_role) {
        if (!find_role_of(identities, session, &caller)) {
            return false;
        }
    } else {
        if (strcmp(key->user->name, of->name) != 0 || key->user->created_us != of->created_us) {
            return false;
        }
        caller.arn = key->user->arn;
        caller.user = key->user;
        caller.policies = &key->user->policies;
    }
    *ret_caller = caller;
    return true;
}

static enum sigv4_result check_session(struct guard_loop *loop, const struct check *check,
                                       struct guard_session *session, struct guard_caller *ret_caller)
{
    const struct session *of = &session->session;
    struct slice id = slice_of(of->key_id, SESSION_KEY_ID_CHARS);
    if (!slice_equal(check->claims->access_key, id)) {
        return SIGV4_KEY_UNKNOWN;
    }
    if (!signature_matches(loop, check, signing_key(&session->signing, loop->version, id, of->secret, check->claims))) {
        return SIGV4_MISMATCH;
    }
    if (check->now_s >= of->expires_s) {
        return SIGV4_TOKEN_EXPIRED;
    }
    if (session->version != loop->version) {
        session->version = loop->version;
        session->has_caller = find_caller(loop->identities, session, &session->caller);
    }
    if (!session->has_caller) {
        return SIGV4_KEY_UNKNOWN;
    }
    *ret_caller = session->caller;
    return SIGV4_OK;
}

/* --- a check ------------------------------------------------------------------------------------------------------ */

static enum sigv4_result check(struct guard_loop *loop, const struct auth_head *head, struct slice body, int64_t now_s,
                               struct slice service, struct arena *arena, struct sigv4 *ret_claims,
                               struct guard_caller *ret_caller)
{
    follow(loop);
    struct sigv4 *claims = ret_claims;
    enum sigv4_result result = sigv4_read(head, loop->seen, GUARD_SEEN, arena, claims);
    if (result == SIGV4_OK) {
        result = sigv4_check(head, claims, now_s, slice_from_string(loop->guard->region), service);
    }
    if (result != SIGV4_OK) {
        return result;
    }
    const struct check request = {.head = head, .claims = claims, .body = body, .now_s = now_s};
    struct guard_session *session = claims->token.len != 0 ? find_session(loop, claims->token) : NULL;
    if (session != NULL) {
        return check_session(loop, &request, session, ret_caller);
    }
    const struct identity_key *key = identities_find_key(loop->identities, claims->access_key);
    if (key == NULL || !key->enabled || !key->user->enabled) {
        return SIGV4_KEY_UNKNOWN;
    }
    struct guard_key *place = &loop->keys[key->hash % GUARD_KEYS];
    if (!signature_matches(loop, &request,
                           signing_key(place, loop->version, slice_of(key->id, key->id_len), key->secret, claims))) {
        return SIGV4_MISMATCH;
    }
    if (claims->token.len != 0) {
        return SIGV4_TOKEN_INVALID; /* these keys are not temporary */
    }
    *ret_caller =
        (struct guard_caller){.arn = key->user->arn, .user = key->user, .policies = &key->user->policies, .key = key};
    return SIGV4_OK;
}

enum sigv4_result guard_check(struct guard_loop *loop, const struct auth_head *head, struct slice body, int64_t now_s,
                              struct slice service, struct arena *arena, struct sigv4 *ret_claims,
                              struct guard_caller *ret_caller)
{
    enum sigv4_result result = check(loop, head, body, now_s, service, arena, ret_claims, ret_caller);
    if (result == SIGV4_OK && !ret_claims->was_seen) {
        sigv4_remember(&loop->seen[sigv4_seen_place(ret_claims->authorization, GUARD_SEEN)], ret_claims);
    }
    return result;
}
