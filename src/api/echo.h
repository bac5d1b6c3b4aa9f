/* A decoded value as constraint errors print it: Java's way, for example
 * [KeySchemaElement(attributeName=pk, keyType=HASH)] or {music=[…]}. */
#pragma once

#include "api/shape.h"

/* Appends at most ECHO_BYTES_MAX bytes. `is_element`: the slot is one of a list or map. */
#define ECHO_BYTES_MAX 65536
void echo_append(struct buffer *out, const struct shape_member *member, const void *slot, bool is_element);
