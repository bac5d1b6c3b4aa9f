/* Items expire: steps on the maintenance thread that find due rows (engine/ttl.h) and hand them, few at a time, to the
 * shard's writer, which looks at each item again.
 *
 * Each shard has one run at most: a command with what one step found. The maintenance thread prepares it while it is
 * idle, the writer evaluates it, and the maintenance thread draws the conclusions. A run that took the writer t is
 * followed by a pause of 9 t (of t, when it has fallen behind), so that clients do not notice.
 *
 * A table's part on one shard: UNKNOWN -> (its meta row is read) -> BEHIND -> FILLING -> SETTLED; BEHIND -> SETTLED if
 * time to live is off. Another generation of the description makes it UNKNOWN again.
 *
 * A settled part knows the earliest time at which it may have a row, so a table where nothing is due costs nothing, and
 * what was removed before that time is never read again: `expiry_low` of the shard tells of rows that come later. */
#include <assert.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/log.h"
#include "cluster/private.h"
#include "engine/ttl.h"
#include "value/codec.h"

#define LOOK_US    500000 /* between looks at what has become due */
#define POLL_US    5000   /* while a run is under way */
#define RETRY_US   1000000
#define HELD_US    200000 /* a transaction held an item */
#define PAUSE_US   2000
#define FILL_ROWS  500
#define FILL_BYTES (1u << 20)
/* Items that one run expires: normally, and when the first of them has been due for BEHIND_SECONDS. */
#define EXPIRE_ROWS        25
#define EXPIRE_ROWS_BEHIND 100
#define BEHIND_SECONDS     5
#define PAUSE_FACTOR       9
/* Tables that a step reads rows of and finds nothing to do, before it makes a pause. */
#define READS_MAX 32

_Static_assert(EXPIRE_ROWS_BEHIND <= BATCH_COMMAND_ITEMS_MAX && EXPIRE_ROWS_BEHIND <= FILL_ROWS, "a run has room");

enum part_state { PART_UNKNOWN, PART_BEHIND, PART_FILLING, PART_SETTLED };

struct expiry_part {
    enum part_state state;
    uint64_t next;          /* no row is earlier, unless expiry_low tells of it; seconds */
    uint64_t later;         /* during a sweep: the earliest time of the rows that it leaves */
    struct buffer position; /* of the filling, or of the sweep: what comes next is behind it */
};

struct expiry_table {
    uint32_t id;
    uint64_t generation;
    bool on;
    bool seen;
    struct expiry_part parts[];
};

enum run_kind { RUN_BEGIN, RUN_FILL, RUN_EXPIRE };

struct expiry_run {
    struct command command; /* first */
    struct cluster *cluster;
    struct shard *shard;
    atomic_bool busy; /* the writer has it */
    bool finished;    /* the writer had it: conclusions are to be drawn */
    enum run_kind kind;
    uint32_t table_id;
    uint64_t generation;
    struct arena arena; /* the rows */
    struct slice rows[FILL_ROWS];
    uint32_t count;
    struct slice position;
    bool ended; /* there is nothing behind */

    uint64_t kept_time; /* the earliest row that stays; UINT64_MAX: none does */
    uint64_t took_us;
    uint64_t not_before_us; /* of the next run */
    uint32_t turn;          /* the table whose turn it is */
    uint32_t reads;         /* in this step */
};

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
        look_at(cluster, &table->spec);
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

static void expire_rows(struct expiry_run *run, struct table *table, struct batch *batch)
{
    uint64_t now = env_time_us() / 1000000;
    for (uint32_t i = 0; i < run->count; i++) {
        uint64_t time = ttl_row_time(run->rows[i]);
        if (!ttl_expire(batch, table, run->rows[i], now) && time < run->kept_time) {
            run->kept_time = time;
        }
    }
}

