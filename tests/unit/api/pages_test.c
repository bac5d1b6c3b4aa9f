/* Query and Scan through whole calls: paging, what indexes give, capacity, and the order in which bad requests are
 * refused. */
#include "../../support/api_says.h"

static struct api_server *server;

#define ROWS 200

/* ROWS items in partition "q", some in the local index, two partitions of the global one; one item elsewhere. */
static void fill(void)
{
    for (int i = 0; i < ROWS; i += 25) {
        struct buffer body = {0};
        BUFFER_APPEND_LITERAL(&body, "{'RequestItems':{'full':[");
        for (int j = i; j < i + 25; j++) {
            buffer_printf(&body,
                          "%s{'PutRequest':{'Item':{'pk':{'S':'q'},'sk':{'S':'s%03d'},'l':{'N':'%d'},'g':{'S':'g%d'},"
                          "'h':{'N':'%d'},'inc':{'S':'i'},'oth':{'S':'o%03d'}}}}",
                          j == i ? "" : ",", j, -j, j % 2, j, j);
        }
        buffer_append(&body, "]}}", 4);
        assert_says(server, "BatchWriteItem", body.data, 200, "{'UnprocessedItems':{}}");
        buffer_finish(&body);
    }
    assert_says(server, "PutItem", "{'TableName':'full','Item':{'pk':{'S':'r'},'sk':{'S':'a'}}}", 200, "{}");
}

static int start(void **state)
{
    (void)state;
    server = api_server_start();
    api_says_create_tables(server);
    fill();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_server_stop(server);
    return 0;
}

#define VALUE(v)   "'ExpressionAttributeValues':{':v':{'S':'" v "'}}"
#define QUERY      "{'TableName':'full','KeyConditionExpression':'pk = :v'," VALUE("q")
#define QUERY_ALL  "{'TableName':'full','IndexName':'all','KeyConditionExpression':'g = :v'," VALUE("g1")
#define QUERY_KEYS "{'TableName':'full','IndexName':'keys','KeyConditionExpression':'g = :v'," VALUE("g1")
#define LOCAL      "{'TableName':'full','IndexName':'local','KeyConditionExpression':'pk = :v'," VALUE("q")

static long number_after(const char *answer, const char *name)
{
    const char *at = strstr(answer, name);
    return at == NULL ? -1 : strtol(at + strlen(name), NULL, 10);
}

/* Pages to the end; returns how many items were seen, and checks that each page but the last is full. */
static long page_through(const char *operation, const char *begin, int limit)
{
    struct buffer body = {0};
    char *start_key = NULL;
    long seen = 0;
    for (int pages = 0; pages < 1000; pages++) {
        buffer_clear(&body);
        buffer_printf(&body, "%s,'Limit':%d%s%s}", begin, limit,
                      start_key == NULL ? "" : ",'ExclusiveStartKey':", start_key == NULL ? "" : start_key);
        buffer_append_byte(&body, '\0');
        const char *answer = api_says(server, operation, body.data);
        assert_int_equal(server->call.status, 200);
        long count = number_after(answer, "\"Count\":");
        assert_int_equal(count, number_after(answer, "\"ScannedCount\":"));
        seen += count;
        free(start_key);
        start_key = NULL;
        const char *last = strstr(answer, "\"LastEvaluatedKey\":");
        if (last == NULL) {
            break;
        }
        assert_int_equal(count, limit);
        start_key = strndup(last + 19, strlen(last + 19) - 1);
    }
    buffer_finish(&body);
    return seen;
}

static void pages_meet(void **state)
{
    (void)state;
    static const int limits[] = {1, 7, 64, 65, 100, ROWS, 1000};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        assert_int_equal(page_through("Query", QUERY, limits[i]), ROWS);
        assert_int_equal(page_through("Query", QUERY ",'ScanIndexForward':false", limits[i]), ROWS);
        assert_int_equal(page_through("Query", QUERY_ALL, limits[i]), ROWS / 2);
        assert_int_equal(page_through("Query", QUERY_KEYS ",'ScanIndexForward':false", limits[i]), ROWS / 2);
        assert_int_equal(page_through("Query", LOCAL ",'Select':'ALL_ATTRIBUTES'", limits[i]), ROWS);
        assert_int_equal(page_through("Scan", "{'TableName':'full'", limits[i]), ROWS + 1);
        assert_int_equal(page_through("Scan", "{'TableName':'full','IndexName':'all'", limits[i]), ROWS);
    }
    long seen = 0;
    for (int segment = 0; segment < 3; segment++) {
        char begin[128];
        snprintf(begin, sizeof begin, "{'TableName':'full','Segment':%d,'TotalSegments':3", segment);
        seen += page_through("Scan", begin, 9);
    }
    assert_int_equal(seen, ROWS + 1);
}

