/* What TransactWriteItems and a writing ExecuteTransaction have in common, once their actions are known: checks of the
 * targets against their tables, running, and the answer.
 *
 *   transact_run_create -> for each action: transact_run_next, its write, transact_run_check_repeated ->
 * transact_run_start
 */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"
#include "api/transact_reasons.h"

#define TRANSACT_ACTIONS_MAX 100
#define TRANSACT_BYTES_MAX   (4u << 20) /* source: API reference, TransactWriteItems */

struct transact_run;

struct transact_action {
    struct write write;            /* first; the arena and what it returns are not the caller's to set */
    struct transact_reason reason; /* set before the start: the action cannot be run */
    bool show_old;                 /* ReturnValuesOnConditionCheckFailure is ALL_OLD */
    bool is_insert;                /* of PartiQL: a failed condition is a duplicate */
    struct arena arena;            /* of the write: shards evaluate side by side */
};

struct transact_run {
    struct transact transact; /* first */
    struct api_call *call;
    struct transact_action *actions;
    struct write **writes;
    uint32_t count, capacity;
    enum return_capacity return_capacity;
    enum return_metrics return_metrics;
    bool with_responses; /* ExecuteTransaction: an empty list of them */
};

/* In the call's arena, for at most `capacity` actions. */
struct transact_run *transact_run_create(struct api_call *call, uint32_t capacity);

/* The next action, its write to be filled in. */
struct transact_action *transact_run_next(struct transact_run *run);

/* Sets kind, table and key of its write: `item` is the whole item of a put, the key otherwise. What does not fit the
 * table's keys becomes the action's reason; false if it is wrong in a way that fails the whole request, and the call
 * has been failed. */
bool transact_run_aim(struct transact_run *run, struct transact_action *action, enum write_kind kind,
                      struct table *table, const struct item *item);

/* False if an earlier action is about the same item: the call has been failed. */
bool transact_run_check_repeated(struct transact_run *run, const struct transact_action *action);

/* ClientRequestToken, if there is one. What it stands for is the request's member `payload`. */
void transact_run_set_token(struct transact_run *run, const struct opt_string *token, struct slice payload);

/* Runs it, unless an action has a reason already; the answer follows. Nothing of the call may be touched any more. */
void transact_run_start(struct transact_run *run);

/* A hash of what a part of the request means: the order of the members of objects and nulls do not count. */
uint64_t transact_payload_hash(const struct json_node *nodes, const struct json_node *node);
