/* The two halves of a write, for those that make several writes one: first all are prepared, which leaves nothing
 * behind, then all are applied or none. Writer thread. */
#pragma once

#include "engine/batch.h"
#include "engine/collection.h"
#include "engine/write.h"

/* What a write is about to do. Memory: the request's arena or the batch's scratch. */
struct write_plan {
    bool old_read; /* `old` is known, present or not */
    bool old_exists;
    struct item old;
    size_t old_size;
    bool new_exists; /* false: a delete, or a check */
    struct item new;
    size_t new_size;
    struct collection_change collection;
};

/* Reads, evaluates the condition, makes the new item. WRITE_DONE: the plan can be applied. Otherwise the answer is
 * final. Sets the answer's had_old and old. */
enum write_result write_prepare(struct write *write, struct batch *batch, struct write_plan *ret_plan);

/* Whether the item collections have room for what the prepared writes, which are done together or not at all, make of
 * them. If not, the result of those that make theirs larger becomes WRITE_COLLECTION_FULL. */
bool write_check_collections(const struct batch *batch, struct write *const *writes, const struct write_plan *plans,
                             uint32_t count);

/* Puts the rows into the batch, and sets what remains of the answer. */
void write_apply(struct write *write, struct batch *batch, const struct write_plan *plan);
