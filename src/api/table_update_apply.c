/* UpdateTable on the catalog's writer thread: `spec` is a copy of the table's newest description. */
#include <assert.h>
#include <inttypes.h>
#include <time.h>

#include "api/table_limits.h"
#include "api/table_update.h"

#define HOUR_US (3600ULL * 1000000)
#define DAY_US  (24 * HOUR_US)
/* Source: Amazon DynamoDB Developer Guide, "Quotas", decreasing provisioned throughput. */
#define DECREASES_FREE 4

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- provisioned throughput --------------------------------------------------------------------------------------- */

/* Friday, October 9, 2026 at 12:21:34 AM Coordinated Universal Time */
static struct slice long_time(struct arena *arena, uint64_t time_us)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[96];
    strftime(text, sizeof(text), "%A, %B %-d, %Y at %-I:%M:%S %p", &utc);
    return arena_printf(arena, "%s Coordinated Universal Time", text);
}

/* Four decreases a day, UTC, then one an hour. */
static bool count_decrease(struct table_check *check, struct table_spec *spec, uint64_t now_us)
{
    if (spec->last_decrease_us / DAY_US != now_us / DAY_US) {
        spec->decreases_today = 0;
    }
    if (spec->decreases_today >= DECREASES_FREE && now_us < spec->last_decrease_us + HOUR_US) {
        uint64_t midnight_us = (now_us / DAY_US + 1) * DAY_US;
        uint64_t next_us = spec->last_decrease_us + HOUR_US;
        struct slice last = long_time(check->arena, spec->last_decrease_us);
        struct slice next = long_time(check->arena, next_us < midnight_us ? next_us : midnight_us);
        return table_refuse(check, ERROR_LIMIT_EXCEEDED,
                            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given "
                            "UTC day. After the first %d decreases, each subsequent decrease in the same UTC day can "
                            "be performed at most once every 3600 seconds. Number of decreases today: %" PRIu32
                            ". Last decrease at %.*s. Next decrease can be made at %.*s",
                            DECREASES_FREE, spec->decreases_today, SLICE_ARG(last), SLICE_ARG(next));
    }
    spec->decreases_today++;
    spec->last_decrease_us = now_us;
    return true;
}

static bool refuse_same(struct table_check *check, const struct throughput *current, struct slice index)
{
    const char *kind = index.len == 0 ? "table" : "index";
    struct slice name = index.len == 0 ? index : arena_printf(check->arena, " %.*s", SLICE_ARG(index));
    return table_refuse(
        check, ERROR_VALIDATION,
        "The provisioned throughput for the %s%.*s will not change. The requested value equals the "
        "current value. Current ReadCapacityUnits provisioned for the %s: %" PRId64
        ". Requested ReadCapacityUnits: %" PRId64 ". Current WriteCapacityUnits provisioned for the %s: %" PRId64
        ". Requested WriteCapacityUnits: %" PRId64
        ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher "
        "limits.",
        kind, SLICE_ARG(name), kind, current->read, current->read, kind, current->write, current->write);
}

/* Warm throughput follows the highest units ever provisioned. */
static void set_provisioned(const struct throughput_request *request, struct throughput *provisioned,
                            struct throughput *warm)
{
    *provisioned = (struct throughput){.read = request->read.number, .write = request->write.number};
    warm->read = larger(warm->read, provisioned->read);
    warm->write = larger(warm->write, provisioned->write);
}

/* On a table that is provisioned and stays so. */
static bool change_provisioned(struct table_check *check, const struct throughput_request *request,
                               struct table_spec *spec)
{
    int64_t read = request->read.number, write = request->write.number;
    if (read == spec->provisioned.read && write == spec->provisioned.write) {
        return refuse_same(check, &spec->provisioned, SLICE(""));
    }
    uint64_t now_us = env_time_us();
    if ((read < spec->provisioned.read || write < spec->provisioned.write) && !count_decrease(check, spec, now_us)) {
        return false;
    }
    if (read > spec->provisioned.read || write > spec->provisioned.write) {
        spec->last_increase_us = now_us;
    }
    set_provisioned(request, &spec->provisioned, &spec->warm);
    return true;
}

/* --- billing mode ------------------------------------------------------------------------------------------------- */

