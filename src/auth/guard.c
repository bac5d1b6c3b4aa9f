#include "auth/guard.h"

#include "base/env.h"
#include "base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void guard_init(struct guard *guard, const char *region)
{
    *guard = (struct guard){.region = slice_from_string(region)};
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
    loop->seen = calloc(GUARD_SEEN, sizeof loop->seen[0]);
    loop->sessions = calloc(GUARD_SESSIONS, sizeof loop->sessions[0]);
    if (loop->seen == NULL || loop->sessions == NULL) {
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
    crypto_wipe(loop->seen, GUARD_SEEN * sizeof loop->seen[0]);
    free(loop->seen);
    *loop = (struct guard_loop){0};
}

static void derive(const char *secret, const struct sigv4_signer *signer, struct sigv4_key *ret_key)
{
    unsigned char derived[SHA256_BYTES];
    sigv4_signing_key(slice_from_string(secret), signer->scope_date, signer->scope_region, signer->scope_service,
                      derived);
    sigv4_key_set(ret_key, derived);
    crypto_wipe(derived, sizeof derived);
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

/* The scope has been checked: its date is the day of the request, its region ours. */
static struct sigv4_key *signing_key(struct guard_session *session, const struct sigv4_signer *signer)
{
    struct slice service = signer->scope_service;
    assert(service.len <= sizeof session->service && signer->scope_date.len == sizeof session->date);
    if (!slice_equal(slice_of(session->date, sizeof session->date), signer->scope_date) ||
        !slice_equal(slice_of(session->service, session->service_len), service)) {
        memcpy(session->date, signer->scope_date.data, sizeof session->date);
        memcpy(session->service, service.data, service.len);
        session->service_len = service.len;
        derive(session->session.secret, signer, &session->signing);
    }
    return &session->signing;
}

static enum sigv4_result check_session(struct guard_loop *loop, const struct check *check,
                                       struct guard_session *session, struct guard_caller *ret_caller)
{
    const struct session *of = &session->session;
    struct slice id = slice_of(of->key_id, SESSION_KEY_ID_CHARS);
    if (!slice_equal(check->claims->signer->access_key, id)) {
        return SIGV4_KEY_UNKNOWN;
    }
    if (!signature_matches(loop, check, signing_key(session, check->claims->signer))) {
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

static enum sigv4_result check_key(struct guard_loop *loop, const struct check *check, struct guard_seen *place,
                                   struct guard_caller *ret_caller)
{
    const struct sigv4 *claims = check->claims;
    const struct identity_key *key = place->key;
    struct sigv4_key fresh, *signing = &place->signing;
    bool is_kept = claims->was_seen && place->version == loop->version;
    if (!is_kept) {
        key = identities_find_key(loop->identities, claims->signer->access_key);
        if (key == NULL || !key->enabled || !key->user->enabled) {
            return SIGV4_KEY_UNKNOWN;
        }
        signing = &fresh;
        derive(key->secret, claims->signer, signing);
    }
    enum sigv4_result result = !signature_matches(loop, check, signing) ? SIGV4_MISMATCH
                               : claims->token.len != 0 ? SIGV4_TOKEN_INVALID /* these keys are not temporary */
                                                        : SIGV4_OK;
    if (result == SIGV4_OK && sigv4_remember(&place->seen, claims) && !is_kept) {
        place->version = loop->version;
        place->key = key;
        place->signing = fresh;
    }
    if (!is_kept) {
        crypto_wipe(&fresh, sizeof fresh);
    }
    if (result == SIGV4_OK) {
        const struct identity_user *user = key->user;
        *ret_caller = (struct guard_caller){.arn = user->arn, .user = user, .policies = &user->policies, .key = key};
    }
    return result;
}

enum sigv4_result guard_check(struct guard_loop *loop, const struct auth_head *head, struct slice body, int64_t now_s,
                              struct slice service, struct arena *arena, struct sigv4 *ret_claims,
                              struct guard_caller *ret_caller)
{
    follow(loop);
    struct sigv4 *claims = ret_claims;
    struct slice authorization = {NULL, 0};
    auth_head_find(head, SLICE("authorization"), &authorization);
    struct guard_seen *place = &loop->seen[sigv4_seen_place(authorization, GUARD_SEEN)];
    enum sigv4_result result = sigv4_read(head, authorization, &place->seen, arena, claims);
    if (result == SIGV4_OK) {
        result = sigv4_check(head, claims, now_s, loop->guard->region, service);
    }
    if (result != SIGV4_OK) {
        return result;
    }
    const struct check request = {.head = head, .claims = claims, .body = body, .now_s = now_s};
    struct guard_session *session = claims->token.len != 0 ? find_session(loop, claims->token) : NULL;
    if (session == NULL) {
        return check_key(loop, &request, place, ret_caller);
    }
    result = check_session(loop, &request, session, ret_caller);
    if (result == SIGV4_OK && sigv4_remember(&place->seen, claims) && !claims->was_seen) {
        place->version = 0;
    }
    return result;
}
