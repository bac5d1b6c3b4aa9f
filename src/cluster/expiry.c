/* Items expire: steps on the maintenance thread. This file knows the tables and whose turn it is; what is done in a
 * step is in expiry_fill.c and expiry_due.c, and where a table's part on a shard can stand is in expiry.h.
 *
 * A run that took the writer t is followed by a pause of 9 t (of t, when it has fallen behind), so that clients do not
 * notice.
 *
 * A settled part knows the earliest time at which it may have a row, so a table where nothing is due costs nothing, and
 * what was removed before that time is never read again: `expiry_low` of the shard tells of rows that come later. */
#include "cluster/expiry.h"

#include <assert.h>
#include <stdlib.h>

#include "base/env.h"
#include "engine/ttl.h"

#define LOOK_US      500000 /* between looks at what has become due */
#define POLL_US      5000   /* while a run is under way */
#define HELD_US      200000 /* a transaction held an item */
#define PAUSE_US     2000
#define PAUSE_FACTOR 9
/* Tables that a step reads rows of and finds nothing to do, before it makes a pause. */
#define READS_MAX 32

struct expiry {
    struct expiry_table **tables; /* those that have or had time to live, by id */
    uint32_t table_count, table_capacity;
    uint64_t catalog_generation; /* when it was looked at */
    struct expiry_run *runs[CLUSTER_SHARDS_MAX];
};

struct expiry *expiry_create(void)
{
    struct expiry *expiry = calloc(1, sizeof *expiry);
    if (expiry == NULL) {
        abort();
    }
    return expiry;
}

static void free_table(struct expiry_table *table, unsigned shards)
{
    for (unsigned i = 0; i < shards; i++) {
        buffer_finish(&table->parts[i].position);
    }
    free(table);
}

void expiry_destroy(struct expiry *expiry, unsigned shards)
{
    for (uint32_t i = 0; i < expiry->table_count; i++) {
        free_table(expiry->tables[i], shards);
    }
    for (unsigned i = 0; i < shards; i++) {
        if (expiry->runs[i] != NULL) {
            assert(!atomic_load(&expiry->runs[i]->busy));
            arena_finish(&expiry->runs[i]->arena);
            free(expiry->runs[i]);
        }
    }
    free(expiry->tables);
    free(expiry);
}

/* --- which tables --------------------------------------------------------------------------------------------------
 */