static void a_page_is_at_most_a_megabyte(void **state)
{
    (void)state;
    struct buffer body = {0};
    char *filler = api_says_filler(300000);
    for (int i = 0; i < 5; i++) {
        buffer_clear(&body);
        buffer_printf(&body, "{'TableName':'full','Item':{'pk':{'S':'big'},'sk':{'S':'%d'},'f':{'S':'%s'}}}%c", i,
                      filler, 0);
        assert_says(server, "PutItem", body.data, 200, "{}");
    }
    assert_shows(server, "Query",
                 "{'TableName':'full','KeyConditionExpression':'pk = :v'," VALUE(
                     "big") ",'FilterExpression':'attribute_not_exists(f)','ReturnConsumedCapacity':'TOTAL'}",
                 200,
                 "{'Items':[],'Count':0,'ScannedCount':4,'LastEvaluatedKey':{'pk':{'S':'big'},'sk':{'S':'3'}},"
                 "'ConsumedCapacity':{'TableName':'full','CapacityUnits':146.5}}");
    for (int i = 0; i < 5; i++) {
        snprintf(body.data, body.capacity, "{'TableName':'full','Key':{'pk':{'S':'big'},'sk':{'S':'%d'}}}", i);
        assert_says(server, "DeleteItem", body.data, 200, "{}");
    }
    buffer_finish(&body);
    free(filler);
}

static void indexes_give_what_they_keep(void **state)
{
    (void)state;
    assert_says(server, "Query", QUERY_KEYS ",'Limit':1}", 200,
                "{'Items':[{'pk':{'S':'q'},'sk':{'S':'s001'},'g':{'S':'g1'}}],'Count':1,'ScannedCount':1,"
                "'LastEvaluatedKey':{'pk':{'S':'q'},'sk':{'S':'s001'},'g':{'S':'g1'}}}");
    assert_says(server, "Query", LOCAL ",'Limit':1}", 200,
                "{'Items':[{'pk':{'S':'q'},'sk':{'S':'s199'},'l':{'N':'-199'},'inc':{'S':'i'}}],'Count':1,"
                "'ScannedCount':1,'LastEvaluatedKey':{'pk':{'S':'q'},'sk':{'S':'s199'},'l':{'N':'-199'}}}");
    /* A local index fetches the rest from the table, at its price. */
    assert_says(server, "Query", LOCAL ",'Limit':2,'ProjectionExpression':'oth','ReturnConsumedCapacity':'INDEXES'}",
                200,
                "{'Items':[{'oth':{'S':'o199'}},{'oth':{'S':'o198'}}],'Count':2,'ScannedCount':2,"
                "'LastEvaluatedKey':{'pk':{'S':'q'},'sk':{'S':'s198'},'l':{'N':'-198'}},"
                "'ConsumedCapacity':{'TableName':'full','CapacityUnits':1.5,'Table':{'CapacityUnits':1.0},"
                "'LocalSecondaryIndexes':{'local':{'CapacityUnits':0.5}}}}");
    assert_says(server, "Query", QUERY_ALL ",'Select':'COUNT','ReturnConsumedCapacity':'INDEXES'}", 200,
                "{'Count':100,'ScannedCount':100,'ConsumedCapacity':{'TableName':'full','CapacityUnits':0.5,"
                "'Table':{'CapacityUnits':0.0},'GlobalSecondaryIndexes':{'all':{'CapacityUnits':0.5}}}}");
    assert_says(server, "Query", LOCAL ",'Select':'COUNT','ConsistentRead':true,'ReturnConsumedCapacity':'TOTAL'}", 200,
                "{'Count':200,'ScannedCount':200,'ConsumedCapacity':{'TableName':'full','CapacityUnits':1.0}}");
    /* A page without rows is charged the minimum. */
    assert_says(
        server, "Query",
        "{'TableName':'full','KeyConditionExpression':'pk = :v'," VALUE("none") ",'ReturnConsumedCapacity':'TOTAL'}",
        200,
        "{'Items':[],'Count':0,'ScannedCount':0,"
        "'ConsumedCapacity':{'TableName':'full','CapacityUnits':0.5}}");
}

static void one_row_cannot_be_followed(void **state)
{
    (void)state;
    assert_says(server, "PutItem", "{'TableName':'hash','Item':{'pk':{'S':'q'}}}", 200, "{}");
    assert_says(server, "Query", "{'TableName':'hash','Limit':1,'KeyConditionExpression':'pk = :v'," VALUE("q") "}",
                200, "{'Items':[{'pk':{'S':'q'}}],'Count':1,'ScannedCount':1}");
}

