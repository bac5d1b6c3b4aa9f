/* The operations on tables, through whole calls: descriptions as they are printed, refusals word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/api_server.h"

static struct api_server *server;

static const char *send(const char *operation, const char *body)
{
    char target[64];
    snprintf(target, sizeof target, "DynamoDB_20120810.%s", operation);
    return api_server_send(server, target, body);
}

/* `body` with ' for ". The answer must have the part, too with ' for ". */
static void assert_says(const char *operation, const char *body, unsigned status, const char *part)
{
    char *request = strdup(body), *wanted = strdup(part);
    for (char *c = request; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    const char *answer = send(operation, request);
    if (part[0] == '\'' || part[0] == '{') {
        for (char *c = wanted; *c != '\0'; c++) {
            *c = *c == '\'' ? '"' : *c;
        }
    }
    if (server->call.status != status || strstr(answer, wanted) == NULL) {
        fail_msg("%s %s\nexpected %u with %s\ngot %u %s", operation, request, status, wanted, server->call.status,
                 answer);
    }
    free(request);
    free(wanted);
}

static void assert_silent(const char *operation, const char *body, const char *part)
{
    assert_says(operation, body, 200, "{");
    assert_null(strstr(server->call.out.data, part));
}

#define KEYS         "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'sk','KeyType':'RANGE'}]"
#define HASH_ONLY    "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}]"
#define DEFINE(name) "{'AttributeName':'" name "','AttributeType':'S'}"
#define ATTRIBUTES   "'AttributeDefinitions':[" DEFINE("sk") "," DEFINE("pk") "]"
#define NAME         "'TableName':'tab'"
#define ON_DEMAND    "'BillingMode':'PAY_PER_REQUEST'"
#define BASE         "{" NAME "," KEYS "," ATTRIBUTES
#define UNITS(r, w)  "'ProvisionedThroughput':{'ReadCapacityUnits':" #r ",'WriteCapacityUnits':" #w "}"
#define ALL          "'Projection':{'ProjectionType':'ALL'}"
#define INVALID      "One or more parameter values were invalid: "

struct refusal {
    const char *rest; /* of a request that begins with what the test says */
    const char *message;
};

static void assert_all_refused(const char *operation, const char *begin, const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer body = {0};
        buffer_printf(&body, "%s,%s}", begin, cases[i].rest);
        buffer_append_byte(&body, '\0');
        char quoted[1024];
        snprintf(quoted, sizeof quoted, "\"message\":\"%s\"}", cases[i].message);
        assert_says(operation, body.data, 400, quoted);
        buffer_finish(&body);
    }
}
#define ALL_REFUSED(operation, begin, cases) assert_all_refused(operation, begin, cases, sizeof cases / sizeof *cases)

static void delete_table(void)
{
    send("UpdateTable", "{\"TableName\":\"tab\",\"DeletionProtectionEnabled\":false}");
    send("DeleteTable", "{\"TableName\":\"tab\"}");
    assert_int_equal(server->call.status, 200);
}

/* --- CreateTable -------------------------------------------------------------------------------------------------- */

static void test_key_schemas(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"'KeySchema':[{'AttributeName':'sk','KeyType':'RANGE'},{'AttributeName':'pk','KeyType':'HASH'}]," ATTRIBUTES,
         "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
        {"'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'sk','KeyType':'HASH'}]," ATTRIBUTES,
         "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"},
        {"'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'pk','KeyType':'RANGE'}]," ATTRIBUTES,
         "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
        {KEYS ",'AttributeDefinitions':[]", "Invalid KeySchema: Some index key attribute have no definition"},
        {KEYS ",'AttributeDefinitions':[" DEFINE("pk") "]",
         "Invalid KeySchema: Some index key attribute have no definition"},
        {HASH_ONLY ",'AttributeDefinitions':[" DEFINE("PK") "]",
         INVALID "Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], AttributeDefinitions: "
                 "[PK]"},
        {HASH_ONLY "," ATTRIBUTES, INVALID "Number of attributes in KeySchema does not exactly match number of "
                                           "attributes defined in AttributeDefinitions"},
        {HASH_ONLY ",'AttributeDefinitions':[" DEFINE("pk") "," DEFINE("pk") "]", "Attribute Name is duplicated: pk"},
        {KEYS, "1 validation error detected: Value null at 'attributeDefinitions' failed to satisfy constraint: Member "
               "must not be null"},
    };
    ALL_REFUSED("CreateTable", "{" NAME "," ON_DEMAND, cases);
    assert_says("CreateTable", "{}", 400, "The parameter 'TableName' is required but was not present in the request");
}

