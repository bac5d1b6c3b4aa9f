/* Errors that clients read. The only folder that words them is api/. */
#pragma once

#include "api/api.h"

/* The order is that of the table in error.c, which has the wire name, namespace and HTTP status of each. */
enum error_type {
    ERROR_VALIDATION,
    ERROR_SERIALIZATION,
    ERROR_UNKNOWN_OPERATION,
    ERROR_ACCESS_DENIED,
    ERROR_MISSING_TOKEN,
    ERROR_INCOMPLETE_SIGNATURE,
    ERROR_INVALID_SIGNATURE,
    ERROR_UNRECOGNIZED_CLIENT,
    ERROR_EXPIRED_TOKEN,
    ERROR_CONDITIONAL_CHECK_FAILED,
    ERROR_DUPLICATE_ITEM,
    ERROR_RESOURCE_NOT_FOUND,
    ERROR_RESOURCE_IN_USE,
    ERROR_TABLE_NOT_FOUND,
    ERROR_POLICY_NOT_FOUND,
    ERROR_LIMIT_EXCEEDED,
    ERROR_TRANSACTION_CONFLICT,
    ERROR_TRANSACTION_CANCELED,
    ERROR_TRANSACTION_IN_PROGRESS,
    ERROR_IDEMPOTENT_PARAMETER_MISMATCH,
    ERROR_ITEM_COLLECTION_SIZE_LIMIT,
    ERROR_THROUGHPUT_EXCEEDED,
    ERROR_THROTTLING,
    ERROR_REQUEST_LIMIT,
    ERROR_MALFORMED_INPUT, /* these three with the query protocol alone */
    ERROR_MALFORMED_POLICY,
    ERROR_PACKED_POLICY_TOO_LARGE,
    ERROR_INTERNAL,
    ERROR_UNAVAILABLE,
};

/* Answers the call with {"__type":…,"message":…} and the type's status; with XML if it came in the query protocol. */
void call_fail(struct api_call *call, enum error_type type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with further members already written as JSON, for example `,"Item":{…}`. */
void call_fail_with(struct api_call *call, enum error_type type, struct slice members, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Answers 200 with what stands in call->out. */
void call_succeed(struct api_call *call);
