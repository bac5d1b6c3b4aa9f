/* Items whose time has come: due rows (engine/ttl.h) are read here and handed, few at a time, to the shard's writer,
 * which looks at each item again. */
#include "base/log.h"
#include "cluster/expiry.h"
#include "engine/ttl.h"

/* Items that one run expires: normally, and when the first of them has been due for BEHIND_SECONDS. */
#define ROWS           25
#define ROWS_BEHIND    100
#define BEHIND_SECONDS 5

_Static_assert(ROWS_BEHIND <= BATCH_COMMAND_ITEMS_MAX && ROWS_BEHIND <= EXPIRY_RUN_ROWS, "a run has room");

static void evaluate_due(struct expiry_run *run, struct table *table, struct batch *batch)
{
    uint64_t now = env_time_us() / 1000000;
    for (uint32_t i = 0; i < run->count; i++) {
        uint64_t time = ttl_row_time(run->rows[i]);
        if (!ttl_expire(batch, table, run->rows[i], now) && time < run->kept_time) {
            run->kept_time = time;
        }
    }
}

static void conclude_due(const struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part)
{
    (void)table;
    if (run->kept_time < part->later) {
        part->later = run->kept_time;
    }
    if (run->ended) {
        expiry_settle(part, part->later);
    } else {
        expiry_set_position(part, run->position);
    }
}

/* The next due rows, in order of their time. */
static int read_rows(struct expiry_run *run, struct expiry_part *part, struct store_cursor *rows, uint64_t now,
                     struct err *err)
{
    uint32_t max = ROWS;
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
            max = ROWS_BEHIND;
        }
        run->rows[run->count++] = run->position = arena_copy(&run->arena, store_cursor_key(rows));
    }
    return 0;
}

void expiry_due(struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part,
                uint64_t now_seconds)
{
    static const struct expiry_work due = {evaluate_due, conclude_due};
    expiry_clear(run);
    if (part->position.len == 0) {
        part->later = UINT64_MAX; /* a new sweep */
    }
    struct err err;
    run->reads++;
    struct store_cursor *rows = ttl_rows(run->shard, table->id, part->next, buffer_slice(&part->position));
    if (read_rows(run, part, rows, now_seconds, &err) != 0) {
        log_error("time to live: %s", err.text);
        run->not_before_us = env_monotonic_us() + EXPIRY_RETRY_US;
    } else if (run->count == 0) {
        expiry_settle(part, part->later);
    } else {
        run->is_behind = run->count > ROWS;
        expiry_submit(run, &due, table);
    }
    store_cursor_destroy(rows);
}
