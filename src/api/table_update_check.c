/* What an UpdateTable request alone tells. One request makes one change: hardly any two members go together. */
#include <stdlib.h>

#include "api/table_update.h"

/* --- what is asked ------------------------------------------------------------------------------------------------ */

enum concern {
    CONCERN_BILLING = 1 << 0,
    CONCERN_PROVISIONED = 1 << 1,
    CONCERN_ON_DEMAND = 1 << 2,
    CONCERN_WARM = 1 << 3,
    CONCERN_STREAM = 1 << 4,
    CONCERN_ENCRYPTION = 1 << 5,
    CONCERN_CLASS = 1 << 6,
    CONCERN_PROTECTION = 1 << 7,
    CONCERN_INDEXES = 1 << 8,
    CONCERN_REPLICAS = 1 << 9,
    CONCERN_SETTINGS = 1 << 10,
};

static unsigned concerns_of(const struct update_table_request *request)
{
    return (request->billing.present ? CONCERN_BILLING : 0) | (request->provisioned != NULL ? CONCERN_PROVISIONED : 0) |
           (request->on_demand != NULL ? CONCERN_ON_DEMAND : 0) | (request->warm != NULL ? CONCERN_WARM : 0) |
           (request->stream != NULL ? CONCERN_STREAM : 0) | (request->encryption != NULL ? CONCERN_ENCRYPTION : 0) |
           (request->class.present ? CONCERN_CLASS : 0) |
           (request->deletion_protection.present ? CONCERN_PROTECTION : 0) |
           (request->indexes.count != 0 ? CONCERN_INDEXES : 0) |
           (request->replicas.present || request->witnesses.present ? CONCERN_REPLICAS : 0) |
           (request->replicated_settings.present ? CONCERN_SETTINGS : 0);
}

static bool refuse_nothing(struct table_check *check, const struct update_table_request *request)
{
    return table_refuse(check, ERROR_VALIDATION,
                        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                        "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, "
                        "ReplicaTransitRoleArn, %sDeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or "
                        "TableClass is required",
                        request->consistency.present ? "" : "MultiRegionConsistency, ");
}

/* Members that stand alone, and the order in which they say so. */
static bool check_alone(struct table_check *check, unsigned concerns)
{
    static const struct {
        unsigned concern;
        unsigned allowed; /* beside it */
        const char *text;
    } rules[] = {
        {CONCERN_ENCRYPTION, 0, "Server-Side Encryption modification must be the only operation in the request"},
        {CONCERN_CLASS, 0, "TableClass modification must be the only operation in the request"},
        {CONCERN_PROTECTION, 0, "DeletionProtection modification must be the only operation in the request"},
        {CONCERN_WARM, CONCERN_INDEXES | CONCERN_ON_DEMAND, "WarmThroughput must be the only operation in the request"},
        {CONCERN_ON_DEMAND, CONCERN_BILLING | CONCERN_INDEXES,
         "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"},
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if ((concerns & rules[i].concern) != 0 && (concerns & ~(rules[i].concern | rules[i].allowed)) != 0) {
            return table_refuse(check, ERROR_VALIDATION, INVALID "%s", rules[i].text);
        }
    }
    return true;
}