static const struct index_request *find_update(const struct update_table_request *request, struct slice index)
{
    for (uint32_t i = 0; i < request->indexes.count; i++) {
        const struct index_request *update = request->indexes.items[i].update;
        if (update != NULL && slice_equal(update->name.text, index)) {
            return update;
        }
    }
    return NULL;
}

static bool become_provisioned(struct table_check *check, const struct update_table_request *request,
                               struct table_spec *spec)
{
    for (uint32_t i = 0; i < spec->index_count; i++) {
        struct index_spec *index = &spec->indexes[i];
        const struct index_request *update = find_update(request, index->name);
        if (index->global && (update == NULL || update->provisioned == NULL)) {
            return table_refuse(check, ERROR_VALIDATION,
                                INVALID "ProvisionedThroughput must be specified for index: %.*s",
                                SLICE_ARG(index->name));
        }
        index->on_demand = (struct throughput){0};
    }
    spec->on_demand = (struct throughput){0};
    set_provisioned(request->provisioned, &spec->provisioned, &spec->warm);
    return true;
}

static void raise_to_initial(struct throughput *warm)
{
    warm->read = larger(warm->read, WARM_READ_INITIAL);
    warm->write = larger(warm->write, WARM_WRITE_INITIAL);
}

/* Sat Feb 23 03:07:45 UTC 2019 */
static struct slice short_time(struct arena *arena, uint64_t time_us)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[64];
    strftime(text, sizeof(text), "%a %b %d %H:%M:%S UTC %Y", &utc);
    return arena_printf(arena, "%s", text);
}

/* Four times in any 24 hours. */
static bool count_switch(struct table_check *check, struct table_spec *spec, uint64_t now_us)
{
    uint64_t *switches_us = spec->on_demand_switches_us;
    uint64_t next_us = switches_us[0] + DAY_US;
    if (switches_us[0] != 0 && now_us < next_us) {
        return table_refuse(check, ERROR_LIMIT_EXCEEDED,
                            "Subscriber limit exceeded: Update to PayPerRequest mode are limited to %d times in 1 "
                            "day(s). Last update at %.*s. Next update can be made at %.*s",
                            ON_DEMAND_SWITCHES_MAX,
                            SLICE_ARG(short_time(check->arena, switches_us[ON_DEMAND_SWITCHES_MAX - 1])),
                            SLICE_ARG(short_time(check->arena, next_us)));
    }
    memmove(switches_us, switches_us + 1, (ON_DEMAND_SWITCHES_MAX - 1) * sizeof *switches_us);
    switches_us[ON_DEMAND_SWITCHES_MAX - 1] = now_us;
    return true;
}

static bool become_on_demand(struct table_check *check, struct table_spec *spec)
{
    uint64_t now_us = env_time_us();
    if (!count_switch(check, spec, now_us)) {
        return false;
    }
    spec->on_demand_since_us = now_us;
    spec->provisioned = (struct throughput){0};
    raise_to_initial(&spec->warm);
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (spec->indexes[i].global) {
            spec->indexes[i].provisioned = (struct throughput){0};
            raise_to_initial(&spec->indexes[i].warm);
        }
    }
    return true;
}

static bool apply_billing(struct table_check *check, const struct update_table_request *request,
                          struct table_spec *spec)
{
    enum billing_mode before = spec->billing;
    enum billing_mode after = request->billing.present ? (enum billing_mode)request->billing.value : before;
    if (after == BILLING_PAY_PER_REQUEST && request->provisioned != NULL) {
        return table_refuse(check, ERROR_VALIDATION, "%s",
                            request->billing.present
                                ? INVALID "ProvisionedThroughput cannot be specified when BillingMode is "
                                          "PAY_PER_REQUEST"
                                : INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                                          "BillingMode is PAY_PER_REQUEST");
    }
    if (after == BILLING_PROVISIONED && request->billing.present && request->provisioned == NULL) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
    }
    if (request->provisioned != NULL && !table_check_provisioned(check, request->provisioned, SLICE(""))) {
        return false;
    }
    spec->billing = after;
    spec->billing_given = spec->billing_given || request->billing.present;
    if (before == after) {
        return request->provisioned == NULL || change_provisioned(check, request->provisioned, spec);
    }
    if (after == BILLING_PROVISIONED) {
        return become_provisioned(check, request, spec);
    }
    return become_on_demand(check, spec);
}

