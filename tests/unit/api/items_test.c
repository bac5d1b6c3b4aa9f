/* PutItem, GetItem, UpdateItem and DeleteItem through whole calls: answers as they are printed, and the order in which
 * bad requests are refused. */
#include "../../support/api_says.h"
#include "base/fault.h"

static struct api_server *server;

static int start(void **state)
{
    (void)state;
    server = api_server_start();
    api_says_create_tables(server);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_server_stop(server);
    return 0;
}

#define KEY   "'TableName':'full','Key':{'pk':{'S':'a'},'sk':{'S':'b'}}"
#define ITEM  "'TableName':'full','Item':{'pk':{'S':'a'},'sk':{'S':'b'},'g':{'S':'x'},'h':{'N':'1'},'l':{'N':'2'}}"
#define IMAGE "{'pk':{'S':'a'},'sk':{'S':'b'},'g':{'S':'x'},'h':{'N':'1'},'l':{'N':'2'}}"

static void an_item_comes_back(void **state)
{
    (void)state;
    assert_says(server, "GetItem", "{" KEY "}", 200, "{}");
    assert_says(server, "PutItem", "{" ITEM ",'ReturnValues':'ALL_OLD'}", 200, "{}");
    assert_says(server, "GetItem", "{" KEY "}", 200, "{'Item':" IMAGE "}");
    assert_says(server, "GetItem", "{" KEY ",'ProjectionExpression':'l, #p','ExpressionAttributeNames':{'#p':'pk'}}",
                200, "{'Item':{'l':{'N':'2'},'pk':{'S':'a'}}}");
    assert_says(server, "GetItem", "{" KEY ",'AttributesToGet':['x']}", 200, "{'Item':{}}");
    assert_says(server, "PutItem", "{" ITEM ",'ReturnValues':'ALL_OLD'}", 200, "{'Attributes':" IMAGE "}");
    assert_says(server, "DeleteItem", "{" KEY ",'ReturnValues':'ALL_OLD'}", 200, "{'Attributes':" IMAGE "}");
    assert_says(server, "DeleteItem", "{" KEY ",'ReturnValues':'ALL_OLD'}", 200, "{}");
}

static void capacity_and_metrics(void **state)
{
    (void)state;
    assert_says(server, "PutItem", "{" ITEM ",'ReturnConsumedCapacity':'INDEXES','ReturnItemCollectionMetrics':'SIZE'}",
                200,
                "{'ConsumedCapacity':{'TableName':'full','CapacityUnits':4.0,'Table':{'CapacityUnits':1.0},"
                "'LocalSecondaryIndexes':{'local':{'CapacityUnits':1.0}},"
                "'GlobalSecondaryIndexes':{'all':{'CapacityUnits':1.0},'keys':{'CapacityUnits':1.0}}},"
                "'ItemCollectionMetrics':{'ItemCollectionKey':{'pk':{'S':'a'}},'SizeEstimateRangeGB':[0.0,1.0]}}");
    assert_says(server, "PutItem", "{" ITEM ",'ReturnConsumedCapacity':'TOTAL'}", 200,
                "{'ConsumedCapacity':{'TableName':'full','CapacityUnits':1.0}}");
    assert_says(
        server, "GetItem", "{" KEY ",'ReturnConsumedCapacity':'INDEXES','AttributesToGet':['x']}", 200,
        "{'Item':{},'ConsumedCapacity':{'TableName':'full','CapacityUnits':0.5,'Table':{'CapacityUnits':0.5}}}");
    assert_says(server, "GetItem",
                "{'TableName':'hash','Key':{'pk':{'S':'none'}},'ConsistentRead':true,'ReturnConsumedCapacity':'TOTAL'}",
                200, "{'ConsumedCapacity':{'TableName':'hash','CapacityUnits':1.0}}");
    /* No item collections without a local index. */
    assert_says(server, "DeleteItem",
                "{'TableName':'hash','Key':{'pk':{'S':'none'}},'ReturnItemCollectionMetrics':'SIZE',"
                "'ReturnConsumedCapacity':'NONE'}",
                200, "{}");
    assert_says(server, "DeleteItem", "{" KEY "}", 200, "{}");
}

