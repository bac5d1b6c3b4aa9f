/* What the files of expiry share: the runs, and where each table's part on each shard stands. Private to cluster/.
 *
 * A table's part on one shard: UNKNOWN -> (its meta row is read) -> BEHIND -> FILLING -> SETTLED; BEHIND -> SETTLED if
 * time to live is off. Another generation of the description makes it UNKNOWN again. expiry_fill.c brings a part from
 * BEHIND to SETTLED; expiry_due.c does what is to be done in a settled one. */
#pragma once

#include "cluster/private.h"

#define EXPIRY_RUN_ROWS 500
/* After a failure. */
#define EXPIRY_RETRY_US 1000000

enum expiry_state { PART_UNKNOWN, PART_BEHIND, PART_FILLING, PART_SETTLED };

struct expiry_part {
    enum expiry_state state;
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

/* Each shard has one run at most: a command with what one step found. The maintenance thread prepares it while it is
 * idle, the writer evaluates it, and the maintenance thread draws the conclusions. */
struct expiry_run {
    struct command command; /* first */
    struct cluster *cluster;
    struct shard *shard;
    atomic_bool busy; /* the writer has it */
    bool finished;    /* the writer had it: conclusions are to be drawn */
    const struct expiry_work *work;
    uint32_t table_id;
    uint64_t generation;
    struct arena arena; /* the rows */
    struct slice rows[EXPIRY_RUN_ROWS];
    uint32_t count;
    struct slice position;
    bool ended;     /* there is nothing behind */
    bool is_behind; /* it has more to do than it should: the next one is not to wait for long */

    uint64_t kept_time; /* the earliest row that stays; UINT64_MAX: none does */
    uint64_t took_us;
    uint64_t not_before_us; /* of the next run */
    uint32_t turn;          /* the table whose turn it is */
    uint32_t reads;         /* of the store, in this step */
};

/* What a run does. */
struct expiry_work {
    void (*evaluate)(struct expiry_run *run, struct table *table, struct batch *batch); /* writer thread */
    /* What has been done is durable, and the table is as it was. */
    void (*conclude)(const struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part);
};

/* --- expiry.c ------------------------------------------------------------------------------------------------------
 */

/* Empties the run for a next one. */
void expiry_clear(struct expiry_run *run);

/* Hands it to the writer. */
void expiry_submit(struct expiry_run *run, const struct expiry_work *work, const struct expiry_table *table);

void expiry_set_position(struct expiry_part *part, struct slice position);

/* Nothing of it is due before `next`. */
void expiry_settle(struct expiry_part *part, uint64_t next);

/* --- expiry_fill.c, expiry_due.c: one step each; submits the run or changes the part -------------------------------
 */

/* Reads where a part stands after a start, a change or a failure. */
void expiry_find_state(struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part);
void expiry_begin(struct expiry_run *run, const struct expiry_table *table);
void expiry_fill(struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part);
void expiry_due(struct expiry_run *run, const struct expiry_table *table, struct expiry_part *part,
                uint64_t now_seconds);
