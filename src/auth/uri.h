/* Percent-encoding as Signature Version 4 has it: all but letters, digits and -._~ becomes %XX, upper case. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"

/* Appends the encoded text; slashes stay as they are where `keep_slash`. */
void uri_append_encoded(struct buffer *out, struct slice text, bool keep_slash);

/* The decoded text: the text itself if nothing is to decode, or in the arena. A percent sign that no two hexadecimal
 * digits follow stands for itself, and so does a plus sign. */
struct slice uri_decode(struct slice text, struct arena *arena);

/* The raw value of the first parameter of this name ("a=1&b=2"), empty if it has none. False: there is none. */
bool uri_query_find(struct slice query, struct slice name, struct slice *ret_value);

/* Cuts the next parameter off. False at the end. Empty ones ("a&&b") are left out. */
bool uri_query_next(struct slice *rest, struct slice *ret_name, struct slice *ret_value);