#define UPDATE "{" KEY ",'ExpressionAttributeValues':{':v':{'N':'7'}},'UpdateExpression':'SET a = :v'"

static void update_shows_what_is_asked_for(void **state)
{
    (void)state;
    assert_says(server, "UpdateItem", UPDATE ",'ReturnValues':'ALL_OLD'}", 200, "{}");
    assert_says(server, "UpdateItem", UPDATE ",'ReturnValues':'UPDATED_OLD'}", 200, "{'Attributes':{'a':{'N':'7'}}}");
    assert_says(server, "UpdateItem", UPDATE ",'ReturnValues':'UPDATED_NEW'}", 200, "{'Attributes':{'a':{'N':'7'}}}");
    assert_says(server, "UpdateItem", UPDATE ",'ReturnValues':'ALL_NEW'}", 200,
                "{'Attributes':{'pk':{'S':'a'},'sk':{'S':'b'},'a':{'N':'7'}}}");
    assert_says(server, "UpdateItem", "{" KEY ",'UpdateExpression':'REMOVE a','ReturnValues':'UPDATED_NEW'}", 200,
                "{}");
    assert_says(server, "UpdateItem", "{" KEY ",'ReturnValues':'UPDATED_NEW'}", 200, "{}");
    assert_says(server, "UpdateItem", "{" KEY ",'ReturnValues':'ALL_NEW'}", 200,
                "{'Attributes':{'pk':{'S':'a'},'sk':{'S':'b'}}}");
    assert_says(server, "DeleteItem", "{" KEY "}", 200, "{}");
}

#define FAILED "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"

static void a_failed_condition_shows_the_item_if_asked_to(void **state)
{
    (void)state;
    const char *plain = "{'__type':'" FAILED "','message':'The conditional request failed'}";
    const char *shown = "{'__type':'" FAILED "','message':'The conditional request failed','Item':" IMAGE "}";
    assert_says(server, "PutItem", "{" ITEM ",'ConditionExpression':'attribute_exists(pk)'}", 400, plain);
    assert_says(server, "PutItem",
                "{" ITEM ",'ConditionExpression':'attribute_exists(pk)',"
                "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}",
                400, plain);
    assert_says(server, "PutItem", "{" ITEM ",'ConditionExpression':'attribute_not_exists(pk)'}", 200, "{}");
    assert_says(server, "PutItem", "{" ITEM ",'ConditionExpression':'attribute_not_exists(pk)'}", 400, plain);
    static const char *const operations[] = {"UpdateItem", "DeleteItem"};
    for (int i = 0; i < 2; i++) {
        assert_says(server, operations[i],
                    "{" KEY ",'ConditionExpression':'attribute_exists(x)',"
                    "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}",
                    400, shown);
        assert_says(server, operations[i], "{" KEY ",'ConditionExpression':'attribute_exists(x)'}", 400, plain);
    }
    assert_says(server, "DeleteItem", "{" KEY "}", 200, "{}");
}

#define PUT_HASH(item) "{'TableName':'hash','Item':" item