#define GLOBAL(keys, rest) "'GlobalSecondaryIndexes':[{'IndexName':'gsi','KeySchema':[" keys "]," rest "}]"
#define LOCAL(keys, rest)  "'LocalSecondaryIndexes':[{'IndexName':'lsi','KeySchema':[" keys "]," rest "}]"
#define HASH(name)         "{'AttributeName':'" name "','KeyType':'HASH'}"
#define RANGE(name)        "{'AttributeName':'" name "','KeyType':'RANGE'}"

static void test_indexes(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"'GlobalSecondaryIndexes':[]", INVALID "List of GlobalSecondaryIndexes is empty"},
        {"'LocalSecondaryIndexes':[]", INVALID "List of LocalSecondaryIndexes is empty"},
        {GLOBAL(HASH("q"), ALL), INVALID "Some index key attributes are not defined in AttributeDefinitions. Keys: "
                                         "[q], AttributeDefinitions: [sk, pk]"},
        {GLOBAL(RANGE("pk"), ALL), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
        {GLOBAL(HASH("pk") "," RANGE("pk"), ALL), "The KeySchema contains multiple key attributes with the same name"},
        {GLOBAL(HASH("pk") "," RANGE("sk") "," HASH("sk"), ALL),
         INVALID "All HASH key attributes must precede RANGE key attributes in the KeySchema"},
        {GLOBAL(HASH("pk") "," HASH("sk") "," HASH("pk") "," HASH("sk") "," HASH("pk"), ALL),
         INVALID "The KeySchema exceeds the maximum allowed number of HASH key attributes"},
        {GLOBAL(HASH("pk"), "'Projection':{}"), INVALID "Unknown ProjectionType: null"},
        {GLOBAL(HASH("pk"), "'Projection':{'ProjectionType':'ALL','NonKeyAttributes':['a']}"),
         INVALID "ProjectionType is ALL, but NonKeyAttributes is specified"},
        {GLOBAL(HASH("pk"), "'Projection':{'ProjectionType':'INCLUDE'}"),
         INVALID "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"},
        {GLOBAL(HASH("pk"), "'Projection':{'ProjectionType':'INCLUDE','NonKeyAttributes':['b','a','b']}"),
         INVALID "Duplicate element in NonKeyAttributes: b"},
        {GLOBAL(HASH("pk"), ALL) "," LOCAL(HASH("pk"), ALL),
         INVALID "Index KeySchema does not have a range key for index: lsi"},
        {LOCAL(HASH("sk") "," RANGE("pk"), ALL),
         INVALID "Index KeySchema does not have the same leading hash key as table KeySchema for index: lsi. index "
                 "hash key: sk, table hash key: pk"},
        {GLOBAL(HASH("pk"), ALL "," UNITS(1, 1)),
         INVALID "ProvisionedThroughput should not be specified for index: gsi when BillingMode is PAY_PER_REQUEST"},
        {GLOBAL(HASH("pk"), ALL ",'OnDemandThroughput':{'MaxReadRequestUnits':0}"),
         INVALID "Requested MaxReadRequestUnits for OnDemandThroughput for index : gsi is outside of valid range"},
        {GLOBAL(HASH("pk"), "'Projection':{'ProjectionType':'all'}"),
         "1 validation error detected: Value 'all' at 'globalSecondaryIndexes.1.member.projection.projectionType' "
         "failed to satisfy constraint: Member must satisfy enum value set: [ALL, INCLUDE, KEYS_ONLY]"},
    };
    ALL_REFUSED("CreateTable", BASE "," ON_DEMAND, cases);
    assert_says("CreateTable",
                "{" NAME "," ON_DEMAND "," HASH_ONLY "," ATTRIBUTES "," LOCAL(HASH("pk") "," RANGE("sk"), ALL) "}", 400,
                INVALID
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
}

