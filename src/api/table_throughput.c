/* Billing modes and the three kinds of throughput. */
#include <assert.h>
#include <inttypes.h>

#include "api/table_check.h"
#include "api/table_limits.h"

#define INITIAL_DOCUMENTATION                                                                                          \
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"                                                \
    "on-demand-capacity-mode.html#on-demand-capacity-mode-initial"

/* --- limits ------------------------------------------------------------------------------------------------------- */

static bool check_units(struct table_check *check, const char *what, int64_t units, struct slice index)
{
    if (units <= TABLE_UNITS_MAX) {
        return true;
    }
    const char *kind = index.len == 0 ? "table" : "index";
    struct slice about = index.len == 0 ? index : arena_printf(check->arena, " for index %.*s", SLICE_ARG(index));
    return table_refuse(check, ERROR_LIMIT_EXCEEDED,
                        "The requested %s%.*s, %" PRId64 ", is above the per %s maximum for the account in %s. Per %s "
                        "maximum: %d. Refer to the Amazon DynamoDB Developer Guide for current limits and how to "
                        "request higher limits.",
                        what, SLICE_ARG(about), units, kind, check->region, kind, TABLE_UNITS_MAX);
}

bool table_check_provisioned(struct table_check *check, const struct throughput_request *request, struct slice index)
{
    return check_units(check, "ReadCapacityUnits", request->read.number, index) &&
           check_units(check, "WriteCapacityUnits", request->write.number, index);
}

/* "table", "index : gsi1" */
static struct slice on_demand_target(struct table_check *check, struct slice index)
{
    return index.len == 0 ? SLICE("table") : arena_printf(check->arena, "index : %.*s", SLICE_ARG(index));
}

static bool check_on_demand_member(struct table_check *check, const char *what, const char *quota,
                                   const struct opt_integer *units, struct slice index, bool can_clear,
                                   int64_t *ret_units)
{
    if (!units->present) {
        return true;
    }
    if (can_clear && units->number == -1) {
        *ret_units = 0;
        return true;
    }
    struct slice target = on_demand_target(check, index);
    if (units->number < 1) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Requested %s for OnDemandThroughput for %.*s is outside of valid range", what,
                            SLICE_ARG(target));
    }
    if (units->number > TABLE_UNITS_MAX) {
        return table_refuse(check, ERROR_LIMIT_EXCEEDED,
                            "Subscriber limit exceeded: Requested %s for OnDemandThroughput for %.*s exceeds %s of the "
                            "account in region %s",
                            what, SLICE_ARG(target), quota, check->region);
    }
    *ret_units = units->number;
    return true;
}

bool table_check_on_demand(struct table_check *check, const struct throughput_request *request, struct slice index,
                           bool can_clear, struct throughput *ret_throughput)
{
    return check_on_demand_member(check, "MaxReadRequestUnits", "TableMaxReadCapacityUnits", &request->read, index,
                                  can_clear, &ret_throughput->read) &&
           check_on_demand_member(check, "MaxWriteRequestUnits", "TableMaxWriteCapacityUnits", &request->write, index,
                                  can_clear, &ret_throughput->write);
}

const char *table_on_demand_member(const struct throughput_request *request)
{
    return request->read.present ? "MaxReadRequestUnits" : request->write.present ? "MaxWriteRequestUnits" : NULL;
}

/* "table", "index gsi1" */
static struct slice warm_target(struct table_check *check, struct slice index)
{
    return index.len == 0 ? SLICE("table") : arena_printf(check->arena, "index %.*s", SLICE_ARG(index));
}

bool table_check_warm_limit(struct table_check *check, const struct throughput_request *request, struct slice index)
{
    const struct opt_integer *members[] = {&request->read, &request->write};
    for (unsigned i = 0; i < 2; i++) {
        if (members[i]->present && members[i]->number > TABLE_UNITS_MAX) {
            struct slice target = warm_target(check, index);
            return table_refuse(check, ERROR_LIMIT_EXCEEDED,
                                "Subscriber limit exceeded: Requested %s for WarmThroughput for %.*s exceeds %s of the "
                                "account in region %s",
                                i == 0 ? "ReadUnitsPerSecond" : "WriteUnitsPerSecond", SLICE_ARG(target),
                                i == 0 ? "TableMaxReadCapacityUnits" : "TableMaxWriteCapacityUnits", check->region);
        }
    }
    return true;
}

/* --- CreateTable -------------------------------------------------------------------------------------------------- */

