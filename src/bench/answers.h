/* What the load generator reads of answers. It looks for members by name instead of parsing, for answers of a megabyte
 * would keep it busier than the server: good for the answers to its own requests only, whose values hold no quotes. */
#pragma once

#include "base/slice.h"

/* The last part of a member "__type": "ResourceNotFoundException". Empty if there is none. */
struct slice answer_error_type(struct slice body);

/* The text of "message" or "Message", with its escapes. Empty if there is none. */
struct slice answer_error_message(struct slice body);

/* The number of "Count"; 0 if there is none. */
uint64_t answer_count(struct slice body);

/* The JSON of an object by its member's name, from brace to brace. Empty if there is none. */
struct slice answer_object(struct slice body, struct slice name);

/* The text of a string by its member's name. Empty if there is none. */
struct slice answer_text(struct slice body, struct slice name);
