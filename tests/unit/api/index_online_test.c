/* Indexes that come and go, through whole calls. Nothing fills or removes an index here until the test says so: each
 * state can be looked at in peace. */
#include "../../support/api_says.h"

static struct api_server *server;

#define IN_USE "Attempt to change a resource which is still in use: "
#define KEEP   IN_USE "Cannot delete table while indexes are being created, updated, or deleted."
#define ONE_AT_A_TIME                                                                                                  \
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
#define FULL          "{'TableName':'full'"
#define UPDATES(list) FULL ",'GlobalSecondaryIndexUpdates':[" list "]"
#define DELETE(name)  "{'Delete':{'IndexName':'" name "'}}"
#define CREATE(name)                                                                                                   \
    "{'Create':{'IndexName':'" name "','KeySchema':[{'AttributeName':'x','KeyType':'HASH'},{'AttributeName':'pk',"     \
    "'KeyType':'RANGE'}],'Projection':{'ProjectionType':'KEYS_ONLY'}}}"
#define DEFINED                                                                                                        \
    ",'AttributeDefinitions':[{'AttributeName':'x','AttributeType':'N'},{'AttributeName':'pk','AttributeType':'S'}]}"

/* The message as it stands: some have an apostrophe. */
static void assert_refused(const char *operation, const char *body, const char *type, const char *message)
{
    const char *answer = api_says(server, operation, body);
    if (server->call.status != 400 || strstr(answer, type) == NULL || strstr(answer, message) == NULL) {
        fail_msg("%s %.300s\nexpected %s: %s\ngot %u %.500s", operation, body, type, message, server->call.status,
                 answer);
    }
}

static void settle(void)
{
    for (int i = 0; i < 200; i++) {
        const char *answer = api_says(server, "DescribeTable", FULL "}");
        if (strstr(answer, "\"CREATING\"") == NULL && strstr(answer, "\"DELETING\"") == NULL) {
            return;
        }
        struct timespec pause = {.tv_nsec = 5000000}; /* the writers work on */
        nanosleep(&pause, NULL);
        cluster_step(server->cluster);
    }
    fail_msg("an index is neither ACTIVE nor gone");
}

static void test_while_an_index_is_created(void **state)
{
    (void)state;
    assert_shows(server, "UpdateTable", UPDATES(CREATE("new")) DEFINED, 200,
                 "'IndexName':'new','IndexSizeBytes':0,'IndexStatus':'CREATING','ItemCount':0,'KeySchema':["
                 "{'AttributeName':'x','KeyType':'HASH'},{'AttributeName':'pk','KeyType':'RANGE'}],"
                 "'Projection':{'ProjectionType':'KEYS_ONLY'},'ProvisionedThroughput':{'NumberOfDecreasesToday':0,"
                 "'ReadCapacityUnits':0,'WriteCapacityUnits':0},'WarmThroughput':{'ReadUnitsPerSecond':12000,"
                 "'Status':'UPDATING','WriteUnitsPerSecond':4000}}");
    assert_non_null(strstr(server->call.out.data, "{\"Backfilling\":false,\"IndexArn\":"));
    assert_non_null(strstr(server->call.out.data, ":table/full/index/new\""));
    assert_non_null(strstr(server->call.out.data, "\"TableStatus\":\"UPDATING\""));
    assert_shows(server, "DescribeTable", FULL "}", 200, "{'Backfilling':true,'IndexArn':");
    assert_non_null(strstr(server->call.out.data, "\"TableStatus\":\"ACTIVE\""));
    assert_non_null(strstr(server->call.out.data, "{\"AttributeName\":\"x\",\"AttributeType\":\"N\"}]"));
    assert_invalid(server, "Scan", FULL ",'IndexName':'new'}",
                   "Cannot read from backfilling global secondary index: new");
    assert_refused("UpdateTable", UPDATES(CREATE("new")) DEFINED, "ResourceInUseException",
                   IN_USE "Index is being created.  Table: full Index: new");
    assert_refused("UpdateTable", UPDATES(CREATE("newer")) DEFINED, "LimitExceededException", ONE_AT_A_TIME);
    assert_refused("UpdateTable", UPDATES(DELETE("all")) "}", "LimitExceededException", ONE_AT_A_TIME);
    assert_refused("UpdateTable", FULL ",'OnDemandThroughput':{'MaxReadRequestUnits':5}}", "ResourceInUseException",
                   IN_USE "OnDemandThroughput cannot be updated while index creation is in progress for indexes: "
                          "[new]");
    assert_refused("DeleteTable", FULL "}", "ResourceInUseException", KEEP);
    /* It counts for writes already: what they cost, and what they may not hold. */
    assert_shows(server, "PutItem",
                 FULL ",'Item':{'pk':{'S':'a'},'sk':{'S':'a'},'x':{'N':'1'}},'ReturnConsumedCapacity':'INDEXES'}", 200,
                 "'GlobalSecondaryIndexes':{'new':{'CapacityUnits':1.0}}");
    assert_invalid(server, "PutItem", FULL ",'Item':{'pk':{'S':'a'},'sk':{'S':'b'},'x':{'S':'1'}}}",
                   "One or more parameter values were invalid: Type mismatch for Index Key x Expected: N Actual: S "
                   "IndexName: new");
    assert_shows(server, "UpdateTable", FULL ",'DeletionProtectionEnabled':false}", 200, "'TableStatus':'ACTIVE'");
    settle();
    assert_shows(server, "Scan", FULL ",'IndexName':'new'}", 200, "'Count':1");
}

