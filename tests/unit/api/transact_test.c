/* Transactions through whole calls, and what a token stands for. */
#include "../../support/api_says.h"
#include "api/transact_run.h"

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

#define PUT(pk, more) "{'Put':{'TableName':'hash','Item':{'pk':{'S':'" pk "'}}" more "}}"
#define DELETE(pk)    "{'Delete':{'TableName':'hash','Key':{'pk':{'S':'" pk "'}}}}"
#define CHECK(pk, cond)                                                                                                \
    "{'ConditionCheck':{'TableName':'hash','Key':{'pk':{'S':'" pk "'}},'ConditionExpression':'" cond "'}}"
#define GET(pk)     "{'Get':{'TableName':'hash','Key':{'pk':{'S':'" pk "'}}}}"
#define ITEMS(list) "{'TransactItems':[" list "]}"
#define SQL(text)   "{'Statement':'" text "'}"

#define CANCELLED(codes, reasons)                                                                                      \
    "{'__type':'com.amazonaws.dynamodb.v20120810#TransactionCanceledException','Message':'Transaction cancelled, "     \
    "please refer cancellation reasons for specific reasons [" codes "]','CancellationReasons':[" reasons "]}"
#define REASON(code, message) "{'Code':'" code "','Message':'" message "'}"
#define NONE                  "{'Code':'None'}"
#define CONDITION             REASON("ConditionalCheckFailed", "The conditional request failed")

static void all_or_none(void **state)
{
    (void)state;
    assert_says(server, "TransactWriteItems", ITEMS(PUT("a", "") "," PUT("b", "") "," DELETE("c")), 200, "{}");
    assert_says(server, "TransactWriteItems", ITEMS(DELETE("a") "," CHECK("none", "attribute_exists(pk)")), 400,
                CANCELLED("None, ConditionalCheckFailed", NONE "," CONDITION));
    assert_says(server, "TransactGetItems", ITEMS(GET("b") "," GET("c") "," GET("a")), 200,
                "{'Responses':[{'Item':{'pk':{'S':'b'}}},{},{'Item':{'pk':{'S':'a'}}}]}");
    assert_says(server, "TransactWriteItems",
                ITEMS(PUT("a", ",'ConditionExpression':'attribute_not_exists(pk)',"
                               "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'")),
                400,
                CANCELLED("ConditionalCheckFailed", "{'Code':'ConditionalCheckFailed','Item':{'pk':{'S':'a'}},"
                                                    "'Message':'The conditional request failed'}"));
}

static void keys_cancel_or_fail(void **state)
{
    (void)state;
    assert_says(
        server, "TransactWriteItems", ITEMS("{'Put':{'TableName':'hash','Item':{'pk':{'N':'1'}}}}," DELETE("a")), 400,
        CANCELLED("ValidationError, None",
                  REASON("ValidationError", "One or more parameter values were invalid: Type mismatch for key pk "
                                            "expected: S actual: N") "," NONE));
    assert_says(server, "TransactGetItems", ITEMS(GET("a") ",{'Get':{'TableName':'hash','Key':{'x':{'S':'1'}}}}"), 400,
                CANCELLED("None, ValidationError",
                          NONE "," REASON("ValidationError", "The provided key element does not match the schema")));
    assert_invalid(
        server, "TransactWriteItems", ITEMS(PUT("", "")),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
        "empty string value. Key: pk");
    assert_invalid(server, "TransactWriteItems", ITEMS(PUT("a", "") "," DELETE("a")),
                   "Transaction request cannot include multiple operations on one item");
}

static void tokens(void **state)
{
    (void)state;
#define WITH_TOKEN(pk) "{'ClientRequestToken':'t','ReturnConsumedCapacity':'TOTAL','TransactItems':[" PUT(pk, "") "]}"
    assert_says(server, "TransactWriteItems", WITH_TOKEN("t1"), 200,
                "{'ConsumedCapacity':[{'TableName':'hash','WriteCapacityUnits':2.0,'CapacityUnits':2.0}]}");
    assert_says(server, "TransactWriteItems", WITH_TOKEN("t1"), 200,
                "{'ConsumedCapacity':[{'TableName':'hash','ReadCapacityUnits':2.0,'CapacityUnits':2.0}]}");
    assert_shows(server, "TransactWriteItems", WITH_TOKEN("t2"), 400, "#IdempotentParameterMismatchException'");
}

static void statements(void **state)
{
    (void)state;
#define EXECUTE(list) "{'TransactStatements':[" list "]}"
    assert_says(server, "ExecuteTransaction",
                EXECUTE("{'Statement':'UPDATE hash SET n=1 WHERE pk=?','Parameters':[{'S':'none'}]}"), 400,
                CANCELLED("ConditionalCheckFailed", CONDITION));
    assert_says(server, "ExecuteTransaction",
                EXECUTE("{'Statement':'SELECT * FROM hash WHERE pk=?','Parameters':[{'S':'none'}]}"), 200,
                "{'Responses':[{}]}");
    assert_invalid(
        server, "ExecuteTransaction", EXECUTE(SQL("SELECT * FROM hash")),
        "Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction must specify "
        "the primary key in the where clause.");
}

/* --- the hash of a payload ---------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *text)
{
    char padded[512] = {0};
    struct arena arena;
    struct json_node *nodes;
    struct json_parser *parser = json_parser_create();
    char *quoted = api_says_quoted(text);
    arena_init(&arena, 1024);
    assert_true(strlen(quoted) + JSON_PADDING < sizeof padded);
    memcpy(padded, quoted, strlen(quoted));
    assert_int_equal(json_parse(parser, slice_from_string(padded), &arena, &nodes), JSON_OK);
    uint64_t hash = transact_payload_hash(nodes, &nodes[0]);
    free(quoted);
    json_parser_destroy(parser);
    arena_finish(&arena);
    return hash;
}

static void the_order_of_members_does_not_count(void **state)
{
    (void)state;
    assert_true(hash_of("{'a':1,'b':[{'c':'x','d':true}]}") == hash_of("{'b':[{'d':true,'c':'x'}],'a':1}"));
    assert_true(hash_of("{'a':1}") == hash_of("{'a':1,'b':null}"));
}

static void everything_else_counts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",          "[]",          "{'a':1}",           "{'a':'1'}",      "{'b':1}",         "{'a':2}",
        "{'a':1.5}",   "{'a':true}",  "{'a':false}",       "{'a':[]}",       "{'a':{}}",        "{'a':[1]}",
        "{'a':[1,2]}", "{'a':[2,1]}", "{'a':[[1],2]}",     "{'a':[1,[2]]}",  "{'a':{'b':1}}",   "{'a':{},'b':1}",
        "{'a':['']}",  "{'a':''}",    "{'a':1,'b':2}",     "{'a':2,'b':1}",  "{'a':['a','b']}", "{'a':['ab','']}",
        "[{'a':1}]",   "[{'a':1},1]", "[{'a':1},{'a':1}]", "{'a':{'a':{}}}",
    };
    enum { COUNT = sizeof texts / sizeof texts[0] };
    uint64_t hashes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        hashes[i] = hash_of(texts[i]);
        for (int j = 0; j < i; j++) {
            if (hashes[i] == hashes[j]) {
                fail_msg("%s and %s are the same", texts[i], texts[j]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_or_none),
        cmocka_unit_test(keys_cancel_or_fail),
        cmocka_unit_test(tokens),
        cmocka_unit_test(statements),
        cmocka_unit_test(the_order_of_members_does_not_count),
        cmocka_unit_test(everything_else_counts),
    };
    return cmocka_run_group_tests_name("transact", tests, start, stop);
}
