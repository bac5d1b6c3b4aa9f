/* The quotas are those of a new AWS account. Source: Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB". */
#include "api/limits.h"

#include "api/call.h"
#include "api/table_limits.h"

struct no_request {
    char unused;
};

const struct shape describe_limits_shape = {.name = "DescribeLimitsInput", .size = sizeof(struct no_request)};
const struct shape describe_endpoints_shape = {.name = "DescribeEndpointsRequest", .size = sizeof(struct no_request)};

void describe_limits_run(struct api_call *call)
{
    struct buffer *out = &call->out;
    json_object_begin(out);
    json_member_integer(out, "AccountMaxReadCapacityUnits", ACCOUNT_UNITS_MAX);
    json_member_integer(out, "AccountMaxWriteCapacityUnits", ACCOUNT_UNITS_MAX);
    json_member_integer(out, "TableMaxReadCapacityUnits", TABLE_UNITS_MAX);
    json_member_integer(out, "TableMaxWriteCapacityUnits", TABLE_UNITS_MAX);
    json_object_end(out);
    call_succeed(call);
}

void describe_endpoints_run(struct api_call *call)
{
    struct buffer *out = &call->out;
    json_object_begin(out);
    json_member_array_begin(out, "Endpoints");
    json_object_begin(out);
    json_member_text(out, "Address", call->loop->api->settings.endpoint);
    json_member_integer(out, "CachePeriodInMinutes", 1440);
    json_object_end(out);
    json_array_end(out);
    json_object_end(out);
    call_succeed(call);
}
