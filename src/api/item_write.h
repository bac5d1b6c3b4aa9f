/* What PutItem, UpdateItem and DeleteItem have in common: handing one write over, and the answer to it. */
#pragma once

#include "api/call.h"
#include "api/item_shapes.h"

/* The parameters of PutItem and DeleteItem. Each has them in an order of its own. */
struct item_write_request {
    struct opt_string table;
    struct opt_item item; /* or the key */
    struct legacy_expectations expected;
    struct opt_enum return_values;
    struct opt_enum return_capacity;
    struct opt_enum return_metrics;
    struct opt_enum conditional_operator;
    struct opt_string condition;
    struct expression_names names;
    struct expression_values values;
    struct opt_enum return_on_failure;
};

/* Each fails the call and returns false when something is wrong. */
bool item_write_check_style(struct api_call *call, const struct item_write_request *request);
bool item_write_check_return_values(struct api_call *call, const struct item_write_request *request);

/* In the call's arena; call->state while the write is on its way. */
struct item_write {
    struct write write; /* first */
    struct api_call *call;
    enum return_values return_values;
    enum return_capacity return_capacity;
    enum return_metrics return_metrics;
    enum return_on_failure return_on_failure;
    bool legacy_update; /* the update came as AttributeUpdates */
};

/* A write of `key` to a table, with nothing asked of it yet. The key has been checked. */
struct item_write *item_write_create(struct api_call *call, enum write_kind kind, struct table *table,
                                     const struct item *key);

/* What the answer shall tell, as PutItem or DeleteItem ask for it. */
void item_write_set_returns(struct item_write *item_write, const struct item_write_request *request);

/* Hands the write over; the answer follows. Nothing of the call may be touched any more. */
void item_write_submit(struct item_write *item_write);

/* The attributes of an item that make up its key. */
void item_write_key(struct arena *arena, const struct table_spec *table, const struct item *item, struct item *ret_key);

/* Fails the call for a write that ended in anything but WRITE_DONE. `item_on_failure`: show the item that failed a
 * condition. */
void item_write_fail(struct api_call *call, const struct write *write, bool item_on_failure);

/* Fails the call because of the store. The reason goes to the log: clients are told nothing of it. */
void item_fail_store(struct api_call *call, const struct err *err);
