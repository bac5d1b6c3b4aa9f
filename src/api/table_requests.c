/* Members stand in the order in which DynamoDB reports their violations, as far as that is known. Sources: the service
 * model (limits) and error messages of the service (paths, the order of enum values). */
#include "api/table_requests.h"

#define MEMBERS static const struct shape_member

static const struct shape_set attribute_types = {(const char *const[]){"S", "N", "B", NULL}, "[B, N, S]"};
static const struct shape_set key_types = {(const char *const[]){"HASH", "RANGE", NULL}, "[HASH, RANGE]"};
static const struct shape_set projection_types = {(const char *const[]){"ALL", "KEYS_ONLY", "INCLUDE", NULL},
                                                  "[ALL, INCLUDE, KEYS_ONLY]"};
static const struct shape_set billing_modes = {(const char *const[]){"PROVISIONED", "PAY_PER_REQUEST", NULL},
                                               "[PROVISIONED, PAY_PER_REQUEST]"};
static const struct shape_set stream_views = {
    (const char *const[]){"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", NULL},
    "[OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE]"};
static const struct shape_set encryption_types = {(const char *const[]){"AES256", "KMS", NULL}, "[AES256, KMS]"};
static const struct shape_set settings_modes = {
    (const char *const[]){"ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES", NULL},
    "[ENABLED, DISABLED, ENABLED_WITH_OVERRIDES]"};

/* --- parts -------------------------------------------------------------------------------------------------------- */

MEMBERS attribute_definition_members[] = {
    {SHAPE_MEMBER(struct attribute_definition_request, type, "AttributeType", "attributeType", SHAPE_ENUM),
     .required = true, .set = &attribute_types},
    {SHAPE_MEMBER(struct attribute_definition_request, name, "AttributeName", "attributeName", SHAPE_STRING),
     .required = true, .limit = LIMIT_RANGE(1, 255)},
};
static const struct shape attribute_definition_shape =
    SHAPE_OF("AttributeDefinition", struct attribute_definition_request, attribute_definition_members);
static const struct shape_member attribute_definition = {.kind = SHAPE_STRUCTURE, .shape = &attribute_definition_shape};

MEMBERS key_element_members[] = {
    {SHAPE_MEMBER(struct key_element_request, name, "AttributeName", "attributeName", SHAPE_STRING), .required = true,
     .limit = LIMIT_RANGE(1, 255)},
    {SHAPE_MEMBER(struct key_element_request, type, "KeyType", "keyType", SHAPE_ENUM), .required = true,
     .set = &key_types},
};
static const struct shape key_element_shape =
    SHAPE_OF("KeySchemaElement", struct key_element_request, key_element_members);
static const struct shape_member key_element = {.kind = SHAPE_STRUCTURE, .shape = &key_element_shape};

static const struct shape_member include_element = {.kind = SHAPE_STRING, .limit = LIMIT_RANGE(1, 255)};
MEMBERS projection_members[] = {
    {SHAPE_MEMBER(struct projection_request, type, "ProjectionType", "projectionType", SHAPE_ENUM),
     .set = &projection_types},
    {SHAPE_MEMBER(struct projection_request, include, "NonKeyAttributes", "nonKeyAttributes", SHAPE_LIST),
     .limit = LIMIT_RANGE(1, 20), .element = &include_element},
};
static const struct shape projection_shape = SHAPE_OF("Projection", struct projection_request, projection_members);

MEMBERS provisioned_members[] = {
    {SHAPE_MEMBER(struct throughput_request, write, "WriteCapacityUnits", "writeCapacityUnits", SHAPE_LONG),
     .required = true, .limit = LIMIT_MIN(1)},
    {SHAPE_MEMBER(struct throughput_request, read, "ReadCapacityUnits", "readCapacityUnits", SHAPE_LONG),
     .required = true, .limit = LIMIT_MIN(1)},
};
static const struct shape provisioned_shape =
    SHAPE_OF("ProvisionedThroughput", struct throughput_request, provisioned_members);

