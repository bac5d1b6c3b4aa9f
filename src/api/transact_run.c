#include "api/transact_run.h"

#include <assert.h>

#include "api/capacity_json.h"
#include "api/expression_error.h"
#include "api/item_write.h"
#include "api/key_check.h"
#include "api/throttle.h"
#include "engine/capacity.h"

#define ACTION_ARENA_BYTES 1024
/* Transactional reads and writes cost twice; rows of indexes do not. Source: measured answers of Amazon DynamoDB in
 * public bug reports; Developer Guide, "Capacity management for transactions". */
#define FACTOR 2

/* --- the actions ----------------------------------------------------------------------------------------------- */

struct transact_run *transact_run_create(struct api_call *call, uint32_t capacity)
{
    assert(capacity <= TRANSACT_ACTIONS_MAX);
    struct transact_run *run = ARENA_NEW(&call->arena, struct transact_run);
    run->call = call;
    run->capacity = capacity;
    run->actions = arena_zalloc(&call->arena, sizeof(run->actions[0]) * capacity);
    run->writes = ARENA_ARRAY(&call->arena, struct write *, capacity);
    return run;
}

struct transact_action *transact_run_next(struct transact_run *run)
{
    assert(run->count < run->capacity);
    struct transact_action *action = &run->actions[run->count++];
    write_init(&action->write);
    return action;
}

bool transact_run_aim(struct transact_run *run, struct transact_action *action, enum write_kind kind,
                      struct table *table, const struct item *item)
{
    struct api_call *call = run->call;
    struct write *write = &action->write;
    struct slice message;
    bool is_put = kind == WRITE_PUT;
    write->kind = kind;
    write->table = table;
    bool fits = is_put ? key_check_item(&call->arena, &table->spec, item, &message)
                       : key_check(&call->arena, &table->spec, item, &message);
    if (!fits && key_fails_request(&table->spec, item, !is_put)) {
        call_fail(call, ERROR_VALIDATION, "%.*s", SLICE_ARG(message));
        return false;
    }
    if (!fits) {
        action->reason = transact_invalid(message);
        return true;
    }
    item_write_key(&call->arena, &table->spec, item, &write->key_item);
    row_key_of_item(&call->arena, &table->spec, &write->key_item, &write->key);
    if (is_put) {
        write->item = *item;
    }
    return true;
}

/* Row keys have the table in front. An action with a reason may have no key. */
bool transact_run_check_repeated(struct transact_run *run, const struct transact_action *action)
{
    for (const struct transact_action *other = run->actions; other < action; other++) {
        if (action->reason.code == NULL && other->reason.code == NULL &&
            slice_equal(other->write.key.bytes, action->write.key.bytes)) {
            call_fail(run->call, ERROR_VALIDATION,
                      "Transaction request cannot include multiple operations on one item");
            return false;
        }
    }
    return true;
}

/* --- the answer ------------------------------------------------------------------------------------------------ */

/* True for the first action of its table: lists in the answer have one entry for each table. */
static bool is_first_of_table(const struct transact_run *run, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++) {
        if (run->actions[i].write.table->spec.id == run->actions[at].write.table->spec.id) {
            return false;
        }
    }
    return true;
}

/* Repeating a transaction by its token reads what the first one wrote, in blocks of 4 KB. */
static void count_units(const struct write *write, bool is_replay, struct capacity_used *used)
{
    if (is_replay) {
        used->table += FACTOR * capacity_read_blocks((size_t)write->table_units * 1024);
        return;
    }
    capacity_of_write(write, used);
    used->table += (FACTOR - 1) * write->table_units;
}

/* A repetition reads; what wrote was charged where it was written. */
static void charge_replay(const struct transact_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        const struct write *write = &run->actions[i].write;
        struct capacity_used used = {0};
        count_units(write, true, &used);
        throttle_charge_read(write->table, write->key.hash, &used);
    }
}

static void append_capacity(const struct transact_run *run, bool is_replay)
{
    struct buffer *out = &run->call->out;
    json_member_array_begin(out, "ConsumedCapacity");
    for (uint32_t i = 0; i < run->count; i++) {
        const struct table_spec *table = &run->actions[i].write.table->spec;
        struct capacity_used used = {0};
        if (!is_first_of_table(run, i)) {
            continue;
        }
        for (uint32_t j = i; j < run->count; j++) {
            if (run->actions[j].write.table->spec.id == table->id) {
                count_units(&run->actions[j].write, is_replay, &used);
            }
        }
        capacity_append_transact(out, run->return_capacity, table, &used, is_replay);
    }
    json_array_end(out);
}

