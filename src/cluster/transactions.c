/* Transactions: all writes or none, serializable against everything else.
 *
 * All items on one shard: one command, one batch. On several shards, two phases (engine/transact.h):
 *
 *   PREPARE on each shard -> all can be done -> DECIDE on the home shard, which also applies its own part
 *                                            -> APPLY on the others -> answer -> FORGET the decision
 *                         -> else            -> CANCEL on those that prepared -> answer
 *
 * Each step is durable before the next begins, and a locked item is a conflict for everybody else, never a wait. After
 * a crash what is prepared is applied if the home shard has the decision, and cancelled if not.
 *
 * A commit that fails from DECIDE on is tried again by transactions_step until it succeeds; the items stay locked, the
 * token stays under way, and the caller has been told that the outcome is not known. That holds for the decision too:
 * the log may have it although its commit failed, and then a start would apply it. So it cannot be taken back, but it
 * can be written once more, for everything in its batch may be written twice.
 *
 * A transaction belongs to whichever thread finishes the last command of a step; `commands_left` hands it over. */
#include <assert.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/hash.h"
#include "base/log.h"
#include "cluster/private.h"
#include "engine/transact.h"

#define TOKEN_BUCKETS      1024
#define EXPIRE_INTERVAL_US 1000000

struct transaction;

/* The writes of one shard. */
struct part {
    struct command command; /* first */
    struct transaction *transaction;
    struct shard *shard;
    struct write **writes;
    uint32_t count;
    struct arena arena;
    bool prepared; /* `record` is valid and its items are locked */
    struct transact_part record;
};

struct transaction {
    struct transact *transact; /* NULL once it is answered */
    struct cluster *cluster;
    struct mailbox *mailbox;
    struct transact_token token;
    struct transaction *token_next; /* in its bucket while it is under way */
    struct arena arena;
    struct transaction_id id;
    struct part *parts; /* the home shard's first */
    uint32_t part_count;
    atomic_uint commands_left;
    atomic_bool cancelled, failed;
    bool decided;
    bool in_doubt; /* a commit of the decision failed: it is tried again */
    struct transaction *stuck_next;
};

struct transactions {
    pthread_mutex_t lock;
    struct transaction *tokens[TOKEN_BUCKETS]; /* under way, with a token */
    struct transaction *stuck;                 /* their last step is to be tried again */
    uint64_t expired_us;
};

struct transactions *transactions_create(void)
{
    struct transactions *transactions = calloc(1, sizeof *transactions);
    if (transactions == NULL) {
        abort();
    }
    pthread_mutex_init(&transactions->lock, NULL);
    return transactions;
}

static void transaction_destroy(struct transaction *transaction)
{
    for (uint32_t i = 0; i < transaction->part_count; i++) {
        struct part *part = &transaction->parts[i];
        transact_part_finish(&part->record);
        arena_finish(&part->arena);
    }
    arena_finish(&transaction->arena);
    free(transaction);
}

void transactions_destroy(struct transactions *transactions)
{
    for (struct transaction *stuck = transactions->stuck, *next; stuck != NULL; stuck = next) {
        next = stuck->stuck_next;
        transaction_destroy(stuck);
    }
    pthread_mutex_destroy(&transactions->lock);
    free(transactions);
}

/* --- tokens
 * ------------------------------------------------------------------------------------------------------------ */

static struct transaction **token_bucket(struct transactions *transactions, struct slice token)
{
    return &transactions->tokens[hash_bytes(token) % TOKEN_BUCKETS];
}

/* Enters the token as under way; false with the result if one with this token is already. */
static bool token_begin(struct transaction *transaction)
{
    struct transactions *transactions = transaction->cluster->transactions;
    struct transact *transact = transaction->transact;
    pthread_mutex_lock(&transactions->lock);
    struct transaction **bucket = token_bucket(transactions, transaction->token.token), *other = *bucket;
    while (other != NULL && !slice_equal(other->token.token, transaction->token.token)) {
        other = other->token_next;
    }
    if (other == NULL) {
        transaction->token_next = *bucket;
        *bucket = transaction;
    } else {
        bool same = other->token.payload_hash == transaction->token.payload_hash;
        transact->result = same ? TRANSACT_IN_PROGRESS : TRANSACT_TOKEN_MISMATCH;
    }
    pthread_mutex_unlock(&transactions->lock);
    return other == NULL;
}

static void token_end(struct transaction *transaction)
{
    struct transactions *transactions = transaction->cluster->transactions;
    if (transaction->token.token.len == 0) {
        return;
    }
    pthread_mutex_lock(&transactions->lock);
    struct transaction **at = token_bucket(transactions, transaction->token.token);
    while (*at != NULL && *at != transaction) {
        at = &(*at)->token_next;
    }
    if (*at != NULL) {
        *at = transaction->token_next;
    }
    pthread_mutex_unlock(&transactions->lock);
}