static const struct refusal {
    const char *operation, *body, *message;
} refusals[] = {
    /* Style, ReturnValues, values, expression, table, key. */
    {"PutItem", "{'TableName':'none','Item':{'a':{}},'ConditionExpression':'=','Expected':{},'ReturnValues':'ALL_NEW'}",
     "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
     "{Expected} Expression parameters: {ConditionExpression}"},
    {"PutItem", "{'TableName':'none','Item':{'a':{}},'ExpressionAttributeNames':{'#a':'b'}}",
     "ExpressionAttributeNames can only be specified when using expressions"},
    {"PutItem", "{'TableName':'none','Item':{'a':{}},'ExpressionAttributeValues':{':a':{'S':'b'}}}",
     "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"},
    {"PutItem", "{'TableName':'none','Item':{'a':{}},'ConditionExpression':'=','ReturnValues':'ALL_NEW'}",
     "ReturnValues can only be ALL_OLD or NONE"},
    {"PutItem", "{'TableName':'none','Item':{'a':{}},'ConditionExpression':'='}",
     "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
    {"PutItem", "{'TableName':'none','Item':{},'ConditionExpression':'='}",
     "Invalid ConditionExpression: Syntax error; token: \"=\", near: \"=\""},
    {"PutItem", "{'TableName':'hash','Item':{'a':{'S':'b'}},'ConditionExpression':'attribute_exists(pk.a)'}",
     "One or more parameter values were invalid: Missing the key pk in the item"},
    {"PutItem", PUT_HASH("{'pk':{'S':'b'}},'ConditionExpression':'attribute_exists(pk.a)'}"),
     "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"},
    {"PutItem", "{" ITEM ",'ConditionExpression':'attribute_exists(g[0])'}",
     "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: g"},
    {"DeleteItem", "{'TableName':'none','Key':{'pk':{'S':'a'}},'ReturnValues':'UPDATED_OLD'}",
     "ReturnValues can only be ALL_OLD or NONE"},
    {"DeleteItem", "{'TableName':'full','Key':{'pk':{'S':'a'}}}", "The provided key element does not match the schema"},
    {"GetItem", "{'TableName':'none','Key':{'pk':{}},'ProjectionExpression':''}",
     "Invalid ProjectionExpression: The expression can not be empty;"},
    {"GetItem", "{'TableName':'none','Key':{'pk':{}}}",
     "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
    {"GetItem", "{'TableName':'none','Key':{'pk':{'S':'a'}},'AttributesToGet':['a','b','a']}",
     "One or more parameter values were invalid: Duplicate value in attribute name: a"},
    {"GetItem", "{'TableName':'none','Key':{'pk':{'S':'a'}},'AttributesToGet':['']}", "Empty attribute name"},
    {"GetItem", "{" KEY ",'ProjectionExpression':'sk.a'}",
     "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: sk"},
    {"GetItem", "{" KEY ",'ProjectionExpression':'#a','ExpressionAttributeNames':{'#a':'a','#b':'b'}}",
     "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"},
    {"GetItem", "{" KEY ",'ProjectionExpression':'#a','ExpressionAttributeNames':{}}",
     "ExpressionAttributeNames must not be empty"},
    {"UpdateItem", "{" KEY ",'ExpressionAttributeValues':{':v':{'N':'1'}}}",
     "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and "
     "ConditionExpression are null"},
    {"UpdateItem", UPDATE ",'ConditionExpression':''}",
     "Invalid ConditionExpression: The expression can not be empty;"},
    {"UpdateItem", "{" KEY ",'UpdateExpression':'REMOVE sk, pk'}",
     "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"},
    {"UpdateItem", "{" KEY ",'UpdateExpression':'SET a = pk.x'}",
     "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"},
    {"UpdateItem", "{" KEY ",'UpdateExpression':'SET a = :v','ExpressionAttributeValues':{':v':{'N':'x'}}}",
     "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x "
     "for "
     "key :v"},
    {"UpdateItem", "{" KEY ",'UpdateExpression':'SET g = :v','ExpressionAttributeValues':{':v':{'S':''}}}",
     "One or more parameter values are not valid. The update expression attempted to update a secondary index key "
     "to "
     "a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value."},
    {"UpdateItem", "{" KEY ",'UpdateExpression':'SET l = :v','ExpressionAttributeValues':{':v':{'S':'x'}}}",
     "The update expression attempted to update the secondary index key to unsupported type"},
    {"UpdateItem", "{" KEY ",'UpdateExpression':'SET a.b = :v','ExpressionAttributeValues':{':v':{'S':'x'}}}",
     "The document path provided in the update expression is invalid for update"},
    {"UpdateItem", "{" KEY ",'ConditionalOperator':'OR'}",
     "ConditionalOperator cannot be used without Filter or Expected"},
};

static void bad_requests_are_refused_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        assert_invalid(server, refusals[i].operation, refusals[i].body, refusals[i].message);
    }
    assert_shows(server, "PutItem", "{'TableName':'none','Item':{}}", 400,
                 "#ResourceNotFoundException','message':'Requested resource not found'");
    assert_says(server, "GetItem", "{" KEY "}", 200, "{}");
}

