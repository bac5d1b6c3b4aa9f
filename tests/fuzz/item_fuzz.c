/* Any bytes as a stored item, under a checksum that is right, and as a key. */
#include <assert.h>
#include <stdint.h>

#include "base/hash.h"
#include "value/codec.h"
#include "value/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 17 };

/* Header and bytes, as docs/formats/items.md says. */
static void seal(struct buffer *stored, const uint8_t *data, size_t size)
{
    buffer_append(stored, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", HEADER_BYTES);
    buffer_append(stored, data, size);
    uint32_t checksum = hash_checksum(slice_of(stored->data + 5, stored->len - 5));
    for (int i = 0; i < 4; i++) {
        stored->data[1 + i] = (char)(checksum >> (24 - 8 * i));
    }
}

static void check_same_json(const struct item *item, struct slice json)
{
    struct buffer out = {0};
    item_append_json(&out, item);
    assert(slice_equal(buffer_slice(&out), json));
    buffer_finish(&out);
}

/* Both readers agree; what they read can be copied, and written and read again. */
static void check_item(struct arena *arena, struct slice stored)
{
    struct item_header header;
    struct item item;
    struct err err;
    struct buffer json = {0};
    bool good = item_decode(arena, stored, &header, &item, &err) == 0;
    assert((item_stored_append_json(&json, stored, &header, &err) == 0) == good);
    assert(good || json.len == 0);
    if (good) {
        struct buffer again = {0};
        struct item back;
        check_same_json(&item, buffer_slice(&json));
        item_encode(&again, &header, &item);
        assert(item_decode(arena, buffer_slice(&again), &header, &back, &err) == 0);
        check_same_json(&back, buffer_slice(&json));
        item_copy(arena, &item, &back);
        check_same_json(&back, buffer_slice(&json));
        buffer_finish(&again);
    }
    buffer_finish(&json);
}

/* What reads as a key writes as the same key. */
static void check_key(struct arena *arena, struct slice bytes)
{
    for (enum value_type type = VALUE_S; type <= VALUE_B; type++) {
        struct value value;
        size_t used = key_read(arena, bytes, type, &value);
        assert(used <= bytes.len);
        if (used != 0) {
            struct buffer key = {0};
            key_append(&key, &value);
            assert(slice_equal(buffer_slice(&key), slice_of(bytes.data, used)));
            buffer_finish(&key);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buffer stored = {0};
    struct item_header header;
    struct err err;
    arena_init(&arena, 4096);
    if (item_decode_header(slice_of(data, size), &header, &err) == 0) {
        check_item(&arena, slice_of(data, size));
    }
    seal(&stored, data, size);
    check_item(&arena, buffer_slice(&stored));
    check_key(&arena, slice_of(data, size));
    buffer_finish(&stored);
    arena_finish(&arena);
    return 0;
}