/* What a new table or index starts with, unless it asks for more. */
static bool build_warm(struct table_check *check, const struct throughput_request *request, struct slice index,
                       enum billing_mode billing, const struct throughput *provisioned, struct throughput *ret_warm)
{
    struct throughput lowest = *provisioned;
    if (billing == BILLING_PAY_PER_REQUEST) {
        lowest = (struct throughput){.read = WARM_READ_INITIAL, .write = WARM_WRITE_INITIAL};
    }
    *ret_warm = lowest;
    if (request == NULL) {
        return true;
    }
    const struct opt_integer *members[] = {&request->read, &request->write};
    const int64_t lowest_units[] = {lowest.read, lowest.write};
    for (unsigned i = 0; i < 2; i++) {
        if (!members[i]->present || members[i]->number >= lowest_units[i]) {
            continue;
        }
        const char *what = i == 0 ? "ReadUnitsPerSecond" : "WriteUnitsPerSecond";
        struct slice target = warm_target(check, index);
        if (billing == BILLING_PAY_PER_REQUEST) {
            return table_refuse(check, ERROR_VALIDATION,
                                INVALID "Requested %s for WarmThroughput for %.*s is lower than initial throughput for "
                                        "OnDemand. See: " INITIAL_DOCUMENTATION,
                                what, SLICE_ARG(target));
        }
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Requested %s for WarmThroughput for %.*s is lower than %s of "
                                    "ProvisionedThroughput",
                            what, SLICE_ARG(target), i == 0 ? "ReadCapacityUnits" : "WriteCapacityUnits");
    }
    if (request->read.present) {
        ret_warm->read = request->read.number;
    }
    if (request->write.present) {
        ret_warm->write = request->write.number;
    }
    return table_check_warm_limit(check, request, index);
}

static bool check_index_billing(struct table_check *check, const struct index_request *request,
                                enum billing_mode billing)
{
    struct slice name = request->name.text;
    if (billing == BILLING_PAY_PER_REQUEST && request->provisioned != NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "ProvisionedThroughput should not be specified for index: %.*s when BillingMode is "
                                    "PAY_PER_REQUEST",
                            SLICE_ARG(name));
    }
    if (billing == BILLING_PROVISIONED && request->provisioned == NULL) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "ProvisionedThroughput is not specified for index: %.*s",
                            SLICE_ARG(name));
    }
    const char *member = request->on_demand == NULL ? NULL : table_on_demand_member(request->on_demand);
    if (billing == BILLING_PROVISIONED && member != NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "%s for OnDemandThroughput for index: %.*s cannot be specified when table "
                                    "BillingMode is PROVISIONED.",
                            member, SLICE_ARG(name));
    }
    return true;
}

bool table_check_index_throughput(struct table_check *check, const struct index_request *request,
                                  enum billing_mode billing, struct index_spec *index)
{
    struct slice name = request->name.text;
    if (request->provisioned != NULL) {
        index->provisioned =
            (struct throughput){.read = request->provisioned->read.number, .write = request->provisioned->write.number};
        if (!table_check_provisioned(check, request->provisioned, name)) {
            return false;
        }
    }
    if (request->on_demand != NULL &&
        !table_check_on_demand(check, request->on_demand, name, false, &index->on_demand)) {
        return false;
    }
    return build_warm(check, request->warm, name, billing, &index->provisioned, &index->warm);
}

static bool check_table_billing(struct table_check *check, const struct create_table_request *request,
                                enum billing_mode billing)
{
    if (billing == BILLING_PAY_PER_REQUEST && request->provisioned != NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                                    "BillingMode is PAY_PER_REQUEST");
    }
    if (billing == BILLING_PROVISIONED && request->provisioned == NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode "
                                    "is PROVISIONED");
    }
    const char *member = request->on_demand == NULL ? NULL : table_on_demand_member(request->on_demand);
    if (billing == BILLING_PROVISIONED && member != NULL) {
        return table_refuse(
            check, ERROR_VALIDATION,
            INVALID "%s for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.", member);
    }
    return true;
}

bool table_check_throughput(struct table_check *check, const struct create_table_request *request,
                            struct table_spec *spec)
{
    spec->billing = request->billing.present ? (enum billing_mode)request->billing.value : BILLING_PROVISIONED;
    spec->billing_given = request->billing.present;
    struct slice table = SLICE("");
    if (!check_table_billing(check, request, spec->billing)) {
        return false;
    }
    if (request->provisioned != NULL) {
        spec->provisioned =
            (struct throughput){.read = request->provisioned->read.number, .write = request->provisioned->write.number};
        if (!table_check_provisioned(check, request->provisioned, table)) {
            return false;
        }
    }
    if (request->on_demand != NULL &&
        !table_check_on_demand(check, request->on_demand, table, false, &spec->on_demand)) {
        return false;
    }
    if (!build_warm(check, request->warm, table, spec->billing, &spec->provisioned, &spec->warm)) {
        return false;
    }
    uint32_t first_global = request->local_indexes.count;
    assert(spec->index_count == first_global + request->global_indexes.count);
    for (uint32_t i = first_global; i < spec->index_count; i++) {
        const struct index_request *index = &request->global_indexes.items[i - first_global];
        if (!check_index_billing(check, index, spec->billing) ||
            !table_check_index_throughput(check, index, spec->billing, &spec->indexes[i])) {
            return false;
        }
    }
    return true;
}
