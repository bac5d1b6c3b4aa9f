#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The ceiling of doubling: larger objects get a chunk of their own size. */
#define CHUNK_BYTES_MAX (1u << 20)

struct arena_chunk {
    struct arena_chunk *older;
    size_t bytes; /* of data */
    _Alignas(16) char data[];
};

/* Where an arena without chunks stands: allocating nothing must not compute with a null pointer. */
static _Alignas(16) char nowhere[16];

void arena_init(struct arena *arena, size_t chunk_bytes)
{
    assert(chunk_bytes > 0);
    *arena = (struct arena){.at = nowhere, .end = nowhere, .chunk_bytes = chunk_bytes};
}

void arena_finish(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunk;
    while (chunk != NULL) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    arena->chunk = NULL;
    arena->at = arena->end = nowhere;
}

size_t arena_bytes(const struct arena *arena)
{
    size_t bytes = 0;
    for (const struct arena_chunk *chunk = arena->chunk; chunk != NULL; chunk = chunk->older) {
        bytes += sizeof *chunk + chunk->bytes;
    }
    return bytes;
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunk;
    if (chunk == NULL) {
        return;
    }
    while (chunk->older != NULL) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    arena->chunk = chunk;
    arena->at = chunk->data;
    arena->end = chunk->data + chunk->bytes;
    arena->chunk_bytes = chunk->bytes;
}

void *arena_alloc_chunk(struct arena *arena, size_t bytes)
{
    assert(arena->chunk_bytes > 0 && bytes < SIZE_MAX / 2);
    if (arena->chunk != NULL && arena->chunk_bytes < CHUNK_BYTES_MAX) {
        arena->chunk_bytes *= 2;
    }
    size_t room = bytes > arena->chunk_bytes ? bytes : arena->chunk_bytes;
    struct arena_chunk *chunk = malloc(sizeof *chunk + room);
    if (chunk == NULL) {
        abort();
    }
    chunk->older = arena->chunk;
    chunk->bytes = room;
    arena->chunk = chunk;
    arena->at = chunk->data + bytes;
    arena->end = chunk->data + room;
    return chunk->data;
}

void *arena_zalloc(struct arena *arena, size_t bytes)
{
    return memset(arena_alloc(arena, bytes), 0, bytes);
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    if (bytes.len == 0) {
        return (struct slice){"", 0};
    }
    return slice_of(memcpy(arena_alloc(arena, bytes.len), bytes.data, bytes.len), bytes.len);
}

struct slice arena_join(struct arena *arena, const struct slice *texts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += texts[i].len;
    }
    char *joined = arena_alloc(arena, len);
    for (size_t i = 0, at = 0; i < count; at += texts[i++].len) {
        if (texts[i].len > 0) {
            memcpy(joined + at, texts[i].data, texts[i].len);
        }
    }
    return slice_of(joined, len);
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return slice_of(text, (size_t)len);
}