static const struct refusal {
    const char *operation, *body, *message;
} refusals[] = {
    {"Query", "{'TableName':'full'}",
     "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
    {"Query", QUERY ",'FilterExpression':'=','ProjectionExpression':'..'}",
     "Invalid FilterExpression: Syntax error; token: \"=\", near: \"=\""},
    {"Query", "{'TableName':'full','KeyConditionExpression':'pk = :v AND x = :v'," VALUE("q") "}",
     "Query condition missed key schema element: sk"},
    {"Query", "{'TableName':'full','KeyConditionExpression':'pk.a = :v'," VALUE("q") "}",
     "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"},
    {"Query", "{'TableName':'full','KeyConditionExpression':'x.a = :v'," VALUE("q") "}",
     "KeyConditionExpressions cannot have conditions on nested attributes"},
    {"Query", QUERY ",'IndexName':'nope'}", "The table does not have the specified index: nope"},
    {"Query", QUERY_ALL ",'ConsistentRead':true}", "Consistent reads are not supported on global secondary indexes"},
    {"Query", QUERY ",'FilterExpression':'sk = :v AND pk = :v'}",
     "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"},
    {"Query", QUERY_KEYS ",'FilterExpression':'oth = :v AND inc = :v'}",
     "One or more parameter values were invalid: Secondary index keys does not project one or more filter "
     "attributes: "
     "[inc, oth]"},
    {"Query", QUERY_KEYS ",'ProjectionExpression':'oth, inc, pk'}",
     "One or more parameter values were invalid: Global secondary index keys does not project [oth, inc]"},
    {"Query", QUERY_KEYS ",'Select':'ALL_ATTRIBUTES'}",
     "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary "
     "index keys because its projection type is not ALL"},
    {"Query", QUERY ",'Select':'ALL_PROJECTED_ATTRIBUTES'}",
     "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
    {"Query", QUERY ",'Select':'SPECIFIC_ATTRIBUTES'}",
     "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"},
    {"Query", QUERY ",'Select':'COUNT','ProjectionExpression':'a'}",
     "Cannot specify the ProjectionExpression when choosing to get only the Count"},
    {"Scan", "{'TableName':'full','Select':'ALL_ATTRIBUTES','AttributesToGet':['a']}",
     "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES"},
    {"Query", QUERY ",'ExclusiveStartKey':{'pk':{'S':'q'}}}", "The provided starting key is invalid"},
    {"Query", QUERY ",'ExclusiveStartKey':{'pk':{'S':'q'},'sk':{'N':'1'}}}", "The provided starting key is invalid"},
    {"Query", QUERY_ALL ",'ExclusiveStartKey':{'pk':{'S':'q'},'sk':{'S':'a'},'g':{'S':'g1'}}}",
     "The provided starting key is invalid"},
    {"Query", QUERY ",'ExclusiveStartKey':{'pk':{'S':'r'},'sk':{'S':'a'}}}",
     "The provided starting key is outside query boundaries based on provided conditions"},
    {"Query",
     "{'TableName':'full','KeyConditionExpression':'pk = :v AND sk > :v'," VALUE(
         "q") ",'ExclusiveStartKey':{'pk':{'S':'q'},'sk':{'S':'a'}}}",
     "The provided starting key does not match the range key predicate"},
    {"Query", QUERY ",'ExclusiveStartKey':{'pk':{'S':'q'},'sk':{'S':''}}}",
     "The provided starting key is invalid: One or more parameter values are not valid. The AttributeValue for a "
     "key "
     "attribute cannot contain an empty string value. Key: sk"},
    {"Scan", "{'TableName':'full','ExclusiveStartKey':{'pk':{}}}",
     "The provided starting key is invalid: Supplied AttributeValue is empty, must contain exactly one of the "
     "supported datatypes"},
    {"Scan", "{'TableName':'full','ExclusiveStartKey':{'pk':{'S':'q'}}}",
     "The provided starting key is invalid: The provided key element does not match the schema"},
    {"Scan", "{'TableName':'full','Segment':1}",
     "The TotalSegments parameter is required but was not present in the request when Segment parameter is "
     "present"},
    {"Scan", "{'TableName':'full','TotalSegments':1}",
     "The Segment parameter is required but was not present in the request when parameter TotalSegments is "
     "present"},
    {"Scan", "{'TableName':'full','Segment':2,'TotalSegments':2}",
     "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less "
     "than "
     "TotalSegments: 2"},
    {"Scan", "{'TableName':'full','FilterExpression':'attribute_exists(sk[1])'}",
     "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: sk"},
};

static void bad_pages_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        assert_invalid(server, refusals[i].operation, refusals[i].body, refusals[i].message);
    }
}

static void a_starting_key_belongs_to_one_segment(void **state)
{
    (void)state;
    int accepted = 0;
    for (int segment = 0; segment < 4; segment++) {
        char body[256];
        snprintf(body, sizeof body,
                 "{'TableName':'full','Segment':%d,'TotalSegments':4,'Select':'COUNT',"
                 "'ExclusiveStartKey':{'pk':{'S':'q'},'sk':{'S':'s001'}}}",
                 segment);
        const char *answer = api_says(server, "Scan", body);
        accepted += server->call.status == 200;
        assert_true(server->call.status == 200 ||
                    strstr(answer, "Please use ExclusiveStartKey with correct Segment. TotalSegments: 4 Segment: ") !=
                        NULL);
    }
    assert_int_equal(accepted, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_meet),
        cmocka_unit_test(a_page_is_at_most_a_megabyte),
        cmocka_unit_test(indexes_give_what_they_keep),
        cmocka_unit_test(one_row_cannot_be_followed),
        cmocka_unit_test(bad_pages_are_refused),
        cmocka_unit_test(a_starting_key_belongs_to_one_segment),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
