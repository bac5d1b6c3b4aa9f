/* BatchGetItem and BatchWriteItem through whole calls. */
#include "../../support/api_says.h"

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

#define PUT(pk)     "{'PutRequest':{'Item':{'pk':{'S':'" pk "'}}}}"
#define DELETE(pk)  "{'DeleteRequest':{'Key':{'pk':{'S':'" pk "'}}}}"
#define WRITE(list) "{'RequestItems':{'hash':[" list "]}}"
#define GET(table)  "{'RequestItems':{'hash':{" table "}}}"

static void writes_and_reads_over_tables(void **state)
{
    (void)state;
    assert_says(
        server, "BatchWriteItem",
        "{'RequestItems':{'hash':[" PUT("a") "," PUT(
            "b") "],"
                 "'full':[{'PutRequest':{'Item':{'pk':{'S':'a'},'sk':{'S':'1'},'l':{'N':'1'}}}},"
                 "{'PutRequest':{'Item':{'pk':{'S':'a'},'sk':{'S':'2'}}}}]},"
                 "'ReturnConsumedCapacity':'INDEXES','ReturnItemCollectionMetrics':'SIZE'}",
        200,
        "{'UnprocessedItems':{},"
        "'ItemCollectionMetrics':{'full':[{'ItemCollectionKey':{'pk':{'S':'a'}},'SizeEstimateRangeGB':[0.0,1.0]}]},"
        "'ConsumedCapacity':[{'TableName':'hash','CapacityUnits':2.0,'Table':{'CapacityUnits':2.0}},"
        "{'TableName':'full','CapacityUnits':3.0,'Table':{'CapacityUnits':2.0},"
        "'LocalSecondaryIndexes':{'local':{'CapacityUnits':1.0}}}]}");
    assert_says(server, "BatchGetItem",
                "{'RequestItems':{'hash':{'Keys':[{'pk':{'S':'b'}},{'pk':{'S':'none'}},{'pk':{'S':'a'}}]},"
                "'full':{'Keys':[{'pk':{'S':'a'},'sk':{'S':'1'}}],'ConsistentRead':true,"
                "'ProjectionExpression':'#l','ExpressionAttributeNames':{'#l':'l'}}},'ReturnConsumedCapacity':'TOTAL'}",
                200,
                "{'Responses':{'hash':[{'pk':{'S':'b'}},{'pk':{'S':'a'}}],'full':[{'l':{'N':'1'}}]},"
                "'UnprocessedKeys':{},'ConsumedCapacity':[{'TableName':'hash','CapacityUnits':1.5},"
                "{'TableName':'full','CapacityUnits':1.0}]}");
    assert_says(server, "BatchWriteItem", WRITE(DELETE("a") "," DELETE("none")), 200, "{'UnprocessedItems':{}}");
    assert_says(server, "BatchGetItem", GET("'Keys':[{'pk':{'S':'a'}},{'pk':{'S':'b'}}],'AttributesToGet':['x']"), 200,
                "{'Responses':{'hash':[{}]},'UnprocessedKeys':{}}");
}

static void a_hundred_keys_are_read(void **state)
{
    (void)state;
    struct buffer body = {0};
    BUFFER_APPEND_LITERAL(&body, "{'RequestItems':{'hash':{'Keys':[");
    for (int i = 0; i < 100; i++) {
        buffer_printf(&body, "%s{'pk':{'S':'%s%d'}}", i == 0 ? "" : ",", i == 50 ? "b" : "none", i);
    }
    buffer_append(&body, "]}}}", 5);
    assert_says(server, "PutItem", "{'TableName':'hash','Item':{'pk':{'S':'b50'}}}", 200, "{}");
    assert_says(server, "BatchGetItem", body.data, 200,
                "{'Responses':{'hash':[{'pk':{'S':'b50'}}]},'UnprocessedKeys':{}}");
    buffer_finish(&body);
}

/* 45 items of 400,000 bytes: the answer holds 41 of them, the rest is named for another request. */
static void an_answer_holds_16_mb(void **state)
{
    (void)state;
    struct buffer body = {0};
    char *filler = api_says_filler(400000);
    for (int i = 0; i < 45; i++) {
        buffer_clear(&body);
        buffer_printf(&body, "{'TableName':'hash','Item':{'pk':{'S':'big%02d'},'f':{'S':'%s'}}}%c", i, filler, 0);
        assert_says(server, "PutItem", body.data, 200, "{}");
    }
    buffer_clear(&body);
    BUFFER_APPEND_LITERAL(&body, "{'RequestItems':{'hash':{'ConsistentRead':true,'ProjectionExpression':'#p',"
                                 "'ExpressionAttributeNames':{'#p':'pk'},'Keys':[");
    for (int i = 0; i < 45; i++) {
        buffer_printf(&body, "%s{'pk':{'S':'big%02d'}}", i == 0 ? "" : ",", i);
    }
    buffer_append(&body, "]}}}", 5);
    assert_shows(server, "BatchGetItem", body.data, 200,
                 "{'pk':{'S':'big40'}}]},'UnprocessedKeys':{'hash':{'Keys':[{'pk':{'S':'big41'}},{'pk':{'S':'big42'}},"
                 "{'pk':{'S':'big43'}},{'pk':{'S':'big44'}}],'ProjectionExpression':'#p',"
                 "'ExpressionAttributeNames':{'#p':'pk'},'ConsistentRead':true}}}");
    buffer_finish(&body);
    free(filler);
}

