/* The requests of the table operations. */
#pragma once

#include "api/shape.h"

struct attribute_definition_request {
    struct opt_string name;
    struct opt_enum type; /* 0 S, 1 N, 2 B */
};

struct attribute_list_request {
    bool present;
    uint32_t count;
    struct attribute_definition_request *items;
};

enum { KEY_TYPE_HASH, KEY_TYPE_RANGE };

struct key_element_request {
    struct opt_string name;
    struct opt_enum type; /* KEY_TYPE_ */
};

struct key_schema_request {
    bool present;
    uint32_t count;
    struct key_element_request *items;
};

struct projection_request {
    struct opt_enum type; /* enum projection_type */
    SHAPE_LIST_OF(struct slice) include;
};

/* ProvisionedThroughput, OnDemandThroughput and WarmThroughput. */
struct throughput_request {
    struct opt_integer read;
    struct opt_integer write;
};

/* A LocalSecondaryIndex has no throughputs. */
struct index_request {
    struct opt_string name;
    struct key_schema_request keys;
    struct projection_request *projection;
    struct throughput_request *provisioned;
    struct throughput_request *on_demand;
    struct throughput_request *warm;
};

struct index_list_request {
    bool present;
    uint32_t count;
    struct index_request *items;
};

struct stream_request {
    struct opt_boolean enabled;
    struct opt_enum view; /* enum stream_view - 1 */
};

struct encryption_request {
    struct opt_boolean enabled;
    struct opt_enum type; /* 0 AES256, 1 KMS */
    struct opt_string key;
};

struct tag_request {
    struct opt_string key;
    struct opt_string value;
};

struct tag_list_request {
    bool present;
    uint32_t count;
    struct tag_request *items;
};

struct create_table_request {
    struct opt_string name;
    struct attribute_list_request attributes;
    struct key_schema_request keys;
    struct index_list_request local_indexes;
    struct index_list_request global_indexes;
    struct opt_enum billing; /* enum billing_mode */
    struct throughput_request *provisioned;
    struct throughput_request *on_demand;
    struct throughput_request *warm;
    struct stream_request *stream;
    struct encryption_request *encryption;
    struct opt_string class;
    struct opt_boolean deletion_protection;
    struct tag_list_request tags;
    struct opt_string resource_policy;
    struct opt_string global_source;
    struct opt_enum replicated_settings; /* taken, and of no effect */
};

/* One of the three in each entry. */
struct index_update_request {
    struct index_request *update;
    struct index_request *create;
    struct index_request *delete;
};

enum { SETTINGS_ENABLED, SETTINGS_DISABLED, SETTINGS_WITH_OVERRIDES };

struct nothing_request {
    char unused;
};

struct update_table_request {
    struct opt_string name;
    struct attribute_list_request attributes; /* only of use when an index is created */
    struct opt_enum billing;
    struct throughput_request *provisioned;
    struct throughput_request *on_demand;
    struct throughput_request *warm;
    struct stream_request *stream;
    struct encryption_request *encryption;
    struct opt_string class;
    struct opt_boolean deletion_protection;
    SHAPE_LIST_OF(struct index_update_request) indexes;
    /* Global tables: decoded only to be refused. */
    SHAPE_LIST_OF(struct nothing_request) replicas;
    SHAPE_LIST_OF(struct nothing_request) witnesses;
    struct opt_string consistency;
    struct opt_enum replicated_settings; /* taken, and of no effect on a table of one region */
};

/* DescribeTable, DeleteTable. */
struct name_request {
    struct opt_string name;
};

struct list_tables_request {
    struct opt_string after;
    struct opt_integer limit;
};

struct tag_resource_request {
    struct opt_string arn;
    struct tag_list_request tags;
};

struct untag_resource_request {
    struct opt_string arn;
    SHAPE_LIST_OF(struct slice) keys;
};

struct list_tags_request {
    struct opt_string arn;
    struct opt_string next_token;
};

struct time_to_live_request {
    struct opt_string attribute;
    struct opt_boolean enabled;
};

struct update_time_to_live_request {
    struct opt_string name;
    struct time_to_live_request *specification;
};

extern const struct shape create_table_shape;
extern const struct shape update_table_shape;
extern const struct shape describe_table_shape;
extern const struct shape delete_table_shape;
extern const struct shape list_tables_shape;
extern const struct shape tag_resource_shape;
extern const struct shape untag_resource_shape;
extern const struct shape list_tags_of_resource_shape;
extern const struct shape update_time_to_live_shape;
extern const struct shape describe_time_to_live_shape;
