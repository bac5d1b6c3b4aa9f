/* UpdateTable: global indexes that come and go. Both take time: an index is CREATING until the cluster has filled it,
 * and DELETING until its rows are gone. What a table refuses meanwhile is decided here.
 *
 * AWS builds an index in two phases: resources are allocated (the table is UPDATING, the index says Backfilling false),
 * then it is filled (the table is ACTIVE again, Backfilling true). Here the first takes no time: it is over when
 * UpdateTable has answered. */
#include "api/table_limits.h"
#include "api/table_update.h"

#define IN_USE "Attempt to change a resource which is still in use: "

/* --- one at a time ------------------------------------------------------------------------------------------------ */

static bool refuse_second(struct table_check *check)
{
    return table_refuse(check, ERROR_LIMIT_EXCEEDED,
                        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
                        "table");
}

/* The index that is being created or deleted, or NULL. */
static const struct index_spec *index_in_flight(const struct table_spec *spec)
{
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (spec->indexes[i].status != INDEX_ACTIVE) {
            return &spec->indexes[i];
        }
    }
    return NULL;
}

static bool refuse_in_flight(struct table_check *check, const struct table_spec *spec, const struct index_spec *index)
{
    return table_refuse(check, ERROR_RESOURCE_IN_USE, IN_USE "Index is being %s.  Table: %.*s Index: %.*s",
                        index->status == INDEX_CREATING ? "created" : "deleted", SLICE_ARG(spec->name),
                        SLICE_ARG(index->name));
}

/* One entry of the request against the index in flight: an index that is being created may be changed or deleted, one
 * that is being deleted may not, and others may only be changed. */
static bool admit_entry(struct table_check *check, const struct index_update_request *entry,
                        const struct table_spec *spec, const struct index_spec *in_flight)
{
    const struct index_request *action = table_update_action(entry);
    if (!slice_equal(action->name.text, in_flight->name)) {
        return entry->update != NULL || refuse_second(check);
    }
    if (in_flight->status == INDEX_DELETING || entry->create != NULL) {
        return refuse_in_flight(check, spec, in_flight);
    }
    return true;
}

static bool admit_entries(struct table_check *check, const struct update_table_request *request,
                          const struct table_spec *spec, const struct index_spec *in_flight)
{
    uint32_t structural = 0;
    for (uint32_t i = 0; i < request->indexes.count; i++) {
        structural += request->indexes.items[i].update == NULL;
    }
    if (structural > 1) {
        return refuse_second(check);
    }
    for (uint32_t i = 0; in_flight != NULL && i < request->indexes.count; i++) {
        if (!admit_entry(check, &request->indexes.items[i], spec, in_flight)) {
            return false;
        }
    }
    return true;
}

static bool refuse_while_deleting(struct table_check *check, const char *what, const struct table_spec *spec,
                                  const struct index_spec *index)
{
    return table_refuse(check, ERROR_RESOURCE_IN_USE,
                        IN_USE "Can't change %s when an index is being deleted. Table: %.*s Indexes: [%.*s]", what,
                        SLICE_ARG(spec->name), SLICE_ARG(index->name));
}

bool table_update_admit(struct table_check *check, const struct update_table_request *request,
                        const struct table_spec *spec)
{
    const struct index_spec *index = index_in_flight(spec);
    if (!admit_entries(check, request, spec, index)) {
        return false;
    }
    if (index == NULL) {
        return true;
    }
    if (request->on_demand != NULL) {
        return table_refuse(check, ERROR_RESOURCE_IN_USE,
                            IN_USE "OnDemandThroughput cannot be updated while index %s is in progress for indexes: "
                                   "[%.*s]",
                            index->status == INDEX_CREATING ? "creation" : "deletion", SLICE_ARG(index->name));
    }
    if (index->status == INDEX_CREATING) {
        return true;
    }
    bool switches = request->billing.present && (enum billing_mode)request->billing.value != spec->billing;
    if (request->provisioned != NULL || switches) {
        return refuse_while_deleting(check, "table IOPS", spec, index);
    }
    if (request->stream != NULL) {
        return refuse_while_deleting(check, "stream status", spec, index);
    }
    return true;
}

