/* The way of index rows from the outbox of their item's shard to their own shard (engine/outbox.h).
 *
 * A run: read rows -> one command for each shard that owns some -> all good: one command to the sender that forgets the
 * rows -> the next run. A run that fails stays in the outbox; cluster_step starts it again. */
#include <assert.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"
#include "cluster/private.h"

struct delivery_run {
    struct courier *courier;
    struct arena arena;
    struct outbox_row *rows;
    uint64_t last;
    bool full; /* there may be more behind the last row */
    atomic_uint commands_left;
    atomic_bool failed;
    struct delivery_command {
        struct command command; /* first */
        struct delivery_run *run;
    } commands[CLUSTER_SHARDS_MAX];
};

static void drive(struct courier *courier);

void courier_init(struct courier *courier, struct cluster *cluster, struct shard *sender)
{
    *courier = (struct courier){.cluster = cluster, .sender = sender};
    pthread_mutex_init(&courier->lock, NULL);
}

void courier_finish(struct courier *courier)
{
    assert(courier->run == NULL);
    pthread_mutex_destroy(&courier->lock);
}

void courier_poke(struct courier *courier)
{
    pthread_mutex_lock(&courier->lock);
    bool free_to_start = !courier->busy;
    courier->busy = true;
    courier->poked = true;
    pthread_mutex_unlock(&courier->lock);
    if (free_to_start) {
        drive(courier);
    }
}

bool courier_is_idle(struct courier *courier)
{
    pthread_mutex_lock(&courier->lock);
    bool idle = !courier->busy && !courier->stalled;
    pthread_mutex_unlock(&courier->lock);
    return idle;
}

/* True: the caller goes on with the next run. */
static bool end_run(struct courier *courier, bool good)
{
    struct delivery_run *run = courier->run;
    courier->run = NULL;
    if (run != NULL) {
        arena_finish(&run->arena);
        free(run);
    }
    pthread_mutex_lock(&courier->lock);
    courier->stalled = courier->stalled || !good;
    bool again = good && courier->poked && !atomic_load(&courier->cluster->closing);
    courier->busy = again;
    pthread_mutex_unlock(&courier->lock);
    return again;
}

/* Sender's writer: the rows have arrived. */
static void evaluate_arrival(struct command *command, struct batch *batch)
{
    outbox_delivered(batch, ((struct delivery_command *)command)->run->rows);
}

/* If the rows could not be deleted they stay until the next start, which delivers them again to no effect. */
static void finish_arrival(struct command *command)
{
    struct courier *courier = ((struct delivery_command *)command)->run->courier;
    if (end_run(courier, true)) {
        drive(courier);
    }
}

/* Receiver's writer. */
static void evaluate_delivery(struct command *command, struct batch *batch)
{
    struct delivery_run *run = ((struct delivery_command *)command)->run;
    struct err err;
    fault_crash("outbox.before_delivery");
    if (outbox_apply(batch, run->courier->sender->number, run->rows, &run->courier->cluster->catalog, &err) != 0) {
        log_error("delivery of index rows failed: %s", err.text);
        atomic_store(&run->failed, true);
    }
}

static void finish_delivery(struct command *command)
{
    struct delivery_run *run = ((struct delivery_command *)command)->run;
    struct courier *courier = run->courier;
    if (command->failed) {
        atomic_store(&run->failed, true);
    }
    if (atomic_fetch_sub(&run->commands_left, 1) != 1) {
        return;
    }
    fault_crash("outbox.after_delivery");
    if (atomic_load(&run->failed)) {
        end_run(courier, false); /* a failed run never goes on at once */
        return;
    }
    courier->after = run->last;
    run->commands[0].command = (struct command){.evaluate = evaluate_arrival, .finished = finish_arrival};
    cluster_submit(courier->sender, &run->commands[0].command);
}

/* The shards that own some of the rows. */
static unsigned receivers_of(struct cluster *cluster, const struct outbox_row *rows,
                             struct shard *ret_receivers[CLUSTER_SHARDS_MAX])
{
    bool wanted[CLUSTER_SHARDS_MAX] = {false};
    for (const struct outbox_row *row = rows; row != NULL; row = row->next) {
        wanted[cluster_shard_of(cluster, row->key.hash)->number] = true;
    }
    unsigned count = 0;
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        if (wanted[i]) {
            ret_receivers[count++] = cluster->shards[i];
        }
    }
    return count;
}

static struct delivery_run *read_run(struct courier *courier, struct err *err)
{
    struct delivery_run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        abort();
    }
    run->courier = courier;
    arena_init(&run->arena, 4096);
    if (outbox_read(courier->sender, courier->after, &run->arena, &run->rows, err) != 0) {
        arena_finish(&run->arena);
        free(run);
        return NULL;
    }
    size_t rows = 0, bytes = 0;
    for (const struct outbox_row *row = run->rows; row != NULL; row = row->next) {
        run->last = row->sequence;
        rows++;
        bytes += row->key.bytes.len + row->stored.len;
    }
    run->full = rows >= OUTBOX_RUN_ROWS || bytes >= OUTBOX_RUN_BYTES;
    return run;
}

enum run_start { RUN_STARTED, RUN_EMPTY, RUN_FAILED };

static enum run_start start_run(struct courier *courier)
{
    struct err err;
    pthread_mutex_lock(&courier->lock);
    courier->poked = false; /* what comes from here on is not surely read below */
    pthread_mutex_unlock(&courier->lock);
    struct delivery_run *run = courier->run = read_run(courier, &err);
    if (run == NULL) {
        log_error("reading the outbox of shard %u failed: %s", courier->sender->number, err.text);
        return RUN_FAILED;
    }
    if (run->rows == NULL) {
        return RUN_EMPTY;
    }
    if (run->full) { /* nobody pokes again for the rows that did not go in */
        pthread_mutex_lock(&courier->lock);
        courier->poked = true;
        pthread_mutex_unlock(&courier->lock);
    }
    struct shard *receivers[CLUSTER_SHARDS_MAX];
    unsigned count = receivers_of(courier->cluster, run->rows, receivers);
    atomic_init(&run->commands_left, count);
    for (unsigned i = 0; i < count; i++) {
        run->commands[i].run = run;
        run->commands[i].command = (struct command){.evaluate = evaluate_delivery, .finished = finish_delivery};
    }
    for (unsigned i = 0; i < count; i++) {
        cluster_submit(receivers[i], &run->commands[i].command); /* after the last one the run may be gone */
    }
    return RUN_STARTED;
}

/* Whoever set `busy` calls this. Any thread. */
static void drive(struct courier *courier)
{
    for (;;) {
        enum run_start start = start_run(courier);
        if (start == RUN_STARTED || !end_run(courier, start == RUN_EMPTY)) {
            return;
        }
    }
}
