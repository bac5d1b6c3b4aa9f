/* What a crash left of transactions that span shards, before the writers run: what is prepared is applied if the home
 * shard has the decision, and cancelled if not. */
#include "cluster/private.h"
#include "engine/transact.h"

struct recovered {
    struct recovered *next;
    struct shard *shard;
    struct transact_part *part;
};

struct recovery {
    struct arena arena;
    struct recovered *first;
};

static void remember_part(void *context, struct shard *shard, struct transact_part *part)
{
    struct recovery *recovery = context;
    struct recovered *recovered = ARENA_NEW(&recovery->arena, struct recovered);
    *recovered = (struct recovered){recovery->first, shard, part};
    recovery->first = recovered;
}

static int finish_part(struct cluster *cluster, const struct recovered *recovered, struct err *err)
{
    const struct transact_part *part = recovered->part;
    bool decided;
    if (part->home >= cluster->shard_count) {
        return err_set(err, "shard %u: a prepared transaction names shard %u", recovered->shard->number, part->home);
    }
    if (transact_is_decided(cluster->shards[part->home], &part->id, &decided, err) != 0) {
        return -1;
    }
    struct batch batch;
    batch_init(&batch, recovered->shard);
    int failed = 0;
    if (decided) {
        failed = transact_apply(&batch, part, err);
    } else {
        transact_cancel(&batch, part);
    }
    if (failed == 0) {
        batch.durable = true;
        failed = batch_commit(&batch, err);
    }
    batch_finish(&batch);
    transact_unlock(recovered->shard, part);
    return failed;
}

static int forget_decisions(struct cluster *cluster, struct err *err)
{
    int failed = 0;
    for (unsigned i = 0; i < cluster->shard_count && failed == 0; i++) {
        struct batch batch;
        batch_init(&batch, cluster->shards[i]);
        failed = transact_forget_all(&batch, err);
        if (failed == 0 && !store_batch_is_empty(batch.rows)) {
            batch.durable = true;
            failed = batch_commit(&batch, err);
        }
        batch_finish(&batch);
    }
    return failed;
}

int transactions_recover(struct cluster *cluster, struct err *err)
{
    struct recovery recovery = {0};
    arena_init(&recovery.arena, 1024);
    int failed = 0;
    for (unsigned i = 0; i < cluster->shard_count && failed == 0; i++) {
        failed = transact_load(cluster->shards[i], &cluster->catalog, &recovery.arena, remember_part, &recovery, err);
    }
    for (struct recovered *at = recovery.first; at != NULL; at = at->next) {
        if (failed == 0) {
            failed = finish_part(cluster, at, err);
        }
        transact_part_finish(at->part);
    }
    arena_finish(&recovery.arena);
    if (failed == 0) {
        failed = forget_decisions(cluster, err);
    }
    return failed == 0 ? 0 : err_wrap(err, "recovery of transactions");
}