/* Whether any shard knows the token as done; false with the result if so. It is looked for after token_begin, so one
 * that ends meanwhile is found here or there. */
static bool token_is_new(struct transaction *transaction)
{
    struct cluster *cluster = transaction->cluster;
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        enum transact_token_state state;
        struct err err;
        if (transact_find_token(cluster->shards[i], &transaction->token, &state, &err) != 0) {
            log_error("a transaction's token cannot be looked up: %s", err.text);
            transaction->transact->result = TRANSACT_FAILED;
            return false;
        }
        for (uint32_t j = 0; state == TOKEN_DONE && j < transaction->token.count; j++) {
            transaction->transact->writes[j]->table_units = transaction->token.units[j];
        }
        if (state != TOKEN_NEW) {
            transaction->transact->result = state == TOKEN_DONE ? TRANSACT_REPLAYED : TRANSACT_TOKEN_MISMATCH;
            return false;
        }
    }
    return true;
}

/* --- answering
 * --------------------------------------------------------------------------------------------------------------- */

/* The first time only. Nothing of the caller's may be touched afterwards. */
static void answer(struct transaction *transaction, enum transact_result result)
{
    struct transact *transact = transaction->transact;
    struct task_list list = {0};
    if (transact == NULL) {
        return;
    }
    transact->result = result;
    transaction->transact = NULL;
    task_list_append(&list, &transact->task);
    mailbox_post(transaction->mailbox, &list);
}

/* For transactions_step. */
static void set_aside(struct transaction *transaction)
{
    struct transactions *transactions = transaction->cluster->transactions;
    pthread_mutex_lock(&transactions->lock);
    transaction->stuck_next = transactions->stuck;
    transactions->stuck = transaction;
    pthread_mutex_unlock(&transactions->lock);
}

static bool is_last(struct transaction *transaction)
{
    return atomic_fetch_sub(&transaction->commands_left, 1) == 1;
}

/* One command for every part that is prepared, except the first `skip` parts. False if there is none. */
static bool submit_to_prepared(struct transaction *transaction, uint32_t skip,
                               void (*evaluate)(struct command *, struct batch *), void (*finished)(struct command *))
{
    uint32_t count = 0;
    for (uint32_t i = skip; i < transaction->part_count; i++) {
        count += transaction->parts[i].prepared;
    }
    atomic_store(&transaction->commands_left, count);
    for (uint32_t i = skip, left = count; left > 0; i++) {
        struct part *part = &transaction->parts[i];
        if (part->prepared) {
            left--;
            part->command = (struct command){.evaluate = evaluate, .finished = finished};
            cluster_submit(part->shard, &part->command); /* after the last one the transaction may be gone */
        }
    }
    return count > 0;
}

/* --- FORGET
 * ---------------------------------------------------------------------------------------------------------------------
 */

static void evaluate_forget(struct command *command, struct batch *batch)
{
    transact_forget(batch, &((struct part *)command)->transaction->id);
}

/* A decision that stays is removed at the next start. */
static void finish_forget(struct command *command)
{
    transaction_destroy(((struct part *)command)->transaction);
}

static void forget(struct transaction *transaction)
{
    struct part *home = &transaction->parts[0];
    home->command = (struct command){.evaluate = evaluate_forget, .finished = finish_forget};
    cluster_submit(home->shard, &home->command);
}

/* --- APPLY and CANCEL
 * --------------------------------------------------------------------------------------------------------------- */

/* Common to both: true for the last command of the step. */
static bool second_phase_done(struct part *part)
{
    if (part->command.failed) {
        atomic_store(&part->transaction->failed, true);
    } else {
        transact_unlock(part->shard, &part->record);
        part->prepared = false;
    }
    return is_last(part->transaction);
}

static void evaluate_apply(struct command *command, struct batch *batch)
{
    struct part *part = (struct part *)command;
    struct err err;
    if (transact_apply(batch, &part->record, &err) != 0) {
        log_error("a transaction cannot be applied: %s", err.text);
    }
}

static void finish_apply(struct command *command)
{
    struct part *part = (struct part *)command;
    struct transaction *transaction = part->transaction;
    if (!command->failed) {
        fault_crash("transact.applied");
    }
    if (!second_phase_done(part)) {
        return;
    }
    if (atomic_load(&transaction->failed)) {
        answer(transaction, TRANSACT_FAILED);
        set_aside(transaction);
        return;
    }
    token_end(transaction);
    answer(transaction, TRANSACT_DONE);
    forget(transaction);
}

