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

/* Its two halves. Format version and checksum, and the header; */
int item_decode_header(struct slice stored, struct item_header *ret_header, struct err *err) MUST_USE;
/* then, once that has succeeded, the attributes; */
int item_decode_attributes(struct arena *arena, struct slice stored, struct item *ret_item, struct err *err) MUST_USE;
/* or their JSON, without a tree in between: the hot path of Query. */
int item_attributes_append_json(struct buffer *out, struct slice stored, struct err *err) MUST_USE;

/* Header and JSON: the hot path of GetItem. */
int item_stored_append_json(struct buffer *out, struct slice stored, struct item_header *ret_header,
                            struct err *err) MUST_USE;
