/* A growing run of bytes: encoded items, keys, JSON on its way out. Zero-initialised is empty and valid.
 * Owns its memory. Running out of memory aborts; callers bound what they append. */
#pragma once

#include "base/slice.h"

struct buffer {
    char *data;
    size_t len;
    size_t capacity;
};

void buffer_finish(struct buffer *buffer);
void buffer_grow(struct buffer *buffer, size_t more);

static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return slice_of(buffer->data, buffer->len);
}

static inline void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
}

/* Room for `more` bytes behind the end; the caller adds what it used to `len`. */
static inline char *buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->capacity - buffer->len < more) {
        buffer_grow(buffer, more);
    }
    return buffer->data + buffer->len;
}

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t len)
{
    if (len != 0) {
        memcpy(buffer_reserve(buffer, len), bytes, len);
        buffer->len += len;
    }
}

static inline void buffer_append_slice(struct buffer *buffer, struct slice bytes)
{
    buffer_append(buffer, bytes.data, bytes.len);
}

static inline void buffer_append_byte(struct buffer *buffer, char byte)
{
    *buffer_reserve(buffer, 1) = byte;
    buffer->len++;
}

#define BUFFER_APPEND_LITERAL(buffer, literal) buffer_append((buffer), (literal), sizeof(literal) - 1)

void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Unsigned integers, big-endian, so that byte order is numeric order. */
void buffer_append_u32(struct buffer *buffer, uint32_t number);
void buffer_append_u64(struct buffer *buffer, uint64_t number);

/* LEB128: seven bits a byte, low bits first. At most 5 bytes for a 32-bit length. */
void buffer_append_varint(struct buffer *buffer, uint32_t number);
