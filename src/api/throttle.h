/* What clients are told when a table, an index or a partition has no throughput left.
 * Source: Amazon DynamoDB API reference, "ThrottlingReason"; Developer Guide, "Diagnosing throttling", "Error
 * handling"; API reference, "TransactionCanceledException", for the texts. */
#pragma once

#include "api/call.h"
#include "api/capacity_json.h"
#include "api/transact_reasons.h"

/* ProvisionedThroughputExceededException on provisioned tables, ThrottlingException on those on demand,
 * RequestLimitExceeded at the account's quota. */
enum error_type throttle_error(const struct throttle *throttle);
struct slice throttle_message(const struct throttle *throttle);

/* Fails the call, with ThrottlingReasons. `table` has the name for the ARN. */
void throttle_fail(struct api_call *call, const struct table_spec *table, const struct throttle *throttle);

/* A transaction's reason instead. */
struct transact_reason throttle_reason(const struct throttle *throttle);

/* True if a read on the table or one of its indexes may begin; always, unless the server throttles. Else
 * *ret_throttle says why. Any thread, here and below. */
bool throttle_admit_read(const struct table *table, const struct index_spec *index, uint64_t hash,
                         struct throttle *ret_throttle);

/* Takes what a read has consumed. `used` has the positions of this version's indexes. */
void throttle_charge_read(const struct table *table, uint64_t hash, const struct capacity_used *used);