static void test_while_an_index_is_deleted(void **state)
{
    (void)state;
    assert_shows(server, "UpdateTable", UPDATES(DELETE("new")) "}", 200, "'IndexStatus':'DELETING'");
    assert_null(strstr(server->call.out.data, "Backfilling"));
    assert_shows(server, "DescribeTable", FULL "}", 200, "'TableStatus':'UPDATING'");
    assert_invalid(server, "Scan", FULL ",'IndexName':'new'}", "The table does not have the specified index: new");
    static const char gone[] = IN_USE "Index is being deleted.  Table: full Index: new";
    assert_refused("UpdateTable", UPDATES(DELETE("new")) "}", "ResourceInUseException", gone);
    assert_refused("UpdateTable", UPDATES(CREATE("new")) DEFINED, "ResourceInUseException", gone);
    assert_refused("UpdateTable", UPDATES(CREATE("newer")) DEFINED, "LimitExceededException", ONE_AT_A_TIME);
    assert_refused("UpdateTable",
                   FULL ",'BillingMode':'PROVISIONED','ProvisionedThroughput':{'ReadCapacityUnits':1,"
                        "'WriteCapacityUnits':1}}",
                   "ResourceInUseException",
                   IN_USE "Can't change table IOPS when an index is being deleted. Table: full Indexes: [new]");
    assert_refused("UpdateTable", FULL ",'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'KEYS_ONLY'}}",
                   "ResourceInUseException",
                   IN_USE "Can't change stream status when an index is being deleted. Table: full Indexes: [new]");
    assert_refused("DeleteTable", FULL "}", "ResourceInUseException", KEEP);
    /* It is nothing to writes any more. */
    assert_shows(server, "PutItem", FULL ",'Item':{'pk':{'S':'a'},'sk':{'S':'b'},'x':{'S':'1'}}}", 200, "{}");
    settle();
    assert_shows(server, "DescribeTable", FULL "}", 200, "'TableStatus':'ACTIVE'");
    assert_null(strstr(server->call.out.data, "\"new\""));
    assert_null(strstr(server->call.out.data, "\"AttributeName\":\"x\""));
}

static void test_created_and_deleted_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_shows(server, "UpdateTable", UPDATES(CREATE("new")) DEFINED, 200, "'IndexStatus':'CREATING'");
        assert_shows(server, "UpdateTable", UPDATES(DELETE("new")) "}", 200, "'IndexStatus':'DELETING'");
        settle();
    }
    assert_shows(server, "UpdateTable", UPDATES(CREATE("new")) DEFINED, 200, "'IndexStatus':'CREATING'");
    settle();
    assert_shows(server, "Scan", FULL ",'IndexName':'new'}", 200, "'Count':1"); /* the other item does not fit */
}

/* Of the index "keys", or -1. */
static int item_count_of_keys(void)
{
    const char *at = strstr(api_says(server, "DescribeTable", FULL "}"), "\"IndexName\":\"keys\"");
    const char *count = at == NULL ? NULL : strstr(at, "\"ItemCount\":");
    return count == NULL ? -1 : atoi(count + strlen("\"ItemCount\":"));
}

/* "all", in front of "keys", has no row: that count must never show as the one of "keys". */
static void test_a_count_stays_with_its_index(void **state)
{
    (void)state;
    assert_shows(server, "PutItem", FULL ",'Item':{'pk':{'S':'b'},'sk':{'S':'a'},'g':{'S':'only in keys'}}}", 200,
                 "{}");
    struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 1000 && item_count_of_keys() != 1; i++) {
        nanosleep(&pause, NULL);
        cluster_step(server->cluster);
    }
    assert_int_equal(item_count_of_keys(), 1);
    assert_shows(server, "UpdateTable", UPDATES(DELETE("all")) "}", 200, "'IndexStatus':'DELETING'");
    for (int i = 0; i < 1000 && strstr(server->call.out.data, "\"all\"") != NULL; i++) {
        nanosleep(&pause, NULL);
        cluster_step(server->cluster);
        assert_int_equal(item_count_of_keys(), 1);
    }
    assert_null(strstr(server->call.out.data, "\"all\""));
}

static int setup(void **state)
{
    (void)state;
    server = api_server_start();
    api_says_create_tables(server);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    api_server_stop(server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_while_an_index_is_created),
        cmocka_unit_test(test_while_an_index_is_deleted),
        cmocka_unit_test(test_created_and_deleted_at_once),
        cmocka_unit_test(test_a_count_stays_with_its_index),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
