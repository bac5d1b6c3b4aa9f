/* Members stand in alphabetical order, as in DynamoDB's answers. Which members are present in which state follows the
 * answers of the service; a member is absent rather than null. */
#include "api/describe.h"

#include <assert.h>
#include <inttypes.h>
#include <time.h>

#define DAY_US (86400ULL * 1000000)

static const char *const projection_names[] = {"ALL", "KEYS_ONLY", "INCLUDE"};
static const char *const stream_views[] = {NULL, "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"};

static const char *status_or(const char *status, const char *usual)
{
    return status == NULL ? usual : status;
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

static void put_key(struct buffer *out, struct slice name, const char *type)
{
    json_object_begin(out);
    json_member_string(out, "AttributeName", name);
    json_member_text(out, "KeyType", type);
    json_object_end(out);
}

static void put_keys(struct buffer *out, const struct key_schema *keys)
{
    json_member_array_begin(out, "KeySchema");
    for (unsigned i = 0; i < keys->hash_count; i++) {
        put_key(out, keys->hash[i].name, "HASH");
    }
    for (unsigned i = 0; i < keys->range_count; i++) {
        put_key(out, keys->range[i].name, "RANGE");
    }
    json_array_end(out);
}

static void put_attributes(struct buffer *out, const struct table_spec *spec)
{
    json_member_array_begin(out, "AttributeDefinitions");
    for (uint32_t i = 0; i < spec->attribute_count; i++) {
        json_object_begin(out);
        json_member_string(out, "AttributeName", spec->attributes[i].name);
        json_member_string(out, "AttributeType", value_type_name(spec->attributes[i].type));
        json_object_end(out);
    }
    json_array_end(out);
}

/* --- throughputs -------------------------------------------------------------------------------------------------- */

/* The count starts again at midnight, UTC. */
static uint32_t decreases_today(const struct table_spec *spec)
{
    return spec->last_decrease_us / DAY_US == env_time_us() / DAY_US ? spec->decreases_today : 0;
}

static void put_provisioned(struct buffer *out, const struct throughput *units, uint64_t last_increase_us,
                            uint64_t last_decrease_us, uint32_t decreases)
{
    json_member_object_begin(out, "ProvisionedThroughput");
    if (last_decrease_us != 0) {
        json_member_time(out, "LastDecreaseDateTime", last_decrease_us);
    }
    if (last_increase_us != 0) {
        json_member_time(out, "LastIncreaseDateTime", last_increase_us);
    }
    json_member_integer(out, "NumberOfDecreasesToday", decreases);
    json_member_integer(out, "ReadCapacityUnits", units->read);
    json_member_integer(out, "WriteCapacityUnits", units->write);
    json_object_end(out);
}

static void put_table_provisioned(struct buffer *out, const struct table_spec *spec)
{
    put_provisioned(out, &spec->provisioned, spec->last_increase_us, spec->last_decrease_us, decreases_today(spec));
}

static void put_on_demand(struct buffer *out, const struct throughput *units)
{
    if (units->read == 0 && units->write == 0) {
        return;
    }
    json_member_object_begin(out, "OnDemandThroughput");
    if (units->read != 0) {
        json_member_integer(out, "MaxReadRequestUnits", units->read);
    }
    if (units->write != 0) {
        json_member_integer(out, "MaxWriteRequestUnits", units->write);
    }
    json_object_end(out);
}

static void put_warm(struct buffer *out, const struct throughput *units, const char *status)
{
    json_member_object_begin(out, "WarmThroughput");
    json_member_integer(out, "ReadUnitsPerSecond", units->read);
    json_member_text(out, "Status", status);
    json_member_integer(out, "WriteUnitsPerSecond", units->write);
    json_object_end(out);
}

/* Absent on tables that were never on demand. */
static void put_billing(struct buffer *out, const struct table_spec *spec, const struct describe_options *options)
{
    if (spec->on_demand_since_us == 0) {
        return;
    }
    json_member_object_begin(out, "BillingModeSummary");
    json_member_text(out, "BillingMode", spec->billing == BILLING_PROVISIONED ? "PROVISIONED" : "PAY_PER_REQUEST");
    if (!options->hide_on_demand_since) {
        json_member_time(out, "LastUpdateToPayPerRequestDateTime", spec->on_demand_since_us);
    }
    json_object_end(out);
}

/* --- indexes ------------------------------------------------------------------------------------------------------ */

static void put_projection(struct buffer *out, const struct index_spec *index)
{
    json_member_object_begin(out, "Projection");
    if (index->projection == PROJECT_INCLUDE) {
        json_member_array_begin(out, "NonKeyAttributes");
        for (uint32_t i = 0; i < index->include_count; i++) {
            json_string(out, index->include[i]);
        }
        json_array_end(out);
    }
    json_member_text(out, "ProjectionType", projection_names[index->projection]);
    json_object_end(out);
}

/* It has no CREATING or DELETING of its own. */
static const char *warm_status(const struct index_spec *index, const char *status)
{
    return index->status == INDEX_CREATING ? "UPDATING" : index->status == INDEX_DELETING ? "ACTIVE" : status;
}

static void put_backfilling(struct buffer *out, const struct index_spec *index, bool is_changing)
{
    if (index->status == INDEX_CREATING) {
        json_member_boolean(out, "Backfilling", !is_changing);
    }
}

static const char *index_status(const struct index_spec *index, bool is_changing,
                                const struct describe_options *options)
{
    switch (index->status) {
    case INDEX_CREATING:
        return "CREATING";
    case INDEX_DELETING:
        return "DELETING";
    case INDEX_ACTIVE:
        break;
    }
    return is_changing ? options->index_status : "ACTIVE";
}

/* `position` is that in spec.indexes. */
static void put_index(struct buffer *out, struct slice table_arn, const struct table *table,
                      const struct index_spec *index, uint32_t position, const struct describe_options *options)
{
    bool is_changing = (options->index_mask >> position & 1) != 0;
    struct table_count count = {0};
    if (index->status != INDEX_CREATING) { /* else what was counted means nothing */
        count = table_count_of(table->state, index->id);
    }
    const char *status = index_status(index, is_changing, options);
    json_object_begin(out);
    put_backfilling(out, index, is_changing);
    json_name(out, "IndexArn");
    buffer_append_byte(out, '"');
    buffer_printf(out, "%.*s/index/%.*s\"", SLICE_ARG(table_arn), SLICE_ARG(index->name));
    json_member_string(out, "IndexName", index->name);
    json_member_integer(out, "IndexSizeBytes", (int64_t)count.bytes);
    if (index->global) {
        json_member_text(out, "IndexStatus", status);
    }
    json_member_integer(out, "ItemCount", (int64_t)count.rows);
    put_keys(out, &index->keys);
    if (index->global) {
        put_on_demand(out, &index->on_demand);
    }
    put_projection(out, index);
    if (index->global) {
        put_provisioned(out, &index->provisioned, 0, 0, 0);
        if (!options->hide_index_warm) {
            put_warm(out, &index->warm, warm_status(index, status));
        }
    }
    json_object_end(out);
}

static void put_indexes(struct buffer *out, const char *name, bool global, struct slice table_arn,
                        const struct table *table, const struct table_spec *spec,
                        const struct describe_options *options)
{
    bool any = false;
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (spec->indexes[i].global == global) {
            if (!any) {
                json_member_array_begin(out, name);
                any = true;
            }
            put_index(out, table_arn, table, &spec->indexes[i], i, options);
        }
    }
    if (any) {
        json_array_end(out);
    }
}