static void answer_cancelled(struct transaction *transaction)
{
    token_end(transaction);
    answer(transaction, atomic_load(&transaction->cancelled) ? TRANSACT_CANCELLED : TRANSACT_FAILED);
}

static void evaluate_cancel(struct command *command, struct batch *batch)
{
    transact_cancel(batch, &((struct part *)command)->record);
}

static void finish_cancel(struct command *command)
{
    struct part *part = (struct part *)command;
    struct transaction *transaction = part->transaction;
    if (!second_phase_done(part)) {
        return;
    }
    answer_cancelled(transaction);
    for (uint32_t i = 0; i < transaction->part_count; i++) {
        if (transaction->parts[i].prepared) {
            set_aside(transaction);
            return;
        }
    }
    transaction_destroy(transaction);
}

static void cancel(struct transaction *transaction)
{
    if (!submit_to_prepared(transaction, 0, evaluate_cancel, finish_cancel)) {
        answer_cancelled(transaction);
        transaction_destroy(transaction);
    }
}

/* --- DECIDE
 * ------------------------------------------------------------------------------------------------------------------------------
 */

static void evaluate_decide(struct command *command, struct batch *batch)
{
    struct part *home = (struct part *)command;
    transact_decide(batch, &home->transaction->id, &home->transaction->token);
    evaluate_apply(command, batch);
}

static void finish_decide(struct command *command)
{
    struct part *home = (struct part *)command;
    struct transaction *transaction = home->transaction;
    if (command->failed) {
        if (!transaction->in_doubt) {
            log_error("a transaction's decision could not be made durable: its items are locked until it is");
        }
        transaction->in_doubt = true;
        answer(transaction, TRANSACT_FAILED);
        set_aside(transaction);
        return;
    }
    fault_crash("transact.decided");
    transaction->decided = true;
    transaction->in_doubt = false;
    transact_unlock(home->shard, &home->record);
    home->prepared = false;
    submit_to_prepared(transaction, 1, evaluate_apply, finish_apply);
}

/* Also a second time: nothing of the caller's is needed any more. */
static void decide(struct transaction *transaction)
{
    struct part *home = &transaction->parts[0];
    home->command = (struct command){.evaluate = evaluate_decide, .finished = finish_decide};
    cluster_submit(home->shard, &home->command);
}

/* --- PREPARE
 * ---------------------------------------------------------------------------------------------------------------------------------
 */

static void evaluate_prepare(struct command *command, struct batch *batch)
{
    struct part *part = (struct part *)command;
    struct transaction *transaction = part->transaction;
    part->prepared = transact_prepare(batch, &transaction->id, transaction->parts[0].shard->number, part->writes,
                                      part->count, &part->arena, &part->record);
}

static void finish_prepare(struct command *command)
{
    struct part *part = (struct part *)command;
    struct transaction *transaction = part->transaction;
    if (command->failed) {
        if (part->prepared) {
            transact_unlock(part->shard, &part->record);
            part->prepared = false;
        }
        atomic_store(&transaction->failed, true);
    } else if (part->prepared) {
        fault_crash("transact.prepared");
    } else {
        atomic_store(&transaction->cancelled, true);
    }
    if (!is_last(transaction)) {
        return;
    }
    if (atomic_load(&transaction->failed) || atomic_load(&transaction->cancelled)) {
        cancel(transaction);
    } else {
        for (uint32_t i = 0; i < transaction->token.count; i++) {
            transaction->token.units[i] = transaction->transact->writes[i]->table_units;
        }
        decide(transaction);
    }
}

/* --- all on one shard
 * -----------------------------------------------------------------------------------------------------------------------------
 */

static void evaluate_alone(struct command *command, struct batch *batch)
{
    struct part *part = (struct part *)command;
    bool done = transact_write_all(batch, part->writes, part->count, &part->transaction->token);
    part->transaction->transact->result = done ? TRANSACT_DONE : TRANSACT_CANCELLED;
}

/* Loop thread. */
static void run_alone(struct task *task)
{
    struct part *part = (struct part *)task;
    struct transaction *transaction = part->transaction;
    struct transact *transact = transaction->transact;
    if (part->command.failed) {
        transact->result = TRANSACT_FAILED;
    }
    token_end(transaction);
    transaction_destroy(transaction);
    transact->task.run(&transact->task);
}

/* --- beginning
 * ----------------------------------------------------------------------------------------------------------------------------------------
 */