MEMBERS on_demand_members[] = {
    {SHAPE_MEMBER(struct throughput_request, read, "MaxReadRequestUnits", "maxReadRequestUnits", SHAPE_LONG)},
    {SHAPE_MEMBER(struct throughput_request, write, "MaxWriteRequestUnits", "maxWriteRequestUnits", SHAPE_LONG)},
};
static const struct shape on_demand_shape =
    SHAPE_OF("OnDemandThroughput", struct throughput_request, on_demand_members);

MEMBERS warm_members[] = {
    {SHAPE_MEMBER(struct throughput_request, read, "ReadUnitsPerSecond", "readUnitsPerSecond", SHAPE_LONG)},
    {SHAPE_MEMBER(struct throughput_request, write, "WriteUnitsPerSecond", "writeUnitsPerSecond", SHAPE_LONG)},
};
static const struct shape warm_shape = SHAPE_OF("WarmThroughput", struct throughput_request, warm_members);

#define INDEX_NAME                                                                                                     \
    {                                                                                                                  \
        SHAPE_MEMBER(struct index_request, name, "IndexName", "indexName", SHAPE_STRING), .required = true,            \
                                                                                          .limit = LIMIT_NAME          \
    }
#define INDEX_PROJECTION                                                                                               \
    {                                                                                                                  \
        SHAPE_MEMBER(struct index_request, projection, "Projection", "projection", SHAPE_STRUCTURE),                   \
            .required = true, .shape = &projection_shape                                                               \
    }
#define INDEX_THROUGHPUTS                                                                                              \
    {SHAPE_MEMBER(struct index_request, provisioned, "ProvisionedThroughput", "provisionedThroughput",                 \
                  SHAPE_STRUCTURE),                                                                                    \
     .shape = &provisioned_shape},                                                                                     \
        {SHAPE_MEMBER(struct index_request, on_demand, "OnDemandThroughput", "onDemandThroughput", SHAPE_STRUCTURE),   \
         .shape = &on_demand_shape},                                                                                   \
    {                                                                                                                  \
        SHAPE_MEMBER(struct index_request, warm, "WarmThroughput", "warmThroughput", SHAPE_STRUCTURE),                 \
            .shape = &warm_shape                                                                                       \
    }

MEMBERS local_index_members[] = {
    INDEX_NAME,
    {SHAPE_MEMBER(struct index_request, keys, "KeySchema", "keySchema", SHAPE_LIST), .required = true,
     .limit = LIMIT_RANGE(1, 2), .element = &key_element},
    INDEX_PROJECTION,
};
static const struct shape local_index_shape =
    SHAPE_OF("LocalSecondaryIndex", struct index_request, local_index_members);
static const struct shape_member local_index = {.kind = SHAPE_STRUCTURE, .shape = &local_index_shape};

MEMBERS global_index_members[] = {
    INDEX_NAME,
    {SHAPE_MEMBER(struct index_request, keys, "KeySchema", "keySchema", SHAPE_LIST), .required = true,
     .limit = LIMIT_MIN(1), .element = &key_element},
    INDEX_PROJECTION,
    INDEX_THROUGHPUTS,
};
static const struct shape global_index_shape =
    SHAPE_OF("GlobalSecondaryIndex", struct index_request, global_index_members);
static const struct shape_member global_index = {.kind = SHAPE_STRUCTURE, .shape = &global_index_shape};

MEMBERS stream_members[] = {
    {SHAPE_MEMBER(struct stream_request, enabled, "StreamEnabled", "streamEnabled", SHAPE_BOOLEAN), .required = true},
    {SHAPE_MEMBER(struct stream_request, view, "StreamViewType", "streamViewType", SHAPE_ENUM), .set = &stream_views},
};
static const struct shape stream_shape = SHAPE_OF("StreamSpecification", struct stream_request, stream_members);