/* --- stream, encryption, class ------------------------------------------------------------------------------------ */

/* 2026-10-08T23:07:31.275 */
static struct slice stream_label(struct api_call *call, uint64_t time_us)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[32];
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    return arena_printf(&call->arena, "%s.%03u", text, (unsigned)(time_us % 1000000 / 1000));
}

static void put_latest_stream(struct api_call *call, struct buffer *out, struct slice table_arn,
                              const struct table_spec *spec)
{
    if (spec->stream_label_us != 0) {
        struct slice label = stream_label(call, spec->stream_label_us);
        json_name(out, "LatestStreamArn");
        buffer_append_byte(out, '"');
        buffer_printf(out, "%.*s/stream/%.*s\"", SLICE_ARG(table_arn), SLICE_ARG(label));
        json_member_string(out, "LatestStreamLabel", label);
    }
}

/* Without a key of one's own it is the account's managed key. */
struct slice describe_key_arn(struct api_call *call, struct slice key)
{
    if (slice_starts_with(key, SLICE("arn:"))) {
        return key;
    }
    const struct api_settings *settings = &call->loop->api->settings;
    const char *kind = key.len == 0 || slice_starts_with(key, SLICE("alias/")) ? "" : "key/";
    struct slice name = key.len == 0 ? SLICE("alias/aws/dynamodb") : key;
    return arena_printf(&call->arena, "arn:aws:kms:%s:%s:%s%.*s", settings->region, settings->account_id, kind,
                        SLICE_ARG(name));
}

