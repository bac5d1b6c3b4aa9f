#include "auth/guard.h"

#include <assert.h>
#include <stdlib.h>

void guard_init(struct guard *guard, const char *region)
{
    *guard = (struct guard){.region = region};
    pthread_mutex_init(&guard->lock, NULL);
    guard->identities = identities_create("");
    atomic_init(&guard->version, 1);
}

void guard_finish(struct guard *guard)
{
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
    if (loop->keys == NULL) {
        abort();
    }
    follow(loop);
}

void guard_loop_finish(struct guard_loop *loop)
{
    identities_release(loop->identities);
    buffer_finish(&loop->canonical);
    crypto_wipe(loop->keys, GUARD_KEYS * sizeof loop->keys[0]);
    free(loop->keys);
    *loop = (struct guard_loop){0};
}

/* The scope has been checked: its date is the day of the request, its region ours. */
static struct sigv4_key *signing_key(struct guard_loop *loop, const struct identity_key *key,
                                     const struct sigv4 *claims)
{
    struct slice id = slice_of(key->id, key->id_len);
    struct slice service = claims->scope_service;
    struct guard_key *place = &loop->keys[key->hash % GUARD_KEYS];
    assert(id.len <= sizeof place->id && service.len <= sizeof place->service && claims->scope_date.len == 8);
    if (place->version != loop->version || !slice_equal(slice_of(place->id, place->id_len), id) ||
        !slice_equal(slice_of(place->date, 8), claims->scope_date) ||
        !slice_equal(slice_of(place->service, place->service_len), service)) {
        place->version = loop->version;
        memcpy(place->id, id.data, id.len);
        place->id_len = (unsigned)id.len;
        memcpy(place->date, claims->scope_date.data, 8);
        memcpy(place->service, service.data, service.len);
        place->service_len = (unsigned)service.len;
        unsigned char derived[SHA256_BYTES];
        sigv4_signing_key(slice_from_string(key->secret), claims->scope_date, claims->scope_region, service, derived);
        sigv4_key_set(&place->key, derived);
        crypto_wipe(derived, sizeof derived);
    }
    return &place->key;
}

enum sigv4_result guard_check(struct guard_loop *loop, const struct auth_head *head, struct slice body, int64_t now_s,
                              struct slice service, struct arena *arena, struct sigv4 *ret_claims,
                              struct guard_caller *ret_caller)
{
    follow(loop);
    struct sigv4 *claims = ret_claims;
    enum sigv4_result result = sigv4_read(head, arena, claims);
    if (result == SIGV4_OK) {
        result = sigv4_check(head, claims, now_s, slice_from_string(loop->guard->region), service);
    }
    if (result != SIGV4_OK) {
        return result;
    }
    const struct identity_key *key = identities_find_key(loop->identities, claims->access_key);
    if (key == NULL || !key->enabled || !key->user->enabled) {
        return SIGV4_KEY_UNKNOWN;
    }
    char expected[SHA256_HEX];
    if (!sigv4_signature(head, claims, body, signing_key(loop, key, claims), &loop->canonical, expected) ||
        !crypto_equal(claims->signature, slice_of(expected, sizeof expected))) {
        return SIGV4_MISMATCH;
    }
    if (claims->token.len != 0) {
        return SIGV4_TOKEN_INVALID; /* these keys are not temporary */
    }
    *ret_caller = (struct guard_caller){.user = key->user, .key = key};
    return SIGV4_OK;
}