MEMBERS encryption_members[] = {
    {SHAPE_MEMBER(struct encryption_request, enabled, "Enabled", "enabled", SHAPE_BOOLEAN)},
    {SHAPE_MEMBER(struct encryption_request, type, "SSEType", "sSEType", SHAPE_ENUM), .set = &encryption_types},
    {SHAPE_MEMBER(struct encryption_request, key, "KMSMasterKeyId", "kMSMasterKeyId", SHAPE_STRING),
     .limit = LIMIT_MIN(1)},
};
static const struct shape encryption_shape =
    SHAPE_OF("SSESpecification", struct encryption_request, encryption_members);

/* Keys and values of tags have messages of their own. */
MEMBERS tag_members[] = {
    {SHAPE_MEMBER(struct tag_request, key, "Key", "key", SHAPE_STRING)},
    {SHAPE_MEMBER(struct tag_request, value, "Value", "value", SHAPE_STRING)},
};
static const struct shape tag_shape = SHAPE_OF("Tag", struct tag_request, tag_members);
static const struct shape_member tag = {.kind = SHAPE_STRUCTURE, .shape = &tag_shape};

/* --- CreateTable -------------------------------------------------------------------------------------------------- */

#define CREATE(field, wire, path, kind) SHAPE_MEMBER(struct create_table_request, field, wire, path, kind)

MEMBERS create_table_members[] = {
    {CREATE(name, "TableName", "tableName", SHAPE_STRING), .required = true, .table_name = true,
     .if_missing = "The parameter 'TableName' is required but was not present in the request"},
    {CREATE(attributes, "AttributeDefinitions", "attributeDefinitions", SHAPE_LIST), .required = true,
     .element = &attribute_definition},
    {CREATE(keys, "KeySchema", "keySchema", SHAPE_LIST), .required = true, .limit = LIMIT_RANGE(1, 2),
     .element = &key_element},
    {CREATE(local_indexes, "LocalSecondaryIndexes", "localSecondaryIndexes", SHAPE_LIST), .element = &local_index},
    {CREATE(global_indexes, "GlobalSecondaryIndexes", "globalSecondaryIndexes", SHAPE_LIST), .element = &global_index},
    {CREATE(billing, "BillingMode", "billingMode", SHAPE_ENUM), .set = &billing_modes},
    {CREATE(provisioned, "ProvisionedThroughput", "provisionedThroughput", SHAPE_STRUCTURE),
     .shape = &provisioned_shape},
    {CREATE(on_demand, "OnDemandThroughput", "onDemandThroughput", SHAPE_STRUCTURE), .shape = &on_demand_shape},
    {CREATE(warm, "WarmThroughput", "warmThroughput", SHAPE_STRUCTURE), .shape = &warm_shape},
    {CREATE(stream, "StreamSpecification", "streamSpecification", SHAPE_STRUCTURE), .shape = &stream_shape},
    {CREATE(encryption, "SSESpecification", "sSESpecification", SHAPE_STRUCTURE), .shape = &encryption_shape},
    {CREATE(class, "TableClass", "tableClass", SHAPE_STRING)},
    {CREATE(deletion_protection, "DeletionProtectionEnabled", "deletionProtectionEnabled", SHAPE_BOOLEAN)},
    {CREATE(tags, "Tags", "tags", SHAPE_LIST), .element = &tag},
    {CREATE(resource_policy, "ResourcePolicy", "resourcePolicy", SHAPE_STRING)},
    {CREATE(global_source, "GlobalTableSourceArn", "globalTableSourceArn", SHAPE_STRING)},
    {CREATE(replicated_settings, "GlobalTableSettingsReplicationMode", "globalTableSettingsReplicationMode",
            SHAPE_ENUM),
     .set = &settings_modes},
};
const struct shape create_table_shape = SHAPE_OF("CreateTableInput", struct create_table_request, create_table_members);

/* --- UpdateTable -------------------------------------------------------------------------------------------------- */

