/* Lists of attribute names inside error texts, in DynamoDB's order: "[x, zzz, inc]". */
#pragma once

#include "base/arena.h"

/* Zero-initialised with an arena is empty. Names may repeat. */
struct name_list {
    struct arena *arena;
    struct slice *names;
    uint32_t count;
    uint32_t capacity;
};

void name_list_add(struct name_list *list, struct slice name);

/* Names in byte order, each once, joined by ", ". */
struct slice name_list_sorted(struct name_list *list);

/* Names that do not repeat, in the order of a Java HashSet, which some of DynamoDB's lists come from: by the low bits
 * of the hash. */
struct slice name_list_hashed(struct name_list *list);