/* --- on-demand and warm throughput -------------------------------------------------------------------------------- */

/* `index` is empty for the table. */
static bool apply_on_demand(struct table_check *check, const struct throughput_request *request, struct slice index,
                            enum billing_mode billing, struct throughput *on_demand)
{
    const char *member = table_on_demand_member(request);
    if (billing == BILLING_PROVISIONED && member != NULL) {
        struct slice about = index.len == 0 ? index : arena_printf(check->arena, " for index : %.*s", SLICE_ARG(index));
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "%s for OnDemandThroughput%.*s cannot be specified when the table BillingMode is "
                                    "PROVISIONED",
                            member, SLICE_ARG(about));
    }
    return table_check_on_demand(check, request, index, true, on_demand);
}

static bool apply_warm(struct table_check *check, const struct throughput_request *request, struct slice index,
                       struct throughput *warm)
{
    const struct opt_integer *members[] = {&request->read, &request->write};
    int64_t *units[] = {&warm->read, &warm->write};
    for (unsigned i = 0; i < 2; i++) {
        if (members[i]->present && members[i]->number < *units[i]) {
            struct slice target =
                index.len == 0 ? SLICE("table") : arena_printf(check->arena, "index %.*s", SLICE_ARG(index));
            return table_refuse(check, ERROR_VALIDATION,
                                INVALID "Requested %s for WarmThroughput for %.*s is lower than current "
                                        "WarmThroughput, decreasing WarmThroughput is not supported",
                                i == 0 ? "ReadUnitsPerSecond" : "WriteUnitsPerSecond", SLICE_ARG(target));
        }
    }
    if (!table_check_warm_limit(check, request, index)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (members[i]->present) {
            *units[i] = members[i]->number;
        }
    }
    return true;
}

/* --- indexes ------------------------------------------------------------------------------------------------------ */

static bool apply_index_provisioned(struct table_check *check, const struct update_table_request *request,
                                    const struct index_request *update, bool switched, enum billing_mode billing,
                                    struct index_spec *index)
{
    struct slice name = index->name;
    bool nothing_else = update->on_demand == NULL && update->warm == NULL;
    if (billing == BILLING_PAY_PER_REQUEST) {
        if (update->provisioned != NULL && request->billing.present) {
            return table_refuse(check, ERROR_VALIDATION,
                                INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: "
                                        "%.*s when BillingMode is PAY_PER_REQUEST",
                                SLICE_ARG(name));
        }
        if (update->provisioned != NULL || nothing_else ||
            (update->on_demand != NULL && update->warm == NULL && table_on_demand_member(update->on_demand) == NULL)) {
            return table_refuse(check, ERROR_VALIDATION,
                                INVALID "The only Updates for index: %.*s when TableThroughputMode is PAY_PER_REQUEST "
                                        "can be to OnDemandThroughput, WarmThroughput",
                                SLICE_ARG(name));
        }
        return true;
    }
    if (update->provisioned == NULL) {
        return !nothing_else ||
               table_refuse(check, ERROR_VALIDATION, INVALID "ProvisionedThroughput must be specified for index: %.*s",
                            SLICE_ARG(name));
    }
    if (!switched && update->provisioned->read.number == index->provisioned.read &&
        update->provisioned->write.number == index->provisioned.write) {
        return refuse_same(check, &index->provisioned, name);
    }
    if (!table_check_provisioned(check, update->provisioned, name)) {
        return false;
    }
    set_provisioned(update->provisioned, &index->provisioned, &index->warm);
    return true;
}

static bool apply_index_update(struct update_call *update, const struct index_request *entry, struct table_spec *spec,
                               uint32_t *ret_position)
{
    struct table_check *check = &update->table_call.check;
    const struct update_table_request *request = update->request;
    bool switched = spec->billing != update->before.billing;
    struct index_spec *index = table_update_find_index(check, spec, entry->name.text, "update");
    if (index == NULL || !apply_index_provisioned(check, request, entry, switched, spec->billing, index)) {
        return false;
    }
    if (entry->on_demand != NULL &&
        !apply_on_demand(check, entry->on_demand, index->name, spec->billing, &index->on_demand)) {
        return false;
    }
    if (entry->warm != NULL && !apply_warm(check, entry->warm, index->name, &index->warm)) {
        return false;
    }
    *ret_position = (uint32_t)(index - spec->indexes);
    return true;
}

