/* The pieces of plain forms that are sealed: texts with their length in front (LEB128), and big-endian numbers. Readers
 * cut what they read off `rest`; false: it is not there, or beyond its bounds. */
#pragma once

#include "base/buffer.h"

void fields_append_text(struct buffer *out, struct slice text);

bool fields_take_varint(struct slice *rest, uint32_t max, uint32_t *ret_number);
bool fields_take_byte(struct slice *rest, unsigned char *ret_byte);
bool fields_take_u64(struct slice *rest, uint64_t *ret_number);
/* Borrowed. */
bool fields_take_slice(struct slice *rest, uint32_t max, struct slice *ret_text);
/* Copied, with a NUL behind it and none in it: `ret_text` has room for max + 1. */
bool fields_take_text(struct slice *rest, uint32_t min, uint32_t max, char *ret_text);
