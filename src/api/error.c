/* The wire form of errors. Source: responses of Amazon DynamoDB as SDKs log them; the member is "Message" for errors of
 * the service framework and "message" for those of DynamoDB itself. */
#include "api/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "api/json_out.h"
#include "api/query_protocol.h"

#define CORAL_SERVICE  "com.amazon.coral.service#"
#define CORAL_VALIDATE "com.amazon.coral.validate#"
#define DYNAMODB       "com.amazonaws.dynamodb.v20120810#"

static const struct {
    const char *name;
    const char *member;
    unsigned status;
} kinds[] = {
    [ERROR_VALIDATION] = {CORAL_VALIDATE "ValidationException", "message", 400},
    [ERROR_SERIALIZATION] = {CORAL_SERVICE "SerializationException", "Message", 400},
    [ERROR_UNKNOWN_OPERATION] = {CORAL_SERVICE "UnknownOperationException", "Message", 400},
    [ERROR_ACCESS_DENIED] = {CORAL_SERVICE "AccessDeniedException", "Message", 400},
    [ERROR_MISSING_TOKEN] = {CORAL_SERVICE "MissingAuthenticationTokenException", "message", 400},
    [ERROR_INCOMPLETE_SIGNATURE] = {CORAL_SERVICE "IncompleteSignatureException", "message", 400},
    [ERROR_INVALID_SIGNATURE] = {CORAL_SERVICE "InvalidSignatureException", "message", 400},
    [ERROR_UNRECOGNIZED_CLIENT] = {CORAL_SERVICE "UnrecognizedClientException", "message", 400},
    [ERROR_EXPIRED_TOKEN] = {CORAL_SERVICE "ExpiredTokenException", "message", 400},
    [ERROR_CONDITIONAL_CHECK_FAILED] = {DYNAMODB "ConditionalCheckFailedException", "message", 400},
    [ERROR_DUPLICATE_ITEM] = {DYNAMODB "DuplicateItemException", "message", 400},
    [ERROR_RESOURCE_NOT_FOUND] = {DYNAMODB "ResourceNotFoundException", "message", 400},
    [ERROR_RESOURCE_IN_USE] = {DYNAMODB "ResourceInUseException", "message", 400},
    [ERROR_TABLE_NOT_FOUND] = {DYNAMODB "TableNotFoundException", "message", 400},
    [ERROR_POLICY_NOT_FOUND] = {DYNAMODB "PolicyNotFoundException", "message", 400},
    [ERROR_LIMIT_EXCEEDED] = {DYNAMODB "LimitExceededException", "message", 400},
    [ERROR_TRANSACTION_CONFLICT] = {DYNAMODB "TransactionConflictException", "message", 400},
    [ERROR_TRANSACTION_CANCELED] = {DYNAMODB "TransactionCanceledException", "Message", 400},
    [ERROR_TRANSACTION_IN_PROGRESS] = {DYNAMODB "TransactionInProgressException", "Message", 400},
    [ERROR_IDEMPOTENT_PARAMETER_MISMATCH] = {DYNAMODB "IdempotentParameterMismatchException", "Message", 400},
    [ERROR_ITEM_COLLECTION_SIZE_LIMIT] = {DYNAMODB "ItemCollectionSizeLimitExceededException", "message", 400},
    [ERROR_THROUGHPUT_EXCEEDED] = {DYNAMODB "ProvisionedThroughputExceededException", "message", 400},
    [ERROR_THROTTLING] = {"com.amazon.coral.availability#ThrottlingException", "message", 400},
    [ERROR_REQUEST_LIMIT] = {DYNAMODB "RequestLimitExceeded", "message", 400},
    [ERROR_MALFORMED_INPUT] = {CORAL_SERVICE "MalformedInputException", "message", 400},
    [ERROR_MALFORMED_POLICY] = {CORAL_SERVICE "MalformedPolicyDocumentException", "message", 400},
    [ERROR_PACKED_POLICY_TOO_LARGE] = {CORAL_SERVICE "PackedPolicyTooLargeException", "message", 400},
    [ERROR_INTERNAL] = {DYNAMODB "InternalServerError", "message", 500},
    [ERROR_UNAVAILABLE] = {DYNAMODB "ServiceUnavailable", "message", 503},
};

_Static_assert(sizeof kinds / sizeof kinds[0] <= API_ERRORS_MAX, "there is a number for each");

const char *api_metrics_error(unsigned i)
{
    return i < sizeof kinds / sizeof kinds[0] ? strchr(kinds[i].name, '#') + 1 : NULL;
}

static void respond(struct api_call *call, unsigned status)
{
    assert(call->status == 0); /* one answer for each call */
    call->status = status;
    call->respond(call);
}

static void fail(struct api_call *call, enum error_type type, struct slice members, const char *format, va_list args)
{
    char small[512];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(small, sizeof(small), format, args);
    assert(len >= 0);
    struct slice message = slice_of(small, (size_t)len);
    if ((size_t)len >= sizeof(small)) {
        char *large = arena_alloc(&call->arena, (size_t)len + 1);
        vsnprintf(large, (size_t)len + 1, format, again);
        message.data = large;
    }
    va_end(again);

    if (call->is_query) {
        call->error = type + 1;
        query_fail(call, type, message);
        return;
    }
    buffer_clear(&call->out);
    json_object_begin(&call->out);
    json_member_text(&call->out, "__type", kinds[type].name);
    if (message.len != 0) {
        json_member_string(&call->out, kinds[type].member, message);
    }
    buffer_append_slice(&call->out, members);
    json_object_end(&call->out);
    call->error = type + 1;
    respond(call, kinds[type].status);
}

void call_fail(struct api_call *call, enum error_type type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(call, type, (struct slice){NULL, 0}, format, args);
    va_end(args);
}

void call_fail_with(struct api_call *call, enum error_type type, struct slice members, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(call, type, members, format, args);
    va_end(args);
}

void call_succeed(struct api_call *call)
{
    respond(call, 200);
}
