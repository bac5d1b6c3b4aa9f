/* The rows that an item has in its table's indexes, and what a write changes about them. */
#pragma once

#include "engine/batch.h"
#include "engine/write.h"

/* Brings the rows of every index from `old` to `new` (NULL: no such item) and adds up the write units per index, by
 * position in table->indexes. `version` goes into the rows. Writer thread. */
void index_update(struct batch *batch, const struct table_spec *table, const struct item *old, const struct item *new,
                  uint64_t version, uint32_t *ret_units);

/* The row of one item in one index, if it fits: an item whose key attributes are too long for it is left out too. */
void index_put_row(struct batch *batch, struct arena *arena, const struct table_spec *table,
                   const struct index_spec *index, const struct item *item, uint64_t version);

/* The write units alone, without writing. */
void index_count_units(struct arena *arena, const struct table_spec *table, const struct item *old,
                       const struct item *new, uint32_t *ret_units);

/* The rows that an item has in local indexes. */
struct local_rows {
    uint32_t count;
    size_t bytes; /* keys and projected attributes */
};
struct local_rows index_local_rows(const struct table_spec *table, const struct item *item);

/* The part of an item that an index keeps. */
void index_project(struct arena *arena, const struct table_spec *table, const struct index_spec *index,
                   const struct item *item, struct item *ret_projected);