/* `indexes` global ones that include `included` attributes each. */
static void assert_numbers(int indexes, int included, unsigned status, const char *part)
{
    struct buffer body = {0};
    buffer_printf(&body, BASE "," ON_DEMAND ",'GlobalSecondaryIndexes':[");
    for (int i = 0; i < indexes; i++) {
        buffer_printf(&body, "%s{'IndexName':'gsi%d','KeySchema':[" HASH("sk") "],", i == 0 ? "" : ",", i);
        buffer_printf(&body, "'Projection':{'ProjectionType':'INCLUDE','NonKeyAttributes':[");
        for (int j = 0; j < included; j++) {
            buffer_printf(&body, "%s'a%d'", j == 0 ? "" : ",", j);
        }
        buffer_printf(&body, "]}}");
    }
    buffer_append(&body, "]}", 3);
    assert_says("CreateTable", body.data, status, part);
    buffer_finish(&body);
}

static void test_index_numbers(void **state)
{
    (void)state;
    assert_numbers(21, 1, 400, INVALID "GlobalSecondaryIndex count exceeds the per-table limit of 20");
    assert_numbers(20, 6, 400, INVALID "Number of projected attributes in all indexes exceeds per-table limit of 100");
    assert_numbers(1, 21, 400, "failed to satisfy constraint: Member must have length less than or equal to 20");
    assert_numbers(20, 5, 200, "'IndexName':'gsi19'");
    delete_table();
}

static void test_throughputs_of_a_new_table(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"'Tags':[]", INVALID "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
                              "PROVISIONED"},
        {ON_DEMAND "," UNITS(1, 1), INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                                            "BillingMode is PAY_PER_REQUEST"},
        {UNITS(0, 0), "2 validation errors detected: Value '0' at 'provisionedThroughput.writeCapacityUnits' failed to "
                      "satisfy constraint: Member must have value greater than or equal to 1; Value '0' at "
                      "'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value "
                      "greater than or equal to 1"},
        {UNITS(1, 40001), "The requested WriteCapacityUnits, 40001, is above the per table maximum for the account in "
                          "us-east-1. Per table maximum: 40000. Refer to the Amazon DynamoDB Developer Guide for "
                          "current limits and how to request higher limits."},
        {UNITS(1, 1) ",'OnDemandThroughput':{'MaxWriteRequestUnits':1}", INVALID
         "MaxWriteRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."},
        {ON_DEMAND ",'OnDemandThroughput':{'MaxReadRequestUnits':-1}",
         INVALID "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"},
        {ON_DEMAND ",'WarmThroughput':{'ReadUnitsPerSecond':1}",
         INVALID "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for "
                 "OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
                 "on-demand-capacity-mode.html#on-demand-capacity-mode-initial"},
        {UNITS(10, 10) ",'WarmThroughput':{'ReadUnitsPerSecond':5}",
         INVALID "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of "
                 "ProvisionedThroughput"},
        {UNITS(1, 1) "," GLOBAL(HASH("sk"), ALL), INVALID "ProvisionedThroughput is not specified for index: gsi"},
    };
    ALL_REFUSED("CreateTable", BASE, cases);
}

static void test_other_parameters_of_a_new_table(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"'StreamSpecification':{'StreamEnabled':true}",
         INVALID "Table is being created with a stream enabled, UpdateViewType is required"},
        {"'StreamSpecification':{'StreamEnabled':false,'StreamViewType':'KEYS_ONLY'}",
         INVALID "Table is being created with a stream disabled, UpdateViewType should not be specified"},
        {"'SSESpecification':{'Enabled':false,'SSEType':'KMS'}",
         INVALID "SSEType can not be specified if Enabled is false"},
        {"'SSESpecification':{'Enabled':true,'KMSMasterKeyId':'k'}",
         INVALID "SSEType KMS is required if KMSMasterKeyId is specified"},
        {"'SSESpecification':{'Enabled':true,'SSEType':'AES256'}", INVALID "SSEType AES256 is not supported"},
        {"'TableClass':'x'", "Invalid table-class parameter provided. Please try again with a valid table-class value: "
                             "[STANDARD, STANDARD_INFREQUENT_ACCESS]."},
        {"'Tags':[{'Value':'v'}]", "The Tag Key provided is invalid, Key: null"},
        {"'Tags':[{'Key':'k'}]", "The Tag Value provided is invalid, Value: null"},
        {"'Tags':[{'Key':'aws:x','Value':'v'}]", "Tag Key cannot be prefixed with aws:, Key: aws:x"},
        {"'Tags':[{'Key':'k','Value':'v'},{'Key':'j','Value':'v'},{'Key':'k','Value':'v'}]",
         "Duplicate Tag Keys provided as input: Duplicate Tag Key found k"},
        {"'ResourcePolicy':'{}'", INVALID "Invalid policy document: Syntax errors in policy."},
    };
    ALL_REFUSED("CreateTable", BASE "," ON_DEMAND, cases);
}

