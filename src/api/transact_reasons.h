/* Why a transaction was cancelled: one reason for each action, by position.
 * Source: Amazon DynamoDB API reference, "TransactionCanceledException". */
#pragma once

#include "api/call.h"

struct transact_reason {
    const char *code; /* NULL: nothing was wrong with this action */
    struct slice message;
    bool has_item;
    struct item item; /* as it was, if it is to be shown */
};

/* The error in the call's arena: it needs nothing of the reasons any more. */
struct transact_refusal {
    struct slice message;
    struct slice members;
};

struct transact_refusal transact_refusal_make(struct api_call *call, const struct transact_reason *reasons,
                                              uint32_t count);

/* Fails the call with a TransactionCanceledException. */
void transact_refuse(struct api_call *call, const struct transact_refusal *refusal);

/* What is wrong with the request itself. */
struct transact_reason transact_invalid(struct slice message);

/* A transaction under way holds the item. */
struct transact_reason transact_conflict(void);
