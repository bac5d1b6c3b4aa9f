#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buffer_finish(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_grow(struct buffer *buffer, size_t more)
{
    assert(more < SIZE_MAX / 4 && buffer->len < SIZE_MAX / 4);
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity * 2;
    if (capacity < buffer->len + more) {
        capacity = buffer->len + more;
    }
    buffer->data = realloc(buffer->data, capacity);
    if (buffer->data == NULL) {
        abort();
    }
    buffer->capacity = capacity;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(len >= 0);
    vsnprintf(buffer_reserve(buffer, (size_t)len + 1), (size_t)len + 1, format, again);
    va_end(again);
    buffer->len += (size_t)len;
}

void buffer_append_u32(struct buffer *buffer, uint32_t number)
{
    uint32_t big = __builtin_bswap32(number);
    buffer_append(buffer, &big, sizeof big);
}

void buffer_append_u64(struct buffer *buffer, uint64_t number)
{
    uint64_t big = __builtin_bswap64(number);
    buffer_append(buffer, &big, sizeof big);
}

void buffer_append_varint(struct buffer *buffer, uint32_t number)
{
    char *at = buffer_reserve(buffer, 5);
    while (number >= 0x80) {
        *at++ = (char)(number | 0x80);
        number >>= 7;
        buffer->len++;
    }
    *at = (char)number;
    buffer->len++;
}
