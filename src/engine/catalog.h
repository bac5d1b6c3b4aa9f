/* All tables of a data folder: in memory for every request, on the system shard for ever.
 *
 *   meta row:  "table/" name -> description (engine/table.h)
 *   meta row:  "drop/" table id u32 -> empty    its rows are still to be removed
 *   meta row:  "counts/" table id u32 -> for the table and each index: index id u32, rows u64, bytes u64
 *   meta row:  "table_id" -> u32                the next table's id
 *   meta row:  "clean" -> "1"                   the last stop was clean: counts may be trusted
 *
 * The registry is read by any thread and changed by the system shard's writer alone. */
#pragma once

#include <pthread.h>

#include "engine/batch.h"
#include "engine/table.h"

struct catalog {
    pthread_rwlock_t lock;
    struct table **by_name; /* sorted; one reference each */
    struct table **by_id;   /* sorted */
    uint32_t count;
    uint32_t next_id;                /* writer thread */
    atomic_uint_fast64_t generation; /* grows with every change; any thread */
    bool throttle;                   /* tables get meters; set before catalog_load */
};

void catalog_init(struct catalog *catalog);
void catalog_finish(struct catalog *catalog);

/* Reads every table from the system shard. `visit_drop` is called for tables whose rows are still to be removed. */
int catalog_load(struct catalog *catalog, struct shard *system, void (*visit_drop)(void *context, uint32_t table_id),
                 void *context, struct err *err) MUST_USE;

/* With a reference, or NULL. */
struct table *catalog_acquire(struct catalog *catalog, struct slice name);
struct table *catalog_acquire_at(struct catalog *catalog, uint32_t position); /* in name order */
struct table *catalog_acquire_id(struct catalog *catalog, uint32_t id);
uint32_t catalog_count(struct catalog *catalog);

/* Names behind `after` in byte order, copied into the arena. Returns how many. */
uint32_t catalog_names(struct catalog *catalog, struct arena *arena, struct slice after, uint32_t max,
                       struct slice *ret_names, bool *ret_more);

/* Rows of the change, in the system shard's batch. */
void catalog_write_table(struct batch *batch, const struct table_spec *spec);
void catalog_write_next_id(struct batch *batch, uint32_t next_id);
void catalog_write_drop(struct batch *batch, const struct table_spec *spec);
void catalog_write_dropped(struct batch *batch, uint32_t table_id);
void catalog_write_counts(struct batch *batch, const struct table *table);
/* With `clean`, forgets the counts of tables that were written since they were counted. */
void catalog_write_clean(struct catalog *catalog, struct batch *batch, bool clean);

/* After the commit: makes the new version (takes its reference), or the absence, visible. */
void catalog_publish(struct catalog *catalog, struct table *table);
void catalog_remove(struct catalog *catalog, struct slice name);