static void test_life_of_a_table(void **state)
{
    (void)state;
    assert_says("CreateTable", BASE "," UNITS(5, 6) "}", 200, "'TableStatus':'CREATING'}");
    assert_null(strstr(server->call.out.data, "WarmThroughput"));
    assert_null(strstr(server->call.out.data, "BillingModeSummary"));
    assert_says("CreateTable", BASE "," UNITS(5, 6) "}", 400, "Table already exists: tab");
    assert_says("DescribeTable", "{" NAME "}", 200, "{'Table':{'AttributeDefinitions':[" DEFINE("pk") "," DEFINE("sk"));
    assert_says("DescribeTable", "{'TableName':'arn:aws:dynamodb:us-east-1:123456789012:table/tab'}", 200,
                "'DeletionProtectionEnabled':false,'ItemCount':0," KEYS
                ",'ProvisionedThroughput':{'NumberOfDecreasesToday':0,'ReadCapacityUnits':5,'WriteCapacityUnits':6},"
                "'TableArn':'arn:aws:dynamodb:us-east-1:123456789012:table/tab','TableId':'");
    assert_says("DescribeTable", "{" NAME "}", 200,
                "'TableName':'tab','TableSizeBytes':0,'TableStatus':'ACTIVE','WarmThroughput':{'ReadUnitsPerSecond':5,"
                "'Status':'ACTIVE','WriteUnitsPerSecond':6}}}");
    assert_says("DeleteTable", "{" NAME "}", 200, "'TableName':'tab','TableSizeBytes':0,'TableStatus':'DELETING'}}");
    assert_says("DeleteTable", "{" NAME "}", 400, "Requested resource not found: Table: tab not found");
}

