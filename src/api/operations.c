#include "api/operations.h"

#include "api/item_operations.h"
#include "api/limits.h"
#include "api/partiql_operations.h"
#include "api/resource_policy.h"
#include "api/table_operations.h"

#define TARGET(literal)                                                                                                \
    {                                                                                                                  \
        (literal), sizeof(literal) - 1                                                                                 \
    }
#define DYNAMODB(operation_name, writes, request_shape, function)                                                      \
    {                                                                                                                  \
        .name = operation_name, .target = TARGET(TARGET_DYNAMODB "." operation_name),                                  \
        .permission = "dynamodb:" operation_name, .is_write = writes, .shape = request_shape, .run = function          \
    }

const struct operation operations[] = {
    DYNAMODB("CreateTable", true, &create_table_shape, create_table_run),
    DYNAMODB("DeleteTable", true, &delete_table_shape, delete_table_run),
    DYNAMODB("DescribeTable", false, &describe_table_shape, describe_table_run),
    DYNAMODB("ListTables", false, &list_tables_shape, list_tables_run),
    DYNAMODB("UpdateTable", true, &update_table_shape, update_table_run),
    DYNAMODB("TagResource", true, &tag_resource_shape, tag_resource_run),
    DYNAMODB("UntagResource", true, &untag_resource_shape, untag_resource_run),
    DYNAMODB("ListTagsOfResource", false, &list_tags_of_resource_shape, list_tags_of_resource_run),
    DYNAMODB("PutResourcePolicy", true, &put_resource_policy_shape, put_resource_policy_run),
    DYNAMODB("GetResourcePolicy", false, &get_resource_policy_shape, get_resource_policy_run),
    DYNAMODB("DeleteResourcePolicy", true, &delete_resource_policy_shape, delete_resource_policy_run),
    DYNAMODB("UpdateTimeToLive", true, &update_time_to_live_shape, update_time_to_live_run),
    DYNAMODB("DescribeTimeToLive", false, &describe_time_to_live_shape, describe_time_to_live_run),
    DYNAMODB("PutItem", true, &put_item_shape, put_item_run),
    DYNAMODB("GetItem", false, &get_item_shape, get_item_run),
    DYNAMODB("UpdateItem", true, &update_item_shape, update_item_run),
    DYNAMODB("DeleteItem", true, &delete_item_shape, delete_item_run),
    DYNAMODB("Query", false, &query_shape, query_run),
    DYNAMODB("Scan", false, &scan_shape, scan_run),
    DYNAMODB("BatchGetItem", false, &batch_get_item_shape, batch_get_item_run),
    DYNAMODB("BatchWriteItem", true, &batch_write_item_shape, batch_write_item_run),
    DYNAMODB("TransactWriteItems", true, &transact_write_items_shape, transact_write_items_run),
    DYNAMODB("TransactGetItems", false, &transact_get_items_shape, transact_get_items_run),
    DYNAMODB("ExecuteStatement", true, &execute_statement_shape, execute_statement_run),
    DYNAMODB("BatchExecuteStatement", true, &batch_execute_statement_shape, batch_execute_statement_run),
    DYNAMODB("ExecuteTransaction", true, &execute_transaction_shape, execute_transaction_run),
    DYNAMODB("DescribeLimits", false, &describe_limits_shape, describe_limits_run),
    DYNAMODB("DescribeEndpoints", false, &describe_endpoints_shape, describe_endpoints_run),
};

const unsigned operation_count = sizeof(operations) / sizeof(operations[0]);

const struct operation *operation_find(struct slice target)
{
    for (unsigned i = 0; i < operation_count; i++) {
        if (slice_equal(operations[i].target, target)) {
            return &operations[i];
        }
    }
    return NULL;
}
