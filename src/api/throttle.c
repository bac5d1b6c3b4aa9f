#include "api/throttle.h"

#include "api/table_limits.h"

_Static_assert(TABLE_UNITS_MAX == THROUGHPUT_TABLE_UNITS_MAX, "the quota that is shown is the quota that is enforced");

#define INCREASE "Consider increasing your provisioning level "
#define SCALING  "so please try again shortly."
#define HOT_KEY  "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"

enum error_type throttle_error(const struct throttle *throttle)
{
    if (throttle->limit == THROTTLE_ACCOUNT) {
        return ERROR_REQUEST_LIMIT;
    }
    return throttle->on_demand ? ERROR_THROTTLING : ERROR_THROUGHPUT_EXCEEDED;
}

static struct slice provisioned_message(const struct throttle *throttle)
{
    if (throttle->index == NULL) {
        return SLICE("The level of configured provisioned throughput for the table was exceeded. " INCREASE
                     "with the UpdateTable API.");
    }
    if (throttle->kind == THROUGHPUT_READ) {
        return SLICE("The level of configured provisioned throughput for the index was exceeded. " INCREASE
                     "with the UpdateTable API.");
    }
    return SLICE("The level of configured provisioned throughput for one or more global secondary indexes of the table "
                 "was exceeded. " INCREASE
                 "for the under-provisioned global secondary indexes with the UpdateTable API.");
}

struct slice throttle_message(const struct throttle *throttle)
{
    if (throttle->limit == THROTTLE_ACCOUNT) {
        return SLICE("Throughput exceeds the current throughput limit for your account. Please contact AWS Support at "
                     "https://aws.amazon.com/support to request a limit increase");
    }
    if (throttle->limit == THROTTLE_MAX_ON_DEMAND) {
        return SLICE("Throughput exceeds the maximum OnDemandThroughput configured on table or index");
    }
    if (!throttle->on_demand) {
        return provisioned_message(throttle);
    }
    if (throttle->index != NULL && throttle->kind == THROUGHPUT_WRITE) {
        return SLICE("Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is "
                     "automatically scaling your index " SCALING);
    }
    return SLICE("Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling "
                 "your table or index " SCALING " If exceptions persist, check if you have a hot key: " HOT_KEY);
}

void throttle_fail(struct api_call *call, const struct table_spec *table, const struct throttle *throttle)
{
    static const char *const limits[] = {
        [THROTTLE_PROVISIONED] = "ProvisionedThroughput",
        [THROTTLE_MAX_ON_DEMAND] = "MaxOnDemandThroughput",
        [THROTTLE_ACCOUNT] = "AccountLimit",
        [THROTTLE_KEY_RANGE] = "KeyRangeThroughput",
    };
    const struct index_spec *index = throttle->index;
    enum error_type type = throttle_error(throttle);
    struct slice arn = call_table_arn(call, table->name);
    if (index != NULL) {
        arn = arena_printf(&call->arena, "%.*s/index/%.*s", SLICE_ARG(arn), SLICE_ARG(index->name));
    }
    /* The service framework's exception spells its member in its own way. Names need no escapes. */
    struct slice members = arena_printf(
        &call->arena, ",\"%s\":[{\"reason\":\"%s%s%sExceeded\",\"resource\":\"%.*s\"}]",
        type == ERROR_THROTTLING ? "throttlingReasons" : "ThrottlingReasons", index == NULL ? "Table" : "Index",
        throttle->kind == THROUGHPUT_READ ? "Read" : "Write", limits[throttle->limit], SLICE_ARG(arn));
    call_fail_with(call, type, members, "%.*s", SLICE_ARG(throttle_message(throttle)));
}

struct transact_reason throttle_reason(const struct throttle *throttle)
{
    bool provisioned = throttle_error(throttle) == ERROR_THROUGHPUT_EXCEEDED;
    return (struct transact_reason){
        .code = provisioned ? "ProvisionedThroughputExceeded" : "ThrottlingError",
        .message = throttle_message(throttle),
    };
}

bool throttle_admit_read(const struct table *table, const struct index_spec *index, uint64_t hash,
                         struct throttle *ret_throttle)
{
    return !throughput_is_on(table) || throughput_admit(table, index, THROUGHPUT_READ, hash, ret_throttle);
}

void throttle_charge_read(const struct table *table, uint64_t hash, const struct capacity_used *used)
{
    const struct table_spec *spec = &table->spec;
    double units = used->table;
    if (!throughput_is_on(table)) {
        return;
    }
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (!spec->indexes[i].global) {
            units += used->index[i];
        } else if (used->index_touched[i]) {
            throughput_charge(table, &spec->indexes[i], THROUGHPUT_READ, hash, used->index[i]);
        }
    }
    throughput_charge(table, NULL, THROUGHPUT_READ, hash, units);
}