static void test_description_of_everything(void **state)
{
    (void)state;
    assert_says(
        "CreateTable",
        BASE
        "," ON_DEMAND
        "," GLOBAL(HASH("sk"),
                   "'Projection':{'ProjectionType':'INCLUDE','NonKeyAttributes':"
                   "['z','a']},'OnDemandThroughput':{'MaxReadRequestUnits':7}") "," LOCAL(HASH("pk") "," RANGE("sk"),
                                                                                          "'Projection':{'"
                                                                                          "ProjectionType':'KEYS_ONLY'"
                                                                                          "}") ",'StreamSpecification':"
                                                                                               "{'StreamEnabled':true,'"
                                                                                               "StreamViewType':'NEW_"
                                                                                               "AND_OLD_IMAGES'},'Tags'"
                                                                                               ":[{'Key'"
                                                                                               ":'k','Value':''}],'"
                                                                                               "TableClass':'STANDARD_"
                                                                                               "INFREQUENT_ACCESS','"
                                                                                               "SSESpecification':{'"
                                                                                               "SSEType':'KMS',"
                                                                                               "'KMSMasterKeyId':'key1'"
                                                                                               "},'"
                                                                                               "DeletionProtectionEnabl"
                                                                                               "ed':true,'"
                                                                                               "OnDemandThroughput':"
                                                                                               "{'MaxWriteRequestUnits'"
                                                                                               ":9},'WarmThroughput':{'"
                                                                                               "WriteUnitsPerSecond':"
                                                                                               "5000}}",
        200, "'BillingModeSummary':{'BillingMode':'PAY_PER_REQUEST'},'CreationDateTime':");
    static const char *const parts[] = {
        "'BillingModeSummary':{'BillingMode':'PAY_PER_REQUEST','LastUpdateToPayPerRequestDateTime':1",
        "'DeletionProtectionEnabled':true",
        "'GlobalSecondaryIndexes':[{'IndexArn':'arn:aws:dynamodb:us-east-1:123456789012:table/tab/index/gsi',"
        "'IndexName':'gsi','IndexSizeBytes':0,'IndexStatus':'ACTIVE','ItemCount':0,'KeySchema':[" HASH(
            "sk") "],"
                  "'OnDemandThroughput':{'MaxReadRequestUnits':7},'Projection':{'NonKeyAttributes':['a','z'],"
                  "'ProjectionType':'INCLUDE'},'ProvisionedThroughput':{'NumberOfDecreasesToday':0,"
                  "'ReadCapacityUnits':0,'WriteCapacityUnits':0},'WarmThroughput':{'ReadUnitsPerSecond':12000,"
                  "'Status':'ACTIVE','WriteUnitsPerSecond':4000}}]",
        "'LocalSecondaryIndexes':[{'IndexArn':'arn:aws:dynamodb:us-east-1:123456789012:table/tab/index/lsi',"
        "'IndexName':'lsi','IndexSizeBytes':0,'ItemCount':0," KEYS ",'Projection':{'ProjectionType':'KEYS_ONLY'}}]",
        "'LatestStreamArn':'arn:aws:dynamodb:us-east-1:123456789012:table/tab/stream/2",
        "'OnDemandThroughput':{'MaxWriteRequestUnits':9},'ProvisionedThroughput'",
        "'SSEDescription':{'KMSMasterKeyArn':'arn:aws:kms:us-east-1:123456789012:key/key1','SSEType':'KMS','Status':"
        "'ENABLED'}",
        "'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'NEW_AND_OLD_IMAGES'}",
        "'TableClassSummary':{'TableClass':'STANDARD_INFREQUENT_ACCESS'}",
        "'WarmThroughput':{'ReadUnitsPerSecond':12000,'Status':'ACTIVE','WriteUnitsPerSecond':5000}}}",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_says("DescribeTable", "{" NAME "}", 200, parts[i]);
    }
    assert_says("DeleteTable", "{" NAME "}", 400,
                "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
                "first.");
    delete_table();
}

static void test_list_tables(void **state)
{
    (void)state;
    static const char *const names[] = {"list.c", "list-a", "list_b"};
    char body[512];
    for (int i = 0; i < 3; i++) {
        snprintf(body, sizeof body, "{'TableName':'%s'," KEYS "," ATTRIBUTES "," ON_DEMAND "}", names[i]);
        assert_says("CreateTable", body, 200, "{");
    }
    assert_says("ListTables", "{}", 200, "{'TableNames':['list-a','list.c','list_b']}");
    assert_says("ListTables", "{'Limit':2}", 200,
                "{'LastEvaluatedTableName':'list.c','TableNames':['list-a','list.c']}");
    assert_says("ListTables", "{'Limit':2,'ExclusiveStartTableName':'list.c'}", 200, "{'TableNames':['list_b']}");
    assert_says("ListTables", "{'ExclusiveStartTableName':'list-b'}", 200, "{'TableNames':['list.c','list_b']}");
    assert_says("ListTables", "{'Limit':3}", 200, "{'TableNames':['list-a','list.c','list_b']}");
    for (int i = 0; i < 3; i++) {
        snprintf(body, sizeof body, "{'TableName':'%s'}", names[i]);
        assert_says("DeleteTable", body, 200, "{");
    }
}

/* --- UpdateTable -------------------------------------------------------------------------------------------------- */

#define UPDATE(rest) assert_says("UpdateTable", "{" NAME "," rest "}", 200, "{'TableDescription':")
#define GSI(rest)    "'GlobalSecondaryIndexUpdates':[{'Update':{'IndexName':'gsi'," rest "}}]"

