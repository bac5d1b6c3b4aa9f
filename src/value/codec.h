/* The stored form of an item: a header, then its attributes. Byte layout: docs/formats/items.md. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/err.h"
#include "value/value.h"

struct item_header {
    uint64_t version; /* microseconds of its write, raised where needed so that it grows within a shard */
    uint32_t size;    /* what DynamoDB counts: item_size() */
};

/* Appends header (with a checksum over all that follows it) and attributes. `size` is computed by the caller. */
void item_encode(struct buffer *out, const struct item_header *header, const struct item *item);

/* Checks format version and checksum. The tree lies in the arena, its names and bytes in `stored`. A damaged value
 * is an error, never a wrong item. */
int item_decode(struct arena *arena, struct slice stored, struct item_header *ret_header, struct item *ret_item,
                struct err *err) MUST_USE;

/* Header alone, after the same checks. */
int item_decode_header(struct slice stored, struct item_header *ret_header, struct err *err) MUST_USE;

/* The item straight to JSON without building a tree: the hot path of GetItem. Same checks. */
int item_stored_append_json(struct buffer *out, struct slice stored, struct item_header *ret_header,
                            struct err *err) MUST_USE;
