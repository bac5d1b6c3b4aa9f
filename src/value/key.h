/* Key attributes as bytes whose unsigned order is DynamoDB's order. Byte layout: docs/formats/keys.md.
 *
 * A component is self-delimiting, so components can follow each other and order is decided by the first that differs.
 * Strings and binary: 00 is escaped as 00 FF, and 00 01 ends the component. Numbers: number_encode_key. */
#pragma once

#include "base/buffer.h"
#include "value/value.h"

#define KEY_HASH_BYTES_MAX  2048
#define KEY_RANGE_BYTES_MAX 1024

/* `value` is S, N or B. */
void key_append(struct buffer *out, const struct value *value);

/* Strings and binary only: a component without its end, so that what follows is every key that starts with `value`. */
void key_append_prefix(struct buffer *out, const struct value *value);

/* Reads one component of the given type into a value whose bytes are in the arena. Returns the bytes consumed, 0 if
 * they are no such component. */
size_t key_read(struct arena *arena, struct slice key, enum value_type type, struct value *ret_value);

/* The bytes of the component of the given type that `key` begins with, 0 if it begins with none. */
size_t key_length(struct slice key, enum value_type type);

/* The hash that decides a partition key's slot: over the encoded component. */
uint64_t key_hash(struct slice component);