static void sizes_are_limited(void **state)
{
    (void)state;
    struct buffer body = {0};
    char *filler = api_says_filler(409600);
    /* "pk" + "k" + "f" and the filler: 409,600 bytes are the most. */
    buffer_printf(&body, "{'TableName':'hash','Item':{'pk':{'S':'k'},'f':{'S':'%.*s'}}}%c", 409596, filler, 0);
    assert_says(server, "PutItem", body.data, 200, "{}");
    buffer_clear(&body);
    buffer_printf(&body, "{'TableName':'hash','Item':{'pk':{'S':'k'},'f':{'S':'%.*s'}}}%c", 409597, filler, 0);
    assert_invalid(server, "PutItem", body.data, "Item size has exceeded the maximum allowed size");
    buffer_clear(&body);
    buffer_printf(&body,
                  "{'TableName':'hash','Key':{'pk':{'S':'k'}},'UpdateExpression':'SET e = :v',"
                  "'ExpressionAttributeValues':{':v':{'S':''}}}%c",
                  0);
    assert_invalid(server, "UpdateItem", body.data, "Item size to update has exceeded the maximum allowed size");
    assert_shows(server, "GetItem",
                 "{'TableName':'hash','Key':{'pk':{'S':'k'}},'ReturnConsumedCapacity':'TOTAL','ConsistentRead':true}",
                 200, "'CapacityUnits':100.0}");
    buffer_finish(&body);
    free(filler);
}

static void a_commit_that_fails_is_an_error_and_nothing_else(void **state)
{
    (void)state;
    int failed = 0;
    setenv("STATOR_FAULT", "store.commit:3", 1);
    assert_int_equal(fault_init(), 0);
    for (int i = 0; i < 6; i++) {
        char body[128];
        snprintf(body, sizeof body, "{'TableName':'hash','Item':{'pk':{'S':'fault%d'}}}", i);
        api_says(server, "PutItem", body);
        unsigned status = server->call.status;
        snprintf(body, sizeof body, "{'TableName':'hash','Key':{'pk':{'S':'fault%d'}}}", i);
        const char *answer = api_says(server, "GetItem", body);
        assert_true(status == 200 || status == 500);
        assert_int_equal(strstr(answer, "Item") != NULL, status == 200);
        failed += status == 500;
    }
    assert_int_equal(failed, 1);
    setenv("STATOR_FAULT", "store.commit:1", 1);
    assert_int_equal(fault_init(), 0);
    assert_says(server, "BatchWriteItem", "{'RequestItems':{'hash':[{'DeleteRequest':{'Key':{'pk':{'S':'fault0'}}}}]}}",
                500,
                "{'__type':'com.amazonaws.dynamodb.v20120810#InternalServerError','message':'Internal server error'}");
    unsetenv("STATOR_FAULT");
    assert_int_equal(fault_init(), 0);
    assert_shows(server, "GetItem", "{'TableName':'hash','Key':{'pk':{'S':'fault0'}}}", 200, "Item");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_comes_back),
        cmocka_unit_test(capacity_and_metrics),
        cmocka_unit_test(update_shows_what_is_asked_for),
        cmocka_unit_test(a_failed_condition_shows_the_item_if_asked_to),
        cmocka_unit_test(bad_requests_are_refused_in_order),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(a_commit_that_fails_is_an_error_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