/* An action that wrote to an item collection which no earlier one of the same table wrote to. */
static bool is_first_of_collection(const struct transact_run *run, uint32_t at)
{
    const struct write *write = &run->actions[at].write;
    const struct value *hash = &write->key_item.attributes[0].value;
    if (write->kind == WRITE_CHECK) {
        return false;
    }
    for (uint32_t i = 0; i < at; i++) {
        const struct write *other = &run->actions[i].write;
        if (other->kind != WRITE_CHECK && other->table->spec.id == write->table->spec.id &&
            value_equal(&other->key_item.attributes[0].value, hash)) {
            return false;
        }
    }
    return true;
}

static void append_metrics_of_table(const struct transact_run *run, uint32_t first)
{
    struct buffer *out = &run->call->out;
    const struct table_spec *table = &run->actions[first].write.table->spec;
    bool open = false;
    for (uint32_t i = first; i < run->count; i++) {
        const struct write *write = &run->actions[i].write;
        if (write->table->spec.id != table->id || !is_first_of_collection(run, i)) {
            continue;
        }
        if (!open) {
            json_name_slice(out, table->name);
            json_array_begin(out);
            open = true;
        }
        metrics_append(out, run->call->loop->api->cluster, table, &write->key_item.attributes[0].value);
    }
    if (open) {
        json_array_end(out);
    }
}

static void append_metrics(const struct transact_run *run)
{
    json_member_object_begin(&run->call->out, "ItemCollectionMetrics");
    for (uint32_t i = 0; i < run->count; i++) {
        if (is_first_of_table(run, i) && table_has_local_index(&run->actions[i].write.table->spec)) {
            append_metrics_of_table(run, i);
        }
    }
    json_object_end(&run->call->out);
}

static void append_answer(const struct transact_run *run)
{
    struct buffer *out = &run->call->out;
    bool is_replay = run->transact.result == TRANSACT_REPLAYED;
    json_object_begin(out);
    if (run->with_responses) {
        json_member_array_begin(out, "Responses");
        json_array_end(out);
    }
    if (run->return_capacity != CAPACITY_NONE) {
        append_capacity(run, is_replay);
    }
    if (run->return_metrics == METRICS_SIZE && !is_replay) {
        append_metrics(run);
    }
    json_object_end(out);
}

/* --- failures -------------------------------------------------------------------------------------------------- */

/* An action whose result fails the request instead of cancelling the transaction, or NULL. */
static const struct write *find_failure(const struct transact_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        const struct write *write = &run->actions[i].write;
        if (write->result == WRITE_TABLE_GONE || write->result == WRITE_STORE_FAILED ||
            (write->result == WRITE_INDEX_KEY_INVALID && write->index_flaw.kind == INDEX_KEY_EMPTY)) {
            return write;
        }
    }
    return NULL;
}

static struct transact_reason condition_reason(const struct transact_action *action)
{
    struct transact_reason reason = {
        .code = "ConditionalCheckFailed",
        .message = SLICE("The conditional request failed"),
        .has_item = action->show_old && action->write.had_old && !action->is_insert,
        .item = action->write.old,
    };
    if (action->is_insert) {
        reason.code = "DuplicateItem";
        reason.message = SLICE("Duplicate primary key exists in table");
    }
    return reason;
}