static void test_one_change_at_a_time(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"'AttributeDefinitions':[" DEFINE("pk") "]",
         "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
         "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
         "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"},
        {"'DeletionProtectionEnabled':true,'SSESpecification':{'Enabled':true}",
         INVALID "Server-Side Encryption modification must be the only operation in the request"},
        {"'DeletionProtectionEnabled':true,'TableClass':'STANDARD'",
         INVALID "TableClass modification must be the only operation in the request"},
        {"'DeletionProtectionEnabled':true," ON_DEMAND,
         INVALID "DeletionProtection modification must be the only operation in the request"},
        {"'WarmThroughput':{'ReadUnitsPerSecond':20000}," ON_DEMAND,
         INVALID "WarmThroughput must be the only operation in the request"},
        {"'OnDemandThroughput':{'MaxReadRequestUnits':1},'StreamSpecification':{'StreamEnabled':false}",
         INVALID "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"},
        {UNITS(1, 1) ",'StreamSpecification':{'StreamEnabled':false}",
         INVALID "You cannot modify stream status while updating table IOPS"},
        {"'GlobalSecondaryIndexUpdates':[],'DeletionProtectionEnabled':true",
         INVALID "List of GlobalSecondaryIndexUpdates is empty"},
        {"'GlobalSecondaryIndexUpdates':[{}]",
         INVALID "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                 "GlobalSecondaryIndexUpdate.Delete must not be null"},
        {"'GlobalSecondaryIndexUpdates':[{'Update':{'IndexName':'gsi'},'Delete':{'IndexName':'gsi'}}]",
         INVALID "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"},
        {"'GlobalSecondaryIndexUpdates':[{'Update':{'IndexName':'gsi'}},{'Delete':{'IndexName':'gsi'}}]",
         INVALID "Only one global secondary index update per index is allowed simultaneously. Index: gsi"},
        {ON_DEMAND, "Requested resource not found: Table: tab not found"},
    };
    ALL_REFUSED("UpdateTable", "{" NAME, cases);
}

static void test_provisioned_throughput(void **state)
{
    (void)state;
    assert_says("CreateTable", BASE "," UNITS(5, 5) "," GLOBAL(HASH("sk"), ALL "," UNITS(3, 3)) "}", 200, "{");
    static const struct refusal cases[] = {
        {UNITS(5, 5), "The provisioned throughput for the table will not change. The requested value equals the "
                      "current value. Current ReadCapacityUnits provisioned for the table: 5. Requested "
                      "ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the table: 5. Requested "
                      "WriteCapacityUnits: 5. Refer to the Amazon DynamoDB Developer Guide for current limits and how "
                      "to request higher limits."},
        {"'BillingMode':'PROVISIONED'",
         INVALID "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"},
        {ON_DEMAND "," UNITS(1, 1),
         INVALID "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST"},
        {"'OnDemandThroughput':{'MaxReadRequestUnits':1}", INVALID
         "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"},
        {GSI("'OnDemandThroughput':{'MaxReadRequestUnits':1}"),
         INVALID "MaxReadRequestUnits for OnDemandThroughput for index : gsi cannot be specified when the table "
                 "BillingMode is PROVISIONED"},
        {"'WarmThroughput':{'ReadUnitsPerSecond':1}",
         INVALID "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, "
                 "decreasing WarmThroughput is not supported"},
        {"'GlobalSecondaryIndexUpdates':[{'Update':{'IndexName':'ghost'," UNITS(1, 1) "}}]",
         "Requested resource not found: Index ghost for table tab"},
    };
    ALL_REFUSED("UpdateTable", "{" NAME, cases);

    /* the answer shows what was before, and a status */
    assert_says("UpdateTable", "{" NAME "," UNITS(9, 5) "}", 200,
                "'NumberOfDecreasesToday':0,'ReadCapacityUnits':5,'WriteCapacityUnits':5},'TableArn'");
    assert_non_null(strstr(server->call.out.data, "\"TableStatus\":\"UPDATING\""));
    assert_says("DescribeTable", "{" NAME "}", 200,
                "'NumberOfDecreasesToday':0,'ReadCapacityUnits':9,'WriteCapacityUnits':5},'TableArn'");
    UPDATE(UNITS(8, 5));
    UPDATE(UNITS(7, 5));
    UPDATE(UNITS(6, 5));
    UPDATE(UNITS(5, 4));
    assert_says("DescribeTable", "{" NAME "}", 200, "'NumberOfDecreasesToday':4,'ReadCapacityUnits':5");
    assert_says("UpdateTable", "{" NAME "," UNITS(4, 4) "}", 400,
                "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After "
                "the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once "
                "every 3600 seconds. Number of decreases today: 4. Last decrease at ");
    UPDATE(GSI(UNITS(4, 3)));
    assert_says("DescribeTable", "{" NAME "}", 200,
                "'WarmThroughput':{'ReadUnitsPerSecond':4,'Status':'ACTIVE','WriteUnitsPerSecond':3}}]");
    assert_says("DescribeTable", "{" NAME "}", 200,
                "'WarmThroughput':{'ReadUnitsPerSecond':9,'Status':'ACTIVE','WriteUnitsPerSecond':5}}}");
    delete_table();
}

