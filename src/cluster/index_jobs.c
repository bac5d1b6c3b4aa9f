/* Indexes that come and go on a live table.
 *
 *   CREATING   BARRIER on every shard -> runs over every item (engine/backfill.h) -> deliveries between shards have
 *              arrived -> ACTIVE
 *   DELETING   BARRIER -> rows removed on every shard -> out of the description
 *
 * The barrier: a command that every shard's writer has finished. Behind it every write sees the new status (writers use
 * the newest version of a table), and everything written before it is committed, so that runs see it.
 *
 * What is to be done stands in the catalog, and how far it got on each shard, so a restart goes on where it was. Jobs
 * are made and advanced by the maintenance thread; a part belongs to its shard's writer while `busy`. */
#include <assert.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/log.h"
#include "cluster/private.h"
#include "engine/backfill.h"

#define IDLE_US  200000
#define BUSY_US  500
#define RETRY_US 500000

enum job_state { JOB_BARRIER, JOB_WORK, JOB_DELIVERY, JOB_CHANGE, JOB_DONE };

struct index_job;

struct job_part {
    struct command command; /* first */
    struct index_job *job;
    atomic_bool busy;
    bool done;
    bool failed;
};

struct index_job {
    struct table_change change; /* the last step's; first */
    struct index_job *next;
    struct cluster *cluster;
    struct table *table; /* the version that asked for the job */
    const struct index_spec *index;
    enum job_state state;
    atomic_bool changing; /* `change` is under way: the system shard's writer may set `state` */
    bool change_failed;
    struct job_part parts[CLUSTER_SHARDS_MAX];
};

struct index_jobs {
    struct index_job *first;
    uint64_t generation; /* of the catalog when it was last looked through */
    uint64_t retry_us;   /* after a failure, not before */
};

struct index_jobs *index_jobs_create(void)
{
    struct index_jobs *jobs = calloc(1, sizeof *jobs);
    if (jobs == NULL) {
        abort();
    }
    return jobs;
}

static void job_destroy(struct index_job *job)
{
    table_release(job->table);
    free(job);
}

void index_jobs_destroy(struct index_jobs *jobs)
{
    for (struct index_job *job = jobs->first, *next; job != NULL; job = next) {
        next = job->next;
        job_destroy(job);
    }
    free(jobs);
}

/* --- finding work --------------------------------------------------------------------------------------------------
 */

static bool has_job(const struct index_jobs *jobs, uint32_t table_id, uint32_t index_id)
{
    for (const struct index_job *job = jobs->first; job != NULL; job = job->next) {
        if (job->table->spec.id == table_id && job->index->id == index_id) {
            return true;
        }
    }
    return false;
}

static void add_job(struct cluster *cluster, struct table *table, const struct index_spec *index)
{
    struct index_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        abort();
    }
    job->cluster = cluster;
    job->table = table_acquire(table);
    job->index = index;
    job->next = cluster->index_jobs->first;
    cluster->index_jobs->first = job;
}

static void look_for_jobs(struct cluster *cluster)
{
    struct table *table;
    for (uint32_t i = 0; (table = catalog_acquire_at(&cluster->catalog, i)) != NULL; i++) {
        for (uint32_t j = 0; j < table->spec.index_count; j++) {
            const struct index_spec *index = &table->spec.indexes[j];
            bool can_be_done = index->status == INDEX_DELETING || atomic_load(&table->state->inaccessible_us) == 0;
            if (index->status != INDEX_ACTIVE && can_be_done &&
                !has_job(cluster->index_jobs, table->spec.id, index->id)) {
                add_job(cluster, table, index);
            }
        }
        table_release(table);
    }
}

/* --- commands -------------------------------------------------------------------------------------------------------
 */

static void evaluate_barrier(struct command *command, struct batch *batch)
{
    (void)batch;
    ((struct job_part *)command)->done = true;
}

static void evaluate_work(struct command *command, struct batch *batch)
{
    struct job_part *part = (struct job_part *)command;
    const struct table_spec *table = &part->job->table->spec;
    struct err err;
    if (atomic_load(&part->job->table->state->dropped)) {
        part->done = true;
    } else if (part->job->index->status == INDEX_DELETING) {
        backfill_remove(batch, table, part->job->index);
        part->done = true;
    } else if (backfill_run(batch, table, part->job->index, &part->done, &err) != 0) {
        log_error("index %.*s of table %.*s: %s", SLICE_ARG(part->job->index->name), SLICE_ARG(table->name), err.text);
        part->failed = true;
        batch->broken = true; /* a run is whole or it is made again */
    }
}

static void finish_part(struct command *command)
{
    struct job_part *part = (struct job_part *)command;
    part->failed = part->failed || command->failed;
    part->done = part->done && !command->failed;
    atomic_store(&part->busy, false);
}

/* A command to every shard whose part is not done. True when all are. */
static bool work_on_parts(struct index_job *job, void (*evaluate)(struct command *, struct batch *))
{
    struct cluster *cluster = job->cluster;
    bool all_done = true;
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        struct job_part *part = &job->parts[i];
        if (atomic_load(&part->busy)) {
            all_done = false;
            continue;
        }
        if (part->failed) {
            part->failed = false;
            cluster->index_jobs->retry_us = env_monotonic_us() + RETRY_US;
        }
        if (!part->done) {
            all_done = false;
            part->job = job;
            part->command = (struct command){.evaluate = evaluate, .finished = finish_part};
            atomic_store(&part->busy, true);
            cluster_submit(cluster->shards[i], &part->command);
        }
    }
    return all_done;
}

