/* Time to live was turned on, or off: the rows of the items that are there already are made, or all rows removed. */
#include "base/log.h"
#include "cluster/expiry.h"
#include "engine/ttl.h"
#include "value/codec.h"

#define FILL_BYTES (1u << 20)

void expiry_find_state(struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part)
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
        expiry_settle(part, 0);
    } else {
        part->state = PART_FILLING;
        expiry_set_position(part, progress.position);
    }
    arena_finish(&arena);
}

/* --- a new generation begins without rows -------------------------------------------------------------------------
 */

static void evaluate_begin(struct expiry_run *run, struct table *table, struct batch *batch)
{
    (void)run;
    ttl_begin(batch, &table->spec);
}

static void conclude_begin(const struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part)
{
    (void)run;
    if (table->on) {
        part->state = PART_FILLING;
        buffer_clear(&part->position);
    } else {
        expiry_settle(part, 0);
    }
}

void expiry_begin(struct expiry_run *run, const struct expiry_table *table)
{
    static const struct expiry_work begin = {evaluate_begin, conclude_begin};
    expiry_clear(run);
    expiry_submit(run, &begin, table);
}

/* --- and gets those of the items ----------------------------------------------------------------------------------
 */

static void evaluate_fill(struct expiry_run *run, struct table *table, struct batch *batch)
{
    ttl_fill(batch, &table->spec, run->rows, run->count, run->position, run->ended);
}

static void conclude_fill(const struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part)
{
    (void)table;
    if (run->ended) {
        expiry_settle(part, 0);
    } else {
        expiry_set_position(part, run->position);
    }
}

/* Rows for the items from the position on. Writes that come from now on make their rows themselves. */
static int read_items(struct expiry_run *run, const struct table_spec *spec, struct store_cursor *items,
                      struct err *err)
{
    uint64_t now = env_time_us() / 1000000;
    struct arena scratch;
    struct buffer opened = {0};
    arena_init(&scratch, 16384);
    size_t bytes = 0;
    int more = 1;
    for (uint32_t i = 0; i < EXPIRY_RUN_ROWS && bytes < FILL_BYTES && (more = store_cursor_next(items, err)) == 1;
         i++) {
        struct item_header header;
        struct item item;
        uint64_t time;
        struct slice key = store_cursor_key(items), stored;
        arena_reset(&scratch);
        if (shard_row_value(run->shard, false, items, &opened, &stored, err) != 0 ||
            item_decode(&scratch, stored, &header, &item, err) != 0) {
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
    buffer_finish(&opened);
    return more < 0 ? -1 : 0;
}

void expiry_fill(struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part)
{
    static const struct expiry_work fill = {evaluate_fill, conclude_fill};
    struct table *held = catalog_acquire_id(&run->cluster->catalog, table->id);
    if (held == NULL || held->spec.ttl.generation != table->generation) {
        table_release(held);
        return; /* the next look at the catalog tells */
    }
    expiry_clear(run);
    struct row_range range;
    row_range_of_scan(&run->arena, &held->spec, NULL, 0, 1, &range);
    if (part->position.len > 0) {
        buffer_append_byte(&part->position, '\0');
        range.lower = buffer_slice(&part->position);
    }
    struct store_cursor *items = shard_rows(run->shard, false, range.lower, range.upper, false);
    struct err err;
    if (read_items(run, &held->spec, items, &err) == 0) {
        expiry_submit(run, &fill, table);
    } else {
        log_error("time to live of table %.*s: %s", SLICE_ARG(held->spec.name), err.text);
        part->state = PART_UNKNOWN;
        run->not_before_us = env_monotonic_us() + EXPIRY_RETRY_US;
    }
    store_cursor_destroy(items);
    table_release(held);
}
