#include "engine/shard.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/fault.h"
#include "base/log.h"
#include "engine/batch.h"
#include "engine/outbox.h"
#include "engine/ttl.h"

int shard_open(const struct shard_options *options, struct shard **ret_shard, struct err *err)
{
    struct shard *shard = calloc(1, sizeof *shard);
    if (shard == NULL) {
        abort();
    }
    shard->number = options->number;
    shard->slot_first = options->slot_first;
    shard->slot_last = options->slot_last;
    shard->collection_bytes_max = options->collection_bytes_max;
    shard->outbox_ready = options->outbox_ready;
    shard->context = options->context;
    shard->vault = options->vault;
    row_run_begin(&shard->run);
    if (store_open(options->path, &options->store, &shard->store, err) != 0) {
        free(shard);
        return err_wrap(err, "%s", options->path);
    }
    if (outbox_load(shard, err) != 0) {
        store_close(shard->store);
        free(shard);
        return err_wrap(err, "%s", options->path);
    }
    shard->cache = item_cache_create(options->item_cache_bytes);
    shard->version = env_time_us();
    pthread_mutex_init(&shard->lock, NULL);
    pthread_cond_init(&shard->wake, NULL);
    *ret_shard = shard;
    return 0;
}

void shard_close(struct shard *shard)
{
    if (shard == NULL) {
        return;
    }
    assert(!shard->started);
    store_close(shard->store);
    item_cache_destroy(shard->cache);
    locks_finish(&shard->locks);
    pthread_mutex_destroy(&shard->lock);
    pthread_cond_destroy(&shard->wake);
    free(shard);
}

void shard_submit(struct shard *shard, struct task_list *commands)
{
    pthread_mutex_lock(&shard->lock);
    task_list_join(&shard->queue, commands);
    bool asleep = shard->asleep;
    shard->asleep = false;
    pthread_mutex_unlock(&shard->lock);
    if (asleep) {
        pthread_cond_signal(&shard->wake);
    }
}

/* Everything that waits, into `list`; sleeps while there is nothing. False when the shard stops and nothing waits. */
static bool take(struct shard *shard, struct task_list *list)
{
    pthread_mutex_lock(&shard->lock);
    while (list->first == NULL && shard->queue.first == NULL && !shard->stopping) {
        shard->asleep = true;
        pthread_cond_wait(&shard->wake, &shard->lock);
    }
    shard->asleep = false;
    task_list_join(list, &shard->queue);
    pthread_mutex_unlock(&shard->lock);
    return list->first != NULL;
}

/* Commands that belong together by mailbox travel home as one list; few mailboxes, so a small table will do. */
#define REPLY_MAILBOXES 16
struct replies {
    struct mailbox *mailbox[REPLY_MAILBOXES];
    struct task_list list[REPLY_MAILBOXES];
    int count;
};

static void replies_send(struct replies *replies)
{
    for (int i = 0; i < replies->count; i++) {
        mailbox_post(replies->mailbox[i], &replies->list[i]);
    }
    replies->count = 0;
}

static void replies_add(struct replies *replies, struct command *command)
{
    int i = 0;
    while (i < replies->count && replies->mailbox[i] != command->reply_to) {
        i++;
    }
    if (i == REPLY_MAILBOXES) {
        replies_send(replies);
        i = 0;
    }
    if (i == replies->count) {
        replies->mailbox[i] = command->reply_to;
        replies->list[i] = (struct task_list){0};
        replies->count++;
    }
    task_list_append(&replies->list[i], &command->task);
}

static bool commit(struct shard *shard, struct batch *batch)
{
    if (batch->broken) {
        return false;
    }
    if (store_batch_is_empty(batch->rows) && !batch->probes) {
        return true;
    }
    struct err err;
    bool failing = atomic_load_explicit(&shard->failing, memory_order_relaxed);
    fault_crash("shard.before_commit");
    bool good = batch_commit(batch, &err) == 0;
    fault_crash("shard.after_commit");
    if (!good && !failing) {
        log_error("shard %u: writes are refused until the cause is gone: %s", shard->number, err.text);
    } else if (good && failing) {
        log_info("shard %u: writes succeed again", shard->number);
    }
    atomic_store(&shard->failing, !good);
    return good;
}

