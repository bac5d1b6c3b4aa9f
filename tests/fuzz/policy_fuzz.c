/* Any bytes as a policy, and behind a zero byte what is asked of it: action, resource and the value of every condition
 * key, each behind another one. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "auth/policy_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice cut(struct slice *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->data, '\0', rest->len);
    struct slice part = slice_of(rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len);
    size_t used = part.len + (end != NULL ? 1 : 0);
    *rest = slice_of(rest->data + used, rest->len - used);
    return part;
}

/* The values of a key are the texts between commas; none at all is an absent key. */
static struct policy_values values(const struct policy_request *request, struct slice key, struct arena *arena)
{
    struct slice text = *(const struct slice *)request->context;
    struct slice *items = ARENA_ARRAY(arena, struct slice, POLICY_VALUES_MAX);
    uint32_t count = 0;
    (void)key;
    while (text.len > 0 && count < POLICY_VALUES_MAX) {
        const char *end = memchr(text.data, ',', text.len);
        size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
        items[count++] = slice_of(text.data, len);
        size_t used = len + (end != NULL ? 1 : 0);
        text = slice_of(text.data + used, text.len - used);
    }
    return (struct policy_values){.present = count > 0, .items = items, .count = count};
}

static void ask(const struct policy *policy, struct slice rest)
{
    static struct policy_cache *cache;
    cache = cache != NULL ? cache : policy_cache_create();
    struct slice action = cut(&rest), resource = cut(&rest), context = cut(&rest), nothing = SLICE("");
    struct policy_request request = {
        .action = action,
        .resource = resource,
        .principal_arn = SLICE("arn:aws:iam::123456789012:user/alice"),
        .account = SLICE("123456789012"),
        .values = values,
        .context = &context,
    };
    struct arena arena;
    arena_init(&arena, 4096);
    enum policy_decision first = policy_evaluate(policy, &request, &arena);
    assert(policy_evaluate(policy, &request, &arena) == first);
    /* what is kept of a request without values says nothing of one with them */
    request.context = &nothing;
    policy_cache_evaluate(cache, policy, &request, &arena);
    request.context = &context;
    assert(policy_cache_evaluate(cache, policy, &request, &arena) == first);
    assert(policy_cache_evaluate(cache, policy, &request, &arena) == first);
    arena_finish(&arena);
}

/* What is shown is a policy too, and is shown in the same form. */
static void check_canonical(struct slice text, enum policy_kind kind)
{
    struct buffer shown = {0}, again = {0};
    struct policy *policy;
    struct err err;
    policy_append_canonical(&shown, text);
    if (shown.len <= POLICY_BYTES_MAX) {
        assert(policy_parse(buffer_slice(&shown), kind, &policy, &err) == 0);
        policy_destroy(policy);
        policy_append_canonical(&again, buffer_slice(&shown));
        assert(slice_equal(buffer_slice(&shown), buffer_slice(&again)));
    }
    buffer_finish(&shown);
    buffer_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of(data, size);
    struct slice text = cut(&rest);
    for (int kind = POLICY_OF_IDENTITY; kind <= POLICY_OF_TRUST; kind++) {
        struct policy *policy;
        struct err err;
        if (policy_parse(text, (enum policy_kind)kind, &policy, &err) == 0) {
            ask(policy, rest);
            if (kind != POLICY_OF_TRUST) { /* those are never shown in that form */
                check_canonical(text, (enum policy_kind)kind);
            }
            policy_destroy(policy);
        }
    }
    return 0;
}
