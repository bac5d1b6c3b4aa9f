/* Any bytes as a signed request: first line, headers, and behind an empty line the body. Whatever it claims, nobody
 * gets in; and what is read lies within the request. */
#include <assert.h>
#include <stdint.h>

#include "../support/signed_head.h"
#include "auth/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct guard guard;
static struct guard_loop loop;

static void start(void)
{
    guard_init(&guard, "us-east-1");
    struct identities *identities = identities_create("123456789012");
    identities_add_key(identities, identities_add_user(identities, "alice"), "AKIDEXAMPLE", "no fuzzer guesses this");
    guard_publish(&guard, identities);
    guard_loop_init(&loop, &guard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (loop.guard == NULL) {
        start();
    }
    struct slice text = slice_of(data, size), body = slice_of(data + size, 0);
    const char *end = size == 0 ? NULL : memmem(data, size, "\n\n", 2);
    if (end != NULL) {
        text.len = (size_t)(end - text.data) + 1;
        body = slice_of(end + 2, size - text.len - 1);
    }
    struct signed_head signed_head;
    const struct auth_head *head = signed_head_read(text, &signed_head);
    struct arena arena;
    arena_init(&arena, 4096);
    struct sigv4 claims;
    struct guard_caller caller;
    enum sigv4_result result = guard_check(&loop, head, body, 1440938160, SLICE("dynamodb"), &arena, &claims, &caller);
    assert(result != SIGV4_OK);
    if (result == SIGV4_MISMATCH) {
        assert(slice_equal(claims.signer->access_key, SLICE("AKIDEXAMPLE")) && claims.signer->scope_date.len == 8);
        struct buffer canonical = {0};
        if (sigv4_append_canonical(head, &claims, SLICE("0"), &canonical)) {
            assert(canonical.len <= 3 * text.len + 4096); /* each byte at most %XX, and names once more */
        }
        buffer_finish(&canonical);
    }
    arena_finish(&arena);
    return 0;
}