/* One turn: evaluates commands from the front of `waiting` until it is empty or the batch is full, commits, answers. */
static void turn(struct shard *shard, struct batch *batch, struct task_list *waiting)
{
    struct task_list done = {0};
    while (waiting->first != NULL && !batch_is_full(batch)) {
        struct task *task = task_list_pop(waiting);
        struct command *command = (struct command *)task;
        command->failed = false;
        command->evaluate(command, batch);
        arena_reset(&batch->scratch);
        task_list_append(&done, task);
    }
    histogram_add(&shard->batch_commands, histogram_bounds_numbers, done.count);
    metric_set(&shard->waiting, waiting->count);
    bool good = commit(shard, batch);
    if (good) {
        ttl_committed(shard, batch->expiry_low);
    }
    bool outbox_changed = good && batch->outbox_changed;
    struct replies replies = {.count = 0};
    for (struct task *task; (task = task_list_pop(&done)) != NULL;) {
        struct command *command = (struct command *)task;
        struct mailbox *reply_to = command->reply_to;
        command->failed = !good;
        if (command->finished != NULL) {
            command->finished(command); /* frees it if nobody waits for it */
        }
        if (reply_to != NULL) {
            replies_add(&replies, command);
        }
    }
    replies_send(&replies);
    if (outbox_changed && shard->outbox_ready != NULL) {
        shard->outbox_ready(shard->context, shard);
    }
    batch_reset(batch);
}

void shard_look(struct shard *shard)
{
    atomic_store(&shard->unwritable, !store_is_writable(shard->store));
}

void shard_stats(struct shard *shard, struct shard_stats *ret_stats)
{
    *ret_stats = (struct shard_stats){0};
    pthread_mutex_lock(&shard->lock);
    ret_stats->queue_commands = shard->queue.count;
    pthread_mutex_unlock(&shard->lock);
    ret_stats->queue_commands += metric_read(&shard->waiting);
    histogram_sum_add(&ret_stats->batch_commands, &shard->batch_commands);
    item_cache_stats(shard->cache, &ret_stats->item_cache);
    store_stats(shard->store, &ret_stats->store);
}

static void *run(void *context)
{
    struct shard *shard = context;
    struct batch batch;
    batch_init(&batch, shard);
    struct task_list waiting = {0};
    while (take(shard, &waiting)) {
        turn(shard, &batch, &waiting);
    }
    batch_finish(&batch);
    return NULL;
}

int shard_start(struct shard *shard, struct err *err)
{
    assert(!shard->started);
    int failed = pthread_create(&shard->thread, NULL, run, shard);
    if (failed != 0) {
        return err_set(err, "cannot start the writer of shard %u: %s", shard->number, strerror(failed));
    }
    char name[16];
    snprintf(name, sizeof name, "shard %u", shard->number % 1000);
    pthread_setname_np(shard->thread, name);
    shard->started = true;
    return 0;
}

void shard_stop(struct shard *shard)
{
    if (shard == NULL || !shard->started) {
        return;
    }
    pthread_mutex_lock(&shard->lock);
    shard->stopping = true;
    pthread_mutex_unlock(&shard->lock);
    pthread_cond_signal(&shard->wake);
    pthread_join(shard->thread, NULL);
    shard->started = false;
}

bool shard_discard(struct shard *shard)
{
    if (shard == NULL) {
        return false;
    }
    assert(!shard->started);
    struct task_list late = {0};
    pthread_mutex_lock(&shard->lock);
    task_list_join(&late, &shard->queue);
    pthread_mutex_unlock(&shard->lock);
    bool any = late.first != NULL;
    for (struct task *task; (task = task_list_pop(&late)) != NULL;) {
        struct command *command = (struct command *)task;
        assert(command->reply_to == NULL); /* loops end before shards do */
        command->failed = true;
        if (command->finished != NULL) {
            command->finished(command);
        }
    }
    return any;
}