static bool apply_indexes(struct update_call *update, struct table_spec *spec)
{
    struct table_check *check = &update->table_call.check;
    const struct update_table_request *request = update->request;
    for (uint32_t i = 0; i < request->indexes.count; i++) {
        const struct index_update_request *entry = &request->indexes.items[i];
        uint32_t position = 0;
        if (entry->create != NULL   ? !table_update_create_index(check, request, entry->create, spec, &position)
            : entry->delete != NULL ? !table_update_delete_index(check, entry->delete, spec, &position)
                                    : !apply_index_update(update, entry->update, spec, &position)) {
            return false;
        }
        update->changed_indexes |= 1U << position;
    }
    return true;
}

/* --- stream, encryption, class, protection ------------------------------------------------------------------------ */

static bool apply_stream(struct table_check *check, const struct stream_request *request, struct table_spec *spec)
{
    bool enabled = spec->stream != STREAM_NONE;
    if (enabled && request->enabled.flag) {
        return table_refuse(check, ERROR_VALIDATION, "Table already has an enabled stream: TableName: %.*s",
                            SLICE_ARG(spec->name));
    }
    if (!enabled && !request->enabled.flag) {
        return table_refuse(check, ERROR_VALIDATION, "Table has no stream to disable: TableName: %.*s",
                            SLICE_ARG(spec->name));
    }
    if (request->enabled.flag) {
        spec->stream = (enum stream_view)(request->view.value + 1);
        spec->stream_label_us = env_time_us();
    } else {
        spec->stream = STREAM_NONE;
    }
    return true;
}

static bool apply_encryption(struct update_call *update, struct arena *arena, struct table_spec *spec)
{
    struct table_check *check = &update->table_call.check;
    const struct encryption_request *request = update->request->encryption;
    struct cluster *cluster = update->table_call.change.cluster;
    bool encrypted = false;
    struct slice key = {NULL, 0};
    if (!table_check_encryption(check, request, &encrypted, &key)) {
        return false;
    }
    if (!encrypted && !spec->encrypted) {
        return table_refuse(check, ERROR_VALIDATION, INVALID "Table is already encrypted by default");
    }
    if (encrypted && spec->encrypted && key.len != 0 && cluster_is_key(cluster, key, spec->kms_key)) {
        return table_refuse(check, ERROR_VALIDATION,
                            INVALID "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId "
                                    "parameter if you want to change Master Key");
    }
    spec->encrypted = encrypted;
    spec->kms_key = arena_copy(arena, key);
    return true;
}

static bool apply_class(struct table_check *check, struct slice text, struct table_spec *spec)
{
    enum table_class class = spec->class;
    if (!table_check_class(check, text, &class)) {
        return false;
    }
    if (class != spec->class) {
        spec->class = class;
        spec->class_changed_us = env_time_us();
    }
    return true;
}

bool table_update_apply(struct table_change *change, struct table_spec *spec, struct arena *arena)
{
    struct update_call *update = (struct update_call *)change;
    const struct update_table_request *request = update->request;
    struct table_check *check = &update->table_call.check;
    struct slice table = SLICE("");
    table_spec_copy(check->arena, spec, &update->before);
    if (!table_update_admit(check, request, spec) || !apply_billing(check, request, spec)) {
        return false;
    }
    if (request->on_demand != NULL &&
        !apply_on_demand(check, request->on_demand, table, spec->billing, &spec->on_demand)) {
        return false;
    }
    if (request->warm != NULL && !apply_warm(check, request->warm, table, &spec->warm)) {
        return false;
    }
    if (!apply_indexes(update, spec)) {
        return false;
    }
    if (request->stream != NULL && !apply_stream(check, request->stream, spec)) {
        return false;
    }
    if (request->encryption != NULL && !apply_encryption(update, arena, spec)) {
        return false;
    }
    if (request->class.present && !apply_class(check, request->class.text, spec)) {
        return false;
    }
    if (request->deletion_protection.present) {
        spec->deletion_protection = request->deletion_protection.flag;
    }
    return true;
}