#define TOO_MANY "Too many items requested for the Batch"

static void bad_batches_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *operation, *body, *message;
    } cases[] = {
        {"BatchGetItem", "{'RequestItems':{}}", "The requestItems parameter is required for BatchGetItem"},
        {"BatchWriteItem", "{'RequestItems':{}}", "The requestItems parameter is required for BatchWriteItem"},
        {"BatchWriteItem", "{'RequestItems':{'hash':null}}",
         "1 validation error detected: Value '{hash=null}' at 'requestItems' failed to satisfy constraint: Map value "
         "must "
         "satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than "
         "or "
         "equal to 1]"},
        {"BatchGetItem", "{'RequestItems':{'hash':null}}",
         "1 validation error detected: Value null at 'requestItems.hash.member.keys' failed to satisfy constraint: "
         "Member "
         "must not be null"},
        {"BatchGetItem", GET("'Keys':[{'pk':{'S':'a'}},{'pk':{'S':'b'}},{'pk':{'S':'a'}}]"),
         "Provided list of item keys contains duplicates"},
        {"BatchGetItem", GET("'Keys':[{'pk':{'S':'a'}},{'x':{'S':'a'}}]"),
         "The provided key element does not match the schema"},
        {"BatchGetItem", GET("'Keys':[{'pk':{'S':'a'}}],'AttributesToGet':['a'],'ProjectionExpression':'a'"),
         "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
         "{AttributesToGet} Expression parameters: {ProjectionExpression}"},
        {"BatchGetItem", GET("'Keys':[{'pk':{'S':'a'}}],'ProjectionExpression':'pk.a'"),
         "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"},
        {"BatchWriteItem", WRITE(PUT("a") "," PUT("a")), "Provided list of item keys contains duplicates"},
        {"BatchWriteItem", WRITE(PUT("a") "," DELETE("a")), "Provided list of item keys contains duplicates"},
        {"BatchWriteItem", WRITE("{}"),
         "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
         "datatypes"},
        {"BatchWriteItem", WRITE("{'PutRequest':{'Item':{'pk':{'S':'a'}}},'DeleteRequest':{'Key':{'pk':{'S':'a'}}}}"),
         "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
         "datatypes"},
        {"BatchWriteItem", WRITE("{'PutRequest':{'Item':{'x':{'S':'a'}}}}"),
         "The provided key element does not match the schema"},
        {"BatchWriteItem", WRITE(DELETE("")),
         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
         "string value. Key: pk"},
        {"BatchWriteItem",
         "{'RequestItems':{'full':[{'PutRequest':{'Item':{'pk':{'S':'a'},'sk':{'S':'b'},'l':{'S':'x'}}}}]}}",
         "One or more parameter values were invalid: Type mismatch for Index Key l Expected: N Actual: S IndexName: "
         "local"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_invalid(server, cases[i].operation, cases[i].body, cases[i].message);
    }
    assert_shows(server, "BatchGetItem", "{'RequestItems':{'none':{'Keys':[{'pk':{'S':'a'}}]}}}", 400,
                 "Requested resource not found");
}

static void counts_are_limited_over_all_tables(void **state)
{
    (void)state;
    struct buffer body = {0};
    BUFFER_APPEND_LITERAL(&body, "{'RequestItems':{'hash':[");
    for (int i = 0; i < 13; i++) {
        buffer_printf(&body, "%s{'DeleteRequest':{'Key':{'pk':{'S':'%d'}}}}", i == 0 ? "" : ",", i);
    }
    BUFFER_APPEND_LITERAL(&body, "],'full':[");
    for (int i = 0; i < 13; i++) {
        buffer_printf(&body, "%s{'DeleteRequest':{'Key':{'pk':{'S':'%d'},'sk':{'S':'a'}}}}", i == 0 ? "" : ",", i);
    }
    buffer_append(&body, "]}}", 4);
    assert_invalid(server, "BatchWriteItem", body.data, TOO_MANY "WriteItem call");
    buffer_finish(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_over_tables),
        cmocka_unit_test(a_hundred_keys_are_read),
        cmocka_unit_test(an_answer_holds_16_mb),
        cmocka_unit_test(bad_batches_are_refused),
        cmocka_unit_test(counts_are_limited_over_all_tables),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
