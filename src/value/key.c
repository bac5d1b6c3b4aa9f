/* Keys as ordered bytes: docs/formats/keys.md. */
#include "value/key.h"

#include <assert.h>

#include "base/hash.h"
#include "value/number.h"

/* A zero byte is followed by ESCAPED if it stands for itself, by END if the component ends. END is smaller than
 * ESCAPED, so a string comes before those that it is a prefix of. */
#define ESCAPED '\xff'
#define END     '\x01'

static void append_escaped(struct buffer *out, struct slice bytes)
{
    buffer_reserve(out, bytes.len + 2);
    while (bytes.len != 0) {
        const char *zero = memchr(bytes.data, 0, bytes.len);
        size_t run = zero == NULL ? bytes.len : (size_t)(zero - bytes.data) + 1;
        buffer_append(out, bytes.data, run);
        if (zero != NULL) {
            buffer_append_byte(out, ESCAPED);
        }
        bytes = slice_of(bytes.data + run, bytes.len - run);
    }
}

void key_append(struct buffer *out, const struct value *value)
{
    assert(value->type == VALUE_S || value->type == VALUE_N || value->type == VALUE_B);
    if (value->type == VALUE_N) {
        struct number number;
        enum number_result result = number_parse(value->bytes, &number);
        assert(result == NUMBER_OK);
        unsigned char *at = (unsigned char *)buffer_reserve(out, NUMBER_KEY_MAX);
        out->len += number_encode_key(&number, at);
        return;
    }
    append_escaped(out, value->bytes);
    buffer_append_byte(out, 0);
    buffer_append_byte(out, END);
}

void key_append_prefix(struct buffer *out, const struct value *value)
{
    assert(value->type == VALUE_S || value->type == VALUE_B);
    append_escaped(out, value->bytes);
}

static size_t read_number(struct arena *arena, struct slice key, struct value *ret_value)
{
    struct number number;
    size_t used = number_decode_key(key, &number);
    if (used != 0) {
        char text[NUMBER_TEXT_MAX];
        size_t len = number_format(&number, text);
        *ret_value = (struct value){.type = VALUE_N, .bytes = arena_copy(arena, slice_of(text, len))};
    }
    return used;
}

/* The bytes of an escaped component up to its END, or 0 if it has none or a zero is followed by anything else.
 * `ret_zeros` counts the escaped zeros in it. */
static size_t component_end(struct slice key, size_t *ret_zeros)
{
    size_t zeros = 0;
    for (size_t at = 0; at < key.len;) {
        const char *zero = memchr(key.data + at, 0, key.len - at);
        if (zero == NULL || zero + 1 == key.data + key.len) {
            return 0;
        }
        at = (size_t)(zero - key.data) + 2;
        if (zero[1] == END) {
            *ret_zeros = zeros;
            return at;
        }
        if (zero[1] != ESCAPED) {
            return 0;
        }
        zeros++;
    }
    return 0;
}

size_t key_read(struct arena *arena, struct slice key, enum value_type type, struct value *ret_value)
{
    assert(type == VALUE_S || type == VALUE_N || type == VALUE_B);
    if (type == VALUE_N) {
        return read_number(arena, key, ret_value);
    }
    size_t zeros;
    size_t used = component_end(key, &zeros);
    if (used == 0) {
        return 0;
    }
    size_t len = used - 2 - zeros;
    char *bytes = arena_alloc(arena, len);
    const char *from = key.data;
    for (size_t i = 0; i < len; i++, from++) {
        bytes[i] = *from;
        from += *from == 0;
    }
    *ret_value = (struct value){.type = (uint8_t)type, .bytes = slice_of(bytes, len)};
    return used;
}

size_t key_length(struct slice key, enum value_type type)
{
    assert(type == VALUE_S || type == VALUE_N || type == VALUE_B);
    struct number number;
    size_t zeros;
    return type == VALUE_N ? number_decode_key(key, &number) : component_end(key, &zeros);
}

uint64_t key_hash(struct slice component)
{
    return hash_bytes(component);
}
