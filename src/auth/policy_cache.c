#include "auth/policy_cache.h"

#include "auth/policy_tree.h"
#include "base/hash.h"

#include <stdlib.h>

#define PLACES 256u
/* Principals, actions and resources that are longer together are not kept. */
#define TEXT_CHARS 364

struct place {
    uint64_t serial; /* of the policy; 0: empty */
    unsigned char decision;
    unsigned short len;
    char text[TEXT_CHARS]; /* principal, action and resource, each with a NUL */
};

struct policy_cache {
    struct place places[PLACES];
};

struct policy_cache *policy_cache_create(void)
{
    struct policy_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        abort();
    }
    return cache;
}

void policy_cache_destroy(struct policy_cache *cache)
{
    free(cache);
}

/* Only the resource comes from the client as it is. It is the last, so a NUL inside makes no request look like another.
 */
static bool write_text(const struct policy_request *request, struct place *place)
{
    const struct slice parts[] = {request->principal_arn, request->action, request->resource};
    size_t len = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].len >= sizeof place->text - len) {
            return false;
        }
        memcpy(place->text + len, parts[i].data, parts[i].len);
        len += parts[i].len;
        place->text[len++] = '\0';
    }
    place->len = (unsigned short)len;
    return true;
}

/* Stands between the evaluation and whoever knows the values. */
struct watch {
    const struct policy_request *request;
    bool was_asked;
};

static struct policy_values watch_values(const struct policy_request *request, struct slice key, struct arena *arena)
{
    struct watch *watch = request->context;
    watch->was_asked = true;
    return watch->request->values(watch->request, key, arena);
}

enum policy_decision policy_cache_evaluate(struct policy_cache *cache, const struct policy *policy,
                                           const struct policy_request *request, struct arena *arena)
{
    struct place asked; /* not zeroed: its text is as long as it says */
    asked.serial = policy->serial;
    if (!write_text(request, &asked)) {
        return policy_evaluate(policy, request, arena);
    }
    uint64_t hash = hash_bytes(slice_of(asked.text, asked.len)) ^ (policy->serial * 0x9E3779B97F4A7C15u);
    struct place *place = &cache->places[hash % PLACES];
    if (place->serial == asked.serial && place->len == asked.len && memcmp(place->text, asked.text, asked.len) == 0) {
        return place->decision;
    }
    struct watch watch = {.request = request};
    struct policy_request watched = *request;
    watched.values = watch_values;
    watched.context = &watch;
    enum policy_decision decision = policy_evaluate(policy, &watched, arena);
    if (!watch.was_asked) {
        asked.decision = (unsigned char)decision;
        *place = asked;
    }
    return decision;
}