MEMBERS update_index_members[] = {INDEX_NAME, INDEX_THROUGHPUTS};
static const struct shape update_index_shape =
    SHAPE_OF("UpdateGlobalSecondaryIndexAction", struct index_request, update_index_members);
MEMBERS delete_index_members[] = {INDEX_NAME};
static const struct shape delete_index_shape =
    SHAPE_OF("DeleteGlobalSecondaryIndexAction", struct index_request, delete_index_members);
static const struct shape create_index_shape =
    SHAPE_OF("CreateGlobalSecondaryIndexAction", struct index_request, global_index_members);

MEMBERS index_update_members[] = {
    {SHAPE_MEMBER(struct index_update_request, update, "Update", "update", SHAPE_STRUCTURE),
     .shape = &update_index_shape},
    {SHAPE_MEMBER(struct index_update_request, create, "Create", "create", SHAPE_STRUCTURE),
     .shape = &create_index_shape},
    {SHAPE_MEMBER(struct index_update_request, delete, "Delete", "delete", SHAPE_STRUCTURE),
     .shape = &delete_index_shape},
};
static const struct shape index_update_shape =
    SHAPE_OF("GlobalSecondaryIndexUpdate", struct index_update_request, index_update_members);
static const struct shape_member index_update = {.kind = SHAPE_STRUCTURE, .shape = &index_update_shape};

static const struct shape nothing_shape = {.name = "ReplicationGroupUpdate", .size = sizeof(struct nothing_request)};
static const struct shape_member nothing = {.kind = SHAPE_STRUCTURE, .shape = &nothing_shape};

#define UPDATE(field, wire, path, kind) SHAPE_MEMBER(struct update_table_request, field, wire, path, kind)

MEMBERS update_table_members[] = {
    {UPDATE(name, "TableName", "tableName", SHAPE_STRING), .required = true, .table_name = true},
    {UPDATE(attributes, "AttributeDefinitions", "attributeDefinitions", SHAPE_LIST), .element = &attribute_definition},
    {UPDATE(billing, "BillingMode", "billingMode", SHAPE_ENUM), .set = &billing_modes},
    {UPDATE(provisioned, "ProvisionedThroughput", "provisionedThroughput", SHAPE_STRUCTURE),
     .shape = &provisioned_shape},
    {UPDATE(on_demand, "OnDemandThroughput", "onDemandThroughput", SHAPE_STRUCTURE), .shape = &on_demand_shape},
    {UPDATE(warm, "WarmThroughput", "warmThroughput", SHAPE_STRUCTURE), .shape = &warm_shape},
    {UPDATE(indexes, "GlobalSecondaryIndexUpdates", "globalSecondaryIndexUpdates", SHAPE_LIST),
     .element = &index_update},
    {UPDATE(stream, "StreamSpecification", "streamSpecification", SHAPE_STRUCTURE), .shape = &stream_shape},
    {UPDATE(encryption, "SSESpecification", "sSESpecification", SHAPE_STRUCTURE), .shape = &encryption_shape},
    {UPDATE(class, "TableClass", "tableClass", SHAPE_STRING)},
    {UPDATE(deletion_protection, "DeletionProtectionEnabled", "deletionProtectionEnabled", SHAPE_BOOLEAN)},
    {UPDATE(replicas, "ReplicaUpdates", "replicaUpdates", SHAPE_LIST), .limit = LIMIT_MIN(1), .element = &nothing},
    {UPDATE(witnesses, "GlobalTableWitnessUpdates", "globalTableWitnessUpdates", SHAPE_LIST),
     .limit = LIMIT_RANGE(1, 1), .element = &nothing},
    {UPDATE(consistency, "MultiRegionConsistency", "multiRegionConsistency", SHAPE_STRING)},
    {UPDATE(replicated_settings, "GlobalTableSettingsReplicationMode", "globalTableSettingsReplicationMode",
            SHAPE_ENUM),
     .set = &settings_modes},
};
const struct shape update_table_shape = SHAPE_OF("UpdateTableInput", struct update_table_request, update_table_members);