static void put_encryption(struct api_call *call, struct buffer *out, const struct table *table,
                           const struct table_spec *spec, const struct describe_options *options)
{
    uint64_t inaccessible_us = atomic_load(&table->state->inaccessible_us);
    if (spec->encrypted) {
        json_member_object_begin(out, "SSEDescription");
        if (inaccessible_us != 0) {
            json_member_time(out, "InaccessibleEncryptionDateTime", inaccessible_us);
        }
        json_member_string(out, "KMSMasterKeyArn", describe_key_arn(call, spec->kms_key));
        json_member_text(out, "SSEType", "KMS");
        json_member_text(out, "Status", status_or(options->encryption_status, "ENABLED"));
        json_object_end(out);
    }
}

static void put_stream(struct buffer *out, const struct table_spec *spec)
{
    if (spec->stream != STREAM_NONE) {
        json_member_object_begin(out, "StreamSpecification");
        json_member_boolean(out, "StreamEnabled", true);
        json_member_text(out, "StreamViewType", stream_views[spec->stream]);
        json_object_end(out);
    }
}

/* Absent on tables that were always of the standard class. */
static void put_class(struct buffer *out, const struct table_spec *spec)
{
    if (spec->class == CLASS_STANDARD && spec->class_changed_us == 0) {
        return;
    }
    json_member_object_begin(out, "TableClassSummary");
    if (spec->class_changed_us != 0) {
        json_member_time(out, "LastUpdateDateTime", spec->class_changed_us);
    }
    json_member_text(out, "TableClass", spec->class == CLASS_STANDARD ? "STANDARD" : "STANDARD_INFREQUENT_ACCESS");
    json_object_end(out);
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

/* Filling an index does not keep a table from being ACTIVE; removing one does. */
static const char *table_status(const struct table *table, const struct table_spec *spec)
{
    if (atomic_load(&table->state->inaccessible_us) != 0) {
        return "INACCESSIBLE_ENCRYPTION_CREDENTIALS";
    }
    for (uint32_t i = 0; i < spec->index_count; i++) {
        if (spec->indexes[i].status == INDEX_DELETING) {
            return "UPDATING";
        }
    }
    return "ACTIVE";
}

static void put_identity(struct buffer *out, struct slice arn, const struct table_spec *spec)
{
    json_member_string(out, "TableArn", arn);
    put_class(out, spec);
    json_member_text(out, "TableId", spec->uuid);
    json_member_string(out, "TableName", spec->name);
}

void describe_table(struct api_call *call, struct buffer *out, const struct table *table, const struct table_spec *spec,
                    const struct describe_options *options)
{
    struct slice arn = call_table_arn(call, spec->name);
    struct table_count count = table_count_of(table->state, 0);
    json_object_begin(out);
    put_attributes(out, spec);
    put_billing(out, spec, options);
    json_member_time(out, "CreationDateTime", spec->created_us);
    json_member_boolean(out, "DeletionProtectionEnabled", spec->deletion_protection);
    put_indexes(out, "GlobalSecondaryIndexes", true, arn, table, spec, options);
    json_member_integer(out, "ItemCount", (int64_t)count.rows);
    put_keys(out, &spec->keys);
    put_latest_stream(call, out, arn, spec);
    put_indexes(out, "LocalSecondaryIndexes", false, arn, table, spec, options);
    put_on_demand(out, &spec->on_demand);
    put_table_provisioned(out, spec);
    put_encryption(call, out, table, spec, options);
    put_stream(out, spec);
    put_identity(out, arn, spec);
    json_member_integer(out, "TableSizeBytes", (int64_t)count.bytes);
    json_member_text(out, "TableStatus", status_or(options->status, table_status(table, spec)));
    if (!options->hide_warm) {
        put_warm(out, &spec->warm, status_or(options->warm_status, "ACTIVE"));
    }
    json_object_end(out);
}

void describe_deleted_table(struct api_call *call, struct buffer *out, const struct table *table)
{
    const struct table_spec *spec = &table->spec;
    const struct describe_options options = {.status = "DELETING"};
    struct table_count count = table_count_of(table->state, 0);
    json_object_begin(out);
    put_billing(out, spec, &options);
    json_member_boolean(out, "DeletionProtectionEnabled", spec->deletion_protection);
    json_member_integer(out, "ItemCount", (int64_t)count.rows);
    put_table_provisioned(out, spec);
    put_identity(out, call_table_arn(call, spec->name), spec);
    json_member_integer(out, "TableSizeBytes", (int64_t)count.bytes);
    json_member_text(out, "TableStatus", options.status);
    json_object_end(out);
}