static void test_billing_mode(void **state)
{
    (void)state;
    assert_says("CreateTable", BASE "," UNITS(5, 5) "," GLOBAL(HASH("sk"), ALL "," UNITS(3, 3)) "}", 200, "{");
    assert_says("UpdateTable", "{" NAME "," ON_DEMAND "}", 200,
                "'BillingModeSummary':{'BillingMode':'PAY_PER_REQUEST'},");
    assert_says("DescribeTable", "{" NAME "}", 200, "'ReadCapacityUnits':0,'WriteCapacityUnits':0},'TableArn'");
    assert_says("DescribeTable", "{" NAME "}", 200, "'WarmThroughput':{'ReadUnitsPerSecond':12000,");
    UPDATE(ON_DEMAND ",'OnDemandThroughput':{'MaxReadRequestUnits':7}");
    assert_says("DescribeTable", "{" NAME "}", 200, "'OnDemandThroughput':{'MaxReadRequestUnits':7}");
    UPDATE("'OnDemandThroughput':{'MaxWriteRequestUnits':8}");
    assert_says("DescribeTable", "{" NAME "}", 200,
                "'OnDemandThroughput':{'MaxReadRequestUnits':7,'MaxWriteRequestUnits':8}");
    UPDATE("'OnDemandThroughput':{'MaxReadRequestUnits':-1}");
    assert_says("DescribeTable", "{" NAME "}", 200, "'OnDemandThroughput':{'MaxWriteRequestUnits':8}");
    static const struct refusal cases[] = {
        {UNITS(1, 1), INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
                              "PAY_PER_REQUEST"},
        {GSI(UNITS(1, 1)), INVALID "The only Updates for index: gsi when TableThroughputMode is PAY_PER_REQUEST can be "
                                   "to OnDemandThroughput, WarmThroughput"},
        {"'OnDemandThroughput':{'MaxReadRequestUnits':-2}",
         INVALID "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"},
        {"'BillingMode':'PROVISIONED'," UNITS(2, 2), INVALID "ProvisionedThroughput must be specified for index: gsi"},
        {"'WarmThroughput':{}", INVALID "WarmThroughput must have at least one of ReadUnitsPerSecond or "
                                        "WriteUnitsPerSecond specified"},
    };
    ALL_REFUSED("UpdateTable", "{" NAME, cases);
    UPDATE("'BillingMode':'PROVISIONED'," UNITS(2, 2) "," GSI(UNITS(1, 1)));
    assert_silent("DescribeTable", "{" NAME "}", "OnDemandThroughput");
    assert_says("DescribeTable", "{" NAME "}", 200, "'BillingModeSummary':{'BillingMode':'PROVISIONED','LastUpdate");
    delete_table();
}