/* --- create and delete -------------------------------------------------------------------------------------------- */

static bool check_billing(struct table_check *check, const struct index_request *request, enum billing_mode billing)
{
    struct slice name = request->name.text;
    if (billing == BILLING_PAY_PER_REQUEST && request->provisioned != NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: %.*s "
                                    "when BillingMode is PAY_PER_REQUEST",
                            SLICE_ARG(name));
    }
    if (billing == BILLING_PROVISIONED && request->provisioned == NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: %.*s",
                            SLICE_ARG(name));
    }
    const char *member = request->on_demand == NULL ? NULL : table_on_demand_member(request->on_demand);
    if (billing == BILLING_PROVISIONED && member != NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "%s for OnDemandThroughput for index : %.*s cannot be specified when the table "
                                    "BillingMode is PROVISIONED",
                            member, SLICE_ARG(name));
    }
    return true;
}

static bool check_room(struct table_check *check, const struct table_spec *spec)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < spec->index_count; i++) {
        count += spec->indexes[i].global;
    }
    return count < TABLE_GLOBAL_INDEXES_MAX ||
           table_refuse(check, ERROR_LIMIT_EXCEEDED,
                        "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of %d",
                        TABLE_GLOBAL_INDEXES_MAX);
}

static struct index_spec *find_index(const struct table_spec *spec, struct slice name)
{
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (slice_equal(spec->indexes[i].name, name)) {
            return &spec->indexes[i];
        }
    }
    return NULL;
}

struct index_spec *table_update_find_index(struct table_check *check, struct table_spec *spec, struct slice name,
                                           const char *verb)
{
    struct index_spec *index = find_index(spec, name);
    if (index == NULL) {
        table_refuse(check, ERROR_RESOURCE_NOT_FOUND, "Requested resource not found: Index %.*s for table %.*s",
                     SLICE_ARG(name), SLICE_ARG(spec->name));
        return NULL;
    }
    if (!index->global) {
        table_refuse(check, ERROR_VALIDATION, "Cannot %s an index that is not a GlobalSecondaryIndex: %.*s", verb,
                     SLICE_ARG(name));
        return NULL;
    }
    return index;
}

bool table_update_create_index(struct table_check *check, const struct update_table_request *request,
                               const struct index_request *create, struct table_spec *spec, uint32_t *ret_position)
{
    if (find_index(spec, create->name.text) != NULL) {
        return table_refuse(check, ERROR_VALIDATION, "Attempting to create an index which already exists");
    }
    struct index_spec added;
    if (!check_room(check, spec) || !table_check_added_index(check, create, &request->attributes, spec, &added) ||
        !check_billing(check, create, spec->billing) ||
        !table_check_index_throughput(check, create, spec->billing, &added)) {
        return false;
    }
    added.status = INDEX_CREATING;
    added.id = spec->next_index_id++;
    struct index_spec *indexes = ARENA_ARRAY(check->arena, struct index_spec, spec->index_count + 1);
    if (spec->index_count != 0) {
        memcpy(indexes, spec->indexes, spec->index_count * sizeof *indexes);
    }
    *ret_position = spec->index_count;
    indexes[spec->index_count++] = added;
    spec->indexes = indexes;
    return table_check_projected(check, spec);
}

bool table_update_delete_index(struct table_check *check, const struct index_request *delete, struct table_spec *spec,
                               uint32_t *ret_position)
{
    struct index_spec *index = table_update_find_index(check, spec, delete->name.text, "delete");
    if (index == NULL) {
        return false;
    }
    index->status = INDEX_DELETING;
    *ret_position = (uint32_t)(index - spec->indexes);
    return true;
}