static struct transact_reason reason_of(struct arena *arena, const struct transact_action *action)
{
    const struct write *write = &action->write;
    bool is_update = write->kind == WRITE_UPDATE;
    switch (write->result) {
    case WRITE_CONDITION_FAILED:
        return condition_reason(action);
    case WRITE_UPDATE_INVALID:
        return transact_invalid(expr_error_text(arena, EXPR_UPDATE, &write->expr_error));
    case WRITE_ITEM_TOO_LARGE:
        return transact_invalid(is_update ? SLICE("Item size to update has exceeded the maximum allowed size")
                                          : SLICE("Item size has exceeded the maximum allowed size"));
    case WRITE_ITEM_TOO_DEEP:
        return transact_invalid(SLICE("Nesting Levels have exceeded supported limits"));
    case WRITE_INDEX_KEY_INVALID:
        return transact_invalid(key_index_flaw_text(arena, &write->index_flaw, is_update));
    case WRITE_COLLECTION_FULL:
        return (struct transact_reason){.code = "ItemCollectionSizeLimitExceeded",
                                        .message = SLICE("Collection size exceeded.")};
    case WRITE_CONFLICT:
        return transact_conflict();
    case WRITE_THROTTLED:
        return throttle_reason(&write->throttle);
    case WRITE_DONE:
    case WRITE_TABLE_GONE:
    case WRITE_STORE_FAILED:
        break;
    }
    return action->reason;
}

static void finish_arenas(struct transact_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        arena_finish(&run->actions[i].arena);
    }
}

/* What the reasons need is copied out of the writes' arenas, which end here. */
static void cancel(struct transact_run *run)
{
    struct api_call *call = run->call;
    const struct write *failure = find_failure(run);
    struct transact_refusal refusal = {0};
    if (failure == NULL) {
        struct transact_reason *reasons = ARENA_ARRAY(&call->arena, struct transact_reason, run->count);
        for (uint32_t i = 0; i < run->count; i++) {
            reasons[i] = reason_of(&call->arena, &run->actions[i]);
        }
        refusal = transact_refusal_make(call, reasons, run->count);
    }
    finish_arenas(run);
    if (failure == NULL) {
        transact_refuse(call, &refusal);
    } else {
        item_write_fail(call, failure, false);
    }
}

static void run_finished(struct task *task)
{
    struct transact_run *run = (struct transact_run *)task;
    struct api_call *call = run->call;
    enum transact_result result = run->transact.result;
    if (result == TRANSACT_CANCELLED) {
        cancel(run);
        return;
    }
    if (result == TRANSACT_REPLAYED) {
        charge_replay(run);
    }
    if (result == TRANSACT_DONE || result == TRANSACT_REPLAYED) {
        append_answer(run);
    }
    finish_arenas(run);
    switch (result) {
    case TRANSACT_DONE:
    case TRANSACT_REPLAYED:
        call_succeed(call);
        return;
    case TRANSACT_IN_PROGRESS:
        call_fail(call, ERROR_TRANSACTION_IN_PROGRESS, "Transaction from previous request is still in progress");
        return;
    case TRANSACT_TOKEN_MISMATCH:
        call_fail(
            call, ERROR_IDEMPOTENT_PARAMETER_MISMATCH,
            "Specified idempotent token was used with different request parameters within the idempotency window");
        return;
    case TRANSACT_CANCELLED:
    case TRANSACT_FAILED:
        call_fail(call, ERROR_INTERNAL, "Internal server error");
        return;
    }
}

/* --- running --------------------------------------------------------------------------------------------------- */

void transact_run_set_token(struct transact_run *run, const struct opt_string *token, struct slice payload)
{
    const struct json_node *nodes = run->call->nodes;
    if (token->present) {
        run->transact.token = token->text;
        run->transact.payload_hash = transact_payload_hash(nodes, json_member(nodes, &nodes[0], payload));
    }
}

static bool has_reasons(const struct transact_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        if (run->actions[i].reason.code != NULL) {
            return true;
        }
    }
    return false;
}

void transact_run_start(struct transact_run *run)
{
    assert(run->count > 0);
    for (uint32_t i = 0; i < run->count; i++) {
        struct transact_action *action = &run->actions[i];
        struct write *write = &action->write;
        arena_init(&action->arena, ACTION_ARENA_BYTES);
        write->arena = &action->arena;
        write->want_old = action->show_old && write->condition != NULL;
        /* A repetition by the token tells what the first one cost, whether that had to or not. */
        write->want_capacity = run->return_capacity != CAPACITY_NONE || run->transact.token.len != 0;
        run->writes[i] = write;
    }
    if (has_reasons(run)) {
        cancel(run);
        return;
    }
    run->transact.task.run = run_finished;
    run->transact.writes = run->writes;
    run->transact.count = run->count;
    cluster_transact(call_port(run->call), &run->transact);
}
