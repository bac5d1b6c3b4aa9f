/* How many items a table has, for DescribeTable. Counting at every write would need the old item, the dearest part of a
 * put; so a table that was written is counted again in the background, a small step at a time. AWS does so about every
 * six hours; here a small table is up to date within a second, and counting takes a bounded share of one core. */
#include <assert.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/log.h"
#include "cluster/private.h"
#include "value/codec.h"

#define STEP_ROWS 1000
#define IDLE_US   500000
/* A step that took t is followed by a pause of 9 t: at most a tenth of a core. */
#define PAUSE_FACTOR 9

struct counting {
    uint32_t position;   /* in the catalog, of the table to look at next */
    struct table *table; /* being counted, or NULL */
    uint64_t writes;     /* seen when the count began */
    uint32_t index;      /* 0: the table itself; i: its index i - 1 */
    unsigned shard;
    struct store_cursor *rows;
    struct buffer opened; /* the value of a sealed row */
    struct table_count counts[1 + TABLE_INDEXES_MAX];
};

struct counting *counting_create(void)
{
    struct counting *counting = calloc(1, sizeof *counting);
    if (counting == NULL) {
        abort();
    }
    return counting;
}

static void drop_table(struct counting *counting)
{
    store_cursor_destroy(counting->rows);
    buffer_finish(&counting->opened);
    table_release(counting->table);
    *counting = (struct counting){.position = counting->position};
}

void counting_destroy(struct counting *counting)
{
    drop_table(counting);
    free(counting);
}

/* The next table that was written since it was counted; false at the end of a round through the catalog, so that a
 * table under steady load is not counted again at once. */
static bool choose_table(struct cluster *cluster, struct counting *counting)
{
    for (;;) {
        struct table *table = catalog_acquire_at(&cluster->catalog, counting->position++);
        if (table == NULL) {
            counting->position = 0;
            return false;
        }
        counting->writes = atomic_load(&table->state->writes);
        if (counting->writes > 0 && atomic_load(&table->state->inaccessible_us) == 0) {
            counting->table = table;
            return true;
        }
        table_release(table);
    }
}

static void open_rows(struct cluster *cluster, struct counting *counting)
{
    const struct table_spec *spec = &counting->table->spec;
    const struct index_spec *index = counting->index == 0 ? NULL : &spec->indexes[counting->index - 1];
    struct arena arena;
    struct row_range range;
    arena_init(&arena, 256);
    row_range_of_scan(&arena, spec, index, 0, 1, &range);
    counting->rows = shard_rows(cluster->shards[counting->shard], index != NULL, range.lower, range.upper, false);
    arena_finish(&arena);
}

/* --- the counts, durable ---------------------------------------------------------------------------------------------
 */

struct counts_command {
    struct command command; /* first */
    struct table *table;
};

static void evaluate_counts(struct command *command, struct batch *batch)
{
    const struct table *table = ((struct counts_command *)command)->table;
    if (!atomic_load(&table->state->dropped)) {
        catalog_write_counts(batch, table);
    }
}

static void finish_counts(struct command *command)
{
    table_release(((struct counts_command *)command)->table);
    free(command);
}

static void publish(struct cluster *cluster, struct counting *counting)
{
    struct table_state *state = counting->table->state;
    const struct table_spec *spec = &counting->table->spec;
    for (uint32_t i = 0; i < spec->index_count; i++) {
        counting->counts[i + 1].index_id = spec->indexes[i].id;
    }
    table_set_counts(state, counting->counts, 1 + spec->index_count);
    atomic_fetch_sub(&state->writes, counting->writes);
    struct counts_command *keep = calloc(1, sizeof *keep);
    if (keep == NULL) {
        abort();
    }
    keep->command = (struct command){.evaluate = evaluate_counts, .finished = finish_counts};
    keep->table = table_acquire(counting->table);
    cluster_submit(cluster_system_shard(cluster), &keep->command);
}

/* Moves on to the next shard, index or, at the end, publishes. */
static void advance(struct cluster *cluster, struct counting *counting)
{
    store_cursor_destroy(counting->rows);
    counting->rows = NULL;
    if (++counting->shard < cluster->shard_count) {
        return;
    }
    counting->shard = 0;
    if (++counting->index <= counting->table->spec.index_count) {
        return;
    }
    publish(cluster, counting);
    drop_table(counting);
}

static void count_rows(struct cluster *cluster, struct counting *counting)
{
    struct err err;
    for (int i = 0; i < STEP_ROWS; i++) {
        int result = store_cursor_next(counting->rows, &err);
        if (result == 0) {
            advance(cluster, counting);
            return;
        }
        struct item_header header;
        struct slice stored;
        if (result < 0 ||
            shard_row_value(cluster->shards[counting->shard], counting->index != 0, counting->rows, &counting->opened,
                            &stored, &err) != 0 ||
            item_decode_header(stored, &header, &err) != 0) {
            log_error("counting table %.*s failed: %s", SLICE_ARG(counting->table->spec.name), err.text);
            atomic_store(&counting->table->state->writes, 0); /* until it is written again */
            drop_table(counting);
            return;
        }
        counting->counts[counting->index].rows++;
        counting->counts[counting->index].bytes += header.size;
    }
}

uint64_t counting_step(struct cluster *cluster)
{
    struct counting *counting = cluster->counting;
    if (counting->table == NULL && !choose_table(cluster, counting)) {
        return IDLE_US;
    }
    uint64_t started = env_monotonic_us();
    if (counting->rows == NULL) {
        open_rows(cluster, counting);
    }
    count_rows(cluster, counting);
    return (env_monotonic_us() - started) * PAUSE_FACTOR;
}
