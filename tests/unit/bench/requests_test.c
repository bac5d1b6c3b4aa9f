/* Bodies of requests are JSON, and items have the size that was asked for. Answers are read as servers write them. */
#include "bench/answers.h"
#include "bench/requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "value/json.h"

#include <cmocka.h>

static struct json_parser *parser;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    parser = json_parser_create();
    arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_parser_destroy(parser);
    arena_finish(&arena);
    return 0;
}

static const struct json_node *parse(struct buffer *body)
{
    struct json_node *nodes;
    memset(buffer_reserve(body, JSON_PADDING), 0, JSON_PADDING);
    assert_int_equal(json_parse(parser, buffer_slice(body), &arena, &nodes), JSON_OK);
    return nodes;
}

static const struct json_node *member(const struct json_node *nodes, const struct json_node *object, const char *name)
{
    const struct json_node *found = json_member(nodes, object, slice_from_string(name));
    assert_non_null(found);
    return found;
}

/* DynamoDB's size of an item whose values are all strings: of {"name": {"S": text}, …}. */
static size_t item_bytes(const struct json_node *nodes, const struct json_node *item)
{
    size_t bytes = 0;
    const struct json_node *at = item + 1;
    for (uint32_t i = 0; i < item->count; i++, at = nodes + at->end) {
        bytes += at->name.len + member(nodes, at, "S")->text.len;
    }
    return bytes;
}

static struct bench_options options_for(const char *workload, unsigned bytes, unsigned fields)
{
    return (struct bench_options){
        .workload = workload_find(workload), .items = 1000, .item_bytes = bytes, .fields = fields};
}

static void assert_size(const char *workload, unsigned bytes, unsigned fields)
{
    struct bench_options options = options_for(workload, bytes, fields);
    struct requests requests;
    struct buffer body = {0};
    requests_init(&requests, &options, 1);
    assert_string_equal(requests_write(&requests, OPERATION_PUT, 42, &body), "PutItem");
    const struct json_node *nodes = parse(&body), *item = member(nodes, nodes, "Item");
    assert_int_equal(item->count, fields + (requests.lists ? 2 : 1));
    assert_int_equal(item_bytes(nodes, item), bytes);
    buffer_finish(&body);
    requests_finish(&requests);
}

static void test_sizes(void **state)
{
    (void)state;
    assert_size("get", 400, 1);
    assert_size("get", 100, 10);
    assert_size("get", 102400, 3);
    assert_size("query", 400, 1);
    assert_size("query", 100, 10);
    assert_size("ycsb-a", 1000, 10);
}

static void assert_target(struct requests *requests, enum operation operation, const char *target,
                          const char *member_name)
{
    struct buffer body = {0};
    assert_string_equal(requests_write(requests, operation, 999, &body), target);
    const struct json_node *nodes = parse(&body);
    member(nodes, nodes, member_name);
    buffer_finish(&body);
}

static void test_operations(void **state)
{
    (void)state;
    struct bench_options options = options_for("mixed", 400, 2);
    options.consistent = true;
    struct requests requests;
    struct buffer body = {0};
    requests_init(&requests, &options, 1);
    assert_target(&requests, OPERATION_GET, "GetItem", "Key");
    assert_target(&requests, OPERATION_GET, "GetItem", "ConsistentRead");
    assert_target(&requests, OPERATION_MODIFY, "GetItem", "Key");
    assert_target(&requests, OPERATION_INSERT, "PutItem", "Item");
    assert_target(&requests, OPERATION_UPDATE, "UpdateItem", "UpdateExpression");
    assert_target(&requests, OPERATION_COUNT, "UpdateItem", "UpdateExpression");
    assert_target(&requests, OPERATION_TRANSACT, "TransactWriteItems", "TransactItems");
    assert_target(&requests, OPERATION_SCAN, "Scan", "TableName");
    assert_target(&requests, OPERATION_RANGE, "Scan", "ExclusiveStartKey");
    assert_string_equal(requests_scan(&requests, SLICE("{\"pk\":{\"S\":\"a\"}}"), &body), "Scan");
    const struct json_node *nodes = parse(&body);
    member(nodes, member(nodes, nodes, "ExclusiveStartKey"), "pk");
    assert_string_equal(requests_create_table(&requests, &body), "CreateTable");
    parse(&body);
    assert_string_equal(requests_put_mark(&requests, &body), "PutItem");
    parse(&body);
    assert_string_equal(requests_get_mark(&requests, &body), "GetItem");
    parse(&body);
    assert_string_equal(requests_load(&requests, 0, BATCH_ITEMS, &body), "BatchWriteItem");
    nodes = parse(&body);
    assert_int_equal(member(nodes, member(nodes, nodes, "RequestItems"), requests.table)->count, BATCH_ITEMS);
    buffer_finish(&body);
    requests_finish(&requests);
}

static void test_list_keys(void **state)
{
    (void)state;
    struct bench_options options = options_for("query", 400, 1);
    struct requests requests;
    struct buffer body = {0};
    requests_init(&requests, &options, 1);
    requests_write(&requests, OPERATION_GET, 4217, &body);
    const struct json_node *nodes = parse(&body), *key = member(nodes, nodes, "Key");
    assert_true(slice_equal(member(nodes, member(nodes, key, "pk"), "S")->text, SLICE("list000000000042")));
    assert_true(slice_equal(member(nodes, member(nodes, key, "sk"), "S")->text, SLICE("00000017")));
    buffer_finish(&body);
    requests_finish(&requests);
}

static void assert_slice(struct slice got, const char *wanted)
{
    assert_true(slice_equal(got, slice_from_string(wanted)));
}

static void test_answers(void **state)
{
    (void)state;
    struct slice refusal = SLICE("{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
                                 "\"message\":\"no \\\"such\\\" table\"}");
    assert_slice(answer_error_type(refusal), "ResourceNotFoundException");
    assert_slice(answer_error_message(refusal), "no \\\"such\\\" table");
    assert_slice(answer_error_type(SLICE("{\"Message\" : \"m\", \"__type\" : \"Plain\"}")), "Plain");
    assert_slice(answer_error_message(SLICE("{\"Message\" : \"m\"}")), "m");
    assert_slice(answer_error_type(SLICE("{}")), "");
    assert_slice(answer_error_type(SLICE("")), "");
    assert_slice(answer_error_type(SLICE("{\"__type\":\"cut")), "");

    struct slice page = SLICE("{\"ScannedCount\":7,\"Count\":12,\"Items\":[{\"Count\":{\"N\":\"1\"}}],"
                              "\"LastEvaluatedKey\":{\"pk\":{\"S\":\"a\"}}}");
    assert_int_equal(answer_count(page), 12);
    assert_slice(answer_object(page, SLICE("LastEvaluatedKey")), "{\"pk\":{\"S\":\"a\"}}");
    assert_slice(answer_object(page, SLICE("Missing")), "");
    assert_slice(answer_object(SLICE("{\"Open\":{\"a\":{}"), SLICE("Open")), "");
    assert_int_equal(answer_count(SLICE("{}")), 0);
    assert_int_equal(answer_count(SLICE("\"Count\"")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_list_keys),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
