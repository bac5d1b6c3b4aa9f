/* Bump allocation for one request or one evaluated item: many small objects, freed together.
 *
 * Not thread-safe; an arena may be handed from one thread to another with the request it belongs to.
 * Memory is 16-byte aligned and not zeroed. Running out of memory aborts: what a client can make us
 * allocate is bounded before it is allocated (body size, nesting, item size). */
#pragma once

#include "base/slice.h"

struct arena_chunk;

struct arena {
    char *at;                  /* next free byte */
    char *end;                 /* end of the current chunk */
    struct arena_chunk *chunk; /* newest first; the oldest is kept by a reset */
    size_t chunk_bytes;        /* size of the next chunk; doubles up to a ceiling */
};

/* Allocates nothing yet; `chunk_bytes` is the size of the first chunk. */
void arena_init(struct arena *arena, size_t chunk_bytes);

/* Frees everything. The arena may be used again as after arena_init. */
void arena_finish(struct arena *arena);

/* Forgets all objects but keeps the first chunk, so that a steady load allocates nothing. */
void arena_reset(struct arena *arena);

/* The slow path of arena_alloc. */
void *arena_alloc_chunk(struct arena *arena, size_t bytes);

static inline void *arena_alloc(struct arena *arena, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    if (bytes <= (size_t)(arena->end - arena->at)) {
        void *object = arena->at;
        arena->at += bytes;
        return object;
    }
    return arena_alloc_chunk(arena, bytes);
}

void *arena_zalloc(struct arena *arena, size_t bytes);

#define ARENA_NEW(arena, type)          ((type *)arena_zalloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/* What it holds of the system's memory. */
size_t arena_bytes(const struct arena *arena);

/* Copies bytes into the arena. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* Copies texts into the arena, one behind the other. */
struct slice arena_join(struct arena *arena, const struct slice *texts, size_t count);

/* Formatted text in the arena. */
struct slice arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
