/* Pieces of requests that several item operations share: enum sets with their order on the wire, expression
 * parameters, and the legacy parameters' structures.
 *
 * Source: the DynamoDB API reference; the order inside `printed` is DynamoDB's own. */
#pragma once

#include "api/shape.h"

/* The order of each enum is that of its set's names. */
enum return_values { RETURN_NONE, RETURN_ALL_OLD, RETURN_UPDATED_OLD, RETURN_ALL_NEW, RETURN_UPDATED_NEW };
enum return_capacity { CAPACITY_NONE, CAPACITY_TOTAL, CAPACITY_INDEXES };
enum return_metrics { METRICS_NONE, METRICS_SIZE };
enum return_on_failure { ON_FAILURE_NONE, ON_FAILURE_ALL_OLD };
enum conditional_operator { CONDITIONAL_AND, CONDITIONAL_OR };
enum select {
    SELECT_ALL_ATTRIBUTES,
    SELECT_ALL_PROJECTED_ATTRIBUTES,
    SELECT_SPECIFIC_ATTRIBUTES,
    SELECT_COUNT,
};

extern const struct shape_set set_return_values;
extern const struct shape_set set_return_capacity;
extern const struct shape_set set_return_metrics;
extern const struct shape_set set_return_on_failure;
extern const struct shape_set set_select;
extern const struct shape_set set_conditional_operator;

/* An enum parameter's value, or what stands for its absence. */
static inline int opt_enum_or(const struct opt_enum *parameter, int absent)
{
    return parameter->present ? parameter->value : absent;
}

/* ExpressionAttributeNames, ExpressionAttributeValues, AttributesToGet. */
struct expression_names {
    SHAPE_MAP_OF(struct slice);
};
struct expression_values {
    SHAPE_MAP_OF(struct opt_value);
};
struct attribute_names {
    SHAPE_LIST_OF(struct slice);
};
extern const struct shape_member element_name;  /* of expression_names and attribute_names */
extern const struct shape_member element_value; /* of expression_values and of AttributeValueList */

/* Legacy parameters: KeyConditions, QueryFilter, ScanFilter; Expected; AttributeUpdates. */
struct value_list {
    SHAPE_LIST_OF(struct opt_value);
};

struct legacy_condition {
    struct value_list values;
    struct opt_enum comparison;
};
struct legacy_conditions {
    SHAPE_MAP_OF(struct legacy_condition);
};
extern const struct shape_member element_condition;

struct legacy_expected {
    struct opt_value value;
    struct opt_boolean exists;
    struct opt_enum comparison;
    struct value_list values;
};
struct legacy_expectations {
    SHAPE_MAP_OF(struct legacy_expected);
};
extern const struct shape_member element_expected;

struct legacy_update {
    struct opt_value value;
    struct opt_enum action;
};
struct legacy_updates {
    SHAPE_MAP_OF(struct legacy_update);
};
extern const struct shape_member element_update;

/* Members that look the same in every request; `type` has the field named here. */
#define MEMBER_TABLE_NAME(type)                                                                                        \
    {                                                                                                                  \
        SHAPE_MEMBER(type, table, "TableName", "tableName", SHAPE_STRING), .required = true, .table_name = true        \
    }
#define MEMBER_INDEX_NAME(type)                                                                                        \
    {                                                                                                                  \
        SHAPE_MEMBER(type, index, "IndexName", "indexName", SHAPE_STRING), .limit = LIMIT_NAME                         \
    }
#define MEMBER_KEY(type)                                                                                               \
    {                                                                                                                  \
        SHAPE_MEMBER(type, key, "Key", "key", SHAPE_ITEM), .required = true                                            \
    }
#define MEMBER_ATTRIBUTES_TO_GET(type)                                                                                 \
    {                                                                                                                  \
        SHAPE_MEMBER(type, attributes, "AttributesToGet", "attributesToGet", SHAPE_LIST), .limit = LIMIT_MIN(1),       \
                                                                                          .element = &element_name     \
    }
#define MEMBER_NAMES(type)                                                                                             \
    {                                                                                                                  \
        SHAPE_MEMBER(type, names, "ExpressionAttributeNames", "expressionAttributeNames", SHAPE_MAP),                  \
            .element = &element_name                                                                                   \
    }
#define MEMBER_VALUES(type)                                                                                            \
    {                                                                                                                  \
        SHAPE_MEMBER(type, values, "ExpressionAttributeValues", "expressionAttributeValues", SHAPE_MAP),               \
            .element = &element_value                                                                                  \
    }
#define MEMBER_RETURN_CAPACITY(type)                                                                                   \
    {                                                                                                                  \
        SHAPE_MEMBER(type, return_capacity, "ReturnConsumedCapacity", "returnConsumedCapacity", SHAPE_ENUM),           \
            .set = &set_return_capacity                                                                                \
    }
#define MEMBER_RETURN_METRICS(type)                                                                                    \
    {                                                                                                                  \
        SHAPE_MEMBER(type, return_metrics, "ReturnItemCollectionMetrics", "returnItemCollectionMetrics", SHAPE_ENUM),  \
            .set = &set_return_metrics                                                                                 \
    }
#define MEMBER_RETURN_VALUES(type)                                                                                     \
    {                                                                                                                  \
        SHAPE_MEMBER(type, return_values, "ReturnValues", "returnValues", SHAPE_ENUM), .set = &set_return_values       \
    }
#define MEMBER_RETURN_ON_FAILURE(type)                                                                                 \
    {                                                                                                                  \
        SHAPE_MEMBER(type, return_on_failure, "ReturnValuesOnConditionCheckFailure",                                   \
                     "returnValuesOnConditionCheckFailure", SHAPE_ENUM),                                               \
            .set = &set_return_on_failure                                                                              \
    }
#define MEMBER_CONDITIONAL_OPERATOR(type)                                                                              \
    {                                                                                                                  \
        SHAPE_MEMBER(type, conditional_operator, "ConditionalOperator", "conditionalOperator", SHAPE_ENUM),            \
            .set = &set_conditional_operator                                                                           \
    }
#define MEMBER_EXPECTED(type)                                                                                          \
    {                                                                                                                  \
        SHAPE_MEMBER(type, expected, "Expected", "expected", SHAPE_MAP), .element = &element_expected                  \
    }