/* The first position whose id is not below `id`. */
static uint32_t position_of(const struct expiry *expiry, uint32_t id)
{
    uint32_t low = 0, high = expiry->table_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (expiry->tables[middle]->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct expiry_table *find_table(const struct expiry *expiry, uint32_t id)
{
    uint32_t at = position_of(expiry, id);
    return at < expiry->table_count && expiry->tables[at]->id == id ? expiry->tables[at] : NULL;
}

static struct expiry_table *add_table(struct expiry *expiry, uint32_t id, unsigned shards)
{
    struct expiry_table *table = calloc(1, sizeof *table + shards * sizeof table->parts[0]);
    if (expiry->table_count == expiry->table_capacity) {
        expiry->table_capacity = 2 * expiry->table_capacity + 8;
        expiry->tables = realloc(expiry->tables, expiry->table_capacity * sizeof *expiry->tables);
    }
    if (table == NULL || expiry->tables == NULL) {
        abort();
    }
    table->id = id;
    uint32_t at = position_of(expiry, id);
    memmove(&expiry->tables[at + 1], &expiry->tables[at], (expiry->table_count - at) * sizeof *expiry->tables);
    expiry->tables[at] = table;
    expiry->table_count++;
    return table;
}

static void look_at(struct cluster *cluster, const struct table_spec *spec)
{
    struct expiry *expiry = cluster->expiry;
    if (spec->ttl.generation == 0) {
        return;
    }
    struct expiry_table *table = find_table(expiry, spec->id);
    if (table == NULL) {
        table = add_table(expiry, spec->id, cluster->shard_count);
    }
    table->seen = true;
    if (table->generation != spec->ttl.generation) {
        table->generation = spec->ttl.generation;
        table->on = ttl_is_on(spec);
        for (unsigned i = 0; i < cluster->shard_count; i++) {
            table->parts[i].state = PART_UNKNOWN;
        }
    }
}

static void look_at_catalog(struct cluster *cluster)
{
    struct expiry *expiry = cluster->expiry;
    struct table *table;
    for (uint32_t i = 0; (table = catalog_acquire_at(&cluster->catalog, i)) != NULL; i++) {
        if (atomic_load(&table->state->inaccessible_us) == 0) {
            look_at(cluster, &table->spec);
        }
        table_release(table);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < expiry->table_count; i++) {
        if (expiry->tables[i]->seen) {
            expiry->tables[i]->seen = false;
            expiry->tables[kept++] = expiry->tables[i];
        } else {
            free_table(expiry->tables[i], cluster->shard_count);
        }
    }
    expiry->table_count = kept;
}

/* --- a run, on the writer -------------------------------------------------------------------------------------------
 */

static void evaluate_run(struct command *command, struct batch *batch)
{
    struct expiry_run *run = (struct expiry_run *)command;
    uint64_t started = env_monotonic_us();
    struct table *table = catalog_acquire_id(&run->cluster->catalog, run->table_id);
    if (table != NULL && !atomic_load(&table->state->dropped) && table->spec.ttl.generation == run->generation) {
        run->work->evaluate(run, table, batch);
    }
    table_release(table);
    run->took_us = env_monotonic_us() - started;
}

static void finish_run(struct command *command)
{
    atomic_store(&((struct expiry_run *)command)->busy, false);
}

static struct expiry_run *run_of(struct cluster *cluster, unsigned shard)
{
    struct expiry_run **run = &cluster->expiry->runs[shard];
    if (*run == NULL) {
        *run = calloc(1, sizeof **run);
        if (*run == NULL) {
            abort();
        }
        (*run)->cluster = cluster;
        (*run)->shard = cluster->shards[shard];
        arena_init(&(*run)->arena, 4096);
    }
    return *run;
}

void expiry_submit(struct expiry_run *run, const struct expiry_work *work, const struct expiry_table *table)
{
    run->command = (struct command){.evaluate = evaluate_run, .finished = finish_run};
    run->work = work;
    run->table_id = table->id;
    run->generation = table->generation;
    run->kept_time = UINT64_MAX;
    run->finished = true;
    atomic_store(&run->busy, true);
    cluster_submit(run->shard, &run->command);
}

void expiry_clear(struct expiry_run *run)
{
    arena_reset(&run->arena);
    run->count = 0;
    run->position = SLICE("");
    run->ended = run->is_behind = false;
}

/* --- conclusions ---------------------------------------------------------------------------------------------------
 */

void expiry_set_position(struct expiry_part *part, struct slice position)
{
    buffer_clear(&part->position);
    buffer_append_slice(&part->position, position);
}

void expiry_settle(struct expiry_part *part, uint64_t next)
{
    part->state = PART_SETTLED;
    part->next = next;
    buffer_clear(&part->position);
}

static uint64_t pause_after(const struct expiry_run *run)
{
    if (run->command.failed) {
        return EXPIRY_RETRY_US;
    }
    if (run->kept_time != UINT64_MAX) {
        return HELD_US;
    }
    uint64_t pause = run->took_us * (run->is_behind ? 1 : PAUSE_FACTOR);
    return pause < PAUSE_US ? PAUSE_US : pause;
}

static void conclude(struct expiry *expiry, struct expiry_run *run)
{
    run->finished = false;
    run->not_before_us = env_monotonic_us() + pause_after(run);
    struct expiry_table *table = find_table(expiry, run->table_id);
    if (table == NULL || table->generation != run->generation) {
        return; /* the table was dropped, or its time to live changed: that begins anew */
    }
    struct expiry_part *part = &table->parts[run->shard->number];
    if (run->command.failed) {
        part->state = PART_UNKNOWN;
    } else {
        run->work->conclude(run, table, part);
    }
}

/* --- the step ------------------------------------------------------------------------------------------------------
 */

static void tell_tables(struct expiry *expiry, unsigned shard, uint64_t low)
{
    for (uint32_t i = 0; i < expiry->table_count && low != UINT64_MAX; i++) {
        struct expiry_part *part = &expiry->tables[i]->parts[shard];
        part->next = low < part->next ? low : part->next;
        part->later = low < part->later ? low : part->later;
    }
}

/* False if the table has nothing to do here. */
static bool work_on(struct expiry_run *run, struct expiry_table *table, uint64_t now)
{
    struct expiry_part *part = &table->parts[run->shard->number];
    if (part->state == PART_UNKNOWN) {
        expiry_find_state(run, table, part);
    }
    switch (part->state) {
    case PART_UNKNOWN:
        break;
    case PART_BEHIND:
        expiry_begin(run, table);
        break;
    case PART_FILLING:
        expiry_fill(run, table, part);
        break;
    case PART_SETTLED:
        if (table->on && part->next <= now) {
            expiry_due(run, table, part, now);
        }
        break;
    }
    return atomic_load(&run->busy) || run->finished;
}

/* Returns the microseconds until the shard wants the next step. */
static uint64_t step_shard(struct cluster *cluster, unsigned shard)
{
    struct expiry *expiry = cluster->expiry;
    struct expiry_run *run = run_of(cluster, shard);
    if (atomic_load(&run->busy)) {
        return POLL_US;
    }
    if (run->finished) {
        conclude(expiry, run);
    }
    uint64_t now_us = env_monotonic_us();
    if (now_us < run->not_before_us) {
        return run->not_before_us - now_us;
    }
    tell_tables(expiry, shard, ttl_take_low(run->shard));
    uint64_t now = env_time_us() / 1000000;
    run->reads = 0;
    for (uint32_t i = 0; i < expiry->table_count; i++) {
        run->turn = run->turn + 1 < expiry->table_count ? run->turn + 1 : 0;
        if (work_on(run, expiry->tables[run->turn], now) || run->reads >= READS_MAX) {
            return POLL_US;
        }
    }
    return LOOK_US;
}

uint64_t expiry_step(struct cluster *cluster)
{
    struct expiry *expiry = cluster->expiry;
    uint64_t generation = atomic_load(&cluster->catalog.generation);
    if (generation != expiry->catalog_generation) {
        expiry->catalog_generation = generation;
        look_at_catalog(cluster);
    }
    uint64_t pause = LOOK_US;
    for (unsigned i = 0; i < cluster->shard_count && expiry->table_count > 0; i++) {
        uint64_t wanted = step_shard(cluster, i);
        pause = wanted < pause ? wanted : pause;
    }
    return pause;
}