static void test_stream_class_encryption(void **state)
{
    (void)state;
    assert_says("CreateTable", BASE "," ON_DEMAND "}", 200, "{");
    static const struct refusal cases[] = {
        {"'StreamSpecification':{'StreamEnabled':false}", "Table has no stream to disable: TableName: tab"},
        {"'StreamSpecification':{'StreamEnabled':true}",
         INVALID "If stream is being enabled then UpdateViewType is required"},
        {"'StreamSpecification':{'StreamEnabled':false,'StreamViewType':'KEYS_ONLY'}",
         INVALID "If stream is being disabled, then UpdateViewType must not be specified"},
        {"'SSESpecification':{'Enabled':false}", INVALID "Table is already encrypted by default"},
        {"'GlobalTableSettingsReplicationMode':'ENABLED_WITH_OVERRIDES'",
         "Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only "
         "ENABLED and DISABLED settings replication are supported for a Regional Table."},
    };
    ALL_REFUSED("UpdateTable", "{" NAME, cases);
    UPDATE("'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'OLD_IMAGE'}");
    assert_says("UpdateTable", "{" NAME ",'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'OLD_IMAGE'}}",
                400, "Table already has an enabled stream: TableName: tab");
    UPDATE("'StreamSpecification':{'StreamEnabled':false}");
    assert_silent("DescribeTable", "{" NAME "}", "StreamSpecification");
    assert_says("DescribeTable", "{" NAME "}", 200, "'LatestStreamLabel':'2");
    UPDATE("'TableClass':'STANDARD_INFREQUENT_ACCESS'");
    assert_says("DescribeTable", "{" NAME "}", 200, "'TableClass':'STANDARD_INFREQUENT_ACCESS'}");
    UPDATE("'SSESpecification':{'Enabled':true,'SSEType':'KMS','KMSMasterKeyId':'arn:k'}");
    assert_says("DescribeTable", "{" NAME "}", 200,
                "'SSEDescription':{'KMSMasterKeyArn':'arn:k','SSEType':'KMS','Status':'ENABLED'}");
    assert_says("UpdateTable", "{" NAME ",'SSESpecification':{'SSEType':'KMS','KMSMasterKeyId':'arn:k'}}", 400,
                INVALID "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you "
                        "want to change Master Key");
    UPDATE("'SSESpecification':{'Enabled':false}");
    assert_silent("DescribeTable", "{" NAME "}", "SSEDescription");
    UPDATE("'DeletionProtectionEnabled':true");
    UPDATE("'GlobalTableSettingsReplicationMode':'DISABLED'");
    delete_table();
}

static int setup(void **state)
{
    (void)state;
    server = api_server_start();
    return 0;
}

/* The clocks stand meanwhile. */
static void test_switches_to_on_demand(void **state)
{
    (void)state;
    const uint64_t hour_us = 3600ULL * 1000000;
    uint64_t now_us = 1764111111ULL * 1000000; /* Tue Nov 25 22:51:51 UTC 2025 */
    const char *provision = "{'TableName':'switched','BillingMode':'PROVISIONED'," UNITS(1, 1) "}";
    const char *release = "{'TableName':'switched'," ON_DEMAND "}";
    env_stop_clocks(now_us);
    assert_says("CreateTable",
                "{'TableName':'switched'," HASH_ONLY ",'AttributeDefinitions':[" DEFINE("pk") "]," ON_DEMAND "}", 200,
                "{");
    for (int i = 0; i < 4; i++, now_us += hour_us) {
        env_stop_clocks(now_us);
        assert_says("UpdateTable", provision, 200, "{");
        assert_says("UpdateTable", release, 200, "'BillingMode':'PAY_PER_REQUEST'");
    }
    env_stop_clocks(now_us += 19 * hour_us);
    assert_says("UpdateTable", provision, 200, "{");
    assert_says(
        "UpdateTable", release, 400,
        "Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times in 1 day(s). Last update "
        "at Wed Nov 26 01:51:51 UTC 2025. Next update can be made at Wed Nov 26 22:51:51 UTC 2025");
    assert_says("DescribeTable", "{'TableName':'switched'}", 200, "'BillingMode':'PROVISIONED'");
    env_stop_clocks(now_us += hour_us);
    assert_says("UpdateTable", release, 200, "{");
    assert_says("UpdateTable", provision, 200, "{");
    assert_says("UpdateTable", release, 400, "Next update can be made at Wed Nov 26 23:51:51 UTC 2025");
    env_stop_clocks(0);
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
        cmocka_unit_test(test_key_schemas),
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_index_numbers),
        cmocka_unit_test(test_throughputs_of_a_new_table),
        cmocka_unit_test(test_other_parameters_of_a_new_table),
        cmocka_unit_test(test_life_of_a_table),
        cmocka_unit_test(test_description_of_everything),
        cmocka_unit_test(test_list_tables),
        cmocka_unit_test(test_one_change_at_a_time),
        cmocka_unit_test(test_provisioned_throughput),
        cmocka_unit_test(test_billing_mode),
        cmocka_unit_test(test_stream_class_encryption),
        cmocka_unit_test(test_switches_to_on_demand),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
