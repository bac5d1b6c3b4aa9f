/* A key condition against the key schema of a table or index. */
#pragma once

#include "api/call.h"
#include "expr/expr.h"

/* In schema order. */
struct query_keys {
    struct value hash[KEY_PARTS_MAX];
    struct key_term range[KEY_PARTS_MAX];
    uint32_t range_count;
};

/* Every hash part by EQ; range parts from the left, all but the last by EQ. False with the text of a
 * ValidationException. `index` is NULL for the table itself. */
bool query_keys_resolve(struct arena *arena, const struct key_schema *keys, const struct index_spec *index,
                        const struct key_term *terms, uint32_t count, struct query_keys *ret_keys,
                        struct slice *ret_message);