/* --- indexes ------------------------------------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static bool check_index_names(struct table_check *check, const struct update_table_request *request)
{
    struct slice *names = ARENA_ARRAY(check->arena, struct slice, request->indexes.count);
    for (uint32_t i = 0; i < request->indexes.count; i++) {
        names[i] = table_update_action(&request->indexes.items[i])->name.text;
    }
    qsort(names, request->indexes.count, sizeof(struct slice), compare_names);
    for (uint32_t i = 1; i < request->indexes.count; i++) {
        if (slice_equal(names[i - 1], names[i])) {
            return table_refuse(check, ERROR_VALIDATION,
                                INVALID "Only one global secondary index update per index is allowed simultaneously. "
                                        "Index: %.*s",
                                SLICE_ARG(names[i]));
        }
    }
    return true;
}

static bool check_index_entry(struct table_check *check, const struct index_update_request *entry)
{
    int actions = (entry->update != NULL) + (entry->create != NULL) + (entry->delete != NULL);
    if (actions == 0) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                                    "GlobalSecondaryIndexUpdate.Delete must not be null");
    }
    if (actions > 1) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID
                            "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object");
    }
    const struct throughput_request *warm = entry->update != NULL ? entry->update->warm : NULL;
    if (warm != NULL && !warm->read.present && !warm->write.present) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "WarmThroughput must have at least one of ReadUnitsPerSecond or "
                                    "WriteUnitsPerSecond specified for index: %.*s",
                            SLICE_ARG(entry->update->name.text));
    }
    return true;
}

static bool check_indexes(struct table_check *check, const struct update_table_request *request)
{
    for (uint32_t i = 0; i < request->indexes.count; i++) {
        if (!check_index_entry(check, &request->indexes.items[i])) {
            return false;
        }
    }
    if (!check_index_names(check, request)) {
        return false;
    }
    for (uint32_t i = 0; i < request->indexes.count; i++) {
        const struct index_request *create = request->indexes.items[i].create;
        if (create != NULL && request->attributes.count == 0) {
            return table_refuse(check, ERROR_VALIDATION,
                                INVALID "AttributeDefinitions is not specified for index: %.*s",
                                SLICE_ARG(create->name.text));
        }
    }
    return true;
}

/* An index cannot come or go beside other changes of the table. */
static bool check_index_beside(struct table_check *check, const struct update_table_request *request)
{
    const struct index_update_request *entry = NULL;
    for (uint32_t i = 0; i < request->indexes.count && entry == NULL; i++) {
        entry = request->indexes.items[i].update == NULL ? &request->indexes.items[i] : NULL;
    }
    if (entry == NULL) {
        return true;
    }
    if (request->provisioned != NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "You cannot create or delete index while updating table IOPS");
    }
    if (request->stream != NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "You cannot create or delete index while changing stream status");
    }
    if (request->warm != NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "%s global secondary index cannot be specified when updating WarmThroughput",
                            entry->create != NULL ? "Create" : "Delete");
    }
    return true;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static bool check_stream(struct table_check *check, const struct stream_request *request)
{
    if (request->enabled.flag && !request->view.present) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "If stream is being enabled then UpdateViewType is required");
    }
    if (!request->enabled.flag && request->view.present) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "If stream is being disabled, then UpdateViewType must not be specified");
    }
    return true;
}

static bool check_parts(struct table_check *check, const struct update_table_request *request)
{
    enum table_class class;
    bool encrypted;
    struct slice key;
    const struct throughput_request *warm = request->warm;
    if (warm != NULL && !warm->read.present && !warm->write.present) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "WarmThroughput must have at least one of ReadUnitsPerSecond or "
                                    "WriteUnitsPerSecond specified");
    }
    return check_indexes(check, request) && check_index_beside(check, request) &&
           (request->stream == NULL || check_stream(check, request->stream)) &&
           (request->encryption == NULL || table_check_encryption(check, request->encryption, &encrypted, &key)) &&
           (!request->class.present || table_check_class(check, request->class.text, &class));
}

bool table_update_check(struct table_check *check, const struct update_table_request *request)
{
    unsigned concerns = concerns_of(request);
    if (concerns == 0) {
        return refuse_nothing(check, request);
    }
    if (request->indexes.present && request->indexes.count == 0) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "List of GlobalSecondaryIndexUpdates is empty");
    }
    if (!check_alone(check, concerns)) {
        return false;
    }
    bool provisions =
        request->provisioned != NULL || (request->billing.present && request->billing.value == BILLING_PROVISIONED);
    if (request->stream != NULL && provisions) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "You cannot modify stream status while updating table IOPS");
    }
    if ((concerns & CONCERN_REPLICAS) != 0) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "This server does not replicate tables to other regions yet");
    }
    if (request->replicated_settings.present && request->replicated_settings.value == SETTINGS_WITH_OVERRIDES) {
        return table_refuse(check, ERROR_VALIDATION,
                            "Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy "
                            "constraint: Only ENABLED and DISABLED settings replication are supported for a Regional "
                            "Table.");
    }
    return check_parts(check, request);
}