static void evaluate_run(struct command *command, struct batch *batch)
{
    struct expiry_run *run = (struct expiry_run *)command;
    uint64_t started = env_monotonic_us();
    struct table *table = catalog_acquire_id(&run->cluster->catalog, run->table_id);
    if (table != NULL && !atomic_load(&table->state->dropped) && table->spec.ttl.generation == run->generation) {
        switch (run->kind) {
        case RUN_BEGIN:
            ttl_begin(batch, &table->spec);
            break;
        case RUN_FILL:
            ttl_fill(batch, &table->spec, run->rows, run->count, run->position, run->ended);
            break;
        case RUN_EXPIRE:
            expire_rows(run, table, batch);
            break;
        }
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

static void submit(struct expiry_run *run, enum run_kind kind, const struct expiry_table *table)
{
    run->command = (struct command){.evaluate = evaluate_run, .finished = finish_run};
    run->kind = kind;
    run->table_id = table->id;
    run->generation = table->generation;
    run->kept_time = UINT64_MAX;
    run->finished = true;
    atomic_store(&run->busy, true);
    cluster_submit(run->shard, &run->command);
}

static void clear(struct expiry_run *run)
{
    arena_reset(&run->arena);
    run->count = 0;
    run->position = SLICE("");
    run->ended = false;
}

/* --- conclusions ---------------------------------------------------------------------------------------------------
 */

static void set_position(struct expiry_part *part, struct slice position)
{
    buffer_clear(&part->position);
    buffer_append_slice(&part->position, position);
}

static void settle(struct expiry_part *part, uint64_t next)
{
    part->state = PART_SETTLED;
    part->next = next;
    buffer_clear(&part->position);
}

static void conclude_expire(struct expiry_run *run, struct expiry_part *part)
{
    if (run->kept_time < part->later) {
        part->later = run->kept_time;
    }
    if (run->ended) {
        settle(part, part->later);
    } else {
        set_position(part, run->position);
    }
}

static uint64_t pause_after(const struct expiry_run *run)
{
    if (run->command.failed) {
        return RETRY_US;
    }
    if (run->kept_time != UINT64_MAX) {
        return HELD_US;
    }
    bool is_behind = run->kind == RUN_EXPIRE && run->count > EXPIRE_ROWS;
    uint64_t pause = run->took_us * (is_behind ? 1 : PAUSE_FACTOR);
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
    } else if (run->kind == RUN_EXPIRE) {
        conclude_expire(run, part);
    } else if (run->kind == RUN_FILL && !run->ended) {
        set_position(part, run->position);
    } else if (run->kind == RUN_BEGIN && table->on) {
        part->state = PART_FILLING;
        buffer_clear(&part->position);
    } else {
        settle(part, 0);
    }
}

/* --- what a run does -------------------------------------------------------------------------------------------------
 */

/* Where a part stands after a start, a change or a failure. */
static void find_state(struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part)
{
    struct arena arena;
    struct ttl_progress progress;
    struct err err;
    run->reads++;
    arena_init(&arena, 256);
    if (ttl_progress_read(run->shard, table->id, &arena, &progress, &err) != 0) {
        log_error("time to live: %s", err.text); /* it stays unknown */
    } else if (progress.generation != table->generation) {
        part->state = PART_BEHIND;
    } else if (progress.done) {
        settle(part, 0);
    } else {
        part->state = PART_FILLING;
        set_position(part, progress.position);
    }
    arena_finish(&arena);
}

/* Rows for the items from the position on. Writes that come from now on make their rows themselves. */
static int read_items(struct expiry_run *run, const struct table_spec *spec, struct store_cursor *items,
                      struct err *err)
{
    uint64_t now = env_time_us() / 1000000;
    struct arena scratch;
    arena_init(&scratch, 16384);
    size_t bytes = 0;
    int more = 1;
    for (uint32_t i = 0; i < FILL_ROWS && bytes < FILL_BYTES && (more = store_cursor_next(items, err)) == 1; i++) {
        struct item_header header;
        struct item item;
        uint64_t time;
        struct slice key = store_cursor_key(items), stored = store_cursor_value(items);
        arena_reset(&scratch);
        if (item_decode(&scratch, stored, &header, &item, err) != 0) {
            more = -1;
            break;
        }
        if (ttl_time(spec, &item, &time) && !ttl_is_too_old(time, now)) {
            run->rows[run->count++] = ttl_row(&run->arena, key, time);
        }
        bytes += stored.len;
        run->position = arena_copy(&run->arena, key);
    }
    run->ended = more == 0;
    arena_finish(&scratch);
    return more < 0 ? -1 : 0;
}

static void start_fill(struct expiry_run *run, struct expiry_table *table, struct expiry_part *part)
{
    struct table *held = catalog_acquire_id(&run->cluster->catalog, table->id);
    if (held == NULL || held->spec.ttl.generation != table->generation) {
        table_release(held);
        return; /* the next look at the catalog tells */
    }
    clear(run);
    struct row_range range;
    row_range_of_scan(&run->arena, &held->spec, NULL, 0, 1, &range);
    if (part->position.len > 0) {
        buffer_append_byte(&part->position, '\0');
        range.lower = buffer_slice(&part->position);
    }
    struct store_cursor *items = shard_rows(run->shard, false, range.lower, range.upper, false);
    struct err err;
    if (read_items(run, &held->spec, items, &err) == 0) {
        submit(run, RUN_FILL, table);
    } else {
        log_error("time to live of table %.*s: %s", SLICE_ARG(held->spec.name), err.text);
        part->state = PART_UNKNOWN;
        run->not_before_us = env_monotonic_us() + RETRY_US;
    }
    store_cursor_destroy(items);
    table_release(held);
}

/* The next due rows, in order of their time. */
static int read_rows(struct expiry_run *run, struct expiry_part *part, struct store_cursor *rows, uint64_t now,
                     struct err *err)
{
    uint32_t max = EXPIRE_ROWS;
    while (run->count < max) {
        int more = store_cursor_next(rows, err);
        if (more < 0) {
            return -1;
        }
        uint64_t time = more == 0 ? UINT64_MAX : ttl_row_time(store_cursor_key(rows));
        if (time > now) {
            part->later = time < part->later ? time : part->later;
            run->ended = true;
            return 0;
        }
        if (run->count == 0 && time + BEHIND_SECONDS < now) {
            max = EXPIRE_ROWS_BEHIND;
        }
        run->rows[run->count++] = run->position = arena_copy(&run->arena, store_cursor_key(rows));
    }
    return 0;
}

static void start_expire(struct expiry_run *run, struct expiry_table *table, struct expiry_part *part, uint64_t now)
{
    clear(run);
    if (part->position.len == 0) {
        part->later = UINT64_MAX; /* a new sweep */
    }
    struct err err;
    run->reads++;
    struct store_cursor *rows = ttl_rows(run->shard, table->id, part->next, buffer_slice(&part->position));
    if (read_rows(run, part, rows, now, &err) != 0) {
        log_error("time to live: %s", err.text);
        run->not_before_us = env_monotonic_us() + RETRY_US;
    } else if (run->count == 0) {
        settle(part, part->later);
    } else {
        submit(run, RUN_EXPIRE, table);
    }
    store_cursor_destroy(rows);
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
        find_state(run, table, part);
    }
    switch (part->state) {
    case PART_UNKNOWN:
        break;
    case PART_BEHIND:
        clear(run);
        submit(run, RUN_BEGIN, table);
        break;
    case PART_FILLING:
        start_fill(run, table, part);
        break;
    case PART_SETTLED:
        if (table->on && part->next <= now) {
            start_expire(run, table, part, now);
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