/* --- the others --------------------------------------------------------------------------------------------------- */

MEMBERS name_members[] = {
    {SHAPE_MEMBER(struct name_request, name, "TableName", "tableName", SHAPE_STRING), .required = true,
     .table_name = true},
};
const struct shape describe_table_shape = SHAPE_OF("DescribeTableInput", struct name_request, name_members);
const struct shape delete_table_shape = SHAPE_OF("DeleteTableInput", struct name_request, name_members);

MEMBERS list_tables_members[] = {
    {SHAPE_MEMBER(struct list_tables_request, after, "ExclusiveStartTableName", "exclusiveStartTableName",
                  SHAPE_STRING),
     .limit = LIMIT_NAME},
    {SHAPE_MEMBER(struct list_tables_request, limit, "Limit", "limit", SHAPE_INTEGER), .limit = LIMIT_RANGE(1, 100)},
};
const struct shape list_tables_shape = SHAPE_OF("ListTablesInput", struct list_tables_request, list_tables_members);

#define RESOURCE_ARN(type)                                                                                             \
    {                                                                                                                  \
        SHAPE_MEMBER(type, arn, "ResourceArn", "resourceArn", SHAPE_STRING), .required = true,                         \
                                                                             .limit = LIMIT_RANGE(1, 1283)             \
    }

MEMBERS tag_resource_members[] = {
    RESOURCE_ARN(struct tag_resource_request),
    {SHAPE_MEMBER(struct tag_resource_request, tags, "Tags", "tags", SHAPE_LIST), .required = true, .element = &tag},
};
const struct shape tag_resource_shape = SHAPE_OF("TagResourceInput", struct tag_resource_request, tag_resource_members);

static const struct shape_member tag_key = {.kind = SHAPE_STRING};
MEMBERS untag_resource_members[] = {
    RESOURCE_ARN(struct untag_resource_request),
    {SHAPE_MEMBER(struct untag_resource_request, keys, "TagKeys", "tagKeys", SHAPE_LIST), .required = true,
     .element = &tag_key},
};
const struct shape untag_resource_shape =
    SHAPE_OF("UntagResourceInput", struct untag_resource_request, untag_resource_members);

MEMBERS list_tags_members[] = {
    RESOURCE_ARN(struct list_tags_request),
    {SHAPE_MEMBER(struct list_tags_request, next_token, "NextToken", "nextToken", SHAPE_STRING)},
};
const struct shape list_tags_of_resource_shape =
    SHAPE_OF("ListTagsOfResourceInput", struct list_tags_request, list_tags_members);

MEMBERS time_to_live_members[] = {
    {SHAPE_MEMBER(struct time_to_live_request, attribute, "AttributeName", "attributeName", SHAPE_STRING),
     .required = true, .limit = LIMIT_RANGE(1, 255)},
    {SHAPE_MEMBER(struct time_to_live_request, enabled, "Enabled", "enabled", SHAPE_BOOLEAN), .required = true},
};
static const struct shape time_to_live_shape =
    SHAPE_OF("TimeToLiveSpecification", struct time_to_live_request, time_to_live_members);

MEMBERS update_time_to_live_members[] = {
    {SHAPE_MEMBER(struct update_time_to_live_request, name, "TableName", "tableName", SHAPE_STRING), .required = true,
     .table_name = true},
    {SHAPE_MEMBER(struct update_time_to_live_request, specification, "TimeToLiveSpecification",
                  "timeToLiveSpecification", SHAPE_STRUCTURE),
     .required = true, .shape = &time_to_live_shape},
};
const struct shape update_time_to_live_shape =
    SHAPE_OF("UpdateTimeToLiveInput", struct update_time_to_live_request, update_time_to_live_members);
const struct shape describe_time_to_live_shape = SHAPE_OF("DescribeTimeToLiveInput", struct name_request, name_members);