/* Sorts the writes into parts; the home shard is the first write's. */
static void make_parts(struct transaction *transaction)
{
    const struct transact *transact = transaction->transact;
    struct part *of_shard[CLUSTER_SHARDS_MAX] = {NULL};
    uint32_t most = transact->count < CLUSTER_SHARDS_MAX ? transact->count : CLUSTER_SHARDS_MAX;
    transaction->parts = arena_zalloc(&transaction->arena, most * sizeof(struct part));
    for (uint32_t i = 0; i < transact->count; i++) {
        struct shard *shard = cluster_shard_of(transaction->cluster, transact->writes[i]->key.hash);
        struct part *part = of_shard[shard->number];
        if (part == NULL) {
            part = of_shard[shard->number] = &transaction->parts[transaction->part_count++];
            *part = (struct part){.transaction = transaction, .shard = shard};
            part->writes = ARENA_ARRAY(&transaction->arena, struct write *, transact->count);
            arena_init(&part->arena, 1024);
        }
        part->writes[part->count++] = transact->writes[i];
    }
}

static struct transaction *transaction_create(struct cluster_port *port, struct transact *transact)
{
    struct transaction *transaction = calloc(1, sizeof *transaction);
    if (transaction == NULL) {
        abort();
    }
    transaction->transact = transact;
    transaction->cluster = port->cluster;
    transaction->mailbox = &port->mailbox;
    arena_init(&transaction->arena, 2048);
    transaction->token = (struct transact_token){
        .token = arena_copy(&transaction->arena, transact->token),
        .payload_hash = transact->payload_hash,
        .units = ARENA_ARRAY(&transaction->arena, uint32_t, transact->count),
        .count = transact->count,
    };
    env_random(transaction->id.bytes, sizeof transaction->id.bytes);
    make_parts(transaction);
    return transaction;
}

void cluster_transact(struct cluster_port *port, struct transact *transact)
{
    assert(transact->count > 0 && transact->count <= BATCH_COMMAND_ITEMS_MAX);
    struct transaction *transaction = transaction_create(port, transact);
    if (transact->token.len > 0) {
        bool begun = token_begin(transaction);
        if (!begun || !token_is_new(transaction)) {
            if (begun) {
                token_end(transaction);
            }
            transaction_destroy(transaction);
            transact->task.run(&transact->task);
            return;
        }
    }
    struct part *parts = transaction->parts;
    if (transaction->part_count == 1) {
        parts[0].command = (struct command){.evaluate = evaluate_alone, .reply_to = &port->mailbox};
        parts[0].command.task.run = run_alone;
        port_submit_silent(port, parts[0].shard, &parts[0].command);
        return;
    }
    atomic_init(&transaction->commands_left, transaction->part_count);
    for (uint32_t i = 0; i < transaction->part_count; i++) {
        parts[i].command = (struct command){.evaluate = evaluate_prepare, .finished = finish_prepare};
        port_submit_silent(port, parts[i].shard, &parts[i].command);
    }
}

/* --- in the background
 * ------------------------------------------------------------------------------------------------------------------------------------
 */

static void evaluate_expire(struct command *command, struct batch *batch)
{
    (void)command;
    struct err err;
    if (transact_expire_tokens(batch, &err) != 0) {
        log_error("transaction tokens cannot be forgotten: %s", err.text);
    }
}

static void finish_expire(struct command *command)
{
    free(command);
}

static void expire_tokens(struct cluster *cluster)
{
    for (unsigned i = 0; i < cluster->shard_count; i++) {
        struct command *command = calloc(1, sizeof *command);
        if (command == NULL) {
            abort();
        }
        *command = (struct command){.evaluate = evaluate_expire, .finished = finish_expire};
        cluster_submit(cluster->shards[i], command);
    }
}

/* The step whose commit failed, once more. */
static void take_up(struct transaction *transaction)
{
    atomic_store(&transaction->failed, false);
    if (transaction->in_doubt) {
        decide(transaction);
    } else if (transaction->decided) {
        submit_to_prepared(transaction, 0, evaluate_apply, finish_apply);
    } else {
        submit_to_prepared(transaction, 0, evaluate_cancel, finish_cancel);
    }
}

void transactions_step(struct cluster *cluster)
{
    struct transactions *transactions = cluster->transactions;
    uint64_t now = env_monotonic_us();
    if (now < transactions->expired_us + EXPIRE_INTERVAL_US) {
        return;
    }
    transactions->expired_us = now;
    expire_tokens(cluster);
    pthread_mutex_lock(&transactions->lock);
    struct transaction *stuck = transactions->stuck;
    transactions->stuck = NULL;
    pthread_mutex_unlock(&transactions->lock);
    for (struct transaction *next; stuck != NULL; stuck = next) {
        next = stuck->stuck_next;
        take_up(stuck);
    }
}