static void reset_parts(struct index_job *job)
{
    for (unsigned i = 0; i < job->cluster->shard_count; i++) {
        job->parts[i].done = false;
    }
}

/* --- the last step: the description
 * ------------------------------------------------------------------------------------ */

static bool uses_attribute(const struct table_spec *spec, struct slice name)
{
    bool uses = key_schema_has(&spec->keys, name);
    for (uint32_t i = 0; i < spec->index_count; i++) {
        uses = uses || key_schema_has(&spec->indexes[i].keys, name);
    }
    return uses;
}

static void remove_index(struct table_spec *spec, uint32_t position)
{
    spec->index_count--;
    for (uint32_t i = position; i < spec->index_count; i++) {
        spec->indexes[i] = spec->indexes[i + 1];
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < spec->attribute_count; i++) {
        if (uses_attribute(spec, spec->attributes[i].name)) {
            spec->attributes[kept++] = spec->attributes[i];
        }
    }
    spec->attribute_count = kept;
}

/* table_change.apply. The table of this name may be another one by now. */
static bool apply_change(struct table_change *change, struct table_spec *spec, struct arena *arena)
{
    (void)arena;
    struct index_job *job = (struct index_job *)change;
    for (uint32_t i = 0; i < spec->index_count && spec->id == job->table->spec.id; i++) {
        if (spec->indexes[i].id != job->index->id) {
            continue;
        }
        if (spec->indexes[i].status != job->index->status) {
            return false; /* deleted while it was being filled */
        }
        if (job->index->status == INDEX_DELETING) {
            remove_index(spec, i);
        } else {
            spec->indexes[i].status = INDEX_ACTIVE;
        }
        return true;
    }
    return false;
}

static void finish_change(struct command *command)
{
    struct table_change *change = (struct table_change *)command;
    struct index_job *job = (struct index_job *)change;
    tables_finish_change(change);
    job->change_failed = command->failed;
    if (!command->failed) {
        job->state = JOB_DONE;
    }
    if (change->table != NULL) {
        atomic_fetch_add(&change->table->state->writes, 1); /* counts by index are to be made anew */
    }
    table_release(change->table);
    change->table = NULL;
    atomic_store(&job->changing, false);
}

static void submit_change(struct index_job *job)
{
    if (job->change_failed) {
        job->change_failed = false;
        job->cluster->index_jobs->retry_us = env_monotonic_us() + RETRY_US;
        return;
    }
    atomic_store(&job->changing, true);
    job->change = (struct table_change){.kind = TABLE_UPDATE, .name = job->table->spec.name, .apply = apply_change};
    tables_change(job->cluster, &job->change, finish_change);
}

static void evaluate_forget(struct command *command, struct batch *batch)
{
    struct job_part *part = (struct job_part *)command;
    backfill_forget(batch, &part->job->table->spec, part->job->index->id);
    part->done = true;
}

/* --- steps
 * ------------------------------------------------------------------------------------------------------------------ */

static bool deliveries_arrived(struct cluster *cluster)
{
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        if (!courier_is_idle(&cluster->couriers[i])) {
            return false;
        }
    }
    return true;
}

/* An index may be deleted while it is being filled. */
static bool is_pointless(const struct index_job *job)
{
    const struct table_spec *newest = &table_newest(job->table)->spec;
    for (uint32_t i = 0; i < newest->index_count; i++) {
        if (newest->indexes[i].id == job->index->id) {
            return newest->indexes[i].status != job->index->status;
        }
    }
    return true;
}

static bool any_part_is_busy(const struct index_job *job)
{
    for (unsigned i = 0; i < job->cluster->shard_count; i++) {
        if (atomic_load(&job->parts[i].busy)) {
            return true;
        }
    }
    return false;
}

/* True when nothing is left to do. */
static bool advance(struct index_job *job)
{
    if (atomic_load(&job->changing)) {
        return false;
    }
    if (job->state < JOB_CHANGE && is_pointless(job)) {
        if (any_part_is_busy(job)) {
            return false;
        }
        reset_parts(job);
        job->state = JOB_DONE;
    }
    switch (job->state) {
    case JOB_BARRIER:
        if (work_on_parts(job, evaluate_barrier)) {
            reset_parts(job);
            job->state = JOB_WORK;
        }
        return false;
    case JOB_WORK:
        if (work_on_parts(job, evaluate_work)) {
            reset_parts(job);
            job->state = JOB_DELIVERY;
        }
        return false;
    case JOB_DELIVERY:
        if (deliveries_arrived(job->cluster)) {
            job->state = JOB_CHANGE;
        }
        return false;
    case JOB_CHANGE:
        submit_change(job);
        return false;
    case JOB_DONE:
        return work_on_parts(job, evaluate_forget);
    }
    return false;
}

uint64_t index_jobs_step(struct cluster *cluster)
{
    struct index_jobs *jobs = cluster->index_jobs;
    uint64_t generation = atomic_load(&cluster->catalog.generation);
    if (generation != jobs->generation) {
        jobs->generation = generation;
        look_for_jobs(cluster);
    }
    if (env_monotonic_us() < jobs->retry_us) {
        return RETRY_US;
    }
    for (struct index_job **at = &jobs->first; *at != NULL;) {
        struct index_job *job = *at;
        if (advance(job)) {
            *at = job->next;
            job_destroy(job);
            jobs->generation = 0; /* the same index may be waiting for its next job */
        } else {
            at = &job->next;
        }
    }
    return jobs->first == NULL ? IDLE_US : BUSY_US;
}
